"""What running checks yields, ready to be written to ``quality.check_results`` and to be read by a person.

Belongs here: results, counts, sentences. Does not belong here: running anything, writing anything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from checks.definitions import Layer, Severity

Status = Literal["passed", "failed"]

# Columns of quality.check_results but for refresh_id and checked_at, which the caller adds.
_COLUMN_TYPES = {
    "layer": "str",
    "suite": "str",
    "table_name": "str",
    "check_name": "str",
    "description": "str",
    "severity": "str",
    "status": "str",
    "n_observed": "int64",
    "n_unexpected": "int64",
    "examples": "str",
}


@dataclass(frozen=True)
class CheckResult:
    """One check of one run.

    n_observed: rows looked at; n_unexpected: how many of them offend (0 if the check passed).
    examples: some offending rows as text, None if there are none.
    """

    layer: Layer
    suite: str
    table_name: str
    check_name: str
    description: str
    severity: Severity
    status: Status
    n_observed: int
    n_unexpected: int
    examples: str | None

    @property
    def is_failed(self) -> bool:
        """Whether the check failed, of whatever severity."""
        return self.status == "failed"

    @property
    def message(self) -> str:
        """Say in one sentence which check failed on what, or that it passed."""
        place = f"{self.table_name}, {self.suite}.{self.check_name}"
        expected = self.description.rstrip(".")
        if not self.is_failed:
            return f"{place}: passed ({expected})."
        of = f" of {self.n_observed:,}" if self.n_observed >= self.n_unexpected else ""
        shown = f": {self.examples}" if self.examples else ""
        return f"{place}: {self.severity}, “{expected}” does not hold ({self.n_unexpected:,}{of}{shown})."


@dataclass(frozen=True)
class CheckReport:
    """The results of one layer, or of several after :meth:`combined`."""

    results: tuple[CheckResult, ...]

    @classmethod
    def combined(cls, reports: Iterable["CheckReport"]) -> "CheckReport":
        """Put the results of several layers behind one another."""
        return cls(tuple(result for report in reports for result in report.results))

    @classmethod
    def of_rows(cls, rows: Iterable[Mapping[str, Any]]) -> "CheckReport":
        """Read back rows of ``quality.check_results``."""
        return cls(tuple(CheckResult(**{name: row[name] for name in _COLUMN_TYPES}) for row in rows))

    @property
    def n_passed(self) -> int:
        """Checks that passed."""
        return sum(not result.is_failed for result in self.results)

    @property
    def n_warned(self) -> int:
        """Failed checks of severity ``warning``."""
        return sum(result.is_failed and result.severity == "warning" for result in self.results)

    @property
    def n_failed(self) -> int:
        """Failed checks of severity ``critical``."""
        return sum(result.is_failed and result.severity == "critical" for result in self.results)

    @property
    def has_critical_failures(self) -> bool:
        """Whether anything forbids publishing."""
        return self.n_failed > 0

    def messages(self, severity: Severity | None = None) -> tuple[str, ...]:
        """One sentence per failed check, critical ones first; of one severity if given."""
        failed = [result for result in self.results if result.is_failed and severity in (None, result.severity)]
        return tuple(result.message for result in sorted(failed, key=lambda result: result.severity != "critical"))

    def frame(self) -> pd.DataFrame:
        """Rows for ``quality.check_results``, one per check, in the order they ran; same types also when empty."""
        rows = [{name: getattr(result, name) for name in _COLUMN_TYPES} for result in self.results]
        return pd.DataFrame(rows, columns=list(_COLUMN_TYPES)).astype(_COLUMN_TYPES)
