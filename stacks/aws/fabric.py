"""What EFA interfaces need of the network: a security group that lets its own members talk."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from stacks.aws.network import Network
from stacks.aws.rules import name_problems, require
from stacks.settings import Settings

__all__ = ["Fabric"]


class Fabric(pulumi.ComponentResource):
    """Make the security group of the EFA interfaces, open in and out to itself and to nothing else.

    EFA passes only where a group names the other in both directions; an open rule to 0.0.0.0/0 does not let it pass, and
    without these rules jobs would fall back to TCP without a word.
    """

    security_group_id: pulumi.Output[str]

    def __init__(self, name: str, settings: Settings, network: Network, opts: pulumi.ResourceOptions | None = None) -> None:
        prefix = f"{settings.plan.name}-efa-"
        require(name_problems("security-group-prefix", prefix))
        super().__init__("groundplan:aws:Fabric", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = settings.tags(name, Name=f"{settings.plan.name}-efa")
        group = aws.ec2.SecurityGroup(
            f"{name}-security-group",
            name_prefix=prefix,
            description="EFA between accelerated machines",
            vpc_id=network.vpc_id,
            tags=tags,
            opts=child,
        )
        rules: list[pulumi.Resource] = [
            kind(
                f"{name}-self-{way}",
                security_group_id=group.id,
                referenced_security_group_id=group.id,
                ip_protocol="-1",
                description="EFA",
                tags=tags,
                opts=child,
            )
            for way, kind in (("in", aws.vpc.SecurityGroupIngressRule), ("out", aws.vpc.SecurityGroupEgressRule))
        ]
        # Whoever uses the group waits for its rules: a job that starts before them would find no way.
        self.security_group_id = pulumi.Output.all(group.id, *(rule.urn for rule in rules)).apply(lambda each: str(each[0]))
        self.register_outputs({"security_group_id": self.security_group_id})
