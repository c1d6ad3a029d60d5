"""Which kind of GitLab export a file is, told from its first record, and from its name where it has none.

Belongs here: recognising. Does not belong here: what is read from a file (``work_items``, ``delivery``).
"""

import re

from orchestration.sources.export_format import SourceSettings
from orchestration.sources.gitlab import delivery, work_items
from orchestration.sources.json_exports import recognise_among

# An empty page shows nothing but that it was asked for, and by its name what.
_NAMES = (
    ("label_events", r"label[_-]?events?"),
    ("milestone_events", r"milestone[_-]?events?"),
    ("iteration_events", r"iteration[_-]?events?"),
    ("weight_events", r"weight[_-]?events?"),
    ("state_events", r"state[_-]?events?"),
    ("issue_links", r"links?"),
    ("epic_issues", r"epics?[_-](\d+[_-])?issues"),
    ("approvals", r"approvals?"),
    ("notes", r"notes"),
    ("commits", r"commits"),
    ("merge_requests", r"merge[_-]?requests"),
    ("jobs", r"jobs|bridges"),
    ("deployments", r"deployments"),
    ("pipelines", r"pipelines?"),
    ("vulnerability_findings", r"vulnerability[_-]findings"),
    ("vulnerabilities", r"vulnerabilities"),
    ("iterations", r"iterations"),
    ("milestones", r"milestones"),
    ("epics", r"epics"),
    ("issues", r"issues"),
    ("projects", r"projects?"),
)
# What tells the entities apart does not depend on a source's settings. The first that fits counts: a merge request has
# all that an issue has.
_ENTITIES = (*delivery.entities(SourceSettings()), *work_items.entities(SourceSettings()))


def recognise(file_name: str, head: str) -> str | None:
    """Name the export kind of a file from its name and its first characters, or None if it is not GitLab's."""
    text = head.lstrip("\ufeff \t\r\n")
    if re.match(r"\[\s*\]", text):
        name = file_name.lower()
        return next((f"{entity}_array" for entity, words in _NAMES if re.search(rf"(^|[^a-z])({words})", name)), None)
    kind = recognise_among(_ENTITIES, text)
    if kind is not None and kind.startswith("milestones") and "/-/iterations/" in text:
        # Older servers write an iteration like a milestone; its address tells them apart.
        return kind.replace("milestones", "iterations")
    return kind
