"""The bundled example through the whole pipeline, against the truth that was planted in it."""

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.portfolio_folder import PortfolioFolder


def one(warehouse: duckdb.DuckDBPyConnection, query: str):
    row = warehouse.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_every_exported_issue_is_a_work_item(warehouse, truth):
    assert one(warehouse, "select count(*) from fct_work_items") == truth["issues"]["total"]


def test_levels_are_those_of_the_tool(warehouse, truth):
    levels = dict(
        warehouse.execute("select level, count(*) from fct_work_items where level is not null group by 1").fetchall()
    )
    assert {level: levels[level] for level in ("story", "feature", "epic")} == {
        level: truth["issues"][level] for level in ("story", "feature", "epic")
    }


def test_what_cannot_be_read_is_quarantined_with_its_place(warehouse, truth):
    found = warehouse.execute(
        "select parse_filename(export_file), coalesce(line_number, record_number) from quarantined_records"
    ).fetchall()
    planted = [(bad["file"], bad.get("line", bad.get("record"))) for bad in truth["files"]["malformed"]]
    assert sorted(found) == sorted(planted)


def test_as_of_is_what_the_exports_are_complete_to(warehouse, truth):
    assert one(warehouse, "select as_of from refreshes") == datetime.fromisoformat(truth["complete_to"])


def test_no_status_change_is_lost_but_those_cut_off_in_the_export(warehouse, truth):
    landed = one(
        warehouse,
        """select count(distinct (source_id, issue_ref, history_id, item_position)) from raw_jira.issue_changes
        where lower(field) = 'status'""",
    )
    # One issue's oldest 30 changelog entries are nowhere to be found; some of them are status changes.
    assert truth["facts"]["status_changes"] - 30 <= landed <= truth["facts"]["status_changes"]


def test_evidence_points_to_the_planted_constraint(warehouse, truth):
    first = dict(
        warehouse.execute(
            """select value_stream_id, stage_id from stage_constraint_evidence
            where level = 'story' and is_sufficient and evidence_rank = 1"""
        ).fetchall()
    )
    planted = {stream: periods[-1]["constraint"] for stream, periods in truth["value_streams"].items()}
    assert {stream: first[stream] for stream, stage in planted.items() if stage} == {
        stream: stage for stream, stage in planted.items() if stage
    }


def test_measured_utilisation_is_near_the_simulated_one_where_work_is_constrained(warehouse, truth):
    measured = dict(
        warehouse.execute(
            """select value_stream_id || ':' || stage_id, utilisation from stage_constraint_evidence
            where level = 'story' and is_sufficient"""
        ).fetchall()
    )
    for stream, periods in truth["value_streams"].items():
        stage = periods[-1]["constraint"]
        if stage:
            assert measured[f"{stream}:{stage}"] == pytest.approx(periods[-1]["utilisation"][stage], abs=0.08)


def test_utilisation_of_people_is_the_simulated_one(warehouse, truth):
    """Hours in the stages over hours of the people who were there; the truth leaves out the weeks of warming up."""
    role_of = {"delivery.build": "developer", "delivery.review": "reviewer", "delivery.test": "tester"}
    for stream, periods in truth["value_streams"].items():
        for period in periods:
            for stage, planted in period["utilisation"].items():
                asked = [stream, role_of[stage], period["from"], period["to"]]
                row = warehouse.execute(
                    """select sum(demand_hours) / sum(available_hours) from mart_capacity_utilisation
                    where value_stream_id = ? and role = ?
                        and week_start >= greatest(?::date, date '2025-03-24') and week_start <= ?::date""",
                    asked,
                ).fetchone()
                assert row is not None
                assert row[0] == pytest.approx(planted, abs=0.04), (stream, stage, period["from"])


def test_charts_tell_the_planted_interventions_apart(warehouse, truth):
    """The share of weeks after the launch that carry a signal in the wanted direction tells whether it worked."""
    signals = dict(
        warehouse.execute(
            """
            select intervention_id, avg(case when signal_direction = 'improvement' then 1.0 else 0.0 end)
            from process_behaviour_points
            inner join dim_interventions using (intervention_id, metric)
            where phase = 'after' and value is not null and not is_excluded
            group by 1"""
        ).fetchall()
    )
    verdicts = {name: intervention["verdict"] for name, intervention in truth["interventions"].items()}
    worked = [signals[name] for name, verdict in verdicts.items() if verdict == "worked"]
    others = [signals[name] for name, verdict in verdicts.items() if verdict != "worked"]
    assert min(worked) > 0.8
    assert max(others) < 0.5


def test_published_tables_do_not_depend_on_the_name_of_the_build_file(warehouse):
    """A view that names its database would break with the rename that publishes it."""
    tables = warehouse.execute("select table_schema, table_name from information_schema.tables").fetchall()
    assert len(tables) > 50
    for schema, table in tables:
        warehouse.execute(f'select * from "{schema}"."{table}" limit 1').fetchall()


def test_report_and_data_docs_are_built(published_example):
    pages = {page.name for page in published_example.reports.glob("*.html")}
    assert {"index.html", "data-quality.html", "value-stream-payments.html"} <= pages
    assert (published_example.reports / "data-docs" / "index.html").exists()


def test_checks_of_every_layer_are_recorded_under_the_refresh(warehouse):
    layers = dict(
        warehouse.execute(
            "select layer, count(*) from check_results where refresh_id = (select refresh_id from refreshes) group by 1"
        ).fetchall()
    )
    assert set(layers) == {"raw", "marts", "dbt"}
    assert min(layers.values()) > 10


def test_nothing_is_left_of_the_build(published_example: PortfolioFolder):
    left = [
        path.name for path in published_example.warehouse.iterdir() if "build" in path.name or "failed" in path.name
    ]
    assert left == []
    assert not Path(published_example.folder / "reports.build").exists()
