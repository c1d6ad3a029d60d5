"""Which weekly signals of a value stream move with which, and by how many weeks.

Belongs here: the lagged correlation of neighbouring signals, freed of their own momentum. Does not belong here: what a
signal measures, and stalls that run from stage to stage (:mod:`.stall_cascades`).

Two signals that move together need not cause one another; the words here say "moves with" and nothing more.

Sources: prewhitening by a first-order autoregression before cross-correlating: G. E. P. Box, G. M. Jenkins, *Time
Series Analysis* (1970); the coefficient is that of ``statsmodels.tsa.stattools.ccf``. Significance: permutation of
blocks of weeks; Y. Benjamini, Y. Hochberg (1995) over all pairs and lags.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from orchestration.analytics.process_limits import lag1_autocorrelation
from orchestration.analytics.work_instances import check_columns

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from orchestration.analytics.array_types import Floats, Ints

METHOD_VERSION = "signal_links-1"

SIGNAL_COLUMNS = (
    "value_stream_id",
    "level",
    "signal_id",
    "signal_name",
    "position",
    "week_start",
    "is_complete",
    "value",
)

_LINK_TYPES = {
    "value_stream_id": "str",
    "level": "str",
    "leading_signal_id": "str",
    "following_signal_id": "str",
    "lag_weeks": "Int64",
    "window_start": "datetime64[us]",
    "window_end": "datetime64[us]",
    "n_weeks": "int64",
    "correlation": "float64",
    "correlation_lower": "float64",
    "correlation_upper": "float64",
    "p_value": "float64",
    "p_value_adjusted": "float64",
    "n_tests": "int64",
    "is_linked": "boolean",
    "sentence": "str",
    "withheld_reason": "str",
    "method_version": "str",
}
LINK_COLUMNS = tuple(_LINK_TYPES)

#: Below this p the coarse permutations are replaced by as many as the control over all tests needs.
_REFINE_BELOW = 0.01
_PERMUTATIONS_AT_ONCE = 10_000
_SMALLEST_P_SHOWN = 0.001
#: Half the width of a 95 % interval on Fisher's scale, in standard errors.
_Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """How far back and how many weeks apart signals are compared, and what it takes to call them linked."""

    window_weeks: int = 52
    min_weeks: int = 26
    max_lag_weeks: int = 6
    block_weeks: int = 3
    n_permutations: int = 999
    max_permutations: int = 999_999
    max_p_value: float = 0.05


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two signals of one line, and the first lag to compare them at: lag 0 is compared once for both directions."""

    line: tuple[str, str]
    leading: str
    following: str
    first_lag: int


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Residuals of two signals over the same weeks, the second to be read ``lag`` weeks later."""

    leading_key: tuple[str, str, str]
    lag: int
    leading: Floats
    following: Floats

    @property
    def later(self) -> Floats:
        """The following series as the leading one meets it, 0 where it has ended."""
        return np.concatenate([self.following[self.lag :], np.zeros(self.lag)])


def prewhiten(values: Floats) -> Floats:
    """Return what a weekly series does beyond its own momentum: standardised residuals of a first-order autoregression.

    The residual of a week is x_t - phi x_(t-1) about the mean, with phi the lag-1 autocorrelation. A week without a
    value, or after one without, has the residual 0, which moves with nothing. The first week is dropped. All NaN where
    the series or its residuals do not vary.
    """
    phi = lag1_autocorrelation(values)
    centred = values - np.nanmean(values) if np.isfinite(values).any() else values
    residuals: Floats = centred[1:] - phi * centred[:-1]
    spread = np.nanstd(residuals) if np.isfinite(residuals).any() else np.nan
    # Floating-point noise about a constant is no movement.
    if not np.isfinite(phi) or not spread > 1e-12 * np.nanmax(np.abs(values)):
        return np.full(max(values.size - 1, 0), np.nan)
    return np.nan_to_num((residuals - np.nanmean(residuals)) / spread)


def link_signals(
    signals: pd.DataFrame,
    window_end: pd.Timestamp,
    *,
    generator: np.random.Generator,
    settings: LinkSettings = LinkSettings(),
) -> pd.DataFrame:
    """Correlate neighbouring signals of each value stream and level at lags of 0 to 6 weeks, in both directions.

    Neighbours are signals of the same stage, of stages next to each other, and any with a signal of the whole line.

    Parameters
    ----------
    signals: one row per signal and week with ``SIGNAL_COLUMNS``. ``position`` numbers the stages of the line one by
        one; missing for a signal of the whole line. ``signal_name`` is how a sentence calls it. NaN: not measured.
    window_end: Monday after the last week to read; weeks that are not complete, or not there, count as not measured.
    generator: random numbers for the permutations.

    Returns ``LINK_COLUMNS``: one row per pair and lag, where the following signal is compared ``lag_weeks`` after the
    leading one; pairs that cannot be compared have one row that says why. ``correlation_lower`` and ``_upper``: 95 %,
    Fisher's transformation, for one comparison by itself. ``n_weeks`` are the weeks in which both were measured.
    p-values: two-sided, from permuted blocks of 3 weeks of the leading signal's residuals; where the first 999 leave
    less than 0.01 they are drawn anew, as many as a single link needs to survive the control over all comparisons.
    Raises ``ValueError`` for missing columns and for two values of one signal in a week.
    """
    check_columns(signals, SIGNAL_COLUMNS, "signals")
    end = pd.Timestamp(window_end).tz_localize(None)
    weeks = pd.date_range(end=end - pd.Timedelta(weeks=1), periods=settings.window_weeks, freq="7D")
    week_start = pd.DatetimeIndex(pd.to_datetime(signals["week_start"]))
    is_known = signals["is_complete"].astype(bool).to_numpy() & week_start.isin(weeks)
    known = signals.assign(week_start=week_start).loc[is_known]
    keys = ["value_stream_id", "level", "signal_id"]
    if known.duplicated([*keys, "week_start"]).any():
        raise ValueError("A signal has two values in one week; pass one row per value stream, level, signal and week.")
    about = known.drop_duplicates(keys).set_index(keys)[["signal_name", "position"]].sort_index()
    measured: Floats = np.full((len(about), len(weeks)), np.nan)
    of_signal = about.index.get_indexer(pd.MultiIndex.from_frame(known[keys]))
    measured[of_signal, weeks.get_indexer(pd.DatetimeIndex(known["week_start"]))] = known["value"].astype("float64")
    values = dict(zip(about.index, measured, strict=True))
    residuals = {key: prewhiten(_from_first_value(series)) for key, series in values.items()}
    pairs = list(_neighbours(about))
    rows: list[dict[str, object]] = []
    tests: list[_Comparison] = []
    for pair in pairs:
        leading, following = values[*pair.line, pair.leading], values[*pair.line, pair.following]
        n_weeks = int((np.isfinite(leading) & np.isfinite(following)).sum())
        row = {
            "value_stream_id": pair.line[0],
            "level": pair.line[1],
            "leading_signal_id": pair.leading,
            "following_signal_id": pair.following,
            "n_weeks": n_weeks,
        }
        first, second = residuals[*pair.line, pair.leading], residuals[*pair.line, pair.following]
        reason = _withheld(n_weeks, is_varying=not (np.isnan(first).any() or np.isnan(second).any()), settings=settings)
        if reason is not None:
            if pair.first_lag == 0:
                rows.append(row | {"lag_weeks": None, "withheld_reason": reason})
            continue
        size = min(first.size, second.size)
        for lag in range(pair.first_lag, settings.max_lag_weeks + 1):
            tests.append(_Comparison((*pair.line, pair.leading), lag, first[-size:], second[-size:]))
            rows.append(row | {"lag_weeks": lag, "withheld_reason": None})
    if not rows:
        return pd.DataFrame(columns=list(LINK_COLUMNS)).astype(_LINK_TYPES)
    table = pd.DataFrame(rows).assign(
        window_start=weeks[0], window_end=end - pd.Timedelta(days=1), n_tests=len(tests), method_version=METHOD_VERSION
    )
    return _worded(_tested(table, tests, generator, settings), about, settings)[list(LINK_COLUMNS)].astype(_LINK_TYPES)


def _from_first_value(series: Floats) -> Floats:
    """Return the series from its first value on: a signal that began later has no weeks before."""
    measured = np.flatnonzero(np.isfinite(series))
    return series[measured[0] :] if measured.size else series[:0]


def _neighbours(about: pd.DataFrame) -> Iterator[_Pair]:
    """Yield every ordered pair of neighbouring signals of a line."""
    for (stream, level), of_line in about.groupby(level=["value_stream_id", "level"], sort=True):
        names = of_line.index.get_level_values("signal_id").to_list()
        position = of_line["position"].to_numpy(dtype="float64", na_value=np.nan)
        distance = np.abs(position[:, None] - position[None, :])
        is_near = np.isnan(distance) | (distance <= 1)
        for first, second in zip(*np.nonzero(np.triu(is_near, k=1)), strict=True):
            line = (str(stream), str(level))
            yield _Pair(line, names[first], names[second], first_lag=0)
            yield _Pair(line, names[second], names[first], first_lag=1)


def _withheld(n_weeks: int, *, is_varying: bool, settings: LinkSettings) -> str | None:
    if n_weeks < settings.min_weeks:
        return f"{n_weeks} weeks in which both were measured, at least {settings.min_weeks} needed."
    return None if is_varying else "One of them never varies."


def _tested(
    table: pd.DataFrame, tests: list[_Comparison], generator: np.random.Generator, settings: LinkSettings
) -> pd.DataFrame:
    """Add correlations, intervals and p-values, controlled over all tests."""
    found = pd.DataFrame(
        np.nan,
        index=table.index,
        columns=["correlation", "correlation_lower", "correlation_upper", "p_value", "p_value_adjusted"],
    )
    if tests:
        correlation = np.array([test.leading @ test.later / test.leading.size for test in tests])
        p_value = _permuted(tests, correlation, settings.n_permutations, generator, settings)
        chosen = np.flatnonzero(p_value <= _REFINE_BELOW)
        needed = min(int(np.ceil(len(tests) / settings.max_p_value)), settings.max_permutations)
        if chosen.size and needed > settings.n_permutations:
            again = [tests[number] for number in chosen]
            p_value[chosen] = _permuted(again, correlation[chosen], needed, generator, settings)
        degrees = np.array([test.leading.size - test.lag - 3 for test in tests], dtype=float)
        centre, reach = np.arctanh(np.clip(correlation, -0.999999, 0.999999)), _Z95 / np.sqrt(np.maximum(degrees, 1))
        is_tested = table["lag_weeks"].notna()
        found.loc[is_tested] = np.column_stack(
            [
                correlation,
                np.tanh(centre - reach),
                np.tanh(centre + reach),
                p_value,
                stats.false_discovery_control(p_value),
            ]
        )
    return pd.concat([table, found], axis=1)


def _permuted(
    tests: list[_Comparison],
    correlation: Floats,
    n_permutations: int,
    generator: np.random.Generator,
    settings: LinkSettings,
) -> Floats:
    """Return the two-sided permutation p of each test; tests of the same length share the permutations."""
    n_as_far = np.zeros(len(tests))
    sizes = np.array([test.leading.size for test in tests])
    # A tie in exact arithmetic may differ in the last digit.
    reached = np.abs(correlation) - 1e-12
    for size in np.unique(sizes):
        of_size = np.flatnonzero(sizes == size)
        by_leading: dict[tuple[str, str, str], list[int]] = {}
        for number in of_size.tolist():
            by_leading.setdefault(tests[number].leading_key, []).append(number)
        for portion in range(0, n_permutations, _PERMUTATIONS_AT_ONCE):
            order = _block_orders(int(size), min(_PERMUTATIONS_AT_ONCE, n_permutations - portion), generator, settings)
            for numbers in by_leading.values():
                leading = tests[numbers[0]].leading[order]
                later = np.column_stack([tests[number].later for number in numbers])
                as_far = np.abs(leading @ later / size) >= reached[numbers]
                n_as_far[numbers] += as_far.sum(axis=0)
    return (1 + n_as_far) / (1 + n_permutations)


def _block_orders(size: int, n_orders: int, generator: np.random.Generator, settings: LinkSettings) -> Ints:
    """Return weeks in random orders of their blocks, shape (orders, weeks); where the blocks begin is random too.

    The series is closed to a ring, so that the blocks of an order may begin at any week.
    """
    n_blocks = -(-size // settings.block_weeks)
    block = generator.random((n_orders, n_blocks)).argsort(axis=1)
    weeks = (block[:, :, None] * settings.block_weeks + np.arange(settings.block_weeks)).reshape(n_orders, -1)
    kept = weeks[weeks < size].reshape(n_orders, size)
    start = generator.integers(0, size, n_orders)
    return np.asarray((kept + start[:, None]) % size, dtype=np.int64)


def _worded(table: pd.DataFrame, about: pd.DataFrame, settings: LinkSettings) -> pd.DataFrame:
    """Add which pairs are linked, and a sentence for those."""
    is_tested = table["p_value"].notna()
    is_linked = table["p_value_adjusted"] < settings.max_p_value
    name = about["signal_name"].to_dict()
    sentences = [
        _sentence(
            name[row["value_stream_id"], row["level"], row["leading_signal_id"]],
            name[row["value_stream_id"], row["level"], row["following_signal_id"]],
            row,
        )
        if linked
        else None
        for row, linked in zip(table.to_dict("records"), is_linked, strict=True)
    ]
    return table.assign(
        is_linked=is_linked.astype("boolean").where(is_tested), sentence=pd.Series(sentences, table.index, dtype="str")
    )


def _sentence(leading: str, following: str, row: Mapping[Hashable, Any]) -> str:
    lag = int(row["lag_weeks"])
    when = "in the same week" if lag == 0 else "a week later" if lag == 1 else f"{lag} weeks later"
    direction = "moves with" if row["correlation"] > 0 else "moves against"
    adjusted = row["p_value_adjusted"]
    shown = "p < 0.001" if adjusted < _SMALLEST_P_SHOWN else f"p = {adjusted:.3f}"
    return (
        f"{following} {direction} {leading}, {when} (correlation {row['correlation']:.2f} over {row['n_weeks']} weeks, "
        f"{shown} over {row['n_tests']} comparisons)."
    )
