"""Object stores: what training reads and what it must not lose."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from planner.plan import BucketPlan
from stacks.aws.keys import Keys
from stacks.aws.rules import name_problems, require
from stacks.settings import Settings

__all__ = ["Buckets"]

_OLD_VERSIONS_KEPT_DAYS = 30
_BROKEN_UPLOADS_KEPT_DAYS = 7


class Buckets(pulumi.ComponentResource):
    """Make every object store of the plan: private, encrypted with the data key, versioned, reached only by TLS.

    Everything about a bucket stays with it when it is kept: data that leaves the stack must not become less protected by that.
    """

    names: dict[str, pulumi.Output[str]]
    arns: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, settings: Settings, keys: Keys, opts: pulumi.ResourceOptions | None = None) -> None:
        require(
            [each for bucket in settings.cloud.buckets for each in name_problems("bucket prefix", _prefix(settings, bucket))]
        )
        super().__init__("groundplan:aws:Buckets", name, None, opts)
        made = {bucket.name: self._bucket(name, settings, keys, bucket) for bucket in settings.cloud.buckets}
        self.names = {each: bucket.bucket for each, bucket in made.items()}
        self.arns = {each: bucket.arn for each, bucket in made.items()}
        self.register_outputs({"names": self.names, "arns": self.arns})

    def _bucket(self, name: str, settings: Settings, keys: Keys, planned: BucketPlan) -> aws.s3.Bucket:
        """Make one object store and all that protects it."""
        logical = f"{name}-{planned.name}"
        bucket = aws.s3.Bucket(
            logical,
            bucket_prefix=_prefix(settings, planned),
            force_destroy=not settings.keep_data,
            tags=settings.tags(name, Name=f"{settings.plan.name}-{planned.name}"),
            opts=pulumi.ResourceOptions.merge(settings.stateful(), pulumi.ResourceOptions(parent=self)),
        )
        kept = pulumi.ResourceOptions(parent=self, retain_on_delete=settings.keep_data)
        aws.s3.BucketOwnershipControls(
            logical,
            bucket=bucket.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=kept,
        )
        closed = aws.s3.BucketPublicAccessBlock(
            logical,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=kept,
        )
        aws.s3.BucketPolicy(
            logical,
            bucket=bucket.bucket,
            policy=_only_by_tls(bucket.arn),
            # S3 refuses two changes of a bucket's access at the same time.
            opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(depends_on=[closed])),
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            logical,
            bucket=bucket.bucket,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="aws:kms", kms_master_key_id=keys.data_arn
                    ),
                    # One request to the key service for many objects: checkpoints are many, and requests cost.
                    bucket_key_enabled=True,
                )
            ],
            opts=kept,
        )
        versioning = aws.s3.BucketVersioning(
            logical,
            bucket=bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=kept,
        )
        aws.s3.BucketLifecycleConfiguration(
            logical,
            bucket=bucket.bucket,
            rules=_lifecycle(planned),
            # A rule about old versions is refused where there are none.
            opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(depends_on=[versioning])),
        )
        return bucket


def _prefix(settings: Settings, planned: BucketPlan) -> str:
    """Name a bucket up to what the provider appends: names of buckets are the whole world's."""
    return f"{settings.plan.name}-{planned.name}-"


def _only_by_tls(arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """Write the policy that denies everything to whoever does not come by TLS."""
    return pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "OnlyByTls",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [arn, pulumi.Output.concat(arn, "/*")],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }
    )


def _lifecycle(planned: BucketPlan) -> list[aws.s3.BucketLifecycleConfigurationRuleArgs]:
    """Clear away what nobody sees and still pays for; move what is rarely read to where storage costs less."""
    everything = aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix="")
    rules = [
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="clear-away",
            status="Enabled",
            filter=everything,
            noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=_OLD_VERSIONS_KEPT_DAYS
            ),
            abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=_BROKEN_UPLOADS_KEPT_DAYS
            ),
        )
    ]
    if planned.infrequent_after_days is not None:
        rules.append(
            aws.s3.BucketLifecycleConfigurationRuleArgs(
                id="infrequent",
                status="Enabled",
                filter=everything,
                transitions=[
                    aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(
                        days=planned.infrequent_after_days, storage_class="STANDARD_IA"
                    )
                ],
            )
        )
    return rules
