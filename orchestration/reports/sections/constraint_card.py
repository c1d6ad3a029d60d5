"""The evidence card of a constraint: where work piles up, where it starves, why it waits, what moves with it.

Belongs here: one card per stage that is declared or a candidate. Does not belong here: the verdict itself
(`constraint_verdict`) and the indicators of all stages side by side (`constraint_evidence`).
"""

from collections.abc import Hashable, Mapping
from typing import Any, Final

import pandas as pd

from orchestration.reports.blocks import Block, Chart, Facts, LegendEntry, Swatch, Words
from orchestration.reports.figures import waiting_classes
from orchestration.reports.sections import constraint_sensitivity
from orchestration.reports.sections.constraint_verdict import named_stages
from orchestration.reports.wording import count, counted, day_range, is_missing, listed, number, percent

CLASS_NAMES: Final[Mapping[str, str]] = {
    "contention": "its people were busy with earlier work",
    "prioritization": "its people were busy with later work that was let past",
    "batching": "waited for the rest of a batch",
    "unavailability": "holidays and closed days",
    "extraneous": "none of these: its people were neither busy nor away",
}
_SWATCHES: Final[Mapping[str, Swatch]] = {
    "contention": "active",
    "prioritization": "passed",
    "batching": "batch",
    "unavailability": "cancelled",
    "extraneous": "queue",
}
_SMALLEST_GROWTH: Final = 0.05
_N_PAIRS: Final = 3


def cards(
    line: pd.DataFrame,
    evidence: pd.DataFrame,
    level: str,
    value_stream_id: str,
    tables: Mapping[str, pd.DataFrame],
    teams: Mapping[str, str],
) -> tuple[Block, ...]:
    """One card per stage named.

    Args:
        line: `constraint_verdict.line_verdict`.
        evidence: `constraint_evidence.line_evidence`.
        level: Level of work charted.
        value_stream_id: The value stream.
        tables: waiting_by_stage, hand_off_pairs, signal_links, constraint_scopes, constraint_sensitivity.
        teams: Team id → its name.
    """
    workflow_id = str(line["workflow_id"].iloc[0]) if len(line) else ""
    simulated = constraint_sensitivity.of_line(tables["constraint_sensitivity"], value_stream_id, level, workflow_id)
    measured = {str(row["stage_id"]): row for row in evidence.to_dict("records")}
    blocks: list[Block] = []
    for stage in named_stages(line).to_dict("records"):
        stage_id = str(stage["stage_id"])
        own = _of_line(tables["waiting_by_stage"], value_stream_id, level)
        waits = own[own["stage_id"] == stage_id].sort_values("waiting_class", ignore_index=True)
        entries = [
            *_data_warning(stage),
            *_piles_up(measured.get(stage_id)),
            *_waits_long(waits),
            _hand_offs(tables["hand_off_pairs"], value_stream_id, level, int(stage["window_weeks"]), teams),
            _moves_with(_of_line(tables["signal_links"], value_stream_id, level), stage_id, str(stage["stage_name"])),
            *_reach(tables["constraint_scopes"], str(stage["stage_name"]), int(stage["window_weeks"])),
            *constraint_sensitivity.fact(simulated),
        ]
        blocks += [Words((f"What is known of {stage['stage_name']}:",)), Facts(tuple(entries))]
        chart = _classes_chart(waits, stage_id, str(stage["stage_name"]))
        blocks += [chart] if chart else []
    sensitivity = constraint_sensitivity.chart(simulated) if blocks else None
    return (*blocks, sensitivity) if sensitivity else tuple(blocks)


def _of_line(table: pd.DataFrame, value_stream_id: str, level: str) -> pd.DataFrame:
    return table[(table["value_stream_id"] == value_stream_id) & (table["level"] == level)]


def _data_warning(stage: Mapping[Hashable, Any]) -> list[tuple[str, str]]:
    """Say where items there, rate and time do not fit together: visits are then lost, doubled or wrongly timed."""
    if is_missing(stage["littles_law_holds"]) or stage["littles_law_holds"]:
        return []
    gap = percent(stage["littles_law_gap"])
    return [("Check the data first", f"Items there, and the rate and time at which they left, disagree by {gap}.")]


def _piles_up(row: Mapping[Hashable, Any] | None) -> list[tuple[str, str]]:
    if row is None or is_missing(row["queue_mean"]):
        return [("Work piles up", "No queue stage lies before it, so work that waits for it cannot be seen.")]
    growth = row["queue_growth_per_week"]
    trend = ""
    if not is_missing(growth):
        steady = abs(growth) < _SMALLEST_GROWTH
        trend = ", steady" if steady else f", {'growing' if growth > 0 else 'shrinking'} by {abs(growth):.1f} a week"
    share = "" if is_missing(row["wait_share"]) else f"; their wait is {percent(row['wait_share'])} of all flow time"
    left = row["n_departures"] + row["n_left_queue"]
    found = [
        (
            "Work piles up",
            f"{number(row['queue_mean'])} items wait before it on average{trend}{share}. {count(row['n_arrivals'])} "
            f"came, {count(left)} left in {counted(row['n_weeks'], 'week')}.",
        )
    ]
    idle = row["downstream_starvation_share"]
    if not is_missing(idle):
        found.append(
            (
                "Later stages starve",
                f"While work waits here, the stages after it have {percent(idle)} of their capacity idle.",
            )
        )
    else:
        found.append(("Later stages starve", "Cannot be told: no active stage lies after it, or nothing ever waited."))
    return found


def _waits_long(waits: pd.DataFrame) -> list[tuple[str, str]]:
    if waits.empty:
        return [("How long items wait", "No wait before it ended in the window.")]
    row = waits.iloc[0]
    mean = row["wait_hours"] / row["n_waits"]
    text = (
        f"{number(mean)} working hours each on average: {count(row['wait_hours'])} hours in all, "
        f"{count(row['n_waits'])} waits, {day_range(row['window_start'], row['window_end'])}"
    )
    text += f"; {count(row['n_open'])} still last." if row["n_open"] else "."
    found = [("How long items wait", text)]
    if not is_missing(row["withheld_reason"]):
        found.append(("Why", f"Not told: {row['withheld_reason']}"))
        return found
    largest = waits.sort_values("class_hours", ascending=False, kind="stable").iloc[0]
    gain = (
        f" Without these hours {percent(largest['flow_efficiency_without'])} instead of "
        f"{percent(largest['flow_efficiency'])} of the time on the way would be work, at best."
        if not is_missing(largest["flow_efficiency_without"])
        else ""
    )
    found.append(
        (
            "Why",
            f"Mostly ({percent(largest['share'])}, 95 % interval {100 * largest['share_lower']:.0f}–"
            f"{100 * largest['share_upper']:.0f} %): {CLASS_NAMES[largest['waiting_class']]}.{gain}"
            if not is_missing(largest["share_lower"])
            else f"Mostly ({percent(largest['share'])}): {CLASS_NAMES[largest['waiting_class']]}.{gain}",
        )
    )
    return found


def _classes_chart(waits: pd.DataFrame, stage_id: str, stage_name: str) -> Chart | None:
    told = waits.dropna(subset=["share"])
    if told.empty:
        return None
    rows = told.set_index("waiting_class")
    classes = [
        (kind, name, float(rows["class_hours"][kind]), float(rows["share"][kind]))
        for kind, name in CLASS_NAMES.items()
        if rows["class_hours"][kind] > 0
    ]
    row = told.iloc[0]
    title = (
        f"Why items waited {count(row['wait_hours'])} working hours before {stage_name} "
        f"(n {count(row['n_waits'])} waits, {day_range(row['window_start'], row['window_end'])})"
    )
    capacity = "by the register" if row["capacity_source"] == "given" else "estimated"
    return Chart(
        chart_id=f"why-{stage_id.replace('.', '-')}",
        title=title,
        figure=waiting_classes.figure(classes),
        description=f"{title}: {listed([f'{name} {percent(share)}' for _, name, _, share in classes], 5)}.",
        height=90,
        legend=tuple(
            LegendEntry(_SWATCHES[kind], f"{name}: {count(hours)} h, {percent(share)}")
            for kind, name, hours, share in classes
        ),
        notes=(
            f"Nights and weekends are no wait. How many items its people can work on at once is {capacity}; if that "
            "is too high, waiting for busy people shows as “none of these”.",
        ),
    )


def _hand_offs(
    pairs: pd.DataFrame, value_stream_id: str, level: str, weeks: int, teams: Mapping[str, str]
) -> tuple[str, str]:
    name = "Costliest hand-offs"
    own = pairs[
        (pairs["scope_type"] == "team") & (pairs["to_value_stream_id"] == value_stream_id) & (pairs["level"] == level)
    ].sort_values(["wait_rank", "from_id", "to_id"])
    if own.empty:
        return name, f"Nothing was handed from team to team in the last {counted(weeks, 'week')}."
    told = []
    for row in own.head(_N_PAIRS).to_dict("records"):
        back = (
            ""
            if is_missing(row["ping_pong_rate"]) or row["ping_pong_rate"] == 0
            else f", {percent(row['ping_pong_rate'])} of the items come straight back"
        )
        giver, taker = (teams.get(str(row[side]), str(row[side])) for side in ("from_id", "to_id"))
        slower = ", slower than waits inside teams" if row["is_slower_than_within"] is True else ""
        told.append(
            f"{giver} to {taker}: {count(row['wait_hours'])} working hours over "
            f"{counted(row['n_hand_offs'], 'hand-off')}{back}{slower}"
        )
    return name, f"{'; '.join(told)}."


def _moves_with(links: pd.DataFrame, stage_id: str, stage_name: str) -> tuple[str, str]:
    name = "Moves with it"
    signal = f"{stage_id} queue"
    own = links[(links["leading_signal_id"] == signal) | (links["following_signal_id"] == signal)]
    own = own.sort_values(["leading_signal_id", "following_signal_id", "lag_weeks"])
    linked = own[own["is_linked"].fillna(value=False).astype(bool)]
    if len(linked):
        return name, " ".join(linked["sentence"].astype(str))
    compared = own[own["lag_weeks"].notna()]
    if compared.empty:
        reasons = own["withheld_reason"].dropna()
        return name, f"Not told: {reasons.iloc[0]}" if len(reasons) else "No weekly signal could be compared."
    others = set(compared["leading_signal_id"]) | set(compared["following_signal_id"])
    return (
        name,
        f"Not one of {counted(len(others) - 1, 'weekly signal')} (new work, defects, findings, neighbouring queues) "
        f"moves with the work waiting before {stage_name} beyond chance, up to 6 weeks apart, over "
        f"{counted(compared['n_weeks'].max(), 'week')}.",
    )


def _reach(scopes: pd.DataFrame, stage_name: str, weeks: int) -> list[tuple[str, str]]:
    own = scopes[(scopes["stage_name"] == stage_name) & (scopes["window_weeks"] == weeks)]
    return [("How far it reaches", str(own["sentence"].iloc[0]))] if len(own) else []
