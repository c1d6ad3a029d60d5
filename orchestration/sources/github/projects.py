"""Items of GitHub's Projects (v2), as GraphQL answers: the status and the mapped fields that each held when exported.

Belongs here: what is read of a project's items. Does not belong here: when a value changed between two exports (dbt).
Fields that hold people are not read, nor any that is neither ``Status`` nor mapped by the portfolio (``fields:``, by
the field's name).

GraphQL tells no history of a field, so each export is a moment of it: exports have to stay under names of their own, as
pulls write them. A file written over takes the moment that it held before with it.
"""

from orchestration.sources.export_format import ExportKind, SourceSettings
from orchestration.sources.github.answers import refusal, repository_in
from orchestration.sources.instants import instant

STATUS_FIELD = "Status"

_VALUE = (
    'STRUCT("name" VARCHAR, "text" VARCHAR, "number" DOUBLE, "date" VARCHAR, title VARCHAR, updatedAt VARCHAR,'
    ' field STRUCT("name" VARCHAR))'
)
_ITEM_FIELDS = {
    "id": "VARCHAR",
    "isArchived": "BOOLEAN",
    "updatedAt": "VARCHAR",
    "content": "STRUCT(number BIGINT, url VARCHAR, repository STRUCT(nameWithOwner VARCHAR))",
    "fieldValueByName": _VALUE,
    "status": _VALUE,
    "fieldValues": f"STRUCT(nodes {_VALUE}[])",
    "project": "STRUCT(id VARCHAR, title VARCHAR)",
}
_ITEM = "STRUCT(" + ", ".join(f'"{name}" {kind}' for name, kind in _ITEM_FIELDS.items()) + ")"
_PROJECT = f"STRUCT(id VARCHAR, title VARCHAR, items STRUCT(nodes {_ITEM}[]))"
_PROJECT_OF_ANSWER = """coalesce(
    record.data.node, record.data.organization.projectV2, record.data."user".projectV2,
    record.data.repository.projectV2, record.data.viewer.projectV2
)"""


def project_kinds(settings: SourceSettings) -> dict[str, ExportKind]:
    """Declare GraphQL's answers with a project's items, and the items one a line."""
    of_answer = f"""(
        select export_file, exported_at, project.id as project_id, unnest(project.items.nodes) as item
        from (select *, {_PROJECT_OF_ANSWER} as project from landed where refusal is null))"""
    answer_reason = _item_reason("item", settings)
    line_reason = _item_reason("record", settings)
    lines = (
        "(select export_file, exported_at, record.project.id as project_id, record as item from landed"
        " where refusal is null)"
    )
    answers = ExportKind(
        "graphql_projects",
        "unstructured",
        {
            "data": f"STRUCT(node {_PROJECT}, organization STRUCT(projectV2 {_PROJECT}),"
            f' "user" STRUCT(projectV2 {_PROJECT}), repository STRUCT(projectV2 {_PROJECT}),'
            f" viewer STRUCT(projectV2 {_PROJECT}))",
            "errors": "STRUCT(message VARCHAR)[]",
        },
        {"project_values": _values(f"(select * from {of_answer} where {answer_reason} is null)", settings)},
        key="'GraphQL answer'",
        refusal=f"""case
            when record.data is null and record.errors is not null
                then 'GraphQL error: ' || coalesce(left(record.errors[1].message, 200), 'unnamed')
            when {_PROJECT_OF_ANSWER} is null then 'GraphQL answer without a project'
        end""",
        unreadable_parts=f"select export_file, item.id as record_key, {answer_reason} as reason from {of_answer}"
        f" where {answer_reason} is not null",
    )
    items = ExportKind(
        "project_items",
        "newline_delimited",
        _ITEM_FIELDS,
        {"project_values": _values(lines, settings)},
        key="record.id",
        refusal=line_reason,
    )
    return {kind.name: kind for kind in (answers, items)}


def _item_reason(item: str, settings: SourceSettings) -> str:
    """Say why an item cannot be loaded. A draft belongs to no repository and is no item of work yet."""
    return refusal(
        "project item",
        settings,
        named_by={"id": f"{item}.id"},
        required_date=None,
        dates=(f"{item}.updatedAt", f"{item}.fieldValueByName.updatedAt", f"{item}.status.updatedAt"),
    )


def _values(items: str, settings: SourceSettings) -> str:
    """One row per field; a status asked for by an alias has no field's name in the answer.

    An item without a status has a row that says so, because having lost one is a change too. The same goes for the
    mapped fields, where the item's fields were asked for at all.
    """
    mapped = sorted(name for name in set(settings.fields.values()) if name.lower() != STATUS_FIELD.lower())
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in mapped)
    status = "coalesce(item.fieldValueByName, item.status)"
    return f"""
        select export_file, exported_at, project_id, item.id,
            coalesce(item.content.repository.nameWithOwner, {repository_in("item.content.url")},
                nullif(regexp_extract(item.content.url, '^https?://[^/]+/([^/]+/[^/]+)/', 1), '')),
            item.content.number, field_name,
            coalesce(held."name", held.title, held."text", held."number"::varchar, held."date"),
            {instant("held.updatedAt", settings)}, coalesce(item.isArchived, false)
        from (
            select *, '{STATUS_FIELD}' as field_name,
                coalesce(
                    {status},
                    list_filter(item.fieldValues.nodes, lambda each: lower(each.field."name") = 'status')[1]
                ) as held
            from {items}
            union all
            select *, list_filter(
                item.fieldValues.nodes, lambda each: lower(each.field."name") = lower(field_name)
            )[1] as held
            from (select *, unnest([{names}]::varchar[]) as field_name from {items})
            where item.fieldValues.nodes is not null
        )
        where item.content.number is not null"""
