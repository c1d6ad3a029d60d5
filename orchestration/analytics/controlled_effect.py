"""The step of an intervention against comparable value streams: did it get better, or did everybody?

Belongs here: the choice of donors by rule, the step of the difference between a stream and its donors, and the placebo
test. Does not belong here: the regression itself (:mod:`.interrupted_series`), and donors that are weighted
(:mod:`.synthetic_control`).

Sources: controlled interrupted series: J. Lopez Bernal et al., International Journal of Epidemiology 47 (2018); placebo
test by treating each donor in turn: A. Abadie, A. Diamond, J. Hainmueller, JASA 105 (2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.interrupted_series import StepEffect, percent_change, step_effect, used_weeks
from orchestration.analytics.intervention_effects import POINT_COLUMNS
from orchestration.analytics.series_minima import DEFAULT_SETTINGS as SERIES_DEFAULTS
from orchestration.analytics.series_minima import InterruptedSeriesSettings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Flags, Floats, Ints

METHOD_VERSION = "controlled_effect-1"

#: What `controlled_effects` reads of the treated series beside ``POINT_COLUMNS`` of the interrupted series.
TREATED_COLUMNS = (*POINT_COLUMNS, "value_stream_id", "level")
CANDIDATE_COLUMNS = ("value_stream_id", "level", "metric", "week_start", "is_complete", "value")
LAUNCH_COLUMNS = ("intervention_id", "value_stream_id", "launched_at")

_TYPES = {
    "intervention_id": "str",
    "metric": "str",
    "level": "str",
    "value_stream_id": "str",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_baseline": "int64",
    "n_post": "int64",
    "chart_scale": "str",
    "effect": "float64",
    "effect_lower": "float64",
    "effect_upper": "float64",
    "n_candidates": "int64",
    "n_donors": "int64",
    "donors": "str",
    "donor_rule": "str",
    "controlled_effect": "float64",
    "controlled_lower": "float64",
    "controlled_upper": "float64",
    "controlled_percent": "float64",
    "controlled_percent_lower": "float64",
    "controlled_percent_upper": "float64",
    "controlled_p_value": "float64",
    "n_placebos": "int64",
    "placebo_p_value": "float64",
    "smallest_placebo_p_value": "float64",
    "note": "str",
    "withheld_reason": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """How donors are chosen.

    A donor has no launch of its own within ``quiet_weeks`` of the launch, a value in ``min_covered_share`` of the
    weeks before and of those after, and over the baseline a correlation of ``min_correlation`` with the treated
    stream; where fewer than ``min_correlated`` reach that, all take part. Under ``min_donors`` nothing is compared.
    """

    quiet_weeks: int = 13
    min_covered_share: float = 0.8
    min_correlation: float = 0.3
    min_correlated: int = 3
    min_donors: int = 2


DEFAULT_SETTINGS = ControlSettings()


@dataclass(frozen=True, slots=True)
class ControlledStep:
    """The step of a series less its donors' mean, with what treating each donor in its place would have given.

    ``placebo_effects`` has one value per donor that can be measured. ``placebo_p_value`` = (1 + number of placebos at
    least as large in size) / (number + 1); no p below ``smallest_p_value`` is possible with so few donors.
    """

    step: StepEffect
    placebo_effects: Floats
    placebo_p_value: float
    smallest_p_value: float


def controlled_step(
    treated: ArrayLike,
    donors: ArrayLike,
    weeks: ArrayLike,
    is_post: ArrayLike,
    *,
    series_settings: InterruptedSeriesSettings = SERIES_DEFAULTS,
    phi: float | None = None,
) -> ControlledStep:
    """Estimate the step of ``treated`` less the mean of ``donors``, and of each donor less the mean of the others.

    Parameters
    ----------
    treated: (n,) series in time order on the scale of the chart; NaN = no value.
    donors: (J, n) series of at least two donors. Each is taken from its own baseline mean first, so that a week in
        which one has no value does not move the level of the mean; with every week present that changes no step.
    weeks, is_post, phi: see :func:`orchestration.analytics.interrupted_series.step_effect`.

    Raises ``ValueError`` for fewer than two donors.
    """
    series, others = np.asarray(treated, dtype=float), np.atleast_2d(np.asarray(donors, dtype=float))
    n_donors = others.shape[0]
    if n_donors < DEFAULT_SETTINGS.min_donors:
        raise ValueError(f"{n_donors} donor gives no comparison; pass at least {DEFAULT_SETTINGS.min_donors}.")
    post = np.asarray(is_post, dtype=bool)
    levelled = others - _mean(others[:, ~post], axis=1)[:, None]
    step = step_effect(series - _mean(levelled, axis=0), weeks, post, settings=series_settings, phi=phi)
    placebos = np.array(
        [
            step_effect(
                levelled[place] - _mean(np.delete(levelled, place, axis=0), axis=0),
                weeks,
                post,
                settings=series_settings,
                phi=phi,
            ).effect
            for place in range(n_donors)
        ]
    )
    placebos = placebos[np.isfinite(placebos)]
    smallest = 1 / (placebos.size + 1)
    p_value = float("nan")
    if placebos.size and step.fit is not None:
        p_value = float((1 + (np.abs(placebos) >= abs(step.effect)).sum()) * smallest)
    return ControlledStep(step, placebos, p_value, smallest)


def _mean(values: Floats, axis: int) -> Floats:
    """Return the mean of what is there, NaN where nothing is."""
    counted = np.isfinite(values).sum(axis=axis)
    total = np.nansum(values, axis=axis)
    mean: Floats = np.divide(total, counted, out=np.full(total.shape, np.nan), where=counted > 0)
    return mean


def controlled_effects(
    treated: pd.DataFrame,
    candidates: pd.DataFrame,
    launches: pd.DataFrame,
    *,
    excluded: Mapping[str, Collection[str]] | None = None,
    settings: ControlSettings = DEFAULT_SETTINGS,
    series_settings: InterruptedSeriesSettings = SERIES_DEFAULTS,
) -> pd.DataFrame:
    """Compare every intervention's series with value streams in which nothing was launched about then.

    Parameters
    ----------
    treated: one row per intervention, metric and week with ``TREATED_COLUMNS``.
    candidates: one row per value stream, level, metric and week with ``CANDIDATE_COLUMNS``, values in the unit of the
        metric; their logarithm is used where the treated chart is logarithmic. Weeks that are not complete are left
        out. The treated stream may be among them and is no candidate.
    launches: one row per intervention with ``LAUNCH_COLUMNS``; ``value_stream_id`` is the stream it acts on.
        Launches after the last week of the treated series are not yet known and are not looked at.
    excluded: value streams that the office has ruled out as controls, by intervention.

    Returns one row per intervention and metric with ``COLUMNS``, ordered by both: the plain step and the controlled
    one, on the scale of the chart. Raises ``ValueError`` for a missing column, an intervention without a launch, or a
    week that comes twice.
    """
    complete = complete_candidates(treated, candidates, launches)
    rows = []
    for (intervention, metric), points in treated.groupby(["intervention_id", "metric"], sort=True):
        frame, weeks, post = used_weeks(points)
        stream, level = str(points["value_stream_id"].iloc[0]), str(points["level"].iloc[0])
        is_log = bool((points["chart_scale"] == "log").any())
        names, values = comparable_streams(
            points, frame["week_start"], complete, launches, (excluded or {}).get(str(intervention), ()), settings
        )
        series = frame["charted_value"].to_numpy(dtype=float)
        row: dict[str, object] = {
            "intervention_id": intervention,
            "metric": metric,
            "level": level,
            "value_stream_id": stream,
            "window_start": frame["week_start"].min(),
            "window_end": frame["week_start"].max(),
            "chart_scale": "log" if is_log else "linear",
            "method_version": METHOD_VERSION,
        }
        rows.append(row | _compare(series, weeks, post, (names, values), settings, series_settings))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    is_log_row = table["chart_scale"] == "log"
    for bound in ("", "_lower", "_upper"):
        source = "controlled_effect" if not bound else f"controlled{bound}"
        change = table[source].astype(float).map(percent_change)
        table[f"controlled_percent{bound}"] = change.where(is_log_row)
    return table.astype(_TYPES)


def complete_candidates(treated: pd.DataFrame, candidates: pd.DataFrame, launches: pd.DataFrame) -> pd.DataFrame:
    """Return the candidates' complete weeks, after checking the columns of all three and that no week comes twice."""
    for frame, wanted, what in (
        (treated, TREATED_COLUMNS, "treated series"),
        (candidates, CANDIDATE_COLUMNS, "candidates"),
        (launches, LAUNCH_COLUMNS, "launches"),
    ):
        missing = [column for column in wanted if column not in frame.columns]
        if missing:
            raise ValueError(f"The {what} lack {', '.join(missing)}; pass every column that is named for them.")
    complete = candidates.loc[candidates["is_complete"].astype("boolean").fillna(value=False).astype(bool)]
    if complete.duplicated(["value_stream_id", "level", "metric", "week_start"]).any():
        raise ValueError("A candidate has a week twice; pass one row per value stream, level, metric and week.")
    return complete


def comparable_streams(
    points: pd.DataFrame,
    week_starts: pd.Series,
    complete: pd.DataFrame,
    launches: pd.DataFrame,
    ruled_out: Collection[str],
    settings: ControlSettings = DEFAULT_SETTINGS,
) -> tuple[np.ndarray, Floats]:
    """Return the value streams that one series may be compared with, and their values in its weeks, (J, weeks).

    They have the metric and level, no launch of their own near this one, and are not ruled out. Launches after the last
    week of the series are not yet known. Raises ``ValueError`` for an intervention without a launch.
    """
    intervention, metric = points["intervention_id"].iloc[0], points["metric"].iloc[0]
    own = launches.loc[launches["intervention_id"] == intervention, "launched_at"]
    if own.empty:
        raise ValueError(f"Intervention {intervention} has no launch; pass one row for it in the launches.")
    known = launches.loc[launches["launched_at"] < points["week_start"].max() + pd.Timedelta(weeks=1)]
    near = (known["launched_at"] - own.iloc[0]).abs() <= pd.Timedelta(weeks=settings.quiet_weeks)
    out = {points["value_stream_id"].iloc[0], *known.loc[near, "value_stream_id"], *ruled_out}
    alike = complete.loc[
        (complete["metric"] == metric)
        & (complete["level"] == points["level"].iloc[0])
        & ~complete["value_stream_id"].isin(list(out))
    ]
    wide = alike.pivot_table(index="value_stream_id", columns="week_start", values="value", sort=True, dropna=False)
    values = wide.reindex(columns=week_starts).to_numpy(dtype=float)
    if bool((points["chart_scale"] == "log").any()):
        values = np.log(np.where(values > 0, values, np.nan))
    return wide.index.to_numpy(dtype=object), values


def _compare(
    series: Floats,
    weeks: Ints,
    post: Flags,
    candidates: tuple[np.ndarray, Floats],
    settings: ControlSettings,
    series_settings: InterruptedSeriesSettings,
) -> dict[str, object]:
    """Return the measured columns of one row; candidates are names (J,) and values (J, n)."""
    names, values = candidates
    plain = step_effect(series, weeks, post, settings=series_settings)
    lower, upper = plain.interval(series_settings.confidence)
    chosen, rule = choose_donors(series, values, post, settings)
    row: dict[str, object] = {
        "n_baseline": plain.n_baseline,
        "n_post": plain.n_post,
        "effect": plain.effect,
        "effect_lower": lower,
        "effect_upper": upper,
        "n_candidates": int(names.size),
        "n_donors": int(chosen.sum()),
        "donors": ", ".join(map(str, names[chosen])) or None,
        "donor_rule": rule,
        "n_placebos": 0,
        "withheld_reason": plain.withheld_reason,
    }
    if plain.withheld_reason is not None:
        return row
    if chosen.sum() < settings.min_donors:
        streams = "value stream has" if chosen.sum() == 1 else "value streams have"
        reason = f"{chosen.sum()} comparable {streams} no launch near this one"
        return row | {"withheld_reason": f"{reason}, at least {settings.min_donors} needed"}
    controlled = controlled_step(series, values[chosen], weeks, post, series_settings=series_settings)
    if controlled.step.withheld_reason is not None:
        return row | {"withheld_reason": f"against the donors: {controlled.step.withheld_reason}"}
    lower, upper = controlled.step.interval(series_settings.confidence)
    return row | {
        "controlled_effect": controlled.step.effect,
        "controlled_lower": lower,
        "controlled_upper": upper,
        "controlled_p_value": controlled.step.p_value,
        "n_placebos": controlled.placebo_effects.size,
        "placebo_p_value": controlled.placebo_p_value,
        "smallest_placebo_p_value": controlled.smallest_p_value,
        "note": f"{chosen.sum()} donors, smallest possible placebo p {controlled.smallest_p_value:.2g}.",
    }


def choose_donors(
    series: Floats, candidates: Floats, post: Flags, settings: ControlSettings = DEFAULT_SETTINGS
) -> tuple[Flags, str | None]:
    """Return which candidates (J, n) serve as donors for a series (n,), and by which rule.

    ``correlated``: their baseline moves with the treated one. ``all``: fewer than three do, so all with enough weeks
    take part. The correlation reads the baseline only.
    """
    if candidates.shape[0] == 0:
        return np.zeros(0, dtype=bool), None
    used = np.isfinite(series)
    covered = np.isfinite(candidates)
    has_weeks = np.ones(candidates.shape[0], dtype=bool)
    for side in (~post & used, post & used):
        has_weeks &= covered[:, side].sum(axis=1) >= settings.min_covered_share * side.sum()
    both = covered & (used & ~post)
    correlation = _correlations(series, candidates, both)
    correlated = has_weeks & (correlation >= settings.min_correlation)
    if correlated.sum() >= settings.min_correlated:
        return correlated, "correlated"
    return has_weeks, "all" if has_weeks.any() else None


def _correlations(series: Floats, candidates: Floats, both: Flags) -> Floats:
    """Return the correlation of each candidate with the series over the weeks that both have; NaN where one is flat."""
    own = np.where(both, series, np.nan)
    theirs = np.where(both, candidates, np.nan)
    own = own - _mean(own, axis=1)[:, None]
    theirs = theirs - _mean(theirs, axis=1)[:, None]
    size = np.sqrt(np.nansum(own**2, axis=1) * np.nansum(theirs**2, axis=1))
    products = np.nansum(own * theirs, axis=1)
    correlations: Floats = np.divide(products, size, out=np.full(size.shape, np.nan), where=size > 0)
    return correlations
