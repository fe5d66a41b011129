"""Laws of dragonflies: counts in closed form, every pair of groups joined alike, ports shared out evenly."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pytest

from topologies.dragonfly import dragonfly, dragonfly_plus
from topologies.errors import TopologyError
from topologies.fabric import Fabric

SHAPES = [(p, a, h) for p in (1, 3) for a in (1, 2, 3, 4, 6) for h in (1, 2, 3)]
GROUPS = [(a, h, groups) for a in (1, 2, 3, 4, 6) for h in (1, 2, 3, 5) for groups in range(2, a * h + 2)]


def router_graph(fabric: Fabric) -> nx.Graph:
    return nx.Graph(fabric.to_networkx().subgraph(fabric.switches.names))


def links_of_pairs(fabric: Fabric) -> Counter[tuple[int, int]]:
    group, ends = fabric.switches.group, fabric.endpoint_count
    far = fabric.cables.take(fabric.cables.layer == 2)
    pairs = np.sort(np.stack([group[far.a - ends], group[far.b - ends]]), axis=0).T
    return Counter((int(low), int(high)) for low, high in pairs)


def global_links_of_switches(fabric: Fabric) -> np.ndarray[Any, Any]:
    far = fabric.cables.take(fabric.cables.layer == 2)
    return np.bincount(np.concatenate([far.a, far.b]) - fabric.endpoint_count, minlength=fabric.switch_count)


@pytest.mark.parametrize(
    ("p", "a", "h", "groups", "routers", "endpoints"),
    [(2, 4, 2, 9, 36, 72), (8, 16, 8, 129, 2064, 16512), (16, 32, 16, 513, 16416, 262656)],
)
def test_balanced_dragonflies(p: int, a: int, h: int, groups: int, routers: int, endpoints: int) -> None:
    """Kim et al. (ISCA 2008): a h + 1 groups, radix p + a + h - 1."""
    fabric = dragonfly(p, a, h)
    assert (int(fabric.switches.group.max()) + 1, fabric.switch_count, fabric.endpoint_count) == (groups, routers, endpoints)
    local, far = groups * a * (a - 1) // 2, groups * a * h // 2
    assert fabric.cables_by_layer() == {"node_router": endpoints, "local": local, "global": far}
    assert set(fabric.ports_used[endpoints:].tolist()) == set(fabric.switches.ports.tolist()) == {p + a + h - 1}


@pytest.mark.parametrize(("p", "a", "h"), SHAPES)
def test_full_dragonflies_have_diameter_three(p: int, a: int, h: int) -> None:
    fabric = dragonfly(p, a, h)
    graph = router_graph(fabric)
    assert fabric.problems() == []
    assert set(dict(graph.degree()).values()) == {a - 1 + h}
    assert nx.diameter(graph) == (3 if a > 1 else 1)
    assert set(links_of_pairs(fabric).values()) == {1}


@pytest.mark.parametrize(("a", "h", "groups"), GROUPS)
def test_any_number_of_groups_is_joined_evenly(a: int, h: int, groups: int) -> None:
    fabric = dragonfly(1, a, h, groups)
    assert fabric.problems() == []
    pairs = links_of_pairs(fabric)
    assert sorted(pairs) == list(combinations(range(groups), 2))
    assert max(pairs.values()) - min(pairs.values()) <= 1
    # All global ports are used; where groups and what is left over after whole rounds are odd, all but one a group.
    spare = groups % 2 and a * h % (groups - 1) % 2
    assert fabric.cables_by_layer()["global"] == groups * (a * h - spare) // 2
    at_switch = global_links_of_switches(fabric)
    assert at_switch.max() <= h
    assert at_switch.max() - at_switch.min() <= 1
    assert nx.is_connected(router_graph(fabric))


@pytest.mark.parametrize(
    ("a", "h", "groups", "links"), [(4, 4, 5, 1), (4, 4, 5, 3), (4, 4, 9, 2), (8, 3, 4, 7), (32, 10, 74, 4)]
)
def test_links_per_group_pair_are_equal_and_on_different_routers(a: int, h: int, groups: int, links: int) -> None:
    fabric = dragonfly(1, a, h, groups, links)
    assert fabric.problems() == []
    assert links_of_pairs(fabric) == dict.fromkeys(combinations(range(groups), 2), links)
    at_switch = global_links_of_switches(fabric)
    assert at_switch.max() <= h
    assert at_switch.max() - at_switch.min() <= 1
    # Losing a router costs a pair of groups no more than one link, as long as there are routers enough.
    ends = fabric.endpoint_count
    far = fabric.cables.take(fabric.cables.layer == 2)
    for here, there in ((far.a - ends, far.b - ends), (far.b - ends, far.a - ends)):
        seen = Counter(zip(here.tolist(), fabric.switches.group[there].tolist(), strict=True))
        assert max(seen.values()) == 1


def test_links_are_in_the_order_that_is_documented() -> None:
    """Link i of group g, by router and port, leads to group g + 1 + i."""
    a, h, groups = 4, 3, 13
    graph = dragonfly(2, a, h)
    table = graph.adjacency
    for router in range(graph.switch_count):
        vertex = graph.endpoint_count + router
        rows = slice(int(table.start[vertex]), int(table.start[vertex + 1]))
        ports, others = table.port[rows], table.neighbour[rows]
        group, place = divmod(router, a)
        assert others[ports <= 2].tolist() == [router * 2, router * 2 + 1]
        inside = others[(ports > 2) & (ports <= 2 + a - 1)] - graph.endpoint_count
        assert inside.tolist() == [group * a + other for other in range(a) if other != place]
        outside = graph.switches.group[others[ports > 2 + a - 1] - graph.endpoint_count]
        assert outside.tolist() == [(group + 1 + place * h + port) % groups for port in range(h)]


def test_small_cases_are_known_graphs() -> None:
    assert nx.is_isomorphic(router_graph(dragonfly(1, 2, 1)), nx.cycle_graph(6))
    assert nx.is_isomorphic(router_graph(dragonfly(1, 1, 5)), nx.complete_graph(6))
    assert nx.is_isomorphic(router_graph(dragonfly(1, 5, 0)), nx.complete_graph(5))
    # Two groups of three routers with one link each are a prism.
    assert nx.is_isomorphic(router_graph(dragonfly(1, 3, 1, 2)), nx.circular_ladder_graph(3))


def test_frontier() -> None:
    """74 compute groups of 32 switches with 16 endpoints, 4 links to each other group (Atchley et al., SC 2023)."""
    fabric = dragonfly(16, 32, 10, 74, 4, nics_per_host=4, radix=64, gbit_per_s=200.0)
    assert (fabric.endpoint_count, len(fabric.endpoints.host_names)) == (37_888, 9_472)
    assert fabric.cables_by_layer()["global"] == 74 * 73 // 2 * 4
    assert fabric.problems() == []
    # 2,701 pairs of groups with 4 links of 25 GB/s: 270 TB/s in one direction.
    assert fabric.cables.gbit_per_s[fabric.cables.layer == 2].sum() / 8000 == pytest.approx(270.1)


def test_names_hosts_and_rates() -> None:
    fabric = dragonfly(4, 2, 1, nics_per_host=2, endpoint_gbit_per_s=100.0, local_gbit_per_s=200.0, global_gbit_per_s=300.0)
    assert fabric.switches.names == ("g00-r00", "g00-r01", "g01-r00", "g01-r01", "g02-r00", "g02-r01")
    assert fabric.switches.coordinates.tolist() == [[group, router] for group in range(3) for router in range(2)]
    assert fabric.endpoints.names[:5] == ("n0000-nic0", "n0000-nic1", "n0001-nic0", "n0001-nic1", "n0002-nic0")
    for layer, rate in enumerate((100.0, 200.0, 300.0)):
        assert set(fabric.cables.gbit_per_s[fabric.cables.layer == layer]) == {rate}


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        ({"p": 2, "a": 4, "h": 2, "groups": 10}, [{"groups": 9}, {"h": 3}]),
        (
            {"p": 2, "a": 4, "h": 2, "groups": 5, "links_per_group_pair": 3},
            [{"links_per_group_pair": 2}, {"groups": 3}, {"h": 3}],
        ),
        ({"p": 2, "a": 4, "h": 2, "radix": 6}, [{"h": 1}, {"p": 1}, {"a": 3}, {"radix": 7}]),
        ({"p": 5, "a": 4, "h": 2, "nics_per_host": 2}, [{"p": 4}, {"nics_per_host": 1}]),
    ],
)
def test_impossible_parameters(arguments: dict[str, int], nearest: list[dict[str, int]]) -> None:
    with pytest.raises(TopologyError) as caught:
        dragonfly(**arguments)
    assert list(caught.value.nearest) == nearest
    for option in nearest:
        assert dragonfly(**{**arguments, **option}).problems() == []


@pytest.mark.parametrize(
    "wrong",
    [{"p": 0}, {"a": 0}, {"h": -1}, {"groups": 0}, {"links_per_group_pair": 0}, {"gbit_per_s": 0}, {"global_gbit_per_s": -1.0}],
)
def test_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        dragonfly(**{"p": 2, "a": 4, "h": 2, **wrong})


# Dragonfly+


@pytest.mark.parametrize("leaves", [1, 2, 3])
@pytest.mark.parametrize("spines", [1, 2, 4])
@pytest.mark.parametrize(("p", "h"), [(1, 1), (2, 3)])
def test_full_dragonfly_plus(leaves: int, spines: int, p: int, h: int) -> None:
    """Shpiner et al. (HiPINEB 2017): groups of a complete bipartite graph, at most s h + 1 of them."""
    fabric = dragonfly_plus(leaves, spines, p, h)
    groups = spines * h + 1
    assert fabric.problems() == []
    assert fabric.endpoint_count == groups * leaves * p
    assert fabric.switches_by_tier() == {"leaf": groups * leaves, "spine": groups * spines}
    assert fabric.cables_by_layer() == {
        "node_router": groups * leaves * p,
        "leaf_spine": groups * leaves * spines,
        "global": groups * spines * h // 2,
    }
    used = fabric.ports_used[fabric.endpoint_count :]
    assert (used == fabric.switches.ports).all()
    assert set(used[fabric.switches.tier == 1].tolist()) == {p + spines}
    assert set(used[fabric.switches.tier == 2].tolist()) == {leaves + h}
    assert set(links_of_pairs(fabric).values()) == {1}
    # From leaf to leaf: two links in a group, three between groups (up, across, down).
    graph, names, group = router_graph(fabric), fabric.switches.names, fabric.switches.group
    distances = dict(nx.all_pairs_shortest_path_length(graph))
    for one, other in combinations(np.flatnonzero(fabric.switches.tier == 1), 2):
        assert distances[names[one]][names[other]] == (2 if group[one] == group[other] else 3)


@pytest.mark.parametrize(("groups", "links"), [(2, None), (3, None), (4, None), (7, None), (3, 2)])
def test_fewer_groups_of_dragonfly_plus(groups: int, links: int | None) -> None:
    fabric = dragonfly_plus(2, 3, 2, 2, groups, links)
    pairs = links_of_pairs(fabric)
    assert sorted(pairs) == list(combinations(range(groups), 2))
    assert max(pairs.values()) - min(pairs.values()) <= (0 if links else 1)
    assert global_links_of_switches(fabric)[fabric.switches.tier == 1].max() == 0
    assert fabric.problems() == []


def test_names_of_dragonfly_plus() -> None:
    fabric = dragonfly_plus(2, 1, 1, 1)
    assert fabric.switches.names == ("g00-leaf00", "g00-leaf01", "g01-leaf00", "g01-leaf01", "g00-spine00", "g01-spine00")
    assert fabric.switches.coordinates.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1], [0, 0], [1, 0]]
    assert fabric.label(8) == "g00-spine00:3 <-> g01-spine00:3"


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        ({"groups": 8}, [{"groups": 7}, {"h": 3}]),
        ({"radix": 4}, [{"p": 1}, {"spines": 2}, {"radix": 5}]),
        ({"leaves": 8, "radix": 9}, [{"h": 1}, {"leaves": 7}, {"radix": 10}]),
    ],
)
def test_impossible_dragonfly_plus(arguments: dict[str, int], nearest: list[dict[str, int]]) -> None:
    base = {"leaves": 2, "spines": 3, "p": 2, "h": 2}
    with pytest.raises(TopologyError) as caught:
        dragonfly_plus(**{**base, **arguments})
    assert list(caught.value.nearest) == nearest
    for option in nearest:
        assert dragonfly_plus(**{**base, **arguments, **option}).problems() == []
