"""Weir: tool exports in, tested flow marts and reports on constraints and interventions out.

The package is laid out by what a module may know. `portfolio`, `sources`, `analytics` and `reports` are plain Python
over files, frames and models: they know neither Dagster nor DuckDB. `warehouse` is the one module besides dbt that
holds SQL. `defs` holds what Dagster discovers, in thin adapters, and nothing imports from it. `definitions` assembles
the code location and `cli` the command `weir`.

Nothing belongs in this file but this description: importing `orchestration` must stay free of cost and of side effects.
"""
