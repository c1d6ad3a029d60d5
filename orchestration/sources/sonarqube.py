"""SonarQube's and SonarCloud's exports: issues, security hotspots, measures and their history.

Belongs here: the typed record read from each kind of file, and how it becomes rows of ``raw_sonarqube.*``. Does not
belong here: what a severity, a type or an effort means in Weir's words (dbt).

Shapes follow ``/api/issues/search``, ``/api/hotspots/search``, ``/api/measures/component``, ``/api/measures/search``
and ``/api/measures/search_history``. The answer of the last does not say which project it is of: the file's name
does, as ``search_history-<project key>.json`` (characters that a file system forbids percent-encoded). Authors and
assignees are not read.
"""

from collections.abc import Mapping

from orchestration.sources.export_format import ExportKind, RawTable, SourceSettings, ToolFormat
from orchestration.sources.instants import POSSIBLE_INSTANTS, instant
from orchestration.sources.json_exports import JsonEntity, impossible_dates, kinds_of, recognise_among

TABLES = (
    RawTable(
        "issues",
        {
            "issue_key": "VARCHAR",
            "rule": "VARCHAR",
            "severity": "VARCHAR",
            "impact_qualities": "VARCHAR[]",
            "impact_severities": "VARCHAR[]",
            "issue_type": "VARCHAR",
            "project": "VARCHAR",
            "component": "VARCHAR",
            "line": "BIGINT",
            "status": "VARCHAR",
            "issue_status": "VARCHAR",
            "resolution": "VARCHAR",
            "message": "VARCHAR",
            "effort": "VARCHAR",
            "tags": "VARCHAR[]",
            "created": "TIMESTAMPTZ",
            "updated": "TIMESTAMPTZ",
            "closed": "TIMESTAMPTZ",
        },
        "One row per issue and export file, as exported.",
    ),
    RawTable(
        "hotspots",
        {
            "hotspot_key": "VARCHAR",
            "rule": "VARCHAR",
            "security_category": "VARCHAR",
            "vulnerability_probability": "VARCHAR",
            "project": "VARCHAR",
            "component": "VARCHAR",
            "line": "BIGINT",
            "status": "VARCHAR",
            "resolution": "VARCHAR",
            "message": "VARCHAR",
            "created": "TIMESTAMPTZ",
            "updated": "TIMESTAMPTZ",
        },
        "One row per security hotspot and export file, as exported.",
    ),
    RawTable(
        "measures",
        {
            "project": "VARCHAR",
            "metric": "VARCHAR",
            "measured": "TIMESTAMPTZ",
            "value": "VARCHAR",
            "origin": "VARCHAR",
        },
        "One row per project, metric and moment: from the history, or the value at the moment of the export.",
    ),
)


def _issues(settings: SourceSettings) -> JsonEntity:
    created, updated, closed = (
        instant(f"record.{name}", settings) for name in ("creationDate", "updateDate", "closeDate")
    )
    dates = {
        "creation": ("record.creationDate", created),
        "update": ("record.updateDate", updated),
        "close": ("record.closeDate", closed),
    }
    return JsonEntity(
        "issues",
        (("key", "rule", "project", "creationDate"), ("key", "rule", "component")),
        {
            "key": "VARCHAR",
            "rule": "VARCHAR",
            "severity": "VARCHAR",
            "impacts": "STRUCT(softwareQuality VARCHAR, severity VARCHAR)[]",
            "type": "VARCHAR",
            "project": "VARCHAR",
            "component": "VARCHAR",
            "line": "VARCHAR",
            "status": "VARCHAR",
            "issueStatus": "VARCHAR",
            "resolution": "VARCHAR",
            "message": "VARCHAR",
            "effort": "VARCHAR",
            "debt": "VARCHAR",
            "tags": "VARCHAR[]",
            "creationDate": "VARCHAR",
            "updateDate": "VARCHAR",
            "closeDate": "VARCHAR",
        },
        {
            "issues": f"""
                select export_file, exported_at, record.key, record.rule, record.severity,
                    list_transform(record.impacts, lambda impact: impact.softwareQuality),
                    list_transform(record.impacts, lambda impact: impact.severity),
                    record."type", record.project, record.component, try_cast(record.line as bigint), record.status,
                    record.issueStatus, record.resolution, record.message, coalesce(record.effort, record.debt),
                    record.tags, {created}, {updated}, {closed}
                from landed where refusal is null"""
        },
        key="record.key",
        refusal=f"""
            case when record.key is null then 'issue without key'
                when record.creationDate is null then 'issue without creationDate'{impossible_dates(dates)} end""",
        lists=("issues",),
        rows_in="issues",
    )


def _hotspots(settings: SourceSettings) -> JsonEntity:
    created, updated = (instant(f"record.{name}", settings) for name in ("creationDate", "updateDate"))
    dates = {"creation": ("record.creationDate", created), "update": ("record.updateDate", updated)}
    return JsonEntity(
        "hotspots",
        (("key", "securityCategory", "vulnerabilityProbability"),),
        {
            "key": "VARCHAR",
            "ruleKey": "VARCHAR",
            "securityCategory": "VARCHAR",
            "vulnerabilityProbability": "VARCHAR",
            "project": "VARCHAR",
            "component": "VARCHAR",
            "line": "VARCHAR",
            "status": "VARCHAR",
            "resolution": "VARCHAR",
            "message": "VARCHAR",
            "creationDate": "VARCHAR",
            "updateDate": "VARCHAR",
        },
        {
            "hotspots": f"""
                select export_file, exported_at, record.key, record.ruleKey, record.securityCategory,
                    record.vulnerabilityProbability, record.project, record.component,
                    try_cast(record.line as bigint), record.status, record.resolution, record.message,
                    {created}, {updated}
                from landed where refusal is null"""
        },
        key="record.key",
        refusal=f"""
            case when record.key is null then 'hotspot without key'
                when record.creationDate is null then 'hotspot without creationDate'{impossible_dates(dates)} end""",
        lists=("hotspots",),
        rows_in="hotspots",
    )


_VALUE = 'STRUCT(metric VARCHAR, "value" VARCHAR)'

_COMPONENT_MEASURES = JsonEntity(
    "component_measures",
    (("component",),),
    {"component": f"STRUCT(key VARCHAR, measures {_VALUE}[])"},
    {
        "measures": """
            select export_file, exported_at, project, measure.metric, exported_at, measure."value", 'component'
            from (
                select export_file, exported_at, record.component.key as project,
                    unnest(record.component.measures) as measure
                from landed where refusal is null
            )
            where measure."value" is not null"""
    },
    key="record.component.key",
    refusal="case when record.component.key is null then 'measures that do not name their component' end",
    is_document=True,
)

_PROJECT_MEASURES = JsonEntity(
    "project_measures",
    (("metric", "component"),),
    {"metric": "VARCHAR", "component": "VARCHAR", "value": "VARCHAR"},
    {
        "measures": """
            select export_file, exported_at, record.component, record.metric, exported_at, record."value", 'search'
            from landed where refusal is null and record."value" is not null"""
    },
    key="record.component",
    refusal="case when record.component is null or record.metric is null then 'measure without component' end",
    lists=("measures",),
)

_FILE_PROJECT = r"""nullif(url_decode(regexp_extract(
    export_file, 'search_history[-_.=~](.+?)([.-]p?[0-9]+)?\.(json|ndjson|jsonl)(\.gz)?$', 1)), '')"""


def _history(settings: SourceSettings) -> JsonEntity:
    measured = instant("moment.date", settings)
    points = """
        select export_file, exported_at, project, measure.metric, unnest(measure.history) as moment
        from (
            select export_file, exported_at, {project} as project, unnest(record.measures) as measure
            from landed where refusal is null
        )""".format(project=f"coalesce(record.component, {_FILE_PROJECT})")
    return JsonEntity(
        "measure_history",
        (("measures", "paging"),),
        {
            "component": "VARCHAR",
            "measures": 'STRUCT(metric VARCHAR, history STRUCT(date VARCHAR, "value" VARCHAR)[])[]',
        },
        {
            "measures": f"""
                select export_file, exported_at, project, metric, {measured}, moment."value", 'history'
                from ({points})
                where {measured} between {POSSIBLE_INSTANTS} and moment."value" is not null"""
        },
        key=f"coalesce(record.component, {_FILE_PROJECT})",
        refusal="NULL",
        unreadable_parts=f"""
            select export_file, metric as record_key,
                'measure with an impossible date: ' || coalesce(moment.date, 'none') as reason
            from ({points})
            where coalesce({measured} not between {POSSIBLE_INSTANTS}, true)""",
        is_document=True,
    )


def _entities(settings: SourceSettings) -> tuple[JsonEntity, ...]:
    return (_issues(settings), _hotspots(settings), _PROJECT_MEASURES, _COMPONENT_MEASURES, _history(settings))


def recognise(file_name: str, head: str) -> str | None:
    """Name the export kind of a file by the keys of its first record, or None if it is not SonarQube's.

    ``measures`` is a list of values in one answer and of histories in another.
    """
    del file_name
    issues, hotspots, project_measures, component_measures, history = _entities(SourceSettings())
    found = recognise_among((issues, hotspots, project_measures), head)
    if found == "project_measures_in_measures" and '"component"' not in head:
        found = None
    return found or recognise_among((component_measures, history), head)


def kinds(settings: SourceSettings) -> Mapping[str, ExportKind]:
    """Declare the export kinds for one source."""
    return kinds_of(_entities(settings))


FORMAT = ToolFormat(
    tool="sonarqube",
    tables=TABLES,
    recognise=recognise,
    kinds=kinds,
    moments=(("issues", "created"), ("issues", "updated"), ("hotspots", "updated"), ("measures", "measured")),
)
