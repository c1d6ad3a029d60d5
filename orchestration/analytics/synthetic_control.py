"""An intervention against a weighted mix of other value streams that moved as its own did before the launch.

Belongs here: the weights, the effect against the mix, and what the same gives for each donor in its place. Does not
belong here: which value streams may be donors (:mod:`.controlled_effect`) and the plain mean of them.

Source: A. Abadie, A. Diamond, J. Hainmueller, "Synthetic control methods for comparative case studies", JASA 105
(2010): weights of 0 or more that add up to 1, a placebo for each donor, and the ratio of the errors after and before
the launch as the statistic. The weights are those of the outcome alone, without further predictors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from orchestration.analytics.controlled_effect import (
    DEFAULT_SETTINGS as CONTROL_DEFAULTS,
)
from orchestration.analytics.controlled_effect import ControlSettings, comparable_streams, complete_candidates
from orchestration.analytics.interrupted_series import percent_change, used_weeks

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Flags, Floats

METHOD_VERSION = "synthetic_control-1"

#: How much heavier than the fit the sum of the weights counts; they are scaled to 1 afterwards.
_SUM_WEIGHT = 1e4
#: Smaller weights are not told.
_SMALLEST_TOLD = 0.005

#: Columns with their types.
TYPES = {
    "intervention_id": "str",
    "metric": "str",
    "level": "str",
    "value_stream_id": "str",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_baseline": "int64",
    "n_post": "int64",
    "chart_scale": "str",
    "n_candidates": "int64",
    "n_donors": "int64",
    "weights": "str",
    "baseline_error": "float64",
    "baseline_spread": "float64",
    "effect": "float64",
    "effect_percent": "float64",
    "placebo_lower": "float64",
    "placebo_upper": "float64",
    "n_placebos": "int64",
    "placebo_p_value": "float64",
    "smallest_placebo_p_value": "float64",
    "withheld_reason": "str",
    "method_version": "str",
}
COLUMNS = tuple(TYPES)


@dataclass(frozen=True, slots=True)
class SyntheticControlSettings:
    """When a synthetic control is made and told.

    ``max_error_share``: error over the baseline, in standard deviations of the series there, above which the mix is no
    stand-in. Donors need a value in ``min_covered_share`` of the weeks.
    """

    is_on: bool = False
    min_donors: int = 5
    min_baseline_weeks: int = 20
    min_post_weeks: int = 8
    max_error_share: float = 0.5
    min_covered_share: float = 0.9
    confidence: float = 0.95


DEFAULT_SETTINGS = SyntheticControlSettings()


@dataclass(frozen=True, slots=True)
class SyntheticControl:
    """Weights of the donors, the mean gap after the launch, and the root mean squared gaps before and after it."""

    weights: Floats
    effect: float
    error_before: float
    error_after: float

    @property
    def error_ratio(self) -> float:
        """How many times larger the gaps are after the launch."""
        return self.error_after / self.error_before if self.error_before > 0 else float("inf")


def synthetic_control(treated: ArrayLike, donors: ArrayLike, is_post: ArrayLike) -> SyntheticControl:
    """Weight the donors to follow the treated series before the launch, and compare with the mix after it.

    Parameters
    ----------
    treated: (n,) finite values in time order. donors: (J, n), J of 2 or more. is_post: (n,) true after the launch.

    Raises ``ValueError`` for fewer than two donors or a side without weeks.
    """
    series, others = np.asarray(treated, dtype=float), np.asarray(donors, dtype=float)
    post = np.asarray(is_post, dtype=bool)
    if others.ndim != 2 or others.shape[0] < 2:  # noqa: PLR2004 - one donor leaves nothing to weight
        raise ValueError("A mix needs two donors or more; pass one row each.")
    if post.all() or not post.any():
        raise ValueError("A side of the launch has no week; pass weeks before and after it.")
    weights = simplex_weights(series[~post], others[:, ~post])
    gaps = series - weights @ others
    return SyntheticControl(
        weights=weights,
        effect=float(gaps[post].mean()),
        error_before=float(np.sqrt((gaps[~post] ** 2).mean())),
        error_after=float(np.sqrt((gaps[post] ** 2).mean())),
    )


def simplex_weights(target: Floats, donors: Floats) -> Floats:
    """Return the weights of 0 or more that add up to 1 with which the donors (J, n) come nearest to the target (n,)."""
    # As the weights add up to 1, what all series share may be taken out first; it would only cost precision.
    centre = donors.mean(axis=0)
    scale = float(np.abs(donors - centre).max()) or 1.0
    stacked = np.vstack([((donors - centre) / scale).T, np.full(donors.shape[0], _SUM_WEIGHT)])
    found, _ = nnls(stacked, np.append((target - centre) / scale, _SUM_WEIGHT))
    return np.asarray(found / found.sum(), dtype=np.float64)


def synthetic_controls(
    treated: pd.DataFrame,
    candidates: pd.DataFrame,
    launches: pd.DataFrame,
    *,
    excluded: Mapping[str, Collection[str]] | None = None,
    settings: SyntheticControlSettings = DEFAULT_SETTINGS,
    control_settings: ControlSettings = CONTROL_DEFAULTS,
) -> pd.DataFrame:
    """Compare every series with a weighted mix of value streams in which nothing was launched about then.

    Parameters as for :func:`.controlled_effect.controlled_effects`. Weeks in which a donor has no value are left out.

    Returns one row per intervention and metric with ``COLUMNS``, ordered by both; none where it is not asked for
    (``settings.is_on``). ``placebo_p_value`` = (1 + donors whose errors grew at least as much) / (donors + 1).
    Raises ``ValueError`` as there.
    """
    if not settings.is_on or treated.empty:
        return pd.DataFrame(columns=list(COLUMNS)).astype(TYPES)
    complete = complete_candidates(treated, candidates, launches)
    rows = []
    for (intervention, metric), points in treated.groupby(["intervention_id", "metric"], sort=True):
        frame, _, post = used_weeks(points)
        ruled_out = (excluded or {}).get(str(intervention), ())
        names, values = comparable_streams(points, frame["week_start"], complete, launches, ruled_out, control_settings)
        is_log = bool((points["chart_scale"] == "log").any())
        row: dict[str, object] = {
            "intervention_id": intervention,
            "metric": metric,
            "level": points["level"].iloc[0],
            "value_stream_id": points["value_stream_id"].iloc[0],
            "window_start": frame["week_start"].min(),
            "window_end": frame["week_start"].max(),
            "chart_scale": "log" if is_log else "linear",
            "method_version": METHOD_VERSION,
        }
        series = frame["charted_value"].to_numpy(dtype=float)
        measured = _row(series, post, names, values, settings)
        effect = measured.get("effect")
        if is_log and isinstance(effect, float):
            measured["effect_percent"] = percent_change(effect)
        rows.append(row | measured)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(TYPES)


def _row(
    series: Floats, post: Flags, names: np.ndarray, values: Floats, settings: SyntheticControlSettings
) -> dict[str, object]:
    covered = np.isfinite(values).mean(axis=1) if series.size else np.zeros(names.size)
    chosen = covered >= settings.min_covered_share
    donors = values[chosen]
    has_all = np.isfinite(series) & np.isfinite(donors).all(axis=0)
    series, donors, post = series[has_all], donors[:, has_all], post[has_all]
    n_donors, n_post = int(chosen.sum()), int(post.sum())
    n_baseline = int(post.size - n_post)
    row: dict[str, object] = {
        "n_baseline": n_baseline,
        "n_post": n_post,
        "n_candidates": int(names.size),
        "n_donors": n_donors,
        "n_placebos": 0,
    }
    short = [
        f"{found} {what}, at least {needed} needed"
        for found, needed, what in (
            (n_donors, settings.min_donors, "value streams that it can be mixed from"),
            (n_baseline, settings.min_baseline_weeks, "weeks before the launch that all of them have"),
            (n_post, settings.min_post_weeks, "weeks after it"),
        )
        if found < needed
    ]
    if short:
        return row | {"withheld_reason": short[0]}
    found = synthetic_control(series, donors, post)
    spread = float(series[~post].std(ddof=1))
    row |= {
        "weights": _told(names[chosen], found.weights),
        "baseline_error": found.error_before,
        "baseline_spread": spread,
    }
    if found.error_before > settings.max_error_share * spread:
        share = found.error_before / spread if spread > 0 else float("inf")
        return row | {
            "withheld_reason": f"the best mix misses the weeks before the launch by {share:.2f} standard deviations, "
            f"at most {settings.max_error_share:g} allowed"
        }
    placebos = [synthetic_control(donors[place], np.delete(donors, place, axis=0), post) for place in range(n_donors)]
    effects = np.array([placebo.effect for placebo in placebos])
    n_as_large = sum(placebo.error_ratio >= found.error_ratio for placebo in placebos)
    lower, upper = np.quantile(effects, [(1 - settings.confidence) / 2, (1 + settings.confidence) / 2])
    return row | {
        "effect": found.effect,
        "placebo_lower": float(lower),
        "placebo_upper": float(upper),
        "n_placebos": len(placebos),
        "placebo_p_value": (1 + n_as_large) / (len(placebos) + 1),
        "smallest_placebo_p_value": 1 / (len(placebos) + 1),
    }


def _told(names: np.ndarray, weights: Floats) -> str:
    """Name the donors that count, the heaviest first."""
    order = np.argsort(-weights, kind="stable")
    return ", ".join(f"{names[place]} {weights[place]:.2f}" for place in order if weights[place] >= _SMALLEST_TOLD)
