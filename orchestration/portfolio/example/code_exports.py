"""The export files of the delivery log and of SonarQube, the same bytes every time.

Belongs here: columns, pages and manifests of both sources. Does not belong here: what is in them (``delivery``,
``code_quality``), Jira's files (``export_files``).

The log is three CSV files, as a team keeps them or gets them out of a tool that has no reader. Findings are pages of
``/api/issues/search``; a page says how many its search found, and each copy of the portfolio is a search.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from orchestration.portfolio.example import scenario
from orchestration.portfolio.example.code_records import Change, Deployment, Finding, Incident, StreamDelivery
from orchestration.portfolio.example.export_files import COMPRESSION, write_json
from orchestration.portfolio.example.jira_timestamps import Timestamps

PAGE_FINDINGS: Final = 500
COLUMNS: Final = {
    "deployments": ("deployment", "project", "environment", "result", "commits", "ref", "started", "finished"),
    "incidents": ("incident", "title", "service", "severity", "status", "opened", "acknowledged", "resolved"),
    "changes": (
        "change",
        "project",
        "title",
        "branch",
        "target",
        "merge_commit",
        "head_commit",
        "additions",
        "deletions",
        "first_commit",
        "opened",
        "first_review",
        "approved",
        "merged",
        "closed",
    ),
}


class CodeExports:
    """Writes ``exports/delivery-log`` and ``exports/quality`` below a folder: ``add`` each copy, then ``close``."""

    def __init__(self, folder: Path) -> None:
        self.folders = {name: folder / "exports" / name for name in (scenario.DELIVERY_SOURCE, scenario.QUALITY_SOURCE)}
        for path in self.folders.values():
            path.mkdir(parents=True)
        log = self.folders[scenario.DELIVERY_SOURCE]
        self._files = {name: (log / f"{name}.csv").open("w", encoding="utf-8", newline="") for name in COLUMNS}
        self._writers = {name: csv.writer(file, lineterminator="\n") for name, file in self._files.items()}
        for name, writer in self._writers.items():
            writer.writerow(COLUMNS[name])
        self._local, self._utc = Timestamps(utc=False), Timestamps(utc=True)
        self._n_deployments = self._n_incidents = self._n_pages = 0

    def add(self, delivered: Mapping[str, StreamDelivery]) -> None:
        """Write what the value streams' services saw in one copy."""
        for stream in delivered.values():
            self._writers["changes"].writerows(map(self._change, stream.changes))
            self._writers["deployments"].writerows(map(self._deployment, stream.deployments))
            self._writers["incidents"].writerows(map(self._incident, stream.incidents))
        findings = [finding for stream in delivered.values() for finding in stream.findings]
        for start in range(0, len(findings), PAGE_FINDINGS):
            self._n_pages += 1
            page = findings[start : start + PAGE_FINDINGS]
            document = {
                "total": len(findings),
                "p": start // PAGE_FINDINGS + 1,
                "ps": PAGE_FINDINGS,
                "paging": {
                    "pageIndex": start // PAGE_FINDINGS + 1,
                    "pageSize": PAGE_FINDINGS,
                    "total": len(findings),
                },
                "effortTotal": sum(finding.minutes for finding in findings),
                "issues": [self._finding(finding) for finding in page],
            }
            content = gzip.compress(json.dumps(document, separators=(",", ":")).encode(), COMPRESSION, mtime=0)
            (self.folders[scenario.QUALITY_SOURCE] / f"findings-{self._n_pages:04d}.json.gz").write_bytes(content)

    def close(self) -> None:
        """Finish the files and say of both sources when they were exported and up to when they are complete."""
        for file in self._files.values():
            file.close()
        for folder in self.folders.values():
            manifest = {
                "exported_at": scenario.EXPORTED_AT.isoformat(),
                "complete_to": scenario.COMPLETE_TO.isoformat(),
            }
            write_json(folder / "manifest.json", manifest)

    def _when(self, at_ms: int | None) -> str:
        return "" if at_ms is None else self._local(at_ms)

    def _change(self, change: Change) -> tuple[object, ...]:
        moments = (
            change.first_commit,
            change.opened,
            change.first_review,
            change.approved,
            change.merged,
            change.closed or change.merged,
        )
        return (
            change_name(change),
            change.service,
            change.title,
            change.branch,
            "main",
            change.merge_commit or "",
            change.head_commit,
            change.n_added,
            change.n_deleted,
            *map(self._when, moments),
        )

    def _deployment(self, deployment: Deployment) -> tuple[object, ...]:
        self._n_deployments += 1
        return (
            f"deployment {self._n_deployments}",
            deployment.service,
            deployment.environment,
            "success" if deployment.is_success else "rolled back",
            " ".join(change.merge_commit or "" for change in deployment.changes),
            deployment.tag,
            self._when(deployment.started),
            self._when(deployment.finished),
        )

    def _incident(self, incident: Incident) -> tuple[object, ...]:
        self._n_incidents += 1
        status = "resolved" if incident.resolved else "acknowledged" if incident.acknowledged else "open"
        return (
            f"incident {self._n_incidents}",
            incident.title,
            incident.service,
            incident.severity,
            status,
            *map(self._when, (incident.opened, incident.acknowledged, incident.resolved)),
        )

    def _finding(self, finding: Finding) -> dict[str, Any]:
        closed = {} if finding.closed is None else {"closeDate": self._second(finding.closed), "resolution": "FIXED"}
        return {
            "key": finding.key,
            "rule": finding.rule,
            "severity": finding.severity,
            "component": f"{finding.service}:{finding.file}",
            "project": finding.service,
            "line": finding.line,
            "status": "OPEN" if finding.closed is None else "CLOSED",
            "effort": f"{finding.minutes}min",
            "debt": f"{finding.minutes}min",
            "tags": [],
            "creationDate": self._second(finding.opened),
            "updateDate": self._second(finding.closed or finding.opened),
            "type": finding.kind,
            **closed,
        }

    def _second(self, at_ms: int) -> str:
        return self._utc(at_ms).replace(".000", "")


def change_name(change: Change) -> str:
    """What people call the change: the repository and its number there."""
    return f"{change.service}!{change.number}"
