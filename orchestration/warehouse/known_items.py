"""The work items that the warehouse knows of a source: what a census of the tool is compared with.

Belongs here: that one question. Does not belong here: asking the tool (``orchestration.pulling``).
"""

import duckdb

from orchestration.sources.pull_plans import KnownItem


def known_items(connection: duckdb.DuckDBPyConnection, source_id: str) -> list[KnownItem]:
    """Return the items of a source that no export and no census has shown as gone; none before the first build.

    An item that a census found deleted is left out, so that it is not asked for again every time; if it comes back, the
    tool lists it.
    """
    relations = connection.execute(
        "select 1 from information_schema.tables where table_schema = 'intermediate'"
        " and table_name = 'int_exported_items_unioned'"
    ).fetchall()
    if not relations:
        return []
    rows = connection.execute(
        """
        select items.native_id, items.item_key, items.project
        from intermediate.int_exported_items_unioned as items
        left join (
            select native_id, arg_max(state, checked_at) as state
            from quality.item_censuses where source_id = $source_id group by native_id
        ) as censuses using (native_id)
        where items.source_id = $source_id and items.removed_at is null
            and coalesce(censuses.state, 'present') <> 'deleted'
        order by items.native_id""",
        {"source_id": source_id},
    ).fetchall()
    return [KnownItem(native_id, item_key, project) for native_id, item_key, project in rows]
