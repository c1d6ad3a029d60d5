"""The raw table of event logs. Belongs here: its columns. Does not belong here: what fills them."""

from orchestration.sources.export_format import RawTable

TABLES = (
    RawTable(
        "events",
        {
            "origin": "VARCHAR",
            "item_id": "VARCHAR",
            "item_key": "VARCHAR",
            "title": "VARCHAR",
            "item_type": "VARCHAR",
            "team": "VARCHAR",
            "size": "VARCHAR",
            "resolution": "VARCHAR",
            "project": "VARCHAR",
            "parent_ref": "VARCHAR",
            "activity": "VARCHAR",
            "transition": "VARCHAR",
            "started": "TIMESTAMPTZ",
            "happened": "TIMESTAMPTZ",
            "created": "TIMESTAMPTZ",
            "resolved": "TIMESTAMPTZ",
            "record_number": "BIGINT",
            "stage_position": "BIGINT",
            "n_stages": "BIGINT",
        },
        "One row per event as exported: a status entered (`entry`), an activity with start and end (`activity`), a"
        " stage and its date (`stage_date`), a step of an activity's life in XES (`lifecycle`), or an item that is"
        " known to be resolved and no more (`resolved`).",
    ),
)
