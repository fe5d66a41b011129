"""Capital expenditure: the bill of materials, priced where the catalog has a price."""

from __future__ import annotations

from collections.abc import Iterable

from planner.catalog import Catalog
from planner.catalog.records import Cable, Switch
from planner.plan import BillLine, CostPlan, FabricPlan, PowerPlan, RacksPlan
from planner.steps.hardware import Hardware
from planner.steps.notes import Notes

__all__ = ["plan_cost"]


def plan_cost(
    hardware: Hardware,
    catalog: Catalog,
    notes: Notes,
    fabrics: Iterable[FabricPlan],
    racks: RacksPlan,
    power: PowerPlan,
) -> CostPlan:
    """List everything that is bought, and add it up by category."""
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
            )
        )
    built = hardware.construction
    notes.assume(
        "cost.construction",
        "building, power and cooling are bought per kW of IT nameplate power",
        built.source_url,
    )
    lines.append(
        BillLine(
            category="building, power and cooling",
            item=built.id,
            name=built.name,
            quantity=power.it_nameplate_kw,
            unit="kW",
            price_usd=built.price_usd_per_kw,
            total_usd=power.it_nameplate_kw * built.price_usd_per_kw,
        )
    )
    by_category: dict[str, float] = {}
    for line in lines:
        by_category[line.category] = by_category.get(line.category, 0.0) + line.total_usd
    return CostPlan(capex_usd=sum(by_category.values()), capex_by_category_usd=by_category, bill_of_materials=tuple(lines))
