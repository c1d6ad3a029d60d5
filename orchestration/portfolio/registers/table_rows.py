"""From the files in registers/ to rows of one model, with every mistake found on the way.

Belongs here: which file a register is kept in, its header, and each row's own values. Does not belong here: what must
hold between rows, or between a row and portfolio.yaml (one module per register).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from orchestration.portfolio.problems import Problem, quoted, suggestion
from orchestration.portfolio.registers.csv_table import read_csv_table
from orchestration.portfolio.registers.table_cells import Table, TableRow
from orchestration.portfolio.registers.xlsx_table import read_xlsx_table
from orchestration.portfolio.wording import is_consequence, sentence

REGISTERS_FOLDER = "registers"
_FORMS = (".csv", ".xlsx")
# Forms in which people also keep tables, which would go unread without a word.
_OTHER_FORMS = (".xls", ".xlsm", ".xlsb", ".ods", ".tsv", ".txt")

Model = TypeVar("Model", bound=BaseModel)


@dataclass
class ReadRows(Generic[Model]):
    """What was read of one register.

    `rows` are all rows as written, `entries` those that are valid one by one, with their row. `contents` are the bytes
    of the files by name, as far as the portfolio's hash needs them.
    """

    rows: list[TableRow] = field(default_factory=list)
    entries: list[tuple[TableRow, Model]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)

    @property
    def models(self) -> list[Model]:
        """The valid rows in file order."""
        return [entry for _, entry in self.entries]


def read_rows(folder: Path, register: str, model: type[Model], *, is_private: bool = False) -> ReadRows[Model]:
    """Read the register named `register` from the portfolio folder, if it is kept at all.

    Args:
        folder: The portfolio folder.
        register: The name of the file without its ending, such as `capacity`.
        model: The model of one row; its fields are the columns.
        is_private: Whether values may not be quoted in messages, because they name people.
    """
    read: ReadRows[Model] = ReadRows()
    found = [f"{REGISTERS_FOLDER}/{register}{form}" for form in _FORMS]
    for name in found:
        content = _bytes(folder, name, read.problems)
        if content is not None:
            read.contents[name] = content
    for form in _OTHER_FORMS:
        name = f"{REGISTERS_FOLDER}/{register}{form}"
        if (folder / name).is_file():
            message = "is not read in this form. Save it as 'Excel workbook (.xlsx)' or as 'CSV UTF-8'."
            read.problems.append(Problem(name, None, "", message))
    if len(read.contents) > 1:
        message = f"lies beside {register}.csv, and only one of the two can hold. Remove one of them."
        read.problems.append(Problem(found[1], None, "", message))
    # Of two, one is read: rows that stand in both would otherwise be told as given twice.
    for name, content in list(read.contents.items())[:1]:
        columns = tuple(model.model_fields)
        is_csv = name.endswith(".csv")
        table = read_csv_table(name, content, columns) if is_csv else read_xlsx_table(name, content, register)
        _take_table(read, table, model, is_private=is_private)
    return read


def _bytes(folder: Path, name: str, problems: list[Problem]) -> bytes | None:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"cannot be read ({error.strerror}). Give the user who runs Weir the right to read it."
        problems.append(Problem(name, None, "", message))
        return None


def _take_table(read: ReadRows[Model], table: Table, model: type[Model], *, is_private: bool) -> None:
    read.problems += table.problems
    # Text that is no table at all has no header either, and has said so.
    if table.problems and not table.header:
        return
    in_header = list(_header_problems(table, model))
    read.problems += in_header
    if in_header:
        return
    places = dict(zip(table.header, table.letters, strict=False))
    # Cells that were told already count as there: a second message on the same cell would only confuse.
    told = {(problem.line, problem.key) for problem in table.problems}
    for line, cells in table.rows:
        row = TableRow(
            table.file,
            line,
            {name: cell for name, cell in zip(table.header, cells, strict=False) if name and cell},
            places,
        )
        if any(cells[len(table.header) :]):
            advice = "Clear the cells beside it." if table.letters else "Put quotes around text that holds a comma."
            message = f"has {len(cells)} cells for {len(table.header)} columns. {advice}"
            read.problems.append(row.problem("", message))
        elif row.cells:
            read.rows.append(row)
            _take_row(read, row, model, told, is_private=is_private)


def _take_row(
    read: ReadRows[Model], row: TableRow, model: type[Model], told: set[tuple[int | None, str]], *, is_private: bool
) -> None:
    try:
        read.entries.append((row, model.model_validate(row.cells)))
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            column = str(detail["loc"][0])
            if is_consequence(detail) or (row.line, row.key(column)) in told:
                continue
            message = sentence(detail, model)
            if is_private and detail["type"] != "missing" and column not in ("valid_from", "valid_to"):
                message = "cannot be read. Correct the value."
            read.problems.append(row.problem(column, message))


def _header_problems(table: Table, model: type[BaseModel]) -> Iterator[Problem]:
    columns = tuple(model.model_fields)
    header = table.header

    def problem(column: str, message: str) -> Problem:
        return Problem(table.file, 1, column, message)

    if not any(header):
        yield problem("", f"has no header. Put the columns on the first line: {','.join(columns)}.")
        return
    if len(header) == 1 and header[0] not in columns and sum(name in header[0] for name in columns) > 1:
        yield problem("", "is not separated by commas, semicolons or tabs. Save the table as 'CSV UTF-8'.")
        return
    for position, column in enumerate(header):
        is_used = any(len(cells) > position and cells[position] for _, cells in table.rows)
        if not column and table.letters and not is_used:
            continue
        if column not in columns:
            yield problem(table.header_key(position), f"is not a column here. {suggestion(column, columns)}")
        elif column in header[:position]:
            yield problem(table.header_key(position), "is given twice. Keep one of the two columns.")
    for column, definition in model.model_fields.items():
        if definition.is_required() and column not in header:
            yield problem(column, f"is missing. Add the column: {definition.description}.")


def repeated(
    rows: Iterable[TableRow], columns: tuple[str, ...], *, is_folded: bool = False
) -> Iterator[tuple[TableRow, TableRow]]:
    """Yield each row (with the earlier one) whose values in all of `columns` an earlier row has too.

    Rows that lack one of the values are left out; what is missing is told elsewhere.
    """
    first: dict[tuple[str, ...], TableRow] = {}
    for row in rows:
        values = tuple(row.cells.get(column, "") for column in columns)
        key = tuple(map(str.casefold, values)) if is_folded else values
        if all(values) and (earlier := first.setdefault(key, row)) is not row:
            yield row, earlier


def unknown(row: TableRow, column: str, known: Iterable[str], thing: str) -> Iterator[Problem]:
    """Yield a problem if the row's value in `column` is not one of `known`; `thing` says what that is."""
    named, choices = row.cells.get(column), frozenset(known)
    if named and named not in choices:
        yield row.problem(column, f"{quoted(named)} is not {thing} of the portfolio. {suggestion(named, choices)}")
