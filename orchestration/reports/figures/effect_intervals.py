"""Changes with their intervals on one scale: measured, against others, item by item, and what was projected.

Belongs here: dots, intervals, the line of no change. Does not belong here: which changes there are (the section says).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import new_figure, plain_text


@dataclass(frozen=True)
class Change:
    """One change in the unit of the axis; `is_projected` for what was promised and not measured."""

    label: str
    value: float
    lower: float | None
    upper: float | None
    is_projected: bool = False


def figure(changes: Sequence[Change], unit: str) -> go.Figure:
    """One row per change, the first on top.

    Args:
        changes: In reading order.
        unit: What stands behind the numbers of the axis (" %", or nothing).
    """
    chart = new_figure()
    for height, one in enumerate(changes):
        colour = palette.FAVOURABLE if one.is_projected else palette.INK
        if one.lower is not None and one.upper is not None:
            chart.add_trace(
                go.Scatter(
                    x=[round(one.lower, 4), round(one.upper, 4)],
                    y=[height, height],
                    name=f"{one.label}, interval",
                    mode="lines",
                    line={"color": colour, "width": 3, "dash": "dot" if one.is_projected else "solid"},
                    hovertemplate=f"%{{x:.3g}}{unit}<extra></extra>",
                )
            )
        chart.add_trace(
            go.Scatter(
                x=[round(one.value, 4)],
                y=[height],
                name=one.label,
                mode="markers",
                marker={
                    "size": 12,
                    "color": "#FFFFFF" if one.is_projected else colour,
                    "symbol": "diamond" if one.is_projected else "circle",
                    "line": {"color": colour, "width": 2},
                },
                hovertemplate=f"%{{x:.3g}}{unit}<extra></extra>",
            )
        )
    chart.add_vline(x=0, line={"color": palette.MUTED, "width": 1.5})
    chart.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(changes))),
        ticktext=[plain_text(one.label) for one in changes],
        range=[len(changes) - 0.5, -0.5],
        showgrid=False,
    )
    ends = [end for one in changes for end in (one.value, one.lower, one.upper, 0.0) if end is not None]
    room = 0.06 * (max(ends) - min(ends) or 1.0)
    chart.update_xaxes(
        showgrid=True, gridcolor=palette.GRID, ticksuffix=unit, range=[min(ends) - room, max(ends) + room]
    )
    return chart
