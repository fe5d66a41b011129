"""A small stack that keeps to the staging plan, as the engine would hand it to the policy pack."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError, unknown_checking_proxy

from planner.engine import make_plan
from planner.plan import Plan
from planner.reader import read_factory
from stacks.policy.__main__ import policies
from stacks.policy.pack import read_reviewed

ACCOUNT = "123456789012"

STAGING = """
name: groundplan-staging
site: {country: US}
compute: {nodes: {p5.48xlarge: 4}}
storage:
  lustre: {capacity: 9600 GiB, throughput: 9 Gbyte/s, efa: true}
  efs: 1 TB
  buckets:
    checkpoints: {size: 20 TB, lustre_path: /checkpoints}
    data: {size: 50 TB, lustre_path: /data}
platform:
  management_nodes: {m7i.2xlarge: 3}
  preparation_nodes: {c7i.8xlarge: 2}
sovereignty: {allowed_countries: [US], customer_managed_keys: true}
budget: {monthly: 250 kUSD}
deploy:
  target: aws
  region: us-east-2
  zones: [use2-az1, use2-az2]
  network: 10.30.0.0/18
  capacity: {source: reservation}
  tags: {owner: platform}
"""
FACTORIES = {
    "staging": STAGING,
    "block": STAGING.replace(
        "{source: reservation}", "{source: capacity-block, starts_on: '2027-01-11', ends_on: '2027-02-08'}"
    ),
    "spot": STAGING.replace("{source: reservation}", "{source: spot}")
    .replace("  lustre: {capacity: 9600 GiB, throughput: 9 Gbyte/s, efa: true}\n", "")
    .replace(", lustre_path: /checkpoints", "")
    .replace(", lustre_path: /data", "")
    .replace("  efs: 1 TB\n", ""),
    "open": STAGING.replace("  tags:", "  api_access: [198.51.100.0/24]\n  tags:").replace(
        "customer_managed_keys: true", "customer_managed_keys: false"
    ),
    "dear": STAGING.replace("250 kUSD", "1 kUSD"),
    "abroad": STAGING.replace("allowed_countries: [US]", "allowed_countries: [SE]"),
    "hall": "name: hall\nsite: {country: US}\ncompute: {nodes: {dgx-h100: 4}}\n",
}


@dataclass(frozen=True)
class Ref:
    """A value that another resource has when it is made: not known in a preview."""

    name: str
    what: str = "id"
    text: str = "{}"


@dataclass
class Thing:
    """A resource before it is decided whether it is previewed or deployed."""

    type: str
    inputs: dict[str, Any]
    protect: bool = False
    outputs: dict[str, Any] = field(default_factory=dict)


class World(dict[str, Thing]):
    """Resources by name."""

    def add(self, name: str, kind: str, inputs: dict[str, Any] | None = None, *, protect: bool = False) -> None:
        """Add a resource with the labels of a factory's."""
        self[name] = Thing(kind, {"tags": self["vpc"].inputs["tags"], **(inputs or {})}, protect)

    def ref(self, name: str, what: str = "id") -> Ref:
        """Refer to another resource."""
        return Ref(name, what)


def _resolved(value: Any, known: bool, world: World, used: set[str]) -> Any:
    if isinstance(value, Ref):
        used.add(value.name)
        return value.text.format(_output(world, value.name, value.what)) if known else UNKNOWN_STRING_VALUE
    if isinstance(value, dict):
        return {key: _resolved(each, known, world, used) for key, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each, known, world, used) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value  # as numbers arrive


def _output(world: World, name: str, what: str) -> str:
    if what in world[name].outputs:
        return str(world[name].outputs[what])
    return f"arn:aws:x:us-east-2:{ACCOUNT}:{name}" if what == "arn" else f"{name}-{what}"


def urn_of(stack: str, kind: str, name: str) -> str:
    return f"urn:pulumi:{stack}::groundplan::{kind}::{name}"


def handed_over(world: World, known: bool, stack: str) -> tuple[list[ResourceValidationArgs], list[PolicyResource]]:
    """Return what the engine asks about: each resource with its inputs, and all with outputs and what these were made from."""
    each, whole = [], {}
    depends: dict[str, dict[str, set[str]]] = {}
    for name, thing in world.items():
        inputs = {}
        depends[name] = {}
        for key, value in thing.inputs.items():
            used: set[str] = set()
            inputs[key] = _resolved(value, known, world, used)
            depends[name][key] = used
        opts = PolicyResourceOptions(thing.protect, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])
        urn = urn_of(stack, thing.type, name)
        each.append(ResourceValidationArgs(thing.type, unknown_checking_proxy(inputs), urn, name, opts, None))
        made = {what: _output(world, name, what) if known else UNKNOWN_STRING_VALUE for what in ("id", "arn", *thing.outputs)}
        outputs = unknown_checking_proxy({**inputs, **made})
        whole[name] = PolicyResource(thing.type, outputs, urn, name, opts, None, None, [], {})
    for name, by_key in depends.items():
        whole[name].property_dependencies.update(
            {key: [whole[other] for other in used] for key, used in by_key.items() if used}
        )
    return each, list(whole.values())


@dataclass(frozen=True)
class Judged:
    """What the policies said, by policy."""

    violations: Mapping[str, list[str]]
    remarks: Mapping[str, list[str]]


def _judged(world: World, root: Path, *, known: bool = True, stack: str = "staging") -> Judged:
    violations: dict[str, list[str]] = {}
    remarks: dict[str, list[str]] = {}
    each, whole = handed_over(world, known, stack)
    for policy in policies(root):
        asked: list[Any] = each if isinstance(policy, ResourceValidationPolicy) else [StackValidationArgs(whole)]
        for args in asked:
            assert isinstance(policy, ResourceValidationPolicy | StackValidationPolicy)
            try:
                policy.validate(args, reporter(violations.setdefault(policy.name, [])))
            except UnknownValueError as error:
                remarks.setdefault(policy.name, []).append(error.message)
    return Judged({name: messages for name, messages in violations.items() if messages}, remarks)


def reporter(messages: list[str]) -> ReportViolation:
    def report(message: str, _: str | None) -> None:
        messages.append(message)

    return report


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    folder = tmp_path_factory.mktemp("factories")
    made = {}
    for stack, text in FACTORIES.items():
        (folder / f"{stack}.yaml").write_text(text, encoding="utf-8")
        made[stack] = make_plan(*read_factory(folder / f"{stack}.yaml"))
    return made


@pytest.fixture(scope="session")
def project(plans: dict[str, Plan], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's folder with reviewed plans."""
    root = tmp_path_factory.mktemp("project")
    (root / "plans").mkdir()
    for env, plan in plans.items():
        (root / "plans" / f"{env}.json").write_text(plan.to_json(), encoding="utf-8")
    return root


@pytest.fixture(autouse=True)
def _plans_are_read_anew() -> Iterator[None]:
    yield
    read_reviewed.cache_clear()


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(service: str) -> str:
    return document({"Effect": "Allow", "Principal": {"Service": service}, "Action": ["sts:AssumeRole", "sts:TagSession"]})


@pytest.fixture
def world(plans: dict[str, Plan]) -> World:
    return staging(plans["staging"])


@pytest.fixture
def judged() -> Callable[..., Judged]:
    """Let the policies judge a stack by the plans in a folder."""
    return _judged


@pytest.fixture
def judge(world: World, project: Path) -> Callable[..., Judged]:
    """Change the small stack, and let the policies judge it."""

    def judge(*changes: Callable[[World], object], known: bool = True) -> Judged:
        changed = copy.deepcopy(world)
        for change in changes:
            change(changed)
        return _judged(changed, project, known=known)

    return judge


def staging(plan: Plan) -> World:
    cloud = plan.cloud
    assert cloud is not None
    assert cloud.lustre is not None

    def tags(component: str) -> dict[str, str]:
        ours = {"factory": plan.name, "environment": "staging", "component": component, "managed-by": "groundplan"}
        return {**cloud.tags, **ours}

    world = World(
        {
            "aws": Thing("pulumi:providers:aws", {"region": cloud.region}),
            "network": Thing("groundplan:aws:Network", {}),
            "vpc": Thing("aws:ec2/vpc:Vpc", {"cidrBlock": cloud.network, "tags": tags("network")}),
            "nothing": Thing(
                "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", {"vpcId": Ref("vpc"), "tags": tags("network")}
            ),
        }
    )
    for subnet in cloud.subnets:
        world[subnet.name] = Thing(
            "aws:ec2/subnet:Subnet",
            {
                "vpcId": Ref("vpc"),
                "cidrBlock": subnet.network,
                "availabilityZoneId": subnet.zone,
                "mapPublicIpOnLaunch": False,
                "tags": tags("network"),
            },
            outputs={"availabilityZone": {"use2-az1": "us-east-2a", "use2-az2": "us-east-2b"}[subnet.zone]},
        )
    endpoints = tuple(f"com.amazonaws.{cloud.region}.{name}" for name in cloud.endpoints)
    inside = [subnet.name for subnet in cloud.subnets if subnet.name.startswith("cluster")]
    for name in endpoints:
        world[name] = Thing(
            "aws:ec2/vpcEndpoint:VpcEndpoint",
            {
                "serviceName": name,
                "vpcEndpointType": "Interface",
                "subnetIds": [Ref(each) for each in inside],
                "tags": tags("network"),
            },
        )
    world["eip"] = Thing("aws:ec2/eip:Eip", {"domain": "vpc", "tags": tags("network")})
    world["nat"] = Thing("aws:ec2/natGateway:NatGateway", {"subnetId": Ref("public-use2-az1"), "tags": tags("network")})
    world["from-vpc"] = Thing(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {"securityGroupId": Ref("efa"), "cidrIpv4": cloud.network, "ipProtocol": "tcp", "tags": tags("network")},
    )
    world["efa"] = Thing("aws:ec2/securityGroup:SecurityGroup", {"vpcId": Ref("vpc"), "tags": tags("fabric")})
    for way in ("Ingress", "Egress"):
        world[f"efa-{way.lower()}"] = Thing(
            f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule",
            {
                "securityGroupId": Ref("efa"),
                "referencedSecurityGroupId": Ref("efa"),
                "ipProtocol": "-1",
                "tags": tags("fabric"),
            },
        )
    owner = {
        "Sid": "Owner",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    logs = {
        "Sid": "Logs",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{cloud.region}.amazonaws.com"},
        "Action": ["kms:Encrypt*", "kms:GenerateDataKey*"],
        "Resource": "*",
    }
    for key in ("data", "cluster", "logs"):
        world[f"{key}-key"] = Thing(
            "aws:kms/key:Key",
            {"enableKeyRotation": True, "policy": document(owner, logs), "tags": tags("keys")},
            protect=True,
            outputs={"arn": f"arn:aws:kms:{cloud.region}:{ACCOUNT}:key/{key}"},
        )
    for bucket in cloud.buckets:
        name = bucket.name
        world[name] = Thing(
            "aws:s3/bucket:Bucket", {"bucketPrefix": f"{plan.name}-{name}-", "tags": tags("buckets")}, protect=True
        )
        default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": Ref("data-key", "arn")}
        world[f"{name}-sse"] = Thing(
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            {"bucket": Ref(name), "rules": [{"applyServerSideEncryptionByDefault": default, "bucketKeyEnabled": True}]},
        )
        four = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        world[f"{name}-block"] = Thing(
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {"bucket": Ref(name), **dict.fromkeys(four, True)}
        )
        world[f"{name}-owner"] = Thing(
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
            {"bucket": Ref(name), "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        )
        world[f"{name}-policy"] = Thing(
            "aws:s3/bucketPolicy:BucketPolicy",
            {
                "bucket": Ref(name),
                "policy": document({"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}),
            },
        )
        world[f"{name}-link"] = Thing(
            "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation",
            {"fileSystemId": Ref("lustre"), "dataRepositoryPath": Ref(name, text="s3://{}/"), "tags": tags("lustre")},
        )
    for name, group in {
        "cluster-logs": f"/aws/eks/{plan.name}/cluster",
        "flow-logs": f"/{plan.name}/flows",
        "fsx-logs": "/aws/fsx/x",
    }.items():
        world[name] = Thing(
            "aws:cloudwatch/logGroup:LogGroup",
            {
                "name": group,
                "retentionInDays": cloud.logs_kept_days,
                "kmsKeyId": Ref("logs-key", "arn"),
                "tags": tags("network"),
            },
        )
    world["flows"] = Thing(
        "aws:ec2/flowLog:FlowLog", {"vpcId": Ref("vpc"), "logDestination": Ref("flow-logs", "arn"), "tags": tags("network")}
    )
    world["cluster"] = Thing(
        "aws:eks/cluster:Cluster",
        {
            "name": plan.name,
            "version": cloud.kubernetes_version,
            "upgradePolicy": {"supportType": "STANDARD"},
            "enabledClusterLogTypes": ["api", "audit"],
            "encryptionConfig": {"provider": {"keyArn": Ref("cluster-key", "arn")}, "resources": ["secrets"]},
            "vpcConfig": {
                "endpointPrivateAccess": True,
                "endpointPublicAccess": False,
                "subnetIds": [Ref(each) for each in inside],
            },
            "tags": tags("cluster"),
        },
    )
    world["placement"] = Thing("aws:ec2/placementGroup:PlacementGroup", {"strategy": "cluster", "tags": tags("gpu")})
    world["reservation"] = Thing(
        "aws:ec2/capacityReservation:CapacityReservation",
        {
            "availabilityZone": Ref("gpu", "availabilityZone"),
            "instanceType": "p5.48xlarge",
            "instanceCount": 4,
            "tags": tags("gpu"),
        },
    )
    for group in cloud.node_groups:
        name, accelerated = group.name, group.role == "gpu"
        template: dict[str, Any] = {
            "instanceType": group.instance,
            "blockDeviceMappings": [
                {
                    "deviceName": "/dev/xvda",
                    "ebs": {"encrypted": "true", "kmsKeyId": Ref("cluster-key", "arn"), "volumeSize": group.root_volume_gib},
                }
            ],
            "tagSpecifications": [{"resourceType": kind, "tags": tags(name)} for kind in ("instance", "volume")],
            "tags": tags(name),
        }
        if accelerated:
            template["networkInterfaces"] = [
                {
                    "networkCardIndex": each.card,
                    "deviceIndex": each.device,
                    "interfaceType": each.kind,
                    "securityGroups": [Ref("cluster", "securityGroup"), Ref("efa")],
                }
                for each in group.interfaces
            ]
            template["placement"] = {"groupName": Ref("placement")}
            target = {"capacityReservationTarget": {"capacityReservationId": Ref("reservation")}}
            template["capacityReservationSpecification"] = target
        world[f"{name}-template"] = Thing("aws:ec2/launchTemplate:LaunchTemplate", template)
        world[f"{name}-nodes"] = Thing(
            "aws:eks/nodeGroup:NodeGroup",
            {
                "launchTemplate": {"id": Ref(f"{name}-template"), "version": Ref(f"{name}-template", "latestVersion")},
                "subnetIds": [Ref(each) for each in group.subnets],
                "scalingConfig": {"minSize": group.count, "desiredSize": group.count, "maxSize": group.count},
                "capacityType": "ON_DEMAND",
                "tags": tags(name),
            },
        )
    world["lustre"] = Thing(
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        {
            "subnetIds": Ref("gpu"),
            "securityGroupIds": [Ref("efa")],
            "storageCapacity": cloud.lustre.capacity_gib,
            "perUnitStorageThroughput": cloud.lustre.tier,
            "metadataConfiguration": {"mode": "AUTOMATIC"},
            "efaEnabled": True,
            "kmsKeyId": Ref("data-key", "arn"),
            "logConfiguration": {"destination": Ref("fsx-logs", "arn", "{}:*"), "level": "WARN_ERROR"},
            "tags": tags("lustre"),
        },
        protect=True,
    )
    world["efs"] = Thing(
        "aws:efs/fileSystem:FileSystem",
        {"encrypted": True, "kmsKeyId": Ref("data-key", "arn"), "throughputMode": "elastic", "tags": tags("efs")},
        protect=True,
    )
    world["prometheus"] = Thing(
        "aws:amp/workspace:Workspace", {"kmsKeyArn": Ref("logs-key", "arn"), "tags": tags("observability")}
    )
    world["role"] = Thing("aws:iam/role:Role", {"assumeRolePolicy": trust("pods.eks.amazonaws.com"), "tags": tags("identity")})
    allowed = {
        "Sid": "Data",
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": "arn:aws:s3:::a-bucket/*",
    }
    looking = {"Sid": "Look", "Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"}
    world["may"] = Thing("aws:iam/rolePolicy:RolePolicy", {"role": Ref("role"), "policy": document(allowed, looking)})
    world["attached"] = Thing(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": Ref("role"), "policyArn": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodeMinimalPolicy"},
    )
    world["budget"] = Thing(
        "aws:budgets/budget:Budget",
        {
            "budgetType": "COST",
            "limitAmount": f"{cloud.budget_monthly_usd:.2f}",
            "limitUnit": "USD",
            "timeUnit": "MONTHLY",
            "tags": tags("budget"),
        },
    )
    return world
