"""A weighted mix of donors: exact where one exists, withheld where none follows, and a placebo for each donor."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.analytics.synthetic_control import (
    COLUMNS,
    SyntheticControlSettings,
    simplex_weights,
    synthetic_control,
    synthetic_controls,
)

ON = SyntheticControlSettings(is_on=True)
N_BEFORE, N_AFTER = 26, 14
N = N_BEFORE + N_AFTER
POST = np.arange(N) >= N_BEFORE
WEEKS = pd.date_range("2025-01-06", periods=N, freq="7D").as_unit("us")
STREAMS = [f"stream-{name}" for name in "abcdefg"]


def donors(seed: int = 4) -> np.ndarray:
    rng = np.random.Generator(np.random.PCG64(seed))
    return 3 + rng.normal(0, 0.3, (7, 1)) + np.cumsum(rng.normal(0, 0.08, (7, N)), axis=1)


def frames(own: np.ndarray, others: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    treated = pd.DataFrame(
        {
            "intervention_id": "a", "metric": "cycle_time", "week_start": WEEKS, "charted_value": own,
            "chart_scale": "log", "phase": np.where(POST, "after", "before"), "is_baseline": ~POST,
            "is_excluded": False, "value_stream_id": "own", "level": "story",
        }
    )  # fmt: skip
    candidates = pd.concat(
        pd.DataFrame(
            {"value_stream_id": name, "level": "story", "metric": "cycle_time", "week_start": WEEKS,
             "is_complete": True, "value": np.exp(values)}
        )
        for name, values in zip(STREAMS, others, strict=True)
    )  # fmt: skip
    launch = pd.DataFrame({"intervention_id": ["a"], "value_stream_id": ["own"], "launched_at": [WEEKS[N_BEFORE]]})
    return treated, candidates, launch


def test_a_mix_that_exists_is_found_and_its_effect_is_exact() -> None:
    others = donors()
    own = 0.6 * others[1] + 0.4 * others[4] + np.where(POST, -0.3, 0.0)
    found = synthetic_control(own, others, POST)
    assert found.weights == pytest.approx([0, 0.6, 0, 0, 0.4, 0, 0], abs=1e-6)
    assert found.effect == pytest.approx(-0.3, abs=1e-6)


@given(st.integers(0, 10_000))
def test_weights_are_shares_and_no_others_come_nearer(seed: int) -> None:
    rng = np.random.Generator(np.random.PCG64(seed))
    others, target = rng.normal(5, 2, (6, 20)), rng.normal(5, 2, 20)
    weights = simplex_weights(target, others)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1)
    error = ((target - weights @ others) ** 2).sum()
    others_tried = rng.dirichlet(np.ones(6), 200)
    assert error <= ((target - others_tried @ others) ** 2).sum(axis=1).min() + 1e-6


def test_the_table_tells_weights_effect_and_placebos() -> None:
    rng = np.random.Generator(np.random.PCG64(8))
    others = donors()
    own = 0.7 * others[0] + 0.3 * others[2] + rng.normal(0, 0.01, N) + np.where(POST, np.log(0.7), 0.0)
    table = synthetic_controls(*frames(own, others), settings=ON)
    assert tuple(table.columns) == COLUMNS
    (row,) = table.to_dict("records")
    assert row["weights"].startswith("stream-a 0.")
    assert row["effect_percent"] == pytest.approx(-30, abs=2)
    assert (row["n_donors"], row["n_placebos"], row["n_baseline"], row["n_post"]) == (7, 7, N_BEFORE, N_AFTER)
    assert row["placebo_p_value"] == row["smallest_placebo_p_value"] == pytest.approx(1 / 8)
    assert row["placebo_lower"] < row["placebo_upper"]


def test_a_mix_that_does_not_follow_is_withheld() -> None:
    others = donors()
    far = synthetic_controls(*frames(others[0] + 5, others[1:].repeat(2, axis=0)[:7]), settings=ON)
    assert "the best mix misses the weeks before the launch by" in far["withheld_reason"].iloc[0]
    assert far["effect"].isna().all()


def test_too_few_streams_or_weeks_are_withheld() -> None:
    others = donors()
    treated, candidates, launch = frames(others[0], others)
    few = candidates.loc[candidates["value_stream_id"] < "stream-e"]
    assert synthetic_controls(treated, few, launch, settings=ON)["withheld_reason"].iloc[0] == (
        "4 value streams that it can be mixed from, at least 5 needed"
    )
    short = treated.loc[~(treated["week_start"] < WEEKS[10])]
    assert (
        "16 weeks before the launch"
        in synthetic_controls(short, candidates, launch, settings=ON)["withheld_reason"].iloc[0]
    )
    ruled_out = synthetic_controls(treated, candidates, launch, excluded={"a": STREAMS[:4]}, settings=ON)
    assert ruled_out["n_candidates"].tolist() == [3]


def test_it_is_off_unless_asked_for() -> None:
    table = synthetic_controls(*frames(donors()[0], donors()))
    assert len(table) == 0
    assert table.dtypes.equals(synthetic_controls(*frames(donors()[0], donors()), settings=ON).dtypes)


@pytest.mark.parametrize(("n_donors", "post", "said"), [(1, POST, "two donors"), (3, POST | True, "no week")])
def test_what_cannot_be_mixed_is_refused(n_donors: int, post: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        synthetic_control(donors()[0], donors()[:n_donors], post)
