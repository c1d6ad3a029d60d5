"""The report sites that the browser tests open: folders with `index.html` and its pages."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

REPORT_TESTS = Path(__file__).parents[1] / "unit" / "reports"
# No call home, no profile, no GPU: the tests run in containers without a network.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session", params=["made-up frames", "the bundled example"])
def site_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports of a whole refresh, and a site from the hostile frames of the report tests."""
    if request.param == "the bundled example":
        return request.getfixturevalue("published_example").reports
    sys.path.insert(0, str(REPORT_TESTS))
    import synthetic_frames

    from orchestration.reports import build_site

    folder = tmp_path_factory.mktemp("site")
    build_site(synthetic_frames.frames(), synthetic_frames.context(), folder)
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium where it is installed, else Playwright's own."""
    installed = shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
