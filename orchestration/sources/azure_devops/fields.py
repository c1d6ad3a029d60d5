"""Which fields of a work item are read, under the role they play, whatever answer they come in.

Belongs here: the roles and the reference names that play them. Does not belong here: the answers (``work_items``,
``updates``, ``analytics``). People (assigned to, changed by) play no role, so they are not read at all.
"""

from dataclasses import dataclass

from orchestration.sources.azure_devops.saved_answers import named
from orchestration.sources.export_format import SourceSettings


@dataclass(frozen=True)
class Role:
    """A column of a revision: the fields it is read from (the first one filled counts) and its DuckDB type."""

    name: str
    fields: tuple[str, ...]
    type: str = "VARCHAR"


# Agile, Scrum and CMMI each estimate in a field of their own.
DEFAULT_ESTIMATES = (
    "Microsoft.VSTS.Scheduling.StoryPoints",
    "Microsoft.VSTS.Scheduling.Effort",
    "Microsoft.VSTS.Scheduling.Size",
)
_STANDARD = (
    Role("project", ("System.TeamProject",)),
    Role("area_path", ("System.AreaPath",)),
    Role("item_type", ("System.WorkItemType",)),
    Role("state", ("System.State",)),
    Role("reason", ("System.Reason",)),
    Role("title", ("System.Title",)),
    Role("tags", ("System.Tags",)),
    Role("priority", ("Microsoft.VSTS.Common.Priority",)),
    Role("found_in", ("Microsoft.VSTS.Build.FoundIn",)),
    Role("integrated_in", ("Microsoft.VSTS.Build.IntegrationBuild",)),
    Role("is_deleted", ("System.IsDeleted",), "BOOLEAN"),
    Role("created", ("System.CreatedDate",), "TIMESTAMPTZ"),
    Role("changed", ("System.ChangedDate", "System.AuthorizedDate"), "TIMESTAMPTZ"),
    Role("state_changed", ("Microsoft.VSTS.Common.StateChangeDate",), "TIMESTAMPTZ"),
    Role("resolved", ("Microsoft.VSTS.Common.ResolvedDate",), "TIMESTAMPTZ"),
    Role("closed", ("Microsoft.VSTS.Common.ClosedDate",), "TIMESTAMPTZ"),
)


def roles(settings: SourceSettings) -> tuple[Role, ...]:
    """Return the roles for one source: the standard ones, and those that its portfolio may map elsewhere."""

    def mapped(name: str, *default: str, by: str | None = None) -> Role:
        field = settings.fields.get(by or name)
        return Role(name, default if field is None else (field,))

    return (
        *_STANDARD,
        mapped("iteration_path", "System.IterationPath", by="sprint"),
        # A team of Azure Boards is the owner of an area.
        mapped("team", "System.AreaPath"),
        mapped("parent", "System.Parent"),
        mapped("estimate", *DEFAULT_ESTIMATES),
        mapped("flagged", "Microsoft.VSTS.CMMI.Blocked"),
        mapped("blocked_reason"),
    )


def field_names(settings: SourceSettings) -> list[str]:
    """Return the reference names of all fields that are read, sorted, as a record names them."""
    return sorted({field for role in roles(settings) for field in role.fields})


def plain(text: str) -> str:
    """Return SQL for a value that is no person: those come as JSON objects, and nothing of them is kept."""
    return f"case when {text} not like '{{%' then {text} end"


def first_filled(record: str, fields: tuple[str, ...]) -> str:
    """Return SQL for the value of the first of these fields that the record fills, NULL without a field."""
    values = [plain(f"{record}.{named(field)}") for field in fields]
    return f"coalesce({', '.join(values)}, NULL)" if values else "NULL::VARCHAR"
