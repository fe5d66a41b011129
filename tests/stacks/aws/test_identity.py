from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from judged import complaints
from mocks import ENVIRONMENTS, of_kind, only, record, renamed, run, settings_of, standing

from planner.plan import Addon
from stacks.aws.identity import SERVICE_ACCOUNTS, Identity
from stacks.aws.rules import InvalidInput
from stacks.expansion import Resource
from stacks.settings import Settings

KEY = "arn:aws:kms:us-east-2:111122223333:key/01234567-0123-0123-0123-0123456789ab"
CLUSTER = "arn:aws:eks:us-east-2:<account>:cluster/groundplan-dev"


def component(settings: Settings) -> Identity:
    arns = {bucket.name: f"arn:aws:s3:::{settings.plan.name}-{bucket.name}-1" for bucket in settings.cloud.buckets}
    return Identity("identity", settings, standing(data_arn=KEY), standing(arns=arns))


def made(stack: str = "dev", **changes: Any) -> list[Resource]:
    settings = settings_of(stack, **changes)
    return record(lambda: component(settings), stack=stack)


def trust(resources: list[Resource], use: str) -> dict[str, Any]:
    (statement,) = json.loads(_named(resources, "Role", use).inputs["assumeRolePolicy"])["Statement"]
    assert statement["Effect"] == "Allow"
    return dict(statement)


def allowed(resources: list[Resource], use: str) -> dict[str, dict[str, Any]]:
    policy = _named(resources, "RolePolicy", use).inputs
    assert policy["role"] == f"<identity/{use}-role.name>"
    return {each["Sid"]: each for each in json.loads(policy["policy"])["Statement"]}


def ready_made(resources: list[Resource], use: str) -> set[str]:
    return {
        each.inputs["policyArn"].removeprefix("arn:aws:iam::aws:policy/")
        for each in of_kind(resources, "RolePolicyAttachment")
        if each.inputs["role"] == f"<identity/{use}-role.name>"
    }


def _named(resources: list[Resource], kind: str, use: str) -> Resource:
    (found,) = [each for each in of_kind(resources, kind) if each.name == f"identity-{use}"]
    return found


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_aws_and_the_policy_pack_take_it(stack: str) -> None:
    assert complaints(made(stack), settings_of(stack)) == []


def test_every_role_has_one_use() -> None:
    roles = of_kind(made("staging"), "Role")
    uses = ("cluster", "node", "efs", "fsx", "s3", "cni", "training", "preparation")
    assert sorted(each.inputs["namePrefix"] for each in roles) == sorted(f"groundplan-staging-{use}-" for use in uses)


def test_only_this_cluster_takes_the_clusters_role() -> None:
    resources = made()
    found = trust(resources, "cluster")
    assert (found["Principal"], found["Action"]) == ({"Service": "eks.amazonaws.com"}, "sts:AssumeRole")
    assert found["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "<account>"},
        "ArnLike": {"aws:SourceArn": CLUSTER},
    }
    assert ready_made(resources, "cluster") == {"AmazonEKSClusterPolicy"}


def test_machines_may_join_and_pull_images_and_nothing_with_data() -> None:
    resources = made()
    assert trust(resources, "node")["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert ready_made(resources, "node") == {
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonEKSWorkerNodeMinimalPolicy",
        "AmazonSSMManagedInstanceCore",
    }
    (join,) = allowed(resources, "node").values()
    assert join["Action"] == ["ec2:DescribeInstanceTypes", "ec2:DescribeInstances"]


@pytest.mark.parametrize(
    ("use", "namespace", "service_account"),
    [
        ("cni", "kube-system", "aws-node"),
        ("efs", "kube-system", "efs-csi-controller-sa"),
        ("fsx", "kube-system", "fsx-csi-controller-sa"),
        ("s3", "kube-system", "s3-csi-driver-sa"),
        ("training", "training", "training"),
        ("preparation", "preparation", "preparation"),
    ],
)
def test_pods_take_a_role_by_cluster_namespace_and_service_account(use: str, namespace: str, service_account: str) -> None:
    found = trust(made("staging"), use)
    assert found["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert found["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert found["Condition"] == {
        "StringEquals": {
            "aws:RequestTag/eks-cluster-arn": CLUSTER.replace("dev", "staging"),
            "aws:RequestTag/kubernetes-namespace": namespace,
            "aws:RequestTag/kubernetes-service-account": service_account,
        }
    }


def test_add_ons_may_what_they_need() -> None:
    resources = made()
    assert ready_made(resources, "cni") == {"AmazonEKS_CNI_Policy"}
    assert ready_made(resources, "efs") == {"service-role/AmazonEFSCSIDriverPolicy"}
    # File systems are there already: the driver only finds them.
    assert ready_made(resources, "fsx") == ready_made(resources, "s3") == set()
    (find,) = allowed(resources, "fsx").values()
    assert find["Action"] == ["fsx:DescribeFileSystems"]
    assert find["Resource"] == "*"


@pytest.mark.parametrize("use", ["s3", "training", "preparation"])
def test_objects_are_reached_in_the_plans_buckets_under_their_key_only(use: str) -> None:
    found = allowed(made("staging"), use)
    arns = ["arn:aws:s3:::groundplan-staging-checkpoints-1", "arn:aws:s3:::groundplan-staging-data-1"]
    assert set(found) == {"Buckets", "Objects", "Key"}
    assert found["Buckets"]["Resource"] == arns
    assert found["Objects"]["Resource"] == [f"{arn}/*" for arn in arns]
    assert {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"} <= set(found["Objects"]["Action"])
    assert (found["Key"]["Action"], found["Key"]["Resource"]) == (["kms:Decrypt", "kms:GenerateDataKey"], KEY)
    assert found["Key"]["Condition"] == {"StringEquals": {"kms:ViaService": "s3.us-east-2.amazonaws.com"}}


def test_without_buckets_no_policy_is_empty() -> None:
    policies = of_kind(made(cloud={"buckets": ()}), "RolePolicy")
    assert {each.name for each in policies} == {"identity-node", "identity-fsx"}


def test_only_planned_add_ons_and_workloads_have_roles() -> None:
    resources = made(cloud={"addons": (Addon(name="coredns", version="v1.0.0-eksbuild.1"),)})
    assert {each.name for each in of_kind(resources, "Role")} == {"identity-cluster", "identity-node", "identity-training"}


def test_a_name_that_is_too_long_is_told_for_every_role_before_anything_is_made() -> None:
    with pytest.raises(InvalidInput) as raised:
        record(lambda: component(renamed(settings_of("dev"), "x" * 40)))
    assert len(raised.value.problems) == 2 + len(SERVICE_ACCOUNTS) + 1


def test_it_tells_the_arns() -> None:
    def program() -> None:
        identity = component(settings_of("dev"))
        pulumi.export("cluster", identity.cluster_role_arn)
        pulumi.export("node", identity.node_role_arn)
        pulumi.export("addons", identity.addon_role_arns)
        pulumi.export("workloads", identity.workload_role_arns)

    outputs = run(program).outputs
    assert (outputs["cluster"], outputs["node"]) == ("<identity/cluster-role.arn>", "<identity/node-role.arn>")
    assert outputs["addons"] == {
        "aws-efs-csi-driver": "<identity/efs-role.arn>",
        "aws-fsx-csi-driver": "<identity/fsx-role.arn>",
        "aws-mountpoint-s3-csi-driver": "<identity/s3-role.arn>",
        "vpc-cni": "<identity/cni-role.arn>",
    }
    assert outputs["workloads"] == {"training": "<identity/training-role.arn>"}


def test_every_role_is_labelled() -> None:
    assert only(made(), "Role", "node").inputs["tags"]["component"] == "identity"
