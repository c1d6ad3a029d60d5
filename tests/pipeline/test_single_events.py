"""Single events behind charts of rare events, against the weekly counts of the marts: one definition, told twice."""

import duckdb
import pytest

from orchestration.portfolio_folder import PortfolioFolder
from orchestration.warehouse import read_intervention_events

#: Metric → the mart and column that count it by week. The example names no rule for escaped and safety defects.
_COUNTS = {
    "defects": ("mart_quality_signals", "n_defects_created"),
    "deployments": ("mart_delivery_performance", "n_deployments"),
    "failed_deployments": ("mart_delivery_performance", "n_failed_deployments"),
    "incidents": ("mart_delivery_performance", "n_incidents"),
}


@pytest.fixture(scope="module")
def judged_everywhere(published_example: PortfolioFolder):
    """The example's facts, and interventions that judge every count in every value stream, train and team."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{published_example.warehouse / 'warehouse.duckdb'}' as published (read_only)")
        connection.execute("create schema flow")
        for table in ("fct_stage_visits", "fct_defects", "dim_teams", "fct_deployments", "fct_incidents"):
            connection.execute(f"create view flow.{table} as from published.flow.{table}")
        connection.execute(
            """
            create table flow.dim_intervention_metrics as
            select concat_ws(' ', metric, 'of', scope_type, scope_id) as intervention_id, metric, scope_type, scope_id
            from (
                select distinct scope_type, scope_id from published.marts.mart_flow_metrics
                where scope_type in ('value_stream', 'train', 'team') and scope_id <> 'unassigned'
            )
            cross join (select unnest($metrics) as metric)""",
            {"metrics": list(_COUNTS)},
        )
        yield connection


@pytest.mark.parametrize("metric", _COUNTS)
def test_single_events_are_those_that_the_marts_count(judged_everywhere, metric: str) -> None:
    mart, column = _COUNTS[metric]
    judged_everywhere.register("events", read_intervention_events(judged_everywhere))
    single = judged_everywhere.execute(
        """
        select scope_type, scope_id, date_trunc('week', occurred_on)::date as week, count(*) as n_events
        from events inner join flow.dim_intervention_metrics using (intervention_id, metric)
        where metric = $metric group by all order by all""",
        {"metric": metric},
    ).fetchall()
    counted = judged_everywhere.execute(
        f"""
        select scope_type, scope_id, period_start, {column} from published.marts.{mart}
        where period_type = 'week' and scope_type in ('value_stream', 'train', 'team') and scope_id <> 'unassigned'
            and {column} > 0
        order by all"""
    ).fetchall()
    assert len(counted) > 0
    assert single == counted
