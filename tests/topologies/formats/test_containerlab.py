"""containerlab: what its JSON Schema demands, written out here as the schema is not at hand in a test run."""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml import YAML

from topologies.clos import fat_tree
from topologies.formats import containerlab
from topologies.torus import torus


def load(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def check(lab: dict[str, Any]) -> None:
    """The rules of clab.schema.json that bear on what we write, and containerlab's own: an interface is used once."""
    assert set(lab) == {"name", "topology"}
    assert set(lab["topology"]) == {"kinds", "nodes", "links"}
    nodes, kinds = lab["topology"]["nodes"], lab["topology"]["kinds"]
    for node in nodes.values():
        assert set(node) == {"kind", "group"}
        assert "image" in kinds[node["kind"]]
    assert lab["topology"]["links"]
    ends = [end for link in lab["topology"]["links"] for end in link["endpoints"]]
    for link in lab["topology"]["links"]:
        assert set(link) == {"endpoints"}
        assert len(set(link["endpoints"])) == 2
    assert len(set(ends)) == len(ends)
    for end in ends:
        assert re.fullmatch(r"\S+:\S+", end)
        node, interface = end.split(":")
        wanted = r"eth[1-9]\d*" if nodes[node]["kind"] == "linux" else r"e1-[1-9]\d*(-[1-9]\d*)?"
        assert re.fullmatch(wanted, interface)
        assert len(interface) <= 15  # the kernel's limit


def test_labs_meet_the_rules() -> None:
    for fabric in (fat_tree(31, 8, radix=64, extra_links=4), fat_tree(8, 2, radix=8, links_per_port=4), torus((3, 3))):
        lab = load(containerlab.write(fabric, switch_type="ixr-d3"))
        check(lab)
        assert lab["topology"]["kinds"]["nokia_srlinux"]["type"] == "ixr-d3"
        assert len(lab["topology"]["links"]) == len(fabric.cables) - fabric.cables_by_layer().get("internal", 0)


def test_groups_are_tiers() -> None:
    nodes = load(containerlab.write(fat_tree(32, 8, radix=64)))["topology"]["nodes"]
    groups = [node["group"] for node in nodes.values()]
    assert (groups.count("host"), groups.count("leaf"), groups.count("spine")) == (32, 8, 4)


def test_what_has_no_cable_is_no_node() -> None:
    fabric = fat_tree(32, 8, radix=64)
    dead = fabric.without(vertices=[fabric.vertex_by_name["spine03"], *range(8)])
    nodes = load(containerlab.write(dead))["topology"]["nodes"]
    assert not {"spine03", "n0000"} & nodes.keys()
    assert len(nodes) == 31 + 11
