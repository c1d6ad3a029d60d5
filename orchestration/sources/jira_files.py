"""Which kind of Jira export a file is, told from its name and its beginning.

Belongs here: recognising. Does not belong here: what is read from a file (``jira``).
"""

import json
import re
from collections.abc import Mapping


def recognise(file_name: str, head: str) -> str | None:
    """Name the export kind of a file from its name and its first characters, or None if it is not Jira's.

    Only the beginning is read, because a page may be hundreds of megabytes long; a beginning that is no JSON at all
    still counts as issues one per line if a later line is an issue, so that one torn line does not lose a file.
    """
    text = head.lstrip("\ufeff \t\r\n")
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


def _kind_of_array(text: str, file_name: str) -> str | None:
    if re.search(r'"fields"\s*:\s*\{', text) and re.search(r'"key"\s*:', text):
        return "issue_array"
    if '"statusCategory"' in text:
        return "statuses"
    if re.search(r'"(clauseNames|schema|orderable|custom)"\s*:', text):
        return "fields"
    if '"id"' in text and '"name"' in text:
        # Lists cut down to ids and names differ only by what the person who saved them called the file.
        return "fields" if "field" in file_name else "statuses" if "status" in file_name else None
    return None


def _kind_of_document(document: Mapping[str, object], file_name: str) -> str | None:
    if "issues" in document:
        return "issue_pages"
    if "issueChangeLogs" in document:
        return "bulk_changelog_pages"
    if "fields" in document or ("key" in document and "changelog" in document):
        return "issues"
    values = document.get("values", document.get("histories"))
    return _kind_of_values(values, f"{document.get('self', '')} {file_name}".lower()) if values is not None else None


def _kind_of_values(values: object, place: str) -> str | None:
    """Tell pages of changelogs from pages of sprints; an empty page only by its address or its file's name."""
    first = values[0] if isinstance(values, list) and values else {}
    if "items" in first or (not first and "changelog" in place):
        return "changelog_pages"
    if "state" in first or "originBoardId" in first or (not first and "sprint" in place):
        return "sprint_pages"
    return None


def _kind_of_cut_document(text: str) -> str | None:
    """Recognise a document of which only the beginning is known (pretty-printed or very long)."""
    marks = {
        "issue_pages": r'"issues"\s*:\s*\[',
        "bulk_changelog_pages": r'"issueChangeLogs"\s*:\s*\[',
        "values": r'"values"\s*:\s*\[',
        "issues": r'"fields"\s*:\s*\{',
    }
    found = {name: match.start() for name, mark in marks.items() if (match := re.search(mark, text))}
    if not found:
        return None
    first = min(found, key=lambda name: found[name])
    if first == "values":
        return "changelog_pages" if '"items"' in text else "sprint_pages" if '"originBoardId"' in text else None
    if first == "issues":
        # A document that breaks its lines inside the first issue is one whole issue, not one issue a line.
        return "issue_documents" if re.match(r"\{\s*\n", text) else "issues"
    return first
