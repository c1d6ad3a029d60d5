"""The shapes in which answers of GitHub's API are saved, and the expressions that all of them share.

Belongs here: one entity's export kinds in every layout, addresses, dates, reasons to refuse. Does not belong here: the
fields of any entity (the modules named for them), the layouts that all tools share (``sources.json_exports``).

An answer is saved as it came (an array, or an object with the list in it), one record a line, or with its request:
``{"url": "https://api.github.com/repos/o/r/issues/7/timeline", "values": [...]}``. Records that do not name their
repository or their issue are placed by that address, else by a path like it (``repos/o/r/issues/7/timeline.json``,
``o-r-issues-7-timeline.json`` for the number alone).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from orchestration.sources.export_format import ExportKind, SourceSettings
from orchestration.sources.instants import POSSIBLE_INSTANTS, instant
from orchestration.sources.json_exports import JsonEntity, kinds_of

# Where an answer was saved together with its request.
ANSWER_LIST = "values"


@dataclass(frozen=True)
class Reading:
    """How one record becomes a row: the SQL of the raw table's columns, the record's name, the reasons to refuse it.

    All are expressions over ``record`` and ``exported_at``; ``columns`` and ``misplaced`` (NULL, or why the record is
    of no issue that can be told) also over the place that ``Entity.reading`` was given.
    """

    columns: tuple[str, ...]
    key: str
    refusal: str
    misplaced: str = "NULL"


@dataclass(frozen=True)
class Entity:
    """One kind of record of GitHub's API, and the raw table that its records fill.

    ``marks``: groups of keys; a record with all keys of one group is of this kind. ``reading(place, settings)``:
    ``place`` is the SQL expression of the address or path that the record came under. ``lists``: names of the list in
    an answer that is an object (``workflow_runs``).
    """

    name: str
    table: str
    marks: tuple[tuple[str, ...], ...]
    fields: Mapping[str, str]
    reading: Callable[[str, SourceSettings], Reading]
    lists: tuple[str, ...] = ()

    def declared(self, settings: SourceSettings) -> JsonEntity:
        """Return the entity in the words that all tools share."""
        reading = self.reading("export_file", settings)
        rows = f"(select * from landed where refusal is null and ({reading.misplaced}) is null)"
        return JsonEntity(
            self.name,
            self.marks,
            self.fields,
            {self.table: f"select export_file, exported_at, {', '.join(reading.columns)} from {rows}"},
            key=reading.key,
            refusal=reading.refusal,
            lists=(*self.lists, ANSWER_LIST),
            unreadable_parts=None
            if reading.misplaced == "NULL"
            else f"select export_file, {reading.key} as record_key, {reading.misplaced} as reason"
            f" from landed where refusal is null and ({reading.misplaced}) is not null",
        )


def kinds(entities: Iterable[Entity], settings: SourceSettings) -> dict[str, ExportKind]:
    """Declare the export kinds of each entity, also those of answers saved with their request."""
    return {kind.name: kind for entity in entities for kind in _kinds_of_one(entity, settings)}


def _kinds_of_one(entity: Entity, settings: SourceSettings) -> Iterator[ExportKind]:
    with_request = f"{entity.name}_in_{ANSWER_LIST}"
    plain = entity.reading("export_file", settings)
    for name, kind in kinds_of([entity.declared(settings)]).items():
        if name != with_request:
            yield replace(kind, rows_in=entity.table) if plain.misplaced == "NULL" else kind
    placed = entity.reading("place", settings)
    reason = f"coalesce({placed.refusal}, {placed.misplaced})"
    parts = (
        '(select export_file, exported_at, record.url as place, unnest(record."values") as record'
        " from landed where refusal is null)"
    )
    fields = ", ".join(f'"{name}" {kind}' for name, kind in entity.fields.items())
    yield ExportKind(
        with_request,
        "unstructured",
        {"url": "VARCHAR", ANSWER_LIST: f"STRUCT({fields})[]"},
        {
            entity.table: f"select export_file, exported_at, {', '.join(placed.columns)}"
            f" from (select * from {parts} where {reason} is null)"
        },
        key="record.url",
        refusal="case when record.\"values\" is null then 'answer without values' end",
        unreadable_parts=f"select export_file, {placed.key} as record_key, {reason} as reason from {parts}"
        f" where {reason} is not null",
    )


def repository_in(address: str) -> str:
    """Return SQL for the ``owner/name`` in an API address or a path that mirrors one; NULL if there is none."""
    return rf"nullif(regexp_extract({address}, '(?:^|/)repos/([^/?]+/[^/?]+)', 1), '')"


def number_in(address: str) -> str:
    """Return SQL for the number of the issue or pull request in an address or a file's path; NULL if there is none."""
    return rf"try_cast(nullif(regexp_extract({address}, '(?:issues?|pulls?)[-_/]([0-9]+)', 1), '') as bigint)"


def id_in(address: str, part: str) -> str:
    """Return SQL for the id that follows a part of an address (``runs``, ``deployments``); NULL if there is none."""
    return f"nullif(regexp_extract({address}, '/{part}/([0-9]+)', 1), '')"


def key_of(repository: str, number: str) -> str:
    """Return SQL for what people call an issue or pull request: ``owner/name#7``."""
    return f"{repository} || '#' || {number}"


def references_in(text: str, repository: str) -> str:
    """Return SQL for what a free text names, and nothing else of it: keys of trackers, issues, addresses of issues.

    The list holds ``ABC-12``, ``owner/name#7`` (a bare ``#7`` is one of the same repository). A text is not kept,
    because people are named in it.
    """
    keys = rf"regexp_extract_all({text}, '\b[A-Za-z][A-Za-z0-9_]+-[0-9]+\b')"
    numbers = (
        rf"list_transform(regexp_extract_all({text}, '(?:^|[\s(\[,:;])((?:[\w.-]+/[\w.-]+)?#[0-9]+)\b', 1),"
        rf" lambda named: case when starts_with(named, '#') then {repository} || named else named end)"
    )
    addresses = (
        rf"list_transform(regexp_extract_all({text}, 'https?://[^/\s]+/[^/\s]+/[^/\s]+/(?:issues|pull)/[0-9]+'),"
        rf" lambda address: regexp_replace(address, '^https?://[^/]+/([^/]+/[^/]+)/(?:issues|pull)/', '\1#'))"
    )
    return f"list_distinct(list_concat(list_concat({keys}, {numbers}), {addresses}))"


def closing_references_in(text: str, repository: str) -> str:
    """Return SQL for the issues that a text says it closes, by GitHub's own words (``fixes #7``)."""
    words = r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+"
    pattern = words + r"((?:[\w.-]+/[\w.-]+)?#[0-9]+|https?://[^/\s]+/[^/\s]+/[^/\s]+/issues/[0-9]+)\b"
    return (
        f"list_distinct(list_transform(regexp_extract_all({text}, '{pattern}', 1, 'i'),"
        f" lambda named: case when starts_with(named, '#') then {repository} || named"
        rf" else regexp_replace(named, '^https?://[^/]+/([^/]+/[^/]+)/issues/', '\1#') end))"
    )


def refusal(
    what: str,
    settings: SourceSettings,
    *,
    named_by: Mapping[str, str],
    required_date: str | None,
    dates: Iterable[str] = (),
) -> str:
    """Return SQL that says why a record cannot be loaded, or NULL.

    ``named_by``: what has to be there (words to expression). ``required_date``: the expression of the date without
    which the record has no place in time. ``dates``: the others, which may be missing but not impossible.
    """
    whens = [f"when {expression} is null then '{what} without {words}'" for words, expression in named_by.items()]
    if required_date:
        whens.append(f"when {required_date} is null then '{what} without date'")
    for date in (*([required_date] if required_date else []), *dates):
        moment = instant(date, settings)
        whens.append(f"when {date} is not null and {moment} is null then 'impossible date: ' || left({date}, 40)")
        whens.append(f"when {moment} not between {POSSIBLE_INSTANTS} then 'date outside its export: ' || {date}")
    return "case " + " ".join(whens) + " end"
