"""What the tests of the stacks share: run a function as a stack's program would run, and look at what it asked for."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi

from planner.plan import CloudPlan, Plan
from stacks.expansion import Expansion, Resource, expand
from stacks.settings import Settings

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ("dev", "staging", "prod")
REGION = {"aws:region": "us-east-2"}
EMAIL = "somebody@example.org"
# What a person buys before the stack can be made.
BOUGHT = {"prod": {"groundplan:reservationIds": {"gpu": "cr-0123456789abcdef0"}}}


def run(
    program: Callable[[], object],
    *,
    stack: str = "dev",
    config: Mapping[str, object] | None = None,
    secret_keys: tuple[str, ...] = (),
    known: bool = True,
) -> Expansion:
    """Run a function under a stack's name; values of `config` are JSON unless they are text."""
    given = {**REGION, **(config or {})}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}

    def called() -> None:
        program()

    return expand(called, project="groundplan", stack=stack, root=ROOT, config=texts, secret_keys=secret_keys, known=known)


def record(program: Callable[[], object], **more: Any) -> list[Resource]:
    """Run a function and return the resources that it registered; `more` as for `run`."""
    return list(run(program, **more).resources)


def of_kind(resources: list[Resource], kind: str) -> list[Resource]:
    """Pick the resources of a type, named in short, as `Bucket`, or as the end of its token, as `ec2/vpc:Vpc`."""
    return [each for each in resources if each.kind == kind or each.type.endswith(f":{kind}")]


def only(resources: list[Resource], kind: str, name: str = "") -> Resource:
    """Return the one resource of a type whose logical name contains `name`; fail, telling what there is, unless it is one."""
    found = [each for each in of_kind(resources, kind) if name in each.name]
    assert len(found) == 1, f"{len(found)} {kind} '{name}' among: {', '.join(each.label for each in resources)}"
    return found[0]


@functools.cache
def stack_of(environment: str, known: bool = True) -> Expansion:
    """Run the stacks' whole program for an environment, with everything configured that can be."""
    # Only here: a test of one component needs no other.
    from stacks.__main__ import program
    from stacks.preview import read_config

    config, _ = read_config(ROOT, environment)
    people = {"groundplan:budgetEmail": EMAIL, "groundplan:clusterAdmins": ["arn:aws:iam::111122223333:role/administrator"]}
    given = {**config, **BOUGHT.get(environment, {}), **people}
    return run(program, stack=environment, config=given, secret_keys=("groundplan:budgetEmail",), known=known)


def plan_of(stack: str) -> Plan:
    return Plan.from_json((ROOT / "plans" / f"{stack}.json").read_text(encoding="utf-8"))


def settings_of(stack: str = "dev", cloud: Mapping[str, Any] | None = None, **changes: Any) -> Settings:
    """Make settings from a stack's plan; `cloud` replaces parts of the cloud's plan, `changes` fields of the settings."""
    plan = plan_of(stack)
    assert plan.cloud is not None
    changed = CloudPlan.model_validate({**dict(plan.cloud), **(cloud or {})})
    given: dict[str, Any] = {
        "admin_arns": (),
        "reservation_ids": {},
        "gpu_nodes": "on",
        "keep_data": True,
        "budget_email": None,
        **changes,
    }
    return Settings(stack=stack, plan=plan.model_copy(update={"cloud": changed}), cloud=changed, **given)


def renamed(settings: Settings, name: str) -> Settings:
    """Return settings of a factory with another name."""
    return dataclasses.replace(settings, plan=settings.plan.model_copy(update={"name": name}))


def standing(**attributes: Any) -> Any:
    """Stand in for a component that another needs: every text, also in a map, becomes an Output. Only inside a program.

    Where the texts are to be unknown as in a first preview, pass what a resource gives instead.
    """

    def output(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: output(each) for key, each in value.items()}
        return pulumi.Output.from_input(value) if isinstance(value, str) else value

    return SimpleNamespace(**{name: output(value) for name, value in attributes.items()})
