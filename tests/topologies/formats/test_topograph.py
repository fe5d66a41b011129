"""Topograph's model: its loader's own rules hold, and the groups are those of the other schedulers' files."""

from __future__ import annotations

import io
from typing import Any

import pytest
from ruamel.yaml import YAML

from topologies.clos import fat_tree
from topologies.dragonfly import dragonfly
from topologies.fabric import Fabric
from topologies.formats import topograph
from topologies.formats.hostlist import expand
from topologies.formats.placement import Group, PlacementTree, placement_tree, scale_up_domains
from topologies.scale_up import with_scale_up

DOMAIN = "accelerator.topology.test/domain"
SUB_DOMAIN = "accelerator.topology.test/sub-domain"


def load(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(io.StringIO(text))


@pytest.mark.parametrize("fabric", [fat_tree(127, 8, radix=64), fat_tree(64, 1, radix=8), dragonfly(2, 4, 2)])
def test_the_model_keeps_the_loaders_rules_and_says_our_tree(fabric: Fabric) -> None:
    model = load(topograph.write(fabric))
    parent: dict[str, str] = {}
    for name, switch in model["switches"].items():
        for child in switch.get("switches", []):
            assert child in model["switches"]
            assert parent.setdefault(child, name) == name
    paths = {}
    for block in model["blocks"]:
        assert block["nodes"]
        for node in expand(",".join(block["nodes"])):
            assert node not in paths
            path = [block["switch"]]
            while path[-1] in parent:
                path.append(parent[path[-1]])
            paths[node] = tuple(reversed(path))
    assert paths == placement_tree(fabric).paths()


def test_domains_are_annotations_of_blocks() -> None:
    fabric = with_scale_up(fat_tree(36, 4, radix=144), 72, 18, 18)
    model = load(topograph.write(fabric, scale_up_domains(fabric)))
    assert model["blocks"] == [
        {"switch": "switch", "nodes": ["n[0000-0017]"], "annotations": {DOMAIN: "nvl00"}},
        {"switch": "switch", "nodes": ["n[0018-0035]"], "annotations": {DOMAIN: "nvl01"}},
    ]


TREE = PlacementTree(("leaf",), (Group("s0", (), ("n0", "n1", "n2")),))


def test_sub_domains_are_told_with_their_domains() -> None:
    model = load(topograph.write(TREE, {"d": ["n0", "n1", "n2"]}, {"r0": ["n0", "n2"], "r1": ["n1"]}))
    assert model["blocks"] == [
        {"switch": "s0", "nodes": ["n[0,2]"], "annotations": {DOMAIN: "d", SUB_DOMAIN: "r0"}},
        {"switch": "s0", "nodes": ["n1"], "annotations": {DOMAIN: "d", SUB_DOMAIN: "r1"}},
    ]


@pytest.mark.parametrize(
    ("domains", "parts", "message"),
    [
        ({"a": ["n0"], "b": ["n0"]}, None, "n0 is in a and in b"),
        ({"a": ["n9"]}, None, "n9 in a is no node of the fabric"),
        ({"a": ["n0"]}, {"r": ["n1"]}, "n1 is in a sub-domain and in no domain"),
        ({"a": ["n0"]}, {"r": ["n0"], "q": ["n0"]}, "n0 is in r and in q"),
    ],
)
def test_contradictions_are_refused(domains: Any, parts: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        topograph.write(TREE, domains, parts)


@pytest.mark.parametrize("name", ["no", "007", "a: b", 'x" # y'])
def test_names_that_yaml_would_misread_come_back(name: str) -> None:
    model = load(topograph.write(PlacementTree(("leaf",), (Group(name, (), ("n0",)),)), {name: ["n0"]}))
    assert list(model["switches"]) == [name]
    assert model["blocks"][0]["switch"] == model["blocks"][0]["annotations"][DOMAIN] == name
