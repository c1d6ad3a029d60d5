"""Azure DevOps' exports: the answers of its REST services as saved, and Analytics' OData pages.

Belongs here: the typed records read from Azure Boards, Pipelines and Repos, and how they become rows of
``raw_azure_devops.*``. Does not belong here: levels, stages, teams (dbt), opening a database (the warehouse).

People (assigned to, changed by, reviewers, requesters, members of a capacity) are not read at all.
"""

from orchestration.sources.azure_devops import analytics, pipelines, planning, pull_requests, updates, work_items
from orchestration.sources.azure_devops.files import recognise
from orchestration.sources.export_format import ExportKind, SourceSettings, ToolFormat


def kinds(settings: SourceSettings) -> dict[str, ExportKind]:
    """Declare the export kinds for one source; mapped fields of work items are part of what is read."""
    return {
        **work_items.kinds(settings),
        **updates.kinds(settings),
        **analytics.kinds(settings),
        **planning.kinds(),
        **pipelines.kinds(),
        **pull_requests.kinds(),
    }


FORMAT = ToolFormat(
    tool="azure_devops",
    tables=(*work_items.TABLES, *updates.TABLES, *planning.TABLES, *pipelines.TABLES, *pull_requests.TABLES),
    recognise=recognise,
    kinds=kinds,
    moments=(
        ("revisions", "created"),
        ("revisions", "changed"),
        ("updates", "changed"),
        ("query_results", "as_of"),
        ("deletions", "deleted"),
        ("builds", "queued"),
        ("builds", "finished"),
        ("deployments", "started"),
        ("deployments", "finished"),
        ("pull_requests", "created"),
        ("pull_requests", "closed"),
    ),
)
