"""Trend and forecasts against published and exact numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from orchestration.analytics.delivery_forecast import (
    items_at_confidence,
    items_within,
    paths_done_by_week,
)
from orchestration.analytics.stage_indicators import theil_sen_slope
from orchestration.analytics.trend_test import mann_kendall, measure_trend
from orchestration.analytics.week_blocks import draw_block_uniforms
from tests.external.conftest import ORACLES, published

pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(not ORACLES.is_dir(), reason=f"the published numbers are not at {ORACLES}"),
]


def test_mann_kendall_worked_by_hand() -> None:
    page = published("trend/mann_kendall_holycross.json")
    values = np.array(page["data"])
    s, variance, _ = mann_kendall(values)
    assert s == page["S"]
    z = (s - 1) / np.sqrt(variance)
    assert z == pytest.approx(page["Z"], abs=0.00005)
    assert norm.sf(z) == pytest.approx(page["p_one_sided"], abs=0.00005)
    assert theil_sen_slope(values) == pytest.approx(page["sen_slope"])
    found = measure_trend(values)
    assert found.kendall_s == page["S"]
    assert found.slope_per_week == pytest.approx(page["sen_slope"])
    # Neighbouring years resemble each other: what is published ignores it.
    assert found.z == pytest.approx(page["Z"] / np.sqrt(found.variance_factor), abs=0.00005)


def test_monte_carlo_agrees_with_the_exact_convolution() -> None:
    exact = published("monte_carlo/throughput_exact.json")
    samples, n_paths = np.array(exact["samples"], dtype=float), 200_000
    uniforms = draw_block_uniforms(np.random.default_rng(1), n_paths, 20)
    done = paths_done_by_week(samples, np.full(n_paths, float(exact["backlog"])), uniforms)
    for week, probability in exact["P_done_within_weeks"].items():
        n_done = done.n_done[min(int(week), done.n_done.size - 1)]
        assert n_done / n_paths == pytest.approx(probability, abs=0.004)
    for confidence, expected in exact["weeks_at_confidence"].items():
        assert done.week_at(float(confidence)) == expected
    items = items_within(samples, exact["fixed_weeks"], uniforms)
    for confidence, expected in exact["items_at_confidence"].items():
        assert items_at_confidence(items, float(confidence)) == expected
