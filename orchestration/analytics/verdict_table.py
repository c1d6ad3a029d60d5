"""The table of verdicts, read from the top for what one series shows: did the intervention work?

Belongs here: the order of the verdicts and their thresholds. Does not belong here: what is read of a series
(:mod:`.verdict_measures`), what a verdict rests on in words (:mod:`.verdict_wording`) and the verdicts of all weeks
(:mod:`.intervention_verdict`).

A verdict ``improved`` takes two looks that err differently: a run of eight weeks on the better side of the frozen
baseline, and an interval of the step that excludes 0. Either alone is wrong too often: on an unchanged series with
autocorrelation 0.3 a run of eight shows up in 15 % of 26 weeks, both together in 2 %. Source of the run of eight: W. A.
Shewhart's rules as in *Statistical Quality Control Handbook*, Western Electric (1956).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as student_t

from orchestration.analytics.series_minima import DEFAULT_SETTINGS as SERIES_DEFAULTS
from orchestration.analytics.series_minima import InterruptedSeriesSettings
from orchestration.analytics.verdict_measures import Measured, measure_weeks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from orchestration.analytics.intervention_effects import Step


@dataclass(frozen=True, slots=True)
class VerdictSettings:
    """Thresholds of the verdict table.

    An effect matters from ``minimum_sigmas`` standard deviations of the baseline on, or from what the office has set if
    that is more. ``run_length`` weeks on one side are a shift; the last ``recent_weeks`` tell whether it still moves.
    """

    run_length: int = 8
    recent_weeks: int = 8
    minimum_sigmas: float = 0.5
    min_retained_share: float = 0.25
    confidence: float = 0.95
    no_effect_confidence: float = 0.90
    power: float = 0.80
    max_weeks_ahead: int = 104


DEFAULT_SETTINGS = VerdictSettings()


@dataclass(frozen=True, slots=True)
class Judgement:
    """One verdict with what it rests on. Effects are on the scale that the series is measured on.

    ``items_agree`` is None where no items are asked; ``weeks_for_power`` counts weeks after the launch in all, None
    where not asked or out of reach.
    """

    verdict: str
    sub_status: str | None
    effect: Step
    projected_effect: float
    minimum_effect: float
    sigma_baseline: float
    has_good_run: bool
    has_bad_run: bool
    has_bad_outside: bool
    has_recent_good_signal: bool
    run_rules_apply: bool
    is_of_gaps: bool
    holds_gain: bool
    items_agree: bool | None
    weeks_for_power: int | None


def judge(
    values: ArrayLike,
    weeks: ArrayLike,
    is_post: ArrayLike,
    *,
    desired_direction: str,
    projected_effect: float = float("nan"),
    minimum_effect: float = 0.0,
    asks_items: bool = False,
    item_shift: float = float("nan"),
    was_improving: bool = False,
    has_regressed: bool = False,
    settings: VerdictSettings = DEFAULT_SETTINGS,
    series_settings: InterruptedSeriesSettings = SERIES_DEFAULTS,
) -> Judgement:
    """Read the table of verdicts from the top for one series of measurements as it stood at the end of its last week.

    Parameters
    ----------
    values: (n,) in time order on the scale of the chart, baseline and weeks after the launch only, finite.
    weeks: (n,) whole numbers, the place of each week in time; a week that is left out ends every run.
    is_post: (n,) true after the launch.
    desired_direction, projected_effect and so on: see :func:`judge_measured`.

    Raises ``ValueError`` for another direction, or values that :func:`.interrupted_series.step_effect` refuses.
    """
    _check_direction(desired_direction)
    measured = measure_weeks(
        np.asarray(values, dtype=float),
        np.asarray(weeks, dtype=np.int64),
        np.asarray(is_post, dtype=bool),
        desired_direction,
        (settings.run_length, settings.recent_weeks),
        series_settings,
    )
    return judge_measured(
        measured,
        desired_direction=desired_direction,
        projected_effect=projected_effect,
        minimum_effect=minimum_effect,
        asks_items=asks_items,
        item_shift=item_shift,
        was_improving=was_improving,
        has_regressed=has_regressed,
        settings=settings,
        series_settings=series_settings,
    )


def judge_measured(
    measured: Measured,
    *,
    desired_direction: str,
    projected_effect: float = float("nan"),
    minimum_effect: float = 0.0,
    asks_items: bool = False,
    item_shift: float = float("nan"),
    was_improving: bool = False,
    has_regressed: bool = False,
    settings: VerdictSettings = DEFAULT_SETTINGS,
    series_settings: InterruptedSeriesSettings = SERIES_DEFAULTS,
) -> Judgement:
    """Read the table of verdicts from the top for what one series shows, of measurements, counts or rare events.

    Parameters
    ----------
    measured: effect, signs and spread of the series.
    desired_direction: ``up`` or ``down``.
    projected_effect: signed, on the scale of the effect; NaN = none was given.
    minimum_effect: size from which an effect matters to the office, on the scale of the effect.
    asks_items: whether ``item_shift`` must have the sign of an improvement; a missing one then stands against it.
    was_improving: whether an earlier verdict was ``improved`` or ``improving_early`` or an improved phase was accepted.
    has_regressed: whether an accepted improved phase has regressed.

    Raises ``ValueError`` for another direction.
    """
    _check_direction(desired_direction)
    good = 1 if desired_direction == "up" else -1
    effect, seen, sigma = measured.effect, measured.seen, measured.sigma
    # Where a week has no spread to compare with, only the office can say what is too small to matter.
    by_spread = settings.minimum_sigmas * sigma if np.isfinite(sigma) else 0.0
    minimum = max(by_spread, minimum_effect) if measured.has_limits else float("nan")
    items_agree = bool(good * item_shift > 0) if asks_items else None
    target = projected_effect if np.isfinite(projected_effect) else good * minimum

    lower, upper = sorted(good * bound for bound in effect.interval(settings.confidence))
    narrow = np.abs(effect.interval(settings.no_effect_confidence))
    is_short = effect.n_baseline < series_settings.min_baseline_weeks or effect.n_post < series_settings.min_post_weeks
    holds_gain = bool(good * measured.recent_shift >= settings.min_retained_share * good * effect.effect)
    is_better = seen.has_good_run and lower > 0 and good * effect.effect >= minimum and holds_gain
    has_stalled = was_improving and not seen.has_recent_good_signal
    table = (
        ("insufficient_data", is_short or not measured.has_limits or effect.withheld_reason is not None),
        ("regressed", has_regressed),
        ("worsened", (seen.has_bad_run or seen.has_bad_outside) and upper < 0),
        ("improved", is_better and items_agree is not False),
        # The items say otherwise, so nothing that is said further down would be true without them.
        ("inconclusive", is_better),
        # What is aimed at lies beyond what the process since the launch does by itself.
        ("stagnating", has_stalled and bool(good * (target - measured.reach) > 0)),
        ("improving_early", seen.has_recent_good_signal),
        ("no_effect", narrow.max() < minimum),
    )
    verdict = next((name for name, holds in table if holds), "inconclusive")
    sub_status = None
    if verdict == "improved" and np.isfinite(projected_effect):
        sub_status = "on_target" if upper >= good * projected_effect else "below_projection"
    weeks_for_power = None
    if verdict == "inconclusive" and effect.withheld_reason is None:
        weeks_for_power = _weeks_for_power(effect, max(abs(target), minimum), settings)
    return Judgement(
        verdict=verdict,
        sub_status=sub_status,
        effect=effect,
        projected_effect=projected_effect,
        minimum_effect=minimum,
        sigma_baseline=sigma,
        has_good_run=seen.has_good_run,
        has_bad_run=seen.has_bad_run,
        has_bad_outside=seen.has_bad_outside,
        has_recent_good_signal=seen.has_recent_good_signal,
        run_rules_apply=measured.run_rules_apply,
        is_of_gaps=measured.is_of_gaps,
        holds_gain=holds_gain,
        items_agree=items_agree,
        weeks_for_power=weeks_for_power,
    )


def _check_direction(desired_direction: str) -> None:
    if desired_direction not in ("up", "down"):
        raise ValueError(f"The desired direction is '{desired_direction}'; give 'up' or 'down'.")


def _weeks_for_power(effect: Step, size: float, settings: VerdictSettings) -> int | None:
    """Return the weeks after the launch with which a step of that size would be found, None if never."""

    def suffices(n_post: int) -> bool:
        error, degrees = effect.standard_error_ahead(n_post)
        tails = student_t.ppf([(1 + settings.confidence) / 2, settings.power], degrees).sum()
        return bool(tails * error <= size)

    low, high = effect.n_post - 1, max(settings.max_weeks_ahead, effect.n_post)
    if not suffices(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high
