"""Service quotas: what a cloud factory needs of each, against what the account has."""

from __future__ import annotations

from planner.catalog import Catalog
from planner.catalog.records import CloudQuota
from planner.checks import Constraint
from planner.plan import LustrePlan, QuotaPlan, Subnet
from planner.spec import Factory
from planner.steps.cloud_machines import Machines
from planner.steps.cloud_network import ENDPOINTS
from planner.steps.notes import Notes
from planner.units import figure

__all__ = ["plan_quotas", "quota_constraints", "request_quotas"]

# https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html: two to four interfaces in the cluster's subnets
CONTROL_PLANE_INTERFACES = 4


def plan_quotas(
    factory: Factory,
    catalog: Catalog,
    machines: Machines,
    lustre: LustrePlan | None,
    subnets: tuple[Subnet, ...],
    lustre_addresses: int,
) -> tuple[QuotaPlan, ...]:
    """List the quotas that the factory draws on, by code; a reservation draws on what is on demand."""
    needed: dict[str, float] = {}
    for group, row in zip(machines.groups, machines.instances, strict=True):
        code = {"spot": row.quota_spot, "capacity-block": row.quota_block}.get(group.source, row.quota_on_demand)
        if code is not None:
            needed[code] = needed.get(code, 0.0) + group.count * row.vcpus_count
    ways_out = sum(subnet.public for subnet in subnets)
    interfaces = sum(group.count * max(len(group.interfaces), 1) for group in machines.groups)
    private = sum(subnet.name.startswith("cluster-") for subnet in subnets)
    shared = private if factory.storage.efs_tb else 0
    needed |= {
        "l-1194d53c": 1,  # clusters
        "l-bd136a63": max((group.count for group in machines.groups), default=0),  # nodes per managed node group
        "l-f678f1ce": 1,  # virtual networks
        "l-0263d0a3": ways_out,  # public addresses
        "l-fe5a380f": 1 if ways_out else 0,  # ways out in one zone
        # Network interfaces: of machines, ways out, services, file servers, shared directories and the control plane.
        "l-df5e4ca3": interfaces + ways_out + private * len(ENDPOINTS) + lustre_addresses + shared + CONTROL_PLANE_INTERFACES,
        "l-29b6f2eb": len(ENDPOINTS),  # interface endpoints of a network
    }
    rows = {row.id: row for row in catalog.all(CloudQuota)}
    for quota in rows.values():
        if lustre is not None and quota.service == "fsx" and quota.unit == "gib":
            needed[quota.id] = lustre.capacity_gib
    declared = factory.deploy.quotas or {}
    return tuple(
        QuotaPlan(
            code=code,
            service=rows[code].service,
            name=rows[code].name,
            unit=rows[code].unit,
            needed_count=needed[code],
            granted_count=float(declared.get(code, rows[code].default_count)),
            declared=code in declared,
            adjustable=rows[code].adjustable,
        )
        for code in sorted(needed)
        if code in rows and needed[code]
    )


def quota_constraints(quotas: tuple[QuotaPlan, ...]) -> list[Constraint]:
    """List the quotas that limit the factory: those declared as granted, and those that nobody can raise."""
    return [
        Constraint(
            "quota",
            f"deploy.quotas.{quota.code}",
            f"of '{quota.name}' the factory needs",
            quota.needed_count,
            quota.granted_count,
            quota.unit,
            "ask the cloud for more, or fewer machines" if quota.adjustable else "fewer machines; this one cannot be raised",
        )
        for quota in quotas
        if quota.declared or not quota.adjustable
    ]


def request_quotas(factory: Factory, catalog: Catalog, quotas: tuple[QuotaPlan, ...], notes: Notes) -> None:
    """Say which quotas a new account must ask for before anything is built, and which declared ones change nothing."""
    for quota in quotas:
        if not quota.declared and quota.adjustable and quota.needed_count > quota.granted_count:
            needed, has = figure(quota.needed_count), figure(quota.granted_count)
            ask = f"ask for quota {quota.code.upper()} '{quota.name}' ({quota.service})"
            message = f"{ask}: {needed} {quota.unit} needed, a new account has {has}"
            hint = f"once granted, declare it: deploy: {{quotas: {{{quota.code}: {quota.needed_count:.0f}}}}}"
            notes.warn("quota-request", f"deploy.quotas.{quota.code}", message, hint)
    used = {quota.code for quota in quotas}
    for code in factory.deploy.quotas or {}:
        if code not in used:
            name = catalog.get(CloudQuota, code).name
            message = f"deploy.quotas.{code} changes nothing: the factory does not draw on '{name}'"
            notes.warn("not-used", f"deploy.quotas.{code}", message, "leave it out")
    if any(not quota.declared for quota in quotas):
        notes.assume("deploy.quotas", "quotas not declared: a new account's, with nothing else in the region")
