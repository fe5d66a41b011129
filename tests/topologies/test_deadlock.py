"""Credit loops against the dependency graph of all paths, built and searched by networkx."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

from topologies.clos import fat_tree
from topologies.deadlock import credit_loop, group_lanes
from topologies.dragonfly import dragonfly, dragonfly_plus
from topologies.fabric import Fabric
from topologies.hyperx import hyperx
from topologies.routes import Routes, spray, valiant, walk
from topologies.routing import Tables, d_mod_k, default_routing, dimension_order, dragonfly_minimal, minimal, up_down
from topologies.slim_fly import slim_fly
from topologies.torus import torus
from topologies.traffic import all_to_all, random_pairs
from topologies.xgft import xgft


def dependencies(fabric: Fabric, tables: Tables) -> nx.DiGraph:
    """What waits for what, from every pair of endpoints walked on its own."""
    source, destination = all_to_all(fabric.endpoint_count)
    routes = walk(fabric, tables, source, destination)
    tails = fabric.channel_ends()[0]
    graph = nx.DiGraph()
    for flow in range(len(source)):
        row = routes.channel[routes.start[flow] : routes.start[flow + 1]].tolist()[1:]
        switches = [int(tails[channel]) - fabric.endpoint_count for channel in row]
        lanes = [0 if tables.virtual_lane is None else int(tables.virtual_lane[each, destination[flow]]) for each in switches]
        nx.add_path(graph, zip(row, lanes, strict=True))
    return graph


def agree(fabric: Fabric, tables: Tables) -> bool:
    """Check a verdict, and a loop that was found, against the graph; return whether there is one."""
    graph, loop = dependencies(fabric, tables), credit_loop(fabric, tables)
    assert (loop is None) == nx.is_directed_acyclic_graph(graph)
    if loop is not None:
        assert len(set(loop)) == len(loop)
        assert all(graph.has_edge(one, other) for one, other in zip(loop, [*loop[1:], loop[0]], strict=True))
    return loop is not None


def without_lanes(tables: Tables) -> Tables:
    assert tables.virtual_lane is not None
    return replace(tables, virtual_lane=None)


def test_a_ring_loops_by_shortest_ways_and_not_up_and_down() -> None:
    """As ibdmchk finds on a ring of six switches: minhop loops, updn does not."""
    fabric = torus((6,))
    assert agree(fabric, minimal(fabric))
    assert not agree(fabric, minimal(fabric, lanes=True))
    assert not agree(fabric, up_down(fabric))


@pytest.mark.parametrize("shape", [(5,), (6,), (5, 3), (6, 6), (5, 2, 3)])
def test_a_torus_needs_its_dateline(shape: tuple[int, ...]) -> None:
    fabric = torus(shape)
    tables = dimension_order(fabric)
    assert tables.virtual_lane is not None
    assert tables.virtual_lane.max() == 1
    assert not agree(fabric, tables)
    assert agree(fabric, without_lanes(tables))


@pytest.mark.parametrize("fabric", [hyperx((4, 3), 1), torus((4, 3), wrap=False)])
def test_lines_and_meshes_need_one_lane(fabric: Fabric) -> None:
    assert dimension_order(fabric).virtual_lane is None
    assert not agree(fabric, dimension_order(fabric))


def test_a_dragonfly_needs_its_second_lane() -> None:
    fabric = dragonfly(1, 4, 2)
    assert not agree(fabric, dragonfly_minimal(fabric))
    assert agree(fabric, without_lanes(dragonfly_minimal(fabric)))
    fabric = dragonfly_plus(2, 2, 2, 1)
    assert not agree(fabric, dragonfly_minimal(fabric))


def test_valiant_needs_three_lanes() -> None:
    fabric = dragonfly(1, 4, 2)
    pairs = random_pairs(fabric.endpoint_count, 20_000, np.random.default_rng(1))
    routes = valiant(fabric, dragonfly_minimal(fabric), *pairs, np.random.default_rng(2))
    lanes = group_lanes(fabric, routes)
    assert set(lanes.tolist()) == {0, 1, 2}
    assert credit_loop(fabric, routes, lanes) is None
    assert credit_loop(fabric, routes) is not None
    assert credit_loop(fabric, routes, np.minimum(lanes, 1)) is not None


def test_the_lanes_of_routes_and_of_tables_find_the_same() -> None:
    fabric = dragonfly(1, 4, 2)
    tables = dragonfly_minimal(fabric)
    routes = walk(fabric, tables, *all_to_all(fabric.endpoint_count))
    lanes = group_lanes(fabric, routes)
    assert credit_loop(fabric, routes, lanes) is None
    assert credit_loop(fabric, routes) is not None
    tails, crossing = fabric.channel_ends()[0][routes.channel], np.bincount(routes.flow, lanes)[routes.flow] > 0
    inner = crossing & (tails >= fabric.endpoint_count)
    destination = all_to_all(fabric.endpoint_count)[1][routes.flow]
    assert tables.virtual_lane is not None
    assert (tables.virtual_lane[tails[inner] - fabric.endpoint_count, destination[inner]] == lanes[inner]).all()


@pytest.mark.parametrize(
    "fabric",
    [
        fat_tree(32, 8, radix=64),
        fat_tree(16, 4, radix=8, tiers=3),
        fat_tree(8, 2, radix=8, planes=2),
        xgft((3, 3, 2), (1, 2, 2)),
    ],
)
def test_trees_are_free(fabric: Fabric) -> None:
    assert credit_loop(fabric, d_mod_k(fabric)) is None
    damaged = fabric.without(np.flatnonzero(fabric.cables.layer > 0)[::3])
    assert credit_loop(damaged, up_down(damaged)) is None


@pytest.mark.parametrize("seed", range(8))
def test_damaged_graphs_are_judged_as_networkx_judges_them(seed: int) -> None:
    rng, verdicts = np.random.default_rng(seed), []
    for whole in (torus((4, 4)), torus((3, 3, 2)), slim_fly(5, 1), dragonfly(1, 3, 1), torus((3, 3), wrap=False)):
        inner = np.flatnonzero(whole.cables.a >= whole.endpoint_count)
        fabric = whole.without(rng.choice(inner, len(inner) // 4, replace=False))
        assert not agree(fabric, up_down(fabric))
        assert not agree(fabric, minimal(fabric, lanes=True))
        verdicts.append(agree(fabric, minimal(fabric)))
        if whole.topology == "torus":
            assert not agree(fabric, dimension_order(fabric))
    assert any(verdicts)


def test_only_what_endpoints_send_counts() -> None:
    """All entries of a ring lead to the right: two neighbours with endpoints cannot close a circle, all six can."""
    whole = torus((6,))
    right = np.array([int(minimal(whole).out_port[switch, (switch + 1) % 6]) for switch in range(6)], np.uint16)
    out = np.repeat(right[:, None], 6, axis=1)
    np.fill_diagonal(out, 1)
    tables = Tables("right", out)
    assert agree(whole, tables)
    two = whole.without(np.flatnonzero((whole.cables.a < 6) & (whole.cables.a > 1)))
    assert not agree(two, tables)
    three = whole.without(np.flatnonzero((whole.cables.a < 6) & (whole.cables.a % 2 == 1)))
    assert agree(three, tables)  # through switches without endpoints


def test_default_tables_are_free_of_loops() -> None:
    for fabric in (torus((4, 5)), torus((3, 3, 6), twist=True), hyperx((3, 4), 2), slim_fly(5, 1), dragonfly(2, 4, 2)):
        assert credit_loop(fabric, default_routing(fabric)) is None


def test_routes_that_split_or_lanes_that_do_not_fit_are_refused() -> None:
    fabric = xgft((2, 2), (1, 2))
    with pytest.raises(ValueError, match="one path a flow"):
        credit_loop(fabric, spray(fabric, [0], [2]))
    with pytest.raises(ValueError, match="lane must name one lane"):
        credit_loop(fabric, walk(fabric, d_mod_k(fabric), [0], [2]), np.zeros(3, np.int64))
    with pytest.raises(ValueError, match="tables have their own lanes"):
        credit_loop(fabric, d_mod_k(fabric), np.zeros(3, np.int64))
    assert credit_loop(fabric, Routes(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0))) is None
