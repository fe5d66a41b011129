"""The shared file system for homes, code and images: small, and in every zone."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from stacks.aws.cluster import Cluster
from stacks.aws.keys import Keys
from stacks.aws.network import Network, cluster_subnets
from stacks.aws.rules import name_problems, require
from stacks.settings import Settings

__all__ = ["Efs"]

_NFS = 2049


class Efs(pulumi.ComponentResource):
    """Make an elastic file system with a way in from every zone of the cluster, and only from its machines.

    Throughput follows use; files that nobody reads for a month cost less.
    """

    file_system_id: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: Settings,
        network: Network,
        keys: Keys,
        cluster: Cluster,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        prefix = f"{settings.plan.name}-{name}-"
        require(name_problems("security group prefix", prefix))
        super().__init__("groundplan:aws:Efs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = settings.tags(name, Name=f"{settings.plan.name}-{name}")
        group = aws.ec2.SecurityGroup(
            f"{name}-security-group",
            name_prefix=prefix,
            description="Shared file system, from the cluster only",
            vpc_id=network.vpc_id,
            tags=tags,
            opts=child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-cluster-in",
            security_group_id=group.id,
            referenced_security_group_id=cluster.security_group_id,
            ip_protocol="tcp",
            from_port=_NFS,
            to_port=_NFS,
            description="NFS from the cluster",
            tags=settings.tags(name),
            opts=child,
        )
        system = aws.efs.FileSystem(
            f"{name}-file-system",
            encrypted=True,
            kms_key_id=keys.data_arn,
            throughput_mode="elastic",
            lifecycle_policies=[aws.efs.FileSystemLifecyclePolicyArgs(transition_to_ia="AFTER_30_DAYS")],
            tags=tags,
            opts=pulumi.ResourceOptions.merge(settings.stateful(), child),
        )
        for subnet in cluster_subnets(settings):  # one in each zone: a zone takes one way in
            aws.efs.MountTarget(
                f"{name}-{subnet}",
                file_system_id=system.id,
                subnet_id=network.subnet_ids[subnet],
                security_groups=[group.id],
                opts=child,
            )
        self.file_system_id, self.arn = system.id, system.arn
        self.register_outputs({"file_system_id": self.file_system_id, "arn": self.arn})
