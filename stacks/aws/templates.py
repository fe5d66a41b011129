"""What every node group is made of: a launch template and the group itself, alike for all kinds of machines."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from planner.plan import CloudNodeGroup
from stacks.aws.cluster import Cluster
from stacks.aws.identity import Identity
from stacks.aws.keys import Keys
from stacks.aws.network import Network
from stacks.aws.rules import IMAGES
from stacks.settings import Settings

__all__ = ["CAPACITY_TYPES", "auto_scaling_group_name", "launch_template", "make_node_group", "user_data"]

# Source -> how EKS calls it. A reservation is paid on demand; the launch template says which one.
CAPACITY_TYPES = {
    "on-demand": "ON_DEMAND",
    "reservation": "ON_DEMAND",
    "capacity-block": "CAPACITY_BLOCK",
    "spot": "SPOT",
}
_ROOT_DEVICE = "/dev/xvda"
_BOUNDARY = "GROUNDPLAN"

# EKS adds the cluster's name, endpoint and certificate to ours, as one more part.
_LOCAL_STORAGE = """\
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance:
    localStorage:
      strategy: RAID0
"""
# The kubelet counts huge pages once, when it starts, and it starts after the scripts. In a file, so that a repaired node has
# them again when it has been started anew.
_HUGE_PAGES = """\
#!/bin/bash
set -euo pipefail
echo 'vm.nr_hugepages = {count}' > /etc/sysctl.d/90-groundplan-hugepages.conf
sysctl --load=/etc/sysctl.d/90-groundplan-hugepages.conf
"""


def user_data(group: CloudNodeGroup) -> str | None:
    """Write what a machine does when it starts for the first time; None where the image needs to be told nothing.

    Local disks become one RAID 0, which holds images, logs and scratch space of pods; EFA's huge pages are set aside.

    References
    ----------
    Parts are merged in their order: https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/examples/;
    scripts run before the node joins: https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
    """
    parts = []
    if group.local_nvme_gb:
        parts.append(("application/node.eks.aws", _LOCAL_STORAGE))
    if group.hugepages_2mib_count:
        parts.append(('text/x-shellscript; charset="us-ascii"', _HUGE_PAGES.format(count=group.hugepages_2mib_count)))
    if not parts:
        return None
    lines = ["MIME-Version: 1.0", f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"', ""]
    for kind, content in parts:
        lines += [f"--{_BOUNDARY}", f"Content-Type: {kind}", "", content]
    return base64.b64encode("\n".join([*lines, f"--{_BOUNDARY}--", ""]).encode("ascii")).decode("ascii")


def launch_template(
    parent: pulumi.Resource,
    settings: Settings,
    group: CloudNodeGroup,
    keys: Keys,
    *,
    network_interfaces: Sequence[aws.ec2.LaunchTemplateNetworkInterfaceArgs] | None = None,
    placement: aws.ec2.LaunchTemplatePlacementArgs | None = None,
    reservation: aws.ec2.LaunchTemplateCapacityReservationSpecificationArgs | None = None,
    market: aws.ec2.LaunchTemplateInstanceMarketOptionsArgs | None = None,
) -> aws.ec2.LaunchTemplate:
    """Make the launch template of a group's machines.

    Image, role, subnet and what joins the cluster are not here: EKS brings them. Without network interfaces EKS puts the
    machines into the cluster's security group. Their count is not here: a new version of the template replaces every machine.
    """
    named = f"{settings.plan.name}-{group.name}"
    tags = settings.tags(group.name, Name=named)
    return aws.ec2.LaunchTemplate(
        f"{group.name}-launch-template",
        name_prefix=f"{named}-",
        description=f"{group.instance}, {group.source}",
        instance_type=group.instance,
        block_device_mappings=[
            aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
                device_name=_ROOT_DEVICE,
                ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
                    volume_type="gp3",
                    volume_size=group.root_volume_gib,
                    encrypted="true",
                    kms_key_id=keys.cluster_arn,
                    delete_on_termination="true",
                ),
            )
        ],
        metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
            http_endpoint="enabled",
            http_tokens="required",
            # One hop reaches the machine, not its pods: they have roles of their own, and must not take the machine's.
            http_put_response_hop_limit=1,
        ),
        network_interfaces=network_interfaces,
        placement=placement,
        capacity_reservation_specification=reservation,
        instance_market_options=market,
        user_data=user_data(group),
        tag_specifications=[
            aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=tags)
            for kind in ("instance", "volume", "network-interface")
        ],
        tags=tags,
        # Another type is another group: EKS would replace machines one by one, and half the interfaces would not fit.
        opts=pulumi.ResourceOptions(parent=parent, replace_on_changes=["instanceType"]),
    )


def make_node_group(
    parent: pulumi.Resource,
    settings: Settings,
    group: CloudNodeGroup,
    template: aws.ec2.LaunchTemplate,
    network: Network,
    identity: Identity,
    cluster: Cluster,
    *,
    sizes: aws.eks.NodeGroupScalingConfigArgs,
    update: aws.eks.NodeGroupUpdateConfigArgs,
    labels: dict[str, str] | None = None,
    taints: Sequence[aws.eks.NodeGroupTaintArgs] | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> aws.eks.NodeGroup:
    """Make the managed node group.

    Its Kubernetes version is the plan's. The release of the image within it is not pinned: a group begins with the newest,
    which has the newest fixes, and keeps it until a person or the next version moves it on. A plan cannot know releases.
    """
    child = pulumi.ResourceOptions(
        parent=parent,
        # Without way out, rights and network agent a machine starts and never joins.
        depends_on=[network, identity, *cluster.before_nodes],
    )
    return aws.eks.NodeGroup(
        f"{group.name}-node-group",
        node_group_name_prefix=f"{settings.plan.name}-{group.name}-",
        cluster_name=cluster.cluster_name,
        node_role_arn=identity.node_role_arn,
        subnet_ids=[network.subnet_ids[subnet] for subnet in group.subnets],
        ami_type=IMAGES[group.architecture, group.accelerator],
        capacity_type=CAPACITY_TYPES[group.source],
        version=settings.cloud.kubernetes_version,
        launch_template=aws.eks.NodeGroupLaunchTemplateArgs(
            id=template.id, version=template.latest_version.apply(lambda number: str(int(number)))
        ),
        scaling_config=sizes,
        update_config=update,
        node_repair_config=aws.eks.NodeGroupNodeRepairConfigArgs(enabled=True),
        labels={"groundplan/role": group.role, "groundplan/group": group.name, **(labels or {})},
        taints=taints,
        tags=settings.tags(group.name, Name=f"{settings.plan.name}-{group.name}"),
        opts=pulumi.ResourceOptions.merge(child, opts),
    )


def auto_scaling_group_name(made: aws.eks.NodeGroup) -> pulumi.Output[str]:
    """Return the name of the Auto Scaling group that EKS makes for a node group."""

    def name_of(found: Sequence[aws.eks.outputs.NodeGroupResource]) -> str:
        scaling = found[0].autoscaling_groups
        if not scaling or scaling[0].name is None:
            raise ValueError("EKS made a node group without an Auto Scaling group")
        return scaling[0].name

    return made.resources.apply(name_of)
