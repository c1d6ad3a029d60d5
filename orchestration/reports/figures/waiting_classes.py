"""Why items waited: one bar of shares.

Belongs here: the bar. Does not belong here: what the classes are called and mean (the section says it).
"""

from collections.abc import Mapping, Sequence
from typing import Final

import plotly.graph_objects as go

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import new_figure

COLOURS: Final[Mapping[str, str]] = {
    "contention": palette.ACTIVE,
    "prioritization": palette.WAIT_PASSED,
    "batching": palette.WAIT_BATCH,
    "unavailability": palette.CANCELLED,
    "extraneous": palette.QUEUE,
}
_LABELLED_FROM: Final = 0.06


def figure(classes: Sequence[tuple[str, str, float, float]]) -> go.Figure:
    """One stacked bar.

    Args:
        classes: In reading order: class, its name, hours, share of the wait.
    """
    chart = new_figure()
    for kind, name, hours, share in classes:
        chart.add_trace(
            go.Bar(
                x=[round(share, 4)],
                y=[""],
                orientation="h",
                name=name,
                marker={"color": COLOURS[kind]},
                text=[f"{share:.0%}" if share >= _LABELLED_FROM else ""],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                hovertemplate=f"{name}: {hours:,.0f} h, {share:.0%}<extra></extra>",
            )
        )
    chart.update_layout(barmode="stack", bargap=0.1, margin={"l": 12, "r": 12, "t": 4, "b": 30})
    chart.update_xaxes(range=[0, 1], tickformat=".0%")
    chart.update_yaxes(showgrid=False, showticklabels=False)
    return chart
