"""What was known of a gain at the end of each week: was an improved phase accepted, and had it regressed?

Belongs here: the states of a gain week by week, each from the weeks known by then. Does not belong here: the states
themselves (:mod:`.sustainment`) and the verdict that they take part in (:mod:`.intervention_verdict`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from orchestration.analytics.intervention_charts import SERIES_KEY, chart_each_intervention
from orchestration.analytics.process_behaviour import chart_interventions, chart_periods
from orchestration.analytics.process_limits import MIN_POINTS_TRIAL
from orchestration.analytics.stable_shift import StableShiftSettings
from orchestration.analytics.sustainment import SustainmentSettings, assess_sustainment, desired_directions

_TYPES = {
    "intervention_id": "str",
    "metric": "str",
    "week_start": "datetime64[us]",
    "has_regressed": "bool",
    "was_improved_phase": "bool",
}
COLUMNS = tuple(_TYPES)


def gain_history(
    series: pd.DataFrame,
    points: pd.DataFrame,
    *,
    settings: SustainmentSettings | None = None,
    stable_shift: StableShiftSettings | None = None,
) -> pd.DataFrame:
    """Tell, for every week after a launch in which a gain can have been accepted, how it stood by then.

    A gain is first accepted on the shortest window that gives limits (12 weeks after the launch), so earlier weeks have
    no row. Each state is computed from the weeks up to its own: later weeks change none.

    Parameters
    ----------
    series: what the chart is made of, see :func:`.process_behaviour.chart_interventions`.
    points: its result for the whole series.
    settings: thresholds of the watch.
    stable_shift: parameters that the chart was made with.

    Returns one row per intervention, metric and judged week with ``COLUMNS``. Raises ``ValueError`` as the charts do.
    """
    judged = points.loc[(points["phase"] == "after") & ~points["is_excluded"]].sort_values("week_start")
    rank = judged.groupby(list(SERIES_KEY)).cumcount() + 1
    shifts = stable_shift or StableShiftSettings()
    asked = judged.loc[(rank >= shifts.n_min_trial) & judged["period_in_force"].notna()]
    starts = pd.to_datetime(series["week_start"]).astype("datetime64[us]")
    directions = desired_directions(series)
    rules = replace(settings or SustainmentSettings(), n_resamples=1)
    rows = []
    for (name, metric), weeks in asked.groupby(list(SERIES_KEY)):
        own = series.loc[(series["intervention_id"] == name) & (series["metric"] == metric)]
        own_starts = starts.loc[own.index]
        for week in weeks["week_start"]:
            known = own.loc[own_starts <= week]
            state = _state(known, directions, rules, shifts) if _may_hold_a_gain(known, shifts) else None
            has_regressed = state is not None and bool(state["is_regressed"])
            rows.append((name, metric, week, has_regressed, state is not None and state["state"] != "no_gain"))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(_TYPES)


def _may_hold_a_gain(known: pd.DataFrame, shifts: StableShiftSettings) -> bool:
    """Whether any period of the chart was accepted, which is quicker to tell than the state of a gain."""
    (chart,) = chart_each_intervention(known, MIN_POINTS_TRIAL, allow_for_autocorrelation=True, stable_shift=shifts)
    return any(decided.decision == "auto_accepted" for decided in chart.governance)


def _state(
    known: pd.DataFrame,
    directions: dict[tuple[str, str], str],
    rules: SustainmentSettings,
    shifts: StableShiftSettings,
) -> pd.Series:
    return assess_sustainment(
        chart_interventions(known, stable_shift=shifts),
        chart_periods(known, stable_shift=shifts),
        directions,
        # The state of a gain does not depend on the draws, only the interval of what is left of it does.
        generator=np.random.Generator(np.random.PCG64(0)),
        settings=rules,
    ).iloc[0]
