"""What the tables of the warehouse mean, column by column, to be looked up.

Belongs here: putting the published column dictionary in reading order. Does not belong here: the words themselves
(they are said once, beside each model and each analysis).
"""

import re
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final

import pandas as pd

from orchestration.reports.blocks import Block, Cell, Column, Entry, Notice, SearchField, Section, Table, Words
from orchestration.reports.wording import counted, is_missing, sentence_start

# Sections in reading order: what an analyst asks first comes first.
_KINDS: Final = (
    ("marts", "Marts: metrics per scope and period", "mart_"),
    ("facts", "Facts: one row per thing that happened", "fct_"),
    ("dimensions", "Dimensions: what facts and marts refer to", "dim_"),
    ("analyses", "Analyses: statistics on the marts", ""),
)
# A number of which neither is said is good at no end.
_BETTER: Final = {"up": "higher is better", "down": "lower is better"}
_HOW_TO_READ: Final = (
    "NULL means “cannot be measured”, 0 means “measured, none”; where there is more to say, it stands under the "
    "column’s meaning.",
    "The same words lie in the warehouse: select * from column_dictionary where table_name = 'mart_flow_metrics'.",
)


def sections(dictionary: pd.DataFrame) -> tuple[Section, ...]:
    """A search field, then every table under the kind it is of; tables without rows in the dictionary are not told."""
    if dictionary.empty:
        return (Section("tables", "Tables", (Notice("This generation holds no column dictionary.", tone="warning"),)),)
    made = [Section("find", "Look up a column", (SearchField("Words in names or meanings", "cycle time"), *_reading()))]
    rest = dictionary
    for anchor, heading, prefix in _KINDS:
        is_of_kind = rest["table_name"].astype(str).str.startswith(prefix)
        if is_of_kind.any():
            made.append(Section(anchor, heading, tuple(_entries(rest[is_of_kind]))))
        rest = rest[~is_of_kind]
    return tuple(made)


def size(dictionary: pd.DataFrame) -> str:
    """How much there is to look up: "28 tables with 554 columns"."""
    return (
        f"{counted(dictionary['table_name'].nunique(), 'table')} with {counted(len(dictionary), 'column')}"
        if len(dictionary)
        else "No tables"
    )


def _reading() -> tuple[Block, ...]:
    return (Words(_HOW_TO_READ),)


def _entries(of_kind: pd.DataFrame) -> Iterator[Entry]:
    for name, rows in of_kind.groupby("table_name", sort=True):
        first = rows.iloc[0]
        grain, description = _text(first["grain"]), _text(first["table_description"])
        # Most descriptions end with the grain, in these words or others; it stands above them.
        description = re.sub(r"\s*One row per [^.]*\.$", "", description)
        yield Entry(
            anchor=str(name),
            name=str(name),
            summary=grain or description,
            paragraphs=tuple(text for text in (_text(first["question"]), description) if text),
            table=_columns_table(str(name), rows.sort_values("column_position")),
        )


def _columns_table(name: str, rows: pd.DataFrame) -> Table:
    cells = tuple(
        (
            Cell(_text(row["column_name"]), note=_text(row["data_type"])),
            Cell(_text(row["description"]), note=_values_told(row) or None),
            Cell(_text(row["unit"]), note=_BETTER.get(_text(row["direction"]))),
        )
        for row in rows.to_dict("records")
    )
    heads = (Column("Column"), Column("Meaning", is_prose=True), Column("Unit"))
    return Table(f"{counted(len(rows), 'column')} of {name}", heads, cells)


def _values_told(row: Mapping[Hashable, Any]) -> str:
    """What NULL and 0 stand for in this column, a line each."""
    told = (("NULL", _text(row["when_null"])), ("0", _text(row["when_zero"])))
    return "\n".join(f"{value}: {sentence_start(text).rstrip('.')}." for value, text in told if text)


def _text(value: object) -> str:
    """The words as a page has them: a value that is set between backticks in the `.yml` gets quotation marks."""
    return "" if is_missing(value) else re.sub(r"`([^`]+)`", r"“\1”", str(value))
