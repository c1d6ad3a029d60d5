"""Who was told of which alert: kept beside the warehouse, so that each event is told once, and told at last.

Belongs here: the file, what is new, what is still to be delivered. Does not belong here: what is an alert (`alerts`),
how a message travels (`notification`).

The warehouse itself is not written after it is published, so this is a file of its own. It is replaced in one rename
after each delivery: a run killed between a delivery and that rename tells once more, none is ever lost.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

from orchestration.alerts import Alert
from orchestration.notification import NotificationError

# What stands without anybody keeping since when has begun anew if it was away for longer than this.
_AWAY_DAYS = 28


@dataclass(frozen=True)
class Entry:
    """An event that was noticed: its key, what is said of it, when it was last seen, and who is still to be told.

    `pending` are channels that have not taken it yet, `delivered` those that have, with the moment.
    """

    kind: str
    scope: str
    since: str
    sentence: str
    last_seen: str
    pending: tuple[str, ...] = ()
    delivered: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it one event."""
        return self.kind, self.scope, self.since


def read_outbox(file: Path) -> list[Entry]:
    """Return the entries of the file, none if it is not there."""
    if not file.exists():
        return []
    entries = json.loads(file.read_text(encoding="utf-8"))
    return [Entry(**(entry | {"pending": tuple(entry["pending"])})) for entry in entries]


def write_outbox(file: Path, entries: Sequence[Entry]) -> None:
    """Put the entries in the place of the file in one rename."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    new.write_text(json.dumps([asdict(entry) for entry in entries], indent=1), encoding="utf-8")
    new.replace(file)


def note_alerts(entries: Sequence[Entry], alerts: Sequence[Alert], day: date, channels: Sequence[str]) -> list[Entry]:
    """Add what is new, to be told on the channels given; what was noticed before is only seen again.

    Without a channel nothing is noted: the first one that is set up is told all that stands then.
    """
    if not channels:
        return list(entries)
    noted = {entry.key: entry for entry in entries}
    for alert in alerts:
        since = alert.since.isoformat() if alert.since else _since(noted.values(), alert, day)
        key = (alert.kind, alert.scope, since)
        if key in noted:
            noted[key] = replace(noted[key], last_seen=day.isoformat())
        else:
            noted[key] = Entry(*key, alert.sentence, day.isoformat(), tuple(channels))
    return list(noted.values())


def deliver(
    file: Path,
    entries: Sequence[Entry],
    senders: Mapping[str, Callable[[Sequence[str]], None]],
    now: Callable[[], datetime],
) -> list[str]:
    """Tell each channel, in one message, what it has not been told yet, and keep what was taken; returns the failures.

    A channel that is not set up any more keeps its entries pending: they are told if it comes back.
    """
    failures = []
    kept = list(entries)
    if senders:
        write_outbox(file, kept)
    for channel, send in senders.items():
        pending = [entry for entry in kept if channel in entry.pending]
        if not pending:
            continue
        try:
            send([entry.sentence for entry in pending])
        except NotificationError as error:
            failures.append(f"{channel}: {error}")
            continue
        moment = now().isoformat(timespec="seconds")
        kept = [
            replace(
                entry,
                pending=tuple(name for name in entry.pending if name != channel),
                delivered={**entry.delivered, channel: moment},
            )
            if channel in entry.pending
            else entry
            for entry in kept
        ]
        write_outbox(file, kept)
    return failures


def _since(noted: Iterable[Entry], alert: Alert, day: date) -> str:
    """Return since when an alert stands that was perhaps there before: the start of its entry, or today."""
    own = [
        entry
        for entry in noted
        if (entry.kind, entry.scope) == (alert.kind, alert.scope)
        and abs((day - date.fromisoformat(entry.last_seen)).days) <= _AWAY_DAYS
    ]
    return max((entry.since for entry in own), default=day.isoformat())
