"""Generating sets: what the site leaves of their rating, how many a pool needs, and their fuel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from planner.catalog import Catalog
from planner.catalog.records import DeratingPoint, PowerStage
from planner.models.power import alternator_derating_fraction, derating_from_table, fuel_l_per_hour, units_needed
from planner.plan_facility import ChainLoad, ChainUnit
from planner.spec import Factory
from planner.steps.chain_scheme import Equipment
from planner.steps.facility import ChainDesign, Climate
from planner.steps.notes import Notes
from planner.units import figure

__all__ = ["Pool", "derating_fraction", "fuelled", "note_fuel", "pools"]

SPARES = {"N": 0, "N+1": 1, "N+2": 2}
POOL_SETS = 15  # sets on one bus, beside the spare ones
FUEL_HOURS = 48.0


@dataclass(frozen=True)
class Pool:
    """Sets on one bus, for so many blocks from the first on: what they carry when the grid is out, their rating and number."""

    number: int
    first: int
    blocks: int
    load_kw: float
    rating_kw: float
    count: int

    def names(self) -> tuple[str, ...]:
        """Name the sets."""
        return tuple(f"generator-{self.number}-{each + 1}" for each in range(self.count))


def derating_fraction(row: PowerStage, catalog: Catalog, climate: Climate, notes: Notes) -> float:
    """Work out what altitude and heat at the design hour leave of a set: the worse of engine and alternator."""
    elevation_m, ambient_c = climate.plan.elevation_m, climate.design_dry_bulb_c
    alternator = alternator_derating_fraction(elevation_m, ambient_c)
    points = {
        (point.elevation_m, point.ambient_c): point.factor_fraction
        for point in catalog.all(DeratingPoint)
        if point.item == row.id
    }
    engine = derating_from_table(points, elevation_m, ambient_c) if points else 1.0
    left = min(engine, alternator)
    site = f"{elevation_m:,.0f} m and {ambient_c:.1f} C"
    text = f"{left:.1%} of the rating at {site}: engine {engine:.1%}, alternator {alternator:.1%}"
    if not points:
        text += f"; the catalog has no derating_points of {row.id}, so the engine counts in full"
    notes.assume("power.generator_derating", text, row.source_url, "assumption")
    return left


def pools(loads_kw: Sequence[float], equipment: Equipment, redundancy: str) -> list[Pool]:
    """Put generators behind blocks.

    Parameters
    ----------
    loads_kw : sequence of float
        What each block takes when the grid is out [kW]; the blocks are alike but for the last.
    equipment : Equipment
        The generating set at the site.
    redundancy : str
        ``N``, ``N+1``, ``N+2`` or ``2N``.

    Notes
    -----
    Sets of a pool share its load. They carry it with the spare ones out, and all together stay below what the set's rating
    allows in the mean of 24 hours (ISO 8528-1), as if design load lasted.
    """
    limit, average = equipment.limit_kw(), equipment.row.average_fraction
    most = math.inf if average is None or equipment.rating_kw is None else limit * average
    per_pool = (
        max(1, math.floor(POOL_SETS * limit / max(loads_kw))) if math.isfinite(limit) and max(loads_kw) > 0 else len(loads_kw)
    )
    result: list[Pool] = []
    for first in range(0, len(loads_kw), per_pool):
        load_kw = sum(loads_kw[first : first + per_pool])
        needed = units_needed(load_kw, limit)
        count = 2 * needed if redundancy == "2N" else needed + SPARES[redundancy]
        count = max(count, units_needed(load_kw, most))
        sized_kw = max(load_kw / needed, load_kw / count / (average or 1.0)) / equipment.usable_fraction
        blocks = min(per_pool, len(loads_kw) - first)
        result.append(Pool(len(result) + 1, first, blocks, load_kw, equipment.rating_kw or sized_kw or 1.0, count))
    return result


def note_fuel(factory: Factory, row: PowerStage, loads_kw: Mapping[str, float], rating_kw: float, notes: Notes) -> float:
    """Size the tanks for sets that share the load, note how large they are, and return how many hours of design load they last.

    Idle running takes its part of the fuel, so that sets at little load burn more for each kWh than the catalog's full-load
    figure.
    """
    hours = FUEL_HOURS if factory.power.fuel_hours is None else factory.power.fuel_hours
    text = f"{'not declared: ' if factory.power.fuel_hours is None else ''}{figure(hours)} h of fuel at design load"
    if row.fuel_l_per_kwh is not None:
        load_kw = sum(loads_kw.values())
        burnt = sum(fuel_l_per_hour(each, rating_kw, row.fuel_l_per_kwh) for each in loads_kw.values())
        text += (
            f": tanks of {figure(hours * burnt)} l, at {figure(burnt / load_kw if load_kw else 0.0, 3)} l/kWh and"
            f" {figure(load_kw)} kW on all generators together ({row.fuel_l_per_kwh:g} l/kWh at full load, a tenth of that flow"
            " without load)"
        )
    notes.assume("power.fuel_hours", text, row.source_url, "assumption")
    if hours == 0:
        message = f"{row.name}: no fuel at the site, so that the generators carry nothing when the grid is out"
        notes.warn("no-fuel", "power.fuel_hours", message, "hours of fuel, or generator-none", hours, None, "h")
    return hours


def fuelled(chain: ChainDesign) -> tuple[tuple[ChainUnit, ...], tuple[ChainLoad, ...]]:
    """Return the units and loads of a chain, without generators where there is no fuel for them and a grid beside them."""
    sets = {unit.name for unit in chain.units if unit.stage == "generator"}
    if chain.generator_fuel_hours != 0 or all(unit.stage != "utility" for unit in chain.units):
        return chain.units, chain.feeds

    def left(names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        return {"backed_by": tuple(name for name in names if name not in sets)}

    units = tuple(each.model_copy(update=left(each.backed_by)) for each in chain.units if each.name not in sets)
    return units, tuple(each.model_copy(update=left(each.backed_by)) for each in chain.feeds)
