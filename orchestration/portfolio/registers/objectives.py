"""The register of objectives: what teams set out to reach in an increment, and what it brought.

Belongs here: what must hold between its rows and portfolio.yaml. Does not belong here: its columns (register_rows.py)
and how it is read (table_rows.py).
"""

from pathlib import Path

from orchestration.portfolio.problems import quoted
from orchestration.portfolio.references import WrittenIds
from orchestration.portfolio.register_rows import Objective
from orchestration.portfolio.registers.table_rows import ReadRows, read_rows, repeated, unknown


def read_objectives(folder: Path, ids: WrittenIds | None) -> ReadRows[Objective]:
    """Read and check the register; see `read_registers` for the arguments."""
    read = read_rows(folder, "objectives", Objective)
    for row, earlier in repeated(read.rows, ("increment", "team", "objective_id"), is_folded=True):
        named = quoted(row.cells["objective_id"])
        message = f"{named} is the team's objective of that increment on line {earlier.line} too. Give it its own id."
        read.problems.append(row.problem("objective_id", message))
    if ids is not None:
        for row in read.rows:
            read.problems += unknown(row, "increment", ids.increments, "an increment")
            read.problems += unknown(row, "team", ids.teams, "a team")
    return read
