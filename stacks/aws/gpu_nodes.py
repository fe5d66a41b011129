"""Accelerated machines: where they come from, how close they stand, and every network interface of theirs."""

from __future__ import annotations

from datetime import UTC, datetime

import pulumi
import pulumi_aws as aws

from planner.plan import CapacityBlock, CloudNodeGroup
from stacks.aws.cluster import Cluster
from stacks.aws.fabric import Fabric
from stacks.aws.identity import Identity
from stacks.aws.keys import Keys
from stacks.aws.network import Network
from stacks.aws.rules import (
    BLOCK_LEFT_EARLY,
    capacity_problems,
    group_problems,
    interface_problems,
    name_problems,
    require,
)
from stacks.aws.templates import auto_scaling_group_name, launch_template, make_node_group
from stacks.settings import GpuNodes as Mode
from stacks.settings import Settings

__all__ = ["GpuNodes"]

# Accelerator -> the key of its label and taint, and of what its device plugin hands out.
_KEYS = {"nvidia": "nvidia.com/gpu", "neuron": "aws.amazon.com/neuron"}
_EFA_PRESENT = "vpc.amazonaws.com/efa.present"
_UNCHANGED = -1


class GpuNodes(pulumi.ComponentResource):
    """Make a node group of accelerated machines in the accelerators' one subnet.

    The plan says where they come from. A reservation that nobody named is made here, inside the group's placement group; one
    that is named has its place already, and another placement group would find no machine in it. A capacity block is always
    targeted by its id, and its machines can be told to come and go with it: `scheduled` starts them when it begins, so make the
    stack before that, and stops them in time before it ends.
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
        named_id = settings.reservation_ids.get(group.name)
        block = settings.cloud.capacity_block
        require(
            [
                *group_problems(group),
                *interface_problems(group),
                *capacity_problems(group, named_id, block, settings.gpu_nodes),
                *name_problems("node group prefix", f"{settings.plan.name}-{group.name}-"),
            ]
        )
        super().__init__("groundplan:aws:GpuNodes", name, None, opts)
        self._settings, self._group = settings, group
        placement = self._placement_group() if group.placement_group and named_id is None else None
        self.reservation_id = self._reservation(named_id, network, placement)
        template = launch_template(
            self,
            settings,
            group,
            keys,
            network_interfaces=_interfaces(group, [cluster.security_group_id, fabric.security_group_id]),
            placement=aws.ec2.LaunchTemplatePlacementArgs(group_name=placement.name) if placement else None,
            reservation=_target(self.reservation_id),
            market=_market(group),
        )
        made = make_node_group(
            self,
            settings,
            group,
            template,
            network,
            identity,
            cluster,
            sizes=_sizes(group, settings.gpu_nodes),
            # There are no machines beyond the count to bring up before old ones go.
            update=aws.eks.NodeGroupUpdateConfigArgs(max_unavailable=1, update_strategy="MINIMAL"),
            labels=_labels(group),
            taints=[aws.eks.NodeGroupTaintArgs(key=_KEYS[group.accelerator], value="true", effect="NO_SCHEDULE")],
            opts=pulumi.ResourceOptions(
                depends_on=[fabric],
                # Quota and reservation are as large as the group: the new one finds machines only when the old one is gone.
                delete_before_replace=True,
                # The schedule has the last word on how many run.
                ignore_changes=["scalingConfig.desiredSize"] if settings.gpu_nodes == "scheduled" else None,
            ),
        )
        self.node_group_name = made.node_group_name
        self.auto_scaling_group_name = auto_scaling_group_name(made)
        self.count = group.count
        if settings.gpu_nodes == "scheduled" and block is not None:
            self._schedule(block)
        self.register_outputs(
            {
                "node_group_name": self.node_group_name,
                "auto_scaling_group_name": self.auto_scaling_group_name,
                "reservation_id": self.reservation_id,
            }
        )

    def _tags(self) -> dict[str, str]:
        named = f"{self._settings.plan.name}-{self._group.name}"
        return self._settings.tags(self._group.name, Name=named)

    def _placement_group(self) -> aws.ec2.PlacementGroup:
        """Put the machines close to each other: EFA's latency is that of the way between them."""
        return aws.ec2.PlacementGroup(
            f"{self._group.name}-placement-group",
            name=f"{self._settings.plan.name}-{self._group.name}",
            strategy="cluster",
            tags=self._tags(),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _reservation(
        self, named_id: str | None, network: Network, placement: aws.ec2.PlacementGroup | None
    ) -> pulumi.Output[str] | None:
        """Return the id of what the machines are taken from: as named, or made here; None where they are just bought."""
        if named_id is not None:
            return pulumi.Output.from_input(named_id)
        if self._group.source != "reservation":
            return None
        made = aws.ec2.CapacityReservation(
            f"{self._group.name}-capacity-reservation",
            availability_zone=network.gpu_zone_name,
            instance_type=self._group.instance,
            instance_count=self._group.count,
            instance_platform="Linux/UNIX",
            # Nobody else's machine of the same type takes a place by chance.
            instance_match_criteria="targeted",
            end_date_type="unlimited",
            placement_group_arn=placement.arn if placement else None,
            tags=self._tags(),
            # Not deleted first where it is replaced: reserved machines are not given back before there are others. Another
            # placement group cannot be taken over, and the provider would not say so.
            opts=pulumi.ResourceOptions(parent=self, replace_on_changes=["placementGroupArn"]),
        )
        return made.id

    def _schedule(self, block: CapacityBlock) -> None:
        """Let the machines come when the capacity block begins and go before AWS takes them."""
        ends_at = (datetime.fromisoformat(block.ends_at) - BLOCK_LEFT_EARLY).astimezone(UTC)
        for action, at, count in (
            ("start", datetime.fromisoformat(block.starts_at).astimezone(UTC), self._group.count),
            ("stop", ends_at, 0),
        ):
            aws.autoscaling.Schedule(
                f"{self._group.name}-{action}",
                scheduled_action_name=f"{self._settings.plan.name}-{self._group.name}-{action}",
                autoscaling_group_name=self.auto_scaling_group_name,
                start_time=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                desired_capacity=count,
                min_size=_UNCHANGED,
                max_size=_UNCHANGED,
                opts=pulumi.ResourceOptions(parent=self),
            )


def _interfaces(
    group: CloudNodeGroup, security_group_ids: list[pulumi.Output[str]]
) -> list[aws.ec2.LaunchTemplateNetworkInterfaceArgs]:
    """Describe the plan's interfaces, all in all security groups: EKS adds none to a template that has some."""
    return [
        aws.ec2.LaunchTemplateNetworkInterfaceArgs(
            network_card_index=each.card,
            device_index=each.device,
            interface_type=each.kind,
            security_groups=security_group_ids,
            delete_on_termination="true",
        )
        for each in group.interfaces
    ]


def _target(
    reservation_id: pulumi.Output[str] | None,
) -> aws.ec2.LaunchTemplateCapacityReservationSpecificationArgs | None:
    if reservation_id is None:
        return None
    return aws.ec2.LaunchTemplateCapacityReservationSpecificationArgs(
        capacity_reservation_target=aws.ec2.LaunchTemplateCapacityReservationSpecificationCapacityReservationTargetArgs(
            capacity_reservation_id=reservation_id
        )
    )


def _market(group: CloudNodeGroup) -> aws.ec2.LaunchTemplateInstanceMarketOptionsArgs | None:
    """Tell the market; spot is said by the node group, and refused here."""
    if group.source != "capacity-block":
        return None
    return aws.ec2.LaunchTemplateInstanceMarketOptionsArgs(market_type="capacity-block")


def _sizes(group: CloudNodeGroup, mode: Mode) -> aws.eks.NodeGroupScalingConfigArgs:
    """Tell how many machines run: all, or none with room for all."""
    running = group.count if mode == "on" else 0
    return aws.eks.NodeGroupScalingConfigArgs(min_size=running, desired_size=running, max_size=group.count)


def _labels(group: CloudNodeGroup) -> dict[str, str]:
    """Label what device plugins look for."""
    labels = {f"{_KEYS[group.accelerator]}.present": "true"}
    if any(each.kind == "efa-only" for each in group.interfaces):
        labels[_EFA_PRESENT] = "true"
    return labels
