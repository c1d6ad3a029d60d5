"""Registers kept as CSV: comma, semicolon or tab, as the header shows; UTF-8, with or without the mark Excel writes.

Belongs here: bytes of a CSV file to a `Table`. Does not belong here: what its columns mean (table_rows.py).
"""

import csv
import io
from collections.abc import Collection

from orchestration.portfolio.registers.table_cells import Table

_DELIMITERS = (",", ";", "\t")
# Quoted texts may be long; beyond this a quote was left open.
_LONGEST_CELL = 1 << 20


def read_csv_table(file: str, content: bytes, columns: Collection[str]) -> Table:
    """Read a CSV file.

    Args:
        file: Its name in the portfolio folder, for messages.
        content: Its bytes.
        columns: The columns that the register has: the delimiter is the one that makes most of them headers.
    """
    table = Table(file)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        table.note(line, "", "is not UTF-8 text. Save the table as 'CSV UTF-8'.")
        return table
    if "\0" in text:
        table.note(1, "", "is not UTF-8 text (it holds zero bytes, as UTF-16 does). Save the table as 'CSV UTF-8'.")
        return table
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, columns), strict=True)
    try:
        table.header = [cell.strip() for cell in next(reader, [])]
        line = reader.line_num + 1
        for cells in reader:
            table.rows.append((line, [cell.strip() for cell in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        message = f"is not valid CSV ({error}). Close each quote, and double the quotes inside quoted text."
        table.note(reader.line_num, "", message)
    return table


def _delimiter(text: str, columns: Collection[str]) -> str:
    first = text.partition("\n")[0]

    def n_known(delimiter: str) -> int:
        return sum(cell.strip().strip('"') in columns for cell in first.split(delimiter))

    return max(_DELIMITERS, key=n_known)
