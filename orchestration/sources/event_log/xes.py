"""XES, the XML of process mining: traces of events, read as a stream and written as JSON, an event a line.

Belongs here: the reader and what is kept of an event. Does not belong here: pairing starts with completions (dbt).

Kept are the standard's concept:name of trace and event, time:timestamp, lifecycle:transition, concept:instance and
org:group (as the team); org:resource and org:role, which name people, are not. A document with a DTD is refused: its
entities could make a small file a huge one, and XES has no use for them.
"""

import gzip
import json
import zlib
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import ParseError, XMLParser

from orchestration.sources.export_format import ExportKind, UnreadableExport
from orchestration.sources.instants import POSSIBLE_INSTANTS

_CHUNK = 1 << 20
_KEPT = {
    "concept:name": "activity",
    "time:timestamp": "time",
    "lifecycle:transition": "transition",
    "org:group": "team",
}


def xes_kind() -> ExportKind:
    """Declare XES logs."""
    happened = "try_cast(record.time as timestamptz)"
    return ExportKind(
        "xes_log",
        "newline_delimited",
        {
            "item": "VARCHAR",
            "activity": "VARCHAR",
            "time": "VARCHAR",
            "transition": "VARCHAR",
            "team": "VARCHAR",
            "position": "BIGINT",
        },
        {
            "events": f"""
                select export_file, exported_at, 'lifecycle', record.item, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR,
                    record.team, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR, record.activity,
                    lower(record.transition), NULL::TIMESTAMPTZ, {happened}, NULL::TIMESTAMPTZ, NULL::TIMESTAMPTZ,
                    record.position, NULL::BIGINT, NULL::BIGINT
                from landed where refusal is null"""
        },
        key="record.item",
        refusal=f"""case
            when record.item is null then 'event ' || record.position || ' of a trace without concept:name'
            when record.activity is null then 'event ' || record.position || ' without concept:name'
            when record.time is null then 'event ' || record.position || ' without time:timestamp'
            when {happened} is null then 'impossible time:timestamp: ' || left(record.time, 40)
            when {happened} not between {POSSIBLE_INSTANTS}
                then 'time:timestamp outside its export: ' || left(record.time, 40)
        end""",
        prepare=write_events,
        rows_in="events",
    )


def write_events(log: Path, target: Path) -> None:
    """Write the events of an XES file (also ``.gz``) as newline-delimited JSON, in the file's order.

    Raises:
        UnreadableExport: The file is no well-formed XML, a torn archive, or has a DTD.
    """
    opened = gzip.open if log.suffix == ".gz" else open
    try:
        with opened(log, "rb") as xml, target.open("w", encoding="utf-8") as written:
            events = _Events(written)
            parser = XMLParser(target=events)  # noqa: S314 - refuses DTDs, so no entity is ever declared
            while chunk := xml.read(_CHUNK):
                parser.feed(chunk)
            parser.close()
    except (ParseError, LookupError, ValueError) as error:
        if isinstance(error, UnreadableExport):
            raise
        raise UnreadableExport(f"no well-formed XML ({error})") from error
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableExport(f"a broken archive ({error})") from error
    if not events.is_log:
        raise UnreadableExport("XML without a log of XES")


class _Events:
    """What the parser calls: keeps the trace and event it is in, writes an event where it ends.

    The name of a trace may stand after its events, so a trace's events are written when the trace ends.
    """

    def __init__(self, written: IO[str]) -> None:
        self.is_log = False
        self._written = written
        self._open: list[str] = []
        self._trace: dict[str, str] = {}
        self._event: dict[str, str] = {}
        self._events: list[dict[str, str]] = []
        self._n_events = 0

    def doctype(self, name: str, *_: str | None) -> None:
        """Refuse what only a DTD can do."""
        raise UnreadableExport(f"XML with a document type ({name}); export it without one")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Enter an element; an attribute counts for the trace or event that it is a direct part of."""
        name = tag.rpartition("}")[2]
        inside = self._open[-1] if self._open else ""
        self._open.append(name)
        if name == "log" and not inside:
            self.is_log = True
        elif name == "trace" and inside == "log":
            self._trace, self._events = {}, []
        elif name == "event" and inside in ("trace", "log"):
            self._event = {}
        elif inside == "event":
            self._keep(self._event, attributes)
        elif inside == "trace":
            self._keep(self._trace, attributes)

    def end(self, tag: str) -> None:
        """Leave an element; whole traces are written."""
        name = tag.rpartition("}")[2]
        self._open.pop()
        inside = self._open[-1] if self._open else ""
        if name == "event" and inside == "trace":
            self._events.append(self._event)
        elif name == "event" and inside == "log":
            self._write(self._event, None)
        elif name == "trace" and inside == "log":
            for event in self._events:
                self._write(event, self._trace.get("activity"))

    def close(self) -> None:
        """Nothing is left to write at the end."""

    @staticmethod
    def _keep(into: dict[str, str], attributes: dict[str, str]) -> None:
        kept = _KEPT.get(attributes.get("key", ""))
        if kept is not None and "value" in attributes:
            into[kept] = attributes["value"]

    def _write(self, event: dict[str, str], item: str | None) -> None:
        self._n_events += 1
        self._written.write(json.dumps({"item": item, **event, "position": self._n_events}) + "\n")
