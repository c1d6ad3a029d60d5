"""What starts or follows runs beside the clock: a new export, and a failure."""

import os
from datetime import UTC, datetime

import dagster as dg

from orchestration.defs.automation.jobs import nightly_refresh, portfolio_report
from orchestration.defs.resources import PortfolioResource
from orchestration.export_listing import Watch, list_exports, look
from orchestration.notification import NotificationError, post_failure
from orchestration.portfolio import PortfolioError, load_portfolio
from orchestration.warehouse import WarehouseFolder


@dg.sensor(job=nightly_refresh, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def export_landed(context: dg.SensorEvaluationContext, portfolio: PortfolioResource) -> dg.SensorResult | dg.SkipReason:
    """Refresh when the export folders have changed and stand still; a file still being copied is waited for."""
    try:
        listing = list_exports(load_portfolio(portfolio.paths.folder))
    except PortfolioError as error:
        return dg.SkipReason(f"The portfolio cannot be used: {error}")
    published = WarehouseFolder(portfolio.paths.warehouse).published
    published_at = datetime.fromtimestamp(published.stat().st_mtime, UTC) if published.exists() else None
    watch, has_landed = look(Watch.from_text(context.cursor), listing, published_at)
    requests = [dg.RunRequest(run_key=listing.fingerprint)] if has_landed else []
    reason = None if has_landed else "No new export has landed, or one is still being written."
    return dg.SensorResult(run_requests=requests, cursor=watch.text(), skip_reason=reason)


@dg.run_failure_sensor(
    monitored_jobs=[nightly_refresh, portfolio_report], default_status=dg.DefaultSensorStatus.RUNNING
)
def run_failed(context: dg.RunFailureSensorContext, portfolio: PortfolioResource) -> None:
    """Log every failed run, and post it to the portfolio's webhook if it names one."""
    run = context.dagster_run
    context.log.error("%s %s failed: %s", run.job_name, run.run_id, context.failure_event.message)
    try:
        notify = load_portfolio(portfolio.paths.folder).notify
        url = os.environ.get(notify.webhook_env or "", "")
        if url:
            post_failure(url, failure_message(context))
    except (PortfolioError, NotificationError) as error:
        context.log.warning("Nobody was told: %s", error)


def failure_message(context: dg.RunFailureSensorContext) -> dict[str, object]:
    """Return what a webhook is told: which job and run failed, at which steps, and why."""
    failures = [event.step_failure_data for event in context.get_step_failure_events()]
    described = [data.user_failure_data.description for data in failures if data.user_failure_data]
    run = context.dagster_run
    reasons = [text for text in described if text] or [context.failure_event.message or "No reason is known."]
    return {"text": f"Weir: {run.job_name} failed.", "job": run.job_name, "run_id": run.run_id, "reasons": reasons}
