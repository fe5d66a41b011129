"""Routes against a walk in plain Python, conservation of what is split, and shortest ways by networkx."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict

import networkx as nx
import numpy as np
import pytest

from topologies.clos import fat_tree
from topologies.dragonfly import dragonfly, dragonfly_plus
from topologies.fabric import Fabric
from topologies.hyperx import hyperx
from topologies.routes import Routes, ecmp, spray, valiant, walk
from topologies.routing import d_mod_k, default_routing, dragonfly_minimal, minimal, up_down
from topologies.scale_up import with_scale_up
from topologies.slim_fly import slim_fly
from topologies.torus import torus
from topologies.traffic import all_to_all, random_pairs
from topologies.xgft import xgft

FABRICS = {
    "tree": fat_tree(16, 4, radix=8, tiers=3),
    "two cables to a leaf": xgft((4, 3), (1, 2), (2, 2)),
    "parallel cables": fat_tree(8, 2, radix=16, tiers=2),
    "planes": fat_tree(8, 2, radix=8, planes=2),
    "dual ToR": fat_tree(8, 2, radix=8, dual_tor=True, tiers=2),
    "torus": torus((4, 3, 2)),
    "hyperx": hyperx((3, 3), 2, (2, 1)),
    "slim fly": slim_fly(5, 1),
    "dragonfly": dragonfly(1, 4, 2),
    "damaged": torus((4, 4)).without([40, 41, 42, 43, 16]),
}


def rows(routes: Routes, flow: int) -> list[tuple[int, float]]:
    row = slice(routes.start[flow], routes.start[flow + 1])
    return list(zip(routes.channel[row].tolist(), routes.weight[row].tolist(), strict=True))


@pytest.mark.parametrize("name", FABRICS)
def test_a_walk_does_what_the_tables_say(name: str) -> None:
    """One flow at a time, port by port, from the labels of cables."""
    fabric, rng = FABRICS[name], np.random.default_rng(1)
    tables = default_routing(fabric)
    behind = {}
    cables = fabric.cables
    for number, (a, a_port, b, b_port) in enumerate(
        zip(cables.a.tolist(), cables.a_port.tolist(), cables.b.tolist(), cables.b_port.tolist(), strict=True)
    ):
        behind[a, a_port], behind[b, b_port] = (2 * number, b), (2 * number + 1, a)
    source, destination = random_pairs(fabric.endpoint_count, 100, rng)
    routes = walk(fabric, tables, source, destination)
    for flow, (one, other) in enumerate(zip(source.tolist(), destination.tolist(), strict=True)):
        paths = []
        for _, (first, leaf) in sorted(item for item in behind.items() if item[0][0] == one):
            path, vertex = [first], leaf
            while vertex >= fabric.endpoint_count:
                port = int(tables.out_port[vertex - fabric.endpoint_count, other])
                if not port:
                    break
                channel, vertex = behind[vertex, port]
                path.append(channel)
            if vertex == other:
                paths.append(path)
        best = [path for path in paths if len(path) == min(map(len, paths))]
        assert rows(routes, flow) == [(channel, 1 / len(best)) for path in best for channel in path]


@pytest.mark.parametrize("name", FABRICS)
def test_spraying_conserves_flow_and_uses_every_shortest_way(name: str) -> None:
    fabric, rng = FABRICS[name], np.random.default_rng(2)
    source, destination = random_pairs(fabric.endpoint_count, 30, rng)
    routes = spray(fabric, source, destination)
    tails, heads = fabric.channel_ends()
    for flow, (one, other) in enumerate(zip(source.tolist(), destination.tolist(), strict=True)):
        graph = nx.MultiDiGraph()
        for channel, (a, b) in enumerate(zip(tails.tolist(), heads.tolist(), strict=True)):
            if (a == one or a >= fabric.endpoint_count) and (b == other or b >= fabric.endpoint_count):
                graph.add_edge(a, b, key=channel)
        used, net = {}, defaultdict(float)
        for channel, weight in rows(routes, flow):
            assert channel not in used
            used[channel] = weight
            net[int(tails[channel])] += weight
            net[int(heads[channel])] -= weight
        if one not in graph or other not in graph or not nx.has_path(graph, one, other):
            assert not used
            continue
        ways = list(nx.all_shortest_paths(nx.DiGraph(graph), one, other))
        between = {(a, b) for way in ways for a, b in itertools.pairwise(way)}
        assert set(used) == {channel for a, b in between for channel in graph[a][b]}
        assert {vertex: round(value, 9) for vertex, value in net.items() if abs(value) > 1e-9} == {one: 1, other: -1}
        leaving = defaultdict(set)
        for channel, weight in used.items():
            leaving[int(tails[channel])].add(round(weight, 9))
        assert all(len(weights) == 1 for weights in leaving.values())  # in equal parts
        assert routes.hops()[flow] == pytest.approx(len(ways[0]) - 1)


@pytest.mark.parametrize("name", FABRICS)
def test_ecmp_takes_one_shortest_way_of_those_that_are_sprayed(name: str) -> None:
    fabric, rng = FABRICS[name], np.random.default_rng(3)
    source, destination = random_pairs(fabric.endpoint_count, 200, rng)
    routes, all_ways = ecmp(fabric, source, destination, seed=5), spray(fabric, source, destination)
    assert routes.hops() == pytest.approx(all_ways.hops())
    tails, heads = fabric.channel_ends()
    for flow in range(200):
        row = routes.channel[routes.start[flow] : routes.start[flow + 1]]
        assert set(row.tolist()) <= {channel for channel, _ in rows(all_ways, flow)}
        if len(row):
            vertices = [int(source[flow]), *heads[row].tolist()]
            assert vertices[:-1] == tails[row].tolist()
            assert vertices[-1] == destination[flow]
    assert set(routes.weight.tolist()) == {1.0}


def test_ecmp_spreads_flows_evenly_and_differs_by_seed() -> None:
    """10,000 flows over 16 uplinks of a leaf: 625 each, within five standard deviations."""
    fabric = fat_tree(8, 8, radix=32, rail_optimised=False, tiers=2)
    flows = np.zeros(10_000, np.int64), np.full(10_000, 63)
    one, other = (ecmp(fabric, *flows, seed=seed) for seed in (1, 2))
    assert (one.channel == ecmp(fabric, *flows, seed=1).channel).all()
    assert (one.channel != other.channel).any()
    up = one.loads(2 * len(fabric.cables))[::2][fabric.cables.layer == 1]
    up = up[up > 0]
    assert len(up) == 16
    assert np.abs(up - 625).max() < 5 * np.sqrt(10_000 / 16 * 15 / 16)


def test_ecmp_chooses_anew_at_every_switch() -> None:
    """Were the hash the same at leaf and spine, each spine would use one of its uplinks only."""
    fabric = xgft((4, 4, 2), (1, 4, 4))
    routes = ecmp(fabric, np.zeros(2000, np.int64), np.full(2000, 31), seed=3)
    loads = routes.loads(2 * len(fabric.cables))[::2]
    assert [int((loads[fabric.cables.layer == layer] > 0).sum()) for layer in range(3)] == [1, 4, 16]


def test_ports_of_an_endpoint_share_its_flows() -> None:
    fabric = FABRICS["planes"]
    routes = walk(fabric, d_mod_k(fabric), [0, 0], [1, 15])
    planes = fabric.cables.plane[routes.channel // 2]
    for flow in range(2):
        row = slice(routes.start[flow], routes.start[flow + 1])
        assert routes.weight[row].tolist() == [0.5] * (row.stop - row.start)
        assert set(Counter(planes[row].tolist()).values()) == {(row.stop - row.start) // 2}
    dead = fabric.without(np.flatnonzero(fabric.cables.plane == 1))
    assert walk(dead, d_mod_k(dead), [0], [15]).weight.tolist() == [1.0] * 4


def test_a_scale_up_domain_keeps_its_own_traffic() -> None:
    """Between GPUs of one domain by its chips only; to another domain by one NIC at each end."""
    fabric = with_scale_up(fat_tree(8, 4, radix=8), 16, 6, 6)
    tables = up_down(fabric)
    inside, outside = walk(fabric, tables, [0], [15]), walk(fabric, tables, [0], [16])
    layers = fabric.cables.layer
    assert {fabric.layers[layer] for layer in layers[inside.channel // 2]} == {"nvlink"}
    assert inside.weight == pytest.approx([1 / 6] * 12)
    assert "nvlink" not in {fabric.layers[layer] for layer in layers[outside.channel // 2]}
    assert (spray(fabric, [0], [15]).loads(2 * len(layers)) == inside.loads(2 * len(layers))).all()


@pytest.mark.parametrize("fabric", [dragonfly(2, 4, 2), dragonfly(1, 2, 1), dragonfly_plus(2, 2, 2, 2)])
def test_valiant_goes_by_a_third_group(fabric: Fabric) -> None:
    tables = dragonfly_minimal(fabric)
    source, destination = all_to_all(fabric.endpoint_count)
    routes = valiant(fabric, tables, source, destination, np.random.default_rng(7))
    straight = walk(fabric, tables, source, destination)
    group = np.concatenate([np.full(fabric.endpoint_count, -1), fabric.switches.group])
    tails, heads = fabric.channel_ends()
    met: Counter[int] = Counter()
    for flow in range(len(source)):
        row = routes.channel[routes.start[flow] : routes.start[flow + 1]]
        assert tails[row].tolist() == [source[flow], *heads[row][:-1].tolist()]
        assert heads[row[-1]] == destination[flow]
        groups = list(dict.fromkeys(group[heads[row][:-1]].tolist()))
        if group[heads[row[0]]] == group[tails[row[-1]]]:
            assert len(groups) == 1
            assert row.tolist() == straight.channel[straight.start[flow] : straight.start[flow + 1]].tolist()
        else:
            assert len(groups) == 3
            met[groups[1]] += 1
    mean = sum(met.values()) / len(met)
    assert len(met) == fabric.switches.group.max() + 1
    assert max(abs(count - mean) for count in met.values()) < 6 * np.sqrt(mean)


def test_valiant_of_two_groups_is_minimal() -> None:
    fabric = dragonfly(1, 2, 1, groups=2)
    tables = dragonfly_minimal(fabric)
    pairs = all_to_all(fabric.endpoint_count)
    routes, straight = valiant(fabric, tables, *pairs, np.random.default_rng(1)), walk(fabric, tables, *pairs)
    assert (routes.channel == straight.channel).all()
    with pytest.raises(ValueError, match="needs switches in groups"):
        valiant(FABRICS["torus"], minimal(FABRICS["torus"]), [0], [1], np.random.default_rng(1))


def test_nothing_and_oneself() -> None:
    fabric = xgft((2, 2), (1, 2))
    for routes in (
        walk(fabric, d_mod_k(fabric), [1], [1]),
        spray(fabric, [1], [1]),
        ecmp(fabric, [1], [1], seed=1),
    ):
        assert (len(routes), routes.hops().tolist(), len(routes.channel)) == (1, [0.0], 0)
    none = np.zeros(0, np.int64)
    assert [len(spray(fabric, none, none)), len(ecmp(fabric, none, none, seed=1))] == [0, 0]
    assert len(walk(fabric, d_mod_k(fabric), none, none)) == 0


def test_loads_count_volumes() -> None:
    fabric = xgft((2, 2), (1, 2))
    routes = spray(fabric, [0, 1], [2, 3])
    loads = routes.loads(2 * len(fabric.cables), np.array([8.0, 2.0]))
    assert loads[[0, 2, 8, 10, 5, 7]].tolist() == [8.0, 2.0, 5.0, 5.0, 8.0, 2.0]


@pytest.mark.parametrize(("source", "destination"), [([0], [1, 2]), ([4], [0]), ([0], [-1]), ([[0]], [[1]])])
def test_wrong_endpoints_are_refused(source: list[int], destination: list[int]) -> None:
    fabric = xgft((2, 2), (1, 2))
    with pytest.raises(ValueError, match="source and destination"):
        spray(fabric, source, destination)


def test_a_loop_or_a_wrong_end_is_no_arrival() -> None:
    fabric = torus((4,))
    tables = minimal(fabric)
    tables.out_port[:2, 3] = tables.out_port[[0, 1], [1, 0]]  # 0 and 1 send what is for 3 to each other
    tables.out_port[2, 0] = 1  # 2 keeps what is for 0
    assert walk(fabric, tables, [0, 1, 2, 2], [3, 3, 3, 0]).hops().tolist() == [0.0, 0.0, 3.0, 0.0]
