"""Verdicts kept day by day: other days stay as they were said."""

import pandas as pd

from orchestration.analytics import constraint_declaration, constraint_history
from orchestration.analytics.constraint_verdicts import COLUMNS, kept_events, kept_verdicts, verdicts_of

MONDAY, NEXT = pd.Timestamp("2026-06-22"), pd.Timestamp("2026-06-29")


def verdicts(as_of: pd.Timestamp, probability: float) -> pd.DataFrame:
    types = constraint_declaration._TYPES
    row = {name: 0 if kind.lower().startswith(("int", "float", "bool")) else "x" for name, kind in types.items()}
    row |= {"window_start": as_of, "window_end": as_of, "p_constraint": probability}
    return verdicts_of(pd.DataFrame([row]).astype(types), as_of)


def test_days_are_kept_and_a_repeated_day_is_replaced():
    first = kept_verdicts(None, verdicts(MONDAY, 0.5))
    both = kept_verdicts(first, verdicts(NEXT, 0.9))
    assert both["p_constraint"].tolist() == [0.5, 0.9]
    again = kept_verdicts(both, verdicts(MONDAY, 0.6))
    assert again["p_constraint"].tolist() == [0.6, 0.9]
    assert tuple(again.columns) == COLUMNS


def test_what_an_earlier_version_kept_without_a_column_is_kept_with_nothing_in_it():
    old = verdicts(MONDAY, 0.5).drop(columns="capacity_source")
    both = kept_verdicts(old, verdicts(NEXT, 0.9))
    assert both["capacity_source"].isna().tolist() == [True, False]


def test_a_day_without_events_takes_that_days_earlier_ones_away():
    types = constraint_history._TYPES
    none = pd.DataFrame(columns=list(types)).astype(types)
    row = {name: 0 if kind == "int64" else MONDAY if kind.startswith("date") else "x" for name, kind in types.items()}
    one = pd.DataFrame([row | {"p_constraint": 0.9}]).astype(types)
    assert len(kept_events(one, none, NEXT)) == 1
    assert kept_events(one, none, MONDAY).empty
    assert kept_events(None, none, MONDAY).dtypes.equals(none.dtypes)
