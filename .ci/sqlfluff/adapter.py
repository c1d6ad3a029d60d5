"""Stands in for dbt's `adapter` when sqlfluff renders the models without dbt, which makes linting quick.

A macro that differs by engine (`adapter.dispatch`) becomes a plain function call of the same name and arguments.
"""

from collections.abc import Callable


def dispatch(name: str, _namespace: str | None = None) -> Callable[..., str]:
    """Return what renders a dispatched macro as a function call."""

    def render(*values: object, **named: object) -> str:
        return f"{name}({', '.join(map(str, (*values, *named.values())))})"

    return render
