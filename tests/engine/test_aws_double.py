"""The provider double judged by itself: each of its rules refuses its violation. No engine, and no live account, is used."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_api
import aws_types
import behaviour
import pytest
from account import Account, strings
from aws_provider import Provider, plain
from aws_samples import SAMPLES
from aws_types import TYPES
from behaviour import Here
from pulumi.runtime.proto import provider_pb2

HERE = Here("us-east-1")
NETWORK, SUBNET = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"
GROUP, TEMPLATE = "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/launchTemplate:LaunchTemplate"
NODES, CLUSTER = "aws:eks/nodeGroup:NodeGroup", "aws:eks/cluster:Cluster"
ROLE, ATTACHMENT = "aws:iam/role:Role", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
LUSTRE, BUCKET = "aws:fsx/lustreFileSystem:LustreFileSystem", "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
WORKER = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
MASTER = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"


class World:
    """An account without a file: makes and deletes by hand what the engine would."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {"resources": {}, "made": {}, "serial": 0}

    def make(self, type_token: str, logical: str = "it", /, **inputs: Any) -> dict[str, Any]:
        entry, refusal = self.attempt(type_token, logical, **inputs)
        assert entry is not None, refusal
        return entry

    def attempt(self, type_token: str, logical: str = "it", /, **inputs: Any) -> tuple[dict[str, Any] | None, str]:
        urn = f"urn:pulumi:dev::groundplan::{type_token}::{logical}"
        return behaviour.create(self.data, TYPES[type_token], type_token, urn, inputs, HERE)

    def delete(self, entry: Mapping[str, Any]) -> str:
        return behaviour.delete(self.data, TYPES, entry["type"], entry["id"])


@pytest.fixture
def world() -> World:
    return World()


@functools.cache
def properties(type_token: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return a resource's inputs and outputs as pulumi-aws declares them."""
    import pulumi
    import pulumi_aws

    module, _, name = type_token.split(":")[1].partition("/")
    cls = getattr(getattr(pulumi_aws, module), type_token.rpartition(":")[2])
    outputs = {getattr(each.fget, "_pulumi_name", key) for key, each in vars(cls).items() if isinstance(each, property)}
    assert issubclass(cls, pulumi.CustomResource), name
    return frozenset(aws_api.arguments(type_token)), frozenset(outputs)


@pytest.mark.parametrize("type_token", TYPES)
def test_the_table_names_properties_that_pulumi_aws_has(type_token: str) -> None:
    kind, (inputs, outputs) = TYPES[type_token], properties(type_token)
    paths = {*kind.replaces, *kind.refers, *([kind.auto_name] if kind.auto_name else [])}
    assert {path.split(".")[0] for path in paths} - inputs <= {"expectedBucketOwner"}
    computed = {path.split(".")[0] for path in (*kind.computed, *kind.defaults, *kind.volatile, *kind.owns)}
    assert computed - outputs == set()


@pytest.mark.parametrize("type_token", TYPES)
def test_before_it_is_made_nothing_computed_is_known(type_token: str) -> None:
    kind = TYPES[type_token]
    outputs = kind.preview({})
    for path in (*kind.computed, *kind.defaults):
        assert behaviour.get(outputs, path) == behaviour.UNKNOWN


@pytest.mark.parametrize("type_token", TYPES)
def test_what_a_preview_promises_is_what_is_made_and_stays(world: World, type_token: str) -> None:
    alone = dataclasses.replace(TYPES[type_token], refuses_create=lambda *_: None)
    inputs = SAMPLES[type_token]
    all_else = {
        "type": "",
        "id": "",
        "names": [each.removesuffix(":*") for each in strings(inputs)],
        "owns": [],
        "inputs": {},
        "outputs": {},
    }
    world.data["resources"]["all else"] = all_else
    entry, refusal = behaviour.create(world.data, alone, type_token, "urn::it", inputs, HERE)
    assert entry is not None, refusal
    promised, outputs = alone.preview(inputs), entry["outputs"]
    assert promised.keys() == outputs.keys()
    known = {name: value for name, value in promised.items() if behaviour.UNKNOWN not in set(strings(value))}
    assert known == {name: outputs[name] for name in known}
    assert behaviour.UNKNOWN not in set(strings(outputs))
    assert "None" not in set(strings({name: value for name, value in outputs.items() if name not in inputs}))
    assert alone.updated(inputs, outputs, inputs, behaviour.UNKNOWN) == outputs


def test_the_tables_know_the_same_types() -> None:
    assert TYPES.keys() == aws_api.API.keys()


def test_what_others_refer_to_cannot_be_deleted(world: World) -> None:
    vpc = world.make(NETWORK, cidrBlock="10.0.0.0/16")
    subnet = world.make(SUBNET, vpcId=vpc["id"], cidrBlock="10.0.0.0/24")
    assert world.delete(vpc) == f"DependencyViolation: {vpc['id']} cannot be deleted, {subnet['id']} ({SUBNET}) uses it"
    assert world.delete(subnet) == ""
    assert world.delete(vpc) == ""
    assert world.data["resources"] == {}


def test_a_reference_by_arn_or_in_a_list_holds_too(world: World) -> None:
    role = world.make(ROLE, name="nodes")
    vpc = world.make(NETWORK)
    group = world.make(GROUP, vpcId=vpc["id"], name="efa")
    world.make(ATTACHMENT, role="nodes", policyArn=MASTER)
    world.make(CLUSTER, name="c", roleArn=role["outputs"]["arn"], vpcConfig={"subnetIds": []})
    world.make(TEMPLATE, name="t", networkInterfaces=[{"securityGroups": [group["id"]]}])
    assert world.delete(role).startswith("DependencyViolation")
    assert world.delete(group).startswith("DependencyViolation")


def test_a_name_that_happens_to_be_the_same_is_no_reference(world: World) -> None:
    group = world.make("aws:ec2/placementGroup:PlacementGroup", name="factory", strategy="cluster")
    world.make(NETWORK, tags={"factory": "factory", "id": "vpc-00000000000000000"}, cidrBlock="10.0.0.0/16")
    assert world.delete(group) == ""


def test_an_id_refers_wherever_it_stands_but_what_was_bought_may_be_elsewhere(world: World) -> None:
    market = {"capacityReservationTarget": {"capacityReservationId": "cr-00000000000000000"}}
    world.make(TEMPLATE, name="bought", capacityReservationSpecification=market)
    assert "names vpc-00000000000000000" in world.attempt(TEMPLATE, name="t", userData="vpc-00000000000000000")[1]
    made = world.make("aws:ec2/capacityReservation:CapacityReservation", instanceCount=4)
    target = {"capacityReservationTarget": {"capacityReservationId": made["id"]}}
    world.make(TEMPLATE, name="made", capacityReservationSpecification=target)
    assert world.delete(made).startswith("DependencyViolation")


def test_what_is_gone_is_deleted_already(world: World) -> None:
    vpc = world.make(NETWORK)
    assert [world.delete(vpc), world.delete(vpc)] == ["", ""]


@pytest.mark.parametrize(
    ("type_token", "inputs"),
    [
        (BUCKET, {"bucket": "b"}),
        (ROLE, {"name": "r"}),
        ("aws:cloudwatch/logGroup:LogGroup", {"name": "/l"}),
        ("aws:ec2/placementGroup:PlacementGroup", {"name": "p", "strategy": "cluster"}),
        ("aws:ec2/launchTemplate:LaunchTemplate", {"name": "t"}),
        ("aws:iam/policy:Policy", {"name": "p", "policy": "{}"}),
        ("aws:budgets/budget:Budget", {"name": "b"}),
        ("aws:efs/fileSystem:FileSystem", {"creationToken": "t"}),
    ],
)
def test_a_name_cannot_be_had_twice(world: World, type_token: str, inputs: dict[str, str]) -> None:
    first = world.make(type_token, "one", **inputs)
    assert world.attempt(type_token, "two", **inputs)[1].startswith("AlreadyExists")
    world.delete(first)
    world.make(type_token, "two", **inputs)


def test_prefixes_make_names_that_differ(world: World) -> None:
    one, two = (world.make(BUCKET, name, bucketPrefix="data-") for name in ("one", "two"))
    assert one["id"] != two["id"]
    assert one["id"].startswith("data-")
    assert len(one["id"]) == len("data-") + 26
    assert TYPES[BUCKET].preview({"bucketPrefix": "data-"})["bucket"] == behaviour.UNKNOWN


def test_subnets_of_a_network_do_not_share_addresses(world: World) -> None:
    vpc, other = world.make(NETWORK, "one"), world.make(NETWORK, "two")
    world.make(SUBNET, "a", vpcId=vpc["id"], cidrBlock="10.0.0.0/24")
    assert "cidrBlock 10.0.0.0/24" in world.attempt(SUBNET, "b", vpcId=vpc["id"], cidrBlock="10.0.0.0/24")[1]
    world.make(SUBNET, "c", vpcId=other["id"], cidrBlock="10.0.0.0/24")


def test_what_is_set_on_a_bucket_may_be_set_again(world: World) -> None:
    bucket = world.make(BUCKET, bucket="b")
    for status in ("Enabled", "Suspended"):
        world.make(VERSIONING, bucket="b", versioningConfiguration={"status": status})
    (entry,) = (each for each in world.data["resources"].values() if each["type"] == VERSIONING)
    assert entry["inputs"]["versioningConfiguration"]["status"] == "Suspended"
    assert world.delete(bucket).startswith("DependencyViolation")
    assert world.delete(entry) == ""
    assert world.attempt(VERSIONING, bucket="c")[1] == "NotFound: bucket names c, which does not exist"


@pytest.mark.parametrize(
    ("type_token", "inputs", "path"),
    [
        (SUBNET, {"vpcId": "vpc-1"}, "vpcId"),
        (TEMPLATE, {"networkInterfaces": [{"securityGroups": ["sg-1"]}]}, "networkInterfaces.securityGroups"),
        (CLUSTER, {"vpcConfig": {"subnetIds": ["subnet-1"]}}, "vpcConfig.subnetIds"),
        ("aws:eks/addon:Addon", {"clusterName": "c", "addonName": "coredns"}, "clusterName"),
        (LUSTRE, {"subnetIds": ["subnet-1"]}, "subnetIds"),
        (ATTACHMENT, {"role": "r", "policyArn": WORKER}, "role"),
        ("aws:ec2/route:Route", {"natGatewayId": "nat-1"}, "natGatewayId"),
        ("aws:kms/alias:Alias", {"targetKeyId": "k"}, "targetKeyId"),
        ("aws:autoscaling/schedule:Schedule", {"autoscalingGroupName": "eks-gpu"}, "autoscalingGroupName"),
    ],
)
def test_what_is_referred_to_must_exist(world: World, type_token: str, inputs: dict[str, Any], path: str) -> None:
    entry, refusal = world.attempt(type_token, **inputs)
    assert entry is None
    assert refusal.startswith(f"NotFound: {path} names ")


def test_what_aws_makes_by_itself_may_be_referred_to(world: World) -> None:
    vpc = world.make(NETWORK)
    subnet = world.make(SUBNET, vpcId=vpc["id"], cidrBlock="10.0.0.0/24")
    role = world.make(ROLE, name="r")
    cluster = world.make(CLUSTER, name="c", roleArn=role["outputs"]["arn"], vpcConfig={"subnetIds": [subnet["id"]]})
    assert cluster["outputs"]["vpcConfig"]["vpcId"] == vpc["id"]
    own = cluster["outputs"]["vpcConfig"]["clusterSecurityGroupId"]
    world.make(TEMPLATE, name="t", vpcSecurityGroupIds=[own, vpc["outputs"]["defaultSecurityGroupId"]])
    world.make(ATTACHMENT, role="r", policyArn=WORKER)
    nodes = world.make(
        NODES, clusterName="c", nodeGroupName="gpu", nodeRoleArn=role["outputs"]["arn"], subnetIds=[subnet["id"]]
    )
    scaling = nodes["outputs"]["resources"][0]["autoscalingGroups"][0]["name"]
    world.make("aws:autoscaling/schedule:Schedule", autoscalingGroupName=scaling, scheduledActionName="start")


def test_an_address_translator_needs_a_way_out_and_holds_it(world: World) -> None:
    vpc = world.make(NETWORK)
    subnet = world.make(SUBNET, vpcId=vpc["id"])
    address = world.make("aws:ec2/eip:Eip")
    translator = "aws:ec2/natGateway:NatGateway"
    assert world.attempt(translator, subnetId=subnet["id"], allocationId=address["id"])[1].startswith("Gateway.NotAttached")
    gateway = world.make("aws:ec2/internetGateway:InternetGateway", vpcId=vpc["id"])
    made = world.make(translator, subnetId=subnet["id"], allocationId=address["id"])
    assert "mapped public addresses" in world.delete(gateway)
    assert [world.delete(made), world.delete(gateway)] == ["", ""]


def test_nodes_need_their_role_to_be_complete_first(world: World) -> None:
    vpc = world.make(NETWORK)
    subnet = world.make(SUBNET, vpcId=vpc["id"])
    role = world.make(ROLE, name="r")
    world.make(CLUSTER, name="c", roleArn=role["outputs"]["arn"], vpcConfig={"subnetIds": [subnet["id"]]})
    wanted = {"clusterName": "c", "nodeGroupName": "g", "nodeRoleArn": role["outputs"]["arn"], "subnetIds": [subnet["id"]]}
    assert world.attempt(NODES, **wanted)[1].startswith("NodeCreationFailure")
    world.make(ATTACHMENT, role="r", policyArn=WORKER)
    world.make(NODES, **wanted)


def test_a_cluster_needs_its_role_to_the_end_and_no_protection(world: World) -> None:
    role = world.make(ROLE, name="r")
    attachment = world.make(ATTACHMENT, role="r", policyArn=MASTER)
    cluster = world.make(CLUSTER, name="c", roleArn=role["outputs"]["arn"], vpcConfig={}, deletionProtection=True)
    assert "deletion protection is on" in world.delete(cluster)
    cluster["inputs"]["deletionProtection"] = False
    world.delete(attachment)
    assert "has lost AmazonEKSClusterPolicy" in world.delete(cluster)
    world.make(ATTACHMENT, role="r", policyArn=MASTER)
    assert world.delete(cluster) == ""


def test_a_protected_log_group_stays(world: World) -> None:
    group = world.make("aws:cloudwatch/logGroup:LogGroup", name="/l", deletionProtectionEnabled=True)
    assert "deletion protection is on" in world.delete(group)
    group["inputs"].pop("deletionProtectionEnabled")
    assert world.delete(group) == ""


def test_a_policy_is_given_to_whom_has_an_entry(world: World) -> None:
    role = world.make(ROLE, name="r")
    world.make(CLUSTER, name="c", roleArn=role["outputs"]["arn"], vpcConfig={})
    wanted = {"clusterName": "c", "principalArn": "arn:aws:iam::1:role/admin"}
    policy = {"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"}
    association = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
    assert world.attempt(association, **wanted, **policy)[1].startswith("ResourceNotFoundException")
    world.make("aws:eks/accessEntry:AccessEntry", **wanted)
    world.make(association, **wanted, **policy)


@pytest.mark.parametrize(
    ("type_token", "old", "new", "replaced"),
    [
        (SUBNET, {"availabilityZoneId": "use1-az1"}, {"availabilityZoneId": "use1-az2"}, True),
        (SUBNET, {"tags": {"a.b/c": "1"}}, {"tags": {"a.b/c": "2"}}, False),
        (NODES, {"launchTemplate": {"id": "lt-1", "version": "1"}}, {"launchTemplate": {"id": "lt-2", "version": "1"}}, True),
        (NODES, {"launchTemplate": {"id": "lt-1", "version": "1"}}, {"launchTemplate": {"id": "lt-1", "version": "2"}}, False),
        (NODES, {"scalingConfig": {"maxSize": 4}}, {"scalingConfig": {"maxSize": 5}}, False),
        (NODES, {"subnetIds": ["a"]}, {"subnetIds": ["a", "b"]}, True),
        (TEMPLATE, {"instanceType": "p5.48xlarge"}, {"instanceType": "p5en.48xlarge"}, False),
        (LUSTRE, {"storageCapacity": 2400}, {"storageCapacity": 4800}, False),
        (LUSTRE, {"storageCapacity": 4800}, {"storageCapacity": 2400}, True),
        (LUSTRE, {"fileSystemTypeVersion": "2.12"}, {"fileSystemTypeVersion": "2.15"}, False),
        (LUSTRE, {"fileSystemTypeVersion": "2.15"}, {"fileSystemTypeVersion": "2.12"}, True),
        (LUSTRE, {"efaEnabled": False}, {"efaEnabled": True}, True),
        (CLUSTER, {"encryptionConfig": {"resources": ["secrets"]}}, {}, True),
        (CLUSTER, {"version": "1.33"}, {"version": "1.34"}, False),
        (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {"cidrIpv4": "10.0.0.0/8"},
            {"cidrIpv4": "10.1.0.0/16"},
            False,
        ),
        (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {"cidrIpv4": "10.0.0.0/8"},
            {"referencedSecurityGroupId": "sg-1"},
            True,
        ),
        (BUCKET, {"region": "us-east-1"}, {"region": "us-east-2"}, True),
    ],
)
def test_what_replaces_and_what_is_changed_in_place(
    type_token: str, old: dict[str, Any], new: dict[str, Any], replaced: bool
) -> None:
    paths = behaviour.changes(old, new)
    assert paths
    assert any(TYPES[type_token].replaced_by(path, old, new) for path in paths) is replaced


def test_differences_are_said_by_property_path() -> None:
    old = {"a": [1, {"b": 2}], "c": 3, "tags": {"x/y": "1"}}
    new = {"a": [1, {"b": 4}, 5], "d": 3, "tags": {"x/y": "2"}}
    assert behaviour.changes(old, new) == {
        "a[1].b": "update",
        "a[2]": "add",
        "c": "delete",
        "d": "add",
        'tags["x/y"]': "update",
    }


def test_a_template_has_a_new_version_when_its_content_changes() -> None:
    kind = TYPES[TEMPLATE]
    before = {"latestVersion": 4, "defaultVersion": 1, "arn": "a", "name": "t"}
    machine, other = {"instanceType": "p5.48xlarge"}, {"instanceType": "p5en.48xlarge"}
    assert kind.updated(machine, before, other, None)["latestVersion"] == 5
    assert kind.updated(machine, before, other, behaviour.UNKNOWN)["latestVersion"] == behaviour.UNKNOWN
    tagged = kind.updated(machine, before, {**machine, "tags": {"a": "b"}}, None)
    assert (tagged["latestVersion"], tagged["name"], tagged["tagsAll"]) == (4, "t", {"a": "b"})


def test_zone_names_are_not_in_the_order_of_zone_ids(world: World) -> None:
    subnet = world.make(SUBNET, availabilityZoneId="use1-az4")
    assert subnet["outputs"]["availabilityZone"] == "us-east-1a"
    back = world.make(SUBNET, availabilityZone="us-east-1a", cidrBlock="10.0.1.0/24")
    assert back["outputs"]["availabilityZoneId"] == "use1-az4"
    assert aws_types._zone_prefix("ap-southeast-2") == "apse2-az"
    assert aws_types._zone_prefix("us-gov-west-1") == "usgw1-az"
    assert [Here(region).partition for region in ("eu-north-1", "us-gov-west-1", "cn-north-1")] == [
        "aws",
        "aws-us-gov",
        "aws-cn",
    ]


def check(tmp_path: Path, type_token: str, news: dict[str, Any], olds: dict[str, Any] | None = None) -> Any:
    request = provider_pb2.CheckRequest(type=type_token, name="it", randomSeed=b"0123456789")
    request.news.update(news)
    request.olds.update(olds or {})
    return Provider(Account(tmp_path)).Check(request, None)


def test_a_type_that_the_double_does_not_play_is_refused(tmp_path: Path) -> None:
    (failure,) = check(tmp_path, "aws:sqs/queue:Queue", {}).failures
    assert failure.reason.startswith("the double does not play aws:sqs/queue:Queue")


def test_check_asks_the_model_then_the_rules_then_what_is_referred_to(tmp_path: Path) -> None:
    vpc = {"cidrBlock": "10.0.0.0/16"}
    assert not check(tmp_path, NETWORK, vpc).failures
    assert [each.property for each in check(tmp_path, NETWORK, {"cidrBlock": 7.0}).failures] == ["cidrBlock"]
    assert [each.property for each in check(tmp_path, NETWORK, {"cidrBlock": "10.0.0.0/8"}).failures] == ["cidrBlock"]
    with Account(tmp_path).open() as data:
        template = {"instanceType": "p5.48xlarge", "name": "t"}
        entry, _ = behaviour.create(data, TYPES[TEMPLATE], TEMPLATE, "urn::t", template, HERE)
        assert entry is not None
    nodes = {**SAMPLES[NODES], "launchTemplate": {"id": entry["id"], "version": "1"}, "instanceTypes": ["p5.48xlarge"]}
    assert "instanceTypes" in {each.property for each in check(tmp_path, NODES, nodes).failures}


def test_a_name_that_nobody_gave_is_made_once_and_kept(tmp_path: Path) -> None:
    group = {"vpcId": behaviour.UNKNOWN, "description": "x"}
    first = plain(check(tmp_path, GROUP, group).inputs)
    assert (first["name"], first["__defaults"]) == ("it-3031323", ["name"])
    kept = plain(check(tmp_path, GROUP, group, {**first, "name": "it-0000000"}).inputs)
    assert kept["name"] == "it-0000000"
    given = plain(check(tmp_path, GROUP, {**group, "name": "efa"}, first).inputs)
    assert (given["name"], given["__defaults"]) == ("efa", [])


def test_the_account_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    account = Account(tmp_path)
    with account.open() as data:
        data["serial"] = 1

    def interrupted() -> None:
        with account.open() as data:
            data["serial"] = 2
            raise KeyError("in the middle")

    with pytest.raises(KeyError, match="in the middle"):
        interrupted()
    assert account.read()["serial"] == 1
    assert {each.name for each in tmp_path.iterdir()} == {"account.json", "lock"}


def test_faults_strike_the_calls_that_they_name(tmp_path: Path) -> None:
    account = Account(tmp_path)

    def struck(faults: str, *calls: tuple[str, str, str]) -> list[bool]:
        (tmp_path / "faults.json").write_text(faults, encoding="utf-8")
        return [account.fault(*call) is not None for call in calls]

    make, other, change = ("create", BUCKET, "urn::a"), ("create", ROLE, "urn::b"), ("update", BUCKET, "urn::a")
    assert struck("[]", make) == [False]
    assert struck('[{"effect": "fail"}]', make, other, change) == [True, True, False]
    assert struck('[{"effect": "fail", "call": "update"}]', make, change) == [False, True]
    assert struck(f'[{{"effect": "fail", "type": "{ROLE}"}}]', make, other) == [False, True]
    assert struck('[{"effect": "fail", "urn": "::a"}]', make, other) == [True, False]
    assert struck('[{"effect": "fail", "times": 1}]', make, make) == [True, False]
    assert struck('[{"effect": "fail", "nth": 2, "times": 1}]', make, other, make) == [False, True, False]
    assert struck('[{"effect": "fail", "times": 1, "per": "urn"}]', make, other, make, other) == [True, True, False, False]
