"""Items through stages in a row, each with several servers and one queue: simulated for many replications at once.

Belongs here: the recursion from arrivals and service times to departures and waits. Does not belong here: what a line's
arrivals and service times are, and what is concluded from it (:mod:`.constraint_sensitivity`).

Sources: D. V. Lindley, "The theory of queues with a single server", Proceedings of the Cambridge Philosophical Society
48 (1952); J. Kiefer, J. Wolfowitz, "On the theory of queues with many servers", Transactions of the AMS 78 (1955),
whose vector of times at which each server is free is carried from item to item. The loop runs over items, the arrays
over replications: no event list, and an item costs the same for one replication as for hundreds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestration.analytics.array_types import Flags, Floats


def through_stage(arrivals: Floats, services: Floats, visits: Flags, n_servers: int) -> Floats:
    """Return when each item leaves a stage that serves in order of arrival.

    Parameters
    ----------
    arrivals, services: (..., items) in hours, in any order of items; infinite arrivals never come.
    visits: whether the item needs the stage; others leave as they arrive and occupy no server.
    n_servers: items served at once, 1 or more.
    """
    if n_servers < 1:
        raise ValueError(f"{n_servers} servers serve nobody; give 1 or more.")
    starts = np.where(visits, arrivals, np.inf).reshape(-1, arrivals.shape[-1])
    order = np.argsort(starts, axis=1, kind="stable")
    comes = np.take_along_axis(starts, order, axis=1).T
    lasts = np.take_along_axis(services.reshape(starts.shape), order, axis=1).T
    n_served = int(np.isfinite(starts).sum(axis=1).max(initial=0))
    leaves = np.full(comes.shape, np.inf)
    rows = np.arange(starts.shape[0])
    free = np.zeros((rows.size, n_servers))
    for place in range(n_served):
        server = free.argmin(axis=1)
        left = np.maximum(comes[place], free[rows, server]) + lasts[place]
        free[rows, server] = left
        leaves[place] = left
    departures = np.empty(starts.shape)
    np.put_along_axis(departures, order, leaves.T, axis=1)
    return np.where(visits, departures.reshape(arrivals.shape), arrivals)


def through_lines(
    arrivals: Floats, services: Sequence[Floats], visits: Sequence[Flags], servers: Sequence[int], added_capacity: float
) -> tuple[Floats, Floats]:
    """Return when each item leaves the last stage, and the hours that it waited before all of them together.

    Both have the shape (stages + 1, replications, items): first the line as it is, then with the servers of each stage
    in turn faster by ``added_capacity`` (a share). Up to its faster stage a line is the line as it is, so that one is
    simulated for all of them.

    ``services``, ``visits``, ``servers``: one entry per stage in order of work, arrays as for :func:`through_stage`.
    """
    at, waited = arrivals[None], np.zeros((1, *arrivals.shape))
    for lasts, needs, n_servers in zip(services, visits, servers, strict=True):
        at, waited = (np.concatenate([lines, lines[:1]]) for lines in (at, waited))
        of_lines = np.stack([*([lasts] * (len(at) - 1)), lasts / (1 + added_capacity)])
        left = through_stage(at, of_lines, np.broadcast_to(needs, at.shape), n_servers)
        came = np.isfinite(at) & needs
        waited += np.where(came, left - np.where(came, at, 0.0) - of_lines, 0.0)
        at = left
    return at, waited
