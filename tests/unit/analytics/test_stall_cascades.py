"""Stalls that run from stage to stage: planted ones, chance, and what links them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from orchestration.analytics.stall_cascades import (
    EVENT_COLUMNS,
    EVENT_KEYS,
    LINK_COLUMNS,
    CascadeSettings,
    find_stalls,
)

if TYPE_CHECKING:
    from orchestration.analytics.stall_cascades import CountItems

END = pd.Timestamp("2026-06-29")
WEEKS = pd.date_range(end=END - pd.Timedelta(weeks=1), periods=40, freq="7D")
STAGES = ("build", "test", "deploy", "release")


def quiet() -> pd.DataFrame:
    """Return four stages over forty weeks in which nothing is unusual: every value is the same."""
    grid = pd.MultiIndex.from_product([STAGES, WEEKS], names=["stage_id", "week_start"]).to_frame(index=False)
    return grid.assign(
        value_stream_id="payments",
        level="story",
        stage_name=grid["stage_id"].str.capitalize(),
        position=grid["stage_id"].map({name: place for place, name in enumerate(STAGES)}),
        is_complete=True,
        queue=3.0,
        arrivals=5.0,
        delay=np.nan,
    )


def stalled(*events: tuple[str, int, str]) -> pd.DataFrame:
    """Raise a measure at (stage, week number, measure)."""
    frame = quiet()
    for stage, week, measure in events:
        frame.loc[(frame["stage_id"] == stage) & (frame["week_start"] == WEEKS[week]), measure] = 9.0
    return frame


def present(*spans: tuple[str, int, str]) -> pd.DataFrame:
    """Return items in stages by (stage, week number, items as letters)."""
    rows = [(stage, WEEKS[week], item) for stage, week, letters in spans for item in letters]
    frame = pd.DataFrame(rows, columns=["stage_id", "week_start", "work_item_id"])
    return frame.assign(value_stream_id="payments", level="story")


def stall_cascades(*arguments, **settings) -> pd.DataFrame:
    """Return the events alone."""
    return find_stalls(*arguments, **settings).events


def counted(items: pd.DataFrame) -> CountItems:
    """Return what counts the items of events, here from a list of them."""

    def count(events: pd.DataFrame, pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        of_event = [
            set(items.loc[(items[list(EVENT_KEYS)] == event[list(EVENT_KEYS)]).all(axis=1), "work_item_id"])
            for _, event in events.iterrows()
        ]
        shared = [len(of_event[first] & of_event[second]) for first, second in pairs.to_numpy()]
        return np.array([len(names) for names in of_event], dtype=np.int64), np.array(shared, dtype=np.int64)

    return count


PLANTED = stalled(("build", 20, "arrivals"), ("test", 20, "queue"), ("deploy", 21, "queue"), ("release", 30, "queue"))
ITEMS = present(("build", 20, "abcd"), ("test", 20, "cdefgh"), ("deploy", 21, "efg"), ("release", 30, "efg"))


def test_a_stall_over_three_stages_is_told_in_order() -> None:
    found = stall_cascades(PLANTED, counted(ITEMS), END)
    assert found["stage_id"].tolist() == ["build", "test", "deploy"]
    assert found["cascade_id"].tolist() == [f"{WEEKS[20]:%Y-%m-%d} build"] * 3
    assert found["n_items"].tolist() == [4, 6, 3]
    assert found["n_links"].tolist() == [1, 2, 1]
    # Build and test share c and d, test and deploy all three of deploy.
    assert found["max_shared_item_share"].tolist() == [0.5, 1.0, 1.0]
    assert found["n_events"].tolist() == [3, 3, 3]
    assert found["story"].iloc[0] == (
        f"week of {WEEKS[20]:%Y-%m-%d}: many arrivals at Build; week of {WEEKS[20]:%Y-%m-%d}: a long queue at Test; "
        f"week of {WEEKS[21]:%Y-%m-%d}: a long queue at Deploy."
    )
    assert found["n_weeks"].eq(40).all()


@pytest.mark.parametrize(
    "items",
    [
        # Less than half shared.
        present(("build", 20, "abcd"), ("test", 20, "dxyz"), ("deploy", 21, "xyz")),
        # Nobody in deploy.
        present(("build", 20, "abcd"), ("test", 20, "abcd")),
    ],
)
def test_stages_that_share_too_few_items_are_no_cascade(items: pd.DataFrame) -> None:
    assert stall_cascades(PLANTED, counted(items), END).empty


def test_events_far_apart_in_time_or_place_are_no_cascade() -> None:
    late = stalled(("build", 20, "queue"), ("test", 20, "queue"), ("deploy", 22, "queue"))
    same = present(("build", 20, "ab"), ("test", 20, "ab"), ("deploy", 22, "ab"))
    assert stall_cascades(late, counted(same), END).empty
    assert len(stall_cascades(late, counted(same), END, settings=CascadeSettings(max_weeks_apart=2))) == 3
    apart = stalled(("build", 20, "queue"), ("deploy", 20, "queue"), ("release", 21, "queue"))
    same = present(("build", 20, "ab"), ("deploy", 20, "ab"), ("release", 21, "ab"))
    assert stall_cascades(apart, counted(same), END).empty


def test_two_stages_to_and_fro_are_a_cascade_only_if_asked_for() -> None:
    frame = stalled(("build", 20, "queue"), ("test", 20, "queue"), ("build", 21, "queue"))
    items = present(("build", 20, "ab"), ("test", 20, "ab"), ("build", 21, "ab"))
    assert stall_cascades(frame, counted(items), END).empty
    assert len(stall_cascades(frame, counted(items), END, settings=CascadeSettings(min_stages=2))) == 3


def test_other_lines_later_and_incomplete_weeks_change_nothing() -> None:
    expected = stall_cascades(PLANTED, counted(ITEMS), END)
    later = PLANTED.assign(week_start=PLANTED["week_start"] + pd.Timedelta(weeks=40), queue=99.0)
    unfinished = PLANTED.loc[PLANTED["week_start"] == WEEKS[0]].assign(
        week_start=WEEKS[0] - pd.Timedelta(weeks=1), is_complete=False, queue=99.0
    )
    other = PLANTED.assign(value_stream_id="another", queue=3.0, arrivals=3.0)
    everything = pd.concat([later, unfinished, other, PLANTED]).sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        stall_cascades(everything, counted(ITEMS.sample(frac=1, random_state=1)), END), expected
    )


def test_too_few_weeks_flag_nothing_and_empty_frames_keep_their_types() -> None:
    short = PLANTED.loc[PLANTED["week_start"] >= WEEKS[15]]
    found = stall_cascades(short, counted(ITEMS), END)
    assert found.empty
    assert found.columns.tolist() == list(EVENT_COLUMNS)
    full = stall_cascades(PLANTED, counted(ITEMS), END)
    pd.testing.assert_series_equal(found.dtypes, full.dtypes)
    pd.testing.assert_series_equal(stall_cascades(PLANTED.iloc[:0], counted(ITEMS.iloc[:0]), END).dtypes, full.dtypes)


def test_links_lead_from_event_to_event_of_the_same_cascade() -> None:
    links = find_stalls(PLANTED, counted(ITEMS), END).links
    assert links.columns.tolist() == list(LINK_COLUMNS)
    assert links[["stage_id", "linked_stage_id"]].to_numpy().tolist() == [["build", "test"], ["test", "deploy"]]
    assert links["week_start"].tolist() == [WEEKS[20], WEEKS[20]]
    assert links["linked_week_start"].tolist() == [WEEKS[20], WEEKS[21]]
    assert links["shared_item_share"].tolist() == [0.5, 1.0]
    assert links["cascade_id"].unique().tolist() == [f"{WEEKS[20]:%Y-%m-%d} build"]
    # Two linked events alone are no cascade, so their link is none either.
    short = find_stalls(stalled(("build", 20, "arrivals"), ("test", 20, "queue")), counted(ITEMS), END).links
    assert short.empty
    pd.testing.assert_series_equal(short.dtypes, links.dtypes)


def test_errors() -> None:
    with pytest.raises(ValueError, match="two rows in one week"):
        stall_cascades(pd.concat([PLANTED, PLANTED]), counted(ITEMS), END)
    with pytest.raises(ValueError, match="lack stage_name"):
        stall_cascades(PLANTED.drop(columns="stage_name"), counted(ITEMS), END)
