"""Events too rare to count by week: what lies between one and the next, as a chart with its sentence.

Belongs here: the chart of one metric's gaps. Does not belong here: metrics with a value each week
(`intervention_detail`) and the verdict (`intervention_verdicts`).
"""

import pandas as pd

from orchestration.reports.blocks import Block, Chart, LegendEntry, Notice, Swatch
from orchestration.reports.figures import rare_events
from orchestration.reports.figures.behaviour_chart import Timeline
from orchestration.reports.sections.intervention_signals import Charted
from orchestration.reports.wording import (
    as_day,
    counted,
    day_range,
    is_missing,
    metric_name,
    number,
    sentence_start,
    weekly_statistic,
)

_UNITS = {"t": "days", "g": "deployments"}


def chart(charted: Charted, gaps: pd.DataFrame, scope_name: str, chart_id: str) -> Block:
    """The gaps between the events of a metric, with the limits of those before the launch."""
    unit = _UNITS[str(gaps["chart"].iloc[0])]
    title = _title(charted, gaps, unit)
    baseline = charted.points[charted.points["is_baseline"]]
    timeline = Timeline(
        launched=as_day(charted.facts["launched_date"]),
        transition_end=as_day(charted.facts["transition_end_date"]),
        baseline_first=as_day(baseline["week_start"].min()) if len(baseline) else None,
        baseline_last=as_day(baseline["week_start"].max()) if len(baseline) else None,
    )
    if gaps["gap"].notna().sum() == 0:
        return Notice(f"No chart: fewer than two {metric_name(charted.metric)} yet.", tone="muted")
    shown = gaps[gaps["gap"].notna()]
    direction = shown["signal_direction"].map({"improvement": "favourable", "concern": "unfavourable"})
    directions = set(direction.dropna())
    has_limits = not is_missing(shown["centre_line"].iloc[0])
    entries: tuple[tuple[bool, Swatch, str], ...] = (
        (True, "launch", "launch"),
        (timeline.baseline_first is not None, "baseline", "baseline"),
        (timeline.transition_end > timeline.launched, "transition", "transition"),
        (has_limits, "centre", "centre of the gaps before the launch"),
        (has_limits, "limit", "limits"),
        (bool(shown["is_open"].any()), "ring", "still open: at least so long"),
        ("favourable" in directions, "favourable", "signal in the desired direction"),
        ("unfavourable" in directions, "unfavourable", "signal against it"),
    )
    few = "" if has_limits else f" No limits: {shown['withheld_reason'].iloc[0]}."
    return Chart(
        chart_id=chart_id,
        title=title,
        figure=rare_events.figure(shown.assign(signal_direction=direction), timeline, unit),
        description=f"Chart of rare events. {title}",
        height=360,
        legend=tuple(LegendEntry(swatch, label) for is_drawn, swatch, label in entries if is_drawn),
        notes=(
            f"Each point: {unit} from one event to the next ({weekly_statistic(charted.metric)}, {scope_name}). Most "
            f"weeks have none, so weeks would say little.{few}",
        ),
    )


def _title(charted: Charted, gaps: pd.DataFrame, unit: str) -> str:
    name = sentence_start(metric_name(charted.metric))
    window = day_range(gaps["window_start"].iloc[0], pd.Timestamp(gaps["window_end"].iloc[0]) - pd.Timedelta(days=1))
    n_gaps = int((~gaps["is_open"].astype(bool)).sum())
    basis = f"n {counted(n_gaps, 'gap')}, {window}"
    first = gaps.iloc[0]
    if is_missing(first["centre_line"]):
        return f"{name}: {unit} from one to the next, without limits ({basis})"
    centre = f"{number(float(first['centre_line']))} {unit} in the centre of the {first['n_baseline']:.0f} gaps before"
    last = gaps.iloc[-1]
    still = f"; {number(float(last['gap']))} {unit} since the last one" if bool(last["is_open"]) else ""
    return f"{name}: {centre}, upper limit {number(float(first['upper_limit']))}{still} ({basis})"
