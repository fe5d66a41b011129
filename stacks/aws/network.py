"""The network: the plan's subnets, their ways out, and the ways to the cloud's services that need none."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from planner.plan import Subnet
from stacks.aws.keys import Keys
from stacks.aws.rules import name_problems, require
from stacks.settings import Settings

__all__ = ["Network", "cluster_subnets"]

_EVERYWHERE = "0.0.0.0/0"
_HTTPS = 443


class Network(pulumi.ComponentResource):
    """Make the plan's network, with everything in private subnets; public ones hold the way out of their zone.

    Zones are named by their ids, which mean the same place in every account. The cloud's services are reached inside the
    network where the plan says so. Nothing comes in from outside, the default security group lets nothing through, and all
    traffic is logged.
    """

    vpc_id: pulumi.Output[str]
    subnet_ids: dict[str, pulumi.Output[str]]
    gpu_zone_name: pulumi.Output[str]

    def __init__(self, name: str, settings: Settings, keys: Keys, opts: pulumi.ResourceOptions | None = None) -> None:
        require(
            [
                *name_problems("security group prefix", f"{settings.plan.name}-endpoints-"),
                *name_problems("role prefix", f"{settings.plan.name}-flow-logs-"),
                *name_problems("log group", _log_name(settings)),
            ]
        )
        super().__init__("groundplan:aws:Network", name, None, opts)
        self._name, self._settings = name, settings
        self._child = pulumi.ResourceOptions(parent=self)
        vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=settings.cloud.network,
            # Endpoints are found by the services' usual names.
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tags("vpc"),
            opts=self._child,
        )
        # Taking the default group over takes its rules away.
        aws.ec2.DefaultSecurityGroup(
            f"{name}-default-security-group", vpc_id=vpc.id, tags=self._tags("default"), opts=self._child
        )
        subnets = {subnet.name: self._subnet(vpc.id, subnet) for subnet in settings.cloud.subnets}
        self.vpc_id = vpc.id
        self.subnet_ids = {each: subnet.id for each, subnet in subnets.items()}
        gpu = next(group.subnets[0] for group in settings.cloud.node_groups if group.role == "gpu")
        self.gpu_zone_name = subnets[gpu].availability_zone
        private_tables = self._routes()
        self._endpoints(private_tables)
        self._flow_log(keys)
        self.register_outputs({"vpc_id": self.vpc_id, "subnet_ids": self.subnet_ids, "gpu_zone_name": self.gpu_zone_name})

    def _tags(self, what: str, **more: str) -> dict[str, str]:
        return self._settings.tags(self._name, Name=f"{self._settings.plan.name}-{what}", **more)

    def _subnet(self, vpc_id: pulumi.Output[str], planned: Subnet) -> aws.ec2.Subnet:
        """Make a subnet; load balancers inside the network go where the cluster is, not among the accelerators."""
        inside = planned.name in cluster_subnets(self._settings)
        return aws.ec2.Subnet(
            f"{self._name}-{planned.name}",
            vpc_id=vpc_id,
            cidr_block=planned.network,
            availability_zone_id=planned.zone,
            map_public_ip_on_launch=False,
            tags=self._tags(planned.name, **({"kubernetes.io/role/internal-elb": "1"} if inside else {})),
            opts=self._child,
        )

    def _routes(self) -> list[pulumi.Output[str]]:
        """Lead public subnets to the internet, private ones to their zone's way out or the first; return the private tables."""
        planned = self._settings.cloud.subnets
        gateway = aws.ec2.InternetGateway(
            f"{self._name}-internet-gateway", vpc_id=self.vpc_id, tags=self._tags("internet-gateway"), opts=self._child
        )
        public_table = self._table("public", [subnet for subnet in planned if subnet.public])
        self._way_out("public", public_table, gateway_id=gateway.id)
        ways_out = {subnet.zone: self._nat(subnet, gateway) for subnet in planned if subnet.public}
        tables = []
        for subnet in planned:
            if not subnet.public:
                table = self._table(subnet.name, [subnet])
                way_out = ways_out.get(subnet.zone) or next(iter(ways_out.values()))
                self._way_out(subnet.name, table, nat_gateway_id=way_out.id)
                tables.append(table)
        return tables

    def _table(self, what: str, subnets: list[Subnet]) -> pulumi.Output[str]:
        """Make a route table for some subnets."""
        table = aws.ec2.RouteTable(f"{self._name}-{what}", vpc_id=self.vpc_id, tags=self._tags(what), opts=self._child)
        for subnet in subnets:
            aws.ec2.RouteTableAssociation(
                f"{self._name}-{subnet.name}",
                route_table_id=table.id,
                subnet_id=self.subnet_ids[subnet.name],
                opts=self._child,
            )
        return table.id

    def _way_out(
        self,
        what: str,
        table_id: pulumi.Output[str],
        gateway_id: pulumi.Output[str] | None = None,
        nat_gateway_id: pulumi.Output[str] | None = None,
    ) -> None:
        """Lead everything that is not inside to a gateway."""
        aws.ec2.Route(
            f"{self._name}-{what}-out",
            route_table_id=table_id,
            destination_cidr_block=_EVERYWHERE,
            gateway_id=gateway_id,
            nat_gateway_id=nat_gateway_id,
            opts=self._child,
        )

    def _nat(self, subnet: Subnet, gateway: aws.ec2.InternetGateway) -> aws.ec2.NatGateway:
        """Make the way out of a public subnet's zone."""
        address = aws.ec2.Eip(f"{self._name}-{subnet.name}", domain="vpc", tags=self._tags(subnet.name), opts=self._child)
        return aws.ec2.NatGateway(
            f"{self._name}-{subnet.name}",
            subnet_id=self.subnet_ids[subnet.name],
            allocation_id=address.id,
            tags=self._tags(subnet.name),
            # AWS refuses one in a network without a gateway.
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[gateway])),
        )

    def _endpoints(self, private_tables: list[pulumi.Output[str]]) -> None:
        """Reach the object store by routes, and the plan's other services by addresses in every zone of the cluster."""
        settings = self._settings
        aws.ec2.VpcEndpoint(
            f"{self._name}-s3",
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{settings.cloud.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=private_tables,
            tags=self._tags("s3"),
            opts=self._child,
        )
        group = aws.ec2.SecurityGroup(
            f"{self._name}-endpoints",
            name_prefix=f"{settings.plan.name}-endpoints-",
            description="Services of the cloud, from inside the network only",
            vpc_id=self.vpc_id,
            tags=self._tags("endpoints"),
            opts=self._child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-endpoints-in",
            security_group_id=group.id,
            cidr_ipv4=settings.cloud.network,
            ip_protocol="tcp",
            from_port=_HTTPS,
            to_port=_HTTPS,
            description="HTTPS from inside the network",
            tags=self._tags("endpoints"),
            opts=self._child,
        )
        for service in settings.cloud.endpoints:
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service}",
                vpc_id=self.vpc_id,
                service_name=f"com.amazonaws.{settings.cloud.region}.{service}",
                vpc_endpoint_type="Interface",
                subnet_ids=[self.subnet_ids[subnet] for subnet in cluster_subnets(settings)],
                security_group_ids=[group.id],
                private_dns_enabled=True,
                tags=self._tags(service),
                opts=self._child,
            )

    def _flow_log(self, keys: Keys) -> None:
        """Log who speaks with whom; the service may write to this group of logs only."""
        settings = self._settings
        log = aws.cloudwatch.LogGroup(
            f"{self._name}-flow-logs",
            name=_log_name(settings),
            retention_in_days=settings.cloud.logs_kept_days,
            kms_key_id=keys.logs_arn,
            tags=self._tags("flow-logs"),
            opts=self._child,
        )
        invoke = pulumi.InvokeOutputOptions(parent=self)
        account = aws.get_caller_identity_output(opts=invoke).account_id
        aws_arn = pulumi.Output.concat("arn:", aws.get_partition_output(opts=invoke).partition)
        flows = pulumi.Output.concat(aws_arn, ":ec2:", settings.cloud.region, ":", account, ":vpc-flow-log/*")
        groups = pulumi.Output.concat(aws_arn, ":logs:", settings.cloud.region, ":", account, ":log-group:*")
        trust = {
            "Sid": "FlowLogs",
            "Effect": "Allow",
            "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": flows}},
        }
        role = aws.iam.Role(
            f"{self._name}-flow-logs",
            name_prefix=f"{settings.plan.name}-flow-logs-",
            description="Flow logs of the network",
            assume_role_policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [trust]}),
            tags=self._tags("flow-logs"),
            opts=self._child,
        )
        writing = {
            "Sid": "Write",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": [log.arn, pulumi.Output.concat(log.arn, ":*")],
        }
        finding = {"Sid": "Find", "Effect": "Allow", "Action": "logs:DescribeLogGroups", "Resource": groups}
        allowed = aws.iam.RolePolicy(
            f"{self._name}-flow-logs",
            role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [writing, finding]}),
            opts=self._child,
        )
        aws.ec2.FlowLog(
            f"{self._name}-flow-log",
            vpc_id=self.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=log.arn,
            iam_role_arn=role.arn,
            tags=self._tags("flow-log"),
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[allowed])),
        )


def cluster_subnets(settings: Settings) -> list[str]:
    """Name the private subnets but the accelerators' own: one in each zone."""
    accelerated = {subnet for group in settings.cloud.node_groups if group.role == "gpu" for subnet in group.subnets}
    return [subnet.name for subnet in settings.cloud.subnets if not subnet.public and subnet.name not in accelerated]


def _log_name(settings: Settings) -> str:
    return f"/aws/vpc/{settings.plan.name}"
