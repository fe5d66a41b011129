"""Capital expenditure: the bill of materials, priced where the catalog has a price, and what redundancy costs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from planner.catalog import Catalog
from planner.catalog.records import Cable, PowerStage, Switch
from planner.plan import FabricPlan, RacksPlan
from planner.plan_facility import BillLine, ChainUnit, CostPlan, RedundancyStep
from planner.spec import Factory
from planner.steps.construction import construction_lines, price_usd_per_kw, weakest
from planner.steps.facility import Loads
from planner.steps.hardware import Hardware
from planner.steps.notes import Notes

__all__ = ["DISCOUNT_FRACTION", "HORIZON_YEARS", "SchemeFigures", "capital_plan", "plan_cost", "redundancy_steps"]

HORIZON_YEARS = 5
DISCOUNT_FRACTION = 0.08


@dataclass(frozen=True)
class SchemeFigures:
    """The chain drawn up in one scheme: its units, its loss at design load, and how long a year a rack is without power."""

    units: tuple[ChainUnit, ...]
    loss_kw: float
    rack_minutes_per_year: float


def plan_cost(
    factory: Factory,
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    fabrics: Iterable[FabricPlan],
    racks: RacksPlan,
    loads: Loads,
    facility_kw: float | None = None,
) -> CostPlan:
    """List everything that is bought, and add it up by category; what it costs to run is `plan_operation`'s part.

    `facility_kw` is what the whole factory draws at design load: without it, a share of the IT load stands in.
    """
    lines = _it_lines(hardware, catalog, notes, fabrics, racks)
    lines += construction_lines(
        factory,
        hardware,
        catalog,
        notes,
        loads.power_kw["nameplate"],
        loads.power_kw["design"],
        loads.heat_liquid_kw["design"],
        facility_kw,
    )
    return capital_plan(factory, tuple(lines))


def capital_plan(factory: Factory, lines: tuple[BillLine, ...]) -> CostPlan:
    """Add a bill up by category: a cost plan of capital alone."""
    by_category: dict[str, list[BillLine]] = {}
    for line in lines:
        by_category.setdefault(line.category, []).append(line)
    sums = {category: math.fsum(line.total_usd for line in listed) for category, listed in by_category.items()}
    capex_usd = math.fsum(sums.values())
    budget = factory.budget
    return CostPlan(
        capex_usd=capex_usd,
        capex_by_category_usd=sums,
        capex_confidence_by_category={
            category: weakest(*(line.confidence for line in listed)) for category, listed in by_category.items()
        },
        bill_of_materials=lines,
        opex=(),
        opex_usd_per_year=0.0,
        horizon_years=HORIZON_YEARS if budget.horizon_years is None else budget.horizon_years,
        discount_fraction=DISCOUNT_FRACTION if budget.discount_fraction is None else budget.discount_fraction,
        tco_usd=capex_usd,
        npv_usd=capex_usd,
        usd_per_gpu_hour=None,
        usd_per_pflop_day=None,
        redundancy_steps=(),
        sensitivities=(),
    )


def redundancy_steps(
    catalog: Catalog, notes: Notes, schemes: Mapping[str, SchemeFigures], times: float = 1.0
) -> tuple[RedundancyStep, ...]:
    """Price the equipment of every scheme, unit by unit, against that of N (or of the cheapest, where N is not among them).

    The units are those of a part of the hall that so many `times` makes the whole.
    """
    usd_per_kw: dict[str, float] = {}
    for item in sorted({unit.item for figures in schemes.values() for unit in figures.units}):
        row = catalog.get(PowerStage, item)
        price = catalog.price(item)
        usd_per_kw[item] = price_usd_per_kw(row, catalog) or 0.0
        if price is not None:
            notes.assume_row("prices", price)
        elif row.stage not in ("rectifier", "converter"):  # part of the nodes or the racks
            text = f"{row.name} has no price: what redundancy costs is too low"
            hint = "add a row to a prices.csv of your own and name its folder with --catalog"
            notes.warn("no-price", f"catalog.prices.{item}", text, hint)
    capex = {
        scheme: times * math.fsum(unit.rating_kw * usd_per_kw[unit.item] for unit in figures.units)
        for scheme, figures in schemes.items()
    }
    least = capex.get("N", min(capex.values(), default=0.0))
    if schemes:
        text = "steps of redundancy: all units of the chain at their prices, cooling as declared; beside the turnkey price"
        notes.assume("cost.redundancy_steps", text)
    return tuple(
        RedundancyStep(
            scheme=scheme,
            capex_usd=capex[scheme],
            capex_over_n_usd=round(capex[scheme] - least, 2),
            loss_kw=figures.loss_kw,
            rack_minutes_per_year=figures.rack_minutes_per_year,
        )
        for scheme, figures in schemes.items()
    )


def _it_lines(
    hardware: Hardware, catalog: Catalog, notes: Notes, fabrics: Iterable[FabricPlan], racks: RacksPlan
) -> list[BillLine]:
    """List nodes, networks, storage, servers and racks."""
    counts: dict[tuple[str, str, str], int] = {}

    def add(category: str, item: str, name: str, count: int) -> None:
        if count:
            counts[category, item, name] = counts.get((category, item, name), 0) + count

    for node, _, count in hardware.nodes:
        add("compute nodes", node.id, node.name, count)
    for fabric in fabrics:
        if fabric.switch:
            add(
                "switches",
                fabric.switch,
                catalog.get(Switch, fabric.switch).name,
                fabric.switches_by_tier.total(),
            )
        for group in fabric.cables:
            if group.cable:
                add("cables and optics", group.cable, catalog.get(Cable, group.cable).name, group.count)
    storage = {server.id for server, _ in hardware.storage_systems}
    for server, count in hardware.servers():
        add("storage" if server.id in storage else "management", server.id, server.name, count)
    add(
        "racks and rack PDUs",
        hardware.rack.id,
        hardware.rack.name,
        sum(group.count for group in racks.groups if group.rack == hardware.rack.id),
    )
    add("racks and rack PDUs", hardware.pdu.id, hardware.pdu.name, racks.pdus_count)

    lines = []
    for (category, item, name), count in counts.items():
        price = catalog.price(item)
        if price is None:
            notes.warn(
                "no-price",
                f"catalog.prices.{item}",
                f"{count:,} x {name} have no price: capital expenditure is too low",
                "add a row to a prices.csv of your own and name its folder with --catalog",
            )
        else:
            notes.assume_row("prices", price)
        price_usd = price.price_usd if price else None
        lines.append(
            BillLine(
                category=category,
                item=item,
                name=name,
                quantity=count,
                unit="each",
                price_usd=price_usd,
                total_usd=count * (price_usd or 0.0),
                confidence=price.confidence if price else "none",
            )
        )
    return lines
