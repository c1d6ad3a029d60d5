"""Seeded frames with the columns that the reports read: three value streams, four trains, ten teams, 18 months.

Belongs here: data for tests of the reports alone, without a warehouse. The marts are derived from the facts of
`synthetic_facts`, so that figures, tables and words can be checked against each other.
"""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
from synthetic_dependencies import dependency_frames
from synthetic_facts import AS_OF, FIRST_DAY, STREAMS, WEEKS, dimensions, items_and_visits
from synthetic_forecasts import forecasts
from synthetic_hand_offs import hand_off_frames

from orchestration.analytics import synthetic_control
from orchestration.analytics.constraint_declaration import WINDOWS_WEEKS, declare_constraints
from orchestration.analytics.constraint_history import constraint_events
from orchestration.analytics.constraint_scope import classify_constraint_scopes
from orchestration.analytics.constraint_sensitivity import SensitivitySettings, line_sensitivity
from orchestration.analytics.constraint_verdicts import kept_verdicts, verdicts_of
from orchestration.analytics.discovery_control import control_false_discoveries
from orchestration.analytics.flow_time_change import flow_time_changes
from orchestration.analytics.intervention_effects import interrupted_effects
from orchestration.analytics.intervention_verdict import intervention_verdicts
from orchestration.analytics.item_level_effect import item_distribution, item_level_effects, weekly_item_shifts
from orchestration.analytics.line_measures import measure_lines
from orchestration.analytics.line_records import line_records
from orchestration.analytics.process_behaviour import chart_interventions, chart_periods
from orchestration.analytics.projection_record import expectations, projected_gains, record_projections
from orchestration.analytics.rare_event_charts import EVENT_COLUMNS, rare_event_points
from orchestration.analytics.signal_links import SIGNAL_COLUMNS, link_signals
from orchestration.analytics.stage_constraint_evidence import evidence_of_lines
from orchestration.analytics.stall_cascades import EVENT_KEYS, CascadeSettings, find_stalls
from orchestration.analytics.sustainment import assess_sustainment, desired_directions, weekly_adherence
from orchestration.analytics.team_clocks import elapsed_team_clock
from orchestration.analytics.waiting_classes import classify_waits
from orchestration.analytics.waiting_sums import waiting_by_stage
from orchestration.analytics.work_instances import instances_from_visits
from orchestration.analytics.working_clock import week_edges
from orchestration.reports.context import ReportContext
from orchestration.reports.frames import REQUIRED_FRAMES


def context(**changes: object) -> ReportContext:
    """The generation that the synthetic frames stand for."""
    facts: dict[str, object] = {
        "portfolio_name": "Northwind Bank",
        "as_of": datetime(2026, 6, 24, 6, 0, tzinfo=UTC),
        "generation": 12,
        "refresh_id": "20260624T060000Z-a1b2c3",
        "weir_version": "0.1.0",
        "timezone": "Europe/Berlin",
    }
    return ReportContext(**(facts | changes))  # type: ignore[arg-type]


def frames(n_stories: int = 1350, n_features: int = 160, seed: int = 20260624) -> dict[str, pd.DataFrame]:
    """All frames of a portfolio with about `n_stories` stories and `n_features` features."""
    rng = np.random.default_rng(seed)
    tables = dimensions()
    items, visits = items_and_visits(rng, n_stories, n_features)
    tables["fct_work_items"] = items
    tables["fct_stage_visits"] = visits
    tables["mart_stage_days"] = _stage_days(visits)
    tables["mart_flow_metrics"] = _flow_metrics(items, tables["dim_increments"])
    tables["mart_stage_metrics"] = _stage_metrics(visits, tables["dim_stages"])
    next_stage = visits.sort_values("entered_at").groupby("work_item_id")["stage_id"].shift(-1)
    tables.update(_constraints(items, visits.assign(next_stage_id=next_stage), tables, seed))
    tables.update(hand_off_frames(tables, seed))
    tables.update(dependency_frames(tables, seed))
    tables.update(_stalls(tables["mart_stage_metrics"], visits, tables["dim_stages"]))
    tables["mart_intervention_series"] = _interventions(rng)
    tables |= _on_interventions(tables["mart_intervention_series"], rng)
    tables.update(_quality())
    tables.update(forecasts(tables, seed))
    tables["column_dictionary"] = dictionary()
    return tables


def empty_frames() -> dict[str, pd.DataFrame]:
    """The same tables without items, interventions, checks and sources: a portfolio on its first day."""
    full = frames(n_stories=60, n_features=20)
    kept = {"dim_value_streams", "dim_trains", "dim_teams", "dim_increments", "dim_stages"}
    return {name: frame if name in kept else frame.iloc[:0] for name, frame in full.items()}


def _constraints(
    items: pd.DataFrame, visits: pd.DataFrame, tables: dict[str, pd.DataFrame], seed: int
) -> dict[str, pd.DataFrame]:
    """The tables on constraints, with a verdict of the week before, too."""
    stages = tables["dim_stages"]
    rng, monday = np.random.default_rng(seed), pd.Timestamp("2026-06-22")
    zones = {stream: "Europe/Berlin" for stream, _ in STREAMS}

    def lines(end: pd.Timestamp, weeks: int) -> list:
        return measure_lines(visits, stages, end, generator=rng, window_weeks=weeks, timezones=zones, n_resamples=100)

    recent = lines(monday, WINDOWS_WEEKS[0])
    declared = declare_constraints([*recent, *lines(monday, WINDOWS_WEEKS[1])])
    today = verdicts_of(declared, pd.Timestamp("2026-06-24 06:00"))
    week_before = declare_constraints(lines(monday - pd.Timedelta(weeks=1), WINDOWS_WEEKS[0]))
    verdicts = kept_verdicts(verdicts_of(week_before, pd.Timestamp("2026-06-17 06:00")), today)
    edges = week_edges(monday, 13, "UTC")
    span = pd.DatetimeIndex([visits["entered_at"].min().tz_localize("UTC"), edges[-1]])
    roles = stages.assign(roles=None)
    waits = classify_waits(instances_from_visits(visits, roles), edges, default_clock=elapsed_team_clock(span))
    over = tables["dim_increments"][tables["dim_increments"]["end_date"] < AS_OF.normalize()]
    edges_of_increments = [*over["start_date"], over["end_date"].iloc[-1] + pd.Timedelta(days=1)]
    increments = pd.cut(pd.to_datetime(items["finished_date"]), edges_of_increments, right=False, labels=False)
    placed = increments.dropna().astype(int)
    finished = items.loc[placed.index].assign(
        increment_id=over["increment_id"].to_numpy()[placed], increment_start=over["start_date"].to_numpy()[placed]
    )
    named = {"work_item_id": "item_id", "value_stream_id": "scope_id", "flow_elapsed_days": "flow_days"}
    times = visits.rename(columns={"work_item_id": "item_id", "elapsed_days": "days"}).merge(stages, on="stage_id")
    return {
        "stage_constraint_evidence": evidence_of_lines(recent),
        "constraint_declarations": declared,
        "constraint_verdicts": verdicts,
        "constraint_events": constraint_events(verdicts, today),
        "constraint_scopes": classify_constraint_scopes(
            declared, pd.DataFrame(columns=["scope_id", "level", "stage_name", "wait_share"])
        ),
        "constraint_sensitivity": pd.concat(
            [
                line_sensitivity(
                    line,
                    line_records(visits, stages, line),
                    dict.fromkeys(line.stages["stage_id"], "declared"),
                    generator=np.random.default_rng(seed),
                    settings=SensitivitySettings(n_replications=20),
                )
                for line in recent
            ],
            ignore_index=True,
        ),
        "waiting_by_stage": waiting_by_stage(waits, edges, generator=rng),
        "signal_links": link_signals(pd.DataFrame(columns=list(SIGNAL_COLUMNS)), monday, generator=rng),
        "flow_time_changes": flow_time_changes(
            finished.rename(columns=named).assign(work_type="feature"),
            times[["item_id", "stage_name", "days"]],
            generator=rng,
        ),
    }


def _stalls(weekly: pd.DataFrame, visits: pd.DataFrame, stages: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The stalls of stories: with two active stages a stall may run over two, which the method does not call one."""
    active = stages[stages["stage_kind"] == "active"].reset_index(drop=True)
    own = weekly[(weekly["level"] == "story") & weekly["stage_id"].isin(active["stage_id"])]
    measured = own[["value_stream_id", "level", "stage_id", "stage_name", "week_start", "is_complete"]].assign(
        position=own["stage_id"].map({stage: place for place, stage in enumerate(active["stage_id"])}),
        queue=own["active_elapsed_days"],
        arrivals=own["n_visits_ended"].astype("float64"),
        delay=np.nan,
    )
    present = visits.assign(week_start=visits["entered_at"].dt.to_period("W").dt.start_time)
    items = present.groupby(list(EVENT_KEYS))["work_item_id"].agg(set).to_dict()

    def count_items(events: pd.DataFrame, pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        of_event = [items.get(key, set()) for key in events[list(EVENT_KEYS)].itertuples(index=False, name=None)]
        shared = [len(of_event[first] & of_event[second]) for first, second in pairs.to_numpy()]
        return np.array([len(names) for names in of_event], dtype=np.int64), np.array(shared, dtype=np.int64)

    settings = CascadeSettings(min_stages=2, min_shared_item_share=0.05, max_weeks_apart=2)
    found = find_stalls(measured, count_items, pd.Timestamp("2026-06-22"), settings=settings)
    return {"stall_cascades": found.events, "stall_links": found.links}


def _stage_days(visits: pd.DataFrame) -> pd.DataFrame:
    keys = ["value_stream_id", "train_id", "team_id", "level", "stage_id", "stage_kind"]
    arrived = visits.assign(calendar_date=visits["entered_at"].dt.normalize())
    counted = arrived.groupby([*keys, "calendar_date"], as_index=False).size().rename(columns={"size": "n_arrivals"})
    return counted.assign(n_first_reached=counted["n_arrivals"].where(counted["stage_id"] != "delivery.cancelled", 0))


def _periods(increments: pd.DataFrame) -> pd.DataFrame:
    weeks = pd.DataFrame({"period_type": "week", "period_start": WEEKS, "period_end": WEEKS + pd.Timedelta(days=6)})
    weeks["period_id"] = weeks["period_start"].dt.strftime("%Y-%m-%d")
    named = increments.rename(
        columns={"increment_id": "period_id", "start_date": "period_start", "end_date": "period_end"}
    ).assign(period_type="increment")
    periods = pd.concat([weeks, named[weeks.columns]], ignore_index=True)
    return periods.assign(is_complete=periods["period_end"] < AS_OF.normalize())


def _flow_metrics(items: pd.DataFrame, increments: pd.DataFrame) -> pd.DataFrame:
    rows = []
    days = pd.date_range(FIRST_DAY, AS_OF, freq="D")
    periods = _periods(increments).to_dict("records")
    for scope_id, scope_name in (*STREAMS, ("northwind", "Northwind Bank")):
        is_portfolio = scope_id == "northwind"
        in_scope = items if is_portfolio else items[items["value_stream_id"] == scope_id]
        for level in ("story", "feature"):
            part = in_scope[in_scope["level"] == level]
            left = part["finished_date"].fillna(part["cancelled_date"])
            wip = _daily(part["started_date"], days).cumsum() - _daily(left, days).cumsum()
            for period in periods:
                within = part["finished_date"].between(period["period_start"], period["period_end"])
                done = part[within]
                load = wip[(days >= period["period_start"]) & (days <= period["period_end"])]
                rows.append(
                    {
                        "scope_type": "portfolio" if is_portfolio else "value_stream",
                        "scope_id": scope_id,
                        "scope_name": scope_name,
                        "value_stream_id": None if is_portfolio else scope_id,
                        "level": level,
                        **period,
                        "n_finished": len(done),
                        "n_cancelled": int(
                            part["cancelled_date"].between(period["period_start"], period["period_end"]).sum()
                        ),
                        "n_undefined_start": 0,
                        "wip_mean": load.mean() if len(load) else np.nan,
                        "wip_end": load.iloc[-1] if len(load) else np.nan,
                        **_percentiles(done["cycle_time_calendar_days"], "cycle_time"),
                        **_percentiles(done["flow_time_calendar_days"], "flow_time"),
                        "n_flow_efficiency": len(done),
                        "flow_efficiency": (
                            done["active_elapsed_days"].sum() / done["flow_elapsed_days"].sum() if len(done) else np.nan
                        ),
                    }
                )
    return pd.DataFrame(rows)


def _daily(moments: pd.Series, days: pd.DatetimeIndex) -> pd.Series:
    return moments.dropna().dt.normalize().value_counts().reindex(days, fill_value=0)


def _percentiles(values: pd.Series, clock: str) -> dict[str, float]:
    ordered = np.sort(values.dropna().to_numpy())
    row: dict[str, float] = {f"n_{clock}": len(ordered)}
    for percentile in (50, 70, 85, 95):
        row[f"p{percentile}_{clock}_calendar_days"] = (
            float(np.quantile(ordered, percentile / 100, method="inverted_cdf")) if len(ordered) >= 5 else np.nan
        )
    return row


def _stage_metrics(visits: pd.DataFrame, stages: pd.DataFrame) -> pd.DataFrame:
    ended = visits[visits["exited_at"].notna()].copy()
    ended["week_start"] = ended["exited_at"].dt.to_period("W").dt.start_time
    clear = ended["elapsed_days"] - ended["blocked_elapsed_days"]
    ended["wait_elapsed_days"] = clear.where(ended["stage_kind"] == "queue", 0.0)
    ended["active_elapsed_days"] = clear.where(ended["stage_kind"] == "active", 0.0)
    summed = ended.groupby(["value_stream_id", "level", "stage_id", "week_start"], as_index=False).agg(
        n_visits_ended=("work_item_id", "size"),
        wait_elapsed_days=("wait_elapsed_days", "sum"),
        active_elapsed_days=("active_elapsed_days", "sum"),
        blocked_elapsed_days=("blocked_elapsed_days", "sum"),
    )
    summed["n_departures"] = summed["n_visits_ended"]
    named = summed.merge(stages[["stage_id", "stage_name", "stage_kind", "position", "wip_limit"]], on="stage_id")
    breach = np.where(named["wip_limit"].notna(), named["n_visits_ended"] % 3, np.nan)
    return named.rename(columns={"position": "stage_position"}).assign(
        is_complete=named["week_start"] + pd.Timedelta(days=6) < AS_OF.normalize(),
        n_breach_days=breach,
        queue_length_end=named["n_visits_ended"].where(named["stage_kind"] == "queue").astype("float64"),
    )


def _interventions(rng: np.random.Generator) -> pd.DataFrame:
    plans = (
        ("test-capacity", "Two more testers and a shared environment", "stage_time", "down", "payments",
         "delivery.ready-for-test", date(2026, 2, 23), 6.5, 0.5, -30.0),
        ("wip-limits", "Limits in Build", "cycle_time", "down", "lending", None, date(2026, 1, 12), 9.0, 1.0, -20.0),
        ("wip-limits", "Limits in Build", "throughput", "up", "lending", None, date(2026, 1, 12), 12.0, 0.9, np.nan),
        ("pairing", "Pairing on contracts", "throughput", "up", "insight", None, date(2026, 6, 8), 6.0, 1.0, np.nan),
    )  # fmt: skip
    parts = []
    for identity, name, metric, direction, stream, stage, launched, level, effect, projected in plans:
        launch_week = pd.Timestamp(launched)
        transition_end = launch_week + pd.Timedelta(days=14)
        phase = np.where(launch_week > WEEKS, "before", np.where(transition_end > WEEKS, "transition", "after"))
        values = level * rng.lognormal(0, 0.16, len(WEEKS)) * np.where(phase == "after", effect, 1.0)
        is_complete = WEEKS + pd.Timedelta(days=6) < AS_OF.normalize()
        n_items = rng.integers(4, 14, len(WEEKS))
        if metric == "throughput":
            values = np.round(values)
            n_items = values.astype(int)
        else:
            values = np.where(n_items < 5, np.nan, values)
        before = np.flatnonzero((phase == "before") & is_complete)[-26:]
        parts.append(
            pd.DataFrame(
                {
                    "intervention_id": identity,
                    "week_start": WEEKS,
                    "intervention_name": name,
                    "metric": metric,
                    "is_primary": (identity, metric) != ("wip-limits", "throughput"),
                    "unit": "items" if metric == "throughput" else "days",
                    "desired_direction": direction,
                    "scope_type": "value_stream",
                    "scope_id": stream,
                    "value_stream_id": stream,
                    "stage_id": stage,
                    "level": "story",
                    "launched_date": launch_week,
                    "transition_end_date": transition_end,
                    "hypothesis": "If stories wait less for a tester they flow faster <end to end>.",
                    "owner_role": "Release train engineer",
                    "projected_change_percent": projected,
                    "kind": "capacity",
                    "funded_date": launch_week - pd.Timedelta(days=40),
                    "week_number": (WEEKS - launch_week).days // 7,
                    "phase": phase,
                    "is_baseline": np.isin(np.arange(len(WEEKS)), before),
                    "is_complete": is_complete,
                    "value": values,
                    "n_items": n_items,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _on_interventions(series: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """What the analyses make of the series, by the same methods; controls and practices are made up."""
    points, periods = chart_interventions(series), chart_periods(series)
    key = ["intervention_id", "metric"]
    facts = series.drop_duplicates(key)
    named = points.merge(facts[[*key, "desired_direction", "value_stream_id", "level"]], on=key)
    weeks = named.loc[~named["is_excluded"], ["intervention_id", "metric", "week_start", "phase", "value"]]
    items = weeks.loc[weeks.index.repeat(8)].reset_index(drop=True)
    items["duration"] = items["value"] * rng.lognormal(0, 0.4, len(items))
    items = items[items["metric"] != "throughput"]
    register = facts.assign(
        transition_days=14, projected_change_low_percent=-45.0, projected_change_high_percent=-15.0,
        minimum_change_percent=np.nan,
    )  # fmt: skip
    projections = record_projections(register, None, pd.Timestamp("2026-01-01"))
    effects = control_false_discoveries(interrupted_effects(named))
    controls = effects[["intervention_id", "metric", "chart_scale", "withheld_reason"]].assign(
        n_donors=2, donors="payments, insight", controlled_effect=effects["effect"] * 0.9,
        controlled_lower=effects["effect_lower"] * 0.9, controlled_upper=effects["effect_upper"] * 0.9,
        placebo_p_value=0.33, smallest_placebo_p_value=0.33,
    )  # fmt: skip
    verdicts = intervention_verdicts(named, expectations(projections, named), weekly_item_shifts(items))
    alternate = facts.loc[facts["is_primary"], ["intervention_id"]].assign(
        end_to_end_metric="flow_time", constraint_before=None, constraint_after=None, finding="not_triggered",
        reason="There is no local gain to follow up.", withheld_reason=None,
    )  # fmt: skip
    practice = pd.DataFrame({"intervention_id": "test-capacity", "event_date": WEEKS[-20:], "is_followed": True})
    last_week = pd.Timestamp("2026-06-15")
    gains = projected_gains(projections, effects.assign(sigma_baseline=1.0), last_week)
    return {
        "process_behaviour_points": points,
        "process_behaviour_periods": periods,
        "rare_event_points": rare_event_points(
            named.assign(denominator=np.nan), pd.DataFrame(columns=list(EVENT_COLUMNS))
        ),
        "intervention_projections": projections,
        "intervention_verdicts": verdicts,
        "intervention_effects": effects,
        "intervention_controls": controls,
        "synthetic_controls": pd.DataFrame(columns=list(synthetic_control.COLUMNS)),
        "intervention_items": item_level_effects(items, generator=rng),
        "intervention_item_distribution": item_distribution(items),
        "intervention_sustainment": assess_sustainment(points, periods, desired_directions(facts), generator=rng),
        "alternate_constraints": alternate,
        "practice_adherence": weekly_adherence(practice, last_week),
        "projection_scores": gains,
    }


def dictionary() -> pd.DataFrame:
    """Three tables in words: a mart that tells everything of its numbers, a dimension, an analysis."""
    grain = "One row per scope and week."
    flow = {
        "schema_name": "marts", "table_name": "mart_flow_metrics", "grain": grain, "question": "How much is done?",
        "table_description": f"Flow <b>of every scope</b>. {grain}",
    }  # fmt: skip
    teams = {"schema_name": "flow", "table_name": "dim_teams", "table_description": "Teams."}
    points = {"schema_name": "analysis", "table_name": "process_behaviour_points", "table_description": "Points."}
    counted = {"unit": "items", "direction": "up", "when_zero": "Nothing was finished."}
    timed = {"unit": "calendar days", "direction": "down", "when_null": "fewer than 5 items"}
    rows = [
        {**flow, "column_name": "scope_id", "data_type": "varchar", "description": "Id of the scope."},
        {**flow, "column_name": "n_finished", "data_type": "integer", "description": "Items finished.", **counted},
        {**flow, "column_name": "p85_cycle_time_calendar_days", "data_type": "integer", "description": "p85.", **timed},
        {**teams, "column_name": "team_id", "data_type": "varchar", "description": "The team; `unassigned` if none."},
        {**points, "column_name": "note", "data_type": "varchar"},
    ]
    frame = pd.DataFrame(rows, columns=[*REQUIRED_FRAMES["column_dictionary"]])
    return frame.assign(column_position=range(1, len(rows) + 1))


def _quality() -> dict[str, pd.DataFrame]:
    coverage = pd.DataFrame(
        {
            "source_id": ["jira-main", "jira-legacy"],
            "tool": "jira",
            "is_work_tracker": True,
            "n_items": [1302, 58],
            "n_counted_items": [1302, 52],
            "n_usable_history": [1298, 47],
            "usable_history_share": [1298 / 1302, 47 / 52],
            "n_truncated": [2, 3],
            "n_removed": [4, 0],
            "n_announced_missing": [0, 7],
            "n_broken": [1, 2],
            "n_start_repaired": [4, 9],
            "n_change_before_creation": [0, 2],
            "n_unassigned": [0, 6],
            "n_unmapped_status_items": [7, 0],
            "n_quarantined": [2, 0],
            "quarantined_share": [2 / 1304, 0.0],
            "complete_to": pd.to_datetime(["2026-06-24 06:00", "2026-06-20 22:10"], utc=True),
            "days_behind_as_of": [0.0, 3.33],
            "n_export_files": [41, 2],
        }
    )
    checks = pd.DataFrame(
        [
            ("raw", "jira_issues", "raw_jira.issues", "issue keys are unique", "critical", "passed", 1360, 0, None),
            ("raw", "jira_issues", "raw_jira.issues", "statuses are mapped", "warning", "failed", 1360, 7, "Parking <lot>"),  # noqa: E501
            ("marts", "flow", "marts.mart_flow_metrics", "shares lie in 0 to 1", "critical", "passed", 900, 0, None),
            ("dbt", "dbt", "flow.fct_stage_visits", "visits tile each life", "critical", "passed", 8000, 0, None),
        ],
        columns=["layer", "suite", "table_name", "check_name", "severity", "status", "n_observed", "n_unexpected",
                 "examples"],
    )  # fmt: skip
    return {
        "mart_data_coverage": coverage,
        "mart_unmapped_values": pd.DataFrame(
            {
                "source_id": ["jira-main"],
                "value_kind": ["status"],
                "value": ["Parking <lot>"],
                "fallback": ["queue"],
                "n_items": [7],
                "example_item_key": ["PAY-131"],
            }
        ),
        "check_results": checks.assign(refresh_id="20260624T060000Z-a1b2c3", description=checks["check_name"]),
        "quarantined_records": pd.DataFrame(
            {
                "source_id": "jira-main",
                "export_file": ["search-0031.json", "search-0032.json"],
                "line_number": [1, 88],
                "record_number": [17, 88],
                "record_key": ["PAY-977", None],
                "reason": ["created is not a date: '0000-00-00'", "the line is not JSON"],
                "refresh_id": "20260624T060000Z-a1b2c3",
            }
        ),
    }
