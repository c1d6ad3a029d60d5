"""The published example as its tests read it: the warehouse, what was planted in it, and a file's own hash."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.portfolio_folder import PortfolioFolder
from orchestration.warehouse import WarehouseFolder, connect_published


@pytest.fixture(scope="module")
def warehouse(published_example: PortfolioFolder) -> Iterator[duckdb.DuckDBPyConnection]:
    """The example's published warehouse, for reading."""
    with connect_published(WarehouseFolder(published_example.warehouse).published) as connection:
        yield connection


@pytest.fixture(scope="module")
def truth(published_example: PortfolioFolder) -> dict[str, Any]:
    """What is true of the example, as its simulator wrote it down."""
    return json.loads((published_example.folder / "truth.json").read_text(encoding="utf-8"))


def file_hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
