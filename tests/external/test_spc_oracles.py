"""Limits and rules against published numbers: Wheeler, Montgomery, NHS England."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from orchestration.analytics.attribute_charts import (
    AttributeKind,
    attribute_baseline,
    attribute_values,
    t_chart_limits,
)
from orchestration.analytics.change_search import change_positions
from orchestration.analytics.process_limits import ProcessLimits, moving_ranges, natural_process_limits
from orchestration.analytics.process_signals import (
    detect_signals,
    run_chart_test,
    run_positions,
    steps,
    two_of_three_windows,
)
from orchestration.analytics.stable_shift import StableShiftSettings, stable_periods
from tests.external.conftest import ORACLES, published

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Flags, Floats
    from orchestration.analytics.attribute_charts import PointLimits

FOLDER = ORACLES / "spc"

pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the published numbers are not at {FOLDER}"),
]


def test_wheeler_limits_of_the_average_moving_range() -> None:
    book = published("spc/wheeler_xmr.json")
    software, flow = book["verifying_software"], book["peak_flow"]
    limits = natural_process_limits(software["x"], screen=False)
    assert limits.centre_line == software["mean"]
    assert limits.moving_range == pytest.approx(software["mr_bar"], abs=0.005)
    assert limits.lower_limit == pytest.approx(software["lnpl"], abs=0.005)
    assert limits.upper_limit == pytest.approx(software["unpl"], abs=0.005)
    assert limits.moving_range_limit == pytest.approx(software["url"], abs=0.005)

    limits = natural_process_limits(flow["x"], screen=False)
    assert limits.centre_line == pytest.approx(flow["mean"], abs=0.05)
    assert limits.moving_range == pytest.approx(flow["mr_bar"], abs=0.05)
    assert limits.lower_limit == pytest.approx(flow["lnpl"], abs=0.05)
    assert limits.upper_limit == pytest.approx(flow["unpl"], abs=0.05)
    assert limits.moving_range_limit == pytest.approx(flow["url"], abs=0.05)


def test_wheeler_limits_of_the_median_moving_range() -> None:
    book = published("spc/wheeler_xmr.json")["median_mr"]
    limits = natural_process_limits(book["x"], median=True)
    assert limits.centre_line == pytest.approx(book["mean"], abs=0.0005)
    assert limits.moving_range == pytest.approx(book["median_mr"])
    # The book rounds the distance from the centre line before it adds it.
    assert limits.lower_limit == pytest.approx(book["lnpl"], abs=0.005)
    assert limits.upper_limit == pytest.approx(book["unpl"], abs=0.005)
    assert limits.moving_range_limit == pytest.approx(book["url"], abs=0.001)


def test_wheeler_run_on_one_side() -> None:
    book = published("spc/wheeler_xmr.json")["run_of_8"]
    found = detect_signals(book["x"], natural_process_limits(book["x"], screen=False))
    assert (np.flatnonzero(found["is_shift"]) + 1).tolist() == book["run_points_1based"]


def test_wheeler_second_group_against_the_limits_of_the_first() -> None:
    book = published("spc/wheeler_xmr.json")["accident_rates"]
    first = natural_process_limits(book["group_a"], screen=False)
    second = natural_process_limits(book["group_b"], screen=False)
    assert [first.lower_limit, first.upper_limit] == pytest.approx(book["limits_a"], abs=0.1)
    assert [second.lower_limit, second.upper_limit] == pytest.approx(book["limits_b"], abs=0.1)
    found = detect_signals(book["group_b"], first, desired_direction="down")
    outside = np.flatnonzero(found["is_outside"]) + 1
    assert outside.tolist() == book["b_points_below_a_lnpl_1based"]
    assert found.loc[found["is_outside"], "signal_direction"].eq("improvement").all()


def test_montgomery_individuals_and_moving_ranges() -> None:
    individuals = pd.read_csv(FOLDER / "montgomery_6.5_individuals.csv")
    ranges = pd.read_csv(FOLDER / "montgomery_6.5_moving_range.csv")
    limits = natural_process_limits(individuals.loc[individuals["baseline"], "y"], screen=False)
    assert limits.centre_line == 300.5
    assert limits.moving_range == pytest.approx(ranges["cl"].iloc[0])
    # The reference rounds 3 / 1.128 not at all, Wheeler to 2.66; and the range limit is 3.267 times the mean there.
    assert limits.lower_limit == pytest.approx(individuals["lcl"].iloc[0], abs=0.005)
    assert limits.upper_limit == pytest.approx(individuals["ucl"].iloc[0], abs=0.005)
    assert limits.moving_range_limit == pytest.approx(ranges["ucl"].iloc[0], abs=0.01)

    found = detect_signals(individuals["y"], limits)
    assert found["is_outside"].tolist() == individuals["sigma.signal"].tolist()
    assert individuals.loc[found["is_outside"], "x"].tolist() == [39, 40]
    moved = moving_ranges(individuals["y"])
    assert moved[1:].tolist() == ranges["y"].iloc[1:].tolist()
    assert (moved > limits.moving_range_limit).tolist() == ranges["sigma.signal"].tolist()


@pytest.mark.parametrize(
    ("file", "kind", "area"),
    [
        ("7.1_p_chart_two_parts", "p", 1),
        ("t7.4_p_variable_n", "p", 1),
        ("7.3_c_chart", "c", 1),
        ("7.4_u_chart", "u", 1),
        # Defects per 50 square metres of cloth.
        ("7.5_u_variable", "u", 50),
    ],
)
def test_montgomery_attribute_charts(file: str, kind: AttributeKind, area: float) -> None:
    table = pd.read_csv(FOLDER / f"montgomery_{file}.csv")
    for _, part in table.groupby("part"):
        sizes = np.ones(len(part)) if kind == "c" else part["n"].to_numpy() / area
        counts = part["y.sum"].where(part["baseline"] & part["include"])
        baseline = attribute_baseline(kind, counts, None if kind == "c" else sizes, prime=False)
        limits = baseline.limits(sizes)
        assert baseline.centre_line == pytest.approx(part["cl"].iloc[0], abs=1e-12)
        # The reference clips to 0 what is not drawn here.
        assert np.nan_to_num(limits.lower_limit) == pytest.approx(part["lcl"].to_numpy(), abs=1e-12)
        assert limits.upper_limit == pytest.approx(part["ucl"].to_numpy(), abs=1e-12)
        values = attribute_values(part["y.sum"], sizes)
        assert values == pytest.approx(part["y"].to_numpy(), abs=1e-12)
        outside = detect_signals(values, limits)["is_outside"].to_numpy()
        assert outside[part["include"]].tolist() == part.loc[part["include"], "sigma.signal"].tolist()


@pytest.mark.parametrize(
    "file",
    [
        "6.5_individuals",
        "6.5_moving_range",
        "7.1_p_chart_two_parts",
        "7.3_c_chart",
        "7.4_u_chart",
        "7.5_u_variable",
        "7.6_t_chart",
        "t7.4_p_variable_n",
    ],
)
def test_run_chart_rules_on_montgomery(file: str) -> None:
    for _, part in pd.read_csv(FOLDER / f"montgomery_{file}.csv").groupby("part"):
        points = part.loc[part["include"]]
        found = run_chart_test(points["y"], centre=points["cl"].iloc[0])
        reference = points.iloc[0]
        assert found.longest_run == reference["longest.run"]
        assert found.longest_run_limit == reference["longest.run.max"]
        assert found.n_crossings == reference["n.crossings"]
        assert found.n_crossings_limit == reference["n.crossings.min"]
        assert found.is_signal == reference["runs.signal"]


def test_montgomery_times_between_failures() -> None:
    table = pd.read_csv(FOLDER / "montgomery_7.6_t_chart.csv")
    limits = t_chart_limits(table["y"])
    assert limits.centre_line == pytest.approx(table["cl"].iloc[0], abs=1e-9)
    assert limits.upper_limit == pytest.approx(table["ucl"].iloc[0], abs=1e-9)
    assert limits.lower_limit == table["lcl"].iloc[0] == 0


@pytest.mark.parametrize(
    ("key", "kind", "prime"), [("C", "c", False), ("C'", "c", True), ("P_first", "p", False), ("P'_first", "p", True)]
)
def test_laney_and_plain_limits_of_one_series(key: str, kind: AttributeKind, *, prime: bool) -> None:
    case = published("spc/ssa_expected.json")["limits_end_to_end"]
    per = 100 if kind == "p" else 1
    baseline = attribute_baseline(kind, case["x"], case["n"] if kind == "p" else None, prime=prime)
    limits = baseline.limits(case["n"])
    assert baseline.centre_line * per == pytest.approx(case[key]["cl"], abs=5e-7)
    assert limits.lower_limit[0] * per == pytest.approx(case[key]["lcl"], abs=5e-7)
    assert limits.upper_limit[0] * per == pytest.approx(case[key]["ucl"], abs=5e-7)


def test_nhs_limits_with_and_without_screening() -> None:
    case = published("spc/nhs_mdc.json")["screening"]
    for screen, key in ((True, "screened"), (False, "unscreened")):
        limits = natural_process_limits(case["x"], screen=screen)
        assert limits.centre_line == pytest.approx(case["mean"], abs=0.005)
        assert limits.lower_limit == pytest.approx(case[key]["lpl"], abs=0.005)
        assert limits.upper_limit == pytest.approx(case[key]["upl"], abs=0.005)

    case = published("spc/rule_vectors.json")["nhs"]["xmr_limits"]
    values = np.array(case["y"])
    assert_limits(natural_process_limits(values), case["plain"])
    values[14] = 10
    assert_limits(natural_process_limits(values), case["y15_set_to_10_screened"])
    assert_limits(natural_process_limits(values, screen=False), case["y15_set_to_10_unscreened"])


def assert_limits(limits: ProcessLimits, expected: dict[str, float]) -> None:
    assert limits.centre_line == pytest.approx(expected["mean"], abs=1e-6)
    assert limits.lower_limit == pytest.approx(expected["lpl"], abs=1e-5)
    assert limits.upper_limit == pytest.approx(expected["upl"], abs=1e-5)


def test_nhs_seven_on_one_side() -> None:
    vectors = published("spc/rule_vectors.json")["nhs"][
        "seven_one_side_input_is_sign_relative_to_mean_output_is_from_7th_point"
    ]
    cases = [(case["in"], case["out"]) for case in vectors]
    cases += [(case["side"], case["flag_end"]) for case in published("spc/nhs_mdc.json")["shift7"]]
    assert len(cases) == 6
    for sides, expected in cases:
        position, length = run_positions(sides)
        assert (position >= 7).astype(int).tolist() == expected
        assert (length >= 7).any() == bool(any(expected))


def test_nhs_seven_point_trend() -> None:
    vectors = published("spc/rule_vectors.json")["nhs"]["seven_point_trend_output_at_7th"]
    cases = [(case["in"], case["out"]) for case in vectors]
    cases += [(case["y"], case["flag_end"]) for case in published("spc/nhs_mdc.json")["trend7"]]
    assert len(cases) == 9
    for values, expected in cases:
        step = steps(values)
        position, _ = run_positions(step)
        assert np.where(position >= 6, step, 0).tolist() == expected


def test_nhs_two_of_three_near_a_limit() -> None:
    vectors = published("spc/rule_vectors.json")["nhs"]["two_of_three_close_to_limits_same_side"]
    cases = [(case["close"], case["side"], case["window_hit"]) for case in vectors]
    cases += [(case["close"], case["side"], case["window"]) for case in published("spc/nhs_mdc.json")["two_of_three"]]
    assert len(cases) == 6
    for near, sides, expected in cases:
        assert two_of_three_windows(near, sides).astype(int).tolist() == expected


VARIANTS = {
    "ssa": StableShiftSettings(n_min_trial=21),
    "no_regrets=F": StableShiftSettings(n_min_trial=21, no_regrets=False),
    "no_regrets=F,overhang=F": StableShiftSettings(n_min_trial=21, no_regrets=False, overhang=False),
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("part", "n_points"), [("first96", 96), ("full", 125)])
def test_stable_shift_periods_of_an_individuals_chart(variant: str, part: str, n_points: int) -> None:
    series = pd.read_csv(FOLDER / "ssa_example_series_1.csv")["y"].to_numpy()
    assert len(series) == 125
    values = series[:n_points]
    found = stable_periods(
        values, lambda used: natural_process_limits(np.where(used, values, np.nan)), settings=VARIANTS[variant]
    )
    expected = published("spc/ssa_expected.json")[f"example_series_1_xmr_{part}"][variant]
    assert [period.start + 1 for period in found] == expected


def test_stable_shift_puts_off_what_later_points_may_take_back() -> None:
    case = published("spc/ssa_expected.json")["no_regrets_cprime"]
    for appended, *expected in zip(case["appends"], case["n_breaks_no_regrets"], case["n_breaks_regrets"], strict=True):
        values = np.array([*case["x"], *appended], dtype=float)
        ones = np.ones(values.size)

        def limits_of(used: Flags, values: Floats = values, ones: Floats = ones) -> PointLimits:
            return attribute_baseline("c", np.where(used, values, np.nan)).limits(ones)

        found = [len(stable_periods(values, limits_of, settings=VARIANTS[name])) - 1 for name in list(VARIANTS)[:2]]
        assert found == expected


def test_the_flow_of_the_nile_changed_once() -> None:
    nile = published("trend/nile_changepoint.json")
    assert change_positions(nile["data"]) == [nile["n_before"]]
    flow = np.array(nile["data"])
    assert flow[: nile["n_before"]].mean() == pytest.approx(nile["mean_before"])
    assert flow[nile["n_before"] :].mean() == pytest.approx(nile["mean_after"], abs=5e-5)
