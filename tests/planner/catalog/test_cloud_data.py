"""The cloud's rows agree with each other and with what is known of the machines: cards, zones, prices, quotas, add-ons."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from planner.catalog import load_catalog
from planner.catalog.records import CloudAddon, CloudPrice, CloudQuota, CloudRegion, Instance, NetworkCard
from planner.errors import InputErrors

CATALOG = load_catalog()
INSTANCES = CATALOG.all(Instance)
CARDS = CATALOG.all(NetworkCard)
PRICES: dict[tuple[str, str, str], CloudPrice] = {(row.item, row.region, row.option): row for row in CATALOG.all(CloudPrice)}
US = ("us-east-1", "us-east-2", "us-west-2")

# most EFA devices that the provider allows on a machine
EFA_MAX = {
    "p4d.24xlarge": 4,
    "p5.4xlarge": 1,
    "p5.48xlarge": 32,
    "p5e.48xlarge": 32,
    "p5en.48xlarge": 16,
    "p6-b200.48xlarge": 8,
    "p6-b300.48xlarge": 16,
    "g6e.8xlarge": 1,
    "g6e.12xlarge": 1,
    "g6e.24xlarge": 2,
    "g6e.48xlarge": 4,
    "g7e.48xlarge": 4,
    "trn2.48xlarge": 16,
}
# machines without an on-demand list price: sold in blocks and by agreement only, or not in that region
UNLISTED = {
    "us-east-2": {"p5e.48xlarge", "trn2.48xlarge", "p6-b300.48xlarge"},
    "us-west-2": {"p5e.48xlarge", "trn2.48xlarge"},
}
SERVICES = {
    "eks-cluster": "hour",
    "nat-gateway-hour": "hour",
    "nat-gateway-gb": "gb",
    "vpc-endpoint-hour": "hour",
    "fsx-lustre-persistent-2-ssd-125": "gb-month",
    "fsx-lustre-persistent-2-ssd-250": "gb-month",
    "fsx-lustre-persistent-2-ssd-500": "gb-month",
    "fsx-lustre-persistent-2-ssd-1000": "gb-month",
    "fsx-lustre-metadata-iops": "month",
    "efs-standard": "gb-month",
    "s3-standard": "gb-month",
    "s3-standard-infrequent": "gb-month",
    "s3-glacier-instant": "gb-month",
    "ebs-gp3": "gb-month",
    "kms-key": "month",
    "cloudwatch-logs-ingest": "gb",
    "cloudwatch-logs-stored": "gb-month",
    "prometheus-ingest": "million",
}


def cards_of(instance: str) -> list[NetworkCard]:
    return sorted((card for card in CARDS if card.instance == instance), key=lambda card: card.card_first_index)


def price(item: str, region: str, option: str) -> float:
    return PRICES[item, region, option].price_usd


@pytest.mark.parametrize("instance", INSTANCES, ids=lambda row: row.id)
def test_cards_run_from_0_without_gap_or_overlap(instance: Instance) -> None:
    cards = cards_of(instance.id)
    assert cards
    covered = [index for card in cards for index in range(card.card_first_index, card.card_last_index + 1)]
    assert covered == list(range(len(covered)))
    assert all(card.card_first_index <= card.card_last_index for card in cards)


@pytest.mark.parametrize(("instance", "efa_max"), EFA_MAX.items())
def test_as_many_cards_take_an_efa_device_as_the_provider_allows(instance: str, efa_max: int) -> None:
    assert sum(card.card_last_index - card.card_first_index + 1 for card in cards_of(instance) if card.efa) == efa_max


@pytest.mark.parametrize("instance", INSTANCES, ids=lambda row: row.id)
def test_the_cards_that_carry_the_traffic_add_up_to_the_machine(instance: Instance) -> None:
    cards = cards_of(instance.id)
    fabric = [card for card in cards if card.efa] or cards
    total = sum(card.gbit_per_s * (card.card_last_index - card.card_first_index + 1) for card in fabric)
    assert total == pytest.approx(instance.network_gbit_per_s)


def test_the_first_card_of_p6_b300_has_no_efa_and_every_other_first_card_of_an_efa_machine_has() -> None:
    without = {row.id for row in INSTANCES if any(card.efa for card in cards_of(row.id)) and not cards_of(row.id)[0].efa}
    assert without == {"p6-b300.48xlarge"}


@pytest.mark.parametrize("region", CATALOG.all(CloudRegion), ids=lambda row: row.id)
def test_the_zones_of_a_region_are_its_own(region: CloudRegion) -> None:
    area, side, number = region.id.split("-")
    short = "".join(word[0] for word in re.findall("north|south|east|west|central", side))  # us-east-2 is use2
    zones = region.zone_ids.split()
    assert len(zones) >= 3
    assert len(set(zones)) == len(zones)
    assert all(re.fullmatch(f"{area}{short}{number}-az[1-9]", zone) for zone in zones)


def test_each_price_stands_once_and_is_named_by_what_it_is_for() -> None:
    rows = CATALOG.all(CloudPrice)
    assert max(Counter((row.item, row.region, row.option) for row in rows).values()) == 1
    assert [row.id for row in rows if row.id != f"{row.item}-{row.region}-{row.option}"] == []
    known = {row.id for row in INSTANCES}
    for row in rows:
        assert row.item in known or row.item in SERVICES, row.id
        assert row.per == SERVICES.get(row.item, "hour"), row.id
        assert row.price_usd > 0, row.id


@pytest.mark.parametrize("region", UNLISTED)
def test_every_machine_that_is_listed_on_demand_has_its_price(region: str) -> None:
    missing = {row.id for row in INSTANCES if (row.id, region, "on-demand") not in PRICES}
    assert missing == UNLISTED[region]


@pytest.mark.parametrize("region", US)
def test_every_service_has_a_price(region: str) -> None:
    assert {item for item in SERVICES if (item, region, "on-demand") not in PRICES} == set()


def test_blocks_are_priced_where_they_are_sold_and_only_for_machines_sold_so() -> None:
    sold = {row.id for row in INSTANCES if row.capacity_block}
    assert {item for item, _, option in PRICES if option == "capacity-block"} == sold
    assert {item for item, region, option in PRICES if option == "capacity-block" and region == "us-east-2"} == sold - {
        "p6-b300.48xlarge"
    }


@pytest.mark.parametrize("key", [key for key in PRICES if key[2] == "capacity-block"], ids="-".join)
def test_a_block_costs_a_sane_sum_a_gpu_and_less_than_on_demand(key: tuple[str, str, str]) -> None:
    item, region, option = key
    per_gpu_usd = price(item, region, option) / CATALOG.get(Instance, item).gpus_count
    assert 1.0 < per_gpu_usd < 20.0  # an A100 and a Trainium2 are cheapest, a B300 is dearest
    if (item, region, "on-demand") in PRICES:
        assert price(item, region, option) < price(item, region, "on-demand")


def test_newer_gpus_cost_more_in_a_block() -> None:
    order = ["p4d.24xlarge", "p5.48xlarge", "p5e.48xlarge", "p5en.48xlarge", "p6-b200.48xlarge"]
    usd = [price(item, "us-east-2", "capacity-block") for item in order]
    assert usd == sorted(usd)
    assert price("p6-b200.48xlarge", "us-west-2", "capacity-block") < price("p6-b300.48xlarge", "us-west-2", "capacity-block")


@pytest.mark.parametrize("option", ["reserved-1y", "reserved-3y", "spot"])
def test_commitment_and_spot_cost_less_than_on_demand(option: str) -> None:
    keys = [(item, region) for item, region, other in PRICES if other == option]
    assert keys
    for item, region in keys:
        assert price(item, region, option) < price(item, region, "on-demand"), (item, region)
        assert price(item, region, option) > 0.2 * price(item, region, "on-demand"), (item, region)


def test_three_years_cost_less_than_one() -> None:
    both = [
        (item, region) for item, region, option in PRICES if option == "reserved-3y" and (item, region, "reserved-1y") in PRICES
    ]
    assert both
    assert all(price(*key, "reserved-3y") < price(*key, "reserved-1y") for key in both)


def test_sizes_of_a_family_cost_in_proportion() -> None:
    for region in US:
        assert price("m7i.4xlarge", region, "on-demand") == pytest.approx(4 * price("m7i.xlarge", region, "on-demand"))
        assert price("c7i.24xlarge", region, "on-demand") == pytest.approx(3 * price("c7i.8xlarge", region, "on-demand"))
        assert price("p5.48xlarge", region, "on-demand") == pytest.approx(8 * price("p5.4xlarge", region, "on-demand"))
        assert price("g6e.48xlarge", region, "on-demand") == pytest.approx(2 * price("g6e.24xlarge", region, "on-demand"))


def test_faster_storage_costs_more() -> None:
    for region in US:
        tiers = [price(f"fsx-lustre-persistent-2-ssd-{tier}", region, "on-demand") for tier in (125, 250, 500, 1000)]
        assert tiers == sorted(set(tiers))
        colder = [price(f"s3-{kept}", region, "on-demand") for kept in ("glacier-instant", "standard-infrequent", "standard")]
        assert colder == sorted(set(colder))


@pytest.mark.parametrize("instance", INSTANCES, ids=lambda row: row.id)
def test_the_quotas_of_a_machine_exist_and_count_virtual_cpus(instance: Instance) -> None:
    quota = CATALOG.get(CloudQuota, instance.quota_on_demand)
    assert (quota.service, quota.unit) == ("ec2", "vcpus")
    assert quota.name.startswith("Running On-Demand")
    assert bool(instance.quota_spot) == instance.spot
    if instance.quota_spot:
        spot = CATALOG.get(CloudQuota, instance.quota_spot)
        assert (spot.service, spot.unit) == ("ec2", "vcpus")
        assert spot.name.endswith("Spot Instance Requests")
    family = {"p": "P", "g": "G and VT", "trn": "Trn"}.get(re.split("[0-9]", instance.id)[0], "Standard")
    assert f"On-Demand {family} " in quota.name


@pytest.mark.parametrize("instance", INSTANCES, ids=lambda row: row.id)
def test_accelerated_machines_with_efa_reserve_huge_pages_by_their_virtual_cpus(instance: Instance) -> None:
    reserves = instance.accelerator != "none" and any(card.efa for card in cards_of(instance.id))
    assert instance.hugepages_2mib_count == (110 * instance.vcpus_count + 1 if reserves else 0)
    assert instance.hugepages_2mib_count * 2 / 1024 < 0.05 * instance.memory_gib


def test_a_machine_in_aws_example_shows_the_huge_pages_of_the_catalog() -> None:
    assert 2 * CATALOG.get(Instance, "p5.48xlarge").hugepages_2mib_count == 42242  # MiB, as `kubectl describe node` printed it


def test_blocks_have_quotas_of_their_own() -> None:
    named = {row.name.split()[1].lower() for row in CATALOG.all(CloudQuota) if "Capacity Blocks per account" in row.name}
    sold = {row.id.split(".")[0] for row in INSTANCES if row.capacity_block}
    assert named == {family for family in sold if not family.startswith("p6")}  # AWS's list has none for P6


def test_quotas_are_named_by_code_and_counted_in_known_units() -> None:
    rows = CATALOG.all(CloudQuota)
    assert all(re.fullmatch("l-[0-9a-f]{8}", row.id) for row in rows)
    assert {row.unit for row in rows} == {"vcpus", "gib", "count"}
    assert {row.service for row in rows} == {"ec2", "eks", "fsx", "s3", "vpc"}
    assert {row.id for row in rows if row.default_count == 0} <= {row.id for row in rows if row.unit == "vcpus"}
    assert max(Counter(row.name for row in rows).values()) == 1


def test_each_version_of_kubernetes_has_the_same_add_ons() -> None:
    rows = CATALOG.all(CloudAddon)
    assert [row.id for row in rows if row.id != f"{row.addon}-{row.kubernetes_version}"] == []
    versions: dict[str, set[str]] = {}
    for row in rows:
        versions.setdefault(row.kubernetes_version, set()).add(row.addon)
    assert versions.keys() == {"1.33", "1.34", "1.35"}
    assert set(map(frozenset, versions.values())) == {
        frozenset(
            {
                "vpc-cni",
                "coredns",
                "kube-proxy",
                "eks-pod-identity-agent",
                "eks-node-monitoring-agent",
                "aws-fsx-csi-driver",
                "aws-efs-csi-driver",
                "aws-mountpoint-s3-csi-driver",
                "metrics-server",
            }
        )
    }


@pytest.mark.parametrize("row", CATALOG.all(CloudAddon), ids=lambda row: row.id)
def test_add_on_versions_are_builds_that_fit(row: CloudAddon) -> None:
    found = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)-eksbuild\.\d+", row.addon_version)
    assert found
    version = tuple(int(part) for part in found.groups())
    if row.addon == "vpc-cni":
        assert version >= (1, 18, 4)  # the first that knows efa-only interfaces
    if row.addon == "kube-proxy":
        assert f"{version[0]}.{version[1]}" == row.kubernetes_version


@pytest.mark.parametrize(
    "kind", ["cloud_prices", "cloud_quotas", "cloud_addons", "cloud_regions", "instances", "network_cards"]
)
def test_what_was_not_read_is_an_assumption(kind: str) -> None:
    for row in CATALOG.rows[kind].values():
        assert row.note, row.id
        if re.search("recalled|estimated|taken as|not read", row.note, re.IGNORECASE):
            assert row.confidence == "assumption", row.id


HEADER = "id,item,region,option,per,price_usd,confidence,source_url,retrieved_on,note"


def own_price(folder: Path, *ids: str) -> None:
    rows = [f"{row_id},p5.48xlarge,us-east-2,on-demand,hour,1,vendor,https://x.org,2026-11-24," for row_id in ids]
    (folder / "cloud_prices.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")


@pytest.mark.parametrize("row_id", ["a-price", "z-price"])
def test_a_price_of_ones_own_takes_the_place_of_the_catalogs_whatever_its_id(tmp_path: Path, row_id: str) -> None:
    own_price(tmp_path, row_id)
    catalog = load_catalog(tmp_path)
    found = [
        row
        for row in catalog.all(CloudPrice)
        if (row.item, row.region, row.option) == ("p5.48xlarge", "us-east-2", "on-demand")
    ]
    assert [(row.id, row.price_usd) for row in found] == [(row_id, 1.0)]
    assert [(kind, name) for kind, name, _ in catalog.overrides] == [("cloud_prices", row_id)]


def test_the_same_price_twice_is_refused(tmp_path: Path) -> None:
    own_price(tmp_path, "a-price", "z-price")
    with pytest.raises(InputErrors, match="stands twice"):
        load_catalog(tmp_path)
