"""dbt's unit tests: the SQL's logic on made-up rows, one edge case each (`unit_tests:` beside the models).

They stay out of the nightly refresh, because no night's data can change what they find.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from orchestration.portfolio_folder import DBT_PROJECT, PortfolioFolder

# The edge cases that flow facts must not lose; the models' own files hold many more.
REQUIRED = {
    "a_reopened_item_is_finished_at_its_last_finish",
    "after_a_move_backward_all_is_rework_up_to_the_furthest_stage_reached_before",
    "a_skipped_stage_gets_no_visit_and_is_counted",
    "two_changes_in_one_second_are_two_visits_in_the_tools_order",
    "a_self_transition_and_a_renamed_status_go_on_with_the_visit",
    "an_item_created_directly_in_a_later_status_is_born_there",
    "an_item_that_never_moved_is_as_it_is_now_from_its_creation_on",
    "a_cancelled_item_leaves_wip_and_has_no_durations",
    "an_item_across_a_night_when_the_clocks_change_has_true_hours_and_local_days",
    "an_item_moved_between_projects_is_one_item_with_its_old_keys",
    "a_status_renamed_halfway_stays_in_its_stage",
    "working_hours_are_those_of_the_teams_location_on_its_own_clock",
    "each_location_has_its_own_holidays_and_its_own_clock",
}


def test_dbt_unit_tests_pass(published_example: PortfolioFolder, tmp_path: Path) -> None:
    database = tmp_path / "warehouse.build.duckdb"
    # A unit test takes the columns' types from the relations that its model reads; the example lacks those of the tools
    # that it has no source of.
    shutil.copyfile(published_example.warehouse / "warehouse.duckdb", database)
    _dbt(["run", "--full-refresh", "--select", "staging", "intermediate"], database, tmp_path)
    _dbt(["test", "--select", "test_type:unit"], database, tmp_path)
    results = json.loads((tmp_path / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    assert {result["status"] for result in results} == {"pass"}
    assert {result["unique_id"].rpartition(".")[2] for result in results} >= REQUIRED


def _dbt(arguments: list[str], database: Path, folder: Path) -> None:
    command = [str(Path(sys.executable).with_name("dbt")), *arguments, "--quiet"]
    folders = ["--profiles-dir", ".", "--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    run = subprocess.run(
        [*command, *folders],
        cwd=DBT_PROJECT,
        env={**os.environ, "WEIR_BUILD_DATABASE": str(database)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
