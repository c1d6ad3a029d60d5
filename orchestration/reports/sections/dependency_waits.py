"""Who waits for whose items: what waits today, which pairs wait most, and how that changed.

Belongs here: the sentences, the items that wait, the pairs and the trend, from `fct_dependencies` and
`mart_dependency_waits`. Does not belong here: work that is handed on (`hand_offs`).
"""

from collections.abc import Hashable, Mapping
from datetime import date, timedelta
from typing import Any, Final

import pandas as pd

from orchestration.reports.blocks import Block, Cell, Chart, Column, Notice, Table, present
from orchestration.reports.figures import waits_by_period
from orchestration.reports.figures.waits_by_period import Panel
from orchestration.reports.sections.hand_offs import FEWEST_PERIODS, KINDS, ScopeNames
from orchestration.reports.sections.levels import flagged
from orchestration.reports.wording import (
    NOT_MEASURED,
    clipped,
    count,
    counted,
    day,
    day_range,
    days,
    is_missing,
    number,
)

UNASSIGNED: Final = "unassigned"
WEEKS_SUMMED: Final = 26
WAITING_SHOWN: Final = 15
_PAIRS_SHOWN: Final = 10
_TITLE_LENGTH: Final = 70
_WAITING_COLUMNS: Final = (
    Column("Waits"),
    Column("For"),
    Column("So far", is_numeric=True, note="elapsed days"),
    Column("Work interrupted", is_numeric=True, note="days of it after its start"),
)
_PAIR_COLUMNS: Final = (
    Column("Who waits ← for whom"),
    Column("Waits that ended", is_numeric=True, note="n"),
    Column("Waited", is_numeric=True, note="days"),
    Column("After work had started", is_numeric=True, note="days of these"),
    Column("Done to start", is_numeric=True, note="days from finish to start"),
    Column("Wait today", is_numeric=True, note="n; so far"),
)
_SUMMED: Final = [
    "n_waits", "wait_elapsed_days", "wait_in_progress_elapsed_days", "n_start_gaps", "start_gap_elapsed_days",
]  # fmt: skip


def sentences(dependencies: pd.DataFrame, pairs: pd.DataFrame, names: ScopeNames, as_of_day: date) -> list[str]:
    """Who waits today, and what waiting cost; true for any data.

    Args:
        dependencies: `fct_dependencies`, the open ones.
        pairs: `mart_dependency_waits`.
        names: Names of the scopes.
        as_of_day: The day of the generation shown.
    """
    if pairs.empty and dependencies.empty:
        return ["Waits for other items cannot be told: no link between items is known that made one wait for another."]
    other = KINDS[names.widest].removesuffix("s")
    told = [_today(dependencies, names.widest)]
    recent, since = _recent(pairs, names.widest, as_of_day)
    ended = recent[flagged(recent["is_crossing"]) & (recent["n_waits"] > 0)]
    if len(ended):
        told.append(
            f"Waits for items of another {other} that ended {since} took {days(ended['wait_elapsed_days'].sum())} in "
            f"all (n {count(ended['n_waits'].sum())})."
        )
    else:
        told.append(f"No wait for an item of another {other} ended {since}.")
    return told


def _today(dependencies: pd.DataFrame, kind: str) -> str:
    other = KINDS[kind].removesuffix("s")
    across = dependencies[flagged(dependencies[f"is_cross_{kind}"])]
    if len(across):
        longest, n_waiting = across["blocked_elapsed_days"].max(), across["successor_work_item_id"].nunique()
        verb = "waits" if n_waiting == 1 else "wait"
        return (
            f"{counted(n_waiting, 'open item')} {verb} today for an item of another "
            f"{other}, the longest for {days(longest)}."
        )
    if dependencies.empty:
        return "No open item waits today for another item that it is linked with."
    n_items = dependencies["successor_work_item_id"].nunique()
    others = f"{counted(n_items, 'item')} {'waits' if n_items == 1 else 'wait'}"
    return (
        f"No open item is known to wait today for an item of another {other}; {others} for one of the same or of an "
        f"unknown {other}."
    )


def waiting_table(
    dependencies: pd.DataFrame, items: pd.DataFrame, stages: Mapping[str, str], names: ScopeNames
) -> Block:
    """The items that wait today for an item of another team, the longest first.

    Args:
        dependencies: `fct_dependencies`, the open ones.
        items: `fct_work_items`.
        stages: Stage id → its name.
        names: Names of the scopes.
    """
    across = dependencies[flagged(dependencies["is_cross_team"])]
    n_other = len(dependencies) - len(across)
    if across.empty:
        other = (
            ""
            if n_other == 0
            else f" {counted(n_other, 'open wait')} stay inside a team, or have a side whose team is not known."
        )
        return Notice(f"No open item waits today for an item of another team.{other}", tone="muted")
    ordered = across.sort_values(
        ["blocked_elapsed_days", "successor_work_item_id", "predecessor_work_item_id"],
        ascending=[False, True, True],
    )
    shown = ordered.head(WAITING_SHOWN)
    sides = pd.concat([shown["successor_work_item_id"], shown["predecessor_work_item_id"]])
    named = items.loc[items["work_item_id"].isin(sides), ["work_item_id", "item_key", "title", "current_stage_id"]]
    known = {str(row["work_item_id"]): row for row in named.to_dict("records")}
    rows = tuple(
        (
            _item_cell(row, "successor", known, stages, names),
            _item_cell(row, "predecessor", known, stages, names),
            Cell(number(row["blocked_elapsed_days"])),
            Cell(number(row["blocked_in_progress_elapsed_days"])),
        )
        for row in shown.to_dict("records")
    )
    cut = f"; the {WAITING_SHOWN} longest are shown" if len(ordered) > WAITING_SHOWN else ""
    caption = f"What waits today for another team (n {counted(len(ordered), 'open wait')}{cut})"
    inside = (f"{counted(n_other, 'further open wait')} inside a team or with an unknown team.",) if n_other else ()
    return Table(caption, _WAITING_COLUMNS, rows, notes=inside)


def _item_cell(
    row: Mapping[Hashable, Any],
    side: str,
    known: Mapping[str, Mapping[Hashable, Any]],
    stages: Mapping[str, str],
    names: ScopeNames,
) -> Cell:
    item = known.get(str(row[f"{side}_work_item_id"]))
    team = names.of("team", row[f"{side}_team_id"])
    place = f"{names.of('value_stream', row[f'{side}_value_stream_id'])}, {team}"
    if item is None:
        return Cell(str(row[f"{side}_work_item_id"]), note=place)
    stage = item["current_stage_id"]
    where = "" if is_missing(stage) else f"; in {stages.get(str(stage), str(stage))}"
    return Cell(f"{item['item_key']} {clipped(str(item['title']), _TITLE_LENGTH)}", note=f"{place}{where}")


def pair_blocks(pairs: pd.DataFrame, names: ScopeNames, as_of_day: date) -> tuple[Block, ...]:
    """The pairs that wait for each other, most days first, for each kind of scope that adds something."""
    kinds = names.wide_kinds or ("team",)
    return present([_pairs_table(pairs, kind, as_of_day, is_folded=kind != kinds[0]) for kind in kinds])


def _between_known(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs of which both sides are known: of what no rule matched nobody knows whether a boundary lies between."""
    return pairs[(pairs["predecessor_id"] != UNASSIGNED) & (pairs["successor_id"] != UNASSIGNED)]


def _recent(pairs: pd.DataFrame, kind: str, as_of_day: date) -> tuple[pd.DataFrame, str]:
    """The week rows of one kind of scope, 26 weeks back and the running one, and what to call that time."""
    first = as_of_day - timedelta(days=as_of_day.weekday(), weeks=WEEKS_SUMMED)
    own = _between_known(pairs[(pairs["scope_type"] == kind) & (pairs["period_type"] == "week")])
    kept = own[pd.to_datetime(own["period_start"]) >= pd.Timestamp(first)]
    return kept, f"since {day(first)}"


def _pairs_table(pairs: pd.DataFrame, kind: str, as_of_day: date, *, is_folded: bool) -> Table | None:
    recent, since = _recent(pairs, kind, as_of_day)
    crossing = recent[flagged(recent["is_crossing"])]
    if crossing.empty:
        return None
    keys = ["successor_name", "predecessor_name"]
    sums = crossing.groupby(keys, as_index=False)[[*_SUMMED, "n_open", "open_wait_elapsed_days"]].sum()
    sums["days"] = sums["wait_elapsed_days"] + sums["open_wait_elapsed_days"].fillna(0) + sums["start_gap_elapsed_days"]
    ordered = sums.sort_values(["days", *keys], ascending=[False, True, True])
    rows = tuple(_pair_row(row) for row in ordered.head(_PAIRS_SHOWN).to_dict("records"))
    cut = f"; the first {_PAIRS_SHOWN} of {len(ordered)}" if len(ordered) > _PAIRS_SHOWN else ""
    n_events = ordered["n_waits"].sum()
    caption = f"Which {KINDS[kind]} wait for which, {since} (n {counted(n_events, 'wait')} that ended{cut})"
    folded = f"Which {KINDS[kind]} wait for which, in numbers" if is_folded else None
    return Table(caption, _PAIR_COLUMNS, rows, collapsed_as=folded)


def _pair_row(row: Mapping[Hashable, Any]) -> tuple[Cell, ...]:
    n_waits, n_gaps = row["n_waits"], row["n_start_gaps"]
    n_open = 0 if is_missing(row["n_open"]) else row["n_open"]
    return (
        Cell(f"{row['successor_name']} ← {row['predecessor_name']}"),
        Cell(count(n_waits)),
        Cell(
            number(row["wait_elapsed_days"]) if n_waits else NOT_MEASURED,
            note=f"mean {number(row['wait_elapsed_days'] / n_waits)}" if n_waits else "no wait ended",
        ),
        Cell(number(row["wait_in_progress_elapsed_days"]) if n_waits else NOT_MEASURED),
        Cell(
            number(row["start_gap_elapsed_days"]) if n_gaps else NOT_MEASURED,
            note=f"n {count(n_gaps)}" if n_gaps else "none started after a finish",
        ),
        Cell(
            count(n_open),
            note=days(row["open_wait_elapsed_days"]) if n_open else None,
        ),
    )


def trend_block(pairs: pd.DataFrame, periods: pd.DataFrame, names: ScopeNames) -> Block | None:
    """Days waited for other trains and value streams, period by period; why not, where there are too few.

    Args:
        pairs: `mart_dependency_waits`.
        periods: `periods.complete_periods` of the portfolio, oldest first.
        names: Names of the scopes.
    """
    pairs = _between_known(pairs)
    own = pairs[
        pairs["period_type"].isin(list(periods["period_type"].unique()))
        & pairs["period_id"].isin(list(periods["period_id"]))
        & flagged(pairs["is_crossing"])
    ]
    kinds = names.wide_kinds or ("team",)
    n_waits = own.loc[own["scope_type"] == kinds[-1], "n_waits"].sum()
    if n_waits == 0:
        return None
    if len(periods) < FEWEST_PERIODS:
        return Notice(
            f"Waits for other items over time: not shown, {counted(len(periods), 'complete period')}, at least "
            f"{FEWEST_PERIODS} needed.",
            tone="muted",
        )
    panels, totals, n_told, narrowest = [], pd.Series(dtype="float64"), 0, ""
    for kind in kinds:
        sums = own[own["scope_type"] == kind].groupby("period_id")[["wait_elapsed_days", "n_waits"]].sum()
        whole = sums.reindex(list(periods["period_id"]), fill_value=0)
        # Where each wait between trains is one between value streams, the second chart would be the first once more.
        if whole["n_waits"].sum() == 0 or whole["n_waits"].sum() == n_told:
            continue
        n_told, narrowest = int(whole["n_waits"].sum()), KINDS[kind].removesuffix("s")
        panels.append(
            Panel(
                f"for another {KINDS[kind].removesuffix('s')}",
                tuple(whole["wait_elapsed_days"].astype(float)),
                tuple(whole["n_waits"].astype(int)),
            )
        )
        totals = whole["wait_elapsed_days"]
    first, last = periods.iloc[0], periods.iloc[-1]
    window = day_range(first["period_start"], last["period_end"])
    title = (
        f"Waits for items of another {narrowest} took {days(totals.iloc[0])} in {first['period_name']} and "
        f"{days(totals.iloc[-1])} in {last['period_name']} (n {counted(n_waits, 'wait')} that ended, {window})"
    )
    return Chart(
        chart_id="dependency-waits-by-period",
        title=title,
        figure=waits_by_period.figure(periods["period_name"].astype(str).to_list(), panels, "elapsed days"),
        description=f"Bars of days per period, one small chart per boundary. {title}",
        height=waits_by_period.height(len(panels)),
        notes=(
            "A wait counts with all its days in the period in which it ended. With fewer than five waits a period, "
            "one long wait moves a bar.",
        ),
    )
