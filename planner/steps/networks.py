"""The networks: the compute fabric as declared, the others by stated rules from what is attached to them."""

from __future__ import annotations

from collections.abc import Iterable

from planner.catalog import Catalog
from planner.catalog.records import Cable, Server, Switch
from planner.models.network import out_of_band_switches, ports_taken
from planner.plan import CablesByLayer, FabricPlan, Finding, Recipe, SwitchesByTier
from planner.spec import Factory
from planner.steps.hardware import Hardware
from planner.steps.notes import Notes
from topologies.clos import FatTree, TopologyError, fat_tree, largest_fat_tree_hosts

__all__ = [
    "compute_fabric",
    "in_band_fabric",
    "out_of_band_fabric",
    "pick_cable",
    "scale_up_fabrics",
    "storage_fabric",
]

RA_H100 = "https://docs.nvidia.com/dgx-superpod/reference-architecture-scalable-infrastructure-h100/latest/network-fabrics.html"
STORAGE_OVERSUBSCRIPTION = 4 / 3
IN_BAND_OVERSUBSCRIPTION = 16.0
SITE_UPLINKS = 4
_REMEDIES = {
    "size": "fewer nodes, more tiers, or a switch of more ports",
    "ports": "leave a node out of the last unit, or one fabric manager fewer",
    "unit": "fewer nodes per unit, or a switch of more ports",
}
OUT_OF_BAND_UPLINKS = 2


def scale_up_fabrics(hardware: Hardware) -> list[FabricPlan]:
    """Describe the scale-up fabric that comes inside each kind of node."""
    fabrics = []
    for node, gpu, count in hardware.nodes:
        domain = node.scale_up_domain_gpus_count
        if domain < 2 or not gpu.scale_up_one_way_gbyte_per_s:
            continue
        gpus = node.gpus_count * count
        chips, per_gpu = node.scale_up_switches_count, node.scale_up_links_per_gpu_count
        # A direct mesh has a link between two GPUs where a switched domain has one from each to a switch.
        links = gpus * per_gpu if chips else gpus * per_gpu // 2
        name = "scale-up" if len(hardware.nodes) == 1 else f"scale-up-{node.id}"
        fabrics.append(
            FabricPlan(
                name=name,
                kind="scale-up",
                topology="nvlink-switch" if chips else "direct",
                technology="scale-up",
                link_gbit_per_s=gpu.scale_up_one_way_gbyte_per_s * 8 / per_gpu,
                tiers=1,
                planes=max(chips, 1),
                rails=1,
                units=gpus // domain,
                hosts_per_unit=domain,
                switches_by_tier=SwitchesByTier(leaf=gpus // domain * chips),
                cables_by_layer=CablesByLayer(),
                links_by_layer=CablesByLayer(node_leaf=links),
                ports_free_count=0,
                hosts_max_count=domain,
                oversubscription_ratio=1.0,
                bisection_gbit_per_s=domain / 2 * gpu.scale_up_one_way_gbyte_per_s * 8,
            )
        )
    return fabrics


def compute_fabric(factory: Factory, hardware: Hardware, catalog: Catalog, notes: Notes) -> FabricPlan | None:
    """Plan the scale-out fabric between the accelerators."""
    asked = factory.fabrics.compute
    shapes = {(n.compute_links_per_host_count, n.compute_link_gbit_per_s) for n, _, _ in hardware.nodes}
    if len(shapes) > 1:
        listed = "; ".join(f"{rails} x {rate:g} Gbit/s" for rails, rate in sorted(shapes))
        notes.find(
            Finding(
                severity="error",
                code="mixed-rails",
                path="compute.nodes",
                message=f"nodes with different back-end ports ({listed}) cannot share one rail-optimised fabric",
                hint="plan them as factories of their own",
            )
        )
        return None
    rails, nic_gbit_per_s = shapes.pop()
    if not rails:
        notes.assume("fabrics.compute", "the nodes have no back-end ports: no compute fabric")
        return None
    planes = asked.planes or hardware.nodes[0][0].compute_planes_count
    if asked.planes is None and planes > 1:
        notes.assume("fabrics.compute.planes", f"not declared: {planes} planes, the node maker's reference design")
    link_gbit_per_s = asked.link_gbit_per_s or nic_gbit_per_s / planes
    if link_gbit_per_s * planes > nic_gbit_per_s:
        notes.find(
            Finding(
                severity="error",
                code="fabric-link-rate",
                path="fabrics.compute.link",
                message=f"{planes} plane(s) of {link_gbit_per_s:g} Gbit/s exceed the NIC port's {nic_gbit_per_s:g} Gbit/s",
                value=link_gbit_per_s * planes,
                limit=nic_gbit_per_s,
                unit="Gbit/s",
                hint="lower the link's rate or the planes",
            )
        )
        return None
    return _clos(
        "compute",
        hardware.compute_switch,
        hardware,
        catalog,
        notes,
        link_gbit_per_s,
        hosts=sum(node.hosts_count * count for node, _, count in hardware.nodes),
        rails=rails,
        planes=planes,
        tiers=asked.tiers,
        hosts_per_unit=asked.nodes_per_unit,
        ratio=asked.oversubscription_ratio or 1.0,
        extra=_links_of(hardware.compute_managers),
    )


def storage_fabric(
    factory: Factory, hardware: Hardware, catalog: Catalog, notes: Notes, compute: FabricPlan | None
) -> FabricPlan | None:
    """Plan the network between hosts and storage."""
    rails, hosts, node_gbit_per_s = _front_end(hardware, "storage")
    switch = hardware.storage_switch
    if not rails or switch is None:
        if hardware.storage_systems or hardware.storage_managers:
            message = "storage is declared, but these nodes have no storage ports and no storage network is planned"
            notes.find(
                Finding(
                    severity="warning",
                    code="no-storage-network",
                    path="storage",
                    message=message,
                    hint="storage would ride on the compute fabric; its ports are not counted there",
                )
            )
        notes.assume("fabrics.storage", "the nodes have no storage ports: storage rides on the compute fabric")
        return None
    link_gbit_per_s = min(node_gbit_per_s, switch.port_gbit_per_s)
    declared = factory.fabrics.storage.oversubscription_ratio
    ratio = STORAGE_OVERSUBSCRIPTION if declared is None else declared
    if declared is None:
        notes.assume("fabrics.storage.oversubscription_ratio", "not declared: 4:3 for nodes, 1:1 for storage", RA_H100)
    unit = _units_a_leaf_holds(compute.hosts_per_unit if compute else 0, switch.radix(link_gbit_per_s), ratio)
    notes.assume(
        "fabrics.storage.rule",
        "a host's storage ports go to different leaves; storage systems have leaves of their own; management servers and fabric"
        " managers take free leaf ports; at least two spines",
        RA_H100,
    )
    service_links = ports_taken(_links_of(hardware.storage_systems), link_gbit_per_s)
    return _clos(
        "storage",
        switch,
        hardware,
        catalog,
        notes,
        link_gbit_per_s,
        hosts=hosts,
        rails=rails,
        ratio=ratio,
        hosts_per_unit=unit,
        service_links=service_links,
        spines_min=2,
        extra=_links_of([*hardware.storage_managers, *hardware.management_nodes]),
    )


def in_band_fabric(
    factory: Factory, hardware: Hardware, catalog: Catalog, notes: Notes, out_of_band_leaves: int
) -> FabricPlan | None:
    """Plan the network for provisioning, login and control traffic."""
    rails, hosts, node_gbit_per_s = _front_end(hardware, "in_band")
    switch = hardware.in_band_switch
    if not rails or switch is None:
        notes.assume("fabrics.in_band", "the nodes have no in-band ports: in-band traffic rides on the compute fabric")
        return None
    link_gbit_per_s = min(node_gbit_per_s, switch.port_gbit_per_s)
    declared = factory.fabrics.in_band.oversubscription_ratio
    ratio = IN_BAND_OVERSUBSCRIPTION if declared is None else declared
    if declared is None:
        statement = f"not declared: {ratio:g}:1, which gives the reference architecture's four uplinks a leaf"
        notes.assume("fabrics.in_band.oversubscription_ratio", statement, RA_H100)
    uplink = hardware.out_of_band_switch.uplink_port_gbit_per_s or hardware.out_of_band_switch.port_gbit_per_s
    others = [(s.in_band_links_count * count, s.in_band_link_gbit_per_s or 0.0) for s, count in hardware.servers()]
    others += [(OUT_OF_BAND_UPLINKS * out_of_band_leaves, uplink), (SITE_UPLINKS, link_gbit_per_s)]
    notes.assume(
        "fabrics.in_band.rule",
        f"also attached: servers, {OUT_OF_BAND_UPLINKS} uplinks of every out-of-band switch, {SITE_UPLINKS} links to the"
        " site; at least two spines",
        RA_H100,
    )
    # Whatever is not a host fills leaf ports like hosts with the same number of links.
    equivalent = -(-ports_taken(others, link_gbit_per_s) // rails)
    return _clos(
        "in-band",
        switch,
        hardware,
        catalog,
        notes,
        link_gbit_per_s,
        hosts=hosts + equivalent,
        rails=rails,
        ratio=ratio,
        spines_min=2,
    )


def out_of_band_fabric(
    hardware: Hardware, catalog: Catalog, notes: Notes, switches: int, pdus: int, has_in_band: bool
) -> tuple[FabricPlan, int]:
    """Plan the management network; return it and the switches that it needs."""
    switch = hardware.out_of_band_switch
    uplinks = OUT_OF_BAND_UPLINKS if has_in_band else 0
    ports = sum(node.out_of_band_links_count * count for node, _, count in hardware.nodes)
    ports += sum(server.out_of_band_links_count * count for server, count in hardware.servers())
    ports += switches + pdus
    usable = switch.ports_count if switch.uplink_ports_count >= uplinks else switch.ports_count - uplinks
    leaves = out_of_band_switches(ports, max(usable, 1))
    notes.assume(
        "fabrics.out_of_band.rule",
        "one port for every node's, server's, switch's and rack PDU's management; no spines",
        RA_H100,
    )
    if not has_in_band:
        notes.assume(
            "fabrics.out_of_band.uplinks",
            "no in-band network: the out-of-band switches' uplinks go to the site",
        )
    up_gbit_per_s = max(uplinks, 1) * (switch.uplink_port_gbit_per_s or switch.port_gbit_per_s)
    down_gbit_per_s = usable * switch.port_gbit_per_s
    plan = FabricPlan(
        name="out-of-band",
        kind="out-of-band",
        topology="leaves",
        technology=switch.technology,
        switch=switch.id,
        link_gbit_per_s=switch.port_gbit_per_s,
        tiers=1,
        planes=1,
        rails=1,
        units=leaves,
        hosts_per_unit=usable,
        switches_by_tier=SwitchesByTier(leaf=leaves),
        cables_by_layer=CablesByLayer(node_leaf=ports),
        links_by_layer=CablesByLayer(node_leaf=ports),
        cable=_cable(switch, switch.port_gbit_per_s, hardware, catalog, notes, "out-of-band"),
        ports_free_count=leaves * usable - ports,
        hosts_max_count=10**9,
        oversubscription_ratio=down_gbit_per_s / up_gbit_per_s,
        bisection_gbit_per_s=min(ports * switch.port_gbit_per_s, leaves * up_gbit_per_s) / 2,
    )
    return plan, leaves


def pick_cable(catalog: Catalog, technology: str, port_gbit_per_s: float, length_m: float) -> Cable | None:
    """Choose the cheapest connection of a rate that reaches; None if the catalog has none."""
    fitting = [
        cable
        for cable in catalog.all(Cable)
        if cable.link_gbit_per_s == port_gbit_per_s
        and cable.technology in ("any", technology)
        and cable.reach_max_m >= length_m
    ]

    def dearness(cable: Cable) -> tuple[float, str]:
        price = catalog.price(cable.id)
        return (price.price_usd if price else float("inf"), cable.id)

    return min(fitting, key=dearness, default=None)


def _front_end(hardware: Hardware, network: str) -> tuple[int, int, float]:
    """Links per host, hosts and rate of a front-end network; hosts with different numbers of links count by links."""
    shapes = [
        (
            getattr(node, f"{network}_links_per_host_count"),
            node.hosts_count * count,
            getattr(node, f"{network}_link_gbit_per_s") or 0.0,
        )
        for node, _, count in hardware.nodes
    ]
    rate = max(rate for _, _, rate in shapes)
    per_host = {links for links, _, _ in shapes}
    if len(per_host) == 1:
        return per_host.pop(), sum(hosts for _, hosts, _ in shapes), rate
    return 1, sum(links * hosts for links, hosts, _ in shapes), rate


def _links_of(servers: Iterable[tuple[Server, int]]) -> list[tuple[int, float]]:
    """List the links that servers have on the fabric they serve, as (count, rate)."""
    return [(server.fabric_links_count * count, server.fabric_link_gbit_per_s or 0.0) for server, count in servers]


def _units_a_leaf_holds(unit_hosts: int, radix: int, ratio: float) -> int | None:
    """Fill storage leaves with whole compute units, so that a scalable unit is wired as one."""
    most_down = int(radix * ratio / (1 + ratio) + 1e-9)
    return most_down // unit_hosts * unit_hosts if 0 < unit_hosts <= most_down else None


def _clos(
    name: str,
    switch: Switch,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    link_gbit_per_s: float,
    *,
    hosts: int,
    rails: int,
    ratio: float,
    planes: int = 1,
    tiers: int | None = None,
    hosts_per_unit: int | None = None,
    service_links: int = 0,
    spines_min: int = 1,
    extra: Iterable[tuple[int, float]] = (),
) -> FabricPlan | None:
    """Build one fat tree and pack it; what cannot be built becomes an error finding."""
    path = f"fabrics.{name.replace('-', '_')}"
    links_per_port = switch.links_per_port(link_gbit_per_s)
    if links_per_port == 0:
        notes.find(
            Finding(
                severity="error",
                code="fabric-link-rate",
                path=f"{path}.switch",
                message=f"{switch.name} has ports of {switch.port_gbit_per_s:g} Gbit/s, links are {link_gbit_per_s:g} Gbit/s",
                value=link_gbit_per_s,
                limit=switch.port_gbit_per_s,
                unit="Gbit/s",
                hint="choose a faster switch or a slower link",
            )
        )
        return None
    radix = switch.radix(link_gbit_per_s)
    extra_links = ports_taken(extra, link_gbit_per_s)
    try:
        tree = fat_tree(
            hosts,
            rails,
            radix=radix,
            tiers=tiers,
            planes=planes,
            hosts_per_unit=hosts_per_unit,
            oversubscription_ratio=ratio,
            extra_links=extra_links,
            service_links=service_links,
            spines_min=spines_min,
        )
    except TopologyError as error:
        notes.find(
            Finding(
                severity="error",
                code=f"fabric-{error.reason}",
                path=path,
                message=f"{name} fabric on {switch.name}: {error}",
                value=hosts,
                limit=error.largest_hosts,
                unit="hosts",
                hint=_REMEDIES[error.reason],
            )
        )
        return None
    for reason in _REMEDIES:
        notes.drop(f"fabric-{reason}", path)
    most_hosts = largest_fat_tree_hosts(
        rails,
        radix=radix,
        tiers=max(tiers or 3, 2),
        hosts_per_unit=hosts_per_unit,
        oversubscription_ratio=ratio,
        service_links=service_links,
        spines_min=spines_min,
    )
    if tiers == 1:
        most_hosts = (radix * planes - extra_links - service_links * planes) // (rails * planes)
    if tree.tiers > 1 and tree.hosts_by_unit()[1] < tree.hosts_per_unit and name == "compute":
        notes.assume(
            f"{path}.units",
            "the last unit's leaves and uplinks are built whole, so that it can be filled later",
            RA_H100,
        )
    layers = tree.cables_by_layer(links_per_port)
    return FabricPlan(
        name=name,
        kind=name,
        topology="single-switch" if tree.tiers == 1 else "fat-tree",
        technology=switch.technology,
        switch=switch.id,
        link_gbit_per_s=link_gbit_per_s,
        tiers=tree.tiers,
        planes=planes,
        rails=rails,
        units=tree.units,
        hosts_per_unit=tree.hosts_per_unit,
        switches_by_tier=SwitchesByTier(leaf=tree.leaf_count, spine=tree.spine_count, core=tree.core_count),
        cables_by_layer=CablesByLayer(**layers),
        links_by_layer=_links(tree),
        extra_links_count=extra_links,
        cable=_cable(switch, link_gbit_per_s * links_per_port, hardware, catalog, notes, name),
        ports_free_count=tree.free_leaf_ports,
        hosts_max_count=most_hosts,
        oversubscription_ratio=tree.oversubscription_ratio,
        bisection_gbit_per_s=tree.bisection_links() * link_gbit_per_s,
        recipe=Recipe(
            hosts=hosts,
            links_per_host=rails,
            radix=radix,
            tiers=tree.tiers,
            planes=planes,
            hosts_per_unit=hosts_per_unit,
            oversubscription_ratio=ratio,
            extra_links_count=extra_links,
            service_links_count=service_links,
            spines_min_count=spines_min,
        ),
    )


def _links(tree: FatTree) -> CablesByLayer:
    return CablesByLayer(
        node_leaf=tree.endpoint_links + tree.extra_links + tree.service_links,
        leaf_spine=tree.leaf_spine_links,
        spine_core=tree.spine_core_links,
    )


def _cable(switch: Switch, port_gbit_per_s: float, hardware: Hardware, catalog: Catalog, notes: Notes, name: str) -> str | None:
    notes.assume(
        "fabrics.cables.rule", "a network uses the cheapest connection of its port rate that reaches hall.cable_length"
    )
    cable = pick_cable(catalog, switch.technology, port_gbit_per_s, hardware.cable_length_m)
    if cable is None:
        notes.find(
            Finding(
                severity="warning",
                code="no-cable",
                path=f"fabrics.{name.replace('-', '_')}",
                message=f"the catalog has no {switch.technology} cable of {port_gbit_per_s:g} Gbit/s that reaches"
                f" {hardware.cable_length_m:g} m: its power and price are missing",
                value=hardware.cable_length_m,
                unit="m",
                hint="shorten hall.cable_length, or add a row with --catalog",
            )
        )
        return None
    return cable.id
