"""Carbon: of the year's power hour by hour, and of making the equipment where a source says so."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from planner.catalog import Catalog
from planner.catalog.records import Embodied
from planner.models.carbon import carbon_usage_kg_per_kwh, emissions_kg, hourly_intensity_kg_per_kwh
from planner.models.weather import Weather
from planner.plan_facility import BillLine, CarbonPlan
from planner.spec import Factory
from planner.steps.cost import HORIZON_YEARS
from planner.steps.facility import Hours
from planner.steps.grid import DIESEL_KG_PER_L, DIESEL_URL, grid_of, own_fuel_l_per_kwh
from planner.steps.notes import Notes

__all__ = ["plan_carbon"]

FLAT = (1.0,) * 24


def plan_carbon(
    factory: Factory, catalog: Catalog, notes: Notes, hours: Hours, weather: Weather, bill: Iterable[BillLine]
) -> CarbonPlan:
    """Add up the emissions of a year's power, and of what is bought."""
    mean_kg_per_kwh = factory.site.carbon.grid_kg_per_kwh
    weights = factory.site.carbon.by_hour or FLAT
    burnt, source = own_fuel_l_per_kwh(factory, catalog, float(hours.facility_kw.mean())), "the grid"
    if mean_kg_per_kwh is None and burnt is not None:
        mean_kg_per_kwh, weights, source = burnt * DIESEL_KG_PER_L, FLAT, "its generators"
        text = (
            f"not declared: {mean_kg_per_kwh:.4g} kg/kWh, CO2 of the factory's own generators, as no utility feeds the chain:"
            f" {burnt:.3g} l/kWh with all of them sharing the year's mean load, {DIESEL_KG_PER_L:g} kg a litre of diesel"
            " (74,100 kg/TJ, 43 MJ/kg, 0.84 kg/l); its extraction and refining are not counted"
        )
        notes.assume("site.carbon.grid", text, DIESEL_URL, "assumption")
        if factory.site.carbon.by_hour is not None:
            message = "site.carbon.by_hour changes nothing: the generators' fuel emits the same at every hour"
            notes.warn("not-used", "site.carbon.by_hour", message, "leave it out")
    elif mean_kg_per_kwh is None:
        row = grid_of(factory, catalog, notes)
        mean_kg_per_kwh = row.carbon_kg_per_kwh
        text = f"not declared: {mean_kg_per_kwh:g} kg/kWh, {row.name}; the location's mean, not what is bought by contract"
        notes.assume("site.carbon.grid", text, row.source_url, row.confidence)
    if factory.site.carbon.by_hour is None and source == "the grid":
        notes.assume("site.carbon.by_hour", "not declared: the grid emits the same at every hour")
    emitted = emissions_kg(hours.facility_kw, weather.hour, hourly_intensity_kg_per_kwh(mean_kg_per_kwh, weights))
    by_month = np.bincount(weather.month, weights=emitted, minlength=13)[1:13]
    operational_t = float(emitted.sum()) / 1000
    embodied, without = _embodied(catalog, notes, bill)
    years = HORIZON_YEARS if factory.budget.horizon_years is None else factory.budget.horizon_years
    notes.assume(
        "carbon.total",
        f"the total is {years} years of emissions of {source} as they are today, and the making of what has a source;"
        f" {'' if burnt is not None else 'fuel of generators, '}refrigerants, transport and building are not counted",
    )
    return CarbonPlan(
        grid_kg_per_kwh=mean_kg_per_kwh,
        operational_t_per_year=operational_t,
        by_month_t=tuple((by_month / 1000).tolist()),
        cue_kg_per_kwh=carbon_usage_kg_per_kwh(1000 * operational_t, float(hours.it_kw.sum())),
        embodied_t=sum(embodied.values()),
        embodied_by_item_t=embodied,
        without_source=without,
        total_t=years * operational_t + sum(embodied.values()),
    )


def _embodied(catalog: Catalog, notes: Notes, bill: Iterable[BillLine]) -> tuple[dict[str, float], tuple[str, ...]]:
    """Add up what making the bill's items emitted, by name; list the names of those that no source tells of."""
    rows = catalog.rows["embodied"]
    found: dict[str, float] = {}
    without: dict[str, None] = {}
    for line in bill:
        if line.item not in rows:
            if line.total_usd > 0 or line.price_usd is None:
                without[line.name] = None
            continue
        row = catalog.get(Embodied, line.item)
        found[line.name] = found.get(line.name, 0.0) + line.quantity * row.carbon_kg / 1000
        if row.confidence != "vendor":
            notes.assume(f"catalog.embodied.{row.id}", f"{line.name}: {row.note}", row.source_url, row.confidence)
    return found, tuple(without)
