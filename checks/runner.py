"""Runs suites over frames: the one way into the gate.

Belongs here: from frames to results, and handing results to Data Docs. Does not belong here: Great Expectations itself
(``checks.expectations``, ``checks.data_docs``), imported only when something runs because that takes seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from checks.definitions import Layer, SuiteDefinition
from checks.frames import checked_frame
from checks.parameters import CheckParameters
from checks.results import CheckReport, CheckResult
from checks.suites import suites_of_layer


@dataclass(frozen=True)
class DataDocs:
    """Where and under which name a run's Data Docs are rendered.

    site_folder: the site (``index.html`` and its pages); only what Data Docs themselves wrote there is replaced.
    working_folder: keeps the results between the layers of one refresh; results of another refresh are dropped.
    refresh_id, as_of: stand on the pages and in their addresses instead of the time of day, so that a re-run of the
        same refresh gives the same bytes; ``as_of`` has to carry a time zone.
    """

    site_folder: Path
    working_folder: Path
    refresh_id: str
    as_of: datetime

    def __post_init__(self) -> None:
        """Refuse what would give pages without a place or a time. Raises ValueError."""
        if self.as_of.tzinfo is None:
            raise ValueError("as_of has no time zone. Pass an aware datetime, best in UTC.")
        if not self.refresh_id or set(self.refresh_id) & set('/\\:*?"<>|') or self.refresh_id.startswith("."):
            raise ValueError(f"refresh_id {self.refresh_id!r} cannot name a folder. Use letters, digits, '-' and '_'.")


def run_suite(
    definition: SuiteDefinition,
    frames: Mapping[str, pd.DataFrame],
    parameters: CheckParameters | None = None,
) -> list[CheckResult]:
    """Run one suite over its frame (``frames[definition.frame]``); one result per check, in the suite's order.

    Raises CheckFrameError if the frame is missing or is not what its measure declares.
    """
    from checks.expectations import validate

    frame = checked_frame(definition.frame, frames)
    return list(validate(definition, frame, parameters or CheckParameters()).results)


def run_layer(
    layer: Layer,
    frames: Mapping[str, pd.DataFrame],
    parameters: CheckParameters | None = None,
    data_docs: DataDocs | None = None,
    definitions: Sequence[SuiteDefinition] | None = None,
) -> CheckReport:
    """Run all suites of a layer, or the given ones of it, and render Data Docs if a place for them is given.

    The site then shows this layer beside the layers that ran before under the same ``refresh_id``.

    Raises CheckFrameError before anything runs if a frame is missing or is not what its measure declares, and
    ValueError if a given definition belongs to another layer.
    """
    suites = suites_of_layer(layer) if definitions is None else tuple(definitions)
    strangers = [suite.name for suite in suites if suite.layer != layer]
    if strangers:
        raise ValueError(f"{', '.join(strangers)} do not belong to the layer {layer}. Pass that layer's suites only.")
    checked = {suite.name: checked_frame(suite.frame, frames) for suite in suites}

    from checks.expectations import validate

    validations = [validate(suite, checked[suite.name], parameters or CheckParameters()) for suite in suites]
    if data_docs is not None:
        from checks.data_docs import render_data_docs

        render_data_docs(
            validations, data_docs.site_folder, data_docs.working_folder, data_docs.refresh_id, data_docs.as_of
        )
    return CheckReport(tuple(result for validation in validations for result in validation.results))
