"""Who may do what in the cloud: a role for each use, with what is written out and no more."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from stacks.aws.buckets import Buckets
from stacks.aws.keys import Keys
from stacks.aws.rules import name_problems, require
from stacks.settings import Settings

__all__ = ["SERVICE_ACCOUNTS", "Identity", "workloads"]

# Add-ons that call the cloud, and the service account in kube-system under which each does.
SERVICE_ACCOUNTS = {
    "aws-efs-csi-driver": "efs-csi-controller-sa",
    "aws-fsx-csi-driver": "fsx-csi-controller-sa",
    "aws-mountpoint-s3-csi-driver": "s3-csi-driver-sa",
    "vpc-cni": "aws-node",
}
# A role's name has little room.
_SHORT = {
    "aws-efs-csi-driver": "efs",
    "aws-fsx-csi-driver": "fsx",
    "aws-mountpoint-s3-csi-driver": "s3",
    "vpc-cni": "cni",
}
# Ready-made policies, where there is none that allows less and none is needed that does.
_READY_MADE = {
    "aws-efs-csi-driver": ("service-role/AmazonEFSCSIDriverPolicy",),
    "vpc-cni": ("AmazonEKS_CNI_Policy",),
}
_OF_CLUSTER = ("AmazonEKSClusterPolicy",)
# Pods' credentials, images, and a shell through Session Manager instead of an open port.
_OF_MACHINES = ("AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodeMinimalPolicy", "AmazonSSMManagedInstanceCore")


class Identity(pulumi.ComponentResource):
    """Make the roles of the cluster, its machines, its add-ons and its workloads.

    Pods have roles of their own by EKS Pod Identity, each for one service account in one namespace of this cluster, so that
    machines need no more than to join. Workloads and the object store's driver reach the plan's buckets under the data key.
    """

    cluster_role_arn: pulumi.Output[str]
    node_role_arn: pulumi.Output[str]
    addon_role_arns: dict[str, pulumi.Output[str]]
    workload_role_arns: dict[str, pulumi.Output[str]]

    def __init__(
        self, name: str, settings: Settings, keys: Keys, buckets: Buckets, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        addons = [addon.name for addon in settings.cloud.addons if addon.name in SERVICE_ACCOUNTS]
        uses = ["cluster", "node", *(_SHORT[addon] for addon in addons), *workloads(settings)]
        require([each for use in uses for each in name_problems("role prefix", f"{settings.plan.name}-{use}-")])
        super().__init__("groundplan:aws:Identity", name, None, opts)
        self._name, self._settings = name, settings
        invoke = pulumi.InvokeOutputOptions(parent=self)
        self._account = aws.get_caller_identity_output(opts=invoke).account_id
        self._partition = aws.get_partition_output(opts=invoke).partition
        self._cluster_arn = self._arn("eks", f"cluster/{settings.plan.name}")

        of_cluster = {
            "Condition": {
                "StringEquals": {"aws:SourceAccount": self._account},
                "ArnLike": {"aws:SourceArn": self._cluster_arn},
            }
        }
        cluster = self._role("cluster", "eks.amazonaws.com", _OF_CLUSTER, **of_cluster)
        node = self._role("node", "ec2.amazonaws.com", _OF_MACHINES)
        # When a machine joins, it looks itself and its type up; EC2 knows no resources for looking up.
        self._allow("node", node, [_may("Join", ["ec2:DescribeInstanceTypes", "ec2:DescribeInstances"], "*")])
        self.cluster_role_arn, self.node_role_arn = cluster.arn, node.arn

        objects = self._objects(keys, buckets)
        own = {
            # To look file systems up knows no single one.
            "aws-fsx-csi-driver": [_may("Find", ["fsx:DescribeFileSystems"], "*")],
            "aws-mountpoint-s3-csi-driver": objects,
        }
        self.addon_role_arns = {
            addon: self._pod_role(
                _SHORT[addon], "kube-system", SERVICE_ACCOUNTS[addon], _READY_MADE.get(addon, ()), own.get(addon, [])
            )
            for addon in addons
        }
        self.workload_role_arns = {each: self._pod_role(each, each, each, (), objects) for each in workloads(settings)}
        self.register_outputs(
            {
                "cluster_role_arn": self.cluster_role_arn,
                "node_role_arn": self.node_role_arn,
                "addon_role_arns": self.addon_role_arns,
                "workload_role_arns": self.workload_role_arns,
            }
        )

    def _arn(self, service: str, rest: str) -> pulumi.Output[str]:
        """Name a resource of this account in the plan's region."""
        region = self._settings.cloud.region
        return pulumi.Output.concat("arn:", self._partition, f":{service}:{region}:", self._account, ":", rest)

    def _role(self, use: str, service: str, ready_made: tuple[str, ...], **trust: Any) -> aws.iam.Role:
        """Make a role that a service takes."""
        allowed = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **trust}
        role = aws.iam.Role(
            f"{self._name}-{use}",
            name_prefix=f"{self._settings.plan.name}-{use}-",
            description=f"{self._settings.plan.name}: {use}",
            assume_role_policy=_document([{"Sid": "Take", **allowed}]),
            tags=self._settings.tags(self._name, Name=f"{self._settings.plan.name}-{use}"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        for each in ready_made:
            aws.iam.RolePolicyAttachment(
                f"{self._name}-{use}-{each.rpartition('/')[2]}",
                role=role.name,
                policy_arn=pulumi.Output.concat("arn:", self._partition, ":iam::aws:policy/", each),
                opts=pulumi.ResourceOptions(parent=self),
            )
        return role

    def _pod_role(
        self, use: str, namespace: str, service_account: str, ready_made: tuple[str, ...], statements: list[dict[str, Any]]
    ) -> pulumi.Output[str]:
        """Make a role for the pods of one service account; EKS says by tags for which it takes the role."""
        tags = {
            "aws:RequestTag/eks-cluster-arn": self._cluster_arn,
            "aws:RequestTag/kubernetes-namespace": namespace,
            "aws:RequestTag/kubernetes-service-account": service_account,
        }
        trust = {"Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": {"StringEquals": tags}}
        role = self._role(use, "pods.eks.amazonaws.com", ready_made, **trust)
        if statements:
            self._allow(use, role, statements)
        return role.arn

    def _allow(self, use: str, role: aws.iam.Role, statements: list[dict[str, Any]]) -> None:
        """Give a role a policy of our own."""
        aws.iam.RolePolicy(
            f"{self._name}-{use}",
            role=role.name,
            policy=_document(statements),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _objects(self, keys: Keys, buckets: Buckets) -> list[dict[str, Any]]:
        """Allow to read and write the objects of the plan's buckets, and to use their key for that."""
        if not buckets.arns:
            return []
        arns = list(buckets.arns.values())
        reading = ["s3:GetObject", "s3:ListMultipartUploadParts"]
        writing = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"]
        key = _may("Key", ["kms:Decrypt", "kms:GenerateDataKey"], keys.data_arn)
        key["Condition"] = {"StringEquals": {"kms:ViaService": f"s3.{self._settings.cloud.region}.amazonaws.com"}}
        return [
            _may("Buckets", ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], arns),
            _may("Objects", [*reading, *writing], [pulumi.Output.concat(arn, "/*") for arn in arns]),
            key,
        ]


def workloads(settings: Settings) -> list[str]:
    """Name the uses that have a role: each is a namespace, and a service account in it."""
    prepared = any(group.role == "preparation" for group in settings.cloud.node_groups)
    return ["training", *(["preparation"] if prepared else [])]


def _may(sid: str, actions: list[str], resources: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}


def _document(statements: list[dict[str, Any]]) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements})
