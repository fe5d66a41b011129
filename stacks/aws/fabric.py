"""What lets RDMA pass between the accelerators."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from stacks.aws.network import Network
from stacks.aws.rules import name_problems, require
from stacks.settings import Settings

__all__ = ["Fabric"]


class Fabric(pulumi.ComponentResource):
    """Make the EFA security group: everything passes from and to itself, and nothing else.

    EFA's own transport passes only between members of a group that names itself, in and out; an open way out to all addresses
    is not enough, and without it jobs silently use TCP. What else machines speak, the cluster's security group lets through.
    """

    security_group_id: pulumi.Output[str]

    def __init__(self, name: str, settings: Settings, network: Network, opts: pulumi.ResourceOptions | None = None) -> None:
        prefix = f"{settings.plan.name}-{name}-"
        require(name_problems("security group prefix", prefix))
        super().__init__("groundplan:aws:Fabric", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = settings.tags(name, Name=f"{settings.plan.name}-{name}")
        group = aws.ec2.SecurityGroup(
            f"{name}-security-group",
            name_prefix=prefix,
            description="EFA between accelerated machines",
            vpc_id=network.vpc_id,
            tags=tags,
            opts=child,
        )
        for kind, way in ((aws.vpc.SecurityGroupIngressRule, "in"), (aws.vpc.SecurityGroupEgressRule, "out")):
            kind(
                f"{name}-{way}",
                security_group_id=group.id,
                referenced_security_group_id=group.id,
                ip_protocol="-1",
                description="EFA",
                tags=tags,
                opts=child,
            )
        self.security_group_id = group.id
        self.register_outputs({"security_group_id": self.security_group_id})
