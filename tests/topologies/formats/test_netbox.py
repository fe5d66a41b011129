"""NetBox's importers: every cable once, in both directions of the format; devices and types that fit."""

from __future__ import annotations

import csv
import io

import pytest
from ruamel.yaml import YAML

from topologies.clos import fat_tree
from topologies.formats import netbox
from topologies.formats.ports import connections
from topologies.scale_up import with_scale_up
from topologies.torus import torus

FABRIC = fat_tree(16, 4, radix=32, planes=2, links_per_port=2)


def test_the_header_is_the_importers() -> None:
    assert netbox.write(fat_tree(1, radix=4)) == (
        "side_a_device,side_a_type,side_a_name,side_b_device,side_b_type,side_b_name,type,status,label,color,length,length_unit\n"
        "n0000,dcim.interface,nic0,switch,dcim.interface,swp1,,planned,n0000-nic0:1 <-> switch:1,,,\n"
    )


def test_cables_come_back() -> None:
    count = len(FABRIC.cables)
    text = netbox.write(FABRIC, types=["smf", "aoc"] * (count // 2), lengths_m=[0.5 + cable for cable in range(count)])
    assert [row[:4] for row in netbox.read(text)] == [row[:4] for row in connections(FABRIC, "swp", "own")]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["label"] for row in rows] == [FABRIC.label(cable) for cable in range(count)]
    assert [float(row["length"]) for row in rows] == [0.5 + cable for cable in range(count)]
    assert (rows[3]["type"], rows[10]["length"], rows[10]["length_unit"]) == ("aoc", "10.5", "m")


def test_every_interface_of_a_cable_is_on_its_device() -> None:
    listed = netbox.interfaces(FABRIC)
    for row in netbox.read(netbox.write(FABRIC)):
        assert row.a_interface in listed[row.a]
        assert row.b_interface in listed[row.b]
    assert listed["n0003"] == tuple(f"nic{nic}/{port}" for nic in range(4) for port in (1, 2))
    assert {len(listed[name]) for name in FABRIC.switches.names} == {32}
    assert netbox.interfaces(fat_tree(1, 12, radix=16))["n0000"][-2:] == ("nic10", "nic11")


def test_links_inside_a_chip_are_no_cables() -> None:
    rows = netbox.read(netbox.write(torus((3, 3)), lengths_m=range(27)))
    assert len(rows) == 18


def test_other_orders_and_more_columns_are_read_and_other_cables_skipped() -> None:
    text = (
        "label,side_b_name,side_b_device,side_b_type,side_a_name,side_a_device,side_a_type\n"
        "x,p2,b,dcim.interface,p1,a,dcim.interface\n"
        "x,1,pdu,dcim.poweroutlet,psu1,a,dcim.powerport\n"
    )
    assert [row[:4] for row in netbox.read(text)] == [("a", "p1", "b", "p2")]
    with pytest.raises(ValueError, match="side_b_name"):
        netbox.read("side_a_device,side_a_name,side_b_device\n")


def test_devices_are_complete() -> None:
    kinds = {name: netbox.DeviceKind("Acme", f"Model {name}", name) for name in ("host", "leaf", "spine")}
    text = netbox.devices(FABRIC, kinds, site="Hall", racks={"n0003": "A01"})
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["name"] for row in rows] == [*FABRIC.endpoints.host_names, *FABRIC.switches.names]
    assert {row["rack"] for row in rows if row["name"] != "n0003"} == {""}
    assert [row["device_type"] for row in rows].count("Model spine") == FABRIC.switches_by_tier()["spine"]
    with pytest.raises(ValueError, match="spine"):
        netbox.devices(FABRIC, {"host": kinds["host"], "leaf": kinds["leaf"]}, site="Hall")


def test_a_device_type_has_the_librarys_fields() -> None:
    text = netbox.device_type(
        "NVIDIA", "SN5600", interfaces=["swp1s0"], interface_type="400gbase-x-osfp", u_height=2, weight_kg=23.5
    )
    assert YAML(typ="safe", pure=True).load(text) == {
        "manufacturer": "NVIDIA",
        "model": "SN5600",
        "slug": "nvidia-sn5600",
        "u_height": 2,
        "is_full_depth": True,
        "weight": 23.5,
        "weight_unit": "kg",
        "interfaces": [
            {"name": "eth0", "type": "1000base-t", "mgmt_only": True},
            {"name": "swp1s0", "type": "400gbase-x-osfp"},
        ],
    }
    with pytest.raises(ValueError, match="u_height"):
        netbox.device_type("a", "b", interfaces=[], interface_type="x", u_height=1.2)


@pytest.mark.parametrize("arguments", [{"types": ["smf"]}, {"lengths_m": [1.0]}])
def test_columns_must_fit(arguments: dict[str, list[object]]) -> None:
    with pytest.raises(ValueError, match="one entry"):
        netbox.write(FABRIC, **arguments)  # type: ignore[arg-type]


def test_nics_and_chips_are_no_devices() -> None:
    fabric = with_scale_up(fat_tree(16, 4, radix=32), 16, 4, 8)
    kinds = {name: netbox.DeviceKind("Acme", name, name) for name in ("host", "nvswitch", "leaf", "spine")}
    listed = [row["name"] for row in csv.DictReader(io.StringIO(netbox.devices(fabric, kinds, site="Hall")))]
    named = netbox.interfaces(fabric)
    assert listed == list(named) == [*fabric.endpoints.host_names, *fabric.switches.names[64:]]
    assert {row.a for row in netbox.read(netbox.write(fabric))} <= set(listed)
    assert named["n0003"] == (
        *(f"gpu{gpu}/{port}" for gpu in range(4) for port in range(1, 9)),
        *(f"nic{nic}" for nic in range(4)),
    )
