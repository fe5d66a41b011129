"""Data stays where the plan puts it: one region, in a country that is allowed."""

from __future__ import annotations

from collections.abc import Sequence

from stacks.policy.pack import Resource, Reviewed, Unknown, is_true, later, named, referred

__all__ = ["check_copies", "check_country", "check_data_repositories", "check_region"]

BUCKET = "aws:s3/bucket:Bucket"
REPOSITORY = "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation"
LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"

# Kinds whose purpose is to copy to another region or account.
COPIES = {
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "objects",
    "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint": "objects",
    "aws:efs/replicationConfiguration:ReplicationConfiguration": "files",
    "aws:fsx/backup:Backup": "file systems",
    "aws:ecr/replicationConfiguration:ReplicationConfiguration": "images",
    "aws:ebs/snapshotCopy:SnapshotCopy": "volumes",
    "aws:ec2/amiCopy:AmiCopy": "images",
    "aws:backup/plan:Plan": "backups",
    "aws:kms/replicaKey:ReplicaKey": "keys",
    "aws:kms/replicaExternalKey:ReplicaExternalKey": "keys",
}


def check_region(resource: Resource, reviewed: Reviewed) -> list[str]:
    """List resources, and the provider itself, in another region than the plan's."""
    if not resource.type.startswith("aws:") and resource.type != "pulumi:providers:aws":
        return []
    messages: list[str] = []
    for path in ("region", "serviceRegion"):
        region = resource.get(path)
        if isinstance(region, Unknown):
            messages.append(later(resource, path))
        elif region and region != reviewed.cloud.region:
            messages.append(
                f"{resource.label}: {path} is {region}, the plan is for {reviewed.cloud.region} ({reviewed.cloud.country})"
            )
    return messages


def check_copies(resource: Resource, reviewed: Reviewed) -> list[str]:
    """List what copies data or keys to where the plan has nothing."""
    home = f"the plan keeps everything in {reviewed.cloud.region} ({reviewed.cloud.country})"
    messages: list[str] = []
    if resource.type in COPIES:
        messages.append(f"{resource.label} copies {COPIES[resource.type]} away, {home}")
    if resource.type == "aws:kms/key:Key":
        multi_region = resource.get("multiRegion")
        if isinstance(multi_region, Unknown):
            messages.append(later(resource, "multiRegion"))
        elif is_true(multi_region):
            messages.append(f"{resource.label}: multiRegion is true, which lets the key leave; {home}")
    if resource.type == BUCKET and resource.get("replicationConfiguration"):
        messages.append(f"{resource.label} has a replicationConfiguration, {home}")
    return messages + [
        f"{resource.label}: {path} is {resource.get(path)}; link buckets of the plan by data repositories"
        for path in ("importPath", "exportPath")
        if resource.type == LUSTRE and resource.get(path)
    ]


def check_data_repositories(stack: Sequence[Resource], _: Reviewed) -> list[str]:
    """List links of a file system to buckets that are not of this stack: files would be written to wherever they are."""
    messages = []
    names = {bucket.get(key) for bucket in named(stack, BUCKET) for key in ("bucket", "id")}
    for repository in named(stack, REPOSITORY):
        path = repository.get("dataRepositoryPath")
        if isinstance(path, Unknown):
            ours = bool(referred(repository, "dataRepositoryPath", BUCKET, stack))
        else:
            ours = any(f"{path}/".startswith(f"s3://{name}/") for name in names if name)
        if not ours:
            messages.append(f"{repository.label} links {path}, which is no bucket of this stack")
    return messages


def check_country(_: Sequence[Resource], reviewed: Reviewed) -> list[str]:
    """List a plan for a country that its factory does not allow."""
    allowed = reviewed.plan.factory.sovereignty.allowed_countries
    if allowed is None or reviewed.cloud.country in allowed:
        return []
    return [f"the plan is for {reviewed.cloud.region} in {reviewed.cloud.country}, allowed_countries are {', '.join(allowed)}"]
