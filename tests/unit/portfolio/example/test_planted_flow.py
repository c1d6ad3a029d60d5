"""The planted constraints and interventions show in the files, by counting that uses none of the simulator."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from orchestration.portfolio.example import scenario
from orchestration.portfolio.example.working_clock import WorkingClock, local_ms


def weekly_log_medians(exports: Any, projects: set[str]) -> dict[int, float]:
    """Log of the weekly median cycle time (Build to the end, calendar days) where at least five stories finished."""
    weeks: dict[int, list[int]] = defaultdict(list)
    for issue in exports.issues:
        if not exports.is_story(issue) or exports.project(issue) not in projects:
            continue
        stays = exports.stays(issue)
        begun = [entered for status, entered, _ in stays if exports.stage(issue, status) == "build"]
        if exports.stage(issue, stays[-1][0]) == "done" and begun:
            first = begun[0].astimezone(scenario.TIMEZONE).date()
            last = stays[-1][1].astimezone(scenario.TIMEZONE).date()
            weeks[(last - scenario.FIRST_DAY).days // 7].append((last - first).days + 1)
    return {week: math.log(statistics.median_low(days)) for week, days in weeks.items() if len(days) >= 5}


def step(series: dict[int, float], launched: date) -> tuple[float, int, int]:
    """Step between baseline and after in baseline standard deviations, and the weeks on both sides."""
    launch = (launched - scenario.FIRST_DAY).days // 7
    before = [series[week] for week in range(launch - 26, launch) if week in series]
    after = [series[week] for week in range(launch + 2, 78) if week in series]
    return (statistics.fmean(after) - statistics.fmean(before)) / statistics.stdev(before), len(before), len(after)


def test_the_intervention_that_worked_shows(exports: Any) -> None:
    size, before, after = step(weekly_log_medians(exports, {"LOAN", "COLL"}), date(2025, 12, 1))
    assert size < -3
    assert before == 26
    assert after >= 26
    told = exports.truth["interventions"]["lending-reviewers"]["step_in_baseline_sds"]
    assert size == pytest.approx(told, abs=0.3)


def test_the_intervention_that_did_nothing_shows_nothing(exports: Any) -> None:
    size, before, after = step(weekly_log_medians(exports, {"CARD"}), date(2025, 9, 29))
    assert abs(size) < 1
    assert before >= 24
    assert after >= 30


def test_the_third_intervention_is_too_recent() -> None:
    latest = next(i for i in scenario.INTERVENTIONS if i.verdict == "too recent to tell")
    assert (scenario.LAST_DAY - latest.launched_on).days + 1 < 6 * 7


def test_work_waits_before_the_constraint(exports: Any) -> None:
    """Days spent waiting before Review and before Test, per story that passed there, from the files alone."""
    launch = datetime.combine(date(2025, 12, 1), datetime.min.time(), scenario.TIMEZONE)
    waits: dict[tuple[str, str, bool], list[float]] = defaultdict(list)
    streams = {"CARD": "payments", "TRF": "payments", "SRV": "servicing", "LOAN": "lending", "COLL": "lending"}
    for issue in exports.issues:
        for status, entered, left in exports.stays(issue):
            name = exports.stage(issue, status)
            if name in {"ready-for-review", "ready-for-test"} and left is not None:
                key = (streams[exports.project(issue)], name, entered >= launch)
                waits[key].append((left - entered) / timedelta(days=1))
    mean = {key: statistics.fmean(days) for key, days in waits.items()}
    for late in (False, True):
        assert mean["payments", "ready-for-test", late] > 5
        assert mean["payments", "ready-for-review", late] < 0.5
        assert mean["servicing", "ready-for-test", late] < 0.5
        assert mean["servicing", "ready-for-review", late] < 0.5
    assert mean["lending", "ready-for-review", False] > 5
    assert mean["lending", "ready-for-test", False] < 0.5
    assert mean["lending", "ready-for-review", True] < 1.5
    assert mean["lending", "ready-for-test", True] > 2


def test_the_truth_names_the_most_loaded_stage(exports: Any) -> None:
    for windows in exports.truth["value_streams"].values():
        for window in windows:
            loads = window["utilisation"]
            if window["constraint"] is None:
                assert max(loads.values()) < 0.8
            else:
                assert max(loads, key=loads.__getitem__) == window["constraint"]
                assert loads[window["constraint"]] > 0.8


def test_work_happens_in_working_time(exports: Any) -> None:
    """Work is only taken up on working days from nine to five; releases and night incidents are the exceptions."""
    days = set(WorkingClock().days)
    nights = set(exports.truth["flaws"]["night_incidents"]["keys"])
    taken_up = [
        entered.astimezone(scenario.TIMEZONE)
        for issue in exports.issues
        if issue["key"] not in nights
        for status, entered, _ in exports.stays(issue)
        if exports.stage(issue, status) in {"review", "test"}
    ]
    assert len(taken_up) > 10_000
    assert all(moment.date() in days and 9 <= moment.hour < 17 for moment in taken_up)


def test_the_clock_runs_only_in_working_time() -> None:
    clock = WorkingClock()
    assert clock.days[0] == date(2025, 1, 2)
    assert date(2025, 4, 18) not in clock.days
    assert date(2025, 12, 29) not in clock.days
    assert clock.to_ms(8.5) == local_ms(datetime.combine(date(2025, 1, 3), time(9, 30)))
    assert clock.at_day(date(2025, 4, 18)) == clock.at_day(date(2025, 4, 22))
    assert clock.at_day(date(2027, 1, 1)) == clock.last_reading
