"""People per stage by the register: who counts, and where nothing is given."""

import pandas as pd
import pytest

from orchestration.analytics.given_capacity import people_of_resources, people_of_stages

WINDOW = (pd.Timestamp("2026-01-05"), pd.Timestamp("2026-01-09"))
DAYS = pd.date_range("2026-01-01", "2026-01-12", freq="D")
WORKING = pd.DataFrame(
    {
        "location_id": "default",
        "calendar_date": DAYS,
        # The Tuesday of the week is a holiday.
        "working_hours": [8.0 if day.day_of_week < 5 and day.day != 6 else 0.0 for day in DAYS],
    }
)
ROLES = pd.DataFrame({"stage_id": ["w.build", "w.test", "w.test"], "role": ["developer", "tester", "Analyst"]})


def register(*rows: tuple[str, str, float, str]) -> pd.DataFrame:
    """Team, role, hours a working day, first day."""
    parts = [
        WORKING.loc[WORKING["calendar_date"] >= first].assign(
            team_id=team, role=role, value_stream_id="payments",
            available_hours=lambda frame, hours=hours: frame["working_hours"] / 8 * hours,
        )
        for team, role, hours, first in rows
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True).drop(columns="working_hours")


def in_use(*lines: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=["level", "stage_id"]).assign(value_stream_id="payments")


ALL = register(
    ("red", "developer", 27.2, "2026-01-01"), ("blue", "Developer", 8.0, "2026-01-01"),
    ("red", "tester", 6.8, "2026-01-01"), ("red", "analyst", 4.0, "2026-01-01"),
)  # fmt: skip
USED = in_use(("story", "w.build"), ("story", "w.test"))


def people(capacity: pd.DataFrame, used: pd.DataFrame = USED, roles: pd.DataFrame = ROLES) -> dict[str, float]:
    found = people_of_stages(capacity, WORKING, roles, used, WINDOW)
    return dict(zip(found["stage_id"], found["capacity"], strict=True))


def test_people_are_hours_over_a_full_day_summed_over_teams_and_roles_and_a_holiday_is_no_absence():
    assert people(ALL) == pytest.approx({"w.build": 4.4, "w.test": 1.35})


def test_a_role_that_the_register_does_not_know_leaves_the_stage_out():
    assert set(people(ALL[ALL["role"] != "analyst"])) == {"w.build"}


def test_a_role_that_serves_two_stages_in_use_is_given_to_neither():
    roles = pd.concat([ROLES, pd.DataFrame({"stage_id": ["w.accept"], "role": ["tester"]})])
    used = in_use(("story", "w.build"), ("story", "w.test"), ("story", "w.accept"))
    assert set(people(ALL, used, roles)) == {"w.build"}
    # A stage that nobody uses shares nothing.
    assert set(people(ALL, USED, roles)) == {"w.build", "w.test"}


def test_a_stage_used_at_two_levels_is_left_out():
    used = in_use(("story", "w.build"), ("feature", "w.build"), ("story", "w.test"))
    assert set(people(ALL, used)) == {"w.test"}


def test_a_register_that_begins_within_the_window_tells_nothing():
    late = register(("red", "developer", 8.0, "2026-01-01"), ("blue", "developer", 8.0, "2026-01-08"))
    assert people(late) == {}
    in_time = register(("red", "developer", 8.0, "2026-01-01"), ("blue", "developer", 8.0, "2026-01-05"))
    assert people(in_time) == {"w.build": 2.0}


def test_later_rows_of_the_register_change_nothing():
    later = ALL.assign(available_hours=ALL["available_hours"].where(ALL["calendar_date"] <= WINDOW[1], 999.0))
    assert (later["available_hours"] == 999).any()
    assert people(later) == people(ALL)


def test_people_of_resources_share_a_role_between_stages_but_not_between_sets_of_roles():
    stages = {"w.build": "developer", "w.test": "tester, Analyst"}
    found = people_of_resources(ALL, WORKING, ROLES, stages, WINDOW)
    assert found == pytest.approx({"payments/developer": 4.4, "payments/tester, Analyst": 1.35})
    roles = pd.concat([ROLES, pd.DataFrame({"stage_id": ["w.accept"], "role": ["tester"]})])
    overlapping = people_of_resources(ALL, WORKING, roles, {**stages, "w.accept": "tester"}, WINDOW)
    assert set(overlapping) == {"payments/developer"}


def test_no_register_gives_nothing():
    assert people(ALL.iloc[:0]) == {}
