"""The census of ids: which items a tool still has, asked from time to time by a pull and read like any export.

Belongs here: the shape of a census file, the same for every tool. Does not belong here: asking the tool
(``orchestration.pulling``), and what a vanished item means for work in progress (dbt).
"""

from orchestration.sources.export_format import ExportKind, RawTable

TABLE = RawTable(
    "item_censuses",
    {"native_id": "VARCHAR", "state": "VARCHAR", "evidence": "VARCHAR", "checked_at": "TIMESTAMPTZ"},
    "One row per item and census: present, deleted or not_visible, and what told so.",
)

KIND = ExportKind(
    "census",
    "newline_delimited",
    {"native_id": "VARCHAR", "state": "VARCHAR", "evidence": "VARCHAR", "checked_at": "VARCHAR"},
    {
        TABLE.name: "select export_file, exported_at, record.native_id, record.state, record.evidence,"
        " try_cast(record.checked_at as timestamptz) from landed where refusal is null"
    },
    key="record.native_id",
    refusal="""case
        when record.native_id is null then 'census entry without id'
        when coalesce(record.state, '') not in ('present', 'deleted', 'not_visible')
            then 'census entry of unknown state: ' || coalesce(record.state, 'none')
        when try_cast(record.checked_at as timestamptz) is null then 'census entry without a date'
    end""",
)


def is_census(name: str) -> bool:
    """Tell a census by its file's name."""
    return name.lower().removesuffix(".gz").endswith(".census.ndjson")
