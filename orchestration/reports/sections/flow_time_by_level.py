"""How the newest change of mean flow time compares: between value streams at each level, and stage by stage.

Belongs here: the two charts of small multiples over `analysis.flow_time_changes`. Does not belong here: the change of
one level in numbers (`flow_time_change`).
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from orchestration.reports.blocks import Block, Chart, LegendEntry, Notice
from orchestration.reports.figures import flow_time_changes
from orchestration.reports.figures.flow_time_changes import Change, Panel
from orchestration.reports.sections.flow_time_change import newest_change, signed
from orchestration.reports.sections.levels import LEVELS
from orchestration.reports.value_streams import ValueStream
from orchestration.reports.wording import count, counted, day_range, is_missing, level_plural, listed, sentence_start

_LEGEND: Final = (
    LegendEntry("gain", "shorter, beyond chance"),
    LegendEntry("worse", "longer, beyond chance"),
    LegendEntry("line", "may be chance: the 95 % interval holds 0"),
)
_SMALLEST_SHOWN: Final = 0.05
_NO_CHANGE: Final = "Changes of flow time: nothing to compare, fewer than two increments with finished work are over."


def across(changes: pd.DataFrame, streams: Sequence[ValueStream], increments: pd.DataFrame) -> Block:
    """A small chart per level with a row per value stream, or why there is none.

    Args:
        changes: `analysis.flow_time_changes`.
        streams: The value streams to show.
        increments: `dim_increments`.
    """
    names = {stream.identity: stream.name for stream in streams}
    ordered = increments.sort_values("start_date")
    known = changes[changes["scope_id"].isin(list(names)) & (changes["component"] == "total")]
    newest = newest_change(known, ordered["increment_id"].astype(str).to_list())
    if newest.empty:
        return Notice(_NO_CHANGE, tone="muted")
    panels, withheld = [], []
    for level in LEVELS:
        rows = newest[newest["level"] == level].set_index("scope_id", drop=False).reindex(list(names)).dropna(how="all")
        told, missing = _told(rows)
        withheld += [f"{level_plural(level)} of {names[row['scope_id']]}: {row['withheld_reason']}" for row in missing]
        if told:
            n_before, n_after = (count(sum(row[n] for row in told)) for n in ("n_before", "n_after"))
            title = f"{sentence_start(level_plural(level))} (n {n_before} before, {n_after} after)"
            panels.append(Panel(title, tuple(_change(names[row["scope_id"]], row) for row in told)))
    before, after, window = _increments_of(newest, ordered)
    if not panels:
        return Notice(f"Changes of flow time from {before} to {after}: not shown. {_list(withheld)}", tone="muted")
    every = [change for panel in panels for change in panel.changes]
    n_shorter = sum(change.upper < 0 for change in every) or "none"
    n_longer = sum(change.lower > 0 for change in every) or "none"
    title = (
        f"From {before} to {after} mean flow time got shorter in {n_shorter} and longer in {n_longer} of "
        f"{counted(len(every), 'comparison')} of a value stream at a level; the rest may be chance ({window})"
    )
    return Chart(
        chart_id="flow-time-by-level",
        title=title,
        figure=flow_time_changes.figure(panels),
        description=f"Dots with 95 % intervals, a small chart per level of work, a row per value stream. {title}",
        height=flow_time_changes.height(panels),
        legend=_LEGEND,
        notes=(
            "Change of the mean flow time of finished items, with its 95 % interval. Each level has its own scale.",
            *([f"Not shown: {_list(withheld)}"] if withheld else []),
        ),
    )


def within(changes: pd.DataFrame, value_stream_id: str, increments: pd.DataFrame) -> Chart | None:
    """A small chart per level of one value stream: the change as a whole, then what each stage adds to it.

    None where no level has a change to tell; `flow_time_change.blocks` says why.
    """
    ordered = increments.sort_values("start_date")
    own = changes[changes["scope_id"] == value_stream_id]
    newest = newest_change(own, ordered["increment_id"].astype(str).to_list())
    panels, told = [], []
    for level in LEVELS:
        rows = newest[newest["level"] == level]
        total = rows[(rows["component"] == "total") & rows["change_days"].notna()]
        if total.empty:
            continue
        whole = total.iloc[0].to_dict()
        stages = rows[rows["component"] == "stage"]
        size = stages[["mean_days_before", "mean_days_after"]].max(axis=1)
        stages = stages[size >= _SMALLEST_SHOWN].sort_values("change_days", key=abs, ascending=False, kind="stable")
        parts = [_change(f"in {row['component_name']}", row) for row in stages.to_dict("records")]
        title = f"{sentence_start(level_plural(level))}: {signed(whole['change_days'])} days"
        title += f" (n {count(whole['n_before'])} before, {count(whole['n_after'])} after)"
        panels.append(Panel(title, (_change("Altogether", whole), *parts)))
        told.append(f"{level_plural(level)} by {signed(whole['change_days'])} days")
    if not panels:
        return None
    before, after, window = _increments_of(newest, ordered)
    title = f"From {before} to {after} mean flow time changed: {listed(told)} ({window})"
    return Chart(
        chart_id="flow-time-by-stage",
        title=title,
        figure=flow_time_changes.figure(panels),
        description=f"Dots with 95 % intervals, a small chart per level, a row per stage. {title}",
        height=flow_time_changes.height(panels),
        legend=_LEGEND,
        notes=("The rows of the stages add up to “Altogether”. Each level has its own scale.",),
    )


def _told(rows: pd.DataFrame) -> tuple[list[dict[Hashable, Any]], list[dict[Hashable, Any]]]:
    records = rows.to_dict("records")
    missing = [row for row in records if is_missing(row["change_days"])]
    return [row for row in records if not is_missing(row["change_days"])], missing


def _change(label: str, row: Mapping[Hashable, Any]) -> Change:
    lower, upper = float(row["change_days_lower"]), float(row["change_days_upper"])
    hint = f"{signed(row['change_days'])} days ({signed(lower)} to {signed(upper)})"
    return Change(label, float(row["change_days"]), lower, upper, hint)


def _increments_of(newest: pd.DataFrame, ordered: pd.DataFrame) -> tuple[str, str, str]:
    """Names of the two increments compared, and the days from the first of one to the last of the other."""
    known = ordered.set_index(ordered["increment_id"].astype(str))
    before, after = str(newest["from_increment_id"].iloc[0]), str(newest["to_increment_id"].iloc[0])
    names = known["increment_name"].astype(str)
    is_known = {before, after} <= set(known.index)
    window = day_range(known["start_date"][before], known["end_date"][after]) if is_known else "window not known"
    return str(names.get(before, before)), str(names.get(after, after)), window


def _list(reasons: Sequence[str]) -> str:
    return f"{'; '.join(reasons)}."
