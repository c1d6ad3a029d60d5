"""The rules of the dbt project, read from its manifest: who may read whom, names, contracts, descriptions, tests."""

import re
from typing import Any

import pytest

from orchestration.sources import TOOLS

Models = dict[str, dict[str, Any]]

LAYERS = ("staging", "intermediate", "flow", "marts")
NAMES = {
    "staging": r"stg_[a-z_]+?__[a-z_]+s|stg_portfolio__(refresh|people)",
    "intermediate": r"int_[a-z_]+(ed|built|split|kept|written)|int_work_item_links",
    "flow": r"(fct|dim)_[a-z_]+s",
    "marts": r"mart_[a-z_]+",
}
# From flow on a model is read by people, who have to be told what they see and can rely on it.
PUBLIC = ("flow", "marts")


def layer_of(model: dict[str, Any]) -> str:
    return model["fqn"][1]


def parents(model: dict[str, Any]) -> list[str]:
    return model["depends_on"]["nodes"]


def offenders(models: Models, layers: tuple[str, ...], is_wrong) -> list[str]:
    looked_at = [model for model in models.values() if layer_of(model) in layers]
    assert looked_at
    return sorted(model["name"] for model in looked_at if is_wrong(model))


def test_every_model_lies_in_a_layer_and_is_built_into_its_schema(models: Models):
    assert {layer_of(model) for model in models.values()} == set(LAYERS)
    assert offenders(models, LAYERS, lambda model: model["schema"] != layer_of(model)) == []


@pytest.mark.parametrize("layer", LAYERS)
def test_names_follow_the_pattern_of_their_layer(models: Models, layer: str):
    assert offenders(models, (layer,), lambda model: not re.fullmatch(NAMES[layer], model["name"])) == []


def test_only_staging_reads_sources(models: Models):
    later = LAYERS[1:]
    assert offenders(models, later, lambda model: any(name.startswith("source.") for name in parents(model))) == []


def test_staging_reads_one_source_and_no_model(models: Models):
    def is_wrong(model: dict[str, Any]) -> bool:
        return len(parents(model)) != 1 or not parents(model)[0].startswith("source.")

    assert offenders(models, ("staging",), is_wrong) == []


def test_marts_read_only_facts_dimensions_and_marts(models: Models):
    def is_wrong(model: dict[str, Any]) -> bool:
        return any(not re.match(r"model\.weir\.(fct|dim|mart)_", name) for name in parents(model))

    assert offenders(models, ("marts",), is_wrong) == []


def test_no_arrow_points_left(models: Models):
    def is_wrong(model: dict[str, Any]) -> bool:
        read = [models[name.split(".")[-1]] for name in parents(model) if name.startswith("model.")]
        return any(LAYERS.index(layer_of(other)) > LAYERS.index(layer_of(model)) for other in read)

    assert offenders(models, LAYERS, is_wrong) == []


def test_dbt_never_reads_what_the_analysis_writes(manifest: dict[str, Any]):
    exported = {f"raw_{tool}" for tool in TOOLS}
    assert {source["schema"] for source in manifest["sources"].values()} == {*exported, "raw_portfolio", "quality"}


def test_every_source_table_is_described(manifest: dict[str, Any]):
    assert [source["name"] for source in manifest["sources"].values() if not source["description"]] == []


def test_public_models_have_an_enforced_contract_with_typed_columns(models: Models):
    def is_wrong(model: dict[str, Any]) -> bool:
        columns = model["columns"].values()
        return not model["contract"]["enforced"] or not columns or any(not column["data_type"] for column in columns)

    assert offenders(models, PUBLIC, is_wrong) == []


def test_public_models_and_all_their_columns_are_described(models: Models):
    def is_wrong(model: dict[str, Any]) -> bool:
        return not model["description"] or any(not column["description"] for column in model["columns"].values())

    assert offenders(models, PUBLIC, is_wrong) == []


def test_each_public_model_has_its_own_yml_beside_it(models: Models, root):
    def is_wrong(model: dict[str, Any]) -> bool:
        yml = model["original_file_path"].removesuffix(".sql") + ".yml"
        return model["patch_path"] != f"weir://{yml}" or not (root / "dbt_project" / yml).exists()

    assert offenders(models, PUBLIC, is_wrong) == []


def test_keys_of_public_models_are_tested(manifest: dict[str, Any], models: Models):
    """Each has a test that its key is unique: dbt's own, or ours over several columns."""
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    keyed = {
        test["attached_node"].split(".")[-1]
        for test in tests
        if test.get("test_metadata") and "unique" in test["test_metadata"]["name"] and test.get("attached_node")
    }
    assert offenders(models, PUBLIC, lambda model: model["name"] not in keyed) == []


def test_names_of_booleans_counts_shares_moments_and_days_say_their_type(models: Models):
    def is_wrong(model: dict[str, Any]) -> bool:
        for name, column in model["columns"].items():
            kind = (column["data_type"] or "").lower()
            if (kind == "boolean") != name.startswith(("is_", "has_")):
                return True
            if name.startswith("n_") and kind not in ("integer", "bigint"):
                return True
            if name.endswith("_share") and kind != "double":
                return True
            if name.endswith("_at") and not kind.startswith("timestamp"):
                return True
            if name.endswith("_date") and kind != "date":
                return True
        return False

    assert offenders(models, PUBLIC, is_wrong) == []
