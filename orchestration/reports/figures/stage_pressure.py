"""How busy each active stage was, with its interval: one dot per stage, value streams one under the other.

Belongs here: dots, intervals, order of rows. Does not belong here: what the ranks mean (the section says it) and how an
indicator is measured (`analysis.stage_constraint_evidence`).
"""

import pandas as pd
import plotly.graph_objects as go

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import new_figure, plain_text
from orchestration.reports.wording import clipped


def figure(stages: pd.DataFrame) -> go.Figure:
    """Dots on a scale from 0 to 100 %; the stages named the constraint or a candidate are filled.

    Args:
        stages: One row per value stream and active stage, in reading order: group_name (value stream), stage_name,
            utilisation, utilisation_lower, utilisation_upper (null = no interval), evidence_rank, is_named,
            n_departures.
    """
    chart = new_figure()
    heights: list[float] = []
    labels: list[str] = []
    group_heights: list[tuple[float, str]] = []
    cursor = 0.0
    for name, group in stages.groupby("group_name", sort=False):
        group_heights.append((cursor, plain_text(clipped(str(name), 30))))
        heights += [cursor + 0.9 + order for order in range(len(group))]
        labels += [plain_text(clipped(str(stage), 22)) for stage in group["stage_name"]]
        cursor += len(group) + 1.1
    busy = stages["utilisation"].astype(float)
    above = (stages["utilisation_upper"].astype(float) - busy).fillna(0).clip(lower=0)
    below = (busy - stages["utilisation_lower"].astype(float)).fillna(0).clip(lower=0)
    chart.add_trace(
        go.Scatter(
            x=busy.round(4).to_list(),
            y=heights,
            customdata=[[count, rank] for count, rank in zip(
                stages["n_departures"].astype(int).to_list(),
                stages["evidence_rank"].astype("Int64").astype(str).to_list(), strict=True,
            )],
            name="busy share",
            mode="markers",
            marker={
                "size": 12,
                "color": [palette.ACTIVE if first else "#FFFFFF" for first in stages["is_named"]],
                "line": {"color": palette.ACTIVE, "width": 2},
            },
            error_x={
                "type": "data",
                "symmetric": False,
                "array": above.round(4).to_list(),
                "arrayminus": below.round(4).to_list(),
                "color": palette.ACTIVE,
                "thickness": 1.5,
                "width": 4,
            },
            hovertemplate="busy %{x:.0%}, %{customdata[0]} departures, rank %{customdata[1]}<extra></extra>",
        ),
    )  # fmt: skip
    for height, name in group_heights:
        chart.add_annotation(
            x=0, xref="paper", y=height, text=f"<b>{name}</b>", showarrow=False, xanchor="left", yanchor="middle",
            font={"size": 13},
        )  # fmt: skip
    chart.update_yaxes(
        tickmode="array",
        tickvals=heights,
        ticktext=labels,
        range=[cursor - 0.4, -0.5],
        showgrid=False,
    )
    chart.update_xaxes(range=[0, 1.03], tickformat=".0%", showgrid=True, gridcolor=palette.GRID)
    return chart
