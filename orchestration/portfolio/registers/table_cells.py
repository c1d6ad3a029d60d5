"""A register as a table of texts, whichever kind of file it is kept in, and how its cells are named to people.

Belongs here: header and rows as texts, and where each stands. Does not belong here: reading CSV (csv_table.py) or
workbooks (xlsx_table.py), and what the columns mean (table_rows.py and the registers' own modules).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration.portfolio.problems import Problem


@dataclass(frozen=True)
class TableRow:
    """One row as written: its line (of a workbook: its row), and the texts of its cells that are not empty, by column.

    `places` is the place of each column as the spreadsheet shows it (`capacity!C`), empty for CSV.
    """

    file: str
    line: int
    cells: Mapping[str, str]
    places: Mapping[str, str] = field(default_factory=dict)

    def problem(self, column: str, message: str) -> Problem:
        """A problem of one cell, or of the row where `column` is empty."""
        return Problem(self.file, self.line, self.key(column), message)

    def key(self, column: str) -> str:
        """The column as people find it: its header, with the cell's address where there is one."""
        place = self.places.get(column)
        return f"{column} ({place}{self.line})" if place else column


@dataclass
class Table:
    """A read file: its header, its rows of texts (line, cells in the order of the header), and what was wrong with it.

    `header_line` is 1 but for workbooks whose table begins lower; `letters` are the columns' letters there, with the
    sheet before them.
    """

    file: str
    header: list[str] = field(default_factory=list)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def note(self, line: int | None, column: str, message: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(self.file, line, column, message))

    def header_key(self, position: int) -> str:
        """The header cell as people find it, also where it is empty."""
        name = self.header[position] or f"column {position + 1}"
        return f"{name} ({self.letters[position]}1)" if self.letters else name
