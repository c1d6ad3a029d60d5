"""Azure Repos: pull requests, their commits and the votes and comments in their threads.

Belongs here: one record of each as a row of its raw table. Does not belong here: when a request counts as reviewed or
merged. Who wrote, voted or committed is not read; of a comment's text nothing is.

Shapes follow the REST API's ``git/pullrequests`` (also with ``includeCommits`` and ``includeWorkItemRefs``),
``git/repositories/{id}/pullRequests/{id}/commits`` and ``…/threads``.
"""

from orchestration.sources.azure_devops.saved_answers import impossible, in_every_layout, moment
from orchestration.sources.export_format import ExportKind, RawTable

PULL_REQUESTS = RawTable(
    "pull_requests",
    {
        "pull_request_id": "VARCHAR",
        "project": "VARCHAR",
        "repository": "VARCHAR",
        "title": "VARCHAR",
        "description": "VARCHAR",
        "source_branch": "VARCHAR",
        "target_branch": "VARCHAR",
        "status": "VARCHAR",
        "is_draft": "BOOLEAN",
        "created": "TIMESTAMPTZ",
        "closed": "TIMESTAMPTZ",
        "merge_commit_sha": "VARCHAR",
        "head_commit_sha": "VARCHAR",
        "work_item_ids": "VARCHAR[]",
    },
    "One row per pull request and export file.",
)
COMMITS = RawTable(
    "pull_request_commits",
    {
        "pull_request_id": "VARCHAR",
        "commit_sha": "VARCHAR",
        "message": "VARCHAR",
        "authored": "TIMESTAMPTZ",
        "committed": "TIMESTAMPTZ",
    },
    "One row per commit of a pull request and export file; the request is NULL where the answer does not name it.",
)
THREADS = RawTable(
    "pull_request_threads",
    {
        "pull_request_id": "VARCHAR",
        "thread_id": "VARCHAR",
        "published": "TIMESTAMPTZ",
        "vote": "BIGINT",
        "n_comments": "BIGINT",
    },
    "One row per thread of a pull request and export file: the vote it records, or the comments that people wrote.",
)
TABLES = (PULL_REQUESTS, COMMITS, THREADS)

_COMMIT = {
    "commitId": "VARCHAR",
    "comment": "VARCHAR",
    "author": 'STRUCT("date" VARCHAR)',
    "committer": 'STRUCT("date" VARCHAR)',
}
# Neither a commit nor every thread names its request: the address it was asked under may, or the name of its file.
_REQUEST = """coalesce(nullif(regexp_extract(record._request, '/pullRequests/([0-9]+)/', 1, 'i'), ''),
    nullif(regexp_extract(export_file, 'pull[-_ ]?requests?[-_/ ]+([0-9]+)', 1, 'i'), ''))"""


def kinds() -> dict[str, ExportKind]:
    """Declare the kinds; nothing of them depends on the portfolio."""
    return {**_PULL_REQUESTS, **_COMMITS, **_THREADS}


_COMMIT_STRUCT = "STRUCT(" + ", ".join(f'"{name}" {type_}' for name, type_ in _COMMIT.items()) + ")"


def _commit_columns(commit: str, request: str) -> str:
    authored, committed = moment(f"{commit}.author.date"), moment(f"{commit}.committer.date")
    return f"export_file, exported_at, {request}, {commit}.commitId, {commit}.comment, {authored}, {committed}"


_PULL_REQUESTS = in_every_layout(
    "pull_requests",
    record_columns={
        "pullRequestId": "VARCHAR",
        "repository": "STRUCT(name VARCHAR, project STRUCT(name VARCHAR))",
        "title": "VARCHAR",
        "description": "VARCHAR",
        "sourceRefName": "VARCHAR",
        "targetRefName": "VARCHAR",
        "status": "VARCHAR",
        "isDraft": "BOOLEAN",
        "creationDate": "VARCHAR",
        "closedDate": "VARCHAR",
        "lastMergeCommit": "STRUCT(commitId VARCHAR)",
        "lastMergeSourceCommit": "STRUCT(commitId VARCHAR)",
        "commits": f"{_COMMIT_STRUCT}[]",
        "workItemRefs": "STRUCT(id VARCHAR)[]",
    },
    selects={
        PULL_REQUESTS.name: f"""
            select export_file, exported_at, record.pullRequestId, record.repository.project.name,
                record.repository.name, record.title, record.description,
                regexp_replace(record.sourceRefName, '^refs/heads/', ''),
                regexp_replace(record.targetRefName, '^refs/heads/', ''), lower(record.status), record.isDraft,
                {moment("record.creationDate")}, {moment("record.closedDate")}, record.lastMergeCommit.commitId,
                record.lastMergeSourceCommit.commitId, list_transform(record.workItemRefs, lambda item: item.id)
            from landed where refusal is null""",
        COMMITS.name: f"""
            select {_commit_columns("pushed", "pull_request_id")}
            from (
                select export_file, exported_at, record.pullRequestId as pull_request_id,
                    unnest(record.commits) as pushed
                from landed where refusal is null
            )
            where pushed.commitId is not null""",
    },
    key="record.pullRequestId",
    rows_in=PULL_REQUESTS.name,
    refusal="case when record.pullRequestId is null then 'pull request without id'"
    " when nullif(trim(record.creationDate), '') is null then 'pull request without creation date'"
    + impossible("record.creationDate", "creation")
    + " end",
)

_COMMITS = in_every_layout(
    "pull_request_commits",
    record_columns={**_COMMIT, "_request": "VARCHAR"},
    selects={COMMITS.name: f"select {_commit_columns('record', _REQUEST)} from landed where refusal is null"},
    key="record.commitId",
    rows_in=COMMITS.name,
    refusal="case when record.commitId is null then 'commit without id'"
    + impossible('record.author."date"', "author")
    + " end",
)

_THREAD_REQUEST = f"""coalesce(
    nullif(regexp_extract(record._links.self.href, '/pullRequests/([0-9]+)/threads', 1, 'i'), ''),
    {_REQUEST})"""
_THREADS = in_every_layout(
    "pull_request_threads",
    record_columns={
        "id": "VARCHAR",
        "publishedDate": "VARCHAR",
        "isDeleted": "BOOLEAN",
        "comments": "STRUCT(commentType VARCHAR, isDeleted BOOLEAN)[]",
        "properties": 'STRUCT("CodeReviewThreadType" STRUCT("$value" VARCHAR),'
        ' "CodeReviewVoteResult" STRUCT("$value" VARCHAR))',
        "_links": "STRUCT(self STRUCT(href VARCHAR))",
        "_request": "VARCHAR",
    },
    selects={
        THREADS.name: f"""
            select export_file, exported_at, {_THREAD_REQUEST}, record.id, {moment("record.publishedDate")},
                case when record.properties."CodeReviewThreadType"."$value" = 'VoteUpdate'
                    then try_cast(record.properties."CodeReviewVoteResult"."$value" as bigint) end,
                case when coalesce(record.isDeleted, false) then 0 else len(list_filter(record.comments,
                    lambda comment: lower(comment.commentType) = 'text' and not coalesce(comment.isDeleted, false)
                )) end
            from landed where refusal is null"""
    },
    key="record.id",
    rows_in=THREADS.name,
    refusal=f"case when record.id is null then 'thread without id'"
    f" when {_THREAD_REQUEST} is null then 'thread that does not name its pull request'"
    + impossible("record.publishedDate", "published")
    + " end",
)
