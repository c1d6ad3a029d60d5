"""Small charts of interventions side by side: each one's weeks, the baseline's centre and limits, its launch.

Belongs here: the panels. Does not belong here: letters and names of signals, which the intervention's own page has
(`behaviour_chart`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from orchestration.reports.figures import palette
from orchestration.reports.figures.behaviour_chart import SIGNAL_COLOURS, Limits, Timeline
from orchestration.reports.figures.chart_layout import iso_days, new_figure, plain_text
from orchestration.reports.wording import clipped

COLUMNS = 2
PANEL_HEIGHT = 215
_TITLE_LENGTH = 42


@dataclass(frozen=True)
class Panel:
    """One intervention: `points` with week_start, value and signal_direction (favourable, unfavourable or null)."""

    title: str
    points: pd.DataFrame
    limits: Limits
    timeline: Timeline
    projected: float | None


def figure(panels: Sequence[Panel]) -> go.Figure:
    """The panels in reading order, two in a row."""
    n_rows = -(-len(panels) // COLUMNS)
    chart = make_subplots(
        rows=n_rows,
        cols=min(COLUMNS, len(panels)),
        subplot_titles=[plain_text(clipped(panel.title, _TITLE_LENGTH)) for panel in panels],
        horizontal_spacing=0.09,
        vertical_spacing=0.42 / n_rows,
    )
    chart.update_layout(new_figure().layout)
    shared = new_figure().layout
    for number, panel in enumerate(panels):
        place = {"row": number // COLUMNS + 1, "col": number % COLUMNS + 1}
        _draw(chart, panel, place)
        chart.update_xaxes(shared.xaxis, **place)
        chart.update_yaxes(shared.yaxis, **place)
        chart.update_xaxes(type="date", tickformat="%b\n%Y", nticks=4, **place)
        chart.update_yaxes(rangemode="tozero", nticks=4, **place)
    chart.update_annotations(font={"size": 13, "color": palette.INK})
    chart.update_layout(margin={"l": 36, "r": 8, "t": 26, "b": 30})
    return chart


def _draw(chart: go.Figure, panel: Panel, place: dict[str, int]) -> None:
    points = panel.points
    days = iso_days(points["week_start"])
    values = [None if pd.isna(value) else round(float(value), 4) for value in points["value"]]
    ends = [days[0], days[-1]]
    for level, line in (
        (panel.limits.upper, {"color": palette.MUTED, "width": 1, "dash": "dash"}),
        (panel.limits.lower, {"color": palette.MUTED, "width": 1, "dash": "dash"}),
        (panel.limits.centre, {"color": palette.INK, "width": 1}),
    ):
        if level is not None:
            chart.add_trace(go.Scatter(x=ends, y=[level, level], mode="lines", line=line, hoverinfo="skip"), **place)
    if panel.projected is not None:
        chart.add_trace(
            go.Scatter(
                x=[panel.timeline.transition_end.isoformat(), max(days[-1], panel.timeline.transition_end.isoformat())],
                y=[panel.projected, panel.projected],
                mode="lines",
                line={"color": palette.FAVOURABLE, "width": 1.5, "dash": "dashdot"},
                hoverinfo="skip",
            ),
            **place,
        )
    directions = points["signal_direction"].where(points["value"].notna(), None)
    chart.add_trace(
        go.Scatter(
            x=days,
            y=values,
            mode="lines+markers",
            line={"color": palette.MUTED, "width": 1},
            marker={
                "size": 4,
                "color": [SIGNAL_COLOURS.get(str(direction), palette.INK) for direction in directions],
            },
            connectgaps=False,
            hovertemplate="week of %{x}: %{y}<extra></extra>",
        ),
        **place,
    )
    chart.add_vline(x=panel.timeline.launched.isoformat(), line={"color": palette.INK, "width": 1.5}, **place)
