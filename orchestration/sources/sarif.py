"""SARIF 2.1.0 reports: what any static analyser or scanner found in one or more runs.

Belongs here: the typed report, and how its runs and results become rows of ``raw_sarif.*``. Does not belong here: when
a finding was first seen and when it was gone (dbt, which follows it from report to report).

The shape follows OASIS SARIF 2.1.0. A report says seldom which project it is of: its version-control address does, else
the folder that the file lies in, so keep one folder a project. Nothing about persons is in a report or read from it.
"""

from collections.abc import Mapping

from orchestration.sources.export_format import ExportKind, RawTable, SourceSettings, ToolFormat
from orchestration.sources.instants import POSSIBLE_INSTANTS, instant
from orchestration.sources.json_exports import JsonEntity, kinds_of, recognise_among

TABLES = (
    RawTable(
        "runs",
        {
            "run_number": "BIGINT",
            "scanner": "VARCHAR",
            "scanner_version": "VARCHAR",
            "automation_id": "VARCHAR",
            "repository": "VARCHAR",
            "revision": "VARCHAR",
            "branch": "VARCHAR",
            "folder": "VARCHAR",
            "scanned": "TIMESTAMPTZ",
            "n_results": "BIGINT",
        },
        "One row per run of a report; scanned is the end of the run, else the moment of the export.",
    ),
    RawTable(
        "results",
        {
            "run_number": "BIGINT",
            "result_number": "BIGINT",
            "fingerprint": "VARCHAR",
            "rule_id": "VARCHAR",
            "level": "VARCHAR",
            "kind": "VARCHAR",
            "security_severity": "VARCHAR",
            "tags": "VARCHAR[]",
            "message": "VARCHAR",
            "file_path": "VARCHAR",
            "line": "BIGINT",
            "baseline_state": "VARCHAR",
            "is_suppressed": "BOOLEAN",
            "first_detected": "TIMESTAMPTZ",
        },
        "One row per result of a run, with what its rule says where the result itself says nothing.",
    ),
)

_PROPERTIES = 'STRUCT(tags VARCHAR[], "security-severity" VARCHAR)'
_RULES = (
    "STRUCT(id VARCHAR, defaultConfiguration STRUCT(level VARCHAR), shortDescription STRUCT(text VARCHAR),"
    f" properties {_PROPERTIES})[]"
)
_RESULT = (
    "STRUCT(ruleId VARCHAR, ruleIndex BIGINT, rule STRUCT(id VARCHAR, index BIGINT), level VARCHAR, kind VARCHAR,"
    " message STRUCT(text VARCHAR, markdown VARCHAR), fingerprints JSON, partialFingerprints JSON, guid VARCHAR,"
    " correlationGuid VARCHAR, baselineState VARCHAR, suppressions STRUCT(status VARCHAR)[],"
    " locations STRUCT(physicalLocation STRUCT(artifactLocation STRUCT(uri VARCHAR),"
    " region STRUCT(startLine BIGINT)))[],"
    f" provenance STRUCT(firstDetectionTimeUtc VARCHAR), properties {_PROPERTIES})"
)
_RUN = (
    f"STRUCT(tool STRUCT(driver STRUCT(name VARCHAR, version VARCHAR, semanticVersion VARCHAR, rules {_RULES}),"
    f" extensions STRUCT(rules {_RULES})[]), automationDetails STRUCT(id VARCHAR),"
    " versionControlProvenance STRUCT(repositoryUri VARCHAR, revisionId VARCHAR, branch VARCHAR)[],"
    f" invocations STRUCT(startTimeUtc VARCHAR, endTimeUtc VARCHAR)[], results {_RESULT}[])"
)

_FOLDER = "nullif(regexp_extract(export_file, '([^/]+)/[^/]+$', 1), '')"
_RULE_ID = "coalesce(result.ruleId, result.rule.id)"
# The place in the list of rules is the report's own pointer; a name alone may belong to an extension's rule.
_RULE_INDEX = "coalesce(result.rule.index, result.ruleIndex)"
_NAMED_RULE = f"list_filter(rules, lambda rule: rule.id = {_RULE_ID})[1]"
_INDEXED_RULE = f"case when {_RULE_INDEX} >= 0 then run.tool.driver.rules[{_RULE_INDEX} + 1] end"
_LOCATION = "result.locations[1].physicalLocation"
# Line numbers move with every change above them, so they are no part of a finding's identity. A partial fingerprint
# tells findings of one file apart, and no more: a copied file has the same ones.
_FINGERPRINT = f"""coalesce(
    nullif(nullif(result.fingerprints::varchar, '{{}}'), 'null'),
    nullif(nullif(result.partialFingerprints::varchar, '{{}}'), 'null')
        || coalesce({_LOCATION}.artifactLocation.uri, ''),
    result.correlationGuid,
    md5(concat_ws('|', {_RULE_ID}, {_LOCATION}.artifactLocation.uri, result.message.text))
)"""


def _report(settings: SourceSettings) -> JsonEntity:
    ended = (
        f"coalesce({instant('run.invocations[1].endTimeUtc', settings)},"
        f" {instant('run.invocations[1].startTimeUtc', settings)})"
    )
    detected = instant("result.provenance.firstDetectionTimeUtc", settings)
    runs = """
        select export_file, exported_at, unnest(record.runs) as run, generate_subscripts(record.runs, 1) as run_number
        from landed where refusal is null"""
    results = f"""
        select export_file, exported_at, run, run_number, unnest(run.results) as result,
            generate_subscripts(run.results, 1) as result_number,
            list_concat(
                coalesce(run.tool.driver.rules, []),
                flatten(list_transform(coalesce(run.tool.extensions, []), lambda part: coalesce(part.rules, [])))
            ) as rules
        from ({runs})"""
    described = f"""
        select *, coalesce({_INDEXED_RULE}, {_NAMED_RULE}) as described_rule from ({results})"""
    return JsonEntity(
        "reports",
        (("version", "runs"), ("$schema", "runs")),
        {"version": "VARCHAR", "runs": f"{_RUN}[]"},
        {
            "runs": f"""
                select export_file, exported_at, run_number, run.tool.driver.name,
                    coalesce(run.tool.driver.semanticVersion, run.tool.driver.version), run.automationDetails.id,
                    run.versionControlProvenance[1].repositoryUri, run.versionControlProvenance[1].revisionId,
                    run.versionControlProvenance[1].branch, {_FOLDER},
                    case when {ended} between {POSSIBLE_INSTANTS} then {ended} else exported_at end,
                    coalesce(len(run.results), 0)
                from ({runs})""",
            "results": f"""
                select export_file, exported_at, run_number, result_number, {_FINGERPRINT},
                    coalesce({_RULE_ID}, described_rule.id),
                    coalesce(result.level, described_rule.defaultConfiguration.level, 'warning'),
                    coalesce(result.kind, 'fail'),
                    coalesce(result.properties."security-severity", described_rule.properties."security-severity"),
                    list_distinct(list_concat(
                        coalesce(described_rule.properties.tags, []), coalesce(result.properties.tags, [])
                    )),
                    coalesce(result.message.text, result.message.markdown, described_rule.shortDescription.text),
                    {_LOCATION}.artifactLocation.uri, {_LOCATION}.region.startLine, result.baselineState,
                    len(list_filter(coalesce(result.suppressions, []),
                        lambda one: coalesce(one.status, 'accepted') = 'accepted')) > 0,
                    case when {detected} between {POSSIBLE_INSTANTS} then {detected} end
                from ({described})""",
        },
        key="record.runs[1].tool.driver.name",
        refusal="""
            case when record.runs is null then 'report without runs'
                when not coalesce(record.version, '2.1.0') like '2.%' then 'SARIF of version ' || record.version
                    || '; only 2.x is read'
                when len(list_filter(record.runs, lambda run: run.tool.driver.name is null)) > 0
                    then 'run that does not name its tool' end""",
        is_document=True,
    )


def recognise(file_name: str, head: str) -> str | None:
    """Name the export kind of a file by its outermost keys, or None if it is no SARIF report."""
    found = recognise_among((_report(SourceSettings()),), head)
    if found is None and ".sarif" in file_name.lower() and '"runs"' in head:
        # A property bag before the runs may be longer than the beginning that was looked at.
        return "reports_documents"
    return found


def kinds(settings: SourceSettings) -> Mapping[str, ExportKind]:
    """Declare the export kinds for one source."""
    return kinds_of((_report(settings),))


FORMAT = ToolFormat(
    tool="sarif",
    tables=TABLES,
    recognise=recognise,
    kinds=kinds,
    moments=(("runs", "scanned"),),
)
