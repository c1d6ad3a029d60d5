"""What the numbers rest on: sources, coverage, what was not mapped, what was quarantined, which checks passed.

Belongs here: reading the coverage marts and the check results out. Does not belong here: running a check.
"""

from collections.abc import Sequence

import pandas as pd

from orchestration.reports.blocks import Block, Cell, Column, Notice, Section, Table, Tone, Words
from orchestration.reports.context import ReportContext
from orchestration.reports.sections import check_results
from orchestration.reports.sections.cut_rows import ROWS_SHOWN, cut_note
from orchestration.reports.wording import (
    MONTHS,
    NOT_MEASURED,
    clipped,
    count,
    counted,
    is_missing,
    listed,
    number,
    percent,
    sentence_start,
)

# A nightly export may be a day old when the next refresh reads it; older than that it is called behind.
STALE_AFTER_DAYS = 1.0
# What `int_item_timelines_built` calls the status of an item that was resolved without any change being known.
_STATUS_UNKNOWN = "Unknown"
_NO_STATUS_KNOWN = "no status known before the resolution"


def stale_sources(coverage: pd.DataFrame) -> pd.DataFrame:
    """The sources whose data ends more than `STALE_AFTER_DAYS` before as-of."""
    return coverage[coverage["days_behind_as_of"].astype(float) > STALE_AFTER_DAYS].sort_values("source_id")


def staleness_notices(coverage: pd.DataFrame, context: ReportContext) -> tuple[Notice, ...]:
    """One notice per stale source, for the head of every page."""
    stale = stale_sources(coverage)
    return tuple(
        Notice(
            f"Source {source} is complete only up to {_moment(complete_to, context)}, {number(behind)} days before the "
            "data’s as-of; numbers that rest on it end there.",
            tone="warning",
            href="data-quality.html",
            link_text="Data quality",
        )
        for source, complete_to, behind in zip(
            stale["source_id"], stale["complete_to"], stale["days_behind_as_of"], strict=True
        )
    )


def _is_status_unknown(unmapped: pd.DataFrame) -> pd.Series:
    """Which rows hold no value of a tool but Weir's own word for a status that no export tells."""
    return (unmapped["value_kind"] == "status") & (unmapped["value"] == _STATUS_UNKNOWN)


def _verb(number_of_things: int) -> str:
    return "is" if number_of_things == 1 else "are"


def _moment(value: object, context: ReportContext) -> str:
    if is_missing(value):
        return "an unknown moment"
    moment = pd.Timestamp(str(value))
    local = (moment.tz_localize("UTC") if moment.tzinfo is None else moment).tz_convert(context.timezone)
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"


def banner(
    checks: pd.DataFrame, coverage: pd.DataFrame, unmapped: pd.DataFrame, quarantined: pd.DataFrame
) -> tuple[Block, ...]:
    """The state of the data in few sentences, for the first page."""
    n_checks, n_failed, n_warned = check_results.counts(checks)
    sentences = []
    if n_checks:
        passed = n_checks - n_failed - n_warned
        sentences.append(f"{count(passed)} of {counted(n_checks, 'check')} passed")
        if n_warned:
            verb = "gives" if n_warned == 1 else "give"
            unmet = check_results.warning_names(checks)
            holds = "this does not hold" if len(unmet) == 1 else "these do not hold"
            sentences.append(f"{count(n_warned)} {verb} a warning, as {holds}: {listed(unmet)}")
        if n_failed:
            sentences.append(f"{count(n_failed)} failed")
    else:
        sentences.append("No check results are recorded for this generation")
    if coverage["n_counted_items"].sum() > 0:
        usable = coverage["n_usable_history"].sum() / coverage["n_counted_items"].sum()
        sentences.append(
            f"{percent(usable)} of {counted(coverage['n_counted_items'].sum(), 'item')} have a usable history"
        )
    unknown = _is_status_unknown(unmapped)
    n_to_map = len(unmapped) - int(unknown.sum())
    if n_to_map:
        sentences.append(f"{counted(n_to_map, 'value')} of the tools {_verb(n_to_map)} not mapped")
    if unknown.any():
        n_items = unmapped.loc[unknown, "n_items"].sum()
        sentences.append(f"{_NO_STATUS_KNOWN} of {counted(n_items, 'item')}")
    if len(quarantined):
        sentences.append(f"{counted(len(quarantined), 'record')} {_verb(len(quarantined))} in quarantine")
    stale = stale_sources(coverage)
    if len(stale):
        sentences.append(f"{listed([str(source) for source in stale['source_id']])} {_verb(len(stale))} behind")
    is_clean = n_checks > 0 and not (n_failed or n_warned or len(unmapped) or len(quarantined) or len(stale))
    tone: Tone = "bad" if n_failed else "good" if is_clean else "warning"
    text = " ".join(f"{sentence_start(sentence)}." for sentence in sentences)
    return (Notice(text, tone=tone, href="data-quality.html", link_text="What the numbers rest on"),)


def sections(
    coverage: pd.DataFrame,
    unmapped: pd.DataFrame,
    quarantined: pd.DataFrame,
    checks: pd.DataFrame,
    context: ReportContext,
) -> tuple[Section, ...]:
    """All sections of the data-quality page."""
    return (
        Section("sources", "Sources and staleness", _sources(coverage, context)),
        Section("coverage", "Coverage", _coverage(coverage)),
        Section("unmapped", "Values that nobody mapped", _unmapped(unmapped)),
        Section("quarantine", "Quarantine", _quarantine(quarantined, coverage)),
        Section("checks", "Checks", check_results.blocks(checks, context)),
    )


def _sources(coverage: pd.DataFrame, context: ReportContext) -> tuple[Block, ...]:
    if coverage.empty:
        return (Notice("No source has been loaded.", tone="muted"),)
    ordered = coverage.sort_values("source_id")
    rows = tuple(
        (
            Cell(str(source), note=str(tool)),
            Cell(_moment(complete_to, context)),
            Cell(
                NOT_MEASURED if is_missing(behind) else number(behind),
                tone="warning" if not is_missing(behind) and behind > STALE_AFTER_DAYS else "plain",
            ),
            Cell(count(n_files)),
            Cell(count(n_items)) if has_items else Cell(NOT_MEASURED, note=_KEEPS_NO_ITEMS),
        )
        for source, tool, complete_to, behind, n_files, n_items, has_items in zip(
            ordered["source_id"], ordered["tool"], ordered["complete_to"], ordered["days_behind_as_of"],
            ordered["n_export_files"], ordered["n_items"], ordered["is_work_tracker"], strict=True,
        )
    )  # fmt: skip
    stale = stale_sources(coverage)
    caption = (
        f"{listed([str(name) for name in stale['source_id']])} {_verb(len(stale))} more than a day behind"
        if len(stale)
        else f"{counted(len(coverage), 'source')}, none more than a day behind"
    )
    return (
        Table(
            caption,
            (
                Column("Source"),
                Column("Complete up to", note=context.timezone),
                Column("Days behind", is_numeric=True),
                Column("Export files", is_numeric=True),
                Column("Items", is_numeric=True),
            ),
            rows,
        ),
    )


_KEEPS_NO_ITEMS = "a tool without work items"
_COUNTED_WITHOUT_HISTORY = "Items without a usable history count in throughput, not in time in stage."


def _of_gone_items(coverage: pd.DataFrame) -> tuple[str, ...]:
    """Say what left its tool, and what a tool said it had and did not give, each with its sources."""
    sentences = []
    for column, noun, meaning in (
        (
            "n_removed",
            "item",
            "Archived, deleted, moved or no longer visible in the tool, so no work in progress any more",
        ),
        ("n_announced_missing", "record", "Announced by the tool, but not among its exports"),
    ):
        concerned = coverage[coverage[column] > 0].sort_values("source_id")
        if not concerned.empty:
            shown = [
                f"{counted(n, noun)} of {source}"
                for source, n in zip(concerned["source_id"], concerned[column], strict=True)
            ]
            sentences.append(f"{meaning}: {listed(shown)}.")
    return tuple(sentences)


def _of_other_sources(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    what = "comes from a tool that keeps" if len(names) == 1 else "come from tools that keep"
    return (f"{listed(names)} {what} no work items: deployments, changes, incidents or findings.",)


_COVERAGE_COLUMNS = (
    ("n_counted_items", "Counted items", None),
    ("n_truncated", "Truncated", "history cut by the tool"),
    ("n_broken", "Broken", "left out of time in stage"),
    ("n_start_repaired", "Start repaired", "from the first change"),
    ("n_change_before_creation", "Change before creation", "kept, life starts with it"),
    ("n_unassigned", "Without a team", None),
)


def _coverage(coverage: pd.DataFrame) -> tuple[Block, ...]:
    if coverage.empty:
        return (Notice("No coverage to show, as no source has been loaded.", tone="muted"),)
    keeps_items = coverage["is_work_tracker"].astype(bool)
    without_items = sorted(map(str, coverage.loc[~keeps_items, "source_id"]))
    ordered = coverage[keeps_items].sort_values("source_id")
    if ordered.empty:
        return (Notice("No coverage to show, as no source keeps work items.", tone="muted"),)
    rows = tuple(
        (
            Cell(str(row["source_id"])),
            *(
                Cell(NOT_MEASURED if is_missing(row[column]) else count(row[column]))
                for column, _, _ in _COVERAGE_COLUMNS[:1]
            ),
            Cell(NOT_MEASURED if is_missing(row["usable_history_share"]) else percent(row["usable_history_share"])),
            *(
                Cell(NOT_MEASURED if is_missing(row[column]) else count(row[column]))
                for column, _, _ in _COVERAGE_COLUMNS[1:]
            ),
        )
        for row in ordered.to_dict("records")
    )
    heads = [Column(header, is_numeric=True, note=note) for _, header, note in _COVERAGE_COLUMNS]
    total = coverage["n_counted_items"].sum()
    caption = "No counted items yet"
    if total:
        usable = coverage["n_usable_history"].sum()
        caption = (
            f"{count(usable)} of {counted(total, 'counted item')} ({percent(usable / total)}) have a usable history"
        )
    return (
        Table(caption, (Column("Source"), heads[0], Column("Usable history", is_numeric=True), *heads[1:]), rows),
        Words((_COUNTED_WITHOUT_HISTORY, *_of_gone_items(coverage), *_of_other_sources(without_items))),
    )


_FALLBACK_HINT = (
    "Map them in portfolio.yaml; until then their time counts under the tool’s own category and is never dropped."
)
_UNKNOWN_HINT = (
    "Unknown is Weir’s own word, not a status to map: the export tells that the item was resolved and no status before."
)


def _unmapped(unmapped: pd.DataFrame) -> tuple[Block, ...]:
    if unmapped.empty:
        return (Notice("Every status, type and membership value of the tools is mapped.", tone="good"),)
    ordered = unmapped.sort_values(["n_items", "source_id", "value"], ascending=[False, True, True])
    unknown = _is_status_unknown(ordered)
    rows = tuple(
        (Cell(str(value), note=_NO_STATUS_KNOWN if is_unknown else None), Cell(str(kind)), Cell(str(source)),
         Cell("" if is_missing(fallback) else str(fallback)), Cell(count(n_items)),
         Cell("" if is_missing(example) else str(example)))
        for value, is_unknown, kind, source, fallback, n_items, example in zip(
            ordered["value"], unknown, ordered["value_kind"], ordered["source_id"], ordered["fallback"],
            ordered["n_items"], ordered["example_item_key"], strict=True,
        )
    )[:ROWS_SHOWN]  # fmt: skip
    n_to_map = len(ordered) - int(unknown.sum())
    said = [f"{counted(n_to_map, 'value')} not mapped"] if n_to_map else []
    notes = [_FALLBACK_HINT] if n_to_map else []
    if unknown.any():
        said.append(f"{_NO_STATUS_KNOWN} of {counted(ordered.loc[unknown, 'n_items'].sum(), 'item')}")
        notes.append(_UNKNOWN_HINT)
    return (
        Table(
            sentence_start("; ".join(said)) + cut_note(len(unmapped)),
            (Column("Value"), Column("Kind"), Column("Source"), Column("Counts as"), Column("Items", is_numeric=True),
             Column("For example")),
            rows,
            notes=tuple(notes),
        ),
    )  # fmt: skip


def _quarantine(quarantined: pd.DataFrame, coverage: pd.DataFrame) -> tuple[Block, ...]:
    if quarantined.empty:
        return (Notice("No record of the exports had to be set aside.", tone="good"),)
    ordered = quarantined.sort_values(["source_id", "export_file", "line_number", "record_number"]).head(ROWS_SHOWN)
    rows = tuple(
        (Cell(str(file), note=_place(line, record)), Cell(str(source)), Cell("" if is_missing(key) else str(key)),
         Cell(clipped(str(reason), 200)))
        for file, line, record, source, key, reason in zip(
            ordered["export_file"], ordered["line_number"], ordered["record_number"], ordered["source_id"],
            ordered["record_key"], ordered["reason"], strict=True,
        )
    )  # fmt: skip
    shares = [
        f"{percent(share)} of {source}"
        for source, share in zip(coverage["source_id"], coverage["quarantined_share"], strict=True)
        if not is_missing(share) and share > 0
    ]
    caption = f"{counted(len(quarantined), 'record')} set aside" + (f" ({listed(shares)})" if shares else "")
    return (
        Table(
            caption + cut_note(len(quarantined)),
            (Column("File"), Column("Source"), Column("Key"), Column("Reason", is_prose=True)),
            rows,
            notes=("Records that cannot be read are set aside with their place in the export; the rest is loaded.",),
        ),
    )


def _place(line: object, record: object) -> str | None:
    parts = []
    if not is_missing(line):
        parts.append(f"line {float(str(line)):.0f}")
    if not is_missing(record):
        parts.append(f"record {float(str(record)):.0f}")
    return ", ".join(parts) or None
