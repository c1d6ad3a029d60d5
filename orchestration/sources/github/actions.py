"""GitHub Actions: workflow runs and their jobs; deployments and their statuses.

Belongs here: what is read of these records. Does not belong here: which environment is production (the portfolio),
what a conclusion means (dbt). Who started a run is not read.
"""

from orchestration.sources.export_format import SourceSettings
from orchestration.sources.github.answers import Entity, Reading, id_in, refusal, repository_in
from orchestration.sources.instants import instant

_RUN_FIELDS = {
    "id": "VARCHAR",
    "run_attempt": "BIGINT",
    "name": "VARCHAR",
    "path": "VARCHAR",
    "display_title": "VARCHAR",
    "head_branch": "VARCHAR",
    "head_sha": "VARCHAR",
    "event": "VARCHAR",
    "status": "VARCHAR",
    "conclusion": "VARCHAR",
    "created_at": "VARCHAR",
    "run_started_at": "VARCHAR",
    "updated_at": "VARCHAR",
    "url": "VARCHAR",
    "html_url": "VARCHAR",
    "repository": 'STRUCT("full_name" VARCHAR)',
}


def _run(place: str, settings: SourceSettings) -> Reading:
    return Reading(
        (
            "record.id",
            "coalesce(record.run_attempt, 1)",
            f"coalesce(record.repository.full_name, {repository_in('record.url')}, {repository_in(place)})",
            'coalesce(record."name", record.path)',
            "nullif(record.display_title, '')",
            "record.head_branch",
            "record.head_sha",
            "record.event",
            "record.status",
            "record.conclusion",
            instant("record.created_at", settings),
            instant("record.run_started_at", settings),
            instant("record.updated_at", settings),
            "record.html_url",
        ),
        key="record.id",
        refusal=refusal(
            "workflow run",
            settings,
            named_by={"id": "record.id"},
            required_date="record.created_at",
            dates=("record.run_started_at", "record.updated_at"),
        ),
    )


_JOB_FIELDS = {
    "id": "VARCHAR",
    "run_id": "VARCHAR",
    "run_attempt": "BIGINT",
    "run_url": "VARCHAR",
    "url": "VARCHAR",
    "name": "VARCHAR",
    "status": "VARCHAR",
    "conclusion": "VARCHAR",
    "created_at": "VARCHAR",
    "started_at": "VARCHAR",
    "completed_at": "VARCHAR",
}


def _job(place: str, settings: SourceSettings) -> Reading:
    return Reading(
        (
            "record.id",
            f"coalesce(record.run_id, {id_in('record.run_url', 'runs')})",
            "coalesce(record.run_attempt, 1)",
            f"coalesce({repository_in('record.run_url')}, {repository_in('record.url')}, {repository_in(place)})",
            'record."name"',
            "record.status",
            "record.conclusion",
            instant("record.created_at", settings),
            instant("record.started_at", settings),
            instant("record.completed_at", settings),
        ),
        key="record.id",
        # A job that waits has no dates yet.
        refusal=refusal(
            "job",
            settings,
            named_by={"id": "record.id", "run": f"coalesce(record.run_id, {id_in('record.run_url', 'runs')})"},
            required_date=None,
            dates=("record.created_at", "record.started_at", "record.completed_at"),
        ),
    )


_DEPLOYMENT_FIELDS = {
    "id": "VARCHAR",
    "url": "VARCHAR",
    "repository_url": "VARCHAR",
    "sha": "VARCHAR",
    "ref": "VARCHAR",
    "task": "VARCHAR",
    "environment": "VARCHAR",
    "created_at": "VARCHAR",
    "updated_at": "VARCHAR",
}


def _deployment(place: str, settings: SourceSettings) -> Reading:
    return Reading(
        (
            "record.id",
            f"coalesce({repository_in('record.repository_url')}, {repository_in('record.url')},"
            f" {repository_in(place)})",
            "record.environment",
            'record."ref"',
            "record.sha",
            "record.task",
            instant("record.created_at", settings),
            instant("record.updated_at", settings),
        ),
        key="record.id",
        refusal=refusal(
            "deployment",
            settings,
            named_by={"id": "record.id"},
            required_date="record.created_at",
            dates=("record.updated_at",),
        ),
    )


_DEPLOYMENT_STATUS_FIELDS = {
    "id": "VARCHAR",
    "state": "VARCHAR",
    "url": "VARCHAR",
    "deployment_url": "VARCHAR",
    "created_at": "VARCHAR",
}


def _deployment_status(place: str, settings: SourceSettings) -> Reading:
    deployment = (
        f"coalesce({id_in('record.deployment_url', 'deployments')}, {id_in('record.url', 'deployments')},"
        f" {id_in(place, 'deployments')})"
    )
    return Reading(
        (
            "record.id",
            deployment,
            f"coalesce({repository_in('record.deployment_url')}, {repository_in('record.url')},"
            f" {repository_in(place)})",
            "record.state",
            instant("record.created_at", settings),
        ),
        key="record.id",
        refusal=refusal(
            "deployment status",
            settings,
            named_by={"id": "record.id", "state": "record.state"},
            required_date="record.created_at",
        ),
        misplaced=f"case when {deployment} is null then 'deployment status that does not name its deployment' end",
    )


ENTITIES = (
    Entity(
        "workflow_runs",
        "workflow_runs",
        (("run_number", "head_sha"), ("workflow_id", "run_started_at")),
        _RUN_FIELDS,
        _run,
        lists=("workflow_runs",),
    ),
    Entity(
        "workflow_jobs",
        "workflow_jobs",
        (("run_id", "status", "name"), ("run_url", "steps")),
        _JOB_FIELDS,
        _job,
        lists=("jobs",),
    ),
    Entity(
        "deployment_statuses",
        "deployment_statuses",
        (("deployment_url", "state"),),
        _DEPLOYMENT_STATUS_FIELDS,
        _deployment_status,
    ),
    Entity("deployments", "deployments", (("statuses_url", "environment", "sha"),), _DEPLOYMENT_FIELDS, _deployment),
)
