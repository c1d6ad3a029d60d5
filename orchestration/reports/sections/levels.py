"""The levels of work that a page shows.

Belongs here: their order, and the choice between stories, features and the rest. Does not belong here: mapping of
types to levels.
"""

import pandas as pd

PREFERRED_LEVEL = "story"
TABLE_LEVEL = "feature"
#: From the largest to the smallest, as every page orders them.
LEVELS = ("epic", "capability", "feature", "story")


def counted_at(items: pd.DataFrame, level: str) -> pd.DataFrame:
    """The items that count in flow metrics at a level."""
    return items[(items["level"] == level) & flagged(items["is_counted"])]


def charted_level(items: pd.DataFrame) -> str:
    """Stories where there are any; else the level with the most items (the first by name if two are equal)."""
    counted = items[flagged(items["is_counted"])]
    numbers = counted["level"].value_counts()
    if numbers.empty or PREFERRED_LEVEL in numbers.index:
        return PREFERRED_LEVEL
    return str(min(numbers.index[numbers == numbers.max()]))


def flagged(column: pd.Series) -> pd.Series:
    """A column of true, false and unknown as plain booleans; unknown is false."""
    return column.astype("boolean").fillna(value=False).astype(bool)
