"""Every check of every suite passes on sound frames and fails on a frame that is spoiled for it.

Belongs here: what each check catches and where its limit lies. Does not belong here: the runner, Data Docs.
"""

from dataclasses import dataclass, replace

import pandas as pd
import pytest

from checks import (
    FINDINGS,
    MEASURES,
    SUITES,
    TABLE_KEYS,
    TABLES_THAT_MAY_BE_EMPTY,
    CheckParameters,
    Severity,
    SuiteDefinition,
    run_suite,
)
from checks.measures import RAW_PORTFOLIO_TABLES

Frames = dict[str, pd.DataFrame]


# The sound frames hold 40 rows of each table that is never empty, and none of the others.
N_NEVER_EMPTY = len(TABLE_KEYS) - len(TABLES_THAT_MAY_BE_EMPTY)


@dataclass(frozen=True)
class Spoil:
    """Set ``values`` in the row of the frame whose first key column is ``row``; no row given: drop all rows.

    severity, n_unexpected and example are what the check has to say about it.
    """

    severity: Severity
    n_unexpected: int
    example: str
    values: dict[str, object]
    row: str | None = None
    n_observed: int | None = None

    def apply(self, frame: pd.DataFrame, key: str) -> pd.DataFrame:
        """Return a spoiled copy."""
        spoiled = frame.copy()
        if not self.values:
            return spoiled.iloc[:0]
        chosen = spoiled[key] == self.row if self.row is not None else spoiled[key].notna()
        assert chosen.any(), f"no row {self.row}"
        for column, value in self.values.items():
            spoiled.loc[chosen, column] = value
        return spoiled


def _found(suite: str, critical: set[str]) -> dict[tuple[str, str], Spoil]:
    return {
        (suite, finding.name): Spoil(
            "critical" if finding.name in critical else "warning",
            3,
            "PAY-1; PAY-2",
            {"n_offending": 3, "examples": "PAY-1; PAY-2"},
            finding.name,
            6120,
        )
        for finding in FINDINGS[suite]
    }


_WARNING_TABLES = {"membership_rules", "work_type_rules"}

BAD: dict[tuple[str, str], Spoil] = {
    ("export_load", "source_read"): Spoil("critical", 1, "rows = 0", {}),
    ("export_load", "records_loaded"): Spoil("critical", 1, "n_records = 0", {"n_records": 0}),
    ("export_load", "records_of_each_source"): Spoil(
        "warning", 1, "source_id = jira-labs, n_records = 0", {"n_records": 0}, "jira-labs", 2
    ),
    ("export_load", "no_source_silent"): Spoil(
        "warning",
        6,
        "source_id = jira-labs, n_days_silent = 26, n_days_silent_usual = 4, n_days_silent_beyond_habit = 6",
        {"n_days_silent": 26, "n_days_silent_beyond_habit": 6},
        "jira-labs",
        2,
    ),
    ("export_load", "no_record_lost"): Spoil(
        "critical", 4, "source_id = jira-labs, n_unaccounted = 4", {"n_unaccounted": 4}, "jira-labs", 6200
    ),
    ("export_load", "every_file_read"): Spoil(
        "critical", 1, "source_id = jira-labs, n_unreadable_files = 1", {"n_unreadable_files": 1}, "jira-labs", 15
    ),
    ("export_load", "quarantined_share"): Spoil(
        "critical",
        7,
        "source_id = jira-labs, n_quarantined = 7, quarantined_share = 0.0101",
        {"n_quarantined": 7, "quarantined_share": 0.0101},
        "jira-labs",
        6200,
    ),
    ("export_load", "nothing_quarantined"): Spoil(
        "warning", 1, "source_id = jira-main, n_quarantined = 1", {"n_quarantined": 1}, "jira-main", 6200
    ),
    ("raw_jira_load", "without_status_share"): Spoil(
        "critical",
        3,
        "source_id = jira-labs, n_without_status = 3, without_status_share = 0.015",
        {"n_without_status": 3, "without_status_share": 0.015},
        "jira-labs",
        6100,
    ),
    ("raw_jira_load", "every_issue_has_status"): Spoil(
        "warning", 1, "source_id = jira-labs, n_without_status = 1", {"n_without_status": 1}, "jira-labs", 6100
    ),
    ("export_load", "export_is_recent"): Spoil(
        "warning", 1, "source_id = jira-labs, days_behind_as_of = 3.1", {"days_behind_as_of": 3.1}, "jira-labs", 2
    ),
    **_found("raw_jira_findings", critical={"issue_key_of_two_issues"}),
    **{
        ("raw_portfolio_tables", f"{table}_has_rows"): Spoil(
            "warning" if table in _WARNING_TABLES else "critical",
            1,
            f"table_name = {table}, n_rows = 0",
            {"n_rows": 0},
            table,
            1,
        )
        for table in RAW_PORTFOLIO_TABLES
    },
    ("raw_portfolio_calendar", "no_day_missing"): Spoil(
        "critical", 2, "n_days_missing = 2", {"n_days_missing": 2}, "portfolio", 540
    ),
    ("raw_portfolio_calendar", "working_days_exist"): Spoil(
        "critical", 1, "n_working_days = 0", {"n_working_days": 0}, "portfolio", 540
    ),
    ("raw_portfolio_calendar", "data_are_recent"): Spoil(
        "warning", 1, "days_since_as_of = 3.1", {"days_since_as_of": 3.1}, "portfolio", 1
    ),
    ("mart_shape", "has_rows"): Spoil(
        "critical",
        1,
        "table_name = flow.fct_work_items, n_rows = 0",
        {"n_rows": 0},
        "flow.fct_work_items",
        N_NEVER_EMPTY,
    ),
    ("mart_shape", "no_duplicate_keys"): Spoil(
        "critical",
        2,
        "table_name = flow.fct_stage_visits, n_key_duplicates = 2",
        {"n_key_duplicates": 2},
        "flow.fct_stage_visits",
        40 * N_NEVER_EMPTY,
    ),
    ("mart_shape", "no_null_keys"): Spoil(
        "critical",
        5,
        "table_name = flow.dim_teams, n_null_keys = 5",
        {"n_null_keys": 5},
        "flow.dim_teams",
        40 * N_NEVER_EMPTY,
    ),
    **_found("mart_findings", critical={finding.name for finding in FINDINGS["mart_findings"]}),
    ("flow_identity", "littles_law_residual"): Spoil(
        "warning",
        1,
        "value_stream_id = payments, littles_law_residual = -0.2501",
        {"littles_law_residual": -0.2501},
        "payments",
        3,
    ),
    ("flow_identity", "throughput_continues"): Spoil(
        "warning",
        1,
        "value_stream_id = payments, wip_last_weeks = 30.1, n_finished_last_weeks = 0",
        {"n_finished_last_weeks": 0},
        "payments",
        2,
    ),
    ("source_coverage", "items_counted"): Spoil(
        "critical", 1, "n_counted_items = 0", {"n_counted_items": 0}, n_observed=6100
    ),
    ("source_coverage", "everything_announced_came"): Spoil(
        "warning", 3, "source_id = jira-labs, n_announced_missing = 3", {"n_announced_missing": 3}, "jira-labs", 2
    ),
    ("source_coverage", "usable_history_share"): Spoil(
        "warning",
        616,
        "source_id = jira-main, n_unusable_history = 616, usable_history_share = 0.89",
        {"usable_history_share": 0.89, "n_unusable_history": 616},
        "jira-main",
        5600,
    ),
    ("source_coverage", "unassigned_share"): Spoil(
        "warning",
        300,
        "source_id = jira-main, n_unassigned = 300, unassigned_share = 0.054",
        {"unassigned_share": 0.054, "n_unassigned": 300},
        "jira-main",
        5600,
    ),
    ("source_coverage", "unmapped_status_share"): Spoil(
        "warning",
        300,
        "source_id = jira-main, n_unmapped_status_items = 300, unmapped_status_share = 0.054",
        {"unmapped_status_share": 0.054, "n_unmapped_status_items": 300},
        "jira-main",
        5600,
    ),
    ("intervention_series", "every_intervention_has_series"): Spoil(
        "warning", 1, "intervention_id = INT-2, metric = wip, n_series_weeks = 0", {"n_series_weeks": 0}, "INT-2", 2
    ),
    ("intervention_series", "baseline_long_enough"): Spoil(
        "warning",
        1,
        "intervention_id = INT-2, metric = wip, n_baseline_weeks = 11",
        {"n_baseline_weeks": 11},
        "INT-2",
        2,
    ),
    ("intervention_series", "few_weeks_missing"): Spoil(
        "warning",
        8,
        "intervention_id = INT-2, metric = wip, n_weeks_missing = 8, missing_share = 0.2667",
        {"n_weeks_missing": 8, "missing_share": 8 / 30},
        "INT-2",
        70,
    ),
}

_BY_NAME = {suite.name: suite for suite in SUITES}


def test_every_check_has_a_bad_example() -> None:
    """A check without one could be one that cannot fail."""
    assert set(BAD) == {(suite.name, check.name) for suite in SUITES for check in suite.checks}


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_suite_passes_on_sound_frames(suite: SuiteDefinition, good_frames: Frames) -> None:
    results = run_suite(suite, good_frames)
    assert [result.check_name for result in results] == [check.name for check in suite.checks]
    assert [result.message for result in results if result.is_failed] == []
    assert {result.n_unexpected for result in results} == {0}
    assert {result.examples for result in results} == {None}


@pytest.mark.parametrize(("suite_name", "check_name"), list(BAD), ids=".".join)
def test_check_fails_on_its_bad_example(suite_name: str, check_name: str, good_frames: Frames) -> None:
    suite, spoil = _BY_NAME[suite_name], BAD[suite_name, check_name]
    good_frames[suite.frame] = spoil.apply(good_frames[suite.frame], MEASURES[suite.frame].key[0])
    alone = replace(suite, checks=tuple(check for check in suite.checks if check.name == check_name))
    (result,) = run_suite(alone, good_frames)
    assert result.is_failed
    assert (result.severity, result.n_unexpected) == (spoil.severity, spoil.n_unexpected)
    assert spoil.example in str(result.examples)
    if spoil.n_observed is not None:
        assert result.n_observed == spoil.n_observed


@pytest.mark.parametrize("suite_name", FINDINGS)
def test_finding_fails_alone(suite_name: str, good_frames: Frames) -> None:
    """A check on one finding neither misses its own row nor looks at another's."""
    suite = _BY_NAME[suite_name]
    for finding in FINDINGS[suite_name][::4]:
        spoil = BAD[suite_name, finding.name]
        frames = {**good_frames, suite.frame: spoil.apply(good_frames[suite.frame], "finding")}
        assert [result.check_name for result in run_suite(suite, frames) if result.is_failed] == [finding.name]


@pytest.mark.parametrize("suite_name", FINDINGS)
def test_finding_names_the_table_that_was_measured(suite_name: str) -> None:
    measured = {finding.name: finding.table for finding in FINDINGS[suite_name]}
    assert {check.name: check.table for check in _BY_NAME[suite_name].checks} == measured


def test_limits_come_from_the_parameters(good_frames: Frames) -> None:
    frames = dict(good_frames)
    frames["export_load"] = frames["export_load"].assign(quarantined_share=0.04)
    suite = _BY_NAME["export_load"]

    def quarantined(parameters: CheckParameters) -> tuple[str, str]:
        result = {result.check_name: result for result in run_suite(suite, frames, parameters)}["quarantined_share"]
        return result.status, result.description

    assert quarantined(CheckParameters()) == (
        "failed",
        "At most 1.0% of a source's records are quarantined.",
    )
    assert quarantined(CheckParameters(max_quarantined_share=0.05)) == (
        "passed",
        "At most 5.0% of a source's records are quarantined.",
    )


def test_lower_end_of_tolerance_comes_from_the_parameters(good_frames: Frames) -> None:
    results = run_suite(_BY_NAME["flow_identity"], good_frames, CheckParameters(littles_law_tolerance=0.2))
    residual = next(result for result in results if result.check_name == "littles_law_residual")
    assert residual.n_unexpected == 2
    assert str(residual.examples).startswith("value_stream_id = lending, littles_law_residual = 0.25; ")


@pytest.mark.parametrize(("name", "value"), [("max_quarantined_share", 1.5), ("max_days_behind", -1)])
def test_limits_that_would_switch_a_check_off_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        CheckParameters(**{name: value})


def test_suites_are_described_and_names_are_unique() -> None:
    """Names become Dagster asset checks and rows of quality.check_results."""
    names = [(suite.name, check.name) for suite in SUITES for check in suite.checks]
    assert len(set(names)) == len(names)
    assert {suite.frame for suite in SUITES} == set(MEASURES)
    for suite in SUITES:
        assert suite.layer == MEASURES[suite.frame].layer
        for check in suite.checks:
            assert check.name.isidentifier()
            assert check.sentence(CheckParameters()).endswith(".")
            assert "{" not in check.sentence(CheckParameters())
