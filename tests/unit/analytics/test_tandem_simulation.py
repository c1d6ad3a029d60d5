"""The recursion against exact answers: by hand, Erlang's and Jackson's formulas, and Little's law."""

from __future__ import annotations

from math import factorial

import numpy as np
import pytest

from orchestration.analytics.tandem_simulation import through_lines, through_stage


def test_one_server_by_hand() -> None:
    arrivals = np.array([[0.0, 1.0, 2.0, 10.0]])
    leaves = through_stage(arrivals, np.array([[3.0, 2.0, 1.0, 1.0]]), np.ones((1, 4), bool), 1)
    assert leaves.tolist() == [[3, 5, 6, 11]]


def test_two_servers_serve_in_order_of_arrival_and_may_overtake() -> None:
    arrivals = np.array([[0.0, 1.0, 2.0, 3.0]])
    leaves = through_stage(arrivals, np.array([[10.0, 2.0, 2.0, 1.0]]), np.ones((1, 4), bool), 2)
    assert leaves.tolist() == [[10, 3, 5, 6]]
    with pytest.raises(ValueError, match="0 servers"):
        through_stage(arrivals, arrivals, np.ones((1, 4), bool), 0)


def test_whoever_skips_a_stage_occupies_no_server_and_whoever_never_comes_delays_nobody() -> None:
    arrivals = np.array([[0.0, 0.0, np.inf, 1.0]])
    needs = np.array([[True, False, True, True]])
    leaves, waited = through_lines(arrivals, [np.full((1, 4), 5.0)], [needs], [1], added_capacity=0.25)
    assert leaves.tolist() == [[[5, 0, np.inf, 10]], [[4, 0, np.inf, 8]]]
    assert waited.tolist() == [[[0, 0, 0, 4]], [[0, 0, 0, 3]]]


def test_replications_do_not_depend_on_each_other() -> None:
    rng = np.random.Generator(np.random.PCG64(1))
    arrivals, lasts = np.cumsum(rng.exponential(1, (5, 60)), axis=1), rng.exponential(0.9, (5, 60))
    together = through_stage(arrivals, lasts, np.ones((5, 60), bool), 2)
    alone = through_stage(arrivals[3:4], lasts[3:4], np.ones((1, 60), bool), 2)
    assert together[3].tolist() == alone[0].tolist()


def erlang_c_wait(rate: float, service_rate: float, n_servers: int) -> float:
    """Return the mean wait in an M/M/c queue."""
    load = rate / service_rate
    busy = load**n_servers / factorial(n_servers) * n_servers / (n_servers - load)
    waits = busy / (sum(load**k / factorial(k) for k in range(n_servers)) + busy)
    return waits / (n_servers * service_rate - rate)


def mean_of_replications(waits: np.ndarray) -> tuple[float, float]:
    """Return the mean over replications, without their first fifth, and three standard errors."""
    means = waits[:, waits.shape[1] // 5 :].mean(axis=1)
    return float(means.mean()), float(3 * means.std(ddof=1) / np.sqrt(means.size))


@pytest.mark.parametrize(("n_servers", "published"), [(1, 2 / 3), (2, 1 / 24)])
def test_waits_of_the_county_hospital(n_servers: int, published: float) -> None:
    """Hillier and Lieberman's emergency room: 2 patients an hour, 3 served an hour by each doctor."""
    rng = np.random.Generator(np.random.PCG64(7))
    arrivals = np.cumsum(rng.exponential(1 / 2, (200, 2500)), axis=1)
    lasts = rng.exponential(1 / 3, arrivals.shape)
    _, waited = through_lines(arrivals, [lasts], [np.ones(arrivals.shape, bool)], [n_servers], added_capacity=0.1)
    mean, tolerance = mean_of_replications(waited[0])
    assert published == pytest.approx(erlang_c_wait(2, 3, n_servers))
    assert mean == pytest.approx(published, abs=tolerance)
    assert tolerance < published / 8


def test_stages_in_a_row_wait_as_in_jackson_network() -> None:
    """What leaves an M/M/c queue is a Poisson stream again, so each stage waits as if it were alone (Jackson 1957)."""
    rng = np.random.Generator(np.random.PCG64(11))
    arrivals = np.cumsum(rng.exponential(1 / 5, (200, 3000)), axis=1)
    rates, servers = (7.0, 2.0, 6.5), (1, 4, 1)
    services = [rng.exponential(1 / rate, arrivals.shape) for rate in rates]
    _, waited = through_lines(arrivals, services, [np.ones(arrivals.shape, bool)] * 3, servers, added_capacity=0.1)
    expected = sum(erlang_c_wait(5, rate, count) for rate, count in zip(rates, servers, strict=True))
    mean, tolerance = mean_of_replications(waited[0])
    assert mean == pytest.approx(expected, abs=tolerance)
    assert tolerance < expected / 5


def test_more_servers_never_let_anybody_wait_longer() -> None:
    rng = np.random.Generator(np.random.PCG64(5))
    arrivals, lasts = np.cumsum(rng.exponential(1, (20, 200)), axis=1), rng.exponential(2.5, (20, 200))
    every = np.ones(arrivals.shape, bool)
    starts = [through_stage(arrivals, lasts, every, count) - lasts for count in (3, 4)]
    assert (np.sort(starts[1], axis=1) <= np.sort(starts[0], axis=1) + 1e-9).all()


def test_a_line_with_a_faster_stage_is_what_it_would_be_if_simulated_alone() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    arrivals = rng.uniform(0, 50, (6, 80))
    services = [rng.exponential(mean, arrivals.shape) for mean in (0.5, 2.0, 1.0)]
    visits = [rng.random(arrivals.shape) < share for share in (1.0, 0.8, 0.6)]
    servers = (1, 3, 1)
    leaves, _ = through_lines(arrivals, services, visits, servers, added_capacity=0.1)
    for line, faster in enumerate((None, 0, 1, 2)):
        at = arrivals
        for place, (lasts, needs, count) in enumerate(zip(services, visits, servers, strict=True)):
            at = through_stage(at, lasts / 1.1 if place == faster else lasts, needs, count)
        assert leaves[line].tolist() == at.tolist()
    assert (leaves[1:] != leaves[0]).any(axis=(1, 2)).all()
