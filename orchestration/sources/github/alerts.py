"""GitHub's code scanning, Dependabot and secret scanning alerts.

Belongs here: what is read of these records. Does not belong here: which alert is a bug and which a vulnerability (dbt).
A secret, the place where it stands and who dismissed an alert are not read.
"""

from collections.abc import Iterable

from orchestration.sources.export_format import SourceSettings
from orchestration.sources.github.answers import Entity, Reading, refusal, repository_in
from orchestration.sources.instants import instant

_SHARED = {
    "number": "BIGINT",
    "state": "VARCHAR",
    "url": "VARCHAR",
    "created_at": "VARCHAR",
}


def _alert(
    place: str, settings: SourceSettings, kind: str, described: Iterable[str], closings: tuple[str, ...]
) -> Reading:
    """``described``: tool, rule, severity, is_security, component, resolution; ``closings``: the dates of an end."""
    tool, rule, severity, is_security, component, resolution = described
    repository = f"coalesce({repository_in('record.url')}, {repository_in(place)})"
    closed = ", ".join(instant(f"record.{name}", settings) for name in closings)
    return Reading(
        (
            f"'{kind}'",
            repository,
            "record.number",
            tool,
            rule,
            severity,
            is_security,
            component,
            "record.state",
            resolution,
            instant("record.created_at", settings),
            f"case when record.state <> 'open' then coalesce({closed}) end",
        ),
        key="record.number::varchar",
        refusal=refusal(
            "alert",
            settings,
            named_by={"number": "record.number", "state": "record.state"},
            required_date="record.created_at",
            dates=tuple(f"record.{name}" for name in closings),
        ),
        misplaced=f"case when {repository} is null then 'alert of no named repository' end",
    )


_CODE_FIELDS = {
    **_SHARED,
    "fixed_at": "VARCHAR",
    "dismissed_at": "VARCHAR",
    "dismissed_reason": "VARCHAR",
    "rule": "STRUCT(id VARCHAR, severity VARCHAR, security_severity_level VARCHAR, tags VARCHAR[])",
    "tool": 'STRUCT("name" VARCHAR)',
    "most_recent_instance": 'STRUCT("location" STRUCT("path" VARCHAR))',
}


def _code_alert(place: str, settings: SourceSettings) -> Reading:
    described = (
        'record.tool."name"',
        "record.rule.id",
        "coalesce(record.rule.security_severity_level, record.rule.severity)",
        "record.rule.security_severity_level is not null"
        " or coalesce(list_contains(record.rule.tags, 'security'), false)",
        'record.most_recent_instance."location"."path"',
        "record.dismissed_reason",
    )
    return _alert(place, settings, "code_scanning", described, ("fixed_at", "dismissed_at"))


_DEPENDENCY_FIELDS = {
    **_SHARED,
    "fixed_at": "VARCHAR",
    "dismissed_at": "VARCHAR",
    "auto_dismissed_at": "VARCHAR",
    "dismissed_reason": "VARCHAR",
    "dependency": 'STRUCT(package STRUCT("name" VARCHAR), manifest_path VARCHAR)',
    "security_advisory": "STRUCT(ghsa_id VARCHAR, severity VARCHAR)",
    "security_vulnerability": "STRUCT(severity VARCHAR)",
}


def _dependency_alert(place: str, settings: SourceSettings) -> Reading:
    described = (
        "'Dependabot'",
        "record.security_advisory.ghsa_id",
        "coalesce(record.security_vulnerability.severity, record.security_advisory.severity)",
        "true",
        'coalesce(record.dependency.package."name", record.dependency.manifest_path)',
        "coalesce(record.dismissed_reason, case when record.state = 'auto_dismissed' then 'auto_dismissed' end)",
    )
    return _alert(place, settings, "dependabot", described, ("fixed_at", "dismissed_at", "auto_dismissed_at"))


_SECRET_FIELDS = {
    **_SHARED,
    "resolution": "VARCHAR",
    "resolved_at": "VARCHAR",
    "secret_type": "VARCHAR",
}


def _secret_alert(place: str, settings: SourceSettings) -> Reading:
    described = ("'secret scanning'", "record.secret_type", "NULL", "true", "NULL", "record.resolution")
    return _alert(place, settings, "secret_scanning", described, ("resolved_at",))


ENTITIES = (
    Entity("code_scanning_alerts", "alerts", (("rule", "tool", "number"),), _CODE_FIELDS, _code_alert),
    Entity(
        "dependabot_alerts",
        "alerts",
        (("dependency", "number"), ("security_advisory", "number")),
        _DEPENDENCY_FIELDS,
        _dependency_alert,
    ),
    Entity("secret_scanning_alerts", "alerts", (("secret_type", "number"),), _SECRET_FIELDS, _secret_alert),
)
