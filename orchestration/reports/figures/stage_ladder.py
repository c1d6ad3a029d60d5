"""Stage ladder: time spent in each stage, waiting, active and blocked, in the order of the workflow.

Belongs here: the stacked bars. Does not belong here: which stage is a constraint (long waiting before a stage is
evidence, not a verdict).
"""

import pandas as pd
import plotly.graph_objects as go

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import new_figure, plain_text
from orchestration.reports.wording import clipped

PARTS = (
    ("wait_elapsed_days", "waiting", palette.QUEUE),
    ("active_elapsed_days", "active", palette.ACTIVE),
    ("blocked_elapsed_days", "blocked", palette.BLOCKED),
)


def figure(stages: pd.DataFrame) -> go.Figure:
    """Horizontal bars, first stage at the top.

    Args:
        stages: One row per stage in order: stage_name, wait_elapsed_days, active_elapsed_days, blocked_elapsed_days,
            n_visits_ended (sums over the window).
    """
    chart = new_figure(x_title="Elapsed item-days")
    names = [plain_text(clipped(str(name), 22)) for name in stages["stage_name"]]
    for column, label, colour in PARTS:
        chart.add_trace(
            go.Bar(
                x=stages[column].astype(float).fillna(0).round(1).to_list(),
                y=list(range(len(stages))),
                customdata=stages["n_visits_ended"].fillna(0).astype(int).to_list(),
                orientation="h",
                name=label,
                marker={"color": colour},
                hovertemplate=f"{label}: %{{x:,.1f}} days, %{{customdata}} visits ended<extra></extra>",
            ),
        )
    chart.update_layout(barmode="stack", bargap=0.35)
    chart.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(stages))),
        ticktext=names,
        range=[len(stages) - 0.5, -0.5],
        showgrid=False,
    )
    chart.update_xaxes(showgrid=True, gridcolor=palette.GRID, rangemode="tozero")
    return chart
