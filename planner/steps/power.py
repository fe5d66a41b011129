"""Power: the loads, the chain from the grid to the rack, and what cooling adds."""

from __future__ import annotations

from collections.abc import Iterable

from planner.catalog import Catalog
from planner.catalog.records import Switch
from planner.models.cooling import cooling_power_kw
from planner.models.power import stage_input_kw
from planner.plan import FabricPlan, PowerPlan, PowerStagePlan
from planner.steps.hardware import Hardware
from planner.steps.notes import Notes

__all__ = ["plan_power"]


def plan_power(hardware: Hardware, catalog: Catalog, notes: Notes, fabrics: Iterable[FabricPlan]) -> PowerPlan:
    """Sum the loads and walk the chain, once at nameplate and once as expected."""
    nodes_kw = sum(node.power_max_kw * count for node, _, count in hardware.nodes)
    liquid_kw = sum(node.power_max_kw * count * node.liquid_heat_fraction for node, _, count in hardware.nodes)
    servers_kw = sum(server.power_max_kw * count for server, count in hardware.servers())
    switches_max_kw = switches_expected_kw = switches_liquid_kw = 0.0
    for fabric in fabrics:
        if fabric.switch is None:
            continue
        switch = catalog.get(Switch, fabric.switch)
        count = fabric.switches_by_tier.total()
        # Node ends of cables are in the node's nameplate; every other end sits in a switch.
        optics_w = sum(
            group.count * (1 if group.layer == "node_leaf" else 2) * group.power_per_end_w for group in fabric.cables
        )
        most_kw = count * switch.power_max_w / 1000
        switches_max_kw += most_kw
        switches_liquid_kw += most_kw * switch.liquid_heat_fraction
        switches_expected_kw += min((count * switch.power_typical_w + optics_w) / 1000, most_kw)
    nameplate_kw = nodes_kw + servers_kw + switches_max_kw
    expected_kw = nodes_kw * hardware.duty_fraction + servers_kw + switches_expected_kw
    notes.assume(
        "power.expected",
        "expected power: nodes at the duty fraction, switches at typical power plus optics, servers at nameplate",
    )
    notes.assume(
        "power.chain",
        "stage efficiencies are constant; UPS and distribution losses heat the room; cooling is fed behind the transformer, not"
        " through the UPS",
    )
    stages, cooling_kw, air_kw, facility_kw = _chain(nameplate_kw, liquid_kw + switches_liquid_kw, hardware)
    share = expected_kw / nameplate_kw
    _, _, _, expected_facility_kw = _chain(expected_kw, (liquid_kw + switches_liquid_kw) * share, hardware)
    return PowerPlan(
        it_nameplate_kw=nameplate_kw,
        it_expected_kw=expected_kw,
        it_nameplate_by_use_kw={"nodes": nodes_kw, "switches": switches_max_kw, "servers": servers_kw},
        stages=stages,
        cooling_kw=cooling_kw,
        heat_air_kw=air_kw,
        heat_liquid_kw=liquid_kw + switches_liquid_kw,
        facility_kw=facility_kw,
        facility_expected_kw=expected_facility_kw,
        design_pue_ratio=facility_kw / nameplate_kw,
    )


def _chain(it_kw: float, liquid_kw: float, hardware: Hardware) -> tuple[tuple[PowerStagePlan, ...], float, float, float]:
    """Walk from the racks to the grid; return stages, cooling power, heat to air, and what the grid delivers."""
    stages = []
    power_kw = it_kw
    for name, row in (("distribution", hardware.distribution), ("ups", hardware.ups)):
        input_kw = stage_input_kw(power_kw, row.efficiency_fraction)
        stages.append(_stage(name, row.name, row.efficiency_fraction, power_kw, input_kw))
        power_kw = input_kw
    air_kw = power_kw - liquid_kw
    cooling_kw = cooling_power_kw(air_kw, hardware.air.overhead_kw_per_kw)
    cooling_kw += cooling_power_kw(liquid_kw, hardware.liquid.overhead_kw_per_kw)
    row = hardware.transformer
    facility_kw = stage_input_kw(power_kw + cooling_kw, row.efficiency_fraction)
    stages.append(_stage("transformer", row.name, row.efficiency_fraction, power_kw + cooling_kw, facility_kw))
    return tuple(reversed(stages)), cooling_kw, air_kw, facility_kw


def _stage(stage: str, name: str, efficiency_fraction: float, output_kw: float, input_kw: float) -> PowerStagePlan:
    return PowerStagePlan(
        stage=stage,
        name=name,
        efficiency_fraction=efficiency_fraction,
        output_kw=output_kw,
        loss_kw=input_kw - output_kw,
    )
