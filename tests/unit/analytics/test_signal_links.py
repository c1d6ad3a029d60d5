"""Signals that move together: known lags, independent series, gaps, words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.stattools import ccf

from orchestration.analytics.random_streams import generator_for
from orchestration.analytics.signal_links import LINK_COLUMNS, LinkSettings, link_signals, prewhiten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

END = pd.Timestamp("2026-06-29")


def autoregression(rng: np.random.Generator, n: int, phi: float = 0.5) -> np.ndarray:
    shocks = rng.normal(size=n + 50)
    values = np.zeros(n + 50)
    for week in range(1, n + 50):
        values[week] = phi * values[week - 1] + shocks[week]
    return values[50:]


def signals(series: Mapping[str, Sequence[float]], positions: Sequence[float] | None = None, **columns) -> pd.DataFrame:
    """Build signals whose last week is the one before END; each lies at its own place unless places are given."""
    frames = [
        pd.DataFrame(
            {
                "value_stream_id": "payments",
                "level": "story",
                "signal_id": name,
                "signal_name": name.capitalize(),
                "position": position,
                "week_start": pd.date_range(end=END - pd.Timedelta(weeks=1), periods=len(values), freq="7D"),
                "is_complete": True,
                "value": values,
            }
        )
        for (name, values), position in zip(
            series.items(), positions or np.arange(len(series), dtype=float), strict=True
        )
    ]
    return pd.concat(frames, ignore_index=True).assign(**columns)


def linked(frame: pd.DataFrame, **options) -> pd.DataFrame:
    return link_signals(frame, END, generator=generator_for("snapshot", "test", "links"), **options)


def test_a_signal_that_follows_two_weeks_later() -> None:
    rng = np.random.default_rng(1)
    defects = autoregression(rng, 60)
    queue = np.concatenate([[0.0, 0.0], defects[:-2]]) + 0.7 * rng.normal(size=60)
    found = linked(signals({"defects": defects, "queue": queue}))
    assert len(found) == 13
    assert found["n_tests"].eq(13).all()
    links = found.loc[found["is_linked"]]
    assert links[["leading_signal_id", "following_signal_id"]].to_numpy().tolist() == [["defects", "queue"]]
    assert links["lag_weeks"].tolist() == [2]
    assert links["correlation"].iloc[0] > 0.5
    assert links["correlation_lower"].iloc[0] < links["correlation"].iloc[0] < links["correlation_upper"].iloc[0]
    assert links["sentence"].iloc[0].startswith("Queue moves with Defects, 2 weeks later (correlation 0.")
    assert "cause" not in links["sentence"].iloc[0]
    assert found.loc[~found["is_linked"].astype(bool), "sentence"].isna().all()
    assert links["n_weeks"].iloc[0] == 52

    against = linked(signals({"defects": -defects, "queue": queue}))
    assert against["sentence"].dropna().str.startswith("Queue moves against Defects").all()
    assert against["is_linked"].sum() == 1


def test_correlations_are_those_of_statsmodels() -> None:
    rng = np.random.default_rng(2)
    first, second = autoregression(rng, 40), autoregression(rng, 40)
    found = linked(signals({"a": first, "b": second}))
    forward = found.loc[found["leading_signal_id"] == "a", "correlation"]
    # statsmodels reads its first series later.
    expected = ccf(prewhiten(second), prewhiten(first), adjusted=False)[:7]
    assert forward.tolist() == pytest.approx(expected.tolist())


def test_momentum_by_itself_is_no_link() -> None:
    # Two random walks correlate strongly; what they do beyond their momentum does not.
    rng = np.random.default_rng(10)
    first, second = np.cumsum(rng.normal(size=52)), np.cumsum(rng.normal(size=52))
    assert abs(np.corrcoef(first, second)[0, 1]) > 0.5
    assert not linked(signals({"a": first, "b": second}))["is_linked"].any()


def test_only_neighbours_are_compared() -> None:
    rng = np.random.default_rng(3)
    series = {name: rng.normal(size=30) for name in ("build", "build_age", "test", "deploy", "incidents")}
    found = linked(signals(series, positions=[1, 1, 2, 3, np.nan]))
    pairs = {tuple(sorted(pair)) for pair in found[["leading_signal_id", "following_signal_id"]].to_numpy().tolist()}
    apart = {("build", "deploy"), ("build_age", "deploy")}
    assert len(pairs) == 10 - len(apart)
    assert not pairs & apart
    both = pd.concat([signals(series), signals({"other": rng.normal(size=30)}, value_stream_id="loans")])
    assert set(linked(both)["value_stream_id"]) == {"payments"}


def test_too_short_constant_and_unmeasured_signals_are_withheld() -> None:
    rng = np.random.default_rng(4)
    noise = rng.normal(size=52)
    found = linked(signals({"a": noise, "short": noise[:25], "never": [np.nan] * 30}))
    assert found["withheld_reason"].tolist() == [
        "25 weeks in which both were measured, at least 26 needed.",
        "0 weeks in which both were measured, at least 26 needed.",
    ]
    assert found[["lag_weeks", "correlation", "p_value", "is_linked", "sentence"]].isna().all(axis=None)
    flat = linked(signals({"a": noise, "flat": [0.3] * 52}))
    assert flat["withheld_reason"].tolist() == ["One of them never varies."]
    assert linked(signals({"a": noise})).empty
    assert linked(signals({"a": noise})).columns.tolist() == list(LINK_COLUMNS)
    pd.testing.assert_series_equal(linked(signals({"a": noise})).dtypes, found.dtypes)


def test_incomplete_and_later_weeks_change_nothing() -> None:
    rng = np.random.default_rng(5)
    frame = signals({"a": rng.normal(size=60), "b": rng.normal(size=60)})
    expected = linked(frame)
    later = frame.assign(week_start=frame["week_start"] + pd.Timedelta(weeks=60), value=99.0)
    started = frame.groupby("signal_id").tail(1)
    unfinished = started.assign(week_start=END, is_complete=False)
    pd.testing.assert_frame_equal(linked(pd.concat([frame, later, unfinished])), expected)
    pd.testing.assert_frame_equal(linked(frame.sample(frac=1, random_state=1)), expected)
    # A week that is not complete counts as not measured.
    cut = linked(frame.assign(is_complete=frame["week_start"] != frame["week_start"].max()))
    assert cut["n_weeks"].eq(51).all()


def test_a_gap_neither_links_nor_breaks() -> None:
    rng = np.random.default_rng(6)
    leading = rng.normal(size=52)
    following = np.concatenate([[0.0], leading[:-1]]) + 0.3 * rng.normal(size=52)
    following[20:23] = np.nan
    found = linked(signals({"a": leading, "b": following}))
    assert found.loc[found["is_linked"], "lag_weeks"].tolist() == [1]
    assert found["n_weeks"].eq(49).all()


def test_a_single_link_among_many_comparisons_is_found() -> None:
    # Over 999 permutations no p is below 0.001, so one link among hundreds of comparisons needs more of them.
    rng = np.random.default_rng(7)
    series = {f"noise-{number:02d}": rng.normal(size=52) for number in range(12)}
    series["zfirst"] = rng.normal(size=52)
    series["zsecond"] = np.concatenate([[0.0] * 3, series["zfirst"][:-3]]) + 0.5 * rng.normal(size=52)
    found = linked(signals(series, positions=[1.0] * len(series)))
    assert found["n_tests"].iloc[0] == 13 * 14 * 13 / 2
    assert found.loc[found["is_linked"], ["leading_signal_id", "lag_weeks"]].to_numpy().tolist() == [["zfirst", 3]]


def test_two_values_in_a_week_are_refused() -> None:
    frame = signals({"a": [1.0] * 30, "b": [2.0] * 30})
    with pytest.raises(ValueError, match="two values in one week"):
        linked(pd.concat([frame, frame]))
    with pytest.raises(ValueError, match="lack position"):
        linked(frame.drop(columns="position"))


@given(
    shift=st.floats(-1e3, 1e3),
    scale=st.floats(0.01, 100),
    seed=st.integers(0, 1000),
)
@settings(max_examples=20, deadline=None)
def test_unit_and_origin_do_not_matter(shift: float, scale: float, seed: int) -> None:
    values = autoregression(np.random.default_rng(seed), 40)
    np.testing.assert_allclose(prewhiten(shift + scale * values), prewhiten(values), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("n_weeks", [26, 52])
def test_independent_autoregressions_are_rarely_linked(n_weeks: int) -> None:
    # 400 lines of four signals with the momentum of weekly flow data and no link: whatever is found is false.
    rng = np.random.default_rng(8)
    n_lines, n_false = 400, 0
    for line in range(n_lines):
        series = {name: autoregression(rng, n_weeks, rng.uniform(0, 0.8)) for name in "abcd"}
        found = link_signals(signals(series), END, generator=np.random.default_rng(line))
        n_false += bool(found["is_linked"].any())
    # The control is at 5 %; 10 % is what the method may cost.
    assert n_false / n_lines <= 0.10


@pytest.mark.slow
def test_a_lag_of_two_weeks_is_found_as_such() -> None:
    rng = np.random.default_rng(9)
    n_lines, n_right, n_found = 200, 0, 0
    for line in range(n_lines):
        leading = autoregression(rng, 52)
        following = np.concatenate([[0.0, 0.0], leading[:-2]]) + rng.normal(size=52)
        found = link_signals(signals({"a": leading, "b": following}), END, generator=np.random.default_rng(line))
        links = found.loc[found["is_linked"]]
        n_found += not links.empty
        strongest = links.loc[links["correlation"].abs().idxmax()] if len(links) else None
        n_right += strongest is not None and (strongest["leading_signal_id"], strongest["lag_weeks"]) == ("a", 2)
    assert n_right >= 0.9 * n_lines
    assert n_right >= 0.95 * n_found


def test_settings_bound_the_lags() -> None:
    rng = np.random.default_rng(11)
    frame = signals({"a": rng.normal(size=30), "b": rng.normal(size=30)})
    found = linked(frame, settings=LinkSettings(max_lag_weeks=2, window_weeks=28))
    assert sorted(found["lag_weeks"]) == [0, 1, 1, 2, 2]
    assert found["n_weeks"].eq(28).all()
