"""The stand-in for the engine tells what was asked for, as the engine would be asked."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pytest
from mocks import only, record, run

from stacks.expansion import UNKNOWN, Expansion, Secret


class Site(pulumi.ComponentResource):
    def __init__(self, name: str, secret: str = "") -> None:
        super().__init__("test:aws:Site", name)
        child = pulumi.ResourceOptions(parent=self)
        vpc = aws.ec2.Vpc(f"{name}-vpc", cidr_block="10.0.0.0/16", opts=child)
        subnet = aws.ec2.Subnet(f"{name}-gpu", vpc_id=vpc.id, opts=child)
        self.cluster = aws.eks.Cluster(
            f"{name}-cluster", role_arn="arn:role", vpc_config=aws.eks.ClusterVpcConfigArgs(subnet_ids=[subnet.id]), opts=child
        )
        self.template = aws.ec2.LaunchTemplate(
            f"{name}-template",
            instance_type="p5.48xlarge",
            vpc_security_group_ids=[self.cluster.vpc_config.cluster_security_group_id],
            key_name=pulumi.Output.secret(secret) if secret else None,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=True,
                retain_on_delete=True,
                delete_before_replace=True,
                ignore_changes=["instance_type"],
                replace_on_changes=["user_data"],
                depends_on=[vpc],
            ),
        )
        self.register_outputs({})


def both(known: bool = True) -> Expansion:
    def program() -> None:
        site = Site("site")
        pulumi.export("version", site.template.latest_version.apply(str))
        pulumi.export("ca", site.cluster.certificate_authority.data)

    return run(program, known=known)


def test_resources_have_inputs_with_placeholders_for_what_others_give() -> None:
    resources = list(both().resources)
    assert [each.label for each in resources] == [
        "site",
        "site/vpc",
        "site/gpu-subnet",
        "site/cluster",
        "site/template",
    ]
    assert only(resources, "Subnet").inputs == {"vpcId": "<site/vpc.id>"}
    template = only(resources, "LaunchTemplate")
    assert template.inputs["vpcSecurityGroupIds"] == ["<site/cluster.vpcConfig.clusterSecurityGroupId>"]
    assert (template.parent, template.component, template.custom) == ("site", "site", True)


def test_options_are_told_and_dependencies_that_no_input_shows() -> None:
    assert only(list(both().resources), "LaunchTemplate").options == {
        "protect": True,
        "retain_on_delete": True,
        "delete_before_replace": True,
        "ignore_changes": ["instanceType"],
        "replace_on_changes": ["userData"],
        "depends_on": ["site/vpc"],
    }


def test_outputs_are_known_after_an_update_and_unknown_in_the_first_preview() -> None:
    assert both().outputs == {"version": "1", "ca": "<site/cluster.certificateAuthority.data>"}
    first = both(known=False)
    assert first.outputs == {"version": UNKNOWN, "ca": UNKNOWN}
    assert only(list(first.resources), "LaunchTemplate").inputs["vpcSecurityGroupIds"] == [UNKNOWN]


def test_the_same_program_gives_the_same() -> None:
    assert both() == both()


def test_secrets_are_told_apart_and_never_shown() -> None:
    template = only(record(lambda: Site("site", secret="hush")), "LaunchTemplate")  # noqa: S106
    assert template.inputs["keyName"] == Secret("hush")
    assert "hush" not in repr(template)


def test_one_stack_knows_nothing_of_another() -> None:
    def told() -> None:
        pulumi.export("stack", f"{pulumi.get_project()}/{pulumi.get_stack()}/{pulumi.Config('groundplan').get('x')}")

    assert run(told, stack="prod", config={"groundplan:x": "1"}).outputs == {"stack": "groundplan/prod/1"}
    assert run(told, stack="dev").outputs == {"stack": "groundplan/dev/None"}


def test_two_resources_of_a_name_are_refused_as_the_engine_refuses_them() -> None:
    with pytest.raises(ValueError, match="two resources have the URN urn:pulumi:dev::groundplan::aws:ec2/vpc:Vpc::twice"):
        record(lambda: (aws.ec2.Vpc("twice"), aws.ec2.Vpc("twice")))


def test_an_error_of_the_program_is_raised_also_from_inside_an_apply() -> None:
    def program() -> None:
        pulumi.export("never", aws.ec2.Vpc("vpc").id.apply(lambda _: 1 / 0))

    with pytest.raises(ZeroDivisionError):
        run(program)


def test_the_cloud_is_asked_for_nothing_but_the_account() -> None:
    account = run(lambda: pulumi.export("account", aws.get_caller_identity_output().account_id))
    assert account.outputs == {"account": "<account>"}
    with pytest.raises(NotImplementedError, match="getAvailabilityZones"):
        run(lambda: pulumi.export("zones", aws.get_availability_zones_output().names))


def test_warnings_are_kept_and_chatter_is_not() -> None:
    def program() -> None:
        aws.ec2.Vpc("vpc")
        pulumi.log.debug("chatter")
        pulumi.log.warn("mind the step")

    assert run(program).log == ("mind the step",)
