"""Hundreds of histories that hypothesis made, in one build, against the reference.

One build for all of them, because dbt takes seconds and a history microseconds. A difference names the items first.
"""

from pathlib import Path

import duckdb
import pytest

from tests.reference import made_histories
from tests.reference.building import build
from tests.reference.verdict import disagreements


@pytest.mark.parametrize("n_histories", [600, pytest.param(6000, marks=pytest.mark.slow)])
def test_every_cell_of_made_histories_is_the_references(n_histories: int, tmp_path: Path):
    made_histories.write_exports(tmp_path, made_histories.make(n_histories))
    with duckdb.connect(str(build(tmp_path, made_histories.AS_OF)), read_only=True) as warehouse:
        assert disagreements(warehouse) == ""
