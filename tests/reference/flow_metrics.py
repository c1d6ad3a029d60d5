"""mart_flow_metrics, cell by cell: scope x level x work type x period (day, week, month, increment).

Written from metrics.md ("Period metrics"). NULL (None) is what cannot be measured, 0 is measured, none.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from tests.reference.clocks import Measured
from tests.reference.ledger import Day, Ledger
from tests.reference.periods import Period, Scope, as_of_day, day_range, is_complete, periods, scopes
from tests.reference.records import Told

KEY = ("scope_type", "scope_id", "level", "work_type", "period_type", "period_start")
ALL = "all"
FEWEST_FOR_A_PERCENTILE = 5
# Finished items of this many days say what age is unusual.
DAYS_OF_COMPARISON = 91

Row = dict[str, Any]


def flow_metrics(told: Told, ledger: Ledger) -> Iterator[Row]:
    """Yield every row of the mart."""
    for scope in scopes(told):
        own = {key: days for key, days in ledger.items() if key[0] in scope.team_ids}
        for level in sorted({level for _, level, _ in own}):
            occurring = sorted({work_type for _, its_level, work_type in own if its_level == level})
            for work_type in [ALL, *occurring]:
                yield from _series(told, scope, level, work_type, own)


def _series(told: Told, scope: Scope, level: str, work_type: str, own: Ledger) -> Iterator[Row]:
    days: dict[date, Day] = defaultdict(Day)
    for (_, its_level, its_type), ledger_days in own.items():
        if its_level == level and work_type in {ALL, its_type}:
            for day, happened in ledger_days.items():
                days[day].add(happened)
    eventful = [day for day, happened in days.items() if happened.is_eventful]
    if not eventful:
        return
    first_day, today = min(eventful), as_of_day(told, scope)
    for period in periods(told, first_day, today):
        yield {
            "scope_type": scope.scope_type,
            "scope_id": scope.scope_id,
            "scope_name": scope.scope_name,
            "value_stream_id": scope.value_stream_id,
            "level": level,
            "work_type": work_type,
            "period_type": period.period_type,
            "period_id": period.period_id,
            "period_start": period.start,
            "period_end": period.end,
            "is_complete": is_complete(told, scope, period, first_day),
            **_measures(days, period, today, is_whole=is_complete(told, scope, period, first_day)),
        }


def _measures(days: dict[date, Day], period: Period, today: date, *, is_whole: bool) -> Row:
    last_day = min(period.end, today)
    total, wip_sum, queue_sum = Day(), 0, 0
    for day in day_range(period.start, period.end):
        if day not in days:
            continue
        # Where it is a day later than in the rest of the portfolio already, things may have happened on it.
        total.add(days[day])
        if day <= last_day:
            wip_sum += len(days[day].in_progress)
            queue_sum += days[day].n_queued
    n_days = (last_day - period.start).days + 1
    at_the_end = days.get(last_day, Day())
    finished = total.finished
    row = {
        "n_created": total.n_created,
        "n_started": total.n_started,
        "n_finished": len(finished),
        "n_cancelled": total.n_cancelled,
        "n_finished_reopened": sum(item.clocks.n_reopenings > 0 for item in finished),
        "n_reopened": total.n_reopened,
        **_velocity(finished),
        "wip_mean": wip_sum / n_days,
        "wip_end": len(at_the_end.in_progress),
        "queue_length_mean": queue_sum / n_days,
        "queue_length_end": at_the_end.n_queued,
        **_durations(finished, "lead_time", lambda item: item.lead_time),
        **_durations(finished, "flow_time", lambda item: item.flow_time),
        **_durations(finished, "cycle_time", lambda item: item.cycle_time),
        **_durations(finished, "idea_to_value", lambda item: item.idea_to_value),
        "n_undefined_start": sum(item.cycle_time is None for item in finished),
        **_stage_times(finished),
        **_rework(finished),
        **_ageing(days, period, last_day),
        "usable_history_share": sum(item.is_usable for item in finished) / len(finished) if finished else None,
    }
    row["littles_law_residual"] = (
        _littles_law_residual(finished, n_days, row["wip_mean"])
        if is_whole and period.period_type in {"month", "increment"}
        else None
    )
    return row


def nearest_rank(values: Sequence[Any], percent: int) -> Any:
    """The smallest value that at least `percent` of all values do not exceed; None below five of them."""
    if len(values) < FEWEST_FOR_A_PERCENTILE:
        return None
    rank = -(-len(values) * percent // 100)  # rounded up, in whole numbers
    return sorted(values)[rank - 1]


def _velocity(finished: list[Measured]) -> Row:
    estimates = [item.estimate for item in finished if item.estimate is not None]
    is_unknown = bool(finished) and not estimates
    return {"velocity_points": None if is_unknown else sum(estimates), "n_estimated": len(estimates)}


def _durations(finished: list[Measured], clock: str, read: Callable[[Measured], tuple[int, float] | None]) -> Row:
    known = [duration for item in finished if (duration := read(item)) is not None]
    calendar, elapsed = [days for days, _ in known], [days for _, days in known]
    row: Row = {f"n_{clock}": len(known)}
    for percent in (50, 70, 85, 95):
        row[f"p{percent}_{clock}_calendar_days"] = nearest_rank(calendar, percent)
    row[f"p50_{clock}_elapsed_days"] = nearest_rank(elapsed, 50)
    if clock == "cycle_time":
        row["p85_cycle_time_elapsed_days"] = nearest_rank(elapsed, 85)
    return row


def _stage_times(finished: list[Measured]) -> Row:
    """Sums over the finished items, not means of their ratios; only of items that were active at some time."""
    known = [item.stage_times for item in finished if item.stage_times is not None and item.has_flow_efficiency]
    active, waiting, blocked = (sum(times[part] for times in known) if known else None for part in range(3))
    whole = active + waiting + blocked if known else 0  # type: ignore[operator]
    return {
        "active_elapsed_days": active,
        "wait_elapsed_days": waiting,
        "blocked_elapsed_days": blocked,
        "flow_efficiency": active / whole if whole else None,
        "blocked_share": blocked / whole if whole else None,
        "n_flow_efficiency": len(known),
    }


def _rework(finished: list[Measured]) -> Row:
    known = [item for item in finished if item.flow_time is not None]
    rework = sum(item.rework or 0.0 for item in known)
    whole = sum(item.flow_time[1] for item in known if item.flow_time is not None)
    return {"rework_elapsed_days": rework if known else None, "rework_share": rework / whole if whole else None}


def _ageing(days: dict[date, Day], period: Period, last_day: date) -> Row:
    """How old is what was in progress at the end of the last day, against what took how long of late?"""
    if period.period_type == "day":
        return dict.fromkeys(
            ("n_age", "p50_age_calendar_days", "p85_age_calendar_days", "p85_finished_cycle_time_calendar_days",
             "n_over_p85")
        )  # fmt: skip
    standing = days.get(last_day, Day()).in_progress
    ages = [(last_day - since).days + 1 for since, is_usable in standing if is_usable]
    recent = [
        item.cycle_time[0]
        for day in day_range(last_day - timedelta(days=DAYS_OF_COMPARISON - 1), last_day)
        if day in days
        for item in days[day].finished
        if item.cycle_time is not None
    ]
    usual = nearest_rank(recent, 85)
    return {
        "n_age": len(ages),
        "p50_age_calendar_days": nearest_rank(ages, 50),
        "p85_age_calendar_days": nearest_rank(ages, 85),
        "p85_finished_cycle_time_calendar_days": usual,
        "n_over_p85": None if usual is None else sum(age > usual for age in ages),
    }


def _littles_law_residual(finished: list[Measured], n_days: int, wip_mean: float) -> float | None:
    times = [item.cycle_time[1] for item in finished if item.cycle_time is not None]
    if len(times) < FEWEST_FOR_A_PERCENTILE or wip_mean == 0:
        return None
    return 1 - (len(finished) / n_days) * (sum(times) / len(times)) / wip_mean
