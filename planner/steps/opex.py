"""What the factory costs to run, and what a useful hour costs over the years."""

from __future__ import annotations

import math
from dataclasses import dataclass

from planner.catalog import Catalog
from planner.models.cost import (
    annuity_usd,
    demand_kw_months,
    peak_energy_kwh,
    present_value_usd,
    staff_count,
    usd_per_gpu_hour,
    usd_per_pflop_day,
)
from planner.models.weather import Weather
from planner.plan import ComputePlan
from planner.plan_facility import AvailabilityPlan, CostPlan, OpexLine
from planner.spec import Factory
from planner.steps.construction import ALL_PARTS, EQUIPMENT_URL, FUEL_USD_PER_L
from planner.steps.facility import Hours
from planner.steps.grid import grid_of, own_fuel_l_per_kwh
from planner.steps.hardware import Hardware
from planner.steps.notes import Notes

__all__ = ["PLANT_CATEGORIES", "Prices", "note_utilisation", "plan_operation", "prices_of"]

PLANT_CATEGORIES = ("building", "power", "cooling", "fit-out", ALL_PARTS)
WATER_USD_PER_M3 = 2.0
PLANT_FRACTION = 0.025
IT_FRACTION = 0.04
MAINTENANCE_URL = "https://doi.org/10.1007/978-3-031-01761-2"
STAFF_USD_PER_YEAR = 120_000.0
STAFF_URL = "https://broadstaffglobal.com/?p=227122"
MFU_FRACTION = 0.4
MFU_URL = "https://arxiv.org/abs/2407.21783"


@dataclass(frozen=True)
class Prices:
    """What running costs, with nothing left open."""

    energy_usd_per_kwh: float
    peak_usd_per_kwh: float
    demand_usd_per_kw_month: float
    water_usd_per_m3: float
    staff_count: float


def prices_of(factory: Factory, catalog: Catalog, notes: Notes, it_kw: float, mean_kw: float) -> Prices:
    """Read tariff and staff, and fill in what the factory leaves open.

    `it_kw` is the IT load that the staff is sized for, `mean_kw` the year's mean load of the factory, which sets what
    generators of its own burn for each kWh.
    """
    tariff, staff = factory.site.tariff, factory.budget.staff_count
    energy = tariff.energy_usd_per_kwh
    burnt = own_fuel_l_per_kwh(factory, catalog, mean_kw)
    if energy is None and burnt is not None:
        energy = burnt * FUEL_USD_PER_L
        text = (
            f"not declared: {energy:.4g} USD/kWh, the fuel of the factory's own generators, as no utility feeds the chain:"
            f" {burnt:.3g} l/kWh with all of them sharing the year's mean load, at {FUEL_USD_PER_L:g} USD per litre"
        )
        notes.assume("site.tariff.energy", text, EQUIPMENT_URL, "assumption")
    elif energy is None:
        row = grid_of(factory, catalog, notes)
        energy = row.energy_usd_per_kwh
        text = f"not declared: {energy:g} USD/kWh, large users in {row.name}; network charges and taxes as that figure has them"
        notes.assume("site.tariff.energy", text, row.source_url, row.confidence)
    if tariff.peak_usd_per_kwh is not None and tariff.peak_from_hour == tariff.peak_until_hour:
        message = f"site.tariff.peak changes nothing: the peak ends at the hour at which it begins, {tariff.peak_from_hour}"
        notes.warn("not-used", "site.tariff.peak", message, "peak_until_hour: when the peak ends")
    if tariff.peak_usd_per_kwh is None:
        notes.assume("site.tariff.peak", "not declared: energy costs the same at every hour")
    demand = tariff.demand_usd_per_kw_month or 0.0
    if burnt is not None and demand:
        demand, message = 0.0, "site.tariff.demand changes nothing: no utility feeds the chain"
        notes.warn("not-used", "site.tariff.demand", message, "leave it out")
    elif tariff.demand_usd_per_kw_month is None:
        notes.assume("site.tariff.demand", "not declared: no charge on the months' highest load")
    if tariff.water_usd_per_m3 is None:
        text = f"not declared: {WATER_USD_PER_M3:g} USD/m3, water and sewage"
        notes.assume("site.tariff.water", text, confidence="assumption")
    if staff is None:
        staff = staff_count(it_kw)
        notes.assume("budget.staff", f"not declared: {staff:.1f} people, by the size of the hall", STAFF_URL, "assumption")
    return Prices(
        energy_usd_per_kwh=energy,
        peak_usd_per_kwh=energy if tariff.peak_usd_per_kwh is None else tariff.peak_usd_per_kwh,
        demand_usd_per_kw_month=demand,
        water_usd_per_m3=WATER_USD_PER_M3 if tariff.water_usd_per_m3 is None else tariff.water_usd_per_m3,
        staff_count=staff,
    )


def plan_operation(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    capital: CostPlan,
    hours: Hours,
    weather: Weather,
    compute: ComputePlan,
    availability: AvailabilityPlan,
    *,
    throughput_ratio: float = 1.0,
    maintenance_ratio: float = 1.0,
) -> CostPlan:
    """Add a year's running costs to a capital plan, and spread both over the horizon.

    Parameters
    ----------
    throughput_ratio : float
        Work of a GPU over its work at full power, where GPUs are capped.
    maintenance_ratio : float
        What maintenance costs over the usual: for sensitivities.
    """
    prices = prices_of(factory, catalog, notes, float(hours.it_kw.max()), float(hours.facility_kw.mean()))
    lines = [
        *_energy_lines(factory, prices, hours, weather),
        _line("water", float(hours.water_l.sum()) / 1000, "m3", prices.water_usd_per_m3),
        *_maintenance_lines(hardware, notes, capital, maintenance_ratio),
        _line("staff", prices.staff_count, "people", STAFF_USD_PER_YEAR),
    ]
    notes.assume(
        "cost.staff",
        f"a person costs {STAFF_USD_PER_YEAR:,.0f} USD a year with everything, in any country",
        STAFF_URL,
        "assumption",
    )
    years, discount = capital.horizon_years, capital.discount_fraction
    if factory.budget.horizon_years is None:
        notes.assume("budget.horizon", f"not declared: {years} years, in which everything is written off")
    if factory.budget.discount_fraction is None:
        notes.assume("budget.discount", f"not declared: money costs {100 * discount:.3g} % a year")
    notes.assume(
        "cost.ownership",
        "capital is paid at the start, running costs at the end of each year, prices do not rise, nothing is worth anything at"
        " the end; not counted: renewal of hardware within the horizon, land, taxes, insurance, software, connection to the"
        " outside",
    )
    opex_usd = math.fsum(line.yearly_usd for line in lines)
    yearly_usd = annuity_usd(capital.capex_usd, years, discount) + opex_usd
    available = availability.rack_availability_fraction
    utilisation = note_utilisation(notes)
    return capital.model_copy(
        update={
            "opex": tuple(lines),
            "opex_usd_per_year": opex_usd,
            "tco_usd": capital.capex_usd + years * opex_usd,
            "npv_usd": capital.capex_usd + present_value_usd(opex_usd, years, discount),
            "usd_per_gpu_hour": usd_per_gpu_hour(yearly_usd, compute.gpus, available),
            "usd_per_pflop_day": usd_per_pflop_day(
                yearly_usd, compute.bf16_dense_pflops * throughput_ratio, utilisation, available
            ),
        }
    )


def note_utilisation(notes: Notes) -> float:
    """Say which share of the peak counts as useful, and return it."""
    notes.assume(
        "cost.pflop_day",
        f"useful is {100 * MFU_FRACTION:.3g} % of the dense BF16 peak, as training of Llama 3 405B reached (38 to 43 %), of"
        " GPUs that work whenever they have power and cooling",
        MFU_URL,
        "secondary",
    )
    return MFU_FRACTION


def _line(category: str, quantity: float, unit: str, price_usd: float) -> OpexLine:
    return OpexLine(category=category, quantity=quantity, unit=unit, price_usd=price_usd, yearly_usd=quantity * price_usd)


def _energy_lines(factory: Factory, prices: Prices, hours: Hours, weather: Weather) -> list[OpexLine]:
    """Bill the year's energy by time of use, and the months' highest loads."""
    tariff = factory.site.tariff
    total_kwh = float(hours.facility_kw.sum())
    demand = _line("demand", demand_kw_months(hours.facility_kw, weather.month), "kW-months", prices.demand_usd_per_kw_month)
    lines = [] if not prices.demand_usd_per_kw_month else [demand]
    if tariff.peak_usd_per_kwh is None:
        return [_line("energy", total_kwh, "kWh", prices.energy_usd_per_kwh), *lines]
    peak_kwh = peak_energy_kwh(
        hours.facility_kw, weather.hour, weather.working_day, tariff.peak_from_hour, tariff.peak_until_hour
    )
    return [
        _line("energy, off peak", total_kwh - peak_kwh, "kWh", prices.energy_usd_per_kwh),
        _line("energy, peak", peak_kwh, "kWh", prices.peak_usd_per_kwh),
        *lines,
    ]


def _maintenance_lines(hardware: Hardware, notes: Notes, capital: CostPlan, ratio: float) -> list[OpexLine]:
    """Count maintenance as a share of what was bought."""
    sums = capital.capex_by_category_usd
    plant_usd = math.fsum(usd for category, usd in sums.items() if category in PLANT_CATEGORIES)
    text = (
        f"a year's maintenance is {100 * PLANT_FRACTION:.3g} % of what building, power and cooling cost and"
        f" {100 * IT_FRACTION:.3g} % of what the IT equipment costs: spares, service contracts and support; recalled levels,"
        " the book was not read again"
    )
    notes.assume("cost.maintenance", text, MAINTENANCE_URL, "assumption")
    if not plant_usd:
        text = f"{hardware.construction.name}: what it costs to maintain is not counted, since nothing says what it was worth"
        notes.assume("cost.maintenance.plant", text)
    return [
        _line("maintenance of the plant", plant_usd, "USD", PLANT_FRACTION * ratio),
        _line("maintenance of IT", capital.capex_usd - plant_usd, "USD", IT_FRACTION * ratio),
    ]
