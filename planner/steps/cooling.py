"""Cooling at the design hour: units, loops, what limits the supply, and how long it lasts without."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.catalog import Catalog
from planner.catalog.records import CoolingPlant
from planner.models.circuit import CircuitHours, TerminalState, capacity_kw, outdoors_of, run_circuit, terminal_state
from planner.models.cooling import affinity_head_kpa, heat_up_s
from planner.models.fluids import RANGE_C, density_kg_per_m3, heat_capacity_kj_per_kg_k, kw_per_k_at_flow
from planner.models.plant import Plant
from planner.models.rejection import STANDARD_KG_PER_M3
from planner.models.weather import air_density_kg_per_m3
from planner.plan_facility import CoolingPlan, CoolingUnits, LoopPlan, TripPlan
from planner.spec import Factory
from planner.steps.circuits import (
    AIR_KJ_PER_KG_K,
    CDUS_PER_GROUP,
    PIPE_FITTINGS_RATIO,
    PIPE_KPA_PER_M,
    PIPE_M,
    PIPE_M_PER_S,
    PUMP_MARGIN_RATIO,
    ROOM_HUMIDITY,
    Ask,
    Sized,
    known_c,
    size_circuit,
)
from planner.steps.facility import Climate, CoolingDesign, Loads
from planner.steps.hardware import Hardware
from planner.steps.notes import Notes

__all__ = ["CHILLERS_STOP", "W_CLASS_MAX_C", "plan_cooling"]

W_CLASS_MAX_C = {"W17": 17.0, "W27": 27.0, "W32": 32.0, "W40": 40.0, "W45": 45.0, "W+": None}
"""Warmest facility water by ASHRAE class of liquid-cooled equipment; W+ is without a limit above 45 C."""

W_CLASS_URL = "https://www.ashrae.org/technical-resources/bookstore/datacom-series"
ROOM_LOSS_FRACTION = 0.05
COOLANT_MARGIN_K = 10.0
AIR_MAX_C = 32.0
LEAST_MARGIN_K = 1.0
LEAST_CHILLER_FRACTION = 0.2  # of its rating; centrifugal and screw machines turn down to 10 to 20 %
RACK_LOOP_L_PER_KW = 0.5
CHILLERS_STOP = "chillers stop"
FACILITY_L_PER_KW = 5.0
ROOM_AIR_M3_PER_RACK = 10.0
RACK_METAL_KJ_PER_K = 200.0  # what servers' metal takes up while the air warms


def plan_cooling(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    loads: Loads,
    climate: Climate,
    room_kw: float | None = None,
) -> CoolingDesign:
    """Size both plants for the design hour and describe them there.

    Heat to the air is what coolant does not take up, and what the electrical rooms lose [kW]: `room_kw` where the chain is
    known, else a share of the IT load to begin with.
    """
    cooling = factory.cooling
    redundancy = cooling.redundancy or "N+1"
    design_kw, liquid_kw = loads.power_kw["design"], loads.heat_liquid_kw["design"]
    air_kw = max(design_kw - liquid_kw, 0.0) + (ROOM_LOSS_FRACTION * design_kw if room_kw is None else room_kw)
    _note_rules(factory, notes, liquid_kw > 0)

    def ask(plant: CoolingPlant, heat_kw: float, supply_c: float | None, liquid: bool) -> Ask:
        racks = tuple(
            (
                group.racks,
                group.power_kw["design"] / group.racks * (group.liquid_fraction if liquid else 1 - group.liquid_fraction),
            )
            for group in loads.groups
            if group.racks
        )
        return Ask(
            heat_kw=heat_kw,
            racks=racks,
            redundancy=redundancy,
            supply_c=plant.supply_c if supply_c is None else supply_c,
            dry=bool(cooling.dry),
            cycles_ratio=cooling.cycles_ratio,
            dry_bulb_c=climate.design_dry_bulb_c,
            wet_bulb_c=min(climate.design_wet_bulb_c, climate.design_dry_bulb_c),
            pressure_pa=1000.0 * climate.plan.pressure_kpa,
        )

    asks = {
        "air": ask(hardware.air, air_kw, cooling.air_supply_c, False),
        "liquid": ask(hardware.liquid, liquid_kw, cooling.liquid_supply_c, True),
    }
    plants = {"air": hardware.air, "liquid": hardware.liquid}
    sized = {
        medium: size_circuit(plants[medium], catalog, notes, wanted) for medium, wanted in asks.items() if wanted.heat_kw > 0
    }
    reuse = cooling.heat_reuse
    plant = Plant(
        air=sized["air"].circuit if "air" in sized else None,
        liquid=sized["liquid"].circuit if "liquid" in sized else None,
        reuse_max_kw=reuse.heat_max_kw if reuse else 0.0,
        reuse_min_c=reuse.supply_min_c if reuse else 0.0,
        reuse_months=reuse.months if reuse else (),
    )
    loops: list[LoopPlan] = []
    units: list[CoolingUnits] = []
    trips: list[TripPlan] = []
    carried_kw, facility_supply_c = 0.0, None
    for medium in ("liquid", "air"):
        if medium not in sized:
            continue
        hour = _design_hour(sized[medium], asks[medium])
        if ends_at_the_site(sized[medium]):
            message = f"{plants[medium].name}: what takes its heat from the hall to the sky is the site's, and not in the plan"
            hint = "read PUE, WUE, CUE and capital without it; or name a plant that rejects its heat"
            notes.warn("partial-plant", f"cooling.{medium}", message, hint)
        loops += _loops(plants[medium], sized[medium], asks[medium], hour)
        units += _units(medium, sized[medium], asks[medium], hour)
        trips += _trips(factory, plants[medium], sized[medium], asks[medium], loads, hour)
        carried = _check(factory, notes, plants[medium], sized[medium], asks[medium], hour)
        if sized[medium].circuit.terminal.power_max_kw <= 0:  # no machine: its rating stands for nothing
            carried = min(carried, asks[medium].heat_kw)
        carried_kw += carried
        if medium == "liquid":
            facility_supply_c = float(hour.facility_supply_c)
    limit_c = W_CLASS_MAX_C[cooling.w_class or "W45"] if liquid_kw > 0 else None
    plan = CoolingPlan(
        design_dry_bulb_c=climate.design_dry_bulb_c,
        design_wet_bulb_c=climate.design_wet_bulb_c,
        w_class=(cooling.w_class or "W45") if liquid_kw > 0 else None,
        facility_supply_max_c=limit_c,
        facility_supply_c=facility_supply_c,
        loops=tuple(loops),
        units=tuple(units),
        trips=tuple(trips),
        capacity_kw=carried_kw,
        heat_kw=air_kw + liquid_kw,
    )
    return CoolingDesign(plan, plant)


def ends_at_the_site(sized: Sized) -> bool:
    """Tell whether a circuit hands its heat to water of the site's, which is not planned."""
    machine = sized.circuit.terminal.power_max_kw > 0 and sized.terminal.role not in ("dx", "outside-air")
    return machine and sized.chiller is None and sized.rejection is None


def _note_rules(factory: Factory, notes: Notes, liquid: bool) -> None:
    """Note what the factory leaves open and the rules that units are counted by."""
    cooling = factory.cooling
    for path, declared, text in (
        ("cooling.redundancy", cooling.redundancy, "not declared: N+1, one spare unit of every kind (of CDUs, in every group)"),
        ("cooling.air_supply", cooling.air_supply_c, "not declared: as the plant's row says"),
        ("cooling.dry", cooling.dry, "not declared: water may be evaporated where the plant can"),
        ("cooling.buffer", cooling.buffer_m3, "not declared: no buffer tanks"),
        ("cooling.cycles", cooling.cycles_ratio, "not declared: cycles of concentration as the plant's row says"),
        ("cooling.heat_reuse", cooling.heat_reuse, "not declared: no heat is reused"),
    ):
        if declared is None:
            notes.assume(path, text)
    if liquid and cooling.liquid_supply_c is None:
        notes.assume("cooling.liquid_supply", "not declared: as the plant's row says")
    if liquid and cooling.w_class is None:
        notes.assume("cooling.w_class", "not declared: W45, facility water of at most 45 C", W_CLASS_URL, "assumption")
    notes.assume("cooling.room_heat", "what the chain loses in the hall and the electrical rooms is heat for the air plant")
    notes.assume(
        "cooling.units",
        "units of every kind carry the heat of the design hour at the racks' supply temperatures with the spares out of"
        " service; none carries more than its rating in milder weather; all of them run and share the load, but of"
        " chillers as many run as draw least, one at least; fans of towers and dry coolers behind chillers hold the rated"
        " approach; temperatures are held exactly, sensors and valves do not drift",
    )
    notes.assume(
        "cooling.pumps",
        f"pumps are sized for their loop's flow with a margin of {PUMP_MARGIN_RATIO - 1:.0%}, as few as the catalog's largest"
        " allows, and all have its efficiency",
    )
    notes.assume(
        "cooling.air.bypass",
        "room units move the air that the plant's rise asks for (cooling_plants.csv, rise_k), and nothing beside it: bypass and"
        " leakage are in that rise. A DGX H100 warms its own air by some 16 K (10.2 kW, 1,105 CFM): 12 K at the room units"
        " leave a quarter of the air to pass by the racks; hot air that gets back to inlets is not modelled",
        "https://docs.nvidia.com/dgx/dgxh100-user-guide/introduction-to-dgxh100.html",
        "assumption",
    )
    if liquid:
        notes.assume(
            "cooling.cdus",
            f"no rack is split over CDUs; with spares, up to {CDUS_PER_GROUP} CDUs that carry load share a manifold with them",
        )
    notes.assume(
        "cooling.pipes",
        f"facility water goes through {PIPE_M:g} m of steel pipe at {PIPE_M_PER_S:g} m/s, or slower where friction"
        f" would be above {1000 * PIPE_KPA_PER_M:g} Pa/m, fittings add {PIPE_FITTINGS_RATIO - 1:.0%}; water outdoors"
        " without a loop of its own is PG25",
    )
    notes.assume(
        "cooling.trips",
        f"time to trip: {RACK_LOOP_L_PER_KW:g} l/kW of coolant beside the CDUs', {FACILITY_L_PER_KW:g} l/kW of facility water,"
        f" {ROOM_AIR_M3_PER_RACK:g} m3 of room air and {RACK_METAL_KJ_PER_K:g} kJ/K of metal a rack; CDUs whose pumps"
        " stop give none of theirs, and coolant may warm by"
        f" {COOLANT_MARGIN_K:g} K, air up to {AIR_MAX_C:g} C (ASHRAE A1 allowable)",
        confidence="assumption",
    )


def _design_hour(sized: Sized, ask: Ask) -> CircuitHours:
    """Run the circuit with all its units at the design hour."""
    air = outdoors_of(sized.circuit, np.asarray(ask.dry_bulb_c), np.asarray(ask.wet_bulb_c), np.asarray(ask.pressure_pa))
    return run_circuit(sized.circuit, np.asarray(ask.heat_kw), air, np.asarray(0.0), 0.0)


def _loops(plant: CoolingPlant, sized: Sized, ask: Ask, hour: CircuitHours) -> Iterator[LoopPlan]:
    """Describe the loops of a circuit, from the racks outwards."""
    circuit, liquid = sized.circuit, plant.medium == "liquid"
    state = _racks(sized, ask)
    per_unit = _rate_per_flow(plant, ask)
    flow = float(state.racks_kw_per_k) / per_unit
    # Fans push against their own unit; CDUs, spares too, against the racks and pipes that the needed ones are rated for.
    units = circuit.terminal.needed_count if circuit.terminal.role == "cdu" else circuit.terminal.count
    rated = units * circuit.terminal.hot_kw_per_k * (1.0 if liquid else per_unit / AIR_KJ_PER_KG_K / STANDARD_KG_PER_M3)
    share = min(float(state.racks_kw_per_k) / rated, 1.0)
    yield LoopPlan(
        name="racks" if liquid else "room air",
        medium=plant.medium,
        coolant=plant.coolant,
        heat_kw=ask.heat_kw,
        supply_c=ask.supply_c,
        return_c=ask.supply_c + ask.heat_kw / float(state.racks_kw_per_k),
        flow_l_per_min=flow if liquid else None,
        flow_m3_per_s=None if liquid else flow,
        pressure_drop_kpa=float(affinity_head_kpa(sized.terminal.pressure_drop_kpa or 0.0, share)),
        drive_kw=float(state.power_kw),
    )
    supply_c, outdoor_c = float(hour.facility_supply_c), float(hour.outdoor_supply_c)
    facility_kw = float(hour.facility_pumps_kw)
    for name, loop, model, heat_kw, cold_c, drive_kw in (
        ("facility water", sized.facility, circuit.facility, float(state.heat_kw), supply_c, facility_kw),
        (
            "outdoor water",
            sized.outdoor,
            circuit.outdoor_loop,
            float(hour.rejected_kw),
            outdoor_c,
            float(hour.pumps_kw) - facility_kw,
        ),
    ):
        if loop is None or model is None:
            continue
        share = (drive_kw / model.power_kw) ** (1 / 3)  # of the flow that the pumps were counted for
        yield LoopPlan(
            name=name,
            medium=plant.medium,
            coolant=loop.coolant,
            heat_kw=heat_kw,
            supply_c=cold_c,
            return_c=cold_c + heat_kw / (loop.kw_per_k * share),
            flow_l_per_min=loop.flow_l_per_min * share,
            flow_m3_per_s=None,
            pressure_drop_kpa=float(affinity_head_kpa(loop.pressure_drop_kpa, share)),
            drive_kw=drive_kw,
        )


def _racks(sized: Sized, ask: Ask) -> TerminalState:
    """Run all units at the racks at the design hour."""
    units = sized.circuit.terminal.count
    return terminal_state(sized.circuit, units, np.asarray(ask.heat_kw), np.asarray(ask.pressure_pa))


def _rate_per_flow(plant: CoolingPlant, ask: Ask) -> float:
    """Heat per kelvin that a l/min of coolant or a m3/s of air carries."""
    if plant.medium == "liquid":
        return float(kw_per_k_at_flow(1.0, plant.coolant, known_c(ask.supply_c)))
    return float(air_density_kg_per_m3(ask.supply_c, ROOM_HUMIDITY, ask.pressure_pa)) * AIR_KJ_PER_KG_K


def _units(medium: str, sized: Sized, ask: Ask, hour: CircuitHours) -> Iterator[CoolingUnits]:
    """List the units of a circuit; what needs no power and is no machine is left out."""
    circuit = sized.circuit
    terminal, groups = circuit.terminal, sized.groups_count
    if terminal.power_max_kw > 0:
        yield CoolingUnits(
            name=f"{medium}: {sized.terminal.name}",
            loop=medium,
            item=sized.terminal.id,
            role=sized.terminal.role,
            groups_count=groups,
            count=terminal.count // groups,
            needed_count=terminal.needed_count // groups,
            capacity_kw=min(terminal.capacity_kw, circuit.rise_k * terminal.hot_kw_per_k),
            load_kw=ask.heat_kw / terminal.count,
            power_kw=float(hour.terminal_kw + (hour.chillers_kw if terminal.role == "dx" else 0.0)),
            on_ups=terminal.role != "dx",
        )
    facility_kw = float(hour.facility_pumps_kw)
    for name, loop, carried_kw, power_kw in (
        ("facility pumps", sized.facility, ask.heat_kw, facility_kw),
        ("outdoor pumps", sized.outdoor, float(hour.rejected_kw), float(hour.pumps_kw) - facility_kw),
    ):
        if loop is not None and sized.pump is not None:
            yield CoolingUnits(
                name=f"{medium}: {name}",
                loop=medium,
                item=sized.pump.id,
                role=sized.pump.role,
                groups_count=1,
                count=loop.count,
                needed_count=loop.needed_count,
                capacity_kw=loop.unit_kw_per_k * carried_kw / loop.kw_per_k,
                load_kw=carried_kw / loop.count,
                power_kw=power_kw,
                on_ups=True,
            )
    if circuit.chiller is not None and sized.chiller is not None and sized.chiller.role == "chiller":
        yield CoolingUnits(
            name=f"{medium}: {sized.chiller.name}",
            loop=medium,
            item=sized.chiller.id,
            role=sized.chiller.role,
            groups_count=1,
            count=circuit.chiller.count,
            needed_count=circuit.chiller.needed_count,
            capacity_kw=circuit.chiller.capacity_kw,
            load_kw=ask.heat_kw / circuit.chiller.count,
            power_kw=float(hour.chillers_kw),
            on_ups=False,
        )
    if circuit.rejection is not None and sized.rejection is not None:
        yield CoolingUnits(
            name=f"{medium}: {sized.rejection.name}",
            loop=medium,
            item=sized.rejection.id,
            role=sized.rejection.role,
            groups_count=1,
            count=circuit.rejection.count,
            needed_count=circuit.rejection.needed_count,
            capacity_kw=sized.rejection_unit_kw,
            load_kw=float(hour.rejected_kw) / circuit.rejection.count,
            power_kw=float(hour.rejection_kw),
            on_ups=False,
        )


def _trips(
    factory: Factory, plant: CoolingPlant, sized: Sized, ask: Ask, loads: Loads, hour: CircuitHours
) -> Iterator[TripPlan]:
    """Say how long it lasts when something stops that the rest does not stand in for."""
    circuit, medium = sized.circuit, plant.medium
    if circuit.terminal.power_max_kw <= 0:
        return
    if medium == "liquid":
        stands = RACK_LOOP_L_PER_KW * ask.heat_kw * _kj_per_l_k(plant.coolant, ask.supply_c)
        near = stands + circuit.terminal.count * (sized.terminal.volume_l or 0.0) * _kj_per_l_k(plant.coolant, ask.supply_c)
        margin, drives = COOLANT_MARGIN_K, "all CDU pumps stop"
    else:
        racks = sum(group.racks for group in loads.groups)
        near = stands = racks * (ROOM_AIR_M3_PER_RACK * _rate_per_flow(plant, ask) + RACK_METAL_KJ_PER_K)
        margin, drives = max(AIR_MAX_C - ask.supply_c, LEAST_MARGIN_K), "all room units stop"

    def trip(event: str, heat_kw: float, mass: float, restart_s: float | None = None) -> TripPlan:
        return TripPlan(
            event=event,
            loop=medium,
            heat_kw=heat_kw,
            thermal_mass_kj_per_k=mass,
            margin_k=margin,
            trip_s=float(heat_up_s(heat_kw, mass, margin)),
            restart_s=restart_s,
        )

    # What no pump moves out of a CDU takes up nothing. All but DX runs on the UPS.
    yield trip(drives, ask.heat_kw, stands, sized.terminal.restart_s)
    if medium == "liquid" and circuit.terminal.count == circuit.terminal.needed_count:
        share = 1.0 / sized.groups_count
        yield trip("one CDU stops, without a spare", share * ask.heat_kw, share * stands)
    if sized.facility is None:
        return
    yield trip("facility pumps stop", ask.heat_kw, near)
    volume = FACILITY_L_PER_KW * ask.heat_kw
    buffer = 1000.0 * (factory.cooling.buffer_m3 or 0.0) * _buffer_share(ask, loads)
    far = (volume + buffer) * _kj_per_l_k(sized.facility.coolant, float(hour.facility_supply_c))
    event, restart_s = (CHILLERS_STOP, sized.chiller.restart_s) if sized.chiller else ("heat rejection stops", 0.0)
    yield trip(event, ask.heat_kw, near + far, restart_s)


def _buffer_share(ask: Ask, loads: Loads) -> float:
    """Part of the buffer tanks that stands in a circuit: its part of all heat."""
    design_kw = loads.power_kw["design"]
    return ask.heat_kw / (design_kw * (1 + ROOM_LOSS_FRACTION)) if design_kw > 0 else 0.0


def _kj_per_l_k(coolant: str, temperature_c: float) -> float:
    """Heat that a litre takes up per kelvin."""
    celsius = known_c(temperature_c)
    return float(density_kg_per_m3(coolant, celsius) * heat_capacity_kj_per_kg_k(coolant, celsius)) / 1000.0


def _check(factory: Factory, notes: Notes, plant: CoolingPlant, sized: Sized, ask: Ask, hour: CircuitHours) -> float:
    """Hold a circuit against its limits; return the heat that it can carry at the design hour."""
    medium, circuit = plant.medium, sized.circuit
    air = outdoors_of(circuit, np.asarray(ask.dry_bulb_c), np.asarray(ask.wet_bulb_c), np.asarray(ask.pressure_pa))
    carried = float(capacity_kw(circuit, air))
    facility_c = float(hour.facility_supply_c)
    path = f"cooling.{medium}_supply"
    warmest = ask.supply_c + plant.rise_k if medium == "liquid" else ask.supply_c
    coldest = min(ask.supply_c, facility_c)
    for celsius in (coldest, warmest):
        if not RANGE_C[0] <= celsius <= RANGE_C[1]:
            limit = RANGE_C[0] if celsius < RANGE_C[0] else RANGE_C[1]
            known = f"properties are known from {RANGE_C[0]:g} to {RANGE_C[1]:g} C"
            message = f"{plant.name}: water or coolant of {celsius:.1f} C; {known}"
            notes.error("temperature-range", path, message, "a supply temperature further inside", celsius, limit, "C")
    if carried < ask.heat_kw * (1 - 1e-6):
        notes.error("heat-rejection", f"cooling.{medium}", *_why(factory, plant, ask, carried, facility_c))
    if medium == "air" and ask.supply_c > AIR_MAX_C:
        message = (
            f"{plant.name}: air of {ask.supply_c:g} C at the racks' inlets; equipment may have {AIR_MAX_C:g} C (ASHRAE A1)"
        )
        hint = "a colder cooling.air_supply: 18 to 27 C is recommended"
        notes.error("air-inlet", path, message, hint, ask.supply_c, AIR_MAX_C, "C")
    chiller = circuit.chiller
    if chiller is not None and circuit.terminal.role != "dx" and ask.heat_kw < LEAST_CHILLER_FRACTION * chiller.capacity_kw:
        least_kw = LEAST_CHILLER_FRACTION * chiller.capacity_kw
        message = (
            f"{plant.name}: one chiller of {chiller.capacity_kw:,.0f} kW has only {ask.heat_kw:,.0f} kW to carry at the design"
            f" hour; below {least_kw:,.0f} kW it cycles and needs more power for the same heat"
        )
        hint = "cooling.air: air-dx, or smaller chillers in a catalog of your own"
        notes.warn("chiller-oversized", f"cooling.{medium}", message, hint, ask.heat_kw, least_kw, "kW")
    if sized.terminal.role == "rear-door":
        hottest = max((rack_kw for _, rack_kw in ask.racks), default=0.0)
        if hottest > circuit.terminal.capacity_kw:
            door = f"{sized.terminal.name} carries {circuit.terminal.capacity_kw:g} kW"
            message = f"the hottest rack gives {hottest:.1f} kW to the air; {door}"
            hint = "fewer nodes a rack, or another plant for air"
            notes.error("heat-rejection", "cooling.air.terminal", message, hint, hottest, circuit.terminal.capacity_kw, "kW")
    limit_c = W_CLASS_MAX_C[factory.cooling.w_class or "W45"]
    if medium == "liquid" and limit_c is not None and facility_c > limit_c + 1e-9:
        w_class = factory.cooling.w_class or "W45"
        message = f"facility water is {facility_c:.1f} C at the design hour; class {w_class} takes at most {limit_c:g} C"
        hint = "a colder cooling.liquid_supply, or equipment of a warmer class"
        notes.error("w-class", "cooling.w_class", message, hint, facility_c, limit_c, "C")
    return carried


def _why(
    factory: Factory, plant: CoolingPlant, ask: Ask, carried_kw: float, facility_c: float
) -> tuple[str, str, float, float, str]:
    """Say why the heat cannot be carried and what helps."""
    weather = f"at {ask.dry_bulb_c:.1f} C dry bulb and {ask.wet_bulb_c:.1f} C wet bulb"
    if factory.cooling.dry and plant.rejection and "tower" in plant.rejection:
        reason, hint = "its towers evaporate water, which cooling.dry rules out", "choose a plant with dry coolers, or drop dry"
    elif not plant.rejection:
        reason = f"outdoor air {weather} is too warm for racks that want {ask.supply_c:g} C"
        hint = "a warmer cooling.air_supply, or a plant with chillers"
    else:
        reason = f"outdoors {weather} is too warm for facility water of {facility_c:.1f} C"
        hint = f"a warmer cooling.{plant.medium}_supply, or a plant with wetted pads, towers or chillers"
    message = f"{plant.name} carries {carried_kw:,.0f} kW of {ask.heat_kw:,.0f} kW at the design hour: {reason}"
    return message, hint, ask.heat_kw, carried_kw, "kW"
