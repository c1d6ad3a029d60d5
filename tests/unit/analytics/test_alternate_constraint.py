"""What a local gain without an end-to-end gain means."""

from __future__ import annotations

import pandas as pd
import pytest

from orchestration.analytics.alternate_constraint import COLUMNS, INPUT_COLUMNS, alternate_constraints

LOCAL_GAIN = {
    "intervention_id": "test-automation",
    "local_metric": "stage_time",
    "local_verdict": "improved",
    "n_post": 13,
    "end_to_end_metric": "flow_time",
    "end_to_end_effect": -0.02,
    "end_to_end_lower": -0.15,
    "end_to_end_upper": 0.11,
    "end_to_end_minimum_effect": 0.1,
    "desired_direction": "down",
    "constraint_before": "delivery.test",
    "constraint_after": "delivery.release",
}


def finding(**changed: object) -> pd.Series:
    return alternate_constraints(pd.DataFrame([LOCAL_GAIN | changed])).iloc[0]


def test_another_constraint_after_the_launch_is_a_move() -> None:
    row = finding()
    assert row["finding"] == "constraint_moved"
    assert row["reason"] == (
        "The local gain did not arrive end to end; the constraint moved from delivery.test to delivery.release."
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"constraint_after": "delivery.test"}, "local_gain_not_at_constraint"),
        ({"constraint_after": None}, "unclear"),
        ({"constraint_before": None}, "unclear"),
        ({"local_verdict": "improving_early"}, "not_triggered"),
        ({"n_post": 7}, "not_triggered"),
        ({"end_to_end_effect": -0.3, "end_to_end_lower": -0.4, "end_to_end_upper": -0.2}, "not_triggered"),
        # Significant and too small to matter, or significant and bad: the gain did not arrive either.
        ({"end_to_end_effect": -0.05, "end_to_end_lower": -0.08, "end_to_end_upper": -0.02}, "constraint_moved"),
        ({"end_to_end_effect": 0.3, "end_to_end_lower": 0.2, "end_to_end_upper": 0.4}, "constraint_moved"),
        (
            {
                "end_to_end_effect": 0.3,
                "end_to_end_lower": 0.2,
                "end_to_end_upper": 0.4,
                "desired_direction": "up",
            },
            "not_triggered",
        ),
    ],
)
def test_each_reading(changed: dict[str, object], expected: str) -> None:
    row = finding(**changed)
    assert row["finding"] == expected
    assert pd.isna(row["withheld_reason"])


def test_a_withheld_end_to_end_effect_gives_no_finding() -> None:
    row = finding(end_to_end_effect=None, end_to_end_lower=None, end_to_end_upper=None)
    assert pd.isna(row["finding"])
    assert row["withheld_reason"] == "the end-to-end effect is withheld"


def test_no_rows_have_the_same_types_and_wrong_ones_are_refused() -> None:
    empty = alternate_constraints(pd.DataFrame(columns=list(INPUT_COLUMNS)))
    assert tuple(empty.columns) == COLUMNS
    assert empty.dtypes.equals(alternate_constraints(pd.DataFrame([LOCAL_GAIN])).dtypes)
    with pytest.raises(ValueError, match="desired direction"):
        finding(desired_direction="sideways")
    with pytest.raises(ValueError, match="lack n_post"):
        alternate_constraints(pd.DataFrame([LOCAL_GAIN]).drop(columns="n_post"))
