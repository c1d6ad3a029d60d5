"""The drafted file: what it says of an observed source, and that it is valid whatever words the exports hold."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.portfolio import Portfolio, load_portfolio
from orchestration.portfolio.drafting.counted import counted_source
from orchestration.portfolio.drafting.observations import ObservedType, SourceObservation
from orchestration.portfolio.drafting.portfolio_text import draft_text, quarters_covering
from orchestration.portfolio.drafting.team_rules import draft_teams

SOURCE = SourceObservation(
    source_id="shop",
    tool="jira",
    exports="exports/shop",
    types=(ObservedType("Story", 30), ObservedType("Epic", 4), ObservedType("Sub-task", 6, is_subtask=True)),
    entries={
        ("Story", "To Do"): 30, ("Story", "Build"): 28, ("Story", "Done"): 20, ("Story", "Won't Do"): 3,
        ("Epic", "Funnel"): 4, ("Epic", "Running"): 2, ("Epic", "Done"): 1,
    },
    standing={("Story", "To Do"): 2, ("Story", "Build"): 5, ("Story", "Done"): 20, ("Story", "Won't Do"): 3},
    births={("Story", "To Do"): 30, ("Epic", "Funnel"): 4},
    transitions={
        ("Story", "To Do", "Build"): 28, ("Story", "Build", "Done"): 20, ("Story", "Build", "Won't Do"): 3,
        ("Epic", "Funnel", "Running"): 2, ("Epic", "Running", "Done"): 1,
    },
    kinds={
        "To Do": "queue", "Build": "active", "Done": "done", "Won't Do": "done", "Funnel": "queue", "Running": "active"
    },
    other_names={"Build": ("In Arbeit",)},
    resolutions={"Done": 20, "Duplicate": 2},
    projects={"SHOP": 34, "OLD": 6},
    fields={"estimate": "customfield_10016"},
    field_reasons=("estimate is taken from customfield_10016 ('Story Points'), by its name.",),
    first_day=date(2025, 11, 20),
    last_day=date(2026, 2, 1),
)  # fmt: skip


@pytest.fixture
def drafted(tmp_path: Path) -> Callable[..., tuple[Portfolio, str, tuple[str, ...]]]:
    def draft(*sources: SourceObservation, timezone: str = "UTC") -> tuple[Portfolio, str, tuple[str, ...]]:
        made = draft_text("mine", timezone, sources)
        (tmp_path / "portfolio.yaml").write_text(made.text, encoding="utf-8")
        return load_portfolio(tmp_path), made.text, made.checks

    return draft


def test_stories_and_epics_get_workflows_of_their_own(
    drafted: Callable[..., tuple[Portfolio, str, tuple[str, ...]]],
) -> None:
    portfolio, _, _ = drafted(SOURCE)

    stories, epics = portfolio.workflows
    assert (stories.id, stories.applies_to.levels, stories.applies_to.sources) == ("shop-story", ["story"], ["shop"])
    assert [(stage.id, stage.kind, stage.commitment) for stage in stories.stages] == [
        ("to-do", "queue", False),
        ("build", "active", True),
        ("done", "done", False),
    ]
    assert [status.status for status in stories.stages[1].statuses] == ["Build", "In Arbeit"]
    assert [status.status for status in stories.cancelled.statuses] == ["Won't Do"]
    assert stories.cancelled.resolutions == ["Duplicate"]
    assert [stage.id for stage in epics.stages] == ["funnel", "running", "done"]


def test_levels_with_the_same_statuses_share_a_workflow(
    drafted: Callable[..., tuple[Portfolio, str, tuple[str, ...]]],
) -> None:
    entries = {key: number for key, number in SOURCE.entries.items() if key[0] == "Story"} | {("Epic", "Build"): 4}

    portfolio, _, _ = drafted(replace(SOURCE, entries=entries))

    assert [(workflow.id, workflow.applies_to.levels) for workflow in portfolio.workflows] == [
        ("shop", ["story", "epic"])
    ]


def test_teams_types_fields_and_increments(drafted: Callable[..., tuple[Portfolio, str, tuple[str, ...]]]) -> None:
    portfolio, text, checks = drafted(SOURCE, timezone="Europe/Berlin")

    (stream,) = portfolio.value_streams
    assert [team.id for team in stream.trains[0].teams] == ["shop", "old"]
    assert [(rule.team, rule.when.project) for rule in portfolio.membership] == [("shop", ["SHOP"]), ("old", ["OLD"])]
    assert [(rule.level, rule.when.type) for rule in portfolio.work_types] == [("story", ["Story"]), ("epic", ["Epic"])]
    assert portfolio.fields["shop"].estimate == "customfield_10016"
    assert [increment.id for increment in portfolio.increments] == ["2025-Q4", "2026-Q1"]
    assert portfolio.portfolio.timezone == "Europe/Berlin"
    assert "Sub-tasks, left out: Sub-task." in text
    for number, check in enumerate(checks, start=1):
        assert f"CHECK {number}: {check[:30]}" in text


def test_a_source_without_items_gets_no_stages_of_its_own(
    drafted: Callable[..., tuple[Portfolio, str, tuple[str, ...]]],
) -> None:
    builds = SourceObservation("ci", "jenkins", "exports/ci")

    alone, _, checks = drafted(builds)
    assert [workflow.id for workflow in alone.workflows] == ["delivery"]
    assert any("this workflow is made up" in check for check in checks)

    both, _, _ = drafted(SOURCE, builds)
    assert {workflow.id for workflow in both.workflows} == {"shop-story", "shop-epic"}
    assert [source.tool for source in both.sources] == ["jira", "jenkins"]


def test_a_log_without_types_and_with_a_format(drafted: Callable[..., tuple[Portfolio, str, tuple[str, ...]]]) -> None:
    source = SourceObservation(
        "log",
        "event_log",
        "/data/log",
        types=(ObservedType("", 5),),
        entries={("", "A"): 5, ("", "B"): 4},
        standing={("", "B"): 4, ("", "A"): 1},
        transitions={("", "A", "B"): 4},
        kinds={"A": None, "B": None},
        format_lines=('format: {columns: {item: case, status: step}, date_format: "%d.%m.%Y", missing: ["?"]}',),
    )

    portfolio, _, _ = drafted(source)

    assert portfolio.sources[0].format.columns == {"item": "case", "status": "step"}
    assert portfolio.work_types[0].when.type is None
    assert [(stage.id, stage.kind) for stage in portfolio.workflows[0].stages] == [("a", "queue"), ("b", "done")]


def test_only_finished_items_still_make_a_workflow(
    drafted: Callable[..., tuple[Portfolio, str, tuple[str, ...]]],
) -> None:
    source = replace(SOURCE, entries={("Story", "To Do"): 3}, kinds={"To Do": "done"}, other_names={})

    portfolio, text, _ = drafted(source)

    assert [stage.id for stage in portfolio.workflows[0].stages] == ["open", "to-do"]
    assert "seen in no export" in text


ODD = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(lambda text: text.strip() != "")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ODD, min_size=1, max_size=6), st.lists(ODD, min_size=1, max_size=4), ODD, ODD)
def test_whatever_words_the_exports_hold_the_file_is_valid(
    drafted: Callable[..., tuple[Portfolio, str, tuple[str, ...]]],
    statuses: list[str],
    projects: list[str],
    item_type: str,
    resolution: str,
) -> None:
    folded = {status.strip().casefold(): status.strip() for status in statuses}
    source = replace(
        SOURCE,
        types=(ObservedType(item_type, 5),),
        entries={(item_type, status): 2 for status in folded.values()},
        standing={},
        births={},
        transitions={},
        kinds=dict.fromkeys(folded.values(), "active"),
        other_names={},
        resolutions={resolution: 2},
        projects=dict.fromkeys(projects, 3),
        label_pattern="",
    )

    portfolio, _, _ = drafted(source)

    mapped = {status.status for stage in portfolio.workflows[0].stages for status in stage.statuses}
    assert set(folded.values()) <= mapped


def test_teams_by_the_tools_own_team_and_the_small_ones_together() -> None:
    source = replace(
        SOURCE, types=(ObservedType("Story", 200),), teams={f"Shop\\Team {n:02}": 100 - n for n in range(50)}
    )

    drafted = draft_teams([source])

    assert len(drafted.teams) == 41
    assert drafted.teams["team-00"] == "Team 00"
    assert (drafted.rules[0].attribute, drafted.rules[0].value) == ("team", "Shop\\Team 00")
    assert (drafted.rules[-1].attribute, drafted.rules[-1].team_id) == (None, "shop-other")
    assert "10 smaller ones stand together" in drafted.doubts[0]


def test_one_team_of_two_sources() -> None:
    drafted = draft_teams([SOURCE, replace(SOURCE, source_id="web", projects={"shop": 40})])

    assert list(drafted.teams) == ["shop", "old"]
    assert [(rule.team_id, rule.source_id) for rule in drafted.rules] == [
        ("shop", "shop"),
        ("old", "shop"),
        ("shop", "web"),
    ]


def test_quarters_cover_every_day() -> None:
    quarters = list(quarters_covering([replace(SOURCE, first_day=date(2024, 12, 31), last_day=date(2025, 7, 1))]))

    assert quarters[0] == (date(2024, 10, 1), date(2024, 12, 31))
    assert quarters[-1] == (date(2025, 7, 1), date(2025, 9, 30))
    assert len(quarters) == 4
    assert list(quarters_covering([SourceObservation("ci", "jenkins", "x")])) == []


def frames(**given: list[tuple[object, ...]]) -> dict[str, pd.DataFrame]:
    columns = {
        "types": ["source_id", "item_type", "is_subtask", "n"],
        "entries": ["source_id", "item_type", "status", "n"],
        "births": ["source_id", "item_type", "status", "n"],
        "standing": ["source_id", "item_type", "status", "n"],
        "moves": ["source_id", "item_type", "status_left", "status", "n"],
        "names": ["source_id", "status", "said", "n"],
        "kinds": ["source_id", "status", "kind"],
        "days": ["source_id", "first_day", "last_day"],
    } | {name: ["source_id", "value", "n"] for name in ("resolutions", "projects", "teams", "labels")}
    return {name: pd.DataFrame(given.get(name, []), columns=listed) for name, listed in columns.items()}


def test_counts_unify_spellings_and_find_further_names() -> None:
    counted = counted_source(
        "shop",
        "jira",
        frames(
            types=[("shop", "Story", False, 5), ("web", "Bug", False, 7)],
            entries=[
                ("shop", "Story", "In progress", 1),
                ("shop", "Story", "In Progress", 4),
                ("shop", "Bug", "Done", 2),
            ],
            moves=[("shop", "Story", "In progress", "Done", 1), ("shop", "Story", "In Progress", "Done", 2)],
            names=[
                ("shop", "In Progress", "Coding", 3),
                ("shop", "In Progress", "Done", 1),
                ("shop", "Done", "Over", 1),
                ("shop", "In Progress", "Over", 1),
            ],
            kinds=[("shop", "In Progress", "active"), ("shop", "Done", None)],
            days=[("shop", pd.Timestamp("2026-01-02"), pd.Timestamp("2026-02-03"))],
        ),
    )

    assert counted.n_items == 5
    assert counted.entries == {("Story", "In Progress"): 5, ("Bug", "Done"): 2}
    assert counted.transitions == {("Story", "In Progress", "Done"): 3}
    assert counted.other_names == {"In Progress": ("Coding",)}
    assert counted.kinds == {"In Progress": "active", "Done": None}
    assert (counted.first_day, counted.last_day) == (date(2026, 1, 2), date(2026, 2, 3))
