"""Plans the year: 8,760 hours of load and weather through cooling and chain, and what they add up to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from planner.catalog import Catalog
from planner.models.plant import MODES, PlantHours, run_plant
from planner.models.year import (
    by_month_and_hour,
    energy_reuse_effectiveness,
    energy_reuse_factor,
    hours_in_bins,
    load_duration,
    peak_by_month,
    peak_day,
    power_usage_effectiveness,
)
from planner.plan_facility import CategoryYear, CoolingPlan, YearPlan
from planner.spec import Factory
from planner.spec_facility import HeatReuse
from planner.steps.facility import POINTS, ChainDesign, Climate, CoolingDesign, Floats, Hours, Loads
from planner.steps.grid import grid_of, without_utility
from planner.steps.notes import Notes

__all__ = ["hall_heat_kw", "plan_year"]

ROOM_STAGES = ("switchgear", "ups", "distribution", "bess")
"""Stages that stand in rooms which the air plant cools; lines, transformers and generators stand outdoors."""

CATEGORIES = {
    "utility": "utility lines",
    "transformer": "transformers",
    "generator": "generators",
    "ups": "UPS",
    "bess": "battery system",
}
"""How stages are called among the year's categories, where not by their own name."""

BIN_K = 2.0
CURVE_POINTS = 21
SAMPLED_EVERY = 7  # hours; has no divisor in common with a day's
_SLACK_KW = 1e-6  # rounding is no shortage


def hall_heat_kw(chain: ChainDesign, it_kw: Floats, pumps_kw: Floats, cooling_kw: Floats, house_kw: Floats) -> Floats:
    """Add up the chain's losses that become heat in the hall and the electrical rooms, for the air plant to carry."""
    losses = chain.losses_kw(it_kw, pumps_kw, cooling_kw, house_kw)
    return sum((np.asarray(losses[stage]) for stage in ROOM_STAGES if stage in losses), np.zeros(np.shape(it_kw)))


def plan_year(
    factory: Factory,
    catalog: Catalog,
    notes: Notes,
    climate: Climate,
    loads: Loads,
    cooling: CoolingDesign,
    chain: ChainDesign,
    house_kw: float,
) -> tuple[YearPlan, Hours]:
    """Run the year at the expected load: what enters the facility in an hour is IT, losses, cooling and house, no more.

    Parameters
    ----------
    factory : Factory
        How the work is spread over the day; what the grid's power stations drink.
    catalog : Catalog
        The grids.
    notes : Notes
        Collects what is taken for granted.
    climate : Climate
        The hours' weather.
    loads : Loads
        IT loads and the heat that leaves by liquid, at the points from idle to nameplate.
    cooling : CoolingDesign
        The plant.
    chain : ChainDesign
        What the chain loses at any load.
    house_kw : float
        Lighting, offices, security, controls [kW]; the same at every hour.
    """
    weather = climate.weather
    it = _it_kw(factory, notes, loads, weather.hour)
    liquid = np.interp(it, *_rising(loads))
    house = np.full(it.shape, house_kw)
    air, ran = _run(cooling, chain, climate, it, liquid, house)
    notes.assume(
        "cooling.air.heat",
        "losses of switchboards, UPS, distribution and batteries are heat for the air plant; utility lines, transformers and "
        "generators stand outdoors; the house load is not cooled by it",
    )
    on_ups, beside = ran.terminal_kw + ran.pumps_kw, ran.chillers_kw + ran.rejection_kw
    losses = {stage: np.broadcast_to(loss, it.shape) for stage, loss in chain.losses_kw(it, on_ups, beside, house).items()}
    parts: dict[str, Floats] = {"IT": it}
    parts |= {CATEGORIES.get(stage, stage): loss for stage, loss in losses.items()}
    parts |= {
        "fans and CDUs": ran.terminal_kw,
        "pumps": ran.pumps_kw,
        "chillers": ran.chillers_kw,
        "heat rejection": ran.rejection_kw,
        "house": house,
    }
    facility = np.sum(list(parts.values()), axis=0)
    _note_short(notes, ran, air, liquid)
    if factory.cooling.heat_reuse is not None and not np.any(ran.reused_kw > 0):
        _note_no_reuse(factory.cooling.heat_reuse, cooling.plan, notes)
    water_l_per_kwh = _grid_water_l_per_kwh(factory, catalog, notes)
    notes.assume(
        "year.pue", "IT energy is taken at the racks' inlets (category 3 of ISO/IEC 30134-2), without the fans outside"
    )
    if not np.all(it > 0):
        message = "the expected IT load is 0 kW in some hours: ratios over IT energy are 0 there"
        notes.warn("no-load", "workloads", message, "check the duty and the weights by hour")
    hours = Hours(it_kw=it, facility_kw=facility, water_l=ran.water_l, reused_kw=ran.reused_kw)
    return _summed(climate, parts, hours, ran, air, liquid, water_l_per_kwh), hours


def _it_kw(factory: Factory, notes: Notes, loads: Loads, hour: NDArray[np.int64]) -> Floats:
    """Spread the expected load over the hours of the day, between idle and design."""
    expected = loads.power_kw["expected"]
    weights = factory.workloads.by_hour
    if weights is None:
        notes.assume("workloads.by_hour", "not declared: the work is the same at every hour")
        return np.full(hour.shape, expected)
    of_day = expected * np.asarray(weights) * (len(weights) / sum(weights))
    low, high = min(loads.power_kw["idle"], expected), max(loads.power_kw["design"], expected)
    drawn = np.clip(of_day, low, high)
    if not np.allclose(drawn, of_day, rtol=1e-9):
        text = (
            f"the weights ask for {of_day.min():,.0f} to {of_day.max():,.0f} kW of IT load; equipment draws {low:,.0f} kW at "
            f"idle and {high:,.0f} kW at design: the mean is {drawn.mean():,.0f} kW, not the expected {expected:,.0f} kW"
        )
        notes.assume("workloads.by_hour", text)
    return drawn[hour]


def _rising(loads: Loads) -> tuple[list[float], list[float]]:
    """Heat by liquid over IT load, as the points of a line from idle to nameplate."""
    points = sorted((loads.power_kw[name], loads.heat_liquid_kw[name]) for name in POINTS)
    return [power for power, _ in points], [heat for _, heat in points]


def _run(
    cooling: CoolingDesign, chain: ChainDesign, climate: Climate, it: Floats, liquid: Floats, house: Floats
) -> tuple[Floats, PlantHours]:
    """Run the plant; it cools the losses of the UPS that feeds its own pumps and fans.

    So their power is first found as if they lost nothing; where the load is the same throughout, for every seventh hour, and
    drawn straight between these. What that leaves out is of the second order: the UPS's losses on a small error of that power.
    """
    weather, zero = climate.weather, np.zeros(it.shape)

    def ran(heat_air: Floats, at: slice) -> PlantHours:
        hours = weather.dry_bulb_c, weather.wet_bulb_c, weather.pressure_pa, weather.month
        return run_plant(cooling.plant, heat_air[at], liquid[at], *(each[at] for each in hours))

    number = np.arange(len(it))
    some, every = slice(None, None, SAMPLED_EVERY if np.ptp(it) == 0 else 1), slice(None)
    first = ran(it - liquid + hall_heat_kw(chain, it, zero, zero, house), some)
    on_ups = np.interp(number, number[some], first.terminal_kw + first.pumps_kw)
    beside = np.interp(number, number[some], first.chillers_kw + first.rejection_kw)
    air = it - liquid + hall_heat_kw(chain, it, on_ups, beside, house)
    return air, ran(air, every)


def _short_kw(ran: PlantHours, air: Floats, liquid: Floats) -> Floats:
    """Heat that the plant cannot carry, hour by hour; above rounding."""
    short = np.maximum(air - ran.capacity_air_kw, 0.0) + np.maximum(liquid - ran.capacity_liquid_kw, 0.0)
    return np.where(short > _SLACK_KW + 1e-9 * (air + liquid), short, 0.0)


def _note_short(notes: Notes, ran: PlantHours, air: Floats, liquid: Floats) -> None:
    """Say in how many hours the plant does not carry the heat, and by how much."""
    short = _short_kw(ran, air, liquid)
    hours = int(np.count_nonzero(short))
    if hours:
        worst = int(np.argmax(short))
        message = (
            f"in {hours:,} hours of the year the cooling carries less than the heat at expected load: "
            f"{short[worst]:,.0f} kW of {(air + liquid)[worst]:,.0f} kW are left at worst"
        )
        hint = "more units, a warmer supply, or a design day that is at least as hot"
        heat_kw = float((air + liquid)[worst])
        notes.warn("cooling-short", "cooling", message, hint, heat_kw, heat_kw - float(short[worst]), "kW")


def _note_no_reuse(reuse: HeatReuse, cooling: CoolingPlan, notes: Notes) -> None:
    """Say that the neighbour takes nothing, and how warm the facility water is that the plant returns."""
    returns_c = [loop.return_c for loop in cooling.loops if loop.name == "facility water"]
    value = max(returns_c, default=None)
    asked = f"cooling.heat_reuse takes heat at {reuse.supply_min_c:g} C and more, and takes none"
    warm = "no facility water" if value is None else f"facility water of {value:.1f} C at most at design load, less in the year"
    message = f"{asked}: the plant returns {warm}"
    hint = "a warmer cooling.liquid_supply, a neighbour with a heat pump (lower supply_min), or leave heat_reuse out"
    notes.warn("no-heat-reuse", "cooling.heat_reuse", message, hint, value, None if value is None else reuse.supply_min_c, "C")


def _grid_water_l_per_kwh(factory: Factory, catalog: Catalog, notes: Notes) -> float:
    """Water that the grid's power stations use, as declared or of the country; none where no utility feeds the chain."""
    declared = factory.site.carbon.water_l_per_kwh
    if declared is None and without_utility(factory, catalog):
        notes.assume("site.carbon.water", "not declared: none, as the factory's own generators use no water")
        return 0.0
    if declared is not None:
        return declared
    row = grid_of(factory, catalog, notes)
    text = f"not declared: {row.water_l_per_kwh:g} l/kWh, {row.name}"
    notes.assume("site.carbon.water", text, row.source_url, row.confidence)
    return row.water_l_per_kwh


def _summed(
    climate: Climate,
    parts: Mapping[str, Floats],
    hours: Hours,
    ran: PlantHours,
    air: Floats,
    liquid: Floats,
    water_l_per_kwh: float,
) -> YearPlan:
    """Add the hours up."""
    weather, it, facility = climate.weather, hours.it_kw, hours.facility_kw
    facility_kwh, water_l, reused_kwh = (float(each.sum()) for each in (facility, hours.water_l, hours.reused_kw))
    it_kwh = float(it.sum())
    per_it_kwh = 1 / it_kwh if it_kwh else 0.0
    hourly = _ratio(facility, it)
    energies = {category: float(part.sum()) for category, part in parts.items()}
    by_cell = _ratio(*(by_month_and_hour(each, weather.month, weather.hour) for each in (facility, it)))
    edges, counts = hours_in_bins(weather.wet_bulb_c, BIN_K)
    return YearPlan(
        weather=climate.plan,
        energy_it_kwh=it_kwh,
        energy_facility_kwh=facility_kwh,
        categories=tuple(
            CategoryYear(category=category, energy_kwh=energy, pue_part_ratio=energy * per_it_kwh)
            for category, energy in energies.items()
        ),
        pue_annual_ratio=power_usage_effectiveness(facility_kwh, it_kwh) if it_kwh else 0.0,
        pue_p50_ratio=float(np.quantile(hourly, 0.5)),
        pue_p99_ratio=float(np.quantile(hourly, 0.99)),
        pue_month_by_hour_ratio=tuple(map(tuple, by_cell.tolist())),
        water_m3=water_l / 1000,
        water_peak_day_m3=peak_day(hours.water_l) / 1000,
        wue_site_l_per_kwh=water_l * per_it_kwh,
        wue_source_l_per_kwh=(water_l + water_l_per_kwh * facility_kwh) * per_it_kwh,
        reused_kwh=reused_kwh,
        erf_ratio=energy_reuse_factor(reused_kwh, facility_kwh) if facility_kwh else 0.0,
        ere_ratio=energy_reuse_effectiveness(reused_kwh, facility_kwh, it_kwh) if it_kwh else 0.0,
        mode_hours={
            name: modes for name, modes in (("air", _modes(ran.mode_air)), ("liquid", _modes(ran.mode_liquid))) if modes
        },
        chiller_hours=int(np.count_nonzero(ran.chillers_kw > 0)),
        short_hours=int(np.count_nonzero(_short_kw(ran, air, liquid))),
        capacity_extreme_kw=_capacity_extreme_kw(ran, air, liquid),
        peak_kw=float(facility.max()),
        peak_by_month_kw=tuple(peak_by_month(facility, weather.month).tolist()),
        load_duration_kw=tuple(load_duration(facility, CURVE_POINTS).tolist()),
        wet_bulb_bin_hours={
            f"{edge:g} to {edge + BIN_K:g}": count for edge, count in zip(edges.tolist(), counts.tolist(), strict=True)
        },
    )


def _ratio(over: Floats, under: Floats) -> Floats:
    """Divide hour by hour; 0 where there is nothing to divide by."""
    return np.divide(over, under, out=np.zeros(np.shape(over)), where=under > 0)


def _modes(mode: NDArray[np.int64]) -> dict[str, int]:
    """Count the hours by mode; nothing for a loop that never runs."""
    counts = np.bincount(mode, minlength=len(MODES)).tolist()
    named = {name: count for name, count in zip(MODES, counts, strict=True) if count}
    return {} if set(named) == {"off"} else named


def _capacity_extreme_kw(ran: PlantHours, air: Floats, liquid: Floats) -> float:
    """Heat that the loops in use can carry in the hour in which that is least."""
    capacity = np.zeros(air.shape)
    for heat, of_loop in ((air, ran.capacity_air_kw), (liquid, ran.capacity_liquid_kw)):
        if np.any(heat > 0):
            capacity = capacity + of_loop
    return float(capacity.min())
