"""Up to when an analysis reads, and what its random numbers depend on.

Belongs here: the moment and the seed of a refresh, the same for all areas. Does not belong here: any method.
"""

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from orchestration.refresh import RefreshBuild


def last_week_start(build: RefreshBuild) -> pd.Timestamp:
    """Return the Monday, without a zone, that has begun in every value stream: what lies before it is whole weeks."""
    portfolio = build.portfolio
    zones = {portfolio.portfolio.timezone, *(stream.timezone for stream in portfolio.value_streams if stream.timezone)}
    days = [build.refresh.as_of.astimezone(ZoneInfo(zone)).date() for zone in zones]
    return pd.Timestamp(min(day - timedelta(days=day.weekday()) for day in days))


def as_of_utc(build: RefreshBuild) -> pd.Timestamp:
    """Return the refresh's `as_of` in UTC without a zone, as the tables of `analysis` keep it."""
    return pd.Timestamp(build.refresh.as_of.astimezone(UTC)).tz_localize(None).as_unit("us")


def snapshot_of(build: RefreshBuild) -> str:
    """Return what identifies the data and the portfolio that are analysed: the same gives the same random numbers."""
    return f"{build.refresh.portfolio_hash} {build.refresh.as_of.astimezone(UTC).isoformat()}"
