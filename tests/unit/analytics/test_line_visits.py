"""Visits sorted into lines: every visit and every blocked stretch is in its own line, told by texts or categories."""

import numpy as np
import pandas as pd
import pytest

from orchestration.analytics.line_visits import BLOCKED_COLUMNS, VISIT_COLUMNS, visited_lines

MONDAY = pd.Timestamp("2026-06-01", tz="UTC")
STAGES = pd.DataFrame(
    [("w.ready", "w", "queue"), ("w.build", "w", "active"), ("v.make", "v", "active"), ("w.done", "w", "done")],
    columns=["stage_id", "workflow_id", "stage_kind"],
).assign(is_counted=True)
_TEXTS = ["value_stream_id", "train_id", "level", "stage_id"]


def made(n_rows: int, columns: tuple[str, ...], moments: tuple[str, str], seed: int) -> pd.DataFrame:
    """Return rows of any line, some of none, each with a beginning and an end or none."""
    generator = np.random.default_rng(seed)
    begin = MONDAY + pd.to_timedelta(generator.integers(0, 500, n_rows), unit="h")
    end = begin + pd.to_timedelta(generator.integers(0, 50, n_rows), unit="h")
    return pd.DataFrame(
        {
            "value_stream_id": generator.choice(["payments", "loans", None], n_rows),
            "train_id": generator.choice(["cards", "debit"], n_rows),
            "level": generator.choice(["story", "feature"], n_rows),
            "stage_id": generator.choice(STAGES["stage_id"], n_rows),
            "next_stage_id": generator.choice(["w.build", "elsewhere", None], n_rows),
            "has_usable_history": generator.random(n_rows) < 0.8,
            moments[0]: begin,
            moments[1]: end.where(generator.random(n_rows) < 0.8, pd.NaT),
        }
    )[[*columns, "train_id"]]


@pytest.mark.parametrize("is_coded", [False, True])
@pytest.mark.parametrize("scope", ["value_stream_id", "train_id"])
def test_each_line_has_its_visits_and_its_blocked_stretches(scope: str, *, is_coded: bool) -> None:
    visits = made(600, VISIT_COLUMNS, ("entered_at", "exited_at"), 1)
    blocked = made(200, BLOCKED_COLUMNS, ("blocked_from", "blocked_to"), 2)
    # Of one value stream less is blocked than visited, and of a train that was not visited nothing is in a line.
    blocked = blocked.loc[(blocked["level"] == "story") | (blocked["value_stream_id"] == "loans")]
    blocked = pd.concat([blocked, blocked.head(3).assign(value_stream_id="new", train_id="new")], ignore_index=True)
    coded = dict.fromkeys(_TEXTS, "category") if is_coded else {}
    lines = visited_lines(visits.astype(coded), STAGES, scope, blocked.astype(coded))
    assert len(lines) == (2 if scope == "value_stream_id" else 4) * 2 * 2

    def seconds(moments: pd.Series) -> list[float]:
        return ((moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)).tolist()

    for line in lines:
        is_own = {
            name: (frame["value_stream_id"] == line.value_stream_id)
            & (frame[scope] == line.scope_id)
            & (frame["level"] == line.level)
            & frame["stage_id"].str.startswith(line.workflow_id)
            & (frame["stage_id"] != "w.done")
            for name, frame in (("visits", visits), ("blocked", blocked))
        }
        own = visits.loc[is_own["visits"]]
        names = np.array([*line.visits.stage_names, ""])
        assert names[line.visits.stage].tolist() == own["stage_id"].tolist()
        assert names[line.visits.next_stage].tolist() == [
            name if name == "w.build" else "" for name in own["next_stage_id"]
        ]
        np.testing.assert_array_equal(line.visits.entered, seconds(own["entered_at"]))
        np.testing.assert_array_equal(line.visits.left, seconds(own["exited_at"]))
        held_up = blocked.loc[is_own["blocked"] & blocked["has_usable_history"]]
        assert names[line.blocked.stage].tolist() == held_up["stage_id"].tolist()
        np.testing.assert_array_equal(line.blocked.begin, seconds(held_up["blocked_from"]))
        np.testing.assert_array_equal(line.blocked.end, seconds(held_up["blocked_to"]))
