"""Recorded answers of Azure Boards, through the whole pipeline, against a plain reading of the same JSON.

Expected: one visit for each change of state, begun at the update's `System.ChangedDate`, 6 and 3 of them; links with
the moment they came and went. The recordings hold updates of one item each, and other items without any.
"""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.external.conftest import refreshed

pytestmark = pytest.mark.external

STAGES = """
      - {id: new, name: New, kind: queue, statuses: [New, To Do]}
      - {id: active, name: Active, kind: active, commitment: true, statuses: [Active]}
      - {id: resolved, name: Resolved, kind: active, statuses: [Resolved]}
      - {id: closed, name: Closed, kind: done, statuses: [Closed]}
"""
# source: the folder of the recording, and the answers of it that Weir reads
RECORDINGS = {
    "agile": (
        "azure_boards",
        ("azureworkitemmodel.json", "azureupdatesmodel.json", "azurewiqlmodel.json", "azureiterationsmodel.json"),
    ),
    "documented": (
        "azure_boards_faros",
        (
            "workitems.json",
            "workitem_updates.json",
            "workitem_ids.json",
            "workitem_states.json",
            "iterations.json",
            "iterations_root.json",
        ),
    ),
}
# A source of its own, whose export lacks one item that its query announced.
INCOMPLETE, LEFT_OUT = "incomplete", 41
UPDATES = {"agile": "azureupdatesmodel.json", "documented": "workitem_updates.json"}


@pytest.fixture(scope="module")
def warehouse(
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    write_portfolio: Callable[[Path, dict[str, str], dict[str, str]], None],
) -> duckdb.DuckDBPyConnection:
    folder = tmp_path_factory.mktemp("azure_boards")
    write_portfolio(folder, dict.fromkeys((*RECORDINGS, INCOMPLETE), STAGES), {})
    portfolio = folder / "portfolio.yaml"
    portfolio.write_text(
        portfolio.read_text(encoding="utf-8").replace("tool: jira", "tool: azure_devops"), encoding="utf-8"
    )
    for source, (recording, answers) in RECORDINGS.items():
        exports = folder / "exports" / source
        exports.mkdir(parents=True)
        for answer in answers:
            shutil.copyfile(shared_data / recording / answer, exports / answer)
    recorded = json.loads((shared_data / "azure_boards" / "azureworkitemmodel.json").read_text(encoding="utf-8"))
    kept = [item for item in recorded["value"] if item["id"] != LEFT_OUT]
    assert len(kept) == len(recorded["value"]) - 1
    exports = folder / "exports" / INCOMPLETE
    exports.mkdir()
    shutil.copyfile(shared_data / "azure_boards" / "azurewiqlmodel.json", exports / "azurewiqlmodel.json")
    (exports / "azureworkitemmodel.json").write_text(json.dumps({"count": len(kept), "value": kept}), encoding="utf-8")
    return duckdb.connect(str(refreshed(folder)), read_only=True)


@pytest.fixture(scope="module")
def updates(shared_data: Path) -> dict[str, list[dict[str, Any]]]:
    return {
        source: json.loads((shared_data / RECORDINGS[source][0] / answer).read_text(encoding="utf-8"))["value"]
        for source, answer in UPDATES.items()
    }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _states(updates: list[dict[str, Any]]) -> list[tuple[str, datetime]]:
    """Read the states an item was in, and since when, straight from its updates."""
    return [
        (update["fields"]["System.State"]["newValue"], _moment(update["fields"]["System.ChangedDate"]["newValue"]))
        for update in sorted(updates, key=lambda update: update["id"])
        if "System.State" in update.get("fields", {})
    ]


@pytest.mark.parametrize(("source", "n_states"), [("agile", 6), ("documented", 3)])
def test_visits_are_the_states_of_the_updates(
    source: str, n_states: int, warehouse: duckdb.DuckDBPyConnection, updates: dict[str, list[dict[str, Any]]]
) -> None:
    states = _states(updates[source])
    left = [entered for _, entered in states[1:]] + [None]
    expected = [
        (state, entered, None if state == "Closed" else gone)
        for (state, entered), gone in zip(states, left, strict=True)
    ]
    visits = warehouse.execute(
        "select status_at_entry, entered_at, case when not is_finishing then exited_at end"
        " from flow.fct_stage_visits where work_item_id = ? order by visit_sequence",
        [f"{source}:{updates[source][0]['workItemId']}"],
    ).fetchall()
    assert len(expected) == n_states
    assert visits == expected


def test_histories_that_were_recorded_are_whole_and_the_others_say_that_they_are_not(
    warehouse: duckdb.DuckDBPyConnection, updates: dict[str, list[dict[str, Any]]]
) -> None:
    usable = {
        item: (has_history, truncated)
        for item, has_history, truncated in warehouse.execute(
            "select work_item_id, has_usable_history, is_history_truncated from flow.fct_work_items"
            " where source_id <> ?",
            [INCOMPLETE],
        ).fetchall()
    }
    with_updates = {f"{source}:{listed[0]['workItemId']}" for source, listed in updates.items()}
    # Two items of one recording never changed: their only revision is their whole history.
    never_changed = {"documented:297", "documented:300"}
    assert len(usable) == 12
    assert {item for item, (has_history, _) in usable.items() if has_history} == with_updates | never_changed
    assert {item for item, (_, truncated) in usable.items() if not truncated} == with_updates | never_changed


def test_finish_is_the_tools_own_closed_date(warehouse: duckdb.DuckDBPyConnection, shared_data: Path) -> None:
    items = json.loads((shared_data / "azure_boards" / "azureworkitemmodel.json").read_text(encoding="utf-8"))["value"]
    closed = {
        str(item["id"]): _moment(item["fields"]["Microsoft.VSTS.Common.ClosedDate"])
        for item in items
        if "Microsoft.VSTS.Common.ClosedDate" in item["fields"]
    }
    ours = dict(
        warehouse.execute(
            "select native_id, resolved_at from flow.fct_work_items"
            " where source_id = 'agile' and resolved_at is not null"
        ).fetchall()
    )
    assert len(closed) == 5
    assert ours == closed
    finished = warehouse.execute(
        "select finished_at from flow.fct_work_items where work_item_id = 'agile:92'"
    ).fetchone()
    assert finished == (closed["92"],)


def test_a_link_lasts_from_the_update_that_added_it_to_the_one_that_removed_it(
    warehouse: duckdb.DuckDBPyConnection, updates: dict[str, list[dict[str, Any]]]
) -> None:
    """An update of links only has no change date: its own `revisedDate` is the moment, as the next revision shows.

    Were it the end of the update, the last one of a revision would end with that revision.
    """
    listed = updates["documented"]
    alone = [update for update in listed if "fields" not in update]
    begun = {
        update["rev"]: _moment(update["fields"]["System.ChangedDate"]["newValue"])
        for update in listed
        if "fields" in update
    }
    for update in alone:
        assert begun[update["rev"]] < _moment(update["revisedDate"])
        assert _moment(update["revisedDate"]) < begun.get(update["rev"] + 1, datetime.max.replace(tzinfo=UTC))
    at = {update["id"]: _moment(update["revisedDate"]) for update in alone}
    ours = warehouse.execute(
        "select relation, linked_ref, linked_at, unlinked_at from intermediate.int_azure_devops_links_built"
        " where work_item_id = 'documented:1' order by linked_at"
    ).fetchall()
    assert ours == [
        ("parent", "2", at[3], at[4]),
        ("parent", "7", at[5], None),
        ("relates", "10", at[12], None),
    ]


def test_states_are_filed_by_the_instances_own_categories(
    warehouse: duckdb.DuckDBPyConnection, shared_data: Path
) -> None:
    kinds = {"Proposed": "queue", "InProgress": "active", "Resolved": "active", "Completed": "done"}
    listed = json.loads((shared_data / "azure_boards_faros" / "workitem_states.json").read_text(encoding="utf-8"))
    ours = dict(
        warehouse.execute(
            "select status_name, status_kind from intermediate.int_azure_devops_statuses_listed"
            " where source_id = 'documented'"
        ).fetchall()
    )
    assert ours == {state["name"]: kinds[state["category"]] for state in listed["value"]}


def test_items_that_a_query_announced_and_nobody_exported_are_listed(warehouse: duckdb.DuckDBPyConnection) -> None:
    missing = warehouse.execute(
        "select work_item_id, reason from intermediate.int_azure_devops_missing_items_listed"
    ).fetchall()
    assert missing == [(f"{INCOMPLETE}:{LEFT_OUT}", "announced by a query, never received")]


def test_iterations_of_teams_and_of_the_tree(warehouse: duckdb.DuckDBPyConnection) -> None:
    ours = warehouse.execute(
        "select source_id, iteration_path, started_at, planned_end_at"
        " from intermediate.int_azure_devops_iterations_dated where started_at is not null order by all"
    ).fetchall()
    assert ours == [
        ("agile", "TEST\\Sprint2_June15_June26", datetime(2020, 6, 15, tzinfo=UTC), datetime(2020, 6, 27, tzinfo=UTC)),
        ("agile", "TEST\\Sprint3_June29_July10", datetime(2020, 6, 29, tzinfo=UTC), datetime(2020, 7, 11, tzinfo=UTC)),
        (
            "documented",
            "Fabrikam-Fiber\\Release 1\\Sprint 1",
            datetime(2024, 1, 1, tzinfo=UTC),
            datetime(2024, 2, 1, tzinfo=UTC),
        ),
        ("documented", "fabrikam\\Release 3", datetime(2024, 12, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)),
    ]
