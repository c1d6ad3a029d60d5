"""Whether interventions work, as assets."""

import dagster as dg

from orchestration.analysis_steps.interventions import chart_interventions
from orchestration.defs.presentation import frame_result
from orchestration.defs.resources import RefreshResource

_POINTS = dg.AssetKey(["analysis", "process_behaviour_points"])
INTERVENTION_ANALYSES = [_POINTS]


@dg.asset(
    key=_POINTS, deps=[["marts", "mart_intervention_series"]], group_name="analysis", kinds={"python"}, pool="warehouse"
)
def process_behaviour_points(refresh: RefreshResource) -> dg.MaterializeResult[None]:
    """Behaviour chart of each intervention's metric, limits frozen on the weeks before its launch."""
    return frame_result(_POINTS, chart_interventions(refresh.build))
