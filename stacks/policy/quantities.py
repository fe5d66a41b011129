"""Nothing is deployed that was not planned: kinds of resources, how many, how large, and what they may cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from stacks.policy.pack import Resource, Reviewed, Unknown, entries, later, machine, named, number, planned_groups

__all__ = [
    "check_budget",
    "check_counts",
    "check_kind",
    "check_machines",
    "check_monthly_cost",
    "check_node_counts",
    "check_reservations",
    "check_sizes",
]

LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"
EFS = "aws:efs/fileSystem:FileSystem"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
CLUSTER = "aws:eks/cluster:Cluster"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
SCHEDULE = "aws:autoscaling/schedule:Schedule"
BUDGET = "aws:budgets/budget:Budget"

# What a factory is made of. Everything else is refused: most of it costs money that no line of the plan answers for.
KINDS = frozenset(
    {
        LAUNCH_TEMPLATE,
        NODE_GROUP,
        RESERVATION,
        LUSTRE,
        EFS,
        ENDPOINT,
        CLUSTER,
        LOG_GROUP,
        SCHEDULE,
        BUDGET,
        "aws:amp/workspace:Workspace",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "aws:ec2/eip:Eip",
        "aws:ec2/flowLog:FlowLog",
        "aws:ec2/internetGateway:InternetGateway",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/placementGroup:PlacementGroup",
        "aws:ec2/route:Route",
        "aws:ec2/routeTable:RouteTable",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/subnet:Subnet",
        "aws:ec2/vpc:Vpc",
        "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation",
        "aws:efs/mountTarget:MountTarget",
        "aws:eks/accessEntry:AccessEntry",
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        "aws:eks/addon:Addon",
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation",
        "aws:iam/policy:Policy",
        "aws:iam/role:Role",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:kms/alias:Alias",
        "aws:kms/key:Key",
        "aws:s3/bucket:Bucket",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    }
)


def check_kind(resource: Resource, _: Reviewed) -> list[str]:
    """List resources of a kind that no plan has and no plan prices."""
    if resource.type.startswith(("pulumi:", "groundplan:")) or resource.type in KINDS:
        return []
    if resource.type == "aws:ec2/capacityBlockReservation:CapacityBlockReservation":
        return [f"{resource.label} buys a capacity block, which a person does: docs/provisioning.md"]
    return [f"{resource.label} is of type {resource.type}, which is not planned and not priced"]


def _planned_count(item: str, reviewed: Reviewed) -> float:
    """Return how many of an item the plan pays for."""
    return sum(line.quantity for line in reviewed.cloud.costs if line.item == item)


def check_machines(resource: Resource, reviewed: Reviewed) -> list[str]:
    """List launch templates and node groups with machines or volumes that the plan does not have."""
    messages: list[str] = []
    instances = {LAUNCH_TEMPLATE: [resource.get("instanceType")], NODE_GROUP: entries(resource.get("instanceTypes"))}
    for instance in instances.get(resource.type, []):
        if isinstance(instance, Unknown):
            messages.append(later(resource, "instanceType"))
        elif not planned_groups(instance, reviewed):
            known = ", ".join(sorted({group.instance for group in reviewed.cloud.node_groups}))
            messages.append(f"{resource.label} has instance type {instance}, the plan has {known}")
    planned = planned_groups(resource.get("instanceType"), reviewed)
    if resource.type == LAUNCH_TEMPLATE and planned:
        limit = max(group.root_volume_gib for group in planned)
        total = 0.0
        for index, mapping in enumerate(entries(resource.get("blockDeviceMappings"))):
            size = mapping.get("ebs", {}).get("volumeSize") if isinstance(mapping, dict) else mapping
            if isinstance(size, Unknown):
                messages.append(later(resource, f"blockDeviceMappings[{index}].ebs.volumeSize"))
            total += number(size) or 0.0
        if total > limit:
            messages.append(f"{resource.label} has volumes of {total:g} GiB, the plan has {limit} GiB")
    return messages


def check_node_counts(stack: Sequence[Resource], reviewed: Reviewed) -> list[str]:
    """List instance types of which node groups may grow beyond the plan, and groups whose machines cannot be counted."""
    messages: list[str] = []
    most: Counter[str] = Counter()
    names: dict[str, list[str]] = {}
    for group in named(stack, NODE_GROUP):
        instance, size = machine(group, stack), group.get("scalingConfig.maxSize")
        if isinstance(instance, Unknown) or isinstance(size, Unknown):
            messages.append(later(group, "scalingConfig.maxSize"))
        elif instance is None:
            messages.append(f"{group.label} has no launch template of this stack, so its machines cannot be counted")
        elif number(size) is None:
            messages.append(f"{group.label} has no maximum size, the plan has {_count(instance, reviewed)} of {instance}")
        else:
            most[instance] += int(number(size) or 0)
            names.setdefault(instance, []).append(group.label)
    for instance, count in most.items():
        limit = _count(instance, reviewed)
        if count > limit:
            messages.append(f"{', '.join(names[instance])} may grow to {count} of {instance}, the plan has {limit}")
    return messages


def _count(instance: Any, reviewed: Reviewed) -> int:
    return sum(group.count for group in planned_groups(instance, reviewed))


def check_reservations(stack: Sequence[Resource], reviewed: Reviewed) -> list[str]:
    """List reservations of more machines than the plan reserves: they are paid for, used or not."""
    messages: list[str] = []
    reserved: Counter[str] = Counter()
    for reservation in named(stack, RESERVATION):
        instance, count = reservation.get("instanceType"), reservation.get("instanceCount")
        if isinstance(instance, Unknown) or isinstance(count, Unknown):
            messages.append(later(reservation, "instanceCount"))
        else:
            reserved[str(instance)] += int(number(count) or 0)
    for instance, total in reserved.items():
        limit = sum(group.count for group in planned_groups(instance, reviewed) if group.source == "reservation")
        if total > limit:
            labels = ", ".join(each.label for each in named(stack, RESERVATION) if each.get("instanceType") == instance)
            messages.append(f"{labels} reserve {total} of {instance}, the plan reserves {limit}")
    return messages


def check_sizes(resource: Resource, reviewed: Reviewed) -> list[str]:
    """List file systems, logs and schedules that are larger, faster or kept longer than planned."""
    cloud = reviewed.cloud
    messages: list[str] = []
    if resource.type == LUSTRE:
        if cloud.lustre is None:
            return [f"{resource.label} is a parallel file system, the plan has none"]
        messages += _at_most(resource, "storageCapacity", cloud.lustre.capacity_gib, "GiB")
        messages += _at_most(resource, "perUnitStorageThroughput", cloud.lustre.tier, "MB/s per TiB")
        messages += _at_most(resource, "metadataConfiguration.iops", cloud.lustre.metadata_iops or 0, "metadata operations/s")
    if resource.type == EFS:
        if cloud.efs_tb is None:
            return [f"{resource.label} is a shared file system, the plan has none"]
        messages += _at_most(resource, "provisionedThroughputInMibps", 0, "MiB/s provisioned")
    if resource.type == LOG_GROUP:
        messages += _at_most(resource, "retentionInDays", cloud.logs_kept_days, "days")
        if resource.get("retentionInDays") in (None, 0):
            messages.append(f"{resource.label} is kept for ever, the plan keeps logs {cloud.logs_kept_days} days")
    if resource.type == SCHEDULE:
        most = max((group.count for group in cloud.node_groups if group.role == "gpu"), default=0)
        for path in ("desiredCapacity", "maxSize", "minSize"):
            messages += _at_most(resource, path, most, "machines")
    if resource.type == CLUSTER:
        support, version = resource.get("upgradePolicy.supportType"), resource.get("version")
        if isinstance(support, Unknown) or isinstance(version, Unknown):
            return [later(resource, "version")]
        if support != "STANDARD":
            messages.append(
                f"{resource.label}: supportType is {support}, the plan pays for STANDARD; extended support costs more"
            )
        if version != cloud.kubernetes_version:
            messages.append(f"{resource.label} has version {version}, the plan says {cloud.kubernetes_version}")
    return messages


def _at_most(resource: Resource, path: str, limit: float, unit: str) -> list[str]:
    value = resource.get(path)
    if isinstance(value, Unknown):
        return [later(resource, path)]
    if value is None or (number(value) or 0.0) <= limit:
        return []
    return [f"{resource.label}: {path} is {value:g} {unit}, the plan has {limit:g}"]


def check_counts(stack: Sequence[Resource], reviewed: Reviewed) -> list[str]:
    """List kinds of which there are more than the plan has or pays for."""
    ways_out = _planned_count("nat-gateway-hour", reviewed)
    limits: dict[str, float] = {
        "aws:ec2/vpc:Vpc": 1,
        "aws:ec2/natGateway:NatGateway": ways_out,
        "aws:ec2/eip:Eip": ways_out,
        CLUSTER: _planned_count("eks-cluster", reviewed),
        "aws:kms/key:Key": _planned_count("kms-key", reviewed),
        LUSTRE: 0 if reviewed.cloud.lustre is None else 1,
        EFS: 0 if reviewed.cloud.efs_tb is None else 1,
        "aws:s3/bucket:Bucket": len(reviewed.cloud.buckets),
        "aws:amp/workspace:Workspace": 1,
    }
    messages = []
    for kind, limit in limits.items():
        found = named(stack, kind)
        if len(found) > limit:
            listed = ", ".join(each.name for each in found)
            messages.append(f"there are {len(found)} of {kind.rpartition(':')[2]} ({listed}), the plan has {limit:g}")
    inside = [each for each in named(stack, ENDPOINT) if each.get("vpcEndpointType") == "Interface"]
    interfaces = sum(len(entries(each.get("subnetIds"))) for each in inside)
    planned = _planned_count("vpc-endpoint-hour", reviewed)
    if interfaces > planned:
        messages.append(f"there are {interfaces} interfaces of {len(inside)} VPC endpoints, the plan pays for {planned:g}")
    return messages


def check_budget(resource: Resource, reviewed: Reviewed) -> list[str]:
    """List alarms that would come later than the plan says."""
    if resource.type != BUDGET:
        return []
    paths = ("limitAmount", "limitUnit", "timeUnit")
    for path in paths:
        if isinstance(resource.get(path), Unknown):
            return [later(resource, path)]
    amount, unit, period = (resource.get(path) for path in paths)
    limit = reviewed.cloud.budget_monthly_usd
    value = number(amount)
    # A cent of room: the amount is written with two decimals.
    if value is None or value > limit + 0.005 or (unit, period) != ("USD", "MONTHLY"):
        return [f"{resource.label} has a limit of {amount} {unit} {period}, the plan has {limit:.2f} USD MONTHLY"]
    return []


def check_monthly_cost(_: Sequence[Resource], reviewed: Reviewed) -> list[str]:
    """List a plan that costs more than its factory may."""
    ceiling, cost = reviewed.plan.factory.budget.monthly_usd, reviewed.cloud.monthly_usd
    if ceiling is None or cost <= ceiling:
        return []
    return [f"the plan costs {cost:.2f} USD a month, its budget.monthly is {ceiling:.2f} USD"]
