"""The country's grid: what its power emits, costs and drinks, where the factory does not say."""

from __future__ import annotations

from planner.catalog import Catalog
from planner.catalog.records import Grid
from planner.spec import Factory
from planner.steps.notes import Notes

__all__ = ["grid_of"]

ANYWHERE = "world"


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
