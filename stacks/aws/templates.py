"""What launch templates of accelerated and other machines have in common."""

from __future__ import annotations

import base64
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart

import pulumi
import pulumi_aws as aws

from planner.plan import CloudNodeGroup
from stacks.aws.keys import Keys
from stacks.settings import Settings

__all__ = [
    "ami_type",
    "auto_scaling_group",
    "block_devices",
    "metadata_options",
    "tag_specifications",
    "user_data",
    "version_of",
]

_BOUNDARY = "==groundplan=="  # fixed: the same plan gives the same bytes
_ROOT_DEVICE = "/dev/xvda"  # of Amazon Linux 2023

_NODE_CONFIG = """\
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance:
    localStorage:
      strategy: RAID0
"""

# Runs before the kubelet starts, which then offers the pages to pods; also after a restart, when the machine has run a while
# and would not find as many in one piece.
_HUGEPAGES = """\
#!/bin/bash
set -euo pipefail
echo 'vm.nr_hugepages = {pages}' > /etc/sysctl.d/90-hugepages.conf
sysctl --load /etc/sysctl.d/90-hugepages.conf
"""


def ami_type(group: CloudNodeGroup) -> str:
    """Name the machine image that EKS keeps for an architecture and an accelerator.

    References
    ----------
    AWS, EKS API Reference, CreateNodegroup, amiType,
    https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
    """
    architecture = {"x86_64": "x86_64", "arm64": "ARM_64"}[group.architecture]
    accelerator = {"nvidia": "NVIDIA", "neuron": "NEURON", "none": "STANDARD"}[group.accelerator]
    return f"AL2023_{architecture}_{accelerator}"


def user_data(group: CloudNodeGroup) -> str | None:
    """Write what a machine does before it joins the cluster, base64 encoded; None if nothing.

    EKS adds the cluster's name and certificate itself, as long as the image is its own.

    References
    ----------
    Amazon EKS AMI, nodeadm, https://awslabs.github.io/amazon-eks-ami/nodeadm/
    """
    parts = []
    if group.local_nvme_gb:
        parts.append(("application", "node.eks.aws", _NODE_CONFIG))
    if group.hugepages_2mib_count:
        parts.append(("text", "x-shellscript", _HUGEPAGES.format(pages=group.hugepages_2mib_count)))
    if not parts:
        return None
    message = MIMEMultipart(boundary=_BOUNDARY)
    for main, sub, text in parts:
        part = MIMENonMultipart(main, sub, charset="us-ascii")
        part.set_payload(text)
        message.attach(part)
    return base64.b64encode(message.as_bytes()).decode()


def block_devices(group: CloudNodeGroup, keys: Keys) -> list[aws.ec2.LaunchTemplateBlockDeviceMappingArgs]:
    """Describe the root volume: encrypted, gone with the machine."""
    volume = aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
        volume_size=group.root_volume_gib,
        volume_type="gp3",
        encrypted="true",
        kms_key_id=keys.cluster_arn,
        delete_on_termination="true",
    )
    return [aws.ec2.LaunchTemplateBlockDeviceMappingArgs(device_name=_ROOT_DEVICE, ebs=volume)]


def metadata_options() -> aws.ec2.LaunchTemplateMetadataOptionsArgs:
    """Let only the machine itself, and only with a token, ask for its credentials: pods have identities of their own."""
    return aws.ec2.LaunchTemplateMetadataOptionsArgs(
        http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
    )


def tag_specifications(settings: Settings, name: str) -> list[aws.ec2.LaunchTemplateTagSpecificationArgs]:
    """Label the machines and volumes that the template makes."""
    tags = settings.tags(name, Name=f"{settings.plan.name}-{name}")
    return [
        aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=tags)
        for kind in ("instance", "volume", "network-interface")
    ]


def version_of(template: aws.ec2.LaunchTemplate) -> pulumi.Output[str]:
    """Name the template's newest version, as a node group takes it."""
    return template.latest_version.apply(lambda version: str(int(version)))


def auto_scaling_group(node_group: aws.eks.NodeGroup) -> pulumi.Output[str]:
    """Name the auto scaling group that EKS makes for a node group."""
    return node_group.resources.apply(lambda found: str((found[0].autoscaling_groups or [])[0].name))
