"""What became of local gains end to end, and where the constraint is now: frames in, one table out."""

from collections.abc import Mapping

import pandas as pd

from orchestration.analysis_steps.intervention_settings import MethodSettings
from orchestration.analytics.alternate_constraint import alternate_constraints
from orchestration.analytics.constraint_declaration import METHOD_VERSION, DeclarationSettings, declare_constraints
from orchestration.analytics.given_capacity import people_of_stages
from orchestration.analytics.interrupted_series import used_weeks
from orchestration.analytics.intervention_charts import MAX_BASELINE_WEEKS
from orchestration.analytics.line_measures import capacities_by_stage, measure_lines
from orchestration.analytics.process_behaviour import chart_interventions
from orchestration.analytics.random_streams import generator_for
from orchestration.analytics.verdict_table import judge


def follow_local_gains(
    verdicts: pd.DataFrame,
    stream_series: pd.DataFrame,
    *,
    launches: pd.DataFrame,
    frames: Mapping[str, pd.DataFrame],
    week_start: pd.Timestamp,
    snapshot: str,
    hours: tuple[str, str],
    timezones: Mapping[str, str],
    settings: MethodSettings,
    declaring: DeclarationSettings,
) -> pd.DataFrame:
    """Return `alternate_constraints`: a row per intervention whose primary metric is not the value stream's own.

    Detection is run again, on the weeks before the launch and on those after the transition, for gains that did not
    arrive; for the others it would tell nothing.

    Args:
        verdicts: Of all weeks and metrics; the last of each primary metric counts.
        stream_series: The value streams' weeks on the interventions' calendars, with `local_metric`, the primary one.
        launches: intervention_id, value_stream_id, level, launched_at and first_after (days).
        frames: visits, dim_stages, dim_dates, and what capacities are read from (`given_capacity`).
        week_start: The Monday before which all weeks are whole.
        snapshot: What the random numbers depend on.
        hours: The portfolio's working day.
        timezones: Zone by value stream.
        settings: Of the methods.
        declaring: What it takes to declare a constraint, as everywhere else in the portfolio.
    """
    effects = _end_to_end_effects(verdicts, stream_series, settings)
    asked = alternate_constraints(effects, settings=settings.alternate)
    has_got_lost = (asked["finding"].fillna("not_triggered") != "not_triggered").to_numpy(dtype=bool)
    if has_got_lost.any():
        places = launches.set_index("intervention_id")
        found = [
            [
                _declared(places.loc[name], frames, window, snapshot, hours, timezones, declaring=declaring)
                for window in windows
            ]
            for name, windows in (
                (name, _windows(places.loc[name], week_start)) for name in effects.loc[has_got_lost, "intervention_id"]
            )
        ]
        effects.loc[has_got_lost, ["constraint_before", "constraint_after"]] = found
        asked = alternate_constraints(effects, settings=settings.alternate)
    return asked


def _end_to_end_effects(verdicts: pd.DataFrame, stream_series: pd.DataFrame, settings: MethodSettings) -> pd.DataFrame:
    """Return what `alternate_constraints` reads, with no constraint declared yet."""
    last = verdicts.drop_duplicates(["intervention_id", "metric"], keep="last")
    local = {(row["intervention_id"], row["metric"]): row for row in last.to_dict("records")}
    rows = []
    for name, points in chart_interventions(stream_series, stable_shift=settings.stable_shift).groupby(
        "intervention_id", sort=True
    ):
        own = stream_series.loc[stream_series["intervention_id"] == name].iloc[0]
        frame, weeks, is_post = used_weeks(points.loc[points["charted_value"].notna()])
        judged = judge(
            frame["charted_value"].to_numpy(dtype=float),
            weeks,
            is_post,
            desired_direction=own["desired_direction"],
            settings=settings.verdict,
            series_settings=settings.series,
        )
        lower, upper = judged.effect.interval(settings.verdict.confidence)
        gain = local[name, own["local_metric"]]
        rows.append(
            {
                "intervention_id": name,
                "local_metric": gain["metric"],
                "local_verdict": gain["verdict"],
                "n_post": gain["n_post"],
                "end_to_end_metric": own["metric"],
                "end_to_end_effect": judged.effect.effect,
                "end_to_end_lower": lower,
                "end_to_end_upper": upper,
                "end_to_end_minimum_effect": judged.minimum_effect,
                "desired_direction": own["desired_direction"],
                "constraint_before": None,
                "constraint_after": None,
            }
        )
    columns = [
        "intervention_id", "local_metric", "local_verdict", "n_post", "end_to_end_metric", "end_to_end_effect",
        "end_to_end_lower", "end_to_end_upper", "end_to_end_minimum_effect", "desired_direction", "constraint_before",
        "constraint_after",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype({"constraint_before": "str", "constraint_after": "str"})


def _windows(launch: pd.Series, week_start: pd.Timestamp) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Return the whole weeks before the launch and those after the transition, each with its end."""
    launched, after = launch["launched_at"], launch["first_after"]
    end_of_baseline = launched - pd.Timedelta(days=launched.day_of_week)
    first_after = after + pd.Timedelta(days=-after.day_of_week % 7)
    return [
        (end_of_baseline - pd.Timedelta(weeks=MAX_BASELINE_WEEKS), end_of_baseline),
        (first_after, week_start),
    ]


def _declared(
    launch: pd.Series,
    frames: Mapping[str, pd.DataFrame],
    window: tuple[pd.Timestamp, pd.Timestamp],
    snapshot: str,
    hours: tuple[str, str],
    timezones: Mapping[str, str],
    *,
    declaring: DeclarationSettings,
) -> str | None:
    """Return the stage that is declared the constraint of the launch's line in a window; None if none is."""
    start, end = window
    n_weeks = (end - start).days // 7
    visits = frames["visits"]
    line = visits.loc[(visits["value_stream_id"] == launch["value_stream_id"]) & (visits["level"] == launch["level"])]
    if n_weeks < 1 or line.empty:
        return None
    scope = f"{launch.name} {start:%Y-%m-%d} to {end:%Y-%m-%d}"
    keys = ["value_stream_id", "level", "stage_id"]
    people = people_of_stages(
        frames["fct_capacity_days"],
        frames["dim_working_days"],
        frames["dim_stage_roles"],
        visits[keys].drop_duplicates().dropna().astype("str"),
        (start, end - pd.Timedelta(days=1)),
        "value_stream_id",
    )
    declared = declare_constraints(
        measure_lines(
            line,
            frames["dim_stages"],
            end,
            generator=generator_for(snapshot, scope, METHOD_VERSION),
            window_weeks=n_weeks,
            calendar=frames["dim_dates"],
            day_start=hours[0],
            day_end=hours[1],
            timezones=timezones,
            capacities=capacities_by_stage(people, "value_stream_id"),
            blocked=frames["blocked"],
        ),
        declaring,
    )
    named = declared.loc[declared["status"] == "declared", "stage_id"]
    return str(named.iloc[0]) if len(named) else None
