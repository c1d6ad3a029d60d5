"""The small methods behind the indicators: slope, odds, bootstrap, queues."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, theilslopes

from orchestration.analytics.stage_indicators import (
    bootstrap_ratio_interval,
    equal_odds_p_value,
    queues_before_active_stages,
    theil_sen_slope,
)


def test_the_queue_of_a_stage_is_what_lies_directly_before_it(one_line_stages: pd.DataFrame) -> None:
    counted = one_line_stages.loc[one_line_stages["is_counted"] & ~one_line_stages["is_unmapped"]]
    assert queues_before_active_stages(counted) == {"flow.build": ["flow.ready"], "flow.test": ["flow.to-test"]}
    rows = [("a", "queue"), ("b", "queue"), ("c", "active"), ("d", "active"), ("e", "queue"), ("f", "done")]
    stages = pd.DataFrame(rows, columns=["stage_id", "stage_kind"]).assign(position=range(6))
    assert queues_before_active_stages(stages.sample(frac=1, random_state=1)) == {"c": ["a", "b"], "d": []}


def test_slope_worked_by_hand() -> None:
    # Pairwise slopes of 0, 1, 10: 1, 9, 5.
    assert theil_sen_slope(np.array([0.0, 1.0, 10.0])) == 5
    assert theil_sen_slope(np.array([0.0, np.nan, 4.0, 6.0])) == 2
    assert math.isnan(theil_sen_slope(np.array([1.0, np.nan, 2.0])))


@given(st.lists(st.integers(-50, 50).map(float), min_size=3, max_size=30))
def test_same_slope_as_scipy(values: list[float]) -> None:
    assert theil_sen_slope(np.array(values)) == pytest.approx(theilslopes(values).slope)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_same_p_value_as_scipy(n_first: int, n_second: int) -> None:
    p_value = equal_odds_p_value(n_first, n_second)
    if n_first + n_second == 0:
        assert math.isnan(p_value)
    else:
        assert p_value == pytest.approx(binomtest(n_first, n_first + n_second).pvalue, rel=1e-6, abs=1e-12)


def test_the_bootstrap_interval_holds_the_ratio_and_narrows_with_likeness() -> None:
    uniforms = np.random.default_rng(5).random((500, 5))
    hours = np.full(13, 40.0)
    assert bootstrap_ratio_interval(hours * 0.5, hours, uniforms) == (0.5, 0.5)
    varied = hours * np.random.default_rng(6).uniform(0.2, 0.8, 13)
    lower, upper = bootstrap_ratio_interval(varied, hours, uniforms)
    assert lower < varied.sum() / hours.sum() < upper
    assert all(math.isnan(bound) for bound in bootstrap_ratio_interval(varied[:2], hours[:2], uniforms))


def test_blocks_stay_together() -> None:
    # With three weeks there is one block, so every resample is the sample.
    weeks = np.array([1.0, 2.0, 6.0])
    assert bootstrap_ratio_interval(weeks, np.ones(3), np.random.default_rng(1).random((50, 1))) == (3, 3)
