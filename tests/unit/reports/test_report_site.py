"""The site as a whole: pages by parsed HTML, files by their bytes."""

import base64
import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import synthetic_frames
from bs4 import BeautifulSoup
from synthetic_facts import HOSTILE_TITLE

from orchestration.reports import REQUIRED_FRAMES, ReportFrameError, build_site
from orchestration.reports.figures import palette
from orchestration.reports.rendering import TEMPLATES

Pages = dict[str, BeautifulSoup]
N_AND_WINDOW = re.compile(r"\d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}")


def _figures(page: BeautifulSoup) -> list[dict[str, object]]:
    return [json.loads(block.string) for block in page.find_all("script", type="application/json")]  # type: ignore[arg-type]


def _numbers(values: dict[str, str] | list[float]) -> list[float]:
    """Values of a trace, which Plotly writes as a list or as the bytes of an array."""
    if isinstance(values, list):
        return values
    return list(np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"]))


def _text(page: BeautifulSoup) -> str:
    return " ".join(page.get_text(" ").split())


def test_site_has_a_page_for_each_value_stream_and_intervention(site: Path) -> None:
    assert sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()) == [
        "across-value-streams.html",
        "assets/lookup.js", "assets/plotly.min.js", "assets/weir.css", "assets/weir.js",
        "data-quality.html", "index.html",
        "intervention-pairing.html", "intervention-test-capacity.html", "intervention-wip-limits.html",
        "tables.html", "value-stream-insight.html",
        "value-stream-lending.html", "value-stream-payments.html",
    ]  # fmt: skip


def test_same_inputs_give_the_same_bytes(frames: dict[str, pd.DataFrame], site: Path, tmp_path: Path) -> None:
    written = build_site(frames, synthetic_frames.context(), tmp_path)
    assert all(path.read_bytes() == (site / path.relative_to(tmp_path)).read_bytes() for path in written)
    # The order of rows in a table is no input: a warehouse promises none.
    shuffled = {name: frame.sample(frac=1, random_state=1) for name, frame in frames.items()}
    again = build_site(shuffled, synthetic_frames.context(), tmp_path)
    assert all(path.read_bytes() == (site / path.relative_to(tmp_path)).read_bytes() for path in again)


def test_pages_are_small_and_load_nothing_from_elsewhere(site: Path, pages: Pages) -> None:
    for name, page in pages.items():
        assert (site / name).stat().st_size < 400_000
        loaded = [tag["src"] for tag in page.find_all("script", src=True)]
        loaded += [tag["href"] for tag in page.find_all("link") if tag["href"] != "data:,"]
        assert all((site / str(address)).is_file() for address in loaded), loaded
        # Only scripts of this folder run: no inline script, no inline handler, no inline style of ours.
        assert all(tag.get("src") or tag.get("type") == "application/json" for tag in page.find_all("script"))
        assert not [tag for tag in page.find_all(True) if any(str(key).startswith("on") for key in tag.attrs)]
        assert not page.find_all(style=True)
        assert "http://" not in str(page)
        assert "https://" not in str(page)


def test_links_lead_to_pages_and_places_that_exist(site: Path, pages: Pages) -> None:
    for page in pages.values():
        for link in page.find_all("a", href=True):
            target, _, anchor = str(link["href"]).partition("#")
            if target.startswith("data-docs/"):
                continue
            assert not target or (site / target).is_file(), link["href"]
            assert not anchor or (pages[target] if target else page).find(id=anchor), link["href"]


def test_every_figure_has_a_title_with_numbers_and_a_window_and_a_description(pages: Pages) -> None:
    n_figures = 0
    for name, page in pages.items():
        for figure in page.find_all("figure"):
            n_figures += 1
            title = figure.find("h3").get_text()
            assert re.search(r"\d", title), (name, title)
            assert N_AND_WINDOW.search(title), (name, title)
            chart = figure.find(class_="chart")
            assert title in chart["aria-label"]
            assert chart["role"] == "img"
    # The overview; across value streams two matrices, two trends and the flow times; three value streams with stalls
    # and the stages' part in flow time (one with a bar of why items wait before its constraint; the simulation does not
    # give its line, so it draws nothing); three interventions: their weeks, two with an effect, two with items, one
    # with a further metric.
    assert n_figures == 2 + 5 + (3 * 8 + 1) + 3 + 2 + 2 + 1


def test_headings_are_in_order_and_tables_have_headers(pages: Pages) -> None:
    for name, page in pages.items():
        assert page.html is not None
        assert page.html["lang"] == "en"
        levels = [int(heading.name[1]) for heading in page.find_all(re.compile(r"^h[1-6]$"))]
        assert levels.count(1) == 1, name
        assert all(later - earlier <= 1 for earlier, later in pairwise(levels)), (name, levels)
        for table in page.find_all("table"):
            assert table.find("caption").get_text(strip=True)
            headers = table.find("thead").find_all("th", scope="col")
            assert all(len(row.find_all(["th", "td"])) == len(headers) for row in table.find("tbody").find_all("tr"))
        identities = [str(tag["id"]) for tag in page.find_all(id=True)]
        assert len(identities) == len(set(identities)), name


def test_text_from_tools_is_escaped_everywhere(site: Path, pages: Pages) -> None:
    seen_in_table = seen_in_figure = False
    for name, page in pages.items():
        raw = (site / name).read_text(encoding="utf-8")
        assert "<script>alert" not in raw
        assert "<b>bold" not in raw
        seen_in_table |= HOSTILE_TITLE in page.get_text()
        for block in page.find_all("script", type="application/json"):
            assert "<" not in str(block.string)
            # What Plotly reads is escaped once more, as Plotly has an HTML of its own.
            seen_in_figure |= "&lt;script&gt;alert" in str(block.string)
            assert "<script" not in json.dumps(json.loads(str(block.string)))
    assert seen_in_table
    assert seen_in_figure


def test_overview_comes_in_the_order_of_the_questions(pages: Pages) -> None:
    headings = [heading.get_text() for heading in pages["index.html"].find_all("h2")]
    assert headings == [
        "What is stuck, and how sure are we?",
        "What changed since last time",
        "Do value streams keep each other waiting?",
        "Are our interventions working?",
        "What is coming",
        "Value streams against their own last increments",
        "What the numbers rest on",
    ]


def test_overview_shows_the_marts_numbers(pages: Pages, frames: dict[str, pd.DataFrame]) -> None:
    flow = frames["mart_flow_metrics"]
    row = flow[(flow["scope_id"] == "payments") & (flow["level"] == "story") & (flow["period_id"] == "PI-26.2")].iloc[0]
    table = pages["index.html"].find(id="value-streams").find("table")  # type: ignore[union-attr]
    payments = table.find("tbody").find("tr").get_text(" ")  # type: ignore[union-attr]
    assert f"{row['p50_flow_time_calendar_days']:.0f} days" in payments
    assert f"{row['n_finished']} items" in payments
    assert f"n {row['n_flow_time']}" in payments
    assert f"{row['flow_efficiency']:.0%}".replace("%", " %") in payments


def test_scatter_draws_every_finished_story(pages: Pages, frames: dict[str, pd.DataFrame]) -> None:
    items = frames["fct_work_items"]
    finished = items[(items["value_stream_id"] == "payments") & (items["level"] == "story") & items["is_finished"]]
    page = pages["value-stream-payments.html"]
    data = json.loads(str(page.find(id="cycle-time-scatter-data").string))["data"]  # type: ignore[union-attr]
    assert sum(len(trace["x"]) for trace in data if trace["mode"] == "markers") == len(finished)


def test_cumulative_flow_ends_at_the_work_between_first_stage_and_done(
    pages: Pages, frames: dict[str, pd.DataFrame]
) -> None:
    items = frames["fct_work_items"]
    page = pages["value-stream-payments.html"]
    data = json.loads(str(page.find(id="cumulative-flow-delivery-data").string))["data"]  # type: ignore[union-attr]
    last = {trace["name"]: _numbers(trace["y"])[-1] for trace in data}
    between = items[
        (items["value_stream_id"] == "payments")
        & (items["level"] == "story")
        & ~items["is_finished"]
        & ~items["is_cancelled"]
        & (items["current_stage_id"] != "delivery.ideas")
    ]
    assert last["Ready"] - last["Done"] == len(between)
    assert last["Ready"] >= last["Build"] >= last["Test"] >= last["Done"] >= last["Cancelled"] > 0


def test_unassigned_items_are_told_apart_from_the_value_streams(
    frames: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    items = frames["fct_work_items"]
    moved = items["work_item_id"].isin(items.loc[items["level"] == "story", "work_item_id"].iloc[:3])
    build_site(
        {**frames, "fct_work_items": items.assign(value_stream_id=items["value_stream_id"].mask(moved, "unassigned"))},
        synthetic_frames.context(),
        tmp_path,
    )
    index = _text(BeautifulSoup((tmp_path / "index.html").read_text(encoding="utf-8"), "html.parser"))
    assert "3 value streams, 4 trains, 10 teams." in index
    assert "3 stories belong to no team of the portfolio file and to no value stream above." in index
    assert (tmp_path / "value-stream-unassigned.html").is_file()


def test_staleness_stands_on_every_page_and_warnings_on_the_first(pages: Pages) -> None:
    for name, page in pages.items():
        # One tells it in its tables, the other shows no number that rests on a source.
        if name not in {"data-quality.html", "tables.html"}:
            assert "Source jira-legacy is complete only up to 21 Jun 2026, 00:10, 3.3 days before" in _text(page), name
    banner = _text(pages["index.html"].find(id="data"))  # type: ignore[arg-type]
    assert "3 of 4 checks passed. 1 gives a warning, as this does not hold: “statuses are mapped”." in banner
    assert "2 records are in quarantine" in banner


def test_data_quality_page_names_files_lines_and_reasons(pages: Pages) -> None:
    text = _text(pages["data-quality.html"])
    assert "search-0031.json line 1, record 17" in text
    assert "the line is not JSON" in text
    assert "Parking <lot>" in text
    assert pages["data-quality.html"].find("a", href="data-docs/index.html")


def test_data_docs_are_linked_only_where_they_were_rendered(frames: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    build_site(frames, synthetic_frames.context(data_docs_path=None), tmp_path)
    assert "data-docs" not in (tmp_path / "data-quality.html").read_text(encoding="utf-8")


def test_clean_data_raises_no_warning(frames: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    clean = {
        **frames,
        "check_results": frames["check_results"].assign(status="passed", n_unexpected=0),
        "mart_data_coverage": frames["mart_data_coverage"].assign(days_behind_as_of=0.0),
        "mart_unmapped_values": frames["mart_unmapped_values"].iloc[:0],
        "quarantined_records": frames["quarantined_records"].iloc[:0],
    }
    build_site(clean, synthetic_frames.context(), tmp_path)
    index = BeautifulSoup((tmp_path / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert not index.find_all(class_="warning")
    assert "4 of 4 checks passed. 99 % of 1,354 items have a usable history." in _text(index)
    quality = _text(BeautifulSoup((tmp_path / "data-quality.html").read_text(encoding="utf-8"), "html.parser"))
    assert "No record of the exports had to be set aside." in quality


def test_an_empty_portfolio_still_renders_and_says_why_there_is_nothing(tmp_path: Path) -> None:
    build_site(synthetic_frames.empty_frames(), synthetic_frames.context(), tmp_path)
    index = _text(BeautifulSoup((tmp_path / "index.html").read_text(encoding="utf-8"), "html.parser"))
    assert "No interventions are registered" in index
    assert "nothing to compare" in index
    stream = _text(BeautifulSoup((tmp_path / "value-stream-lending.html").read_text(encoding="utf-8"), "html.parser"))
    assert "no story has been finished yet" in stream
    for page in tmp_path.glob("*.html"):
        text = _text(BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser"))
        assert not re.search(r"\b(nan|NaN|None|NaT|<NA>)\b", text), page.name


def test_no_page_prints_a_missing_value_as_such(pages: Pages) -> None:
    for name, page in pages.items():
        assert not re.search(r"\b(nan|NaN|None|NaT)\b|<NA>", _text(page)), name


def test_features_are_charted_where_there_are_no_stories(frames: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    only_features = {
        name: frame[frame["level"] == "feature"]
        if "level" in frame.columns and name != "mart_intervention_series"
        else frame
        for name, frame in frames.items()
    }
    build_site(only_features, synthetic_frames.context(), tmp_path)
    page = _text(BeautifulSoup((tmp_path / "value-stream-lending.html").read_text(encoding="utf-8"), "html.parser"))
    assert "charts show features" in page
    assert "stories" not in page


def test_a_page_that_has_no_value_stream_any_more_is_removed_and_nothing_else(
    frames: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    for name in ("value-stream-gone.html", "intervention-gone.html", "notes.html"):
        (tmp_path / name).write_text("old", encoding="utf-8")
    build_site(frames, synthetic_frames.context(), tmp_path)
    assert [path.name for path in tmp_path.glob("*.html") if path.read_text(encoding="utf-8") == "old"] == [
        "notes.html"
    ]


def test_missing_tables_and_columns_are_named_all_at_once(frames: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    broken = {name: frame for name, frame in frames.items() if name != "dim_trains"}
    broken["dim_stages"] = broken["dim_stages"].drop(columns=["position", "is_counted"])
    with pytest.raises(ReportFrameError, match=r"table dim_trains is missing; dim_stages lacks position, is_counted"):
        build_site(broken, synthetic_frames.context(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_only_required_columns_are_read(frames: dict[str, pd.DataFrame], site: Path, tmp_path: Path) -> None:
    bare = {name: frames[name][list(columns)] for name, columns in REQUIRED_FRAMES.items()}
    written = build_site(bare, synthetic_frames.context(), tmp_path)
    assert all(path.read_bytes() == (site / path.relative_to(tmp_path)).read_bytes() for path in written)


def test_style_sheet_repeats_the_palette() -> None:
    css = (TEMPLATES / "weir.css").read_text(encoding="utf-8")
    declared = dict(re.findall(r"--(\w+): (#[0-9A-Fa-f]{6});", css))
    shared = {name.lower(): value for name, value in vars(palette).items() if name.isupper() and isinstance(value, str)}
    assert shared
    assert {name: declared[name].upper() for name in shared} == {
        name: str(value).upper() for name, value in shared.items()
    }
