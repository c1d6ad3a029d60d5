"""CycloneDX bills of materials with vulnerabilities (VEX), and the findings that Dependency-Track exports.

Belongs here: the typed documents, and how they become rows of ``raw_cyclonedx.*``. Does not belong here: when a
vulnerability was first seen and when it was gone (dbt, which follows it from document to document).

Shapes follow CycloneDX 1.4 to 1.6 as JSON (``vulnerabilities`` with ``ratings``, ``affects`` and ``analysis``), and
Dependency-Track's finding export (``/api/v1/finding/project/<uuid>/export``, or the bare list of findings).
"""

from collections.abc import Mapping

from orchestration.sources.export_format import ExportKind, RawTable, SourceSettings, ToolFormat
from orchestration.sources.instants import POSSIBLE_INSTANTS, instant
from orchestration.sources.json_exports import JsonEntity, instant_of_milliseconds, kinds_of, recognise_among

TABLES = (
    RawTable(
        "documents",
        {
            "project": "VARCHAR",
            "project_version": "VARCHAR",
            "scanner": "VARCHAR",
            "scanned": "TIMESTAMPTZ",
            "n_vulnerabilities": "BIGINT",
        },
        "One row per document that tells all vulnerabilities of a project at a moment.",
    ),
    RawTable(
        "vulnerabilities",
        {
            "project": "VARCHAR",
            "vulnerability_id": "VARCHAR",
            "vulnerability_source": "VARCHAR",
            "component": "VARCHAR",
            "severity": "VARCHAR",
            "score": "VARCHAR",
            "state": "VARCHAR",
            "is_suppressed": "BOOLEAN",
            "first_issued": "TIMESTAMPTZ",
            "last_updated": "TIMESTAMPTZ",
            "scanned": "TIMESTAMPTZ",
        },
        "One row per vulnerability, component it affects, and document.",
    ),
)

# A component that is no group's is named alone.
_BOM_PROJECT = """coalesce(
    nullif(concat_ws('/', record.metadata.component."group", record.metadata.component.name), ''),
    record.serialNumber
)"""
_FILE_PROJECT = "nullif(regexp_extract(export_file, '([^/]+)/[^/]+$', 1), '')"


def _bom(settings: SourceSettings) -> JsonEntity:
    stamped = instant("record.metadata.timestamp", settings)
    scanned = f"case when {stamped} between {POSSIBLE_INSTANTS} then {stamped} else exported_at end"
    project = f"coalesce({_BOM_PROJECT}, {_FILE_PROJECT})"
    possible = "case when {at} between " + POSSIBLE_INSTANTS + " then {at} end"
    issued = possible.format(at=instant("vulnerability.analysis.firstIssued", settings))
    updated = possible.format(at=instant("vulnerability.analysis.lastUpdated", settings))
    return JsonEntity(
        "boms",
        (("bomFormat", "specVersion"),),
        {
            "bomFormat": "VARCHAR",
            "serialNumber": "VARCHAR",
            "metadata": 'STRUCT(timestamp VARCHAR, component STRUCT("group" VARCHAR, name VARCHAR, version VARCHAR))',
            "vulnerabilities": (
                "STRUCT(id VARCHAR, source STRUCT(name VARCHAR), ratings STRUCT(score VARCHAR, severity VARCHAR)[],"
                " analysis STRUCT(state VARCHAR, firstIssued VARCHAR, lastUpdated VARCHAR),"
                " affects STRUCT(ref VARCHAR)[])[]"
            ),
        },
        {
            "documents": f"""
                select export_file, exported_at, {project}, record.metadata.component.version, 'CycloneDX', {scanned},
                    coalesce(len(record.vulnerabilities), 0)
                from landed where refusal is null and record.vulnerabilities is not null""",
            "vulnerabilities": f"""
                select export_file, exported_at, project, vulnerability.id, vulnerability.source.name, affected.ref,
                    vulnerability.ratings[1].severity,
                    list_max(list_transform(vulnerability.ratings, lambda one: try_cast(one.score as double)))::varchar,
                    vulnerability.analysis.state, false, {issued}, {updated}, scanned
                from (
                    select *, unnest(
                        case when len(vulnerability.affects) > 0 then vulnerability.affects else [null] end
                    ) as affected
                    from (
                        select export_file, exported_at, {project} as project, {scanned} as scanned,
                            unnest(record.vulnerabilities) as vulnerability
                        from landed where refusal is null
                    )
                )
                where vulnerability.id is not null""",
        },
        key=_BOM_PROJECT,
        refusal="case when coalesce(record.bomFormat, '') <> 'CycloneDX' then 'not a CycloneDX document' end",
        unreadable_parts=f"""
            select export_file, {_BOM_PROJECT} as record_key, 'vulnerability without id' as reason
            from (
                select export_file, record, unnest(record.vulnerabilities) as vulnerability
                from landed where refusal is null
            )
            where vulnerability.id is null""",
        is_document=True,
    )


_FINDING_PARTS = {
    "component": 'STRUCT(project VARCHAR, purl VARCHAR, "group" VARCHAR, name VARCHAR, version VARCHAR)',
    "vulnerability": "STRUCT(source VARCHAR, vulnId VARCHAR, severity VARCHAR, cvssV3BaseScore VARCHAR)",
    "analysis": "STRUCT(state VARCHAR, isSuppressed BOOLEAN)",
    "attribution": "STRUCT(attributedOn VARCHAR)",
}
_FINDING = "STRUCT(" + ", ".join(f"{name} {type_}" for name, type_ in _FINDING_PARTS.items()) + ")"
_FINDING_COMPONENT = """coalesce(finding.component.purl,
    concat_ws('@', concat_ws('/', finding.component."group", finding.component.name), finding.component.version))"""


def _finding_columns(settings: SourceSettings) -> str:
    # Milliseconds in the API, ISO 8601 in some versions of the export.
    on = "finding.attribution.attributedOn"
    attributed = f"coalesce({instant_of_milliseconds(on)}, {instant(on, settings)})"
    return f"""finding.vulnerability.vulnId, finding.vulnerability.source, {_FINDING_COMPONENT},
        finding.vulnerability.severity, finding.vulnerability.cvssV3BaseScore, lower(finding.analysis.state),
        coalesce(finding.analysis.isSuppressed, false),
        case when {attributed} between {POSSIBLE_INSTANTS} then {attributed} end, null"""


def _finding_export(settings: SourceSettings) -> JsonEntity:
    stamped = instant("record.meta.timestamp", settings)
    scanned = f"case when {stamped} between {POSSIBLE_INSTANTS} then {stamped} else exported_at end"
    return JsonEntity(
        "finding_exports",
        (("findings", "project"),),
        {
            "meta": "STRUCT(application VARCHAR, timestamp VARCHAR)",
            "project": "STRUCT(uuid VARCHAR, name VARCHAR, version VARCHAR)",
            "findings": f"{_FINDING}[]",
        },
        {
            "documents": f"""
                select export_file, exported_at, coalesce(record.project.name, record.project.uuid),
                    record.project.version, 'Dependency-Track', {scanned}, coalesce(len(record.findings), 0)
                from landed where refusal is null""",
            "vulnerabilities": f"""
                select export_file, exported_at, project, {_finding_columns(settings)}, scanned
                from (
                    select export_file, exported_at, coalesce(record.project.name, record.project.uuid) as project,
                        {scanned} as scanned, unnest(record.findings) as finding
                    from landed where refusal is null
                )
                where finding.vulnerability.vulnId is not null""",
        },
        key="record.project.name",
        refusal="""case when coalesce(record.project.name, record.project.uuid) is null
            then 'finding export that does not name its project' end""",
        unreadable_parts="""
            select export_file, record.project.name as record_key, 'finding without vulnerability' as reason
            from (select export_file, record, unnest(record.findings) as finding from landed where refusal is null)
            where finding.vulnerability.vulnId is null""",
        is_document=True,
    )


def _findings(settings: SourceSettings) -> JsonEntity:
    """Findings listed without their project's name: a scan of each project that they are of."""
    finding = """struct_pack(component := record.component, vulnerability := record.vulnerability,
        analysis := record.analysis, attribution := record.attribution)"""
    return JsonEntity(
        "findings",
        (("component", "vulnerability", "analysis"), ("component", "vulnerability", "attribution")),
        _FINDING_PARTS,
        {
            "documents": """
                select export_file, exported_at, record.component.project, null, 'Dependency-Track',
                    exported_at, count(*)
                from landed where refusal is null
                group by export_file, exported_at, record.component.project""",
            "vulnerabilities": f"""
                select export_file, exported_at, project, {_finding_columns(settings)}, exported_at
                from (
                    select export_file, exported_at, record.component.project as project, {finding} as finding
                    from landed where refusal is null
                )""",
        },
        key="record.vulnerability.vulnId",
        refusal="""case when record.vulnerability.vulnId is null then 'finding without vulnerability'
            when record.component.project is null then 'finding that does not name its project' end""",
        rows_in="vulnerabilities",
    )


def _entities(settings: SourceSettings) -> tuple[JsonEntity, ...]:
    return (_bom(settings), _finding_export(settings), _findings(settings))


def recognise(file_name: str, head: str) -> str | None:
    """Name the export kind of a file by its outermost keys, or None if it is neither tool's."""
    del file_name
    return recognise_among(_entities(SourceSettings()), head)


def kinds(settings: SourceSettings) -> Mapping[str, ExportKind]:
    """Declare the export kinds for one source."""
    return kinds_of(_entities(settings))


FORMAT = ToolFormat(
    tool="cyclonedx",
    tables=TABLES,
    recognise=recognise,
    kinds=kinds,
    moments=(("documents", "scanned"),),
)
