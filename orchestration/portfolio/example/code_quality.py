"""What code analysis finds in the services over time, and when it is fixed.

Belongs here: making findings. Does not belong here: how many and how long (``scenario``), SonarQube's JSON
(``code_exports``).
"""

from __future__ import annotations

from datetime import datetime, time

import numpy as np

from orchestration.portfolio.example import scenario
from orchestration.portfolio.example.code_records import Finding
from orchestration.portfolio.example.portfolio_copy import PortfolioCopy
from orchestration.portfolio.example.simulator import Draws
from orchestration.portfolio.example.working_clock import DAY_MS, END_MS, local_ms

_STREAM_OF_QUALITY = 5
_RULES = {
    "BUG": (("java:S2259", "MAJOR", 30), ("java:S2095", "BLOCKER", 20), ("java:S1244", "MINOR", 15)),
    "VULNERABILITY": (("java:S5527", "CRITICAL", 45), ("java:S2068", "BLOCKER", 60), ("java:S4790", "MINOR", 30)),
    "CODE_SMELL": (("java:S3776", "CRITICAL", 25), ("java:S107", "MAJOR", 20), ("java:S1192", "MINOR", 8)),
}
_FILES = ("Ledger", "Limits", "Letters", "Gateway", "Schedule", "Totals", "Session", "Rates")
_N_DAYS = (scenario.LAST_DAY - scenario.FIRST_DAY).days
_START_MS = local_ms(datetime.combine(scenario.FIRST_DAY, time()))


def find_defects(copy: PortfolioCopy, seed: int) -> dict[str, list[Finding]]:
    """Return findings by value stream, in the order in which they were found; fewer in a thinned copy."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(copy.number, _STREAM_OF_QUALITY)))
    draws, share = Draws(rng), min(1.0, len(copy.items) / scenario.COPY_ITEMS)
    found: dict[str, list[Finding]] = {}
    for stream in scenario.VALUE_STREAMS:
        findings = [
            _finding(draws, rng, scenario.SERVICES[team.id], kind, scenario.DAYS_TO_FIX[stream.id][kind])
            for team in stream.teams
            for kind, per_week in scenario.FINDINGS_PER_WEEK.items()
            for _ in range(round(per_week * share * _N_DAYS / 7))
        ]
        found[stream.id] = sorted(findings, key=lambda finding: (finding.opened, finding.key))
    return found


def _finding(draws: Draws, rng: np.random.Generator, service: str, kind: str, mean_days: float) -> Finding:
    rule, severity, minutes = _RULES[kind][int(draws.uniform() * len(_RULES[kind]))]
    opened = _START_MS + int(draws.uniform() * _N_DAYS * DAY_MS)
    closed = opened + int((0.2 + draws.exponential(mean_days)) * DAY_MS)
    name = _FILES[int(draws.uniform() * len(_FILES))]
    return Finding(
        service,
        kind,
        rule,
        severity,
        f"src/main/java/{name}.java",
        1 + int(draws.uniform() * 400),
        minutes,
        rng.bytes(10).hex(),
        # Code analysis tells whole seconds.
        opened // 1000 * 1000,
        closed // 1000 * 1000 if closed < END_MS else None,
    )
