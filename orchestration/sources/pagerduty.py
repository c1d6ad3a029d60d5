"""PagerDuty's exports: incidents with their log entries.

Belongs here: the typed record of an incident, and how it becomes a row of ``raw_pagerduty.incidents``. Does not belong
here: which deployment an incident came from (dbt).

The shape follows ``/incidents`` of the REST API v2, with ``include[]=acknowledgers`` and log entries where exported.
Responders, assignees and acknowledgers are not read; of a log entry only its type and time are.
"""

from collections.abc import Mapping

from orchestration.sources.export_format import ExportKind, RawTable, SourceSettings, ToolFormat
from orchestration.sources.instants import instant
from orchestration.sources.json_exports import JsonEntity, impossible_dates, kinds_of, recognise_among

TABLES = (
    RawTable(
        "incidents",
        {
            "incident_id": "VARCHAR",
            "incident_number": "VARCHAR",
            "title": "VARCHAR",
            "status": "VARCHAR",
            "urgency": "VARCHAR",
            "priority": "VARCHAR",
            "service_id": "VARCHAR",
            "service_name": "VARCHAR",
            "created": "TIMESTAMPTZ",
            "acknowledged": "TIMESTAMPTZ",
            "status_changed": "TIMESTAMPTZ",
            "resolved": "TIMESTAMPTZ",
            "url": "VARCHAR",
        },
        "One row per incident and export file, with its first acknowledgement and its last resolution.",
    ),
)


def _incidents(settings: SourceSettings) -> JsonEntity:
    created, changed, resolved = (
        instant(f"record.{name}", settings) for name in ("created_at", "last_status_change_at", "resolved_at")
    )
    entries = "list_transform(list_filter(record.log_entries, lambda entry: entry.type like '{kind}_log_entry%'), {at})"
    entry_time = f"lambda entry: {instant('entry.created_at', settings)}"
    acknowledged = f"""least(
        list_min({entries.format(kind="acknowledge", at=entry_time)}),
        list_min(list_transform(record.acknowledgements, lambda one: {instant('one."at"', settings)})))"""
    last_resolution = f"list_max({entries.format(kind='resolve', at=entry_time)})"
    dates = {
        "creation": ("record.created_at", created),
        "last status change": ("record.last_status_change_at", changed),
        "resolution": ("record.resolved_at", resolved),
    }
    return JsonEntity(
        "incidents",
        (("incident_number", "created_at", "status"), ("id", "created_at", "urgency", "service")),
        {
            "id": "VARCHAR",
            "incident_number": "VARCHAR",
            "title": "VARCHAR",
            "status": "VARCHAR",
            "urgency": "VARCHAR",
            "priority": "STRUCT(summary VARCHAR, name VARCHAR)",
            "service": "STRUCT(id VARCHAR, summary VARCHAR)",
            "created_at": "VARCHAR",
            "last_status_change_at": "VARCHAR",
            "resolved_at": "VARCHAR",
            "acknowledgements": 'STRUCT("at" VARCHAR)[]',
            "log_entries": "STRUCT(type VARCHAR, created_at VARCHAR)[]",
            "html_url": "VARCHAR",
        },
        {
            "incidents": f"""
                select export_file, exported_at, coalesce(record.id, record.incident_number), record.incident_number,
                    record.title, record.status, record.urgency,
                    coalesce(record.priority.summary, record.priority.name), record.service.id, record.service.summary,
                    {created}, {acknowledged}, {changed},
                    case when record.status = 'resolved' then coalesce({resolved}, {last_resolution}, {changed}) end,
                    record.html_url
                from landed where refusal is null"""
        },
        key="coalesce(record.incident_number, record.id)",
        refusal=f"""
            case when coalesce(record.id, record.incident_number) is null then 'incident without id'
                when record.created_at is null then 'incident without created_at'{impossible_dates(dates)} end""",
        lists=("incidents",),
        rows_in="incidents",
    )


def recognise(file_name: str, head: str) -> str | None:
    """Name the export kind of a file by the keys of its first record, or None if it is not PagerDuty's."""
    del file_name
    return recognise_among((_incidents(SourceSettings()),), head)


def kinds(settings: SourceSettings) -> Mapping[str, ExportKind]:
    """Declare the export kinds for one source."""
    return kinds_of((_incidents(settings),))


FORMAT = ToolFormat(
    tool="pagerduty",
    tables=TABLES,
    recognise=recognise,
    kinds=kinds,
    moments=(("incidents", "created"), ("incidents", "status_changed")),
)
