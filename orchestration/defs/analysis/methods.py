"""The analyses that a refresh writes to `analysis.*`."""

import dagster as dg

from orchestration.analysis_steps import chart_interventions, rank_constraints
from orchestration.defs.presentation import frame_result
from orchestration.defs.resources import RefreshResource

_EVIDENCE = dg.AssetKey(["analysis", "stage_constraint_evidence"])
_POINTS = dg.AssetKey(["analysis", "process_behaviour_points"])
ANALYSES = [_EVIDENCE, _POINTS]


@dg.asset(
    key=_EVIDENCE,
    deps=[["flow", "dim_stages"], ["flow", "dim_dates"], ["flow", "fct_stage_visits"]],
    group_name="analysis",
    kinds={"python"},
    pool="warehouse",
)
def stage_constraint_evidence(refresh: RefreshResource) -> dg.MaterializeResult[None]:
    """What stage data says about where each value stream is stuck, ranked: evidence, not a verdict."""
    return frame_result(_EVIDENCE, rank_constraints(refresh.build))


@dg.asset(
    key=_POINTS, deps=[["marts", "mart_intervention_series"]], group_name="analysis", kinds={"python"}, pool="warehouse"
)
def process_behaviour_points(refresh: RefreshResource) -> dg.MaterializeResult[None]:
    """Behaviour chart of each intervention's metric, limits frozen on the weeks before its launch."""
    return frame_result(_POINTS, chart_interventions(refresh.build))
