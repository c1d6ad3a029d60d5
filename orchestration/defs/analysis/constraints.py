"""Which stages hold a value stream back, as assets."""

import dagster as dg

from orchestration.analysis_steps.constraints import rank_constraints
from orchestration.defs.presentation import frame_result
from orchestration.defs.resources import RefreshResource

_EVIDENCE = dg.AssetKey(["analysis", "stage_constraint_evidence"])
CONSTRAINT_ANALYSES = [_EVIDENCE]


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
