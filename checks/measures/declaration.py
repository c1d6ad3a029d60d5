"""How a measure declares its frame.

Belongs here: the shape of a declaration. Does not belong here: any measure (``measures.raw``, ``measures.marts``).
"""

from dataclasses import dataclass
from typing import Literal

from checks.definitions import Layer

ColumnKind = Literal["text", "count", "number", "share"]


@dataclass(frozen=True)
class MeasureColumn:
    """One column: ``count`` is a whole number, 0 or more, ``share`` and ``number`` are numbers, ``text`` a string.

    That a share lies between 0 and 1 is left to the checks.

    A NULL where ``is_nullable`` is false means that the measurement failed, not that the data is bad.
    """

    name: str
    kind: ColumnKind
    meaning: str
    is_nullable: bool = False


@dataclass(frozen=True)
class Measure:
    """One small frame.

    key: columns that name a row; no two rows may share them.
    rows: values of the first key column that must all be there, and no others; empty if the rows depend on the data.
    """

    name: str
    layer: Layer
    grain: str
    columns: tuple[MeasureColumn, ...]
    key: tuple[str, ...]
    rows: tuple[str, ...] = ()

    @property
    def column_names(self) -> tuple[str, ...]:
        """Column names in their order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class Finding:
    """One row of a findings frame: a kind of defect that SQL counts.

    table: the warehouse table looked at.
    examined: which rows ``n_examined`` counts.
    offending: which of them ``n_offending`` counts.
    example: what one entry of ``examples`` shows.
    """

    name: str
    table: str
    examined: str
    offending: str
    example: str


FINDING_COLUMNS = (
    MeasureColumn("finding", "text", "name of the finding"),
    MeasureColumn("n_examined", "count", "rows looked at; 0 if there were none"),
    MeasureColumn("n_offending", "count", "all rows that offend, not only those shown"),
    MeasureColumn(
        "examples", "text", "up to five offending rows as text, ordered, joined by '; '; NULL if none", is_nullable=True
    ),
)


def findings_measure(name: str, layer: Layer, findings: tuple[Finding, ...]) -> Measure:
    """Declare the frame with one row per finding; a finding that was not counted is a missing row."""
    return Measure(
        name=name,
        layer=layer,
        grain="one row per finding, also where nothing offends",
        columns=FINDING_COLUMNS,
        key=("finding",),
        rows=tuple(finding.name for finding in findings),
    )
