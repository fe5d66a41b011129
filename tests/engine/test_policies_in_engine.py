"""The policy pack in the real engine: each policy blocks what is planted against it. A provider double, no live account.

That the pack passes the three environments is in test_environments.py. What is read is the engine's own record of each
violation, not its text: there a policy is also named when it only says that it must wait for a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from environments import Standing, name_of, plan_file, policy_pack, rewrite
from harness import Run, Stack

from planner.plan import Plan
from stacks.policy.__main__ import EACH, STACK

pytestmark = pytest.mark.engine

# Changes inputs on their way to the engine: what a careless change of the program would do.
SPOIL = """

import pulumi_aws as aws


def spoil(args):
    props, opts, name = dict(args.props), args.opts, args.name
    kind = args.type_.rpartition(":")[2]
{plants}
    return pulumi.ResourceTransformResult(props=props, opts=opts)


pulumi.runtime.register_resource_transform(spoil)
"""


@dataclass(frozen=True)
class Plant:
    """A violation: of which resource, what is changed, and what the policy says about it."""

    kind: str
    name: str
    change: str
    says: str


def allowing(key: str, statement: str) -> str:
    """Write a policy that allows a statement into an input."""
    return f"""props["{key}"] = '{{"Version": "2012-10-17", "Statement": [{{"Sid": "P", "Effect": "Allow", {statement}}}]}}'"""


ELSEWHERE = "arn:aws:logs:us-east-2:111122223333:log-group:elsewhere"
ON_EACH = {
    "subnets-as-planned": Plant(
        "Subnet", "network-cluster-use2-az2", 'props["availabilityZoneId"] = "use2-az3"', "is use2-az3, the plan puts"
    ),
    "capacity-as-planned": Plant(
        "LaunchTemplate", "gpu-launch-template", 'props.pop("capacityReservationSpecification")', "targets no reservation"
    ),
    "efa-interfaces-as-planned": Plant(
        "LaunchTemplate",
        "gpu-launch-template",
        'props["networkInterfaces"] = list(props["networkInterfaces"])[:-1]',
        "missing: efa-only on card 31 device 0",
    ),
    "lustre-efa-as-planned": Plant(
        "LustreFileSystem", "lustre-file-system", 'props["efaEnabled"] = False', "has EFA off, the plan says on"
    ),
    "encrypted-at-rest": Plant("LogGroup", "cluster-log-group", 'props.pop("kmsKeyId")', "kmsKeyId is no key"),
    "cluster-endpoint-private": Plant(
        "Cluster",
        "cluster-cluster",
        'props["vpcConfig"] = {**props["vpcConfig"], "endpointPublicAccess": True}',
        "is public for everywhere",
    ),
    "no-public-addresses": Plant(
        "Subnet", "network-public-use2-az1", 'props["mapPublicIpOnLaunch"] = True', "mapPublicIpOnLaunch is True"
    ),
    "no-ingress-from-outside": Plant(
        "SecurityGroupIngressRule", "network-endpoints-in", 'props["cidrIpv4"] = "0.0.0.0/0"', "lets in 0.0.0.0/0"
    ),
    "no-public-bucket": Plant(
        "BucketPublicAccessBlock", "buckets-data", 'props["blockPublicAcls"] = False', "blockPublicAcls is False"
    ),
    "no-wildcard-permissions": Plant(
        "RolePolicy",
        "identity-training",
        allowing("policy", '"Action": "s3:*", "Resource": "arn:aws:s3:::b/x"'),
        "allows action s3:*",
    ),
    "no-wildcard-access": Plant(
        "BucketPolicy",
        "buckets-data",
        allowing("policy", '"Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/x"'),
        "allows principal *",
    ),
    "no-open-trust": Plant(
        "Role",
        "identity-node",
        allowing("assumeRolePolicy", '"Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"'),
        "allows principal *",
    ),
    "no-administrator-policies": Plant(
        "RolePolicyAttachment",
        "identity-node-AmazonSSMManagedInstanceCore",
        'props["policyArn"] = "arn:aws:iam::aws:policy/AdministratorAccess"',
        "allows far more than a factory needs",
    ),
    "required-tags": Plant(
        "InternetGateway",
        "network-internet-gateway",
        'props["tags"] = {key: each for key, each in props["tags"].items() if key != "owner"}',
        "tags has owner=None, the plan wants owner=platform",
    ),
    "required-machine-tags": Plant(
        "LaunchTemplate",
        "management-launch-template",
        'props["tagSpecifications"] = [each for each in props["tagSpecifications"] if each["resourceType"] != "volume"]',
        "tagSpecifications for volume has owner=None",
    ),
    "data-protected": Plant(
        "Key",
        "keys-logs",
        "opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=False))",
        "holds data and is not protected",
    ),
    "planned-machines-only": Plant(
        "LaunchTemplate",
        "preparation-launch-template",
        'props["blockDeviceMappings"] = [{**each, "ebs": {**each["ebs"], "volumeSize": 5000}} '
        'for each in props["blockDeviceMappings"]]',
        "has volumes of 5000 GiB",
    ),
    "sizes-within-plan": Plant(
        "LustreFileSystem", "lustre-file-system", 'props["storageCapacity"] = 19200', "19200 GiB, the plan has 9600"
    ),
    "budget-within-plan": Plant(
        "Budget", "budget-monthly", 'props["limitAmount"] = "9999999"', "has a limit of 9999999 USD MONTHLY"
    ),
    "planned-region-only": Plant(
        "Workspace", "observability-workspace", 'props["region"] = "us-west-2"', "region is us-west-2"
    ),
    "no-copies-elsewhere": Plant("Key", "keys-data", 'props["multiRegion"] = True', "multiRegion is true"),
    # A component needs no provider that knows it.
    "planned-kinds-only": Plant("", "", 'pulumi.ComponentResource("elsewhere:index:Thing", "thing")', "elsewhere:index:Thing"),
}
ON_STACK = {
    "one-gpu-zone": Plant(
        "CapacityReservation", "gpu-capacity-reservation", 'props["availabilityZone"] = "us-east-2c"', "is in zone us-east-2c"
    ),
    "placed-together": Plant("PlacementGroup", "gpu-placement-group", 'props["strategy"] = "spread"', "with strategy spread"),
    "capacity-type-as-planned": Plant(
        "NodeGroup",
        "preparation-node-group",
        'props["capacityType"] = "SPOT"',
        "NodeGroup preparation-node-group has capacity type SPOT",
    ),
    "efa-security-group": Plant(
        "SecurityGroupEgressRule",
        "fabric-out",
        'props.update(ipProtocol="tcp", fromPort=443, toPort=443)',
        "LaunchTemplate gpu-launch-template is in no security group",
    ),
    "node-counts-within-plan": Plant(
        "NodeGroup",
        "management-node-group",
        'props["scalingConfig"] = {**props["scalingConfig"], "maxSize": 9}',
        "NodeGroup management-node-group may grow to 9",
    ),
    "reservations-within-plan": Plant(
        "CapacityReservation", "gpu-capacity-reservation", 'props["instanceCount"] = 9', "reserve 9 of p5.48xlarge"
    ),
    "data-repositories-own": Plant(
        "DataRepositoryAssociation",
        "lustre-data",
        'props["dataRepositoryPath"] = "s3://another-bucket"',
        "links s3://another-bucket",
    ),
    "counts-within-plan": Plant(
        "",
        "",
        'aws.ec2.Eip("one-too-many", domain="vpc", tags={**settings.tags("network"), "Name": "x"})',
        "one-too-many",
    ),
}
# What no longer names its companion. Written into the program itself: an input that is only changed on its way still counts as
# made from what the program had named.
ALONE = {
    "buckets-encrypted": (
        "buckets",
        ("ServerSideEncryptionConfiguration(", "bucket=bucket.bucket,", 'bucket="another-bucket",'),
        "Bucket buckets-data has no encryption configuration",
    ),
    "buckets-blocked": (
        "buckets",
        ("BucketPublicAccessBlock(", "bucket=bucket.bucket,", 'bucket="another-bucket",'),
        "Bucket buckets-data has no public access block",
    ),
    "logs-in-own-groups": (
        "network",
        ("FlowLog(", "log_destination=log.arn,", f'log_destination="{ELSEWHERE}",'),
        "log-group:elsewhere, which is no log group of this stack",
    ),
}
# What is wrong with the plan itself, though it is whole: it costs more than the factory may, in a country it may not be in.
ON_PLAN = {"cost-within-budget": "its budget.monthly is 1.00 USD", "country-allowed": "allowed_countries are FR"}


def plant(stack: Stack, plants: Mapping[str, Plant]) -> None:
    """Add violations to the program: changes of inputs, and what is made beside the program's own."""
    changes = "\n".join(
        f'    if kind == "{each.kind}" and name == "{each.name}":\n        {each.change}'
        for each in plants.values()
        if each.kind
    )
    path = stack.project / "stacks" / "__main__.py"
    text = path.read_text(encoding="utf-8")
    for old, new in (
        ("\n\ndef program() -> None:", SPOIL.format(plants=changes) + "\n\ndef program() -> None:"),
        *(
            ('    Budget("budget", settings)\n', f'    Budget("budget", settings)\n    {each.change}\n')
            for each in plants.values()
            if not each.kind
        ),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def plant_alone(stack: Stack) -> None:
    for file, (after, old, new), _ in ALONE.values():
        path = stack.project / "stacks" / "aws" / f"{file}.py"
        before, anchor, rest = path.read_text(encoding="utf-8").partition(after)
        assert anchor
        assert old in rest
        path.write_text(before + anchor + rest.replace(old, new, 1), encoding="utf-8")


def violations(run: Run) -> dict[str, list[tuple[str, str]]]:
    """Return what stopped the engine: policy -> resource and message of each violation."""
    found: dict[str, list[tuple[str, str]]] = {}
    for event in (each["policyEvent"] for each in run.events if "policyEvent" in each):
        if event["enforcementLevel"] == "mandatory":
            found.setdefault(event["policyName"], []).append((name_of(event["resourceUrn"]), event["message"]))
    return found


@pytest.fixture(scope="module")
def fresh(new_stack: Callable[..., Stack]) -> Stack:
    return new_stack("staging")


def previewed(stack: Stack) -> Run:
    return stack.preview(*policy_pack(stack))


@pytest.fixture(scope="module")
def each_planted(fresh: Stack, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Preview with every violation that one resource can show."""
    stack = fresh.branch(tmp_path_factory.mktemp("each") / "branch")
    plant(stack, ON_EACH)
    return previewed(stack)


@pytest.fixture(scope="module")
def all_planted(fresh: Stack, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Preview with every violation that only all resources together show, and with a plan that breaks its own limits."""
    stack = fresh.branch(tmp_path_factory.mktemp("all") / "branch")
    plant(stack, ON_STACK)
    plant_alone(stack)
    spoil_plan(stack)
    return previewed(stack)


def spoil_plan(stack: Stack) -> None:
    def change(plan: Plan) -> dict[str, object]:
        factory = plan.factory
        limits = {
            "budget": factory.budget.model_copy(update={"monthly_usd": 1.0}),
            "sovereignty": factory.sovereignty.model_copy(update={"allowed_countries": ("FR",)}),
        }
        return {"factory": factory.model_copy(update=limits)}

    rewrite(stack, change)


@pytest.mark.parametrize("policy", ON_EACH)
def test_a_resource_that_violates_a_policy_is_blocked_by_it_and_no_other_is(policy: str, each_planted: Run) -> None:
    assert each_planted.code != 0
    found, planted = violations(each_planted).get(policy, []), ON_EACH[policy]
    assert {name for name, _ in found} == {planted.name or "thing"}
    assert planted.says in "\n".join(message for _, message in found)


SAYS = {
    **{policy: planted.says for policy, planted in ON_STACK.items()},
    **{policy: says for policy, (_, _, says) in ALONE.items()},
    **ON_PLAN,
}


@pytest.mark.parametrize("policy", SAYS)
def test_a_stack_that_violates_a_policy_is_blocked_by_it(policy: str, all_planted: Run) -> None:
    assert all_planted.code != 0
    assert SAYS[policy] in "\n".join(message for _, message in violations(all_planted).get(policy, []))


def test_nothing_is_blocked_that_was_not_planted(each_planted: Run, all_planted: Run) -> None:
    assert set(violations(each_planted)) == set(ON_EACH)
    assert set(violations(all_planted)) == set(SAYS)


def test_an_edited_plan_is_blocked_even_where_the_program_looks_away(fresh: Stack, tmp_path: Path) -> None:
    stack = fresh.branch(tmp_path / "branch")
    settings = stack.project / "stacks" / "settings.py"
    text = settings.read_text(encoding="utf-8")
    assert text.count("    reasons += found\n") == 1
    settings.write_text(text.replace("    reasons += found\n", ""), encoding="utf-8")
    plan = plan_file(stack).read_text(encoding="utf-8")
    assert plan.count('"logs_kept_days": 365') == 1
    plan_file(stack).write_text(plan.replace('"logs_kept_days": 365', '"logs_kept_days": 366'), encoding="utf-8")
    run = previewed(stack)
    assert run.code != 0
    found = violations(run)
    assert set(found) == {"plan-as-reviewed"}
    assert all("the file was edited" in message for _, message in found["plan-as-reviewed"])


def test_an_update_makes_nothing_of_what_a_policy_blocks(fresh: Stack, tmp_path: Path) -> None:
    """Not only a preview stops: the cluster with a public endpoint is never asked for."""
    stack = fresh.branch(tmp_path / "branch")
    policy = "cluster-endpoint-private"
    plant(stack, {policy: ON_EACH[policy]})
    run = stack.up(*policy_pack(stack))
    assert run.code != 0
    assert set(violations(run)) == {policy}
    assert "cluster-cluster" not in {name for _, name in stack.calls("ok", "failed", "half", "slow")}


def test_no_policy_is_without_its_violation() -> None:
    assert {*ON_EACH} == {*EACH}
    assert {*SAYS} == {*STACK}


def test_the_environments_pass_every_policy(standing: Callable[[str], Standing]) -> None:
    """In the preview and in the update each policy was asked, and each that had to wait for a value has had it."""
    for environment in ("dev", "staging", "prod"):
        for run in (standing(environment).preview, standing(environment).up):
            assert violations(run) == {}
        asked = {
            name
            for event in standing(environment).up.events
            for kind in ("policyAnalyzeSummaryEvent", "policyAnalyzeStackSummaryEvent")
            for name in event.get(kind, {}).get("passed", ())
        }
        assert asked == {*EACH, *STACK, "plan-as-reviewed"}
        assert [each for each in standing(environment).up.events if "policyEvent" in each] == [], "nothing was left open"
