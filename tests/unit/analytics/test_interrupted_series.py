"""Steps with autocorrelated errors: closed forms, what takes part, and the coverage of the interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from autocorrelated_series import ar1
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import toeplitz

from orchestration.analytics.ar1_regression import fit_ar1
from orchestration.analytics.interrupted_series import step_effect
from orchestration.analytics.intervention_effects import COLUMNS, POINT_COLUMNS, interrupted_effects


def step_columns(n_baseline: int, n_post: int) -> np.ndarray:
    post = np.arange(n_baseline + n_post) >= n_baseline
    return np.column_stack([np.ones(post.size), post]).astype(float)


def test_without_autocorrelation_it_is_least_squares() -> None:
    values = np.random.default_rng(1).normal(size=30)
    design = step_columns(18, 12)
    fit = fit_ar1(values, design, phi=0.0)
    expected = sm.OLS(values, design).fit()
    assert fit.coefficients[0] == pytest.approx(expected.params)
    assert fit.standard_errors[0] == pytest.approx(expected.bse)
    assert fit.degrees_of_freedom[0] == expected.df_resid
    assert fit.p_values(1)[0] == pytest.approx(expected.pvalues[1])
    assert [bound[0] for bound in fit.interval(1, 0.9)] == pytest.approx(expected.conf_int(0.1)[1])


@pytest.mark.parametrize("phi", [-0.5, 0.3, 0.8])
def test_a_given_autocorrelation_is_generalised_least_squares(phi: float) -> None:
    weeks = np.delete(np.arange(34), [5, 18, 19, 27])
    values = np.random.default_rng(2).normal(size=30) + 1000
    design = np.column_stack([step_columns(17, 13), weeks])
    correlation = toeplitz(phi ** np.arange(34))[np.ix_(weeks, weeks)]
    expected = sm.GLS(values, design, sigma=correlation).fit()
    fit = fit_ar1(values, design, weeks, phi=phi)
    assert fit.coefficients[0] == pytest.approx(expected.params)
    assert fit.standard_errors[0] == pytest.approx(expected.bse)
    n_effective = 30 * (1 - max(phi, 0)) / (1 + max(phi, 0))
    assert fit.degrees_of_freedom[0] == pytest.approx(max(2, n_effective - 3))


def test_the_autocorrelation_found_maximises_the_restricted_likelihood_of_the_full_matrix() -> None:
    generator = np.random.default_rng(3)
    weeks = np.delete(np.arange(44), [9, 22, 23, 24])
    series = ar1(generator, 2, 44, 0.5)[:, weeks]
    design = step_columns(21, 19)
    found = fit_ar1(series, design, weeks).phi

    def likelihood(values: np.ndarray, phi: float) -> float:
        correlation = toeplitz(phi ** np.arange(44))[np.ix_(weeks, weeks)] / (1 - phi**2)
        inverse = np.linalg.inv(correlation)
        gram = design.T @ inverse @ design
        rest = values - design @ np.linalg.solve(gram, design.T @ inverse @ values)
        n_free = values.size - 2
        return float(
            -0.5
            * (
                n_free * np.log(rest @ inverse @ rest / n_free)
                + np.linalg.slogdet(correlation)[1]
                + np.linalg.slogdet(gram)[1]
            )
        )

    for values, phi in zip(series, found, strict=True):
        grid = np.arange(-0.95, 0.98, 0.002)
        at_grid = [likelihood(values, place) for place in grid]
        assert phi == pytest.approx(grid[int(np.argmax(at_grid))], abs=1.2e-3)
        assert likelihood(values, phi) >= max(at_grid) - 1e-9


def test_many_series_at_once_are_the_same_as_one_by_one() -> None:
    series = ar1(np.random.default_rng(4), 20, 33, 0.4)
    design = step_columns(20, 13)
    together = fit_ar1(series, design)
    for place, values in enumerate(series):
        alone = fit_ar1(values, design)
        assert together.phi[place] == pytest.approx(alone.phi[0], abs=1e-9)
        assert together.standard_errors[place] == pytest.approx(alone.standard_errors[0])


@given(
    shift=st.floats(-1e5, 1e5),
    scale=st.floats(0.01, 1000),
    seed=st.integers(0, 50),
)
def test_shift_and_scale_carry_over(shift: float, scale: float, seed: int) -> None:
    values = ar1(np.random.default_rng(seed), 1, 25, 0.2)[0]
    post = np.arange(25) >= 14
    plain = step_effect(values, np.arange(25), post)
    moved = step_effect(shift + scale * values, np.arange(25), post)
    assert moved.effect == pytest.approx(scale * plain.effect, rel=1e-3, abs=1e-4 * scale)
    assert moved.standard_error == pytest.approx(scale * plain.standard_error, rel=1e-3)
    assert moved.baseline_level == pytest.approx(shift + scale * plain.baseline_level, rel=1e-3, abs=1e-3 * scale)


def test_fewer_weeks_than_needed_withhold_the_effect_and_say_so() -> None:
    values = np.random.default_rng(5).normal(size=18)
    short = step_effect(values, np.arange(18), np.arange(18) >= 11)
    assert short.withheld_reason == (
        "11 complete weeks before the launch, at least 12 needed and 7 complete weeks after the launch, "
        "at least 8 needed"
    )
    assert np.isnan(short.effect)
    assert np.isnan(short.interval(0.95)).all()
    with pytest.raises(ValueError, match="withheld"):
        short.standard_error_ahead(20)
    values = np.random.default_rng(5).normal(size=20)
    values[3] = np.nan
    assert step_effect(values, np.arange(20), np.arange(20) >= 12).n_baseline == 11


@pytest.mark.parametrize("step", [0.0, -3.0])
def test_a_series_that_does_not_vary_is_withheld(step: float) -> None:
    post = np.arange(30) >= 15
    effect = step_effect(7.3 + step * post, np.arange(30), post)
    assert effect.withheld_reason is not None
    assert "do not vary" in effect.withheld_reason


def test_a_slope_needs_26_weeks_on_either_side_and_leaves_the_mean_difference() -> None:
    generator = np.random.default_rng(6)
    weeks = np.arange(52)
    post = weeks >= 26
    values = 10 + post * (-2 - 0.1 * (weeks - weeks[post].mean())) + generator.normal(0, 0.05, 52)
    effect = step_effect(values, weeks, post)
    assert effect.has_slope_change
    assert effect.effect == pytest.approx(-2, abs=0.05)
    assert effect.fit is not None
    assert effect.fit.coefficients[0, -1] == pytest.approx(-0.1, abs=0.01)
    assert not step_effect(values[:-1], weeks[:-1], post[:-1]).has_slope_change


def test_a_trend_before_the_launch_is_not_taken_for_its_effect() -> None:
    generator = np.random.default_rng(7)
    weeks = np.arange(38)
    post = weeks >= 26
    values = 20 - 0.3 * weeks + generator.normal(0, 0.5, 38)
    effect = step_effect(values, weeks, post)
    assert effect.has_trend
    assert effect.interval(0.95)[0] < 0 < effect.interval(0.95)[1]
    assert effect.baseline_level == pytest.approx(20 - 0.3 * weeks[post].mean(), abs=1)
    # One baseline week less, and the trend can no longer be allowed for.
    assert not step_effect(values[1:], weeks[1:], post[1:]).has_trend


def test_the_standard_error_ahead_is_that_of_more_weeks() -> None:
    values = ar1(np.random.default_rng(8), 1, 32, 0.3)[0]
    effect = step_effect(values, np.arange(32), np.arange(32) >= 20)
    error, degrees = effect.standard_error_ahead(12)
    assert error == pytest.approx(effect.standard_error)
    assert degrees == pytest.approx(effect.degrees_of_freedom)
    assert effect.standard_error_ahead(24)[0] < error


def points(values: np.ndarray, n_baseline: int, n_transition: int = 2, scale: str = "log") -> pd.DataFrame:
    """Return charted points of one intervention."""
    n_weeks = values.size
    phase = np.repeat(
        ["before", "transition", "after"], [n_baseline, n_transition, n_weeks - n_baseline - n_transition]
    )
    return pd.DataFrame(
        {
            "intervention_id": "lean-review",
            "metric": "cycle_time",
            "week_start": pd.date_range("2025-01-06", periods=n_weeks, freq="7D").as_unit("us"),
            "charted_value": values,
            "chart_scale": scale,
            "phase": phase,
            "is_baseline": phase == "before",
            "is_excluded": phase == "transition",
        }
    )


def test_transition_weeks_take_no_part_and_keep_their_place_in_time() -> None:
    generator = np.random.default_rng(9)
    values = np.log(10) + generator.normal(0, 0.05, 34)
    values[22:] += np.log(0.8)
    frame = points(values, n_baseline=20)
    frame.loc[20:21, "charted_value"] = 99.0
    shuffled = interrupted_effects(frame.sample(frac=1, random_state=1))
    row = shuffled.iloc[0]
    assert (row["n_baseline"], row["n_post"]) == (20, 12)
    assert row["effect_percent"] == pytest.approx(-20, abs=4)
    assert row["effect_percent_lower"] < row["effect_percent"] < row["effect_percent_upper"] < 0
    assert row["baseline_level"] == pytest.approx(10, rel=0.05)
    assert row["post_level"] == pytest.approx(8, rel=0.05)
    assert row["window_end"] == pd.Timestamp("2025-08-25")
    places = np.delete(np.arange(34), [20, 21])
    expected = step_effect(values[places], places, places >= 22)
    assert row["effect"] == pytest.approx(expected.effect)
    assert row["standard_error"] == pytest.approx(expected.standard_error)


def test_a_linear_chart_has_no_percentage() -> None:
    frame = points(np.random.default_rng(10).normal(8, 1, 34), n_baseline=20, scale="linear")
    row = interrupted_effects(frame).iloc[0]
    assert np.isfinite(row["effect"])
    assert np.isnan(row["effect_percent"])
    assert row["post_level"] == pytest.approx(row["baseline_level"] + row["effect"])


def test_no_points_give_an_empty_table_of_the_same_types() -> None:
    full = interrupted_effects(points(np.random.default_rng(11).normal(size=34), n_baseline=20))
    empty = interrupted_effects(pd.DataFrame(columns=list(POINT_COLUMNS)))
    assert tuple(empty.columns) == COLUMNS
    assert empty.dtypes.equals(full.dtypes)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="lack phase"):
        interrupted_effects(points(np.zeros(34), 20).drop(columns="phase"))
    with pytest.raises(ValueError, match="week twice"):
        interrupted_effects(pd.concat([points(np.zeros(34), 20)] * 2))
    with pytest.raises(ValueError, match="cannot tell"):
        fit_ar1(np.arange(5.0), np.ones((5, 2)))
    with pytest.raises(ValueError, match="rise"):
        fit_ar1(np.arange(3.0), np.ones((3, 1)), [0, 2, 1])
    with pytest.raises(ValueError, match="missing or infinite"):
        fit_ar1([1.0, np.nan, 2.0], np.ones((3, 1)))
    with pytest.raises(ValueError, match="as many of both"):
        fit_ar1([1.0, 2.0], np.ones((3, 1)))
    with pytest.raises(ValueError, match="infinite"):
        step_effect([np.inf] * 30, np.arange(30), np.arange(30) >= 15)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_baseline", "n_post", "phi", "simulated_before"),
    # Not published: simulated from 1,500 series each before this code was written, rounded to 1 %.
    [
        (12, 12, 0.0, 0.93),
        (12, 12, 0.3, 0.93),
        (12, 12, 0.6, 0.94),
        (26, 13, 0.3, 0.94),
        (26, 13, 0.6, 0.95),
        (52, 26, 0.6, 0.95),
    ],
)
def test_the_interval_covers_as_simulated_before(
    n_baseline: int, n_post: int, phi: float, simulated_before: float
) -> None:
    n_series = 4000
    generator = np.random.default_rng([n_baseline, n_post, round(10 * phi)])
    series = ar1(generator, n_series, n_baseline + n_post, phi)
    weeks = np.arange(n_baseline + n_post)
    since = (weeks - n_baseline) * (weeks >= n_baseline)
    design = np.column_stack([np.ones(weeks.size), weeks, weeks >= n_baseline, since]).astype(float)
    lower, upper = fit_ar1(series, design).interval(2, 0.95)
    covered = float(((lower <= 0) & (upper >= 0)).mean())
    print(f"coverage {n_baseline}+{n_post} phi {phi}: {covered:.3f}")  # noqa: T201
    # Three standard errors of the difference of two simulations, and the rounding.
    error = np.sqrt(simulated_before * (1 - simulated_before) * (1 / n_series + 1 / 1500))
    assert abs(covered - simulated_before) <= 3 * error + 0.005
