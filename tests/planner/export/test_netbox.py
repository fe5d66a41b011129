"""NetBox: every device once and as what it is, every interface of a cable on its kind of device."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

import pytest
from ruamel.yaml import YAML

from factories import plan_of, simple
from planner.export.netbox import netbox_files
from planner.fabrics import fabric_of, joined_fabric
from planner.plan import Plan

SECTIONS: dict[str, Any] = {
    "fabrics": {"compute": {"fabric_managers": {"ufm-3-1-appliance": 2}}},
    "storage": {"systems": {"ddn-ai400x2": 3}},
    "platform": {"management_nodes": {"management-2s-generic": 2}},
}
DGX = plan_of(simple(count=63, **SECTIONS))
RACKS = plan_of(simple("gb200-nvl72", 2, storage=SECTIONS["storage"]))
MIXED = plan_of(simple(compute={"nodes": {"dgx-h100": 2, "dgx-h200": 1}}))


def files_of(plan: Plan, name: str) -> dict[str, str]:
    planned = next(each for each in plan.fabrics if each.name == name)
    return netbox_files(plan, planned, fabric_of(planned))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("name", ["compute", "storage", "in-band", "out-of-band"])
@pytest.mark.parametrize("plan", [DGX, RACKS, MIXED], ids=["dgx", "racks", "mixed"])
def test_every_interface_of_a_cable_is_on_its_kind_of_device(plan: Plan, name: str) -> None:
    files = files_of(plan, name)
    types = [YAML(typ="safe").load(text) for file, text in files.items() if file.startswith("1-")]
    interfaces = {each["model"]: {port["name"] for port in each["interfaces"]} for each in types}
    devices = {row["name"]: row["device_type"] for row in rows(files["2-devices.csv"])}
    assert len(devices) == len(rows(files["2-devices.csv"]))
    used: Counter[tuple[str, str]] = Counter()
    for row in rows(files["3-cables.csv"]):
        for side in "ab":
            device, port = row[f"side_{side}_device"], row[f"side_{side}_name"]
            assert port in interfaces[devices[device]]
            used[device, port] += 1
    assert set(used.values()) == {1}


def test_devices_are_what_stands_in_the_racks() -> None:
    storage = Counter(row["device_type"] for row in rows(files_of(DGX, "storage")["2-devices.csv"]))
    assert (storage["DGX H100"], storage["AI400X2"], storage["Dual-socket management server"]) == (63, 3, 2)
    compute = Counter(row["device_type"] for row in rows(files_of(DGX, "compute")["2-devices.csv"]))
    assert (compute["DGX H100"], compute["UFM Enterprise Appliance 3.1 (NDR)"]) == (63, 2)
    managed = {row["name"]: row for row in rows(files_of(DGX, "out-of-band")["2-devices.csv"])}
    assert "QM9700" in managed["spine00"]["device_type"]
    assert managed["pdu0000"]["device_type"] == "pdu"
    mixed = Counter(row["device_type"] for row in rows(files_of(MIXED, "compute")["2-devices.csv"]))
    assert (mixed["DGX H100"], mixed["DGX H200"]) == (2, 1)


def test_links_inside_nodes_are_refused() -> None:
    compute = next(each for each in DGX.fabrics if each.name == "compute")
    with pytest.raises(ValueError, match="inside the nodes"):
        files_of(DGX, "scale-up")
    with pytest.raises(ValueError, match="inside the nodes"):
        netbox_files(DGX, compute, joined_fabric(DGX))
