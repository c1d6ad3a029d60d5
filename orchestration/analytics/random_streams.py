"""Random number streams that a re-run of the same snapshot repeats exactly.

Belongs here: deriving a generator from what is being computed. Does not belong here: drawing from it, which is the
business of the method that receives it.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np


def generator_for(snapshot_id: str, scope: str, method: str) -> np.random.Generator:
    """Return the generator for one method on one scope of one snapshot.

    The three texts are written as JSON before hashing, so ("a", "bc", m) and ("ab", "c", m) give different streams. The
    bit generator is named (PCG64) rather than left to numpy's default, which may change between releases.

    Parameters: ``snapshot_id`` identifies the data (not the moment of the run), ``scope`` what is looked at (for
    example ``payments/story``), ``method`` the method with its version.
    Raises ``ValueError`` when one of them is empty: two computations would then share a stream unnoticed.
    """
    parts = {"snapshot_id": snapshot_id, "scope": scope, "method": method}
    empty = [name for name, text in parts.items() if not text]
    if empty:
        raise ValueError(f"A random stream needs a non-empty {' and '.join(empty)}; pass the text that identifies it.")
    digest = hashlib.sha256(json.dumps([snapshot_id, scope, method]).encode("utf-8")).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))
