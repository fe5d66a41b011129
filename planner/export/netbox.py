"""A network of the plan as NetBox imports it: kinds of devices, devices in their racks, cables with their lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from planner.export.cables import cable_schedule
from planner.fabrics import fabric_of
from planner.plan import Equipment, FabricPlan, Plan
from topologies.fabric import ENDPOINT_KINDS, Fabric
from topologies.formats import netbox
from topologies.formats.ports import port_name

__all__ = ["netbox_files"]

# NetBox's names of interface types by technology and rate; for others the generic "other".
_INTERFACES = {
    ("infiniband", 200): "infiniband-hdr",
    ("infiniband", 400): "infiniband-ndr",
    ("infiniband", 800): "infiniband-xdr",
    ("ethernet", 1): "1000base-t",
    ("ethernet", 25): "25gbase-x-sfp28",
    ("ethernet", 100): "100gbase-x-qsfp28",
    ("ethernet", 200): "200gbase-x-qsfp56",
    ("ethernet", 400): "400gbase-x-osfp",
    ("ethernet", 800): "800gbase-x-osfp",
}
# NetBox's names of cable types by the catalog's medium.
_CABLES = {
    "copper": "dac-passive",
    "active-copper": "dac-active",
    "aoc": "aoc",
    "multimode": "mmf-om4",
    "single-mode": "smf-os2",
}
_IN_NODES = ("nic", "nvswitch")  # tiers that are no devices of their own


def netbox_files(plan: Plan, planned: FabricPlan, fabric: Fabric) -> dict[str, str]:
    """Write what NetBox's importers take, in the order of the files' names.

    Parameters
    ----------
    plan : Plan
        The whole plan.
    planned : FabricPlan
        One of its networks.
    fabric : Fabric
        That network, as `planner.fabrics.fabric_of` builds it.

    Returns
    -------
    dict of str to str
        ``1-device-type-*.yaml`` for every kind of switch, node and server, ``2-devices.csv`` with rack, ``3-cables.csv`` with
        type and length. Manufacturers, roles, the site and the racks must be there before.

    Raises
    ------
    ValueError
        If it is a scale-up fabric, or one joined with it: its links are inside nodes.
    """
    if planned.kind == "scale-up" or any(tier in _IN_NODES for tier in fabric.tiers):
        raise ValueError("links of a scale-up domain are inside the nodes: there is no cable to import")
    known = {each.id: each for each in plan.equipment}
    schedule = _schedule(plan, planned)
    fabric = _as_it_stands(fabric, schedule)
    kinds: dict[str, netbox.DeviceKind] = {}
    files: dict[str, str] = {}
    hosts = _kinds_of_hosts(plan, planned, fabric)
    rate = _INTERFACES.get((planned.technology, int(planned.link_gbit_per_s * planned.links_per_port)), "other")
    boxes: list[tuple[str, str, str, Sequence[str]]] = []  # key of the kind, its id, its role, its interfaces
    if planned.switch is not None:
        boxes += [(tier, planned.switch, tier, _all_ports(fabric, tier)) for tier in fabric.tiers]
    of_kind: dict[str, dict[str, None]] = {kind: {} for kind in hosts.values()}
    for host, names in netbox.interfaces(fabric).items():
        if host in hosts:
            of_kind[hosts[host]] |= dict.fromkeys(names)
    nodes = {group.node for group in plan.compute.groups}
    boxes += [(kind, kind, "host" if kind in nodes else "attached", list(names)) for kind, names in of_kind.items()]
    for key, row_id, role, ports in boxes:
        row = known.get(row_id) or Equipment(id=row_id, name=row_id, vendor="Generic", height_u=0, weight_kg=0)
        kinds[key] = netbox.DeviceKind(row.vendor, row.name, role)
        files[f"1-device-type-{row.id}.yaml"] = netbox.device_type(
            row.vendor,
            row.name,
            interfaces=ports,
            interface_type=rate,
            u_height=round(2 * row.height_u) / 2,
            weight_kg=row.weight_kg or None,
        )
    places = zip(schedule["a_device"] + schedule["b_device"], schedule["a_rack"] + schedule["b_rack"], strict=True)
    site = plan.factory.site.region or plan.name
    files["2-devices.csv"] = netbox.devices(fabric, kinds, site=site, racks=dict(places), hosts=hosts)
    chosen = zip(schedule["cable"], schedule["medium"], strict=True)
    types = ["cat6" if str(kind).startswith("cat6") else _CABLES.get(str(medium), "") for kind, medium in chosen]
    files["3-cables.csv"] = netbox.write(fabric, types=types, lengths_m=[float(each) for each in schedule["length_m"]])
    return files


def _schedule(plan: Plan, planned: FabricPlan) -> dict[str, list[Any]]:
    """Take one network's part of the cable schedule: a row for every cable of the fabric, in its order."""
    schedule = cable_schedule(plan)
    rows = [row for row, name in enumerate(schedule["fabric"]) if name == planned.name]
    return {name: [column[row] for row in rows] for name, column in schedule.items()}


def _as_it_stands(fabric: Fabric, schedule: dict[str, list[Any]]) -> Fabric:
    """Give endpoints to the devices that stand in the racks: a fabric counts links of a server as so many hosts."""
    ends = fabric.endpoints
    device, port = [""] * len(ends), [""] * len(ends)
    for vertex, name, tail in zip(fabric.cables.a.tolist(), schedule["a_device"], schedule["a_port"], strict=True):
        if vertex < len(ends):
            device[vertex], port[vertex] = name, str(tail).partition("/")[0]
    number = {name: index for index, name in enumerate(dict.fromkeys(device))}
    named = tuple(f"{host}-{tail}" for host, tail in zip(device, port, strict=True))
    host = np.array([number[name] for name in device], np.int32)
    return replace(fabric, endpoints=replace(ends, names=named, host=host, host_names=tuple(number)))


def _kinds_of_hosts(plan: Plan, planned: FabricPlan, fabric: Fabric) -> dict[str, str]:
    """Tell the catalog's id of what every host is, or the kind of what has none here (pdu, site)."""
    ends = fabric.endpoints
    nodes = [group.node for group in plan.compute.groups for _ in range(group.hosts)]
    found = {
        switch: each.switch
        for each in plan.fabrics
        if each.switch and each.recipe and each.name != planned.name
        for switch in fabric_of(each).switches.names
    }
    for code, word in enumerate(ENDPOINT_KINDS):
        parts = [each.item or each.kind for each in planned.attached if each.endpoint == word for _ in range(each.links)]
        hosts = [ends.host_names[host] for host in ends.host[ends.kind == code].tolist()]
        if word == "nic":
            found |= dict(zip(dict.fromkeys(hosts), nodes, strict=bool(hosts)))
        else:
            found = dict(zip(hosts, parts, strict=True)) | found
    return {host: found[host] for host in ends.host_names}


def _all_ports(fabric: Fabric, tier: str) -> Sequence[str]:
    """Name all ports of a tier's switches, used or not."""
    most = int(fabric.switches.ports[fabric.switches.tier == fabric.tiers.index(tier) + 1].max())
    return [port_name("swp", port, fabric.links_per_port) for port in range(1, most + 1)]
