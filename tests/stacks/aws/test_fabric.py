from __future__ import annotations

import pulumi
import pytest
from mocks import of_kind, only, record, run, settings_of, standing

from stacks.aws.fabric import Fabric
from stacks.aws.rules import InvalidInput
from stacks.expansion import Resource

OWN = "<fabric/security-group.id>"


def made() -> list[Resource]:
    return record(lambda: Fabric("fabric", settings_of("staging"), standing(vpc_id="vpc-1")), stack="staging")


def test_everything_passes_from_and_to_the_group_itself_and_nothing_else_does() -> None:
    resources = made()
    assert [each.kind for each in resources] == [
        "Fabric",
        "SecurityGroup",
        "SecurityGroupIngressRule",
        "SecurityGroupEgressRule",
    ]
    for kind in ("SecurityGroupIngressRule", "SecurityGroupEgressRule"):
        inputs = only(resources, kind).inputs
        assert (inputs["securityGroupId"], inputs["referencedSecurityGroupId"], inputs["ipProtocol"]) == (OWN, OWN, "-1")
        assert not {"cidrIpv4", "cidrIpv6", "prefixListId", "fromPort", "toPort"} & set(inputs)
    group = only(resources, "SecurityGroup").inputs
    assert (group["vpcId"], group["namePrefix"]) == ("vpc-1", "groundplan-staging-fabric-")
    assert not {"ingress", "egress"} & set(group), "rules stand apart: those of the group itself would take them back"


def test_everything_is_of_the_component_and_labelled() -> None:
    for each in made():
        assert each.component == "fabric"
        if each.custom:
            assert each.parent == "fabric"
            assert each.inputs["tags"]["component"] == "fabric"


def test_it_tells_the_group() -> None:
    def program() -> None:
        pulumi.export("group", Fabric("fabric", settings_of("staging"), standing(vpc_id="vpc-1")).security_group_id)

    assert run(program, stack="staging").outputs["group"] == OWN


def test_a_name_that_aws_refuses_is_refused_before_anything_is_made() -> None:
    before: list[Resource] = []

    def program() -> None:
        with pytest.raises(InvalidInput, match="security group prefix"):
            Fabric("x" * 250, settings_of("staging"), standing(vpc_id="vpc-1"))

    before = record(program, stack="staging")
    assert of_kind(before, "Fabric") == []
    assert before == []
