"""All analyses of a refresh, one after another, for who runs a refresh without Dagster."""

from orchestration.analysis_steps.constraints import judge_constraints
from orchestration.analysis_steps.forecasts import forecast
from orchestration.analysis_steps.interventions import follow_interventions
from orchestration.analysis_steps.linked_signals import link_signals
from orchestration.analysis_steps.waits import explain_waits
from orchestration.refresh import RefreshBuild


def analyse(build: RefreshBuild) -> None:
    """Write every table of the schema `analysis`."""
    judged = judge_constraints(build)
    link_signals(build, judged["constraint_declarations"])
    explain_waits(build)
    follow_interventions(build)
    forecast(build)
