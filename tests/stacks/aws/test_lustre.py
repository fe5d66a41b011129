from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from mocks import ENVIRONMENTS, of_kind, only, plan_of, record, run, settings_of, standing

from planner.plan import LustrePlan
from stacks.aws.lustre import Lustre
from stacks.aws.rules import InvalidInput
from stacks.expansion import Resource
from stacks.settings import Settings

OWN = "<lustre/security-group.id>"


class StandingBuckets(pulumi.ComponentResource):
    def __init__(self) -> None:
        super().__init__("test:aws:Buckets", "buckets")
        aws.s3.BucketVersioning(
            "buckets-protection",
            bucket="b",
            versioning_configuration={"status": "Enabled"},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.names = {name: pulumi.Output.from_input(f"bucket-{name}") for name in ("data", "checkpoints")}


def component(settings: Settings) -> Lustre:
    return Lustre(
        "lustre",
        settings,
        standing(vpc_id="vpc-1", subnet_ids={"gpu": "subnet-gpu", "cluster-use2-az1": "subnet-other"}),
        standing(data_arn="arn:data", logs_arn="arn:logs"),
        standing(security_group_id="sg-cluster"),
        standing(security_group_id="sg-fabric"),
        StandingBuckets(),  # type: ignore[arg-type]
    )


def made(stack: str = "staging", **changes: Any) -> list[Resource]:
    settings = settings_of(stack, **changes)
    return [each for each in record(lambda: component(settings), stack=stack) if each.component == "lustre"]


def lustre_of(stack: str = "staging", **changes: Any) -> dict[str, Any]:
    """Return a plan's cloud parts with a changed file system."""
    cloud = plan_of(stack).cloud
    assert cloud is not None
    assert cloud.lustre is not None
    return {"lustre": LustrePlan.model_validate({**dict(cloud.lustre), **changes})}


def rules(resources: list[Resource]) -> set[tuple[str, str, str, str, int, int]]:
    """Return every rule as direction, whose, other side, protocol, ports."""
    return {
        (
            "in" if each.kind == "SecurityGroupIngressRule" else "out",
            each.inputs["securityGroupId"],
            each.inputs["referencedSecurityGroupId"],
            each.inputs["ipProtocol"],
            each.inputs.get("fromPort", 0),
            each.inputs.get("toPort", 0),
        )
        for kind in ("SecurityGroupIngressRule", "SecurityGroupEgressRule")
        for each in of_kind(resources, kind)
    }


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_the_file_system_is_the_planned_one(stack: str) -> None:
    cloud = plan_of(stack).cloud
    assert cloud is not None
    planned = cloud.lustre
    assert planned is not None
    inputs = only(made(stack), "LustreFileSystem").inputs
    assert inputs["storageCapacity"] == planned.capacity_gib
    assert inputs["perUnitStorageThroughput"] == planned.tier
    assert inputs["efaEnabled"] is planned.efa
    assert inputs["dataCompressionType"] == ("LZ4" if planned.compression else "NONE")
    assert inputs["subnetIds"] == "subnet-gpu"
    assert inputs["securityGroupIds"] == [OWN]
    assert (inputs["deploymentType"], inputs["storageType"], inputs["fileSystemTypeVersion"]) == ("PERSISTENT_2", "SSD", "2.15")
    assert inputs["kmsKeyId"] == "arn:data"
    assert inputs["metadataConfiguration"] == {"mode": "AUTOMATIC"}
    # d:HH:MM, Monday is 1.
    assert inputs["weeklyMaintenanceStartTime"] == "7:04:00"
    assert only(made(stack), "SecurityGroup").inputs["vpcId"] == "vpc-1"


def test_metadata_operations_are_ordered_where_the_plan_names_them() -> None:
    inputs = only(made(cloud=lustre_of(metadata_iops=24_000)), "LustreFileSystem").inputs
    assert inputs["metadataConfiguration"] == {"mode": "USER_PROVISIONED", "iops": 24_000}


def test_lustre_passes_between_servers_and_machines_and_nothing_else_does() -> None:
    expected = {
        (way, OWN, other, "tcp", first, last)
        for way in ("in", "out")
        for other in (OWN, "sg-cluster")
        for first, last in ((988, 988), (1018, 1023))
    }
    callback = {("in", "sg-cluster", OWN, "tcp", first, last) for first, last in ((988, 988), (1018, 1023))}
    assert rules(made("dev")) == expected | callback


def test_with_efa_everything_passes_between_the_file_system_itself_and_the_efa_group() -> None:
    more = rules(made("staging")) - rules(made("staging", cloud=lustre_of(efa=False)))
    pairs = ((OWN, OWN), (OWN, "sg-fabric"), ("sg-fabric", OWN))
    assert more == {(way, *pair, "-1", 0, 0) for way in ("in", "out") for pair in pairs}


def test_no_ports_are_given_where_everything_passes() -> None:
    for kind in ("SecurityGroupIngressRule", "SecurityGroupEgressRule"):
        for each in of_kind(made("staging"), kind):
            assert ("fromPort" in each.inputs) is (each.inputs["ipProtocol"] != "-1"), each.label


def test_the_file_system_waits_for_every_rule_because_the_service_tries_them() -> None:
    resources = made("staging")
    waits_for = set(only(resources, "LustreFileSystem").options["depends_on"])
    found = {
        each.label for kind in ("SecurityGroupIngressRule", "SecurityGroupEgressRule") for each in of_kind(resources, kind)
    }
    assert len(found) == 16
    assert found <= waits_for


def test_buckets_with_a_path_are_linked_both_ways() -> None:
    resources = made("staging")
    links = {each.name: each.inputs for each in of_kind(resources, "DataRepositoryAssociation")}
    assert set(links) == {"lustre-data", "lustre-checkpoints"}
    link = links["lustre-checkpoints"]
    assert (link["fileSystemPath"], link["dataRepositoryPath"]) == ("/checkpoints", "s3://bucket-checkpoints")
    assert link["fileSystemId"] == "<lustre/file-system.id>"
    events = ["NEW", "CHANGED", "DELETED"]
    assert link["s3"] == {"autoImportPolicy": {"events": events}, "autoExportPolicy": {"events": events}}
    assert (link["batchImportMetaDataOnCreate"], link["deleteDataInFilesystem"]) == (True, False)


def test_a_bucket_is_linked_when_everything_about_it_is_done() -> None:
    for each in of_kind(made("staging"), "DataRepositoryAssociation"):
        assert "buckets/protection-bucket-versioning" in each.options["depends_on"]


def test_a_linked_file_system_has_no_backups_because_the_service_makes_none() -> None:
    linked = only(made("dev"), "LustreFileSystem").inputs
    assert (linked["automaticBackupRetentionDays"], linked["skipFinalBackup"]) == (0, True)
    cloud = plan_of("dev").cloud
    assert cloud is not None
    alone = {"buckets": tuple(bucket.model_copy(update={"lustre_path": None}) for bucket in cloud.buckets)}
    resources = made("dev", cloud=alone)
    assert of_kind(resources, "DataRepositoryAssociation") == []
    inputs = only(resources, "LustreFileSystem").inputs
    assert (inputs["automaticBackupRetentionDays"], inputs["skipFinalBackup"]) == (7, False)
    assert only(made("dev", cloud=alone, keep_data=False), "LustreFileSystem").inputs["skipFinalBackup"] is True


def test_its_log_is_where_the_service_may_write_encrypted_and_kept_as_planned() -> None:
    resources = made("dev")
    log = only(resources, "LogGroup").inputs
    assert (log["name"], log["kmsKeyId"], log["retentionInDays"]) == ("/aws/fsx/groundplan-dev", "arn:logs", 365)
    written = only(resources, "LustreFileSystem").inputs["logConfiguration"]
    assert written == {"destination": "<lustre/log-group.arn>", "level": "WARN_ERROR"}


@pytest.mark.parametrize("keep", [True, False])
def test_it_is_protected_and_kept_while_data_is(keep: bool) -> None:
    options = only(made("dev", keep_data=keep), "LustreFileSystem").options
    assert (options.get("protect", False), options.get("retain_on_delete", False)) == (keep, keep)


def test_it_tells_how_to_mount_it() -> None:
    def program() -> None:
        lustre = component(settings_of("dev"))
        pulumi.export("mount", [lustre.file_system_id, lustre.dns_name, lustre.mount_name, lustre.arn])

    label = "lustre/file-system"
    assert run(program).outputs["mount"] == [f"<{label}.{each}>" for each in ("id", "dnsName", "mountName", "arn")]


def test_what_the_service_refuses_is_told_at_once_with_what_it_takes() -> None:
    with pytest.raises(InvalidInput) as refused:
        made("staging", cloud=lustre_of(capacity_gib=10_000, metadata_iops=20_000))
    assert [problem.partition(":")[0] for problem in refused.value.problems] == ["lustre", "lustre"]
    assert "9,600 and 14,400 GiB" in refused.value.problems[0]
    assert "12,000 and 24,000" in refused.value.problems[1]


def test_without_a_planned_file_system_there_is_nothing_to_make() -> None:
    with pytest.raises(ValueError, match="no Lustre"):
        made("dev", cloud={"lustre": None})
