"""How many rows of a long table are shown, and how the reader is told.

Belongs here: the limit and its note. Does not belong here: choosing which rows come first (each section does).
"""

ROWS_SHOWN = 50


def cut_note(n_rows: int) -> str:
    """A note for a table's caption, empty if all rows are shown."""
    return f" (the first {ROWS_SHOWN} are shown)" if n_rows > ROWS_SHOWN else ""
