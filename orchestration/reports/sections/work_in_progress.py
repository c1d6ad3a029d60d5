"""Work in progress of one value stream: over the weeks, and as it stands now by stage and age.

Belongs here: the two charts with their sentences and the list of the oldest items. Does not belong here: what counts as
started (metrics: the commitment stage).
"""

from datetime import date

import pandas as pd

from orchestration.reports.blocks import Block, Cell, Chart, Column, LegendEntry, Notice, Table
from orchestration.reports.figures import ageing_work, weekly_flow
from orchestration.reports.sections.levels import counted_at, flagged
from orchestration.reports.wording import (
    HALF,
    MIN_ITEMS_FOR_PERCENTILE,
    MOST,
    clipped,
    count,
    counted_items,
    day,
    day_range,
    days,
    is_missing,
    level_plural,
    number,
)

OLDEST_SHOWN = 10


def weekly_chart(weeks: pd.DataFrame, level: str) -> Block:
    """WIP and throughput by week.

    Args:
        weeks: `complete_weeks` of the scope and level.
    """
    plural = level_plural(level)
    measured = weeks[weeks["wip_mean"].notna()]
    if measured.empty:
        return Notice(f"No complete week of {plural} yet.", tone="muted")
    n_weeks = len(measured)
    first, last = measured.iloc[0], measured.iloc[-1]
    window = day_range(first["period_start"], last["period_end"])
    low, high = measured["wip_mean"].min(), measured["wip_mean"].max()
    load = (
        f"{number(low)} {plural} were in progress throughout"
        if number(low) == number(high)
        else f"{number(last['wip_mean'])} {plural} in progress in the last week, between {number(low)} and "
        f"{number(high)}"
    )
    weeks_text = "1 complete week" if n_weeks == 1 else f"{n_weeks} complete weeks"
    title = f"{load} over {weeks_text} ({window}); {count(measured['n_finished'].sum())} were finished"
    return Chart(
        chart_id="weekly-flow",
        title=title,
        figure=weekly_flow.figure(measured),
        description=f"Line of work in progress above bars of items finished, by week. {title}",
        height=360,
        legend=(
            LegendEntry("line", "in progress, mean of the week’s days"),
            LegendEntry("done", "finished in the week"),
        ),
        notes=(
            "Complete weeks only: one that is still running, or began before the first day with data, is left out.",
        ),
    )


def ageing_blocks(
    items: pd.DataFrame, stages: pd.DataFrame, periods: pd.DataFrame, level: str, as_of: date
) -> tuple[Block, ...]:
    """Items in progress by stage and age, and the oldest of them as a table.

    Args:
        items: `fct_work_items` of one value stream.
        stages: `dim_stages`.
        periods: `complete_periods`; the last one's percentiles are what ages are compared with.
    """
    counted_in = counted_at(items, level)
    open_items = counted_in[flagged(counted_in["is_in_progress"])]
    if open_items.empty:
        return (Notice(f"No {level} is in progress on {day(as_of)}.", tone="muted"),)
    aged = open_items[open_items["age_calendar_days"].notna()]
    if aged.empty:
        none_has = "it has no usable age" if len(open_items) == 1 else "none of them has a usable age"
        return (Notice(f"{_in_progress(open_items, level, as_of)}; {none_has}.", tone="muted"),)
    named = aged.merge(
        stages[["stage_id", "stage_name", "stage_kind", "position"]],
        left_on="current_stage_id",
        right_on="stage_id",
        how="left",
    )
    named["stage_name"] = named["stage_name"].fillna("Unknown stage")
    named["current_stage_id"] = named["current_stage_id"].fillna("unknown")
    named["stage_kind"] = named["stage_kind"].fillna("queue")
    named["is_blocked"] = flagged(named["is_blocked"])
    shown_stages = (
        named[["current_stage_id", "stage_name", "position"]]
        .drop_duplicates("current_stage_id")
        .sort_values(["position", "current_stage_id"])
        .rename(columns={"current_stage_id": "stage_id"})
    )
    percentiles = _percentiles(periods)
    title = _ageing_title(open_items, periods, percentiles, level, as_of)
    legend = [LegendEntry("queue", "waits in a queue"), LegendEntry("active", "in an active stage")]
    if named["is_blocked"].any():
        legend.append(LegendEntry("blocked", "blocked (cross)"))
    if percentiles:
        legend.append(LegendEntry("line", "half of the finished took this or less"))
        legend.append(LegendEntry("percentile", "85 % did"))
    notes = ["Age: calendar days since the cycle-time start, first and last day counted, up to the as-of day."]
    if len(aged) < len(open_items):
        notes.append("An item without a usable history has no usable age, so no dot and no row in the table.")
    chart = Chart(
        chart_id="ageing-work",
        title=title,
        figure=ageing_work.figure(named, shown_stages, percentiles),
        description=f"Age of each {level} in progress by the stage it sits in. {title}",
        height=110 + 52 * max(len(shown_stages), 3),
        legend=tuple(legend),
        notes=tuple(notes),
    )
    return chart, _oldest_table(named, percentiles, level, n_open=len(open_items))


def _percentiles(periods: pd.DataFrame) -> dict[int, float]:
    if periods.empty:
        return {}
    last = periods.iloc[-1]
    found = {HALF: last["p50_cycle_time_calendar_days"], MOST: last["p85_cycle_time_calendar_days"]}
    return {percentile: float(value) for percentile, value in found.items() if not is_missing(value)}


def _in_progress(items: pd.DataFrame, level: str, as_of: date) -> str:
    verb = "is" if len(items) == 1 else "are"
    sentence = f"{counted_items(len(items), level).capitalize()} {verb} in progress on {day(as_of)}"
    n_blocked = int(flagged(items["is_blocked"]).sum())
    return f"{sentence}, {count(n_blocked)} of them blocked" if n_blocked else sentence


def _ageing_title(
    items: pd.DataFrame, periods: pd.DataFrame, percentiles: dict[int, float], level: str, as_of: date
) -> str:
    sentence = _in_progress(items, level, as_of)
    n_without_age = int(items["age_calendar_days"].isna().sum())
    if n_without_age:
        sentence += f"; {count(n_without_age)} of them {'has' if n_without_age == 1 else 'have'} no usable age"
    if periods.empty:
        return f"{sentence}; no complete period to compare their age with"
    last = periods.iloc[-1]
    if MOST not in percentiles:
        return (
            f"{sentence}; their age is not compared, as {last['period_name']} has {count(last['n_cycle_time'])} "
            f"finished with a cycle time and at least {MIN_ITEMS_FOR_PERCENTILE} are needed"
        )
    older = int((items["age_calendar_days"] > percentiles[MOST]).sum())
    finished = f"{count(last['n_cycle_time'])} finished"
    if last["n_cycle_time"] != last["n_finished"]:
        finished = f"{count(last['n_cycle_time'])} with a cycle time (of {count(last['n_finished'])} finished)"
    return (
        f"{sentence}; {'none' if older == 0 else count(older)} {'is' if older == 1 else 'are'} older than "
        f"{days(percentiles[MOST])}, the cycle time that 85 % of the {finished} in {last['period_name']} did not exceed"
    )


def _oldest_table(items: pd.DataFrame, percentiles: dict[int, float], level: str, *, n_open: int) -> Table:
    oldest = items.sort_values(["age_calendar_days", "item_key"], ascending=[False, True]).head(OLDEST_SHOWN)
    rows = tuple(
        (
            Cell(str(key), note=clipped(str(title), 80) if not is_missing(title) else None),
            Cell(str(stage), note="blocked" if blocked else None),
            Cell(number(age), tone="warning" if MOST in percentiles and age > percentiles[MOST] else "plain"),
        )
        for key, title, stage, age, blocked in zip(
            oldest["item_key"], oldest["title"], oldest["stage_name"], oldest["age_calendar_days"],
            oldest["is_blocked"], strict=True,
        )
    )  # fmt: skip
    listed_of = f"{counted_items(len(items), level)} in progress{'' if len(items) == n_open else ' with a usable age'}"
    caption = f"The {len(rows)} oldest of {listed_of}" if len(items) > len(rows) else listed_of.capitalize()
    return Table(
        f"{caption}, oldest first",
        (Column("Item"), Column("Stage"), Column("Age", is_numeric=True, note="calendar days")),
        rows,
        is_compact=True,
    )
