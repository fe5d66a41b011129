"""A year of the real plant and chain: balances hour by hour, and what more heat, a neighbour or the clock change."""

from __future__ import annotations

import dataclasses
import time
from typing import Any, NamedTuple

import numpy as np
import pytest

from planner.catalog import load_catalog
from planner.catalog.records import CoolingPlant, Grid
from planner.models.plant import PlantHours, run_plant
from planner.models.weather import wet_bulb_c
from planner.plan_facility import YearPlan
from planner.spec import Factory
from planner.steps.chain import plan_chain
from planner.steps.climate import plan_climate
from planner.steps.cooling import plan_cooling
from planner.steps.facility import POINTS, ChainDesign, Climate, CoolingDesign, GroupLoad, Hours, Loads
from planner.steps.hardware import resolve
from planner.steps.notes import Notes
from planner.steps.year import hall_heat_kw, plan_year

CATALOG = load_catalog()
DESIGN_KW = 8000.0
HOUSE_KW = 80.0
PLANTS = CATALOG.all(CoolingPlant)


class Run(NamedTuple):
    """All that a year was made of."""

    year: YearPlan
    hours: Hours
    climate: Climate
    cooling: CoolingDesign
    chain: ChainDesign
    loads: Loads
    factory: Factory
    notes: Notes


def loads_of(design_kw: float, liquid: float) -> Loads:
    points = dict(zip(POINTS, (0.3 * design_kw, 0.76 * design_kw, design_kw, 1.05 * design_kw), strict=True))
    group = GroupLoad("nodes", 100, 7200, points, liquid)
    heat = {name: liquid * power for name, power in points.items()}
    return Loads((), (group,), points, dict.fromkeys(POINTS, 0.0), heat, design_kw, design_kw)


def run(site: dict[str, Any] | None = None, liquid: float = 0.8, expected: float | None = None, **sections: Any) -> Run:
    node = "gb200-nvl72" if liquid else "dgx-h100"
    data = {"name": "x", "site": {"country": "US", **(site or {})}, "compute": {"nodes": {node: 8}}, **sections}
    factory = Factory.model_validate(data, context={"ids": CATALOG.ids()})
    notes, loads = Notes(), loads_of(DESIGN_KW, liquid)
    climate, hardware = plan_climate(factory, CATALOG, notes, None), resolve(factory, CATALOG, notes)
    cooling = plan_cooling(factory, hardware, CATALOG, notes, loads, climate)
    chain = plan_chain(factory, hardware, CATALOG, notes, loads, cooling.plan, climate, HOUSE_KW, None)
    if expected is not None:
        loads = dataclasses.replace(loads, power_kw={**loads.power_kw, "expected": expected})
    year, hours = plan_year(factory, CATALOG, notes, climate, loads, cooling, chain, HOUSE_KW)
    return Run(year, hours, climate, cooling, chain, loads, factory, notes)


def again(made: Run, climate: Climate) -> Hours:
    return plan_year(made.factory, CATALOG, Notes(), climate, made.loads, made.cooling, made.chain, HOUSE_KW)[1]


def said(made: Run, path: str) -> str:
    return next((each.statement for each in made.notes.assumptions() if each.path == path), "")


CASES = [
    ({}, 0.8, {}),
    ({"station": "phoenix-az"}, 0.8, {"cooling": {"liquid": "liquid-cooling-tower"}}),
    ({"station": "singapore"}, 0.0, {}),
    ({"station": "oslo"}, 0.0, {"cooling": {"air": "air-economizer"}}),
    ({"station": "oslo"}, 0.9, {"workloads": {"by_hour": [0.6] * 12 + [1.4] * 12}, "power": {"redundancy": "2N"}}),
]


@pytest.mark.parametrize(("site", "liquid", "sections"), CASES)
def test_what_enters_the_facility_is_it_losses_cooling_and_house_in_every_hour(
    site: dict[str, Any], liquid: float, sections: dict[str, Any]
) -> None:
    made = run(site, liquid, **sections)
    it, weather, house = made.hours.it_kw, made.climate.weather, np.full(8760, HOUSE_KW)
    by_liquid = liquid * it
    on_ups = beside = np.zeros(8760)
    for _ in range(6):  # until the plant cools the losses that it causes itself
        air = it - by_liquid + hall_heat_kw(made.chain, it, on_ups, beside, house)
        plant = made.cooling.plant
        ran = run_plant(plant, air, by_liquid, weather.dry_bulb_c, weather.wet_bulb_c, weather.pressure_pa, weather.month)
        on_ups, beside = ran.terminal_kw + ran.pumps_kw, ran.chillers_kw + ran.rejection_kw
    losses = sum(made.chain.losses_kw(it, on_ups, beside, house).values())
    np.testing.assert_allclose(made.hours.facility_kw, it + losses + on_ups + beside + house, rtol=2e-5)
    parts = {each.category: each for each in made.year.categories}
    total = sum(each.energy_kwh for each in parts.values())
    assert total == pytest.approx(made.hours.facility_kw.sum(), rel=1e-12)
    assert total == pytest.approx(made.year.energy_facility_kwh, rel=1e-12)
    assert sum(each.pue_part_ratio for each in parts.values()) == pytest.approx(made.year.pue_annual_ratio, rel=1e-12)
    assert parts["IT"].pue_part_ratio == pytest.approx(1.0, rel=1e-12)
    assert parts["house"].energy_kwh == pytest.approx(8760 * HOUSE_KW)
    assert all(each.energy_kwh >= 0 for each in parts.values())


@pytest.mark.parametrize(("site", "liquid", "sections"), CASES)
def test_no_power_is_lost_between_the_parts(
    monkeypatch: pytest.MonkeyPatch, site: dict[str, Any], liquid: float, sections: dict[str, Any]
) -> None:
    kept: list[PlantHours] = []

    def recorded(*arguments: Any) -> PlantHours:
        kept.append(run_plant(*arguments))
        return kept[-1]

    monkeypatch.setattr("planner.steps.year.run_plant", recorded)
    made = run(site, liquid, **sections)
    ran, it = kept[-1], made.hours.it_kw
    on_ups, beside = ran.terminal_kw + ran.pumps_kw, ran.chillers_kw + ran.rejection_kw
    losses = sum(made.chain.losses_kw(it, on_ups, beside, np.full(8760, HOUSE_KW)).values())
    assert np.abs(made.hours.facility_kw - (it + losses + on_ups + beside + HOUSE_KW)).max() < 1e-9


def test_hours_add_up_to_the_year() -> None:
    made = run({"station": "phoenix-az"}, cooling={"liquid": "liquid-cooling-tower"})
    year, hours, weather = made.year, made.hours, made.climate.weather
    hourly = hours.facility_kw / hours.it_kw
    assert year.pue_annual_ratio == pytest.approx(hours.facility_kw.sum() / hours.it_kw.sum())
    assert 1.0 < year.pue_p50_ratio <= year.pue_p99_ratio <= hourly.max()
    assert np.count_nonzero(hourly > year.pue_p99_ratio) <= 88
    cell = hourly[(weather.month == 7) & (weather.hour == 15)].mean()  # the load is the same: so is the mean of the ratios
    assert year.pue_month_by_hour_ratio[6][15] == pytest.approx(cell)
    assert year.peak_kw == max(year.peak_by_month_kw) == year.load_duration_kw[0] == hours.facility_kw.max()
    assert year.load_duration_kw[-1] == hours.facility_kw.min()
    assert len(year.load_duration_kw) == 21
    assert sum(year.wet_bulb_bin_hours.values()) == 8760
    for modes in year.mode_hours.values():
        assert sum(modes.values()) == 8760
    assert year.water_m3 == pytest.approx(hours.water_l.sum() / 1000)
    assert year.water_peak_day_m3 == pytest.approx(hours.water_l.reshape(365, 24).sum(axis=1).max() / 1000)
    assert year.wue_site_l_per_kwh == pytest.approx(hours.water_l.sum() / hours.it_kw.sum())
    assert year.water_peak_day_m3 * 365 >= year.water_m3 > 0


def test_towers_in_the_desert_drink_what_such_sites_publish() -> None:
    year = run({"station": "phoenix-az"}, cooling={"liquid": "liquid-cooling-tower"}).year
    assert 1.6 < year.wue_site_l_per_kwh < 2.3  # field rule: 1.8 l/kWh of heat
    assert year.short_hours == 0


@pytest.mark.parametrize("plant", PLANTS, ids=lambda row: row.id)
def test_a_hotter_hour_never_lowers_the_pue(plant: CoolingPlant) -> None:
    made = run({"station": "ashburn-va"}, cooling={plant.medium: plant.id})
    weather = made.climate.weather
    hotter = dataclasses.replace(
        weather,
        dry_bulb_c=weather.dry_bulb_c + 1.5,
        wet_bulb_c=wet_bulb_c(weather.dry_bulb_c + 1.5, weather.dew_point_c, weather.pressure_pa),
    )
    warm = again(made, dataclasses.replace(made.climate, weather=hotter))
    assert np.all(warm.facility_kw >= made.hours.facility_kw * (1 - 1e-6))


@pytest.mark.parametrize("plant", PLANTS, ids=lambda row: row.id)
def test_a_dry_plant_uses_no_water(plant: CoolingPlant) -> None:
    made = run({"station": "phoenix-az"}, cooling={plant.medium: plant.id, "dry": True})
    assert made.year.water_m3 == 0.0
    assert not made.hours.water_l.any()


def test_the_work_follows_the_clock_and_keeps_its_mean() -> None:
    weights = [1.2 if 8 <= hour < 20 else 0.8 for hour in range(24)]
    made, flat = run(workloads={"by_hour": weights}), run()
    assert made.hours.it_kw.mean() == pytest.approx(flat.hours.it_kw.mean())
    hour = made.climate.weather.hour
    np.testing.assert_allclose(made.hours.it_kw, 0.76 * DESIGN_KW * np.array(weights)[hour])
    assert said(made, "workloads.by_hour") == ""
    assert said(flat, "workloads.by_hour") == "not declared: the work is the same at every hour"
    tripled = run(workloads={"by_hour": [3 * each for each in weights]})
    np.testing.assert_allclose(tripled.hours.it_kw, made.hours.it_kw)


def test_work_beyond_the_design_or_below_idle_is_clipped_and_said() -> None:
    made = run(workloads={"by_hour": [0.0] * 12 + [2.0] * 12})
    assert made.hours.it_kw.min() == pytest.approx(0.3 * DESIGN_KW)
    assert made.hours.it_kw.max() == pytest.approx(DESIGN_KW)
    text = said(made, "workloads.by_hour")
    assert text.startswith(
        "the weights ask for 0 to 12,160 kW of IT load; equipment draws 2,400 kW at idle and 8,000 kW at design"
    )
    assert "the mean is 5,200 kW, not the expected 6,080 kW" in text


def test_no_load_is_no_division_by_zero() -> None:
    made = run(expected=0.0)
    assert (made.year.pue_annual_ratio, made.year.wue_source_l_per_kwh, made.year.energy_it_kwh) == (0.0, 0.0, 0.0)
    assert made.year.energy_facility_kwh > 0
    assert made.notes.found("no-load", "workloads")


def test_a_neighbour_takes_heat_in_the_months_that_were_agreed() -> None:
    reuse = {"heat_max_kw": 2000.0, "supply_min_c": 35.0, "months": [1, 2, 12]}
    made = run({"station": "oslo"}, cooling={"heat_reuse": reuse})
    month, reused = made.climate.weather.month, made.hours.reused_kw
    assert reused.max() <= 2000.0
    assert not reused[~np.isin(month, (1, 2, 12))].any()
    assert made.year.reused_kwh == pytest.approx(reused.sum()) != 0
    assert made.year.ere_ratio == pytest.approx((1 - made.year.erf_ratio) * made.year.pue_annual_ratio)
    assert run({"station": "oslo"}).year.ere_ratio == pytest.approx(run({"station": "oslo"}).year.pue_annual_ratio)


def test_a_neighbour_who_asks_for_warmer_water_than_there_is_gets_nothing_and_that_is_said() -> None:
    made = run({"station": "oslo"}, cooling={"heat_reuse": {"heat_max_kw": 2000.0, "supply_min_c": 60.0}})
    finding = made.notes.found("no-heat-reuse", "cooling.heat_reuse")
    assert made.year.reused_kwh == 0
    assert finding is not None
    assert (finding.severity, finding.limit, finding.unit) == ("warning", 60.0, "C")
    assert finding.value is None or finding.value < 60
    enough = run({"station": "oslo"}, cooling={"heat_reuse": {"heat_max_kw": 2000.0, "supply_min_c": 35.0}})
    assert enough.notes.found("no-heat-reuse", "cooling.heat_reuse") is None


def test_water_at_the_source_is_the_grids_or_as_declared() -> None:
    made = run()
    site, pue, row = made.year.wue_site_l_per_kwh, made.year.pue_annual_ratio, CATALOG.get(Grid, "us")
    assert made.year.wue_source_l_per_kwh == pytest.approx(site + row.water_l_per_kwh * pue)
    assert said(made, "site.carbon.water").startswith(f"not declared: {row.water_l_per_kwh:g} l/kWh")
    declared = run({"carbon": {"water_l_per_kwh": 0.5}})
    assert declared.year.wue_source_l_per_kwh == pytest.approx(site + 0.5 * pue)
    assert said(declared, "site.carbon.water") == ""


def test_hours_that_the_plant_does_not_carry_are_counted_and_said() -> None:
    made = run({"station": "phoenix-az"})
    mild = {"dry_bulb_c": 25.0, "wet_bulb_c": 15.0}
    small = run({"station": "phoenix-az", "design_day": mild}, expected=DESIGN_KW)
    assert small.year.short_hours > made.year.short_hours
    assert small.year.capacity_extreme_kw < DESIGN_KW
    warning = small.notes.found("cooling-short", "cooling")
    assert warning is not None
    assert warning.message.startswith(f"in {small.year.short_hours:,} hours of the year the cooling carries less than the heat")


def test_a_year_is_quick() -> None:
    made = run()
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        again(made, made.climate)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.5  # 0.05 on a free machine; see benchmarks/facility_year.py
