"""Whether interventions work, as assets."""

from collections.abc import Iterator

import dagster as dg

from orchestration.analysis_steps.interventions import follow_interventions
from orchestration.analytics import (
    effect_table_words,
    intervention_table_words,
    projection_table_words,
    sustainment_table_words,
)
from orchestration.defs.presentation import frame_result
from orchestration.defs.resources import RefreshResource

_TABLES = {
    **intervention_table_words.TABLES,
    **effect_table_words.TABLES,
    **sustainment_table_words.TABLES,
    **projection_table_words.TABLES,
}
_KEYS = {name: dg.AssetKey(["analysis", name]) for name in _TABLES}
INTERVENTION_ANALYSES = list(_KEYS.values())
_READ = [
    *(["flow", name] for name in ("dim_dates", "dim_interventions", "dim_intervention_metrics")),
    *(["flow", name] for name in ("dim_stage_roles", "dim_stages")),
    *(["flow", name] for name in ("dim_value_streams", "dim_working_days", "fct_capacity_days")),
    *(["flow", name] for name in ("fct_practice_events", "fct_stage_visits", "fct_work_items")),
    *(["flow", name] for name in ("dim_teams", "fct_defects", "fct_deployments", "fct_incidents")),
    *(["marts", name] for name in ("mart_flow_metrics", "mart_intervention_series")),
]


# One step for all: each step and each asset costs Dagster time that the small tables would not be worth.
@dg.multi_asset(
    name="follow_interventions",
    specs=[
        dg.AssetSpec(key, deps=_READ, description=_TABLES[name].description, group_name="analysis", kinds={"python"})
        for name, key in _KEYS.items()
    ],
    pool="warehouse",
)
def intervention_analyses(refresh: RefreshResource) -> Iterator[dg.MaterializeResult[None]]:
    """Chart, measure and judge every intervention, and watch over its gains."""
    for name, frame in follow_interventions(refresh.build).items():
        yield frame_result(_KEYS[name], frame)
