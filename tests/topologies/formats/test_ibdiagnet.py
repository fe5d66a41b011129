"""Topology files: read back as written, and refused with their line where two ends contradict each other."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from topologies.clos import fat_tree, rail_only
from topologies.fabric import Fabric
from topologies.formats import ibdiagnet
from topologies.links import Link, Links, links_of

FABRICS = [
    fat_tree(20, 4, radix=16, extra_links=3),
    fat_tree(20, 2, radix=16, planes=2),
    fat_tree(64, 1, radix=8, dual_tor=True, gbit_per_s=200.0),
    rail_only(20, 4, radix=8),
]


@pytest.mark.parametrize("fabric", FABRICS)
def test_a_topology_file_comes_back(fabric: Fabric) -> None:
    back, wanted = ibdiagnet.read(ibdiagnet.write(fabric)["fabric.topo"]), links_of(fabric)
    assert sorted(back.links) == sorted(wanted.links)
    assert back.nodes == wanted.nodes
    assert back.switches == wanted.switches


@pytest.mark.parametrize("fabric", FABRICS)
def test_every_kind_of_system_is_defined_with_the_ports_that_are_used(fabric: Fabric) -> None:
    files = ibdiagnet.write(fabric)
    text = files.pop("fabric.topo")
    used: dict[str, set[str]] = {}
    for here, kind, _, there in re.findall(r"^    (\S+) -\S+-> (\S+) (\S+) (\S+)$", text, re.MULTILINE):
        used.setdefault(kind, set()).add(there)
        assert here.startswith(("P", "U"))
    assert {f"{kind}.ibnl" for kind in used} == set(files)
    for kind, ports in used.items():
        definition = files[f"{kind}.ibnl"]
        assert definition.startswith(f"TOPSYSTEM {kind}\n\nNODE ")
        assert ports <= set(re.findall(r"^    \d+ -> (\S+)$", definition, re.MULTILINE))
    assert files[f"SW_{fabric.switches.ports[0]}.ibnl"].count("->") == fabric.switches.ports[0]


def test_the_whole_of_a_small_one() -> None:
    assert ibdiagnet.write(fat_tree(2, 1, radix=4, planes=2, gbit_per_s=100.0)) == {
        "HCA_1x2.ibnl": "TOPSYSTEM HCA_1x2\n\nNODE CA 2 ADAPTER U1\n    1 -> U1/P1\n    2 -> U1/P2\n",
        "SW_4.ibnl": "TOPSYSTEM SW_4\n\nNODE SW 4 SWITCH U1\n    1 -> P1\n    2 -> P2\n    3 -> P3\n    4 -> P4\n",
        "fabric.topo": "HCA_1x2 n0000\n    U1/P1 -4x-25G-> SW_4 p0-switch P1\n    U1/P2 -4x-25G-> SW_4 p1-switch P1\n\n"
        "HCA_1x2 n0001\n    U1/P1 -4x-25G-> SW_4 p0-switch P2\n    U1/P2 -4x-25G-> SW_4 p1-switch P2\n\n"
        "SW_4 p0-switch\n    P1 -4x-25G-> HCA_1x2 n0000 U1/P1\n    P2 -4x-25G-> HCA_1x2 n0001 U1/P1\n\n"
        "SW_4 p1-switch\n    P1 -4x-25G-> HCA_1x2 n0000 U1/P2\n    P2 -4x-25G-> HCA_1x2 n0001 U1/P2\n",
    }


def test_other_words_for_ports() -> None:
    storage = fat_tree(4, 2, radix=8).renamed("storage-", "storage")
    back = ibdiagnet.read(ibdiagnet.write(storage)["fabric.topo"], "storage")
    assert back.cable_set() == links_of(storage).cable_set()


def test_a_file_by_hand_lists_cables_once_and_without_speed() -> None:
    text = "# by hand\nMSB7700 dingo\n    P1 -4x-25G-> HCA_3 dgx1 U1/P1   # the first\n    P36 -> HCA_3 dgx1 U3/P1\n"
    assert ibdiagnet.read(text) == Links(
        {"dingo": 36, "dgx1-nic0": 1, "dgx1-nic2": 1},
        (Link("dgx1-nic0", 1, "dingo", 1, 100.0), Link("dgx1-nic2", 1, "dingo", 36, None)),
        frozenset(["dingo"]),
    )


GOOD = ibdiagnet.write(fat_tree(2, 2, radix=4, gbit_per_s=100.0))["fabric.topo"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("P2 -4x-25G-> HCA_2 n0000 U2/P1", "P2 -4x-25G-> HCA_2 n0000 U1/P1", "line 3: n0000-nic1 port 1 and line 11 disagree"),
        ("P2 -4x-25G-> HCA_2 n0000 U2/P1", "P2 -4x-50G-> HCA_2 n0000 U2/P1", "line 3: n0000-nic1 port 1 and line 11 disagree"),
        ("    P2 -4x-25G-> HCA_2 n0000 U2/P1\n", "", None),
        (
            "P2 -4x-25G-> HCA_2 n0000 U2/P1",
            "P1 -4x-25G-> HCA_2 n0000 U2/P1",
            "line 11: port 1 of switch is used more than once",
        ),
        ("P2 -4x-25G-> HCA_2 n0000 U2/P1", "P2 -4x-25G-> HCA_3 n0000 U2/P1", "line 11: n0000 is a HCA_2 elsewhere"),
        ("SW_4 switch\n", "\n", "line 10: a cable before its system"),
        ("HCA_2 n0001\n", "HCA_2 n0000\n", "line 5: n0000 is defined a second time"),
        ("P2 -4x-25G-> HCA_2 n0000 U2/P1", "S2 -4x-25G-> HCA_2 n0000 U2/P1", "line 11: 'S2' is no port"),
        ("P2 -4x-25G-> HCA_2 n0000 U2/P1", "P2 -4x-25G-> HCA_2 n0000", "line 11: 'P2 -4x-25G-> HCA_2 n0000' is neither"),
    ],
)
def test_contradictions_are_refused_with_their_line(old: str, new: str, message: str | None) -> None:
    assert GOOD.count(old) == 1
    if message is None:  # one end is enough
        assert ibdiagnet.read(GOOD.replace(old, new)) == ibdiagnet.read(GOOD)
        return
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        ibdiagnet.read(GOOD.replace(old, new))


def test_one_sided_cables_into_one_port_are_refused() -> None:
    with pytest.raises(ValueError, match="line 3: port 1 of b is used more than once"):
        ibdiagnet.read("SW_4 a\n    P1 -> SW_4 b P1\n    P2 -> SW_4 b P1\n")


@pytest.mark.parametrize("name", ["a b", "a/b", "a@b", 'a"b', "a\nb", "", "x" * 65, "a#b", "ü"])
def test_names_that_the_format_cannot_hold_are_refused(name: str) -> None:
    fabric = fat_tree(1, radix=4)
    hostile = replace(fabric, switches=replace(fabric.switches, names=(name,)))
    with pytest.raises(ValueError, match="cannot be a name in a topology file"):
        ibdiagnet.write(hostile)


def test_a_cable_from_a_port_to_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="line 2: a is cabled to itself"):
        ibdiagnet.read("SW_4 a\n    P1 -> SW_4 a P1\n")


def test_two_endpoints_in_one_slot_are_refused() -> None:
    fabric = fat_tree(1, 2, radix=4)
    with pytest.raises(ValueError, match="same slot"):
        ibdiagnet.write(replace(fabric, endpoints=replace(fabric.endpoints, slot=np.zeros(2, np.int32))))
