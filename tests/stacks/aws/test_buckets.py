from __future__ import annotations

import json
from typing import Any

import pytest
from mocks import ENVIRONMENTS, of_kind, only, plan_of, record, run, settings_of, standing

from planner.plan import BucketPlan
from stacks.aws.buckets import Buckets
from stacks.aws.rules import InvalidInput
from stacks.expansion import Resource

KEY = "arn:aws:kms:us-east-2:<account>:key/data"
ABOUT_A_BUCKET = (
    "BucketOwnershipControls",
    "BucketPublicAccessBlock",
    "BucketPolicy",
    "BucketServerSideEncryptionConfiguration",
    "BucketVersioning",
    "BucketLifecycleConfiguration",
)


def made(stack: str = "staging", **changes: Any) -> list[Resource]:
    settings = settings_of(stack, **changes)
    return record(lambda: Buckets("buckets", settings, standing(data_arn=KEY)), stack=stack)


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_every_planned_bucket_is_made_with_everything_that_protects_it(stack: str) -> None:
    resources, cloud = made(stack), plan_of(stack).cloud
    assert cloud is not None
    names = {bucket.name for bucket in cloud.buckets}
    assert names
    for kind in ("Bucket", *ABOUT_A_BUCKET):
        assert {each.name.removeprefix("buckets-") for each in of_kind(resources, kind)} == names, kind
    assert all(each.component == "buckets" for each in resources)


def test_a_bucket_is_named_after_factory_and_use_and_its_parts_refer_to_it() -> None:
    resources = made()
    bucket = only(resources, "Bucket", "checkpoints")
    assert bucket.inputs["bucketPrefix"] == "groundplan-staging-checkpoints-"
    assert bucket.inputs["tags"]["component"] == "buckets"
    assert bucket.inputs["tags"]["Name"] == "groundplan-staging-checkpoints"
    for kind in ABOUT_A_BUCKET:
        assert only(resources, kind, "checkpoints").inputs["bucket"] == "<buckets/checkpoints-bucket.bucket>"


def test_nothing_of_it_is_public() -> None:
    resources = made("dev")
    closed = only(resources, "BucketPublicAccessBlock").inputs
    assert {key for key, value in closed.items() if value is True} == {
        "blockPublicAcls",
        "blockPublicPolicy",
        "ignorePublicAcls",
        "restrictPublicBuckets",
    }
    assert only(resources, "BucketOwnershipControls").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


def test_plain_http_is_denied_for_the_bucket_and_all_in_it() -> None:
    policy = json.loads(only(made("dev"), "BucketPolicy").inputs["policy"])
    (statement,) = policy["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == ["<buckets/data-bucket.arn>", "<buckets/data-bucket.arn>/*"]


def test_objects_are_encrypted_with_the_data_key_and_versioned() -> None:
    resources = made("dev")
    (rule,) = only(resources, "BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule == {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
        "bucketKeyEnabled": True,
    }
    assert only(resources, "BucketVersioning").inputs["versioningConfiguration"] == {"status": "Enabled"}


def test_objects_become_infrequent_only_where_the_plan_says_when() -> None:
    resources = made("staging")
    data, checkpoints = (
        {rule["id"]: rule for rule in only(resources, "BucketLifecycleConfiguration", name).inputs["rules"]}
        for name in ("data", "checkpoints")
    )
    assert set(data) == {"clear-away"}
    assert checkpoints["infrequent"]["transitions"] == [{"days": 30, "storageClass": "STANDARD_IA"}]
    assert checkpoints["clear-away"]["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert checkpoints["clear-away"]["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}


def test_what_s3_would_refuse_at_the_same_time_is_done_in_turn() -> None:
    resources = made("dev")
    assert only(resources, "BucketPolicy").options["depends_on"] == ["buckets/data-bucket-public-access-block"]
    assert only(resources, "BucketLifecycleConfiguration").options["depends_on"] == ["buckets/data-bucket-versioning"]


def test_data_is_kept_with_its_protection_unless_it_may_go() -> None:
    for each in made("dev")[1:]:
        assert each.options.get("retain_on_delete") is True, each.label
    bucket = only(made("dev"), "Bucket")
    assert bucket.options["protect"] is True
    assert bucket.inputs["forceDestroy"] is False
    going = made("dev", keep_data=False)
    assert only(going, "Bucket").inputs["forceDestroy"] is True
    assert not any({"protect", "retain_on_delete"} & set(each.options) for each in going)


def test_another_bucket_appears_by_the_plan_alone() -> None:
    more = BucketPlan(name="models", size_tb=1.0, lustre_path=None, infrequent_after_days=60)
    resources = made("dev", cloud={"buckets": (more,)})
    assert [each.inputs["bucketPrefix"] for each in of_kind(resources, "Bucket")] == ["groundplan-dev-models-"]


def test_a_name_that_s3_refuses_is_told_with_every_other_before_anything_is_made() -> None:
    bad = tuple(
        BucketPlan(name=name, size_tb=1.0, lustre_path=None, infrequent_after_days=None)
        for name in ("a-very-long-name-for-a-bucket", "Data_1")
    )
    with pytest.raises(InvalidInput) as refused:
        made("staging", cloud={"buckets": bad})
    assert len(refused.value.problems) == 2
    assert "shorten it by" in refused.value.problems[0]


def test_names_and_arns_are_given_by_the_plans_names() -> None:
    import pulumi

    def program() -> None:
        buckets = Buckets("buckets", settings_of("staging"), standing(data_arn=KEY))
        pulumi.export("names", buckets.names)
        pulumi.export("arns", buckets.arns)

    outputs = run(program).outputs
    assert outputs["names"] == {name: f"<buckets/{name}-bucket.bucket>" for name in ("checkpoints", "data")}
    assert outputs["arns"] == {name: f"<buckets/{name}-bucket.arn>" for name in ("checkpoints", "data")}
