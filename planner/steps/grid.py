"""Where power comes from: the country's grid, where the factory does not say; or its own generators, and their fuel."""

from __future__ import annotations

from planner.catalog import Catalog
from planner.catalog.records import Grid, PowerStage
from planner.models.power import fuel_l_per_hour
from planner.spec import Factory
from planner.steps.construction import FUEL_L_PER_KWH
from planner.steps.notes import Notes

__all__ = ["DIESEL_KG_PER_L", "DIESEL_URL", "grid_of", "own_fuel_l_per_kwh", "without_utility"]

ANYWHERE = "world"
DIESEL_KG_PER_L = 2.68
"""CO2: 74,100 kg/TJ times 43 TJ/kt (IPCC 2006, volume 2, tables 1.4 and 1.2), at 0.84 kg/l."""
DIESEL_URL = "https://www.ipcc-nggip.iges.or.jp/public/2006gl/vol2.html"


def grid_of(factory: Factory, catalog: Catalog, notes: Notes) -> Grid:
    """Find the row of the site's country; the world's mean stands in for a country without one."""
    country = factory.site.country.lower()
    known = catalog.rows["grids"]
    row = catalog.get(Grid, country if country in known else ANYWHERE)
    if country not in known:
        text = f"the catalog has no grid of {factory.site.country}: the world's mean stands in"
        notes.assume("site.country", text, row.source_url, "assumption")
    notes.assume_row("grids", row)
    return row


def without_utility(factory: Factory, catalog: Catalog) -> bool:
    """Tell whether the factory lives on generators of its own: a declared chain without a utility; one by a scheme has one."""
    stages = {catalog.get(PowerStage, link.equipment).stage for link in (factory.power.chain or {}).values()}
    return "generator" in stages and "utility" not in stages


def own_fuel_l_per_kwh(factory: Factory, catalog: Catalog, mean_kw: float) -> float | None:
    """Say what a factory without a utility burns for each kWh, with all its generators sharing the year's mean load.

    None where the chain has a utility. Fuel rises in a straight line with the load, so that the
    mean load gives the year's fuel whatever the hours are like.
    """
    links = [(link, catalog.get(PowerStage, link.equipment)) for link in (factory.power.chain or {}).values()]
    sets = [(link.rating_kw or row.rating_kw, row.fuel_l_per_kwh) for link, row in links if row.stage == "generator"]
    if not without_utility(factory, catalog):
        return None
    load_kw, burnt = mean_kw / len(sets), 0.0
    for rating_kw, declared in sets:
        full = FUEL_L_PER_KWH if declared is None else declared
        # A set without a rating is as large as its load; one without a load is not run.
        burnt += fuel_l_per_hour(load_kw, rating_kw, full) / load_kw if rating_kw and load_kw > 0 else full
    return burnt / len(sets)
