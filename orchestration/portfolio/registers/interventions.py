"""The register of interventions: what was changed, when, and the metrics that it is to move, one a row.

Belongs here: what must hold between its rows and portfolio.yaml. Does not belong here: its columns (register_rows.py)
and how it is read (table_rows.py).
"""

from collections.abc import Iterator
from pathlib import Path

from orchestration.portfolio.models import PortfolioFile
from orchestration.portfolio.problems import Problem, quoted, suggestion
from orchestration.portfolio.references import WrittenIds
from orchestration.portfolio.register_rows import Intervention
from orchestration.portfolio.registers.table_cells import TableRow
from orchestration.portfolio.registers.table_rows import ReadRows, read_rows, repeated, unknown
from orchestration.portfolio.workflow import Stage, Workflow

#: What all rows of an intervention say alike.
_SAID_ON_EACH_ROW = ("name", "value_stream", "train", "team", "launched_on", "transition_days")
#: What further rows of an intervention may leave empty: it holds for the whole.
_SAID_ONCE = ("hypothesis", "owner_role", "kind", "funded_on", "cost", "excluded_controls")


def read_interventions(folder: Path, model: PortfolioFile | None, ids: WrittenIds | None) -> ReadRows[Intervention]:
    """Read and check the register; see `read_registers` for the arguments."""
    read = read_rows(folder, "interventions", Intervention)
    for row, earlier in repeated(read.rows, ("intervention_id",), is_folded=True):
        read.problems += _problems_beside(row, earlier)
    for row, earlier in repeated(read.rows, ("intervention_id", "metric"), is_folded=True):
        metric = quoted(row.cells["metric"])
        message = f"{metric} is on line {earlier.line} already. Keep one of the two, or give this row its own id."
        read.problems.append(row.problem("metric", message))
    read.problems += _primary_problems(read)
    for row in read.rows:
        read.problems += _scope_problems(row, model, ids)
        read.problems += _stage_problems(row, model, ids)
        read.problems += _interval_problems(row)
        if ids is not None:
            read.problems += _control_problems(row, ids)
    read.problems += _without_currency(read.rows, model)
    return read


def _problems_beside(row: TableRow, first: TableRow) -> Iterator[Problem]:
    """Tell where a further row of an intervention says something else of it than its first row."""
    named, known = row.cells["intervention_id"], first.cells["intervention_id"]
    if named != known:
        message = f"{quoted(named)} is already used on line {first.line}, as {quoted(known)}. Write both alike, or give"
        yield row.problem("intervention_id", f"{message} this row its own id.")
        return
    for column in (*_SAID_ON_EACH_ROW, *_SAID_ONCE):
        here, there = row.cells.get(column), first.cells.get(column)
        if here != there and (column in _SAID_ON_EACH_ROW or (here and there)):
            said = "is empty" if here is None else f"is {quoted(here)}"
            other = "nothing" if there is None else quoted(there)
            message = f"{said}, and line {first.line} of the same intervention says {other}. Write the same on both, or"
            yield row.problem(column, f"{message} give this row its own intervention_id.")


def _primary_problems(read: ReadRows[Intervention]) -> Iterator[Problem]:
    """Tell of each intervention with several metrics where it does not name exactly one as primary."""
    rows_of: dict[str, list[tuple[TableRow, Intervention]]] = {}
    for row, entry in read.entries:
        rows_of.setdefault(entry.intervention_id, []).append((row, entry))
    for name, entries in rows_of.items():
        chosen = [row for row, entry in entries if entry.primary]
        if len(entries) == 1 and entries[0][1].primary is False:
            yield entries[0][0].problem("primary", f"is false, but {quoted(name)} has no other metric. Clear it.")
        elif len(entries) > 1 and not chosen:
            message = f"is true on none of the {len(entries)} rows of {quoted(name)}. Write true on the one metric that"
            yield entries[0][0].problem("primary", f"{message} its verdict rests on.")
        elif len(chosen) > 1:
            message = f"is true on line {chosen[0].line} of {quoted(name)} already. Leave it true on one of the rows."
            yield chosen[1].problem("primary", message)


def _interval_problems(row: TableRow) -> Iterator[Problem]:
    ends = ("projected_change_low_percent", "projected_change_high_percent")
    given = [column for column in ends if row.cells.get(column)]
    if len(given) == 1:
        (lacking,) = set(ends) - set(given)
        yield row.problem(lacking, f"is missing, and {given[0]} is given. Give both ends of the interval, or none.")


def _control_problems(row: TableRow, ids: WrittenIds) -> Iterator[Problem]:
    for part in row.cells.get("excluded_controls", "").split(";"):
        named = part.strip()
        if named and named not in ids.value_streams:
            message = f"{quoted(named)} is not a value stream of the portfolio. {suggestion(named, ids.value_streams)}"
            yield row.problem("excluded_controls", message)


def _without_currency(rows: list[TableRow], model: PortfolioFile | None) -> Iterator[Problem]:
    costly = next((row for row in rows if row.cells.get("cost")), None)
    if costly is not None and model is not None and model.portfolio.currency is None:
        message = "is given, but the portfolio has no currency. Add 'currency: EUR' (or another) under 'portfolio'."
        yield costly.problem("cost", message)


def _scope_problems(row: TableRow, model: PortfolioFile | None, ids: WrittenIds | None) -> Iterator[Problem]:
    value_stream, train, team = (row.cells.get(column) for column in ("value_stream", "train", "team"))
    if not (value_stream or train or team):
        message = "is missing, as are train and team. Say whose series is watched: fill one of the three."
        yield row.problem("value_stream", message)
    if model is None or ids is None:
        return
    yield from unknown(row, "value_stream", ids.value_streams, "a value stream")
    yield from unknown(row, "train", ids.trains, "a train")
    yield from unknown(row, "team", ids.teams, "a team")
    stream_of_train = {t.id: stream.id for stream in model.value_streams for t in stream.trains}
    train_of_team = {t.id: tr.id for stream in model.value_streams for tr in stream.trains for t in tr.teams}
    home_train = train_of_team.get(team or "")
    home_stream = stream_of_train.get(train or home_train or "")
    if train in ids.trains and home_train and train != home_train:
        yield row.problem("train", f"team {quoted(team)} belongs to {quoted(home_train)}. Correct train or team.")
    elif value_stream in ids.value_streams and home_stream and value_stream != home_stream:
        member = f"train {quoted(train)}" if train else f"team {quoted(team)}"
        yield row.problem("value_stream", f"{member} belongs to {quoted(home_stream)}. Correct one of the two.")


def _stage_problems(row: TableRow, model: PortfolioFile | None, ids: WrittenIds | None) -> Iterator[Problem]:
    metric, named = row.cells.get("metric", ""), row.cells.get("stage")
    if named is None:
        if metric in ("stage_time", "stage_wip", "stage_departures"):
            yield row.problem("stage", f"is missing, and {metric} needs one. Write it as workflow.stage.")
        return
    for column in ("train", "team"):
        if metric.startswith("stage_") and row.cells.get(column):
            message = f"is given, but {metric} is measured for the whole value stream. Leave it empty."
            yield row.problem(column, message)
    if model is None or ids is None:
        return
    if named not in ids.stages:
        yield row.problem("stage", f"{quoted(named)} is not a stage (workflow.stage). {suggestion(named, ids.stages)}")
        return
    found = _stage(model, named)
    if found is None:
        return
    workflow, stage = found
    if stage.kind == "done" and metric.startswith("stage_"):
        yield row.problem(
            "stage", f"{quoted(named)} is a done stage, where work rests. Choose a queue or active stage."
        )
    level, levels = row.cells.get("level"), workflow.applies_to.levels
    if level and levels is not None and level not in levels:
        message = f"workflow {quoted(workflow.id)} of the stage is not for {quoted(level)}. Correct level or stage."
        yield row.problem("level", message)


def _stage(model: PortfolioFile, stage_id: str) -> tuple[Workflow, Stage] | None:
    for workflow in model.workflows:
        for stage in workflow.stages:
            if f"{workflow.id}.{stage.id}" == stage_id:
                return workflow, stage
    return None
