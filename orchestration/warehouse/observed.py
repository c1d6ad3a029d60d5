"""What a build shows of its sources, counted for a first draft of a portfolio: statuses, moves, types, teams, fields.

Belongs here: these counts. Does not belong here: what follows from them (``orchestration.portfolio.drafting``).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.sources import SourceSettings, ToolFormat, UnreadableExport
from orchestration.warehouse.export_inventory import Source, list_exports
from orchestration.warehouse.record_reading import read_records

if TYPE_CHECKING:
    import pandas as pd

# Models of the dbt project that the counts are read from.
OBSERVED_MODELS = ("int_items_unioned", "int_statuses_categorised", "int_item_timelines_built")

# A status under the name that its id has today, of an item of the type it has today; Weir's own word for a status that
# nobody knows is none.
_NAMED = """
    named as (
        select timelines.source_id, timelines.work_item_id, timelines.event_number,
            coalesce(items.item_type, '') as item_type,
            coalesce(statuses.status_name, timelines.status) as status, timelines.status as said
        from intermediate.int_item_timelines_built as timelines
        inner join intermediate.int_items_unioned as items on timelines.work_item_id = items.work_item_id
        left join intermediate.int_statuses_categorised as statuses
            on timelines.source_id = statuses.source_id and timelines.status_id = statuses.status_id
        where timelines.status is not null and trim(timelines.status) <> '' and timelines.status <> 'Unknown'
    )"""

_QUERIES: Mapping[str, str] = {
    # Earlier types, projects and teams count too: a rule that does not know them loses that part of an item's life.
    # A type that only sub-tasks ever had is one of sub-tasks.
    "types": """
        select source_id, coalesce(item_type, '') as item_type, bool_and(coalesce(is_subtask, false)) as is_subtask,
            sum(n) as n
        from (
            select source_id, item_type, is_subtask, 1 as n from intermediate.int_items_unioned
            union all
            select source_id, item_type, is_subtask, 0 as n from intermediate.int_item_timelines_built
        )
        group by source_id, coalesce(item_type, '')""",
    "entries": f"""
        with {_NAMED}
        select source_id, item_type, status, count(distinct work_item_id) as n from named group by all""",
    "births": f"""
        with {_NAMED}
        select source_id, item_type, status, count(*) as n from named where event_number = 1 group by all""",
    "standing": f"""
        with {_NAMED}
        select source_id, item_type, status, count(*) as n
        from (
            select * from named
            qualify row_number() over (partition by work_item_id order by event_number desc) = 1
        )
        group by all""",
    "moves": f"""
        with {_NAMED}
        select source_id, item_type, status_left, status, count(*) as n
        from (
            select *, lag(status) over (partition by work_item_id order by event_number) as status_left from named
        )
        where lower(trim(status_left)) <> lower(trim(status))
        group by all""",
    "names": f"""
        with {_NAMED}
        select source_id, status, said, count(*) as n from named
        where lower(trim(status)) <> lower(trim(said)) group by all""",
    "kinds": """
        select source_id, status_name as status, max(stage_kind) as kind
        from intermediate.int_statuses_categorised where status_name is not null group by all""",
    "resolutions": """
        select source_id, resolution as value, count(*) as n
        from intermediate.int_items_unioned where resolution is not null group by all""",
    "projects": """
        select source_id, project as value, count(distinct work_item_id) as n
        from intermediate.int_item_timelines_built where project is not null group by all""",
    "teams": """
        select source_id, team_value as value, count(distinct work_item_id) as n
        from intermediate.int_item_timelines_built where team_value is not null group by all""",
    "labels": """
        select source_id, value, count(distinct work_item_id) as n
        from (
            select source_id, work_item_id, unnest(string_split(labels, chr(10))) as value
            from intermediate.int_items_unioned where labels is not null
        )
        where value <> '' group by all""",
    "days": """
        select items.source_id, min(items.created_at)::date as first_day, max(timelines.event_at)::date as last_day
        from intermediate.int_items_unioned as items
        inner join intermediate.int_item_timelines_built as timelines
            on items.work_item_id = timelines.work_item_id
        group by all""",
}

# What the filled values of each custom field look like; the columns are those of `FieldContent`.
_FIELD_CONTENTS = r"""
    with filled as (
        select field_id, value, json_type(value) as kind, trim(coalesce(value ->> '$', '')) as shown
        from (
            select field_id, json_extract(fields, '$."' || replace(field_id, '"', '') || '"') as value
            from (select record.fields as fields, unnest(json_keys(record.fields)) as field_id from landed)
        )
        where value is not null and json_type(value) <> 'NULL' and value::varchar not in ('[]', '{}', '""')
    )
    select field_id, count(*) as n_values,
        count(*) filter (where kind in ('UBIGINT', 'BIGINT', 'DOUBLE', 'HUGEINT')) as n_numbers,
        count(*) filter (where kind = 'VARCHAR' and regexp_matches(shown, '^[A-Z][A-Z0-9_]+-[0-9]+$')) as n_keys,
        count(*) filter (
            where value::varchar like '%greenhopper.service.sprint%'
                or (value::varchar like '%"state"%' and value::varchar ilike '%boardId"%')
        ) as n_sprints,
        count(*) filter (where value::varchar ilike '%"impediment"%') as n_impediments,
        count(*) filter (
            where kind = 'VARCHAR'
                or (kind in ('OBJECT', 'ARRAY') and regexp_matches(value::varchar, '"(name|value|title)"'))
        ) as n_named,
        max(try_cast(shown as double)) filter (where kind in ('UBIGINT', 'BIGINT', 'DOUBLE', 'HUGEINT')) as largest
    from filled where field_id like 'customfield%' group by field_id order by field_id"""


def observed_frames(connection: duckdb.DuckDBPyConnection) -> "dict[str, pd.DataFrame]":
    """Return every count by its name; each frame has `source_id`, what is counted, and `n` (of items, or of moves)."""
    return {name: connection.execute(f"select * from ({query}) order by all").df() for name, query in _QUERIES.items()}


def field_names(connection: duckdb.DuckDBPyConnection, tool: ToolFormat, source_id: str) -> dict[str, str]:
    """Return the tool's own list of fields, id → name, as far as one was loaded."""
    if tool.mapped_field_names is None:
        return {}
    rows = connection.execute(tool.mapped_field_names, {"source_id": source_id}).fetchall()
    return {field_id: name for field_id, name in rows if field_id and name}


def field_contents(
    connection: duckdb.DuckDBPyConnection, tool: ToolFormat, source: Source, portfolio_folder: Path, now: datetime
) -> "pd.DataFrame":
    """Return what the custom fields of a source's records hold, a row a field; see `FieldContent` for the columns.

    Read are the files whose records have an object ``fields``, once more and with all of it.
    """
    import pandas as pd

    found = []
    kinds = tool.kinds(SourceSettings())
    files, _ = list_exports(source, portfolio_folder, tool, now)
    for file in files:
        kind = kinds.get(file.kind or "")
        if kind is None or not kind.record_columns.get("fields", "").startswith("STRUCT"):
            continue
        whole = replace(kind, record_columns={"fields": "JSON"}, refusal="NULL", selects={})
        try:
            read_records(connection, whole, [file], SourceSettings())
        except (duckdb.Error, UnreadableExport):
            # Landing tells of a file that cannot be read; the other files may still show the fields.
            continue
        found.append(connection.execute(_FIELD_CONTENTS).df())
    if not found:
        return (
            connection.execute("create or replace temp table landed (record STRUCT(fields JSON))")
            .execute(_FIELD_CONTENTS)
            .df()
        )
    summed = pd.concat(found).groupby("field_id", as_index=False)
    return summed.agg({column: "max" if column == "largest" else "sum" for column in found[0].columns[1:]})
