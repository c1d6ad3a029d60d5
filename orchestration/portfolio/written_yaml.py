"""YAML as it was written: text, structure and the line of every key, with nothing interpreted.

Every plain scalar stays the text that stands in the file. YAML 1.1 would read `country: NO` as false, `09:00` as the
number 540 and `26.10` as 26.1; here the models decide what a value is, and a wrong one can be quoted as written.

Belongs here: turning YAML text into a tree with positions, and what is wrong with it as YAML (syntax, a key given
twice, tags, cycles). Does not belong here: what the keys mean (models.py).
"""

from dataclasses import dataclass, field
from typing import Any, Self

import yaml

from orchestration.portfolio.problems import Location, quoted

_NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"
_STANDARD = "tag:yaml.org,2002:"
_PLAIN = {"str", "int", "float", "bool", "null", "timestamp", "merge", "value", "map", "seq"}
# Far above any real portfolio; it stops a file whose aliases multiply without bound.
_MOST_NODES = 200_000


class WrittenMapping(dict[str, Any]):
    """A mapping of the file, which remembers where it stands and which model last read it.

    `location` is its path from the root; `read_as` is set by the models (the class, or None if none has read it).
    """

    def __init__(self, location: Location) -> None:
        super().__init__()
        self.location = location
        self.read_as: type | None = None


class WrittenText(str):
    """A scalar of the file that remembers where it stands."""

    __slots__ = ("location",)
    location: Location

    @classmethod
    def at(cls, location: Location, text: str) -> Self:
        """Make the text `text` standing at `location`."""
        written = cls(text)
        written.location = location
        return written


@dataclass
class WrittenFile:
    """A read file: `tree` (None if it cannot be read as a mapping), `lines` (location → line from 1) and `faults`.

    A fault is (line or None, location, sentence).
    """

    tree: WrittenMapping | None = None
    lines: dict[Location, int] = field(default_factory=dict)
    faults: list[tuple[int | None, Location, str]] = field(default_factory=list)

    def line_of(self, location: Location) -> int | None:
        """The line of the value at `location`, or of the nearest thing around it that is written in the file."""
        for length in range(len(location), -1, -1):
            if (line := self.lines.get(location[:length])) is not None:
                return line
        return None


def read_written(content: bytes) -> WrittenFile:
    """Read YAML bytes into a tree of WrittenMapping, list, WrittenText and None (an empty value).

    Never raises on bad content: what is wrong is in `faults` of the result, and the tree holds what could be read.
    """
    written = WrittenFile()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        written.faults.append((line, (), "is not UTF-8 text. Save the file in the encoding UTF-8."))
        return written
    # The C parser is several times quicker and gives the same positions, but is not in every build of PyYAML.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(part for part in (error.context, error.problem) if part)
        advice = "Check the indentation (spaces, no tabs), quotes and brackets here and on the line before."
        written.faults.append((mark.line + 1 if mark else None, (), f"is not valid YAML ({reason}). {advice}"))
        return written
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        written.faults.append((None, (), f"is not valid YAML ({reason}). Remove the character it names."))
        return written
    if root is None or not isinstance(root, yaml.MappingNode):
        written.faults.append((1, (), "holds no keys. Start it with 'portfolio:' and its id and timezone."))
        return written
    tree = _Walk(written).value(root, ())
    written.tree = tree if isinstance(tree, WrittenMapping) else None
    return written


class _Walk:
    """One pass over the node graph; `_open` holds the nodes being read, so that a cycle of aliases is seen."""

    def __init__(self, written: WrittenFile) -> None:
        self._written = written
        self._open: set[int] = set()
        self._n_nodes = 0

    def value(self, node: yaml.Node, location: Location) -> object:
        self._written.lines.setdefault(location, node.start_mark.line + 1)
        self._n_nodes += 1
        if self._n_nodes == _MOST_NODES:
            self._fault(node, location, f"has more than {_MOST_NODES} values. Write out the aliases (*) it multiplies.")
        if self._n_nodes >= _MOST_NODES:
            return None
        if id(node) in self._open:
            self._fault(node, location, "is an alias (*) of something around itself. Write the values out.")
            return None
        if not node.tag.startswith(_STANDARD) or node.tag.removeprefix(_STANDARD) not in _PLAIN:
            self._fault(node, location, f"has the tag {quoted(node.tag)}, which is not read here. Remove the tag.")
            return None
        if isinstance(node, yaml.ScalarNode):
            return None if node.tag == _NULL else WrittenText.at(location, node.value)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                items = (self.value(child, (*location, index)) for index, child in enumerate(node.value))
                # An empty list item is kept, as an empty text, so that the positions of the others stay true.
                return [WrittenText.at((*location, i), "") if item is None else item for i, item in enumerate(items)]
            return self._mapping(node, location)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.Node, location: Location) -> WrittenMapping:
        mapping = WrittenMapping(location)
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                self._fault(key_node, location, "uses the merge key '<<', which is not read here. Write the keys out.")
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(key_node, location, "has a key that is not a text. Put a word before the colon.")
                continue
            key: str = key_node.value
            if key in mapping:
                first = self._written.lines[(*location, key)]
                message = f"is given twice, first on line {first}. Keep one of the two."
                self._fault(key_node, (*location, key), message)
                continue
            self._written.lines[(*location, key)] = key_node.start_mark.line + 1
            mapping[key] = self.value(value_node, (*location, key))
        return mapping

    def _fault(self, node: yaml.Node, location: Location, message: str) -> None:
        self._written.faults.append((node.start_mark.line + 1, location, message))
