"""The limits that the checks compare with.

Belongs here: one field per limit, with its unit and why its default is what it is. Does not belong here: which check
uses it (``checks.suites``) or where a portfolio sets it (its ``gate``).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckParameters:
    """Limits of the gate; shares are between 0 and 1.

    max_quarantined_share: largest share of one source's records that may be unusable before nothing is published.
    max_days_behind: days an export may lag behind ``as_of``; three let a weekend pass without a warning.
    max_unassigned_share: share of a source's counted items that no membership rule may place.
    max_unmapped_status_share: share of a source's counted items that may have sat in a status nobody mapped.
    min_usable_history_share: share of a source's counted items whose history must be usable.
    littles_law_tolerance: how far the Little's law residual may lie from 0 (metrics.md, queueing check: 25 %).
    min_baseline_weeks: complete weeks before a launch that behaviour-chart limits need (12 make them usable).
    max_missing_weeks_share: share of an intervention's weeks whose value may be withheld.
    """

    max_quarantined_share: float = 0.01
    max_days_behind: float = 3.0
    max_unassigned_share: float = 0.05
    max_unmapped_status_share: float = 0.05
    min_usable_history_share: float = 0.90
    littles_law_tolerance: float = 0.25
    min_baseline_weeks: int = 12
    max_missing_weeks_share: float = 0.25

    def __post_init__(self) -> None:
        """Refuse limits that would make a check always or never fail.

        Raises ValueError if a share does not lie in 0 to 1 or another limit is negative.
        """
        for name, value in vars(self).items():
            is_share = name.endswith("_share")
            if value < 0 or (is_share and value > 1):
                allowed = "between 0 and 1" if is_share else "0 or more"
                raise ValueError(f"{name} is {value}, but has to be {allowed}. Correct the portfolio's gate.")
