"""ASTRA-sim's analytical network: only products of symmetric dimensions, with the accelerators and bandwidth of the fabric."""

from __future__ import annotations

import json
import math

import pytest
from ruamel.yaml import YAML

from topologies.clos import fat_tree, rail_only
from topologies.dragonfly import dragonfly
from topologies.errors import TopologyError
from topologies.fabric import Fabric
from topologies.formats import astra_sim
from topologies.formats.astra_sim import Dimension
from topologies.hyperx import hyperx
from topologies.scale_up import nvlink_domain, with_scale_up
from topologies.torus import torus
from topologies.xgft import xgft

NVLINK = Dimension("Switch", 8, 450.0, 936.25)


@pytest.mark.parametrize(
    ("fabric", "scale_up", "expected"),
    [
        (fat_tree(32, 8, radix=64), None, [("Switch", 256, 50.0)]),
        (fat_tree(32, 8, radix=64), NVLINK, [("Switch", 8, 450.0), ("Switch", 32, 50.0)]),
        (fat_tree(512, 8, radix=64), NVLINK, [("Switch", 8, 450.0), ("Switch", 512, 50.0)]),
        (fat_tree(64, 8, radix=64, planes=2, gbit_per_s=400), NVLINK, [("Switch", 8, 450.0), ("Switch", 64, 100.0)]),
        (fat_tree(64, 8, radix=64, dual_tor=True, gbit_per_s=200), NVLINK, [("Switch", 8, 450.0), ("Switch", 64, 50.0)]),
        (rail_only(64, 8, radix=64), NVLINK, [("Switch", 8, 450.0), ("Switch", 64, 50.0)]),
        (xgft((8, 4), (1, 2), gbit_per_s=100), None, [("Switch", 8, 12.5), ("Switch", 4, 3.125)]),
        (xgft((8, 4, 2), (1, 4, 4), gbit_per_s=100), None, [("Switch", 8, 12.5), ("Switch", 8, 6.25)]),
        (torus((3, 4, 2)), None, [("FullyConnected", 2, 50.0), ("Ring", 4, 50.0), ("Ring", 3, 50.0)]),
        (with_scale_up(fat_tree(36, 4, radix=144), 72, 18, 18), None, [("Switch", 72, 900.0), ("Switch", 2, 50.0)]),
        (with_scale_up(rail_only(16, 8, radix=16), 8, 4, 18, 200.0), None, [("Switch", 8, 450.0), ("Switch", 16, 50.0)]),
        (nvlink_domain(72, 18, 18), None, [("Switch", 72, 900.0)]),
        (nvlink_domain(8, 4, 18, gbit_per_s=200.0), None, [("Switch", 8, 450.0)]),
        (hyperx((4, 3), 1, 2), None, [("FullyConnected", 3, 100.0), ("FullyConnected", 4, 100.0)]),
    ],
)
def test_dimensions_follow_from_the_fabric(
    fabric: Fabric, scale_up: Dimension | None, expected: list[tuple[str, int, float]]
) -> None:
    found = astra_sim.dimensions(fabric, scale_up=scale_up)
    assert [each[:3] for each in found] == expected
    assert math.prod(each.npus for each in found) == fabric.endpoint_count


def test_the_file_is_yaml_of_equal_lists() -> None:
    fabric = fat_tree(32, 8, radix=64)
    text = astra_sim.write(fabric, scale_up=NVLINK, latency_ns=500)
    assert YAML(typ="safe", pure=True).load(text) == {
        "topology": ["Switch", "Switch"],
        "npus_count": [8, 32],
        "bandwidth": [450.0, 50.0],
        "latency": [936.25, 500],
    }
    assert json.loads(astra_sim.write_logical(fabric, scale_up=NVLINK)) == {"logical-dims": ["8", "32"]}


@pytest.mark.parametrize(
    ("fabric", "scale_up", "reason"),
    [
        (rail_only(64, 8, radix=64), None, "falls apart; give scale_up"),
        (fat_tree(31, 8, radix=64, extra_links=4), None, "not all alike"),
        (fat_tree(31, 8, radix=64, extra_links=4), NVLINK, "different numbers of endpoints"),
        (fat_tree(32, 8, radix=64).without(cables=[3]), None, "not all alike"),
        (dragonfly(2, 4, 2), None, "no product"),
        (nvlink_domain(8, 4, 18, domains=2), None, "falls apart"),
        (with_scale_up(fat_tree(16, 8, radix=64), 8, 4, 18).without(cables=[300]), None, "missing"),
        (with_scale_up(fat_tree(16, 4, radix=64), 8, 4, 18, gpus_per_host=8), None, "differ in number"),
        (with_scale_up(fat_tree(27, 4, radix=144), 72, 18, 18), None, "partly filled"),
        (torus((4, 4, 8), twist=True), None, "twist"),
        (torus((4, 4), wrap=False), None, "open ends"),
        (torus((4, 4), p=2), None, "several endpoints"),
        (torus((4, 4)).without(cables=[20]), None, "missing"),
        (torus((4, 4)), NVLINK, "no dimension of its own"),
        (hyperx((4, 3), 2), None, "several endpoints"),
    ],
)
def test_what_is_no_product_is_refused(fabric: Fabric, scale_up: Dimension | None, reason: str) -> None:
    with pytest.raises(TopologyError, match=reason):
        astra_sim.dimensions(fabric, scale_up=scale_up)


@pytest.mark.parametrize(
    "scale_up", [NVLINK._replace(npus=4), NVLINK._replace(topology="Mesh"), NVLINK._replace(gbyte_per_s=0)]
)
def test_scale_up_must_fit_the_hosts(scale_up: Dimension) -> None:
    with pytest.raises(ValueError, match="in the fabric already"):
        astra_sim.dimensions(with_scale_up(fat_tree(16, 8, radix=64), 8, 4, 18), scale_up=NVLINK)
    with pytest.raises(ValueError, match="scale_up"):
        astra_sim.dimensions(fat_tree(32, 8, radix=64), scale_up=scale_up)
