"""What the table on the sensitivity of lines means, column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orchestration.analytics.table_words import PublishedColumn, PublishedTable

if TYPE_CHECKING:
    from collections.abc import Mapping

_WITHHELD = "withheld, see withheld_reason"
_NOT_RUN = "not simulated, see withheld_reason"
_NO_FLOW = "withheld, or is_flow_time_reproduced is false"
_ELASTICITY = "per cent per per cent of capacity"

_SENSITIVITY = PublishedTable(
    description=(
        "What more capacity at one stage at a time would have done to a line in which a constraint is named, by a "
        "simulation calibrated on the window: the check that the line really depends on that stage."
    ),
    grain="One row per line with a declared constraint or candidates, and active stage; of the shorter window.",
    question="Would more capacity at the constraint help, and would it help nowhere else?",
    columns={
        "scope": PublishedColumn("value_stream or train."),
        "scope_id": PublishedColumn("Which one."),
        "value_stream_id": PublishedColumn("Its value stream."),
        "level": PublishedColumn("Level of the work items."),
        "workflow_id": PublishedColumn("The workflow."),
        "window_weeks": PublishedColumn("Length of the window asked for.", "weeks", "neutral"),
        "window_start": PublishedColumn("First local day of the window."),
        "window_end": PublishedColumn("Last local day of the window."),
        "n_weeks": PublishedColumn("Whole weeks in the window.", "weeks", "neutral"),
        "stage_id": PublishedColumn("The active stage, as workflow.stage."),
        "stage_name": PublishedColumn("Name of the stage."),
        "stage_position": PublishedColumn("Place of the stage in its workflow, from 1.", "place", "neutral"),
        "status": PublishedColumn("declared, candidate, not_named or not_compared, as in constraint_declarations."),
        "n_arrivals": PublishedColumn(
            "Items that entered the line in the window.", "items", "neutral", when_zero="none entered"
        ),
        "n_finished": PublishedColumn("Items that left it in the window.", "items", "up", when_zero="none left"),
        "n_services": PublishedColumn(
            "Items whose work at the stage is resampled: they came and left in the window.", "items", "neutral",
            when_zero="there are none",
        ),
        "n_replications": PublishedColumn(
            "Paired replications.", "replications", "neutral", when_zero="not simulated"
        ),
        "added_capacity": PublishedColumn("Capacity added at the stage, and nowhere else.", "share", "neutral"),
        "servers": PublishedColumn(
            "Items that the stage works on at once in the simulation.", "items", "neutral", _NOT_RUN
        ),
        "throughput_elasticity": PublishedColumn(
            "Relative change of the items that leave the line in the window, over that of the stage's capacity.",
            _ELASTICITY, "neutral", _WITHHELD, "more capacity here changes nothing",
        ),
        "throughput_elasticity_lower": PublishedColumn(
            "Lower end of its 95 % interval.", _ELASTICITY, "neutral", _WITHHELD
        ),
        "throughput_elasticity_upper": PublishedColumn(
            "Upper end of its 95 % interval.", _ELASTICITY, "neutral", _WITHHELD
        ),
        "flow_time_elasticity": PublishedColumn(
            "The same of the 85th percentile of flow time, in working hours, of the items that arrive in the window; "
            "below 0 is shorter.",
            _ELASTICITY, "down", _NO_FLOW, "more capacity here changes nothing",
        ),
        "flow_time_elasticity_lower": PublishedColumn(
            "Lower end of its 95 % interval.", _ELASTICITY, "neutral", _NO_FLOW
        ),
        "flow_time_elasticity_upper": PublishedColumn(
            "Upper end of its 95 % interval.", _ELASTICITY, "neutral", _NO_FLOW
        ),
        "finished_simulated_lower": PublishedColumn(
            "Items that leave the line as it is: lower end of what 95 % of replications give.", "items", "neutral",
            _NOT_RUN,
        ),
        "finished_simulated_upper": PublishedColumn("Upper end of the same.", "items", "neutral", _NOT_RUN),
        "flow_hours_measured": PublishedColumn(
            "Median flow time of the items that came and left in the window.", "working hours", "down",
            "none did, or not simulated",
        ),
        "flow_hours_simulated_lower": PublishedColumn(
            "The same of the line as it is in the simulation: lower end of what 95 % of replications give.",
            "working hours", "neutral", _NOT_RUN,
        ),
        "flow_hours_simulated_upper": PublishedColumn("Upper end of the same.", "working hours", "neutral", _NOT_RUN),
        "is_throughput_reproduced": PublishedColumn(
            "Whether n_finished lies within what the line as it is gives; if not, all is withheld.", when_null=_NOT_RUN
        ),
        "is_flow_time_reproduced": PublishedColumn(
            "Whether flow_hours_measured does; if not, flow times are withheld.", when_null=_NOT_RUN
        ),
        "is_top": PublishedColumn("Whether throughput is most sensitive to this stage.", when_null=_WITHHELD),
        "finding": PublishedColumn(
            "confirmed (a stage named is the most sensitive one, or no less for all that chance lets tell), disagrees, "
            "or no_stage_limits (a tenth more anywhere changes throughput by under 0.5 %).",
            when_null=_WITHHELD,
        ),
        "sentence": PublishedColumn("The same in words.", when_null=_WITHHELD),
        "withheld_reason": PublishedColumn("Why numbers are missing.", when_null="nothing is withheld"),
        "method_version": PublishedColumn("Method and version that made the row."),
    },
)  # fmt: skip

TABLES: Final[Mapping[str, PublishedTable]] = {"constraint_sensitivity": _SENSITIVITY}
