"""Percentiles with intervals, and the median that counts open items."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from orchestration.analytics.percentile_intervals import estimate_percentile, median_with_open_items


def test_under_ten_items_nothing_is_said() -> None:
    found = estimate_percentile([1.0] * 9 + [math.nan], 0.85)
    assert (found.n_items, found.estimator) == (9, None)
    assert math.isnan(found.value)
    assert found.withheld_reason == "9 items, at least 10 needed"


def test_the_estimator_follows_the_number_of_items() -> None:
    few, many = estimate_percentile(np.arange(1.0, 30), 0.85), estimate_percentile(np.arange(1.0, 31), 0.85)
    assert (few.estimator, many.estimator) == ("harrell-davis", "type 7")
    assert many.value == pytest.approx(np.quantile(np.arange(1.0, 31), 0.85))
    assert few.value == pytest.approx(np.quantile(np.arange(1.0, 30), 0.85), abs=0.5)
    # Symmetric values have a symmetric median whatever the weights.
    assert estimate_percentile(np.arange(1.0, 22), 0.5).value == pytest.approx(11)


def test_the_interval_is_that_of_the_order_statistics() -> None:
    values = np.arange(1.0, 41)
    found = estimate_percentile(values, 0.5)
    # The 14th and the 27th of 40: the widest pair of ranks of which each tail holds no more than 2.5 %.
    below = int(binom.ppf(0.025, 40, 0.5))
    assert (found.lower, found.upper) == (values[below - 1], values[40 - below])
    assert found.lower < found.value < found.upper


def test_too_few_items_do_not_bound_the_85th_percentile() -> None:
    # 0.85^18 is above 5 % and a two-sided interval needs 2.5 %.
    assert math.isnan(estimate_percentile(np.arange(18.0), 0.85).upper)
    assert math.isfinite(estimate_percentile(np.arange(23.0), 0.85).upper)


def test_scale_moves_the_percentile_with_it() -> None:
    values = np.random.default_rng(1).lognormal(1, 0.8, 25)
    one, ten = estimate_percentile(values, 0.85), estimate_percentile(10 * values[::-1], 0.85)
    assert (ten.value, ten.lower) == pytest.approx((10 * one.value, 10 * one.lower))


def test_open_items_move_the_median() -> None:
    finished = np.arange(1.0, 12)
    assert median_with_open_items(finished, []) == (6, 6)
    # Eleven that are older than all: half of 22 end with the 11th.
    assert median_with_open_items(finished, [20.0] * 11) == (11, 6)
    kaplan_meier, naive = median_with_open_items(finished, [20.0] * 12)
    assert math.isnan(kaplan_meier)
    assert naive == 6
    assert all(math.isnan(median) for median in median_with_open_items(finished[:9], []))
