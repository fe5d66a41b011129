"""The plan: what is answered. Results, findings and assumptions; fabrics as recipes, not graphs."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import JsonValue

from planner.part import Part
from planner.plan_facility import (
    AvailabilityPlan,
    BillLine,
    CarbonPlan,
    CoolingPlan,
    CostPlan,
    HallPlan,
    PowerPlan,
    PowerStagePlan,
    YearPlan,
)
from planner.spec import Factory

__all__ = [
    "SCHEMA_VERSION",
    "Addon",
    "Assumption",
    "Attached",
    "AvailabilityPlan",
    "BillLine",
    "BindingConstraint",
    "BucketPlan",
    "CableGroup",
    "CableKind",
    "CablesByLayer",
    "CapacityBlock",
    "CarbonPlan",
    "CloudCostLine",
    "CloudNodeGroup",
    "CloudPlan",
    "ComputePlan",
    "CoolingPlan",
    "CostPlan",
    "Equipment",
    "FabricPlan",
    "Finding",
    "HallPlan",
    "LimitPlan",
    "LustrePlan",
    "NetworkInterface",
    "NodeGroup",
    "Part",
    "Plan",
    "PowerPlan",
    "PowerStagePlan",
    "QuotaPlan",
    "RackGroup",
    "RackPiece",
    "RacksPlan",
    "Recipe",
    "StoragePlan",
    "Subnet",
    "SwitchesByTier",
    "YearPlan",
]

SCHEMA_VERSION = 4


class Finding(Part):
    """Something a planner must know: what is limited, by how much, and what would help."""

    severity: Literal["error", "warning", "info"]
    code: str
    path: str
    message: str
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    hint: str = ""


class BindingConstraint(Part):
    """The limit that stops growth first, and how many nodes it allows."""

    code: str
    path: str
    message: str
    value: float
    limit: float
    unit: str
    utilisation_ratio: float | None
    largest_nodes_count: int
    hint: str


class LimitPlan(Part):
    """A limit, and the largest factory that keeps it: the first one binds."""

    code: str
    path: str
    subject: str
    value: float
    limit: float
    unit: str
    margin: float
    largest_nodes_count: int
    hint: str


class Assumption(Part):
    """What was taken for granted because the file does not say it, or because the source is weak."""

    path: str
    statement: str
    confidence: Literal["vendor", "secondary", "assumption", "rule"]
    source_url: str = ""


class NodeGroup(Part):
    """Nodes of one kind."""

    node: str
    name: str
    gpu: str
    nodes: int
    hosts: int
    gpus: int
    power_max_kw: float | None


class Equipment(Part):
    """What a kind of node, server or switch is, for other tools' inventories: a plan can be exported without the catalog."""

    id: str
    name: str
    vendor: str
    height_u: float
    weight_kg: float


class ComputePlan(Part):
    """The accelerated nodes; a rack-scale system is one node of several hosts."""

    nodes: int
    hosts: int
    gpus: int
    groups: tuple[NodeGroup, ...]
    gpu_memory_tb: float
    bf16_dense_pflops: float


class SwitchesByTier(Part):
    """Switches; none for a scale-up fabric, whose switches are chips inside the nodes."""

    leaf: int = 0
    spine: int = 0
    core: int = 0

    def total(self) -> int:
        """Add up the tiers."""
        return self.leaf + self.spine + self.core


class CablesByLayer(Part):
    """Cables between tiers, counted at the switch's port rate; a port broken out in two carries two links in one cable.

    Fabrics without tiers have `node_leaf` and `switch_switch` cables.
    """

    node_leaf: int = 0
    leaf_spine: int = 0
    spine_core: int = 0
    switch_switch: int = 0

    def total(self) -> int:
        """Add up the layers."""
        return self.node_leaf + self.between_switches()

    def between_switches(self) -> int:
        """Add up the layers whose cables have a switch at both ends."""
        return self.leaf_spine + self.spine_core + self.switch_switch


class CableGroup(Part):
    """Cables of one kind in one layer of a fabric, counted at the switch's port rate; without a kind where none reaches."""

    layer: str
    cable: str | None
    medium: str
    count: int
    length_total_m: float
    length_max_m: float
    power_per_end_w: float


class CableKind(Part):
    """A kind of cable in use: a complete connection, both ends and the medium between."""

    id: str
    name: str
    medium: str
    link_gbit_per_s: float
    reach_max_m: float
    node_reach_max_m: float
    power_per_end_w: float
    price_usd: float | None


class Attached(Part):
    """What some endpoints of a fabric are: so many links, shared out over `count` devices of a kind from number `first` on.

    `endpoint` is a kind of `topologies.fabric.ENDPOINT_KINDS`; parts of one kind follow each other in the fabric's order.
    """

    endpoint: Literal["nic", "other", "service", "manager"]
    kind: Literal["host", "node", "server", "switch", "pdu", "site"]
    item: str = ""
    first: int = 0
    count: int
    links: int
    ports_per_cage_count: int = 1


class Recipe(Part):
    """What the fabric is built from again: `topologies.families.build(topology, parameters, population)`."""

    topology: str
    parameters: dict[str, JsonValue]
    population: dict[str, int] | None = None


class FabricPlan(Part):
    """One network."""

    name: str
    kind: Literal["scale-up", "compute", "storage", "in-band", "out-of-band"]
    topology: str
    technology: str
    switch: str | None = None
    link_gbit_per_s: float
    tiers: int
    planes: int
    rails: int
    hosts: int
    units: int
    hosts_per_unit: int
    switches_by_tier: SwitchesByTier
    chips_count: int = 0
    cables_by_layer: CablesByLayer
    links_by_layer: CablesByLayer
    extra_links_count: int = 0
    cables: tuple[CableGroup, ...] = ()
    attached: tuple[Attached, ...] = ()
    links_per_port: int = 1
    ports_per_cage_count: int = 1
    ports_free_count: int
    hosts_max_count: int | None = None
    oversubscription_ratio: float
    bisection_gbit_per_s: float
    recipe: Recipe | None = None


class RackPiece(Part):
    """Equipment of one kind in the racks of one use, in the order in which they are filled.

    In racks of nodes, pieces after the first are switches of the compute fabric inside the nodes' chassis: they take no height.
    """

    item: str
    count: int
    per_rack_count: int
    height_u: float


class RackGroup(Part):
    """Racks of one use; `limited_by` says what fills them."""

    name: str
    rack: str
    count: int
    height_u: float
    pieces: tuple[RackPiece, ...]
    items_per_rack_count: int
    limited_by: str
    power_per_rack_max_kw: float
    weight_per_rack_max_kg: float
    pdus_per_rack_count: int
    pdu_height_u: float = 0.0


class RacksPlan(Part):
    """All racks."""

    count: int
    pdus_count: int
    groups: tuple[RackGroup, ...]


class StoragePlan(Part):
    """The storage systems' sums; without systems all zero."""

    systems: int
    capacity_tb: float
    read_gbyte_per_s: float
    write_gbyte_per_s: float


class Subnet(Part):
    """A part of a cloud factory's network, in one zone; `public` ones hold nothing but the way out."""

    name: str
    zone: str
    network: str
    public: bool
    addresses_needed_count: int
    addresses_usable_count: int


class NetworkInterface(Part):
    """A network interface of an instance: on which card, as which device of it, with addresses or for EFA only."""

    card: int
    device: int
    kind: Literal["interface", "efa-only"]


class CloudNodeGroup(Part):
    """Machines of one instance type for one use, in the order of the group's subnets."""

    name: str
    role: Literal["gpu", "management", "preparation"]
    instance: str
    count: int
    subnets: tuple[str, ...]
    source: Literal["on-demand", "reservation", "capacity-block", "spot"]
    architecture: Literal["x86_64", "arm64"]
    accelerator: Literal["nvidia", "neuron", "none"]
    gpus_per_node: int
    vcpus_per_node: int
    interfaces: tuple[NetworkInterface, ...]
    efa_gbit_per_s: float
    placement_group: bool
    local_nvme_gb: float
    hugepages_2mib_count: int
    root_volume_gib: int


class CapacityBlock(Part):
    """When a capacity block begins and ends, and what it costs as a whole, paid up front."""

    starts_at: str
    ends_at: str
    hours_count: float
    total_usd: float | None


class LustrePlan(Part):
    """The parallel file system; without `metadata_iops` they follow the capacity."""

    capacity_gib: int
    tier: Literal[125, 250, 500, 1000]
    throughput_gbyte_per_s: float
    efa: bool
    compression: bool
    metadata_iops: int | None
    subnet: str


class BucketPlan(Part):
    """One object store."""

    name: str
    size_tb: float
    lustre_path: str | None
    infrequent_after_days: int | None


class Addon(Part):
    """An add-on of the cluster, with its version."""

    name: str
    version: str


class QuotaPlan(Part):
    """A service quota: what the factory needs of it, and what the account has been granted or, undeclared, begins with."""

    code: str
    service: str
    name: str
    unit: str
    needed_count: float
    granted_count: float
    declared: bool
    adjustable: bool


class CloudCostLine(Part):
    """What one thing costs in a month of 730 hours; without a price where the catalog has none."""

    component: str
    item: str
    option: str
    quantity: float
    per: str
    price_usd: float | None
    monthly_usd: float
    source_url: str
    retrieved_on: str


class CloudPlan(Part):
    """What is provisioned in a cloud.

    A public subnet stands for the way out of its zone; `endpoints` are the cloud's services that are reached without it, by
    their short names. `budget_monthly_usd` is what an alarm watches: the declared budget, or the plan's cost.
    """

    provider: Literal["aws"]
    region: str
    country: str
    zones: tuple[str, ...]
    gpu_zone: str
    network: str
    subnets: tuple[Subnet, ...]
    endpoints: tuple[str, ...]
    api_access: tuple[str, ...]
    kubernetes_version: str
    addons: tuple[Addon, ...]
    node_groups: tuple[CloudNodeGroup, ...]
    capacity_block: CapacityBlock | None
    lustre: LustrePlan | None
    efs_tb: float | None
    buckets: tuple[BucketPlan, ...]
    logs_kept_days: int
    tags: dict[str, str]
    quotas: tuple[QuotaPlan, ...]
    costs: tuple[CloudCostLine, ...]
    monthly_usd: float
    budget_monthly_usd: float


class Plan(Part):
    """The answer to a factory: deterministic, complete, and readable back.

    A factory in a hall has racks, a hall and power; one in a cloud has `cloud` instead.
    """

    schema_version: int = SCHEMA_VERSION
    name: str
    digest: str
    checksum: str = ""
    catalog_version: str
    factory: Factory
    compute: ComputePlan
    racks: RacksPlan | None
    hall: HallPlan | None
    fabrics: tuple[FabricPlan, ...]
    cable_kinds: tuple[CableKind, ...]
    equipment: tuple[Equipment, ...]
    power: PowerPlan | None
    cooling: CoolingPlan | None
    year: YearPlan | None
    availability: AvailabilityPlan | None
    storage: StoragePlan
    cost: CostPlan
    carbon: CarbonPlan | None
    cloud: CloudPlan | None
    findings: tuple[Finding, ...]
    binding_constraint: BindingConstraint | None
    limits: tuple[LimitPlan, ...]
    assumptions: tuple[Assumption, ...]

    def in_a_hall(self) -> tuple[RacksPlan, HallPlan, PowerPlan]:
        """Return racks, hall and power of a plan that is known to have them.

        Raises
        ------
        ValueError
            If the factory stands in a cloud.
        """
        if self.racks is None or self.hall is None or self.power is None:
            raise ValueError("a factory in a cloud has no hall")
        return self.racks, self.hall, self.power

    def has_error(self) -> bool:
        """Tell whether a limit is broken, so that this plan must not be built."""
        return any(finding.severity == "error" for finding in self.findings)

    def to_json(self) -> str:
        """Write the plan as text: the same plan gives the same bytes.

        The echoed factory holds only what the file says, in canonical units; its digest is checked against that.
        """
        data: dict[str, Any] = self.model_dump(mode="json", exclude={"factory"})
        ordered = {key: self.factory.declared() if key == "factory" else data[key] for key in type(self).model_fields}
        return json.dumps(ordered, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def content_checksum(self) -> str:
        """Return the SHA-256 of everything in the plan but the checksum itself: an edited plan no longer fits it."""
        return hashlib.sha256(self.model_copy(update={"checksum": ""}).to_json().encode()).hexdigest()

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read a plan back.

        Raises
        ------
        pydantic.ValidationError
            If it is not a plan of this schema.
        """
        return cls.model_validate_json(text)
