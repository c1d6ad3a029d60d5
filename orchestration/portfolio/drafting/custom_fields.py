"""Which custom fields of a tool hold estimate, team, parent, flag and sprint: by their names, checked by their content.

Belongs here: the judgement. Does not belong here: reading the fields' values.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# A field's content has to look right in this share of its values.
_ENOUGH = 0.8
_LARGEST_ESTIMATE = 1000.0


@dataclass(frozen=True)
class FieldContent:
    """What the filled values of one custom field look like; counts of values.

    Attributes:
        field_id: The tool's own id.
        n_values: Values that are filled.
        n_numbers: Numbers.
        n_keys: Texts that look like the key of an item (PAY-12).
        n_sprints: Sprints: objects with a state and a board, or Data Center's text of one.
        n_impediments: Values that say "Impediment", which is what Jira's flag says.
        n_named: Objects with a name or value, and plain texts.
        largest: The largest number, None without one.
    """

    field_id: str
    n_values: int
    n_numbers: int = 0
    n_keys: int = 0
    n_sprints: int = 0
    n_impediments: int = 0
    n_named: int = 0
    largest: float | None = None

    def share(self, count: int) -> float:
        """A count as a share of the filled values."""
        return count / self.n_values if self.n_values else 0.0


@dataclass(frozen=True)
class DraftedField:
    """A field for a role, and what speaks for it: "name", "content", or both."""

    role: str
    field_id: str
    name: str
    evidence: str


# Role to names in the order in which they are preferred; all in lower case.
_NAMES: dict[str, tuple[str, ...]] = {
    "estimate": (r"^story points?$", r"^story point estimate$", r"story ?points?", r"^(estimate|points|size|effort)$"),
    "team": (r"^team$", r"^(agile|scrum|delivery|responsible) team$", r"\bteam$", r"^squad$"),
    "parent": (r"^epic link$", r"^parent link$", r"^feature link$"),
    "flagged": (r"^flagged$", r"^impediment$", r"^blocked$"),
    "blocked_reason": (r"^(blocked|flag|impediment) reason$", r"^reason for block"),
    "sprint": (r"^sprint$", r"^sprints$"),
}


def draft_fields(names: Mapping[str, str], contents: Iterable[FieldContent]) -> list[DraftedField]:
    """Return one field for each role that has one.

    A field with the right name is taken if its values look right, or if it has none (an unused flag is still the flag);
    without a name, content decides where it cannot be mistaken: flags, sprints and links to parents.

    Args:
        names: Field id → name, as the tool lists its fields; may be empty.
        contents: What the fields' values look like; fields without any value may be left out.
    """
    by_id = {content.field_id: content for content in contents}
    drafted = []
    for role in _NAMES:
        found = _by_name(role, names, by_id) or _by_content(role, names, by_id)
        if found is not None:
            drafted.append(found)
    return drafted


def _by_name(role: str, names: Mapping[str, str], contents: Mapping[str, FieldContent]) -> DraftedField | None:
    for pattern in _NAMES[role]:
        matching = [field_id for field_id, name in names.items() if re.search(pattern, name.strip().casefold())]
        # Instances that were merged have several fields of one name: the one that is filled is meant.
        matching.sort(key=lambda field_id: (-_n_values(contents, field_id), field_id))
        for field_id in matching:
            content = contents.get(field_id)
            if content is None or content.n_values == 0:
                return DraftedField(role, field_id, names[field_id], "name")
            if _looks_right(role, content):
                return DraftedField(role, field_id, names[field_id], "name and content")
    return None


def _by_content(role: str, names: Mapping[str, str], contents: Mapping[str, FieldContent]) -> DraftedField | None:
    if role not in ("flagged", "sprint", "parent"):
        return None
    fitting = [content for content in contents.values() if _looks_right(role, content)]
    # With several, the fullest; two that are equally full cannot be told apart.
    fitting.sort(key=lambda content: (-content.n_values, content.field_id))
    is_clear = fitting and (len(fitting) == 1 or fitting[0].n_values > fitting[1].n_values)
    if not is_clear or (role == "parent" and names):
        return None
    return DraftedField(role, fitting[0].field_id, names.get(fitting[0].field_id, ""), "content")


def _n_values(contents: Mapping[str, FieldContent], field_id: str) -> int:
    return contents[field_id].n_values if field_id in contents else 0


def _looks_right(role: str, content: FieldContent) -> bool:
    if role == "estimate":
        return content.share(content.n_numbers) >= _ENOUGH and (content.largest or 0) <= _LARGEST_ESTIMATE
    if role == "parent":
        return content.share(content.n_keys) >= _ENOUGH
    if role == "sprint":
        return content.share(content.n_sprints) >= _ENOUGH
    if role == "flagged":
        return content.share(content.n_impediments) >= _ENOUGH
    return content.share(content.n_named) >= _ENOUGH
