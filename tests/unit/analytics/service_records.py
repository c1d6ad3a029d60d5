"""Stage visits from explicit service records: when an item joined a stage's queue, was begun and was finished.

Belongs here: turning such records (simulations, lines worked by hand) into the visits and stages that the evidence on
the constraint reads; the tests in tests/external use it too. Does not belong here: anything that measures them.
"""

import numpy as np
import pandas as pd


def visits_from_service_records(
    records: pd.DataFrame, unit: pd.Timedelta, origin: pd.Timestamp, value_stream_id: str = "line", level: str = "item"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (visits, stages): for each stage number k a queue ``line.queue-k`` and an active stage ``line.stage-k``.

    ``records`` holds one row per item and stage: item, stage, enter, start, finish; enter <= start <= finish are
    numbers of ``unit`` since ``origin``. An item begun at once gets no visit to the queue. Every history is usable.
    """
    waits = records.loc[records["start"] > records["enter"]]
    visits = pd.concat(
        [
            _spans(waits["item"], "line.queue-" + waits["stage"].astype("str"), waits["enter"], waits["start"]),
            _spans(
                records["item"], "line.stage-" + records["stage"].astype("str"), records["start"], records["finish"]
            ),
        ]
    ).sort_values(["work_item_id", "enters", "leaves"], ignore_index=True)
    visits["value_stream_id"] = value_stream_id
    visits["level"] = level
    visits["entered_at"] = origin + visits.pop("enters").to_numpy(dtype=float) * unit
    visits["exited_at"] = origin + visits.pop("leaves").to_numpy(dtype=float) * unit
    visits["next_stage_id"] = visits.groupby("work_item_id")["stage_id"].shift(-1)
    visits["has_usable_history"] = True

    numbers = np.sort(records["stage"].unique())
    stages = pd.DataFrame(
        {
            "stage_id": [f"line.{kind}-{number}" for number in numbers for kind in ("queue", "stage")],
            "workflow_id": "line",
            "stage_name": [f"{kind} {number}" for number in numbers for kind in ("Queue", "Stage")],
            "stage_kind": np.tile(["queue", "active"], numbers.size),
            "position": np.arange(2 * numbers.size) + 1,
            "is_counted": True,
            "is_cancelled": False,
            "is_unmapped": False,
            "wip_limit": np.nan,
        }
    )
    return visits, stages


def _spans(item: pd.Series, stage_id: pd.Series, enters: pd.Series, leaves: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"work_item_id": item, "stage_id": stage_id, "enters": enters, "leaves": leaves})
