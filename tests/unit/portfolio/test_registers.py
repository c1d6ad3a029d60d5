"""Registers of capacity, objectives, outcomes and people: from CSV and XLSX, every mistake told in its place."""

from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from orchestration.portfolio import PortfolioError, Problem, load_portfolio, portfolio_tables

Write = Callable[..., Path]
Change = Callable[..., str]

CAPACITY = "team,role,valid_from,headcount,hours_per_week,absence_share,cost_rate_per_hour\n"
OBJECTIVES = "increment,team,objective_id,objective,committed,planned_business_value,actual_business_value\n"
OUTCOMES = "week,value_stream,outcome,value,unit,desired_direction\n"
PEOPLE = "person,source,identity,team,role,valid_from,valid_to\n"
PRACTICES = "intervention,date,practice,is_followed\n"
HEADERS = {
    "practice_events": PRACTICES,
    "capacity": CAPACITY,
    "objectives": OBJECTIVES,
    "outcomes": OUTCOMES,
    "people": PEOPLE,
}


@pytest.fixture
def with_register(write_portfolio: Write) -> Callable[..., Path]:
    """Write the complete portfolio with one register more, by name and content."""

    def write(register: str, content: str | bytes, form: str = "csv") -> Path:
        folder = write_portfolio()
        path = folder / "registers" / f"{register}.{form}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return write


@pytest.fixture
def with_sheet(write_portfolio: Write) -> Callable[..., Path]:
    """Write the complete portfolio with one register as a workbook of the given rows."""

    def write(register: str, rows: list[list[Any]], sheet: str | None = None) -> Path:
        folder = write_portfolio()
        book = Workbook()
        if sheet is not None:
            book.active.append(["not", "the", "register"])
            book.create_sheet(sheet)
        worksheet = book[sheet] if sheet else book.active
        for row in rows:
            worksheet.append(row)
        book.save(folder / "registers" / f"{register}.xlsx")
        return folder

    return write


def problems_of(folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(PortfolioError) as caught:
        load_portfolio(folder)
    return caught.value.problems


def test_capacity_with_its_defaults(with_register: Write) -> None:
    full, short = load_portfolio(
        with_register(
            "capacity", CAPACITY + "checkout,tester,2026-01-05,2.5,38.5,0.15,90\nrefunds,lead,2026-02-01,1,40,,\n"
        )
    ).capacity

    assert (full.team, full.valid_from) == ("checkout", date(2026, 1, 5))
    assert (full.headcount, full.hours_per_week) == (2.5, 38.5)
    assert (full.absence_share, full.cost_rate_per_hour) == (0.15, 90.0)
    assert (short.absence_share, short.cost_rate_per_hour) == (0.0, None)


def test_objectives_and_outcomes(with_register: Write) -> None:
    rows = "PI-26.1,checkout,o1,Pay by phone,yes,8,7\nPI-26.1,checkout,o2,Pay by watch,false,5,\n"
    folder = with_register("objectives", OBJECTIVES + rows)
    (folder / "registers" / "outcomes.csv").write_text(OUTCOMES + "2026-01-05,payments,satisfaction,7.25,points,up\n")

    portfolio = load_portfolio(folder)

    assert [(o.committed, o.planned_business_value, o.actual_business_value) for o in portfolio.objectives] == [
        (True, 8.0, 7.0),
        (False, 5.0, None),
    ]
    (outcome,) = portfolio.outcomes
    assert (outcome.week, outcome.value) == (date(2026, 1, 5), 7.25)
    assert (outcome.unit, outcome.desired_direction) == ("points", "up")


def test_practice_events_may_be_open(with_register: Write) -> None:
    rows = "pairing,2026-03-09,Review,yes\npairing,2026-03-16,Review,\n"

    done, unknown = load_portfolio(with_register("practice_events", PRACTICES + rows)).practice_events

    assert (done.intervention, done.date, done.practice) == ("pairing", date(2026, 3, 9), "Review")
    assert (done.is_followed, unknown.is_followed) == (True, None)


# Name → (register, row, column that is named, part of what is said).
ROWS = {
    "intervention": ("practice_events", "pairin,2026-03-09,Review,true", "intervention", "Did you mean 'pairing'?"),
    "followed": ("practice_events", "pairing,2026-03-09,Review,mostly", "is_followed", "Write true or false"),
    "team": ("capacity", "checkin,dev,2026-01-05,2,40,0,1", "team", "Did you mean 'checkout'?"),
    "no role": ("capacity", "checkout,,2026-01-05,2,40,0,1", "role", "is missing. Add it: the role"),
    "day": ("capacity", "checkout,dev,5.1.2026,2,40,0,1", "valid_from", "Write it as year-month-day"),
    "people below none": ("capacity", "checkout,dev,2026-01-05,-1,40,0,1", "headcount", "Give at least 0"),
    "hours of a month": ("capacity", "checkout,dev,2026-01-05,2,170,0,1", "hours_per_week", "Give at most 168"),
    "absence in percent": ("capacity", "checkout,dev,2026-01-05,2,40,15,1", "absence_share", "Give at most 1"),
    "rate": ("capacity", "checkout,dev,2026-01-05,2,40,0,many", "cost_rate_per_hour", "is not a number"),
    "increment": ("objectives", "PI-26.3,checkout,o1,Pay,true,8,", "increment", "Did you mean 'PI-26."),
    "committed": ("objectives", "PI-26.1,checkout,o1,Pay,perhaps,8,", "committed", "Write true or false"),
    "value": ("objectives", "PI-26.1,checkout,o1,Pay,true,high,", "planned_business_value", "is not a number"),
    "no Monday": ("outcomes", "2026-01-07,payments,nps,1,points,up", "week", "is a Wednesday, and a week"),
    "stream": ("outcomes", "2026-01-05,payment,nps,1,points,up", "value_stream", "Did you mean 'payments'?"),
    "direction": ("outcomes", "2026-01-05,payments,nps,1,points,higher", "desired_direction", "Use one of: down, up."),
    "no number": ("outcomes", "2026-01-05,payments,nps,nan,points,up", "value", "is not a number"),
    "source": ("people", "p1,jira,a@x.example,checkout,,,", "source", "Did you mean 'jira-main'?"),
    "validity": ("people", "p1,jira-main,a@x.example,checkout,,2026-02-01,2026-01-01", "valid_to", "lies before"),
}


@pytest.mark.parametrize("name", ROWS)
def test_mistake_in_a_row_is_told_with_row_and_column(name: str, with_register: Write) -> None:
    register, row, column, said = ROWS[name]

    (problem,) = problems_of(with_register(register, HEADERS[register] + row + "\n"))

    assert (problem.file, problem.line, problem.key) == (f"registers/{register}.csv", 2, column)
    assert said in problem.message
    assert problem.message.endswith((".", "?"))


REPEATED = {
    "practice_events": ("pairing,2026-03-09,Review,true", "date", "are those of line 2 already"),
    "capacity": ("checkout,dev,2026-01-05,2,40,0,1", "valid_from", "are those of line 2 already"),
    "objectives": ("PI-26.1,checkout,o1,Pay,true,8,", "objective_id", "on line 2 too"),
    "outcomes": ("2026-01-05,payments,nps,1,points,up", "week", "are those of line 2 already"),
    "people": ("p1,jira-main,a@x.example,checkout,,,", "identity", "is on line 2 already, for days that overlap"),
}


@pytest.mark.parametrize("register", REPEATED)
def test_a_row_given_twice(register: str, with_register: Write) -> None:
    row, column, said = REPEATED[register]

    (problem,) = problems_of(with_register(register, HEADERS[register] + f"{row}\n{row}\n"))

    assert (problem.line, problem.key) == (3, column)
    assert said in problem.message


def test_an_outcome_keeps_its_unit(with_register: Write) -> None:
    rows = "2026-01-05,payments,lead time,9,days,down\n2026-01-12,payments,lead time,200,hours,down\n"

    (problem,) = problems_of(with_register("outcomes", OUTCOMES + rows))

    assert (problem.line, problem.key) == (3, "unit")
    assert "differs from 'days' on line 2" in problem.message


def test_a_cost_needs_a_currency(with_register: Write) -> None:
    rows = "checkout,dev,2026-01-05,2,40,0,90\nrefunds,dev,2026-01-05,2,40,0,90\n"
    folder = with_register("capacity", CAPACITY + rows)
    text = (folder / "portfolio.yaml").read_text()
    (folder / "portfolio.yaml").write_text(text.replace(", currency: EUR", ""))

    (problem,) = problems_of(folder)

    assert problem.key == "cost_rate_per_hour"
    assert "Add 'currency: EUR'" in problem.message


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_excel_writes_commas_semicolons_or_tabs_with_a_mark(delimiter: str, with_register: Write) -> None:
    content = (CAPACITY + 'checkout,"dev",2026-01-05,2,40,0.1,\n').replace(",", delimiter).replace("\n", "\r\n")

    (entry,) = load_portfolio(with_register("capacity", b"\xef\xbb\xbf" + content.encode())).capacity

    assert (entry.role, entry.absence_share) == ("dev", 0.1)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_other_encodings_are_told(encoding: str, with_register: Write) -> None:
    content = CAPACITY + "checkout,Prüfer,2026-01-05,2,40,,\n"

    (problem,) = problems_of(with_register("capacity", content.encode(encoding)))

    assert problem.file == "registers/capacity.csv"
    assert "Save the table as 'CSV UTF-8'." in problem.message


def test_zero_bytes_are_told(with_register: Write) -> None:
    (problem,) = problems_of(with_register("capacity", (CAPACITY + "checkout").encode("utf-16-le")))

    assert "is not UTF-8 text" in problem.message


def test_a_workbook_is_read_with_its_types(with_sheet: Write) -> None:
    header: list[Any] = [*CAPACITY.strip().split(","), None]
    rows = [
        header,
        ["checkout", "tester", datetime.combine(date(2026, 1, 5), time.min), 2.5, 38, 0.15, 90],
        [None, None],
        ["refunds", "lead", "2026-02-01", "1", 40, None, None],
    ]
    first, second = load_portfolio(with_sheet("capacity", rows, sheet="Capacity")).capacity

    assert (first.valid_from, first.headcount, first.hours_per_week) == (date(2026, 1, 5), 2.5, 38.0)
    assert (second.valid_from, second.headcount, second.absence_share) == (date(2026, 2, 1), 1.0, 0.0)


def test_a_workbook_without_a_sheet_of_that_name_gives_its_first(with_sheet: Write) -> None:
    rows = [OBJECTIVES.strip().split(","), ["PI-26.1", "checkout", "o1", "Pay", True, 8, None]]

    (objective,) = load_portfolio(with_sheet("objectives", rows)).objectives

    assert objective.committed is True


def test_interventions_may_be_a_workbook(with_sheet: Write) -> None:
    header = ["intervention_id", "name", "value_stream", "level", "metric", "desired_direction", "launched_on"]
    rows = [header, ["a", "Less", "payments", "story", "wip", "down", date(2026, 3, 2)]]
    folder = with_sheet("interventions", rows)
    (folder / "registers" / "interventions.csv").unlink()

    (intervention,) = load_portfolio(folder).interventions

    assert intervention.launched_on == date(2026, 3, 2)


def test_a_mistake_in_a_workbook_is_named_as_the_spreadsheet_shows_it(with_sheet: Write) -> None:
    rows = [
        ["team", "role", "valid_from", "headcount", "hours_per_week"],
        ["checkout", "dev", date(2026, 1, 5), 2, 40],
        [None],
        ["checkin", "dev", date(2026, 1, 5), "two", 40, "beside"],
        ["checkin", "dev", datetime.combine(date(2026, 1, 5), time(9, 30)), "two", 40],
    ]

    told = {(problem.line, problem.key): problem.message for problem in problems_of(with_sheet("capacity", rows))}

    assert set(told) == {
        (4, ""),
        (5, "team (Sheet!A5)"),
        (5, "valid_from (Sheet!C5)"),
        (5, "headcount (Sheet!D5)"),
    }
    assert "Clear the cells beside it" in told[4, ""]
    assert "'2026-01-05 09:30:00' is not a date" in told[5, "valid_from (Sheet!C5)"]


def test_errors_and_uncomputed_formulas_of_a_workbook(with_sheet: Write) -> None:
    header = ["week", "value_stream", "outcome", "value", "unit", "desired_direction"]
    rows = [header, [date(2026, 1, 5), "payments", "nps", "=1+1", "points", "up"]]
    rows.append([date(2026, 1, 12), "payments", "nps", "#DIV/0!", "points", "up"])

    told = [(problem.key, problem.message) for problem in problems_of(with_sheet("outcomes", rows))]

    assert [key for key, _ in told] == ["value (Sheet!D2)", "value (Sheet!D3)"]
    assert "without a computed value" in told[0][1]
    assert "holds the error #DIV/0!" in told[1][1]


def test_what_is_no_workbook(with_register: Write) -> None:
    (problem,) = problems_of(with_register("capacity", CAPACITY, form="xlsx"))

    assert problem.file == "registers/capacity.xlsx"
    assert "Save it as 'Excel workbook (.xlsx)'" in problem.message


def test_a_register_in_two_forms(with_sheet: Write) -> None:
    folder = with_sheet("capacity", [CAPACITY.strip().split(",")])
    (folder / "registers" / "capacity.csv").write_text(CAPACITY)

    (problem,) = problems_of(folder)

    assert problem.file == "registers/capacity.xlsx"
    assert "Remove one of them." in problem.message


def test_forms_that_are_not_read(with_register: Write) -> None:
    (problem,) = problems_of(with_register("people", b"", form="ods"))

    assert problem.file == "registers/people.ods"
    assert "is not read in this form" in problem.message


def test_the_hash_covers_every_register(with_register: Write) -> None:
    before = load_portfolio(with_register("capacity", CAPACITY)).content_hash
    after = load_portfolio(with_register("capacity", CAPACITY + "checkout,dev,2026-01-05,2,40,,\n")).content_hash

    assert before != after


def test_registers_become_tables(with_register: Write) -> None:
    folder = with_register("capacity", CAPACITY + "checkout,dev,2026-01-05,2,40,,\n")
    (folder / "registers" / "outcomes.csv").write_text(OUTCOMES + "2026-01-05,payments,nps,7,points,up\n")
    (folder / "registers" / "objectives.csv").write_text(OBJECTIVES + "PI-26.1,checkout,o1,Pay,no,8,\n")

    tables = portfolio_tables(load_portfolio(folder), date(2026, 1, 1), date(2026, 1, 31))

    assert tables["capacity"].iloc[0].to_dict()["team_id"] == "checkout"
    assert tables["capacity"]["cost_rate_per_hour"].isna().all()
    assert tables["outcomes"].iloc[0].to_dict()["value_stream_id"] == "payments"
    assert not tables["objectives"].iloc[0].to_dict()["is_committed"]
