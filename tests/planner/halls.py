"""Halls for tests: racks and networks by the planner's own steps, without power, cooling and cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from planner.catalog import Catalog, load_catalog
from planner.plan import FabricPlan, HallPlan, NodeGroup, RacksPlan
from planner.spec import Factory
from planner.steps.cabling import attach
from planner.steps.chassis import switches_in_chassis
from planner.steps.hall import place_racks, rows_needed
from planner.steps.hardware import resolve
from planner.steps.layout import Layout, lay_out
from planner.steps.networks import compute_fabric, in_band_fabric, out_of_band_fabric, storage_fabric
from planner.steps.notes import Notes
from planner.steps.racks import plan_racks

CATALOG: Catalog = load_catalog()
SUPERPOD: dict[str, Any] = {
    "hall": {"rack_power_kw": 44.0, "infrastructure_rack_power_kw": 23.0},
    "storage": {"systems": {"ddn-ai400x2": 12}},
    "platform": {"management_nodes": {"management-2s-generic": 4}},
}


@dataclass
class Drawn:
    """A factory with its racks placed."""

    factory: Factory
    racks: RacksPlan
    rack_kw: list[float]
    nodes: tuple[NodeGroup, ...]
    fabrics: tuple[FabricPlan, ...]
    notes: Notes
    hall: HallPlan

    def layout(self) -> Layout:
        return lay_out(self.hall, self.racks, self.nodes, self.fabrics)

    def needs(self) -> tuple[int, int]:
        return rows_needed(self.factory, self.racks, self.rack_kw)

    def findings(self) -> dict[str, str]:
        return {finding.path: finding.message for finding in self.notes.findings()}


def drawn(data: dict[str, Any], catalog: Catalog = CATALOG) -> Drawn:
    factory = Factory.model_validate(data, context={"ids": catalog.ids()})
    notes = Notes()
    hardware = resolve(factory, catalog, notes)
    fast = [each for each in (compute_fabric(factory, hardware, notes), storage_fabric(factory, hardware, notes)) if each]
    leaves, out_of_band = 0, None
    while True:
        in_band = in_band_fabric(factory, hardware, notes, leaves)
        managed = [*fast, in_band] if in_band else fast
        racks = plan_racks(factory, hardware, catalog, notes, [*managed, out_of_band] if out_of_band else managed)
        switches = sum(each.switches_by_tier.total() for each in managed) - switches_in_chassis(managed, hardware, catalog)
        out_of_band = out_of_band_fabric(hardware, notes, switches, racks.pdus_count, in_band is not None)
        if out_of_band.switches_by_tier.leaf == leaves:
            break
        leaves = out_of_band.switches_by_tier.leaf
    nodes = tuple(
        NodeGroup(
            node=node.id,
            name=node.name,
            gpu=gpu.name,
            nodes=count,
            hosts=node.hosts_count * count,
            gpus=node.gpus_count * count,
            power_max_kw=node.power_max_kw * count,
        )
        for node, gpu, count in hardware.nodes
    )
    fabrics = attach([*managed, out_of_band] if leaves else managed, hardware, catalog)
    rack_kw = [group.power_per_rack_max_kw for group in racks.groups]
    hall = place_racks(factory, notes, racks, rack_kw, nodes, fabrics)
    return Drawn(factory, racks, rack_kw, nodes, fabrics, notes, hall)


def simple(node: str = "dgx-h100", count: int = 127, **sections: Any) -> dict[str, Any]:
    return {"name": "x", "site": {"country": "US"}, "compute": {"nodes": {node: count}}, **sections}


def superpod(count: int = 127, **hall: Any) -> dict[str, Any]:
    return simple(count=count, **{**SUPERPOD, "hall": {**SUPERPOD["hall"], **hall}})
