"""What hand-offs cost: hours that work lies between value streams, trains and teams, pair by pair and over time.

Belongs here: the sentences, the matrices, the dearest pairs and the trend, from `analysis.hand_off_matrix`,
`analysis.hand_off_pairs` and `mart_hand_offs`. Does not belong here: waits for other items (`dependency_waits`) and why
work waits before one stage (`constraint_card`).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from orchestration.reports.blocks import Block, Cell, Chart, Column, LegendEntry, Notice, Table, present
from orchestration.reports.figures import hand_off_matrix, waits_by_period
from orchestration.reports.figures.hand_off_matrix import Pair
from orchestration.reports.figures.waits_by_period import Panel
from orchestration.reports.sections.constraint_card import CLASS_NAMES
from orchestration.reports.sections.levels import LEVELS
from orchestration.reports.wording import (
    NOT_MEASURED,
    count,
    counted,
    day_range,
    is_missing,
    level_plural,
    listed,
    number,
    percent,
)

#: Kinds of scope from the widest to the narrowest, as sentences name them.
KINDS: Final[Mapping[str, str]] = {"value_stream": "value streams", "train": "trains", "team": "teams"}
PAIRS_SHOWN: Final = 10
MATRIX_SIZE: Final = 12
FEWEST_PERIODS: Final = 3
_COLUMNS: Final = (
    Column("From → to", note="and what the waits were mostly"),
    Column("Work lay", is_numeric=True, note="working hours"),
    Column("Hand-offs", is_numeric=True, note="n"),
    Column("Half waited up to", is_numeric=True, note="working hours"),
    Column("Inside teams", is_numeric=True, note="half, for comparison"),
    Column("Come straight back", is_numeric=True, note="of the items"),
)
_COMPARISON_NOTE: Final = (
    "Work lies from the end of work in one place to its start in the next. The comparison is with waits between stages "
    "inside teams of the value stream that takes the work; “slower” is said only where the difference is beyond chance "
    "over all pairs, and not small."
)
_TREND_TITLES: Final = {
    "value_stream": "between value streams",
    "train": "between trains of one value stream",
    "team": "between teams of one train",
}


@dataclass(frozen=True)
class ScopeNames:
    """Names of value streams, trains and teams by kind and id, in the portfolio's order."""

    names: Mapping[str, Mapping[str, str]]

    def of(self, kind: str, identity: object) -> str:
        """The name, or the id of one that the portfolio file names no more."""
        return self.names[kind].get(str(identity), str(identity))

    @property
    def wide_kinds(self) -> tuple[str, ...]:
        """The kinds wider than teams that there are several of; no trains that are just the value streams once more."""
        n_of = {kind: sum(one != "unassigned" for one in names) for kind, names in self.names.items()}
        has_streams, has_own_trains = n_of["value_stream"] > 1, n_of["train"] > max(n_of["value_stream"], 1)
        return (*(["value_stream"] if has_streams else []), *(["train"] if has_own_trains else []))

    @property
    def widest(self) -> str:
        """The widest kind of scope that there are several of."""
        return (*self.wide_kinds, "team")[0]


def scope_names(frames: Mapping[str, pd.DataFrame]) -> ScopeNames:
    """Read the names from the dimensions."""
    found = {}
    for kind in KINDS:
        rows = frames[f"dim_{kind}s"].sort_values(["position", f"{kind}_id"])
        found[kind] = dict(zip(rows[f"{kind}_id"].astype(str), rows[f"{kind}_name"].astype(str), strict=True))
    return ScopeNames(found)


def sentences(
    matrix: pd.DataFrame, pairs: pd.DataFrame, names: ScopeNames, level: str, kinds: Sequence[str] | None = None
) -> list[str]:
    """What lay between value streams, trains and teams, and between whom nothing did; true for any data.

    Args:
        matrix: `analysis.hand_off_matrix`.
        pairs: `analysis.hand_off_pairs`.
        names: Names of the scopes.
        level: Level of work told of.
        kinds: Kinds of scope told of, the widest first; None for all that there are several of.
    """
    told_kinds = kinds or (*names.wide_kinds, "team")
    own = matrix[(matrix["level"] == level) & (matrix["scope_type"] == "value_stream")]
    if own.empty:
        return [f"Hand-offs cannot be told: no {level} passed from one active stage to another in the window."]
    crossing = {kind: _crossing(matrix, pairs, kind, level) for kind in told_kinds}
    parts = [
        f"{count(rows['wait_hours'].sum())} between {KINDS[kind]} "
        f"(n {counted(rows['n_hand_offs'].sum(), 'hand-off')}{_most(rows, names, kind)})"
        for kind, rows in crossing.items()
        if len(rows)
    ]
    told = []
    if parts:
        # Who hands on to another value stream hands on to another train and team too.
        nested = "; each of these holds the ones before it" if len(parts) > 1 else ""
        told.append(f"Working hours that {level_plural(level)} lay in {_window(own)}: {listed(parts)}{nested}.")
    empty = [KINDS[kind] for kind, rows in crossing.items() if rows.empty]
    if empty:
        n_all = counted(own["n_hand_offs"].sum(), "hand-off")
        is_nothing = not parts and "team" in told_kinds
        rest = f": of {n_all} from stage to stage none is known to have left its team" if is_nothing else ""
        told.append(f"No {level} was handed on between {' nor between '.join(empty)} in {_window(own)}{rest}.")
    return told


def nothing_to_draw(matrix: pd.DataFrame) -> Notice:
    """Why there is no matrix: nothing left its team, at no level."""
    own = matrix[matrix["scope_type"] == "value_stream"]
    if own.empty:
        return Notice("Nothing to draw: no work passed from one active stage to another in the window.", tone="muted")
    levels = listed([level_plural(one) for one in LEVELS if one in set(own["level"])])
    return Notice(
        f"Nothing to draw: of {counted(own['n_hand_offs'].sum(), 'hand-off')} of {levels} from stage to stage none is "
        f"known to have left its team in {_window(own)}. A hand-off between teams needs items whose team changed "
        "between two active stages.",
        tone="muted",
    )


def _crossing(matrix: pd.DataFrame, pairs: pd.DataFrame, kind: str, level: str) -> pd.DataFrame:
    if kind == "team":
        return pairs[(pairs["level"] == level) & (pairs["scope_type"] == "team")]
    of_kind = matrix[(matrix["level"] == level) & (matrix["scope_type"] == kind)]
    return of_kind[of_kind["is_crossing"].astype(bool)]


def _most(rows: pd.DataFrame, names: ScopeNames, kind: str) -> str:
    total = rows["wait_hours"].sum()
    by_pair = rows.groupby(["from_id", "to_id"], sort=True)["wait_hours"].sum().sort_values(kind="stable")
    if len(by_pair) == 1 or total <= 0:
        giver, taker = by_pair.index[-1]
        return f", all from {names.of(kind, giver)} to {names.of(kind, taker)}" if len(by_pair) == 1 else ""
    giver, taker = by_pair.index[-1]
    share = percent(by_pair.iloc[-1] / total)
    return f"; {share} of the hours from {names.of(kind, giver)} to {names.of(kind, taker)}"


def _window(rows: pd.DataFrame) -> str:
    row = rows.iloc[0]
    return f"{counted(row['n_weeks'], 'week')}, {day_range(row['window_start'], row['window_end'])}"


def matrix_blocks(matrix: pd.DataFrame, pairs: pd.DataFrame, names: ScopeNames, level: str) -> tuple[Block, ...]:
    """A matrix for each kind of scope between which something was handed on, with the table of its pairs."""
    blocks: list[Block | None] = []
    for kind in names.wide_kinds:
        is_folded = kind != names.wide_kinds[0]
        blocks += [
            _matrix_chart(matrix, pairs, names, kind, level),
            pairs_table(pairs, names, kind, level, is_folded=is_folded),
        ]
    return present([*blocks, pairs_table(pairs, names, "team", level)])


def _matrix_chart(matrix: pd.DataFrame, pairs: pd.DataFrame, names: ScopeNames, kind: str, level: str) -> Chart | None:
    of_kind = matrix[(matrix["level"] == level) & (matrix["scope_type"] == kind)]
    crossing = _crossing(matrix, pairs, kind, level)
    if crossing.empty:
        return None
    hours = pd.concat([crossing.groupby(side)["wait_hours"].sum() for side in ("from_id", "to_id")])
    busiest = hours.groupby(level=0).sum().sort_values(ascending=False, kind="stable")
    order = {identity: place for place, identity in enumerate(names.names[kind])}
    shown = sorted(busiest.index[:MATRIX_SIZE], key=lambda one: (order.get(one, len(order)), one))
    # Who neither gave nor took is part of the picture, while there is room.
    if len(order) <= MATRIX_SIZE:
        shown = [one for one in order if one in shown or one != "unassigned"]
    visible = of_kind[of_kind["from_id"].isin(shown) & of_kind["to_id"].isin(shown)].sort_values(["from_id", "to_id"])
    details = _details(pairs, kind, level)
    title = (
        f"Hours that {level_plural(level)} lay between {KINDS[kind]}: {count(crossing['wait_hours'].sum())} working "
        f"hours in all (n {counted(crossing['n_hand_offs'].sum(), 'hand-off')}, {_window(of_kind)})"
    )
    left_out = len(busiest) - MATRIX_SIZE
    return Chart(
        chart_id=f"hand-off-matrix-{kind.replace('_', '-')}",
        title=title,
        figure=hand_off_matrix.figure(
            [(one, names.of(kind, one)) for one in shown],
            [
                Pair(
                    str(row["from_id"]),
                    str(row["to_id"]),
                    float(row["wait_hours"]),
                    int(row["n_hand_offs"]),
                    (
                        f"{count(row['wait_hours'])} working hours, {counted(row['n_hand_offs'], 'hand-off')}",
                        *details.get((str(row["from_id"]), str(row["to_id"])), ()),
                    ),
                )
                for row in visible.to_dict("records")
            ],
        ),
        description=f"{title}. Givers are rows, takers are columns; the table below has the pairs.",
        height=hand_off_matrix.height(len(shown)),
        legend=(
            LegendEntry("queue", "working hours that work lay: the darker, the more"),
            LegendEntry("baseline", "stayed inside, not part of the scale"),
        ),
        notes=(
            (f"The {MATRIX_SIZE} with most hours are shown; {left_out} more gave or took something.",)
            if left_out > 0
            else ()
        ),
    )


def _details(pairs: pd.DataFrame, kind: str, level: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """Further lines per pair, where one row tells of it."""
    own = pairs[(pairs["scope_type"] == kind) & (pairs["level"] == level)]
    own = own[~own.duplicated(["from_id", "to_id"], keep=False)]
    return {
        (str(row["from_id"]), str(row["to_id"])): (
            f"half waited up to {_hours(row['median_wait_hours'])}",
            f"come straight back: {_share(row['ping_pong_rate'])}",
            *([str(row["withheld_reason"])] if not is_missing(row["withheld_reason"]) else []),
        )
        for row in own.to_dict("records")
    }


def pairs_table(
    pairs: pd.DataFrame, names: ScopeNames, kind: str, level: str, *, is_folded: bool = False
) -> Table | None:
    """The dearest pairs of one kind of scope, most hours first; None if nothing was handed on between such scopes."""
    own = pairs[(pairs["scope_type"] == kind) & (pairs["level"] == level)]
    if own.empty:
        return None
    own = own.sort_values(["wait_rank", "from_id", "to_id", "to_value_stream_id"])
    rows = tuple(_pair_row(row, names, kind) for row in own.head(PAIRS_SHOWN).to_dict("records"))
    cut = f"; the first {PAIRS_SHOWN} of {len(own)}" if len(own) > PAIRS_SHOWN else ""
    caption = f"Dearest hand-offs of {level_plural(level)} between {KINDS[kind]}, {_window(own)}{cut}"
    folded = f"The dearest hand-offs of {level_plural(level)} between {KINDS[kind]}, in numbers" if is_folded else None
    # Said once: the table of teams is the last and always there.
    notes = (_COMPARISON_NOTE,) if kind == "team" and not is_folded else ()
    return Table(caption, _COLUMNS, rows, collapsed_as=folded, notes=notes)


def _pair_row(row: Mapping[Hashable, Any], names: ScopeNames, kind: str) -> tuple[Cell, ...]:
    reason = None if is_missing(row["withheld_reason"]) else str(row["withheld_reason"])
    is_untold = is_missing(row["median_wait_hours"])
    is_slower = row["is_slower_than_within"] is True
    share = row["share_of_stream_wait"]
    of_stream = None if is_missing(share) else f"{percent(share)} of the taker's waits"
    return (
        Cell(f"{names.of(kind, row['from_id'])} → {names.of(kind, row['to_id'])}", note=_why(row)),
        Cell(count(row["wait_hours"]), note=of_stream),
        Cell(count(row["n_hand_offs"])),
        Cell(_hours(row["median_wait_hours"], unit=""), note=_untold(reason) if is_untold else None),
        Cell(
            _hours(row["within_team_median_hours"], unit=""),
            note=_inside_note(row, is_slower=is_slower),
            tone="warning" if is_slower else "plain",
        ),
        Cell(_share(row["ping_pong_rate"])),
    )


def _untold(reason: str | None) -> str | None:
    return None if reason is None else reason.rstrip(".")


def _inside_note(row: Mapping[Hashable, Any], *, is_slower: bool) -> str:
    n_inside = f"n {count(row['n_within_team'])}"
    return f"{n_inside}; the hand-off is slower" if is_slower else n_inside


def _why(row: Mapping[Hashable, Any]) -> str | None:
    """The largest class of the pair's waits; None where none could be split."""
    shares = {name: row[f"{name}_share"] for name in CLASS_NAMES}
    told = {name: share for name, share in shares.items() if not is_missing(share)}
    if not told:
        return None
    name, share = max(told.items(), key=lambda one: one[1])
    words = CLASS_NAMES[name].replace("its people", "the takers")
    return f"{percent(share)}: {words} (n {count(row['n_split'])})"


def _hours(value: Any, unit: str = " h") -> str:
    return NOT_MEASURED if is_missing(value) else f"{number(float(value))}{unit}"


def _share(value: Any) -> str:
    return NOT_MEASURED if is_missing(value) else percent(float(value))


def trend_block(hand_offs: pd.DataFrame, periods: pd.DataFrame, level: str) -> Block | None:
    """Hours between teams, trains and value streams, period by period; why not, where there are too few periods.

    Args:
        hand_offs: `mart_hand_offs`.
        periods: `periods.complete_periods` of the portfolio, oldest first.
        level: Level of work.
    """
    own = hand_offs[(hand_offs["level"] == level) & hand_offs["boundary"].isin(list(_TREND_TITLES))]
    own = own[own["period_type"].isin(list(periods["period_type"].unique()))]
    own = own[own["period_id"].isin(list(periods["period_id"]))]
    if own["n_hand_offs"].sum() == 0:
        return None
    if len(periods) < FEWEST_PERIODS:
        return Notice(
            f"Hand-offs over time: not shown, {counted(len(periods), 'complete period')}, at least {FEWEST_PERIODS} "
            "needed.",
            tone="muted",
        )
    panels = []
    for boundary, title in _TREND_TITLES.items():
        sums = own[own["boundary"] == boundary].groupby("period_id")[["wait_working_hours", "n_hand_offs"]].sum()
        whole = sums.reindex(list(periods["period_id"]), fill_value=0)
        if whole["n_hand_offs"].sum():
            hours, counts = whole["wait_working_hours"].astype(float), whole["n_hand_offs"].astype(int)
            panels.append(Panel(title, tuple(hours), tuple(counts)))
    first, last = periods.iloc[0], periods.iloc[-1]
    totals = own.groupby("period_id")["wait_working_hours"].sum().reindex(periods["period_id"], fill_value=0.0)
    title = (
        f"Work lay {count(totals.iloc[0])} working hours between teams in {first['period_name']} and "
        f"{count(totals.iloc[-1])} in {last['period_name']} (n {counted(own['n_hand_offs'].sum(), 'hand-off')} of "
        f"{level_plural(level)}, {day_range(first['period_start'], last['period_end'])})"
    )
    return Chart(
        chart_id="hand-offs-by-period",
        title=title,
        figure=waits_by_period.figure(periods["period_name"].astype(str).to_list(), panels, "working hours"),
        description=f"Bars of hours per period, one small chart per boundary. {title}",
        height=waits_by_period.height(len(panels)),
        notes=(
            "A hand-off counts in the period in which the work was taken, at the widest boundary that it crossed. "
            "Each small chart has its own scale.",
        ),
    )
