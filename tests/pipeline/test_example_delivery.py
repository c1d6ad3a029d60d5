"""Delivery and code quality of the bundled example: what the marts say, against what was planted and what was logged.

The log's CSV files are counted here again, without any of Weir's SQL.
"""

import csv
import math
import re
from collections import Counter, defaultdict
from datetime import date, datetime
from zoneinfo import ZoneInfo

import duckdb
import pytest

from orchestration.portfolio_folder import PortfolioFolder

BERLIN = ZoneInfo("Europe/Berlin")
STREAM_OF_SERVICE = {
    **dict.fromkeys(("issuing-core", "card-limits", "transfer-engine", "order-scheduler"), "payments"),
    **dict.fromkeys(("account-opening", "mobile-banking", "statement-archive"), "servicing"),
    **dict.fromkeys(("loan-desk", "decision-engine", "dunning-letters"), "lending"),
}
STREAMS = ("lending", "payments", "servicing")
LAST_FULL_INCREMENT = ("PI-26.1", date(2025, 12, 29), date(2026, 3, 29))


@pytest.fixture(scope="module")
def truth(truth) -> dict:
    return truth["delivery"]


@pytest.fixture(scope="module")
def log(published_example: PortfolioFolder) -> dict[str, list[dict[str, str]]]:
    logged = {}
    for name in ("deployments", "incidents", "changes"):
        with (published_example.folder / "exports" / "delivery-log" / f"{name}.csv").open(encoding="utf-8") as file:
            logged[name] = list(csv.DictReader(file))
    return logged


def by_stream(warehouse: duckdb.DuckDBPyConnection, query: str) -> dict:
    """First column to the second, or to a tuple of the others."""
    rows = warehouse.execute(query).fetchall()
    return {row[0]: row[1] if len(row) == 2 else row[1:] for row in rows}


def local_day(moment: str) -> date:
    return datetime.fromisoformat(moment).astimezone(BERLIN).date()


def hours(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 3600


def nearest_rank(values: list[float], share: float) -> float:
    return sorted(values)[math.ceil(share * len(values)) - 1]


def binomial_tolerance(share: float, n: int) -> float:
    """Four standard deviations of a share that comes out of n draws."""
    return 4 * math.sqrt(share * (1 - share) / n)


def test_every_logged_row_is_a_fact(warehouse, log):
    for name, table in (
        ("deployments", "fct_deployments"), ("incidents", "fct_incidents"), ("changes", "fct_pull_requests"),
    ):  # fmt: skip
        n_facts = warehouse.execute(f"select count(*) from {table} where source_id = 'delivery-log'").fetchone()
        assert n_facts == (len(log[name]),)
        assert len(log[name]) > 50


def test_code_belongs_to_the_value_stream_of_its_service(warehouse):
    for table, place in (
        ("fct_deployments", "project"), ("fct_incidents", "service"), ("fct_pull_requests", "project"),
        ("fct_quality_findings", "project"),
    ):  # fmt: skip
        placed = warehouse.execute(f"select distinct {place}, value_stream_id from {table}").fetchall()
        assert dict(placed) == STREAM_OF_SERVICE
        assert len(placed) == len(STREAM_OF_SERVICE)


def test_changes_are_placed_by_the_issues_they_name_else_by_their_repository(warehouse, truth, log):
    """The title or the branch holds the key; of items without a team only the repository tells."""
    linked = by_stream(
        warehouse,
        """select value_stream_id, count(*) filter (where n_work_items = 1), count(*) filter (where n_work_items > 1),
            count(*) filter (where membership_basis = 'project')
        from fct_pull_requests group by 1""",
    )
    teamless = warehouse.execute("select item_key from fct_work_items where team_id = 'unassigned'").fetchall()
    without_team = {key for (key,) in teamless}
    named = [
        (STREAM_OF_SERVICE[change["project"]], re.search(r"[A-Z]+-\d+", f"{change['title']} {change['branch']}"))
        for change in log["changes"]
    ]
    naming_teamless = Counter(stream for stream, key in named if key and key.group() in without_team)
    assert naming_teamless.total() > 0
    for stream in STREAMS:
        n_linked, n_several, n_by_project = linked[stream]
        assert n_linked == truth[stream]["changes_naming_an_issue"]
        assert n_several == 0
        nameless = truth[stream]["changes"] - n_linked
        assert n_by_project == nameless + naming_teamless[stream]


def test_production_is_what_the_portfolio_calls_so(warehouse, truth):
    found = by_stream(
        warehouse,
        """select value_stream_id, count(*), count(*) filter (where is_production),
            count(*) filter (where is_production and is_failed)
        from fct_deployments group by 1""",
    )
    assert found == {
        stream: (
            truth[stream]["deployments"],
            truth[stream]["production_deployments"],
            truth[stream]["failed_production_deployments"],
        )
        for stream in STREAMS
    }


def test_the_mart_finds_the_planted_failure_shares(warehouse, truth):
    """Over all weeks; the planted share within four standard deviations of that many draws, and the order kept."""
    found = by_stream(
        warehouse,
        """select scope_id, sum(n_failed_deployments) / sum(n_deployments), cast(sum(n_deployments) as integer)
        from mart_delivery_performance where scope_type = 'value_stream' and period_type = 'week'
            and scope_id <> 'unassigned' group by 1""",
    )
    for stream in STREAMS:
        share, n_deployments = found[stream]
        planted = truth[stream]["planted"]["failure_share"]
        assert n_deployments == truth[stream]["production_deployments"] > 300
        assert share == pytest.approx(truth[stream]["change_failure_share"], abs=0.0006)
        assert share == pytest.approx(planted, abs=binomial_tolerance(planted, n_deployments))
    assert found["payments"][0] > 1.3 * found["lending"][0]
    assert found["lending"][0] > 1.3 * found["servicing"][0]


def test_incidents_are_linked_to_the_deployments_they_followed(warehouse, truth):
    found = by_stream(
        warehouse,
        """select value_stream_id, sum(n_incidents), count(*) filter (where n_incidents > 0),
            count(*) filter (where n_incidents > 0 and is_failed), count(*) filter (where not is_failed)
        from fct_deployments where is_production group by 1""",
    )
    for stream in STREAMS:
        n_incidents, n_followed, n_failed_followed, n_good = found[stream]
        assert n_incidents == n_followed == truth[stream]["incidents"] > 10
        assert n_failed_followed == 0
        planted = truth[stream]["planted"]["incident_share"]
        assert n_followed / n_good == pytest.approx(planted, abs=binomial_tolerance(planted, n_good))


def test_times_to_restore_and_recover_are_the_planted_ones(warehouse, truth):
    """A median of n lognormal hours lies within a third of the planted one; a repeated failure adds to recovery."""
    restored = by_stream(
        warehouse,
        """select value_stream_id, list(time_to_restore_elapsed_hours)
        from fct_incidents where is_resolved group by 1""",
    )
    recovered = by_stream(
        warehouse,
        """select value_stream_id, list(recovery_elapsed_hours)
        from fct_deployments where is_production and recovery_elapsed_hours is not null group by 1""",
    )
    for stream in STREAMS:
        planted, measured = truth[stream]["planted"], truth[stream]["median_hours"]
        assert len(restored[stream]) == truth[stream]["incidents_resolved"]
        assert nearest_rank(restored[stream], 0.5) == pytest.approx(measured["restore"], abs=0.002)
        assert nearest_rank(restored[stream], 0.5) == pytest.approx(planted["restore_median_hours"], rel=0.35)
        assert nearest_rank(recovered[stream], 0.5) == pytest.approx(measured["recovery"], abs=0.002)
        assert nearest_rank(recovered[stream], 0.5) == pytest.approx(planted["recovery_median_hours"], rel=0.35)


def test_changes_reach_production_with_the_deployment_that_brought_them(warehouse, truth):
    """By commit, and by the repeated deployment where the first one failed."""
    found = by_stream(
        warehouse,
        """select value_stream_id, count(*), list(change_lead_time_elapsed_hours),
            count(*) filter (where deployment_basis <> 'commit')
        from fct_pull_requests where deployed_at is not null group by 1""",
    )
    for stream in STREAMS:
        n_deployed, lead_times, n_by_order = found[stream]
        assert n_deployed == len(lead_times) == truth[stream]["changes_in_production"] > 1000
        assert n_by_order == 0
        expected = truth[stream]["median_hours"]["change_lead_time"]
        assert nearest_rank(lead_times, 0.5) == pytest.approx(expected, abs=0.002)


def test_one_increment_of_the_mart_is_what_the_log_counts(warehouse, log):
    """Deployments, failures, incidents and restore times of one increment, counted again from the CSV files."""
    increment, first, last = LAST_FULL_INCREMENT
    n_deployed, n_failed, n_opened = Counter[str](), Counter[str](), Counter[str]()
    restored: defaultdict[str, list[float]] = defaultdict(list)
    for row in log["deployments"]:
        if row["environment"].startswith("prod-") and first <= local_day(row["finished"]) <= last:
            n_deployed[STREAM_OF_SERVICE[row["project"]]] += 1
            n_failed[STREAM_OF_SERVICE[row["project"]]] += row["result"] == "rolled back"
    for row in log["incidents"]:
        stream = STREAM_OF_SERVICE[row["service"]]
        n_opened[stream] += first <= local_day(row["opened"]) <= last
        if row["resolved"] and first <= local_day(row["resolved"]) <= last:
            restored[stream].append(hours(row["opened"], row["resolved"]))
    found = by_stream(
        warehouse,
        f"""select scope_id, n_deployments, n_failed_deployments, change_failure_share, n_incidents, n_time_to_restore,
            p50_time_to_restore_elapsed_hours
        from mart_delivery_performance
        where scope_type = 'value_stream' and period_id = '{increment}' and scope_id <> 'unassigned'""",
    )
    for stream in STREAMS:
        *counts, median = found[stream]
        assert counts == [
            n_deployed[stream], n_failed[stream], n_failed[stream] / n_deployed[stream], n_opened[stream],
            len(restored[stream]),
        ]  # fmt: skip
        if len(restored[stream]) < 5:
            assert median is None
        else:
            assert median == pytest.approx(nearest_rank(restored[stream], 0.5), abs=1e-6)
    assert len(restored["payments"]) >= 5
    assert sum(n_failed.values()) > 10


def test_findings_of_code_analysis_are_those_that_were_planted(warehouse, truth):
    found = warehouse.execute(
        """select value_stream_id, finding_type, count(*), count(*) filter (where is_open)
        from fct_quality_findings where source_id = 'quality' group by all"""
    ).fetchall()
    assert {(stream, kind): {"n": n, "n_open": n_open} for stream, kind, n, n_open in found} == {
        (stream, kind): counts for stream in STREAMS for kind, counts in truth[stream]["findings"].items()
    }
    open_share = {stream: counts["vulnerability"]["n_open"] / counts["vulnerability"]["n"] for stream, counts in (
        (stream, truth[stream]["findings"]) for stream in STREAMS
    )}  # fmt: skip
    assert open_share["lending"] > 4 * open_share["payments"]


def test_the_sources_without_work_items_say_so_in_the_report(published_example, warehouse):
    kept = by_stream(warehouse, "select source_id, is_work_tracker, n_items > 0 from mart_data_coverage")
    assert kept == {
        "jira-main": (True, True),
        "jira-lending": (True, True),
        "delivery-log": (False, False),
        "quality": (False, False),
    }
    page = (published_example.reports / "data-quality.html").read_text(encoding="utf-8")
    assert page.count("a tool without work items") == 2
    assert "delivery-log and quality come from tools that keep no work items" in page
