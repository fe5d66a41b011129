"""Laws of max-min fair sharing, held against a textbook written here and against the certificate of fairness."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from topologies._filling import Filled
from topologies.clos import fat_tree
from topologies.fabric import NONE
from topologies.flows import allocate, alone_rates, completion_times, max_min_rates, slowdowns, slowest_rate
from topologies.routes import Routes, ecmp, spray, walk
from topologies.routing import d_mod_k

Row = list[tuple[int, float]]
Floats = NDArray[np.float64]


def routes_of(rows: list[Row]) -> Routes:
    start = np.cumsum([0, *(len(row) for row in rows)])
    return Routes(
        np.asarray(start, np.int64),
        np.array([channel for row in rows for channel, _ in row], np.int32),
        np.array([weight for row in rows for _, weight in row], np.float64),
    )


@st.composite
def instances(draw: st.DrawFn, most_flows: int = 12) -> tuple[list[Row], list[float], list[float]]:
    """Rows of flows (spread, crossing a channel twice, or without channels), capacities and limits: with many ties."""
    channels = draw(st.integers(1, 6))
    row = st.lists(st.tuples(st.integers(0, channels - 1), st.sampled_from([1.0, 0.5, 0.25])), min_size=1, max_size=4)
    rows = draw(st.lists(row, min_size=1, max_size=most_flows))
    number = st.one_of(st.sampled_from([50.0, 100.0, 200.0]), st.floats(1.0, 400.0))
    capacity = draw(st.lists(number, min_size=channels, max_size=channels))
    limits = st.one_of(st.just(math.inf), number)
    return rows, capacity, draw(st.lists(limits, min_size=len(rows), max_size=len(rows)))


def textbook_rates(rows: list[Row], capacity: list[float], limit: list[float]) -> list[float]:
    """Fill all channels from 0, one level after the other, and stop what meets a full one."""
    rate, alive = [0.0] * len(rows), set(range(len(rows)))
    while alive:
        left, pull = list(capacity), [0.0] * len(capacity)
        for flow, row in enumerate(rows):
            for channel, weight in row:
                left[channel] -= 0.0 if flow in alive else rate[flow] * weight
                pull[channel] += weight if flow in alive else 0.0
        levels = [max(have, 0.0) / want if want else math.inf for have, want in zip(left, pull, strict=True)]
        level = min([*levels, *(limit[flow] for flow in alive)])
        edge = level * (1 + 1e-13)
        stops = {flow for flow in alive if limit[flow] <= edge or any(levels[channel] <= edge for channel, _ in rows[flow])}
        for flow in stops:
            rate[flow] = level
        alive -= stops
    return rate


def textbook_times(rows: list[Row], capacity: list[float], limit: list[float], gbit: list[float], start: list[float]) -> Floats:
    """Share out everything anew at every event."""
    left, done, now = list(gbit), [math.inf] * len(rows), 0.0
    waiting, runs = set(range(len(rows))), list[int]()
    while waiting or runs:
        rates = textbook_rates([rows[flow] for flow in runs], capacity, [limit[flow] for flow in runs])
        ends = [now + left[flow] / rate for flow, rate in zip(runs, rates, strict=True)]
        then = min([*ends, *(start[flow] for flow in waiting)])
        for flow, rate in zip(runs, rates, strict=True):
            left[flow] -= rate * (then - now)
        ended = {flow for flow, end in zip(runs, ends, strict=True) if end <= then * (1 + 1e-13)}
        for flow in ended:
            done[flow] = then
        begun = {flow for flow in waiting if start[flow] <= then}
        waiting -= begun
        runs, now = sorted((set(runs) | begun) - ended), then
    return np.array(done) - start


# Rates


@given(instances())
def test_rates_are_those_of_the_textbook(instance: tuple[list[Row], list[float], list[float]]) -> None:
    rows, capacity, limit = instance
    rates = max_min_rates(routes_of(rows), capacity, limit_gbit_per_s=limit)
    np.testing.assert_allclose(rates, textbook_rates(rows, capacity, limit), rtol=1e-11)


@given(instances(most_flows=40))
def test_every_flow_has_its_certificate(instance: tuple[list[Row], list[float], list[float]]) -> None:
    """No channel is over its capacity, and every flow is at its limit or among the fastest on a full channel of its own."""
    rows, capacity, limit = instance
    shared = allocate(routes_of(rows), capacity, limit_gbit_per_s=limit)
    rates = shared.rate_gbit_per_s
    load = np.zeros(len(capacity))
    fastest = np.zeros(len(capacity))
    for row, rate in zip(rows, rates, strict=True):
        for channel, weight in row:
            load[channel] += weight * rate
            fastest[channel] = max(fastest[channel], rate)
    np.testing.assert_allclose(shared.load_gbit_per_s, load, rtol=1e-12)
    assert (load <= np.array(capacity) * (1 + 1e-11)).all()
    for row, rate, most, held in zip(rows, rates, limit, shared.bottleneck, strict=True):
        if held == NONE:
            assert rate == most
        else:
            assert held in {channel for channel, _ in row}
            assert held in shared.saturated
            assert rate >= fastest[held] * (1 - 1e-11)
    channels, counts = shared.binding
    assert counts.sum() == (shared.bottleneck != NONE).sum()
    assert set(channels) <= set(shared.saturated)
    assert (np.diff(counts) <= 0).all()


@given(instances(), st.floats(0.01, 100.0))
def test_rates_scale_with_capacities(instance: tuple[list[Row], list[float], list[float]], factor: float) -> None:
    rows, capacity, limit = instance
    routes = routes_of(rows)
    before = max_min_rates(routes, capacity, limit_gbit_per_s=limit)
    after = max_min_rates(routes, np.array(capacity) * factor, limit_gbit_per_s=np.array(limit) * factor)
    np.testing.assert_allclose(after, before * factor, rtol=1e-11)


@given(instances())
def test_the_slowest_flow_and_flows_alone(instance: tuple[list[Row], list[float], list[float]]) -> None:
    rows, capacity, limit = instance
    routes = routes_of(rows)
    rate, channel = slowest_rate(routes, capacity)
    shared = allocate(routes, capacity)
    assert rate == pytest.approx(shared.rate_gbit_per_s.min(), rel=1e-12)
    assert channel in shared.saturated
    alone = alone_rates(routes, capacity, limit_gbit_per_s=limit)
    for flow, row in enumerate(rows):
        assert alone[flow] == pytest.approx(textbook_rates([row], capacity, limit[flow : flow + 1])[0], rel=1e-12)
    assert (max_min_rates(routes, capacity, limit_gbit_per_s=limit) <= alone * (1 + 1e-11)).all()


def test_parking_lot() -> None:
    """One flow over all of n equal channels and one over each: everybody has a half (Bertsekas and Gallager, section 6.5.2)."""
    rows: list[Row] = [[(channel, 1.0) for channel in range(9)], *([(channel, 1.0)] for channel in range(9))]
    assert max_min_rates(routes_of(rows), [400.0] * 9).tolist() == [200.0] * 10


def test_a_chain_of_bottlenecks_each_behind_the_one_before() -> None:
    """What is left behind one full channel decides the next: 1 | 2 - 1 = 1 | ..., each channel twice as wide."""
    rows: list[Row] = [[(0, 1.0)]] + [[(link, 1.0), (link + 1, 1.0)] for link in range(20)]
    capacity = [2.0 * 3**link for link in range(21)]
    rates = max_min_rates(routes_of(rows), capacity)
    want = [1.0, 1.0]
    for width in capacity[1:-1]:
        want.append(width - want[-1])
    assert rates.tolist() == want


def test_dead_channels_and_flows_without_any() -> None:
    rows: list[Row] = [[(0, 1.0), (1, 1.0)], [(1, 1.0)], []]
    shared = allocate(routes_of(rows), [0.0, 400.0])
    assert shared.rate_gbit_per_s.tolist() == [0.0, 400.0, math.inf]
    assert shared.bottleneck.tolist() == [0, 1, NONE]
    assert shared.saturated.tolist() == [1]
    assert completion_times(routes_of(rows), [0.0, 400.0], 5e9, start_s=3.0).tolist() == [math.inf, pytest.approx(0.1), 0.0]
    assert np.array_equal(slowdowns(routes_of(rows), [0.0, 400.0], 5e9), [math.nan, 1.0, 1.0], equal_nan=True)
    nobody = routes_of([])
    assert len(max_min_rates(nobody, [400.0])) == len(completion_times(nobody, [400.0], 1.0)) == 0
    assert slowest_rate(nobody, [400.0]) == (math.inf, NONE)


def test_a_weight_of_nothing_uses_nothing() -> None:
    assert max_min_rates(routes_of([[(0, 0.0), (1, 1.0)], [(1, 1.0)]]), [0.0, 400.0]).tolist() == [200.0, 200.0]


@pytest.mark.parametrize(
    ("capacity", "arguments", "says"),
    [
        ([400.0], {}, "channels beyond"),
        ([400.0, -1.0], {}, "capacity_gbit_per_s must be finite"),
        ([400.0, math.inf], {}, "capacity_gbit_per_s must be finite"),
        ([400.0, 400.0], {"limit_gbit_per_s": [1.0, 2.0]}, "limit_gbit_per_s must be a number or 1"),
        ([400.0, 400.0], {"limit_gbit_per_s": -1.0}, "limit_gbit_per_s must not be negative"),
        ([400.0, 400.0], {"limit_gbit_per_s": math.nan}, "limit_gbit_per_s must not be negative"),
        ([400.0, 400.0], {"size_byte": -1.0}, "size_byte must not be negative"),
        ([400.0, 400.0], {"size_byte": math.inf}, "size_byte must be finite"),
        ([400.0, 400.0], {"start_s": math.inf}, "start_s must be finite"),
    ],
)
def test_bad_input_is_refused(capacity: list[float], arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        completion_times(routes_of([[(0, 1.0), (1, 1.0)]]), capacity, **{"size_byte": 1e9, **arguments})


# Times

SIZES = st.one_of(st.sampled_from([1.0, 2.0, 4.0]), st.floats(0.1, 10.0))
STARTS = st.one_of(st.sampled_from([0.0, 0.0, 0.01, 0.02]), st.floats(0.0, 0.1))


@given(instances(), st.data())
def test_times_are_those_of_the_textbook(instance: tuple[list[Row], list[float], list[float]], data: st.DataObject) -> None:
    rows, capacity, limit = instance
    gbit = data.draw(st.lists(SIZES, min_size=len(rows), max_size=len(rows)))
    start = data.draw(st.lists(STARTS, min_size=len(rows), max_size=len(rows)))
    times = completion_times(routes_of(rows), capacity, np.array(gbit) / 8e-9, start_s=start, limit_gbit_per_s=limit)
    np.testing.assert_allclose(times, textbook_times(rows, capacity, limit, gbit, start), rtol=1e-9)


@given(instances(), st.data())
def test_times_scale_and_nobody_is_faster_than_alone(
    instance: tuple[list[Row], list[float], list[float]], data: st.DataObject
) -> None:
    rows, capacity, limit = instance
    routes = routes_of(rows)
    size = np.array(data.draw(st.lists(SIZES, min_size=len(rows), max_size=len(rows)))) * 1e9
    times = completion_times(routes, capacity, size, limit_gbit_per_s=limit)
    double = completion_times(routes, np.array(capacity) * 2, size, limit_gbit_per_s=np.array(limit) * 2)
    np.testing.assert_allclose(double, times / 2, rtol=1e-9)
    np.testing.assert_allclose(completion_times(routes, capacity, size * 3, limit_gbit_per_s=limit), times * 3, rtol=1e-9)
    assert (slowdowns(routes, capacity, size, limit_gbit_per_s=limit) >= 1 - 1e-9).all()
    moved = routes.loads(len(capacity), size) * 8e-9
    assert (moved <= np.array(capacity) * times.max() * (1 + 1e-9)).all()


@pytest.mark.parametrize("way", ["d_mod_k", "ecmp", "spray"])
def test_every_byte_arrives(way: str) -> None:
    """The fair rates of those still under way, shared out anew in every interval, add up to what each flow sends."""
    fabric = fat_tree(32, 4, radix=16, oversubscription_ratio=3)
    capacity = fabric.channel_gbit_per_s()
    rng = np.random.default_rng(5)
    source = rng.integers(0, fabric.endpoint_count, 200)
    destination = (source + rng.integers(1, fabric.endpoint_count, 200)) % fabric.endpoint_count
    routes = {
        "d_mod_k": lambda: walk(fabric, d_mod_k(fabric), source, destination),
        "ecmp": lambda: ecmp(fabric, source, destination, seed=1),
        "spray": lambda: spray(fabric, source, destination),
    }[way]()
    size = rng.choice([1e8, 2e8, *rng.uniform(1e8, 1e9, 20)], 200)
    start = rng.choice([0.0, 0.001, *rng.uniform(0, 0.02, 10)], 200)
    end = start + completion_times(routes, capacity, size, start_s=start)
    moments = np.unique(np.concatenate([start, end]))
    moved = np.zeros(200)
    for now, then in pairwise(moments):
        runs = (start <= now) & (end >= then)
        moved += max_min_rates(routes, capacity, limit_gbit_per_s=np.where(runs, np.inf, 0.0)) * (then - now) * 1e9 / 8
    np.testing.assert_allclose(moved, size, rtol=1e-9)


def test_one_flow_alone_takes_its_size_over_the_smallest_capacity() -> None:
    fabric = fat_tree(32, 8, radix=64)
    routes = walk(fabric, d_mod_k(fabric), [0], [9])
    capacity = fabric.channel_gbit_per_s()
    capacity[routes.channel[1]] = 250.0
    assert completion_times(routes, capacity, 1e9)[0] == pytest.approx(8 / 250, rel=1e-15)
    assert slowdowns(routes, capacity, 1e9).tolist() == [1.0]


def test_one_shared_channel_is_never_idle() -> None:
    """Flows of sizes 1 to n end one by one: the k-th after what the first k and as much of the others take."""
    count = 64
    incast = Routes(np.arange(count + 1), np.zeros(count, np.int32), np.ones(count))
    rank = np.arange(1, count + 1)
    times = completion_times(incast, [400.0], rank * 1e9)
    want = (np.cumsum(rank) + rank * (count - rank)) * 8 / 400
    np.testing.assert_allclose(times, want, rtol=1e-12)


@pytest.mark.parametrize("shift", [1, 8, 64, 256, 1000])
def test_a_shift_on_a_full_fat_tree_runs_at_the_rate_of_the_links(shift: int) -> None:
    """D-mod-k routes any shift of all endpoints without a channel used twice (Zahavi et al., CCPE 2010)."""
    fabric = fat_tree(128, 8, radix=64)
    rank = np.arange(fabric.endpoint_count)
    routes = walk(fabric, d_mod_k(fabric), rank, np.roll(rank, -shift))
    rates = max_min_rates(routes, fabric.channel_gbit_per_s())
    assert (rates == 400.0).all()


def test_oversubscription_divides_what_crosses_spines_and_nothing_else() -> None:
    """Every NIC sends to the next unit: 2:1 leaves half; inside a unit nothing is shared."""
    fabric = fat_tree(64, 8, radix=48, oversubscription_ratio=2)
    rank = np.arange(fabric.endpoint_count)
    tables = d_mod_k(fabric)
    capacity = fabric.channel_gbit_per_s()
    across = allocate(walk(fabric, tables, rank, np.roll(rank, -256)), capacity)
    assert (across.rate_gbit_per_s == 200.0).all()
    assert across.throughput_gbit_per_s == 512 * 200.0
    channels, counts = across.binding
    layer = fabric.cables.layer[channels // 2]
    assert (layer == fabric.layers.index("leaf_spine")).all()
    assert (counts <= 2).all()
    inside = (rank // 256 * 256) + (rank % 256 + 8) % 256
    assert (max_min_rates(walk(fabric, tables, rank, inside), capacity) == 400.0).all()


def test_many_flows_that_end_one_by_one_are_exact_to_the_last() -> None:
    """800 events in one connected crowd of flows: the last times agree with sharing everything out anew each time."""
    rng = np.random.default_rng(7)
    count = 800
    channel = rng.integers(0, 250, (count, 3)).astype(np.int32)
    routes = Routes(np.arange(0, 3 * count + 1, 3), channel.ravel(), np.ones(3 * count))
    size = rng.uniform(1e8, 1e9, count)
    times = completion_times(routes, np.full(250, 400.0), size)
    left, now, runs, want = size * 8e-9, 0.0, np.ones(count, bool), np.zeros(count)
    while runs.any():
        rate = max_min_rates(routes, np.full(250, 400.0), limit_gbit_per_s=np.where(runs, np.inf, 0.0))
        need = np.divide(left, rate, out=np.full(count, np.inf), where=runs)
        first = int(need.argmin())
        left, now = left - rate * need[first], now + need[first]
        runs[first], want[first] = False, now
    np.testing.assert_allclose(times, want, rtol=1e-9)


def copies(count: int, seed: int) -> tuple[Routes, Floats, Floats, Floats]:
    """Crowds of six flows over three channels of their own, all alike in their routes, unlike in sizes and starts."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = [[(0, 1.0), (1, 1.0)], [(1, 1.0), (2, 0.5)], [(0, 1.0)], [(2, 1.0)], [(1, 1.0)], [(0, 0.5), (2, 1.0)]]
    every = [[(3 * crowd + channel, weight) for channel, weight in row] for crowd in range(count) for row in rows]
    capacity = rng.uniform(50.0, 400.0, 3 * count) * (rng.random(3 * count) > 0.1)  # some dead
    return routes_of(every), capacity, rng.uniform(1e8, 1e9, 6 * count), rng.choice([0.0, 0.01, 0.02, 0.5], 6 * count)


def test_crowds_that_share_nothing_take_what_each_takes_alone() -> None:
    routes, capacity, size, start = copies(60, 1)
    mixed = np.random.default_rng(2).permutation(360)  # the flows of a crowd stand anywhere
    rows = np.split(np.stack([routes.channel, routes.weight], axis=1), routes.start[1:-1])
    shuffled = routes_of([[(int(channel), weight) for channel, weight in rows[flow]] for flow in mixed])
    together = completion_times(shuffled, capacity, size[mixed], start_s=start[mixed])
    for crowd in range(60):
        mine = slice(6 * crowd, 6 * crowd + 6)
        alone = routes_of([[(int(channel) - 3 * crowd, weight) for channel, weight in row] for row in rows[mine]])
        times = completion_times(alone, capacity[3 * crowd : 3 * crowd + 3], size[mine], start_s=start[mine])
        np.testing.assert_allclose(together[np.argsort(mixed)[mine]], times, rtol=1e-12)


def test_there_are_as_many_steps_as_events_in_the_largest_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six flows start and end at twelve moments at the most, a thousand times over."""
    updates: list[int] = []
    update = Filled.update

    def counted(self: Filled, ended: NDArray[np.int64], started: NDArray[np.int64]) -> Any:
        updates.append(len(ended) + len(started))
        return update(self, ended, started)

    monkeypatch.setattr(Filled, "update", counted)
    routes, capacity, size, start = copies(1000, 3)
    times = completion_times(routes, capacity, size, start_s=start)
    assert len(updates) <= 12
    assert sum(updates) == 6000 + np.isfinite(times).sum()
