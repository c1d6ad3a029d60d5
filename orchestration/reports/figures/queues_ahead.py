"""The queues of a value stream, one small chart each: the weeks behind, the limit, and where futures may lead.

Belongs here: lines, limits, ranges. Does not belong here: which queues are shown, and the chances in words (the
section).
"""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import iso_days, new_figure, plain_text
from orchestration.reports.wording import clipped

HEIGHT_OF_ONE = 150
_SPACE_BETWEEN = 46


def figure(queues: list[tuple[str, pd.DataFrame, pd.DataFrame]]) -> go.Figure:
    """Small charts one under the other, with one axis of days.

    Args:
        queues: Per queue its title, its past weeks (week_end, queue_length_end) and what is forecast (one row per
            horizon: target_date, queue_lower, queue_median, queue_upper; queue_limit), in reading order.
    """
    n_rows = len(queues)
    height = n_rows * HEIGHT_OF_ONE
    chart = make_subplots(
        rows=n_rows,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=_SPACE_BETWEEN / height if n_rows > 1 else 0,
        subplot_titles=[plain_text(clipped(title, 60)) for title, _, _ in queues],
    )
    shared = new_figure().layout.to_plotly_json()
    axes = {name: shared.pop(name) for name in ("xaxis", "yaxis")}
    chart.update_layout(shared, margin={"l": 44, "r": 12, "t": 28, "b": 36})
    chart.update_xaxes(axes["xaxis"], type="date", tickformat="%-d %b\n%Y", hoverformat="%-d %b %Y", nticks=7)
    chart.update_yaxes(axes["yaxis"], rangemode="tozero", nticks=4)
    chart.update_annotations(x=0, xanchor="left", font={"size": 12, "color": palette.INK})
    for row, (_, past, ahead) in enumerate(queues, start=1):
        _draw(chart, row, past, ahead)
    return chart


def _draw(chart: go.Figure, row: int, past: pd.DataFrame, ahead: pd.DataFrame) -> None:
    today, length = iso_days(past["week_end"])[-1], float(past["queue_length_end"].iloc[-1])
    days = [today, *iso_days(ahead["target_date"])]
    bounds = {
        name: [length, *ahead[name].astype(float).round(1)] for name in ("queue_lower", "queue_median", "queue_upper")
    }
    chart.add_trace(
        go.Scatter(
            x=[*days, *reversed(days)],
            y=[*bounds["queue_upper"], *reversed(bounds["queue_lower"])],
            fill="toself",
            fillcolor="rgba(230,159,0,0.22)",
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            name="80 % of futures",
        ),
        row=row,
        col=1,
    )
    chart.add_trace(
        go.Scatter(
            x=days,
            y=bounds["queue_median"],
            mode="lines",
            line={"color": palette.QUEUE, "width": 2, "dash": "dot"},
            customdata=list(zip(bounds["queue_lower"], bounds["queue_upper"], strict=True)),
            hovertemplate="%{x}: half of the futures end below %{y:.0f}, 80 % between %{customdata[0]:.0f} and "
            "%{customdata[1]:.0f}<extra></extra>",
            name="middle of the futures",
        ),
        row=row,
        col=1,
    )
    chart.add_trace(
        go.Scatter(
            x=iso_days(past["week_end"]),
            y=past["queue_length_end"].astype(float).to_list(),
            mode="lines",
            line={"color": palette.QUEUE, "width": 2},
            hovertemplate="%{x}: %{y:.0f} waiting<extra></extra>",
            name="waiting",
        ),
        row=row,
        col=1,
    )
    limit = float(ahead["queue_limit"].iloc[0])
    chart.add_trace(
        go.Scatter(
            x=[iso_days(past["week_end"])[0], days[-1]],
            y=[limit, limit],
            mode="lines",
            line={"color": palette.INK, "width": 1, "dash": "dash"},
            hovertemplate=f"limit {limit:.0f}<extra></extra>",
            name="limit",
        ),
        row=row,
        col=1,
    )
