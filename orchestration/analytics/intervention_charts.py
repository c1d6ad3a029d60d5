"""The weeks of each metric of an intervention on their chart: baseline, what is left out, limits, and periods.

Belongs here: taking a weekly series apart into charts and computing what they hold. Does not belong here: the tables
made of them (:mod:`.process_behaviour`) and their notes in words (:mod:`.chart_wording`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.attribute_charts import PointLimits, attribute_baseline, attribute_values
from orchestration.analytics.chart_choice import (
    ATTRIBUTE_KINDS,
    METRICS,
    ChartChoice,
    choose_chart,
    is_of_events,
    with_zeros_in_baseline,
)
from orchestration.analytics.process_limits import ProcessLimits, natural_process_limits
from orchestration.analytics.process_signals import first_word_that_holds
from orchestration.analytics.rare_event_charts import RARE_CHARTS
from orchestration.analytics.stable_shift import (
    Governance,
    StablePeriod,
    StableShiftSettings,
    govern_periods,
    stable_periods,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestration.analytics.array_types import Flags, Floats, Ints

MAX_BASELINE_WEEKS = 26

#: What tells one series from another.
SERIES_KEY = ("intervention_id", "metric")

#: What `chart_interventions` reads; further columns are ignored.
SERIES_COLUMNS = (
    "intervention_id",
    "week_start",
    "metric",
    "desired_direction",
    "phase",
    "is_baseline",
    "is_complete",
    "value",
)

#: What it reads where it is there: the share's or rate's two parts, and the items behind the value.
OPTIONAL_SERIES_COLUMNS = ("numerator", "denominator", "n_items")

_TYPES_CHARTED = {
    "is_baseline": "bool",
    "is_complete": "bool",
    "value": "float64",
    "numerator": "float64",
    "denominator": "float64",
    "n_items": "float64",
}

#: A value and its numerator over its denominator may differ by rounding only.
_SHARE_ROUNDING = 1e-6
_PHASES = ("before", "transition", "after")


@dataclass(frozen=True, slots=True)
class InterventionChart:
    """The weeks of one metric on their chart. ``facts`` are the limits, or on p' and u' the spread of the scores."""

    frame: pd.DataFrame
    choice: ChartChoice
    advised_period: str | None
    charted: Floats
    judged: Floats
    in_baseline: Flags
    reason: pd.Series[str]
    breaks: Flags
    limits: ProcessLimits | PointLimits
    facts: ProcessLimits
    periods: list[StablePeriod[ProcessLimits | PointLimits]]
    governance: list[Governance]

    @property
    def direction(self) -> str:
        """The desired direction."""
        return str(self.frame["desired_direction"].iloc[0])

    def places_of_periods(self) -> tuple[Ints, Ints]:
        """Return for each week the place of its period and of the one in force then, -1 where it is not judged."""
        own, in_force = np.full(self.judged.size, -1), np.full(self.judged.size, -1)
        for place, (period, decided) in enumerate(zip(self.periods, self.governance, strict=True)):
            own[period.start : period.end] = place
            in_force[period.start : period.end] = decided.in_force
        is_judged = np.isfinite(self.judged)
        return np.where(is_judged, own, -1), np.where(is_judged, in_force, -1)

    def in_unit_of_value(self, limit: float | Floats) -> float | Floats:
        """Return limits in the unit of the values."""
        return np.exp(limit) if self.choice.scale == "log" else limit


def chart_each_intervention(
    series: pd.DataFrame, min_baseline: int, *, allow_for_autocorrelation: bool, stable_shift: StableShiftSettings
) -> list[InterventionChart]:
    """Check the series and chart each metric of each intervention, ordered by both.

    Parameters and errors as in :func:`.process_behaviour.chart_interventions`.
    """
    return [
        chart_one_series(
            weeks,
            min_baseline,
            allow_for_autocorrelation=allow_for_autocorrelation,
            stable_shift=stable_shift,
        )
        for weeks in checked_series(series)
    ]


def checked_series(series: pd.DataFrame) -> list[pd.DataFrame]:
    """Check the series and take them apart: the weeks of each metric of each intervention, ordered by all three.

    Parameters and errors as in :func:`.process_behaviour.chart_interventions`.
    """
    missing = [column for column in SERIES_COLUMNS if column not in series.columns]
    if missing:
        raise ValueError(f"The intervention series lacks {', '.join(missing)}; pass the columns of SERIES_COLUMNS.")
    ordered = series.reindex(columns=[*SERIES_COLUMNS, *OPTIONAL_SERIES_COLUMNS])
    ordered["week_start"] = pd.to_datetime(ordered["week_start"]).astype("datetime64[us]")
    # A missing flag counts as false.
    flags = {name: ordered[name].astype("boolean").fillna(value=False) for name in ("is_baseline", "is_complete")}
    ordered = ordered.assign(**flags).astype(_TYPES_CHARTED)
    ordered = ordered.sort_values([*SERIES_KEY, "week_start"], ignore_index=True)
    repeated = ordered.duplicated([*SERIES_KEY, "week_start"])
    if repeated.any():
        first = ordered.loc[repeated].iloc[0]
        raise ValueError(
            f"Intervention {first['intervention_id']} has week {first['week_start']:%Y-%m-%d} of {first['metric']} "
            "twice; pass one row per intervention, metric and week."
        )
    _check_words(ordered, "metric", METRICS)
    _check_words(ordered, "phase", _PHASES)
    _check_words(ordered, "desired_direction", ("up", "down"))
    return [weeks.reset_index(drop=True) for _, weeks in ordered.groupby(list(SERIES_KEY), sort=True)]


def _check_words(series: pd.DataFrame, column: str, known: tuple[str, ...]) -> None:
    unknown = sorted({str(word) for word in series[column].unique()} - set(known))
    if unknown:
        raise ValueError(f"Unknown {column} {', '.join(unknown)}; use one of {', '.join(known)}.")


def chart_one_series(
    frame: pd.DataFrame, min_baseline: int, *, allow_for_autocorrelation: bool, stable_shift: StableShiftSettings
) -> InterventionChart:
    """Chart the weeks of one series as :func:`checked_series` gives them, or the first ones of them."""
    value, counts, sizes = (frame[column].to_numpy() for column in ("value", "numerator", "denominator"))
    phase = frame["phase"].to_numpy(dtype=object)
    is_complete = frame["is_complete"].to_numpy()
    has_value = np.isfinite(value)

    asked_for = frame["is_baseline"].to_numpy() & is_complete
    in_baseline = asked_for & has_value
    in_baseline[np.flatnonzero(in_baseline)[:-MAX_BASELINE_WEEKS]] = False

    # The baseline alone decides on the chart: a later 0 must not redraw the past.
    metric = str(frame["metric"].iloc[0])
    has_size = np.isfinite(counts) & (np.nan_to_num(sizes) > 0)
    is_events = is_of_events(metric)
    # Of events it is enough that what they can happen on is counted: in some weeks nothing could.
    is_sized = has_size[in_baseline].any() if is_events else in_baseline.any() and has_size[in_baseline].all()
    choice = choose_chart(metric, counts=counts[in_baseline] if is_events else None, has_sizes=bool(is_sized))
    if choice.scale == "log" and bool((value[in_baseline] <= 0).any()):
        choice = with_zeros_in_baseline(choice)
    is_log, kind, is_rare = choice.scale == "log", ATTRIBUTE_KINDS.get(choice.chart), choice.chart in RARE_CHARTS
    if kind == "c":
        # Each week is as good an opportunity as any other.
        sizes, has_size = np.where(np.isfinite(counts), 1.0, np.nan), np.isfinite(counts)
    chartable = has_value & (value > 0) if is_log else has_value
    if kind is not None:
        _check_parts(frame, counts, sizes)
        chartable = chartable & has_size
    charted = np.full(value.shape, np.nan)
    charted[chartable] = np.log(value[chartable]) if is_log else value[chartable]

    first_baseline = int(np.argmax(in_baseline)) if in_baseline.any() else 0
    reasons: list[tuple[str, Flags]] = [
        ("transition", phase == "transition"),
        ("incomplete_week", ~is_complete),
        ("no_value", ~has_value),
        ("not_positive" if kind is None else "no_size", ~chartable),
        ("before_baseline", np.arange(value.size) < first_baseline),
    ]
    reason = first_word_that_holds([flags for _, flags in reasons], [name for name, _ in reasons])
    is_excluded = np.logical_or.reduce([flags for _, flags in reasons])

    breaks = np.ones(value.size, dtype=bool)
    weeks_between = np.diff(frame["week_start"].to_numpy())
    breaks[1:] = (phase[1:] != phase[:-1]) | (weeks_between != np.timedelta64(7, "D"))
    judged = np.where(is_excluded, np.nan, charted)

    def limits_of(used: Flags) -> tuple[ProcessLimits | PointLimits, ProcessLimits]:
        if is_rare:
            # Most weeks hold no event, so limits by week would say nothing: their gaps are charted.
            used = np.zeros(used.shape, dtype=bool)
        if kind is None:
            limits = natural_process_limits(
                np.where(used, charted, np.nan),
                floor=choice.floor,
                ceiling=choice.ceiling,
                breaks=breaks,
                allow_for_autocorrelation=allow_for_autocorrelation,
                min_points=min_baseline,
            )
            return limits, limits
        baseline = attribute_baseline(
            kind,
            np.where(used, counts, np.nan),
            sizes,
            prime=choice.chart != "c",
            breaks=breaks,
            allow_for_autocorrelation=allow_for_autocorrelation,
            min_points=min_baseline,
        )
        return baseline.limits(sizes), baseline.spread

    limits, facts = limits_of(in_baseline)
    periods = _search_periods(
        judged, breaks, (limits, facts), lambda used: limits_of(used)[0], in_baseline, stable_shift
    )
    intervention, direction = str(frame["intervention_id"].iloc[0]), str(frame["desired_direction"].iloc[0])
    causes = [intervention if phase[period.start] == "after" else None for period in periods]
    return InterventionChart(
        frame=frame,
        choice=choice,
        advised_period=_advised_period(metric, frame["n_items"].to_numpy()[asked_for]),
        charted=charted,
        judged=judged,
        in_baseline=in_baseline,
        reason=reason,
        breaks=breaks,
        limits=limits,
        facts=facts,
        periods=periods,
        governance=govern_periods(
            periods, judged, desired_direction=direction, causes=causes, settings=stable_shift, breaks=breaks
        ),
    )


def _check_parts(frame: pd.DataFrame, counts: Floats, sizes: Floats) -> None:
    """Raise where a value is not its numerator over its denominator: the chart would show another number."""
    differs = np.abs(frame["value"].to_numpy() - attribute_values(counts, sizes)) > _SHARE_ROUNDING
    if differs.any():
        first = frame.loc[differs].iloc[0]
        raise ValueError(
            f"Intervention {first['intervention_id']} has a value in week {first['week_start']:%Y-%m-%d} that is not "
            "its numerator over its denominator; pass the two parts of the value."
        )


def _advised_period(metric: str, n_items: Floats) -> str | None:
    """Return how long a period would have to be to hold enough items: week, two_weeks, longer; None if not known."""
    known = n_items[~np.isnan(n_items)]
    if not known.size or is_of_events(metric):
        return None
    advice = choose_chart(metric, n_items=known)
    return "longer" if advice.chart == "run_chart" else advice.period


def _search_periods(
    judged: Floats,
    breaks: Flags,
    baseline: tuple[ProcessLimits | PointLimits, ProcessLimits],
    limits_of: Callable[[Flags], ProcessLimits | PointLimits],
    in_baseline: Flags,
    settings: StableShiftSettings,
) -> list[StablePeriod[ProcessLimits | PointLimits]]:
    """Search the judged weeks for lasting shifts away from the baseline; no period where it gave no limits."""
    limits, facts = baseline
    if not facts.has_limits:
        return []
    last_baseline = int(np.flatnonzero(in_baseline)[-1])
    may_shift = facts.n_baseline >= settings.n_min_trial and facts.run_rules_apply
    after = np.arange(judged.size) > last_baseline
    periods: list[StablePeriod[ProcessLimits | PointLimits]] = stable_periods(
        judged if may_shift else np.where(after, np.nan, judged),
        limits_of,
        settings=settings,
        breaks=breaks,
        baseline_length=int(np.isfinite(judged[: last_baseline + 1]).sum()),
        baseline_limits=limits,
    )
    return periods
