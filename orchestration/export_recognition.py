"""Which tool wrote each export file, and which files are one source.

Belongs here: recognising files by every tool's own rules, and grouping them. Does not belong here: the rules
(``orchestration.sources``), reading the files (the warehouse).
"""

import glob
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration import warehouse
from orchestration.portfolio.drafting.observations import text_id, unused
from orchestration.sources import TOOLS

# Read any table; they are asked only where no tool recognises its own.
_ANY_TABLE = (frozenset({"delivery_log"}), frozenset({"event_log"}))
# These take any document with a list of issues or with fields, which several tools write; their own have this in them.
_OWN_MARKS = {"jira": r'"key"\s*:\s*"[A-Z][A-Z0-9_]*-[0-9]+"', "redmine": r'"tracker"\s*:\s*\{'}


@dataclass(frozen=True)
class RecognisedFile:
    """One file: the path given that it was found under, itself, its tool and its kind."""

    root: Path
    path: Path
    tool: str
    kind: str


@dataclass(frozen=True)
class FileGroup:
    """The files of one source to be: its id, its tool and its files; `folder` if they are all exports below it."""

    source_id: str
    tool: str
    files: tuple[Path, ...]
    folder: Path | None

    def exports(self, portfolio_folder: Path) -> str | None:
        """What to write under `exports`; None if only copies of the files can be named in one line."""
        if self.folder is not None and self.folder != portfolio_folder:
            return _written(self.folder, portfolio_folder)
        if len(self.files) == 1:
            return glob.escape(_written(self.files[0], portfolio_folder))
        return None


def recognise_exports(paths: Iterable[Path], left_out: Sequence[Path] = ()) -> tuple[list[FileGroup], list[Path]]:
    """Return the sources found under the paths (folders or files), and the export files that no tool recognises.

    Files below the folders `left_out` are not looked at; a file found under two paths counts under the first.
    """
    recognised: list[RecognisedFile] = []
    unknown: list[Path] = []
    claimed: list[tuple[Path, Path, dict[str, str]]] = []
    seen: set[Path] = set()
    for root in paths:
        for path in warehouse.export_paths(root):
            if path not in seen and not any(path.is_relative_to(folder) for folder in left_out):
                claimed.append((root, path, _claims(path)))
            seen.add(path)
    votes = Counter((path.parent, next(iter(claims))) for _, path, claims in claimed if len(claims) == 1)
    for root, path, claims in claimed:
        if not claims:
            unknown.append(path)
            continue
        tool = min(claims, key=lambda name: (-votes[path.parent, name], name))
        # Files named one by one, as a shell does with a pattern, are of one source if they lie in one folder.
        recognised.append(RecognisedFile(root.parent if path == root else root, path, tool, claims[tool]))
    return group_files(recognised), unknown


def _claims(path: Path) -> dict[str, str]:
    """Tools that recognise the file, with its kind; those that read any table only if nobody else does."""
    head = warehouse.export_head(path)
    for names in (frozenset(TOOLS).difference(*_ANY_TABLE), *_ANY_TABLE):
        asked = sorted(name for name in names if name in TOOLS)
        claims = {name: kind for name in asked if (kind := TOOLS[name].recognise(path.name, head)) is not None}
        if len(claims) > 1:
            marked = {name: kind for name, kind in claims.items() if re.search(_OWN_MARKS.get(name, ""), head)}
            claims = marked or claims
        if claims:
            return claims
    return {}


def group_files(files: Sequence[RecognisedFile]) -> list[FileGroup]:
    """Group recognised files into sources: by tool, and by the folder below the path given.

    Folders of one tool that hold different kinds of file (issues here, changelogs there) are one source; folders that
    hold the same kinds are sources of their own.
    """
    by_tool: dict[tuple[Path, str], dict[Path, list[RecognisedFile]]] = {}
    for file in files:
        by_tool.setdefault((file.root, file.tool), {}).setdefault(_place(file), []).append(file)
    groups: list[FileGroup] = []
    taken: set[str] = set()
    for (root, tool), places in sorted(by_tool.items()):
        for folder, members in _merged(root, places):
            paths = tuple(sorted(member.path for member in members))
            is_whole = set(warehouse.export_paths(folder)) == set(paths)
            named = folder.name if is_whole or len(paths) > 1 else paths[0].name.partition(".")[0]
            groups.append(FileGroup(unused(text_id(named, tool), taken), tool, paths, folder if is_whole else None))
    return groups


def _place(file: RecognisedFile) -> Path:
    """The folder directly below the path given, or that path itself, in which a file lies."""
    parts = file.path.relative_to(file.root).parts
    return file.root / parts[0] if len(parts) > 1 else file.root


def _merged(root: Path, places: dict[Path, list[RecognisedFile]]) -> list[tuple[Path, list[RecognisedFile]]]:
    kinds = {place: {file.kind for file in files} for place, files in places.items()}
    n_places = Counter(kind for found in kinds.values() for kind in found)
    if len(places) > 1 and max(n_places.values()) == 1:
        return [(root, [file for place in sorted(places) for file in places[place]])]
    return [(place, places[place]) for place in sorted(places)]


def _written(path: Path, portfolio_folder: Path) -> str:
    is_inside = path.is_relative_to(portfolio_folder)
    return (path.relative_to(portfolio_folder) if is_inside else path).as_posix()
