"""Arrivals, hours and capacity of a stage's weeks."""

from __future__ import annotations

import pandas as pd
import pytest

from orchestration.analytics.load_weeks import people_ahead, stage_load_weeks

WEEKS = pd.date_range("2026-01-05", periods=4, freq="7D")
LAST = WEEKS[-1]
QUEUES = {"build": ["ready"], "test": ["to-test"]}
ROLES = pd.DataFrame({"stage_id": ["build", "test"], "role": ["Developer", "tester"]})


def moves(*rows: tuple[str, str | None, int, int, int]) -> pd.DataFrame:
    """Rows of stage, next stage, number of the week, entries, exits."""
    return pd.DataFrame(
        {
            "value_stream_id": "payments",
            "stage_id": [row[0] for row in rows],
            "next_stage_id": [row[1] for row in rows],
            "week_start": [WEEKS[row[2]] for row in rows],
            "n_entered": [row[3] for row in rows],
            "n_left": [row[4] for row in rows],
        }
    )


def hours(stage: str, values: list[float], team: str = "red") -> pd.DataFrame:
    return pd.DataFrame(
        {"value_stream_id": "payments", "team_id": team, "stage_id": stage, "week_start": WEEKS, "work_hours": values}
    )


def people(role: str, values: list[float], team: str = "red") -> pd.DataFrame:
    weeks = pd.date_range(WEEKS[0], periods=len(values), freq="7D")
    return pd.DataFrame({"team_id": team, "role": role, "week_start": weeks, "available_hours": values})


OPENING = [("ready", None, 0, 1, 0)]


def test_what_goes_from_the_queue_to_its_stage_arrives_once_and_what_comes_back_to_the_queue_not_again() -> None:
    moved = moves(
        *OPENING,
        ("ready", None, 1, 5, 0),  # five come to the queue,
        ("ready", "build", 1, 0, 3),  # three of them go on,
        ("build", None, 1, 4, 0),  # and one comes to the stage from elsewhere;
        ("build", "to-test", 2, 0, 2),  # two leave it,
        ("build", "ready", 2, 0, 1),  # and one is put back.
        ("ready", None, 2, 1, 0),
    )
    weeks, _ = stage_load_weeks(
        moved, hours("build", [1, 1, 1, 1]), people("developer", [9, 9, 9, 9]), ROLES, QUEUES, LAST,
        scope_column="value_stream_id",
    )  # fmt: skip
    build = weeks[weeks["stage_id"] == "build"].set_index("week_start")
    assert build["n_arrivals"].tolist() == [6, 0, 0]
    assert build["n_departures"].tolist() == [0, 2, 0]
    assert build.index.tolist() == list(WEEKS[1:])  # the first week may be half a week
    assert build["is_complete"].all()


def test_a_role_is_divided_as_its_hours_were_and_capacity_ahead_is_told_apart() -> None:
    both = pd.DataFrame({"stage_id": ["build", "test"], "role": ["developer", "developer"]})
    worked = pd.concat([hours("build", [30] * 4), hours("test", [10] * 4)])
    weeks, ahead = stage_load_weeks(
        moves(*OPENING), worked, people("developer", [80, 80, 80, 40, 20]), both, QUEUES, LAST,
        scope_column="value_stream_id",
    )  # fmt: skip
    last = weeks[weeks["week_start"] == LAST].set_index("stage_id")["capacity_hours"]
    assert last.to_dict() == {"build": 30, "test": 10}
    assert ahead.set_index("stage_id")["capacity_hours"].to_dict() == {"build": 15, "test": 5}
    assert set(weeks["capacity_source"]) == {"given"}


def test_a_team_that_the_register_does_not_know_makes_the_capacity_an_estimate() -> None:
    worked = pd.concat([hours("build", [10, 20, 30, 40]), hours("build", [10] * 4, team="blue")])
    weeks, ahead = stage_load_weeks(
        moves(*OPENING), worked, people("developer", [80] * 5), ROLES, QUEUES, LAST, scope_column="value_stream_id"
    )
    assert set(weeks["capacity_source"]) == {"estimated"}
    # Of 30, 40 and 50 hours in the whole weeks the 95th percentile.
    assert weeks["capacity_hours"].tolist() == pytest.approx([49, 49, 49])
    assert ahead.empty


def test_nothing_has_moved() -> None:
    weeks, ahead = stage_load_weeks(
        moves(*OPENING).iloc[:0], hours("build", [1] * 4).iloc[:0], people("developer", [1]).iloc[:0],
        ROLES, QUEUES, LAST, scope_column="value_stream_id",
    )  # fmt: skip
    assert weeks.empty
    assert ahead.empty


def test_without_a_register_nobody_is_known_ahead() -> None:
    days = pd.DataFrame({"calendar_date": pd.date_range("2026-01-26", periods=21), "location_id": "default"})
    days = days.assign(is_working_weekday=True, is_working_day=True)
    nobody = pd.DataFrame(columns=["team_id", "role", "valid_from", "headcount", "hours_per_week", "absence_share"])
    found = people_ahead(nobody, {"red": "default"}, days, LAST, 8)
    assert found.empty
    weeks, ahead = stage_load_weeks(
        moves(*OPENING), hours("build", [10, 20, 30, 40]), found, ROLES, QUEUES, LAST, scope_column="value_stream_id"
    )
    assert set(weeks["capacity_source"]) == {"estimated"}
    assert ahead.empty


def test_hours_ahead_follow_the_register_and_the_calendar() -> None:
    """Two testers of 40 hours, a tenth away: 14.4 hours a day; from a Wednesday on three. The Monday is a holiday."""
    days = pd.DataFrame({"calendar_date": pd.date_range("2026-01-26", periods=21)})
    days["location_id"] = "default"
    days["is_working_weekday"] = days["calendar_date"].dt.day_of_week < 5
    days["is_working_day"] = days["is_working_weekday"] & (days["calendar_date"] != "2026-02-02")
    register = pd.DataFrame(
        {
            "team_id": "red",
            "role": ["Tester", "tester"],
            "valid_from": pd.to_datetime(["2025-01-01", "2026-02-04"]),
            "headcount": [2.0, 3.0],
            "hours_per_week": 40.0,
            "absence_share": 0.1,
        }
    )
    found = people_ahead(register, {"red": "default"}, days, LAST, 2)
    assert found["week_start"].tolist() == [LAST + pd.Timedelta(weeks=1), LAST + pd.Timedelta(weeks=2)]
    assert found["available_hours"].tolist() == pytest.approx([14.4 + 3 * 21.6, 5 * 21.6])
    assert set(found["role"]) == {"tester"}
