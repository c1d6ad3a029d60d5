"""Work that is coming to stages, what is getting slower, and items in progress that are at risk.

Belongs here: load ahead, trends and ageing items in words and tables. Does not belong here: queues to come
(`queues_ahead`), delivery dates (`deliveries_ahead`).
"""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from orchestration.reports.blocks import Block, Cell, Column, Notice, Table, Words
from orchestration.reports.wording import (
    clipped,
    count,
    counted,
    day,
    day_range,
    is_missing,
    listed,
    number,
    percent,
)

AT_RISK_SHOWN = 10
_HEALTHY = "85 %"
_STATES = {"above": "above", "may_cross": "may cross", "below": "below"}
_METRICS = {
    "age": "age of the work in progress (85th percentile)",
    "cycle_time": "cycle time (median)",
    "wip": "work in progress",
    "throughput": "items finished a week",
    "queue_length": "queue",
}
_P_CHANCE = 0.05


def load_sentences(
    loads: pd.DataFrame, stream_names: Mapping[str, str], stage_names: Mapping[str, str]
) -> Words | None:
    """Say which stages will, or may, have more work than is healthy; only those whose people the register knows.

    Args:
        loads: `load_forecasts` of value streams.
        stream_names: Name by value_stream_id, of the streams to show.
        stage_names: Name by stage_id.
    """
    known = loads[
        loads["scope_id"].isin(list(stream_names)) & (loads["capacity_source"] == "given") & loads["load"].notna()
    ]
    if known.empty:
        return None
    soon = known[known["horizon_weeks"] == known["horizon_weeks"].min()]
    strained = soon[soon["state"] != "below"].sort_values(
        ["load", "scope_id", "stage_id"], ascending=[False, True, True]
    )
    until = day(soon["target_end"].iloc[0])
    if strained.empty:
        return Words(
            (
                f"Of {counted(len(soon), 'stage')} with known people none is expected to be over {_HEALTHY} busy up to "
                f"{until}.",
            )
        )
    named = [
        f"{stage_names.get(row.stage_id, row.stage_id)} in {stream_names[str(row.scope_id)]} {percent(row.load)} "
        f"(80 % range {percent(row.load_lower)} to {percent(row.load_upper)})"
        for row in strained.itertuples()
    ]
    return Words(
        (
            f"Expected to be busy up to {until}, by the work that arrives: {listed(named)}. Over {_HEALTHY}, waiting "
            "grows steeply; the range is that of the arrivals.",
        )
    )


def load_table(loads: pd.DataFrame, stage_names: Mapping[str, str], stream_id: str) -> Block | None:
    """Load of each stage of one value stream, four weeks each; None where nothing is known of any."""
    own = loads[(loads["scope_id"] == stream_id) & loads["stage_id"].isin(list(stage_names))]
    if own.empty:
        return None
    rows = []
    for stage_id, name in stage_names.items():
        of_stage = own[own["stage_id"] == stage_id].sort_values("horizon_weeks")
        if of_stage.empty:
            continue
        first = of_stage.iloc[0]
        source = (
            "people by the register"
            if first["capacity_source"] == "given"
            else "capacity estimated from its busiest weeks"
        )
        now = "–" if is_missing(first["load_now"]) else percent(first["load_now"])
        rows.append((Cell(name, note=source), Cell(now), *(_load_cell(row) for row in of_stage.to_dict("records"))))
    horizons = own.drop_duplicates("horizon_weeks").sort_values("horizon_weeks")
    return Table(
        "How busy each stage will be: work expected to arrive over what people can do",
        (
            Column("Stage"),
            Column("Last 4 weeks", is_numeric=True),
            *(Column(day_range(row.target_start, row.target_end), is_prose=True) for row in horizons.itertuples()),
        ),
        tuple(rows),
        notes=(
            f"Ranges are 80 % ranges of the arrivals. Over {_HEALTHY}, waiting grows steeply. Holidays and people "
            "who come or go count as far as the register and the calendar tell.",
        ),
    )


def _load_cell(row: Mapping[Hashable, Any]) -> Cell:
    if is_missing(row["load"]):
        return Cell("not said", note=str(row["withheld_reason"]), tone="muted")
    tone = {"above": "bad", "may_cross": "warning"}.get(str(row["state"]), "plain")
    return Cell(
        percent(row["load"]),
        note=f"{percent(row['load_lower'])} to {percent(row['load_upper'])}; {_STATES[str(row['state'])]} {_HEALTHY}",
        tone=tone,  # type: ignore[arg-type]
    )


def trend_words(trends: pd.DataFrame, stage_names: Mapping[str, str], stream_id: str, level: str) -> Block | None:
    """Say which weekly series of one value stream rise or fall more than chance would have them."""
    own = trends[(trends["scope_id"] == stream_id) & (trends["level"] == level)]
    own = own[own["stage_id"].isna() | own["stage_id"].isin(list(stage_names))]
    known = own[own["p_value"].notna()]
    if known.empty:
        return None
    moving = known[(known["p_value"] < _P_CHANCE) & (known["slope_per_week"] != 0)].sort_values("p_value")
    looked_at = f"{counted(len(known), 'weekly series', 'weekly series')} of up to 26 weeks"
    if moving.empty:
        return Words((f"Not one of {looked_at} rises or falls more than chance would have it.",))
    named = [_trend(row, stage_names) for row in moving.itertuples()]
    return Words(
        (
            f"Of {looked_at}: {'; '.join(named)}. By chance alone about {number(len(known) * _P_CHANCE)} of them would "
            "seem to move.",
        )
    )


def _trend(row: object, stage_names: Mapping[str, str]) -> str:
    metric, stage = str(getattr(row, "metric", "")), getattr(row, "stage_id", None)
    slope = float(getattr(row, "slope_per_week", 0.0))
    name = _METRICS.get(metric, metric)
    what = name if is_missing(stage) else f"{name} {stage_names[str(stage)]}"
    lower, upper = getattr(row, "slope_lower", slope), getattr(row, "slope_upper", slope)
    verb = "rises" if slope > 0 else "falls"
    return f"{what} {verb} by {number(abs(slope), 2)} a week (95 % interval {number(lower, 2)} to {number(upper, 2)})"


def at_risk_blocks(
    ageing: pd.DataFrame, stream_names: Mapping[str, str], hrefs: Mapping[str, str]
) -> tuple[Block, ...]:
    """Items in progress that are older than most were when they were finished, or when they left the stage.

    Args:
        ageing: `mart_ageing_items`.
        stream_names: Name by value_stream_id, of the streams to show.
        hrefs: Page by value_stream_id.
    """
    own = ageing[ageing["value_stream_id"].isin(list(stream_names))]
    if own.empty:
        return (Notice("No item is in progress.", tone="muted"),)
    is_late = own["attention"].isin(["late", "late and blocked"])
    is_risk = own["attention"].isin(["at risk", "at risk and blocked"])
    not_compared = int(own["is_over_p85"].isna().sum())
    left_out = f" {counted(not_compared, 'item')} could not be compared." if not_compared else ""
    if not (is_late | is_risk).any():
        return (
            Words(
                (
                    f"Of {counted(len(own), 'item')} in progress none is older than 85 % of comparable ones were."
                    f"{left_out}",
                )
            ),
        )
    n_late, n_risk = int(is_late.sum()), int(is_risk.sum())
    sentence = (
        f"Of {counted(len(own), 'item')} in progress, {count(n_late)} {_is_are(n_late)} older than 85 % of comparable "
        f"items were when they were finished, and {count(n_risk)} more {_is_are(n_risk)} older than 85 % were when "
        f"they left the same stage.{left_out}"
    )
    shown = own[is_late | is_risk].sort_values("attention_rank").head(AT_RISK_SHOWN)
    rows = tuple(
        (
            Cell(
                clipped(str(row["title"]), 60),
                href=hrefs.get(row["value_stream_id"]),
                note=f"{row['item_key']}, {row['level']}, {stream_names[row['value_stream_id']]}",
            ),
            Cell(str(row["stage_name"])),
            Cell(count(row["age_calendar_days"])),
            Cell(_why_at_risk(row), tone="bad" if str(row["attention"]).startswith("late") else "warning"),
        )
        for row in shown.to_dict("records")
    )
    n_all = n_late + n_risk
    caption = f"{counted(n_all, 'item')} at risk" + (
        f" (the first {AT_RISK_SHOWN} are shown)" if n_all > AT_RISK_SHOWN else ""
    )
    columns = (
        Column("Item"),
        Column("Stage"),
        Column("Age", is_numeric=True, note="calendar days"),
        Column("Why", is_prose=True),
    )
    return Words((sentence,)), Table(caption, columns, rows)


def _is_are(number_of: int) -> str:
    return "is" if number_of == 1 else "are"


def _why_at_risk(row: Mapping[Hashable, Any]) -> str:
    blocked = "; blocked" if "blocked" in str(row["attention"]) else ""
    if str(row["attention"]).startswith("late"):
        return (
            f"85 % were finished within {count(row['p85_cycle_time_calendar_days'])} days "
            f"(n = {count(row['n_finished'])}){blocked}"
        )
    return (
        f"85 % had left this stage by day {count(row['p85_age_at_leaving_calendar_days'])} "
        f"(n = {count(row['n_passed_stage'])}){blocked}"
    )
