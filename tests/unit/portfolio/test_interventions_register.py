"""registers/interventions.csv: read with its defaults, and every mistake told with row and column."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from orchestration.portfolio import PortfolioError, Problem, load_portfolio

Write = Callable[..., Path]

HEADER = (
    "intervention_id,name,value_stream,train,team,stage,level,metric,desired_direction,launched_on,"
    "transition_days,hypothesis,owner_role,projected_change_percent\n"
)
GOOD = "smaller,Smaller stories,payments,,,,story,cycle_time,down,2026-03-02,,,,\n"


def problems_of(folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(PortfolioError) as caught:
        load_portfolio(folder)
    return caught.value.problems


def test_rows_are_read_with_their_defaults(write_portfolio: Write) -> None:
    pairing, smaller = load_portfolio(write_portfolio()).interventions

    assert pairing.model_dump() == {
        "intervention_id": "pairing",
        "name": "Pairing on tests",
        "value_stream": "payments",
        "train": None,
        "team": None,
        "stage": "delivery.test",
        "level": "story",
        "metric": "stage_time",
        "desired_direction": "down",
        "launched_on": date(2026, 3, 2),
        "transition_days": 21,
        "hypothesis": "Two testers, one item",
        "owner_role": "RTE",
        "projected_change_percent": -30.0,
        "projected_change_low_percent": None,
        "projected_change_high_percent": None,
        "minimum_change_percent": None,
        "kind": None,
        "funded_on": None,
        "cost": None,
        "excluded_controls": None,
        "primary": None,
    }
    assert (smaller.team, smaller.level, smaller.transition_days, smaller.hypothesis) == ("scoring", "story", 14, None)


@pytest.mark.parametrize(
    "content",
    [
        None,
        HEADER,
        HEADER + "\n,,,,,,,,,,,,,\n",
        "launched_on,intervention_id,metric,name,desired_direction,train,level\n",
    ],
)
def test_no_rows_mean_no_interventions(content: str | None, write_portfolio: Write) -> None:
    assert load_portfolio(write_portfolio(interventions=content)).interventions == []


def test_columns_may_stand_in_any_order_and_spreadsheets_may_mark_the_encoding(write_portfolio: Write) -> None:
    header = "launched_on,intervention_id,metric,name,desired_direction,train,level"
    content = f"\ufeff{header}\r\n2026-03-02,a,wip,Ä,down,lending-art,story\r\n"

    (intervention,) = load_portfolio(write_portfolio(interventions=content)).interventions

    assert (intervention.name, intervention.train, intervention.launched_on) == ("Ä", "lending-art", date(2026, 3, 2))


# Name → (row, column that is named, part of what is said).
ROWS = {
    "no id": (",Less,payments,,,,story,wip,down,2026-03-02,,,,", "intervention_id", "is missing. Add it: a short id"),
    "no name": ("a,,payments,,,,story,wip,down,2026-03-02,,,,", "name", "is missing"),
    "id": ("a b,Less,payments,,,,story,wip,down,2026-03-02,,,,", "intervention_id", "cannot be an id"),
    "id twice": ("Smaller,Less,payments,,,,story,wip,down,2026-03-02,,,,", "intervention_id", "already used on line 2"),
    "no scope": ("a,Less,,,,,story,wip,down,2026-03-02,,,,", "value_stream", "fill one of the three"),
    "value stream": ("a,Less,payment,,,,story,wip,down,2026-03-02,,,,", "value_stream", "Did you mean 'payments'?"),
    "train": ("a,Less,,lending,,,story,wip,down,2026-03-02,,,,", "train", "Did you mean 'lending-art'?"),
    "team": ("a,Less,,,checkin,,story,wip,down,2026-03-02,,,,", "team", "Did you mean 'checkout'?"),
    "team of another train": (
        "a,Less,,lending-art,checkout,,story,wip,down,2026-03-02,,,,",
        "train",
        "team 'checkout' belongs to 'payments-art'",
    ),
    "train of another stream": (
        "a,Less,payments,lending-art,,,story,wip,down,2026-03-02,,,,",
        "value_stream",
        "train 'lending-art' belongs to 'lending'",
    ),
    "team of another stream": (
        "a,Less,payments,,scoring,,story,wip,down,2026-03-02,,,,",
        "value_stream",
        "team 'scoring' belongs to 'lending'",
    ),
    "stage": (
        "a,Less,payments,,,delivery.tests,story,stage_wip,down,2026-03-02,,,,",
        "stage",
        "Did you mean 'delivery.test'?",
    ),
    "stage without workflow": (
        "a,Less,payments,,,test,story,stage_wip,down,2026-03-02,,,,",
        "stage",
        "is not a stage (workf",
    ),
    "no stage": ("a,Less,payments,,,,story,stage_time,down,2026-03-02,,,,", "stage", "stage_time needs one"),
    "done stage": ("a,Less,payments,,,delivery.done,story,stage_wip,down,2026-03-02,,,,", "stage", "is a done stage"),
    "stage of another level": (
        "a,Less,payments,,,delivery.test,epic,stage_wip,down,2026-03-02,,,,",
        "level",
        "workflow 'delivery' of the stage is not for 'epic'",
    ),
    "level": ("a,Less,payments,,,,stories,wip,down,2026-03-02,,,,", "level", "Did you mean 'story'?"),
    "stage metric of a team": (
        "a,Less,,,scoring,delivery.test,story,stage_time,down,2026-03-02,,,,",
        "team",
        "stage_time is measured for the whole value stream",
    ),
    "metric": ("a,Less,payments,,,,story,cycletime,down,2026-03-02,,,,", "metric", "Did you mean 'cycle_time'?"),
    "direction": ("a,Less,payments,,,,story,wip,lower,2026-03-02,,,,", "desired_direction", "Use one of: down, up."),
    "date": ("a,Less,payments,,,,story,wip,down,02.03.2026,,,,", "launched_on", "Write it as year-month-day"),
    "no date": ("a,Less,payments,,,,story,wip,down,,,,,", "launched_on", "is missing. Add it: the day it took effect"),
    "transition": (
        "a,Less,payments,,,,story,wip,down,2026-03-02,two weeks,,,",
        "transition_days",
        "is not a whole number",
    ),
    "transition below 0": ("a,Less,payments,,,,story,wip,down,2026-03-02,-1,,,", "transition_days", "Give at least 0."),
    "percent": ('a,Less,payments,,,,story,wip,down,2026-03-02,,,,"-12,5"', "projected_change_percent", "with a point"),
    "comma in a text": (
        "a,Less, and less,payments,,,,story,wip,down,2026-03-02,,,,x",
        "",
        "has 15 cells for 14 columns",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_mistake_in_a_row_is_told_with_row_and_column(name: str, write_portfolio: Write) -> None:
    row, column, said = ROWS[name]

    (problem,) = problems_of(write_portfolio(interventions=HEADER + GOOD + row + "\n"))

    assert (problem.file, problem.line, problem.key) == ("registers/interventions.csv", 3, column)
    assert said in problem.message
    assert problem.message.endswith((".", "?"))


HEADERS = {
    "unknown column": (HEADER.replace("hypothesis", "hypotesis"), "hypotesis", "Did you mean 'hypothesis'?"),
    "missing column": (
        HEADER.replace("launched_on,", ""),
        "launched_on",
        "is missing. Add the column: the day it took",
    ),
    "column twice": (HEADER.replace("owner_role", "hypothesis"), "hypothesis", "is given twice"),
    "unnamed column": (HEADER.replace("owner_role", ""), "column 13", "is not a column here"),
    "bars": (HEADER.replace(",", "|"), "", "is not separated by commas, semicolons or tabs"),
    "empty file": ("", "", "has no header. Put the columns on the first line: intervention_id,name"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_mistake_in_the_header_is_told_with_its_column(name: str, write_portfolio: Write) -> None:
    content, column, said = HEADERS[name]

    (problem,) = problems_of(write_portfolio(interventions=content))

    assert (problem.line, problem.key) == (1, column)
    assert said in problem.message


def test_line_of_a_row_counts_the_lines_of_texts_before_it(write_portfolio: Write) -> None:
    first = 'a,Less,payments,,,,story,wip,down,2026-03-02,,"first line\nsecond, line",,\n'

    (problem,) = problems_of(
        write_portfolio(interventions=HEADER + first + "\n" + "b,Less,payments,,,,story,wap,down,2026-03-02,,,,\n")
    )

    assert (problem.line, problem.key) == (5, "metric")


def test_text_that_is_not_utf8(write_portfolio: Write) -> None:
    folder = write_portfolio()
    (folder / "registers" / "interventions.csv").write_bytes((HEADER + "a,Größer").encode("latin-1"))

    (problem,) = problems_of(folder)

    assert (problem.line, problem.message) == (2, "is not UTF-8 text. Save the table as 'CSV UTF-8'.")


def test_quote_that_is_not_closed(write_portfolio: Write) -> None:
    (problem,) = problems_of(write_portfolio(interventions=HEADER + GOOD + 'a,"Less,payments\n'))

    assert problem.line == 3
    assert "Close each quote" in problem.message


def test_problems_of_file_and_register_come_together(write_portfolio: Write) -> None:
    row = "a,Less,payment,,,,story,wap,down,soon,,,,\n"
    folder = write_portfolio("portfolio: {id: p, timezone: Mars}\nvalue_streams: [{id: payments}]\n", HEADER + row)

    told = [(problem.file, problem.line, problem.key) for problem in problems_of(folder)]

    assert told == [
        ("portfolio.yaml", 1, "portfolio.timezone"),
        ("portfolio.yaml", 1, "sources"),
        ("portfolio.yaml", 1, "workflows"),
        ("registers/interventions.csv", 2, "launched_on"),
        ("registers/interventions.csv", 2, "metric"),
        ("registers/interventions.csv", 2, "value_stream"),
    ]


def test_rows_are_checked_also_when_the_file_is_no_yaml(write_portfolio: Write) -> None:
    told = problems_of(write_portfolio("portfolio: [", HEADER + "a,Less,payments,,,,story,wap,down,2026-03-02,,,,\n"))

    assert [(problem.file, problem.key) for problem in told] == [
        ("portfolio.yaml", ""),
        ("registers/interventions.csv", "metric"),
    ]


MORE = (
    "intervention_id,name,value_stream,level,metric,desired_direction,launched_on,projected_change_percent,"
    "projected_change_low_percent,projected_change_high_percent,minimum_change_percent,kind,funded_on,cost,"
    "excluded_controls\n"
)
START = "a,Less,payments,story,cycle_time,down,2026-03-02"


def test_projection_funding_and_controls_are_read(write_portfolio: Write) -> None:
    row = f"{START},-20,-30,-5,10,capacity,2026-01-15,120000,lending; payments\n"

    (read,) = load_portfolio(write_portfolio(interventions=MORE + row)).interventions

    assert (read.projected_change_low_percent, read.projected_change_high_percent) == (-30.0, -5.0)
    assert (read.minimum_change_percent, read.kind, read.funded_on) == (10.0, "capacity", date(2026, 1, 15))
    assert (read.cost, read.controls_ruled_out) == (120000.0, ("lending", "payments"))


def test_a_metric_that_changes_by_a_factor_cannot_be_promised_to_vanish(write_portfolio: Write) -> None:
    promised = "a,Less,payments,story,{metric},down,2026-03-02,-100,,,,,,,\n"
    (problem,) = problems_of(write_portfolio(interventions=MORE + promised.format(metric="incidents")))
    assert "leaves nothing of incidents" in str(problem)
    (read,) = load_portfolio(
        write_portfolio(interventions=MORE + promised.format(metric="blocked_share"))
    ).interventions
    assert read.projected_change_percent == -100


# Name -> (cells after the launch, column that is named, part of what is said).
PROMISES = {
    "the wrong way": ("20,,,,,,,", "projected_change_percent", "goes against desired_direction, which is down"),
    "nothing left": ("-100,,,,,,,", "projected_change_percent", "leaves nothing of cycle_time"),
    "low above": ("-20,-10,-5,,,,,", "projected_change_low_percent", "lies above projected_change_percent (-20)"),
    "high below": ("-20,-30,-25,,,,,", "projected_change_high_percent", "lies below projected_change_percent (-20)"),
    "one end": ("-20,-30,,,,,,", "projected_change_high_percent", "Give both ends of the interval, or none."),
    "minimum": ("-20,,,-5,,,,", "minimum_change_percent", "Give at least 0."),
    "kind": ("-20,,,,capacities,,,", "kind", "Did you mean 'capacity'?"),
    "funded late": ("-20,,,,,2026-04-01,,", "funded_on", "lies after launched_on (2026-03-02)"),
    "cost": ("-20,,,,,,much,", "cost", "is not a number"),
    "control": ("-20,,,,,,,lendin", "excluded_controls", "Did you mean 'lending'?"),
}


@pytest.mark.parametrize("name", PROMISES)
def test_mistake_in_a_promise_is_told_with_row_and_column(name: str, write_portfolio: Write) -> None:
    cells, column, said = PROMISES[name]

    (problem,) = problems_of(write_portfolio(interventions=MORE + f"{START},{cells}\n"))

    assert (problem.file, problem.line, problem.key) == ("registers/interventions.csv", 2, column)
    assert said in problem.message
    assert problem.message.endswith((".", "?"))


def test_an_interval_needs_a_projection(write_portfolio: Write) -> None:
    told = problems_of(write_portfolio(interventions=MORE + f"{START},,-30,-5,,,,,\n"))

    assert {problem.key for problem in told} == {"projected_change_low_percent", "projected_change_high_percent"}
    assert "projected_change_percent is not" in told[0].message


def test_what_it_costs_needs_a_currency(change: Callable[..., str], write_portfolio: Write) -> None:
    text = change(", currency: EUR", "")

    (problem,) = problems_of(write_portfolio(text, MORE + f"{START},-20,,,,,,5,\n"))

    assert (problem.line, problem.key) == (2, "cost")
    assert "the portfolio has no currency" in problem.message


WITH_PRIMARY = (
    "intervention_id,name,value_stream,level,metric,desired_direction,launched_on,projected_change_percent,cost,"
    "primary\n"
)
FIRST = "a,Less,payments,story,cycle_time,down,2026-03-02,-20,,true\n"


def test_an_intervention_may_move_several_metrics_one_of_them_primary(write_portfolio: Write) -> None:
    rows = f"{FIRST}a,Less,payments,feature,throughput,up,2026-03-02,5,,\n"

    read = load_portfolio(write_portfolio(interventions=WITH_PRIMARY + rows)).interventions

    assert [(row.metric, row.level, row.projected_change_percent, row.primary) for row in read] == [
        ("cycle_time", "story", -20.0, True),
        ("throughput", "feature", 5.0, None),
    ]


# Name -> (second row, column that is named, part of what is said).
SECOND_ROWS = {
    "metric twice": ("a,Less,payments,epic,cycle_time,down,2026-03-02,,,", "metric", "is on line 2 already"),
    "another launch": ("a,Less,payments,story,wip,down,2026-03-09,,,", "launched_on", "says '2026-03-02'"),
    "another scope": ("a,Less,lending,story,wip,down,2026-03-02,,,", "value_stream", "says 'payments'"),
    "two primaries": ("a,Less,payments,story,wip,down,2026-03-02,,,true", "primary", "is true on line 2 of 'a'"),
    "alike but for case": ("A,Less,payments,story,wip,down,2026-03-02,,,", "intervention_id", "already used on line 2"),
}


@pytest.mark.parametrize("name", SECOND_ROWS)
def test_rows_of_one_intervention_say_the_same_of_it(name: str, write_portfolio: Write) -> None:
    row, column, said = SECOND_ROWS[name]

    (problem,) = problems_of(write_portfolio(interventions=WITH_PRIMARY + FIRST + row + "\n"))

    assert (problem.line, problem.key) == (3, column)
    assert said in problem.message


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (FIRST.replace("true", "") + "a,Less,payments,story,wip,down,2026-03-02,,,\n", "is true on none of the 2 rows"),
        (FIRST.replace("true", "false"), "has no other metric"),
    ],
)
def test_the_primary_metric_is_named(rows: str, said: str, write_portfolio: Write) -> None:
    (problem,) = problems_of(write_portfolio(interventions=WITH_PRIMARY + rows))

    assert (problem.line, problem.key) == (2, "primary")
    assert said in problem.message
