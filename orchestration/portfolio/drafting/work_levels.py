"""From the types of a tool to levels and work types, by their names.

Belongs here: what a type's name says. Does not belong here: rules that people add with labels or projects.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from orchestration.portfolio.drafting.observations import ObservedType
from orchestration.portfolio.models import WorkType
from orchestration.portfolio.workflow import Level

# First match wins; a whole name where a word alone would mislead ("New Feature" is a story's type).
_LEVELS: tuple[tuple[str, Level], ...] = (
    (r"^(epics?|initiatives?|themes?|sagas?|objectives?|business epic|portfolio epic|史诗)$", "epic"),
    (r"\bepic\b|\binitiative\b", "epic"),
    (r"^capabilit(y|ies)$", "capability"),
    (r"^features?$", "feature"),
)
_WORK_TYPES: tuple[tuple[str, WorkType], ...] = (
    (r"bug|defect|fault|incident|problem|fehler|regression|hotfix|缺陷", "defect"),
    (r"debt|refactor|clean-?up", "debt"),
    (r"risk|security|vulnerab|complian|audit|regulat", "risk"),
    (r"spike|enabler|research|technical|chore|maintenance|infrastructure|architecture|test case", "enabler"),
)
_KNOWN_STORIES = re.compile(
    r"story|stories|backlog item|requirement|task|improvement|feature|issue|request|change|ticket|work item"
    r"|aufgabe|anforderung|需求|任务",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class DraftedType:
    """A type with its level and work type; `is_known` is false where its name says nothing and stories are assumed."""

    name: str
    n_items: int
    level: Level
    work_type: WorkType
    is_known: bool


def draft_types(types: Iterable[ObservedType]) -> list[DraftedType]:
    """Return level and work type of every type that is not only of sub-tasks, the most frequent first."""
    counted: dict[str, ObservedType] = {}
    for each in types:
        if not each.is_subtask:
            before = counted.get(each.name)
            counted[each.name] = ObservedType(each.name, each.n_items + (before.n_items if before else 0))
    drafted = [_drafted(each) for each in counted.values()]
    return sorted(drafted, key=lambda each: (-each.n_items, each.name))


def _drafted(observed: ObservedType) -> DraftedType:
    name = observed.name.strip().casefold()
    level = next((level for pattern, level in _LEVELS if re.search(pattern, name)), None)
    work_type = next((kind for pattern, kind in _WORK_TYPES if re.search(pattern, name)), None)
    is_known = level is not None or work_type is not None or bool(_KNOWN_STORIES.search(name))
    return DraftedType(observed.name, observed.n_items, level or "story", work_type or "feature", is_known)
