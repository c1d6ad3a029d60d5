"""Charts of events too rare to count by week: the time (t) or the items (g) from one event to the next.

Belongs here: which gaps the limits rest on, which are judged, and the table of them. Does not belong here: the formulas
of the limits (:mod:`.attribute_charts`, :mod:`.process_limits`), when events are rare (:mod:`.chart_choice`), and the
change of their rate (:mod:`.rate_step`).

Sources: L. S. Nelson, "A control chart for parts-per-million nonconforming items", Journal of Quality Technology 26
(1994), for times between events; J. C. Benneyan, "Number-between g-type statistical quality control charts", Health
Care Management Science 4 (2001), for items between events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.attribute_charts import NELSON_POWER, g_chart_limits
from orchestration.analytics.process_limits import MIN_POINTS_TRIAL, natural_process_limits
from orchestration.analytics.process_signals import (
    PointSignals,
    detect_alerts,
    detect_signals,
    first_word_that_holds,
    judge_points,
)

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Flags, Floats

METHOD_VERSION = "rare_event_charts-1"

RARE_CHARTS = ("t", "g")
#: What `rare_event_points` reads of the weekly points beside chart and direction.
WEEK_COLUMNS = (
    "intervention_id", "metric", "week_start", "phase", "is_baseline", "is_excluded", "chart", "desired_direction",
    "denominator",
)  # fmt: skip
EVENT_COLUMNS = ("intervention_id", "metric", "occurred_at", "occurred_on", "items_between")

_WEEK = np.timedelta64(7, "D")
_DAY = np.timedelta64(1, "D")
#: Events of one moment are told apart by a minute: a time of 0 has no place on a t chart.
_SMALLEST_DAYS = 1 / (24 * 60)

_TYPES = {
    "intervention_id": "str",
    "metric": "str",
    "event_number": "int64",
    "occurred_at": "datetime64[us]",
    "occurred_on": "datetime64[us]",
    "is_open": "bool",
    "chart": "str",
    "gap": "float64",
    "charted_gap": "float64",
    "centre_line": "float64",
    "lower_limit": "float64",
    "upper_limit": "float64",
    "n_baseline": "int64",
    "limits_status": "str",
    "phase": "str",
    "is_baseline": "bool",
    "is_excluded": "bool",
    "exclusion_reason": "str",
    "signal_rule": "str",
    "signal_direction": "str",
    "alert_rule": "str",
    "alert_direction": "str",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "withheld_reason": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)


@dataclass(frozen=True, slots=True)
class GapLimits:
    """Limits on the scale on which gaps are charted; NaN = none."""

    n_baseline: int
    status: str
    centre_line: float
    lower_limit: float
    upper_limit: float
    lower_near_limit: float
    upper_near_limit: float
    run_rules_apply: bool

    @property
    def has_limits(self) -> bool:
        """Whether gaps can be judged."""
        return not np.isnan(self.centre_line)

    @property
    def has_width(self) -> bool:
        """Whether the baseline's gaps varied at all."""
        return self.has_limits and self.upper_limit > self.centre_line


@dataclass(frozen=True, slots=True)
class RareEventChart:
    """The gaps of one metric in time order, each from one event to the next, with the limits of the baseline.

    ``ended`` is when (local day) a gap's event happened; ``after_start`` the first day that counts as after.
    ``week_starts`` and ``sizes`` are the weeks that later gaps may still be open in.
    """

    chart: str
    gap_direction: str
    occurred_at: np.ndarray
    ended: np.ndarray
    gaps: Floats
    phase: np.ndarray
    is_baseline: Flags
    reason: np.ndarray
    limits: GapLimits
    after_start: np.datetime64
    week_starts: np.ndarray
    sizes: Floats

    def charted(self, gaps: Floats) -> Floats:
        """Return gaps on the scale of the chart."""
        return gaps**NELSON_POWER if self.chart == "t" else gaps

    def in_unit_of_gap(self, limit: float) -> float:
        """Return a limit in days or items between events; what lies below 0 is 0."""
        return float(max(limit, 0.0) ** (1 / NELSON_POWER)) if self.chart == "t" else limit

    def open_gap(self, until: np.datetime64) -> float:
        """Return what has passed since the last event (or since the transition ended) up to a day; NaN before it.

        Of items it is those of the whole weeks after the event's own, so never more than there were.
        """
        seen = self.ended[self.ended < until]
        since = max(self.after_start, seen[-1]) if seen.size else self.after_start
        if np.isnat(since) or until <= since:
            return float("nan")
        if self.chart == "t":
            return float((until - since) / _DAY)
        weeks = (self.week_starts > since - _DAY) & (self.week_starts < until)
        return float(np.nansum(self.sizes[weeks]))

    def judged_until(self, until: np.datetime64) -> tuple[PointSignals, np.ndarray, float]:
        """Return signals of the gaps after the launch that had ended by a day, when they ended, and the open gap.

        The open gap is the last row, without an end, where it is already longer than the centre: how long it will be
        nobody knows, but not shorter.
        """
        taken = (self.reason == "") & (self.phase == "after") & (self.ended < until)
        gaps, ended, still_open = self.gaps[taken], self.ended[taken], self.open_gap(until)
        if self.charted(np.array([still_open]))[0] > self.limits.centre_line:
            gaps, ended = np.append(gaps, still_open), np.append(ended, np.datetime64("NaT"))
        return judge_points(self.charted(gaps), self.limits), ended, still_open


def rare_event_chart(weeks: pd.DataFrame, events: pd.DataFrame) -> RareEventChart:
    """Chart the gaps between the events of one metric against limits of the gaps within its baseline.

    The gap that spans launch and transition is neither before nor after and is left out, as are those that began before
    the baseline's first week.

    Parameters
    ----------
    weeks: its weekly points with ``WEEK_COLUMNS``; only complete weeks (not ``is_excluded``, or of the transition) tell
        where before ends and after begins.
    events: its events with ``EVENT_COLUMNS``, in any order; those after the last week are not read.
    """
    ordered = weeks.sort_values("week_start")
    starts = ordered["week_start"].to_numpy().astype("datetime64[D]")
    phase = ordered["phase"].to_numpy(dtype=object)
    in_baseline = ordered["is_baseline"].to_numpy(dtype=bool)
    is_known = in_baseline | ~ordered["is_excluded"].to_numpy(dtype=bool) | (phase == "transition")
    last_day = starts[is_known].max() + _WEEK if is_known.any() else np.datetime64("1970-01-01")
    nat = np.datetime64("NaT")
    after_start = starts[phase == "after"].min() if (phase == "after").any() else nat
    before_end = starts[phase == "before"].max() + _WEEK if (phase == "before").any() else nat
    baseline_start = starts[in_baseline].min() if in_baseline.any() else nat

    own = events.sort_values("occurred_at")
    days = own["occurred_on"].to_numpy().astype("datetime64[D]")
    own, days = own.loc[days < last_day], days[days < last_day]
    moments = own["occurred_at"].to_numpy().astype("datetime64[us]")
    chart = str(ordered["chart"].iloc[0])
    if chart == "t":
        gaps = np.maximum(np.diff(moments) / _DAY, _SMALLEST_DAYS)
    else:
        gaps = own["items_between"].to_numpy(dtype=float)[1:]
    began, ended = days[:-1], days[1:]
    of_phase = np.select(
        [ended < before_end, began >= after_start], np.array(["before", "after"], dtype=object), default="transition"
    )
    reason = np.select(
        [of_phase == "transition", (of_phase == "before") & ~(began >= baseline_start), ~np.isfinite(gaps)],
        np.array(["spans_launch", "before_baseline", "no_value"], dtype=object), default="",
    )  # fmt: skip
    is_baseline = (of_phase == "before") & (reason == "")
    direction = "down" if str(ordered["desired_direction"].iloc[0]) == "up" else "up"
    return RareEventChart(
        chart=chart,
        gap_direction=direction,
        occurred_at=moments[1:],
        ended=ended,
        gaps=gaps,
        phase=of_phase,
        is_baseline=is_baseline,
        reason=reason,
        limits=_limits(chart, gaps[is_baseline]),
        after_start=after_start,
        week_starts=starts,
        sizes=ordered["denominator"].to_numpy(dtype=float),
    )


def _limits(chart: str, gaps: Floats) -> GapLimits:
    nan = float("nan")
    if chart == "g":
        counted = g_chart_limits(gaps)
        return GapLimits(
            counted.n_baseline, counted.status, counted.centre_line, nan, counted.upper_limit, nan, nan,
            run_rules_apply=True,
        )  # fmt: skip
    found = natural_process_limits(gaps**NELSON_POWER, screen=False)
    centre, sigma = found.centre_line, found.sigma
    bounds = [centre - 3 * sigma, centre + 3 * sigma, centre - 2 * sigma, centre + 2 * sigma]
    # No time is below 0, so a limit there is none.
    lower, upper, lower_near, upper_near = (bound if bound >= 0 else nan for bound in bounds)
    return GapLimits(
        found.n_baseline, found.status, centre, lower, upper, lower_near, upper_near, found.run_rules_apply
    )


def rare_event_points(weeks: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Chart every metric whose weekly points name a chart of rare events.

    Parameters
    ----------
    weeks: one row per intervention, metric and week with ``WEEK_COLUMNS``; other charts' rows are not read.
    events: one row per event with ``EVENT_COLUMNS``: its moment, its local day, and for g charts the items since the
        event before it.

    Returns one row per gap between two events, and one for the gap still open, with ``COLUMNS``, in time order.
    ``gap`` and limits are in days (t) or items (g). Without limits ``withheld_reason`` says why.
    Raises ``ValueError`` for a missing column.
    """
    for frame, wanted, what in ((weeks, WEEK_COLUMNS, "weekly points"), (events, EVENT_COLUMNS, "events")):
        missing = [column for column in wanted if column not in frame.columns]
        if missing:
            raise ValueError(f"The {what} lack {', '.join(missing)}; pass every column that is named for them.")
    rare = weeks.loc[weeks["chart"].isin(RARE_CHARTS)]
    charts = [
        _rows(of_metric, _own(events, of_metric.iloc[0]))
        for _, of_metric in rare.groupby(["intervention_id", "metric"], sort=True)
    ]
    table = pd.concat(charts, ignore_index=True) if charts else pd.DataFrame(columns=list(COLUMNS))
    return table[list(COLUMNS)].astype(_TYPES)


def _own(events: pd.DataFrame, week: pd.Series) -> pd.DataFrame:
    is_own = (events["intervention_id"] == week["intervention_id"]) & (events["metric"] == week["metric"])
    own: pd.DataFrame = events.loc[is_own]
    return own


def _rows(weeks: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return the gaps of one metric, the open one last."""
    chart = rare_event_chart(weeks, events)
    limits = chart.limits
    known = weeks.loc[~weeks["is_excluded"] | weeks["is_baseline"], "week_start"]
    until = known.max().to_datetime64().astype("datetime64[D]") + _WEEK if len(known) else np.datetime64("NaT")
    open_gap = chart.open_gap(until) if len(known) else float("nan")
    has_open = bool(np.isfinite(open_gap))
    gaps = np.append(chart.gaps, open_gap)[: chart.gaps.size + has_open]
    n_gaps = gaps.size
    is_open = np.arange(n_gaps) == chart.gaps.size
    reason = np.append(chart.reason, "")[:n_gaps]
    # Of a gap that is still open only one thing is certain: that it is longer already.
    charted = chart.charted(gaps)
    is_short_and_open = is_open & ~(charted > limits.centre_line)
    judged = np.where((reason == "") & ~is_short_and_open, charted, np.nan)
    breaks = np.zeros(n_gaps, dtype=bool)
    phase = np.append(chart.phase, "after")[:n_gaps]
    breaks[1:] = phase[1:] != phase[:-1]
    signals = detect_signals(judged, limits, desired_direction=chart.gap_direction, breaks=breaks)
    alerts = detect_alerts(judged, limits, desired_direction=chart.gap_direction, breaks=breaks)
    nat = np.datetime64("NaT")
    withheld = None
    if not limits.has_limits:
        withheld = f"{limits.n_baseline} gaps between events before the launch, at least {MIN_POINTS_TRIAL} needed"
    return pd.DataFrame(
        {
            "intervention_id": weeks["intervention_id"].iloc[0],
            "metric": weeks["metric"].iloc[0],
            "event_number": np.arange(2, n_gaps + 2),
            "occurred_at": np.append(chart.occurred_at, nat)[:n_gaps],
            "occurred_on": np.append(chart.ended, nat)[:n_gaps].astype("datetime64[us]"),
            "is_open": is_open,
            "chart": chart.chart,
            "gap": gaps,
            "charted_gap": charted,
            "centre_line": chart.in_unit_of_gap(limits.centre_line),
            "lower_limit": chart.in_unit_of_gap(limits.lower_limit),
            "upper_limit": chart.in_unit_of_gap(limits.upper_limit),
            "n_baseline": limits.n_baseline,
            "limits_status": limits.status,
            "phase": phase,
            "is_baseline": np.append(chart.is_baseline, False)[:n_gaps],
            "is_excluded": reason != "",
            "exclusion_reason": first_word_that_holds(
                [reason == word for word in ("spans_launch", "before_baseline", "no_value")],
                ("spans_launch", "before_baseline", "no_value"),
            ),
            "signal_rule": signals["signal_rule"],
            "signal_direction": signals["signal_direction"],
            "alert_rule": alerts["alert_rule"],
            "alert_direction": alerts["alert_direction"],
            "window_start": weeks["week_start"].min(),
            "window_end": until.astype("datetime64[us]"),
            "withheld_reason": withheld,
            "method_version": METHOD_VERSION,
        }
    )
