"""The published warehouse as an asset; only a refresh that passed every gate gets here."""

from datetime import timedelta

import dagster as dg

from orchestration.defs.analysis.constraints import CONSTRAINT_ANALYSES
from orchestration.defs.analysis.forecasts import FORECAST_ANALYSES
from orchestration.defs.analysis.interventions import INTERVENTION_ANALYSES
from orchestration.defs.ingestion.raw_tables import raw_tables
from orchestration.defs.presentation import text_metadata
from orchestration.defs.resources import RefreshResource
from orchestration.defs.transformation.models import dbt_models
from orchestration.refresh import publish

_GATED = [*raw_tables.keys, *dbt_models.keys]


@dg.asset(
    key=["warehouse", "published"],
    deps=[*_GATED, *CONSTRAINT_ANALYSES, *INTERVENTION_ANALYSES, *FORECAST_ANALYSES],
    group_name="published",
    kinds={"duckdb", "parquet"},
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=50), warn_window=timedelta(hours=26)),
    pool="warehouse",
)
def published_warehouse(refresh: RefreshResource) -> dg.MaterializeResult[None]:
    """The warehouse that people and reports read, replaced in one rename, with Parquet beside it."""
    return dg.MaterializeResult(metadata=text_metadata(publish(refresh.build)))
