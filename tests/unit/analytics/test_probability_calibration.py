"""Putting probabilities right: what is recovered, what is left alone, and that no case sees its own outcome."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from orchestration.analytics.forecast_scoring import brier_score
from orchestration.analytics.probability_calibration import (
    Calibration,
    calibrated_across,
    fit_calibration,
    put_right,
)


def cases(n: int, intercept: float, slope: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities said, and outcomes that come with another probability."""
    rng = np.random.default_rng(seed)
    said = rng.uniform(0.02, 0.98, n)
    return said, (rng.random(n) < expit(intercept + slope * logit(said))).astype(float)


def test_what_distorts_is_found() -> None:
    found = fit_calibration(*cases(20_000, -1.0, 0.5))
    assert found.intercept == pytest.approx(-1.0, abs=0.06)
    assert found.slope == pytest.approx(0.5, abs=0.04)


def test_the_fit_is_the_one_of_a_logistic_regression() -> None:
    """With the prior drowned by weight, statsmodels finds the same two numbers."""
    import statsmodels.api as sm

    said, came = cases(400, 0.4, 1.6)
    other = sm.Logit(came, sm.add_constant(logit(said))).fit(disp=False).params
    found = fit_calibration(said, came, weight=10_000)
    assert [found.intercept, found.slope] == pytest.approx(other.tolist(), abs=1e-3)


def test_few_cases_change_little_and_none_nothing() -> None:
    assert fit_calibration([], []) == Calibration()
    said, came = cases(20_000, -1.0, 0.5)
    few = fit_calibration(said[:4], came[:4], weight=0.1)
    assert abs(few.intercept) < 0.2
    assert 0.5 < few.slope < 1.2
    # A case counted a hundredth a hundred times counts once.
    repeated = fit_calibration(np.repeat(said[:50], 100), np.repeat(came[:50], 100), weight=0.01)
    once = fit_calibration(said[:50], came[:50])
    assert [repeated.intercept, repeated.slope] == pytest.approx([once.intercept, once.slope], abs=1e-4)


def test_order_stays_and_so_does_what_nothing_is_known_of() -> None:
    said = np.array([0.0, 0.2, np.nan, 1.0])
    np.testing.assert_array_equal(Calibration().applied(said), said)
    right = Calibration(-1.0, 0.5).applied(said)
    assert np.isnan(right[2])
    assert 0 < right[0] < right[1] < right[3] < 1
    # Where the better chances came less often, they are levelled and not turned round.
    rng = np.random.default_rng(3)
    upside_down = rng.uniform(0.1, 0.9, 500)
    assert fit_calibration(upside_down, rng.random(500) > upside_down).slope == 0
    np.testing.assert_allclose(put_right([0.2, 0.2], [0.0, -1.0], [1.0, 0.5]), [0.2, right[1]])


def test_no_case_sees_its_own_outcome() -> None:
    said, came = cases(200, -1.0, 0.5)
    moment = np.repeat(np.arange(20), 10)
    before = calibrated_across(said, came, moment)
    turned = came.copy()
    turned[:50] = 1 - turned[:50]
    after = calibrated_across(said, turned, moment)
    # The first five moments are the first quarter: their own numbers rest on the others.
    np.testing.assert_array_equal(before[:50], after[:50])
    assert (before[50:] != after[50:]).all()
    assert brier_score(before, came) < brier_score(said, came)
