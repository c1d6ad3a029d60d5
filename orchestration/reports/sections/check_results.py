"""Which checks passed, warned and failed in this generation.

Belongs here: reading `quality.check_results` out. Does not belong here: running a check, and Great Expectations' own
pages (they are linked).
"""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from orchestration.reports.blocks import Block, Cell, Column, Notice, Table, Tone
from orchestration.reports.context import ReportContext
from orchestration.reports.sections.cut_rows import ROWS_SHOWN, cut_note
from orchestration.reports.wording import clipped, count, counted, is_missing


def counts(checks: pd.DataFrame) -> tuple[int, int, int]:
    """(all, failed and critical, failed and warning)."""
    failed = checks["status"] == "failed"
    critical = checks["severity"] == "critical"
    return len(checks), int((failed & critical).sum()), int((failed & ~critical).sum())


def warning_names(checks: pd.DataFrame) -> list[str]:
    """What the checks that gave a warning say should hold, quoted, each once, in a fixed order."""
    failed = checks[(checks["status"] == "failed") & (checks["severity"] != "critical")]
    ordered = failed.sort_values(["layer", "suite", "check_name"]).to_dict("records")
    return list(dict.fromkeys(f"“{_check_text(row).rstrip('.')}”" for row in ordered))


def _check_text(row: Mapping[Hashable, Any]) -> str:
    return str(row["check_name"] if is_missing(row["description"]) or not row["description"] else row["description"])


def blocks(checks: pd.DataFrame, context: ReportContext) -> tuple[Block, ...]:
    """Counts in words, a table by suite, and the checks that did not pass."""
    docs = context.data_docs_path
    link_text = "All results (Great Expectations Data Docs)" if docs else None
    if checks.empty:
        return (Notice("No check results are recorded for this generation.", tone="warning"),)
    n_checks, n_failed, n_warned = counts(checks)
    passed = n_checks - n_failed - n_warned
    tone: Tone = "bad" if n_failed else "warning" if n_warned else "good"
    text = (
        f"{count(passed)} of {counted(n_checks, 'check')} passed, {counted(n_warned, 'warning')}, "
        f"{count(n_failed)} failed."
    )
    made: list[Block] = [Notice(text, tone=tone, href=docs, link_text=link_text)]
    summary = checks.assign(
        failed=(checks["status"] == "failed") & (checks["severity"] == "critical"),
        warned=(checks["status"] == "failed") & (checks["severity"] != "critical"),
    )
    by_suite = summary.groupby(["layer", "suite"], as_index=False, sort=True).agg(
        n=("status", "size"), failed=("failed", "sum"), warned=("warned", "sum")
    )
    made.append(
        Table(
            "Checks by layer and suite",
            (Column("Suite"), Column("Layer"), Column("Checks", is_numeric=True), Column("Passed", is_numeric=True),
             Column("Warnings", is_numeric=True), Column("Failed", is_numeric=True)),
            tuple(
                (Cell(str(suite)), Cell(str(layer)), Cell(count(n)), Cell(count(n - failed - warned)),
                 Cell(count(warned), tone="warning" if warned else "plain"),
                 Cell(count(failed), tone="bad" if failed else "plain"))
                for suite, layer, n, failed, warned in zip(
                    by_suite["suite"], by_suite["layer"], by_suite["n"], by_suite["failed"], by_suite["warned"],
                    strict=True,
                )
            ),
        )
    )  # fmt: skip
    not_passed = checks[checks["status"] == "failed"].sort_values(["severity", "layer", "suite", "check_name"])
    if len(not_passed):
        made.append(_not_passed_table(not_passed))
    return tuple(made)


def _not_passed_table(not_passed: pd.DataFrame) -> Table:
    rows = tuple(
        (
            Cell(_check_text(row), note=str(row["table_name"])),
            Cell(str(row["severity"]), tone="bad" if row["severity"] == "critical" else "warning"),
            Cell(_found(row)),
            Cell("" if is_missing(row["examples"]) else clipped(str(row["examples"]), 160)),
        )
        for row in not_passed.head(ROWS_SHOWN).to_dict("records")
    )
    return Table(
        f"{counted(len(not_passed), 'check')} not passed" + cut_note(len(not_passed)),
        (Column("Check"), Column("Severity"), Column("Found"), Column("Examples", is_prose=True)),
        rows,
    )


def _found(row: Mapping[Hashable, Any]) -> str:
    if is_missing(row["n_unexpected"]):
        return ""
    if is_missing(row["n_observed"]):
        return counted(row["n_unexpected"], "row")
    return f"{count(row['n_unexpected'])} of {count(row['n_observed'])}"
