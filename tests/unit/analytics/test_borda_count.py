"""Borda points of candidates over several indicators."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from orchestration.analytics.borda_count import borda_points


def test_worked_by_hand() -> None:
    values = np.array([[0.5, np.nan, 0.4, 9], [0.9, 0.8, 0.4, 5], [0.7, 0.6, 0.1, 1]])
    # Points 0 2 1; middle 1, stretched 2 0; tied 1.5 1.5 0; 2 1 0.
    assert borda_points(values).tolist() == [4.5, 6.5, 1]


def test_an_indicator_of_one_or_none_gives_everybody_the_middle() -> None:
    values = np.array([[1.0, np.nan, 5.0], [2.0, np.nan, np.nan], [3.0, np.nan, np.nan]])
    assert borda_points(values).tolist() == [2, 3, 4]


@given(
    st.lists(st.lists(st.integers(0, 4).map(float), min_size=3, max_size=3), min_size=2, max_size=7),
    st.integers(1, 3),
)
def test_same_points_as_mean_ranks_and_each_table_by_itself(rows: list[list[float]], n_tables: int) -> None:
    values = np.array(rows)
    expected = (rankdata(values, axis=0) - 1).sum(axis=1)
    assert borda_points(values).tolist() == pytest.approx(expected.tolist())
    stacked = borda_points(np.stack([values] * n_tables))
    assert stacked.tolist() == [borda_points(values).tolist()] * n_tables
    assert borda_points(values).sum() == pytest.approx(3 * len(rows) * (len(rows) - 1) / 2)
