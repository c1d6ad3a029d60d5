"""`weir init` on real exports, then `weir refresh` with no hand edit: a report with items, visits and a sensible order.

DevLake's recorded Jira, jira-agile-metrics' Jira fixture, Azure Boards and ServiceNow's incident log.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.portfolio import Portfolio, load_portfolio
from tests.conftest import Weir
from tests.external.conftest import read_table, refreshed, write_lines

pytestmark = pytest.mark.external

# `params` marks rows that DevLake keeps out of scope on purpose.
IN_SCOPE = {"ConnectionId": 2, "BoardId": 8}


@dataclass(frozen=True)
class Drafted:
    """A portfolio drafted and refreshed: what init said, the portfolio, and the published warehouse."""

    said: str
    folder: Path
    portfolio: Portfolio
    warehouse: duckdb.DuckDBPyConnection

    def stages(self, workflow: int = 0) -> list[str]:
        return [stage.name for stage in self.portfolio.workflows[workflow].stages]

    def count(self, what: str) -> int:
        row = self.warehouse.execute(f"select count(*) from {what}").fetchone()
        assert row is not None
        return int(row[0])


def drafted(weir: Weir, folder: Path, exports: Path) -> Drafted:
    done = weir("init", folder, "--exports", exports)
    assert done.returncode == 0, done.stdout + done.stderr
    published = refreshed(folder)
    assert (folder / "reports" / "index.html").stat().st_size > 1000
    return Drafted(done.stdout, folder, load_portfolio(folder), duckdb.connect(str(published), read_only=True))


def payloads(file: Path) -> list[Any]:
    return [json.loads(row["data"]) for row in read_table(file) if json.loads(row["params"]) == IN_SCOPE]


@pytest.fixture(scope="module")
def devlake(shared_data: Path, tmp_path_factory: pytest.TempPathFactory, weir: Weir) -> Drafted:
    raw = shared_data / "devlake" / "jira" / "raw_tables"
    folder = tmp_path_factory.mktemp("devlake")
    exports = folder / "exports" / "tracker"
    write_lines(exports / "issues.ndjson", payloads(raw / "_raw_jira_api_issues.csv"))
    write_lines(
        exports / "changelogs.ndjson",
        (
            {"self": row["url"], "values": [json.loads(row["data"])]}
            for row in read_table(raw / "_raw_jira_api_issue_changelogs.csv")
            if json.loads(row["params"]) == IN_SCOPE
        ),
    )
    (exports / "sprints.json").write_text(
        json.dumps({"values": payloads(raw / "_raw_jira_api_sprints.csv")}), encoding="utf-8"
    )
    (exports / "statuses.json").write_text(json.dumps(payloads(raw / "_raw_jira_api_status.csv")), encoding="utf-8")
    return drafted(weir, folder, folder / "exports")


@pytest.fixture(scope="module")
def agile_metrics(shared_data: Path, tmp_path_factory: pytest.TempPathFactory, weir: Weir) -> Drafted:
    return drafted(weir, tmp_path_factory.mktemp("jam") / "mine", shared_data / "jira_agile_metrics" / "jira")


@pytest.fixture(scope="module")
def azure(shared_data: Path, tmp_path_factory: pytest.TempPathFactory, weir: Weir) -> Drafted:
    return drafted(weir, tmp_path_factory.mktemp("azure") / "mine", shared_data / "azure_boards")


@pytest.fixture(scope="module")
def servicenow(shared_data: Path, tmp_path_factory: pytest.TempPathFactory, weir: Weir) -> Drafted:
    return drafted(weir, tmp_path_factory.mktemp("servicenow") / "mine", shared_data / "servicenow")


# Each is a draft and a whole refresh; one of them runs every time.
_SLOW = pytest.mark.slow
CASES = (
    *(pytest.param(case, marks=_SLOW) for case in ("devlake", "agile_metrics", "azure")),
    "servicenow",
)


@pytest.mark.parametrize("case", CASES)
def test_the_report_has_items_and_visits_and_done_comes_last(case: str, request: pytest.FixtureRequest) -> None:
    made: Drafted = request.getfixturevalue(case)

    assert made.count("flow.fct_work_items where is_counted") > 0
    assert made.count("flow.fct_work_items where is_finished") > 0
    assert made.count("flow.fct_stage_visits") >= made.count("flow.fct_work_items where is_counted")
    for workflow in made.portfolio.workflows:
        kinds = [stage.kind for stage in workflow.stages]
        assert kinds == [*(kind for kind in kinds if kind != "done"), *(kind for kind in kinds if kind == "done")]
        assert kinds[-1] == "done"
        assert kinds[0] != "done"
    assert made.count("flow.fct_work_items where is_counted and team_id = 'unassigned'") == 0
    assert made.count("marts.mart_unmapped_values where value_kind = 'status' and value <> 'Unknown'") == 0


@pytest.mark.parametrize("case", CASES)
def test_what_to_check_is_told(case: str, request: pytest.FixtureRequest) -> None:
    made: Drafted = request.getfixturevalue(case)
    text = (made.folder / "portfolio.yaml").read_text(encoding="utf-8")

    assert "  1. " in made.said
    assert text.count("# CHECK ") == sum(line.strip().split(".")[0].isdigit() for line in made.said.splitlines())


def before(names: list[str], *in_order: str) -> bool:
    places = [names.index(name) for name in in_order]
    return places == sorted(places)


@_SLOW
def test_devlake_jira(devlake: Drafted) -> None:
    assert before(devlake.stages(), "Inbox", "Ready for Dev", "To Do", "In Progress", "Closed")
    assert before(devlake.stages(), "To Do", "Open", "Resolved", "Closed")
    assert devlake.portfolio.sources[0].exports == "exports/tracker"
    assert devlake.count("flow.fct_work_items") == 30
    # Sub-tasks are kept and not counted.
    assert devlake.count("flow.fct_work_items where is_counted") == 18
    assert next(stage.name for stage in devlake.portfolio.workflows[0].stages if stage.commitment) == "In Progress"


@_SLOW
def test_jira_agile_metrics(agile_metrics: Drafted) -> None:
    # Code review is not among its statuses today, QA is.
    assert before(agile_metrics.stages(), "Backlog", "Next", "Build", "QA", "Done")
    assert agile_metrics.count("flow.fct_work_items where is_counted") == 20
    assert agile_metrics.portfolio.workflows[0].stages[-1].name == "Done"


@_SLOW
def test_azure_boards(azure: Drafted) -> None:
    assert before(azure.stages(), "New", "Active", "Resolved", "Closed")
    assert {rule.level for rule in azure.portfolio.work_types} == {"story", "epic"}


def test_servicenow(servicenow: Drafted) -> None:
    assert before(servicenow.stages(), "New", "Active", "Resolved", "Closed")
    assert before(servicenow.stages(), "Active", "Awaiting User Info", "Resolved")
    text_format = servicenow.portfolio.sources[0].format
    assert (text_format.date_format, text_format.missing) == ("%d-%m-%Y %H:%M", ["?"])
    assert "its dates read as %d-%m-%Y %H:%M." in servicenow.said
    assert servicenow.count("flow.fct_work_items where is_counted") == 890
    assert servicenow.count("flow.fct_work_items where is_finished") == 890


@_SLOW
def test_check_after_refresh_finds_no_unmapped_status(devlake: Drafted, weir: Weir) -> None:
    done = weir("check", "--portfolio", devlake.folder)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "status '" not in done.stdout


@_SLOW
def test_a_folder_with_strangers_is_copied(shared_data: Path, tmp_path: Path, weir: Weir) -> None:
    exports = tmp_path / "drop"
    exports.mkdir()
    for file in (shared_data / "jira_agile_metrics" / "jira").iterdir():
        shutil.copyfile(file, exports / file.name)
    (exports / "notes.json").write_text('{"any": "thing"}', encoding="utf-8")

    done = weir("init", tmp_path / "mine", "--exports", exports)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "no tool recognises 1 file, which are left out: notes.json" in done.stdout
    assert sorted(path.name for path in (tmp_path / "mine" / "exports" / "drop").iterdir()) == [
        "fields.json",
        "search_issues.json",
    ]
