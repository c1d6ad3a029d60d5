"""Which kind of event log a file is, told from its name and its beginning.

Belongs here: recognising. Does not belong here: what the columns mean, which only the portfolio tells.
"""


def recognise(file_name: str, head: str) -> str | None:
    """Name the export kind of a file from its name and its first characters, or None if it is no event log."""
    name = file_name.lower().removesuffix(".gz")
    if head.startswith("PAR1"):
        return "parquet_rows"
    if name.endswith(".xes") or ("<log" in head and head.lstrip("\ufeff \t\r\n").startswith("<")):
        return "xes_log"
    return "csv_rows" if name.endswith(".csv") else None
