"""Every table is walked from every source to every destination; trees also against Zahavi's closed form."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from topologies.clos import fat_tree, rail_only
from topologies.deadlock import credit_loop
from topologies.dragonfly import dragonfly, dragonfly_plus
from topologies.errors import TopologyError
from topologies.fabric import Fabric
from topologies.hyperx import hyperx
from topologies.populate import populated
from topologies.routes import Routes, walk
from topologies.routing import ROUTINGS, d_mod_k, default_routing, dimension_order, dragonfly_minimal, minimal, up_down
from topologies.scale_up import with_scale_up
from topologies.slim_fly import slim_fly
from topologies.torus import torus
from topologies.traffic import all_to_all, balance, link_loads, shift, unreachable_pairs
from topologies.xgft import xgft

TREES = {
    "one switch": fat_tree(8, 2, radix=16),
    "two tiers": fat_tree(8, 4, radix=8),
    "two tiers, 256": fat_tree(32, 8, radix=64),
    "three tiers": fat_tree(16, 4, radix=8, tiers=3),
    "three tiers, partly filled": fat_tree(13, 4, radix=8, tiers=3),
    "managers": fat_tree(7, 4, radix=8, extra_links=3),
    "service leaves": fat_tree(8, 4, radix=8, service_links=5),
    "oversubscribed": fat_tree(12, 2, radix=8, oversubscription_ratio=3, tiers=2),
    "not by rail": fat_tree(8, 4, radix=8, rail_optimised=False),
    "planes": fat_tree(8, 4, radix=8, planes=2),
    "dual ToR": fat_tree(8, 2, radix=8, dual_tor=True, tiers=2),
    "two planes of dual ToR": fat_tree(8, 2, radix=8, dual_tor=True, planes=2, tiers=2),
    "xgft": xgft((4, 4, 2), (1, 2, 2), (1, 2, 1)),
    "xgft, four tiers": xgft((2, 2, 3, 2), (1, 2, 2, 2)),
    "xgft of rails": xgft((4, 4, 2), (1, 4, 2), rails=4),
    "xgft in two planes": xgft((4, 4), (2, 2)),
}
DIRECT = {
    "dragonfly": dragonfly(2, 4, 2),
    "dragonfly, several links": dragonfly(1, 3, 4, groups=4),
    "dragonfly+": dragonfly_plus(2, 2, 2, 2),
    "torus": torus((3, 4, 2)),
    "ring": torus((6,)),
    "hyperx": hyperx((3, 4), 2),
    "hyperx, parallel links": hyperx((3, 2, 2), 2, (2, 1, 1)),
    "slim fly": slim_fly(5, 2),
    "twisted torus": torus((3, 3, 6), twist=True),
}


def walked(fabric: Fabric, routes: Routes, source: NDArray[np.int64], destination: NDArray[np.int64]) -> list[list[int]]:
    """Check that every row holds whole paths from source to destination, no vertex twice in one; return their vertices."""
    tails, heads = (each.tolist() for each in fabric.channel_ends())
    start, channel, paths = routes.start.tolist(), routes.channel.tolist(), []
    for flow, (one, other) in enumerate(zip(source.tolist(), destination.tolist(), strict=True)):
        path = [one]
        for each in channel[start[flow] : start[flow + 1]]:
            if path[-1] == other:  # the flow's next path: by another port
                paths.append(path)
                path = [one]
            assert tails[each] == path[-1]
            path.append(heads[each])
            assert len(set(path)) == len(path)
        assert path[-1] == other
        paths.append(path)
    return paths


def shortest(fabric: Fabric) -> NDArray[np.float64]:
    """[E, E] Links between endpoints that do not forward, by networkx."""
    endpoints, tails, heads = fabric.endpoint_count, *fabric.channel_ends()
    graph = nx.Graph()
    graph.add_nodes_from(range(endpoints, fabric.vertex_count))
    graph.add_edges_from((a, b) for a, b in zip(tails.tolist(), heads.tolist(), strict=True) if min(a, b) >= endpoints)
    far = np.full((fabric.vertex_count, fabric.vertex_count), np.inf)
    for one, others in nx.all_pairs_shortest_path_length(graph):
        far[one, list(others)] = list(others.values())
    near = fabric.adjacency
    at = [near.neighbour[near.start[end] : near.start[end + 1]] for end in range(endpoints)]
    result = np.full((endpoints, endpoints), np.inf)
    for one, other in itertools.product(range(endpoints), repeat=2):
        if len(at[one]) and len(at[other]):
            result[one, other] = far[np.ix_(at[one], at[other])].min() + 2
    np.fill_diagonal(result, 0)
    return result


@pytest.mark.parametrize("name", TREES | DIRECT)
@pytest.mark.parametrize("routing", ["up-down", "minimal", "minimal-lanes", "default"])
def test_every_pair_arrives_and_is_shortest_where_promised(name: str, routing: str) -> None:
    fabric = (TREES | DIRECT)[name]
    tables = default_routing(fabric) if routing == "default" else ROUTINGS[routing](fabric)
    source, destination = all_to_all(fabric.endpoint_count)
    routes = walk(fabric, tables, source, destination)
    walked(fabric, routes, source, destination)
    assert unreachable_pairs(fabric, tables) == 0
    far, hops = shortest(fabric)[source, destination], routes.hops()
    assert (hops >= far - 1e-9).all()
    if name in TREES or routing in ("minimal", "minimal-lanes") or tables.engine in ("dimension-order", "minimal"):
        assert hops == pytest.approx(far)


def test_the_tables_of_up_down_are_those_of_d_mod_k_in_a_whole_tree() -> None:
    for fabric in TREES.values():
        assert (up_down(fabric).out_port == d_mod_k(fabric).out_port).all()


@pytest.mark.parametrize(
    ("children", "parents", "parallel"),
    [
        ((4, 4), (1, 4), None),
        ((4, 3), (1, 2), (1, 2)),
        ((4, 4, 3), (1, 4, 4), None),
        ((4, 2, 3), (1, 2, 3), (1, 2, 2)),
        ((3, 3, 2), (1, 2, 2), (1, 1, 3)),
        ((2, 3, 2, 2), (1, 2, 2, 2), (1, 1, 2, 1)),
    ],
)
def test_upward_ports_follow_the_closed_form(
    children: tuple[int, ...], parents: tuple[int, ...], parallel: tuple[int, ...] | None
) -> None:
    """Zahavi 2012: q = floor(j / (w1 ... wl)) mod (w p), parent q mod w, cable floor(q / w)."""
    fabric = xgft(children, parents, parallel)
    out, endpoints = d_mod_k(fabric).out_port, fabric.endpoint_count
    p = parallel or (1,) * len(children)
    j = np.arange(endpoints)
    leaves_below = np.cumprod(children)
    checked = 0
    for switch in range(fabric.switch_count):
        level = int(fabric.switches.tier[switch])
        if level == len(children):
            continue
        subtree, place = fabric.switches.coordinates[switch]
        # Only what comes this way: its lower digits name this place.
        arrives = np.ones(endpoints, dtype=bool)
        rest, digits = j.copy(), int(place)
        for lower in range(1, level):
            w, cables = parents[lower], p[lower]
            arrives &= rest % (w * cables) % w == digits % w
            rest, digits = rest // w, digits // w
        away = arrives & (j // leaves_below[level - 1] != subtree)
        w, cables = parents[level], p[level]
        q = rest % (w * cables)
        port = children[level - 1] * p[level - 1] + (q % w) * cables + q // w + 1
        assert (out[switch, away] == port[away]).all()
        checked += int(away.sum())
    assert checked >= endpoints * (endpoints - 1) // children[0] // 2


def test_hops_of_one_unit() -> None:
    """Counted from OpenSM's tables too: 31 others on the leaf, 224 beyond a spine."""
    fabric = TREES["two tiers, 256"]
    routes = walk(fabric, d_mod_k(fabric), *all_to_all(256))
    assert Counter(routes.hops().tolist()) == {2.0: 7936, 4.0: 57344}


@pytest.mark.parametrize(
    "fabric",
    [
        fat_tree(32, 8, radix=64),
        fat_tree(128, 8, radix=64),
        fat_tree(96, 8, radix=64),
        fat_tree(512, 8, radix=64),
        fat_tree(128, 8, radix=64, rail_optimised=False),
        fat_tree(128, 1, radix=8),
        fat_tree(64, 8, radix=128, planes=2),
        fat_tree(96, 8, radix=64, oversubscription_ratio=3),
        rail_only(512, 8, radix=64),
        xgft((4, 4, 4), (1, 2, 2), (1, 2, 4)),
        xgft((4, 4), (2, 2)),
        torus((4, 4, 4)),
        torus((8, 4)),
        hyperx((4, 3), 2),
        dragonfly(2, 4, 2),
        slim_fly(5),
    ],
    ids=lambda fabric: f"{fabric.topology} {fabric.endpoint_count}",
)
def test_all_to_all_loads_all_cables_of_a_layer_alike(fabric: Fabric) -> None:
    ratio = balance(fabric, link_loads(fabric, default_routing(fabric)))
    assert len(ratio) == 2 * len(fabric.layers)
    assert list(ratio.values()) == pytest.approx([1.0] * len(ratio), abs=1e-9)


def test_partly_filled_fabrics_are_balanced_to_one_destination_a_cable() -> None:
    """127 nodes and 4 managers: no cable down carries two destinations, and leaves differ by one destination upwards."""
    fabric = fat_tree(127, 8, radix=64, extra_links=4)
    loads = link_loads(fabric, d_mod_k(fabric))
    down = loads[1::2][fabric.cables.layer == 1]
    assert down.max() <= 1020 - 31
    up = loads[::2][fabric.cables.layer == 1].reshape(32, 32)
    endpoints_of_leaf = np.bincount(fabric.cables.b[:1020] - 1020, minlength=32)
    assert (up.max(axis=1) - up.min(axis=1) <= endpoints_of_leaf).all()


def test_both_leaves_of_a_dual_tor_get_half_of_the_destinations() -> None:
    """A destination comes down by one of its two leaves: host and slot choose, so that both get as many on every rail."""
    fabric = TREES["dual ToR"]
    loads = link_loads(fabric, d_mod_k(fabric))[1::2]
    inner = fabric.cables.layer == 1
    into = np.bincount(fabric.cables.a[inner], loads[inner])
    into = into[into > 0]
    assert into == pytest.approx([into.mean()] * 8)


def test_switches_of_a_dragonfly_share_out_the_ways_to_a_group() -> None:
    """32 global links to 9 groups, three or four each; local links carry at most 1.3 of the mean, 1.38 if all began alike."""
    fabric = dragonfly(4, 8, 4, groups=10)
    ratio = balance(fabric, link_loads(fabric, dragonfly_minimal(fabric)))
    assert max(ratio["local", "up"], ratio["local", "down"]) < 1.3
    assert ratio["global", "up"] == pytest.approx(32 / 9 / 3, abs=0.03)


@pytest.mark.parametrize(
    ("fabric", "steps"),
    [
        (fat_tree(32, 8, radix=64), range(1, 256)),
        (fat_tree(8, 4, radix=8), range(1, 32)),
        (xgft((4, 4, 4), (1, 4, 4)), range(1, 64)),
        (fat_tree(16, 4, radix=8, tiers=3), range(1, 64)),
        (fat_tree(128, 8, radix=64), (1, 8, 31, 32, 255, 256, 500, 512, 1023)),
        (fat_tree(512, 8, radix=64), (1, 8, 100, 2048)),
    ],
)
def test_shifts_have_every_cable_to_themselves(fabric: Fabric, steps: range | tuple[int, ...]) -> None:
    tables = d_mod_k(fabric)
    for step in steps:
        assert link_loads(fabric, tables, shift(fabric.endpoint_count, step)).max() == 1.0, step


def up_down_lengths(fabric: Fabric, source: int) -> dict[int, int]:
    """Links of the shortest legal ways, up then down, to all endpoints that have one: breadth first by networkx."""
    tier, endpoints = fabric.tier_of_vertex, fabric.endpoint_count
    tails, heads = (each.tolist() for each in fabric.channel_ends())
    graph = nx.DiGraph()
    for a, b in zip(tails, heads, strict=True):
        if tier[a] < tier[b] and a in (source, *range(endpoints, fabric.vertex_count)):
            graph.add_edge((a, "up"), (b, "up"))
        elif tier[a] > tier[b]:
            graph.add_edge((a, "up"), (b, "down"))
            graph.add_edge((a, "down"), (b, "down"))
    graph.add_node((source, "up"))
    far = nx.single_source_shortest_path_length(graph, (source, "up"))
    return {vertex: hops for (vertex, _), hops in far.items() if vertex < endpoints and vertex != source}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["two tiers", "three tiers", "xgft", "xgft, four tiers", "oversubscribed", "managers"])
def test_up_down_finds_every_legal_way_whatever_fails(name: str, seed: int) -> None:
    fabric, rng = TREES[name], np.random.default_rng(seed)
    inner = np.flatnonzero(fabric.cables.layer > 0)
    dead = rng.choice(inner, rng.integers(1, len(inner) // 2), replace=False)
    vertices = rng.integers(fabric.endpoint_count, fabric.vertex_count, seed // 3)
    fabric = fabric.without(np.append(dead, rng.integers(0, fabric.endpoint_count)), vertices)
    tables = up_down(fabric)
    assert (d_mod_k(fabric).out_port == tables.out_port).all()
    source, destination = all_to_all(fabric.endpoint_count)
    routes = walk(fabric, tables, source, destination)
    legal = np.zeros((fabric.endpoint_count, fabric.endpoint_count))
    for end in range(fabric.endpoint_count):
        for other, hops in up_down_lengths(fabric, end).items():
            legal[end, other] = hops
    assert (routes.hops() == legal[source, destination]).all()
    assert unreachable_pairs(fabric, tables) == int((legal[source, destination] == 0).sum()) > 0
    tier = fabric.tier_of_vertex
    found = np.flatnonzero(routes.hops())
    for path in walked(fabric, walk(fabric, tables, source[found], destination[found]), source[found], destination[found]):
        climb = np.diff(tier[path])
        assert (np.diff(climb) <= 0).all()  # never up after down


def test_a_lost_spine_leaves_the_best_that_one_path_a_destination_allows() -> None:
    """32 destinations on 24 cables: two on one, 4/3 in the mean; upwards 224 on 24."""
    fabric = TREES["two tiers, 256"]
    fabric = fabric.without(vertices=[fabric.vertex_by_name["spine00"]])
    ratio = balance(fabric, link_loads(fabric, up_down(fabric)))
    assert ratio["leaf_spine", "down"] == pytest.approx(1.5)
    assert ratio["leaf_spine", "up"] == pytest.approx(10 / (224 / 24))


def test_no_fat_tree_is_refused_and_up_down_takes_it() -> None:
    fabric = dragonfly_plus(2, 2, 2, 2)
    with pytest.raises(TopologyError, match="joins other than neighbouring tiers; up_down"):
        d_mod_k(fabric)
    assert default_routing(with_scale_up(fat_tree(8, 4, radix=8), 8, 2, 2)).engine == "up-down"


@pytest.mark.parametrize("name", DIRECT)
def test_up_down_of_a_direct_network_goes_up_to_the_root_only(name: str) -> None:
    fabric = DIRECT[name]
    root = fabric.vertex_count - 1
    source, destination = all_to_all(fabric.endpoint_count)
    far = nx.single_source_shortest_path_length(fabric.to_networkx(), fabric.name(root))
    height = np.array([-far[name] for name in fabric.names])
    for path in walked(fabric, walk(fabric, up_down(fabric, root), source, destination), source, destination):
        rank = [(height[vertex], vertex) for vertex in path[1:-1]]
        ups = [one < two for one, two in itertools.pairwise(rank)]
        assert ups == sorted(ups, reverse=True)


@pytest.mark.parametrize("root", [-1, 0, 71, 108])
def test_a_root_that_is_no_switch_is_refused(root: int) -> None:
    with pytest.raises(ValueError, match="root must be the vertex of a switch"):
        up_down(DIRECT["dragonfly"], root)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["torus", "slim fly", "dragonfly", "two tiers", "planes"])
def test_minimal_takes_shortest_ways_whatever_fails(name: str, seed: int) -> None:
    fabric, rng = (TREES | DIRECT)[name], np.random.default_rng(seed)
    fabric = fabric.without(rng.choice(len(fabric.cables), len(fabric.cables) // 4, replace=False))
    tables = minimal(fabric, lanes=True)
    source, destination = all_to_all(fabric.endpoint_count)
    far = shortest(fabric)[source, destination]
    assert walk(fabric, tables, source, destination).hops() == pytest.approx(np.where(np.isinf(far), 0, far))
    assert unreachable_pairs(fabric, tables) == np.isinf(far).sum() > 0


@pytest.mark.parametrize("fabric", [DIRECT["dragonfly"], DIRECT["dragonfly, several links"], DIRECT["dragonfly+"]])
def test_dragonfly_minimal_takes_one_global_link_at_most(fabric: Fabric) -> None:
    tables = dragonfly_minimal(fabric)
    source, destination = all_to_all(fabric.endpoint_count)
    group = np.concatenate([np.full(fabric.endpoint_count, -1), fabric.switches.group])
    for path in walked(fabric, walk(fabric, tables, source, destination), source, destination):
        groups = [key for key, _ in itertools.groupby(group[path[1:-1]].tolist())]
        assert len(groups) == len(set(groups)) <= 2
        assert len(path) <= 6
        lanes = [int(tables.virtual_lane[vertex - fabric.endpoint_count, path[-1]]) for vertex in path[1:-1]]
        assert lanes == [int(group[vertex] == groups[-1]) for vertex in path[1:-1]]


def test_dragonfly_minimal_does_without_a_pair_of_groups_that_lost_its_link() -> None:
    fabric = DIRECT["dragonfly"]
    dead = np.flatnonzero(fabric.cables.layer == 2)[0]
    fabric = fabric.without([dead])
    assert unreachable_pairs(fabric, dragonfly_minimal(fabric)) == 2 * 8 * 8
    assert unreachable_pairs(fabric, minimal(fabric)) == 0
    with pytest.raises(ValueError, match="needs switches in groups"):
        dragonfly_minimal(torus((3, 3)))


def test_dragonfly_minimal_avoids_a_dead_local_link() -> None:
    fabric = DIRECT["dragonfly"]
    fabric = fabric.without(np.flatnonzero(fabric.cables.layer == 1)[[0, 7]])
    assert unreachable_pairs(fabric, dragonfly_minimal(fabric)) == 0


@pytest.mark.parametrize("shape", [(5,), (4, 4), (3, 5, 4), (2, 6)])
def test_dimension_order_is_as_long_as_the_torus_distance(shape: tuple[int, ...]) -> None:
    fabric = torus(shape)
    source, destination = all_to_all(fabric.endpoint_count)
    spot = fabric.switches.coordinates
    away = np.abs(spot[source] - spot[destination])  # one endpoint a router
    distance = np.minimum(away, np.array(shape) - away).sum(axis=1)
    routes = walk(fabric, dimension_order(fabric), source, destination)
    assert (routes.hops() == distance + 2).all()
    for path in walked(fabric, routes, source, destination):
        changed = [int(np.flatnonzero(each)[0]) for each in np.diff(spot[np.array(path[1:-1]) - fabric.endpoint_count], axis=0)]
        assert changed == sorted(changed)


def test_dimension_order_of_a_hyperx_takes_a_hop_a_coordinate() -> None:
    fabric = hyperx((4, 3, 2), 2)
    source, destination = all_to_all(fabric.endpoint_count)
    spot = fabric.switches.coordinates
    hops = (spot[source // 2] != spot[destination // 2]).sum(axis=1) + 2
    tables = dimension_order(fabric)
    assert (walk(fabric, tables, source, destination).hops() == hops).all()
    assert tables.virtual_lane is None


def test_dimension_order_goes_round_the_other_way_past_a_dead_link() -> None:
    fabric = torus((6,))
    dead = next(
        row for row in range(len(fabric.cables)) if fabric.label(row).startswith("x00:") and "x01:" in fabric.label(row)
    )
    fabric = fabric.without([dead])
    tables = dimension_order(fabric)
    assert unreachable_pairs(fabric, tables) == 0
    assert walk(fabric, tables, [0], [1]).hops().tolist() == [7.0]


def test_dimension_order_refuses_a_twist() -> None:
    with pytest.raises(TopologyError, match="does not change one coordinate"):
        dimension_order(DIRECT["twisted torus"])
    assert default_routing(DIRECT["twisted torus"]).engine == "minimal"


@pytest.mark.parametrize("routing", ROUTINGS.values())
def test_a_fabric_without_cables_reaches_nothing(routing: Callable[[Fabric], object]) -> None:
    fabric = torus((3, 3))
    fabric = fabric.without(range(len(fabric.cables)))
    if routing is dragonfly_minimal:
        fabric = dragonfly(1, 2, 1).without(range(3 + 6 + 3))
    tables = routing(fabric)
    assert tables.out_port.sum() == 0  # type: ignore[attr-defined]
    assert unreachable_pairs(fabric, tables) == fabric.endpoint_count * (fabric.endpoint_count - 1)  # type: ignore[arg-type]


def test_sixteen_thousand_endpoints() -> None:
    """The largest published fabric: complete, balanced, and quick (see benchmarks/topologies_routing.py)."""
    fabric = fat_tree(2048, 8, radix=64)
    tables = d_mod_k(fabric)
    assert tables.out_port.shape == (1280, 16384)
    assert tables.out_port.min() > 0
    ratio = balance(fabric, link_loads(fabric, tables))
    assert list(ratio.values()) == pytest.approx([1.0] * 6)


@pytest.mark.parametrize("dead", [0, 300, 1023])
def test_a_dead_uplink_leaves_the_other_cables_in_balance(dead: int) -> None:
    whole = fat_tree(128, 8, radix=64)
    cable = int(np.flatnonzero(whole.cables.layer == 1)[dead])
    fabric = whole.without(cables=[cable])
    before = np.delete(link_loads(whole, d_mod_k(whole)).reshape(-1, 2), cable, axis=0)
    after = link_loads(fabric, up_down(fabric)).reshape(-1, 2)
    ends = [whole.cables.a[cable], whole.cables.b[cable]]
    elsewhere = (fabric.cables.layer == 1) & ~np.isin(fabric.cables.a, ends) & ~np.isin(fabric.cables.b, ends)
    # What one leaf of 32 sends elsewhere adds a little; nothing that was apart may share a cable now.
    assert after[elsewhere].max() <= before[elsewhere].max() * 1.05


@pytest.mark.parametrize(
    "base", [dragonfly(1, 4, 3, links_per_group_pair=2), hyperx((3, 2), 2), torus((4, 3), p=1), slim_fly(3, 1)]
)
def test_scale_up_domains_on_a_direct_network_reach_each_other(base: Fabric) -> None:
    if not (base.endpoints.kind == 0).all():
        base = populated(base, base.endpoint_count)  # chips of a torus, as NICs
    fabric = with_scale_up(base, 1, 1, 1)
    tables = default_routing(fabric)
    assert unreachable_pairs(fabric, tables) == 0
    assert credit_loop(fabric, tables) is None
