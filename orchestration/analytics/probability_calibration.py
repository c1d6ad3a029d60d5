"""Probabilities put right by what came of earlier ones.

Belongs here: fitting how said and come differ, and applying it, also to the very cases it is fitted on without looking
at their outcomes. Does not belong here: where probabilities come from, and scores (:mod:`.forecast_scoring`).

Source: logistic recalibration, D. R. Cox, Biometrika 45 (1958) and J. Platt, *Advances in Large Margin Classifiers*
(1999): logit of the probability = intercept + slope x logit of what was said. Slope 1 and intercept 0 leave what was
said; a normal prior of variance 1 on both draws few cases towards that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from orchestration.analytics.array_types import Floats, Ints

#: What is said to be likelier or less likely than this is taken as this: no finite number of paths tells certainty.
_SUREST = 0.99


@dataclass(frozen=True, slots=True)
class Calibration:
    """How probabilities are put right; as it stands it leaves them as they are."""

    intercept: float = 0.0
    slope: float = 1.0

    def applied(self, said: ArrayLike) -> Floats:
        """Return the probabilities put right; NaN stays NaN. The order of two probabilities never turns round."""
        return put_right(said, self.intercept, self.slope)


def put_right(said: ArrayLike, intercept: ArrayLike, slope: ArrayLike) -> Floats:
    """Return probabilities (n,) put right by one calibration or by one each; intercept 0 and slope 1 leave them."""
    given, start, times = (np.asarray(values, dtype=float) for values in (said, intercept, slope))
    right: Floats = np.where((start == 0) & (times == 1), given, expit(start + times * _logit(given)))
    return right


def fit_calibration(said: ArrayLike, came: ArrayLike, weight: float = 1.0) -> Calibration:
    """Fit how probabilities said (n,) have to be put right to what came (n,) 0 or 1.

    ``weight`` is what one case counts: less than 1 where cases overlap. Without a case nothing is put right.
    """
    x, y = _logit(np.asarray(said, dtype=float)), np.asarray(came, dtype=float)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        intercept, slope = parameters
        z = intercept + slope * x
        off = weight * (expit(z) - y)
        distance = np.array([intercept, slope - 1.0])
        value = weight * float((np.logaddexp(0, z) - y * z).sum()) + float(distance @ distance) / 2
        return value, np.array([off.sum(), (off * x).sum()]) + distance

    found = minimize(loss, [0.0, 1.0], jac=True, method="L-BFGS-B", bounds=[(None, None), (0.0, None)])
    return Calibration(float(found.x[0]), float(found.x[1]))


def calibrated_across(said: ArrayLike, came: ArrayLike, moment: Ints, weight: float = 1.0, n_parts: int = 4) -> Floats:
    """Return probabilities (n,), each put right by cases of other times only.

    The moments (n,) are cut into ``n_parts`` stretches of about as many different moments; each stretch is put right by
    a fit to the others. What is scored so has not seen its own outcome.
    """
    given, happened = np.asarray(said, dtype=float), np.asarray(came, dtype=float)
    _, rank = np.unique(moment, return_inverse=True)
    part = rank * n_parts // max(int(rank.max(initial=0)) + 1, 1)
    right = given.copy()
    for number in range(n_parts):
        own = part == number
        right[own] = fit_calibration(given[~own], happened[~own], weight).applied(given[own])
    return right


def _logit(said: Floats) -> Floats:
    within: Floats = logit(np.clip(said, 1 - _SUREST, _SUREST))
    return within
