"""The register of outcomes: what a business measure of a value stream was, week by week.

Belongs here: what must hold between its rows and portfolio.yaml. Does not belong here: its columns (register_rows.py)
and how it is read (table_rows.py).
"""

from collections.abc import Iterator
from pathlib import Path

from orchestration.portfolio.problems import Problem, quoted
from orchestration.portfolio.references import WrittenIds
from orchestration.portfolio.register_rows import Outcome
from orchestration.portfolio.registers.table_cells import TableRow
from orchestration.portfolio.registers.table_rows import ReadRows, read_rows, repeated, unknown


def read_outcomes(folder: Path, ids: WrittenIds | None) -> ReadRows[Outcome]:
    """Read and check the register; see `read_registers` for the arguments."""
    read = read_rows(folder, "outcomes", Outcome)
    for row, earlier in repeated(read.rows, ("week", "value_stream", "outcome")):
        message = f"value stream, outcome and week are those of line {earlier.line} already. Keep one of the two."
        read.problems.append(row.problem("week", message))
    read.problems += _unsteady(read.rows)
    if ids is not None:
        for row in read.rows:
            read.problems += unknown(row, "value_stream", ids.value_streams, "a value stream")
    return read


def _unsteady(rows: list[TableRow]) -> Iterator[Problem]:
    """Yield where an outcome changes its unit or direction: its weeks could not be put on one scale."""
    first: dict[tuple[str, str, str], TableRow] = {}
    for row in rows:
        stream, outcome = row.cells.get("value_stream", ""), row.cells.get("outcome", "")
        for column in ("unit", "desired_direction"):
            value = row.cells.get(column)
            if not value:
                continue
            earlier = first.setdefault((stream, outcome, column), row)
            if earlier.cells[column] != value:
                message = f"{quoted(value)} differs from {quoted(earlier.cells[column])} on line {earlier.line}"
                yield row.problem(column, f"{message}. An outcome keeps its {column}: correct it, or name another one.")
