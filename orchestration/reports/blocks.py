"""What a page is made of: words, charts, tables, in sections.

Belongs here: the plain data that sections hand to the page (all text unescaped; the templates escape it). Does not
belong here: HTML, colours, and any decision about what to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import plotly.graph_objects as go

Tone = Literal["plain", "good", "warning", "bad", "muted"]
Swatch = Literal[
    "queue", "active", "blocked", "done", "cancelled", "line", "limit", "near", "centre", "percentile", "projected",
    "favourable", "unfavourable", "launch", "transition", "baseline", "dot", "ring", "hollow", "interval", "gain",
    "worse", "passed", "batch", "range",
]  # fmt: skip


@dataclass(frozen=True)
class LegendEntry:
    """One line of a chart's legend: a swatch (a CSS class of the same name) and what it stands for."""

    swatch: Swatch
    label: str


@dataclass(frozen=True)
class Chart:
    """A figure with its title in numbers.

    Attributes:
        chart_id: Fixed id, unique in its page; makes the page the same bytes each time.
        title: One sentence that says what the figure shows, in numbers, with n and window.
        figure: The Plotly figure, without title and legend of its own.
        description: What a reader who cannot see it should know (the figure's aria-label).
        height: Height in CSS pixels.
        legend: Legend entries in reading order; empty if nothing needs one.
        notes: Short definitions and reservations printed under the figure.
    """

    chart_id: str
    title: str
    figure: go.Figure
    description: str
    height: int = 340
    legend: tuple[LegendEntry, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spark:
    """A row of small bars, one per period; None where the period has no value."""

    values: tuple[float | None, ...]
    description: str


@dataclass(frozen=True)
class Cell:
    """One table cell: its text, and optionally a link, a second line, a tone and a row of small bars."""

    text: str
    href: str | None = None
    note: str | None = None
    tone: Tone = "plain"
    spark: Spark | None = None


@dataclass(frozen=True)
class Column:
    """A table column: its header, whether it holds numbers or sentences, a second line (unit or definition)."""

    header: str
    is_numeric: bool = False
    note: str | None = None
    is_prose: bool = False


@dataclass(frozen=True)
class Table:
    """A table whose first column heads each row.

    `collapsed_as` hides it behind a line of that text. On a phone each row becomes a card, except in a table that
    `is_compact` (few short columns), which stays one.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    collapsed_as: str | None = None
    is_compact: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Words:
    """Paragraphs of plain text."""

    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """A short list of terms and what holds for them."""

    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Notice:
    """A sentence that must not be overlooked, or the reason why something is withheld; may link to a page."""

    text: str
    tone: Tone = "warning"
    href: str | None = None
    link_text: str | None = None


@dataclass(frozen=True)
class SearchField:
    """A field that narrows the page's entries to the rows that hold every word typed; needs no network."""

    label: str
    example: str


@dataclass(frozen=True)
class Entry:
    """Something to look up: its name and a line on it, and behind them paragraphs and a table."""

    anchor: str
    name: str
    summary: str
    paragraphs: tuple[str, ...]
    table: Table


Block = Chart | Table | Words | Facts | Notice | SearchField | Entry


@dataclass(frozen=True)
class Section:
    """A heading with its blocks in reading order."""

    anchor: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """One HTML file of the site."""

    file_name: str
    title: str
    lead: str
    sections: tuple[Section, ...]
    kind: Literal[
        "overview", "across_value_streams", "value_stream", "intervention", "data_quality", "column_dictionary"
    ] = "overview"
    headline: tuple[Notice, ...] = field(default=())


def present(blocks: Sequence[Block | None]) -> tuple[Block, ...]:
    """The blocks without the ones that had nothing true to say."""
    return tuple(block for block in blocks if block is not None)
