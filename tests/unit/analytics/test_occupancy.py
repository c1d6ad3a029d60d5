"""The sweep over intervals: worked by hand, and against counting at moments."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.analytics.occupancy import sweep_occupancy

EDGES = np.array([0.0, 10.0, 20.0])


def test_counts_worked_by_hand() -> None:
    swept = sweep_occupancy(
        np.array([-5.0, 2.0, 4.0, 30.0]), np.array([3.0, 12.0, 4.0, 40.0]), np.array([0, 0, 1, 1]), 2, EDGES
    )
    assert swept.total_hours == 20
    # One item to 3, two from 2 to 3, one to 12; the interval without length and the one after the window count nothing.
    assert swept.period_sums(swept.counts)[0].tolist() == [3 + 8, 2]
    assert swept.period_sums(swept.counts)[1].tolist() == [0, 0]
    assert swept.period_sums((swept.counts[0] == 2)[None]).sum() == 1
    assert swept.period_sums((swept.counts[0] == 0)[None]).sum() == 8


def test_percentile_is_the_count_not_exceeded_for_that_share_of_time() -> None:
    swept = sweep_occupancy(np.array([0.0, 0.0]), np.array([19.0, 1.0]), np.array([0, 0]), 1, EDGES)
    assert swept.percentile(0, 0.95) == 1
    assert swept.percentile(0, 0.951) == 2
    assert swept.percentile(0, 0.05) == 0


def test_a_week_without_length_holds_nothing() -> None:
    swept = sweep_occupancy(np.array([1.0]), np.array([15.0]), np.array([0]), 1, np.array([0.0, 10.0, 10.0, 20.0]))
    assert swept.period_sums(swept.counts)[0].tolist() == [9, 0, 5]


def test_an_interval_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before it begins"):
        sweep_occupancy(np.array([5.0]), np.array([4.0]), np.array([0]), 1, EDGES)


intervals = st.lists(st.tuples(st.integers(-30, 50), st.integers(0, 40), st.integers(0, 2)), max_size=30)


@given(intervals)
def test_the_sweep_counts_what_is_there_at_every_moment(spans: list[tuple[int, int, int]]) -> None:
    table = np.array(spans, dtype=float).reshape(-1, 3)
    entered, left, row = table[:, 0], table[:, 0] + table[:, 1], table[:, 2].astype(int)
    swept = sweep_occupancy(entered, left, row, 3, EDGES)
    assert swept.hours.sum() == 20
    # Every change falls on a whole hour, so the middle of each hour tells all.
    middles = np.arange(20) + 0.5
    stretch = np.searchsorted(np.cumsum(swept.hours), middles, side="right")
    for line in range(3):
        inside = (row == line)[:, None] & (entered[:, None] < middles) & (left[:, None] > middles)
        assert swept.counts[line, stretch].tolist() == inside.sum(axis=0).tolist()
        assert swept.period_sums(swept.counts)[line].sum() == inside.sum()


def test_more_events_than_moments_move_each_to_the_nearest_and_little_else():
    generator = np.random.default_rng(5)
    entered = generator.uniform(-20, 220, 4000)
    left = entered + generator.exponential(6, 4000)
    row = generator.integers(0, 3, 4000)
    edges = np.array([0.0, 40.0, 80.0, 80.0, 120.0, 160.0, 200.0])
    exact = sweep_occupancy(entered, left, row, 3, edges)
    near = sweep_occupancy(entered, left, row, 3, edges, max_moments=2_000)
    assert near.hours.size <= 2_000
    assert near.period_hours.tolist() == exact.period_hours.tolist()
    assert near.hours.sum() == pytest.approx(200)
    np.testing.assert_allclose(near.period_sums(near.counts), exact.period_sums(exact.counts), rtol=2e-3)
    assert (near.counts >= 0).all()
    full = [swept.period_sums(swept.counts >= 35) for swept in (exact, near)]
    np.testing.assert_allclose(full[1], full[0], atol=0.7)
