"""The export files of a source as they lie there tonight: names, content hashes, kinds, and what manifests say.

Belongs here: looking at files. Does not belong here: loading them (``landing``), their shape (the sources).
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath, PurePosixPath
from typing import Protocol

from orchestration.sources import ToolFormat
from orchestration.sources.census import is_census
from orchestration.sources.pull_manifest import SUFFIX, PullManifest, is_pulled
from orchestration.warehouse.object_store import fetch_files, is_address

EXPORT_SUFFIXES = (".json", ".ndjson", ".jsonl", ".csv", ".parquet", ".sarif", ".xes")
MANIFEST = "manifest.json"
# Inside the warehouse folder: copies of what lies in object stores.
OBJECT_STORE_CACHE = "object-store"
_HEAD_CHARACTERS = 1 << 20
# Copying a folder may write the exports after the manifest that speaks for them.
_MANIFEST_REACH = timedelta(days=1)


class Source(Protocol):
    """The part of a portfolio's source that landing needs."""

    @property
    def id(self) -> str:
        """The source's id, part of every key."""

    @property
    def tool(self) -> str:
        """The tool whose module reads the exports."""

    @property
    def exports(self) -> str:
        """Folder or glob, relative to the portfolio's folder, or the address of an object store."""


@dataclass(frozen=True)
class ExportFile:
    """One export file: where it lies, its name in the portfolio, its kind (None: not this tool's) and its content."""

    path: Path
    name: str
    kind: str | None
    content_hash: str
    n_bytes: int
    exported_at: datetime


@dataclass(frozen=True)
class _Found:
    """A file on a disk: where, its name in the portfolio (or its address in a store), and when it was written."""

    path: Path
    name: str
    written: datetime

    @property
    def folder(self) -> PurePosixPath:
        return PurePosixPath(self.name).parent


def list_exports(
    source: Source,
    portfolio_folder: Path,
    tool: ToolFormat,
    loaded_at: datetime,
    known_kinds: Mapping[tuple[str, str], str] | None = None,
) -> tuple[list[ExportFile], datetime | None]:
    """List the source's export files by name, with content hash and kind; and what its manifests say.

    ``known_kinds``: kinds by name and content hash; such a file is not looked into again.

    Files in an object store are copied beside the warehouse first; their names are their addresses.

    Raises:
        ObjectStoreError: The store cannot be read.
        ValueError: A manifest cannot be read.
    """
    found = _found(source, portfolio_folder)
    manifests = [_Manifest.read(file) for file in found if _is_manifest(file.path)]
    files = []
    for file in found:
        if _is_manifest(file.path):
            continue
        with file.path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        declared = [m.exported_at for m in manifests if m.exported_at and m.speaks_for(file)]
        files.append(
            ExportFile(
                path=file.path,
                name=file.name,
                kind=(known_kinds or {}).get((file.name, digest)) or _kind(tool, file),
                content_hash=digest,
                n_bytes=file.path.stat().st_size,
                exported_at=max(declared) if declared else min(file.written, loaded_at),
            )
        )
    return files, max((m.complete_to for m in manifests if m.complete_to), default=None)


def export_paths(place: Path) -> list[Path]:
    """Return the export files below a folder, or the file itself, by name; manifests are none."""
    if place.is_file():
        return [place]
    return [
        path
        for path in sorted(place.rglob("*"))
        if _is_export(path.relative_to(place)) and not _is_manifest(path) and path.is_file()
    ]


def manifest_paths(folder: Path) -> list[Path]:
    """Return the manifests that lie directly in a folder."""
    return [path for path in sorted(folder.glob("*.json")) if _is_manifest(path)]


def unrecognised_exports(source: Source, portfolio_folder: Path, tool: ToolFormat) -> tuple[int, list[str]]:
    """Return how many export files a source has, and the names of those that are not its tool's; no store is asked."""
    if is_address(source.exports):
        return 0, []
    files = [file for file in _found(source, portfolio_folder) if not _is_manifest(file.path)]
    recognised = {file.name for file in files if is_census(file.name) or _kind(tool, file) is not None}
    return len(files), [file.name for file in files if file.name not in recognised]


def list_pulls(source: Source, portfolio_folder: Path) -> list[PullManifest]:
    """Return the manifests of all pulls among the source's exports, oldest first: what was announced and what came."""
    manifests = [_Manifest.read(file).pull for file in _found(source, portfolio_folder) if _is_manifest(file.path)]
    return sorted((each for each in manifests if each is not None), key=lambda each: each.exported_at)


def _found(source: Source, portfolio_folder: Path) -> list[_Found]:
    """Return exports and manifests by name; what begins with a dot (a pull at work) is neither."""
    if is_address(source.exports):
        cache = portfolio_folder / "warehouse" / OBJECT_STORE_CACHE / source.id
        return [
            _Found(file.path, file.name, file.written_at)
            for file in fetch_files(source.exports, cache, lambda name: _is_export(PurePosixPath(name)))
        ]
    root, pattern = _root_and_pattern(portfolio_folder, source.exports)
    return [
        _Found(path, _name(path, portfolio_folder), datetime.fromtimestamp(path.stat().st_mtime, UTC))
        for path in sorted(root.glob(pattern))
        if _is_export(path.relative_to(root)) and path.is_file()
    ]


def _kind(tool: ToolFormat, file: _Found) -> str | None:
    return tool.recognise(file.path.name, export_head(file.path))


def _root_and_pattern(portfolio_folder: Path, exports: str) -> tuple[Path, str]:
    """Split a folder, file or glob, which may be absolute, into the folder to look in and what to look for there."""
    place = portfolio_folder / exports
    if place.is_dir():
        return place, "**/*"
    parts = PurePath(exports).parts
    n_plain = next((number for number, part in enumerate(parts) if set(part) & set("*?[")), len(parts) - 1)
    # An absolute path takes the place of the portfolio's folder.
    return portfolio_folder.joinpath(*parts[:n_plain]), str(PurePath(*parts[n_plain:]))


def _name(path: Path, portfolio_folder: Path) -> str:
    """Return a file's name in the portfolio; outside of its folder, where it lies."""
    is_inside = path.is_relative_to(portfolio_folder)
    return (path.relative_to(portfolio_folder) if is_inside else path).as_posix()


def _is_export(path: PurePath) -> bool:
    is_hidden = any(part.startswith(".") for part in path.parts)
    return not is_hidden and path.name.lower().removesuffix(".gz").endswith(EXPORT_SUFFIXES)


def _is_manifest(path: Path) -> bool:
    return path.name == MANIFEST or path.name.endswith(SUFFIX)


@dataclass(frozen=True)
class _Manifest:
    """What a manifest beside exports says of them; ``pull`` if a pull has written it."""

    file: _Found
    exported_at: datetime | None
    complete_to: datetime | None
    pull: PullManifest | None

    @classmethod
    def read(cls, file: _Found) -> "_Manifest":
        try:
            said = json.loads(file.path.read_text(encoding="utf-8"))
            pull = PullManifest.from_json(said)
            if pull is not None:
                return cls(file, pull.exported_at, pull.complete_to, pull)
            names = ("exported_at", "complete_to")
            moments = {name: datetime.fromisoformat(said[name]) for name in names if name in said}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"the manifest {file.name} is broken ({error}); correct or remove it") from None
        return cls(file, moments.get("exported_at"), moments.get("complete_to"), None)

    def speaks_for(self, file: _Found) -> bool:
        """Tell whether a file is meant.

        A pull names its files. Any other manifest means those in its folder that were not written long after it, except
        a pull's.
        """
        if self.pull is not None:
            is_named = file.path.name in {each.name for each in self.pull.files}
            return is_named and file.folder == self.file.folder
        is_below = self.file.folder in (file.folder, *file.folder.parents)
        return is_below and not is_pulled(file.path) and file.written <= self.file.written + _MANIFEST_REACH


def export_head(path: Path) -> str:
    """Return the first characters of a file; of a torn archive, those before the tear."""
    opened = gzip.open if path.suffix == ".gz" else open
    head = b""
    try:
        with opened(path, "rb") as content:
            while len(head) < _HEAD_CHARACTERS and (piece := content.read(1 << 16)):
                head += piece
    except (OSError, EOFError, zlib.error):
        pass
    return head.decode("utf-8", errors="replace")
