"""Pulls from tools that run in this process.

Belongs here: what the tests of pulling share. Does not belong here: the server and the tools (the modules beside).
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from orchestration.pulling import Patience


@pytest.fixture
def hasty() -> Patience:
    """Return a patience that tests can wait for."""
    return Patience(attempts=4, first_wait=0.01, longest_wait=0.05, jitter=0.01, longest_asked=5)
