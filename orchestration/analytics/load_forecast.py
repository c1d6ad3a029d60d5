"""How busy a stage will be: its load some weeks ahead, from the work that is expected to arrive.

Belongs here: expected arrivals times the work that an item takes, over the capacity known ahead. Does not belong here:
how busy the stage is now (:mod:`.stage_indicators`) and the queue that comes of it (:mod:`.choke_point_forecast`).

Sources: R. J. Hyndman, A. B. Koehler, J. K. Ord, R. D. Snyder, *Forecasting with Exponential Smoothing* (2008), for the
additive model without trend, ETS(A,N,N), and its forecast variance; V. Assimakopoulos, K. Nikolopoulos, "The theta
model", International Journal of Forecasting 16 (2000), which is that smoothing with half the trend's drift (R. J.
Hyndman, B. Billah 2003); R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy" (2006), for
errors scaled by those of the naive forecast. The tests compare both models with statsmodels', whose fits take too long
for a back-test of every stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import norm

from orchestration.analytics.input_frames import complete_weeks, require_columns, require_unique

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Floats, Ints

METHOD_VERSION = "load_forecast-1"

_KEYS = ("scope_type", "scope_id", "stage_id")
#: What is read of a stage's weeks, all levels together, as they share the stage's capacity.
LOAD_WEEK_COLUMNS = (
    *_KEYS,
    "week_start",
    "is_complete",
    "n_arrivals",
    "n_departures",
    "work_hours",
    "capacity_hours",
    "capacity_source",
)
CAPACITY_AHEAD_COLUMNS = (*_KEYS, "week_start", "capacity_hours")

MODELS = ("ets", "theta")

_SMOOTHING_GRID: Floats = np.linspace(0, 1, 201)

_TYPES = {
    "scope_type": "str",
    "scope_id": "str",
    "stage_id": "str",
    "horizon_weeks": "int64",
    "target_start": "datetime64[us]",
    "target_end": "datetime64[us]",
    "load": "float64",
    "load_lower": "float64",
    "load_upper": "float64",
    "state": "str",
    "load_now": "float64",
    "arrivals_per_week": "float64",
    "arrivals_lower": "float64",
    "arrivals_upper": "float64",
    "hours_per_item": "float64",
    "capacity_hours_per_week": "float64",
    "capacity_source": "str",
    "n_weeks_capacity_known": "int64",
    "model": "str",
    "mase": "float64",
    "n_origins": "int64",
    "n_weeks": "int64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "withheld_reason": "str",
    "method_version": "str",
}
COLUMNS = tuple(_TYPES)


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """Thresholds of the load forecast.

    ``target_weeks``: weeks that a forecast load is the mean of, ending ``horizon_weeks`` ahead; ``window_weeks``: most
    recent weeks fitted; ``min_fit_weeks`` and ``n_origins``: the back-test's shortest history and number of looks
    ahead; ``work_weeks`` and ``min_departures``: what the work per item is taken from; ``max_mase``: a model must err
    less than this, in errors of the naive forecast; ``healthy_load``: above it, waiting grows steeply.
    """

    horizon_weeks: tuple[int, ...] = (4, 8)
    target_weeks: int = 4
    window_weeks: int = 52
    min_fit_weeks: int = 13
    n_origins: int = 12
    work_weeks: int = 13
    min_departures: int = 10
    max_mase: float = 1.0
    level: float = 0.8
    healthy_load: float = 0.85


DEFAULT_SETTINGS = LoadSettings()


@dataclass(frozen=True, slots=True)
class ArrivalForecast:
    """Expected mean arrivals a week over the target weeks, with the standard error of that mean, and who said so.

    ``mase``: mean absolute error of the back-test over that of the naive forecast (the last ``target_weeks`` go on).
    """

    mean: float
    standard_error: float
    model: str
    mase: float
    n_origins: int


def forecast_load(
    stage_weeks: pd.DataFrame,
    capacity_ahead: pd.DataFrame | None = None,
    *,
    settings: LoadSettings = DEFAULT_SETTINGS,
) -> pd.DataFrame:
    """Forecast the load of every stage over the four weeks that end 4 and 8 weeks ahead.

    load = expected arrivals a week x working hours an item takes / capacity in working hours a week.

    Parameters
    ----------
    stage_weeks: one row per scope, stage and week with ``LOAD_WEEK_COLUMNS``: items that arrived at the stage (with its
        queue) and left it, working hours that items were in work, hours that the stage could have worked, and where
        that capacity comes from (given or estimated).
    capacity_ahead: ``capacity_hours`` of weeks to come with ``CAPACITY_AHEAD_COLUMNS`` (leave, holidays, a new team).
        They override what was; weeks not in it go on as the mean of the last four.

    Hours per item: hours in work over items that left, of the last 13 weeks. Arrivals: ETS (additive, no trend) or
    theta, whichever erred less when it looked ahead from the 12 most recent weeks from which that can be checked; one
    that erred no less than the naive forecast is not used. The interval is that of the arrivals alone: half-width z
    times the larger of the model's standard error and the back-test's root mean square error.

    Returns one row per stage and horizon with ``COLUMNS``. ``state``: above (the whole interval is over 0.85),
    may_cross (its upper end is), below. Raises ``ValueError`` for a missing column or a repeated week.
    """
    require_columns(stage_weeks, LOAD_WEEK_COLUMNS, "stage weeks")
    weeks = complete_weeks(stage_weeks.loc[:, list(LOAD_WEEK_COLUMNS)], "week_start")
    require_unique(weeks, [*_KEYS, "week_start"], "stage weeks")
    if capacity_ahead is not None:
        require_columns(capacity_ahead, CAPACITY_AHEAD_COLUMNS, "weeks of capacity ahead")
        require_unique(capacity_ahead, [*_KEYS, "week_start"], "weeks of capacity ahead")
    ahead = _capacity_by_stage(capacity_ahead)
    rows: list[dict[str, object]] = []
    for keys, of_stage in weeks.groupby(list(_KEYS), sort=True):
        rows += _forecast_stage(of_stage, ahead.get(tuple(keys)), settings)
    return pd.DataFrame(rows, columns=list(COLUMNS)).assign(method_version=METHOD_VERSION).astype(_TYPES)


def forecast_arrivals(
    arrivals: Floats, horizon_weeks: int, settings: LoadSettings = DEFAULT_SETTINGS
) -> ArrivalForecast | None:
    """Forecast the mean weekly arrivals of the target weeks that end ``horizon_weeks`` ahead; None with too few weeks.

    ``arrivals``: one value per week in time order, without gaps. Where the naive forecast never erred (arrivals that do
    not vary) it is what is returned.
    """
    origins = np.arange(settings.n_origins) + arrivals.size - horizon_weeks - settings.n_origins + 1
    if origins[0] < settings.min_fit_weeks:
        return None
    start = horizon_weeks - settings.target_weeks
    actual = np.array([arrivals[origin + start : origin + horizon_weeks].mean() for origin in origins])
    naive = np.array([arrivals[origin - settings.target_weeks : origin].mean() for origin in origins])
    naive_error = float(np.abs(actual - naive).mean())
    if naive_error == 0:
        return ArrivalForecast(float(arrivals[-settings.target_weeks :].mean()), 0.0, "naive", 0.0, origins.size)

    fits = fit_smoothing(arrivals, np.append(origins, arrivals.size))
    # The mean over the target weeks of a path that rises by the same each week is its value in their middle.
    middle = start + (settings.target_weeks + 1) / 2
    means = {model: np.maximum(fits.ahead(middle, model), 0) for model in MODELS}
    errors = {model: actual - mean[:-1] for model, mean in means.items()}
    mase, model = min((float(np.abs(error).mean()) / naive_error, model) for model, error in errors.items())
    rolling_error = float(np.sqrt((errors[model] ** 2).mean()))
    model_error = fits.sigma[-1] * smoothed_mean_error(fits.alpha[-1], horizon_weeks, settings.target_weeks)
    return ArrivalForecast(float(means[model][-1]), max(float(model_error), rolling_error), model, mase, origins.size)


@dataclass(frozen=True, slots=True)
class Smoothing:
    """Exponential smoothing fitted to the first ``n_weeks`` values of a series, one fit per element of the arrays.

    ``alpha``: the smoothing parameter; ``level`` after the last value; ``sigma``: standard deviation of the one-week
    errors; ``slope``: least-squares slope of the values.
    """

    n_weeks: Ints
    alpha: Floats
    level: Floats
    sigma: Floats
    slope: Floats

    def ahead(self, weeks: float, model: str) -> Floats:
        """Return each fit's forecast some weeks ahead: ``ets`` the level, ``theta`` the level and half the slope."""
        if model == "ets":
            return self.level
        # (1 - (1 - alpha)^n) / alpha, which is n where nothing is smoothed.
        lag = np.where(
            self.alpha > 0,
            (1 - (1 - self.alpha) ** self.n_weeks) / np.where(self.alpha > 0, self.alpha, 1),
            self.n_weeks,
        )
        drifted: Floats = self.level + self.slope / 2 * (weeks - 1 + lag)
        return drifted


def fit_smoothing(values: ArrayLike, n_weeks: ArrayLike) -> Smoothing:
    """Fit ETS(A,N,N) by least squares to the first n values of a series, for each n of ``n_weeks`` (3 or more).

    Per smoothing parameter of a grid (steps of 0.005) the one-week errors are linear in the level at the start, so the
    best start has a closed form, and one pass over the series gives the sums for every n.
    """
    series, lengths = np.asarray(values, dtype=float), np.asarray(n_weeks, dtype=np.int64)
    grid = _SMOOTHING_GRID
    # Errors and levels of a start at 0, and what a start at 1 would add to them.
    level, share = np.zeros(grid.size), np.ones(grid.size)
    errors, shares, levels = (np.empty((series.size, grid.size)) for _ in range(3))
    for week, value in enumerate(series):
        errors[week], shares[week] = value - level, share
        level = level + grid * errors[week]
        share = share * (1 - grid)
        levels[week] = level
    last = lengths - 1
    start = (np.cumsum(errors * shares, axis=0) / np.cumsum(shares**2, axis=0))[last]
    squares = np.cumsum(errors**2, axis=0)[last] - start**2 * np.cumsum(shares**2, axis=0)[last]
    best = squares.argmin(axis=1)
    fit = np.arange(lengths.size)
    weeks = np.arange(series.size)
    slopes = [np.polynomial.polynomial.polyfit(weeks[:length], series[:length], 1)[1] for length in lengths]
    return Smoothing(
        n_weeks=lengths,
        alpha=grid[best],
        level=levels[last, best] + start[fit, best] * (1 - grid[best]) ** lengths,
        sigma=np.sqrt(np.maximum(squares[fit, best], 0) / (lengths - 2)),
        slope=np.array(slopes, dtype=float),
    )


def smoothed_mean_error(alpha: float, horizon_weeks: int, target_weeks: int) -> float:
    """Return the standard error of the mean of the target weeks under exponential smoothing, in standard deviations.

    A week's error is e_j + alpha (e_1 + ... + e_(j-1)) with independent e; the mean over the target weeks weighs each
    e_i by what it adds to them.
    """
    week = np.arange(1, horizon_weeks + 1)
    target = week[-target_weeks:, None]
    weights = ((week == target) + alpha * (week < target)).mean(axis=0)
    return float(np.sqrt((weights**2).sum()))


def _capacity_by_stage(capacity_ahead: pd.DataFrame | None) -> dict[tuple[object, ...], pd.Series[float]]:
    if capacity_ahead is None:
        return {}
    known = capacity_ahead.assign(week_start=pd.to_datetime(capacity_ahead["week_start"]).astype("datetime64[us]"))
    return {
        tuple(keys): of_stage.set_index("week_start")["capacity_hours"].astype("float64")
        for keys, of_stage in known.groupby(list(_KEYS))
    }


def _forecast_stage(
    of_stage: pd.DataFrame, ahead: pd.Series[float] | None, settings: LoadSettings
) -> list[dict[str, object]]:
    """Return a row per horizon for one stage."""
    last_week = pd.Timestamp(of_stage["week_start"].max())
    all_weeks = pd.date_range(of_stage["week_start"].min(), last_week, freq="7D")[-settings.window_weeks :]
    by_week = of_stage.set_index("week_start").reindex(all_weeks)
    numbers = by_week[["n_arrivals", "n_departures", "work_hours", "capacity_hours"]].astype("float64")
    # Only what follows the last gap: the models know no missing weeks.
    gaps = np.flatnonzero(numbers["n_arrivals"].isna())
    arrivals = numbers["n_arrivals"].to_numpy()[gaps[-1] + 1 if gaps.size else 0 :]
    work = numbers.tail(settings.work_weeks).dropna(subset=["n_departures", "work_hours"])
    n_departures = float(work["n_departures"].sum())
    hours_per_item = float(work["work_hours"].sum()) / n_departures if n_departures else float("nan")
    recent = numbers.tail(settings.target_weeks)
    capacity_now = float(recent["capacity_hours"].mean())
    first_departures_reason = (
        f"{n_departures:.0f} items left with known hours in {settings.work_weeks} weeks, "
        f"at least {settings.min_departures} needed"
    )
    rows: list[dict[str, object]] = []
    for horizon in settings.horizon_weeks:
        target = last_week + pd.to_timedelta(7 * np.arange(horizon - settings.target_weeks + 1, horizon + 1), unit="D")
        planned = pd.Series(np.nan, index=target) if ahead is None else ahead.reindex(target)
        capacity = float(planned.fillna(capacity_now).mean(skipna=False))
        forecast = forecast_arrivals(arrivals, horizon, settings)
        needed = settings.min_fit_weeks + settings.n_origins - 1 + horizon
        reason = None
        if not n_departures >= settings.min_departures:
            reason = first_departures_reason
        elif not capacity > 0:
            reason = "the capacity of the stage is not known, or is 0, in the weeks forecast"
        elif forecast is None:
            reason = f"{arrivals.size} complete weeks without a gap, at least {needed} needed"
        elif forecast.mase >= settings.max_mase:
            reason = (
                f"no forecast of arrivals erred less than the mean of the last {settings.target_weeks} weeks "
                f"(scaled error {forecast.mase:.2f})"
            )
        row: dict[str, object] = {
            "scope_type": of_stage["scope_type"].iloc[0],
            "scope_id": of_stage["scope_id"].iloc[0],
            "stage_id": of_stage["stage_id"].iloc[0],
            "horizon_weeks": horizon,
            "target_start": target[0],
            "target_end": target[-1] + pd.Timedelta(days=6),
            "load_now": float(recent["work_hours"].sum(min_count=len(recent)))
            / (capacity_now * len(recent) if capacity_now > 0 else float("nan")),
            "hours_per_item": hours_per_item if n_departures >= settings.min_departures else float("nan"),
            "capacity_hours_per_week": capacity,
            "capacity_source": by_week["capacity_source"].iloc[-1],
            "n_weeks_capacity_known": int(planned.notna().sum()),
            "mase": forecast.mase if forecast else float("nan"),
            "n_origins": forecast.n_origins if forecast else 0,
            "n_weeks": arrivals.size,
            "window_start": last_week - pd.Timedelta(weeks=max(arrivals.size - 1, 0)),
            "window_end": last_week + pd.Timedelta(days=6),
            "withheld_reason": reason,
        }
        if reason is None and forecast is not None:
            row |= _loads(forecast, hours_per_item / capacity, settings)
        rows.append(row)
    return rows


def _loads(forecast: ArrivalForecast, load_per_arrival: float, settings: LoadSettings) -> dict[str, object]:
    """Return arrivals and load with their intervals, and what the interval of the load says."""
    reach = float(norm.ppf((1 + settings.level) / 2)) * forecast.standard_error
    lower, upper = max(0.0, forecast.mean - reach), forecast.mean + reach
    load_lower, load_upper = lower * load_per_arrival, upper * load_per_arrival
    is_above, may_be = load_lower > settings.healthy_load, load_upper > settings.healthy_load
    return {
        "load": forecast.mean * load_per_arrival,
        "load_lower": load_lower,
        "load_upper": load_upper,
        "state": "above" if is_above else "may_cross" if may_be else "below",
        "arrivals_per_week": forecast.mean,
        "arrivals_lower": lower,
        "arrivals_upper": upper,
        "model": forecast.model,
    }
