"""RDMA never falls back silently: exactly the plan's EFA interfaces, in a security group that refers to itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stacks.policy.pack import Resource, Reviewed, Unknown, entries, later, named, number, planned_groups, referred

__all__ = ["check_efa_security_group", "check_interfaces", "check_lustre_efa"]

LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"


def check_interfaces(resource: Resource, reviewed: Reviewed) -> list[str]:
    """List where a launch template's network interfaces are not exactly the plan's: fewer would still run, over TCP."""
    if resource.type != LAUNCH_TEMPLATE:
        return []
    groups = planned_groups(resource.get("instanceType"), reviewed)
    given = resource.get("networkInterfaces")
    if not groups:
        return []
    if isinstance(given, Unknown) or any(isinstance(each, Unknown) for each in entries(given)):
        return [later(resource, "networkInterfaces")]
    found = sorted(_place(each) for each in entries(given))
    wanted = sorted((each.card, each.device, each.kind) for each in groups[0].interfaces)
    if not wanted:
        efa = [place for place in found if place[2] not in ("interface", "")]
        return [f"{resource.label} has EFA interfaces, the plan has none for {groups[0].instance}"] if efa else []
    if found == wanted:
        return []
    missing = ", ".join(_words(place) for place in wanted if place not in found) or "none"
    more = ", ".join(_words(place) for place in found if place not in wanted) or "none"
    counts = f"{len(found)} network interfaces, the plan has {len(wanted)} for {groups[0].instance}"
    return [f"{resource.label} has {counts}; missing: {missing}; not planned: {more}"]


def _place(interface: Any) -> tuple[int, int, str]:
    """Return card, device and kind; what is not known counts as wrong: the layout never depends on another resource."""
    card, device = (number(interface.get(key, 0)) for key in ("networkCardIndex", "deviceIndex"))
    kind = interface.get("interfaceType") or "interface"
    return -1 if card is None else int(card), -1 if device is None else int(device), str(kind)


def _words(place: tuple[int, int, str]) -> str:
    return f"{place[2]} on card {place[0]} device {place[1]}"


def check_efa_security_group(stack: Sequence[Resource], reviewed: Reviewed) -> list[str]:
    """List GPU launch templates, and file systems with EFA, in no group which lets everything of its own in and out."""
    open_inside = _refer_to_themselves(stack)
    messages: list[str] = []
    for template in named(stack, LAUNCH_TEMPLATE):
        groups = planned_groups(template.get("instanceType"), reviewed)
        if any(interface.kind == "efa-only" for group in groups for interface in group.interfaces):
            messages += _cut_off(template, open_inside, stack)
    if reviewed.cloud.lustre is not None and reviewed.cloud.lustre.efa:
        for system in named(stack, LUSTRE):
            if not _urns(referred(system, "securityGroupIds", SECURITY_GROUP, stack)) & _urns(open_inside):
                messages.append(
                    f"{system.label} is in no security group of this stack that refers to itself in and out; EFA needs it"
                )
    return messages


def _urns(resources: Sequence[Resource]) -> set[str]:
    return {resource.urn for resource in resources}


def _refer_to_themselves(stack: Sequence[Resource]) -> list[Resource]:
    """Return the security groups with a rule for all protocols from and to themselves: an open way out does not carry EFA."""
    inside = []
    for kind in (INGRESS_RULE, EGRESS_RULE):
        holders: set[str] = set()
        for rule in named(stack, kind):
            if str(rule.get("ipProtocol")) == "-1":
                owner = _urns(referred(rule, "securityGroupId", SECURITY_GROUP, stack))
                holders |= owner & _urns(referred(rule, "referencedSecurityGroupId", SECURITY_GROUP, stack))
        inside.append(holders)
    return [group for group in named(stack, SECURITY_GROUP) if group.urn in inside[0] & inside[1]]


def _cut_off(template: Resource, open_inside: Sequence[Resource], stack: Sequence[Resource]) -> list[str]:
    if not _urns(referred(template, "networkInterfaces", SECURITY_GROUP, stack)) & _urns(open_inside):
        return [f"{template.label} is in no security group of this stack that refers to itself in and out; EFA needs it"]
    ids = [group.get("id") for group in open_inside]  # a list without unknown values cannot name a group whose id is unknown
    interfaces = [each for each in entries(template.get("networkInterfaces")) if isinstance(each, dict)]
    messages = []
    for index, interface in enumerate(interfaces):
        groups = interface.get("securityGroups")
        unknown = isinstance(groups, Unknown) or any(isinstance(each, Unknown) for each in entries(groups))
        if not groups or (any(ids) and not unknown and not set(ids) & set(groups)):
            groups = groups or "none"
            messages.append(f"{template.label}: network interface {index} is not in the EFA security group, only in {groups}")
        elif repr(groups) != repr(interfaces[0].get("securityGroups")):
            messages.append(f"{template.label}: network interface {index} is in other security groups than the first: {groups}")
    return messages


def check_lustre_efa(resource: Resource, reviewed: Reviewed) -> list[str]:
    """List where a file system is not reached over EFA as planned: its clients would use TCP and say nothing."""
    if resource.type != LUSTRE or reviewed.cloud.lustre is None:
        return []
    given = resource.get("efaEnabled")
    if isinstance(given, Unknown):
        return [later(resource, "efaEnabled")]
    if bool(given) != reviewed.cloud.lustre.efa:
        return [
            f"{resource.label} has EFA {'on' if given else 'off'}, the plan says {'on' if reviewed.cloud.lustre.efa else 'off'}"
        ]
    return []
