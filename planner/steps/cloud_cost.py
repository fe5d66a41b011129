"""What a cloud factory costs in a month, by the component that is provisioned, and a capacity block as a whole."""

from __future__ import annotations

from planner.catalog import Catalog
from planner.catalog.records import CloudPrice
from planner.models.lustre import automatic_metadata_iops
from planner.plan import CapacityBlock, CloudCostLine, LustrePlan, Subnet
from planner.spec import Factory
from planner.steps.cloud_machines import Machines, Place
from planner.steps.cloud_network import ENDPOINTS
from planner.steps.cloud_storage import lustre_item
from planner.steps.notes import Notes

__all__ = ["MONTH_HOURS", "plan_monthly"]

MONTH_HOURS = 730.0
KEYS = 3  # data, cluster, logs
GB_PER_GIB = 1.0  # the cloud's "GB" of provisioned volumes and file systems are GiB, whatever the price list calls them


def plan_monthly(
    factory: Factory,
    catalog: Catalog,
    notes: Notes,
    place: Place,
    machines: Machines,
    lustre: LustrePlan | None,
    subnets: tuple[Subnet, ...],
    block: tuple[str, str, float] | None,
) -> tuple[tuple[CloudCostLine, ...], CapacityBlock | None]:
    """Price everything that is provisioned: machines and services by the hour they stand, storage by what it holds."""
    prices: dict[tuple[str, str], CloudPrice] = {
        (row.item, row.option): row for row in catalog.all(CloudPrice) if row.region == place.region.id
    }
    lines: list[CloudCostLine] = []

    def add(
        component: str, item: str, quantity: float, option: str = "on-demand", hours: float = MONTH_HOURS
    ) -> CloudPrice | None:
        if not quantity:
            return None
        row = prices.get((item, option))
        if row is None:
            message = f"{item} has no {option} price in {place.region.id}: the monthly cost is too low"
            path = f"catalog.cloud_prices.{item}.{option}"
            hint = "add a row to a cloud_prices.csv of your own, and name its folder in the factory: catalog: FOLDER"
            if factory.budget.monthly_usd is None:
                notes.warn("no-price", path, message, hint)
            else:  # the budget would be held against a cost that is not known
                notes.error("no-price", path, message, hint)
        else:
            notes.assume_row("cloud_prices", row)
        per = row.per if row else "hour"
        price = row.price_usd if row else None
        lines.append(
            CloudCostLine(
                component=component,
                item=item,
                option=option,
                quantity=quantity,
                per=per,
                price_usd=price,
                monthly_usd=quantity * (price or 0.0) * (hours if per == "hour" else 1.0),
                source_url=row.source_url if row else "",
                retrieved_on=row.retrieved_on.isoformat() if row else "",
            )
        )
        return row

    capacity_block = None
    years = factory.deploy.capacity.commitment_years or 0
    options = {"reservation": "on-demand", "on-demand": "on-demand", "spot": "spot", "capacity-block": "capacity-block"}
    block_usd: float | None = 0.0
    for group, row in zip(machines.groups, machines.instances, strict=True):
        option = options[group.source]
        if years and group.role == "gpu" and option == "on-demand":
            option = f"reserved-{years}y"
        hours = min(MONTH_HOURS, block[2]) if block and group.source == "capacity-block" else MONTH_HOURS
        price = add(group.name, row.id, group.count, option, hours)
        add(group.name, "ebs-gp3", group.count * group.root_volume_gib * GB_PER_GIB)
        if block and group.source == "capacity-block":
            whole = price.price_usd * group.count * block[2] if price else None
            block_usd = None if whole is None or block_usd is None else block_usd + whole
    if block is not None:
        capacity_block = CapacityBlock(starts_at=block[0], ends_at=block[1], hours_count=block[2], total_usd=block_usd)
    add("cluster", "eks-cluster", 1)
    ways_out = sum(subnet.public for subnet in subnets)
    private = sum(subnet.name.startswith("cluster-") for subnet in subnets)
    add("network", "nat-gateway-hour", ways_out)
    add("network", "vpc-endpoint-hour", private * len(ENDPOINTS))
    add("keys", "kms-key", KEYS)
    if lustre is not None:
        add("lustre", lustre_item(lustre.tier), lustre.capacity_gib * GB_PER_GIB)
        included = automatic_metadata_iops(lustre.capacity_gib)
        add("lustre", "fsx-lustre-metadata-iops", max((lustre.metadata_iops or 0) - included, 0))
    add("efs", "efs-standard", 1000 * (factory.storage.efs_tb or 0.0))
    buckets = (factory.storage.buckets or {}).values()
    add("buckets", "s3-standard", sum(1000 * bucket.size_tb for bucket in buckets))
    if years and factory.deploy.capacity.source in ("spot", "capacity-block"):
        message = f"deploy.capacity.commitment_years changes nothing: {factory.deploy.capacity.source} has a price of its own"
        notes.warn("not-used", "deploy.capacity.commitment_years", message, "leave it out")
    elif factory.deploy.capacity.commitment_years is None and any(
        each.source == "on-demand" for each, _ in machines.of_role("gpu")
    ):
        notes.assume("deploy.capacity.commitment_years", "not declared: 0, list price by the hour")
    notes.assume(
        "cost.month",
        "a month is 730 hours in which everything stands; list prices before tax; object stores in their first storage class;"
        " not counted, since they depend on use: data transfer, requests, logs, metrics, backups, public addresses; a capacity"
        " block counts with one month of its hours, and is paid up front as a whole",
    )
    return tuple(lines), capacity_block
