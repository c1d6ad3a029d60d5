"""Whether interventions work, week by week, and whether their gains last: frames in, tables out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pandas as pd

from orchestration import warehouse
from orchestration.analysis_steps.constraints import declaration_settings
from orchestration.analysis_steps.earlier_results import earlier_results
from orchestration.analysis_steps.frames_on_demand import FramesOnDemand
from orchestration.analysis_steps.intervention_settings import MethodSettings, method_settings
from orchestration.analysis_steps.local_gains import follow_local_gains
from orchestration.analysis_steps.moments import as_of_utc, last_week_start, snapshot_of
from orchestration.analysis_steps.written_tables import written_tables
from orchestration.analytics import controlled_effect as control
from orchestration.analytics import projection_record as record
from orchestration.analytics.change_search import level_changes
from orchestration.analytics.chart_choice import choose_chart
from orchestration.analytics.constraint_declaration import DeclarationSettings
from orchestration.analytics.discovery_control import control_over_tables
from orchestration.analytics.gain_history import gain_history
from orchestration.analytics.given_capacity import CAPACITY_FRAMES
from orchestration.analytics.intervention_charts import OPTIONAL_SERIES_COLUMNS, SERIES_COLUMNS, SERIES_KEY
from orchestration.analytics.intervention_effects import interrupted_effects
from orchestration.analytics.intervention_verdict import intervention_verdicts
from orchestration.analytics.item_level_effect import (
    METHOD_VERSION as ITEM_METHOD,
)
from orchestration.analytics.item_level_effect import (
    item_distribution,
    item_level_effects,
    weekly_item_shifts,
)
from orchestration.analytics.line_measures import STAGE_COLUMNS
from orchestration.analytics.line_visits import VISIT_COLUMNS
from orchestration.analytics.process_behaviour import chart_interventions, chart_periods
from orchestration.analytics.projection_calibration import (
    CALIBRATED_COLUMNS,
    calibrate_projections,
    projection_calibration,
)
from orchestration.analytics.random_streams import generator_for
from orchestration.analytics.rare_event_charts import rare_event_points
from orchestration.analytics.sustainment import METHOD_VERSION as SUSTAINMENT_METHOD
from orchestration.analytics.sustainment import (
    PRACTICE_COLUMNS,
    assess_sustainment,
    desired_directions,
    weekly_adherence,
)
from orchestration.analytics.synthetic_control import synthetic_controls
from orchestration.analytics.weekly_measures import FLOW_COLUMNS, FLOW_METRICS, end_to_end_series, weekly_values
from orchestration.refresh import RefreshBuild

#: Tables that `follow_interventions` writes.
TABLES = (
    "process_behaviour_points",
    "process_behaviour_periods",
    "rare_event_points",
    "intervention_projections",
    "intervention_verdicts",
    "intervention_effects",
    "intervention_controls",
    "synthetic_controls",
    "intervention_items",
    "intervention_item_distribution",
    "alternate_constraints",
    "intervention_sustainment",
    "practice_adherence",
    "level_changes",
    "projection_scores",
    "projection_calibration",
)
_SERIES = [
    *SERIES_COLUMNS,
    *OPTIONAL_SERIES_COLUMNS,
    "is_primary",
    "scope_type",
    "value_stream_id",
    "level",
    "transition_end_date",
]
#: Metrics of value streams that are searched for changes at dates that nobody gave.
_SEARCHED = ("cycle_time", "flow_time", "throughput")
_STAGE_METRICS = ("stage_time", "stage_wip", "stage_departures")


@dataclass(frozen=True)
class InterventionInputs:
    """What one refresh knows of its interventions.

    ``frames``: mart_intervention_series, dim_interventions, dim_intervention_metrics, flow_weeks
    (`weekly_measures.FLOW_COLUMNS`), items (intervention_id, metric, week_start, duration), events
    (`rare_event_charts.EVENT_COLUMNS`), fct_practice_events, and for moved constraints visits, blocked, dim_stages,
    dim_dates, dim_stage_roles, dim_working_days and fct_capacity_days.
    """

    frames: Mapping[str, pd.DataFrame]
    week_start: pd.Timestamp
    as_of: pd.Timestamp
    snapshot: str
    hours: tuple[str, str]
    timezones: Mapping[str, str]
    settings: MethodSettings = field(default_factory=MethodSettings)
    declaring: DeclarationSettings = field(default_factory=DeclarationSettings)


def follow_interventions(build: RefreshBuild) -> dict[str, pd.DataFrame]:
    """Chart, measure and judge every intervention, watch over its gains, and write the tables; returns them."""

    def make() -> dict[str, pd.DataFrame]:
        known = earlier_results(build, ("intervention_projections",))
        return intervention_tables(_read_inputs(build), known.get("intervention_projections"))

    return written_tables(build, TABLES, make)


def intervention_tables(
    inputs: InterventionInputs, known_projections: pd.DataFrame | None = None
) -> dict[str, pd.DataFrame]:
    """Return the tables on interventions by name; ``known_projections`` as last published, None if there are none."""
    settings = inputs.settings
    series, register = inputs.frames["mart_intervention_series"], inputs.frames["dim_interventions"]
    promised = inputs.frames["dim_intervention_metrics"]
    values = weekly_values(inputs.frames["flow_weeks"])
    points = chart_interventions(series, stable_shift=settings.stable_shift)
    periods = chart_periods(series, stable_shift=settings.stable_shift)
    named = _named_points(points, series)
    projections = record.record_projections(promised, known_projections, inputs.as_of, settings=settings.projections)
    items = _items_of_judged_weeks(inputs.frames["items"], named)
    history = gain_history(series, points, settings=settings.sustainment, stable_shift=settings.stable_shift)
    verdicts = intervention_verdicts(
        named.merge(history, on=["intervention_id", "metric", "week_start"], how="left"),
        record.expectations(projections, named),
        weekly_item_shifts(items),
        events=inputs.frames["events"],
        settings=settings.verdict,
        series_settings=settings.series,
    )
    tests = control_over_tables(
        {
            "intervention_effects": interrupted_effects(named, settings=settings.series),
            "intervention_controls": _controls(named, values, register, settings),
        },
        {"intervention_effects": "p_value", "intervention_controls": "controlled_p_value"},
        settings=settings.discovery,
    )
    scores, calibration = _score_projections(projections, named, verdicts, inputs)
    return {
        "process_behaviour_points": points,
        "process_behaviour_periods": periods,
        "rare_event_points": rare_event_points(named, inputs.frames["events"]),
        "intervention_projections": projections,
        "intervention_verdicts": verdicts,
        **tests,
        "synthetic_controls": _synthetic_controls(named, values, register, settings),
        "intervention_items": item_level_effects(
            items, generator=generator_for(inputs.snapshot, "interventions", ITEM_METHOD)
        ),
        "intervention_item_distribution": item_distribution(items),
        "alternate_constraints": follow_local_gains(
            verdicts,
            end_to_end_series(series.loc[series["is_primary"].astype(bool)], values),
            launches=_launch_windows(register),
            frames=inputs.frames,
            week_start=inputs.week_start,
            snapshot=inputs.snapshot,
            hours=inputs.hours,
            timezones=inputs.timezones,
            settings=settings,
            declaring=inputs.declaring,
        ),
        "intervention_sustainment": assess_sustainment(
            points,
            periods,
            desired_directions(series),
            generator=generator_for(inputs.snapshot, "interventions", SUSTAINMENT_METHOD),
            settings=settings.sustainment,
        ),
        "practice_adherence": weekly_adherence(
            inputs.frames["fct_practice_events"], inputs.week_start - pd.Timedelta(weeks=1)
        ),
        "projection_scores": scores,
        "projection_calibration": calibration,
        "level_changes": level_changes(values, {name: choose_chart(name).scale for name in _SEARCHED}),
    }


def _named_points(points: pd.DataFrame, series: pd.DataFrame) -> pd.DataFrame:
    """Return the points with the direction and scope of their metric, and the two parts of counts and shares.

    ``chart_scale`` is then that of the effect: counts and shares of counts change by a factor, whatever their chart.
    """
    facts = series[[*SERIES_KEY, "desired_direction", "value_stream_id", "level"]]
    named = points.merge(facts.drop_duplicates(list(SERIES_KEY)), on=list(SERIES_KEY), how="left")
    parts = series[[*SERIES_KEY, "week_start", "numerator", "denominator"]]
    parts = parts.assign(week_start=pd.to_datetime(parts["week_start"]).astype("datetime64[us]"))
    named = named.merge(parts, on=[*SERIES_KEY, "week_start"], how="left")
    is_counted = named["effect_method"] != "autoregression"
    return named.assign(chart_scale=named["chart_scale"].mask(is_counted, "log"))


def _items_of_judged_weeks(items: pd.DataFrame, named: pd.DataFrame) -> pd.DataFrame:
    """Return the items of the very weeks that the weekly series is judged on, with the week's phase."""
    judged = named.loc[~named["is_excluded"] & (named["is_baseline"] | (named["phase"] == "after"))]
    weeks = judged[[*SERIES_KEY, "week_start", "phase"]]
    starts = pd.to_datetime(items["week_start"]).astype("datetime64[us]")
    return items.assign(week_start=starts).merge(weeks, on=[*SERIES_KEY, "week_start"], how="inner")


def _launch_windows(register: pd.DataFrame) -> pd.DataFrame:
    launched = pd.to_datetime(register["launched_date"]).astype("datetime64[us]")
    first_after = launched + pd.to_timedelta(register["transition_days"], unit="D")
    return register[["intervention_id", "value_stream_id", "level"]].assign(
        launched_at=launched, first_after=first_after
    )


def _controls(
    named: pd.DataFrame, values: pd.DataFrame, register: pd.DataFrame, settings: MethodSettings
) -> pd.DataFrame:
    placed = values.loc[values["value_stream_id"] != "unassigned"]
    table = control.controlled_effects(
        named, placed, _launch_windows(register), excluded=_excluded(register), settings=settings.control,
        series_settings=settings.series,
    )  # fmt: skip
    is_of_stage = table["metric"].isin(_STAGE_METRICS) & table["controlled_effect"].isna()
    reason = "a metric of one stage is not compared with other value streams"
    is_counted = ~table["metric"].isin(FLOW_METRICS) & ~table["metric"].isin(_STAGE_METRICS)
    without = "counts, and shares that are not known of every value stream, are not compared with other value streams"
    reasons = table["withheld_reason"].mask(is_of_stage, reason).mask(is_counted, without).astype("str")
    # The plain step of the same row is by a method for measurements; intervention_effects has the one that fits.
    plain = ["effect", "effect_lower", "effect_upper"]
    return table.assign(withheld_reason=reasons, **{name: table[name].mask(is_counted) for name in plain})


def _synthetic_controls(
    named: pd.DataFrame, values: pd.DataFrame, register: pd.DataFrame, settings: MethodSettings
) -> pd.DataFrame:
    """Compare with weighted mixes what is known of every value stream."""
    return synthetic_controls(
        named.loc[named["metric"].isin(FLOW_METRICS)],
        values.loc[values["value_stream_id"] != "unassigned"],
        _launch_windows(register),
        excluded=_excluded(register),
        settings=settings.synthetic,
        control_settings=settings.control,
    )


def _excluded(register: pd.DataFrame) -> dict[str, list[str]]:
    """Return the value streams that the office has ruled out as controls, by intervention."""
    ruled_out = register.loc[register["excluded_controls"].notna()]
    return {
        name: [part.strip() for part in listed.split(";")]
        for name, listed in zip(ruled_out["intervention_id"], ruled_out["excluded_controls"], strict=True)
    }


def _score_projections(
    projections: pd.DataFrame, named: pd.DataFrame, verdicts: pd.DataFrame, inputs: InterventionInputs
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every projection beside what came of it by its due date, and how good they are on the whole."""
    settings = inputs.settings
    keys = ["intervention_id", "metric"]
    due = named.merge(projections.loc[projections["is_in_force"], [*keys, "due_date"]], on=keys, how="inner")
    until_due = due.loc[due["week_start"] < due["due_date"]]
    effects = interrupted_effects(until_due, settings=settings.series)
    last = verdicts.drop_duplicates(keys, keep="last")
    spread = effects.merge(last[[*keys, "sigma_baseline"]], on=keys)
    of_level = spread["baseline_level"].where(spread["chart_scale"] == "log", 1.0)
    gains = record.projected_gains(
        projections, spread.assign(sigma_baseline=spread["sigma_baseline"] * of_level), inputs.as_of.normalize()
    )
    calibration = projection_calibration(record.as_scored(gains), settings=settings.calibration)
    plain = gains.drop(columns=list(CALIBRATED_COLUMNS))
    scores = calibrate_projections(plain.assign(kind=plain["kind"].fillna("other")), calibration)
    return scores[list(record.SCORE_COLUMNS)], calibration


def _read_inputs(build: RefreshBuild) -> InterventionInputs:
    wanted: dict[str, list[str] | None] = {
        "mart_intervention_series": _SERIES,
        "dim_interventions": None,
        "dim_intervention_metrics": None,
        "mart_flow_metrics": list(FLOW_COLUMNS),
        "fct_practice_events": list(PRACTICE_COLUMNS),
        "dim_stages": list(STAGE_COLUMNS),
        "dim_dates": ["calendar_date", "working_hours"],
        "dim_value_streams": ["value_stream_id", "timezone"],
        **CAPACITY_FRAMES,
    }
    rows = {"mart_flow_metrics": {"scope_type": ("value_stream",), "work_type": ("all",), "period_type": ("week",)}}
    with build.connection() as connection:
        frames = warehouse.read_frames(connection, wanted, rows)
        frames["flow_weeks"] = frames.pop("mart_flow_metrics")
        frames["items"] = warehouse.read_intervention_items(connection)
        frames["events"] = warehouse.read_intervention_events(connection)
        baselines = frames["mart_intervention_series"].loc[lambda frame: frame["is_baseline"], "week_start"]
        first = pd.Timestamp(baselines.min()) if len(baselines) else pd.Timestamp(build.refresh.as_of.date())
        # A week more, because a value stream may have a time zone of its own.
        since = (first - timedelta(weeks=1)).tz_localize("UTC").to_pydatetime()
    streams_changed = sorted(set(frames["dim_interventions"]["value_stream_id"].dropna()))

    def read_visits() -> pd.DataFrame:
        with build.connection() as connection:
            return warehouse.read_visits(connection, VISIT_COLUMNS, since, streams_changed)

    def read_blocked() -> pd.DataFrame:
        with build.connection() as connection:
            return warehouse.read_blocked_stretches(connection, since, streams_changed)

    streams = frames["dim_value_streams"]
    hours = build.portfolio.calendar.hours
    return InterventionInputs(
        # Only gains that got lost need the visits and when their items were blocked.
        frames=FramesOnDemand(frames, {"visits": read_visits, "blocked": read_blocked}),
        week_start=last_week_start(build),
        as_of=as_of_utc(build),
        snapshot=snapshot_of(build),
        hours=(hours[0], hours[1]),
        timezones=dict(zip(streams["value_stream_id"], streams["timezone"], strict=True)),
        settings=method_settings(build.portfolio.analysis.interventions, build.portfolio.analysis.stable_shift),
        declaring=declaration_settings(build.portfolio.analysis.constraints),
    )
