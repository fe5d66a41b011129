from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from mocks import of_kind, only, plan_of, record, run, settings_of, standing

from planner.plan import CloudNodeGroup
from stacks.aws.cpu_nodes import CpuNodes
from stacks.aws.rules import InvalidInput
from stacks.expansion import Resource
from stacks.settings import Settings


def group_of(stack: str = "staging", name: str = "management", **changes: Any) -> CloudNodeGroup:
    cloud = plan_of(stack).cloud
    assert cloud is not None
    (group,) = (group for group in cloud.node_groups if group.name == name)
    return CloudNodeGroup.model_validate({**dict(group), **changes})


class Standing(pulumi.ComponentResource):
    """A component that others wait for: for its one resource."""

    def __init__(self, kind: str, **attributes: Any) -> None:
        super().__init__(f"test:aws:{kind}", kind.lower())
        aws.ec2.Eip(f"{kind.lower()}-last", opts=pulumi.ResourceOptions(parent=self))
        for name, value in vars(standing(**attributes)).items():
            setattr(self, name, value)


def component(settings: Settings, group: CloudNodeGroup) -> CpuNodes:
    network: Any = Standing("Network", subnet_ids={f"cluster-use2-az{zone}": f"subnet-{zone}" for zone in (1, 2, 3)})
    identity: Any = Standing("Identity", node_role_arn="arn:node")
    agent = aws.eks.Addon("vpc-cni", cluster_name="c", addon_name="vpc-cni")
    cluster = standing(cluster_name="cluster-1", security_group_id="sg-cluster", before_nodes=[agent])
    return CpuNodes(group.name, settings, group, network, standing(cluster_arn="arn:key"), identity, cluster)


def made(stack: str = "staging", group: CloudNodeGroup | None = None, **changes: Any) -> list[Resource]:
    given = group or group_of(stack)
    resources = record(lambda: component(settings_of(stack, **changes), given), stack=stack)
    return [each for each in resources if each.component == given.name]


def test_a_group_and_its_template_and_nothing_else() -> None:
    resources = made()
    assert [each.kind for each in resources] == ["CpuNodes", "LaunchTemplate", "NodeGroup"]
    for each in resources[1:]:
        assert each.parent == "management"
        assert each.inputs["tags"]["component"] == "management"
        assert each.inputs["tags"]["Name"] == "groundplan-staging-management"


def test_the_machines_are_the_planned_ones_and_all_run() -> None:
    resources = made()
    template, group = only(resources, "LaunchTemplate").inputs, only(resources, "NodeGroup").inputs
    assert template["instanceType"] == "m7i.2xlarge"
    assert "instanceTypes" not in group
    assert group["scalingConfig"] == {"minSize": 3, "desiredSize": 3, "maxSize": 3}
    assert group["updateConfig"] == {"maxUnavailable": 1}
    assert group["capacityType"] == "ON_DEMAND"
    assert group["subnetIds"] == ["subnet-1", "subnet-2"]
    assert (group["clusterName"], group["nodeRoleArn"]) == ("cluster-1", "arn:node")
    assert (group["version"], "releaseVersion" in group) == ("1.35", False)
    assert group["labels"] == {"groundplan/role": "management", "groundplan/group": "management"}
    assert "taints" not in group
    assert group["nodeRepairConfig"] == {"enabled": True}
    assert group["nodeGroupNamePrefix"] == "groundplan-staging-management-"
    assert group["launchTemplate"] == {"id": "<management/launch-template.id>", "version": "1"}


def test_the_template_is_safe_and_leaves_the_network_to_eks() -> None:
    template = only(made(), "LaunchTemplate").inputs
    assert template["namePrefix"] == "groundplan-staging-management-"
    assert template["metadataOptions"] == {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}
    assert template["blockDeviceMappings"] == [
        {
            "deviceName": "/dev/xvda",
            "ebs": {
                "volumeType": "gp3",
                "volumeSize": 100,
                "encrypted": "true",
                "kmsKeyId": "arn:key",
                "deleteOnTermination": "true",
            },
        }
    ]
    for refused in ("imageId", "iamInstanceProfile", "vpcSecurityGroupIds", "networkInterfaces", "placement", "userData"):
        assert refused not in template
    assert "capacityReservationSpecification" not in template
    assert "instanceMarketOptions" not in template
    labelled = {each["resourceType"]: each["tags"] for each in template["tagSpecifications"]}
    assert set(labelled) == {"instance", "volume", "network-interface"}
    assert all(tags == template["tags"] for tags in labelled.values())


@pytest.mark.parametrize(("architecture", "image"), [("x86_64", "AL2023_x86_64_STANDARD"), ("arm64", "AL2023_ARM_64_STANDARD")])
def test_the_image_is_of_the_architecture(architecture: str, image: str) -> None:
    assert only(made(group=group_of(architecture=architecture)), "NodeGroup").inputs["amiType"] == image


def test_local_disks_are_used_where_there_are_some() -> None:
    assert "userData" in only(made(group=group_of(local_nvme_gb=1900.0)), "LaunchTemplate").inputs


def test_another_type_makes_a_new_group_before_the_old_one_goes() -> None:
    resources = made()
    assert only(resources, "LaunchTemplate").options["replace_on_changes"] == ["instanceType"]
    group = only(resources, "NodeGroup").options
    assert "delete_before_replace" not in group
    assert "ignore_changes" not in group


def test_machines_wait_for_the_way_out_their_rights_and_the_network_agent() -> None:
    assert set(only(made(), "NodeGroup").options["depends_on"]) >= {
        "network/last-eip",
        "identity/last-eip",
        "vpc-cni-addon",
    }


def test_another_count_does_not_touch_the_template() -> None:
    few, many = (only(made(group=group_of(count=count)), "LaunchTemplate").inputs for count in (2, 9))
    assert few == many


@pytest.mark.parametrize("known", [True, False])
def test_it_tells_its_groups(known: bool) -> None:
    def program() -> None:
        nodes = component(settings_of("staging"), group_of())
        assert (nodes.reservation_id, nodes.count) == (None, 3)
        pulumi.export("names", {"node": nodes.node_group_name, "scaling": nodes.auto_scaling_group_name})

    names = run(program, stack="staging", known=known).outputs["names"]
    if known:
        assert names == {
            "node": "<management/node-group.nodeGroupName>",
            "scaling": "<management/node-group.resources.autoscalingGroups.name>",
        }


def test_preparation_has_its_own_size_and_subnet() -> None:
    resources = made(group=group_of(name="preparation"))
    assert only(resources, "NodeGroup").inputs["subnetIds"] == ["subnet-1"]
    assert only(resources, "LaunchTemplate").inputs["blockDeviceMappings"][0]["ebs"]["volumeSize"] == 200


def test_everything_that_aws_would_refuse_is_said_before_anything_is_made() -> None:
    wrong = group_of(name="management").model_copy(update={"name": "management-of-everything", "count": 0})

    def program() -> None:
        with pytest.raises(InvalidInput) as caught:
            component(settings_of("staging"), wrong)
        assert len(caught.value.problems) == 2

    resources = record(program, stack="staging")
    assert of_kind(resources, "CpuNodes") + of_kind(resources, "LaunchTemplate") == []
