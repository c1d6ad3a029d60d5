"""Any tool's event log: rows of item, status and time as CSV or Parquet, dates per stage, and XES.

Belongs here: putting the kinds together. Does not belong here: how rows (``rows``), stage columns (``stage_dates``) and
XES (``xes``) are read, and what a row means for an item's way (dbt).
"""

from orchestration.sources.event_log.files import recognise
from orchestration.sources.event_log.raw_tables import TABLES
from orchestration.sources.event_log.rows import row_kinds
from orchestration.sources.event_log.stage_dates import stage_date_kinds
from orchestration.sources.event_log.xes import xes_kind
from orchestration.sources.export_format import ExportKind, SourceSettings, ToolFormat


def kinds(settings: SourceSettings) -> dict[str, ExportKind]:
    """Declare the export kinds for one source.

    A CSV or Parquet file has a row for each item and dates of its stages where the portfolio names ``stages``, else a
    row for each event in the columns that the portfolio names.
    """
    tables = stage_date_kinds(settings) if settings.stages else row_kinds(settings)
    return {kind.name: kind for kind in (*tables, xes_kind())}


FORMAT = ToolFormat(
    tool="event_log",
    tables=TABLES,
    recognise=recognise,
    kinds=kinds,
    moments=(("events", "started"), ("events", "happened"), ("events", "resolved"), ("events", "created")),
)
