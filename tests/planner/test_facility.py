"""What only the whole plant shows: whole racks on busways, one side of a rack, water at design load, what the site keeps."""

from __future__ import annotations

from typing import Any

import pytest

from factories import plan_of, simple
from planner.plan import Plan


def codes(plan: Plan, code: str) -> list[Any]:
    return [each for each in plan.findings if each.code == code]


@pytest.mark.parametrize(
    ("node", "count", "scheme"), [("gb200-nvl72", 8, "N+1"), ("gb200-nvl72", 16, "4N/3"), ("dgx-h100", 64, "2N")]
)
def test_busways_carry_whole_racks(node: str, count: int, scheme: str) -> None:
    plan = plan_of(simple(node, count, power={"redundancy": scheme}))
    racks = [feed for feed in plan.power.feeds if feed.racks]
    assert sum(feed.racks for feed in racks) == plan.racks.count
    assert sum(feed.gpus for feed in racks) == plan.compute.gpus
    assert all(feed.gpus % (72 if node == "gb200-nvl72" else 8) == 0 for feed in racks)


def test_one_side_of_a_rack_must_carry_it() -> None:
    """Three PDUs of which two are needed, and six supplies of which four are: neither halves into what is needed."""
    hall = {"rack_power_kw": 42.0}
    two = codes(plan_of(simple(count=16, hall=hall, power={"redundancy": "2N"})), "one-side")
    assert [each.path for each in two] == ["compute.nodes.dgx-h100", "racks.DGX H100"]
    assert "3 of 6 power supplies are left, 4 are needed" in two[0].message
    mended = plan_of(simple(count=16, hall={**hall, "pdu_redundancy": "2N"}, power={"redundancy": "2N"}))
    assert [each.path for each in codes(mended, "one-side")] == ["compute.nodes.dgx-h100"]
    assert codes(plan_of(simple(count=16, hall=hall, power={"redundancy": "N+1"})), "one-side") == []
    assert codes(plan_of(simple("gb200-nvl72", 4, power={"redundancy": "2N"})), "one-side") == []


def test_water_is_held_against_a_day_at_design_load() -> None:
    sections = {"cooling": {"air": "air-crah-chiller"}, "workloads": {"duty_fraction": 0.4}}
    plan = plan_of(simple(count=64, site={"country": "US", "station": "phoenix-az", "water_max_m3_per_day": 500.0}, **sections))
    (limit,) = (each for each in plan.limits if each.code == "water")
    assert limit.value > 1.3 * plan.year.water_peak_day_m3
    at_work = plan_of(
        simple(
            count=64,
            site={"country": "US", "station": "phoenix-az", "water_max_m3_per_day": 500.0},
            **{**sections, "workloads": {"duty_fraction": 1.0}},
        )
    )
    assert at_work.year.water_peak_day_m3 == pytest.approx(limit.value, rel=0.05)


def test_generators_without_fuel_keep_nothing_running() -> None:
    def rack_minutes(**power: Any) -> float:
        return plan_of(simple(count=16, power=power)).availability.rack_minutes_per_year

    assert rack_minutes(fuel_hours=0.0) == pytest.approx(rack_minutes(generator="generator-none"), rel=0.05)
    assert rack_minutes(fuel_hours=0.0) > 1.5 * rack_minutes(fuel_hours=48.0)


def test_a_plant_that_ends_at_the_sites_water_says_that_pue_is_partial() -> None:
    plan = plan_of(simple("cray-ex235a", 64, cooling={"liquid": "liquid-facility-water"}))
    assert [each.path for each in codes(plan, "partial-plant")] == ["cooling.liquid"]
    assert codes(plan_of(simple("cray-ex235a", 64)), "partial-plant") == []


def test_nothing_of_a_plant_without_a_ups_runs_through_an_outage() -> None:
    plan = plan_of(simple("gb200-nvl72", 4, power={"ups": "ups-none"}))
    assert not any(units.on_ups for units in plan.cooling.units)
    assert all(trip.restart_s is not None for trip in plan.cooling.trips)
    kept = plan_of(simple("gb200-nvl72", 4))
    assert any(units.on_ups for units in kept.cooling.units)


def test_blocked_positions_of_the_declared_rows_hold_no_rack() -> None:
    hall = {"racks": 40, "rows": 4, "racks_per_row": 10, "blocked": ("A05", "D01-D02")}
    (limit,) = (each for each in plan_of(simple(count=16, hall=hall)).limits if each.code == "floor-slots")
    assert limit.limit == 37


@pytest.mark.parametrize("duty", [0.0, 1e-4, 1.0])
def test_a_factory_may_idle_all_year(duty: float) -> None:
    plan = plan_of(simple(count=4, workloads={"duty_fraction": duty}))
    assert plan.power.it_expected_kw <= plan.power.it_design_kw


def test_what_is_declared_and_changes_nothing_is_said() -> None:
    tariff = {"peak_usd_per_kwh": 0.3, "peak_from_hour": 8, "peak_until_hour": 8}
    cooling = {"liquid_supply_c": 30.0, "w_class": "W32"}
    plan = plan_of(simple(count=16, site={"country": "US", "tariff": tariff}, cooling=cooling))
    unused = {each.path for each in codes(plan, "not-used")}
    assert unused == {"site.tariff.peak", "cooling.liquid_supply", "cooling.w_class"}


def test_a_hall_of_blocked_positions_holds_no_rack() -> None:
    plan = plan_of(simple(count=4, hall={"racks": 4, "rows": 1, "racks_per_row": 4, "blocked": ("A01-A04",)}))
    (limit,) = (each for each in plan.limits if each.code == "floor-slots")
    assert (limit.limit, limit.largest_nodes_count) == (0, 0)
