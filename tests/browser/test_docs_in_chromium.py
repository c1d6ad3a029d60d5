"""What `weir docs` writes: dbt's pages in one file, opened from disk with the network blocked."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Page

from orchestration.dbt_build import write_docs
from orchestration.portfolio_folder import DBT_PROJECT, PortfolioFolder
from orchestration.warehouse import WarehouseFolder

MODEL = "#!/model/model.weir.mart_delivery_performance"
EXPOSURE = "#!/exposure/exposure.weir.overview_page"


@pytest.fixture
def blocked() -> list[str]:
    """Addresses that a page asked for although it should need none."""
    return []


@pytest.fixture
def browsed(chromium: Browser, blocked: list[str]) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})

    def block(route) -> None:
        blocked.append(route.request.url)
        route.abort()

    context.route("http://**", block)
    context.route("https://**", block)
    yield context.new_page()
    context.close()


def _shows(page: Page, file: Path, place: str, *texts: str) -> None:
    page.goto(file.as_uri() + place)
    page.reload()  # the place alone would not load the page anew
    for text in texts:
        page.get_by_text(text, exact=True).first.wait_for(timeout=20_000)


def test_pages_on_a_published_warehouse_show_its_tables_and_leave_it_as_it_is(
    weir, browsed: Page, blocked: list[str], example_copy: PortfolioFolder
) -> None:
    file = WarehouseFolder(example_copy.warehouse).published
    before = file.read_bytes()
    with duckdb.connect(str(file), read_only=True):  # a reader has it open meanwhile
        done = weir("docs", portfolio=example_copy.folder)
    assert done.returncode == 0, done.stderr
    page = example_copy.folder / ".weir" / "dbt-docs" / "index.html"
    assert done.stdout == f"Docs        {page} (with the published tables)\n"
    assert file.read_bytes() == before
    assert not file.with_name(file.name + ".wal").exists()
    _shows(browsed, page, MODEL, "change_failure_share", "DOUBLE")
    _shows(browsed, page, EXPOSURE, "Portfolio at a glance")
    assert blocked == []


def test_pages_without_a_warehouse_show_what_the_project_declares(
    browsed: Page, blocked: list[str], tmp_path: Path
) -> None:
    page = write_docs(DBT_PROJECT, None, tmp_path / "docs")
    assert [path.name for path in (tmp_path / "docs").iterdir()] == ["index.html"]
    _shows(browsed, page, MODEL, "change_failure_share", "double")
    assert blocked == []
