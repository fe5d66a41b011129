"""Names of interfaces, and bundles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from topologies.clos import fat_tree, rail_only
from topologies.dragonfly import dragonfly
from topologies.fabric import Fabric
from topologies.formats.ports import bundles, connections, devices, host_of_switch, port_name
from topologies.scale_up import with_scale_up
from topologies.torus import torus
from topologies.xgft import xgft

FABRICS = [
    fat_tree(32, 8, radix=64),
    fat_tree(31, 8, radix=64, extra_links=4),
    fat_tree(16, 4, radix=32, planes=2, links_per_port=2),
    fat_tree(16, 4, radix=32, dual_tor=True, links_per_port=4),
    rail_only(16, 4, radix=16),
    xgft((4, 4, 2), (1, 2, 2), (1, 2, 3)),
    dragonfly(2, 4, 2),
    torus((3, 4)),
    torus((4, 4), host_shape=(2, 2)),
    with_scale_up(fat_tree(16, 4, radix=32, planes=2), 16, 4, 8),
]


@pytest.mark.parametrize("style", ["swp", "e1-", "ethernet-1/"])
@pytest.mark.parametrize("links", [1, 2, 4])
def test_ports_have_names_of_their_own_and_lanes_share_a_physical_port(style: str, links: int) -> None:
    names = [port_name(style, port, links) for port in range(1, 65)]
    assert len(set(names)) == 64
    if links > 1:
        separator = {"swp": "s", "e1-": "-", "ethernet-1/": "/"}[style]
        physical = [name.removeprefix(style).split(separator)[0] for name in names]
        assert physical == [str(1 + port // links) for port in range(64)]


def test_known_names() -> None:
    assert [port_name("swp", port, 4) for port in (1, 4, 5)] == ["swp1s0", "swp1s3", "swp2s0"]
    assert [port_name("e1-", port, 4) for port in (1, 4, 5)] == ["e1-1-1", "e1-1-4", "e1-2-1"]
    assert port_name("eth", 3, 4) == "eth3"


@pytest.mark.parametrize(("style", "port", "links"), [("xe", 1, 1), ("swp", 0, 1), ("swp", 1, 0)])
def test_bad_port_names_are_refused(style: str, port: int, links: int) -> None:
    with pytest.raises(ValueError, match=r"style|at least 1"):
        port_name(style, port, links)


@pytest.mark.parametrize("fabric", FABRICS, ids=lambda fabric: fabric.topology)
@pytest.mark.parametrize("host_style", ["eth", "own"])
def test_every_cable_joins_two_interfaces_that_no_other_uses(fabric: Fabric, host_style: str) -> None:
    rows = connections(fabric, "swp", host_style)
    internal = fabric.cables_by_layer().get("internal", 0)
    assert len(rows) == len(fabric.cables) - internal
    used = [end for row in rows for end in ((row.a, row.a_interface), (row.b, row.b_interface))]
    assert len(set(used)) == 2 * len(rows)
    for row in rows[:: max(1, len(rows) // 50)]:
        vertex = int(fabric.cables.b[row.cable])
        if host_of_switch(fabric)[vertex - fabric.endpoint_count] == -1:
            assert row.b == fabric.name(vertex)
            assert row.b_interface == port_name("swp", int(fabric.cables.b_port[row.cable]), fabric.links_per_port)
        else:
            assert row.b in fabric.endpoints.host_names


def test_interfaces_of_a_host_keep_their_names_when_cables_are_dead() -> None:
    fabric = fat_tree(16, 4, radix=32, planes=2)
    whole = {row[:4] for row in connections(fabric, "swp")}
    assert {row[:4] for row in connections(fabric.without(cables=[0, 5, 9]), "swp")} < whole
    assert connections(fabric, "swp")[7][:2] == ("n0000", "eth8")
    assert connections(fabric, "swp", "own")[7][:2] == ("n0000", "nic3/2")


def test_joining_scale_up_domains_does_not_rename_what_is_cabled_outside() -> None:
    base = fat_tree(16, 4, radix=32, planes=2)
    joined = with_scale_up(base, 16, 4, 8)
    for style in ("eth", "own"):
        outside, rows = [row[:4] for row in connections(base, "swp", style)], connections(joined, "swp", style)
        assert [row[:4] for row in rows[-len(outside) :]] == outside
        assert rows[0][:4] == ("n0000", "gpu0/1", "nvl00-nvswitch00", "swp1")
    assert set(devices(joined)) == {*base.endpoints.host_names, *base.switches.names, *joined.switches.names[64:80]}


def test_chips_are_in_their_host() -> None:
    rows = connections(torus((4, 4), host_shape=(2, 2)), "swp")
    assert {row.a for row in rows} | {row.b for row in rows} == {f"n{host:04d}" for host in range(4)}
    inside = [row for row in rows if row.a == row.b]
    assert len(inside) == 4 * 4  # a host of 2 x 2 chips has four links within


@pytest.mark.parametrize("fabric", FABRICS, ids=lambda fabric: fabric.topology)
def test_bundles_keep_cables_and_bandwidth(fabric: Fabric) -> None:
    made = bundles(fabric)
    assert made.count.sum() == len(fabric.cables)
    assert made.gbit_per_s.sum() == fabric.cables.gbit_per_s.sum()
    pairs = {frozenset(pair) for pair in zip(made.a.tolist(), made.b.tolist(), strict=True)}
    assert len(pairs) == len(made)
    assert pairs == {frozenset(pair) for pair in zip(fabric.cables.a.tolist(), fabric.cables.b.tolist(), strict=True)}
    for cable in range(0, len(fabric.cables), 7):
        bundle = made.of_cable[cable]
        assert {made.a[bundle], made.b[bundle]} == {fabric.cables.a[cable], fabric.cables.b[cable]}


def test_a_cable_listed_the_other_way_round_is_in_the_same_bundle() -> None:
    fabric = xgft((2,), (1,), (2,))
    cables = fabric.cables
    turned = np.arange(len(cables)) % 2 == 1
    flipped = replace(cables, a=np.where(turned, cables.b, cables.a), b=np.where(turned, cables.a, cables.b))
    assert bundles(replace(fabric, cables=flipped)).count.tolist() == [2, 2]
