"""How many items by a date, when a backlog is done, and when neither is said."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.analytics.delivery_forecast import (
    COLUMNS,
    DEFAULT_SETTINGS,
    PathsDone,
    blocks_for,
    forecast_throughput,
    items_at_confidence,
    items_within,
    paths_done_by_week,
    refusal,
)
from orchestration.analytics.week_blocks import block_positions, draw_block_uniforms

MONDAY = pd.Timestamp("2025-01-06")
QUICK = replace(DEFAULT_SETTINGS, n_paths=1000, n_backtest_paths=200, max_origins=6)


def throughput(finished: list[int] | np.ndarray, **columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "scope_type": "value_stream",
            "scope_id": "payments",
            "level": "story",
            "period_start": pd.date_range(MONDAY, periods=len(finished), freq="7D"),
            "is_complete": True,
            "n_finished": finished,
        }
    )
    return frame.assign(**columns)


def forecast(frame: pd.DataFrame, phases: pd.DataFrame | None = None, chosen: Any = QUICK) -> pd.DataFrame:
    return forecast_throughput(frame, phases, generator=np.random.default_rng(4), settings=chosen)


STEADY = [3, 5, 4, 6, 2, 4, 5, 3, 4, 4, 6, 3]


def test_the_confidences_are_on_the_careful_side() -> None:
    # One of four paths is done in each of the weeks 1 to 4, and one reaches 1, 2, 3 and 4 items.
    assert PathsDone(np.array([0, 1, 2, 3, 4]), 4).week_at(0.75) == 3
    assert items_at_confidence(np.array([1.0, 2.0, 3.0, 4.0]), 0.75) == 2
    assert PathsDone(np.array([0, 1, 2, 2]), 4).week_at(0.85) == math.inf


def test_the_rank_of_a_week_counts_half_of_the_paths_done_in_it() -> None:
    done = PathsDone(np.array([0, 1, 4]), 4)
    assert [done.rank_of(week) for week in (1, 2, 3)] == [0.125, 0.625, 1.0]


def test_a_certain_pace_gives_certain_dates() -> None:
    uniforms = draw_block_uniforms(np.random.default_rng(1), 50, 30)

    def week_of(backlog: float) -> float:
        return paths_done_by_week(np.full(9, 2.0), np.full(50, backlog), uniforms).week_at(1.0)

    assert [week_of(backlog) for backlog in (7.0, 0.0, 60.0, 61.0)] == [4, 0, 30, math.inf]
    assert (items_within(np.full(9, 2.0), 5, uniforms) == 10).all()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 9), min_size=3, max_size=12), st.integers(1, 40), st.sampled_from([1, 2, 3]))
def test_the_stretches_are_one_path(samples: list[int], backlog: int, block: int) -> None:
    uniforms = draw_block_uniforms(np.random.default_rng(2), 40, 26)
    values, to_do = np.array(samples, dtype=float), np.full(40, float(backlog))
    progress = values[block_positions(uniforms, values.size, 26, block)].cumsum(axis=1)
    expected = [0, *(progress >= backlog).sum(axis=0)]
    n_done = paths_done_by_week(values, to_do, uniforms, block).n_done.tolist()
    assert n_done == expected[: len(n_done)]
    assert len(n_done) == len(expected) or n_done[-1] == 40
    # Followed for a share of the paths, the counts end with the week by which it is done.
    followed = paths_done_by_week(values, to_do, uniforms, block, followed=0.85).n_done.tolist()
    assert followed == expected[: len(followed)]
    assert len(followed) == len(expected) or followed[-1] >= 34 > followed[-2]
    # The N-th item is done by a week exactly where N or more are done by it.
    for week in (1, 8):
        assert (items_within(values, week, uniforms, block) >= backlog).sum() == expected[week]


def test_weeks_that_resemble_their_neighbours_are_drawn_together() -> None:
    assert blocks_for(np.array(STEADY, dtype=float)) == 1
    assert blocks_for(np.repeat([2.0, 8.0, 2.0, 8.0], 6)) == 3
    assert blocks_for(np.full(10, 3.0)) == 1


def test_nothing_is_said_from_few_weeks_or_none_finished_or_an_unexplained_change() -> None:
    assert refusal(np.array(STEADY[:7], dtype=float)) == "7 complete weeks in the current phase, at least 8 needed"
    assert refusal(np.array(STEADY[:8], dtype=float)) is None
    assert refusal(np.zeros(10)) == "nothing was finished in the 10 weeks of the current phase"
    spike = np.array([*STEADY, 14], dtype=float)
    assert refusal(spike) == (
        "the last 8 weeks of throughput hold a point outside the limits: "
        "the weeks before are no guide until that is explained"
    )
    # Once it lies 8 weeks back it is history that may come again.
    assert refusal(np.concatenate([spike, np.array(STEADY[:8])])) is None
    assert "a shift" in str(refusal(np.array([2, 3, 2, 3, 2, 3, 2, 3, 7, 8, 7, 8, 7, 8, 7, 8], dtype=float)))
    assert refusal(np.full(9, 4.0)) is None


def test_one_row_per_scope_and_horizon() -> None:
    found = forecast(throughput(STEADY * 2))
    assert tuple(found.columns) == COLUMNS
    assert found["horizon_weeks"].tolist() == [4, 8, 13]
    assert (found["items_50"] >= found["items_70"]).all()
    assert (found["items_70"] >= found["items_85"]).all()
    assert (found["items_85"] >= found["items_95"]).all()
    assert found["withheld_reason"].isna().all()
    assert found["target_date"].tolist() == [MONDAY + pd.Timedelta(days=7 * (24 + weeks) - 1) for weeks in (4, 8, 13)]
    assert found["n_weeks"].tolist() == [24] * 3
    # Looked ahead from the last 6 weeks that 4 are known after, of which 2 have 8 known and none 13.
    assert found["n_cases"].tolist() == [6, 2, 0]
    assert found["hit_rate_85"].isna().tolist() == [False, False, True]


def test_only_the_current_phase_is_drawn() -> None:
    phases = pd.DataFrame(
        {
            "scope_type": ["value_stream"],
            "scope_id": ["payments"],
            "level": ["story"],
            "phase_start": [MONDAY + pd.Timedelta(weeks=10)],
        }
    )
    moved = throughput([2, 3] * 5 + [12, 13] * 4)
    assert forecast(moved)["withheld_reason"].str.contains("a shift").all()
    found = forecast(moved, phases)
    assert found["n_weeks"].tolist() == [8] * 3
    assert found["window_start"].iloc[0] == MONDAY + pd.Timedelta(weeks=10)
    assert found["items_95"].iloc[0] >= 48
    late = forecast(moved, phases.assign(phase_start=MONDAY + pd.Timedelta(weeks=11)))
    assert late["withheld_reason"].unique().tolist() == ["7 complete weeks in the current phase, at least 8 needed"]
    assert late["items_85"].isna().all()


def test_weeks_without_a_row_are_weeks_with_nothing_finished() -> None:
    weeks = throughput(STEADY)
    zeros = weeks.assign(n_finished=weeks["n_finished"].where(weeks.index != 5, 0))
    pd.testing.assert_frame_equal(forecast(weeks.drop(index=5)), forecast(zeros))


def test_no_look_ahead_and_no_incomplete_weeks() -> None:
    weeks = throughput(np.random.default_rng(3).poisson(5, 40))
    running = weeks.assign(is_complete=weeks.index < 30, n_finished=weeks["n_finished"].where(weeks.index < 30, 99))
    pd.testing.assert_frame_equal(forecast(running.sample(frac=1, random_state=1)), forecast(weeks.head(30)))


def test_a_scopes_numbers_do_not_depend_on_the_others() -> None:
    weeks = throughput(STEADY * 2)
    both = forecast(pd.concat([throughput(STEADY[::-1] * 2, scope_id="lending"), weeks]))
    alone = forecast(weeks)
    pd.testing.assert_frame_equal(both.loc[both["scope_id"] == "payments"].reset_index(drop=True), alone)


def test_no_weeks_give_the_same_columns_and_bad_frames_are_refused() -> None:
    empty, full = forecast(throughput([])), forecast(throughput(STEADY))
    assert empty.empty
    assert empty.dtypes.equals(full.dtypes)
    with pytest.raises(ValueError, match="lack n_finished"):
        forecast(throughput(STEADY).drop(columns="n_finished"))
    with pytest.raises(ValueError, match="twice"):
        forecast(pd.concat([throughput(STEADY)] * 2))


@pytest.mark.slow
def test_hit_rate_of_the_careful_number() -> None:
    """Poisson throughput: the 85 % number is reached about as often as said, a little less the further ahead."""
    weeks = pd.concat(
        [throughput(np.random.default_rng(seed).poisson(6, 80), scope_id=f"stream-{seed:02}") for seed in range(12)]
    )
    found = forecast(weeks, chosen=replace(QUICK, max_origins=40, horizon_weeks=(4, 8)))
    pooled = found.groupby("horizon_weeks")[["hit_rate_85", "hit_rate_50", "pit_mean"]].mean()
    assert pooled["hit_rate_85"].between(0.75, 0.95).all()
    assert pooled["pit_mean"].between(0.4, 0.6).all()
