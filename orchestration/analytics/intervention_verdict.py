"""The verdict on an intervention, week by week: did it work, and what follows from that.

Belongs here: the table of verdicts, read from the top, for one metric of one intervention. Does not belong here: what a
verdict rests on in words and the action that it calls for (:mod:`.verdict_wording`), the estimate
(:mod:`.interrupted_series`), the run rules (:mod:`.process_signals`), the items (:mod:`.item_level_effect`), and when a
phase is accepted or has regressed.

A verdict ``improved`` takes two looks that err differently: a run of eight weeks on the better side of the frozen
baseline, and an interval of the step that excludes 0. Either alone is wrong too often: on an unchanged series with
autocorrelation 0.3 a run of eight shows up in 15 % of 26 weeks, both together in 2 %. Source of the run of eight: W. A.
Shewhart's rules as in *Statistical Quality Control Handbook*, Western Electric (1956).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from orchestration.analytics.interrupted_series import (
    DEFAULT_SETTINGS as SERIES_DEFAULTS,
)
from orchestration.analytics.interrupted_series import (
    POINT_COLUMNS,
    InterruptedSeriesSettings,
    StepEffect,
    percent_change,
    standard_error_ahead,
    step_effect,
    used_weeks,
)
from orchestration.analytics.process_limits import ProcessLimits, natural_process_limits
from orchestration.analytics.process_signals import detect_signals, run_positions
from orchestration.analytics.verdict_wording import action_for, describe_missing, describe_verdict

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Flags, Floats, Ints

METHOD_VERSION = "intervention_verdict-1"

#: What `intervention_verdicts` reads of the charted points; further columns are ignored. `has_regressed` and
#: `was_improved_phase` (known at the end of that week) come from the watch over accepted phases and may be left out.
VERDICT_POINT_COLUMNS = (*POINT_COLUMNS, "desired_direction")
EXPECTATION_COLUMNS = ("intervention_id", "metric", "projected_change", "minimum_change")
ITEM_SHIFT_COLUMNS = ("intervention_id", "metric", "week_start", "item_shift")

#: Metrics of single items: a verdict `improved` on them asks the items too.
ITEM_METRICS = ("cycle_time", "flow_time", "lead_time", "stage_time")

_TYPES = {
    "intervention_id": "str",
    "metric": "str",
    "week_start": "datetime64[us]",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_baseline": "int64",
    "n_post": "int64",
    "verdict": "str",
    "sub_status": "str",
    "action": "str",
    "reason": "str",
    "missing": "str",
    "chart_scale": "str",
    "effect": "float64",
    "effect_lower": "float64",
    "effect_upper": "float64",
    "effect_lower_90": "float64",
    "effect_upper_90": "float64",
    "effect_percent": "float64",
    "effect_percent_lower": "float64",
    "effect_percent_upper": "float64",
    "p_value": "float64",
    "projected_effect": "float64",
    "minimum_effect": "float64",
    "sigma_baseline": "float64",
    "has_good_run": "bool",
    "has_bad_run": "bool",
    "has_bad_outside": "bool",
    "has_recent_good_signal": "bool",
    "item_shift": "float64",
    "weeks_for_power": "Int64",
    "withheld_reason": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)


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
    """One verdict with what it rests on. Effects are on the scale of the chart.

    ``items_agree`` is None where no items are asked; ``weeks_for_power`` counts weeks after the launch in all, None
    where not asked or out of reach.
    """

    verdict: str
    sub_status: str | None
    effect: StepEffect
    projected_effect: float
    minimum_effect: float
    sigma_baseline: float
    has_good_run: bool
    has_bad_run: bool
    has_bad_outside: bool
    has_recent_good_signal: bool
    run_rules_apply: bool
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
    """Read the table of verdicts from the top for one series as it stood at the end of its last week.

    Parameters
    ----------
    values: (n,) in time order on the scale of the chart, baseline and weeks after the launch only, finite.
    weeks: (n,) whole numbers, the place of each week in time; a week that is left out ends every run.
    is_post: (n,) true after the launch.
    desired_direction: ``up`` or ``down``.
    projected_effect: signed, on the scale of the chart; NaN = none was given.
    minimum_effect: size from which an effect matters to the office, on the scale of the chart.
    asks_items: whether ``item_shift`` must have the sign of an improvement; a missing one then stands against it.
    was_improving: whether an earlier verdict was ``improved`` or ``improving_early`` or an improved phase was accepted.
    has_regressed: whether an accepted improved phase has regressed.

    Raises ``ValueError`` for another direction, or values that :func:`step_effect` refuses.
    """
    if desired_direction not in ("up", "down"):
        raise ValueError(f"The desired direction is '{desired_direction}'; give 'up' or 'down'.")
    series, places, post = np.asarray(values, dtype=float), np.asarray(weeks, dtype=np.int64), np.asarray(is_post, bool)
    good = 1 if desired_direction == "up" else -1
    effect = step_effect(series, places, post, settings=series_settings)
    limits = natural_process_limits(series[~post], breaks=_breaks(places[~post]), allow_for_autocorrelation=True)
    seen = _Seen.of(series[post], places[post], limits, desired_direction, settings)
    sigma = limits.sigma
    minimum = max(settings.minimum_sigmas * sigma, minimum_effect) if np.isfinite(sigma) else float("nan")
    items_agree = bool(good * item_shift > 0) if asks_items else None
    target = projected_effect if np.isfinite(projected_effect) else good * minimum

    lower, upper = sorted(good * bound for bound in effect.interval(settings.confidence))
    narrow = np.abs(effect.interval(settings.no_effect_confidence))
    is_short = effect.n_baseline < series_settings.min_baseline_weeks or effect.n_post < series_settings.min_post_weeks
    recent = float(np.median(series[post][-settings.recent_weeks :])) if post.any() else float("nan")
    holds_gain = bool(good * (recent - limits.centre_line) >= settings.min_retained_share * good * effect.effect)
    is_better = seen.has_good_run and lower > 0 and good * effect.effect >= minimum and holds_gain
    has_stalled = was_improving and not seen.has_recent_good_signal
    table = (
        ("insufficient_data", is_short or not limits.has_limits),
        ("regressed", has_regressed),
        ("worsened", (seen.has_bad_run or seen.has_bad_outside) and upper < 0),
        ("improved", is_better and items_agree is not False),
        # The items say otherwise, so nothing that is said further down would be true without them.
        ("inconclusive", is_better),
        ("stagnating", has_stalled and _is_out_of_reach(series, places, post, good, limits, target)),
        ("improving_early", seen.has_recent_good_signal),
        ("no_effect", narrow.max() < minimum),
    )
    verdict = next((name for name, holds in table if holds), "inconclusive")
    sub_status = None
    if verdict == "improved" and np.isfinite(projected_effect):
        sub_status = "on_target" if upper >= good * projected_effect else "below_projection"
    weeks_for_power = None
    if verdict == "inconclusive" and effect.fit is not None:
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
        run_rules_apply=limits.run_rules_apply,
        holds_gain=holds_gain,
        items_agree=items_agree,
        weeks_for_power=weeks_for_power,
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the weeks after the launch show against the frozen limits."""

    has_good_run: bool
    has_bad_run: bool
    has_bad_outside: bool
    has_recent_good_signal: bool

    @classmethod
    def of(cls, values: Floats, weeks: Ints, limits: ProcessLimits, direction: str, settings: VerdictSettings) -> _Seen:
        if not limits.has_limits or values.size == 0:
            return cls(has_good_run=False, has_bad_run=False, has_bad_outside=False, has_recent_good_signal=False)
        breaks = _breaks(weeks)
        signals = detect_signals(values, limits, desired_direction=direction, breaks=breaks)
        side = signals["side"].to_numpy() * (1 if direction == "up" else -1)
        _, run_length = run_positions(side, breaks)
        in_run = (run_length >= settings.run_length) & limits.run_rules_apply
        is_good = (signals["signal_direction"] == "improvement").to_numpy(dtype=bool)
        return cls(
            has_good_run=bool((in_run & (side > 0)).any()),
            has_bad_run=bool((in_run & (side < 0)).any()),
            has_bad_outside=bool((signals["is_outside"].to_numpy() & (side < 0)).any()),
            has_recent_good_signal=bool(is_good[-settings.recent_weeks :].any()),
        )


def _breaks(weeks: Ints) -> Flags:
    """Return which points do not follow the week before."""
    breaks = np.ones(weeks.size, dtype=bool)
    breaks[1:] = np.diff(weeks) != 1
    return breaks


def _is_out_of_reach(
    series: Floats, weeks: Ints, post: Flags, good: int, baseline: ProcessLimits, target: float
) -> bool:
    """Whether the level aimed at lies beyond what the process since the launch does by itself."""
    current = natural_process_limits(series[post], breaks=_breaks(weeks[post]), allow_for_autocorrelation=True)
    limit = current.upper_limit if good > 0 else current.lower_limit
    return bool(good * (baseline.centre_line + target - limit) > 0)


def _weeks_for_power(effect: StepEffect, size: float, settings: VerdictSettings) -> int | None:
    """Return the weeks after the launch with which a step of that size would be found, None if never."""

    def suffices(n_post: int) -> bool:
        error, degrees = standard_error_ahead(effect, n_post)
        tails = student_t.ppf([(1 + settings.confidence) / 2, settings.power], degrees).sum()
        return bool(tails * error <= size)

    low, high = effect.n_post - 1, max(settings.max_weeks_ahead, effect.n_post)
    if not suffices(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high


def intervention_verdicts(
    points: pd.DataFrame,
    expectations: pd.DataFrame,
    item_shifts: pd.DataFrame,
    *,
    settings: VerdictSettings = DEFAULT_SETTINGS,
    series_settings: InterruptedSeriesSettings = SERIES_DEFAULTS,
) -> pd.DataFrame:
    """Judge every intervention and metric at the end of each complete week after its launch, from what was known then.

    Parameters
    ----------
    points: one row per intervention, metric and week with ``VERDICT_POINT_COLUMNS``, as charted. Optional flags
        ``has_regressed`` and ``was_improved_phase`` hold as of the end of that week.
    expectations: at most one row per intervention and metric with ``EXPECTATION_COLUMNS``. ``projected_change``
        (signed) and ``minimum_change`` (size) are shares of the level on a logarithmic chart (-0.2 = a fifth less) and
        in the unit of the metric on a linear one; missing = none.
    item_shifts: one row per intervention, metric and week with ``ITEM_SHIFT_COLUMNS`` (``weekly_item_shifts``). The
        last at or before a week counts. Metrics in ``ITEM_METRICS`` are not ``improved`` without it.

    Returns one row per intervention, metric and complete week with a value after the launch, with ``COLUMNS``, ordered
    by these; before the first such week one row without ``week_start``. Raises ``ValueError`` for a missing column, a
    week or expectation that comes twice, or a projected change of -1 or less on a logarithmic chart.
    """
    for frame, wanted, what in (
        (points, VERDICT_POINT_COLUMNS, "charted points"),
        (expectations, EXPECTATION_COLUMNS, "expectations"),
        (item_shifts, ITEM_SHIFT_COLUMNS, "item shifts"),
    ):
        missing = [column for column in wanted if column not in frame.columns]
        if missing:
            raise ValueError(f"The {what} lack {', '.join(missing)}; pass every column that is named for them.")
    if expectations.duplicated(["intervention_id", "metric"]).any():
        raise ValueError("An expectation comes twice; pass one row per intervention and metric.")
    expected = expectations.set_index(["intervention_id", "metric"])[["projected_change", "minimum_change"]]
    expected_of = {key: tuple(map(float, pair)) for key, *pair in expected.itertuples(name=None)}
    shifts_of = dict(iter(item_shifts.dropna(subset=["item_shift"]).groupby(["intervention_id", "metric"])))
    nan = float("nan")
    rows: list[dict[str, object]] = []
    for key, frame in points.groupby(["intervention_id", "metric"], sort=True):
        projected, minimum = expected_of.get(key, (nan, nan))
        rows += _judge_series(
            (str(key[0]), str(key[1])), frame, (projected, minimum), shifts_of.get(key), settings, series_settings
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(_TYPES)


def _judge_series(
    key: tuple[str, str],
    points: pd.DataFrame,
    expected: tuple[float, float],
    shifts: pd.DataFrame | None,
    settings: VerdictSettings,
    series_settings: InterruptedSeriesSettings,
) -> list[dict[str, object]]:
    """Return the rows of one intervention and metric."""
    frame, weeks, post = used_weeks(points.loc[points["charted_value"].notna()])
    values = frame["charted_value"].to_numpy(dtype=float)
    is_log = bool((points["chart_scale"] == "log").any())
    direction = str(points["desired_direction"].iloc[0])
    regressed, accepted = (_flags(frame, name) for name in ("has_regressed", "was_improved_phase"))
    starts = frame["week_start"].to_numpy()
    item_weeks = np.array([], dtype=starts.dtype) if shifts is None else np.sort(shifts["week_start"].to_numpy())
    item_values = np.array([]) if shifts is None else shifts.sort_values("week_start")["item_shift"].to_numpy(float)
    rows = []
    was_improving = False
    for end in np.flatnonzero(post) + 1 if post.any() else [weeks.size]:
        place = int(np.searchsorted(item_weeks, starts[end - 1], side="right")) - 1 if end else -1
        item_shift = float(item_values[place]) if place >= 0 else float("nan")
        judged = judge(
            values[:end],
            weeks[:end],
            post[:end],
            desired_direction=direction,
            projected_effect=on_chart_scale(expected[0], is_log=is_log),
            minimum_effect=_minimum_on_chart_scale(expected[1], direction, is_log=is_log),
            asks_items=key[1] in ITEM_METRICS,
            item_shift=item_shift,
            was_improving=was_improving or bool(accepted[:end].any()),
            has_regressed=bool(end and regressed[end - 1]),
            settings=settings,
            series_settings=series_settings,
        )
        was_improving |= judged.verdict in ("improved", "improving_early")
        row = _row(judged, item_shift, settings, series_settings, is_log=is_log)
        rows.append(
            row
            | {
                "intervention_id": key[0],
                "metric": key[1],
                "week_start": starts[end - 1] if post.any() else pd.NaT,
                "window_start": starts[0] if end else pd.NaT,
                "window_end": starts[end - 1] if end else pd.NaT,
            }
        )
    return rows


def _flags(frame: pd.DataFrame, name: str) -> Flags:
    if name not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    return frame[name].astype("boolean").fillna(value=False).to_numpy(dtype=bool)


def on_chart_scale(change: float, *, is_log: bool) -> float:
    """Return a change as the register states it on the scale of the chart: log(1 + share), or itself where linear.

    Raises ``ValueError`` for a share of -1 or less, which no duration can change by.
    """
    if not is_log or np.isnan(change):
        return change
    if change <= -1:
        raise ValueError(
            f"A change by {change:g} of the level leaves nothing; give a share above -1, as -0.2 for 20 %."
        )
    return float(np.log1p(change))


def _minimum_on_chart_scale(size: float, direction: str, *, is_log: bool) -> float:
    if np.isnan(size):
        return 0.0
    return abs(on_chart_scale(abs(size) if direction == "up" else -abs(size), is_log=is_log)) if is_log else abs(size)


def _row(
    judged: Judgement,
    item_shift: float,
    settings: VerdictSettings,
    series_settings: InterruptedSeriesSettings,
    *,
    is_log: bool,
) -> dict[str, object]:
    effect = judged.effect
    lower, upper = effect.interval(settings.confidence)
    lower_90, upper_90 = effect.interval(settings.no_effect_confidence)
    row: dict[str, object] = {
        "n_baseline": effect.n_baseline,
        "n_post": effect.n_post,
        "verdict": judged.verdict,
        "sub_status": judged.sub_status,
        "action": action_for(judged.verdict, judged.sub_status),
        "reason": describe_verdict(judged, settings, is_log=is_log),
        "missing": describe_missing(judged, settings, series_settings),
        "chart_scale": "log" if is_log else "linear",
        "effect": effect.effect,
        "effect_lower": lower,
        "effect_upper": upper,
        "effect_lower_90": lower_90,
        "effect_upper_90": upper_90,
        "p_value": effect.p_value,
        "projected_effect": judged.projected_effect,
        "minimum_effect": judged.minimum_effect,
        "sigma_baseline": judged.sigma_baseline,
        "has_good_run": judged.has_good_run,
        "has_bad_run": judged.has_bad_run,
        "has_bad_outside": judged.has_bad_outside,
        "has_recent_good_signal": judged.has_recent_good_signal,
        "item_shift": item_shift,
        "weeks_for_power": judged.weeks_for_power,
        "withheld_reason": effect.withheld_reason,
        "method_version": METHOD_VERSION,
    }
    if is_log:
        names = ("effect_percent", "effect_percent_lower", "effect_percent_upper")
        row |= dict(zip(names, map(percent_change, (effect.effect, lower, upper)), strict=True))
    return row
