"""Cumulative flow: how many items had reached each stage by the end of each day.

Belongs here: cumulating `n_first_reached` and drawing the bands. Does not belong here: WIP (in `mart_stage_days`). This
is the monotone variant (furthest stage reached), whose bands never shrink when an item goes back.
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import DAY_IN_MILLISECONDS, new_figure, plain_text, use_day_axis


def cumulated_arrivals(stage_days: pd.DataFrame, stages: pd.DataFrame, first_day: date, last_day: date) -> pd.DataFrame:
    """Items that had reached each stage or a later one by the end of each day.

    Args:
        stage_days: `mart_stage_days` rows of one value stream and level: stage_id, calendar_date,
            n_first_reached.
        stages: The stages to draw, one workflow, in order: stage_id, is_cancelled and stage_kind.
        first_day: First day of the window.
        last_day: Last day of the window.

    Returns:
        One row per day of the window, one column per stage_id in the given order. Counts start at what had left the
        workflow before the window, so that the work in it is not squeezed by years of finished items.
    """
    window = pd.date_range(first_day - timedelta(days=1), last_day, freq="D")
    daily = (
        stage_days[stage_days["stage_id"].isin(stages["stage_id"])]
        .assign(day=lambda frame: pd.to_datetime(frame["calendar_date"]))
        .pivot_table(index="day", columns="stage_id", values="n_first_reached", aggfunc="sum", observed=True)
        .reindex(columns=list(stages["stage_id"]))
        .fillna(0)
        .sort_index()
    )
    reached = daily.cumsum().reindex(window, method="ffill").fillna(0)
    # A later stage can never have been reached by more items than an earlier one.
    reached = reached.iloc[:, ::-1].cummax(axis=1).iloc[:, ::-1]
    is_cancelled = stages["is_cancelled"].astype(bool)
    done = stages.loc[(stages["stage_kind"] == "done") & ~is_cancelled, "stage_id"]
    before = pd.Series(reached[done.iloc[-1]].iloc[0] if len(done) else 0, index=reached.columns)
    cancelled = list(stages.loc[is_cancelled, "stage_id"])
    before[cancelled] = reached[cancelled].iloc[0]
    return (reached - before).astype(np.int64)


def figure(reached: pd.DataFrame, stages: pd.DataFrame) -> go.Figure:
    """Bands between neighbouring stages, the last stage lowest.

    Args:
        reached: `cumulated_arrivals`.
        stages: The same stages: stage_id, stage_name, stage_kind, is_cancelled.
    """
    chart = new_figure(y_title="Items, cumulated")
    use_day_axis(chart)
    first_day = reached.index[0].strftime("%Y-%m-%d")
    shades = _shades(stages)
    backwards = stages.iloc[::-1]
    for order, (stage_id, stage_name) in enumerate(zip(backwards["stage_id"], backwards["stage_name"], strict=True)):
        chart.add_trace(
            go.Scatter(
                x0=first_day,
                dx=DAY_IN_MILLISECONDS,
                y=reached[stage_id].to_numpy(),
                name=plain_text(str(stage_name)),
                mode="lines",
                line={"width": 0.8, "color": "#FFFFFF"},
                fill="tozeroy" if order == 0 else "tonexty",
                fillcolor=shades[str(stage_id)],
                hovertemplate="%{x}: %{y} had reached this stage or a later one",
            ),
        )
    return chart


def _shades(stages: pd.DataFrame) -> dict[str, str]:
    """One colour per stage: the hue of its kind, alternately full and lighter so that neighbours can be told apart."""
    order_in_kind = stages.groupby("stage_kind").cumcount()
    shades: dict[str, str] = {}
    for stage_id, kind, nth, is_cancelled in zip(
        stages["stage_id"], stages["stage_kind"], order_in_kind, stages["is_cancelled"], strict=True
    ):
        colour = palette.CANCELLED if is_cancelled else palette.KIND_COLOURS.get(str(kind), palette.DONE)
        red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
        opacity = (1.0, 0.65, 0.4)[int(nth) % 3]
        shades[str(stage_id)] = f"rgba({red},{green},{blue},{opacity})"
    return shades
