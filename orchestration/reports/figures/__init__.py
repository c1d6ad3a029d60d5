"""Figures: functions from a frame to a Plotly figure, without I/O and without words.

Belongs here: one module per kind of figure, each with the frame it takes and the traces it draws. Does not belong
here: titles and sentences (sections write them), file access, metric definitions (the marts hold them).
"""
