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
    "CloudAddon",
    "CloudPrice",
    "CloudQuota",
    "CloudRegion",
    "Construction",
    "CoolingPlant",
    "Gpu",
    "Instance",
    "NetworkCard",
    "Node",
    "Pdu",
    "PowerStage",
    "Price",
    "Rack",
    "Record",
    "Server",
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
    """An accelerated node or a rack-scale system: what is bought and counted as one."""

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
    """A stage of the power chain: efficiency at one load."""

    stage: Literal["transformer", "ups", "distribution"]
    load_fraction: Annotated[float, Field(gt=0, le=1)]
    efficiency_fraction: Annotated[float, Field(gt=0, le=1)]


class CoolingPlant(Item):
    """A way to take heat away: electricity per heat, as an annual average."""

    medium: Literal["air", "liquid"]
    overhead_kw_per_kw: Annotated[float, Field(ge=0, le=5)]


class Construction(Item):
    """What building, power and cooling cost per kW of IT load."""

    price_usd_per_kw: NotNegative


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
