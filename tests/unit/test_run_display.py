"""What a person sees of a run."""

import io
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from orchestration.portfolio_folder import PortfolioFolder
from orchestration.run_display import RunDisplay, StepEvent, published_lines

SUMMARY = {
    "generation": 3,
    "as_of": datetime(2026, 6, 28, 22, tzinfo=UTC),
    "mode": "incremental",
    "n_items": 6888,
    "n_stage_visits": 58101,
    "n_checks_passed": 196,
    "n_checks_warned": 4,
}


def shown(events: list[StepEvent]) -> list[str]:
    out = io.StringIO()
    with RunDisplay(Console(file=out)) as display:
        for event in events:
            display.show(event)
    return out.getvalue().splitlines()


def test_a_log_gets_plain_lines():
    lines = shown(
        [
            StepEvent("land", "started"),
            StepEvent("land", "message", "jira-main: [red]one file[/red] cannot be read."),
            StepEvent("land", "finished"),
            StepEvent("a_step__not_named", "started"),
            StepEvent("a_step__not_named", "failed"),
        ]
    )
    assert lines[0] == "Prepare the run …"
    assert lines[1].startswith("✓ Prepare the run (")
    assert lines[2:4] == ["Land exports and portfolio …", "  jira-main: [red]one file[/red] cannot be read."]
    assert lines[4].startswith("✓ Land exports and portfolio (")
    assert lines[5] == "a step: not named …"
    assert lines[6].startswith("✗ a step: not named (")
    assert not any("\x1b" in line for line in lines)


def test_a_terminal_keeps_only_the_steps_that_ended():
    out = io.StringIO()
    with RunDisplay(Console(file=out, force_terminal=True, width=80)) as display:
        display.show(StepEvent("land", "started"))
        display.show(StepEvent("land", "finished"))
    assert "✓ Land exports and portfolio (" in out.getvalue()
    assert "Land exports and portfolio …" not in out.getvalue()


def test_end_of_a_refresh_says_what_where_and_how_to_look():
    text = "\n".join(published_lines(PortfolioFolder(Path("/data/mine")), SUMMARY))
    assert "generation 3 as of 2026-06-28 22:00 UTC (incremental): 6,888 items, 58,101 stage visits" in text
    assert "196 passed, 4 warned" in text
    assert "/data/mine/warehouse/warehouse.duckdb" in text
    assert "/data/mine/reports/index.html" in text
    assert "weir sql --portfolio /data/mine " in text


def test_the_example_needs_no_name_to_look_at():
    text = "\n".join(published_lines(PortfolioFolder(Path("/x/.weir/example"), is_example=True), SUMMARY))
    assert "--portfolio" not in text
    assert "make ui" in text
