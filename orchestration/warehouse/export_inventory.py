"""The export files of a source as they lie there tonight: names, content hashes, kinds, and what manifests say.

Belongs here: looking at files. Does not belong here: loading them (``landing``), their shape (the sources).
"""

import gzip
import hashlib
import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from orchestration.sources import ToolFormat

EXPORT_SUFFIXES = (".json", ".ndjson", ".jsonl", ".csv", ".parquet", ".sarif", ".xes")
MANIFEST = "manifest.json"
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
        """Folder or glob, relative to the portfolio's folder."""


@dataclass(frozen=True)
class ExportFile:
    """One export file: where it lies, its name in the portfolio, its kind (None: not this tool's) and its content."""

    path: Path
    name: str
    kind: str | None
    content_hash: str
    n_bytes: int
    exported_at: datetime


def list_exports(
    source: Source, portfolio_folder: Path, tool: ToolFormat, loaded_at: datetime
) -> tuple[list[ExportFile], datetime | None]:
    """List the source's export files by name, with content hash and kind; and what its manifest says."""
    place = portfolio_folder / source.exports
    found = place.rglob("*") if place.is_dir() else portfolio_folder.glob(source.exports)
    paths = sorted(path for path in found if path.is_file() and _plain_name(path).endswith(EXPORT_SUFFIXES))
    manifests = [_Manifest.read(path) for path in paths if path.name == MANIFEST]
    files = []
    for path in paths:
        if path.name == MANIFEST:
            continue
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        declared = [m.exported_at for m in manifests if m.exported_at and m.speaks_for(path, written)]
        files.append(
            ExportFile(
                path=path,
                name=path.relative_to(portfolio_folder).as_posix(),
                kind=tool.recognise(path.name, _head(path)),
                content_hash=digest,
                n_bytes=path.stat().st_size,
                exported_at=max(declared) if declared else min(written, loaded_at),
            )
        )
    return files, max((m.complete_to for m in manifests if m.complete_to), default=None)


@dataclass(frozen=True)
class _Manifest:
    """What a manifest beside exports says of them."""

    path: Path
    written: datetime
    exported_at: datetime | None
    complete_to: datetime | None

    @classmethod
    def read(cls, path: Path) -> "_Manifest":
        said = json.loads(path.read_text(encoding="utf-8"))
        moments = {name: datetime.fromisoformat(said[name]) for name in ("exported_at", "complete_to") if name in said}
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return cls(path, written, moments.get("exported_at"), moments.get("complete_to"))

    def speaks_for(self, file: Path, file_written: datetime) -> bool:
        """Is the file in the manifest's folder, and not written long after it?"""
        return self.path.parent in file.parents and file_written <= self.written + _MANIFEST_REACH


def _plain_name(path: Path) -> str:
    return path.name.lower().removesuffix(".gz")


def _head(path: Path) -> str:
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
