"""The journal of a pull: which requests are answered and how far each partial file is good.

Belongs here: what makes a killed pull go on at the page after the last finished one. Does not belong here: sending
requests (``session``), what follows from an answer (``harvest``).

Partial files are plain lines and only ever grow; a page counts as finished once its line stands in the journal, which
is written after the page's lines are on the disk. What a partial file holds beyond that is cut off on the way in.
"""

import gzip
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from orchestration.sources.pull_plans import Request

_JOURNAL = "journal.ndjson"
_LEVEL = 6


@dataclass
class Counted:
    """What one collection has brought so far; ``ids`` only where records are counted by id."""

    received: int = 0
    announced: int | None = None
    ids: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Page:
    """A finished page: its request's number, what follows, its lines, and what it counts for."""

    number: int
    collection: str
    follow_ups: tuple[Request, ...] = ()
    lines: bytes = b""
    n_records: int = 0
    announced: int | None = None
    ids: tuple[str, ...] = ()


class Journal:
    """The journal in one folder, open for the time of a pull.

    Attributes:
        started_at: When the pull began, also if it was killed since.
        is_resumed: Whether an earlier process began it.
        pending: Requests that are not answered, by number, in the order in which they became known.
        counted: What each collection has brought.
    """

    def __init__(
        self,
        folder: Path,
        asked: Mapping[str, Any],
        started_at: datetime,
        first: tuple[Request, ...],
        *,
        resumable_from: datetime,
    ) -> None:
        """Go on with the folder's journal if it asks the same and is young enough, else begin one with ``first``."""
        self._folder = folder
        self._partials: dict[str, BinaryIO] = {}
        self._sizes: dict[str, int] = {}
        self.started_at = started_at
        self.is_resumed = False
        self.pending: dict[int, Request] = {}
        self.counted: dict[str, Counted] = {}
        self._next_number = 0
        lines = _whole_lines(folder / _JOURNAL)
        is_same = bool(lines) and lines[0].get("asked") == json.loads(json.dumps(asked))
        if is_same and datetime.fromisoformat(lines[0]["started_at"]) >= resumable_from:
            self._resume(lines)
        else:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            self._introduce(first)
        self._file = (folder / _JOURNAL).open("ab")
        if not self.is_resumed:
            beginning = {"asked": asked, "started_at": started_at.isoformat(), "new": [r.as_json() for r in first]}
            self._append(beginning)

    def finish_page(self, page: Page) -> list[int]:
        """Put a page on the disk: its lines first, then the line that says so; returns the numbers of what follows."""
        self._count(page.collection, page.n_records, page.announced, page.ids)
        if page.lines:
            partial = self._partial(page.collection)
            partial.write(page.lines)
            partial.flush()
            os.fsync(partial.fileno())
            self._sizes[page.collection] = self._sizes.get(page.collection, 0) + len(page.lines)
        del self.pending[page.number]
        new = self._introduce(page.follow_ups)
        self._append(
            {
                "done": page.number,
                "new": [request.as_json() for request in page.follow_ups],
                "collection": page.collection,
                "size": self._sizes.get(page.collection, 0),
                "received": page.n_records,
                "announced": page.announced,
                "ids": page.ids,
            }
        )
        return new

    def compressed(self, collection: str, target: Path) -> bool:
        """Write a collection's lines compressed to ``target``, in one rename; is there anything to write?"""
        if not self._sizes.get(collection):
            return False
        with self._path(collection).open("rb") as lines:
            write_compressed(lines, target)
        return True

    def close(self) -> None:
        """Close the files; they stay for the next time."""
        for partial in self._partials.values():
            partial.close()
        self._file.close()

    def remove(self) -> None:
        """Close and forget: the pull is finished, or is to begin anew."""
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _introduce(self, requests: tuple[Request, ...]) -> list[int]:
        first = self._next_number
        self._next_number += len(requests)
        self.pending.update(enumerate(requests, first))
        return list(range(first, self._next_number))

    def _count(self, collection: str, received: int, announced: int | None, ids: tuple[str, ...]) -> None:
        counted = self.counted.setdefault(collection, Counted())
        counted.received += received
        counted.ids.update(ids)
        if announced is not None:
            counted.announced = (counted.announced or 0) + announced

    def _resume(self, lines: list[dict[str, Any]]) -> None:
        self.is_resumed = True
        self.started_at = datetime.fromisoformat(lines[0]["started_at"])
        self._introduce(tuple(Request(**request) for request in lines[0]["new"]))
        for line in lines[1:]:
            self.pending.pop(line["done"])
            self._introduce(tuple(Request(**request) for request in line["new"]))
            self._sizes[line["collection"]] = line["size"]
            self._count(line["collection"], line["received"], line["announced"], tuple(line["ids"]))
        with (self._folder / _JOURNAL).open("r+b") as journal:
            journal.truncate(sum(len(_line(line)) for line in lines))
        for partial in self._folder.glob("*.partial"):
            with partial.open("r+b") as file:
                file.truncate(self._sizes.get(partial.stem, 0))

    def _partial(self, collection: str) -> BinaryIO:
        if collection not in self._partials:
            self._partials[collection] = self._path(collection).open("ab")
        return self._partials[collection]

    def _path(self, collection: str) -> Path:
        return self._folder / f"{collection}.partial"

    def _append(self, line: Mapping[str, Any]) -> None:
        self._file.write(_line(line))
        self._file.flush()
        os.fsync(self._file.fileno())


def write_compressed(lines: BinaryIO, target: Path) -> None:
    """Write lines to a compressed file, which appears under its name only as a whole."""
    partial = target.with_name(f"{target.name}.partial")
    with partial.open("wb") as out:
        # Without a time inside, the same lines are the same bytes.
        with gzip.GzipFile("", "wb", _LEVEL, out, mtime=0) as archive:
            shutil.copyfileobj(lines, archive, 1 << 20)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(target)


def _line(line: Mapping[str, Any]) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """Return the journal's lines up to the first torn one."""
    lines: list[dict[str, Any]] = []
    if not path.exists():
        return lines
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            lines.append(json.loads(line))
        except ValueError:
            break
        if not line.endswith(b"\n"):
            lines.pop()
            break
    return lines
