"""The policy pack in the real engine: each policy blocks what is planted against it. A provider double, no live account.

That the pack passes the three environments is in test_environments.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Run, Stack

from planner.plan import Plan
from stacks.policy.__main__ import EACH, STACK

pytestmark = pytest.mark.engine

# Changes inputs on their way to the engine: what a careless change of the program would do.
SPOIL = """

def spoil(args):
    props, opts = dict(args.props), args.opts
    kind = args.type_.rpartition(":")[2]
{plants}
    return pulumi.ResourceTransformResult(props=props, opts=opts)


pulumi.runtime.register_resource_transform(spoil)
"""


def allowing(key: str, statement: str) -> str:
    """Write a policy that allows a statement into an input."""
    return f"""props["{key}"] = '{{"Version": "2012-10-17", "Statement": [{{"Sid": "P", "Effect": "Allow", {statement}}}]}}'"""


# policy -> the condition on the resource, and what is changed
EACH_PLANTS = {
    "subnets-as-planned": ('args.name == "network-gpu" and kind == "Subnet"', 'props["cidrBlock"] = "10.30.0.0/20"'),
    "capacity-as-planned": ('args.name == "gpu-launch-template"', 'props.pop("capacityReservationSpecification")'),
    "efa-interfaces-as-planned": (
        'args.name == "gpu-launch-template"',
        'props["networkInterfaces"] = list(props["networkInterfaces"])[:-1]',
    ),
    "lustre-efa-as-planned": ('kind == "LustreFileSystem"', 'props["efaEnabled"] = False'),
    "encrypted-at-rest": (
        'args.type_.endswith("efs/fileSystem:FileSystem")',
        'props["encrypted"] = False; props.pop("kmsKeyId")',
    ),
    "cluster-endpoint-private": (
        'args.type_.endswith("eks/cluster:Cluster")',
        'props["vpcConfig"] = {**props["vpcConfig"], "endpointPublicAccess": True}',
    ),
    "no-public-addresses": (
        'args.name == "network-public-use2-az1" and kind == "Subnet"',
        'props["mapPublicIpOnLaunch"] = True',
    ),
    "no-ingress-from-outside": ('args.name == "network-endpoints-in"', 'props["cidrIpv4"] = "0.0.0.0/0"'),
    "no-public-bucket": ('kind == "BucketPublicAccessBlock"', 'props["blockPublicAcls"] = False'),
    "no-wildcard-permissions": (
        'args.name == "identity-training" and kind == "RolePolicy"',
        allowing("policy", '"Action": "s3:*", "Resource": "*"'),
    ),
    "no-wildcard-access": (
        'kind == "BucketPolicy"',
        allowing("policy", '"Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/x"'),
    ),
    "no-open-trust": (
        'args.name == "identity-node" and kind == "Role"',
        allowing("assumeRolePolicy", '"Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"'),
    ),
    "no-administrator-policies": (
        'kind == "RolePolicyAttachment"',
        'props["policyArn"] = "arn:aws:iam::aws:policy/AdministratorAccess"',
    ),
    "required-tags": ('kind == "InternetGateway"', 'props.pop("tags")'),
    "required-machine-tags": ('args.name == "management-launch-template"', 'props.pop("tagSpecifications")'),
    "data-protected": ('kind == "Key"', "opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=False))"),
    "planned-machines-only": ('args.name == "preparation-launch-template"', 'props["instanceType"] = "c7i.48xlarge"'),
    "sizes-within-plan": ('kind == "LustreFileSystem"', 'props["storageCapacity"] = 19200'),
    "budget-within-plan": ('args.type_.endswith("budgets/budget:Budget")', 'props["limitAmount"] = "9999999"'),
    "planned-region-only": ('kind == "Workspace"', 'props["region"] = "us-west-2"'),
    "no-copies-elsewhere": ('args.name == "keys-data" and kind == "Key"', 'props["multiRegion"] = True'),
}
STACK_PLANTS = {
    "one-gpu-zone": ('kind == "CapacityReservation"', 'props["availabilityZone"] = "us-east-2c"'),
    "placed-together": ('kind == "PlacementGroup"', 'props["strategy"] = "spread"'),
    "capacity-type-as-planned": ('args.name == "gpu-node-group"', 'props["capacityType"] = "SPOT"'),
    "efa-security-group": (
        'args.name.startswith("fabric-") and kind == "SecurityGroupEgressRule"',
        'props.update(ipProtocol="tcp", fromPort=443, toPort=443)',
    ),
    "node-counts-within-plan": (
        'args.name == "management-node-group"',
        'props["scalingConfig"] = {**props["scalingConfig"], "maxSize": 9}',
    ),
    "reservations-within-plan": ('kind == "CapacityReservation"', 'props["instanceCount"] = 9'),
    "data-repositories-own": ('kind == "DataRepositoryAssociation"', 'props["dataRepositoryPath"] = "s3://another-bucket"'),
}
# What leaves a resource without its companion: the file, and the place where it names it.
ALONE_PLANTS = {
    "buckets-encrypted": ("buckets", "bucket=bucket.bucket,\n            rules=[\n                aws.s3.BucketServerSide"),
    "buckets-blocked": ("buckets", "bucket=bucket.bucket,\n            block_public_acls"),
    "logs-in-own-groups": ("network", "log_destination=log.arn"),
}
LITERALS = {
    "bucket=bucket.bucket": 'bucket="another-bucket"',
    "log_destination=log.arn": 'log_destination="arn:aws:logs:us-east-2:111122223333:log-group:elsewhere"',
}
# More of a kind than planned, and a kind that no plan has: made beside the program's own.
MORE = """

def more():
    import pulumi_aws
    pulumi_aws.kms.Key("one-too-many", enable_key_rotation=True, opts=pulumi.ResourceOptions(protect=True))
"""


@pytest.fixture(scope="module")
def fresh(new_stack: Callable[..., Stack]) -> Stack:
    return new_stack("staging")


def preview(stack: Stack) -> Run:
    return stack.preview("--policy-pack", str(stack.project / "stacks" / "policy"))


def plant(stack: Stack, code: str, call: str = "") -> None:
    program = stack.project / "stacks" / "__main__.py"
    text = program.read_text(encoding="utf-8")
    before, entry, after = text.partition('\n\nif __name__ == "__main__":')
    assert entry
    program.write_text(before + code + entry + after.replace("sys.exit(", f"{call}sys.exit(", 1), encoding="utf-8")


def spoiled(plants: dict[str, tuple[str, str]]) -> str:
    return SPOIL.format(plants="\n".join(f"    if {condition}:\n        {change}" for condition, change in plants.values()))


def blocked(run: Run, policies: set[str]) -> None:
    assert run.code != 0
    silent = sorted(each for each in policies if each not in run.text)
    assert silent == [], run.text[-6000:]


def test_each_policy_on_a_resource_blocks_its_violation(fresh: Stack, tmp_path: Path) -> None:
    stack = fresh.branch(tmp_path / "branch")
    plant(stack, spoiled(EACH_PLANTS))
    blocked(preview(stack), set(EACH_PLANTS))


def test_each_policy_on_the_whole_blocks_its_violation(fresh: Stack, tmp_path: Path) -> None:
    stack = fresh.branch(tmp_path / "branch")
    plant(stack, spoiled(STACK_PLANTS))
    blocked(preview(stack), set(STACK_PLANTS))


@pytest.mark.parametrize("policy", ALONE_PLANTS)
def test_what_stands_alone_is_blocked(policy: str, fresh: Stack, tmp_path: Path) -> None:
    stack = fresh.branch(tmp_path / "branch")
    file, old = ALONE_PLANTS[policy]
    path = stack.project / "stacks" / "aws" / f"{file}.py"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    new = old
    for reference, literal in LITERALS.items():
        new = new.replace(reference, literal)
    path.write_text(text.replace(old, new), encoding="utf-8")
    blocked(preview(stack), {policy})


def test_one_more_than_planned_is_blocked(fresh: Stack, tmp_path: Path) -> None:
    stack = fresh.branch(tmp_path / "branch")
    plant(stack, MORE, "more(); ")
    blocked(preview(stack), {"counts-within-plan"})


def test_a_kind_that_no_plan_has_is_blocked(fresh: Stack, tmp_path: Path) -> None:
    stack = fresh.branch(tmp_path / "branch")
    made = 'pulumi.ComponentResource("elsewhere:index:Thing", "thing")'
    plant(stack, f"\n\ndef more():\n    {made}\n", "more(); ")
    blocked(preview(stack), {"planned-kinds-only"})


def test_a_plan_that_breaks_its_own_limits_is_blocked(fresh: Stack, tmp_path: Path) -> None:
    """Cost and country are the plan's own: an edited plan that is whole in itself."""
    stack = fresh.branch(tmp_path / "branch")
    path = stack.project / "plans" / "staging.json"
    plan = Plan.from_json(path.read_text(encoding="utf-8"))
    assert plan.cloud is not None
    dear = plan.cloud.model_copy(update={"monthly_usd": 9e9, "country": "FR"})
    plan = plan.model_copy(update={"cloud": dear})
    path.write_text(plan.model_copy(update={"checksum": plan.content_checksum()}).to_json(), encoding="utf-8")
    blocked(preview(stack), {"cost-within-budget", "country-allowed"})


def test_an_edited_plan_is_blocked_even_where_the_program_looks_away(fresh: Stack, tmp_path: Path) -> None:
    stack = fresh.branch(tmp_path / "branch")
    settings = stack.project / "stacks" / "settings.py"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("    reasons += found\n", "    reasons += []\n", 1), encoding="utf-8")
    assert settings.read_text(encoding="utf-8") != text
    path = stack.project / "plans" / "staging.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"logs_kept_days": 365', '"logs_kept_days": 366'), encoding="utf-8"
    )
    blocked(preview(stack), {"plan-as-reviewed"})


def test_no_policy_is_without_its_violation() -> None:
    planted = {*EACH_PLANTS, *STACK_PLANTS, *ALONE_PLANTS}
    planted |= {"counts-within-plan", "planned-kinds-only", "cost-within-budget", "country-allowed"}
    assert {*EACH, *STACK} - planted == set()
