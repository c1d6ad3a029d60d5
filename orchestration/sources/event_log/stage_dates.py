"""Files with a row for each item and a column for each stage, holding the date on which the item entered it.

Belongs here: refusing and reading such rows. Does not belong here: rows of events (``rows``).

The shape is ActionableAgile's: ID, Link, Name, the stages in the workflow's order, Type and more. A stage without a
date was skipped; a date without a time of day is midnight in the source's time zone. That tool writes, of a stage
entered again, the last date, and blanks the stages after it; a row in which a later stage has an earlier date it does
not load, nor do we.
"""

from orchestration.sources.event_log.rows import (
    ITEM_ROLES,
    columns_read,
    moment,
    moment_problem,
    unknown_roles,
    value,
)
from orchestration.sources.export_format import ExportKind, SourceSettings

# What the columns are called unless a portfolio says otherwise.
_USUAL_COLUMNS = {"item": "ID", "title": "Name", "type": "Type"}


def stage_date_kinds(settings: SourceSettings) -> tuple[ExportKind, ...]:
    """Declare CSV and Parquet files of dates per stage."""
    columns = {**_USUAL_COLUMNS, **settings.columns}
    record = columns_read((*columns.values(), *settings.stages))
    required = columns_read((columns["item"], *settings.columns.values(), *settings.stages))
    return tuple(
        ExportKind(
            name,
            "csv" if name == "csv_rows" else "parquet",
            record,
            {"events": _select(columns, settings, name)},
            key=value(columns, "item"),
            refusal=_refusal(columns, settings, name),
            required_columns=tuple(required),
        )
        for name in ("csv_rows", "parquet_rows")
    )


def _cells(settings: SourceSettings) -> dict[str, str]:
    return {stage: value({"stage": stage}, "stage") for stage in settings.stages}


def _refusal(columns: dict[str, str], settings: SourceSettings, kind: str) -> str:
    cells = _cells(settings)
    problems = "".join(moment_problem(cell, settings, kind, stage) for stage, cell in cells.items())
    entered = ", ".join(moment(cell, settings, kind) for cell in cells.values())
    known = f"list_filter([{entered}], lambda day: day is not null)"
    return f"""case
        {unknown_roles(columns)}
        when {value(columns, "item")} is null then 'row without item'
        {problems}
        when len({known}) = 0 then 'row without any date'
        when list_sort({known}) <> {known} then 'a later stage has an earlier date'
    end"""


def _select(columns: dict[str, str], settings: SourceSettings, kind: str) -> str:
    stages = ", ".join(
        "{'position': " + f"{place}, 'stage': '{_escaped(stage)}', 'entered': {moment(cell, settings, kind)}" + "}"
        for place, (stage, cell) in enumerate(_cells(settings).items(), start=1)
    )
    roles = ", ".join(f"{value(columns, role)} as role_{role}" for role in ITEM_ROLES)
    return f"""
        select export_file, exported_at, 'stage_date', role_item, role_key, role_title, role_type, role_team, role_size,
            role_resolution, role_project, role_parent, cell.stage, NULL::VARCHAR, NULL::TIMESTAMPTZ, cell.entered,
            created, NULL::TIMESTAMPTZ, record_number, cell.position, {len(settings.stages)}
        from (
            select export_file, exported_at, record_number, {roles},
                {moment(value(columns, "created"), settings, kind)} as created, unnest([{stages}]) as cell
            from landed where refusal is null
        )
        where cell.entered is not null"""


def _escaped(text: str) -> str:
    return text.replace("'", "''")
