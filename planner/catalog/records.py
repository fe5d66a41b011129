"""The typed rows of the catalog: one class a file, one field a column; the unit is in the name.

Every row has an id after the maker's own name, where the value was read (`source_url`), when (`retrieved_on`), and how far to
trust it (`confidence`): *vendor* (each number seen in the maker's own document), *secondary* (seen in a copy or a third
party's text), *assumption* (recalled or estimated; the note says how). A row is as good as its weakest number.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

__all__ = [
    "Cable",
    "ClimateMonth",
    "CloudAddon",
    "CloudPrice",
    "CloudQuota",
    "CloudRegion",
    "Construction",
    "ConstructionPart",
    "CoolingPlant",
    "CoolingUnit",
    "DeratingPoint",
    "EfficiencyPoint",
    "Embodied",
    "Gpu",
    "Grid",
    "Instance",
    "NetworkCard",
    "Node",
    "PartLoadPoint",
    "Pdu",
    "PowerStage",
    "Price",
    "Rack",
    "RackPower",
    "Record",
    "Reliability",
    "Server",
    "Station",
    "Switch",
]


def _require(condition: bool, message: str) -> None:
    """Refuse a row whose cells contradict each other."""
    if not condition:
        raise PydanticCustomError("row", "{text}", {"text": message})


Positive = Annotated[float, Field(gt=0, lt=1e9)]
NotNegative = Annotated[float, Field(ge=0, lt=1e9)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Record(BaseModel):
    """What every row says."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9.-]{0,62}$")]
    confidence: Literal["vendor", "secondary", "assumption"]
    source_url: Annotated[str, Field(pattern="^https?://[^\\s<>\"']+$")]
    retrieved_on: dt.date
    note: str = ""


class Item(Record):
    """A thing with a name and a maker."""

    name: Annotated[str, Field(min_length=1)]
    vendor: Annotated[str, Field(min_length=1)]


class Gpu(Item):
    """An accelerator: dense throughput, never with structured sparsity."""

    memory_gb: Positive
    memory_gbyte_per_s: Positive
    bf16_dense_tflops: Positive
    fp8_dense_tflops: Positive | None = None
    fp4_dense_tflops: Positive | None = None
    power_max_w: Positive | None = None
    scale_up_one_way_gbyte_per_s: Positive | None = None


class Node(Item):
    """An accelerated node or a rack-scale system: what is bought and counted as one.

    `own_rack`: it comes in a rack of its maker's, `per_rack_count` to a rack. `power_max_kw` is drawn at the rack's inlet, with
    its share of the switches in its chassis. The parts' watts are of the whole node behind its converters (`gpu_*`, `cpu_*`: of
    one); what the nameplate leaves beside them is counted as `other`.
    """

    gpu: str
    gpus_count: Count
    hosts_count: Annotated[int, Field(ge=1)]
    own_rack: bool
    per_rack_count: Annotated[int, Field(ge=1)]
    height_u: Positive
    weight_kg: Positive
    power_max_kw: Positive
    liquid_heat_fraction: Fraction
    compute_links_per_host_count: Count
    compute_link_gbit_per_s: Positive
    compute_planes_count: Annotated[int, Field(ge=1)]
    compute_ports_per_cage_count: Annotated[int, Field(ge=1)] = 1
    storage_links_per_host_count: Count
    storage_link_gbit_per_s: Positive | None = None
    in_band_links_per_host_count: Count
    in_band_link_gbit_per_s: Positive | None = None
    out_of_band_links_count: Count
    scale_up_domain_gpus_count: Count
    scale_up_switches_count: Count
    scale_up_links_per_gpu_count: Count
    rack_power: str
    gpu_idle_w: NotNegative | None = None
    cpus_count: Count = 0
    cpu_max_w: NotNegative | None = None
    cpu_idle_w: NotNegative | None = None
    memory_w: NotNegative | None = None
    nic_w: NotNegative | None = None
    drive_w: NotNegative | None = None
    fan_max_w: NotNegative | None = None
    compute_switch: str
    storage_switch: str | None = None
    in_band_switch: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _require(not self.storage_links_per_host_count or bool(self.storage_link_gbit_per_s), "storage links need a rate")
        _require(not self.in_band_links_per_host_count or bool(self.in_band_link_gbit_per_s), "in-band links need a rate")
        has_domain = self.scale_up_domain_gpus_count >= 2
        _require(not has_domain or self.scale_up_links_per_gpu_count >= 1, "a scale-up domain needs links per GPU")
        return self


class Server(Item):
    """A server or appliance without accelerators; `fabric_*`: its ports on the storage network, or on the fabric it manages."""

    role: Literal["cpu", "storage", "management", "fabric-manager"]
    height_u: Positive
    weight_kg: Positive
    power_max_kw: Positive
    cores_count: Count | None = None
    memory_gib: Positive | None = None
    capacity_tb: Positive | None = None
    read_gbyte_per_s: Positive | None = None
    write_gbyte_per_s: Positive | None = None
    fabric_links_count: Count
    fabric_link_gbit_per_s: Positive | None = None
    in_band_links_count: Count
    in_band_link_gbit_per_s: Positive | None = None
    out_of_band_links_count: Count

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _require(not self.fabric_links_count or bool(self.fabric_link_gbit_per_s), "fabric links need a rate")
        _require(not self.in_band_links_count or bool(self.in_band_link_gbit_per_s), "in-band links need a rate")
        return self


class Switch(Item):
    """A switch: typical power without optics, maximum power with them; the ports of one cage share a plug or transceiver."""

    technology: Literal["infiniband", "ethernet", "slingshot"]
    ports_count: Annotated[int, Field(ge=2)]
    port_gbit_per_s: Positive
    links_max_count: Annotated[int, Field(ge=2)]
    ports_per_cage_count: Annotated[int, Field(ge=1)] = 1
    uplink_ports_count: Count
    uplink_port_gbit_per_s: Positive | None = None
    height_u: Positive
    weight_kg: Positive
    power_typical_w: Positive
    power_max_w: Positive
    liquid_heat_fraction: Fraction

    def links_per_port(self, link_gbit_per_s: float) -> int:
        """Count the links of a rate that every port carries after break-out; 0 if the port is slower than the link."""
        return min(int(self.port_gbit_per_s // link_gbit_per_s), self.links_max_count // self.ports_count)

    def radix(self, link_gbit_per_s: float) -> int:
        """Count the links of a rate that the switch carries, one direction."""
        return self.ports_count * self.links_per_port(link_gbit_per_s)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _require(self.links_max_count >= self.ports_count, "links_max_count is less than ports_count")
        _require(self.power_typical_w <= self.power_max_w, "power_typical_w exceeds power_max_w")
        _require(not self.uplink_ports_count or bool(self.uplink_port_gbit_per_s), "uplinks need uplink_port_gbit_per_s")
        return self


class Cable(Item):
    """A complete connection at a port's rate: both ends and the medium between.

    `node_reach_max_m` is for those with an end in a node or server, where that differs from the reach between switches.
    """

    technology: Literal["any", "infiniband", "ethernet", "slingshot"]
    medium: Literal["copper", "active-copper", "aoc", "multimode", "single-mode"]
    link_gbit_per_s: Positive
    reach_max_m: Positive
    node_reach_max_m: NotNegative | None = None
    power_per_end_w: NotNegative


class Rack(Item):
    """A rack; what it may carry is without its own weight."""

    height_u: Positive
    load_max_kg: Positive
    weight_kg: Positive
    width_mm: Positive
    depth_mm: Positive


class Pdu(Item):
    """A rack PDU; its power is what it may carry continuously."""

    power_max_kw: Annotated[float, Field(ge=0.5, le=1000)]
    voltage_v: Positive
    current_a: Positive
    height_u: NotNegative


class PowerStage(Item):
    """A kind of equipment in the power chain, from the utility's line to the converter in a node; `loss_law` says how it loses.

    *constant*: input is (output + fixed_loss_w) / efficiency_fraction. *square*: no-load loss plus a loss that grows with the
    square of the load; together they give efficiency_fraction at load_fraction, of which no_load_share_fraction is no-load.
    *curve*: rows of `efficiency_points`. Without a rating the stage is sized for its load. `continuous_fraction` of the
    rating may be carried for hours (0.8: a breaker's rule). `average_fraction`: most that a generator may carry in the mean.
    """

    stage: Literal["utility", "transformer", "switchgear", "generator", "ups", "distribution", "bess", "rectifier", "converter"]
    rating_kw: Positive | None = None
    voltage_v: Positive | None = None
    loss_law: Literal["constant", "square", "curve"]
    load_fraction: Annotated[float, Field(gt=0, le=1)] | None = None
    efficiency_fraction: Annotated[float, Field(gt=0, le=1)] | None = None
    fixed_loss_w: NotNegative | None = None
    no_load_share_fraction: Fraction | None = None
    continuous_fraction: Annotated[float, Field(gt=0, le=1)] = 1.0
    average_fraction: Annotated[float, Field(gt=0, le=1)] | None = None
    battery_minutes: NotNegative | None = None
    energy_kwh: NotNegative | None = None
    start_s: NotNegative | None = None
    fuel_l_per_kwh: NotNegative | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        law, efficiency = self.loss_law, self.efficiency_fraction
        _require(law == "curve" or efficiency is not None, f"loss_law {law} needs efficiency_fraction")
        _require(law != "square" or self.load_fraction is not None, "loss_law square needs load_fraction")
        _require(law != "square" or self.no_load_share_fraction is not None, "loss_law square needs no_load_share_fraction")
        _require(law != "square" or self.rating_kw is not None, "loss_law square needs rating_kw")
        return self


class EfficiencyPoint(Record):
    """One point of the efficiency curve of a power stage; a curve has two points at least, the last at full load."""

    item: str
    load_fraction: Annotated[float, Field(gt=0, le=1)]
    efficiency_fraction: Annotated[float, Field(gt=0, le=1)]


class DeratingPoint(Record):
    """What is left of a generator's rating at an elevation and an ambient temperature; between points it is interpolated."""

    item: str
    elevation_m: NotNegative
    ambient_c: Annotated[float, Field(ge=-60, le=60)]
    factor_fraction: Annotated[float, Field(gt=0, le=1)]


class RackPower(Item):
    """How power gets from the rack's inlet to the nodes: supplies that share a bus, and a converter in every node.

    A chassis holds so many nodes on one bus; a node with power supplies of its own is a chassis. `supplies_needed_count` of the
    supplies carry it. `switch_power_w` is drawn on the bus by the chassis' own switches, beside those of the networks. With
    `fabric_switches_per_chassis_count` these are switches of the compute fabric: so many of them stand in a chassis, draw that
    power instead of their own, and are managed with the nodes.
    """

    nodes_per_chassis_count: Annotated[int, Field(ge=1)]
    supply: str
    supplies_per_chassis_count: Annotated[int, Field(ge=1)]
    supplies_needed_count: Annotated[int, Field(ge=1)]
    converter: str | None = None
    bus_voltage_v: Positive
    switch_power_w: NotNegative = 0.0
    fabric_switches_per_chassis_count: Count = 0

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _require(self.supplies_needed_count <= self.supplies_per_chassis_count, "more supplies are needed than there are")
        return self


class CoolingUnit(Item):
    """A kind of equipment in a cooling loop: what one carries at its rating, and what it draws there.

    `power_max_kw`: fans or pumps at full flow, `flow_l_per_min` of a CDU's coolant or a pump's water, `flow_m3_per_s` of air
    at sea level; they turn down to `turndown_fraction` of it (1: flow is constant). `approach_k` at the rating: units at the
    racks, facility water in to coolant or air out; tower, leaving water over a wet bulb of `entering_c`; dry cooler, over a
    dry bulb of `entering_c`; the water's own rise there is `rise_k`. Chillers and DX: `cop_ratio` at `leaving_c` and
    `entering_c` (chilled water or air out; condenser water or outdoor air in); their part load is in `part_load_points`.
    `pad_fraction`: how much of the way to the wet bulb a wetted pad cools the air. `pressure_drop_kpa`: what drives the racks'
    coolant or air at the rating. `efficiency_fraction`: a pump's hydraulic over its electrical power. `restart_s`: from power
    that is back until a compressor cools again.
    """

    role: Literal["cdu", "crah", "fan-wall", "rear-door", "pump", "chiller", "dry-cooler", "tower", "dx", "outside-air"]
    capacity_kw: Positive
    power_max_kw: NotNegative
    flow_l_per_min: Positive | None = None
    flow_m3_per_s: Positive | None = None
    approach_k: Positive | None = None
    rise_k: Positive | None = None
    pressure_drop_kpa: NotNegative | None = None
    efficiency_fraction: Annotated[float, Field(gt=0, le=1)] | None = None
    pad_fraction: Fraction | None = None
    cop_ratio: Positive | None = None
    leaving_c: Annotated[float, Field(ge=1, le=60)] | None = None
    entering_c: Annotated[float, Field(ge=-20, le=60)] | None = None
    turndown_fraction: Fraction | None = None
    volume_l: NotNegative | None = None
    restart_s: NotNegative | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name in NEEDED_OF_ROLE[self.role]:
            _require(getattr(self, name) is not None, f"a unit of role {self.role} needs {name}")
        return self


NEEDED_OF_ROLE = {
    "cdu": ("flow_l_per_min", "approach_k", "turndown_fraction"),
    "crah": ("flow_m3_per_s", "approach_k", "turndown_fraction"),
    "fan-wall": ("flow_m3_per_s", "approach_k", "turndown_fraction"),
    "rear-door": ("flow_m3_per_s", "approach_k", "turndown_fraction"),
    "pump": ("flow_l_per_min", "efficiency_fraction", "turndown_fraction"),
    "chiller": ("cop_ratio", "leaving_c", "entering_c", "restart_s"),
    "dry-cooler": ("flow_m3_per_s", "approach_k", "rise_k", "entering_c", "turndown_fraction"),
    "tower": ("flow_m3_per_s", "approach_k", "rise_k", "entering_c", "turndown_fraction"),
    "dx": ("flow_m3_per_s", "cop_ratio", "leaving_c", "entering_c", "turndown_fraction", "restart_s"),
    "outside-air": ("flow_m3_per_s", "turndown_fraction"),
}


class PartLoadPoint(Record):
    """A chiller's coefficient of performance at part load over that at full load, temperatures held."""

    item: str
    load_fraction: Annotated[float, Field(gt=0, le=1)]
    factor_ratio: Positive


class CoolingPlant(Item):
    """A way to take heat away, from the racks to the sky: which units, at which temperatures.

    `terminal` is at the racks; `chiller` and `rejection` stand behind it where they are named. `free`: outdoor air cools
    without the chiller whenever it is cold enough. `supply_c`, `rise_k`: coolant or air at the racks' inlets, and its rise
    there; `facility_rise_k`: of the facility water at the rating. `evaporative`: water is sprayed (adiabatic assist) above
    `assist_above_c` outdoors. Without chiller and rejection, heat leaves the site as facility water that others cool.
    `outdoor_rise_k`: there is a loop of its own between rejection and chiller or economizer, with that rise;
    `economizer_approach_k` of the exchanger between the two loops. Pressure drops are those of exchangers and valves; pipes add
    to them.
    """

    medium: Literal["air", "liquid"]
    coolant: Literal["air", "water", "pg25"]
    terminal: str
    pump: str | None = None
    chiller: str | None = None
    rejection: str | None = None
    free: bool
    evaporative: bool
    assist_above_c: Annotated[float, Field(ge=-20, le=60)] | None = None
    supply_c: Annotated[float, Field(ge=4, le=60)]
    rise_k: Annotated[float, Field(gt=0, le=60)]
    facility_rise_k: Annotated[float, Field(gt=0, le=60)] | None = None
    facility_pressure_drop_kpa: NotNegative | None = None
    outdoor_rise_k: Annotated[float, Field(gt=0, le=60)] | None = None
    outdoor_pressure_drop_kpa: NotNegative | None = None
    economizer_approach_k: Annotated[float, Field(gt=0, le=60)] | None = None
    cycles_ratio: Annotated[float, Field(gt=1, le=20)] | None = None
    drift_fraction: Fraction | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _require((self.medium == "air") == (self.coolant == "air"), "coolant air and medium air go together")
        _require(not self.pump or self.facility_pressure_drop_kpa is not None, "a pump needs facility_pressure_drop_kpa")
        _require(not self.pump or self.facility_rise_k is not None, "a pump needs facility_rise_k")
        _require(not self.rejection or bool(self.pump), "rejection needs a pump")
        outdoor = self.outdoor_rise_k is not None
        _require(not outdoor or bool(self.rejection), "outdoor_rise_k needs a rejection")
        _require(not outdoor or self.outdoor_pressure_drop_kpa is not None, "outdoor_rise_k needs outdoor_pressure_drop_kpa")
        _require(not (self.chiller and self.rejection) or outdoor, "a chiller with rejection needs outdoor_rise_k")
        crossed = outdoor and (self.free or not self.chiller)
        _require(not crossed or self.economizer_approach_k is not None, "cooling outdoors needs economizer_approach_k")
        _require(not self.evaporative or self.assist_above_c is not None, "evaporative needs assist_above_c")
        return self


class Station(Item):
    """A weather station: extremes of a normal year; its twelve monthly normals are rows of `climate_months`."""

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    latitude_deg: Annotated[float, Field(ge=-90, le=90)]
    elevation_m: Annotated[float, Field(ge=-430, le=5000)]
    dry_bulb_max_c: Annotated[float, Field(ge=-60, le=60)]
    wet_bulb_max_c: Annotated[float, Field(ge=-60, le=60)]
    dry_bulb_min_c: Annotated[float, Field(ge=-80, le=60)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _require(self.dry_bulb_min_c < self.dry_bulb_max_c, "dry_bulb_min_c is not below dry_bulb_max_c")
        _require(self.wet_bulb_max_c <= self.dry_bulb_max_c, "wet_bulb_max_c exceeds dry_bulb_max_c")
        return self


class ClimateMonth(Record):
    """A month's normals at a station: means of the daily highest and lowest temperature, and the mean dew point."""

    station: str
    month: Annotated[int, Field(ge=1, le=12)]
    daily_max_c: Annotated[float, Field(ge=-80, le=60)]
    daily_min_c: Annotated[float, Field(ge=-80, le=60)]
    dew_point_c: Annotated[float, Field(ge=-80, le=40)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _require(self.daily_min_c <= self.daily_max_c, "daily_min_c exceeds daily_max_c")
        _require(self.dew_point_c <= (self.daily_min_c + self.daily_max_c) / 2, "dew_point_c exceeds the mean temperature")
        return self


class Grid(Record):
    """A country's power: the id is its ISO 3166-1 code in lower case."""

    name: Annotated[str, Field(min_length=1)]
    carbon_kg_per_kwh: Annotated[float, Field(ge=0, le=3)]
    water_l_per_kwh: NotNegative
    energy_usd_per_kwh: NotNegative


class Embodied(Record):
    """Emissions of making one piece of an item; the id is the item's."""

    carbon_kg: NotNegative


class Reliability(Record):
    """How often a class of component fails; the id is the stage of the chain or the role in a cooling loop, or a part of one.

    A row with the id of an item counts for that item before the row of its stage or role.

    `beta_fraction`: part of the failures that take all of a redundant group at once. `start_failure_fraction`: of attempts.
    """

    name: Annotated[str, Field(min_length=1)]
    mtbf_hours: Positive
    mttr_hours: Positive
    start_failure_fraction: Fraction = 0.0
    beta_fraction: Fraction = 0.0
    maintenance_hours_per_year: Annotated[float, Field(ge=0, le=8760)] = 0.0


class Construction(Item):
    """What building, power and cooling cost per kW of IT load at the redundancy that the source's price stands for."""

    price_usd_per_kw: NotNegative
    redundancy: Literal["N", "N+1", "2N"] = "N+1"


class ConstructionPart(Record):
    """A share of what construction costs: building, power, cooling and so on; the shares of an item add up to 1."""

    item: str
    category: Annotated[str, Field(min_length=1)]
    share_fraction: Fraction


class Price(Record):
    """What one piece of an item costs; apart from the item because prices have weaker sources than dimensions."""

    price_usd: NotNegative


class Instance(Item):
    """A cloud's machine type, under the cloud's own name (the dot tells it from a node or server of one's own).

    `quota_on_demand`, `quota_spot` and `quota_block` are rows of `cloud_quotas`, counted in virtual CPUs. Local storage is NVMe
    that is gone with the machine.
    """

    provider: Literal["aws"]
    architecture: Literal["x86_64", "arm64"]
    accelerator: Literal["nvidia", "neuron", "none"]
    gpu: str | None = None
    gpus_count: Count
    gpu_memory_mib: NotNegative
    vcpus_count: Annotated[int, Field(ge=1)]
    memory_gib: Positive
    local_nvme_gb: NotNegative
    network_gbit_per_s: Positive
    scale_up_domain_gpus_count: Count
    scale_up_switches_count: Count
    scale_up_links_per_gpu_count: Count
    on_demand: bool
    spot: bool
    capacity_block: bool
    hugepages_2mib_count: Count
    quota_on_demand: str
    quota_spot: str | None = None
    quota_block: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _require("." in self.id, "an instance type is written as the cloud does, with a dot")
        _require(bool(self.gpus_count) == bool(self.gpu), "gpu and gpus_count go together")
        _require(bool(self.gpus_count) == (self.accelerator != "none"), "accelerator and gpus_count go together")
        has_domain = self.scale_up_domain_gpus_count >= 2
        _require(not has_domain or self.scale_up_links_per_gpu_count >= 1, "a scale-up domain needs links per GPU")
        return self


class NetworkCard(Record):
    """Network cards of an instance type that are alike, from the first to the last index; `efa`: an EFA device fits on each."""

    instance: str
    card_first_index: Count
    card_last_index: Count
    interfaces_max_count: Annotated[int, Field(ge=1)]
    efa: bool
    gbit_per_s: Positive


class CloudRegion(Record):
    """A cloud's region: the country that its data centres stand in and the ids of its zones, the same for every account."""

    name: Annotated[str, Field(min_length=1)]
    provider: Literal["aws"]
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    zone_ids: Annotated[str, Field(pattern="^[a-z0-9-]+( [a-z0-9-]+)*$")]


class CloudPrice(Record):
    """What a cloud charges for a thing in a region: per hour, month, GB-month and so on, before tax and private discounts.

    `item` is an instance type or a service's name; `option` says how it is bought, `reserved-3y` and the like without upfront
    payment.
    """

    item: Annotated[str, Field(min_length=1)]
    region: str
    option: Literal["on-demand", "spot", "capacity-block", "reserved-1y", "reserved-3y"]
    per: Literal["hour", "month", "gb-month", "gb", "million"]
    price_usd: NotNegative


class CloudQuota(Record):
    """A limit that a cloud puts on an account in a region until it is asked for more: a new account's default.

    The id is the cloud's own code.
    """

    name: Annotated[str, Field(min_length=1)]
    provider: Literal["aws"]
    service: Annotated[str, Field(min_length=1)]
    default_count: NotNegative
    adjustable: bool
    unit: Annotated[str, Field(min_length=1)]


class CloudAddon(Record):
    """A version of a cluster add-on that goes with a version of Kubernetes."""

    addon: Annotated[str, Field(pattern="^[a-z0-9-]+$")]
    kubernetes_version: Annotated[str, Field(pattern=r"^1\.[0-9]{2}$")]
    addon_version: Annotated[str, Field(pattern=r"^v[0-9][a-z0-9.-]*$")]
