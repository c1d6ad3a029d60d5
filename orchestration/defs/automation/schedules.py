"""When the jobs run by themselves: every night, and the report anew on Monday morning before work begins."""

import dagster as dg

from orchestration.defs.automation.jobs import nightly_refresh, portfolio_report
from orchestration.defs.served_portfolio import served_portfolio

# UTC while the portfolio is broken.
_TIMEZONE = portfolio.portfolio.timezone if (portfolio := served_portfolio()) else "UTC"

nightly = dg.ScheduleDefinition(
    name="nightly",
    job=nightly_refresh,
    cron_schedule="0 2 * * *",
    execution_timezone=_TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Refresh at 02:00 in the portfolio's time zone.",
)

weekly_report = dg.ScheduleDefinition(
    name="weekly_report",
    job=portfolio_report,
    cron_schedule="0 6 * * 1",
    execution_timezone=_TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Build the reports anew on Monday at 06:00 in the portfolio's time zone.",
)
