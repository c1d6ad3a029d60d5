"""How good the office's own projections were: bias, coverage, probabilities, and projections corrected by them.

Belongs here: scoring of frozen projections whose due date has come, and the correction of later ones. Does not belong
here: freezing projections, measuring what came, and the scores themselves.

The scores and their sources are those of :mod:`.forecast_scoring`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from orchestration.analytics.forecast_scoring import pinball_loss, split_brier, wilson_interval

if TYPE_CHECKING:
    from orchestration.analytics.array_types import Flags, Floats

METHOD_VERSION = "projection_calibration-1"

#: What `projection_calibration` reads, one row per projection that has come due. Gains are positive where the metric
#: moved the desired way, in the unit of the metric.
SCORED_COLUMNS = (
    "projection_id",
    "kind",
    "due_date",
    "projected_gain",
    "lower_50",
    "upper_50",
    "lower_80",
    "upper_80",
    "lower_95",
    "upper_95",
    "actual_gain",
    "sigma_baseline",
    "meets_probability",
    "has_met",
)

#: The row over all kinds.
ALL_KINDS = "all"

_LEVELS = (50, 80, 95)

_TYPES = {
    "kind": "str",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_projections": "int64",
    "n_scored": "int64",
    "bias_ratio": "float64",
    "n_bias_ratios": "int64",
    "n_optimistic": "int64",
    "n_sign_test": "int64",
    "optimism_p_value": "float64",
    "scaled_absolute_error": "float64",
    **{
        name: type_
        for level in _LEVELS
        for name, type_ in (
            (f"n_covered_{level}", "Int64"),
            (f"n_coverage_{level}", "int64"),
            (f"coverage_{level}", "float64"),
            (f"coverage_{level}_lower", "float64"),
            (f"coverage_{level}_upper", "float64"),
        )
    },
    "pinball_10": "float64",
    "pinball_50": "float64",
    "pinball_90": "float64",
    "n_probabilities": "int64",
    "brier": "float64",
    "brier_skill_base_rate": "float64",
    "brier_skill_no_change": "float64",
    "reliability": "float64",
    "resolution": "float64",
    "uncertainty": "float64",
    "within_bin": "float64",
    "has_reliability_bins": "bool",
    "withheld_reason": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)

_CALIBRATED_TYPES = {
    "calibrated_gain": "float64",
    "calibration_ratio": "float64",
    "n_calibration": "int64",
    "calibration_withheld_reason": "str",
}
CALIBRATED_COLUMNS = tuple(_CALIBRATED_TYPES)


@dataclass(frozen=True, slots=True)
class CalibrationSettings:
    """Scored projections from which each figure is published; below, the cases are for listing one by one.

    ``min_calibration`` scored projections of one kind correct later ones of that kind.
    """

    min_coverage: int = 5
    min_brier: int = 10
    min_reliability_bins: int = 30
    min_calibration: int = 8
    n_bins: int = 10
    confidence: float = 0.95


DEFAULT_SETTINGS = CalibrationSettings()


def projection_calibration(scored: pd.DataFrame, *, settings: CalibrationSettings = DEFAULT_SETTINGS) -> pd.DataFrame:
    """Score the projections that have come due, by kind and over all kinds.

    Bias ratio: median of actual / projected gain over projections of a gain above 0. Sign test: as many actual gains
    below as above their projection (two-sided binomial; ties left out). Scaled absolute error: mean of
    |actual - projected| / sigma of the baseline. Coverage: share of actual gains inside the 50, 80 and 95 % interval
    (ends included), with its Wilson interval. Pinball loss at 10, 50 and 90 % in baseline sigmas, with the ends of the
    80 % interval as the 10 and 90 % quantiles. Brier score of the probabilities to meet the threshold, its skill
    against the constant base rate and against 0 for all (no change meets nothing), and its split.

    Parameters: ``scored`` has one row per projection with ``SCORED_COLUMNS``; a missing ``actual_gain`` is due and not
    measured, and takes part in nothing but ``n_projections``.

    Returns one row per kind and one for ``all``, with ``COLUMNS``; a figure on fewer projections than its minimum is
    missing and ``withheld_reason`` says so. Raises ``ValueError`` for a missing column, a repeated ``projection_id``, a
    kind named ``all``, or an interval whose ends are swapped.
    """
    _check(scored)
    groups = [(str(kind), frame) for kind, frame in scored.groupby("kind", sort=True)]
    if groups:
        groups.append((ALL_KINDS, scored))
    rows = [_calibrate(kind, frame, settings) for kind, frame in groups]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(_TYPES)


def _check(scored: pd.DataFrame) -> None:
    missing = [column for column in SCORED_COLUMNS if column not in scored.columns]
    if missing:
        raise ValueError(f"The scored projections lack {', '.join(missing)}; pass the columns of SCORED_COLUMNS.")
    if scored["projection_id"].duplicated().any():
        raise ValueError("A projection is scored twice; pass one row per projection.")
    if (scored["kind"] == ALL_KINDS).any():
        raise ValueError(f"A kind of projection cannot be named '{ALL_KINDS}', which is the row over all kinds.")
    if any((scored[f"lower_{level}"] > scored[f"upper_{level}"]).any() for level in _LEVELS):
        raise ValueError("An interval of a projection has its lower end above its upper one; swap them.")


def _calibrate(kind: str, frame: pd.DataFrame, settings: CalibrationSettings) -> dict[str, object]:
    due = pd.to_datetime(frame["due_date"])
    measured = frame.loc[frame["actual_gain"].notna() & frame["projected_gain"].notna()]
    projected, actual = (measured[name].to_numpy(dtype=float) for name in ("projected_gain", "actual_gain"))
    sigma = measured["sigma_baseline"].to_numpy(dtype=float)
    short: list[str] = []
    row: dict[str, object] = {
        "kind": kind,
        "window_start": due.min(),
        "window_end": due.max(),
        "n_projections": len(frame),
        "n_scored": len(measured),
        "method_version": METHOD_VERSION,
    }
    row |= _bias(projected, actual, settings, short)
    row |= _coverage(measured, actual, settings, short)
    has_spread = sigma > 0
    row |= _errors(measured, actual, np.where(has_spread, sigma, np.nan), settings, short)
    row |= _probabilities(frame, settings, short)
    row["withheld_reason"] = "; ".join(short) or None
    return row


def _bias(projected: Floats, actual: Floats, settings: CalibrationSettings, short: list[str]) -> dict[str, object]:
    """Bias ratio and sign test; both from the minimum of coverage on, as a median of fewer is one case."""
    is_gain = projected > 0
    below, above = int((actual < projected).sum()), int((actual > projected).sum())
    row: dict[str, object] = {
        "n_bias_ratios": int(is_gain.sum()),
        "n_optimistic": below,
        "n_sign_test": below + above,
    }
    if _is_enough(int(is_gain.sum()), settings.min_coverage, "bias ratio", short):
        row["bias_ratio"] = float(np.median(actual[is_gain] / projected[is_gain]))
    if below + above >= settings.min_coverage:
        row["optimism_p_value"] = float(binomtest(below, below + above).pvalue)
    return row


def _coverage(
    measured: pd.DataFrame, actual: Floats, settings: CalibrationSettings, short: list[str]
) -> dict[str, object]:
    row: dict[str, object] = {}
    for level in _LEVELS:
        lower, upper = (measured[f"{end}_{level}"].to_numpy(dtype=float) for end in ("lower", "upper"))
        has_interval = np.isfinite(lower) & np.isfinite(upper)
        n_intervals = int(has_interval.sum())
        row[f"n_coverage_{level}"] = n_intervals
        if not _is_enough(n_intervals, settings.min_coverage, f"coverage of {level} % intervals", short):
            continue
        n_covered = int(((actual >= lower) & (actual <= upper) & has_interval).sum())
        lowest, highest = wilson_interval(n_covered, n_intervals, settings.confidence)
        row |= {
            f"n_covered_{level}": n_covered,
            f"coverage_{level}": n_covered / n_intervals,
            f"coverage_{level}_lower": lowest,
            f"coverage_{level}_upper": highest,
        }
    return row


def _errors(
    measured: pd.DataFrame, actual: Floats, sigma: Floats, settings: CalibrationSettings, short: list[str]
) -> dict[str, object]:
    """Mean losses in baseline sigmas, each over the projections that have what it needs."""
    projected = measured["projected_gain"].to_numpy(dtype=float)
    losses = {
        "scaled_absolute_error": np.abs(actual - projected) / sigma,
        "pinball_10": pinball_loss(measured["lower_80"], actual, 0.1) / sigma,
        "pinball_50": pinball_loss(projected, actual, 0.5) / sigma,
        "pinball_90": pinball_loss(measured["upper_80"], actual, 0.9) / sigma,
    }
    means: dict[str, object] = {}
    for name, loss in losses.items():
        known = loss[np.isfinite(loss)]
        if known.size >= settings.min_coverage:
            means[name] = float(known.mean())
    n_scaled = int(np.isfinite(losses["scaled_absolute_error"]).sum())
    _is_enough(n_scaled, settings.min_coverage, "scaled error", short)
    return means


def _probabilities(frame: pd.DataFrame, settings: CalibrationSettings, short: list[str]) -> dict[str, object]:
    given = frame.loc[frame["meets_probability"].notna() & frame["has_met"].notna()]
    forecast, outcome = given["meets_probability"].to_numpy(dtype=float), given["has_met"].to_numpy(dtype=float)
    has_bins = forecast.size >= settings.min_reliability_bins
    row: dict[str, object] = {"n_probabilities": forecast.size, "has_reliability_bins": has_bins}
    if not _is_enough(forecast.size, settings.min_brier, "Brier score", short):
        return row
    split = split_brier(forecast, outcome, settings.n_bins)
    row["brier"] = split.brier
    # Against a base rate or an outcome that never varied nothing can be better, and no skill is defined.
    no_change = float(outcome.mean())
    row["brier_skill_base_rate"] = 1 - split.brier / split.uncertainty if split.uncertainty > 0 else float("nan")
    row["brier_skill_no_change"] = 1 - split.brier / no_change if no_change > 0 else float("nan")
    if _is_enough(forecast.size, settings.min_reliability_bins, "split of the Brier score", short):
        row |= {
            "reliability": split.reliability,
            "resolution": split.resolution,
            "uncertainty": split.uncertainty,
            "within_bin": split.within_bin,
        }
    return row


def _is_enough(found: int, needed: int, what: str, short: list[str]) -> bool:
    """Whether a figure is published; if not, note why."""
    if found < needed:
        short.append(f"{what}: {found} scored, at least {needed} needed")
    return found >= needed


def calibrate_projections(
    projections: pd.DataFrame, calibration: pd.DataFrame, *, settings: CalibrationSettings = DEFAULT_SETTINGS
) -> pd.DataFrame:
    """Add to open projections what the office's record makes of them, beside the projection itself.

    ``calibrated_gain`` = ``projected_gain`` times the median bias ratio of its kind, from 8 scored projections of that
    kind on; the row over all kinds corrects nothing.

    Parameters: ``projections`` with ``kind`` and ``projected_gain``, one row per projection; ``calibration`` the result
    of :func:`projection_calibration`. Returns the rows, columns and index of ``projections`` with ``calibrated_gain``,
    ``calibration_ratio``, ``n_calibration`` (scored projections of the kind) and ``calibration_withheld_reason``.
    Raises ``ValueError`` for a missing column.
    """
    missing = [column for column in ("kind", "projected_gain") if column not in projections.columns]
    if missing:
        raise ValueError(f"The projections lack {', '.join(missing)}; pass one row per projection with both.")
    of_kind = calibration.loc[calibration["kind"] != ALL_KINDS].set_index("kind")
    n_scored = projections["kind"].map(of_kind["n_bias_ratios"]).fillna(0).astype("int64")
    is_enough: Flags = (n_scored >= settings.min_calibration).to_numpy(dtype=bool)
    ratio = projections["kind"].map(of_kind["bias_ratio"]).astype("float64").where(is_enough)
    reason = (
        n_scored.astype("str") + f" scored projections of this kind, at least {settings.min_calibration} needed"
    ).where(~is_enough)
    return projections.assign(
        calibrated_gain=projections["projected_gain"].astype("float64") * ratio,
        calibration_ratio=ratio,
        n_calibration=n_scored,
        calibration_withheld_reason=reason,
    ).astype(_CALIBRATED_TYPES)
