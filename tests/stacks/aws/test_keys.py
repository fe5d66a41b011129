from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from judged import complaints
from mocks import ENVIRONMENTS, of_kind, only, record, renamed, run, settings_of

from stacks.aws.keys import Keys
from stacks.aws.rules import InvalidInput
from stacks.expansion import Resource
from stacks.settings import Settings

ROOT = "arn:aws:iam::<account>:root"


def made(settings: Settings | None = None) -> list[Resource]:
    return record(lambda: Keys("keys", settings or settings_of("dev")))


def statements(resources: list[Resource], what: str) -> dict[str, dict[str, Any]]:
    document = json.loads(only(resources, "Key", what).inputs["policy"])
    assert document["Version"] == "2012-10-17"
    return {each["Sid"]: each for each in document["Statement"]}


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_aws_and_the_policy_pack_take_them(stack: str) -> None:
    settings = settings_of(stack)
    assert complaints(record(lambda: Keys("keys", settings), stack=stack), settings) == []


def test_there_are_three_and_each_turns() -> None:
    keys = of_kind(made(), "Key")
    assert {each.name for each in keys} == {"keys-data", "keys-cluster", "keys-logs"}
    for each in keys:
        assert (each.inputs["enableKeyRotation"], each.inputs["deletionWindowInDays"]) == (True, 30)
        assert each.inputs["tags"]["component"] == "keys"


def test_each_has_the_factorys_name_for_it() -> None:
    aliases = {each.inputs["name"]: each.inputs["targetKeyId"] for each in of_kind(made(), "Alias")}
    assert aliases == {
        "alias/groundplan-dev/data": "<keys/data-key.keyId>",
        "alias/groundplan-dev/cluster": "<keys/cluster-key.keyId>",
        "alias/groundplan-dev/logs": "<keys/logs-key.keyId>",
    }


@pytest.mark.parametrize("keep", [True, False])
def test_they_are_protected_and_kept_while_data_is(keep: bool) -> None:
    for key in of_kind(made(settings_of("dev", keep_data=keep)), "Key"):
        assert (key.options.get("protect", False), key.options.get("retain_on_delete", False)) == (keep, keep)


@pytest.mark.parametrize("what", ["data", "cluster", "logs"])
def test_only_the_account_may_do_everything(what: str) -> None:
    found = statements(made(), what)
    assert [sid for sid, each in found.items() if each["Action"] == "kms:*"] == ["AccountDecides"]
    assert found["AccountDecides"]["Principal"] == {"AWS": ROOT}
    # Nobody else changes a key, its policy or its end.
    others = {action for sid, each in found.items() if sid != "AccountDecides" for action in _list(each["Action"])}
    making = {"kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"}
    assert others - {"kms:CreateGrant"} == {"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", *making}


@pytest.mark.parametrize("what", ["data", "cluster", "logs"])
def test_no_role_is_named_that_an_account_may_not_have_yet(what: str) -> None:
    for sid, each in statements(made(), what).items():
        principal = each["Principal"]
        # KMS refuses a policy with a role that is not there; without a role, a condition must tell account and role.
        assert principal in ({"AWS": ROOT}, {"AWS": "*"}, {"Service": "logs.us-east-2.amazonaws.com"})
        if principal == {"AWS": "*"}:
            assert each["Condition"]["StringEquals"]["kms:CallerAccount"] == "<account>", sid
            assert each["Condition"]["ArnLike"]["aws:PrincipalArn"].startswith("arn:aws:iam::<account>:role/aws-service-role/")


def test_logs_are_encrypted_for_this_factorys_groups_only() -> None:
    logs = statements(made(), "logs")["Logs"]
    assert logs["Principal"] == {"Service": "logs.us-east-2.amazonaws.com"}
    group = "arn:aws:logs:us-east-2:<account>:log-group:/aws/*/groundplan-dev"
    assert logs["Condition"] == {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": [group, f"{group}/*"]}}


def test_volumes_are_attached_by_auto_scaling_which_grants_the_key_to_machines_only() -> None:
    cluster = statements(made(), "cluster")
    role = "arn:aws:iam::<account>:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    scaling = {"StringEquals": {"kms:CallerAccount": "<account>"}, "ArnLike": {"aws:PrincipalArn": role}}
    assert set(cluster) == {"AccountDecides", "MachinesVolumes", "MachinesVolumesAttached"}
    assert cluster["MachinesVolumes"]["Condition"] == scaling
    attached = cluster["MachinesVolumesAttached"]
    assert attached["Action"] == "kms:CreateGrant"
    assert attached["Condition"] == {**scaling, "Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert "kms:CreateGrant" not in cluster["MachinesVolumes"]["Action"]


def test_linked_file_systems_use_the_data_key_through_the_object_store_only() -> None:
    linked = statements(made(), "data")["LinkedFileSystems"]
    service = "aws-service-role/s3.data-source.lustre.fsx.amazonaws.com"
    assert linked["Condition"] == {
        "StringEquals": {"kms:CallerAccount": "<account>", "kms:ViaService": "s3.us-east-2.amazonaws.com"},
        "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::<account>:role/{service}/AWSServiceRoleForFSxS3Access_fs-*"},
    }


def test_without_linked_buckets_nobody_else_uses_the_data_key() -> None:
    (bucket,) = settings_of("dev").cloud.buckets
    settings = settings_of("dev", cloud={"buckets": (bucket.model_copy(update={"lustre_path": None}),)})
    assert set(statements(made(settings), "data")) == {"AccountDecides"}


def test_a_name_that_no_alias_may_have_is_told_before_anything_is_made() -> None:
    with pytest.raises(InvalidInput, match="key alias"):
        made(renamed(settings_of("dev"), "x" * 300))


def test_it_tells_the_arns() -> None:
    def program() -> None:
        keys = Keys("keys", settings_of("dev"))
        pulumi.export("arns", [keys.data_arn, keys.cluster_arn, keys.logs_arn])

    assert run(program).outputs["arns"] == ["<keys/data-key.arn>", "<keys/cluster-key.arn>", "<keys/logs-key.arn>"]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
