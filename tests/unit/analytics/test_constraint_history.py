"""Events between the verdicts of successive refreshes."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.analytics.constraint_history import (
    COLUMNS,
    LINE_COLUMNS,
    VERDICT_COLUMNS,
    HistorySettings,
    constraint_events,
)

MONDAY = pd.Timestamp("2026-01-05")
PAYMENTS = {"scope": "value_stream", "scope_id": "payments", "level": "story", "workflow_id": "w", "window_weeks": 13}


def verdicts(weeks: list[dict[str, float | None]], **line: object) -> pd.DataFrame:
    """Return verdict rows, one refresh a week from probabilities per stage; a stage at 0.8 or more is declared."""
    rows = [
        {
            **PAYMENTS,
            **line,
            "as_of": MONDAY + pd.Timedelta(weeks=week),
            "stage_id": stage,
            "stage_name": stage.title(),
            "p_constraint": probability,
            "status": "declared" if probability is not None and probability >= 0.8 else "not_named",
        }
        for week, stages in enumerate(weeks)
        for stage, probability in stages.items()
    ]
    return pd.DataFrame(rows, columns=list(VERDICT_COLUMNS)).astype({"as_of": "datetime64[us]"})


def told(frame: pd.DataFrame) -> list[list[tuple[str, str, str | None]]]:
    """Return per refresh its events, each made from nothing but what was known by then."""
    days = sorted(frame["as_of"].unique())
    found = [constraint_events(frame.loc[frame["as_of"] < day], frame.loc[frame["as_of"] == day]) for day in days]
    return [
        [
            (row["event"], row["stage_id"], None if pd.isna(row["from_stage_id"]) else row["from_stage_id"])
            for row in events.to_dict("records")
        ]
        for events in found
    ]


def test_a_constraint_appears_persists_and_moves() -> None:
    frame = verdicts(
        [
            {"build": 0.5, "test": 0.5},
            {"build": 0.9, "test": 0.1},
            {"build": 0.6, "test": 0.4},
            {"build": 0.8, "test": 0.2},
            {"build": 0.1, "test": 0.9},
            {"build": 0.9, "test": 0.1},
        ]
    )
    assert told(frame) == [
        [],
        [("appeared", "build", None)],
        [],
        [("persisted", "build", None)],
        [("moved", "test", "build")],
        [("moved", "build", "test")],
    ]
    last = constraint_events(frame.iloc[:-2], frame.iloc[-2:])
    assert last["since"].tolist() == [MONDAY + pd.Timedelta(weeks=1)]
    assert last["n_weeks_since"].tolist() == [4]
    assert last["n_refreshes"].tolist() == [3]
    assert last["sentence"].tolist() == ["The constraint moved from Test to Build."]


def test_eliminated_after_eight_weeks_below_and_then_new_again() -> None:
    low = {"build": 0.1, "test": 0.5}
    frame = verdicts([{"build": 0.9, "test": 0.1}, *[low] * 9, low, {"build": 0.95, "test": 0.05}])
    events = told(frame)
    # Low from week 1 on: eight weeks later is week 9, and it is said once.
    assert events[9] == [("eliminated", "build", None)]
    assert [len(of_day) for of_day in events] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]
    assert events[11] == [("appeared", "build", None)]


@pytest.mark.parametrize("interruption", [0.2, 0.5, None])
def test_a_week_that_is_not_low_or_not_known_starts_the_weeks_anew(interruption: float | None) -> None:
    low = {"build": 0.1}
    frame = verdicts([{"build": 0.9}, *[low] * 7, {"build": interruption}, *[low] * 9])
    events = told(frame)
    assert [event for of_day in events[:-1] for event in of_day] == [("appeared", "build", None)]
    assert events[-1] == [("eliminated", "build", None)]


def test_a_stage_left_behind_is_eliminated_while_another_stands() -> None:
    frame = verdicts([{"build": 0.9, "test": 0.1}, *[{"build": 0.1, "test": 0.9}] * 9])
    events = told(frame)
    assert events[1] == [("moved", "test", "build")]
    assert events[9] == [("persisted", "test", None), ("eliminated", "build", None)]


def test_lines_and_windows_do_not_touch() -> None:
    first = verdicts([{"build": 0.9}, {"build": 0.9}])
    second = verdicts([{"build": 0.1}, {"build": 0.9}], window_weeks=26)
    both = pd.concat([first, second]).sample(frac=1, random_state=1)
    today = both["as_of"].max()
    events = constraint_events(both.loc[both["as_of"] < today], both.loc[both["as_of"] == today])
    assert events[["window_weeks", "event"]].to_numpy().tolist() == [[13, "persisted"], [26, "appeared"]]


def test_a_line_without_a_verdict_today_has_no_event_today() -> None:
    earlier = verdicts([{"build": 0.9}])
    today = verdicts([{}, {"build": 0.9}], scope_id="lending")
    assert constraint_events(earlier, today)["scope_id"].tolist() == ["lending"]


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]), st.sampled_from([0.1, 0.5])), min_size=2, max_size=25),
    st.data(),
)
def test_repeating_an_earlier_refresh_gives_its_events_again(
    weeks: list[tuple[float, float]], data: st.DataObject
) -> None:
    frame = verdicts([{"build": build, "test": test} for build, test in weeks])
    chosen = data.draw(st.sampled_from(sorted(frame["as_of"].unique())))
    today = frame.loc[frame["as_of"] == chosen]
    pd.testing.assert_frame_equal(
        constraint_events(frame.loc[frame["as_of"] < chosen], today), constraint_events(frame, today)
    )


def test_thresholds_are_settings() -> None:
    frame = verdicts([{"build": 0.9}, {"build": 0.3}, {"build": 0.3}])
    today = frame["as_of"].max()
    events = constraint_events(
        frame.loc[frame["as_of"] < today],
        frame.loc[frame["as_of"] == today],
        HistorySettings(max_probability=0.4, weeks=1),
    )
    assert events["event"].tolist() == ["eliminated"]
    assert "for 1 weeks and more its probability has been under 40 %" in events["sentence"].iloc[0]


def test_empty_input_and_wrong_input() -> None:
    one = verdicts([{"build": 0.9}])
    full, empty = constraint_events(one.iloc[:0], one), constraint_events(one, one.iloc[:0])
    assert tuple(empty.columns) == COLUMNS
    assert empty.dtypes.equals(full.dtypes)
    with pytest.raises(ValueError, match="lack status"):
        constraint_events(one.drop(columns="status"), one)
    with pytest.raises(ValueError, match="more than one day"):
        constraint_events(one, verdicts([{"build": 0.9}, {"build": 0.9}]))
    with pytest.raises(ValueError, match="two verdicts"):
        constraint_events(one, pd.concat([one, one]))
    assert set(LINE_COLUMNS) < set(VERDICT_COLUMNS)
