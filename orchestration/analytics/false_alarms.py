"""How many alarms to expect from charts of processes that have not changed.

Belongs here: the expected number for the charts of one refresh, and where the figures come from. Does not belong here:
the rules themselves (:mod:`.process_signals`).

Sources: with limits known exactly, C. W. Champ and W. H. Woodall, Technometrics 29 (1987), and simulations of the
average run length; with limits from a baseline of few weeks, which alarm more often, simulations of normal data without
autocorrelation: 20,000 charts, 52 new weeks, limits from screened moving ranges.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Literal

Policy = Literal["alert", "signal"]

#: Alarms per chart and week, an unbroken row of alarmed weeks counted once, by the weeks of the baseline. ``alert``: a
#: run of 8, or two of three outside; ``signal``: the four rules of a chart.
_RATES: dict[Policy, dict[int, float]] = {
    "alert": {12: 0.0097, 20: 0.0065, 26: 0.0058},
    "signal": {12: 0.0350, 20: 0.0253, 26: 0.0223},
}
#: Average run lengths with limits known exactly, simulated. (Published: 152.7 for a point outside or a run of 8.)
RUN_LENGTHS: dict[Policy, float] = {"alert": 251.0, "signal": 86.0}
MIN_BASELINE = 12


@dataclass(frozen=True, slots=True)
class FalseAlarmExpectation:
    """What chance alone brings; NaN where a baseline is too short for the figures.

    ``expected``: alarms; ``at_least_one``: probability of any; ``rate``: alarms per chart and week.
    """

    n_charts: int
    n_new_points: int
    expected: float
    at_least_one: float
    rate: float
    source: str


def expected_false_alarms(
    n_charts: int, n_new_points: int, *, policy: Policy = "alert", n_baseline: int = 26
) -> FalseAlarmExpectation:
    """Return how many alarms charts of unchanged processes give.

    Formula: charts times new weeks of each times the rate; the probability of any alarm is that of a Poisson count.
    The rate holds for normal data without autocorrelation: skewed values, or rows of weeks that resemble each other,
    bring more.

    Parameters
    ----------
    n_charts: charts shown (or watched) in the refresh.
    n_new_points: weeks that each of them has gained since the last look.
    policy: ``alert``, what a message goes out on; ``signal``, the four rules on a chart.
    n_baseline: weeks that the limits rest on; the figures for 12, 20 and 26 are used from there on up, none below 12.

    Raises ``ValueError`` for negative numbers.
    """
    if n_charts < 0 or n_new_points < 0:
        raise ValueError("Charts and new weeks are counts of 0 or more.")
    known = [weeks for weeks in _RATES[policy] if weeks <= n_baseline]
    if not known:
        nan = float("nan")
        source = f"No figure for limits on fewer than {MIN_BASELINE} weeks: they alarm more often than those on 12."
        return FalseAlarmExpectation(n_charts, n_new_points, nan, nan, nan, source)
    rate = _RATES[policy][max(known)]
    expected = n_charts * n_new_points * rate
    source = (
        f"Simulated: {rate:.4f} alarms per chart and week for limits on {max(known)} weeks of normal data; "
        f"one in {RUN_LENGTHS[policy]:.0f} weeks if limits were known exactly."
    )
    return FalseAlarmExpectation(n_charts, n_new_points, expected, 1 - exp(-expected), rate, source)
