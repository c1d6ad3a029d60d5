"""Keeps the results of a refresh and builds the Data Docs site from them.

Belongs here: Great Expectations' stores and site builder, and making what they write repeatable and safe to read.
Does not belong here: the look of the pages (``views``, ``templates``).
"""

import copy
import html
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)

from checks.expectations import SuiteValidation, check_name

_SITE = "Weir"
_WRITTEN = ("expectations", "validations", "static")
# Static, so that nothing about this run of the program reaches a page.
_CONTEXT_ID = uuid5(NAMESPACE_URL, "weir/data-docs")


class DataDocsError(RuntimeError):
    """The site is not complete."""


def render_data_docs(
    validations: Sequence[SuiteValidation],
    site_folder: Path,
    working_folder: Path,
    refresh_id: str,
    as_of: datetime,
) -> Path:
    """Add results to those kept for the refresh, rebuild the site from all of them; return its ``index.html``.

    Raises DataDocsError if a page could not be rendered (Great Expectations itself only logs that).
    """
    site_folder.mkdir(parents=True, exist_ok=True)
    _forget_other_refreshes(working_folder, refresh_id)
    context = _context(site_folder, working_folder)
    run = RunIdentifier(run_name=refresh_id, run_time=as_of.astimezone(UTC))
    for validation in validations:
        _keep(context, validation, run)
    for name in _WRITTEN:
        shutil.rmtree(site_folder / name, ignore_errors=True)
    context.build_data_docs()
    # Fonts and pictures of Great Expectations' own pages, 4 MB that ours do not use.
    shutil.rmtree(site_folder / "static", ignore_errors=True)
    _check_complete(context, site_folder)
    return site_folder / "index.html"


def _forget_other_refreshes(working_folder: Path, refresh_id: str) -> None:
    marker = working_folder / "refresh_id"
    if not marker.exists() or marker.read_text(encoding="utf-8") != refresh_id:
        for name in ("expectations", "validations"):
            shutil.rmtree(working_folder / name, ignore_errors=True)
    working_folder.mkdir(parents=True, exist_ok=True)
    marker.write_text(refresh_id, encoding="utf-8")


def _context(site_folder: Path, working_folder: Path) -> EphemeralDataContext:
    """Set up a context whose stores are files, without the project folder that a file context would make."""
    page = {"module_name": "checks.data_docs.views", "class_name": "OfflinePageView"}
    index = {"module_name": "checks.data_docs.views", "class_name": "OfflineIndexPageView"}
    return EphemeralDataContext(
        project_config=DataContextConfig(
            expectations_store_name="suites",
            validation_results_store_name="results",
            checkpoint_store_name="checkpoints",
            stores={
                "suites": {"class_name": "ExpectationsStore", "store_backend": _files(working_folder / "expectations")},
                "results": {
                    "class_name": "ValidationResultsStore",
                    "store_backend": _files(working_folder / "validations"),
                },
                "checkpoints": _in_memory("CheckpointStore"),
                "validation_definition_store": _in_memory("ValidationDefinitionStore"),
            },
            data_docs_sites={
                _SITE: {
                    "class_name": "SiteBuilder",
                    "show_how_to_buttons": False,
                    "store_backend": _files(site_folder),
                    "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", "view": index},
                    "site_section_builders": {
                        "expectations": {"view": page},
                        "validations": {"view": page},
                        "profiling": "none",
                    },
                }
            },
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
            data_context_id=_CONTEXT_ID,
        )
    )


def _files(folder: Path) -> dict[str, Any]:
    return {
        "class_name": "TupleFilesystemStoreBackend",
        "base_directory": str(folder.resolve()),
        "suppress_store_backend_id": True,
    }


def _in_memory(store: str) -> dict[str, Any]:
    return {"class_name": store, "store_backend": {"class_name": "InMemoryStoreBackend"}}


def _keep(context: EphemeralDataContext, validation: SuiteValidation, run: RunIdentifier) -> None:
    definition = validation.definition
    context.suites.add_or_update(validation.suite)
    context.validation_results_store.set(
        ValidationResultIdentifier(
            expectation_suite_identifier=ExpectationSuiteIdentifier(name=definition.name),
            run_id=run,
            batch_identifier=definition.layer,
        ),
        _publishable(validation, run),
    )


def _publishable(validation: SuiteValidation, run: RunIdentifier) -> ExpectationSuiteValidationResult:
    """Copy a result without the moment of running and with text escaped: table cells are put out as they are."""
    outcome = copy.deepcopy(validation.outcome)
    order = {check.name: position for position, check in enumerate(validation.definition.checks)}
    outcome.results.sort(key=lambda item: order[check_name(item)])
    for item in outcome.results:
        # How to filter the frame by hand: of no use to a reader who does not have it.
        shown = {name: value for name, value in item.result.items() if name != "unexpected_index_query"}
        item.result = {name: _escaped(value) for name, value in shown.items()}
    outcome.meta = {
        "great_expectations_version": outcome.meta["great_expectations_version"],
        # Not the RunIdentifier: it is stored in the machine's time zone and shown as if that were UTC.
        "run_id": {"run_name": run.run_name, "run_time": run.run_time.isoformat()},
        "batch_kwargs": {"data_asset_name": validation.definition.frame},
        "active_batch_definition": {"data_asset_name": validation.definition.frame},
    }
    return outcome


def _escaped(value: object) -> object:
    if isinstance(value, str):
        return html.escape(value)
    if isinstance(value, dict):
        return {name: _escaped(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(part) for part in value]
    return value


def _check_complete(context: EphemeralDataContext, site_folder: Path) -> None:
    """Look for a page of every kept suite and result that says something."""
    kept = {"expectations": context.expectations_store, "validations": context.validation_results_store}
    expected = [
        site_folder / "index.html",
        *(
            site_folder.joinpath(name, *key.to_tuple()).with_suffix(".html")
            for name, store in kept.items()
            for key in store.list_keys()
        ),
    ]
    broken = sorted(page.relative_to(site_folder).as_posix() for page in expected if not _has_content(page))
    if broken:
        raise DataDocsError(
            f"{len(broken)} pages of the Data Docs could not be rendered: {', '.join(broken)}. "
            "See the log of Great Expectations above; the check results themselves are complete."
        )


def _has_content(page: Path) -> bool:
    return page.exists() and "<table" in page.read_text(encoding="utf-8")
