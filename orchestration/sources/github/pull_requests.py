"""GitHub's pull requests, their reviews and their commits.

Belongs here: what is read of these records. Does not belong here: waits between their moments, links to items (dbt).
Authors, reviewers and committers are not read; of a text or message only the keys of issues that it names.
"""

from orchestration.sources.export_format import SourceSettings
from orchestration.sources.github.answers import (
    Entity,
    Reading,
    closing_references_in,
    number_in,
    references_in,
    refusal,
    repository_in,
)
from orchestration.sources.instants import instant

_PULL_FIELDS = {
    "id": "VARCHAR",
    "number": "BIGINT",
    "title": "VARCHAR",
    "body": "VARCHAR",
    "state": "VARCHAR",
    "draft": "BOOLEAN",
    "url": "VARCHAR",
    "html_url": "VARCHAR",
    "created_at": "VARCHAR",
    "updated_at": "VARCHAR",
    "closed_at": "VARCHAR",
    "merged_at": "VARCHAR",
    "merge_commit_sha": "VARCHAR",
    "head": 'STRUCT("ref" VARCHAR, sha VARCHAR)',
    "base": 'STRUCT("ref" VARCHAR, sha VARCHAR, repo STRUCT("full_name" VARCHAR))',
    "commits": "BIGINT",
    "comments": "BIGINT",
    "review_comments": "BIGINT",
    "additions": "BIGINT",
    "deletions": "BIGINT",
}


def _pull_request(place: str, settings: SourceSettings) -> Reading:
    repository = f"coalesce({repository_in('record.url')}, record.base.repo.full_name, {repository_in(place)})"
    text = "concat_ws(chr(10), record.title, record.body)"
    return Reading(
        (
            "record.id",
            repository,
            "record.number",
            "record.title",
            "record.state",
            "record.draft",
            "record.head.ref",
            "record.base.ref",
            "record.head.sha",
            "record.merge_commit_sha",
            references_in(text, repository),
            closing_references_in(text, repository),
            instant("record.created_at", settings),
            instant("record.updated_at", settings),
            instant("record.closed_at", settings),
            instant("record.merged_at", settings),
            "record.commits",
            "record.comments",
            "record.review_comments",
            "record.additions",
            "record.deletions",
            "record.html_url",
        ),
        key="record.number::varchar",
        refusal=refusal(
            "pull request",
            settings,
            named_by={"id": "record.id", "number": "record.number", "state": "record.state"},
            required_date="record.created_at",
            dates=("record.updated_at", "record.closed_at", "record.merged_at"),
        ),
        misplaced=f"case when {repository} is null then 'pull request of no named repository' end",
    )


_REVIEW_FIELDS = {
    "id": "VARCHAR",
    "state": "VARCHAR",
    "submitted_at": "VARCHAR",
    "pull_request_url": "VARCHAR",
}


def _review(place: str, settings: SourceSettings) -> Reading:
    repository = f"coalesce({repository_in('record.pull_request_url')}, {repository_in(place)})"
    number = f"coalesce({number_in('record.pull_request_url')}, {number_in(place)})"
    return Reading(
        ("record.id", repository, number, "lower(record.state)", instant("record.submitted_at", settings)),
        key="record.id",
        # A review that is still being written has no date.
        refusal=refusal(
            "review", settings, named_by={"id": "record.id"}, required_date=None, dates=("record.submitted_at",)
        ),
        misplaced=f"case when {repository} is null or {number} is null"
        " then 'review that does not name its pull request' end",
    )


_COMMIT_FIELDS = {
    "sha": "VARCHAR",
    "url": "VARCHAR",
    "commit": 'STRUCT(message VARCHAR, author STRUCT("date" VARCHAR), committer STRUCT("date" VARCHAR))',
}


def _commit(place: str, settings: SourceSettings) -> Reading:
    repository = f"coalesce({repository_in(place)}, {repository_in('record.url')})"
    return Reading(
        (
            "record.sha",
            repository,
            number_in(place),
            references_in("record.commit.message", repository),
            instant("record.commit.author.date", settings),
            instant("record.commit.committer.date", settings),
        ),
        key="record.sha",
        refusal=refusal(
            "commit",
            settings,
            named_by={"sha": "record.sha"},
            required_date="record.commit.committer.date",
            dates=("record.commit.author.date",),
        ),
        misplaced=f"case when {repository} is null then 'commit of no named repository' end",
    )


ENTITIES = (
    Entity("pull_requests", "pull_requests", (("number", "head", "base"),), _PULL_FIELDS, _pull_request),
    Entity(
        "reviews",
        "reviews",
        (("pull_request_url", "state", "commit_id"), ("submitted_at", "state", "pull_request_url")),
        _REVIEW_FIELDS,
        _review,
    ),
    Entity("commits", "commits", (("sha", "commit"),), _COMMIT_FIELDS, _commit),
)
