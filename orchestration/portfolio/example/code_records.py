"""What the simulation of delivery hands on: changes, deployments, incidents and findings, in no tool's words.

Belongs here: the records, each moment in milliseconds since 1970. Does not belong here: how they come about
(``delivery``, ``code_quality``) and how they are written (``code_exports``).
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Change:
    """A change to a service's code. ``key`` is the issue it was made for, None for one that names none."""

    service: str
    key: str | None
    title: str
    branch: str
    first_commit: int
    opened: int
    head_commit: str
    n_added: int
    n_deleted: int
    first_review: int | None = None
    approved: int | None = None
    merged: int | None = None
    merge_commit: str | None = None
    closed: int | None = None
    number: int = 0
    deployed: int | None = None


@dataclass(slots=True, eq=False)
class Deployment:
    """One attempt to bring ``changes`` to an environment."""

    service: str
    environment: str
    tag: str
    started: int
    finished: int
    is_success: bool
    changes: list[Change]


@dataclass(slots=True, eq=False)
class Incident:
    """A disturbance of a service after a deployment; moments after the end of the data are None."""

    service: str
    severity: str
    title: str
    opened: int
    acknowledged: int | None
    resolved: int | None


@dataclass(slots=True, eq=False)
class Finding:
    """What code analysis found in a service. ``kind`` is BUG, VULNERABILITY or CODE_SMELL."""

    service: str
    kind: str
    rule: str
    severity: str
    file: str
    line: int
    minutes: int
    key: str
    opened: int
    closed: int | None


@dataclass(slots=True, eq=False)
class StreamDelivery:
    """What one value stream's services saw in one copy of the portfolio.

    ``recovery_hours`` and ``restore_hours`` are elapsed hours as they came out, for failures and incidents that ended.
    """

    changes: list[Change] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    recovery_hours: list[float] = field(default_factory=list)
    restore_hours: list[float] = field(default_factory=list)
