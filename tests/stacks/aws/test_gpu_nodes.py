from __future__ import annotations

from typing import Any, Literal

import pulumi
import pulumi_aws as aws
import pytest
from mocks import of_kind, only, plan_of, record, run, settings_of, standing

from planner.models.interfaces import efa_layout
from planner.plan import CapacityBlock, CloudNodeGroup, NetworkInterface
from stacks.aws.gpu_nodes import GpuNodes
from stacks.aws.rules import InvalidInput
from stacks.expansion import UNKNOWN, Resource
from stacks.settings import Settings

ID = "cr-0123456789abcdef0"
BLOCK = CapacityBlock(starts_at="2027-01-11T11:30:00Z", ends_at="2027-02-08T11:30:00Z", hours_count=672.0, total_usd=None)
Source = Literal["on-demand", "reservation", "capacity-block", "spot"]
SOURCES: tuple[Source, ...] = ("on-demand", "reservation", "capacity-block", "spot")

# Instance type -> its network cards, how many interfaces each allows, and whether card 0 carries EFA.
CARDS = {
    "p4d.24xlarge": (4, 15, True),
    "p5.48xlarge": (32, 2, True),
    "p5e.48xlarge": (32, 2, True),
    "p5en.48xlarge": (16, 4, True),
    "p6-b200.48xlarge": (8, 4, True),
    "p6-b300.48xlarge": (17, 4, False),
    "g6e.48xlarge": (4, 10, True),
    "trn2.48xlarge": (16, 2, True),
}
# How many interfaces AWS's guide lists for each.
INTERFACES_COUNT = {
    "p4d.24xlarge": 5,
    "p5.48xlarge": 33,
    "p5e.48xlarge": 33,
    "p5en.48xlarge": 17,
    "p6-b200.48xlarge": 9,
    "p6-b300.48xlarge": 17,
    "g6e.48xlarge": 5,
    "trn2.48xlarge": 17,
}


def layout_of(instance: str) -> tuple[tuple[int, int, str], ...]:
    cards, allowed, first = CARDS[instance]
    return efa_layout([allowed] * cards, [first, *[True] * (cards - 1)])


def group_of(instance: str = "p5.48xlarge", source: Source = "on-demand", **changes: Any) -> CloudNodeGroup:
    """Return a group of accelerated machines of a type."""
    cloud = plan_of("staging").cloud
    assert cloud is not None
    interfaces = tuple(
        NetworkInterface.model_validate({"card": card, "device": device, "kind": kind})
        for card, device, kind in layout_of(instance)
    )
    given = {
        "instance": instance,
        "source": source,
        "interfaces": interfaces,
        "accelerator": "neuron" if instance.startswith("trn") else "nvidia",
        "placement_group": source != "capacity-block",
        **changes,
    }
    return CloudNodeGroup.model_validate({**dict(cloud.node_groups[0]), **given})


class Standing(pulumi.ComponentResource):
    """A component that others wait for: for its one resource."""

    def __init__(self, kind: str, **attributes: Any) -> None:
        super().__init__(f"test:aws:{kind}", kind.lower())
        aws.ec2.Eip(f"{kind.lower()}-last", opts=pulumi.ResourceOptions(parent=self))
        for name, value in vars(standing(**attributes)).items():
            setattr(self, name, value)


def component(settings: Settings, group: CloudNodeGroup) -> GpuNodes:
    network: Any = Standing("Network", subnet_ids={"gpu": "subnet-gpu", "other": "subnet-2"}, gpu_zone_name="us-east-2a")
    identity: Any = Standing("Identity", node_role_arn="arn:node")
    fabric: Any = Standing("Fabric", security_group_id="sg-efa")
    cluster = standing(cluster_name="cluster-1", security_group_id="sg-cluster", before_nodes=[])
    return GpuNodes(group.name, settings, group, network, standing(cluster_arn="arn:key"), identity, cluster, fabric)


def settings_for(source: Source, *, named: bool = False, mode: str = "on") -> Settings:
    """Return settings of a source: with a capacity block's times and id where there is one."""
    block = BLOCK if source == "capacity-block" else None
    ids = {"gpu": ID} if named or block else {}
    return settings_of("staging", cloud={"capacity_block": block}, reservation_ids=ids, gpu_nodes=mode)


def made(group: CloudNodeGroup | None = None, *, named: bool = False, mode: str = "on") -> list[Resource]:
    given = group or group_of()
    resources = record(lambda: component(settings_for(given.source, named=named, mode=mode), given), stack="staging")
    return [each for each in resources if each.component == given.name]


def template_of(resources: list[Resource]) -> dict[str, Any]:
    return only(resources, "LaunchTemplate").inputs


@pytest.mark.parametrize("instance", CARDS)
def test_every_planned_interface_and_no_other_is_in_all_security_groups(instance: str) -> None:
    given = template_of(made(group_of(instance)))
    found = given["networkInterfaces"]
    places = [(each["networkCardIndex"], each["deviceIndex"], each["interfaceType"]) for each in found]
    assert places == list(layout_of(instance))
    assert len(places) == INTERFACES_COUNT[instance]
    assert places[0] == (0, 0, "interface")
    for each in found:
        assert each["securityGroups"] == ["sg-cluster", "sg-efa"]
        assert each["deleteOnTermination"] == "true"
        assert not {"subnetId", "associatePublicIpAddress", "networkInterfaceId"} & set(each)
    assert "vpcSecurityGroupIds" not in given, "refused beside interfaces"


@pytest.mark.parametrize(
    ("instance", "architecture", "image", "key"),
    [
        ("p5.48xlarge", "x86_64", "AL2023_x86_64_NVIDIA", "nvidia.com/gpu"),
        ("p5.48xlarge", "arm64", "AL2023_ARM_64_NVIDIA", "nvidia.com/gpu"),
        ("trn2.48xlarge", "x86_64", "AL2023_x86_64_NEURON", "aws.amazon.com/neuron"),
    ],
)
def test_image_label_and_taint_are_of_the_accelerator(instance: str, architecture: str, image: str, key: str) -> None:
    group = only(made(group_of(instance, architecture=architecture)), "NodeGroup").inputs
    assert group["amiType"] == image
    assert group["taints"] == [{"key": key, "value": "true", "effect": "NO_SCHEDULE"}]
    assert group["labels"] == {
        "groundplan/role": "gpu",
        "groundplan/group": "gpu",
        f"{key}.present": "true",
        "vpc.amazonaws.com/efa.present": "true",
    }


def test_machines_without_efa_are_not_labelled_so() -> None:
    plain = (NetworkInterface(card=0, device=0, kind="interface"),)
    resources = made(group_of(interfaces=plain, efa_gbit_per_s=0.0, placement_group=False))
    assert "vpc.amazonaws.com/efa.present" not in only(resources, "NodeGroup").inputs["labels"]
    assert of_kind(resources, "PlacementGroup") == []
    assert "placement" not in template_of(resources)
    assert len(template_of(resources)["networkInterfaces"]) == 1


def test_the_group_is_in_the_planned_subnet_and_as_large_as_planned() -> None:
    group = only(made(), "NodeGroup").inputs
    assert group["subnetIds"] == ["subnet-gpu"]
    assert group["nodeGroupNamePrefix"] == "groundplan-staging-gpu-"
    assert group["launchTemplate"] == {"id": "<gpu/launch-template.id>", "version": "1"}
    assert group["nodeRepairConfig"] == {"enabled": True}
    assert group["updateConfig"] == {"maxUnavailable": 1, "updateStrategy": "MINIMAL"}
    assert group["version"] == "1.35"
    assert not {"releaseVersion", "instanceTypes", "diskSize", "remoteAccess"} & set(group)


def test_the_template_names_the_type_the_disk_and_what_the_machine_does_first() -> None:
    template = template_of(made())
    assert template["instanceType"] == "p5.48xlarge"
    assert template["blockDeviceMappings"][0]["ebs"]["volumeSize"] == 300
    assert template["metadataOptions"]["httpTokens"] == "required"
    assert template["metadataOptions"]["httpPutResponseHopLimit"] == 1
    assert template["userData"]
    assert not {"imageId", "iamInstanceProfile"} & set(template)


@pytest.mark.parametrize(
    ("source", "named", "capacity", "market", "target", "kinds"),
    [
        ("on-demand", False, "ON_DEMAND", None, None, {"PlacementGroup"}),
        ("spot", False, "SPOT", None, None, {"PlacementGroup"}),
        ("reservation", False, "ON_DEMAND", None, "<gpu/capacity-reservation.id>", {"PlacementGroup", "CapacityReservation"}),
        ("reservation", True, "ON_DEMAND", None, ID, set()),
        ("capacity-block", True, "CAPACITY_BLOCK", "capacity-block", ID, set()),
    ],
)
def test_machines_come_from_where_the_plan_says(
    source: Source, named: bool, capacity: str, market: str | None, target: str | None, kinds: set[str]
) -> None:
    resources = made(group_of(source=source), named=named)
    assert {each.kind for each in resources} == {"GpuNodes", "LaunchTemplate", "NodeGroup"} | kinds
    template = template_of(resources)
    assert only(resources, "NodeGroup").inputs["capacityType"] == capacity
    assert template.get("instanceMarketOptions") == ({"marketType": market} if market else None)
    wanted = {"capacityReservationTarget": {"capacityReservationId": target}} if target else None
    assert template.get("capacityReservationSpecification") == wanted
    close = {"groupName": "groundplan-staging-gpu"} if "PlacementGroup" in kinds else None
    assert template.get("placement") == close


def test_the_reservation_is_as_large_as_the_group_beside_it_and_for_nobody_else() -> None:
    resources = made(group_of("p5en.48xlarge", "reservation", count=7))
    inputs = {key: value for key, value in only(resources, "CapacityReservation").inputs.items() if key != "tags"}
    assert inputs == {
        "availabilityZone": "us-east-2a",
        "instanceType": "p5en.48xlarge",
        "instanceCount": 7,
        "instancePlatform": "Linux/UNIX",
        "instanceMatchCriteria": "targeted",
        "endDateType": "unlimited",
        "placementGroupArn": "<gpu/placement-group.arn>",
    }
    assert only(resources, "PlacementGroup").inputs["strategy"] == "cluster"
    assert only(resources, "PlacementGroup").inputs["name"] == "groundplan-staging-gpu"


def test_a_reservation_without_a_placement_group_is_in_none() -> None:
    resources = made(group_of(source="reservation", placement_group=False))
    assert "placementGroupArn" not in only(resources, "CapacityReservation").inputs


@pytest.mark.parametrize("source", SOURCES)
def test_all_run_or_none(source: Source) -> None:
    group = group_of(source=source, count=5)
    on, off = (only(made(group, mode=mode), "NodeGroup") for mode in ("on", "off"))
    assert on.inputs["scalingConfig"] == {"minSize": 5, "desiredSize": 5, "maxSize": 5}
    assert off.inputs["scalingConfig"] == {"minSize": 0, "desiredSize": 0, "maxSize": 5}
    for mode, each in (("on", on), ("off", off)):
        assert "ignore_changes" not in each.options
        assert of_kind(made(group, mode=mode), "Schedule") == []


def test_scheduled_machines_come_and_go_with_their_capacity_block() -> None:
    resources = made(group_of(source="capacity-block", count=5), mode="scheduled")
    group = only(resources, "NodeGroup")
    assert group.inputs["scalingConfig"] == {"minSize": 0, "desiredSize": 0, "maxSize": 5}
    assert group.options["ignore_changes"] == ["scalingConfig.desiredSize"]
    scaling = "<gpu/node-group.resources.autoscalingGroups.name>"
    actions = {each.name: each.inputs for each in of_kind(resources, "Schedule")}
    same = {"autoscalingGroupName": scaling, "minSize": -1, "maxSize": -1}
    assert actions == {
        "gpu-start": {
            **same,
            "scheduledActionName": "groundplan-staging-gpu-start",
            "startTime": "2027-01-11T11:30:00Z",
            "desiredCapacity": 5,
        },
        "gpu-stop": {
            **same,
            "scheduledActionName": "groundplan-staging-gpu-stop",
            "startTime": "2027-02-08T10:45:00Z",
            "desiredCapacity": 0,
        },
    }


def test_times_are_told_in_utc() -> None:
    block = BLOCK.model_copy(update={"starts_at": "2027-01-11T13:30:00+02:00"})
    settings = settings_of("staging", cloud={"capacity_block": block}, reservation_ids={"gpu": ID}, gpu_nodes="scheduled")
    resources = record(lambda: component(settings, group_of(source="capacity-block")), stack="staging")
    assert only(resources, "Schedule", "start").inputs["startTime"] == "2027-01-11T11:30:00Z"


def test_another_type_replaces_the_template_and_first_deletes_the_group() -> None:
    resources = made(group_of(source="reservation"))
    assert only(resources, "LaunchTemplate").options["replace_on_changes"] == ["instanceType"]
    assert only(resources, "NodeGroup").options["delete_before_replace"] is True
    for kind in ("LaunchTemplate", "CapacityReservation", "PlacementGroup"):
        assert "delete_before_replace" not in only(resources, kind).options


def test_another_count_does_not_touch_the_template() -> None:
    few, many = (template_of(made(group_of(count=count))) for count in (2, 9))
    assert few == many


def test_machines_wait_for_the_way_out_their_rights_and_the_fabrics_rules() -> None:
    waits_for = set(only(made(), "NodeGroup").options["depends_on"])
    assert waits_for >= {"network/last-eip", "identity/last-eip", "fabric/last-eip"}


@pytest.mark.parametrize("source", SOURCES)
def test_everything_that_can_be_is_labelled(source: Source) -> None:
    mode = "scheduled" if source == "capacity-block" else "on"
    for each in made(group_of(source=source), mode=mode):
        if each.custom and each.kind != "Schedule":
            assert each.parent == "gpu"
            assert (each.inputs["tags"]["component"], each.inputs["tags"]["Name"]) == ("gpu", "groundplan-staging-gpu")
            assert each.inputs["tags"]["managed-by"] == "groundplan"


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("source", SOURCES)
def test_it_tells_its_groups_and_its_reservation(source: Source, known: bool) -> None:
    def program() -> None:
        nodes = component(settings_for(source), group_of(source=source))
        assert nodes.count == 4
        assert (nodes.reservation_id is None) == (source in ("on-demand", "spot"))
        names = [nodes.node_group_name, nodes.auto_scaling_group_name, nodes.reservation_id]
        pulumi.export("names", [name for name in names if name is not None])

    expansion = run(program, stack="staging", known=known)
    assert "None" not in str(expansion.resources)
    reservation = {"reservation": ["<gpu/capacity-reservation.id>" if known else UNKNOWN], "capacity-block": [ID]}
    told = ["<gpu/node-group.nodeGroupName>", "<gpu/node-group.resources.autoscalingGroups.name>"] if known else [UNKNOWN] * 2
    assert expansion.outputs["names"] == told + reservation.get(source, [])


@pytest.mark.parametrize(
    ("group", "settings", "said"),
    [
        (group_of(source="capacity-block"), settings_of("staging", cloud={"capacity_block": BLOCK}), "is not named"),
        (group_of(source="spot"), settings_of("staging", reservation_ids={"gpu": ID}), "takes no reservation"),
        (group_of(), settings_of("staging", gpu_nodes="scheduled"), "for the time of a capacity block"),
        (group_of(subnets=("gpu", "other")), settings_of("staging"), "stands in 2 subnets"),
        (group_of(accelerator="none"), settings_of("staging"), "has no accelerator"),
        (group_of(interfaces=()), settings_of("staging"), "0 network interfaces are planned"),
        (group_of(name="gpu-of-everybody-and-more"), settings_of("staging"), "the node group prefix"),
    ],
)
def test_what_aws_would_refuse_is_refused_before_anything_is_made(group: CloudNodeGroup, settings: Settings, said: str) -> None:
    def program() -> None:
        with pytest.raises(InvalidInput, match=said):
            component(settings, group)

    assert {each.component for each in record(program, stack="staging")} == {"network", "identity", "fabric"}


def test_everything_wrong_is_said_at_once() -> None:
    def program() -> None:
        wrong = group_of(source="spot", subnets=(), count=0)
        with pytest.raises(InvalidInput) as caught:
            component(settings_of("staging", reservation_ids={"gpu": ID}), wrong)
        assert len(caught.value.problems) == 4

    record(program, stack="staging")
