"""What AWS enforces when a resource is made, beyond its service model: the documented rules, stated by a second hand.

It imports nothing of the program, so that an error in the program's own rules shows. It proves inputs against documentation
(cited by page of docs.aws.amazon.com), not against a live account. Some rules are narrower than AWS's, where one answer is
always wrong in this project (a template without a managed node group, an interface in the default group): comments say so.
"""

from __future__ import annotations

import base64
import binascii
import collections
import datetime as dt
import email
import ipaddress
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

__all__ = ["CARDS", "RULES", "pair_problems", "problems"]

Inputs = Mapping[str, Any]
Found = Iterator[tuple[str, str]]


# ---------------------------------------------------------------------------- reading inputs


def _has(inputs: Inputs, *names: str) -> list[str]:
    """Return which of the arguments are set, be they known or not; an empty list or text is not set."""
    return [name for name in names if inputs.get(name) not in (None, "", [], {})]


def _known(inputs: Inputs, name: str) -> Any:
    """Return an argument's value, None where it is not set or not known yet."""
    value: Any = inputs
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return None if value == UNKNOWN else value


def _open(inputs: Inputs, name: str) -> bool:
    """Tell whether an argument, or what it lies in, is not known yet."""
    value: Any = inputs
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
        if value == UNKNOWN:
            return True
    return False


def _items(inputs: Inputs, name: str) -> list[Any]:
    value = _known(inputs, name)
    return [item for item in value if item != UNKNOWN] if isinstance(value, list | tuple) else []


def _number(inputs: Inputs, name: str) -> float | None:
    value = _known(inputs, name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(inputs: Inputs, name: str) -> str | None:
    value = _known(inputs, name)
    return value if isinstance(value, str) else None


def _one_of(inputs: Inputs, names: Sequence[str], path: str, least: int = 1) -> Found:
    present = _has(inputs, *names)
    if len(present) > 1 or len(present) < least:
        yield path, f"takes {'exactly' if least else 'at most'} one of {', '.join(names)}; has {', '.join(present) or 'none'}"


def _excludes(inputs: Inputs, names: Sequence[str], because: str) -> Found:
    for name in _has(inputs, *names):
        yield name, f"must not be set {because}"


def _needs(inputs: Inputs, names: Sequence[str], because: str) -> Found:
    for name in names:
        if not _has(inputs, name):
            yield name, f"must be set {because}"


def _cidr(inputs: Inputs, name: str, shortest: int = 0, longest: int = 32) -> Found:
    text = _text(inputs, name)
    if text is None:
        return
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        yield name, f"is no network: {error}"
        return
    if network.version == 4 and not shortest <= network.prefixlen <= longest:
        yield name, f"is a /{network.prefixlen}; AWS takes /{shortest} to /{longest}"


def _name(inputs: Inputs, name: str, longest: int, suffix: int = 26) -> Found:
    """Judge the length of a name, or of a prefix that the provider completes by a suffix of so many characters."""
    text, prefix = _text(inputs, name), _text(inputs, f"{name}Prefix")
    if text is not None and len(text) > longest:
        yield name, f"has {len(text)} characters; AWS takes {longest}"
    if prefix is not None and len(prefix) > longest - suffix:
        yield f"{name}Prefix", f"has {len(prefix)} characters; with the {suffix} that follow, AWS takes {longest}"
    if len(_has(inputs, name, f"{name}Prefix")) > 1:
        yield name, f"excludes {name}Prefix"


def _instant(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        return None


# ---------------------------------------------------------------------------- every resource


def _tags(inputs: Inputs) -> Found:
    """Tag keys and values: tag-editor/latest/userguide/best-practices-and-strats.html; 50 each resource."""
    for name in ("tags", "finalBackupTags"):
        yield from _tag_map(_known(inputs, name), name)
    for index, entry in enumerate(_items(inputs, "tagSpecifications")):
        yield from _tag_map(_known(entry, "tags"), f"tagSpecifications[{index}].tags")


def _tag_map(tags: object, path: str) -> Found:
    if not isinstance(tags, Mapping):
        return
    if len(tags) > 50:
        yield path, f"has {len(tags)} tags; AWS takes 50"
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            yield f"{path}.{key}", "begins with aws:, which is reserved"
        if not 1 <= len(key) <= 128:
            yield f"{path}.{key}", f"has {len(key)} characters in its key; AWS takes 1 to 128"
        if not _TAG.fullmatch(key):
            yield f"{path}.{key}", "has characters in its key that not every service takes"
        if isinstance(value, str) and value != UNKNOWN:
            if len(value) > 256:
                yield f"{path}.{key}", f"has {len(value)} characters in its value; AWS takes 256"
            if not _TAG.fullmatch(value):
                yield f"{path}.{key}", "has characters in its value that not every service takes"


_TAG = re.compile(r"[\w\s+\-=._:/@]*")


def _region(inputs: Inputs) -> Found:
    region = _text(inputs, "region")
    if region is not None and not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region):
        yield "region", f"{region!r} is no region's code"


# ---------------------------------------------------------------------------- VPC


def _vpc(inputs: Inputs) -> Found:
    """Sizes: vpc/latest/userguide/vpc-cidr-blocks.html."""
    yield from _cidr(inputs, "cidrBlock", 16, 28)
    yield from _one_of(inputs, ("cidrBlock", "ipv4IpamPoolId"), "cidrBlock")
    if _known(inputs, "enableDnsHostnames") is True and _known(inputs, "enableDnsSupport") is False:
        yield "enableDnsHostnames", "needs enableDnsSupport (vpc/latest/userguide/vpc-dns.html)"


def _subnet(inputs: Inputs) -> Found:
    """Sizes: vpc/latest/userguide/subnet-sizing.html."""
    yield from _cidr(inputs, "cidrBlock", 16, 28)
    yield from _one_of(inputs, ("cidrBlock", "ipv4IpamPoolId", "ipv6Native"), "cidrBlock")
    yield from _one_of(inputs, ("availabilityZone", "availabilityZoneId"), "availabilityZone", least=0)
    zone, zone_id = _text(inputs, "availabilityZone"), _text(inputs, "availabilityZoneId")
    if zone is not None and not re.fullmatch(r"[a-z]{2}(-[a-z0-9]+)+-\d[a-z]", zone):
        yield "availabilityZone", f"{zone!r} is no zone's name"
    if zone_id is not None and not re.fullmatch(r"[a-z]{3,4}\d(-[a-z]+\d)?-az\d", zone_id):
        yield "availabilityZoneId", f"{zone_id!r} is no zone's id"


def _eip(inputs: Inputs) -> Found:
    if _text(inputs, "domain") not in (None, "vpc"):
        yield "domain", "is vpc in every account (EC2-Classic is retired)"
    yield from _one_of(inputs, ("instance", "networkInterface"), "instance", least=0)


def _nat_gateway(inputs: Inputs) -> Found:
    """A public gateway has an address, a private one none: vpc/latest/userguide/nat-gateway-working-with.html."""
    kind = _text(inputs, "connectivityType") or "public"
    if "connectivityType" in inputs and _known(inputs, "connectivityType") is None:
        return
    if _text(inputs, "availabilityMode") == "regional":
        yield from _excludes(inputs, ("subnetId", "allocationId"), "in a regional gateway")
        yield from _needs(inputs, ("vpcId",), "in a regional gateway")
        return
    yield from _needs(inputs, ("subnetId",), "in a zonal gateway")
    if kind == "public":
        yield from _needs(inputs, ("allocationId",), "in a public gateway")
    else:
        yield from _excludes(inputs, ("allocationId", "secondaryAllocationIds"), "in a private gateway")


_DESTINATIONS = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
_TARGETS = (
    "carrierGatewayId", "coreNetworkArn", "egressOnlyGatewayId", "gatewayId", "localGatewayId", "natGatewayId",
    "networkInterfaceId", "odbNetworkArn", "transitGatewayId", "vpcEndpointId", "vpcPeeringConnectionId",
)  # fmt: skip


def _route(inputs: Inputs) -> Found:
    """One destination, one target: AWSEC2/latest/APIReference/API_CreateRoute.html."""
    yield from _one_of(inputs, _DESTINATIONS, "destinationCidrBlock")
    yield from _one_of(inputs, _TARGETS, "gatewayId")
    yield from _cidr(inputs, "destinationCidrBlock")


def _route_table_association(inputs: Inputs) -> Found:
    yield from _one_of(inputs, ("subnetId", "gatewayId"), "subnetId")


def _vpc_endpoint(inputs: Inputs) -> Found:
    """What belongs to which type: AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html; Gateway unless told."""
    if inputs.get("vpcEndpointType") == UNKNOWN:
        return
    kind = _text(inputs, "vpcEndpointType") or "Gateway"
    service = _text(inputs, "serviceName")
    yield from _one_of(inputs, ("serviceName", "resourceConfigurationArn", "serviceNetworkArn"), "serviceName")
    if kind == "Gateway":
        yield from _excludes(
            inputs, ("subnetIds", "securityGroupIds", "privateDnsEnabled", "subnetConfigurations"), "in a Gateway endpoint"
        )
        if service is not None and not service.endswith((".s3", ".dynamodb")):
            yield "serviceName", f"{service} has no Gateway endpoint; s3 and dynamodb do"
    else:
        yield from _excludes(inputs, ("routeTableIds",), f"in an endpoint of type {kind}")
    if kind == "Interface":
        # Without them the endpoint has no interface, and the VPC's default group: never meant.
        yield from _needs(inputs, ("subnetIds", "securityGroupIds"), "in an Interface endpoint")
        groups = _items(inputs, "securityGroupIds")
        if len(groups) > 5:
            yield "securityGroupIds", f"has {len(groups)} groups; an interface takes 5"
    if kind != "Interface" and kind != "GatewayLoadBalancer" and _known(inputs, "privateDnsEnabled") is True:
        yield "privateDnsEnabled", f"is for Interface endpoints, not {kind}"
    if service is not None and not re.fullmatch(r"(com|cn\.com|aws)\.[\w.-]+", service):
        yield "serviceName", f"{service!r} is no service's name (com.amazonaws.REGION.SERVICE)"


_WATCHED = ("vpcId", "subnetId", "eniId", "transitGatewayId", "transitGatewayAttachmentId", "regionalNatGatewayId")


def _flow_log(inputs: Inputs) -> Found:
    """Destinations: AWSEC2/latest/APIReference/API_CreateFlowLogs.html."""
    yield from _one_of(inputs, _WATCHED, "vpcId")
    transit = bool(_has(inputs, "transitGatewayId", "transitGatewayAttachmentId"))
    if not transit:
        yield from _needs(inputs, ("trafficType",), "unless a transit gateway is watched")
    interval = _number(inputs, "maxAggregationInterval")
    if interval is not None and interval not in (60, 600):
        yield "maxAggregationInterval", f"is {interval:g} s; AWS takes 60 or 600"
    if interval == 600 and transit:
        yield "maxAggregationInterval", "is 60 s for a transit gateway"
    kind = _text(inputs, "logDestinationType") or "cloud-watch-logs"
    if inputs.get("logDestinationType") == UNKNOWN:
        return
    yield from _needs(inputs, ("logDestination",), "so that the logs go somewhere")
    if kind == "cloud-watch-logs":
        yield from _needs(inputs, ("iamRoleArn",), "for a log group")
        yield from _excludes(inputs, ("destinationOptions",), "for a log group")
    elif kind == "s3":
        yield from _excludes(inputs, ("iamRoleArn",), "for a bucket")


# ---------------------------------------------------------------------------- security groups


_SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
_DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")


def _security_group_rule(inputs: Inputs) -> Found:
    """One source, ports only with a protocol that has them: AWSEC2/latest/APIReference/API_IpPermission.html."""
    yield from _one_of(inputs, _SOURCES, "referencedSecurityGroupId")
    yield from _cidr(inputs, "cidrIpv4")
    yield from _cidr(inputs, "cidrIpv6")
    protocol = _text(inputs, "ipProtocol")
    low, high = _number(inputs, "fromPort"), _number(inputs, "toPort")
    if protocol is not None and not re.fullmatch(r"-1|tcp|udp|icmp|icmpv6|\d{1,3}", protocol):
        yield "ipProtocol", f"is {protocol!r}; AWS takes tcp, udp, icmp, icmpv6, a number, or -1 for all"
    if protocol == "-1":
        yield from _excludes(inputs, ("fromPort", "toPort"), "when all protocols are allowed")
    if protocol in ("tcp", "udp", "6", "17"):
        yield from _needs(inputs, ("fromPort", "toPort"), f"with protocol {protocol}")
        for name, port in (("fromPort", low), ("toPort", high)):
            if port is not None and not 0 <= port <= 65535:
                yield name, f"is {port:g}; ports go from 0 to 65535"
        if low is not None and high is not None and low > high:
            yield "toPort", f"is {high:g}, below fromPort {low:g}"
    description = _text(inputs, "description")
    if description is not None and not _DESCRIPTION.fullmatch(description):
        yield "description", "has over 255 characters, or some that AWS does not take"


def _security_group(inputs: Inputs) -> Found:
    """Names and descriptions: vpc/latest/userguide/security-groups.html."""
    yield from _name(inputs, "name", 255)
    name, description = _text(inputs, "name"), _text(inputs, "description")
    if name is not None and name.lower().startswith("sg-"):
        yield "name", "begins with sg-, which is for ids"
    if name is not None and not _DESCRIPTION.fullmatch(name):
        yield "name", "has characters that AWS does not take"
    if description is not None and not _DESCRIPTION.fullmatch(description):
        yield "description", "has over 255 characters, or some that AWS does not take"
    yield from _needs(inputs, ("vpcId",), "or the group is in the default VPC")


# ---------------------------------------------------------------------------- instances


# Cards, those that carry EFA, and interfaces a card: DescribeInstanceTypes (NetworkInfo); card 0 of p6-b300 has ENA only
# (AWSEC2/latest/UserGuide/efa-acc-inst-types.html).
CARDS: Mapping[str, tuple[int, frozenset[int], int]] = {
    "p4d.24xlarge": (4, frozenset(range(4)), 15),
    "p5.48xlarge": (32, frozenset(range(32)), 2),
    "p5.4xlarge": (1, frozenset({0}), 4),
    "p5e.48xlarge": (32, frozenset(range(32)), 2),
    "p5en.48xlarge": (16, frozenset(range(16)), 4),
    "p6-b200.48xlarge": (8, frozenset(range(8)), 4),
    "p6-b300.48xlarge": (17, frozenset(range(1, 17)), 4),
    "g6e.48xlarge": (4, frozenset(range(4)), 10),
    "g7e.48xlarge": (4, frozenset(range(4)), 10),
    "trn2.48xlarge": (16, frozenset(range(16)), 2),
    "trn2u.48xlarge": (16, frozenset(range(16)), 2),
}
_EFA = ("efa", "efa-only")


def _slots(interfaces: Sequence[Any]) -> list[tuple[int, int] | None]:
    """Return card and device of each interface; None where one is not known yet."""
    slots: list[tuple[int, int] | None] = []
    for interface in interfaces:
        pair = (interface.get("networkCardIndex", 0), interface.get("deviceIndex", 0))
        slots.append(None if UNKNOWN in pair else (int(pair[0]), int(pair[1])))
    return slots


def _interfaces(inputs: Inputs) -> Found:
    """Where interfaces may be: AWSEC2/latest/UserGuide/efa-acc-inst-types.html and .../using-network-cards."""
    interfaces = _items(inputs, "networkInterfaces")
    if not interfaces:
        return
    slots = _slots(interfaces)
    kinds = [_text(interface, "interfaceType") or "interface" for interface in interfaces]
    paths = [f"networkInterfaces[{index}]" for index in range(len(interfaces))]
    yield from _excludes(
        inputs, ("vpcSecurityGroupIds", "securityGroupNames"), "beside networkInterfaces, which name their own groups"
    )
    if (0, 0) not in slots and None not in slots:
        yield "networkInterfaces", "has no primary interface (card 0, device 0)"
    for (card, device), count in collections.Counter(slot for slot in slots if slot is not None).items():
        if count > 1:
            yield "networkInterfaces", f"has {count} interfaces at card {card}, device {device}"
    for path, interface, slot, kind in zip(paths, interfaces, slots, kinds, strict=True):
        if kind not in ("interface", *_EFA):
            yield f"{path}.interfaceType", f"is {kind}; AWS takes interface, efa or efa-only"
        if kind == "efa-only" and slot == (0, 0):
            yield f"{path}.interfaceType", "is efa-only, which has no address and cannot be the primary interface"
        elif kind == "efa-only" and slot is not None and slot[1] != (1 if slot[0] == 0 else 0):
            yield (
                f"{path}.deviceIndex",
                f"is {slot[1]}; an efa-only interface is device 1 on card 0 and device 0 on every other card",
            )
        if kind == "efa-only":
            for name in (
                "associatePublicIpAddress",
                "privateIpAddress",
                "ipv4AddressCount",
                "ipv4Addresses",
                "ipv6AddressCount",
            ):
                if _has(interface, name):
                    yield f"{path}.{name}", "is for interfaces with an address, not efa-only"
        if len(interfaces) > 1 and _has(interface, "associatePublicIpAddress"):
            yield f"{path}.associatePublicIpAddress", "must not be set with more than one interface"
        # Managed node groups bring the subnets: eks/latest/userguide/launch-templates.html.
        if _has(interface, "subnetId"):
            yield f"{path}.subnetId", "must not be set: the managed node group names the subnets"
        # EKS adds no group of its own to such interfaces: with none, nodes get the VPC's default group and never join.
        if not _has(interface, "securityGroups"):
            yield f"{path}.securityGroups", "must be set: EKS adds the cluster's group only to templates without interfaces"
        groups = _items(interface, "securityGroups")
        if len(groups) > 5:
            yield f"{path}.securityGroups", f"has {len(groups)} groups; an interface takes 5"
    yield from _on_cards(_text(inputs, "instanceType"), paths, slots, kinds)


def _on_cards(
    instance_type: str | None, paths: Sequence[str], slots: Sequence[tuple[int, int] | None], kinds: Sequence[str]
) -> Found:
    if instance_type not in CARDS:
        return
    cards, with_efa, per_card = CARDS[instance_type]
    used: collections.Counter[int] = collections.Counter()
    for path, slot, kind in zip(paths, slots, kinds, strict=True):
        if slot is None:
            continue
        card, device = slot
        if card >= cards:
            yield f"{path}.networkCardIndex", f"is {card}; {instance_type} has {cards} cards"
            continue
        # The index counts within the card: "exceeds the maximum" otherwise.
        if device >= per_card:
            yield f"{path}.deviceIndex", f"is {device}; a card of {instance_type} takes {per_card} interfaces"
        if kind in _EFA:
            used[card] += 1
            if card not in with_efa:
                yield f"{path}.interfaceType", f"is {kind}; card {card} of {instance_type} has no EFA"
            elif used[card] > 1:
                yield f"{path}.interfaceType", f"is the second EFA on card {card}; a card carries one"


def _launch_template(inputs: Inputs) -> Found:
    """What a managed node group's template, as every one here is, may hold: eks/latest/userguide/launch-templates.html."""
    yield from _name(inputs, "name", 128)
    yield from _interfaces(inputs)
    yield from _excludes(
        inputs,
        ("iamInstanceProfile", "hibernationOptions", "instanceInitiatedShutdownBehavior", "securityGroupNames"),
        "in a managed node group's template",
    )
    yield from _one_of(inputs, ("instanceType", "instanceRequirements"), "instanceType", least=0)
    yield from _market(inputs)
    if _text(inputs, "metadataOptions.instanceMetadataTags") == "enabled":
        # AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html: tags such as kubernetes.io/... make launches fail.
        for index, entry in enumerate(_items(inputs, "tagSpecifications")):
            if _text(entry, "resourceType") == "instance" and any("/" in key for key in _known(entry, "tags") or {}):
                yield f"tagSpecifications[{index}].tags", "has a key with /, which instances with tags in their metadata refuse"
    for index, mapping in enumerate(_items(inputs, "blockDeviceMappings")):
        for path, reason in _volume(_known(mapping, "ebs") or {}):
            yield f"blockDeviceMappings[{index}].ebs.{path}", reason
    yield from _user_data(inputs)


_TARGET = "capacityReservationSpecification.capacityReservationTarget"


def _market(inputs: Inputs) -> Found:
    """Spot is the group's word; a Capacity Block needs its id and one type: eks/latest/userguide/capacity-blocks-mng.html."""
    market = _text(inputs, "instanceMarketOptions.marketType")
    target = _known(inputs, _TARGET) or {}
    if market == "spot":
        yield "instanceMarketOptions.marketType", "is spot; in a managed node group that is capacityType SPOT"
    if market == "capacity-block":
        if not _has(target, "capacityReservationId") and not _open(inputs, _TARGET):
            yield f"{_TARGET}.capacityReservationId", "must be set: a Capacity Block is used by its id"
        yield from _needs(inputs, ("instanceType",), "with a Capacity Block")
        if _has(_known(inputs, "placement") or {}, "groupName", "groupId"):
            yield "placement.groupName", "must not be set with a Capacity Block, which has its place already"
    yield from (
        (f"{_TARGET}.{path}", reason)
        for path, reason in _one_of(
            target, ("capacityReservationId", "capacityReservationResourceGroupArn"), "capacityReservationId", least=0
        )
    )
    identifier = _text(target, "capacityReservationId") if isinstance(target, Mapping) else None
    if identifier is not None and not re.fullmatch(r"cr-[0-9a-f]{8,17}", identifier):
        yield (
            f"{_TARGET}.capacityReservationId",
            f"{identifier!r} is no reservation's id (cr-...)",
        )
    preference = _text(inputs, "capacityReservationSpecification.capacityReservationPreference")
    if preference == "none" and target:
        yield "capacityReservationSpecification.capacityReservationPreference", "is none beside a target"


def _volume(ebs: Inputs) -> Found:
    """Volumes: ebs/latest/userguide/ebs-volume-types.html."""
    kind, size = _text(ebs, "volumeType"), _number(ebs, "volumeSize")
    iops, throughput = _number(ebs, "iops"), _number(ebs, "throughput")
    if kind in ("gp2", "standard", "st1", "sc1") and iops is not None:
        yield "iops", f"is for gp3, io1 and io2, not {kind}"
    if kind is not None and kind != "gp3" and throughput is not None:
        yield "throughput", f"is for gp3, not {kind}"
    if kind == "gp3":
        if iops is not None and not 3000 <= iops <= 80000:
            yield "iops", f"is {iops:g}; gp3 takes 3000 to 80000"
        if iops is not None and size is not None and iops > max(3000, 500 * size):
            yield "iops", f"is {iops:g}; gp3 takes 500 for each GiB"
        if throughput is not None and not 125 <= throughput <= 2000:
            yield "throughput", f"is {throughput:g} MiB/s; gp3 takes 125 to 2000"
        if throughput is not None and throughput > 0.25 * (iops or 3000):
            yield "throughput", f"is {throughput:g} MiB/s; gp3 takes 0.25 for each of its {iops or 3000:g} IOPS"
    if kind in ("io1", "io2") and "iops" not in ebs:
        yield "iops", f"must be set with {kind}"
    if size is not None and not 1 <= size <= 65536:
        yield "volumeSize", f"is {size:g} GiB; AWS takes 1 to 65536"
    if _has(ebs, "kmsKeyId") and _known(ebs, "encrypted") not in (True, "true"):
        yield "kmsKeyId", "needs encrypted"


def _user_data(inputs: Inputs) -> Found:
    """Size: AWSEC2/latest/UserGuide/user-data.html; NodeConfig (AL2023): eks/latest/userguide/launch-templates.html."""
    text = _text(inputs, "userData")
    if text is None:
        return
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        yield "userData", "is not base64"
        return
    if len(raw) > 16384:
        yield "userData", f"has {len(raw)} bytes; AWS takes 16384"
    message = email.message_from_bytes(raw)
    kinds = [part.get_content_type() for part in message.walk()] if message.is_multipart() else []
    if message.get("MIME-Version") is not None and not kinds:
        yield "userData", "is MIME, but not of several parts (multipart/mixed)"
    for part in message.walk() if kinds else []:
        if part.get_content_type() == "application/node.eks.aws":
            config = str(part.get_payload(decode=True), "utf-8", "replace") if part.get_payload() else ""
            if "node.eks.aws/v1alpha1" not in config or "NodeConfig" not in config:
                yield (
                    "userData",
                    "has an application/node.eks.aws part that is no NodeConfig (apiVersion node.eks.aws/v1alpha1)",
                )
            if not _has(inputs, "imageId") and re.search(r"apiServerEndpoint|certificateAuthority", config):
                yield "userData", "names the cluster's endpoint, which EKS adds itself unless imageId is set"


def _placement_group(inputs: Inputs) -> Found:
    """Strategies: AWSEC2/latest/UserGuide/placement-strategies.html."""
    strategy, count = _text(inputs, "strategy"), _number(inputs, "partitionCount")
    yield from _name(inputs, "name", 255)
    if strategy is not None and strategy != "partition" and count:
        yield "partitionCount", f"is for strategy partition, not {strategy}"
    if count is not None and strategy == "partition" and not 1 <= count <= 7:
        yield "partitionCount", f"is {count:g}; AWS takes 1 to 7"
    if strategy is not None and strategy != "spread":
        yield from _excludes(inputs, ("spreadLevel",), f"with strategy {strategy}")


def _capacity_reservation(inputs: Inputs) -> Found:
    """Ends, groups and families: AWSEC2/latest/APIReference/API_CreateCapacityReservation.html, .../cr-cpg.html."""
    kind, end, count = _text(inputs, "endDateType"), _text(inputs, "endDate"), _number(inputs, "instanceCount")
    if kind == "limited":
        yield from _needs(inputs, ("endDate",), "with endDateType limited")
    elif "endDateType" not in inputs or kind == "unlimited":
        yield from _excludes(inputs, ("endDate",), "unless endDateType is limited")
    if end is not None and _instant(end) is None:
        yield "endDate", f"{end!r} is no time in UTC (2026-01-31T12:00:00Z)"
    if count is not None and not 1 <= count <= 1000:
        yield "instanceCount", f"is {count:g}; AWS takes 1 to 1000"
    group = _text(inputs, "placementGroupArn")
    if group is not None and not re.fullmatch(r"arn:aws[\w-]*:ec2:[\w-]+:\d{12}:placement-group/.+", group):
        yield "placementGroupArn", f"{group!r} is no placement group's ARN"
    if _has(inputs, "placementGroupArn") and _text(inputs, "tenancy") == "dedicated":
        yield "tenancy", "is dedicated; a reservation in a cluster placement group has default tenancy"


# ---------------------------------------------------------------------------- EKS


_PRIVATE = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]


def _cluster(inputs: Inputs) -> Found:
    """Endpoints, keys, networks: eks/latest/userguide/cluster-endpoint.html, eks/latest/APIReference/API_CreateCluster.html."""
    subnets = _known(inputs, "vpcConfig.subnetIds")
    if isinstance(subnets, list) and len(set(subnets) - {UNKNOWN}) + subnets.count(UNKNOWN) < 2:
        yield "vpcConfig.subnetIds", "has fewer than two subnets; EKS takes two zones"
    private, public = _known(inputs, "vpcConfig.endpointPrivateAccess"), _known(inputs, "vpcConfig.endpointPublicAccess")
    if public is False and private in (None, False):
        yield "vpcConfig.endpointPrivateAccess", "is off as is the public endpoint: nobody reaches the cluster"
    if public is False and _items(inputs, "vpcConfig.publicAccessCidrs"):
        yield "vpcConfig.publicAccessCidrs", "is for a public endpoint"
    for index, text in enumerate(_items(inputs, "vpcConfig.publicAccessCidrs")):
        for _, reason in _cidr({"cidr": text}, "cidr"):
            yield f"vpcConfig.publicAccessCidrs[{index}]", reason
    if len(_items(inputs, "vpcConfig.securityGroupIds")) > 5:
        yield "vpcConfig.securityGroupIds", "has over five groups"
    resources = _known(inputs, "encryptionConfig.resources")
    if resources is not None and list(resources) != ["secrets"]:
        yield "encryptionConfig.resources", f"is {resources}; EKS takes ['secrets']"
    version = _text(inputs, "version")
    if version is not None and not re.fullmatch(r"1\.\d{2}", version):
        yield "version", f"is {version!r}; EKS takes 1.NN"
    service = _text(inputs, "kubernetesNetworkConfig.serviceIpv4Cidr")
    if service is not None:
        try:
            network = ipaddress.IPv4Network(service)
        except ValueError as error:
            yield "kubernetesNetworkConfig.serviceIpv4Cidr", f"is no network: {error}"
        else:
            if not 12 <= network.prefixlen <= 24 or not any(network.subnet_of(block) for block in _PRIVATE):  # type: ignore[arg-type]
                yield "kubernetesNetworkConfig.serviceIpv4Cidr", "must be /12 to /24 in 10/8, 172.16/12 or 192.168/16"
    modes = (_known(inputs, "computeConfig.enabled"), _known(inputs, "storageConfig.blockStorage.enabled"))
    if True in modes and _known(inputs, "bootstrapSelfManagedAddons") is not False:
        yield "bootstrapSelfManagedAddons", "must be false in auto mode"
    mode, bootstrap = (
        _text(inputs, "accessConfig.authenticationMode"),
        _known(inputs, "accessConfig.bootstrapClusterCreatorAdminPermissions"),
    )
    if mode == "CONFIG_MAP" and bootstrap is False:
        yield "accessConfig.bootstrapClusterCreatorAdminPermissions", "is false, and CONFIG_MAP knows no other way in"


def _addon(inputs: Inputs) -> Found:
    """Versions and values: eks/latest/APIReference/API_CreateAddon.html."""
    version = _text(inputs, "addonVersion")
    if version is not None and not re.fullmatch(r"v\d+\.\d+\.\d+(-[\w.]+)*-eksbuild\.\d+", version):
        yield "addonVersion", f"is {version!r}; EKS takes v1.2.3-eksbuild.4"
    if _text(inputs, "resolveConflictsOnCreate") == "PRESERVE":
        yield "resolveConflictsOnCreate", "is PRESERVE, which is for updates"
    yield from _excludes(
        inputs, ("serviceAccountRoleArn",) if _has(inputs, "podIdentityAssociations") else (), "beside a Pod Identity"
    )
    values = _text(inputs, "configurationValues")
    if values is not None:
        # EKS takes YAML too; a program writes JSON.
        try:
            object_like = isinstance(json.loads(values), dict)
        except ValueError:
            object_like = False
        if not object_like:
            yield "configurationValues", "is no JSON object"


_ROLE_OR_USER = re.compile(r"arn:aws[\w-]*:iam::\d{12}:(role|user|root)(/.+)?")


def _access_entry(inputs: Inputs) -> Found:
    """Groups and principals: eks/latest/userguide/creating-access-entries.html."""
    kind = _text(inputs, "type") or "STANDARD"
    kinds = ("STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX")
    if kind not in kinds:
        yield "type", f"is {kind}, not one of {', '.join(kinds)}"
    if kind != "STANDARD":
        yield from _excludes(inputs, ("kubernetesGroups", "userName"), f"with type {kind}")
    for index, group in enumerate(_items(inputs, "kubernetesGroups")):
        if group.startswith(("system:", "eks:", "aws:", "amazon:", "iam:")):
            yield f"kubernetesGroups[{index}]", f"{group} begins with a reserved word"
    yield from _principal(inputs)


def _principal(inputs: Inputs) -> Found:
    principal = _text(inputs, "principalArn")
    if principal is not None and not _ROLE_OR_USER.fullmatch(principal):
        yield "principalArn", f"{principal!r} is no role's or user's ARN"


def _access_policy_association(inputs: Inputs) -> Found:
    """Scopes: eks/latest/APIReference/API_AccessScope.html."""
    yield from _principal(inputs)
    policy = _text(inputs, "policyArn")
    if policy is not None and not re.fullmatch(r"arn:aws[\w-]*:eks::aws:cluster-access-policy/\w+", policy):
        yield "policyArn", f"{policy!r} is no access policy's ARN (arn:aws:eks::aws:cluster-access-policy/...)"
    kind, scope = _text(inputs, "accessScope.type"), _known(inputs, "accessScope") or {}
    if kind == "namespace" and not _has(scope, "namespaces"):
        yield "accessScope.namespaces", "must be set with scope namespace"
    if kind == "cluster" and _has(scope, "namespaces"):
        yield "accessScope.namespaces", "must not be set with scope cluster"


_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def _pod_identity(inputs: Inputs) -> Found:
    """Names are Kubernetes's own: kubernetes.io/docs/concepts/overview/working-with-objects/names."""
    for name in ("namespace", "serviceAccount"):
        text = _text(inputs, name)
        if text is not None and not _LABEL.fullmatch(text):
            yield name, f"{text!r} is no name that Kubernetes takes"
    yield from _role_arn(inputs, "roleArn")


def _role_arn(inputs: Inputs, name: str) -> Found:
    text = _text(inputs, name)
    if text is not None and not re.fullmatch(r"arn:aws[\w-]*:iam::\d{12}:role/.+", text):
        yield name, f"{text!r} is no role's ARN"


def _node_group(inputs: Inputs) -> Found:
    """The group alone: eks/latest/APIReference/API_CreateNodegroup.html; with its template: `pair_problems`."""
    yield from _name(inputs, "nodeGroupName", 63)
    low, size, high = (_number(inputs, f"scalingConfig.{name}") for name in ("minSize", "desiredSize", "maxSize"))
    if low is not None and size is not None and low > size:
        yield "scalingConfig.desiredSize", f"is {size:g}, below minSize {low:g}"
    if size is not None and high is not None and size > high:
        yield "scalingConfig.desiredSize", f"is {size:g}, above maxSize {high:g}"
    if low is not None and high is not None and low > high:
        yield "scalingConfig.minSize", f"is {low:g}, above maxSize {high:g}"
    template = _known(inputs, "launchTemplate")
    if template is not None:
        yield from _excludes(inputs, ("diskSize", "remoteAccess"), "beside a launch template")
        yield from ((f"launchTemplate.{path}", reason) for path, reason in _one_of(template, ("id", "name"), "id"))
        version = _text(template, "version")
        if version is not None and not re.fullmatch(r"\d+|\$Latest|\$Default", version):
            yield "launchTemplate.version", f"is {version!r}, not a number, $Latest or $Default"
    elif inputs.get("launchTemplate") is None:
        yield from _needs(inputs, ("instanceTypes",), "without a template, or EKS takes a small machine of its own choice")
    if _text(inputs, "capacityType") == "CAPACITY_BLOCK":
        yield from _excludes(inputs, ("instanceTypes",), "with a Capacity Block: the template names the type")
        yield from _needs(inputs, ("launchTemplate",), "with a Capacity Block")
    for index, kind in enumerate(_items(inputs, "instanceTypes")):
        for _, reason in _ami(_text(inputs, "amiType"), kind):
            yield f"instanceTypes[{index}]", reason
    yield from _taints(inputs)
    update = _known(inputs, "updateConfig")
    if update is not None:
        yield from (
            (f"updateConfig.{path}", reason)
            for path, reason in _one_of(update, ("maxUnavailable", "maxUnavailablePercentage"), "maxUnavailable")
        )
    yield from _repair(inputs)


def _taints(inputs: Inputs) -> Found:
    """Effects are EKS's own words; labels and keys Kubernetes's: eks/latest/userguide/node-taints-managed-node-groups.html."""
    taints = _items(inputs, "taints")
    if len(taints) > 50:
        yield "taints", f"has {len(taints)} taints; EKS takes 50"
    for index, taint in enumerate(taints):
        effect = _text(taint, "effect")
        if effect is not None and effect not in ("NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"):
            yield f"taints[{index}].effect", f"is {effect}; EKS takes NO_SCHEDULE, NO_EXECUTE or PREFER_NO_SCHEDULE"
        key = _text(taint, "key")
        if key is not None and not _KEY.fullmatch(key):
            yield f"taints[{index}].key", f"{key!r} is no key that Kubernetes takes"
    labels = _known(inputs, "labels") or {}
    for key, value in labels.items() if isinstance(labels, Mapping) else []:
        if not _KEY.fullmatch(key):
            yield f"labels.{key}", "is no key that Kubernetes takes"
        elif _within_domain(key, "kubernetes.io", "k8s.io") and not _within_domain(
            key, "node.kubernetes.io", "kubelet.kubernetes.io"
        ):
            yield f"labels.{key}", "is in a domain in which a node may not label itself"
        if isinstance(value, str) and value != UNKNOWN and not re.fullmatch(r"([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?", value):
            yield f"labels.{key}", f"{value!r} is no value that Kubernetes takes"


def _within_domain(key: str, *domains: str) -> bool:
    prefix = key.rpartition("/")[0]
    return any(prefix == domain or prefix.endswith(f".{domain}") for domain in domains)


_KEY = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?")
_OVERRIDE = ("minRepairWaitTimeMins", "nodeMonitoringCondition", "nodeUnhealthyReason", "repairAction")


def _repair(inputs: Inputs) -> Found:
    """Counts or shares, overrides complete: eks/latest/APIReference/API_NodeRepairConfig.html."""
    repair = _known(inputs, "nodeRepairConfig")
    if repair is None:
        return
    for what in ("maxParallelNodesRepaired", "maxUnhealthyNodeThreshold"):
        yield from (
            (f"nodeRepairConfig.{path}", reason)
            for path, reason in _one_of(repair, (f"{what}Count", f"{what}Percentage"), f"{what}Count", least=0)
        )
    for index, override in enumerate(_items(repair, "nodeRepairConfigOverrides")):
        path = f"nodeRepairConfig.nodeRepairConfigOverrides[{index}]"
        yield from ((f"{path}.{name}", reason) for name, reason in _needs(override, _OVERRIDE, "in an override"))
        action = _text(override, "repairAction")
        if action is not None and action not in ("Replace", "Reboot", "NoAction"):
            yield f"{path}.repairAction", f"is {action}; EKS takes Replace, Reboot or NoAction"


def _traits(instance_type: str) -> tuple[str, str]:
    """Return processor and accelerator of an instance type: ec2/latest/instancetypes/instance-type-names.html."""
    family = instance_type.partition(".")[0]
    found = re.match(r"([a-z]+)\d+([a-z]*)", family)
    series, options = (found[1], found[2]) if found else ("", "")
    arm = "g" in options or series == "a" or "-gb" in family
    accelerator = {"p": "nvidia", "g": "nvidia", "gr": "nvidia", "trn": "neuron", "inf": "neuron"}.get(series, "none")
    # g4ad carries AMD's.
    return ("arm64" if arm else "x86_64"), ("none" if family == "g4ad" else accelerator)


def _ami(ami_type: str | None, instance_type: str) -> Found:
    """Image against machine: eks/latest/userguide/eks-optimized-ami-types (AMI types)."""
    if ami_type is None or ami_type == "CUSTOM" or ami_type.startswith("WINDOWS"):
        return
    processor, accelerator = _traits(instance_type)
    wanted = "arm64" if "ARM_64" in ami_type else "x86_64"
    if wanted != processor:
        yield "amiType", f"{ami_type} is for {wanted}, {instance_type} is {processor}"
    # AL2_x86_64_GPU carries both; accelerated Bottlerocket is NVIDIA's only.
    carries = {"nvidia", "neuron"} if ami_type.endswith("_GPU") else set()
    carries |= {"nvidia"} if "NVIDIA" in ami_type else {"neuron"} if "NEURON" in ami_type else set()
    if accelerator != "none" and accelerator not in carries:
        yield "amiType", f"{ami_type} has no driver for the {accelerator} accelerators of {instance_type}"
    if accelerator == "none" and carries:
        yield "amiType", f"{ami_type} is for accelerators, {instance_type} has none"


# ---------------------------------------------------------------------------- IAM and KMS


def _statements(document: object) -> list[Mapping[str, Any]]:
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return []
    listed = document.get("Statement", []) if isinstance(document, Mapping) else []
    return [item for item in (listed if isinstance(listed, list) else [listed]) if isinstance(item, Mapping)]


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else [value] if value is not None else []


def _compact(document: object) -> int:
    """Return a policy's size as IAM counts it: without white space."""
    return len(re.sub(r"\s", "", document if isinstance(document, str) else json.dumps(document)))


def _size(inputs: Inputs, name: str, most: int) -> Found:
    document = _known(inputs, name)
    if document is not None and _compact(document) > most:
        yield name, f"has {_compact(document)} characters without white space; AWS takes {most}"


def _role(inputs: Inputs) -> Found:
    """Lengths: IAM/latest/UserGuide/reference_iam-quotas.html. Pod Identity: eks/latest/userguide/pod-id-role.html."""
    yield from _name(inputs, "name", 64)
    yield from _size(inputs, "assumeRolePolicy", 2048)
    actions: set[str] = set()
    for statement in _statements(_known(inputs, "assumeRolePolicy")):
        principal = statement.get("Principal")
        services = _list(principal.get("Service")) if isinstance(principal, Mapping) else []
        taken = {str(action) for action in _list(statement.get("Action"))}
        if statement.get("Effect") == "Allow" and "pods.eks.amazonaws.com" in services:
            actions |= taken
            if not {"sts:AssumeRole", "sts:TagSession"} <= taken:
                yield "assumeRolePolicy", "trusts pods.eks.amazonaws.com without both sts:AssumeRole and sts:TagSession"
        for action in taken:
            if not re.fullmatch(
                r"sts:(AssumeRole(WithSAML|WithWebIdentity)?|TagSession|SetSourceIdentity|SetContext|\*)", action
            ):
                yield "assumeRolePolicy", f"has action {action}, which takes no role"
    seconds = _number(inputs, "maxSessionDuration")
    if seconds is not None and not 3600 <= seconds <= 43200:
        yield "maxSessionDuration", f"is {seconds:g} s; IAM takes 3600 to 43200"


def _role_policy(inputs: Inputs) -> Found:
    """Inline policies of one role: 10240 characters in all."""
    yield from _name(inputs, "name", 128)
    yield from _size(inputs, "policy", 10240)
    role = _text(inputs, "role")
    if role is not None and role.startswith("arn:"):
        yield "role", "is an ARN; IAM takes the role's name"


def _managed_policy(inputs: Inputs) -> Found:
    """Managed policies: 6144 characters each."""
    yield from _name(inputs, "name", 128)
    yield from _size(inputs, "policy", 6144)


def _role_policy_attachment(inputs: Inputs) -> Found:
    policy, role = _text(inputs, "policyArn"), _text(inputs, "role")
    if policy is not None and not re.fullmatch(r"arn:aws[\w-]*:iam::(aws|\d{12}):policy/.+", policy):
        yield "policyArn", f"{policy!r} is no policy's ARN"
    if role is not None and role.startswith("arn:"):
        yield "role", "is an ARN; IAM takes the role's name"


def _key(inputs: Inputs) -> Found:
    """Deletion, rotation, lock-out: kms/latest/APIReference/API_CreateKey.html, .../API_EnableKeyRotation.html."""
    window, period = _number(inputs, "deletionWindowInDays"), _number(inputs, "rotationPeriodInDays")
    spec = _text(inputs, "customerMasterKeySpec") or "SYMMETRIC_DEFAULT"
    if window is not None and not 7 <= window <= 30:
        yield "deletionWindowInDays", f"is {window:g} days; KMS takes 7 to 30"
    if period is not None and not 90 <= period <= 2560:
        yield "rotationPeriodInDays", f"is {period:g} days; KMS takes 90 to 2560"
    if period is not None and _known(inputs, "enableKeyRotation") is not True:
        yield "rotationPeriodInDays", "needs enableKeyRotation"
    if spec != "SYMMETRIC_DEFAULT" and _known(inputs, "enableKeyRotation") is True:
        yield "enableKeyRotation", f"is for symmetric keys, not {spec}"
    policy = _known(inputs, "policy")
    if policy is None:
        return
    if _compact(policy) > 32768:
        yield "policy", "is over 32 KB"
    if _known(inputs, "bypassPolicyLockoutSafetyCheck") is not True and not any(
        _keeps_the_key(item) for item in _statements(policy)
    ):
        yield "policy", "allows nobody kms:PutKeyPolicy: the key could not be managed"


def _keeps_the_key(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    accounts = _list(principal.get("AWS")) if isinstance(principal, Mapping) else _list(principal)
    return (
        statement.get("Effect") == "Allow"
        and bool(accounts)
        and any(action in ("*", "kms:*", "kms:Put*", "kms:PutKeyPolicy") for action in _list(statement.get("Action")))
    )


def _alias(inputs: Inputs) -> Found:
    """Names: kms/latest/APIReference/API_CreateAlias.html."""
    for name in ("name", "namePrefix"):
        text = _text(inputs, name)
        if text is not None and not text.startswith("alias/"):
            yield name, f"{text!r} does not begin with alias/"
        if text is not None and text.startswith("alias/aws/"):
            yield name, "begins with alias/aws/, which is reserved"
    yield from _name(inputs, "name", 256)


# ---------------------------------------------------------------------------- storage


# GiB: what a file system of each kind may hold (fsx/latest/APIReference/API_CreateFileSystem.html, StorageCapacity), and with
# EFA, by throughput in MB/s/TiB (fsx/latest/LustreGuide/increase-storage-capacity.html).
_EFA_STEP_GIB = {125: 38400, 250: 19200, 500: 9600, 1000: 4800}
_THROUGHPUTS = {
    ("PERSISTENT_1", "SSD"): (50, 100, 200),
    ("PERSISTENT_1", "HDD"): (12, 40),
    ("PERSISTENT_2", "SSD"): (125, 250, 500, 1000),
}


def _steps(deployment: str, storage: str, throughput: float | None, efa: bool) -> tuple[tuple[int, ...], int]:
    """Return the capacities that may be chosen before the regular step, and the step."""
    if efa and throughput in _EFA_STEP_GIB:
        return (), _EFA_STEP_GIB[int(throughput or 0)]
    if storage == "HDD":
        return (), 6000 if throughput == 12 else 1800
    if deployment == "SCRATCH_1":
        return (1200, 2400), 3600
    return (1200,), 2400


def _lustre(inputs: Inputs) -> Found:
    """Deployment, capacity, throughput, metadata, EFA: fsx/latest/APIReference/API_CreateFileSystemLustreConfiguration.html."""
    if inputs.get("deploymentType") == UNKNOWN or inputs.get("storageType") == UNKNOWN:
        return
    deployment = _text(inputs, "deploymentType") or "SCRATCH_1"
    storage = _text(inputs, "storageType") or "SSD"
    if storage == "HDD" and deployment != "PERSISTENT_1":
        yield "storageType", f"is HDD, which is for PERSISTENT_1, not {deployment}"
    if storage == "INTELLIGENT_TIERING":
        yield from _tiering(inputs, deployment)
    else:
        yield from _excludes(inputs, ("throughputCapacity", "dataReadCacheConfiguration"), f"with storage of type {storage}")
        yield from _lustre_capacity(inputs, deployment, storage)
    if not deployment.startswith("PERSISTENT"):
        yield from _excludes(inputs, ("perUnitStorageThroughput", "dailyAutomaticBackupStartTime"), f"with {deployment}")
        if _number(inputs, "automaticBackupRetentionDays"):
            yield "automaticBackupRetentionDays", f"is for persistent file systems, not {deployment}"
    if deployment != "PERSISTENT_2":
        yield from _excludes(inputs, ("metadataConfiguration",), f"with {deployment}")
        if _known(inputs, "efaEnabled") is True:
            yield "efaEnabled", f"is for PERSISTENT_2, not {deployment}"
    else:
        # A data repository association does their work.
        yield from _excludes(
            inputs,
            ("importPath", "exportPath", "autoImportPolicy", "importedFileChunkSize"),
            "with PERSISTENT_2: use an association",
        )
    if _known(inputs, "efaEnabled") is True:
        yield from _needs(inputs, ("metadataConfiguration", "securityGroupIds"), "with EFA")
    if _has(inputs, "driveCacheType") and storage != "HDD":
        yield "driveCacheType", "is for HDD"
    yield from _lustre_metadata(inputs, storage)
    yield from _lustre_rest(inputs)


def _tiering(inputs: Inputs, deployment: str) -> Found:
    if deployment != "PERSISTENT_2":
        yield "storageType", f"is INTELLIGENT_TIERING, which is for PERSISTENT_2, not {deployment}"
    yield from _excludes(inputs, ("storageCapacity", "perUnitStorageThroughput"), "with INTELLIGENT_TIERING")
    yield from _needs(
        inputs, ("throughputCapacity", "dataReadCacheConfiguration", "metadataConfiguration"), "with INTELLIGENT_TIERING"
    )
    throughput = _number(inputs, "throughputCapacity")
    if throughput is not None and (throughput <= 0 or throughput % 4000):
        yield "throughputCapacity", f"is {throughput:g} MB/s; FSx takes multiples of 4000"


def _lustre_capacity(inputs: Inputs, deployment: str, storage: str) -> Found:
    yield from _needs(inputs, ("storageCapacity",), f"with storage of type {storage}")
    throughput, capacity = _number(inputs, "perUnitStorageThroughput"), _number(inputs, "storageCapacity")
    legal = _THROUGHPUTS.get((deployment, storage))
    if legal is not None:
        yield from _needs(inputs, ("perUnitStorageThroughput",), f"with {deployment}")
        if throughput is not None and throughput not in legal:
            yield (
                "perUnitStorageThroughput",
                f"is {throughput:g} MB/s/TiB; {deployment} {storage} takes {', '.join(map(str, legal))}",
            )
            return
        if throughput is None:
            return
    efa = _known(inputs, "efaEnabled") is True
    first, step = _steps(deployment, storage, throughput, efa)
    if capacity is not None and capacity not in first and (capacity <= 0 or capacity % step):
        yield "storageCapacity", f"is {capacity:g} GiB; takes {''.join(f'{size}, ' for size in first)}multiples of {step}"


def _lustre_metadata(inputs: Inputs, storage: str) -> Found:
    """Metadata: fsx/latest/LustreGuide/managing-metadata-performance.html."""
    metadata = _known(inputs, "metadataConfiguration")
    version = _text(inputs, "fileSystemTypeVersion")
    if metadata is None:
        return
    if version in ("2.10", "2.12"):
        yield "fileSystemTypeVersion", f"is {version}; metadata configuration comes with 2.15"
    mode, iops = _text(metadata, "mode"), _number(metadata, "iops")
    if mode == "AUTOMATIC" and iops is not None:
        yield "metadataConfiguration.iops", "is for mode USER_PROVISIONED"
    if mode == "USER_PROVISIONED" and "iops" not in metadata:
        yield "metadataConfiguration.iops", "must be set with mode USER_PROVISIONED"
    if iops is not None and iops not in (1500, 3000, 6000) and (not 12000 <= iops <= 192000 or iops % 12000):
        yield "metadataConfiguration.iops", f"is {iops:g}; FSx takes 1500, 3000, 6000, and multiples of 12000 up to 192000"
    if storage == "INTELLIGENT_TIERING" and (mode == "AUTOMATIC" or (iops is not None and iops not in (6000, 12000))):
        yield "metadataConfiguration", "is USER_PROVISIONED with 6000 or 12000 with INTELLIGENT_TIERING"


def _lustre_rest(inputs: Inputs) -> Found:
    subnets = _known(inputs, "subnetIds")
    if isinstance(subnets, list | tuple) and len(subnets) != 1:
        yield "subnetIds", f"has {len(subnets)} subnets; a Lustre file system is in one"
    version = _text(inputs, "fileSystemTypeVersion")
    if version is not None and version not in ("2.10", "2.12", "2.15"):
        yield "fileSystemTypeVersion", f"is {version}; FSx offers 2.10, 2.12 and 2.15"
    level = _text(inputs, "logConfiguration.level")
    destination = _text(inputs, "logConfiguration.destination")
    if level == "DISABLED" and destination is not None:
        yield "logConfiguration.destination", "is set, but the level is DISABLED"
    if destination is not None and not re.search(r":log-group:/aws/fsx/|:deliverystream/aws-fsx", destination):
        yield "logConfiguration.destination", "must be a log group /aws/fsx/... or a stream aws-fsx..."
    if _has(inputs, "dailyAutomaticBackupStartTime") and _number(inputs, "automaticBackupRetentionDays") in (None, 0):
        yield "dailyAutomaticBackupStartTime", "needs automaticBackupRetentionDays"
    groups = _items(inputs, "securityGroupIds")
    if len(groups) > 50:
        yield "securityGroupIds", "has over 50 groups"


def _association(inputs: Inputs) -> Found:
    """Paths and policies: fsx/latest/APIReference/API_CreateDataRepositoryAssociation.html."""
    path, source = _text(inputs, "fileSystemPath"), _text(inputs, "dataRepositoryPath")
    if path is not None and not path.startswith("/"):
        yield "fileSystemPath", f"{path!r} does not begin with /"
    if source is not None and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?", source):
        yield "dataRepositoryPath", f"{source!r} is no s3://BUCKET/PREFIX"
    for way in ("autoImportPolicy", "autoExportPolicy"):
        events = _items(inputs, f"s3.{way}.events")
        if len(events) != len(set(events)):
            yield f"s3.{way}.events", "names an event twice"


def _efs(inputs: Inputs) -> Found:
    """Modes: efs/latest/ug/performance.html; life cycle: efs/latest/ug/API_LifecyclePolicy.html."""
    mode, performance = _text(inputs, "throughputMode") or "bursting", _text(inputs, "performanceMode") or "generalPurpose"
    provisioned = _number(inputs, "provisionedThroughputInMibps")
    if inputs.get("throughputMode") != UNKNOWN:
        if mode == "provisioned":
            yield from _needs(inputs, ("provisionedThroughputInMibps",), "with throughputMode provisioned")
        else:
            yield from _excludes(inputs, ("provisionedThroughputInMibps",), f"with throughputMode {mode}")
    if provisioned is not None and not 1 <= provisioned <= 3414:
        yield "provisionedThroughputInMibps", f"is {provisioned:g} MiB/s; EFS takes 1 to 3414"
    if performance == "maxIO" and (mode == "elastic" or _has(inputs, "availabilityZoneName")):
        yield "performanceMode", "is maxIO, which goes neither with elastic throughput nor with one zone"
    if _has(inputs, "kmsKeyId") and _known(inputs, "encrypted") is not True:
        yield "kmsKeyId", "needs encrypted"
    words = ("transitionToIa", "transitionToArchive", "transitionToPrimaryStorageClass")
    used: list[str] = []
    for index, policy in enumerate(_items(inputs, "lifecyclePolicies")):
        yield from ((f"lifecyclePolicies[{index}]", reason) for _, reason in _one_of(policy, words, ""))
        used += _has(policy, *words)
    for word in words:
        if used.count(word) > 1:
            yield "lifecyclePolicies", f"has {word} twice"
    if "transitionToArchive" in used and (mode != "elastic" or _has(inputs, "availabilityZoneName")):
        yield "lifecyclePolicies", "moves files to the archive, which needs throughputMode elastic and several zones"


def _mount_target(inputs: Inputs) -> Found:
    """efs/latest/ug/API_CreateMountTarget.html."""
    groups = _items(inputs, "securityGroups")
    if len(groups) > 5:
        yield "securityGroups", f"has {len(groups)} groups; EFS takes 5"
    # Without one the target gets the VPC's default group, which nobody else is in.
    yield from _needs(inputs, ("securityGroups",), "or the VPC's default group guards it")


def _bucket(inputs: Inputs) -> Found:
    """Names: AmazonS3/latest/userguide/bucketnamingrules.html."""
    yield from _bucket_name(inputs, "bucket")
    prefix = _text(inputs, "bucketPrefix")
    if prefix is not None and (len(prefix) > 37 or not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", prefix)):
        yield "bucketPrefix", "has over 37 characters, or some that a bucket's name does not take"
    yield from _one_of(inputs, ("bucket", "bucketPrefix"), "bucket", least=0)


def _bucket_name(inputs: Inputs, path: str) -> Found:
    name = _text(inputs, path)
    if name is None:
        return
    if not 3 <= len(name) <= 63:
        yield path, f"has {len(name)} characters; S3 takes 3 to 63"
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*[a-z0-9]", name):
        yield path, f"{name!r}: S3 takes lower case letters, digits, dots and hyphens, a letter or digit first and last"
    if ".." in name or re.fullmatch(r"\d+\.\d+\.\d+\.\d+", name):
        yield path, f"{name!r} has two dots in a row, or looks like an address"
    if name.startswith(("xn--", "sthree-", "amzn-s3-demo-")) or name.endswith(
        ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
    ):
        yield path, f"{name!r} begins or ends with a reserved word"


def _bucket_sub(inputs: Inputs) -> Found:
    yield from _bucket_name(inputs, "bucket")


def _bucket_encryption(inputs: Inputs) -> Found:
    """AmazonS3/latest/API/API_ServerSideEncryptionByDefault.html."""
    yield from _bucket_name(inputs, "bucket")
    rules = _items(inputs, "rules")
    if len(rules) > 1:
        yield "rules", "has several rules; S3 takes one"
    for index, rule in enumerate(rules):
        default = _known(rule, "applyServerSideEncryptionByDefault") or {}
        path = f"rules[{index}].applyServerSideEncryptionByDefault"
        if _text(default, "sseAlgorithm") == "AES256" and _has(default, "kmsMasterKeyId"):
            yield f"{path}.kmsMasterKeyId", "is for aws:kms, not AES256"


_WAIT_DAYS = {"STANDARD_IA": 30, "ONEZONE_IA": 30}
_RULE_ACTIONS = (
    "abortIncompleteMultipartUpload", "expiration", "noncurrentVersionExpiration", "noncurrentVersionTransitions",
    "transitions",
)  # fmt: skip


def _bucket_lifecycle(inputs: Inputs) -> Found:
    """AmazonS3/latest/userguide/intro-lifecycle-rules.html and lifecycle-transition-general-considerations.html."""
    yield from _bucket_name(inputs, "bucket")
    yield from _needs(inputs, ("rules",), "or there is nothing to do")
    rules = _items(inputs, "rules")
    if len(rules) > 1000:
        yield "rules", "has over 1000 rules"
    names = [_text(rule, "id") for rule in rules]
    for index, rule in enumerate(rules):
        path = f"rules[{index}]"
        if names[index] is not None and names.count(names[index]) > 1:
            yield f"{path}.id", f"{names[index]!r} occurs twice"
        if not _has(rule, *_RULE_ACTIONS):
            yield path, "does nothing"
        yield from ((f"{path}.{name}", reason) for name, reason in _one_of(rule, ("filter", "prefix"), "filter", least=0))
        chosen = _known(rule, "filter") or {}
        yield from (
            (f"{path}.filter", reason)
            for _, reason in _one_of(
                chosen, ("and", "objectSizeGreaterThan", "objectSizeLessThan", "prefix", "tag"), "", least=0
            )
        )
        yield from ((f"{path}.{name}", reason) for name, reason in _lifecycle_days(rule))


def _lifecycle_days(rule: Inputs) -> Found:
    expiration = _known(rule, "expiration") or {}
    yield from (
        ("expiration", reason) for _, reason in _one_of(expiration, ("date", "days", "expiredObjectDeleteMarker"), "", least=0)
    )
    end = _number(expiration, "days")
    if end is not None and end < 1:
        yield "expiration.days", "is not positive"
    moves = _items(rule, "transitions")
    for index, move in enumerate(moves):
        days, kind = _number(move, "days"), _text(move, "storageClass")
        yield from ((f"transitions[{index}]", reason) for _, reason in _one_of(move, ("date", "days"), ""))
        if days is not None and kind is not None and days < _WAIT_DAYS.get(kind, 0):
            yield f"transitions[{index}].days", f"is {days:g}; objects wait {_WAIT_DAYS[kind]} days for {kind}"
        if days is not None and end is not None and days >= end:
            yield f"transitions[{index}].days", f"is {days:g}; objects expire after {end:g}"
    kinds = [_text(move, "storageClass") for move in moves]
    if len(kinds) != len(set(kinds)):
        yield "transitions", "names a storage class twice"
    days = _number(rule, "noncurrentVersionExpiration.noncurrentDays")
    if days is not None and days < 1:
        yield "noncurrentVersionExpiration.noncurrentDays", "is not positive"
    abort = _number(rule, "abortIncompleteMultipartUpload.daysAfterInitiation")
    if abort is not None and abort < 1:
        yield "abortIncompleteMultipartUpload.daysAfterInitiation", "is not positive"
    filtered = _known(rule, "filter") or {}
    if _has(rule, "abortIncompleteMultipartUpload") and (_has(filtered, "tag") or _known(filtered, "and.tags")):
        yield "abortIncompleteMultipartUpload", "goes with no filter by tag"


def _bucket_policy(inputs: Inputs) -> Found:
    """AmazonS3/latest/userguide/bucket-policies.html: 20 KB, and resources of that bucket."""
    yield from _bucket_name(inputs, "bucket")
    policy, bucket = _known(inputs, "policy"), _text(inputs, "bucket")
    if policy is not None and len(policy if isinstance(policy, str) else json.dumps(policy)) > 20480:
        yield "policy", "is over 20 KB"
    for statement in _statements(policy):
        for resource in _list(statement.get("Resource")):
            if (
                bucket is not None
                and isinstance(resource, str)
                and not re.fullmatch(rf"arn:aws[\w-]*:s3:::{re.escape(bucket)}(/.*)?", resource)
            ):
                yield "policy", f"has {resource}, which is not in bucket {bucket}"


# ---------------------------------------------------------------------------- watching and paying


_RETENTION_DAYS = (
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip


def _log_group(inputs: Inputs) -> Found:
    """AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html; 0 is the provider's word for ever."""
    days = _number(inputs, "retentionInDays")
    if days is not None and days not in _RETENTION_DAYS:
        yield "retentionInDays", f"is {days:g} days; CloudWatch takes {', '.join(map(str, _RETENTION_DAYS))}"
    name = _text(inputs, "name")
    if name is not None and name.startswith("aws/"):
        yield "name", "begins with aws/, which is reserved"
    yield from _name(inputs, "name", 512)


def _workspace(inputs: Inputs) -> Found:
    """prometheus/latest/userguide/CW-logs.html: the ARN ends in :*."""
    group = _text(inputs, "loggingConfiguration.logGroupArn")
    if group is not None and not (":log-group:" in group and group.endswith(":*")):
        yield "loggingConfiguration.logGroupArn", f"{group!r} does not end in :*"


def _schedule(inputs: Inputs) -> Found:
    """autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html; -1 is the provider's word for unchanged."""
    sizes = {name: _number(inputs, name) for name in ("minSize", "desiredCapacity", "maxSize")}
    set_sizes = {name: size for name, size in sizes.items() if size is not None and size != -1}
    if not any(_has(inputs, name) or inputs.get(name) == 0 for name in sizes):
        yield "desiredCapacity", "must be set, or minSize or maxSize: the action changes nothing"
    for name, size in set_sizes.items():
        if size < 0:
            yield name, f"is {size:g}"
    order = list(set_sizes.items())
    for (lower, low), (upper, high) in itertools.pairwise(order):
        if low > high:
            yield upper, f"is {high:g}, below {lower} {low:g}"
    times = {name: _text(inputs, name) for name in ("startTime", "endTime")}
    read = {name: _instant(text) for name, text in times.items() if text is not None}
    for name, instant in read.items():
        if instant is None:
            yield name, f"{times[name]!r} is no time in UTC (2026-01-31T12:00:00Z)"
    start, end = read.get("startTime"), read.get("endTime")
    if start is not None and end is not None and start >= end:
        yield "endTime", "is not after startTime"
    if not _has(inputs, "startTime", "recurrence"):
        yield "startTime", "must be set, or recurrence"
    recurrence = _text(inputs, "recurrence")
    if recurrence is not None and len(recurrence.split()) != 5:
        yield "recurrence", f"{recurrence!r} has not the five fields of a cron expression"


def _budget(inputs: Inputs) -> Found:
    """aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html, .../API_budgets_Budget.html."""
    yield from _name(inputs, "name", 100)
    name = _text(inputs, "name")
    if name is not None and re.search(r"[:\\]|/action/", name):
        yield "name", "has a colon or backslash"
    yield from _one_of(inputs, ("limitAmount", "autoAdjustData"), "limitAmount")
    amount, unit = _text(inputs, "limitAmount"), _text(inputs, "limitUnit")
    if amount is not None and not (re.fullmatch(r"\d+(\.\d+)?", amount) and float(amount) > 0):
        yield "limitAmount", f"is {amount!r}, not a positive number"
    if _has(inputs, "limitAmount"):
        yield from _needs(inputs, ("limitUnit",), "beside limitAmount")
    if _text(inputs, "budgetType") == "COST" and unit not in (None, "USD"):
        yield "limitUnit", f"is {unit}; costs are in USD"
    start, end = _text(inputs, "timePeriodStart"), _text(inputs, "timePeriodEnd")
    if start is not None and end is not None and start >= end:
        yield "timePeriodEnd", "is not after timePeriodStart"
    notices = _items(inputs, "notifications")
    if len(notices) > 10:
        yield "notifications", f"has {len(notices)} notices; a budget takes 10"
    for index, notice in enumerate(notices):
        path = f"notifications[{index}]"
        threshold = _number(notice, "threshold")
        if threshold is not None and threshold <= 0:
            yield f"{path}.threshold", f"is {threshold:g}, not positive"
        if not _has(notice, "subscriberEmailAddresses", "subscriberSnsTopicArns"):
            yield path, "tells nobody"
        addresses = _items(notice, "subscriberEmailAddresses")
        if len(addresses) > 10:
            yield f"{path}.subscriberEmailAddresses", "has over ten addresses"
        if len(_items(notice, "subscriberSnsTopicArns")) > 1:
            yield f"{path}.subscriberSnsTopicArns", "has several topics; a notice takes one"
        for number, address in enumerate(addresses):
            if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
                yield f"{path}.subscriberEmailAddresses[{number}]", "is no address"
    keys = [
        tuple(notice.get(word) for word in ("notificationType", "comparisonOperator", "threshold", "thresholdType"))
        for notice in notices
    ]
    for index, key in enumerate(keys):
        if keys.index(key) != index:
            yield f"notifications[{index}]", "says the same as another"


# ---------------------------------------------------------------------------- two resources at a time


def pair_problems(type_token: str, inputs: Inputs, other_token: str, other: Inputs) -> list[tuple[str, str]]:
    """Return what is wrong between a resource and one that it refers to: a node group and its template, an association and its
    file system. Paths are of the first.
    """
    pair = (type_token, other_token)
    if pair == ("aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"):
        return list(_group_and_template(inputs, other))
    if pair == ("aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation", "aws:fsx/lustreFileSystem:LustreFileSystem"):
        return list(_association_and_file_system(other))
    return []


def _group_and_template(group: Inputs, template: Inputs) -> Found:
    """eks/latest/userguide/launch-templates.html and capacity-blocks-mng.html."""
    in_template, in_group = _has(template, "instanceType", "instanceRequirements"), _has(group, "instanceTypes")
    if in_template and in_group:
        yield "instanceTypes", "is set in the template too; EKS takes one of them"
    if not in_template and not in_group:
        yield "instanceTypes", "is set neither here nor in the template: EKS takes a small machine of its own choice"
    instance_type, ami = _text(template, "instanceType"), _text(group, "amiType")
    if instance_type is not None:
        yield from _ami(ami, instance_type)
    if _has(template, "imageId"):
        if ami not in (None, "CUSTOM"):
            yield "amiType", "must not be set: the template names an image"
        yield from _excludes(group, ("releaseVersion", "version"), "when the template names an image")
    capacity = _text(group, "capacityType") or "ON_DEMAND"
    market = _text(template, "instanceMarketOptions.marketType") or ""
    unknown = UNKNOWN in (group.get("capacityType"), (template.get("instanceMarketOptions") or {}).get("marketType"))
    if not unknown and (capacity == "CAPACITY_BLOCK") != (market == "capacity-block"):
        yield "capacityType", f"is {capacity}, but the template's market is {market or 'on demand'}"
    reserved = _known(template, _TARGET)
    if capacity == "SPOT" and reserved:
        yield "capacityType", "is SPOT, but the template targets a reservation"


def _association_and_file_system(file_system: Inputs) -> Found:
    """fsx/latest/LustreGuide/fsx-data-repositories.html: no backups, no tiering; overview-dra-data-repo.html: not Scratch 1."""
    days = _number(file_system, "automaticBackupRetentionDays")
    if days:
        yield "fileSystemId", f"is of a file system with automatic backups ({days:g} days); one linked to S3 takes none"
    if _text(file_system, "storageType") == "INTELLIGENT_TIERING":
        yield "fileSystemId", "is of a file system with INTELLIGENT_TIERING, which takes no association"
    if (_text(file_system, "deploymentType") or "SCRATCH_1") == "SCRATCH_1" and file_system.get("deploymentType") != UNKNOWN:
        yield "fileSystemId", "is of a SCRATCH_1 file system, which takes no association"
    for name in _has(file_system, "importPath", "exportPath", "autoImportPolicy", "copyTagsToBackups"):
        if _known(file_system, name) not in (False, "NONE"):
            yield "fileSystemId", f"is of a file system with {name}, which an association excludes"


# ---------------------------------------------------------------------------- the judge


RULES: Mapping[str, Callable[[Inputs], Found]] = {
    "aws:ec2/vpc:Vpc": _vpc,
    "aws:ec2/subnet:Subnet": _subnet,
    "aws:ec2/eip:Eip": _eip,
    "aws:ec2/natGateway:NatGateway": _nat_gateway,
    "aws:ec2/route:Route": _route,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _route_table_association,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _vpc_endpoint,
    "aws:ec2/flowLog:FlowLog": _flow_log,
    "aws:ec2/securityGroup:SecurityGroup": _security_group,
    "aws:ec2/placementGroup:PlacementGroup": _placement_group,
    "aws:ec2/capacityReservation:CapacityReservation": _capacity_reservation,
    "aws:ec2/launchTemplate:LaunchTemplate": _launch_template,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _security_group_rule,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _security_group_rule,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:eks/addon:Addon": _addon,
    "aws:eks/accessEntry:AccessEntry": _access_entry,
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": _access_policy_association,
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": _pod_identity,
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "aws:iam/role:Role": _role,
    "aws:iam/rolePolicy:RolePolicy": _role_policy,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _role_policy_attachment,
    "aws:iam/policy:Policy": _managed_policy,
    "aws:kms/key:Key": _key,
    "aws:kms/alias:Alias": _alias,
    "aws:fsx/lustreFileSystem:LustreFileSystem": _lustre,
    "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation": _association,
    "aws:efs/fileSystem:FileSystem": _efs,
    "aws:efs/mountTarget:MountTarget": _mount_target,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:s3/bucketVersioning:BucketVersioning": _bucket_sub,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _bucket_encryption,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _bucket_sub,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _bucket_lifecycle,
    "aws:s3/bucketPolicy:BucketPolicy": _bucket_policy,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _bucket_sub,
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:amp/workspace:Workspace": _workspace,
    "aws:autoscaling/schedule:Schedule": _schedule,
    "aws:budgets/budget:Budget": _budget,
}


def problems(type_token: str, inputs: Inputs) -> list[tuple[str, str]]:
    """Return what AWS would refuse in a resource's inputs although its service model takes them.

    Unknown values (of a preview) count as set and are not judged otherwise. Kinds of values are `aws_api`'s business: judge
    there first, and here only what passed.
    """
    rule = RULES.get(type_token)
    found = [*_tags(inputs), *_region(inputs), *(rule(inputs) if rule else ())]
    return list(dict.fromkeys(found))
