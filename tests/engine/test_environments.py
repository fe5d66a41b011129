"""The three environments in the real engine, against a provider double: from nothing to nothing. No live account is used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from environments import (
    ENVIRONMENTS,
    HOLDS_DATA,
    Standing,
    branch,
    calls_by_kind,
    ids_in_account,
    ids_in_state,
    name_of,
)
from harness import ok

pytestmark = pytest.mark.engine

Stand = Callable[[str], Standing]
each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


@each_environment
def test_a_preview_makes_nothing(environment: str, standing: Stand) -> None:
    there = standing(environment)
    assert set(there.preview.counts) == {"create"}
    assert there.after_preview == (0, 0)


@each_environment
def test_an_update_makes_what_the_preview_said_each_once(environment: str, standing: Stand) -> None:
    there = standing(environment)
    assert there.up.counts == there.preview.counts
    assert {urn for _, urn in there.up.steps} == {urn for _, urn in there.preview.steps}
    assert {each["outcome"] for each in there.stack.account.journal()} == {"ok"}
    assert len(there.stack.account.journal()) == len(there.stack.resources()) == len(ids_in_state(there.stack))
    assert ids_in_state(there.stack) == ids_in_account(there.stack)


@each_environment
def test_another_update_a_refresh_and_another_preview_change_nothing(environment: str, standing: Stand, tmp_path: Path) -> None:
    stack = branch(standing, environment, tmp_path)
    same = {"same": standing(environment).up.counts["create"]}
    assert ok(stack.up("--expect-no-changes")).counts == same
    assert ok(stack.refresh("--expect-no-changes")).counts == same
    assert ok(stack.preview("--diff", "--expect-no-changes")).counts == same
    assert stack.account.journal() == [], "nothing was touched"


@each_environment
def test_what_is_protected_is_destroyed_only_when_keep_data_is_off_and_then_all_is_gone(
    environment: str, standing: Stand, tmp_path: Path
) -> None:
    stack = branch(standing, environment, tmp_path)
    refused = stack.pulumi("destroy", "--stack", stack.name, "--yes")  # with its preview, as a person runs it
    assert refused.code != 0
    assert "protected" in refused.text
    assert stack.account.journal() == [], "nothing was deleted"

    stack.config("groundplan:keepData", "false")
    ok(stack.up())
    buckets = {name_of(each["urn"]) for each in stack.resources("aws:s3/bucket:Bucket")}
    assert calls_by_kind(stack) == {"update": Counter(["cluster-cluster", *buckets])}, "their own protection, and nothing else"
    assert not [each["urn"] for each in stack.state()["resources"] if each.get("protect")]

    assert ok(stack.destroy()).counts == {"delete": standing(environment).up.counts["create"]}
    assert stack.resources() == []
    assert stack.state().get("resources", []) == []


def test_what_holds_data_outlives_a_forced_destroy_while_keep_data_is_on(standing: Stand, tmp_path: Path) -> None:
    """Unprotected in the state and destroyed: the cluster refuses. Once it does not, data stays, and what data needs."""
    stack = branch(standing, "dev", tmp_path)
    data = {each["id"] for each in stack.resources() if each["type"] in HOLDS_DATA}
    assert len(data) == 3 + 1 + 1 + 1  # keys, Lustre, EFS, a bucket
    ok(stack.unprotect())
    refused = stack.destroy()
    assert refused.code != 0
    assert "deletion protection is on" in refused.text
    assert data <= {each["id"] for each in stack.resources()}

    stack.drift("cluster-cluster", deletionProtection=False)  # by hand, at the console
    stack.destroy("--continue-on-error")
    left = stack.resources()
    assert {each["id"] for each in left if each["type"] in HOLDS_DATA} == data
    # Lustre's subnet, with the network around it, security group and log; the bucket's access block, policy, encryption.
    around = {"network-vpc", "network-gpu", "lustre-security-group", "lustre-log-group", "buckets-data"}
    assert {name_of(each["urn"]) for each in left if each["type"] not in HOLDS_DATA} == around


def test_the_outputs_are_what_is_held_against_the_plan(standing: Stand) -> None:
    outputs = standing("prod").stack.outputs()
    assert set(outputs) == {
        "plan", "region", "network", "cluster", "node_groups", "lustre", "efs", "buckets", "prometheus_endpoint",
    }  # fmt: skip
    gpu = outputs["node_groups"]["gpu"]
    assert (gpu["instance"], gpu["count"], gpu["gpus"], gpu["efa_interfaces"]) == ("p5en.48xlarge", 32, 256, 512)
    assert gpu["auto_scaling_group_name"]
    assert outputs["cluster"]["kubeconfig_command"] == "aws eks update-kubeconfig --region us-east-2 --name groundplan-prod"
    assert outputs["lustre"]["capacity_gib"] == 211200
