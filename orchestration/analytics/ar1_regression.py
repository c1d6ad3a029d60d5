"""Linear regression of series whose errors are autoregressive of the first order.

Belongs here: estimation by restricted maximum likelihood, with degrees of freedom from the effective number of points.
Does not belong here: what is regressed on what (:mod:`.interrupted_series`).

Sources: restricted maximum likelihood: S. L. Turner et al., BMC Medical Research Methodology 21 (2021), doi
10.1186/s12874-021-01364-0; the AR(1) transform: S. J. Prais and C. B. Winsten (1954). Degrees of freedom from the
effective number of weeks n (1 - phi) / (1 + phi): in simulations of 12 to 78 weeks nominal 95 % intervals then held the
truth in 93 to 95 %, those by Newey and West in 71 to 88 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtr, stdtrit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Floats, Ints

#: The range of phi that is searched, the step of the grid, and the widths of the parabolas laid through the best point.
_PHI_RANGE, _GRID_STEP, _PARABOLA_WIDTHS = (-0.95, 0.98), 0.02, (4e-3, 1e-3, 1e-3)
#: Residuals smaller than this, relative to the series, are rounding.
_RELATIVE_ROUNDING = 1e-10
_MIN_DEGREES_OF_FREEDOM = 2.0


@dataclass(frozen=True, slots=True)
class Ar1Fit:
    """Regressions of k series on the same p columns, errors AR(1).

    ``phi`` (k), ``coefficients`` and ``standard_errors`` (k, p), ``innovation_variance`` (k), ``degrees_of_freedom``
    (k). A series that its columns describe without any rest has NaN everywhere: it carries no information on its error.
    """

    phi: Floats
    coefficients: Floats
    standard_errors: Floats
    innovation_variance: Floats
    degrees_of_freedom: Floats

    def interval(self, column: int, confidence: float) -> tuple[Floats, Floats]:
        """Return the bounds of one coefficient's interval, each of length k."""
        half = stdtrit(self.degrees_of_freedom, (1 + confidence) / 2) * self.standard_errors[:, column]
        return self.coefficients[:, column] - half, self.coefficients[:, column] + half

    def p_values(self, column: int) -> Floats:
        """Return the two-sided p of one coefficient against 0, of length k."""
        t_values = np.abs(self.coefficients[:, column] / self.standard_errors[:, column])
        return np.asarray(2 * stdtr(self.degrees_of_freedom, -t_values), dtype=float)


def fit_ar1(values: ArrayLike, design: ArrayLike, weeks: ArrayLike | None = None, phi: float | None = None) -> Ar1Fit:
    """Regress series with AR(1) errors on the columns of a design by restricted maximum likelihood.

    With s = number of weeks since the point before, a point is reduced by phi^s times the one before and divided by
    sqrt(v), v = (1 - phi^(2s)) / (1 - phi^2); for the first point nothing is subtracted and v = 1 / (1 - phi^2). b is
    ordinary least squares on the result and s2 = RSS / (n - p). phi maximises
    -0.5 [(n - p) log s2 + sum(log v) + log det X'X], searched on a grid from -0.95 to 0.98 and refined
    by parabolas to about 1e-6. For weeks without gaps this is the published form; with gaps it is the exact likelihood
    of a series in which weeks are missing. Degrees of freedom: max(2, n (1 - phi) / (1 + phi) - p), phi taken as 0 if
    negative.

    Parameters
    ----------
    values: (k, n) series in time order, or (n,) for one; finite.
    design: (n, p) columns, the same for all series.
    weeks: (n,) rising whole numbers, the places of the points in time; 0, 1, 2 ... without.
    phi: hold it at this value in place of estimating it; 0 gives ordinary least squares with its own n - p degrees
        of freedom.

    Raises ``ValueError`` for values that are not finite, shapes that do not fit, weeks that do not rise, columns that
    depend on each other, or no more points than columns.
    """
    series = np.atleast_2d(np.asarray(values, dtype=float))
    columns = np.asarray(design, dtype=float)
    n_points, n_columns = columns.shape
    if series.shape[1] != n_points:
        raise ValueError(f"The series have {series.shape[1]} points and the design {n_points}; pass as many of both.")
    if not np.isfinite(series).all():
        raise ValueError("A regression cannot use missing or infinite values; leave those weeks out.")
    if n_points <= n_columns or np.linalg.matrix_rank(columns) < n_columns:
        raise ValueError(f"{n_points} points cannot tell {n_columns} columns apart; pass more weeks or fewer columns.")
    gaps = _gaps(weeks, n_points)
    # Least squares first and its rest from here on, or a high level would cost the digits of the variance.
    start = np.linalg.lstsq(columns, series.T)[0].T
    forms = _QuadraticForms.of(columns, series - start @ columns.T, gaps)
    best = _best_phi(forms, series.shape[0]) if phi is None else np.full(series.shape[0], float(phi))
    gram, moments, squares, _ = forms.at(best[:, None])
    inverse = np.linalg.inv(gram[:, 0])
    coefficients = np.einsum("kpq,kq->kp", inverse, moments[:, 0])
    residual = squares[:, 0] - np.einsum("kp,kp->k", coefficients, moments[:, 0])
    size = np.linalg.norm(series, axis=1)
    variance = np.where(residual > (_RELATIVE_ROUNDING * size) ** 2, residual, np.nan) / (n_points - n_columns)
    positive = np.maximum(best, 0.0)
    effective = n_points * (1 - positive) / (1 + positive)
    known = np.isfinite(variance)
    return Ar1Fit(
        phi=np.where(known, best, np.nan),
        coefficients=np.where(known[:, None], start + coefficients, np.nan),
        standard_errors=np.sqrt(variance[:, None] * np.einsum("kpp->kp", inverse)),
        innovation_variance=variance,
        degrees_of_freedom=np.where(known, np.maximum(_MIN_DEGREES_OF_FREEDOM, effective - n_columns), np.nan),
    )


@dataclass(frozen=True, slots=True)
class _QuadraticForms:
    """Sums of products of columns and series, of which every transformed sum is a weighted sum over the weeks.

    For u, v among the columns and the series, sum(u* v*) = sum(a uv) - sum(b (u v' + u' v)) + sum(c u' v') with ' the
    point before and a, b, c functions of phi only. So one matrix product serves all phi of a grid, and the products
    (uv, u v' + u' v, u' v') serve all grids: ``of_columns`` (n, p, p), ``of_both`` for each column and ``of_series``
    (k, n). ``gap_lengths`` (at least 1) differ; ``gap_place`` (n) is which of them lies before a point.
    """

    of_columns: tuple[Floats, Floats, Floats]
    of_both: Sequence[tuple[Floats, Floats, Floats]]
    of_series: tuple[Floats, Floats, Floats]
    gap_lengths: Ints
    gap_place: Ints

    @classmethod
    def of(cls, columns: Floats, series: Floats, gaps: Ints) -> _QuadraticForms:
        """Take columns (n, p), series (k, n) and the weeks since the point before (n)."""
        x, before_x = columns, _shifted(columns.T).T
        y, before_y = series, _shifted(series)
        lengths, place = np.unique(np.maximum(gaps, 1), return_inverse=True)
        return cls(
            of_columns=_products(x[:, :, None], before_x[:, :, None], x[:, None, :], before_x[:, None, :]),
            of_both=[_products(x[:, j], before_x[:, j], y, before_y) for j in range(x.shape[1])],
            of_series=_products(y, before_y, y, before_y),
            gap_lengths=lengths,
            gap_place=place,
        )

    def at(self, phi: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return X'X (k, g, p, p), X'y (k, g, p), y'y (k, g) and sum(log v) (k, g) for phi (k, g) or (1, g)."""
        power = (phi[..., None] ** self.gap_lengths)[..., self.gap_place]
        spread = (1 - power**2) / (1 - phi[..., None] ** 2)
        spread[..., 0] = 1 / (1 - phi**2)
        power[..., 0] = 0.0
        a = 1 / spread
        weights = a, a * power, a * power**2
        own, cross, lagged = (
            np.tensordot(weight, products, axes=(2, 0))
            for weight, products in zip(weights, self.of_columns, strict=True)
        )
        moments = np.stack([_weighted(weights, products) for products in self.of_both], axis=-1)
        return own - cross + lagged, moments, _weighted(weights, self.of_series), np.log(spread).sum(axis=-1)

    def log_likelihood(self, phi: Floats) -> Floats:
        """Return the restricted log-likelihood, (k, g), up to a constant."""
        gram, moments, squares, log_spread = self.at(phi)
        n_points, n_columns, _ = self.of_columns[0].shape
        solved = np.linalg.solve(np.broadcast_to(gram, (*moments.shape, n_columns)), moments[..., None])[..., 0]
        residual = np.maximum(squares - np.einsum("kgp,kgp->kg", solved, moments), np.finfo(float).tiny)
        likelihood: Floats = -0.5 * (
            (n_points - n_columns) * np.log(residual) + log_spread + np.linalg.slogdet(gram)[1]
        )
        return likelihood


def _products(u: Floats, before_u: Floats, v: Floats, before_v: Floats) -> tuple[Floats, Floats, Floats]:
    return u * v, u * before_v + before_u * v, before_u * before_v


def _weighted(weights: tuple[Floats, Floats, Floats], products: tuple[Floats, Floats, Floats]) -> Floats:
    """Sum the three products (k, n) with their weights (k or 1, g, n) over the weeks, (k, g)."""
    is_shared = weights[0].shape[0] == 1
    own, cross, lagged = (
        product @ weight[0].T if is_shared else (weight @ product[:, :, None])[..., 0]
        for weight, product in zip(weights, products, strict=True)
    )
    total: Floats = own - cross + lagged
    return total


def _shifted(rows: Floats) -> Floats:
    """Return each row moved on by one point, 0 first."""
    moved = np.zeros_like(rows)
    moved[:, 1:] = rows[:, :-1]
    return moved


def _gaps(weeks: ArrayLike | None, n_points: int) -> Ints:
    """Return the weeks since the point before, 0 for the first."""
    places = np.arange(n_points) if weeks is None else np.asarray(weeks, dtype=np.int64)
    gaps = np.diff(places, prepend=places[0])
    if (gaps[1:] < 1).any():
        raise ValueError("The weeks of a series must rise; sort it and pass each week once.")
    return gaps.astype(np.int64)


def _best_phi(forms: _QuadraticForms, n_series: int) -> Floats:
    """Return the phi of the highest restricted likelihood for each series."""
    low, high = _PHI_RANGE
    best: Floats
    grid = np.append(np.arange(low, high, _GRID_STEP), high)[None, :]
    best = grid[0, forms.log_likelihood(grid).argmax(axis=1)]
    for width in _PARABOLA_WIDTHS:
        middle = np.clip(best, low + width, high - width)
        before, at, after = forms.log_likelihood(middle[:, None] + width * np.array([-1.0, 0.0, 1.0])).T
        curvature = before - 2 * at + after
        # Where it is not curved downwards the best point of the grid stays; so it does at an end of the range.
        is_peak = (curvature < 0) & (middle == best)
        shift = np.divide(before - after, 2 * curvature, out=np.zeros(n_series), where=is_peak)
        best = np.clip(best + np.clip(width * shift, -_GRID_STEP, _GRID_STEP), low, high)
    return best


def standard_errors_ahead(design: Floats, phi: float, innovation_variance: float) -> tuple[Floats, float]:
    """Return the standard errors (p,) and degrees of freedom that a design (n, p) would have with errors known so far.

    Points without gaps, the given autocorrelation and variance of its innovations.
    """
    forms = _QuadraticForms.of(design, np.zeros((1, design.shape[0])), _gaps(None, design.shape[0]))
    gram = forms.at(np.array([[phi]]))[0][0, 0]
    positive = max(phi, 0.0)
    effective = design.shape[0] * (1 - positive) / (1 + positive)
    errors: Floats = np.sqrt(innovation_variance * np.diag(np.linalg.inv(gram)))
    return errors, max(_MIN_DEGREES_OF_FREEDOM, effective - design.shape[1])
