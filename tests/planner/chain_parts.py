"""Chains for tests: the step that plans them, with loads, cooling and climate given as numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from factories import CATALOG, simple
from planner.catalog import Catalog
from planner.plan_facility import CoolingPlan
from planner.spec import Factory
from planner.steps.chain import RowLoad, plan_chain
from planner.steps.facility import ChainDesign, Climate, Loads
from planner.steps.hardware import resolve
from planner.steps.notes import Notes


def rows_of(racks: int, it_kw: float, per_row: int = 16) -> tuple[RowLoad, ...]:
    """Rows of like racks with 8 GPUs each."""
    full, rest = divmod(racks, per_row)
    sizes = [per_row] * full + [rest] * bool(rest)
    return tuple(
        RowLoad(chr(65 + n % 26) * (1 + n // 26), size, 8 * size, size * it_kw / racks) for n, size in enumerate(sizes)
    )


def chain_of(
    it_kw: float = 8000.0,
    racks: int = 60,
    drawn: bool = True,
    pumps_kw: float = 160.0,
    cooling_kw: float = 900.0,
    house_kw: float = 80.0,
    site_m: tuple[float, float] = (100.0, 35.0),
    catalog: Catalog = CATALOG,
    **sections: Any,
) -> tuple[ChainDesign, Notes]:
    """Plan a chain; `site_m` is elevation [m] and design temperature [C]."""
    factory = Factory.model_validate(simple(**sections), context={"ids": catalog.ids()})
    notes = Notes()
    loads = SimpleNamespace(power_kw={"design": it_kw}, groups=(SimpleNamespace(racks=racks, power_kw={"design": it_kw}),))
    units = (SimpleNamespace(power_kw=pumps_kw, on_ups=True), SimpleNamespace(power_kw=cooling_kw, on_ups=False))
    climate = SimpleNamespace(plan=SimpleNamespace(elevation_m=site_m[0]), design_dry_bulb_c=site_m[1])
    design = plan_chain(
        factory,
        resolve(factory, catalog, notes),
        catalog,
        notes,
        cast("Loads", loads),
        cast("CoolingPlan", SimpleNamespace(units=units)),
        cast("Climate", climate),
        house_kw,
        rows_of(racks, it_kw) if drawn else None,
    )
    return design, notes
