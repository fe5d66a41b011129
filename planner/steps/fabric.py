"""One network: a fat tree on a switch of the catalog, and what cannot be built as a finding."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Literal

from planner.catalog.records import Switch
from planner.models.network import ports_taken
from planner.plan import CablesByLayer, FabricPlan, Recipe, SwitchesByTier
from planner.steps.hardware import REFERENCE_URL
from planner.steps.notes import Notes
from planner.units import figure
from topologies.clos import fat_tree
from topologies.clos import rail_only as rail_only_fabric
from topologies.clos_counts import FatTree, fat_tree_counts, fat_tree_of_nics
from topologies.errors import TopologyError
from topologies.fabric import Fabric, recipe_parameters

__all__ = ["clos_fabric", "links_of_a_port"]

_REASONS = ("size", "ports", "unit")


def clos_fabric(
    kind: Literal["compute", "storage", "in-band"],
    switch: Switch,
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
    others: int = 0,
    rail_only: bool = False,
    rail_optimised: bool = True,
    dual_tor: bool = False,
    spine_ratio: float = 1.0,
) -> FabricPlan | None:
    """Count one fat tree, or one a rail, and pack it.

    Returns
    -------
    FabricPlan or None
        None if it cannot be built: an error finding says why, and the largest that can. Extra links that find no free port
        are an error too, but the fabric is planned without them.
    """
    path = f"fabrics.{kind.replace('-', '_')}"
    links_per_port = links_of_a_port(switch, link_gbit_per_s, path, notes)
    if links_per_port == 0:
        return None
    asked: dict[str, Any] = {
        "hosts": hosts,
        "nics_per_host": rails,
        "radix": switch.radix(link_gbit_per_s),
        "tiers": tiers,
        "planes": planes,
        "hosts_per_unit": hosts_per_unit,
        "oversubscription_ratio": ratio,
        "extra_links": ports_taken(extra, link_gbit_per_s),
        "service_links": service_links,
        "spines_min": spines_min,
        "rail_optimised": rail_optimised,
        "dual_tor": dual_tor,
        "spine_oversubscription_ratio": spine_ratio,
    }

    for reason in _REASONS:  # an earlier round of the same plan may have failed
        notes.drop(f"fabric-{reason}", path)
    try:
        tree = _count(asked, rail_only)
    except TopologyError as error:
        _note(error, asked, kind, switch, path, notes)
        if error.reason != "ports":
            return None
        asked["extra_links"] = 0
        tree = _count(asked, rail_only)
    if tree.tiers > 1 and tree.hosts_by_unit()[1] < tree.hosts_per_unit and kind == "compute":
        statement = "the last unit's leaves and uplinks are built whole, so that it can be filled later"
        notes.assume(f"{path}.units", statement, REFERENCE_URL)
    nics = 1 if rail_optimised else rails  # of a host that share a leaf
    function: Callable[..., Fabric] = rail_only_fabric if rail_only else fat_tree
    cabled = {"tiers": tree.tiers, "gbit_per_s": link_gbit_per_s, "links_per_port": links_per_port, "others": others}
    taken = inspect.signature(function).parameters
    arguments = {name: value for name, value in (asked | cabled).items() if name in taken}
    flat = "single-switch" if tree.tiers == 1 else "fat-tree"
    return FabricPlan(
        name=kind,
        kind=kind,
        topology="rail-only" if rail_only else flat,
        technology=switch.technology,
        switch=switch.id,
        link_gbit_per_s=link_gbit_per_s,
        tiers=tree.tiers,
        planes=planes,
        rails=rails if rail_optimised else 1,
        hosts=hosts,
        units=tree.units,
        hosts_per_unit=tree.hosts_per_unit // nics,
        switches_by_tier=SwitchesByTier(leaf=tree.leaf_count, spine=tree.spine_count, core=tree.core_count),
        cables_by_layer=CablesByLayer(**tree.cables_by_layer(links_per_port)),
        links_by_layer=_links(tree),
        extra_links_count=tree.extra_links,
        ports_free_count=tree.free_leaf_ports,
        hosts_max_count=_most_hosts(asked, rail_only),
        oversubscription_ratio=tree.oversubscription_ratio,
        bisection_gbit_per_s=tree.bisection_links() * link_gbit_per_s,
        recipe=Recipe(topology="rail-only" if rail_only else "fat-tree", parameters=recipe_parameters(function, arguments)),
    )


def links_of_a_port(switch: Switch, link_gbit_per_s: float, path: str, notes: Notes) -> int:
    """Count the links of every port; 0, and an error finding, if the port is too slow."""
    links_per_port = switch.links_per_port(link_gbit_per_s)
    if links_per_port == 0:
        message = f"{switch.name} has ports of {figure(switch.port_gbit_per_s)} Gbit/s, links are {figure(link_gbit_per_s)}"
        hint = "choose a faster switch or a slower link"
        notes.error("fabric-link-rate", f"{path}.switch", message, hint, link_gbit_per_s, switch.port_gbit_per_s, "Gbit/s")
    return links_per_port


def _count(asked: dict[str, Any], rail_only: bool) -> FatTree:
    if not rail_only:
        return fat_tree_of_nics(**asked)
    alone = {"hosts", "radix", "tiers", "hosts_per_unit", "oversubscription_ratio", "extra_links", "spines_min"}
    return fat_tree_counts(links_per_host=1, planes=asked["nics_per_host"], **{name: asked[name] for name in alone})


def _most_hosts(asked: dict[str, Any], rail_only: bool) -> int:
    """Count the hosts that the same switch can carry on the tiers asked for (or three)."""
    # Extra links come out of what is free; only on a single switch they take the place of hosts.
    unbounded = asked | {"hosts": 10**9, "extra_links": asked["extra_links"] if asked["tiers"] == 1 else 0}
    try:
        _count(unbounded, rail_only)
    except TopologyError as error:
        return error.largest_hosts
    return int(unbounded["hosts"])


def _note(error: TopologyError, asked: dict[str, Any], kind: str, switch: Switch, path: str, notes: Notes) -> None:
    """Turn a refusal into an error finding with what would help."""
    message = f"{kind} fabric on {switch.name}: {error}"
    if error.reason == "ports":
        hint = "leave nodes out of the last unit: their ports serve the fabric managers"
        notes.error("fabric-ports", path, message, hint, asked["hosts"], error.largest_hosts, "hosts")
    elif error.reason == "unit":
        notes.error("fabric-unit", path, f"{message}; not in the totals", "fewer nodes per unit, or a switch of more ports")
    else:
        more_tiers = "more tiers, " if kind == "compute" and asked["tiers"] in (1, 2) else ""
        hint = f"fewer nodes, {more_tiers}or a switch of more ports"
        message += "; its switches and cables are not in the totals"
        notes.error("fabric-size", path, message, hint, asked["hosts"], error.largest_hosts, "hosts")


def _links(tree: FatTree) -> CablesByLayer:
    return CablesByLayer(
        node_leaf=tree.endpoint_links + tree.extra_links + tree.service_links,
        leaf_spine=tree.leaf_spine_links,
        spine_core=tree.spine_core_links,
    )
