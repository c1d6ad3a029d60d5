"""`weir init` on the example's exports finds the workflow they were simulated with, without seeing its portfolio."""

import pytest

from orchestration.portfolio import load_portfolio
from orchestration.portfolio.example import prepare_example, scenario
from tests.conftest import Weir

pytestmark = pytest.mark.slow

STORY = ["To Do", "Ready", "In Progress", "Ready for Review", "Ready for Test", "In Test", "Ready for Release", "Done"]
GERMAN = ["Offen", "Bereit", "In Arbeit", "Bereit zur Prüfung", "In Prüfung", "Testbereit", "Im Test", "Freigabebereit"]


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory, weir: Weir):
    example = prepare_example(tmp_path_factory.mktemp("truth") / "example", items=900)
    folder = tmp_path_factory.mktemp("drafted") / "mine"
    done = weir("init", folder, "--exports", example / "exports")
    assert done.returncode == 0, done.stdout + done.stderr
    return load_portfolio(folder), done.stdout


def stages(portfolio, workflow_id: str) -> list[str]:
    (workflow,) = (workflow for workflow in portfolio.workflows if workflow.id == workflow_id)
    return [stage.name for stage in workflow.stages]


def test_both_instances_and_their_workflows_are_found_in_order(drafted) -> None:
    portfolio, _ = drafted
    assert {source.id: source.tool for source in portfolio.sources} == {
        "jira-main": "jira",
        "jira-lending": "jira",
        "delivery-log": "delivery_log",
        "quality": "sonarqube",
    }
    for workflow_id, truth in (("jira-main-story", STORY), ("jira-lending-story", GERMAN)):
        found = [name for name in stages(portfolio, workflow_id) if name in truth]
        assert found == truth


def test_levels_fields_and_cancelled_statuses_are_found(drafted) -> None:
    portfolio, _ = drafted
    levels = {each.when.type[0]: each.level for each in portfolio.work_types if each.when.source == ["jira-main"]}
    assert (levels["Epic"], levels["Feature"], levels["Story"], levels["Bug"]) == ("epic", "feature", "story", "story")
    assert "Sub-task" not in levels
    fields = portfolio.fields["jira-main"].model_dump(exclude_none=True)
    assert {"estimate", "team", "flagged"} <= set(fields)
    given_up = {status.status for workflow in portfolio.workflows for status in workflow.cancelled.statuses}
    assert {"Cancelled", "Verworfen"} <= given_up


def test_every_simulated_project_has_a_team(drafted) -> None:
    portfolio, said = drafted
    named = {project for rule in portfolio.membership for project in rule.when.project or []}
    projects = {team.project for stream in scenario.VALUE_STREAMS for team in stream.teams}
    assert projects - named == set()
    assert "moves between them" in said
