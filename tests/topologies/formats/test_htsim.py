"""htsim's .topo files: the simulator's own arithmetic must find our numbers of switches in them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from topologies.clos import fat_tree, rail_only
from topologies.errors import TopologyError
from topologies.fabric import Fabric
from topologies.formats import htsim
from topologies.xgft import xgft


def sizes(text: str) -> list[int]:
    """Switches by tier as fat_tree_topology.cpp derives them, with its assertions (there are no cores in two tiers)."""
    head: dict[str, int] = {}
    tiers: list[dict[str, int]] = []
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == "Tier":
            assert int(value) == len(tiers)
            tiers.append({})
        elif key:
            (tiers[-1] if tiers else head)[key] = int(value)
    nodes, pods = head["Nodes"], head["Nodes"] // head["Podsize"]
    assert nodes % head["Podsize"] == 0
    assert head["Podsize"] % tiers[0]["Radix_Down"] == 0
    assert tiers[0]["Bundle"] == 1
    found, links = [nodes // tiers[0]["Radix_Down"]], nodes
    for lower, upper in pairwise(tiers):
        up, rest = divmod(links * lower["Downlink_speed_Gbps"], upper["Downlink_speed_Gbps"] * lower["Oversubscribed"])
        assert rest == 0
        assert up == found[-1] * lower["Radix_Up"]
        assert lower["Radix_Up"] % upper["Bundle"] == upper["Radix_Down"] % upper["Bundle"] == 0
        assert up % (upper["Radix_Down"] * (pods if upper is not tiers[-1] else 1)) == 0
        found.append(up // upper["Radix_Down"])
        links = up
    assert head["Tiers"] == len(tiers) == len(found)
    return found


@pytest.mark.parametrize(
    "fabric",
    [
        xgft((8, 4), (1, 2), gbit_per_s=100),
        fat_tree(1024, radix=16, gbit_per_s=100),
        fat_tree(32, 8, radix=64),
        fat_tree(256, 8, radix=64),
        xgft((8, 4, 4), (1, 2, 4), (1, 2, 1)),
        xgft((8, 4), (1, 4), gbit_per_s=[100, 200]),
        fat_tree(24, 4, radix=16, oversubscription_ratio=3, tiers=2),
    ],
)
def test_htsim_would_build_the_same_switches(fabric: Fabric) -> None:
    assert sizes(htsim.write(fabric)) == list(fabric.switches_by_tier().values())


def test_fat_tree_1024_is_the_simulators_own_example() -> None:
    """Its fat_tree_1024.topo: k = 16, 1,024 nodes, pods of 64."""
    lines = htsim.write(fat_tree(1024, radix=16, gbit_per_s=100)).splitlines()
    assert lines[:3] == ["Nodes 1024", "Tiers 3", "Podsize 64"]
    assert [line for line in lines if line.startswith("Radix")] == [
        "Radix_Down 8",
        "Radix_Up 8",
        "Radix_Down 8",
        "Radix_Up 8",
        "Radix_Down 16",
    ]
    assert sizes("\n".join(lines)) == [128, 128, 64]


@pytest.mark.parametrize(
    ("fabric", "reason"),
    [
        (fat_tree(4, radix=4), "two or three tiers"),
        (xgft((2, 2, 2, 2), (1, 1, 1, 1)), "two or three tiers"),
        (fat_tree(64, 8, radix=64, planes=2), "one link"),
        (xgft((4, 4), (1, 2), gbit_per_s=[100, 112.5]), "whole"),
        (xgft((3, 4), (1, 2)), "3:2|1200:800"),
        (xgft((2, 4), (1, 4)), "800:1600"),
        (rail_only(16, 4, radix=16), "no regular fat tree"),
        (fat_tree(127, 8, radix=64, extra_links=4), "no regular fat tree"),
        (fat_tree(512, 8, radix=64), "no regular fat tree"),
    ],
)
def test_what_htsim_cannot_express_is_refused(fabric: Fabric, reason: str) -> None:
    with pytest.raises(TopologyError, match=reason):
        htsim.write(fabric)
