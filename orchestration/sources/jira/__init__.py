"""Jira's exports, of Data Center and of Cloud: JSON answers of its REST API and the issue navigator's CSV.

``files`` tells the kinds of file apart, ``tables`` declares what is kept; ``issues``, ``csv_export``, ``changelogs``
and ``instance`` say how each kind of record fills it. Does not belong here: levels, stages, teams (dbt), opening a
database (the warehouse).

People (assignee, reporter, authors, user pickers, owners of boards) are not read at all.
"""

from orchestration.sources.export_format import ExportKind, SourceSettings, ToolFormat
from orchestration.sources.jira import changelogs, csv_export, instance, issues
from orchestration.sources.jira.files import recognise
from orchestration.sources.jira.tables import TABLES


def kinds(settings: SourceSettings) -> dict[str, ExportKind]:
    """Declare the export kinds for one source."""
    declared = [*issues.kinds(settings), csv_export.kind(settings), *changelogs.kinds(settings), *instance.kinds()]
    return {kind.name: kind for kind in declared}


FORMAT = ToolFormat(
    tool="jira",
    tables=TABLES,
    recognise=recognise,
    kinds=kinds,
    moments=(("issues", "created"), ("issues", "updated"), ("issue_changes", "changed")),
    item_references={
        "issues": ("issue_id", "issue_key"),
        "issue_changes": ("issue_ref",),
        "issue_links": ("issue_id",),
        "issue_sprints": ("issue_id",),
        "worklogs": ("issue_ref",),
    },
    mapped_field_names="select field_id, field_name from raw_jira.fields where source_id = $source_id",
)
