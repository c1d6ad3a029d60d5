"""dbt's data tests, compiled once and run without dbt, on a project of one model."""

from pathlib import Path

import duckdb
import pytest

from orchestration import data_tests, dbt_build, warehouse

FILES = {
    "dbt_project.yml": "name: tiny\nversion: '1.0'\nprofile: tiny\nflags: {send_anonymous_usage_stats: false}\n",
    "profiles.yml": """
tiny:
  target: duckdb
  outputs: {duckdb: {type: duckdb, path: "{{ env_var('WEIR_BUILD_DATABASE') }}"}}
""",
    "models/first.sql": "select 1 as id union all select 1 as id",
    "models/first.yml": """
models:
  - name: first
    columns:
      - name: id
        description: Not a key at all.
        data_tests:
          - not_null
          - unique: {config: {severity: warn}}
""",
    "tests/no_two.sql": "select * from {{ ref('first') }} where id = 2 -- a comment at the end",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / "project" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path / "project"


@pytest.fixture(autouse=True)
def _a_new_process(monkeypatch):
    monkeypatch.setattr(data_tests, "_compiled_here", {})


@pytest.fixture
def places(project: Path, tmp_path: Path) -> tuple[Path, Path, Path]:
    (tmp_path / "target").mkdir()
    return project, tmp_path / "target", tmp_path / "warehouse.build.duckdb"


def outcomes(places, not_built=()) -> dict[str, dbt_build.NodeOutcome]:
    tests = data_tests.compiled_tests(*places)
    with duckdb.connect(str(places[2])) as connection:
        ran = data_tests.run_tests(tests, lambda query: warehouse.count_rows(connection, query), not_built)
    return {outcome.name: outcome for outcome in ran}


def test_they_find_what_dbt_finds(places):
    theirs = {o.name: o for o in dbt_build.build(*places) if o.resource_type == "test"}
    ours = outcomes(places)
    assert ours.keys() == theirs.keys()
    for name, outcome in ours.items():
        told = [(o.status, o.failures, o.is_critical, o.tested) for o in (outcome, theirs[name])]
        assert told[0] == told[1], name
    assert ours["unique_first_id"].status == "warned"
    assert ours["no_two"].status == "passed"


def test_a_test_of_what_was_not_built_is_skipped_and_one_that_cannot_run_has_failed(places):
    assert {o.status for o in outcomes(places, not_built={"model.tiny.first"}).values()} == {"skipped"}
    unbuilt = outcomes(places)
    assert {o.status for o in unbuilt.values()} == {"failed"}
    assert "first" in unbuilt["no_two"].message


def test_they_are_compiled_again_only_when_the_project_changed(places, monkeypatch):
    asked = []
    compile_now = dbt_build.build
    monkeypatch.setattr(dbt_build, "build", lambda *args, **kwargs: asked.append(1) or compile_now(*args, **kwargs))
    first = data_tests.compiled_tests(*places)
    monkeypatch.setattr(data_tests, "_compiled_here", {})
    assert data_tests.compiled_tests(*places) == first
    assert len(asked) == 1
    (places[0] / "tests" / "no_three.sql").write_text("select * from {{ ref('first') }} where id = 3")
    assert len(data_tests.compiled_tests(*places)) == len(first) + 1
    assert len(asked) == 2


def test_a_file_cut_off_by_a_kill_is_compiled_again(places, monkeypatch):
    first = data_tests.compiled_tests(*places)
    file = places[1] / "data_tests.json"
    file.write_text(file.read_text(encoding="utf-8")[:100], encoding="utf-8")
    monkeypatch.setattr(data_tests, "_compiled_here", {})
    assert data_tests.compiled_tests(*places) == first
