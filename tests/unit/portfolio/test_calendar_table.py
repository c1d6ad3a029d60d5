"""The calendar: public holidays, closed days, and sums of hours from which working time is a difference."""

import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import holidays
import pandas as pd
import pytest

from orchestration.portfolio import load_portfolio, portfolio_tables
from orchestration.portfolio.calendar_table import dates_table, working_days_table
from orchestration.portfolio.models import Calendar, WorkLocation
from orchestration.portfolio.working_time import _is_listed, public_holidays, unknown_region

Write = Callable[..., Path]

BERLIN = Calendar(country="DE", subdivision="BE")
YEAR_2026 = (date(2026, 1, 1), date(2026, 12, 31))
# The public holidays of Berlin in 2026; Epiphany and Reformation Day are holidays elsewhere in Germany only.
BERLIN_2026 = {
    date(2026, 1, 1),  # New Year
    date(2026, 3, 8),  # Women's Day, a Sunday
    date(2026, 4, 3),  # Good Friday
    date(2026, 4, 6),  # Easter Monday
    date(2026, 5, 1),  # Labour Day
    date(2026, 5, 14),  # Ascension
    date(2026, 5, 25),  # Whit Monday
    date(2026, 10, 3),  # German Unity, a Saturday
    date(2026, 12, 25),  # Christmas
    date(2026, 12, 26),  # second day of Christmas, a Saturday
}


def on(table: pd.DataFrame, day: str) -> pd.Series:
    return table.set_index("calendar_date").loc[pd.Timestamp(day)]


def hours_at(table: pd.DataFrame, calendar: Calendar, local: str) -> float:
    """Working hours from the start of the table to a local instant, as the table's description says."""
    instant = datetime.fromisoformat(local)
    row = on(table, instant.date().isoformat())
    since_start = (instant - datetime.combine(instant.date(), calendar.day_start)).total_seconds() / 3600
    return float(row["working_hours_before"] + min(max(since_start, 0.0), row["working_hours"]))


def hours_between(table: pd.DataFrame, calendar: Calendar, start: str, end: str) -> float:
    return hours_at(table, calendar, end) - hours_at(table, calendar, start)


def test_holidays_of_berlin() -> None:
    table = dates_table(BERLIN, *YEAR_2026)
    named = table[table["holiday_name"].notna()]

    assert {day.date() for day in named["calendar_date"]} == BERLIN_2026
    assert public_holidays("DE", "BE", [2026]).keys() == BERLIN_2026
    assert on(table, "2026-12-25")["holiday_name"] == "Christmas Day"
    assert not on(table, "2026-04-03")["is_working_day"]
    # 261 weekdays, 7 of them holidays.
    assert int(table["is_working_day"].sum()) == 254


def test_holidays_differ_by_part_of_the_country() -> None:
    bavaria = dates_table(Calendar(country="DE", subdivision="BY"), *YEAR_2026)

    assert not on(bavaria, "2026-01-06")["is_working_day"]
    assert on(bavaria, "2026-03-09")["is_working_day"]


def test_names_of_holidays_do_not_follow_the_language_of_the_machine() -> None:
    program = (
        "from orchestration.portfolio.working_time import public_holidays\n"
        "for country in ('DE', 'FR', 'AO'): print(sorted(public_holidays(country, None, [2026]).items()))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"LANGUAGE": language, "PYTHONIOENCODING": "utf-8"},
        ).stdout
        for language in ("en_US", "de", "uk")
    }

    assert len(printed) == 1
    assert "Neujahr" not in printed.pop()


def test_without_a_country_only_weekends_are_off() -> None:
    table = dates_table(Calendar(), *YEAR_2026)

    assert table["holiday_name"].isna().all()
    assert int(table["is_working_day"].sum()) == 261


def test_closed_days_are_off_with_their_reason_and_holidays_keep_their_name() -> None:
    closed = Calendar.model_validate(
        {
            "country": "DE",
            "closed": [
                "2026-05-15",
                {"from": "2026-12-24", "to": "2027-01-02", "reason": "Year end"},
                {"from": "2025-12-01", "to": "2025-12-31", "reason": "Before the table"},
            ],
        }
    )
    table = dates_table(closed, *YEAR_2026)

    assert on(table, "2026-05-15")[["is_working_day", "working_hours", "holiday_name"]].tolist() == [
        False,
        0.0,
        "Closed",
    ]
    assert on(table, "2026-12-24")["holiday_name"] == "Year end"
    assert on(table, "2026-12-25")["holiday_name"] == "Christmas Day"
    assert on(table, "2026-12-31")["holiday_name"] == "Year end"
    assert on(table, "2026-12-23")["is_working_day"]
    assert "Before the table" not in set(table["holiday_name"].dropna())


def test_each_location_has_its_own_holidays_and_sums() -> None:
    """The sixth of January is a holiday in Poland and none in Berlin; on the next day Poland is a day behind."""
    krakow = WorkLocation(id="krakow", country="PL").calendar_after(BERLIN)
    table = working_days_table({"default": BERLIN, "krakow": krakow}, date(2026, 1, 5), date(2026, 1, 8))

    assert table.groupby("location_id")["working_hours"].apply(list).to_dict() == {
        "default": [8.0, 8.0, 8.0, 8.0],
        "krakow": [8.0, 0.0, 8.0, 8.0],
    }
    assert table.groupby("location_id")["working_hours_before"].apply(list).to_dict() == {
        "default": [0.0, 8.0, 16.0, 24.0],
        "krakow": [0.0, 8.0, 8.0, 16.0],
    }
    epiphany = table[(table["location_id"] == "krakow") & (table["calendar_date"] == pd.Timestamp("2026-01-06"))].iloc[
        0
    ]
    assert (bool(epiphany["is_working_weekday"]), bool(epiphany["is_working_day"])) == (True, False)


def test_the_default_calendar_is_the_same_in_both_tables() -> None:
    dates = dates_table(BERLIN, *YEAR_2026)
    shared = ["calendar_date", "is_working_day", "working_hours", "working_hours_before", "holiday_name"]

    pd.testing.assert_frame_equal(working_days_table({"default": BERLIN}, *YEAR_2026)[shared], dates[shared])


# What a location is written as, and the calendar it then has after the one of Berlin with a closed day.
INHERITED = {
    "nothing of its own": ({"id": "x"}, {"country": "DE", "subdivision": "BE", "n_closed": 1, "start": "09:00"}),
    "another country": (
        {"id": "x", "country": "PL"},
        {"country": "PL", "subdivision": None, "n_closed": 1, "start": "09:00"},
    ),
    "another part": (
        {"id": "x", "country": "DE", "subdivision": "BY"},
        {"country": "DE", "subdivision": "BY", "n_closed": 1, "start": "09:00"},
    ),
    "never closed": (
        {"id": "x", "closed": []},
        {"country": "DE", "subdivision": "BE", "n_closed": 0, "start": "09:00"},
    ),
    "other hours": (
        {"id": "x", "hours": ["08:00", "14:00"]},
        {"country": "DE", "subdivision": "BE", "n_closed": 1, "start": "08:00"},
    ),
}


@pytest.mark.parametrize(("written", "expected"), INHERITED.values(), ids=INHERITED)
def test_a_location_takes_from_the_calendar_what_it_leaves_out(
    written: dict[str, object], expected: dict[str, object]
) -> None:
    default = Calendar.model_validate({"country": "DE", "subdivision": "BE", "closed": ["2026-05-15"]})

    calendar = WorkLocation.model_validate(written).calendar_after(default)

    assert {
        "country": calendar.country,
        "subdivision": calendar.subdivision,
        "n_closed": len(calendar.closed),
        "start": calendar.hours[0],
    } == expected


def test_weeks_start_on_monday_and_months_on_the_first() -> None:
    table = dates_table(BERLIN, date(2025, 12, 28), date(2026, 2, 1))

    starts = {
        row.isoformat(): (
            on(table, row.isoformat())["iso_week_start"].date(),
            on(table, row.isoformat())["month_start"].date(),
        )
        for row in (date(2025, 12, 28), date(2025, 12, 29), date(2026, 1, 1), date(2026, 2, 1))
    }

    assert starts == {
        "2025-12-28": (date(2025, 12, 22), date(2025, 12, 1)),
        "2025-12-29": (date(2025, 12, 29), date(2025, 12, 1)),
        "2026-01-01": (date(2025, 12, 29), date(2026, 1, 1)),
        "2026-02-01": (date(2026, 1, 26), date(2026, 2, 1)),
    }


def test_every_day_stands_once_also_where_clocks_change() -> None:
    table = dates_table(BERLIN, *YEAR_2026)
    days = list(table["calendar_date"])

    assert len(days) == 365
    assert {later - earlier for earlier, later in pairwise(days)} == {pd.Timedelta(days=1)}
    assert on(table, "2026-03-30")["working_hours"] == on(table, "2026-10-26")["working_hours"] == 8.0


def test_hours_before_are_the_sum_of_the_days_before() -> None:
    table = dates_table(BERLIN, *YEAR_2026)

    assert table["working_hours_before"].iloc[0] == 0.0
    assert (table["working_hours_before"].diff().iloc[1:] == table["working_hours"].iloc[:-1].to_numpy()).all()
    assert table["working_hours_before"].iloc[-1] + table["working_hours"].iloc[-1] == 254 * 8
    assert set(table["working_hours"][table["is_working_day"]]) == {8.0}
    assert set(table["working_hours"][~table["is_working_day"]]) == {0.0}


def test_sums_do_not_drift_when_the_day_is_no_round_number_of_hours() -> None:
    calendar = Calendar(hours=["09:00", "16:20"])
    table = dates_table(calendar, date(2016, 1, 1), date(2026, 12, 31))
    n_days_before = table["is_working_day"].cumsum() - table["is_working_day"]

    assert (table["working_hours_before"] == n_days_before * 440 / 60).all()


# Start, end (local), hours: 09:00 to 17:00 on weekdays in Berlin.
SPANS = {
    "over a weekend": ("2026-01-16T16:00", "2026-01-19T12:00", 4.0),
    "over the weekend on which summer time begins": ("2026-03-27T16:00", "2026-03-30T12:00", 4.0),
    "over the weekend on which summer time ends": ("2026-10-23T16:00", "2026-10-26T12:00", 4.0),
    "within a day": ("2026-01-14T10:15", "2026-01-14T11:45", 1.5),
    "before and after hours": ("2026-01-14T06:00", "2026-01-14T23:00", 8.0),
    "within a night": ("2026-01-14T18:00", "2026-01-15T08:59", 0.0),
    "within a weekend": ("2026-01-17T10:00", "2026-01-18T15:00", 0.0),
    "over Easter": ("2026-04-02T16:00", "2026-04-07T10:00", 2.0),
    "a whole week": ("2026-01-12T00:00", "2026-01-19T00:00", 40.0),
    "none": ("2026-01-14T10:00", "2026-01-14T10:00", 0.0),
}


@pytest.mark.parametrize("name", SPANS)
def test_working_time_is_a_difference_of_two_look_ups(name: str) -> None:
    start, end, hours = SPANS[name]

    assert hours_between(dates_table(BERLIN, *YEAR_2026), BERLIN, start, end) == pytest.approx(hours, abs=1e-9)


def test_week_may_be_any_set_of_days() -> None:
    table = dates_table(
        Calendar(working_days=["sun", "mon", "tue", "wed", "thu"]), date(2026, 1, 12), date(2026, 1, 18)
    )

    assert table["is_working_day"].tolist() == [True, True, True, True, False, False, True]


def test_table_of_a_portfolio_has_its_calendar_and_hours(write_portfolio: Write) -> None:
    tables = portfolio_tables(load_portfolio(write_portfolio()), date(2026, 5, 11), date(2026, 5, 17))

    hours = tables["hours"]
    assert hours["location_id"].tolist() == ["default"]
    assert hours["timezone"].isna().all()
    assert hours[["working_day_start", "working_day_end", "working_days_per_week"]].iloc[0].tolist() == [
        "09:00",
        "17:00",
        5,
    ]
    # Thursday is Ascension Day, Friday is closed.
    assert tables["dates"]["working_hours"].tolist() == [8.0, 8.0, 8.0, 0.0, 0.0, 0.0, 0.0]
    assert tables["dates"]["working_hours_before"].tolist() == [0.0, 8.0, 16.0, 24.0, 24.0, 24.0, 24.0]


def test_a_table_that_ends_before_it_begins(write_portfolio: Write) -> None:
    with pytest.raises(ValueError, match="lies before its first day 2026-05-11"):
        portfolio_tables(load_portfolio(write_portfolio()), date(2026, 5, 11), date(2026, 5, 10))


def test_the_quick_look_at_regions_agrees_with_the_library() -> None:
    supported = holidays.list_supported_countries(include_aliases=False)

    unknown = [
        (country, subdivision)
        for country, subdivisions in supported.items()
        for subdivision in (None, *subdivisions)
        if not _is_listed(country, subdivision) and unknown_region(country, subdivision) is not None
    ]
    invented = [
        (country, subdivision)
        for country, subdivisions in supported.items()
        for subdivision in {"XX", "BE", "Berlin", "1"}.difference(
            subdivisions, getattr(holidays, country).subdivisions_aliases
        )
        if unknown_region(country, subdivision) is None
    ]

    assert unknown == []
    assert invented == []
    assert _is_listed("DE", "BE")
    assert _is_listed("CA", "MB"), "a comment with brackets hides the rest of Canada"
    assert not _is_listed("XX", None)
