"""GitLab's exports: the REST API's answers, saved page by page or one record a line.

Belongs here: what GitLab hands to the loader. Does not belong here: anything of it in detail (``files`` recognises,
``work_items`` and ``delivery`` declare what is read, ``tables`` where it goes).

Answers that do not name what they belong to (links of an issue, commits of a merge request, issues of an epic) are
told by the address they were asked under: a field ``_request`` in each record, or a path of the file such as
``projects/7/issues/12/links.json``.
"""

from orchestration.sources.export_format import ExportKind, SourceSettings, ToolFormat
from orchestration.sources.gitlab import delivery, work_items
from orchestration.sources.gitlab.files import recognise
from orchestration.sources.gitlab.tables import TABLES
from orchestration.sources.json_exports import kinds_of

__all__ = ["FORMAT", "kinds"]


def kinds(settings: SourceSettings) -> dict[str, ExportKind]:
    """Declare every kind of GitLab export for one source, by name."""
    return kinds_of((*delivery.entities(settings), *work_items.entities(settings)))


FORMAT = ToolFormat(
    tool="gitlab",
    tables=TABLES,
    recognise=recognise,
    kinds=kinds,
    moments=(
        ("issues", "updated"),
        ("issues", "created"),
        ("epics", "updated"),
        ("epics", "created"),
        ("resource_events", "created"),
        ("merge_requests", "updated"),
        ("merge_requests", "created"),
        ("pipelines", "updated"),
        ("pipelines", "created"),
        ("jobs", "created"),
        ("jobs", "finished"),
        ("deployments", "created"),
        ("deployments", "updated"),
        ("vulnerabilities", "updated"),
        ("vulnerabilities", "created"),
    ),
)
