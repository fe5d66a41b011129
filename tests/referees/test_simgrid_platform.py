"""SimGrid loads our platform files: the same hosts and links, and routes over the links that we meant."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from topologies.clos import fat_tree
from topologies.dragonfly import dragonfly
from topologies.fabric import Fabric
from topologies.formats import simgrid
from topologies.formats.ports import bundles
from topologies.formats.tree_shape import tree_shape
from topologies.routes import Routes
from topologies.torus import torus
from topologies.xgft import xgft

pytestmark = pytest.mark.referee

Load = Callable[[str, list[tuple[str, str]]], dict[str, Any]]


def imports_simgrid(python: str) -> bool:
    return subprocess.run([python, "-c", "import simgrid"], check=False, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def load(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Load:
    """Find an interpreter with SimGrid's module, and let it load a platform."""
    paths = [sys.executable, *(shutil.which(name, path="/usr/bin:/bin") for name in ("python3", "python3.11"))]
    program = next((path for path in paths if path and imports_simgrid(path)), None)
    if program is None and request.config.getoption("--require-referees"):
        pytest.fail("referee simgrid is required and not installed")
    if program is None:
        pytest.skip("referee simgrid is not installed")

    def run(platform: str, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        path = tmp_path_factory.mktemp("simgrid") / "platform.xml"
        path.write_text(platform, encoding="utf-8")
        command = [program, str(Path(__file__).with_name("simgrid_platform_judge.py")), str(path)]
        done = subprocess.run(command, input=json.dumps(pairs), capture_output=True, text=True, timeout=120, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run


def fabric_links(found: dict[str, Any]) -> set[str]:
    """Names of links without loopbacks."""
    return {name for name in found["links"] if "loopback" not in name}


def both_ways(names: list[str]) -> set[str]:
    return {f"{name}_{direction}" for name in names for direction in ("UP", "DOWN")}


@pytest.mark.parametrize(
    "fabric", [fat_tree(31, 8, radix=64, extra_links=4), dragonfly(2, 4, 2)], ids=lambda each: each.topology
)
def test_a_platform_with_shortest_paths(load: Load, fabric: Fabric) -> None:
    names, made = fabric.endpoints.names, bundles(fabric)
    pairs = [(names[0], names[number]) for number in range(1, len(names), 5)]
    found = load(simgrid.write(fabric), pairs)
    assert sorted(found["hosts"]) == sorted(names)
    assert fabric_links(found) == both_ways([f"bundle{number}" for number in range(len(made))])
    # Every route is a walk from end to end, upwards in the direction from a to b, at the rate of the bundle.
    for (source, target), route in zip(pairs, found["routes"], strict=True):
        at = fabric.vertex_by_name[source]
        for name, rate in route:
            bundle, direction = int(name.removeprefix("bundle").split("_")[0]), name.split("_")[1]
            ends = (int(made.a[bundle]), int(made.b[bundle]))
            start, stop = ends if direction == "UP" else ends[::-1]
            assert start == at
            assert rate == made.gbit_per_s[bundle] * 1e9 / 8
            at = stop
        assert at == fabric.vertex_by_name[target]


def test_a_platform_with_our_routes(load: Load) -> None:
    fabric = xgft((2, 2), (1, 2))
    cable = {pair: number for number, pair in enumerate(zip(fabric.cables.a.tolist(), fabric.cables.b.tolist(), strict=True))}
    channels = [2 * cable[0, 4], 2 * cable[4, 7], 2 * cable[5, 7] + 1, 2 * cable[2, 5] + 1]
    routes = Routes(np.array([0, 4]), np.array(channels, np.int32), np.ones(4))
    names = fabric.endpoints.names
    found = load(simgrid.write_routes(fabric, [(0, 2)], routes), [(names[0], names[2])])
    assert sorted(found["hosts"]) == sorted(names)
    assert fabric_links(found) == both_ways([f"cable{number}" for number in range(len(fabric.cables))])
    expected = [[f"cable{channel // 2}_{('UP', 'DOWN')[channel % 2]}", 50e9] for channel in channels]
    assert found["routes"] == [expected]


@pytest.mark.parametrize(
    "fabric",
    [
        xgft((4, 4), (1, 2), (1, 2)),
        xgft((4, 3, 2), (1, 2, 2)),
        fat_tree(32, 8, radix=64),
        torus((5, 4, 3)),
    ],
    ids=lambda each: f"{each.topology}-{each.endpoint_count}",
)
def test_its_own_words_mean_the_same_fabric(load: Load, fabric: Fabric) -> None:
    """As many hosts and links (both directions), and the same number of links between any two hosts."""
    topology, parameters, rate = simgrid.cluster_of(fabric)
    order = tree_shape(fabric).order if topology == "FAT_TREE" else np.arange(fabric.endpoint_count)
    ends = range(0, fabric.endpoint_count, 3)
    found = load(
        simgrid.cluster(topology, parameters, gbit_per_s=rate), [("node-0", f"node-{number}") for number in ends if number]
    )
    assert len(found["hosts"]) == fabric.endpoint_count
    cables = len(fabric.cables) - fabric.cables_by_layer().get("internal", 0)
    assert len(fabric_links(found)) == 2 * cables
    hops = nx.single_source_shortest_path_length(fabric.to_networkx(), fabric.name(int(order[0])))
    inside = 2 if topology == "TORUS" else 0  # there a host is its router; ours are joined by a link inside the chip
    expected = [hops[fabric.name(int(order[number]))] - inside for number in ends if number]
    assert [len(route) for route in found["routes"]] == expected


def test_its_dragonfly_is_ours_but_for_the_numbers_of_routers(load: Load) -> None:
    """There router 0 of group 0 has no global link, here router 3; from these, distances to all hosts are alike."""
    fabric = dragonfly(2, 4, 1, groups=4, links_per_group_pair=1)
    topology, parameters, rate = simgrid.cluster_of(fabric)
    text = simgrid.cluster(topology, parameters, gbit_per_s=rate)
    found = load(text, [("node-0", f"node-{number}") for number in range(1, 32)])
    assert len(fabric_links(found)) == 2 * len(fabric.cables)
    hops = nx.single_source_shortest_path_length(fabric.to_networkx(), fabric.name(6))
    ours = sorted(hops[fabric.name(end)] for end in range(32) if end != 6)
    assert fabric.ports_used[fabric.endpoint_count + 3] == fabric.ports_used[fabric.endpoint_count] - 1
    assert sorted(len(route) for route in found["routes"]) == ours


def test_published_examples(load: Load) -> None:
    """Of its documentation: 16 hosts on 4 leaves and 2 tops with two cables each, and 120 hosts in 3 groups."""
    fabric = xgft((4, 4), (1, 2), (1, 2))
    assert simgrid.cluster_of(fabric)[:2] == ("FAT_TREE", "2;4,4;1,2;1,2")
    found = load(simgrid.cluster("FAT_TREE", "2;4,4;1,2;1,2", gbit_per_s=1), [("node-0", "node-15")])
    assert (len(found["hosts"]), len(fabric_links(found)), fabric.switches_by_tier()) == (16, 64, {"leaf": 4, "spine": 2})
    found = load(simgrid.cluster("DRAGONFLY", "3,4;4,3;5,1;2", gbit_per_s=1), [])
    assert len(found["hosts"]) == simgrid.cluster_hosts("DRAGONFLY", "3,4;4,3;5,1;2") == 120
