"""Series of autocorrelated noise, whose spread is the same whatever their autocorrelation.

Belongs here: noise for simulations of error rates, power and coverage. Does not belong here: what is simulated with it.
"""

import numpy as np


def ar1(generator: np.random.Generator, n_series: int, n_points: int, phi: float) -> np.ndarray:
    """Return series of marginal standard deviation 1 and autocorrelation ``phi``, shape (series, points)."""
    noise = generator.normal(size=(n_series, n_points)) * np.sqrt(1 - phi**2)
    noise[:, 0] /= np.sqrt(1 - phi**2)
    for place in range(1, n_points):
        noise[:, place] += phi * noise[:, place - 1]
    return noise
