"""What is said of a published analysis: the table's grain and question, and each column in words.

Belongs here: the shape of these words. Does not belong here: the words themselves (`published_tables` lists them).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Direction = Literal["up", "down", "neutral"]


@dataclass(frozen=True, slots=True)
class PublishedColumn:
    """One column in words; a key or label has no unit, and what cannot be NULL or 0 says nothing on it.

    ``direction``: which way is better; neutral where neither is.
    """

    description: str
    unit: str | None = None
    direction: Direction | None = None
    when_null: str | None = None
    when_zero: str | None = None


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """One table in words: what a row is, and which question it answers."""

    description: str
    grain: str
    question: str
    columns: Mapping[str, PublishedColumn]
