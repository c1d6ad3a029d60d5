"""What an item was part of on each hour, against a replay of made-up histories: components, iterations, the parent.

The SQL goes back over changes from what the newest export shows; the replay goes forward and keeps the truth beside. A
change after as_of is in the export and tells only what was in force before it.
"""

import os
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.portfolio_folder import DBT_PROJECT, PortfolioFolder

MODELS = ("int_component_sets_rebuilt", "int_iteration_spells_detected", "int_parent_spells_detected")
START = datetime(2026, 1, 1, tzinfo=UTC)
AS_OF = START + timedelta(hours=60)
PROBES = [START + timedelta(hours=hour, minutes=30) for hour in range(60)]
N_ITEMS, N_PARENTS = 300, 5
COMPONENTS, ITERATIONS = "ABCD", "01234"

TABLES = {
    "int_items_unioned": "work_item_id varchar, source_id varchar, native_id varchar, item_key varchar,"
    " project varchar, parent_ref varchar, iteration_ref varchar, components varchar[]",
    "int_item_timelines_built": "work_item_id varchar, event_number integer, event_at timestamptz",
    "int_item_changes_unioned": "work_item_id varchar, history_key varchar, history_number bigint,"
    " history_position bigint, item_position bigint, changed_at timestamptz, attribute varchar, from_id varchar,"
    " from_value varchar, to_id varchar, to_value varchar, is_after_as_of boolean",
    "int_item_aliases_listed": "source_id varchar, alias varchar, work_item_id varchar",
    "int_work_item_links_resolved": "work_item_id varchar, linked_work_item_id varchar, relation varchar,"
    " linked_at timestamptz, unlinked_at timestamptz",
    "int_iteration_names_listed": "source_id varchar, name varchar, iteration_id varchar",
}


@dataclass
class Item:
    """An item as it is, and every state that it was in."""

    number: int
    born_at: datetime
    components: frozenset[str]
    iterations: list[str]
    parent: int | None
    changes: list[tuple] = field(default_factory=list)
    states: list[tuple[datetime, frozenset[str], frozenset[str], int | None]] = field(default_factory=list)

    def keep(self, moment: datetime) -> None:
        self.states.append((moment, self.components, frozenset(self.iterations), self.parent))

    def at(self, moment: datetime) -> tuple[frozenset[str], frozenset[str], int | None]:
        return [state[1:] for state in self.states if state[0] <= moment][-1]


def _lived(number: int, chance: random.Random) -> Item:
    """Return an item with up to eight changes, several of them in one second, some after as_of."""
    parents = [None, *range(N_PARENTS)] if number >= N_PARENTS else [None]
    item = Item(
        number,
        START + timedelta(hours=chance.randint(0, 5)),
        frozenset(chance.sample(COMPONENTS, chance.randint(0, 3))),
        chance.sample(ITERATIONS, chance.randint(0, 1)),
        chance.choice(parents),
    )
    moment = item.born_at
    item.keep(moment)
    for history in range(1, chance.randint(0, 8) + 1):
        moment += timedelta(hours=chance.choice([0, 1, 3, 9, 20]))

        def tell(attribute: str, *values: str | None, entry: int = history, when: datetime = moment) -> None:
            key = number * 100 + entry
            item.changes.append((f"m:{number}", str(key), key, entry, 1, when, attribute, *values, when > AS_OF))

        what = chance.choice(["components", "iteration", "parent"])
        if what == "components":
            # One entry may bring one component and take another away: each is told by itself.
            for name in chance.sample(COMPONENTS, chance.randint(1, 2)):
                tell(what, *((None, name, None, None) if name in item.components else (None, None, None, name)))
                item.components ^= {name}
        elif what == "iteration":
            before, name = ", ".join(item.iterations), chance.choice(ITERATIONS)
            item.iterations = [*(other for other in item.iterations if other != name)] + (
                [] if name in item.iterations else [name]
            )
            tell(what, before, before, ", ".join(item.iterations), ", ".join(item.iterations))
        else:
            values: list[str | None] = []
            former, item.parent = item.parent, chance.choice(parents)
            for parent in (former, item.parent):
                has_id = parent is not None and chance.random() < 0.5
                values += [str(parent) if has_id else None, None if parent is None else f"P-{parent}"]
            tell(what, *values)
        item.keep(moment)
    return item


@pytest.fixture(scope="module")
def compiled(published_example: PortfolioFolder, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the models' SQL, reading from tables without a schema."""
    folder = tmp_path_factory.mktemp("compiled")
    database = folder / "warehouse.build.duckdb"
    shutil.copyfile(published_example.warehouse / "warehouse.duckdb", database)
    command = [str(Path(sys.executable).with_name("dbt")), "compile", "--full-refresh", "--quiet", "--select", *MODELS]
    folders = ["--profiles-dir", ".", "--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    environment = {**os.environ, "WEIR_BUILD_DATABASE": str(database)}
    subprocess.run([*command, *folders], cwd=DBT_PROJECT, env=environment, capture_output=True, check=True)
    files = {file.stem: file for file in (folder / "target" / "compiled").rglob("int_*.sql")}
    return {name: re.sub(r'"[^"]+"\."\w+"\."(\w+)"', r"\1", files[name].read_text(encoding="utf-8")) for name in MODELS}


@pytest.fixture(scope="module")
def items() -> list[Item]:
    chance = random.Random(7)
    return [_lived(number, chance) for number in range(N_ITEMS)]


@pytest.fixture(scope="module")
def exported(items: list[Item]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    rows: dict[str, list[tuple]] = {
        "int_items_unioned": [
            (
                f"m:{item.number}",
                "m",
                str(item.number),
                f"P-{item.number}",
                "P",
                None if item.parent is None else f"P-{item.parent}",
                item.iterations[-1] if item.iterations else None,
                sorted(item.components),
            )
            for item in items
        ],
        "int_item_timelines_built": [(f"m:{item.number}", 1, item.born_at) for item in items],
        "int_item_changes_unioned": [change for item in items for change in item.changes],
        "int_item_aliases_listed": [("m", f"p-{item.number}", f"m:{item.number}") for item in items],
        "int_iteration_names_listed": [("m", name, name) for name in ITERATIONS],
    }
    for table, columns in TABLES.items():
        connection.execute(f"create table {table} ({columns})")
        if table in rows:
            places = ", ".join("?" for _ in rows[table][0])
            connection.executemany(f"insert into {table} values ({places})", rows[table])
    return connection


def _in_force(spells: list[tuple], moment: datetime) -> list[str]:
    """Return what of (thing, started_at, ended_at) was in force."""
    return sorted(thing for thing, started, ended in spells if started <= moment and (ended is None or moment < ended))


def _spells(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, list[tuple]]:
    found: dict[str, list[tuple]] = {}
    for work_item_id, thing, started, ended in connection.execute(sql).fetchall():
        found.setdefault(work_item_id, []).append((thing.removeprefix("m:"), started, ended))
    return found


def test_sets_of_components_are_those_of_the_replay(compiled, exported, items):
    told: dict[str, list[tuple]] = {}
    for row in exported.execute(
        "select work_item_id, changed_at, from_value, to_value"
        f" from ({compiled['int_component_sets_rebuilt']}) order by work_item_id, changed_at, history_number"
    ).fetchall():
        told.setdefault(row[0], []).append(row[1:])
    assert len(told) > N_ITEMS / 2
    for item in items:
        entries = told.get(f"m:{item.number}", [])
        first = entries[0][1] if entries else "\n".join(item.components)
        for moment in (probe for probe in PROBES if probe >= item.born_at):
            in_force = ([first] + [after for changed_at, _, after in entries if changed_at <= moment])[-1]
            assert set(filter(None, in_force.split("\n"))) == item.at(moment)[0], (item.number, moment)


def test_iterations_are_those_of_the_replay(compiled, exported, items):
    told = _spells(exported, compiled["int_iteration_spells_detected"])
    for item in items:
        for moment in (probe for probe in PROBES if probe >= item.born_at):
            in_force = _in_force(told.get(f"m:{item.number}", []), moment)
            assert in_force == sorted(item.at(moment)[1]), (item.number, moment)


def test_the_parent_is_that_of_the_replay(compiled, exported, items):
    told = _spells(exported, compiled["int_parent_spells_detected"])
    for item in items:
        for moment in (probe for probe in PROBES if probe >= item.born_at):
            parent = item.at(moment)[2]
            expected = [] if parent is None else [str(parent)]
            assert _in_force(told.get(f"m:{item.number}", []), moment) == expected, (item.number, moment)
