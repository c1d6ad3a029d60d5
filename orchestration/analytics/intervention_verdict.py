"""The verdict on an intervention, week by week: did it work, and what follows from that.

Belongs here: each metric of each intervention at the end of each week, from what was known then, as a table. Does not
belong here: the rules of a verdict (:mod:`.verdict_table`), what it rests on in words and the action that it calls for
(:mod:`.verdict_wording`), the estimate (:mod:`.intervention_effects`), the run rules (:mod:`.process_signals`), the
items (:mod:`.item_level_effect`), and when a phase is accepted or has regressed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.chart_choice import ATTRIBUTE_KINDS
from orchestration.analytics.interrupted_series import percent_change, used_weeks
from orchestration.analytics.intervention_effects import POINT_COLUMNS, counts_of, effect_method_of
from orchestration.analytics.rare_event_charts import EVENT_COLUMNS, RareEventChart, rare_event_chart
from orchestration.analytics.series_minima import DEFAULT_SETTINGS as SERIES_DEFAULTS
from orchestration.analytics.series_minima import InterruptedSeriesSettings
from orchestration.analytics.verdict_measures import Measured, measure_counts, measure_rare_events, measure_weeks
from orchestration.analytics.verdict_table import DEFAULT_SETTINGS, Judgement, VerdictSettings, judge_measured
from orchestration.analytics.verdict_wording import action_for, describe_missing, describe_verdict

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Flags, Floats, Ints
    from orchestration.analytics.attribute_charts import AttributeKind

METHOD_VERSION = "intervention_verdict-2"

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


def intervention_verdicts(
    points: pd.DataFrame,
    expectations: pd.DataFrame,
    item_shifts: pd.DataFrame,
    *,
    events: pd.DataFrame | None = None,
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

    events: the single events of metrics on a chart of rare events, with ``rare_event_charts.EVENT_COLUMNS``.

    With ``intervention_effects.COUNT_COLUMNS`` among the points, counts and shares are judged as such: effects are then
    logarithms of ratios of rates.

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
    known_events = pd.DataFrame(columns=list(EVENT_COLUMNS)) if events is None else events
    nan = float("nan")
    rows: list[dict[str, object]] = []
    for key, frame in points.groupby(["intervention_id", "metric"], sort=True):
        projected, minimum = expected_of.get(key, (nan, nan))
        own = (known_events["intervention_id"] == key[0]) & (known_events["metric"] == key[1])
        reader = _Reader.of(frame, known_events.loc[own], settings, series_settings)
        rows += _judge_series((str(key[0]), str(key[1])), reader, (projected, minimum), shifts_of.get(key), settings)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(_TYPES)


@dataclass(frozen=True, slots=True)
class _Reader:
    """One series, to be read as it stood at the end of any of its weeks.

    ``values`` (as charted), ``counts``, ``sizes``, ``starts`` (days), ``weeks`` and ``post`` have one entry per week;
    no series of measurements has counts.
    """

    frame: pd.DataFrame
    values: Floats
    counts: Floats
    sizes: Floats
    starts: np.ndarray
    weeks: Ints
    post: Flags
    method: str
    direction: str
    is_log: bool
    kind: AttributeKind
    rare: RareEventChart | None
    lengths: tuple[int, int]
    series_settings: InterruptedSeriesSettings

    @classmethod
    def of(
        cls,
        points: pd.DataFrame,
        events: pd.DataFrame,
        settings: VerdictSettings,
        series_settings: InterruptedSeriesSettings,
    ) -> _Reader:
        method = effect_method_of(points)
        frame, weeks, post = used_weeks(points.loc[points["charted_value"].notna()])
        chart = str(points["chart"].iloc[0]) if "chart" in points.columns else "xmr"
        is_measured = method == "autoregression"
        values = frame["charted_value"].to_numpy(dtype=float)
        counts, sizes = (np.full(values.size, np.nan),) * 2 if is_measured else counts_of(frame)
        return cls(
            frame=frame,
            values=values,
            counts=counts,
            sizes=sizes,
            starts=frame["week_start"].to_numpy().astype("datetime64[D]"),
            weeks=weeks,
            post=post,
            method=method,
            direction=str(points["desired_direction"].iloc[0]),
            is_log=not is_measured or bool((points["chart_scale"] == "log").any()),
            kind=ATTRIBUTE_KINDS.get(chart, "c"),
            rare=rare_event_chart(points, events) if method == "rate_ratio" else None,
            lengths=(settings.run_length, settings.recent_weeks),
            series_settings=series_settings,
        )

    def until(self, end: int) -> Measured:
        """Read the first ``end`` weeks and nothing later."""
        weeks, post, settings = self.weeks[:end], self.post[:end], self.series_settings
        if self.method == "autoregression":
            return measure_weeks(self.values[:end], weeks, post, self.direction, self.lengths, settings)
        counts, sizes = self.counts[:end], self.sizes[:end]
        if self.rare is None:
            taken = (counts, sizes, weeks, post)
            return measure_counts(self.kind, taken, self.direction, self.lengths, settings)
        until = self.starts[end - 1] + np.timedelta64(7, "D") if end else np.datetime64("1970-01-01")
        return measure_rare_events((counts, sizes, post), self.rare, until, self.lengths, settings)


def _judge_series(
    key: tuple[str, str],
    reader: _Reader,
    expected: tuple[float, float],
    shifts: pd.DataFrame | None,
    settings: VerdictSettings,
) -> list[dict[str, object]]:
    """Return the rows of one intervention and metric."""
    frame, post, is_log, direction = reader.frame, reader.post, reader.is_log, reader.direction
    regressed, accepted = (_flags(frame, name) for name in ("has_regressed", "was_improved_phase"))
    starts = frame["week_start"].to_numpy()
    item_weeks = np.array([], dtype=starts.dtype) if shifts is None else np.sort(shifts["week_start"].to_numpy())
    item_values = np.array([]) if shifts is None else shifts.sort_values("week_start")["item_shift"].to_numpy(float)
    rows = []
    was_improving = False
    for end in np.flatnonzero(post) + 1 if post.any() else [post.size]:
        place = int(np.searchsorted(item_weeks, starts[end - 1], side="right")) - 1 if end else -1
        item_shift = float(item_values[place]) if place >= 0 else float("nan")
        judged = judge_measured(
            reader.until(int(end)),
            desired_direction=direction,
            projected_effect=on_chart_scale(expected[0], is_log=is_log),
            minimum_effect=_minimum_on_chart_scale(expected[1], direction, is_log=is_log),
            asks_items=key[1] in ITEM_METRICS,
            item_shift=item_shift,
            was_improving=was_improving or bool(accepted[:end].any()),
            has_regressed=bool(end and regressed[end - 1]),
            settings=settings,
            series_settings=reader.series_settings,
        )
        was_improving |= judged.verdict in ("improved", "improving_early")
        row = _row(judged, item_shift, settings, reader.series_settings, is_log=is_log)
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
