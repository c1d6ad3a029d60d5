"""The history of GitHub's issues and pull requests: events, timelines, and GraphQL's timeline items.

Belongs here: what is read of an event. Does not belong here: what an event changes (dbt). Who did it, who was assigned
or asked, and what was written are not read: such events keep their kind and their time.

GitHub's REST timeline tells that an item's status in a project changed, but not to what; GraphQL's
``timelineItems`` does.
"""

from orchestration.sources.export_format import ExportKind, SourceSettings
from orchestration.sources.github.answers import Entity, Reading, key_of, number_in, refusal, repository_in
from orchestration.sources.instants import instant

_OTHER_ISSUE = (
    'STRUCT(id VARCHAR, number BIGINT, url VARCHAR, repository_url VARCHAR, "repository" STRUCT("full_name" VARCHAR),'
    " pull_request JSON)"
)
_FIELDS = {
    "id": "VARCHAR",
    "event": "VARCHAR",
    "url": "VARCHAR",
    "created_at": "VARCHAR",
    "submitted_at": "VARCHAR",
    "committer": 'STRUCT("date" VARCHAR)',
    "sha": "VARCHAR",
    "commit_id": "VARCHAR",
    "state_reason": "VARCHAR",
    "label": 'STRUCT("name" VARCHAR)',
    "milestone": "STRUCT(title VARCHAR)",
    "issue_type": 'STRUCT("name" VARCHAR)',
    "prev_issue_type": 'STRUCT("name" VARCHAR)',
    "issue": _OTHER_ISSUE,
    "source": f"STRUCT(issue {_OTHER_ISSUE})",
    "sub_issue": _OTHER_ISSUE,
    "parent_issue": _OTHER_ISSUE,
    "blocking_issue": _OTHER_ISSUE,
    "blocked_issue": _OTHER_ISSUE,
}
# A review stands in a timeline under the moment it was submitted, a commit under its own.
_MOMENT = "coalesce(record.created_at, record.submitted_at, record.committer.date)"


def _key_of_issue(issue: str) -> str:
    repository = (
        f"coalesce({issue}.repository.full_name, {repository_in(f'{issue}.repository_url')},"
        f" {repository_in(f'{issue}.url')})"
    )
    return key_of(repository, f"{issue}.number")


def _event(place: str, settings: SourceSettings) -> Reading:
    repository = (
        f"coalesce({repository_in('record.issue.repository_url')}, {repository_in('record.issue.url')},"
        f" {repository_in('record.url')}, {repository_in(place)})"
    )
    number = f"coalesce(record.issue.number, {number_in('record.issue.url')}, {number_in(place)})"
    others = ("record.source.issue", "record.sub_issue", "record.parent_issue", "record.blocking_issue",
              "record.blocked_issue")  # fmt: skip
    return Reading(
        (
            "record.id",
            repository,
            number,
            "record.event",
            instant(_MOMENT, settings),
            "record.label.name",
            "record.milestone.title",
            "record.state_reason",
            "coalesce(record.commit_id, record.sha)",
            "record.prev_issue_type.name",
            "record.issue_type.name",
            f"coalesce({', '.join(_key_of_issue(other) for other in others)})",
            "record.source.issue.pull_request::varchar <> 'null'",
            "NULL",
        ),
        key="coalesce(record.id, record.event)",
        refusal=refusal("event", settings, named_by={"kind": "record.event"}, required_date=_MOMENT),
        misplaced=f"case when {number} is null or {repository} is null"
        " then 'event that does not name its issue; save it with its request, or under a path like'"
        " || ' repos/<owner>/<name>/issues/<number>/timeline.json' end",
    )


# A workflow run has an `event` too; what tells an event is that it has no run.
EVENTS = Entity(
    "issue_events",
    "issue_events",
    (("event", "created_at"), ("event", "actor"), ("event", "sha"), ("event", "submitted_at")),
    _FIELDS,
    _event,
)

_ITEM = (
    'STRUCT("__typename" VARCHAR, id VARCHAR, createdAt VARCHAR, previousStatus VARCHAR, status VARCHAR,'
    " project STRUCT(id VARCHAR, title VARCHAR),"
    ' "label" STRUCT("name" VARCHAR), milestoneTitle VARCHAR, stateReason VARCHAR,'
    " fromRepository STRUCT(nameWithOwner VARCHAR),"
    " subIssue STRUCT(number BIGINT, repository STRUCT(nameWithOwner VARCHAR)),"
    ' "parent" STRUCT(number BIGINT, repository STRUCT(nameWithOwner VARCHAR)))'
)
_ISSUE = f"STRUCT(number BIGINT, repository STRUCT(nameWithOwner VARCHAR), timelineItems STRUCT(nodes {_ITEM}[]))"
_ISSUES_OF_ANSWER = """list_filter(
    list_concat(
        [record.data.repository.issue, record.data.repository.issueOrPullRequest, record.data.node],
        coalesce(record.data.repository.issues.nodes, [])
    ),
    lambda issue: issue.number is not null)"""
# The words of the events API: GraphQL's names of the same events.
_EVENT_WORDS = {
    "ProjectV2ItemStatusChangedEvent": "project_v2_item_status_changed",
    "AddedToProjectV2Event": "added_to_project_v2",
    "RemovedFromProjectV2Event": "removed_from_project_v2",
    "LabeledEvent": "labeled",
    "UnlabeledEvent": "unlabeled",
    "ClosedEvent": "closed",
    "ReopenedEvent": "reopened",
    "MilestonedEvent": "milestoned",
    "DemilestonedEvent": "demilestoned",
    "TransferredEvent": "transferred",
    "ConvertedToDiscussionEvent": "converted_to_discussion",
    "SubIssueAddedEvent": "sub_issue_added",
    "SubIssueRemovedEvent": "sub_issue_removed",
    "ParentIssueAddedEvent": "parent_issue_added",
    "ParentIssueRemovedEvent": "parent_issue_removed",
}


def graphql_timelines(settings: SourceSettings) -> ExportKind:
    """Declare GraphQL's answer with the timeline items of one issue or of a repository's issues."""
    words = " ".join(f"when '{name}' then '{word}'" for name, word in _EVENT_WORDS.items())
    items = f"""(
        select export_file, exported_at, issue, coalesce(issue.repository.nameWithOwner, repository) as repository,
            unnest(issue.timelineItems.nodes) as item
        from (
            select export_file, exported_at, record.data.repository.nameWithOwner as repository,
                unnest({_ISSUES_OF_ANSWER}) as issue
            from landed where refusal is null
        ))"""
    reason = (
        'case when item is null or (item."__typename" is null and item.createdAt is null)'
        " then 'timeline item without type' "
        + refusal("timeline item", settings, named_by={"repository": "repository"}, required_date="item.createdAt")[5:]
    )
    other = "coalesce(item.subIssue, item.parent)"
    return ExportKind(
        "graphql_timelines",
        "unstructured",
        {
            "data": "STRUCT(repository STRUCT(nameWithOwner VARCHAR,"
            f" issue {_ISSUE}, issueOrPullRequest {_ISSUE}, issues STRUCT(nodes {_ISSUE}[])), node {_ISSUE})",
            "errors": "STRUCT(message VARCHAR)[]",
        },
        {
            "issue_events": f"""
                select export_file, exported_at, item.id, repository, issue.number,
                    case item."__typename" {words}
                        else case when item.status is not null then 'project_v2_item_status_changed'
                            else item."__typename" end end,
                    {instant("item.createdAt", settings)}, item.label.name, item.milestoneTitle,
                    lower(item.stateReason), null,
                    coalesce(item.previousStatus, item.fromRepository.nameWithOwner), item.status,
                    {key_of(f"coalesce({other}.repository.nameWithOwner, repository)", f"{other}.number")},
                    null, item.project.id
                from {items}
                where {reason} is null"""
        },
        key="'GraphQL answer'",
        refusal=f"""case
            when record.data is null or (record.data.repository is null and record.data.node is null)
                then coalesce('GraphQL error: ' || left(record.errors[1].message, 200),
                    'GraphQL answer without a repository or an issue of it')
            when len({_ISSUES_OF_ANSWER}) = 0 and coalesce(len(record.data.repository.issues.nodes), 1) > 0
                then 'GraphQL answer without an issue that names its number'
        end""",
        unreadable_parts=f"select export_file, repository || '#' || issue.number as record_key, {reason} as reason"
        f" from {items} where {reason} is not null",
    )
