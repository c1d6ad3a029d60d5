"""Which kind of Azure DevOps export a file is, told from its name and its beginning.

Belongs here: recognising. Does not belong here: what is read from a file (the modules beside).

An answer does not say what it answers, so a file is told by the keys of its first record. Only the beginning is known,
because a page may be hundreds of megabytes long: the keys are read token by token, up to wherever the beginning ends.
"""

import json
import re
from dataclasses import dataclass, field

from orchestration.sources.azure_devops.saved_answers import DEFAULT_LIST, page_kind

# An entity is recognised by keys that all have to be there; of several entities the first one counts.
_MARKS: tuple[tuple[str, frozenset[str]], ...] = tuple(
    (name, frozenset(keys.split()))
    for name, keys in (
        ("updates", "workItemId rev revisedDate"),
        ("updates", "workItemId rev fields"),
        ("updates", "workItemId rev relations"),
        ("deleted_items", "id deletedDate"),
        ("work_items", "id rev fields"),
        ("analytics_revisions", "WorkItemId Revision"),
        ("link_changes", "rel attributes"),
        ("work_item_types", "name referenceName states"),
        ("states", "name category"),
        ("states", "name stateCategory"),
        ("nodes", "structureType name"),
        ("iterations", "id name path attributes"),
        ("capacities", "teamMember activities"),
        ("pull_requests", "pullRequestId sourceRefName"),
        ("pull_request_threads", "id comments publishedDate"),
        ("pull_request_commits", "commitId author"),
        ("pull_request_commits", "commitId comment"),
        ("builds", "id buildNumber status"),
        ("release_deployments", "id releaseEnvironment deploymentStatus"),
        ("environment_deployments", "id environmentId definition"),
        ("environment_deployments", "id environmentId stageName"),
        ("environments", "id name createdOn lastModifiedOn"),
    )
)
# An answer without records names its entity nowhere; nothing is lost by reading none as work items.
_EMPTY = "work_items"
_PAGE_LISTS = (DEFAULT_LIST, "values", "teamMembers")
_SEVERAL_LISTS = {"work_items": {"values"}, "link_changes": {"values"}, "capacities": {"teamMembers"}}
_LISTS = (*_PAGE_LISTS, "records")
_DEPTH_OF_LIST = 2
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]')
_LINES_LOOKED_AT = 50


@dataclass
class _Beginning:
    """The keys at the beginning of a JSON text: of its outer object and of the first record, and where that lies."""

    is_array: bool
    outer_keys: set[str] = field(default_factory=set)
    record_keys: set[str] = field(default_factory=set)
    listed: str | None = None

    @property
    def record_depth(self) -> int | None:
        """How many brackets are open inside a record; None while no list of records has begun."""
        if self.is_array:
            return _DEPTH_OF_LIST
        return _DEPTH_OF_LIST + 1 if self.listed else None


def recognise(file_name: str, head: str) -> str | None:
    """Name the export kind of a file from its name and its first characters, or None if it is not Azure DevOps'.

    A beginning that is no JSON at all still counts as records one per line if a later line is a record, so that one
    torn line does not lose a file.
    """
    del file_name  # the same answer may be saved under any name
    text = head.lstrip("\ufeff \t\r\n")
    by_line = _kind_of_lines(text)
    if not text.startswith(("{", "[")):
        return by_line
    beginning = _read_beginning(text)
    if beginning.is_array:
        entity = _entity(beginning.record_keys)
        return f"{entity}_array" if entity else None
    return _kind_of_document(beginning) or by_line or _documents(beginning)


def _kind_of_document(beginning: _Beginning) -> str | None:
    """Name the kind of a file that begins with an answer, as opposed to a record of one."""
    if beginning.outer_keys & {"workItems", "workItemRelations"} and "queryType" in beginning.outer_keys:
        return "query_answers"
    if beginning.listed == "records" and beginning.record_keys & {"parentId", "identifier", "previousAttempts"}:
        return "timelines"
    if beginning.listed not in _PAGE_LISTS:
        return None
    entity = _entity(beginning.record_keys)
    if entity is None:
        is_empty = beginning.listed == DEFAULT_LIST and not beginning.record_keys
        return page_kind(_EMPTY, DEFAULT_LIST) if is_empty and "count" in beginning.outer_keys else None
    known = beginning.listed == DEFAULT_LIST or beginning.listed in _SEVERAL_LISTS.get(entity, ())
    return page_kind(entity, beginning.listed) if known else None


def _documents(beginning: _Beginning) -> str | None:
    entity = _entity(beginning.outer_keys)
    return f"{entity}_documents" if entity else None


def _kind_of_lines(text: str) -> str | None:
    for line in text.splitlines()[:_LINES_LOOKED_AT]:
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict) and (entity := _entity(set(document))):
            return entity
    return None


def _entity(keys: set[str]) -> str | None:
    return next((name for name, marks in _MARKS if marks <= keys), None)


def _read_beginning(text: str) -> _Beginning:
    """Collect the keys of the outer object and of the first record in its first list of records (or of an array)."""
    beginning = _Beginning(is_array=text.startswith("["))
    depth = 0
    previous, key = "", ""
    for match in _TOKENS.finditer(text):
        mark = match.group()
        if mark in ("{", "["):
            depth += 1
            if mark == "[" and depth == _DEPTH_OF_LIST and not beginning.is_array and key in _LISTS:
                beginning.listed = beginning.listed or key
        elif mark in ("}", "]"):
            depth -= 1
            if depth == 0 or (beginning.record_keys and depth < (beginning.record_depth or 0)):
                break
        elif mark == ":":
            key = previous[1:-1] if depth == 1 else key
            if depth == 1:
                beginning.outer_keys.add(key)
            elif depth == beginning.record_depth:
                beginning.record_keys.add(previous[1:-1])
        previous = mark
    return beginning
