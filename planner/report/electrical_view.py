"""What a report says of power: loads, the way from the utility to the GPUs, every piece of the chain, what is left and kept."""

from __future__ import annotations

from collections.abc import Iterable

from planner.plan_facility import ChainLoad, ChainUnit, ItLoad, OperatingPoint, PowerPlan
from planner.report.words import (
    Table,
    clean_text,
    count_text,
    names_text,
    or_dash,
    percent_text,
    power_text,
    seconds_text,
    share_text,
)
from planner.units import figure

__all__ = ["electrical_tables", "like_units"]

_WET_STACKING_FRACTION = 0.3
_NUMBERS = 6  # digits in which two pieces must agree to be told in one row


def electrical_tables(power: PowerPlan) -> list[Table]:
    """Lay out the electrical tables."""
    return [
        _points(power),
        _loads(power),
        _conversions(power),
        _waterfall(power),
        _equipment(power),
        _feeds(power),
        _stranded(power),
        _backup(power),
        _swing(power),
        _caps(power),
    ]


def _loads(power: PowerPlan) -> Table:
    rows: list[tuple[str, ...]] = [
        (
            clean_text(load.component),
            _kw(load.nameplate_kw),
            _kw(load.design_kw),
            _kw(load.expected_kw),
            _kw(load.idle_kw),
            share_text(load.design_kw, power.it_design_kw),
        )
        for load in power.loads
    ]
    totals = (power.it_nameplate_kw, power.it_design_kw, power.it_expected_kw, power.it_idle_kw)
    rows.append(("at the racks' inlets", *map(_kw, totals), ""))
    note = (
        "kW. Nameplate: all that the makers state. Design: after diversity, what everything is sized for. Expected: the mean at"
        " work. Idle: switched on, without work. Share: of the design load."
    )
    columns = ("Component", "Nameplate", "Design", "Expected", "Idle", "Share")
    return Table("Power: IT load by component", columns, tuple(rows), frozenset({1, 2, 3, 4, 5}), note, twin="it-loads")


def _conversions(power: PowerPlan) -> Table:
    rows = [
        (
            clean_text(each.name),
            f"{each.supplies_needed_count} of {each.supplies_count}",
            "-" if each.supply_load_fraction is None else percent_text(each.supply_load_fraction, 0),
            figure(each.bus_voltage_v),
            figure(each.bus_current_a),
            percent_text(each.efficiency_idle_fraction, 1),
            percent_text(each.efficiency_expected_fraction, 1),
            percent_text(each.efficiency_design_fraction, 1),
        )
        for each in power.conversions
    ]
    note = (
        "Of a chassis (a node, or nodes with supplies in common): supplies that are needed of those there are, how full each is"
        " at full load, and what the bus behind them carries. Then what arrives at the parts of what enters the rack, idle,"
        " expected and at design load."
    )
    columns = ("Node", "Supplies", "Full", "Bus V", "Bus A", "Idle", "Expected", "Design")
    title = "Power: conversion in the racks"
    return Table(title, columns, tuple(rows), frozenset({2, 3, 4, 5, 6, 7}), note, twin="rack-conversion")


def _points(power: PowerPlan) -> Table:
    names = {
        "it_kw": "IT at the racks' inlets",
        "conversion_loss_kw": "  of it lost in the racks' power supplies",
        "chain_loss_kw": "lost from the utility to the racks",
        "cooling_kw": "cooling",
        "house_kw": "house: light, offices, controls",
        "facility_kw": "the whole plant, from the utility",
    }
    rows = [(says, *(_kw(getattr(point, name)) for point in power.points)) for name, says in names.items()]
    rows.append(("over IT", *(_ratio(point) for point in power.points)))
    columns = ("", *(point.name.capitalize() for point in power.points))
    note = "kW, all in the weather of the design hour; the year's own hours are below."
    right = frozenset(range(1, len(columns)))
    title = "Power: the plant from idle to nameplate"
    return Table(title, columns, tuple(rows) if power.points else (), right, note, twin="operating-points")


def _ratio(point: OperatingPoint) -> str:
    return figure(point.facility_kw / point.it_kw, 4) if point.it_kw else "-"


def _waterfall(power: PowerPlan) -> Table:
    """Walk from the utility to what computes, at design load; every row but the first and the sums is what goes away."""
    design = next((point for point in power.points if point.name == "design"), None)
    if design is None:
        return Table("Power: from the utility to the GPUs", (), ())
    whole = design.facility_kw

    def row(name: str, what: str, kilowatts: float, efficiency: str = "") -> tuple[str, ...]:
        kilowatts += 0.0  # no minus before a zero
        return (name, what, _kw(kilowatts), share_text(kilowatts, whole), efficiency)

    rows = [row("utility", "", whole)]
    for stage in power.stages:
        efficiency = percent_text(stage.efficiency_fraction)
        rows.append(row(f"- {clean_text(stage.stage)}", clean_text(stage.name), -stage.loss_kw, efficiency))
    rows += [
        row("- cooling", "", -design.cooling_kw),
        row("- house", "", -design.house_kw),
        row("= racks", "IT at the racks' inlets", design.it_kw),
        row("- conversion", "power supplies and shelves in the racks", -design.conversion_loss_kw),
    ]
    rows += [row("  of racks", clean_text(load.component), load.design_kw) for load in _largest(power)]
    note = (
        "At design load in the design hour: minus rows leave the way, the rest arrives. Share: of what the utility delivers."
        " Efficiency: of all units of a stage together, at what they carry. Last: the largest parts of the racks' load."
    )
    columns = ("Stage", "Equipment", "kW", "Share", "Efficiency")
    title = "Power: from the utility to the GPUs"
    return Table(title, columns, tuple(rows), frozenset({2, 3, 4}), note, twin="power-stages")


def _largest(power: PowerPlan, most: int = 3) -> list[ItLoad]:
    return sorted(power.loads, key=lambda load: -load.design_kw)[:most]


def like_units(units: Iterable[ChainUnit]) -> list[list[ChainUnit]]:
    """Put together what is alike: the same stage, item, rating and limit, and the same loads to six digits."""
    groups: dict[tuple[str, ...], list[ChainUnit]] = {}
    for unit in units:
        numbers = (unit.rating_kw, unit.limit_kw, unit.load_kw, unit.loss_kw, unit.load_worst_kw)
        key = (unit.stage, unit.item, *(f"{number:.{_NUMBERS}g}" for number in numbers))
        groups.setdefault(key, []).append(unit)
    return list(groups.values())


def _equipment(power: PowerPlan) -> Table:
    groups = like_units(power.chain)
    rows = []
    for group in groups:
        unit = group[0]
        rows.append(
            (
                names_text([each.name for each in group], 1),
                f"{len(group):,}",
                _kw(unit.rating_kw),
                _kw(unit.load_kw),
                share_text(unit.load_kw, unit.limit_kw, 0),
                _kw(unit.load_worst_kw),
                share_text(unit.load_worst_kw, unit.limit_kw, 0),
                _kw(unit.limit_kw - unit.load_worst_kw),
                _worst(group),
            )
        )
    note = (
        "kW a unit at design load; like units are one row. %: of what a unit carries for hours (a breaker: its continuous share"
        " of the rating), first in the normal state, then (Worst) in the worst single outage, which is named. Spare: what the"
        " worst outage leaves; a unit that nothing rates, such as a line of the utility without site.grid_feed, is as large as"
        " its worst load. Items, limits, who feeds whom: groundplan report PLAN --tables DIR (chain.csv)."
    )
    columns = ("Unit", "No", "Rating", "Load", "%", "Worst", "%", "Spare", "Worst when")
    title = "Power: equipment schedule"
    return Table(title, columns, tuple(rows), frozenset({1, 2, 3, 4, 5, 6, 7}), note, most=24, twin="chain")


def _worst(group: list[ChainUnit]) -> str:
    words = [clean_text(unit.worst_when) for unit in group]
    if len(set(words)) <= 1:
        return words[0] or "-"
    return (
        "another one is out" if {unit.worst_when for unit in group} <= {unit.name for unit in group} else f"such as {words[0]}"
    )


def _feeds(power: PowerPlan) -> Table:
    groups: dict[tuple[object, ...], list[ChainLoad]] = {}
    for feed in power.feeds:
        key = (feed.kind, feed.racks, feed.gpus, f"{feed.power_kw:.{_NUMBERS}g}", len(feed.fed_by), len(feed.backed_by))
        groups.setdefault((*key, feed.needs_count), []).append(feed)
    rows = [
        (
            names_text([each.name for each in group], 1),
            f"{len(group):,}",
            count_text(group[0].racks),
            count_text(group[0].gpus),
            _kw(group[0].power_kw),
            names_text(group[0].fed_by, 2),
            names_text(group[0].backed_by, 2),
            f"{group[0].needs_count} of {len(group[0].fed_by)}",
        )
        for group in groups.values()
    ]
    note = (
        "Each at design load, racks in equal parts of the power; of alike ones the first is shown. Needs: how many of those it"
        " is fed by must live, else what backs them steps in."
    )
    columns = ("Load", "No", "Racks", "GPUs", "kW", "Fed by", "Backed by", "Needs")
    title = "Power: what hangs on the chain"
    return Table(title, columns, tuple(rows), frozenset({1, 2, 3, 4}), note, most=12, twin="feeds")


def _stranded(power: PowerPlan) -> Table:
    rows = [
        (
            clean_text(each.stage),
            *map(_kw, (each.installed_kw, each.reserve_kw, each.used_kw, each.reachable_kw, each.stranded_kw)),
            share_text(each.stranded_kw, each.installed_kw),
        )
        for each in power.stranded
    ]
    note = (
        "kW. Reserve: kept for redundancy and derating. Reachable: what more racks could draw through the whole chain."
        " Stranded: what this stage could carry beyond that, and no rack can reach; share of what is installed."
    )
    columns = ("Stage", "Installed", "Reserve", "Used", "Reachable", "Stranded", "Share")
    title = "Power: stranded capacity"
    return Table(title, columns, tuple(rows), frozenset({1, 2, 3, 4, 5, 6}), note, twin="stranded")


def _backup(power: PowerPlan) -> Table:
    rows = [("Redundancy", clean_text(power.redundancy), "")]
    if power.ride_through_s is not None:
        basis = (
            "batteries or flywheels, at design load" if power.ride_through_s else "nothing carries the racks until others do"
        )
        rows.append(("Ride-through", seconds_text(power.ride_through_s), basis))
    if power.generator_start_s is not None:
        rows.append(("Generators start in", seconds_text(power.generator_start_s), "until they carry the load"))
    if power.generator_fuel_hours is not None:
        rows.append(("Fuel", f"{figure(power.generator_fuel_hours)} h", "at design load"))
    if power.generator_mean_load_fraction is not None:
        text = percent_text(power.generator_mean_load_fraction, 1)
        rows.append(("Generators' mean load", text, _generator_basis(power.generator_mean_load_fraction)))
    if len(rows) == 1:
        rows.append(("Backup", "none", "neither batteries nor generators"))
    return Table("Power: backup", ("", "How much", "Basis"), tuple(rows), twin="summary")


def _generator_basis(mean_load_fraction: float) -> str:
    """Say what the mean load is held against: too much in a day, and too little for an engine to keep clean."""
    text = "of their rating, all sharing; ISO 8528-1 prime power: at most 70 % over 24 h"
    if mean_load_fraction < _WET_STACKING_FRACTION:
        text += "; below 30 % for hours diesels foul (wet stacking): stop spare sets or plan a load bank"
    return text


def _swing(power: PowerPlan) -> Table:
    swing = power.swing
    if swing is None:
        return Table("Power: swing of a synchronous job", (), ())
    smoothed = ", ".join(map(clean_text, swing.smoothed_by)) or "nothing"
    rows = (
        ("Load while computing", power_text(swing.high_kw), ""),
        ("Load while communicating", power_text(swing.low_kw), ""),
        ("Swing", power_text(swing.swing_kw), power_text(swing.smoothed_swing_kw)),
        ("Ramp", f"{figure(swing.ramp_kw_per_s)} kW/s", f"{figure(swing.smoothed_ramp_kw_per_s)} kW/s"),
        ("Steps repeat at", f"{figure(swing.fundamental_hz)} Hz", ""),
        ("RMS in the band of 0.1 to 20 Hz", power_text(swing.band_kw), ""),
    )
    note = f"At the utility. Smoothed by: {smoothed}."
    return Table("Power: swing of a synchronous job", ("", "Raw", "Smoothed"), rows, frozenset({1, 2}), note, twin="summary")


def _caps(power: PowerPlan) -> Table:
    rows = [
        (
            figure(cap.gpu_cap_w),
            _kw(cap.it_kw),
            _kw(cap.facility_kw),
            percent_text(cap.throughput_ratio, 1),
            f"{cap.nodes_at_same_power_count:,}",
            percent_text(cap.throughput_at_same_power_ratio, 1),
        )
        for cap in power.caps
    ]
    note = (
        "All GPUs capped, kW at design load. Work: throughput of the same nodes over that without a cap. Nodes: how many draw"
        " together what the factory draws now, and their throughput."
    )
    columns = ("Cap W", "IT kW", "Plant kW", "Work", "Nodes", "Their work")
    title = "Power: what capping the GPUs does"
    return Table(title, columns, tuple(rows), frozenset({0, 1, 2, 3, 4, 5}), note, twin="caps")


def _kw(kilowatts: float | None) -> str:
    """Write kilowatts: whole ones from a thousand on, else with four digits."""
    return or_dash(kilowatts)
