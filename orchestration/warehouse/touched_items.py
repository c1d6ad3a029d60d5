"""Which items the models of an incremental refresh have to build anew: the lists that dbt's macros read.

Belongs here: what landing touched, what the passing of time touches, and the small copies of the state before that dbt
compares with. Does not belong here: building (``dbt_project/macros/touched_items.sql`` says what the lists are for).

An item is touched if rows of it came or went in this refresh, or if something about it lies between the ``as_of``
before and this one. Where a tool cannot tell which items new rows are about, all items of its source are. Items that
were open are built anew from their visits on, because they go on ageing.
"""

from collections.abc import Sequence
from datetime import datetime

import duckdb

from orchestration.sources import TOOLS, ToolFormat, census

_JIRA_ISSUES = "staging.stg_jira__issues"
_REFERENCES = "quality.touched_references"
_SOURCES = "quality.touched_sources"
_ITEMS = "quality.touched_items"
# Tables of the state before, and the relation that each is a copy of.
_BEFORE = {
    "quality.links_before": ("intermediate.int_work_item_links_resolved", "work_item_id, linked_work_item_id"),
    "quality.statuses_before": ("intermediate.int_statuses_categorised", "*"),
    "quality.iterations_before": ("intermediate.int_exported_iterations_unioned", "*"),
    "quality.iteration_names_before": ("intermediate.int_iteration_names_listed", "*"),
    "quality.fields_before": ("staging.stg_jira__fields", "*"),
    "quality.parents_before": ("intermediate.int_item_parents_resolved", "*"),
    "quality.ideas_before": ("intermediate.int_idea_starts_traced", "*"),
    "quality.children_before": ("intermediate.int_child_progress_summed", "*"),
}


def start_touching(connection: duckdb.DuckDBPyConnection) -> None:
    """Empty the lists of a refresh, and keep what dbt's models of the refresh before say where they exist."""
    connection.execute("create schema if not exists quality")
    connection.execute(f"create or replace table {_REFERENCES} (source_id varchar, reference varchar)")
    connection.execute(f"create or replace table {_SOURCES} (source_id varchar)")
    connection.execute(f"create or replace table {_ITEMS} (work_item_id varchar)")
    connection.execute("create or replace table quality.touched_with_links (work_item_id varchar)")
    for table, (relation, columns) in _BEFORE.items():
        if _exists(connection, relation):
            connection.execute(f"create or replace table {table} as select {columns} from {relation}")


def touch_files(
    connection: duckdb.DuckDBPyConnection, tool: ToolFormat, source_id: str, export_files: Sequence[str]
) -> None:
    """Note what the rows of these files are about: before they are removed, and after they have come."""
    if not export_files or not _exists(connection, _REFERENCES):
        return
    values = {"source_id": source_id, "files": list(export_files)}
    if tool.item_references is None:
        connection.execute(f"insert into {_SOURCES} values ($source_id)", {"source_id": source_id})
        return
    columns = [
        (f"raw_{tool.tool}.{table}", column) for table, named in tool.item_references.items() for column in named
    ]
    for table, column in [*columns, (f"quality.{census.TABLE.name}", "native_id")]:
        connection.execute(
            f"insert into {_REFERENCES} select distinct source_id, {column} from {table}"
            f" where source_id = $source_id and export_file in (select unnest($files)) and {column} is not null",
            values,
        )


def touch_between(connection: duckdb.DuckDBPyConnection, as_of_before: datetime) -> None:
    """Complete the lists: what came, what falls between the ``as_of`` before and now, and what was open then.

    Whatever a tool says of a moment later than the ``as_of`` before counts, also if it came earlier.
    """
    moment = {"before": as_of_before}
    for tool in TOOLS.values():
        if tool.item_references is None:
            for table, column in tool.moments:
                connection.execute(
                    f"insert into {_SOURCES} select distinct source_id from raw_{tool.tool}.{table}"
                    f" where {column} > $before",
                    moment,
                )
    if _exists(connection, _JIRA_ISSUES):
        _touch_jira_items(connection, moment)
    connection.execute(
        """
        create or replace table quality.items_open_before as
        select work_item_id from intermediate.int_item_clocks_computed where ended_at is null"""
    )


def end_touching(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the lists and the copies: they belong to one refresh, and no reader has a use for them."""
    lists = ("touched_with_links", "touched_with_families", "touched_with_iterations", "items_open_before")
    for table in (_REFERENCES, _SOURCES, _ITEMS, *(f"quality.{name}" for name in lists), *_BEFORE):
        connection.execute(f"drop table if exists {table}")


def _touch_jira_items(connection: duckdb.DuckDBPyConnection, moment: dict[str, datetime]) -> None:
    """List the touched issues: Jira's exports say of each row which issue it is about."""
    connection.execute(
        f"""
        insert into {_REFERENCES}
        select source_id, issue_id from raw_jira.issues
        where created > $before or updated > $before or resolved > $before or archived > $before
        union
        select source_id, issue_ref from raw_jira.issue_changes where changed > $before
        union
        select source_id, native_id from quality.{census.TABLE.name} where checked_at > $before""",
        moment,
    )
    _touch_what_lists_say(connection)
    _complete_jira_references(connection)
    connection.execute(
        f"""
        insert into {_ITEMS}
        select distinct source_id || ':' || reference from {_REFERENCES}
        where (source_id, reference) in (select source_id, issue_id from raw_jira.issues)
        union
        select work_item_id from {_JIRA_ISSUES}
        where (source_id, native_id) in (select source_id, reference from {_REFERENCES})"""
    )


def has_mapping_boundary(connection: duckdb.DuckDBPyConnection, as_of_before: datetime, as_of: datetime) -> bool:
    """Tell whether a dated mapping begins or ends to hold between the two moments: that touches any item."""
    row = connection.execute(
        "select count(*) from intermediate.int_mapping_boundaries_listed"
        " where boundary_at > $before and boundary_at <= $now",
        {"before": as_of_before, "now": as_of},
    ).fetchone()
    return bool(row and row[0])


def _touch_what_lists_say(connection: duckdb.DuckDBPyConnection) -> None:
    """Touch what follows from Jira's lists: issues of a sprint that is told otherwise, all if fields were renamed."""
    connection.execute(
        f"""
        insert into {_REFERENCES}
        select distinct sprints.source_id, sprints.issue_id
        from raw_jira.issue_sprints as sprints
        inner join (
            (from intermediate.int_exported_iterations_unioned except from quality.iterations_before)
            union
            (from quality.iterations_before except from intermediate.int_exported_iterations_unioned)
        ) as changed
            on sprints.source_id = changed.source_id
            and (
                sprints.sprint_id = changed.iteration_id
                or lower(sprints.sprint_name) = lower(changed.iteration_name)
            )"""
    )
    connection.execute(
        f"""
        insert into {_REFERENCES}
        select distinct issues.source_id, issues.issue_id
        from raw_jira.issues as issues
        where issues.source_id in (
            select source_id from (from staging.stg_jira__fields except from quality.fields_before)
            union
            select source_id from (from quality.fields_before except from staging.stg_jira__fields)
        )"""
    )


def _complete_jira_references(connection: duckdb.DuckDBPyConnection) -> None:
    """An issue is known by its id and by any key it ever had: each of them brings all the others."""
    for named in ("issue_key", "issue_id"):
        connection.execute(
            f"""
            insert into {_REFERENCES}
            select issues.source_id, unnest([issues.issue_id, issues.issue_key])
            from raw_jira.issues as issues
            where (issues.source_id, issues.{named}) in (select source_id, reference from {_REFERENCES})"""
        )
    connection.execute(
        f"""
        create or replace table {_REFERENCES} as
        select distinct source_id, reference from {_REFERENCES} where reference is not null"""
    )


def _exists(connection: duckdb.DuckDBPyConnection, relation: str) -> bool:
    schema, _, name = relation.partition(".")
    row = connection.execute(
        "select count(*) from information_schema.tables where table_schema = ? and table_name = ?", [schema, name]
    ).fetchone()
    return bool(row and row[0])
