"""What is true of the example's deliveries and code quality: planted, and counted as it came out.

Belongs here: counting, and the part ``delivery`` of ``truth.json``. Does not belong here: planting (``scenario``,
``delivery``, ``code_quality``) and wording (``truth_page``).
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.portfolio.example import scenario
from orchestration.portfolio.example.code_records import StreamDelivery
from orchestration.portfolio.example.working_clock import MS_PER_HOUR

FINDING_TYPES = {"BUG": "bug", "VULNERABILITY": "vulnerability", "CODE_SMELL": "debt"}
"""What Weir calls SonarQube's types."""


class DeliveryTruth:
    """Counts copy by copy; ``document`` is the truth of every value stream as JSON-ready data."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {stream.id: Counter() for stream in scenario.VALUE_STREAMS}
        self.findings: dict[str, Counter[str]] = {stream.id: Counter() for stream in scenario.VALUE_STREAMS}
        self.hours: defaultdict[tuple[str, str], array[float]] = defaultdict(lambda: array("d"))

    def add(self, delivered: Mapping[str, StreamDelivery]) -> None:
        """Count one copy."""
        for stream, seen in delivered.items():
            production = [entry for entry in seen.deployments if entry.environment == scenario.PRODUCTION]
            deployed = [change for change in seen.changes if change.deployed is not None]
            self.counts[stream].update(
                {
                    "changes": len(seen.changes),
                    "changes_naming_an_issue": sum(change.key is not None for change in seen.changes),
                    "changes_merged": sum(change.merged is not None for change in seen.changes),
                    "changes_in_production": len(deployed),
                    "deployments": len(seen.deployments),
                    "production_deployments": len(production),
                    "failed_production_deployments": sum(not entry.is_success for entry in production),
                    "incidents": len(seen.incidents),
                    "incidents_resolved": sum(incident.resolved is not None for incident in seen.incidents),
                }
            )
            self.hours[stream, "recovery"].extend(seen.recovery_hours)
            self.hours[stream, "restore"].extend(seen.restore_hours)
            self.hours[stream, "change_lead_time"].extend(
                (change.deployed - change.first_commit) / MS_PER_HOUR
                for change in deployed
                if change.deployed is not None
            )
            for finding in seen.findings:
                self.findings[stream][FINDING_TYPES[finding.kind]] += 1
                self.findings[stream][f"{FINDING_TYPES[finding.kind]}_open"] += finding.closed is None

    def document(self) -> dict[str, Any]:
        """Per value stream: the planted shares and hours, the counts, and medians (nearest rank, elapsed hours)."""
        return {stream: self._stream(stream, planted) for stream, planted in scenario.DELIVERY.items()}

    def _stream(self, stream: str, planted: scenario.PlantedDelivery) -> dict[str, Any]:
        counts = self.counts[stream]
        return {
            "planted": {
                "failure_share": planted.failure_share,
                "recovery_median_hours": planted.recovery_hours,
                "incident_share": planted.incident_share,
                "restore_median_hours": planted.restore_hours,
            },
            **dict(sorted(counts.items())),
            "change_failure_share": _rounded(
                counts["failed_production_deployments"] / max(1, counts["production_deployments"])
            ),
            "median_hours": {
                kind: _median(self.hours[stream, kind]) for kind in ("change_lead_time", "recovery", "restore")
            },
            "findings": {
                kind: {"n": self.findings[stream][kind], "n_open": self.findings[stream][f"{kind}_open"]}
                for kind in FINDING_TYPES.values()
            },
        }


def _median(values: Sequence[float]) -> float | None:
    return _rounded(sorted(values)[math.ceil(len(values) / 2) - 1]) if values else None


def _rounded(value: float) -> float:
    return round(value, 3)
