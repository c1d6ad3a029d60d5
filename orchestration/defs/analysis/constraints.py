"""Which stages hold a value stream back, and why, as assets."""

from collections.abc import Iterator

import dagster as dg

from orchestration.analysis_steps.constraints import judge_constraints
from orchestration.analysis_steps.linked_signals import link_signals
from orchestration.analysis_steps.waits import explain_waits
from orchestration.analytics.constraint_table_words import TABLES
from orchestration.defs.presentation import frame_result
from orchestration.defs.resources import RefreshResource

_KEYS = {name: dg.AssetKey(["analysis", name]) for name in TABLES}
CONSTRAINT_ANALYSES = list(_KEYS.values())
_READ = [
    *(["flow", name] for name in ("dim_dates", "dim_stage_roles", "dim_stages", "dim_teams", "dim_value_streams")),
    *(["flow", name] for name in ("dim_working_days", "fct_capacity_days", "fct_hand_offs", "fct_stage_visits")),
    *(["flow", "fct_work_items"], ["marts", "mart_quality_signals"], ["marts", "mart_stage_metrics"]),
]


# One step for all: each step and each asset costs Dagster time that the small tables would not be worth.
@dg.multi_asset(
    name="find_constraints",
    specs=[
        dg.AssetSpec(key, deps=_READ, description=TABLES[name].description, group_name="analysis", kinds={"python"})
        for name, key in _KEYS.items()
    ],
    pool="warehouse",
)
def find_constraints(refresh: RefreshResource) -> Iterator[dg.MaterializeResult[None]]:
    """Find the constraint of each line, explain it, and say what is new about it."""
    judged = judge_constraints(refresh.build)
    linked = link_signals(refresh.build, judged["constraint_declarations"])
    for name, frame in {**judged, **linked, **explain_waits(refresh.build)}.items():
        yield frame_result(_KEYS[name], frame)
