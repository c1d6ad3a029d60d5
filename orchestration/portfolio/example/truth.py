"""What is true of an example: planted, counted in the finished lives, and written beside the exports.

Belongs here: the count of everything that a pipeline should find again, the measured utilisations and weekly series,
``truth.json`` and ``TRUTH.md``. Does not belong here: planting (``imperfections``) and deciding (``scenario``).
"""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from orchestration.portfolio.example import records, scenario
from orchestration.portfolio.example.jira_histories import RENAMED_MS
from orchestration.portfolio.example.portfolio_copy import PortfolioCopy
from orchestration.portfolio.example.records import SimulatedItem
from orchestration.portfolio.example.simulator import WEEK_HOURS
from orchestration.portfolio.example.working_clock import WorkingClock

EXAMPLE_KEYS = 60
"""Keys listed for each flaw; its count is complete."""
BASELINE_WEEKS = 26
TRANSITION_WEEKS = 2
MIN_ITEMS = 5
_ORDERS = {"story": records.STORY_ORDER, "feature": records.FEATURE_ORDER, "epic": records.EPIC_ORDER}


class TruthBook:
    """Counts copy by copy; ``document`` is the whole truth as JSON-ready data."""

    def __init__(self, clock: WorkingClock) -> None:
        self.clock = clock
        self.levels: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.facts: Counter[str] = Counter()
        self.flaws: Counter[str] = Counter()
        self.keys: defaultdict[str, list[str]] = defaultdict(list)
        self.worked: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        self.offered: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        self.weeks: dict[str, defaultdict[int, list[int]]] = {
            intervention.id: defaultdict(list) for intervention in scenario.INTERVENTIONS
        }

    def add(self, copy: PortfolioCopy) -> None:
        """Count one finished copy."""
        for flaw, items in copy.planted.items():
            self.flaws[flaw] += len(items)
            room = EXAMPLE_KEYS - len(self.keys[flaw])
            self.keys[flaw] += [item.key for item in items[:room]]
        for item in copy.items:
            self._count(item)
        for (stream, stage, team), seats in copy.seats.items():
            launch, added = self._vacancy(stream, stage, team)
            people = [seats.people - (added if week * WEEK_HOURS < launch else 0) for week in range(len(seats.worked))]
            _add_to(self.worked[stream, stage], seats.worked)
            _add_to(self.offered[stream, stage], [number * WEEK_HOURS for number in people])

    def _vacancy(self, stream: str, stage: str, team: str | None) -> tuple[float, int]:
        for change in scenario.INTERVENTIONS:
            if (change.value_stream, change.stage, change.team) == (stream, stage, team):
                return self.clock.at_day(change.launched_on), change.added_seats
        return 0.0, 0

    def _count(self, item: SimulatedItem) -> None:
        statuses = [status for _, status in item.moves]
        pairs = list(pairwise(item.moves))
        self.levels[item.level] += 1
        self.statuses[f"{item.level}.{item.status}"] += 1
        self.facts["status_changes"] += len(pairs) - len(item.gaps)
        self.facts["changes_in_the_same_second_as_the_one_before"] += sum(
            earlier // 1000 == later // 1000 for (earlier, _), (later, _) in pairs
        )
        order = _ORDERS.get(item.level)
        if order is None:
            return
        places = {status: place for place, status in enumerate(order)}
        self.facts["items_never_moved"] += not pairs
        self.facts["items_cancelled"] += item.status == records.CANCELLED or item.resolution == "Duplicate"
        self.facts["items_reopened"] += any(before == records.DONE != after for (_, before), (_, after) in pairs)
        self.facts["items_moved_backward"] += any(
            places.get(after, 99) < places.get(before, -1) for before, after in pairwise(statuses)
        )
        self.facts["items_skipping_review"] += (
            item.level == "story" and records.TEST in statuses and records.REVIEW not in statuses
        )
        self.facts["flagged_spells"] += sum(kind == records.FLAGGED for _, kind, _ in item.edits)
        marks = sum({records.FLAGGED: 1, records.UNFLAGGED: -1}.get(kind, 0) for _, kind, _ in item.edits)
        self.facts["items_flagged_at_the_end"] += marks > 0
        self.facts["on_hold_spells"] += statuses.count(records.ON_HOLD)
        if item.stream.source == "jira-main":
            self.facts["reviews_over_the_rename"] += any(
                before == records.REVIEW and entered < RENAMED_MS <= left for (entered, before), (left, _) in pairs
            )
        if item.level == "story" and item.status == records.DONE and item.has_team and item.resolution is None:
            self._add_to_series(item)

    def _add_to_series(self, item: SimulatedItem) -> None:
        for intervention in scenario.INTERVENTIONS:
            if item.stream.id != intervention.value_stream or intervention.train not in {None, item.team.train}:
                continue
            if intervention.metric == "cycle_time":
                started = item.first(records.BUILD)
            else:
                started = next((at for at, status in item.moves if status != records.BACKLOG), None)
            if started is not None:
                finished = _local_day(item.moves[-1][0])
                week = (finished - scenario.FIRST_DAY).days // 7
                self.weeks[intervention.id][week].append((finished - _local_day(started)).days + 1)

    # -- the document ----------------------------------------------------------------------------------------------

    def document(self, identity: dict[str, Any], files: dict[str, Any]) -> dict[str, Any]:
        """Everything, with ``identity`` (version, seed, items, copies) first and facts of the files last."""
        return {
            **identity,
            "first_day": scenario.FIRST_DAY.isoformat(),
            "last_day": scenario.LAST_DAY.isoformat(),
            "complete_to": scenario.COMPLETE_TO.isoformat(),
            "issues": {"total": sum(self.levels.values()), **dict(sorted(self.levels.items()))},
            "value_streams": {stream: self._constraints(stream) for stream in scenario.CONSTRAINT_TRUTH},
            "interventions": {change.id: self._intervention(change) for change in scenario.INTERVENTIONS},
            "flaws": {
                flaw: {"n": number, "keys": self.keys[flaw], "what": FLAW_WORDS[flaw]}
                for flaw, number in sorted(self.flaws.items())
            },
            "facts": dict(sorted(self.facts.items())),
            "statuses_at_the_end": dict(sorted(self.statuses.items())),
            "files": files,
        }

    def _constraints(self, stream: str) -> list[dict[str, Any]]:
        warm = scenario.FIRST_DAY + timedelta(weeks=scenario.WARM_UP_WEEKS)
        windows = []
        for first, last, stage in scenario.CONSTRAINT_TRUTH[stream]:
            begin = int(self.clock.at_day(max(first, warm)) // WEEK_HOURS)
            end = int(self.clock.at_day(last + timedelta(days=1)) // WEEK_HOURS)
            windows.append(
                {
                    "from": first.isoformat(),
                    "to": last.isoformat(),
                    "constraint": stage,
                    "utilisation": {
                        f"delivery.{name}": round(
                            sum(self.worked[stream, name][begin:end]) / sum(self.offered[stream, name][begin:end]), 3
                        )
                        for name in ("build", "review", "test")
                    },
                }
            )
        return windows

    def _intervention(self, intervention: scenario.Intervention) -> dict[str, Any]:
        launch = (intervention.launched_on - scenario.FIRST_DAY).days // 7
        n_weeks = (scenario.LAST_DAY - scenario.FIRST_DAY).days // 7 + 1
        series = self.weeks[intervention.id]
        before = _log_medians(series, range(launch - BASELINE_WEEKS, launch))
        after = _log_medians(series, range(launch + TRANSITION_WEEKS, n_weeks))
        spread = statistics.stdev(before) if len(before) > 1 else math.nan
        step = statistics.fmean(after) - statistics.fmean(before) if before and after else math.nan
        return {
            "verdict": intervention.verdict,
            "launched_on": intervention.launched_on.isoformat(),
            "metric": intervention.metric,
            "value_stream": intervention.value_stream,
            "train": intervention.train,
            "changed_stage": f"delivery.{intervention.stage}",
            "added_people": intervention.added_seats,
            "service_time_factor": intervention.service_factor,
            "complete_weeks_after_launch": n_weeks - launch,
            "baseline_weeks": len(before),
            "weeks_after_transition": len(after),
            "baseline_median_days": _rounded(math.exp(statistics.fmean(before)) if before else math.nan, 1),
            "after_median_days": _rounded(math.exp(statistics.fmean(after)) if after else math.nan, 1),
            "baseline_sd_of_log_medians": _rounded(spread, 3),
            "step_in_baseline_sds": _rounded(step / spread if spread else math.nan, 2),
        }


def _log_medians(series: dict[int, list[int]], weeks: range) -> list[float]:
    """Logarithms of the weekly medians (nearest rank, calendar days) of weeks with at least five finished items."""
    enough = [sorted(series[week]) for week in weeks if len(series.get(week, ())) >= MIN_ITEMS]
    return [math.log(values[math.ceil(len(values) / 2) - 1]) for values in enough]


def _rounded(value: float, digits: int) -> float | None:
    return None if math.isnan(value) else round(value, digits)


def _local_day(at_ms: int) -> date:
    return datetime.fromtimestamp(at_ms / 1000, scenario.TIMEZONE).date()


def _add_to(total: list[float], further: list[float]) -> None:
    total.extend([0.0] * (len(further) - len(total)))
    for position, value in enumerate(further):
        total[position] += value


FLAW_WORDS = {
    "change_before_creation": "imported: the first change is older than the issue's creation",
    "completed_by_pages": "over 100 changelog entries, the oldest cut off, complete in changelog pages beside them",
    "created_in_later_status": "created in Build; no change leads there",
    "duplicate_resolution": "closed as done with the resolution Duplicate, which means cancelled",
    "handed_over": "handed to a team of Cards while it waited for a tester, from the end of 2025 on",
    "history_gaps": "the change into Ready for test is missing from the changelog",
    "linked_across_streams": "blocks an issue of Everyday Banking, which waits for it",
    "markup_titles": "a title with markup, quotes or umlauts",
    "moved_project": "opened in TRF, moved to CARD before work began; the key changed with it",
    "night_incidents": "lived through the night of a clock change",
    "retyped": "the issue type was changed",
    "same_second": "entered two statuses within one second",
    "self_transitions": "a change from a status to the same status",
    "straight_to_done": "went from the backlog to done without being worked on",
    "sub_tasks": "sub-tasks, which no rule maps to a level",
    "truncated": "over 100 changelog entries, the oldest cut off and nowhere to be found",
    "unmapped_status": "spent time in a status that portfolio.yaml does not map",
    "without_team": "no component or team, so no membership rule fits",
}
