"""What is coming, as assets."""

from collections.abc import Iterator

import dagster as dg

from orchestration.analysis_steps.forecasts import TABLES, forecast
from orchestration.analytics.published_tables import PUBLISHED_TABLES
from orchestration.defs.presentation import frame_result
from orchestration.defs.resources import RefreshResource

FORECAST_ANALYSES = [dg.AssetKey(["analysis", table]) for table in TABLES]
_READ = [
    ["flow", "dim_increments"],
    ["flow", "dim_stage_roles"],
    ["flow", "dim_stages"],
    ["flow", "dim_teams"],
    ["flow", "dim_working_days"],
    ["flow", "fct_active_hours"],
    ["flow", "fct_capacity_days"],
    ["flow", "fct_parent_spells"],
    ["flow", "fct_stage_visits"],
    ["flow", "fct_work_items"],
    ["marts", "mart_flow_metrics"],
    ["marts", "mart_stage_metrics"],
]


@dg.multi_asset(
    name="forecasts",
    specs=[
        dg.AssetSpec(
            key,
            deps=_READ,
            group_name="analysis",
            kinds={"python"},
            description=PUBLISHED_TABLES[key.path[-1]].description,
        )
        for key in FORECAST_ANALYSES
    ],
    pool="warehouse",
)
def forecasts(refresh: RefreshResource) -> Iterator[dg.MaterializeResult[None]]:
    """Choke points, load, trends, throughput and delivery dates, each with what such forecasts were worth."""
    tables = forecast(refresh.build)
    for key in FORECAST_ANALYSES:
        yield frame_result(key, tables[key.path[-1]])
