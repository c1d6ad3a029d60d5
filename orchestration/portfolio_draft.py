"""What `weir init` does: recognise exports, look at them through the warehouse's own models, write a first portfolio.

Belongs here: the order of the steps, in a temporary place, and what is told. Does not belong here: recognising files
(`export_recognition`), counting (`orchestration.warehouse`), and what follows from the counts
(`orchestration.portfolio.drafting`).
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration import warehouse
from orchestration.export_recognition import FileGroup, recognise_exports
from orchestration.portfolio import PORTFOLIO_FILE, Portfolio, load_portfolio
from orchestration.portfolio.drafting.counted import counted_source
from orchestration.portfolio.drafting.custom_fields import DraftedField, FieldContent, draft_fields
from orchestration.portfolio.drafting.labels import status_label_pattern
from orchestration.portfolio.drafting.log_columns import draft_columns
from orchestration.portfolio.drafting.observations import SourceObservation, text_id
from orchestration.portfolio.drafting.portfolio_text import Draft, draft_text, quoted_text
from orchestration.portfolio.drafting.text_formats import DraftedFormat, draft_format
from orchestration.portfolio.registers import REGISTERS_FOLDER
from orchestration.portfolio_folder import PortfolioFolder
from orchestration.refresh import RefreshBuild, land_exports, write_portfolio
from orchestration.sources import TOOLS
from orchestration.trial_build import build_relations, trial_build

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
    groups, unknown = recognise_exports([path.resolve() for path in exports], _own_folders(folder))
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
    return DraftedPortfolio(target, (*lines, *_overview(observations)), drafted.checks)


def _own_folders(folder: Path) -> list[Path]:
    """Folders of a portfolio that hold tables and are no exports."""
    paths = PortfolioFolder(folder.resolve())
    return [paths.folder / REGISTERS_FOLDER, paths.warehouse, paths.reports]


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
        portfolio = _provisional(paths, drafts, options)
        with trial_build(paths, portfolio, now) as build:
            land_exports(build)
            if _find_fields(build, drafts):
                # Fields are read where they are mapped, so the files are read once more.
                build.portfolio = _provisional(paths, drafts, options)
                land_exports(build)
            write_portfolio(build)
            on_event("Looking at how items moved …")
            # What dbt parses now it need not parse again for the first refresh.
            build_relations(build, warehouse.OBSERVED_MODELS, PortfolioFolder(folder.resolve()).dbt_target)
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


def _provisional(paths: PortfolioFolder, drafts: Sequence[_SourceDraft], options: DraftOptions) -> Portfolio:
    """Return a portfolio that maps nothing yet, so that the exports can be landed and told in one vocabulary."""
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
    return load_portfolio(paths.folder)


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
            largest=float(row["largest"]) if row["n_numbers"] else None,
        )
        for row in frame.to_dict("records")
    ]


def _observation(folder: Path, draft: _SourceDraft, frames: "dict[str, pd.DataFrame]") -> SourceObservation:
    counted = counted_source(draft.source_id, draft.group.tool, frames)
    return replace(
        counted,
        exports=draft.group.exports(folder.resolve()) or f"exports/{draft.source_id}",
        fields={each.role: each.field_id for each in draft.fields},
        field_reasons=tuple(_reason(each) for each in draft.fields),
        format_lines=draft.format_lines,
        label_pattern=status_label_pattern(counted.labels, counted.n_items),
    )


def _reason(drafted: DraftedField) -> str:
    named = f" ('{drafted.name}')" if drafted.name else ""
    return f"{drafted.role} is taken from {drafted.field_id}{named}, by its {drafted.evidence}."


def _try_out(drafted: Draft) -> None:
    """Load the draft before anybody sees it: what is written has to be valid, however odd the exports' words."""
    with tempfile.TemporaryDirectory(prefix="weir-") as place:
        (Path(place) / PORTFOLIO_FILE).write_text(drafted.text, encoding="utf-8")
        load_portfolio(Path(place))


def _copy_what_cannot_be_named(folder: Path, groups: Sequence[FileGroup]) -> None:
    for group in groups:
        if group.exports(folder.resolve()) is not None:
            continue
        target = folder / "exports" / group.source_id
        for path in _with_manifests(group):
            copied = target / path.relative_to(_common_folder(group))
            copied.parent.mkdir(parents=True, exist_ok=True)
            if not copied.exists():
                shutil.copy2(path, copied)
