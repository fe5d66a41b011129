"""Names made to break out of a format: every parser must give them back, or the writer must refuse them."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from ruamel.yaml import YAML

from topologies.clos import fat_tree
from topologies.fabric import Fabric
from topologies.formats import (
    containerlab,
    cumulus_ptm,
    graphml,
    graphviz,
    infragraph,
    netbox,
    node_link,
    nvidia_air,
    simgrid,
)
from topologies.routes import Routes

HOSTILE = (
    'rack "7" \\',
    "<a>&b;</a>",
    "=cmd|'/C calc'!A1",
    "two\nlines",
    "comma, semi; -- {x}",
    "'=quoted",
    "-1",
    "ünï ☃ 'apostrophe'",
)
SWITCH = '"] -- evil; <!-- & "'


def hostile() -> Fabric:
    """One switch and as many hosts as there are hostile names."""
    fabric = fat_tree(len(HOSTILE), radix=8)
    ends = replace(fabric.endpoints, host_names=HOSTILE, names=tuple(f"{name}-nic0" for name in HOSTILE))
    return replace(fabric, endpoints=ends, switches=replace(fabric.switches, names=(SWITCH,)))


ENDS = [(name, SWITCH) for name in HOSTILE]


def test_ptm_and_air_dot_come_back() -> None:
    for text in (cumulus_ptm.write(hostile()), nvidia_air.write_dot(hostile())):
        assert [(a, b) for a, _, b, _ in cumulus_ptm.read(text)] == ENDS


def test_air_json_comes_back() -> None:
    content = json.loads(nvidia_air.write(hostile()))["content"]
    assert [(a["node"], b["node"]) for a, b in content["links"]] == ENDS
    assert set(content["nodes"]) == {*HOSTILE, SWITCH}


def test_netbox_cells_are_no_formulas_and_come_back() -> None:
    text = netbox.write(hostile(), types="=danger")
    assert [(row.a, row.b) for row in netbox.read(text)] == ENDS
    kinds = {"host": netbox.DeviceKind("@x", "+y", "-z"), "leaf": netbox.DeviceKind("\tx", "\ry", "z")}
    for each in (text, netbox.devices(hostile(), kinds, site="=site")):
        for row in csv.reader(io.StringIO(each, newline="")):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def test_netbox_devices_have_the_names_of_the_cables() -> None:
    kinds = {name: netbox.DeviceKind("Acme", "X", "role") for name in ("host", "leaf")}
    listed = [row["name"] for row in csv.DictReader(io.StringIO(netbox.devices(hostile(), kinds, site="x"), newline=""))]
    cables = list(csv.DictReader(io.StringIO(netbox.write(hostile()), newline="")))
    assert [row["side_a_device"] for row in cables] == listed[:-1]
    assert {row["side_b_device"] for row in cables} == {listed[-1]}


def test_netbox_device_type_is_yaml() -> None:
    made = YAML(typ="safe", pure=True).load(
        netbox.device_type(HOSTILE[0], "no", interfaces=HOSTILE, interface_type="yes", management_type=None)
    )
    assert (made["manufacturer"], made["model"]) == (HOSTILE[0], "no")
    assert made["interfaces"] == [{"name": name, "type": "yes"} for name in HOSTILE]


def test_graphml_and_node_link_come_back() -> None:
    expected = hostile().to_networkx()
    for graph in (graphml.read(graphml.write(hostile())), node_link.read(node_link.write(hostile()))):
        assert dict(graph.nodes(data=True)) == dict(expected.nodes(data=True))
        assert list(graph.edges(data=True, keys=True)) == list(expected.edges(data=True, keys=True))
        assert graph.graph == expected.graph


def test_simgrid_is_xml_with_the_names() -> None:
    routes = Routes(np.array([0, 2]), np.array([0, 3], np.int32), np.ones(2))
    for text in (simgrid.write(hostile(), zone=SWITCH), simgrid.write_routes(hostile(), [(0, 1)], routes)):
        root = ET.fromstring(text.partition("\n")[2].partition("\n")[2])  # noqa: S314
        assert [host.get("id") for host in root.iter("host")] == [f"{name}-nic0" for name in HOSTILE]
        first = next(root.iter("route"))
        assert first.get("src") == f"{HOSTILE[0]}-nic0"


def test_graphviz_labels_stay_in_their_quotes() -> None:
    for detail in graphviz.DETAILS:
        text = graphviz.write(hostile(), detail=detail, title=HOSTILE[0])
        for line in text.splitlines():
            assert line.replace("\\\\", "").replace('\\"', "").count('"') % 2 == 0, line
        assert '-- evil; <!-- &amp; \\""' in text


@pytest.mark.parametrize("name", [SWITCH, "two words", "colon:1", "", "-dash", "line\n"])
def test_containerlab_refuses_what_no_container_can_be_called(name: str) -> None:
    fabric = fat_tree(2, radix=4)
    fabric = replace(fabric, switches=replace(fabric.switches, names=(name,)))
    with pytest.raises(ValueError, match="containerlab"):
        containerlab.write(fabric)


@pytest.mark.parametrize("write", [graphml.write, simgrid.write])
def test_xml_refuses_control_characters(write: Callable[[Fabric], str]) -> None:
    fabric = fat_tree(2, radix=4)
    fabric = replace(fabric, switches=replace(fabric.switches, names=("bell\x07",)))
    with pytest.raises(ValueError, match="bell"):
        write(fabric)


def test_infragraph_numbers_things_so_that_names_cannot_hurt() -> None:
    text = infragraph.write(hostile())
    assert json.loads(text)["instances"] == [
        {"name": "node", "device": "node-device", "count": len(HOSTILE)},
        {"name": "leaf", "device": "leaf-8-ports", "count": 1},
    ]
    with pytest.raises(ValueError, match="InfraGraph"):
        infragraph.write(hostile(), name="a[0:2]")
    with pytest.raises(ValueError, match="InfraGraph"):
        infragraph.write(replace(hostile(), tiers=("leaf[0]",)))


def test_a_host_called_like_a_switch_is_refused() -> None:
    fabric = fat_tree(2, radix=4)
    fabric = replace(fabric, endpoints=replace(fabric.endpoints, host_names=("switch", "n1")))
    for write in (cumulus_ptm.write, nvidia_air.write, containerlab.write, netbox.write):
        with pytest.raises(ValueError, match="one name"):
            write(fabric)
