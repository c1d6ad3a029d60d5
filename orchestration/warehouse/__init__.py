"""The DuckDB warehouse: open, land exports, publish atomically, read. The only code beside dbt that holds SQL.

Belongs here: storage. Does not belong here: metrics (dbt), statistics (``orchestration.analytics``), the shape of a
tool's export (``orchestration.sources``), scheduling (``orchestration.defs``).
"""

from orchestration.warehouse.analysis_reads import (
    count_items_of_events,
    read_blocked_stretches,
    read_finished_units,
    read_hand_offs,
    read_stage_waits,
)
from orchestration.warehouse.check_frames import TableKeys, check_frames
from orchestration.warehouse.connection import connect, connect_published, count_rows, run_query
from orchestration.warehouse.export_inventory import export_head, export_paths, manifest_paths, unrecognised_exports
from orchestration.warehouse.forecast_frames import read_parents, read_stage_load
from orchestration.warehouse.generations import RefreshRunning, WarehouseFolder
from orchestration.warehouse.intervention_events import read_intervention_events
from orchestration.warehouse.intervention_items import read_intervention_items
from orchestration.warehouse.known_items import known_items
from orchestration.warehouse.landing import LandingReport, land_source, note_unreadable_source
from orchestration.warehouse.observed import OBSERVED_MODELS, field_contents, field_names, observed_frames
from orchestration.warehouse.raw_tables import create_raw_tables
from orchestration.warehouse.records import (
    MissingTableError,
    Refresh,
    carry_check_results,
    create_quality_tables,
    data_days,
    export_parquet,
    fingerprints,
    first_calendar_day,
    newest_complete_moment,
    newest_refresh,
    next_generation,
    read_frames,
    record_refresh,
    summary,
    table_sizes,
    write_analysis,
    write_check_results,
    write_column_dictionary,
    write_portfolio,
)
from orchestration.warehouse.stage_visits import read_visits
from orchestration.warehouse.touched_items import (
    end_touching,
    has_mapping_boundary,
    start_touching,
    touch_between,
)

__all__ = [
    "OBSERVED_MODELS",
    "LandingReport",
    "MissingTableError",
    "Refresh",
    "RefreshRunning",
    "TableKeys",
    "WarehouseFolder",
    "carry_check_results",
    "check_frames",
    "connect",
    "connect_published",
    "count_items_of_events",
    "count_rows",
    "create_quality_tables",
    "create_raw_tables",
    "data_days",
    "end_touching",
    "export_head",
    "export_parquet",
    "export_paths",
    "field_contents",
    "field_names",
    "fingerprints",
    "first_calendar_day",
    "has_mapping_boundary",
    "known_items",
    "land_source",
    "manifest_paths",
    "newest_complete_moment",
    "newest_refresh",
    "next_generation",
    "note_unreadable_source",
    "observed_frames",
    "read_blocked_stretches",
    "read_finished_units",
    "read_frames",
    "read_hand_offs",
    "read_intervention_events",
    "read_intervention_items",
    "read_parents",
    "read_stage_load",
    "read_stage_waits",
    "read_visits",
    "record_refresh",
    "run_query",
    "start_touching",
    "summary",
    "table_sizes",
    "touch_between",
    "unrecognised_exports",
    "write_analysis",
    "write_check_results",
    "write_column_dictionary",
    "write_portfolio",
]
