"""Jira's issues as CSV: "Export CSV (all fields)" of the issue navigator, and the export of archived issues.

Belongs here: under which headers an issue's fields stand, and how a row becomes rows of ``issues``, ``issue_links``
and ``issue_sprints``. Does not belong here: issues as JSON (``issues``), levels and stages (dbt).

A CSV has no changelog: of an item's way only its creation and its resolution are known. Dates are written as the
instance is set up, so their form is declared (``format.date_format``); ISO 8601 is read too. Headers repeat themselves
for a field with several values. Columns of people, comments and work logs (which name people) are not read.
"""

from collections.abc import Iterator
from dataclasses import replace

from orchestration.sources.export_format import ExportKind, SourceSettings
from orchestration.sources.instants import POSSIBLE_INSTANTS, instant
from orchestration.sources.jira.issues import CUSTOM_FIELD_ROLES

# Role to the headers of Data Center, of Cloud, and of Cloud since issues are called work items.
SINGLE_HEADERS = {
    "key": ("Issue key", "Work item key", "Key"),
    "id": ("Issue id", "Work item id"),
    "type": ("Issue Type", "Work type", "Work item type"),
    "summary": ("Summary",),
    "status": ("Status",),
    "status_category": ("Status Category",),
    "project": ("Project key",),
    "resolution": ("Resolution",),
    "priority": ("Priority",),
    "created": ("Created",),
    "updated": ("Updated",),
    "resolved": ("Resolved", "Resolution date"),
    "archived": ("Archived", "ArchivedDate", "Archived date"),
    "subtask_of": ("Parent id",),
    "parent": ("Parent key", "Parent", "Custom field (Epic Link)", "Custom field (Parent Link)"),
}
REPEATED_HEADERS = {
    "labels": ("Labels",),
    "components": ("Component/s", "Components"),
    "fix_versions": ("Fix Version/s", "Fix versions"),
    "affected_versions": ("Affects Version/s", "Affects versions"),
    "sprint": ("Sprint",),
}
# Header to link type, direction and the words of that direction. Other types are declared by `format.columns`, whose
# roles are the relations themselves (blocked_by, blocks, duplicates, duplicated_by, relates).
_LINK_HEADERS = {
    "Inward issue link (Blocks)": ("Blocks", "inward", "is blocked by"),
    "Outward issue link (Blocks)": ("Blocks", "outward", "blocks"),
    "Inward issue link (Duplicate)": ("Duplicate", "inward", "is duplicated by"),
    "Outward issue link (Duplicate)": ("Duplicate", "outward", "duplicates"),
    "Inward issue link (Cloners)": ("Cloners", "inward", "is cloned by"),
    "Outward issue link (Cloners)": ("Cloners", "outward", "clones"),
    "Inward issue link (Relates)": ("Relates", "inward", "relates to"),
    "Outward issue link (Relates)": ("Relates", "outward", "relates to"),
}
_DECLARED_LINKS = {
    "blocked_by": ("inward", "is blocked by"),
    "blocks": ("outward", "blocks"),
    "duplicated_by": ("inward", "is duplicated by"),
    "duplicates": ("outward", "duplicates"),
    "relates": ("outward", "relates to"),
}
_LANDED = "from landed where refusal is null"


def kind(settings: SourceSettings) -> ExportKind:
    """Declare the CSV of one source; a header named by the portfolio takes the place of Jira's own."""
    export = _Headers(settings)
    return ExportKind(
        "issue_csv",
        "csv",
        record_columns=export.record_columns,
        selects={
            "issues": _issues_select(export),
            "issue_links": _links_select(export),
            "issue_sprints": f"""
                select export_file, exported_at, {export.issue_id}, null, unnest({export.list_of("sprint")}),
                    null, null, null, null, null, null {_LANDED}""",
        },
        key=export.cell("key"),
        refusal=_refusal(export),
        required_columns=tuple(settings.columns[role] for role in ("key", "created") if role in settings.columns),
        repeated_columns=export.repeated,
        rows_in="issues",
    )


class _Headers:
    """Where the columns of one source's CSV stand, and SQL for their cells."""

    def __init__(self, settings: SourceSettings) -> None:
        self.settings = settings
        self._singles = {role: self._declared(role, names) for role, names in SINGLE_HEADERS.items()}
        self._lists = {role: self._declared(role, names) for role, names in REPEATED_HEADERS.items()}
        for role in CUSTOM_FIELD_ROLES:
            if role not in self._singles and role not in self._lists:
                self._singles[role] = self._declared(role, self._custom(role))
        self._singles["parent"] = self._declared("parent", (*self._custom("parent"), *SINGLE_HEADERS["parent"]))
        self.links = dict(_LINK_HEADERS)
        for role, (direction, words) in _DECLARED_LINKS.items():
            if role in settings.columns:
                self.links[settings.columns[role]] = (words, direction, words)
        listed = [name for names in self._lists.values() for name in names]
        self.repeated = self._each_once([*listed, *self.links])
        singles = self._each_once([name for names in self._singles.values() for name in names])
        lists = {name.casefold() for name in self.repeated}
        self.record_columns = {name: "VARCHAR" for name in singles if name.casefold() not in lists}
        self.record_columns |= dict.fromkeys(self.repeated, "VARCHAR[]")

    def _declared(self, role: str, names: tuple[str, ...]) -> tuple[str, ...]:
        return (self.settings.columns[role],) if role in self.settings.columns else names

    def _custom(self, role: str) -> tuple[str, ...]:
        name = self.settings.field_names.get(self.settings.fields.get(role, ""))
        # The name comes from the tool, not from the portfolio: one with a quote would not stay a name in SQL.
        return (f"Custom field ({name})", name) if name and '"' not in name else ()

    @staticmethod
    def _each_once(names: list[str]) -> tuple[str, ...]:
        return tuple({name.casefold(): name for name in reversed(names)}.values())[::-1]

    def _column(self, name: str) -> str:
        # A header that two roles share is in the record once.
        return next(each for each in self.record_columns if each.casefold() == name.casefold())

    def cell(self, role: str) -> str:
        """SQL for the text of a role's first filled column; NULL without one."""
        parts = [self._text(self._column(name)) for name in self._singles[role]]
        return f"coalesce({', '.join(parts)})" if parts else "null::VARCHAR"

    def _text(self, column: str) -> str:
        value = f'record."{column}"' + ("[1]" if self.record_columns[column] == "VARCHAR[]" else "")
        return f"nullif(trim({value}), '')"

    def list_of(self, role: str) -> str:
        """SQL for all filled cells of a role's columns."""
        lists = ", ".join(f'record."{self._column(name)}"' for name in self._lists[role])
        joined = f"list_concat({lists})" if len(self._lists[role]) > 1 else lists
        return f"list_filter({joined}, lambda each: trim(each) <> '')"

    def moment(self, role: str) -> str:
        """SQL for the instant in a role's cell, in the declared form or in ISO 8601."""
        text = self.cell(role)
        iso = instant(text, replace(self.settings, date_format=None))
        return iso if self.settings.date_format is None else f"coalesce({instant(text, self.settings)}, {iso})"

    @property
    def issue_id(self) -> str:
        return f"coalesce({self.cell('id')}, {self.cell('key')})"


def _refusal(export: _Headers) -> str:
    return f"""case
        when {export.cell("key")} is null then 'issue without key; its column is named by format: columns: key'
        when not regexp_full_match({export.cell("key")}, '\\S+-[0-9]+') then 'not the key of an issue'
        when {export.cell("created")} is null
            then 'issue without created; its column is named by format: columns: created'
        {"".join(_date_refusals(export))}
    end"""


def _date_refusals(export: _Headers) -> Iterator[str]:
    for role in ("created", "updated", "resolved"):
        text, moment = export.cell(role), export.moment(role)
        yield f"""
        when {text} is not null and {moment} is null
            then 'impossible {role} date: ' || {text} || '; its form is declared by format: date_format'
        when {moment} not between {POSSIBLE_INSTANTS} then '{role} date outside its export: ' || {text}"""


def _issues_select(export: _Headers) -> str:
    roles = ", ".join(_custom_value(export, role) for role in CUSTOM_FIELD_ROLES)
    return f"""
        select export_file, exported_at, {export.issue_id}, {export.cell("key")}, {export.cell("project")},
            {export.cell("type")},
            {export.cell("subtask_of")} is not null
                or coalesce(lower({export.cell("type")}) in ('sub-task', 'subtask'), false),
            {export.cell("summary")}, null, {export.cell("status")},
            case lower({export.cell("status_category")})
                when 'to do' then 'new' when 'in progress' then 'indeterminate' when 'done' then 'done'
            end,
            {export.cell("resolution")}, {export.cell("priority")}, {export.list_of("labels")},
            {export.list_of("components")}, {export.list_of("fix_versions")}, {export.list_of("affected_versions")},
            coalesce({export.cell("parent")}, {export.cell("subtask_of")}), null,
            {export.moment("created")}, {export.moment("updated")}, {export.moment("resolved")},
            {export.moment("archived")}, {export.cell("archived")} is not null,
            {roles}, null, null, null
        {_LANDED}"""


def _custom_value(export: _Headers, role: str) -> str:
    if role in ("parent", "sprint"):
        return "NULL::JSON"
    text = export.cell(role)
    return f"case when {text} is not null then to_json({text}) end"


def _links_select(export: _Headers) -> str:
    return " union all ".join(
        f"select export_file, exported_at, {export.issue_id}, null, '{_quoted(link_type)}', '{direction}', '{words}',"
        f' null, trim(unnest(record."{header}")) {_LANDED}'
        for header, (link_type, direction, words) in export.links.items()
    )


def _quoted(text: str) -> str:
    return text.replace("'", "''")
