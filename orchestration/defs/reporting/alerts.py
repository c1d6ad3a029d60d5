"""Alerts as an asset: sent from the published warehouse, each event once."""

import os

import dagster as dg

from orchestration.alerting import send_alerts
from orchestration.defs.resources import RefreshResource
from orchestration.refresh import utc_now


@dg.asset(
    key=["reports", "alerts"],
    deps=[["warehouse", "published"]],
    group_name="reports",
    kinds={"python"},
    pool="warehouse",
)
def alerts(context: dg.AssetExecutionContext, refresh: RefreshResource) -> dg.MaterializeResult[None]:
    """New constraints, failing interventions, choke points ahead, silent sources: by webhook and mail, once each."""
    build = refresh.build
    is_given = build.requested_as_of is not None
    report = send_alerts(
        build.paths, build.portfolio, build.refresh.as_of, utc_now, os.environ, is_as_of_given=is_given
    )
    for failure in report.failures:
        context.log.warning("Not told, the next refresh tries again. %s", failure)
    facts = {"standing": report.n_standing, "new": report.n_new, "still to be told": report.n_pending}
    return dg.MaterializeResult(metadata=facts | ({"failures": "\n".join(report.failures)} if report.failures else {}))
