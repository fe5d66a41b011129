"""What a stack is: its reviewed plan and its configuration. The only reader of both; refuses what must not be deployed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from planner.catalog import load_catalog
from planner.errors import InputErrors, did_you_mean
from planner.plan import CloudPlan, Finding, Plan
from planner.reader import examine_plan

__all__ = ["Refused", "Settings", "accepted_as", "check_plan", "load_settings", "read_plan"]

# What `pulumi config set groundplan:...` may set.
KEYS = ("acceptFindings", "budgetEmail", "clusterAdmins", "gpuNodes", "keepData", "reservationIds")
ADMIN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[\w+=,.@/-]+")

GpuNodes = Literal["on", "off", "scheduled"]


class Refused(Exception):
    """Everything that speaks against deploying, at once."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("\n".join(self.reasons))


@dataclass(frozen=True)
class Settings:
    """A stack's plan and configuration.

    `admin_arns` get the cluster's administration; `reservation_ids` name a capacity block or reservation bought by a person, by
    node group; `gpu_nodes` tells whether the accelerated machines run, or run for the time of their capacity block; without
    `keep_data` what holds data is neither protected nor kept when it is taken out of the stack.
    """

    stack: str
    plan: Plan
    cloud: CloudPlan
    admin_arns: tuple[str, ...]
    reservation_ids: Mapping[str, str]
    gpu_nodes: GpuNodes
    keep_data: bool
    budget_email: pulumi.Output[str] | None

    def tags(self, component: str, **more: str) -> dict[str, str]:
        """Return the labels of a component's resources."""
        ours = {
            "factory": self.plan.name,
            "environment": self.stack,
            "component": component,
            "managed-by": "groundplan",
        }
        return {**self.cloud.tags, **ours, **more}

    def stateful(self) -> pulumi.ResourceOptions:
        """Return the options of what holds data: not deleted by mistake, and kept when it leaves the stack."""
        return pulumi.ResourceOptions(protect=self.keep_data, retain_on_delete=self.keep_data)


def accepted_as(finding: Finding) -> str:
    """Name a finding as `groundplan:acceptFindings` does.

    Examples
    --------
    >>> accepted_as(Finding(severity="error", code="budget", path="budget.monthly", message="too dear"))
    'budget@budget.monthly'
    """
    return f"{finding.code}@{finding.path}"


def read_plan(root: Path, stack: str) -> tuple[Plan | None, list[str]]:
    """Read a stack's plan as it was reviewed.

    Parameters
    ----------
    root : Path
        The project's folder.
    stack : str
        The stack's name: the plan is ``plans/<stack>.json``.

    Returns
    -------
    tuple
        The plan, as far as it can be read, and why it must not be deployed: missing, not a plan, edited, outdated.
    """
    name, remake = f"plans/{stack}.json", f"make it anew: groundplan plan factories/{stack}.yaml -o plans/{stack}.json"
    path = root / "plans" / f"{stack}.json"
    if not path.is_file():
        return None, [f"{name} is missing; {remake}"]
    plan, problems = examine_plan(path)
    reasons = [f"{name}: {each.path} {each.message}; {remake}".replace(":  ", ": ") for each in problems]
    if plan is None:
        return None, reasons
    folder = None if plan.factory.catalog is None else root / "factories" / plan.factory.catalog
    try:
        version = load_catalog(folder).version
    except InputErrors as error:
        reasons.append(f"the catalog of {name} cannot be read: {error}")
    else:
        if version != plan.catalog_version:
            reasons.append(f"{name} was made with catalog {plan.catalog_version}, this version has {version}; {remake}")
    return plan, reasons


def check_plan(
    plan: Plan,
    *,
    region: str | None,
    accepted: Sequence[str],
    reservation_ids: Mapping[str, str],
) -> list[str]:
    """List what in a plan speaks against deploying it with a configuration.

    Parameters
    ----------
    plan : Plan
        A plan that is as it was made.
    region : str or None
        The region that resources would go to.
    accepted : sequence of str
        Findings that a person takes responsibility for, as `accepted_as` names them.
    reservation_ids : mapping
        Node group -> id of its capacity block or reservation.
    """
    reasons = []
    known = {accepted_as(each): each for each in plan.findings if each.severity == "error"}
    for name, finding in known.items():
        if name not in accepted:
            accept = f"pulumi config set --path 'groundplan:acceptFindings[{len(accepted)}]' '{name}'"
            reasons.append(f"the plan has an error: {finding.message}; {finding.hint}; or take responsibility: {accept}")
    reasons += [
        f"groundplan:acceptFindings names {name}, which is no error of the plan" for name in accepted if name not in known
    ]
    if plan.cloud is None:
        return [
            *reasons,
            f"the plan is for {plan.factory.deploy.target}, which is not provisioned yet: name deploy.target: aws",
        ]
    if region != plan.cloud.region:
        given = f"is {region}" if region else "is not set"
        reasons.append(
            f"aws:region {given}, the plan is for {plan.cloud.region}: pulumi config set aws:region {plan.cloud.region}"
        )
    groups = {group.name: group for group in plan.cloud.node_groups if group.role == "gpu"}
    for name in sorted(set(reservation_ids) - set(groups)):
        reasons.append(f"groundplan:reservationIds names {name}, the plan's groups are {', '.join(groups)}")
    for name, group in groups.items():
        if name in reservation_ids and group.source not in ("reservation", "capacity-block"):
            reasons.append(f"groundplan:reservationIds names {name}, whose machines come {group.source} in the plan")
        if name not in reservation_ids and group.source == "capacity-block":
            buy = f"buy it (docs/provisioning.md), then: pulumi config set --path groundplan:reservationIds.{name} cr-..."
            reasons.append(f"the capacity block of {name} is not named; {buy}")
    return reasons


def load_settings() -> Settings:
    """Read the configuration and the plan of the stack that runs.

    Raises
    ------
    Refused
        With every reason; no resource has been touched.
    """
    stack, config = pulumi.get_stack(), pulumi.Config("groundplan")
    reasons: list[str] = []

    def read(key: str, wanted: str, parse: Callable[[Any], bool], default: object) -> object:
        """Take a value of the configuration, or the default and a reason where it is not what is wanted."""
        try:
            value = config.get_object(key)
        except pulumi.ConfigTypeError:
            value = config.get(key)
        if value is None:
            return default
        if parse(value):
            return value
        reasons.append(f"groundplan:{key} must be {wanted}")
        return default

    def texts(value: object) -> bool:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)

    given = {**get_config_env(), **CONFIG.get()}
    unknown = {name.partition(":")[2] for name in given if name.startswith("groundplan:")} - set(KEYS)
    reasons += [f"groundplan:{key} is no setting of a stack; {did_you_mean(key, KEYS)}" for key in sorted(unknown)]
    accepted = read("acceptFindings", "a list of findings, each code@path", texts, [])
    admins = read(
        "clusterAdmins",
        "a list of the ARNs of IAM roles or users, each once, such as arn:aws:iam::111122223333:role/admin",
        lambda value: texts(value) and len(set(value)) == len(value) and all(map(ADMIN.fullmatch, value)),
        [],
    )
    ids = read(
        "reservationIds",
        "a map from node group to the id of a reservation, cr-...",
        lambda value: isinstance(value, dict) and all(str(each).startswith("cr-") for each in value.values()),
        {},
    )
    gpu_nodes = read("gpuNodes", "on, off or scheduled", lambda value: value in ("on", "off", "scheduled"), None)
    keep_data = read("keepData", "true or false", lambda value: isinstance(value, bool), True)
    assert isinstance(accepted, list) and isinstance(admins, list) and isinstance(ids, dict)  # noqa: S101, PT018 - as read
    plan, found = read_plan(Path(pulumi.get_root_directory() or Path(__file__).parents[1]), stack)
    reasons += found
    if plan is not None:
        reasons += check_plan(plan, region=pulumi.Config("aws").get("region"), accepted=accepted, reservation_ids=ids)
        block = plan.cloud is not None and plan.cloud.capacity_block is not None
        if gpu_nodes == "scheduled" and not block:
            reasons.append("groundplan:gpuNodes is scheduled, but the plan has no capacity block; say on or off")
        gpu_nodes = gpu_nodes or ("scheduled" if block else "on")
    if reasons or plan is None or plan.cloud is None:
        raise Refused(reasons)
    if not admins:
        pulumi.log.warn("groundplan:clusterAdmins names nobody: the cluster will stand, but no person can enter it")
    return Settings(
        stack=stack,
        plan=plan,
        cloud=plan.cloud,
        admin_arns=tuple(admins),
        reservation_ids=ids,
        gpu_nodes=gpu_nodes,  # type: ignore[arg-type]  # one of the three, as checked
        keep_data=bool(keep_data),
        budget_email=config.get_secret("budgetEmail"),
    )
