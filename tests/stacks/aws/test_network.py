from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from judged import complaints
from mocks import ENVIRONMENTS, of_kind, only, plan_of, record, renamed, run, settings_of, standing

from planner.plan import CloudPlan
from stacks.aws.network import Network, cluster_subnets
from stacks.aws.rules import InvalidInput
from stacks.expansion import Resource
from stacks.settings import Settings

LOGS_KEY = "arn:aws:kms:us-east-2:111122223333:key/01234567-0123-0123-0123-0123456789ab"


def component(settings: Settings) -> Network:
    return Network("network", settings, standing(logs_arn=LOGS_KEY))


def made(stack: str = "dev", **changes: Any) -> list[Resource]:
    settings = settings_of(stack, **changes)
    return record(lambda: component(settings), stack=stack)


def cloud_of(stack: str) -> CloudPlan:
    cloud = plan_of(stack).cloud
    assert cloud is not None
    return cloud


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_aws_and_the_policy_pack_take_it(stack: str) -> None:
    assert complaints(made(stack), settings_of(stack)) == []


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_subnets_are_the_plans(stack: str) -> None:
    subnets = {each.name: each.inputs for each in of_kind(made(stack), "Subnet")}
    assert {name: (each["cidrBlock"], each["availabilityZoneId"]) for name, each in subnets.items()} == {
        f"network-{subnet.name}": (subnet.network, subnet.zone) for subnet in cloud_of(stack).subnets
    }
    for each in subnets.values():
        # A zone's name means another place in another account.
        assert "availabilityZone" not in each
        assert each["mapPublicIpOnLaunch"] is False
        assert each["vpcId"] == "<network/vpc.id>"
    vpc = only(made(stack), "Vpc").inputs
    assert vpc["cidrBlock"] == cloud_of(stack).network
    assert (vpc["enableDnsSupport"], vpc["enableDnsHostnames"]) == (True, True)


def test_load_balancers_stay_inside_and_away_from_the_accelerators() -> None:
    tagged = {each.name for each in of_kind(made(), "Subnet") if "kubernetes.io/role/internal-elb" in each.inputs["tags"]}
    assert tagged == {"network-cluster-use2-az1", "network-cluster-use2-az2"}


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_private_subnets_leave_by_their_own_zone_or_else_by_the_first(stack: str) -> None:
    resources, cloud = made(stack), cloud_of(stack)
    ways_out = {subnet.zone: subnet.name for subnet in cloud.subnets if subnet.public}
    routes = {each.inputs["routeTableId"]: each.inputs for each in of_kind(resources, "Route")}
    tables = {each.inputs["subnetId"]: each.inputs["routeTableId"] for each in of_kind(resources, "RouteTableAssociation")}
    assert set(tables) == {f"<network/{subnet.name}-subnet.id>" for subnet in cloud.subnets}
    for subnet in cloud.subnets:
        route = routes[tables[f"<network/{subnet.name}-subnet.id>"]]
        assert route["destinationCidrBlock"] == "0.0.0.0/0"
        if subnet.public:
            assert route["gatewayId"] == "<network/internet-gateway.id>"
            assert "natGatewayId" not in route
        else:
            way_out = ways_out.get(subnet.zone, next(iter(ways_out.values())))
            assert route["natGatewayId"] == f"<network/{way_out}-nat-gateway.id>"
            assert "gatewayId" not in route


@pytest.mark.parametrize(("stack", "count"), [("dev", 1), ("staging", 1), ("prod", 3)])
def test_there_is_one_way_out_for_each_public_subnet(stack: str, count: int) -> None:
    resources = made(stack)
    gateways = of_kind(resources, "NatGateway")
    assert len(gateways) == len(of_kind(resources, "Eip")) == count
    for each in gateways:
        where = each.name.removeprefix("network-")
        assert each.inputs["subnetId"] == f"<network/{where}-subnet.id>"
        assert each.inputs["allocationId"] == f"<network/{where}-eip.id>"
        assert each.options["depends_on"] == ["network/internet-gateway"]


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_services_are_reached_inside(stack: str) -> None:
    resources, cloud = made(stack), cloud_of(stack)
    endpoints = {each.inputs["serviceName"]: each.inputs for each in of_kind(resources, "VpcEndpoint")}
    region = "com.amazonaws.us-east-2"
    gateway = endpoints.pop(f"{region}.s3")
    private = [subnet.name for subnet in cloud.subnets if not subnet.public]
    assert gateway["vpcEndpointType"] == "Gateway"
    assert gateway["routeTableIds"] == [f"<network/{subnet}-route-table.id>" for subnet in private]
    assert set(endpoints) == {f"{region}.{service}" for service in cloud.endpoints}
    for each in endpoints.values():
        assert (each["vpcEndpointType"], each["privateDnsEnabled"]) == ("Interface", True)
        assert each["subnetIds"] == [f"<network/{subnet}-subnet.id>" for subnet in private if subnet != "gpu"]
        assert each["securityGroupIds"] == ["<network/endpoints-security-group.id>"]
    # The plan pays for so many.
    paid = next(line.quantity for line in cloud.costs if line.item == "vpc-endpoint-hour")
    assert sum(len(each["subnetIds"]) for each in endpoints.values()) == paid


def test_endpoints_let_in_https_from_the_network_only() -> None:
    resources = made()
    rule = only(resources, "SecurityGroupIngressRule").inputs
    assert rule["securityGroupId"] == "<network/endpoints-security-group.id>"
    assert (rule["cidrIpv4"], rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("10.20.0.0/20", "tcp", 443, 443)
    assert of_kind(resources, "SecurityGroupEgressRule") == []
    assert not {"ingress", "egress"} & set(only(resources, "SecurityGroup").inputs)


def test_the_default_group_has_no_rule() -> None:
    group = only(made(), "DefaultSecurityGroup").inputs
    assert group["vpcId"] == "<network/vpc.id>"
    assert not group.get("ingress")
    assert not group.get("egress")


def test_all_traffic_is_logged_encrypted_and_kept_as_planned() -> None:
    resources = made(cloud={"logs_kept_days": 90})
    log = only(resources, "LogGroup").inputs
    assert log["name"] == "/aws/vpc/groundplan-dev"
    assert (log["kmsKeyId"], log["retentionInDays"]) == (LOGS_KEY, 90)
    flow = only(resources, "FlowLog")
    assert (flow.inputs["vpcId"], flow.inputs["trafficType"]) == ("<network/vpc.id>", "ALL")
    assert flow.inputs["logDestination"] == "<network/flow-logs-log-group.arn>"
    assert flow.inputs["iamRoleArn"] == "<network/flow-logs-role.arn>"
    # The service tries to write when it is told to log.
    assert flow.options["depends_on"] == ["network/flow-logs-role-policy"]


def test_only_flow_logs_of_this_account_write_and_only_to_their_group() -> None:
    resources = made()
    (trust,) = json.loads(only(resources, "Role").inputs["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "<account>"},
        "ArnLike": {"aws:SourceArn": "arn:aws:ec2:us-east-2:<account>:vpc-flow-log/*"},
    }
    allowed = {each["Sid"]: each for each in json.loads(only(resources, "RolePolicy").inputs["policy"])["Statement"]}
    group = "<network/flow-logs-log-group.arn>"
    assert allowed["Write"]["Resource"] == [group, f"{group}:*"]
    assert allowed["Find"]["Action"] == "logs:DescribeLogGroups"


def test_it_tells_its_ids_and_the_accelerators_zone() -> None:
    def program() -> None:
        network = component(settings_of("dev"))
        pulumi.export("vpc", network.vpc_id)
        pulumi.export("subnets", network.subnet_ids)
        pulumi.export("zone", network.gpu_zone_name)

    outputs = run(program).outputs
    assert outputs["vpc"] == "<network/vpc.id>"
    assert outputs["subnets"]["public-use2-az1"] == "<network/public-use2-az1-subnet.id>"
    assert outputs["zone"] == "<network/gpu-subnet.availabilityZone>"


def test_the_clusters_subnets_are_private_and_one_in_each_zone() -> None:
    assert cluster_subnets(settings_of("prod")) == ["cluster-use2-az1", "cluster-use2-az2", "cluster-use2-az3"]


def test_a_name_that_is_too_long_is_told_before_anything_is_made() -> None:
    with pytest.raises(InvalidInput, match="role prefix"):
        record(lambda: component(renamed(settings_of("dev"), "x" * 40)))
