"""What is coming to the synthetic portfolio: forecasts by the methods themselves where frames allow."""

from dataclasses import replace

import numpy as np
import pandas as pd
from synthetic_facts import AS_OF, STREAMS

from orchestration.analytics import choke_point_forecast, delivery_forecast, trend_test

_QUICK = replace(choke_point_forecast.DEFAULT_SETTINGS, n_paths=200, n_backtest_paths=100)
_WINDOW = {"window_start": pd.Timestamp("2025-12-22"), "window_end": pd.Timestamp("2026-06-21")}


def forecasts(tables: dict[str, pd.DataFrame], seed: int) -> dict[str, pd.DataFrame]:
    """All tables of forecasts, and the items in progress that are looked at."""
    weeks = tables["mart_stage_metrics"].assign(
        scope_type="value_stream",
        scope_id=tables["mart_stage_metrics"]["value_stream_id"],
        n_arrivals=tables["mart_stage_metrics"]["n_visits_ended"],
    )
    queues = weeks[(weeks["stage_kind"] == "queue") & (weeks["level"] == "story")]
    choke_points = choke_point_forecast.forecast_choke_points(
        queues.assign(n_departures=queues["n_arrivals"] + queues["week_start"].dt.day % 3 - 1),
        tables["dim_increments"],
        generator=np.random.default_rng(seed),
        settings=_QUICK,
    )
    flow = tables["mart_flow_metrics"]
    flow = flow[(flow["period_type"] == "week") & (flow["scope_type"] == "value_stream")]
    series = flow.rename(columns={"period_start": "week_start"}).assign(
        metric="throughput", stage_id=None, value=flow["n_finished"].astype("float64")
    )
    return {
        "choke_point_forecasts": choke_points.forecasts,
        "choke_point_backtest": choke_points.backtest,
        "trends": trend_test.measure_trends(series),
        "throughput_forecasts": delivery_forecast.forecast_throughput(
            flow,
            generator=np.random.default_rng(seed),
            settings=replace(delivery_forecast.DEFAULT_SETTINGS, n_paths=500, n_backtest_paths=100),
        ),
        "load_forecasts": _loads(),
        **_deliveries(tables["fct_work_items"]),
        "mart_ageing_items": _ageing(tables["fct_work_items"]),
    }


def _loads() -> pd.DataFrame:
    row = {
        "stage_id": "delivery.test", "capacity_source": "given", "load_now": 0.9, "withheld_reason": None,
        "load": 0.88, "load_lower": 0.7, "load_upper": 1.06, "state": "may_cross",
    }  # fmt: skip
    withheld = {"load": np.nan, "load_lower": np.nan, "load_upper": np.nan, "state": None}
    rows = []
    for stream, _ in STREAMS:
        for weeks in (4, 8):
            start = pd.Timestamp("2026-06-22") + pd.Timedelta(weeks=weeks - 4)
            span = {"horizon_weeks": weeks, "target_start": start, "target_end": start + pd.Timedelta(days=27)}
            known = row if stream != "lending" else row | withheld | {"withheld_reason": "too few items left"}
            rows.append({"scope_type": "value_stream", "scope_id": stream} | known | span)
    return pd.DataFrame(rows)


def _deliveries(items: pd.DataFrame) -> dict[str, pd.DataFrame]:
    features = items[(items["level"] == "feature") & items["is_in_progress"].astype(bool)]
    n_rows = len(features)
    weeks = np.arange(n_rows) % 9 + 1
    dates = {
        f"date_{share}": AS_OF.normalize() + pd.to_timedelta(7 * (weeks + extra), unit="D")
        for share, extra in ((50, 0), (85, 2), (95, 4))
    }
    table = pd.DataFrame(
        {
            "work_item_id": features["work_item_id"].to_numpy(),
            "scope_type": "value_stream",
            "scope_id": features["value_stream_id"].to_numpy(),
            "level": "feature",
            "n_children_left": weeks,
            "n_children_finished": 2,
            **dates,
            "pace_source": "scope",
            "withheld_reason": None,
        }
    )
    table.loc[table.index[:1], ["date_50", "date_85", "date_95"]] = pd.NaT
    table.loc[table.index[:1], "withheld_reason"] = "2 finished features, at least 3 needed"
    backtest = {
        "scope_type": "value_stream", "level": "feature", "n_cases": 120, "hit_rate_85": 0.7,
        "hit_rate_85_lower": 0.6, "hit_rate_85_upper": 0.79, **_WINDOW,
    }  # fmt: skip
    return {"delivery_forecasts": table, "delivery_backtest": pd.DataFrame([backtest])}


def _ageing(items: pd.DataFrame) -> pd.DataFrame:
    open_items = items[items["is_in_progress"].astype(bool) & (items["value_stream_id"] != "unassigned")]
    aged = open_items.sort_values("age_calendar_days", ascending=False, na_position="last")
    return pd.DataFrame(
        {
            "item_key": aged["item_key"].to_numpy(),
            "title": aged["title"].to_numpy(),
            "value_stream_id": aged["value_stream_id"].to_numpy(),
            "level": aged["level"].to_numpy(),
            "stage_name": "Test",
            "age_calendar_days": aged["age_calendar_days"].to_numpy(),
            "n_finished": 80,
            "p85_cycle_time_calendar_days": 20,
            "is_over_p85": aged["age_calendar_days"].to_numpy(dtype=float) > 20,
            "n_passed_stage": 70,
            "p85_age_at_leaving_calendar_days": 15,
            "attention": np.where(aged["age_calendar_days"].to_numpy(dtype=float) > 20, "late", "on its way"),
            "attention_rank": np.arange(1, len(aged) + 1),
        }
    )
