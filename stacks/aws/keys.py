"""Keys of the customer's own, for everything at rest."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from stacks.aws.rules import name_problems, require
from stacks.settings import Settings

__all__ = ["Keys"]

_DELETED_AFTER_DAYS = 30
_WHAT = {
    "data": "buckets, file systems and measurements",
    "cluster": "the cluster's secrets and its machines' volumes",
    "logs": "logs",
}
# What a service does with a key that it is let use; none of it changes the key.
_USE = [
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
]
# In a key's own policy "*" is the key itself: its ARN is not known before it is made.
_THIS_KEY = "*"


class Keys(pulumi.ComponentResource):
    """Make three keys, so that each can be given to the services that need it, and to no other.

    The account decides who uses a key, by the policies of its roles. Only what acts without such a policy is named in a key's
    own: CloudWatch's logs, for this factory's groups; EC2 Auto Scaling, which attaches volumes; and FSx, which reads and writes
    the buckets that a file system is linked to.
    """

    data_arn: pulumi.Output[str]
    cluster_arn: pulumi.Output[str]
    logs_arn: pulumi.Output[str]

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        require([each for what in _WHAT for each in name_problems("key alias", _alias(settings, what))])
        super().__init__("groundplan:aws:Keys", name, None, opts)
        invoke = pulumi.InvokeOutputOptions(parent=self)
        account = aws.get_caller_identity_output(opts=invoke).account_id
        iam = pulumi.Output.concat("arn:", aws.get_partition_output(opts=invoke).partition, ":iam::", account, ":")
        policies = {
            "data": _data_statements(settings, account, iam),
            "cluster": _cluster_statements(account, iam),
            "logs": _logs_statements(settings, account, aws.get_partition_output(opts=invoke).partition),
        }
        made = {what: self._key(name, settings, what, [_administration(iam), *policies[what]]) for what in _WHAT}
        self.data_arn, self.cluster_arn, self.logs_arn = made["data"], made["cluster"], made["logs"]
        self.register_outputs({"data_arn": self.data_arn, "cluster_arn": self.cluster_arn, "logs_arn": self.logs_arn})

    def _key(self, name: str, settings: Settings, what: str, statements: list[dict[str, Any]]) -> pulumi.Output[str]:
        """Make a key and its alias."""
        key = aws.kms.Key(
            f"{name}-{what}",
            description=f"{settings.plan.name}: {_WHAT[what]}",
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements}),
            enable_key_rotation=True,
            deletion_window_in_days=_DELETED_AFTER_DAYS,
            tags=settings.tags(name, Name=f"{settings.plan.name}-{what}"),
            # Without its key, what is kept cannot be read.
            opts=pulumi.ResourceOptions.merge(settings.stateful(), pulumi.ResourceOptions(parent=self)),
        )
        aws.kms.Alias(
            f"{name}-{what}",
            name=_alias(settings, what),
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return key.arn


def _alias(settings: Settings, what: str) -> str:
    return f"alias/{settings.plan.name}/{what}"


def _administration(iam: pulumi.Output[str]) -> dict[str, Any]:
    """Let the account decide by its roles' policies: all of them, as what is left out here nobody could ever allow.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html, retrieved on 2026-11-24
    """
    return {
        "Sid": "AccountDecides",
        "Effect": "Allow",
        "Principal": {"AWS": pulumi.Output.concat(iam, "root")},
        "Action": "kms:*",
        "Resource": _THIS_KEY,
    }


def _of_service(account: pulumi.Output[str], role: pulumi.Output[str], equal: dict[str, str] | None = None) -> dict[str, Any]:
    """Say who is meant by a condition: KMS refuses a policy that names a role which is not there.

    A service makes its own role when it first needs it. Others of the account do not pass, nor does any other account.
    """
    return {"StringEquals": {"kms:CallerAccount": account, **(equal or {})}, "ArnLike": {"aws:PrincipalArn": role}}


def _data_statements(settings: Settings, account: pulumi.Output[str], iam: pulumi.Output[str]) -> list[dict[str, Any]]:
    """Let file systems use the key for the buckets that they are linked to.

    FSx acts as a role of its own for each file system, which has no policy on keys, and which is made with the first link.
    https://docs.aws.amazon.com/fsx/latest/LustreGuide/s3-server-side-encryption-support.html, retrieved on 2026-11-24
    """
    if not any(bucket.lustre_path is not None for bucket in settings.cloud.buckets):
        return []
    role = "role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/AWSServiceRoleForFSxS3Access_fs-*"
    through = {"kms:ViaService": f"s3.{settings.cloud.region}.amazonaws.com"}
    return [
        {
            "Sid": "LinkedFileSystems",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": _USE,
            "Resource": _THIS_KEY,
            "Condition": _of_service(account, pulumi.Output.concat(iam, role), through),
        }
    ]


def _cluster_statements(account: pulumi.Output[str], iam: pulumi.Output[str]) -> list[dict[str, Any]]:
    """Let EC2 Auto Scaling start machines with encrypted volumes: it acts as a role of its own, without a policy on keys.

    An account has that role from its first group on, which may well be ours.
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html, retrieved on 2026-11-24
    """
    role = pulumi.Output.concat(iam, "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")
    scaling = _of_service(account, role)
    return [
        {
            "Sid": "MachinesVolumes",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": _USE,
            "Resource": _THIS_KEY,
            "Condition": scaling,
        },
        {
            "Sid": "MachinesVolumesAttached",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "kms:CreateGrant",
            "Resource": _THIS_KEY,
            "Condition": {**scaling, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    ]


def _logs_statements(settings: Settings, account: pulumi.Output[str], partition: pulumi.Output[str]) -> list[dict[str, Any]]:
    """Let CloudWatch encrypt this factory's groups of logs: /aws/<service>/<factory>, and what is below."""
    region = settings.cloud.region
    group = pulumi.Output.concat("arn:", partition, ":logs:", region, ":", account, ":log-group:/aws/*/", settings.plan.name)
    return [
        {
            "Sid": "Logs",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{region}.amazonaws.com"},
            "Action": _USE,
            "Resource": _THIS_KEY,
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": [group, pulumi.Output.concat(group, "/*")]}},
        }
    ]
