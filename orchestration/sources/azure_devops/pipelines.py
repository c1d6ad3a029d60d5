"""Azure Pipelines: builds, their timelines, deployments of classic releases and of environments.

Belongs here: one record of each as a row of its raw table. Does not belong here: which environment is production, and
what counts as a failed deployment. Who asked for a run or approved it is not read.

Shapes follow the REST API's ``build/builds``, ``build/builds/{id}/timeline``, ``release/deployments``,
``distributedtask/environments`` and its ``environmentdeploymentrecords``. Their dates have seven decimals; DuckDB keeps
six.
"""

from orchestration.sources.azure_devops.saved_answers import impossible, in_every_layout, moment
from orchestration.sources.export_format import ExportKind, RawTable

BUILDS = RawTable(
    "builds",
    {
        "build_id": "VARCHAR",
        "build_number": "VARCHAR",
        "status": "VARCHAR",
        "result": "VARCHAR",
        "queued": "TIMESTAMPTZ",
        "started": "TIMESTAMPTZ",
        "finished": "TIMESTAMPTZ",
        "definition_name": "VARCHAR",
        "project": "VARCHAR",
        "repository": "VARCHAR",
        "branch": "VARCHAR",
        "commit_sha": "VARCHAR",
        "reason": "VARCHAR",
        "message": "VARCHAR",
        "tags": "VARCHAR[]",
        "web_url": "VARCHAR",
    },
    "One row per build and export file.",
)
TIMELINE_RECORDS = RawTable(
    "timeline_records",
    {
        "build_id": "VARCHAR",
        "record_id": "VARCHAR",
        "parent_id": "VARCHAR",
        "record_type": "VARCHAR",
        "record_name": "VARCHAR",
        "identifier": "VARCHAR",
        "state": "VARCHAR",
        "result": "VARCHAR",
        "attempt": "BIGINT",
        "started": "TIMESTAMPTZ",
        "finished": "TIMESTAMPTZ",
    },
    "One row per stage, job or task of a build and export file.",
)
DEPLOYMENTS = RawTable(
    "deployments",
    {
        "deployment_id": "VARCHAR",
        "origin": "VARCHAR",
        "project": "VARCHAR",
        "environment_id": "VARCHAR",
        "environment_name": "VARCHAR",
        "definition_name": "VARCHAR",
        "build_id": "VARCHAR",
        "result": "VARCHAR",
        "commit_sha": "VARCHAR",
        "ref": "VARCHAR",
        "queued": "TIMESTAMPTZ",
        "started": "TIMESTAMPTZ",
        "finished": "TIMESTAMPTZ",
    },
    "One row per deployment and export file. Origin: release (classic) or environment (of a pipeline's stage).",
)
ENVIRONMENTS = RawTable(
    "environments",
    {"environment_id": "VARCHAR", "environment_name": "VARCHAR", "project_id": "VARCHAR"},
    "One row per environment of a project and export file.",
)
TABLES = (BUILDS, TIMELINE_RECORDS, DEPLOYMENTS, ENVIRONMENTS)


def kinds() -> dict[str, ExportKind]:
    """Declare the kinds; nothing of them depends on the portfolio."""
    return {**_BUILDS, _TIMELINES.name: _TIMELINES, **_RELEASES, **_ENVIRONMENT_RECORDS, **_ENVIRONMENTS}


_BUILDS = in_every_layout(
    "builds",
    record_columns={
        "id": "VARCHAR",
        "buildNumber": "VARCHAR",
        "status": "VARCHAR",
        "result": "VARCHAR",
        "queueTime": "VARCHAR",
        "startTime": "VARCHAR",
        "finishTime": "VARCHAR",
        "definition": "STRUCT(name VARCHAR)",
        "project": "STRUCT(name VARCHAR)",
        "repository": "STRUCT(id VARCHAR, name VARCHAR)",
        "sourceBranch": "VARCHAR",
        "sourceVersion": "VARCHAR",
        "reason": "VARCHAR",
        "triggerInfo": 'STRUCT("ci.message" VARCHAR, "pr.title" VARCHAR)',
        "tags": "VARCHAR[]",
        "url": "VARCHAR",
        "_links": "STRUCT(web STRUCT(href VARCHAR))",
    },
    selects={
        BUILDS.name: f"""
            select export_file, exported_at, record.id, record.buildNumber, record.status, record.result,
                {moment("record.queueTime")}, {moment("record.startTime")}, {moment("record.finishTime")},
                record.definition.name, record.project.name, coalesce(record.repository.name, record.repository.id),
                record.sourceBranch, record.sourceVersion, record.reason,
                coalesce(record.triggerInfo."ci.message", record.triggerInfo."pr.title"), record.tags,
                coalesce(record._links.web.href,
                    regexp_replace(record.url, '/_apis/build/builds/', '/_build/results?buildId=', 'i'))
            from landed where refusal is null"""
    },
    key="record.id",
    rows_in=BUILDS.name,
    refusal="case when record.id is null then 'build without id'"
    " when record.status is null then 'build without status'"
    + impossible("record.queueTime", "queue")
    + impossible("record.startTime", "start")
    + impossible("record.finishTime", "finish")
    + " end",
)

# A record does not name its build: the address of the timeline does, the one it was asked under, that of a log, or the
# file's name.
_TIMELINE_BUILD = """coalesce(nullif(regexp_extract(record.url, '/builds/([0-9]+)', 1, 'i'), ''),
    nullif(regexp_extract(record._request, '/builds/([0-9]+)', 1, 'i'), ''),
    nullif(regexp_extract(list_first(list_filter(list_transform(record.records, lambda part: part.log.url),
        lambda url: url is not null)), '/builds/([0-9]+)', 1, 'i'), ''),
    nullif(regexp_extract(export_file, 'build[s]?[-_/]?([0-9]+)', 1, 'i'), ''))"""
_TIMELINES = ExportKind(
    "timelines",
    "unstructured",
    {
        "id": "VARCHAR",
        "url": "VARCHAR",
        "_request": "VARCHAR",
        "records": 'STRUCT(id VARCHAR, parentId VARCHAR, "type" VARCHAR, name VARCHAR, identifier VARCHAR,'
        " state VARCHAR, result VARCHAR, attempt VARCHAR, startTime VARCHAR, finishTime VARCHAR,"
        " log STRUCT(url VARCHAR))[]",
    },
    {
        TIMELINE_RECORDS.name: f"""
            select export_file, exported_at, build_id, part.id, part.parentId, part."type", part.name, part.identifier,
                part.state, part.result, try_cast(part.attempt as bigint), {moment("part.startTime")},
                {moment("part.finishTime")}
            from (
                select export_file, exported_at, {_TIMELINE_BUILD} as build_id, unnest(record.records) as part
                from landed where refusal is null
            )
            where part.id is not null"""
    },
    key=_TIMELINE_BUILD,
    refusal=f"case when {_TIMELINE_BUILD} is null then 'timeline that does not name its build' end",
)

_RELEASES = in_every_layout(
    "release_deployments",
    record_columns={
        "id": "VARCHAR",
        "projectReference": "STRUCT(name VARCHAR)",
        "release": "STRUCT(name VARCHAR, artifacts STRUCT(isPrimary BOOLEAN,"
        " definitionReference STRUCT(sourceVersion STRUCT(id VARCHAR), branch STRUCT(id VARCHAR),"
        ' "version" STRUCT(id VARCHAR)))[])',
        "releaseDefinition": "STRUCT(name VARCHAR)",
        "releaseEnvironment": "STRUCT(name VARCHAR)",
        "definitionEnvironmentId": "VARCHAR",
        "deploymentStatus": "VARCHAR",
        "queuedOn": "VARCHAR",
        "startedOn": "VARCHAR",
        "completedOn": "VARCHAR",
    },
    selects={
        DEPLOYMENTS.name: f"""
            select export_file, exported_at, id, 'release', project, environment_id, environment_name, definition_name,
                artifact.definitionReference."version".id, result, artifact.definitionReference.sourceVersion.id,
                artifact.definitionReference.branch.id, queued, started, finished
            from (
                select export_file, exported_at, record.id as id, record.projectReference.name as project,
                    record.definitionEnvironmentId as environment_id,
                    record.releaseEnvironment.name as environment_name,
                    record.releaseDefinition.name as definition_name, record.deploymentStatus as result,
                    -- Code comes from the primary artifact of a release.
                    list_first(list_sort(record.release.artifacts, 'DESC')) as artifact,
                    {moment("record.queuedOn")} as queued, {moment("record.startedOn")} as started,
                    {moment("record.completedOn")} as finished
                from landed where refusal is null
            )"""
    },
    key="record.id",
    rows_in=DEPLOYMENTS.name,
    refusal="case when record.id is null then 'deployment without id'"
    " when record.deploymentStatus is null then 'deployment without status'"
    + impossible("record.startedOn", "start")
    + impossible("record.completedOn", "finish")
    + " end",
)

_ENVIRONMENT_RECORDS = in_every_layout(
    "environment_deployments",
    record_columns={
        "id": "VARCHAR",
        "environmentId": "VARCHAR",
        "stageName": "VARCHAR",
        "definition": "STRUCT(name VARCHAR)",
        "owner": "STRUCT(id VARCHAR)",
        "result": "VARCHAR",
        "queueTime": "VARCHAR",
        "startTime": "VARCHAR",
        "finishTime": "VARCHAR",
    },
    selects={
        DEPLOYMENTS.name: f"""
            select export_file, exported_at, record.id, 'environment', NULL, record.environmentId, NULL,
                record.definition.name, record.owner.id, record.result, NULL, NULL, {moment("record.queueTime")},
                {moment("record.startTime")}, {moment("record.finishTime")}
            from landed where refusal is null"""
    },
    key="record.id",
    rows_in=DEPLOYMENTS.name,
    refusal="case when record.id is null then 'deployment record without id'"
    " when record.environmentId is null then 'deployment record without environment'"
    + impossible("record.startTime", "start")
    + impossible("record.finishTime", "finish")
    + " end",
)

_ENVIRONMENTS = in_every_layout(
    "environments",
    record_columns={"id": "VARCHAR", "name": "VARCHAR", "project": "STRUCT(id VARCHAR)"},
    selects={
        ENVIRONMENTS.name: "select export_file, exported_at, record.id, record.name, record.project.id"
        " from landed where refusal is null"
    },
    key="record.name",
    rows_in=ENVIRONMENTS.name,
    refusal="case when record.id is null then 'environment without id'"
    " when record.name is null then 'environment without name' end",
)
