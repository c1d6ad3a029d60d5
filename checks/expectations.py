"""Runs one suite with Great Expectations.

Belongs here: turning a :class:`SuiteDefinition` into an ``ExpectationSuite``, validating a pandas frame in an ephemeral
context, reading what came back. Does not belong here: which checks there are, Data Docs. Importing this module imports
Great Expectations.
"""

import logging
import operator
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any

import pandas as pd

# Read at import: without it every context would report its use to a server.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
from great_expectations.core import (
    ExpectationSuite,
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.row_conditions import Column
from great_expectations.expectations.row_conditions import Condition as RowCondition

from checks.definitions import Check, Condition, Limit, SuiteDefinition
from checks.measures import MEASURES
from checks.parameters import CheckParameters
from checks.results import CheckResult, Status

_MAX_EXAMPLES = 5
_CHECK = "check"

# It announces every asset and suite that is added; the run's own log says what matters.
logging.getLogger("great_expectations").setLevel(logging.WARNING)


class CheckNotEvaluatedError(RuntimeError):
    """Great Expectations could not evaluate a check, so that it neither passed nor failed."""


@dataclass(frozen=True)
class SuiteValidation:
    """What one suite gave: our results, and Great Expectations' own suite and result for Data Docs."""

    definition: SuiteDefinition
    results: tuple[CheckResult, ...]
    suite: ExpectationSuite
    outcome: ExpectationSuiteValidationResult


def validate(definition: SuiteDefinition, frame: pd.DataFrame, parameters: CheckParameters) -> SuiteValidation:
    """Validate a frame that keeps its measure's promise (``checks.frames.checked_frame``)."""
    suite = expectation_suite(definition, parameters)
    batch = _batch_definition(definition.frame).get_batch(batch_parameters={"dataframe": frame})
    named_by = [*MEASURES[definition.frame].key, *_example_columns(definition)]
    outcome = batch.validate(
        suite,
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": named_by},
    )
    by_check = {check_name(item): item for item in outcome.results}
    results = tuple(_result(definition, check, frame, parameters, by_check[check.name]) for check in definition.checks)
    return SuiteValidation(definition, results, suite, outcome)


def check_name(outcome: ExpectationValidationResult) -> str:
    """Tell which of our checks a result of Great Expectations belongs to; it returns them in an order of its own."""
    config = outcome.expectation_config
    return str(config.meta[_CHECK]) if config is not None else ""


def expectation_suite(definition: SuiteDefinition, parameters: CheckParameters) -> ExpectationSuite:
    """Build Great Expectations' suite with the limits filled in."""
    return gx.ExpectationSuite(
        name=definition.name,
        expectations=[_expectation(check, parameters) for check in definition.checks],
        notes=definition.description,
    )


def _expectation(check: Check, parameters: CheckParameters) -> Expectation:
    arguments = {
        name: value.value(parameters) if isinstance(value, Limit) else value for name, value in check.arguments.items()
    }
    if check.where:
        arguments["row_condition"] = reduce(lambda left, right: left & right, map(_row_condition, check.where))
    expectation = getattr(gx.expectations, check.expectation)
    built: Expectation = expectation(
        **arguments,
        severity=check.severity,
        description=f"{check.severity.upper()} · {check.name}: {check.sentence(parameters)}",
        meta={_CHECK: check.name},
    )
    return built


def _row_condition(condition: Condition) -> RowCondition:
    column = Column(condition.column)
    comparisons = {
        "==": column.__eq__,
        ">": column.__gt__,
        ">=": column.__ge__,
        "<": column.__lt__,
        "<=": column.__le__,
    }
    return comparisons[condition.comparison](condition.value)


@cache
def _context() -> EphemeralDataContext:
    """Share one context in memory; it holds no data, only the names of the frames."""
    return gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        ),
    )


@cache
def _batch_definition(frame: str) -> BatchDefinition[Any]:
    asset = _context().data_sources.add_or_update_pandas(f"frame_{frame}").add_dataframe_asset(frame)
    return asset.add_batch_definition_whole_dataframe("whole")


def _example_columns(definition: SuiteDefinition) -> list[str]:
    return sorted({check.examples_column for check in definition.checks if check.examples_column is not None})


def _result(
    definition: SuiteDefinition,
    check: Check,
    frame: pd.DataFrame,
    parameters: CheckParameters,
    outcome: ExpectationValidationResult,
) -> CheckResult:
    if (reason := _exception(outcome.exception_info)) is not None:
        raise CheckNotEvaluatedError(
            f"{definition.name}.{check.name} could not be evaluated: {reason.rstrip('.')}. Correct its definition."
        )
    status: Status = "passed" if outcome.success else "failed"
    offending = frame.iloc[:0] if outcome.success else _offending_rows(definition, frame, outcome)
    return CheckResult(
        layer=definition.layer,
        suite=definition.name,
        table_name=check.table or definition.table,
        check_name=check.name,
        description=check.sentence(parameters),
        severity=check.severity,
        status=status,
        n_observed=_count(_rows_looked_at(check, frame), check.observed_column),
        n_unexpected=0 if outcome.success else max(1, _count(offending, check.unexpected_column)),
        examples=None if outcome.success else _examples(check, offending, outcome),
    )


def _exception(information: Mapping[str, Any]) -> str | None:
    """Read why evaluating failed: Great Expectations says so flat, or once per metric that it needed."""
    parts = [information, *(part for part in information.values() if isinstance(part, Mapping))]
    raised = [str(part["exception_message"]) for part in parts if part.get("raised_exception") is True]
    return raised[0].splitlines()[0] if raised else None


def _rows_looked_at(check: Check, frame: pd.DataFrame) -> pd.DataFrame:
    compare = {"==": operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
    for condition in check.where:
        frame = frame[compare[condition.comparison](frame[condition.column], condition.value)]
    return frame


def _offending_rows(
    definition: SuiteDefinition, frame: pd.DataFrame, outcome: ExpectationValidationResult
) -> pd.DataFrame:
    """Find the frame's rows that an expectation named by their key; none for an expectation about a whole column."""
    named = outcome.result.get("unexpected_index_list")
    if not named:
        return frame.iloc[:0]
    key = list(MEASURES[definition.frame].key)
    return frame.merge(pd.DataFrame(named)[key].drop_duplicates(), on=key)


def _count(rows: pd.DataFrame, column: str | None) -> int:
    return len(rows) if column is None else int(rows[column].sum())


def _examples(check: Check, offending: pd.DataFrame, outcome: ExpectationValidationResult) -> str | None:
    column = check.arguments.get("column")
    if offending.empty:
        observed = outcome.result.get("observed_value")
        return f"{column or 'rows'} = {_shown(observed)}"
    if check.examples_column is not None:
        examples = offending[check.examples_column].dropna()
        return "; ".join(examples) if len(examples) else None
    named = [*check.identify, str(column)]
    rows = offending[named].head(_MAX_EXAMPLES).to_dict("records")
    more = f"; and {len(offending) - _MAX_EXAMPLES} more" if len(offending) > _MAX_EXAMPLES else ""
    return "; ".join(", ".join(f"{name} = {_shown(value)}" for name, value in row.items()) for row in rows) + more


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
