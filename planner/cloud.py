"""The main flow for a factory in a cloud: a factory and a catalog in, a plan out."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from planner.catalog import Catalog
from planner.catalog.records import CloudAddon, Gpu, Instance
from planner.checks import Constraint, binding_constraint, findings_of, most_nodes, ranked, share_used
from planner.models.cost import usd_per_pflop_day
from planner.plan import (
    Addon,
    CapacityBlock,
    CloudCostLine,
    CloudPlan,
    ComputePlan,
    CostPlan,
    FabricPlan,
    LustrePlan,
    NodeGroup,
    Plan,
    QuotaPlan,
    Subnet,
)
from planner.spec import Factory
from planner.steps.cloud_cost import MONTH_HOURS, plan_monthly
from planner.steps.cloud_machines import BLOCK_MOST_INSTANCES, Machines, Place, block_hours, choose_place, plan_machines
from planner.steps.cloud_network import ENDPOINTS, fullest, plan_subnets
from planner.steps.cloud_quotas import plan_quotas, quota_constraints, request_quotas
from planner.steps.cloud_storage import plan_buckets, plan_lustre, sum_storage
from planner.steps.cost import capital_plan
from planner.steps.networks import ScaleUp, scale_up_fabric
from planner.steps.notes import Notes
from planner.steps.opex import note_utilisation

__all__ = ["make_cloud_plan"]

LOGS_KEPT_DAYS = 365
# Sections and keys of a hall, which a cloud has not.
OF_A_HALL = (
    "site.region",
    "site.grid_feed",
    "site.elevation",
    "site.weather_file",
    "site.station",
    "site.design_day",
    "site.water_max",
    "site.ramp_max",
    "site.swing_max",
    "site.tariff",
    "site.carbon",
    "hall",
    "fabrics",
    "power",
    "cooling",
    "workloads",
    "storage.systems",
    "budget.capex",
    "budget.horizon",
    "budget.discount",
    "budget.staff",
)


@dataclass(frozen=True)
class _Design:
    """One factory drawn up, before it is judged."""

    place: Place
    machines: Machines
    network: str
    subnets: tuple[Subnet, ...]
    lustre: LustrePlan | None
    quotas: tuple[QuotaPlan, ...]
    costs: tuple[CloudCostLine, ...]
    block: CapacityBlock | None
    limits: list[Constraint]
    notes: Notes

    @property
    def monthly_usd(self) -> float:
        """Add up what a month costs."""
        return sum(line.monthly_usd for line in self.costs)


def make_cloud_plan(factory: Factory, catalog: Catalog) -> Plan:
    """Plan a factory in a cloud: as `planner.engine.make_plan`, which calls this."""
    design = _draw_up(factory, catalog)
    notes = design.notes

    @functools.cache
    def largest_nodes(limit: Constraint) -> int:
        def used(nodes: dict[str, int]) -> float:
            other = factory.model_copy(update={"compute": factory.compute.model_copy(update={"nodes": nodes})})
            return share_used(_draw_up(other, catalog).limits, (limit.code, limit.path))

        return most_nodes(factory.compute.nodes, used)

    for finding in findings_of(design.limits, largest_nodes):
        if not notes.found(finding.code, finding.path):
            notes.find(finding)
    request_quotas(factory, catalog, design.quotas, notes)
    buckets = plan_buckets(factory, notes, design.lustre)
    version, addons = _addons(factory, catalog, notes)
    _note_unused(factory, notes)
    _note_rows(factory, catalog, design)
    if factory.budget.monthly_usd is None:
        notes.assume("budget.monthly", "not declared: not limited; the cloud's alarm is set to the plan's cost and a tenth")
    notes.assume("deploy.logs", f"logs of control plane, network and storage are kept for {LOGS_KEPT_DAYS} days")
    api_access = factory.deploy.api_access or ()
    if not api_access:
        notes.assume("deploy.api_access", "not declared: the cluster's endpoint is reached from inside its network only")
    cloud = CloudPlan(
        provider="aws",
        region=design.place.region.id,
        country=design.place.region.country,
        zones=design.place.zones,
        gpu_zone=design.place.gpu_zone,
        network=design.network,
        subnets=design.subnets,
        endpoints=ENDPOINTS,
        api_access=api_access,
        kubernetes_version=version,
        addons=addons,
        node_groups=design.machines.groups,
        capacity_block=design.block,
        lustre=design.lustre,
        efs_tb=factory.storage.efs_tb,
        buckets=buckets,
        logs_kept_days=LOGS_KEPT_DAYS,
        tags=dict(factory.deploy.tags or {}),
        quotas=design.quotas,
        costs=design.costs,
        monthly_usd=design.monthly_usd,
        budget_monthly_usd=max(round(factory.budget.monthly_usd or 1.1 * design.monthly_usd, 2), 1.0),
    )
    plan = Plan(
        name=factory.name,
        digest=factory.digest(),
        catalog_version=catalog.version,
        factory=factory,
        compute=_compute(design.machines),
        racks=None,
        hall=None,
        fabrics=_scale_up(design.machines),
        cable_kinds=(),
        equipment=(),
        power=None,
        cooling=None,
        year=None,
        availability=None,
        storage=sum_storage(design.lustre),
        cost=_cost(factory, design),
        carbon=None,
        cloud=cloud,
        findings=notes.findings(),
        binding_constraint=binding_constraint(design.limits, largest_nodes),
        limits=ranked(design.limits, largest_nodes),
        assumptions=notes.assumptions(),
    )
    return plan.model_copy(update={"checksum": plan.content_checksum()})


def _draw_up(factory: Factory, catalog: Catalog) -> _Design:
    notes = Notes()
    place = choose_place(factory, catalog, notes)
    machines = plan_machines(factory, catalog, notes, place)
    lustre, lustre_addresses = plan_lustre(factory, catalog, notes, place)
    network, subnets = plan_subnets(factory, notes, place, machines, lustre, lustre_addresses)
    full = fullest(subnets)
    block = block_hours(factory, notes)
    costs, capacity_block = plan_monthly(factory, catalog, notes, place, machines, lustre, subnets, block)
    quotas = plan_quotas(factory, catalog, machines, lustre, subnets, lustre_addresses)
    limits = [
        Constraint(
            "network-size",
            "deploy.network",
            f"of {network} subnet {full.name} ({full.network}) must hold",
            full.addresses_needed_count,
            full.addresses_usable_count,
            "addresses",
            "fewer machines, or a smaller file system" if network.endswith("/16") else "a larger network, such as 10.0.0.0/16",
        ),
        *quota_constraints(quotas),
    ]
    for group, _ in machines.of_role("gpu"):
        if group.source == "capacity-block":
            hint = "several blocks are several factories, or another source"
            subject = f"the block of {group.name} holds"
            limits.append(
                Constraint(
                    "block-size",
                    f"compute.nodes.{group.instance}",
                    subject,
                    group.count,
                    BLOCK_MOST_INSTANCES,
                    "machines",
                    hint,
                )
            )
    if factory.budget.monthly_usd is not None:
        monthly = sum(line.monthly_usd for line in costs)
        hint = "a larger budget, fewer machines, another source of capacity, or a longer commitment"
        subject = "a month of the factory costs"
        limits.append(Constraint("budget", "budget.monthly", subject, monthly, factory.budget.monthly_usd, "USD", hint))
    allowed = factory.sovereignty.allowed_countries
    if allowed is not None and place.region.country not in allowed:
        message = f"{place.region.id} is in {place.region.country}; sovereignty.allowed_countries are {', '.join(allowed)}"
        notes.error("country-not-allowed", "deploy.region", message, "choose a region of an allowed country")
    if factory.sovereignty.customer_managed_keys is False:
        text = "not asked for; the stack uses keys of the customer's own all the same"
        notes.assume("sovereignty.customer_managed_keys", text)
    return _Design(place, machines, network, subnets, lustre, quotas, costs, capacity_block, limits, notes)


def _cost(factory: Factory, design: _Design) -> CostPlan:
    """Divide what a month costs by the GPU-hours in it: nothing is bought."""
    compute = _compute(design.machines)
    hours = {"capacity-block": min(MONTH_HOURS, design.block.hours_count)} if design.block else {}
    gpu_hours = sum(
        group.count * group.gpus_per_node * hours.get(group.source, MONTH_HOURS) for group, _ in design.machines.of_role("gpu")
    )
    if not gpu_hours:
        return capital_plan(factory, ())
    usd_per_hour = design.monthly_usd / gpu_hours
    utilisation = note_utilisation(design.notes)
    yearly_usd = usd_per_hour * compute.gpus * 8760
    return capital_plan(factory, ()).model_copy(
        update={
            "usd_per_gpu_hour": usd_per_hour,
            "usd_per_pflop_day": usd_per_pflop_day(yearly_usd, compute.bf16_dense_pflops, utilisation, 1.0),
        }
    )


def _compute(machines: Machines) -> ComputePlan:
    chosen = [
        (group, gpu)
        for group, gpu in zip(machines.groups, machines.gpus, strict=True)
        if group.role == "gpu" and gpu is not None
    ]
    groups = tuple(
        NodeGroup(
            node=group.instance,
            name=group.instance,
            gpu=gpu.name,
            nodes=group.count,
            hosts=group.count,
            gpus=group.gpus_per_node * group.count,
            power_max_kw=None,
        )
        for group, gpu in chosen
    )
    counts = [(gpu, group.gpus_per_node * group.count) for group, gpu in chosen]
    return ComputePlan(
        nodes=sum(group.nodes for group in groups),
        hosts=sum(group.hosts for group in groups),
        gpus=sum(group.gpus for group in groups),
        groups=groups,
        gpu_memory_tb=sum(gpu.memory_gb * count for gpu, count in counts) / 1000,
        bf16_dense_pflops=sum(gpu.bf16_dense_tflops * count for gpu, count in counts) / 1000,
    )


def _scale_up(machines: Machines) -> tuple[FabricPlan, ...]:
    """Describe the scale-up fabric inside each kind of machine."""
    rows = [
        (row, gpu, group.count)
        for group, row, gpu in zip(machines.groups, machines.instances, machines.gpus, strict=True)
        if gpu is not None and row.scale_up_domain_gpus_count >= 2
    ]
    return tuple(
        fabric
        for row, gpu, count in rows
        if (fabric := scale_up_fabric(_scale_up_of(row), gpu, count, alone=len(rows) == 1)) is not None
    )


def _scale_up_of(row: Instance) -> ScaleUp:
    return ScaleUp(
        id=row.id.replace(".", "-"),
        gpus_count=row.gpus_count,
        hosts_count=1,
        domain_gpus_count=row.scale_up_domain_gpus_count,
        switches_count=row.scale_up_switches_count,
        links_per_gpu_count=row.scale_up_links_per_gpu_count,
    )


def _addons(factory: Factory, catalog: Catalog, notes: Notes) -> tuple[str, tuple[Addon, ...]]:
    """Choose Kubernetes' version and the add-ons' that go with it."""
    rows = catalog.all(CloudAddon)
    versions = sorted({row.kubernetes_version for row in rows}, key=lambda version: int(version.partition(".")[2]))
    version = factory.deploy.kubernetes_version or versions[-1]
    if factory.deploy.kubernetes_version is None:
        notes.assume("deploy.kubernetes_version", f"not declared: {version}, the newest that the catalog has add-ons for")
    chosen = [row for row in rows if row.kubernetes_version == version]
    if not chosen:
        message = f"the catalog has no add-ons for Kubernetes {version}"
        notes.error("no-addons", "deploy.kubernetes_version", message, f"choose of {', '.join(versions)}")
    for row in chosen:
        notes.assume_row("cloud_addons", row)
    return version, tuple(Addon(name=row.addon, version=row.addon_version) for row in sorted(chosen, key=lambda row: row.addon))


def _note_unused(factory: Factory, notes: Notes) -> None:
    """Warn about what is declared for a hall."""
    declared = factory.declared()
    for path in OF_A_HALL:
        section, _, key = path.partition(".")
        part = declared.get(section, {})
        found = [name for name in part if name.startswith(key)] if key else list(part)
        if found:
            shown = path if key else f"{section} ({', '.join(found)})"
            notes.warn("not-used", path, f"{shown} changes nothing: the factory stands in a cloud", "leave it out")


def _note_rows(factory: Factory, catalog: Catalog, design: _Design) -> None:
    """Note rows that are not the cloud's or the maker's own figures throughout, and accelerators of excluded makers."""
    excluded = set(factory.sovereignty.excluded_vendors)
    gpus: list[tuple[str, Gpu | Instance]] = []
    for row, gpu in zip(design.machines.instances, design.machines.gpus, strict=True):
        design.notes.assume_row("instances", row)
        gpus.append((f"compute.nodes.{row.id}", row))
        if gpu is not None:
            design.notes.assume_row("gpus", gpu)
            gpus.append((f"compute.nodes.{row.id}.gpu", gpu))
    for path, item in gpus:
        if item.vendor in excluded:
            message = f"{item.name} is made by {item.vendor}, which sovereignty.excluded_vendors excludes"
            design.notes.error("excluded-vendor", path, message, "choose another row, or lift the exclusion")
    for quota in design.quotas:
        design.notes.assume_row("cloud_quotas", catalog.rows["cloud_quotas"][quota.code])
    for kind, row_id, difference in catalog.overrides:
        statement = f"the catalog's row is overridden by your own: {difference}"
        design.notes.assume(f"catalog.{kind}.{row_id}.override", statement, confidence="assumption")
