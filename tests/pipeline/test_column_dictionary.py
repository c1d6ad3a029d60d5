"""The published column dictionary: whole, and true of the rows that were published with it."""

PUBLIC = "('flow', 'marts', 'analysis')"


def test_it_holds_every_public_column_with_its_type_and_meaning(warehouse):
    built = warehouse.execute(
        "select table_name, column_name, lower(data_type) from information_schema.columns"
        f" where table_schema in {PUBLIC} order by all"
    ).fetchall()
    told = warehouse.execute(
        "select table_name, column_name, data_type from quality.column_dictionary order by all"
    ).fetchall()
    assert told == built
    silent = warehouse.execute(
        "select table_name, column_name from quality.column_dictionary"
        " where description is null or grain is null or table_description is null"
    ).fetchall()
    assert silent == []


def test_the_catalogue_holds_the_same_words(warehouse):
    """Any client that shows comments shows them, also of the analyses."""
    differing = warehouse.execute(
        f"""
        select table_name, column_name, comment, description
        from duckdb_columns() as built
        left join quality.column_dictionary using (schema_name, table_name, column_name)
        where schema_name in {PUBLIC} and trim(comment) is distinct from description"""
    ).fetchall()
    assert differing == []


def _where(warehouse, said: str, holds: str) -> list[str]:
    """Numbers of marts and analyses of which this is said, and in whose column this holds of some row."""
    numbers = warehouse.execute(
        f"""
        select schema_name, table_name, column_name from quality.column_dictionary
        where schema_name in ('marts', 'analysis') and data_type in ('integer', 'bigint', 'double', 'smallint', 'float')
            and {said}
        order by all"""
    ).fetchall()
    assert numbers
    return [
        f"{table}.{column}"
        for schema, table, column in numbers
        if warehouse.execute(f"select 1 from {schema}.{table} where {column} {holds} limit 1").fetchall()
    ]


def test_a_number_that_is_null_somewhere_says_what_null_means(warehouse):
    """And one that says nothing of NULL, or that it never is, never is."""
    assert _where(warehouse, "coalesce(when_null, 'never') like 'never%'", "is null") == []


def test_a_number_that_never_is_0_never_is(warehouse):
    assert _where(warehouse, "when_zero like 'never%'", "= 0") == []
