"""Dagster's record of what ran, in SQLite files that stay open.

Belongs here: how the event log of a portfolio's runs is reached. Does not belong here: what is recorded and how it is
read (Dagster), running jobs (`orchestration.runs`).

Dagster opens them anew for each of the thousand events of a refresh, compiles its statements anew and waits for the
disk: a third of a refresh in which nothing is new.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event

# The index and the run at work; a few more for who looks at several runs in the UI.
_KEPT_FILES = 6


class KeptOpenEventLog(SqliteEventLogStorage):
    """Dagster's own event log, a file a run, of which the last few stay open. Settings files name it."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "KeptOpenEventLog":
        """Make the storage that a settings file names."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            while len(self._engines) >= _KEPT_FILES:
                self._engines.popitem(last=False)[1].dispose()
            engine = create_engine(
                self.conn_string_for_shard(shard), connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
            )
            event.listen(engine, "connect", _wait_less)
            self._engines[shard] = engine
        self._engines.move_to_end(shard)
        if shard not in self._initialized_dbs:
            self._initdb(self._engines[shard])
            self._initialized_dbs.add(shard)
        return self._engines[shard]

    def wipe(self) -> None:
        """Delete all runs' files; none may be open."""
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Close what is open."""
        self._close()
        super().dispose()

    def _close(self) -> None:
        while self._engines:
            self._engines.popitem()[1].dispose()


def _wait_less(connection: Any, _: Any) -> None:
    # With a write-ahead log a power cut may cost the last events, and never the file.
    connection.execute("pragma synchronous = normal")
