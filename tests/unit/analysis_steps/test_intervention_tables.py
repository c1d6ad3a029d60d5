"""Interventions through all methods at once: one that works, one that does nothing, one local gain that gets lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from orchestration.analysis_steps.intervention_settings import MethodSettings, method_settings
from orchestration.analysis_steps.interventions import InterventionInputs, intervention_tables
from orchestration.analytics.line_measures import STAGE_COLUMNS
from orchestration.analytics.line_visits import VISIT_COLUMNS
from orchestration.analytics.published_tables import PUBLISHED_TABLES
from orchestration.analytics.rare_event_charts import EVENT_COLUMNS
from orchestration.analytics.weekly_measures import FLOW_COLUMNS
from orchestration.portfolio.intervention_settings import InterventionThresholds
from orchestration.portfolio.stable_shift_settings import StableShiftThresholds

FIRST, N_WEEKS, LAUNCHED = pd.Timestamp("2025-06-02"), 56, 26
WEEKS = pd.date_range(FIRST, periods=N_WEEKS, freq="7D")
LAUNCH = WEEKS[LAUNCHED]
#: Intervention: its value stream and by what its weeks change after the launch.
CHANGES = {"nothing": ("b", 1.0), "working": ("a", 0.6)}


def _series(rng: np.random.Generator) -> pd.DataFrame:
    phase = np.where(np.arange(N_WEEKS) < LAUNCHED, "before", "after").astype(object)
    phase[LAUNCHED : LAUNCHED + 2] = "transition"
    frames = []
    for name, (stream, factor) in CHANGES.items():
        value = np.exp(rng.normal(3.0, 0.12, N_WEEKS)) * np.where(phase == "after", factor, 1.0)
        frames.append(
            pd.DataFrame(
                {
                    "intervention_id": name,
                    "week_start": WEEKS,
                    "metric": "cycle_time",
                    "desired_direction": "down",
                    "phase": phase,
                    "is_baseline": phase == "before",
                    "is_complete": True,
                    "value": value,
                    "numerator": np.nan,
                    "denominator": np.nan,
                    "n_items": 12,
                    "scope_type": "value_stream",
                    "value_stream_id": stream,
                    "level": "story",
                    "transition_end_date": WEEKS[LAUNCHED + 2],
                    "is_primary": True,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _inputs(*, arrives: bool = True) -> InterventionInputs:
    rng = np.random.Generator(np.random.PCG64(7))
    series = _series(rng)
    flow = []
    for stream in "abcde":
        changed = stream == "a" and arrives
        days = np.exp(rng.normal(3.3, 0.1, N_WEEKS)) * np.where(
            np.arange(N_WEEKS) >= LAUNCHED, 0.6 if changed else 1, 1
        )
        own = series.loc[(series["value_stream_id"] == stream), "value"].to_numpy()
        cycle = own if own.size else np.exp(rng.normal(3.0, 0.1, N_WEEKS))
        flow.append(
            pd.DataFrame(dict.fromkeys(FLOW_COLUMNS, 1.0), index=range(N_WEEKS)).assign(
                value_stream_id=stream,
                level="story",
                period_start=WEEKS,
                is_complete=True,
                p50_cycle_time_elapsed_days=cycle,
                p50_flow_time_elapsed_days=days,
            )
        )
    items = series.loc[series.index.repeat(12), ["intervention_id", "metric", "week_start", "value"]]
    register = pd.DataFrame(
        {
            "intervention_id": list(CHANGES),
            "metric": "cycle_time",
            "desired_direction": "down",
            "kind": "capacity",
            "value_stream_id": [stream for stream, _ in CHANGES.values()],
            "level": "story",
            "launched_date": LAUNCH,
            "transition_days": 14,
            "projected_change_percent": -35.0,
            "projected_change_low_percent": -45.0,
            "projected_change_high_percent": -25.0,
            "minimum_change_percent": 10.0,
            "excluded_controls": pd.Series([None, "e"], dtype="str"),
        }
    )
    day_of_events = pd.Series(WEEKS[LAUNCHED:] + pd.Timedelta(days=1))
    return InterventionInputs(
        frames={
            "mart_intervention_series": series,
            "dim_interventions": register,
            "dim_intervention_metrics": register.assign(is_primary=True),
            "flow_weeks": pd.concat(flow, ignore_index=True),
            "items": items.assign(duration=items["value"] * np.exp(rng.normal(0, 0.5, len(items)))).drop(
                columns="value"
            ),
            "events": pd.DataFrame(columns=list(EVENT_COLUMNS)),
            "fct_practice_events": pd.DataFrame(
                {"intervention_id": "working", "event_date": day_of_events, "is_followed": True}
            ),
            "visits": pd.DataFrame(columns=list(VISIT_COLUMNS)),
            "dim_stages": pd.DataFrame(columns=list(STAGE_COLUMNS)),
            "dim_dates": pd.DataFrame(columns=["calendar_date", "working_hours"]),
        },
        week_start=WEEKS[-1] + pd.Timedelta(weeks=1),
        as_of=WEEKS[-1] + pd.Timedelta(weeks=1),
        snapshot="test",
        hours=("09:00", "17:00"),
        timezones={},
    )


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return intervention_tables(_inputs())


def _last(verdicts: pd.DataFrame) -> dict[str, str]:
    return verdicts.drop_duplicates("intervention_id", keep="last").set_index("intervention_id")["verdict"].to_dict()


def test_every_table_is_told_of_and_has_the_columns_told(tables: dict[str, pd.DataFrame]) -> None:
    assert {name: list(frame.columns) for name, frame in tables.items()} == {
        name: list(PUBLISHED_TABLES[name].columns) for name in tables
    }


def test_what_works_is_improved_and_what_does_nothing_is_not(tables: dict[str, pd.DataFrame]) -> None:
    found = _last(tables["intervention_verdicts"])
    assert found["working"] == "improved"
    assert found["nothing"] in {"no_effect", "inconclusive"}


def test_controls_are_the_streams_without_a_launch_that_are_not_ruled_out(tables: dict[str, pd.DataFrame]) -> None:
    controls = tables["intervention_controls"].set_index("intervention_id")
    assert controls["n_candidates"].to_dict() == {"nothing": 3, "working": 2}
    assert set(controls.loc["working", "donors"].split(", ")) == {"c", "d"}
    assert controls.loc["working", "controlled_percent_upper"] < -20


def test_all_tests_of_the_refresh_are_adjusted_together(tables: dict[str, pd.DataFrame]) -> None:
    for name in ("intervention_effects", "intervention_controls"):
        assert set(tables[name]["n_tests"]) == {4}
    effects = tables["intervention_effects"].set_index("intervention_id")
    assert effects["is_discovery"].to_dict() == {"nothing": False, "working": True}
    assert (effects["p_adjusted"] >= effects["p_value"]).all()


def test_items_are_those_of_the_weeks_judged(tables: dict[str, pd.DataFrame]) -> None:
    items = tables["intervention_items"].set_index("intervention_id").loc["working"]
    assert (items["n_items_before"], items["n_items_after"]) == (26 * 12, 28 * 12)
    assert items["shift_percent_upper"] < 0
    picture = tables["intervention_item_distribution"].query("intervention_id == 'working' and percentile == 50")
    before, after = (picture.set_index("phase")["duration"][phase] for phase in ("before", "after"))
    assert after < 0.75 * before


def test_the_gain_that_arrives_end_to_end_asks_for_no_other_constraint(tables: dict[str, pd.DataFrame]) -> None:
    assert set(tables["alternate_constraints"]["finding"]) == {"not_triggered"}


def test_a_gain_that_gets_lost_asks_for_the_constraint() -> None:
    lost = intervention_tables(_inputs(arrives=False))["alternate_constraints"].set_index("intervention_id")
    assert lost.loc["working", "finding"] == "unclear"
    assert "no constraint is declared" in lost.loc["working", "reason"]


def test_gains_practices_and_promises(tables: dict[str, pd.DataFrame]) -> None:
    states = tables["intervention_sustainment"].set_index("intervention_id")["state"].to_dict()
    assert states["working"] in {"sustained", "not_yet", "early_warning"}
    assert states["nothing"] == "no_gain"
    assert tables["practice_adherence"]["adherence"].eq(1.0).all()
    promised = tables["projection_scores"]["withheld_reason"]
    assert promised.str.startswith("first seen on").all() or promised.str.startswith("it comes due").all()


def test_a_promise_recorded_before_counts_and_is_scored_when_due() -> None:
    inputs = _inputs()
    before = replace(inputs, as_of=LAUNCH - pd.Timedelta(days=3))
    known = intervention_tables(before)["intervention_projections"]
    edited = inputs.frames["dim_intervention_metrics"].assign(projected_change_percent=-26.0)
    found = intervention_tables(replace(inputs, frames={**inputs.frames, "dim_intervention_metrics": edited}), known)
    assert found["intervention_projections"]["version_number"].tolist() == [1, 2, 1, 2]
    last = found["intervention_verdicts"].groupby("intervention_id").last()
    assert last["projected_effect"].to_numpy() == pytest.approx(np.log(0.65))
    scores = found["projection_scores"].set_index("intervention_id")
    assert scores.loc["working", "is_scored"]
    assert scores.loc["working", "actual_gain"] > 0
    assert found["projection_calibration"]["withheld_reason"].str.contains("at least 5 needed").all()


@pytest.mark.parametrize("n_known", [36, 45])
def test_later_weeks_change_no_verdict_of_a_closed_week(n_known: int, tables: dict[str, pd.DataFrame]) -> None:
    inputs = _inputs()
    until = WEEKS[n_known - 1]
    known = {
        name: frame.loc[frame[column] <= until]
        for name, column in (
            ("mart_intervention_series", "week_start"),
            ("flow_weeks", "period_start"),
            ("items", "week_start"),
        )
        for frame in (inputs.frames[name],)
    }
    early = replace(
        inputs, frames={**inputs.frames, **known}, week_start=until + pd.Timedelta(weeks=1),
        as_of=until + pd.Timedelta(weeks=1),
    )  # fmt: skip
    then = intervention_tables(early, tables["intervention_projections"])["intervention_verdicts"]
    now = tables["intervention_verdicts"]
    pd.testing.assert_frame_equal(then, now.loc[now["week_start"] <= until].reset_index(drop=True))


def _with_throughput(inputs: InterventionInputs) -> InterventionInputs:
    """The same with a further metric of the intervention that works: items per week, a fifth more."""
    rng = np.random.Generator(np.random.PCG64(11))
    series = inputs.frames["mart_intervention_series"]
    further = series.loc[series["intervention_id"] == "working"].assign(
        metric="throughput", desired_direction="up", is_primary=False,
        value=lambda frame: rng.normal(20, 1.5, N_WEEKS) * np.where(frame["phase"] == "after", 1.3, 1.0),
    )  # fmt: skip
    promised = inputs.frames["dim_intervention_metrics"]
    own = promised.loc[promised["intervention_id"] == "working"].assign(
        metric="throughput", desired_direction="up", is_primary=False, projected_change_percent=20.0,
        projected_change_low_percent=10.0, projected_change_high_percent=30.0,
    )  # fmt: skip
    added = {
        "mart_intervention_series": pd.concat([series, further], ignore_index=True),
        "dim_intervention_metrics": pd.concat([promised, own], ignore_index=True),
    }
    return replace(inputs, frames={**inputs.frames, **added})


def test_each_metric_has_its_own_chart_verdict_and_promise(tables: dict[str, pd.DataFrame]) -> None:
    found = intervention_tables(_with_throughput(_inputs()))
    last = found["intervention_verdicts"].drop_duplicates(["intervention_id", "metric"], keep="last")
    verdicts = last.set_index(["intervention_id", "metric"])
    assert verdicts.loc[("working", "throughput"), "verdict"] == "improved"
    assert verdicts.loc[("working", "throughput"), "projected_effect"] == pytest.approx(4.0, abs=0.3)
    for name in ("process_behaviour_points", "intervention_verdicts", "intervention_sustainment"):
        own = found[name].loc[found[name]["metric"] == "cycle_time"].reset_index(drop=True)
        pd.testing.assert_frame_equal(own, tables[name])
    assert set(found["intervention_effects"]["n_tests"]) == {6}
    assert found["alternate_constraints"]["local_metric"].tolist() == ["cycle_time", "cycle_time"]
    assert found["intervention_projections"]["version_number"].tolist() == [1, 1, 1]


def test_a_promise_of_a_further_metric_leaves_those_recorded_before_as_they_were() -> None:
    early = replace(_inputs(), as_of=LAUNCH - pd.Timedelta(days=3))
    known = intervention_tables(early)["intervention_projections"]
    later = replace(_with_throughput(_inputs()), as_of=LAUNCH - pd.Timedelta(days=1))
    found = intervention_tables(later, known)["intervention_projections"]
    kept = found.loc[found["metric"] == "cycle_time"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, known)
    assert found.loc[found["metric"] == "throughput", "is_in_force"].tolist() == [True]
    back_in_time = replace(_with_throughput(_inputs()), as_of=LAUNCH - pd.Timedelta(days=9))
    pd.testing.assert_frame_equal(intervention_tables(back_in_time, known)["intervention_projections"], known)


def test_nothing_registered_gives_empty_tables_of_the_same_types(tables: dict[str, pd.DataFrame]) -> None:
    inputs = _inputs()
    none = {
        name: inputs.frames[name].iloc[:0]
        for name in (
            "mart_intervention_series",
            "dim_interventions",
            "dim_intervention_metrics",
            "items",
            "fct_practice_events",
        )
    }
    empty = intervention_tables(replace(inputs, frames={**inputs.frames, **none}))
    assert {name for name, frame in empty.items() if len(frame)} <= {"level_changes"}
    for name, frame in empty.items():
        assert frame.dtypes.astype(str).to_dict() == tables[name].dtypes.astype(str).to_dict(), name


def test_another_stable_shift_gives_other_periods_and_leaves_the_baseline(tables: dict[str, pd.DataFrame]) -> None:
    inputs = _inputs()
    never = method_settings(InterventionThresholds(), StableShiftThresholds(run_length=52))
    found = intervention_tables(replace(inputs, settings=never))
    periods = found["process_behaviour_periods"]
    assert periods.groupby("intervention_id").size().to_dict() == {"nothing": 1, "working": 1}
    assert len(tables["process_behaviour_periods"].query("intervention_id == 'working'")) > 1
    limits = ["centre_line", "lower_limit", "upper_limit"]
    pd.testing.assert_frame_equal(found["process_behaviour_points"][limits], tables["process_behaviour_points"][limits])
    # Without an accepted period there is no gain to watch.
    states = found["intervention_sustainment"].set_index("intervention_id")["state"]
    assert states["working"] == "no_gain"


def test_the_defaults_of_portfolio_yaml_are_those_of_the_methods() -> None:
    assert method_settings(InterventionThresholds(), StableShiftThresholds()) == MethodSettings()
