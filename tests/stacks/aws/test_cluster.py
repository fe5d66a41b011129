from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from judged import complaints
from mocks import ENVIRONMENTS, of_kind, only, plan_of, record, renamed, run, settings_of, standing

from stacks.aws.cluster import BEFORE_NODES, Cluster
from stacks.aws.identity import SERVICE_ACCOUNTS
from stacks.aws.rules import InvalidInput
from stacks.expansion import Resource
from stacks.settings import Settings

ROLE = "arn:aws:iam::111122223333:role"
KEY = "arn:aws:kms:us-east-2:111122223333:key"


class _Made(pulumi.ComponentResource):
    """Stands in for a component: who waits for it waits for what it holds."""

    def __init__(self, name: str, settings: Settings, **attributes: Any) -> None:
        super().__init__("groundplan:test:Made", name)
        aws.ec2.PlacementGroup(name, strategy="cluster", tags=settings.tags(name), opts=pulumi.ResourceOptions(parent=self))
        vars(self).update(vars(standing(**attributes)))


def component(settings: Settings) -> Cluster:
    subnets = {subnet.name: f"subnet-{index:08x}" for index, subnet in enumerate(settings.cloud.subnets)}
    network: Any = _Made("network", settings, subnet_ids=subnets)
    addons = {addon: f"{ROLE}/{addon}" for addon in SERVICE_ACCOUNTS}
    identity: Any = _Made("identity", settings, cluster_role_arn=f"{ROLE}/cluster", addon_role_arns=addons)
    return Cluster("cluster", settings, network, standing(cluster_arn=f"{KEY}/c", logs_arn=f"{KEY}/l"), identity)


def made(stack: str = "dev", **changes: Any) -> list[Resource]:
    settings = settings_of(stack, **changes)
    return record(lambda: component(settings), stack=stack)


def the_cluster(stack: str = "dev", **changes: Any) -> Resource:
    return only(made(stack, **changes), "eks/cluster:Cluster")


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_aws_and_the_policy_pack_take_it(stack: str) -> None:
    settings = settings_of(stack, admin_arns=(f"{ROLE}/administrator",))
    assert complaints(record(lambda: component(settings), stack=stack), settings) == []


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_it_is_the_plans_and_stands_in_the_private_subnets_of_every_zone(stack: str) -> None:
    cloud = plan_of(stack).cloud
    assert cloud is not None
    inputs = the_cluster(stack).inputs
    assert inputs["name"] == plan_of(stack).name
    assert inputs["version"] == cloud.kubernetes_version
    assert inputs["roleArn"] == f"{ROLE}/cluster"
    subnets = [cloud.subnets[int(each.removeprefix("subnet-"), 16)] for each in inputs["vpcConfig"]["subnetIds"]]
    assert sorted(subnet.zone for subnet in subnets) == sorted(cloud.zones)
    assert not any(subnet.public or subnet.name == "gpu" for subnet in subnets)
    assert inputs["upgradePolicy"] == {"supportType": "STANDARD"}


def test_it_is_reached_from_inside() -> None:
    network = the_cluster().inputs["vpcConfig"]
    assert (network["endpointPrivateAccess"], network["endpointPublicAccess"]) == (True, False)
    assert "publicAccessCidrs" not in network


def test_it_is_reached_from_outside_only_from_where_the_plan_says() -> None:
    network = the_cluster(cloud={"api_access": ("203.0.113.0/24",)}).inputs["vpcConfig"]
    assert (network["endpointPrivateAccess"], network["endpointPublicAccess"]) == (True, True)
    assert network["publicAccessCidrs"] == ["203.0.113.0/24"]


def test_secrets_are_encrypted() -> None:
    assert the_cluster().inputs["encryptionConfig"] == {"provider": {"keyArn": f"{KEY}/c"}, "resources": ["secrets"]}


def test_everything_is_logged_to_a_group_that_is_there_before() -> None:
    resources = made(cloud={"logs_kept_days": 90})
    cluster, log = only(resources, "eks/cluster:Cluster"), only(resources, "LogGroup").inputs
    assert set(cluster.inputs["enabledClusterLogTypes"]) == {
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    }
    assert log["name"] == "/aws/eks/groundplan-dev/cluster"
    assert (log["kmsKeyId"], log["retentionInDays"]) == (f"{KEY}/l", 90)
    assert "cluster/log-group" in cluster.options["depends_on"]


def test_its_role_has_its_policies_and_its_network_its_routes_before_and_after() -> None:
    assert {"identity", "network"} <= set(the_cluster().options["depends_on"])


def test_nobody_administers_it_but_who_is_listed() -> None:
    administrators = (f"{ROLE}/administrator", "arn:aws:iam::444455556666:role/administrator")
    resources = made(admin_arns=administrators)
    access = only(resources, "eks/cluster:Cluster").inputs["accessConfig"]
    assert access == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    assert {each.inputs["principalArn"] for each in of_kind(resources, "AccessEntry")} == set(administrators)
    given = of_kind(resources, "AccessPolicyAssociation")
    assert {each.inputs["principalArn"] for each in given} == set(administrators)
    for each in given:
        assert each.inputs["policyArn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
        assert each.inputs["accessScope"] == {"type": "cluster"}
    assert of_kind(made(), "AccessEntry") == []


def test_the_order_of_administrators_changes_nothing() -> None:
    both = (f"{ROLE}/one", f"{ROLE}/other")
    orders = [{each.urn for each in made(admin_arns=order)} for order in (both, both[::-1])]
    assert orders[0] == orders[1]


@pytest.mark.parametrize("keep", [True, False])
def test_it_is_protected_while_data_is(keep: bool) -> None:
    assert the_cluster(keep_data=keep).inputs["deletionProtection"] is keep


def test_add_ons_that_machines_need_are_there_before_them_in_the_plans_versions() -> None:
    resources = made()
    cloud = plan_of("dev").cloud
    assert cloud is not None
    versions = {addon.name: addon.version for addon in cloud.addons}
    addons = {each.inputs["addonName"]: each.inputs for each in of_kind(resources, "Addon")}
    assert set(addons) == set(BEFORE_NODES) == {"vpc-cni", "kube-proxy", "eks-pod-identity-agent"}
    for name, each in addons.items():
        assert each["addonVersion"] == versions[name]
        assert each["clusterName"] == "groundplan-dev"
        # Nothing that somebody changes by hand stays.
        assert each["resolveConflictsOnCreate"] == each["resolveConflictsOnUpdate"] == "OVERWRITE"
    assert only(resources, "eks/cluster:Cluster").inputs["bootstrapSelfManagedAddons"] is False


def test_addresses_come_in_blocks_and_the_network_plugin_has_its_own_role() -> None:
    addon = only(made(), "Addon", "vpc-cni").inputs
    assert json.loads(addon["configurationValues"]) == {"env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}}
    assert addon["podIdentityAssociations"] == [{"roleArn": f"{ROLE}/vpc-cni", "serviceAccount": "aws-node"}]
    assert not {"configurationValues", "podIdentityAssociations"} & set(only(made(), "Addon", "kube-proxy").inputs)


def test_a_name_that_eks_does_not_take_is_told_before_anything_is_made() -> None:
    with pytest.raises(InvalidInput, match="cluster"):
        record(lambda: component(renamed(settings_of("dev"), "x" * 101)))


def test_it_tells_how_it_is_reached_and_what_machines_wait_for() -> None:
    def program() -> None:
        cluster = component(settings_of("dev"))
        pulumi.export("reached", [cluster.cluster_name, cluster.endpoint, cluster.certificate_authority])
        pulumi.export("machines", [cluster.security_group_id, cluster.arn])
        pulumi.export("before", [each.urn for each in cluster.before_nodes])

    outputs = run(program).outputs
    made_up = "<cluster/cluster."
    assert outputs["reached"] == ["groundplan-dev", f"{made_up}endpoint>", f"{made_up}certificateAuthority.data>"]
    assert outputs["machines"] == [f"{made_up}vpcConfig.clusterSecurityGroupId>", f"{made_up}arn>"]
    assert len(outputs["before"]) == len(BEFORE_NODES)
