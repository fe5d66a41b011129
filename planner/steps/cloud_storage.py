"""The storage of a cloud factory: a parallel file system in a size that is sold, shared directories, object stores."""

from __future__ import annotations

from planner.catalog import Catalog
from planner.catalog.records import CloudPrice
from planner.models.lustre import (
    LINKS_MOST_COUNT,
    TIERS_MBYTE_PER_S_PER_TIB,
    addresses_taken,
    automatic_metadata_iops,
    cheapest,
    metadata_iops_problem,
    throughput_gbyte_per_s,
)
from planner.plan import BucketPlan, LustrePlan, StoragePlan
from planner.spec import Factory
from planner.steps.cloud_machines import Place
from planner.steps.notes import Notes
from planner.units import figure

__all__ = ["lustre_item", "plan_buckets", "plan_lustre", "sum_storage"]

CAPACITY_URL = "https://docs.aws.amazon.com/fsx/latest/LustreGuide/increase-storage-capacity.html"


def lustre_item(tier: int) -> str:
    """Name a tier as the catalog's prices do."""
    return f"fsx-lustre-persistent-2-ssd-{tier}"


def plan_lustre(factory: Factory, catalog: Catalog, notes: Notes, place: Place) -> tuple[LustrePlan | None, int]:
    """Choose the cheapest file system that is sold, holds and carries what is asked.

    Returns
    -------
    tuple
        The file system, and the addresses that its servers take in the GPUs' subnet.
    """
    asked = factory.storage.lustre
    if asked is None:
        notes.assume("storage.lustre", "not declared: no parallel file system")
        return None, 0
    efa = bool(asked.efa)
    if asked.efa is None:
        notes.assume("storage.lustre.efa", "not declared: clients reach the file system over TCP")
    prices = {
        each.item: each.price_usd
        for each in catalog.all(CloudPrice)
        if each.region == place.region.id and each.option == "on-demand"
    }
    by_tier = {tier: prices[lustre_item(tier)] for tier in TIERS_MBYTE_PER_S_PER_TIB if lustre_item(tier) in prices}
    tier: int | None = asked.tier
    if tier is None and not by_tier:
        tier = TIERS_MBYTE_PER_S_PER_TIB[0]
        notes.assume("storage.lustre.tier", f"not declared, and no tier has a price in {place.region.id}: {tier} MB/s per TiB")
    capacity, throughput = asked.capacity_gib or 0.0, asked.throughput_gbyte_per_s or 0.0
    chosen, capacity_gib = cheapest(capacity, throughput, efa, by_tier, tier)
    if asked.tier is None and by_tier:
        notes.assume(
            "storage.lustre.tier", f"not declared: {chosen} MB/s per TiB, the cheapest that holds and carries what is asked"
        )
    carries = throughput_gbyte_per_s(capacity_gib, chosen)
    wanted = f"{figure(capacity)} GiB" if capacity else "no capacity"
    wanted += f" and {figure(throughput)} Gbyte/s" if throughput else ""
    text = f"{wanted} asked: {capacity_gib:,} GiB at {chosen} MB/s per TiB is the next that is sold, {figure(carries)} Gbyte/s"
    notes.assume("storage.lustre.capacity", text, CAPACITY_URL, "vendor")
    if efa:
        message = "the file system offers EFA, but its clients use TCP until Lustre's EFA modules are set up on the machines"
        hint = "groundplan does not do it yet: run the cloud's client set-up before the first mount; lnetctl net show tells"
        notes.warn("efa-clients", "storage.lustre.efa", message, hint)
    iops = asked.metadata_iops
    problem = metadata_iops_problem(iops) if iops is not None else None
    if problem:
        notes.error("metadata-iops", "storage.lustre.metadata_iops", problem, "choose one that is sold, or leave it out", iops)
    if iops is None:
        text = f"not declared: {automatic_metadata_iops(capacity_gib):,}, which come with the capacity"
        notes.assume("storage.lustre.metadata_iops", text)
    planned = LustrePlan(
        capacity_gib=capacity_gib,
        tier=chosen,
        throughput_gbyte_per_s=carries,
        efa=efa,
        compression=bool(asked.compression),
        metadata_iops=iops,
        subnet="gpu",
    )
    provided = automatic_metadata_iops(capacity_gib) if iops is None else iops
    return planned, addresses_taken(capacity_gib, chosen, efa, provided)


def plan_buckets(factory: Factory, notes: Notes, lustre: LustrePlan | None) -> tuple[BucketPlan, ...]:
    """List the object stores; a folder of a file system that is not there, or twice the same, is an error."""
    paths: dict[str, str] = {}
    for name, bucket in (factory.storage.buckets or {}).items():
        path = f"storage.buckets.{name}.lustre_path"
        if bucket.lustre_path is None:
            continue
        if lustre is None:
            notes.error("no-file-system", path, f"bucket {name} is to be seen in a file system, and none is declared",
                        "declare storage.lustre, or leave the path out")  # fmt: skip
        elif bucket.lustre_path in paths:
            message = f"buckets {paths[bucket.lustre_path]} and {name} are both to be seen at {bucket.lustre_path}"
            notes.error("no-file-system", path, message, "give each a folder of its own")
        paths[bucket.lustre_path] = name
    if len(paths) > LINKS_MOST_COUNT:
        message = f"{len(paths)} buckets are to be seen in the file system, {LINKS_MOST_COUNT} can be"
        notes.error("links", "storage.buckets", message, "leave the path of some out", len(paths), LINKS_MOST_COUNT)
    return tuple(
        BucketPlan(
            name=name,
            size_tb=bucket.size_tb,
            lustre_path=bucket.lustre_path,
            infrequent_after_days=bucket.infrequent_after_days,
        )
        for name, bucket in (factory.storage.buckets or {}).items()
    )


def sum_storage(lustre: LustrePlan | None) -> StoragePlan:
    """Tell what the file system holds and carries; reading and writing alike."""
    return StoragePlan(
        systems=0 if lustre is None else 1,
        capacity_tb=0.0 if lustre is None else lustre.capacity_gib * 2**30 / 1e12,
        read_gbyte_per_s=0.0 if lustre is None else lustre.throughput_gbyte_per_s,
        write_gbyte_per_s=0.0 if lustre is None else lustre.throughput_gbyte_per_s,
    )
