"""Scores of the office's projections: known answers, identities, minima."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from orchestration.analytics.projection_calibration import (
    COLUMNS,
    calibrate_projections,
    projection_calibration,
)


def scored(n: int, ratio: float = 0.5, kind: str = "automation", n_covered: int | None = None) -> pd.DataFrame:
    """Return projections of a gain of 4 days of which ``ratio`` came, ``n_covered`` of them inside the intervals."""
    covered = np.arange(n) < (n if n_covered is None else n_covered)
    return pd.DataFrame(
        {
            "projection_id": [f"{kind}-{place}" for place in range(n)],
            "kind": kind,
            "due_date": pd.date_range("2025-01-01", periods=n, freq="D"),
            "projected_gain": 4.0,
            **{f"lower_{level}": np.where(covered, 4 * ratio - 1, 50) for level in (50, 80, 95)},
            **{f"upper_{level}": np.where(covered, 4 * ratio + 1, 60) for level in (50, 80, 95)},
            "actual_gain": 4 * ratio,
            "sigma_baseline": 2.0,
            "meets_probability": 0.8,
            "has_met": np.arange(n) % 2 == 0,
        }
    )


def test_coverage_has_its_wilson_interval() -> None:
    row = projection_calibration(scored(20, n_covered=17)).iloc[0]
    assert (row["n_covered_80"], row["coverage_80"]) == (17, 0.85)
    # Known: 17 of 20 gives 0.640 to 0.948.
    assert row["coverage_80_lower"] == pytest.approx(0.640, abs=5e-4)
    assert row["coverage_80_upper"] == pytest.approx(0.948, abs=5e-4)


def test_optimism_shows_in_the_ratio_the_sign_test_and_the_error() -> None:
    row = projection_calibration(scored(10)).iloc[0]
    assert row["bias_ratio"] == 0.5
    assert (row["n_optimistic"], row["n_sign_test"]) == (10, 10)
    assert row["optimism_p_value"] == pytest.approx(2 / 2**10)
    assert row["scaled_absolute_error"] == 1.0
    assert row["pinball_50"] == pytest.approx(0.5 * 2 / 2)
    assert row["pinball_10"] == pytest.approx(0.1 * 1 / 2)
    assert row["pinball_90"] == pytest.approx(0.1 * 1 / 2)
    exact = projection_calibration(scored(10, ratio=1)).iloc[0]
    assert exact["n_sign_test"] == 0
    assert np.isnan(exact["optimism_p_value"])


def test_probabilities_are_held_against_the_base_rate_and_no_change() -> None:
    row = projection_calibration(scored(10)).iloc[0]
    brier = (0.2**2 + 0.8**2) / 2
    assert row["brier"] == pytest.approx(brier)
    assert row["brier_skill_base_rate"] == pytest.approx(1 - brier / 0.25)
    assert row["brier_skill_no_change"] == pytest.approx(1 - brier / 0.5)
    assert np.isnan(row["reliability"])
    assert not row["has_reliability_bins"]
    assert projection_calibration(scored(30)).iloc[0]["reliability"] == pytest.approx(0.09)


def test_below_the_minima_nothing_is_published_and_it_says_so() -> None:
    row = projection_calibration(scored(4)).iloc[0]
    assert row[["bias_ratio", "coverage_50", "scaled_absolute_error", "pinball_10", "brier"]].isna().all()
    assert row["withheld_reason"].startswith("bias ratio: 4 scored, at least 5 needed; coverage of 50 % intervals: 4")
    assert "Brier score: 4 scored, at least 10 needed" in row["withheld_reason"]
    nine = projection_calibration(scored(9)).iloc[0]
    assert np.isfinite(nine["coverage_50"])
    assert np.isnan(nine["brier"])


def test_a_projection_not_measured_yet_takes_part_in_nothing() -> None:
    frame = scored(10)
    frame.loc[0, "actual_gain"] = np.nan
    frame.loc[1, ["lower_80", "upper_80"]] = np.nan
    frame.loc[2, "sigma_baseline"] = 0.0
    row = projection_calibration(frame).iloc[0]
    assert (row["n_projections"], row["n_scored"], row["n_coverage_80"], row["n_coverage_50"]) == (10, 9, 8, 9)
    assert row["scaled_absolute_error"] == 1.0


def test_kinds_stand_apart_and_together() -> None:
    frame = pd.concat([scored(8), scored(6, ratio=1.5, kind="headcount")])
    table = projection_calibration(frame.sample(frac=1, random_state=1)).set_index("kind")
    assert table.index.tolist() == ["automation", "headcount", "all"]
    assert table["n_scored"].tolist() == [8, 6, 14]
    assert table["bias_ratio"].tolist() == [0.5, 1.5, 0.5]


def test_later_projections_are_corrected_from_eight_of_their_kind_on() -> None:
    calibration = projection_calibration(pd.concat([scored(8), scored(7, ratio=1.5, kind="headcount")]))
    projections = pd.DataFrame({"kind": ["automation", "headcount", "policy"], "projected_gain": [10.0, 10.0, 10.0]})
    found = calibrate_projections(projections, calibration)
    assert found["calibrated_gain"].iloc[0] == 5.0
    assert found["calibrated_gain"].isna().tolist() == [False, True, True]
    assert found["n_calibration"].tolist() == [8, 7, 0]
    assert found["calibration_withheld_reason"].iloc[1] == ("7 scored projections of this kind, at least 8 needed")
    assert pd.isna(found["calibration_withheld_reason"].iloc[0])
    assert (found["projected_gain"] == 10).all()


def test_no_projections_give_empty_tables_and_wrong_ones_are_refused() -> None:
    empty = projection_calibration(scored(0))
    assert tuple(empty.columns) == COLUMNS
    assert empty.dtypes.equals(projection_calibration(scored(10)).dtypes)
    nothing = pd.DataFrame({"kind": pd.Series(dtype="str"), "projected_gain": pd.Series(dtype=float)})
    assert calibrate_projections(nothing, empty).empty
    with pytest.raises(ValueError, match="scored twice"):
        projection_calibration(pd.concat([scored(3)] * 2))
    with pytest.raises(ValueError, match="lack has_met"):
        projection_calibration(scored(3).drop(columns="has_met"))
    with pytest.raises(ValueError, match="cannot be named"):
        projection_calibration(scored(3, kind="all"))
    with pytest.raises(ValueError, match="swap"):
        projection_calibration(scored(3).rename(columns={"lower_50": "upper_50", "upper_50": "lower_50"}))
    with pytest.raises(ValueError, match="lack kind"):
        calibrate_projections(nothing.drop(columns="kind"), empty)
