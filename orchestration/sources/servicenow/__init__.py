"""ServiceNow: the incident audit log as CSV, and records of the Table API with their audit entries, choices and groups.

Belongs here: putting the kinds together. Does not belong here: how the log (``audit_log``) and the API's answers
(``table_api``) are read, and what a state means (dbt).

People (callers, openers, resolvers, assignees, watch lists, comments) are not read at all.
"""

from orchestration.sources.export_format import ExportKind, SourceSettings, ToolFormat
from orchestration.sources.servicenow import audit_log, table_api
from orchestration.sources.servicenow.files import recognise


def kinds(settings: SourceSettings) -> dict[str, ExportKind]:
    """Declare the export kinds for one source; ``settings.fields`` maps roles to names of fields."""
    return {kind.name: kind for kind in (audit_log.kind(settings), *table_api.kinds(settings))}


FORMAT = ToolFormat(
    tool="servicenow",
    tables=(audit_log.TABLE, *table_api.TABLES),
    recognise=recognise,
    kinds=kinds,
    moments=(
        ("incident_updates", "updated"),
        ("incident_updates", "opened"),
        ("records", "updated"),
        ("records", "opened"),
        ("records", "created"),
        ("audit_entries", "changed"),
    ),
)
