"""Hundreds of histories that hypothesis made, in one build, against the reference.

One build for all of them, because dbt takes seconds and a history microseconds. A difference names the items first.
"""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from tests.reference import made_histories
from tests.reference.building import build
from tests.reference.verdict import disagreements

# Berlin has gone over to Monday and New York has not; then Tokyo has and the portfolio's own Berlin has not.
NIGHTS = {"New York is behind": made_histories.AS_OF, "Tokyo is ahead": datetime(2026, 4, 12, 16, 30, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("n_histories", "night", "is_retold"),
    [
        (800, "New York is behind", False),
        pytest.param(800, "Tokyo is ahead", True, marks=pytest.mark.slow),
        pytest.param(6000, "Tokyo is ahead", False, marks=pytest.mark.slow),
        pytest.param(6000, "New York is behind", True, marks=pytest.mark.slow),
    ],
)
def test_every_cell_of_made_histories_is_the_references(n_histories: int, night: str, is_retold: bool, tmp_path: Path):
    lives = made_histories.make(n_histories)
    made_histories.write_exports(tmp_path, lives)
    built = build(tmp_path, NIGHTS[night], made_histories.censuses(lives), is_retold=is_retold)
    with duckdb.connect(str(built), read_only=True) as warehouse:
        assert disagreements(warehouse) == ""
