"""What `weir init` does: recognise exports, look at them through the warehouse's own models, and write a first portfolio.

Belongs here: the order of the steps, in a temporary place, and what is told. Does not belong here: recognising files
(`export_recognition`), counting (`orchestration.warehouse`), and what follows from the counts
(`orchestration.portfolio.drafting`).
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration import dbt_build, warehouse
from orchestration.export_recognition import FileGroup, recognise_exports
from orchestration.portfolio import PORTFOLIO_FILE, load_portfolio
from orchestration.portfolio.drafting.custom_fields import DraftedField, FieldContent, draft_fields
from orchestration.portfolio.drafting.labels import status_label_pattern
from orchestration.portfolio.drafting.log_columns import draft_columns
from orchestration.portfolio.drafting.observations import ObservedType, SourceObservation, text_id
from orchestration.portfolio.drafting.portfolio_text import Draft, draft_text, quoted_text
from orchestration.portfolio.drafting.text_formats import DraftedFormat, draft_format
from orchestration.portfolio_folder import DBT_PROJECT, PortfolioFolder
from orchestration.refresh import RefreshBuild, RefreshError, land_exports, open_build, write_portfolio
from orchestration.sources import TOOLS

if TYPE_CHECKING:
    import pandas as pd

# Tools whose tables of text are written as each instance is set up.
_WITH_TEXT_DATES = frozenset({"delivery_log", "event_log", "jira", "servicenow"})
_SHOWN_FILES = 10


class DraftError(RuntimeError):
    """No portfolio can be drafted; the text is one sentence and what to do next."""


@dataclass(frozen=True)
class DraftOptions:
    """What the person who drafts says beforehand; what is None or empty is found in the exports."""

    timezone: str = "UTC"
    date_format: str | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class DraftedPortfolio:
    """The file that was written, what was found, and what a person should check, in the order of the file."""

    file: Path
    lines: tuple[str, ...]
    checks: tuple[str, ...]


@dataclass
class _SourceDraft:
    """One source on its way: its files, how its texts are read, and its custom fields."""

    group: FileGroup
    format_lines: tuple[str, ...] = ()
    fields: list[DraftedField] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def source_id(self) -> str:
        return self.group.source_id


def draft_portfolio(
    folder: Path,
    exports: Sequence[Path],
    now: Callable[[], datetime],
    options: DraftOptions,
    on_event: Callable[[str], None] = lambda _: None,
) -> DraftedPortfolio:
    """Write `portfolio.yaml` into the folder, drafted from the exports.

    Args:
        folder: The portfolio folder to be; made if it is not there.
        exports: Folders and files to look at. What lies in the folder is referred to by relative paths, else by
            absolute ones; files that lie among others which are no source's are copied into the folder's `exports`.
        now: The clock.
        options: What is known beforehand.
        on_event: Called with a line at each step.

    Raises:
        DraftError: There is a portfolio.yaml already, or no export is recognised.
        RefreshError: The exports cannot be read.
    """
    target = folder / PORTFOLIO_FILE
    if target.exists():
        raise DraftError(f"{target} is there already and is never overwritten. Name another folder, or move it away.")
    groups, unknown = recognise_exports([path.absolute() for path in exports])
    if not groups:
        known = ", ".join(sorted(TOOLS))
        raise DraftError(
            f"No export of a known tool is among {len(unknown)} files found. Name the folders of exports of: {known}."
        )
    lines = [f"{group.source_id}: {group.tool}, {_files(len(group.files))}" for group in groups]
    for line in lines:
        on_event(line)
    drafts = [_SourceDraft(group) for group in groups]
    for draft in drafts:
        _find_format(draft, options)
    observations = _observe(folder, drafts, now, options, on_event)
    notes = [*_unknown_files(unknown), *(note for draft in drafts for note in draft.notes)]
    drafted = draft_text(text_id(folder.name, "portfolio"), options.timezone, observations, notes)
    _try_out(drafted)
    _copy_what_cannot_be_named(folder, groups)
    folder.mkdir(parents=True, exist_ok=True)
    # Exclusively: whoever wrote one in the meantime keeps it.
    try:
        with target.open("x", encoding="utf-8") as written:
            written.write(drafted.text)
    except FileExistsError:
        raise DraftError(f"{target} was written in the meantime and is left alone. Remove it and try again.") from None
    return DraftedPortfolio(target, tuple([*lines, *_overview(observations)]), drafted.checks)


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number:,} files"


def _unknown_files(unknown: Sequence[Path]) -> Iterator[str]:
    if unknown:
        named = ", ".join(path.name for path in unknown[:_SHOWN_FILES])
        more = f" and {len(unknown) - _SHOWN_FILES} more" if len(unknown) > _SHOWN_FILES else ""
        yield f"no tool recognises {_files(len(unknown))}, which are left out: {named}{more}."


def _overview(observations: Sequence[SourceObservation]) -> Iterator[str]:
    for each in observations:
        n_moves = sum(each.transitions.values())
        n_statuses = len({status for _, status in each.entries})
        yield f"{each.source_id}: {each.n_items:,} items, {n_statuses} statuses, {n_moves:,} moves between them"


def _find_format(draft: _SourceDraft, options: DraftOptions) -> None:
    """Declare how a source's tables of text are written, if they are any."""
    table = next((path for path in draft.group.files if ".csv" in path.name.lower()), None)
    if table is None or draft.group.tool not in _WITH_TEXT_DATES:
        return
    found = draft_format(warehouse.export_head(table))
    if found is None:
        return
    draft.notes += _format_notes(draft, found, options)
    parts = []
    if draft.group.tool == "event_log":
        columns = draft_columns(found.header)
        named = ", ".join(f"{role}: {quoted_text(header)}" for role, header in columns.items())
        parts.append(f"columns: {{{named}}}")
        draft.notes.append(f"{draft.source_id}: the columns' roles follow from their headers ({named}); correct them.")
    form = options.date_format or next(iter(found.date_formats), None)
    if form is not None:
        parts.append(f"date_format: {quoted_text(form)}")
    if marks := options.missing or found.missing:
        parts.append(f"missing: [{', '.join(map(quoted_text, marks))}]")
    if parts:
        draft.format_lines = (f"format: {{{', '.join(parts)}}}",)


def _format_notes(draft: _SourceDraft, found: DraftedFormat, options: DraftOptions) -> Iterator[str]:
    if options.date_format is None and found.date_formats:
        others = ", ".join(found.date_formats[1:])
        doubt = f"; they could as well be {others}" if others else ""
        yield f"{draft.source_id}: its dates read as {found.date_formats[0]}{doubt}."
    if not options.missing and found.missing:
        marks = ", ".join(f"'{mark}'" for mark in found.missing)
        yield f"{draft.source_id}: {marks} is taken for 'no value'."


def _observe(
    folder: Path,
    drafts: Sequence[_SourceDraft],
    now: Callable[[], datetime],
    options: DraftOptions,
    on_event: Callable[[str], None],
) -> list[SourceObservation]:
    """Land the exports into a temporary warehouse, build the vocabulary of all tools there, and count."""
    with tempfile.TemporaryDirectory(prefix="weir-") as place:
        paths = PortfolioFolder(Path(place))
        for draft in drafts:
            _link(draft.group, paths.folder / "exports" / draft.source_id)
        _write_provisional(paths, drafts, options)
        with open_build(paths, "draft", now, full=True, pull=False) as build:
            land_exports(build)
            if _find_fields(build, drafts):
                # Fields are read where they are mapped, so the files are read once more.
                _write_provisional(paths, drafts, options)
                build.portfolio = load_portfolio(paths.folder)
                land_exports(build)
            write_portfolio(build)
            on_event("Looking at how items moved …")
            selection = ["--select", *(f"+{model}" for model in warehouse.OBSERVED_MODELS)]
            left_out = ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]
            outcomes = dbt_build.build(
                # What dbt parses now it need not parse again for the first refresh.
                DBT_PROJECT,
                PortfolioFolder(folder.absolute()).dbt_target,
                build.files.build,
                selection=[*selection, *left_out],
                full_refresh=True,
            )
            if failures := dbt_build.failure_sentences(outcomes):
                raise RefreshError("\n".join(failures))
            with build.connection() as connection:
                frames = warehouse.observed_frames(connection)
    return [_observation(folder, draft, frames) for draft in drafts]


def _link(group: FileGroup, target: Path) -> None:
    """Show a source's files, and the manifests beside them, below a folder of their own."""
    for path in _with_manifests(group):
        linked = target / path.relative_to(_common_folder(group))
        linked.parent.mkdir(parents=True, exist_ok=True)
        linked.symlink_to(path)


def _with_manifests(group: FileGroup) -> list[Path]:
    folders = sorted({path.parent for path in group.files})
    return [*group.files, *(path for folder in folders for path in warehouse.manifest_paths(folder))]


def _common_folder(group: FileGroup) -> Path:
    folders = {path.parent for path in group.files}
    shared = next(iter(folders))
    while not all(folder.is_relative_to(shared) for folder in folders):
        shared = shared.parent
    return shared


def _write_provisional(paths: PortfolioFolder, drafts: Sequence[_SourceDraft], options: DraftOptions) -> None:
    """Write a portfolio that maps nothing yet, so that the exports can be landed and told in one vocabulary."""
    sources = "".join(
        f"  - id: {draft.source_id}\n    tool: {draft.group.tool}\n    exports: exports/{draft.source_id}\n"
        + "".join(f"    {line}\n" for line in draft.format_lines)
        for draft in drafts
    )
    fields = "".join(
        f"  {draft.source_id}: {{{', '.join(f'{each.role}: {quoted_text(each.field_id)}' for each in draft.fields)}}}\n"
        for draft in drafts
        if draft.fields
    )
    paths.portfolio_file.write_text(
        f"portfolio: {{id: draft, timezone: {quoted_text(options.timezone)}}}\n"
        "value_streams: [{id: draft}]\n"
        f"sources:\n{sources}"
        "workflows: [{id: draft, stages: [{id: work, kind: active, commitment: true, statuses: [Work]},"
        " {id: done, kind: done, statuses: [Done]}]}]\n" + (f"fields:\n{fields}" if fields else ""),
        encoding="utf-8",
    )


def _find_fields(build: RefreshBuild, drafts: Sequence[_SourceDraft]) -> bool:
    """Find the custom fields of every source whose tool has any; returns whether there are some."""
    by_id = {draft.source_id: draft for draft in drafts}
    with build.connection() as connection:
        for source in build.portfolio.sources:
            tool = TOOLS[source.tool]
            if tool.mapped_field_names is None:
                continue
            names = warehouse.field_names(connection, tool, source.id)
            contents = warehouse.field_contents(connection, tool, source, build.paths.folder, build.now())
            by_id[source.id].fields = draft_fields(names, _contents(contents))
    return any(draft.fields for draft in drafts)


def _contents(frame: "pd.DataFrame") -> list[FieldContent]:
    counts = ("n_values", "n_numbers", "n_keys", "n_sprints", "n_impediments", "n_named")
    return [
        FieldContent(
            str(row["field_id"]),
            **{name: int(row[name]) for name in counts},
            largest=None if row["largest"] != row["largest"] else float(row["largest"]),  # noqa: PLR0124 - NaN is none
        )
        for row in frame.to_dict("records")
    ]


def _observation(folder: Path, draft: _SourceDraft, frames: "dict[str, pd.DataFrame]") -> SourceObservation:
    def rows(name: str, *columns: str) -> list[tuple[str, ...]]:
        frame = frames[name]
        own = frame[frame["source_id"] == draft.source_id]
        return list(zip(*(own[column].tolist() for column in columns), strict=True))

    spelling = _spelling([(status, n) for _, status, n in rows("entries", "item_type", "status", "n")])
    entries = _summed((kind, spelling(status), n) for kind, status, n in rows("entries", "item_type", "status", "n"))
    births = _summed((kind, spelling(status), n) for kind, status, n in rows("births", "item_type", "status", "n"))
    standing = _summed((kind, spelling(status), n) for kind, status, n in rows("standing", "item_type", "status", "n"))
    moves = _summed(
        (kind, spelling(left), spelling(status), n)
        for kind, left, status, n in rows("moves", "item_type", "status_left", "status", "n")
    )
    labels = dict(rows("labels", "value", "n"))
    days = rows("days", "first_day", "last_day")
    types = tuple(
        ObservedType(str(name), int(n), bool(is_subtask))
        for name, is_subtask, n in rows("types", "item_type", "is_subtask", "n")
    )
    return SourceObservation(
        source_id=draft.source_id,
        tool=draft.group.tool,
        exports=draft.group.exports(folder.absolute()) or f"exports/{draft.source_id}",
        types=types,
        entries=entries,
        births=births,
        standing=standing,
        transitions=moves,
        kinds={spelling(status): kind if isinstance(kind, str) else None for status, kind in rows("kinds", "status", "kind")},
        other_names=_other_names(rows("names", "status", "said"), spelling, {status for _, status in entries}),
        resolutions=dict(rows("resolutions", "value", "n")),
        projects=dict(rows("projects", "value", "n")),
        teams=dict(rows("teams", "value", "n")),
        labels=labels,
        fields={each.role: each.field_id for each in draft.fields},
        field_reasons=tuple(_reason(each) for each in draft.fields),
        format_lines=draft.format_lines,
        label_pattern=status_label_pattern(labels, sum(each.n_items for each in types)),
        first_day=_day(days[0][0]) if days else None,
        last_day=_day(days[0][1]) if days else None,
    )


def _day(value: object) -> date:
    return value.date() if isinstance(value, datetime) else date.fromisoformat(str(value)[:10])


def _reason(drafted: DraftedField) -> str:
    named = f" ('{drafted.name}')" if drafted.name else ""
    return f"{drafted.role} is taken from {drafted.field_id}{named}, by its {drafted.evidence}."


def _spelling(counted: Sequence[tuple[str, int]]) -> Callable[[str], str]:
    """Return a function from a status to its most frequent spelling: Weir tells statuses apart but for case."""
    totals: dict[str, dict[str, int]] = {}
    for status, number in counted:
        spellings = totals.setdefault(status.strip().casefold(), {})
        spellings[status.strip()] = spellings.get(status.strip(), 0) + number
    best = {
        folded: min(spellings, key=lambda name: (-spellings[name], name)) for folded, spellings in totals.items()
    }
    return lambda status: best.get(status.strip().casefold(), status.strip())


def _summed(rows: Iterator[tuple[object, ...]]) -> dict[tuple[str, ...], int]:
    totals: dict[tuple[str, ...], int] = {}
    for *key, number in rows:
        totals[tuple(map(str, key))] = totals.get(tuple(map(str, key)), 0) + int(str(number))
    return totals


def _other_names(
    rows: Sequence[tuple[str, ...]], spelling: Callable[[str], str], statuses: set[str]
) -> dict[str, tuple[str, ...]]:
    """Return further names of each status; a name that two statuses had, or that one has today, means neither."""
    known = {status.casefold() for status in statuses}
    by_name: dict[str, set[str]] = {}
    shown: dict[str, str] = {}
    for status, said in rows:
        by_name.setdefault(said.strip().casefold(), set()).add(spelling(status))
        shown.setdefault(said.strip().casefold(), said.strip())
    names: dict[str, list[str]] = {}
    for folded, owners in sorted(by_name.items()):
        if len(owners) == 1 and folded not in known:
            names.setdefault(next(iter(owners)), []).append(shown[folded])
    return {status: tuple(listed) for status, listed in names.items()}


def _try_out(drafted: Draft) -> None:
    """Load the draft before anybody sees it: what is written has to be valid, however odd the exports' words."""
    with tempfile.TemporaryDirectory(prefix="weir-") as place:
        (Path(place) / PORTFOLIO_FILE).write_text(drafted.text, encoding="utf-8")
        load_portfolio(Path(place))


def _copy_what_cannot_be_named(folder: Path, groups: Sequence[FileGroup]) -> None:
    for group in groups:
        if group.exports(folder.absolute()) is not None:
            continue
        target = folder / "exports" / group.source_id
        for path in _with_manifests(group):
            copied = target / path.relative_to(_common_folder(group))
            copied.parent.mkdir(parents=True, exist_ok=True)
            if not copied.exists():
                shutil.copy2(path, copied)
