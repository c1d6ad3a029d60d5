"""Which kind of Jira export a file is, told from its name and its beginning.

Belongs here: recognising. Does not belong here: what is read from a file (the other modules of this package).
"""

import csv
import json
import re
from collections.abc import Mapping

from orchestration.sources.jira.csv_export import SINGLE_HEADERS
from orchestration.sources.jira.issues import DATA_CENTER_SUFFIX

_ISSUE_KEY = re.compile(r"[A-Z][A-Z0-9_]*-[0-9]+")
_DELIMITERS = (",", ";", "\t", "|")
# An export of all fields has dozens of columns; a log of events that happens to name issues has a few.
_MANY_COLUMNS = 12


def recognise(file_name: str, head: str) -> str | None:
    """Name the export kind of a file from its name and its first characters, or None if it is not Jira's.

    Only the beginning is read, because a page may be hundreds of megabytes long; a beginning that is no JSON at all
    still counts as issues one per line if a later line is an issue, so that one torn line does not lose a file.
    """
    text = head.lstrip("\ufeff \t\r\n")
    kind = _kind_of_json(file_name, text)
    if kind is None:
        return None if text.startswith(("{", "[")) else _kind_of_csv(text)
    # Data Center spells this field its own way, and writes it into every issue.
    is_spelt_so = kind.startswith("issue") and re.search(r'"archiveddate"\s*:', text)
    return f"{kind}{DATA_CENTER_SUFFIX}" if is_spelt_so else kind


def _kind_of_json(file_name: str, text: str) -> str | None:
    if text.startswith("["):
        return _kind_of_array(text, file_name.lower())
    lines = text.splitlines()[:50]
    for line in lines:
        try:
            document = json.loads(line)
        except ValueError:
            if line is lines[0] and text.startswith("{"):
                # One document over many lines: its own lines may look like records, its beginning tells what it is.
                kind = _kind_of_cut_document(text)
                if kind is not None:
                    return kind
            continue
        if isinstance(document, dict):
            return _kind_of_document(document, file_name)
    return None


# The keys that tell what the records of an array are: all of a line's have to be there, the first line counts.
_ARRAYS = (
    ("issue_array", (r'"fields"\s*:\s*\{', r'"key"\s*:')),
    ("worklog_array", (r'"timeSpentSeconds"\s*:',)),
    ("statuses", (r'"statusCategory"\s*:',)),
    ("versions", (r'"released"\s*:', r'"archived"\s*:')),
    ("fields", (r'"(clauseNames|schema|orderable|custom)"\s*:',)),
)


def _kind_of_array(text: str, file_name: str) -> str | None:
    for kind, marks in _ARRAYS:
        if all(re.search(mark, text) for mark in marks):
            return kind
    if '"id"' in text and '"name"' in text:
        # Lists cut down to ids and names differ only by what the person who saved them called the file.
        return "fields" if "field" in file_name else "statuses" if "status" in file_name else None
    return None


def _kind_of_document(document: Mapping[str, object], file_name: str) -> str | None:
    kinds = {"issues": "issue_pages", "issueChangeLogs": "bulk_changelog_pages", "worklogs": "worklog_pages"}
    for name, kind in kinds.items():
        if name in document:
            return kind
    if "fields" in document or ("key" in document and "changelog" in document):
        return "issues"
    if "timeSpentSeconds" in document:
        return "worklogs"
    values = document.get("values", document.get("histories"))
    return _kind_of_values(values, f"{document.get('self', '')} {file_name}".lower()) if values is not None else None


def _kind_of_values(values: object, place: str) -> str | None:
    """Tell pages by their first entry; an empty page only by its address or its file's name."""
    first = values[0] if isinstance(values, list) and values else {}
    if not isinstance(first, dict):
        return None
    marks = {
        "changelog_pages": ({"items"}, "changelog"),
        "sprint_pages": ({"state", "originBoardId"}, "sprint"),
        "version_pages": ({"released"}, "version"),
        "board_pages": ({"location", "type"}, "board"),
    }
    for kind, (keys, word) in marks.items():
        if keys & first.keys() if first else word in place:
            return kind
    return None


def _kind_of_cut_document(text: str) -> str | None:
    """Recognise a document of which only the beginning is known (pretty-printed or very long)."""
    marks = {
        "issue_pages": r'"issues"\s*:\s*\[',
        "bulk_changelog_pages": r'"issueChangeLogs"\s*:\s*\[',
        "worklog_pages": r'"worklogs"\s*:\s*\[',
        "values": r'"values"\s*:\s*\[',
        "issues": r'"fields"\s*:\s*\{',
    }
    found = {name: match.start() for name, mark in marks.items() if (match := re.search(mark, text))}
    if not found:
        return None
    first = min(found, key=lambda name: found[name])
    if first == "values":
        return _kind_of_cut_values(text)
    if first == "issues":
        # A document that breaks its lines inside the first issue is one whole issue, not one issue a line.
        return "issue_documents" if re.match(r"\{\s*\n", text) else "issues"
    return first


def _kind_of_cut_values(text: str) -> str | None:
    marks = {
        "changelog_pages": r'"items"\s*:',
        "sprint_pages": r'"originBoardId"\s*:',
        "version_pages": r'"released"\s*:',
        "board_pages": r'"(location|type)"\s*:',
    }
    return next((kind for kind, mark in marks.items() if re.search(mark, text)), None)


def _kind_of_csv(text: str) -> str | None:
    """Recognise a CSV by Jira's own headers; one in another language by its many columns and the keys in its rows."""
    lines = text.splitlines()[:200]
    if not lines:
        return None
    delimiter = max(_DELIMITERS, key=lines[0].count)
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return None
    header = [name.strip().casefold() for name in rows[0]]
    keys = {name.casefold() for name in SINGLE_HEADERS["key"]}
    known = {name.casefold() for role in ("type", "created", "status", "summary") for name in SINGLE_HEADERS[role]}
    if keys & set(header) and len(known & set(header)) >= 2:  # noqa: PLR2004
        return "issue_csv"
    has_keys = any(_ISSUE_KEY.fullmatch(cell.strip()) for row in rows[1:] for cell in row)
    is_wide = len(header) >= _MANY_COLUMNS or len(set(header)) < len(header)
    return "issue_csv" if has_keys and is_wide else None
