"""What changed in work items, as Azure Boards itself tells it: ``wit/workItems/{id}/updates``.

Belongs here: an update as rows of ``updates``, ``update_fields`` and ``update_relations``. Does not belong here: when
an update without a change date was made (dbt sees the updates around it), and what a change means.
"""

from orchestration.sources.azure_devops.fields import Role, field_names, plain, roles
from orchestration.sources.azure_devops.saved_answers import impossible, in_every_layout, moment, named, quoted
from orchestration.sources.azure_devops.work_items import RELATION, target_id
from orchestration.sources.export_format import ExportKind, RawTable, SourceSettings

UPDATES = RawTable(
    "updates",
    {
        "item_id": "VARCHAR",
        "update_id": "BIGINT",
        "rev": "BIGINT",
        "changed": "TIMESTAMPTZ",
        "revised": "TIMESTAMPTZ",
        "has_fields": "BOOLEAN",
    },
    "One row per update of a work item and export file; revised is NULL where the update is the newest one.",
)
UPDATE_FIELDS = RawTable(
    "update_fields",
    {
        "item_id": "VARCHAR",
        "update_id": "BIGINT",
        "rev": "BIGINT",
        "role": "VARCHAR",
        "old_value": "VARCHAR",
        "new_value": "VARCHAR",
    },
    "One row per update and field that plays a role; the role says which.",
)
UPDATE_RELATIONS = RawTable(
    "update_relations",
    {"item_id": "VARCHAR", "update_id": "BIGINT", "action": "VARCHAR", "rel": "VARCHAR", "target_id": "VARCHAR"},
    "One row per update and link to another work item that it added or removed.",
)
TABLES = (UPDATES, UPDATE_FIELDS, UPDATE_RELATIONS)

_CHANGE = 'STRUCT("oldValue" VARCHAR, "newValue" VARCHAR)'
_IDENTITY = "record.workItemId as item_id, try_cast(record.id as bigint) as update_id"
# Without the address of its item an update would be nobody's.
_CHANGED = 'coalesce(record.fields."System.ChangedDate"."newValue", record.fields."System.AuthorizedDate"."newValue")'
# An item known by its updates alone is born when the first of them says.
_CREATED = 'record.fields."System.CreatedDate"."newValue"'


def kinds(settings: SourceSettings) -> dict[str, ExportKind]:
    """Declare the updates for one source; its mapped fields are part of what is read."""
    fields = ", ".join(f"{named(field)} {_CHANGE}" for field in field_names(settings))
    return in_every_layout(
        "updates",
        record_columns={
            "id": "VARCHAR",
            "workItemId": "VARCHAR",
            "rev": "VARCHAR",
            "revisedDate": "VARCHAR",
            "fields": f"STRUCT({fields})",
            "relations": f"STRUCT(added {RELATION}[], removed {RELATION}[])",
        },
        selects={
            UPDATES.name: f"""
                select export_file, exported_at, record.workItemId, try_cast(record.id as bigint),
                    try_cast(record.rev as bigint), {moment(_CHANGED)}, {moment("record.revisedDate")},
                    record.fields is not null
                from landed where refusal is null""",
            UPDATE_FIELDS.name: _fields_select(settings),
            UPDATE_RELATIONS.name: _relations_select(),
        },
        key="record.workItemId || ' update ' || record.id",
        rows_in=UPDATES.name,
        refusal="case when record.workItemId is null then 'update that does not name its work item'"
        " when try_cast(record.id as bigint) is null then 'update without id'"
        " when try_cast(record.rev as bigint) is null then 'update without a revision number'"
        + impossible(_CHANGED, "changed")
        + impossible(_CREATED, "created")
        + " end",
    )


def _fields_select(settings: SourceSettings) -> str:
    """One list with a struct for each role that the update touches; a field that is cleared has an old value only."""
    changes = []
    for role in roles(settings):
        if not role.fields:
            continue
        values = {
            side: ", ".join(_value(f'record.fields.{named(field)}."{side}"', role) for field in role.fields)
            for side in ("oldValue", "newValue")
        }
        changes.append(
            f"struct_pack(role := {quoted(role.name)}, old_value := coalesce({values['oldValue']}, NULL),"
            f" new_value := coalesce({values['newValue']}, NULL))"
        )
    return f"""
        select export_file, exported_at, item_id, update_id, rev, change.role, change.old_value, change.new_value
        from (
            select export_file, exported_at, {_IDENTITY}, try_cast(record.rev as bigint) as rev,
                unnest([{", ".join(changes)}]) as change
            from landed where refusal is null and record.fields is not null
        )
        where nullif(change.old_value, '') is not null or nullif(change.new_value, '') is not null"""


def _value(text: str, role: Role) -> str:
    """Return SQL for a value as text; a date that is none, or stands for "never" and "still so", is left out."""
    return f"cast({moment(text)} as varchar)" if role.type == "TIMESTAMPTZ" else plain(text)


def _relations_select() -> str:
    sides = " union all ".join(
        f"select export_file, exported_at, {_IDENTITY}, '{side}' as action, unnest(record.relations.{side}) as relation"
        " from landed where refusal is null"
        for side in ("added", "removed")
    )
    return f"""
        select * from (
            select export_file, exported_at, item_id, update_id, action, relation.rel,
                {target_id("relation.url")} as target_id
            from ({sides})
        )
        where target_id is not null"""
