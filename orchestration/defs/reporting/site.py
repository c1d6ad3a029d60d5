"""The report site as an asset, built from the published warehouse only."""

from datetime import timedelta

import dagster as dg

from orchestration.defs.resources import PortfolioResource
from orchestration.report_site import build_report_site
from orchestration.run_locks import at_work


@dg.asset(
    key=["reports", "site"],
    deps=[["warehouse", "published"]],
    group_name="reports",
    kinds={"html", "plotly"},
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=50), warn_window=timedelta(hours=26)),
)
def report_site(context: dg.AssetExecutionContext, portfolio: PortfolioResource) -> dg.MaterializeResult[None]:
    """Self-contained HTML pages on constraints, interventions and data quality."""
    with at_work(portfolio.paths, context.run.run_id):
        site = build_report_site(portfolio.paths)
    return dg.MaterializeResult(
        metadata={
            "start page": dg.MetadataValue.path(str(site.index)),
            "pages": site.n_pages,
            "generation": site.generation,
            "as of": site.as_of.isoformat(),
        }
    )
