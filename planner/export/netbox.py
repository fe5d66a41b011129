"""A network of the plan as NetBox imports it: kinds of devices, devices in their racks, cables with their lengths."""

from __future__ import annotations

from collections.abc import Sequence

from planner.export.cables import cable_schedule
from planner.plan import Equipment, FabricPlan, Plan
from planner.steps.layout import racks_of_devices
from topologies.fabric import Fabric
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
        ``1-device-type-*.yaml`` for every kind of switch and node, ``2-devices.csv`` with rack, ``3-cables.csv`` with type and
        length. Manufacturers, roles, the site and the racks must be there before.
    """
    known = {each.id: each for each in plan.equipment}
    kinds: dict[str, netbox.DeviceKind] = {}
    files: dict[str, str] = {}
    rate = _INTERFACES.get((planned.technology, int(planned.link_gbit_per_s * planned.links_per_port)), "other")
    boxes: list[tuple[str, Equipment, str]] = []
    if planned.switch is not None:
        boxes += [(tier, known[planned.switch], fabric.switches.names[_first(fabric, tier)]) for tier in fabric.tiers]
    if len(plan.compute.groups) == 1:
        boxes.append(("host", known[plan.compute.groups[0].node], fabric.endpoints.host_names[0]))
    for role, kind, example in boxes:
        kinds[role] = netbox.DeviceKind(kind.vendor, kind.name, role)
        files[f"1-device-type-{kind.id}.yaml"] = netbox.device_type(
            kind.vendor,
            kind.name,
            interfaces=_all_ports(fabric, role, example),
            interface_type=rate,
            u_height=round(2 * kind.height_u) / 2,
            weight_kg=kind.weight_kg,
        )
    racks = racks_of_devices(plan, planned.name)
    files["2-devices.csv"] = netbox.devices(fabric, kinds, site=plan.factory.site.region or plan.name, racks=racks)
    files["3-cables.csv"] = _cables(plan, planned, fabric)
    return files


def _first(fabric: Fabric, tier: str) -> int:
    return int((fabric.switches.tier == fabric.tiers.index(tier) + 1).argmax())


def _all_ports(fabric: Fabric, role: str, example: str) -> Sequence[str]:
    """Name the ports of a kind of device: all of a switch, used or not; of a host those in this network."""
    if role == "host":
        return netbox.interfaces(fabric).get(example, ())
    ports = int(fabric.switches.ports[_first(fabric, role)])
    return [port_name("swp", port, fabric.links_per_port) for port in range(1, ports + 1)]


def _cables(plan: Plan, planned: FabricPlan, fabric: Fabric) -> str:
    schedule = cable_schedule(plan)
    rows = [number for number, name in enumerate(schedule["fabric"]) if name == planned.name]
    types = [_CABLES.get(str(schedule["medium"][row]), "") for row in rows]
    return netbox.write(fabric, types=types, lengths_m=[float(schedule["length_m"][row]) for row in rows])
