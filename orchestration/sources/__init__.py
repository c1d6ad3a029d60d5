"""What each tool exports and its shape; one module per tool.

A module here recognises its tool's files, declares the typed record that is read from them and the select lists
that turn a record into rows of ``raw_<tool>.*``. The statements themselves are put together and run by
``orchestration.warehouse.landing``; nothing here opens a database, and nothing here knows of a workflow, a team or a
metric: the mapping to Weir's vocabulary is dbt's.
"""

from orchestration.sources import (
    azure_devops,
    cyclonedx,
    delivery_log,
    event_log,
    github,
    gitlab,
    jenkins,
    jira,
    opsgenie,
    pagerduty,
    redmine,
    sarif,
    servicenow,
    sonarqube,
)
from orchestration.sources.export_format import ExportKind, RawTable, SourceSettings, ToolFormat, UnreadableExport

TOOLS: dict[str, ToolFormat] = {
    tool.FORMAT.tool: tool.FORMAT
    for tool in (
        azure_devops,
        cyclonedx,
        delivery_log,
        event_log,
        github,
        gitlab,
        jenkins,
        jira,
        opsgenie,
        pagerduty,
        redmine,
        sarif,
        servicenow,
        sonarqube,
    )
}

__all__ = ["TOOLS", "ExportKind", "RawTable", "SourceSettings", "ToolFormat", "UnreadableExport"]
