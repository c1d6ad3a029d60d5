"""The code location as Dagster loads it."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml

import checks
from orchestration.definitions import defs
from orchestration.portfolio_folder import PortfolioFolder
from tests.parsed_project import leave_parsed_project

ROOT = Path(__file__).resolve().parents[3]
DEFS = ROOT / "orchestration" / "defs"
_LONGEST_ADAPTER = 20


@pytest.fixture(scope="module")
def location() -> dg.Definitions:
    return defs()


def test_the_nightly_job_is_one_line_of_steps_in_the_order_of_the_house(location):
    """A step that Dagster has split or turned round would check too late, or build before it has checked."""
    steps = [node.name for node in location.resolve_job_def("nightly_refresh").nodes_in_topological_order]
    assert steps[:3] == ["land", "check_raw", "build_models"]
    assert sorted(steps[3:7]) == [
        "check_marts",
        "find_constraints",
        "follow_interventions",
        "forecasts",
    ]
    assert steps[7] == "warehouse__published"
    assert sorted(steps[8:]) == ["reports__alerts", "reports__site"]


def test_nothing_is_published_without_every_asset_before_it(location):
    graph = location.resolve_asset_graph()
    published = dg.AssetKey(["warehouse", "published"])
    later = {published, dg.AssetKey(["reports", "site"]), dg.AssetKey(["reports", "alerts"])}
    before = {key for key in graph.get_all_asset_keys() if graph.get(key).is_materializable} - later
    assert graph.get(published).parent_keys == before


def test_every_check_of_the_suites_is_an_asset_check_and_blocks_if_it_is_critical(location):
    graph = location.resolve_asset_graph()
    for layer in ("raw", "marts"):
        for suite in checks.suites_of_layer(layer):
            for check in suite.checks:
                found = [key for key in graph.asset_check_keys if key.name == f"{suite.name}__{check.name}"]
                assert len(found) == 1, check.name
                assert graph.has(found[0].asset_key), f"{found[0]} is shown on no asset"
                assert graph.get(found[0]).blocking == (check.severity == "critical")


def test_the_dbt_tests_of_a_model_are_one_asset_check(location):
    graph = location.resolve_asset_graph()
    keys = [key.name for key in graph.get_check_keys_for_assets({dg.AssetKey(["flow", "fct_work_items"])})]
    assert keys.count("data_tests") == 1
    assert not any(name.startswith("unique_") for name in keys)


def test_assets_are_grouped_by_layer_and_described(location):
    graph = location.resolve_asset_graph()
    nodes = [graph.get(key) for key in graph.get_all_asset_keys() if graph.get(key).is_materializable]
    groups = {node.group_name for node in nodes}
    assert groups == {"raw", "staging", "intermediate", "flow", "marts", "analysis", "published", "reports"}
    assert [node.key for node in nodes if not node.description] == []
    assert [node.key for node in nodes if not node.kinds] == []
    for node in nodes:
        if node.group_name in {"staging", "intermediate", "flow", "marts"}:
            assert node.key.path[0] == node.group_name


def test_schedules_and_sensors_are_on_by_themselves(location):
    schedules = {schedule.name: schedule for schedule in location.schedules or []}
    assert {name: schedule.cron_schedule for name, schedule in schedules.items()} == {
        "nightly": "0 2 * * *",
        "weekly_report": "0 6 * * 1",
    }
    assert all(schedule.default_status == dg.DefaultScheduleStatus.RUNNING for schedule in schedules.values())
    sensors = {sensor.name: sensor.default_status for sensor in location.sensors or []}
    assert sensors == dict.fromkeys(("export_landed", "run_failed"), dg.DefaultSensorStatus.RUNNING)


def loaded_elsewhere(portfolio: Path | None, working_folder: Path) -> dict:
    """Load the code location in a process of its own and return what it says of itself."""
    program = """
import json, warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("default")
    from orchestration.definitions import defs
    location = defs()
    location.resolve_job_def("nightly_refresh")
print(json.dumps({
    "timezones": sorted({schedule.execution_timezone for schedule in location.schedules}),
    "warnings": [str(w.message) for w in caught if "orchestration" in str(w.filename)],
}))"""
    environment = {name: value for name, value in os.environ.items() if name != "WEIR_PORTFOLIO"}
    if portfolio is not None:
        environment["WEIR_PORTFOLIO"] = str(portfolio)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=working_folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_schedules_run_in_the_portfolios_time_zone(published_example, tmp_path):
    assert loaded_elsewhere(published_example.folder, tmp_path) == {"timezones": ["Europe/Berlin"], "warnings": []}


def test_a_broken_portfolio_does_not_break_loading(published_example, tmp_path):
    broken = tmp_path / "broken"
    leave_parsed_project(published_example.dbt_target, PortfolioFolder(broken))
    (broken / "portfolio.yaml").write_text("surprise: 1\n", encoding="utf-8")
    assert loaded_elsewhere(broken, tmp_path) == {"timezones": ["UTC"], "warnings": []}


def test_without_a_portfolio_the_example_is_meant_and_loading_does_not_make_it(published_example, tmp_path):
    leave_parsed_project(published_example.dbt_target, PortfolioFolder(tmp_path / ".weir" / "example", is_example=True))
    assert loaded_elsewhere(None, tmp_path)["timezones"] == ["UTC"]
    assert not (tmp_path / ".weir" / "example").exists()


def test_location_name_is_the_same_everywhere():
    """Dagster warns at every load if the names differ."""
    import tomllib

    (entry,) = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))["load_from"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["dg"]["project"]
    assert entry["python_module"]["location_name"] == project["code_location_name"]


def test_adapters_are_thin():
    """What Dagster calls holds no logic of its own: no function in defs/ is longer than an adapter has to be."""
    lengths = {
        f"{file.relative_to(ROOT)}:{node.name}": node.end_lineno - node.lineno + 1
        for file in DEFS.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    }
    assert len(lengths) > 10
    assert {name: length for name, length in lengths.items() if length > _LONGEST_ADAPTER} == {}
