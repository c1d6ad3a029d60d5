"""What is coming, on the first page and on that of a value stream: choke points first, then dates, then items at risk.

Belongs here: the order, and which rows each part gets. Does not belong here: what the parts say (`queues_ahead`,
`work_ahead`, `deliveries_ahead`).
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from orchestration.reports.blocks import Block, Section, present
from orchestration.reports.sections import deliveries_ahead, queues_ahead, work_ahead
from orchestration.reports.value_streams import ValueStream


def overview_section(
    frames: Mapping[str, pd.DataFrame], streams: Sequence[ValueStream], hrefs: Mapping[str, str]
) -> Section:
    """The section of the first page; `hrefs` are the pages by value_stream_id."""
    names = {stream.identity: stream.name for stream in streams}
    stages = _stage_names(frames["dim_stages"])
    return Section(
        "coming",
        "What is coming",
        present(
            [
                *queues_ahead.overview_blocks(
                    frames["choke_point_forecasts"], frames["choke_point_backtest"], names, stages, hrefs
                ),
                work_ahead.load_sentences(frames["load_forecasts"], names, stages),
                *deliveries_ahead.overview_blocks(
                    frames["delivery_forecasts"], frames["delivery_backtest"], frames["fct_work_items"], names, hrefs
                ),
                *work_ahead.at_risk_blocks(frames["mart_ageing_items"], names, hrefs),
            ]
        ),
    )


def stream_sections(
    frames: Mapping[str, pd.DataFrame], stream: ValueStream, stage_metrics: pd.DataFrame
) -> tuple[Section, ...]:
    """The sections of one value stream's page; `stage_metrics` are the value stream's."""
    shown = frames["dim_stages"]
    shown = shown[shown["workflow_id"].isin(list(stream.workflows))]
    stages = _stage_names(shown)
    queues: list[Block | None] = [
        *queues_ahead.stream_blocks(
            frames["choke_point_forecasts"],
            frames["choke_point_backtest"],
            stage_metrics,
            stages,
            stream.identity,
            stream.level,
        ),
        work_ahead.load_table(frames["load_forecasts"], stages, stream.identity),
        work_ahead.trend_words(frames["trends"], stages, stream.identity, stream.level),
    ]
    deliveries: list[Block | None] = [
        deliveries_ahead.throughput_table(frames["throughput_forecasts"], stream.identity, stream.level),
        *deliveries_ahead.stream_blocks(
            frames["delivery_forecasts"], frames["delivery_backtest"], frames["fct_work_items"], stream.identity
        ),
    ]
    return (
        Section("coming", "What is coming to its queues and stages", present(queues)),
        Section("deliveries-ahead", "What will be done by when", present(deliveries)),
    )


def _stage_names(stages: pd.DataFrame) -> dict[str, str]:
    ordered = stages.sort_values(["workflow_id", "position", "stage_id"])
    return dict(zip(ordered["stage_id"].astype(str), ordered["stage_name"].astype(str), strict=True))
