"""Changes of level at unknown dates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.analytics.change_search import COLUMNS, change_positions, changes_of_level

WAVE = [1.0, 3.0, 2.0, 4.0, 0.0, 2.5, 1.5, 3.5]


def test_a_change_is_found_at_its_first_point() -> None:
    assert change_positions([*WAVE * 2, *(value + 9 for value in WAVE * 2)]) == [16]
    assert change_positions(WAVE * 4) == []


def test_nothing_is_found_in_too_few_or_constant_values() -> None:
    assert change_positions([]) == []
    assert change_positions([0.0] * 7 + [9.0] * 8) == []
    assert change_positions([5.0] * 40) == []
    assert change_positions([np.nan] * 40) == []
    with pytest.raises(ValueError, match="infinite"):
        change_positions([np.inf] * 20)


def test_missing_weeks_do_not_shift_the_date() -> None:
    values = [*WAVE, np.nan, *WAVE, np.nan, *(value + 9 for value in WAVE * 2)]
    weeks = pd.date_range("2026-01-05", periods=len(values), freq="7D")
    found = changes_of_level(weeks, values)
    assert tuple(found.columns) == COLUMNS
    assert found["week_start"].tolist() == [weeks[18]]
    assert found[["n_before", "n_after"]].to_numpy().tolist() == [[16, 16]]
    assert found["mean_after"].iloc[0] - found["mean_before"].iloc[0] == pytest.approx(9)
    assert found["statement"].iloc[0].startswith("A change near the week of 2026-05-11")
    none = changes_of_level(weeks[:3], [1, 2, 3])
    assert len(none) == 0
    assert none.dtypes.equals(found.dtypes)


@settings(max_examples=30, deadline=None)
@given(
    values=st.lists(st.integers(-40, 40).map(float), min_size=16, max_size=60), scale=st.sampled_from([0.5, 2.0, -4.0])
)
def test_unit_and_direction_do_not_matter(values: list[float], scale: float) -> None:
    assert change_positions([scale * value + 8 for value in values]) == change_positions(values)
