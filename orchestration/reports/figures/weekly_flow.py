"""Work in progress and finished items, week by week, one above the other.

Belongs here: the two panels over one time axis. Does not belong here: limits or signals (see `behaviour_chart`).
"""

import pandas as pd
import plotly.graph_objects as go

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import iso_days, new_figure, use_day_axis


def figure(weeks: pd.DataFrame) -> go.Figure:
    """Line of `wip_mean` above bars of `n_finished`.

    Args:
        weeks: `mart_flow_metrics` rows of complete weeks of one scope and level: period_start, wip_mean, n_finished.
    """
    chart = new_figure()
    use_day_axis(chart)
    days = iso_days(weeks["period_start"])
    chart.add_trace(
        go.Scatter(
            x=days,
            y=weeks["wip_mean"].astype(float).round(2).to_list(),
            name="in progress",
            mode="lines+markers",
            line={"color": palette.INK, "width": 2},
            marker={"size": 5},
            hovertemplate="week of %{x}: %{y:.1f} in progress (mean of its days)<extra></extra>",
        ),
    )
    chart.add_trace(
        go.Bar(
            x=days,
            y=weeks["n_finished"].astype(int).to_list(),
            name="finished",
            marker={"color": palette.DONE},
            yaxis="y2",
            hovertemplate="week of %{x}: %{y} finished<extra></extra>",
        ),
    )
    chart.update_layout(bargap=0.25, yaxis2=chart.layout.yaxis.to_plotly_json(), xaxis={"anchor": "y2"})
    chart.update_layout(yaxis={"domain": [0.45, 1.0]}, yaxis2={"domain": [0.0, 0.36]})
    chart.update_yaxes(rangemode="tozero")
    chart.layout.yaxis.title.text, chart.layout.yaxis2.title.text = "In progress", "Finished"
    return chart
