"""What a report says of cooling and of the year: loops, units, time to trip; energy, water and how the plant ran."""

from __future__ import annotations

from planner.plan_facility import CarbonPlan, CoolingPlan, LoopPlan, YearPlan
from planner.report.words import (
    Table,
    clean_text,
    energy_text,
    percent_text,
    power_text,
    seconds_text,
    share_text,
)
from planner.units import figure

__all__ = ["cooling_tables", "year_tables"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EVERY_HOURS = 3  # of the day are shown: all 24 columns do not fit a terminal
_HOURS_A_YEAR = 8760


def cooling_tables(cooling: CoolingPlan) -> list[Table]:
    """Lay out the plant at the design hour."""
    return [_loops(cooling), _units(cooling), _trips(cooling)]


def _loops(cooling: CoolingPlan) -> Table:
    rows = [
        (
            f"{clean_text(loop.medium)}: {clean_text(loop.name)}",
            clean_text(loop.coolant),
            figure(loop.heat_kw),
            figure(loop.supply_c, 3),
            figure(loop.return_c, 3),
            _flow(loop),
            figure(loop.pressure_drop_kpa) if loop.pressure_drop_kpa > 0 else "-",
            figure(loop.drive_kw),
        )
        for loop in cooling.loops
    ]
    note = (
        f"At the design hour, {figure(cooling.design_dry_bulb_c)} C dry bulb and {figure(cooling.design_wet_bulb_c)} C wet."
        " Drive: what pumps or fans draw. Racks: the technology cooling system (TCS); facility"
        " water: the facility water system (FWS), chilled water where there are chillers; outdoor water: that of condensers and"
        " economizers."
    )
    columns = ("Loop", "Coolant", "Heat kW", "Supply C", "Return C", "Flow", "Drop kPa", "Drive kW")
    return Table("Cooling: loops from the racks to the sky", columns, tuple(rows), frozenset(range(2, 8)), note, twin="loops")


def _flow(loop: LoopPlan) -> str:
    if loop.flow_l_per_min is not None:
        return f"{figure(loop.flow_l_per_min)} l/min"
    return "-" if loop.flow_m3_per_s is None else f"{figure(loop.flow_m3_per_s)} m3/s"


def _units(cooling: CoolingPlan) -> Table:
    rows = [
        (
            clean_text(units.name),
            clean_text(units.role),
            f"{units.needed_count:,} of {units.count:,}" + (f" x {units.groups_count:,}" if units.groups_count > 1 else ""),
            figure(units.capacity_kw),
            figure(units.load_kw),
            share_text(units.load_kw, units.capacity_kw, 0),
            figure(units.power_kw),
            "yes" if units.on_ups else "no",
        )
        for units in cooling.units
    ]
    note = (
        "Needs: units that carry the heat, of those that are there (x groups of them). Capacity and load: kW of heat a unit at"
        " the design hour, shared by all; draws: kW of all of them, of chillers of as few as draw least. UPS: runs through an"
        " outage of the utility."
    )
    columns = ("Units", "Role", "Needs", "Capacity", "Load", "%", "Draws", "UPS")
    return Table("Cooling: units", columns, tuple(rows), frozenset({2, 3, 4, 5, 6}), note, most=20, twin="cooling-units")


def _trips(cooling: CoolingPlan) -> Table:
    rows = [
        (
            clean_text(trip.event),
            clean_text(trip.loop),
            figure(trip.heat_kw),
            figure(trip.thermal_mass_kj_per_k),
            figure(trip.margin_k),
            seconds_text(trip.trip_s),
            "-" if trip.restart_s is None else seconds_text(trip.restart_s),
        )
        for trip in sorted(cooling.trips, key=lambda trip: trip.trip_s)
    ]
    note = (
        "Time until the coolant or the air is too warm: thermal mass x margin / heat, at design load. Shortest first. Coolant"
        " that no pump moves counts only where it is in racks and hoses. Restart: from power that is back until it cools again;"
        " what has none runs on through an outage of the grid."
    )
    columns = ("What stops", "Loop", "Heat kW", "kJ/K", "Margin K", "Trips after", "Restart")
    return Table("Cooling: time to trip", columns, tuple(rows), frozenset({2, 3, 4, 5, 6}), note, twin="trips")


def year_tables(year: YearPlan, carbon: CarbonPlan | None) -> list[Table]:
    """Lay out the 8,760 hours."""
    return [
        _categories(year),
        _metrics(year),
        _pue(year),
        _modes(year),
        _wet_bulb(year),
        _months(year, carbon),
        _duration(year),
    ]


def _categories(year: YearPlan) -> Table:
    rows = [
        (
            clean_text(each.category),
            energy_text(each.energy_kwh),
            share_text(each.energy_kwh, year.energy_facility_kwh),
            figure(each.pue_part_ratio),
        )
        for each in year.categories
    ]
    rows.append(("all", energy_text(year.energy_facility_kwh), "", figure(year.pue_annual_ratio)))
    note = "At the expected load. PUE part: energy over that of the IT; the parts add up to the annual PUE."
    columns = ("Category", "Energy", "Share", "PUE part")
    return Table("Year: energy by category", columns, tuple(rows), frozenset({1, 2, 3}), note, twin="energy")


def _metrics(year: YearPlan) -> Table:
    rows = [
        ("PUE", figure(year.pue_annual_ratio), "energy of the year over that of the IT (ISO/IEC 30134-2)"),
        ("PUE, hour by hour", f"{figure(year.pue_p50_ratio)} / {figure(year.pue_p99_ratio)}", "median / 99th percentile"),
        ("WUE on site", f"{figure(year.wue_site_l_per_kwh)} l/kWh", "water over IT energy (ISO/IEC 30134-9)"),
        ("WUE at source", f"{figure(year.wue_source_l_per_kwh)} l/kWh", "with what the grid's power stations use"),
        ("Water", f"{figure(year.water_m3)} m3", f"a year; {figure(year.water_peak_day_m3)} m3 on the thirstiest day"),
        ("ERF, ERE", f"{figure(year.erf_ratio, 3)}, {figure(year.ere_ratio)}", f"{energy_text(year.reused_kwh)} reused"),
        ("Peak hour", power_text(year.peak_kw), "from the utility, at the expected load"),
        ("Chillers run", f"{year.chiller_hours:,} h", f"of {_HOURS_A_YEAR:,}"),
        ("Heat too much", f"{year.short_hours:,} h", "in which the plant cannot carry the heat"),
        ("Capacity, worst hour", power_text(year.capacity_extreme_kw), "heat that the units can carry then, spares out"),
    ]
    columns = ("", "How much", "Basis")
    return Table("Year: efficiency and water", columns, tuple(rows), frozenset({1}), _weather(year), twin="summary")


def _weather(year: YearPlan) -> str:
    weather = year.weather
    what = "Weather file" if weather.source == "file" else "Synthetic year from the normals of"
    return (
        f"{what} {clean_text(weather.name)}: dry bulb {figure(weather.dry_bulb_min_c)} to {figure(weather.dry_bulb_max_c)} C,"
        f" mean {figure(weather.dry_bulb_mean_c)} C; wet bulb at most {figure(weather.wet_bulb_max_c)} C."
    )


def _pue(year: YearPlan) -> Table:
    hours = range(0, 24, _EVERY_HOURS)
    rows = [
        (month, *(f"{by_hour[hour]:.3f}" for hour in hours))
        for month, by_hour in zip(_MONTHS, year.pue_month_by_hour_ratio, strict=True)
    ]
    note = (
        "Mean of the month at that hour, local standard time; every hour: groundplan report PLAN --tables DIR"
        " (pue-month-by-hour.csv)."
    )
    columns = ("PUE", *(f"{hour:02d}:00" for hour in hours))
    title = "Year: PUE by month and hour"
    return Table(title, columns, tuple(rows), frozenset(range(1, len(columns))), note, twin="pue-month-by-hour")


def _modes(year: YearPlan) -> Table:
    rows = [
        (clean_text(loop), clean_text(mode), f"{hours:,}", percent_text(hours / _HOURS_A_YEAR, 1))
        for loop, modes in year.mode_hours.items()
        for mode, hours in modes.items()
        if hours
    ]
    columns = ("Loop", "Mode", "Hours", "Share")
    return Table("Year: how the plant ran", columns, tuple(rows), frozenset({2, 3}), twin="modes")


def _wet_bulb(year: YearPlan) -> Table:
    rows = [
        (clean_text(band), f"{hours:,}", percent_text(hours / _HOURS_A_YEAR, 1))
        for band, hours in year.wet_bulb_bin_hours.items()
    ]
    columns = ("Wet bulb C", "Hours", "Share")
    return Table("Year: hours by wet bulb", columns, tuple(rows), frozenset({1, 2}), most=20, twin="wet-bulb")


def _months(year: YearPlan, carbon: CarbonPlan | None) -> Table:
    tonnes = carbon.by_month_t if carbon else ()
    rows = [
        (month, figure(kilowatts), *([figure(tonnes[number])] if tonnes else []))
        for number, (month, kilowatts) in enumerate(zip(_MONTHS, year.peak_by_month_kw, strict=True))
    ]
    note = "Peak: highest hour of the month from the utility, what a demand charge is paid for."
    columns = ("Month", "Peak kW", *(["t CO2e"] if tonnes else []))
    return Table("Year: month by month", columns, tuple(rows), frozenset({1, 2}), note, twin="months")


def _duration(year: YearPlan) -> Table:
    """Show the load duration curve in one row: its points are evenly spread over the year, highest first."""
    last = len(year.load_duration_kw) - 1
    if last < 1:
        return Table("Year: load duration", (), ())
    percents = (0, 1, 5, 10, 25, 50, 75, 90, 100)
    row = ("kW", *(figure(year.load_duration_kw[round(percent * last / 100)]) for percent in percents))
    note = "Load from the utility that is reached or exceeded in that share of the year's hours."
    columns = ("Hours", *(f"{percent} %" for percent in percents))
    return Table("Year: load duration", columns, (row,), frozenset(range(1, len(columns))), note, twin="load-duration")
