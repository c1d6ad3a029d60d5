"""The calendar tables: one row per day, with the working hours of the day and of all days before it.

Belongs here: the tables `dates` and `working_days` of raw_portfolio. Does not belong here: where holidays come from
(working_time.py).
"""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from orchestration.portfolio.models import Calendar, Weekday
from orchestration.portfolio.table_columns import COLUMNS
from orchestration.portfolio.working_time import days_between, public_holidays

_WEEKDAY_NUMBERS: dict[Weekday, int] = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}


def dates_table(calendar: Calendar, first_day: date, last_day: date) -> pd.DataFrame:
    """One row per day of the portfolio's own calendar, with its week and month; see `_working_days` for the hours."""
    frame = _working_days(calendar, first_day, last_day)
    days = frame["calendar_date"]
    frame["iso_week_start"] = days - pd.to_timedelta(days.dt.day_of_week, unit="D")
    frame["month_start"] = days - pd.to_timedelta(days.dt.day - 1, unit="D")
    return frame[list(COLUMNS["dates"])].astype(COLUMNS["dates"])


def working_days_table(calendars: Mapping[str, Calendar], first_day: date, last_day: date) -> pd.DataFrame:
    """One row per location and day, the locations in the given order."""
    frames = [
        _working_days(calendar, first_day, last_day).assign(location_id=location_id)
        for location_id, calendar in calendars.items()
    ]
    columns = COLUMNS["working_days"]
    return pd.concat(frames, ignore_index=True)[list(columns)].astype(columns)


def _working_days(calendar: Calendar, first_day: date, last_day: date) -> pd.DataFrame:
    """One row per day; hours between two instants are a difference of `working_hours_before` plus the day's own part.

    `working_hours_before` sums the working hours of all days of the table that lie before the day, so that

        hours(t) = working_hours_before + (hours since the start of the working day, clipped to 0..working_hours)

    and the working time between two local instants is hours(end) - hours(start), without walking through the days.
    `is_working_weekday` is a day of the week that is worked, also where it is a holiday.
    """
    days = pd.Series(pd.date_range(first_day, last_day, freq="D")).astype("datetime64[us]")
    names = _days_off(calendar, first_day, last_day)
    off = pd.Series(list(names.values()), index=pd.DatetimeIndex(list(names)), dtype="str")
    holiday_name = pd.Series(off.reindex(pd.DatetimeIndex(days)).array, dtype="str")
    is_working_weekday = days.dt.day_of_week.isin([_WEEKDAY_NUMBERS[day] for day in calendar.working_days])
    is_working_day = is_working_weekday & holiday_name.isna()
    start, end = calendar.day_start, calendar.day_end
    minutes_per_day = (end.hour - start.hour) * 60 + end.minute - start.minute
    # Minutes are whole, so their running sum is exact; hours would gather rounding over the years.
    minutes = is_working_day.astype("int64") * minutes_per_day
    return pd.DataFrame(
        {
            "calendar_date": days,
            "is_working_weekday": is_working_weekday,
            "is_working_day": is_working_day,
            "working_hours": minutes / 60,
            "working_hours_before": (minutes.cumsum() - minutes) / 60,
            "holiday_name": holiday_name,
        }
    )


def _days_off(calendar: Calendar, first_day: date, last_day: date) -> dict[date, str]:
    """Days within the table that are closed or public holidays, with the name to show; a holiday's own name wins."""
    closed = {
        day: closure.reason or "Closed"
        for closure in calendar.closed
        for day in days_between(max(closure.first_day, first_day), min(closure.last_day, last_day))
    }
    if calendar.country is None:
        return closed
    years = range(first_day.year, last_day.year + 1)
    holidays = public_holidays(calendar.country, calendar.subdivision, years)
    return closed | {day: name for day, name in holidays.items() if first_day <= day <= last_day}
