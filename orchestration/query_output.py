"""What `weir sql` prints: a reader's query as a table, CSV or JSON, and the questions that Weir brings with their SQL.

Belongs here: formatting rows. Does not belong here: the query (the reader's), running it (`orchestration.warehouse`).
"""

import csv
import difflib
import json
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TextIO

from orchestration import warehouse
from orchestration.portfolio_folder import PortfolioFolder
from orchestration.published import require_published
from orchestration.questions import Question, questions

Rows = Sequence[Sequence[Any]]

# A terminal is for looking, so it gets this many rows and is told of the rest; files and pipes always get all.
_ROWS_ON_A_TERMINAL = 1000
_COMMENT_WIDTH = 110

_TABLES = """
    select table_name from information_schema.tables
    where table_schema in ('flow', 'marts', 'analysis', 'quality') order by all"""


class QueryError(RuntimeError):
    """The query cannot be run; the text is DuckDB's own message and a hint."""


def print_query(paths: PortfolioFolder, query: str, style: str | None, stream: TextIO | None = None) -> int:
    """Run a query on the published warehouse and print its result; returns the number of rows.

    Args:
        paths: The portfolio.
        query: One statement; it can only read.
        style: `csv`, `json`, or None for a table.
        stream: Where to print; by default standard output.

    Raises:
        NothingPublishedError: No refresh has been published yet.
        QueryError: DuckDB refuses the query.
    """
    out = stream or sys.stdout
    file = require_published(paths)
    try:
        columns, rows = warehouse.run_query(file, query)
    except Exception as error:
        if not type(error).__module__.startswith(("duckdb", "_duckdb")):
            raise
        tables = [name for (name,) in warehouse.run_query(file, _TABLES)[1]]
        raise QueryError(" ".join([_first_line(error), *_hints(str(error), tables)])) from error
    if style == "csv":
        _print_csv(columns, rows, out)
    elif style == "json":
        _print_json(columns, rows, out)
    elif out.isatty():
        _print_rich(columns, rows, out)
    else:
        _print_aligned(columns, rows, out)
    return len(rows)


def print_question(
    paths: PortfolioFolder,
    question: Question,
    style: str | None,
    stream: TextIO | None = None,
    told: TextIO | None = None,
) -> None:
    """Answer one of Weir's questions; on standard error stands the question with its SQL, to be changed and asked anew.

    Raises:
        NothingPublishedError: No refresh has been published yet.
    """
    beside = told or sys.stderr
    beside.write(f"{_as_sql(question)}\n\n")
    n_rows = print_query(paths, question.sql, style, stream)
    if not n_rows and question.if_empty:
        beside.write(f"No rows: {question.if_empty}\n")


def print_questions(stream: TextIO | None = None) -> None:
    """List Weir's questions, each with its SQL; the list is itself SQL."""
    out = stream or sys.stdout
    out.write("\n\n".join(_as_sql(question) for question in questions()) + "\n")


def _as_sql(question: Question) -> str:
    said = [f"{question.number}. {question.title} ({question.name})", *textwrap.wrap(question.reading, _COMMENT_WIDTH)]
    return "\n".join([*(f"-- {line}" for line in said), f"{question.sql};"])


def _first_line(error: Exception) -> str:
    line = " ".join(str(error).splitlines()[0].split())
    return line if line.endswith((".", "!", "?")) else f"{line}."


def _hints(message: str, tables: Sequence[str]) -> Iterator[str]:
    """Say what there is instead of what was not found; other errors need no hint beside DuckDB's own."""
    missing = re.search(r"Table with name (\S+) does not exist", message)
    if missing:
        yield from (f"Did you mean {name}?" for name in difflib.get_close_matches(missing[1], tables, n=1))
        yield f"Tables: {', '.join(tables)}."
    elif "Referenced column" in message:
        yield 'List a table\'s columns with: weir sql "describe <table>".'
    elif "read-only" in message:
        yield "The published warehouse can only be read."


def _print_csv(columns: Sequence[str], rows: Rows, out: TextIO) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(["" if value is None else _plain(value) for value in row] for row in rows)


def _print_json(columns: Sequence[str], rows: Rows, out: TextIO) -> None:
    records = [dict(zip(columns, row, strict=True)) for row in rows]
    out.write(json.dumps(records, default=_json_value, ensure_ascii=False, indent=2) + "\n")


def _json_value(value: object) -> object:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def _print_rich(columns: Sequence[str], rows: Rows, out: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = rows[:_ROWS_ON_A_TERMINAL]
    table = Table(row_styles=("", "dim"))
    for position, column in enumerate(columns):
        is_number = bool(shown) and all(_is_number(row[position]) for row in shown)
        table.add_column(Text(column), justify="right" if is_number else "left", overflow="fold")
    for row in shown:
        # Text, not markup: a title in brackets is a title.
        table.add_row(*(Text(_shown(value)) for value in row))
    console = Console(file=out)
    console.print(table)
    more = len(rows) - len(shown)
    rest = f"; {more:,} more are not shown: use --csv or --json for all" if more else ""
    console.print(Text(f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'}{rest}"))


def _print_aligned(columns: Sequence[str], rows: Rows, out: TextIO) -> None:
    cells = [list(columns), *([_shown(value) for value in row] for row in rows)]
    widths = [max(len(line[position]) for line in cells) for position in range(len(columns))]
    rights = [bool(rows) and all(_is_number(row[position]) for row in rows) for position in range(len(columns))]
    for line in cells:
        padded = [
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(line, widths, rights, strict=True)
        ]
        out.write("  ".join(padded).rstrip() + "\n")


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float | Decimal) and not isinstance(value, bool))


def _shown(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, float):
        return f"{value:.6g}" if value != int(value) else f"{value:.1f}"
    return " ".join(_plain(value).split())


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
