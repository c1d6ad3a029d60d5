"""What a Jira instance is made of: statuses, fields, boards, sprints, versions; and its worklog pages.

Belongs here: the kinds of export whose record is one small row. Does not belong here: issues and their changelogs.

Shapes follow ``/status``, ``/field``, ``/project/{key}/versions``, ``/issue/{id}/worklog``, ``/worklog/list`` and the
agile API's ``/board`` and ``/board/{id}/sprint``.
"""

from orchestration.sources.export_format import ExportKind
from orchestration.sources.instants import POSSIBLE_INSTANTS

_STATUSES = ExportKind(
    "statuses",
    "array",
    {"id": "VARCHAR", "name": "VARCHAR", "statusCategory": "STRUCT(key VARCHAR)"},
    {
        "statuses": "select export_file, exported_at, record.id, record.name, record.statusCategory.key"
        " from landed where refusal is null"
    },
    key="record.name",
    refusal="case when record.name is null then 'status without name' end",
    load_order=0,
    rows_in="statuses",
)

_FIELDS = ExportKind(
    "fields",
    "array",
    {"id": "VARCHAR", "key": "VARCHAR", "name": "VARCHAR", "custom": "BOOLEAN"},
    {
        "fields": "select export_file, exported_at, coalesce(record.id, record.key), record.name,"
        " coalesce(record.custom, false)"
        " from landed where refusal is null"
    },
    key="record.name",
    refusal="case when coalesce(record.id, record.key) is null then 'field without id' end",
    load_order=0,
    rows_in="fields",
)

_SPRINTS = ExportKind(
    "sprint_pages",
    "unstructured",
    {
        "id": "VARCHAR",
        "name": "VARCHAR",
        "state": "VARCHAR",
        "originBoardId": "VARCHAR",
        "goal": "VARCHAR",
        "startDate": "VARCHAR",
        "endDate": "VARCHAR",
        "completeDate": "VARCHAR",
    },
    {
        "sprints": "select export_file, exported_at, record.id, record.name, lower(record.state),"
        " record.originBoardId, record.goal,"
        " try_cast(record.startDate as timestamptz), try_cast(record.endDate as timestamptz),"
        " try_cast(record.completeDate as timestamptz) from landed where refusal is null"
    },
    records_in="values",
    key="record.name",
    refusal="case when record.id is null then 'sprint without id' end",
    rows_in="sprints",
)

# A personal board's location names its owner, who is not read.
_BOARDS = ExportKind(
    "board_pages",
    "unstructured",
    {"id": "VARCHAR", "name": "VARCHAR", "type": "VARCHAR", "location": "STRUCT(projectKey VARCHAR)"},
    {
        "boards": "select export_file, exported_at, record.id, record.name, record.type, record.location.projectKey"
        " from landed where refusal is null"
    },
    records_in="values",
    key="record.name",
    refusal="case when record.id is null then 'board without id' end",
    rows_in="boards",
)


def kinds() -> list[ExportKind]:
    """Declare the kinds that are the same for every source."""
    versions = [_versions("versions", None), _versions("version_pages", "values")]
    worklogs = [_worklogs("worklog_pages", "worklogs"), _worklogs("worklog_array", None), _worklogs("worklogs", None)]
    return [_STATUSES, _FIELDS, _SPRINTS, _BOARDS, *versions, *worklogs]


def _versions(name: str, records_in: str | None) -> ExportKind:
    return ExportKind(
        name,
        "unstructured" if records_in else "array",
        {
            "id": "VARCHAR",
            "name": "VARCHAR",
            "projectId": "VARCHAR",
            "project": "VARCHAR",
            "released": "BOOLEAN",
            "archived": "BOOLEAN",
            "startDate": "VARCHAR",
            "releaseDate": "VARCHAR",
        },
        {
            "versions": "select export_file, exported_at, record.id, record.name,"
            " coalesce(record.project, record.projectId), coalesce(record.released, false),"
            " coalesce(record.archived, false), try_cast(record.startDate as date),"
            " try_cast(record.releaseDate as date) from landed where refusal is null"
        },
        records_in=records_in,
        key="record.name",
        refusal="case when record.id is null then 'version without id'"
        " when record.releaseDate is not null and try_cast(record.releaseDate as date) is null"
        " then 'impossible release date: ' || record.releaseDate end",
        rows_in="versions",
    )


_WORKLOG_ISSUE = "coalesce(record.issueId, nullif(regexp_extract(record.self, '/issue/([^/]+)/worklog', 1), ''))"


def _worklogs(name: str, records_in: str | None) -> ExportKind:
    return ExportKind(
        name,
        "unstructured" if records_in else "array" if name == "worklog_array" else "newline_delimited",
        {
            "id": "VARCHAR",
            "self": "VARCHAR",
            "issueId": "VARCHAR",
            "started": "VARCHAR",
            "updated": "VARCHAR",
            "timeSpentSeconds": "BIGINT",
        },
        {
            "worklogs": f"select export_file, exported_at, {_WORKLOG_ISSUE}, record.id,"
            " try_cast(record.started as timestamptz), try_cast(record.updated as timestamptz),"
            " record.timeSpentSeconds from landed where refusal is null"
        },
        records_in=records_in,
        key="record.id",
        refusal=f"""case
            when record.id is null then 'worklog without id'
            when {_WORKLOG_ISSUE} is null then 'worklog that does not name its issue'
            when try_cast(record.started as timestamptz) is null
                then 'worklog with an impossible date: ' || coalesce(record.started, 'none')
            when try_cast(record.started as timestamptz) not between {POSSIBLE_INSTANTS}
                then 'worklog outside its export: ' || record.started
        end""",
        rows_in="worklogs",
    )
