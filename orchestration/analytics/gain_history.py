"""What was known of a gain at the end of each week: was an improved phase accepted, and had it regressed?

Belongs here: the states of a gain week by week, each from the weeks known by then. Does not belong here: the states
themselves (:mod:`.sustainment`) and the verdict that they take part in (:mod:`.intervention_verdict`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.intervention_charts import SERIES_KEY, chart_one_series, checked_series
from orchestration.analytics.process_limits import MIN_POINTS_TRIAL
from orchestration.analytics.stable_shift import StableShiftSettings
from orchestration.analytics.sustainment import SustainmentSettings, bad_runs, gain_retained, has_regressed

if TYPE_CHECKING:
    from orchestration.analytics.intervention_charts import InterventionChart

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
    shifts, rules = stable_shift or StableShiftSettings(), settings or SustainmentSettings()
    asked = judged.loc[(rank >= shifts.n_min_trial) & judged["period_in_force"].notna()]
    weeks_asked = dict(iter(asked.groupby(list(SERIES_KEY))["week_start"]))
    rows = []
    for series_weeks in checked_series(series):
        key = tuple(series_weeks[list(SERIES_KEY)].iloc[0])
        starts = series_weeks["week_start"].to_numpy()
        weeks = weeks_asked.get(key, pd.Series(dtype=starts.dtype)).to_numpy()
        for week, n_known in zip(weeks, np.searchsorted(starts, weeks, side="right"), strict=True):
            known = series_weeks.iloc[:n_known]
            chart = chart_one_series(known, MIN_POINTS_TRIAL, allow_for_autocorrelation=True, stable_shift=shifts)
            rows.append((*key, week, *_stands(chart, rules)))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(_TYPES)


def _stands(chart: InterventionChart, rules: SustainmentSettings) -> tuple[bool, bool]:
    """Return whether the gain in force at the last judged week has regressed, and whether there is one."""
    _, in_force = chart.places_of_periods()
    is_judged = in_force >= 0
    if not is_judged.any():
        return False, False
    place = int(in_force[is_judged][-1])
    if chart.governance[place].decision != "auto_accepted":
        return False, False
    of_gain = in_force == place
    baseline, centre = chart.limits.centre_line, chart.periods[place].limits.centre_line
    values = chart.judged[of_gain]
    retained = gain_retained(values[-rules.n_recent :], baseline, centre)
    starts = chart.frame["week_start"].to_numpy()[of_gain]
    bad_run = bad_runs(starts, values, centre, 1 if chart.direction == "up" else -1)
    return has_regressed(bad_run, retained, rules), True
