"""The thresholds of portfolio.yaml as the methods on interventions take them."""

from dataclasses import dataclass, field

from orchestration.analytics.alternate_constraint import AlternateConstraintSettings
from orchestration.analytics.controlled_effect import ControlSettings
from orchestration.analytics.discovery_control import DiscoverySettings
from orchestration.analytics.projection_calibration import CalibrationSettings
from orchestration.analytics.projection_record import ProjectionSettings
from orchestration.analytics.series_minima import InterruptedSeriesSettings
from orchestration.analytics.stable_shift import StableShiftSettings
from orchestration.analytics.sustainment import SustainmentSettings
from orchestration.analytics.synthetic_control import SyntheticControlSettings
from orchestration.analytics.verdict_table import VerdictSettings
from orchestration.portfolio.intervention_settings import InterventionThresholds
from orchestration.portfolio.stable_shift_settings import StableShiftThresholds


@dataclass(frozen=True)
class MethodSettings:
    """Settings of every method on interventions."""

    series: InterruptedSeriesSettings = field(default_factory=InterruptedSeriesSettings)
    verdict: VerdictSettings = field(default_factory=VerdictSettings)
    control: ControlSettings = field(default_factory=ControlSettings)
    discovery: DiscoverySettings = field(default_factory=DiscoverySettings)
    sustainment: SustainmentSettings = field(default_factory=SustainmentSettings)
    alternate: AlternateConstraintSettings = field(default_factory=AlternateConstraintSettings)
    projections: ProjectionSettings = field(default_factory=ProjectionSettings)
    calibration: CalibrationSettings = field(default_factory=CalibrationSettings)
    stable_shift: StableShiftSettings = field(default_factory=StableShiftSettings)
    synthetic: SyntheticControlSettings = field(default_factory=SyntheticControlSettings)


def stable_shift_settings(given: StableShiftThresholds) -> StableShiftSettings:
    """Return the parameters of the Stable Shift Algorithm that a portfolio's thresholds stand for."""
    return StableShiftSettings(**given.model_dump())


def method_settings(given: InterventionThresholds, shifts: StableShiftThresholds) -> MethodSettings:
    """Return the settings that a portfolio's thresholds stand for."""
    return MethodSettings(
        series=InterruptedSeriesSettings(
            min_baseline_weeks=given.min_baseline_weeks, min_post_weeks=given.min_post_weeks
        ),
        verdict=VerdictSettings(
            run_length=given.run_length, recent_weeks=given.recent_weeks, minimum_sigmas=given.minimum_sigmas
        ),
        control=ControlSettings(
            quiet_weeks=given.quiet_weeks, min_correlation=given.min_correlation, min_donors=given.min_donors
        ),
        discovery=DiscoverySettings(false_discovery_rate=given.false_discovery_rate),
        sustainment=SustainmentSettings(
            run_length=given.run_length,
            n_recent=given.recent_weeks,
            n_to_sustain=given.weeks_to_sustain,
            min_retained=given.min_retained,
            n_to_accept=shifts.n_min_trial,
        ),
        alternate=AlternateConstraintSettings(min_post_weeks=given.min_post_weeks),
        projections=ProjectionSettings(weeks_to_due=given.weeks_to_due),
        stable_shift=stable_shift_settings(shifts),
        synthetic=SyntheticControlSettings(is_on=given.synthetic_control, min_post_weeks=given.min_post_weeks),
    )
