"""The method: what Weir concludes from flow data, as pure functions on data frames.

Belongs here: one published method per module (limits and run rules, stage evidence, ...), each taking frames or arrays
and returning frames, with the source of its formulas in its docstring. Every departure from a published method is
listed in ``DEVIATIONS.md`` beside this file.

Does not belong here: reading or writing anything, SQL, orchestration, figures, and imports from the rest of the
project. Nothing here reads the wall clock; random numbers come from a generator that the caller passes in
(see :mod:`orchestration.analytics.random_streams`).

In every frame NULL (NaN, None) means "cannot be measured" and 0 means "measured, none".
"""
