"""False discoveries over all tests of a refresh.

Belongs here: what many tests at once do to their p-values. Does not belong here: the tests.

Source: Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", JRSS B 57 (1995).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

if TYPE_CHECKING:
    from collections.abc import Mapping

METHOD_VERSION = "discovery_control-1"

_ADDED_TYPES = {
    "p_adjusted": "float64",
    "is_discovery": "boolean",
    "n_tests": "int64",
    "false_discovery_rate": "float64",
    "discovery_method_version": "str",
}
ADDED_COLUMNS = tuple(_ADDED_TYPES)


@dataclass(frozen=True, slots=True)
class DiscoverySettings:
    """Share of the discoveries that may be false, in the long run."""

    false_discovery_rate: float = 0.10


DEFAULT_SETTINGS = DiscoverySettings()


def control_false_discoveries(tests: pd.DataFrame, *, settings: DiscoverySettings = DEFAULT_SETTINGS) -> pd.DataFrame:
    """Add the adjusted p of every test, beside the raw one.

    With the m measured p in rising order, the adjusted p of the i-th is the smallest p_j m / j over j >= i, at most 1.

    ``tests``: one row per test of the refresh (all value streams and metrics together: leaving some out makes the rest
    look better), with ``p_value`` (NaN = withheld; it counts as no test). Returns its rows, columns and index as they
    are with ``ADDED_COLUMNS``: ``is_discovery`` is missing where p is, ``n_tests`` the number of measured p.
    Raises ``ValueError`` without ``p_value`` or for one outside 0 to 1.
    """
    if "p_value" not in tests.columns:
        raise ValueError("The tests lack p_value; pass one row per test with its p.")
    p_values = tests["p_value"].to_numpy(dtype=float)
    measured = ~np.isnan(p_values)
    if ((p_values[measured] < 0) | (p_values[measured] > 1)).any():
        raise ValueError("A p_value lies outside 0 to 1; pass probabilities.")
    adjusted = np.full(p_values.shape, np.nan)
    if measured.any():
        adjusted[measured] = false_discovery_control(p_values[measured])
    is_discovery = pd.Series(adjusted <= settings.false_discovery_rate, index=tests.index, dtype="boolean")
    return tests.assign(
        p_adjusted=adjusted,
        is_discovery=is_discovery.mask(~measured),
        n_tests=int(measured.sum()),
        false_discovery_rate=settings.false_discovery_rate,
        discovery_method_version=METHOD_VERSION,
    ).astype(_ADDED_TYPES)


def control_over_tables(
    tables: Mapping[str, pd.DataFrame], columns: Mapping[str, str], *, settings: DiscoverySettings = DEFAULT_SETTINGS
) -> dict[str, pd.DataFrame]:
    """Adjust the tests of several tables together, as one refresh asks all of them.

    ``columns`` names the column of each table that holds its p. Returns the tables with ``ADDED_COLUMNS``; see
    :func:`control_false_discoveries`.
    """
    p_values = {name: tables[name][column].to_numpy(dtype=float) for name, column in columns.items()}
    tests = pd.DataFrame({"p_value": np.concatenate(list(p_values.values()))})
    adjusted = control_false_discoveries(tests, settings=settings)[list(ADDED_COLUMNS)]
    ends = np.cumsum([found.size for found in p_values.values()])
    return {
        name: tables[name].join(adjusted.iloc[end - found.size : end].set_index(tables[name].index))
        for (name, found), end in zip(p_values.items(), ends, strict=True)
    }
