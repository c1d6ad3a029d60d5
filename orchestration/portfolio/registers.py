"""Registers: tables that people keep by hand in registers/, here the interventions.

Belongs here: reading registers/interventions.csv and checking each row against the portfolio. Does not belong here:
the columns and their types (models.py), and reading the folder (loader.py).
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from orchestration.portfolio.models import Intervention, PortfolioFile
from orchestration.portfolio.problems import Problem, quoted, suggestion
from orchestration.portfolio.references import WrittenIds
from orchestration.portfolio.wording import is_consequence, sentence
from orchestration.portfolio.workflow import Stage, Workflow

INTERVENTIONS_FILE = "registers/interventions.csv"

_COLUMNS = tuple(Intervention.model_fields)
_REQUIRED = tuple(name for name, field in Intervention.model_fields.items() if field.is_required())


@dataclass(frozen=True)
class _Row:
    """A row as written: the line it starts on, and its cells that are not empty."""

    line: int
    cells: dict[str, str]

    def problem(self, column: str, message: str) -> Problem:
        return Problem(INTERVENTIONS_FILE, self.line, column, message)


def read_interventions(
    content: bytes | None, model: PortfolioFile | None, ids: WrittenIds | None
) -> tuple[list[Intervention], list[Problem]]:
    """Read the register of interventions.

    Args:
        content: The bytes of the file, None if there is none (then there are no interventions).
        model: The portfolio the rows refer to, None if it could not be read: then only the rows themselves are checked.
        ids: The ids written in portfolio.yaml, likewise.

    Returns:
        The rows that are valid one by one, in file order, and all problems.
    """
    if content is None:
        return [], []
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return [], [Problem(INTERVENTIONS_FILE, line, "", "is not UTF-8 text. Save the table as 'CSV UTF-8'.")]
    rows, problems = _rows(text)
    interventions: list[Intervention] = []
    seen: dict[str, int] = {}
    for row in rows:
        try:
            interventions.append(Intervention.model_validate(row.cells))
        except ValidationError as error:
            problems += [
                row.problem(str(detail["loc"][0]), sentence(detail, Intervention))
                for detail in error.errors(include_url=False)
                if not is_consequence(detail)
            ]
        intervention_id = row.cells.get("intervention_id", "")
        earlier = seen.setdefault(intervention_id.casefold(), row.line)
        if intervention_id and earlier != row.line:
            message = f"{quoted(intervention_id)} is already used on line {earlier}. Give each row its own id."
            problems.append(row.problem("intervention_id", message))
        problems += _scope_problems(row, model, ids)
        problems += _stage_problems(row, model, ids)
    return interventions, problems


def _rows(text: str) -> tuple[list[_Row], list[Problem]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    problems: list[Problem] = []
    rows: list[_Row] = []
    try:
        header = [cell.strip() for cell in next(reader, [])]
        problems += _header_problems(header)
        if problems:
            return [], problems
        line = reader.line_num + 1
        for cells in reader:
            values = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()}
            row = _Row(line, values)
            if any(cell.strip() for cell in cells[len(header) :]):
                message = (
                    f"has {len(cells)} cells for {len(header)} columns. Put quotes around text that holds a comma."
                )
                problems.append(row.problem("", message))
            elif values:
                rows.append(row)
            line = reader.line_num + 1
    except csv.Error as error:
        message = f"is not valid CSV ({error}). Close each quote, and double the quotes inside quoted text."
        problems.append(Problem(INTERVENTIONS_FILE, reader.line_num, "", message))
    return rows, problems


def _header_problems(header: list[str]) -> Iterator[Problem]:
    def problem(column: str, message: str) -> Problem:
        return Problem(INTERVENTIONS_FILE, 1, column, message)

    if not any(header):
        yield problem("", f"has no header. Put the columns on the first line: {','.join(_COLUMNS)}.")
        return
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        yield problem("", "is not separated by commas. Save the table as 'CSV UTF-8 (comma delimited)'.")
        return
    for position, column in enumerate(header):
        if column not in _COLUMNS:
            yield problem(column or f"column {position + 1}", f"is not a column here. {suggestion(column, _COLUMNS)}")
        elif column in header[:position]:
            yield problem(column, "is given twice. Keep one of the two columns.")
    for column in _REQUIRED:
        if column not in header:
            yield problem(column, f"is missing. Add the column: {Intervention.model_fields[column].description}.")


def _scope_problems(row: _Row, model: PortfolioFile | None, ids: WrittenIds | None) -> Iterator[Problem]:
    value_stream, train, team = (row.cells.get(column) for column in ("value_stream", "train", "team"))
    if not (value_stream or train or team):
        message = "is missing, as are train and team. Say whose series is watched: fill one of the three."
        yield row.problem("value_stream", message)
    if model is None or ids is None:
        return
    for column, named, known, thing in (
        ("value_stream", value_stream, ids.value_streams, "a value stream"),
        ("train", train, ids.trains, "a train"),
        ("team", team, ids.teams, "a team"),
    ):
        if named and named not in known:
            yield row.problem(column, f"{quoted(named)} is not {thing} of the portfolio. {suggestion(named, known)}")
    stream_of_train = {t.id: stream.id for stream in model.value_streams for t in stream.trains}
    train_of_team = {t.id: tr.id for stream in model.value_streams for tr in stream.trains for t in tr.teams}
    home_train = train_of_team.get(team or "")
    home_stream = stream_of_train.get(train or home_train or "")
    if train in ids.trains and home_train and train != home_train:
        yield row.problem("train", f"team {quoted(team)} belongs to {quoted(home_train)}. Correct train or team.")
    elif value_stream in ids.value_streams and home_stream and value_stream != home_stream:
        member = f"train {quoted(train)}" if train else f"team {quoted(team)}"
        yield row.problem("value_stream", f"{member} belongs to {quoted(home_stream)}. Correct one of the two.")


def _stage_problems(row: _Row, model: PortfolioFile | None, ids: WrittenIds | None) -> Iterator[Problem]:
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
