"""The Parquet beside the warehouse: a folder per table, read by who has neither Weir nor the warehouse."""

import shutil
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from orchestration.warehouse import WarehouseFolder

FILES = "{folder}/{table}/*.parquet"


@pytest.fixture(scope="module")
def alone(published_example, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder, far from the warehouse, as somebody would be sent it."""
    parquet = WarehouseFolder(published_example.warehouse).parquet
    return Path(shutil.copytree(parquet, tmp_path_factory.mktemp("sent") / "parquet"))


@pytest.fixture(scope="module")
def tables(warehouse) -> dict[str, str]:
    """Schema of each table that is promised as Parquet."""
    rows = warehouse.execute(
        "select table_name, table_schema from information_schema.tables"
        " where table_schema in ('flow', 'marts', 'analysis') or table_name = 'column_dictionary'"
    ).fetchall()
    assert len(rows) > 25
    return dict(rows)


def test_each_public_table_has_its_own_folder_and_nothing_else_has(alone, tables):
    assert {path.name for path in alone.iterdir()} == set(tables)
    assert {path.relative_to(alone).as_posix() for path in alone.rglob("*.*")} == {
        f"{name}/{name}.parquet" for name in tables
    }


def test_pandas_reads_every_folder_with_the_rows_and_columns_of_the_table(alone, tables, warehouse):
    for name, schema in tables.items():
        frame = pd.read_parquet(alone / name)
        (n_rows,) = warehouse.execute(f"select count(*) from {schema}.{name}").fetchall()[0]
        columns = [column for column, *_ in warehouse.execute(f"describe {schema}.{name}").fetchall()]
        assert (len(frame), list(frame.columns)) == (n_rows, columns), name


def test_a_duckdb_without_the_warehouse_reads_the_same_rows(alone, tables, warehouse):
    with duckdb.connect() as reader:
        reader.execute("set TimeZone = 'UTC'")
        for name, schema in tables.items():
            query = "select count(*), coalesce(bit_xor(hash(t)), 0) from {} as t"
            source = FILES.format(folder=alone, table=name)
            here = reader.execute(query.format(f"'{source}'")).fetchall()
            assert here == warehouse.execute(query.format(f"{schema}.{name}")).fetchall(), name


def test_numbers_days_and_moments_arrive_in_pandas_as_such(alone):
    metrics = pd.read_parquet(alone / "mart_flow_metrics", columns=["period_start", "n_finished", "flow_efficiency"])
    assert pd.api.types.is_integer_dtype(metrics["n_finished"])
    assert pd.api.types.is_float_dtype(metrics["flow_efficiency"])
    assert pd.to_datetime(metrics["period_start"]).dt.year.between(2000, 2100).all()
    items = pd.read_parquet(alone / "fct_work_items", columns=["created_at", "is_finished"])
    assert str(items["created_at"].dtype.tz) == "UTC"
    assert pd.api.types.is_bool_dtype(items["is_finished"])


def test_what_a_column_means_goes_with_the_files(alone):
    said = pd.read_parquet(alone / "column_dictionary").set_index(["table_name", "column_name"])
    assert said.loc[("mart_delivery_performance", "change_failure_share"), "unit"] == "share 0-1"
