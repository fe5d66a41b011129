"""What AWS and the policy pack would say to the resources of a component."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import aws_api
import aws_rules

from stacks.expansion import Resource
from stacks.policy import pack
from stacks.policy.__main__ import EACH
from stacks.settings import Settings

__all__ = ["complaints", "realistic"]

ACCOUNT = "111122223333"
_HERE = f"us-east-2:{ACCOUNT}"
# What a resource's label ends in -> how its id begins.
_IDS = {
    "subnet": "subnet-",
    "security-group": "sg-",
    "vpc": "vpc-",
    "route-table": "rtb-",
    "internet-gateway": "igw-",
    "nat-gateway": "nat-",
    "eip": "eipalloc-",
}


def realistic(value: Any) -> Any:
    """Write what a cloud could have answered in the place of what the expansion made up."""
    if isinstance(value, dict):
        return {key: realistic(each) for key, each in value.items()}
    if isinstance(value, list):
        return [realistic(each) for each in value]
    if isinstance(value, str):
        return re.sub(r"<([^<>]+)\.(\w+)>", _answered, value.replace("<account>", ACCOUNT))
    return value


def _answered(found: re.Match[str]) -> str:
    label, attribute = found.groups()
    digits = hashlib.sha256(label.encode()).hexdigest()
    if attribute == "arn":
        kinds = {
            "role": f"arn:aws:iam::{ACCOUNT}:role/{digits[:8]}",
            "log-group": f"arn:aws:logs:{_HERE}:log-group:/aws/{digits[:8]}",
            "bucket": f"arn:aws:s3:::{digits[:8]}",
        }
        return next(arn for kind, arn in kinds.items() if label.endswith(kind))
    if attribute == "id":
        return next(prefix for kind, prefix in _IDS.items() if label.endswith(kind)) + digits[:17]
    if attribute == "keyId":
        return f"{digits[:8]}-{digits[:4]}-{digits[:4]}-{digits[:4]}-{digits[:12]}"
    return label.replace("/", "-")


def complaints(resources: list[Resource], settings: Settings) -> list[str]:
    """List what the doubles of AWS and the policy pack refuse; what a group of resources lacks is not asked here."""
    reviewed = pack.Reviewed(settings.stack, settings.plan, settings.cloud)
    found = []
    for each in resources:
        if not each.custom:
            continue
        inputs = realistic(each.inputs)
        wrong = aws_api.problems(each.type, inputs) or aws_rules.problems(each.type, inputs)
        found += [f"{each.label}: {path} {problem}" for path, problem in wrong]
        seen = pack.Resource(each.type, each.urn, each.name, inputs, each.options.get("protect", False))
        found += [f"{name}: {message}" for name, (_, check) in EACH.items() for message in check(seen, reviewed)]
    return found
