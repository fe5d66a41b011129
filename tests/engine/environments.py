"""What the tests of the three environments share: their names, what holds data, and plans made anew or spoilt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import tools
from harness import Run, Stack

from planner.engine import make_plan
from planner.plan import Plan
from planner.reader import read_factory

ENVIRONMENTS = ("dev", "staging", "prod")
BLOCK = "cr-0123456789abcdef0"  # made up: what a person would have bought
HOLDS_DATA = {
    "aws:efs/fileSystem:FileSystem",
    "aws:fsx/lustreFileSystem:LustreFileSystem",
    "aws:kms/key:Key",
    "aws:s3/bucket:Bucket",
}


@dataclass(frozen=True)
class Standing:
    """An environment that is up, and the runs that brought it there, both under the policy pack."""

    stack: Stack
    preview: Run
    after_preview: tuple[int, int]  # resources in the account, lines in its journal
    up: Run


def policy_pack(stack: Stack) -> tuple[str, str]:
    """Return the flags that have the engine run the project's policy pack."""
    return "--policy-pack", str(stack.project / "stacks" / "policy")


def made(new_stack: Callable[..., Stack], environment: str) -> Stack:
    """Make the stack of an environment, with nothing in it yet."""
    stack = new_stack(environment)
    if environment == "prod":
        stack.config("groundplan:reservationIds.gpu", BLOCK, "--path")
    return stack


def branch(standing: Callable[[str], Standing], environment: str, tmp_path: Path) -> Stack:
    """Return a copy of an environment that is up, with an empty journal."""
    stack = standing(environment).stack.branch(tmp_path / "branch")
    stack.forget_calls()
    return stack


def name_of(urn: str) -> str:
    return urn.rpartition("::")[2]


def calls_by_kind(stack: Stack) -> dict[str, Counter[str]]:
    """Return how often the account was asked, with success, to create, update or delete what: call -> logical names."""
    found: dict[str, Counter[str]] = {}
    for call, name in stack.calls():
        found.setdefault(call, Counter())[name] += 1
    return found


def ids_in_state(stack: Stack) -> list[tuple[str, str]]:
    """Return URN and id of what the engine believes to exist, beside components and providers."""
    resources = stack.state().get("resources", [])
    return sorted((each["urn"], each["id"]) for each in resources if each["custom"] and each["type"].startswith("aws:"))


def ids_in_account(stack: Stack) -> list[tuple[str, str]]:
    """Return URN and id of what exists behind the double."""
    return sorted((each["urn"], each["id"]) for each in stack.resources())


def plan_file(stack: Stack) -> Path:
    return stack.project / "plans" / f"{stack.name}.json"


def replan(stack: Stack, *changes: tuple[str, str]) -> None:
    """Plan the stack's factory again with texts changed, as a person would: edit, plan, review."""
    text = (tools.ROOT / "factories" / f"{stack.name}.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = stack.folder / "factory.yaml"
    path.write_text(text, encoding="utf-8")
    plan = make_plan(*read_factory(path))
    assert not plan.has_error(), plan.findings
    plan_file(stack).write_text(plan.to_json(), encoding="utf-8")


def rewrite(stack: Stack, change: Callable[[Plan], dict[str, object]]) -> None:
    """Write a plan that is whole in itself, digest and checksum, but says something else than the planner did."""
    plan = Plan.from_json(plan_file(stack).read_text(encoding="utf-8"))
    plan = plan.model_copy(update=change(plan))
    plan = plan.model_copy(update={"digest": plan.factory.digest()})
    plan_file(stack).write_text(plan.model_copy(update={"checksum": plan.content_checksum()}).to_json(), encoding="utf-8")
