"""How the engine's questions become plain resources, and plain checks policies.

A check is a function of resources and the reviewed plan that returns messages. It sees `UNKNOWN` where a preview does not know
a value yet, and answers with `later` where it needs that value: the policy then says so as a remark, and decides in
`pulumi up`, where every resource is looked at once more before it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pulumi_policy import (
    Policy,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from planner.plan import CloudNodeGroup, CloudPlan, Plan
from stacks.settings import read_plan

__all__ = [
    "UNKNOWN",
    "Check",
    "Later",
    "Resource",
    "Reviewed",
    "StackCheck",
    "Unknown",
    "all_of",
    "entries",
    "is_true",
    "later",
    "machine",
    "named",
    "number",
    "on_each",
    "on_stack",
    "plain",
    "plan_reasons",
    "planned_groups",
    "read_reviewed",
    "referred",
    "reviewed_as",
]


class Unknown:
    """A value that a preview does not know."""

    def __repr__(self) -> str:
        return "(known only when deployed)"


UNKNOWN = Unknown()


class Later(str):
    """A message that is no violation: this can only be decided when the value is known."""

    __slots__ = ()


@dataclass(frozen=True)
class Resource:
    """A resource as the program declared it; in checks of a whole stack, as it is afterwards.

    `depends` tells for each property the resources (URNs) that its value was made from: known even when the value is not.
    """

    type: str
    urn: str
    name: str
    inputs: Mapping[str, Any]
    protect: bool = False
    depends: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Name the resource in a message."""
        return f"{self.type.rpartition(':')[2]} {self.name}"

    def get(self, path: str) -> Any:
        """Return the value at a path such as ``vpcConfig.subnetIds``: None where nothing is, UNKNOWN below an unknown value."""
        value: Any = self.inputs
        for key in path.split("."):
            if isinstance(value, Unknown):
                return UNKNOWN
            value = value.get(key) if isinstance(value, Mapping) else None
        return value


@dataclass(frozen=True)
class Reviewed:
    """What a stack is held against: its plan as it was reviewed."""

    stack: str
    plan: Plan
    cloud: CloudPlan

    @property
    def customer_managed_keys(self) -> bool:
        """Tell whether everything at rest needs a key of the customer's own."""
        return self.plan.factory.sovereignty.customer_managed_keys is not False


Check = Callable[[Resource, Reviewed], list[str]]
StackCheck = Callable[[Sequence[Resource], Reviewed], list[str]]


def reviewed_as(root: Path, stack: str) -> tuple[Reviewed | None, list[str]]:
    """Read a stack's plan: what it is held against, or why there is nothing to hold it against."""
    plan, reasons = read_plan(root, stack)
    if plan is not None and plan.cloud is None:
        reasons = [*reasons, f"plans/{stack}.json is for {plan.factory.deploy.target}: nothing in a cloud was planned"]
    if plan is None or plan.cloud is None or reasons:
        return None, reasons
    return Reviewed(stack, plan, plan.cloud), []


read_reviewed = cache(reviewed_as)  # the plan is asked for by each policy and resource


def later(resource: Resource, path: str) -> str:
    """Say that a value is needed which only `pulumi up` knows."""
    return Later(f"{resource.label}: {path} is known only when deployed, and is checked then")


def plain(value: Any) -> Any:
    """Turn what the engine hands over into plain dicts, lists and values, with UNKNOWN in the place of unknown values."""
    if isinstance(value, Mapping):
        return {key: _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_item(value, index) for index in range(len(value))]
    return value


def _item(container: Any, key: Any) -> Any:
    try:
        return plain(container[key])
    except UnknownValueError:
        return UNKNOWN


def entries(value: Any) -> list[Any]:
    """Return a list as it is, nothing as an empty one, and a single value as a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def is_true(value: Any) -> bool:
    """Tell whether a value says yes: launch templates write their truth as text."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def number(value: Any) -> float | None:
    """Return a number that may be written as text, or None where it is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def named(stack: Iterable[Resource], *kinds: str) -> list[Resource]:
    """Return the resources of some types."""
    return [resource for resource in stack if resource.type in kinds]


def all_of(value: Any) -> list[Any]:
    """Return the values in a nest of lists and maps, without the nest."""
    if isinstance(value, Mapping):
        return [leaf for each in value.values() for leaf in all_of(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in all_of(each)]
    return [] if value is None else [value]


def referred(resource: Resource, path: str, kind: str, stack: Sequence[Resource]) -> list[Resource]:
    """Return the resources of a type that a property names: by its values where they are known, else by what made them."""
    values = all_of(resource.get(path))
    made_from = resource.depends.get(path.partition(".")[0], ())
    candidates = named(stack, kind)
    known = {value.removesuffix(":*") for value in values if isinstance(value, str)}  # a log group's streams are the group
    found = [each for each in candidates if known & {each.get(key) for key in ("id", "arn", "name", "bucket")}]
    if found and not any(isinstance(value, Unknown) for value in values):
        return found
    return [each for each in candidates if each in found or (values and each.urn in made_from)]


def machine(group: Resource, stack: Sequence[Resource]) -> Any:
    """Return the instance type of a node group's launch template, None where there is no such template in the stack."""
    templates = referred(group, "launchTemplate", "aws:ec2/launchTemplate:LaunchTemplate", stack)
    return templates[0].get("instanceType") if len(templates) == 1 else None


def planned_groups(instance: Any, reviewed: Reviewed) -> list[CloudNodeGroup]:
    """Return the plan's node groups of an instance type."""
    return [group for group in reviewed.cloud.node_groups if group.instance == instance]


def _stack_of(urn: str) -> str:
    """Read the stack's name from a URN: unlike the environment, every version of the engine hands that over."""
    return urn.partition("::")[0].removeprefix("urn:pulumi:")


def plan_reasons(root: Path, urn: str) -> list[str]:
    """List what is wrong with the plan of the stack that a resource is in: without a plan, nothing may be made."""
    return read_reviewed(root, _stack_of(urn))[1]


def _seen(given: ResourceValidationArgs | PolicyResource) -> Resource:
    made_from = getattr(given, "property_dependencies", {})
    return Resource(
        type=given.resource_type,
        urn=given.urn,
        name=given.name,
        inputs=plain(given.props),
        protect=bool(given.opts.protect),
        depends={key: tuple(each.urn for each in deps) for key, deps in made_from.items()},
    )


def _tell(messages: Sequence[str], report: ReportViolation) -> None:
    for message in messages:
        if not isinstance(message, Later):
            report(message, None)
    open_ones = [message for message in messages if isinstance(message, Later)]
    if open_ones:  # the engine shows this as a remark, and does not stop
        unknown = UnknownValueError(UNKNOWN_STRING_VALUE, [])
        unknown.message = "; ".join(open_ones)
        raise unknown


def on_each(name: str, description: str, check: Check, root: Path) -> Policy:
    """Make a policy of a check of single resources: it decides before a resource is made."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        reviewed, _ = read_reviewed(root, _stack_of(args.urn))
        if reviewed is not None:  # without a plan, the policy of the plan stops everything
            _tell(check(_seen(args), reviewed), report)

    return ResourceValidationPolicy(name, description, validate)


def on_stack(name: str, description: str, check: StackCheck, root: Path) -> Policy:
    """Make a policy of a check of all resources together: it decides in the preview, and once more at the end."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for stack in {_stack_of(each.urn) for each in args.resources}:
            reviewed, _ = read_reviewed(root, stack)
            if reviewed is not None:
                _tell(check([_seen(each) for each in args.resources], reviewed), report)

    return StackValidationPolicy(name, description, validate)
