"""Delivery by Monte Carlo: how many items by a date, and when a number of items is done.

Belongs here: futures drawn from past weeks of throughput, what they say at a confidence, when they must not be drawn,
and the back-test of a scope's forecasts. Does not belong here: features and epics, whose pace is their children's
(:mod:`.parent_delivery_forecast`).

Method: weeks of the current phase are drawn with replacement and added up (T. Magennis, D. Vacanti). Weeks with
nothing finished are weeks too. That n weeks bound the next one with probability (n - 1) / (n + 1) is why 8 are the
least. Nothing reviewed is known on how right such forecasts are, so each is published beside its own back-test.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.forecast_scoring import pinball_loss, wilson_interval
from orchestration.analytics.input_frames import complete_weeks, require_columns, require_unique
from orchestration.analytics.process_limits import lag1_autocorrelation, natural_process_limits
from orchestration.analytics.process_signals import judge_points
from orchestration.analytics.week_blocks import block_positions, draw_block_uniforms

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Floats, Ints

METHOD_VERSION = "delivery_forecast-1"

_KEYS = ("scope_type", "scope_id", "level")
#: What is read of ``mart_flow_metrics``, of its rows of weeks and of all work types.
THROUGHPUT_COLUMNS = (*_KEYS, "period_start", "is_complete", "n_finished")
PHASE_COLUMNS = (*_KEYS, "phase_start")

_TYPES = {
    "scope_type": "str",
    "scope_id": "str",
    "level": "str",
    "horizon_weeks": "int64",
    "target_date": "datetime64[us]",
    "items_50": "Int64",
    "items_70": "Int64",
    "items_85": "Int64",
    "items_95": "Int64",
    "block_weeks": "Int64",
    "hit_rate_85": "float64",
    "hit_rate_85_lower": "float64",
    "hit_rate_85_upper": "float64",
    "hit_rate_50": "float64",
    "pit_mean": "float64",
    "pinball_85": "float64",
    "n_cases": "int64",
    "n_weeks": "int64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "withheld_reason": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """Thresholds of the forecasts.

    ``min_weeks`` and ``max_weeks`` of the samples; ``block_weeks`` drawn together where neighbouring weeks resemble
    each other (lag-1 autocorrelation beyond 2 / sqrt(n)); ``n_recent_weeks`` that may hold none of ``special_causes``;
    ``limit_weeks``: no date further ahead is given; ``max_origins``: the most recent weeks that a back-test looks ahead
    from.
    """

    min_weeks: int = 8
    max_weeks: int = 26
    block_weeks: int = 3
    n_recent_weeks: int = 8
    special_causes: tuple[str, ...] = ("outside", "trend", "shift")
    n_paths: int = 10_000
    n_backtest_paths: int = 1000
    limit_weeks: int = 104
    horizon_weeks: tuple[int, ...] = (4, 8, 13)
    max_origins: int = 26


DEFAULT_SETTINGS = DeliverySettings()

#: Confidences that dates and numbers are given at, by the ending of their columns.
CONFIDENCES = {"50": 0.50, "70": 0.70, "85": 0.85, "95": 0.95}


def items_within(samples: Floats, n_weeks: int, uniforms: Floats, block_weeks: int = 1) -> Floats:
    """Return per path the items finished in the next ``n_weeks``, drawn from ``samples`` (items a week).

    ``uniforms`` from :func:`.week_blocks.draw_block_uniforms`: one row a path.
    """
    total: Floats = samples[block_positions(uniforms, samples.size, n_weeks, block_weeks)].sum(axis=1)
    return total


@dataclass(frozen=True, slots=True)
class PathsDone:
    """How many of ``n_paths`` have done their backlog by the end of week 0, 1, 2 and so on, shape (weeks,)."""

    n_done: Ints
    n_paths: int

    def week_at(self, confidence: float) -> float:
        """Return the first week by which at least this share of paths is done; infinite where that is not seen."""
        week = int(np.searchsorted(self.n_done, ceil(confidence * self.n_paths)))
        return float(week) if week < self.n_done.size else float("inf")

    def rank_of(self, week: int) -> float:
        """Return the share of paths done before a week (1 or later) and half of those done in it."""
        before, by_end = (int(self.n_done[min(end, self.n_done.size - 1)]) for end in (week - 1, week))
        return before / self.n_paths + (by_end - before) / self.n_paths / 2


def paths_done_by_week(
    samples: Floats, backlog: Floats, uniforms: Floats, block_weeks: int = 1, *, followed: float = 1.0
) -> PathsDone:
    """Count by week the paths whose backlog is done, in weeks drawn from ``samples`` (items a week).

    ``backlog``: items to do per path, shape (paths,); 0 is done in week 0. ``uniforms`` as in :func:`items_within`; as
    many columns as weeks are looked ahead; quickest where each week's draws lie side by side (``np.asfortranarray``).
    Counting ends with the week by which the share ``followed`` of the paths is done: the last few take longest.
    """
    if samples.size < 1:
        raise ValueError("There is no week to draw from; withhold the forecast instead.")
    n_paths = backlog.size
    to_do = backlog.astype(np.float64)
    begins = np.zeros(n_paths, dtype=np.int64)
    n_done = [n_paths - np.count_nonzero(to_do > 0)]
    # Paths that are done are drawn on with the others: taking them out costs more than it saves.
    for week in range(uniforms.shape[1]):
        if n_done[-1] >= followed * n_paths:
            break
        block, within = divmod(week, block_weeks)
        if within == 0:
            begins = (uniforms[:, block] * samples.size).astype(np.int64)
        to_do -= samples.take((begins + within) % samples.size if within else begins)
        n_done.append(n_paths - np.count_nonzero(to_do > 0))
    return PathsDone(np.array(n_done, dtype=np.int64), n_paths)


def items_at_confidence(items: Floats, confidence: float) -> float:
    """Return the largest number of items that at least this share of paths reaches."""
    n_reach = ceil(confidence * items.size)
    return float(np.partition(items, items.size - n_reach)[items.size - n_reach])


def blocks_for(samples: Floats, settings: DeliverySettings = DEFAULT_SETTINGS) -> int:
    """Return how many weeks are drawn together: 1 unless neighbouring weeks resemble each other more than chance."""
    r1 = lag1_autocorrelation(samples)
    return settings.block_weeks if abs(r1) > 2 / np.sqrt(samples.size) else 1


def refusal(samples: Floats, settings: DeliverySettings = DEFAULT_SETTINGS) -> str | None:
    """Return why nothing may be drawn from these weeks (in time order), None where it may."""
    if samples.size < settings.min_weeks:
        return f"{samples.size} complete weeks in the current phase, at least {settings.min_weeks} needed"
    if not samples.any():
        return f"nothing was finished in the {samples.size} weeks of the current phase"
    signals = judge_points(samples, natural_process_limits(samples, floor=0)).flags
    found = [rule for rule in settings.special_causes if signals[rule][-settings.n_recent_weeks :].any()]
    if found:
        words = {"outside": "a point outside the limits", "trend": "a trend", "shift": "a shift"}
        named = " and ".join(words.get(rule, rule) for rule in found)
        return (
            f"the last {settings.n_recent_weeks} weeks of throughput hold {named}: "
            "the weeks before are no guide until that is explained"
        )
    return None


def forecast_throughput(
    throughput: pd.DataFrame,
    phases: pd.DataFrame | None = None,
    *,
    generator: np.random.Generator,
    settings: DeliverySettings = DEFAULT_SETTINGS,
) -> pd.DataFrame:
    """Forecast for every scope and level how many items will be finished within 4, 8 and 13 weeks.

    Parameters
    ----------
    throughput: one row per scope, level and week with ``THROUGHPUT_COLUMNS``; incomplete weeks are left out. The last
        complete week of the frame is the origin; weeks without a row up to it count as nothing finished.
    phases: first day of the current phase of each scope and level with ``PHASE_COLUMNS``, where limits were set anew;
        earlier weeks are not drawn. A scope not in it is in its first phase.
    generator: random numbers of the paths, shared by all scopes.

    Returns one row per scope, level and horizon with ``COLUMNS``. ``items_85`` is the number that 85 % of the paths
    reach or exceed. The back-test is the scope's own, over the past weeks that allowed a forecast: that N items or more
    came by a date is the same as that the N-th was done by it, so the hit rate is that of the date as well.
    """
    require_columns(throughput, THROUGHPUT_COLUMNS, "weeks of throughput")
    weeks = complete_weeks(throughput.loc[:, list(THROUGHPUT_COLUMNS)], "period_start")
    require_unique(weeks, [*_KEYS, "period_start"], "weeks of throughput")
    starts = _phase_starts(phases)
    uniforms = draw_block_uniforms(generator, settings.n_paths, max(settings.horizon_weeks, default=1))
    last_week = weeks["period_start"].max()
    rows: list[dict[str, object]] = []
    for keys, of_scope in weeks.groupby(list(_KEYS), sort=True):
        all_weeks = pd.date_range(of_scope["period_start"].min(), last_week, freq="7D")
        by_week = of_scope.set_index("period_start")["n_finished"].astype("float64").reindex(all_weeks)
        finished = np.asarray(by_week.fillna(0), dtype=np.float64)
        phase_start = starts.get(tuple(keys), all_weeks[0])
        n_phase = int((all_weeks >= phase_start).sum())
        samples = finished[finished.size - n_phase :][-settings.max_weeks :]
        reason = refusal(samples, settings)
        block = blocks_for(samples, settings) if reason is None else 1
        backtest = _backtest(finished, uniforms[: settings.n_backtest_paths], settings)
        for horizon in settings.horizon_weeks:
            row: dict[str, object] = dict(zip(_KEYS, keys, strict=True)) | {
                "horizon_weeks": horizon,
                "target_date": last_week + pd.Timedelta(days=6 + 7 * horizon),
                "n_weeks": samples.size,
                "window_start": last_week - pd.Timedelta(weeks=max(samples.size - 1, 0)),
                "window_end": last_week + pd.Timedelta(days=6),
                "withheld_reason": reason,
            }
            if reason is None:
                items = items_within(samples, horizon, uniforms, block)
                row |= {f"items_{name}": items_at_confidence(items, level) for name, level in CONFIDENCES.items()}
                row["block_weeks"] = block
            rows.append(row | backtest[horizon])
    return pd.DataFrame(rows, columns=list(COLUMNS)).assign(method_version=METHOD_VERSION).astype(_TYPES)


def _phase_starts(phases: pd.DataFrame | None) -> dict[tuple[object, ...], pd.Timestamp]:
    if phases is None:
        return {}
    require_columns(phases, PHASE_COLUMNS, "phases")
    require_unique(phases, _KEYS, "phases")
    starts = pd.to_datetime(phases["phase_start"])
    return {tuple(keys): start for *keys, start in zip(*(phases[key] for key in _KEYS), starts, strict=True)}


def _backtest(finished: Floats, uniforms: Floats, settings: DeliverySettings) -> dict[int, dict[str, object]]:
    """Look ahead from past weeks with what was known then, per horizon.

    When a phase began was not known yet, so only the refusals guard these looks ahead.
    """
    longest = max(settings.horizon_weeks)
    cases: dict[int, list[tuple[float, float, float, float]]] = {horizon: [] for horizon in settings.horizon_weeks}
    first = max(settings.min_weeks, finished.size - min(settings.horizon_weeks) - settings.max_origins + 1)
    for origin in range(first, finished.size):
        samples = finished[max(0, origin - settings.max_weeks) : origin]
        if refusal(samples, settings) is not None:
            continue
        drawn = samples[block_positions(uniforms, samples.size, longest, blocks_for(samples, settings))].cumsum(axis=1)
        for horizon, found in cases.items():
            if origin + horizon <= finished.size:
                items, came = drawn[:, horizon - 1], float(finished[origin : origin + horizon].sum())
                pit = float(np.mean(items < came) + np.mean(items == came) / 2)
                found.append((items_at_confidence(items, 0.50), items_at_confidence(items, 0.85), came, pit))
    return {horizon: _score(np.array(found, dtype=float), horizon) for horizon, found in cases.items()}


def _score(cases: Floats, horizon: int) -> dict[str, object]:
    """Score cases of (number at 50 %, number at 85 %, number that came, PIT)."""
    if not cases.size:
        return {"n_cases": 0}
    at_50, at_85, came, pit = cases.T
    reached = came >= at_85
    # Neighbouring weeks look ahead at mostly the same weeks: only every H-th case is new.
    lower, upper = wilson_interval(reached.sum() / horizon, reached.size / horizon)
    return {
        "hit_rate_85": float(reached.mean()),
        "hit_rate_85_lower": lower,
        "hit_rate_85_upper": upper,
        "hit_rate_50": float((came >= at_50).mean()),
        "pit_mean": float(pit.mean()),
        # The number that 85 % reach is the 15 % quantile of what comes.
        "pinball_85": float(pinball_loss(at_85, came, 0.15).mean()),
        "n_cases": reached.size,
    }
