"""InfraGraph documents, expanded here by its rules (tests/referees lets the tool itself do so)."""

from __future__ import annotations

import json
import re

import pytest
from ruamel.yaml import YAML

from topologies.clos import fat_tree, rail_only
from topologies.dragonfly import dragonfly
from topologies.fabric import Fabric
from topologies.formats import infragraph
from topologies.torus import torus
from topologies.xgft import xgft


def span(text: str) -> list[str]:
    name, first, last = re.fullmatch(r"([\w-]+)\[(\d+)(?::(\d+))?\]", text).groups()  # type: ignore[union-attr]
    return [f"{name}.{number}" for number in range(int(first), int(last or int(first) + 1))]


def expanded(document: dict) -> list[tuple[str, str]]:  # type: ignore[type-arg]
    """Every edge of the slices, first with first."""
    found = []
    for edge in document["edges"]:
        assert edge["scheme"] == "one2one"
        one, other = (
            [f"{i}.{c}" for i in span(edge[end]["instance"]) for c in span(edge[end]["component"])] for end in ("ep1", "ep2")
        )
        found += list(zip(one, other, strict=True))
    return found


@pytest.mark.parametrize(
    "fabric",
    [
        fat_tree(31, 8, radix=64, extra_links=4),
        fat_tree(16, 4, radix=32, dual_tor=True),
        fat_tree(16, 4, radix=32, planes=2, spine_radix=64),
        rail_only(16, 4, radix=16),
        xgft((4, 4, 2), (1, 2, 2), (1, 2, 3)),
        dragonfly(2, 4, 2),
        torus((3, 4)),
    ],
    ids=lambda fabric: fabric.topology,
)
def test_every_cable_is_one_edge_between_ports(fabric: Fabric) -> None:
    document = json.loads(infragraph.write(fabric))
    names, cables = infragraph.node_names(fabric), fabric.cables

    def end(vertex: int, port: int) -> str:
        return names[vertex] if vertex < fabric.endpoint_count else names[vertex].replace("asic.0", f"port.{port - 1}")

    columns = (cables.a.tolist(), cables.a_port.tolist(), cables.b.tolist(), cables.b_port.tolist())
    ours = sorted((end(a, a_port), end(b, b_port)) for a, a_port, b, b_port in zip(*columns, strict=True))
    assert sorted(expanded(document)) == ours
    devices = {device["name"]: {part["name"]: part["count"] for part in device["components"]} for device in document["devices"]}
    counts = {instance["name"]: (instance["count"], devices[instance["device"]]) for instance in document["instances"]}
    for name in names:
        instance, index, component, number = name.split(".")
        assert int(index) < counts[instance][0]
        assert int(number) < counts[instance][1][component]
    assert len(set(names)) == fabric.vertex_count
    assert YAML(typ="safe", pure=True).load(infragraph.write_yaml(fabric)) == document


def test_a_layer_of_two_rates_is_two_links() -> None:
    fabric = xgft((4, 4), (1, 2), gbit_per_s=[100, 400])
    links = json.loads(infragraph.write(fabric))["links"]
    rates = {link["name"]: link["physical"]["bandwidth"]["gigabits_per_second"] for link in links}
    assert rates == {"node_leaf": 100.0, "leaf_spine": 400.0}
    fabric.cables.gbit_per_s[0] = 50.0
    names = {link["name"] for link in json.loads(infragraph.write(fabric))["links"]}
    assert names == {"node_leaf-50G", "node_leaf-100G", "leaf_spine"}


def test_slices_keep_a_large_fabric_small() -> None:
    document = json.loads(infragraph.write(fat_tree(256, 8, radix=64)))
    assert len(document["edges"]) == 2 * 64  # a leaf's hosts, and its uplinks
    assert len(expanded(document)) == 4096
