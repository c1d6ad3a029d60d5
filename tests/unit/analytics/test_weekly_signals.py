"""Weekly signals of a line: the queue of each stage and what concerns the whole line."""

import pandas as pd
import pytest

from orchestration.analytics.weekly_signals import line_signals, stage_weeks

MONDAY = pd.Timestamp("2026-06-22")
LINES = pd.DataFrame({"value_stream_id": ["payments"], "level": ["story"], "workflow_id": ["flow"]})


def metrics(**changes: object) -> pd.DataFrame:
    rows = [
        ("flow.ready", 10, 4.0, 5, 10.0), ("flow.build", 9, None, 5, 0.0), ("flow.to-test", 8, 7.0, 4, 20.0),
        ("flow.test", 4, None, 4, 0.0),
    ]  # fmt: skip
    frame = pd.DataFrame(
        rows, columns=["stage_id", "n_arrivals", "queue_length_mean", "n_visits_ended", "wait_elapsed_days"]
    )
    line = {"value_stream_id": "payments", "level": "story", "week_start": MONDAY, "is_complete": True}
    return frame.assign(**(line | changes))


QUALITY = pd.DataFrame(
    {
        "value_stream_id": ["payments"], "period_start": [MONDAY], "is_complete": [True],
        "n_defects_created": [3], "n_findings_opened": [None],
    }
)  # fmt: skip


def test_a_stage_has_the_queue_arrivals_and_delay_of_the_queues_before_it(one_line_stages):
    weeks = stage_weeks(metrics(), one_line_stages, LINES).set_index("stage_name")
    assert weeks["position"].to_dict() == {"Build": 1, "Test": 2}
    assert weeks.loc["Build", ["queue", "arrivals", "delay"]].tolist() == [4.0, 10.0, 2.0]
    assert weeks.loc["Test", ["queue", "arrivals", "delay"]].tolist() == [7.0, 8.0, 5.0]


def test_a_stage_without_a_queue_has_arrivals_of_its_own_and_no_queue(one_line_stages):
    stages = one_line_stages[one_line_stages["stage_id"] != "flow.to-test"]
    weeks = stage_weeks(metrics(), stages, LINES).set_index("stage_name")
    assert weeks.loc["Test", "arrivals"] == 4.0
    assert weeks.loc["Test", ["queue", "delay"]].isna().all()


def test_lines_that_are_not_asked_for_are_left_out(one_line_stages):
    assert stage_weeks(metrics(level="epic"), one_line_stages, LINES).empty


def test_what_is_not_measured_is_no_signal(one_line_stages):
    signals = line_signals(stage_weeks(metrics(), one_line_stages, LINES), QUALITY)
    values = dict(zip(signals["signal_id"], signals["value"], strict=True))
    assert values == {"flow.build queue": 4.0, "flow.test queue": 7.0, "new work": 10.0, "defects found": 3.0}
    assert signals.set_index("signal_id")["position"].isna().to_dict() == {
        "flow.build queue": False, "flow.test queue": False, "new work": True, "defects found": True,
    }  # fmt: skip


def test_missing_columns_are_named(one_line_stages):
    with pytest.raises(ValueError, match="n_arrivals"):
        stage_weeks(metrics().drop(columns="n_arrivals"), one_line_stages, LINES)
