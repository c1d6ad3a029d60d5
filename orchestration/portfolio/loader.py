"""Reading a portfolio folder: portfolio.yaml and its registers, into one checked `Portfolio` or one full error report.

Belongs here: the order of the steps, and how rules between parts are still checked when single values are wrong. Does
not belong here: the rules (models.py, workflow.py, references.py), the package registers, the wording (wording.py).
"""

import copy
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orchestration.portfolio.models import Portfolio, PortfolioFile
from orchestration.portfolio.problems import Location, PortfolioError, Problem, key_path, quoted
from orchestration.portfolio.references import find_incoherences, written_ids
from orchestration.portfolio.registers import read_registers
from orchestration.portfolio.wording import is_consequence, sentence
from orchestration.portfolio.written_yaml import WrittenFile, WrittenMapping, read_written

PORTFOLIO_FILE = "portfolio.yaml"

_STAND_IN_IDENTITY = {"id": "unreadable", "timezone": "UTC"}
# Each round removes every value found wrong, so few are needed; the bound guards against a rule that cannot be met.
_MOST_ROUNDS = 25


def load_portfolio(folder: Path, environment: Mapping[str, str] | None = None) -> Portfolio:
    """Read and check a portfolio folder.

    Args:
        folder: The folder that holds portfolio.yaml, and registers/ if any are kept.
        environment: The environment variables that the portfolio names; those of this process if none are given.

    Raises:
        PortfolioError: Anything is wrong; all problems are in it at once, each with file, line and key or column.
    """
    folder = folder.absolute()
    content = _portfolio_bytes(folder)
    written = read_written(content)
    problems = [Problem(PORTFOLIO_FILE, *_named(line, location), message) for line, location, message in written.faults]

    model: PortfolioFile | None = None
    if written.tree is not None:
        errors, model = _validated(written.tree)
        places = [_place(written.tree, error["loc"]) for error in errors]
        problems += [
            _problem(written, location, sentence(error, _reader(written.tree, error["loc"])))
            for error, location in zip(errors, places, strict=True)
        ]
        if model is not None:
            faulty = places + [location for _, location, _ in written.faults]
            problems += [
                _problem(written, _place(written.tree, location), message)
                for location, message in find_incoherences(written, model, faulty)
            ]

    ids = written_ids(written.tree) if written.tree is not None else None
    registers = read_registers(folder, model, ids, os.environ if environment is None else environment)
    problems += registers.problems

    if problems or model is None:
        raise PortfolioError(problems)
    parts = {name: getattr(model, name) for name in PortfolioFile.model_fields}
    return Portfolio(
        **parts,
        folder=folder,
        interventions=registers.interventions,
        practice_events=registers.practice_events,
        capacity=registers.capacity,
        objectives=registers.objectives,
        outcomes=registers.outcomes,
        people=registers.people,
        content_hash=_content_hash({PORTFOLIO_FILE: content, **registers.contents}),
    )


def _portfolio_bytes(folder: Path) -> bytes:
    path = folder / PORTFOLIO_FILE
    advice = "Run 'weir example DIR' for a complete one to start from, or name another folder with --portfolio."
    if folder.name == PORTFOLIO_FILE and folder.is_file():
        message = f"is a file, and a portfolio is a folder. Name the folder it lies in, {quoted(folder.parent)}."
    elif not folder.is_dir():
        message = f"was not found, because there is no folder {quoted(folder)}. {advice}"
    elif (folder / "portfolio.yml").is_file() and not path.is_file():
        message = f"was not found in {quoted(folder)}, but portfolio.yml was. Rename it to portfolio.yaml."
    elif not path.is_file():
        message = f"was not found in {quoted(folder)}. {advice}"
    else:
        try:
            return path.read_bytes()
        except OSError as error:
            message = f"cannot be read ({error.strerror}). Give the user who runs Weir the right to read it."
    raise PortfolioError([Problem(PORTFOLIO_FILE, None, "", message)])


def _content_hash(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in files.items():
        # Name and length keep a byte that moves from one file to the next from going unseen.
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _problem(written: WrittenFile, location: Location, message: str) -> Problem:
    return Problem(PORTFOLIO_FILE, *_named(written.line_of(location), location), message)


def _named(line: int | None, location: Location) -> tuple[int | None, str]:
    return line, key_path(location)


def _validated(tree: WrittenMapping) -> tuple[list[ErrorDetails], PortfolioFile | None]:
    """Return all errors of single values, and the model of what remains without them (None if nothing usable does)."""
    first: list[ErrorDetails] = []
    remaining = tree
    for _ in range(_MOST_ROUNDS):
        try:
            return first, PortfolioFile.model_validate(remaining)
        except ValidationError as error:
            errors = [e for e in error.errors(include_url=False) if not is_consequence(e)]
        if not first:
            first = errors
            # The classes that read each mapping are noted in the first tree, so the repairs go on in a copy.
            remaining = copy.deepcopy(tree)
        _take_out(remaining, errors)
    return first, None


def _take_out(tree: WrittenMapping, errors: Iterable[ErrorDetails]) -> None:
    """Remove the wrong values from the tree; where a key is missing, the mapping that lacks it."""
    emptied: list[list[Any]] = []
    for error in errors:
        location = _place(tree, error["loc"])
        if error["type"] == "missing":
            location = location[:-1]
        if not location:
            # Only `portfolio` is needed at the root; with a stand-in the rest of the file can still be checked.
            tree["portfolio"] = dict(_STAND_IN_IDENTITY)
            continue
        container = _at(tree, location[:-1])
        if isinstance(container, dict):
            container.pop(location[-1], None)
        elif isinstance(container, list) and isinstance(location[-1], int):
            container[location[-1]] = _GONE
            emptied.append(container)
    for items in emptied:
        items[:] = [item for item in items if item is not _GONE]


_GONE = object()


def _at(tree: object, location: Iterable[str | int]) -> object:
    """The value at a location, or None."""
    value: Any = tree
    for part in location:
        if isinstance(value, dict):
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _place(tree: WrittenMapping, location: Location) -> Location:
    """The part of an error's location that people can find: what is written, and one key more if that one is missing.

    Pydantic's locations go on into short forms (`closed: [2026-12-24]` is read as `{from: 2026-12-24}`), and a single
    text that stands for a list of one has no position in the file.
    """
    for length in range(len(location)):
        if not isinstance(_at(tree, location[:length]), dict | list):
            return location[:length]
    return location


def _reader(tree: WrittenMapping, location: Location) -> type[BaseModel] | None:
    """The model that read the mapping in which an error's key stands, or should stand."""
    around = _at(tree, location[:-1])
    return around.read_as if isinstance(around, WrittenMapping) else None
