"""The export files of both Jira instances, written copy by copy in bounded memory and the same bytes every time.

Belongs here: which file holds what, compression, and the flaws that only exist in files: lines that are no issue, an
issue exported twice, changelog pages beside a cut changelog. Does not belong here: an issue's JSON (``jira_export``).

``jira-main`` is one issue a line, in shards; ``jira-lending`` is search pages of the v2 API.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

from orchestration.portfolio.example import records, scenario
from orchestration.portfolio.example.jira_export import IssueWriter, as_it_stood
from orchestration.portfolio.example.jira_sprints import sprint_list
from orchestration.portfolio.example.jira_vocabulary import INSTANCES, Json
from orchestration.portfolio.example.portfolio_copy import PortfolioCopy
from orchestration.portfolio.example.records import SimulatedItem
from orchestration.portfolio.example.working_clock import local_ms

MAIN, LENDING = "jira-main", "jira-lending"
PAGE_ISSUES = 500
SHARD_ISSUES = 2_500
LARGE_SHARD_ISSUES = 25_000
COMPRESSION = 5
LATE_FILE = "issues-late.ndjson.gz"
EARLIER_EXPORT = local_ms(datetime.combine(scenario.LAST_DAY - timedelta(days=6), time()))
"""Issues that are exported twice stand in the first file as they were at this instant."""


class ExportFiles:
    """Writes ``exports/<source>/…`` below a folder. ``add`` each copy in order, then ``close`` once.

    Attributes:
        n_issues: Issues by source.
        malformed: Where the records stand that cannot be loaded, and why.
        exported_twice: Keys of the issues that stand in two files.
    """

    def __init__(self, folder: Path, *, large: bool) -> None:
        self.folders = {source: folder / "exports" / source for source in INSTANCES}
        for path in self.folders.values():
            path.mkdir(parents=True)
        self.writers = {source: IssueWriter(instance) for source, instance in INSTANCES.items()}
        self.n_issues = dict.fromkeys(INSTANCES, 0)
        self.malformed: list[Json] = []
        self.exported_twice: list[str] = []
        self._shard_issues = LARGE_SHARD_ISSUES if large else SHARD_ISSUES
        self._shard: GzipLines | None = None
        self._n_shards = 0
        self._in_shard = 0
        # Search pages say how many issues there are in all, so they can only be cut when the last copy is in.
        self._spool_path = self.folders[LENDING] / ".issues"
        self._spool = self._spool_path.open("wb")
        self._n_spooled = 0

    def add(self, copy: PortfolioCopy) -> None:
        """Write one copy's issues, in the order of their ids."""
        items = sorted(copy.items, key=_native_id)
        twice = _changed_late(items) if copy.number == 0 else set()
        late: list[bytes] = []
        for item in items:
            source = item.stream.source
            issue = self.writers[source].issue(item)
            self.n_issues[source] += 1
            if id(item) in twice:
                late.append(_line(issue))
                self.exported_twice.append(item.key)
                issue = as_it_stood(issue, self.writers[source].text(EARLIER_EXPORT))
            line = _line(issue)
            if source == MAIN:
                self._add_to_shard(line)
            else:
                self._add_to_spool(line)
        if late:
            GzipLines.write_file(self.folders[MAIN] / LATE_FILE, late)
        self._write_changelog_pages([item for item in items if item.long_history == "paged"], copy.number)

    def close(self) -> None:
        """Write the search pages and the lists of statuses, fields and sprints, and each source's manifest."""
        if self._shard is not None:
            self._shard.close()
        self._spool.close()
        self._write_search_pages()
        self._spool_path.unlink()
        manifest = {
            "exported_at": scenario.EXPORTED_AT.isoformat(),
            "complete_to": scenario.COMPLETE_TO.isoformat(),
        }
        for source, folder in self.folders.items():
            sprints = sprint_list(source)
            page = {"maxResults": len(sprints), "startAt": 0, "isLast": True, "values": sprints}
            write_json(folder / "manifest.json", manifest)
            write_json(folder / "statuses.json", INSTANCES[source].statuses())
            write_json(folder / "fields.json", INSTANCES[source].field_list())
            write_json(folder / "sprints.json", page)

    # -- jira-main -------------------------------------------------------------------------------------------------

    def _add_to_shard(self, line: bytes) -> None:
        if self._shard is None or self._in_shard == self._shard_issues:
            if self._shard is not None:
                self._shard.close()
            self._n_shards += 1
            self._in_shard = 0
            self._shard = GzipLines(self._shard_path)
        self._shard.write([line])
        self._in_shard += 1
        if self._n_shards == 1 and self._in_shard in _UNUSABLE_LINES:
            reason, unusable = _UNUSABLE_LINES[self._in_shard]
            self._shard.write([unusable])
            self.malformed.append(
                {
                    "source": MAIN,
                    "file": self._shard_path.name,
                    "line": self._in_shard + 1 + sum(entry["source"] == MAIN for entry in self.malformed),
                    "reason": reason,
                }
            )

    @property
    def _shard_path(self) -> Path:
        return self.folders[MAIN] / f"issues-{self._n_shards:04d}.ndjson.gz"

    def _write_changelog_pages(self, items: list[SimulatedItem], copy: int) -> None:
        """One file a page for the first copy; further copies' pages one a line, in one file for each copy."""
        lines: dict[str, list[bytes]] = {}
        for item in items:
            source = item.stream.source
            for page in self.writers[source].pages(item):
                if copy == 0:
                    write_json(self.folders[source] / f"changelogs-{item.key}-{page['startAt']:03d}.json", page)
                else:
                    lines.setdefault(source, []).append(_line(page))
        for source, pages in lines.items():
            GzipLines.write_file(self.folders[source] / f"changelogs-{copy:04d}.ndjson.gz", pages)

    # -- jira-lending ----------------------------------------------------------------------------------------------

    def _add_to_spool(self, line: bytes) -> None:
        if self._n_spooled == _IMPOSSIBLE_DATE_AFTER:
            self.malformed.append(
                {
                    "source": LENDING,
                    "file": _page_name(1),
                    "record": self._n_spooled + 1,
                    "reason": "created on 2026-02-30, which is no day",
                }
            )
            issue = _bare_issue("COLL-9000003", 9003)
            issue["fields"]["created"] = "2026-02-30T10:00:00.000+0000"
            self._spool.write(_line(issue))
            self._n_spooled += 1
        self._spool.write(line)
        self._n_spooled += 1

    def _write_search_pages(self) -> None:
        with self._spool_path.open("rb") as spool:
            for number, start in enumerate(range(0, self._n_spooled, PAGE_ISSUES), start=1):
                head = {"expand": "schema,names", "startAt": start, "maxResults": PAGE_ISSUES, "total": self._n_spooled}
                opening = json.dumps(head).encode()[:-1] + b', "issues": [\n'
                issues = _separated(islice(spool, PAGE_ISSUES))
                GzipLines.write_file(self.folders[LENDING] / _page_name(number), chain([opening], issues, [b"]}\n"]))


class GzipLines:
    """A gzip file being written, whose bytes depend on its content only (no name and no time inside)."""

    def __init__(self, path: Path) -> None:
        self._raw = path.open("wb")
        self._gzip = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, compresslevel=COMPRESSION, mtime=0)

    def write(self, lines: Iterable[bytes]) -> None:
        """Append lines (or parts of lines) as they are."""
        for line in lines:
            self._gzip.write(line)

    def close(self) -> None:
        """Finish the file."""
        self._gzip.close()
        self._raw.close()

    @classmethod
    def write_file(cls, path: Path, lines: Iterable[bytes]) -> None:
        """Write a whole file."""
        file = cls(path)
        file.write(lines)
        file.close()


def write_json(path: Path, document: Any) -> None:
    """Write a document readably, in UTF-8, as given (keys keep their order)."""
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _line(document: Json) -> bytes:
    return _ENCODE(document).encode() + b"\n"


_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def _separated(lines: Iterator[bytes]) -> Iterator[bytes]:
    first = next(lines, b"")
    yield first
    for line in lines:
        yield b"," + line


def _page_name(number: int) -> str:
    return f"search-{number:04d}.json.gz"


def _native_id(item: SimulatedItem) -> tuple[str, int]:
    return item.stream.source, item.native_id


def _changed_late(items: list[SimulatedItem]) -> set[int]:
    """The first few stories of jira-main that ended in the last week and had nothing but moves then (object ids)."""
    chosen = [
        item
        for item in items
        if item.stream.source == MAIN
        and item.level == "story"
        and item.status == records.DONE
        and item.long_history is None
        and item.moves[0][0] < EARLIER_EXPORT <= item.moves[-1][0]
        and all(at < EARLIER_EXPORT for at, _, _ in item.edits)
    ]
    return set(map(id, chosen[: scenario.FLAWS.exported_twice]))


def _bare_issue(key: str, native_id: int) -> Json:
    project = key.partition("-")[0]
    return {
        "id": str(native_id),
        "key": key,
        "fields": {
            "summary": "Left over from an interrupted export",
            "status": {"id": "10200", "name": "To Do", "statusCategory": {"id": 2, "key": "new", "name": "To Do"}},
            "issuetype": {"id": "10002", "name": "Task", "subtask": False},
            "project": {"key": project},
            "updated": "2026-03-02T10:00:00.000+0000",
        },
        "changelog": {"startAt": 0, "maxResults": 0, "total": 0, "histories": []},
    }


_IMPOSSIBLE_DATE_AFTER = 5
_UNUSABLE_LINES = {
    10: ("not JSON: the line is cut off", _line(_bare_issue("TRF-9000001", 9001))[:180] + b"\n"),
    20: ("an issue without created", _line(_bare_issue("CARD-9000002", 9002))),
}
"""Written into the first shard after so many of its issues: (why it cannot be loaded, the line)."""
