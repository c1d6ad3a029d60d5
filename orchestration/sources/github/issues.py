"""GitHub's issues, the lists of their sub-issues and of what blocks them, and milestones.

Belongs here: what is read of these records. Does not belong here: an issue's history (``events``), what state or label
means a stage (dbt). Assignees and authors are not read; nor is an issue's text.
"""

from orchestration.sources.export_format import SourceSettings
from orchestration.sources.github.answers import Entity, Reading, key_of, number_in, refusal, repository_in
from orchestration.sources.instants import instant

_REPOSITORY = f"coalesce({repository_in('record.repository_url')}, {repository_in('record.url')})"
_HTML_REPOSITORY = r"nullif(regexp_extract(record.html_url, '^https?://[^/]+/([^/]+/[^/]+)/(?:issues|pull)/', 1), '')"

_ISSUE_FIELDS = {
    "id": "VARCHAR",
    "number": "BIGINT",
    "title": "VARCHAR",
    "state": "VARCHAR",
    "state_reason": "VARCHAR",
    "url": "VARCHAR",
    "html_url": "VARCHAR",
    "repository_url": "VARCHAR",
    "repository": 'STRUCT("full_name" VARCHAR)',
    "pull_request": "JSON",
    "type": 'STRUCT("name" VARCHAR)',
    "labels": 'STRUCT("name" VARCHAR)[]',
    "milestone": "STRUCT(id VARCHAR)",
    "parent_issue_url": "VARCHAR",
    "created_at": "VARCHAR",
    "updated_at": "VARCHAR",
    "closed_at": "VARCHAR",
}


def _issue_repository(place: str) -> str:
    return f"coalesce(record.repository.full_name, {_REPOSITORY}, {_HTML_REPOSITORY}, {repository_in(place)})"


def _issue(place: str, settings: SourceSettings) -> Reading:
    repository = _issue_repository(place)
    return Reading(
        (
            "record.id",
            repository,
            "record.number",
            "record.title",
            "record.state",
            "record.state_reason",
            "coalesce(record.pull_request::varchar <> 'null', false)",
            'record."type"."name"',
            'list_filter(list_transform(record.labels, lambda label: label."name"), lambda named: named is not null)',
            "record.milestone.id",
            key_of(repository_in("record.parent_issue_url"), number_in("record.parent_issue_url")),
            instant("record.created_at", settings),
            instant("record.updated_at", settings),
            instant("record.closed_at", settings),
            "record.html_url",
        ),
        key=f"coalesce({_REPOSITORY}, '') || '#' || record.number",
        refusal=refusal(
            "issue",
            settings,
            named_by={"id": "record.id", "number": "record.number", "state": "record.state"},
            required_date="record.created_at",
            dates=("record.updated_at", "record.closed_at"),
        ),
        misplaced=f"case when {repository} is null then 'issue of no named repository' end",
    )


def _relation(place: str, settings: SourceSettings) -> Reading:
    owner = key_of(repository_in(place), number_in(place))
    # A file saved under a plain name tells its issue's number only; its repository is then that of the issues in it.
    owner_nearby = key_of(f"coalesce({repository_in(place)}, {_issue_repository(place)})", number_in(place))
    return Reading(
        (
            f"coalesce({owner}, {owner_nearby})",
            f"""case
                when contains({place}, 'sub_issues') then 'child'
                when contains({place}, 'blocked_by') then 'blocked_by'
                when contains({place}, 'blocking') then 'blocks'
            end""",
            "record.id",
            key_of(_issue_repository(place), "record.number"),
        ),
        key=f"coalesce({_REPOSITORY}, '') || '#' || record.number",
        refusal=refusal(
            "related issue",
            settings,
            named_by={"id": "record.id", "number": "record.number"},
            required_date=None,
        ),
        misplaced=f"case when {number_in(place)} is null then 'related issue of a list that names no issue'"
        f" when {_issue_repository(place)} is null then 'related issue of no named repository' end",
    )


_MILESTONE_FIELDS = {
    "id": "VARCHAR",
    "number": "BIGINT",
    "title": "VARCHAR",
    "description": "VARCHAR",
    "state": "VARCHAR",
    "url": "VARCHAR",
    "created_at": "VARCHAR",
    "updated_at": "VARCHAR",
    "due_on": "VARCHAR",
    "closed_at": "VARCHAR",
}


def _milestone(place: str, settings: SourceSettings) -> Reading:
    return Reading(
        (
            "record.id",
            f"coalesce({repository_in('record.url')}, {repository_in(place)})",
            "record.number",
            "record.title",
            "record.description",
            "record.state",
            instant("record.created_at", settings),
            instant("record.updated_at", settings),
            # A due date lies ahead of its export more often than not; an impossible one is none.
            instant("record.due_on", settings),
            instant("record.closed_at", settings),
        ),
        key="record.title",
        refusal=refusal(
            "milestone",
            settings,
            named_by={"id": "record.id", "title": "record.title"},
            required_date="record.created_at",
            dates=("record.updated_at", "record.closed_at"),
        ),
    )


ENTITIES = (
    Entity(
        "milestones",
        "milestones",
        (("due_on", "number"), ("open_issues", "closed_issues")),
        _MILESTONE_FIELDS,
        _milestone,
    ),
    Entity("issues", "issues", (("number", "title", "state"),), _ISSUE_FIELDS, _issue, lists=("items",)),
)

# The same records as issues, told apart by where they were asked for.
RELATIONS = Entity("issue_relations", "issue_relations", ENTITIES[1].marks, _ISSUE_FIELDS, _relation)
