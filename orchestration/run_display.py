"""What a person sees of a run: the step at work on a terminal, plain lines in a log, and what it published.

Belongs here: lines. Does not belong here: the run (`orchestration.runs`).
"""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from orchestration.portfolio_folder import PortfolioFolder

StepStatus = Literal["started", "finished", "failed", "message"]


@dataclass(frozen=True)
class StepEvent:
    """Something that happened during a run: a step began, ended, failed, or said something (`text`)."""

    step: str
    status: StepStatus
    text: str = ""


# What steps are called to a reader; a step not named here shows its own name.
_STEP_TITLES = {
    "prepare": "Prepare the run",
    "land": "Land exports and portfolio",
    "check_raw": "Check what has landed",
    "build_models": "Build and test the models",
    "check_marts": "Check facts and marts",
    "find_constraints": "Find constraints",
    "follow_interventions": "Follow interventions",
    "forecasts": "Forecast",
    "reports__alerts": "Send alerts",
    "warehouse__published": "Publish",
    "reports__site": "Build the reports",
}


_EXAMPLE_QUERY = '"from mart_flow_metrics"'


class RunDisplay:
    """Shows steps as they begin and end; use as a context manager around a run."""

    def __init__(self, console: Console | None = None) -> None:
        """On a terminal the step at work is shown live; elsewhere each step gets its lines."""
        self._console = console or Console(file=sys.stderr, highlight=False)
        self._live = self._console.is_terminal
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._progress = Progress(*columns, console=self._console, transient=True, disable=not self._live)
        self._at_work: dict[str, TaskID] = {}
        self._began: dict[str, float] = {}

    def __enter__(self) -> Self:
        """Say that the run is being prepared; that takes seconds and would look like nothing happens."""
        self._progress.start()
        self.show(StepEvent("prepare", "started"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()

    def show(self, event: StepEvent) -> None:
        """Show one event of a run."""
        if event.step != "prepare":
            self._end("prepare", "✓")
        if event.status == "started":
            self._begin(event.step)
        elif event.status == "message":
            self._line(f"  {event.text}")
        else:
            self._end(event.step, "✓" if event.status == "finished" else "✗")

    def _begin(self, step: str) -> None:
        self._began[step] = time.monotonic()
        self._at_work[step] = self._progress.add_task(_title(step), total=None)
        if not self._live:
            self._line(f"{_title(step)} …")

    def _end(self, step: str, mark: str) -> None:
        if step in self._began:
            took = time.monotonic() - self._began.pop(step)
            self._progress.remove_task(self._at_work.pop(step))
            self._line(f"{mark} {_title(step)} ({took:.1f} s)")

    def _line(self, text: str) -> None:
        # Text, not markup: messages quote what tools exported.
        self._console.print(Text(text), soft_wrap=True)


def _title(step: str) -> str:
    return _STEP_TITLES.get(step, step.replace("__", ": ").replace("_", " "))


def _mode(summary: Mapping[str, Any]) -> str:
    """Say how much was built anew, and why where nobody asked for it."""
    reason = summary.get("full_because")
    return f"{summary['mode']}, because {reason}" if reason else str(summary["mode"])


def published_lines(paths: PortfolioFolder, summary: Mapping[str, Any], command: str = "weir") -> list[str]:
    """Say what was published, where it lies, and how to look at it; `command` is how this reader starts Weir."""
    warned = summary["n_checks_warned"]
    as_of = f"{summary['as_of']:%Y-%m-%d %H:%M %Z}"
    named = "" if paths.is_example else f" --portfolio {paths.folder}"
    return [
        f"Published   generation {summary['generation']} as of {as_of} ({_mode(summary)}):"
        f" {summary['n_items']:,} items, {summary['n_stage_visits']:,} stage visits",
        f"Checks      {summary['n_checks_passed']:,} passed, {warned:,} warned"
        + (" (see the report's page on data quality)" if warned else ""),
        f"Warehouse   {paths.warehouse / 'warehouse.duckdb'}",
        f"Report      {paths.reports / 'index.html'}",
        f"Look        {command} sql{named} {_EXAMPLE_QUERY}   or   make ui",
    ]
