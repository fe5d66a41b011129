"""NVIDIA Air: nodes and links of both forms agree with the fabric."""

from __future__ import annotations

import json

from topologies.clos import fat_tree
from topologies.formats import cumulus_ptm, nvidia_air


def test_a_small_json_is_exact() -> None:
    assert json.loads(nvidia_air.write(fat_tree(1, radix=4), title="t", switch={"os": "a"}, host={"os": "b"})) == {
        "format": "JSON",
        "title": "t",
        "content": {
            "nodes": {"n0000": {"os": "b"}, "switch": {"os": "a"}},
            "links": [[{"node": "n0000", "interface": "eth1"}, {"node": "switch", "interface": "swp1"}]],
        },
    }


def test_both_forms_have_the_same_links() -> None:
    fabric = fat_tree(16, 4, radix=32, planes=2, links_per_port=4)
    links = json.loads(nvidia_air.write(fabric))["content"]["links"]
    flat = [(a["node"], a["interface"], b["node"], b["interface"]) for a, b in links]
    assert flat == cumulus_ptm.read(nvidia_air.write_dot(fabric))
    assert len(flat) == len(fabric.cables)


def test_what_has_no_cable_is_no_node() -> None:
    fabric = fat_tree(32, 8, radix=64)
    dead = fabric.without(vertices=[fabric.vertex_by_name["spine03"]])
    nodes = json.loads(nvidia_air.write(dead))["content"]["nodes"]
    assert "spine03" not in nodes
    assert len(nodes) == 32 + 11
    assert nvidia_air.write_dot(dead).count('function="spine"') == 3
