"""The networks: the compute fabric as declared, the others by stated rules from what is attached to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from planner.catalog.records import Gpu, Node, Server, Switch
from planner.models.network import out_of_band_switches, ports_taken
from planner.plan import CablesByLayer, FabricPlan, Recipe, SwitchesByTier
from planner.spec import SIZED_BY_RULE, Factory
from planner.steps.declared import declared_fabric
from planner.steps.fabric import clos_fabric
from planner.steps.hardware import REFERENCE_URL, Hardware
from planner.steps.notes import Notes
from planner.units import figure
from topologies.fabric import recipe_parameters
from topologies.scale_up import nvlink_domain

__all__ = [
    "ScaleUp",
    "compute_fabric",
    "in_band_fabric",
    "out_of_band_fabric",
    "scale_up_fabric",
    "scale_up_fabrics",
    "storage_fabric",
]

STORAGE_OVERSUBSCRIPTION = 4 / 3
IN_BAND_OVERSUBSCRIPTION = 16.0
SITE_UPLINKS = 4
OUT_OF_BAND_UPLINKS = 2
_NEITHER = (
    *("tiers", "planes", "rail_optimised", "dual_tor", "spine_oversubscription_ratio", "nodes_per_unit"),
    "oversubscription_ratio",
)
_FAT_TREE_ONLY = {
    "fat-tree": (),
    "rail-only": ("planes", "rail_optimised", "dual_tor", "spine_oversubscription_ratio"),
}
NEVER_OVERSUBSCRIBED = "a single switch is never oversubscribed"


@dataclass(frozen=True)
class ScaleUp:
    """The scale-up fabric inside one machine: its domains and what joins their GPUs."""

    id: str
    gpus_count: int
    hosts_count: int
    domain_gpus_count: int
    switches_count: int
    links_per_gpu_count: int


def scale_up_fabrics(hardware: Hardware) -> list[FabricPlan]:
    """Describe the scale-up fabric that comes inside each kind of node; its switches are chips of the node."""
    alone = len(hardware.nodes) == 1
    found = [scale_up_fabric(_scale_up_of(node), gpu, count, alone) for node, gpu, count in hardware.nodes]
    return [fabric for fabric in found if fabric is not None]


def _scale_up_of(node: Node) -> ScaleUp:
    return ScaleUp(
        id=node.id,
        gpus_count=node.gpus_count,
        hosts_count=node.hosts_count,
        domain_gpus_count=node.scale_up_domain_gpus_count,
        switches_count=node.scale_up_switches_count,
        links_per_gpu_count=node.scale_up_links_per_gpu_count,
    )


def scale_up_fabric(inside: ScaleUp, gpu: Gpu, count: int, alone: bool) -> FabricPlan | None:
    """Describe the scale-up fabrics of so many machines of a kind; the only kind's fabric needs no name of its own."""
    domain, chips, per_gpu = inside.domain_gpus_count, inside.switches_count, inside.links_per_gpu_count
    if domain < 2 or not gpu.scale_up_one_way_gbyte_per_s:
        return None
    gpus = inside.gpus_count * count
    # A direct mesh has a link between two GPUs where a switched domain has one from each to a switch.
    links = gpus * per_gpu if chips else gpus * per_gpu // 2
    return FabricPlan(
        name="scale-up" if alone else f"scale-up-{inside.id}",
        kind="scale-up",
        topology="nvlink-switch" if chips else "direct",
        technology="scale-up",
        link_gbit_per_s=gpu.scale_up_one_way_gbyte_per_s * 8 / per_gpu,
        tiers=1,
        planes=max(chips, 1),
        rails=1,
        hosts=gpus // domain,
        units=gpus // domain,
        hosts_per_unit=domain,
        chips_count=gpus // domain * chips,
        switches_by_tier=SwitchesByTier(),
        cables_by_layer=CablesByLayer(),
        links_by_layer=CablesByLayer(node_leaf=links),
        ports_free_count=0,
        oversubscription_ratio=1.0,
        bisection_gbit_per_s=domain / 2 * gpu.scale_up_one_way_gbyte_per_s * 8,
        recipe=_scale_up_recipe(inside, gpu, count) if chips and alone else None,
    )


def _scale_up_recipe(inside: ScaleUp, gpu: Gpu, count: int) -> Recipe:
    parameters = {
        "gpus": inside.domain_gpus_count,
        "chips": inside.switches_count,
        "links_per_gpu": inside.links_per_gpu_count,
        "domains": inside.gpus_count * count // inside.domain_gpus_count,
        "gpus_per_host": inside.gpus_count // inside.hosts_count,
        "gbit_per_s": (gpu.scale_up_one_way_gbyte_per_s or 0.0) * 8 / inside.links_per_gpu_count,
    }
    return Recipe(topology="nvlink-domain", parameters=recipe_parameters(nvlink_domain, parameters))


def compute_fabric(factory: Factory, hardware: Hardware, notes: Notes) -> FabricPlan | None:
    """Plan the scale-out fabric between the accelerators."""
    asked = factory.fabrics.compute
    shapes = {
        (node.compute_links_per_host_count, node.compute_link_gbit_per_s, node.compute_planes_count)
        for node, _, _ in hardware.nodes
    }
    if len(shapes) > 1:
        listed = "; ".join(f"{rails} x {figure(rate)} Gbit/s on {planes} plane(s)" for rails, rate, planes in sorted(shapes))
        message = f"nodes with different back-end ports ({listed}) cannot share one rail-optimised fabric; not in the totals"
        notes.error("mixed-rails", "compute.nodes", message, "plan them as factories of their own")
        return None
    rails, nic_gbit_per_s, makers_planes = shapes.pop()
    if not rails:
        notes.assume("fabrics.compute", "the nodes have no back-end ports: no compute fabric")
        return None
    topology = asked.topology or "fat-tree"
    # Only a fat tree splits the NIC's port: others use it whole.
    planes = (asked.planes or makers_planes) if topology == "fat-tree" else 1
    if asked.planes is None and topology == "fat-tree":
        notes.assume("fabrics.compute.planes", f"not declared: {planes}, as in the node maker's reference design")
    if asked.topology is None:
        notes.assume("fabrics.compute.topology", "not declared: fat-tree")
    dual_tor = bool(asked.dual_tor) and topology == "fat-tree"
    ports = planes * (2 if dual_tor else 1)  # that a NIC port is split into
    link_gbit_per_s = asked.link_gbit_per_s or nic_gbit_per_s / ports
    if asked.link_gbit_per_s is None:
        share = " over the planes and leaves" if dual_tor else " over the planes" if topology == "fat-tree" else ""
        notes.assume("fabrics.compute.link", f"not declared: {figure(link_gbit_per_s)} Gbit/s, the NIC port's rate{share}")
    if link_gbit_per_s * ports > nic_gbit_per_s:
        message = (
            f"{ports} link(s) of {figure(link_gbit_per_s)} Gbit/s exceed the NIC port's {figure(nic_gbit_per_s)} Gbit/s;"
            " not in the totals"
        )
        hint = "lower the link's rate or the planes"
        notes.error(
            "fabric-link-rate", "fabrics.compute.link", message, hint, link_gbit_per_s * ports, nic_gbit_per_s, "Gbit/s"
        )
        return None
    hosts = sum(node.hosts_count * count for node, _, count in hardware.nodes)
    for name in _FAT_TREE_ONLY.get(topology, _NEITHER):
        why = f"a {topology} fabric has no such choice"
        _not_used(getattr(asked, name), f"fabrics.compute.{name}", why, notes)
    if topology not in SIZED_BY_RULE:
        return declared_fabric(
            topology,
            asked.parameters or {},
            hardware.compute_switch,
            notes,
            link_gbit_per_s,
            hosts=hosts,
            nics_per_host=rails,
            managers=_links_of(hardware.compute_managers),
        )
    if asked.oversubscription_ratio is None:
        notes.assume("fabrics.compute.oversubscription_ratio", "not declared: 1:1, non-blocking")
    if asked.rail_optimised is None and topology == "fat-tree":
        notes.assume("fabrics.compute.rail_optimised", "not declared: true", REFERENCE_URL)
    fabric = clos_fabric(
        "compute",
        hardware.compute_switch,
        notes,
        link_gbit_per_s,
        hosts=hosts,
        rails=rails,
        planes=planes,
        tiers=asked.tiers,
        hosts_per_unit=asked.nodes_per_unit,
        ratio=asked.oversubscription_ratio or 1.0,
        extra=_links_of(hardware.compute_managers),
        rail_only=topology == "rail-only",
        rail_optimised=asked.rail_optimised is not False,
        dual_tor=bool(asked.dual_tor),
        spine_ratio=asked.spine_oversubscription_ratio or 1.0,
    )
    if fabric is not None:
        if asked.tiers is None:
            notes.assume("fabrics.compute.tiers", f"not declared: {fabric.tiers}, the fewest that carry the nodes")
        if asked.nodes_per_unit is None and fabric.tiers > 1:
            statement = f"not declared: {fabric.hosts_per_unit} hosts a unit, as many as a leaf has ports down"
            notes.assume("fabrics.compute.nodes_per_unit", statement, REFERENCE_URL)
        if fabric.tiers < 3:
            why = "there are no cores"
            _not_used(asked.spine_oversubscription_ratio, "fabrics.compute.spine_oversubscription_ratio", why, notes)
        if fabric.tiers == 1:
            why = "all NICs are on one switch"
            _not_used(asked.rail_optimised, "fabrics.compute.rail_optimised", why, notes)
            _not_used(asked.nodes_per_unit, "fabrics.compute.nodes_per_unit", "a single switch has no units", notes)
            _not_used(asked.oversubscription_ratio, "fabrics.compute.oversubscription_ratio", NEVER_OVERSUBSCRIBED, notes)
    return fabric


def storage_fabric(factory: Factory, hardware: Hardware, notes: Notes) -> FabricPlan | None:
    """Plan the network between hosts and storage."""
    asked = factory.fabrics.storage
    rails, hosts, node_gbit_per_s = _front_end(hardware, "storage")
    switch = hardware.storage_switch
    if not rails or switch is None:
        why = "these nodes have no storage ports: storage rides on the compute fabric, whose ports for it are not counted"
        notes.assume("fabrics.storage", why)
        _not_used(factory.storage.systems, "storage.systems", why, notes)
        for name in ("switch", "oversubscription_ratio", "fabric_managers"):
            _not_used(getattr(asked, name), f"fabrics.storage.{name}", why, notes)
        return None
    link_gbit_per_s = _front_end_rate("storage", node_gbit_per_s, switch, notes)
    ratio = STORAGE_OVERSUBSCRIPTION if asked.oversubscription_ratio is None else asked.oversubscription_ratio

    def build(hosts_per_unit: int | None) -> FabricPlan | None:
        return clos_fabric(
            "storage",
            switch,
            notes,
            link_gbit_per_s,
            hosts=hosts,
            rails=rails,
            ratio=ratio,
            hosts_per_unit=hosts_per_unit,
            service_links=ports_taken(_links_of(hardware.storage_systems), link_gbit_per_s),
            spines_min=2,
            extra=_links_of([*hardware.storage_managers, *hardware.management_nodes]),
        )

    # Whole compute units to a leaf, so that a scalable unit is wired as one, unless full leaves need fewer switches.
    unit = _storage_unit(factory, hardware, switch.radix(link_gbit_per_s), ratio)
    fabric = build(None)
    if unit is not None:
        whole, full = build(unit), fabric
        wins = whole is not None and (full is None or whole.switches_by_tier.total() <= full.switches_by_tier.total())
        fabric = whole if wins else build(None)  # once more, so that the findings are this one's
    if fabric is not None and fabric.tiers == 1:
        notes.assume("fabrics.storage.rule", "everything on one switch, the fewest tiers that carry it")
        _not_used(asked.oversubscription_ratio, "fabrics.storage.oversubscription_ratio", NEVER_OVERSUBSCRIBED, notes)
    elif fabric is not None:
        notes.assume(
            "fabrics.storage.rule",
            "a host's storage ports go to different leaves, which hold whole compute units unless that takes more switches;"
            " storage systems have leaves of their own; management servers and fabric managers take free leaf ports; at least"
            " two spines",
            REFERENCE_URL,
        )
        if asked.oversubscription_ratio is None:
            statement = "not declared: 4:3 for nodes, 1:1 for storage"
            notes.assume("fabrics.storage.oversubscription_ratio", statement, REFERENCE_URL)
    return fabric


def in_band_fabric(factory: Factory, hardware: Hardware, notes: Notes, out_of_band_leaves: int) -> FabricPlan | None:
    """Plan the network for provisioning, login and control traffic."""
    asked = factory.fabrics.in_band
    rails, hosts, node_gbit_per_s = _front_end(hardware, "in_band")
    switch = hardware.in_band_switch
    if not rails or switch is None:
        why = "these nodes have no in-band ports: in-band traffic rides on the compute fabric"
        notes.assume("fabrics.in_band", why)
        for name in ("switch", "oversubscription_ratio"):
            _not_used(getattr(asked, name), f"fabrics.in_band.{name}", why, notes)
        return None
    link_gbit_per_s = _front_end_rate("in_band", node_gbit_per_s, switch, notes)
    ratio = IN_BAND_OVERSUBSCRIPTION if asked.oversubscription_ratio is None else asked.oversubscription_ratio
    uplink = hardware.out_of_band_switch.uplink_port_gbit_per_s or hardware.out_of_band_switch.port_gbit_per_s
    others = [(s.in_band_links_count * count, s.in_band_link_gbit_per_s or 0.0) for s, count in hardware.servers()]
    others += [(OUT_OF_BAND_UPLINKS * out_of_band_leaves, uplink), (SITE_UPLINKS, link_gbit_per_s)]
    # Whatever is not a host fills leaf ports like hosts with the same number of links.
    equivalent = -(-ports_taken(others, link_gbit_per_s) // rails)
    fabric = clos_fabric(
        "in-band",
        switch,
        notes,
        link_gbit_per_s,
        hosts=hosts + equivalent,
        rails=rails,
        ratio=ratio,
        spines_min=2,
        others=equivalent,
    )
    notes.assume(
        "fabrics.in_band.rule",
        f"also attached, counted as hosts with {rails} link(s): servers, {OUT_OF_BAND_UPLINKS} uplinks of every out-of-band"
        f" switch, {SITE_UPLINKS} links to the site; at least two spines where there are any",
        REFERENCE_URL,
    )
    if fabric is not None and fabric.tiers == 1:
        _not_used(asked.oversubscription_ratio, "fabrics.in_band.oversubscription_ratio", NEVER_OVERSUBSCRIBED, notes)
    elif asked.oversubscription_ratio is None:
        statement = f"not declared: {figure(ratio)}:1, which gives the reference architecture's four uplinks a leaf"
        notes.assume("fabrics.in_band.oversubscription_ratio", statement, REFERENCE_URL)
    return fabric


def out_of_band_fabric(hardware: Hardware, notes: Notes, switches: int, pdus: int, has_in_band: bool) -> FabricPlan:
    """Plan the management network for so many switches and rack PDUs beside the nodes and servers."""
    switch = hardware.out_of_band_switch
    uplinks = OUT_OF_BAND_UPLINKS if has_in_band else 0
    attached = [
        *_managed_nodes(hardware),
        *((f"{server.id}-", count, server.out_of_band_links_count) for server, count in hardware.servers()),
    ]
    attached += [("switch", switches, 1), ("pdu", pdus, 1)]
    ports = sum(count * links for _, count, links in attached)
    usable = switch.ports_count if switch.uplink_ports_count >= uplinks else max(switch.ports_count - uplinks, 1)
    leaves = out_of_band_switches(ports, usable)
    notes.assume(
        "fabrics.out_of_band.rule",
        "one port for every node's, server's, switch's and rack PDU's management; no spines",
        REFERENCE_URL,
    )
    if not has_in_band:
        notes.assume("fabrics.out_of_band.uplinks", "no in-band network: the out-of-band switches' uplinks go to the site")
    up_gbit_per_s = max(uplinks, 1) * (switch.uplink_port_gbit_per_s or switch.port_gbit_per_s)
    return FabricPlan(
        name="out-of-band",
        kind="out-of-band",
        topology="leaves",
        technology=switch.technology,
        switch=switch.id,
        link_gbit_per_s=switch.port_gbit_per_s,
        tiers=1,
        planes=1,
        rails=1,
        hosts=sum(node.hosts_count * count for node, _, count in hardware.nodes),
        units=leaves,
        hosts_per_unit=usable,
        switches_by_tier=SwitchesByTier(leaf=leaves),
        cables_by_layer=CablesByLayer(node_leaf=ports),
        links_by_layer=CablesByLayer(node_leaf=ports),
        ports_free_count=leaves * usable - ports,
        oversubscription_ratio=usable * switch.port_gbit_per_s / up_gbit_per_s,
        bisection_gbit_per_s=min(ports * switch.port_gbit_per_s, leaves * up_gbit_per_s) / 2,
        recipe=Recipe(
            topology="star",
            parameters={
                "attached": [list(kind) for kind in attached if kind[1] and kind[2]],
                "radix": usable,
                "gbit_per_s": switch.port_gbit_per_s,
            },
        ),
    )


def _managed_nodes(hardware: Hardware) -> list[tuple[str, int, int]]:
    """List the nodes' management ports host by host, where they share out so."""
    shares = {node.out_of_band_links_count / node.hosts_count for node, _, _ in hardware.nodes}
    if len(shares) == 1 and (share := shares.pop()) == int(share):
        return [("n", sum(node.hosts_count * count for node, _, count in hardware.nodes), int(share))]
    return [(f"{node.id}-", count, node.out_of_band_links_count) for node, _, count in hardware.nodes]


def _front_end(hardware: Hardware, network: str) -> tuple[int, int, float]:
    """Links per host, hosts and rate of a front-end network; hosts with different numbers of links count by links."""

    def links(node: Node) -> int:
        count: int = getattr(node, f"{network}_links_per_host_count")
        return count

    rate = max(getattr(node, f"{network}_link_gbit_per_s") or 0.0 for node, _, _ in hardware.nodes)
    hosts = [(links(node), node.hosts_count * count) for node, _, count in hardware.nodes]
    if len({per_host for per_host, _ in hosts}) == 1:
        return hosts[0][0], sum(count for _, count in hosts), rate
    return 1, sum(per_host * count for per_host, count in hosts), rate


def _front_end_rate(network: str, node_gbit_per_s: float, switch: Switch, notes: Notes) -> float:
    """Rate of a front-end link: ports of nodes run slower on a slower switch, which a warning says."""
    if node_gbit_per_s > switch.port_gbit_per_s:
        message = (
            f"{network.replace('_', '-')} ports of {figure(node_gbit_per_s)} Gbit/s run at"
            f" {figure(switch.port_gbit_per_s)} Gbit/s on {switch.name}"
        )
        notes.warn(
            "slower-link", f"fabrics.{network}.switch", message, "choose a switch with faster ports, if that is not meant"
        )
    return min(node_gbit_per_s, switch.port_gbit_per_s)


def _storage_unit(factory: Factory, hardware: Hardware, radix: int, ratio: float) -> int | None:
    """Count the hosts of the whole compute units that a storage leaf holds; None if it holds not even one."""
    asked = factory.fabrics.compute
    compute_ratio = asked.oversubscription_ratio or 1.0
    node = hardware.nodes[0][0]
    link_gbit_per_s = asked.link_gbit_per_s or node.compute_link_gbit_per_s / (asked.planes or node.compute_planes_count)
    compute_radix = hardware.compute_switch.radix(link_gbit_per_s)
    unit = asked.nodes_per_unit or int(compute_radix * compute_ratio / (1 + compute_ratio) + 1e-9)
    most_down = min(int(radix * ratio / (1 + ratio) + 1e-9), radix - 2)
    return most_down // unit * unit if 0 < unit <= most_down else None


def _links_of(servers: Iterable[tuple[Server, int]]) -> list[tuple[int, float]]:
    """List the links that servers have on the fabric they serve, as (count, rate)."""
    return [(server.fabric_links_count * count, server.fabric_link_gbit_per_s or 0.0) for server, count in servers]


def _not_used(declared: object, path: str, why: str, notes: Notes) -> None:
    """Say of something declared that it changes nothing here."""
    if declared is not None:
        notes.warn("not-used", path, f"{path} changes nothing: {why}", "leave it out")
