"""What a changed plan changes, in the real engine against a provider double: what must, in the right order, and nothing else.

No live account is used.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from environments import HOLDS_DATA, Standing, branch, calls_by_kind, name_of, replan
from harness import ok

pytestmark = pytest.mark.engine

Stand = Callable[[str], Standing]


@pytest.mark.parametrize(
    ("environment", "change", "group", "touched", "count"),
    [
        ("dev", ("{g6e.8xlarge: 2}", "{g6e.8xlarge: 1}"), "gpu-node-group", set(), 1),
        # A reservation is as large as what it is for.
        ("staging", ("p5.48xlarge: 4", "p5.48xlarge: 5"), "gpu-node-group", {"gpu-capacity-reservation"}, 5),
        ("staging", ("c7i.8xlarge: 2", "c7i.8xlarge: 3"), "preparation-node-group", set(), 3),
        # Machines of a capacity block come by the clock: its schedule says how many.
        ("prod", ("p5en.48xlarge: 32", "p5en.48xlarge: 24"), "gpu-node-group", {"gpu-start"}, 24),
    ],
)
def test_another_count_updates_one_node_group_and_nothing_else(
    standing: Stand,
    tmp_path: Path,
    environment: str,
    change: tuple[str, str],
    group: str,
    touched: set[str],
    count: int,
) -> None:
    stack = branch(standing, environment, tmp_path)
    replan(stack, change)
    run = ok(stack.up())
    calls = calls_by_kind(stack)
    assert set(calls) == {"update"}
    assert calls["update"] == dict.fromkeys({group, *touched}, 1)
    assert set(run.counts) == {"same", "update"}
    assert stack.named(group)["inputs"]["scalingConfig"]["maxSize"] == count
    assert set(ok(stack.preview()).counts) == {"same"}


@pytest.mark.parametrize(
    ("environment", "change", "others"),
    [
        ("dev", ("{g6e.8xlarge: 2}", "{g6e.12xlarge: 1}"), set()),
        ("staging", ("p5.48xlarge: 4", "p4d.24xlarge: 4"), {"gpu-capacity-reservation"}),
    ],
)
def test_another_instance_type_replaces_template_and_group_in_order_and_no_storage(
    standing: Stand, tmp_path: Path, environment: str, change: tuple[str, str], others: set[str]
) -> None:
    stack = branch(standing, environment, tmp_path)
    replaced = {"gpu-launch-template", "gpu-node-group", *others}
    kept = [each for each in stack.resources() if name_of(each["urn"]) not in replaced]
    assert {each["type"] for each in kept} >= {*HOLDS_DATA, "aws:eks/cluster:Cluster", "aws:ec2/vpc:Vpc"}
    replan(stack, change)
    ok(stack.up())
    calls = [(call, name) for call, name in stack.calls() if name not in others]
    assert calls == [
        ("create", "gpu-launch-template"),
        ("delete", "gpu-node-group"),
        ("create", "gpu-node-group"),
        ("delete", "gpu-launch-template"),
    ]
    assert {name for _, name in stack.calls()} == replaced
    assert [each for each in stack.resources() if name_of(each["urn"]) not in replaced] == kept, "to the last property"
    assert len(stack.resources()) == len(kept) + len(replaced)
    assert set(ok(stack.preview()).counts) == {"same"}


def test_machines_off_and_on_again(standing: Stand, tmp_path: Path) -> None:
    stack = branch(standing, "dev", tmp_path)
    for mode, count in (("off", 0), ("on", 2)):
        stack.forget_calls()
        stack.config("groundplan:gpuNodes", mode)
        ok(stack.up())
        assert calls_by_kind(stack) == {"update": {"gpu-node-group": 1}}
        assert stack.named("gpu-node-group")["inputs"]["scalingConfig"]["desiredSize"] == count


def test_what_somebody_changed_by_hand_is_put_right(standing: Stand, tmp_path: Path) -> None:
    stack = branch(standing, "dev", tmp_path)
    before = stack.named("observability-host")["inputs"]["retentionInDays"]
    stack.drift("observability-host", retentionInDays=before + 1)
    assert ok(stack.refresh()).counts.get("update") == 1
    ok(stack.up())
    assert stack.calls() == [("update", "observability-host")]
    assert stack.named("observability-host")["inputs"]["retentionInDays"] == before
