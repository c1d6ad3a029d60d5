"""When features and epics in progress will be done, from the pace at which children are finished.

Belongs here: the pace of a parent, the growth of its scope, its dates, and their back-test. Does not belong here: the
drawing of futures and what they say at a confidence (:mod:`.delivery_forecast`).

How capacity is shared among parents is not assumed but observed. A parent with 8 or more weeks of work on its children
goes on at its own pace: what was finished of it each week already is its share. A younger one is held against the
weeks of all parents of its scope and level in the last half year, its own among them: what one parent in progress got
done in a week there while the others were in progress too. Both rest on the mix of parents staying as it was; that
parents which end set capacity free is left out, which errs on the careful side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.delivery_forecast import (
    CONFIDENCES,
    DeliverySettings,
    blocks_for,
    weeks_at_confidence,
    weeks_until_done,
)
from orchestration.analytics.forecast_scoring import pinball_loss, wilson_interval
from orchestration.analytics.input_frames import require_columns, require_unique
from orchestration.analytics.week_blocks import draw_block_uniforms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestration.analytics.array_types import Flags, Floats, Ints

METHOD_VERSION = "parent_delivery_forecast-1"

PARENT_COLUMNS = ("work_item_id", "scope_type", "scope_id", "level", "is_open")
CHILD_COLUMNS = (
    "work_item_id",
    "parent_work_item_id",
    "joined_date",
    "started_date",
    "finished_date",
    "cancelled_date",
)
#: Scopes whose throughput of children must not be drawn from, as :func:`.delivery_forecast.refusal` says.
REFUSAL_COLUMNS = ("scope_type", "scope_id", "level", "withheld_reason")

_SCOPE = ("scope_type", "scope_id", "level")
_FORECAST_TYPES = {
    "work_item_id": "str",
    "scope_type": "str",
    "scope_id": "str",
    "level": "str",
    "n_children_left": "int64",
    "n_children_finished": "int64",
    "weeks_50": "Int64",
    "weeks_70": "Int64",
    "weeks_85": "Int64",
    "weeks_95": "Int64",
    "date_50": "datetime64[us]",
    "date_70": "datetime64[us]",
    "date_85": "datetime64[us]",
    "date_95": "datetime64[us]",
    "pace_source": "str",
    "pace_per_week": "float64",
    "n_pace_weeks": "int64",
    "n_pace_parents": "int64",
    "growth_median": "float64",
    "n_growth": "int64",
    "block_weeks": "Int64",
    "hit_rate_85": "float64",
    "hit_rate_85_lower": "float64",
    "hit_rate_85_upper": "float64",
    "n_cases": "Int64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "withheld_reason": "str",
    "method_version": "str",
}
FORECAST_COLUMNS = tuple(_FORECAST_TYPES)
_BACKTEST_TYPES = {
    "scope_type": "str",
    "level": "str",
    "n_cases": "int64",
    "n_parents": "int64",
    "n_unresolved": "int64",
    "hit_rate_50": "float64",
    "hit_rate_70": "float64",
    "hit_rate_85": "float64",
    "hit_rate_85_lower": "float64",
    "hit_rate_85_upper": "float64",
    "hit_rate_95": "float64",
    "pit_mean": "float64",
    "pinball_85_weeks": "float64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "method_version": "str",
}
BACKTEST_COLUMNS = tuple(_BACKTEST_TYPES)


@dataclass(frozen=True, slots=True)
class ParentSettings:
    """Thresholds of the parents' forecasts.

    ``min_own_weeks``: weeks of work after which a parent's own pace counts; ``min_shared_weeks`` and
    ``min_shared_parents``: parent-weeks and parents that the pace of a younger one needs; ``min_growth``: finished
    parents before scope growth is drawn; ``origin_step_weeks``: weeks between the looks ahead of the back-test;
    ``max_cases``: looks ahead that are judged of a scope type and level, spread evenly where there are more: 1,000 tell
    a hit rate to within 3 points, and each costs a simulation.
    """

    min_own_weeks: int = 8
    min_shared_weeks: int = 26
    min_shared_parents: int = 3
    min_growth: int = 8
    origin_step_weeks: int = 4
    max_origins: int = 13
    max_cases: int = 1_000
    delivery: DeliverySettings = field(default_factory=DeliverySettings)


DEFAULT_SETTINGS = ParentSettings()


@dataclass(frozen=True, slots=True)
class ParentForecasts:
    """The forecasts and what they are worth.

    ``forecasts``: one row per open parent with work begun, ``FORECAST_COLUMNS``; ``backtest``: one row per scope type
    and level, ``BACKTEST_COLUMNS``.
    """

    forecasts: pd.DataFrame
    backtest: pd.DataFrame


@dataclass(frozen=True, slots=True)
class _Progress:
    """Parents by week, arrays of shape (parents, weeks): state at the end of each week.

    ``is_worked``: work on a child had begun before the week and some child was left as it began. ``done_week``: the
    week in which the last child was closed for good, -1 while one is open or if none was finished.
    """

    parents: pd.DataFrame
    scope: Ints
    left: Floats
    finished: Floats
    is_begun: Flags
    is_worked: Flags
    done_week: Ints
    ratios: dict[tuple[int, int], Floats] = field(default_factory=dict)  # what `_growth_ratios` found already


@dataclass(frozen=True, slots=True)
class _Draws:
    """Random numbers from [0, 1) per path: of the weeks drawn, shape (paths, weeks), and of the growth, (paths,)."""

    weeks: Floats
    growth: Floats


@dataclass(frozen=True, slots=True)
class _Pace:
    """Children finished a week to draw from, and where they come from."""

    samples: Floats
    source: str
    n_parents: int


def forecast_parents(
    parents: pd.DataFrame,
    children: pd.DataFrame,
    last_week: pd.Timestamp,
    refusals: pd.DataFrame | None = None,
    *,
    generator: np.random.Generator,
    settings: ParentSettings = DEFAULT_SETTINGS,
) -> ParentForecasts:
    """Forecast when the children that are left of each feature and epic in progress will be done.

    Parameters
    ----------
    parents: one row per feature or epic with ``PARENT_COLUMNS``; finished ones too, from which pace, growth and the
        back-test come. ``is_open``: neither finished, cancelled nor removed.
    children: one row per counted child with ``CHILD_COLUMNS``: the days it came to its parent, was started, finished
        and cancelled (NaT if not).
    last_week: Monday of the last complete week, the origin. What happened after its Sunday is not read.
    refusals: scopes and levels (of the parents) whose throughput of children holds an unexplained change; with
        ``REFUSAL_COLUMNS``. A reason that is missing refuses nothing.
    generator: random numbers of the paths, shared by all parents.

    Scope growth: on each path the children left are multiplied by a ratio drawn from finished parents of the scope and
    level: children finished after the first week that ended with one finished, over those left then. Returns weeks and
    dates (Sundays) at 50, 70, 85 and 95 %, each the first by which at least that share of paths is done. A hit of the
    back-test is a date by which the last child was closed. Raises ``ValueError`` for a missing column or a repeated id.
    """
    require_columns(parents, PARENT_COLUMNS, "parents")
    require_columns(children, CHILD_COLUMNS, "children")
    require_unique(parents, ["work_item_id"], "parents")
    require_unique(children, ["work_item_id"], "children")
    if refusals is not None:
        require_columns(refusals, REFUSAL_COLUMNS, "refusals")
    progress, first_week = _progress_by_week(parents, children, pd.Timestamp(last_week))
    draws = _Draws(
        draw_block_uniforms(generator, settings.delivery.n_paths, settings.delivery.limit_weeks),
        generator.random(settings.delivery.n_paths),
    )
    backtest = _backtest(progress, first_week, draws, settings)
    now = progress.left.shape[1] - 1
    reasons = {} if refusals is None else _reasons(refusals)
    rows = []
    is_open = progress.parents["is_open"].to_numpy(dtype=bool)
    for parent in np.flatnonzero(is_open & progress.is_begun[:, now] & (progress.left[:, now] > 0)):
        about = progress.parents.iloc[parent]
        refused = reasons.get(tuple(about[key] for key in _SCOPE))
        row = {key: about[key] for key in ("work_item_id", *_SCOPE)} | {
            "n_children_left": int(progress.left[parent, now]),
            "n_children_finished": int(progress.finished[parent, : now + 1].sum()),
            "window_start": pd.Timestamp(last_week) - pd.Timedelta(weeks=min(now + 1, settings.delivery.max_weeks) - 1),
            "window_end": pd.Timestamp(last_week) + pd.Timedelta(days=6),
        }
        rows.append(row | _forecast_one(progress, int(parent), now, draws, refused, settings))
    told = [name for name in FORECAST_COLUMNS if not name.startswith(("hit_", "n_cases"))]
    forecasts = pd.DataFrame(rows, columns=told)
    for name in CONFIDENCES:
        weeks = pd.to_timedelta(forecasts[f"weeks_{name}"].astype("float64") * 7 + 6, unit="D")
        forecasts[f"date_{name}"] = pd.Timestamp(last_week) + weeks
    scores = ["hit_rate_85", "hit_rate_85_lower", "hit_rate_85_upper", "n_cases"]
    forecasts = forecasts.assign(method_version=METHOD_VERSION).merge(
        backtest[["scope_type", "level", *scores]], on=["scope_type", "level"], how="left"
    )
    forecasts = forecasts.sort_values([*_SCOPE, "work_item_id"], ignore_index=True)[list(FORECAST_COLUMNS)]
    return ParentForecasts(forecasts.astype(_FORECAST_TYPES), backtest)


def _reasons(refusals: pd.DataFrame) -> dict[tuple[object, ...], str]:
    known = refusals.loc[refusals["withheld_reason"].notna()]
    return {tuple(keys): reason for *keys, reason in zip(*(known[name] for name in REFUSAL_COLUMNS), strict=True)}


def _progress_by_week(
    parents: pd.DataFrame, children: pd.DataFrame, last_week: pd.Timestamp
) -> tuple[_Progress, pd.Timestamp]:
    """Count the children of each parent by week, up to the last; later days count as not yet."""
    about = parents.loc[:, list(PARENT_COLUMNS)].reset_index(drop=True)
    row = children["parent_work_item_id"].map(pd.Series(about.index, index=about["work_item_id"]))
    kept = children.loc[row.notna()]
    parent = row.dropna().to_numpy(dtype=np.int64)
    day = {name: pd.to_datetime(kept[name]) for name in CHILD_COLUMNS if name.endswith("_date")}
    end = last_week + pd.Timedelta(days=7)
    n_days = (last_week - day["joined_date"].min()).days if day["joined_date"].notna().any() else 0
    first_week = last_week - pd.Timedelta(weeks=max(0, -(-n_days // 7)))
    n_weeks = (last_week - first_week).days // 7 + 1

    def week_of(name: str) -> Floats:
        """Week number of a day; infinite where it has not come by the end of the last week."""
        days = day[name].where(day[name] < end)
        weeks = ((days - first_week).dt.days // 7).clip(lower=0).fillna(np.inf)
        return np.asarray(weeks, dtype=np.float64)

    finished, cancelled, joined = week_of("finished_date"), week_of("cancelled_date"), week_of("joined_date")
    closed = np.minimum(finished, cancelled)
    # Closed before it came: it was never work of this parent.
    is_work = np.isfinite(joined) & ~(closed < joined)
    begun = np.maximum(week_of("started_date"), joined)
    begun = np.minimum(begun, finished)

    def count(weeks: Floats) -> Floats:
        table = np.zeros((len(about), n_weeks))
        chosen = is_work & np.isfinite(weeks)
        np.add.at(table, (parent[chosen], weeks[chosen].astype(np.int64)), 1)
        return table

    n_finished = count(np.where(finished <= cancelled, finished, np.inf))
    left = (count(joined) - count(closed)).cumsum(axis=1)
    is_begun = count(begun).cumsum(axis=1) > 0
    was_left = np.zeros(left.shape, dtype=bool)
    was_left[:, 1:] = (left[:, :-1] > 0) & is_begun[:, :-1]
    is_done = (left[:, -1] == 0) & (n_finished.sum(axis=1) > 0)
    last_open = left.shape[1] - 1 - np.argmax(left[:, ::-1] > 0, axis=1)
    first_close = np.argmax(n_finished.cumsum(axis=1) > 0, axis=1)
    done_week = np.where(is_done, np.where((left > 0).any(axis=1), last_open + 1, first_close), -1)
    return _Progress(
        parents=about,
        scope=np.asarray(about.groupby(list(_SCOPE), sort=True).ngroup(), dtype=np.int64),
        left=left,
        finished=n_finished,
        is_begun=is_begun,
        is_worked=was_left,
        done_week=done_week,
    ), first_week


def _pace(progress: _Progress, parent: int, origin: int, settings: ParentSettings) -> _Pace | str:
    """Return the weeks to draw from at the end of week ``origin``, or why there are none."""
    recent = slice(max(0, origin - settings.delivery.max_weeks + 1), origin + 1)
    own = progress.finished[parent, recent][progress.is_worked[parent, recent]]
    if own.size >= settings.min_own_weeks:
        return _Pace(own, "own", 1) if own.any() else f"none of its children was finished in {own.size} weeks of work"
    alike = progress.scope == progress.scope[parent]
    worked = progress.is_worked[alike, recent]
    shared, n_parents = progress.finished[alike, recent][worked], int(worked.any(axis=1).sum())
    if shared.size < settings.min_shared_weeks or n_parents < settings.min_shared_parents:
        return (
            f"{own.size} weeks of work on its children (at least {settings.min_own_weeks} needed), and others like it "
            f"give {shared.size} weeks of {n_parents} parents (at least {settings.min_shared_weeks} of "
            f"{settings.min_shared_parents} needed)"
        )
    return _Pace(shared, "scope", n_parents) if shared.any() else "no child of any parent like it was finished"


def _growth_ratios(progress: _Progress, scope: int, origin: int) -> Floats:
    """Return, of parents of the scope done by the origin, what was still finished over what was left early on."""
    if (known := progress.ratios.get((scope, origin))) is not None:
        return known
    alike = progress.scope == scope
    finished, left = progress.finished[alike, : origin + 1].cumsum(axis=1), progress.left[alike, : origin + 1]
    is_early = (finished > 0) & (left > 0)
    early = np.argmax(is_early, axis=1)
    row = np.flatnonzero(is_early.any(axis=1) & (left[:, -1] == 0))
    ratios: Floats = np.sort((finished[row, -1] - finished[row, early[row]]) / left[row, early[row]])
    return progress.ratios.setdefault((scope, origin), ratios)


def _draw_weeks(
    progress: _Progress, parent: int, origin: int, pace: _Pace, draws: _Draws, settings: ParentSettings
) -> tuple[Floats, Floats, int]:
    """Return weeks to the end per path, the growth ratios drawn from, and the block length."""
    ratios = _growth_ratios(progress, int(progress.scope[parent]), origin)
    left = float(progress.left[parent, origin])
    backlog = np.full(draws.growth.size, left)
    if ratios.size >= settings.min_growth:
        drawn = ratios[(draws.growth * ratios.size).astype(np.int64)]
        backlog = np.maximum(1.0, np.ceil(left * drawn - 1e-9))
    block = blocks_for(pace.samples, settings.delivery) if pace.source == "own" else 1
    return weeks_until_done(pace.samples, backlog, draws.weeks, block), ratios, block


def _forecast_one(
    progress: _Progress, parent: int, now: int, draws: _Draws, refused: str | None, settings: ParentSettings
) -> dict[str, object]:
    """Return weeks at each confidence, or why there are none."""
    pace = _pace(progress, parent, now, settings)
    if refused is not None or isinstance(pace, str):
        return {"withheld_reason": refused or pace, "n_pace_weeks": 0, "n_pace_parents": 0, "n_growth": 0}
    weeks, ratios, block = _draw_weeks(progress, parent, now, pace, draws, settings)
    at = {name: weeks_at_confidence(weeks, level) for name, level in CONFIDENCES.items()}
    beyond = [name for name, week in at.items() if np.isinf(week)]
    limit = settings.delivery.limit_weeks
    return {f"weeks_{name}": np.nan if np.isinf(week) else week for name, week in at.items()} | {
        "pace_source": pace.source,
        "pace_per_week": float(pace.samples.mean()),
        "n_pace_weeks": pace.samples.size,
        "n_pace_parents": pace.n_parents,
        "growth_median": float(np.median(ratios)) if ratios.size >= settings.min_growth else np.nan,
        "n_growth": ratios.size,
        "block_weeks": block,
        "withheld_reason": f"at {' and '.join(f'{name} %' for name in beyond)} more than {limit} weeks"
        if beyond
        else None,
    }


def _backtest(progress: _Progress, first_week: pd.Timestamp, draws: _Draws, settings: ParentSettings) -> pd.DataFrame:
    """Look ahead from past weeks with what was known then; a case counts once its date at 85 % has passed.

    Whether a case counts thus depends on what was said alone, and not on whether it came true: counting parents as soon
    as they are done would count the quick ones first.
    """
    last = progress.left.shape[1] - 1
    n_paths = settings.delivery.n_backtest_paths
    drawn = _Draws(draws.weeks[:n_paths], draws.growth[:n_paths])
    # One that was closed or cancelled with children left never gets to the end that was forecast.
    is_still_open = (progress.done_week < 0) & progress.parents["is_open"].to_numpy(dtype=bool)
    origins = np.arange(last - 1, 0, -settings.origin_step_weeks)[: settings.max_origins]
    in_progress = (
        progress.is_begun[:, origins]
        & (progress.left[:, origins] > 0)
        & (is_still_open[:, None] | (progress.done_week[:, None] > origins))
    )
    cases: list[dict[str, object]] = []
    about = progress.parents
    kinds = np.asarray(about.groupby(["scope_type", "level"]).ngroup())
    for parent, place in _spread(np.argwhere(in_progress), kinds, settings.max_cases):
        origin = int(origins[place])
        pace = _pace(progress, parent, origin, settings)
        if isinstance(pace, str):
            continue
        weeks, _, _ = _draw_weeks(progress, parent, origin, pace, drawn, settings)
        came = progress.done_week[parent] - origin if progress.done_week[parent] >= 0 else np.inf
        cases.append(_case(weeks, came, last - origin) | {"parent": parent, "origin": origin})
    table = pd.DataFrame(cases, columns=["parent", "origin", *_CASE_COLUMNS])
    table = table.join(about[["scope_type", "level"]], on="parent")
    rows = [
        {"scope_type": kind, "level": level} | _score(of_kind, first_week)
        for (kind, level), of_kind in table.groupby(["scope_type", "level"], sort=True)
    ]
    frame = pd.DataFrame(rows, columns=list(BACKTEST_COLUMNS)).assign(method_version=METHOD_VERSION)
    return frame.astype(_BACKTEST_TYPES)


def _spread(cases: Ints, kinds: Ints, most: int) -> Iterator[tuple[int, int]]:
    """Yield (parent, place of the origin) of all cases of a kind, or of ``most`` at equal distances."""
    for kind in np.unique(kinds):
        chosen = cases[kinds[cases[:, 0]] == kind]
        taken = np.unique(np.linspace(0, len(chosen) - 1, min(most, len(chosen))).round().astype(np.int64))
        yield from ((int(parent), int(place)) for parent, place in chosen[taken])


_CASE_COLUMNS = ("is_resolved", "pit", "pinball", *(f"hit_{name}" for name in CONFIDENCES))


def _case(weeks: Floats, came: float, n_known: int) -> dict[str, object]:
    """Judge one look ahead: ``came`` weeks it took (infinite: not yet done), of ``n_known`` weeks that have passed."""
    at = {name: weeks_at_confidence(weeks, level) for name, level in CONFIDENCES.items()}
    seen = min(came, float(n_known))
    pit = float(np.mean(weeks < seen) + np.mean(weeks == seen) / 2) if came <= n_known else float("nan")
    return {
        "is_resolved": at["85"] <= n_known,
        "pit": pit,
        "pinball": float(pinball_loss(at["85"], seen, 0.85)) if at["85"] <= n_known else float("nan"),
        # A date that has not passed yet is neither kept nor missed.
        **{f"hit_{name}": float(came <= week) if week <= n_known else float("nan") for name, week in at.items()},
    }


def _score(cases: pd.DataFrame, first_week: pd.Timestamp) -> dict[str, object]:
    """Pool the cases of a scope type and level."""
    resolved = cases.loc[cases["is_resolved"].astype(bool)]
    n_parents, hit_rate = resolved["parent"].nunique(), resolved["hit_85"].mean()
    # Looks ahead at one parent are much alike: the interval counts parents.
    lower, upper = wilson_interval(hit_rate * n_parents, n_parents) if n_parents else (np.nan, np.nan)
    return {
        "n_cases": len(resolved),
        "n_parents": n_parents,
        "n_unresolved": len(cases) - len(resolved),
        **{f"hit_rate_{name}": cases[f"hit_{name}"].mean() for name in CONFIDENCES},
        "hit_rate_85_lower": lower,
        "hit_rate_85_upper": upper,
        "pit_mean": resolved["pit"].mean(),
        "pinball_85_weeks": resolved["pinball"].mean(),
        "window_start": first_week + pd.Timedelta(weeks=int(cases["origin"].min())),
        "window_end": first_week + pd.Timedelta(weeks=int(cases["origin"].max()), days=6),
    }
