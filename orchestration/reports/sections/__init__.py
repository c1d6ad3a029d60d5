"""Sections: figures and tables with words that follow from the same numbers.

Belongs here: what is said about the frames, and when it is left unsaid because it would be false or cannot be measured.
Does not belong here: drawing (`figures/`), HTML (`templates/`), and any definition of a metric (the marts hold them).
"""
