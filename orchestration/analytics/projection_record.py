"""What the office promised of each intervention, kept as it was first written, and what came of it once due.

Belongs here: the versions of a projection, which of them counts, when it comes due, and its gain beside the actual one.
Does not belong here: reading the register, the effect (:mod:`.interrupted_series`), and how good the projections were
on the whole (:mod:`.projection_calibration`).

A promise that may be edited after the fact proves nothing, so the first version of a metric's projection counts, and
only if it was seen before the first week after the transition was over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

METHOD_VERSION = "projection_record-1"

REGISTER_COLUMNS = (
    "intervention_id",
    "metric",
    "desired_direction",
    "kind",
    "launched_date",
    "transition_days",
    "projected_change_percent",
    "projected_change_low_percent",
    "projected_change_high_percent",
    "minimum_change_percent",
)

_TYPES = {
    "intervention_id": "str",
    "version_number": "int64",
    "metric": "str",
    "desired_direction": "str",
    "kind": "str",
    "launched_date": "datetime64[us]",
    "transition_days": "int64",
    "due_date": "datetime64[us]",
    "projected_change_percent": "float64",
    "projected_change_low_percent": "float64",
    "projected_change_high_percent": "float64",
    "minimum_change_percent": "float64",
    "first_seen_as_of": "datetime64[us]",
    "is_in_force": "bool",
    "was_seen_in_time": "bool",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)

_KEY = ["intervention_id", "metric"]
#: An edit of any of these makes a new version.
_PROMISED = [name for name in REGISTER_COLUMNS if name not in ("intervention_id", "metric", "kind")]
_PERCENTAGES = [name for name in REGISTER_COLUMNS if name.endswith("_percent")]

_SCORE_TYPES = {
    "intervention_id": "str",
    "metric": "str",
    "kind": "str",
    "due_date": "datetime64[us]",
    "is_due": "bool",
    "is_scored": "bool",
    "projected_gain": "float64",
    "projected_gain_lower": "float64",
    "projected_gain_upper": "float64",
    "actual_gain": "float64",
    "sigma_baseline": "float64",
    "n_baseline": "int64",
    "n_post": "int64",
    "calibrated_gain": "float64",
    "calibration_ratio": "float64",
    "n_calibration": "int64",
    "calibration_withheld_reason": "str",
    "withheld_reason": "str",
    "method_version": "str",
}
SCORE_COLUMNS = tuple(_SCORE_TYPES)


@dataclass(frozen=True, slots=True)
class ProjectionSettings:
    """``weeks_to_due``: weeks after the transition after which a projection is held against what came."""

    weeks_to_due: int = 26


DEFAULT_SETTINGS = ProjectionSettings()


def record_projections(
    register: pd.DataFrame,
    known: pd.DataFrame | None,
    as_of: pd.Timestamp,
    *,
    settings: ProjectionSettings = DEFAULT_SETTINGS,
) -> pd.DataFrame:
    """Add what the register promises now to what was recorded before; nothing recorded is ever changed or dropped.

    A row of the register whose promise (direction, launch, transition and percentages) differs from the last
    version recorded is a new version, first seen at ``as_of``. A run for an earlier moment than the last version was
    seen at records nothing for that intervention: otherwise a promise could be dated back. ``is_in_force`` marks the
    first version of an intervention and metric; ``was_seen_in_time`` whether it was seen by the end of the first week
    after the transition.

    Parameters
    ----------
    register: one row per intervention and metric with ``REGISTER_COLUMNS``; rows that promise nothing are left out.
    known: an earlier result of this function, None if there is none.
    as_of: the moment of the refresh in UTC, without a zone.

    Returns one row per intervention, metric and version with ``COLUMNS``, ordered by these. Versions are numbered by
    intervention and metric; in records of the time when they were numbered by intervention alone, a metric's first
    version may have a higher number. Raises ``ValueError`` for a missing column.
    """
    missing = [column for column in REGISTER_COLUMNS if column not in register.columns]
    if missing:
        raise ValueError(f"The register lacks {', '.join(missing)}; pass the columns of REGISTER_COLUMNS.")
    before = _typed(known) if known is not None and len(known) else pd.DataFrame(columns=list(COLUMNS)).astype(_TYPES)
    last = before.sort_values("version_number").drop_duplicates(_KEY, keep="last").set_index(_KEY)
    last_seen = before.groupby("intervention_id")["first_seen_as_of"].max().to_dict()
    is_promise = register[["projected_change_percent", "minimum_change_percent"]].notna().any(axis="columns")
    promises = register.loc[is_promise]
    new = []
    for row in promises.to_dict("records"):
        row["launched_date"] = pd.Timestamp(row["launched_date"])
        if last_seen.get(row["intervention_id"], as_of) > as_of:
            continue
        key = (row["intervention_id"], row["metric"])
        number = 1
        if key in last.index:
            former = last.loc[key]
            if all(_is_same(row[part], former[part]) for part in _PROMISED):
                continue
            number = int(former["version_number"]) + 1
        new.append({**{part: row[part] for part in REGISTER_COLUMNS}, "version_number": number})
    added = pd.DataFrame(new, columns=[*REGISTER_COLUMNS, "version_number"]).assign(first_seen_as_of=as_of)
    whole_transition = pd.to_timedelta(added["transition_days"].astype("int64"), unit="D")
    added["launched_date"] = pd.to_datetime(added["launched_date"])
    first_after = added["launched_date"] + whole_transition
    added["due_date"] = first_after + pd.Timedelta(weeks=settings.weeks_to_due)
    added["was_seen_in_time"] = as_of <= first_after + pd.Timedelta(weeks=1)
    added = added.assign(is_in_force=False, method_version=METHOD_VERSION)
    parts = [part for part in (before, _typed(added)) if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else before
    table = table.sort_values([*_KEY, "version_number"], ignore_index=True)
    table["is_in_force"] = ~table.duplicated(_KEY)
    return table[list(COLUMNS)].astype(_TYPES)


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return recorded rows with their types, whatever a file has made of them."""
    return frame[list(COLUMNS)].astype(_TYPES)


def _is_same(one: object, other: object) -> bool:
    if pd.isna(one) or pd.isna(other):  # type: ignore[call-overload]
        return bool(pd.isna(one) and pd.isna(other))  # type: ignore[call-overload]
    return bool(one == other)


def expectations(projections: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Return what is expected of each charted series, on the scale on which the verdict reads it.

    Parameters
    ----------
    projections: result of :func:`record_projections`; the versions in force count.
    points: one row per intervention, metric and week with ``chart_scale`` and ``centre_line``.

    Returns ``intervention_id``, ``metric``, ``projected_change`` and ``minimum_change``: shares of the level on a
    logarithmic chart, in the unit of the metric on a linear one (percent of the baseline's centre; missing without
    one).
    """
    charts = points.groupby(["intervention_id", "metric"], as_index=False).agg(
        chart_scale=("chart_scale", "first"), centre=("centre_line", "first")
    )
    in_force = projections.loc[projections["is_in_force"]]
    joined = charts.merge(in_force, on=["intervention_id", "metric"], how="inner")
    of_level = np.where(joined["chart_scale"] == "log", 1.0, joined["centre"].astype(float))
    return pd.DataFrame(
        {
            "intervention_id": joined["intervention_id"],
            "metric": joined["metric"],
            "projected_change": joined["projected_change_percent"] / 100 * of_level,
            "minimum_change": joined["minimum_change_percent"] / 100 * np.abs(of_level),
        }
    )


def projected_gains(projections: pd.DataFrame, effects: pd.DataFrame, as_of_day: pd.Timestamp) -> pd.DataFrame:
    """Set every projection in force beside what came of it by its due date.

    Parameters
    ----------
    projections: result of :func:`record_projections`.
    effects: one row per intervention and metric as :func:`.interrupted_series.interrupted_effects` gives it for the
        weeks up to the due date only, with ``sigma_baseline`` in the unit of the metric beside it.
    as_of_day: the day of the refresh; projections due by then are scored.

    Gains are positive where the metric moves the desired way, in its unit, against the level of the baseline. Returns
    one row per projection in force that names a change, with ``SCORE_COLUMNS`` (calibrated columns missing), ordered
    by intervention. ``withheld_reason`` says why a projection is not scored.
    """
    in_force = projections.loc[projections["is_in_force"] & projections["projected_change_percent"].notna()]
    joined = in_force.merge(
        effects[
            ["intervention_id", "metric", "baseline_level", "post_level", "sigma_baseline", "n_baseline", "n_post",
             "withheld_reason"]
        ],
        on=["intervention_id", "metric"],
        how="left",
    )  # fmt: skip
    good = np.where(joined["desired_direction"] == "up", 1.0, -1.0)
    level = joined["baseline_level"].astype(float)
    ends = np.column_stack(
        [good * joined[f"projected_change_{end}_percent"].astype(float) / 100 * level for end in ("low", "high")]
    ).reshape(-1, 2)
    is_due = joined["due_date"] <= as_of_day
    reasons = _reasons(joined, is_due)
    actual = pd.Series(good * (joined["post_level"].astype(float) - level), index=joined.index)
    table = joined.assign(
        is_due=is_due,
        is_scored=reasons.isna(),
        projected_gain=good * joined["projected_change_percent"].astype(float) / 100 * level,
        projected_gain_lower=ends.min(axis=1) if len(joined) else np.array([]),
        projected_gain_upper=ends.max(axis=1) if len(joined) else np.array([]),
        actual_gain=actual.where(reasons.isna()),
        n_baseline=joined["n_baseline"].fillna(0),
        n_post=joined["n_post"].fillna(0),
        calibrated_gain=np.nan,
        calibration_ratio=np.nan,
        n_calibration=0,
        calibration_withheld_reason=None,
        withheld_reason=reasons,
        method_version=METHOD_VERSION,
    )
    return table.sort_values(["intervention_id", "metric"], ignore_index=True)[list(SCORE_COLUMNS)].astype(_SCORE_TYPES)


def _reasons(joined: pd.DataFrame, is_due: pd.Series) -> pd.Series:
    """Say why each projection is not scored; missing where it is."""
    due = "it comes due on " + joined["due_date"].dt.strftime("%Y-%m-%d")
    late = "first seen on " + joined["first_seen_as_of"].dt.strftime("%Y-%m-%d") + ", when results were known already"
    reasons = joined["withheld_reason"].fillna("its metric has no series").where(joined["post_level"].isna())
    return reasons.mask(~joined["was_seen_in_time"], late).mask(~is_due, due)


def as_scored(gains: pd.DataFrame) -> pd.DataFrame:
    """Return the due projections as :func:`.projection_calibration.projection_calibration` reads them.

    The register's interval is the one of 80 %; others, and probabilities, are not asked for. A projection that is due
    and not scored has no actual gain; one seen too late is no projection and is left out.
    """
    due = gains.loc[gains["is_due"] & (gains["is_scored"] | ~gains["withheld_reason"].str.startswith("first seen"))]
    return pd.DataFrame(
        {
            "projection_id": due["intervention_id"] + "/" + due["metric"],
            "kind": due["kind"].fillna("other"),
            "due_date": due["due_date"],
            "projected_gain": due["projected_gain"],
            "lower_50": np.nan,
            "upper_50": np.nan,
            "lower_80": due["projected_gain_lower"],
            "upper_80": due["projected_gain_upper"],
            "lower_95": np.nan,
            "upper_95": np.nan,
            "actual_gain": due["actual_gain"],
            "sigma_baseline": due["sigma_baseline"],
            "meets_probability": np.nan,
            "has_met": pd.Series(np.nan, index=due.index),
        }
    )
