"""The bundled example's items and marts, cell by cell, against the reference."""

import duckdb

from orchestration.portfolio_folder import PortfolioFolder
from tests.reference.verdict import disagreements


def test_every_cell_of_the_example_is_the_references(published_example: PortfolioFolder):
    with duckdb.connect(str(published_example.warehouse / "warehouse.duckdb"), read_only=True) as warehouse:
        assert disagreements(warehouse) == ""
