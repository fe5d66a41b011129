"""What a synchronous training job does to the grid, and what capping its GPUs saves and costs."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from planner.catalog import Catalog
from planner.catalog.records import PowerStage, RackPower
from planner.models.loads import NodePower, node_draw_kw
from planner.models.swing import EDGE_S, Storage, Wave, band_rms_kw, capped_throughput, clock_at_cap, ramp_kw_per_s, smoothed
from planner.plan_facility import CapPlan, SwingPlan
from planner.spec import Factory
from planner.steps.facility import ChainDesign, Loads
from planner.steps.hardware import Hardware
from planner.steps.loads import SWING_URL, node_power
from planner.steps.notes import Notes
from planner.units import figure

__all__ = ["CAP_SHARES", "plan_caps", "plan_swing"]

STEP_S = 10.0
COMMUNICATION_FRACTION = 0.2
LEAST_PHASE_S = 1e-3  # voltage regulators store as much: a shorter phase is not seen outside a node
EDGE_URL = "https://rencewise.com/articles/AI-Workload-Power-Dynamics"
CAP_URL = "https://factryze.ai/scale-atlas/power/power-capping"

CAP_SHARES = (1.0, 0.9, 0.8, 0.7, 0.6)
"""Caps that are looked at, over the full power of the GPU that draws most."""

_KJ_PER_KWH = 3600.0


def plan_swing(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    loads: Loads,
    chain: ChainDesign,
    cooling_kw: float,
    house_kw: float = 0.0,
) -> SwingPlan:
    """Give the swing of the grid's load while a job steps: depth, slope, spectrum, and what storage leaves of them.

    Parameters
    ----------
    factory, hardware, catalog, notes
        As in every step.
    loads : Loads
        The IT load while the job computes, and while it communicates.
    chain : ChainDesign
        What the chain adds to either, and its battery systems.
    cooling_kw, house_kw : float
        Drawn throughout [kW]: a plant does not follow within seconds.
    """
    period_s, waiting = _step(factory, notes)
    high_kw, low_kw = _at_the_grid(loads, chain, cooling_kw, house_kw)
    shorter_s = min(waiting, 1.0 - waiting) * period_s
    if shorter_s < LEAST_PHASE_S:  # it computes all the time, or waits all the time
        high_kw = low_kw = low_kw if waiting > 0.5 else high_kw
    swing_kw = max(high_kw - low_kw, 0.0)
    edge_s = min(EDGE_S, shorter_s)
    wave = Wave(swing_kw, period_s, 1.0 - waiting, edge_s)
    left, by = wave, []
    in_racks_kw = loads.gpu_high_kw - loads.gpu_low_kw
    for name, storage in (("power supplies", _supplies(hardware, catalog)), ("battery system", _batteries(chain, catalog))):
        # The chain adds its losses to what the supplies' storage takes off behind it.
        gain = swing_kw / in_racks_kw if name == "power supplies" and in_racks_kw > 0 else 1.0
        after = smoothed(left, Storage(storage.energy_kj * gain, storage.power_kw * gain))
        if after != left:
            left = after
            by.append(name)
    return SwingPlan(
        high_kw=high_kw,
        low_kw=low_kw,
        swing_kw=swing_kw,
        smoothed_swing_kw=left.swing_kw,
        ramp_kw_per_s=ramp_kw_per_s(wave),
        smoothed_ramp_kw_per_s=ramp_kw_per_s(left),
        fundamental_hz=1.0 / period_s,
        band_kw=band_rms_kw(left),
        smoothed_by=tuple(by),
    )


def plan_caps(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    loads: Loads,
    facility_kw: Callable[[float], float],
) -> tuple[CapPlan, ...]:
    """Cap all GPUs step by step: design load, throughput, and how many nodes the power of today would then carry.

    Parameters
    ----------
    factory, hardware, catalog, notes
        As in every step.
    loads : Loads
        The loads of today, with the cap that the factory declares, if any.
    facility_kw : callable
        IT load [kW] -> what the whole factory then takes [kW].

    Returns
    -------
    tuple of CapPlan
        By falling cap, from full power; throughputs are over that of full power.
    """
    most_w = max((gpu.power_max_w or 0.0 for _, gpu, _ in hardware.nodes), default=0.0)
    if not most_w:
        return ()
    _, waiting = _step(factory, notes)
    notes.assume(
        "power.caps",
        "a capped GPU's clock goes with the cube root of what it may draw beyond idle (dynamic power is f V^2, voltage follows"
        " the clock); the part of a step in which GPUs wait for each other is not slowed. Published for training on H100 at 600"
        " of 700 W: 5 to 15 % less, the law gives 4.5 %; memory-bound work loses less",
        CAP_URL,
        "secondary",
    )
    kinds = [
        (node_power(node, gpu, catalog), node.gpus_count * gpu.bf16_dense_tflops, count) for node, gpu, count in hardware.nodes
    ]
    diversity = 1.0 if factory.power.diversity_fraction is None else factory.power.diversity_fraction

    def nodes_kw(cap_w: float) -> float:
        return diversity * sum(count * sum(node_draw_kw(power, 1.0, 1.0, cap_w).values()) for power, _, count in kinds)

    now_kw = loads.power_kw["design"]
    others_kw = now_kw - nodes_kw(factory.workloads.gpu_cap_w or math.inf)
    full = sum(count * weight for _, weight, count in kinds)
    nodes = sum(count for _, _, count in kinds)
    found = []
    for share in CAP_SHARES:
        cap_w = share * most_w
        it_kw = others_kw + nodes_kw(cap_w)
        done = sum(count * weight * _throughput(power, cap_w, waiting) for power, weight, count in kinds)
        throughput = done / full if full else 1.0
        carried = int(nodes * facility_kw(now_kw) / facility_kw(it_kw) + 1e-9)
        found.append(
            CapPlan(
                gpu_cap_w=cap_w,
                it_kw=it_kw,
                facility_kw=facility_kw(it_kw),
                throughput_ratio=throughput,
                nodes_at_same_power_count=carried,
                throughput_at_same_power_ratio=throughput * carried / nodes,
            )
        )
    return tuple(found)


def _step(factory: Factory, notes: Notes) -> tuple[float, float]:
    """Give the period of a step and the part of it that GPUs wait, and note what is left open."""
    work = factory.workloads
    if work.step_s is None:
        statement = f"not declared: {figure(STEP_S)} s, a synchronous training job's step"
        notes.assume("workloads.step", statement, confidence="assumption")
    if work.communication_fraction is None:
        statement = f"not declared: GPUs wait for each other in {COMMUNICATION_FRACTION:g} of a step"
        notes.assume("workloads.communication_fraction", statement, confidence="assumption")
    if work.synchronous_fraction is None:
        notes.assume("workloads.synchronous_fraction", "not declared: 1, all GPUs work in one synchronous job")
    notes.assume(
        "power.swing",
        "a synchronous job's GPUs draw full power (or their cap) while they compute and idle power while they communicate;"
        " CPUs, fans, switches and cooling stay as expected; storage is spent on longer edges first, then on less swing",
        SWING_URL,
        "secondary",
    )
    notes.assume(
        "power.ramp",
        f"power rises and falls within {EDGE_S:g} s, the slowest that racks at work are reported to do; faster edges are"
        " steeper in proportion",
        EDGE_URL,
        "secondary",
    )
    waiting = COMMUNICATION_FRACTION if work.communication_fraction is None else work.communication_fraction
    return work.step_s or STEP_S, waiting


def _at_the_grid(loads: Loads, chain: ChainDesign, cooling_kw: float, house_kw: float) -> tuple[float, float]:
    """Add the chain's losses, cooling and house to the IT load, high and low."""
    it_kw = np.array([loads.gpu_high_kw, loads.gpu_low_kw])
    none, cooling, house = np.zeros(2), np.full(2, cooling_kw), np.full(2, house_kw)
    total = it_kw + cooling + house
    for loss in chain.losses_kw(it_kw, none, cooling, house).values():
        total = total + loss
    return float(total[0]), float(total[1])


def _supplies(hardware: Hardware, catalog: Catalog) -> Storage:
    """Add up the energy stored in the racks' power supplies."""
    energy_kj = power_kw = 0.0
    for node, _, count in hardware.nodes:
        row = catalog.get(RackPower, node.rack_power)
        supply = catalog.get(PowerStage, row.supply)
        supplies = -(-count // row.nodes_per_chassis_count) * row.supplies_per_chassis_count
        if supply.energy_kwh:
            energy_kj += supplies * supply.energy_kwh * _KJ_PER_KWH
            power_kw += supplies * (supply.rating_kw or 0.0)
    return Storage(energy_kj, power_kw)


def _batteries(chain: ChainDesign, catalog: Catalog) -> Storage:
    """Add up the battery systems at the main switchboards."""
    units = [(unit.rating_kw, catalog.get(PowerStage, unit.item)) for unit in chain.units if unit.stage == "bess"]
    energy_kj = sum(
        (row.energy_kwh or 0.0) * rating_kw / (row.rating_kw or rating_kw) * _KJ_PER_KWH for rating_kw, row in units
    )
    return Storage(energy_kj, sum(rating_kw for rating_kw, _ in units))


def _throughput(power: NodePower, cap_w: float, waiting: float) -> float:
    """Give the throughput of nodes under a cap over that at full power."""
    if power.gpu_max_w <= power.gpu_idle_w:
        return 1.0
    clock = clock_at_cap(cap_w, power.gpu_idle_w, power.gpu_max_w)
    return capped_throughput(clock, waiting) if clock > 0 else 0.0
