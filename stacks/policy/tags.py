"""Every resource says to which factory, environment and component it belongs, and carries the plan's own labels."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

from stacks.policy.pack import Resource, Reviewed, Unknown, entries, later

__all__ = ["check_machine_tags", "check_tags", "taggable"]

LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
ON_MACHINES = ("instance", "volume")


@cache
def taggable(kind: str) -> bool:
    """Tell whether resources of a type take labels, as the provider's own description of it says."""
    module, name = kind.split(":")[1].partition("/")[0], kind.rpartition(":")[2]
    try:
        arguments = getattr(importlib.import_module(f"pulumi_aws.{module}"), f"{name}Args")
    except (ImportError, AttributeError):
        return True  # an unknown type is asked for labels rather than let through
    return "tags" in inspect.signature(arguments).parameters


def check_tags(resource: Resource, reviewed: Reviewed) -> list[str]:
    """List labels that a resource lacks or that say something else than the plan."""
    if not resource.type.startswith("aws:") or not taggable(resource.type):
        return []
    return _missing(resource, "tags", resource.get("tags"), reviewed)


def check_machine_tags(resource: Resource, reviewed: Reviewed) -> list[str]:
    """List labels that machines and volumes of a launch template would lack: no node group hands its own on to them."""
    if resource.type != LAUNCH_TEMPLATE:
        return []
    given = resource.get("tagSpecifications")
    if isinstance(given, Unknown):
        return [later(resource, "tagSpecifications")]
    by_kind = {each.get("resourceType"): each.get("tags") for each in entries(given) if isinstance(each, Mapping)}
    return [
        message
        for kind in ON_MACHINES
        for message in _missing(resource, f"tagSpecifications for {kind}", by_kind.get(kind), reviewed)
    ]


def _missing(resource: Resource, where: str, given: Any, reviewed: Reviewed) -> list[str]:
    if isinstance(given, Unknown):
        return [later(resource, where)]
    tags = given or {}
    wanted = {**reviewed.cloud.tags, "factory": reviewed.plan.name, "environment": reviewed.stack, "managed-by": "groundplan"}
    messages: list[str] = []
    for key, value in sorted(wanted.items()):
        if isinstance(tags.get(key), Unknown):
            messages.append(later(resource, f"{where}.{key}"))
        elif tags.get(key) != value:
            messages.append(f"{resource.label}: {where} has {key}={tags.get(key)}, the plan wants {key}={value}")
    if not tags.get("component"):
        messages.append(f"{resource.label}: {where} has no component, say to which it belongs")
    return messages
