"""A warehouse continued from night to night is the one built from all exports at once: table by table, row by row."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration import dbt_build, refresh
from orchestration.portfolio_folder import PortfolioFolder
from tests.parsed_project import parsed_for
from tests.pipeline.made_nights import Nights

# When rows came, and with which refresh, is another thing.
_OF_THE_REFRESH = {"refresh_id", "loaded_at"}
_COMPARED = ("staging", "intermediate", "flow", "marts")
# After the last day on which a rule of the made portfolio begins to hold, so that the nights can go on from each other.
FIRST = datetime(2026, 3, 21, 1, 0, tzinfo=UTC)
BEFORE_A_RULE = datetime(2026, 3, 18, 1, 0, tzinfo=UTC)
NIGHT = timedelta(days=5, hours=9)


def run_refresh(
    folder: Path, name: str, now: datetime, *, full: bool = False, as_of: datetime | None = None
) -> refresh.RefreshBuild:
    """Land, build and publish; checks and analyses have nothing to do with it. Returns the refresh as it ended."""
    with refresh.open_build(PortfolioFolder(folder), name, lambda: now, full=full, as_of=as_of) as build:
        refresh.land_exports(build)
        refresh.write_portfolio(build)
        outcomes = refresh.build_models(build, manifest=parsed_for(build.paths), with_tests=False)
        assert dbt_build.failure_sentences(outcomes) == []
        refresh.publish(build)
    return build


def differences(one: Path, other: Path) -> list[str]:
    """Compare all tables of two warehouses; each line tells a table and how many rows only one of them has."""
    found = []
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only); attach '{other}' as other (read_only)")
        columns = connection.execute(
            "select database_name, schema_name, table_name, list(column_name order by column_index)"
            " from duckdb_columns() where schema_name in (select unnest($schemas))"
            " and database_name in ('one', 'other') and (database_name, schema_name, table_name) in ("
            "   select (database_name, schema_name, table_name) from duckdb_tables())"
            " group by all",
            {"schemas": list(_COMPARED)},
        ).fetchall()
        tables: dict[tuple[str, str], dict[str, list[str]]] = {}
        for database, schema, table, names in columns:
            tables.setdefault((schema, table), {})[database] = [n for n in names if n not in _OF_THE_REFRESH]
        assert len(tables) > 50
        for (schema, table), sides in sorted(tables.items()):
            if sides.get("one") != sides.get("other"):
                found.append(f"{schema}.{table}: not the same columns")
                continue
            listed = ", ".join(f'"{name}"' for name in sides["one"])
            rows = [
                connection.execute(
                    f"select count(*) from (select {listed} from {left}.{schema}.{table}"
                    f" except all select {listed} from {right}.{schema}.{table})"
                ).fetchall()[0][0]
                for left, right in (("one", "other"), ("other", "one"))
            ]
            if any(rows):
                found.append(f"{schema}.{table}: {rows[0]} rows only in the one, {rows[1]} only in the other")
    return found


def built_at_once(folder: Path, now: datetime, as_of: datetime | None = None) -> Path:
    """Build everything anew beside the published warehouse, from the same exports; returns that warehouse."""
    kept = PortfolioFolder(folder).warehouse.rename(folder / "warehouse-continued")
    run_refresh(folder, "at-once", now, full=True, as_of=as_of)
    return kept / "warehouse.duckdb"


@pytest.mark.parametrize(
    ("seed", "n_histories"),
    [(1, 300), pytest.param(2, 1500, marks=pytest.mark.slow), pytest.param(3, 1500, marks=pytest.mark.slow)],
)
def test_nights_one_after_the_other_equal_all_at_once(seed: int, n_histories: int, tmp_path: Path):
    nights = Nights.begin(tmp_path, n_histories, seed)
    at = FIRST
    nights.first(at)
    assert run_refresh(tmp_path, "night-0", at + timedelta(hours=3)).refresh.mode == "full"
    modes = []
    for number in range(1, 5):
        previous, at = at, at + NIGHT
        nights.later(number, at, previous)
        if number == 2:
            continue  # a missed night: its files wait for the next one
        if number == 3:
            nights.twice(2)
            nights.rename_a_status(at)
            nights.list_sprints(at, renamed={1: "Spring cleaning"})
            nights.edit_register(3)
        if number == 4:
            nights.list_sprints(at, renamed={1: "Spring cleaning", 3: "Sprint 2"})
            nights.edit_register(4.5)
            nights.rename(2)
        build = run_refresh(tmp_path, f"night-{number}", at + timedelta(hours=3))
        modes.append((build.refresh.mode, build.refresh.full_because))
    assert modes == [("incremental", None)] * 3
    with duckdb.connect(str(PortfolioFolder(tmp_path).warehouse / "warehouse.duckdb"), read_only=True) as connection:
        in_sprints = "select count(*), count(ended_at) from intermediate.int_iteration_spells_detected"
        assert min(connection.execute(in_sprints).fetchall()[0]) > 20
    continued = built_at_once(tmp_path, at + timedelta(hours=3))
    assert differences(continued, PortfolioFolder(tmp_path).warehouse / "warehouse.duckdb") == []


def test_the_same_night_again_changes_nothing(tmp_path: Path):
    nights = Nights.begin(tmp_path, 60, 4)
    nights.first(FIRST)
    run_refresh(tmp_path, "night-0", FIRST + timedelta(hours=3))
    published = PortfolioFolder(tmp_path).warehouse / "warehouse.duckdb"
    before = published.with_name("before.duckdb")
    before.write_bytes(published.read_bytes())
    again = run_refresh(tmp_path, "night-0-again", FIRST + timedelta(hours=5))
    assert again.changed == set()
    assert differences(before, published) == []


def _another_team(portfolio: str) -> str:
    rule = "team: {}, when: {{project: ALF}}, valid_from"
    return portfolio.replace(rule.format("red"), rule.format("green"))


@pytest.mark.parametrize(
    ("first", "change", "as_of", "reason"),
    [
        pytest.param(FIRST, _another_team, None, "portfolio.yaml has changed", marks=pytest.mark.slow),
        pytest.param(FIRST, str, FIRST - timedelta(days=9), "as_of lies before", marks=pytest.mark.slow),
        pytest.param(BEFORE_A_RULE, str, None, "a mapping of portfolio.yaml has begun", marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_what_would_make_the_answer_wrong_builds_all_models_and_says_so(
    first: datetime, change: Callable[[str], str], as_of: datetime | None, reason: str, tmp_path: Path
):
    nights = Nights.begin(tmp_path, 60, 5)
    nights.first(first)
    run_refresh(tmp_path, "night-0", first + timedelta(hours=3))
    at = first + NIGHT
    nights.later(1, at, first)
    file = tmp_path / "portfolio.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(change(text), encoding="utf-8")
    build = run_refresh(tmp_path, "night-1", at + timedelta(hours=3), as_of=as_of)
    assert (build.refresh.mode, reason in (build.refresh.full_because or "")) == ("rebuilt", True)
    continued = built_at_once(tmp_path, at + timedelta(hours=3), as_of=as_of)
    assert differences(continued, PortfolioFolder(tmp_path).warehouse / "warehouse.duckdb") == []
