"""SimGrid's platforms: counts, directions, and its words for regular fabrics."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from topologies.clos import fat_tree, rail_only
from topologies.dragonfly import dragonfly
from topologies.errors import TopologyError
from topologies.fabric import Fabric
from topologies.formats import simgrid
from topologies.formats.ports import bundles
from topologies.routes import Routes
from topologies.torus import torus
from topologies.xgft import xgft


def parse(text: str) -> ET.Element:
    lines = text.splitlines()
    assert lines[1].startswith("<!DOCTYPE platform")
    return ET.fromstring("\n".join(lines[2:]))  # noqa: S314


def test_a_platform_has_every_bundle_in_both_directions() -> None:
    fabric = fat_tree(31, 8, radix=64, extra_links=4)
    root, made = parse(simgrid.write(fabric)), bundles(fabric)
    assert len(list(root.iter("host"))) == fabric.endpoint_count
    assert len(list(root.iter("router"))) == fabric.switch_count
    links = {link.get("id"): link.get("bandwidth") for link in root.iter("link")}
    assert len(links) == len(made)
    assert links["bundle252"] == "3200Gbps"
    routes = [
        (route.get("src"), route.get("dst"), route[0].get("id"), route[0].get("direction")) for route in root.iter("route")
    ]
    for number in range(len(made)):
        a, b = fabric.name(int(made.a[number])), fabric.name(int(made.b[number]))
        assert routes[2 * number : 2 * number + 2] == [(a, b, f"bundle{number}", "UP"), (b, a, f"bundle{number}", "DOWN")]


def test_given_routes_are_written_channel_by_channel() -> None:
    fabric = xgft((2, 2), (1, 2))
    # Endpoint 0 up cable 0, up cable 4 (leaf 0 to a spine), down to leaf 1 over the spine's other cable, down to endpoint 2.
    ends = zip(fabric.cables.a.tolist(), fabric.cables.b.tolist(), strict=True)
    cable = {pair: number for number, pair in enumerate(ends)}
    channels = [2 * cable[0, 4], 2 * cable[4, 6], 2 * cable[5, 6] + 1, 2 * cable[2, 5] + 1]
    routes = Routes(np.array([0, 4, 4]), np.array(channels, np.int32), np.ones(4))
    root = parse(simgrid.write_routes(fabric, [(0, 2), (1, 1)], routes))
    (route,) = root.iter("route")
    expected = [(f"cable{channel // 2}", ("UP", "DOWN")[channel % 2]) for channel in channels]
    assert [(part.get("id"), part.get("direction")) for part in route] == expected
    assert len(list(root.iter("link"))) == len(fabric.cables)
    assert root[0].get("routing") == "Full"


@pytest.mark.parametrize(
    ("flows", "weight", "reason"),
    [([(0, 1), (1, 0)], 1.0, "2 flows have 1 routes"), ([(0, 1)], 0.5, "several")],
)
def test_routes_that_cannot_be_written_are_refused(flows: list[tuple[int, int]], weight: float, reason: str) -> None:
    routes = Routes(np.array([0, 2]), np.array([0, 3], np.int32), np.full(2, weight))
    with pytest.raises(ValueError, match=reason):
        simgrid.write_routes(xgft((2,), (1,)), flows, routes)
    double = Routes(np.array([0, 2, 4]), np.array([0, 3, 0, 3], np.int32), np.ones(4))
    with pytest.raises(ValueError, match="twice"):
        simgrid.write_routes(xgft((2,), (1,)), [(0, 1), (0, 1)], double)


@pytest.mark.parametrize(
    ("fabric", "expected"),
    [
        (xgft((4, 4), (1, 2), (1, 2)), ("FAT_TREE", "2;4,4;1,2;1,2", 400.0)),
        (fat_tree(32, 8, radix=64, gbit_per_s=200), ("FAT_TREE", "2;32,8;1,4;1,8", 200.0)),
        (fat_tree(1024, radix=16), ("FAT_TREE", "3;8,8,16;1,8,8;1,1,1", 400.0)),
        (torus((5, 4, 3)), ("TORUS", "3,4,5", 400.0)),
        (dragonfly(2, 4, 1, groups=4, links_per_group_pair=1), ("DRAGONFLY", "4,1;1,1;4,1;2", 400.0)),
        (
            dragonfly(2, 4, 1, groups=3, links_per_group_pair=1, endpoint_gbit_per_s=100, global_gbit_per_s=800),
            ("DRAGONFLY", "3,8;1,1;4,4;2", 100.0),
        ),
    ],
)
def test_regular_fabrics_have_words(fabric: Fabric, expected: tuple[str, str, float]) -> None:
    topology, parameters, rate = simgrid.cluster_of(fabric)
    assert (topology, parameters, rate) == expected
    assert simgrid.cluster_hosts(topology, parameters) == fabric.endpoint_count
    (cluster,) = parse(simgrid.cluster(topology, parameters, gbit_per_s=rate))
    assert cluster.get("radical") == f"0-{fabric.endpoint_count - 1}"
    assert cluster.get("topo_parameters") == parameters


@pytest.mark.parametrize(
    ("fabric", "reason"),
    [
        (xgft((4, 4), (1, 2), gbit_per_s=[100, 200]), "one rate"),
        (rail_only(16, 4, radix=16), "no regular fat tree"),
        (dragonfly(2, 4, 2), "at most one of them"),
        (dragonfly(2, 4, 1, groups=4, links_per_group_pair=1, local_gbit_per_s=600), "whole multiples"),
        (torus((4, 4, 8), twist=True), "twist"),
        (torus((4, 4), wrap=False), "open ends"),
        (torus((4, 2)), "joined twice"),
        (torus((4, 4), p=2), "one host"),
    ],
)
def test_others_are_refused(fabric: Fabric, reason: str) -> None:
    with pytest.raises(TopologyError, match=reason):
        simgrid.cluster_of(fabric)


def test_bad_words_are_refused() -> None:
    for topology, parameters in (("STAR", "3"), ("FAT_TREE", "2;4,4;1,2"), ("TORUS", "3,x")):
        with pytest.raises(ValueError, match=r"known|four parts|invalid literal"):
            simgrid.cluster_hosts(topology, parameters)
