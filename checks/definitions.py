"""The words in which suites are written.

Belongs here: what a check and a suite are, as plain data that can be listed and documented without Great Expectations.
Does not belong here: the suites (``checks.suites``), the frames (``checks.measures``), running them
(``checks.runner``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from checks.parameters import CheckParameters

Layer = Literal["raw", "marts"]
Severity = Literal["critical", "warning"]
Comparison = Literal["==", ">", ">=", "<", "<="]


@dataclass(frozen=True)
class Limit:
    """A value taken from :class:`CheckParameters` when a suite runs; ``sign`` -1 gives the lower end of a ± limit."""

    parameter: str
    sign: Literal[1, -1] = 1

    def value(self, parameters: CheckParameters) -> float:
        """Read the limit, with its sign."""
        return float(getattr(parameters, self.parameter)) * self.sign


@dataclass(frozen=True)
class Condition:
    """Restricts a check to the rows of its frame where ``column`` compares so with ``value``."""

    column: str
    comparison: Comparison
    value: str | float


@dataclass(frozen=True)
class Check:
    """One expectation.

    name: what it is called in ``quality.check_results``, unique within its suite.
    severity: ``critical`` stops the publish, ``warning`` is shown.
    description: a sentence that is true when the check passes; may name parameters, e.g. ``{max_days_behind:g}``.
    expectation: the class of ``great_expectations.expectations``.
    arguments: that class's arguments; a :class:`Limit` is replaced by its value.
    where: rows that the expectation looks at (all conditions together); none means every row.
    identify: columns of the frame that name an offending row to a reader.
    observed_column, unexpected_column: columns of the frame that hold how many rows of the warehouse were looked at,
        and how many of them offend; without them the frame's own rows are counted.
    examples_column: column that already holds examples as text; without it ``identify`` and the value make them.
    table: the warehouse table that is checked, if it is not the suite's.
    """

    name: str
    severity: Severity
    description: str
    expectation: str
    arguments: Mapping[str, object]
    where: tuple[Condition, ...] = ()
    identify: tuple[str, ...] = ()
    observed_column: str | None = None
    unexpected_column: str | None = None
    examples_column: str | None = None
    table: str | None = None

    def sentence(self, parameters: CheckParameters) -> str:
        """Fill the limits into the description."""
        return self.description.format(**vars(parameters))


@dataclass(frozen=True)
class SuiteDefinition:
    """Checks that look at one frame.

    layer: ``raw`` runs before the transformation, ``marts`` after it.
    table: schema-qualified warehouse table that the frame measures.
    frame: name of the measure (:data:`checks.MEASURES`).
    """

    name: str
    layer: Layer
    table: str
    frame: str
    description: str
    checks: tuple[Check, ...] = field(default=())


def no_finding(finding: str, table: str, severity: Severity, description: str) -> Check:
    """Expect that a finding was counted and that its count is 0 (the frame has one row per finding)."""
    return Check(
        name=finding,
        severity=severity,
        description=description,
        expectation="ExpectColumnValuesToBeBetween",
        arguments={"column": "n_offending", "max_value": 0},
        where=(Condition("finding", "==", finding),),
        identify=("finding",),
        observed_column="n_examined",
        unexpected_column="n_offending",
        examples_column="examples",
        table=table,
    )
