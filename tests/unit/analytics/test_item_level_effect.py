"""Shifts of single items."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from orchestration.analytics import item_level_effect
from orchestration.analytics.item_level_effect import (
    COLUMNS,
    ITEM_COLUMNS,
    hodges_lehmann_shift,
    item_level_effects,
    probability_shorter,
    shift_interval,
    weekly_item_shifts,
)

DAYS = st.lists(st.integers(1, 30).map(float), min_size=1, max_size=25)


def test_the_shift_is_the_median_difference() -> None:
    assert hodges_lehmann_shift([1, 2, 4], [3, 7]) == 2.5
    assert hodges_lehmann_shift([1, 2, 4], [3]) == 1.0
    assert np.isnan(hodges_lehmann_shift([], [1.0]))


@pytest.mark.parametrize("sizes", [(1501, 701), (1200, 1000)])
def test_the_shift_found_by_counting_is_that_of_all_pairs(sizes: tuple[int, int]) -> None:
    generator = np.random.default_rng(1)
    before = generator.lognormal(2, 0.8, sizes[0])
    after = np.round(generator.lognormal(1.7, 0.8, sizes[1]))
    expected = np.median(after[:, None] - before[None, :])
    assert hodges_lehmann_shift(before, after) == pytest.approx(expected, abs=1e-12)


def test_a_large_sample_takes_no_matrix_of_its_pairs() -> None:
    generator = np.random.default_rng(2)
    before, after = generator.normal(0, 1, 30_000), generator.normal(-0.3, 1, 30_000)
    tracemalloc.start()
    try:
        assert hodges_lehmann_shift(before, after) == pytest.approx(-0.3, abs=0.03)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A million pairs take 8 MB at a time; all 900 million would take 7.2 GB.
    assert peak < 100e6


@given(before=DAYS, after=DAYS, moved=st.integers(-20, 20))
def test_shift_and_probability_follow_the_values(before: list[float], after: list[float], moved: int) -> None:
    shift = hodges_lehmann_shift(before, after)
    assert hodges_lehmann_shift(before, np.array(after) + moved) == pytest.approx(shift + moved)
    assert hodges_lehmann_shift(after, before) == pytest.approx(-shift)
    probability = probability_shorter(before, after)
    assert probability == pytest.approx(mannwhitneyu(before, after).statistic / (len(before) * len(after)))
    assert probability_shorter(after, before) == pytest.approx(1 - probability)


def test_the_interval_is_that_of_resampling_weeks_one_by_one() -> None:
    generator = np.random.default_rng(3)
    weeks_before, weeks_after = np.repeat(np.arange(9), 4), np.repeat(np.arange(7), 5)
    before = generator.normal(2, 0.7, 36) + generator.normal(0, 0.4, 9)[weeks_before]
    after = generator.normal(1.6, 0.7, 35) + generator.normal(0, 0.4, 7)[weeks_after]
    found = shift_interval(
        before, weeks_before, after, weeks_after, generator=np.random.default_rng(4), n_resamples=500
    )
    again = np.random.default_rng(4)
    drawn_before = again.multinomial(9, np.full(9, 1 / 9), size=500)
    drawn_after = again.multinomial(7, np.full(7, 1 / 7), size=500)
    shifts = [
        np.median(np.repeat(after, b[weeks_after])[:, None] - np.repeat(before, a[weeks_before])[None, :])
        for a, b in zip(drawn_before, drawn_after, strict=True)
    ]
    assert found == pytest.approx(np.quantile(shifts, [0.025, 0.975]), abs=0.003)


def test_items_of_one_week_are_not_taken_for_independent() -> None:
    generator = np.random.default_rng(5)
    weeks = np.repeat(np.arange(5), 8)
    before = generator.normal(0, 0.1, 40) + generator.normal(0, 1, 5)[weeks]
    after = generator.normal(0, 0.1, 40) + generator.normal(0, 1, 5)[weeks]
    by_week = shift_interval(before, weeks, after, weeks, generator=np.random.default_rng(6))
    by_item = shift_interval(before, np.arange(40), after, np.arange(40), generator=np.random.default_rng(6))
    assert np.ptp(by_week) > 1.5 * np.ptp(by_item)


def test_equal_items_have_no_shift_and_none_have_no_interval() -> None:
    weeks = np.arange(4)
    assert shift_interval([2] * 4, weeks, [2] * 4, weeks, generator=np.random.default_rng(7)) == (0, 0)
    assert np.isnan(shift_interval([], [], [2] * 4, weeks, generator=np.random.default_rng(7))).all()


def items(n_before: int = 12, n_after: int = 10, factor: float = 0.7) -> pd.DataFrame:
    """Return four finished items a week, two weeks of transition, and items after that take ``factor`` as long."""
    generator = np.random.default_rng(8)
    n_weeks = n_before + 2 + n_after
    phase = np.repeat(["before", "transition", "after"], [n_before, 2, n_after])
    frame = pd.DataFrame(
        {
            "intervention_id": "pairing",
            "metric": "cycle_time",
            "week_start": np.repeat(pd.date_range("2025-01-06", periods=n_weeks, freq="7D").as_unit("us"), 4),
            "phase": np.repeat(phase, 4),
            "duration": generator.lognormal(2, 0.4, 4 * n_weeks),
        }
    )
    frame.loc[frame["phase"] == "transition", "duration"] = 1e6
    frame.loc[frame["phase"] == "after", "duration"] *= factor
    return frame


def test_the_table_says_how_items_moved_and_on_how_many_it_rests() -> None:
    frame = items()
    frame.loc[0, "duration"] = 0.0
    row = item_level_effects(frame, generator=np.random.default_rng(9)).iloc[0]
    assert row["shift_percent"] == pytest.approx(-30, abs=10)
    assert row["shift_percent_lower"] < row["shift_percent"] < row["shift_percent_upper"] < 0
    assert row["probability_shorter"] > 0.6
    assert row["n_items_before"] == 47
    assert row["n_items_after"] == 40
    assert (row["n_weeks_before"], row["n_weeks_after"], row["n_left_out"]) == (12, 10, 1)
    assert row["n_resamples"] == 2000


def test_few_items_or_weeks_withhold_the_shift() -> None:
    row = item_level_effects(items(n_after=1), generator=np.random.default_rng(10)).iloc[0]
    assert row["withheld_reason"] == (
        "4 items after the launch, at least 5 needed and 1 weeks after the launch, at least 3 needed"
    )
    assert np.isnan(row["shift"])


def test_weekly_shifts_read_no_later_week() -> None:
    frame = items()
    weekly = weekly_item_shifts(frame)
    assert weekly["item_shift"].isna().tolist() == [True, True] + [False] * 8
    cut = frame.loc[frame["week_start"] <= weekly["week_start"].iloc[5]]
    pd.testing.assert_frame_equal(weekly_item_shifts(cut), weekly.iloc[:6])
    whole = item_level_effects(frame, generator=np.random.default_rng(11)).iloc[0]
    assert weekly["item_shift"].iloc[-1] == pytest.approx(whole["shift"])


def test_no_items_give_empty_tables_of_the_same_types() -> None:
    nothing = pd.DataFrame(columns=list(ITEM_COLUMNS))
    empty = item_level_effects(nothing, generator=np.random.default_rng(12))
    assert tuple(empty.columns) == COLUMNS
    assert empty.dtypes.equals(item_level_effects(items(), generator=np.random.default_rng(12)).dtypes)
    assert weekly_item_shifts(nothing).dtypes.equals(weekly_item_shifts(items()).dtypes)
    with pytest.raises(ValueError, match="lack duration"):
        item_level_effects(items().drop(columns="duration"), generator=np.random.default_rng(12))


@pytest.mark.parametrize("digits", [0, 1, 6])
def test_halving_in_finds_the_median_that_writing_all_pairs_out_does(monkeypatch, digits: int) -> None:
    generator = np.random.default_rng(digits)
    monkeypatch.setattr(item_level_effect, "_MAX_PAIRS_WRITTEN_OUT", 40)
    for _ in range(200):
        before, after = (np.round(generator.normal(size=generator.integers(1, 60)), digits) for _ in range(2))
        expected = np.median(after[:, None] - before[None, :])
        assert item_level_effect.hodges_lehmann_shift(before, after) == pytest.approx(expected, abs=1e-12)
