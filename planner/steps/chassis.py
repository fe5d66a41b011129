"""Switches of the compute fabric that stand inside the nodes' chassis: they need no racks, ports or power of their own."""

from __future__ import annotations

from collections.abc import Iterable

from planner.catalog import Catalog
from planner.catalog.records import RackPower
from planner.plan import FabricPlan
from planner.steps.hardware import Hardware

__all__ = ["chassis_switches", "switches_in_chassis"]


def chassis_switches(hardware: Hardware, catalog: Catalog) -> tuple[int, ...]:
    """Count the places for switches of the compute fabric in the chassis of each kind of node."""
    rows = [(catalog.get(RackPower, node.rack_power), count) for node, _, count in hardware.nodes]
    return tuple(-(-count // row.nodes_per_chassis_count) * row.fabric_switches_per_chassis_count for row, count in rows)


def switches_in_chassis(fabrics: Iterable[FabricPlan], hardware: Hardware, catalog: Catalog) -> int:
    """Count the switches of the compute fabric that stand inside chassis, the first ones by number."""
    compute = sum(fabric.switches_by_tier.total() for fabric in fabrics if fabric.kind == "compute")
    return min(compute, sum(chassis_switches(hardware, catalog)))
