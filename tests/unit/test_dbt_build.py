"""dbt in this process, on a project of two models."""

from pathlib import Path

import duckdb
import pytest

from orchestration.dbt_build import DbtError, NodeOutcome, build, failure_sentences, load_manifest

FILES = {
    "dbt_project.yml": """
name: tiny
version: "1.0"
profile: tiny
flags: {send_anonymous_usage_stats: false}
""",
    "profiles.yml": """
tiny:
  target: duckdb
  outputs: {duckdb: {type: duckdb, path: "{{ env_var('WEIR_BUILD_DATABASE') }}", threads: 2}}
""",
    "models/first.sql": "select 1 as id union all select 1 as id",
    "models/second.sql": "select * from {{ ref('first') }}",
    "models/first.yml": """
models:
  - name: first
    description: Two rows.
    config: {materialized: table}
    columns:
      - name: id
        data_tests:
          - not_null
          - unique: {config: {severity: warn}}
    data_tests: []
unit_tests:
  - name: second_copies_first
    model: second
    given: [{input: ref('first'), rows: [{id: 3}]}]
    expect: {rows: [{id: 3}]}
""",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def run(project: Path, tmp_path: Path):
    def run_dbt(**options: object) -> dict[str, NodeOutcome]:
        outcomes = build(project, tmp_path / "target", tmp_path / "warehouse.build.duckdb", **options)
        return {outcome.name.split(".")[0]: outcome for outcome in outcomes}

    return run_dbt


def test_outcomes_of_models_tests_and_unit_tests(run):
    told: list[str] = []
    outcomes = run(on_event=told.append)
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "first": "passed",
        "second": "passed",
        "not_null_first_id": "passed",
        "unique_first_id": "warned",
        "second_copies_first": "passed",
    }
    warned = outcomes["unique_first_id"]
    assert (warned.failures, warned.is_critical, warned.tested) == (1, False, "first")
    assert outcomes["second_copies_first"].tested == "second"
    assert outcomes["first"].description == "Two rows."
    assert failure_sentences(list(outcomes.values())) == []
    assert any("second" in line for line in told)


def test_the_file_is_free_afterwards_for_a_connection_with_other_settings(run, tmp_path):
    """dbt keeps its instance open for the life of the process; ours could then neither open nor swap the file."""
    for _ in range(2):
        run()
        with duckdb.connect(str(tmp_path / "warehouse.build.duckdb"), config={"threads": 1}) as connection:
            assert connection.execute("select count(*) from main.second").fetchone() == (2,)


def test_a_failed_test_is_an_outcome_with_a_sentence_and_stops_what_follows(project, run):
    (project / "models" / "first.yml").write_text(
        FILES["models/first.yml"].replace("severity: warn", "severity: error")
    )
    outcomes = run()
    assert outcomes["unique_first_id"].status == "failed"
    assert outcomes["second"].status == "skipped"
    assert failure_sentences(list(outcomes.values())) == [
        "dbt test unique_first_id found 1 row that should not be there."
    ]


def test_a_failed_model_is_named_first_with_dbts_reason(project, run):
    (project / "models" / "first.sql").write_text("select nope as id")
    sentences = failure_sentences(list(run().values()))
    assert sentences[0].startswith("dbt model first failed: ")
    assert 'column "nope"' in sentences[0]
    assert "\n" not in sentences[0]


def test_a_failed_unit_test_is_named(project, run):
    (project / "models" / "second.sql").write_text("select id + 1 as id from {{ ref('first') }}")
    sentences = failure_sentences(list(run().values()))
    assert [sentence.split(":")[0] for sentence in sentences] == ["dbt unit test second_copies_first failed"]


def test_a_project_that_cannot_be_read_is_an_error(project, run):
    (project / "models" / "second.sql").write_text("select * from {{ ref('third') }}")
    with pytest.raises(DbtError, match="third"):
        run()


def test_selection_builds_only_what_is_named(run):
    assert set(run(selection=["--select", "first"])) == {"first", "not_null_first_id", "unique_first_id"}


def test_manifest_is_parsed_again_only_when_the_project_changed(project, tmp_path):
    target, database = tmp_path / "target", tmp_path / "warehouse.build.duckdb"
    manifest = load_manifest(project, target, database)
    assert "model.tiny.second" in manifest["nodes"]
    assert not database.exists()

    written = (target / "manifest.json").stat().st_mtime_ns
    assert load_manifest(project, target, database) == manifest
    assert (target / "manifest.json").stat().st_mtime_ns == written

    (project / "models" / "third.sql").write_text("select 3 as id")
    assert "model.tiny.third" in load_manifest(project, target, database)["nodes"]


def test_a_manifest_cut_off_by_a_kill_is_parsed_again(project, tmp_path):
    target, database = tmp_path / "target", tmp_path / "warehouse.build.duckdb"
    manifest = load_manifest(project, target, database)
    file = target / "manifest.json"
    file.write_text(file.read_text(encoding="utf-8")[:1000], encoding="utf-8")
    assert load_manifest(project, target, database)["nodes"].keys() == manifest["nodes"].keys()


def test_dbt_writes_nothing_into_the_project(project, run):
    before = sorted(project.rglob("*"))
    run()
    assert sorted(project.rglob("*")) == before
