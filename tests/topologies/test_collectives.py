"""Laws of collectives: closed forms where nothing is shared, the shared links' arithmetic where something is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from topologies.clos import fat_tree, rail_only
from topologies.collectives import CollectiveTime, Network, collective_time, crossbar
from topologies.errors import TopologyError
from topologies.fabric import NONE, Fabric
from topologies.flows import completion_times, max_min_rates
from topologies.routes import Routes, spray, walk
from topologies.routing import d_mod_k
from topologies.schedules import ALGORITHMS, BUS_FACTORS, Ranks

SIZE, RATE, ALPHA = 1e9, 50e9, 7e-6  # byte, byte/s (400 Gbit/s), s
PAIRS = [(operation, algorithm) for operation, algorithms in ALGORITHMS.items() for algorithm in algorithms]


def on(fabric: Fabric, **changes: Any) -> Network:
    """Route on a fabric by D-mod-k."""
    tables = d_mod_k(fabric)

    def route(source: NDArray[Any], destination: NDArray[Any]) -> Routes:
        return walk(fabric, tables, source, destination)

    return Network(route, fabric.channel_gbit_per_s(), **{"alpha_s": ALPHA, **changes})


def pipeline(depth: int, transfer: float, alpha: float) -> float:
    """The best number of chunks, by trying them all."""
    return min((depth + chunks - 1) * (alpha + transfer / chunks) for chunks in range(1, 5000))


# Closed forms

CLOSED: dict[tuple[str, str], Callable[[int], float]] = {
    ("all-reduce", "ring"): lambda n: 2 * (n - 1) * (ALPHA + SIZE / n / RATE),
    ("all-reduce", "halving-doubling"): lambda n: 2 * math.log2(n) * ALPHA + 2 * (n - 1) / n * SIZE / RATE,
    ("all-reduce", "tree"): lambda n: 2 * math.ceil(math.log2(n)) * (ALPHA + SIZE / RATE),
    ("all-reduce", "double-tree"): lambda n: pipeline(2 * math.ceil(math.log2(n)), 2 * SIZE / RATE, ALPHA),
    ("all-reduce", "in-network"): lambda _: 2 * ALPHA + SIZE / RATE,
    ("reduce-scatter", "ring"): lambda n: (n - 1) * (ALPHA + SIZE / n / RATE),
    ("reduce-scatter", "halving"): lambda n: math.log2(n) * ALPHA + (n - 1) / n * SIZE / RATE,
    ("all-gather", "ring"): lambda n: (n - 1) * (ALPHA + SIZE / n / RATE),
    ("all-gather", "doubling"): lambda n: math.log2(n) * ALPHA + (n - 1) / n * SIZE / RATE,
    ("broadcast", "tree"): lambda n: math.ceil(math.log2(n)) * (ALPHA + SIZE / RATE),
    ("broadcast", "chain"): lambda n: pipeline(n - 1, SIZE / RATE, ALPHA),
    ("broadcast", "double-tree"): lambda n: pipeline(math.ceil(math.log2(n)) + 1, SIZE / RATE, ALPHA),
    ("all-to-all", "pairwise"): lambda n: (n - 1) * (ALPHA + SIZE / n / RATE),
    ("all-to-all", "direct"): lambda n: ALPHA + (n - 1) / n * SIZE / RATE,
}


@pytest.mark.parametrize("ranks", [4, 8, 16, 64])
@pytest.mark.parametrize(("operation", "algorithm"), CLOSED)
def test_closed_forms_where_nothing_is_shared(operation: str, algorithm: str, ranks: int) -> None:
    made = collective_time(operation, algorithm, SIZE, range(ranks), crossbar(ranks, 400.0, alpha_s=ALPHA))
    assert made.seconds == pytest.approx(CLOSED[operation, algorithm](ranks), rel=1e-12)
    assert made.algorithm_gbyte_per_s == pytest.approx(SIZE / 1e9 / made.seconds, rel=1e-12)


@pytest.mark.parametrize(
    ("operation", "algorithm"), [pair for pair in CLOSED if "tree" not in pair[1] and "in-net" not in pair[1]]
)
def test_a_fat_tree_without_oversubscription_is_as_good_as_a_crossbar(operation: str, algorithm: str) -> None:
    """128 ranks in order on 4 units, D-mod-k: shifts and pairwise exchanges share nothing (in-network has a longer way)."""
    fabric = fat_tree(32, 4, radix=16)
    made = collective_time(operation, algorithm, SIZE, range(128), on(fabric))
    assert made.seconds == pytest.approx(CLOSED[operation, algorithm](128), rel=1e-12)


@pytest.mark.parametrize("ranks", [2, 3, 5, 6, 7, 12, 31])
@pytest.mark.parametrize(
    ("operation", "algorithm"), [pair for pair in CLOSED if pair[1] in ("ring", "tree", "chain", "pairwise")]
)
def test_closed_forms_for_any_number_of_ranks(operation: str, algorithm: str, ranks: int) -> None:
    made = collective_time(operation, algorithm, SIZE, range(ranks), crossbar(ranks, 400.0, alpha_s=ALPHA))
    assert made.seconds == pytest.approx(CLOSED[operation, algorithm](ranks), rel=1e-12)


def test_in_network_goes_up_and_down_every_level_once() -> None:
    """Two tiers: two levels below the root, whatever the ranks and however few uplinks there are."""
    fabric = fat_tree(64, 8, radix=48, oversubscription_ratio=2)
    made = collective_time("all-reduce", "in-network", SIZE, range(0, 512, 8), on(fabric))
    assert made.seconds == pytest.approx(SIZE / RATE + 2 * 2 * ALPHA, rel=1e-12)


def test_in_network_over_twin_planes_sums_up_half_the_data_in_each() -> None:
    fabric = fat_tree(64, 1, radix=16, planes=2)
    made = collective_time("all-reduce", "in-network", SIZE, range(64), on(fabric, alpha_s=0.0))
    assert made.seconds == pytest.approx(SIZE / (2 * RATE), rel=1e-12)


def test_in_network_needs_both_directions_of_every_link_on_the_tree() -> None:
    """Rank 3 receives at half the rate: no summand passes there, but the sum does."""
    network = crossbar(8, 400.0)
    network.capacity_gbit_per_s[2 * 3 + 1] = 200.0
    made = collective_time("all-reduce", "in-network", SIZE, range(8), network)
    assert made.seconds == pytest.approx(2 * SIZE / RATE, rel=1e-12)
    assert made.channel == 7


def test_a_scale_up_domain_shares_the_endpoints_own_links_only() -> None:
    """Seven flows out of every rank share its links; sums in the switches take them once; nothing asks the fabric."""
    fabric = fat_tree(2, 8, radix=64)
    network = replace(with_inside(on(fabric), fabric), route=lambda *_: pytest.fail("not a flow for the fabric"))
    direct = collective_time("all-to-all", "direct", SIZE, range(8), network)
    assert direct.seconds == pytest.approx(2e-6 + 7 * SIZE / 8 / 450e9, rel=1e-12)
    merged = collective_time("all-reduce", "in-network", SIZE, range(8, 16), network)
    assert merged.seconds == pytest.approx(2 * 2e-6 + SIZE / 450e9, rel=1e-12)
    assert direct.channel == merged.channel == NONE
    with pytest.raises(ValueError, match="scale_up_gbit_per_s must be above 0"):
        collective_time("all-reduce", "ring", SIZE, range(8), replace(network, scale_up_gbit_per_s=0.0))


def test_what_binds_is_in_the_phase_that_takes_longest() -> None:
    """32 hosts: 62 short steps on the fabric take longer than 2 x 7 longer ones in the hosts, until those are slow too."""
    fabric = rail_only(32, 8, radix=64)
    network = with_inside(on(fabric), fabric)
    made = collective_time("all-reduce", "hierarchical", SIZE, range(256), network, ranks_per_host=8)
    assert made.channel != NONE  # as an index it would be the last cable
    assert fabric.layers[fabric.cables.layer[made.channel // 2]] == "node_leaf"
    slow = replace(network, scale_up_gbit_per_s=400.0)
    assert collective_time("all-reduce", "hierarchical", SIZE, range(256), slow, ranks_per_host=8).channel == NONE


@pytest.mark.parametrize("hosts", [2, 4, 32])
def test_hierarchical_is_the_sum_of_its_parts(hosts: int) -> None:
    local, inner_rate, inner_alpha = 8, 450e9, 2e-6
    fabric = rail_only(hosts, local, radix=64)
    inside = {"domain": fabric.endpoints.host, "scale_up_gbit_per_s": 3600.0, "scale_up_alpha_s": inner_alpha}
    network = on(fabric, **inside)
    ring = (local - 1) * (inner_alpha + SIZE / local / inner_rate)
    rails = (hosts - 1) * (ALPHA + SIZE / local / hosts / RATE)

    def seconds(operation: str, algorithm: str) -> float:
        placement = range(hosts * local)
        return collective_time(operation, algorithm, SIZE, placement, network, ranks_per_host=local).seconds

    assert seconds("all-reduce", "hierarchical") == pytest.approx(2 * ring + 2 * rails, rel=1e-12)
    assert seconds("reduce-scatter", "hierarchical") == pytest.approx(ring + rails, rel=1e-12)
    assert seconds("all-gather", "hierarchical") == pytest.approx(ring + rails, rel=1e-12)
    trees = 2 * ALPHA + SIZE / local / RATE
    assert seconds("all-reduce", "hierarchical-in-network") == pytest.approx(2 * ring + trees, rel=1e-12)
    along = (hosts - 1) * (ALPHA + SIZE / hosts / RATE)
    assert seconds("all-to-all", "rail-aligned") == pytest.approx(ring + along, rel=1e-12)
    with pytest.raises(TopologyError, match="no way from endpoint"):  # other rails are not reached through the fabric
        seconds("all-to-all", "pairwise")


@pytest.mark.parametrize("up_gbyte_per_s", [450.0, 300.0, 20.0])
@pytest.mark.parametrize(("hosts", "local"), [(2, 8), (32, 8), (5, 4), (16, 1)])
def test_rings_use_all_nics_of_a_host_until_the_scale_up_network_binds(hosts: int, local: int, up_gbyte_per_s: float) -> None:
    """In each step every rank sends its m rings' pieces inside and one outside: bus bandwidth min(m B, U) without latency."""
    ranks = hosts * local
    domain = (np.arange(ranks) // local).astype(np.int32)
    network = replace(crossbar(ranks, 400.0, alpha_s=ALPHA), domain=domain, scale_up_gbit_per_s=8 * up_gbyte_per_s)
    outside, within = SIZE / ranks / local / RATE, SIZE / ranks / (up_gbyte_per_s * 1e9) if local > 1 else 0.0
    for operation, rounds in (("all-reduce", 2), ("reduce-scatter", 1), ("all-gather", 1)):
        made = collective_time(operation, "rings", SIZE, range(ranks), network, ranks_per_host=local)
        assert made.seconds == pytest.approx(rounds * (ranks - 1) * (ALPHA + max(outside, within)), rel=1e-12)
        assert (made.channel == NONE) == (within > outside)
        at_once = replace(network, alpha_s=0.0)
        bus = collective_time(operation, "rings", SIZE, range(ranks), at_once, ranks_per_host=local).bus_gbyte_per_s
        assert bus == pytest.approx(min(local * 50.0, up_gbyte_per_s if local > 1 else math.inf), rel=1e-12)


def test_rings_in_one_host_are_a_ring_in_it() -> None:
    fabric = fat_tree(2, 8, radix=64)
    network = replace(with_inside(on(fabric), fabric), route=lambda *_: pytest.fail("not a flow for the fabric"))
    made, plain = (
        collective_time("all-reduce", each, SIZE, range(8), network, ranks_per_host=8).seconds for each in ("rings", "ring")
    )
    assert made == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize(("nic_gbit_per_s", "up_gbyte_per_s", "bus"), [(400.0, 450.0, 400.0), (200.0, 300.0, 200.0)])
def test_rings_on_dgx_systems_are_as_fast_as_their_nics(nic_gbit_per_s: float, up_gbyte_per_s: float, bus: float) -> None:
    """DGX H100, and DGX A100: 192 of the 200 GB/s were measured (https://github.com/NVIDIA/nccl/issues/812)."""
    fabric = fat_tree(32, 8, radix=64, gbit_per_s=nic_gbit_per_s)
    network = replace(with_inside(on(fabric), fabric), scale_up_gbit_per_s=8 * up_gbyte_per_s)
    made = collective_time("all-reduce", "rings", 1e12, range(256), network, ranks_per_host=8)
    assert made.bus_gbyte_per_s == pytest.approx(bus, rel=1e-2)
    assert made.bus_gbyte_per_s < bus


@pytest.mark.parametrize("operation", BUS_FACTORS)
def test_bus_bandwidth_is_that_of_nccl_tests(operation: str) -> None:
    """Without latency, the algorithms that are optimal in bandwidth show the links' rate, whatever the ranks."""
    best = {"all-reduce": "ring", "reduce-scatter": "ring", "all-gather": "ring", "broadcast": "chain", "all-to-all": "direct"}
    for ranks in (2, 3, 8, 100):
        made = collective_time(operation, best[operation], SIZE, range(ranks), crossbar(ranks, 400.0))
        assert made.bus_gbyte_per_s == pytest.approx(50.0, rel=1e-12)
        assert made.latency_s == 0


# What the data do


@pytest.mark.parametrize("ranks", [2, 3, 4, 5, 7, 8, 13, 16, 33, 64])
def test_both_trees_reach_all_ranks_and_load_none_twice(ranks: int) -> None:
    """Every rank but the root gets both halves, and sends no more than it would in a chain: two halves to two children."""
    (phase,) = ALGORITHMS["broadcast"]["double-tree"](SIZE, Ranks(ranks))
    received = np.bincount(phase.destination, minlength=ranks)
    assert received[0] == 0
    assert (received[1:] == 2).all() if ranks > 2 else received[1] == 2
    sent = np.bincount(phase.source, minlength=ranks)
    assert sent[1:].max() <= 2
    (both,) = ALGORITHMS["all-reduce"]["double-tree"](SIZE, Ranks(ranks))
    assert np.bincount(both.source, minlength=ranks).max() <= (4 if ranks % 2 == 0 else 5)
    assert np.bincount(both.source).sum() == 4 * (ranks - 1)


@pytest.mark.parametrize("ranks", [2, 3, 5, 8, 16, 23])
def test_binomial_broadcast_reaches_every_rank_once_from_one_that_has_the_data(ranks: int) -> None:
    have = {0}
    for phase in ALGORITHMS["broadcast"]["tree"](SIZE, Ranks(ranks)):
        assert set(phase.source.tolist()) <= have
        assert not have & set(phase.destination.tolist())
        have |= set(phase.destination.tolist())
    assert have == set(range(ranks))


@pytest.mark.parametrize(("hosts", "local"), [(1, 8), (2, 2), (3, 4), (5, 1), (4, 8)])
def test_rings_are_one_ring_of_all_ranks_for_each_place_in_a_host(hosts: int, local: int) -> None:
    """Walk every ring: into a host at its place, past all others, back to the way out, on to the next host."""
    hops: list[tuple[int, int]] = []
    for ring in range(local):
        at, met = ring, set[int]()
        for host in range(hosts):
            inside = [host * local + (ring + step) % local for step in range(local)]
            met |= set(inside)
            hops += [(a, b) for a, b in pairwise([*inside, inside[0]]) if a != b]
            ahead = (host + 1) % hosts * local + ring
            hops += [(inside[0], ahead)] if hosts > 1 else []
            assert at == inside[0]
            at = ahead
        assert met == set(range(hosts * local))
        assert at == ring
    for operation, rounds in (("all-reduce", 2), ("reduce-scatter", 1), ("all-gather", 1)):
        (phase,) = ALGORITHMS[operation]["rings"](SIZE, Ranks(hosts * local, local))
        assert sorted(zip(phase.source.tolist(), phase.destination.tolist(), strict=True)) == sorted(hops)
        assert phase.steps == rounds * (hosts * local - 1)
        assert phase.size_byte == pytest.approx(SIZE / local / (hosts * local), rel=1e-15)


@pytest.mark.parametrize("ranks", [2, 4, 12, 24])
def test_all_to_all_carries_a_share_to_everybody(ranks: int) -> None:
    """Bytes from every rank to every other; where rails are changed inside the host, those of all it sends there."""
    share = SIZE / ranks
    for algorithm in ("pairwise", "direct"):
        moved = np.zeros((ranks, ranks))
        for phase in ALGORITHMS["all-to-all"][algorithm](SIZE, Ranks(ranks)):
            np.add.at(moved, (phase.source, phase.destination), phase.size_byte)
        np.testing.assert_allclose(moved, share * (1 - np.eye(ranks)), rtol=1e-12)
    moved = np.zeros((ranks, ranks))
    for phase in ALGORITHMS["all-to-all"]["rail-aligned"](SIZE, Ranks(ranks, 2)):
        np.add.at(moved, (phase.source, phase.destination), phase.size_byte)
    host, rail = np.divmod(np.arange(ranks), 2)
    same_host, same_rail = host[:, None] == host, rail[:, None] == rail
    want = np.where(same_host & ~same_rail, SIZE / 2, np.where(same_rail & ~same_host, 2 * share, 0.0))
    np.testing.assert_allclose(moved, want, rtol=1e-12)


@pytest.mark.parametrize("ranks", [2, 8, 32])
@pytest.mark.parametrize(("operation", "algorithm"), [("reduce-scatter", "ring"), ("reduce-scatter", "halving")])
def test_a_reduce_scatter_sends_all_but_the_own_share(operation: str, algorithm: str, ranks: int) -> None:
    sent = np.zeros(ranks)
    for phase in ALGORITHMS[operation][algorithm](SIZE, Ranks(ranks)):
        np.add.at(sent, phase.source, phase.size_byte * phase.steps)
    np.testing.assert_allclose(sent, SIZE * (ranks - 1) / ranks, rtol=1e-12)


# What the fabric does

HALF = {"radix": 48, "oversubscription_ratio": 2.0}  # 32 hosts a unit, 32 ports down, 16 up


def test_a_ring_that_leaves_its_leaf_at_every_step_costs_what_the_shared_uplinks_say() -> None:
    """One rail, two units at 2:1: 32 flows up, 16 uplinks. In order, one flow crosses each way; alternating, all do."""
    network = on(fat_tree(64, 1, **HALF))
    in_order = collective_time("all-reduce", "ring", SIZE, range(64), network)
    assert in_order.seconds == pytest.approx(2 * 63 * (ALPHA + SIZE / 64 / RATE), rel=1e-12)
    alternating = np.arange(64).reshape(2, 32).T.ravel()
    crossing = collective_time("all-reduce", "ring", SIZE, alternating, network)
    assert crossing.seconds == pytest.approx(2 * 63 * (ALPHA + 2 * SIZE / 64 / RATE), rel=1e-12)
    assert crossing.latency_s == in_order.latency_s


def test_the_binding_channel_is_an_uplink_where_uplinks_bind() -> None:
    fabric = fat_tree(64, 1, **HALF)
    alternating = np.arange(64).reshape(2, 32).T.ravel()
    crossing = collective_time("all-reduce", "ring", SIZE, alternating, on(fabric))
    assert crossing.channel != NONE  # as an index it would be the last cable
    assert fabric.layers[fabric.cables.layer[crossing.channel // 2]] == "leaf_spine"


def test_a_rail_aligned_ring_in_a_unit_does_not_feel_oversubscription() -> None:
    """All rails of a unit at once stay on their leaves; the same ranks in the order of hosts change rails over spines."""
    fabric = fat_tree(64, 8, **HALF)
    network = on(fabric)
    placement = np.arange(256)
    aligned = collective_time("all-reduce", "hierarchical", SIZE, placement, with_inside(network, fabric), ranks_per_host=8)
    full = fat_tree(64, 8, radix=64)
    plain = collective_time("all-reduce", "hierarchical", SIZE, placement, with_inside(on(full), full), ranks_per_host=8)
    assert aligned == plain
    everywhere = [collective_time("all-to-all", "direct", SIZE, placement, on(each)).seconds for each in (fabric, full)]
    assert everywhere[0] > 1.5 * everywhere[1]


def test_rings_feel_oversubscription_where_they_leave_their_leaves() -> None:
    """Two units at 2:1, sprayed: in order one flow of a rail crosses; alternating units, or rails from host to host, all do."""
    fabric = fat_tree(64, 8, **HALF)

    def bus(placement: NDArray[Any], on_fabric: Fabric = fabric) -> float:
        sprayed = Network(lambda *ends: spray(on_fabric, *ends), on_fabric.channel_gbit_per_s(), 0.0)
        network = replace(with_inside(sprayed, on_fabric), scale_up_alpha_s=0.0)
        return collective_time("all-reduce", "rings", SIZE, placement, network, ranks_per_host=8).bus_gbyte_per_s

    hosts, places = np.divmod(np.arange(512), 8)
    in_order, turned = hosts * 8 + places, hosts * 8 + (places + hosts % 2) % 8
    alternating = (np.arange(64).reshape(2, 32).T.ravel()[:, None] * 8 + np.arange(8)).ravel()
    assert bus(in_order) == pytest.approx(400.0, rel=1e-12)
    assert bus(alternating) == pytest.approx(200.0, rel=1e-12)
    assert bus(turned) == pytest.approx(200.0, rel=1e-12)  # rail 0 to 1 and back, 1 to 2 and back, ...
    assert bus(turned, fat_tree(64, 8, radix=64)) == pytest.approx(400.0, rel=1e-12)
    apart = rail_only(32, 8, radix=64)
    network = with_inside(on(apart), apart)
    made = collective_time("all-reduce", "rings", SIZE, in_order[:256], network, ranks_per_host=8)
    assert made.seconds == pytest.approx(2 * 255 * (ALPHA + SIZE / 256 / 8 / RATE), rel=1e-12)
    with pytest.raises(TopologyError, match="no way from endpoint"):
        collective_time("all-reduce", "rings", SIZE, turned[:256], network, ranks_per_host=8)


def with_inside(network: Network, fabric: Fabric) -> Network:
    return replace(network, domain=fabric.endpoints.host, scale_up_gbit_per_s=3600.0, scale_up_alpha_s=2e-6)


def test_a_lost_uplink_slows_down_exactly_the_rings_that_need_it() -> None:
    """Sprayed rings along each rail over two units: of the four cables from a spine to rail 3's leaf, three carry all.

    What comes down from that spine was a quarter of its share on each cable, and is a third; nothing else is as full.
    """
    fabric = fat_tree(64, 8, radix=64)
    leaf = fabric.vertex_by_name["su00-rail3-leaf"]
    dead = np.flatnonzero((fabric.cables.a == leaf) & (fabric.cables.layer == 1))[:1]
    assert np.sum((fabric.cables.a == leaf) & (fabric.cables.b == fabric.cables.b[dead])) == 4
    alternating = np.arange(64).reshape(2, 32).T.ravel() * 8

    def seconds(of: Fabric, rail: int) -> float:
        network = replace(on(of, alpha_s=0.0), route=lambda source, destination: spray(of, source, destination))
        return collective_time("all-reduce", "ring", SIZE, alternating + rail, network).seconds

    whole = [seconds(fabric, rail) for rail in range(8)]
    degraded = [seconds(fabric.without(cables=dead), rail) for rail in range(8)]
    assert whole == pytest.approx([2 * 63 / 64 * SIZE / RATE] * 8, rel=1e-12)
    assert degraded == pytest.approx([time * (4 / 3 if rail == 3 else 1) for rail, time in enumerate(whole)], rel=1e-12)


def test_a_cut_off_endpoint_is_no_way() -> None:
    fabric = fat_tree(32, 1, radix=64).without(cables=[5])
    with pytest.raises(TopologyError, match="no way from endpoint"):
        collective_time("all-reduce", "ring", SIZE, range(32), on(fabric))
    left = [host for host in range(32) if host != 5]
    assert collective_time("all-reduce", "ring", SIZE, left, on(fabric)).seconds < math.inf


@pytest.mark.parametrize(("operation", "algorithm"), [pair for pair in PAIRS if "in-network" not in pair[1]])
def test_steps_take_what_their_slowest_fair_flow_takes(operation: str, algorithm: str) -> None:
    """On a scrambled placement and a narrow fabric, the first level is the rates' minimum and the completion's maximum."""
    fabric = fat_tree(16, 4, radix=8, tiers=3, oversubscription_ratio=3)
    network = on(fabric, alpha_s=0.0)
    placement = np.random.default_rng(3).permutation(64)
    seconds = 0.0
    for phase in ALGORITHMS[operation][algorithm](SIZE, Ranks(64, 4)):
        routes = network.route(placement[phase.source], placement[phase.destination])
        slowest = phase.size_byte * 8e-9 / max_min_rates(routes, network.capacity_gbit_per_s).min()
        times = completion_times(routes, network.capacity_gbit_per_s, phase.size_byte)
        assert times.max() == pytest.approx(slowest, rel=1e-9)
        seconds += slowest * (1 if phase.kind == "pipeline" else phase.steps)
    made = collective_time(operation, algorithm, SIZE, placement, network, ranks_per_host=4)
    assert made.seconds == pytest.approx(seconds, rel=1e-12)


# Limits and monotonicity

GRID = st.tuples(st.sampled_from(PAIRS), st.sampled_from([2, 4, 8, 16]), st.floats(1.0, 1e10), st.floats(1e-7, 1e-4))


def small(pair: tuple[str, str], ranks: int, size: float, network: Network) -> CollectiveTime:
    return collective_time(*pair, size, range(ranks), network, ranks_per_host=2)


@given(GRID, st.floats(1.01, 100.0))
def test_more_bytes_or_latency_never_help_and_more_bandwidth_never_harms(
    case: tuple[tuple[str, str], int, float, float], factor: float
) -> None:
    pair, ranks, size, alpha = case
    made = small(pair, ranks, size, crossbar(ranks, 400.0, alpha_s=alpha))
    assert 0 < made.latency_s <= made.seconds
    assert made.channel != NONE
    assert small(pair, ranks, size * factor, crossbar(ranks, 400.0, alpha_s=alpha)).seconds > made.seconds
    assert small(pair, ranks, size, crossbar(ranks, 400.0, alpha_s=alpha * factor)).seconds > made.seconds
    assert small(pair, ranks, size, crossbar(ranks, 400.0 * factor, alpha_s=alpha)).seconds < made.seconds
    # Everything measured in another unit of time or of data is the same.
    slower = small(pair, ranks, size, crossbar(ranks, 400.0 / factor, alpha_s=alpha * factor))
    assert slower.seconds == pytest.approx(made.seconds * factor, rel=1e-9)
    larger = small(pair, ranks, size * factor, crossbar(ranks, 400.0 * factor, alpha_s=alpha))
    assert larger.seconds == pytest.approx(made.seconds, rel=1e-9)


@given(GRID)
def test_limits(case: tuple[tuple[str, str], int, float, float]) -> None:
    """Nothing to send: latency only. No latency: in proportion to the size."""
    pair, ranks, size, alpha = case
    empty = small(pair, ranks, 0.0, crossbar(ranks, 400.0, alpha_s=alpha))
    assert empty.seconds == pytest.approx(empty.latency_s, rel=1e-12)
    assert empty.latency_s == pytest.approx(small(pair, ranks, size, crossbar(ranks, 400.0, alpha_s=alpha)).latency_s)
    once, twice = (small(pair, ranks, each, crossbar(ranks, 400.0)).seconds for each in (size, 2 * size))
    assert twice == pytest.approx(2 * once, rel=1e-12)


def test_hops_add_to_the_latency_of_the_longest_way() -> None:
    fabric = fat_tree(64, 1, radix=64)
    near = collective_time("all-reduce", "ring", 0.0, range(32), on(fabric, hop_s=1e-7))
    far = collective_time("all-reduce", "ring", 0.0, range(64), on(fabric, hop_s=1e-7))
    assert near.seconds == pytest.approx(2 * 31 * (ALPHA + 2e-7), rel=1e-12)
    assert far.seconds == pytest.approx(2 * 63 * (ALPHA + (4e-7 if fabric.switch_count > 1 else 2e-7)), rel=1e-12)


def test_dead_links_take_for_ever() -> None:
    network = replace(crossbar(4, 400.0), capacity_gbit_per_s=np.zeros(8))
    assert collective_time("all-reduce", "ring", SIZE, range(4), network).seconds == math.inf


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"operation": "all-sum"}, "'all-sum' is no operation"),
        ({"algorithm": "star"}, "'star' is no algorithm of all-reduce"),
        ({"placement": [0]}, "at least 2"),
        ({"placement": [0, 1, 1]}, "twice"),
        ({"size_byte": -1.0}, "size_byte"),
        ({"size_byte": math.inf}, "size_byte"),
        ({"ranks_per_host": 3}, "not whole hosts of 3"),
        ({"algorithm": "halving-doubling", "placement": [0, 1, 2]}, "power of two"),
    ],
)
def test_bad_input_is_refused(arguments: dict[str, Any], says: str) -> None:
    good: dict[str, Any] = {"operation": "all-reduce", "algorithm": "ring", "size_byte": SIZE, "placement": range(4)}
    with pytest.raises(ValueError, match=says):
        collective_time(**{**good, **arguments}, network=crossbar(4, 400.0))


def test_a_ring_over_16384_ranks_is_solved_once() -> None:
    """One step's flows are routed, whatever the number of steps."""
    fabric = fat_tree(2048, 8, radix=64)
    network = on(fabric)
    asked: list[int] = []

    def route(source: NDArray[Any], destination: NDArray[Any]) -> Routes:
        asked.append(len(source))
        return network.route(source, destination)

    made = collective_time("all-reduce", "ring", SIZE, np.arange(16384), replace(network, route=route))
    assert asked == [16384]
    assert made.latency_s == pytest.approx(2 * 16383 * ALPHA, rel=1e-12)
    assert made.seconds >= 2 * 16383 * (ALPHA + SIZE / 16384 / RATE) * (1 - 1e-12)
