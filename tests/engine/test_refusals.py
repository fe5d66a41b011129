"""What must not be deployed is refused before any resource: the real engine, a provider double, no live account."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from environments import plan_file, rewrite
from harness import Stack

from planner.plan import Finding, Plan

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def fresh(new_stack: Callable[..., Stack]) -> Stack:
    return new_stack("dev")


def edit_a_byte(stack: Stack) -> None:
    text = plan_file(stack).read_text(encoding="utf-8")
    assert text.count('"count": 2,') >= 1
    plan_file(stack).write_text(text.replace('"count": 2,', '"count": 9,', 1), encoding="utf-8")


def another_schema(stack: Stack) -> None:
    data = json.loads(plan_file(stack).read_text(encoding="utf-8"))
    plan_file(stack).write_text(json.dumps({**data, "schema_version": 2}, indent=2) + "\n", encoding="utf-8")


BROKEN = Finding(severity="error", code="budget", path="budget.monthly", message="too dear by half", hint="spend more")
CASES: dict[str, tuple[Callable[[Stack], object], list[str]]] = {
    "edited": (edit_a_byte, ["was edited"]),
    "missing": (lambda stack: plan_file(stack).unlink(), ["plans/dev.json is missing"]),
    "another schema": (another_schema, ["schema_version is 2, this version reads 4"]),
    "another catalog": (
        lambda stack: rewrite(stack, lambda _: {"catalog_version": "0123456789ab"}),
        ["made with catalog 0123456789ab"],
    ),
    "an error": (
        lambda stack: rewrite(stack, lambda _: {"findings": (BROKEN,)}),
        ["too dear by half", "budget@budget.monthly"],
    ),
    "another region": (lambda stack: stack.config("aws:region", "us-west-2"), ["aws:region is us-west-2", "us-east-2"]),
    "everything at once": (
        lambda stack: (
            rewrite(stack, lambda _: {"findings": (BROKEN,), "catalog_version": "0123456789ab"}),
            stack.config("aws:region", "us-west-2"),
            stack.config("groundplan:gpuNodes", "sometimes"),
        ),
        ["made with catalog 0123456789ab", "too dear by half", "aws:region is us-west-2", "must be on, off or scheduled"],
    ),
}


@pytest.mark.parametrize("command", ["preview", "up"])
@pytest.mark.parametrize("case", CASES)
def test_refused_before_any_resource(case: str, command: str, fresh: Stack, tmp_path: Path) -> None:
    stack = fresh.branch(tmp_path / "branch")
    spoil, words = CASES[case]
    spoil(stack)
    run = stack.preview() if command == "preview" else stack.up()
    assert run.code != 0
    for each in ["nothing was created, changed or deleted", *words]:
        assert each in run.text
    assert "Traceback" not in run.text
    assert stack.resources() == []
    assert stack.calls("ok", "failed", "half", "slow") == []


def not_sold(plan: Plan) -> dict[str, object]:
    """Give the file system a size between two that are sold."""
    assert plan.cloud is not None
    assert plan.cloud.lustre is not None
    lustre = plan.cloud.lustre.model_copy(update={"capacity_gib": 3000})
    return {"cloud": plan.cloud.model_copy(update={"lustre": lustre})}


def test_a_file_system_that_is_not_sold_is_refused_by_the_component(fresh: Stack, tmp_path: Path) -> None:
    """The plan says what it should not: the component's own rule stops it, with the nearest that is sold."""
    stack = fresh.branch(tmp_path / "branch")
    rewrite(stack, not_sold)
    run = stack.up()
    assert run.code != 0
    assert "2,400 and 4,800 GiB" in run.text
    assert stack.resources() == []


def test_the_double_refuses_it_too_by_its_own_statement_of_the_rule(fresh: Stack, tmp_path: Path) -> None:
    """With the program's own rule taken out: two hands have written it down."""
    stack = fresh.branch(tmp_path / "branch")
    rewrite(stack, not_sold)
    rules = stack.project / "stacks" / "aws" / "rules.py"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text + "\n\ndef lustre_problems(*_: object) -> list[str]:\n    return []\n", encoding="utf-8")
    run = stack.up()
    assert run.code != 0
    assert "storageCapacity" in run.text
    assert not [each for each in stack.resources() if each["type"].startswith("aws:fsx/")]
