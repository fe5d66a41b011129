"""What the cluster has beside Kubernetes itself: the plan's add-ons, and the roles of its workloads."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from stacks.aws.cluster import BEFORE_NODES, Cluster, add
from stacks.aws.cpu_nodes import CpuNodes
from stacks.aws.gpu_nodes import GpuNodes
from stacks.aws.identity import Identity, workloads
from stacks.settings import Settings

__all__ = ["Addons"]


class Addons(pulumi.ComponentResource):
    """Add the plan's add-ons that need machines, once there are some: until then EKS takes them for broken.

    They wait for the machines without accelerators, where everything may run: accelerated ones are kept for workloads, may be
    off, and are what AWS most often has none of, which must not leave a cluster without names.

    Each workload's service account gets its role; pods that run under it reach the plan's buckets without any key to keep.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        cluster: Cluster,
        identity: Identity,
        groups: Mapping[str, GpuNodes | CpuNodes],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("groundplan:aws:Addons", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        for_all = [groups[group.name] for group in settings.cloud.node_groups if group.role != "gpu"]
        after_nodes = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=for_all))
        for addon in settings.cloud.addons:
            if addon.name not in BEFORE_NODES:
                add(name, settings, addon, cluster.cluster_name, identity, after_nodes)
        for workload in workloads(settings):
            aws.eks.PodIdentityAssociation(
                f"{name}-{workload}",
                cluster_name=cluster.cluster_name,
                namespace=workload,
                service_account=workload,
                role_arn=identity.workload_role_arns[workload],
                tags=settings.tags(name, Name=f"{settings.plan.name}-{workload}"),
                opts=child,
            )
        self.register_outputs({})
