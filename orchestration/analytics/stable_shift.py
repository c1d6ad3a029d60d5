"""When limits are computed anew: the Stable Shift Algorithm, and who may put its proposal in force.

Belongs here: the search for lasting shifts, the limits of each period, and the governance of a re-base. Does not
belong here: the limits themselves (:mod:`.process_limits`, :mod:`.attribute_charts`) and the run rules
(:mod:`.process_signals`).

Source: T. Woodcock, E. O'Connor, D. Bell, "Stable Shift Algorithm", BMJ Quality & Safety (2025),
doi:10.1136/bmjqs-2025-019263. Limits are computed anew only where a run against the prevailing limits starts a stretch
that no opposing run takes back. Governance: D. J. Wheeler's four questions, *Making Sense of Data* (2003).

What a later week can change. The *no-regrets* rule puts a proposal off while the end of its window runs the opposite
way up to the last week known: later weeks end that run, and the proposal stands, or lengthen it, and it falls. So a
later week can add a period, also one that starts many weeks back, and can replace a trial period by one that rests on
a whole window. Seldom it replaces an accepted period too, by an earlier proposal that had been put off: adding three
weeks did so 7 times in 13,200, over 600 simulated series of up to 110 weeks, 6 of them in autocorrelated ones. No later
week moves the limits of the first period, nor those of a period that stays and whose window was whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from orchestration.analytics.process_signals import ChartLimits, run_positions, sign_of_difference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Flags, Floats, Ints

Limits = TypeVar("Limits", bound=ChartLimits)

METHOD_VERSION = "stable_shift-1"

#: A point closer than this outside a limit, in distances from the centre to the limit, lies on it.
_ROUNDING = 1e-9
_FAVOURABLE = {"up": 1, "down": -1}


@dataclass(frozen=True, slots=True)
class StableShiftSettings:
    """The parameters of the algorithm, with the published defaults.

    ``n_min``: points that limits rest on. ``n_min_trial``: points that suffice for trial limits, after the last period
    with a whole window. ``run_length``: points on one side that make a shift. ``max_exclusions``: points outside that
    are left out of limits, the furthest first. ``no_regrets`` and ``overhang`` are the rules of the paper's variants:
    put a proposal off while the end of its window may yet become a run back; let an opposing run count that only
    starts in the window.
    """

    n_min: int = 21
    n_min_trial: int = 12
    run_length: int = 8
    max_exclusions: int = 3
    no_regrets: bool = True
    overhang: bool = True


@dataclass(frozen=True, slots=True)
class StablePeriod(Generic[Limits]):
    """One period and its limits. Positions are those in the series given to the search, from 0.

    ``start`` is the first point; the limits rest on the ``n_window`` points from there, less ``excluded``, and hold to
    ``end`` (exclusive), where the next period starts or the series ends. ``side``: the shift lay above (1) or below
    (-1) the limits before it, 0 for the first. ``is_trial``: the window is shorter than ``n_min``.
    """

    start: int
    end: int
    n_window: int
    excluded: tuple[int, ...]
    side: int
    is_trial: bool
    limits: Limits


@dataclass(frozen=True, slots=True)
class Governance:
    """Wheeler's four questions on one period, and what follows.

    ``is_clearly_different``: a whole run of its window lies beyond the centre in force. ``cause``: the
    intervention that covers its start, None if none does. ``is_desired``: its centre lies on the favourable side of the
    limits in force, None without a desired direction. ``is_expected_to_last``: None while the window is a trial.
    ``decision``: ``baseline`` (the first period), ``auto_accepted``, or ``pending_review``: shown, while points stay
    measured against the limits in force before it, which are those of period ``in_force`` (an index). ``reason`` says
    why in words.
    """

    is_clearly_different: bool | None
    cause: str | None
    is_desired: bool | None
    is_expected_to_last: bool | None
    decision: str
    in_force: int
    reason: str


def limits_with_exclusions(
    values: Floats, used: Flags, limits_of: Callable[[Flags], Limits], max_exclusions: int
) -> tuple[Limits, Flags]:
    """Return the limits of the points used, less those furthest outside, and the points left out.

    Computes, leaves out the point furthest outside (all at the same distance, in widths of the limits), and repeats
    until no point is outside or ``max_exclusions`` are left out.
    """
    excluded = np.zeros(values.size, dtype=bool)
    while True:
        limits = limits_of(used & ~excluded)
        beyond = np.maximum(_beyond(values - limits.upper_limit), _beyond(limits.lower_limit - values))
        beyond = np.where(used & ~excluded & limits.has_width, beyond / _width(limits), 0.0)
        furthest = beyond.max(initial=0.0)
        n_left = max_exclusions - int(excluded.sum())
        if furthest <= _ROUNDING or n_left <= 0:
            return limits, excluded
        excluded[np.flatnonzero(beyond >= furthest - _ROUNDING)[:n_left]] = True


def _beyond(distance: Floats) -> Floats:
    return np.nan_to_num(np.maximum(distance, 0.0), nan=0.0)


def _width(limits: ChartLimits) -> Floats:
    """Return the distance from the centre to the limit, whichever is drawn."""
    up = np.asarray(limits.upper_limit - limits.centre_line, dtype=float)
    down = np.asarray(limits.centre_line - limits.lower_limit, dtype=float)
    width = np.fmax(up, down)
    return np.where(width > 0, width, np.inf)


def stable_periods(
    values: ArrayLike,
    limits_of: Callable[[Flags], Limits],
    *,
    settings: StableShiftSettings | None = None,
    breaks: ArrayLike | None = None,
    baseline_length: int | None = None,
    baseline_limits: Limits | None = None,
) -> list[StablePeriod[Limits]]:
    """Find the periods with limits of their own.

    Parameters
    ----------
    values: one-dimensional, in time order; NaN = not charted, which is no point and ends every run.
    limits_of: gives the limits of the whole series from the points flagged, for any kind of chart.
    settings: the parameters.
    breaks: true where a point does not follow the one before it; ends every run.
    baseline_length: points of the first period's window, where a baseline was fixed; else ``n_min``.
    baseline_limits: the limits of that baseline as they were frozen; else they are computed, with exclusions.

    Returns no period under ``baseline_length`` (or ``n_min``) points or where the first window gives no limits, else
    one or more. Raises ``ValueError`` for infinite values.
    """
    series = np.asarray(values, dtype=float)
    if np.isinf(series).any():
        raise ValueError("The series has infinite values; pass NaN where there is none.")
    rules = settings or StableShiftSettings()
    chart = _Points.of(series, breaks)
    n_first = rules.n_min if baseline_length is None else baseline_length
    if chart.places.size < max(n_first, 1):
        return []
    first, excluded = baseline_limits, np.zeros(series.size, dtype=bool)
    if first is None:
        first, excluded = chart.window_limits(limits_of, 0, n_first, rules)
    if np.isnan(first.centre_line):
        return []
    found = [_Found(0, n_first, excluded, 0, is_trial=False, limits=first)]
    _search(chart, limits_of, found, rules, rules.n_min)
    if rules.n_min_trial < rules.n_min:
        _search(chart, limits_of, found, rules, rules.n_min_trial)
    starts = [int(chart.places[period.start]) for period in found]
    return [
        StablePeriod(
            start=start,
            end=end,
            n_window=period.n_window,
            excluded=tuple(int(point) for point in np.flatnonzero(period.excluded)),
            side=period.side,
            is_trial=period.is_trial,
            limits=period.limits,
        )
        for period, start, end in zip(found, starts, [*starts[1:], series.size], strict=True)
    ]


def govern_periods(
    periods: Sequence[StablePeriod[Limits]],
    values: ArrayLike,
    *,
    desired_direction: str | None,
    causes: Sequence[str | None],
    settings: StableShiftSettings | None = None,
    breaks: ArrayLike | None = None,
) -> list[Governance]:
    """Decide for each period whether its limits come into force, by Wheeler's four questions.

    Only a period that is clearly different from the limits in force, in the favourable direction, and covered by an
    intervention is accepted without a person. Direction and difference count from the limits in force and not from a
    period that is itself pending: otherwise a part-way recovery from a decline would be accepted as a gain.

    Parameters
    ----------
    periods, values, breaks: result and series of :func:`stable_periods`.
    desired_direction: ``up``, ``down``, or None for a metric that is neither good nor bad (nothing is accepted).
    causes: per period, the id of the intervention that covers its start, or None.

    Returns one entry per period, in their order.
    """
    rules = settings or StableShiftSettings()
    chart = _Points.of(np.asarray(values, dtype=float), breaks)
    decided: list[Governance] = []
    in_force = 0
    for index, (period, cause) in enumerate(zip(periods, causes, strict=True)):
        if index == 0:
            decided.append(Governance(None, cause, None, None, "baseline", 0, "The first limits."))
            continue
        centre = periods[in_force].limits.centre_line
        moved = period.limits.centre_line - centre
        is_desired = None if desired_direction is None else bool(moved * _FAVOURABLE[desired_direction] > 0)
        window = slice(*np.searchsorted(chart.places, [period.start, period.end]))
        sides = sign_of_difference(chart.values[window][: period.n_window], centre)
        _, length = run_positions(sides, chart.parted[window][: period.n_window])
        is_different = bool(((length >= rules.run_length) & (sides * moved > 0)).any())
        reason = _why_pending(cause, is_different=is_different, is_desired=is_desired)
        if not reason:
            in_force = index
        decided.append(
            Governance(
                is_clearly_different=is_different,
                cause=cause,
                is_desired=is_desired,
                is_expected_to_last=None if period.is_trial else True,
                decision="pending_review" if reason else "auto_accepted",
                in_force=in_force,
                reason=reason or f"A lasting shift in the desired direction, covered by {cause}.",
            )
        )
    return decided


def _why_pending(cause: str | None, *, is_different: bool, is_desired: bool | None) -> str:
    """Return why a person must look at a period, empty if nobody needs to."""
    if is_desired is None:
        return "The metric has no desired direction, so a person decides."
    if not is_desired:
        return "The shift is in the undesired direction; the limits before it stay in force."
    if not is_different:
        return "No whole run of its weeks lies beyond the centre in force, so the limits before it stay."
    if cause is None:
        return "No intervention covers the shift, so its cause is not known."
    return ""


@dataclass(frozen=True, slots=True)
class _Points:
    """The charted points of a series: their places in it, values, and where one does not follow the one before."""

    series: Floats
    places: Ints
    values: Floats
    parted: Flags

    @classmethod
    def of(cls, series: Floats, breaks: ArrayLike | None) -> _Points:
        """Take the points out of a series; a missing value between two of them parts them, as does any break."""
        places = np.flatnonzero(np.isfinite(series))
        parted = np.ones(places.size, dtype=bool)
        parted[1:] = np.diff(places) > 1
        if breaks is not None:
            parted[1:] |= np.diff(np.cumsum(np.asarray(breaks, dtype=bool))[places]) > 0
        return cls(series, places, series[places], parted)

    def window_limits(
        self, limits_of: Callable[[Flags], Limits], start: int, n_window: int, rules: StableShiftSettings
    ) -> tuple[Limits, Flags]:
        """Return the limits of some points in a row, and the places left out of them."""
        used = np.zeros(self.series.size, dtype=bool)
        used[self.places[start : start + n_window]] = True
        return limits_with_exclusions(self.series, used, limits_of, rules.max_exclusions)


@dataclass(frozen=True, slots=True)
class _Found(Generic[Limits]):
    """A period before it is known where it ends; positions count points."""

    start: int
    n_window: int
    excluded: Flags
    side: int
    is_trial: bool
    limits: Limits


def _search(
    chart: _Points,
    limits_of: Callable[[Flags], Limits],
    found: list[_Found[Limits]],
    rules: StableShiftSettings,
    n_window: int,
) -> None:
    """Append to ``found`` every period after its last one whose limits rest on ``n_window`` points."""
    at = found[-1].start + found[-1].n_window
    while True:
        trigger = _next_trigger(chart, found[-1], at, rules.run_length)
        if trigger is None or chart.values.size - trigger[0] < n_window:
            return
        at, side = trigger
        candidate, excluded = chart.window_limits(limits_of, at, n_window, rules)
        sides = sign_of_difference(chart.values, candidate.centre_line)[at:]
        if np.isnan(candidate.centre_line) or _is_taken_back(sides, chart.parted[at:], side, n_window, rules):
            at += 1
            continue
        found.append(_Found(at, n_window, excluded, side, is_trial=n_window < rules.n_min, limits=candidate))
        at += n_window


def _next_trigger(chart: _Points, prevailing: _Found[Limits], at: int, run_length: int) -> tuple[int, int] | None:
    """Return where the next run against the prevailing limits begins, and on which side; None if there is none.

    A run that began before ``at`` triggers there while as many points as make a run are left of it.
    """
    start = prevailing.start
    sides = sign_of_difference(chart.values, prevailing.limits.centre_line)[start:]
    position, length = run_positions(sides, chart.parted[start:])
    left = length - position + 1
    begins = (position == 1) | (np.arange(sides.size) == at - start)
    triggers = np.flatnonzero((begins & (length >= run_length) & (left >= run_length))[at - start :])
    if not triggers.size:
        return None
    first = at + int(triggers[0])
    return first, int(sides[first - start])


def _is_taken_back(sides: Ints, broken: Flags, side: int, n_window: int, rules: StableShiftSettings) -> bool:
    """Return whether a run on the other side of the candidate's centre opposes it, or may yet come to do so.

    ``sides`` are those of the points from the candidate's start to the end of what is known.
    """
    starts_anew = broken.copy()
    starts_anew[0] = True
    considered = sides if rules.overhang else sides[:n_window]
    position, length = run_positions(considered, starts_anew[: considered.size])
    is_start = (position == 1) & (considered == -side) & (length >= rules.run_length)
    # The first run is the one that the candidate starts with.
    first_run = np.flatnonzero(position == 1)[:1]
    is_start[first_run] = False
    if is_start[:n_window].any():
        return True
    if not rules.no_regrets:
        return False
    in_window = np.flatnonzero(sides[:n_window])
    if not in_window.size or sides[in_window[-1]] != -side:
        return False
    rest = slice(int(in_window[-1]), None)
    return bool((sides[rest] == -side).all() and not broken[rest][1:].any())
