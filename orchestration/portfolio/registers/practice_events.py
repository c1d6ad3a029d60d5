"""The register of practice events: whether the practices that keep a gain are followed.

Belongs here: what must hold between its rows and the register of interventions. Does not belong here: its columns
(register_rows.py) and how it is read (table_rows.py).
"""

from collections.abc import Iterable
from pathlib import Path

from orchestration.portfolio.problems import quoted, suggestion
from orchestration.portfolio.register_rows import PracticeEvent
from orchestration.portfolio.registers.table_rows import ReadRows, read_rows, repeated


def read_practice_events(folder: Path, interventions: Iterable[str]) -> ReadRows[PracticeEvent]:
    """Read and check the register; `interventions` are the ids written in theirs."""
    read = read_rows(folder, "practice_events", PracticeEvent)
    for row, earlier in repeated(read.rows, ("intervention", "date", "practice")):
        message = f"intervention, day and practice are those of line {earlier.line} already. Keep one of the two."
        read.problems.append(row.problem("date", message))
    known = frozenset(interventions)
    for row in read.rows:
        named = row.cells.get("intervention")
        if named and named not in known:
            message = f"{quoted(named)} is not an intervention of the register. {suggestion(named, known)}"
            read.problems.append(row.problem("intervention", message))
    return read
