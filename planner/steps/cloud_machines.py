"""The machines of a cloud factory: where they stand, how they are got, and which network interfaces each has."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from planner.catalog import Catalog
from planner.catalog.records import CloudRegion, Gpu, Instance, NetworkCard
from planner.models.interfaces import efa_layout
from planner.plan import CloudNodeGroup, NetworkInterface
from planner.spec import Factory
from planner.steps.notes import Notes

__all__ = ["BLOCK_MOST_INSTANCES", "Machines", "Place", "block_hours", "choose_place", "plan_machines"]

EFA_URL = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-start.html"
BLOCKS_URL = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-blocks-how.html"
# What AWS sells as one capacity block: instances, and days (1 to 14, then whole weeks up to 26).
BLOCK_MOST_INSTANCES = 64
BLOCK_DAYS = (*range(1, 15), *range(21, 183, 7))
BLOCK_HOUR_UTC = "11:30:00Z"
# Names that AWS limits begin with the factory's: a bucket's prefix has 37 characters, of which a bucket takes 16.
NAME_MOST_CHARACTERS = 20
GROUP_MOST_CHARACTERS = 37  # what EKS takes of "<factory>-<group>-" before its own suffix
ROOT_VOLUME_GIB = {"gpu": 300, "management": 100, "preparation": 200}


@dataclass(frozen=True)
class Place:
    """Region and zones."""

    region: CloudRegion
    zones: tuple[str, ...]
    gpu_zone: str


@dataclass(frozen=True)
class Machines:
    """Node groups with their catalog rows, in the same order."""

    groups: tuple[CloudNodeGroup, ...]
    instances: tuple[Instance, ...]
    gpus: tuple[Gpu | None, ...]

    def of_role(self, role: str) -> list[tuple[CloudNodeGroup, Instance]]:
        """List the groups of one use."""
        return [(group, row) for group, row in zip(self.groups, self.instances, strict=True) if group.role == role]


def choose_place(factory: Factory, catalog: Catalog, notes: Notes) -> Place:
    """Choose the zones, and judge country and zones."""
    deploy = factory.deploy
    assert deploy.region is not None  # noqa: S101 - the factory was refused without
    region = catalog.get(CloudRegion, deploy.region)
    known = region.zone_ids.split()
    gpu_zone = deploy.gpu_zone or (deploy.zones or known)[0]
    zones = deploy.zones or (gpu_zone, *(zone for zone in known if zone != gpu_zone))[:2]
    if deploy.zones is None:
        notes.assume("deploy.zones", f"not declared: {' and '.join(zones)}")
    if deploy.gpu_zone is None:
        text = f"not declared: {gpu_zone}; that the zone offers these machines is for the cloud to say"
        notes.assume("deploy.gpu_zone", text)
    for zone in (*zones, gpu_zone):
        if zone not in known:
            notes.error("zone", f"deploy.zones.{zone}", f"{zone} is no zone of {region.id}", f"its zones: {', '.join(known)}")
    if len(set(zones)) < 2:
        notes.error(
            "zone", "deploy.zones", "the control plane needs two zones", f"choose of {', '.join(known)}", len(set(zones)), 2
        )
    if gpu_zone not in zones:
        hint = f"add {gpu_zone} to deploy.zones"
        notes.error("zone", "deploy.gpu_zone", f"the GPUs' zone {gpu_zone} is none of the factory's zones", hint)
    if factory.site.country != region.country:
        message = f"{region.id} ({region.name}) is in {region.country}, the site is declared in {factory.site.country}"
        notes.error("country", "site.country", message, f"declare country: {region.country}, or another region")
    return Place(region, tuple(zones), gpu_zone)


def plan_machines(factory: Factory, catalog: Catalog, notes: Notes, place: Place) -> Machines:
    """Turn counts of instance types into node groups; what cannot be got so is an error finding."""
    if len(factory.name) > NAME_MOST_CHARACTERS:
        message = (
            f"the name has {len(factory.name)} characters; {NAME_MOST_CHARACTERS} leave AWS room for a bucket's or a role's"
        )
        notes.error("name-length", "name", message, "choose a shorter name")
    capacity = factory.deploy.capacity
    source = capacity.source or "on-demand"
    if capacity.source is None:
        notes.assume("deploy.capacity.source", "not declared: on demand, which the cloud does not promise to have")
    cards: dict[str, list[NetworkCard]] = {}
    for card in catalog.all(NetworkCard):
        cards.setdefault(card.instance, []).append(card)
    groups: list[CloudNodeGroup] = []
    rows: list[Instance] = []
    platform = factory.platform
    for role, counts in (
        ("gpu", factory.compute.nodes),
        ("management", platform.management_nodes or {}),
        ("preparation", platform.preparation_nodes or {}),
    ):
        for row_id, count in counts.items():
            row = catalog.get(Instance, row_id)
            path = f"compute.nodes.{row_id}" if role == "gpu" else f"platform.{role}_nodes.{row_id}"
            got = source if role == "gpu" else "on-demand"
            _judge(row, role, got, path, notes)
            layout = _interfaces(row, cards.get(row_id, []), path, notes) if role == "gpu" else ()
            efa = sum(each.kind == "efa-only" for each in layout)
            rate = max((card.gbit_per_s for card in cards.get(row_id, []) if card.efa), default=0.0)
            groups.append(
                CloudNodeGroup(
                    name=role if len(counts) == 1 else f"{role}-{row_id.replace('.', '-')}",
                    role=role,
                    instance=row_id,
                    count=count,
                    subnets=_subnets(role, place),
                    source=got,
                    architecture=row.architecture,
                    accelerator=row.accelerator,
                    gpus_per_node=row.gpus_count,
                    vcpus_per_node=row.vcpus_count,
                    interfaces=layout,
                    efa_gbit_per_s=efa * rate,
                    placement_group=role == "gpu" and efa > 0 and got != "capacity-block",
                    local_nvme_gb=row.local_nvme_gb,
                    hugepages_2mib_count=row.hugepages_2mib_count if efa else 0,
                    root_volume_gib=ROOT_VOLUME_GIB[role],
                )
            )
            rows.append(row)
    for group in groups:
        prefix = f"{factory.name}-{group.name}-"
        if len(prefix) > GROUP_MOST_CHARACTERS and len(factory.name) <= NAME_MOST_CHARACTERS:
            over = len(prefix) - GROUP_MOST_CHARACTERS
            message = f"node group {prefix}... has {len(prefix)} characters, AWS takes {GROUP_MOST_CHARACTERS}"
            notes.error("name-length", f"name.{group.name}", message, f"a factory name that is shorter by {over}")
    if not platform.management_nodes:
        message = "the cluster's own services (names, storage drivers, monitoring) have no machines to run on"
        notes.error("no-management", "platform.management_nodes", message, "such as management_nodes: {m7i.2xlarge: 2}")
    notes.assume(
        "deploy.machines", "root volumes of 300 GiB for accelerated, 200 GiB for preparation and 100 GiB for other machines"
    )
    if any(group.interfaces for group in groups):
        text = "EFA interfaces beside the first carry no address: one ENA interface, then EFA only on every card that has it"
        notes.assume("deploy.interfaces", text, EFA_URL, "vendor")
    gpus = tuple(catalog.get(Gpu, row.gpu) if row.gpu else None for row in rows)
    return Machines(tuple(groups), tuple(rows), gpus)


def _subnets(role: str, place: Place) -> tuple[str, ...]:
    if role == "gpu":
        return ("gpu",)
    zones = (place.gpu_zone,) if role == "preparation" else place.zones  # preparation reads and writes the file system
    return tuple(f"cluster-{zone}" for zone in zones)


def _judge(row: Instance, role: str, source: str, path: str, notes: Notes) -> None:
    """Find machines in the wrong role, and sources that the type is not sold through."""
    if (role == "gpu") != (row.accelerator != "none"):
        is_a = "has no accelerator" if role == "gpu" else "has accelerators"
        notes.error("wrong-kind", path, f"{row.id} {is_a}", "list the types: groundplan catalog list instances")
    sold = {
        "on-demand": row.on_demand,
        "reservation": row.on_demand,
        "spot": row.spot and row.quota_spot is not None,
        "capacity-block": row.capacity_block,
    }
    if not sold[source]:
        listed = ", ".join(name for name, has in sold.items() if has)
        message = f"{row.id} is not sold as {source}"
        notes.error("not-sold", f"{path}.source", message, f"it is sold as: {listed}")
    if source == "spot":
        message = f"{row.id} on spot can be taken back at two minutes' notice: a job across nodes loses them all"
        notes.warn("spot", f"{path}.source", message, "write checkpoints, or choose another source")


def _interfaces(row: Instance, cards: list[NetworkCard], path: str, notes: Notes) -> tuple[NetworkInterface, ...]:
    numbered = {index: card for card in cards for index in range(card.card_first_index, card.card_last_index + 1)}
    try:
        if sorted(numbered) != list(range(len(numbered))):
            raise ValueError(f"its network cards {sorted(numbered)} are not numbered one by one")
        layout = efa_layout(
            [numbered[index].interfaces_max_count for index in sorted(numbered)],
            [numbered[index].efa for index in sorted(numbered)],
        )
    except ValueError as error:
        message = f"the interfaces of {row.id} cannot be laid out: {error}"
        notes.error("interfaces", path, message, "correct its rows in network_cards.csv")
        return ()
    if not any(kind == "efa-only" for _, _, kind in layout):
        message = f"{row.id} has no EFA: between its nodes there is TCP only"
        notes.warn("no-efa", path, message, "choose a type with EFA where a job spans nodes")
    return tuple(NetworkInterface(card=card, device=device, kind=kind) for card, device, kind in layout)


def block_hours(factory: Factory, notes: Notes) -> tuple[str, str, float] | None:
    """Tell when a capacity block begins and ends, and how many hours it lasts; None without one, or without legal days."""
    capacity = factory.deploy.capacity
    dates = {"starts_on": capacity.starts_on, "ends_on": capacity.ends_on}
    if capacity.source != "capacity-block":
        for name, value in dates.items():
            if value is not None:
                message = f"deploy.capacity.{name} changes nothing: only a capacity block has days"
                notes.warn("not-used", f"deploy.capacity.{name}", message, "leave it out")
        return None
    missing = [name for name, value in dates.items() if value is None]
    for name in missing:
        hint = f"such as {name}: '2027-01-31'"
        notes.error("block-days", f"deploy.capacity.{name}", "a capacity block needs its first and last day", hint)
    if missing:
        return None
    first, last = dt.date.fromisoformat(str(capacity.starts_on)), dt.date.fromisoformat(str(capacity.ends_on))
    days = (last - first).days
    if days < 1:
        message = f"the capacity block ends on {last}, which is not after it begins on {first}"
        notes.error("block-days", "deploy.capacity.ends_on", message, f"a day after {first}")
        return None
    if days not in BLOCK_DAYS:
        below = [str(legal) for legal in BLOCK_DAYS if legal < days][-1:]
        near = ", ".join([*below, *[str(legal) for legal in BLOCK_DAYS if legal > days][:1]])
        message = f"a capacity block of {days} days is not sold: 1 to 14 days, or whole weeks from 21 to {BLOCK_DAYS[-1]} days"
        notes.error("block-days", "deploy.capacity.ends_on", message, f"the nearest: {near} days")
        return None
    text = f"begins and ends at 11:30 UTC: {days} days of 24 hours"
    notes.assume("deploy.capacity.days", text, BLOCKS_URL, "vendor")
    return f"{first}T{BLOCK_HOUR_UTC}", f"{last}T{BLOCK_HOUR_UTC}", days * 24.0
