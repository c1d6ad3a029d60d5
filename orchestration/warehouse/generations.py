"""The warehouse folder: one refresh at a time, build beside, publish in one rename, keep the last generations.

Belongs here: files and their names. Does not belong here: what is in them.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


class RefreshRunning(RuntimeError):
    """Another refresh holds this portfolio's warehouse."""


class WarehouseFolder:
    """Paths and moves of ``<portfolio>/warehouse``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.published = folder / "warehouse.duckdb"
        self.build = folder / "warehouse.build.duckdb"
        self.failed = folder / "warehouse.failed.duckdb"
        self.generations = folder / "generations"
        self.parquet = folder / "parquet"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one refresh.

        The operating system drops the lock with the process, so a killed refresh never blocks the next night.
        Raises ``RefreshRunning`` at once if another process holds it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        holder = self.folder / ".refresh.json"
        lock = FileLock(self.folder / ".refresh.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise RefreshRunning(
                f"Another refresh of {self.folder.parent} is running{_described(holder)}; wait for it to end."
            ) from error
        try:
            holder.write_text(json.dumps({"pid": os.getpid()}), encoding="utf-8")
            yield
        finally:
            holder.unlink(missing_ok=True)
            lock.release()

    def start_build(self, *, full: bool) -> bool:
        """Prepare the build file; returns True if it continues from the published one, False if it starts empty."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._discard(self.build)
        if full or not self.published.exists():
            return False
        shutil.copyfile(self.published, self.build)
        return True

    def publish(self, generation: int, keep: int) -> Path:
        """Swap the checkpointed build in with one rename; the file it replaces stays as a generation.

        ``keep``: how many earlier generations stay. Raises ``RuntimeError`` if the build was not closed cleanly.
        """
        if self.build.with_name(self.build.name + ".wal").exists():
            raise RuntimeError(
                "The build still has a write-ahead log: a connection to it was not closed; run it again."
            )
        self.generations.mkdir(exist_ok=True)
        with self.build.open("rb") as build:
            os.fsync(build.fileno())
        if self.published.exists():
            self._keep_published_as(self.generations / f"warehouse-{generation - 1:06d}.duckdb")
        self.build.replace(self.published)
        for old in sorted(self.generations.glob("warehouse-*.duckdb"))[: -keep or None]:
            old.unlink()
        self._discard(self.failed)
        return self.published

    def keep_failed(self) -> Path | None:
        """Put the build aside for inspection after a failed gate; returns its path, None if there was no build."""
        if not self.build.exists():
            return None
        self._discard(self.failed)
        wal = self.build.with_name(self.build.name + ".wal")
        if wal.exists():
            wal.replace(self.failed.with_name(self.failed.name + ".wal"))
        self.build.replace(self.failed)
        return self.failed

    def swap_folder(self, new: Path, target: Path) -> None:
        """Put folder ``new`` in the place of ``target``; what stood there is removed once the new one stands."""
        previous = target.with_name(f".{target.name}.previous")
        shutil.rmtree(previous, ignore_errors=True)
        if target.exists():
            target.rename(previous)
        new.rename(target)
        shutil.rmtree(previous, ignore_errors=True)

    @staticmethod
    def recover_folder(target: Path) -> None:
        """Bring back what ``swap_folder`` had put aside when it was killed between its two renames."""
        previous = target.with_name(f".{target.name}.previous")
        if previous.exists() and not target.exists():
            previous.rename(target)

    def _keep_published_as(self, earlier: Path) -> None:
        # A second name, never a move: the published name does not disappear, not even for an instant.
        earlier.unlink(missing_ok=True)
        try:
            earlier.hardlink_to(self.published)
        except OSError:
            # A file system without hard links (exFAT, some network shares). A refresh that is killed while it copies
            # must not leave half a file under a generation's name.
            unfinished = self.generations / ".copying.duckdb"
            shutil.copyfile(self.published, unfinished)
            unfinished.replace(earlier)

    @staticmethod
    def _discard(file: Path) -> None:
        file.unlink(missing_ok=True)
        file.with_name(file.name + ".wal").unlink(missing_ok=True)


def _described(holder: Path) -> str:
    try:
        return f" (process {json.loads(holder.read_text(encoding='utf-8'))['pid']})"
    except (OSError, ValueError, KeyError):
        return ""
