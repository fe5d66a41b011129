"""Folded Clos fabrics as graphs, sized by rule: fat trees, and one a rail with nothing between the rails."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topologies.clos_counts import FatTree, fat_tree_of_nics
from topologies.errors import TopologyError, require
from topologies.fabric import ENDPOINT_KINDS, NONE, Cables, Endpoints, Fabric, Switches, next_ports, recipe_parameters

__all__ = ["fat_tree", "rail_only"]

LAYERS = ("node_leaf", "leaf_spine", "spine_core")
TIERS = ("leaf", "spine", "core")


def fat_tree(
    hosts: int,
    nics_per_host: int = 1,
    *,
    radix: int,
    tiers: int | None = None,
    planes: int = 1,
    rail_optimised: bool = True,
    dual_tor: bool = False,
    hosts_per_unit: int | None = None,
    oversubscription_ratio: float = 1.0,
    spine_oversubscription_ratio: float = 1.0,
    spine_radix: int | None = None,
    core_radix: int | None = None,
    extra_links: int = 0,
    service_links: int = 0,
    spines_min: int = 1,
    gbit_per_s: float = 400.0,
    links_per_port: int = 1,
    others: int = 0,
) -> Fabric:
    """Build a fat tree of one, two or three tiers from what it must carry.

    Parameters
    ----------
    hosts : int
        Hosts, at least 1; the last unit may be partly filled.
    nics_per_host : int
        NICs of a host; each has a port in every plane (and two with `dual_tor`).
    radix : int
        Ports of a leaf at the link's rate, after break-out.
    tiers : int, optional
        1 (one switch a plane), 2 or 3. Default: the fewest that carry the hosts.
    planes : int
        Identical fabrics side by side, joined only in the NICs.
    rail_optimised : bool
        NIC *i* of every host of a unit goes to the unit's leaf of rail *i*; otherwise all NICs of a host go to one leaf.
    dual_tor : bool
        Every NIC has two ports in each plane, which go to two leaves.
    hosts_per_unit : int, optional
        Hosts that share a set of leaves. Default: as many as the leaves hold.
    oversubscription_ratio, spine_oversubscription_ratio : float
        Most downward over upward bandwidth of a leaf, and of a spine below cores.
    spine_radix, core_radix : int, optional
        Ports of spines and cores that are other switches than the leaves (director switches). Default: `radix`.
    extra_links : int
        Free leaf ports taken by fabric managers and gateways, over all planes.
    service_links : int
        Links of one plane on leaves of their own (storage).
    spines_min : int
        Fewest spines of a plane of two tiers.
    gbit_per_s : float
        Rate of every link in one direction [Gbit/s].
    links_per_port : int
        Links that share a physical port by break-out; `radix` counts links.
    others : int
        How many of the hosts, the last ones, are no nodes: their endpoints are of kind "other".

    Returns
    -------
    Fabric
        Tiers leaf, spine, core; layers node_leaf, leaf_spine, spine_core. Coordinates of a switch: its unit (leaf), pod
        (spine) or group (core), and its number there: the leaf's rail (and side of `dual_tor`), the spine, the core.

    Raises
    ------
    TopologyError
        If no such fabric exists; the message says why, ``largest_hosts`` and ``nearest`` what would fit.
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    The numbers of switches and cables follow from equal striping; see `topologies.clos_counts.fat_tree_counts`. Downward
    ports come first on every switch, upward ports last, so that what is free lies between them. Ports to one spine are
    neighbours.

    References
    ----------
    NVIDIA DGX SuperPOD reference architecture (RA-11333-001), section "Compute fabric": rail-optimised, full fat tree.
    Qian et al., Alibaba HPN: A Data Center Network for Large Language Model Training (SIGCOMM 2024): dual ToR, planes.

    Examples
    --------
    127 DGX H100 and four links of fabric managers: 32 leaves, 16 spines, 1,020 and 1,024 cables (Table 4 there).

    >>> fabric = fat_tree(127, 8, radix=64, extra_links=4)
    >>> fabric.switches_by_tier(), fabric.cables_by_layer()
    ({'leaf': 32, 'spine': 16}, {'node_leaf': 1020, 'leaf_spine': 1024})
    >>> fabric.label(1020)
    'su00-rail0-leaf:33 <-> spine00:1'
    """
    parameters = dict(locals())
    require(nics_per_host >= 1, "nics_per_host must be at least 1")
    require(gbit_per_s > 0, "gbit_per_s must be above 0")
    require(links_per_port >= 1, "links_per_port must be at least 1")
    require(0 <= others <= hosts, "others must be between 0 and hosts")
    of_cables = ("gbit_per_s", "links_per_port", "others")
    try:
        counts = fat_tree_of_nics(**{name: value for name, value in parameters.items() if name not in of_cables})
    except TopologyError as error:
        # The others are some of the hosts: where fewer fit, they cannot be more.
        nearest: list[dict[str, Any]] = [dict(each) for each in error.nearest]
        for each in nearest:
            if each.get("hosts", hosts) < others:
                each["others"] = each["hosts"]
        raise TopologyError(str(error), error.largest_hosts, error.reason, nearest) from error
    rails = nics_per_host if rail_optimised and nics_per_host > 1 else 0
    sides = 2 if dual_tor else 1
    return Fabric(
        topology="fat-tree",
        parameters=recipe_parameters(fat_tree, parameters),
        tiers=TIERS[: counts.tiers],
        layers=LAYERS[: counts.tiers],
        switches=_switches(counts, rails, sides),
        endpoints=_endpoints(hosts, nics_per_host, others, counts, rails),
        cables=_cables(counts, hosts, nics_per_host, rails, sides, gbit_per_s, links_per_port),
        links_per_port=links_per_port,
    )


def rail_only(
    hosts: int,
    nics_per_host: int,
    *,
    radix: int,
    tiers: int | None = None,
    hosts_per_unit: int | None = None,
    oversubscription_ratio: float = 1.0,
    extra_links: int = 0,
    spines_min: int = 1,
    gbit_per_s: float = 400.0,
    links_per_port: int = 1,
) -> Fabric:
    """Build one fabric a rail and nothing between the rails: other rails are reached through the scale-up domain.

    Parameters
    ----------
    hosts : int
        Hosts, or scale-up domains.
    nics_per_host : int
        NICs of a host: the number of rails.
    radix, tiers, hosts_per_unit, oversubscription_ratio, spines_min, gbit_per_s, links_per_port
        Of the fat tree of each rail, as for `fat_tree`.
    extra_links : int
        Free leaf ports taken by fabric managers and gateways, over all rails.

    Returns
    -------
    Fabric
        Tiers, layers and coordinates as of `fat_tree`; every switch has a rail.

    Raises
    ------
    TopologyError, ValueError
        As `fat_tree`.

    References
    ----------
    Wang et al., Rail-only: A Low-Cost High-Performance Network for Training LLMs with Trillion Parameters (arXiv
    2307.12169), section 3: drop the spines above the rails.

    Examples
    --------
    64 hosts of 8 NICs need a single switch a rail, where a full fat tree takes 16 leaves and 8 spines.

    >>> rail_only(64, 8, radix=64).switches_by_tier()
    {'leaf': 8}
    """
    parameters = dict(locals())
    require(nics_per_host >= 1, "nics_per_host must be at least 1")
    of_rails = {name: value for name, value in parameters.items() if name not in ("hosts", "nics_per_host")}
    base = fat_tree(hosts, 1, planes=nics_per_host, **of_rails)
    boxes, ends, cables = base.switches, base.endpoints, base.cables
    at_nic, at_manager = cables.a < hosts, (cables.a >= hosts) & (cables.a < base.endpoint_count)
    nics, shift = hosts * nics_per_host, hosts * (nics_per_host - 1)
    number = np.arange(nics + extra_links, dtype=np.int32)
    is_nic = number < nics
    rail = cables.plane
    names = [f"{host}-nic{nic}" for host in ends.host_names[:hosts] for nic in range(nics_per_host)]
    rails = boxes.names if nics_per_host > 1 else tuple(f"p0-{name}" for name in boxes.names)
    lower = np.where(at_nic, cables.a * nics_per_host + rail, cables.a + shift)
    return replace(
        base,
        topology="rail-only",
        parameters=recipe_parameters(rail_only, parameters),
        switches=replace(
            boxes, names=tuple(f"rail{name[1:]}" for name in rails), plane=np.zeros_like(boxes.plane), rail=boxes.plane
        ),
        endpoints=replace(
            ends,
            names=(*names, *ends.names[hosts:]),
            kind=np.where(is_nic, 0, ENDPOINT_KINDS.index("manager")).astype(np.int32),
            host=np.where(is_nic, number // nics_per_host, number - shift).astype(np.int32),
            slot=np.where(is_nic, number % nics_per_host, 0).astype(np.int32),
            rail=np.where(is_nic, number % nics_per_host, NONE).astype(np.int32),
        ),
        cables=replace(
            cables,
            a=lower.astype(np.int32),
            a_port=np.where(at_nic | at_manager, 1, cables.a_port).astype(np.int32),
            b=(cables.b + shift).astype(np.int32),
            plane=np.zeros_like(rail),
            rail=rail,
        ),
    )


def _switches(counts: FatTree, rails: int, sides: int) -> Switches:
    """Leaves, spines and cores, each plane by plane."""
    columns = counts.links_per_host  # leaves of a unit
    leaf_names, spine_names, core_names = [], [], []
    rows: list[NDArray[Any]] = []  # tier, group, plane, rail, ports, place in the group
    units = counts.units + counts.service_units if counts.tiers > 1 else 1
    per_unit = columns if counts.tiers > 1 else 1
    spines, cores = counts.spines_per_pod, counts.core_count // counts.planes
    per_group = cores // counts.core_groups if cores else 0
    for plane in range(counts.planes):
        prefix = f"p{plane}-" if counts.planes > 1 else ""
        if counts.tiers == 1:
            leaf_names.append(f"{prefix}switch")
        else:
            leaf_names += [
                prefix + _leaf_name(unit, column, counts, rails, sides) for unit in range(units) for column in range(per_unit)
            ]
        pod = [f"pod{number:02d}-" if counts.pods > 1 else "" for number in range(counts.pods)]
        if counts.spine_count:
            spine_names += [f"{prefix}{name}spine{number:02d}" for name in pod for number in range(spines)]
        core_names += [f"{prefix}core{number:03d}" for number in range(cores)]
    rail_of = (np.arange(per_unit) // sides if rails else np.full(per_unit, NONE))[None, None]
    shapes = (
        (1, units, per_unit, counts.radix, rail_of),
        (2, counts.pods, spines, counts.spine_radix, NONE),
        (3, counts.core_groups, per_group, counts.core_radix, NONE),
    )
    for tier, groups, places, ports, rail in shapes[: counts.tiers]:
        plane_of, group, place = np.indices((counts.planes, groups, places))
        tall = np.broadcast_to(rail, plane_of.shape)
        if tier == 1 and counts.service_units and rails:
            tall = np.where(group >= counts.units, NONE, tall)
        row = (np.full_like(group, tier), group, plane_of, tall, np.full_like(group, ports), place)
        rows.append(np.stack([each.ravel() for each in row]))
    tier_of, group, plane_of, rail_column, ports_of, place = np.concatenate(rows, axis=1).astype(np.int32)
    return Switches(
        names=tuple(leaf_names + spine_names + core_names),
        tier=tier_of,
        group=group,
        plane=plane_of,
        rail=rail_column,
        ports=ports_of,
        coordinates=np.stack([group, place], axis=1),
    )


def _leaf_name(unit: int, column: int, counts: FatTree, rails: int, sides: int) -> str:
    side = f"-{'ab'[column % sides]}" if sides > 1 else ""
    if unit >= counts.units:
        return f"svc{unit - counts.units:02d}-leaf{column // sides:02d}{side}"
    return f"su{unit:02d}-rail{column // sides}-leaf{side}" if rails else f"leaf{unit:03d}{side}"


def _endpoints(hosts: int, nics: int, others: int, counts: FatTree, rails: int) -> Endpoints:
    """NICs of the hosts, then service ports, then managers; each service port and manager is a host of its own."""
    services, managers = counts.service_links // counts.planes, counts.extra_links
    nodes = hosts - others
    host_names = [f"n{number:04d}" for number in range(nodes)] + [f"other{number:04d}" for number in range(others)]
    host_names += [f"svc{number:04d}" for number in range(services)] + [f"mgr{number:02d}" for number in range(managers)]
    slot = np.concatenate([np.tile(np.arange(nics), hosts), np.zeros(services + managers, np.int64)]).astype(np.int32)
    kinds = ("nic", nodes * nics), ("other", others * nics), ("service", services), ("manager", managers)
    tails = [f"-nic{number}" for number in range(nics)]
    names = [name + tail for name in host_names[:hosts] for tail in tails] + [f"{name}-nic0" for name in host_names[hosts:]]
    return Endpoints(
        names=tuple(names),
        kind=np.repeat([ENDPOINT_KINDS.index(kind) for kind, _ in kinds], [count for _, count in kinds]).astype(np.int32),
        host=np.repeat(np.arange(len(host_names)), [nics] * hosts + [1] * (services + managers)).astype(np.int32),
        slot=slot,
        rail=np.where(np.arange(len(names)) < hosts * nics, slot, NONE).astype(np.int32) if rails else np.full_like(slot, NONE),
        host_names=tuple(host_names),
    )


def _cables(counts: FatTree, hosts: int, nics: int, rails: int, sides: int, gbit_per_s: float, links_per_port: int) -> Cables:
    """Every link, layer by layer, plane by plane; in the order of the lower ends' ports."""
    services, planes, radix = counts.service_links // counts.planes, counts.planes, counts.radix
    endpoints = hosts * nics + services + counts.extra_links
    leaves = counts.leaf_count // planes
    first_leaf = endpoints + leaves * np.arange(planes)

    # Hosts: NIC, plane, side. What shares a leaf's ports is a host where there are rails, else a NIC.
    nic_of, plane, side = np.indices((hosts * nics, planes, sides))
    item, column = (nic_of // nics, nic_of % nics * sides + side) if rails or nics == 1 else (nic_of, side)
    if counts.tiers == 1:
        leaf, port = np.zeros_like(item), item * counts.links_per_host + column + 1
    else:
        leaf = item // counts.hosts_per_unit * counts.links_per_host + column
        port = item % counts.hosts_per_unit + 1
    rail = nic_of % nics if rails else np.full_like(nic_of, NONE)
    parts = [
        Cables.lay(
            nic_of,
            plane * sides + side + 1,
            first_leaf[plane] + leaf,
            port,
            layer=0,
            plane=plane,
            rail=rail,
            gbit_per_s=gbit_per_s,
        )
    ]

    if services:
        number, plane = np.indices((services, planes))
        if counts.tiers == 1:
            leaf, port = np.zeros_like(number), counts.hosts * counts.links_per_host + number + 1
        else:
            on = counts.service_units * counts.links_per_host
            leaf, port = counts.units * counts.links_per_host + number % on, number // on + 1
        parts.append(
            Cables.lay(
                hosts * nics + number, plane + 1, first_leaf[plane] + leaf, port, layer=0, plane=plane, gbit_per_s=gbit_per_s
            )
        )

    # Managers must find room below the first upward port.
    taken = sum(map(len, parts)) + counts.extra_links
    down_used = max(*(int(part.b_port.max()) for part in parts), math.ceil(taken / counts.leaf_count))
    first_up = _first_up(radix, counts.leaf_up_ports, links_per_port, down_used)
    if counts.extra_links:
        parts.append(_managers(counts, parts, endpoints, first_up, gbit_per_s))
    if counts.tiers > 1:
        parts.append(_leaf_spine(counts, endpoints, first_up, rails, sides, gbit_per_s))
    if counts.tiers > 2:
        parts.append(_spine_core(counts, endpoints, links_per_port, gbit_per_s))
    return Cables.join(parts)


def _first_up(radix: int, up: int, links_per_port: int, down_used: int) -> int:
    """Tell the first upward port: the last ones of the switch, starting with a whole physical port where there is room."""
    whole = radix - math.ceil(up / links_per_port) * links_per_port + 1
    return whole if whole > down_used else radix - up + 1


def _managers(counts: FatTree, parts: list[Cables], endpoints: int, first_up: int, gbit_per_s: float) -> Cables:
    """Plug managers into free leaf ports: one a leaf before a second, the last unit first (it may be partly filled)."""
    leaf = np.concatenate([part.b for part in parts]) - endpoints
    used = np.bincount(leaf, minlength=counts.leaf_count)
    room = (first_up - 1 if counts.tiers > 1 else counts.radix) - used
    per_plane = counts.leaf_count // counts.planes
    leaves = np.repeat(np.arange(counts.leaf_count), room)
    nth = next_ports(leaves, 0)
    plane, place = leaves // per_plane, leaves % per_plane
    unit = place // counts.links_per_host
    chosen = np.lexsort((place, plane, -unit, nth))[: counts.extra_links]
    managers = endpoints - counts.extra_links + np.arange(counts.extra_links)
    return Cables.lay(
        managers,
        np.ones_like(managers),
        endpoints + leaves[chosen],
        used[leaves[chosen]] + nth[chosen] + 1,
        gbit_per_s=gbit_per_s,
        layer=0,
        plane=plane[chosen],
    )


def _leaf_spine(counts: FatTree, endpoints: int, first_up: int, rails: int, sides: int, gbit_per_s: float) -> Cables:
    """Stripe every leaf's uplinks equally over the spines of its pod."""
    per_rail, columns = counts.units + counts.service_units, counts.links_per_host
    leaves, spines = per_rail * columns, counts.spines_per_pod
    parallel = counts.leaf_up_ports // spines
    plane, leaf, link = np.indices((counts.planes, leaves, counts.leaf_up_ports))
    unit, column = leaf // columns, leaf % columns
    pod, place = np.zeros_like(leaf), leaf  # two tiers: every spine sees every leaf
    if counts.tiers == 3:
        pods_per_rail = counts.pods // columns
        pod_of = np.array([counts.pod_of_unit(number) for number in range(per_rail)])
        pod = column * pods_per_rail + pod_of[unit]
        place = next_ports(pod_of, 0)[unit]
    spine = pod * spines + link // parallel
    first_spine = endpoints + counts.leaf_count
    rail = column // sides if rails else np.full_like(column, NONE)
    return Cables.lay(
        endpoints + plane * leaves + leaf,
        first_up + link,
        first_spine + plane * (counts.spine_count // counts.planes) + spine,
        place * parallel + link % parallel + 1,
        gbit_per_s=gbit_per_s,
        layer=1,
        plane=plane,
        rail=np.where(unit < counts.units, rail, NONE) if rails else rail,
    )


def _spine_core(counts: FatTree, endpoints: int, links_per_port: int, gbit_per_s: float) -> Cables:
    """Stripe every spine's uplinks equally over the cores of its group."""
    spines, groups = counts.spines_per_pod, counts.core_groups
    cores = counts.core_count // counts.planes
    per_group = cores // groups
    parallel = counts.spine_up_ports // per_group
    plane, pod, spine, link = np.indices((counts.planes, counts.pods, spines, counts.spine_up_ports))
    core = spine % groups * per_group + link // parallel
    place = pod * (spines // groups) + spine // groups
    first_spine = endpoints + counts.leaf_count
    first_up = _first_up(counts.spine_radix, counts.spine_up_ports, links_per_port, counts.spine_down_ports)
    return Cables.lay(
        first_spine + (plane * counts.pods + pod) * spines + spine,
        first_up + link,
        first_spine + counts.spine_count + plane * cores + core,
        place * parallel + link % parallel + 1,
        gbit_per_s=gbit_per_s,
        layer=2,
        plane=plane,
    )
