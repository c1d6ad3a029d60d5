"""Every page of the report site, opened from disk in Chromium with the network blocked."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

LAPTOP, PHONE = 1280, 390
A4_LESS_MARGINS = 680


@dataclass
class Opened:
    """A browser page and what it complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)

    def open(self, path: Path) -> None:
        self.page.goto(path.as_uri())
        self.wait_until("[...document.querySelectorAll('.chart')].every(chart => chart.querySelector('svg.main-svg'))")

    def wait_until(self, expression: str, seconds: float = 10) -> None:
        """Poll from here: Playwright's own waiting evaluates text in the page, which the pages' policy forbids."""
        deadline = time.monotonic() + seconds
        while not self.page.evaluate(expression):
            assert time.monotonic() < deadline, f"not true within {seconds} s: {expression}"
            self.page.wait_for_timeout(50)


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Opened]:
    context = chromium.new_context(viewport={"width": LAPTOP, "height": 900})
    made = Opened(context.new_page())

    def block(route: Route) -> None:
        made.blocked.append(route.request.url)
        route.abort()

    context.route("http://**", block)
    context.route("https://**", block)
    made.page.on("console", lambda message: made.complaints.append(f"{message.type}: {message.text}"))
    made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
    made.page.on("requestfailed", lambda request: made.complaints.append(f"failed: {request.url}"))
    yield made
    context.close()


def _pages(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.html"))
    assert folder / "index.html" in found
    return found


def test_pages_draw_their_figures_without_console_messages_or_network(opened: Opened, site_folder: Path) -> None:
    n_drawn = 0
    for path in _pages(site_folder):
        opened.open(path)
        drawn = opened.page.evaluate(
            "[...document.querySelectorAll('.js-plotly-plot')].map(plot => {"
            " const box = plot.querySelector('svg.main-svg').getBoundingClientRect();"
            " const marks = plot.querySelectorAll('svg .trace, svg .point, svg .hm');"
            " return [plot.id, box.width, box.height, marks.length]})"
        )
        assert len(drawn) == opened.page.locator("figure").count()
        assert all(width > 300 and height > 80 and n > 0 for _, width, height, n in drawn), (path.name, drawn)
        n_drawn += len(drawn)
    assert n_drawn > 0
    assert opened.complaints == []
    assert opened.blocked == []


@pytest.mark.parametrize("width", [PHONE, LAPTOP])
def test_no_page_scrolls_sideways(opened: Opened, site_folder: Path, width: int) -> None:
    opened.page.set_viewport_size({"width": width, "height": 844})
    for path in _pages(site_folder):
        opened.open(path)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width, path.name


def test_charts_follow_the_width_of_the_window(opened: Opened, site_folder: Path) -> None:
    opened.open(next(path for path in _pages(site_folder) if path.name.startswith("value-stream-")))
    opened.page.set_viewport_size({"width": PHONE, "height": 844})
    opened.wait_until(
        f"[...document.querySelectorAll('svg.main-svg')].every(svg => svg.getBoundingClientRect().right <= {PHONE})"
    )


def test_charts_fit_the_paper_when_printed(opened: Opened, site_folder: Path) -> None:
    opened.open(next(path for path in _pages(site_folder) if path.name.startswith("value-stream-")))
    opened.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    widths = "[...document.querySelectorAll('svg.main-svg')].map(svg => svg.getBoundingClientRect().width)"
    assert max(opened.page.evaluate(widths)) <= A4_LESS_MARGINS
    opened.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    opened.wait_until(f"Math.max(...{widths}) > {A4_LESS_MARGINS}")


def test_hostile_titles_do_not_become_elements(opened: Opened, site_folder: Path) -> None:
    for path in site_folder.glob("value-stream-*.html"):
        opened.open(path)
        assert opened.page.locator("main script:not([type='application/json'])").count() == 0
        assert opened.page.locator("td b, th b, .cell-note b").count() == 0


def test_pages_can_be_reached_from_the_first_one(opened: Opened, site_folder: Path) -> None:
    opened.open(site_folder / "index.html")
    links = opened.page.eval_on_selector_all("a[href]", "links => links.map(link => link.href.split('#')[0])")
    assert {path.as_uri() for path in _pages(site_folder)} <= set(links)


def test_typing_narrows_the_tables_to_the_columns_that_hold_all_words(opened: Opened, site_folder: Path) -> None:
    opened.open(site_folder / "tables.html")
    shown = "[...document.querySelectorAll('details.entry:not([hidden])[open] tbody tr:not([hidden]) th')]"
    names = f"{shown}.map(head => head.firstChild.textContent.trim())"
    assert opened.page.evaluate(names) == []
    opened.page.fill("#search", "p85 cycle  time_calendar")
    found = opened.page.evaluate(names)
    assert "p85_cycle_time_calendar_days" in found
    assert "n_finished" not in found
    assert re.fullmatch(r"\d columns? in \d tables?", opened.page.inner_text("#search-result"))
    opened.page.fill("#search", "no such column")
    assert opened.page.inner_text("#search-result") == "Nothing has all these words."
    assert opened.page.locator("details.entry:visible").count() == 0
    opened.page.fill("#search", "")
    assert opened.page.locator("details.entry:visible").count() == opened.page.locator("details.entry").count()
    assert opened.complaints == []


def test_an_address_with_a_table_opens_it(opened: Opened, site_folder: Path) -> None:
    opened.page.goto((site_folder / "tables.html").as_uri() + "#mart_flow_metrics")
    assert opened.page.locator("details[open]").count() == 1
    assert opened.page.locator("#mart_flow_metrics tbody tr").first.is_visible()


def test_on_paper_every_table_lies_open(opened: Opened, site_folder: Path) -> None:
    opened.open(site_folder / "tables.html")
    opened.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert opened.page.locator("details:not([open])").count() == 0
    opened.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert opened.page.locator("details[open]").count() == 0
