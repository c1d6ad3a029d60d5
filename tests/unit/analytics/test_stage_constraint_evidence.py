"""Evidence per stage: worked by hand, calendars, truncation, ranking, wording."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from service_records import visits_from_service_records

from orchestration.analytics.random_streams import generator_for
from orchestration.analytics.stage_constraint_evidence import COLUMNS, rank_stages, stage_constraint_evidence

if TYPE_CHECKING:
    from collections.abc import Callable

MONDAY = pd.Timestamp("2026-01-05")
HOUR = pd.Timedelta(hours=1)


def evidence(visits: pd.DataFrame, stages: pd.DataFrame, end: pd.Timestamp, **options: object) -> pd.DataFrame:
    generator = generator_for("snapshot", "everything", "test")
    return stage_constraint_evidence(visits, stages, end, generator=generator, **options)  # type: ignore[arg-type]


def tandem_line(service: list[float], n_items: int, seed: int) -> pd.DataFrame:
    """Simulate single servers in a row (Lindley's recursion): Poisson arrivals at rate 1 and lognormal work."""
    rng = np.random.default_rng(seed)
    arrives = np.cumsum(rng.exponential(1.0, n_items))
    records = []
    for stage, mean in enumerate(service):
        work = mean * rng.lognormal(-0.125, 0.5, n_items)
        done = np.cumsum(work)
        # finish_i = max over j <= i of (arrive_j + work_j + ... + work_i)
        finishes = done + np.maximum.accumulate(arrives - done + work)
        records.append(
            pd.DataFrame(
                {
                    "item": np.arange(n_items),
                    "stage": stage,
                    "enter": arrives,
                    "start": np.maximum(finishes - work, arrives),
                    "finish": finishes,
                }
            )
        )
        arrives = finishes
    return pd.concat(records, ignore_index=True)


def test_one_line_worked_by_hand(stage_visits: Callable[..., pd.DataFrame], one_line_stages: pd.DataFrame) -> None:
    # 20 hours, one place at each stage. Build works 0-4, 4-8 and from 16 on; test works 4-14.
    visits = stage_visits(
        [
            ("backlog", -90, 0, "build"),
            ("build", 0, 4, "test"),
            ("test", 4, 14, "done"),
            ("ready", 1, 4, "build"),
            ("build", 4, 8, "to-test"),
            ("to-test", 8, 12, "cancelled"),
            ("ready", 10, 16, "build"),
            ("build", 16, None, None),
        ]
    )
    capacities = {("payments", "flow.build"): 1.0, ("payments", "flow.test"): 1.0}
    found = evidence(visits, one_line_stages, MONDAY + 20 * HOUR, window_start=MONDAY, capacities=capacities).set_index(
        "stage_id"
    )
    assert found.index.tolist() == ["flow.build", "flow.test"]
    assert found["utilisation"].tolist() == [0.6, 0.5]
    assert found["full_busy_share"].tolist() == [0.6, 0.5]
    # Build is idle 8-16 with an empty queue only until 10; test is idle 0-4 and 14-20 with nothing waiting.
    assert found["not_starved_share"].tolist() == pytest.approx([1 - 2 / 20, 1 - 10 / 20])
    assert found["queue_mean"].tolist() == [9 / 20, 4 / 20]
    assert found["wait_elapsed_days"].tolist() == pytest.approx([9 / 24, 4 / 24])
    # Time in counted stages: 9 + 4 waiting, 4 + 4 + 4 building, 10 testing; the backlog is not counted.
    assert found["wait_share"].tolist() == pytest.approx([9 / 35, 4 / 35])
    # While work waits before build (1-4 and 10-16), test works 10-14: idle 3 + 2 of 9 hours.
    assert found["downstream_starvation_share"].iloc[0] == pytest.approx(5 / 9)
    assert math.isnan(found["downstream_starvation_share"].iloc[1])
    assert found["n_arrivals"].tolist() == [3, 2]
    assert found["n_departures"].tolist() == [2, 1]
    assert found["n_left_queue"].tolist() == [0, 1]
    assert found["arrivals_minus_departures"].tolist() == [1, 0]
    # 3 of 5 with equal odds: as likely as not.
    assert found["arrivals_departures_p_value"].tolist() == pytest.approx([1, 1])
    assert found["wip_imbalance"].tolist() == pytest.approx([0.45 / 0.325] * 2)
    assert found["capacity_source"].tolist() == ["given", "given"]
    assert not found["is_sufficient"].any()


def test_nobody_works_on_a_blocked_item(
    stage_visits: Callable[..., pd.DataFrame], one_line_stages: pd.DataFrame
) -> None:
    visits = stage_visits([("build", 0, 8, "test"), ("test", -60, 20, "done"), ("build", 2, None, None)])
    blocked = pd.DataFrame(
        [
            ("flow.build", 4, 6, True),  # two in the stage, one at work
            ("flow.build", 12, np.nan, True),  # and still
            ("flow.build", 0, 20, False),  # of an unusable history: its visit does not count either
            ("flow.test", -50, 10, True),  # from before the window on
            ("flow.elsewhere", 0, 20, True),
        ],
        columns=["stage_id", "blocked_from", "blocked_to", "has_usable_history"],
    ).assign(value_stream_id="payments", level="story")
    for name in ("blocked_from", "blocked_to"):
        blocked[name] = MONDAY + pd.to_timedelta(blocked[name], unit="h")
    capacities = {("payments", "flow.build"): 2.0, ("payments", "flow.test"): 1.0}
    found = evidence(
        visits, one_line_stages, MONDAY + 20 * HOUR, window_start=MONDAY, capacities=capacities, blocked=blocked
    )
    # Build: 0-8 and 2-12 without 4-6, of 2 x 20 hours. Test: 10-20.
    assert found["utilisation"].tolist() == pytest.approx([(8 + 10 - 2) / 40, 10 / 20])
    assert found["full_busy_share"].tolist() == pytest.approx([(2 + 2) / 20, 10 / 20])
    # It has not left the stage.
    assert found["n_departures"].tolist() == [1, 0]
    with pytest.raises(ValueError, match="blocked_to"):
        evidence(visits, one_line_stages, MONDAY + 20 * HOUR, blocked=blocked.drop(columns="blocked_to"))


def test_no_more_is_busy_than_there_is(
    stage_visits: Callable[..., pd.DataFrame], one_line_stages: pd.DataFrame
) -> None:
    """Of three items in a stage of two people one waits there, as one that was sent back does."""
    visits = stage_visits([("build", 0, 10, "test"), ("build", 0, 10, "test"), ("build", 5, 15, "test")])
    found = evidence(
        visits,
        one_line_stages,
        MONDAY + 20 * HOUR,
        window_start=MONDAY,
        capacities={("payments", "flow.build"): 2.0},
    )
    assert found["utilisation"].iloc[0] == pytest.approx((2 * 10 + 5) / 40)


def test_an_item_sent_back_to_its_own_queue_neither_arrives_nor_departs(
    stage_visits: Callable[..., pd.DataFrame], one_line_stages: pd.DataFrame
) -> None:
    visits = stage_visits(
        [("ready", 0, 1, "build"), ("build", 1, 2, "ready"), ("ready", 2, 3, "build"), ("build", 3, 4, "test")]
    )
    found = evidence(visits, one_line_stages, MONDAY + 20 * HOUR, window_start=MONDAY)
    assert found["n_arrivals"].tolist()[0] == 1
    assert found["n_departures"].tolist()[0] == 1


def test_nights_and_weekends_are_neither_busy_nor_idle(
    stage_visits: Callable[..., pd.DataFrame], one_line_stages: pd.DataFrame
) -> None:
    days = pd.date_range(MONDAY, periods=7)
    calendar = pd.DataFrame({"calendar_date": days, "working_hours": np.where(days.day_of_week < 5, 8.0, 0.0)})
    # In work from Wednesday 13:00 to Sunday noon: 4 + 8 + 8 of 40 working hours.
    visits = stage_visits([("ready", 9, 61, "build"), ("build", 61, 156, "test")])
    end = MONDAY + pd.Timedelta(weeks=1)
    worked = evidence(
        visits, one_line_stages, end, window_start=MONDAY, calendar=calendar, day_start="09:00", day_end="17:00"
    )
    assert worked["utilisation"].iloc[0] == pytest.approx(20 / 40)
    assert worked["queue_mean"].iloc[0] == pytest.approx(20 / 40)
    assert worked["wait_elapsed_days"].iloc[0] == pytest.approx(52 / 24)
    assert "of the working time" in worked["evidence"].iloc[0]
    elapsed = evidence(visits, one_line_stages, end, window_start=MONDAY)
    assert elapsed["utilisation"].iloc[0] == pytest.approx(95 / 168)
    # The same hours, seen from a value stream five hours behind UTC, lie elsewhere in its working day.
    elsewhere = evidence(
        visits,
        one_line_stages,
        end,
        window_start=MONDAY,
        calendar=calendar,
        day_start="09:00",
        day_end="17:00",
        timezones={"payments": "America/New_York"},
    )
    assert elsewhere["utilisation"].iloc[0] == pytest.approx(24 / 40)


def test_a_stage_without_queue_or_work_is_not_measured(
    stage_visits: Callable[..., pd.DataFrame], one_line_stages: pd.DataFrame
) -> None:
    stages = one_line_stages.loc[one_line_stages["stage_id"] != "flow.ready"]
    found = evidence(stage_visits([("build", 0, 4, "done")]), stages, MONDAY + 20 * HOUR, window_start=MONDAY)
    build, test = found.to_dict("records")
    assert build["utilisation"] == 0.2
    assert all(math.isnan(build[column]) for column in ("queue_mean", "not_starved_share", "wait_share"))
    assert "its waiting work cannot be seen" in build["evidence"]
    assert math.isnan(test["utilisation"])
    assert test["queue_mean"] == 0
    assert pd.isna(test["evidence_rank"])
    assert test["evidence"].startswith("Test had no item in work in the window")


@pytest.mark.parametrize("constraint", [0, 1, 2])
def test_the_busiest_server_of_a_simulated_line_ranks_first(constraint: int) -> None:
    service = [0.6, 0.55, 0.65]
    service[constraint] = 0.93
    day = pd.Timedelta(days=1)
    visits, stages = visits_from_service_records(tandem_line(service, 220, seed=11), day / 2, MONDAY)
    found = evidence(visits, stages, MONDAY + pd.Timedelta(weeks=15))
    assert found.loc[found["evidence_rank"] == 1, "stage_id"].tolist() == [f"line.stage-{constraint}"]
    assert found["is_sufficient"].all()
    assert found["capacity_estimate"].tolist() == [1, 1, 1]
    assert (
        (found["utilisation_lower"] < found["utilisation"]) & (found["utilisation"] < found["utilisation_upper"])
    ).all()


def test_nothing_after_the_window_is_read() -> None:
    visits, stages = visits_from_service_records(tandem_line([0.6, 0.9, 0.5], 260, seed=2), 12 * HOUR, MONDAY)
    end = MONDAY + pd.Timedelta(weeks=14)
    known = visits.loc[visits["entered_at"] < end].copy()
    happened_later = known["exited_at"] >= end
    known.loc[happened_later, ["exited_at", "next_stage_id"]] = [pd.NaT, None]
    assert happened_later.any()
    assert len(known) < len(visits)
    pd.testing.assert_frame_equal(evidence(visits, stages, end), evidence(known, stages, end))


def test_lines_do_not_touch_and_order_does_not_matter() -> None:
    first, stages = visits_from_service_records(tandem_line([0.6, 0.9], 200, seed=3), 12 * HOUR, MONDAY)
    second, _ = visits_from_service_records(
        tandem_line([0.9, 0.6], 200, seed=4), 12 * HOUR, MONDAY, value_stream_id="other"
    )
    end = MONDAY + pd.Timedelta(weeks=14)
    both = pd.concat([second, first]).sample(frac=1, random_state=1)
    apart = pd.concat([evidence(first, stages, end), evidence(second, stages, end)], ignore_index=True)
    pd.testing.assert_frame_equal(evidence(both, stages, end), apart)


def test_weeks_before_the_first_item_are_dropped(
    stage_visits: Callable[..., pd.DataFrame], one_line_stages: pd.DataFrame
) -> None:
    visits = stage_visits([("build", 8 * 168 + 1, None, None)])
    found = evidence(visits, one_line_stages, MONDAY + pd.Timedelta(weeks=13))
    assert found["n_weeks"].tolist() == [4, 4]
    assert found["window_start"].iloc[0] == MONDAY + pd.Timedelta(weeks=9)
    assert found["window_end"].iloc[0] == MONDAY + pd.Timedelta(days=7 * 13 - 1)
    assert found["utilisation"].iloc[0] == 1
    assert found["insufficient_reason"].iloc[0] == (
        "4 complete weeks, at least 13 needed and 0 departures, at least 60 needed"
    )
    young = evidence(visits, one_line_stages, MONDAY + pd.Timedelta(weeks=9))
    assert young["n_weeks"].tolist() == [1, 1]


def test_a_binding_limit_on_work_in_progress_takes_the_queue_out_of_the_ranking() -> None:
    visits, stages = visits_from_service_records(tandem_line([0.6, 0.9], 200, seed=3), 12 * HOUR, MONDAY)
    end = MONDAY + pd.Timedelta(weeks=14)
    assert evidence(visits, stages, end)["is_queue_ranked"].all()
    far = stages.assign(wip_limit=np.where(stages["stage_id"] == "line.queue-1", 500, np.nan))
    assert evidence(visits, far, end)["is_queue_ranked"].all()
    limited = stages.assign(wip_limit=np.where(stages["stage_id"] == "line.queue-1", 2, np.nan))
    found = evidence(visits, limited, end)
    assert not found["is_queue_ranked"].any()
    assert found["rank_queue"].isna().all()
    assert "limits on work in progress were reached" in found["evidence"].iloc[0]


def test_borda_points_worked_by_hand() -> None:
    line = pd.DataFrame(
        {
            "utilisation": [0.5, 0.9, 0.7, np.nan],
            "not_starved_share": [np.nan, 0.8, 0.6, np.nan],
            "full_busy_share": [0.4, 0.4, 0.1, np.nan],
            "queue_mean": [9.0, 5.0, 1.0, 30.0],
            "is_queue_ranked": True,
        }
    )
    ranked = rank_stages(line)
    # Points 0 2 1; middle 1, stretched 2 0; tied 1.5 1.5 0; 2 1 0.
    assert ranked["borda_points"].tolist()[:3] == [4.5, 6.5, 1.0]
    assert ranked["evidence_rank"].tolist()[:3] == [2, 1, 3]
    assert ranked["rank_full_busy"].tolist()[:3] == [1, 1, 3]
    assert pd.isna(ranked["evidence_rank"].iloc[3])
    assert pd.isna(ranked["rank_queue"].iloc[3])
    assert ranked["n_stages_ranked"].tolist() == [3] * 4


def test_the_sentence_follows_the_numbers() -> None:
    visits, stages = visits_from_service_records(tandem_line([0.6, 0.9], 230, seed=3), 12 * HOUR, MONDAY)
    row = evidence(visits, stages, MONDAY + pd.Timedelta(weeks=14)).to_dict("records")[1]
    low, high = (round(100 * row[f"utilisation_{side}"]) for side in ("lower", "upper"))
    assert row["evidence"].startswith(
        f"Stage 1 was busy {round(100 * row['utilisation'])} % of the time (95 % interval {low} to {high} %), "
        "for an estimated capacity of 1 item at once,"
    )
    assert f"n = {row['n_departures']} departures, 13 weeks to 2026-04-12 (from 2026-01-12)." in row["evidence"]
    assert "Rank 1 of 2 stages" in row["evidence"]
    assert "constraint" not in row["evidence"].lower()


def test_unusable_histories_are_left_out_of_every_measure_and_their_share_is_said(
    stage_visits: Callable[..., pd.DataFrame], one_line_stages: pd.DataFrame
) -> None:
    trusted = [("ready", 0, 2, "build"), ("build", 2, 8, "to-test"), ("to-test", 8, 9, "test"), ("test", 9, 12, "done")]
    distrusted = [("ready", 0, 20, "build"), ("build", 1, 20, None)]
    # Neither the visit that was over before the window nor the one that begins after it counts in the share.
    outside = [("ready", -9, -1, "build"), ("build", 30, 31, "test")]
    limits = one_line_stages.assign(wip_limit=np.where(one_line_stages["stage_id"] == "flow.build", 2, np.nan))
    end, usable = MONDAY + 20 * HOUR, [True] * 4 + [False] * 4
    visits = stage_visits([*trusted, *distrusted, *outside]).assign(has_usable_history=usable)
    found = evidence(visits, limits, end, window_start=MONDAY)
    alone = evidence(stage_visits(trusted), limits, end, window_start=MONDAY)
    said = ["left_out_share", "evidence"]
    pd.testing.assert_frame_equal(found.drop(columns=said), alone.drop(columns=said))
    assert found["utilisation"].tolist() == [6 / 20, 3 / 20]
    assert found["left_out_share"].tolist() == pytest.approx([2 / 6] * 2)
    clause = "; 33 % of the line's stage visits are left out, as their items have no usable history."
    assert found["evidence"].tolist() == [text.removesuffix(".") + clause for text in alone["evidence"]]
    assert alone["left_out_share"].tolist() == [0, 0]
    # An unknown history is not a usable one.
    unknown = visits.assign(has_usable_history=pd.array([True] * 4 + [None] * 4, dtype="boolean"))
    pd.testing.assert_frame_equal(evidence(unknown, limits, end, window_start=MONDAY), found)


def test_a_line_of_unusable_histories_alone_says_so(
    stage_visits: Callable[..., pd.DataFrame], one_line_stages: pd.DataFrame
) -> None:
    visits = stage_visits([("ready", 0, 2, "build"), ("build", 2, 8, "test")]).assign(has_usable_history=False)
    limits = one_line_stages.assign(wip_limit=1)
    found = evidence(visits, limits, MONDAY + pd.Timedelta(weeks=1))
    assert found["left_out_share"].tolist() == [1, 1]
    assert found["n_stages_ranked"].tolist() == [0, 0]
    assert found["evidence"].iloc[0] == (
        "Build had no item with a usable history in work in the window, so it cannot be compared; n = 0 departures, "
        "1 weeks to 2026-01-11 (from 2026-01-05); 100 % of the line's stage visits are left out, as their items have "
        "no usable history."
    )


@pytest.mark.parametrize(("n_unusable", "shown"), [(1, "under 1 %"), (299, "over 99 %")])
def test_a_share_left_out_is_never_rounded_to_nothing_or_all(
    stage_visits: Callable[..., pd.DataFrame], one_line_stages: pd.DataFrame, n_unusable: int, shown: str
) -> None:
    visits = stage_visits([("build", 0, 1, "test")] * 300).assign(has_usable_history=np.arange(300) >= n_unusable)
    found = evidence(visits, one_line_stages, MONDAY + pd.Timedelta(weeks=1))
    assert f"; {shown} of the line's stage visits are left out" in found["evidence"].iloc[0]


def test_empty_input_keeps_columns_and_types(
    stage_visits: Callable[..., pd.DataFrame], one_line_stages: pd.DataFrame
) -> None:
    visits = stage_visits([("build", 0, 4, "test")])
    full = evidence(visits, one_line_stages, MONDAY + pd.Timedelta(weeks=1))
    empty = evidence(visits.iloc[:0], one_line_stages, MONDAY + pd.Timedelta(weeks=1))
    assert tuple(empty.columns) == COLUMNS
    assert empty.dtypes.equals(full.dtypes)
    # A line that begins after the window is no line yet.
    assert len(evidence(visits, one_line_stages, MONDAY - HOUR)) == 0


def test_wrong_input_is_refused_with_a_hint(
    stage_visits: Callable[..., pd.DataFrame], one_line_stages: pd.DataFrame
) -> None:
    visits, end = stage_visits([("build", 0, 4, "test")]), MONDAY + pd.Timedelta(weeks=1)
    with pytest.raises(ValueError, match="stage visits lack next_stage_id"):
        evidence(visits.drop(columns="next_stage_id"), one_line_stages, end)
    with pytest.raises(ValueError, match=r"do not hold flow\.build"):
        evidence(visits, one_line_stages.loc[one_line_stages["stage_id"] != "flow.build"], end)
    with pytest.raises(ValueError, match="number above 0"):
        evidence(visits, one_line_stages, end, capacities={("payments", "flow.build"): 0})
    with pytest.raises(ValueError, match="ends before it begins"):
        evidence(stage_visits([("build", 4, 0, "test")]), one_line_stages, end)
