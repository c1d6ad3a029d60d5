"""Running Weir's Dagster jobs from the command line, in this process, in the run history that the UI shows.

Belongs here: the Dagster instance of a portfolio, progress, and the reasons a run failed as plain sentences. Does not
belong here: jobs (`orchestration.defs`), what is printed (`orchestration.cli`).
"""

import logging
import os
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dagster as dg
import yaml
from dagster import DagsterInstance, EventLogEntry
from dagster_shared.error import SerializableErrorInfo

from orchestration.portfolio_folder import PORTFOLIO_VARIABLE, PortfolioFolder
from orchestration.run_display import StepEvent, StepStatus
from orchestration.run_locks import at_work, is_dead

_SETTINGS = Path(__file__).with_name("dagster.yaml")
# With this tag the UI lists a run under the job's own name.
_REPOSITORY_TAG = {".dagster/repository": "__repository__@weir"}
# Captured output would swallow the progress shown on the terminal, and a pool slot that a killed run held would make
# this one wait for ever; the warehouse's own lock keeps runs apart.
_COMMAND_LINE_SETTINGS = """\
# Written by `weir refresh`; the UI uses dagster.yaml.
telemetry: {enabled: false}
compute_logs: {module: dagster._core.storage.noop_compute_log_manager, class: NoOpComputeLogManager}
"""


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended; `failures` has one sentence for each reason."""

    is_success: bool
    run_id: str
    failures: tuple[str, ...]


def prepare_home(paths: PortfolioFolder) -> Path:
    """Write Dagster's settings for this portfolio where they are missing or out of date; returns DAGSTER_HOME."""
    home = paths.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    settings = {"dagster.yaml": _SETTINGS.read_text(encoding="utf-8"), "weir.yaml": _COMMAND_LINE_SETTINGS}
    for name, of_all in settings.items():
        file, text = home / name, of_all + _event_log(home)
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
    return home


def _event_log(home: Path) -> str:
    """Return the settings of the event log, whose files lie where Dagster's own would."""
    folder = str((home / "history" / "runs").absolute())
    storage = {"module": "orchestration.run_history", "class": "KeptOpenEventLog", "config": {"base_dir": folder}}
    return yaml.safe_dump({"event_log_storage": storage})


def end_dead_runs(paths: PortfolioFolder) -> int:
    """Mark runs of killed processes as failed; returns how many.

    Nobody else can tell that they are dead, and Dagster would wait for them before it starts another run.
    """
    with DagsterInstance.from_config(str(prepare_home(paths)), "weir.yaml") as instance:
        return _end_dead_runs(instance, paths)


def run_job(
    job: str,
    paths: PortfolioFolder,
    *,
    as_of: datetime | None = None,
    full: bool = False,
    pull: bool = True,
    on_event: Callable[[StepEvent], None] = lambda _: None,
    is_debugging: bool = False,
) -> RunOutcome:
    """Run one of Weir's jobs in this process and record it in the portfolio's run history.

    Args:
        job: `nightly_refresh` or `portfolio_report`.
        paths: The portfolio.
        as_of: Moment to refresh up to; None for the newest moment the exports are complete to.
        full: Build from all exports rather than from the published warehouse.
        pull: Ask the tools that are to be pulled, before their exports are landed.
        on_event: Called as steps begin and end.
        is_debugging: Let Dagster print its own log.
    """
    run_id = str(uuid.uuid4())
    with _quiet(is_debugging), _named(paths), at_work(paths, run_id):
        from orchestration.definitions import defs

        definition = defs().resolve_job_def(job)
        with DagsterInstance.from_config(str(prepare_home(paths)), "weir.yaml") as instance:
            _end_dead_runs(instance, paths)
            instance.add_event_listener(run_id, _listener(on_event))
            result = definition.execute_in_process(
                run_config=_run_config(job, as_of, full=full, pull=pull, is_debugging=is_debugging),
                instance=instance,
                raise_on_error=False,
                run_id=run_id,
                tags=_REPOSITORY_TAG,
            )
            return RunOutcome(result.success, run_id, tuple(_failures(result)))


def _run_config(job: str, as_of: datetime | None, *, full: bool, pull: bool, is_debugging: bool) -> dict[str, object]:
    level = "DEBUG" if is_debugging else "CRITICAL"
    config: dict[str, object] = {"loggers": {"console": {"config": {"log_level": level}}}}
    if job == "nightly_refresh":
        refresh = {"full": full, "pull": pull, **({"as_of": as_of.isoformat()} if as_of else {})}
        config["resources"] = {"refresh": {"config": refresh}}
    return config


def _listener(on_event: Callable[[StepEvent], None]) -> Callable[[EventLogEntry], None]:
    statuses: dict[str, StepStatus] = {
        "STEP_START": "started",
        "STEP_SUCCESS": "finished",
        "STEP_FAILURE": "failed",
    }

    at_work: set[str] = set()

    def listen(entry: EventLogEntry) -> None:
        if entry.step_key is None:
            return
        if entry.dagster_event is None:
            # Of steps that never began Dagster only says at length that they did not.
            if entry.step_key in at_work and int(entry.level) >= logging.WARNING:
                on_event(StepEvent(entry.step_key, "message", entry.user_message))
        elif entry.dagster_event.event_type_value in statuses:
            status = statuses[entry.dagster_event.event_type_value]
            (at_work.add if status == "started" else at_work.discard)(entry.step_key)
            on_event(StepEvent(entry.step_key, status))

    return listen


def _failures(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    """Yield the reasons of a failed run, one line each."""
    if result.success:
        return
    failed = [event for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
    errors = []
    for event in failed:
        data = event.step_failure_data
        if data.user_failure_data and data.user_failure_data.description:
            yield from data.user_failure_data.description.splitlines()
        elif data.error:
            errors.append(data.error)
    if not failed:
        errors += [e.job_failure_data.error for e in result.all_events if e.is_job_failure and e.job_failure_data.error]
    for error in errors:
        yield from _own_words(error).splitlines()


def _own_words(error: SerializableErrorInfo) -> str:
    """Return an error's text without what Dagster has wrapped around it and without the name of its class."""
    while error.cause and (error.cls_name or "").startswith("Dagster"):
        error = error.cause
    _, _, text = error.message.partition(f"{error.cls_name}: ")
    return (text or error.message).strip()


def _end_dead_runs(instance: DagsterInstance, paths: PortfolioFolder) -> int:
    unfinished = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.NOT_STARTED]
    runs = instance.get_runs(dg.RunsFilter(statuses=unfinished))
    dead = [run for run in runs if is_dead(paths, run.run_id)]
    for run in dead:
        instance.report_run_failed(run, message="The process that ran this was killed; run the job again.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return len(dead)


@contextmanager
def _quiet(is_debugging: bool) -> Iterator[None]:  # noqa: FBT001
    """Silence Dagster's warnings and loggers, which say nothing to somebody who refreshes a portfolio."""
    if is_debugging:
        yield
        return
    logger = logging.getLogger("dagster")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logger.setLevel(before)


@contextmanager
def _named(paths: PortfolioFolder) -> Iterator[None]:
    """Tell the code location which portfolio is meant, the way the UI does."""
    before = os.environ.get(PORTFOLIO_VARIABLE)
    os.environ[PORTFOLIO_VARIABLE] = str(paths.folder)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(PORTFOLIO_VARIABLE)
        else:
            os.environ[PORTFOLIO_VARIABLE] = before
