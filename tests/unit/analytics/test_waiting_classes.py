"""Why items wait: batches, queues, people, calendars, truncation, sums."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.analytics import waiting_batches
from orchestration.analytics.random_streams import generator_for
from orchestration.analytics.team_clocks import elapsed_team_clock, team_clock
from orchestration.analytics.waiting_batches import BatchSettings, find_batches
from orchestration.analytics.waiting_classes import (
    WAIT_COLUMNS,
    WAITING_CLASSES,
    WaitingClassSettings,
    classify_waits,
)
from orchestration.analytics.waiting_sums import STAGE_KEYS, WaitingSettings, waiting_by_stage, waiting_by_transition
from orchestration.analytics.work_instances import INSTANCE_COLUMNS, instances_from_visits
from orchestration.analytics.working_clock import week_edges

if TYPE_CHECKING:
    from collections.abc import Sequence

MONDAY = pd.Timestamp("2026-01-05", tz="UTC")
HOUR = pd.Timedelta(hours=1)
CLASS_HOURS = [f"{name}_hours" for name in WAITING_CLASSES]


def instances(spans: Sequence[tuple[float, float | None, float | None]], **columns: object) -> pd.DataFrame:
    """Build instances of one resource from (enabled, started, finished) in hours since Monday."""
    hours = pd.DataFrame(spans, columns=["enabled_at", "started_at", "finished_at"]).astype("float64")
    frame = MONDAY + hours.apply(pd.to_timedelta, unit="h")
    known = {
        "value_stream_id": "payments",
        "level": "story",
        "work_item_id": [f"item-{number}" for number in range(len(spans))],
        "from_stage_id": "flow.build",
        "stage_id": "flow.test",
        "team_id": "red",
        "resource_id": "red/tester",
    }
    return frame.assign(**(known | columns))[list(INSTANCE_COLUMNS)]


def window(hours: float) -> pd.DatetimeIndex:
    return pd.DatetimeIndex([MONDAY, MONDAY + hours * HOUR])


def classified(frame: pd.DataFrame, hours: float = 100, people: float = 1, **options: object) -> pd.DataFrame:
    edges = window(hours)
    known = {"default_clock": elapsed_team_clock(edges), "capacities": {"red/tester": people}} | options
    return classify_waits(frame, edges, **known)  # type: ignore[arg-type]


def split_of(waits: pd.DataFrame, item: int) -> dict[str, float]:
    row = waits.set_index("work_item_id").loc[f"item-{item}"]
    return {name: float(row[f"{name}_hours"]) for name in WAITING_CLASSES if row[f"{name}_hours"] != 0}


def test_one_person_who_takes_a_later_item_first() -> None:
    # Item 0 is in work 0-4. Item 1 could begin at 1, item 2 at 3; the tester takes item 2 (4-6), idles, then item 1.
    waits = classified(instances([(0, 0, 4), (1, 8, 9), (3, 4, 6)]))
    assert split_of(waits, 0) == {}
    assert split_of(waits, 1) == {"contention": 3.0, "prioritization": 2.0, "extraneous": 2.0}
    assert split_of(waits, 2) == {"contention": 1.0}
    assert waits["wait_hours"].tolist() == [0.0, 7.0, 1.0]
    assert waits["processing_hours"].tolist() == [4.0, 1.0, 2.0]


def test_two_people_are_busy_only_with_two_items() -> None:
    # 0-4 one item in work, 4-6 two of which one came later than item 3, 6-8 two that both came earlier.
    frame = instances([(0, 0, 8), (2, 4, 6), (0, 6, 8), (1, 8, 9)])
    assert split_of(classified(frame, people=2), 3) == {"extraneous": 3.0, "prioritization": 2.0, "contention": 2.0}
    # Two and a half people are as many as three: one of them is free all the time.
    assert split_of(classified(frame, people=2.5), 3) == {"extraneous": 7.0}
    assert split_of(classified(frame, people=1), 3) == {"contention": 7.0}


def test_stages_with_the_same_people_keep_each_other_busy() -> None:
    frame = instances([(0, 0, 5), (1, 5, 6)], stage_id=["flow.build", "flow.test"])
    assert split_of(classified(frame), 1) == {"contention": 4.0}
    frame["resource_id"] = ["red/flow.build", "red/flow.test"]
    assert split_of(classified(frame), 1) == {"extraneous": 4.0}


def test_a_holiday_is_unavailability_and_a_night_is_no_wait() -> None:
    days = pd.date_range("2025-12-29", "2026-01-18", freq="D")
    is_weekday = days.day_of_week < 5
    is_holiday = days == pd.Timestamp("2026-01-06")
    calendar = pd.DataFrame(
        {
            "calendar_date": days,
            "working_hours": np.where(is_weekday & ~is_holiday, 8.0, 0.0),
            "is_working_weekday": is_weekday,
        }
    )
    edges = window(7 * 24)
    clock = team_clock(calendar, edges, "UTC", "09:00", "17:00")
    # Monday 15:00 to Thursday 10:00: two hours, the holiday, a day, an hour. Busy on Wednesday from 13:00 to 17:00.
    frame = instances([(15, 72 + 10, 72 + 16), (15, 48 + 13, 48 + 23)])
    waits = classify_waits(frame, edges, default_clock=clock, capacities={"red/tester": 1})
    assert waits["wait_hours"].tolist() == [2 + 8 + 8 + 1, 2 + 8 + 4]
    assert split_of(waits, 0) == {"contention": 4.0, "unavailability": 8.0, "extraneous": 7.0}
    assert split_of(waits, 1) == {"unavailability": 8.0, "extraneous": 6.0}
    assert waits["processing_hours"].tolist() == [6.0, 4.0]
    # The default clock serves every team that has none of its own.
    own = classify_waits(
        frame,
        edges,
        default_clock=elapsed_team_clock(edges),
        clocks={"red": clock},
        capacities={"red/tester": 1},
    )
    pd.testing.assert_frame_equal(own, waits)


def test_a_batch_waits_until_its_last_member_could_begin() -> None:
    # Three items are moved at 10 within minutes; one more, of before, is in work until 9.
    frame = instances([(0, 10, 12), (4, 10.1, 12), (7, 10.2, 13), (2, 3, 9)])
    waits = classified(frame)
    assert waits["n_in_batch"].tolist() == [3, 3, 3, 0]
    assert split_of(waits, 0) == pytest.approx({"batching": 7.0, "contention": 2.0, "extraneous": 1.0})
    # Its mates count in their own order: the item of 0 was there before it, the one of 7 not.
    assert split_of(waits, 1) == pytest.approx({"batching": 3.0, "contention": 2.1, "extraneous": 1.0})
    assert split_of(waits, 2) == pytest.approx({"contention": 2.2, "extraneous": 1.0})
    # Four people can begin three items at once: no batch.
    assert classified(frame, people=3)["n_in_batch"].eq(0).all()
    # A batch that the caller names.
    given_batch = classified(frame.assign(batch_id=["x", None, "x", None]))
    assert given_batch["n_in_batch"].tolist() == [2, 0, 2, 0]


def test_a_plain_queue_is_no_batch_unless_the_published_rule_is_asked_for() -> None:
    frame = instances([(0, 1, 2), (0, 2, 3), (0.5, 3, 4), (2.5, 4, 5)])
    assert find_batches(frame, {}).eq(-1).all()
    published = BatchSettings(rule="back_to_back", max_gap_hours=0, min_size=2)
    assert find_batches(frame, {}, published).tolist() == [0, 0, 0, -1]


def test_short_work_done_one_after_the_other_is_no_batch() -> None:
    minutes = [(0, 1 + 0.05 * number, 1 + 0.05 * (number + 1)) for number in range(5)]
    assert find_batches(instances(minutes), {}).eq(-1).all()
    # All ended in the instant they began: passed through together.
    assert find_batches(instances([(0, 2, 2), (1, 2, 2), (1, 2, 2)]), {}).eq(0).all()


def test_no_batch_where_the_tool_tells_only_days() -> None:
    starts = np.repeat(np.arange(12) * 24, 4)
    days_only = instances([(float(start) - 24, float(start), start + 24.0) for start in starts])
    assert find_batches(days_only, {}).eq(-1).all()
    with_times = instances([(float(start) - 24, start + start % 7 / 10, start + 1.0) for start in starts])
    assert find_batches(with_times, {}).nunique() == 12


def test_what_still_waits_is_split_too_and_later_rows_change_nothing() -> None:
    frame = instances([(0, 0, 6), (2, None, None), (3, 6, None)])
    waits = classified(frame, hours=10)
    assert waits["is_open"].tolist() == [False, True, False]
    assert split_of(waits, 1) == {"contention": 4.0, "prioritization": 4.0}
    assert waits["processing_hours"].tolist() == [6.0, 0.0, 4.0]
    later = instances([(0, 0, 6), (2, 11, 12), (3, 6, 14), (10, 12, 13), (9, 10, 11)])
    later_waits = classified(later, hours=10)
    pd.testing.assert_frame_equal(later_waits.iloc[:3], waits)
    assert later_waits["work_item_id"].tolist() == ["item-0", "item-1", "item-2", "item-4"]
    assert later_waits["is_open"].iloc[3]


def test_only_waits_that_ended_in_the_window_are_told_but_earlier_work_counts() -> None:
    frame = instances([(0, 0, 30), (1, 30, 40)])
    edges = pd.DatetimeIndex([MONDAY + 24 * HOUR, MONDAY + 48 * HOUR])
    clock = elapsed_team_clock(pd.DatetimeIndex([MONDAY, edges[-1]]))
    waits = classify_waits(frame, edges, default_clock=clock, capacities={"red/tester": 1})
    assert waits["work_item_id"].tolist() == ["item-1"]
    assert split_of(waits, 1) == {"contention": 29.0}


def test_nobody_knows_why_an_item_of_an_unknown_team_waits() -> None:
    frame = instances([(0, 4, 5), (0, 6, 7)], team_id="unassigned", resource_id=None)
    waits = classified(frame)
    assert waits["wait_hours"].tolist() == [4.0, 6.0]
    assert waits[[*CLASS_HOURS, "capacity", "capacity_source"]].isna().all(axis=None)
    table = waiting_by_stage(waits, window(100), generator=np.random.default_rng(1))
    assert table["class_hours"].isna().all()
    assert table["unclassified_hours"].tolist() == [10.0] * 5
    assert table["withheld_reason"].str.startswith("No team is known").all()


def test_an_estimated_capacity_is_said_so() -> None:
    # Two items in work nearly always.
    frame = instances([(0, 0, 50), (0, 0, 100), (0, 50, 100)])
    waits = classified(frame, capacities=None)
    assert waits["capacity"].tolist() == [2.0, 2.0, 2.0]
    assert waits["capacity_source"].eq("estimated").all()
    assert split_of(waits, 2) == {"contention": 50.0}


def test_nothing_to_split() -> None:
    edges = window(10)
    waits = classify_waits(instances([]), edges, default_clock=elapsed_team_clock(edges))
    assert waits.columns.tolist() == list(WAIT_COLUMNS)
    assert len(waits) == 0
    for summed in (waiting_by_stage, waiting_by_transition):
        table = summed(waits, edges, generator=np.random.default_rng(1))
        full = summed(classified(instances([(0, 1, 2)])), window(100), generator=np.random.default_rng(1))
        assert table.empty
        pd.testing.assert_series_equal(table.dtypes, full.dtypes)


def test_errors() -> None:
    with pytest.raises(ValueError, match="starts before it is enabled"):
        classified(instances([(2, 1, 3)]))
    with pytest.raises(ValueError, match="ends before it starts"):
        classified(instances([(0, 3, 2)]))
    with pytest.raises(ValueError, match="capacity of 0"):
        classified(instances([(0, 1, 2)]), people=0)
    with pytest.raises(ValueError, match="lack resource_id"):
        classified(instances([(0, 1, 2)]).drop(columns="resource_id"))


@pytest.mark.parametrize("people", [1, 2, 4])
@pytest.mark.parametrize("is_known", [True, False])
def test_in_a_queue_served_in_order_all_wait_is_contention(people: int, *, is_known: bool) -> None:
    # People who are free take the first in line at once, at 85 % utilisation.
    rng = np.random.default_rng(people)
    arrives = np.cumsum(rng.exponential(1.0, 600))
    works = rng.lognormal(-0.35, 0.83, 600) * 0.85 * people
    free = [0.0] * people
    spans = []
    for arrival, work in zip(arrives.tolist(), works.tolist(), strict=True):
        start = max(heapq.heappop(free), arrival)
        heapq.heappush(free, start + work)
        spans.append((arrival, start, start + work))
    known = {"red/tester": float(people)} if is_known else None
    waits = classified(instances(spans), hours=500, capacities=known)
    assert waits["capacity"].eq(people).all()
    assert waits["wait_hours"].sum() > 300
    assert waits["contention_hours"].sum() == pytest.approx(waits["wait_hours"].sum())


def test_of_a_resource_with_very_much_work_every_nth_wait_is_compared() -> None:
    # One person who takes the newest first: waits are longer, and of both kinds.
    rng = np.random.default_rng(7)
    arrives = np.cumsum(rng.exponential(1.0, 1500))
    works = rng.exponential(0.85, 1500)
    queue, spans, now, number = [], [], 0.0, 0
    while len(spans) < arrives.size:
        while number < arrives.size and (not queue or arrives[number] <= now):
            queue.append(number)
            now = max(now, arrives[number]) if len(queue) == 1 else now
            number += 1
        taken = queue.pop()
        spans.append((arrives[taken], now, now + works[taken]))
        now += works[taken]
    frame = instances(spans)
    whole = classified(frame, hours=1400)
    some = classified(frame, hours=1400, settings=WaitingClassSettings(max_pairs=3000))
    assert whole[CLASS_HOURS].sum(axis=1).to_numpy() == pytest.approx(whole["wait_hours"].to_numpy())
    assert some[CLASS_HOURS].sum(axis=1).to_numpy() == pytest.approx(some["wait_hours"].to_numpy())
    differs = ~np.isclose(some["prioritization_hours"], whole["prioritization_hours"])
    assert 0.3 < differs.mean() < 1
    total = whole["wait_hours"].sum()
    for name in ("contention_hours", "prioritization_hours"):
        assert whole[name].sum() > 0.1 * total
        assert some[name].sum() / total == pytest.approx(whole[name].sum() / total, abs=0.1)


def brute_force(spans: list[tuple[float, ...]], people: int) -> np.ndarray:
    """Split each wait hour by hour, as all times are whole hours."""
    enabled, started, finished = np.array(spans).T
    rows = []
    for number in range(len(spans)):
        moments = np.arange(enabled[number], started[number])[:, None] + 0.5
        busy = (started < moments) & (finished > moments) & (np.arange(len(spans)) != number)
        early, count = (busy & (enabled <= enabled[number])).sum(axis=1), busy.sum(axis=1)
        rows.append(((early >= people).sum(), ((early < people) & (count >= people)).sum(), (count < people).sum()))
    return np.array(rows, dtype=float)


SPANS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 8), st.integers(0, 6)).map(
        lambda span: (float(span[0]), float(span[0] + span[1]), float(sum(span)))
    ),
    min_size=1,
    max_size=12,
)


@given(spans=SPANS, people=st.integers(1, 3), order=st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_any_log_splits_as_by_definition_in_any_order(spans: list[tuple[float, ...]], people: int, order) -> None:
    frame = instances(spans)  # type: ignore[arg-type]
    no_batches = {"settings": WaitingClassSettings(batches=BatchSettings(min_size=1000))}
    waits = classified(frame, people=people, **no_batches)
    found = waits[["contention_hours", "prioritization_hours", "extraneous_hours"]].to_numpy()
    np.testing.assert_allclose(found, brute_force(spans, people), atol=1e-6)
    np.testing.assert_allclose(waits[CLASS_HOURS].sum(axis=1), waits["wait_hours"], atol=1e-6)
    rows = list(range(len(frame)))
    order.shuffle(rows)
    shuffled = classified(frame.iloc[rows], people=people, **no_batches).sort_values("work_item_id")
    pd.testing.assert_frame_equal(shuffled.reset_index(drop=True), waits.sort_values("work_item_id", ignore_index=True))


@given(spans=SPANS, people=st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_batches_of_any_kind_add_up_and_only_move_hours(spans: list[tuple[float, ...]], people: int) -> None:
    frame = instances(spans)  # type: ignore[arg-type]
    published = BatchSettings(rule="back_to_back", max_gap_hours=1, min_size=2)
    waits = classified(frame, people=people, settings=WaitingClassSettings(batches=published))
    assert waits[CLASS_HOURS].ge(0).all(axis=None)
    np.testing.assert_allclose(waits[CLASS_HOURS].sum(axis=1), waits["wait_hours"], atol=1e-6)


def workflow() -> pd.DataFrame:
    rows = [
        ("flow.backlog", "queue", 1, False, False, None),
        ("flow.ready", "queue", 2, True, False, None),
        ("flow.picked", "queue", 3, True, False, None),
        ("flow.build", "active", 4, True, False, "developer"),
        ("flow.to-test", "queue", 5, True, False, None),
        ("flow.test", "active", 6, True, False, None),
        ("flow.stray", "active", 6, True, True, None),
        ("flow.behind", "queue", 7, True, False, None),
        ("flow.done", "done", 8, True, False, None),
    ]
    frame = pd.DataFrame(rows, columns=["stage_id", "stage_kind", "position", "is_counted", "is_unmapped", "roles"])
    return frame.assign(workflow_id="flow", is_cancelled=False)


def visits(spans: Sequence[tuple[str, str, str, float, float | None]], **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame(spans, columns=["work_item_id", "team_id", "stage_id", "enters", "leaves"])
    for name, source in (("entered_at", "enters"), ("exited_at", "leaves")):
        frame[name] = MONDAY + pd.to_timedelta(frame.pop(source).astype("float64"), unit="h")
    frame["stage_id"] = "flow." + frame["stage_id"]
    return frame.assign(**({"value_stream_id": "payments", "level": "story", "has_usable_history": True} | columns))


def test_instances_behind_visits() -> None:
    frame = visits(
        [
            ("a", "red", "backlog", -50, 0),
            ("a", "red", "ready", 0, 2),
            ("a", "red", "picked", 2, 5),
            ("a", "red", "build", 5, 9),
            ("a", "red", "to-test", 9, 12),
            ("a", "red", "test", 12, 14),
            ("a", "red", "ready", 14, 15),
            ("a", "red", "build", 15, 16),
            ("a", "red", "test", 16, 17),
            ("a", "red", "behind", 17, 18),
            ("a", "red", "done", 18, 20),
            ("a", "red", "test", 20, None),
            ("b", "unassigned", "stray", 0, 3),
            ("b", "unassigned", "to-test", 3, None),
            ("c", "red", "behind", 3, None),
            ("d", "red", "backlog", 3, 4),
        ]
    )
    found = instances_from_visits(frame.sample(frac=1, random_state=3), workflow(), served_by="team")
    hours = found[["enabled_at", "started_at", "finished_at"]].apply(lambda column: (column - MONDAY) / HOUR)
    rows = list(
        zip(
            found["work_item_id"],
            found["from_stage_id"].fillna("-").str.removeprefix("flow."),
            found["stage_id"].str.removeprefix("flow."),
            *(hours[column].fillna(-1) for column in hours),
            strict=True,
        )
    )
    assert rows == [
        ("a", "-", "build", 0, 5, 9),
        ("a", "build", "test", 9, 12, 14),
        ("a", "test", "build", 14, 15, 16),
        ("a", "build", "test", 16, 16, 17),
        ("a", "-", "test", 20, 20, -1),
        ("b", "-", "test", 3, -1, -1),
    ]
    assert found["resource_id"].fillna("-").tolist() == [
        "red/developer",
        "red/flow.test",
        "red/developer",
        "red/flow.test",
        "red/flow.test",
        "-",
    ]


def test_the_people_of_a_value_stream_serve_all_its_teams() -> None:
    frame = visits([("a", "red", "build", 1, 2), ("b", "unassigned", "test", 1, 2)])
    assert instances_from_visits(frame, workflow())["resource_id"].tolist() == [
        "payments/developer",
        "payments/flow.test",
    ]
    unknown = instances_from_visits(frame.assign(value_stream_id="unassigned"), workflow())
    assert unknown["resource_id"].isna().all()


def test_of_many_people_one_may_be_free() -> None:
    # Seven of eight are busy with earlier items.
    frame = instances([*[(0, 0, 10)] * 7, (1, 10, 11)])
    assert split_of(classified(frame, people=8), 7) == {"contention": 9.0}
    strict = WaitingClassSettings(full_from=1)
    assert split_of(classified(frame, people=8, settings=strict), 7) == {"extraneous": 9.0}
    # Of five all must be busy.
    assert split_of(classified(frame.iloc[3:], people=5), 7) == {"extraneous": 9.0}


def test_visits_of_unusable_histories_and_of_no_stream_are_left_out() -> None:
    frame = visits([("a", "red", "ready", 0, 1), ("a", "red", "build", 1, 2)])
    assert len(instances_from_visits(frame, workflow())) == 1
    for change in ({"has_usable_history": False}, {"has_usable_history": None}, {"value_stream_id": None}):
        found = instances_from_visits(frame.assign(**change), workflow())
        assert found.empty
        assert found.columns.tolist() == list(INSTANCE_COLUMNS)


def many_waits() -> pd.DataFrame:
    """Forty stories, ten hours apart, that wait six hours behind one another, and ten features that never wait."""
    frame = instances([(10.0 * number, 10.0 * number + 6, 10.0 * number + 10) for number in range(40)])
    blocker = instances(
        [(10.0 * number, 10.0 * number, 10.0 * number + 3) for number in range(40)], stage_id="flow.fix"
    )
    blocker["work_item_id"] = "blocker-" + blocker["work_item_id"]
    feature = instances([(10.0 * number, 10.0 * number, 10.0 * number + 5) for number in range(10)], level="feature")
    feature["resource_id"] = "red/elsewhere"
    return pd.concat([frame, blocker, feature], ignore_index=True)


def test_sums_shares_and_efficiency() -> None:
    edges = week_edges(pd.Timestamp("2026-01-26"), 3, "UTC")
    waits = classify_waits(
        many_waits(),
        edges,
        default_clock=elapsed_team_clock(edges),
        capacities={"red/tester": 1},
    )
    table = waiting_by_transition(waits, edges, generator=generator_for("a", "b", "c"))
    test = table.query("stage_id == 'flow.test' and level == 'story'").set_index("waiting_class")
    assert test.index.tolist() == list(WAITING_CLASSES)
    assert test["n_waits"].tolist() == [40] * 5
    assert test["class_hours"].tolist() == pytest.approx([0, 120, 0, 0, 120])
    assert test["share"].sum() == pytest.approx(1)
    # The line works 40 * 4 + 40 * 3 hours and waits 240.
    assert test["flow_efficiency"].tolist() == pytest.approx([280 / 520] * 5)
    assert test.loc["extraneous", "flow_efficiency_without"] == pytest.approx(280 / 400)
    assert test.loc["extraneous", "share_lower"] <= 0.5 <= test.loc["extraneous", "share_upper"]
    assert test["withheld_reason"].isna().all()
    assert test["window_end"].eq(pd.Timestamp("2026-01-25")).all()
    # Ten features suffice for nothing but their hours.
    feature = table.query("level == 'feature'")
    assert feature["withheld_reason"].tolist() == ["10 waits of 10 items, at least 30 of 10 needed."] * 5
    assert feature[["share", "share_lower", "flow_efficiency", "flow_efficiency_without"]].isna().all(axis=None)
    assert feature["class_hours"].eq(0).all()

    by_stage = waiting_by_stage(waits, edges, generator=generator_for("a", "b", "c"))
    assert by_stage.groupby(list(STAGE_KEYS)).size().eq(5).all()
    assert by_stage["class_hours"].sum() == pytest.approx(table["class_hours"].sum()) == pytest.approx(240)
    allowed = waiting_by_stage(
        waits, edges, generator=generator_for("a", "b", "c"), settings=WaitingSettings(min_waits=10)
    )
    assert allowed["withheld_reason"].isna().all()
    # What never waits has no shares, and nothing to gain.
    features = allowed.query("level == 'feature'")
    assert features["share"].isna().all()
    assert features["flow_efficiency_without"].eq(1).all()


def test_batches_are_the_same_whether_or_not_hopeless_stretches_are_skipped(monkeypatch) -> None:
    generator = np.random.default_rng(11)
    minutes = np.sort(generator.integers(0, 4000, 600))
    rows = [(start - generator.uniform(0, 10), start, start + 0.5) for start in (minutes / 60).tolist()]
    frame = instances(rows)
    found = find_batches(frame, {"red/tester": 2.0})
    monkeypatch.setattr(waiting_batches, "_stretches_with_batches", lambda enabled, *_: [slice(0, enabled.size)])
    pd.testing.assert_series_equal(found, find_batches(frame, {"red/tester": 2.0}))
    assert found.max() > 3
