"""Effects of interventions against published and exact answers: Nile, Proposition 99, Freireich."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orchestration.analytics.interrupted_series import fit_ar1, step_effect

FOLDER = Path(__file__).parents[2].parent / "shared" / "oracles"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the published numbers are not at {FOLDER}")


def published(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / name).read_text())
    return found


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
