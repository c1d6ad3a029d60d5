"""Running a layer: counts, sentences, the frame for quality.check_results, and what cannot be evaluated.

Belongs here: reports. Does not belong here: what single checks catch (``test_check_suites``).
"""

import dataclasses
import subprocess
import sys

import pandas as pd
import pytest

from checks import SUITES, Check, CheckReport, CheckResult, SuiteDefinition, run_layer, run_suite, suites_of_layer
from checks.expectations import CheckNotEvaluatedError

Frames = dict[str, pd.DataFrame]

CONTRACT = [
    "layer",
    "suite",
    "table_name",
    "check_name",
    "description",
    "severity",
    "status",
    "n_observed",
    "n_unexpected",
    "examples",
]


def _spoil(frame: pd.DataFrame, finding: str, n_offending: int, examples: str) -> pd.DataFrame:
    chosen = frame["finding"] == finding
    return frame.assign(
        n_offending=frame["n_offending"].mask(chosen, n_offending),
        examples=frame["examples"].mask(chosen, examples),
    )


def test_sound_layers_pass_every_check(good_frames: Frames) -> None:
    report = CheckReport.combined([run_layer("raw", good_frames), run_layer("marts", good_frames)])
    assert report.n_passed == sum(len(suite.checks) for suite in SUITES)
    assert (report.n_warned, report.n_failed, report.has_critical_failures) == (0, 0, False)
    assert report.messages() == ()


def test_warning_does_not_block_and_critical_does(good_frames: Frames) -> None:
    frames = dict(good_frames)
    frames["raw_jira_findings"] = _spoil(frames["raw_jira_findings"], "status_unmapped", 2, "jira-main:Parked (12)")
    warned = run_layer("raw", frames)
    assert (warned.n_warned, warned.n_failed, warned.has_critical_failures) == (1, 0, False)
    frames["raw_jira_findings"] = _spoil(frames["raw_jira_findings"], "issue_key_of_two_issues", 1, "jira-main:PAY-7")
    blocked = run_layer("raw", frames)
    assert (blocked.n_warned, blocked.n_failed, blocked.has_critical_failures) == (1, 1, True)
    assert blocked.n_passed == warned.n_passed - 1


def test_messages_are_sentences_with_critical_ones_first(good_frames: Frames) -> None:
    frames = dict(good_frames)
    frames["export_load"] = frames["export_load"].assign(n_quarantined=[1204, 0], quarantined_share=[0.2, 0.0])
    report = run_layer("raw", frames)
    place = "quality.quarantined_records, export_load"
    critical = (
        f"{place}.quarantined_share: critical, “At most 1.0% of a source's records are quarantined” does not hold "
        "(1,204 of 6,200: source_id = jira-main, n_quarantined = 1204, quarantined_share = 0.2)."
    )
    warning = (
        f"{place}.nothing_quarantined: warning, “No record is quarantined” does not hold "
        "(1,204 of 6,200: source_id = jira-main, n_quarantined = 1204)."
    )
    assert report.messages() == (critical, warning)
    assert report.messages("warning") == (warning,)


def test_examples_are_cut_after_five_rows(good_frames: Frames) -> None:
    frames = dict(good_frames)
    one = frames["intervention_series"].iloc[[0]]
    frames["intervention_series"] = pd.concat(
        [one.assign(intervention_id=f"INT-{number}", n_baseline_weeks=number) for number in range(7)]
    )
    suite = next(suite for suite in SUITES if suite.name == "intervention_series")
    result = {result.check_name: result for result in run_suite(suite, frames)}["baseline_long_enough"]
    assert result.n_unexpected == 7
    assert str(result.examples).count("intervention_id = ") == 5
    assert str(result.examples).endswith("; and 2 more")


def test_frame_has_the_columns_of_check_results(good_frames: Frames) -> None:
    frames = dict(good_frames)
    frames["mart_findings"] = _spoil(frames["mart_findings"], "negative_wip", 3, "payments, story, 2026-03-02 (-1)")
    rows = run_layer("marts", frames).frame()
    assert list(rows.columns) == CONTRACT
    assert len(rows) == sum(len(suite.checks) for suite in suites_of_layer("marts"))
    assert set(rows["layer"]) == {"marts"}
    failed = rows[rows["status"] == "failed"].iloc[0]
    assert failed[["suite", "table_name", "check_name", "severity"]].tolist() == [
        "mart_findings",
        "marts.mart_flow_metrics",
        "negative_wip",
        "critical",
    ]
    assert (failed["n_observed"], failed["n_unexpected"]) == (6120, 3)
    assert failed["examples"] == "payments, story, 2026-03-02 (-1)"
    assert rows.loc[rows["status"] == "passed", "examples"].isna().all()


def test_empty_report_gives_a_frame_of_the_same_types(good_frames: Frames) -> None:
    full = run_layer("raw", good_frames, definitions=suites_of_layer("raw")[:1]).frame()
    assert CheckReport(()).frame().dtypes.to_dict() == full.dtypes.to_dict()


def test_result_without_rows_looked_at_reads_well() -> None:
    result = CheckResult("raw", "s", "raw_jira.issues", "c", "Issues came.", "critical", "failed", 0, 1, "rows = 0")
    assert result.message == "raw_jira.issues, s.c: critical, “Issues came” does not hold (1: rows = 0)."
    passed = dataclasses.replace(result, status="passed", n_unexpected=0, examples=None)
    assert passed.message == "raw_jira.issues, s.c: passed (Issues came)."


def test_suites_of_another_layer_are_refused(good_frames: Frames) -> None:
    with pytest.raises(ValueError, match=r"raw_jira_load.* do not belong to the layer marts"):
        run_layer("marts", good_frames, definitions=suites_of_layer("raw"))


def test_check_that_cannot_be_evaluated_neither_passes_nor_fails(good_frames: Frames) -> None:
    wrong = Check(
        "wrong", "warning", "It holds.", "ExpectColumnValuesToBeBetween", {"column": "no_such_column", "max_value": 0}
    )
    suite = SuiteDefinition("wrong", "raw", "raw_jira.issues", "raw_jira_load", "Is it?", (wrong,))
    with pytest.raises(CheckNotEvaluatedError, match=r"wrong\.wrong could not be evaluated"):
        run_suite(suite, good_frames)


def test_importing_the_package_does_not_import_great_expectations() -> None:
    """The import takes seconds, and loading the code location imports this package."""
    program = "import sys, checks; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
