"""Behaviour chart of an intervention's metric: weekly points against limits frozen on the baseline.

Belongs here: points, lines, shaded phases, letters of signals. Does not belong here: computing limits or signals
(`analysis.process_behaviour_points` holds them) and any judgement of the intervention.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import plotly.graph_objects as go

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import iso_days, new_figure, use_day_axis
from orchestration.reports.wording import SHARE_METRICS, metric_value

SIGNAL_NAMES = {
    "outside": "outside the limits",
    "shift": "shift",
    "trend": "trend",
    "two_of_three": "2 of 3 near a limit",
}
# Marker shapes repeat what the colours say, for readers who cannot tell the colours apart and for grey print.
SIGNAL_SYMBOLS = {"favourable": "triangle-up", "unfavourable": "triangle-down", "neutral": "diamond"}
SIGNAL_COLOURS = {"favourable": palette.FAVOURABLE, "unfavourable": palette.UNFAVOURABLE, "neutral": palette.MUTED}


@dataclass(frozen=True)
class Limits:
    """The frozen limits of one chart; None where a limit is not drawn (below the metric's floor, or withheld).

    `by_week` has them in place of single numbers where each week has limits of its own, by its size: week_start and
    lower_limit, upper_limit, lower_near_limit, upper_near_limit.
    """

    centre: float | None
    lower: float | None
    upper: float | None
    lower_near: float | None
    upper_near: float | None
    by_week: pd.DataFrame | None = None


@dataclass(frozen=True)
class Timeline:
    """The dates that divide the chart."""

    launched: date
    transition_end: date
    baseline_first: date | None
    baseline_last: date | None


def figure(points: pd.DataFrame, limits: Limits, timeline: Timeline, metric: str, projected: float | None) -> go.Figure:
    """Points by week with limits, phases and the letters of signals.

    Args:
        points: One row per complete week: week_start, value (null = withheld), n_items, phase, signal (a key of
            `SIGNAL_NAMES` or null), signal_direction (favourable, unfavourable, neutral or null), signal_letter (the
            run of one signal that the week belongs to, or null), gain_centre, gain_lower, gain_upper (the limits of an
            accepted gain in the weeks in which they are in force, else null).
        limits: The frozen limits.
        timeline: Launch, transition and baseline.
        metric: The register metric, for the units of the hover text.
        projected: The projected level after the transition, in the metric's unit, or None.
    """
    chart = new_figure()
    use_day_axis(chart)
    shade_phases(chart, timeline)
    _draw_limits(chart, points, limits, timeline)
    _draw_gain(chart, points)
    days = iso_days(points["week_start"])
    chart.add_trace(
        go.Scatter(
            x=days,
            y=_nullable(points["value"]),
            name="weekly values",
            mode="lines",
            line={"color": palette.MUTED, "width": 1},
            connectgaps=False,
            hoverinfo="skip",
        ),
    )
    measured = points[points["value"].notna()]
    directions = measured["signal_direction"].where(measured["signal"].notna(), None)
    chart.add_trace(
        go.Scatter(
            x=iso_days(measured["week_start"]),
            y=measured["value"].astype(float).round(4).to_list(),
            text=_hover_texts(measured, metric),
            name="weeks",
            mode="markers",
            marker={
                "size": [10 if isinstance(direction, str) else 7 for direction in directions],
                "color": [SIGNAL_COLOURS.get(str(direction), palette.INK) for direction in directions],
                "symbol": [SIGNAL_SYMBOLS.get(str(direction), "circle") for direction in directions],
                "line": {"width": 1, "color": "#FFFFFF"},
            },
            hovertemplate="%{text}<extra></extra>",
        ),
    )
    _letter_signals(chart, measured, limits.centre)
    if projected is not None:
        last_day = (pd.Timestamp(str(points["week_start"].max())) + pd.Timedelta(days=6)).strftime("%Y-%m-%d")
        chart.add_trace(
            go.Scatter(
                x=[timeline.transition_end.isoformat(), max(last_day, timeline.transition_end.isoformat())],
                y=[projected, projected],
                name="projected",
                mode="lines",
                line={"color": palette.FAVOURABLE, "width": 2, "dash": "dashdot"},
                hovertemplate=f"projected: {metric_value(projected, metric)}<extra></extra>",
            ),
        )
    if metric in SHARE_METRICS:
        chart.update_yaxes(tickformat=".0%")
    chart.update_yaxes(rangemode="tozero")
    chart.update_layout(margin={"t": 28})
    return chart


def _nullable(values: pd.Series) -> list[float | None]:
    return [None if pd.isna(value) else round(float(value), 4) for value in values]


def _hover_texts(points: pd.DataFrame, metric: str) -> list[str]:
    texts = []
    for value, n_items, signal in zip(points["value"], points["n_items"], points["signal"], strict=True):
        text = metric_value(float(value), metric)
        if not pd.isna(n_items):
            text += f" (n {n_items:.0f})"
        if isinstance(signal, str):
            text += f"<br>signal: {SIGNAL_NAMES.get(signal, 'signal')}"
        texts.append(text)
    days = pd.to_datetime(points["week_start"]).dt.strftime("%Y-%m-%d")
    return [f"week of {day}: {text}" for day, text in zip(days, texts, strict=True)]


def shade_phases(chart: go.Figure, timeline: Timeline) -> None:
    """Shade baseline and transition, and mark the launch."""
    if timeline.baseline_first is not None and timeline.baseline_last is not None:
        chart.add_vrect(
            x0=timeline.baseline_first.isoformat(),
            x1=(timeline.baseline_last + timedelta(days=6)).isoformat(),
            fillcolor=palette.BASELINE,
            line_width=0,
            layer="below",
        )
    if timeline.transition_end > timeline.launched:
        chart.add_vrect(
            x0=timeline.launched.isoformat(),
            x1=timeline.transition_end.isoformat(),
            fillcolor=palette.TRANSITION,
            line_width=0,
            layer="below",
        )
    chart.add_vline(x=timeline.launched.isoformat(), line={"color": palette.INK, "width": 1.5})
    chart.add_annotation(
        x=timeline.launched.isoformat(), y=1, yref="paper", yanchor="bottom", text="launch", showarrow=False,
        font={"size": 12},
    )  # fmt: skip


def _draw_limits(chart: go.Figure, points: pd.DataFrame, limits: Limits, timeline: Timeline) -> None:
    """Level lines from the baseline's first week to the last point: they are the baseline's, carried forward."""
    first = pd.Timestamp(str(timeline.baseline_first or points["week_start"].min()))
    last = pd.Timestamp(str(points["week_start"].max())) + pd.Timedelta(days=6)
    ends = [first.strftime("%Y-%m-%d"), last.strftime("%Y-%m-%d")]
    lines = (
        ("upper limit", limits.upper, {"color": palette.MUTED, "width": 1.5, "dash": "dash"}),
        ("lower limit", limits.lower, {"color": palette.MUTED, "width": 1.5, "dash": "dash"}),
        ("upper near limit", limits.upper_near, {"color": "#B4BAC2", "width": 1, "dash": "dot"}),
        ("lower near limit", limits.lower_near, {"color": "#B4BAC2", "width": 1, "dash": "dot"}),
        ("centre line", limits.centre, {"color": palette.INK, "width": 1.5}),
    )
    for name, level, line in lines:
        if level is not None:
            chart.add_trace(
                go.Scatter(x=ends, y=[level, level], name=name, mode="lines", line=line, hoverinfo="skip"),
            )

    if limits.by_week is not None:
        for column in ("upper_limit", "lower_limit"):
            chart.add_trace(
                go.Scatter(
                    x=iso_days(limits.by_week["week_start"]),
                    y=_nullable(limits.by_week[column]),
                    name=column.replace("_", " "),
                    mode="lines",
                    line={"color": palette.MUTED, "width": 1.5, "dash": "dash", "shape": "hvh"},
                    connectgaps=False,
                    hoverinfo="skip",
                ),
            )


def _draw_gain(chart: go.Figure, points: pd.DataFrame) -> None:
    """Centre and limits of an accepted gain, in the weeks in which they are in force."""
    if not points["gain_centre"].notna().any():
        return
    for column, width, dash in (("gain_centre", 2, "solid"), ("gain_lower", 1, "dash"), ("gain_upper", 1, "dash")):
        chart.add_trace(
            go.Scatter(
                x=iso_days(points["week_start"]),
                y=_nullable(points[column]),
                name=column.replace("_", " "),
                mode="lines",
                line={"color": palette.FAVOURABLE, "width": width, "dash": dash},
                connectgaps=True,
                hoverinfo="skip",
            ),
        )


def _letter_signals(chart: go.Figure, points: pd.DataFrame, centre: float | None) -> None:
    """Write each signal's letter beyond the outermost point of its run; the words below the chart name it."""
    middle = float(points["value"].median()) if centre is None else centre
    for letter, part in points[points["signal_letter"].notna()].groupby("signal_letter"):
        is_above = float(part["value"].mean()) > middle
        outermost = part.sort_values(["value", "week_start"], ascending=[not is_above, True]).iloc[0]
        chart.add_annotation(
            x=pd.Timestamp(str(outermost["week_start"])).strftime("%Y-%m-%d"),
            y=float(outermost["value"]),
            text=f"<b>{letter}</b>",
            showarrow=False,
            yshift=14 if is_above else -14,
            font={"size": 13, "color": SIGNAL_COLOURS.get(str(part["signal_direction"].iloc[0]), palette.INK)},
        )
