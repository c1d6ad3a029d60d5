"""Chart of rare events: what lies between one and the next, against limits frozen on the baseline.

Belongs here: gaps, limits, the gap still open. Does not belong here: computing limits or signals
(`analysis.rare_event_points` holds them) and the weeks of other metrics (`behaviour_chart`).
"""

import pandas as pd
import plotly.graph_objects as go

from orchestration.reports.figures import palette
from orchestration.reports.figures.behaviour_chart import SIGNAL_COLOURS, SIGNAL_SYMBOLS, Timeline, shade_phases
from orchestration.reports.figures.chart_layout import iso_days, new_figure, use_day_axis
from orchestration.reports.wording import is_missing, number


def figure(gaps: pd.DataFrame, timeline: Timeline, unit: str) -> go.Figure:
    """The gaps in time order, each at the day of the event that ended it.

    Args:
        gaps: `analysis.rare_event_points` of one metric, with signal_direction as favourable, unfavourable or null.
        timeline: Launch, transition and baseline.
        unit: What a gap is measured in ("days").
    """
    chart = new_figure(y_title=unit)
    use_day_axis(chart)
    shade_phases(chart, timeline)
    first = gaps.iloc[0]
    shown = gaps.assign(day=pd.to_datetime(gaps["occurred_on"]).fillna(pd.to_datetime(gaps["window_end"])))
    days = iso_days(shown["day"])
    for name, column, line in (
        ("upper limit", "upper_limit", {"color": palette.MUTED, "width": 1.5, "dash": "dash"}),
        ("lower limit", "lower_limit", {"color": palette.MUTED, "width": 1.5, "dash": "dash"}),
        ("centre line", "centre_line", {"color": palette.INK, "width": 1.5}),
    ):
        if not is_missing(first[column]):
            level = round(float(first[column]), 4)
            chart.add_trace(
                go.Scatter(
                    x=[days[0], days[-1]], y=[level, level], name=name, mode="lines", line=line, hoverinfo="skip"
                )
            )
    values = [round(float(gap), 4) for gap in shown["gap"]]
    ended = ["still open" if is_open else "ended by an event" for is_open in shown["is_open"]]
    directions = shown["signal_direction"].astype(object).where(shown["signal_direction"].notna(), None)
    chart.add_trace(
        go.Scatter(
            x=days,
            y=values,
            text=[f"{day}: {number(gap)} {unit}, {end}" for day, gap, end in zip(days, values, ended, strict=True)],
            name="gaps",
            mode="lines+markers",
            line={"color": palette.MUTED, "width": 1},
            marker={
                "size": [10 if isinstance(way, str) else 7 for way in directions],
                "color": [
                    "#FFFFFF" if is_open else SIGNAL_COLOURS.get(str(way), palette.INK)
                    for way, is_open in zip(directions, shown["is_open"], strict=True)
                ],
                "symbol": [SIGNAL_SYMBOLS.get(str(way), "circle") for way in directions],
                "line": {
                    "width": [2 if is_open else 1 for is_open in shown["is_open"]],
                    "color": [
                        SIGNAL_COLOURS.get(str(way), palette.INK) if is_open else "#FFFFFF"
                        for way, is_open in zip(directions, shown["is_open"], strict=True)
                    ],
                },
            },
            hovertemplate="%{text}<extra></extra>",
        )
    )
    chart.update_yaxes(rangemode="tozero")
    chart.update_layout(margin={"t": 28})
    return chart
