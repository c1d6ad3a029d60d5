"""How a table of texts writes its dates and its missing values, found by trying what is usual.

Belongs here: formats that all dates of a file can be read with, and marks that stand for "no value". Does not belong
here: reading the files with them; what is found is declared in portfolio.yaml, never used silently.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

# Written as DuckDB's strptime and Python's both take them, the more common one of two that look alike first.
_FORMATS = (
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%d-%m-%Y",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%m/%d/%Y %I:%M %p",
    "%d/%b/%y %I:%M %p",
    "%d/%b/%Y %I:%M %p",
    "%d/%b/%y %H:%M",
    "%d %b %Y %H:%M",
    "%d %b %Y",
    "%b %d, %Y",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?( ?(Z|[+-]\d{2}:?\d{2}))?")
_LIKE_A_DATE = re.compile(r"\d{1,4}[./ -](\d{1,2}|[A-Za-z]{3})[./ -]\d{2,4}( .*)?|[A-Z][a-z]{2} \d{1,2}, \d{4}")
_MARKS = ("?", "-", "--", "n/a", "N/A", "NA", "null", "NULL", "None", "(null)", "(none)", "#N/A")
_DELIMITERS = (",", ";", "\t", "|")
# Shares of a column's or file's cells.
_MOSTLY, _OFTEN = 0.8, 0.005


@dataclass(frozen=True)
class DraftedFormat:
    """How a file is written.

    `date_formats` are all formats that read every date of it, the usual one first: more than one is a question for a
    person. It is empty where dates are ISO 8601, or there are none.
    """

    header: tuple[str, ...]
    date_formats: tuple[str, ...]
    date_columns: tuple[str, ...]
    missing: tuple[str, ...]


def draft_format(head: str) -> DraftedFormat | None:
    """Return how a CSV file is written, told from its first characters; None if it has no rows to tell by.

    Args:
        head: The file's beginning; its last line may be cut off.
    """
    text = head.lstrip("\ufeff")
    lines = text.splitlines()[:-1] if not text.endswith("\n") else text.splitlines()
    if len(lines) < 2:  # noqa: PLR2004 - a header and a row
        return None
    delimiter = max(_DELIMITERS, key=lines[0].count)
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return None
    header = [name.strip() for name in rows[0]]
    whole = [row for row in rows[1:] if len(row) == len(header)]
    cells = Counter(cell.strip() for row in whole for cell in row)
    n_filled = sum(number for cell, number in cells.items() if cell)
    missing = tuple(mark for mark in _MARKS if n_filled and cells[mark] / n_filled >= _OFTEN)
    columns = {
        name: [row[place].strip() for row in whole if row[place].strip() and row[place].strip() not in missing]
        for place, name in enumerate(header)
    }
    dated = [name for name, values in columns.items() if _is_dated(values)]
    values = [value for name in dated for value in columns[name] if not _ISO.fullmatch(value)]
    return DraftedFormat(tuple(header), _fitting(values), tuple(dated), missing)


def _is_dated(values: Sequence[str]) -> bool:
    alike = sum(bool(_ISO.fullmatch(value) or _LIKE_A_DATE.fullmatch(value)) for value in values)
    return alike > 0 and alike / len(values) >= _MOSTLY


def _fitting(values: Iterable[str]) -> tuple[str, ...]:
    """Return the formats that read all values, or nearly all where none does: single cells may be broken."""
    listed = Counter(values)
    if not listed:
        return ()
    total = sum(listed.values())
    shares = {form: sum(n for value, n in listed.items() if _reads(value, form)) / total for form in _FORMATS}
    best = max(shares.values())
    return tuple(form for form, share in shares.items() if share == best and best >= _MOSTLY)


def _reads(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True
