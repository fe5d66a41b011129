"""The common ground of designs and discoveries: every cable once, whoever lists it."""

from __future__ import annotations

import pytest

from topologies.clos import fat_tree
from topologies.links import Link, Links, links_of
from topologies.scale_up import with_scale_up
from topologies.torus import optical_torus


def test_a_cable_is_the_same_from_both_ends() -> None:
    there, back = Link("n0", 1, "leaf", 2, 400.0), Link("leaf", 2, "n0", 1, None)
    assert there.ends == back.ends
    assert Links({}, (there,)).cable_set() == Links({}, (back,)).cable_set()


@pytest.mark.parametrize("planes", [1, 2])
@pytest.mark.parametrize("dual_tor", [False, True])
def test_all_cables_and_nodes_of_a_fabric_are_listed(planes: int, dual_tor: bool) -> None:
    fabric = fat_tree(20, 2, radix=16, planes=planes, dual_tor=dual_tor, extra_links=2)
    links = links_of(fabric)
    assert len(links.cable_set()) == len(links.links) == len(fabric.cables)
    assert list(links.nodes) == list(fabric.names)
    assert links.switches == set(fabric.switches.names)
    assert {links.nodes[name] for name in fabric.switches.names} == {16}
    assert links.nodes["n0003-nic1"] == planes * (1 + dual_tor)
    assert [f"{link.a}:{link.a_port} <-> {link.b}:{link.b_port}" for link in links.links] == [
        fabric.label(number) for number in range(len(fabric.cables))
    ]


def test_dead_cables_leave_the_nodes() -> None:
    fabric = fat_tree(20, 2, radix=16)
    links = links_of(fabric.without([0]))
    assert links.nodes == links_of(fabric).nodes
    assert links_of(fabric).cable_set() - links.cable_set() == {(("n0000-nic0", 1), ("su00-rail0-leaf", 1))}


def test_what_is_inside_of_a_chip_or_node_is_no_cable() -> None:
    chips = optical_torus((4, 4, 4))
    assert len(links_of(chips).links) == 3 * 64
    assert links_of(chips).switches == set(chips.switches.names) == set(links_of(chips).nodes)
    joined = with_scale_up(fat_tree(36, 4, radix=64), 72, 18, 18)
    links = links_of(joined)
    assert len(links.links) == 36 * 4 * 18 + len(fat_tree(36, 4, radix=64).cables)
    assert set(links.nodes) == set(joined.names)
    assert links.nodes["n0000-gpu0"] == 18  # and a link to its NIC inside of the node


def test_without_drops_nodes_and_their_cables() -> None:
    links = Links(
        {"a": 1, "b": 2, "c": 1}, (Link("a", 1, "b", 1, None), Link("c", 1, "b", 2, None)), frozenset("b"), {"c": "7"}
    )
    assert links.without(["c"]) == Links({"a": 1, "b": 2}, (Link("a", 1, "b", 1, None),), frozenset("b"))
