"""Work items as they were at a revision: batches, single items, revisions, the reporting stream, the recycle bin.

Belongs here: one record as a row of ``revisions`` and its links as rows of ``relations``. Does not belong here: what
changed between revisions (``updates`` has the tool's own account of it; else dbt compares), Analytics (``analytics``).

Shapes follow the REST API's ``wit/workitems`` (also ``workitemsbatch``), ``wit/workItems/{id}/revisions``,
``wit/reporting/workitemrevisions`` and ``wit/recyclebin``.
"""

from orchestration.sources.azure_devops.fields import Role, field_names, first_filled, roles
from orchestration.sources.azure_devops.saved_answers import (
    DEFAULT_LIST,
    impossible,
    in_every_layout,
    moment,
    named,
)
from orchestration.sources.export_format import ExportKind, RawTable, SourceSettings

RELATION = "STRUCT(rel VARCHAR, url VARCHAR)"

REVISIONS = RawTable(
    "revisions",
    {
        "item_id": "VARCHAR",
        "rev": "BIGINT",
        "origin": "VARCHAR",
        **{role.name: role.type for role in roles(SourceSettings())},
        "state_category": "VARCHAR",
        "web_url": "VARCHAR",
    },
    "One row per work item, revision and export file: the fields as they were then. Origin: work_item or analytics.",
)
RELATIONS = RawTable(
    "relations",
    {"item_id": "VARCHAR", "rev": "BIGINT", "changed": "TIMESTAMPTZ", "rel": "VARCHAR", "target_id": "VARCHAR"},
    "One row per link of a work item to another one, as a revision of it shows it.",
)
DELETIONS = RawTable(
    "deletions",
    {
        "item_id": "VARCHAR",
        "project": "VARCHAR",
        "item_type": "VARCHAR",
        "title": "VARCHAR",
        "deleted": "TIMESTAMPTZ",
    },
    "One row per work item in the recycle bin and export file.",
)
TABLES = (REVISIONS, RELATIONS, DELETIONS)


def kinds(settings: SourceSettings) -> dict[str, ExportKind]:
    """Declare work items and the recycle bin for one source; its mapped fields are part of what is read."""
    item = {
        "id": "VARCHAR",
        "rev": "VARCHAR",
        "url": "VARCHAR",
        "_links": "STRUCT(html STRUCT(href VARCHAR))",
        "fields": _fields_struct(settings),
        "relations": f"{RELATION}[]",
    }
    return {
        **in_every_layout(
            "work_items",
            record_columns=item,
            selects={
                REVISIONS.name: _revisions(settings, "record", "landed where refusal is null"),
                RELATIONS.name: _relations("record", "landed where refusal is null"),
            },
            key="record.id",
            rows_in=REVISIONS.name,
            refusal=_REFUSAL,
            lists=(DEFAULT_LIST, "values"),
        ),
        **_recycle_bin(settings, item),
    }


def _fields_struct(settings: SourceSettings) -> str:
    return "STRUCT(" + ", ".join(f"{named(field)} VARCHAR" for field in field_names(settings)) + ")"


_REFUSAL = (
    "case when record.id is null then 'work item without id'"
    " when try_cast(record.rev as bigint) is null then 'work item without a revision number'"
    """ when nullif(trim(record.fields."System.CreatedDate"), '') is null"""
    " then 'work item without System.CreatedDate; export it with that field'"
    + impossible('record.fields."System.CreatedDate"', "created")
    + impossible('record.fields."System.ChangedDate"', "changed")
    + " end"
)


def role_value(role: Role, record: str) -> str:
    """Return SQL for what plays a role in a record's fields, in the type of the column."""
    value = first_filled(record, role.fields)
    if role.type == "TIMESTAMPTZ":
        return moment(value)
    return value if role.type == "VARCHAR" else f"try_cast({value} as {role.type})"


def _revisions(settings: SourceSettings, record: str, source: str) -> str:
    listed = ", ".join(role_value(role, f"{record}.fields") for role in roles(settings))
    # The address of the item itself, not of one of its revisions; people read another page than programs.
    address = f"regexp_replace({record}.url, '/revisions/[0-9]+$', '')"
    return f"""
        select export_file, exported_at, {record}.id, try_cast({record}.rev as bigint), 'work_item', {listed}, NULL,
            coalesce({record}._links.html.href,
                regexp_replace({address}, '/_apis/wit/workitems/', '/_workitems/edit/', 'i'))
        from {source}"""


def target_id(url: str) -> str:
    """Return SQL for the id of the work item that an address names, NULL if it names something else."""
    return f"nullif(regexp_extract({url}, '/_apis/wit/workitems/([0-9]+)$', 1, 'i'), '')"


def _relations(record: str, source: str) -> str:
    return f"""
        select * from (
            select export_file, exported_at, item_id, rev, changed, relation.rel,
                {target_id("relation.url")} as target_id
            from (
                select export_file, exported_at, {record}.id as item_id, try_cast({record}.rev as bigint) as rev,
                    {moment(f'{record}.fields."System.ChangedDate"')} as changed, unnest({record}.relations) as relation
                from {source}
            )
        )
        where target_id is not null"""


def _recycle_bin(settings: SourceSettings, item: dict[str, str]) -> dict[str, ExportKind]:
    whole = "STRUCT(" + ", ".join(f"{named(name)} {type_}" for name, type_ in item.items()) + ")"
    has_whole = (
        "landed where refusal is null and record.resource.id is not null"
        " and try_cast(record.resource.rev as bigint) is not null"
        f""" and {moment('record.resource.fields."System.CreatedDate"')} is not null"""
    )
    return in_every_layout(
        "deleted_items",
        record_columns={
            "id": "VARCHAR",
            "project": "VARCHAR",
            "type": "VARCHAR",
            "name": "VARCHAR",
            "deletedDate": "VARCHAR",
            "resource": whole,
        },
        selects={
            DELETIONS.name: f"""
                select export_file, exported_at, record.id, record.project, record.type, record.name,
                    {moment("record.deletedDate")}
                from landed where refusal is null""",
            REVISIONS.name: _revisions(settings, "record.resource", has_whole),
            RELATIONS.name: _relations("record.resource", has_whole),
        },
        key="record.id",
        rows_in=DELETIONS.name,
        refusal="case when record.id is null then 'deleted work item without id'"
        " when nullif(trim(record.deletedDate), '') is null then 'deleted work item without a date'"
        + impossible("record.deletedDate", "deleted")
        + " end",
    )
