"""Upcoming choke points: how likely a queue is over its limit some weeks ahead.

Belongs here: the probability per queue and horizon, its back-test, and the gate that lets a trend into a forecast only
where trends have been worth something. Does not belong here: the queues and their walk (:mod:`.queue_walks`), naming
today's constraint, and how busy a stage will be (:mod:`.load_forecast`).

Method: the weekly net flow (arrivals less departures) of the last 13 weeks is resampled in blocks around its mean, the
mean shrunk towards 0 by z2 / (2 + z2) with z2 = (mean / standard error)^2, and the queue rolled forward as
q = max(0, q + net flow). The gate follows A. H. Murphy's rule that a forecast has skill only over what could have been
said without it: here the base rate, and the same walk without a trend. The gate is needed: in simulated stable queues
the trend does worse than the walk without, and so it mostly does where arrivals rise by a quarter; it pays where a
queue grows for long by as much as its net flow scatters.

The walk forgets that work is taken up faster where much waits: it strays too far. What it says is therefore put right
by what came of it in the back-test (:mod:`.probability_calibration`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from orchestration.analytics.forecast_scoring import brier_score, wilson_interval
from orchestration.analytics.input_frames import require_columns
from orchestration.analytics.probability_calibration import (
    Calibration,
    calibrated_across,
    fit_calibration,
    put_right,
)
from orchestration.analytics.queue_walks import (
    KEYS,
    STAGE_WEEK_COLUMNS,
    Cases,
    Queues,
    known_at,
    queues_by_week,
    roll_queues,
    shares_over,
)
from orchestration.analytics.week_blocks import block_positions, draw_block_uniforms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestration.analytics.array_types import Flags, Floats, Ints

METHOD_VERSION = "choke_point_forecast-2"

#: What is read of ``dim_increments``.
INCREMENT_COLUMNS = ("increment_id", "start_date", "end_date")

#: Over the limit when the last week ends; over it at the end of any week until then.
EVENTS = ("at", "within")
NO_TREND_INFORMATION = "no trend information"
NO_BETTER = "no better than assuming no trend"

_FORECAST_TYPES = {
    "scope_type": "str",
    "scope_id": "str",
    "level": "str",
    "stage_id": "str",
    "horizon": "str",
    "horizon_weeks": "Int64",
    "target_date": "datetime64[us]",
    "event": "str",
    "probability": "float64",
    "walk_probability": "float64",
    "method": "str",
    "label": "str",
    "queue_now": "Int64",
    "queue_limit": "float64",
    "limit_source": "str",
    "n_limit_weeks": "Int64",
    "is_over_now": "boolean",
    "queue_lower": "float64",
    "queue_median": "float64",
    "queue_upper": "float64",
    "net_flow_per_week": "float64",
    "shrunk_net_flow_per_week": "float64",
    "hit_rate": "float64",
    "hit_rate_lower": "float64",
    "hit_rate_upper": "float64",
    "n_cases": "Int64",
    "n_origins": "Int64",
    "n_weeks": "int64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "withheld_reason": "str",
    "method_version": "str",
}
FORECAST_COLUMNS = tuple(_FORECAST_TYPES)

_BACKTEST_TYPES = {
    "scope_type": "str",
    "horizon": "str",
    "horizon_weeks": "int64",
    "event": "str",
    "n_cases": "int64",
    "n_origins": "int64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_events": "int64",
    "base_rate": "float64",
    "brier_base_rate": "float64",
    "brier_no_trend": "float64",
    "brier_trend": "float64",
    "brier_published": "float64",
    "calibration_intercept": "float64",
    "calibration_slope": "float64",
    "method": "str",
    "label": "str",
    "hit_rate": "float64",
    "hit_rate_lower": "float64",
    "hit_rate_upper": "float64",
    "n_warnings": "int64",
    "warnings_right_share": "float64",
    "events_warned_share": "float64",
    "method_version": "str",
}
BACKTEST_COLUMNS = tuple(_BACKTEST_TYPES)


@dataclass(frozen=True, slots=True)
class ChokePointSettings:
    """Thresholds of the forecast.

    ``window_weeks``: weeks of net flow; ``min_limit_weeks`` and ``max_limit_weeks``: weeks before those that a queue
    without a configured limit gets its limit from; ``min_origins``: weeks that a back-test must have looked ahead from
    before a trend is believed; ``max_origins``: the most recent of them; ``max_horizon_weeks``: no forecast beyond.
    ``interval`` is the share of paths between ``queue_lower`` and ``queue_upper``; a probability of ``warning`` and
    more counts as a warning.
    """

    horizon_weeks: tuple[int, ...] = (4, 8)
    window_weeks: int = 13
    block_weeks: int = 3
    n_paths: int = 2000
    n_backtest_paths: int = 1000
    min_limit_weeks: int = 12
    max_limit_weeks: int = 26
    min_origins: int = 12
    max_origins: int = 52
    max_horizon_weeks: int = 26
    interval: float = 0.8
    warning: float = 0.5


DEFAULT_SETTINGS = ChokePointSettings()


@dataclass(frozen=True, slots=True)
class ChokePointForecasts:
    """The forecasts and what they are worth.

    ``forecasts``: one row per queue, horizon and event with ``FORECAST_COLUMNS``; ``backtest``: one row per scope type,
    horizon and event with ``BACKTEST_COLUMNS``.
    """

    forecasts: pd.DataFrame
    backtest: pd.DataFrame


def forecast_choke_points(
    stage_weeks: pd.DataFrame,
    increments: pd.DataFrame,
    *,
    generator: np.random.Generator,
    settings: ChokePointSettings = DEFAULT_SETTINGS,
) -> ChokePointForecasts:
    """Forecast for every queue how likely it is over its limit in 4 and 8 weeks and by the end of the next increment.

    Parameters
    ----------
    stage_weeks: one row per scope, level, stage and week with ``STAGE_WEEK_COLUMNS`` (``mart_stage_metrics``); stages
        that are no queue and weeks that are not complete are left out. The last complete week of the frame is the
        origin. A ``wip_limit`` holds over all levels of a stage, so such a queue is forecast over its levels together,
        at level ``all`` if it has several.
    increments: one row per increment with ``INCREMENT_COLUMNS``; the next one is the first that starts after the
        origin.
    generator: random numbers of the paths. All queues share them, so one queue's numbers do not depend on another.

    The limit is the configured one, else the upper natural process limit of the weekly queue in the up to 26 weeks
    before the 13 weeks of net flow, widened for autocorrelation. ``method`` says whether the trend was let in
    (``trend``) or not (``no_trend``); ``label`` why not. ``walk_probability`` is the share of paths, ``probability``
    that share put right by the back-test of the scope type, where that looked ahead from enough weeks. The hit rate is
    that of what is published, pooled over the queues of the scope type: how often the likelier of over and not over
    came. Raises ``ValueError`` for a missing column or a repeated week.
    """
    require_columns(stage_weeks, STAGE_WEEK_COLUMNS, "stage weeks")
    require_columns(increments, INCREMENT_COLUMNS, "increments")
    queues = queues_by_week(stage_weeks)
    if queues is None:
        return ChokePointForecasts(
            pd.DataFrame(columns=list(FORECAST_COLUMNS)).astype(_FORECAST_TYPES),
            pd.DataFrame(columns=list(BACKTEST_COLUMNS)).astype(_BACKTEST_TYPES),
        )
    uniforms = draw_block_uniforms(generator, settings.n_paths, settings.max_horizon_weeks)
    last = len(queues.weeks) - 1
    horizons = {f"{weeks}_weeks": weeks for weeks in settings.horizon_weeks}
    next_increment = _weeks_to_end_of_next_increment(increments, queues.weeks[last])
    if next_increment is not None and next_increment <= settings.max_horizon_weeks:
        horizons["next_increment"] = next_increment

    backtest = _backtest(queues, horizons, uniforms[: settings.n_backtest_paths], settings)
    now = _cases(queues, np.arange(len(queues.keys)), np.full(len(queues.keys), last), settings)
    forecasts = _forecast(queues, now, horizons, next_increment, uniforms, settings)
    scores = ["method", "label", "hit_rate", "hit_rate_lower", "hit_rate_upper", "n_cases", "n_origins"]
    calibration = ["calibration_intercept", "calibration_slope"]
    forecasts = forecasts.merge(
        backtest[["scope_type", "horizon", "event", *scores, *calibration]],
        on=["scope_type", "horizon", "event"],
        how="left",
    )
    is_trend = forecasts["method"] == "trend"
    for column in ("walk_probability", "queue_lower", "queue_median", "queue_upper"):
        forecasts[column] = forecasts[f"{column}_trend"].where(is_trend, forecasts[f"{column}_no_trend"])
    right = pd.Series(put_right(*(forecasts[name] for name in ("walk_probability", *calibration))), forecasts.index)
    # Over the limit at the end is never likelier than over it at any week's end.
    highest = right.groupby([forecasts[key] for key in (*KEYS, "horizon")]).transform("max")
    forecasts["probability"] = highest.where(forecasts["event"] == "within", right)
    withheld = forecasts["withheld_reason"].notna()
    forecasts.loc[withheld, scores] = None
    forecasts = forecasts.sort_values([*KEYS, "horizon_weeks", "horizon", "event"], ignore_index=True)
    return ChokePointForecasts(forecasts[list(FORECAST_COLUMNS)].astype(_FORECAST_TYPES), backtest)


def _cases(queues: Queues, queue: Ints, origin: Ints, settings: ChokePointSettings) -> Cases:
    return known_at(
        queues,
        queue,
        origin,
        window_weeks=settings.window_weeks,
        min_limit_weeks=settings.min_limit_weeks,
        max_limit_weeks=settings.max_limit_weeks,
    )


def _weeks_to_end_of_next_increment(increments: pd.DataFrame, last_week: pd.Timestamp) -> int | None:
    """Return how many weeks after the last one end with, or just after, the end of the next increment."""
    last_day = last_week + pd.Timedelta(days=6)
    starts = pd.to_datetime(increments["start_date"]).to_numpy()
    is_later = starts > last_day.to_datetime64()
    if not is_later.any():
        return None
    ends = pd.to_datetime(increments["end_date"]).to_numpy()
    end = pd.Timestamp(ends[is_later][np.argmin(starts[is_later])])
    return -(-(end - last_day).days // 7)


def _backtest(
    queues: Queues, horizons: Mapping[str, int], uniforms: Floats, settings: ChokePointSettings
) -> pd.DataFrame:
    """Look ahead from each past week with what was known then, and compare with what came."""
    n_queues, n_weeks = queues.length.shape
    first = max(settings.window_weeks - 1, n_weeks - 1 - min(horizons.values()) - settings.max_origins)
    origins = np.arange(first, n_weeks - 1)
    queue, origin = (grid.ravel() for grid in np.meshgrid(np.arange(n_queues), origins, indexing="ij"))
    cases = _cases(queues, queue, origin, settings)
    usable = np.isfinite(cases.limit) & np.isfinite(cases.mean) & np.isfinite(cases.length)
    queue, origin, limit = queue[usable], origin[usable], cases.limit[usable]
    positions = block_positions(uniforms, settings.window_weeks, max(horizons.values()), settings.block_weeks)
    inputs = (cases.length[usable], cases.centred[usable])
    trend = shares_over(*inputs, cases.shrunk[usable], limit, positions)
    flat = shares_over(*inputs, np.zeros(limit.size), limit, positions)

    scope_type = queues.keys["scope_type"].to_numpy(dtype=object)
    rows = []
    for horizon, weeks_ahead in horizons.items():
        ahead = origin[:, None] + np.arange(1, weeks_ahead + 1)
        future = np.where(ahead < n_weeks, queues.length[queue[:, None], np.minimum(ahead, n_weeks - 1)], np.nan)
        is_known = np.isfinite(future).all(axis=1)
        is_known &= origin > n_weeks - 1 - weeks_ahead - settings.max_origins
        over = np.greater(future, limit[:, None])
        happened: dict[str, Flags] = {"at": over[:, -1], "within": np.logical_or.reduce(over, axis=1)}
        for kind in np.unique(scope_type):
            chosen = is_known & (scope_type[queue] == kind)
            known = origin[chosen]
            scope = {
                "scope_type": kind,
                "horizon": horizon,
                "horizon_weeks": weeks_ahead,
                "window_start": queues.weeks[known.min()] if known.size else pd.NaT,
                "window_end": queues.weeks[known.max()] + pd.Timedelta(days=6) if known.size else pd.NaT,
            }
            said = {
                event: (trend[event][chosen, weeks_ahead - 1], flat[event][chosen, weeks_ahead - 1]) for event in EVENTS
            }
            came = {event: happened[event][chosen] for event in EVENTS}
            # Both events pass the gate or neither does: mixed, "in 4 weeks" could come out likelier than "within 4".
            label = _gate(said, came, np.unique(known).size, settings)
            rows += [
                scope
                | {"event": event, "n_origins": np.unique(known).size, "label": label}
                | _score(said[event], came[event], known, weeks_ahead, settings, is_trend=label is None)
                for event in EVENTS
            ]
    table = pd.DataFrame(rows).assign(method_version=METHOD_VERSION)
    order = ["scope_type", "horizon_weeks", "horizon", "event"]
    return table.sort_values(order, ignore_index=True)[list(BACKTEST_COLUMNS)].astype(_BACKTEST_TYPES)


def _gate(
    said: Mapping[str, tuple[Floats, Floats]], came: Mapping[str, Flags], n_origins: int, settings: ChokePointSettings
) -> str | None:
    """Return why the trend stays out, None where it beats both the base rate and the walk without a trend."""
    if n_origins < settings.min_origins:
        return NO_TREND_INFORMATION
    for event, (trend, flat) in said.items():
        brier, base = brier_score(trend, came[event]), brier_score(np.full(trend.size, came[event].mean()), came[event])
        if not (brier < base and brier < brier_score(flat, came[event])):
            return NO_BETTER
    return None


def _score(
    said: tuple[Floats, Floats],
    came: Flags,
    origin: Ints,
    weeks_ahead: int,
    settings: ChokePointSettings,
    *,
    is_trend: bool,
) -> dict[str, object]:
    """Score both methods, with and without a trend, and the hits and warnings of what is published of the one chosen.

    That is put right by the cases; to be scored, by those of other weeks.
    """
    trend, flat = said
    n_cases, nan = came.size, float("nan")
    base_rate = float(came.mean()) if n_cases else nan
    published, calibration = trend if is_trend else flat, Calibration()
    if np.unique(origin).size >= settings.min_origins:
        # Looking ahead from neighbouring weeks sees mostly the same weeks: every H-th case counts.
        calibration = fit_calibration(published, came, 1 / weeks_ahead)
        published = calibrated_across(published, came, origin, 1 / weeks_ahead)
    warned = published >= settings.warning
    n_hits = int((warned == came).sum())
    lower, upper = wilson_interval(n_hits / weeks_ahead, n_cases / weeks_ahead)
    return {
        "n_cases": n_cases,
        "n_events": int(came.sum()),
        "base_rate": base_rate,
        "brier_base_rate": brier_score(np.full(n_cases, base_rate), came),
        "brier_no_trend": brier_score(flat, came),
        "brier_trend": brier_score(trend, came),
        "brier_published": brier_score(published, came),
        "calibration_intercept": calibration.intercept,
        "calibration_slope": calibration.slope,
        "method": "trend" if is_trend else "no_trend",
        "hit_rate": n_hits / n_cases if n_cases else nan,
        "hit_rate_lower": lower,
        "hit_rate_upper": upper,
        "n_warnings": int(warned.sum()),
        "warnings_right_share": float(came[warned].mean()) if warned.any() else nan,
        "events_warned_share": float(warned[came].mean()) if came.any() else nan,
    }


def _forecast(
    queues: Queues,
    now: Cases,
    horizons: Mapping[str, int],
    next_increment: int | None,
    uniforms: Floats,
    settings: ChokePointSettings,
) -> pd.DataFrame:
    """Return a row per queue, horizon and event with both methods' numbers, before the gate."""
    last_week = queues.weeks[-1]
    window = queues.net_flow[:, -settings.window_weeks :]
    base = queues.keys.assign(
        queue_now=now.length,
        queue_limit=now.limit,
        limit_source=pd.Series(np.where(now.is_configured, "wip_limit", "own_history"), dtype="str").where(
            pd.Series(np.isfinite(now.limit))
        ),
        n_limit_weeks=np.where(now.is_configured, np.nan, now.n_limit_weeks),
        is_over_now=pd.array(now.length > now.limit, dtype="boolean"),
        net_flow_per_week=now.mean,
        shrunk_net_flow_per_week=now.shrunk,
        n_weeks=np.isfinite(window).sum(axis=1),
        window_start=last_week - pd.Timedelta(weeks=settings.window_weeks - 1),
        window_end=last_week + pd.Timedelta(days=6),
        withheld_reason=_withheld_reasons(now, np.isfinite(window).sum(axis=1), settings),
        method_version=METHOD_VERSION,
    )
    base.loc[~np.isfinite(now.limit) | ~np.isfinite(now.length), "is_over_now"] = pd.NA
    tails = [(1 - settings.interval) / 2, 0.5, (1 + settings.interval) / 2]
    names = ("queue_lower", "queue_median", "queue_upper")
    frames: list[pd.DataFrame] = []
    for horizon, weeks_ahead in horizons.items():
        positions = block_positions(uniforms, settings.window_weeks, weeks_ahead, settings.block_weeks)
        of_horizon = base.assign(
            horizon=horizon,
            horizon_weeks=weeks_ahead,
            target_date=last_week + pd.Timedelta(days=6 + 7 * weeks_ahead),
        )
        by_event = {event: of_horizon.assign(event=event) for event in EVENTS}
        for method, drift in (("trend", now.shrunk), ("no_trend", np.zeros(now.shrunk.size))):
            at, within, rolled = roll_queues(now.length, now.centred, drift, now.limit, positions)
            quantiles = np.quantile(rolled, tails, axis=1)
            for event, shares in (("at", at), ("within", within)):
                by_event[event][f"walk_probability_{method}"] = shares[:, -1]
                for name, values in zip(names, quantiles, strict=True):
                    by_event[event][f"{name}_{method}"] = values
        frames += by_event.values()
    if "next_increment" not in horizons:
        reason = (
            "no increment after the running one is registered"
            if next_increment is None
            else f"the next increment ends in {next_increment} weeks, at most {settings.max_horizon_weeks} are forecast"
        )
        later = base.assign(horizon="next_increment", horizon_weeks=next_increment)
        later["withheld_reason"] = later["withheld_reason"].fillna(reason)
        frames += [later.assign(event=event) for event in EVENTS]
    table = pd.concat(frames, ignore_index=True)
    numbers = [f"{name}_{method}" for name in ("walk_probability", *names) for method in ("trend", "no_trend")]
    table.loc[table["withheld_reason"].notna(), numbers] = np.nan
    return table


def _withheld_reasons(now: Cases, n_weeks: Ints, settings: ChokePointSettings) -> pd.Series[str]:
    """Return per queue why nothing is forecast, missing where something is."""
    reasons: list[str | None] = []
    for known, length, limit, n_limit_weeks in zip(n_weeks, now.length, now.limit, now.n_limit_weeks, strict=True):
        if known < settings.window_weeks or np.isnan(length):
            reasons.append(f"{known} of the last {settings.window_weeks} complete weeks are known, all are needed")
        elif np.isfinite(limit):
            reasons.append(None)
        elif n_limit_weeks < settings.min_limit_weeks:
            reasons.append(
                f"no limit is configured, and {n_limit_weeks} complete weeks lie before the last "
                f"{settings.window_weeks}: at least {settings.min_limit_weeks} are needed to take one from"
            )
        else:
            reasons.append("no limit is configured, and the queue did not vary in the weeks to take one from")
    return pd.Series(reasons, dtype="str")
