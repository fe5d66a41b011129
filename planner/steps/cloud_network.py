"""The network of a cloud factory: subnets sized for what stands in them."""

from __future__ import annotations

from planner.models.addresses import addresses_with_prefixes, carve, prefixes_needed, usable_addresses
from planner.plan import LustrePlan, Subnet
from planner.spec import Factory
from planner.steps.cloud_machines import Machines, Place
from planner.steps.notes import Notes

__all__ = ["ENDPOINTS", "fullest", "plan_subnets"]

NETWORK = "10.0.0.0/16"
SMALLEST_LENGTH = 28
PODS_PER_NODE = 30
PREFIX_URL = "https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses.html"
CLUSTER_URL = "https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html"
# AWS asks for at least 6 free addresses in every subnet of the control plane and recommends 16.
CONTROL_PLANE_ADDRESSES = 16
# Services that nodes and pods reach without a way out to the internet, each with an address in every private cluster subnet.
ENDPOINTS = (
    "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticfilesystem", "fsx", "kms", "logs", "monitoring", "ssm",
    "ssmmessages", "sts",
)  # fmt: skip


def plan_subnets(
    factory: Factory, notes: Notes, place: Place, machines: Machines, lustre: LustrePlan | None, lustre_addresses: int
) -> tuple[str, tuple[Subnet, ...]]:
    """Cut the network up: GPUs, cluster subnets in every zone, and the ways out.

    Returns
    -------
    tuple
        The network and its subnets; whether each holds what it must is for a limit to say.
    """
    network = factory.deploy.network or NETWORK
    if factory.deploy.network is None:
        notes.assume("deploy.network", f"not declared: {NETWORK}")
    nat = factory.deploy.nat or "one"
    if factory.deploy.nat is None:
        text = "not declared: one, in the GPUs' zone; the loss of that zone, which holds the GPUs, takes the way out with it"
        notes.assume("deploy.nat", text)
    text = (
        f"room for {PODS_PER_NODE} pods with an address of their own a node, from prefixes of 16 and one spare;"
        " single addresses are taken to stay together"
    )
    notes.assume("deploy.pods", text, PREFIX_URL)
    text = "by the network alone, whatever stands in them, because a subnet cannot be resized: half for GPUs"
    notes.assume("deploy.subnets", text)
    counts: dict[str, tuple[str, int]] = {}
    gpu_nodes = sum(group.count for group, _ in machines.of_role("gpu"))
    in_gpu_subnet = gpu_nodes + (lustre_addresses if lustre is not None else 0)
    counts["gpu"] = place.gpu_zone, addresses_with_prefixes(prefixes_needed(gpu_nodes, PODS_PER_NODE), in_gpu_subnet)
    for zone in place.zones:
        name = f"cluster-{zone}"
        # The machines of a group may all stand in one of its zones when the others have none left.
        nodes = sum(group.count for group in machines.groups if name in group.subnets)
        singles = nodes + CONTROL_PLANE_ADDRESSES + len(ENDPOINTS) + (1 if factory.storage.efs_tb else 0)
        counts[name] = zone, addresses_with_prefixes(prefixes_needed(nodes, PODS_PER_NODE), singles)
    notes.assume(
        "deploy.control_plane", f"{CONTROL_PLANE_ADDRESSES} addresses kept for it in every cluster subnet", CLUSTER_URL
    )
    for zone in place.zones if nat == "per-zone" else (place.gpu_zone,):
        counts[f"public-{zone}"] = zone, 1
    lengths = _prefix_lengths(int(network.partition("/")[2]), len(place.zones), list(counts))
    networks = carve(network, [usable_addresses(length) for length in lengths])
    return network, tuple(
        Subnet(
            name=name,
            zone=zone,
            network=part,
            public=name.startswith("public-"),
            addresses_needed_count=count,
            addresses_usable_count=usable_addresses(int(part.partition("/")[2])),
        )
        for (name, (zone, count)), part in zip(counts.items(), networks, strict=True)
    )


def _prefix_lengths(network_length: int, zones_count: int, names: list[str]) -> list[int]:
    """Size the subnets by the network alone, so that another count of machines never moves one: subnets cannot be resized.

    Half is the GPUs', where machines are many; an eighth or, for more than three zones, a sixteenth each zone's; what is left
    holds the ways out, the smallest subnets that there are.
    """
    cluster = network_length + (3 if zones_count <= 3 else 4)
    lengths = {"gpu": network_length + 1, "cluster": min(cluster, SMALLEST_LENGTH), "public": SMALLEST_LENGTH}
    return [lengths[name.partition("-")[0]] for name in names]


def fullest(subnets: tuple[Subnet, ...]) -> Subnet:
    """Find the subnet that has least room for what it must hold."""
    return max(subnets, key=lambda subnet: subnet.addresses_needed_count / subnet.addresses_usable_count)
