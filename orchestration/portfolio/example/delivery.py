"""How the simulated stories reach users: changes to code, releases of the teams' services, incidents after them.

Belongs here: making changes, deployments and incidents from a finished copy of the portfolio. Does not belong here: the
planted shares and hours (``scenario``), files (``code_exports``), what code analysis finds (``code_quality``).

Every team has one service. It is deployed at the release in which stories of the team get done, and again after each
failure. Random numbers come from a stream of their own, so the issues are the same with and without this module.
"""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise

import numpy as np

from orchestration.portfolio.example import records, scenario
from orchestration.portfolio.example.code_records import Change, Deployment, Incident, StreamDelivery
from orchestration.portfolio.example.jira_titles import title
from orchestration.portfolio.example.portfolio_copy import PortfolioCopy
from orchestration.portfolio.example.records import SimulatedItem
from orchestration.portfolio.example.simulator import Draws
from orchestration.portfolio.example.working_clock import DAY_MS, END_MS, MS_PER_HOUR, WorkingClock

MS_PER_MINUTE = 60_000
NUMBERS_PER_COPY = 10_000
RECOVERY_SPREAD = 0.5
RESTORE_SPREAD = 0.6
_STREAM_OF_DELIVERY = 4
"""The copy's own random streams are the children 0 to 3 of its seed."""
_CHORES = ("Update dependencies", "Rotate certificates", "Faster build", "Remove dead code", "Raise test coverage")
_SEVERITIES = (("critical", 0.15), ("high", 0.35), ("medium", 0.5))
_TROUBLES = (("Errors above the limit in", 0.4), ("Slow answers from", 0.35), ("No answers from", 0.25))


def simulate_delivery(copy: PortfolioCopy, seed: int, clock: WorkingClock) -> dict[str, StreamDelivery]:
    """Return what each value stream's services saw, by the stream's id; moments after the data's end are left out."""
    return DeliverySimulation(copy, seed, clock).run()


class DeliverySimulation:
    """One copy's deliveries. ``run()`` once."""

    def __init__(self, copy: PortfolioCopy, seed: int, clock: WorkingClock) -> None:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(copy.number, _STREAM_OF_DELIVERY)))
        self.draws = Draws(rng)
        self.clock = clock
        self.copy = copy
        self._shas = rng.bytes(40 * (len(copy.items) + 1_000)).hex()
        self._n_shas = 0

    def run(self) -> dict[str, StreamDelivery]:
        """Simulate every team's service, in the scenario's order."""
        stories: defaultdict[str, list[SimulatedItem]] = defaultdict(list)
        odd = {id(item) for flaw in ("straight_to_done", "night_incidents") for item in self.copy.planted[flaw]}
        for item in self.copy.items:
            if item.level == "story" and item.resolution is None and id(item) not in odd:
                stories[item.team.id].append(item)
        delivered = {stream.id: StreamDelivery() for stream in scenario.VALUE_STREAMS}
        for stream in scenario.VALUE_STREAMS:
            for team in stream.teams:
                self._service(scenario.SERVICES[team.id], stories[team.id], stream.id, delivered[stream.id])
        return delivered

    def _service(self, service: str, stories: list[SimulatedItem], stream: str, delivered: StreamDelivery) -> None:
        releases: defaultdict[int, list[Change]] = defaultdict(list)
        changes: list[Change] = []
        for item in stories:
            change = None if self.draws.chance(scenario.NEEDS_NO_CODE) else self._change(service, item)
            if change is not None:
                changes.append(change)
                released = item.first(records.DONE)
                if change.merged is not None and released is not None:
                    releases[released].append(change)
        moments = sorted(releases)
        for _ in range(round(scenario.NAMELESS_CHANGES * len(changes))):
            chore = self._chore(service)
            changes.append(chore)
            due = next((at for at in moments if chore.merged is not None and at > chore.merged), None)
            if due is not None:
                releases[due].append(chore)
        changes.sort(key=lambda change: change.opened)
        for number, change in enumerate(changes, start=self.copy.number * NUMBERS_PER_COPY + 1):
            change.number = number
        delivered.changes += changes
        for released, following in pairwise([*moments, END_MS + DAY_MS]):
            self._release(service, (released, following), releases[released], stream, delivered)

    # -- changes -----------------------------------------------------------------------------------------------

    def _change(self, service: str, item: SimulatedItem) -> Change | None:
        """Return the change made for a story: opened before its build ended, merged when its review had; or None."""
        began, released = item.first(records.BUILD), item.first(records.DONE)
        known = [(at, status) for at, status in item.moves if released is None or at < released]
        developed = next((at for at, s in known if s in {records.READY_FOR_REVIEW, records.READY_FOR_TEST}), None)
        if began is None or developed is None or developed <= began:
            return None
        draws, start, end = self.draws, self.clock.reading(began), self.clock.reading(developed)
        reading = max(start + 0.25 * (end - start), end - 0.5 - 5.5 * draws.uniform())
        opened = min(self.clock.to_ms(reading), developed)
        change = Change(
            service,
            item.key,
            title(item),
            f"work/{item.native_id}",
            min(self.clock.to_ms(start + 0.8 * draws.uniform() * (reading - start)), opened),
            opened,
            self._sha(),
            1 + int(120 * item.size * draws.exponential(1.0)),
            int(40 * item.size * draws.exponential(1.0)),
        )
        if draws.chance(scenario.KEY_IN_TITLE):
            change.title = f"{item.key}: {change.title}"
        else:
            change.branch = f"feature/{item.key}"
        accepted = [at for at, status in known if status == records.READY_FOR_TEST]
        if item.status == records.CANCELLED:
            change.closed = item.moves[-1][0]
        elif accepted:
            merged = accepted[-1] + int(15 * draws.uniform() * MS_PER_MINUTE)
            self._merge(change, min(merged, released - MS_PER_MINUTE) if released is not None else merged)
        reviewed = next((at for at, status in known if status == records.REVIEW), None)
        if reviewed is not None:
            reviewed += int(25 * draws.uniform() * MS_PER_MINUTE)
            if reviewed < (change.merged or END_MS):
                change.first_review = reviewed
                change.approved = change.merged and max(reviewed, change.merged - 5 * MS_PER_MINUTE)
        return change

    def _chore(self, service: str) -> Change:
        began = self.draws.uniform() * (self.clock.last_reading - scenario.WORKDAY_HOURS)
        opened = began + 0.2 + 2 * self.draws.uniform()
        words = _CHORES[int(self.draws.uniform() * len(_CHORES))]
        branch = f"chore/{words.lower().replace(' ', '-')}"
        first_commit, was_opened = self.clock.to_ms(began), self.clock.to_ms(opened)
        chore = Change(service, None, words, branch, first_commit, was_opened, self._sha(), 12, 9)
        self._merge(chore, self.clock.to_ms(opened + 0.3 + 3 * self.draws.uniform()))
        return chore

    def _merge(self, change: Change, merged: int) -> None:
        if merged < END_MS:
            change.merged, change.merge_commit = merged, self._sha()

    def _sha(self) -> str:
        self._n_shas += 1
        return self._shas[(self._n_shas - 1) * 40 : self._n_shas * 40]

    # -- releases ----------------------------------------------------------------------------------------------

    def _release(
        self, service: str, window: tuple[int, int], changes: list[Change], stream: str, delivered: StreamDelivery
    ) -> None:
        """Deploy to the rehearsal, then to production until it succeeds; ``window``: this release and the next."""
        planted, draws = scenario.DELIVERY[stream], self.draws
        released, following = window
        changes.sort(key=lambda change: change.number)
        tag = f"v{len(delivered.deployments) + 1}"
        rehearsed = released - int((2 + 4 * draws.uniform()) * MS_PER_HOUR)
        ended = rehearsed + self._minutes(4, 10)
        works = draws.chance(0.9)
        delivered.deployments.append(Deployment(service, scenario.REHEARSAL, tag, rehearsed, ended, works, changes))
        started, failures = released + self._minutes(0, 2), list[int]()
        while True:
            finished = started + self._minutes(4, 14)
            if finished >= END_MS:
                return
            succeeds = not draws.chance(planted.failure_share)
            delivered.deployments.append(
                Deployment(service, scenario.PRODUCTION, tag, started, finished, succeeds, changes)
            )
            if succeeds:
                break
            failures.append(finished)
            hours = planted.recovery_hours * math.exp(RECOVERY_SPREAD * draws.normal())
            started = finished + min(int(hours * MS_PER_HOUR), int(0.8 * (following - finished)))
        delivered.recovery_hours += [(finished - failed) / MS_PER_HOUR for failed in failures]
        for change in changes:
            change.deployed = finished
        if draws.chance(planted.incident_share):
            self._incident(service, finished, following, planted.restore_hours, delivered)

    def _incident(
        self, service: str, deployed: int, following: int, restore_hours: float, delivered: StreamDelivery
    ) -> None:
        draws = self.draws
        opened = deployed + min(int((0.1 + draws.exponential(3.0)) * MS_PER_HOUR), (following - deployed) // 2)
        severity, trouble = draws.pick(_SEVERITIES), draws.pick(_TROUBLES)
        acknowledged = opened + self._minutes(1, 20)
        hours = restore_hours * math.exp(RESTORE_SPREAD * draws.normal())
        resolved = max(opened + int(hours * MS_PER_HOUR), acknowledged + MS_PER_MINUTE)
        if opened >= END_MS:
            return
        incident = Incident(service, severity, f"{trouble} {service}", opened, None, None)
        incident.acknowledged = acknowledged if acknowledged < END_MS else None
        if resolved < END_MS:
            incident.resolved = resolved
            delivered.restore_hours.append((resolved - opened) / MS_PER_HOUR)
        delivered.incidents.append(incident)

    def _minutes(self, low: float, more: float) -> int:
        return int((low + more * self.draws.uniform()) * MS_PER_MINUTE)
