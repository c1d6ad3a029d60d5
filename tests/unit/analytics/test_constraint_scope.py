"""Whether a constraint is everywhere or in one place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu

from orchestration.analytics.constraint_scope import COLUMNS, ScopeSettings, classify_constraint_scopes

STREAMS, LEVELS = ("cards", "lending", "payments"), ("epic", "story")


def verdicts(named: dict[tuple[str, str], str], streams: tuple[str, ...] = STREAMS) -> pd.DataFrame:
    """Return verdict rows on the stage Test in every stream and level, ``not_named`` unless said otherwise."""
    rows = [
        {
            "scope_id": stream,
            "level": level,
            "stage_name": "Test",
            "window_weeks": 13,
            "window_start": pd.Timestamp("2026-01-05"),
            "window_end": pd.Timestamp("2026-04-05"),
            "status": named.get((stream, level), "not_named"),
        }
        for stream in streams
        for level in LEVELS
    ]
    return pd.DataFrame(rows)


def waits(shares: dict[tuple[str, str], list[float]]) -> pd.DataFrame:
    rows = [
        {"scope_id": stream, "level": level, "stage_name": "Test", "wait_share": share}
        for (stream, level), values in shares.items()
        for share in values
    ]
    return pd.DataFrame(rows, columns=["scope_id", "level", "stage_name", "wait_share"])


LOW, HIGH = [0.01 * step for step in range(20)], [0.5 + 0.01 * step for step in range(20)]


def classified(named: dict[tuple[str, str], str], shares: dict[tuple[str, str], list[float]]) -> dict[str, object]:
    (row,) = classify_constraint_scopes(verdicts(named), waits(shares)).to_dict("records")
    return row


def test_named_in_most_streams_and_at_two_levels_is_system_wide() -> None:
    row = classified({("cards", "story"): "declared", ("lending", "epic"): "candidate"}, {})
    assert row["scope_class"] == "system_wide"
    assert row["streams_named_share"] == pytest.approx(2 / 3)
    assert row["sentence"] == (
        "Test holds work back across the portfolio: it is declared or a candidate in 2 of 3 value streams, at 2 of 2 "
        "levels."
    )


def test_most_streams_but_one_level_is_not_system_wide() -> None:
    shares = {("cards", "story"): LOW, ("cards", "epic"): LOW}
    row = classified({("cards", "story"): "declared", ("lending", "story"): "declared"}, shares)
    assert row["scope_class"] == "mixed"
    assert row["specific_level"] == "story"
    assert pd.isna(row["specific_scope_id"])


def test_declared_in_one_stream_with_longer_waits_is_specific() -> None:
    shares = {("cards", "story"): HIGH, ("lending", "story"): LOW, ("payments", "epic"): LOW}
    row = classified({("cards", "story"): "declared", ("cards", "epic"): "declared"}, shares)
    assert row["scope_class"] == "scope_specific"
    assert row["specific_scope_id"] == "cards"
    assert pd.isna(row["specific_level"])
    assert row["a12"] == 1
    assert row["p_value_adjusted"] == row["p_value"] == mannwhitneyu(HIGH, LOW + LOW, alternative="greater").pvalue
    assert (row["n_waits_here"], row["n_waits_elsewhere"]) == (20, 40)
    assert row["sentence"].startswith("Test holds work back in cards: items wait before it for 60 % of their flow time")


def test_one_line_is_compared_with_all_others() -> None:
    shares = {("cards", "story"): HIGH, ("cards", "epic"): LOW, ("lending", "story"): LOW}
    row = classified({("cards", "story"): "declared"}, shares)
    assert (row["specific_scope_id"], row["specific_level"]) == ("cards", "story")
    assert (row["n_waits_here"], row["n_waits_elsewhere"]) == (20, 40)
    assert "in cards at level story" in row["sentence"]


def test_without_longer_waits_it_is_mixed() -> None:
    shares = {("cards", "story"): LOW, ("lending", "story"): LOW}
    row = classified({("cards", "story"): "declared"}, shares)
    assert row["scope_class"] == "mixed"
    assert row["a12"] == 0.5


def test_a_small_difference_is_not_specific_however_significant() -> None:
    rng = np.random.default_rng(1)
    here, elsewhere = rng.normal(0.53, 0.1, 2000).tolist(), rng.normal(0.5, 0.1, 2000).tolist()
    row = classified({("cards", "story"): "declared"}, {("cards", "story"): here, ("lending", "story"): elsewhere})
    assert row["p_value_adjusted"] < 0.001
    assert 0.5 < row["a12"] < 0.64
    assert row["scope_class"] == "mixed"


def test_too_few_waits_are_not_compared() -> None:
    row = classified({("cards", "story"): "declared"}, {("cards", "story"): HIGH[:9], ("lending", "story"): LOW})
    assert row["scope_class"] == "mixed"
    assert pd.isna(row["p_value"])
    assert row["withheld_reason"] == "9 waits here and 20 elsewhere, at least 10 each needed to compare them"


def test_a_stage_used_by_one_line_is_not_classified() -> None:
    one = verdicts({("cards", "story"): "declared"}, ("cards",)).query("level == 'story'")
    (row,) = classify_constraint_scopes(one, waits({})).to_dict("records")
    assert pd.isna(row["scope_class"])
    assert "nothing to compare it with" in row["withheld_reason"]
    # A line in which the stage could not be compared does not use it.
    also = verdicts({("cards", "story"): "declared", ("cards", "epic"): "not_compared"}, ("cards",))
    assert classify_constraint_scopes(also, waits({}))["scope_class"].isna().all()


def test_p_values_are_adjusted_over_all_stages_and_windows() -> None:
    rng = np.random.default_rng(2)
    tables, shares = [], []
    for stage in ("Build", "Review", "Test"):
        tables.append(verdicts({("cards", "story"): "declared"}).assign(stage_name=stage))
        values = {("cards", "story"): rng.random(15).tolist(), ("lending", "story"): rng.random(15).tolist()}
        shares.append(waits(values).assign(stage_name=stage))
    found = classify_constraint_scopes(pd.concat(tables), pd.concat(shares))
    ordered = found.sort_values("p_value")
    by_hand = np.minimum.accumulate((ordered["p_value"] * 3 / np.arange(1, 4))[::-1])[::-1]
    assert ordered["p_value_adjusted"].tolist() == pytest.approx(by_hand.tolist())


def test_stages_named_nowhere_have_no_row_and_empty_input_keeps_types() -> None:
    full = classify_constraint_scopes(verdicts({("cards", "story"): "candidate"}), waits({}))
    none = classify_constraint_scopes(verdicts({}), waits({}))
    assert len(none) == 0
    assert tuple(none.columns) == COLUMNS
    assert none.dtypes.equals(full.dtypes)
    # Not declared anywhere, so nowhere specific.
    assert full["scope_class"].tolist() == ["mixed"]
    with pytest.raises(ValueError, match="verdicts lack status"):
        classify_constraint_scopes(verdicts({}).drop(columns="status"), waits({}))


def test_thresholds_are_settings() -> None:
    table = verdicts({("cards", "story"): "declared"})
    assert classify_constraint_scopes(table, waits({}), ScopeSettings(0.3, 1))["scope_class"].tolist() == [
        "system_wide"
    ]
