"""Registers kept as workbooks (XLSX): the values of one sheet, as the spreadsheet shows rows and columns.

Belongs here: bytes of a workbook to a `Table` of texts. Does not belong here: what its columns mean (table_rows.py).

Read are stored values, never formulas: a formula counts as what the spreadsheet last computed for it.
"""

import io
import zipfile
from datetime import date, datetime, time
from typing import Any

from orchestration.portfolio.problems import quoted
from orchestration.portfolio.registers.table_cells import Table

# Spreadsheets that people keep by hand are far below these; they stop a file made to exhaust memory.
_MOST_ROWS = 200_000
_MOST_COLUMNS = 200
_MOST_BYTES_UNPACKED = 512 << 20


def read_xlsx_table(file: str, content: bytes, register: str) -> Table:
    """Read the sheet named like the register, else the first one.

    Args:
        file: Its name in the portfolio folder, for messages.
        content: The workbook's bytes.
        register: Name of the register, such as `capacity`.
    """
    from openpyxl import load_workbook
    from openpyxl.utils import get_column_letter

    table = Table(file)
    advice = "Save it as 'Excel workbook (.xlsx)', without a password."
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES_UNPACKED:
                table.note(None, "", "is too large for a register. Keep it to rows that people write.")
                return table
        values = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        formulas = load_workbook(io.BytesIO(content), read_only=True, data_only=False)
    except Exception as error:  # noqa: BLE001 - a broken workbook fails in as many ways as XML and ZIP can
        table.note(None, "", f"cannot be read as a workbook ({type(error).__name__}). {advice}")
        return table
    sheet = next((name for name in values.sheetnames if name.strip().casefold() == register), None)
    name = sheet or next((sheet.title for sheet in values.worksheets), None)
    if name is None:
        table.note(None, "", f"has no sheet with cells. Name one {quoted(register)}.")
        return table
    grids = []
    for book in (values, formulas):
        # Some programs announce a wrong size of the sheet, by which cells would be cut off.
        book[name].reset_dimensions()
        grids.append(book[name].iter_rows(max_row=_MOST_ROWS, max_col=_MOST_COLUMNS))
    letters = [f"{name}!{get_column_letter(position + 1)}" for position in range(_MOST_COLUMNS)]
    try:
        for line, (shown, written) in enumerate(zip(*grids, strict=False), start=1):
            _take(table, line, list(zip(shown, written, strict=False)), letters)
    except Exception as error:  # noqa: BLE001 - as above: sheets are read lazily
        table.note(None, "", f"cannot be read to its end ({type(error).__name__}). {advice}")
    table.letters = letters[: len(table.header)]
    return table


def _take(table: Table, line: int, pairs: list[tuple[Any, Any]], letters: list[str]) -> None:
    """Take one row, each cell as (what the spreadsheet shows, what is written in it)."""
    cells = []
    for position, (shown, written) in enumerate(pairs):
        value, message = shown.value, ""
        if shown.data_type == "e":
            value, message = None, f"holds the error {value}. Correct its formula, or write the value."
        elif value is None and written.data_type == "f":
            message = "holds a formula without a computed value. Open and save the workbook in a spreadsheet program."
        if message:
            header = table.header[position] if position < len(table.header) else ""
            place = f"{letters[position]}{line}"
            table.note(line, f"{header} ({place})" if header else place, message)
        cells.append(_text(value))
    while cells and not cells[-1]:
        cells.pop()
    if line == 1:
        table.header = cells
    else:
        table.rows.append((line, cells))


def _text(value: object) -> str:
    """The text that a CSV file would hold for a cell: ISO dates, numbers with a point, true and false."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else str(value).strip()
