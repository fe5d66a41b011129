"""What a fabric's endpoints are: the devices behind them, in the order in which the fabric numbers them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from planner.catalog.records import Node, Server
from planner.models.network import ports_taken
from planner.plan import Attached, FabricPlan
from planner.steps.hardware import Hardware
from planner.steps.networks import OUT_OF_BAND_UPLINKS

__all__ = ["attached_devices"]

Endpoint = Literal["nic", "other", "service", "manager"]


def attached_devices(fabric: FabricPlan, hardware: Hardware, fabrics: Sequence[FabricPlan]) -> tuple[Attached, ...]:
    """List the devices behind a fabric's endpoints.

    Parameters
    ----------
    fabric : FabricPlan
        One with a recipe that is no scale-up fabric.
    hardware : Hardware
        What is attached.
    fabrics : sequence of FabricPlan
        All networks with switches, in the order in which the switches are numbered; the out-of-band network is the last.
    """
    first = _first_servers(hardware)

    def servers(endpoint: Endpoint, path: str) -> list[Attached]:
        groups: Iterable[tuple[Server, int]] = getattr(hardware, path)
        return [
            Attached(
                endpoint=endpoint,
                kind="server",
                item=server.id,
                first=first[path, server.id],
                count=count,
                links=ports_taken([(server.fabric_links_count * count, server.fabric_link_gbit_per_s or 0.0)], rate),
            )
            for server, count in groups
        ]

    rate = fabric.link_gbit_per_s
    extra = fabric.extra_links_count > 0
    found: list[Attached] = []
    if fabric.kind == "compute":
        found = _hosts(hardware, "compute")
        found += servers("manager", "compute_managers") if extra else []
    elif fabric.kind == "storage":
        found = _hosts(hardware, "storage") + servers("service", "storage_systems")
        found += [*servers("manager", "storage_managers"), *servers("manager", "management_nodes")] if extra else []
    elif fabric.kind == "in-band":
        found = _hosts(hardware, "in_band") + _others_in_band(fabric, hardware, fabrics)
    elif fabric.kind == "out-of-band":
        found = _managed(fabric, hardware, fabrics)
    return tuple(each for each in found if each.links)


def _hosts(hardware: Hardware, network: str) -> list[Attached]:
    def links(node: Node) -> int:
        count: int = getattr(node, f"{network}_links_per_host_count")
        return count

    found, first = [], 0
    for node, _, count in hardware.nodes:
        hosts = node.hosts_count * count
        found.append(
            Attached(
                endpoint="nic",
                kind="host",
                first=first,
                count=hosts,
                links=hosts * links(node),
                ports_per_cage_count=node.compute_ports_per_cage_count if network == "compute" else 1,
            )
        )
        first += hosts
    return found


def _others_in_band(fabric: FabricPlan, hardware: Hardware, fabrics: Sequence[FabricPlan]) -> list[Attached]:
    """Servers, the out-of-band switches' uplinks, and the site, which gets what is left."""
    rate, uplink = fabric.link_gbit_per_s, hardware.out_of_band_switch
    found = [
        Attached(
            endpoint="other",
            kind="server",
            item=server.id,
            count=count,
            links=ports_taken([(server.in_band_links_count * count, server.in_band_link_gbit_per_s or 0.0)], rate),
        )
        for server, count in hardware.servers()
    ]
    *managed, out_of_band = fabrics
    leaves = out_of_band.switches_by_tier.total()
    links = ports_taken([(OUT_OF_BAND_UPLINKS * leaves, uplink.uplink_port_gbit_per_s or uplink.port_gbit_per_s)], rate)
    before = sum(each.switches_by_tier.total() for each in managed)
    found.append(Attached(endpoint="other", kind="switch", first=before, count=leaves, links=links))
    left = _endpoints(fabric, "others") - sum(each.links for each in found)
    return [*found, Attached(endpoint="other", kind="site", count=1, links=max(left, 0))]


def _endpoints(fabric: FabricPlan, name: str) -> int:
    parameters: dict[str, Any] = fabric.recipe.parameters if fabric.recipe else {}
    return int(parameters.get(name, 0)) * int(parameters.get("nics_per_host", 1))


def _managed(fabric: FabricPlan, hardware: Hardware, fabrics: Sequence[FabricPlan]) -> list[Attached]:
    """Read the star's recipe: hosts or nodes, servers, switches, rack PDUs.

    Switches inside nodes' chassis, the first by number, are managed with the nodes.
    """
    known: dict[str, tuple[Endpoint, str, str]] = {
        "n": ("nic", "host", ""),
        "switch": ("other", "switch", ""),
        "pdu": ("other", "pdu", ""),
        **{f"{server.id}-": ("other", "server", server.id) for server, _ in hardware.servers()},
        **{f"{node.id}-": ("other", "node", node.id) for node, _, _ in hardware.nodes},
    }
    listed: Any = fabric.recipe.parameters["attached"] if fabric.recipe else []
    found = []
    for name, count, ports in listed:
        endpoint, kind, item = known[name]
        managed = sum(each.switches_by_tier.total() for each in fabrics[:-1])
        first = max(managed - count, 0) if kind == "switch" else 0
        data = {"endpoint": endpoint, "kind": kind, "item": item, "first": first, "count": count, "links": count * ports}
        found.append(Attached.model_validate(data))
    return found


def _first_servers(hardware: Hardware) -> dict[tuple[str, str], int]:
    """Give the number of the first server of each use and id: those of an id are numbered through."""
    used: dict[str, int] = {}
    first = {}
    for path in ("compute_managers", "storage_managers", "storage_systems", "management_nodes"):
        for server, count in getattr(hardware, path):
            first[path, server.id] = used.get(server.id, 0)
            used[server.id] = first[path, server.id] + count
    return first
