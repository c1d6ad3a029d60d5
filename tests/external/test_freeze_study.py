"""A real intervention: a company shortened the feature freeze before its releases (Laukkanen et al., ICSE 2017).

What Weir says of it is pinned here: the freeze did get shorter, and no weekly series of resolved issues shows that
more, or fewer faults, came of it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orchestration.analytics.interrupted_series import step_effect
from orchestration.analytics.intervention_effects import interrupted_effects
from orchestration.analytics.intervention_verdict import (
    EXPECTATION_COLUMNS,
    ITEM_SHIFT_COLUMNS,
    intervention_verdicts,
)
from orchestration.analytics.item_level_effect import hodges_lehmann_shift, probability_shorter, shift_interval
from orchestration.analytics.process_behaviour import chart_interventions

pytestmark = pytest.mark.external

#: The week of the first shortened freeze, of release 15.1.
LAUNCH = pd.Timestamp("2015-01-12")
DIRECTIONS = {"DEV": "up", "AT": "up", "PS": "down"}


@pytest.fixture(scope="module")
def study(shared_data: Path) -> Path:
    folder = shared_data / "feature_freeze_study"
    if not folder.is_dir():
        pytest.skip(f"the study of the feature freeze is not at {folder}")
    return folder


@pytest.fixture(scope="module")
def charted(study: Path) -> pd.DataFrame:
    """Return resolved issues a week by type, charted: 26 baseline weeks, two of transition, 74 after."""
    issues = pd.read_csv(study / "issues.csv.xz")
    resolved = pd.to_datetime(issues["resolved_timestamp"]).dt.tz_localize(None)
    week = resolved.dt.normalize() - pd.to_timedelta(resolved.dt.day_of_week, unit="D")
    weeks = pd.date_range(LAUNCH - pd.Timedelta(weeks=26), "2016-06-20", freq="7D")
    place = (weeks - LAUNCH).days // 7
    series = pd.concat(
        pd.DataFrame(
            {
                "intervention_id": kind,
                "week_start": weeks,
                "metric": "throughput",
                "desired_direction": direction,
                "phase": np.select([place < 0, place < 2], ["before", "transition"], default="after"),
                "is_baseline": place < 0,
                "is_complete": True,
                "value": week[issues["type"] == kind].value_counts().reindex(weeks, fill_value=0).to_numpy(dtype=float),
            }
        )
        for kind, direction in DIRECTIONS.items()
    )
    named = series[["intervention_id", "week_start", "desired_direction"]]
    return chart_interventions(series).merge(named, on=["intervention_id", "week_start"])


def test_the_freeze_became_shorter_by_more_than_a_third_and_a_verdict_lacks_one_release(study: Path) -> None:
    releases = pd.read_csv(study / "releases.csv.xz", parse_dates=["feature_freeze_date", "production_deployment_date"])
    days = (releases["production_deployment_date"] - releases["feature_freeze_date"]).dt.days.to_numpy(dtype=float)
    after = (releases["feature_freeze_date"] >= LAUNCH).to_numpy()
    logs = np.log(days)
    shift = hodges_lehmann_shift(logs[~after], logs[after])
    release = np.arange(days.size)
    lower, upper = shift_interval(
        logs[~after], release[~after], logs[after], release[after], generator=np.random.default_rng(1)
    )
    print(f"freeze: {100 * np.expm1([shift, lower, upper]).round(3)} %")  # noqa: T201
    assert np.expm1(shift) < -1 / 3
    assert lower < shift < upper < np.log(0.8)
    assert probability_shorter(days[~after], days[after]) > 0.95
    # Eleven releases before the change: one short of a baseline, so the series of releases gets no verdict.
    withheld = step_effect(logs, release, after).withheld_reason
    assert withheld is not None
    assert withheld.startswith("11 complete weeks before")


def test_no_weekly_series_of_resolved_issues_is_called_changed(charted: pd.DataFrame) -> None:
    nothing_projected = pd.DataFrame(columns=list(EXPECTATION_COLUMNS))
    no_items = pd.DataFrame(columns=list(ITEM_SHIFT_COLUMNS))
    table = intervention_verdicts(charted, nothing_projected, no_items)
    assert table.groupby("intervention_id").size().to_dict() == dict.fromkeys(sorted(DIRECTIONS), 74)
    assert not set(table["verdict"]) & {"improved", "worsened", "stagnating"}
    effects = interrupted_effects(charted)
    print(effects[["intervention_id", "effect", "effect_lower", "effect_upper", "baseline_level"]].round(1))  # noqa: T201
    assert ((effects["effect_lower"] < 0) & (effects["effect_upper"] > 0)).all()
