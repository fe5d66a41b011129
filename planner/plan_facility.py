"""The plan's parts about the plant: hall, power, cooling, the year, availability, cost and carbon."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from planner.part import Part

__all__ = [
    "AvailabilityPlan",
    "BillLine",
    "CapPlan",
    "CarbonPlan",
    "CategoryYear",
    "ChainLoad",
    "ChainUnit",
    "CoolingPlan",
    "CoolingUnits",
    "CostPlan",
    "CutSet",
    "HallPlan",
    "Importance",
    "ItLoad",
    "LoopPlan",
    "OperatingPoint",
    "OpexLine",
    "Outage",
    "PowerPlan",
    "PowerStagePlan",
    "RedundancyStep",
    "ReliabilityLine",
    "RowPlan",
    "Sensitivity",
    "StrandedPlan",
    "SwingPlan",
    "TripPlan",
    "WeatherPlan",
    "YearPlan",
]


class RowPlan(Part):
    """One row section of the hall: the racks in it, what they draw at design load, and the fullest place of its tray."""

    name: str
    racks: int
    positions: int
    power_kw: float
    tray_cables_count: int


class HallPlan(Part):
    """Where racks stand and cables run; the trays hang above the tallest rack.

    `rack_rows` and `rack_places` give every rack, in the order of the groups of the plan's racks, its row and its place there
    as numbers from 0.
    """

    racks_per_row: int
    rack_pitch_m: float
    row_pitch_m: float
    tray_height_m: float
    cable_slack_m: float
    blocked: tuple[str, ...]
    rows: tuple[RowPlan, ...]
    rack_rows: tuple[int, ...]
    rack_places: tuple[int, ...]
    floor_m2: float
    cables_before_search_m: float
    cables_after_search_m: float


class ItLoad(Part):
    """What one kind of component draws in the whole factory; `other` is what nameplates leave beside the named parts."""

    component: str
    nameplate_kw: float
    design_kw: float
    expected_kw: float
    idle_kw: float


class RackConversion(Part):
    """How power gets from the inlet to the parts of one kind of node: a chassis at full load, and what arrives at each load.

    Efficiencies are of supplies, bus and converters together, with the chassis' own switches among the parts.
    """

    node: str
    name: str
    chassis_count: int
    supply: str
    supplies_count: int
    supplies_needed_count: int
    supply_load_fraction: float | None
    bus_voltage_v: float
    bus_kw: float
    bus_current_a: float
    efficiency_idle_fraction: float
    efficiency_expected_fraction: float
    efficiency_design_fraction: float


class OperatingPoint(Part):
    """The whole plant at one load: what enters the racks, what conversion in them loses, what chain and cooling take."""

    name: Literal["idle", "expected", "design", "nameplate"]
    it_kw: float
    conversion_loss_kw: float
    chain_loss_kw: float
    cooling_kw: float
    house_kw: float
    facility_kw: float


class ChainUnit(Part):
    """One piece of the chain: what feeds it, what it may carry, what it carries, and in the worst single outage.

    `fed_by` share equally; when fewer than `needs_count` of them live, `backed_by` step in. `limit_kw` is the rating times what
    may be carried for hours; `sized`: neither file nor catalog rates it, so that it is as large as its worst load.
    """

    name: str
    stage: str
    item: str
    rating_kw: float
    limit_kw: float
    fed_by: tuple[str, ...]
    backed_by: tuple[str, ...]
    needs_count: int
    load_kw: float
    loss_kw: float
    load_worst_kw: float
    worst_when: str
    voltage_v: float | None = None
    current_worst_a: float | None = None
    sized: bool = False


class ChainLoad(Part):
    """What hangs on the chain: racks of some rows, or cooling, pumps, house; dual-corded racks are fed by two units.

    `racks` and `gpus` are counts; `rows` names the rows of the hall.
    """

    name: str
    kind: Literal["racks", "cooling", "pumps", "house"]
    racks: int
    gpus: int
    rows: tuple[str, ...]
    power_kw: float
    fed_by: tuple[str, ...]
    backed_by: tuple[str, ...]
    needs_count: int


class PowerStagePlan(Part):
    """One stage of the chain at design load: what all its units deliver and lose together."""

    stage: str
    name: str
    efficiency_fraction: float
    output_kw: float
    loss_kw: float


class StrandedPlan(Part):
    """Capacity of a stage: installed, kept for redundancy and derating, used at design, and left but out of reach.

    `reachable_kw` is what more racks could still draw through the whole chain; `stranded_kw` is what this stage could carry
    beyond that.
    """

    stage: str
    installed_kw: float
    reserve_kw: float
    used_kw: float
    reachable_kw: float
    stranded_kw: float


class SwingPlan(Part):
    """What a synchronous training job does to the grid: how deep, how fast, at which frequencies, and how much is smoothed."""

    high_kw: float
    low_kw: float
    swing_kw: float
    smoothed_swing_kw: float
    ramp_kw_per_s: float
    smoothed_ramp_kw_per_s: float
    fundamental_hz: float
    band_kw: float
    smoothed_by: tuple[str, ...]


class CapPlan(Part):
    """All GPUs capped: what it saves, what it costs, and how many nodes the declared limits on power would then carry."""

    gpu_cap_w: float
    it_kw: float
    facility_kw: float
    throughput_ratio: float
    nodes_at_same_power_count: int
    throughput_at_same_power_ratio: float


class PowerPlan(Part):
    """Power: IT loads by component, the plant at four loads, the chain piece by piece, and what is left."""

    it_nameplate_kw: float
    it_design_kw: float
    it_expected_kw: float
    it_idle_kw: float
    it_nameplate_by_use_kw: dict[str, float]
    loads: tuple[ItLoad, ...]
    conversions: tuple[RackConversion, ...]
    points: tuple[OperatingPoint, ...]
    redundancy: str
    stages: tuple[PowerStagePlan, ...]
    chain: tuple[ChainUnit, ...]
    feeds: tuple[ChainLoad, ...]
    stranded: tuple[StrandedPlan, ...]
    ride_through_s: float | None
    generator_start_s: float | None
    generator_fuel_hours: float | None
    generator_mean_load_fraction: float | None
    swing: SwingPlan | None
    caps: tuple[CapPlan, ...]
    cooling_kw: float
    heat_air_kw: float
    heat_liquid_kw: float
    facility_kw: float
    facility_expected_kw: float
    design_pue_ratio: float


class LoopPlan(Part):
    """One loop from the racks to the sky at the design hour."""

    name: str
    medium: Literal["air", "liquid"]
    coolant: str
    heat_kw: float
    supply_c: float
    return_c: float
    flow_l_per_min: float | None
    flow_m3_per_s: float | None
    pressure_drop_kpa: float
    drive_kw: float


class CoolingUnits(Part):
    """Like units of a loop: groups of `count` of which `needed_count` carry the heat of the group at the design hour."""

    name: str
    loop: str
    item: str
    role: str
    groups_count: int
    count: int
    needed_count: int
    capacity_kw: float
    load_kw: float
    power_kw: float
    on_ups: bool


class TripPlan(Part):
    """Seconds until the coolant or the air is too warm after something stops.

    `restart_s`: from power that is back until it cools again; None for what runs on through an outage of the grid.
    """

    event: str
    loop: str
    heat_kw: float
    thermal_mass_kj_per_k: float
    margin_k: float
    trip_s: float
    restart_s: float | None


class CoolingPlan(Part):
    """Cooling at the design hour: loops, units, what limits the supply, and how long it lasts without."""

    design_dry_bulb_c: float
    design_wet_bulb_c: float
    w_class: str | None
    facility_supply_max_c: float | None
    facility_supply_c: float | None
    loops: tuple[LoopPlan, ...]
    units: tuple[CoolingUnits, ...]
    trips: tuple[TripPlan, ...]
    capacity_kw: float
    heat_kw: float


class WeatherPlan(Part):
    """The year's weather, from a file or a station's normals; `*_exceeded_c`: by part of the hours in which it is exceeded."""

    source: Literal["file", "station"]
    name: str
    file_sha256: str
    elevation_m: float
    pressure_kpa: float
    dry_bulb_min_c: float
    dry_bulb_mean_c: float
    dry_bulb_max_c: float
    wet_bulb_mean_c: float
    wet_bulb_max_c: float
    dry_bulb_exceeded_c: dict[str, float] = Field(default_factory=dict)
    wet_bulb_exceeded_c: dict[str, float] = Field(default_factory=dict)


class CategoryYear(Part):
    """One category's share of a year's energy; the ratios of all categories add up to the PUE."""

    category: str
    energy_kwh: float
    pue_part_ratio: float


class YearPlan(Part):
    """8,760 hours at the expected load: energy, water, heat, and how the plant ran. Months and hours are in local time."""

    weather: WeatherPlan
    energy_it_kwh: float
    energy_facility_kwh: float
    categories: tuple[CategoryYear, ...]
    pue_annual_ratio: float
    pue_p50_ratio: float
    pue_p99_ratio: float
    pue_month_by_hour_ratio: tuple[tuple[float, ...], ...]
    water_m3: float
    water_peak_day_m3: float
    wue_site_l_per_kwh: float
    wue_source_l_per_kwh: float
    reused_kwh: float
    erf_ratio: float
    ere_ratio: float
    mode_hours: dict[str, dict[str, int]]
    chiller_hours: int
    short_hours: int
    capacity_extreme_kw: float
    peak_kw: float
    peak_by_month_kw: tuple[float, ...]
    load_duration_kw: tuple[float, ...]
    wet_bulb_bin_hours: dict[str, int]


class ReliabilityLine(Part):
    """How often a class of component fails and how long it is then out."""

    name: str
    item: str
    count: int
    mtbf_hours: float
    mttr_hours: float
    availability_fraction: float
    beta_fraction: float
    confidence: str
    source_url: str


class Importance(Part):
    """How much of a rack's outage time goes through a class of component."""

    name: str
    fussell_vesely_fraction: float
    birnbaum_ratio: float
    minutes_per_year: float


class CutSet(Part):
    """A smallest set of outages that stops a rack, and how long a year it does."""

    components: tuple[str, ...]
    minutes_per_year: float


class Outage(Part):
    """What is left when something is out: the fullest unit, racks and GPUs lost, throttled, or without a spare."""

    components: tuple[str, ...]
    like_count: int
    fullest: str
    fullest_ratio: float
    racks_lost: int
    gpus_lost: int
    gpus_throttled: int
    racks_at_risk: int
    note: str


class AvailabilityPlan(Part):
    """How long a year a rack and the factory are without power or cooling, what matters most, and every single outage.

    A factory is available while none of its racks stops; cooling that falls short by a twentieth or less only throttles them.
    """

    components: tuple[ReliabilityLine, ...]
    rack_availability_fraction: float
    rack_minutes_per_year: float
    rack_power_minutes_per_year: float
    rack_cooling_minutes_per_year: float
    factory_availability_fraction: float
    factory_minutes_per_year: float
    ranking: tuple[Importance, ...]
    cut_sets: tuple[CutSet, ...]
    outages: tuple[Outage, ...]
    double_outages: tuple[Outage, ...]
    not_maintainable: tuple[str, ...]
    concurrently_maintainable: bool


class BillLine(Part):
    """One line of the bill of materials; without a price where the catalog has none."""

    category: str
    item: str
    name: str
    quantity: float
    unit: Literal["each", "kW"]
    price_usd: float | None
    total_usd: float
    confidence: str


class OpexLine(Part):
    """What something costs in a year."""

    category: str
    quantity: float
    unit: str
    price_usd: float
    yearly_usd: float


class RedundancyStep(Part):
    """What a scheme of redundancy costs beyond N in equipment and losses, and what it buys."""

    scheme: str
    capex_usd: float
    capex_over_n_usd: float
    loss_kw: float
    rack_minutes_per_year: float


class Sensitivity(Part):
    """One input changed down and up, everything recomputed."""

    name: str
    low: str
    high: str
    low_usd_per_gpu_hour: float
    high_usd_per_gpu_hour: float


class CostPlan(Part):
    """Capital and operating expenditure, and what a useful hour costs over the horizon; in a cloud only the capital part."""

    capex_usd: float
    capex_by_category_usd: dict[str, float]
    capex_confidence_by_category: dict[str, str]
    bill_of_materials: tuple[BillLine, ...]
    opex: tuple[OpexLine, ...]
    opex_usd_per_year: float
    horizon_years: int
    discount_fraction: float
    tco_usd: float
    npv_usd: float
    usd_per_gpu_hour: float | None
    usd_per_pflop_day: float | None
    redundancy_steps: tuple[RedundancyStep, ...]
    sensitivities: tuple[Sensitivity, ...]


class CarbonPlan(Part):
    """Emissions: of the year's power hour by hour, and of making the equipment where a source says so."""

    grid_kg_per_kwh: float
    operational_t_per_year: float
    by_month_t: tuple[float, ...]
    cue_kg_per_kwh: float
    embodied_t: float
    embodied_by_item_t: dict[str, float]
    without_source: tuple[str, ...]
    total_t: float
