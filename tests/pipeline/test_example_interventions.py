"""The bundled example's interventions through the whole pipeline, against what was planted."""

import pytest


@pytest.fixture(scope="module")
def planted(truth) -> dict[str, str]:
    return {name: intervention["verdict"] for name, intervention in truth["interventions"].items()}


@pytest.fixture(scope="module")
def latest(warehouse) -> dict[str, dict[str, object]]:
    frame = warehouse.execute(
        """select verdicts.* from intervention_verdicts as verdicts
        inner join dim_interventions using (intervention_id, metric)
        qualify row_number() over (partition by intervention_id, metric order by week_start desc) = 1"""
    ).df()
    return {row["intervention_id"]: row for row in frame.to_dict("records")}


def test_the_verdicts_are_the_planted_ones(latest, planted):
    for name, truth in planted.items():
        verdict = latest[name]["verdict"]
        if truth == "worked":
            assert (verdict, latest[name]["sub_status"]) == ("improved", "on_target")
        elif truth == "did nothing":
            assert verdict in {"inconclusive", "no_effect"}
        else:
            assert verdict == "insufficient_data"


def test_what_did_nothing_was_never_called_improved(warehouse, planted):
    claimed = warehouse.execute(
        """select distinct intervention_id from intervention_verdicts
        inner join dim_interventions using (intervention_id, metric) where verdict in ('improved', 'regressed')"""
    ).fetchall()
    assert {name for (name,) in claimed} == {name for name, truth in planted.items() if truth == "worked"}


def test_the_interval_of_the_effect_holds_the_step_between_the_simulated_medians(latest, truth):
    """And lies below zero for what worked, around it for what did nothing."""
    bounds = {}
    for name, planted in truth["interventions"].items():
        if planted["verdict"] == "too recent to tell":
            continue
        row, step = latest[name], 100 * (planted["after_median_days"] / planted["baseline_median_days"] - 1)
        lower, upper = row["effect_percent_lower"], row["effect_percent_upper"]
        assert lower <= step <= upper
        assert lower < row["effect_percent"] < upper
        bounds[planted["verdict"]] = (lower, upper)
    assert bounds["worked"][1] < 0
    assert bounds["did nothing"][0] < 0 < bounds["did nothing"][1]


def test_items_and_gain_agree_with_the_verdict(warehouse, planted):
    (worked,) = (name for name, truth in planted.items() if truth == "worked")
    (nothing,) = (name for name, truth in planted.items() if truth == "did nothing")
    items = (
        warehouse.execute("select intervention_id, shift_percent_lower, shift_percent_upper from intervention_items")
        .df()
        .set_index("intervention_id")
    )
    assert items.loc[worked, "shift_percent_upper"] < 0
    assert items.loc[nothing, "shift_percent_lower"] < 0 < items.loc[nothing, "shift_percent_upper"]
    states = dict(
        warehouse.execute(
            """select intervention_id, state from intervention_sustainment
            inner join dim_interventions using (intervention_id, metric)"""
        ).fetchall()
    )
    assert states.pop(worked) in {"not_yet", "sustained"}
    assert set(states.values()) == {"no_gain"}


def test_where_too_few_value_streams_or_projections_can_be_used_it_is_said(warehouse):
    compared, reasons = warehouse.execute(
        "select count(controlled_effect), count(withheld_reason) from intervention_controls"
    ).fetchone()
    assert (compared, reasons) == (0, 9)
    scored, reasons = warehouse.execute(
        "select count(*) filter (is_scored), count(withheld_reason) from projection_scores"
    ).fetchone()
    assert (scored, reasons) == (0, 4)


def test_promises_are_recorded_as_first_seen(warehouse):
    rows = warehouse.execute(
        """select version_number, is_in_force, first_seen_as_of at time zone 'UTC' = refreshes.as_of
        from intervention_projections, refreshes"""
    ).fetchall()
    assert rows == [(1, True, True)] * 4


def test_every_kind_of_metric_has_its_chart_and_its_estimate(warehouse):
    found = {
        (name, metric): (chart, method)
        for name, metric, chart, method in warehouse.execute(
            "select distinct intervention_id, metric, chart, effect_method from process_behaviour_points"
        ).fetchall()
    }
    assert found["lending-reviewers", "throughput"] == ("xmr", "autoregression")
    assert found["lending-reviewers", "defects_per_item"] == ("u_prime", "quasi_poisson")
    assert found["lending-reviewers", "failed_deployments"] == ("g", "rate_ratio")
    assert found["lending-reviewers", "incidents"] == ("t", "rate_ratio")
    assert found["small-changes", "change_failure_share"] == ("p_prime", "quasi_poisson")
    charted = dict(
        warehouse.execute(
            """select metric, max(n_baseline) from rare_event_points
            where intervention_id = 'lending-reviewers' group by 1"""
        ).fetchall()
    )
    assert charted.keys() == {"failed_deployments", "incidents"}
    assert min(charted.values()) >= 6


def test_events_are_those_that_the_marts_count(warehouse):
    """Of each metric of rare events, as many gaps as the mart has events, less the first."""
    rows = warehouse.execute(
        """
        with events as (
            select intervention_id, metric, count(*) filter (where not is_open) + 1 as n
            from rare_event_points group by all
        ), weeks as (
            select intervention_id, metric, sum(value) as n from mart_intervention_series
            where is_complete or week_start < (select max(week_start) from mart_intervention_series where is_complete)
            group by all
        )
        select events.n, weeks.n from events inner join weeks using (intervention_id, metric)"""
    ).fetchall()
    assert len(rows) == 3
    assert all(charted == counted for charted, counted in rows)
