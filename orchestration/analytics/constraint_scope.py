"""Whether a stage holds back the whole portfolio or only one level or value stream.

Belongs here: comparing the verdicts of all lines on one stage, and the waits before it. Does not belong here: the
verdicts (:mod:`.constraint_declaration`).

Sources: H. B. Mann, D. R. Whitney, Annals of Mathematical Statistics 18 (1947) for the p value; A. Vargha, H. D.
Delaney, Journal of Educational and Behavioral Statistics 25 (2000) for A12; Y. Benjamini, Y. Hochberg, Journal of the
Royal Statistical Society B 57 (1995) for the adjustment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, mannwhitneyu

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestration.analytics.array_types import Flags

METHOD_VERSION = "constraint_scope-1"

VERDICT_COLUMNS = ("scope_id", "level", "stage_name", "window_weeks", "window_start", "window_end", "status")
WAIT_COLUMNS = ("scope_id", "level", "stage_name", "wait_share")
CLASSES = ("system_wide", "scope_specific", "mixed")

_TYPES = {
    "window_weeks": "int64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "stage_name": "str",
    "n_streams": "int64",
    "n_streams_named": "int64",
    "streams_named_share": "float64",
    "n_levels": "int64",
    "n_levels_named": "int64",
    "n_lines_declared": "int64",
    "specific_scope_id": "str",
    "specific_level": "str",
    "n_waits_here": "int64",
    "n_waits_elsewhere": "int64",
    "wait_share_here": "float64",
    "wait_share_elsewhere": "float64",
    "a12": "float64",
    "p_value": "float64",
    "p_value_adjusted": "float64",
    "scope_class": "str",
    "withheld_reason": "str",
    "sentence": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)


@dataclass(frozen=True, slots=True)
class ScopeSettings:
    """Thresholds: share of streams and levels that make a stage system-wide; significance and size of a difference.

    ``min_a12`` of 0.64 is a medium effect: the chance that an item's wait share here exceeds one elsewhere.
    ``min_waits`` items on either side, or the difference is not tested.
    """

    min_stream_share: float = 0.6
    min_levels: int = 2
    max_p_value: float = 0.05
    min_a12: float = 0.64
    min_waits: int = 10


def classify_constraint_scopes(
    verdicts: pd.DataFrame, waits: pd.DataFrame, settings: ScopeSettings | None = None
) -> pd.DataFrame:
    """Return one row per window and stage that is declared or a candidate in some line, with ``COLUMNS``.

    Parameters
    ----------
    verdicts: rows of :func:`.constraint_declaration.declare_constraints` of the scope ``value_stream``. A stage is the
        same stage in all lines that name it alike; a stage ``not_compared`` in a line is not in use there.
    waits: one row per item and stage: ``scope_id`` (value stream), ``level``, ``stage_name`` and ``wait_share``, the
        item's wait before the stage over its flow time (0 to 1), of items finished in the window. NaN is left out.

    ``system_wide``: declared or a candidate in at least 60 % of the streams that use it, of several, and at two levels
    or more (at its only one where one level alone uses it).
    ``scope_specific``: declared in exactly one stream, or else at exactly one level, of several that use it, and the
    wait share there is larger than elsewhere (one-sided Mann-Whitney p, adjusted over all stages and windows of this
    call, and A12). ``mixed``: neither. NULL with its ``withheld_reason`` where just one line uses the stage.
    """
    settings = settings or ScopeSettings()
    for frame, wanted, what in ((verdicts, VERDICT_COLUMNS, "verdicts"), (waits, WAIT_COLUMNS, "waits")):
        missing = [column for column in wanted if column not in frame.columns]
        if missing:
            raise ValueError(f"The {what} lack {', '.join(missing)}; pass the columns that the docstring names.")
    waits = waits.dropna(subset=["wait_share"])
    in_use = verdicts.loc[verdicts["status"] != "not_compared"]
    rows = [
        _compare(of_stage, waits.loc[waits["stage_name"] == stage], settings)
        | {"window_weeks": window, "stage_name": stage}
        for (window, stage), of_stage in in_use.groupby(["window_weeks", "stage_name"], sort=True)
        if of_stage["status"].isin(["declared", "candidate"]).any()
    ]
    if not rows:
        return pd.DataFrame(columns=list(COLUMNS)).astype(_TYPES)
    table = pd.DataFrame(rows)
    tested = table["p_value"].notna()
    table["p_value_adjusted"] = np.nan
    if tested.any():
        table.loc[tested, "p_value_adjusted"] = false_discovery_control(table.loc[tested, "p_value"].to_numpy())
    records = table.to_dict("records")
    classes = [_classify(row, settings) for row in records]
    table["scope_class"] = [name for name, _ in classes]
    table["withheld_reason"] = [reason for _, reason in classes]
    table["sentence"] = [_sentence(row, name, reason) for row, (name, reason) in zip(records, classes, strict=True)]
    return table.assign(method_version=METHOD_VERSION)[list(COLUMNS)].astype(_TYPES)


def _compare(of_stage: pd.DataFrame, waits: pd.DataFrame, settings: ScopeSettings) -> dict[str, Any]:
    """Count where the stage is in use and named, and compare the waits where alone it is declared with the others."""
    named = of_stage.loc[of_stage["status"].isin(["declared", "candidate"])]
    declared = of_stage.loc[of_stage["status"] == "declared"]
    n_streams, n_levels = of_stage["scope_id"].nunique(), of_stage["level"].nunique()
    stream = level = None
    streams_declared, levels_declared = set(declared["scope_id"]), set(declared["level"])
    if len(streams_declared) == 1 and n_streams > 1:
        stream = str(streams_declared.pop())
    if len(levels_declared) == 1 and n_levels > 1:
        level = str(levels_declared.pop())
    # One stream with several levels declared is specific to the stream; one of each is specific to that line.
    is_here: Flags = np.ones(len(waits), dtype=bool)
    if stream is not None:
        is_here &= (waits["scope_id"] == stream).to_numpy()
    if level is not None:
        is_here &= (waits["level"] == level).to_numpy()
    shares = waits["wait_share"].to_numpy(dtype="float64")
    here, elsewhere = shares[is_here], shares[~is_here]
    row = {
        "window_start": of_stage["window_start"].min(),
        "window_end": of_stage["window_end"].max(),
        "n_streams": n_streams,
        "n_streams_named": named["scope_id"].nunique(),
        "streams_named_share": named["scope_id"].nunique() / n_streams,
        "n_levels": n_levels,
        "n_levels_named": named["level"].nunique(),
        "n_lines_declared": len(declared),
        "specific_scope_id": stream,
        "specific_level": level,
        "n_waits_here": 0,
        "n_waits_elsewhere": 0,
        "wait_share_here": float("nan"),
        "wait_share_elsewhere": float("nan"),
        "a12": float("nan"),
        "p_value": float("nan"),
    }
    if stream is None and level is None:
        return row
    row |= {"n_waits_here": here.size, "n_waits_elsewhere": elsewhere.size}
    if min(here.size, elsewhere.size) < settings.min_waits:
        return row
    test = mannwhitneyu(here, elsewhere, alternative="greater")
    return row | {
        "wait_share_here": float(np.median(here)),
        "wait_share_elsewhere": float(np.median(elsewhere)),
        "a12": float(test.statistic) / (here.size * elsewhere.size),
        "p_value": float(test.pvalue),
    }


def _classify(row: Mapping[Any, Any], settings: ScopeSettings) -> tuple[str | None, str | None]:
    """Return the class and what is withheld."""
    if row["n_streams"] == 1 and row["n_levels"] == 1:
        return None, "one value stream alone uses the stage, at one level, so there is nothing to compare it with"
    # A stage that all value streams use at the same single level cannot show at a second one.
    n_levels_needed = min(settings.min_levels, row["n_levels"])
    is_wide = row["n_streams"] > 1 and row["streams_named_share"] >= settings.min_stream_share
    if is_wide and row["n_levels_named"] >= n_levels_needed:
        return "system_wide", None
    if pd.isna(row["specific_scope_id"]) and pd.isna(row["specific_level"]):
        return "mixed", None
    if pd.isna(row["p_value"]):
        return "mixed", (
            f"{row['n_waits_here']} waits here and {row['n_waits_elsewhere']} elsewhere, at least "
            f"{settings.min_waits} each needed to compare them"
        )
    is_larger = row["p_value_adjusted"] < settings.max_p_value and row["a12"] >= settings.min_a12
    return ("scope_specific" if is_larger else "mixed"), None


def _sentence(row: Mapping[Any, Any], name: str | None, reason: str | None) -> str:
    stage = row["stage_name"]
    if name is None:
        return f"{stage}: not classified, as {reason}."
    streams = f"{row['n_streams_named']} of {row['n_streams']} value streams"
    levels = f"{row['n_levels_named']} of {row['n_levels']} levels"
    levels = levels if row["n_levels"] > 1 else "the one level that uses it"
    if name == "system_wide":
        return f"{stage} holds work back across the portfolio: it is declared or a candidate in {streams}, at {levels}."
    if name == "scope_specific":
        places = [row["specific_scope_id"], row["specific_level"]]
        where = " at level ".join(str(place) for place in places if not pd.isna(place))
        where = where if not pd.isna(row["specific_scope_id"]) else f"level {where}"
        return (
            f"{stage} holds work back in {where}: items wait before it for {100 * row['wait_share_here']:.0f} % of "
            f"their flow time (median, n = {row['n_waits_here']}), elsewhere {100 * row['wait_share_elsewhere']:.0f} % "
            f"(n = {row['n_waits_elsewhere']}; A12 {row['a12']:.2f})."
        )
    kept = "" if reason is None else f"; {reason}"
    return f"{stage} is declared or a candidate in {streams}, at {levels}: neither everywhere nor in one place{kept}."
