"""What surrounds work items: query answers, states, iterations, areas, links with dates, team capacity.

Belongs here: one record of each as a row of its raw table. Does not belong here: the work items themselves
(``work_items``, ``updates``). Of team capacity only hours and days off are read, not whose they are.

Shapes follow the REST API's ``wit/wiql``, ``wit/workitemtypes`` and its ``states``, ``work/teamsettings/iterations``
and its ``capacities``, ``wit/classificationnodes`` and ``wit/reporting/workitemlinks``.
"""

from orchestration.sources.azure_devops.saved_answers import (
    DEFAULT_LIST,
    impossible,
    in_every_layout,
    moment,
)
from orchestration.sources.export_format import ExportKind, RawTable

QUERY_RESULTS = RawTable(
    "query_results",
    {"item_id": "VARCHAR", "as_of": "TIMESTAMPTZ"},
    "One row per work item that a query announced and export file.",
)
STATES = RawTable(
    "states",
    {"state": "VARCHAR", "state_category": "VARCHAR", "item_type": "VARCHAR"},
    "One row per state of a work item type and export file; the type is NULL where the answer does not name it.",
)
ITERATIONS = RawTable(
    "iterations",
    {
        "iteration_id": "VARCHAR",
        "iteration_name": "VARCHAR",
        "iteration_path": "VARCHAR",
        "starts": "TIMESTAMPTZ",
        "finishes": "TIMESTAMPTZ",
        "time_frame": "VARCHAR",
        "team_id": "VARCHAR",
    },
    "One row per iteration of a team, or of a project's tree, and export file.",
)
AREAS = RawTable(
    "areas",
    {"area_id": "VARCHAR", "area_name": "VARCHAR", "area_path": "VARCHAR"},
    "One row per area of a project's tree and export file.",
)
LINK_CHANGES = RawTable(
    "link_changes",
    {
        "item_id": "VARCHAR",
        "rel": "VARCHAR",
        "target_id": "VARCHAR",
        "is_active": "BOOLEAN",
        "changed": "TIMESTAMPTZ",
    },
    "One row per link of the reporting stream, as its newest change left it.",
)
CAPACITIES = RawTable(
    "capacities",
    {
        "iteration_id": "VARCHAR",
        "team_id": "VARCHAR",
        "member_number": "BIGINT",
        "activity": "VARCHAR",
        "hours_per_day": "DOUBLE",
        "n_days_off": "BIGINT",
    },
    "One row per iteration, team, nameless member and activity: planned hours a day, and that member's days off.",
)
TABLES = (QUERY_RESULTS, STATES, ITERATIONS, AREAS, LINK_CHANGES, CAPACITIES)


def kinds() -> dict[str, ExportKind]:
    """Declare the kinds; nothing of them depends on the portfolio."""
    return {
        _QUERY_ANSWERS.name: _QUERY_ANSWERS,
        **_STATES,
        **_WORK_ITEM_TYPES,
        **_ITERATIONS,
        **_NODES,
        **_LINK_CHANGES,
        **_CAPACITIES,
    }


# A flat query lists work items; a query of links lists sources and targets.
_QUERY_ANSWERS = ExportKind(
    "query_answers",
    "unstructured",
    {
        "queryType": "VARCHAR",
        "asOf": "VARCHAR",
        "workItems": "STRUCT(id VARCHAR)[]",
        "workItemRelations": "STRUCT(target STRUCT(id VARCHAR))[]",
    },
    {
        QUERY_RESULTS.name: f"""
            select distinct export_file, exported_at, item_id, as_of
            from (
                select export_file, exported_at, {moment("record.asOf")} as as_of, unnest(list_concat(
                    list_transform(coalesce(record.workItems, []), lambda item: item.id),
                    list_transform(coalesce(record.workItemRelations, []), lambda link: link.target.id)
                )) as item_id
                from landed where refusal is null
            )
            where item_id is not null"""
    },
    key="record.queryType",
    refusal="case when record.workItems is null and record.workItemRelations is null"
    " then 'query answer without work items'" + impossible("record.asOf", "query") + " end",
)

_STATES = in_every_layout(
    "states",
    # Processes of the organisation write `stateCategory` for what projects call `category`.
    record_columns={"name": "VARCHAR", "category": "VARCHAR", "stateCategory": "VARCHAR"},
    selects={
        STATES.name: "select export_file, exported_at, record.name, coalesce(record.category, record.stateCategory),"
        " NULL from landed where refusal is null"
    },
    key="record.name",
    rows_in=STATES.name,
    refusal="case when record.name is null then 'state without name'"
    " when coalesce(record.category, record.stateCategory) is null then 'state without category' end",
)

_WORK_ITEM_TYPES = in_every_layout(
    "work_item_types",
    record_columns={"name": "VARCHAR", "states": "STRUCT(name VARCHAR, category VARCHAR, stateCategory VARCHAR)[]"},
    selects={
        STATES.name: """
            select export_file, exported_at, state.name, coalesce(state.category, state.stateCategory), item_type
            from (
                select export_file, exported_at, record.name as item_type, unnest(record.states) as state
                from landed where refusal is null
            )
            where state.name is not null and coalesce(state.category, state.stateCategory) is not null"""
    },
    key="record.name",
    refusal="case when record.name is null then 'work item type without name' end",
)

_ITERATIONS = in_every_layout(
    "iterations",
    record_columns={
        "id": "VARCHAR",
        "name": "VARCHAR",
        "path": "VARCHAR",
        "url": "VARCHAR",
        "attributes": "STRUCT(startDate VARCHAR, finishDate VARCHAR, timeFrame VARCHAR)",
    },
    selects={
        # Iterations may be planned years ahead, so their dates are not held to lie before the export.
        ITERATIONS.name: """
            select export_file, exported_at, record.id, record.name, record.path,
                try_cast(record.attributes.startDate as timestamptz),
                try_cast(record.attributes.finishDate as timestamptz), lower(record.attributes.timeFrame),
                nullif(regexp_extract(record.url, '/([^/]+)/_apis/work/teamsettings/', 1), '')
            from landed where refusal is null"""
    },
    key="record.name",
    rows_in=ITERATIONS.name,
    refusal="case when record.id is null then 'iteration without id'"
    " when record.path is null then 'iteration without path' end",
)

# The tree says \Project\Iteration\Release 1 where a work item says Project\Release 1.
_NODE_PATH = "regexp_replace(ltrim(node.path, '\\'), '^([^\\\\]+)\\\\(Iteration|Area)(\\\\|$)', '\\1\\3', 'i')"
_TREE = """
    with recursive nodes as (
        select export_file, exported_at, struct_pack(id := record.id, identifier := record.identifier,
            name := record.name, structureType := record.structureType, path := record.path,
            attributes := record.attributes, children := record.children) as node
        from landed where refusal is null
        union all
        select export_file, exported_at, unnest(from_json(node.children, '[{"id": "VARCHAR", "identifier": "VARCHAR",
            "name": "VARCHAR", "structureType": "VARCHAR", "path": "VARCHAR",
            "attributes": {"startDate": "VARCHAR", "finishDate": "VARCHAR"}, "children": "JSON"}]'))
        from nodes where json_array_length(node.children) > 0
    )"""
_NODES = in_every_layout(
    "nodes",
    record_columns={
        "id": "VARCHAR",
        "identifier": "VARCHAR",
        "name": "VARCHAR",
        "structureType": "VARCHAR",
        "path": "VARCHAR",
        "attributes": "STRUCT(startDate VARCHAR, finishDate VARCHAR)",
        "children": "JSON",
    },
    selects={
        ITERATIONS.name: f"""{_TREE}
            select export_file, exported_at, coalesce(node.identifier, node.id), node.name, {_NODE_PATH},
                try_cast(node.attributes.startDate as timestamptz), try_cast(node.attributes.finishDate as timestamptz),
                NULL, NULL
            from nodes where lower(node.structureType) = 'iteration' and node.path is not null""",
        AREAS.name: f"""{_TREE}
            select export_file, exported_at, coalesce(node.identifier, node.id), node.name, {_NODE_PATH}
            from nodes where lower(node.structureType) = 'area' and node.path is not null""",
    },
    key="record.name",
    refusal="case when record.identifier is null and record.id is null then 'node without id'"
    " when coalesce(lower(record.structureType), '') not in ('iteration', 'area') then 'node of unknown structure: '"
    " || coalesce(record.structureType, 'none')"
    " when record.path is null then 'node without path; export it with a depth' end",
)

_LINK_CHANGES = in_every_layout(
    "link_changes",
    record_columns={
        "rel": "VARCHAR",
        "attributes": "STRUCT(isActive BOOLEAN, changedDate VARCHAR, sourceId VARCHAR, targetId VARCHAR)",
    },
    selects={
        LINK_CHANGES.name: f"""
            select export_file, exported_at, record.attributes.sourceId, record.rel, record.attributes.targetId,
                coalesce(record.attributes.isActive, true), {moment("record.attributes.changedDate")}
            from landed where refusal is null"""
    },
    key="record.attributes.sourceId || ' ' || record.rel",
    rows_in=LINK_CHANGES.name,
    refusal="case when record.attributes.sourceId is null or record.attributes.targetId is null"
    " then 'link without its two work items'" + impossible("record.attributes.changedDate", "link") + " end",
    lists=(DEFAULT_LIST, "values"),
)

# The member is only counted: a number within the file tells two of them apart, and no more is kept.
_CAPACITIES = in_every_layout(
    "capacities",
    record_columns={
        "activities": "STRUCT(capacityPerDay DOUBLE, name VARCHAR)[]",
        "daysOff": 'STRUCT("start" VARCHAR, "end" VARCHAR)[]',
        "url": "VARCHAR",
    },
    selects={
        CAPACITIES.name: """
            select export_file, exported_at, iteration_id, team_id, member_number, activity.name,
                activity.capacityPerDay, n_days_off
            from (
                select export_file, exported_at,
                    regexp_extract(record.url, '/iterations/([^/]+)/capacities', 1) as iteration_id,
                    nullif(regexp_extract(record.url, '/([^/]+)/_apis/work/teamsettings/', 1), '') as team_id,
                    row_number() over (partition by export_file order by record.url) as member_number,
                    coalesce(list_sum(list_transform(record.daysOff, lambda off: date_diff('day',
                        try_cast(off."start" as timestamptz), try_cast(off."end" as timestamptz)) + 1)), 0)
                        as n_days_off,
                    unnest(record.activities) as activity
                from landed where refusal is null
            )
            where activity is not null"""
    },
    key="regexp_extract(record.url, '/iterations/([^/]+)/capacities', 1)",
    refusal="case when not coalesce(regexp_matches(record.url, '/iterations/[^/]+/capacities'), false)"
    " then 'capacity that does not name its iteration' end",
    lists=(DEFAULT_LIST, "teamMembers"),
)
