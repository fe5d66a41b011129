"""Cooling at the design hour: what is counted, what is found wrong, and the laws of every plant of the catalog in any hour."""

from __future__ import annotations

import dataclasses
import functools
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.catalog import Catalog, load_catalog
from planner.catalog.records import CoolingPlant, CoolingUnit
from planner.models.plant import MODES, PlantHours, run_plant
from planner.plan_facility import CoolingPlan, WeatherPlan
from planner.spec_facility import Cooling, HeatReuse
from planner.steps.cooling import ROOM_LOSS_FRACTION, W_CLASS_MAX_C, plan_cooling
from planner.steps.facility import Climate, CoolingDesign, GroupLoad, Loads
from planner.steps.notes import Notes

CATALOG = load_catalog()
PLANTS = sorted(row.id for row in CATALOG.all(CoolingPlant))
AIR = [row_id for row_id in PLANTS if CATALOG.get(CoolingPlant, row_id).medium == "air"]
LIQUID = [row_id for row_id in PLANTS if CATALOG.get(CoolingPlant, row_id).medium == "liquid"]


def designed(
    air: str = "air-fan-wall-chiller",
    liquid: str = "liquid-dry-cooler",
    racks: int = 16,
    rack_kw: float = 130.0,
    liquid_fraction: float = 0.87,
    dry_bulb_c: float = 32.0,
    wet_bulb_c: float = 23.0,
    pressure_kpa: float = 101.325,
    catalog: Catalog = CATALOG,
    **cooling: Any,
) -> tuple[CoolingDesign, Notes]:
    """Plan the cooling of racks that are all alike."""
    total = racks * rack_kw
    points = {"idle": 0.3 * total, "expected": 0.75 * total, "design": total, "nameplate": 1.1 * total}
    group = GroupLoad("nodes", racks, 72 * racks, points, liquid_fraction)
    heat = {name: liquid_fraction * power for name, power in points.items()}
    loads = Loads((), (group,), points, dict.fromkeys(points, 0.0), heat, total, total)
    weather = WeatherPlan(
        source="station",
        name="x",
        file_sha256="",
        elevation_m=0.0,
        pressure_kpa=pressure_kpa,
        dry_bulb_min_c=-10.0,
        dry_bulb_mean_c=12.0,
        dry_bulb_max_c=dry_bulb_c,
        wet_bulb_mean_c=9.0,
        wet_bulb_max_c=wet_bulb_c,
    )
    nothing: Any = None
    climate = Climate(nothing, weather, dry_bulb_c, wet_bulb_c)
    factory: Any = SimpleNamespace(cooling=Cooling(**cooling))
    hardware: Any = SimpleNamespace(air=catalog.get(CoolingPlant, air), liquid=catalog.get(CoolingPlant, liquid))
    notes = Notes()
    return plan_cooling(factory, hardware, catalog, notes, loads, climate), notes


@functools.cache
def plain(air: str, liquid: str) -> CoolingDesign:
    return designed(air, liquid)[0]


def total_kw(ran: PlantHours) -> Any:
    return ran.terminal_kw + ran.pumps_kw + ran.chillers_kw + ran.rejection_kw


def units_of(plan: CoolingPlan, role: str) -> Any:
    (found,) = [units for units in plan.units if units.role == role]
    return found


def changed(kind: str, row_id: str, **cells: Any) -> Catalog:
    rows = {name: dict(known) for name, known in CATALOG.rows.items()}
    rows[kind][row_id] = rows[kind][row_id].model_copy(update=cells)
    return dataclasses.replace(CATALOG, rows=rows)


# --- counts -------------------------------------------------------------------------------------------------------------


def test_frontier_has_25_cdus_that_draw_the_same_at_every_load() -> None:
    """74 cabinets of 378.7 kW, three to a CDU of 8,473.47 W."""
    design, notes = designed("air-none", "liquid-facility-water", 74, 378.7, 1.0, redundancy="N")
    cdus = units_of(design.plan, "cdu")
    assert (cdus.groups_count, cdus.count, cdus.needed_count) == (25, 1, 1)
    for share in (0.0, 0.25, 0.7, 1.0):
        ran = run_plant(design.plant, share * 1400.0, share * 28023.8, 30.0, 20.0, 101325.0, 7)
        assert float(total_kw(ran)) == pytest.approx(25 * 8.47347, abs=1e-9)
        assert float(ran.water_l) == 0.0
    assert MODES[int(ran.mode_liquid)] == "imported"
    assert {each.code for each in notes.findings()} <= {"partial-plant"}


def test_a_row_of_eight_nvl72_has_one_cdu_and_a_spare_at_published_flow() -> None:
    design, notes = designed("air-dx", racks=8, rack_kw=132.0, liquid_fraction=0.87)
    cdus = units_of(design.plan, "cdu")
    assert (cdus.groups_count, cdus.count, cdus.needed_count) == (1, 2, 1)
    racks = next(loop for loop in design.plan.loops if loop.name == "racks")
    assert racks.flow_l_per_min is not None
    assert racks.flow_l_per_min / racks.heat_kw == pytest.approx(1.5, abs=0.01)  # l/min per kW, OCP
    assert racks.return_c - racks.supply_c == pytest.approx(10.0, abs=0.01)
    assert {each.code for each in notes.findings()} <= {"partial-plant"}


@pytest.mark.parametrize(("redundancy", "spares"), [("N", 0), ("N+1", 1), ("N+2", 2)])
def test_spares_are_added_to_what_is_needed(redundancy: str, spares: int) -> None:
    design, _ = designed("air-crah-chiller", racks=60, redundancy=redundancy)
    for units in design.plan.units:
        assert units.count == units.needed_count + spares, units.name
    double, _ = designed("air-crah-chiller", racks=60, redundancy="2N")
    for units, twice in zip(design.plan.units, double.plan.units, strict=True):
        assert twice.count == 2 * twice.needed_count
        assert units.item == twice.item


def test_rear_doors_stand_at_every_rack_and_must_carry_the_hottest() -> None:
    design, notes = designed("air-rear-door-chiller", racks=30, rack_kw=40.0, liquid_fraction=0.0)
    assert units_of(design.plan, "rear-door").count == 30
    assert {each.code for each in notes.findings()} <= {"partial-plant"}
    _, notes = designed("air-rear-door-chiller", racks=30, rack_kw=90.0, liquid_fraction=0.0)
    (finding,) = notes.findings()
    assert (finding.code, finding.value, finding.limit) == ("heat-rejection", 90.0, 70.0)


@pytest.mark.parametrize("liquid", LIQUID)
@pytest.mark.parametrize("air", AIR)
def test_more_heat_never_needs_fewer_units(air: str, liquid: str) -> None:
    before: dict[str, int] = {}
    for racks in (1, 3, 8, 9, 20, 47, 48, 150, 700):
        design, _ = designed(air, liquid, racks=racks)
        counts = {units.name: units.groups_count * units.count for units in design.plan.units}
        assert all(counts[name] >= before.get(name, 0) for name in counts)
        before = counts


@pytest.mark.parametrize("liquid", LIQUID)
@pytest.mark.parametrize("air", AIR)
def test_what_is_counted_carries_the_design_hour_and_draws_what_the_plant_draws(air: str, liquid: str) -> None:
    design, notes = designed(air, liquid, dry_bulb_c=30.0, wet_bulb_c=19.0)
    plan = design.plan
    assert {each.code for each in notes.findings()} <= {"partial-plant"}
    assert plan.capacity_kw >= plan.heat_kw * (1 - 1e-12)
    liquid_kw = 16 * 130.0 * 0.87
    ran = run_plant(design.plant, plan.heat_kw - liquid_kw, liquid_kw, 30.0, 19.0, 101325.0, 7)
    assert sum(units.power_kw for units in plan.units) == pytest.approx(float(total_kw(ran)), rel=1e-9)
    room_kw = plan.heat_kw - liquid_kw if air == "air-none" else float(ran.capacity_air_kw)  # no machine, no rating
    assert room_kw + float(ran.capacity_liquid_kw) == pytest.approx(plan.capacity_kw)
    assert plan.heat_kw == pytest.approx(16 * 130.0 * (1 + ROOM_LOSS_FRACTION))
    for loop in plan.loops:
        assert loop.return_c > loop.supply_c
        assert loop.drive_kw >= 0
    for units in plan.units:
        assert units.load_kw <= units.capacity_kw * (1 + 1e-6)
        if units.role == "pump":  # sized to the flow, with a tenth to spare
            assert units.capacity_kw * units.needed_count == pytest.approx(1.1 * units.load_kw * units.count)
        assert units.on_ups == (units.role in ("cdu", "crah", "fan-wall", "rear-door", "outside-air", "pump"))


def test_thin_air_needs_more_units_and_faster_fans() -> None:
    low, _ = designed("air-crah-chiller", racks=60, liquid_fraction=0.0, rack_kw=40.0)
    high, _ = designed("air-crah-chiller", racks=60, liquid_fraction=0.0, rack_kw=40.0, pressure_kpa=80.0)
    assert units_of(high.plan, "crah").needed_count > units_of(low.plan, "crah").needed_count


def test_a_hotter_design_day_needs_more_dry_coolers() -> None:
    counts = [units_of(designed(dry_bulb_c=each)[0].plan, "dry-cooler").needed_count for each in (25.0, 33.0, 36.0, 38.0)]
    assert counts == sorted(counts)
    assert counts[0] == math.ceil(16 * 130.0 * 0.87 / 1000)  # at most the rating in milder weather
    assert counts[-1] > 1.5 * counts[0]


# --- findings -----------------------------------------------------------------------------------------------------------


def test_outdoors_too_warm_is_found_with_value_limit_and_hint() -> None:
    _, notes = designed(liquid="liquid-dry-cooler", dry_bulb_c=44.0)
    (finding,) = notes.findings()
    assert (finding.code, finding.path) == ("heat-rejection", "cooling.liquid")
    assert finding.value == pytest.approx(16 * 130.0 * 0.87)
    assert finding.limit is not None
    assert finding.value is not None
    assert finding.limit < finding.value
    assert "44.0 C dry bulb" in finding.message
    assert "wetted pads" in finding.hint


def test_a_tower_that_must_stay_dry_carries_nothing() -> None:
    design, notes = designed(liquid="liquid-cooling-tower", dry=True)
    codes = {(finding.code, finding.path) for finding in notes.findings()}
    assert codes == {("heat-rejection", "cooling.liquid"), ("heat-rejection", "cooling.air")}
    assert "dry" in notes.findings()[0].message
    assert design.plan.capacity_kw == 0.0


@pytest.mark.parametrize("w_class", [name for name, limit in W_CLASS_MAX_C.items() if limit])
def test_facility_water_is_held_against_the_class(w_class: str) -> None:
    limit = W_CLASS_MAX_C[w_class]
    assert limit is not None
    fitting, notes = designed(w_class=w_class, liquid_supply_c=limit, liquid="liquid-chiller")
    assert not notes.found("w-class", "cooling.w_class")
    assert fitting.plan.facility_supply_c is not None
    assert fitting.plan.facility_supply_c < limit == fitting.plan.facility_supply_max_c
    _, notes = designed(w_class=w_class, liquid_supply_c=limit + 6.0, liquid="liquid-chiller")
    finding = notes.found("w-class", "cooling.w_class")
    assert finding is not None
    assert finding.limit == limit
    assert finding.value is not None
    assert finding.value > limit


def test_a_temperature_beyond_the_properties_is_found() -> None:
    _, notes = designed(air_supply_c=4.0)
    finding = notes.found("temperature-range", "cooling.air_supply")
    assert finding is not None
    assert finding.limit == 1.0
    hot = changed("cooling_plants", "liquid-facility-water", rise_k=55.0)
    _, notes = designed(liquid="liquid-facility-water", liquid_supply_c=60.0, w_class="W+", catalog=hot)
    finding = notes.found("temperature-range", "cooling.liquid_supply")
    assert finding is not None
    assert (finding.value, finding.limit) == (115.0, 98.0)


@pytest.mark.parametrize("redundancy", ["N", "N+1", "2N"])
@pytest.mark.parametrize("racks", [2, 16, 40])
def test_the_drop_that_is_shown_is_what_the_cdus_pumps_work_against(racks: int, redundancy: str) -> None:
    loop = next(each for each in designed(racks=racks, redundancy=redundancy)[0].plan.loops if each.name == "racks")
    cdu = CATALOG.get(CoolingUnit, "cdu-1300kw")
    rated = (cdu.flow_l_per_min or 0.0) * (cdu.pressure_drop_kpa or 0.0) / cdu.power_max_kw
    assert (loop.flow_l_per_min or 0.0) * loop.pressure_drop_kpa / loop.drive_kw == pytest.approx(rated, rel=1e-9)


def test_air_warmer_than_equipment_may_have_is_found() -> None:
    assert not designed(air_supply_c=32.0)[1].found("air-inlet", "cooling.air_supply")
    finding = designed(air_supply_c=40.0)[1].found("air-inlet", "cooling.air_supply")
    assert finding is not None
    assert (finding.severity, finding.value, finding.limit, finding.unit) == ("error", 40.0, 32.0, "C")
    assert finding.hint


def test_a_part_load_curve_without_points_or_that_falls_is_found() -> None:
    rows = {name: dict(known) for name, known in CATALOG.rows.items()}
    rows["part_load_points"] = {}
    _, notes = designed(catalog=dataclasses.replace(CATALOG, rows=rows))
    finding = notes.found("part-load-curve", "catalog.part_load_points.chiller-1500kw")
    assert finding is not None
    assert "two are needed" in finding.message
    falling = changed("part_load_points", "chiller-1500kw-50", factor_ratio=0.4)
    _, notes = designed(catalog=falling)
    finding = notes.found("part-load-curve", "catalog.part_load_points.chiller-1500kw")
    assert finding is not None
    assert "more load would draw less" in finding.message


@pytest.mark.parametrize(
    ("kind", "row_id", "cells", "code"),
    [
        ("cooling_units", "cdu-1300kw", {"flow_l_per_min": 9000.0, "approach_k": 0.5}, "cooling-unit"),
        ("cooling_units", "tower-2000kw", {"flow_m3_per_s": 15.0}, "cooling-unit"),
        ("cooling_plants", "liquid-dry-cooler", {"terminal": "crah-150kw"}, "wrong-kind"),
        ("cooling_plants", "liquid-dry-cooler", {"rejection": "chiller-1500kw"}, "wrong-kind"),
    ],
)
def test_rows_that_cannot_be_are_findings_not_tracebacks(kind: str, row_id: str, cells: dict[str, Any], code: str) -> None:
    _, notes = designed(catalog=changed(kind, row_id, **cells))
    assert code in {finding.code for finding in notes.findings()}


def test_no_rule_is_silent() -> None:
    _, notes = designed()
    paths = {assumption.path for assumption in notes.assumptions()}
    assert {"cooling.redundancy", "cooling.w_class", "cooling.room_heat", "cooling.units", "cooling.pipes"} <= paths
    assert {"cooling.trips", "cooling.cdus", "cooling.buffer", "cooling.dry"} <= paths


def test_a_chiller_far_too_large_is_said_and_takes_more_power() -> None:
    """130 kW of heat on a machine of 1.5 MW, by its curve at a tenth of its load."""
    design, notes = designed("air-crah-chiller", "liquid-dry-cooler", racks=1, rack_kw=124.0, liquid_fraction=0.0)
    (finding,) = notes.findings()
    assert (finding.code, finding.severity, finding.limit) == ("chiller-oversized", "warning", 300.0)
    large = units_of(design.plan, "chiller")
    half = changed("cooling_units", "chiller-1500kw", capacity_kw=150.0)
    small = units_of(designed("air-crah-chiller", "liquid-dry-cooler", 1, 124.0, 0.0, catalog=half)[0].plan, "chiller")
    assert large.power_kw > 1.8 * small.power_kw


def test_towers_show_what_they_carry_in_the_design_hour() -> None:
    """At the wet bulb, range and approach of their rating, in air 6 % thinner than rated, however little they have to."""
    design, _ = designed("air-crah-chiller", racks=60, dry_bulb_c=35.0, wet_bulb_c=25.6)
    tower = units_of(design.plan, "tower")
    assert 1800.0 < tower.capacity_kw < 2000.0
    assert tower.load_kw * tower.count < tower.needed_count * tower.capacity_kw


def test_a_plant_without_machines_adds_no_capacity() -> None:
    design, _ = designed("air-none", "liquid-facility-water", 74, 378.7, 1.0, redundancy="N")
    assert design.plan.capacity_kw < 1.1 * design.plan.heat_kw


def test_small_pipes_are_sized_by_friction() -> None:
    """200 m and half as much for fittings, at 400 Pa/m at most."""
    design, _ = designed("air-crah-chiller", "liquid-dry-cooler", 1, 124.0, 0.0)
    loop = next(loop for loop in design.plan.loops if loop.name == "facility water")
    assert loop.pressure_drop_kpa <= 170.0 + 1.5 * 200.0 * 0.4 + 1e-6


# --- trips --------------------------------------------------------------------------------------------------------------


def test_times_to_trip_are_an_energy_balance_and_a_buffer_lengthens_them() -> None:
    bare, buffered = designed()[0].plan, designed(buffer_m3=100.0)[0].plan
    for plan in (bare, buffered):
        for trip in plan.trips:
            assert trip.trip_s == pytest.approx(trip.thermal_mass_kj_per_k * trip.margin_k / trip.heat_kw)
    times = {(trip.loop, trip.event): trip.trip_s for trip in bare.trips}
    longer = {(trip.loop, trip.event): trip.trip_s for trip in buffered.trips}
    assert times["liquid", "all CDU pumps stop"] == longer["liquid", "all CDU pumps stop"] < 120
    stands = 0.5 * 16 * 130.0 * 0.87  # l/kW in racks and hoses: what stands in CDUs cools nothing
    mass = next(trip.thermal_mass_kj_per_k for trip in bare.trips if trip.event == "all CDU pumps stop")
    assert mass == pytest.approx(stands * 4.0, rel=0.02)
    rejection = ("liquid", "heat rejection stops")
    assert longer[rejection] > times[rejection] > times["liquid", "facility pumps stop"]
    added_kj = sum(
        (after.thermal_mass_kj_per_k - before.thermal_mass_kj_per_k)
        for before, after in zip(bare.trips, buffered.trips, strict=True)
    )
    assert added_kj == pytest.approx(100_000 * 4.1, rel=0.02)  # water and PG25


# --- any hour -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("liquid", LIQUID)
@pytest.mark.parametrize("air", AIR)
def test_a_hotter_or_damper_hour_never_lowers_the_power(air: str, liquid: str) -> None:
    plant = plain(air, liquid).plant
    dry = np.linspace(-30.0, 50.0, 300)
    for wet in (dry, dry - 8.0, np.minimum(dry, 12.0), np.full_like(dry, -31.0)):
        power = total_kw(run_plant(plant, 250.0, 1500.0, dry, wet, 101325.0, 7))
        assert np.all(np.diff(power) >= -1e-7 * power[1:])
    wet = np.linspace(-5.0, 34.0, 200)
    power = total_kw(run_plant(plant, 250.0, 1500.0, 34.0, wet, 101325.0, 7))
    assert np.all(np.diff(power) >= -1e-7 * power[1:])


@pytest.mark.parametrize("liquid", LIQUID)
@pytest.mark.parametrize("air", AIR)
def test_more_heat_never_lowers_the_power(air: str, liquid: str) -> None:
    plant = plain(air, liquid).plant
    share = np.linspace(0.0, 1.2, 200)
    for dry in (-15.0, 5.0, 18.0, 27.0, 40.0):
        power = total_kw(run_plant(plant, 300.0 * share, 1800.0 * share, dry, dry - 6.0, 101325.0, 7))
        assert np.all(np.diff(power) >= -1e-7 * power[1:])


@settings(max_examples=40, deadline=None)
@given(
    air=st.sampled_from(AIR),
    liquid=st.sampled_from(LIQUID),
    dry=st.floats(-30.0, 48.0),
    depression=st.floats(0.0, 18.0),
    hotter=st.floats(0.0, 10.0),
    heat=st.floats(0.0, 1.2),
    more=st.floats(0.0, 0.3),
    pressure=st.floats(8e4, 1.03e5),
)
def test_power_is_monotone_everywhere(
    air: str, liquid: str, dry: float, depression: float, hotter: float, heat: float, more: float, pressure: float
) -> None:
    plant, wet = plain(air, liquid).plant, dry - depression
    here = run_plant(plant, 300.0 * heat, 1800.0 * heat, dry, wet, pressure, 7)
    for other in (
        run_plant(plant, 300.0 * heat, 1800.0 * heat, dry + hotter, wet, pressure, 7),
        run_plant(plant, 300.0 * heat, 1800.0 * heat, dry + hotter, wet + hotter, pressure, 7),
        run_plant(plant, 300.0 * (heat + more), 1800.0 * (heat + more), dry, wet, pressure, 7),
    ):
        assert float(total_kw(other)) >= float(total_kw(here)) * (1 - 1e-7)
    assert float(here.water_l) >= 0
    hotter_hour = run_plant(plant, 1.0, 1.0, dry + hotter, wet + hotter, pressure, 7)
    assert float(hotter_hour.capacity_liquid_kw) <= float(here.capacity_liquid_kw) * (1 + 1e-7)


@pytest.mark.parametrize("liquid", LIQUID)
@pytest.mark.parametrize("air", AIR)
def test_dry_means_no_water_at_all(air: str, liquid: str) -> None:
    plant = designed(air, liquid, dry=True)[0].plant
    dry = np.linspace(-20.0, 48.0, 50)
    assert np.all(run_plant(plant, 250.0, 1500.0, dry, dry - 9.0, 101325.0, 7).water_l == 0.0)


@pytest.mark.parametrize("liquid", ["liquid-dry-cooler", "liquid-facility-water"])
@pytest.mark.parametrize("air", ["air-dx", "air-fan-wall-dry", "air-fan-wall-air-chiller", "air-none"])
def test_dry_coolers_and_compressors_take_no_water(air: str, liquid: str) -> None:
    dry = np.linspace(-20.0, 48.0, 50)
    assert np.all(run_plant(plain(air, liquid).plant, 250.0, 1500.0, dry, dry - 9.0, 101325.0, 7).water_l == 0.0)


def test_a_towers_water_grows_with_its_heat_and_falls_with_cycles() -> None:
    one, _ = designed("air-none", "liquid-cooling-tower", cycles_ratio=4.0)
    many, _ = designed("air-none", "liquid-cooling-tower", cycles_ratio=10.0)
    heat = np.array([400.0, 800.0, 1600.0])
    litres = run_plant(one.plant, 0.0, heat, 28.0, 20.0, 101325.0, 7).water_l
    per_kwh = litres / heat
    assert per_kwh == pytest.approx(np.full(3, per_kwh[1]), rel=0.02)  # but for the pumps' own heat
    assert 1.5 < per_kwh[1] < 2.1  # field rule: 1.8 l/kWh of heat
    fewer = run_plant(many.plant, 0.0, heat, 28.0, 20.0, 101325.0, 7).water_l
    assert fewer == pytest.approx(litres * (10 / 9) / (4 / 3), rel=1e-6)


def test_pads_are_wetted_only_above_their_temperature() -> None:
    plant = plain("air-none", "liquid-adiabatic").plant
    ran = run_plant(plant, 0.0, 1500.0, np.array([25.9, 26.1, 38.0]), np.array([15.0, 15.0, 20.0]), 101325.0, 7)
    assert ran.water_l[0] == 0.0 < ran.water_l[1] < ran.water_l[2]
    assert [MODES[mode] for mode in ran.mode_liquid] == ["free", "adiabatic", "adiabatic"]


def test_modes_follow_the_weather_in_order() -> None:
    ran = run_plant(
        plain("air-fan-wall-dry", "liquid-dry-cooler").plant, 250.0, 1500.0, np.linspace(-10, 40, 200), -12.0, 101325.0, 7
    )
    modes = [MODES[mode] for mode in ran.mode_air]
    assert list(dict.fromkeys(modes)) == ["free", "mixed", "mechanical"]
    assert np.all((ran.chillers_kw > 0) == (ran.mode_air != MODES.index("free")))
    off = run_plant(plain("air-fan-wall-dry", "liquid-dry-cooler").plant, 0.0, 0.0, 20.0, 15.0, 101325.0, 7)
    assert (MODES[int(off.mode_air)], MODES[int(off.mode_liquid)]) == ("off", "off")


def test_fans_slow_down_on_cold_hours() -> None:
    plant = plain("air-none", "liquid-dry-cooler").plant
    ran = run_plant(plant, 0.0, 1800.0, np.array([-10.0, 20.0, 31.0]), np.array([-11.0, 14.0, 22.0]), 101325.0, 7)
    assert ran.rejection_kw[0] < 0.05 * ran.rejection_kw[2]
    assert ran.rejection_kw[0] < ran.rejection_kw[1] < ran.rejection_kw[2]


def test_reused_heat_spares_rejection_and_water_in_its_months() -> None:
    reuse = HeatReuse(heat_max_kw=800.0, supply_min_c=38.0, months=(1, 2))
    plant = designed("air-none", "liquid-cooling-tower", heat_reuse=reuse)[0].plant
    ran = run_plant(plant, 0.0, 1500.0, 25.0, 20.0, 101325.0, np.array([1, 2, 3]))
    assert ran.reused_kw.tolist() == [800.0, 800.0, 0.0]
    assert ran.water_l[0] < 0.6 * ran.water_l[2]
    assert ran.rejection_kw[0] <= ran.rejection_kw[2]
    too_cold = HeatReuse(heat_max_kw=800.0, supply_min_c=50.0)
    plant = designed("air-none", "liquid-cooling-tower", heat_reuse=too_cold)[0].plant
    assert float(run_plant(plant, 0.0, 1500.0, 25.0, 20.0, 101325.0, 1).reused_kw) == 0.0


def test_a_circuit_without_heat_is_not_built_and_draws_nothing() -> None:
    design, _ = designed("air-crah-chiller", "liquid-dry-cooler", liquid_fraction=0.0)
    assert design.plant.liquid is None
    assert {units.loop for units in design.plan.units} == {"air"}
    assert design.plan.w_class is None
    alone = designed("air-crah-chiller", "liquid-facility-water", liquid_fraction=0.0)[0]
    hours = [run_plant(each.plant, 1500.0, 0.0, 20.0, 15.0, 101325.0, 7) for each in (design, alone)]
    assert float(total_kw(hours[0])) == float(total_kw(hours[1])) > 0
    assert MODES[int(hours[0].mode_liquid)] == "off"


def test_a_small_factory_does_not_pump_for_its_spares() -> None:
    """One CDU of two would do, at a tenth of its rating."""
    design, _ = designed("air-none", "liquid-dry-cooler", racks=1, rack_kw=130.0, liquid_fraction=1.0)
    hour = run_plant(design.plant, 0.0, 130.0, 20.0, 14.0, 101325.0, 7)
    assert float(hour.pumps_kw) < 0.05 * 130.0


def test_arrays_and_scalars_agree() -> None:
    plant = plain("air-crah-chiller", "liquid-cooling-tower").plant
    dry = np.array([-5.0, 14.0, 33.0])
    many = run_plant(plant, 250.0, 1500.0, dry, dry - 5.0, 101325.0, 7)
    for place, each in enumerate(dry):
        one = run_plant(plant, 250.0, 1500.0, each, each - 5.0, 101325.0, 7)
        for field in dataclasses.fields(PlantHours):
            assert np.shape(getattr(one, field.name)) == ()
            assert float(getattr(one, field.name)) == pytest.approx(float(getattr(many, field.name)[place]), rel=1e-9, abs=1e-9)


# --- an engineer's eye --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("air", "liquid", "liquid_fraction", "low", "high"),
    [
        ("air-none", "liquid-dry-cooler", 1.0, 1.008, 1.05),
        ("air-none", "liquid-cooling-tower", 1.0, 1.01, 1.05),
        ("air-fan-wall-chiller", "liquid-chiller", 0.87, 1.02, 1.12),
        ("air-crah-chiller", "liquid-dry-cooler", 0.0, 1.06, 1.25),
        ("air-fan-wall-air-chiller", "liquid-dry-cooler", 0.0, 1.12, 1.35),
        ("air-dx", "liquid-dry-cooler", 0.0, 1.15, 1.45),
    ],
)
def test_cooling_takes_what_such_sites_publish(air: str, liquid: str, liquid_fraction: float, low: float, high: float) -> None:
    """The cooling's part of the PUE over a mild year; losses of the power chain come on top."""
    design, _ = designed(air, liquid, racks=80, rack_kw=130.0, liquid_fraction=liquid_fraction)
    dry = 12.0 + 11.0 * np.sin(np.linspace(0, 2 * np.pi, 365)) + 5.0 * np.sin(np.linspace(0, 730 * np.pi, 365))
    it = 0.8 * 80 * 130.0
    ran = run_plant(design.plant, it * (1.05 - liquid_fraction), it * liquid_fraction, dry, dry - 4.0, 101325.0, 7)
    assert low < 1 + float(np.mean(total_kw(ran))) / it < high


def test_every_unit_of_the_catalog_is_used_by_a_plant() -> None:
    used = {
        getattr(CATALOG.get(CoolingPlant, row_id), column)
        for row_id in PLANTS
        for column in ("terminal", "pump", "chiller", "rejection")
    }
    assert {row.id for row in CATALOG.all(CoolingUnit)} <= used
