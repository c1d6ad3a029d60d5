"""Dagster's entry point: everything below `defs/` is found by itself.

Belongs here: nothing else.
"""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Collect the definitions of the code location."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
