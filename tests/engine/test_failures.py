"""An update that fails, is cancelled or dies leaves what the next one finishes: the real engine against a provider double.

No live account is used.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Stack, ok

pytestmark = pytest.mark.engine

# Things whose making takes long and that much hangs on.
LARGE = ("cluster-cluster", "gpu-node-group", "lustre-file-system")


@pytest.fixture(scope="module")
def standing(new_stack: Callable[..., Stack]) -> Stack:
    """The names of everything that dev is made of."""
    stack = new_stack("dev")
    ok(stack.up())
    return stack


def whole(stack: Stack, standing: Stack) -> None:
    """Assert that everything exists, once, and that nothing is left to do."""
    names = sorted(each["urn"] for each in stack.resources())
    assert names == sorted(each["urn"] for each in standing.resources())
    assert set(ok(stack.up()).counts) == {"same"}


def test_every_create_fails_once_and_updates_finish_in_the_end(standing: Stack, new_stack: Callable[..., Stack]) -> None:
    """Each resource of dev is refused the first time it is asked for; whoever runs `up` again and again gets there."""
    stack = new_stack("dev")
    stack.faults({"effect": "fail", "times": 1, "per": "urn"})
    runs = 0
    while stack.up("--continue-on-error").code != 0:
        runs += 1
        assert runs < 40, stack.output()
    failed = {name for _, name in stack.calls("failed")}
    everything = {each["urn"].rpartition("::")[2] for each in standing.resources()}
    assert failed == everything, "each has failed"
    assert runs > 3, "what depends on what failed was not tried"
    whole(stack, standing)


@pytest.mark.parametrize("name", LARGE)
def test_one_failure_in_the_middle_and_one_more_update(name: str, standing: Stack, new_stack: Callable[..., Stack]) -> None:
    stack = new_stack("dev")
    stack.faults({"effect": "fail", "urn": f"::{name}", "times": 1, "message": "the cloud has a bad day"})
    failed = stack.up()
    assert failed.code != 0
    assert "the cloud has a bad day" in failed.text
    ok(stack.up())
    whole(stack, standing)


def test_what_was_half_made_is_finished(standing: Stack, new_stack: Callable[..., Stack]) -> None:
    stack = new_stack("dev")
    stack.faults({"effect": "half", "urn": "::lustre-file-system", "times": 1})
    assert stack.up().code != 0
    ok(stack.up())
    whole(stack, standing)


def test_a_failed_update_of_machines_is_finished(standing: Stack, tmp_path: Path) -> None:
    stack = standing.branch(tmp_path / "branch")
    stack.config("groundplan:gpuNodes", "off")
    stack.faults({"effect": "fail", "call": "update", "urn": "::gpu-node-group", "times": 1})
    assert stack.up().code != 0
    ok(stack.up())
    assert stack.named("gpu-node-group")["inputs"]["scalingConfig"]["desiredSize"] == 0


@pytest.mark.parametrize("name", ["cluster-cluster", "lustre-file-system"])
def test_a_cancelled_update_is_finished_by_the_next(name: str, standing: Stack, new_stack: Callable[..., Stack]) -> None:
    stack = new_stack("dev")
    stack.faults({"effect": "slow", "urn": f"::{name}", "seconds": 1.5, "times": 1})
    assert stack.interrupt(stack.up_until_slow()).code != 0
    stack.faults()
    ok(stack.up())
    whole(stack, standing)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_engine_leaves_what_a_person_settles_and_the_next_update_finishes(
    when: str, standing: Stack, new_stack: Callable[..., Stack]
) -> None:
    """Killed while the cloud makes the cluster, before and after it is there: unlock, settle what is pending, `up`."""
    stack = new_stack("dev")
    stack.faults({"effect": "slow", "urn": "::cluster-cluster", "seconds": 30, "times": 1, "when": when})
    stack.kill(stack.up_until_slow())
    stack.faults()
    stack.settle()
    ok(stack.up())
    whole(stack, standing)
