"""What a report says of money and carbon: what is bought, what running costs, what an hour costs, what it emits."""

from __future__ import annotations

from planner.plan_facility import CarbonPlan, CostPlan
from planner.report.words import Table, clean_text, duration_text, money_text, or_dash, share_text
from planner.units import figure

__all__ = ["carbon_tables", "cost_tables"]


def cost_tables(cost: CostPlan) -> list[Table]:
    """Lay out what the factory costs."""
    return [_ownership(cost), _capex(cost), _opex(cost), _redundancy(cost), _tornado(cost), _bill(cost)]


def _ownership(cost: CostPlan) -> Table:
    rows = [
        ("Capital expenditure", f"{money_text(cost.capex_usd)} USD", "list or street prices"),
        ("Operating expenditure", f"{money_text(cost.opex_usd_per_year)} USD", "a year"),
        ("Cost of ownership", f"{money_text(cost.tco_usd)} USD", f"over {cost.horizon_years} years, not discounted"),
        (
            "Present value",
            f"{money_text(cost.npv_usd)} USD",
            f"of the same, discounted at {100 * cost.discount_fraction:g} % a year",
        ),
    ]
    if cost.usd_per_gpu_hour is not None:
        rows.append(
            (
                "A GPU-hour",
                f"{figure(cost.usd_per_gpu_hour)} USD",
                "all costs, with interest, over the hours of GPUs",
            )
        )
    if cost.usd_per_pflop_day is not None:
        rows.append(("A PFLOP-day", f"{figure(cost.usd_per_pflop_day)} USD", "of useful work"))
    return Table("Cost: ownership", ("", "How much", "Basis"), tuple(rows), frozenset({1}), twin="summary")


def _capex(cost: CostPlan) -> Table:
    rows = [
        (
            clean_text(name),
            figure(total),
            share_text(total, cost.capex_usd),
            clean_text(cost.capex_confidence_by_category.get(name, "")) or "-",
        )
        for name, total in cost.capex_by_category_usd.items()
    ]
    rows.append(("capital expenditure", figure(cost.capex_usd), "", ""))
    note = "List or street prices; see the sources below. Grade: of the category's weakest price."
    return Table("Cost: capital", ("Category", "USD", "Share", "Grade"), tuple(rows), frozenset({1, 2}), note, twin="capex")


def _opex(cost: CostPlan) -> Table:
    rows = [
        (
            clean_text(line.category),
            f"{figure(line.quantity)} {clean_text(line.unit)}".strip(),
            or_dash(line.price_usd),
            figure(line.yearly_usd),
            share_text(line.yearly_usd, cost.opex_usd_per_year),
        )
        for line in cost.opex
    ]
    if rows:
        rows.append(("operating expenditure", "", "", figure(cost.opex_usd_per_year), ""))
    columns = ("Category", "In a year", "USD each", "USD/year", "Share")
    return Table("Cost: operation", columns, tuple(rows), frozenset({1, 2, 3, 4}), twin="opex")


def _redundancy(cost: CostPlan) -> Table:
    rows = [
        (
            clean_text(step.scheme),
            figure(step.capex_usd),
            figure(step.capex_over_n_usd),
            figure(step.loss_kw),
            duration_text(step.rack_minutes_per_year),
        )
        for step in cost.redundancy_steps
    ]
    note = (
        "The power chain by scheme: what its equipment costs in whole units of the catalog, how much more than N, what it loses"
        " at design load, and how long a year a rack is out. The bill of materials instead prices another scheme than the"
        " turnkey price's by its capacity, in proportion."
    )
    columns = ("Scheme", "USD", "Over N", "Loss kW", "Rack out a year")
    title = "Cost: what redundancy costs and buys"
    return Table(title, columns, tuple(rows), frozenset({1, 2, 3, 4}), note, twin="redundancy")


def _tornado(cost: CostPlan) -> Table:
    ordered = sorted(cost.sensitivities, key=lambda each: -abs(each.high_usd_per_gpu_hour - each.low_usd_per_gpu_hour))
    rows = [
        (
            clean_text(each.name),
            f"{clean_text(each.low)} to {clean_text(each.high)}",
            figure(each.low_usd_per_gpu_hour),
            figure(each.high_usd_per_gpu_hour),
        )
        for each in ordered
    ]
    base = "" if cost.usd_per_gpu_hour is None else f" from {figure(cost.usd_per_gpu_hour)} USD"
    note = f"USD per GPU-hour with one input changed down and up{base}, everything else recomputed. Widest first."
    columns = ("Input", "Range", "Low", "High")
    return Table("Cost: sensitivities", columns, tuple(rows), frozenset({2, 3}), note, most=12, twin="sensitivities")


def _bill(cost: CostPlan) -> Table:
    rows = [
        (
            clean_text(line.name if line.unit == "kW" else line.item),
            figure(line.quantity) + (" kW" if line.unit == "kW" else ""),
            "no price" if line.price_usd is None else figure(line.price_usd, 5),
            figure(line.total_usd),
            line.confidence,
        )
        for line in cost.bill_of_materials
    ]
    built = any(line.unit == "kW" for line in cost.bill_of_materials)
    note = (
        "Lines in kW: the hall, at a turnkey price for each kW of IT; then equipment that this factory has beyond what that"
        " price buys, and, below zero, credits for what it buys and this factory has not."
        if built
        else ""
    )
    columns = ("Item", "Count", "USD each", "USD", "Grade")
    return Table("Bill of materials", columns, tuple(rows), frozenset({1, 2, 3}), note, twin="bill-of-materials")


def carbon_tables(carbon: CarbonPlan) -> list[Table]:
    """Lay out what the factory emits."""
    return [_emissions(carbon), _embodied(carbon)]


def _emissions(carbon: CarbonPlan) -> Table:
    rows = (
        ("Power", f"{figure(carbon.grid_kg_per_kwh)} kg/kWh", "yearly mean, of the grid or of generators that stand for it"),
        ("CUE", f"{figure(carbon.cue_kg_per_kwh)} kg/kWh", "emissions over IT energy (ISO/IEC 30134-8)"),
        ("Operation", f"{figure(carbon.operational_t_per_year)} t", "CO2e a year, hour by hour"),
        ("Embodied", f"{figure(carbon.embodied_t)} t", "CO2e of making what has a source"),
        ("Over the horizon", f"{figure(carbon.total_t)} t", "CO2e, operation and embodied"),
    )
    missing = _named(carbon.without_source)
    note = f"No source for the making of: {missing}; it is left out, not zero." if missing else ""
    return Table("Carbon", ("", "How much", "Basis"), rows, frozenset({1}), note, twin="summary")


def _named(names: tuple[str, ...]) -> str:
    """List up to eight names, and say how many more there are; empty for none."""
    listed = ", ".join(map(clean_text, names[:8]))
    return listed + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _embodied(carbon: CarbonPlan) -> Table:
    rows = [
        (clean_text(item), figure(tonnes), share_text(tonnes, carbon.embodied_t))
        for item, tonnes in sorted(carbon.embodied_by_item_t.items(), key=lambda each: -each[1])
    ]
    columns = ("Item", "t CO2e", "Share")
    return Table("Carbon: embodied", columns, tuple(rows), frozenset({1, 2}), most=16, twin="carbon-embodied")
