"""Machines without accelerators: for the cluster's own services, and to prepare data."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from planner.plan import CloudNodeGroup
from stacks.aws.cluster import Cluster
from stacks.aws.identity import Identity
from stacks.aws.keys import Keys
from stacks.aws.network import Network
from stacks.aws.rules import group_problems, name_problems, require
from stacks.aws.templates import auto_scaling_group_name, launch_template, make_node_group
from stacks.settings import Settings

__all__ = ["CpuNodes"]


class CpuNodes(pulumi.ComponentResource):
    """Make a node group of ordinary machines, bought on demand, that always runs.

    A changed type makes the new group before the old one goes: the cluster's own services are never without machines.
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
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        require([*group_problems(group), *name_problems("node group prefix", f"{settings.plan.name}-{group.name}-")])
        super().__init__("groundplan:aws:CpuNodes", name, None, opts)
        template = launch_template(self, settings, group, keys)
        made = make_node_group(
            self,
            settings,
            group,
            template,
            network,
            identity,
            cluster,
            sizes=aws.eks.NodeGroupScalingConfigArgs(min_size=group.count, desired_size=group.count, max_size=group.count),
            update=aws.eks.NodeGroupUpdateConfigArgs(max_unavailable=1),
        )
        self.node_group_name = made.node_group_name
        self.auto_scaling_group_name = auto_scaling_group_name(made)
        self.reservation_id = None
        self.count = group.count
        self.register_outputs(
            {"node_group_name": self.node_group_name, "auto_scaling_group_name": self.auto_scaling_group_name}
        )
