"""Slurm's files: trees read back, blocks of the right sizes, and every way to break a tree refused with its line."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from topologies.clos import fat_tree, rail_only
from topologies.dragonfly import dragonfly
from topologies.fabric import Fabric
from topologies.formats import slurm
from topologies.formats.hostlist import expand
from topologies.formats.placement import Group, PlacementTree, placement_tree, scale_up_domains
from topologies.scale_up import with_scale_up

FABRICS = [fat_tree(127, 8, radix=64), fat_tree(64, 1, radix=8), rail_only(100, 4, radix=16), dragonfly(2, 4, 2)]


def load(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(io.StringIO(text))


@pytest.mark.parametrize("fabric", FABRICS)
def test_a_tree_comes_back(fabric: Fabric) -> None:
    tree = placement_tree(fabric)
    assert slurm.read(slurm.write(fabric)) == tree.groups
    assert slurm.write(tree) == slurm.write(fabric)


def test_the_file_of_three_tiers() -> None:
    text = slurm.write(fat_tree(16, 1, radix=4))
    assert text.splitlines()[:4] == [
        "SwitchName=fabric Switches=pod[00-03]",
        "SwitchName=pod00 Switches=leaf[000-001]",
        "SwitchName=pod01 Switches=leaf[002-003]",
        "SwitchName=pod02 Switches=leaf[004-005]",
    ]
    assert text.splitlines()[-1] == "SwitchName=leaf007 Nodes=n[0014-0015]"


def test_what_scontrol_prints_is_read() -> None:
    printed = (
        "SwitchName=fabric Level=1 LinkSpeed=1 Nodes=n[0-3] Switches=su[00-01] \n"
        "SwitchName=su00 Level=0 LinkSpeed=1 Nodes=n[0-1] \nSwitchName=su01 Level=0 LinkSpeed=1 Nodes=n[2-3] \n"
    )
    assert slurm.read(printed) == (
        Group("fabric", ("su00", "su01")),
        Group("su00", (), ("n0", "n1")),
        Group("su01", (), ("n2", "n3")),
    )


def test_keys_and_comments_are_read_as_slurm_does() -> None:
    assert slurm.read("# all of it\n\nswitchname=s0 NODES=n0 # one\n") == (Group("s0", (), ("n0",)),)


GOOD = "SwitchName=top Switches=p[0-1]\nSwitchName=p0 Switches=s0\nSwitchName=p1 Switches=s1\n"
GOOD += "SwitchName=s0 Nodes=n[0-1]\nSwitchName=s1 Nodes=n[2-3]\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("p[0-1]", "p[0-2]", "line 1: switch top has the unknown child p2"),
        ("SwitchName=s1", "SwitchName=s0", "line 5: switch s0 has already been defined (line 4)"),
        ("n[2-3]", "n[1-3]", "line 5: n1 is below s1 and below s0"),
        ("Switches=s1", "Switches=s[0-1]", "line 3: s0 is below p1 and below p0"),
        ("SwitchName=p0 Switches=s0", "SwitchName=p0 Switches=top", "line 1: switch top is below itself"),
        ("SwitchName=p0 Switches=s0", "SwitchName=p0 Switches=p0", "line 2: p0 is below p0 and below top"),
        ("SwitchName=top Switches=p[0-1]", "SwitchName=top Switches=top", "line 1: switch top is below itself"),
        ("Nodes=n[2-3]", "", "line 5: a switch needs a SwitchName and either Switches or Nodes"),
        ("SwitchName=s1 Nodes", "Nodes", "line 5: a switch needs a SwitchName and either Switches or Nodes"),
        ("Nodes=n[2-3]", "Hosts=n[2-3]", "line 5: 'Hosts=n[2-3]' is no setting of a switch"),
        ("Nodes=n[2-3]", "Nodes=n[3-2]", "line 5: '3-2' in 'n[3-2]' runs backwards"),
        ("Nodes=n[2-3]", "Nodes= n2", "line 5: 'Nodes=' is no setting of a switch"),
    ],
)
def test_what_is_no_tree_is_refused_with_its_line(old: str, new: str, message: str) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        slurm.read(GOOD.replace(old, new))


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(ValueError, match="no switches"):
        slurm.read("# nothing\n")


@pytest.mark.parametrize("name", ["a b", "a,b", "a[1]", "a=b", "a#b", "a\nSwitchName=x"])
def test_names_that_slurm_would_misread_are_refused(name: str) -> None:
    for tree in (PlacementTree(("leaf",), (Group(name, (), ("n0",)),)), PlacementTree(("leaf",), (Group("s", (), (name,)),))):
        for write in (slurm.write, slurm.write_blocks, slurm.write_yaml):
            with pytest.raises(ValueError, match="cannot be a name in a hostlist"):
                write(tree)


@pytest.mark.parametrize(
    ("size", "count", "sizes"), [(8, 1, (8,)), (8, 2, (8, 16)), (8, 3, (8, 16)), (8, 4, (8, 16, 32)), (8, 8, (8, 16, 32, 64))]
)
def test_block_sizes_of_topographs_table(size: int, count: int, sizes: tuple[int, ...]) -> None:
    assert slurm.block_sizes([size] * count) == sizes
    assert slurm.block_sizes([*[size + 3] * (count - 1), size]) == sizes  # the smallest counts


@pytest.mark.parametrize(("part", "domain", "sizes"), [(8, 8, (8,)), (8, 12, (8, 16)), (8, 16, (8, 16)), (9, 135, (9, 144))])
def test_block_sizes_of_topographs_table_of_sub_domains(part: int, domain: int, sizes: tuple[int, ...]) -> None:
    assert slurm.block_sizes([domain], [part]) == sizes
    assert slurm.block_sizes([domain - 1, domain], [1, part]) == sizes  # the largest count


@given(st.integers(1, 300), st.integers(1, 20000))
def test_block_sizes_double(part: int, domain: int) -> None:
    sizes = slurm.block_sizes([domain], [part])
    assert sizes[0] == part
    assert sizes[-1] >= domain
    assert sizes[-1] == part or (sizes[-1] // 2 < domain and (sizes[-1] // part).bit_count() == 1)


@pytest.mark.parametrize(("domains", "parts"), [([], []), ([0], []), ([8, -1], []), ([8], [0])])
def test_empty_domains_are_refused(domains: list[int], parts: list[int]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        slurm.block_sizes(domains, parts)


def test_blocks_are_units_by_default() -> None:
    placed, sizes = slurm.blocks(fat_tree(127, 8, radix=64))
    assert [(block.name, len(block.nodes)) for block in placed] == [("su00", 32), ("su01", 32), ("su02", 32), ("su03", 31)]
    assert sizes == (31, 62, 124)


def test_blocks_are_scale_up_domains_where_they_are_known() -> None:
    fabric = with_scale_up(fat_tree(144, 4, radix=64), 72, 18, 18)
    text = slurm.write_blocks(fabric, scale_up_domains(fabric))
    assert text.splitlines()[0] == "BlockName=nvl00 Nodes=n[0000-0017]"
    assert text.splitlines()[-1] == "BlockSizes=18,36,72,144"
    assert len(text.splitlines()) == 9


def test_sub_domains_are_blocks_and_domains_are_filled_up() -> None:
    """Topograph's own example: two domains of 14 and 15 racks of 9 nodes, of which one rack has only five."""
    racks = [f"rack-{domain}-{rack:02d}" for domain, count in ((1, 14), (2, 15)) for rack in range(count)]
    counts = dict.fromkeys(racks, 9) | {"rack-2-14": 5}
    nodes = iter(f"n{number:04d}" for number in range(sum(counts.values())))
    parts = {rack: [next(nodes) for _ in range(count)] for rack, count in counts.items()}
    domains = {
        f"domain-0{number}": [node for rack, inside in parts.items() if rack[5] == str(number) for node in inside]
        for number in (1, 2)
    }
    tree = PlacementTree(("fabric",), (Group("fabric", (), tuple(node for inside in parts.values() for node in inside)),))
    placed, sizes = slurm.blocks(tree, domains, parts)
    assert sizes == (9, 144)
    assert len(placed) == 32
    assert [place for place, block in enumerate(placed) if not block.nodes] == [14, 15, 31]
    lines = slurm.write_blocks(tree, domains, parts).splitlines()
    assert lines[14] == "BlockName=domain-01-spare00"
    assert lines[-1] == "BlockSizes=9,144"


@pytest.mark.parametrize(
    ("domains", "parts", "message"),
    [
        ({"a": ["n0", "n1"]}, None, "n2 is in no domain"),
        ({"a": ["n0", "n1"], "b": ["n1", "n2"]}, None, "n1 is in more than one domain"),
        ({"a": ["n0", "n1", "n2", "n3"]}, None, "n3 in the domain a is no node of the fabric"),
        ({"a": ["n0", "n1"], "b": ["n2"]}, {"x": ["n0"], "y": ["n1", "n2"]}, "the sub-domain y is not in one domain"),
        ({"a": ["n0", "n1", "n2"]}, {"x": ["n0"]}, "n1 is in no sub-domain"),
        (None, {"x": ["n0", "n1", "n2"]}, "sub_domains need domains"),
    ],
)
def test_domains_must_share_out_the_nodes(domains: Any, parts: Any, message: str) -> None:
    tree = PlacementTree(("leaf",), (Group("s0", (), ("n0", "n1", "n2")),))
    with pytest.raises(ValueError, match=f"^{message}$"):
        slurm.blocks(tree, domains, parts)


@pytest.mark.parametrize("fabric", FABRICS)
def test_topology_yaml_says_the_same_as_topology_conf(fabric: Fabric) -> None:
    tree, block, flat = load(slurm.write_yaml(fabric))
    assert (tree["topology"], tree["cluster_default"]) == ("tree", True)
    groups = tuple(
        Group(each["switch"], expand(each["children"]))
        if "children" in each
        else Group(each["switch"], nodes=expand(each["nodes"]))
        for each in tree["tree"]["switches"]
    )
    assert groups == placement_tree(fabric).groups
    lines = [f"BlockName={each['block']} Nodes={each['nodes']}" for each in block["block"]["blocks"]]
    lines.append("BlockSizes=" + ",".join(map(str, block["block"]["block_sizes"])))
    assert lines == slurm.write_blocks(fabric).splitlines()
    assert flat == {"topology": "flat", "cluster_default": False, "flat": True}
    assert [next(iter(each)) for each in (tree, block, flat)] == ["topology"] * 3  # the manual wants it first


@pytest.mark.parametrize("default", ["tree", "block", "flat"])
def test_the_default_topology_comes_first(default: str) -> None:
    found = load(slurm.write_yaml(fat_tree(64, 1, radix=16), default=default))
    assert [each["cluster_default"] for each in found] == [True, False, False]
    assert found[0]["topology"] == default


def test_a_default_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="default must be"):
        slurm.write_yaml(fat_tree(64, 1, radix=16), default="ring")
