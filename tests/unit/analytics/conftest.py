"""Frames shaped like the marts that the methods read, built from a few numbers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# The test folders are no packages: this one's `service_records` is found by its folder.
sys.path.insert(0, str(Path(__file__).parent))

MONDAY = pd.Timestamp("2026-01-05")


@pytest.fixture
def weekly_series() -> Callable[..., pd.DataFrame]:
    """Build an intervention series from values before and after its launch, two transition weeks in between."""

    def build(
        before: Sequence[float | None],
        after: Sequence[float | None] = (),
        transition: Sequence[float | None] = (),
        **columns: Any,
    ) -> pd.DataFrame:
        phases = ["before"] * len(before) + ["transition"] * len(transition) + ["after"] * len(after)
        frame = pd.DataFrame(
            {
                "intervention_id": "INT-1",
                "week_start": pd.date_range(MONDAY, periods=len(phases), freq="7D"),
                "metric": "throughput",
                "desired_direction": "up",
                "phase": phases,
                "is_baseline": [phase == "before" for phase in phases],
                "is_complete": True,
                "value": [*before, *transition, *after],
            }
        )
        return frame.assign(**columns)

    return build


@pytest.fixture
def one_line_stages() -> pd.DataFrame:
    """Return a workflow: an uncounted backlog, two active stages with a queue each, a synthetic stage, an end."""
    rows = [
        ("flow.backlog", "Backlog", "queue", 1, False, False),
        ("flow.ready", "Ready", "queue", 2, True, False),
        ("flow.build", "Build", "active", 3, True, False),
        ("flow.unmapped-active", "Unmapped (active)", "active", 3, True, True),
        ("flow.to-test", "To test", "queue", 4, True, False),
        ("flow.test", "Test", "active", 5, True, False),
        ("flow.done", "Done", "done", 6, True, False),
    ]
    frame = pd.DataFrame(
        rows, columns=["stage_id", "stage_name", "stage_kind", "position", "is_counted", "is_unmapped"]
    )
    return frame.assign(workflow_id="flow", is_cancelled=False, wip_limit=float("nan"))


@pytest.fixture
def stage_visits() -> Callable[..., pd.DataFrame]:
    """Build stage visits of one line from (stage, entered, left or None, next stage), times in hours since Monday."""

    def build(
        spans: Sequence[tuple[str, float, float | None, str | None]], stream: str = "payments", level: str = "story"
    ) -> pd.DataFrame:
        frame = pd.DataFrame(spans, columns=["stage_id", "enters", "leaves", "next_stage_id"])
        hours = pd.to_timedelta(frame["leaves"].astype("float64"), unit="h")
        return pd.DataFrame(
            {
                "value_stream_id": stream,
                "level": level,
                "stage_id": "flow." + frame["stage_id"],
                "entered_at": (MONDAY + pd.to_timedelta(frame["enters"].astype("float64"), unit="h")).dt.tz_localize(
                    "UTC"
                ),
                "exited_at": (MONDAY + hours).dt.tz_localize("UTC"),
                "next_stage_id": "flow." + frame["next_stage_id"].astype("str"),
                "has_usable_history": True,
            }
        )

    return build
