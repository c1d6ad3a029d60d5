"""Cycle-time scatter: one dot per finished item, with percentile lines.

Belongs here: the dots, the lines, and the rule for values beyond the top edge. Does not belong here: which percentiles
hold for which period (the section takes them from the marts).
"""

import pandas as pd
import plotly.graph_objects as go

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import iso_days, new_figure, plain_text, plain_texts, use_day_axis
from orchestration.reports.wording import clipped

# Above this multiple of the 98th value in rank a few old items would press all others against the axis.
TOP_EDGE_RATIO = 1.6
FEWEST_FOR_AN_EDGE = 50
# More dots than this lie on one another, and a page of tens of thousands opens slowly or not at all.
MOST_DOTS = 3_000


def top_edge(durations: pd.Series) -> float | None:
    """Height in days above which dots are drawn at the edge, or None if all fit.

    The edge is 1.25 times the value that 98 % of the items do not exceed (nearest rank).
    """
    if len(durations) < FEWEST_FOR_AN_EDGE:
        return None
    nearly_all = float(durations.quantile(0.98, interpolation="higher"))
    return nearly_all * 1.25 if float(durations.max()) > nearly_all * TOP_EDGE_RATIO else None


def drawn_every(n_items: int) -> int:
    """Which of so many items, in a row, get a dot: 1 for each, 20 for every twentieth."""
    return -(-n_items // MOST_DOTS)


def figure(items: pd.DataFrame, percentile_lines: pd.DataFrame) -> go.Figure:
    """Dots by finish day and cycle time, lines by period and percentile.

    Args:
        items: Finished items in the order of their dots: finished_date, cycle_time_calendar_days, item_key, title.
            Of more than `MOST_DOTS` only each `drawn_every`-th gets one.
        percentile_lines: percentile (50, 85 …), first_day, last_day, days, period_name and n: a level line each.
    """
    chart = new_figure(y_title="Cycle time, calendar days")
    use_day_axis(chart)
    edge = top_edge(items["cycle_time_calendar_days"])
    items = items.iloc[:: drawn_every(len(items))]
    beyond = items["cycle_time_calendar_days"] > edge if edge is not None else pd.Series(data=False, index=items.index)
    for name, part, symbol in (
        ("finished", items[~beyond], "circle"),
        ("beyond the edge", items[beyond], "triangle-up"),
    ):
        if part.empty:
            continue
        heights = part["cycle_time_calendar_days"].astype("int64")
        chart.add_trace(
            go.Scatter(
                x=iso_days(part["finished_date"]),
                y=heights.to_list() if edge is None else heights.clip(upper=edge).to_list(),
                customdata=heights.to_list() if name != "finished" else None,
                text=_labels(part),
                name=name,
                mode="markers",
                marker={
                    "size": 6 if name == "finished" else 9,
                    "color": palette.DONE,
                    "opacity": 0.55,
                    "symbol": symbol,
                },
                hovertemplate="%{text}<br>%{x}: "
                + ("%{y} days" if name == "finished" else "%{customdata} days")
                + "<extra></extra>",
            ),
        )
    for percentile, lines in percentile_lines.groupby("percentile", sort=True):
        _add_percentile(chart, int(str(percentile)), lines)
    highest = (edge or float(items["cycle_time_calendar_days"].max())) * 1.05
    chart.update_yaxes(range=[0, highest])
    if len(percentile_lines):
        _label_levels(chart, percentile_lines, highest)
    return chart


def _label_levels(chart: go.Figure, percentile_lines: pd.DataFrame, highest: float) -> None:
    """Write each percentile's last level in the right margin, apart enough to be read where levels lie close."""
    last = percentile_lines.sort_values("last_day").groupby("percentile", as_index=False).last().sort_values("days")
    lowest_free = 0.0
    for percentile, days in zip(last["percentile"], last["days"], strict=True):
        height = max(float(days), lowest_free)
        lowest_free = height + highest * 0.055
        chart.add_annotation(
            x=1, xref="paper", xanchor="left", xshift=4, y=height, yanchor="middle", showarrow=False,
            text=f"{percentile} %: {days:.0f} d", font={"size": 12, "color": palette.INK},
        )  # fmt: skip
    chart.update_layout(margin={"r": 74})


def _labels(items: pd.DataFrame) -> list[str]:
    titles = items["title"].fillna("").astype(str).map(clipped)
    return plain_texts(items["item_key"].astype(str) + " " + titles)


def _add_percentile(chart: go.Figure, percentile: int, lines: pd.DataFrame) -> None:
    """One trace per percentile, broken between periods."""
    days: list[str | None] = []
    heights: list[float | None] = []
    texts: list[str | None] = []
    ordered = lines.sort_values("first_day")
    for first_day, last_day, height, name, n_items in zip(
        iso_days(ordered["first_day"]),
        iso_days(ordered["last_day"]),
        ordered["days"],
        ordered["period_name"],
        ordered["n"],
        strict=True,
    ):
        note = f"{plain_text(str(name))}: {percentile} % took {height:.0f} days or less (n {n_items:.0f})"
        days += [first_day, last_day, None]
        heights += [float(height), float(height), None]
        texts += [note, note, None]
    chart.add_trace(
        go.Scatter(
            x=days,
            y=heights,
            text=texts,
            name=f"{percentile} %",
            mode="lines",
            line={"color": palette.INK, "width": 2, "dash": {50: "solid", 85: "dash"}.get(percentile, "dot")},
            hovertemplate="%{text}<extra></extra>",
        ),
    )
