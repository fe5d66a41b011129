from __future__ import annotations

from typing import Any

import pytest
from mocks import BOUGHT, ENVIRONMENTS, plan_of, settings_of

from planner.models.interfaces import efa_layout
from planner.plan import BucketPlan, CapacityBlock, CloudNodeGroup, LustrePlan, NetworkInterface
from stacks.aws.rules import (
    InvalidInput,
    access_problems,
    capacity_problems,
    endpoint_problems,
    group_problems,
    interface_problems,
    lustre_problems,
    name_problems,
    require,
    settings_problems,
    tag_problems,
)

BLOCK = CapacityBlock(starts_at="2027-01-11T11:30:00Z", ends_at="2027-02-08T11:30:00Z", hours_count=672.0, total_usd=None)
ID = "cr-0123456789abcdef0"


def group_of(stack: str = "staging", **changes: Any) -> CloudNodeGroup:
    """Return a stack's group of accelerated machines, changed."""
    cloud = plan_of(stack).cloud
    assert cloud is not None
    return CloudNodeGroup.model_validate({**dict(cloud.node_groups[0]), **changes})


def interfaces(*places: tuple[int, int, str]) -> tuple[NetworkInterface, ...]:
    return tuple(
        NetworkInterface.model_validate({"card": card, "device": device, "kind": kind}) for card, device, kind in places
    )


def lustre(**changes: Any) -> LustrePlan:
    fields: dict[str, Any] = {
        "capacity_gib": 9600,
        "tier": 1000,
        "throughput_gbyte_per_s": 9.375,
        "efa": True,
        "compression": False,
        "metadata_iops": None,
        "subnet": "gpu",
    }
    return LustrePlan.model_validate({**fields, **changes})


def bucket(name: str, path: str | None) -> BucketPlan:
    return BucketPlan(name=name, size_tb=1.0, lustre_path=path, infrequent_after_days=None)


def test_everything_wrong_is_said_at_once() -> None:
    require([])
    with pytest.raises(InvalidInput) as caught:
        require(["first", "second"])
    assert caught.value.problems == ("first", "second")
    assert str(caught.value) == "first\nsecond"
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("kind", "longest"),
    [
        ("bucket prefix", 37),
        ("budget", 100),
        ("cluster", 100),
        ("launch template prefix", 99),
        ("log group", 512),
        ("node group prefix", 37),
        ("placement group", 255),
        ("role prefix", 38),
        ("scheduled action", 255),
        ("security group prefix", 229),
    ],
)
def test_a_name_is_as_long_as_its_kind_may_be(kind: str, longest: int) -> None:
    assert name_problems(kind, "a" * longest) == []
    (problem,) = name_problems(kind, "a" * (longest + 1))
    assert f"has {longest + 1} characters, {longest} are allowed: shorten it by 1" in problem


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("bucket prefix", "factory-data-", "Factory-data-"),
        ("bucket prefix", "0data.", "-data"),
        ("budget", "factory monthly", "factory:monthly"),
        ("cluster", "factory_1", "factory.1"),
        ("cluster", "0factory", "-factory"),
        ("key alias", "alias/factory/data", "factory/data"),
        ("key alias", "alias/awsome", "alias/aws/data"),
        ("launch template prefix", "factory-(1)/", "factory+"),
        ("launch template prefix", "abc", "ab"),
        ("log group", "/aws/eks/factory/cluster", "/aws/eks/factory:cluster"),
        ("node group prefix", "gpu-p5-", "gpu-p5."),
        ("placement group", "factory gpu", "factory\u00e9"),
        ("role prefix", "factory-node@", "factory/node"),
        ("scheduled action", "start", ""),
        ("security group prefix", "efa-sg-", "sg-efa-"),
        ("security group prefix", "efa (all)", "efa|all"),
    ],
)
def test_a_name_has_the_characters_of_its_kind(kind: str, good: str, bad: str) -> None:
    assert name_problems(kind, good) == []
    (problem,) = name_problems(kind, bad)
    assert problem.startswith(f"the {kind} {bad!r} ")


def tags(**more: str) -> dict[str, str]:
    return {**{f"tag{number}": "x" for number in range(49)}, **more}


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        (tags(owner="ml"), tags(owner="ml", more="x"), "51 tags, 50 are allowed: leave 1 out"),
        ({"a" * 128: ""}, {"a" * 129: ""}, "has 129 characters, 1 to 128 are allowed"),
        ({"a": ""}, {"": "a"}, "the tag '' has 0 characters"),
        ({"a": "b" * 256}, {"a": "b" * 257}, "the value of the tag 'a' has 257 characters, 256 are allowed"),
        ({"awsome": ""}, {"AWS:createdBy": ""}, "'AWS:createdBy' begins with aws:"),
        (
            {"cost-center": "a/b:c=d+e@f g_h.i"},
            {"cost-center": "4,711"},
            "the value '4,711' of the tag 'cost-center' holds ','",
        ),
        ({"a_b": "\u00e9\u4e2d5"}, {"a*b": ""}, "the tag 'a*b' holds '*'"),
        ({"Owner": "a", "owned": "b"}, {"Owner": "a", "owner": "b"}, "differ only in case"),
    ],
)
def test_tags_are_what_the_strictest_service_takes(good: dict[str, str], bad: dict[str, str], said: str) -> None:
    assert tag_problems(good) == []
    (problem,) = tag_problems(bad)
    assert said in problem


def test_the_plans_interfaces_are_right() -> None:
    for stack in ENVIRONMENTS:
        assert interface_problems(group_of(stack)) == []


P6_B300 = efa_layout([4] * 17, [False, *[True] * 16])


@pytest.mark.parametrize(
    ("places", "said"),
    [
        (((0, 0, "efa-only"), (1, 0, "efa-only")), "is efa-only: it has no address and may never be primary"),
        (((0, 1, "efa-only"),), "the primary interface is missing"),
        (((0, 0, "interface"), (0, 1, "efa-only"), (1, 1, "efa-only")), "the EFA of card 1 is device 0"),
        (((0, 0, "interface"), (0, 1, "efa-only"), (0, 1, "efa-only")), "card 0 device 1 is given 2 times"),
        ((*P6_B300[:5], *P6_B300[6:]), "RDMA bandwidth is left out: card 5"),
        (((0, 0, "interface"), (0, 2, "efa-only")), "card 0 allows 2 interfaces, devices 0 to 1"),
        (((0, 0, "interface"),), "3200 Gbit/s by EFA are planned, but 0 interfaces for EFA"),
        ((), "0 network interfaces are planned, 1 is needed"),
    ],
)
def test_interfaces_that_would_be_refused_or_leave_bandwidth_out(places: tuple[tuple[int, int, str], ...], said: str) -> None:
    problems = interface_problems(group_of(interfaces=interfaces(*places)))
    assert any(said in problem for problem in problems), problems
    assert all(problem.startswith("gpu (p5.48xlarge): ") for problem in problems)


def test_interfaces_for_efa_need_planned_bandwidth_and_the_other_way_round() -> None:
    tcp = interfaces((0, 0, "interface"))
    assert interface_problems(group_of(interfaces=interfaces(*P6_B300))) == []
    assert interface_problems(group_of(interfaces=tcp, efa_gbit_per_s=0.0)) == []
    (problem,) = interface_problems(group_of(efa_gbit_per_s=0.0))
    assert "0 Gbit/s by EFA are planned, but 32 interfaces" in problem


@pytest.mark.parametrize("source", ["on-demand", "spot"])
def test_a_reservation_is_for_machines_that_come_from_one(source: str) -> None:
    assert capacity_problems(group_of(source=source), None, None, "on") == []
    (problem,) = capacity_problems(group_of(source=source), ID, None, "on")
    assert f"come {source}, which takes no reservation, but {ID} is named" in problem
    assert capacity_problems(group_of(source="reservation"), ID, None, "on") == []
    assert capacity_problems(group_of(source="reservation"), None, None, "off") == []


@pytest.mark.parametrize("wrong", ["cr-1234567", "cr-0123456789ABCDEF0", "i-0123456789abcdef0", "cr-0123456789abcdef01"])
def test_a_reservation_is_named_by_its_id(wrong: str) -> None:
    assert capacity_problems(group_of(), "cr-12345678", None, "on") == []
    (problem,) = capacity_problems(group_of(), wrong, None, "on")
    assert repr(wrong) in problem


def block_group(**changes: Any) -> CloudNodeGroup:
    return group_of(**{"source": "capacity-block", "placement_group": False, **changes})


@pytest.mark.parametrize("mode", ["on", "off", "scheduled"])
def test_a_capacity_block_is_complete(mode: Any) -> None:
    assert capacity_problems(block_group(), ID, BLOCK, mode) == []
    assert "is not named" in "".join(capacity_problems(block_group(), None, BLOCK, mode))
    assert "does not say when" in "".join(capacity_problems(block_group(), ID, None, mode))
    assert "placement group" in "".join(capacity_problems(block_group(placement_group=True), ID, BLOCK, mode))


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "said"),
    [
        ("2027-01-11T11:30:00Z", "2027-01-11T12:00:00Z", "lasts 30 minutes, and machines leave 45 before its end"),
        ("2027-01-11T11:30:00Z", "2027-01-10T11:30:00Z", "lasts -1440 minutes"),
        ("2027-01-11T11:30:00", "2027-01-12T11:30:00Z", "has no time zone"),
        ("2027-01-11T11:30:00Z", "2027-01-11T12:16:00Z", None),
        ("2027-01-11T11:30:00+02:00", "2027-01-11T10:16:00Z", None),
    ],
)
def test_a_capacity_block_lasts_longer_than_what_aws_takes_back(starts_at: str, ends_at: str, said: str | None) -> None:
    block = BLOCK.model_copy(update={"starts_at": starts_at, "ends_at": ends_at})
    problems = capacity_problems(block_group(), ID, block, "scheduled")
    assert said in problems[0] if said else problems == []


@pytest.mark.parametrize("source", ["on-demand", "reservation", "spot"])
def test_only_a_capacity_block_has_a_schedule(source: str) -> None:
    (problem,) = capacity_problems(group_of(source=source), None, None, "scheduled")
    assert f"its machines come {source}" in problem


def test_accelerated_machines_stand_in_one_subnet() -> None:
    for subnets, count in ((("gpu", "cluster-use2-az1"), 2), ((), 0)):
        (problem,) = capacity_problems(group_of(subnets=subnets), None, None, "on")
        assert problem.startswith(f"gpu: stands in {count} subnets, 1 is allowed")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"architecture": "arm64", "accelerator": "neuron"}, "no image of Amazon Linux 2023 for neuron on arm64"),
        ({"accelerator": "none"}, "p5.48xlarge has no accelerator"),
        ({"count": 0}, "0 machines"),
        ({"subnets": ()}, "stands in 0 subnets"),
    ],
)
def test_a_node_group_can_be_made(changes: dict[str, Any], said: str) -> None:
    assert group_problems(group_of()) == []
    (problem,) = group_problems(group_of(**changes))
    assert said in problem


def test_machines_without_accelerators_have_a_role_that_needs_none() -> None:
    assert group_problems(group_of(accelerator="none", role="preparation")) == []


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        (
            {"capacity_gib": 9600},
            {"capacity_gib": 7200},
            "7,200 GiB cannot be ordered at 1000 MB/s per TiB with EFA: the nearest",
        ),
        ({"capacity_gib": 4800}, {"capacity_gib": 2400}, "with EFA: the least is 4,800 GiB"),
        (
            {"efa": False, "capacity_gib": 7200},
            {"efa": False, "capacity_gib": 7300},
            "without EFA: the nearest are 7,200 and 9,600",
        ),
        ({"metadata_iops": 24_000}, {"metadata_iops": 20_000}, "20,000 metadata IOPS cannot be ordered"),
    ],
)
def test_a_file_system_can_be_ordered(good: dict[str, Any], bad: dict[str, Any], said: str) -> None:
    assert lustre_problems(lustre(**good), [], 7) == []
    (problem,) = lustre_problems(lustre(**bad), [], 7)
    assert problem.startswith("lustre: ")
    assert said in problem


@pytest.mark.parametrize(
    ("first", "second"), [("/data", "/data"), ("/data", "/data/in"), ("/data/in", "/data"), ("/", "/data")]
)
def test_linked_folders_do_not_lie_in_each_other(first: str, second: str) -> None:
    (problem,) = lustre_problems(lustre(), [bucket("a", first), bucket("b", second)], 0)
    assert "lie in each other" in problem
    assert lustre_problems(lustre(), [bucket("a", "/data"), bucket("b", "/database"), bucket("c", None)], 0) == []


def test_links_are_few_absolute_and_exclude_backups() -> None:
    eight = [bucket(f"b{number}", f"/b{number}") for number in range(8)]
    assert lustre_problems(lustre(), eight, 0) == []
    assert lustre_problems(lustre(), [*eight, bucket("ninth", "/ninth")], 0) == ["lustre: 9 buckets are linked, 8 are allowed"]
    assert lustre_problems(lustre(), [bucket("a", "data")], 0) == ["lustre: the path 'data' of bucket a does not begin with /"]
    (problem,) = lustre_problems(lustre(), eight[:1], 7)
    assert "backups kept 7 days, but a linked file system has none" in problem


@pytest.mark.parametrize("days", [-1, 91])
def test_backups_are_kept_ninety_days_at_most(days: int) -> None:
    assert lustre_problems(lustre(), [], 90) == []
    assert lustre_problems(lustre(), [], days) == [f"lustre: backups kept {days} days, 0 to 90 are allowed"]


@pytest.mark.parametrize("bad", ["s3", "dynamodb", "com.amazonaws.us-east-2:ec2", "ECR.api"])
def test_endpoints_are_interfaces_named_in_short(bad: str) -> None:
    assert endpoint_problems(["ec2", "ecr.api", "eks-auth"]) == []
    (problem,) = endpoint_problems(["ec2", bad])
    assert bad in problem


def test_an_endpoint_is_made_once() -> None:
    assert endpoint_problems(["ec2", "sts", "ec2"]) == [
        "the endpoint ec2 is named twice, and a network has one private name for it"
    ]


@pytest.mark.parametrize(
    ("bad", "said"),
    [("10.1.0.0/16", "private"), ("172.16.0.0/12", "private"), ("192.168.1.0/24", "private"), ("203.0.113.1/24", "host bits")],
)
def test_networks_that_are_let_in_are_public(bad: str, said: str) -> None:
    assert access_problems(["203.0.113.0/24", "172.32.0.0/16", "2.2.2.2/32"]) == []
    (problem,) = access_problems(["203.0.113.0/24", bad])
    assert said in problem


def test_forty_networks_are_let_in_at_most() -> None:
    networks = [f"203.0.113.{number}/32" for number in range(41)]
    assert access_problems(networks[:40]) == []
    assert access_problems(networks) == ["41 networks reach the cluster's endpoint, 40 are allowed"]


def test_the_environments_have_no_problem() -> None:
    for stack in ENVIRONMENTS:
        bought = BOUGHT.get(stack, {}).get("groundplan:reservationIds", {})
        assert settings_problems(settings_of(stack, reservation_ids=bought)) == []


def test_every_rule_is_asked_for_a_stack_as_a_whole() -> None:
    broken = settings_of(
        "staging",
        cloud={
            "endpoints": ("s3",),
            "api_access": ("10.0.0.0/8",),
            "tags": {"Factory": "x"},
            "buckets": (bucket("checkpoints-of-everything", None),),
            "lustre": lustre(capacity_gib=7200),
            "node_groups": (
                group_of(name="gpu-p6-b300-48xlarge", efa_gbit_per_s=0.0, source="spot", count=0),
                group_of(name="preparation", role="preparation", subnets=(), interfaces=()),
            ),
        },
        reservation_ids={"gpu-p6-b300-48xlarge": ID},
    )
    problems = settings_problems(broken)
    for said in (
        "the endpoint s3",
        "10.0.0.0/8 is private",
        "the tags 'Factory' and 'factory'",
        "the bucket prefix 'groundplan-staging-checkpoints-of-everything-'",
        "7,200 GiB cannot be ordered",
        "the node group prefix 'groundplan-staging-gpu-p6-b300-48xlarge-' has 40",
        "gpu-p6-b300-48xlarge (p5.48xlarge): 0 Gbit/s by EFA",
        "gpu-p6-b300-48xlarge: 0 machines",
        f"come spot, which takes no reservation, but {ID}",
        "preparation: stands in 0 subnets",
    ):
        assert sum(said in problem for problem in problems) == 1, said
    assert len(problems) == 10
