"""Frames and sites that the tests of the reports share."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup

sys.path.insert(0, str(Path(__file__).parent))

import synthetic_frames

from orchestration.reports.page import build_site


@pytest.fixture(scope="session")
def frames() -> dict[str, pd.DataFrame]:
    return synthetic_frames.frames()


@pytest.fixture(scope="session")
def site(frames: Mapping[str, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    build_site(frames, synthetic_frames.context(), folder)
    return folder


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, BeautifulSoup]:
    """Every page, parsed, by file name."""
    return {
        path.name: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in sorted(site.glob("*.html"))
    }
