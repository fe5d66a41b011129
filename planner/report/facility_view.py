"""What a report says of the facility as a whole: the first page, the basis of design, what to worry about, and the hall."""

from __future__ import annotations

from planner.plan import HallPlan, Plan, PowerPlan
from planner.plan_facility import Sensitivity
from planner.report.availability_view import availability_tables, worst_first
from planner.report.cooling_view import cooling_tables, year_tables
from planner.report.electrical_view import electrical_tables
from planner.report.money_view import carbon_tables, cost_tables
from planner.report.words import (
    Table,
    clean_text,
    duration_text,
    money_text,
    names_text,
    nines_text,
    percent_text,
    power_text,
    rate_text,
    ratio_text,
    seconds_text,
    share_text,
)
from planner.units import figure

__all__ = ["basis_table", "facility_answers", "facility_tables", "risks_table"]

_MOST_RISKS = 5
_HOURS_A_YEAR = 8760
_CLOSE = 0.95  # from this share of a limit on it is a risk


def facility_answers(plan: Plan) -> list[tuple[str, str]]:
    """Answer what a planner asks first, each number with its basis."""
    compute = plan.compute
    racks, _, power = plan.in_a_hall()
    nodes = ", ".join(f"{group.nodes:,} x {clean_text(group.name)}" for group in compute.groups)
    if compute.hosts != compute.nodes:
        nodes += f" ({compute.hosts:,} hosts)"
    rack_split = ", ".join(f"{group.count:,} {clean_text(group.name)}" for group in racks.groups)
    site = plan.factory.site
    rows = [
        ("Site", clean_text(site.country + (f", {site.region}" if site.region else ""))),
        ("GPUs", f"{compute.gpus:,} in {nodes}"),
        ("IT", _it(power)),
        ("Grid", _grid(plan, power)),
    ]
    if plan.cooling is not None:
        heat, capacity = power_text(plan.cooling.heat_kw), power_text(plan.cooling.capacity_kw)
        liquid = share_text(power.heat_liquid_kw, plan.cooling.heat_kw, 0)
        rows.append(("Cooling", f"{heat} of heat, {liquid} by liquid; {capacity} can be carried in the design hour"))
    if plan.year is not None:
        year = plan.year
        partial = "; partial" if any(each.code == "partial-plant" for each in plan.findings) else ""
        pue = f"{figure(year.pue_annual_ratio)} in the year, hours p50 {figure(year.pue_p50_ratio)}"
        rows.append(("PUE", f"{pue} and p99 {figure(year.pue_p99_ratio)}; {figure(power.design_pue_ratio)} at design{partial}"))
        water = f"{figure(year.water_m3)} m3 a year, {figure(year.water_peak_day_m3)} m3 on the peak day"
        rows.append(("Water", f"WUE {figure(year.wue_site_l_per_kwh)} l/kWh on site; {water}"))
    if plan.availability is not None:
        rack, factory = plan.availability.rack_availability_fraction, plan.availability.factory_availability_fraction
        out = duration_text(plan.availability.rack_minutes_per_year), duration_text(plan.availability.factory_minutes_per_year)
        text = f"a rack {nines_text(rack)} (out {out[0]} a year), every rack up {nines_text(factory)} (some rack out {out[1]})"
        rows.append(("Uptime", text))
    rows.append(("Racks", f"{racks.count:,} ({rack_split})"))
    fabric = next((fabric for fabric in plan.fabrics if fabric.kind == "compute"), None)
    if fabric:
        tiers = fabric.switches_by_tier
        parts = [
            f"{count:,} {name}" for name, count in (("leaf", tiers.leaf), ("spine", tiers.spine), ("core", tiers.core)) if count
        ]
        switches = "switch" if tiers.total() == 1 else "switches"
        ratio, bisection = ratio_text(fabric.oversubscription_ratio), rate_text(fabric.bisection_gbit_per_s)
        rows.append(("Fabric", f"{' + '.join(parts)} {switches}, {ratio}, {bisection} bisection one way"))
    return [*rows, *_money(plan)]


def _it(power: PowerPlan) -> str:
    loads = f"{power_text(power.it_design_kw)} design, {power_text(power.it_nameplate_kw)} nameplate"
    room = min((each.reachable_kw for each in power.stranded), default=None)
    more = "" if room is None else f"; the chain carries {power_text(room)} more"
    return f"{loads}, {power_text(power.it_expected_kw)} expected at work{more}"


def _grid(plan: Plan, power: PowerPlan) -> str:
    feed = plan.factory.site.grid_feed_kw
    of = "" if feed is None else f" of {power_text(feed)} ({share_text(power.facility_kw, feed)})"
    peak = "" if plan.year is None else f", {power_text(plan.year.peak_kw)} in the year's peak hour"
    return f"{power_text(power.facility_kw)} at design{of}; {power_text(power.facility_expected_kw)} expected{peak}"


def _money(plan: Plan) -> list[tuple[str, str]]:
    cost = plan.cost
    rows = [("Capex", f"{money_text(cost.capex_usd)} USD")]
    if cost.opex:
        text = f"{money_text(cost.opex_usd_per_year)} USD a year; {money_text(cost.tco_usd)} USD in {cost.horizon_years} years"
        hour = "" if cost.usd_per_gpu_hour is None else f", {figure(cost.usd_per_gpu_hour, 3)} USD a GPU-hour"
        rows.append(("Opex", f"{text} with capex{hour}"))
    if plan.carbon is not None:
        year, making = figure(plan.carbon.operational_t_per_year), figure(plan.carbon.embodied_t)
        text = f"{year} t CO2e a year, CUE {figure(plan.carbon.cue_kg_per_kwh)} kg/kWh; {making} t embodied"
        if not plan.carbon.embodied_by_item_t:
            text = text.replace(f"{making} t embodied", "embodied: no source")
        rows.append(("Carbon", text))
    return rows


def risks_table(plan: Plan) -> Table:
    """Name at most five things to worry about: what is close, what one outage stops, what is soon too warm, what is unsure."""
    found = [*_close_limits(plan), *_outage_risks(plan), *_cooling_risks(plan), *_money_risks(plan)]
    note = "In this order: limits nearly reached, the worst outage, the weakest part, heat, money. Details are below."
    return Table("What to worry about", ("Risk", "How much"), tuple(found[:_MOST_RISKS]), note=note, twin="risks")


def _close_limits(plan: Plan) -> list[tuple[str, str]]:
    return [
        (f"limit {clean_text(limit.path)}", f"{share_text(limit.value, limit.limit)} used, {_left(limit.margin, limit.unit)}")
        for limit in plan.limits
        if limit.limit and limit.value >= _CLOSE * limit.limit
    ][:2]


def _left(margin: float, unit: str) -> str:
    return f"{figure(margin)} {clean_text(unit)} left" if margin >= 0 else f"{figure(-margin)} {clean_text(unit)} too much"


def _outage_risks(plan: Plan) -> list[tuple[str, str]]:
    if plan.availability is None:
        return []
    rows = []
    for outage in worst_first(plan.availability.outages)[:1]:
        name = " + ".join(map(clean_text, outage.components))
        if outage.gpus_lost or outage.racks_lost:
            rows.append((f"{name} out", f"{outage.racks_lost:,} racks and {outage.gpus_lost:,} GPUs stop"))
        elif outage.gpus_throttled:
            rows.append((f"{name} out", f"{outage.gpus_throttled:,} GPUs are throttled"))
        elif outage.fullest_ratio > 1:
            rows.append((f"{name} out", f"{clean_text(outage.fullest)} carries {percent_text(outage.fullest_ratio, 0)}"))
    ranking = sorted(plan.availability.ranking, key=lambda each: -each.fussell_vesely_fraction)
    for part in ranking[:1]:
        share, minutes = percent_text(part.fussell_vesely_fraction, 0), duration_text(part.minutes_per_year)
        rows += [(f"{clean_text(part.name)}", f"{share} of a rack's time out, {minutes} a year with its maintenance")]
    if not plan.availability.concurrently_maintainable:
        rows.append(("maintenance", f"racks stop for that of {names_text(plan.availability.not_maintainable)}"))
    return rows


def _cooling_risks(plan: Plan) -> list[tuple[str, str]]:
    rows = []
    if plan.year is not None and plan.year.short_hours:
        rows.append(("hot hours", f"{plan.year.short_hours:,} h a year with more heat than the plant can carry"))
    if plan.cooling is not None and plan.cooling.trips:
        trip = min(plan.cooling.trips, key=lambda trip: trip.trip_s)
        rows.append((clean_text(trip.event), f"{clean_text(trip.loop)} too warm after {seconds_text(trip.trip_s)}"))
    return rows


def _money_risks(plan: Plan) -> list[tuple[str, str]]:
    spread = sorted(plan.cost.sensitivities, key=lambda each: -abs(each.high_usd_per_gpu_hour - each.low_usd_per_gpu_hour))
    rows = [
        (
            f"price: {clean_text(each.name)}",
            f"{_span(each)} USD a GPU-hour at {clean_text(each.low)} to {clean_text(each.high)}",
        )
        for each in spread[:1]
    ]
    unpriced = sum(line.price_usd is None for line in plan.cost.bill_of_materials)
    return [*rows, ("no price", f"{unpriced} lines of the bill are not in the capex")] if unpriced else rows


def _span(each: Sensitivity) -> str:
    return f"{figure(each.low_usd_per_gpu_hour, 3)} to {figure(each.high_usd_per_gpu_hour, 3)}"


def basis_table(plan: Plan) -> Table:
    """State what the design stands on."""
    site, power, cooling, year = plan.factory.site, plan.power, plan.cooling, plan.year
    rows = [("Site", clean_text(site.country + (f", {site.region}" if site.region else "")), "declared")]
    if year is not None:
        weather = year.weather
        basis = f"weather file, SHA-256 {weather.file_sha256[:12]}" if weather.source == "file" else "a station's normals"
        rows += [
            ("Weather", clean_text(weather.name), basis),
            ("Elevation", f"{figure(weather.elevation_m)} m", f"air at {figure(weather.pressure_kpa)} kPa"),
            (
                "Dry bulb of the year",
                f"{figure(weather.dry_bulb_min_c)} / {figure(weather.dry_bulb_mean_c)} / {figure(weather.dry_bulb_max_c)} C",
                "lowest / mean / highest hour",
            ),
            (
                "Wet bulb of the year",
                f"{figure(weather.wet_bulb_mean_c)} / {figure(weather.wet_bulb_max_c)} C",
                "mean / highest",
            ),
        ]
    if cooling is not None:
        outdoors = f"{figure(cooling.design_dry_bulb_c)} C dry, {figure(cooling.design_wet_bulb_c)} C wet bulb"
        rows.append(("Design hour", outdoors, "declared" if site.design_day else "the year's extremes"))
        if cooling.facility_supply_c is not None:
            most = cooling.facility_supply_max_c
            allowed = (
                "" if most is None else f"at most {figure(most)} C: {clean_text(cooling.w_class or 'as the equipment takes')}"
            )
            rows.append(("Facility water", f"{figure(cooling.facility_supply_c)} C to the racks", allowed))
    if power is not None:
        diversity = share_text(power.it_design_kw, power.it_nameplate_kw, 0)
        rows.append(("Design load", power_text(power.it_design_kw), f"{diversity} of nameplate; sizes chain and cooling"))
        duty = share_text(power.it_expected_kw, power.it_nameplate_kw, 0)
        rows.append(("Expected load", power_text(power.it_expected_kw), f"{duty} of nameplate; the year's energy and cost"))
        rows.append(("Power chain", clean_text(power.redundancy), "redundancy"))
    spares = sorted({units.count - units.needed_count for units in cooling.units}) if cooling else []
    if spares:
        text = f"{spares[0]} spare" if len(spares) == 1 else f"{spares[0]} to {spares[-1]} spare"
        rows.append(("Cooling units", text, "of each kind, at the design hour"))
    if plan.cost.opex:
        rows.append(
            ("Horizon", f"{plan.cost.horizon_years} years", f"money costs {100 * plan.cost.discount_fraction:g} % a year")
        )
    return Table("Basis of design", ("", "Value", "Basis"), tuple(rows), twin="summary")


def facility_tables(plan: Plan) -> list[Table]:
    """Lay out the facility's tables, in the order in which an engineer reads them."""
    _, hall, power = plan.in_a_hall()
    return [
        _hall(hall),
        *electrical_tables(power),
        *(cooling_tables(plan.cooling) if plan.cooling else []),
        *(year_tables(plan.year, plan.carbon) if plan.year else []),
        *(availability_tables(plan.availability) if plan.availability else []),
        *cost_tables(plan.cost),
        *(carbon_tables(plan.carbon) if plan.carbon else []),
    ]


def _hall(hall: HallPlan) -> Table:
    rows = [
        (
            clean_text(row.name),
            f"{row.racks:,}",
            f"{row.positions:,}",
            share_text(row.racks, row.positions, 0),
            figure(row.power_kw),
            f"{row.tray_cables_count:,}",
        )
        for row in hall.rows
    ]
    note = (
        f"kW at design load. Tray: cables at its fullest place. Floor {figure(hall.floor_m2)} m2; positions blocked:"
        f" {len(hall.blocked)}. Ways of all cables {figure(hall.cables_after_search_m)} m,"
        f" {figure(hall.cables_before_search_m)} m"
        " before racks were moved."
    )
    columns = ("Row", "Racks", "Positions", "Full", "kW", "Tray")
    return Table("Hall: rows", columns, tuple(rows), frozenset({1, 2, 3, 4, 5}), note, most=16, twin="hall-rows")
