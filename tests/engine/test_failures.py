"""An update that fails, is cancelled or dies leaves what the next one finishes: the real engine against a provider double.

No live account is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from environments import Standing, ids_in_account, ids_in_state, made, replan
from harness import Stack, ok

pytestmark = pytest.mark.engine

Stand = Callable[[str], Standing]
ROUNDS = 12  # as deep as dev's resources hang on each other, with room for a few more
CLUSTER = {"type": "aws:eks/cluster:Cluster"}
LUSTRE = {"type": "aws:fsx/lustreFileSystem:LustreFileSystem"}
ANOTHER_TYPE = ("{g6e.8xlarge: 2}", "{g6e.12xlarge: 1}")


@pytest.fixture(scope="module")
def empty(new_stack: Callable[..., Stack]) -> Stack:
    """Nothing has been done in it yet; each test takes a branch."""
    return made(new_stack, "dev")


def whole(stack: Stack, standing: Stand) -> None:
    """Assert that everything exists, each once, and that the engine knows it: no duplicate, no orphan, no open end."""
    everything = Counter(each["urn"] for each in standing("dev").stack.resources())
    assert Counter(each["urn"] for each in stack.resources()) == everything
    assert ids_in_state(stack) == ids_in_account(stack)
    assert stack.pending() == []
    assert not [each["urn"] for each in stack.state()["resources"] if each.get("initErrors") or each.get("delete")]
    assert set(ok(stack.up("--expect-no-changes")).counts) == {"same"}


def test_every_create_fails_once_and_updates_finish_in_the_end(empty: Stack, standing: Stand, tmp_path: Path) -> None:
    """Each resource of dev is refused the first time it is asked for; whoever runs `up` again and again gets there."""
    stack = empty.branch(tmp_path / "branch")
    stack.faults({"effect": "fail", "times": 1, "per": "urn"})
    rounds = 1
    while stack.up("--continue-on-error").code != 0:
        rounds += 1
        assert rounds <= ROUNDS, stack.output()
    outcomes = {
        outcome: Counter(each["urn"] for each in stack.account.journal() if each["outcome"] == outcome)
        for outcome in ("failed", "ok")
    }
    everything = Counter(each["urn"] for each in standing("dev").stack.resources())
    assert outcomes == {"failed": everything, "ok": everything}, "each has failed once, and was made once"
    assert rounds > 3, "what depends on what failed was not tried"
    whole(stack, standing)


@pytest.mark.parametrize(
    ("effect", "outcome", "fault"),
    [
        pytest.param("fail", "failed", {"urn": "kms/key:Key::keys-data"}, id="key fails"),
        pytest.param("fail", "failed", CLUSTER, id="cluster fails"),
        pytest.param("fail", "failed", {"urn": "::gpu-node-group"}, id="node group fails"),
        pytest.param("fail", "failed", LUSTRE, id="file system fails"),
        pytest.param("half", "half", LUSTRE, id="file system half made"),
    ],
)
def test_one_failure_in_the_middle_is_finished_by_one_more_update(
    effect: str, outcome: str, fault: Mapping[str, Any], empty: Stack, standing: Stand, tmp_path: Path
) -> None:
    stack = empty.branch(tmp_path / "branch")
    stack.faults({"effect": effect, "times": 1, "message": "the cloud has a bad day", **fault})
    failed = stack.up()
    assert failed.code != 0
    assert "the cloud has a bad day" in failed.text
    assert stack.called(outcome) == 1
    ok(stack.up())
    whole(stack, standing)


def test_a_failed_update_of_machines_is_finished_by_the_next(standing: Stand, tmp_path: Path) -> None:
    stack = standing("dev").stack.branch(tmp_path / "branch")
    stack.config("groundplan:gpuNodes", "off")
    stack.faults({"effect": "fail", "call": "update", "urn": "::gpu-node-group", "times": 1})
    stack.forget_calls()
    assert stack.up().code != 0
    assert stack.named("gpu-node-group")["inputs"]["scalingConfig"]["desiredSize"] == 2
    ok(stack.up())
    assert stack.calls() == [("update", "gpu-node-group")]
    assert stack.named("gpu-node-group")["inputs"]["scalingConfig"]["desiredSize"] == 0
    whole(stack, standing)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("delete", "gpu-node-group"),
        ("create", "gpu-node-group"),
        ("delete", "gpu-launch-template"),
    ],
)
def test_a_replacement_that_fails_at_any_step_goes_on_from_there(call: str, name: str, standing: Stand, tmp_path: Path) -> None:
    """Another type of machines: whichever step fails after the first, all four are done once in the end, in their order."""
    stack = standing("dev").stack.branch(tmp_path / "branch")
    stack.forget_calls()
    replan(stack, ANOTHER_TYPE)
    stack.faults({"effect": "fail", "call": call, "urn": f"::{name}", "times": 1})
    assert stack.up().code != 0
    assert stack.calls("failed") == [(call, name)]
    ok(stack.up())
    assert stack.calls() == [
        ("create", "gpu-launch-template"),
        ("delete", "gpu-node-group"),
        ("create", "gpu-node-group"),
        ("delete", "gpu-launch-template"),
    ]
    whole(stack, standing)


@pytest.mark.parametrize("fault", [pytest.param(CLUSTER, id="cluster"), pytest.param(LUSTRE, id="file system")])
def test_a_cancelled_update_is_finished_by_the_next(
    fault: Mapping[str, Any], empty: Stack, standing: Stand, tmp_path: Path
) -> None:
    """Ctrl-C while the cloud makes it: it is made to its end, nothing more is begun, and no lock is left."""
    stack = empty.branch(tmp_path / "branch")
    stack.faults({"effect": "slow", "seconds": 1.5, "times": 1, **fault})
    assert stack.interrupt(stack.up_until_slow()).code != 0
    assert len(stack.resources(fault["type"])) == 1
    assert len(stack.resources()) < len(standing("dev").stack.resources())
    ok(stack.up())
    whole(stack, standing)


@pytest.mark.parametrize(
    ("fault", "when"),
    [
        pytest.param(CLUSTER, "before", id="before the cluster is there"),
        pytest.param(CLUSTER, "after", id="after the cluster is there"),
        pytest.param(LUSTRE, "after", id="after the file system is there"),
    ],
)
def test_a_killed_engine_leaves_what_a_person_settles_and_the_next_update_finishes(
    fault: Mapping[str, Any], when: str, empty: Stack, standing: Stand, tmp_path: Path
) -> None:
    """Killed while the cloud makes it, before and after it is there: unlock, settle what is pending, `up`."""
    stack = empty.branch(tmp_path / "branch")
    stack.faults({"effect": "slow", "seconds": 30, "times": 1, "when": when, **fault})
    stack.kill(stack.up_until_slow())
    stack.faults()
    assert len(stack.resources(fault["type"])) == (1 if when == "after" else 0)
    stack.settle()
    ok(stack.up())
    whole(stack, standing)
