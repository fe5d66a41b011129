"""The Kubernetes cluster: its control plane, who administers it, and what machines need before they join."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from planner.plan import Addon
from stacks.aws.identity import SERVICE_ACCOUNTS, Identity
from stacks.aws.keys import Keys
from stacks.aws.network import Network, cluster_subnets
from stacks.aws.rules import name_problems, require
from stacks.settings import Settings

__all__ = ["BEFORE_NODES", "Cluster", "add"]

# Add-ons that run on every machine, and without which a machine does not become ready.
BEFORE_NODES = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
# What add-ons are told beyond what they do anyway.
_VALUES: Mapping[str, Mapping[str, Any]] = {
    # Addresses come in blocks of 16, with one block to spare: a machine's pods need few interfaces, and leave the slots to EFA.
    "vpc-cni": {"env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}},
}
_LOGGED = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_ADMINISTRATION = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


class Cluster(pulumi.ComponentResource):
    """Make the EKS cluster in the plan's private subnets of every zone.

    It is reached from inside the network, and from outside only where the plan says from where. Who administers it is listed in
    the configuration and nobody else does, not even who made it. Its secrets and its log are encrypted.
    """

    cluster_name: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    certificate_authority: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    arn: pulumi.Output[str]
    before_nodes: list[pulumi.Resource]

    def __init__(
        self,
        name: str,
        settings: Settings,
        network: Network,
        keys: Keys,
        identity: Identity,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        log_name = f"/aws/eks/{settings.plan.name}/cluster"
        require([*name_problems("cluster", settings.plan.name), *name_problems("log group", log_name)])
        super().__init__("groundplan:aws:Cluster", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        cloud, tags = settings.cloud, settings.tags(name, Name=settings.plan.name)
        log = aws.cloudwatch.LogGroup(
            f"{name}-log-group",
            # EKS writes to this name, and would make the group itself: unencrypted, and kept for ever.
            name=log_name,
            retention_in_days=cloud.logs_kept_days,
            kms_key_id=keys.logs_arn,
            tags=tags,
            opts=child,
        )
        cluster = aws.eks.Cluster(
            f"{name}-cluster",
            name=settings.plan.name,
            version=cloud.kubernetes_version,
            role_arn=identity.cluster_role_arn,
            vpc_config=aws.eks.ClusterVpcConfigArgs(
                subnet_ids=[network.subnet_ids[subnet] for subnet in cluster_subnets(settings)],
                endpoint_private_access=True,
                endpoint_public_access=bool(cloud.api_access),
                public_access_cidrs=list(cloud.api_access) or None,
            ),
            access_config=aws.eks.ClusterAccessConfigArgs(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=False
            ),
            encryption_config=aws.eks.ClusterEncryptionConfigArgs(
                provider=aws.eks.ClusterEncryptionConfigProviderArgs(key_arn=keys.cluster_arn), resources=["secrets"]
            ),
            enabled_cluster_log_types=list(_LOGGED),
            # Add-ons have the plan's versions.
            bootstrap_self_managed_addons=False,
            # Extended support costs six times as much.
            upgrade_policy=aws.eks.ClusterUpgradePolicyArgs(support_type="STANDARD"),
            deletion_protection=settings.keep_data,
            tags=tags,
            # The role is of use only with its policy; endpoints and routes must stand when the cluster is deleted, too.
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[log, identity, network])),
        )
        for arn in settings.admin_arns:
            _administrator(f"{name}-{_short(arn)}", cluster.name, arn, settings.tags(name), child)
        self.cluster_name, self.endpoint, self.arn = cluster.name, cluster.endpoint, cluster.arn
        self.certificate_authority = cluster.certificate_authority.data
        self.security_group_id = cluster.vpc_config.cluster_security_group_id
        self.before_nodes = [
            add(name, settings, addon, cluster.name, identity, child) for addon in cloud.addons if addon.name in BEFORE_NODES
        ]
        self.register_outputs(
            {
                "cluster_name": self.cluster_name,
                "endpoint": self.endpoint,
                "certificate_authority": self.certificate_authority,
                "security_group_id": self.security_group_id,
                "arn": self.arn,
            }
        )


def _short(arn: str) -> str:
    """Tell administrators apart by account and name, whatever their order."""
    return "-".join(arn.split(":")[4:]).replace("/", "-")


def _administrator(
    logical: str, cluster_name: pulumi.Output[str], arn: str, tags: Mapping[str, str], opts: pulumi.ResourceOptions
) -> None:
    """Let a role or user administer the cluster."""
    entry = aws.eks.AccessEntry(logical, cluster_name=cluster_name, principal_arn=arn, tags=tags, opts=opts)
    aws.eks.AccessPolicyAssociation(
        logical,
        cluster_name=cluster_name,
        principal_arn=entry.principal_arn,
        policy_arn=_ADMINISTRATION,
        access_scope=aws.eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
        opts=opts,
    )


def add(
    name: str,
    settings: Settings,
    addon: Addon,
    cluster_name: pulumi.Output[str],
    identity: Identity,
    opts: pulumi.ResourceOptions,
) -> aws.eks.Addon:
    """Add an add-on of the plan to the cluster, with its role where it has one."""
    values = _VALUES.get(addon.name)
    associations: Sequence[aws.eks.AddonPodIdentityAssociationArgs] | None = None
    if addon.name in SERVICE_ACCOUNTS:
        associations = [
            aws.eks.AddonPodIdentityAssociationArgs(
                role_arn=identity.addon_role_arns[addon.name], service_account=SERVICE_ACCOUNTS[addon.name]
            )
        ]
    return aws.eks.Addon(
        f"{name}-{addon.name}",
        cluster_name=cluster_name,
        addon_name=addon.name,
        addon_version=addon.version,
        configuration_values=json.dumps(values, sort_keys=True) if values else None,
        pod_identity_associations=associations,
        # What somebody changed by hand becomes again what the plan says.
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        tags=settings.tags(name, Name=f"{settings.plan.name}-{addon.name}"),
        opts=opts,
    )
