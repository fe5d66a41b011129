"""Everything at rest is encrypted, with keys of the customer's own where the plan wants them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stacks.policy.pack import Resource, Reviewed, Unknown, entries, is_true, later, named, referred

__all__ = ["check_bucket_encryption", "check_encryption", "check_log_groups"]

BUCKET = "aws:s3/bucket:Bucket"
BUCKET_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
CLUSTER = "aws:eks/cluster:Cluster"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
LOG_SOURCES = {
    "aws:ec2/flowLog:FlowLog": "logDestination",
    "aws:fsx/lustreFileSystem:LustreFileSystem": "logConfiguration.destination",
    "aws:amp/workspace:Workspace": "loggingConfiguration.logGroupArn",
}


def check_encryption(resource: Resource, reviewed: Reviewed) -> list[str]:
    """List what a resource keeps without encryption, or under a key that is not the customer's although the plan wants that."""
    check = CHECKS.get(resource.type)
    return [] if check is None else check(resource, reviewed)


def _key(resource: Resource, what: str, value: Any, reviewed: Reviewed) -> list[str]:
    """Check a key: a reference to one that is still to be made is one."""
    if isinstance(value, Unknown):
        return []
    if reviewed.customer_managed_keys and (not value or "alias/aws/" in str(value)):
        given = value or "no key"
        return [f"{resource.label}: {what} is {given}, the plan wants everything under keys of the customer's own"]
    region = str(value or "").split(":")[3:4]
    if str(value or "").startswith("arn:") and region != [reviewed.cloud.region]:
        return [f"{resource.label}: {what} is {value}, outside the plan's region {reviewed.cloud.region}"]
    return []


def _yes(resource: Resource, path: str) -> list[str]:
    value = resource.get(path)
    if isinstance(value, Unknown):
        return [later(resource, path)]
    return [] if is_true(value) else [f"{resource.label}: {path} is {value}, it must be true"]


def _launch_template(resource: Resource, reviewed: Reviewed) -> list[str]:
    mappings = resource.get("blockDeviceMappings")
    if isinstance(mappings, Unknown):
        return [later(resource, "blockDeviceMappings")]
    if not entries(mappings):
        return [f"{resource.label} describes no volume, so the image's own is used, which nobody encrypts"]
    messages = []
    for index, mapping in enumerate(entries(mappings)):
        path = f"blockDeviceMappings[{index}].ebs"
        volume = mapping.get("ebs") if isinstance(mapping, dict) else mapping
        if isinstance(volume, Unknown):
            messages.append(later(resource, path))
        elif isinstance(volume, dict):
            encrypted = volume.get("encrypted")
            if isinstance(encrypted, Unknown):
                messages.append(later(resource, f"{path}.encrypted"))
            elif not is_true(encrypted):
                messages.append(f"{resource.label}: {path}.encrypted is {encrypted}, it must be true")
            messages += _key(resource, f"{path}.kmsKeyId", volume.get("kmsKeyId"), reviewed)
    return messages


def _cluster(resource: Resource, reviewed: Reviewed) -> list[str]:
    kinds = resource.get("encryptionConfig.resources")
    key = resource.get("encryptionConfig.provider.keyArn")
    if isinstance(kinds, Unknown):
        return [later(resource, "encryptionConfig.resources")]
    if "secrets" not in entries(kinds) or not key:
        return [
            f"{resource.label}: encryptionConfig has {kinds or 'nothing'} under {key or 'no key'}, secrets must be under a key"
        ]
    return _key(resource, "encryptionConfig.provider.keyArn", key, reviewed)


def _bucket_rules(resource: Resource, reviewed: Reviewed) -> list[str]:
    rules = resource.get("rules")
    if isinstance(rules, Unknown) or any(isinstance(each, Unknown) for each in entries(rules)):
        return [later(resource, "rules")]
    defaults = [each.get("applyServerSideEncryptionByDefault") or {} for each in entries(rules)]
    if not defaults:
        return [f"{resource.label} has no rule, so nothing is said about encryption"]
    messages = []
    for default in defaults:
        how = default.get("sseAlgorithm")
        if isinstance(how, Unknown):
            messages.append(later(resource, "rules.applyServerSideEncryptionByDefault.sseAlgorithm"))
        elif how not in ("aws:kms", "aws:kms:dsse") and (reviewed.customer_managed_keys or how != "AES256"):
            messages.append(f"{resource.label}: sseAlgorithm is {how}, the plan needs aws:kms")
        messages += _key(resource, "kmsMasterKeyId", default.get("kmsMasterKeyId"), reviewed)
    return messages


def _under(path: str) -> Callable[[Resource, Reviewed], list[str]]:
    return lambda resource, reviewed: _key(resource, path, resource.get(path), reviewed)


CHECKS: dict[str, Callable[[Resource, Reviewed], list[str]]] = {
    "aws:ec2/launchTemplate:LaunchTemplate": _launch_template,
    CLUSTER: _cluster,
    BUCKET_ENCRYPTION: _bucket_rules,
    "aws:efs/fileSystem:FileSystem": lambda resource, reviewed: [
        *_yes(resource, "encrypted"),
        *_under("kmsKeyId")(resource, reviewed),
    ],
    "aws:fsx/lustreFileSystem:LustreFileSystem": _under("kmsKeyId"),
    LOG_GROUP: _under("kmsKeyId"),
    "aws:amp/workspace:Workspace": _under("kmsKeyArn"),
    "aws:kms/key:Key": lambda resource, _: _yes(resource, "enableKeyRotation"),
}


def check_bucket_encryption(stack: Sequence[Resource], _: Reviewed) -> list[str]:
    """List buckets that no encryption configuration of the stack belongs to."""
    settled = {bucket.urn for each in named(stack, BUCKET_ENCRYPTION) for bucket in referred(each, "bucket", BUCKET, stack)}
    return [
        f"{bucket.label} has no encryption configuration: add a BucketServerSideEncryptionConfiguration"
        for bucket in named(stack, BUCKET)
        if bucket.urn not in settled
    ]


def check_log_groups(stack: Sequence[Resource], _: Reviewed) -> list[str]:
    """List logs that go to a group which is not of this stack: nothing says how it is encrypted and for how long kept."""
    messages = [
        f"{source.label} logs to {source.get(path)}, which is no log group of this stack"
        for kind, path in LOG_SOURCES.items()
        for source in named(stack, kind)
        if source.get(path) is not None and not referred(source, path, LOG_GROUP, stack)
    ]
    names = {group.get("name") for group in named(stack, LOG_GROUP)}
    for cluster in named(stack, CLUSTER):
        wanted = f"/aws/eks/{cluster.get('name')}/cluster"
        if cluster.get("enabledClusterLogTypes") and not isinstance(cluster.get("name"), Unknown) and wanted not in names:
            messages.append(
                f"{cluster.label} logs to {wanted}, which is no log group of this stack: the cloud would make a plain one"
            )
    return messages
