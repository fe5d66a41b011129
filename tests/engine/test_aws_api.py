"""The judge of inputs by AWS's service model judges rightly: the model's word, no live account's."""

from __future__ import annotations

import base64
import inspect
import json
import re
from typing import Any

import aws_api
import pytest
from aws_samples import DROP, EFA_LAYOUTS, SAMPLES, changed, layout, policy, trust
from botocore.validate import ParamValidator
from pulumi.runtime.rpc import UNKNOWN

TYPES = sorted(aws_api.API)
TEMPLATE, GROUP, LUSTRE = (
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:fsx/lustreFileSystem:LustreFileSystem",
)


def reasons(type_token: str, inputs: dict[str, Any], path: str) -> list[str]:
    return [reason for where, reason in aws_api.problems(type_token, inputs) if where == path]


def concrete(type_token: str, path: str) -> str:
    """Return a path with indices: one element of every list on the way."""
    declared, steps = aws_api.arguments(type_token), []
    names = path.split(".")
    for number, name in enumerate(names):
        argument = declared[name]
        last = number == len(names) - 1
        steps.append(f"{name}[0]" if argument.kind == "list" else f"{name}.word" if argument.kind == "map" and last else name)
        declared = (argument.item or argument).members
    return ".".join(steps)


# ---------------------------------------------------------------------------- the table is complete


def test_every_type_has_a_sample() -> None:
    assert set(SAMPLES) == set(aws_api.API)


@pytest.mark.parametrize("type_token", TYPES)
def test_every_argument_reaches_the_service_or_has_a_reason(type_token: str) -> None:
    assert aws_api.unplaced(type_token) == []


@pytest.mark.parametrize("type_token", TYPES)
def test_arguments_are_those_of_the_installed_class(type_token: str) -> None:
    parameters = list(inspect.signature(aws_api.resource_class(type_token)._internal_init).parameters)
    ours = [re.sub(r"_+([a-z0-9])", lambda found: found[1].upper(), text) for text in parameters[3:] if text != "__props__"]
    assert sorted(map(str.lower, aws_api.arguments(type_token))) == sorted(map(str.lower, ours))


@pytest.mark.parametrize("type_token", TYPES)
def test_no_two_arguments_take_the_same_place(type_token: str) -> None:
    api = aws_api.API[type_token]
    shape = aws_api._input_shape(api.service, api.operation)
    places = [
        aws_api._place(api, name, shape) for name in aws_api.arguments(type_token) if name not in {**api.unsent, **api.refused}
    ]
    taken = [(place.operation, *place.steps) for place in places if place is not None]
    # What a flow log watches, an endpoint or a gateway: one of several names.
    shared = {("", "ResourceIds[0]")}
    assert {step for step in taken if taken.count(step) > 1} <= shared


@pytest.mark.parametrize("type_token", TYPES)
def test_every_pattern_can_be_read(type_token: str) -> None:
    for shape in aws_api.leaves(type_token).values():
        if "pattern" in shape.metadata:
            aws_api._expression(shape.metadata["pattern"])


# ---------------------------------------------------------------------------- what AWS would take is accepted


@pytest.mark.parametrize("type_token", TYPES)
def test_a_valid_sample_is_accepted(type_token: str) -> None:
    assert aws_api.problems(type_token, SAMPLES[type_token]) == []


@pytest.mark.parametrize("type_token", TYPES)
def test_botocore_accepts_the_requests_too(type_token: str) -> None:
    service = aws_api.API[type_token].service
    for operation, request in aws_api.requests(type_token, SAMPLES[type_token]).items():
        report = ParamValidator().validate(request, aws_api._input_shape(service, operation))
        assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize(("instance_type", "cards"), EFA_LAYOUTS.items())
def test_efa_layouts_are_accepted(instance_type: str, cards: tuple[int, int, int]) -> None:
    interfaces = layout(*cards[:2])
    inputs = changed(SAMPLES[TEMPLATE], {"instanceType": instance_type, "networkInterfaces": interfaces})
    assert aws_api.problems(TEMPLATE, inputs) == []
    sent = aws_api.requests(TEMPLATE, inputs)["CreateLaunchTemplate"]["LaunchTemplateData"]["NetworkInterfaces"]
    assert len(sent) == cards[2]
    assert [(ni["NetworkCardIndex"], ni["DeviceIndex"], ni["InterfaceType"]) for ni in sent] == [
        (ni["networkCardIndex"], ni["deviceIndex"], ni["interfaceType"]) for ni in interfaces
    ]
    assert all(ni["Groups"] and ni["DeleteOnTermination"] is True for ni in sent)


@pytest.mark.parametrize("type_token", TYPES)
def test_unknown_values_satisfy_and_are_not_judged(type_token: str) -> None:
    sample = SAMPLES[type_token]
    for name in sample:
        assert aws_api.problems(type_token, changed(sample, {name: UNKNOWN})) == []
    for path in aws_api.leaves(type_token):
        inputs = changed(sample, {path.split(".")[0]: DROP} if path.split(".")[0] in sample else {})
        inputs = changed(inputs, {concrete(type_token, path): UNKNOWN})
        assert not reasons(type_token, inputs, concrete(type_token, path))


def test_what_is_none_counts_as_left_out() -> None:
    sample = SAMPLES[GROUP]
    assert aws_api.problems(GROUP, {**sample, "releaseVersion": None}) == []
    assert reasons(GROUP, {**sample, "nodeRoleArn": None}, "nodeRoleArn")


def test_a_name_may_be_left_to_the_provider() -> None:
    for type_token, api in aws_api.API.items():
        if api.named in SAMPLES[type_token]:
            assert aws_api.problems(type_token, changed(SAMPLES[type_token], {api.named: DROP})) == []


# ---------------------------------------------------------------------------- what is missing, invented, of another kind


REQUIRED = [(type_token, name) for type_token in TYPES for name in aws_api.required(type_token)]


@pytest.mark.parametrize(("type_token", "name"), REQUIRED)
def test_a_missing_required_argument_is_refused(type_token: str, name: str) -> None:
    found = aws_api.problems(type_token, changed(SAMPLES[type_token], {name: DROP}))
    assert any(path == name and "is required" in reason for path, reason in found), found
    assert len([path for path, _ in found if path == name]) == 1


@pytest.mark.parametrize(
    ("type_token", "path"),
    [
        (GROUP, "scalingConfig.maxSize"),
        (GROUP, "launchTemplate.version"),
        (GROUP, "taints[0].effect"),
        (GROUP, "nodeRepairConfig.nodeRepairConfigOverrides[0].repairAction"),
        ("aws:eks/cluster:Cluster", "vpcConfig.subnetIds"),
        ("aws:eks/cluster:Cluster", "encryptionConfig.provider.keyArn"),
        ("aws:eks/addon:Addon", "podIdentityAssociations[0].roleArn"),
        ("aws:budgets/budget:Budget", "notifications[0].threshold"),
        # The declaration leaves these open; the service's model does not.
        ("aws:budgets/budget:Budget", "limitUnit"),
        ("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "rules[0].status"),
        (LUSTRE, "metadataConfiguration.mode"),
        (LUSTRE, "logConfiguration.level"),
        ("aws:ec2/flowLog:FlowLog", "vpcId"),
    ],
)
def test_a_missing_inner_member_is_refused(type_token: str, path: str) -> None:
    found = aws_api.problems(type_token, changed(SAMPLES[type_token], {path: DROP}))
    assert any(path in where and "is required" in reason for where, reason in found), found


@pytest.mark.parametrize("type_token", TYPES)
def test_an_invented_argument_is_refused(type_token: str) -> None:
    assert "no such argument" in reasons(type_token, {**SAMPLES[type_token], "invented": "x"}, "invented")[0]


@pytest.mark.parametrize(
    ("type_token", "path", "near"),
    [
        (TEMPLATE, "networkInterfaces[0].subnet", "subnetId"),
        (TEMPLATE, "instance_type", "instanceType"),
        (GROUP, "scalingConfig.minSizes", "minSize"),
        (GROUP, "nodegroupName", "nodeGroupName"),
        ("aws:eks/cluster:Cluster", "vpcConfig.endpointPrivateAcces", "endpointPrivateAccess"),
        ("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "rules[0].filter.and_", "and"),
    ],
)
def test_a_misspelt_argument_is_refused_with_the_right_one(type_token: str, path: str, near: str) -> None:
    inputs = changed(SAMPLES[type_token], {path: {} if path.endswith("and_") else "x"})
    assert f"no such argument; {near} is one" in reasons(type_token, inputs, path)


@pytest.mark.parametrize(
    ("type_token", "path"),
    [(type_token, path) for type_token in TYPES for path in aws_api.API[type_token].refused],
)
def test_an_argument_that_is_not_judged_is_refused(type_token: str, path: str) -> None:
    assert any("not judged here" in reason for reason in reasons(type_token, changed({}, {path: "x"}), path))


def test_a_type_that_is_not_judged_is_refused() -> None:
    assert "not in the table" in aws_api.problems("aws:ec2/instance:Instance", {})[0][1]


WRONG: dict[str, list[object]] = {
    "string": [7.0, ["x", "y"], {"a": "b"}],
    "integer": [2.5, "two", True, [1.0, 2.0]],
    "long": [2.5, "two", True],
    "double": ["two", True],
    "float": ["two", True],
    "boolean": ["yes", 1.0],
    "timestamp": ["tomorrow", 7.0],
}


@pytest.mark.parametrize("type_token", TYPES)
def test_every_argument_refuses_values_of_another_kind(type_token: str) -> None:
    documents = aws_api.API[type_token].documents
    for path, shape in aws_api.leaves(type_token).items():
        if shape.type_name in ("structure", "map", "list") or path in documents:
            continue
        where = concrete(type_token, path)
        for value in WRONG[shape.type_name]:
            assert reasons(type_token, changed({}, {where: value}), where), (path, value)


@pytest.mark.parametrize("type_token", TYPES)
def test_every_enumeration_refuses_another_word_and_takes_its_own(type_token: str) -> None:
    for path, shape in aws_api.leaves(type_token).items():
        if getattr(shape, "enum", None):
            where = concrete(type_token, path)
            assert any("not one of" in reason for reason in reasons(type_token, changed({}, {where: "NOT-A-WORD"}), where)), (
                path
            )
            for word in shape.enum:
                assert not reasons(type_token, changed({}, {where: word}), where), (path, word)


def test_the_enumerations_that_matter_are_judged() -> None:
    for type_token, path in [
        (GROUP, "amiType"), (GROUP, "capacityType"), (GROUP, "taints.effect"),
            (GROUP, "nodeRepairConfig.nodeRepairConfigOverrides.repairAction"),
        (TEMPLATE, "instanceType"), (TEMPLATE, "instanceMarketOptions.marketType"), (TEMPLATE, "placement.tenancy"),
        (TEMPLATE, "metadataOptions.httpTokens"), (TEMPLATE, "blockDeviceMappings.ebs.volumeType"),
        (LUSTRE, "deploymentType"), (LUSTRE, "storageType"), (LUSTRE, "metadataConfiguration.mode"),
        ("aws:ec2/placementGroup:PlacementGroup", "strategy"), ("aws:ec2/flowLog:FlowLog", "trafficType"),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType"), ("aws:efs/fileSystem:FileSystem", "throughputMode"),
        ("aws:s3/bucketVersioning:BucketVersioning", "versioningConfiguration.status"),
            ("aws:kms/key:Key", "customerMasterKeySpec"),
        ("aws:budgets/budget:Budget", "notifications.comparisonOperator"),
            ("aws:eks/cluster:Cluster", "enabledClusterLogTypes"),
    ]:  # fmt: skip
        assert aws_api.leaves(type_token)[path].enum, path


@pytest.mark.parametrize("type_token", TYPES)
def test_every_range_and_length_is_kept(type_token: str) -> None:
    for path, shape in aws_api.leaves(type_token).items():
        where, rules = concrete(type_token, path), shape.metadata
        if getattr(shape, "enum", None) or shape.type_name not in ("string", "integer", "long"):
            continue
        text = shape.type_name == "string"
        for bound, beyond, word in (("min", -1, "than"), ("max", 1, "than")):
            if bound not in rules or (text and not 0 <= rules[bound] + beyond <= 100_000):
                continue
            value: object = "a" * (rules[bound] + beyond) if text else float(rules[bound] + beyond)
            assert any(word in reason for reason in reasons(type_token, changed({}, {where: value}), where)), (path, bound)
            value = "a" * rules[bound] if text else float(rules[bound])
            assert not any("than" in reason for reason in reasons(type_token, changed({}, {where: value}), where)), (
                path,
                bound,
            )


@pytest.mark.parametrize(
    ("type_token", "changes", "path", "part"),
    [
        # Patterns, sizes of lists, ranges: one planted violation of each kind, seen in whole.
        (LUSTRE, {"storageCapacity": -1.0}, "storageCapacity", "less than 0"),
        (LUSTRE, {"perUnitStorageThroughput": 5.0}, "perUnitStorageThroughput", "less than 12"),
        (LUSTRE, {"subnetIds": "vpc-1"}, "subnetIds", "does not match"),
        (LUSTRE, {"weeklyMaintenanceStartTime": "8:03:00"}, "weeklyMaintenanceStartTime", "does not match"),
        (LUSTRE, {"tags": {"a&b": "x"}}, "tags.a&b", "does not match"),
        (LUSTRE, {"securityGroupIds": ["sg-0a1b2c3d"] * 51}, "securityGroupIds", "more than 50"),
        (GROUP, {"scalingConfig.maxSize": 0.0}, "scalingConfig.maxSize", "less than 1"),
        (GROUP, {"scalingConfig.desiredSize": 2.5}, "scalingConfig.desiredSize", "whole number"),
        (GROUP, {"updateConfig": {"maxUnavailablePercentage": 101.0}}, "updateConfig.maxUnavailablePercentage",
            "more than 100"),
        (GROUP, {"taints": {"key": "a"}}, "taints", "is a list"),
        (GROUP, {"labels": ["a"]}, "labels", "is a map"),
        (GROUP, {"amiType": "AL2023_X86_64_NVIDIA"}, "amiType", "not one of"),
        (GROUP, {"launchTemplate.version": 1.0}, "launchTemplate.version", "is a text"),
        (TEMPLATE, {"ebsOptimized": "yes"}, "ebsOptimized", "true or false"),
        (TEMPLATE, {"instanceMarketOptions.marketType": "capacity_block"}, "instanceMarketOptions.marketType", "not one of"),
        (TEMPLATE, {"tagSpecifications[0].resourceType": "instances"}, "tagSpecifications[0].resourceType", "not one of"),
        ("aws:iam/role:Role", {"name": "a b"}, "name", "does not match"),
        ("aws:iam/role:Role", {"maxSessionDuration": 60.0}, "maxSessionDuration", "less than 3600"),
        ("aws:iam/role:Role", {"path": "demo"}, "path", "does not match"),
        ("aws:kms/alias:Alias", {"name": "alias/a b"}, "name", "does not match"),
        ("aws:cloudwatch/logGroup:LogGroup", {"name": "a b"}, "name", "does not match"),
        ("aws:amp/workspace:Workspace", {"loggingConfiguration": {"logGroupArn": "arn:x"}},
            "loggingConfiguration.logGroupArn", "match"),
        ("aws:autoscaling/schedule:Schedule", {"startTime": "1 January"}, "startTime", "not a time"),
        ("aws:budgets/budget:Budget", {"timePeriodStart": "2027-01-01T00:00:00Z"}, "timePeriodStart", "not a time"),
        ("aws:budgets/budget:Budget", {"limitAmount": "lots"}, "limitAmount", "does not match"),
        ("aws:eks/cluster:Cluster", {"name": "-demo"}, "name", "does not match"),
        ("aws:efs/fileSystem:FileSystem", {"lifecyclePolicies": [{}, {}, {}, {}]}, "lifecyclePolicies", "more than 3"),
    ],
)  # fmt: skip
def test_the_model_refuses(type_token: str, changes: dict[str, Any], path: str, part: str) -> None:
    found = reasons(type_token, changed(SAMPLES[type_token], changes), path)
    assert any(part in reason for reason in found), (found, aws_api.problems(type_token, changed(SAMPLES[type_token], changes)))


def test_text_stands_for_truth_where_the_provider_takes_text() -> None:
    for value in (True, False, "true", "false"):
        assert not reasons(TEMPLATE, changed(SAMPLES[TEMPLATE], {"ebsOptimized": value}), "ebsOptimized")
    assert reasons("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "enableDnsSupport": "true"}, "enableDnsSupport")


def test_a_policy_may_be_an_object() -> None:
    sample = SAMPLES["aws:iam/policy:Policy"]
    assert aws_api.problems("aws:iam/policy:Policy", {**sample, "policy": json.loads(policy())}) == []


# ---------------------------------------------------------------------------- policies


KINDS = {
    "identity": json.loads(policy()),
    "resource": json.loads(policy(Principal="*")),
    "trust": json.loads(trust("eks.amazonaws.com")),
}
LAMBDA = "arn:aws:iam::111122223333"


@pytest.mark.parametrize("kind", KINDS)
def test_a_valid_policy_is_accepted(kind: str) -> None:
    assert aws_api.document_problems(KINDS[kind], kind) == []
    assert aws_api.document_problems(json.dumps(KINDS[kind]), kind) == []


@pytest.mark.parametrize(
    ("kind", "changes", "part", "neighbour"),
    [
        ("identity", {"Version": DROP}, "Version", {}),
        ("identity", {"Version": "2012-10-18"}, "Version", {}),
        ("identity", {"Statements": []}, "Statements", {"Id": "x"}),
        ("identity", {"Statement": []}, "no Statement", {}),
        ("identity", {"Statement": ["x"]}, "not an object", {}),
        ("identity", {"Statement[0].Effect": "allow"}, "Effect", {"Statement[0].Effect": "Deny"}),
        ("identity", {"Statement[0].Actions": ["s3:*"]}, "no part of a statement", {}),
        ("identity", {"Statement[0].Action": DROP}, "exactly one of Action", {"Statement[0].Action": "s3:Get*"}),
        ("identity", {"Statement[0].NotAction": "s3:*"}, "exactly one of Action", {}),
        ("identity", {"Statement[0].Action": []}, "Action is empty", {"Statement[0].Action": "*"}),
        ("identity", {"Statement[0].Action": ["s3.GetObject"]}, "Action has", {"Statement[0].Action": ["eks-auth:Assume*"]}),
        ("identity", {"Statement[0].Action": ["s3:GetObject "]}, "Action has", {}),
        ("identity", {"Statement[0].Resource": DROP}, "exactly one of Resource", {"Statement[0].Resource": "*"}),
        ("identity", {"Statement[0].Resource": "demo-data"}, "Resource has", {"Statement[0].Resource": UNKNOWN}),
        ("identity", {"Statement[0].Resource": ["arn:aws:s3"]}, "Resource has", {"Statement[0].Resource": ["arn:aws:s3:::a"]}),
        ("identity", {"Statement[0].Principal": "*"}, "must not have a Principal", {}),
        ("identity", {"Statement[0].Sid": "read it"}, "Sid", {"Statement[0].Sid": "ReadIt"}),
        ("identity", {"Statement[1]": KINDS["identity"]["Statement"][0]}, "occurs twice", {}),
        ("identity", {"Statement[0].Condition": {"StringEqual": {"aws:a": "b"}}}, "no operator",
            {"Statement[0].Condition": {"ForAnyValue:StringLikeIfExists": {"aws:a": "b"}}}),
        ("identity", {"Statement[0].Condition": {"Bool": {}}}, "needs keys",
            {"Statement[0].Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
        ("identity", {"Statement[0].Condition": {"Bool": {"a": "b"}}}, "needs keys",
            {"Statement[0].Condition": {"Null": {"aws:a": True}}}),
        ("identity", {"Statement[0].Condition": {"Bool": {"aws:a": {"b": "c"}}}}, "not plain",
            {"Statement[0].Condition": {"StringEquals": {"aws:a": ["b", "c"]}}}),
        ("identity", {"Statement[0].Resource": "arn:aws:s3:::None/*"}, "never filled in",
            {"Statement[0].Resource": "arn:aws:s3:::nonesuch/*"}),
        ("identity", {"Statement[0].Resource": "arn:aws:s3:::${bucket}/*"}, "never filled in",
            {"Statement[0].Resource": "arn:aws:s3:::a/${aws:PrincipalTag/team}/*"}),
        ("identity", {"Statement[0].Resource": "arn:aws:s3:::Output<str>/*"}, "never filled in", {}),
        ("resource", {"Statement[0].Principal": DROP}, "exactly one of Principal",
            {"Statement[0].Principal": {"AWS": f"{LAMBDA}:root"}}),
        ("resource", {"Statement[0].Principal": "me"}, "Principal is",
            {"Statement[0].Principal": {"AWS": ["111122223333", "*"]}}),
        ("resource", {"Statement[0].Principal": {"Aws": "*"}}, "none of AWS", {"Statement[0].Principal": {"AWS": "*"}}),
        ("resource", {"Statement[0].Principal": {"AWS": []}}, "is empty", {}),
        ("resource", {"Statement[0].Principal": {"AWS": "root"}}, "Principal AWS has", {}),
        ("trust", {"Statement[0].Principal": {"Service": "eks"}}, "Principal Service has",
            {"Statement[0].Principal": {"Service": "ec2.amazonaws.com"}}),
        ("trust", {"Statement[0].Principal": {"Federated": "oidc"}}, "Federated has",
            {"Statement[0].Principal": {"Federated": f"{LAMBDA}:oidc-provider/oidc.eks"}}),
        ("trust", {"Statement[0].Resource": "*"}, "must not have a Resource", {}),
    ],
)  # fmt: skip
def test_a_policy_out_of_grammar_is_refused(kind: str, changes: dict[str, Any], part: str, neighbour: dict[str, Any]) -> None:
    found = aws_api.document_problems(changed(KINDS[kind], changes), kind)
    assert any(part in reason for reason in found), found
    assert aws_api.document_problems(changed(KINDS[kind], neighbour), kind) == []


@pytest.mark.parametrize("text", ["", "not JSON", "[]", "7", '"x"'])
def test_what_is_no_document_is_refused(text: str) -> None:
    assert aws_api.document_problems(text, "identity")


@pytest.mark.parametrize(
    ("type_token", "name"), [(type_token, name) for type_token in TYPES for name in aws_api.API[type_token].documents]
)
def test_every_document_is_judged(type_token: str, name: str) -> None:
    assert any(
        "Statement" in reason
        for reason in reasons(type_token, {**SAMPLES[type_token], name: '{"Version": "2012-10-17"}'}, name)
    )


def test_every_argument_that_holds_a_policy_is_judged() -> None:
    for type_token in TYPES:
        api = aws_api.API[type_token]
        for name in aws_api.arguments(type_token):
            if re.fullmatch(r"(assumeRole)?[pP]olicy", name):
                assert name in api.documents or name in api.refused, (type_token, name)


# ---------------------------------------------------------------------------- text that was never filled in


@pytest.mark.parametrize(
    ("type_token", "path", "text"),
    [
        (GROUP, "nodeGroupName", "p5-None"),
        (GROUP, "launchTemplate.version", "None"),
        (GROUP, "labels.zone", "Output<str>"),
        (GROUP, "tags.zone", "<pulumi.output.Output object at 0x7f>"),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", "subnetIds[0]", "Calling __str__ on an Output[T] is not supported"),
        ("aws:iam/role:Role", "name", f"demo-{UNKNOWN}"),
        (TEMPLATE, "userData", base64.b64encode(b"#!/bin/bash\n/etc/eks/bootstrap.sh None").decode()),
        (TEMPLATE, "userData", base64.b64encode(UNKNOWN.encode()).decode()),
        (TEMPLATE, "userData", "not base64"),
    ],
)
def test_text_that_was_never_filled_in_is_refused(type_token: str, path: str, text: str) -> None:
    found = reasons(type_token, changed(SAMPLES[type_token], {path: text}), path)
    assert any("never filled in" in reason or "base64" in reason for reason in found), found


@pytest.mark.parametrize(("path", "text"), [("dataCompressionType", "NONE"), ("tags.note", "nonetheless")])
def test_words_that_only_look_like_it_are_accepted(path: str, text: str) -> None:
    assert reasons(LUSTRE, changed(SAMPLES[LUSTRE], {path: text}), path) == []
