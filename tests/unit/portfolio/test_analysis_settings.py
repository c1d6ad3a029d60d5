"""Thresholds under `analysis` in portfolio.yaml: the documented defaults are those of the methods."""

import dataclasses
from pathlib import Path

import pytest
import yaml

from orchestration.analysis_steps.constraints import declaration_settings
from orchestration.analysis_steps.intervention_settings import stable_shift_settings
from orchestration.analytics.constraint_declaration import WINDOWS_WEEKS, DeclarationSettings
from orchestration.analytics.constraint_history import HistorySettings
from orchestration.analytics.constraint_scope import ScopeSettings
from orchestration.analytics.constraint_sensitivity import SensitivitySettings
from orchestration.analytics.flow_time_change import FlowTimeChangeSettings
from orchestration.analytics.hand_off_ranking import HandOffSettings
from orchestration.analytics.stable_shift import StableShiftSettings
from orchestration.analytics.waiting_sums import WaitingSettings
from orchestration.portfolio import PortfolioError, load_portfolio
from orchestration.portfolio.constraint_settings import ConstraintThresholds
from orchestration.portfolio.stable_shift_settings import StableShiftThresholds

EXAMPLE = Path(__file__).parents[3] / "orchestration" / "portfolio" / "example" / "portfolio.yaml"


def test_defaults_are_those_of_the_methods():
    thresholds = ConstraintThresholds()
    assert declaration_settings(thresholds) == DeclarationSettings()
    assert thresholds.windows_weeks == WINDOWS_WEEKS
    history, scope = HistorySettings(), ScopeSettings()
    assert (thresholds.eliminated_below, thresholds.eliminated_after_weeks) == (history.max_probability, history.weeks)
    assert (thresholds.system_wide_share, thresholds.system_wide_levels) == (scope.min_stream_share, scope.min_levels)
    assert thresholds.min_waits == WaitingSettings().min_waits
    assert thresholds.min_hand_offs == HandOffSettings().min_hand_offs
    assert thresholds.sensitivity_replications == SensitivitySettings().n_replications
    assert thresholds.min_items_per_increment == FlowTimeChangeSettings().min_items


def test_every_threshold_of_the_verdict_can_be_set():
    assert {field.name for field in dataclasses.fields(DeclarationSettings)} <= set(ConstraintThresholds.model_fields)


def test_the_stable_shift_has_the_published_parameters_and_all_can_be_set():
    assert stable_shift_settings(StableShiftThresholds()) == StableShiftSettings()
    assert list(StableShiftThresholds.model_fields) == [field.name for field in dataclasses.fields(StableShiftSettings)]


def test_the_example_mentions_every_key_with_its_default():
    text = EXAMPLE.read_text(encoding="utf-8")
    block = [line[2:] for line in text[text.index("# analysis:") :].splitlines() if line.startswith("# ")]
    end = next(number for number, line in enumerate(block) if number and not line.startswith(" "))
    written = yaml.safe_load("\n".join(block[:end]))
    assert written["analysis"]["constraints"] == ConstraintThresholds().model_dump()
    assert written["analysis"]["stable_shift"] == StableShiftThresholds().model_dump()


def test_what_is_set_is_read_and_the_rest_keeps_its_default(write_portfolio, change):
    text = change("keep_generations: 3", "keep_generations: 3\nanalysis: {constraints: {min_probability: 0.9}}")
    read = load_portfolio(write_portfolio(text)).analysis.constraints
    assert read.model_dump() == ConstraintThresholds().model_dump() | {"min_probability": 0.9}


@pytest.mark.parametrize(
    ("written", "key", "said"),
    [
        ("{constraints: {min_probabilty: 0.9}}", "analysis.constraints.min_probabilty", "Did you mean"),
        ("{constraints: {min_probability: 80}}", "analysis.constraints.min_probability", "80"),
        ("{constraints: {window_weeks: 5}}", "analysis.constraints.window_weeks", "5"),
        ("{constraints: {lead_confidence: 1}}", "analysis.constraints.lead_confidence", "1"),
        ("{constraints: {window_weeks: 26}}", "analysis.constraints.long_window_weeks", "Make the long window"),
        ("{constraints: {min_weeks: 15}}", "analysis.constraints.window_weeks", "nothing could ever be declared"),
        (
            "{constraints: {min_weeks: 15, window_weeks: 8, long_window_weeks: 20}}",
            "analysis.constraints.window_weeks",
            "nothing could ever be declared",
        ),
        ("{stable_shift: {n_min: 10}}", "analysis.stable_shift.n_min_trial", "more than 'n_min' (10)"),
        ("{stable_shift: {runlength: 8}}", "analysis.stable_shift.runlength", "Did you mean"),
        ("{constraint: {}}", "analysis.constraint", "Did you mean 'constraints'?"),
    ],
)
def test_a_wrong_threshold_is_told_with_line_and_key(written, key, said, write_portfolio, change):
    text = change("keep_generations: 3", f"keep_generations: 3\nanalysis: {written}")
    with pytest.raises(PortfolioError) as caught:
        load_portfolio(write_portfolio(text))
    (problem,) = caught.value.problems
    assert problem.key == key
    assert problem.line == text[: text.index("analysis:")].count("\n") + 1
    assert said in str(problem)
