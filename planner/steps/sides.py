"""Racks on two sides of the chain: whether one side alone carries them."""

from __future__ import annotations

from collections.abc import Sequence

from planner.catalog import Catalog
from planner.catalog.records import RackPower
from planner.plan import RacksPlan
from planner.spec import Factory
from planner.steps.chain_scheme import PATHS
from planner.steps.hardware import Hardware
from planner.steps.notes import Notes
from planner.units import figure

__all__ = ["note_sides"]


def note_sides(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    racks: RacksPlan,
    racks_kw: Sequence[float],
    notes: Notes,
) -> None:
    """Note racks on two sides of the chain that one side alone does not carry: by their PDUs, or by the nodes' supplies.

    `racks_kw`: what one rack of each group draws at design load.
    """
    if factory.power.chain is not None or factory.power.redundancy not in PATHS:
        return
    for group, rack_kw in zip(racks.groups, racks_kw, strict=True):
        least, pdu_kw = group.pdus_per_rack_count // 2, hardware.pdu.power_max_kw
        if group.pdus_per_rack_count and least * pdu_kw < rack_kw * (1 - 1e-9):
            message = (
                f"racks of {group.name} hang on two sides of the chain: when one is out, {least} of"
                f" {group.pdus_per_rack_count} PDUs carries on, {figure(least * pdu_kw)} of {figure(rack_kw)} kW"
            )
            hint = "hall.pdu_redundancy: 2N"
            notes.warn("one-side", f"racks.{group.name}", message, hint, least * pdu_kw, rack_kw, "kW")
    for node, _, _ in hardware.nodes:
        row = catalog.get(RackPower, node.rack_power)
        left = row.supplies_per_chassis_count // 2
        if left < row.supplies_needed_count:
            message = (
                f"{node.name} hangs on two sides of the chain: when one is out, {left} of {row.supplies_per_chassis_count}"
                f" power supplies are left, {row.supplies_needed_count} are needed; availability counts one side as enough"
            )
            hint = "three feeds to a rack, transfer switches before its PDUs, or nodes that half of the supplies carry"
            notes.warn("one-side", f"compute.nodes.{node.id}", message, hint, left, row.supplies_needed_count, "supplies")
