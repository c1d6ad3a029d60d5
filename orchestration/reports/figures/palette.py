"""The colours of the reports: the same colour means the same thing on each page.

Okabe and Ito's palette (2008, "Color Universal Design"), which readers with the common kinds of colour blindness can
tell apart. Belongs here: what each colour stands for. `templates/weir.css` repeats the values for legends and small
bars (a test compares the two). Does not belong here: sizes and fonts.
"""

from typing import Final

import pandas as pd

QUEUE: Final = "#E69F00"
ACTIVE: Final = "#0072B2"
BLOCKED: Final = "#CC79A7"
DONE: Final = "#8A8F98"
CANCELLED: Final = "#D5D8DC"
INK: Final = "#1B1F24"
MUTED: Final = "#59636E"
GRID: Final = "#E3E6EA"
FAVOURABLE: Final = "#009E73"
UNFAVOURABLE: Final = "#D55E00"
TRANSITION: Final = "#F1E9D2"
BASELINE: Final = "#EEF1F4"
WAIT_PASSED: Final = "#56B4E9"
WAIT_BATCH: Final = "#F0E442"

KIND_COLOURS: Final = {"queue": QUEUE, "active": ACTIVE, "done": DONE}


def kind_colours(kinds: pd.Series, blocked: pd.Series) -> list[str]:
    """Colour of each item by the kind of stage it sits in; blocked items have the colour of blocked."""
    colours = kinds.map(KIND_COLOURS).fillna(DONE)
    return list(colours.mask(blocked.fillna(value=False).astype(bool), BLOCKED))
