"""Between whom work lies: givers down, takers across, the darker the more hours.

Belongs here: the cells and their text. Does not belong here: whose pairs are shown and what follows from them (the
section). What stayed inside is grey and has no part in the scale: it is far more, and would leave all else pale.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from orchestration.reports.figures import palette
from orchestration.reports.figures.chart_layout import new_figure, plain_text
from orchestration.reports.wording import clipped

_PALEST: Final = "#FDF3DC"
# From this many columns on a cell has room for its hours only.
_CROWDED: Final = 6
_ROW_HEIGHT: Final = 46
_NAME_LENGTH: Final = 24
_LINE_LENGTH: Final = 12
_THOUSAND: Final = 1000
_TEN_THOUSAND: Final = 10_000


@dataclass(frozen=True)
class Pair:
    """What lay between a giver and a taker; `details` are the further lines of what a pointer shows."""

    giver: str
    taker: str
    hours: float
    n_hand_offs: int
    details: tuple[str, ...] = ()


def height(n_names: int) -> int:
    """Height of the chart in CSS pixels."""
    return 104 + _ROW_HEIGHT * n_names


def figure(names: Sequence[tuple[str, str]], pairs: Sequence[Pair]) -> go.Figure:
    """The matrix; a cell without a pair stays empty.

    Args:
        names: Id and name of those who give and take, in reading order: rows from the top, columns from the left.
        pairs: By ids; a pair of one with itself is what stayed inside.
    """
    chart = new_figure()
    place = {identity: number for number, (identity, _) in enumerate(names)}
    long_names = {identity: plain_text(name) for identity, name in names}
    is_crowded = len(names) >= _CROWDED
    crossing = [pair for pair in pairs if pair.giver != pair.taker]
    inside = [pair for pair in pairs if pair.giver == pair.taker]
    for shown, name, colours in (
        (inside, "stayed inside", [[0, palette.BASELINE], [1, palette.BASELINE]]),
        (crossing, "handed on", [[0, _PALEST], [1, palette.QUEUE]]),
    ):
        if not shown:
            continue
        chart.add_trace(
            go.Heatmap(
                x=[place[pair.taker] for pair in shown],
                y=[place[pair.giver] for pair in shown],
                z=[round(pair.hours, 1) for pair in shown],
                text=[_cell(pair, is_crowded=is_crowded) for pair in shown],
                customdata=[
                    "<br>".join([f"{long_names[pair.giver]} to {long_names[pair.taker]}", *pair.details])
                    for pair in shown
                ],
                name=name,
                texttemplate="%{text}",
                textfont={"size": 11 if is_crowded else 12, "color": palette.INK},
                hovertemplate="%{customdata}<extra></extra>",
                colorscale=colours,
                zmin=0,
                zmax=max((pair.hours for pair in shown), default=0) or 1,
                showscale=False,
                xgap=2,
                ygap=2,
            )
        )
    short = ["<br>".join(plain_text(line) for line in _lines(name)) for _, name in names]
    shared = {"tickmode": "array", "tickvals": list(range(len(names))), "ticktext": short, "showgrid": False}
    chart.update_xaxes(**shared, range=[-0.5, len(names) - 0.5], side="top", title_text="to", ticks="")
    chart.update_yaxes(**shared, range=[len(names) - 0.5, -0.5], title_text="from", ticks="")
    chart.update_layout(margin={"l": 60, "r": 8, "t": 66, "b": 8})
    return chart


def _cell(pair: Pair, *, is_crowded: bool) -> str:
    if is_crowded:
        return _short(pair.hours)
    hours = f"{pair.hours / _THOUSAND:.1f}k" if pair.hours >= _TEN_THOUSAND else f"{pair.hours:,.0f}"
    return f"{hours} h<br>n {pair.n_hand_offs:,}"


def _lines(name: str) -> list[str]:
    """A name in two short lines at most, so that it fits over a narrow column."""
    return textwrap.wrap(clipped(name, _NAME_LENGTH), _LINE_LENGTH, break_long_words=False, max_lines=2) or [name]


def _short(hours: float) -> str:
    """Hours in four characters at most: 12,480 is "12k"."""
    if hours >= _TEN_THOUSAND:
        return f"{hours / _THOUSAND:.0f}k"
    return f"{hours / _THOUSAND:.1f}k" if hours >= _THOUSAND else f"{hours:.0f}"
