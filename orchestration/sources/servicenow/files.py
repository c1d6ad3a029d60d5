"""Which kind of ServiceNow export a file is, told from its name and its beginning.

Belongs here: recognising. Does not belong here: what is read from a file.
"""

import json
import re

_LOG_COLUMNS = {"number", "incident_state", "sys_updated_at"}
# What a table's records have that no other's do, in the order in which they are asked for.
_MARKS = (
    ("audit_entries", {"documentkey", "fieldname"}),
    ("choices", {"element", "label", "value"}),
    ("records", {"sys_id", "number"}),
    ("groups", {"sys_id", "name"}),
)


def recognise(file_name: str, head: str) -> str | None:
    """Name the export kind of a file from its name and its first characters, or None if it is not ServiceNow's.

    JSON comes as answers of the Table API (``{"result": […]}``, kinds ending in ``_pages``) or as a record a line.
    """
    text = head.lstrip("\ufeff \t\r\n")
    if file_name.lower().removesuffix(".gz").endswith(".csv"):
        header = {name.strip(' "\r') for name in re.split(r"[,;\t|]", text.split("\n", 1)[0].lower())}
        return "incident_log" if header >= _LOG_COLUMNS else None
    found = re.match(r'\{\s*"result"\s*:\s*(\[\s*)?(\{|\])', text)
    if found and found[2] == "]":
        return "empty_pages"
    if found:
        table = _table_of(set(re.findall(r'"(\w+)"\s*:', text[: 1 << 16])))
        return table and f"{table}_pages" if found[1] else table and f"{table}_documents"
    for line in text.splitlines()[:50]:
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict) and (table := _table_of(set(document))):
            return f"{table}_lines"
    return None


def _table_of(fields: set[str]) -> str | None:
    return next((table for table, marks in _MARKS if marks <= fields), None)
