"""The layouts in which answers of Azure DevOps' REST services lie on disk, and how their dates are read.

Belongs here: what every entity shares: pages as answered, arrays, one record a line, single documents; dates with
placeholders. Does not belong here: what a record of an entity is made of (the modules beside), telling files apart
(``files``).
"""

from collections.abc import Mapping, Sequence

from orchestration.sources.export_format import ExportKind
from orchestration.sources.instants import POSSIBLE_INSTANTS

# The list that holds the records of an answer; reporting streams call it `values`, team capacities `teamMembers`.
DEFAULT_LIST = "value"


def in_every_layout(
    name: str,
    *,
    record_columns: Mapping[str, str],
    selects: Mapping[str, str],
    key: str,
    refusal: str,
    rows_in: str | None = None,
    lists: Sequence[str] = (DEFAULT_LIST,),
) -> dict[str, ExportKind]:
    """Return the kinds of one entity: ``<name>`` (a record a line), ``_array``, ``_documents`` and a page per list.

    ``rows_in``: the raw table that gets one row of each record, where there is one.
    """
    layouts = [
        (name, "newline_delimited", None),
        (f"{name}_array", "array", None),
        (f"{name}_documents", "unstructured", None),
        *((page_kind(name, listed), "unstructured", listed) for listed in lists),
    ]
    return {
        kind: ExportKind(
            kind,
            layout,  # type: ignore[arg-type]
            record_columns,
            selects,
            key=key,
            refusal=refusal,
            records_in=listed,
            rows_in=rows_in,
        )
        for kind, layout, listed in layouts
    }


def page_kind(name: str, listed: str) -> str:
    """Return the kind of a page of an entity whose records lie in that list."""
    return f"{name}_pages" if listed == DEFAULT_LIST else f"{name}_pages_of_{listed}"


def moment(text: str) -> str:
    """Return SQL for the instant that a text names, NULL for none and for what lies outside its export.

    ``9999-01-01`` stands for "still so" and ``0001-01-01`` for "never": neither is an instant.
    """
    read = f"try_cast({text} as timestamptz)"
    return f"case when {read} between {POSSIBLE_INSTANTS} then {read} end"


def impossible(text: str, what: str) -> str:
    """Return the branches of a ``case`` that refuse a record for this date; a record without it passes."""
    return (
        f" when try_cast({text} as timestamptz) is null and nullif(trim({text}), '') is not null"
        f" then 'impossible {what} date: ' || {text}"
        f" when try_cast({text} as timestamptz) not between {POSSIBLE_INSTANTS}"
        f" then '{what} date outside its export: ' || {text}"
    )


def quoted(text: str) -> str:
    """Return the text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def named(text: str) -> str:
    """Return the text as a SQL identifier."""
    return '"' + text.replace('"', '""') + '"'
