"""A small but complete plan, made by hand: eight GB200 racks on a 2N chain with dry coolers.

It lets reports be tested without the engine, and every number in it is known. `sample(...)` replaces whole parts.
"""

from __future__ import annotations

from typing import Any

from planner.plan import (
    Assumption,
    BindingConstraint,
    ComputePlan,
    Finding,
    LimitPlan,
    NodeGroup,
    Plan,
    RackGroup,
    RackPiece,
    RacksPlan,
    StoragePlan,
)
from planner.plan_facility import (
    AvailabilityPlan,
    BillLine,
    CapPlan,
    CarbonPlan,
    CategoryYear,
    ChainLoad,
    ChainUnit,
    CoolingPlan,
    CoolingUnits,
    CostPlan,
    CutSet,
    HallPlan,
    Importance,
    ItLoad,
    LoopPlan,
    OperatingPoint,
    OpexLine,
    Outage,
    PowerPlan,
    PowerStagePlan,
    RackConversion,
    RedundancyStep,
    ReliabilityLine,
    RowPlan,
    Sensitivity,
    StrandedPlan,
    SwingPlan,
    TripPlan,
    WeatherPlan,
    YearPlan,
)
from planner.spec import Factory

__all__ = ["HOSTILE", "cloudless_limit", "hostile_sample", "limit", "sample"]

HOSTILE = '=cmd|"/c calc"!A1 | <script>alert(1)</script> **b** \x1b[31m\u202e\n# two, "lines" & more'
"""A name that means something to a spreadsheet, a browser, Markdown, a terminal and CSV."""


def limit(path: str, nodes: int, value: float = 900.0, most: float = 1000.0, unit: str = "kW") -> LimitPlan:
    return LimitPlan(
        code=path.rpartition(".")[2].replace("_", "-"),
        path=path,
        subject="the factory at design load draws",
        value=value,
        limit=most,
        unit=unit,
        margin=most - value,
        largest_nodes_count=nodes,
        hint=f"more of {path}",
    )


def cloudless_limit() -> LimitPlan:
    """Return a limit that no factory can reach."""
    return limit("fabrics.compute", 1_000_000, 144, 65_536, "hosts")


def _chain(name: str) -> tuple[tuple[ChainUnit, ...], tuple[ChainLoad, ...]]:
    """Build a 2N chain: two sides of transformer, board and UPS, a busway of each side to each of two rows."""
    units = [
        ChainUnit(
            name=source,
            stage=source.partition("-")[0],
            item=f"{source.partition('-')[0]}-item",
            rating_kw=2000.0,
            limit_kw=2000.0,
            fed_by=(),
            backed_by=(),
            needs_count=1,
            load_kw=1266.4 if source == "utility-1" else 0.0,
            loss_kw=0.0,
            load_worst_kw=1266.4,
            worst_when="" if source == "utility-1" else "utility-1",
        )
        for source in ("utility-1", "generator-1")
    ]
    for side in "ab":
        other = "b" if side == "a" else "a"
        for stage, rating, load, loss, fed in (
            ("transformer", 2500.0, 640.0, 5.5, "utility-1"),
            ("switchgear", 2500.0, 634.5, 0.3, f"transformer-{side}"),
            ("ups", 1500.0, 580.0, 8.7, f"switchgear-{side}"),
        ):
            backed = ("generator-1",) if stage == "switchgear" else ()
            units.append(
                ChainUnit(
                    name=f"{stage}-{side}",
                    stage=stage,
                    item=f"{stage}-item",
                    rating_kw=rating,
                    limit_kw=0.8 * rating if stage == "switchgear" else rating,
                    fed_by=(fed,),
                    backed_by=backed,
                    needs_count=1,
                    load_kw=load,
                    loss_kw=loss,
                    load_worst_kw=2 * load,
                    worst_when=f"{stage}-{other}",
                )
            )
        units += [
            ChainUnit(
                name=f"busway-{row}-{side}",
                stage="distribution",
                item=name,
                rating_kw=800.0,
                limit_kw=640.0,
                fed_by=(f"ups-{side}",),
                backed_by=(),
                needs_count=1,
                load_kw=290.0,
                loss_kw=1.45,
                load_worst_kw=580.0,
                worst_when=f"busway-{row}-{other}",
            )
            for row in ("row-a", "row-b")
        ]
    feeds = tuple(
        ChainLoad(
            name=f"racks {row}",
            kind="racks",
            racks=4,
            gpus=288,
            rows=(row,),
            power_kw=580.0,
            fed_by=(f"busway-{row}-a", f"busway-{row}-b"),
            backed_by=(),
            needs_count=1,
        )
        for row in ("row-a", "row-b")
    )
    cooling = ChainLoad(
        name="cooling",
        kind="cooling",
        racks=0,
        gpus=0,
        rows=(),
        power_kw=60.0,
        fed_by=("switchgear-a", "switchgear-b"),
        backed_by=(),
        needs_count=1,
    )
    return tuple(units), (*feeds, cooling)


def power(name: str = "busway-415v") -> PowerPlan:
    units, feeds = _chain(name)
    points = {"idle": (300.0, 30.0), "expected": (871.0, 45.0), "design": (1160.0, 60.0), "nameplate": (1160.0, 60.0)}
    return PowerPlan(
        it_nameplate_kw=1160.0,
        it_design_kw=1160.0,
        it_expected_kw=871.0,
        it_idle_kw=300.0,
        it_nameplate_by_use_kw={"nodes": 1056.0, "switches": 83.8, "servers": 20.2},
        loads=(
            ItLoad(component="GPUs", nameplate_kw=691.2, design_kw=691.2, expected_kw=520.0, idle_kw=115.2),
            ItLoad(component="CPUs", nameplate_kw=120.0, design_kw=120.0, expected_kw=80.0, idle_kw=30.0),
            ItLoad(component="switches and optics", nameplate_kw=83.8, design_kw=83.8, expected_kw=80.0, idle_kw=80.0),
            ItLoad(component=name, nameplate_kw=265.0, design_kw=265.0, expected_kw=191.0, idle_kw=74.8),
        ),
        conversions=(
            RackConversion(
                node="nvl72",
                name=name,
                chassis_count=8,
                supply="Rectifier of 5.5 kW",
                supplies_count=48,
                supplies_needed_count=24,
                supply_load_fraction=0.48,
                bus_voltage_v=54.0,
                bus_kw=127.0,
                bus_current_a=2351.9,
                efficiency_idle_fraction=0.93,
                efficiency_expected_fraction=0.951,
                efficiency_design_fraction=0.955,
            ),
        ),
        points=tuple(
            OperatingPoint(
                name=point,  # type: ignore[arg-type]
                it_kw=it,
                conversion_loss_kw=0.025 * it,
                chain_loss_kw=0.03 * it,
                cooling_kw=cooling,
                house_kw=11.6,
                facility_kw=1.03 * it + cooling + 11.6,
            )
            for point, (it, cooling) in points.items()
        ),
        redundancy="2N",
        stages=(
            PowerStagePlan(stage="transformer", name="2.5 MVA", efficiency_fraction=0.991, output_kw=1269.0, loss_kw=11.0),
            PowerStagePlan(stage="ups", name=name, efficiency_fraction=0.985, output_kw=1166.0, loss_kw=17.4),
            PowerStagePlan(stage="distribution", name="busway", efficiency_fraction=0.995, output_kw=1160.0, loss_kw=5.8),
        ),
        chain=units,
        feeds=feeds,
        stranded=(
            StrandedPlan(
                stage="ups", installed_kw=3000.0, reserve_kw=1500.0, used_kw=1160.0, reachable_kw=120.0, stranded_kw=220.0
            ),
            StrandedPlan(
                stage="distribution",
                installed_kw=3200.0,
                reserve_kw=1920.0,
                used_kw=1160.0,
                reachable_kw=120.0,
                stranded_kw=0.0,
            ),
        ),
        ride_through_s=310.0,
        generator_start_s=10.0,
        generator_fuel_hours=48.0,
        generator_mean_load_fraction=0.61,
        swing=SwingPlan(
            high_kw=1160.0,
            low_kw=460.0,
            swing_kw=700.0,
            smoothed_swing_kw=490.0,
            ramp_kw_per_s=7000.0,
            smoothed_ramp_kw_per_s=350.0,
            fundamental_hz=0.1,
            band_kw=445.6,
            smoothed_by=("energy storage of the power shelves",),
        ),
        caps=(
            CapPlan(
                gpu_cap_w=1000.0,
                it_kw=1040.0,
                facility_kw=1140.0,
                throughput_ratio=0.94,
                nodes_at_same_power_count=9,
                throughput_at_same_power_ratio=1.05,
            ),
        ),
        cooling_kw=60.0,
        heat_air_kw=259.0,
        heat_liquid_kw=920.0,
        facility_kw=1266.4,
        facility_expected_kw=940.0,
        design_pue_ratio=1.0917,
    )


def cooling(name: str = "TCS") -> CoolingPlan:
    return CoolingPlan(
        design_dry_bulb_c=31.0,
        design_wet_bulb_c=21.4,
        w_class="W45",
        facility_supply_max_c=45.0,
        facility_supply_c=36.0,
        loops=(
            LoopPlan(
                name=name,
                medium="liquid",
                coolant="PG25",
                heat_kw=920.0,
                supply_c=40.0,
                return_c=50.0,
                flow_l_per_min=1380.0,
                flow_m3_per_s=None,
                pressure_drop_kpa=180.0,
                drive_kw=8.3,
            ),
            LoopPlan(
                name="room",
                medium="air",
                coolant="air",
                heat_kw=259.0,
                supply_c=25.0,
                return_c=37.0,
                flow_l_per_min=None,
                flow_m3_per_s=18.2,
                pressure_drop_kpa=0.3,
                drive_kw=9.1,
            ),
        ),
        units=(
            CoolingUnits(
                name="CDUs",
                loop=name,
                item="cdu-1mw",
                role="pump",
                groups_count=1,
                count=2,
                needed_count=1,
                capacity_kw=1300.0,
                load_kw=460.0,
                power_kw=9.4,
                on_ups=True,
            ),
            CoolingUnits(
                name="dry coolers",
                loop="FWS",
                item="dry-cooler",
                role="rejection",
                groups_count=1,
                count=5,
                needed_count=4,
                capacity_kw=260.0,
                load_kw=184.0,
                power_kw=31.0,
                on_ups=False,
            ),
        ),
        trips=(
            TripPlan(
                event="CDU pumps stop",
                loop=name,
                heat_kw=920.0,
                thermal_mass_kj_per_k=3210.0,
                margin_k=10.0,
                trip_s=34.9,
                restart_s=None,
            ),
            TripPlan(
                event="fans stop",
                loop="room",
                heat_kw=259.0,
                thermal_mass_kj_per_k=5180.0,
                margin_k=7.0,
                trip_s=140.0,
                restart_s=None,
            ),
        ),
        capacity_kw=1400.0,
        heat_kw=1179.0,
    )


def year(name: str = "Oslo-Blindern") -> YearPlan:
    return YearPlan(
        weather=WeatherPlan(
            source="station",
            name=name,
            file_sha256="",
            elevation_m=94.0,
            pressure_kpa=100.2,
            dry_bulb_min_c=-17.4,
            dry_bulb_mean_c=6.9,
            dry_bulb_max_c=31.0,
            wet_bulb_mean_c=4.2,
            wet_bulb_max_c=21.4,
        ),
        energy_it_kwh=7_630_000.0,
        energy_facility_kwh=8_234_400.0,
        categories=(
            CategoryYear(category="IT", energy_kwh=7_630_000.0, pue_part_ratio=1.0),
            CategoryYear(category="power chain", energy_kwh=228_900.0, pue_part_ratio=0.03),
            CategoryYear(category="cooling", energy_kwh=299_175.0, pue_part_ratio=0.0392),
            CategoryYear(category="house", energy_kwh=76_325.0, pue_part_ratio=0.0100),
        ),
        pue_annual_ratio=1.0792,
        pue_p50_ratio=1.0771,
        pue_p99_ratio=1.0912,
        pue_month_by_hour_ratio=tuple(tuple(1.07 + 0.001 * month + 0.0001 * hour for hour in range(24)) for month in range(12)),
        water_m3=0.0,
        water_peak_day_m3=0.0,
        wue_site_l_per_kwh=0.0,
        wue_source_l_per_kwh=9.1,
        reused_kwh=0.0,
        erf_ratio=0.0,
        ere_ratio=1.0792,
        mode_hours={"liquid": {"free": 8760}, "air": {"free": 8012, "mixed": 700, "mechanical": 48}},
        chiller_hours=48,
        short_hours=0,
        capacity_extreme_kw=1400.0,
        peak_kw=990.0,
        peak_by_month_kw=tuple(940.0 + 4 * min(month, 12 - month) for month in range(12)),
        load_duration_kw=tuple(990.0 - number for number in range(101)),
        wet_bulb_bin_hours={"below 0": 2400, "0 to 10": 4100, "10 to 20": 2240, "20 to 30": 20},
    )


def availability(name: str = "utility") -> AvailabilityPlan:
    return AvailabilityPlan(
        components=(
            ReliabilityLine(
                name=name,
                item="utility-single",
                count=1,
                mtbf_hours=4478.5,
                mttr_hours=1.32,
                availability_fraction=0.999705,
                beta_fraction=0.0,
                confidence="assumption",
                source_url="https://example.org/ieee-493",
            ),
            ReliabilityLine(
                name="UPS",
                item="ups",
                count=2,
                mtbf_hours=250_000.0,
                mttr_hours=8.0,
                availability_fraction=0.999968,
                beta_fraction=0.05,
                confidence="secondary",
                source_url="https://example.org/tm-5-698-5",
            ),
        ),
        rack_availability_fraction=0.99995,
        rack_minutes_per_year=26.28,
        rack_power_minutes_per_year=20.0,
        rack_cooling_minutes_per_year=6.28,
        factory_availability_fraction=0.9997,
        factory_minutes_per_year=157.7,
        ranking=(
            Importance(name="UPS", fussell_vesely_fraction=0.3, birnbaum_ratio=0.0021, minutes_per_year=7.9),
            Importance(name=name, fussell_vesely_fraction=0.5, birnbaum_ratio=0.085, minutes_per_year=13.1),
        ),
        cut_sets=(
            CutSet(components=("ups-a", "ups-b"), minutes_per_year=0.0005),
            CutSet(components=(name, "generator-1"), minutes_per_year=13.1),
        ),
        outages=(
            Outage(
                components=("ups-a",),
                like_count=2,
                fullest="ups-b",
                fullest_ratio=0.773,
                racks_lost=0,
                gpus_lost=0,
                gpus_throttled=0,
                racks_at_risk=8,
                note="side b carries all",
            ),
            Outage(
                components=(name,),
                like_count=1,
                fullest="generator-1",
                fullest_ratio=0.61,
                racks_lost=8,
                gpus_lost=576,
                gpus_throttled=0,
                racks_at_risk=8,
                note="generators start",
            ),
        ),
        double_outages=(
            Outage(
                components=("ups-a", "ups-b"),
                like_count=1,
                fullest="",
                fullest_ratio=0.0,
                racks_lost=8,
                gpus_lost=576,
                gpus_throttled=0,
                racks_at_risk=0,
                note="",
            ),
        ),
        not_maintainable=("CDU manifold",),
        concurrently_maintainable=False,
    )


def cost(name: str = "GB200 NVL72") -> CostPlan:
    return CostPlan(
        capex_usd=38_000_000.0,
        capex_by_category_usd={"compute nodes": 24_800_000.0, "power": 8_200_000.0, "building": 5_000_000.0},
        capex_confidence_by_category={"compute nodes": "secondary", "power": "assumption"},
        bill_of_materials=(
            BillLine(
                category="compute nodes",
                item="gb200-nvl72",
                name=name,
                quantity=8,
                unit="each",
                price_usd=3_100_000.0,
                total_usd=24_800_000.0,
                confidence="secondary",
            ),
            BillLine(
                category="power",
                item="construction",
                name="power",
                quantity=1160.0,
                unit="kW",
                price_usd=None,
                total_usd=0.0,
                confidence="assumption",
            ),
        ),
        opex=(
            OpexLine(category="energy", quantity=8_234_400.0, unit="kWh", price_usd=0.062, yearly_usd=510_532.8),
            OpexLine(category="staff", quantity=4.0, unit="people", price_usd=110_000.0, yearly_usd=440_000.0),
        ),
        opex_usd_per_year=950_532.8,
        horizon_years=5,
        discount_fraction=0.08,
        tco_usd=42_752_664.0,
        npv_usd=41_795_201.0,
        usd_per_gpu_hour=1.695,
        usd_per_pflop_day=25.1,
        redundancy_steps=(
            RedundancyStep(scheme="N", capex_usd=900_000.0, capex_over_n_usd=0.0, loss_kw=30.0, rack_minutes_per_year=210.0),
            RedundancyStep(
                scheme="2N", capex_usd=1_800_000.0, capex_over_n_usd=900_000.0, loss_kw=34.2, rack_minutes_per_year=26.28
            ),
        ),
        sensitivities=(
            Sensitivity(name="energy price", low="0.031", high="0.124", low_usd_per_gpu_hour=1.64, high_usd_per_gpu_hour=1.79),
            Sensitivity(name=name, low="-20 %", high="+20 %", low_usd_per_gpu_hour=1.49, high_usd_per_gpu_hour=1.90),
        ),
    )


def carbon(name: str = "gb200-nvl72") -> CarbonPlan:
    return CarbonPlan(
        grid_kg_per_kwh=0.03,
        operational_t_per_year=247.0,
        by_month_t=tuple(20.0 + 0.1 * month for month in range(12)),
        cue_kg_per_kwh=0.0324,
        embodied_t=310.0,
        embodied_by_item_t={name: 240.0, "ups": 70.0},
        without_source=("qm9700",),
        total_t=1545.0,
    )


def hall(name: str = "row-a") -> HallPlan:
    return HallPlan(
        racks_per_row=4,
        rack_pitch_m=0.6,
        row_pitch_m=2.4,
        tray_height_m=0.5,
        cable_slack_m=0.5,
        blocked=("A03",),
        rows=(
            RowPlan(name=name, racks=4, positions=4, power_kw=580.0, tray_cables_count=310),
            RowPlan(name="row-b", racks=4, positions=4, power_kw=580.0, tray_cables_count=290),
        ),
        rack_rows=(0, 0, 0, 0, 1, 1, 1, 1),
        rack_places=(0, 1, 2, 3, 0, 1, 2, 3),
        floor_m2=46.1,
        cables_before_search_m=4310.0,
        cables_after_search_m=3988.0,
    )


LIMITS = (
    limit("site.grid_feed", 9, 1266.4, 1500.0),
    limit("hall.racks", 12, 8, 12, "racks"),
    limit("fabrics.compute", 455, 144, 8192, "hosts"),
    cloudless_limit().model_copy(update={"path": "fabrics.storage"}),
)


def sample(name: str = "sample", **replaced: Any) -> Plan:
    """Make the plan; parts given by name replace its own."""
    factory = Factory.model_validate(
        {
            "name": name,
            "description": "Eight GB200 racks",
            "site": {"country": "NO", "region": "Oslo", "grid_feed_kw": 1500.0},
            "compute": {"nodes": {"gb200-nvl72": 8}},
        }
    )
    parts: dict[str, Any] = {
        "name": name,
        "digest": factory.digest(),
        "catalog_version": "sample",
        "factory": factory,
        "compute": ComputePlan(
            nodes=8,
            hosts=144,
            gpus=576,
            groups=(
                NodeGroup(
                    node="gb200-nvl72",
                    name="GB200 NVL72",
                    gpu="Blackwell",
                    nodes=8,
                    hosts=144,
                    gpus=576,
                    power_max_kw=1056.0,
                ),
            ),
            gpu_memory_tb=107.1,
            bf16_dense_pflops=1440.0,
        ),
        "racks": RacksPlan(
            count=8,
            pdus_count=0,
            groups=(
                RackGroup(
                    name="GB200 NVL72",
                    rack="own",
                    count=8,
                    height_u=48,
                    pieces=(RackPiece(item="gb200-nvl72", count=8, per_rack_count=1, height_u=48),),
                    items_per_rack_count=1,
                    limited_by="is a rack",
                    power_per_rack_max_kw=132.0,
                    weight_per_rack_max_kg=1360.0,
                    pdus_per_rack_count=0,
                ),
            ),
        ),
        "hall": hall(),
        "fabrics": (),
        "cable_kinds": (),
        "equipment": (),
        "power": power(),
        "cooling": cooling(),
        "year": year(),
        "availability": availability(),
        "storage": StoragePlan(systems=0, capacity_tb=0.0, read_gbyte_per_s=0.0, write_gbyte_per_s=0.0),
        "cost": cost(),
        "carbon": carbon(),
        "cloud": None,
        "findings": (
            Finding(severity="warning", code="fuel", path="power.fuel_hours", message="fuel is short", hint="more fuel"),
        ),
        "binding_constraint": BindingConstraint(
            code="grid-feed",
            path="site.grid_feed",
            message="site.grid_feed stops growth at 9 nodes: the factory at design load draws 1,266 of 1,500 kW now",
            value=1266.4,
            limit=1500.0,
            unit="kW",
            utilisation_ratio=1266.4 / 1500.0,
            largest_nodes_count=9,
            hint="a larger feed",
        ),
        "limits": LIMITS,
        "assumptions": (Assumption(path="power.redundancy", statement="not declared: N+1", confidence="assumption"),),
    }
    return Plan(**{**parts, **replaced})


def hostile_sample() -> Plan:
    """Make the plan with a hostile name wherever a catalog row or a file's text can bring one in."""
    return sample(
        power=power(HOSTILE),
        cooling=cooling(HOSTILE),
        year=year(HOSTILE),
        availability=availability(HOSTILE),
        cost=cost(HOSTILE),
        carbon=carbon(HOSTILE),
        hall=hall(HOSTILE),
        limits=(limit(HOSTILE, 9), limit("hall.racks", 12, 8, 12, HOSTILE)),
        assumptions=(Assumption(path=HOSTILE, statement=HOSTILE, confidence="assumption"),),
    )
