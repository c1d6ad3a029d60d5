"""Which chart a metric gets, and the reason."""

from __future__ import annotations

import pytest

from orchestration.analytics.chart_choice import CHARTS, METRICS, choose_chart, with_zeros_in_baseline


@pytest.mark.parametrize(
    ("metric", "has_sizes", "chart", "scale"),
    [
        ("cycle_time", False, "xmr", "log"),
        ("throughput", False, "xmr", "linear"),
        ("flow_efficiency", True, "p_prime", "linear"),
        ("flow_efficiency", False, "xmr", "linear"),
        ("defects_per_item", True, "u_prime", "linear"),
        ("defects_per_item", False, "xmr", "linear"),
    ],
)
def test_each_kind_of_metric_has_its_chart(metric: str, chart: str, scale: str, *, has_sizes: bool) -> None:
    choice = choose_chart(metric, has_sizes=has_sizes)
    assert (choice.chart, choice.scale, choice.period_weeks) == (chart, scale, 1)


def test_every_metric_has_a_chart_and_a_reason() -> None:
    for metric in METRICS:
        choice = choose_chart(metric)
        assert choice.chart in CHARTS
        assert choice.reason.endswith(".")
    with pytest.raises(ValueError, match="Unknown metric mood"):
        choose_chart("mood")


def test_rare_events_are_charted_by_what_lies_between_them() -> None:
    rare = [0, 0, 1, 0, 2, 0, 0, 1]
    assert choose_chart("escaped_defects", counts=rare, has_sizes=True).chart == "g"
    time = choose_chart("escaped_defects", counts=rare)
    assert time.chart == "t"
    assert time.reason == (
        "The median week has 0 events, too few to count by week: the time between events is charted (t)."
    )
    # A median of 1 is not below 1.
    assert choose_chart("escaped_defects", counts=[1, 1, 0, 1, 2]).chart in {"c", "c_prime"}


def test_counts_get_a_plain_chart_only_if_they_scatter_as_chance_does() -> None:
    assert choose_chart("defects", counts=[4, 6, 5, 3, 7, 5, 4, 6, 2, 8]).chart == "c"
    assert choose_chart("defects", counts=[1, 20, 1, 20, 1, 20]).chart == "c_prime"
    assert choose_chart("defects", counts=[20] * 10).chart == "c_prime"
    assert choose_chart("defects").chart == "c_prime"


def test_thin_weeks_make_the_period_longer() -> None:
    assert choose_chart("cycle_time", n_items=[5] * 9 + [4] * 3).period == "week"
    two = choose_chart("cycle_time", n_items=[5] * 8 + [3] * 4)
    assert (two.chart, two.period, two.period_weeks) == ("xmr", "two_weeks", 2)
    assert "4 of 12 weeks hold fewer than 5 items, so the period is 2 weeks." in two.reason
    three = choose_chart("cycle_time", n_items=[2] * 12, iteration_weeks=3, increment_weeks=12)
    assert (three.period, three.period_weeks) == ("iteration", 3)
    ten = choose_chart("cycle_time", n_items=[1] * 20, iteration_weeks=2, increment_weeks=10)
    assert (ten.period, ten.period_weeks) == ("increment", 10)
    none = choose_chart("cycle_time", n_items=[0] * 20, iteration_weeks=2, increment_weeks=10)
    assert none.chart == "run_chart"
    assert "longer periods do not hold enough" in none.reason
    # A count of items is not made of items behind it.
    assert choose_chart("throughput", n_items=[0] * 20).period == "week"


def test_durations_of_0_have_no_logarithm() -> None:
    choice = with_zeros_in_baseline(choose_chart("cycle_time"))
    assert (choice.scale, choice.floor) == ("linear", 0.0)
    assert "logarithm" in choice.reason
