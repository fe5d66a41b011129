"""What holds data cannot be deleted by mistake."""

from __future__ import annotations

from stacks.policy.pack import Resource, Reviewed, is_true

__all__ = ["STATEFUL", "check_protection"]

STATEFUL = (
    "aws:kms/key:Key",
    "aws:fsx/lustreFileSystem:LustreFileSystem",
    "aws:efs/fileSystem:FileSystem",
    "aws:s3/bucket:Bucket",
)


def check_protection(resource: Resource, _: Reviewed) -> list[str]:
    """List what holds data and is not protected, and buckets that would be emptied to be deleted."""
    messages = []
    if resource.type in STATEFUL and not resource.protect:
        messages.append(f"{resource.label} holds data and is not protected: give it the option protect")
    if is_true(resource.get("forceDestroy")):
        messages.append(f"{resource.label}: forceDestroy is true, which empties it to delete it")
    return messages
