"""No endpoint and no bucket is public, and nothing from outside the plan's network is let in."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from stacks.policy.pack import Resource, Reviewed, Unknown, all_of, entries, is_true, later, named, referred

__all__ = ["check_bucket", "check_buckets_blocked", "check_cluster_endpoint", "check_ingress", "check_public_addresses"]

BUCKET = "aws:s3/bucket:Bucket"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ALL_FOUR = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
SECURITY_GROUPS = ("aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")


def check_cluster_endpoint(resource: Resource, reviewed: Reviewed) -> list[str]:
    """List where a cluster's endpoint is reached from elsewhere than the plan says; left out, the cloud makes it public."""
    if resource.type != "aws:eks/cluster:Cluster":
        return []
    private, public = resource.get("vpcConfig.endpointPrivateAccess"), resource.get("vpcConfig.endpointPublicAccess")
    networks = resource.get("vpcConfig.publicAccessCidrs")
    if any(isinstance(each, Unknown) for each in (private, public, networks, *all_of(networks))):
        return [later(resource, "vpcConfig")]
    planned = sorted(reviewed.cloud.api_access)
    messages = []
    if private is not True:
        messages.append(f"{resource.label}: endpointPrivateAccess is {private}, it must be true")
    if public is None:
        messages.append(f"{resource.label}: endpointPublicAccess is left out, which makes the endpoint public; say false")
    elif public and (not planned or sorted(entries(networks)) != planned):
        given = ", ".join(sorted(entries(networks))) or "everywhere"
        messages.append(f"{resource.label} is public for {given}, the plan's api_access is {', '.join(planned) or 'none'}")
    elif public and any(ipaddress.ip_network(each).prefixlen == 0 for each in planned):
        messages.append(f"{resource.label} is public for the whole world, the plan's api_access is {', '.join(planned)}")
    return messages


def check_public_addresses(resource: Resource, _: Reviewed) -> list[str]:
    """List machines and subnets that would give out public addresses, and node groups open to remote logins."""
    messages: list[str] = []
    if resource.type == "aws:ec2/subnet:Subnet":
        messages += _not(resource, "mapPublicIpOnLaunch", resource.get("mapPublicIpOnLaunch"))
        messages += _not(resource, "assignIpv6AddressOnCreation", resource.get("assignIpv6AddressOnCreation"))
    if resource.type == "aws:ec2/launchTemplate:LaunchTemplate":
        for index, interface in enumerate(entries(resource.get("networkInterfaces"))):
            path = f"networkInterfaces[{index}].associatePublicIpAddress"
            value = interface.get("associatePublicIpAddress") if isinstance(interface, dict) else interface
            messages += _not(resource, path, value)
    if resource.type == "aws:eks/nodeGroup:NodeGroup" and resource.get("remoteAccess"):
        messages.append(f"{resource.label} has remoteAccess, which opens port 22 to the world; use Session Manager")
    return messages


def _not(resource: Resource, path: str, value: Any) -> list[str]:
    if isinstance(value, Unknown):
        return [later(resource, path)]
    return [f"{resource.label}: {path} is {value}, the plan has no public addresses"] if is_true(value) else []


def check_ingress(resource: Resource, reviewed: Reviewed) -> list[str]:
    """List rules of security groups that let in what is outside the plan's network."""
    if resource.type == INGRESS_RULE:
        return _from_outside(
            resource,
            {key: resource.get(key) for key in ("cidrIpv4", "cidrIpv6")},
            resource.get("prefixListId"),
            reviewed,
        )
    messages: list[str] = []
    if resource.type in SECURITY_GROUPS:
        if isinstance(resource.get("ingress"), Unknown):
            return [later(resource, "ingress")]
        for index, rule in enumerate(entries(resource.get("ingress"))):
            if isinstance(rule, Unknown):
                messages.append(later(resource, f"ingress[{index}]"))
                continue
            given = {f"ingress[{index}].{key}": rule.get(key) for key in ("cidrBlocks", "ipv6CidrBlocks")}
            messages += _from_outside(resource, given, rule.get("prefixListIds"), reviewed)
    return messages


def _from_outside(resource: Resource, given: dict[str, Any], prefix_lists: Any, reviewed: Reviewed) -> list[str]:
    home = ipaddress.IPv4Network(reviewed.cloud.network)
    messages: list[str] = []
    for path, value in given.items():
        for each in entries(value):
            if isinstance(each, Unknown):
                messages.append(later(resource, path))
                continue
            network = ipaddress.ip_network(each, strict=False)
            if not isinstance(network, ipaddress.IPv4Network) or not network.subnet_of(home):
                messages.append(f"{resource.label} lets in {each}, the plan's network is {home}")
    if entries(prefix_lists):
        messages.append(
            f"{resource.label} lets in a prefix list, whose addresses the plan does not know; name networks in {home}"
        )
    return messages


def check_bucket(resource: Resource, _: Reviewed) -> list[str]:
    """List what would make a bucket public: access lists, websites, a public access block with a gap."""
    messages: list[str] = []
    if resource.type == BLOCK:
        for path in ALL_FOUR:
            value = resource.get(path)
            if isinstance(value, Unknown):
                messages.append(later(resource, path))
            elif value is not True:
                messages.append(f"{resource.label}: {path} is {value}, all four must be true")
    if resource.type == BUCKET:
        messages += [
            f"{resource.label} has {path} {resource.get(path)}, buckets are reached by roles only"
            for path in ("acl", "grants", "website")
            if resource.get(path)
        ]
    if resource.type.startswith(("aws:s3/bucketAcl", "aws:s3/bucketWebsiteConfiguration")):
        messages.append(f"{resource.label} would open a bucket; buckets are reached by roles only")
    if resource.type == "aws:s3/bucketOwnershipControls:BucketOwnershipControls":
        owner = resource.get("rule.objectOwnership")
        if owner != "BucketOwnerEnforced" and not isinstance(owner, Unknown):
            messages.append(f"{resource.label}: objectOwnership is {owner}, BucketOwnerEnforced turns access lists off")
    return messages


def check_buckets_blocked(stack: Sequence[Resource], _: Reviewed) -> list[str]:
    """List buckets that no public access block of the stack belongs to."""
    blocked = {bucket.urn for block in named(stack, BLOCK) for bucket in referred(block, "bucket", BUCKET, stack)}
    return [
        f"{bucket.label} has no public access block: add a BucketPublicAccessBlock with all four"
        for bucket in named(stack, BUCKET)
        if bucket.urn not in blocked
    ]
