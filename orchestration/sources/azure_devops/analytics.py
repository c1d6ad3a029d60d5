"""Exports of Azure DevOps Analytics: the OData sets ``WorkItemRevisions`` and ``WorkItems``.

Belongs here: one OData record as a row of ``revisions``. Does not belong here: the daily snapshots of Analytics, which
tell less of the same, and the REST answers (``work_items``). Analytics calls a field by its last name
(``StoryPoints``), a custom one by its reference name with underscores (``Custom_Team``).
"""

from orchestration.sources.azure_devops.fields import Role, first_filled, roles
from orchestration.sources.azure_devops.saved_answers import impossible, in_every_layout, moment
from orchestration.sources.azure_devops.work_items import REVISIONS
from orchestration.sources.export_format import ExportKind, SourceSettings

_OTHER_NAMES = {
    "System.TeamProject": "ProjectName",
    "System.Tags": "TagNames",
    "System.Parent": "ParentWorkItemId",
}
# Where a query expands the navigation property instead of selecting a column.
_EXPANDED = {
    "System.TeamProject": ("Project", "ProjectName"),
    "System.AreaPath": ("Area", "AreaPath"),
    "System.IterationPath": ("Iteration", "IterationPath"),
}


def kinds(settings: SourceSettings) -> dict[str, ExportKind]:
    """Declare the OData records for one source; its mapped fields are part of what is read."""
    columns = {"WorkItemId": "VARCHAR", "Revision": "VARCHAR", "StateCategory": "VARCHAR"}
    for role in roles(settings):
        for field in role.fields:
            columns |= dict.fromkeys(_names(field), "VARCHAR")
    columns |= {parent: f"STRUCT({child} VARCHAR)" for parent, child in _EXPANDED.values()}
    listed = ", ".join(_value(role) for role in roles(settings))
    return in_every_layout(
        "analytics_revisions",
        record_columns=columns,
        selects={
            REVISIONS.name: f"""
                select export_file, exported_at, record.WorkItemId, try_cast(record.Revision as bigint), 'analytics',
                    {listed}, record.StateCategory, NULL
                from landed where refusal is null"""
        },
        key="record.WorkItemId || ' revision ' || record.Revision",
        rows_in=REVISIONS.name,
        refusal="case when record.WorkItemId is null then 'revision without WorkItemId'"
        " when try_cast(record.Revision as bigint) is null then 'revision without its number; select Revision'"
        " when nullif(trim(record.CreatedDate), '') is null then 'revision without CreatedDate; select it'"
        " when nullif(trim(record.ChangedDate), '') is null then 'revision without ChangedDate; select it'"
        + impossible("record.CreatedDate", "created")
        + impossible("record.ChangedDate", "changed")
        + " end",
    )


def _names(field: str) -> tuple[str, ...]:
    """Return what Analytics may call a field, the likeliest name first."""
    short = _OTHER_NAMES.get(field, field.rsplit(".", 1)[-1])
    whole = field.replace(".", "_")
    return (short, whole) if field.startswith(("System.", "Microsoft.")) else (whole,)


def _value(role: Role) -> str:
    names = tuple(name for field in role.fields for name in _names(field))
    values = [first_filled("record", names)]
    values += [f"record.{parent}.{child}" for field, (parent, child) in _EXPANDED.items() if field in role.fields]
    value = f"coalesce({', '.join(values)}, NULL)"
    if role.type == "TIMESTAMPTZ":
        return moment(value)
    return value if role.type == "VARCHAR" else f"try_cast({value} as {role.type})"
