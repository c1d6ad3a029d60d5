"""Telling a run at work from one whose process was killed.

A killed process cannot say so, and Dagster would wait for its run before it starts another. So each run holds a lock
file that the operating system drops with the process, whatever ends it, a power cut included. Does not belong here:
what is done about a dead run (`orchestration.runs`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from orchestration.portfolio_folder import PortfolioFolder


@contextmanager
def at_work(paths: PortfolioFolder, run_id: str) -> Iterator[None]:
    """Hold the run's lock; within a process that holds it already, nothing happens."""
    file = _file(paths, run_id)
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield
        return
    try:
        yield
    finally:
        # Removed before it is released: whoever finds the file can tell by its lock whether the run is at work.
        file.unlink(missing_ok=True)
        lock.release()


def is_dead(paths: PortfolioFolder, run_id: str) -> bool:
    """Whether the run began to work and its process is gone; a run that never held its lock is not known to be."""
    file = _file(paths, run_id)
    if not file.exists():
        return False
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    file.unlink(missing_ok=True)
    lock.release()
    return True


def _file(paths: PortfolioFolder, run_id: str) -> Path:
    return paths.dagster_home / "at-work" / f"{run_id}.lock"
