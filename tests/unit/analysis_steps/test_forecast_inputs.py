"""What the forecasts of a refresh are given."""

import numpy as np
import pandas as pd

from orchestration.analysis_steps.forecasts import counted_queues, current_phases, refusals_of_parents, trend_series
from orchestration.analytics.stable_shift import StableShiftSettings

WEEKS = pd.date_range("2025-01-06", periods=60, freq="7D")


def flow(values: np.ndarray, level: str = "story", **columns: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "scope_type": "value_stream", "scope_id": "payments", "level": level, "period_start": WEEKS[: len(values)],
            "is_complete": True, "n_finished": values, "p85_age_calendar_days": 20, "p50_cycle_time_calendar_days": 9,
            "wip_mean": 14.5,
        }
    ).assign(**columns)  # fmt: skip


def test_a_lasting_shift_begins_the_current_phase_whichever_way_it_goes() -> None:
    noise = np.random.default_rng(3).integers(-2, 3, 60)
    better = current_phases(flow(np.where(np.arange(60) < 30, 10, 20) + noise))
    worse = current_phases(flow(np.where(np.arange(60) < 30, 20, 10) + noise))
    for found in (better, worse):
        (start,) = found["phase_start"]
        assert abs((start - WEEKS[30]).days) <= 14
    assert current_phases(flow(10 + noise)).empty
    # A shift must last as long as the portfolio says.
    doubled = flow(np.where(np.arange(60) < 30, 10, 20) + noise)
    assert current_phases(doubled, StableShiftSettings(run_length=52)).empty


def test_a_week_that_is_not_complete_begins_no_phase_and_nothing_finished_at_all_none() -> None:
    values = np.r_[np.full(45, 10), np.full(15, 30)] + np.random.default_rng(3).integers(-2, 3, 60)
    running = flow(values, is_complete=np.arange(60) < 45)
    assert current_phases(running).empty
    assert current_phases(flow(np.zeros(60))).empty
    assert current_phases(flow(values).iloc[:0]).empty


def test_backlogs_of_ideas_stand_ins_and_teams_are_no_queues_to_forecast() -> None:
    stages = pd.DataFrame(
        {
            "stage_id": ["ideas", "ready", "unmapped", "build"],
            "is_counted": [False, True, True, True],
            "is_cancelled": False,
            "is_unmapped": [False, False, True, False],
        }
    )
    weeks = pd.DataFrame(
        {
            "scope_type": ["value_stream"] * 4 + ["team"],
            "stage_id": ["ideas", "ready", "unmapped", "build", "ready"],
            "stage_kind": ["queue", "queue", "queue", "active", "queue"],
        }
    )
    assert counted_queues(weeks, stages).index.tolist() == [1]


def test_each_scope_has_four_series_and_each_queue_one() -> None:
    queues = pd.DataFrame(
        {
            "scope_type": "value_stream", "scope_id": "payments", "level": "story", "stage_id": "ready",
            "week_start": WEEKS[:2], "is_complete": True, "queue_length_mean": [3.5, 4.5],
        }
    )  # fmt: skip
    series = trend_series(queues, flow(np.array([1, 2])))
    assert series.groupby("metric").size().to_dict() == {
        "age": 2, "cycle_time": 2, "queue_length": 2, "throughput": 2, "wip": 2,
    }  # fmt: skip
    assert series.loc[series["metric"] == "queue_length", "stage_id"].tolist() == ["ready", "ready"]
    assert series.loc[series["metric"] != "queue_length", "stage_id"].isna().all()


def test_dates_of_parents_are_refused_with_the_throughput_of_the_level_of_most_children() -> None:
    parents = pd.DataFrame(
        {"work_item_id": ["f", "e"], "scope_type": "value_stream", "scope_id": "payments", "level": ["feature", "epic"]}
    )
    children = pd.DataFrame(
        {
            "work_item_id": ["a", "b", "c", "f", "g"],
            "parent_work_item_id": ["f", "f", "e", "e", "e"],
            "level": ["story", "story", "story", "feature", "feature"],
        }
    )
    throughput = pd.DataFrame(
        {
            "scope_type": "value_stream", "scope_id": "payments", "level": ["story", "story", "feature"],
            "horizon_weeks": [4, 8, 4], "withheld_reason": ["a shift", "a shift", None],
        }
    )  # fmt: skip
    found = refusals_of_parents(parents, children, throughput).set_index("level")["withheld_reason"]
    assert found["feature"] == "a shift"
    assert pd.isna(found["epic"])
