"""One network: a fat tree on a switch of the catalog, its cables, and what cannot be built as a finding."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from planner.catalog import Catalog
from planner.catalog.records import Cable, Switch
from planner.models.network import ports_taken
from planner.plan import CablesByLayer, FabricPlan, Recipe, SwitchesByTier
from planner.steps.hardware import REFERENCE_URL, Hardware
from planner.steps.notes import Notes
from planner.units import figure
from topologies.clos import fat_tree
from topologies.clos_counts import FatTree, fat_tree_of_nics, largest_fat_tree_hosts
from topologies.errors import TopologyError
from topologies.fabric import recipe_parameters

__all__ = ["cable_of", "clos_fabric"]

_REASONS = ("size", "ports", "unit")


def clos_fabric(
    kind: Literal["compute", "storage", "in-band"],
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
    others: int = 0,
) -> FabricPlan | None:
    """Build one fat tree and pack it.

    Returns
    -------
    FabricPlan or None
        None if it cannot be built: an error finding says why, and the largest that can. Extra links that find no free port
        are an error too, but the fabric is planned without them.
    """
    path = f"fabrics.{kind.replace('-', '_')}"
    links_per_port = switch.links_per_port(link_gbit_per_s)
    if links_per_port == 0:
        message = f"{switch.name} has ports of {figure(switch.port_gbit_per_s)} Gbit/s, links are {figure(link_gbit_per_s)}"
        hint = "choose a faster switch or a slower link"
        notes.error("fabric-link-rate", f"{path}.switch", message, hint, link_gbit_per_s, switch.port_gbit_per_s, "Gbit/s")
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
    }
    for reason in _REASONS:  # an earlier round of the same plan may have failed
        notes.drop(f"fabric-{reason}", path)
    try:
        tree = fat_tree_of_nics(**asked)
    except TopologyError as error:
        _note(error, asked, kind, switch, path, notes)
        if error.reason != "ports":
            return None
        asked["extra_links"] = 0
        tree = fat_tree_of_nics(**asked)
    if tree.tiers > 1 and tree.hosts_by_unit()[1] < tree.hosts_per_unit and kind == "compute":
        statement = "the last unit's leaves and uplinks are built whole, so that it can be filled later"
        notes.assume(f"{path}.units", statement, REFERENCE_URL)
    cabled = {"tiers": tree.tiers, "gbit_per_s": link_gbit_per_s, "links_per_port": links_per_port, "others": others}
    return FabricPlan(
        name=kind,
        kind=kind,
        topology="single-switch" if tree.tiers == 1 else "fat-tree",
        technology=switch.technology,
        switch=switch.id,
        link_gbit_per_s=link_gbit_per_s,
        tiers=tree.tiers,
        planes=planes,
        rails=rails,
        hosts=hosts,
        units=tree.units,
        hosts_per_unit=tree.hosts_per_unit,
        switches_by_tier=SwitchesByTier(leaf=tree.leaf_count, spine=tree.spine_count, core=tree.core_count),
        cables_by_layer=CablesByLayer(**tree.cables_by_layer(links_per_port)),
        links_by_layer=_links(tree),
        extra_links_count=tree.extra_links,
        cable=cable_of(switch, link_gbit_per_s * links_per_port, hardware, catalog, notes, path),
        ports_free_count=tree.free_leaf_ports,
        hosts_max_count=_most_hosts(tree, asked),
        oversubscription_ratio=tree.oversubscription_ratio,
        bisection_gbit_per_s=tree.bisection_links() * link_gbit_per_s,
        recipe=Recipe(topology="fat-tree", parameters=recipe_parameters(fat_tree, asked | cabled)),
    )


def _most_hosts(tree: FatTree, asked: dict[str, Any]) -> int:
    """Count the hosts that the same switch and tiers can carry."""
    if tree.tiers == 1:
        others = asked["extra_links"] + asked["service_links"] * tree.planes
        return int((tree.radix * tree.planes - others) // (tree.links_per_host * tree.planes))
    return largest_fat_tree_hosts(
        tree.links_per_host,
        radix=tree.radix,
        tiers=tree.tiers,
        hosts_per_unit=asked["hosts_per_unit"],
        oversubscription_ratio=asked["oversubscription_ratio"],
        service_links=asked["service_links"],
        spines_min=asked["spines_min"],
    )


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


def cable_of(
    switch: Switch, rate_gbit_per_s: float, hardware: Hardware, catalog: Catalog, notes: Notes, path: str
) -> str | None:
    """Choose the cable for a network's ports; a warning says where the catalog has none."""
    notes.assume(
        "fabrics.cables.rule", "a network uses the cheapest connection of its ports' rate that reaches hall.cable_length"
    )
    cable = _pick_cable(catalog, switch, rate_gbit_per_s, hardware.cable_length_m)
    if cable is None:
        message = (
            f"the catalog has no {switch.technology} cable of {figure(rate_gbit_per_s)} Gbit/s that reaches"
            f" {figure(hardware.cable_length_m)} m: its power and price are missing"
        )
        notes.warn("no-cable", path, message, "shorten hall.cable_length, or add a row with --catalog")
        return None
    return cable.id


def _pick_cable(catalog: Catalog, switch: Switch, rate_gbit_per_s: float, length_m: float) -> Cable | None:
    """Choose the cheapest connection that carries a rate, fits the port and reaches; None if the catalog has none."""
    fitting = [
        cable
        for cable in catalog.all(Cable)
        if rate_gbit_per_s <= cable.link_gbit_per_s <= switch.port_gbit_per_s
        and cable.technology in ("any", switch.technology)
        and cable.reach_max_m >= length_m
    ]

    def dearness(cable: Cable) -> tuple[float, float, str]:
        price = catalog.price(cable.id)
        return (cable.link_gbit_per_s, price.price_usd if price else float("inf"), cable.id)

    return min(fitting, key=dearness, default=None)
