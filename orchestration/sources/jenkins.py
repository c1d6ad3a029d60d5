"""Jenkins' exports: builds of jobs, and the stages of pipeline runs.

Belongs here: the typed record read from each kind of file, and how it becomes rows of ``raw_jenkins.*``. Does not
belong here: which build is a deployment and into what (the portfolio's environments, in dbt).

Shapes follow ``/job/…/api/json?tree=allBuilds[…]`` (or ``builds``), ``/job/…/<number>/api/json`` and the pipeline stage
view's ``/job/…/wfapi/runs`` and ``/wfapi/describe``. Who started a build and who committed is not read.
"""

from collections.abc import Mapping

from orchestration.sources.export_format import ExportKind, RawTable, SourceSettings, ToolFormat
from orchestration.sources.instants import POSSIBLE_INSTANTS, instant
from orchestration.sources.json_exports import (
    JsonEntity,
    impossible_dates,
    instant_of_milliseconds,
    kinds_of,
    recognise_among,
)

_CHANGES = "STRUCT(commitId VARCHAR, id VARCHAR, msg VARCHAR, comment VARCHAR, date VARCHAR, timestamp VARCHAR)[]"
_STAGE = "STRUCT(id VARCHAR, name VARCHAR, status VARCHAR, startTimeMillis VARCHAR, durationMillis VARCHAR)"

TABLES = (
    RawTable(
        "builds",
        {
            "job": "VARCHAR",
            "build_number": "BIGINT",
            "title": "VARCHAR",
            "result": "VARCHAR",
            "is_building": "BOOLEAN",
            "started": "TIMESTAMPTZ",
            "finished": "TIMESTAMPTZ",
            "queued_ms": "BIGINT",
            "commit_sha": "VARCHAR",
            "branch": "VARCHAR",
            "repository": "VARCHAR",
            "url": "VARCHAR",
            "origin": "VARCHAR",
        },
        "One row per build and export file, from the job's list of builds or from its stage view; finished once it is.",
    ),
    RawTable(
        "build_commits",
        {
            "job": "VARCHAR",
            "build_number": "BIGINT",
            "commit_sha": "VARCHAR",
            "message": "VARCHAR",
            "committed": "TIMESTAMPTZ",
        },
        "One row per commit in the change sets of a build.",
    ),
    RawTable(
        "build_stages",
        {
            "job": "VARCHAR",
            "build_number": "BIGINT",
            "stage_id": "VARCHAR",
            "stage_name": "VARCHAR",
            "status": "VARCHAR",
            "started": "TIMESTAMPTZ",
            "finished": "TIMESTAMPTZ",
        },
        "One row per stage of a pipeline run; finished once it is.",
    ),
)

# The address names a job by its folders; without one its display names do, parted by the sign that Jenkins puts.
_JOB_IN_URL = "replace(nullif(regexp_extract(record.url, '/job/(.+)/[0-9]+/?$', 1), ''), '/job/', '/')"
_JOB_IN_TITLE = "replace(regexp_replace(record.fullDisplayName, ' #[0-9]+.*$', ''), ' » ', '/')"
_JOB = f"coalesce({_JOB_IN_URL}, {_JOB_IN_TITLE})"
_NUMBER = "try_cast(record.number as bigint)"
_STARTED = instant_of_milliseconds("record.timestamp")
# A pipeline has a result before it ends, the worst of its stages so far, but no duration yet; one that has both has
# ended, even if it was still being written down.
_HAS_NO_DURATION = "coalesce(try_cast(record.duration as bigint), 0) = 0"
_IS_BUILDING = f"""(case when record.result is null then coalesce(record.building, {_HAS_NO_DURATION})
    else coalesce(record.building, false) and {_HAS_NO_DURATION} end)"""
_REVISIONS = "list_filter(record.actions, lambda action: action.lastBuiltRevision.SHA1 is not null)"
_QUEUED_MS = "list_max(list_transform(record.actions, lambda action: try_cast(action.queuingDurationMillis as bigint)))"


def _finished(started: str, milliseconds: str, is_running: str) -> str:
    """Return SQL for the end of a build or stage, NULL while it runs."""
    return f"case when not {is_running} then {started} + to_milliseconds(try_cast({milliseconds} as bigint)) end"


_BUILD_REFUSAL = f"""
    case
        when {_NUMBER} is null then 'build without number'
        when coalesce({_JOB}, '') = '' then 'build that does not name its job: export url or fullDisplayName too'
        when record.timestamp is null then 'build without timestamp'{
    impossible_dates({"start": ("record.timestamp", _STARTED)})
}
    end"""


def _builds(settings: SourceSettings) -> JsonEntity:
    change_time = f"coalesce({instant('change.date', settings)}, {instant_of_milliseconds('change.timestamp')})"
    return JsonEntity(
        "builds",
        (("number", "timestamp"), ("number", "fullDisplayName")),
        {
            "number": "VARCHAR",
            "url": "VARCHAR",
            "fullDisplayName": "VARCHAR",
            "result": "VARCHAR",
            "building": "BOOLEAN",
            "timestamp": "VARCHAR",
            "duration": "VARCHAR",
            "actions": (
                "STRUCT(lastBuiltRevision STRUCT(SHA1 VARCHAR, branch STRUCT(name VARCHAR)[]), remoteUrls VARCHAR[],"
                " queuingDurationMillis VARCHAR)[]"
            ),
            "changeSet": f"STRUCT(items {_CHANGES})",
            "changeSets": f"STRUCT(items {_CHANGES})[]",
        },
        {
            "builds": f"""
                select export_file, exported_at, {_JOB}, {_NUMBER}, record.fullDisplayName, record.result,
                    {_IS_BUILDING}, {_STARTED}, {_finished(_STARTED, "record.duration", _IS_BUILDING)}, {_QUEUED_MS},
                    {_REVISIONS}[1].lastBuiltRevision.SHA1, {_REVISIONS}[1].lastBuiltRevision.branch[1].name,
                    {_REVISIONS}[1].remoteUrls[1], record.url, 'builds'
                from landed where refusal is null""",
            "build_commits": f"""
                select export_file, exported_at, job, build_number, coalesce(change.commitId, change.id),
                    coalesce(change.comment, change.msg), {change_time}
                from (
                    select export_file, exported_at, {_JOB} as job, {_NUMBER} as build_number,
                        unnest(list_concat(
                            coalesce(record.changeSet.items, []),
                            flatten(list_transform(
                                coalesce(record.changeSets, []), lambda one: coalesce(one.items, [])
                            ))
                        )) as change
                    from landed where refusal is null
                )
                where coalesce(change.commitId, change.id) is not null""",
        },
        key="coalesce(record.fullDisplayName, record.url, record.number)",
        refusal=_BUILD_REFUSAL,
        lists=("allBuilds", "builds"),
        rows_in="builds",
    )


# A run and a stage are named by their place: /job/<folder>/job/<name>/<number>/…
_RUN_PLACE = 'record._links."self".href'
_RUN_JOB = f"replace(nullif(regexp_extract({_RUN_PLACE}, '/job/(.+?)/[0-9]+/', 1), ''), '/job/', '/')"
_RUN_NUMBER = f"try_cast(nullif(regexp_extract({_RUN_PLACE}, '/job/.+?/([0-9]+)/', 1), '') as bigint)"
_RUN_STARTED = instant_of_milliseconds("record.startTimeMillis")
_RUNNING = "coalesce({status} in ('IN_PROGRESS', 'PAUSED_PENDING_INPUT'), false)"
_IS_RUNNING, _STAGE_IS_RUNNING = (_RUNNING.format(status=f"{one}.status") for one in ("record", "stage"))
_STAGE_TIME = instant_of_milliseconds("stage.startTimeMillis")
# A stage that was never reached may say that it started at 0.
_STAGE_STARTED = f"case when {_STAGE_TIME} between {POSSIBLE_INSTANTS} then {_STAGE_TIME} end"
_PLACE_COLUMNS = {
    "_links": 'STRUCT("self" STRUCT(href VARCHAR))',
    "id": "VARCHAR",
    "name": "VARCHAR",
    "status": "VARCHAR",
    "startTimeMillis": "VARCHAR",
    "durationMillis": "VARCHAR",
}

_RUNS = JsonEntity(
    "runs",
    (("status", "startTimeMillis", "stages"),),
    {**_PLACE_COLUMNS, "queueDurationMillis": "VARCHAR", "stages": f"{_STAGE}[]"},
    {
        "builds": f"""
            select export_file, exported_at, {_RUN_JOB}, {_RUN_NUMBER}, record.name, record.status,
                {_IS_RUNNING}, {_RUN_STARTED}, {_finished(_RUN_STARTED, "record.durationMillis", _IS_RUNNING)},
                try_cast(record.queueDurationMillis as bigint),
                null, null, null, null, 'stage view'
            from landed where refusal is null""",
        "build_stages": f"""
            select export_file, exported_at, job, build_number, stage.id, stage.name, stage.status,
                {_STAGE_STARTED}, {_finished(_STAGE_STARTED, "stage.durationMillis", _STAGE_IS_RUNNING)}
            from (
                select export_file, exported_at, {_RUN_JOB} as job, {_RUN_NUMBER} as build_number,
                    unnest(record.stages) as stage
                from landed where refusal is null
            )""",
    },
    key=f"coalesce({_RUN_PLACE}, record.name, record.id)",
    refusal=f"""
        case when {_RUN_NUMBER} is null then 'pipeline run that does not name its job and number'{
        impossible_dates({"start": ("record.startTimeMillis", _RUN_STARTED)})
    } end""",
    rows_in="builds",
)

_STAGES = JsonEntity(
    "stages",
    (("_links", "status", "startTimeMillis", "pauseDurationMillis"),),
    _PLACE_COLUMNS,
    {
        "build_stages": f"""
            select export_file, exported_at, {_RUN_JOB}, {_RUN_NUMBER}, record.id, record.name, record.status,
                {_RUN_STARTED}, {_finished(_RUN_STARTED, "record.durationMillis", _IS_RUNNING)}
            from landed where refusal is null"""
    },
    key=f"coalesce({_RUN_PLACE}, record.name, record.id)",
    refusal=f"""
        case when {_RUN_NUMBER} is null then 'stage that does not name its job and build'{
        impossible_dates({"start": ("record.startTimeMillis", _RUN_STARTED)})
    } end""",
    rows_in="build_stages",
)


def _entities(settings: SourceSettings) -> tuple[JsonEntity, ...]:
    return (_RUNS, _STAGES, _builds(settings))


def recognise(file_name: str, head: str) -> str | None:
    """Name the export kind of a file by the keys of its first record, or None if it is not Jenkins'."""
    del file_name
    return recognise_among(_entities(SourceSettings()), head)


def kinds(settings: SourceSettings) -> Mapping[str, ExportKind]:
    """Declare the export kinds for one source."""
    return kinds_of(_entities(settings))


FORMAT = ToolFormat(
    tool="jenkins",
    tables=TABLES,
    recognise=recognise,
    kinds=kinds,
    # The end too: complete up to its start, the newest build would be for ever running.
    moments=(("builds", "started"), ("builds", "finished"), ("build_stages", "started"), ("build_stages", "finished")),
)
