"""The published column dictionary: whole, and true of the rows that were published with it."""

import duckdb
import pytest

from orchestration.warehouse import WarehouseFolder

PUBLIC = "('flow', 'marts', 'analysis')"


@pytest.fixture(scope="module")
def published(published_example):
    with duckdb.connect(str(WarehouseFolder(published_example.warehouse).published), read_only=True) as connection:
        yield connection


def test_it_holds_every_public_column_with_its_type_and_meaning(published):
    built = published.execute(
        "select table_name, column_name, lower(data_type) from information_schema.columns"
        f" where table_schema in {PUBLIC} order by all"
    ).fetchall()
    told = published.execute(
        "select table_name, column_name, data_type from quality.column_dictionary order by all"
    ).fetchall()
    assert told == built
    silent = published.execute(
        "select table_name, column_name from quality.column_dictionary"
        " where description is null or grain is null or table_description is null"
    ).fetchall()
    assert silent == []


def test_the_catalogue_holds_the_same_words(published):
    """Any client that shows comments shows them, also of the analyses."""
    differing = published.execute(
        f"""
        select table_name, column_name, comment, description
        from duckdb_columns() as built
        left join quality.column_dictionary using (schema_name, table_name, column_name)
        where schema_name in {PUBLIC} and trim(comment) is distinct from description"""
    ).fetchall()
    assert differing == []


def test_a_number_that_is_null_somewhere_says_what_null_means(published):
    """In marts and analyses; and one that says nothing of NULL never is."""
    unexplained = []
    for schema, table, column in published.execute(
        """
        select schema_name, table_name, column_name from quality.column_dictionary
        where schema_name in ('marts', 'analysis') and when_null is null
            and data_type in ('integer', 'bigint', 'double', 'smallint', 'float') order by all"""
    ).fetchall():
        (n_null,) = published.execute(f"select count(*) from {schema}.{table} where {column} is null").fetchall()[0]
        unexplained += [f"{table}.{column}"] * bool(n_null)
    assert unexplained == []
