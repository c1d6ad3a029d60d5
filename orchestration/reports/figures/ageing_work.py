"""Ageing work: the items in progress now, by the stage they sit in and their age.

Belongs here: the dots and the lines of comparison. Does not belong here: what age is (metrics: the cycle-time start to
as-of), nor which percentile to compare with.
"""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import new_figure, plain_text, plain_texts
from orchestration.reports.wording import HALF, MOST, clipped

ROWS_PER_STAGE = 7


def figure(items: pd.DataFrame, stages: pd.DataFrame, percentiles: Mapping[int, float]) -> go.Figure:
    """One dot per item; stages from top to bottom in the order of the workflow.

    Args:
        items: Items in progress: current_stage_id, stage_kind, is_blocked, age_calendar_days, item_key, title.
        stages: The stages to show, in order: stage_id, stage_name.
        percentiles: Cycle times to compare with: {HALF: days, MOST: days}; empty if withheld.
    """
    chart = new_figure(x_title="Age since start, calendar days")
    position = dict(zip(stages["stage_id"].astype(str), range(len(stages)), strict=True))
    ordered = items.sort_values(["age_calendar_days", "item_key"])
    # Items of one stage are spread over a few thin rows, in a fixed order, so that dots do not hide each other.
    nth = ordered.groupby("current_stage_id").cumcount() % ROWS_PER_STAGE
    offset = (nth - (ROWS_PER_STAGE - 1) / 2) / (ROWS_PER_STAGE + 2)
    heights = ordered["current_stage_id"].astype(str).map(position).astype(float) + offset
    chart.add_trace(
        go.Scatter(
            x=ordered["age_calendar_days"].astype(int).to_list(),
            y=heights.round(3).to_list(),
            text=plain_texts(
                ordered["item_key"].astype(str) + " " + ordered["title"].fillna("").astype(str).map(clipped)
            ),
            name="in progress",
            mode="markers",
            marker={
                "size": 9,
                "color": palette.kind_colours(ordered["stage_kind"], ordered["is_blocked"]),
                "opacity": 0.85,
                "symbol": ["x" if blocked else "circle" for blocked in ordered["is_blocked"].fillna(value=False)],
                "line": {"width": 0.5, "color": "#FFFFFF"},
            },
            hovertemplate="%{text}<br>%{x} days<extra></extra>",
        ),
    )
    for percentile, days in sorted(percentiles.items()):
        chart.add_vline(
            x=days, line={"color": palette.INK, "width": 1.5, "dash": "solid" if percentile == HALF else "dash"}
        )
        chart.add_annotation(
            # The labels lean away from each other: the two percentiles may lie close together.
            x=days, y=1, yref="paper", yanchor="bottom", xanchor="right" if percentile == HALF else "left",
            showarrow=False,
            text=f"{percentile} %: {days:.0f} d", font={"size": 12},
        )  # fmt: skip
    names = [plain_text(clipped(str(name), 22)) for name in stages["stage_name"]]
    chart.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(stages))),
        ticktext=names,
        range=[len(stages) - 0.4, -0.6],
        showgrid=False,
    )
    longest = max([float(items["age_calendar_days"].max()), *percentiles.values()])
    chart.update_xaxes(range=[0, longest * 1.03], showgrid=True, gridcolor=palette.GRID)
    # The label of the higher percentile runs to the right of its line, which may be the right edge.
    is_near_edge = percentiles.get(MOST, 0) > longest * 0.7
    chart.update_layout(margin={"t": 26, "r": 62 if is_near_edge else 16})
    return chart
