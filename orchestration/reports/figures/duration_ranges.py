"""The whole range of single items' durations before and after a launch: share done within so many days.

Belongs here: the two curves. Does not belong here: the percentiles (`analysis.intervention_item_distribution`).
"""

import pandas as pd
import plotly.graph_objects as go

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import new_figure

_CURVES = (("before", palette.MUTED, "dash"), ("after", palette.INK, "solid"))


def figure(distribution: pd.DataFrame) -> go.Figure:
    """One curve per phase; the further left, the shorter the items.

    Args:
        distribution: phase (before, after), percentile (5 to 95), duration in days.
    """
    chart = new_figure(x_title="elapsed days", y_title="items done within")
    for phase, colour, dash in _CURVES:
        part = distribution[distribution["phase"] == phase].sort_values("percentile")
        chart.add_trace(
            go.Scatter(
                x=part["duration"].astype(float).round(3).to_list(),
                y=(part["percentile"].astype(float) / 100).to_list(),
                name=phase,
                mode="lines",
                line={"color": colour, "width": 2, "dash": dash},
                hovertemplate=f"{phase}: %{{y:.0%}} within %{{x:.1f}} days<extra></extra>",
            )
        )
    chart.update_xaxes(rangemode="tozero")
    chart.update_yaxes(range=[0, 1], tickformat=".0%")
    chart.update_layout(margin={"l": 60})
    return chart
