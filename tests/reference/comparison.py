"""Compares two tables cell by cell and says where they differ first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isclose
from typing import Any

Row = dict[str, Any]

# Both sides add up whole microseconds, but not in the same way.
RELATIVE, ABSOLUTE = 1e-9, 1e-9


@dataclass
class Comparison:
    """What a comparison found; `text` is for people."""

    n_rows: int = 0
    n_cells: int = 0
    only_ours: list[tuple[Any, ...]] = field(default_factory=list)
    only_reference: list[tuple[Any, ...]] = field(default_factory=list)
    # Keys that either side has more than once; only the last of our rows of such a key is compared.
    repeated: list[tuple[Any, ...]] = field(default_factory=list)
    unknown_columns: list[str] = field(default_factory=list)
    lost_columns: list[str] = field(default_factory=list)
    # Column to its first differences, as (key, ours, the reference's), and to how many there are.
    differing: dict[str, list[tuple[tuple[Any, ...], Any, Any]]] = field(default_factory=dict)
    n_differing: dict[str, int] = field(default_factory=dict)

    @property
    def is_equal(self) -> bool:
        rows = self.only_ours or self.only_reference or self.repeated
        return not (rows or self.unknown_columns or self.lost_columns or self.differing)

    def text(self, n_shown: int = 5) -> str:
        lines = [f"{self.n_rows} rows, {self.n_cells} cells compared"]
        if self.unknown_columns:
            lines.append(f"columns of the mart that the reference does not compute: {', '.join(self.unknown_columns)}")
        if self.lost_columns:
            lines.append(f"columns of the reference that the mart does not have: {', '.join(self.lost_columns)}")
        for name, keys in (
            ("in the mart only", self.only_ours),
            ("in the reference only", self.only_reference),
            ("there again with the same key", self.repeated),
        ):
            if keys:
                lines.append(f"{len(keys)} rows are {name}, first:")
                lines += [f"    {key}" for key in sorted(keys, key=str)[:n_shown]]
        for column, found in self.differing.items():
            lines.append(f"{column}: {self.n_differing[column]} cells differ, first (the mart's, the reference's):")
            lines += [f"    {tuple(map(str, key))}: {ours!r}, {theirs!r}" for key, ours, theirs in found[:n_shown]]
        return "\n".join(lines)


def compare(
    columns: Sequence[str], ours: Iterable[Sequence[Any]], reference: Iterable[Row], key: Sequence[str]
) -> Comparison:
    """Compare every column of our rows (as read from the mart) with the reference's rows of the same key."""
    result = Comparison()
    places = [columns.index(name) for name in key]
    remaining: dict[tuple[Any, ...], Sequence[Any]] = {}
    for our_row in ours:
        our_key = tuple(our_row[place] for place in places)
        if our_key in remaining:
            result.repeated.append(our_key)
        remaining[our_key] = our_row
    told: set[tuple[Any, ...]] = set()
    compared: list[tuple[int, str]] | None = None
    for row in reference:
        if compared is None:
            compared = [(place, name) for place, name in enumerate(columns) if name in row]
            result.unknown_columns = [name for name in columns if name not in row]
            result.lost_columns = [name for name in row if name not in columns]
        row_key = tuple(row[name] for name in key)
        if row_key in told:
            result.repeated.append(row_key)
            continue
        told.add(row_key)
        found_row = remaining.pop(row_key, None)
        if found_row is None:
            result.only_reference.append(row_key)
            continue
        result.n_rows += 1
        result.n_cells += len(compared)
        for place, name in compared:
            value, expected = found_row[place], row[name]
            if value is expected or value == expected or _is_close(value, expected):
                continue
            found = result.differing.setdefault(name, [])
            result.n_differing[name] = result.n_differing.get(name, 0) + 1
            if len(found) < 20:
                found.append((row_key, value, expected))
    result.only_ours = list(remaining)
    return result


def _is_close(value: Any, expected: Any) -> bool:
    if value is None or expected is None or isinstance(value, str) or isinstance(expected, str):
        return False
    try:
        return isclose(value, expected, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    except TypeError:
        return False
