"""A real incident audit log, through the whole pipeline: the last entry into Resolved is the incident's resolved_at.

For 844 of the 861 incidents with a resolved_at it is the only or the last time the incident came into Resolved from
another state. The other 17 were updated once more while they were Resolved, and ServiceNow moved their resolved_at to
that update: their history has it as a change of the status to itself, which begins no new visit to the stage.
"""

import gzip
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.external.conftest import refreshed

pytestmark = pytest.mark.external

PORTFOLIO = """
portfolio: {id: outside, name: Outside, timezone: UTC, currency: EUR}
calendar: {country: US, working_days: [mon, tue, wed, thu, fri], hours: ["09:00", "17:00"]}
increments:
  - {id: first, name: First, start: 2016-03-01, end: 2016-05-31}
value_streams:
  - id: service
    name: Service
    trains:
      - {id: desk, name: Desk, teams: [{id: front, name: Front}, {id: back, name: Back}]}
sources:
  - id: incidents
    tool: servicenow
    exports: exports/incidents
    format: {date_format: "%d-%m-%Y %H:%M", missing: ["?"]}
workflows:
  - id: incident
    stages:
      - {id: new, name: New, kind: queue, statuses: [New]}
      - {id: work, name: Work, kind: active, commitment: true, statuses: [Active]}
      - {id: wait, name: Wait, kind: queue, statuses:
          [Awaiting User Info, Awaiting Problem, Awaiting Vendor, Awaiting Evidence]}
      - {id: resolved, name: Resolved, kind: done, statuses: [Resolved]}
      - {id: closed, name: Closed, kind: done, statuses: [Closed]}
membership:
  - {team: front, when: {source: incidents, team: [Group 70]}}
  - {team: back, when: {source: incidents}}
work_types:
  - {level: story, work_type: defect, when: {source: incidents, type: incident}}
"""


@pytest.fixture(scope="module")
def warehouse(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    folder = tmp_path_factory.mktemp("servicenow")
    (folder / "portfolio.yaml").write_text(PORTFOLIO, encoding="utf-8")
    exports = folder / "exports" / "incidents"
    exports.mkdir(parents=True)
    shutil.copy(shared_data / "servicenow" / "incident_event_log_sample.csv.gz", exports)
    return duckdb.connect(str(refreshed(folder)), read_only=True)


@pytest.fixture(scope="module")
def resolved(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Return resolved_at by incident, read from the file by itself."""
    plain = tmp_path_factory.mktemp("plain") / "log.csv"
    plain.write_bytes(gzip.decompress((shared_data / "servicenow" / "incident_event_log_sample.csv.gz").read_bytes()))
    rows = duckdb.execute(
        "select number, timezone('UTC', max(try_strptime(resolved_at, '%d-%m-%Y %H:%M')))"
        f" from read_csv('{plain}', all_varchar = true) group by number"
    ).fetchall()
    return {number: moment for number, moment in rows if moment is not None}


def test_every_update_is_read(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert warehouse.execute("select count(*) from raw_servicenow.incident_updates").fetchone() == (5998,)
    assert warehouse.execute("select count(*) from flow.fct_work_items").fetchone() == (890,)
    assert warehouse.execute("select count(*) from quality.quarantined_records").fetchone() == (0,)


def test_the_last_entry_into_resolved_is_resolved_at(
    warehouse: duckdb.DuckDBPyConnection, resolved: dict[str, object]
) -> None:
    entries = warehouse.execute(
        """select items.item_key, max(changes.changed_at)
        from intermediate.int_item_changes_unioned as changes
        inner join flow.fct_work_items as items using (work_item_id)
        where changes.attribute = 'status' and changes.to_value = 'Resolved'
        group by items.item_key"""
    ).fetchall()
    born = warehouse.execute(
        "select item_key, created_at from intermediate.int_items_unioned where initial_status = 'Resolved'"
    ).fetchall()
    assert len(resolved) == 861
    assert {number: {**dict(born), **dict(entries)}.get(number) for number in resolved} == resolved


def test_visits_to_resolved_begin_at_resolved_at_but_where_it_was_resolved_anew(
    warehouse: duckdb.DuckDBPyConnection, resolved: dict[str, object]
) -> None:
    visits = dict(
        warehouse.execute(
            """select items.item_key, max(visits.entered_at)
            from flow.fct_stage_visits as visits
            inner join flow.fct_work_items as items using (work_item_id)
            where visits.stage_id = 'incident.resolved'
            group by items.item_key"""
        ).fetchall()
    )
    anew = {
        number
        for (number,) in warehouse.execute(
            """select items.item_key
            from intermediate.int_item_changes_unioned as changes
            inner join flow.fct_work_items as items using (work_item_id)
            where changes.attribute = 'status' and changes.from_value = 'Resolved' and changes.to_value = 'Resolved'"""
        ).fetchall()
    }
    assert len(anew) == 17
    assert {number for number in resolved if visits[number] != resolved[number]} == anew
    assert all(visits[number] < resolved[number] for number in anew)


def test_the_group_an_incident_is_with_is_its_team(warehouse: duckdb.DuckDBPyConnection) -> None:
    teams = dict(warehouse.execute("select team_id, count(*) from flow.fct_stage_visits group by team_id").fetchall())
    assert set(teams) == {"front", "back"}


def test_incidents_are_incidents_of_delivery_too(
    warehouse: duckdb.DuckDBPyConnection, resolved: dict[str, object]
) -> None:
    facts = dict(
        warehouse.execute(
            "select incident_key, resolved_at from flow.fct_incidents where resolved_at is not null"
        ).fetchall()
    )
    assert len(facts) >= len(resolved)
    assert {number: facts.get(number) for number in resolved} == resolved
