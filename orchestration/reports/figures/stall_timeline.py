"""Stalls that ran from stage to stage: weeks across, stages down, a mark per unusual week, a line per link.

Belongs here: marks and lines. Does not belong here: which weeks are unusual and what hangs together
(`analysis.stall_cascades`, `analysis.stall_links`).
"""

from collections.abc import Sequence
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import iso_days, new_figure, plain_text, plain_texts, use_day_axis
from orchestration.reports.wording import clipped

_ROW_HEIGHT: Final = 38


def height(n_stages: int) -> int:
    """Height of the chart in CSS pixels."""
    return 70 + _ROW_HEIGHT * n_stages


def figure(
    events: pd.DataFrame,
    links: pd.DataFrame,
    stages: Sequence[tuple[str, str]],
    window: tuple[pd.Timestamp, pd.Timestamp],
) -> go.Figure:
    """The timeline; the newest cascade is drawn dark, earlier ones are grey.

    Args:
        events: stage_id, week_start, is_newest, is_waiting (a long queue or long delays; else only many arrivals) and
            hint (what a pointer shows).
        links: stage_id, week_start, linked_stage_id, linked_week_start, is_newest.
        stages: Id and name in the order of the workflow.
        window: First and last day looked at.
    """
    chart = new_figure()
    place = {identity: number for number, (identity, _) in enumerate(stages)}
    for is_newest, colour, width in ((False, palette.DONE, 1.5), (True, palette.INK, 2.5)):
        drawn = links[links["is_newest"] == is_newest]
        if drawn.empty:
            continue
        starts, ends = iso_days(drawn["week_start"]), iso_days(drawn["linked_week_start"])
        x: list[str | None] = []
        y: list[int | None] = []
        for start, end, stage, linked in zip(starts, ends, drawn["stage_id"], drawn["linked_stage_id"], strict=True):
            x += [start, end, None]
            y += [place[stage], place[linked], None]
        chart.add_trace(
            go.Scatter(
                x=x,
                y=y,
                mode="lines",
                line={"color": colour, "width": width},
                hoverinfo="skip",
                name="newest, links" if is_newest else "earlier, links",
            )
        )
    borders = events["is_newest"].map({True: palette.INK, False: palette.DONE})
    chart.add_trace(
        go.Scatter(
            x=iso_days(events["week_start"]),
            y=[place[stage] for stage in events["stage_id"]],
            customdata=plain_texts(events["hint"]),
            mode="markers",
            marker={
                "size": 10,
                "color": [palette.QUEUE if is_waiting else "#FFFFFF" for is_waiting in events["is_waiting"]],
                "line": {"color": borders.to_list(), "width": 2},
            },
            name="unusual weeks",
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    use_day_axis(chart)
    first, last = window
    chart.update_xaxes(range=[(first - pd.Timedelta(days=7)).isoformat(), (last + pd.Timedelta(days=7)).isoformat()])
    chart.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(stages))),
        ticktext=[plain_text(clipped(name, 22)) for _, name in stages],
        range=[len(stages) - 0.5, -0.5],
    )
    return chart
