"""Expected numbers of false alarms: the arithmetic, and the figures against a simulation."""

from __future__ import annotations

import numpy as np
import pytest

from orchestration.analytics.false_alarms import Policy, expected_false_alarms
from orchestration.analytics.process_limits import natural_process_limits
from orchestration.analytics.process_signals import detect_alerts, detect_signals


def test_charts_times_weeks_times_rate() -> None:
    found = expected_false_alarms(30, 1)
    assert found.expected == pytest.approx(30 * 0.0058)
    assert found.at_least_one == pytest.approx(1 - np.exp(-30 * 0.0058))
    assert expected_false_alarms(30, 4).expected == pytest.approx(4 * found.expected)
    assert expected_false_alarms(30, 1, policy="signal").expected > 3 * found.expected
    assert "26 weeks" in found.source
    nothing = expected_false_alarms(0, 5)
    assert (nothing.expected, nothing.at_least_one) == (0, 0)


def test_shorter_baselines_alarm_more_and_the_shortest_have_no_figure() -> None:
    rates = [expected_false_alarms(1, 1, n_baseline=weeks).rate for weeks in (12, 19, 20, 26, 90)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == rates[1] > rates[2] > rates[3] == rates[4]
    short = expected_false_alarms(10, 1, n_baseline=11)
    assert np.isnan(short.expected)
    assert "fewer than 12" in short.source
    with pytest.raises(ValueError, match="0 or more"):
        expected_false_alarms(-1, 1)


@pytest.mark.slow
@pytest.mark.parametrize(("policy", "n_baseline"), [("alert", 12), ("alert", 26), ("signal", 12), ("signal", 26)])
def test_rates_are_those_of_the_rules(policy: Policy, n_baseline: int) -> None:
    """1,500 charts of 52 new weeks; within 3 standard errors of the figure, and 0.0005."""
    rng = np.random.default_rng(86)
    alarms = []
    for _ in range(1500):
        values = rng.normal(size=n_baseline + 52)
        limits = natural_process_limits(values[:n_baseline])
        new = values[n_baseline:]
        if policy == "alert":
            flagged = detect_alerts(new, limits)["alert_rule"].notna().to_numpy()
        else:
            flags = detect_signals(new, limits)
            flagged = flags["signal_rule"].notna().to_numpy()
        alarms.append(int(flagged[0]) + int((flagged[1:] & ~flagged[:-1]).sum()))
    rate, error = np.mean(alarms) / 52, np.std(alarms) / 52 / np.sqrt(len(alarms))
    assert rate == pytest.approx(
        expected_false_alarms(1, 1, policy=policy, n_baseline=n_baseline).rate, abs=3 * error + 5e-4
    )
