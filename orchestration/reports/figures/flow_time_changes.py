"""Changes of mean flow time as dots with intervals, one small chart per level of work or per value stream.

Belongs here: the panels. Does not belong here: what changed by how much (`analysis.flow_time_changes`). Each panel has
its own scale, as features take many times as long as stories.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import new_figure, plain_text
from orchestration.reports.wording import clipped

_ROW_HEIGHT: Final = 30
_FRAME: Final = 70
_TITLE_LENGTH: Final = 90
_LABEL_LENGTH: Final = 22


@dataclass(frozen=True)
class Change:
    """A change in days with its interval; shorter is better."""

    label: str
    days: float
    lower: float
    upper: float
    hint: str


@dataclass(frozen=True)
class Panel:
    """One small chart: its title and its rows, the first on top."""

    title: str
    changes: tuple[Change, ...]


def colour(change: Change) -> str:
    """Green where the interval says shorter, vermilion where it says longer, ink where it says neither."""
    if change.upper < 0:
        return palette.FAVOURABLE
    return palette.UNFAVOURABLE if change.lower > 0 else palette.INK


def height(panels: Sequence[Panel]) -> int:
    """Height of the chart in CSS pixels."""
    return sum(_FRAME + _ROW_HEIGHT * len(panel.changes) for panel in panels)


def figure(panels: Sequence[Panel]) -> go.Figure:
    """The panels one under the other."""
    total = height(panels)
    chart = make_subplots(
        rows=len(panels),
        cols=1,
        row_heights=[_ROW_HEIGHT * len(panel.changes) for panel in panels],
        vertical_spacing=_FRAME / total if len(panels) > 1 else 0,
        subplot_titles=[plain_text(clipped(panel.title, _TITLE_LENGTH)) for panel in panels],
    )
    shared = new_figure().layout.to_plotly_json()
    axes = {name: shared.pop(name) for name in ("xaxis", "yaxis")}
    chart.update_layout(shared, margin={"l": 44, "r": 12, "t": 28, "b": 40})
    chart.update_annotations(x=0, xanchor="left", font={"size": 13, "color": palette.INK})
    for row, panel in enumerate(panels, start=1):
        place = {"row": row, "col": 1}
        for position, change in enumerate(panel.changes):
            _draw(chart, position, change, place)
        chart.add_vline(x=0, line={"color": palette.MUTED, "width": 1.5}, **place)
        ends = [end for one in panel.changes for end in (one.lower, one.upper, 0.0)]
        room = 0.06 * (max(ends) - min(ends) or 1.0)
        chart.update_xaxes(
            axes["xaxis"],
            showgrid=True,
            gridcolor=palette.GRID,
            range=[min(ends) - room, max(ends) + room],
            nticks=7,
            **place,
        )
        chart.update_yaxes(
            axes["yaxis"],
            tickmode="array",
            tickvals=list(range(len(panel.changes))),
            ticktext=[plain_text(clipped(change.label, _LABEL_LENGTH)) for change in panel.changes],
            range=[len(panel.changes) - 0.5, -0.5],
            showgrid=False,
            **place,
        )
    chart.update_xaxes(title_text="days of mean flow time: left of 0 is shorter", row=len(panels), col=1)
    return chart


def _draw(chart: go.Figure, position: int, change: Change, place: dict[str, int]) -> None:
    hint = f"{plain_text(change.label)}: {plain_text(change.hint)}<extra></extra>"
    chart.add_trace(
        go.Scatter(
            x=[round(change.lower, 2), round(change.upper, 2)],
            y=[position, position],
            mode="lines",
            line={"color": colour(change), "width": 3},
            name=f"{change.label}, interval",
            hovertemplate=hint,
        ),
        **place,
    )
    chart.add_trace(
        go.Scatter(
            x=[round(change.days, 2)],
            y=[position],
            mode="markers",
            marker={"size": 10, "color": colour(change)},
            name=change.label,
            hovertemplate=hint,
        ),
        **place,
    )
