from __future__ import annotations

from typing import Any

import pulumi
import pytest
from mocks import ENVIRONMENTS, of_kind, only, plan_of, record, renamed, run, settings_of, standing

from stacks.aws.efs import Efs
from stacks.aws.rules import InvalidInput
from stacks.expansion import Resource
from stacks.settings import Settings


def component(settings: Settings) -> Efs:
    subnets = {subnet.name: f"subnet-{subnet.name}" for subnet in settings.cloud.subnets}
    network = standing(vpc_id="vpc-1", subnet_ids=subnets)
    return Efs("efs", settings, network, standing(data_arn="arn:data"), standing(security_group_id="sg-cluster"))


def made(stack: str = "dev", **changes: Any) -> list[Resource]:
    settings = settings_of(stack, **changes)
    return record(lambda: component(settings), stack=stack)


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_there_is_one_way_in_from_every_zone_of_the_cluster(stack: str) -> None:
    cloud = plan_of(stack).cloud
    assert cloud is not None
    zone_of = {f"subnet-{subnet.name}": subnet for subnet in cloud.subnets}
    targets = of_kind(made(stack), "MountTarget")
    subnets = [zone_of[each.inputs["subnetId"]] for each in targets]
    # EFS refuses a second mount target in a zone.
    assert sorted(subnet.zone for subnet in subnets) == sorted(cloud.zones)
    assert not any(subnet.public or subnet.name == "gpu" for subnet in subnets)
    for each in targets:
        assert each.inputs["fileSystemId"] == "<efs/file-system.id>"
        assert each.inputs["securityGroups"] == ["<efs/security-group.id>"]


def test_only_nfs_from_the_cluster_passes() -> None:
    resources = made()
    (rule,) = of_kind(resources, "SecurityGroupIngressRule")
    assert rule.inputs["securityGroupId"] == "<efs/security-group.id>"
    assert rule.inputs["referencedSecurityGroupId"] == "sg-cluster"
    assert (rule.inputs["ipProtocol"], rule.inputs["fromPort"], rule.inputs["toPort"]) == ("tcp", 2049, 2049)
    assert of_kind(resources, "SecurityGroupEgressRule") == []
    group = only(resources, "SecurityGroup").inputs
    assert group["vpcId"] == "vpc-1"
    assert not {"ingress", "egress"} & set(group)


def test_it_is_encrypted_and_grows_and_rests_by_itself() -> None:
    inputs = only(made(), "FileSystem").inputs
    assert (inputs["encrypted"], inputs["kmsKeyId"]) == (True, "arn:data")
    assert inputs["throughputMode"] == "elastic"
    assert inputs["lifecyclePolicies"] == [{"transitionToIa": "AFTER_30_DAYS"}]
    assert inputs["tags"]["Name"] == "groundplan-dev-efs"


@pytest.mark.parametrize("keep", [True, False])
def test_it_is_protected_and_kept_while_data_is(keep: bool) -> None:
    options = only(made(keep_data=keep), "FileSystem").options
    assert (options.get("protect", False), options.get("retain_on_delete", False)) == (keep, keep)


def test_a_name_that_is_too_long_is_told_before_anything_is_made() -> None:
    with pytest.raises(InvalidInput, match="security group prefix"):
        record(lambda: component(renamed(settings_of("dev"), "x" * 300)))


def test_it_tells_its_id_and_arn() -> None:
    def program() -> None:
        efs = component(settings_of("dev"))
        pulumi.export("efs", [efs.file_system_id, efs.arn])

    assert run(program).outputs["efs"] == ["<efs/file-system.id>", "<efs/file-system.arn>"]
