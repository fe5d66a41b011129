"""The tree of nodes: every node in one group a level, and together with whom the fewest tiers of switches lie between."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

from topologies.clos import fat_tree, rail_only
from topologies.dragonfly import dragonfly, dragonfly_plus
from topologies.fabric import Fabric
from topologies.formats.placement import PlacementTree, placement_tree, scale_up_domains
from topologies.hyperx import hyperx
from topologies.scale_up import nvlink_domain, with_scale_up
from topologies.slim_fly import slim_fly
from topologies.torus import optical_torus, torus
from topologies.xgft import xgft


def sizes(tree: PlacementTree) -> list[int]:
    return [len(unit.nodes) for unit in tree.units]


CASES = [
    # what is built, the levels, groups by level, nodes of the finest groups
    (fat_tree(127, 8, radix=64, extra_links=4), ("fabric", "unit"), (1, 4), [32, 32, 32, 31]),
    (fat_tree(32, 8, radix=64), ("unit",), (1,), [32]),
    (fat_tree(8, 8, radix=64), ("leaf",), (1,), [8]),
    (fat_tree(64, 1, radix=16), ("fabric", "leaf"), (1, 8), [8] * 8),
    (fat_tree(64, 1, radix=8), ("fabric", "pod", "leaf"), (1, 4, 16), [4] * 16),
    (fat_tree(64, 2, radix=16, planes=2), ("fabric", "unit"), (1, 8), [8] * 8),
    (fat_tree(64, 1, radix=16, dual_tor=True), ("fabric", "unit"), (1, 8), [8] * 8),
    (fat_tree(20, 2, radix=16, others=3, service_links=4), ("fabric", "unit"), (1, 3), [8, 8, 1]),
    (rail_only(64, 8, radix=64), ("unit",), (1,), [64]),
    (rail_only(100, 4, radix=16), ("fabric", "unit"), (1, 13), [8] * 12 + [4]),
    (xgft((4, 4), (1, 2), rails=2), ("fabric", "unit"), (1, 2), [4, 4]),
    (xgft((4, 4, 4), (1, 2, 2)), ("fabric", "pod", "leaf"), (1, 4, 16), [4] * 16),
    (dragonfly(2, 4, 2), ("fabric", "group", "router"), (1, 9, 36), [2] * 36),
    (dragonfly(1, 4, 2), ("fabric", "group"), (1, 9), [4] * 9),
    (dragonfly_plus(2, 2, 2, 2), ("fabric", "group", "leaf"), (1, 5, 10), [2] * 10),
    (hyperx((3, 3), 2), ("fabric", "router"), (1, 9), [2] * 9),
    (slim_fly(5), ("fabric", "group", "router"), (1, 5, 50), [4] * 50),
    (torus((4, 4, 4)), ("fabric",), (1,), [64]),
    (optical_torus((8, 8, 8)), ("fabric", "cube"), (1, 8), [64] * 8),
    (nvlink_domain(72, 18, 18, domains=3), ("domain",), (3,), [18] * 3),
    (with_scale_up(fat_tree(128, 8, radix=64), 8, 4, 18), ("fabric", "unit"), (1, 4), [32] * 4),
]


@pytest.mark.parametrize(
    ("fabric", "levels", "counts", "nodes"), CASES, ids=[str(case[1]) + case[0].topology for case in CASES]
)
def test_levels_of_every_family(fabric: Fabric, levels: tuple[str, ...], counts: tuple[int, ...], nodes: list[int]) -> None:
    tree = placement_tree(fabric)
    assert tree.levels == levels
    paths = tree.paths()
    assert tuple(len({path[depth] for path in paths.values()}) for depth in range(len(levels))) == counts
    assert len(tree.groups) == sum(counts)
    if fabric.topology != "slim-fly":
        assert sizes(tree) == nodes
    assert sum(sizes(tree)) == len(paths)


@pytest.mark.parametrize("fabric", [case[0] for case in CASES], ids=[str(case[1]) + case[0].topology for case in CASES])
def test_every_node_and_group_has_one_place(fabric: Fabric) -> None:
    tree = placement_tree(fabric)
    names = [group.name for group in tree.groups]
    below = [child for group in tree.groups for child in (*group.children, *group.nodes)]
    assert len(set(names)) == len(names)
    assert len(set(below)) == len(below)
    tops = {path[0] for path in tree.paths().values()}
    assert set(names) - set(below) == tops


@pytest.mark.parametrize(
    "fabric", [fat_tree(127, 8, radix=64), fat_tree(64, 1, radix=8), rail_only(100, 4, radix=16), xgft((4, 4, 4), (1, 2, 2))]
)
def test_groups_are_what_low_tiers_join(fabric: Fabric) -> None:
    """Against networkx: the groups of a level are connected parts of the nodes and the switches up to some tier."""
    tree = placement_tree(fabric)
    parts = []
    for height in range(1, len(fabric.tiers) + 1):
        graph = nx.Graph()
        for a, b in zip(fabric.cables.a.tolist(), fabric.cables.b.tolist(), strict=True):
            if max(fabric.tier_of_vertex[a], fabric.tier_of_vertex[b]) <= height:
                ends = (
                    fabric.endpoints.host_names[fabric.endpoints.host[v]] if v < fabric.endpoint_count else v for v in (a, b)
                )
                graph.add_edge(*ends)
        parts.append({frozenset(v for v in part if isinstance(v, str)) for part in nx.connected_components(graph)})
    paths = tree.paths()
    for depth in range(len(tree.levels)):
        groups: dict[str, set[str]] = {}
        for node, path in paths.items():
            groups.setdefault(path[depth], set()).add(node)
        assert {frozenset(group) for group in groups.values()} in parts


def test_units_have_the_names_of_their_leaves() -> None:
    fabric = fat_tree(127, 8, radix=64)
    units = {node: path[-1] for node, path in placement_tree(fabric).paths().items()}
    for a, b in zip(fabric.cables.a[: 127 * 8].tolist(), fabric.cables.b[: 127 * 8].tolist(), strict=True):
        host = fabric.endpoints.host_names[fabric.endpoints.host[a]]
        assert fabric.name(b).startswith(f"{units[host]}-rail")


def test_pods_of_rails_are_joined_by_their_nodes() -> None:
    tree = placement_tree(fat_tree(200, 4, radix=16))
    assert tree.levels == ("fabric", "pod", "unit")
    assert {group.name for group in tree.groups} >= {"pods00", "pods01"}


def test_failures_move_nobody() -> None:
    fabric = fat_tree(127, 8, radix=64)
    whole = placement_tree(fabric)
    leaf = fabric.vertex_by_name["su01-rail3-leaf"]
    assert placement_tree(fabric.without(cables=[0, 9, 300])) == whole
    assert placement_tree(fabric.without(vertices=[leaf])) == whole
    host = np.flatnonzero(fabric.endpoints.host == 5)
    assert "n0005" not in placement_tree(fabric.without(vertices=host)).paths()
    unit = [number for name, number in fabric.vertex_by_name.items() if name.startswith("su01-")]
    left = placement_tree(fabric.without(vertices=unit))
    assert [group.name for group in left.units] == ["su00", "su02", "su03"]


def test_a_node_on_one_of_two_leaves_stays_where_it_is() -> None:
    fabric = fat_tree(64, 1, radix=16, dual_tor=True)
    assert placement_tree(fabric.without(cables=[3, 40])) == placement_tree(fabric)


def test_groups_that_cross_a_coarser_level_are_not_nested_in_it() -> None:
    fabric = fat_tree(64, 1, radix=8)  # 16 leaves, 4 in a pod
    group = fabric.switches.group.copy()
    group[:16] %= 2
    tree = placement_tree(replace(fabric, switches=replace(fabric.switches, group=group)))
    assert tree.levels == ("fabric", "group", "leaf")
    assert [len(each.children) for each in tree.groups[:3]] == [2, 8, 8]


def test_parts_stay_apart() -> None:
    fabric = fat_tree(64, 1, radix=16)
    spines = [number for name, number in fabric.vertex_by_name.items() if name.startswith("spine")]
    tree = placement_tree(fabric.without(vertices=spines))
    assert tree.levels == ("leaf",)
    assert len(tree.groups) == 8


def test_nodes_across_leaves_belong_to_the_one_with_most_of_their_nics() -> None:
    fabric = fat_tree(6, 4, radix=16, rail_optimised=False)  # two nodes a leaf
    b, port = fabric.cables.b.copy(), fabric.cables.b_port.copy()
    moved = [2, 3, 10, 11, 18, 19]  # half of the NICs of every other node, to the next leaf: then the first leaf counts
    b[moved], port[moved] = np.roll(b[moved], -2), np.roll(port[moved], -2)
    tree = placement_tree(replace(fabric, cables=replace(fabric.cables, b=b, b_port=port)))
    assert [(unit.name, unit.nodes) for unit in tree.units] == [
        ("leaf000", ("n0000", "n0001", "n0004")),
        ("leaf001", ("n0002", "n0003")),
        ("leaf002", ("n0005",)),
    ]


def test_no_nodes_and_names_twice_are_refused() -> None:
    fabric = fat_tree(4, 1, radix=8, others=4)
    with pytest.raises(ValueError, match="no nodes"):
        placement_tree(fabric)
    small = fat_tree(64, 1, radix=16).renamed()
    switches = ("fabric", *small.switches.names[1:])
    with pytest.raises(ValueError, match="'fabric' is the name of more than one group or node"):
        placement_tree(replace(small, switches=replace(small.switches, names=switches)))


def test_scale_up_domains_are_hosts_or_racks() -> None:
    assert scale_up_domains(fat_tree(8, radix=8)) == {}
    of_hosts = scale_up_domains(with_scale_up(fat_tree(4, 8, radix=64), 8, 4, 18))
    assert of_hosts == {f"nvl{number:02d}": (f"n{number:04d}",) for number in range(4)}
    racks = scale_up_domains(with_scale_up(fat_tree(30, 4, radix=64), 72, 18, 18))
    assert [len(nodes) for nodes in racks.values()] == [18, 12]
    assert racks["nvl01"][0] == "n0018"
