"""Which hand-offs cost most: pairs of teams, trains and value streams by the hours that work lies between them.

Belongs here: the ranking of pairs with what returns to the sender, the comparison with waits inside teams, and the
matrix of hours between trains and between value streams. Does not belong here: what a hand-off is (``fct_hand_offs``)
and why a single wait lasted (:mod:`.waiting_classes`).

Pairs are ranked by total hours and not by their mean, as a rare slow hand-off costs less than a frequent one.

Sources: H. B. Mann, D. R. Whitney (1947) for the comparison; A. Vargha, H. D. Delaney (2000) for the size of the
difference, A12 = P(X > Y) + P(X = Y) / 2 with 0.64 as a medium effect; Y. Benjamini, Y. Hochberg (1995) for the control
over all pairs; F. E. Harrell, C. E. Davis (1982) for percentiles of 10 to 29 waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from orchestration.analytics.stage_indicators import BOOTSTRAP_BLOCK_WEEKS, bootstrap_ratio_interval
from orchestration.analytics.waiting_classes import WAITING_CLASSES
from orchestration.analytics.work_instances import check_columns, rows_of_groups
from orchestration.analytics.working_clock import seconds_since_epoch

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Flags, Floats, Ints

    #: By group: the weeks and the hours of its waits.
    _WaitsOfGroups = dict[tuple[str, ...], tuple[Ints, Floats]]

METHOD_VERSION = "hand_off_ranking-1"

HAND_OFF_COLUMNS = (
    "work_item_id",
    "level",
    "boundary",
    "from_value_stream_id",
    "from_train_id",
    "from_team_id",
    "to_value_stream_id",
    "to_train_id",
    "to_team_id",
    "to_stage_id",
    "handed_at",
    "taken_at",
    "has_usable_history",
    "wait_working_hours",
)

#: Boundaries that a pair of each kind crosses; the widest is told.
_CROSSED = {
    "team": ("team", "train", "value_stream"),
    "train": ("train", "value_stream"),
    "value_stream": ("value_stream",),
}
_INSIDE_A_TEAM = ("role", "none")

_PAIR_TYPES = {
    "scope_type": "str",
    "level": "str",
    "from_id": "str",
    "to_id": "str",
    "to_value_stream_id": "str",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_weeks": "int64",
    "wait_rank": "int64",
    "n_hand_offs": "int64",
    "n_items": "int64",
    "wait_hours": "float64",
    "share_of_stream_wait": "float64",
    "share_lower": "float64",
    "share_upper": "float64",
    "median_wait_hours": "float64",
    "p85_wait_hours": "float64",
    "n_items_returned": "int64",
    "ping_pong_rate": "float64",
    "n_within_team": "int64",
    "within_team_median_hours": "float64",
    "p_value": "float64",
    "p_value_adjusted": "float64",
    "a12": "float64",
    "is_slower_than_within": "boolean",
    "n_split": "int64",
    **{f"{name}_share": "float64" for name in WAITING_CLASSES},
    "withheld_reason": "str",
    "method_version": "str",
}
PAIR_COLUMNS = tuple(_PAIR_TYPES)
_CLASS_HOURS = tuple(f"{name}_hours" for name in WAITING_CLASSES)
#: What is measured pair by pair.
_MEASURED = (
    "share_of_stream_wait",
    "share_lower",
    "share_upper",
    "median_wait_hours",
    "p85_wait_hours",
    "n_within_team",
    "within_team_median_hours",
    "p_value",
    "a12",
    "withheld_reason",
)

_MATRIX_TYPES = {
    "scope_type": "str",
    "level": "str",
    "from_id": "str",
    "to_id": "str",
    "is_crossing": "bool",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_weeks": "int64",
    "n_hand_offs": "int64",
    "n_items": "int64",
    "wait_hours": "float64",
    "wait_share": "float64",
    "method_version": "str",
}
MATRIX_COLUMNS = tuple(_MATRIX_TYPES)

#: From this many values on a percentile is interpolated; with fewer all values weigh in.
_MIN_FOR_LINEAR = 30


@dataclass(frozen=True, slots=True)
class HandOffSettings:
    """What it takes to tell a pair's percentiles and to call it slower than the waits inside teams."""

    min_hand_offs: int = 10
    min_within_team: int = 10
    max_p_value: float = 0.05
    min_a12: float = 0.64
    n_resamples: int = 500


def rank_hand_offs(
    hand_offs: pd.DataFrame,
    edges: pd.DatetimeIndex,
    *,
    generator: np.random.Generator,
    waits: pd.DataFrame | None = None,
    settings: HandOffSettings = HandOffSettings(),
) -> pd.DataFrame:
    """Rank the pairs of teams, of trains and of value streams by the working hours that work waited between them.

    Only hand-offs taken in the window count, and those of items without a usable history do not. To rank what is handed
    to one stage, pass the hand-offs into it and those inside teams.

    Parameters
    ----------
    hand_offs: one row per hand-off with ``HAND_OFF_COLUMNS`` (grain of ``fct_hand_offs``).
    edges: instants that cut the window into weeks, from :func:`.working_clock.week_edges`, in the zone in which days
        are told.
    generator: random numbers for the interval of the share.
    waits: the classified waits of :func:`.waiting_classes.classify_waits`; a hand-off is split as the wait of the same
        item before the same stage that ended when it was taken. ``n_split`` hand-offs found theirs.

    Returns ``PAIR_COLUMNS``: one row per scope type (team, train, value_stream), level, giver, taker and the taker's
    value stream. ``wait_rank`` is within scope type and level, 1 = most hours. ``share_of_stream_wait`` is over all
    hand-offs taken in that value stream and level, also those inside teams, its interval from blocks of 3 weeks.
    ``ping_pong_rate`` is the share of the pair's items whose next hand-off between such scopes went back to the giver.
    The comparison is with the waits inside the teams of the taking value stream at the same level; p-values are
    two-sided and controlled over all pairs of the result. What rests on too few hand-offs is withheld.
    Raises ``ValueError`` for missing columns.
    """
    check_columns(hand_offs, HAND_OFF_COLUMNS, "hand-offs")
    taken = _taken_in_window(hand_offs, edges)
    n_weeks = len(edges) - 1
    uniforms = generator.random((settings.n_resamples, -(-n_weeks // BOOTSTRAP_BLOCK_WEEKS)))
    stream = ["to_value_stream_id", "level"]
    of_streams = _StreamWaits.of(
        _waits_of_groups(taken, stream),
        _waits_of_groups(taken.loc[taken["boundary"].isin(_INSIDE_A_TEAM)], stream),
        n_weeks,
        settings,
    )
    pairs: list[pd.DataFrame] = []
    for scope_type, boundaries in _CROSSED.items():
        crossing = taken.loc[taken["boundary"].isin(boundaries)].dropna(
            subset=[f"from_{scope_type}_id", f"to_{scope_type}_id"]
        )
        crossing = crossing.assign(
            scope_type=scope_type, from_id=crossing[f"from_{scope_type}_id"], to_id=crossing[f"to_{scope_type}_id"]
        )
        crossing = crossing.loc[crossing["from_id"].astype(object) != crossing["to_id"].astype(object)].sort_values(
            ["work_item_id", "handed_at", "taken_at"], ignore_index=True, kind="stable"
        )
        if not crossing.empty:
            if waits is not None:
                crossing = _split(crossing, waits)
            pairs.append(_measure_pairs(crossing, of_streams, uniforms, settings))
    if not pairs:
        return pd.DataFrame(columns=list(PAIR_COLUMNS)).astype(_PAIR_TYPES)
    table = pd.concat(pairs, ignore_index=True)
    table["wait_rank"] = table.groupby(["scope_type", "level"])["wait_hours"].rank(method="min", ascending=False)
    is_tested = table["p_value"].notna()
    table["p_value_adjusted"] = np.nan
    if is_tested.any():
        table.loc[is_tested, "p_value_adjusted"] = stats.false_discovery_control(table.loc[is_tested, "p_value"])
    is_slower = (table["p_value_adjusted"] < settings.max_p_value) & (table["a12"] >= settings.min_a12)
    table["is_slower_than_within"] = is_slower.astype("boolean").where(is_tested)
    table = table.assign(**_window_days(edges), n_weeks=n_weeks, method_version=METHOD_VERSION)
    order = ["scope_type", "level", "wait_rank", "from_id", "to_id", "to_value_stream_id"]
    return table.sort_values(order, ignore_index=True)[list(PAIR_COLUMNS)].astype(_PAIR_TYPES)


def hand_off_matrix(hand_offs: pd.DataFrame, edges: pd.DatetimeIndex) -> pd.DataFrame:
    """Return how often and how long work lay between any two trains and any two value streams.

    ``hand_offs`` and ``edges`` are those of :func:`rank_hand_offs`. Returns ``MATRIX_COLUMNS``: one row per scope type
    (train, value_stream), level, giver and taker between whom something was handed on in the window. The diagonal holds
    what stayed inside, among it what a reorganisation moved. ``wait_share`` is over all of the scope type and level.
    Raises ``ValueError`` for missing columns.
    """
    check_columns(hand_offs, HAND_OFF_COLUMNS, "hand-offs")
    taken = _taken_in_window(hand_offs, edges)
    parts = []
    for scope_type in ("train", "value_stream"):
        from_id, to_id = taken[f"from_{scope_type}_id"], taken[f"to_{scope_type}_id"]
        is_crossing = taken["boundary"].isin(_CROSSED[scope_type])
        cells = taken[["level", "work_item_id", "wait_working_hours"]].assign(
            from_id=_either(is_crossing, from_id, to_id), to_id=to_id
        )
        sums = cells.dropna(subset=["from_id", "to_id"]).groupby(["level", "from_id", "to_id"], as_index=False)
        summed = sums.agg(
            n_hand_offs=("work_item_id", "size"),
            n_items=("work_item_id", "nunique"),
            wait_hours=("wait_working_hours", "sum"),
        )
        named = {"level": "str", "from_id": "str", "to_id": "str"}
        parts.append(summed.assign(scope_type=scope_type).astype(named))
    keys = ["scope_type", "level", "from_id", "to_id"]
    table = pd.concat(parts).sort_values(keys, ignore_index=True)
    total = table.groupby(["scope_type", "level"])["wait_hours"].transform("sum")
    table = table.assign(
        is_crossing=table["from_id"] != table["to_id"],
        wait_share=table["wait_hours"] / total.where(total > 0),
        **_window_days(edges),
        n_weeks=len(edges) - 1,
        method_version=METHOD_VERSION,
    )
    return table[list(MATRIX_COLUMNS)].astype(_MATRIX_TYPES)


def _either(is_first: pd.Series[bool], first: pd.Series, second: pd.Series) -> pd.Series:
    """Return the first text where the flag holds, else the second; categories may differ."""
    if not isinstance(first.dtype, pd.CategoricalDtype) or not isinstance(second.dtype, pd.CategoricalDtype):
        return first.where(is_first, second)
    names = first.cat.categories.union(second.cat.categories)
    codes = [np.append(names.get_indexer(side.cat.categories), -1)[side.cat.codes] for side in (first, second)]
    chosen = pd.Categorical.from_codes(np.where(is_first, codes[0], codes[1]), names)
    return pd.Series(chosen, index=first.index)


def _window_days(edges: pd.DatetimeIndex) -> dict[str, pd.Timestamp]:
    local = edges.tz_localize(None)
    last_day = (local[-1] - pd.Timedelta(microseconds=1)).normalize()
    return {"window_start": local[0].normalize(), "window_end": last_day}


def _taken_in_window(hand_offs: pd.DataFrame, edges: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the usable hand-offs taken in the window, with the week they were taken in."""
    seconds = seconds_since_epoch(edges)
    taken_at = seconds_since_epoch(hand_offs["taken_at"])
    is_usable = hand_offs["has_usable_history"].astype("boolean").fillna(value=False).to_numpy(dtype=bool)
    is_inside = is_usable & (taken_at >= seconds[0]) & (taken_at < seconds[-1])
    week = np.searchsorted(seconds, taken_at[is_inside], side="right") - 1
    taken: pd.DataFrame = hand_offs.loc[is_inside, list(HAND_OFF_COLUMNS)]
    hours = taken["wait_working_hours"].astype("float64")
    # A difference of two readings of the clock may come out a hair below 0.
    return taken.assign(week=week, wait_working_hours=hours.clip(lower=0.0))


def _split(taken: pd.DataFrame, waits: pd.DataFrame) -> pd.DataFrame:
    """Add the hours per class of each hand-off's wait; NaN where none was found or it has none."""
    # Few items are handed on at all: only their waits are looked through.
    is_theirs = waits["started_at"].notna() & waits["work_item_id"].isin(taken["work_item_id"])
    ended = waits.loc[is_theirs, ["work_item_id", "stage_id", "started_at", *_CLASS_HOURS]]
    keyed = ended.assign(instant=seconds_since_epoch(ended["started_at"])).drop(columns="started_at")
    keyed = keyed.drop_duplicates(["work_item_id", "stage_id", "instant"])
    split: pd.DataFrame = taken.assign(instant=seconds_since_epoch(taken["taken_at"])).merge(
        keyed.rename(columns={"stage_id": "to_stage_id"}), on=["work_item_id", "to_stage_id", "instant"], how="left"
    )
    return split


@dataclass(frozen=True, slots=True)
class _StreamWaits:
    """By value stream and level: the hours waited per week, those waited inside teams, and their median if not too few.

    ``inside`` has no entry where no work was handed on inside a team.
    """

    per_week: dict[tuple[str, ...], Floats]
    inside: dict[tuple[str, ...], Floats]
    inside_median: dict[tuple[str, ...], float]

    @classmethod
    def of(
        cls, streams: _WaitsOfGroups, inside: _WaitsOfGroups, n_weeks: int, settings: HandOffSettings
    ) -> _StreamWaits:
        """Return the waits of all hand-offs and of those inside teams, both by value stream and level."""
        hours_inside = {key: waited for key, (_, waited) in inside.items()}
        return cls(
            {key: _hours_per_week(week, waited, n_weeks) for key, (week, waited) in streams.items()},
            hours_inside,
            {
                key: _percentile(waited, 0.5)
                for key, waited in hours_inside.items()
                if waited.size >= settings.min_within_team
            },
        )


def _measure_pairs(
    crossing: pd.DataFrame, of_streams: _StreamWaits, uniforms: Floats, settings: HandOffSettings
) -> pd.DataFrame:
    """Measure the pairs of one scope type; ``crossing`` is ordered by item and time."""
    keys = ["scope_type", "level", "from_id", "to_id", "to_value_stream_id"]
    pairs = crossing.assign(returned_item=crossing["work_item_id"].where(_comes_back(crossing))).groupby(keys)
    hours = [column for column in crossing.columns if column in _CLASS_HOURS]
    is_split = crossing["batching_hours"].notna() if hours else pd.Series(data=False, index=crossing.index)
    table = pairs.agg(
        n_hand_offs=("work_item_id", "size"),
        n_items=("work_item_id", "nunique"),
        n_items_returned=("returned_item", "nunique"),
        wait_hours=("wait_working_hours", "sum"),
        **{column: (column, "sum") for column in hours},
    ).reset_index()
    table["n_split"] = is_split.groupby([crossing[key] for key in keys]).sum().to_numpy()
    for name, column in zip(WAITING_CLASSES, _CLASS_HOURS, strict=True):
        total = table[hours].sum(axis=1)
        table[f"{name}_share"] = table[column] / total.where(total > 0) if hours else np.nan

    rows = []
    for key, (week, waited) in _waits_of_groups(crossing, keys).items():
        of_stream = (key[4], key[1])
        row = _compare(waited, of_streams.inside.get(of_stream, np.empty(0)), settings)
        row["within_team_median_hours"] = of_streams.inside_median.get(of_stream, np.nan)
        if waited.size >= settings.min_hand_offs:
            total_weeks = of_streams.per_week[of_stream]
            weekly = _hours_per_week(week, waited, total_weeks.size)
            lower, upper = bootstrap_ratio_interval(weekly, total_weeks, uniforms)
            share = weekly.sum() / total_weeks.sum() if total_weeks.sum() > 0 else np.nan
            row |= {"share_of_stream_wait": share, "share_lower": lower, "share_upper": upper}
        rows.append(row)
    measured = pd.DataFrame(rows, columns=_MEASURED)
    rate = (table["n_items_returned"] / table["n_items"]).where(table["n_hand_offs"] >= settings.min_hand_offs)
    return pd.concat([table, measured], axis=1).assign(ping_pong_rate=rate)


def _waits_of_groups(frame: pd.DataFrame, keys: list[str]) -> _WaitsOfGroups:
    """Return per group, in the order of its keys, the weeks and the hours of its waits."""
    columns = [frame[key] for key in keys]
    week: Ints = frame["week"].to_numpy(dtype=np.int64)
    waited: Floats = frame["wait_working_hours"].to_numpy(dtype=np.float64)
    return {
        tuple(column.iloc[members[0]] for column in columns): (week[members], waited[members])
        for members in rows_of_groups(frame, keys)
    }


def _hours_per_week(week: Ints, hours: Floats, n_weeks: int) -> Floats:
    return np.bincount(week, weights=hours, minlength=n_weeks).astype(np.float64)


def _comes_back(crossing: pd.DataFrame) -> Flags:
    """Return whether the item's next hand-off goes back to the giver; the rows are ordered by item and time."""
    nothing: Flags = np.zeros(1, dtype=bool)
    item, giver, taker = (crossing[column].to_numpy(dtype=object) for column in ("work_item_id", "from_id", "to_id"))
    return np.concatenate([(item[1:] == item[:-1]) & (giver[1:] == taker[:-1]) & (taker[1:] == giver[:-1]), nothing])


def _percentile(values: Floats, share: float) -> float:
    method = "linear" if values.size >= _MIN_FOR_LINEAR else "harrell-davis"
    return float(stats.quantile(values, share, method=method))


def _compare(between: Floats, inside: Floats, settings: HandOffSettings) -> dict[str, object]:
    """Return the percentiles of a pair's waits and how they compare with the waits inside teams."""
    found: dict[str, object] = {"n_within_team": inside.size, "withheld_reason": None}
    if between.size < settings.min_hand_offs:
        hand_offs = "hand-off" if between.size == 1 else "hand-offs"
        reason = f"{between.size} {hand_offs}, at least {settings.min_hand_offs} needed."
        return found | {"withheld_reason": reason}
    found |= {"median_wait_hours": _percentile(between, 0.5), "p85_wait_hours": _percentile(between, 0.85)}
    if inside.size < settings.min_within_team:
        reason = (
            f"No comparison with waits inside teams: {inside.size} of them, at least {settings.min_within_team} needed."
        )
        return found | {"withheld_reason": reason}
    # Equal waits throughout have no spread to test with: nothing differs then.
    is_constant = np.unique(np.concatenate([between, inside])).size == 1
    tested = stats.mannwhitneyu(between, inside, alternative="two-sided", method="asymptotic")
    return found | {
        "p_value": 1.0 if is_constant else float(tested.pvalue),
        "a12": float(tested.statistic) / (between.size * inside.size),
    }
