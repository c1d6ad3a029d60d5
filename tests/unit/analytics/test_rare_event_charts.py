"""Charts of rare events: which gaps count, limits frozen on the baseline, and what an open gap may say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from orchestration.analytics.attribute_charts import g_chart_limits, t_chart_limits
from orchestration.analytics.rare_event_charts import COLUMNS, EVENT_COLUMNS, rare_event_chart, rare_event_points

FIRST = pd.Timestamp("2025-01-06")
WEEKS = pd.date_range(FIRST, periods=52, freq="7D")
LAUNCH = WEEKS[26]


def weeks(chart: str = "t", direction: str = "down", n_known: int = 52) -> pd.DataFrame:
    phase = np.where(WEEKS < LAUNCH, "before", np.where(WEEKS[28] > WEEKS, "transition", "after"))
    return pd.DataFrame(
        {
            "intervention_id": "a", "metric": "incidents", "week_start": WEEKS, "phase": phase,
            "is_baseline": phase == "before", "is_excluded": phase == "transition", "chart": chart,
            "desired_direction": direction, "denominator": 5.0 if chart == "g" else np.nan,
        }
    ).head(n_known)  # fmt: skip


def events(days: list[float], between: list[float] | None = None) -> pd.DataFrame:
    moments = FIRST + pd.to_timedelta(days, unit="D")
    frame = pd.DataFrame({"intervention_id": "a", "metric": "incidents", "occurred_at": moments})
    items = [np.nan] * len(days) if between is None else between
    return frame.assign(occurred_on=moments.normalize(), items_between=items)[list(EVENT_COLUMNS)]


BEFORE = [3.5, 15, 22, 40, 55, 63, 90, 101, 120, 140, 166]


def test_limits_are_those_of_the_gaps_within_the_baseline() -> None:
    found = rare_event_points(weeks(), events([*BEFORE, 200, 230]))
    assert tuple(found.columns) == COLUMNS
    published = t_chart_limits(np.diff(BEFORE))
    assert found["centre_line"].to_numpy() == pytest.approx(published.centre_line)
    assert found["upper_limit"].to_numpy() == pytest.approx(published.upper_limit)
    assert found["n_baseline"].tolist() == [10] * len(found)
    assert found["phase"].tolist() == ["before"] * 10 + ["transition", "after", "after"]
    assert found["exclusion_reason"].dropna().tolist() == ["spans_launch"]
    assert found["is_open"].tolist() == [False] * 12 + [True]
    assert found["gap"].iloc[-1] == pytest.approx(364 - 230)


def test_later_events_change_no_earlier_row() -> None:
    all_events = events([*BEFORE, 200, 230, 300])
    then, now = rare_event_points(weeks(n_known=35), all_events), rare_event_points(weeks(), all_events)
    closed = then.loc[~then["is_open"]]
    same = [name for name in COLUMNS if name != "window_end"]
    pd.testing.assert_frame_equal(closed[same], now[same].head(len(closed)))


def test_a_gap_still_open_is_a_sign_only_once_it_is_beyond_the_limit() -> None:
    none_since = events(BEFORE)
    found = rare_event_points(weeks(), none_since)
    assert found["signal_direction"].iloc[-1] == "improvement"
    assert rare_event_points(weeks(n_known=30), none_since)["signal_direction"].isna().iloc[-1]
    worse = rare_event_points(weeks(direction="up"), none_since)
    assert worse["signal_direction"].iloc[-1] == "concern"


def test_items_between_events_have_a_g_chart() -> None:
    between = [np.nan, 4, 9, 2, 7, 5, 3, 8, 6, 4, 9, 30.0, 41]
    found = rare_event_points(weeks("g"), events([*BEFORE, 210, 300], between))
    published = g_chart_limits(between[1:11])
    assert found["upper_limit"].iloc[0] == pytest.approx(published.upper_limit)
    assert found["gap"].tolist()[:3] == [4, 9, 2]
    assert found["signal_rule"].iloc[11] == "outside"
    # Five items in each of the nine weeks that begin after day 300.
    assert found["gap"].iloc[-1] == 45


def test_too_few_gaps_give_no_limits_and_say_so() -> None:
    found = rare_event_points(weeks(), events([3, 50, 90, 200]))
    assert found["centre_line"].isna().all()
    assert found["withheld_reason"].iloc[0] == "2 gaps between events before the launch, at least 6 needed"
    assert len(rare_event_points(weeks("xmr"), events(BEFORE))) == 0
    nothing = rare_event_chart(weeks(), events([]))
    assert not nothing.limits.has_limits


def test_events_of_one_moment_are_told_apart() -> None:
    chart = rare_event_chart(weeks(), events([*BEFORE[:3], 22.0, *BEFORE[3:]]))
    assert (chart.gaps > 0).all()
