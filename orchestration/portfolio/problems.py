"""How everything that is wrong with a portfolio folder is collected, located and told, all of it at once.

Belongs here: the problem and its one-line form, the error that carries all problems, the spelling of a key's path, and
suggestions for misspelt words. Does not belong here: any rule about what is wrong (models.py, references.py,
the package registers).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

Location = tuple[str | int, ...]
"""The way from the root of portfolio.yaml to a value: keys and list positions (from 0)."""

_LONGEST_LIST = 12
_LONGEST_VALUE = 60


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: the file (relative to the portfolio folder), line from 1, key path or column, sentence.

    `line` is None only where there is no line to name, as with a file that does not exist.
    """

    file: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (where, self.key, self.message) if part)


class PortfolioError(ValueError):
    """The portfolio folder cannot be used; `str()` has one line per problem, `problems` the same as objects."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        # The file people edit most comes first, and within a file the order is that of its lines.
        self.problems: tuple[Problem, ...] = tuple(
            sorted(dict.fromkeys(problems), key=lambda p: (p.file, p.line or 0, p.key, p.message))
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))


def key_path(location: Location) -> str:
    """Spell a location the way it reads in the file.

    >>> key_path(("value_streams", 0, "trains", 1, "id"))
    'value_streams[0].trains[1].id'
    """
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else part
    return path


def quoted(value: object) -> str:
    """A value as shown in a message: on one line, in quotes, cut where it is long."""
    text = " ".join(str(value).split())
    return f"'{text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + '…'}'"


def suggestion(word: str, known: Iterable[str]) -> str:
    """The second half of a message about an unknown word: the nearest known one, or what there is to choose from.

    >>> suggestion("checkuot", ["checkout", "refunds"])
    "Did you mean 'checkout'?"
    >>> suggestion("billing", ["checkout", "refunds"])
    'Use one of: checkout, refunds.'
    """
    choices = sorted(set(known))
    if not choices:
        return "None is defined yet: add it first."
    by_folded = {choice.casefold(): choice for choice in choices}
    near = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    if near:
        return f"Did you mean '{by_folded[near[0]]}'?"
    shown = ", ".join(choices[:_LONGEST_LIST])
    more = len(choices) - _LONGEST_LIST
    return f"Use one of: {shown}{f' and {more} more' if more > 0 else ''}."
