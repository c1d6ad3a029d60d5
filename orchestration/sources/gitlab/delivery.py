"""GitLab's merge requests, pipelines, jobs, deployments and vulnerabilities.

Belongs here: the record read from each, and how it becomes rows of ``raw_gitlab.*``. Does not belong here: telling
files apart (``files``), issues and epics (``work_items``), what counts as a build or a review (dbt).

Shapes follow the REST API v4: ``/projects/:id/merge_requests``, ``/merge_requests/:iid/notes``, ``/approvals`` and
``/commits``, ``/pipelines`` and ``/pipelines/:id``, ``/jobs``, ``/deployments``, ``/vulnerabilities`` and
``/vulnerability_findings``. People (authors, approvers, committers, who started a job) are not read, nor what they
wrote in descriptions, notes and commit messages, but for the items that these mention.
"""

from collections.abc import Iterable

from orchestration.sources.export_format import SourceSettings
from orchestration.sources.gitlab.record_kinds import (
    asked_number,
    asked_project,
    entity,
    flag,
    inside,
    mentioned_keys,
    moment,
    project_path,
    refusal,
)
from orchestration.sources.json_exports import JsonEntity

_MERGE_REQUEST_KEY = f"coalesce({inside('references', 'full')}, {project_path('record.web_url')} || '!' || record.iid)"
_FINDING_DATES = ("created", "resolved", "dismissed", "updated")
_CREATED = ("created date", "record.created_at")


def entities(settings: SourceSettings) -> Iterable[JsonEntity]:
    """Declare what is read of code, pipelines and what they find; of records that fit several, the first counts."""
    yield from _merge_request_entities(settings)
    yield from _review_entities(settings)
    yield from _commit_entities(settings)
    yield from _pipeline_entities(settings)
    yield from _job_entities(settings)
    yield from _deployment_entities(settings)
    yield from _vulnerability_entities(settings)


def _merge_request_entities(settings: SourceSettings) -> Iterable[JsonEntity]:
    path = (
        f"coalesce(regexp_extract({inside('references', 'full')}, '^(.+)![0-9]+$', 1),"
        f" {project_path('record.web_url')})"
    )
    yield entity(
        "merge_requests",
        marks=["source_branch target_branch iid"],
        texts=(
            "id iid project_id title description state draft work_in_progress source_branch target_branch sha"
            " merge_commit_sha squash_commit_sha user_notes_count created_at updated_at merged_at closed_at web_url"
        ),
        nested="references",
        selects={
            "merge_requests": f"""
                select export_file, exported_at, record.id, record.iid, record.project_id, {path},
                    {_MERGE_REQUEST_KEY}, record.title, {mentioned_keys("record.description")}, record.source_branch,
                    record.target_branch, coalesce({flag("record.draft")}, {flag("record.work_in_progress")}),
                    record.state, {moment("record.created_at", settings)}, {moment("record.updated_at", settings)},
                    {moment("record.merged_at", settings)}, {moment("record.closed_at", settings)},
                    coalesce(record.merge_commit_sha, record.squash_commit_sha), record.sha,
                    try_cast(record.user_notes_count as bigint), record.web_url
                from landed where refusal is null"""
        },
        key=f"coalesce({_MERGE_REQUEST_KEY}, record.id)",
        refusal=refusal(
            "merge request",
            settings,
            required=[("id", "record.id"), ("number", "record.iid"), ("state", "record.state"), _CREATED],
            instants=[
                ("created", "record.created_at"),
                ("updated", "record.updated_at"),
                ("merged", "record.merged_at"),
                ("closed", "record.closed_at"),
            ],
        ),
    )


def _review_entities(settings: SourceSettings) -> Iterable[JsonEntity]:
    """Notes tell when a review happened, approvals (of newer servers) when each was given."""
    yield entity(
        "notes",
        marks=["noteable_id system"],
        texts="id noteable_id noteable_type system resolvable body created_at",
        nested="",
        selects={
            "notes": f"""
                select export_file, exported_at, record.id, record.noteable_type, record.noteable_id,
                    {flag("record.system")}, {flag("record.resolvable")},
                    case
                        when not {flag("record.system")} then null
                        when record.body ilike 'approved this merge request%' then 'approved'
                        when record.body ilike 'unapproved this merge request%' then 'unapproved'
                        when record.body ilike 'requested changes%' then 'requested_changes'
                    end,
                    {moment("record.created_at", settings)}
                from landed where refusal is null"""
        },
        key="'note ' || record.id",
        refusal=refusal(
            "note",
            settings,
            required=[("id", "record.id"), ("the item it is about", "record.noteable_id"), _CREATED],
            instants=[("created", "record.created_at")],
        ),
    )
    given = moment("json_extract_string(approval, '$.approved_at')", settings)
    # Without a licence the answer names no merge request; a pull leaves out who approved.
    asked_iid = asked_number("merge_requests", "approvals")
    yield entity(
        "approvals",
        marks=["approved_by approved", "approvals_required approvals_left", "approved user_has_approved"],
        texts="id iid project_id approvals_required approved updated_at",
        nested="approved_by",
        selects={
            "merge_request_approvals": f"""
                select export_file, exported_at, record.id, coalesce(record.project_id, {asked_project()}),
                    coalesce(record.iid, {asked_iid}), try_cast(record.approvals_required as bigint),
                    {flag("record.approved")}, len(try_cast(record.approved_by as JSON[])),
                    list_sort(list_filter(
                        list_transform(try_cast(record.approved_by as JSON[]), lambda approval: {given}),
                        lambda moment: moment is not null
                    )),
                    {moment("record.updated_at", settings)}
                from landed where refusal is null"""
        },
        key="'approvals of merge request ' || record.id",
        refusal=f"""
            case
                when record.id is null and ({asked_project()} is null or {asked_iid} is null)
                    then 'approvals that do not name their merge request'
                else {refusal("approvals", settings, required=[], instants=[("updated", "record.updated_at")])}
            end""",
    )


def _commit_entities(settings: SourceSettings) -> Iterable[JsonEntity]:
    """A commit names its project by its address; which merge request it is of, only the asked address tells."""
    asked_iid = asked_number("merge_requests", "commits")
    project = f"coalesce({asked_project()}, {project_path('record.web_url')})"
    yield entity(
        "commits",
        marks=["short_id committed_date"],
        texts="id title message committed_date web_url",
        nested="",
        selects={
            "merge_request_commits": f"""
                select export_file, exported_at, {project}, {asked_iid}, record.id,
                    {mentioned_keys("coalesce(record.message, record.title)")},
                    {moment("record.committed_date", settings)}
                from landed where refusal is null"""
        },
        key="record.id",
        refusal=f"""
            case
                when {asked_iid} is null or {project} is null then 'commit that does not name its merge request'
                else {
            refusal("commit", settings, required=[("id", "record.id")], instants=[("commit", "record.committed_date")])
        }
            end""",
    )


def _pipeline_entities(settings: SourceSettings) -> Iterable[JsonEntity]:
    moments = {name: moment(f"record.{name}_at", settings) for name in ("created", "updated", "started", "finished")}
    yield entity(
        "pipelines",
        marks=["sha ref status web_url", "sha ref status before_sha"],
        texts=(
            "id project_id name source ref sha status created_at updated_at started_at finished_at duration"
            " queued_duration web_url"
        ),
        nested="",
        selects={
            "pipelines": f"""
                select export_file, exported_at, record.id, coalesce(record.project_id, {asked_project()}),
                    {project_path("record.web_url")}, record.name, record.source, record.ref, record.sha,
                    record.status, {", ".join(moments.values())}, try_cast(record.duration as double),
                    try_cast(record.queued_duration as double), record.web_url
                from landed where refusal is null"""
        },
        key="'pipeline ' || record.id",
        refusal=refusal(
            "pipeline",
            settings,
            required=[("id", "record.id"), ("status", "record.status"), _CREATED],
            instants=[(name, f"record.{name}_at") for name in moments],
        ),
    )


def _job_entities(settings: SourceSettings) -> Iterable[JsonEntity]:
    path = project_path("record.web_url")
    project = f"coalesce({inside('pipeline', 'project_id')}, {asked_project()})"
    pipeline_moments = (
        moment(inside("pipeline", "created_at"), settings),
        moment(inside("pipeline", "updated_at"), settings),
    )
    yield entity(
        "jobs",
        marks=["stage pipeline status"],
        texts=(
            "id name stage ref status allow_failure created_at started_at finished_at duration queued_duration web_url"
        ),
        nested="commit pipeline",
        selects={
            "jobs": f"""
                select export_file, exported_at, record.id, {inside("pipeline", "id")}, {project}, {path}, record.name,
                    record.stage, record.ref, coalesce({inside("commit", "id")}, {inside("pipeline", "sha")}),
                    record.status, {flag("record.allow_failure")}, {moment("record.created_at", settings)},
                    {moment("record.started_at", settings)}, {moment("record.finished_at", settings)},
                    try_cast(record.duration as double), try_cast(record.queued_duration as double), record.web_url
                from landed where refusal is null""",
            "pipelines": f"""
                select distinct export_file, exported_at, {inside("pipeline", "id")}, {project},
                    coalesce({project_path(inside("pipeline", "web_url"))}, {path}), null,
                    {inside("pipeline", "source")}, {inside("pipeline", "ref")}, {inside("pipeline", "sha")},
                    {inside("pipeline", "status")}, {", ".join(pipeline_moments)}, null::timestamptz,
                    null::timestamptz, null::double, null::double, {inside("pipeline", "web_url")}
                from landed
                where refusal is null and {inside("pipeline", "id")} is not null
                    and {pipeline_moments[0]} is not null""",
        },
        key="'job ' || record.id",
        refusal=refusal(
            "job",
            settings,
            required=[("id", "record.id"), ("status", "record.status"), _CREATED],
            instants=[(name, f"record.{name}_at") for name in ("created", "started", "finished")],
        ),
    )


def _deployment_entities(settings: SourceSettings) -> Iterable[JsonEntity]:
    job_page = inside("deployable", "web_url")
    yield entity(
        "deployments",
        marks=["environment sha status"],
        texts="id ref sha status created_at updated_at",
        nested="environment deployable",
        selects={
            "deployments": f"""
                select export_file, exported_at, record.id,
                    coalesce({inside("deployable", "pipeline.project_id")}, {asked_project()}),
                    coalesce({project_path(job_page)}, {project_path(inside("deployable", "pipeline.web_url"))}),
                    {inside("environment", "name")}, {inside("environment", "tier")}, record.ref, record.sha,
                    record.status, {moment("record.created_at", settings)}, {moment("record.updated_at", settings)},
                    {inside("deployable", "id")}, {inside("deployable", "name")},
                    {moment(inside("deployable", "started_at"), settings)},
                    {moment(inside("deployable", "finished_at"), settings)},
                    {inside("deployable", "pipeline.id")},
                    coalesce({inside("deployable", "commit.id")}, record.sha),
                    {mentioned_keys(inside("deployable", "commit.message"))},
                    {moment(inside("deployable", "commit.committed_date"), settings)}
                from landed where refusal is null"""
        },
        key="'deployment ' || record.id",
        refusal=refusal(
            "deployment",
            settings,
            required=[
                ("id", "record.id"),
                ("status", "record.status"),
                ("environment", inside("environment", "name")),
                _CREATED,
            ],
            instants=[
                ("created", "record.created_at"),
                ("updated", "record.updated_at"),
                ("start", inside("deployable", "started_at")),
                ("finish", inside("deployable", "finished_at")),
            ],
        ),
    )


def _vulnerability_entities(settings: SourceSettings) -> Iterable[JsonEntity]:
    """A vulnerability has dates; a finding of a pipeline has none but that of its scan."""
    dated = tuple(moment(f"record.{name}_at", settings) for name in _FINDING_DATES)
    # The scanner's own words lie in the finding as JSON within JSON.
    raw = f"try_cast({inside('finding', 'raw_metadata')} as JSON)"
    place = f"coalesce({inside('location', 'file')}, json_extract_string({raw}, '$.location.file'))"
    scanned = moment(inside("scan", "start_time"), settings)
    shapes = {
        "vulnerabilities": (
            "record.id",
            f"{inside('project', 'id')}, {inside('project', 'path_with_namespace')}",
            "coalesce(record.title, record.name)",
            ", ".join(dated),
        ),
        "vulnerability_findings": (
            "coalesce(record.uuid, record.id)",
            f"{inside('project', 'id')}, ltrim({inside('project', 'full_path')}, '/')",
            f"coalesce({inside('identifiers', '[0].name')}, record.name)",
            f"{scanned}, null::timestamptz, null::timestamptz, {scanned}",
        ),
    }
    for name, (finding_id, project, rule, instants) in shapes.items():
        origin = "vulnerability" if name == "vulnerabilities" else "finding"
        marks = "finding report_type severity" if name == "vulnerabilities" else "report_type severity identifiers"
        yield entity(
            name,
            marks=[marks],
            texts=("id uuid title name report_type severity state created_at resolved_at dismissed_at updated_at"),
            nested="finding project identifiers location scan",
            selects={
                "vulnerabilities": f"""
                    select export_file, exported_at, {finding_id}, '{origin}', {project}, record.report_type, {rule},
                        {place}, record.severity, record.state, {instants}
                    from landed where refusal is null"""
            },
            key=f"'{origin} ' || {finding_id}",
            refusal=refusal(
                origin,
                settings,
                required=[("id", finding_id), ("severity", "record.severity")],
                instants=[(date, f"record.{date}_at") for date in _FINDING_DATES],
            ),
        )
