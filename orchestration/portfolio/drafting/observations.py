"""What the exports of one source show, as counts.

Belongs here: the data that inference works on. Does not belong here: how they are counted, and what follows from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class ObservedType:
    """A type of item of the tool: its name, how many items have it today, and whether the tool calls them sub-tasks.

    `n_items` is 0 for a type that items had earlier and none has today.
    """

    name: str
    n_items: int
    is_subtask: bool = False


@dataclass(frozen=True)
class SourceObservation:
    """Everything a draft needs to know of one source; all counts are of items unless said otherwise.

    Attributes:
        source_id: Id that the draft gives the source.
        tool: Name of the tool.
        exports: What the draft writes under `exports`.
        types: The types of items.
        entries: (type, status) → items that were ever in the status.
        births: (type, status) → items that were created in it.
        standing: (type, status) → items that are in it now.
        transitions: (type, status left, status entered) → moves, counted one by one.
        kinds: Status → the tool's own category (queue, active, done), None where it tells none.
        other_names: Status → further names the same status had.
        resolutions: Resolution → items that have it.
        projects: Project → items.
        teams: The tool's own team (a mapped field, an area path, an assignment group) → items.
        labels: Label → items.
        fields: Role → field id.
        field_reasons: Why each of these fields, a sentence for a person to check.
        format_lines: The lines of YAML that say how the source's texts are read (`format: …`), if any are needed.
        label_pattern: A pattern of labels that look like statuses (`workflow::*`), empty without one.
        first_day: First day on which anything happened; None without any item.
        last_day: Last such day.
    """

    source_id: str
    tool: str
    exports: str
    types: tuple[ObservedType, ...] = ()
    entries: Mapping[tuple[str, str], int] = field(default_factory=dict)
    births: Mapping[tuple[str, str], int] = field(default_factory=dict)
    standing: Mapping[tuple[str, str], int] = field(default_factory=dict)
    transitions: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    kinds: Mapping[str, str | None] = field(default_factory=dict)
    other_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    resolutions: Mapping[str, int] = field(default_factory=dict)
    projects: Mapping[str, int] = field(default_factory=dict)
    teams: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    field_reasons: tuple[str, ...] = ()
    format_lines: tuple[str, ...] = ()
    label_pattern: str = ""
    first_day: date | None = None
    last_day: date | None = None

    @property
    def n_items(self) -> int:
        """Items of any type."""
        return sum(each.n_items for each in self.types)


def items(number: int) -> str:
    """Return a number of items in words."""
    return "1 item" if number == 1 else f"{number:,} items"


def text_id(text: str, fallback: str) -> str:
    """Return an id made of a text: lower case, ASCII letters, digits and '-'; `fallback` if nothing of it is left.

    >>> text_id("Ready for Dev", "stage-1")
    'ready-for-dev'
    """
    kept = "".join(character if character.isascii() and character.isalnum() else " " for character in text.lower())
    made = "-".join(kept.split())
    # The one word that YAML would not read as a text.
    return fallback if made in ("", "null") else made


def unused(wanted: str, taken: set[str]) -> str:
    """Return `wanted`, with a number where it is taken already, and take it."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    taken.add(name)
    return name
