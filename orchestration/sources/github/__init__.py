"""GitHub's exports: answers of its REST API, and of GraphQL where REST has none (projects and their status).

Belongs here: putting the entities together into the format that the loader knows. Does not belong here: any one of
them, nor what state, label or project status mean (dbt).

People (authors, assignees, reviewers, actors) are not read at all.
"""

from orchestration.sources.export_format import ExportKind, SourceSettings, ToolFormat
from orchestration.sources.github import actions, alerts, answers, events, issues, projects, pull_requests
from orchestration.sources.github.files import recognise_among_entities
from orchestration.sources.github.tables import TABLES

# The order tells which of two kinds a record is that has the keys of both: alerts and pull requests have all that an
# issue has.
_ENTITIES = (
    *actions.ENTITIES,
    *alerts.ENTITIES,
    *pull_requests.ENTITIES,
    *issues.ENTITIES,
    events.EVENTS,
)


def recognise(file_name: str, head: str) -> str | None:
    """Name the export kind of a file from its name and its first characters, or None if it is not GitHub's."""
    return recognise_among_entities(_ENTITIES, file_name, head)


def kinds(settings: SourceSettings) -> dict[str, ExportKind]:
    """Declare the export kinds for one source; ``settings.fields`` maps roles to names of a project's fields."""
    timelines = events.graphql_timelines(settings)
    return {
        **answers.kinds((*_ENTITIES, issues.RELATIONS), settings),
        timelines.name: timelines,
        **projects.project_kinds(settings),
    }


FORMAT = ToolFormat(
    tool="github",
    tables=TABLES,
    recognise=recognise,
    kinds=kinds,
    moments=(
        ("issues", "created"),
        ("issues", "updated"),
        ("issue_events", "created"),
        ("pull_requests", "created"),
        ("pull_requests", "updated"),
        ("workflow_runs", "created"),
        ("workflow_runs", "updated"),
        ("deployments", "created"),
        ("deployment_statuses", "created"),
        ("alerts", "created"),
        ("alerts", "closed"),
    ),
)
