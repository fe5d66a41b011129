"""The bill, running costs, carbon and sensitivities of a plan, held against hand calculations."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from factories import plan_of, simple
from planner.catalog import Catalog, load_catalog
from planner.catalog.records import Construction, Price
from planner.models.weather import Weather
from planner.plan import ComputePlan, FabricPlan, RacksPlan
from planner.plan_facility import AvailabilityPlan, BillLine, ChainUnit, CostPlan
from planner.spec import Factory
from planner.steps.carbon import plan_carbon
from planner.steps.construction import FUEL_USD_PER_L
from planner.steps.cost import SchemeFigures, plan_cost, redundancy_steps
from planner.steps.facility import Hours, Loads
from planner.steps.grid import DIESEL_KG_PER_L
from planner.steps.hardware import resolve
from planner.steps.notes import Notes
from planner.steps.opex import PLANT_CATEGORIES, plan_operation
from planner.steps.sensitivity import Variation, sensitivities, variations

CATALOG = load_catalog()
# The SuperPOD of factories/dgx-h100-superpod.yaml: its golden report of before this issue, line by line.
GOLDEN_SWITCHES = {"qm9700": 62, "sn4600c": 8, "sn2201": 8}
GOLDEN_CABLES = {
    "sr-400g": 1310, "dac-400g": 228, "acc-400g": 1056, "dac-100g": 48, "aoc-100g": 258, "cat6-1g": 341,
}  # fmt: skip
GOLDEN_USD = {
    "compute nodes": 41_910_000,
    "switches": 2_246_000,
    "cables and optics": 2_161_050,
    "storage": 4_800_000,
    "management": 220_000,
    "racks and rack PDUs": 380_000,
}
NAMEPLATE_KW = 1441.636


def factory_of(**sections: Any) -> Factory:
    data: dict[str, Any] = {
        "name": "x",
        "site": {"country": "US"},
        "compute": {"nodes": {"dgx-h100": 127}},
        "fabrics": {
            "compute": {"fabric_managers": {"ufm-3-1-appliance": 2}},
            "storage": {"fabric_managers": {"ufm-3-1-appliance": 2}},
        },
        "storage": {"systems": {"ddn-ai400x2": 12}},
        "platform": {"management_nodes": {"management-2s-generic": 4}},
    }
    return Factory.model_validate(data | sections, context={"ids": CATALOG.ids()})


def fabrics() -> list[FabricPlan]:
    def switched(row_id: str, count: int) -> Any:
        return SimpleNamespace(switch=row_id, switches_by_tier=SimpleNamespace(total=lambda: count), cables=())

    cables = [SimpleNamespace(cable=row_id, count=count) for row_id, count in GOLDEN_CABLES.items()]
    found = [switched(row_id, count) for row_id, count in GOLDEN_SWITCHES.items()]
    return cast("list[FabricPlan]", [*found, SimpleNamespace(switch=None, cables=cables)])


def loads(it_kw: float = NAMEPLATE_KW, liquid_kw: float = 0.0) -> Loads:
    level = dict.fromkeys(("idle", "expected", "design", "nameplate"), it_kw)
    zero = dict.fromkeys(level, liquid_kw)
    return Loads((), (), level, dict.fromkeys(level, 0.0), zero, it_kw, it_kw)


RACKS = cast("RacksPlan", SimpleNamespace(groups=(SimpleNamespace(rack="rack-48u-generic", count=40),), pdus_count=112))


def capital(
    factory: Factory,
    catalog: Catalog = CATALOG,
    it_kw: float = NAMEPLATE_KW,
    liquid_kw: float = 0.0,
    notes: Notes | None = None,
) -> CostPlan:
    notes = notes or Notes()
    hardware = resolve(factory, catalog, Notes())
    return plan_cost(factory, hardware, catalog, notes, fabrics(), RACKS, loads(it_kw, liquid_kw), 1.37 * it_kw)


def built_usd(cost: CostPlan) -> float:
    return math.fsum(usd for category, usd in cost.capex_by_category_usd.items() if category in PLANT_CATEGORIES)


def replaced(kind: str, **rows: Any) -> Catalog:
    from dataclasses import replace

    return replace(CATALOG, rows={**CATALOG.rows, kind: {**CATALOG.rows[kind], **rows}})


def test_hardware_costs_what_it_did() -> None:
    cost = capital(factory_of())
    assert {name: cost.capex_by_category_usd[name] for name in GOLDEN_USD} == GOLDEN_USD
    assert built_usd(cost) == pytest.approx(11_700 * NAMEPLATE_KW)
    assert cost.capex_usd == pytest.approx(68_584_191, abs=1)


def test_the_bill_adds_up_by_category_and_as_a_whole() -> None:
    cost = capital(factory_of(power={"redundancy": "2N"}, cooling={"redundancy": "N"}))
    by_category: dict[str, float] = {}
    for line in cost.bill_of_materials:
        assert line.price_usd is not None
        assert line.total_usd == pytest.approx(line.quantity * line.price_usd)
        by_category[line.category] = by_category.get(line.category, 0.0) + line.total_usd
    assert by_category == pytest.approx(cost.capex_by_category_usd)
    assert cost.capex_usd == pytest.approx(sum(by_category.values()))
    assert set(cost.capex_confidence_by_category) == set(by_category)


def test_a_category_is_as_good_as_its_weakest_price() -> None:
    cost = capital(factory_of())
    assert cost.capex_confidence_by_category["building"] == "secondary"
    assert cost.capex_confidence_by_category["power"] == "assumption"
    rows = {"prices": {key: row for key, row in CATALOG.rows["prices"].items() if key != "dgx-h100"}}
    unpriced = Catalog({**CATALOG.rows, **rows}, CATALOG.version)
    notes = Notes()
    poor = capital(factory_of(), unpriced, notes=notes)
    assert poor.capex_confidence_by_category["compute nodes"] == "none"
    assert notes.found("no-price", "catalog.prices.dgx-h100") is not None


def test_capex_per_megawatt_is_what_such_halls_cost() -> None:
    """Cushman & Wakefield 2025: 9.3 to 15.0 M USD per MW of critical load over 19 markets; others publish 10 to 15."""
    for row_id in ("construction-us-2025", "construction-us-2026", "construction-ai-us-2025"):
        for scheme in ("N", "N+1", "2N", "3N/2", "4N/3", "block"):
            factory = factory_of(hall={"construction": row_id}, power={"redundancy": scheme, "generator_redundancy": "2N"})
            per_kw = built_usd(capital(factory, it_kw=20_000.0)) / 20_000.0
            assert 9_300 <= per_kw <= 17_000, (row_id, scheme)


@pytest.mark.parametrize(
    ("knob", "dearer"),
    [
        ({"power": {"redundancy": "N"}}, False),
        ({"power": {"redundancy": "2N"}}, True),
        ({"power": {"redundancy": "3N/2"}}, True),
        ({"power": {"redundancy": "4N/3"}}, True),
        ({"power": {"generator_redundancy": "N"}}, False),
        ({"power": {"generator_redundancy": "N+2"}}, True),
        ({"power": {"generator_redundancy": "2N"}}, True),
        ({"power": {"generator": "generator-none"}}, False),
        ({"power": {"ups": "ups-none"}}, False),
        ({"power": {"transformer": "transformer-none"}}, False),
        ({"power": {"distribution": "pdu-with-transformer"}}, True),
        ({"power": {"utility_feeds_count": 2}}, True),
        ({"power": {"bess": "bess-1900kw-3900kwh"}}, True),
        ({"power": {"battery_minutes": 10.0}}, True),
        ({"power": {"battery_minutes": 1.0}}, False),
        ({"power": {"fuel_hours": 96.0}}, True),
        ({"power": {"fuel_hours": 12.0}}, False),
        ({"cooling": {"redundancy": "N"}}, False),
        ({"cooling": {"redundancy": "N+2"}}, True),
        ({"cooling": {"redundancy": "2N"}}, True),
    ],
    ids=str,
)
def test_every_knob_of_redundancy_moves_the_price(knob: dict[str, Any], dearer: bool) -> None:
    plain, changed = (capital(factory_of(**sections), it_kw=10_000.0) for sections in ({}, knob))
    assert (changed.capex_usd > plain.capex_usd) is dearer
    assert changed.capex_usd != plain.capex_usd
    section = "cooling" if "cooling" in knob else "power"
    moved = changed.capex_by_category_usd[section] - plain.capex_by_category_usd[section]
    assert moved == pytest.approx(changed.capex_usd - plain.capex_usd)


def test_a_second_path_costs_its_equipment() -> None:
    """2N instead of N+1 of 10 MW: everything once more, less the spare unit of each stage."""
    kw, facility_kw = 10_000.0, 13_700.0
    extra = capital(factory_of(power={"redundancy": "2N"}), it_kw=kw).capex_usd - capital(factory_of(), it_kw=kw).capex_usd
    by_hand = (
        (facility_kw - 2500) * 180_000 / 2500  # transformers of 2.5 MVA
        + (facility_kw / 0.8 - 2875) * 260_000 / 2875  # switchboards of 4,000 A, of which 80 % is carried for hours
        + (kw - 1000) * 450_000 / 1000  # UPS of 1 MW
        + (kw / 0.8 - 1150) * 170_000 / 1150  # busways of 1,600 A, of which 80 % is carried for hours
    )
    rows = CATALOG.rows["power_stages"]
    names = ("transformer-doe-2016-liquid-2500kva", "switchboard-4000a", "ups-double-conversion", "busway-415v")
    ratings = [(rows[name].rating_kw, rows[name].continuous_fraction) for name in names]
    assert ratings == [(2500.0, 1.0), (2875.0, 0.8), (1000.0, 1.0), (1150.0, 0.8)], "the figures above are for these ratings"
    assert extra == pytest.approx(by_hand)


def test_equipment_without_a_price_counts_as_its_like_and_says_so() -> None:
    rows = {"prices": {key: row for key, row in CATALOG.rows["prices"].items() if key != "ups-eco-mode"}}
    notes = Notes()
    cost = capital(factory_of(power={"ups": "ups-eco-mode"}), Catalog({**CATALOG.rows, **rows}, CATALOG.version), notes=notes)
    assert cost.capex_usd == pytest.approx(capital(factory_of()).capex_usd)
    finding = notes.found("no-price", "catalog.prices.ups-eco-mode")
    assert finding is not None
    assert "450 USD/kW" in finding.message
    assert cost.capex_confidence_by_category["power"] == "none"


def test_a_declared_chain_is_priced_link_by_link() -> None:
    def chain(ups_kw: float) -> dict[str, Any]:
        links = {
            "grid": {"equipment": "utility-feed", "feeds": ["cooling", "house", "pumps"]},
            "ups-a": {"equipment": "ups-double-conversion", "rating_kw": ups_kw, "fed_by": ["grid"], "feeds": ["racks"]},
        }
        return {"power": {"chain": links}}

    small, large = (capital(factory_of(**chain(kw)), it_kw=5000.0) for kw in (6000.0, 8000.0))
    row = CATALOG.rows["power_stages"]["ups-double-conversion"]
    usd_per_kw = cast("Price", CATALOG.rows["prices"][row.id]).price_usd / (getattr(row, "rating_kw", None) or 1000.0)
    assert large.capex_usd - small.capex_usd == pytest.approx(2000.0 * usd_per_kw)


SIZES_KW = (1.0, 50.0, 400.0, 999.0, 1001.0, 2600.0, 9e3, 1e5)


@pytest.mark.parametrize("construction", ["construction-us-2025", "cheap"])
def test_a_larger_hall_never_costs_less(construction: str) -> None:
    cheap = cast("Construction", CATALOG.rows["construction"]["construction-us-2025"]).model_copy(
        update={"id": "cheap", "price_usd_per_kw": 900.0}
    )
    catalog = replaced("construction", cheap=cheap)
    for power in ({"redundancy": "N", "generator": "generator-none"}, {"redundancy": "3N/2"}, {}):
        data = factory_of(power=power).model_dump(exclude_none=True, exclude_defaults=True)
        data["hall"] = {"construction": construction}
        factory = Factory.model_validate(data)
        paid = [
            round(built_usd(capital(factory, catalog, it_kw)), 4)
            for it_kw in (1.0, 50.0, 400.0, 999.0, 1001.0, 2600.0, 9e3, 1e5)
        ]
        assert paid == sorted(paid)
        assert paid[0] >= 0


def test_an_existing_hall_costs_nothing_whatever_it_is_called() -> None:
    for power in ({}, {"redundancy": "2N"}):
        assert built_usd(capital(factory_of(hall={"construction": "construction-none"}, power=power))) == 0.0


def test_parts_that_do_not_add_up_are_an_error_that_says_where() -> None:
    row = next(row for row in CATALOG.rows["construction_parts"].values() if row.id == "construction-us-2025-power")
    notes = Notes()
    capital(
        factory_of(), replaced("construction_parts", **{row.id: row.model_copy(update={"share_fraction": 0.5})}), notes=notes
    )
    finding = notes.found("wrong-shares", "catalog.construction_parts.construction-us-2025")
    assert finding is not None
    assert finding.severity == "error"
    assert "1.15" in finding.message
    assert finding.limit is None  # with a limit it would pass for one that fewer nodes keep


# The year.

HOUR = np.tile(np.arange(24), 365)
MONTH = np.repeat(np.arange(1, 13), [24 * days for days in (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)])
WEATHER = Weather(
    *(np.zeros(8760) for _ in range(4)), month=MONTH, hour=HOUR, working_day=np.repeat(np.arange(365) % 7 < 5, 24)
)
IT_KW = 1080.0 + 50.0 * np.sin(HOUR / 24 * 2 * np.pi)
HOURS = Hours(it_kw=IT_KW, facility_kw=1.35 * IT_KW, water_l=np.full(8760, 900.0), reused_kw=np.zeros(8760))
COMPUTE = ComputePlan(nodes=127, hosts=127, gpus=1016, groups=(), gpu_memory_tb=81.28, bf16_dense_pflops=1005.0)
AVAILABILITY = cast("AvailabilityPlan", SimpleNamespace(rack_availability_fraction=0.9998))


def operation(factory: Factory, catalog: Catalog = CATALOG, notes: Notes | None = None, **options: float) -> CostPlan:
    hardware = resolve(factory, catalog, Notes())
    bought = capital(factory, catalog)
    return plan_operation(
        factory, hardware, catalog, notes or Notes(), bought, HOURS, WEATHER, COMPUTE, AVAILABILITY, **options
    )


def yearly(cost: CostPlan, category: str) -> float:
    return sum(line.yearly_usd for line in cost.opex if line.category.startswith(category))


def site(**tariff: float) -> dict[str, Any]:
    return {"site": {"country": "US", "tariff": tariff}}


def test_a_flat_tariff_costs_energy_times_price() -> None:
    cost = operation(factory_of(**site(energy_usd_per_kwh=0.07)))
    assert yearly(cost, "energy") == pytest.approx(0.07 * HOURS.facility_kw.sum())
    assert [line.category for line in cost.opex if line.category == "demand"] == []


def test_time_of_use_and_demand_by_hand() -> None:
    cost = operation(
        factory_of(**site(energy_usd_per_kwh=0.05, peak_usd_per_kwh=0.2, demand_usd_per_kw_month=12.0, peak_from_hour=9))
    )
    peak = (HOUR >= 9) & (HOUR < 20) & WEATHER.working_day
    energy = 0.2 * HOURS.facility_kw[peak].sum() + 0.05 * HOURS.facility_kw[~peak].sum()
    assert yearly(cost, "energy") == pytest.approx(energy)
    assert yearly(cost, "demand") == pytest.approx(12 * 12.0 * HOURS.facility_kw.max())
    assert cost.opex_usd_per_year == pytest.approx(sum(line.yearly_usd for line in cost.opex))
    for line in cost.opex:
        assert line.yearly_usd == pytest.approx(line.quantity * line.price_usd)


def test_water_staff_and_maintenance_follow_what_is_declared() -> None:
    cost = operation(factory_of(**site(water_usd_per_m3=3.0), budget={"staff_count": 12.5}))
    assert yearly(cost, "water") == pytest.approx(3.0 * 0.9 * 8760)
    assert yearly(cost, "staff") == pytest.approx(12.5 * 120_000)
    assert yearly(cost, "maintenance of IT") == pytest.approx(0.04 * sum(GOLDEN_USD.values()))
    assert yearly(cost, "maintenance of the plant") == pytest.approx(0.025 * built_usd(cost))


def test_ownership_is_capital_and_what_is_paid_every_year() -> None:
    cost = operation(factory_of(budget={"horizon_years": 4, "discount_fraction": 0.1}))
    assert cost.tco_usd == pytest.approx(cost.capex_usd + 4 * cost.opex_usd_per_year)
    assert cost.npv_usd == pytest.approx(cost.capex_usd + cost.opex_usd_per_year * (1 - 1.1**-4) / 0.1)
    per_year = cost.npv_usd * 0.1 / (1 - 1.1**-4)
    assert cost.usd_per_gpu_hour == pytest.approx(per_year / (1016 * 8760 * 0.9998))
    assert cost.usd_per_pflop_day == pytest.approx(per_year / (1005.0 * 0.4 * 365 * 0.9998))


def test_without_discount_present_value_is_the_plain_sum() -> None:
    cost = operation(factory_of(budget={"discount_fraction": 0.0}))
    assert cost.npv_usd == pytest.approx(cost.tco_usd)


def test_an_hour_of_h100_costs_what_is_published() -> None:
    """About 1.20 USD an hour owned and 3.00 to 4.50 rented on demand (v2-pseo-ai.pages.dev/tools/gpu-tco-analysis, 2025)."""
    hour = operation(factory_of()).usd_per_gpu_hour
    assert hour is not None
    assert 1.2 <= hour <= 4.5


def test_capped_gpus_make_work_dearer_and_hours_no_cheaper() -> None:
    plain, capped = operation(factory_of()), operation(factory_of(), throughput_ratio=0.8)
    assert plain.usd_per_pflop_day is not None
    assert capped.usd_per_pflop_day == pytest.approx(plain.usd_per_pflop_day / 0.8)
    assert capped.usd_per_gpu_hour == plain.usd_per_gpu_hour


@pytest.mark.parametrize("key", ["energy_usd_per_kwh", "peak_usd_per_kwh", "demand_usd_per_kw_month", "water_usd_per_m3"])
def test_what_costs_more_never_lowers_the_bill(key: str) -> None:
    paid = [operation(factory_of(**site(**{key: price}))).opex_usd_per_year for price in (0.1, 0.2, 0.4)]
    assert paid == sorted(paid)
    assert paid[0] < paid[2]


def test_defaults_are_assumptions_that_say_so() -> None:
    notes = Notes()
    operation(factory_of(), notes=notes)
    paths = {each.path for each in notes.assumptions()}
    wanted = {
        "site.tariff.energy", "site.tariff.peak", "site.tariff.demand", "site.tariff.water", "budget.staff", "budget.horizon",
        "budget.discount", "cost.ownership", "cost.maintenance", "cost.pflop_day", "catalog.grids.us",
    }  # fmt: skip
    assert wanted <= paths


# Carbon.


def carbon(factory: Factory, notes: Notes | None = None, bill: tuple[BillLine, ...] = ()) -> Any:
    return plan_carbon(factory, CATALOG, notes or Notes(), HOURS, WEATHER, bill)


def test_carbon_by_month_adds_up_to_the_year() -> None:
    plan = carbon(factory_of(site={"country": "DE"}))
    assert plan.grid_kg_per_kwh == pytest.approx(0.34414)
    assert sum(plan.by_month_t) == pytest.approx(plan.operational_t_per_year)
    assert plan.operational_t_per_year == pytest.approx(0.34414 * HOURS.facility_kw.sum() / 1000)
    assert plan.by_month_t[1] / plan.by_month_t[0] == pytest.approx(28 / 31)
    assert plan.cue_kg_per_kwh == pytest.approx(0.34414 * 1.35)


def test_hours_of_the_grid_matter_where_the_load_is_not_level() -> None:
    by_hour = [0.4 if 6 <= hour < 12 else 1.2 for hour in range(24)]  # the load peaks in the morning
    plan = carbon(factory_of(site={"country": "US", "carbon": {"grid_kg_per_kwh": 0.5, "by_hour": by_hour}}))
    flat = carbon(factory_of(site={"country": "US", "carbon": {"grid_kg_per_kwh": 0.5}}))
    assert plan.operational_t_per_year < flat.operational_t_per_year
    day = sum(w / np.mean(by_hour) * 0.5 * kw for w, kw in zip(by_hour, HOURS.facility_kw[:24], strict=True))
    assert plan.operational_t_per_year == pytest.approx(365 * day / 1000)


def test_own_generators_burn_diesel_instead_of_the_grid() -> None:
    chain: dict[str, Any] = {
        **{name: {"equipment": "generator-diesel-2500kw"} for name in ("gen-a", "gen-b")},
        "ups": {"equipment": "ups-double-conversion", "rating_kw": 3000.0, "fed_by": ["gen-a", "gen-b"],
                "feeds": ["racks", "pumps", "cooling", "house"]},
    }  # fmt: skip
    notes, by_hour = Notes(), [0.5] * 12 + [1.5] * 12
    factory = factory_of(site={"country": "DE", "carbon": {"by_hour": by_hour}}, power={"chain": chain})
    plan, cost = carbon(factory, notes), operation(factory, notes=notes)
    energy_kwh = HOURS.facility_kw.sum()
    # Two sets share every hour's load: full flow is 675 l/h each, a tenth of it without load (Willans' line).
    litres = sum(2 * 675 * (0.1 + 0.9 * kw / 2 / 2500) for kw in HOURS.facility_kw)
    assert litres > 1.2 * 0.27 * energy_kwh, "sets at part load burn more for each kWh"
    assert plan.grid_kg_per_kwh == pytest.approx(2.68 * litres / energy_kwh)
    assert plan.operational_t_per_year == pytest.approx(2.68 * litres / 1000)
    assert pytest.approx(74.1e-3 * 43 * 0.84, rel=2e-3) == DIESEL_KG_PER_L  # kg/MJ, MJ/kg, kg/l
    assert pytest.approx(10.21 / 3.785412, rel=1e-2) == DIESEL_KG_PER_L  # EPA: kg a gallon
    assert yearly(cost, "energy") == pytest.approx(litres * FUEL_USD_PER_L)
    said = {each.path: each.statement for each in notes.assumptions()}
    assert not any(path.startswith("catalog.grids") for path in said)
    assert "diesel" in said["site.carbon.grid"]
    assert "its generators" in said["carbon.total"]
    assert "fuel of" not in said["carbon.total"]
    assert "per litre" in said["site.tariff.energy"]
    assert notes.found("not-used", "site.carbon.by_hour") is not None
    # With a utility they stand by; what the file declares counts in any case.
    chain["grid"] = {"equipment": "utility-feed"}
    chain["ups"] |= {"fed_by": ["grid"], "backed_by": ["gen-a", "gen-b"]}
    assert carbon(factory_of(site={"country": "DE"}, power={"chain": chain})).grid_kg_per_kwh == pytest.approx(0.34414)
    del chain["grid"]
    chain["ups"] |= {"fed_by": ["gen-a", "gen-b"], "backed_by": []}
    declared = {"country": "DE", "tariff": {"energy_usd_per_kwh": 0.3}, "carbon": {"grid_kg_per_kwh": 0.1}}
    factory = factory_of(site=declared, power={"chain": chain})
    assert carbon(factory).grid_kg_per_kwh == 0.1
    assert yearly(operation(factory), "energy") == pytest.approx(0.3 * energy_kwh)


def test_a_country_without_a_row_gets_the_world_and_is_told() -> None:
    notes = Notes()
    plan = carbon(factory_of(site={"country": "AQ"}), notes)
    assert plan.grid_kg_per_kwh == pytest.approx(0.47301)
    assert {"site.country", "catalog.grids.world"} <= {each.path for each in notes.assumptions()}


def test_making_is_counted_where_a_source_says_so() -> None:
    bill = capital(factory_of()).bill_of_materials
    plan = carbon(factory_of(), bill=bill)
    assert plan.embodied_by_item_t["DGX H100"] == pytest.approx(127 * 1.312)
    assert plan.embodied_t == pytest.approx(sum(plan.embodied_by_item_t.values()))
    assert plan.total_t == pytest.approx(5 * plan.operational_t_per_year + plan.embodied_t)
    names = {line.name for line in bill}
    assert set(plan.embodied_by_item_t) | set(plan.without_source) == names
    assert not set(plan.embodied_by_item_t) & set(plan.without_source)


# Redundancy and sensitivities.


def unit(item: str, rating_kw: float) -> ChainUnit:
    return ChainUnit(
        name=item, stage="ups", item=item, rating_kw=rating_kw, limit_kw=rating_kw, fed_by=(), backed_by=(), needs_count=1,
        load_kw=0.0, loss_kw=0.0, load_worst_kw=0.0, worst_when="",
    )  # fmt: skip


def test_a_step_of_redundancy_costs_its_units() -> None:
    transformer = "transformer-doe-2016-1000kva"
    schemes = {
        "N": SchemeFigures((unit(transformer, 1000.0),) * 2, 20.0, 300.0),
        "2N": SchemeFigures((unit(transformer, 1000.0),) * 3 + (unit(transformer, 500.0),) * 2, 26.0, 1.5),
    }
    first, second = redundancy_steps(CATALOG, Notes(), schemes)
    assert (first.scheme, first.capex_usd, first.capex_over_n_usd) == ("N", 160_000.0, 0.0)
    assert (second.capex_usd, second.capex_over_n_usd) == (320_000.0, 160_000.0)
    assert (second.loss_kw, second.rack_minutes_per_year) == (26.0, 1.5)


def evaluated(factory: Factory, evaluate: Callable[[Variation], float | None], **options: bool) -> Any:
    hardware = resolve(factory, CATALOG, Notes())
    return sensitivities(factory, hardware, CATALOG, operation(factory), 1130.0, evaluate, **options)


def money(variation: Variation) -> float | None:
    """The plan's own steps; a warmer year draws 1 % more a kelvin, and a harder one in proportion, in this toy."""
    duty = variation.factory.workloads.duty_fraction
    ratio = (1 + 0.01 * variation.weather_k) * (1.0 if duty is None else duty / 0.76)
    hours = Hours(HOURS.it_kw, HOURS.facility_kw * ratio, HOURS.water_l, HOURS.reused_kw)
    hardware = resolve(variation.factory, variation.catalog, Notes())
    cost = plan_operation(
        variation.factory, hardware, variation.catalog, Notes(), capital(variation.factory, variation.catalog), hours, WEATHER,
        COMPUTE, AVAILABILITY, maintenance_ratio=variation.maintenance_ratio,
    )  # fmt: skip
    return cost.usd_per_gpu_hour


def test_every_bar_is_a_recomputation_with_a_changed_input() -> None:
    seen: list[Variation] = []

    def evaluate(variation: Variation) -> float:
        seen.append(variation)
        return float(len(seen))

    bars = evaluated(factory_of(), evaluate)
    assert len(seen) == 2 * len(bars) == 2 * len({bar.name for bar in bars})
    base = factory_of()
    for each in seen:
        changed = each.factory != base or each.catalog != CATALOG or each.weather_k != 0.0 or each.maintenance_ratio != 1.0
        assert changed, each.text
        assert each.text


def test_the_price_of_own_fuel_is_varied_about_what_the_plan_pays() -> None:
    ups = {"equipment": "ups-double-conversion", "rating_kw": 3000.0, "fed_by": ["gen"]}
    chain = {"gen": {"equipment": "generator-diesel-2500kw"}, "ups": {**ups, "feeds": ["racks", "pumps", "cooling", "house"]}}
    factory = factory_of(power={"chain": chain})
    (paid,) = [line.price_usd for line in operation(factory).opex if line.category == "energy"]
    bar = next(bar for bar in evaluated(factory, money) if bar.name == "price of energy")
    assert (bar.low, bar.high) == (f"{0.7 * paid:.4g} USD/kWh", f"{1.3 * paid:.4g} USD/kWh")


def test_a_factory_without_a_utility_owes_it_nothing() -> None:
    ups = {"equipment": "ups-double-conversion", "rating_kw": 3000.0, "fed_by": ["gen"]}
    chain = {"gen": {"equipment": "generator-diesel-2500kw"}, "ups": {**ups, "feeds": ["racks", "pumps", "cooling", "house"]}}
    sections = {"site": {"country": "US", "tariff": {"demand_usd_per_kw_month": 12.0}}, "power": {"chain": chain}}
    plan = plan_of(simple(count=16, **sections))
    assert "demand" not in {line.category for line in plan.cost.opex}
    assert plan.year.wue_source_l_per_kwh == plan.year.wue_site_l_per_kwh
    assert "site.tariff.demand" in {each.path for each in plan.findings if each.code == "not-used"}
    del sections["power"]
    plan = plan_of(simple(count=16, **sections))
    assert "demand" in {line.category for line in plan.cost.opex}
    assert plan.year.wue_source_l_per_kwh > plan.year.wue_site_l_per_kwh


def test_bars_are_what_is_computed_by_hand() -> None:
    factory = factory_of(**site(energy_usd_per_kwh=0.1))
    bars = {bar.name: bar for bar in evaluated(factory, money)}
    base = operation(factory)
    assert base.usd_per_gpu_hour is not None
    hours = 1016 * 8760 * 0.9998
    annuity = 0.08 / (1 - 1.08**-5)
    energy = 0.1 * HOURS.facility_kw.sum() * 0.3 / hours
    assert bars["price of energy"].high_usd_per_gpu_hour - base.usd_per_gpu_hour == pytest.approx(energy)
    assert base.usd_per_gpu_hour - bars["price of energy"].low_usd_per_gpu_hour == pytest.approx(energy)
    assert (bars["price of energy"].low, bars["price of energy"].high) == ("0.07 USD/kWh", "0.13 USD/kWh")
    nodes = 0.2 * 41_910_000 * (annuity + 0.04) / hours
    assert bars["price of the nodes"].high_usd_per_gpu_hour - base.usd_per_gpu_hour == pytest.approx(nodes)
    hall = 0.2 * built_usd(base) * (annuity + 0.025) / hours
    assert base.usd_per_gpu_hour - bars["price of construction"].low_usd_per_gpu_hour == pytest.approx(hall)
    demand = 15.0 * 12 * HOURS.facility_kw.max() / hours
    assert bars["demand charge"].low_usd_per_gpu_hour == pytest.approx(base.usd_per_gpu_hour)
    assert bars["demand charge"].high_usd_per_gpu_hour - base.usd_per_gpu_hour == pytest.approx(demand)
    assert bars["weather"].high_usd_per_gpu_hour > bars["weather"].low_usd_per_gpu_hour
    assert bars["duty of the nodes"].high_usd_per_gpu_hour > bars["duty of the nodes"].low_usd_per_gpu_hour
    assert bars["horizon"].high_usd_per_gpu_hour < bars["horizon"].low_usd_per_gpu_hour
    assert bars["discount"].high_usd_per_gpu_hour > bars["discount"].low_usd_per_gpu_hour


def test_the_longest_bar_comes_first_and_always_the_same() -> None:
    bars = evaluated(factory_of(), money)
    spans = [abs(bar.high_usd_per_gpu_hour - bar.low_usd_per_gpu_hour) for bar in bars]
    assert spans == sorted(spans, reverse=True)
    assert bars == evaluated(factory_of(), money)
    assert bars[0].name in ("price of the nodes", "horizon")


def test_only_what_changes_the_hours_asks_for_them_again() -> None:
    factory = factory_of()
    hardware = resolve(factory, CATALOG, Notes())
    again = {name for name, low, _ in variations(factory, hardware, CATALOG, operation(factory), 1130.0) if low.reruns_year}
    assert again == {"weather", "duty of the nodes"}
    by_parts = factory_of(workloads={"gpu_utilisation_fraction": 0.95})
    found = {name: (low, high) for name, low, high in variations(by_parts, hardware, CATALOG, operation(factory), 1130.0)}
    assert found["GPU utilisation"][1].factory.workloads.gpu_utilisation_fraction == 1.0
    assert "duty of the nodes" not in found


def test_without_weather_nobody_is_asked_for_it() -> None:
    assert "weather" not in {bar.name for bar in evaluated(factory_of(), money, weather=False)}


def test_the_catalog_has_grids_of_countries_and_of_the_world() -> None:
    rows = CATALOG.rows["grids"]
    assert len(rows) >= 25
    assert all(row_id == "world" or len(row_id) == 2 for row_id in rows)


def test_every_construction_has_parts_that_add_up() -> None:
    sums: dict[str, float] = {}
    for row in CATALOG.rows["construction_parts"].values():
        part = cast("Any", row)
        sums[part.item] = sums.get(part.item, 0.0) + part.share_fraction
    assert sums == pytest.approx(dict.fromkeys(CATALOG.rows["construction"], 1.0))
