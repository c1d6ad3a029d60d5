"""GitLab's issues, epics, links, resource events, milestones and iterations, and the projects they lie in.

Belongs here: the record read from each, and how it becomes rows of ``raw_gitlab.*``. Does not belong here: telling
files apart (``files``), code and pipelines (``delivery``), status by label, parents and iterations of items (dbt).

Shapes follow the REST API v4: ``/projects/:id/issues``, ``/issues/:iid/links``, ``/resource_state_events`` (and label,
milestone, iteration, weight), ``/groups/:id/epics``, ``/epics/:iid/issues``, ``/milestones``, ``/iterations``.
People (authors, assignees, whoever closed or relabelled) are not read.
"""

from collections.abc import Iterable

from orchestration.sources.export_format import SourceSettings
from orchestration.sources.gitlab.record_kinds import (
    ADDRESS,
    asked_number,
    asked_project,
    entity,
    inside,
    label_names,
    moment,
    project_path,
    refusal,
)
from orchestration.sources.json_exports import JsonEntity

_ISSUE_TEXTS = (
    "id iid project_id title state issue_type type weight moved_to_id created_at updated_at closed_at web_url epic_iid"
)
_ISSUE_NESTED = "labels milestone iteration epic references _links"
_ISSUE_KEY = f"coalesce({inside('references', 'full')}, {project_path('record.web_url')} || '#' || record.iid)"
_EPIC_KEY = inside("references", "full")
_ASKED_EPIC = f"nullif(regexp_replace(regexp_extract({ADDRESS}, 'groups/[^/]+/epics/[0-9]+/issues'),"
_ASKED_EPIC += " 'groups/([^/]+)/epics/([0-9]+)/issues', '\\1&\\2'), '')"


def entities(settings: SourceSettings) -> Iterable[JsonEntity]:
    """Declare what is read of issues, epics and their histories; of records that fit several, the first counts."""
    yield from _event_entities(settings)
    yield from _link_entities(settings)
    yield from _issue_entities(settings)
    yield from _epic_entities(settings)
    yield from _planning_entities(settings)
    yield entity(
        "projects",
        marks=["path_with_namespace"],
        texts="id path_with_namespace",
        nested="",
        selects={
            "projects": "select export_file, exported_at, record.id, record.path_with_namespace"
            " from landed where refusal is null"
        },
        key="record.path_with_namespace",
        refusal=refusal("project", settings, required=[("id", "record.id")], instants=[]),
    )


def _issue_entities(settings: SourceSettings) -> Iterable[JsonEntity]:
    selects = {
        "issues": f"""
            select export_file, exported_at, record.id, record.iid, record.project_id,
                coalesce(regexp_extract({_ISSUE_KEY}, '^(.+)#[0-9]+$', 1), {project_path("record.web_url")}),
                {_ISSUE_KEY}, lower(coalesce(record.issue_type, record.type, 'issue')), record.title, record.state,
                {label_names("labels")}, try_cast(record.weight as double),
                {inside("milestone", "id")}, {inside("milestone", "title")}, {inside("iteration", "id")},
                {inside("epic", "id")},
                coalesce({inside("epic", "group_id")} || '&' || {inside("epic", "iid")}, {_ASKED_EPIC}),
                record.moved_to_id, {inside("_links", "closed_as_duplicate_of")},
                {moment("record.created_at", settings)}, {moment("record.updated_at", settings)},
                {moment("record.closed_at", settings)}, record.web_url
            from landed where refusal is null""",
        "milestones": _embedded("milestone", ("project_id", "group_id"), settings),
        "iterations": _embedded("iteration", ("group_id",), settings),
    }
    refused = refusal(
        "issue",
        settings,
        required=[("id", "record.id"), ("number", "record.iid"), ("state", "record.state"), *_CREATED],
        instants=[("created", "record.created_at"), ("updated", "record.updated_at"), ("closed", "record.closed_at")],
    )
    # Listed under their epic, issues have one field more.
    for name, marks in (("epic_issues", "epic_issue_id iid"), ("issues", "iid project_id state labels")):
        yield entity(
            name,
            marks=[marks],
            texts=_ISSUE_TEXTS,
            nested=_ISSUE_NESTED,
            selects=selects,
            key=f"coalesce({_ISSUE_KEY}, record.id)",
            refusal=refused,
        )


_CREATED = (("created date", "record.created_at"),)


def _embedded(field: str, owners: tuple[str, ...], settings: SourceSettings) -> str:
    """Select what issues tell of their milestone or iteration, once per file and version."""
    owned = "".join(f", {inside(field, owner)}" for owner in owners)
    return f"""
            select distinct export_file, exported_at, {inside(field, "id")}, {inside(field, "title")},
                {inside(field, "description")}, {inside(field, "state")}{owned},
                try_cast({inside(field, "start_date")} as date), try_cast({inside(field, "due_date")} as date),
                {moment(inside(field, "updated_at"), settings)}
            from landed where refusal is null and {inside(field, "id")} is not null"""


def _epic_entities(settings: SourceSettings) -> Iterable[JsonEntity]:
    yield entity(
        "epics",
        marks=["iid group_id state labels"],
        texts="id iid group_id title state parent_id created_at updated_at closed_at web_url",
        nested="labels references",
        selects={
            "epics": f"""
                select export_file, exported_at, record.id, record.iid, record.group_id,
                    coalesce({_EPIC_KEY}, record.group_id || '&' || record.iid), record.title, record.state,
                    {label_names("labels")}, record.parent_id, {moment("record.created_at", settings)},
                    {moment("record.updated_at", settings)}, {moment("record.closed_at", settings)}, record.web_url
                from landed where refusal is null"""
        },
        key=f"coalesce({_EPIC_KEY}, record.id)",
        refusal=refusal(
            "epic",
            settings,
            required=[("id", "record.id"), ("state", "record.state"), *_CREATED],
            instants=[
                ("created", "record.created_at"),
                ("updated", "record.updated_at"),
                ("closed", "record.closed_at"),
            ],
        ),
    )


def _link_entities(settings: SourceSettings) -> Iterable[JsonEntity]:
    """A list of links names the other issue only; a single link names both."""
    asked_iid = asked_number("issues", "links")
    issue_id = inside("source_issue", "id")
    linked = f"coalesce({inside('target_issue', 'id')}, record.id)"
    yield entity(
        "issue_links",
        marks=["source_issue target_issue", "issue_link_id", "link_type iid"],
        texts="id issue_link_id link_type link_created_at",
        nested="source_issue target_issue",
        selects={
            "issue_links": f"""
                select export_file, exported_at,
                    coalesce(record.issue_link_id, case when record.target_issue is not null then record.id end),
                    coalesce(record.link_type, 'relates_to'), {asked_project()}, {asked_iid}, {issue_id}, {linked},
                    {moment("record.link_created_at", settings)}
                from landed where refusal is null"""
        },
        key="coalesce(record.issue_link_id, record.id)",
        refusal=f"""
            case
                when {linked} is null then 'link without the issue it leads to'
                when {issue_id} is null and ({asked_project()} is null or {asked_iid} is null)
                    then 'link that does not name its own issue'
                else {refusal("link", settings, required=[], instants=[("creation", "record.link_created_at")])}
            end""",
    )


def _event_entities(settings: SourceSettings) -> Iterable[JsonEntity]:
    """Events of five kinds fill one table; an event of a deleted label or milestone keeps its time and no value."""
    values = {
        "weight": ("issue_id weight", "'set'", "null", "record.weight"),
        "label": ("resource_id action label", "record.action", inside("label", "id"), inside("label", "name")),
        **{
            kind: (f"resource_id action {kind}", "record.action", inside(kind, "id"), inside(kind, "title"))
            for kind in ("milestone", "iteration")
        },
        # An event of a milestone has a state too: the item's.
        "state": ("resource_id resource_type state", "record.state", "null", "record.state"),
    }
    resource_id = "coalesce(record.resource_id, record.issue_id)"
    for kind, (marks, action, value_id, value_name) in values.items():
        yield entity(
            f"{kind}_events",
            marks=[marks],
            texts="id issue_id resource_id resource_type state action weight created_at",
            nested="label milestone iteration",
            selects={
                "resource_events": f"""
                    select export_file, exported_at, '{kind}', record.id, coalesce(record.resource_type, 'Issue'),
                        {resource_id}, {action}, {value_id}, {value_name}, {moment("record.created_at", settings)}
                    from landed where refusal is null"""
            },
            key=f"'{kind} event ' || record.id",
            refusal=refusal(
                "event",
                settings,
                required=[("id", "record.id"), ("the item it belongs to", resource_id), *_CREATED],
                instants=[("created", "record.created_at")],
            ),
        )


def _planning_entities(settings: SourceSettings) -> Iterable[JsonEntity]:
    planned = "iid title state start_date due_date"
    for name, owners, marks in (
        ("iterations", "group_id", "sequence start_date due_date"),
        ("milestones", "project_id group_id", planned),
    ):
        owned = "".join(f", record.{owner}" for owner in owners.split())
        yield entity(
            name,
            marks=[marks],
            texts=f"id title description state {owners} start_date due_date updated_at",
            nested="",
            selects={
                name: f"""
                    select export_file, exported_at, record.id, record.title, record.description, record.state{owned},
                        try_cast(record.start_date as date), try_cast(record.due_date as date),
                        {moment("record.updated_at", settings)}
                    from landed where refusal is null"""
            },
            key="coalesce(record.title, record.id)",
            refusal=refusal(
                name.removesuffix("s"),
                settings,
                required=[("id", "record.id")],
                instants=[("updated", "record.updated_at")],
            ),
        )
