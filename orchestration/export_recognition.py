"""Which tool wrote each export file, and which files are one source.

Belongs here: recognising files by every tool's own rules, and grouping them. Does not belong here: the rules
(``orchestration.sources``), reading the files (the warehouse).
"""

import glob
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration import warehouse
from orchestration.portfolio.drafting.observations import text_id, unused
from orchestration.sources import TOOLS

# Read any table; they are asked only where no tool recognises its own.
_ANY_TABLE = ("delivery_log", "event_log")


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
        recognised.append(RecognisedFile(root, path, tool, claims[tool]))
    return group_files(recognised, unknown), unknown


def _claims(path: Path) -> dict[str, str]:
    """Tools that recognise the file, with its kind; those that read any table only if nobody else does."""
    head = warehouse.export_head(path)
    own = [name for name in TOOLS if name not in _ANY_TABLE]
    for names in (own, [name for name in _ANY_TABLE if name in TOOLS]):
        claims = {name: kind for name in names if (kind := TOOLS[name].recognise(path.name, head)) is not None}
        if claims:
            return claims
    return {}


def group_files(files: Sequence[RecognisedFile], unknown: Sequence[Path] = ()) -> list[FileGroup]:
    """Group recognised files into sources: by tool, and by the folder below the path given.

    Folders of one tool that hold different kinds of file (issues here, changelogs there) are one source; folders that
    hold the same kinds are sources of their own.
    """
    by_tool: dict[tuple[Path, str], dict[Path, list[RecognisedFile]]] = {}
    for file in files:
        place = _place(file)
        by_tool.setdefault((file.root, file.tool), {}).setdefault(place, []).append(file)
    groups: list[FileGroup] = []
    taken: set[str] = set()
    everything = {file.path: file.tool for file in files} | dict.fromkeys(unknown, "")
    for (root, tool), places in sorted(by_tool.items()):
        for folder, members in _merged(root, places):
            paths = tuple(sorted(member.path for member in members))
            below = {path for path in everything if folder in path.parents}
            name = text_id(folder.name if folder.is_dir() or len(paths) > 1 else paths[0].stem.partition(".")[0], tool)
            groups.append(FileGroup(unused(name, taken), tool, paths, folder if below == set(paths) else None))
    return groups


def _place(file: RecognisedFile) -> Path:
    """The folder directly below the path given, or that path itself, in which a file lies."""
    if file.path == file.root:
        return file.root.parent
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
