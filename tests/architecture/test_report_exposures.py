"""The exposures of the dbt project: each kind of report page is declared with exactly the tables that it reads."""

import sys
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import pandas as pd
import pytest

from orchestration.reports import REQUIRED_FRAMES, page
from orchestration.reports.blocks import Page
from orchestration.reports.value_stream_page import value_stream_page
from orchestration.reports.value_streams import value_streams


class ReadFrames(dict[str, pd.DataFrame]):
    """Frames that remember which of them were asked for."""

    def __init__(self, frames: dict[str, pd.DataFrame]) -> None:
        super().__init__(frames)
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> pd.DataFrame:
        self.names.add(name)
        return super().__getitem__(name)


@pytest.fixture(scope="module")
def made_up(root) -> tuple[dict[str, pd.DataFrame], Any]:
    """The frames of the report tests, with an intervention in each kind of scope, as each reads its own dimension."""
    sys.path.insert(0, str(root / "tests" / "unit" / "reports"))
    import synthetic_frames

    frames = synthetic_frames.frames(n_stories=200, n_features=40)
    series = frames["mart_intervention_series"]
    kinds = dict(zip(series["intervention_id"].unique(), ("value_stream", "train", "team"), strict=True))
    frames["mart_intervention_series"] = series.assign(scope_type=series["intervention_id"].map(kinds))
    return frames, synthetic_frames.context()


def _overview(frames, context) -> list[Page]:
    return [page._overview(frames, context, value_streams(frames), page._charted(frames))]


def _value_streams(frames, context) -> list[Page]:
    return [value_stream_page(frames, context, stream) for stream in value_streams(frames)]


def _across(frames, context) -> list[Page]:
    return [page._across_page(frames, context, value_streams(frames))]


def _interventions(frames, context) -> list[Page]:
    return [page._intervention_page(frames, context, one) for one in page._charted(frames)]


def _data_quality(frames, context) -> list[Page]:
    return [page._quality_page(frames, context)]


def _column_dictionary(frames, context) -> list[Page]:
    return [page._dictionary_page(frames, context)]


MAKERS: tuple[Callable[..., list[Page]], ...] = (
    _overview, _across, _value_streams, _interventions, _data_quality, _column_dictionary,
)  # fmt: skip


def declared(exposure: dict[str, Any]) -> set[str]:
    beside = exposure["config"]["meta"]["reads_beside_dbt"]
    return {name.split(".")[-1] for name in [*exposure["depends_on"]["nodes"], *beside]}


@pytest.fixture(scope="module")
def exposures(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {exposure["config"]["meta"]["page_kind"]: exposure for exposure in manifest["exposures"].values()}


def test_every_kind_of_page_is_an_exposure_with_owner_and_maturity(exposures):
    assert set(exposures) == set(get_args(get_type_hints(Page)["kind"]))
    for exposure in exposures.values():
        assert exposure["owner"]["name"]
        assert exposure["maturity"] in {"high", "medium", "low"}
        assert exposure["description"]


@pytest.mark.parametrize("make", MAKERS)
def test_a_page_reads_exactly_the_tables_of_its_exposure(exposures, made_up, make):
    frames, context = made_up
    read = ReadFrames(frames)
    (kind,) = {made.kind for made in make(read, context)}
    assert read.names == declared(exposures[kind])


def test_the_exposures_together_read_exactly_what_the_reports_are_given(exposures):
    assert set().union(*(declared(exposure) for exposure in exposures.values())) == set(REQUIRED_FRAMES)


def test_exposures_depend_only_on_public_models_and_on_what_the_refresh_notes(exposures):
    for exposure in exposures.values():
        for name in exposure["depends_on"]["nodes"]:
            assert name.split(".")[-1].startswith(("dim_", "fct_", "mart_")) or name.startswith("source.weir.quality.")
