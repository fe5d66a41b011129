"""Judge Pulumi inputs by AWS's published service model (botocore's), as a provider's Check would.

What passes here has arguments that pulumi-aws knows, becomes requests that the service model accepts (members, types, words of
enumerations, ranges, lengths, patterns), and holds policy documents that follow IAM's grammar. That is proved against the
model; no account was asked, and what a service decides beyond its model is in `aws_rules`.

A table entry tells which calls create a resource and where an argument goes when its name does not say so. One that goes
nowhere is listed with the reason; one that the table refuses is not judged, so it must not be used.
"""

from __future__ import annotations

import base64
import binascii
import collections.abc
import datetime as dt
import difflib
import enum
import functools
import importlib
import inspect
import json
import re
import types
import typing
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import botocore.loaders
import botocore.model
import pulumi
from pulumi import _types as pulumi_types
from pulumi.runtime.rpc import UNKNOWN

__all__ = [
    "API",
    "Api",
    "arguments",
    "document_problems",
    "leaves",
    "problems",
    "requests",
    "required",
    "resource_class",
    "unplaced",
]

Problems = list[tuple[str, str]]

REGION = "chooses the client's endpoint"


@dataclass(frozen=True)
class Api:
    """How one Pulumi type reaches its service.

    `to` maps an argument (path without indices) to a member: relative to its surroundings, or `Operation:Path` from the top.
    In a path, `Name[]` adds one element for each value, `Name[0]` fills the first element, and `;Member=word` writes a constant
    into it. `inside` is a member whose members are looked through too. `unsent` are arguments that only the provider reads;
    `refused` are not judged here. `given` members are filled in by the provider. `named` is the argument that the provider
    fills with a name of its own where it is left out. `documents` hold policies, of the kinds of `document_problems`.
    """

    service: str
    operation: str
    inside: str = ""
    to: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, object] = field(default_factory=dict)
    unsent: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    named: str = ""
    documents: Mapping[str, str] = field(default_factory=dict)
    time_format: str = "%Y-%m-%dT%H:%M:%S%z"


def _ec2_tags(kind: str) -> dict[str, str]:
    return {"tags": f"TagSpecifications[0;ResourceType={kind}].Tags"}


PREFIX = {"namePrefix": "becomes the beginning of the name"}
_RULE_PARTS = {
    "ipProtocol": "IpPermissions[0].IpProtocol",
    "fromPort": "IpPermissions[0].FromPort",
    "toPort": "IpPermissions[0].ToPort",
    "cidrIpv4": "IpPermissions[0].IpRanges[0].CidrIp",
    "cidrIpv6": "IpPermissions[0].Ipv6Ranges[0].CidrIpv6",
    "prefixListId": "IpPermissions[0].PrefixListIds[0].PrefixListId",
    "referencedSecurityGroupId": "IpPermissions[0].UserIdGroupPairs[0].GroupId",
    "securityGroupId": "GroupId",
    **_ec2_tags("security-group-rule"),
}
_RULE_UNSENT = {"description": "goes with whichever source is named; aws_rules judges it", "region": REGION}


def _inline_rules(way: str, operation: str) -> dict[str, str]:
    return {
        way: f"{operation}:IpPermissions",
        f"{way}.protocol": "IpProtocol",
        f"{way}.cidrBlocks": "IpRanges[].CidrIp",
        f"{way}.ipv6CidrBlocks": "Ipv6Ranges[].CidrIpv6",
        f"{way}.prefixListIds": "PrefixListIds[].PrefixListId",
        f"{way}.securityGroups": "UserIdGroupPairs[].GroupId",
    }


_INLINE_UNSENT = {
    **{f"{way}.self": "becomes the group's own id" for way in ("ingress", "egress")},
    **{f"{way}.description": "goes with each source" for way in ("ingress", "egress")},
    "revokeRulesOnDelete": "what to do before deletion",
    "region": REGION,
}
_NEW_GROUP = {"AuthorizeSecurityGroupIngress:GroupId": UNKNOWN, "AuthorizeSecurityGroupEgress:GroupId": UNKNOWN}
_OF_BUCKETS = (
    "accelerationStatus", "acl", "corsRules", "grants", "lifecycleRules", "logging", "objectLockConfiguration", "policy",
    "replicationConfiguration", "requestPayer", "serverSideEncryptionConfiguration", "versioning", "website",
)  # fmt: skip

API: Mapping[str, Api] = {
    "aws:ec2/vpc:Vpc": Api(
        "ec2",
        "CreateVpc",
        to={
            "assignGeneratedIpv6CidrBlock": "AmazonProvidedIpv6CidrBlock",
            "enableDnsHostnames": "ModifyVpcAttribute:EnableDnsHostnames",
            "enableDnsSupport": "ModifyVpcAttribute:EnableDnsSupport",
            "enableNetworkAddressUsageMetrics": "ModifyVpcAttribute:EnableNetworkAddressUsageMetrics",
            **_ec2_tags("vpc"),
        },
        given={"ModifyVpcAttribute:VpcId": UNKNOWN},
        unsent={"region": REGION},
    ),
    "aws:ec2/subnet:Subnet": Api(
        "ec2",
        "CreateSubnet",
        to={
            "assignIpv6AddressOnCreation": "ModifySubnetAttribute:AssignIpv6AddressOnCreation",
            "customerOwnedIpv4Pool": "ModifySubnetAttribute:CustomerOwnedIpv4Pool",
            "enableDns64": "ModifySubnetAttribute:EnableDns64",
            "enableLniAtDeviceIndex": "ModifySubnetAttribute:EnableLniAtDeviceIndex",
            "enableResourceNameDnsARecordOnLaunch": "ModifySubnetAttribute:EnableResourceNameDnsARecordOnLaunch",
            "enableResourceNameDnsAaaaRecordOnLaunch": "ModifySubnetAttribute:EnableResourceNameDnsAAAARecordOnLaunch",
            "mapCustomerOwnedIpOnLaunch": "ModifySubnetAttribute:MapCustomerOwnedIpOnLaunch",
            "mapPublicIpOnLaunch": "ModifySubnetAttribute:MapPublicIpOnLaunch",
            "privateDnsHostnameTypeOnLaunch": "ModifySubnetAttribute:PrivateDnsHostnameTypeOnLaunch",
            **_ec2_tags("subnet"),
        },
        given={"ModifySubnetAttribute:SubnetId": UNKNOWN},
        unsent={"region": REGION},
    ),
    "aws:ec2/internetGateway:InternetGateway": Api(
        "ec2",
        "CreateInternetGateway",
        to={"vpcId": "AttachInternetGateway:VpcId", **_ec2_tags("internet-gateway")},
        given={"AttachInternetGateway:InternetGatewayId": UNKNOWN},
        unsent={"region": REGION},
    ),
    "aws:ec2/eip:Eip": Api(
        "ec2",
        "AllocateAddress",
        to={
            "associateWithPrivateIp": "AssociateAddress:PrivateIpAddress",
            "instance": "AssociateAddress:InstanceId",
            "networkInterface": "AssociateAddress:NetworkInterfaceId",
            **_ec2_tags("elastic-ip"),
        },
        unsent={"region": REGION},
    ),
    "aws:ec2/natGateway:NatGateway": Api(
        "ec2",
        "CreateNatGateway",
        to={"privateIp": "PrivateIpAddress", **_ec2_tags("natgateway")},
        unsent={"region": REGION},
    ),
    "aws:ec2/routeTable:RouteTable": Api(
        "ec2",
        "CreateRouteTable",
        to=_ec2_tags("route-table"),
        unsent={"region": REGION},
        refused={"routes": "use aws.ec2.Route", "propagatingVgws": "no virtual private gateway here"},
    ),
    "aws:ec2/route:Route": Api(
        "ec2", "CreateRoute", to={"egressOnlyGatewayId": "EgressOnlyInternetGatewayId"}, unsent={"region": REGION}
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Api("ec2", "AssociateRouteTable", unsent={"region": REGION}),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Api(
        "ec2",
        "CreateVpcEndpoint",
        to={"policy": "PolicyDocument", **_ec2_tags("vpc-endpoint")},
        unsent={"autoAccept": "accepts the connection afterwards", "region": REGION},
        documents={"policy": "resource"},
    ),
    "aws:ec2/flowLog:FlowLog": Api(
        "ec2",
        "CreateFlowLogs",
        to={
            "iamRoleArn": "DeliverLogsPermissionArn",
            "vpcId": "ResourceIds[0]",
            "subnetId": "ResourceIds[0]",
            "eniId": "ResourceIds[0]",
            "transitGatewayId": "ResourceIds[0]",
            "transitGatewayAttachmentId": "ResourceIds[0]",
            "regionalNatGatewayId": "ResourceIds[0]",
            **_ec2_tags("vpc-flow-log"),
        },
        given={"ResourceType": UNKNOWN},
        unsent={"region": REGION},
        refused={"tagFieldSpecifications": "not used here"},
    ),
    "aws:ec2/securityGroup:SecurityGroup": Api(
        "ec2",
        "CreateSecurityGroup",
        to={
            "name": "GroupName",
            **_inline_rules("ingress", "AuthorizeSecurityGroupIngress"),
            **_inline_rules("egress", "AuthorizeSecurityGroupEgress"),
            **_ec2_tags("security-group"),
        },
        given={"Description": "Managed by Pulumi", **_NEW_GROUP},
        unsent={**PREFIX, **_INLINE_UNSENT},
        named="name",
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Api(
        "ec2",
        "DescribeSecurityGroups",
        to={
            "vpcId": "Filters[0;Name=vpc-id].Values[0]",
            "tags": "CreateTags:Tags",
            **_inline_rules("ingress", "AuthorizeSecurityGroupIngress"),
            **_inline_rules("egress", "AuthorizeSecurityGroupEgress"),
        },
        given={"CreateTags:Resources[0]": UNKNOWN, **_NEW_GROUP},
        unsent=_INLINE_UNSENT,
    ),
    "aws:ec2/placementGroup:PlacementGroup": Api(
        "ec2",
        "CreatePlacementGroup",
        to={"name": "GroupName", **_ec2_tags("placement-group")},
        unsent={"region": REGION},
        named="name",
    ),
    "aws:ec2/capacityReservation:CapacityReservation": Api(
        "ec2", "CreateCapacityReservation", to=_ec2_tags("capacity-reservation"), unsent={"region": REGION}
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": Api(
        "ec2",
        "CreateLaunchTemplate",
        inside="LaunchTemplateData",
        to={
            "name": "LaunchTemplateName",
            "description": "VersionDescription",
            "tagSpecifications": "LaunchTemplateData.TagSpecifications",
            "securityGroupNames": "LaunchTemplateData.SecurityGroups",
            "vpcSecurityGroupIds": "LaunchTemplateData.SecurityGroupIds",
            "ramDiskId": "LaunchTemplateData.RamDiskId",
            "networkInterfaces.securityGroups": "Groups",
            "networkInterfaces.ipv4AddressCount": "SecondaryPrivateIpAddressCount",
            "networkInterfaces.ipv4Addresses": "PrivateIpAddresses[].PrivateIpAddress",
            "networkInterfaces.ipv4Prefixes": "Ipv4Prefixes[].Ipv4Prefix",
            "networkInterfaces.ipv6Addresses": "Ipv6Addresses[].Ipv6Address",
            "networkInterfaces.ipv6Prefixes": "Ipv6Prefixes[].Ipv6Prefix",
            "secondaryInterfaces.privateIpAddresses": "PrivateIpAddresses[].PrivateIpAddress",
            **_ec2_tags("launch-template"),
        },
        unsent={
            **PREFIX,
            "defaultVersion": "set by a later call",
            "updateDefaultVersion": "whether a later call makes a new version the default",
            "region": REGION,
        },
        named="name",
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Api(
        "ec2", "AuthorizeSecurityGroupIngress", to=_RULE_PARTS, unsent=_RULE_UNSENT
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Api(
        "ec2", "AuthorizeSecurityGroupEgress", to=_RULE_PARTS, unsent=_RULE_UNSENT
    ),
    "aws:eks/cluster:Cluster": Api(
        "eks",
        "CreateCluster",
        to={
            "vpcConfig": "resourcesVpcConfig",
            "enabledClusterLogTypes": "logging.clusterLogging[0;enabled=true].types",
        },
        unsent={
            "region": REGION,
            "forceUpdateVersion": "of a later update",
            "vpcConfig.clusterSecurityGroupId": "an output",
            "vpcConfig.vpcId": "an output",
        },
        refused={
            "kubernetesNetworkConfig.serviceIpv6Cidr": "an output of IPv6 clusters",
            "defaultAddonsToRemoves": "misspelt in the provider's own schema; use bootstrapSelfManagedAddons",
        },
        named="name",
    ),
    "aws:eks/addon:Addon": Api(
        "eks",
        "CreateAddon",
        to={"resolveConflictsOnCreate": "resolveConflicts", "resolveConflictsOnUpdate": "UpdateAddon:resolveConflicts"},
        given={"UpdateAddon:clusterName": UNKNOWN, "UpdateAddon:addonName": UNKNOWN},
        unsent={"preserve": "of the deletion", "region": REGION},
    ),
    "aws:eks/accessEntry:AccessEntry": Api("eks", "CreateAccessEntry", to={"userName": "username"}, unsent={"region": REGION}),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Api("eks", "AssociateAccessPolicy", unsent={"region": REGION}),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Api(
        "eks", "CreatePodIdentityAssociation", unsent={"region": REGION}, documents={"policy": "identity"}
    ),
    "aws:eks/nodeGroup:NodeGroup": Api(
        "eks",
        "CreateNodegroup",
        to={"nodeRoleArn": "nodeRole", "subnetIds": "subnets", "remoteAccess.sourceSecurityGroupIds": "sourceSecurityGroups"},
        unsent={
            "nodeGroupNamePrefix": "becomes the beginning of the name",
            "forceUpdateVersion": "of a later update",
            "region": REGION,
        },
        named="nodeGroupName",
    ),
    "aws:iam/role:Role": Api(
        "iam",
        "CreateRole",
        to={
            "assumeRolePolicy": "AssumeRolePolicyDocument",
            "name": "RoleName",
        },
        unsent={**PREFIX, "forceDetachPolicies": "of the deletion"},
        refused={"inlinePolicies": "use aws.iam.RolePolicy", "managedPolicyArns": "use aws.iam.RolePolicyAttachment"},
        named="name",
        documents={"assumeRolePolicy": "trust"},
    ),
    "aws:iam/rolePolicy:RolePolicy": Api(
        "iam",
        "PutRolePolicy",
        to={"policy": "PolicyDocument", "role": "RoleName", "name": "PolicyName"},
        unsent=PREFIX,
        named="name",
        documents={"policy": "identity"},
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Api("iam", "AttachRolePolicy", to={"role": "RoleName"}),
    "aws:iam/policy:Policy": Api(
        "iam",
        "CreatePolicy",
        to={"policy": "PolicyDocument", "name": "PolicyName"},
        unsent={**PREFIX, "delayAfterPolicyCreationInMs": "the provider waits"},
        named="name",
        documents={"policy": "identity"},
    ),
    "aws:kms/key:Key": Api(
        "kms",
        "CreateKey",
        to={
            "customerMasterKeySpec": "KeySpec",
            "bypassPolicyLockoutSafetyCheck": "BypassPolicyLockoutSafetyCheck",
            "deletionWindowInDays": "ScheduleKeyDeletion:PendingWindowInDays",
            "rotationPeriodInDays": "EnableKeyRotation:RotationPeriodInDays",
        },
        given={"ScheduleKeyDeletion:KeyId": UNKNOWN, "EnableKeyRotation:KeyId": UNKNOWN},
        unsent={
            "enableKeyRotation": "decides whether EnableKeyRotation is called",
            "isEnabled": "decides whether DisableKey is called",
            "region": REGION,
        },
        documents={"policy": "resource"},
    ),
    "aws:kms/alias:Alias": Api(
        "kms",
        "CreateAlias",
        to={"name": "AliasName"},
        unsent={**PREFIX, "region": REGION},
        named="name",
    ),
    "aws:fsx/lustreFileSystem:LustreFileSystem": Api(
        "fsx",
        "CreateFileSystem",
        inside="LustreConfiguration",
        given={"FileSystemType": "LUSTRE", "DeleteFileSystem:FileSystemId": UNKNOWN},
        to={
            "dataReadCacheConfiguration.size": "SizeGiB",
            "finalBackupTags": "DeleteFileSystem:LustreConfiguration.FinalBackupTags",
            "skipFinalBackup": "DeleteFileSystem:LustreConfiguration.SkipFinalBackup",
        },
        unsent={"region": REGION},
        refused={"backupId": "restores are not planned here"},
    ),
    "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation": Api(
        "fsx",
        "CreateDataRepositoryAssociation",
        to={"deleteDataInFilesystem": "DeleteDataRepositoryAssociation:DeleteDataInFileSystem"},
        given={"DeleteDataRepositoryAssociation:AssociationId": UNKNOWN},
        unsent={"region": REGION},
    ),
    "aws:efs/fileSystem:FileSystem": Api(
        "efs",
        "CreateFileSystem",
        to={
            "lifecyclePolicies": "PutLifecycleConfiguration:LifecyclePolicies",
            "protection.replicationOverwrite": "UpdateFileSystemProtection:ReplicationOverwriteProtection",
        },
        given={
            "PutLifecycleConfiguration:FileSystemId": UNKNOWN,
            "UpdateFileSystemProtection:FileSystemId": UNKNOWN,
        },
        unsent={"region": REGION, "protection": "its member is sent"},
        named="creationToken",
    ),
    "aws:efs/mountTarget:MountTarget": Api("efs", "CreateMountTarget", unsent={"region": REGION}),
    "aws:s3/bucket:Bucket": Api(
        "s3",
        "CreateBucket",
        to={
            "objectLockEnabled": "ObjectLockEnabledForBucket",
            "tags": "PutBucketTagging:Tagging.TagSet",
        },
        given={"PutBucketTagging:Bucket": UNKNOWN},
        unsent={
            "bucketPrefix": "becomes the beginning of the name",
            "forceDestroy": "of the deletion",
            "region": REGION,
        },
        refused=dict.fromkeys(_OF_BUCKETS, "in pulumi-aws 7 a resource of its own sets it"),
        named="bucket",
    ),
    "aws:s3/bucketVersioning:BucketVersioning": Api("s3", "PutBucketVersioning", to={"mfa": "MFA"}, unsent={"region": REGION}),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Api(
        "s3",
        "PutBucketEncryption",
        to={
            "rules": "ServerSideEncryptionConfiguration.Rules",
            "rules.blockedEncryptionTypes": "BlockedEncryptionTypes.EncryptionType",
        },
        unsent={"region": REGION},
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Api(
        "s3",
        "PutPublicAccessBlock",
        inside="PublicAccessBlockConfiguration",
        given={"PublicAccessBlockConfiguration": {}},
        unsent={"skipDestroy": "of the deletion", "region": REGION},
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Api(
        "s3",
        "PutBucketLifecycleConfiguration",
        to={"rules": "LifecycleConfiguration.Rules"},
        unsent={"timeouts": "how long the provider waits", "region": REGION},
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Api(
        "s3", "PutBucketPolicy", unsent={"region": REGION}, documents={"policy": "resource"}
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Api(
        "s3", "PutBucketOwnershipControls", to={"rule": "OwnershipControls.Rules"}, unsent={"region": REGION}
    ),
    "aws:cloudwatch/logGroup:LogGroup": Api(
        "logs",
        "CreateLogGroup",
        to={
            "name": "logGroupName",
            "retentionInDays": "PutRetentionPolicy:retentionInDays",
        },
        given={"PutRetentionPolicy:logGroupName": UNKNOWN},
        unsent={**PREFIX, "skipDestroy": "of the deletion", "region": REGION},
        named="name",
    ),
    "aws:amp/workspace:Workspace": Api(
        "amp",
        "CreateWorkspace",
        to={"loggingConfiguration.logGroupArn": "CreateLoggingConfiguration:logGroupArn"},
        given={"CreateLoggingConfiguration:workspaceId": UNKNOWN},
        unsent={"loggingConfiguration": "its member is sent", "region": REGION},
    ),
    "aws:autoscaling/schedule:Schedule": Api("autoscaling", "PutScheduledUpdateGroupAction", unsent={"region": REGION}),
    "aws:budgets/budget:Budget": Api(
        "budgets",
        "CreateBudget",
        inside="Budget",
        given={"AccountId": UNKNOWN},
        to={
            "name": "Budget.BudgetName",
            "limitAmount": "Budget.BudgetLimit.Amount",
            "limitUnit": "Budget.BudgetLimit.Unit",
            "timePeriodStart": "Budget.TimePeriod.Start",
            "timePeriodEnd": "Budget.TimePeriod.End",
            "tags": "ResourceTags",
            "notifications": "NotificationsWithSubscribers",
            "notifications.comparisonOperator": "Notification.ComparisonOperator",
            "notifications.notificationType": "Notification.NotificationType",
            "notifications.threshold": "Notification.Threshold",
            "notifications.thresholdType": "Notification.ThresholdType",
            "notifications.subscriberEmailAddresses": "Subscribers[;SubscriptionType=EMAIL].Address",
            "notifications.subscriberSnsTopicArns": "Subscribers[;SubscriptionType=SNS].Address",
            "autoAdjustData.historicalOptions.lookbackAvailablePeriods": "LookBackAvailablePeriods",
        },
        unsent=PREFIX,
        refused={
            "filterExpression": "use costFilters",
            "plannedLimits": "use limitAmount",
        },
        named="name",
        time_format="%Y-%m-%d_%H:%M",
    ),
}


# ---------------------------------------------------------------------------- the provider's arguments


@dataclass(frozen=True)
class Argument:
    """An argument as pulumi-aws declares it. Kinds: text, whole, number, truth, list, map, object, or any."""

    kind: str
    required: bool = False
    members: Mapping[str, Argument] = field(default_factory=dict)
    item: Argument | None = None


_SCALARS: Mapping[type, str] = {str: "text", int: "whole", float: "number", bool: "truth"}


def _parts(annotation: Any) -> Iterator[Any]:
    """Return what a union may be, without the wrappers of inputs."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            yield from _parts(part)
    elif origin not in (collections.abc.Awaitable, pulumi.Output) and annotation is not type(None):
        yield annotation


def _argument(annotation: Any, required: bool = False) -> Argument:
    parts = list(_parts(annotation))
    for part in parts:
        if inspect.isclass(part) and pulumi_types.is_input_type(part):
            # Policies may be given as text or as an object; as an object they are turned into text.
            kind = "any" if part.__name__ == "PolicyDocumentArgs" else "object"
            return Argument(kind, required, {} if kind == "any" else _members(part))
    for part in parts:
        origin = typing.get_origin(part)
        if origin in (list, collections.abc.Sequence):
            return Argument("list", required, item=_argument(typing.get_args(part)[0]))
        if origin in (dict, collections.abc.Mapping):
            return Argument("map", required, item=_argument(typing.get_args(part)[1]))
    kinds = {_SCALARS[part] if part in _SCALARS else "text" if issubclass(part, enum.Enum) else "any" for part in parts}
    if len(kinds) != 1:
        raise TypeError(f"cannot read the annotation {annotation}")
    return Argument(kinds.pop(), required)


def _members(cls: type) -> dict[str, Argument]:
    names = pulumi_types.input_type_py_to_pulumi_names(cls)
    annotations = pulumi_types.input_type_types(cls)
    needed = {
        name
        for name, parameter in inspect.signature(cls.__init__).parameters.items()  # type: ignore[misc]
        if parameter.default is inspect.Parameter.empty and parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    return {pulumi: _argument(annotations[pulumi], python in needed) for python, pulumi in names.items()}


def resource_class(type_token: str) -> type:
    """Return the class of a type in the installed pulumi-aws."""
    _, module, name = type_token.split(":")
    with warnings.catch_warnings():
        # s3 warns of its own legacy classes when it is imported.
        warnings.simplefilter("ignore", DeprecationWarning)
        return typing.cast("type", getattr(importlib.import_module(f"pulumi_aws.{module.split('/')[0]}"), name))


@functools.cache
def arguments(type_token: str) -> Mapping[str, Argument]:
    """Return the arguments that the installed pulumi-aws knows for a type, by their names on the wire."""
    resource = resource_class(type_token)
    home, name = importlib.import_module(resource.__module__), resource.__name__
    # InitArgs where a type of that name is an argument of another resource (BucketVersioningArgs).
    return _members(getattr(home, f"{name}InitArgs", None) or getattr(home, f"{name}Args"))


def _declared(value: object, argument: Argument, path: str) -> Iterator[tuple[str, str]]:
    """Compare a value with the declaration of its argument."""
    if value == UNKNOWN:
        return
    kind = argument.kind
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        # An optional truth is text in some arguments ("", "true", "false"); the service's model says which.
        "text": isinstance(value, str | bool),
        "truth": isinstance(value, bool),
        "number": number,
        "whole": number and float(typing.cast("float", value)).is_integer(),
        "list": isinstance(value, list | tuple),
        "map": isinstance(value, Mapping),
        "object": isinstance(value, Mapping),
        "any": True,
    }
    if not fits[kind]:
        yield path, f"is {_shown(value)}, but the argument is a {_KINDS[kind]}"
    elif kind == "list":
        for index, item in enumerate(typing.cast("Sequence[object]", value)):
            yield from _declared(item, typing.cast("Argument", argument.item), f"{path}[{index}]")
    elif kind == "map":
        for key, item in typing.cast("Mapping[str, object]", value).items():
            yield from _declared(item, typing.cast("Argument", argument.item), f"{path}.{key}")
    elif kind == "object":
        yield from _declared_members(typing.cast("Mapping[str, object]", value), argument.members, f"{path}.")


_KINDS = {
    "text": "text",
    "truth": "truth",
    "number": "number",
    "whole": "whole number",
    "list": "list",
    "map": "map",
    "object": "map",
}


def _declared_members(values: Mapping[str, object], members: Mapping[str, Argument], before: str) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if name not in members:
            near = difflib.get_close_matches(name, members, n=1, cutoff=0.8)
            yield before + name, "no such argument" + (f"; {near[0]} is one" if near else "")
        elif value is not None:
            yield from _declared(value, members[name], before + name)
    for name, member in members.items():
        if member.required and values.get(name) is None:
            yield before + name, "is required"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


# ---------------------------------------------------------------------------- from arguments to requests


class Sent(NamedTuple):
    """A value in a request, and the argument that it came from."""

    value: Any
    path: str


@functools.cache
def _service(name: str) -> botocore.model.ServiceModel:
    return botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model(name, "service-2"), name)


def _input_shape(service: str, operation: str) -> Any:
    return _service(service).operation_model(operation).input_shape


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _match(name: str, members: Mapping[str, Any]) -> str | None:
    """Find the member of an argument's name: Pulumi spells it with other capitals, and no further apart."""
    return next((member for member in members if _plain(member) == _plain(name)), None)


def _pattern(path: str) -> str:
    return re.sub(r"\[\d+\]", "", path)


_STEP = re.compile(r"(?P<name>\w+)(?:\[(?P<how>0?)(?:;(?P<member>\w+)=(?P<word>[\w-]+))?\])?")


class Place(NamedTuple):
    """Where a value goes: the call ("" for the one at hand), the steps from there, the shape there, spread by item or not."""

    operation: str
    steps: tuple[str, ...]
    shape: Any
    spread: bool


def _walk(shape: Any, path: str) -> tuple[tuple[str, ...], Any, bool]:
    steps, spread = tuple(path.split(".")), False
    for step in steps:
        found = typing.cast("re.Match[str]", _STEP.fullmatch(step))
        shape = shape.members[found["name"]]
        if found["how"] is not None:
            shape, spread = shape.member, spread or not found["how"]
    # The element of a list of plain values (ResourceIds[0]) is the leaf itself.
    return steps, shape, spread


def _place(api: Api, pattern: str, shape: Any) -> Place | None:
    """Find where an argument goes; None if nothing tells."""
    told = api.to.get(pattern)
    if told is not None and ":" in told:
        operation, path = told.split(":")
        steps, leaf, spread = _walk(_input_shape(api.service, operation), path)
        return Place(operation, steps, leaf, spread)
    name = pattern.rpartition(".")[2]
    if told is not None:
        steps, leaf, spread = _walk(shape, told)
        return Place("", steps, leaf, spread)
    member = _match(name, shape.members)
    if member is not None:
        return Place("", (member,), shape.members[member], spread=False)
    if api.inside and "." not in pattern:
        inner = shape.members[api.inside]
        member = _match(name, inner.members)
        if member is not None:
            return Place("", (api.inside, member), inner.members[member], spread=False)
    return None


def _put(into: dict[str, Sent], steps: Sequence[str], value: Sent, home: str) -> None:
    """Put a value at its place, making what leads there; what is made belongs to the path `home`."""
    found, rest = typing.cast("re.Match[str]", _STEP.fullmatch(steps[0])), steps[1:]
    name, how = found["name"], found["how"]
    constants = {found["member"]: Sent(found["word"] == "true" or found["word"], home)} if found["member"] else {}
    if how is None and rest:
        _put(into.setdefault(name, Sent({}, home)).value, rest, value, home)
    elif how is None:
        into[name] = value
    elif how == "0" and rest:
        items = into.setdefault(name, Sent([], home)).value
        if not items:
            items.append(Sent(constants, home))
        _put(items[0].value, rest, value, home)
    else:
        items = into.setdefault(name, Sent([], home)).value
        for item in value.value if not how and isinstance(value.value, list) else [value]:
            element = Sent(dict(constants), item.path) if rest else item
            if rest:
                _put(element.value, rest, item, item.path)
            items.append(element)


@dataclass
class _Builder:
    api: Api
    calls: dict[str, dict[str, Sent]]

    def members(self, values: Mapping[str, object], into: dict[str, Sent], shape: Any, before: str) -> None:
        for name, value in values.items():
            path = before + name
            pattern = _pattern(path)
            if value is None or pattern in self.api.refused:
                continue
            place = _place(self.api, pattern, shape) if pattern not in self.api.unsent else None
            if place is None:
                if isinstance(value, Mapping) and any(other.startswith(pattern + ".") for other in self.api.to):
                    self.members(value, into, shape, path + ".")
                continue
            target = self.calls.setdefault(place.operation, {}) if place.operation else into
            _put(target, place.steps, self.spread(value, place, path), before.removesuffix("."))

    def spread(self, value: object, place: Place, path: str) -> Sent:
        if place.spread and isinstance(value, list | tuple):
            return Sent([self.value(item, place.shape, f"{path}[{index}]") for index, item in enumerate(value)], path)
        return self.value(value, place.shape, path)

    def value(self, value: Any, shape: Any, path: str) -> Sent:
        """Turn a value into what the API wants there, as far as it can be; what cannot is left for the judge."""
        if value == UNKNOWN:
            return Sent(value, path)
        kind = shape.type_name
        if kind == "list":
            if isinstance(value, Mapping) and _is_pair(shape.member):
                key, word = _pair(shape.member)
                pairs = [
                    Sent(
                        {key: Sent(k, f"{path}.{k}"), word: self.value(v, shape.member.members[word], f"{path}.{k}")},
                        f"{path}.{k}",
                    )
                    for k, v in value.items()
                ]
                return Sent(pairs, path)
            if not isinstance(value, list | tuple):
                return Sent([self.value(value, shape.member, path)], path)
            return Sent([self.value(item, shape.member, f"{path}[{index}]") for index, item in enumerate(value)], path)
        if kind == "map":
            if isinstance(value, list | tuple) and all(
                isinstance(item, Mapping) and set(item) == {"name", "values"} for item in value
            ):
                return Sent(
                    {
                        str(item["name"]): self.value(item["values"], shape.value, f"{path}[{index}].values")
                        for index, item in enumerate(value)
                    },
                    path,
                )
            if isinstance(value, Mapping):
                return Sent({k: self.value(v, shape.value, f"{path}.{k}") for k, v in value.items()}, path)
        if kind == "structure":
            if isinstance(value, Mapping):
                into: dict[str, Sent] = {}
                self.members(value, into, shape, f"{path}.")
                return Sent(into, path)
            # EC2 wraps attributes that can be modified: {Value: true}.
            if list(shape.members) == ["Value"] and not isinstance(value, list | tuple):
                return Sent({"Value": self.value(value, shape.members["Value"], path)}, path)
        return Sent(_scalar(value, kind, self.api.time_format), path)


def _is_pair(shape: Any) -> bool:
    return (
        shape.type_name == "structure"
        and len(shape.members) == 2
        and all(name.lower().endswith(("key", "value")) for name in shape.members)
    )


def _pair(shape: Any) -> tuple[str, str]:
    names = sorted(shape.members, key=lambda name: not name.lower().endswith("key"))
    return names[0], names[1]


def _scalar(value: Any, kind: str, time_format: str) -> Any:
    if kind in ("integer", "long") and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind in ("double", "float") and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind == "timestamp" and isinstance(value, str):
        try:
            return dt.datetime.strptime(value, time_format)  # noqa: DTZ007 - budgets' form has no zone
        except ValueError:
            return value
    if kind == "string" and isinstance(value, Mapping):
        return json.dumps(value)
    return value


def _built(type_token: str, inputs: Mapping[str, object]) -> dict[str, dict[str, Sent]]:
    api = API[type_token]
    builder = _Builder(api, {api.operation: {}})
    builder.members(inputs, builder.calls[api.operation], _input_shape(api.service, api.operation), "")
    for where, value in api.given.items():
        operation, _, path = where.rpartition(":")
        request = builder.calls.get(operation or api.operation)
        steps = path.split(".")
        # A default of the provider stands behind what the program says.
        if request is not None and steps[0] not in request:
            _put(request, steps, Sent(dict(value) if isinstance(value, dict) else value, ""), "")
    if api.named and inputs.get(api.named) is None:
        place = _place(api, api.named, _input_shape(api.service, api.operation))
        if place is not None and not place.operation:
            _put(builder.calls[api.operation], place.steps, Sent(UNKNOWN, api.named), "")
    return builder.calls


def requests(type_token: str, inputs: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    """Return the calls that create a resource with these inputs: operation to its request, plain."""

    def plain(sent: Sent) -> Any:
        if isinstance(sent.value, dict):
            return {name: plain(item) for name, item in sent.value.items()}
        return [plain(item) for item in sent.value] if isinstance(sent.value, list) else sent.value

    return {operation: plain(Sent(request, "")) for operation, request in _built(type_token, inputs).items()}


# ---------------------------------------------------------------------------- the service model


# What Python's expressions do not know: Java's classes (here wider rather than narrower) and pairs of surrogates; and a slip of
# the model, an anchor in the middle.
_SPELLINGS = {
    r"\p{L}": r"a-zA-Zª-￿",
    r"\p{N}": r"\d",
    r"\p{Z}": r"\s",
    r"\uD800\uDC00-\uDBFF\uDFFF": r"\U00010000-\U0010FFFF",
    "(?i).*<script>.*</script>.*": "(?i:.*<script>.*</script>.*)",
    "placement-group/^": "placement-group/",
}


@functools.cache
def _expression(pattern: str) -> re.Pattern[str]:
    for theirs, ours in _SPELLINGS.items():
        pattern = pattern.replace(theirs, ours)
    return re.compile(pattern)


def _judged(sent: Sent, shape: Any, missing: Any) -> Iterator[tuple[str, str]]:
    """Compare a value with its shape in the service's model."""
    value, path = sent
    if isinstance(value, str) and value == UNKNOWN:
        return
    kind, rules = shape.type_name, shape.metadata
    if kind == "structure":
        if not isinstance(value, dict):
            yield path, f"is {_shown(value)}, but the service takes a structure ({shape.name})"
            return
        for name in shape.required_members:
            if name not in value and not shape.members[name].metadata.get("idempotencyToken"):
                yield missing(path, name), f"is required ({shape.name}.{name})"
        if rules.get("union") and len(value) != 1:
            yield path, f"takes exactly one of {', '.join(shape.members)}"
        for name, item in value.items():
            yield from _judged(item, shape.members[name], missing)
    elif kind == "list":
        if not isinstance(value, list):
            yield path, f"is {_shown(value)}, but the service takes a list"
            return
        yield from _within(len(value), rules, path, "items")
        for item in value:
            yield from _judged(item, shape.member, missing)
    elif kind == "map":
        if not isinstance(value, dict):
            yield path, f"is {_shown(value)}, but the service takes a map"
            return
        yield from _within(len(value), rules, path, "entries")
        for name, item in value.items():
            yield from _judged(Sent(name, f"{path}.{name}"), shape.key, missing)
            yield from _judged(item, shape.value, missing)
    elif kind in ("string", "character"):
        yield from _judged_text(value, shape, path)
    elif kind in ("integer", "long", "double", "float"):
        whole = kind in ("integer", "long")
        if isinstance(value, bool) or not isinstance(value, int | float) or (whole and not isinstance(value, int)):
            yield path, f"is {_shown(value)}, but the service takes a {'whole ' if whole else ''}number"
        else:
            yield from _within(value, rules, path, "")
    elif kind == "boolean":
        if not isinstance(value, bool):
            yield path, f"is {_shown(value)}, but the service takes true or false"
    elif kind == "timestamp":
        if not isinstance(value, dt.datetime):
            yield path, f"is {_shown(value)}, not a time as the provider reads it"
    else:
        yield path, f"is of a kind that is not judged ({kind})"


def _judged_text(value: object, shape: Any, path: str) -> Iterator[tuple[str, str]]:
    rules = shape.metadata
    if not isinstance(value, str):
        yield path, f"is {_shown(value)}, but the service takes text"
        return
    if shape.enum and value not in shape.enum:
        words = ", ".join(shape.enum) if len(shape.enum) <= 16 else f"{len(shape.enum)} words of {shape.name}"
        yield path, f"is {_shown(value)}, not one of {words}"
    yield from _within(len(value), rules, path, "characters")
    pattern = rules.get("pattern")
    if pattern and not shape.enum and not _expression(pattern).fullmatch(value):
        yield path, f"is {_shown(value)}, which does not match {pattern} ({shape.name})"


def _within(amount: float, rules: Mapping[str, Any], path: str, what: str) -> Iterator[tuple[str, str]]:
    low, high = rules.get("min"), rules.get("max")
    count = f"{amount} {what}".strip()
    if low is not None and amount < low:
        yield path, f"is {count}, less than {low}" if not what else f"has {count}, fewer than {low}"
    if high is not None and amount > high:
        yield path, f"is {count}, more than {high}" if not what else f"has {count}, more than {high}"


# ---------------------------------------------------------------------------- documents and text


_ACTION = re.compile(r"\*|[a-z0-9-]+:[A-Za-z0-9*?]+")
_RESOURCE = re.compile(r"\*|arn:[a-z0-9-*]+:[a-z0-9-*]+:[^:]*:[^:]*:.+")
_PRINCIPALS = {
    "AWS": re.compile(r"\*|\d{12}|arn:[a-z0-9-]+:(iam|sts)::\d{12}:.+"),
    "Service": re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?"),
    "Federated": re.compile(r"arn:[a-z0-9-]+:iam::\d{12}:(oidc|saml)-provider/.+|[a-z-]+(\.[a-z-]+)+"),
    "CanonicalUser": re.compile(r"[0-9a-f]{64}"),
}
_CONDITION = re.compile(
    r"(ForAllValues:|ForAnyValue:)?((String(Not)?(Equals|EqualsIgnoreCase|Like))|(Numeric(Not)?Equals|Numeric(Less|Greater)Than(Equals)?)"
    r"|(Date(Not)?Equals|Date(Less|Greater)Than(Equals)?)|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))(IfExists)?|Null"
)
# A variable that IAM fills in, with or without a default; anything else in braces was left by a program.
_VARIABLE = re.compile(r"\$\{([a-z0-9-]+:[A-Za-z0-9/:._-]+(, ?'[^']*')?|[*?$])\}")
_UNRESOLVED = re.compile(r"\bNone\b|Output<|<pulumi\.|<function |\bundefined\b|Calling __str__ on an Output")


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]


def document_problems(document: object, kind: str) -> list[str]:
    """Judge a policy by the grammar of IAM's policy language.

    `kind` is identity (of a role or user: names no principal), resource (of a key, bucket or endpoint: names one) or trust (of
    a role: names who may take it, and no resource).
    Grammar: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
    """
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError as error:
            return [f"is not JSON: {error}"]
    if not isinstance(document, Mapping):
        return ["is not a JSON object"]
    found = [f"has {name}, which is no part of a policy" for name in document if name not in ("Version", "Id", "Statement")]
    # 2008-10-17 is the other legal version; it has no variables, and nobody writes it on purpose.
    if document.get("Version") != "2012-10-17":
        found.append(f'Version is {document.get("Version")!r}, should be "2012-10-17"')
    statements = _listed(document.get("Statement", []))
    if not statements:
        found.append("has no Statement")
    for number, statement in enumerate(statements):
        where = f"Statement[{number}]"
        found += [f"{where} {reason}" for reason in _statement_problems(statement, kind)]
    named = [item.get("Sid") for item in statements if isinstance(item, Mapping) and "Sid" in item]
    found += [f"Sid {sid!r} occurs twice" for sid in sorted({str(sid) for sid in named if named.count(sid) > 1})]
    text = _VARIABLE.sub("", json.dumps(document))
    if _UNRESOLVED.search(text) or "${" in text:
        found.append("has text that was never filled in (None, Output<...> or ${...})")
    return found


def _statement_problems(statement: object, kind: str) -> Iterator[str]:
    if not isinstance(statement, Mapping):
        yield "is not an object"
        return
    for name in statement:
        if name not in _ELEMENTS:
            yield f"has {name}, which is no part of a statement"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f"Effect is {statement.get('Effect')!r}, should be Allow or Deny"
    if kind == "identity" and not re.fullmatch(r"[A-Za-z0-9]*", str(statement.get("Sid", ""))):
        yield f"Sid {statement['Sid']!r} has other characters than letters and digits"
    for name, needed in _NEEDED[kind].items():
        present = [word for word in (name, f"Not{name}") if word in statement]
        if len(present) != needed:
            yield f"takes exactly one of {name} and Not{name}" if needed else f"must not have a {name} ({kind} policy)"
    for word in ("Action", "NotAction"):
        yield from _values(statement, word, _ACTION)
    for word in ("Resource", "NotResource"):
        yield from _values(statement, word, _RESOURCE)
    for word in ("Principal", "NotPrincipal"):
        yield from _principal_problems(statement.get(word, "*"), word)
    for operator, keys in _mapping(statement.get("Condition", {})).items():
        if not _CONDITION.fullmatch(operator):
            yield f"Condition has {operator}, which is no operator"
        if not isinstance(keys, Mapping) or not keys or not all(":" in key for key in keys):
            yield f"Condition {operator} needs keys such as aws:SourceAccount"
        elif not all(isinstance(value, str | bool | int | float) for item in keys.values() for value in _listed(item)):
            yield f"Condition {operator} has a value that is not plain"


_ELEMENTS = (
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
)  # fmt: skip
_NEEDED: Mapping[str, Mapping[str, int]] = {
    "identity": {"Action": 1, "Resource": 1, "Principal": 0},
    "resource": {"Action": 1, "Resource": 1, "Principal": 1},
    "trust": {"Action": 1, "Resource": 0, "Principal": 1},
}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {"": value}


def _values(statement: Mapping[str, Any], word: str, form: re.Pattern[str]) -> Iterator[str]:
    if word not in statement:
        return
    values = _listed(statement[word])
    if not values:
        yield f"{word} is empty"
    for value in values:
        if value != UNKNOWN and (not isinstance(value, str) or not form.fullmatch(value)):
            yield f"{word} has {_shown(value)}, which is none"


def _principal_problems(principal: object, word: str) -> Iterator[str]:
    if principal == "*":
        return
    if not isinstance(principal, Mapping) or not principal:
        yield f"{word} is {_shown(principal)}, should be * or a map such as Service: eks.amazonaws.com"
        return
    for kind, values in principal.items():
        if kind not in _PRINCIPALS:
            yield f"{word} has {kind}, which is none of {', '.join(_PRINCIPALS)}"
        elif not _listed(values):
            yield f"{word} {kind} is empty"
        else:
            for value in _listed(values):
                if value != UNKNOWN and (not isinstance(value, str) or not _PRINCIPALS[kind].fullmatch(value)):
                    yield f"{word} {kind} has {_shown(value)}, which is none"


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Look for what a program failed to fill in, in every text, user data included."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(name, path)
            yield from _texts(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]")
    elif isinstance(value, str) and value != UNKNOWN:
        text = value
        if path == "userData":
            try:
                text = base64.b64decode(value, validate=True).decode()
            except (binascii.Error, ValueError):
                yield path, "is not base64 of text"
        if UNKNOWN in text or _UNRESOLVED.search(text):
            yield path, f"has text that was never filled in: {_shown(text)}"


# ---------------------------------------------------------------------------- the judge


def problems(type_token: str, inputs: Mapping[str, object]) -> Problems:
    """Return what is wrong with a resource's inputs by pulumi-aws's arguments and the service's model.

    Unknown values (of a preview) satisfy what is required and are not judged otherwise. Secrets come unwrapped.
    """
    if type_token not in API:
        return [("", f"{type_token} is not in the table of judged types")]
    api, declared = API[type_token], arguments(type_token)
    found = list(_declared_members(inputs, declared, ""))
    found += [
        (path, f"is not judged here: {api.refused[_pattern(path)]}")
        for path in _paths(inputs, "")
        if _pattern(path) in api.refused
    ]

    def missing(path: str, member: str) -> str:
        return _argument_of(api, declared, path, member)

    for operation, request in _built(type_token, inputs).items():
        found += _judged(Sent(request, ""), _input_shape(api.service, operation), missing)
    for name, kind in api.documents.items():
        value = inputs.get(name)
        if value is not None and value != UNKNOWN:
            found += [(name, reason) for reason in document_problems(value, kind)]
    found += [fault for fault in _texts(inputs, "") if fault[0] not in api.documents]
    # One reason for one path and kind of fault: the declaration and the model often say the same.
    seen: dict[str, list[str]] = {}
    for path, reason in found:
        said = seen.setdefault(path, [])
        if reason not in said and not (said and (reason.startswith("is required") or "but the service takes" in reason)):
            said.append(reason)
    return [(path, reason) for path, said in seen.items() for reason in said]


def _paths(value: object, path: str) -> Iterator[str]:
    """Return the path of every argument that is set."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if item is not None:
                yield (inner := f"{path}.{name}" if path else str(name))
                yield from _paths(item, inner)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _paths(item, f"{path}[{index}]")


def _level(declared: Mapping[str, Argument], path: str) -> Mapping[str, Argument]:
    for name in [part for part in _pattern(path).split(".") if part]:
        argument: Argument | None = declared.get(name)
        if argument is not None and argument.kind == "list":
            argument = argument.item
        if argument is None:
            return {}
        declared = argument.members
    return declared


def _argument_of(api: Api, declared: Mapping[str, Argument], path: str, member: str) -> str:
    """Name the argument (or arguments, where any of several does) that would have filled a missing member."""
    before = f"{path}." if path else ""
    names = []
    for name in _level(declared, path):
        told = api.to.get(_pattern(before + name), name).rpartition(":")[2].rpartition(".")[2]
        if _plain(told.partition("[")[0]) == _plain(member):
            names.append(before + name)
    return " or ".join(names) or before + member[0].lower() + member[1:]


def required(type_token: str) -> list[str]:
    """Return the arguments at the top without which the declaration or the service's model refuses a resource."""
    api, declared = API[type_token], arguments(type_token)
    needed = [name for name, argument in declared.items() if argument.required]
    shape = _input_shape(api.service, api.operation)
    for member in shape.required_members:
        if member in api.given or shape.members[member].metadata.get("idempotencyToken"):
            continue
        name = _argument_of(api, declared, "", member)
        if name in declared and name != api.named and name not in needed:
            needed.append(name)
    return needed


def leaves(type_token: str) -> dict[str, Any]:
    """Return every argument that reaches the service, down to the plain ones, with the shape that judges it."""
    return _survey(type_token)[0]


def unplaced(type_token: str) -> list[str]:
    """Return the arguments that the table sends nowhere and gives no reason for, and the entries that name no argument."""
    return _survey(type_token)[1]


@functools.cache
def _survey(type_token: str) -> tuple[dict[str, Any], list[str]]:
    api = API[type_token]
    listed = {*api.to, *api.unsent, *api.refused, *api.documents, *([api.named] if api.named else [])}
    known: set[str] = set()
    reached: dict[str, Any] = {}
    lost: list[str] = []

    def walk(members: Mapping[str, Argument], shape: Any, before: str) -> None:
        for name, argument in members.items():
            path = before + name
            known.add(path)
            inner = argument.item if argument.kind in ("list", "map") and argument.item else argument
            if path in api.refused:
                continue
            place = _place(api, path, shape) if path not in api.unsent else None
            if place is None:
                if any(other.startswith(f"{path}.") for other in api.to):
                    walk(inner.members, shape, f"{path}.")
                elif path not in api.unsent:
                    lost.append(path)
                continue
            leaf = place.shape
            while leaf.type_name == "list":
                leaf = leaf.member
            if not inner.members:
                reached[path] = leaf
            elif leaf.type_name == "structure":
                walk(inner.members, leaf, f"{path}.")
            elif not (leaf.type_name == "map" and set(inner.members) == {"name", "values"}):
                lost.append(f"{path} (its members)")

    walk(arguments(type_token), _input_shape(api.service, api.operation), "")
    return reached, lost + [f"{path} (no such argument)" for path in sorted(listed - known)]
