"""The registers as rows of raw_portfolio.

Belongs here: one function per register. Does not belong here: the other tables (tables.py), columns and types
(table_columns.py), reading the registers (the package registers).
"""

from collections.abc import Iterable, Iterator

from orchestration.portfolio.models import Portfolio
from orchestration.portfolio.register_rows import Intervention
from orchestration.portfolio.table_columns import Row


def register_rows(portfolio: Portfolio) -> dict[str, Iterable[Row]]:
    """Return the rows of each register's table, by table name."""
    return {
        "interventions": _interventions(portfolio),
        "intervention_metrics": _intervention_metrics(portfolio),
        "practice_events": _practice_events(portfolio),
        "capacity": _capacity(portfolio),
        "objectives": _objectives(portfolio),
        "outcomes": _outcomes(portfolio),
        "people": _people(portfolio),
    }


def _interventions(portfolio: Portfolio) -> Iterator[Row]:
    stream_of_train = {train.id: stream.id for stream in portfolio.value_streams for train in stream.trains}
    train_of_team = {
        team.id: train.id for stream in portfolio.value_streams for train in stream.trains for team in train.teams
    }
    for intervention in primary_rows(portfolio.interventions):
        train_id = intervention.train or train_of_team.get(intervention.team or "")
        yield {
            "intervention_id": intervention.intervention_id,
            "intervention_name": intervention.name,
            "value_stream_id": intervention.value_stream or stream_of_train.get(train_id or ""),
            "train_id": train_id,
            "team_id": intervention.team,
            "stage_id": intervention.stage,
            "level": intervention.level,
            "metric": intervention.metric,
            "desired_direction": intervention.desired_direction,
            "launched_date": intervention.launched_on,
            "transition_days": intervention.transition_days,
            "hypothesis": intervention.hypothesis,
            "owner_role": intervention.owner_role,
            "projected_change_percent": intervention.projected_change_percent,
            "projected_change_low_percent": intervention.projected_change_low_percent,
            "projected_change_high_percent": intervention.projected_change_high_percent,
            "minimum_change_percent": intervention.minimum_change_percent,
            "kind": intervention.kind,
            "funded_date": intervention.funded_on,
            "cost": intervention.cost,
            "excluded_controls": "; ".join(intervention.controls_ruled_out) or None,
        }


def primary_rows(interventions: Iterable[Intervention]) -> list[Intervention]:
    """Return one row per intervention, in file order: the row of its primary metric, with what others say of it."""
    rows_of: dict[str, list[Intervention]] = {}
    for row in interventions:
        rows_of.setdefault(row.intervention_id, []).append(row)
    found = []
    for rows in rows_of.values():
        chosen = next((row for row in rows if row.primary), rows[0])
        said = {name: next((value for row in rows if (value := getattr(row, name)) is not None), None)
                for name in ("hypothesis", "owner_role", "kind", "funded_on", "cost", "excluded_controls")}  # fmt: skip
        found.append(chosen.model_copy(update=said))
    return found


def _intervention_metrics(portfolio: Portfolio) -> Iterator[Row]:
    primary = {row.intervention_id: row.metric for row in primary_rows(portfolio.interventions)}
    for row in portfolio.interventions:
        yield {
            "intervention_id": row.intervention_id,
            "metric": row.metric,
            "is_primary": row.metric == primary[row.intervention_id],
            "stage_id": row.stage,
            "level": row.level,
            "desired_direction": row.desired_direction,
            "projected_change_percent": row.projected_change_percent,
            "projected_change_low_percent": row.projected_change_low_percent,
            "projected_change_high_percent": row.projected_change_high_percent,
            "minimum_change_percent": row.minimum_change_percent,
        }


def _practice_events(portfolio: Portfolio) -> Iterator[Row]:
    for event in portfolio.practice_events:
        yield {
            "intervention_id": event.intervention,
            "event_date": event.date,
            "practice": event.practice,
            "is_followed": event.is_followed,
        }


def _capacity(portfolio: Portfolio) -> Iterator[Row]:
    for entry in portfolio.capacity:
        yield {
            "team_id": entry.team,
            "role": entry.role,
            "valid_from": entry.valid_from,
            "headcount": entry.headcount,
            "hours_per_week": entry.hours_per_week,
            "absence_share": entry.absence_share,
            "cost_rate_per_hour": entry.cost_rate_per_hour,
        }


def _objectives(portfolio: Portfolio) -> Iterator[Row]:
    for objective in portfolio.objectives:
        yield {
            "increment_id": objective.increment,
            "team_id": objective.team,
            "objective_id": objective.objective_id,
            "objective": objective.objective,
            "is_committed": objective.committed,
            "planned_business_value": objective.planned_business_value,
            "actual_business_value": objective.actual_business_value,
        }


def _outcomes(portfolio: Portfolio) -> Iterator[Row]:
    for outcome in portfolio.outcomes:
        yield {
            "week_start": outcome.week,
            "value_stream_id": outcome.value_stream,
            "outcome": outcome.outcome,
            "value": outcome.value,
            "unit": outcome.unit,
            "desired_direction": outcome.desired_direction,
        }


def _people(portfolio: Portfolio) -> Iterator[Row]:
    for person in portfolio.people:
        yield {
            "person_id": person.person_id,
            "source_id": person.source,
            "identity_hash": person.identity_hash,
            "team_id": person.team,
            "role": person.role,
            "valid_from": person.valid_from,
            "valid_to": person.valid_to,
        }
