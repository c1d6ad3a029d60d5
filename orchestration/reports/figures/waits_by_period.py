"""Waiting period by period, one small chart per kind of it: bars with what they are made of.

Belongs here: the bars. Does not belong here: which kinds there are and what is summed (the sections).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import new_figure, plain_text
from orchestration.reports.wording import clipped

_PANEL_HEIGHT: Final = 150
_SPACE_BETWEEN: Final = 52
_ROOM_FOR_LABELS: Final = 1.28
_LABEL_LENGTH: Final = 12


@dataclass(frozen=True)
class Panel:
    """One kind of waiting: a value and its n per period."""

    title: str
    values: tuple[float, ...]
    counts: tuple[int, ...]


def height(n_panels: int) -> int:
    """Height of the chart in CSS pixels."""
    return 48 + n_panels * _PANEL_HEIGHT


def figure(periods: Sequence[str], panels: Sequence[Panel], unit: str) -> go.Figure:
    """The panels one under the other over the same periods.

    Args:
        periods: Names of the periods, oldest first.
        panels: In reading order.
        unit: Unit of the values, for what a pointer shows.
    """
    n_rows = len(panels)
    chart = make_subplots(
        rows=n_rows,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=_SPACE_BETWEEN / height(n_rows) if n_rows > 1 else 0,
        subplot_titles=[plain_text(panel.title) for panel in panels],
    )
    shared = new_figure().layout.to_plotly_json()
    axes = {name: shared.pop(name) for name in ("xaxis", "yaxis")}
    chart.update_layout(shared, bargap=0.45, margin={"l": 44, "r": 12, "t": 30, "b": 26})
    chart.update_xaxes(
        axes["xaxis"],
        tickmode="array",
        tickvals=list(range(len(periods))),
        ticktext=[plain_text(clipped(name, _LABEL_LENGTH)) for name in periods],
    )
    chart.update_yaxes(axes["yaxis"], nticks=4)
    chart.update_annotations(x=0, xanchor="left", font={"size": 13, "color": palette.INK})
    for row, panel in enumerate(panels, start=1):
        chart.add_trace(
            go.Bar(
                x=list(range(len(periods))),
                y=[round(value, 1) for value in panel.values],
                customdata=list(panel.counts),
                text=[f"n {count:,}" for count in panel.counts],
                textposition="outside",
                textfont={"size": 11, "color": palette.MUTED},
                cliponaxis=False,
                marker={"color": palette.QUEUE},
                name=panel.title,
                hovertemplate=f"%{{y:,.1f}} {unit}, n %{{customdata}}<extra></extra>",
            ),
            row=row,
            col=1,
        )
        chart.update_yaxes(range=[0, (max(panel.values) or 1) * _ROOM_FOR_LABELS], row=row, col=1)
    return chart
