"""What AWS refuses only while it makes things, found before anything is made: rules that list problems in words."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from planner.models import lustre as fsx
from planner.models.interfaces import efa_layout_problems
from planner.plan import BucketPlan, CapacityBlock, CloudNodeGroup, LustrePlan
from planner.spec import ACCESS_MOST_COUNT, PRIVATE_NETWORKS
from stacks.settings import GpuNodes, Settings

__all__ = [
    "BLOCK_LEFT_EARLY",
    "IMAGES",
    "InvalidInput",
    "access_problems",
    "capacity_problems",
    "endpoint_problems",
    "group_problems",
    "interface_problems",
    "lustre_problems",
    "name_problems",
    "require",
    "settings_problems",
    "tag_problems",
]

# EKS's own images of Amazon Linux 2023, by architecture and accelerator.
# https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html, retrieved on 2026-11-24
IMAGES = {
    ("x86_64", "nvidia"): "AL2023_x86_64_NVIDIA",
    ("arm64", "nvidia"): "AL2023_ARM_64_NVIDIA",
    ("x86_64", "neuron"): "AL2023_x86_64_NEURON",
    ("x86_64", "none"): "AL2023_x86_64_STANDARD",
    ("arm64", "none"): "AL2023_ARM_64_STANDARD",
}
# AWS begins to take the machines of a capacity block back half an hour before its end: they have a quarter to leave in order.
# https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks.html, retrieved on 2026-11-24
BLOCK_LEFT_EARLY = timedelta(minutes=45)

# What the provider appends to a prefix: 26 characters.
_SUFFIX_LENGTH = 26
# Kind -> the longest and shortest name, its characters, and how people call them. A prefix leaves room for the suffix.
# Lengths and characters are those of each service's API reference, retrieved on 2026-11-24.
_NAMES: dict[str, tuple[int, int, str, str]] = {
    "bucket prefix": (63 - _SUFFIX_LENGTH, 1, r"[a-z0-9][a-z0-9.-]*", "lower-case letters, digits, dots and hyphens"),
    "budget": (100, 1, r"[^:\\]+", "anything but : and \\"),
    "cluster": (100, 1, r"[0-9A-Za-z][0-9A-Za-z_-]*", "letters, digits, hyphens and underscores"),
    "key alias": (256, 7, r"alias/(?!aws/)[a-zA-Z0-9/_-]+", "alias/, not alias/aws/, then letters, digits, /, _ and -"),
    "launch template prefix": (99, 3, r"[a-zA-Z0-9().\-/_]+", "letters, digits and ( ) . - / _"),
    "log group": (512, 1, r"[.\-_/#A-Za-z0-9]+", "letters, digits and . - _ / #"),
    "node group prefix": (63 - _SUFFIX_LENGTH, 1, r"[0-9A-Za-z][0-9A-Za-z_-]*", "letters, digits, hyphens and underscores"),
    "placement group": (255, 1, r"[\x20-\x7e]+", "printable ASCII"),
    "role prefix": (64 - _SUFFIX_LENGTH, 1, r"[\w+=,.@-]+", "letters, digits and _ + = , . @ -"),
    "scheduled action": (255, 1, r"[\x20-\x7e]+", "printable ASCII"),
    "security group prefix": (
        255 - _SUFFIX_LENGTH,
        1,
        r"(?!sg-)[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]+",
        "letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*, not sg- first",
    ),
}
_TAGS_MOST_COUNT = 50
# Beside letters and digits: what every service takes. EC2 alone would take more.
_TAG_SIGNS = " _.:/=+-@"
_RESERVATION = re.compile(r"cr-[0-9a-f]{8,17}")
# Services that are reached through a gateway, which costs nothing; as an interface they would be made twice.
_GATEWAYS = ("dynamodb", "s3")


class InvalidInput(ValueError):
    """Everything that AWS would refuse, at once."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def require(problems: Sequence[str]) -> None:
    """Stop before anything is made, unless there is no problem.

    Raises
    ------
    InvalidInput
        With every problem.
    """
    if problems:
        raise InvalidInput(problems)


def name_problems(kind: str, name: str) -> list[str]:
    """List what is wrong with a name, or with a prefix that the provider completes.

    Examples
    --------
    >>> name_problems("node group prefix", "groundplan-staging-gpu-p6-b300-48xlarge-")
    ["the node group prefix 'groundplan-staging-gpu-p6-b300-48xlarge-' has 40 characters, 37 are allowed: shorten it by 3"]
    """
    longest, shortest, characters, words = _NAMES[kind]
    which = f"the {kind} {name!r}"
    problems = []
    if len(name) > longest:
        problems.append(f"{which} has {len(name)} characters, {longest} are allowed: shorten it by {len(name) - longest}")
    if len(name) < shortest:
        problems.append(f"{which} has {len(name)} characters, {shortest} are needed")
    if name and not re.fullmatch(characters, name):
        problems.append(f"{which} may hold {words}")
    return problems


def tag_problems(tags: Mapping[str, str]) -> list[str]:
    """List what is wrong with the labels of a resource, as the strictest of the services sees it.

    Examples
    --------
    >>> tag_problems({"Owner": "ml", "owner": "platform"})
    ["the tags 'Owner' and 'owner' differ only in case: IAM takes them for one"]
    """
    problems = []
    if len(tags) > _TAGS_MOST_COUNT:
        problems.append(f"{len(tags)} tags, {_TAGS_MOST_COUNT} are allowed: leave {len(tags) - _TAGS_MOST_COUNT} out")
    folded: dict[str, str] = {}
    for key, value in tags.items():
        if not 1 <= len(key) <= 128:
            problems.append(f"the tag {key!r} has {len(key)} characters, 1 to 128 are allowed")
        if len(value) > 256:
            problems.append(f"the value of the tag {key!r} has {len(value)} characters, 256 are allowed")
        if key.lower().startswith("aws:"):
            problems.append(f"the tag {key!r} begins with aws:, which AWS keeps for itself")
        problems += [
            f"{which} holds {''.join(bad)!r}: letters, digits, spaces and _ . : / = + - @ are allowed"
            for which, text in ((f"the tag {key!r}", key), (f"the value {value!r} of the tag {key!r}", value))
            if (bad := [each for each in text if not (each.isalnum() or each in _TAG_SIGNS)])
        ]
        other = folded.setdefault(key.lower(), key)
        if other != key:
            problems.append(f"the tags {other!r} and {key!r} differ only in case: IAM takes them for one")
    return problems


def interface_problems(group: CloudNodeGroup) -> list[str]:
    """List where the network interfaces of a node group could not be made, or would leave RDMA bandwidth out.

    The plan has no cards but those that interfaces name: cards are numbered without a gap, and every one beyond card 0 is there
    for EFA.
    """
    layout = [(each.card, each.device, str(each.kind)) for each in group.interfaces]
    efa_count = sum(kind == "efa-only" for _, _, kind in layout)
    problems = [] if layout else ["0 network interfaces are planned, 1 is needed"]
    if bool(efa_count) != (group.efa_gbit_per_s > 0):
        problems.append(f"{group.efa_gbit_per_s:g} Gbit/s by EFA are planned, but {efa_count} interfaces for EFA")
    if layout:
        cards_count = 1 + max(card for card, _, _ in layout)
        efa_by_card = [any(card == 0 and kind == "efa-only" for card, _, kind in layout), *[True] * (cards_count - 1)]
        # How many interfaces a card allows is not in the plan: the layout has no further ones, so that devices 0 and 1 suffice.
        problems += efa_layout_problems([2] * cards_count, efa_by_card, layout)
    return [f"{group.name} ({group.instance}): {problem}" for problem in problems]


def capacity_problems(
    group: CloudNodeGroup, reservation_id: str | None, block: CapacityBlock | None, gpu_nodes: GpuNodes
) -> list[str]:
    """List where a node group's machines could not be got from their source.

    Parameters
    ----------
    group : CloudNodeGroup
        A node group of accelerated machines.
    reservation_id : str or None
        Its capacity block or reservation, if a person bought or made one.
    block : CapacityBlock or None
        When the plan's capacity block begins and ends.
    gpu_nodes : str
        Whether the machines run: ``on``, ``off`` or ``scheduled``.
    """
    problems = []
    if len(group.subnets) != 1:
        problems.append(
            f"stands in {len(group.subnets)} subnets, 1 is allowed: a reservation, a placement group and EFA have one zone"
        )
    if reservation_id is not None and not _RESERVATION.fullmatch(reservation_id):
        problems.append(f"its reservation {reservation_id!r} is no id: cr- and 8 to 17 hexadecimal digits")
    if reservation_id is not None and group.source in ("on-demand", "spot"):
        problems.append(f"its machines come {group.source}, which takes no reservation, but {reservation_id} is named")
    if group.source == "capacity-block":
        if reservation_id is None:
            problems.append("its capacity block is not named, and without its id no machine starts")
        if group.placement_group:
            problems.append("asks for a placement group, but a capacity block has its place already")
        problems += ["the plan does not say when its capacity block begins and ends"] if block is None else _times(block)
    elif gpu_nodes == "scheduled":
        problems.append(f"shall run for the time of a capacity block, but its machines come {group.source}")
    return [f"{group.name}: {problem}" for problem in problems]


def _times(block: CapacityBlock) -> Iterator[str]:
    starts_at, ends_at = (datetime.fromisoformat(text) for text in (block.starts_at, block.ends_at))
    if starts_at.tzinfo is None or ends_at.tzinfo is None:
        yield f"its capacity block from {block.starts_at} to {block.ends_at} has no time zone: write ...Z"
    elif ends_at - starts_at <= BLOCK_LEFT_EARLY:
        minutes = (ends_at - starts_at) / timedelta(minutes=1)
        early = BLOCK_LEFT_EARLY.seconds // 60
        yield f"its capacity block lasts {minutes:g} minutes, and machines leave {early} before its end"


def group_problems(group: CloudNodeGroup) -> list[str]:
    """List where a node group, whatever its source, could not be made."""
    problems = []
    if group.role == "gpu" and group.accelerator == "none":
        problems.append(f"{group.name}: {group.instance} has no accelerator")
    if (group.architecture, group.accelerator) not in IMAGES:
        problems.append(f"{group.name}: EKS has no image of Amazon Linux 2023 for {group.accelerator} on {group.architecture}")
    if group.count < 1:
        problems.append(f"{group.name}: {group.count} machines, and a node group may grow to 1 at least")
    if not group.subnets:
        problems.append(f"{group.name}: stands in 0 subnets, 1 is needed")
    return problems


def lustre_problems(lustre: LustrePlan, buckets: Sequence[BucketPlan], backups_kept_days: int) -> list[str]:
    """List where a parallel file system could not be ordered, or not linked to its buckets.

    Parameters
    ----------
    lustre : LustrePlan
        The file system.
    buckets : sequence of BucketPlan
        Every object store of the plan; those with a path are linked.
    backups_kept_days : int
        For how long automatic backups are kept; 0 for none.
    """
    problems = []
    tier, efa, capacity = lustre.tier, lustre.efa, lustre.capacity_gib
    if not fsx.is_legal(capacity, tier, efa):
        below, above = fsx.nearest_legal_gib(capacity, tier, efa)
        nearest = f"the least is {above:,}" if below is None else f"the nearest are {below:,} and {above:,}"
        how = f"at {tier} MB/s per TiB {'with' if efa else 'without'} EFA"
        problems.append(f"lustre: {capacity:,} GiB cannot be ordered {how}: {nearest} GiB")
    if lustre.metadata_iops is not None and (wrong := fsx.metadata_iops_problem(lustre.metadata_iops)):
        problems.append(f"lustre: {wrong}")
    linked = [(bucket.name, bucket.lustre_path) for bucket in buckets if bucket.lustre_path is not None]
    if len(linked) > fsx.LINKS_MOST_COUNT:
        problems.append(f"lustre: {len(linked)} buckets are linked, {fsx.LINKS_MOST_COUNT} are allowed")
    if linked and backups_kept_days:
        problems.append(f"lustre: backups kept {backups_kept_days} days, but a linked file system has none: say 0")
    if not 0 <= backups_kept_days <= 90:
        problems.append(f"lustre: backups kept {backups_kept_days} days, 0 to 90 are allowed")
    for index, (name, path) in enumerate(linked):
        if not path.startswith("/"):
            problems.append(f"lustre: the path {path!r} of bucket {name} does not begin with /")
        problems += [
            f"lustre: the paths {path} of bucket {name} and {other_path} of bucket {other} lie in each other"
            for other, other_path in linked[:index]
            if f"{path.rstrip('/')}/".startswith(f"{other_path.rstrip('/')}/")
            or f"{other_path.rstrip('/')}/".startswith(f"{path.rstrip('/')}/")
        ]
    return problems


def endpoint_problems(endpoints: Sequence[str]) -> list[str]:
    """List where the interfaces to the cloud's own services could not be made beside each other.

    Examples
    --------
    >>> endpoint_problems(["ecr.api", "s3"])
    ['the endpoint s3 is a gateway, made for every private subnet: leave it out']
    """
    problems = [
        f"the endpoint {each!r} is no service's short name, such as ecr.api"
        for each in endpoints
        if not re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", each)
    ]
    problems += [
        f"the endpoint {each} is a gateway, made for every private subnet: leave it out"
        for each in endpoints
        if each in _GATEWAYS
    ]
    twice = sorted({each for each in endpoints if endpoints.count(each) > 1})
    return problems + [f"the endpoint {each} is named twice, and a network has one private name for it" for each in twice]


def access_problems(api_access: Sequence[str]) -> list[str]:
    """List where networks cannot be let in to a cluster's public endpoint.

    Examples
    --------
    >>> access_problems(["203.0.113.0/24"]), access_problems(["10.0.0.0/8"])
    ([], ['10.0.0.0/8 is private: nobody comes from there to the public endpoint; leave it out'])
    """
    problems = []
    if len(api_access) > ACCESS_MOST_COUNT:
        problems.append(f"{len(api_access)} networks reach the cluster's endpoint, {ACCESS_MOST_COUNT} are allowed")
    for text in api_access:
        try:
            network = ipaddress.IPv4Network(text)
        except ValueError as error:
            problems.append(f"{text!r} is no IPv4 network: {error}")
            continue
        if any(network.subnet_of(each) for each in PRIVATE_NETWORKS):
            problems.append(f"{text} is private: nobody comes from there to the public endpoint; leave it out")
    return problems


def settings_problems(settings: Settings) -> list[str]:
    """List everything in a stack's plan and configuration that a rule of this module finds: asked once, before all else."""
    cloud, name = settings.cloud, settings.plan.name
    problems = [
        *name_problems("cluster", name),
        *tag_problems(settings.tags("component", Name=name)),
        *endpoint_problems(cloud.endpoints),
        *access_problems(cloud.api_access),
    ]
    named = {subnet.name for subnet in cloud.subnets}
    wanted = {subnet: group.name for group in cloud.node_groups for subnet in group.subnets}
    wanted |= {cloud.lustre.subnet: "lustre"} if cloud.lustre is not None else {}
    problems += [f"{user}: its subnet {subnet} is not in the plan" for subnet, user in wanted.items() if subnet not in named]
    if not any(subnet.public for subnet in cloud.subnets):
        problems.append("the plan has no public subnet, and so no way out")
    for bucket in cloud.buckets:
        problems += name_problems("bucket prefix", f"{name}-{bucket.name}-")
    if cloud.lustre is not None:
        problems += lustre_problems(cloud.lustre, cloud.buckets, 0)
    for group in cloud.node_groups:
        problems += [*group_problems(group), *name_problems("node group prefix", f"{name}-{group.name}-")]
        if group.role == "gpu":
            reservation_id = settings.reservation_ids.get(group.name)
            problems += interface_problems(group)
            problems += capacity_problems(group, reservation_id, cloud.capacity_block, settings.gpu_nodes)
    return problems
