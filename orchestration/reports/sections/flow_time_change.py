"""Why flow time changed from one increment to the next: the same work slower or other work, and in which stage.

Belongs here: the newest change of one value stream and level. Does not belong here: flow times themselves.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from orchestration.reports.blocks import Block, Cell, Column, Notice, Table
from orchestration.reports.wording import NOT_MEASURED, count, is_missing, level_plural, number

_COLUMNS: Final = (
    Column("What changed"),
    Column("Before", is_numeric=True, note="days, mean"),
    Column("After", is_numeric=True, note="days, mean"),
    Column("Adds to the change", is_numeric=True, note="days (95 % interval)"),
)
_SMALLEST_SHOWN: Final = 0.05
_NAMES: Final = {
    "total": "Mean flow time",
    "within_types": "The same kinds of work took another time",
    "mix": "Another mix of kinds of work",
    "outside_stages": "Between stages",
}


def newest_change(changes: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """The rows of the change to the newest increment of `order` (increment ids, oldest first) that has one."""
    place = {identity: number for number, identity in enumerate(order)}
    newest = max(changes["to_increment_id"], key=lambda one: (place.get(one, -1), one), default=None)
    return changes[changes["to_increment_id"] == newest]


def blocks(
    changes: pd.DataFrame, value_stream_id: str, level: str, names: Mapping[str, str], *, is_folded: bool = False
) -> tuple[Block, ...]:
    """The newest change as a table; why it is not shown where it is withheld; nothing with fewer than two increments.

    Args:
        changes: `analysis.flow_time_changes`.
        value_stream_id: The value stream.
        level: Level of work charted.
        names: Increment id → its name; in the order of time.
        is_folded: Whether the table is folded away behind a line.
    """
    own = changes[(changes["scope_id"] == value_stream_id) & (changes["level"] == level)]
    if own.empty:
        return ()
    newest = newest_change(own, list(names))
    first = newest[newest["component"] == "total"].iloc[0]
    before, after = (names.get(str(first[key]), str(first[key])) for key in ("from_increment_id", "to_increment_id"))
    if not is_missing(first["withheld_reason"]):
        return (
            Notice(
                f"Change of flow time of {level_plural(level)} from {before} to {after}: not shown, "
                f"{first['withheld_reason']}.",
                tone="muted",
            ),
        )
    sums = newest[newest["component"].isin(_NAMES)].set_index("component", drop=False).reindex(list(_NAMES))
    stages = newest[newest["component"] == "stage"].sort_values("component_name")
    # A stage in which hardly anything spent any time explains nothing; what it holds rounds to 0.
    stages = stages.loc[stages[["mean_days_before", "mean_days_after"]].max(axis=1) >= _SMALLEST_SHOWN]
    stages = stages.loc[stages["change_days"].abs().sort_values(ascending=False, kind="stable").index]
    shown = pd.concat(
        [sums[sums["component"] != "outside_stages"], stages, sums[sums["component"] == "outside_stages"]]
    )
    rows = tuple(
        (
            Cell(_NAMES.get(row["component"]) or f"Time in {row['component_name']}"),
            Cell(_days(row["mean_days_before"])),
            Cell(_days(row["mean_days_after"])),
            Cell(
                f"{signed(row['change_days'])} "
                f"({signed(row['change_days_lower'])} to {signed(row['change_days_upper'])})"
            ),
        )
        for row in shown.to_dict("records")
    )
    change = f"{signed(first['change_days'])} days (n {count(first['n_before'])} and {count(first['n_after'])})"
    caption = f"From {before} to {after} mean flow time of {level_plural(level)} changed by {change}"
    note = (
        "The second and third row add up to the first, and so do the stages: none of the change is left over. Means, "
        "not medians, as only means add up."
    )
    folded = f"What the change of {level_plural(level)} is made of, in numbers" if is_folded else None
    return (Table(caption, _COLUMNS, rows, collapsed_as=folded, notes=(note,)),)


def signed(value: float) -> str:
    """A change with its sign and one decimal: -9.34 -> "-9.3"."""
    text = f"{value:+.1f}"
    return "0.0" if text in {"-0.0", "+0.0"} else text


def _days(value: float) -> str:
    return NOT_MEASURED if is_missing(value) else number(value)
