"""The portfolio as tables: rows, expansions, added rows and types that do not depend on what a portfolio holds."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from orchestration.portfolio import load_portfolio, portfolio_tables
from orchestration.portfolio.table_columns import COLUMNS

Write = Callable[..., Path]
Change = Callable[..., str]
Tables = dict[str, pd.DataFrame]

FIRST_DAY, LAST_DAY = date(2026, 1, 1), date(2026, 12, 31)

# The complete portfolio keeps of all registers only its interventions; the others have tests of their own.
REGISTERS = ("practice_events", "capacity", "objectives", "outcomes", "people")

SMALLEST = """\
portfolio: {id: p, timezone: UTC}
value_streams: [{id: stream}]
sources: [{id: jira, tool: jira, exports: s3://bucket/jira}]
workflows: [{id: w, stages: [{id: doing, kind: active, commitment: true, statuses: [Doing]},
                             {id: done, kind: done, statuses: [Done]}]}]
"""


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    """The rows of a frame as plain tuples: None for what is missing, `date` for days."""
    plain = pd.DataFrame({column: frame[column].astype(object) for column in columns or frame.columns})
    plain = plain.where(plain.notna(), None)
    return [
        tuple(value.date() if isinstance(value, pd.Timestamp) else value for value in row)
        for row in plain.to_numpy().tolist()
    ]


@pytest.fixture
def tables(write_portfolio: Write) -> Tables:
    return portfolio_tables(load_portfolio(write_portfolio()), FIRST_DAY, LAST_DAY)


@pytest.fixture
def smallest(write_portfolio: Write) -> Tables:
    portfolio = load_portfolio(write_portfolio(SMALLEST, interventions=None))
    return portfolio_tables(portfolio, FIRST_DAY, FIRST_DAY)


def test_columns_and_types_are_the_same_with_and_without_rows(tables: Tables, smallest: Tables) -> None:
    for built in (tables, smallest):
        types = {name: {column: str(dtype) for column, dtype in frame.dtypes.items()} for name, frame in built.items()}
        assert types == COLUMNS
        assert [list(frame.columns) for frame in built.values()] == [list(columns) for columns in COLUMNS.values()]
    empty = {name for name, frame in smallest.items() if frame.empty}
    assert empty == {
        "increments",
        "environment_rules",
        "field_roles",
        "cancelled_resolutions",
        "blocked_rules",
        "membership_rules",
        "work_type_rules",
        "stage_roles",
        "quality_rules",
        "interventions",
        "intervention_metrics",
        *REGISTERS,
    }
    assert {name for name, frame in tables.items() if frame.empty} == {*REGISTERS, "quality_rules"}


def test_duckdb_reads_the_same_types_with_and_without_rows(tables: Tables, smallest: Tables) -> None:
    with duckdb.connect() as connection:
        for name, frame in tables.items():
            read = []
            for incoming in (frame, smallest[name]):
                connection.register("incoming", incoming)
                described = connection.execute("select column_name, column_type from (describe incoming)").fetchall()
                read.append(described)
            assert read[0] == read[1], name
        connection.register("incoming", tables["stages"])
        nulls = connection.execute("select count(*) from incoming where wip_limit is null and roles is null").fetchone()
    assert nulls == (14,)


def test_scopes_end_with_the_unassigned(tables: Tables) -> None:
    assert rows(tables["value_streams"]) == [
        ("payments", "Payments", "Europe/Berlin", 1),
        ("lending", "Lending", "Europe/London", 2),
        ("unassigned", "Unassigned", "Europe/Berlin", 3),
    ]
    assert rows(tables["trains"]) == [
        ("payments-art", "Payments ART", "payments", 1),
        ("lending-art", "lending-art", "lending", 2),
        ("unassigned", "Unassigned", "unassigned", 3),
    ]
    assert rows(tables["teams"]) == [
        ("checkout", "Checkout", "payments-art", "payments", "default", 1),
        ("refunds", "refunds", "payments-art", "payments", "default", 2),
        ("scoring", "scoring", "lending-art", "lending", "default", 3),
        ("unassigned", "Unassigned", "unassigned", "unassigned", "default", 4),
    ]


def test_scopes_of_a_portfolio_without_teams(smallest: Tables) -> None:
    assert rows(smallest["trains"]) == [("unassigned", "Unassigned", "unassigned", 1)]
    assert rows(smallest["teams"]) == [("unassigned", "Unassigned", "unassigned", "unassigned", "default", 1)]


def test_increments_are_in_the_order_of_time(write_portfolio: Write, change: Change) -> None:
    text = change("increments:\n", "increments:\n  - {id: later, start: 2026-09-01, end: 2026-10-01}\n")

    increments = portfolio_tables(load_portfolio(write_portfolio(text)), FIRST_DAY, LAST_DAY)["increments"]

    assert rows(increments) == [
        ("PI-26.1", "PI-26.1", date(2026, 1, 5), date(2026, 3, 29), 1),
        ("PI-26.2", "PI-26.2", date(2026, 3, 30), date(2026, 6, 21), 2),
        ("later", "later", date(2026, 9, 1), date(2026, 10, 1), 3),
    ]


def test_sources_and_their_fields_are_as_written(tables: Tables, smallest: Tables) -> None:
    assert rows(tables["sources"]) == [("jira-main", "jira", "exports/jira-main", "labels", "workflow::*\nstatus: *")]
    assert rows(smallest["sources"]) == [("jira", "jira", "s3://bucket/jira", "state", None)]
    assert rows(tables["environment_rules"]) == [
        ("jira-main", "production", "prod"),
        ("jira-main", "production", "live-*"),
        ("jira-main", "staging", "stag*"),
    ]
    assert rows(tables["field_roles"]) == [
        ("jira-main", "estimate", "customfield_10016"),
        ("jira-main", "team", "customfield_10001"),
        ("jira-main", "flagged", "customfield_10021"),
    ]


def test_workflow_scopes_are_every_combination_and_null_means_any(tables: Tables, smallest: Tables) -> None:
    assert rows(tables["workflows"]) == [("delivery", "delivery", 1), ("portfolio", "portfolio", 2)]
    assert rows(tables["workflow_scopes"]) == [
        ("delivery", 1, "story", None, None),
        ("delivery", 1, "feature", None, None),
        ("portfolio", 2, "epic", "payments", None),
        ("portfolio", 2, "epic", "lending", None),
    ]
    assert rows(smallest["workflow_scopes"]) == [("w", 1, None, None, None)]


def test_stages_are_followed_by_those_that_weir_adds(tables: Tables) -> None:
    stages = tables["stages"]
    delivery = stages[stages["workflow_id"] == "delivery"]

    columns = ("stage_id", "stage_name", "stage_kind", "position", "wip_limit", "roles")
    assert rows(delivery, *columns) == [
        ("delivery.ideas", "ideas", "queue", 1, None, None),
        ("delivery.backlog", "Backlog", "queue", 2, None, None),
        ("delivery.build", "build", "active", 3, 12, "developer, designer"),
        ("delivery.test", "test", "active", 4, None, "tester"),
        ("delivery.done", "Done", "done", 5, None, None),
        ("delivery.cancelled", "Cancelled", "done", 6, None, None),
        ("delivery.unmapped-queue", "Unmapped (queue)", "queue", 1, None, None),
        ("delivery.unmapped-active", "Unmapped (active)", "active", 3, None, None),
        ("delivery.unmapped-done", "Unmapped (done)", "done", 5, None, None),
    ]
    assert list(delivery["stage_id"][delivery["is_commitment"]]) == ["delivery.build"]
    # Work that waits in an unknown status is no more counted than the first stage, here the ideas, is.
    assert list(delivery["stage_id"][~delivery["is_counted"]]) == ["delivery.ideas", "delivery.unmapped-queue"]
    assert list(delivery["stage_id"][delivery["is_cancelled"]]) == ["delivery.cancelled"]
    assert list(delivery["stage_id"][delivery["is_unmapped"]]) == [
        "delivery.unmapped-queue",
        "delivery.unmapped-active",
        "delivery.unmapped-done",
    ]


def test_unmapped_waiting_counts_where_the_first_stage_does(tables: Tables) -> None:
    stages = tables["stages"].set_index("stage_id")

    assert bool(stages.loc["portfolio.unmapped-queue", "is_counted"])
    assert stages.loc["portfolio.unmapped-active", "position"] == 2
    assert stages.loc["portfolio.unmapped-done", "position"] == 3
    assert stages.loc["portfolio.cancelled", "position"] == 4


def test_statuses_carry_their_validity_and_those_of_cancelled_work(tables: Tables) -> None:
    statuses = tables["stage_statuses"]

    assert rows(statuses[statuses["workflow_id"] == "delivery"]) == [
        ("delivery", "delivery.ideas", "Idea", None, None),
        ("delivery", "delivery.backlog", "Open", None, None),
        ("delivery", "delivery.backlog", "To Do", None, None),
        ("delivery", "delivery.build", "In Progress", None, None),
        ("delivery", "delivery.build", "Coding", None, date(2026, 4, 30)),
        ("delivery", "delivery.test", "Testing", None, None),
        ("delivery", "delivery.test", "Coding", date(2026, 5, 1), None),
        ("delivery", "delivery.done", "Done", None, None),
        ("delivery", "delivery.done", "Closed", None, None),
        ("delivery", "delivery.cancelled", "Rejected", None, None),
    ]
    assert rows(tables["cancelled_resolutions"]) == [("delivery", "Won't Do"), ("delivery", "Duplicate")]
    assert rows(tables["blocked_rules"]) == [
        ("delivery", "status", "On Hold"),
        ("delivery", "label", "blocked"),
        ("delivery", "label", "waiting"),
    ]


def test_membership_rules_expand_to_every_combination_of_their_lists(tables: Tables) -> None:
    last = date(2026, 6, 30)
    assert rows(tables["membership_rules"]) == [
        (1, "checkout", "jira-main", "PAY", "Cart", None, None, None, None, last),
        (1, "checkout", "jira-main", "PAY", "Basket", None, None, None, None, last),
        (1, "checkout", "jira-main", "PAX", "Cart", None, None, None, None, last),
        (1, "checkout", "jira-main", "PAX", "Basket", None, None, None, None, last),
        (2, "scoring", None, None, None, None, None, "Scoring", None, None),
        (3, "refunds", None, None, None, None, None, None, None, None),
    ]


def test_work_type_rules_expand_to_every_combination_of_their_lists(tables: Tables) -> None:
    assert rows(tables["work_type_rules"]) == [
        (1, "feature", "feature", "jira-main", None, "Story", None, None, None),
        (1, "feature", "feature", "jira-main", None, "New Feature", None, None, None),
        (2, "story", "defect", None, None, "Bug", None, None, None),
    ]


def test_a_value_named_twice_in_a_list_gives_one_row(write_portfolio: Write, change: Change) -> None:
    text = change("when: {type: Bug}", "when: {type: [Bug, Bug], label: [x, y]}")

    rules = portfolio_tables(load_portfolio(write_portfolio(text)), FIRST_DAY, LAST_DAY)["work_type_rules"]

    assert rows(rules[rules["rule_position"] == 2], "item_type", "label") == [("Bug", "x"), ("Bug", "y")]


def test_interventions_know_the_scopes_around_theirs(tables: Tables) -> None:
    columns = ("intervention_id", "value_stream_id", "train_id", "team_id", "stage_id", "level", "launched_date")
    assert rows(tables["interventions"], *columns) == [
        ("pairing", "payments", None, None, "delivery.test", "story", date(2026, 3, 2)),
        ("smaller", "lending", "lending-art", "scoring", None, "story", date(2026, 4, 6)),
    ]
    columns = ("metric", "desired_direction", "transition_days", "hypothesis", "owner_role", "projected_change_percent")
    assert rows(tables["interventions"], *columns) == [
        ("stage_time", "down", 21, "Two testers, one item", "RTE", -30.0),
        ("cycle_time", "down", 14, None, None, None),
    ]


def test_a_team_works_where_it_says_or_else_where_what_it_belongs_to_does(
    write_portfolio: Write, change: Change
) -> None:
    text = change("{id: refunds}", "{id: refunds, location: default}")
    text = change("name: Payments ART\n", "name: Payments ART\n        location: krakow\n", text)
    text = change("name: Lending\n", "name: Lending\n    location: london\n", text)
    places = (
        "locations: [{id: krakow, country: PL}, {id: london, timezone: Europe/London, hours: ['10:00', '18:00']}]\n"
    )

    tables = portfolio_tables(load_portfolio(write_portfolio(places + text)), FIRST_DAY, LAST_DAY)

    assert dict(rows(tables["teams"], "team_id", "location_id")) == {
        "checkout": "krakow",
        "refunds": "default",
        "scoring": "london",
        "unassigned": "default",
    }
    assert rows(tables["hours"]) == [
        ("default", None, "09:00", "17:00", 5),
        ("krakow", None, "09:00", "17:00", 5),
        ("london", "Europe/London", "10:00", "18:00", 5),
    ]
    assert tables["working_days"].groupby("location_id").size().to_dict() == {
        "default": 365,
        "krakow": 365,
        "london": 365,
    }


def test_roles_of_stages_stand_once_each(write_portfolio: Write, change: Change) -> None:
    text = change("roles: [developer, designer]", "roles: [developer, designer, Developer]")

    tables = portfolio_tables(load_portfolio(write_portfolio(text)), FIRST_DAY, LAST_DAY)

    assert rows(tables["stage_roles"]) == [
        ("delivery.build", "developer"),
        ("delivery.build", "designer"),
        ("delivery.test", "tester"),
    ]


def test_quality_rules_expand_to_every_combination_of_their_lists(write_portfolio: Write, change: Change) -> None:
    escaped, safety = "{when: {source: jira-main, label: [prod, live]}}", "{when: {type: Hazard}}"
    rules = f"quality: {{escaped_defects: {escaped}, safety_defects: {safety}}}"
    text = change("keep_generations: 3", f"{rules}\nkeep_generations: 3")

    assert rows(portfolio_tables(load_portfolio(write_portfolio(text)), FIRST_DAY, LAST_DAY)["quality_rules"]) == [
        ("escaped_defects", "jira-main", None, None, "prod"),
        ("escaped_defects", "jira-main", None, None, "live"),
        ("safety_defects", None, None, "Hazard", None),
    ]
