"""Questions that an analyst of a Value Management Office asks, each answered by one statement of SQL.

Belongs here: the statements, one file each, and reading them. The first comment line of a file is the question, the
others say how to read the answer; a line that begins with `Empty:` says what it means if there is none. Does not belong
here: running them (`weir sql`).
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILES = Path(__file__).parent
_EMPTY = "Empty: "


class UnknownQuestionError(ValueError):
    """There is no question of that number or name."""


@dataclass(frozen=True)
class Question:
    """A question and its answer in SQL.

    Attributes:
        number: Place in the list, from 1.
        name: A short name, as `what-blocks-us`.
        title: The question.
        reading: How to read the answer.
        if_empty: What it means that no row comes; empty if rows always come from data.
        sql: One statement that reads public tables only.
    """

    number: int
    name: str
    title: str
    reading: str
    if_empty: str
    sql: str


@cache
def questions() -> tuple[Question, ...]:
    """All questions, in the order of their numbers."""
    return tuple(_read(file) for file in sorted(_FILES.glob("*.sql")))


def find_question(named: str) -> Question:
    """Return the question of that number or name.

    Raises:
        UnknownQuestionError: There is none; the text names those that there are.
    """
    wanted = named.strip().lower().replace("_", "-")
    for question in questions():
        if wanted in {str(question.number), question.name}:
            return question
    known = ", ".join(f"{question.number} {question.name}" for question in questions())
    raise UnknownQuestionError(f"There is no question '{named}'. There are: {known}.")


def _read(file: Path) -> Question:
    number, name = re.fullmatch(r"(\d+)_(\w+)", file.stem, re.ASCII).groups()  # type: ignore[union-attr]
    lines = file.read_text(encoding="utf-8").splitlines()
    n_comments = next(place for place, line in enumerate(lines) if not line.startswith("--"))
    title, *rest = [line.removeprefix("--").strip() for line in lines[:n_comments]]
    said = " ".join(rest)
    reading, _, if_empty = said.partition(_EMPTY)
    sql = "\n".join(lines[n_comments:]).strip()
    return Question(int(number), name.replace("_", "-"), title, reading.strip(), if_empty.strip(), sql)
