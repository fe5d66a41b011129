"""The factory's sections about the plant: site, hall, power, cooling, and what the work asks of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from planner.section import Count, CountryCode, Kilowatt, Section, known, sorted_by_key

__all__ = [
    "Carbon",
    "ChainLink",
    "Cooling",
    "DesignDay",
    "Hall",
    "HeatReuse",
    "Power",
    "Site",
    "Tariff",
    "Workloads",
]

Share = Annotated[float, Field(ge=0, le=1)]
Hour = Annotated[int, Field(ge=0, le=23)]
OutdoorTemperature = Annotated[float, Field(ge=-60, le=60)]
LoopTemperature = Annotated[float, Field(ge=4, le=60)]
Redundancy = Literal["N", "N+1", "N+2", "2N"]


def _some_weight(value: tuple[float, ...]) -> tuple[float, ...]:
    """Refuse weights without a mean to stand over."""
    if not any(value):
        raise PydanticCustomError("by_hour", "{text}", {"text": "all weights are 0", "hint": "1 is the mean hour"})
    return value


ByHour = Annotated[
    tuple[Annotated[float, Field(ge=0, le=100)], ...], Field(min_length=24, max_length=24), AfterValidator(_some_weight)
]
LinkName = Annotated[str, Field(pattern="^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$")]
PositionName = Annotated[str, Field(pattern="^[A-Z]{1,3}[0-9]{2,4}(?:-[A-Z]{1,3}[0-9]{2,4})?$")]


class DesignDay(Section):
    """The weather of the hour that the plant must still carry."""

    dry_bulb_c: OutdoorTemperature = Field(description="Dry-bulb temperature")
    wet_bulb_c: OutdoorTemperature = Field(description="Wet bulb of the worst hour for towers; at most the dry bulb")

    @field_validator("wet_bulb_c")
    @classmethod
    def _not_above_the_dry_bulb(cls, value: float, info: ValidationInfo) -> float:
        dry = info.data.get("dry_bulb_c")
        if dry is not None and value > dry:
            text = f"must be at most the dry bulb, {dry:g} C, not {value:g}"
            raise PydanticCustomError("design_day", "{text}", {"text": text, "hint": "in saturated air both are the same"})
        return value


class Tariff(Section):
    """What the site pays for power and water."""

    energy_usd_per_kwh: Annotated[float, Field(ge=0, le=10)] | None = Field(
        None, description="Energy, off peak where there is a peak price. Default: the country's industrial average"
    )
    peak_usd_per_kwh: Annotated[float, Field(ge=0, le=10)] | None = Field(
        None, description="Energy in the peak hours of working days. Default: as off peak"
    )
    peak_from_hour: Hour = Field(8, description="First hour of the peak, local time")
    peak_until_hour: Annotated[int, Field(ge=1, le=24)] = Field(20, description="Hour at which the peak ends")
    demand_usd_per_kw_month: Annotated[float, Field(ge=0, le=1000)] | None = Field(
        None, description="Charge on each month's highest hourly load. Default: none"
    )
    water_usd_per_m3: Annotated[float, Field(ge=0, le=1000)] | None = Field(None, description="Water. Default: 2 USD/m3")


class Carbon(Section):
    """What the site's power emits."""

    grid_kg_per_kwh: Annotated[float, Field(ge=0, le=3)] | None = Field(
        None, description="Yearly mean of the grid's emissions. Default: the country's"
    )
    by_hour: ByHour | None = Field(
        None,
        description="24 weights, midnight first, of the emissions over their mean: solar noon below 1. Default: flat",
        strict=False,
    )
    water_l_per_kwh: Annotated[float, Field(ge=0, le=100)] | None = Field(
        None, description="Water that the grid's power stations use. Default: the country's"
    )


class Site(Section):
    """Where the factory stands and what the site gives it."""

    country: CountryCode = Field(description="ISO 3166-1 alpha-2 code")
    region: str | None = Field(None, max_length=100, description="Town, grid zone or campus; a label of the report")
    grid_feed_kw: Kilowatt | None = Field(
        None,
        description="What the utility delivers to the factory at most. Default: not limited; the plan says what is needed",
    )
    elevation_m: Annotated[float, Field(ge=-430, le=5000)] | None = Field(
        None, description="Above sea level: thinner air cools less, engines give less. Default: the weather's station"
    )
    weather_file: str | None = Field(None, description="EPW file of a year's hours, relative to this file")
    station: Annotated[str, known("stations")] | None = Field(
        None, description="Catalog id of a weather station, for a synthetic year. Default: one in the country"
    )
    design_day: DesignDay | None = Field(None, description="The hour that the plant is sized for. Default: the year's worst")
    water_max_m3_per_day: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None, description="Water that may be drawn a day. Default: not limited"
    )
    ramp_max_kw_per_s: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None, description="Fastest change of load that the grid connection allows. Default: not limited"
    )
    swing_max_kw: Kilowatt | None = Field(
        None, description="Largest repeated swing of load that the grid connection allows. Default: not limited"
    )
    tariff: Tariff = Field(default_factory=Tariff, description="What power and water cost")
    carbon: Carbon = Field(default_factory=Carbon, description="What power emits")

    @field_validator("station")
    @classmethod
    def _not_beside_a_file(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("weather_file") is not None:
            text = "a station beside a weather_file: the year is of one of them"
            raise PydanticCustomError("station", "{text}", {"text": text, "hint": "keep one"})
        return value


class Hall(Section):
    """The room: how many racks, what each may draw, weigh and hold."""

    racks: Count | None = Field(None, description="Floor positions for racks. Default: not limited")
    rows: Annotated[int, Field(ge=1, le=702)] | None = Field(
        None, description="Rows of the hall, each of racks_per_row positions. Default: as many as are needed"
    )
    blocked: Annotated[tuple[PositionName, ...], Field(max_length=10_000)] = Field(
        (), description="Positions that hold no rack (columns, doors): [A05, B01-B03]", strict=False
    )
    row_power_kw: Annotated[float, Field(gt=0, le=100_000)] | None = Field(
        None, description="What the busway of one row carries. Default: not limited"
    )
    rack: Annotated[str, known("racks")] | None = Field(
        None, description="Catalog id of the rack for all that is not a rack itself"
    )
    rack_power_kw: Annotated[float, Field(gt=0, le=5_000)] | None = Field(
        None,
        description="What one rack may draw at most. Default: as the node's maker places it; see the plan's assumptions",
    )
    rack_floor_load_kg: Annotated[float, Field(gt=0, le=50_000)] | None = Field(
        None, description="What the floor carries per rack position, rack included. Default: not limited"
    )
    pdu: Annotated[str, known("pdus")] | None = Field(None, description="Catalog id of the rack PDU")
    pdu_redundancy: Literal["N", "N+1", "2N"] | None = Field(
        None, description="Spare rack PDUs: none, one, or every one twice. Default: N+1"
    )
    infrastructure_rack_power_kw: Annotated[float, Field(gt=0, le=5_000)] | None = Field(
        None,
        description="What a rack of switches, servers or storage may draw at most. Default: as rack_power, or one PDU's power",
    )
    racks_per_row: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, description="Racks side by side in a row, before a cross aisle. Default: 16"
    )
    rack_pitch_m: Annotated[float, Field(gt=0, le=10)] | None = Field(
        None, description="From rack to rack in a row. Default: 0.6 m"
    )
    row_pitch_m: Annotated[float, Field(gt=0, le=100)] | None = Field(
        None, description="From row to row, aisles included; also the width of a cross aisle. Default: 2.4 m"
    )
    tray_height_m: Annotated[float, Field(ge=0, le=100)] | None = Field(
        None, description="Height of the cable trays above the tallest rack. Default: 0.5 m"
    )
    tray_cables_max_count: Count | None = Field(
        None, description="Cables that fit the tray above a row at any one place. Default: not limited"
    )
    cable_slack_m: Annotated[float, Field(ge=0, le=100)] | None = Field(
        None, description="Length added at each end of a cable: to the rack's side, and a loop. Default: 0.5 m"
    )
    house_load_kw: Annotated[float, Field(ge=0, le=100_000)] | None = Field(
        None, description="Lighting, offices, security, controls. Default: 1 % of the IT load"
    )
    construction: Annotated[str, known("construction")] | None = Field(
        None, description="Catalog id of what building, power and cooling cost per kW of IT load"
    )


class ChainLink(Section):
    """One piece of a power chain of one's own."""

    equipment: Annotated[str, known("power_stages")] = Field(description="Catalog id of a stage of the chain")
    rating_kw: Kilowatt | None = Field(None, description="What it delivers. Default: the catalog's rating")
    fed_by: tuple[LinkName, ...] = Field((), description="Links that it draws on in equal parts", strict=False)
    backed_by: tuple[LinkName, ...] = Field(
        (), description="Links that step in when too few of fed_by are left: generators, a catcher", strict=False
    )
    needs_count: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, description="How many of fed_by must be left for it to run on them. Default: 1"
    )
    feeds: tuple[Annotated[str, Field(pattern="^(racks|row-[a-z]{1,3}|cooling|pumps|house)$")], ...] = Field(
        (),
        description="What hangs on it: racks (all), row-a, row-b, ..., cooling, pumps, house; named by two links: fed by both",
        strict=False,
    )


class Power(Section):
    """The chain from the grid to the rack: by a scheme of redundancy and catalog ids, or link by link."""

    transformer: Annotated[str, known("power_stages")] | None = Field(None, description="Catalog id of the transformers")
    switchgear: Annotated[str, known("power_stages")] | None = Field(None, description="Catalog id of the main switchboards")
    generator: Annotated[str, known("power_stages")] | None = Field(
        None, description="Catalog id of the generators; generator-none: there are none"
    )
    ups: Annotated[str, known("power_stages")] | None = Field(None, description="Catalog id of the UPS modules")
    distribution: Annotated[str, known("power_stages")] | None = Field(
        None, description="Catalog id of the busways or PDUs that feed the rows"
    )
    bess: Annotated[str, known("power_stages")] | None = Field(
        None, description="Catalog id of a battery system at the main switchboards. Default: none"
    )
    redundancy: Literal["N", "N+1", "2N", "3N/2", "4N/3", "block"] | None = Field(
        None, description="Scheme from the transformers to the rows. Default: N+1"
    )
    generator_redundancy: Redundancy | None = Field(None, description="Spare generators. Default: N+1")
    utility_feeds_count: Annotated[int, Field(ge=1, le=4)] | None = Field(
        None, description="Lines of the utility, each able to carry all. Default: 1"
    )
    battery_minutes: Annotated[float, Field(ge=0, le=600)] | None = Field(
        None, description="Ride-through of the UPS at rated load. Default: the catalog's"
    )
    fuel_hours: Annotated[float, Field(ge=0, le=1000)] | None = Field(
        None, description="Fuel at the site, in hours of all generators that are needed at design load. Default: 48"
    )
    diversity_fraction: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Design load over nameplate load of the IT equipment. Default: 1"
    )
    continuous_fraction: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="What a breaker carries for hours over its rating. Default: 0.8 where the catalog says so"
    )
    chain: Annotated[dict[LinkName, ChainLink], Field(min_length=1, max_length=2000), AfterValidator(sorted_by_key)] | None = (
        Field(None, description="A chain of one's own, link by link, instead of a scheme")
    )


class HeatReuse(Section):
    """A neighbour who takes heat."""

    heat_max_kw: Kilowatt = Field(description="Heat that is taken at most")
    supply_min_c: LoopTemperature = Field(description="Warm enough for it: temperature that the loop must return")
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = Field(
        tuple(range(1, 13)), min_length=1, description="Months in which heat is taken", strict=False
    )


class Cooling(Section):
    """The plants that take the heat away."""

    air: Annotated[str, known("cooling_plants")] | None = Field(
        None, description="Catalog id of the plant for heat that leaves by air"
    )
    liquid: Annotated[str, known("cooling_plants")] | None = Field(
        None, description="Catalog id of the plant for heat that leaves by liquid"
    )
    redundancy: Redundancy | None = Field(None, description="Spare units of every kind. Default: N+1")
    heat_max_kw: Kilowatt | None = Field(
        None, description="Heat that the site can reject at its design hour at most. Default: not limited; sized for the load"
    )
    air_supply_c: LoopTemperature | None = Field(None, description="Air at the racks' inlets. Default: the plant's")
    liquid_supply_c: LoopTemperature | None = Field(None, description="Coolant at the racks' inlets. Default: the plant's")
    w_class: Literal["W17", "W27", "W32", "W40", "W45", "W+"] | None = Field(
        None, description="ASHRAE class of the liquid-cooled equipment: warmest facility water that it takes. Default: W45"
    )
    dry: bool | None = Field(None, description="No water is evaporated, whatever the plant could. Default: false")
    cycles_ratio: Annotated[float, Field(gt=1, le=20)] | None = Field(
        None, description="Cycles of concentration of the towers' water. Default: the plant's"
    )
    buffer_m3: Annotated[float, Field(ge=0, le=100_000)] | None = Field(
        None, description="Volume of chilled or facility water in buffer tanks. Default: none"
    )
    heat_reuse: HeatReuse | None = Field(None, description="A neighbour who takes heat. Default: nobody")


class Workloads(Section):
    """What the work asks of the hardware."""

    duty_fraction: Share | None = Field(
        None,
        description="Mean draw of the nodes at work over their nameplate. Default: 0.76, as measured on 8 x H100",
    )
    gpu_utilisation_fraction: Share | None = Field(
        None, description="Where a GPU stands between idle and full power; with it, nodes are added up part by part"
    )
    cpu_utilisation_fraction: Share | None = Field(None, description="The same of a CPU. Default: that of the GPUs")
    by_hour: ByHour | None = Field(
        None, description="24 weights, midnight first, of the work over its mean; 1 throughout. Default: flat", strict=False
    )
    gpu_cap_w: Annotated[float, Field(gt=0, le=100_000)] | None = Field(
        None, description="Power that every GPU is capped at. Default: its full power"
    )
    step_s: Annotated[float, Field(gt=0, le=3600)] | None = Field(
        None, description="Period of a synchronous training job's steps. Default: 10 s"
    )
    communication_fraction: Share | None = Field(
        None, description="Part of a step in which GPUs wait for each other at low power. Default: 0.2"
    )
    synchronous_fraction: Share | None = Field(
        None, description="Part of the GPUs that works in one synchronous job. Default: 1"
    )
