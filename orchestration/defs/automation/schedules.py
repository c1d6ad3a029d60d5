"""When the jobs run by themselves: every night, and the report anew on Monday morning before work begins."""

import os
from pathlib import Path

import dagster as dg

from orchestration.defs.automation.jobs import nightly_refresh, portfolio_report
from orchestration.portfolio import PortfolioError, load_portfolio
from orchestration.portfolio_folder import chosen_portfolio


def portfolio_timezone() -> str:
    """Return the portfolio's time zone; UTC while the portfolio is broken, so that everything else still loads."""
    paths = chosen_portfolio(None, os.environ, Path.cwd())
    try:
        return load_portfolio(paths.folder).portfolio.timezone
    except PortfolioError:
        return "UTC"


_TIMEZONE = portfolio_timezone()

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
