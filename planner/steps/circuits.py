"""Catalog rows become a circuit: how many units of each kind carry the heat at the design hour, and what drives the water."""

from __future__ import annotations

import dataclasses
import itertools
import math
from dataclasses import dataclass

import numpy as np

from planner.catalog import Catalog
from planner.catalog.records import CoolingPlant, CoolingUnit, PartLoadPoint
from planner.models.circuit import outdoors_of, terminal_state
from planner.models.circuit_units import Circuit, Compressor, Economizer, Loop, Terminal
from planner.models.cooling import chiller_cop_ratio, pump_power_kw
from planner.models.fluids import RANGE_C, kw_per_k_at_flow, pipe_pressure_drop_kpa
from planner.models.heat_exchange import rated_conductance_kw_per_k
from planner.models.rejection import STANDARD_KG_PER_M3, Outdoors, Rejection, carried_kw, root_of
from planner.models.weather import air_density_kg_per_m3
from planner.steps.notes import Notes

__all__ = ["Ask", "PumpedLoop", "Sized", "size_circuit"]

AIR_KJ_PER_KG_K = 1.006
CDUS_PER_GROUP = 4
PIPE_M = 200.0
PIPE_M_PER_S = 2.0
PIPE_KPA_PER_M = 0.4  # ASHRAE Handbook - Fundamentals (2017), chapter 22: pipes are sized for 100 to 400 Pa/m
PUMP_MARGIN_RATIO = 1.1
PIPE_FITTINGS_RATIO = 1.5
PIPE_ROUGHNESS_MM = 0.045
LEAST_OF_RATING = 0.1
ROOM = 1e-9
ROOM_HUMIDITY = 0.009  # mass of vapour over that of dry air: a dew point of 12 C


@dataclass(frozen=True)
class Ask:
    """What a circuit must do: heat at the design hour, the racks it comes from, and what the factory says of it."""

    heat_kw: float
    racks: tuple[tuple[int, float], ...]  # racks that are alike, and the heat of one [kW]
    redundancy: str
    supply_c: float
    dry: bool
    cycles_ratio: float | None
    dry_bulb_c: float
    wet_bulb_c: float
    pressure_pa: float


@dataclass(frozen=True)
class PumpedLoop:
    """A water loop at the design hour, and its pumps."""

    coolant: str
    flow_l_per_min: float
    pressure_drop_kpa: float
    kw_per_k: float
    count: int
    needed_count: int
    unit_kw_per_k: float


@dataclass(frozen=True)
class Sized:
    """A circuit with its units, the rows they come from, and its loops."""

    circuit: Circuit
    terminal: CoolingUnit
    groups_count: int
    pump: CoolingUnit | None
    chiller: CoolingUnit | None
    rejection: CoolingUnit | None
    facility: PumpedLoop | None
    outdoor: PumpedLoop | None
    rejection_unit_kw: float = 0.0  # what one tower or dry cooler carries at the design hour


def size_circuit(plant: CoolingPlant, catalog: Catalog, notes: Notes, ask: Ask) -> Sized:
    """Size a plant for its heat at the design hour: each kind of unit carries it with the spares out of service."""
    terminal = catalog.get(CoolingUnit, plant.terminal)
    pump = catalog.get(CoolingUnit, plant.pump) if plant.pump else None
    chiller = catalog.get(CoolingUnit, plant.chiller) if plant.chiller else None
    rejection = catalog.get(CoolingUnit, plant.rejection) if plant.rejection else None
    _check_roles(plant, terminal, pump, chiller, rejection, notes)
    chiller = chiller if chiller and chiller.role in ("chiller", "dx") else None  # else a finding already
    rejection = rejection if rejection and rejection.role in ("tower", "dry-cooler") else None
    heat = np.asarray(ask.heat_kw)
    pressure = np.asarray(ask.pressure_pa)

    one = _terminal(plant, terminal, ask, notes)
    groups, per_group = _terminal_groups(terminal, one, ask, plant)
    circuit = Circuit(
        supply_c=ask.supply_c,
        rise_k=plant.rise_k,
        terminal=dataclasses.replace(
            one, count=groups * _with_spares(per_group, ask, terminal), needed_count=groups * per_group
        ),
        free=plant.free,
        pad_fraction=_pad(plant, terminal, rejection),
        assist_above_c=plant.assist_above_c or 0.0,
        dry=ask.dry,
        cycles_ratio=ask.cycles_ratio or plant.cycles_ratio or 4.0,
        drift_fraction=plant.drift_fraction or 0.0,
    )
    state = terminal_state(circuit, circuit.terminal.needed_count, heat, pressure)
    facility = outdoor = None
    rejection_kw = 0.0
    if pump is not None:
        supply = float(state.facility_supply_c)
        coolant = "pg25" if rejection and rejection.role == "dry-cooler" and plant.outdoor_rise_k is None else "water"
        facility = _loop(float(state.facility_kw_per_k), coolant, supply, plant.facility_pressure_drop_kpa or 0.0, pump, ask)
        circuit = dataclasses.replace(circuit, facility=_model_loop(facility, plant.facility_rise_k or 0.0, pump))
    if chiller is not None or rejection is not None:
        circuit, outdoor, rejection_kw = _behind(plant, circuit, catalog, notes, ask, pump, chiller, rejection)
    return Sized(circuit, terminal, groups, pump, chiller, rejection, facility, outdoor, rejection_kw)


def _check_roles(
    plant: CoolingPlant,
    terminal: CoolingUnit,
    pump: CoolingUnit | None,
    chiller: CoolingUnit | None,
    rejection: CoolingUnit | None,
    notes: Notes,
) -> None:
    """Note a unit in the wrong place of a plant."""
    racks = ("cdu",) if plant.medium == "liquid" else ("crah", "fan-wall", "rear-door", "dx", "outside-air")
    compressors = ("dx",) if terminal.role == "dx" else ("chiller",)
    places = ((terminal, "terminal", racks), (pump, "pump", ("pump",)), (chiller, "chiller", compressors))
    for unit, column, roles in (*places, (rejection, "rejection", ("tower", "dry-cooler"))):
        if unit is not None and unit.role not in roles:
            message = f"{plant.name}: {unit.id} is of role {unit.role}; {' or '.join(roles)} belongs in {column}"
            notes.error("wrong-kind", f"catalog.cooling_plants.{plant.id}", message, "correct the row of your own")
    if terminal.role == "dx" and chiller is None:
        message = f"{plant.name}: a DX unit is its own chiller"
        notes.error("wrong-kind", f"catalog.cooling_plants.{plant.id}", message, f"name {terminal.id} as chiller too")


def _pad(plant: CoolingPlant, terminal: CoolingUnit, rejection: CoolingUnit | None) -> float:
    """Saturation efficiency of the pad that outdoor air goes through, if the plant may wet one."""
    if not plant.evaporative:
        return 0.0
    return (rejection or terminal).pad_fraction or 0.0


def _terminal(plant: CoolingPlant, row: CoolingUnit, ask: Ask, notes: Notes) -> Terminal:
    """Turn a unit at the racks into numbers."""
    if row.role == "cdu":
        hot = float(kw_per_k_at_flow(row.flow_l_per_min or 0.0, plant.coolant, known_c(ask.supply_c)))
    else:
        hot = (row.flow_m3_per_s or 0.0) * STANDARD_KG_PER_M3 * AIR_KJ_PER_KG_K
    cold = ua = 0.0
    if plant.facility_rise_k is not None and row.approach_k is not None:
        cold = row.capacity_kw / plant.facility_rise_k
        path = f"catalog.cooling_units.{row.id}"
        ua = _conductance(notes, path, row.name, row.capacity_kw, row.approach_k, hot, cold)
    return Terminal(row.role, 1, 1, row.capacity_kw, row.power_max_kw, hot, cold, ua, row.turndown_fraction or 0.0)


def _conductance(notes: Notes, path: str, name: str, heat_kw: float, approach_k: float, hot: float, cold: float) -> float:
    """Conductance by the rating; a rating that no exchanger can have is an error, and read as the nearest that one can."""
    try:
        return rated_conductance_kw_per_k(heat_kw, approach_k, hot, cold)
    except ValueError:
        least = heat_kw / cold - heat_kw / hot
        message = (
            f"{name}: with an approach of {approach_k:g} K, what cools would leave warmer than what is cooled comes in;"
            f" more than {least:.1f} K are needed at these flows"
        )
        hint = "a larger approach, more flow of what cools, or a smaller rise of it"
        notes.error("cooling-unit", path, message, hint, approach_k, least, "K")
        return rated_conductance_kw_per_k(heat_kw, least + 1.0, hot, cold)


def _unit_kw(one: Terminal, rise_k: float, ask: Ask) -> float:
    """Heat that one unit at the racks can carry: by its rating and by its flow, the air as thin as it is."""
    thin = 1.0
    if one.role != "cdu":
        thin = float(air_density_kg_per_m3(ask.supply_c, ROOM_HUMIDITY, ask.pressure_pa)) / STANDARD_KG_PER_M3
    return min(one.capacity_kw, rise_k * one.hot_kw_per_k * thin)


def _terminal_groups(row: CoolingUnit, one: Terminal, ask: Ask, plant: CoolingPlant) -> tuple[int, int]:
    """Count groups of units at the racks, and the units of a group that carry its heat."""
    unit_kw = _unit_kw(one, plant.rise_k, ask)
    by_heat = max(1, math.ceil(ask.heat_kw / unit_kw - ROOM))
    if row.role == "rear-door":
        return 1, max(by_heat, sum(racks for racks, _ in ask.racks))
    if row.role != "cdu":
        return 1, by_heat
    shares = 0.0
    for racks, rack_kw in ask.racks:
        if rack_kw > 0:
            per_cdu = math.floor(unit_kw / rack_kw + ROOM)
            shares += racks / per_cdu if per_cdu else racks * math.ceil(rack_kw / unit_kw)
    needed = max(by_heat, math.ceil(shares - ROOM))
    if ask.redundancy == "N":
        return needed, 1
    groups = math.ceil(needed / CDUS_PER_GROUP)
    return groups, math.ceil(needed / groups)


def _with_spares(needed: int, ask: Ask, row: CoolingUnit | None = None) -> int:
    """Add the spare units; a rear door stands at its own rack, so a spare helps nobody."""
    if row is not None and row.role == "rear-door":
        return needed
    return 2 * needed if ask.redundancy == "2N" else needed + {"N": 0, "N+1": 1, "N+2": 2}[ask.redundancy]


def known_c(temperature_c: float) -> float:
    """Keep a temperature within the range of the fluids' properties; one outside is a finding elsewhere."""
    return min(max(temperature_c, RANGE_C[0]), RANGE_C[1])


def _loop(kw_per_k: float, coolant: str, supply_c: float, equipment_kpa: float, pump: CoolingUnit, ask: Ask) -> PumpedLoop:
    """Work out flow and pressure drop of a loop, and count its pumps, the catalog's being the largest: they suit the flow."""
    celsius = known_c(supply_c)
    per_l = float(kw_per_k_at_flow(1.0, coolant, celsius))
    flow = max(kw_per_k / per_l, 1e-6)
    diameter_m = math.sqrt(flow / 60000.0 / PIPE_M_PER_S / (math.pi / 4))
    pipe_kpa = float(pipe_pressure_drop_kpa(flow, PIPE_M, diameter_m, PIPE_ROUGHNESS_MM, coolant, celsius))
    pipes_kpa = PIPE_FITTINGS_RATIO * min(pipe_kpa, PIPE_KPA_PER_M * PIPE_M)  # a small pipe is made wider
    needed = max(1, math.ceil(flow / (pump.flow_l_per_min or flow) - ROOM))
    return PumpedLoop(
        coolant=coolant,
        flow_l_per_min=flow,
        pressure_drop_kpa=equipment_kpa + pipes_kpa,
        kw_per_k=max(kw_per_k, 1e-6 * per_l),
        count=_with_spares(needed, ask),
        needed_count=needed,
        unit_kw_per_k=PUMP_MARGIN_RATIO * flow / needed * per_l,
    )


def _model_loop(loop: PumpedLoop, rise_k: float, pump: CoolingUnit) -> Loop:
    """Turn a loop into numbers for any hour."""
    power = pump_power_kw(loop.flow_l_per_min, loop.pressure_drop_kpa, pump.efficiency_fraction or 1.0)
    capacity = loop.needed_count * loop.unit_kw_per_k
    return Loop(loop.kw_per_k, rise_k, float(power), pump.turndown_fraction or 0.0, capacity)


def _behind(
    plant: CoolingPlant,
    circuit: Circuit,
    catalog: Catalog,
    notes: Notes,
    ask: Ask,
    pump: CoolingUnit | None,
    chiller: CoolingUnit | None,
    rejection: CoolingUnit | None,
) -> tuple[Circuit, PumpedLoop | None, float]:
    """Add chillers, the outdoor loop and what rejects the heat, and say what one unit of the latter carries."""
    air = outdoors_of(circuit, np.asarray(ask.dry_bulb_c), np.asarray(ask.wet_bulb_c), np.asarray(ask.pressure_pa))
    fullest = circuit.terminal.needed_count * _unit_kw(circuit.terminal, plant.rise_k, ask)
    needed = circuit.terminal.needed_count
    state = terminal_state(circuit, needed, np.asarray(ask.heat_kw), np.asarray(ask.pressure_pa))
    colder = terminal_state(circuit, needed, np.asarray(fullest), np.asarray(ask.pressure_pa))
    pumps_kw = circuit.facility.power_kw if circuit.facility else 0.0
    load_kw = float(state.heat_kw) + pumps_kw
    sink_c = float(air.wet_bulb_c if rejection and rejection.role == "tower" else air.pad_c)
    model = _rejection(rejection, notes) if rejection else None
    rejected_kw = load_kw
    if chiller is not None:
        full_kw = ask.heat_kw + needed * circuit.terminal.power_max_kw + pumps_kw
        entering_c = sink_c + (model.approach_k if model else 0.0)
        compressor = _compressor(chiller, catalog, notes, full_kw, float(colder.facility_supply_c), entering_c, ask)
        if chiller.role == "dx":  # one compressor a unit at the racks
            units = max(circuit.terminal.needed_count, compressor.needed_count)
            terminal = dataclasses.replace(circuit.terminal, needed_count=units, count=_with_spares(units, ask))
            compressor = dataclasses.replace(compressor, needed_count=units, count=terminal.count)
            circuit = dataclasses.replace(circuit, terminal=terminal)
        cop = float(_cop(compressor, float(colder.facility_supply_c), entering_c))
        worst_factor = np.interp(1.0, compressor.load_fractions, compressor.factor_ratios)
        rejected_kw = full_kw * (1.0 + 1.0 / (cop * float(worst_factor)))
        circuit = dataclasses.replace(circuit, chiller=compressor)
    if model is None or rejection is None or pump is None:
        return circuit, None, 0.0

    outdoor = None
    gap_k = 0.0
    facility_kw_per_k = circuit.facility.kw_per_k if circuit.facility else 1.0
    rise_k = load_kw / facility_kw_per_k
    if plant.outdoor_rise_k is not None:
        rise_k = plant.outdoor_rise_k
        coolant = "pg25" if rejection.role == "dry-cooler" else "water"
        drop_kpa = plant.outdoor_pressure_drop_kpa or 0.0
        lifted_kw = load_kw * (1.0 + 1.0 / chiller.cop_ratio) if chiller and chiller.cop_ratio else load_kw
        warm_c = sink_c + model.approach_k
        outdoor = _loop(max(lifted_kw, rejected_kw) / rise_k, coolant, warm_c, drop_kpa, pump, ask)
        loop = _model_loop(outdoor, rise_k, pump)
        rejected_kw += loop.power_kw
        economizer = None
        if plant.economizer_approach_k is not None and (plant.free or chiller is None):
            gap_k = plant.economizer_approach_k
            path = f"catalog.cooling_plants.{plant.id}"
            name = f"{plant.name}, economizer"
            ua = _conductance(notes, path, name, load_kw, gap_k, facility_kw_per_k, outdoor.kw_per_k)
            economizer = Economizer(ua, facility_kw_per_k, outdoor.kw_per_k)
        circuit = dataclasses.replace(circuit, outdoor_loop=loop, economizer=economizer)
        rise_k = rejected_kw / outdoor.kw_per_k
    wanted_c = float(state.facility_supply_c) - gap_k if chiller is None else sink_c + model.approach_k
    unit_kw = _rejection_unit_kw(model, wanted_c, rise_k, air)
    units = max(1, math.ceil(rejected_kw / unit_kw - ROOM))
    model = dataclasses.replace(model, needed_count=units, count=_with_spares(units, ask))
    return dataclasses.replace(circuit, rejection=model), outdoor, unit_kw


def _cop(compressor: Compressor, leaving_c: float, entering_c: float) -> float:
    """Full-load COP at the design hour."""
    rated = compressor.cop_ratio, compressor.leaving_c, compressor.entering_c
    return float(chiller_cop_ratio(*rated, leaving_c, entering_c))


def _compressor(
    row: CoolingUnit, catalog: Catalog, notes: Notes, load_kw: float, leaving_c: float, entering_c: float, ask: Ask
) -> Compressor:
    """Turn chillers into numbers, and count them by what their motors carry at the design hour."""
    points = sorted((point.load_fraction, point.factor_ratio) for point in catalog.all(PartLoadPoint) if point.item == row.id)
    draws = [load / factor for load, factor in points]
    fault = ""
    if len(points) < 2 or points[-1][0] < 1.0:
        fault = f"{len(points)} points, of which the last must be at full load; two are needed at least"
    elif any(later <= sooner for sooner, later in itertools.pairwise(draws)):
        fault = "more load would draw less power: load_fraction over factor_ratio must grow from point to point"
    elif abs(points[-1][1] - 1.0) > 1e-3:
        fault = f"factor_ratio at full load is {points[-1][1]:g}; it must be 1"
    if fault:
        hint = "correct or add rows of part_load_points of your own"
        notes.error("part-load-curve", f"catalog.part_load_points.{row.id}", f"{row.name}: {fault}", hint)
        points = [(1.0, 1.0)]
    rating = row.cop_ratio or 1.0, row.leaving_c or 0.0, row.entering_c or 0.0
    loads, factors = zip(*points, strict=True)
    compressor = Compressor(1, 1, row.capacity_kw, *rating, tuple(loads), tuple(factors))
    motors = min(_cop(compressor, leaving_c, entering_c) / compressor.cop_ratio, 1.0)
    needed = max(1, math.ceil(load_kw / (row.capacity_kw * motors) - ROOM))
    return dataclasses.replace(compressor, needed_count=needed, count=_with_spares(needed, ask))


def _rejection(row: CoolingUnit, notes: Notes) -> Rejection:
    """Turn a tower or dry cooler into numbers; a rating that no coil or fill can have is an error."""
    model = Rejection(
        role=row.role,
        count=1,
        needed_count=1,
        capacity_kw=row.capacity_kw,
        power_max_kw=row.power_max_kw,
        air_m3_per_s=row.flow_m3_per_s or 1.0,
        turndown_fraction=row.turndown_fraction or 0.0,
        approach_k=row.approach_k or 0.0,
        rise_k=row.rise_k or 0.0,
        rated_air_c=row.entering_c or 0.0,
    )
    for _ in range(40):
        try:
            model.transfer()
        except ValueError:
            message = (
                f"{row.name}: {row.flow_m3_per_s:g} m3/s of air cannot carry {row.capacity_kw:,.0f} kW at its approach and rise"
            )
            hint = "more air, a larger approach, or less capacity"
            notes.error("cooling-unit", f"catalog.cooling_units.{row.id}", message, hint)
            model = dataclasses.replace(model, air_m3_per_s=1.5 * model.air_m3_per_s)
        else:
            break
    return model


def _rejection_unit_kw(model: Rejection, wanted_c: float, rise_k: float, air: Outdoors) -> float:
    """Heat that one unit carries at the design hour: at most its rating, at least a tenth of it."""
    transfer = model.transfer()
    full = np.asarray(1.0)

    def too_much(heat: np.ndarray) -> np.ndarray:
        water = heat / rise_k
        return heat - carried_kw(model, transfer, 1, np.asarray(wanted_c + rise_k), np.asarray(wanted_c), water, full, air)

    low, high = np.asarray(LEAST_OF_RATING * model.capacity_kw), np.asarray(model.capacity_kw)
    return float(root_of(too_much, low, high)) * (1.0 - 1e-9)
