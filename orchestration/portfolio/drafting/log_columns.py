"""Which columns of an event log hold item, status and time: by their headers.

Belongs here: usual headers of logs. Does not belong here: how rows are read (``orchestration.sources.event_log``).
"""

import re
from collections.abc import Mapping, Sequence

# Role to the headers people use, in the order of preference; compared in lower case without spaces and marks.
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "item": (
        r"(item|issue|case|ticket|work ?item|incident)[ _]?(id|key|number|no)?",
        r"case:concept:name",
        r"id|key|number",
    ),
    "status": (r"(new|to)?[ _]?(status|state|stage)", r"activity([ _]?name)?|concept:name|event|step|column|list"),
    "start_time": (r"start([ _]?(time|date|timestamp|ed|ed at))?|start_timestamp|begin",),
    "time": (
        r"(complete|end|finish)([ _]?(time|date|timestamp|ed))?|time:timestamp",
        r"(time ?stamp|time|date|changed|entered|moved|when|updated)([ _]?(at|on|date|time))?",
    ),
    "created": (r"(created|opened)([ _]?(at|on|date|time))?",),
    "resolved": (r"(resolved|closed|resolution ?date)([ _]?(at|on|date|time))?",),
    "resolution": (r"resolution|outcome",),
    "team": (r"team|group|assignment[ _]group|squad",),
    "type": (r"(issue|item|case|work ?item)?[ _]?type",),
    "size": (r"size|estimate|(story[ _]?)?points",),
    "title": (r"title|summary|name|subject",),
    "project": (r"project([ _]?(key|name))?|product",),
}


def draft_columns(header: Sequence[str]) -> dict[str, str]:
    """Return role → header for the roles that a header names; each header is used once, and people never."""
    taken: set[str] = set()
    columns: dict[str, str] = {}
    for role, patterns in _HEADERS.items():
        for pattern in patterns:
            found = next((name for name in header if name not in taken and _is(pattern, name)), None)
            if found is not None:
                columns[role] = found
                taken.add(found)
                break
    # A single time is the moment of the event, whatever it is called.
    if "time" not in columns and "start_time" in columns:
        columns["time"] = columns.pop("start_time")
    return columns


def _is(pattern: str, header: str) -> bool:
    return re.fullmatch(pattern, header.strip().casefold().replace("-", " ")) is not None
