"""Great Expectations' Data Docs: both layers in one site, offline, safe, the same bytes again.

Belongs here: the files that are written. Does not belong here: how a browser draws them.
"""

import dataclasses
import re
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from checks import SUITES, DataDocs, run_layer, suites_of_layer
from checks.data_docs import site

Frames = dict[str, pd.DataFrame]

_LOADS = {"src", "srcset", "data", "poster", "background"}


class _Page(HTMLParser):
    """Collects what a browser would load or run, where links lead, and the words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loaded: list[str] = []
        self.handlers: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in _LOADS or (tag == "link" and name == "href"):
                self.loaded.append(value or "")
            elif name.startswith("on"):
                self.handlers.append(value or "")
            elif name == "href":
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _both_layers(frames: Frames, data_docs: DataDocs) -> dict[str, bytes]:
    run_layer("raw", frames, data_docs=data_docs)
    run_layer("marts", frames, data_docs=data_docs)
    return _files(data_docs.site_folder)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_site_holds_the_suites_and_results_of_both_layers(good_frames: Frames, data_docs: DataDocs) -> None:
    pages = _both_layers(good_frames, data_docs)
    results = {f"validations/{suite.name}/r-0001/20261122T020000.000000Z/{suite.layer}.html" for suite in SUITES}
    assert set(pages) == {"index.html", *results, *(f"expectations/{suite.name}.html" for suite in SUITES)}
    index = pages["index.html"].decode()
    assert all(f'href="{page}"' in index for page in set(pages) - {"index.html"})
    assert index.count("fas fa-check-circle") == len(SUITES)


def test_pages_run_no_script_and_load_nothing(good_frames: Frames, data_docs: DataDocs) -> None:
    """Great Expectations' own pages fetch from six hosts; offline that is noise in the console and an empty index."""
    for name, content in _both_layers(good_frames, data_docs).items():
        page = _Page(content.decode())
        assert not page.tags & {"script", "img", "iframe"}, name
        assert page.loaded == ["data:,"], name
        assert page.handlers == [], name
        assert "url(" not in content.decode(), name
        here = data_docs.site_folder / name
        for link in page.links:
            assert link.startswith("#") or (here.parent / link).resolve().is_file(), f"{name}: {link}"


def test_failed_check_shows_its_severity_description_and_examples(good_frames: Frames, data_docs: DataDocs) -> None:
    frames = dict(good_frames)
    chosen = frames["mart_findings"]["finding"] == "negative_wip"
    frames["mart_findings"] = frames["mart_findings"].assign(
        n_offending=chosen.astype(int), examples=chosen.map({True: "payments, story, 2026-03-02 (-1)", False: None})
    )
    pages = _both_layers(frames, data_docs)
    page = pages["validations/mart_findings/r-0001/20261122T020000.000000Z/marts.html"].decode()
    assert "CRITICAL · negative_wip: No count of work is negative." in page
    assert "payments, story, 2026-03-02 (-1)" in page
    assert page.count("fas fa-times") == 2  # The suite's status and the check's.
    assert "Data asset: mart_findings" in " ".join("".join(_Page(page).words).split())
    assert pages["index.html"].decode().count("fas fa-times") == 1


def test_text_from_tools_is_shown_as_text(good_frames: Frames, data_docs: DataDocs) -> None:
    hostile = '<script>alert(1)</script> $foo ${bar} <img src=x onerror=alert(1)> & "q" {{ 7 * 7 }}'
    frames = dict(good_frames)
    frames["raw_jira_findings"] = frames["raw_jira_findings"].assign(n_offending=2, examples=hostile)
    frames["export_load"] = frames["export_load"].assign(
        source_id=[hostile, "jira-labs"], n_quarantined=7, quarantined_share=0.5, n_records=0
    )
    report = run_layer("raw", frames, data_docs=data_docs)
    assert hostile in str(report.frame().loc[lambda rows: rows["suite"] == "raw_jira_findings", "examples"].iloc[0])
    for name, content in _files(data_docs.site_folder).items():
        page = _Page(content.decode())
        assert not page.tags & {"script", "img"}, name
        if ("/raw_jira_findings" in name or "/export_load" in name) and name.startswith("validations"):
            assert hostile in "".join(page.words), name


def test_same_refresh_gives_the_same_bytes_elsewhere(good_frames: Frames, data_docs: DataDocs, tmp_path: Path) -> None:
    frames = dict(good_frames)
    frames["export_load"] = frames["export_load"].assign(n_quarantined=7, quarantined_share=0.5)
    again = dataclasses.replace(data_docs, site_folder=tmp_path / "other", working_folder=tmp_path / "other-working")
    first, second = _both_layers(frames, data_docs), _both_layers(frames, again)
    assert first == second
    # Nothing of the moment, the machine or chance: no random ids, no folder.
    everything = b"".join(first.values()).decode()
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-", everything)
    assert str(tmp_path) not in everything


def test_layer_run_again_replaces_its_results(good_frames: Frames, data_docs: DataDocs) -> None:
    one = suites_of_layer("raw")[:1]
    run_layer("raw", good_frames, data_docs=data_docs, definitions=one)
    sound = _files(data_docs.site_folder)
    spoiled = {**good_frames, "export_load": good_frames["export_load"].assign(n_records=0)}
    run_layer("raw", spoiled, data_docs=data_docs, definitions=one)
    assert _files(data_docs.site_folder) != sound
    run_layer("raw", good_frames, data_docs=data_docs, definitions=one)
    assert _files(data_docs.site_folder) == sound


def test_next_refresh_starts_a_site_of_its_own(good_frames: Frames, data_docs: DataDocs) -> None:
    run_layer("marts", good_frames, data_docs=data_docs, definitions=suites_of_layer("marts")[:1])
    (data_docs.site_folder / "notes.txt").write_text("not ours")
    one = suites_of_layer("raw")[:1]
    run_layer("raw", good_frames, data_docs=dataclasses.replace(data_docs, refresh_id="r-0002"), definitions=one)
    pages = set(_files(data_docs.site_folder))
    assert not [page for page in pages if "r-0001" in page or "mart" in page]
    assert len([page for page in pages if "r-0002" in page]) == 1
    assert "notes.txt" in pages


def test_page_that_could_not_be_rendered_is_an_error(
    good_frames: Frames, data_docs: DataDocs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Great Expectations logs a rendering error and writes an empty page."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("checks.data_docs.views.OfflineIndexPageView.render", broken)
    with pytest.raises(site.DataDocsError, match=r"1 pages of the Data Docs could not be rendered: index\.html"):
        run_layer("raw", good_frames, data_docs=data_docs, definitions=suites_of_layer("raw")[:1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"as_of": datetime.fromisoformat("2026-11-22T02:00:00")}, "as_of has no time zone"),
        ({"refresh_id": "../r"}, "cannot name a folder"),
        ({"refresh_id": ""}, "cannot name a folder"),
    ],
)
def test_places_that_cannot_work_are_refused(change: dict[str, object], message: str, data_docs: DataDocs) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(data_docs, **change)
