"""The sensors, on a portfolio folder and an instance of their own."""

import shutil
from pathlib import Path

import dagster as dg
import pytest

from orchestration.defs.automation import sensors
from orchestration.defs.resources import PortfolioResource
from orchestration.portfolio_folder import PortfolioFolder


@pytest.fixture(scope="module")
def example(tmp_path_factory, weir) -> Path:
    folder = tmp_path_factory.mktemp("sensed") / "portfolio"
    made = weir("example", folder, "--items", "150")
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def portfolio(example: Path, tmp_path: Path) -> PortfolioResource:
    return PortfolioResource(folder=str(shutil.copytree(example, tmp_path / "portfolio")))


def tick(portfolio: PortfolioResource, cursor: str | None):
    with dg.build_sensor_context(cursor=cursor) as context:
        return sensors.export_landed(context, portfolio=portfolio)


def test_a_landed_export_is_refreshed_once_it_stands_still(portfolio):
    first = tick(portfolio, None)
    second = tick(portfolio, first.cursor)
    third = tick(portfolio, second.cursor)
    assert [len(result.run_requests or []) for result in (first, second, third)] == [0, 1, 0]
    (portfolio.paths.folder / "exports" / "jira-main" / "new.ndjson").write_text("{}\n", encoding="utf-8")
    fourth = tick(portfolio, third.cursor)
    fifth = tick(portfolio, fourth.cursor)
    assert [len(result.run_requests or []) for result in (fourth, fifth)] == [0, 1]
    assert fifth.run_requests[0].run_key != second.run_requests[0].run_key


def test_a_broken_portfolio_is_skipped_with_the_reason(portfolio):
    portfolio.paths.portfolio_file.write_text("surprise: 1\n", encoding="utf-8")
    skipped = tick(portfolio, None)
    assert isinstance(skipped, dg.SkipReason)
    assert "surprise" in str(skipped.skip_message)


@dg.op
def gate() -> None:
    raise dg.Failure("raw_jira.issues, raw_jira_load.quarantined_share does not hold.", allow_retries=False)


@dg.job(name="nightly_refresh")
def failing() -> None:
    gate()


@pytest.fixture
def failed_run(portfolio):
    """Call the failure sensor on a run that a gate has stopped; returns what was posted."""

    def call(monkeypatch: pytest.MonkeyPatch, webhook: str | None) -> list[tuple[str, dict]]:
        posted: list[tuple[str, dict]] = []
        monkeypatch.setattr(sensors, "post_failure", lambda url, message: posted.append((url, message)))
        if webhook:
            text = portfolio.paths.portfolio_file.read_text(encoding="utf-8")
            portfolio.paths.portfolio_file.write_text(f"{text}\nnotify: {{webhook_env: {webhook}}}\n", encoding="utf-8")
        with dg.DagsterInstance.ephemeral() as instance:
            result = failing.execute_in_process(instance=instance, raise_on_error=False)
            context = dg.build_run_status_sensor_context(
                sensor_name="run_failed",
                dagster_instance=instance,
                dagster_run=result.dagster_run,
                dagster_event=result.get_run_failure_event(),
            ).for_run_failure()
            sensors.run_failed(context, portfolio=portfolio)
        return posted

    return call


def test_a_failed_run_is_posted_to_the_webhook_that_the_environment_holds(failed_run, monkeypatch):
    monkeypatch.setenv("WEIR_HOOK", "https://example.org/secret")
    ((url, message),) = failed_run(monkeypatch, "WEIR_HOOK")
    assert url == "https://example.org/secret"
    assert message["job"] == "nightly_refresh"
    assert message["reasons"] == ["raw_jira.issues, raw_jira_load.quarantined_share does not hold."]


@pytest.mark.parametrize("webhook", [None, "WEIR_HOOK_THAT_IS_NOT_SET"])
def test_without_a_webhook_nothing_is_posted(failed_run, monkeypatch, webhook):
    assert failed_run(monkeypatch, webhook) == []


def test_paths_of_the_resource_are_those_of_the_folder(portfolio):
    assert portfolio.paths == PortfolioFolder(Path(portfolio.folder))
