"""Which kind of GitHub export a file is, told from its beginning, and from its name where two kinds look alike.

Belongs here: recognising. Does not belong here: what is read from a file (the modules named for the entities).
"""

import json
import re
from collections.abc import Iterable

from orchestration.sources.export_format import SourceSettings
from orchestration.sources.github.answers import ANSWER_LIST, Entity
from orchestration.sources.json_exports import recognise_among

# Lists of issues that say what an issue is to another one.
_RELATIONS = re.compile(r"sub[-_]issues|blocked[-_]by|blocking", re.IGNORECASE)
_REQUEST = re.compile(r'^\s*\{\s*"url"\s*:\s*"([^"]*)"')
# An answer without records tells nothing of itself: its file's name does.
_EMPTY_ANSWERS = (
    ("workflow_jobs", r"jobs"),
    ("workflow_runs", r"runs"),
    ("issue_events", r"events|timeline"),
    ("deployment_statuses", r"statuses"),
    ("deployments", r"deployments"),
    ("reviews", r"reviews"),
    ("commits", r"commits"),
    ("milestones", r"milestones"),
    ("code_scanning_alerts", r"code[-_]scanning"),
    ("dependabot_alerts", r"dependabot"),
    ("secret_scanning_alerts", r"secret[-_]scanning"),
    ("pull_requests", r"pulls|pull[-_]requests"),
    ("issues", r"issues"),
)


def recognise_among_entities(entities: Iterable[Entity], file_name: str, head: str) -> str | None:
    """Name the export kind of a file, or None if it is not GitHub's."""
    text = head.lstrip("\ufeff \t\r\n")
    if re.match(r'\{\s*"(data|errors)"\s*:', text):
        return _graphql_kind(text)
    if re.match(r"\{", text) and re.search(r'"(fieldValueByName|fieldValues)"\s*:', text.split("\n", 1)[0]):
        return "project_items" if _is_one_line(text) else None
    declared = [entity.declared(SourceSettings()) for entity in entities]
    request = _REQUEST.match(text)
    address = request[1] if request else file_name
    kind = recognise_among(declared, text) or _kind_of_empty_answer(text, address)
    if kind and kind.startswith("issues") and _RELATIONS.search(address):
        return "issue_relations" + kind.removeprefix("issues")
    return kind


def _graphql_kind(text: str) -> str | None:
    if '"timelineItems"' in text:
        return "graphql_timelines"
    if any(mark in text for mark in ('"projectV2"', '"fieldValue', '"items"')) or re.search(r'"errors"\s*:\s*\[', text):
        return "graphql_projects"
    return None


def _kind_of_empty_answer(text: str, address: str) -> str | None:
    is_array = re.fullmatch(r"\[\s*\]\s*", text) is not None
    is_answer = re.match(rf'\{{\s*"url"[^\[]*"{ANSWER_LIST}"\s*:\s*\[\s*\]', text) is not None
    if not (is_array or is_answer):
        return None
    last = address.rsplit("?", 1)[0].lower()
    # The part that the address ends with tells; what comes before it is where that belongs to.
    found = [(match.end(), kind) for kind, mark in _EMPTY_ANSWERS for match in re.finditer(mark, last)]
    if not found:
        return None
    return max(found)[1] + (f"_in_{ANSWER_LIST}" if is_answer else "_array")


def _is_one_line(text: str) -> bool:
    try:
        json.loads(text.split("\n", 1)[0])
    except ValueError:
        return False
    return True
