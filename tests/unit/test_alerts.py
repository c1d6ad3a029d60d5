"""What is an alert, and how many to expect by chance."""

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from orchestration.alerts import AlertSettings, alerts_of, false_alarms_sentence

AS_OF = datetime(2026, 6, 28, 22, tzinfo=UTC)


def constraint(**changes: Any) -> dict[str, Any]:
    return {
        "as_of": pd.Timestamp("2026-06-28 22:00"), "scope": "value_stream", "scope_id": "payments", "level": "story",
        "workflow_id": "delivery", "window_weeks": 13, "event": "appeared", "stage_id": "delivery.test",
        "p_constraint": 0.93, "since": pd.Timestamp("2026-06-28 22:00"), "sentence": "Test is a constraint.",
    } | changes  # fmt: skip


def verdicts(*words: str, intervention: str = "wip") -> pd.DataFrame:
    weeks = pd.date_range("2026-05-04", periods=len(words), freq="7D")
    return pd.DataFrame(
        {
            "intervention_id": intervention, "metric": "cycle_time", "week_start": weeks, "verdict": words,
            "action": "Stop or rethink.", "reason": "Longer.",
        }
    )  # fmt: skip


def choke_point(**changes: Any) -> dict[str, pd.DataFrame]:
    row = {
        "scope_type": "value_stream", "scope_id": "payments", "level": "story", "stage_id": "delivery.ready",
        "horizon": "4_weeks", "event": "within", "probability": 0.7, "queue_now": 20, "queue_limit": 22.4,
        "is_over_now": False, "target_date": pd.Timestamp("2026-07-26"), "n_warnings": 300,
        "warnings_right_share": 0.57,
    } | changes  # fmt: skip
    scores = ["scope_type", "horizon", "event", "n_warnings", "warnings_right_share"]
    frame = pd.DataFrame([row])
    stages = pd.DataFrame({"stage_id": ["delivery.ready"], "stage_name": ["Ready"]})
    return {
        "choke_point_forecasts": frame.drop(columns=["n_warnings", "warnings_right_share"]),
        "choke_point_backtest": frame[scores],
        "dim_stages": stages,
    }


def coverage(days: float, complete_to: str = "2026-06-24 22:00") -> dict[str, pd.DataFrame]:
    row = {"source_id": "jira", "complete_to": pd.Timestamp(complete_to, tz="UTC"), "days_behind_as_of": days}
    return {"mart_data_coverage": pd.DataFrame([row])}


def test_nothing_published_is_no_alert() -> None:
    assert alerts_of({}, AS_OF) == []
    assert false_alarms_sentence({}) == ""


def test_a_constraint_is_an_alert_when_it_appears_or_moves_and_not_while_it_persists() -> None:
    def found(**changes: Any) -> list[str]:
        return [a.sentence for a in alerts_of({"constraint_events": pd.DataFrame([constraint(**changes)])}, AS_OF)]

    assert found() == ["New constraint in value stream payments (story): Test is a constraint. (probability 93%)"]
    assert len(found(event="moved")) == 1
    assert found(event="persisted") == found(event="eliminated") == []
    # Nights that were missed are made up for, old news is none, and neither is what a later refresh said.
    assert len(found(as_of=pd.Timestamp("2026-06-25"))) == 1
    assert found(as_of=pd.Timestamp("2026-05-25")) == found(as_of=pd.Timestamp("2026-07-05")) == []


def test_a_line_judged_over_two_windows_is_one_alert() -> None:
    both = pd.DataFrame([constraint(), constraint(window_weeks=26, since=pd.Timestamp("2026-06-01"))])
    (alert,) = alerts_of({"constraint_events": both}, AS_OF)
    assert alert.since == date(2026, 6, 28)


def test_windows_that_were_shorter_once_keep_no_alert_back() -> None:
    events = pd.DataFrame(
        [constraint(as_of=pd.Timestamp("2026-01-01")), *(constraint(window_weeks=weeks) for weeks in (20, 40))]
    )
    frames = {"constraint_events": events, "constraint_declarations": pd.DataFrame({"window_weeks": [20, 40]})}
    assert len(list(alerts_of(frames, AS_OF))) == 1


def test_each_metric_of_an_intervention_is_an_alert_of_its_own() -> None:
    both = pd.concat([verdicts("worsened"), verdicts("worsened").assign(metric="escape_rate")])
    series = pd.DataFrame(
        {
            "intervention_id": "wip", "intervention_name": "Limits", "metric": ["cycle_time", "escape_rate"],
            "is_primary": [True, False], "is_baseline": True, "is_complete": True,
        }
    )  # fmt: skip
    first, second = alerts_of({"intervention_verdicts": both, "mart_intervention_series": series}, AS_OF)
    assert (first.scope, second.scope) == ("wip/cycle_time/worsened", "wip/escape_rate/worsened")
    assert first.sentence.startswith("Intervention Limits: worsened since")
    assert second.sentence.startswith("Intervention Limits (further metric escape rate): worsened since")


def test_an_intervention_is_an_alert_since_its_bad_verdict_began() -> None:
    (alert,) = alerts_of({"intervention_verdicts": verdicts("improved", "worsened", "worsened")}, AS_OF)
    assert (alert.kind, alert.scope, alert.since) == ("intervention", "wip/cycle_time/worsened", date(2026, 5, 11))
    assert "Stop or rethink." in alert.sentence
    assert alerts_of({"intervention_verdicts": verdicts("worsened", "inconclusive")}, AS_OF) == []
    (whole,) = alerts_of({"intervention_verdicts": verdicts("stagnating", "stagnating")}, AS_OF)
    assert whole.since == date(2026, 5, 4)


def test_a_choke_point_is_an_alert_only_where_past_warnings_were_mostly_right() -> None:
    (alert,) = alerts_of(choke_point(), AS_OF)
    assert alert.since is None
    assert "Ready holds 20 items and goes over its limit of 22 within 4 weeks with a chance of 70%" in alert.sentence
    for changes in (
        {"warnings_right_share": 0.4}, {"warnings_right_share": float("nan")}, {"n_warnings": 5},
        {"probability": 0.49}, {"probability": float("nan")}, {"is_over_now": True}, {"queue_limit": 2.9},
        {"scope_type": "train"}, {"event": "at"},
    ):  # fmt: skip
        assert alerts_of(choke_point(**changes), AS_OF) == [], changes
    assert len(alerts_of(choke_point(probability=0.49), AS_OF, AlertSettings(warning=0.4))) == 1


def test_a_source_is_silent_against_as_of_and_where_asked_against_the_clock() -> None:
    assert alerts_of(coverage(2.9), AS_OF) == []
    (alert,) = alerts_of(coverage(4.0), AS_OF)
    assert alert.since == date(2026, 6, 24)
    assert alert.sentence == "Source jira is silent: its data end on 2026-06-24, 4 days ago."
    # All sources are silent, so that as_of stands still with them.
    (late,) = alerts_of(coverage(0.0), AS_OF, now=datetime(2026, 7, 4, 22, tzinfo=UTC))
    assert "10 days ago" in late.sentence


def test_false_alarms_are_stated() -> None:
    series = pd.DataFrame(
        {
            "intervention_id": ["a"] * 26 + ["b"] * 26, "intervention_name": "x", "metric": "wip", "is_primary": True,
            "is_baseline": True,
            "is_complete": True,
        }
    )  # fmt: skip
    text = false_alarms_sentence({"mart_intervention_series": series} | choke_point())
    assert text == (
        "Expected by chance alone: 2 charts of interventions: at most about 0.01 a week; "
        "choke points: 43% of 300 past warnings did not come true."
    )
    short = false_alarms_sentence({"mart_intervention_series": series.iloc[:5]})
    assert "unknown, a baseline of 5 weeks is too short" in short
