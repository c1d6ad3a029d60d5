"""What was found, held against the truth: one row per verdict or forecast, and the shares that come of them.

Belongs here: what counts as right, false, kept. Does not belong here: the truth, what was found, and limits.

Only stories are scored: of features and epics no constraint is planted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from orchestration.analytics.forecast_scoring import wilson_interval
from orchestration.portfolio.example import scenario
from tests.accuracy.outcomes import Outcomes
from tests.accuracy.planted_portfolios import AS_OF, BALANCED_ROLES, PLACEBO_ROLES, PlantedPortfolio, Role

_N_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many, with the 95 % interval: Wilson's, or over resampled portfolios where rows hang together."""

    n_hits: int
    n_cases: int
    lower: float
    upper: float

    @property
    def value(self) -> float:
        """The share itself; NaN without a case."""
        return self.n_hits / self.n_cases if self.n_cases else float("nan")

    def __str__(self) -> str:
        if not self.n_cases:
            return "no case"
        return f"{self.n_hits:,}/{self.n_cases:,} = {self.value:.1%} ({self.lower:.1%} to {self.upper:.1%})"


def share_of(hits: pd.Series) -> Share:
    """Return the share of true values, with Wilson's interval."""
    lower, upper = wilson_interval(int(hits.sum()), len(hits))
    return Share(int(hits.sum()), len(hits), lower, upper)


def share_by_portfolio(hits: pd.Series, portfolios: pd.Series) -> Share:
    """Return the share of true values; the interval resamples portfolios, whose forecasts hang together."""
    if hits.empty:
        return Share(0, 0, float("nan"), float("nan"))
    sums = hits.astype(float).groupby(portfolios).agg(["sum", "count"]).to_numpy()
    drawn = np.random.default_rng(len(hits)).integers(len(sums), size=(_N_RESAMPLES, len(sums)))
    totals = sums[drawn].sum(axis=1)
    lower, upper = np.quantile(totals[:, 0] / totals[:, 1], [0.025, 0.975])
    return Share(int(hits.sum()), len(hits), float(lower), float(upper))


def score_declarations(portfolio: PlantedPortfolio, found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a row per value stream that nothing truly changed and window: what was declared, and what is true.

    ``constraint`` and ``declared`` are stages, NULL for none.
    """
    table = found["constraint_declarations"]
    stories = table.loc[(table["scope"] == "value_stream") & (table["level"] == "story")]
    rows = []
    for each in portfolio.streams:
        if each.role is Role.IMPROVED:
            continue
        of_stream = stories.loc[stories["scope_id"] == each.stream.id]
        for weeks, of_window in of_stream.groupby("window_weeks"):
            named = of_window.loc[of_window["status"] == "declared", "stage_name"]
            rows.append(
                {
                    "portfolio": portfolio.seed,
                    "stream": each.stream.id,
                    "window_weeks": weeks,
                    "constraint": each.constraint,
                    "declared": named.iloc[0].lower() if len(named) else None,
                    "is_balanced": each.role in BALANCED_ROLES,
                    "tells_capacity": each.tells_capacity,
                    "has_wip_limit": each.has_wip_limit,
                    "n_stages": len(each.stages),
                }
            )
    return pd.DataFrame(rows)


def score_interventions(portfolio: PlantedPortfolio, found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a row per registered intervention: its newest verdict, and whether it was ever called improved."""
    table = found["intervention_verdicts"]
    last = table.drop_duplicates(["intervention_id", "metric"], keep="last")
    ever = table.loc[table["verdict"] == "improved", "intervention_id"].unique()
    role_of = {each.stream.id: each.role for each in portfolio.streams}
    role = last["intervention_id"].str.partition("-")[0].map(role_of)
    drift = "none" if portfolio.drifts_from is None else "faster" if portfolio.drift < 1 else "slower"
    return pd.DataFrame(
        {
            "portfolio": portfolio.seed,
            "intervention": last["intervention_id"],
            "metric": last["metric"],
            "is_placebo": role.isin(PLACEBO_ROLES),
            "drift": drift,
            "verdict": last["verdict"],
            "is_improved": last["verdict"] == "improved",
            "was_ever_improved": last["intervention_id"].isin(ever),
        }
    )


def score_choke_points(
    portfolio: PlantedPortfolio, found: Mapping[str, pd.DataFrame], outcomes: Outcomes
) -> pd.DataFrame:
    """Return a row per queue of stories, horizon and event with a probability: what was said, and what came.

    ``probability_no_trend`` is what the rule without a trend says. Raises ``ValueError`` where the queue of tonight is
    not the simulated one: outcomes would then be of something else than the forecasts.
    """
    table = found["choke_point_forecasts"].merge(
        found["choke_points_without_trend"],
        on=["scope_type", "scope_id", "level", "stage_id", "horizon", "event"],
        how="left",
        suffixes=("", "_no_trend"),
    )
    table = table.loc[
        (table["scope_type"] == "value_stream") & (table["level"] == "story") & table["probability"].notna()
    ]
    rows = []
    for stream, stage_id, weeks, event, limit, now, said, flat, method in zip(
        *(
            table[name]
            for name in (
                "scope_id", "stage_id", "horizon_weeks", "event", "queue_limit", "queue_now", "probability",
                "probability_no_trend", "method",
            )
        ),
        strict=True,
    ):  # fmt: skip
        status = stage_id.rpartition(".")[2]
        last_day = AS_OF - timedelta(days=1)
        if outcomes.queue_at_end(stream, status, last_day) != now:
            raise ValueError(f"The queue {stage_id} of {stream} is not the simulated one; check how it is exported.")
        until = [last_day + timedelta(weeks=number + 1) for number in range(int(weeks))]
        if until[-1] > scenario.LAST_DAY:
            continue
        over = [outcomes.queue_at_end(stream, status, day) > limit for day in until]
        rows.append(
            {
                "portfolio": portfolio.seed,
                "stream": stream,
                "horizon_weeks": int(weeks),
                "event": event,
                "method": method,
                "probability": said,
                "probability_no_trend": flat,
                "came": over[-1] if event == "at" else any(over),
            }
        )
    return pd.DataFrame(rows)


def score_throughput(
    portfolio: PlantedPortfolio, found: Mapping[str, pd.DataFrame], outcomes: Outcomes
) -> pd.DataFrame:
    """Return a row per value stream, horizon and confidence: whether as many stories as promised were finished."""
    table = found["throughput_forecasts"]
    told = table.loc[
        (table["scope_type"] == "value_stream") & (table["level"] == "story") & table["withheld_reason"].isna()
    ]
    rows = []
    for stream, weeks, target, at_50, at_85 in zip(
        *(told[name] for name in ("scope_id", "horizon_weeks", "target_date", "items_50", "items_85")), strict=True
    ):
        came = outcomes.stories_finished(stream, AS_OF, target.date())
        rows += [
            {
                "portfolio": portfolio.seed,
                "horizon_weeks": int(weeks),
                "confidence": confidence,
                "promised": promised,
                "came": came,
                "is_kept": came >= promised,
            }
            for confidence, promised in ((50, at_50), (85, at_85))
        ]
    return pd.DataFrame(rows, columns=["portfolio", "horizon_weeks", "confidence", "promised", "came", "is_kept"])


def score_deliveries(
    portfolio: PlantedPortfolio, found: Mapping[str, pd.DataFrame], outcomes: Outcomes
) -> pd.DataFrame:
    """Return a row per feature in progress and confidence whose date lies within the simulation: was it kept?

    Which rows there are depends on what was promised alone, not on whether it came true.
    """
    table = found["delivery_forecasts"].merge(found["item_keys"], on="work_item_id")
    told = table.loc[table["level"] == "feature"]
    rows = []
    for confidence in (50, 85):
        in_time = told.loc[told[f"date_{confidence}"] <= pd.Timestamp(scenario.LAST_DAY)]
        rows += [
            {
                "portfolio": portfolio.seed,
                "confidence": confidence,
                "pace_source": source,
                "is_kept": outcomes.is_feature_done(key, promised.date()),
            }
            for key, source, promised in zip(
                in_time["item_key"], in_time["pace_source"], in_time[f"date_{confidence}"], strict=True
            )
        ]
    return pd.DataFrame(rows, columns=["portfolio", "confidence", "pace_source", "is_kept"])
