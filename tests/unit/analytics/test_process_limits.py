"""Natural process limits: worked by hand, against statprocon, and as properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statprocon
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from orchestration.analytics.process_limits import (
    lag1_autocorrelation,
    limits_status,
    moving_ranges,
    natural_process_limits,
)

whole_series = arrays(float, st.integers(6, 40), elements=st.integers(-1000, 1000).map(float))


def test_limits_worked_by_hand() -> None:
    # Moving ranges 2, 2, 4, 2, 5: mean 3.
    limits = natural_process_limits([10, 12, 10, 14, 12, 17], screen=False)
    assert limits.centre_line == 12.5
    assert limits.moving_range == 3
    assert limits.upper_limit == pytest.approx(12.5 + 2.66 * 3)
    assert limits.lower_limit == pytest.approx(12.5 - 2.66 * 3)
    assert limits.upper_near_limit == pytest.approx(12.5 + 2.66 * 2)
    assert limits.lower_near_limit == pytest.approx(12.5 - 2.66 * 2)
    assert limits.moving_range_limit == pytest.approx(3.268 * 3)
    assert limits.sigma == pytest.approx(3 / 1.128)


def test_published_limits_of_wheeler() -> None:
    hours = [5045, 4350, 4350, 3975, 4290, 4430, 4485, 4285, 3980, 3925, 3645, 3760, 3300, 3685, 3463, 5200]
    limits = natural_process_limits(hours, screen=False)
    assert limits.centre_line == 4135.5
    assert limits.moving_range == pytest.approx(355.93, abs=0.005)
    assert limits.lower_limit == pytest.approx(3188.72, abs=0.005)
    assert limits.upper_limit == pytest.approx(5082.28, abs=0.005)
    # Published as 1163.19.
    assert limits.moving_range_limit == pytest.approx(1163.19, abs=0.005)


def test_screening_leaves_one_large_range_out_and_only_once() -> None:
    # Ranges: 1 fifteen times, then 40, then 1: mean (16 + 40) / 17, limit 10.8; without the 40 the mean is 1.
    values = [0, 1] * 8 + [41, 42]
    screened = natural_process_limits(values)
    assert screened.n_screened == 1
    assert screened.moving_range == 1
    assert natural_process_limits(values, screen=False).moving_range == pytest.approx(56 / 17)
    # After the first pass the range of 3 exceeds the new limit of 0.85, 3.268 times the mean of 0.26; it stays.
    twice = [0.0, 0.1] * 8 + [3.1, 3.2, 103.2, 103.3]
    assert natural_process_limits(twice).n_screened == 1


def test_median_variant_is_never_screened() -> None:
    values = [0, 1] * 8 + [41, 42]
    limits = natural_process_limits(values, median=True)
    assert limits.n_screened == 0
    assert limits.moving_range == 1
    assert limits.upper_limit - limits.centre_line == pytest.approx(3.145)
    assert limits.moving_range_limit == pytest.approx(3.865)


@pytest.mark.parametrize(
    ("n_points", "status"),
    [(5, "run_chart"), (6, "trial"), (11, "trial"), (12, "usable"), (19, "usable"), (20, "firm")],
)
def test_status_follows_the_number_of_points(n_points: int, status: str) -> None:
    assert limits_status(n_points) == status
    limits = natural_process_limits(np.arange(n_points))
    assert limits.status == status
    assert limits.has_limits == (n_points >= 6)
    assert math.isnan(limits.centre_line) == (n_points < 6)


def test_missing_values_and_breaks_give_no_moving_range() -> None:
    ranges = moving_ranges([1, 2, np.nan, 7, 9, 20], breaks=[True, False, False, False, False, True])
    assert np.array_equal(ranges, [np.nan, 1, np.nan, np.nan, 2, np.nan], equal_nan=True)


def test_no_consecutive_points_give_no_limits() -> None:
    limits = natural_process_limits([1, np.nan] * 8)
    assert limits.n_baseline == 8
    assert not limits.has_limits


def test_a_limit_beyond_a_bound_is_not_drawn() -> None:
    low = natural_process_limits([1, 3, 2, 4, 1, 3], floor=0)
    assert math.isnan(low.lower_limit)
    assert math.isnan(low.lower_near_limit)
    assert low.upper_limit > low.upper_near_limit > low.centre_line
    high = natural_process_limits([0.9, 0.99, 0.95, 0.99, 0.9, 0.97], floor=0, ceiling=1)
    assert math.isnan(high.upper_limit)
    assert high.lower_limit > 0


def test_autocorrelation_worked_by_hand() -> None:
    # Deviations -2, -1, 0, 1, 2: products 2 + 0 + 0 + 2 over squares 10.
    assert lag1_autocorrelation([1, 2, 3, 4, 5]) == pytest.approx(0.4)
    assert math.isnan(lag1_autocorrelation([3, 3, 3, 3]))
    # The pair across the break (-1 with 0) contributes 0; the one after it is lost.
    assert lag1_autocorrelation([1, 2, 3, 4, 5], breaks=[True, False, False, False, True]) == pytest.approx(0.2)


def test_positive_autocorrelation_widens_the_limits_and_negative_does_not_narrow_them() -> None:
    rising = [1, 2, 4, 3, 4, 5, 4, 4, 3, 1, 1, 3]
    plain, widened = (natural_process_limits(rising, allow_for_autocorrelation=flag) for flag in (False, True))
    r1 = lag1_autocorrelation(rising)
    assert 0.3 < r1 < 0.6
    distance = plain.upper_limit - plain.centre_line
    assert widened.upper_limit - widened.centre_line == pytest.approx(distance / math.sqrt(1 - r1))
    assert widened.moving_range_limit == plain.moving_range_limit
    assert widened.run_rules_apply

    saw = [1, 2, 1, 2, 1, 2, 1, 2]
    assert lag1_autocorrelation(saw) < 0
    assert natural_process_limits(saw, allow_for_autocorrelation=True) == natural_process_limits(saw)


def test_strong_autocorrelation_switches_the_run_rules_off_and_caps_the_widening() -> None:
    limits = natural_process_limits(np.arange(20), allow_for_autocorrelation=True)
    assert limits.r1 > 0.6
    assert limits.widening == pytest.approx(1 / math.sqrt(0.4))
    assert limits.is_autocorrelated
    assert not limits.run_rules_apply
    assert natural_process_limits(np.arange(20)).run_rules_apply


def test_bad_input_is_refused_with_a_hint() -> None:
    with pytest.raises(ValueError, match="one chart at a time"):
        natural_process_limits([[1, 2], [3, 4]])
    with pytest.raises(ValueError, match="pass NaN"):
        natural_process_limits([1, 2, np.inf])


@given(whole_series)
def test_same_limits_as_statprocon(values: np.ndarray) -> None:
    theirs = statprocon.XmR(counts=[int(value) for value in values])
    ours = natural_process_limits(values, screen=False)
    # statprocon rounds its results to 3 digits.
    assert ours.centre_line == pytest.approx(float(theirs.x_central_line()[0]), abs=1e-2)
    assert ours.upper_limit == pytest.approx(float(theirs.upper_natural_process_limit()[0]), abs=1e-2)
    assert ours.lower_limit == pytest.approx(float(theirs.lower_natural_process_limit()[0]), abs=1e-2)
    assert ours.moving_range_limit == pytest.approx(float(theirs.upper_range_limit()[0]), abs=1e-2)


@given(whole_series, st.integers(-500, 500), st.sampled_from([0.25, 0.5, 2.0, 8.0, -1.0]))
def test_limits_follow_a_change_of_origin_and_unit(values: np.ndarray, shift: int, scale: float) -> None:
    limits = natural_process_limits(values, allow_for_autocorrelation=True)
    moved = natural_process_limits(values * scale + shift, allow_for_autocorrelation=True)
    lower, upper = sorted([limits.lower_limit * scale + shift, limits.upper_limit * scale + shift])
    assert moved.centre_line == pytest.approx(limits.centre_line * scale + shift, abs=1e-6)
    assert moved.lower_limit == pytest.approx(lower, abs=1e-6)
    assert moved.upper_limit == pytest.approx(upper, abs=1e-6)
    assert moved.n_screened == limits.n_screened


@given(whole_series)
def test_reading_the_baseline_backwards_gives_the_same_limits(values: np.ndarray) -> None:
    forwards, backwards = natural_process_limits(values), natural_process_limits(values[::-1])
    assert forwards.upper_limit == pytest.approx(backwards.upper_limit)
    assert forwards.lower_limit == pytest.approx(backwards.lower_limit)
