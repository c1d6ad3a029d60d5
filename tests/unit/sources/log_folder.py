"""An export folder of one source, for tests of readers: drop files, land them, look at what became of the records.

Belongs here: that folder. Does not belong here: files of any tool, and what is expected of them.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.sources import SourceSettings
from orchestration.warehouse import LandingReport, connect, land_source

LOADED_AT = datetime(2026, 7, 1, 2, tzinfo=UTC)


@dataclass(frozen=True)
class _Source:
    tool: str
    id: str = "main"
    exports: str = "exports"


@dataclass
class LogFolder:
    """A portfolio folder with the exports of one source, and the warehouse they land in."""

    folder: Path
    tool: str
    settings: SourceSettings = field(default_factory=SourceSettings)

    def __post_init__(self) -> None:
        (self.folder / "exports").mkdir(parents=True, exist_ok=True)
        self.connection: duckdb.DuckDBPyConnection = connect(self.folder / "warehouse.build.duckdb")

    def drop(self, name: str, content: str | bytes) -> Path:
        file = self.folder / "exports" / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def land(self) -> LandingReport:
        return land_source(self.connection, _Source(self.tool), self.settings, self.folder, "r1", LOADED_AT)

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        return self.connection.execute(f"select {columns} from raw_{self.tool}.{table} order by all").fetchall()

    def reasons(self) -> list[str]:
        found = self.connection.execute("select reason from quality.quarantined_records order by all").fetchall()
        return [reason for (reason,) in found]

    def everything(self) -> str:
        """Return all text that has reached the warehouse."""
        tables = self.connection.execute("select table_schema, table_name from information_schema.tables").fetchall()
        return "\n".join(
            str(self.connection.execute(f'select * from {schema}."{table}"').fetchall()) for schema, table in tables
        )
