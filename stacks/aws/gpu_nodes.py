"""Accelerated machines: their interfaces, where their capacity comes from, and when they run."""

from __future__ import annotations

import datetime as dt

import pulumi
import pulumi_aws as aws

from planner.plan import CapacityBlock, CloudNodeGroup
from stacks.aws.cluster import Cluster
from stacks.aws.fabric import Fabric
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

__all__ = ["GpuNodes"]

# AWS begins to end the machines of a capacity block half an hour before the block ends; they leave in order before that.
_LEAVE_BEFORE_END = dt.timedelta(minutes=45)
_ACCELERATORS = {"nvidia": "nvidia.com/gpu", "neuron": "aws.amazon.com/neuron"}


class GpuNodes(pulumi.ComponentResource):
    """Make as many machines as the plan says, in the one subnet that the file system and the reservation are in too.

    Interfaces are exactly the plan's. A changed instance type replaces the launch template and then the group, the old machines
    going first: quota and reservation are sized for one set. Machines of a capacity block come when it begins and leave before
    it ends.
    """

    node_group_name: pulumi.Output[str]
    auto_scaling_group_name: pulumi.Output[str]
    reservation_id: pulumi.Output[str] | None
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
        fabric: Fabric,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        named = settings.reservation_ids.get(group.name)
        self._named, self._prefix = name, f"{settings.plan.name}-{name}-"[:37]
        require(
            name_problems("node-group-prefix", self._prefix),
            name_problems("placement-group", f"{settings.plan.name}-{name}"),
            slot_problems(group),
            capacity_problems(group, named),
        )
        super().__init__("groundplan:aws:GpuNodes", name, None, opts)
        self._tags = settings.tags(name, Name=f"{settings.plan.name}-{name}")
        placement = self._placement_group(settings) if group.placement_group else None
        self.reservation_id = self._reservation(group, named, network, placement)
        template = self._template(settings, group, keys, cluster, fabric, placement)
        node_group = self._node_group(settings, group, network, identity, cluster, template)
        self.node_group_name = node_group.node_group_name
        self.auto_scaling_group_name = auto_scaling_group(node_group)
        self.count = group.count
        block = settings.cloud.capacity_block
        if settings.gpu_nodes == "scheduled" and block is not None and group.source == "capacity-block":
            self._schedule(group, block)
        self.register_outputs(
            {
                "node_group_name": self.node_group_name,
                "auto_scaling_group_name": self.auto_scaling_group_name,
                "reservation_id": self.reservation_id,
            }
        )

    def _placement_group(self, settings: Settings) -> aws.ec2.PlacementGroup:
        """Keep the machines close to each other."""
        return aws.ec2.PlacementGroup(
            f"{self._named}-placement-group",
            name=f"{settings.plan.name}-{self._named}",
            strategy="cluster",
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _reservation(
        self, group: CloudNodeGroup, named: str | None, network: Network, placement: aws.ec2.PlacementGroup | None
    ) -> pulumi.Output[str] | None:
        """Name the reservation that a person made, or make one; it costs what the machines cost, used or not."""
        if named is not None:
            return pulumi.Output.from_input(named)
        if group.source != "reservation":
            return None
        return aws.ec2.CapacityReservation(
            f"{self._named}-capacity-reservation",
            availability_zone=network.gpu_zone_name,
            instance_type=group.instance,
            instance_count=group.count,
            instance_platform="Linux/UNIX",
            instance_match_criteria="targeted",
            end_date_type="unlimited",
            placement_group_arn=placement.arn if placement else None,
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self),
        ).id

    def _template(
        self,
        settings: Settings,
        group: CloudNodeGroup,
        keys: Keys,
        cluster: Cluster,
        fabric: Fabric,
        placement: aws.ec2.PlacementGroup | None,
    ) -> aws.ec2.LaunchTemplate:
        """Describe one machine."""
        target = None
        if self.reservation_id is not None:
            target = aws.ec2.LaunchTemplateCapacityReservationSpecificationArgs(
                capacity_reservation_target=aws.ec2.LaunchTemplateCapacityReservationSpecificationCapacityReservationTargetArgs(
                    capacity_reservation_id=self.reservation_id
                )
            )
        market = None
        if group.source == "capacity-block":
            market = aws.ec2.LaunchTemplateInstanceMarketOptionsArgs(market_type="capacity-block")
        interfaces = [
            aws.ec2.LaunchTemplateNetworkInterfaceArgs(
                network_card_index=each.card,
                device_index=each.device,
                interface_type=each.kind,
                delete_on_termination="true",
                # Every interface in both groups: EKS adds none of its own where any is named.
                security_groups=[cluster.security_group_id, fabric.security_group_id],
            )
            for each in group.interfaces
        ]
        return aws.ec2.LaunchTemplate(
            f"{self._named}-launch-template",
            name_prefix=self._prefix,
            instance_type=group.instance,
            update_default_version=True,
            block_device_mappings=block_devices(group, keys),
            metadata_options=metadata_options(),
            network_interfaces=interfaces,
            placement=aws.ec2.LaunchTemplatePlacementArgs(group_name=placement.name) if placement else None,
            capacity_reservation_specification=target,
            instance_market_options=market,
            user_data=user_data(group),
            tag_specifications=tag_specifications(settings, self._named),
            tags=self._tags,
            # A node group cannot change to another type; a new template makes it a new group.
            opts=pulumi.ResourceOptions(parent=self, replace_on_changes=["instanceType"]),
        )

    def _node_group(
        self,
        settings: Settings,
        group: CloudNodeGroup,
        network: Network,
        identity: Identity,
        cluster: Cluster,
        template: aws.ec2.LaunchTemplate,
    ) -> aws.eks.NodeGroup:
        """Make the group; its image's release is EKS's newest when it is made, so that security fixes need no new plan."""
        accelerator = _ACCELERATORS[group.accelerator]
        labels = {"groundplan/role": group.role, f"{accelerator}.present": "true"}
        if any(each.kind == "efa-only" for each in group.interfaces):
            labels["vpc.amazonaws.com/efa.present"] = "true"
        running = group.count if settings.gpu_nodes == "on" else 0
        scheduled = settings.gpu_nodes == "scheduled" and group.source == "capacity-block"
        return aws.eks.NodeGroup(
            f"{self._named}-node-group",
            cluster_name=cluster.cluster_name,
            node_group_name_prefix=self._prefix,
            node_role_arn=identity.node_role_arn,
            subnet_ids=[network.subnet_ids[subnet] for subnet in group.subnets],
            ami_type=ami_type(group),
            capacity_type={"capacity-block": "CAPACITY_BLOCK", "spot": "SPOT"}.get(group.source, "ON_DEMAND"),
            launch_template=aws.eks.NodeGroupLaunchTemplateArgs(id=template.id, version=version_of(template)),
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(min_size=running, desired_size=running, max_size=group.count),
            update_config=aws.eks.NodeGroupUpdateConfigArgs(max_unavailable=1),
            node_repair_config=aws.eks.NodeGroupNodeRepairConfigArgs(enabled=True),
            labels=labels,
            taints=[aws.eks.NodeGroupTaintArgs(key=accelerator, value="true", effect="NO_SCHEDULE")],
            tags=self._tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                delete_before_replace=True,
                depends_on=[*cluster.before_nodes, identity],
                ignore_changes=["scalingConfig.desiredSize", "scalingConfig.minSize"] if scheduled else None,
            ),
        )

    def _schedule(self, group: CloudNodeGroup, block: CapacityBlock) -> None:
        """Bring the machines when the block begins, and send them away before it ends."""
        leave = (dt.datetime.fromisoformat(block.ends_at) - _LEAVE_BEFORE_END).strftime("%Y-%m-%dT%H:%M:%SZ")
        for action, start, count in (("begin", block.starts_at, group.count), ("end", leave, 0)):
            aws.autoscaling.Schedule(
                f"{self._named}-{action}",
                scheduled_action_name=f"{self._named}-{action}",
                autoscaling_group_name=self.auto_scaling_group_name,
                start_time=start,
                min_size=count,
                desired_capacity=count,
                max_size=group.count,
                opts=pulumi.ResourceOptions(parent=self),
            )
