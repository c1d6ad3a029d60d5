"""What of the project runs: which tools there are, and what changed, told on a manifest of six nodes."""

import pytest

from orchestration.dbt_build import in_order, plan


def node(kind: str, name: str, path: str, parents: list[str], materialized: str = "table") -> dict:
    return {
        "unique_id": f"{kind}.weir.{name}",
        "resource_type": kind,
        "name": name,
        "original_file_path": path,
        "depends_on": {"nodes": parents},
        "config": {"materialized": "test" if kind == "test" else materialized},
    }


@pytest.fixture
def manifest() -> dict:
    jira, gitlab = "models/staging/jira/", "models/staging/gitlab/"
    nodes = [
        node("model", "stg_jira__issues", jira + "stg_jira__issues.sql", ["source.weir.raw_jira.issues"], "view"),
        node("model", "stg_gitlab__issues", gitlab + "stg_gitlab__issues.sql", ["source.weir.raw_gitlab.issues"],
             "view"),
        node("model", "int_items", "models/intermediate/int_items.sql",
             ["model.weir.stg_jira__issues", "model.weir.stg_gitlab__issues"]),
        node("model", "dim_dates", "models/flow/dim_dates.sql", ["source.weir.raw_portfolio.calendar"]),
        node("test", "unique_items", "models/intermediate/int_items.yml", ["model.weir.int_items"]),
        node("test", "unique_gitlab", gitlab + "_gitlab.yml", ["model.weir.stg_gitlab__issues"]),
        node("test", "unique_jira", jira + "_jira.yml", ["model.weir.stg_jira__issues"]),
    ]  # fmt: skip
    sources = {
        f"source.weir.{schema}.{name}": {"schema": schema, "name": name}
        for schema, name in [("raw_jira", "issues"), ("raw_gitlab", "issues"), ("raw_portfolio", "calendar")]
    }
    parents = {one["unique_id"]: one["depends_on"]["nodes"] for one in nodes} | {source: [] for source in sources}
    children: dict[str, list[str]] = {key: [] for key in parents}
    for child, its_parents in parents.items():
        for parent in its_parents:
            children[parent].append(child)
    return {
        "nodes": {one["unique_id"]: one for one in nodes},
        "sources": sources,
        "parent_map": parents,
        "child_map": children,
    }


def ids(outcomes) -> set[str]:
    return {outcome.unique_id.removeprefix("model.weir.").removeprefix("test.weir.") for outcome in outcomes}


def test_a_full_build_leaves_out_the_tools_that_the_portfolio_does_not_have(manifest):
    planned = plan(manifest, {"gitlab"}, None)
    assert planned.selection == ["--select", "fqn:*", "--exclude", "fqn:staging.gitlab", "fqn:intermediate.gitlab"]
    assert planned.tests == {"test.weir.unique_items", "test.weir.unique_jira"}
    assert ids(planned.left_out) == {"stg_gitlab__issues", "unique_gitlab"}
    assert planned.unchanged == []
    assert plan(manifest, set(), None).selection == ["--select", "fqn:*"]


def test_only_what_is_made_of_what_changed_runs_and_no_view_is_built_again(manifest):
    planned = plan(manifest, {"gitlab"}, {"raw_jira.*"})
    assert planned.selection == ["--select", "int_items"]
    assert planned.tests == {"test.weir.unique_items", "test.weir.unique_jira"}
    assert ids(planned.unchanged) == {"stg_jira__issues", "dim_dates"}


def test_nothing_changed_nothing_runs(manifest):
    planned = plan(manifest, {"gitlab"}, set())
    assert (planned.selection, planned.tests) == ([], frozenset())
    assert len(planned.unchanged) + len(planned.left_out) == len(manifest["nodes"])


def test_outcomes_are_put_after_what_they_are_made_of(manifest):
    idle = plan(manifest, set(), set()).unchanged
    told = [outcome.unique_id for outcome in in_order(manifest, reversed(idle))]
    for child, parents in manifest["parent_map"].items():
        assert all(told.index(parent) < told.index(child) for parent in parents if parent in told)
