"""Opsgenie's exports: incidents, and alerts for instances that work with alerts alone.

Belongs here: the typed records, and how they become rows of ``raw_opsgenie.*``. Does not belong here: when an alert
counts as an incident (dbt).

Shapes follow ``/v1/incidents`` and ``/v2/alerts`` (lists under ``data``, or one alert with its ``report``). Responders,
owners and acknowledgers are not read.
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
            "tiny_id": "VARCHAR",
            "message": "VARCHAR",
            "status": "VARCHAR",
            "priority": "VARCHAR",
            "services": "VARCHAR[]",
            "tags": "VARCHAR[]",
            "created": "TIMESTAMPTZ",
            "updated": "TIMESTAMPTZ",
            "impact_ended": "TIMESTAMPTZ",
        },
        "One row per incident and export file, as exported.",
    ),
    RawTable(
        "alerts",
        {
            "alert_id": "VARCHAR",
            "tiny_id": "VARCHAR",
            "message": "VARCHAR",
            "status": "VARCHAR",
            "is_acknowledged": "BOOLEAN",
            "priority": "VARCHAR",
            "entity": "VARCHAR",
            "integration": "VARCHAR",
            "tags": "VARCHAR[]",
            "created": "TIMESTAMPTZ",
            "updated": "TIMESTAMPTZ",
            "acknowledged": "TIMESTAMPTZ",
            "closed": "TIMESTAMPTZ",
        },
        "One row per alert and export file, as exported.",
    ),
)


def _incidents(settings: SourceSettings) -> JsonEntity:
    created, updated, ended = (
        instant(f"record.{name}", settings) for name in ("createdAt", "updatedAt", "impactEndDate")
    )
    dates = {
        "creation": ("record.createdAt", created),
        "update": ("record.updatedAt", updated),
        "impact end": ("record.impactEndDate", ended),
    }
    return JsonEntity(
        "incidents",
        (("tinyId", "createdAt", "impactedServices"), ("tinyId", "createdAt", "impactStartDate")),
        {
            "id": "VARCHAR",
            "tinyId": "VARCHAR",
            "message": "VARCHAR",
            "status": "VARCHAR",
            "priority": "VARCHAR",
            "impactedServices": "VARCHAR[]",
            "tags": "VARCHAR[]",
            "createdAt": "VARCHAR",
            "updatedAt": "VARCHAR",
            "impactEndDate": "VARCHAR",
        },
        {
            "incidents": f"""
                select export_file, exported_at, record.id, record.tinyId, record.message, record.status,
                    record.priority, record.impactedServices, record.tags, {created}, {updated}, {ended}
                from landed where refusal is null"""
        },
        key="coalesce(record.tinyId, record.id)",
        refusal=f"""
            case when record.id is null then 'incident without id'
                when record.createdAt is null then 'incident without createdAt'{impossible_dates(dates)} end""",
        lists=("data",),
        rows_in="incidents",
    )


def _alerts(settings: SourceSettings) -> JsonEntity:
    created, updated = (instant(f"record.{name}", settings) for name in ("createdAt", "updatedAt"))
    dates = {"creation": ("record.createdAt", created), "update": ("record.updatedAt", updated)}
    # The report counts milliseconds from the alert's creation.
    after = "{created} + to_milliseconds(try_cast(record.report.{name} as bigint))"
    return JsonEntity(
        "alerts",
        (("tinyId", "createdAt", "alias"), ("tinyId", "createdAt", "acknowledged")),
        {
            "id": "VARCHAR",
            "tinyId": "VARCHAR",
            "message": "VARCHAR",
            "status": "VARCHAR",
            "acknowledged": "BOOLEAN",
            "priority": "VARCHAR",
            "entity": "VARCHAR",
            "integration": "STRUCT(name VARCHAR)",
            "tags": "VARCHAR[]",
            "createdAt": "VARCHAR",
            "updatedAt": "VARCHAR",
            "report": "STRUCT(ackTime VARCHAR, closeTime VARCHAR)",
        },
        {
            "alerts": f"""
                select export_file, exported_at, record.id, record.tinyId, record.message, record.status,
                    record.acknowledged, record.priority, nullif(record.entity, ''), record.integration.name,
                    record.tags, {created}, {updated}, {after.format(created=created, name="ackTime")},
                    case when record.status = 'closed'
                        then coalesce({after.format(created=created, name="closeTime")}, {updated}) end
                from landed where refusal is null"""
        },
        key="coalesce(record.tinyId, record.id)",
        refusal=f"""
            case when record.id is null then 'alert without id'
                when record.createdAt is null then 'alert without createdAt'{impossible_dates(dates)} end""",
        lists=("data",),
        rows_in="alerts",
    )


def _entities(settings: SourceSettings) -> tuple[JsonEntity, ...]:
    return (_incidents(settings), _alerts(settings))


def recognise(file_name: str, head: str) -> str | None:
    """Name the export kind of a file by the keys of its first record, or None if it is not Opsgenie's."""
    del file_name
    return recognise_among(_entities(SourceSettings()), head)


def kinds(settings: SourceSettings) -> Mapping[str, ExportKind]:
    """Declare the export kinds for one source."""
    return kinds_of(_entities(settings))


FORMAT = ToolFormat(
    tool="opsgenie",
    tables=TABLES,
    recognise=recognise,
    kinds=kinds,
    moments=(("incidents", "created"), ("incidents", "updated"), ("alerts", "created"), ("alerts", "updated")),
)
