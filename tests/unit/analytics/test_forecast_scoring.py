"""Scores of probabilities, quantiles and hits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from orchestration.analytics.forecast_scoring import brier_parts, brier_score, pinball_loss, wilson_interval

cases = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), st.booleans()), min_size=1, max_size=40)


@given(cases)
def test_brier_is_reliability_less_resolution_plus_uncertainty(pairs: list[tuple[float, bool]]) -> None:
    said, happened = zip(*pairs, strict=True)
    parts = brier_parts(said, happened)
    whole = parts.reliability - parts.resolution + parts.uncertainty
    assert whole == pytest.approx(brier_score(said, happened), abs=1e-12)
    assert min(parts.reliability, parts.resolution, parts.uncertainty) >= 0
    base_rate = np.full(len(happened), np.mean(happened))
    assert parts.uncertainty == pytest.approx(brier_score(base_rate, happened), abs=1e-12)


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
