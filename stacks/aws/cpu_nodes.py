"""Machines without accelerators: for the cluster's own services, and for data preparation."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from planner.plan import CloudNodeGroup
from stacks.aws.cluster import Cluster
from stacks.aws.identity import Identity
from stacks.aws.keys import Keys
from stacks.aws.network import Network
from stacks.aws.rules import capacity_problems, name_problems, require, slot_problems
from stacks.aws.templates import (
    ami_type,
    auto_scaling_group,
    block_devices,
    metadata_options,
    tag_specifications,
    user_data,
    version_of,
)
from stacks.settings import Settings

__all__ = ["CpuNodes"]


class CpuNodes(pulumi.ComponentResource):
    """Make as many machines as the plan says, on demand, in the plan's subnets.

    Machines for data preparation are kept from everything that does not ask for them.
    """

    node_group_name: pulumi.Output[str]
    auto_scaling_group_name: pulumi.Output[str]
    reservation_id: pulumi.Output[str] | None = None
    count: int

    def __init__(
        self,
        name: str,
        settings: Settings,
        group: CloudNodeGroup,
        network: Network,
        keys: Keys,
        identity: Identity,
        cluster: Cluster,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        prefix = f"{settings.plan.name}-{name}-"[:37]
        require(name_problems("node-group-prefix", prefix), slot_problems(group), capacity_problems(group, None))
        super().__init__("groundplan:aws:CpuNodes", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = settings.tags(name, Name=f"{settings.plan.name}-{name}")
        template = aws.ec2.LaunchTemplate(
            f"{name}-launch-template",
            name_prefix=prefix,
            instance_type=group.instance,
            update_default_version=True,
            block_device_mappings=block_devices(group, keys),
            metadata_options=metadata_options(),
            # Naming any group keeps EKS from adding the cluster's own.
            vpc_security_group_ids=[cluster.security_group_id],
            user_data=user_data(group),
            tag_specifications=tag_specifications(settings, name),
            tags=tags,
            opts=child,
        )
        taint = aws.eks.NodeGroupTaintArgs(key="groundplan/role", value=group.role, effect="NO_SCHEDULE")
        node_group = aws.eks.NodeGroup(
            f"{name}-node-group",
            cluster_name=cluster.cluster_name,
            node_group_name_prefix=prefix,
            node_role_arn=identity.node_role_arn,
            subnet_ids=[network.subnet_ids[subnet] for subnet in group.subnets],
            ami_type=ami_type(group),
            capacity_type="ON_DEMAND",
            launch_template=aws.eks.NodeGroupLaunchTemplateArgs(id=template.id, version=version_of(template)),
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(
                min_size=group.count, desired_size=group.count, max_size=group.count
            ),
            update_config=aws.eks.NodeGroupUpdateConfigArgs(max_unavailable=1),
            node_repair_config=aws.eks.NodeGroupNodeRepairConfigArgs(enabled=True),
            labels={"groundplan/role": group.role},
            taints=[taint] if group.role == "preparation" else [],
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*cluster.before_nodes, identity]),
        )
        self.node_group_name = node_group.node_group_name
        self.auto_scaling_group_name = auto_scaling_group(node_group)
        self.count = group.count
        self.register_outputs(
            {"node_group_name": self.node_group_name, "auto_scaling_group_name": self.auto_scaling_group_name}
        )
