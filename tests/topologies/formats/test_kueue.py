"""Kueue's objects and node labels: valid for Kubernetes, coarsest level first, and the same groups as everywhere else."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from topologies.clos import fat_tree
from topologies.formats import kueue
from topologies.formats.placement import Group, PlacementTree, placement_tree, scale_up_domains
from topologies.scale_up import with_scale_up

TIER = "fabric.topograph.run/tier-"
DOMAIN = "accelerator.topograph.run/domain"


def load(text: str) -> list[Any]:
    return list(YAML(typ="safe", pure=True).load_all(io.StringIO(text)))


def levels(text: str) -> list[str]:
    topology, flavor = load(text)
    assert (topology["kind"], flavor["kind"]) == ("Topology", "ResourceFlavor")
    assert {topology["apiVersion"], flavor["apiVersion"]} == {"kueue.x-k8s.io/v1beta2"}
    assert flavor["spec"]["topologyName"] == topology["metadata"]["name"]
    assert flavor["spec"]["nodeLabels"]
    return [each["nodeLabel"] for each in topology["spec"]["levels"]]


@pytest.mark.parametrize(
    ("text", "value"), [("", 0xCBF29CE484222325), ("a", 0xAF63DC4C8601EC8C), ("foobar", 0x85944171F73967E8)]
)
def test_fnv_of_its_authors_vectors(text: str, value: int) -> None:
    assert kueue.fnv64a(text) == value


@pytest.mark.parametrize("name", ["su03", "a", "A.b_c-9", "x" * 63, "0"])
def test_good_label_values_stay(name: str) -> None:
    assert kueue.label_value(name) == name


@pytest.mark.parametrize("name", ["x" * 64, "", "-a", "a-", "a b", "ü", "a/b", "a\n", 'a"', "S3" * 50])
def test_other_label_values_are_hashed(name: str) -> None:
    assert kueue.label_value(name) == f"x{kueue.fnv64a(name):x}"


@given(st.text())
def test_every_label_value_is_valid(name: str) -> None:
    assert re.fullmatch(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?", kueue.label_value(name))
    assert len(kueue.label_value(name)) <= 63


def test_levels_and_labels_are_the_groups_of_the_tree() -> None:
    fabric = fat_tree(64, 1, radix=8)
    files = kueue.write(fabric)
    assert set(files) == {"kueue.yaml", "nodes.yaml"}
    assert levels(files["kueue.yaml"]) == [f"{TIER}2", f"{TIER}1", f"{TIER}0", "kubernetes.io/hostname"]
    paths = placement_tree(fabric).paths()
    nodes = load(files["nodes.yaml"])
    assert [node["metadata"]["name"] for node in nodes] == list(paths)
    for node in nodes:
        assert (node["apiVersion"], node["kind"]) == ("v1", "Node")
        labels = node["metadata"]["labels"]
        assert tuple(labels[f"{TIER}{tier}"] for tier in (2, 1, 0)) == paths[node["metadata"]["name"]]
    assert load(files["kueue.yaml"])[1]["spec"]["nodeLabels"] == {f"{TIER}2": "fabric"}


def test_domains_are_a_level_where_they_nest() -> None:
    racks = with_scale_up(fat_tree(144, 4, radix=64, hosts_per_unit=18), 72, 18, 18)
    # One rack is one unit here: the domain is told once more, below its unit.
    assert levels(kueue.write(racks, scale_up_domains(racks))["kueue.yaml"])[-3:] == [
        f"{TIER}0",
        DOMAIN,
        "kubernetes.io/hostname",
    ]
    tree = PlacementTree(
        ("fabric", "unit"),
        (Group("fabric", ("su00", "su01")), Group("su00", (), ("n0", "n1")), Group("su01", (), ("n2", "n3"))),
    )
    coarse = {"d": ["n0", "n1", "n2", "n3"]}
    fine = {name: [name.replace("d", "n")] for name in ("d0", "d1", "d2", "d3")}
    across = {"d0": ["n0", "n2"], "d1": ["n1", "n3"]}
    partly = {"d0": ["n0"]}
    assert levels(kueue.write(tree, coarse)["kueue.yaml"])[:-1] == [f"{TIER}1", DOMAIN, f"{TIER}0"]
    assert levels(kueue.write(tree, fine)["kueue.yaml"])[:-1] == [f"{TIER}1", f"{TIER}0", DOMAIN]
    for domains in (across, partly):
        files = kueue.write(tree, domains)
        assert levels(files["kueue.yaml"])[:-1] == [f"{TIER}1", f"{TIER}0"]
        assert load(files["nodes.yaml"])[0]["metadata"]["labels"][DOMAIN] == "d0"


def test_names_and_selectors_can_be_chosen() -> None:
    text = kueue.write(fat_tree(64, 1, radix=16), name="east", flavor="h100", node_selector={"pool": "yes"})["kueue.yaml"]
    topology, flavor = load(text)
    assert (topology["metadata"]["name"], flavor["metadata"]["name"]) == ("east", "h100")
    assert flavor["spec"] == {"nodeLabels": {"pool": "yes"}, "topologyName": "east"}


@pytest.mark.parametrize("name", ["N0", "a b", "a_b", "-a", "a" * 254, "", "a\n---"])
def test_names_that_kubernetes_refuses_are_refused(name: str) -> None:
    fabric = fat_tree(2, 1, radix=4)
    hostile = replace(fabric, endpoints=replace(fabric.endpoints, host_names=(name, "b")))
    with pytest.raises(ValueError, match="cannot be a name in Kubernetes"):
        kueue.write(hostile)
    with pytest.raises(ValueError, match="cannot be a name in Kubernetes"):
        kueue.write(fabric, name=name)


def test_what_cannot_be_is_refused() -> None:
    fabric = fat_tree(64, 1, radix=16)
    with pytest.raises(ValueError, match="n0000 is in more than one domain"):
        kueue.write(fabric, {"a": ["n0000"], "b": ["n0000"]})
    with pytest.raises(ValueError, match="x in the domain a is no node"):
        kueue.write(fabric, {"a": ["x"]})
    spines = [number for name, number in fabric.vertex_by_name.items() if name.startswith("spine")]
    apart = fabric.without(vertices=spines)
    with pytest.raises(ValueError, match="no label in common"):
        kueue.write(apart)
    assert kueue.write(apart, node_selector={"pool": "all"})


def test_more_than_16_levels_are_refused() -> None:
    def chain(depth: int) -> PlacementTree:
        inner = [Group(f"g{level}", (f"g{level + 1}",)) for level in range(depth - 1)]
        return PlacementTree(("g",) * depth, (*inner, Group(f"g{depth - 1}", (), ("n0",))))

    assert len(levels(kueue.write(chain(15))["kueue.yaml"])) == 16
    with pytest.raises(ValueError, match="17 levels"):
        kueue.write(chain(16))
