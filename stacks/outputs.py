"""What a stack tells when it stands: how to reach it, and what to hold against the plan."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from stacks.aws.buckets import Buckets
from stacks.aws.cluster import Cluster
from stacks.aws.cpu_nodes import CpuNodes
from stacks.aws.efs import Efs
from stacks.aws.gpu_nodes import GpuNodes
from stacks.aws.lustre import Lustre
from stacks.aws.network import Network
from stacks.aws.observability import Observability
from stacks.settings import Settings

__all__ = ["export"]


def export(
    settings: Settings,
    network: Network,
    cluster: Cluster,
    groups: Mapping[str, GpuNodes | CpuNodes],
    lustre: Lustre | None,
    efs: Efs | None,
    buckets: Buckets,
    observability: Observability,
) -> None:
    """Export the outputs of the stack.

    `plan` tells which plan stands; `cluster` how kubectl reaches it; `node_groups` is the registry of machines, each with what
    the plan wants of it, so that what is built can be held against what was planned.
    """
    cloud = settings.cloud
    pulumi.export("plan", {"name": settings.plan.name, "checksum": settings.plan.checksum, "digest": settings.plan.digest})
    pulumi.export("region", cloud.region)
    pulumi.export("network", {"vpc_id": network.vpc_id, "subnet_ids": network.subnet_ids, "gpu_zone": cloud.gpu_zone})
    access = pulumi.Output.concat("aws eks update-kubeconfig --region ", cloud.region, " --name ", cluster.cluster_name)
    pulumi.export(
        "cluster",
        {
            "name": cluster.cluster_name,
            "endpoint": cluster.endpoint,
            "certificate_authority": cluster.certificate_authority,
            "kubernetes_version": cloud.kubernetes_version,
            "kubeconfig_command": access,
        },
    )
    pulumi.export(
        "node_groups",
        {
            group.name: {
                "node_group_name": groups[group.name].node_group_name,
                "auto_scaling_group_name": groups[group.name].auto_scaling_group_name,
                "role": group.role,
                "instance": group.instance,
                "count": group.count,
                "gpus": group.count * group.gpus_per_node,
                "efa_interfaces": group.count * sum(each.kind == "efa-only" for each in group.interfaces),
                "zone": cloud.gpu_zone if group.role == "gpu" else None,
            }
            for group in cloud.node_groups
        },
    )
    if lustre is not None and cloud.lustre is not None:
        pulumi.export(
            "lustre",
            {
                "file_system_id": lustre.file_system_id,
                "dns_name": lustre.dns_name,
                "mount_name": lustre.mount_name,
                "capacity_gib": cloud.lustre.capacity_gib,
                "efa": cloud.lustre.efa,
            },
        )
    if efs is not None:
        pulumi.export("efs", {"file_system_id": efs.file_system_id})
    pulumi.export("buckets", buckets.names)
    pulumi.export("prometheus_endpoint", observability.prometheus_endpoint)
