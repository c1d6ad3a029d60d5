"""What is asked of ServiceNow: records of tables (incidents, unless others are named) and what was audited of them.

Belongs here: addresses, parameters, pages. Does not belong here: the shape of what comes (``sources.servicenow``).
"""

from datetime import timedelta

from orchestration.sources.pull_plans.plan import Auth, Census, Collection, KnownItem, PullPlan, PullSettings
from orchestration.sources.pull_plans.requests import Offset, Request

_LIMIT = 1_000
_FIELDS = (
    "sys_id", "number", "sys_class_name", "state", "incident_state", "hold_reason", "active", "made_sla", "category",
    "subcategory", "priority", "impact", "urgency", "severity", "assignment_group", "business_service", "cmdb_ci",
    "short_description", "reopen_count", "reassignment_count", "parent", "parent_incident", "problem_id", "close_code",
    "opened_at", "resolved_at", "closed_at", "work_start", "sys_created_on", "sys_updated_on", "sys_mod_count",
)  # fmt: skip
_AUDITED = (
    "state",
    "incident_state",
    "assignment_group",
    "priority",
    "category",
    "hold_reason",
    "close_code",
    "active",
)
# A date in a question is read in the time zone of whoever asks.
_ANY_ZONE = timedelta(hours=14)


def plan(settings: PullSettings) -> PullPlan:
    """Return what to ask of these tables; ``projects`` are names of tables."""
    tables = settings.projects or ("incident",)
    pages = Offset("sysparm_offset", "sysparm_limit", _LIMIT, total_header="x-total-count")
    return PullPlan(
        auth=Auth(basic=("{user}", "{token}")) if settings.has_user else Auth(),
        collections=(
            Collection("records", pages, "result", identity="sys_id/value"),
            Collection("audits", pages, "result", identity="sys_id", is_optional=True),
        ),
        requests=tuple(
            request
            for table in tables
            for request in (
                _asked("records", table, _question(settings, "sys_updated_on"), (*_FIELDS, *settings.fields), "all"),
                _asked(
                    "audits",
                    "sys_audit",
                    f"tablename={table}^fieldnameIN{','.join((*_AUDITED, *settings.fields))}"
                    + _since(settings, "sys_created_on"),
                    ("sys_id", "tablename", "documentkey", "fieldname", "oldvalue", "newvalue", "sys_created_on"),
                    "false",
                ),
            )
        ),
        census=Census(
            (Collection("census", pages, "result", unit="nothing", identity="sys_id"),),
            tuple(_asked("census", table, settings.query or "", ("sys_id",), "false") for table in tables),
            item=lambda known: _asked_one(tables[0], known),
            place=lambda _: Request("place", f"/api/now/table/{tables[0]}", {"sysparm_limit": "1"}),
            place_name="the table",
        ),
    )


def _asked(collection: str, table: str, question: str, fields: tuple[str, ...], display: str) -> Request:
    return Request(
        collection,
        f"/api/now/table/{table}",
        {
            # By id: an order that stands still while records change.
            "sysparm_query": "^".join(filter(None, (question, "ORDERBYsys_id"))),
            "sysparm_fields": ",".join(fields),
            "sysparm_display_value": display,
            "sysparm_exclude_reference_link": "true",
            "sysparm_limit": str(_LIMIT),
        },
    )


def _question(settings: PullSettings, moment: str) -> str:
    return (settings.query or "") + (_since(settings, moment) if settings.query else _since(settings, moment)[1:])


def _since(settings: PullSettings, moment: str) -> str:
    return f"^{moment}>={settings.since - _ANY_ZONE:%Y-%m-%d %H:%M:%S}" if settings.since else ""


def _asked_one(table: str, known: KnownItem) -> Request:
    return Request("item", f"/api/now/table/{table}/{known.native_id}", {"sysparm_fields": "sys_id"})
