"""The manifest beside what a pull has written: what was asked, complete up to when, how much was announced and came.

Belongs here: its shape, the same for who writes and who reads it. Does not belong here: pulling
(``orchestration.pulling``) and listing exports (``orchestration.warehouse``).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

SUFFIX = ".manifest.json"
# A pull's files begin with the moment it began, so that they never take each other's names.
STAMP_FORMAT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class PulledFile:
    """One collection of a pull: its file (None: nothing came, so none was written) and what was counted.

    ``announced``: records the server said there are (None: it does not say); ``received``: records that came;
    ``distinct``: how many ids were among them (None where they are not counted by id).
    """

    collection: str
    name: str | None
    received: int
    announced: int | None = None
    distinct: int | None = None

    @property
    def n_missing(self) -> int:
        """How many records were announced and did not come."""
        come = self.received if self.distinct is None else self.distinct
        return max((self.announced or 0) - come, 0)


@dataclass(frozen=True)
class PullManifest:
    """What one finished pull says of itself.

    ``asked`` holds address, question, projects and mapped fields, never a secret; ``since`` the moment asked from.
    ``complete_to``: all that had been updated by then was asked for. ``exported_at``: when the last answer came.
    """

    source: str
    tool: str
    asked: Mapping[str, Any]
    since: datetime | None
    complete_to: datetime
    exported_at: datetime
    files: tuple[PulledFile, ...]
    has_census: bool = False
    n_retries: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def n_missing(self) -> int:
        """How many records were announced and did not come."""
        return sum(file.n_missing for file in self.files)

    def as_json(self) -> dict[str, Any]:
        """Return what is written; moments as ISO 8601."""
        moments = {name: getattr(self, name) for name in ("since", "complete_to", "exported_at")}
        return {
            "pull": 1,
            **asdict(self),
            **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "PullManifest | None":
        """Read a manifest; None if it is not one that a pull has written."""
        if said.get("pull") != 1:
            return None
        values = {name: value for name, value in said.items() if name in cls.__dataclass_fields__}
        for name in ("since", "complete_to", "exported_at"):
            values[name] = datetime.fromisoformat(values[name]) if values[name] else None
        values["files"] = tuple(PulledFile(**file) for file in values["files"])
        return cls(**{**values, "notes": tuple(values["notes"])})


def is_pulled(path: Path) -> bool:
    """Tell by its name whether a pull has written a file."""
    stamp = path.name.split(".", 1)[0]
    try:
        datetime.strptime(stamp, STAMP_FORMAT)  # noqa: DTZ007 only its form matters
    except ValueError:
        return False
    return True
