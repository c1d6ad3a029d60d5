"""All suites of the gate, in the order in which they run.

Belongs here: the list. Does not belong here: any check (one module per schema) or how suites run (``checks.runner``).
"""

from checks.definitions import Layer, SuiteDefinition
from checks.suites import exports, marts, raw_jira, raw_portfolio

SUITES: tuple[SuiteDefinition, ...] = (*exports.SUITES, *raw_jira.SUITES, *raw_portfolio.SUITES, *marts.SUITES)


def suites_of_layer(layer: Layer) -> tuple[SuiteDefinition, ...]:
    """List the suites that run at this moment of a refresh."""
    return tuple(suite for suite in SUITES if suite.layer == layer)
