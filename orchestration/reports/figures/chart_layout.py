"""The look that all charts share, and how text and data get into them safely.

Belongs here: layout defaults, axes, Plotly's own escaping. Does not belong here: any chart's data.
Titles and legends are HTML around the chart (they wrap on a phone and are read aloud); hence none is set here.
"""

import html
from collections.abc import Iterable
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from orchestration.reports.figures import palette

FONT_FAMILY: Final = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif'
DAY_IN_MILLISECONDS: Final = 86_400_000


def plain_text(text: str) -> str:
    """Text from a tool for use inside a figure: Plotly reads `<b>`, `<a href>` and entities in text, so escape them."""
    return html.escape(text, quote=False)


def plain_texts(texts: Iterable[object]) -> list[str]:
    """`plain_text` of each value."""
    return [plain_text(str(text)) for text in texts]


def iso_days(values: pd.Series) -> list[str]:
    """A column of days as ISO text, the shortest form a date axis takes."""
    return list(pd.to_datetime(values).dt.strftime("%Y-%m-%d"))


def new_figure(*, x_title: str | None = None, y_title: str | None = None) -> go.Figure:
    """An empty figure with the shared look.

    Zooming is off: a finger that scrolls the page must not get caught in a chart.
    """
    axis = {
        "fixedrange": True,
        "automargin": True,
        "zeroline": False,
        "linecolor": palette.GRID,
        "tickcolor": palette.GRID,
        "tickfont": {"size": 12, "color": palette.MUTED},
    }
    title = {"font": {"size": 12, "color": palette.MUTED}, "standoff": 8}
    # In one piece: each `update_…` afterwards takes Plotly longer than all of this.
    return go.Figure(
        layout={
            "template": "none",
            "showlegend": False,
            "dragmode": False,
            "hovermode": "closest",
            "paper_bgcolor": "#FFFFFF",
            "plot_bgcolor": "#FFFFFF",
            "font": {"family": FONT_FAMILY, "size": 13, "color": palette.INK},
            "hoverlabel": {
                "bgcolor": "#FFFFFF",
                "bordercolor": palette.MUTED,
                "align": "left",
                "font": {"family": FONT_FAMILY, "size": 12, "color": palette.INK},
            },
            "margin": {"l": 44, "r": 12, "t": 12, "b": 36},
            "xaxis": {**axis, "showgrid": False, "ticks": "outside", "title": {**title, "text": x_title}},
            "yaxis": {**axis, "showgrid": True, "gridcolor": palette.GRID, "title": {**title, "text": y_title}},
        }
    )


def use_day_axis(figure: go.Figure) -> None:
    """Make the x axis one of days, with the same tick texts in every chart."""
    figure.update_xaxes(
        type="date",
        tickformat="%-d %b\n%Y",
        hoverformat="%-d %b %Y",
        nticks=7,
    )


def label_right(figure: go.Figure, y: float, text: str, colour: str = palette.INK) -> None:
    """A short label inside the plot at its right edge, just above the height `y` (data units)."""
    figure.add_annotation(
        xref="paper", x=1, y=y, text=text, showarrow=False, xanchor="right", yanchor="bottom",
        font={"size": 12, "color": colour}, bgcolor="rgba(255,255,255,0.75)", borderpad=1,
    )  # fmt: skip
