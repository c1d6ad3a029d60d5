"""The dbt models as assets, built in this process."""

from collections.abc import Iterator

import dagster as dg
from dagster_dbt import dbt_assets
from dagster_dbt.asset_utils import get_subset_selection_for_context

from orchestration.dbt_build import failure_sentences, folders_of
from orchestration.defs.resources import RefreshResource
from orchestration.defs.served_portfolio import served_tools
from orchestration.defs.transformation.project import TRANSLATOR, manifest, outcome_events
from orchestration.refresh import build_models, table_sizes
from orchestration.sources import TOOLS


@dbt_assets(
    manifest=manifest(),
    exclude=" ".join(folders_of(TOOLS.keys() - served_tools())),
    dagster_dbt_translator=TRANSLATOR,
    name="build_models",
    pool="warehouse",
)
def dbt_models(
    context: dg.AssetExecutionContext, refresh: RefreshResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Build every model and run every test; any failure fails the step, so that nothing after it runs."""
    selection, _ = get_subset_selection_for_context(context, manifest(), None, None, None, TRANSLATOR, None)
    outcomes = build_models(refresh.build, selection, context.log.info)
    yield from outcome_events(outcomes, context, table_sizes(refresh.build))
    failures = failure_sentences(outcomes)
    if failures:
        raise dg.Failure("\n".join(failures), allow_retries=False)
