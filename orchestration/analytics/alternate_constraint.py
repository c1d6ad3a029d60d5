"""A local gain without an end-to-end gain: did the constraint move, or was it never there?

Belongs here: the reading of a local verdict beside the end-to-end effect and the constraint declared before and after
the launch. Does not belong here: any of these results, which their own methods compute.

Source: E. M. Goldratt, J. Cox, *The Goal* (1984): a gain at a stage that is not the constraint is no gain of the line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

METHOD_VERSION = "alternate_constraint-1"

INPUT_COLUMNS = (
    "intervention_id",
    "local_metric",
    "local_verdict",
    "n_post",
    "end_to_end_metric",
    "end_to_end_effect",
    "end_to_end_lower",
    "end_to_end_upper",
    "end_to_end_minimum_effect",
    "desired_direction",
    "constraint_before",
    "constraint_after",
)

_TYPES = {
    "intervention_id": "str",
    "local_metric": "str",
    "local_verdict": "str",
    "n_post": "int64",
    "end_to_end_metric": "str",
    "end_to_end_effect": "float64",
    "end_to_end_lower": "float64",
    "end_to_end_upper": "float64",
    "constraint_before": "str",
    "constraint_after": "str",
    "finding": "str",
    "reason": "str",
    "withheld_reason": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)


@dataclass(frozen=True, slots=True)
class AlternateConstraintSettings:
    """Weeks after the launch from which a local gain is asked for its end-to-end gain."""

    min_post_weeks: int = 8


DEFAULT_SETTINGS = AlternateConstraintSettings()


def alternate_constraints(
    effects: pd.DataFrame, *, settings: AlternateConstraintSettings = DEFAULT_SETTINGS
) -> pd.DataFrame:
    """Say for every local gain what became of it end to end.

    Findings: ``not_triggered`` where the local verdict is not ``improved``, too few weeks have passed, or the stream
    itself gained; else by the constraint declared on the window after the launch: ``constraint_moved`` (another than
    before), ``local_gain_not_at_constraint`` (the same), ``unclear`` (none declared before or after). Missing where the
    end-to-end effect is withheld: nobody then knows whether the gain arrived. The stream gained if its interval
    excludes 0 on the better side and its effect is at least the minimum.

    Parameters
    ----------
    effects: one row per intervention, local and end-to-end metric with ``INPUT_COLUMNS``. Effects are on the scale of
        their chart; ``desired_direction`` (``up`` or ``down``) and ``end_to_end_minimum_effect`` (size) are of the
        end-to-end metric. ``constraint_before`` and ``constraint_after`` name the declared stage, missing = none
        declared; ``constraint_after`` must come from the window after the launch only.

    Returns one row per row of ``effects`` with ``COLUMNS``, in its order. Raises ``ValueError`` for a missing column or
    another direction.
    """
    missing = [column for column in INPUT_COLUMNS if column not in effects.columns]
    if missing:
        raise ValueError(f"The effects lack {', '.join(missing)}; pass the columns of INPUT_COLUMNS.")
    unknown = sorted(set(effects["desired_direction"].astype(str)) - {"up", "down"})
    if unknown:
        raise ValueError(f"The desired direction is '{unknown[0]}'; give 'up' or 'down'.")
    rows = [
        dict(zip(("finding", "reason", "withheld_reason"), _reading(row, settings), strict=True))
        for row in effects.to_dict("records")
    ]
    read = pd.DataFrame(rows, columns=["finding", "reason", "withheld_reason"], index=effects.index)
    table = effects[list(INPUT_COLUMNS)].join(read).assign(method_version=METHOD_VERSION)
    return table[list(COLUMNS)].astype(_TYPES).reset_index(drop=True)


def _reading(
    row: Mapping[Hashable, Any], settings: AlternateConstraintSettings
) -> tuple[str | None, str | None, str | None]:
    """Return the finding, its reason, and why there is none."""
    if row["local_verdict"] != "improved":
        return "not_triggered", "There is no local gain to follow up.", None
    if row["n_post"] < settings.min_post_weeks:
        return (
            "not_triggered",
            f"Fewer than {settings.min_post_weeks} complete weeks have passed since the launch.",
            None,
        )
    effect, *bounds = (row[f"end_to_end_{name}"] for name in ("effect", "lower", "upper"))
    if pd.isna([effect, *bounds]).any():
        return None, None, "the end-to-end effect is withheld"
    good = 1 if row["desired_direction"] == "up" else -1
    minimum = 0.0 if pd.isna(row["end_to_end_minimum_effect"]) else row["end_to_end_minimum_effect"]
    if min(good * bound for bound in bounds) > 0 and good * effect >= minimum:
        return "not_triggered", "The gain arrived end to end.", None
    finding, reason = _where_it_is(row["constraint_before"], row["constraint_after"])
    return finding, f"The local gain did not arrive end to end; {reason}.", None


def _where_it_is(before: Any, after: Any) -> tuple[str, str]:
    """Return what the constraints declared before and after the launch say of a gain that did not arrive."""
    if pd.isna(after):
        return "unclear", "no constraint is declared on the weeks after the launch"
    if pd.isna(before):
        return "unclear", f"none was declared before the launch, after it {after} is the constraint"
    if before == after:
        return "local_gain_not_at_constraint", f"the constraint is {after}, as before"
    return "constraint_moved", f"the constraint moved from {before} to {after}"
