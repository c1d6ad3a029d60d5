"""What the tables of the schema ``analysis`` mean, in words: the counterpart of the ``.yml`` beside a dbt model.

Belongs here: which tables there are. Does not belong here: the words (a module an area), computing the tables (each
method has its module, which fixes names and types).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orchestration.analytics import (
    constraint_table_words,
    delivery_table_words,
    effect_table_words,
    forecast_table_words,
    intervention_table_words,
    projection_table_words,
    sustainment_table_words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestration.analytics.table_words import PublishedTable

#: Tables of the schema ``analysis`` by name.
PUBLISHED_TABLES: Final[Mapping[str, PublishedTable]] = {
    **constraint_table_words.TABLES,
    **intervention_table_words.TABLES,
    **effect_table_words.TABLES,
    **sustainment_table_words.TABLES,
    **projection_table_words.TABLES,
    **forecast_table_words.TABLES,
    **delivery_table_words.TABLES,
}
