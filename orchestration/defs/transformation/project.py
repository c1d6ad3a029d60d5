"""The dbt project as Dagster sees it: its manifest, and how a dbt node becomes an asset.

Belongs here: keys, groups, the mapping from outcomes to events. Does not belong here: running dbt
(`orchestration.dbt_build`).
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

from orchestration.dbt_build import NodeOutcome, load_manifest
from orchestration.portfolio_folder import DBT_PROJECT, chosen_portfolio
from orchestration.warehouse import WarehouseFolder

_UNIQUE_ID = "dagster_dbt/unique_id"


class LayerTranslator(DagsterDbtTranslator):
    """A dbt node's group is its layer: the schema it is built in; all raw sources are one layer."""

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """Return dagster-dbt's spec in the group of its layer, without the SQL in the description."""
        node = self.get_resource_props(manifest, unique_id)
        layer = "raw" if node["resource_type"] == "source" else node["schema"]
        description = node.get("description") or f"dbt {node['resource_type']} {node['name']}."
        spec = super().get_asset_spec(manifest, unique_id, project)
        return spec.replace_attributes(group_name=layer, description=description)

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """Return one check for all tests of a model: noting a check takes Dagster longer than DuckDB making it."""
        del project
        if owner(manifest["nodes"][unique_id]) != asset_spec.metadata[_UNIQUE_ID]:
            return None
        return dg.AssetCheckSpec("data_tests", asset=asset_spec.key, description="dbt's data tests of this model.")


TRANSLATOR = LayerTranslator(DagsterDbtTranslatorSettings())


def owner(test: Mapping[str, Any]) -> str:
    """Return the id of the model that a data test is shown on: the one it is declared at, else the first it reads."""
    return str(test.get("attached_node") or test["depends_on"]["nodes"][0])


@cache
def manifest() -> dict[str, Any]:
    """Return the project's manifest, parsed again if the project changed."""
    paths = chosen_portfolio(None, os.environ, Path.cwd())
    return load_manifest(DBT_PROJECT, paths.dbt_target, WarehouseFolder(paths.warehouse).build)


def source_tables(source: str) -> dict[str, str]:
    """Return the tables that dbt declares for a source, with their descriptions."""
    nodes = [node for node in manifest()["sources"].values() if node["source_name"] == source]
    return {node["name"]: node["description"] for node in nodes}


def outcome_events(
    outcomes: Sequence[NodeOutcome], context: dg.AssetExecutionContext, sizes: Mapping[str, int]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Yield a materialisation for each node that was built, and a check result for the tests of each.

    `sizes` has the rows of each table by its schema-qualified name. What failed to build, or was skipped, yields
    nothing: the step then fails and names it.
    """
    specs = context.assets_def.specs_by_key
    assets = {spec.metadata[_UNIQUE_ID]: key for key, spec in specs.items() if key in context.selected_asset_keys}
    checks = {spec.asset_key: spec.key for spec in context.assets_def.check_specs}
    tests: dict[str, list[NodeOutcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.resource_type == "test" and outcome.status != "skipped":
            tests[owner(manifest()["nodes"][outcome.unique_id])].append(outcome)
    for outcome in outcomes:
        if outcome.unique_id in assets and outcome.status == "passed":
            key = assets[outcome.unique_id]
            metadata: dict[str, float] = {"seconds": round(outcome.seconds, 3)}
            if (table := ".".join(key.path)) in sizes:
                metadata["dagster/row_count"] = sizes[table]
            yield dg.MaterializeResult(asset_key=key, metadata=metadata)
            if tests[outcome.unique_id] and key in checks:
                yield _check_result(tests[outcome.unique_id], checks[key])


def _check_result(outcomes: Sequence[NodeOutcome], key: dg.AssetCheckKey) -> dg.AssetCheckResult:
    """Tell of all data tests of a model: how many ran, and of each that found something what it found."""
    found = [outcome for outcome in outcomes if outcome.status != "passed"]
    is_error = any(outcome.is_critical for outcome in found)
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not found,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        metadata={
            "tests": len(outcomes),
            **{outcome.name: f"{outcome.message}: {outcome.examples}".strip(": ") for outcome in found},
        },
    )
