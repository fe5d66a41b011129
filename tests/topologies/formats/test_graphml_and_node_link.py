"""GraphML and node-link JSON: read back, both are the fabric's graph, with types."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from types import ModuleType

import pytest

from topologies.clos import fat_tree, rail_only
from topologies.dragonfly import dragonfly
from topologies.fabric import Fabric
from topologies.formats import graphml, node_link
from topologies.torus import torus
from topologies.xgft import xgft

FABRICS = [
    fat_tree(31, 8, radix=64, extra_links=4),
    rail_only(16, 4, radix=16),
    xgft((4, 4), (1, 2), (1, 2)),
    dragonfly(2, 4, 2),
    torus((3, 4)),
]


@pytest.mark.parametrize("module", [graphml, node_link], ids=["graphml", "node_link"])
@pytest.mark.parametrize("fabric", FABRICS, ids=lambda fabric: fabric.topology)
def test_the_graph_comes_back(module: ModuleType, fabric: Fabric) -> None:
    text = module.write(fabric)
    graph, expected = module.read(text), fabric.to_networkx()
    assert graph.is_multigraph()
    assert not graph.is_directed()
    assert graph.graph == expected.graph
    assert dict(graph.nodes(data=True)) == dict(expected.nodes(data=True))
    assert list(graph.edges(data=True, keys=True)) == list(expected.edges(data=True, keys=True))
    assert module.write(fabric) == text


def test_attributes_of_graphml_are_typed() -> None:
    text = graphml.write(fat_tree(32, 8, radix=64))
    space = "{http://graphml.graphdrawing.org/xmlns}"
    keys = {key.get("attr.name"): key.get("attr.type") for key in ET.fromstring(text).iter(f"{space}key")}  # noqa: S314
    assert keys["gbit_per_s"] == "double"
    assert {keys[name] for name in ("slot", "rail", "plane", "a_port", "b_port")} <= {"int", "long"}
    assert {keys[name] for name in ("kind", "host", "tier", "layer", "a", "b")} == {"string"}
