"""Inputs of every judged type that AWS would take, as the engine sends them: numbers are floats. Tests change them."""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

__all__ = ["DROP", "EFA_LAYOUTS", "KEY_POLICY", "SAMPLES", "changed", "layout", "policy", "trust"]

ACCOUNT = "111122223333"
TAGS = {"factory": "demo", "environment": "dev", "cost-center": "R+D"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/demo"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


# In `changed`: without the argument.
DROP = object()


def changed(inputs: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of inputs with other values at some paths (`a.b[0].c`); what leads there is made where it is missing."""
    copy = deepcopy(dict(inputs))
    for path, value in changes.items():
        steps = [int(step[1:-1]) if step.startswith("[") else step for step in re.findall(r"\[\d+\]|[^.\[\]]+", path)]
        into: Any = copy
        for step, following in itertools.pairwise(steps):
            missing: Any = [] if isinstance(following, int) else {}
            if isinstance(step, int):
                into.extend(deepcopy(missing) for _ in range(step + 1 - len(into)))
            else:
                into.setdefault(step, missing)
            into = into[step]
        if value is DROP:
            del into[steps[-1]]
        elif isinstance(steps[-1], int) and steps[-1] == len(into):
            into.append(value)
        else:
            into[steps[-1]] = value
    return copy


def policy(**more: Any) -> str:
    """Return an identity policy of one statement, changed as told."""
    statement = {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::demo-data/*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [{k: v for k, v in statement.items() if v is not None}]})


def trust(service: str, *actions: str, **more: Any) -> str:
    """Return a role's trust in a service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions or ("sts:AssumeRole",)), **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def layout(first_efa_card: int, cards: int) -> list[dict[str, Any]]:
    """Return interfaces by AWS's rule: an ordinary one first, then an EFA on every card that carries one."""
    common = {"securityGroups": ["sg-0a1b2c3d4e5f60718", "sg-0a1b2c3d4e5f60719"], "deleteOnTermination": "true"}
    first = {"networkCardIndex": 0.0, "deviceIndex": 0.0, "interfaceType": "interface", **common}
    efa = [
        {"networkCardIndex": float(card), "deviceIndex": 1.0 if card == 0 else 0.0, "interfaceType": "efa-only", **common}
        for card in range(first_efa_card, cards)
    ]
    return [first, *efa]


# Type, first card with EFA, cards, interfaces in all.
EFA_LAYOUTS: Mapping[str, tuple[int, int, int]] = {
    "p4d.24xlarge": (0, 4, 5),
    "p5.48xlarge": (0, 32, 33),
    "p5e.48xlarge": (0, 32, 33),
    "p5en.48xlarge": (0, 16, 17),
    "p6-b200.48xlarge": (0, 8, 9),
    "p6-b300.48xlarge": (1, 17, 17),
    "g6e.48xlarge": (0, 4, 5),
    "trn2.48xlarge": (0, 16, 17),
}

NODE_CONFIG = """MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

---
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance:
    localStorage:
      strategy: RAID0

--//--
"""
BUCKET_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OnlyTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": ["arn:aws:s3:::demo-data", "arn:aws:s3:::demo-data/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
)
KEY_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"},
        ],
    }
)
_RULE = {
    "securityGroupId": "sg-0a1b2c3d4e5f60718",
    "ipProtocol": "-1",
    "referencedSecurityGroupId": "sg-0a1b2c3d4e5f60718",
    "description": "EFA between the nodes",
    "tags": TAGS,
}

SAMPLES: Mapping[str, Mapping[str, Any]] = {
    "aws:ec2/vpc:Vpc": {
        "cidrBlock": "10.0.0.0/16",
        "enableDnsHostnames": True,
        "enableDnsSupport": True,
        "instanceTenancy": "default",
        "region": "us-east-1",
        "tags": TAGS,
    },
    "aws:ec2/subnet:Subnet": {
        "vpcId": "vpc-0a1b2c3d4e5f60718",
        "cidrBlock": "10.0.64.0/18",
        "availabilityZoneId": "use1-az4",
        "mapPublicIpOnLaunch": False,
        "privateDnsHostnameTypeOnLaunch": "ip-name",
        "tags": TAGS,
    },
    "aws:ec2/internetGateway:InternetGateway": {"vpcId": "vpc-0a1b2c3d4e5f60718", "tags": TAGS},
    "aws:ec2/eip:Eip": {"domain": "vpc", "tags": TAGS},
    "aws:ec2/natGateway:NatGateway": {
        "allocationId": "eipalloc-0a1b2c3d4e5f60718",
        "subnetId": "subnet-0a1b2c3d4e5f60718",
        "connectivityType": "public",
        "tags": TAGS,
    },
    "aws:ec2/routeTable:RouteTable": {"vpcId": "vpc-0a1b2c3d4e5f60718", "tags": TAGS},
    "aws:ec2/route:Route": {
        "routeTableId": "rtb-0a1b2c3d4e5f60718",
        "destinationCidrBlock": "0.0.0.0/0",
        "natGatewayId": "nat-0a1b2c3d4e5f60718",
    },
    "aws:ec2/routeTableAssociation:RouteTableAssociation": {
        "routeTableId": "rtb-0a1b2c3d4e5f60718",
        "subnetId": "subnet-0a1b2c3d4e5f60718",
    },
    "aws:ec2/vpcEndpoint:VpcEndpoint": {
        "vpcId": "vpc-0a1b2c3d4e5f60718",
        "serviceName": "com.amazonaws.us-east-1.ecr.api",
        "vpcEndpointType": "Interface",
        "subnetIds": ["subnet-0a1b2c3d4e5f60718"],
        "securityGroupIds": ["sg-0a1b2c3d4e5f60718"],
        "privateDnsEnabled": True,
        "policy": policy(Principal="*", Action="ecr:*", Resource="*"),
        "dnsOptions": {"dnsRecordIpType": "ipv4"},
        "ipAddressType": "ipv4",
        "tags": TAGS,
    },
    "aws:ec2/flowLog:FlowLog": {
        "vpcId": "vpc-0a1b2c3d4e5f60718",
        "trafficType": "ALL",
        "logDestinationType": "cloud-watch-logs",
        "logDestination": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/demo/flow",
        "iamRoleArn": ROLE,
        "maxAggregationInterval": 60.0,
        "logFormat": "${version} ${vpc-id}",
        "tags": TAGS,
    },
    "aws:ec2/securityGroup:SecurityGroup": {
        "name": "demo-efa",
        "description": "EFA between the nodes",
        "vpcId": "vpc-0a1b2c3d4e5f60718",
        "ingress": [{"protocol": "tcp", "fromPort": 988.0, "toPort": 988.0, "securityGroups": ["sg-0a1b2c3d4e5f60718"]}],
        "egress": [{"protocol": "-1", "fromPort": 0.0, "toPort": 0.0, "cidrBlocks": ["0.0.0.0/0"], "self": False}],
        "tags": TAGS,
    },
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": {
        "vpcId": "vpc-0a1b2c3d4e5f60718",
        "ingress": [],
        "egress": [],
        "tags": TAGS,
    },
    "aws:ec2/placementGroup:PlacementGroup": {"name": "demo-p5", "strategy": "cluster", "tags": TAGS},
    "aws:ec2/capacityReservation:CapacityReservation": {
        "availabilityZone": "us-east-1a",
        "instanceCount": 4.0,
        "instancePlatform": "Linux/UNIX",
        "instanceType": "p5.48xlarge",
        "instanceMatchCriteria": "targeted",
        "endDateType": "limited",
        "endDate": "2027-01-31T12:00:00Z",
        "placementGroupArn": f"arn:aws:ec2:us-east-1:{ACCOUNT}:placement-group/demo-p5",
        "tenancy": "default",
        "tags": TAGS,
    },
    "aws:ec2/launchTemplate:LaunchTemplate": {
        "name": "demo-p5",
        "description": "P5 with EFA on 32 cards",
        "instanceType": "p5.48xlarge",
        "instanceMarketOptions": {"marketType": "capacity-block"},
        "capacityReservationSpecification": {
            "capacityReservationPreference": "capacity-reservations-only",
            "capacityReservationTarget": {"capacityReservationId": "cr-0a1b2c3d4e5f60718"},
        },
        "networkInterfaces": layout(0, 32),
        "blockDeviceMappings": [
            {
                "deviceName": "/dev/xvda",
                "ebs": {
                    "volumeType": "gp3",
                    "volumeSize": 200.0,
                    "iops": 4000.0,
                    "throughput": 500.0,
                    "encrypted": "true",
                    "kmsKeyId": KEY,
                    "deleteOnTermination": "true",
                },
            }
        ],
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 2.0, "httpEndpoint": "enabled"},
        "monitoring": {"enabled": True},
        "tagSpecifications": [{"resourceType": "instance", "tags": TAGS}, {"resourceType": "volume", "tags": TAGS}],
        "ebsOptimized": "true",
        "updateDefaultVersion": True,
        "userData": base64.b64encode(NODE_CONFIG.encode()).decode(),
        "tags": TAGS,
    },
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _RULE,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {
        "securityGroupId": "sg-0a1b2c3d4e5f60718",
        "ipProtocol": "tcp",
        "fromPort": 1018.0,
        "toPort": 1023.0,
        "cidrIpv4": "10.0.0.0/16",
    },
    "aws:eks/cluster:Cluster": {
        "name": "demo",
        "roleArn": ROLE,
        "version": "1.34",
        "vpcConfig": {
            "subnetIds": ["subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"],
            "endpointPrivateAccess": True,
            "endpointPublicAccess": True,
            "publicAccessCidrs": ["198.51.100.0/24"],
        },
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        "bootstrapSelfManagedAddons": False,
        "deletionProtection": True,
        "enabledClusterLogTypes": ["api", "audit", "authenticator"],
        "encryptionConfig": {"provider": {"keyArn": KEY}, "resources": ["secrets"]},
        "kubernetesNetworkConfig": {"ipFamily": "ipv4", "serviceIpv4Cidr": "172.20.0.0/16"},
        "upgradePolicy": {"supportType": "STANDARD"},
        "zonalShiftConfig": {"enabled": True},
        "tags": TAGS,
    },
    "aws:eks/addon:Addon": {
        "clusterName": "demo",
        "addonName": "vpc-cni",
        "addonVersion": "v1.20.4-eksbuild.1",
        "configurationValues": '{"enableNetworkPolicy": "true"}',
        "podIdentityAssociations": [{"roleArn": ROLE, "serviceAccount": "aws-node"}],
        "resolveConflictsOnCreate": "OVERWRITE",
        "resolveConflictsOnUpdate": "PRESERVE",
        "preserve": False,
        "tags": TAGS,
    },
    "aws:eks/accessEntry:AccessEntry": {
        "clusterName": "demo",
        "principalArn": ROLE,
        "type": "STANDARD",
        "kubernetesGroups": ["operators"],
        "tags": TAGS,
    },
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": {
        "clusterName": "demo",
        "principalArn": ROLE,
        "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        "accessScope": {"type": "cluster"},
    },
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": {
        "clusterName": "demo",
        "namespace": "training",
        "serviceAccount": "trainer",
        "roleArn": ROLE,
        "tags": TAGS,
    },
    "aws:eks/nodeGroup:NodeGroup": {
        "clusterName": "demo",
        "nodeGroupName": "p5",
        "nodeRoleArn": ROLE,
        "subnetIds": ["subnet-0a1b2c3d4e5f60718"],
        "scalingConfig": {"minSize": 0.0, "desiredSize": 4.0, "maxSize": 4.0},
        "amiType": "AL2023_x86_64_NVIDIA",
        "capacityType": "CAPACITY_BLOCK",
        "launchTemplate": {"id": "lt-0a1b2c3d4e5f60718", "version": "1"},
        "labels": {"nvidia.com/gpu.present": "true", "vpc.amazonaws.com/efa.present": "true"},
        "taints": [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}],
        "updateConfig": {"maxUnavailable": 1.0},
        "nodeRepairConfig": {
            "enabled": True,
            "maxParallelNodesRepairedCount": 1.0,
            "maxUnhealthyNodeThresholdPercentage": 20.0,
            "nodeRepairConfigOverrides": [
                {
                    "minRepairWaitTimeMins": 10.0,
                    "nodeMonitoringCondition": "AcceleratedHardwareReady",
                    "nodeUnhealthyReason": "NvidiaXID13Error",
                    "repairAction": "Reboot",
                }
            ],
        },
        "tags": TAGS,
    },
    "aws:iam/role:Role": {
        "name": "demo-trainer",
        "description": "Reads the training data",
        "assumeRolePolicy": trust("pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession"),
        "maxSessionDuration": 3600.0,
        "path": "/demo/",
        "tags": TAGS,
    },
    "aws:iam/rolePolicy:RolePolicy": {"name": "read", "role": "demo-trainer", "policy": policy()},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
        "role": "demo-nodes",
        "policyArn": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
    },
    "aws:iam/policy:Policy": {"name": "demo-read", "description": "Reads", "policy": policy(), "tags": TAGS},
    "aws:kms/key:Key": {
        "description": "Data of the demo",
        "enableKeyRotation": True,
        "rotationPeriodInDays": 365.0,
        "deletionWindowInDays": 30.0,
        "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "keyUsage": "ENCRYPT_DECRYPT",
        "policy": KEY_POLICY,
        "tags": TAGS,
    },
    "aws:kms/alias:Alias": {"name": "alias/demo-data", "targetKeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"},
    "aws:fsx/lustreFileSystem:LustreFileSystem": {
        "subnetIds": "subnet-0a1b2c3d4e5f60718",
        "deploymentType": "PERSISTENT_2",
        "storageType": "SSD",
        "storageCapacity": 38400.0,
        "perUnitStorageThroughput": 125.0,
        "efaEnabled": True,
        "metadataConfiguration": {"mode": "USER_PROVISIONED", "iops": 24000.0},
        "dataCompressionType": "LZ4",
        "fileSystemTypeVersion": "2.15",
        "kmsKeyId": KEY,
        "securityGroupIds": ["sg-0a1b2c3d4e5f60718"],
        "logConfiguration": {"level": "WARN_ERROR", "destination": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/fsx/demo"},
        "weeklyMaintenanceStartTime": "7:03:00",
        "skipFinalBackup": True,
        "tags": TAGS,
    },
    "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation": {
        "fileSystemId": "fs-0a1b2c3d4e5f60718",
        "fileSystemPath": "/data",
        "dataRepositoryPath": "s3://demo-data/sets",
        "batchImportMetaDataOnCreate": True,
        "importedFileChunkSize": 1024.0,
        "deleteDataInFilesystem": False,
        "s3": {
            "autoImportPolicy": {"events": ["NEW", "CHANGED", "DELETED"]},
            "autoExportPolicy": {"events": ["NEW"]},
        },
        "tags": TAGS,
    },
    "aws:efs/fileSystem:FileSystem": {
        "encrypted": True,
        "kmsKeyId": KEY,
        "performanceMode": "generalPurpose",
        "throughputMode": "elastic",
        "lifecyclePolicies": [{"transitionToIa": "AFTER_30_DAYS"}, {"transitionToPrimaryStorageClass": "AFTER_1_ACCESS"}],
        "protection": {"replicationOverwrite": "ENABLED"},
        "tags": TAGS,
    },
    "aws:efs/mountTarget:MountTarget": {
        "fileSystemId": "fs-0a1b2c3d4e5f60718",
        "subnetId": "subnet-0a1b2c3d4e5f60718",
        "securityGroups": ["sg-0a1b2c3d4e5f60718"],
    },
    "aws:s3/bucket:Bucket": {"bucket": "demo-data-111122223333", "forceDestroy": False, "tags": TAGS},
    "aws:s3/bucketVersioning:BucketVersioning": {
        "bucket": "demo-data",
        "versioningConfiguration": {"status": "Enabled"},
    },
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
        "bucket": "demo-data",
        "rules": [
            {
                "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
                "bucketKeyEnabled": True,
                "blockedEncryptionTypes": ["SSE-C"],
            }
        ],
    },
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
        "bucket": "demo-data",
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    },
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
        "bucket": "demo-data",
        "rules": [
            {
                "id": "checkpoints",
                "status": "Enabled",
                "filter": {"prefix": "checkpoints/"},
                "transitions": [{"days": 30.0, "storageClass": "STANDARD_IA"}, {"days": 90.0, "storageClass": "GLACIER_IR"}],
                "expiration": {"days": 365.0},
                "noncurrentVersionExpiration": {"noncurrentDays": 30.0},
                "noncurrentVersionTransitions": [{"noncurrentDays": 10.0, "storageClass": "GLACIER_IR"}],
            },
            {
                "id": "parts",
                "status": "Enabled",
                "filter": {"and": {"prefix": "sets/", "objectSizeGreaterThan": 1024.0}},
                "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7.0},
            },
        ],
    },
    "aws:s3/bucketPolicy:BucketPolicy": {"bucket": "demo-data", "policy": BUCKET_POLICY},
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": {
        "bucket": "demo-data",
        "rule": {"objectOwnership": "BucketOwnerEnforced"},
    },
    "aws:cloudwatch/logGroup:LogGroup": {
        "name": "/aws/eks/demo/cluster",
        "retentionInDays": 90.0,
        "kmsKeyId": KEY,
        "logGroupClass": "STANDARD",
        "tags": TAGS,
    },
    "aws:amp/workspace:Workspace": {
        "alias": "demo",
        "kmsKeyArn": KEY,
        "loggingConfiguration": {"logGroupArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/demo/amp:*"},
        "tags": TAGS,
    },
    "aws:autoscaling/schedule:Schedule": {
        "autoscalingGroupName": "eks-p5-0a1b2c3d",
        "scheduledActionName": "block-begins",
        "minSize": 0.0,
        "desiredCapacity": 4.0,
        "maxSize": 4.0,
        "startTime": "2027-01-01T11:30:00Z",
        "endTime": "2027-01-15T11:00:00Z",
    },
    "aws:budgets/budget:Budget": {
        "name": "demo",
        "budgetType": "COST",
        "timeUnit": "MONTHLY",
        "limitAmount": "1250.50",
        "limitUnit": "USD",
        "timePeriodStart": "2027-01-01_00:00",
        "costFilters": [{"name": "TagKeyValue", "values": ["user:factory$demo"]}],
        "costTypes": {"includeTax": False},
        "notifications": [
            {
                "comparisonOperator": "GREATER_THAN",
                "notificationType": "FORECASTED",
                "threshold": 90.0,
                "thresholdType": "PERCENTAGE",
                "subscriberEmailAddresses": ["owner@example.com", "team@example.com"],
                "subscriberSnsTopicArns": [f"arn:aws:sns:us-east-1:{ACCOUNT}:money"],
            }
        ],
        "tags": TAGS,
    },
}
