"""Net files and ibnetdiscover's output: what is written is read back, and what cannot be is refused with its line."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topologies.clos import fat_tree, rail_only
from topologies.dragonfly import dragonfly
from topologies.fabric import Fabric
from topologies.formats import opensm
from topologies.links import Link, Links, links_of
from topologies.star import star
from topologies.xgft import xgft

FABRICS = [
    fat_tree(32, 8, radix=64),
    fat_tree(20, 2, radix=16, planes=2, extra_links=3),
    fat_tree(64, 1, radix=8, dual_tor=True, gbit_per_s=200.0),
    rail_only(20, 4, radix=8),
    xgft((4, 4), (1, 2), (1, 2), gbit_per_s=(100.0, 400.0)),
    dragonfly(2, 4, 2, gbit_per_s=800.0),
    star([("n0000", 2, 1), ("mgr", 1, 3)], radix=8, gbit_per_s=100.0),
]


@pytest.mark.parametrize("fabric", FABRICS, ids=lambda fabric: fabric.topology)
def test_a_net_file_comes_back(fabric: Fabric) -> None:
    back, wanted = opensm.read(opensm.write(fabric)), links_of(fabric)
    assert (back.nodes, back.switches) == (wanted.nodes, wanted.switches)
    assert sorted(back.links) == sorted(wanted.links)


def test_ports_are_listed_in_their_order() -> None:
    links = Links({"a": 1, "b": 1, "sw": 8}, (Link("a", 1, "sw", 7, None), Link("b", 1, "sw", 2, None)), frozenset(["sw"]))
    assert opensm.write(links).splitlines()[-2:] == ['[2] "b"[1]', '[7] "a"[1]']


NAMES = st.text(
    st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"], exclude_characters='"#@'), min_size=1, max_size=64
)


@given(st.lists(NAMES, min_size=3, max_size=3, unique=True))
def test_all_names_that_are_accepted_come_back(names: list[str]) -> None:
    a, b, switch = names
    cables = (Link(a, 1, switch, 1, 400.0), Link(b, 1, switch, 7, None))
    links = Links({a: 1, b: 2, switch: 8}, cables, frozenset([switch]))
    assert opensm.read(opensm.write(links)) == links


@pytest.mark.parametrize("name", ['a"b', "a#b", "a@b", "a\nb", "a\x00b", "n" * 65, "", "ünï"])
def test_names_that_ibsim_cannot_hold_are_refused(name: str) -> None:
    fabric = fat_tree(1, radix=4)
    hostile = replace(fabric, switches=replace(fabric.switches, names=(name,)))
    with pytest.raises(ValueError, match="cannot be a name in an ibsim net file"):
        opensm.write(hostile)


@pytest.mark.parametrize(
    ("gbit_per_s", "newest", "speed"),
    [
        (800.0, "XDR", (4, "XDR")),
        (400.0, "XDR", (4, "NDR")),
        (200.0, "XDR", (4, "HDR")),
        (100.0, "XDR", (4, "EDR")),
        (56.0, "XDR", (4, "FDR")),
        (40.0, "XDR", (4, "QDR")),
        (10.0, "XDR", (4, "SDR")),
        (2.5, "XDR", (1, "SDR")),
        (1600.0, "XDR", (8, "XDR")),
        (2400.0, "XDR", (12, "XDR")),
        (400.0, "HDR", (4, "HDR")),
        (800.0, "QDR", (4, "QDR")),
    ],
)
def test_rates_have_the_names_of_the_specification(gbit_per_s: float, newest: str, speed: tuple[int, str]) -> None:
    assert opensm.width_and_generation(gbit_per_s, newest) == speed
    if newest == "XDR":
        assert speed[0] * opensm.LANE_GBIT_PER_S[speed[1]] == gbit_per_s


def test_rates_and_generations_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="no InfiniBand link has 7 Gbit/s"):
        opensm.write(fat_tree(1, radix=4, gbit_per_s=7.0))
    with pytest.raises(ValueError, match="'WDR' is no InfiniBand generation"):
        opensm.write(fat_tree(1, radix=4), newest="WDR")


GOOD = """\
# a comment, and what ibnetdiscover has more of than it needs

Ca 1 "n0"
[1] "leaf"[1] # lid 0 lmc 0 "leaf" lid 0 4xHDR

Hca 2 "n1"
[2] "leaf"[3]

Switch 4 "leaf"
[1] "n0"[1] # "n0" lid 0 4xHDR
[3] "n1"[2]
"""


def test_a_net_file_by_hand() -> None:
    assert opensm.read(GOOD) == Links(
        {"n0": 1, "n1": 2, "leaf": 4}, (Link("n0", 1, "leaf", 1, 200.0), Link("n1", 2, "leaf", 3, None)), frozenset(["leaf"])
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('[3] "n1"[2]\n', "", "line 7: port 2 of n1 names leaf port 3, which itself names nothing"),
        ('[3] "n1"[2]', '[3] "n1"[1]', "line 7: port 2 of n1 names leaf port 3, which itself names n1 port 1"),
        ('[2] "leaf"[3]', '[2] "spine"[3]', "line 7: spine is not defined"),
        ('[3] "n1"[2]', '[1] "n1"[2]', "line 11: port 1 of leaf is used more than once"),
        ('[3] "n1"[2]', '[5] "n1"[2]', "line 11: leaf has no port 5"),
        ('[3] "n1"[2]', '[0] "n1"[2]', "line 11: leaf has no port 0"),
        ('Hca 2 "n1"', 'Hca 2 "n0"', "line 6: n0 is defined a second time"),
        ('Hca 2 "n1"', "Hca two", "line 6: 'Hca two' is neither a node nor a port"),
        ('Ca 1 "n0"\n', "", "line 3: a port before the first node"),
        (
            '[3] "n1"[2]',
            '[3] "leaf"[4]\n[4] "leaf"[3]',
            "line 7: port 2 of n1 names leaf port 3, which itself names leaf port 4",
        ),
    ],
)
def test_what_ibsim_refuses_is_refused_with_its_line(old: str, new: str, message: str) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        opensm.read(GOOD.replace(old, new))


def test_a_loop_of_one_node_is_refused() -> None:
    with pytest.raises(ValueError, match="line 2: leaf is cabled to itself"):
        opensm.read('Switch 4 "leaf"\n[1] "leaf"[2]\n[2] "leaf"[1]\n')


# Laid out as ibnetdiscover 44 and an NDR switch do it; numbers are invented.
DISCOVERED = """\
#
# Topology file: generated on Mon Jan  5 12:00:00 2026
#
# Initiated from node a088c20300000001 port a088c20300000001

vendid=0x2c9
devid=0xd2f2
sysimgguid=0xfc6a1c0300000010
switchguid=0xfc6a1c0300000010(fc6a1c0300000010)
Switch\t65 "S-fc6a1c0300000010"\t\t# "MF0;su00-rail4-leaf:MQM9700/U1" enhanced port 0 lid 2 lmc 0
[1]\t"H-a088c20300000001"[1](a088c20300000001) \t\t# "n0000 mlx5_4" lid 1 4xNDR
[2]\t"H-a088c20300000002"[1](a088c20300000002) \t\t# "MT4129 ConnectX7   Mellanox Technologies" lid 5 4xNDR
[3]\t"H-a088c20300000003"[2](a088c20300000004) \t\t# "MT4129 ConnectX7   Mellanox Technologies" lid 6 2xNDR
[33]\t"S-fc6a1c0300000020"[1]\t\t# "MF0;spine00:MQM9700/U1" lid 3 4xXDR
[65]\t"H-fc6a1c0300000011"[1](fc6a1c0300000011) \t\t# "Mellanox Technologies Aggregation Node" lid 4 4xNDR

vendid=0x2c9
devid=0xd2f2
sysimgguid=0xfc6a1c0300000020
switchguid=0xfc6a1c0300000020(fc6a1c0300000020)
Switch\t65 "S-fc6a1c0300000020"\t\t# "MF0;spine00:MQM9700/U1" enhanced port 0 lid 3 lmc 0
[1]\t"S-fc6a1c0300000010"[33]\t\t# "MF0;su00-rail4-leaf:MQM9700/U1" lid 2 4xXDR

vendid=0x2c9
devid=0x1021
sysimgguid=0xa088c20300000001
caguid=0xa088c20300000001
Ca\t1 "H-a088c20300000001"\t\t# "n0000 mlx5_4"
[1](a088c20300000001) \t"S-fc6a1c0300000010"[1]\t\t# lid 1 lmc 0 "MF0;su00-rail4-leaf:MQM9700/U1" lid 2 4xNDR

caguid=0xa088c20300000002
Ca\t1 "H-a088c20300000002"\t\t# "MT4129 ConnectX7   Mellanox Technologies"
[1](a088c20300000002) \t"S-fc6a1c0300000010"[2]\t\t# lid 5 lmc 0 "MF0;su00-rail4-leaf:MQM9700/U1" lid 2 4xNDR

caguid=0xa088c20300000003
Ca\t2 "H-a088c20300000003"\t\t# "MT4129 ConnectX7   Mellanox Technologies"
[2](a088c20300000004) \t"S-fc6a1c0300000010"[3]\t\t# lid 6 lmc 0 "MF0;su00-rail4-leaf:MQM9700/U1" lid 2 2xNDR

vendid=0x2c9
devid=0xcf09
sysimgguid=0xfc6a1c0300000010
caguid=0xfc6a1c0300000011
Ca\t1 "H-fc6a1c0300000011"\t\t# "Mellanox Technologies Aggregation Node"
[1](fc6a1c0300000011) \t"S-fc6a1c0300000010"[65]\t\t# lid 4 lmc 0 "MF0;su00-rail4-leaf:MQM9700/U1" lid 2 4xNDR
"""
UNNAMED = "MT4129 ConnectX7   Mellanox Technologies"
ONE, TWO = f"{UNNAMED} (a088c20300000002)", f"{UNNAMED} (a088c20300000003)"


def test_ibnetdiscover_keeps_descriptions_and_tells_equal_ones_apart() -> None:
    leaf, spine = "MF0;su00-rail4-leaf:MQM9700/U1", "MF0;spine00:MQM9700/U1"
    found = opensm.read_ibnetdiscover(DISCOVERED)
    assert found.nodes == {leaf: 64, spine: 65, "n0000 mlx5_4": 1, ONE: 1, TWO: 2}
    assert set(found.links) == {
        Link("n0000 mlx5_4", 1, leaf, 1, 400.0),
        Link(ONE, 1, leaf, 2, 400.0),
        Link(TWO, 2, leaf, 3, 200.0),
        Link(leaf, 33, spine, 1, 800.0),
    }
    assert found.switches == {leaf, spine}
    assert found.guids == {
        leaf: "fc6a1c0300000010",
        spine: "fc6a1c0300000020",
        "n0000 mlx5_4": "a088c20300000001",
        ONE: "a088c20300000002",
        TWO: "a088c20300000003",
    }


def test_ibnetdiscover_takes_a_hook_for_names() -> None:
    found = opensm.read_ibnetdiscover(DISCOVERED, opensm.plain_name)
    assert set(found.nodes) == {"su00-rail4-leaf", "spine00", "n0000-nic4", ONE, TWO}


def test_aggregation_nodes_are_kept_on_demand() -> None:
    found = opensm.read_ibnetdiscover(DISCOVERED, opensm.plain_name, keep_aggregation_nodes=True)
    assert found.nodes["su00-rail4-leaf"] == 65
    assert Link("Mellanox Technologies Aggregation Node", 1, "su00-rail4-leaf", 65, 400.0) in found.links


@pytest.mark.parametrize(
    ("speed", "gbit_per_s"),
    [
        ("4xSDR", 10),
        ("4xFDR10", 40),
        ("4xFDR", 56),
        ("1xEDR", 25),
        ("12xHDR", 600),
        ("4xXDR", 800),
        ("4x???", None),
        ("", None),
    ],
)
def test_speeds_of_all_generations(speed: str, gbit_per_s: float | None) -> None:
    text = DISCOVERED.replace("lid 1 4xNDR", f"lid 1 {speed}").replace(
        "lid 2 4xNDR\n\ncaguid=0xa088c20300000002", f"lid 2 {speed}\n"
    )
    link = next(link for link in opensm.read_ibnetdiscover(text).links if link.a == "n0000 mlx5_4")
    assert link.gbit_per_s == gbit_per_s


def test_grouped_output_has_external_ports() -> None:
    text = 'Chassis 1 (guid 0x1)\nSwitch 4 "S-1" # "sw" base port 0 lid 1 lmc 0\n[1][ext 7]  "H-2"[1](2)  # "n0" lid 2 4xEDR\n'
    text += 'Ca 1 "H-2" # "n0"\n[1](2)  "S-1"[1][ext 7]  # lid 2 lmc 0 "sw" lid 1 4xEDR\n'
    assert opensm.read_ibnetdiscover(text).links == (Link("n0", 1, "sw", 1, 100.0),)


@pytest.mark.parametrize("cut", range(500, len(DISCOVERED) - 120, 97))
def test_output_that_was_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match=r"^line \d+: "):
        opensm.read_ibnetdiscover(DISCOVERED[:cut])


def test_another_file_is_refused() -> None:
    with pytest.raises(ValueError, match="line 1: 'SwitchName=leaf Nodes=n1' is neither a node nor a port"):
        opensm.read_ibnetdiscover("SwitchName=leaf Nodes=n1\n")


def test_root_guids_are_those_of_the_highest_tier() -> None:
    fabric = fat_tree(64, 1, radix=8)
    guids = {name: f"{number:x}" for number, name in enumerate(fabric.switches.names, start=0x200000)}
    cores = [name for name in fabric.switches.names if name.startswith("core")]
    assert opensm.write_root_guids(fabric, guids).split() == [f"0x{int(guids[name], 16):016x}" for name in cores]
    del guids[cores[3]]
    with pytest.raises(ValueError, match="the GUID of core003 is not known"):
        opensm.write_root_guids(fabric, guids)
