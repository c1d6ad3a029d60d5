"""The bundled example, made once for all its tests, and its export files read back."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.portfolio.example import prepare_example
from orchestration.portfolio.example.jira_vocabulary import INSTANCES

Json = dict[str, Any]


def text(path: Path) -> str:
    return (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()


class Exports:
    """The export files read back without any of the example's own code: newest version of each issue, whole history."""

    def __init__(self, folder: Path) -> None:
        self.truth: Json = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        self.records: list[tuple[str, str, Json]] = []
        self.unusable: list[tuple[str, str, int]] = []
        self.pages: dict[tuple[str, str], list[Json]] = defaultdict(list)
        for path in sorted((folder / "exports").rglob("*")):
            if path.name.startswith("issues-"):
                for number, line in enumerate(text(path).splitlines(), start=1):
                    self._take(path, number, line)
            elif path.name.startswith("search-"):
                for number, issue in enumerate(json.loads(text(path))["issues"], start=1):
                    self._take(path, number, json.dumps(issue))
            elif path.name.startswith("changelogs-"):
                pages = text(path).splitlines() if ".ndjson" in path.name else [text(path)]
                for page in map(json.loads, pages):
                    self.pages[path.parent.name, page["self"].split("?")[0].split("/")[-2]].append(page)
        newest: dict[tuple[str, str], Json] = {}
        for source, _, issue in self.records:
            known = newest.get((source, issue["id"]))
            if known is None or known["fields"]["updated"] < issue["fields"]["updated"]:
                newest[source, issue["id"]] = issue
        self.issues = list(newest.values())
        self.histories = {issue["key"]: self._whole_history(source, issue) for (source, _), issue in newest.items()}

    def _take(self, path: Path, number: int, line: str) -> None:
        try:
            issue = json.loads(line)
            datetime.fromisoformat(issue["fields"]["created"])
        except (ValueError, KeyError):
            self.unusable.append((path.parent.name, path.name, number))
        else:
            self.records.append((path.parent.name, path.name, issue))

    def _whole_history(self, source: str, issue: Json) -> list[Json]:
        pages = sorted(self.pages.get((source, issue["id"]), []), key=lambda page: page["startAt"])
        entries = [entry for page in pages for entry in page["values"]] or issue["changelog"]["histories"]
        return sorted(entries, key=lambda entry: int(entry["id"]))

    def changes(self, issue: Json, field: str) -> list[tuple[datetime, Json]]:
        return [
            (datetime.fromisoformat(entry["created"]), item)
            for entry in self.histories[issue["key"]]
            for item in entry["items"]
            if item["field"] == field
        ]

    def stays(self, issue: Json) -> list[tuple[str, datetime, datetime | None]]:
        """(status id, entered, left) from the changes; the first stay starts with the creation."""
        changes = self.changes(issue, "status")
        entered = [datetime.fromisoformat(issue["fields"]["created"]), *(at for at, _ in changes)]
        first = changes[0][1]["from"] if changes else issue["fields"]["status"]["id"]
        statuses = [first, *(item["to"] for _, item in changes)]
        return list(zip(statuses, entered, [*entered[1:], None], strict=True))

    def where(self, wanted: Any) -> set[str]:
        return {issue["key"] for issue in self.issues if wanted(issue)}

    @staticmethod
    def text_of(path: Path) -> str:
        return text(path)

    @staticmethod
    def kind(issue: Json) -> str:
        return str(issue["fields"]["issuetype"]["name"])

    def is_story(self, issue: Json) -> bool:
        return self.kind(issue) in {"Story", "Bug", "Task"}

    @staticmethod
    def project(issue: Json) -> str:
        return str(issue["key"].split("-")[0])

    def stage(self, issue: Json, status_id: str) -> str:
        """The simulation's name of a status."""
        source = "jira-lending" if self.project(issue) in {"LOAN", "COLL"} else "jira-main"
        return next(name for name, number in INSTANCES[source].status_ids.items() if number == status_id)

    def path_of(self, issue: Json) -> list[str]:
        return [self.stage(issue, status) for status, _, _ in self.stays(issue)]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_example(tmp_path_factory.mktemp("example") / "made")


@pytest.fixture(scope="session")
def exports(folder: Path) -> Exports:
    return Exports(folder)


@pytest.fixture(scope="session")
def read_exports() -> type[Exports]:
    """Reads the export files of any example folder."""
    return Exports
