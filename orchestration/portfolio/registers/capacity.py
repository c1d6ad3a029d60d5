"""The register of capacity: who there is in each team and role, from which day on.

Belongs here: what must hold between its rows and portfolio.yaml. Does not belong here: its columns (register_rows.py)
and how it is read (table_rows.py).
"""

from pathlib import Path

from orchestration.portfolio.models import PortfolioFile
from orchestration.portfolio.references import WrittenIds
from orchestration.portfolio.register_rows import Capacity
from orchestration.portfolio.registers.table_rows import ReadRows, read_rows, repeated, unknown


def read_capacity(folder: Path, model: PortfolioFile | None, ids: WrittenIds | None) -> ReadRows[Capacity]:
    """Read and check the register; see `read_registers` for the arguments."""
    read = read_rows(folder, "capacity", Capacity)
    for row, earlier in repeated(read.rows, ("team", "role", "valid_from")):
        message = f"team, role and day are those of line {earlier.line} already. Correct the day, or keep one row."
        read.problems.append(row.problem("valid_from", message))
    has_no_currency = model is not None and model.portfolio.currency is None
    for row in read.rows:
        if ids is not None:
            read.problems += unknown(row, "team", ids.teams, "a team")
        if has_no_currency and row.cells.get("cost_rate_per_hour"):
            message = "is given, but the portfolio has no currency. Add 'currency: EUR' (or another) under 'portfolio'."
            read.problems.append(row.problem("cost_rate_per_hour", message))
            has_no_currency = False
    return read
