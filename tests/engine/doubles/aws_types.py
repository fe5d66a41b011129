"""How each AWS resource type behaves in the provider double: ids, what replaces it, what is computed, what it refers to.

Which properties force a replacement follows ForceNew and CustomizeDiff of the Terraform AWS provider, which pulumi-aws wraps
(github.com/hashicorp/terraform-provider-aws, internal/service/<service>, MPL-2.0, read 2026-11-24): eks/node_group.go,
eks/cluster.go, fsx/lustre_file_system.go, fsx/data_repository_association.go, ec2/ec2_capacity_reservation.go,
ec2/vpc_security_group_ingress_rule.go, budgets/budget.go. The stored copies are older than pulumi-aws 7.51, whose argument
descriptions were preferred where they differ (Lustre's version, EFA; endpoint's private DNS). The other types follow the
provider's documentation ("forces new resource") and what is generally known of it.

Where AWS is more lenient than the double the double is strict on purpose, so that an order is proved: anything that another
resource refers to by id or ARN cannot be deleted (AWS lets keys, roles and log groups go). No live account is behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from account import fresh, strings
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.rpc import UNKNOWN

Inputs = Mapping[str, Any]
Kinds = provider_pb2.PropertyDiff
DIFF_KINDS = {
    ("add", False): Kinds.ADD,
    ("add", True): Kinds.ADD_REPLACE,
    ("delete", False): Kinds.DELETE,
    ("delete", True): Kinds.DELETE_REPLACE,
    ("update", False): Kinds.UPDATE,
    ("update", True): Kinds.UPDATE_REPLACE,
}


@dataclass(frozen=True)
class Here:
    """Where the double stands."""

    region: str
    account: str = "123456789012"

    @property
    def partition(self) -> str:
        return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(self.region.rpartition("-")[0].rpartition("-")[0], "aws")


@dataclass(frozen=True)
class Made:
    """A resource in the making: what computed properties are computed from."""

    inputs: Inputs
    outputs: dict[str, Any]
    hex: str
    here: Here
    data: Mapping[str, Any]

    def text(self, template: str) -> str:
        """Fill a template with the place, the resource's digits and its own properties."""
        place = {"region": self.here.region, "account": self.here.account, "partition": self.here.partition}
        return template.format(**{**self.outputs, **place, "hex": self.hex})

    def find(self, type_token: str, id_: object) -> Mapping[str, Any]:
        """Return another resource's outputs, or nothing."""
        entry: Mapping[str, Any] = self.data["resources"].get(key(type_token, str(id_)), {"outputs": {}})
        return entry["outputs"]


Computed = Mapping[str, str | Callable[[Made], Any]]


@dataclass(frozen=True)
class Type:
    """The behaviour of one type.

    `id`, `computed` and `defaults` are templates or functions of what is made; `computed` may name nested properties by
    dotted path, `defaults` hold only where the input is absent. `replaces` and `refers` are paths without list indices.
    `unique` names properties that no two resources share. `put`: it is set on something else, so making it again is no error,
    and nothing refers to it. `volatile`: a computed number -> whether a change of these inputs raises it. `refuses_...`: what
    AWS has against making or deleting it, as text or None.
    """

    id: str | Callable[[Made], str]
    replaces: tuple[str, ...] = ()
    replaced_if: Callable[[str, Inputs, Inputs], bool] = lambda path, old, new: False
    auto_name: str = ""
    defaults: Computed = field(default_factory=dict)
    computed: Computed = field(default_factory=dict)
    owns: tuple[str, ...] = ()
    refers: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    put: bool = False
    volatile: Mapping[str, Callable[[set[str], Inputs], bool]] = field(default_factory=dict)
    refuses_create: Callable[[Inputs, Mapping[str, Any]], str | None] = lambda inputs, resources: None
    refuses_delete: Callable[[Inputs, Mapping[str, Any]], str | None] = lambda inputs, resources: None

    def replaced_by(self, path: str, old: Inputs, new: Inputs) -> bool:
        """Tell whether a change at a path replaces the resource."""
        bare = re.sub(r"\[\d+\]", "", path)
        listed = any(bare == each or bare.startswith((f"{each}.", f"{each}[")) for each in (*self.replaces, "region"))
        return listed or self.replaced_if(bare, old, new)

    def preview(self, inputs: Inputs) -> dict[str, Any]:
        """Return the outputs as far as they are known before the resource is made."""
        outputs = copied(dict(inputs))
        for name in self.named(inputs):
            outputs[name] = UNKNOWN
        for name in self.defaults:
            outputs.setdefault(name, UNKNOWN)
        for path in self.computed:
            put(outputs, path, UNKNOWN)
        return with_tags(outputs)

    def named(self, inputs: Inputs) -> tuple[str, ...]:
        """Return the property that AWS or the provider names from a prefix."""
        return (self.auto_name,) if self.auto_name and self.auto_name not in inputs else ()

    def updated(self, old: Inputs, outputs: Inputs, new: Inputs, unknown: str | None) -> dict[str, Any]:
        """Return the outputs after a change of the inputs; in a preview, `unknown` for what the change may change."""
        result = copied(dict(new))
        for name in (*self.named(new), *self.defaults):
            if name not in result and name in outputs:
                result[name] = outputs[name]
        for path in self.computed:
            put(result, path, get(outputs, path))
        changed = {re.split(r"[.\[]", path)[0] for path in changes(old, new)}
        for name, raised in self.volatile.items():
            if name not in new and raised(changed, new):
                result[name] = unknown if unknown is not None else int(outputs[name]) + 1
        return with_tags(result)


def key(type_token: str, id_: str) -> str:
    """Name a resource in the account: ids are unique within a type only."""
    return f"{type_token} {id_}"


def copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: copied(each) for name, each in value.items()}
    return [copied(each) for each in value] if isinstance(value, list) else value


def with_tags(outputs: dict[str, Any]) -> dict[str, Any]:
    return {**outputs, "tagsAll": copied(outputs["tags"])} if "tags" in outputs else outputs


def get(values: Any, path: str) -> Any:
    for step in path.split("."):
        values = values.get(step) if isinstance(values, Mapping) else None
    return values


def put(values: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for step in parents:
        inner = values.setdefault(step, {})
        if not isinstance(inner, dict):
            return  # an unknown block stays unknown as a whole
        values = inner
    values[last] = value


def reach(values: Any, path: str) -> Iterator[Any]:
    """Yield what lies at a dotted path, through lists."""
    if isinstance(values, list):
        for each in values:
            yield from reach(each, path)
    elif not path:
        yield values
    elif isinstance(values, Mapping):
        first, _, rest = path.partition(".")
        if first in values:
            yield from reach(values[first], rest)


def changes(old: Any, new: Any, path: str = "") -> dict[str, str]:
    """Return what differs: property path -> add, delete or update."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        found = {}
        for name in {**old, **new}:
            step = f"{path}.{name}" if path else name
            if not name.isidentifier():
                step = f'{path}["{name}"]'
            if name not in old:
                found[step] = "add"
            elif name not in new:
                found[step] = "delete"
            else:
                found.update(changes(old[name], new[name], step))
        return found
    if isinstance(old, list) and isinstance(new, list):
        found = {}
        for index in range(max(len(old), len(new))):
            step = f"{path}[{index}]"
            if index >= len(old) or index >= len(new):
                found[step] = "add" if index >= len(old) else "delete"
            else:
                found.update(changes(old[index], new[index], step))
        return found
    return {} if old == new else {path: "update"}


def unknown_reference(data: Mapping[str, Any], kind: Type, inputs: Inputs) -> str:
    """Say which resource an input refers to that does not exist, or nothing."""
    existing = {name for entry in data["resources"].values() for name in (*entry["names"], *entry["owns"])}
    for path in kind.refers:
        for value in reach(inputs, path):
            if str(value).removesuffix(":*") in existing or value == "local" or ":aws:policy/" in str(value):
                continue
            return f"NotFound: {path} names {value}, which does not exist"
    return ""


def referred(data: Mapping[str, Any], kind: Type, inputs: Inputs) -> list[Mapping[str, Any]]:
    """Return the existing resources that inputs refer to."""
    wanted = {str(value).removesuffix(":*") for path in kind.refers for value in reach(inputs, path)}
    return [entry for entry in data["resources"].values() if wanted & set(entry["names"])]


def create(
    data: dict[str, Any], kind: Type, type_token: str, urn: str, inputs: Inputs, here: Here
) -> tuple[dict[str, Any] | None, str]:
    """Make a resource in the account, or say why not."""
    resources = data["resources"]
    refusal = unknown_reference(data, kind, inputs) or kind.refuses_create(inputs, resources)
    if refusal:
        return None, refusal
    made = Made(inputs, copied(dict(inputs)), fresh(data, urn), Here(inputs.get("region", here.region), here.account), data)

    def value(rule: str | Callable[[Made], Any]) -> Any:
        return made.text(rule) if isinstance(rule, str) else rule(made)

    for name in kind.named(inputs):
        # As the provider does with a prefix: 26 more digits.
        made.outputs[name] = f"{inputs.get(f'{name}Prefix', 'terraform-')}{int(made.hex, 16):026d}"
    for name, rule in kind.defaults.items():
        if name not in made.outputs:
            made.outputs[name] = value(rule)
    id_ = made.outputs["id"] = value(kind.id)
    for path, rule in kind.computed.items():
        put(made.outputs, path, value(rule))
    outputs = with_tags(made.outputs)
    del outputs["id"]
    for entry in resources.values():
        if kind.put or entry["type"] != type_token:
            continue
        shared = [outputs.get(name) for name in kind.unique]
        same = shared == [entry["outputs"].get(name) for name in kind.unique] and any(each is not None for each in shared)
        if entry["id"] == id_ or same:
            what = ", ".join(f"{name} {outputs.get(name)}" for name in kind.unique) or id_
            return None, f"AlreadyExists: {type_token.rpartition(':')[2]} with {what} exists already ({entry['id']})"
    data["serial"] += 1
    names = [] if kind.put else [id_, *reach(outputs, "arn")]
    owned = [each for path in kind.owns for each in reach(outputs, path)]
    entry = {"type": type_token, "id": id_, "urn": urn, "order": data["serial"], "names": names, "owns": owned}
    entry |= {"inputs": copied(dict(inputs)), "outputs": outputs}
    resources[key(type_token, id_)] = entry
    return entry, ""


def delete(data: dict[str, Any], type_token: str, id_: str) -> str:
    """Delete a resource from the account, or say why not. One that is gone already is no error."""
    resources = data["resources"]
    entry = resources.get(key(type_token, id_))
    if entry is None:
        return ""
    names = set(entry["names"])
    for other in resources.values():
        if other is not entry and names & {each.removesuffix(":*") for each in strings(other["inputs"])}:
            return f"DependencyViolation: {id_} cannot be deleted, {other['id']} ({other['type']}) uses it"
    refusal = TYPES[type_token].refuses_delete(entry["inputs"], resources)
    if refusal:
        return refusal
    del resources[key(type_token, id_)]
    return ""


# What AWS has against making or deleting some of them.


def _of(resources: Mapping[str, Any], type_token: str) -> Iterator[Mapping[str, Any]]:
    return (entry for entry in resources.values() if entry["type"] == type_token)


def _vpc_of(subnet_id: object, resources: Mapping[str, Any]) -> object:
    return resources.get(key("aws:ec2/subnet:Subnet", str(subnet_id)), {"inputs": {}})["inputs"].get("vpcId")


def _no_way_out(inputs: Inputs, resources: Mapping[str, Any]) -> str | None:
    vpc = _vpc_of(inputs.get("subnetId"), resources)
    if inputs.get("connectivityType", "public") != "public":
        return None
    if any(entry["inputs"].get("vpcId") == vpc for entry in _of(resources, "aws:ec2/internetGateway:InternetGateway")):
        return None
    return f"Gateway.NotAttached: network {vpc} has no internet gateway attached"


def _addresses_in_use(inputs: Inputs, resources: Mapping[str, Any]) -> str | None:
    for entry in _of(resources, "aws:ec2/natGateway:NatGateway"):
        if _vpc_of(entry["inputs"].get("subnetId"), resources) == inputs.get("vpcId"):
            return f"DependencyViolation: network {inputs.get('vpcId')} has mapped public addresses ({entry['id']})"
    return None


def _role_has(resources: Mapping[str, Any], role_arn: object, policy: str) -> bool:
    names = {entry["id"] for entry in _of(resources, "aws:iam/role:Role") if entry["outputs"]["arn"] == role_arn}
    attached = _of(resources, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    return any(entry["inputs"]["role"] in names and policy in entry["inputs"]["policyArn"] for entry in attached)


def _cannot_join(inputs: Inputs, resources: Mapping[str, Any]) -> str | None:
    if _role_has(resources, inputs.get("nodeRoleArn"), "policy/AmazonEKSWorkerNode"):
        return None
    return f"NodeCreationFailure: {inputs.get('nodeRoleArn')} has no AmazonEKSWorkerNodePolicy yet, its machines cannot join"


def _cannot_clean_up(inputs: Inputs, resources: Mapping[str, Any]) -> str | None:
    if inputs.get("deletionProtection"):
        return "InvalidRequestException: deletion protection is on; turn it off first"
    if _role_has(resources, inputs.get("roleArn"), "policy/AmazonEKSClusterPolicy"):
        return None
    return "ResourceInUseException: the cluster's role has lost AmazonEKSClusterPolicy, EKS cannot delete what it made"


def _not_admitted(inputs: Inputs, resources: Mapping[str, Any]) -> str | None:
    wanted = (inputs.get("clusterName"), inputs.get("principalArn"))
    entries = _of(resources, "aws:eks/accessEntry:AccessEntry")
    if any((entry["inputs"].get("clusterName"), entry["inputs"].get("principalArn")) == wanted for entry in entries):
        return None
    return f"ResourceNotFoundException: {inputs.get('principalArn')} has no access entry in {inputs.get('clusterName')}"


def _new_version(changed: set[str], new: Inputs) -> bool:
    return bool(changed - {"tags", "updateDefaultVersion", "defaultVersion"})


def _kept(inputs: Inputs, resources: Mapping[str, Any]) -> str | None:
    return (
        "ValidationException: deletion protection is on; turn it off first" if inputs.get("deletionProtectionEnabled") else None
    )


# What they compute.

# Zone ids are the same for all accounts, names are not: shuffled here, so that a program that mixes them up is seen.
_ZONE_LETTERS = {"1": "b", "2": "c", "3": "d", "4": "a", "5": "f", "6": "e"}


def _zone_prefix(region: str) -> str:
    """Return the beginning of a region's zone ids: us-east-1 -> use1-az."""
    *area, direction, number = region.split("-")
    short = {"southeast": "se", "northeast": "ne", "southwest": "sw", "northwest": "nw"}.get(direction, direction[0])
    return f"{area[0]}{''.join(each[0] for each in area[1:])}{short}{number}-az"


def _zone_name(made: Made) -> str:
    return f"{made.here.region}{_ZONE_LETTERS.get(str(made.outputs.get('availabilityZoneId', ''))[-1:], 'a')}"


def _zone_id(made: Made) -> str:
    letters = {letter: number for number, letter in _ZONE_LETTERS.items()}
    return _zone_prefix(made.here.region) + letters.get(str(made.outputs.get("availabilityZone", "a"))[-1:], "4")


def _address(made: Made) -> str:
    """Return a public address from the range for documentation."""
    return f"203.0.113.{int(made.hex[:4], 16) % 254 + 1}"


def _vpc_of_first_subnet(made: Made) -> Any:
    ids = get(made.inputs, "vpcConfig.subnetIds") or made.inputs.get("subnetIds") or [None]
    return made.find("aws:ec2/subnet:Subnet", ids[0]).get("vpcId")


def _subnet(name: str) -> Callable[[Made], Any]:
    return lambda made: made.find("aws:ec2/subnet:Subnet", made.inputs.get("subnetId")).get(name)


def _arn(service: str, resource: str, region: str = "{region}", account: str = "{account}") -> str:
    return f"arn:{{partition}}:{service}:{region}:{account}:{resource}"


def _ec2(kind: str) -> str:
    return _arn("ec2", f"{kind}/{{id}}")


def _rule(direction: str) -> Type:
    sources = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")

    def other_source(path: str, old: Inputs, new: Inputs) -> bool:
        return path in sources and (path in old) != (path in new)

    return Type(
        id="sgr-{hex}",
        replaces=("securityGroupId",),
        replaced_if=other_source,
        computed={"arn": _ec2("security-group-rule"), "securityGroupRuleId": "{id}"},
        refers=("securityGroupId", "referencedSecurityGroupId"),
        unique=("securityGroupId", "ipProtocol", "fromPort", "toPort", *sources),
    )


def _bucket_block(**more: Any) -> Type:
    return Type(id="{bucket}", replaces=("bucket", "expectedBucketOwner"), refers=("bucket",), put=True, **more)


def _smaller_or_older(path: str, old: Inputs, new: Inputs) -> bool:
    def number(value: object) -> tuple[int, ...]:
        return tuple(int(part) for part in re.findall(r"\d+", str(value)))

    return path in ("storageCapacity", "fileSystemTypeVersion") and number(new.get(path)) < number(old.get(path))


TYPES: dict[str, Type] = {
    # Network
    "aws:ec2/vpc:Vpc": Type(
        id="vpc-{hex}",
        replaces=("cidrBlock", "instanceTenancy", "ipv4IpamPoolId", "ipv4NetmaskLength"),
        computed={
            "arn": _ec2("vpc"),
            "defaultSecurityGroupId": "sg-{hex}",
            "defaultNetworkAclId": "acl-{hex}",
            "defaultRouteTableId": "rtb-{hex}",
            "mainRouteTableId": "rtb-{hex}",
            "dhcpOptionsId": "dopt-{hex}",
            "ownerId": "{account}",
        },
        owns=("defaultSecurityGroupId", "mainRouteTableId", "defaultNetworkAclId"),
    ),
    "aws:ec2/subnet:Subnet": Type(
        id="subnet-{hex}",
        replaces=(
            *("vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "outpostArn", "ipv6Native"),
            *("ipv4IpamPoolId", "ipv4NetmaskLength"),
        ),
        defaults={"availabilityZone": _zone_name, "availabilityZoneId": _zone_id},
        computed={"arn": _ec2("subnet"), "ownerId": "{account}"},
        refers=("vpcId",),
        unique=("vpcId", "cidrBlock"),
    ),
    "aws:ec2/internetGateway:InternetGateway": Type(
        id="igw-{hex}",
        computed={"arn": _ec2("internet-gateway"), "ownerId": "{account}"},
        refers=("vpcId",),
        unique=("vpcId",),
        refuses_delete=_addresses_in_use,
    ),
    "aws:ec2/eip:Eip": Type(
        id="eipalloc-{hex}",
        replaces=("address", "domain", "networkBorderGroup", "publicIpv4Pool", "customerOwnedIpv4Pool", "ipamPoolId"),
        computed={
            "allocationId": "{id}",
            "arn": _ec2("elastic-ip"),
            "publicIp": _address,
            "publicDns": "ec2-{hex}.example",
        },
    ),
    "aws:ec2/natGateway:NatGateway": Type(
        id="nat-{hex}",
        replaces=("allocationId", "subnetId", "connectivityType", "privateIp", "vpcId", "availabilityMode"),
        computed={
            "networkInterfaceId": "eni-{hex}",
            "associationId": "eipassoc-{hex}",
            "publicIp": _address,
        },
        refers=("allocationId", "subnetId", "vpcId"),
        unique=("allocationId",),
        refuses_create=_no_way_out,
    ),
    "aws:ec2/routeTable:RouteTable": Type(
        id="rtb-{hex}",
        replaces=("vpcId",),
        computed={"arn": _ec2("route-table"), "ownerId": "{account}"},
        refers=("vpcId", "routes.gatewayId", "routes.natGatewayId"),
    ),
    "aws:ec2/route:Route": Type(
        id="r-{routeTableId}{hex}",
        replaces=("routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"),
        computed={"origin": "CreateRoute", "state": "active"},
        refers=("routeTableId", "gatewayId", "natGatewayId", "vpcEndpointId"),
        unique=("routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"),
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Type(
        id="rtbassoc-{hex}",
        replaces=("subnetId", "gatewayId"),
        refers=("routeTableId", "subnetId", "gatewayId"),
        unique=("subnetId", "gatewayId"),
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Type(
        id="vpce-{hex}",
        replaces=("serviceName", "vpcId", "vpcEndpointType", "serviceRegion", "resourceConfigurationArn", "serviceNetworkArn"),
        replaced_if=lambda path, old, new: path == "privateDnsEnabled" and new.get("vpcEndpointType", "Gateway") != "Interface",
        computed={
            "arn": _ec2("vpc-endpoint"),
            "ownerId": "{account}",
            "state": "available",
            "requesterManaged": lambda made: False,
            "prefixListId": lambda made: (
                f"pl-{made.hex[:8]}" if made.inputs.get("vpcEndpointType", "Gateway") == "Gateway" else None
            ),
            "networkInterfaceIds": lambda made: (
                [f"eni-{made.hex}"] if made.inputs.get("vpcEndpointType") == "Interface" else []
            ),
            "dnsEntries": lambda made: [{"dnsName": f"vpce-{made.hex}.example", "hostedZoneId": "Z1"}],
            "cidrBlocks": lambda made: [],
        },
        refers=("vpcId", "routeTableIds", "subnetIds", "securityGroupIds"),
        unique=("vpcId", "serviceName"),
    ),
    "aws:ec2/flowLog:FlowLog": Type(
        id="fl-{hex}",
        replaces=(
            *("deliverCrossAccountRole", "destinationOptions", "eniId", "iamRoleArn", "logDestination", "logDestinationType"),
            *(
                "logFormat",
                "maxAggregationInterval",
                "subnetId",
                "trafficType",
                "transitGatewayAttachmentId",
                "transitGatewayId",
            ),
            *("vpcId", "regionalNatGatewayId"),
        ),
        computed={"arn": _ec2("vpc-flow-log")},
        refers=("vpcId", "subnetId", "iamRoleArn", "logDestination"),
        unique=("vpcId", "subnetId", "trafficType", "logDestination"),
    ),
    "aws:ec2/securityGroup:SecurityGroup": Type(
        id="sg-{hex}",
        replaces=("name", "namePrefix", "description", "vpcId"),
        auto_name="name",
        computed={"arn": _ec2("security-group"), "ownerId": "{account}"},
        refers=("vpcId",),
        unique=("vpcId", "name"),
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Type(
        id=lambda made: made.find("aws:ec2/vpc:Vpc", made.inputs.get("vpcId")).get("defaultSecurityGroupId", f"sg-{made.hex}"),
        replaces=("vpcId",),
        computed={
            "arn": _ec2("security-group"),
            "description": "default VPC security group",
            "name": "default",
            "ownerId": "{account}",
        },
        refers=("vpcId",),
        put=True,
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _rule("ingress"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _rule("egress"),
    # Machines
    "aws:ec2/placementGroup:PlacementGroup": Type(
        id="{name}",
        replaces=("name", "strategy", "partitionCount", "spreadLevel"),
        auto_name="name",
        computed={"arn": _ec2("placement-group"), "placementGroupId": "pg-{hex}"},
    ),
    "aws:ec2/capacityReservation:CapacityReservation": Type(
        id="cr-{hex}",
        replaces=(
            *(
                "availabilityZone",
                "ebsOptimized",
                "ephemeralStorage",
                "instanceMatchCriteria",
                "instancePlatform",
                "instanceType",
            ),
            "tenancy",
        ),
        computed={"arn": _ec2("capacity-reservation"), "ownerId": "{account}"},
        refers=("placementGroupArn",),
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": Type(
        id="lt-{hex}",
        replaces=("name", "namePrefix"),
        auto_name="name",
        defaults={"defaultVersion": lambda made: 1},
        computed={"arn": _ec2("launch-template"), "latestVersion": lambda made: 1},
        refers=("networkInterfaces.securityGroups", "vpcSecurityGroupIds", "placement.groupName"),
        unique=("name",),
        volatile={
            "latestVersion": _new_version,
            "defaultVersion": lambda changed, new: bool(new.get("updateDefaultVersion")) and _new_version(changed, new),
        },
    ),
    "aws:autoscaling/schedule:Schedule": Type(
        id="{scheduledActionName}",
        replaces=("autoscalingGroupName", "scheduledActionName"),
        computed={"arn": _arn("autoscaling", "scheduledUpdateGroupAction:{hex}:autoScalingGroupName/{autoscalingGroupName}")},
        refers=("autoscalingGroupName",),
        put=True,
    ),
    # Cluster
    "aws:eks/cluster:Cluster": Type(
        id="{name}",
        replaces=(
            *("name", "roleArn", "bootstrapSelfManagedAddons", "accessConfig.bootstrapClusterCreatorAdminPermissions"),
            *(
                "kubernetesNetworkConfig.ipFamily",
                "kubernetesNetworkConfig.serviceIpv4Cidr",
                "remoteNetworkConfig",
                "outpostConfig",
            ),
        ),
        replaced_if=lambda path, old, new: path == "encryptionConfig" and "encryptionConfig" not in new,
        auto_name="name",
        defaults={"version": lambda made: "1.33"},
        computed={
            "arn": _arn("eks", "cluster/{name}"),
            "endpoint": "https://{hex}.eks.{region}.example",
            "certificateAuthority": lambda made: {"data": "bm90IGEgY2VydGlmaWNhdGU="},
            "identities": lambda made: [{"oidcs": [{"issuer": f"https://oidc.eks.{made.here.region}.example/id/{made.hex}"}]}],
            "vpcConfig.clusterSecurityGroupId": "sg-{hex}",
            "vpcConfig.vpcId": _vpc_of_first_subnet,
            "platformVersion": "eks.1",
            "status": "ACTIVE",
            "createdAt": "2026-01-01T00:00:00Z",
        },
        owns=("vpcConfig.clusterSecurityGroupId",),
        refers=("roleArn", "vpcConfig.subnetIds", "vpcConfig.securityGroupIds", "encryptionConfig.provider.keyArn"),
        refuses_delete=_cannot_clean_up,
    ),
    "aws:eks/addon:Addon": Type(
        id="{clusterName}:{addonName}",
        replaces=("clusterName", "addonName"),
        defaults={"addonVersion": "v1.0.0-eksbuild.1"},
        computed={
            "arn": _arn("eks", "addon/{clusterName}/{addonName}/{hex}"),
            "createdAt": "2026-01-01T00:00:00Z",
            "modifiedAt": "2026-01-01T00:00:00Z",
        },
        refers=("clusterName", "serviceAccountRoleArn", "podIdentityAssociations.roleArn"),
    ),
    "aws:eks/accessEntry:AccessEntry": Type(
        id="{clusterName}:{principalArn}",
        replaces=("clusterName", "principalArn", "type"),
        computed={
            "accessEntryArn": _arn("eks", "access-entry/{clusterName}/{hex}"),
            "createdAt": "2026-01-01T00:00:00Z",
            "modifiedAt": "2026-01-01T00:00:00Z",
        },
        refers=("clusterName",),
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Type(
        id="{clusterName}#{principalArn}#{policyArn}",
        replaces=("clusterName", "principalArn", "policyArn", "accessScope"),
        computed={"associatedAt": "2026-01-01T00:00:00Z", "modifiedAt": "2026-01-01T00:00:00Z"},
        refers=("clusterName",),
        refuses_create=_not_admitted,
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Type(
        id="a-{hex}",
        replaces=("clusterName", "namespace", "serviceAccount"),
        computed={"associationArn": _arn("eks", "podidentityassociation/{clusterName}/{id}"), "associationId": "{id}"},
        refers=("clusterName", "roleArn"),
        unique=("clusterName", "namespace", "serviceAccount"),
    ),
    "aws:eks/nodeGroup:NodeGroup": Type(
        id="{clusterName}:{nodeGroupName}",
        replaces=(
            *(
                "amiType",
                "capacityType",
                "clusterName",
                "diskSize",
                "instanceTypes",
                "launchTemplate.id",
                "launchTemplate.name",
            ),
            *("nodeGroupName", "nodeGroupNamePrefix", "nodeRoleArn", "remoteAccess", "subnetIds"),
        ),
        auto_name="nodeGroupName",
        defaults={
            "version": lambda made: made.find("aws:eks/cluster:Cluster", made.inputs.get("clusterName")).get("version", "1.33")
        },
        computed={
            "arn": _arn("eks", "nodegroup/{clusterName}/{nodeGroupName}/{hex}"),
            "resources": lambda made: [{"autoscalingGroups": [{"name": f"eks-{made.outputs['nodeGroupName']}-{made.hex}"}]}],
            "status": "ACTIVE",
        },
        owns=("resources.autoscalingGroups.name",),
        refers=("clusterName", "nodeRoleArn", "subnetIds", "launchTemplate.id", "launchTemplate.name"),
        refuses_create=_cannot_join,
    ),
    # Identity and keys
    "aws:iam/role:Role": Type(
        id="{name}",
        replaces=("name", "namePrefix", "path"),
        auto_name="name",
        computed={"arn": _arn("iam", "role/{name}", region=""), "uniqueId": "AROA{hex}", "createDate": "2026-01-01T00:00:00Z"},
    ),
    "aws:iam/rolePolicy:RolePolicy": Type(
        id="{role}:{name}", replaces=("name", "namePrefix", "role"), auto_name="name", refers=("role",), put=True
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Type(
        id="{role}/{policyArn}", replaces=("role", "policyArn"), refers=("role", "policyArn"), put=True
    ),
    "aws:iam/policy:Policy": Type(
        id=_arn("iam", "policy/{name}", region=""),
        replaces=("name", "namePrefix", "path", "description"),
        auto_name="name",
        computed={"arn": "{id}", "policyId": "ANPA{hex}", "attachmentCount": lambda made: 0},
    ),
    "aws:kms/key:Key": Type(
        id="{hex}",
        replaces=("customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"),
        computed={"arn": _arn("kms", "key/{id}"), "keyId": "{id}"},
    ),
    "aws:kms/alias:Alias": Type(
        id="{name}",
        replaces=("name", "namePrefix"),
        auto_name="name",
        computed={
            "arn": _arn("kms", "{name}"),
            "targetKeyArn": lambda made: made.find("aws:kms/key:Key", made.inputs["targetKeyId"]).get("arn"),
        },
        refers=("targetKeyId",),
    ),
    # Storage
    "aws:fsx/lustreFileSystem:LustreFileSystem": Type(
        id="fs-{hex}",
        replaces=(
            *("backupId", "copyTagsToBackups", "deploymentType", "driveCacheType", "efaEnabled", "exportPath", "importPath"),
            *("importedFileChunkSize", "kmsKeyId", "securityGroupIds", "storageType", "subnetIds"),
        ),
        replaced_if=_smaller_or_older,
        computed={
            "arn": _arn("fsx", "file-system/{id}"),
            "dnsName": "{id}.fsx.{region}.amazonaws.com",
            "mountName": lambda made: made.hex[:8],
            "networkInterfaceIds": lambda made: [f"eni-{made.hex}"],
            "ownerId": "{account}",
            "vpcId": _vpc_of_first_subnet,
        },
        refers=("subnetIds", "securityGroupIds", "kmsKeyId", "logConfiguration.destination"),
    ),
    "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation": Type(
        id="dra-{hex}",
        replaces=("dataRepositoryPath", "fileSystemId", "fileSystemPath"),
        computed={"arn": _arn("fsx", "association/{fileSystemId}/{id}"), "associationId": "{id}"},
        refers=("fileSystemId",),
        unique=("fileSystemId", "fileSystemPath"),
    ),
    "aws:efs/fileSystem:FileSystem": Type(
        id="fs-{hex}",
        replaces=("availabilityZoneName", "creationToken", "encrypted", "kmsKeyId", "performanceMode"),
        defaults={"creationToken": "terraform-{hex}", "performanceMode": "generalPurpose"},
        computed={
            "arn": _arn("elasticfilesystem", "file-system/{id}"),
            "dnsName": "{id}.efs.{region}.amazonaws.com",
            "ownerId": "{account}",
            "numberOfMountTargets": lambda made: 0,
        },
        refers=("kmsKeyId",),
        unique=("creationToken",),
    ),
    "aws:efs/mountTarget:MountTarget": Type(
        id="fsmt-{hex}",
        replaces=("fileSystemId", "subnetId", "ipAddress", "ipAddressType", "ipv6Address"),
        computed={
            "availabilityZoneId": _subnet("availabilityZoneId"),
            "availabilityZoneName": _subnet("availabilityZone"),
            "dnsName": "{fileSystemId}.efs.{region}.amazonaws.com",
            "fileSystemArn": _arn("elasticfilesystem", "file-system/{fileSystemId}"),
            "mountTargetDnsName": "{fileSystemId}.efs.{region}.amazonaws.com",
            "networkInterfaceId": "eni-{hex}",
            "ownerId": "{account}",
        },
        refers=("fileSystemId", "subnetId", "securityGroups"),
        unique=("fileSystemId", "subnetId"),
    ),
    "aws:s3/bucket:Bucket": Type(
        id="{bucket}",
        replaces=("bucket", "bucketPrefix", "bucketNamespace", "objectLockEnabled"),
        auto_name="bucket",
        computed={
            "arn": _arn("s3", "{bucket}", region="", account=""),
            "bucketDomainName": "{bucket}.s3.amazonaws.com",
            "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com",
            "bucketRegion": "{region}",
            "hostedZoneId": "Z1",
        },
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _bucket_block(),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _bucket_block(),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _bucket_block(),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _bucket_block(),
    "aws:s3/bucketPolicy:BucketPolicy": _bucket_block(),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _bucket_block(),
    # Watching
    "aws:cloudwatch/logGroup:LogGroup": Type(
        id="{name}",
        replaces=("name", "namePrefix", "logGroupClass"),
        auto_name="name",
        computed={"arn": _arn("logs", "log-group:{name}")},
        refers=("kmsKeyId",),
        refuses_delete=_kept,
    ),
    "aws:amp/workspace:Workspace": Type(
        id="ws-{hex}",
        replaces=("kmsKeyArn",),
        computed={
            "arn": _arn("aps", "workspace/{id}"),
            "prometheusEndpoint": "https://aps-workspaces.{region}.amazonaws.com/workspaces/{id}/",
        },
        refers=("kmsKeyArn", "loggingConfiguration.logGroupArn"),
    ),
    "aws:budgets/budget:Budget": Type(
        id="{account}:{name}",
        replaces=("accountId", "name", "namePrefix"),
        auto_name="name",
        computed={"arn": _arn("budgets", "budget/{name}", region="")},
    ),
}
