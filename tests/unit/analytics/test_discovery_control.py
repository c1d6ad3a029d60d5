"""Adjusted p over all tests of a refresh."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.analytics.discovery_control import (
    ADDED_COLUMNS,
    DiscoverySettings,
    control_false_discoveries,
)


def test_the_example_of_the_paper_has_four_discoveries_at_5_percent() -> None:
    # Benjamini and Hochberg 1995, section 3.2: fifteen tests of thrombolysis.
    published = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
        0.7590, 1.0000,
    ]  # fmt: skip
    table = control_false_discoveries(
        pd.DataFrame({"p_value": published}), settings=DiscoverySettings(false_discovery_rate=0.05)
    )
    assert table["is_discovery"].tolist() == [True] * 4 + [False] * 11
    assert table["p_adjusted"].iloc[3] == pytest.approx(0.0095 * 15 / 4)


def test_a_withheld_p_is_no_test_and_no_discovery() -> None:
    frame = pd.DataFrame({"metric": ["a", "b", "c"], "p_value": [0.04, np.nan, 0.06]}, index=[7, 3, 5])
    table = control_false_discoveries(frame)
    assert table["n_tests"].tolist() == [2] * 3
    assert table["p_adjusted"].iloc[[0, 2]].tolist() == pytest.approx([0.06, 0.06])
    assert table["is_discovery"].iloc[0]
    assert table["is_discovery"].isna().tolist() == [False, True, False]
    assert table.index.tolist() == [7, 3, 5]


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.permutations(range(30)))
def test_adjusting_keeps_the_order_never_helps_and_does_not_depend_on_it(
    p_values: list[float], mixed: list[int]
) -> None:
    table = control_false_discoveries(pd.DataFrame({"p_value": p_values}))
    assert (table["p_adjusted"] >= table["p_value"] - 1e-12).all()
    in_order = table.sort_values("p_value")["p_adjusted"].to_numpy()
    assert (np.diff(in_order) >= -1e-12).all()
    order = [place for place in mixed if place < len(p_values)]
    shuffled = control_false_discoveries(pd.DataFrame({"p_value": p_values}).iloc[order])
    assert shuffled["p_adjusted"].sort_index().tolist() == pytest.approx(table["p_adjusted"].tolist())


def test_no_tests_have_the_same_columns_and_wrong_p_are_refused() -> None:
    empty = control_false_discoveries(pd.DataFrame({"p_value": pd.Series(dtype=float)}))
    assert tuple(empty.columns) == ("p_value", *ADDED_COLUMNS)
    assert empty.dtypes.equals(control_false_discoveries(pd.DataFrame({"p_value": [0.5]})).dtypes)
    with pytest.raises(ValueError, match="outside 0 to 1"):
        control_false_discoveries(pd.DataFrame({"p_value": [1.2]}))
    with pytest.raises(ValueError, match="lack p_value"):
        control_false_discoveries(pd.DataFrame({"p": [0.2]}))
