"""The plant around the racks: first what is sized by the load alone, then everything that a whole plan says of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.catalog import Catalog
from planner.catalog.records import PowerStage
from planner.checks import Facility
from planner.models.plant import run_plant
from planner.models.year import peak_day
from planner.plan import ComputePlan, FabricPlan, RacksPlan
from planner.plan_facility import (
    AvailabilityPlan,
    CapPlan,
    CarbonPlan,
    CoolingPlan,
    CostPlan,
    HallPlan,
    OperatingPoint,
    PowerPlan,
    RedundancyStep,
    Sensitivity,
    YearPlan,
)
from planner.spec import Factory
from planner.steps.availability import plan_availability, rack_minutes_per_year
from planner.steps.carbon import plan_carbon
from planner.steps.chain import RowLoad, plan_chain
from planner.steps.chain_generators import fuelled
from planner.steps.cooling import plan_cooling
from planner.steps.cost import SchemeFigures, plan_cost, redundancy_steps
from planner.steps.facility import POINTS, ChainDesign, Climate, CoolingDesign, Hours, Loads
from planner.steps.grid_loss import note_restarts, without_ups
from planner.steps.hall import free_positions, rows_needed
from planner.steps.hardware import Hardware, resolve
from planner.steps.loads import plan_loads
from planner.steps.notes import Notes
from planner.steps.opex import plan_operation
from planner.steps.sensitivity import Variation, sensitivities
from planner.steps.sides import note_sides
from planner.steps.swing import plan_caps, plan_swing
from planner.steps.year import hall_heat_kw, plan_year

__all__ = ["Finished", "Sized", "finish_facility", "floor", "rack_kw_of", "size_facility"]

HOUSE_FRACTION = 0.01
ROUNDS = 2
REUSES_NOTHING = 0  # no month: the design hour does not count on a neighbour


@dataclass(frozen=True)
class Sized:
    """What follows from the load in a few milliseconds: enough to hold every limit against."""

    loads: Loads
    cooling: CoolingDesign
    chain: ChainDesign
    house_kw: float
    capital: CostPlan
    facility: Facility


@dataclass(frozen=True)
class Finished:
    """The facility's parts of a plan."""

    hall: HallPlan
    power: PowerPlan
    cooling: CoolingPlan
    year: YearPlan
    availability: AvailabilityPlan
    cost: CostPlan
    carbon: CarbonPlan


def size_facility(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    fabrics: Sequence[FabricPlan],
    racks: RacksPlan,
    climate: Climate,
) -> Sized:
    """Size loads, cooling and chain, and price them; the year and the swing are run only where the site limits them."""
    loads = plan_loads(factory, hardware, catalog, notes, fabrics, racks)
    house_kw = factory.hall.house_load_kw
    if house_kw is None:
        house_kw = HOUSE_FRACTION * loads.power_kw["design"]
        text = f"not declared: {HOUSE_FRACTION:.0%} of the IT load for lighting, offices, security and controls"
        notes.assume("hall.house_load", text, confidence="assumption")
    cooling = plan_cooling(factory, hardware, catalog, notes, loads, climate)
    chain = plan_chain(factory, hardware, catalog, notes, loads, cooling.plan, climate, house_kw, None)
    # What the chain loses is heat, and what takes it away hangs on the chain: by a thousandth of a thousandth a round.
    for _ in range(ROUNDS):
        pumps_kw, cooling_kw = mechanical_kw(cooling.plan)
        it_kw = loads.power_kw["design"]
        room_kw = float(hall_heat_kw(chain, *(np.asarray(each) for each in (it_kw, pumps_kw, cooling_kw, house_kw))))
        cooling = plan_cooling(factory, hardware, catalog, notes, loads, climate, room_kw)
        chain = plan_chain(factory, hardware, catalog, notes, loads, cooling.plan, climate, house_kw, None)
    design, usual = operating_points(loads, cooling, chain, climate, house_kw, ("design", "expected"))
    facility_kw = design.facility_kw
    capital = plan_cost(factory, hardware, catalog, notes, fabrics, racks, loads, facility_kw)
    water_m3 = swing = None
    if factory.site.water_max_m3_per_day is not None:
        water_m3 = _thirstiest_day_m3(loads, cooling, climate)
    if factory.site.swing_max_kw is not None or factory.site.ramp_max_kw_per_s is not None:
        swing = plan_swing(factory, hardware, catalog, notes, loads, chain, usual.cooling_kw, house_kw)
    facility = dataclasses.replace(
        floor(factory, racks, loads),
        facility_kw=facility_kw,
        grid_worst_kw=chain.grid_worst_kw,
        heat_kw=cooling.plan.heat_kw,
        capex_usd=capital.capex_usd,
        water_peak_day_m3=water_m3,
        swing_kw=swing.smoothed_swing_kw if swing else None,
        ramp_kw_per_s=swing.smoothed_ramp_kw_per_s if swing else None,
        chain=_declared_limits(factory, catalog, chain),
    )
    return Sized(loads, cooling, chain, house_kw, capital, facility)


def _thirstiest_day_m3(loads: Loads, cooling: CoolingDesign, climate: Climate) -> float:
    """Take the plant through the year at design load, day and night, and return what it draws on the thirstiest day."""
    weather, liquid_kw = climate.weather, loads.heat_liquid_kw["design"]
    air_kw = cooling.plan.heat_kw - liquid_kw
    hours = np.ones_like(weather.dry_bulb_c)
    air = (weather.dry_bulb_c, weather.wet_bulb_c, weather.pressure_pa, weather.month)
    return peak_day(run_plant(cooling.plant, air_kw * hours, liquid_kw * hours, *air).water_l) / 1000


def _declared_limits(factory: Factory, catalog: Catalog, chain: ChainDesign) -> tuple[tuple[str, float, float], ...]:
    """List what a chain of the file's own may carry, link by link; one that is sized for its load limits nothing."""
    links = factory.power.chain or {}
    rated = {
        name: link.rating_kw is not None or catalog.get(PowerStage, link.equipment).rating_kw is not None
        for name, link in links.items()
    }
    return tuple(
        (f"power.chain.{unit.name}", unit.load_worst_kw, unit.limit_kw) for unit in chain.units if rated.get(unit.name)
    )


def floor(factory: Factory, racks: RacksPlan, loads: Loads) -> Facility:
    """Count the rows and positions that the racks need, and nothing else."""
    rows, positions = rows_needed(factory, racks, rack_kw_of(loads))
    return Facility(positions_count=positions, rows_count=rows, free_count=free_positions(factory))


def rack_kw_of(loads: Loads) -> list[float]:
    """Say what one rack of every group draws at design load [kW]."""
    return [group.power_kw["design"] / group.racks for group in loads.groups]


def chain_loss_kw(chain: ChainDesign, it_kw: float, pumps_kw: float, cooling_kw: float, house_kw: float) -> float:
    """Add up what the chain loses at one load."""
    losses_kw = chain.losses_kw(*map(np.asarray, (it_kw, pumps_kw, cooling_kw, house_kw)))
    return float(sum(losses_kw.values()))


def mechanical_kw(cooling: CoolingPlan) -> tuple[float, float]:
    """Add up what cooling draws at the design hour: on the UPS (pumps, CDUs, fans at the racks), and beside it."""
    on_ups = sum(units.power_kw for units in cooling.units if units.on_ups)
    return on_ups, sum(units.power_kw for units in cooling.units if not units.on_ups)


def finish_facility(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    compute: ComputePlan,
    fabrics: Sequence[FabricPlan],
    racks: RacksPlan,
    climate: Climate,
    hall: HallPlan,
    sized: Sized,
) -> Finished:
    """Draw the chain unit by unit, run the year and every outage, and add up cost and carbon."""
    loads, cooling, house_kw = sized.loads, sized.cooling, sized.house_kw
    rows = row_loads(hall, racks, loads)
    chain = plan_chain(factory, hardware, catalog, notes, loads, cooling.plan, climate, house_kw, rows)
    year, hours = plan_year(factory, catalog, notes, climate, loads, cooling, chain, house_kw)
    availability = plan_availability(catalog, notes, *fuelled(chain), cooling.plan, bridged=_bridged(chain))
    points = operating_points(loads, cooling, chain, climate, house_kw)
    design = next(point for point in points if point.name == "design")

    def facility_kw(it_kw: float) -> float:
        """Take the plant's own load with the IT load, at the design hour."""
        return it_kw * design.facility_kw / design.it_kw if design.it_kw else 0.0

    caps = plan_caps(factory, hardware, catalog, notes, loads, facility_kw)
    throughput = _throughput_ratio(factory, caps)
    cost = plan_operation(
        *(factory, hardware, catalog, notes, sized.capital, hours, climate.weather, compute, availability),
        throughput_ratio=throughput,
    )
    cost = cost.model_copy(
        update={
            "redundancy_steps": _steps(factory, hardware, catalog, notes, loads, cooling, climate, house_kw, rows),
            "sensitivities": _tornado(
                factory, hardware, catalog, fabrics, racks, climate, sized, cost, hours, compute, availability, throughput
            ),
        }
    )
    carbon = plan_carbon(factory, catalog, notes, hours, climate.weather, cost.bill_of_materials)
    power = _power(factory, hardware, catalog, notes, loads, cooling, chain, house_kw, year, points, caps)
    cooled = cooling.plan
    if all(stage.stage != "ups" for stage in chain.stages):
        cooled = without_ups(cooled)
    note_restarts(cooled, chain.generator_start_s, notes)
    note_sides(factory, hardware, catalog, racks, rack_kw_of(loads), notes)
    return Finished(hall, power, cooled, year, availability, cost, carbon)


STEPS_KW = 4000.0
SCHEMES = ("N", "N+1", "2N", "3N/2", "4N/3", "block")


def _steps(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    loads: Loads,
    cooling: CoolingDesign,
    climate: Climate,
    house_kw: float,
    rows: tuple[RowLoad, ...],
) -> tuple[RedundancyStep, ...]:
    """Draw the chain by every scheme; none where the file draws its own."""
    if factory.power.chain is not None:
        return ()
    rows, loads, cooling, times = _part_of_hall(rows, loads, cooling, notes)
    house_kw /= times
    pumps_kw, cooling_kw = mechanical_kw(cooling.plan)
    figures = {}
    for scheme in SCHEMES:
        power = factory.power.model_copy(update={"redundancy": scheme})
        changed = factory.model_copy(update={"power": power})
        chain = plan_chain(changed, hardware, catalog, Notes(), loads, cooling.plan, climate, house_kw, rows)
        figures[scheme] = SchemeFigures(
            units=chain.units,
            loss_kw=times * chain_loss_kw(chain, loads.power_kw["design"], pumps_kw, cooling_kw, house_kw),
            rack_minutes_per_year=rack_minutes_per_year(catalog, *fuelled(chain), cooling.plan, bridged=_bridged(chain)),
        )
    return redundancy_steps(catalog, notes, figures, times)


def _bridged(chain: ChainDesign) -> bool:
    """Tell whether batteries carry the racks until generators do."""
    return chain.ride_through_s is None or chain.ride_through_s >= (chain.generator_start_s or 0.0)


def _part_of_hall(
    rows: tuple[RowLoad, ...], loads: Loads, cooling: CoolingDesign, notes: Notes
) -> tuple[tuple[RowLoad, ...], Loads, CoolingDesign, float]:
    """Cut a large hall down to its first rows, which stand for all; say how many times they make the whole."""
    running_kw = np.cumsum([row.power_kw for row in rows])
    if not len(rows) or running_kw[-1] <= STEPS_KW:
        return rows, loads, cooling, 1.0
    kept = rows[: max(int(np.searchsorted(running_kw, STEPS_KW)), 1)]
    part = float(running_kw[len(kept) - 1] / running_kw[-1])
    text = f"steps of redundancy are drawn for the first {len(kept)} rows ({part:.1%} of the load), which stand for all"
    notes.assume("cost.redundancy_part", text)
    groups = []
    for group in loads.groups:
        racks = max(round(group.racks * part), 1)
        power_kw = {name: kw * racks / group.racks for name, kw in group.power_kw.items()}
        groups.append(dataclasses.replace(group, racks=racks, power_kw=power_kw))
    less = dataclasses.replace(loads, groups=tuple(groups), power_kw={name: kw * part for name, kw in loads.power_kw.items()})
    units = tuple(each.model_copy(update={"power_kw": each.power_kw * part}) for each in cooling.plan.units)
    plant = dataclasses.replace(cooling, plan=cooling.plan.model_copy(update={"units": units}))
    return kept, less, plant, 1 / part


def _throughput_ratio(factory: Factory, caps: Sequence[CapPlan]) -> float:
    """Interpolate what GPUs still do under the declared cap."""
    cap_w = factory.workloads.gpu_cap_w
    if cap_w is None or not caps:
        return 1.0
    rising = sorted((each.gpu_cap_w, each.throughput_ratio) for each in caps)
    return float(np.interp(cap_w, [cap for cap, _ in rising], [ratio for _, ratio in rising]))


def _tornado(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    fabrics: Sequence[FabricPlan],
    racks: RacksPlan,
    climate: Climate,
    sized: Sized,
    cost: CostPlan,
    hours: Hours,
    compute: ComputePlan,
    availability: AvailabilityPlan,
    throughput_ratio: float,
) -> tuple[Sensitivity, ...]:
    """Recompute the cost of a GPU-hour with one input changed at a time; the equipment stays what is planned."""

    def evaluate(varied: Variation) -> float | None:
        rows = resolve(varied.factory, varied.catalog, Notes())
        loads, ran = sized.loads, hours
        if varied.reruns_year:
            loads = plan_loads(varied.factory, rows, varied.catalog, Notes(), fabrics, racks)
            shifted = _warmer(climate, varied.weather_k)
            _, ran = plan_year(
                varied.factory, varied.catalog, Notes(), shifted, loads, sized.cooling, sized.chain, sized.house_kw
            )
        capital = plan_cost(varied.factory, rows, varied.catalog, Notes(), fabrics, racks, loads, sized.facility.facility_kw)
        return plan_operation(
            *(varied.factory, rows, varied.catalog, Notes(), capital, ran, climate.weather, compute, availability),
            throughput_ratio=throughput_ratio,
            maintenance_ratio=varied.maintenance_ratio,
        ).usd_per_gpu_hour

    return sensitivities(factory, hardware, catalog, cost, float(hours.it_kw.max()), evaluate)


def _warmer(climate: Climate, by_k: float) -> Climate:
    """Shift every hour's temperatures; the plant stays as it was sized."""
    weather = climate.weather
    shifted = {name: getattr(weather, name) + by_k for name in ("dry_bulb_c", "wet_bulb_c", "dew_point_c")}
    return dataclasses.replace(climate, weather=dataclasses.replace(weather, **shifted))


def row_loads(hall: HallPlan, racks: RacksPlan, loads: Loads) -> tuple[RowLoad, ...]:
    """Add up racks, GPUs and design load by row of the hall."""
    counts = [group.count for group in racks.groups]
    row = np.asarray(hall.rack_rows, dtype=np.int64)
    power_kw = np.repeat([each.power_kw["design"] / each.racks for each in loads.groups], counts)
    gpus = np.concatenate([_shared_out(each.gpus, count) for each, count in zip(loads.groups, counts, strict=True)])
    size = len(hall.rows)
    in_row = np.bincount(row, minlength=size).tolist()
    kw_in_row = np.bincount(row, weights=power_kw, minlength=size).tolist()
    order = np.lexsort((np.asarray(hall.rack_places, dtype=np.int64), row))
    until = np.cumsum([0, *in_row]).tolist()
    rows = []
    for number, each in enumerate(hall.rows):
        inside = order[until[number] : until[number + 1]]
        if len(inside):
            by_rack = gpus[inside].tolist()
            by_rack_kw = tuple(power_kw[inside].tolist())
            rows.append(RowLoad(each.name, len(inside), sum(by_rack), kw_in_row[number], by_rack_kw, tuple(by_rack)))
    return tuple(rows)


def _shared_out(total: int, over: int) -> np.ndarray:
    """Share things out over racks that are filled one after the other: whole numbers that add up."""
    return np.diff(np.arange(over + 1) * total // over)


def _power(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    loads: Loads,
    cooling: CoolingDesign,
    chain: ChainDesign,
    house_kw: float,
    year: YearPlan,
    points: tuple[OperatingPoint, ...],
    caps: tuple[CapPlan, ...],
) -> PowerPlan:
    design = next(point for point in points if point.name == "design")
    parts = {part.component: part.nameplate_kw for part in loads.parts}
    switches_kw = parts.get("switches", 0.0) + parts.get("optics", 0.0)
    servers_kw = parts.get("servers", 0.0)
    nodes_kw = loads.power_kw["nameplate"] - switches_kw - servers_kw
    usual = next(point for point in points if point.name == "expected")
    swing = plan_swing(factory, hardware, catalog, notes, loads, chain, usual.cooling_kw, house_kw)
    return PowerPlan(
        it_nameplate_kw=loads.power_kw["nameplate"],
        it_design_kw=loads.power_kw["design"],
        it_expected_kw=loads.power_kw["expected"],
        it_idle_kw=loads.power_kw["idle"],
        it_nameplate_by_use_kw={"nodes": nodes_kw, "switches": switches_kw, "servers": servers_kw},
        loads=loads.parts,
        conversions=loads.conversions,
        points=points,
        redundancy=chain.redundancy,
        stages=chain.stages,
        chain=chain.units,
        feeds=chain.feeds,
        stranded=chain.stranded,
        ride_through_s=chain.ride_through_s,
        generator_start_s=chain.generator_start_s,
        generator_fuel_hours=chain.generator_fuel_hours,
        generator_mean_load_fraction=chain.generator_mean_load_fraction,
        swing=swing,
        caps=caps,
        cooling_kw=design.cooling_kw,
        heat_air_kw=cooling.plan.heat_kw - loads.heat_liquid_kw["design"],
        heat_liquid_kw=loads.heat_liquid_kw["design"],
        facility_kw=design.facility_kw,
        facility_expected_kw=year.energy_facility_kwh / 8760,
        design_pue_ratio=design.facility_kw / design.it_kw if design.it_kw else 1.0,
    )


def operating_points(
    loads: Loads,
    cooling: CoolingDesign,
    chain: ChainDesign,
    climate: Climate,
    house_kw: float,
    names: Sequence[str] = POINTS,
) -> tuple[OperatingPoint, ...]:
    """Run the plant at the design hour's weather at some loads from idle to nameplate."""
    it_kw = np.array([loads.power_kw[name] for name in names])
    liquid_kw = np.array([loads.heat_liquid_kw[name] for name in names])
    zero = np.zeros(len(names))
    on_ups, beside = (zero + each for each in mechanical_kw(cooling.plan))
    for _ in range(1 + ROUNDS):
        ran = run_plant(
            cooling.plant,
            it_kw - liquid_kw + hall_heat_kw(chain, it_kw, on_ups, beside, zero + house_kw),
            liquid_kw,
            np.full(len(names), climate.design_dry_bulb_c),
            np.full(len(names), min(climate.design_wet_bulb_c, climate.design_dry_bulb_c)),
            np.full(len(names), 1000 * climate.plan.pressure_kpa),
            np.full(len(names), REUSES_NOTHING),
        )
        on_ups, beside = ran.terminal_kw + ran.pumps_kw, ran.chillers_kw + ran.rejection_kw
    losses = sum(chain.losses_kw(it_kw, on_ups, beside, zero + house_kw).values(), zero)
    return tuple(
        OperatingPoint(
            name=name,
            it_kw=float(it_kw[number]),
            conversion_loss_kw=loads.conversion_loss_kw[name],
            chain_loss_kw=float(losses[number]),
            cooling_kw=float((on_ups + beside)[number]),
            house_kw=house_kw,
            facility_kw=float((it_kw + losses + on_ups + beside)[number] + house_kw),
        )
        for number, name in enumerate(names)
    )
