"""Has a new export landed? Answered from the names, sizes and times of the files in the export folders.

Belongs here: listing, fingerprint, and the decision from one look to the next. Does not belong here: reading the files
(`orchestration.warehouse`) and the sensor itself (`defs/automation`).
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestration.portfolio import Portfolio
from orchestration.portfolio.models import Source
from orchestration.sources.pull_manifest import is_pulled


@dataclass(frozen=True)
class ExportListing:
    """What lies in the export folders: a hash over name, size and time of every file, and the newest time."""

    fingerprint: str
    newest: datetime | None


@dataclass(frozen=True)
class Watch:
    """What a look leaves to the next one: the listing last seen, and the one last refreshed (or found published)."""

    seen: str
    refreshed: str | None

    def text(self) -> str:
        """The watch as the sensor's cursor."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str | None) -> "Watch | None":
        """Read a cursor; None if there was none or an older version of Weir wrote it."""
        try:
            return cls(**json.loads(text)) if text else None
        except (TypeError, ValueError):
            return None


def list_exports(portfolio: Portfolio) -> ExportListing:
    """Look at the files of every source that lie on a disk; sources behind a URL are not watched.

    What a refresh has pulled itself is no news: it would start the next refresh, and that one pull again.
    """
    files = []
    for source in portfolio.sources:
        if "://" not in source.exports:
            place = portfolio.folder / source.exports
            found = place.rglob("*") if place.is_dir() else portfolio.folder.glob(source.exports)
            files += [(str(file), file.stat()) for file in sorted(found) if _is_news(file, source)]
    listing = [(name, status.st_size, status.st_mtime_ns) for name, status in files]
    newest = max((status.st_mtime for _, status in files), default=None)
    return ExportListing(
        fingerprint=hashlib.sha256(json.dumps(listing).encode()).hexdigest(),
        newest=None if newest is None else datetime.fromtimestamp(newest, UTC),
    )


def _is_news(file: Path, source: Source) -> bool:
    is_own = source.pull is not None and (is_pulled(file) or any(part.startswith(".pull") for part in file.parts))
    return file.is_file() and not is_own


def look(watch: Watch | None, listing: ExportListing, published_at: datetime | None) -> tuple[Watch, bool]:
    """Decide whether to refresh now; returns the watch for the next look, and the decision.

    A listing counts as landed once two looks in a row see it unchanged: an export still being copied grows between
    them. At the very first look there is nothing to compare with, so files older than the published warehouse
    (`published_at`, None if nothing is published) count as refreshed.
    """
    if listing.newest is None:
        return Watch(listing.fingerprint, watch.refreshed if watch else None), False
    if watch is None:
        is_published = published_at is not None and listing.newest <= published_at
        return Watch(listing.fingerprint, listing.fingerprint if is_published else None), False
    if listing.fingerprint == watch.refreshed or listing.fingerprint != watch.seen:
        return Watch(listing.fingerprint, watch.refreshed), False
    return Watch(listing.fingerprint, listing.fingerprint), True
