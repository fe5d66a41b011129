"""How each AWS resource type behaves in the provider double: ids, what replaces it, what is computed, what it refers to.

Which properties force a replacement follows ForceNew and CustomizeDiff of the Terraform AWS provider, which pulumi-aws wraps
(github.com/hashicorp/terraform-provider-aws, internal/service/<service>, MPL-2.0, read 2026-11-24): eks/node_group.go,
eks/cluster.go, eks/access_entry.go, eks/pod_identity_association.go, fsx/lustre_file_system.go,
fsx/data_repository_association.go, efs/file_system.go, ec2/ec2_capacity_reservation.go, ec2/vpc_endpoint.go,
ec2/vpc_nat_gateway.go, ec2/vpc_security_group_ingress_rule.go, budgets/budget.go. Some of these are older than pulumi-aws 7.51,
whose argument descriptions were preferred where they differ (Lustre's version, throughput and EFA). The other types follow the
provider's documentation ("forces new resource") and what is generally known of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from behaviour import Inputs, Made, Type, get, key

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
        replaces=(
            *("allocationId", "subnetId", "connectivityType", "privateIp", "secondaryPrivateIpAddressCount", "vpcId"),
            "availabilityMode",
        ),
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
        id="{uuid}",
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
        id="ws-{uuid}",
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
