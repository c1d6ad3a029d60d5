"""The repository and the dbt manifest, as the tests of the house's rules read them."""

from pathlib import Path
from typing import Any

import pytest

from orchestration.dbt_build import load_manifest
from orchestration.portfolio_folder import DBT_PROJECT


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def manifest(root: Path) -> dict[str, Any]:
    """The project's manifest; it is kept between test runs, because parsing takes seconds."""
    target = root / ".weir" / "dbt-of-tests"
    return load_manifest(DBT_PROJECT, target, target / "warehouse.duckdb")


@pytest.fixture(scope="session")
def models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    assert len(found) > 30
    return found
