"""Which stages hold a value stream back: frames in, tables out."""

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from orchestration import warehouse
from orchestration.analytics import stage_constraint_evidence as constraint_evidence
from orchestration.analytics.random_streams import generator_for
from orchestration.refresh import RefreshBuild


def rank_constraints(build: RefreshBuild) -> pd.DataFrame:
    """Measure each line's stages over the last whole weeks, write `analysis.stage_constraint_evidence`, return it."""
    local = build.refresh.as_of.astimezone(ZoneInfo(build.portfolio.portfolio.timezone))
    week_start = pd.Timestamp(local.date() - timedelta(days=local.weekday()))
    snapshot = f"{build.refresh.portfolio_hash} {build.refresh.as_of.astimezone(UTC).isoformat()}"
    wanted: dict[str, list[str] | None] = {
        "dim_stages": list(constraint_evidence.STAGE_COLUMNS),
        "dim_dates": ["calendar_date", "working_hours"],
        "dim_value_streams": ["value_stream_id", "timezone"],
    }
    with build.connection() as connection:
        frames = warehouse.read_frames(connection, wanted)
        # A week more than the window, because a value stream may have a time zone of its own.
        since = local - timedelta(weeks=constraint_evidence.WINDOW_WEEKS + 2)
        visits = warehouse.read_visits(connection, constraint_evidence.VISIT_COLUMNS, since)
        streams = frames["dim_value_streams"]
        evidence = constraint_evidence.stage_constraint_evidence(
            visits,
            frames["dim_stages"],
            week_start,
            generator=generator_for(snapshot, "portfolio", constraint_evidence.METHOD_VERSION),
            calendar=frames["dim_dates"],
            day_start=build.portfolio.calendar.hours[0],
            day_end=build.portfolio.calendar.hours[1],
            timezones=dict(zip(streams["value_stream_id"], streams["timezone"], strict=True)),
        )
        warehouse.write_analysis(connection, "stage_constraint_evidence", evidence)
    return evidence
