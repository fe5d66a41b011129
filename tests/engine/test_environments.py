"""The three environments in the real engine, against a provider double: from nothing to nothing. No live account is used."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from harness import Stack, ok

pytestmark = pytest.mark.engine

ENVIRONMENTS = ("dev", "staging", "prod")
BLOCK = "cr-0123456789abcdef0"
KEEPS_DATA = {
    "aws:efs/fileSystem:FileSystem",
    "aws:fsx/lustreFileSystem:LustreFileSystem",
    "aws:kms/key:Key",
    "aws:s3/bucket:Bucket",
}


def made(new_stack: Callable[..., Stack], environment: str) -> Stack:
    """Make an environment that nothing has been done with yet."""
    stack = new_stack(environment)
    if environment == "prod":
        stack.config("groundplan:reservationIds.gpu", BLOCK, "--path")
    return stack


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_from_nothing_to_nothing(environment: str, new_stack: Callable[..., Stack]) -> None:
    stack = made(new_stack, environment)
    preview = ok(stack.preview("--policy-pack", str(stack.project / "stacks" / "policy")))
    assert set(preview.counts) == {"create"}
    assert stack.resources() == []

    count = preview.counts["create"]
    assert ok(stack.up("--policy-pack", str(stack.project / "stacks" / "policy"))).counts == {"create": count}
    before = stack.calls()
    assert ok(stack.up("--expect-no-changes")).counts == {"same": count}
    assert ok(stack.refresh("--expect-no-changes")).counts == {"same": count}
    assert stack.calls() == before, "nothing was touched"

    refused = stack.pulumi("destroy", "--stack", stack.name, "--yes")  # with its preview, as a person runs it
    assert refused.code != 0
    assert "protected" in refused.text
    assert stack.calls() == before, "nothing was deleted"

    stack.config("groundplan:keepData", "false")
    assert set(ok(stack.up()).counts) == {"same", "update"}
    assert ok(stack.destroy()).counts == {"delete": count}
    assert stack.resources() == []
    assert stack.state().get("resources", []) == []


def test_the_outputs_are_what_is_held_against_the_plan(new_stack: Callable[..., Stack]) -> None:
    stack = made(new_stack, "prod")
    ok(stack.up())
    outputs = stack.outputs()
    assert set(outputs) == {
        "plan", "region", "network", "cluster", "node_groups", "lustre", "efs", "buckets", "prometheus_endpoint",
    }  # fmt: skip
    gpu = outputs["node_groups"]["gpu"]
    assert (gpu["instance"], gpu["count"], gpu["gpus"], gpu["efa_interfaces"]) == ("p5en.48xlarge", 32, 256, 512)
    assert gpu["auto_scaling_group_name"]
    assert outputs["cluster"]["kubeconfig_command"] == "aws eks update-kubeconfig --region us-east-2 --name groundplan-prod"
    assert outputs["lustre"]["capacity_gib"] == 211200
