"""Factories in a cloud: what is planned, what each limit says, and laws that any of them keeps."""

from __future__ import annotations

import ipaddress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog import load_catalog
from planner.catalog.records import Instance
from planner.engine import make_plan
from planner.models.lustre import is_legal
from planner.plan import CloudPlan, Plan
from planner.spec import Factory

BASE: dict[str, Any] = {
    "name": "x",
    "site": {"country": "US"},
    "compute": {"nodes": {"p5.48xlarge": 4}},
    "platform": {"management_nodes": {"m7i.2xlarge": 2}},
    "deploy": {"target": "aws", "region": "us-east-2"},
}


def with_(*changes: tuple[str, Any]) -> dict[str, Any]:
    """Change the base by dotted paths; an instance type's own dot is written as a colon."""
    data = deepcopy(BASE)
    for path, value in changes:
        parts = [part.replace(":", ".") for part in path.split(".")]
        place = data
        for part in parts[:-1]:
            place = place.setdefault(part, {})
        place[parts[-1]] = value
    return data


def planned(*changes: tuple[str, Any]) -> tuple[Plan, CloudPlan]:
    catalog = load_catalog()
    plan = make_plan(Factory.model_validate(with_(*changes), context={"ids": catalog.ids()}), catalog)
    assert plan.cloud is not None
    return plan, plan.cloud


# type -> (interfaces, EFA interfaces) as AWS documents them, and the accelerators
LAYOUTS = {
    "p4d.24xlarge": (5, 4, 8),
    "p5.48xlarge": (33, 32, 8),
    "p5e.48xlarge": (33, 32, 8),
    "p5en.48xlarge": (17, 16, 8),
    "p6-b200.48xlarge": (9, 8, 8),
    "p6-b300.48xlarge": (17, 16, 8),
    "g6e.48xlarge": (5, 4, 8),
    "trn2.48xlarge": (17, 16, 16),
}


@pytest.mark.parametrize("instance", LAYOUTS)
def test_interfaces_are_the_published_ones(instance: str) -> None:
    plan, cloud = planned(("compute.nodes", {instance: 3}))
    interfaces, efa, gpus = LAYOUTS[instance]
    (group,) = (each for each in cloud.node_groups if each.role == "gpu")
    slots = [(each.card, each.device, each.kind) for each in group.interfaces]
    assert len(slots) == interfaces
    assert sum(kind == "efa-only" for _, _, kind in slots) == efa
    assert slots[0] == (0, 0, "interface")
    assert plan.compute.gpus == 3 * gpus
    assert not plan.has_error()


def test_the_first_card_of_b300_carries_no_efa() -> None:
    _, cloud = planned(("compute.nodes", {"p6-b300.48xlarge": 1}))
    slots = [(each.card, each.device) for each in cloud.node_groups[0].interfaces if each.kind == "efa-only"]
    assert slots == [(card, 0) for card in range(1, 17)]


BROKEN = {
    "a zone of another region": (("deploy.zones", ["use1-az1", "use2-az1"]), "zone", "deploy.zones.use1-az1"),
    "GPUs elsewhere": (
        ("deploy", {**BASE["deploy"], "zones": ["use2-az1", "use2-az2"], "gpu_zone": "use2-az3"}),
        "zone",
        "deploy.gpu_zone",
    ),
    "another country": (("site.country", "DE"), "country", "site.country"),
    "a country that is not allowed": (("sovereignty.allowed_countries", ["DE"]), "country-not-allowed", "deploy.region"),
    "no block of this type": (
        ("compute.nodes", {"g6e.48xlarge": 1}, "deploy.capacity", {"source": "capacity-block"}),
        "not-sold",
        "compute.nodes.g6e.48xlarge.source",
    ),
    "a block without days": (("deploy.capacity", {"source": "capacity-block"}), "block-days", "deploy.capacity.starts_on"),
    "fifteen days": (
        ("deploy.capacity", {"source": "capacity-block", "starts_on": "2027-01-01", "ends_on": "2027-01-16"}),
        "block-days",
        "deploy.capacity.ends_on",
    ),
    "a block that ends before it begins": (
        ("deploy.capacity", {"source": "capacity-block", "starts_on": "2027-01-02", "ends_on": "2027-01-01"}),
        "block-days",
        "deploy.capacity.ends_on",
    ),
    "65 machines in a block": (
        (
            "compute.nodes",
            {"p5.48xlarge": 65},
            "deploy.capacity",
            {"source": "capacity-block", "starts_on": "2027-01-01", "ends_on": "2027-01-08"},
        ),
        "block-size",
        "compute.nodes.p5.48xlarge",
    ),
    "a long name": (("name", "a" * 21), "name-length", "name"),
    "a long name of a group": (
        ("name", "a" * 20, "compute.nodes", {"p6-b300.48xlarge": 1, "p5.48xlarge": 1}),
        "name-length",
        "name.gpu-p6-b300-48xlarge",
    ),
    "nothing for the cluster's services": (("platform", {}), "no-management", "platform.management_nodes"),
    "a CPU type for GPUs": (("compute.nodes", {"m7i.2xlarge": 1}), "wrong-kind", "compute.nodes.m7i.2xlarge"),
    "GPUs for management": (
        ("platform.management_nodes", {"p5.48xlarge": 1}),
        "wrong-kind",
        "platform.management_nodes.p5.48xlarge",
    ),
    "metadata operations that are not sold": (
        ("storage.lustre", {"metadata_iops": 5000}),
        "metadata-iops",
        "storage.lustre.metadata_iops",
    ),
    "a folder of no file system": (
        ("storage.buckets", {"data": {"size_tb": 1.0, "lustre_path": "/data"}}),
        "no-file-system",
        "storage.buckets.data.lustre_path",
    ),
    "one folder for two buckets": (
        ("storage", {"lustre": {}, "buckets": {b: {"size_tb": 1.0, "lustre_path": "/d"} for b in ("a", "b")}}),
        "no-file-system",
        "storage.buckets.b.lustre_path",
    ),
    "nine linked buckets": (
        ("storage", {"lustre": {}, "buckets": {f"b{n}": {"size_tb": 1.0, "lustre_path": f"/b{n}"} for n in range(9)}}),
        "links",
        "storage.buckets",
    ),
    "a budget held against an unknown price": (
        ("compute.nodes", {"trn2.48xlarge": 4}, "budget.monthly_usd", 1e9),
        "no-price",
        "catalog.cloud_prices.trn2.48xlarge.on-demand",
    ),
    "a small network": (("deploy.network", "10.0.0.0/22"), "network-size", "deploy.network"),
    "a quota that was granted": (("deploy.quotas", {"l-417a185b": 767}), "quota", "deploy.quotas.l-417a185b"),
    "a small budget": (("budget.monthly_usd", 1000.0), "budget", "budget.monthly"),
    "an excluded maker": (("sovereignty.excluded_vendors", ["NVIDIA"]), "excluded-vendor", "compute.nodes.p5.48xlarge.gpu"),
    "a version without add-ons": (("deploy.kubernetes_version", "1.10"), "no-addons", "deploy.kubernetes_version"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_limit_is_an_error_that_says_how_to_mend_it(case: str) -> None:
    change, code, path = BROKEN[case]
    changes = list(zip(change[::2], change[1::2], strict=True))
    plan, _ = planned(*changes)
    found = [each for each in plan.findings if (each.code, each.path) == (code, path)]
    assert [each.severity for each in found] == ["error"], [(each.code, each.path) for each in plan.findings]
    assert found[0].hint


def test_the_base_itself_breaks_nothing() -> None:
    plan, _ = planned()
    assert not plan.has_error()


WARNED = {
    "a hall": ("hall", {"racks": 10}),
    "a feed": ("site.grid_feed_kw", 1000.0),
    "fabrics": ("fabrics", {"compute": {"tiers": 2}}),
    "power": ("power", {"ups": "ups-double-conversion"}),
    "cooling": ("cooling", {"air": "air-dx"}),
    "a duty": ("workloads", {"duty_fraction": 0.5}),
    "capex": ("budget.capex_usd", 1e6),
    "storage systems": ("storage.systems", {"ddn-ai400x2": 1}),
    "days without a block": ("deploy.capacity", {"starts_on": "2027-01-01"}),
    "a term on spot": ("deploy.capacity", {"source": "spot", "commitment_years": 1}),
    "a quota of others": ("deploy.quotas", {"l-2c3b7624": 10}),
}


@pytest.mark.parametrize("case", WARNED)
def test_what_changes_nothing_is_said(case: str) -> None:
    plan, _ = planned(WARNED[case])
    assert [each.severity for each in plan.findings if each.code == "not-used"] == ["warning"]


KNOBS = {
    "zones": ("deploy.zones", ["use2-az2", "use2-az3"]),
    "GPU zone": ("deploy.gpu_zone", "use2-az2"),
    "network": ("deploy.network", "10.9.0.0/16"),
    "ways out": ("deploy.nat", "per-zone"),
    "access": ("deploy.api_access", ["203.0.113.0/24"]),
    "version": ("deploy.kubernetes_version", "1.33"),
    "tags": ("deploy.tags", {"owner": "me"}),
    "reservation": ("deploy.capacity", {"source": "reservation"}),
    "spot": ("deploy.capacity", {"source": "spot"}),
    "term": ("deploy.capacity", {"commitment_years": 3}),
    "quota": ("deploy.quotas", {"l-417a185b": 800}),
    "file system": ("storage.lustre", {}),
    "capacity": ("storage.lustre", {"capacity_gib": 5000.0}),
    "throughput": ("storage.lustre", {"throughput_gbyte_per_s": 5.0}),
    "tier": ("storage.lustre", {"tier": 1000}),
    "EFA": ("storage.lustre", {"efa": True}),
    "compression": ("storage.lustre", {"compression": True}),
    "metadata": ("storage.lustre", {"metadata_iops": 12000}),
    "homes": ("storage.efs_tb", 1.0),
    "bucket": ("storage.buckets", {"data": {"size_tb": 1.0}}),
    "age": ("storage.buckets", {"data": {"size_tb": 1.0, "infrequent_after_days": 30}}),
    "preparation": ("platform.preparation_nodes", {"c7i.8xlarge": 1}),
    "budget": ("budget.monthly_usd", 1e6),
}


@pytest.mark.parametrize("case", KNOBS)
def test_every_knob_changes_what_is_provisioned(case: str) -> None:
    _, plain = planned()
    _, changed = planned(KNOBS[case])
    assert changed != plain


def test_more_lustre_knobs_than_the_smallest() -> None:
    """Each knob of the file system changes it, not only that there is one."""
    seen = {
        str(planned(KNOBS[case])[1].lustre) for case in ("file system", "capacity", "tier", "EFA", "compression", "metadata")
    }
    assert len(seen) == 6


def test_the_month_adds_up() -> None:
    plan, cloud = planned(("storage.lustre", {}), ("storage.efs_tb", 2.0))
    assert cloud.monthly_usd == pytest.approx(sum(line.monthly_usd for line in cloud.costs))
    for line in cloud.costs:
        assert line.price_usd is not None, line.item
        hours = 730 if line.per == "hour" else 1
        assert line.monthly_usd == pytest.approx(line.quantity * line.price_usd * hours)
        assert line.source_url
        assert line.retrieved_on
    assert plan.cost.capex_usd == 0


def test_a_block_is_paid_for_its_hours() -> None:
    days = {"source": "capacity-block", "starts_on": "2027-01-04", "ends_on": "2027-01-11"}
    _, cloud = planned(("deploy.capacity", days))
    (line,) = (each for each in cloud.costs if each.option == "capacity-block")
    assert cloud.capacity_block is not None
    assert line.price_usd is not None
    assert cloud.capacity_block.hours_count == 168
    assert cloud.capacity_block.total_usd == pytest.approx(168 * 4 * line.price_usd)
    assert line.monthly_usd == pytest.approx(168 * 4 * line.price_usd)
    assert (cloud.capacity_block.starts_at, cloud.capacity_block.ends_at) == ("2027-01-04T11:30:00Z", "2027-01-11T11:30:00Z")
    needed = {quota.code: quota.needed_count for quota in cloud.quotas}
    assert "l-417a185b" not in needed, "a block does not draw on the quota of what is on demand"
    assert needed["l-da6814f2"] == 4 * 192


def test_metadata_operations_cost_beyond_those_included() -> None:
    """1,500 come with 1,200 GiB: 3,000 ordered are billed as 1,500."""
    lines = [
        [line.quantity for line in planned(("storage.lustre", {"metadata_iops": iops}))[1].costs if "iops" in line.item]
        for iops in (1500, 3000)
    ]
    assert lines == [[], [1500]]


def test_a_term_is_cheaper_than_none() -> None:
    costs = [planned(("deploy.capacity", {"commitment_years": years}))[1].monthly_usd for years in (0, 1, 3)]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > costs[2]


def test_a_new_account_is_told_what_to_ask_for() -> None:
    plan, _ = planned()
    (asked,) = (each for each in plan.findings if each.path == "deploy.quotas.l-417a185b")
    assert asked.severity == "warning"
    assert "L-417A185B" in asked.message
    assert "768 vcpus needed, a new account has 0" in asked.message
    granted, _ = planned(("deploy.quotas", {"l-417a185b": 768}))
    (full,) = (each for each in granted.findings if each.path == "deploy.quotas.l-417a185b")
    assert (full.severity, full.code) == ("warning", "quota"), "used up to the last, which is said"


@given(
    nodes=st.integers(1, 300),
    management=st.integers(1, 20),
    capacity_gib=st.one_of(st.none(), st.floats(1, 500_000)),
    throughput=st.one_of(st.none(), st.floats(0.1, 200)),
    tier=st.sampled_from([None, 125, 250, 500, 1000]),
    efa=st.booleans(),
    zones=st.sampled_from([["use2-az1", "use2-az2"], ["use2-az3", "use2-az1", "use2-az2"]]),
    nat=st.sampled_from(["one", "per-zone"]),
)
def test_any_cloud_factory_is_legal(
    nodes: int,
    management: int,
    capacity_gib: float | None,
    throughput: float | None,
    tier: int | None,
    efa: bool,
    zones: list[str],
    nat: str,
) -> None:
    asked = {"capacity_gib": capacity_gib, "throughput_gbyte_per_s": throughput, "tier": tier, "efa": efa}
    plan, cloud = planned(
        ("compute.nodes", {"p5.48xlarge": nodes}),
        ("platform.management_nodes", {"m7i.2xlarge": management}),
        ("storage.lustre", {key: value for key, value in asked.items() if value is not None}),
        ("deploy.zones", zones),
        ("deploy.nat", nat),
    )
    assert cloud.lustre is not None
    assert is_legal(cloud.lustre.capacity_gib, cloud.lustre.tier, cloud.lustre.efa)
    assert cloud.lustre.capacity_gib >= (capacity_gib or 0)
    assert cloud.lustre.throughput_gbyte_per_s >= (throughput or 0) * (1 - 1e-12)
    assert not plan.has_error()
    networks = [ipaddress.ip_network(subnet.network) for subnet in cloud.subnets]
    whole = ipaddress.ip_network(cloud.network)
    assert all(part.subnet_of(whole) for part in networks)
    assert not any(a.overlaps(b) for number, a in enumerate(networks) for b in networks[:number])
    assert all(subnet.addresses_usable_count >= subnet.addresses_needed_count for subnet in cloud.subnets)
    assert [(each.name, each.network) for each in cloud.subnets] == [
        (each.name, each.network) for each in planned(("deploy.zones", zones), ("deploy.nat", nat))[1].subnets
    ], "subnets do not move when something else changes"
    (gpu,) = (subnet for subnet in cloud.subnets if subnet.name == "gpu")
    assert gpu.zone == cloud.gpu_zone == zones[0]
    assert all(name in {subnet.name for subnet in cloud.subnets} for group in cloud.node_groups for name in group.subnets)
    assert Plan.from_json(plan.to_json()) == plan


@given(nodes=st.integers(1, 200), more=st.integers(1, 50))
def test_more_nodes_never_need_less(nodes: int, more: int) -> None:
    _, small = planned(("compute.nodes", {"p5.48xlarge": nodes}))
    _, large = planned(("compute.nodes", {"p5.48xlarge": nodes + more}))
    assert large.monthly_usd > small.monthly_usd
    before = {quota.code: quota.needed_count for quota in small.quotas}
    assert all(quota.needed_count >= before[quota.code] for quota in large.quotas)
    needed = [[each.addresses_needed_count for each in cloud.subnets] for cloud in (small, large)]
    assert all(after >= before for before, after in zip(*needed, strict=True))


@pytest.mark.parametrize(
    "change",
    [("budget.monthly_usd", 300_000.0), ("deploy.quotas", {"l-417a185b": 192 * 7}), ("deploy.network", "10.0.0.0/20")],
)
def test_what_binds_is_the_first_to_break(change: tuple[str, Any]) -> None:
    plan, _ = planned(change)
    binding = plan.binding_constraint
    assert binding is not None
    most = binding.largest_nodes_count
    assert most >= 1
    kept, _ = planned(change, ("compute.nodes", {"p5.48xlarge": most}))
    assert not kept.has_error()
    broken, _ = planned(change, ("compute.nodes", {"p5.48xlarge": most + 1}))
    assert (binding.code, binding.path) in {(each.code, each.path) for each in broken.findings if each.severity == "error"}


def test_an_instance_type_is_got_or_refused_through_every_source() -> None:
    """No type is sold through a source that the catalog denies it, and none is refused that it allows."""
    for row in load_catalog().all(Instance):
        if row.accelerator == "none":
            continue
        for source, sold in (("on-demand", row.on_demand), ("spot", row.spot), ("capacity-block", row.capacity_block)):
            days = {"starts_on": "2027-01-01", "ends_on": "2027-01-02"} if source == "capacity-block" else {}
            plan, _ = planned(("compute.nodes", {row.id: 1}), ("deploy.capacity", {"source": source, **days}))
            assert any(each.code == "not-sold" for each in plan.findings) is not sold, (row.id, source)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("compute.nodes", {"dgx-h100": 1}), "no instance type"),
        (("deploy", {"target": "aws"}), "needs its region"),
        (("deploy", {"region": "us-east-2"}), "is an instance type"),
        (("deploy.api_access", ["0.0.0.0/0"]), "lets 4,294,967,296 addresses in"),
        (("deploy.network", "8.8.0.0/16"), "is not a private network"),
        (("deploy.network", "10.0.0.1/16"), "is no IPv4 network"),
        (("deploy.network", "10.0.0.0/8"), "must have a prefix"),
        (("deploy.zones", ["use2-az1"]), "at least 2"),
        (("deploy.zones", ["use2-az1", "use2-az1"]), "named more than once"),
        (("deploy.api_access", ["10.0.0.0/8"]), "is private"),
        (("deploy.api_access", ["203.0.113.0/24", "203.0.113.0/24"]), "named more than once"),
        (("deploy.tags", {f"t{number}": "x" for number in range(45)}), "44 leave room"),
        (("deploy.tags", {"Owner": "a", "owner": "b"}), "differ only in case"),
        (("deploy.tags", {"Component": "a"}), "is set by others"),
        (("sovereignty.allowed_countries", []), "at least 1"),
        (("storage.buckets", {"data": {"size_tb": 1.0, "lustre_path": "/.."}}), "match pattern"),
        (("storage.buckets", {"a" * 16: {"size_tb": 1.0}}), "match pattern"),
        (("deploy.tags", {"aws:x": "1"}), "is set by others"),
        (("deploy.tags", {"factory": "1"}), "is set by others"),
        (("deploy.capacity", {"starts_on": "tomorrow"}), "is not a date"),
        (("storage.buckets", {"Data": {"size_tb": 1.0}}), "match pattern"),
    ],
)
def test_input_that_no_cloud_takes_is_refused(change: tuple[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        planned(change)
    assert words in str(refused.value)


@pytest.mark.parametrize("network", ["10.0.0.0/16", "10.0.0.0/22"])
@pytest.mark.parametrize("zones", range(2, 7))
@pytest.mark.parametrize("nat", ["one", "per-zone"])
def test_every_network_has_room_for_its_subnets(network: str, zones: int, nat: str) -> None:
    """However small the network and many the zones, the subnets are there; whether they hold enough is another question."""
    ids = [f"use2-az{number}" for number in range(1, zones + 1)]
    _, cloud = planned(("deploy.network", network), ("deploy.zones", ids), ("deploy.nat", nat))
    assert len(cloud.subnets) == 1 + zones + (zones if nat == "per-zone" else 1)


def test_a_hall_takes_no_settings_of_a_cloud() -> None:
    data = {"name": "x", "site": {"country": "US"}, "compute": {"nodes": {"dgx-h100": 1}}, "deploy": {"nat": "one"}}
    with pytest.raises(ValueError, match=r"nat: only a cloud has this"):
        Factory.model_validate(data)
