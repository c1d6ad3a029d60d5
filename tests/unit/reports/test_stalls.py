"""The story of a stall: the timeline, its words, and why there is none."""

import pandas as pd
import pytest

from orchestration.analytics.stall_cascades import CascadeSettings
from orchestration.reports.blocks import Chart, Notice, Words
from orchestration.reports.figures import palette
from orchestration.reports.sections import stalls

WEEKS = pd.date_range("2025-06-30", periods=52, freq="7D")
STAGES = pd.DataFrame(
    {"stage_id": ["w.ready", "w.build", "w.review", "w.test"], "workflow_id": "w",
     "stage_name": ["Ready", "Build", "Review", "Test"], "stage_kind": ["queue", "active", "active", "active"],
     "position": [1, 2, 3, 4], "is_unmapped": False}
)  # fmt: skip
VERDICT = pd.DataFrame({"verdict": ["declared"]})
MEASURED = pd.DataFrame({"week_start": WEEKS, "is_complete": True})


def events(*rows: tuple[str, str, int, str]) -> pd.DataFrame:
    """Cascade, stage, week number, what was unusual (letters of queue, arrivals, delay)."""
    made = [
        {"cascade_id": cascade, "level": "story", "stage_id": f"w.{stage}", "week_start": WEEKS[week],
         "is_queue_high": "q" in what, "is_arrivals_high": "a" in what, "is_delay_high": "d" in what,
         "n_items": 40 + week}
        for cascade, stage, week, what in rows
    ]  # fmt: skip
    frame = pd.DataFrame(made)
    starts = frame.groupby("cascade_id")["week_start"]
    return frame.assign(
        cascade_start=starts.transform("min"), cascade_end=starts.transform("max"), n_weeks=52,
        window_start=WEEKS[0], window_end=WEEKS[-1] + pd.Timedelta(days=6),
    )  # fmt: skip


OLD = (("old", "build", 5, "a"), ("old", "review", 5, "q"), ("old", "test", 6, "q"))
NEW = (("new", "build", 40, "a"), ("new", "review", 41, "a"), ("new", "test", 41, "qd"))
LINKS = pd.DataFrame(
    [("old", "w.build", WEEKS[5], "w.review", WEEKS[5]), ("old", "w.review", WEEKS[5], "w.test", WEEKS[6]),
     ("new", "w.build", WEEKS[40], "w.review", WEEKS[41]), ("new", "w.review", WEEKS[41], "w.test", WEEKS[41])],
    columns=["cascade_id", "stage_id", "week_start", "linked_stage_id", "linked_week_start"],
)  # fmt: skip


def test_the_newest_stall_is_drawn_dark_and_told_week_by_week() -> None:
    chart, words = stalls.blocks(events(*OLD, *NEW), LINKS, STAGES, VERDICT, MEASURED, "story")
    assert isinstance(chart, Chart)
    assert chart.title == (
        "2 stalls ran over 3 stages or more in 52 weeks (30 Jun 2025 – 28 Jun 2026, n 52 weeks measured)"
    )
    earlier, newest, marks = chart.figure.data
    assert (earlier.line.color, newest.line.color) == (palette.DONE, palette.INK)
    assert list(newest.y) == [0, 1, None, 1, 2, None]
    assert list(chart.figure.layout.yaxis.ticktext) == ["Build", "Review", "Test"]
    assert max(zip(marks.x, marks.y, marks.marker.color, strict=True)) == ("2026-04-13", 2, palette.QUEUE)
    assert isinstance(words, Words)
    assert words.paragraphs == (
        "The newest, week of 6 Apr: many arrivals at Build; week of 13 Apr: many arrivals at Review, a long queue and "
        "long delays at Test (up to 81 items at a stage).",
    )


def test_one_stall_without_earlier_ones_and_of_a_stage_that_is_gone() -> None:
    chart, _ = stalls.blocks(events(*NEW), LINKS, STAGES, VERDICT, MEASURED, "story")
    assert isinstance(chart, Chart)
    assert chart.title.startswith("1 stall ran over")
    assert len(chart.figure.data) == 2
    unmapped = STAGES.assign(is_unmapped=[False, False, False, True])
    gone, _ = stalls.blocks(events(*NEW), LINKS, unmapped, VERDICT, MEASURED, "story")
    assert list(gone.figure.layout.yaxis.ticktext) == ["Build", "Review", "w.test"]


@pytest.mark.parametrize(
    ("stages", "verdict", "measured", "said"),
    [
        (STAGES, VERDICT, MEASURED, "No stall ran over 3 stages or more in the last 52 weeks"),
        (STAGES, VERDICT, MEASURED.iloc[:20], "not looked for, 20 complete weeks, at least 26 needed"),
        (STAGES, VERDICT.iloc[:0], MEASURED, "too little data for a verdict"),
        (STAGES, pd.DataFrame({"verdict": ["insufficient_data"]}), MEASURED, "too little data for a verdict"),
        (STAGES.iloc[:2], VERDICT, MEASURED, "the workflow has 1 active stage."),
    ],
)
def test_why_there_is_none(stages: pd.DataFrame, verdict: pd.DataFrame, measured: pd.DataFrame, said: str) -> None:
    (notice,) = stalls.blocks(events(*NEW).iloc[:0], LINKS, stages, verdict, measured, "story")
    assert isinstance(notice, Notice)
    assert said in notice.text


def test_stalls_of_other_levels_get_a_sentence() -> None:
    features = events(*NEW).assign(level="feature")
    words = stalls.other_level_words(features, "story", STAGES)
    assert isinstance(words, Words)
    assert words.paragraphs[0].startswith("At the level of features: 1 stall. The newest, week of 6 Apr")
    assert stalls.other_level_words(features, "feature", STAGES) is None


def test_the_sentences_know_the_windows_of_the_method() -> None:
    settings = CascadeSettings()
    assert (settings.window_weeks, settings.min_weeks) == (stalls.WINDOW_WEEKS, stalls.FEWEST_WEEKS)
