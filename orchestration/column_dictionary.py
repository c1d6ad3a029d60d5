"""What every public column means, gathered from where it is said: the models' ``.yml`` files and the analyses.

Belongs here: turning both into one frame, and the unit that a column's name tells. Does not belong here: the words
(``dbt_project/models``, ``orchestration.analytics.published_tables``), which columns were built and of which type (the
warehouse knows), pages.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from orchestration.analytics.published_tables import PUBLISHED_TABLES

if TYPE_CHECKING:
    import pandas as pd

#: What is said of a column, in this order: first of its table, then of itself.
DICTIONARY_COLUMNS = (
    "schema_name",
    "table_name",
    "table_description",
    "grain",
    "question",
    "column_name",
    "description",
    "unit",
    "direction",
    "when_null",
    "when_zero",
)
_PUBLIC_LAYERS = ("flow", "marts")
#: Endings of names that tell a unit; a model need not say it again.
_UNIT_OF_NAME = {
    "_elapsed_days": "elapsed days",
    "_calendar_days": "calendar days",
    "_elapsed_hours": "elapsed hours",
    "_working_hours": "working hours",
    "_share": "share 0-1",
}
_COLUMN_META = ("unit", "direction", "when_null", "when_zero")


def column_dictionary(manifest: Mapping[str, Any]) -> "pd.DataFrame":
    """Return one row per column of every fact, dimension, mart and analysis; what is not said is None.

    Args:
        manifest: dbt's manifest of the project, as `dbt_build.load_manifest` reads it.
    """
    import pandas as pd  # not at the top: the command line imports this module's neighbours on every start

    rows = [*_of_models(manifest), *_of_analyses()]
    frame = pd.DataFrame(rows, columns=list(DICTIONARY_COLUMNS), dtype="object")
    return frame.sort_values(["schema_name", "table_name"], kind="stable", ignore_index=True)


def _of_models(manifest: Mapping[str, Any]) -> Iterator[tuple[str | None, ...]]:
    for model in manifest["nodes"].values():
        if model["resource_type"] != "model" or model["schema"] not in _PUBLIC_LAYERS:
            continue
        meta = model["config"].get("meta", {})
        table = (model["schema"], model["name"], _words(model["description"]), meta.get("grain"), meta.get("question"))
        for column in model["columns"].values():
            said = column.get("config", {}).get("meta") or column.get("meta") or {}
            unit = said.get("unit") or _unit_of(column["name"])
            rest = (said.get(key) for key in _COLUMN_META[1:])
            yield (*table, column["name"], _words(column["description"]), unit, *rest)


def _of_analyses() -> Iterator[tuple[str | None, ...]]:
    for name, table in PUBLISHED_TABLES.items():
        for column, said in table.columns.items():
            yield (
                *("analysis", name, table.description, table.grain, table.question),
                *(column, said.description, said.unit, said.direction, said.when_null, said.when_zero),
            )


def _unit_of(name: str) -> str | None:
    return next((unit for ending, unit in _UNIT_OF_NAME.items() if f"_{name}".endswith(ending)), None)


def _words(text: str) -> str:
    """The text in one line: a description may be folded over several in its file."""
    return " ".join(text.split())
