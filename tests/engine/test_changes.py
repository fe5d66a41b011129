"""What a changed plan changes, in the real engine against a provider double: what must, in the right order, and nothing else.

No live account is used.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Stack, ok

from planner.engine import make_plan
from planner.reader import read_factory

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
HOLDS_DATA = (
    "aws:efs/fileSystem:FileSystem",
    "aws:fsx/lustreFileSystem:LustreFileSystem",
    "aws:kms/key:Key",
    "aws:s3/bucket:Bucket",
)
BLOCK = "cr-0123456789abcdef0"


def replan(stack: Stack, *changes: tuple[str, str]) -> None:
    """Plan the stack's factory again with texts changed, as a person would: edit, plan, review."""
    text = (ROOT / "factories" / f"{stack.name}.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = stack.folder / "factory.yaml"
    path.write_text(text, encoding="utf-8")
    plan = make_plan(*read_factory(path))
    assert not plan.has_error(), plan.findings
    (stack.project / "plans" / f"{stack.name}.json").write_text(plan.to_json(), encoding="utf-8")


@pytest.fixture(scope="module")
def standing(new_stack: Callable[..., Stack]) -> dict[str, Stack]:
    """Stacks that are up; tests go their own way from a copy."""
    stacks = {}
    for name in ("dev", "staging", "prod"):
        stack = new_stack(name)
        if name == "prod":
            stack.config("groundplan:reservationIds.gpu", BLOCK, "--path")
        ok(stack.up())
        stack.forget_calls()
        stacks[name] = stack
    return stacks


def names(calls: list[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for call, name in calls:
        found.setdefault(call, set()).add(name)
    return found


@pytest.mark.parametrize(
    ("environment", "change", "touched"),
    [
        ("dev", ("{g6e.8xlarge: 2}", "{g6e.8xlarge: 1}"), {"gpu-node-group"}),
        # A reservation is as large as what it is for.
        ("staging", ("p5.48xlarge: 4", "p5.48xlarge: 5"), {"gpu-node-group", "gpu-capacity-reservation"}),
        ("staging", ("c7i.8xlarge: 2", "c7i.8xlarge: 3"), {"preparation-node-group"}),
    ],
)
def test_another_count_updates_one_node_group_and_nothing_else(
    standing: dict[str, Stack], tmp_path: Path, environment: str, change: tuple[str, str], touched: set[str]
) -> None:
    stack = standing[environment].branch(tmp_path / "branch")
    replan(stack, change)
    run = ok(stack.up())
    assert names(stack.calls()) == {"update": touched}
    assert set(run.counts) == {"same", "update"}
    assert set(ok(stack.up()).counts) == {"same"}


def test_another_count_in_a_capacity_block_changes_its_schedule_too(standing: dict[str, Stack], tmp_path: Path) -> None:
    stack = standing["prod"].branch(tmp_path / "branch")
    replan(stack, ("p5en.48xlarge: 32", "p5en.48xlarge: 24"))
    ok(stack.up())
    assert names(stack.calls()) == {"update": {"gpu-node-group", "gpu-start"}}


@pytest.mark.parametrize(
    ("environment", "change", "others"),
    [
        ("dev", ("{g6e.8xlarge: 2}", "{g6e.12xlarge: 1}"), set()),
        ("staging", ("p5.48xlarge: 4", "p4d.24xlarge: 4"), {"gpu-capacity-reservation"}),
    ],
)
def test_another_instance_type_replaces_template_and_group_in_order_and_no_storage(
    standing: dict[str, Stack], tmp_path: Path, environment: str, change: tuple[str, str], others: set[str]
) -> None:
    stack = standing[environment].branch(tmp_path / "branch")
    kept = {each["id"] for each in stack.resources() if "gpu-" not in each["urn"].rpartition("::")[2]}
    replan(stack, change)
    ok(stack.up())
    calls = [(call, name) for call, name in stack.calls() if name in ("gpu-launch-template", "gpu-node-group")]
    assert calls == [
        ("create", "gpu-launch-template"),
        ("delete", "gpu-node-group"),
        ("create", "gpu-node-group"),
        ("delete", "gpu-launch-template"),
    ]
    assert {name for _, name in stack.calls()} == {"gpu-launch-template", "gpu-node-group"} | others
    assert kept <= {each["id"] for each in stack.resources()}, "everything else is what it was"
    assert set(ok(stack.up()).counts) == {"same"}


def test_machines_off_and_on_again(standing: dict[str, Stack], tmp_path: Path) -> None:
    stack = standing["dev"].branch(tmp_path / "branch")
    for mode, count in (("off", 0), ("on", 2)):
        stack.forget_calls()
        stack.config("groundplan:gpuNodes", mode)
        ok(stack.up())
        assert names(stack.calls()) == {"update": {"gpu-node-group"}}
        assert stack.named("gpu-node-group")["inputs"]["scalingConfig"]["desiredSize"] == count


def test_what_somebody_changed_by_hand_is_put_right(standing: dict[str, Stack], tmp_path: Path) -> None:
    stack = standing["dev"].branch(tmp_path / "branch")
    logs = stack.resources("aws:cloudwatch/logGroup:LogGroup")[0]["urn"].rpartition("::")[2]
    stack.drift(logs, retentionInDays=1)
    assert ok(stack.refresh()).counts.get("update") == 1
    ok(stack.up())
    assert len(stack.calls()) == 1
    assert stack.calls()[0][0] == "update"


def test_what_holds_data_stays_when_it_leaves_the_stack(standing: dict[str, Stack], tmp_path: Path) -> None:
    """Unprotected and destroyed, but with keepData as it is: machines go, data stays in the account."""
    stack = standing["dev"].branch(tmp_path / "branch")
    holds = {
        "aws:efs/fileSystem:FileSystem",
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        "aws:kms/key:Key",
        "aws:s3/bucket:Bucket",
    }
    before = {each["id"] for each in stack.resources() if each["type"] in holds}
    ok(stack.unprotect())
    stack.destroy()
    left = {each["id"] for each in stack.resources() if each["type"] in HOLDS_DATA}
    assert before
    assert left == before
