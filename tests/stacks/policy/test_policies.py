"""Every policy blocks what is planted against it, and passes the stack as planned and the neighbours of violations."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from stacks.policy.__main__ import EACH, STACK

# Importing the provider's storage module deprecates classes that nobody here uses.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated in favor of:DeprecationWarning")

Change = Callable[[Any], object]


def put(name: str, path: str, value: Any) -> Change:
    """Set a value of a resource; None takes it out."""

    def change(world: Any) -> None:
        *way, last = path.split(".")
        holder = world[name].inputs
        for key in way:
            holder = holder[int(key)] if isinstance(holder, list) else holder[key]
        given = [each(world) if callable(each) else each for each in value] if isinstance(value, list) else value
        given = given(world) if callable(given) else given
        key = int(last) if isinstance(holder, list) else last
        if given is None:
            del holder[key]
        else:
            holder[key] = given

    return change


def add(kind: str, protect: bool = False, **inputs: Any) -> Change:
    def change(world: Any) -> None:
        given = {key: value(world) if callable(value) else value for key, value in inputs.items()}
        world.add("extra", kind, given, protect=protect)

    return change


def remove(name: str) -> Change:
    return lambda world: world.pop(name)


def unprotect(name: str) -> Change:
    return lambda world: setattr(world[name], "protect", False)


def ref(name: str, what: str = "id") -> Callable[[Any], Any]:
    return lambda world: world.ref(name, what)


def when(comparison: str, key: str) -> dict[str, Any]:
    return {f"String{comparison}": {f"kms:{key}": "111122223333"}}


def allow(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "Planted", "Effect": "Allow", **statement}]})


POLICY = "aws:iam/policy:Policy"
SUBNET = "aws:ec2/subnet:Subnet"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
CIDR = "10.30.0.0/19"

# Policy, what is changed, and what the message says: the resource, the value, the plan's limit.
VIOLATIONS: list[tuple[str, Change, list[str]]] = [
    ("subnets-as-planned", put("gpu", "cidrBlock", "10.99.0.0/24"), ["Subnet gpu", "10.99.0.0/24", CIDR]),
    ("subnets-as-planned", put("gpu", "availabilityZoneId", "use2-az2"), ["Subnet gpu", "use2-az2", "use2-az1"]),
    ("subnets-as-planned", put("gpu", "availabilityZoneId", None), ["Subnet gpu", "zone id use2-az1"]),
    (
        "one-gpu-zone",
        put("gpu-nodes", "subnetIds", [ref("gpu"), ref("cluster-use2-az1")]),
        ["NodeGroup gpu-nodes", "2 subnets"],
    ),
    (
        "one-gpu-zone",
        put("gpu-nodes", "subnetIds.0", ref("cluster-use2-az2")),
        ["gpu-nodes", "use2-az2", f"({CIDR} in use2-az1)"],
    ),
    (
        "one-gpu-zone",
        put("gpu-nodes", "subnetIds.0", "subnet-elsewhere"),
        ["gpu-nodes", "subnet-elsewhere", "no subnet of this"],
    ),
    ("one-gpu-zone", put("lustre", "subnetIds", ref("cluster-use2-az1")), ["LustreFileSystem lustre", "10.30.32.0/21", CIDR]),
    ("one-gpu-zone", put("reservation", "availabilityZone", "us-east-2b"), ["CapacityReservation reservation", "us-east-2b"]),
    (
        "one-gpu-zone",
        put("reservation", "availabilityZone", ref("cluster-use2-az2", "availabilityZone")),
        ["CapacityReservation reservation", "use2-az1"],
    ),
    ("placed-together", put("gpu-template", "placement", None), ["LaunchTemplate gpu-template", "no placement group"]),
    ("placed-together", put("placement", "strategy", "spread"), ["gpu-template", "strategy spread", "cluster"]),
    ("capacity-as-planned", put("gpu-template", "capacityReservationSpecification", None), ["gpu-template", "no reservation"]),
    (
        "capacity-as-planned",
        put("gpu-template", "instanceMarketOptions", {"marketType": "capacity-block"}),
        ["gpu-template", "capacity-block", "reservation"],
    ),
    ("capacity-type-as-planned", put("gpu-nodes", "capacityType", "SPOT"), ["NodeGroup gpu-nodes", "SPOT", "ON_DEMAND"]),
    ("efa-interfaces-as-planned", put("gpu-template", "networkInterfaces.32", None), ["32 network", "33", "card 31 device 0"]),
    (
        "efa-interfaces-as-planned",
        put("gpu-template", "networkInterfaces.5.interfaceType", "interface"),
        ["missing: efa-only on card 4 device 0", "not planned: interface on card 4 device 0"],
    ),
    (
        "efa-interfaces-as-planned",
        put("gpu-template", "networkInterfaces", None),
        ["gpu-template", "0 network interfaces", "33"],
    ),
    (
        "efa-interfaces-as-planned",
        put("management-template", "networkInterfaces", [{"interfaceType": "efa"}]),
        ["management-template", "m7i.2xlarge"],
    ),
    ("lustre-efa-as-planned", put("lustre", "efaEnabled", None), ["lustre has EFA off", "the plan says on"]),
    ("efa-security-group", remove("efa-egress"), ["LaunchTemplate gpu-template", "refers to itself"]),
    ("efa-security-group", remove("efa-ingress"), ["LustreFileSystem lustre", "refers to itself"]),
    ("efa-security-group", put("efa-ingress", "ipProtocol", "tcp"), ["gpu-template", "refers to itself"]),
    ("efa-security-group", put("efa-egress", "referencedSecurityGroupId", "sg-other"), ["gpu-template", "refers to itself"]),
    (
        "efa-security-group",
        put("gpu-template", "networkInterfaces.7.securityGroups", ["sg-1"]),
        ["network interface 7", "sg-1"],
    ),
    (
        "efa-security-group",
        put("gpu-template", "networkInterfaces.7.securityGroups", [ref("cluster", "securityGroup")]),
        ["network interface 7"],
    ),
    ("efa-security-group", put("gpu-template", "networkInterfaces.7.securityGroups", None), ["network interface 7", "none"]),
    ("encrypted-at-rest", put("gpu-template", "blockDeviceMappings.0.ebs.encrypted", "false"), ["gpu-template", "false"]),
    ("encrypted-at-rest", put("gpu-template", "blockDeviceMappings.0.ebs.kmsKeyId", None), ["gpu-template", "no key"]),
    ("encrypted-at-rest", put("gpu-template", "blockDeviceMappings", None), ["gpu-template", "no volume"]),
    ("encrypted-at-rest", put("efs", "encrypted", None), ["FileSystem efs", "encrypted is None"]),
    ("encrypted-at-rest", put("efs", "kmsKeyId", None), ["FileSystem efs", "no key"]),
    ("encrypted-at-rest", put("lustre", "kmsKeyId", None), ["lustre", "no key"]),
    ("encrypted-at-rest", put("lustre", "kmsKeyId", "arn:aws:kms:eu-west-1:1:key/x"), ["lustre", "eu-west-1", "us-east-2"]),
    ("encrypted-at-rest", put("cluster", "encryptionConfig", None), ["Cluster cluster", "no key"]),
    ("encrypted-at-rest", put("cluster", "encryptionConfig.resources", []), ["Cluster cluster", "secrets must be"]),
    ("encrypted-at-rest", put("flow-logs", "kmsKeyId", None), ["LogGroup flow-logs", "no key"]),
    ("encrypted-at-rest", put("prometheus", "kmsKeyArn", "alias/aws/aps"), ["Workspace prometheus", "alias/aws/aps"]),
    ("encrypted-at-rest", put("data-key", "enableKeyRotation", False), ["Key data-key", "False"]),
    (
        "encrypted-at-rest",
        put("data-sse", "rules.0.applyServerSideEncryptionByDefault.sseAlgorithm", "AES256"),
        ["data-sse", "AES256", "aws:kms"],
    ),
    (
        "encrypted-at-rest",
        put("data-sse", "rules.0.applyServerSideEncryptionByDefault.kmsMasterKeyId", None),
        ["data-sse", "no key"],
    ),
    ("encrypted-at-rest", put("data-sse", "rules", []), ["data-sse has no rule"]),
    ("buckets-encrypted", remove("data-sse"), ["Bucket data has no encryption"]),
    ("logs-in-own-groups", put("flows", "logDestination", "arn:aws:logs:x"), ["FlowLog flows", "arn:aws:logs:x"]),
    ("logs-in-own-groups", put("lustre", "logConfiguration.destination", "arn:aws:logs:y"), ["lustre", "arn:aws:logs:y"]),
    ("logs-in-own-groups", remove("cluster-logs"), ["Cluster cluster", "/aws/eks/groundplan-staging/cluster"]),
    ("cluster-endpoint-private", put("cluster", "vpcConfig.endpointPublicAccess", None), ["Cluster cluster", "left out"]),
    ("cluster-endpoint-private", put("cluster", "vpcConfig.endpointPublicAccess", True), ["everywhere", "api_access is none"]),
    ("cluster-endpoint-private", put("cluster", "vpcConfig.endpointPrivateAccess", False), ["Cluster cluster", "must be true"]),
    ("no-public-addresses", put("gpu", "mapPublicIpOnLaunch", True), ["Subnet gpu", "mapPublicIpOnLaunch is True"]),
    (
        "no-public-addresses",
        put("gpu-template", "networkInterfaces.0.associatePublicIpAddress", "true"),
        ["gpu-template", "networkInterfaces[0]"],
    ),
    ("no-public-addresses", put("gpu-nodes", "remoteAccess", {"ec2SshKey": "me"}), ["NodeGroup gpu-nodes", "port 22"]),
    ("no-ingress-from-outside", put("from-vpc", "cidrIpv4", "0.0.0.0/0"), ["from-vpc", "0.0.0.0/0", "10.30.0.0/18"]),
    ("no-ingress-from-outside", put("from-vpc", "cidrIpv4", "0.0.0.0/1"), ["from-vpc", "0.0.0.0/1"]),
    ("no-ingress-from-outside", put("from-vpc", "cidrIpv4", "10.30.0.0/16"), ["from-vpc", "10.30.0.0/16", "10.30.0.0/18"]),
    ("no-ingress-from-outside", put("from-vpc", "cidrIpv6", "::/0"), ["from-vpc", "::/0"]),
    ("no-ingress-from-outside", put("from-vpc", "prefixListId", "pl-1"), ["from-vpc", "prefix list"]),
    ("no-ingress-from-outside", put("efa", "ingress", [{"cidrBlocks": ["0.0.0.0/0"]}]), ["SecurityGroup efa", "0.0.0.0/0"]),
    ("no-ingress-from-outside", put("nothing", "ingress", [{"ipv6CidrBlocks": ["::/0"]}]), ["nothing", "::/0"]),
    ("no-public-bucket", put("data-block", "restrictPublicBuckets", False), ["data-block", "restrictPublicBuckets is False"]),
    ("no-public-bucket", put("data-block", "blockPublicAcls", None), ["data-block", "blockPublicAcls is None"]),
    ("no-public-bucket", put("data", "acl", "public-read"), ["Bucket data", "public-read"]),
    ("no-public-bucket", put("data-owner", "rule.objectOwnership", "ObjectWriter"), ["data-owner", "ObjectWriter"]),
    ("no-public-bucket", add("aws:s3/bucketAcl:BucketAcl", acl="private"), ["BucketAcl extra"]),
    ("buckets-blocked", remove("data-block"), ["Bucket data has no public access block"]),
    (
        "no-wildcard-permissions",
        put("may", "policy", allow(Action="*", Resource="arn:aws:s3:::b")),
        ["may", "Planted", "action *"],
    ),
    ("no-wildcard-permissions", put("may", "policy", allow(Action=["s3:*"], Resource="arn:aws:s3:::b")), ["action s3:*"]),
    ("no-wildcard-permissions", put("may", "policy", allow(Action="s3:Get*", Resource="arn:aws:s3:::b")), ["s3:Get*"]),
    (
        "no-wildcard-permissions",
        put("may", "policy", allow(Action="s3:GetObject", Resource="*")),
        ["s3:GetObject", "resource *"],
    ),
    (
        "no-wildcard-permissions",
        put("may", "policy", allow(Action="s3:GetObject", Resource="arn:aws:s3:::*")),
        ["arn:aws:s3:::*"],
    ),
    ("no-wildcard-permissions", put("may", "policy", allow(NotAction="iam:*", Resource="arn:aws:s3:::b")), ["NotAction"]),
    ("no-wildcard-permissions", put("may", "policy", "not json"), ["RolePolicy may", "no policy document"]),
    (
        "no-wildcard-permissions",
        put("may", "policy", allow(Action=["ec2:DescribeInstances", "ec2:RunInstances"], Resource="*")),
        ["ec2:RunInstances on resource *"],
    ),
    ("no-wildcard-permissions", add(POLICY, policy=allow(Action="kms:*", Resource="arn:aws:kms:a:b:key/c")), ["Policy extra"]),
    (
        "no-wildcard-permissions",
        put("role", "inlinePolicies", [{"name": "x", "policy": allow(Action="iam:*", Resource="arn:aws:iam::1:role/x")}]),
        ["Role role", "inlinePolicies[0]", "iam:*"],
    ),
    (
        "no-wildcard-access",
        put("data-policy", "policy", allow(Principal="*", Action="s3:GetObject", Resource="arn:aws:s3:::b/*")),
        ["BucketPolicy data-policy", "principal *"],
    ),
    (
        "no-wildcard-access",
        put(
            "data-policy", "policy", allow(Principal={"AWS": "*"}, Action="s3:GetObject", Condition={"Bool": {}}, Resource="x")
        ),
        ["data-policy", "principal *"],
    ),
    (
        "no-wildcard-access",
        put(
            "data-key",
            "policy",
            allow(Principal={"AWS": "*"}, Action="kms:Decrypt", Condition={"StringEquals": {"kms:ViaService": "s3"}}),
        ),
        ["Key data-key"],
    ),
    (
        "no-wildcard-access",
        put(
            "data-key",
            "policy",
            allow(Principal={"AWS": "*"}, Action="kms:Decrypt", Condition={"StringLike": {"kms:CallerAccount": "*"}}),
        ),
        ["Key data-key"],
    ),
    ("no-wildcard-access", put("data-key", "policy", allow(Principal={"AWS": "*"}, Action="kms:Decrypt")), ["Key data-key"]),
    (
        "no-wildcard-access",
        put("data-key", "policy", allow(Principal={"Service": "logs.amazonaws.com"}, Action="kms:*", Resource="*")),
        ["Key data-key", "kms:*", "logs.amazonaws.com"],
    ),
    (
        "no-wildcard-access",
        put("data-policy", "policy", allow(Principal={"AWS": "arn:aws:iam::123456789012:root"}, Action="s3:*", Resource="x")),
        ["data-policy", "s3:*"],
    ),
    (
        "no-open-trust",
        put("role", "assumeRolePolicy", allow(Principal="*", Action="sts:AssumeRole")),
        ["Role role", "principal *"],
    ),
    ("no-open-trust", put("role", "assumeRolePolicy", allow(Principal={"AWS": "*"}, Action="sts:AssumeRole")), ["Role role"]),
    (
        "no-open-trust",
        put("role", "assumeRolePolicy", allow(NotPrincipal={"AWS": "x"}, Action="sts:AssumeRole")),
        ["NotPrincipal"],
    ),
    ("no-open-trust", put("role", "assumeRolePolicy", allow(Principal={"Service": "ec2"}, Action="sts:*")), ["sts:*"]),
    (
        "no-administrator-policies",
        put("attached", "policyArn", "arn:aws:iam::aws:policy/AdministratorAccess"),
        ["attached", "AdministratorAccess"],
    ),
    ("no-administrator-policies", put("attached", "policyArn", "arn:aws:iam::aws:policy/PowerUserAccess"), ["PowerUserAccess"]),
    (
        "no-administrator-policies",
        put("role", "managedPolicyArns", ["arn:aws:iam::aws:policy/AmazonS3FullAccess"]),
        ["Role role", "AmazonS3FullAccess"],
    ),
    ("required-tags", put("gpu-nodes", "tags", None), ["NodeGroup gpu-nodes", "factory=groundplan-staging"]),
    ("required-tags", put("efs", "tags.owner", None), ["FileSystem efs", "owner=None", "owner=platform"]),
    ("required-tags", put("efs", "tags.environment", "prod"), ["environment=prod", "environment=staging"]),
    ("required-tags", put("efs", "tags.component", None), ["FileSystem efs", "no component"]),
    ("required-tags", put("efa-ingress", "tags", None), ["efa-ingress", "factory="]),
    ("required-machine-tags", put("gpu-template", "tagSpecifications.1", None), ["gpu-template", "volume", "factory="]),
    ("required-machine-tags", put("gpu-template", "tagSpecifications", None), ["gpu-template", "instance", "factory="]),
    ("data-protected", unprotect("lustre"), ["LustreFileSystem lustre", "not protected"]),
    ("data-protected", unprotect("efs"), ["FileSystem efs", "not protected"]),
    ("data-protected", unprotect("data"), ["Bucket data", "not protected"]),
    ("data-protected", unprotect("data-key"), ["Key data-key", "not protected"]),
    ("data-protected", put("data", "forceDestroy", True), ["Bucket data", "forceDestroy"]),
    ("planned-kinds-only", add("aws:rds/instance:Instance"), ["Instance extra", "aws:rds/instance:Instance"]),
    ("planned-kinds-only", add("aws:ec2/instance:Instance"), ["aws:ec2/instance:Instance", "not priced"]),
    ("planned-kinds-only", add("aws:ec2/capacityBlockReservation:CapacityBlockReservation"), ["buys a capacity block"]),
    ("planned-kinds-only", add("gcp:storage/bucket:Bucket"), ["gcp:storage/bucket:Bucket"]),
    (
        "planned-machines-only",
        put("gpu-template", "instanceType", "p5e.48xlarge"),
        ["gpu-template", "p5e.48xlarge", "p5.48xlarge"],
    ),
    ("planned-machines-only", put("gpu-template", "instanceType", None), ["gpu-template", "None"]),
    ("planned-machines-only", put("gpu-nodes", "instanceTypes", ["t3.large"]), ["NodeGroup gpu-nodes", "t3.large"]),
    (
        "planned-machines-only",
        put("gpu-template", "blockDeviceMappings.0.ebs.volumeSize", 301),
        ["gpu-template", "301 GiB", "300 GiB"],
    ),
    ("node-counts-within-plan", put("gpu-nodes", "scalingConfig.maxSize", 5), ["NodeGroup gpu-nodes", "5 of p5", "plan has 4"]),
    ("node-counts-within-plan", put("gpu-nodes", "scalingConfig", None), ["gpu-nodes", "no maximum size", "4"]),
    ("node-counts-within-plan", put("gpu-nodes", "launchTemplate", None), ["gpu-nodes", "cannot be counted"]),
    (
        "node-counts-within-plan",
        add(
            "aws:eks/nodeGroup:NodeGroup",
            launchTemplate=lambda world: {"id": world.ref("gpu-template")},
            scalingConfig={"maxSize": 1},
            subnetIds=lambda world: [world.ref("gpu")],
        ),
        ["NodeGroup gpu-nodes, NodeGroup extra", "5 of p5.48xlarge", "plan has 4"],
    ),
    (
        "reservations-within-plan",
        put("reservation", "instanceCount", 5),
        ["CapacityReservation reservation", "5", "reserves 4"],
    ),
    ("reservations-within-plan", put("reservation", "instanceType", "m7i.2xlarge"), ["4 of m7i.2xlarge", "reserves 0"]),
    ("sizes-within-plan", put("lustre", "storageCapacity", 14400), ["lustre", "14400 GiB", "9600"]),
    ("sizes-within-plan", put("lustre", "metadataConfiguration.iops", 1500), ["lustre", "1500", "0"]),
    ("sizes-within-plan", put("efs", "provisionedThroughputInMibps", 100), ["efs", "100 MiB/s", "0"]),
    ("sizes-within-plan", put("flow-logs", "retentionInDays", 3653), ["flow-logs", "3653 days", "365"]),
    ("sizes-within-plan", put("flow-logs", "retentionInDays", None), ["flow-logs", "for ever", "365"]),
    ("sizes-within-plan", put("cluster", "upgradePolicy", None), ["Cluster cluster", "None", "STANDARD"]),
    ("sizes-within-plan", put("cluster", "version", "1.30"), ["Cluster cluster", "1.30", "the plan says"]),
    ("sizes-within-plan", add("aws:autoscaling/schedule:Schedule", desiredCapacity=5), ["Schedule extra", "5 machines", "4"]),
    ("counts-within-plan", add("aws:ec2/natGateway:NatGateway"), ["2 of NatGateway (nat, extra)", "the plan has 1"]),
    ("counts-within-plan", add("aws:s3/bucket:Bucket", protect=True), ["3 of Bucket", "the plan has 2"]),
    ("counts-within-plan", add("aws:kms/key:Key", protect=True), ["4 of Key", "the plan has 3"]),
    (
        "counts-within-plan",
        add("aws:ec2/vpcEndpoint:VpcEndpoint", vpcEndpointType="Interface", subnetIds=["a"]),
        ["27 interfaces of 14 VPC endpoints", "pays for 26"],
    ),
    ("budget-within-plan", put("budget", "limitAmount", "250001.00"), ["Budget budget", "250001.00", "250000.00 USD MONTHLY"]),
    ("budget-within-plan", put("budget", "limitAmount", None), ["Budget budget", "None"]),
    ("budget-within-plan", put("budget", "timeUnit", "QUARTERLY"), ["Budget budget", "QUARTERLY"]),
    ("planned-region-only", put("efs", "region", "eu-west-1"), ["FileSystem efs", "eu-west-1", "us-east-2 (US)"]),
    ("planned-region-only", put("aws", "region", "eu-west-1"), ["aws", "eu-west-1"]),
    ("no-copies-elsewhere", put("data-key", "multiRegion", True), ["Key data-key", "multiRegion", "us-east-2 (US)"]),
    ("no-copies-elsewhere", put("data", "replicationConfiguration", {"role": "x"}), ["Bucket data", "us-east-2"]),
    ("no-copies-elsewhere", put("lustre", "exportPath", "s3://b"), ["lustre", "s3://b"]),
    *(
        ("no-copies-elsewhere", add(kind), ["extra copies", "us-east-2 (US)"])
        for kind in (
            "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
            "aws:efs/replicationConfiguration:ReplicationConfiguration",
            "aws:fsx/backup:Backup",
            "aws:ecr/replicationConfiguration:ReplicationConfiguration",
            "aws:ebs/snapshotCopy:SnapshotCopy",
            "aws:kms/replicaKey:ReplicaKey",
        )
    ),
    ("data-repositories-own", put("data-link", "dataRepositoryPath", "s3://foreign/"), ["data-link", "s3://foreign/"]),
]
ABOUT_THE_PLAN = {"plan-as-reviewed", "cost-within-budget", "country-allowed"}  # tested on plans, below and beside

# Looks like a violation, and is none.
NEIGHBOURS: dict[str, Change] = {
    "a part of the plan's network": put("from-vpc", "cidrIpv4", "10.30.2.0/25"),
    "smaller file system": put("lustre", "storageCapacity", 4800),
    "fewer nodes": put("gpu-nodes", "scalingConfig", {"minSize": 0, "desiredSize": 0, "maxSize": 1}),
    "fewer reserved": put("reservation", "instanceCount", 3),
    "logs kept shorter": put("flow-logs", "retentionInDays", 30),
    "an alarm that comes earlier": put("budget", "limitAmount", "1000"),
    "the plan's region said once more": put("efs", "region", "us-east-2"),
    "interfaces in another order": lambda world: world["gpu-template"].inputs["networkInterfaces"].reverse(),
    "a kind left out means an ordinary interface": put("gpu-template", "networkInterfaces.0.interfaceType", None),
    "encrypted said as a truth value": put("gpu-template", "blockDeviceMappings.0.ebs.encrypted", True),
    "a public address refused in text": put("gpu-template", "networkInterfaces.0.associatePublicIpAddress", "false"),
    "more labels": put("efs", "tags.Name", "shared"),
    "no rules at all": put("nothing", "ingress", []),
    "objects of a named bucket": put("may", "policy", allow(Action="s3:GetObject", Resource="arn:aws:s3:::b/*")),
    "an action without resources": put("may", "policy", allow(Action="ecr:GetAuthorizationToken", Resource="*")),
    "a statement that is not in a list": put(
        "may", "policy", json.dumps({"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b"}})
    ),
    "deny everything": put("may", "policy", json.dumps({"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})),
    "the account administers its key": put(
        "data-key", "policy", allow(Principal={"AWS": "123456789012"}, Action="kms:*", Resource="*")
    ),
    "a machine of the reservation bought elsewhere": put(
        "gpu-template", "capacityReservationSpecification.capacityReservationTarget.capacityReservationId", "cr-0123"
    ),
    "a gateway endpoint": add("aws:ec2/vpcEndpoint:VpcEndpoint", vpcEndpointType="Gateway"),
    "a route": add("aws:ec2/route:Route", destinationCidrBlock="0.0.0.0/0"),
}


def test_every_policy_has_a_violation() -> None:
    planted = {policy for policy, _, _ in VIOLATIONS}
    assert planted | ABOUT_THE_PLAN == {*EACH, *STACK, "plan-as-reviewed"}


@pytest.mark.parametrize("known", [True, False], ids=["deployed", "previewed"])
def test_the_stack_as_planned_passes(judge: Any, known: bool) -> None:
    assert judge(known=known).violations == {}


@pytest.mark.parametrize(("policy", "change", "says"), VIOLATIONS, ids=[f"{p}-{i}" for i, (p, _, _) in enumerate(VIOLATIONS)])
def test_a_planted_violation_is_blocked_by_its_policy(judge: Any, policy: str, change: Change, says: list[str]) -> None:
    messages = judge(change).violations.get(policy, [])
    assert messages
    assert [part for part in says if not any(part in message for message in messages)] == []


@pytest.mark.parametrize("change", NEIGHBOURS.values(), ids=NEIGHBOURS)
@pytest.mark.parametrize("known", [True, False], ids=["deployed", "previewed"])
def test_a_neighbour_of_a_violation_passes(judge: Any, change: Change, known: bool) -> None:
    assert judge(change, known=known).violations == {}


@pytest.mark.parametrize(
    ("policy", "change"), [(p, c) for p, c, _ in VIOLATIONS], ids=[f"{p}-{i}" for i, (p, _, _) in enumerate(VIOLATIONS)]
)
def test_a_preview_blocks_the_same_or_says_that_it_decides_later(judge: Any, policy: str, change: Change) -> None:
    said = judge(change, known=False)
    assert policy in said.violations or policy in said.remarks
