"""Labels that stand for statuses where a tool knows only open and closed.

Belongs here: telling such labels by how they are written. Does not belong here: reading statuses from them (dbt).
"""

import re
from collections.abc import Mapping

_STATUS_LABEL = re.compile(r"(workflow|status|state|stage)\s*(::|:|/|-)\s*(?=\S)", re.IGNORECASE)
# From this share of items on, a group of labels is used for something.
_USED = 0.2


def status_label_pattern(labels: Mapping[str, int], n_items: int) -> str:
    """Return the pattern of the labels that look like statuses, such as `workflow::*`; empty if few items have any.

    Args:
        labels: Label → items.
        n_items: All items.
    """
    found: dict[str, int] = {}
    for label, number in sorted(labels.items()):
        match = _STATUS_LABEL.match(label)
        if match:
            prefix = match.group().rstrip() if not match.group().endswith(" ") else match.group()
            found[f"{prefix}*"] = found.get(f"{prefix}*", 0) + number
    if not found or not n_items:
        return ""
    best = max(found, key=lambda pattern: (found[pattern], pattern))
    return best if found[best] >= _USED * n_items else ""
