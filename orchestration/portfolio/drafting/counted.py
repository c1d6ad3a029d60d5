"""From frames of counts to what one source shows: spellings of statuses unified, further names of each found.

Belongs here: taking the rows of one source out of the frames. Does not belong here: counting (the warehouse), and what
follows from the counts (the modules beside).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from orchestration.portfolio.drafting.observations import ObservedType, SourceObservation

if TYPE_CHECKING:
    import pandas as pd

Rows = list[tuple[Any, ...]]


def counted_source(source_id: str, tool: str, frames: "Mapping[str, pd.DataFrame]") -> SourceObservation:
    """Return what the frames say of one source.

    Args:
        source_id: The source.
        tool: Its tool.
        frames: Counts by name, each with `source_id` and `n`: types (item_type, is_subtask), entries, births and
            standing (item_type, status), moves (item_type, status_left, status), names (status, said), kinds (status,
            kind; without n), resolutions, projects, teams and labels (value), days (first_day, last_day; without n).
    """

    def rows(name: str, *columns: str) -> Rows:
        frame = frames[name]
        own = frame[frame["source_id"] == source_id]
        return list(zip(*(own[column].tolist() for column in columns), strict=True))

    entries = rows("entries", "item_type", "status", "n")
    spelling = _spelling(entries)
    days = rows("days", "first_day", "last_day")
    return SourceObservation(
        source_id=source_id,
        tool=tool,
        exports="",
        types=tuple(
            ObservedType(str(name), int(number), bool(is_subtask))
            for name, is_subtask, number in rows("types", "item_type", "is_subtask", "n")
        ),
        entries=_by_status(entries, spelling),
        births=_by_status(rows("births", "item_type", "status", "n"), spelling),
        standing=_by_status(rows("standing", "item_type", "status", "n"), spelling),
        transitions=_moves(rows("moves", "item_type", "status_left", "status", "n"), spelling),
        kinds={
            spelling(status): kind if isinstance(kind, str) else None
            for status, kind in rows("kinds", "status", "kind")
        },
        other_names=_other_names(rows("names", "status", "said"), spelling, {status for _, status, _ in entries}),
        resolutions=_by_value(rows("resolutions", "value", "n")),
        projects=_by_value(rows("projects", "value", "n")),
        teams=_by_value(rows("teams", "value", "n")),
        labels=_by_value(rows("labels", "value", "n")),
        first_day=_day(days[0][0]) if days else None,
        last_day=_day(days[0][1]) if days else None,
    )


def _day(value: object) -> date:
    return value.date() if isinstance(value, datetime) else date.fromisoformat(str(value)[:10])


def _by_value(rows: Rows) -> dict[str, int]:
    return {str(value): int(number) for value, number in rows}


def _by_status(rows: Rows, spelling: Callable[[str], str]) -> dict[tuple[str, str], int]:
    totals: dict[tuple[str, str], int] = {}
    for item_type, status, number in rows:
        key = (str(item_type), spelling(status))
        totals[key] = totals.get(key, 0) + int(number)
    return totals


def _moves(rows: Rows, spelling: Callable[[str], str]) -> dict[tuple[str, str, str], int]:
    totals: dict[tuple[str, str, str], int] = {}
    for item_type, left, entered, number in rows:
        key = (str(item_type), spelling(left), spelling(entered))
        totals[key] = totals.get(key, 0) + int(number)
    return totals


def _spelling(entries: Rows) -> Callable[[str], str]:
    """Return a function from a status to its most frequent spelling: Weir tells statuses apart but for case."""
    totals: dict[str, dict[str, int]] = {}
    for _, status, number in entries:
        spellings = totals.setdefault(status.strip().casefold(), {})
        spellings[status.strip()] = spellings.get(status.strip(), 0) + int(number)
    best = {folded: min(spellings, key=lambda name: (-spellings[name], name)) for folded, spellings in totals.items()}
    return lambda status: best.get(status.strip().casefold(), status.strip())


def _other_names(rows: Rows, spelling: Callable[[str], str], statuses: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return further names of each status; a name that two statuses had, or that one has today, means neither."""
    known = {status.strip().casefold() for status in statuses}
    owners: dict[str, set[str]] = {}
    shown: dict[str, str] = {}
    for status, said in rows:
        owners.setdefault(said.strip().casefold(), set()).add(spelling(status))
        shown.setdefault(said.strip().casefold(), said.strip())
    names: dict[str, list[str]] = {}
    for folded in sorted(owners):
        if len(owners[folded]) == 1 and folded not in known:
            names.setdefault(next(iter(owners[folded])), []).append(shown[folded])
    return {status: tuple(listed) for status, listed in names.items()}
