"""GPU nodes, their reservation and the file system stand in one zone, and capacity comes from where the plan says."""

from __future__ import annotations

from collections.abc import Sequence

from planner.plan import CloudNodeGroup, Subnet
from stacks.policy.pack import (
    UNKNOWN,
    Resource,
    Reviewed,
    Unknown,
    entries,
    later,
    machine,
    named,
    planned_groups,
    referred,
)

__all__ = ["check_capacity_source", "check_capacity_type", "check_one_zone", "check_placement_group", "check_subnet"]

SUBNET = "aws:ec2/subnet:Subnet"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"
PLACEMENT_GROUP = "aws:ec2/placementGroup:PlacementGroup"

CAPACITY_TYPES = {"on-demand": "ON_DEMAND", "reservation": "ON_DEMAND", "capacity-block": "CAPACITY_BLOCK", "spot": "SPOT"}


def check_subnet(resource: Resource, reviewed: Reviewed) -> list[str]:
    """List where a subnet is none of the plan's: its addresses, and its zone by id, because names differ between accounts."""
    if resource.type != SUBNET:
        return []
    network, zone = resource.get("cidrBlock"), resource.get("availabilityZoneId")
    if isinstance(network, Unknown) or isinstance(zone, Unknown):
        return [later(resource, "cidrBlock" if isinstance(network, Unknown) else "availabilityZoneId")]
    planned = [subnet for subnet in reviewed.cloud.subnets if subnet.network == network]
    if not planned:
        known = ", ".join(f"{subnet.name} {subnet.network}" for subnet in reviewed.cloud.subnets)
        return [f"{resource.label} has the addresses {network}, the plan has {known}"]
    if zone != planned[0].zone:
        given = zone or "named by its zone's name or not at all"
        return [f"{resource.label} is {given}, the plan puts {planned[0].name} in zone id {planned[0].zone}"]
    return []


def check_one_zone(stack: Sequence[Resource], reviewed: Reviewed) -> list[str]:
    """List GPU node groups, reservations and parallel file systems that do not stand in their one subnet of the plan."""
    subnets = {subnet.name: subnet for subnet in reviewed.cloud.subnets}
    messages: list[str] = []
    for group in named(stack, NODE_GROUP):
        for planned in _gpu_groups(machine(group, stack), reviewed)[:1]:
            messages += _elsewhere(group, subnets[planned.subnets[0]], stack)
    for system in named(stack, LUSTRE):
        if reviewed.cloud.lustre is not None:
            messages += _elsewhere(system, subnets[reviewed.cloud.lustre.subnet], stack)
    for reservation in named(stack, RESERVATION):
        messages += _reserved_elsewhere(reservation, stack, reviewed)
    return messages


def _gpu_groups(instance: object, reviewed: Reviewed) -> list[CloudNodeGroup]:
    return [group for group in planned_groups(instance, reviewed) if group.role == "gpu"]


def _elsewhere(resource: Resource, planned: Subnet, stack: Sequence[Resource]) -> list[str]:
    given = resource.get("subnetIds")
    found = referred(resource, "subnetIds", SUBNET, stack)
    count = len(found) if isinstance(given, Unknown) else len(entries(given))
    messages = []
    if count != 1:
        messages.append(f"{resource.label} stands in {count} subnets, the plan has one: {planned.name} in {planned.zone}")
    elif not found:
        messages.append(f"{resource.label} stands in {given}, which is no subnet of this stack; the plan says {planned.name}")
    for subnet in found:
        zone, network = subnet.get("availabilityZoneId"), subnet.get("cidrBlock")
        if (zone, network) != (planned.zone, planned.network):
            where = f"{subnet.name} ({network} in {zone})"
            messages.append(
                f"{resource.label} stands in {where}, the plan says {planned.name} ({planned.network} in {planned.zone})"
            )
    return messages


def _reserved_elsewhere(reservation: Resource, stack: Sequence[Resource], reviewed: Reviewed) -> list[str]:
    zone, wanted = reservation.get("availabilityZone"), reviewed.cloud.gpu_zone
    in_zone = [subnet for subnet in named(stack, SUBNET) if subnet.get("availabilityZoneId") == wanted]
    if isinstance(zone, Unknown):
        sources = {each.urn for each in referred(reservation, "availabilityZone", SUBNET, stack)}
        if sources and sources <= {subnet.urn for subnet in in_zone}:
            return []
        return [f"{reservation.label} is in a zone that does not come from a subnet in the plan's GPU zone {wanted}"]
    names = {subnet.get("availabilityZone") for subnet in in_zone} - {None, UNKNOWN}
    if zone not in names:
        known = ", ".join(sorted(names)) or "not known by name"
        return [f"{reservation.label} is in zone {zone}, the plan's GPU zone {wanted} is {known}"]
    return []


def check_placement_group(stack: Sequence[Resource], reviewed: Reviewed) -> list[str]:
    """List launch templates of machines that the plan wants close together but that no cluster placement group holds."""
    messages = []
    for template in named(stack, LAUNCH_TEMPLATE):
        if not any(group.placement_group for group in _gpu_groups(template.get("instanceType"), reviewed)):
            continue
        held = referred(template, "placement", PLACEMENT_GROUP, stack)
        named_id = template.get("capacityReservationSpecification.capacityReservationTarget.capacityReservationId")
        made_here = referred(template, "capacityReservationSpecification", RESERVATION, stack)
        if not held and isinstance(named_id, str) and not made_here:
            continue  # a reservation that a person made has its place already, and no machine in another group
        if not held:
            messages.append(f"{template.label} names no placement group of this stack, the plan places its machines together")
        messages += [
            f"{template.label} is in placement group {group.name} with strategy {group.get('strategy')}, the plan needs cluster"
            for group in held
            if group.get("strategy") != "cluster"
        ]
    return messages


def check_capacity_source(resource: Resource, reviewed: Reviewed) -> list[str]:
    """List where a launch template takes machines from elsewhere than the plan: a lost reservation costs, and gets nothing."""
    groups = _gpu_groups(resource.get("instanceType"), reviewed)
    if resource.type != LAUNCH_TEMPLATE or not groups:
        return []
    sources = {group.source for group in groups}
    reservation = resource.get("capacityReservationSpecification.capacityReservationTarget.capacityReservationId")
    market = resource.get("instanceMarketOptions.marketType")
    if isinstance(market, Unknown):
        return [later(resource, "instanceMarketOptions.marketType")]
    messages = []
    planned = ", ".join(sorted(sources))
    if not reservation and sources <= {"reservation", "capacity-block"}:
        messages.append(f"{resource.label} targets no reservation, the plan gets its machines by {planned}")
    if reservation and not sources & {"reservation", "capacity-block"}:
        messages.append(f"{resource.label} targets reservation {reservation}, the plan gets its machines by {planned}")
    if (market == "capacity-block") != ("capacity-block" in sources) and len(sources) == 1:
        messages.append(
            f"{resource.label} has the market type {market or 'on demand'}, the plan gets its machines by {planned}"
        )
    return messages


def check_capacity_type(stack: Sequence[Resource], reviewed: Reviewed) -> list[str]:
    """List node groups whose capacity type is not that of the plan's source."""
    messages = []
    for group in named(stack, NODE_GROUP):
        allowed = {CAPACITY_TYPES[each.source] for each in planned_groups(machine(group, stack), reviewed)}
        given = group.get("capacityType") or "ON_DEMAND"
        if isinstance(given, Unknown):
            messages.append(later(group, "capacityType"))
        elif allowed and given not in allowed:
            messages.append(f"{group.label} has capacity type {given}, the plan says {', '.join(sorted(allowed))}")
    return messages
