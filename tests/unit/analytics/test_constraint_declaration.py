"""The verdict on a line: what is declared, what is only a candidate, what is withheld and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from service_records import visits_from_service_records
from simulated_lines import SERVERS, simulate_line

from orchestration.analytics.constraint_declaration import (
    COLUMNS,
    WINDOWS_WEEKS,
    DeclarationSettings,
    declare_constraints,
)
from orchestration.analytics.line_measures import capacities_by_stage, measure_lines
from orchestration.analytics.stage_constraint_evidence import evidence_of_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestration.analytics.line_measures import MeasuredLine

MONDAY = pd.Timestamp("2026-01-05")
WEEK = pd.Timedelta(weeks=1)


def measured(
    visits: pd.DataFrame, stages: pd.DataFrame, end: pd.Timestamp, weeks: int = 13, **options: object
) -> list[MeasuredLine]:
    return measure_lines(visits, stages, end, window_weeks=weeks, generator=np.random.default_rng(7), **options)  # type: ignore[arg-type]


def regular_line(hours_of_work: tuple[float, ...], n_items: int = 260, hours_between: float = 10.0) -> pd.DataFrame:
    """Return a line without chance: an item every 10 hours, one server per stage, the same work for each item."""
    enter = np.arange(n_items) * hours_between
    records = []
    for stage, work in enumerate(hours_of_work):
        items = np.arange(n_items)
        start = np.maximum.accumulate(enter - items * work) + items * work
        records.append(
            pd.DataFrame({"item": items, "stage": stage, "enter": enter, "start": start, "finish": start + work})
        )
        enter = start + work
    return pd.concat(records, ignore_index=True)


def verdict_on(hours_of_work: tuple[float, ...], n_weeks: int = 13, **options: object) -> pd.DataFrame:
    visits, stages = visits_from_service_records(regular_line(hours_of_work), pd.Timedelta(hours=1), MONDAY)
    end = MONDAY + n_weeks * WEEK
    settings = options.pop("settings", None)
    return declare_constraints(measured(visits, stages, end, **options), settings)  # type: ignore[arg-type]


def test_a_stage_that_is_always_busiest_is_declared() -> None:
    found = verdict_on((6, 9, 5))
    assert found["p_constraint"].tolist() == [0, 1, 0]
    assert found["p_constraint"].sum() == 1
    assert found["status"].tolist() == ["not_named", "declared", "not_named"]
    assert set(found["verdict"]) == {"declared"}
    assert found["utilisation"].tolist() == pytest.approx([0.6, 0.9, 0.5], abs=0.01)
    assert found["utilisation_lead"].tolist() == pytest.approx([-0.3, 0.3, -0.4], abs=0.01)
    assert 0.28 < found["utilisation_lead_lower"].iloc[1] < 0.3
    assert found["withheld_reason"].isna().tolist() == [False, True, False]
    assert found["capacity_source"].tolist() == ["estimated"] * 3
    sentence = found["sentence"].iloc[0]
    assert sentence.startswith("Stage 1 is the constraint: the signs point to it first in 100 % of 500 resamples of")
    assert "30 points more than the busiest other stage; its capacity of 1 item at once is estimated" in sentence
    # An item every 10 hours of 13 weeks, the first after 15, the last before the end.
    assert sentence.endswith("n = 217 departures, 13 weeks to 2026-04-05 (from 2026-01-05).")


def test_stages_that_are_all_alike_name_none() -> None:
    found = verdict_on((8, 8, 8))
    assert set(found["verdict"]) == {"no_dominant_constraint"}
    assert set(found["status"]) == {"not_named"}
    assert "No stage stands out among the 3 compared" in found["sentence"].iloc[0]
    assert found["withheld_reason"].notna().all()


def test_two_stages_alike_among_five_are_candidates() -> None:
    found = verdict_on((5, 9, 4, 9, 3))
    # Twins at the top differ by nothing but when the line began; what they share is that they lead the others.
    assert found["verdict"].iloc[0] == "candidates"
    assert found["status"].tolist() == ["not_named", "candidate", "not_named", "candidate", "not_named"]
    assert found["p_constraint"].iloc[[1, 3]].sum() == pytest.approx(1)
    assert found["utilisation_lead_lower"].max() < 0.01
    assert found["sentence"].iloc[0].startswith("Stage 1 or Stage 3 may be the constraint: the signs point to one of")


def test_a_stage_that_is_mostly_idle_holds_nothing_back() -> None:
    found = verdict_on((1, 4, 2))
    assert found["p_constraint"].tolist() == [0, 1, 0]
    assert found["verdict"].iloc[0] == "no_dominant_constraint"
    assert "it was busy 40 % of the time, at least 60 % needed" in found["withheld_reason"].iloc[1]
    assert "but it was busy 40 % of the time" in found["sentence"].iloc[0]


def test_too_few_weeks_or_departures_make_a_candidate_and_say_so() -> None:
    young = verdict_on((6, 9, 5), n_weeks=8)
    assert young["verdict"].iloc[0] == "candidates"
    assert young["status"].tolist() == ["not_named", "candidate", "not_named"]
    assert young["withheld_reason"].iloc[1] == "8 complete weeks, at least 13 needed"
    assert "Stage 1 may be the constraint, but is not declared, as 8 complete weeks" in young["sentence"].iloc[0]
    few = verdict_on((6, 9, 5), settings=DeclarationSettings(min_departures=10_000))
    assert few["verdict"].iloc[0] == "candidates"
    assert "at least 10000 needed" in few["withheld_reason"].iloc[1]


def test_hardly_any_weeks_say_nothing() -> None:
    for n_weeks in (1, 2, 5):
        found = verdict_on((6, 9, 5), n_weeks=n_weeks)
        assert set(found["verdict"]) == {"insufficient_data"}
        assert set(found["status"]) == {"not_named"}
        assert f"{n_weeks} complete weeks, at least 6 needed" in found["sentence"].iloc[0]
        assert found["p_constraint"].isna().all() == (n_weeks < 3)


def test_an_estimated_capacity_caps_the_label() -> None:
    rng = np.random.default_rng(3)
    records = simulate_line(rng, np.array([0.65, 0.65, 0.92, 0.65, 0.65]), 30)
    visits, stages = visits_from_service_records(records, WEEK, MONDAY)
    capacities = {("line", f"line.stage-{stage}"): float(count) for stage, count in enumerate(SERVERS)}
    # A bar between the two demands is crossed by the known capacity alone.
    end = MONDAY + 30 * WEEK
    given = declare_constraints(measured(visits, stages, end, capacities=capacities))
    highest = given["p_constraint"].max()
    settings = DeclarationSettings(
        min_probability=highest - 0.05, min_probability_estimated=highest + 0.01, min_lead=-1, min_utilisation=0
    )
    given = declare_constraints(measured(visits, stages, end, capacities=capacities), settings)
    estimated = declare_constraints(measured(visits, stages, end), settings)
    assert given["capacity"].tolist() == estimated["capacity"].tolist() == list(SERVERS)
    assert given["p_constraint"].tolist() == estimated["p_constraint"].tolist()
    assert given["verdict"].iloc[0] == "declared"
    assert estimated["verdict"].iloc[0] != "declared"
    top = estimated["p_constraint"].idxmax()
    assert "needed as its capacity is estimated" in estimated["withheld_reason"].iloc[top]


def test_nothing_after_the_window_changes_the_verdict() -> None:
    records = simulate_line(np.random.default_rng(4), np.array([0.6, 0.9, 0.7, 0.6, 0.65]), 40)
    visits, stages = visits_from_service_records(records, WEEK, MONDAY)
    for weeks_known in (20, 31):
        end = MONDAY + weeks_known * WEEK
        known = visits.loc[visits["entered_at"] < end].copy()
        known.loc[known["exited_at"] >= end, ["exited_at", "next_stage_id"]] = [pd.NaT, None]
        assert len(known) < len(visits)
        for window in WINDOWS_WEEKS:
            pd.testing.assert_frame_equal(
                declare_constraints(measured(visits, stages, end, window)),
                declare_constraints(measured(known, stages, end, window)),
            )


def test_the_order_of_visits_and_the_company_of_other_lines_do_not_matter() -> None:
    first, stages = visits_from_service_records(regular_line((6, 9, 5)), pd.Timedelta(hours=1), MONDAY)
    second, _ = visits_from_service_records(regular_line((9, 6, 5)), pd.Timedelta(hours=1), MONDAY, "other")
    both = pd.concat([second, first]).sample(frac=1, random_state=1)
    end = MONDAY + 13 * WEEK
    apart = [declare_constraints(measured(visits, stages, end)) for visits in (first, second)]
    pd.testing.assert_frame_equal(declare_constraints(measured(both, stages, end)), pd.concat(apart, ignore_index=True))


def test_trains_are_lines_of_their_own_under_the_limits_of_their_stream() -> None:
    first, stages = visits_from_service_records(regular_line((6, 9, 5)), pd.Timedelta(hours=1), MONDAY)
    second, _ = visits_from_service_records(regular_line((9, 6, 5)), pd.Timedelta(hours=1), MONDAY)
    visits = pd.concat([first.assign(train_id="red"), second.assign(train_id="blue"), first.assign(train_id=None)])
    # Only both trains together ever have two items in Stage 0.
    stages = stages.assign(wip_limit=np.where(stages["stage_id"] == "line.stage-0", 2.0, np.nan))
    end = MONDAY + 13 * WEEK
    capacities = {(train, f"line.stage-{stage}"): 1.0 for train in ("red", "blue") for stage in range(3)}
    found = declare_constraints(measured(visits, stages, end, scope_column="train_id", capacities=capacities))
    assert found.loc[found["status"] == "declared", ["scope", "scope_id", "stage_name"]].to_numpy().tolist() == [
        ["train", "blue", "Stage 0"],
        ["train", "red", "Stage 1"],
    ]
    assert set(found["value_stream_id"]) == {"line"}
    assert not found["is_queue_ranked"].any()
    # Estimated, a stage whose people both trains share would look half idle in each.
    estimated = declare_constraints(measured(visits, stages, end, scope_column="train_id"))
    assert set(estimated["verdict"]) == {"candidates"}
    named = estimated.loc[estimated["status"] == "candidate", "withheld_reason"]
    assert (
        named.tolist()
        == ["its capacity is estimated, and its people may also work for the rest of the value stream"] * 2
    )


def test_a_queue_that_limits_hold_back_takes_no_part() -> None:
    visits, stages = visits_from_service_records(regular_line((8, 8.5, 3)), pd.Timedelta(hours=1), MONDAY)
    end = MONDAY + 13 * WEEK
    limited = stages.assign(wip_limit=np.where(stages["stage_id"] == "line.stage-0", 1.0, np.nan))
    free, held = (declare_constraints(measured(visits, frame, end)) for frame in (stages, limited))
    assert free["is_queue_ranked"].all()
    assert not held["is_queue_ranked"].any()
    assert held["borda_points"].iloc[1] <= free["borda_points"].iloc[1]


def test_a_line_with_one_stage_in_work_is_not_compared(
    stage_visits: Callable[..., pd.DataFrame], one_line_stages: pd.DataFrame
) -> None:
    found = declare_constraints(
        measured(stage_visits([("build", 0, 4, None)]), one_line_stages, MONDAY + 13 * WEEK, window_start=MONDAY)
    )
    assert found["status"].tolist() == ["not_compared", "not_compared"]
    assert set(found["verdict"]) == {"insufficient_data"}
    assert found["p_constraint"].isna().all()
    assert "only stage of its line" in found["withheld_reason"].iloc[0]
    assert "no item was in work" in found["withheld_reason"].iloc[1]
    assert "1 of 2 stages had an item in work, at least 2 needed" in found["sentence"].iloc[0]


def test_empty_input_keeps_columns_and_types() -> None:
    empty = declare_constraints([])
    full = verdict_on((6, 9, 5))
    assert tuple(empty.columns) == COLUMNS
    assert empty.dtypes.equals(full.dtypes)


def test_evidence_and_verdict_rest_on_the_same_numbers() -> None:
    visits, stages = visits_from_service_records(regular_line((6, 9, 5)), pd.Timedelta(hours=1), MONDAY)
    lines = measured(visits, stages, MONDAY + 13 * WEEK)
    evidence, verdict = evidence_of_lines(lines), declare_constraints(lines)
    shared = ["stage_id", "utilisation", "not_starved_share", "full_busy_share", "queue_mean", "borda_points"]
    pd.testing.assert_frame_equal(evidence[shared], verdict[shared])


def test_weeks_add_up_to_the_window() -> None:
    visits, stages = visits_from_service_records(regular_line((6, 9, 5)), pd.Timedelta(hours=1), MONDAY)
    (line,) = measured(visits, stages, MONDAY + 12 * WEEK, 12)
    weekly = line.weeks.indicators(np.eye(12))
    assert weekly.shape == (12, 3, 4)
    window = line.weeks.indicators(np.ones((1, 12)))[0]
    # The clock has no gaps, so every week has the same hours and the window is the plain mean of its weeks.
    np.testing.assert_allclose(weekly.mean(axis=0), window)
    np.testing.assert_allclose(window[:, 0], line.stages["utilisation"])


def test_little_is_checked_per_stage() -> None:
    # After some days of filling every stage holds as much at the end as at the start.
    visits, stages = visits_from_service_records(regular_line((6, 9, 5)), pd.Timedelta(hours=1), MONDAY)
    found = declare_constraints(measured(visits, stages, MONDAY + 9 * WEEK, 6))
    assert (found["littles_law_gap"] < 0.02).all()
    assert found["littles_law_items"].tolist() == pytest.approx([0.6, 0.9, 0.5], abs=0.01)
    # An item every 10 hours.
    assert found["littles_law_left_per_week"].tolist() == pytest.approx([16.8] * 3, rel=0.02)
    assert (found["littles_law_days"] * 24).tolist() == pytest.approx([6, 9, 5], rel=0.02)


def test_capacities_of_a_register() -> None:
    register = pd.DataFrame(
        {"train_id": ["red", "red", "blue"], "stage_id": ["w.build", "w.test", "w.build"], "capacity": [3, np.nan, 0]}
    )
    assert capacities_by_stage(register, "train_id") == {("red", "w.build"): 3.0}
    with pytest.raises(ValueError, match="two capacities"):
        capacities_by_stage(pd.concat([register, register]), "train_id")
