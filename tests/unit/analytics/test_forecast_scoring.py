"""Scores of probabilities, quantiles and hits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from orchestration.analytics.forecast_scoring import brier_score, pinball_loss, split_brier, wilson_interval

FORECASTS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


@given(FORECASTS)
def test_the_parts_add_up_to_the_brier_score(pairs: list[tuple[float, bool]]) -> None:
    forecast, outcome = zip(*pairs, strict=True)
    split = split_brier(forecast, outcome)
    assert split.brier == pytest.approx(
        split.reliability - split.resolution + split.uncertainty + split.within_bin, abs=1e-12
    )


@given(st.lists(st.tuples(st.sampled_from([0.05, 0.35, 0.8]), st.booleans()), min_size=1, max_size=40))
def test_with_one_probability_a_bin_it_is_murphys_identity(pairs: list[tuple[float, bool]]) -> None:
    forecast, outcome = zip(*pairs, strict=True)
    split = split_brier(forecast, outcome)
    assert split.within_bin == pytest.approx(0, abs=1e-12)
    assert split.brier == pytest.approx(split.reliability - split.resolution + split.uncertainty, abs=1e-12)


def test_a_split_worked_by_hand() -> None:
    split = split_brier([0.25, 0.25, 0.75, 0.75], [0, 1, 1, 1])
    assert split.brier == pytest.approx((0.0625 + 0.5625 + 0.0625 + 0.0625) / 4)
    assert split.reliability == pytest.approx((0.25**2 + 0.25**2) / 2)
    assert split.resolution == pytest.approx((0.25**2 + 0.25**2) / 2)
    assert split.uncertainty == pytest.approx(0.75 * 0.25)
    assert np.isnan(split_brier([], []).brier)
    with pytest.raises(ValueError, match="from 0 to 1"):
        split_brier([1.2], [1])


def test_brier_worked_by_hand() -> None:
    assert brier_score([0.2, 0.7], [0, 1]) == pytest.approx((0.04 + 0.09) / 2)
    assert math.isnan(brier_score([], []))


@given(st.integers(0, 60), st.integers(1, 60))
def test_wilson_is_scipys(n_hits: int, n_cases: int) -> None:
    n_hits = min(n_hits, n_cases)
    expected = binomtest(n_hits, n_cases).proportion_ci(method="wilson")
    assert wilson_interval(n_hits, n_cases) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_nothing_is_nothing() -> None:
    assert all(math.isnan(bound) for bound in wilson_interval(0, 0))
    lower, upper = wilson_interval(17, 20)
    assert (round(lower, 3), round(upper, 3)) == (0.640, 0.948)


def test_pinball_worked_by_hand() -> None:
    # At 85 %, a unit too low costs 0.85 and a unit too high 0.15.
    assert pinball_loss([10.0, 10.0, 10.0], [12.0, 8.0, 10.0], 0.85).tolist() == pytest.approx([1.7, 0.3, 0.0])
