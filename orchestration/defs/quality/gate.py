"""The suites as asset checks: a critical failure stops everything after it, a warning is shown.

Belongs here: one Dagster check per check of a suite. Does not belong here: what is checked (`checks`).
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

import dagster as dg

import checks
from orchestration.defs.resources import RefreshResource
from orchestration.refresh import run_checks

# Checks that look at several tables at once are shown on the table most people read.
_TABLE_OF_MANY = "marts.mart_flow_metrics"
_SEVERITIES = {"critical": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}


def check_key(table: str, suite: str, check: str) -> dg.AssetCheckKey:
    """Return Dagster's key for a check of a schema-qualified table."""
    shown = _TABLE_OF_MANY if "*" in table else table
    return dg.AssetCheckKey(dg.AssetKey(shown.split(".")), f"{suite}__{check}")


def check_specs(layer: checks.Layer) -> list[dg.AssetCheckSpec]:
    """Declare every check of a layer."""
    return [
        dg.AssetCheckSpec(
            name=check_key("", suite.name, check.name).name,
            asset=check_key(check.table or suite.table, suite.name, check.name).asset_key,
            description=check.sentence(checks.CheckParameters()),
            blocking=check.severity == "critical",
        )
        for suite in checks.suites_of_layer(layer)
        for check in suite.checks
    ]


def check_events(report: checks.CheckReport, selected: AbstractSet[dg.AssetCheckKey]) -> Iterator[dg.AssetCheckResult]:
    """Yield one result per selected check, then fail the step if a critical one failed, naming each with its rows."""
    for result in report.results:
        key = check_key(result.table_name, result.suite, result.check_name)
        if key in selected:
            yield dg.AssetCheckResult(
                asset_key=key.asset_key,
                check_name=key.name,
                passed=not result.is_failed,
                severity=_SEVERITIES[result.severity],
                description=result.message,
                metadata={
                    "observed": result.n_observed,
                    "unexpected": result.n_unexpected,
                    "examples": result.examples or "",
                },
            )
    if report.has_critical_failures:
        raise dg.Failure("\n".join(report.messages("critical")), allow_retries=False)


# A suite always runs as a whole; can_subset only lets a run in the UI ask for the results of a few tables.
@dg.multi_asset_check(name="check_raw", specs=check_specs("raw"), pool="warehouse", can_subset=True)
def raw_checks(context: dg.AssetCheckExecutionContext, refresh: RefreshResource) -> Iterator[dg.AssetCheckResult]:
    """Do the exports and the portfolio look as they should?"""
    yield from check_events(run_checks(refresh.build, "raw"), context.selected_asset_check_keys)


@dg.multi_asset_check(name="check_marts", specs=check_specs("marts"), pool="warehouse", can_subset=True)
def mart_checks(context: dg.AssetCheckExecutionContext, refresh: RefreshResource) -> Iterator[dg.AssetCheckResult]:
    """Do the facts and marts hold together?"""
    yield from check_events(run_checks(refresh.build, "marts"), context.selected_asset_check_keys)
