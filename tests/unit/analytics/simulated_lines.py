"""Lines of work simulated item by item, whose constraint is known: with and without limits on work in progress.

Belongs here: service records of such lines, for the accuracy of detectors. Does not belong here: what detects.
"""

import heapq
from collections import deque

import numpy as np
import pandas as pd

SERVERS = (2, 4, 3, 2, 1)
ITEMS_PER_WEEK = 6.0


def simulate_line(
    rng: np.random.Generator,
    load: np.ndarray,
    weeks: int,
    *,
    servers: tuple[int, ...] = SERVERS,
    slots_per_server: int | None = None,
) -> pd.DataFrame:
    """Return item, stage, enter, start, finish in weeks: Poisson arrivals, lognormal work (CV 1).

    ``load`` is the utilisation that the arrivals ask of each stage. With ``slots_per_server`` a stage holds at most
    that many items per server, waiting or in work. An item keeps its slot until the next stage has one and its server
    is free at once (Kanban); until it is begun there, a finished item counts as waiting for the next stage. What the
    first stage has no room for is in no stage yet.
    """
    n_items = rng.poisson(ITEMS_PER_WEEK * weeks)
    arrives = np.sort(rng.uniform(0, weeks, n_items))
    n_stages = len(servers)
    work = rng.lognormal(-np.log(2) / 2, np.sqrt(np.log(2)), (n_items, n_stages))
    work *= np.asarray(load) * np.asarray(servers) / ITEMS_PER_WEEK
    free_servers = list(servers)
    free_slots = [np.inf if slots_per_server is None else slots_per_server * count for count in servers]
    to_pull: list[deque[int]] = [deque() for _ in servers]
    to_begin: list[deque[int]] = [deque() for _ in servers]
    start, finish = np.full((n_items, n_stages), np.nan), np.full((n_items, n_stages), np.nan)
    pulled = np.full((n_items, n_stages), np.nan)
    events = [(moment, item, -1) for item, moment in enumerate(arrives)]
    while events:
        now, item, stage = heapq.heappop(events)
        if stage >= 0:
            free_servers[stage] += 1
        if stage + 1 < n_stages:
            to_pull[stage + 1].append(item)
        else:
            free_slots[stage] += 1
        # From the end of the line, as a slot that falls free lets the stage before pull.
        for at in range(n_stages - 1, -1, -1):
            while to_pull[at] and free_slots[at] > 0:
                pulled[to_pull[at][0], at] = now
                to_begin[at].append(to_pull[at].popleft())
                free_slots[at] -= 1
                if at:
                    free_slots[at - 1] += 1
            while to_begin[at] and free_servers[at]:
                begun = to_begin[at].popleft()
                free_servers[at] -= 1
                start[begun, at], finish[begun, at] = now, now + work[begun, at]
                heapq.heappush(events, (finish[begun, at], begun, at))
    enter = np.column_stack([pulled[:, 0], finish[:, :-1]])
    return pd.DataFrame(
        {
            "item": np.repeat(np.arange(n_items), n_stages),
            "stage": np.tile(np.arange(n_stages), n_items),
            "enter": enter.ravel(),
            "start": start.ravel(),
            "finish": finish.ravel(),
        }
    )
