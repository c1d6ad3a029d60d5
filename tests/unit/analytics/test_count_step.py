"""The step in counts: against statsmodels' Poisson regression, and how often its interval holds what is planted."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm
from statsmodels.stats.rates import confint_poisson_2indep
from statsmodels.stats.rates import test_poisson_2indep as score_test

from orchestration.analytics.count_step import count_step
from orchestration.analytics.rate_step import compare_rates, rate_step

WEEKS = np.arange(40)
POST = WEEKS >= 24


def counts(rate_ratio: float, size: np.ndarray, seed: int = 3, rate: float = 0.3) -> np.ndarray:
    rng = np.random.Generator(np.random.PCG64(seed))
    return rng.poisson(size * rate * np.where(POST, rate_ratio, 1.0)).astype(float)


def test_it_is_the_quasi_poisson_regression_of_statsmodels() -> None:
    size = 10.0 + 5 * np.sin(WEEKS)
    events = counts(0.5, size) * np.where(WEEKS % 5 == 0, 3, 1)
    found = count_step(events, size, WEEKS, POST)
    design = np.column_stack([np.ones(WEEKS.size), POST])
    fit = sm.GLM(events, design, family=sm.families.Poisson(), offset=np.log(size)).fit(scale="X2")
    assert found.effect == pytest.approx(fit.params[1])
    assert found.dispersion == pytest.approx(fit.scale)
    assert found.dispersion > 1
    assert found.standard_error == pytest.approx(fit.bse[1])
    assert found.baseline_level == pytest.approx(np.exp(fit.params[0]))
    assert found.withheld_reason is None


def test_the_interval_is_never_narrower_than_chance_makes_it() -> None:
    even = np.where(POST, 4.0, 8.0)
    found = count_step(even, np.ones(WEEKS.size), WEEKS, POST)
    assert found.dispersion == 1
    assert found.standard_error == pytest.approx(np.sqrt(1 / even[~POST].sum() + 1 / even[POST].sum()))
    shares = count_step(even, np.full(WEEKS.size, 10.0), WEEKS, POST, is_share=True)
    assert shares.dispersion == pytest.approx(1 - even.sum() / 400)


def test_weeks_that_follow_each_other_widen_it() -> None:
    waves = np.round(10 + 8 * np.sin(WEEKS / 3))
    found = count_step(waves, np.ones(WEEKS.size), WEEKS, POST)
    plain = sm.GLM(waves, np.column_stack([np.ones(WEEKS.size), POST]), family=sm.families.Poisson()).fit(scale="X2")
    assert found.phi > 0.6
    assert found.standard_error > 2 * plain.bse[1]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.ones(40) * np.where(POST, np.nan, 1), "0 complete weeks after the launch"),
        (np.where(POST, 3.0, 0.0), "no event before the launch"),
        (np.where(POST, 0.0, 3.0), "no event after the launch"),
    ],
)
def test_what_cannot_be_estimated_is_withheld_with_its_reason(values: np.ndarray, said: str) -> None:
    found = count_step(values, np.ones(40), WEEKS, POST)
    assert said in str(found.withheld_reason)
    assert np.isnan(found.interval(0.95)).all()
    with pytest.raises(ValueError, match="withheld"):
        found.standard_error_ahead(20)


def test_a_baseline_that_rises_by_itself_is_continued() -> None:
    weeks = np.arange(60)
    post = weeks >= 40
    rising = np.round(10 * np.exp(0.03 * weeks))
    found = count_step(rising, np.ones(60), weeks, post)
    assert found.has_trend
    assert abs(found.effect) < 0.1


def test_more_weeks_narrow_what_would_be_found() -> None:
    found = count_step(counts(1.0, np.full(40, 10.0)), np.full(40, 10.0), WEEKS, POST)
    assert found.standard_error_ahead(52)[0] < found.standard_error_ahead(16)[0]
    assert found.standard_error_ahead(16)[0] == pytest.approx(found.standard_error, rel=0.05)


def test_rare_events_are_two_rates() -> None:
    events = np.zeros(40)
    events[[1, 4, 9, 12, 15, 20, 22, 30]] = 1
    found = rate_step(events, np.ones(40), POST)
    compared = compare_rates(7, 24, 1, 16)
    assert np.exp(found.effect) == pytest.approx(compared.ratio)
    assert np.exp(found.interval(0.95)) == pytest.approx([compared.lower, compared.upper])
    assert found.p_value == compared.p_value


@pytest.mark.parametrize(("before", "after"), [(30, 12), (7, 1), (5, 9)])
def test_bounds_and_p_are_those_of_statsmodels(before: int, after: int) -> None:
    found = compare_rates(before, 24, after, 16)
    published = confint_poisson_2indep(after, 16, before, 24, compare="ratio", method="score")
    assert (found.lower, found.upper) == pytest.approx(tuple(published), rel=1e-6)
    tested = score_test(after, 16, before, 24, compare="ratio", method="score")
    assert found.p_value == pytest.approx(tested.pvalue)


def test_no_event_since_the_launch_is_the_best_there_is() -> None:
    found = rate_step(np.where(POST, 0.0, 1.0), np.ones(40), POST)
    lower, upper = found.interval(0.95)
    assert lower == -np.inf
    assert upper < 0
    assert np.isfinite(found.effect)
    assert "no event before" in str(rate_step(np.zeros(40), np.ones(40), POST).withheld_reason)


@pytest.mark.parametrize(("rate", "scatter"), [(0.3, 0.0), (0.3, 0.4), (0.1, 0.0)])
def test_how_often_the_interval_holds_the_planted_ratio(rate: float, scatter: float) -> None:
    rng = np.random.Generator(np.random.PCG64(17))
    held = 0
    for _ in range(400):
        size = rng.integers(5, 20, 40).astype(float)
        mean = size * rate * np.where(POST, 0.6, 1.0) * np.exp(scatter * rng.normal(size=40) - scatter**2 / 2)
        lower, upper = count_step(rng.poisson(mean), size, WEEKS, POST).interval(0.95)
        held += lower <= np.log(0.6) <= upper
    assert held / 400 >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400)


def test_rates_are_compared_by_their_ratio() -> None:
    found = compare_rates(30, 54308.7, 60, 51477.5)
    assert found.ratio == pytest.approx(60 / 51477.5 / (30 / 54308.7))
    # Given 90 events in all, the score test of equal rates is that of a binomial share.
    share = 51477.5 / (51477.5 + 54308.7)
    z = (60 - 90 * share) / np.sqrt(90 * share * (1 - share))
    assert found.p_value == pytest.approx(2 * norm.sf(z))
    assert 1 < found.lower < found.ratio < found.upper
    none_left = compare_rates(12, 30, 0, 30)
    assert none_left.ratio == 0
    assert none_left.upper < 1
    assert np.isnan(compare_rates(0, 30, 4, 30).ratio)
    with pytest.raises(ValueError, match="exposures above 0"):
        compare_rates(1, 0, 1, 1)
