"""Effects of interventions against published and exact answers: Nile, Proposition 99."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from orchestration.analytics.ar1_regression import fit_ar1
from orchestration.analytics.controlled_effect import controlled_step
from orchestration.analytics.interrupted_series import step_effect
from orchestration.analytics.synthetic_control import synthetic_control
from tests.external.conftest import ORACLES, published

pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(not ORACLES.is_dir(), reason=f"the published numbers are not at {ORACLES}"),
]


def test_the_nile_fell_as_two_other_computations_say() -> None:
    nile = published("trend/nile_changepoint.json")
    flow = np.array(nile["data"], dtype=float)
    after = nile["first_year"] + np.arange(flow.size) > nile["change_after_year"]
    expected = published("its/nile_reml_ar1.json")
    fit = fit_ar1(flow, np.column_stack([np.ones(flow.size), after]).astype(float))
    assert fit.phi[0] == pytest.approx(expected["phi"], abs=1e-5)
    assert fit.coefficients[0] == pytest.approx(expected["b"], rel=1e-6)
    assert fit.standard_errors[0] == pytest.approx(expected["se"], rel=1e-5)
    unadjusted = step_effect(flow, np.arange(flow.size), after, phi=0.0)
    assert unadjusted.n_baseline == nile["n_before"]
    # The published means are rounded to four digits.
    assert unadjusted.effect == pytest.approx(nile["mean_after"] - nile["mean_before"], abs=1e-4)


def test_proposition_99_lowered_cigarette_sales_as_published() -> None:
    states = pd.read_csv(ORACLES / "did_synth" / "california_prop99.csv", sep=";")
    wide = states.pivot_table(index="State", columns="Year", values="PacksPerCapita")
    years = wide.columns.to_numpy()
    treated = wide.loc["California"].to_numpy()
    donors = wide.drop("California").to_numpy()
    # The published difference in differences is least squares: Arkhangelsky et al. 2021, table 1.
    found = controlled_step(treated, donors, years, years >= 1989, phi=0.0)
    assert found.step.effect == pytest.approx(-27.349, abs=5e-4)
    assert found.smallest_p_value == pytest.approx(1 / 39)
    assert found.placebo_effects.size == 38
    # California also drifted away from the others for years: that is not taken for a step.
    assert controlled_step(treated, donors, years, years >= 1989).step.interval(0.95)[1] > 0


def test_tobacco_control_in_california_has_the_published_effect() -> None:
    """Proposition 99, as published for the synthetic control in Arkhangelsky et al. (2021), table 1: -19.6."""
    packs = pd.read_csv(ORACLES / "did_synth" / "california_prop99.csv", sep=";")
    wide = packs.pivot_table(index="State", columns="Year", values="PacksPerCapita")
    donors = wide.drop(index="California")
    found = synthetic_control(wide.loc["California"], donors, wide.columns >= 1989)
    assert found.effect == pytest.approx(-19.6, abs=0.1)
    heaviest = donors.index[found.weights.argsort()[::-1][:3]]
    # Abadie, Diamond and Hainmueller (2010), table 2: the same three lead, with further predictors.
    assert set(heaviest) == {"Utah", "Nevada", "Montana"}
