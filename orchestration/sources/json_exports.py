"""The ways in which a tool's JSON answers are saved as files, told and declared once for every entity of a tool.

The same records arrive as pages (an object with a list of records), as one array, one record a line, or as whole
documents. Belongs here: those four layouts, telling them by a file's beginning, and the refusals over dates that all
of them share. Does not belong here: what a record of a tool looks like (the tools' modules).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from orchestration.sources.export_format import ExportKind
from orchestration.sources.instants import POSSIBLE_INSTANTS

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:]')
_FIRST_LINES = 50


@dataclass(frozen=True)
class JsonEntity:
    """One kind of record, however its files are laid out.

    ``marks``: groups of keys; a record is this entity's if it has every key of one group. ``lists``: names of the list
    that holds the records in a page. ``is_document``: the record is a whole file (a report), never a line among many.
    The rest is as in ``ExportKind``.
    """

    name: str
    marks: tuple[tuple[str, ...], ...]
    record_columns: Mapping[str, str]
    selects: Mapping[str, str]
    key: str
    refusal: str
    lists: tuple[str, ...] = ()
    unreadable_parts: str | None = None
    rows_in: str | None = None
    is_document: bool = False

    def fits(self, keys: frozenset[str]) -> bool:
        """Has a record with these keys all the keys of one group?"""
        return any(keys.issuperset(group) for group in self.marks)


def kinds_of(entities: Iterable[JsonEntity]) -> dict[str, ExportKind]:
    """Declare the kinds of each entity: ``<name>`` (one a line), ``_array``, ``_documents`` and ``_in_<list>``."""
    kinds = (kind for entity in entities for kind in _kinds_of_one(entity))
    return {kind.name: kind for kind in kinds}


def _kinds_of_one(entity: JsonEntity) -> Iterator[ExportKind]:
    layouts: dict[str, tuple[str, str | None]] = {f"{entity.name}_documents": ("unstructured", None)}
    if not entity.is_document:
        layouts |= {entity.name: ("newline_delimited", None), f"{entity.name}_array": ("array", None)}
    layouts |= {f"{entity.name}_in_{name}": ("unstructured", name) for name in entity.lists}
    for name, (layout, records_in) in layouts.items():
        yield ExportKind(
            name,
            layout,  # type: ignore[arg-type]
            entity.record_columns,
            entity.selects,
            key=entity.key,
            refusal=entity.refusal,
            records_in=records_in,
            unreadable_parts=entity.unreadable_parts,
            rows_in=entity.rows_in,
        )


def recognise_among(entities: Iterable[JsonEntity], head: str) -> str | None:
    """Name the export kind of a file by the keys of its first record, or None if it is none of these entities.

    Only the beginning is looked at. A first line that is torn does not hide the records after it. An empty page is
    told by the name of its list.
    """
    entities = tuple(entities)
    text = head.lstrip("\ufeff \t\r\n")
    if text.startswith("["):
        keys = _Beginning(text).records.get("", frozenset())
        return next((f"{each.name}_array" for each in entities if not each.is_document and each.fits(keys)), None)
    starts = [match.start() for match in re.finditer(r"^\s*\{", text, re.MULTILINE)][:_FIRST_LINES]
    for start in starts:
        kind = _kind_of_object(entities, text[start:].lstrip())
        if kind is not None:
            return kind
    return None


def _kind_of_object(entities: tuple[JsonEntity, ...], text: str) -> str | None:
    beginning = _Beginning(text)
    own = beginning.records[""]
    for entity in entities:
        if entity.fits(own):
            return entity.name if beginning.is_one_line and not entity.is_document else f"{entity.name}_documents"
    named = [(entity, name) for entity in entities for name in entity.lists if name in own]
    for entity, name in named:
        if entity.fits(beginning.records.get(name, frozenset())):
            return f"{entity.name}_in_{name}"
    empty = [(entity, name) for entity, name in named if name in beginning.empty_lists]
    return f"{empty[0][0].name}_in_{empty[0][1]}" if empty else None


class _Beginning:
    """The keys at the beginning of a JSON text, which may be cut anywhere.

    ``records``: name of a list in the outermost object to the keys of its first record; the empty name is the
    outermost object itself, or of an outermost array its first record. ``empty_lists``: lists without a record.
    """

    def __init__(self, text: str) -> None:
        self._keys: dict[str, set[str]] = {"": set()}
        self._closed: set[str] = set()
        self.empty_lists: set[str] = set()
        self.is_one_line = False
        self._read(text)

    @property
    def records(self) -> dict[str, frozenset[str]]:
        return {name: frozenset(keys) for name, keys in self._keys.items()}

    def _read(self, text: str) -> None:
        stack: list[str] = []
        string = key = ""
        for match in _TOKEN.finditer(text):
            mark = match.group()
            if mark in "{[":
                stack.append(mark)
                if stack == ["{", "["]:
                    self.empty_lists.add(key)
                elif stack == ["{", "[", "{"]:
                    self.empty_lists.discard(key)
            elif mark in "}]":
                if self._close(stack, key):
                    self.is_one_line = "\n" not in text[: match.end()]
                    return
            elif mark == ":":
                if stack == ["{"]:
                    key = string
                self._note(stack, key, string)
            else:
                string = mark[1:-1]

    def _note(self, stack: list[str], key: str, name: str) -> None:
        place = {"{": "", "[{": "", "{[{": key}.get("".join(stack))
        if place is not None and place not in self._closed:
            self._keys.setdefault(place, set()).add(name)

    def _close(self, stack: list[str], key: str) -> bool:
        """Close the innermost container; is the outermost object, or the first record of an array, complete?"""
        shape = "".join(stack)
        if stack:
            stack.pop()
        if shape == "{[{":
            self._closed.add(key)
        return shape in ("{", "[{") or not stack


def impossible_dates(instants: Mapping[str, tuple[str, str]]) -> str:
    """Return the ``when`` branches that refuse a record for its dates.

    ``instants``: what a person calls the date, to (SQL of its text, SQL of its instant). A text that names no instant,
    and an instant before 1970 or more than a day after its export, are reasons.
    """
    return "".join(
        f"""
        when {text} is not null and {instant} is null then 'impossible {label} date: ' || {text}
        when {instant} not between {POSSIBLE_INSTANTS} then '{label} date outside its export: ' || {text}"""
        for label, (text, instant) in instants.items()
    )


def instant_of_milliseconds(expression: str) -> str:
    """Return SQL for the TIMESTAMPTZ of text with milliseconds since 1970; NULL if it holds no such number."""
    return f"try(make_timestamptz(try_cast({expression} as bigint) * 1000))"
