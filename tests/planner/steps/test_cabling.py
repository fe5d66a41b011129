"""Cables: of the kind that the catalog's rules allow, and the same when the plan alone is asked again."""

from __future__ import annotations

from collections import defaultdict
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings

from factories import CATALOG, any_small_factory, plan_of, simple
from planner.catalog import Catalog
from planner.catalog.records import Cable, Switch
from planner.engine import make_plan
from planner.export.cables import cable_schedule, lengths_to_order
from planner.plan import FabricPlan, Plan
from planner.reader import read_factory
from planner.spec import Factory
from planner.steps import cabling

PLUGGED = {"copper", "active-copper", "aoc"}
_SECTIONS = ("name", "compute", "hall", "fabrics", "storage", "platform")
any_cabled = any_small_factory.map(
    lambda data: {key: part for key, part in data.items() if key in _SECTIONS} | {"site": {"country": "US"}}
)
"""Without what has no part in cables, and takes long to plan."""
Row = dict[str, Any]


def rows_of(plan: Plan, fabric: str) -> list[Row]:
    schedule = cable_schedule(plan)
    rows = [dict(zip(schedule, cells, strict=True)) for cells in zip(*schedule.values(), strict=True)]
    return [row for row in rows if row["fabric"] == fabric]


def fabric(plan: Plan, name: str = "compute") -> FabricPlan:
    return next(each for each in plan.fabrics if each.name == name)


def media(plan: Plan, name: str, layer: str) -> set[str]:
    return {group.medium for group in fabric(plan, name).cables if group.layer == layer}


@settings(max_examples=15)
@given(any_cabled)
def test_the_schedule_adds_up_to_the_plan(data: dict[str, Any]) -> None:
    """Counts, metres, watts and dollars of the plan are those of the schedule, which sees the written plan only."""
    plan = plan_of(data)
    schedule = cable_schedule(Plan.from_json(plan.to_json()))
    links = sum(each.links_by_layer.total() for each in plan.fabrics if each.switch)
    assert {len(column) for column in schedule.values()} == {links}
    found: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    watts: dict[str, float] = defaultdict(float)
    names = ("fabric", "cable", "a_device", "share_fraction", "length_m", "layer", "a_power_w", "b_power_w")
    for name, cable, _, share, length_m, layer, a_w, b_w in zip(*(schedule[each] for each in names), strict=True):
        sums = found[name, cable]
        sums[0] += share
        sums[1] += share * length_m
        sums[2] = max(sums[2], length_m)
        watts[name] += b_w if layer in ("node_leaf", "node_router") else a_w + b_w
    for each in plan.fabrics:
        ends = sum(group.count * (1 if group.layer == "node_leaf" else 2) * group.power_per_end_w for group in each.cables)
        assert watts[each.name] == pytest.approx(ends)
        assert each.cables_by_layer.total() == sum(group.count for group in each.cables)
        for cable in {group.cable for group in each.cables}:
            groups = [group for group in each.cables if group.cable == cable]
            count, total_m, longest_m = found.pop((each.name, cable or "none fits"))
            assert count == pytest.approx(sum(group.count for group in groups))
            assert total_m == pytest.approx(sum(group.length_total_m for group in groups))
            assert longest_m == max(group.length_max_m for group in groups)
    assert found == {}
    bought = sum(line.total_usd for line in plan.cost.bill_of_materials if line.category == "cables and optics")
    assert sum(price or 0.0 for price in schedule["price_usd"]) == pytest.approx(bought)
    order = lengths_to_order(schedule)
    assert sum(order["count"]) == sum(each.cables_by_layer.total() for each in plan.fabrics)


@settings(max_examples=15)
@given(any_cabled)
def test_no_cable_is_longer_than_it_reaches_and_no_cage_holds_two_kinds(data: dict[str, Any]) -> None:
    plan = plan_of(data)
    kinds = {kind.id: kind for kind in plan.cable_kinds}
    for each in plan.fabrics:
        if not each.cables:
            continue
        cages: dict[tuple[str, int], set[str]] = defaultdict(set)
        far_ends: dict[tuple[str, int], set[tuple[str, Any]]] = defaultdict(set)
        of_cage = each.ports_per_cage_count
        for row in rows_of(plan, each.name):
            if row["cable"] == "none fits":
                continue
            kind = kinds[row["cable"]]
            at_node = row["layer"] in ("node_leaf", "node_router")
            assert row["length_m"] <= (kind.node_reach_max_m if at_node else kind.reach_max_m)
            assert each.link_gbit_per_s * each.links_per_port <= kind.link_gbit_per_s
            b = (row["b_device"], (int(row["b_port"].partition("/")[0]) - 1) // of_cage)
            a = (row["a_device"], row["a_port"])
            if not at_node:
                a = (row["a_device"], (int(row["a_port"].partition("/")[0]) - 1) // of_cage)
                cages[a].add(row["cable"])
                far_ends[a].add(b)
                far_ends[b].add(a)
            cages[b].add(row["cable"])
        assert all(len(chosen) == 1 for chosen in cages.values())
        for cage, ends in far_ends.items():
            if kinds[next(iter(cages[cage]))].medium in PLUGGED:
                assert len(ends) == 1, "a plug between switches leads to one cage"


def test_a_cable_without_cage_mates_is_the_cheapest_that_is_long_enough() -> None:
    """The in-band network's switches have single cages and no break-out at 100 Gbit/s."""
    plan = plan_of(simple(count=600))
    switch = CATALOG.get(Switch, "sn4600c")
    assert fabric(plan, "in-band").switch == switch.id
    for row in rows_of(plan, "in-band"):
        prices = {
            cable.id: CATALOG.price(cable.id).price_usd  # type: ignore[union-attr]
            for cable in CATALOG.all(Cable)
            if cable.link_gbit_per_s == 100 and cable.technology in ("any", "ethernet") and cable.reach_max_m >= row["length_m"]
        }
        assert row["cable"] == min(prices, key=lambda row_id: prices[row_id])
    assert len({row["cable"] for row in rows_of(plan, "in-band")}) > 1


def test_a_superpod_is_cabled_as_nvidia_does(root: Any) -> None:
    """RA-11333-001: multimode twin-port transceivers at the nodes; every run is within the 50 m of multimode fibre."""
    plan = make_plan(*read_factory(root / "factories" / "dgx-h100-superpod.yaml"))
    compute = fabric(plan)
    assert media(plan, "compute", "node_leaf") == {"multimode"}
    assert max(group.length_max_m for group in compute.cables) <= 30
    assert sum(group.count for group in compute.cables if group.layer == "node_leaf") == 1020
    assert sum(group.count for group in compute.cables if group.layer == "leaf_spine") == 1024


def test_the_adapters_of_a_node_decide_whether_copper_can_reach_its_leaves() -> None:
    """Two rails in one twin-port cage go to two leaves: no plug does that. Single cages take splitters."""
    one_switch = plan_of(simple("dgx-h100", 8))
    assert "active-copper" in media(one_switch, "compute", "node_leaf"), "both rails on one switch: a straight cable"
    hgx = simple("hgx-h100", 64, fabrics={"compute": {"switch": "qm9700"}})
    assert media(plan_of(simple("dgx-h100", 64)), "compute", "node_leaf") == {"multimode"}
    assert "active-copper" in media(plan_of(hgx), "compute", "node_leaf")
    assert media(plan_of(simple("dgx-b300", 64)), "compute", "node_leaf") == {"multimode"}, "a port in each plane"


def test_xdr_has_neither_passive_copper_nor_multimode() -> None:
    data = simple("gb300-nvl72", 8, fabrics={"compute": {"switch": "q3400-ra"}})
    for count in (1, 8, 64):
        plan = plan_of(data | {"compute": {"nodes": {"gb300-nvl72": count}}})
        found = media(plan, "compute", "node_leaf") | media(plan, "compute", "leaf_spine")
        assert found <= {"active-copper", "single-mode"}
        assert "single-mode" in found


def test_longer_ways_take_farther_reaching_kinds() -> None:
    near, far, farther = (plan_of(simple(hall={"cable_slack_m": slack})) for slack in (0.1, 30.0, 60.0))
    assert "copper" in media(near, "compute", "leaf_spine")
    assert media(far, "compute", "leaf_spine") == {"single-mode"}
    (group,) = [each for each in fabric(farther).cables if each.layer == "node_leaf"]
    assert group.cable == "fr-400g", "the single-mode module of a node reaches 100 m"
    costs = [plan.cost.capex_by_category_usd["cables and optics"] for plan in (near, far, farther)]
    assert costs == sorted(costs)
    assert near.power.it_expected_kw < far.power.it_expected_kw


def test_what_nothing_reaches_is_a_warning_with_its_longest_run() -> None:
    plan = plan_of(simple(hall={"cable_slack_m": 60.0}))
    (found,) = [each for each in plan.findings if each.code == "no-cable"]
    assert (found.severity, found.path) == ("warning", "fabrics.out_of_band")
    longest = max(group.length_max_m for group in fabric(plan, "out-of-band").cables)
    assert f"341 of 341 runs of the out-of-band network, of up to {longest:g} m (node-leaf)" not in found.message
    assert f"of up to {longest:g} m (node-leaf)" in found.message
    assert {row["cable"] for row in rows_of(plan, "out-of-band")} == {"none fits"}


def test_an_unpriced_kind_is_the_last_choice_and_said_to_have_no_price() -> None:
    prices = {row_id: row for row_id, row in CATALOG.rows["prices"].items() if row_id != "sr-400g"}
    without = Catalog(MappingProxyType({**CATALOG.rows, "prices": prices}), "test")
    plan = make_plan(Factory.model_validate(simple()), without)
    assert {group.cable for group in fabric(plan).cables if group.layer == "node_leaf"} == {"dr-400g"}


def test_cables_of_a_sample_are_like_those_that_are_laid(monkeypatch: pytest.MonkeyPatch) -> None:
    data = simple(count=1024)
    laid = plan_of(data)
    monkeypatch.setattr(cabling, "MOST_LINKS", 1000)
    sampled = plan_of(data)
    assert any(each.path == "fabrics.compute.cables" for each in sampled.assumptions)
    for name in ("compute", "storage", "in-band", "out-of-band"):
        one, two = fabric(laid, name), fabric(sampled, name)
        assert one.cables_by_layer == two.cables_by_layer
        assert sum(group.count for group in two.cables) == two.cables_by_layer.total()
        metres = [sum(group.length_total_m for group in each.cables) for each in (one, two)]
        assert metres[1] == pytest.approx(metres[0], rel=0.15)
    costs = [plan.cost.capex_by_category_usd["cables and optics"] for plan in (laid, sampled)]
    assert costs[1] == pytest.approx(costs[0], rel=0.05)


@pytest.mark.parametrize("node", ["dgx-h100", "hgx-h100", "dgx-b300", "gb300-nvl72"])
def test_a_sample_keeps_the_reach_of_nodes_and_the_rule_of_cages(node: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a factory of more links than are laid would cost less than a smaller one."""
    nodes = 200 if node == "gb300-nvl72" else 500
    data = simple(node, nodes, hall={"rack_pitch_m": 8.0}, fabrics={"compute": {"dual_tor": node == "hgx-h100"}})
    laid = plan_of(data)
    monkeypatch.setattr(cabling, "MOST_LINKS", 1000)
    sampled = plan_of(data)
    kinds = [{group.cable for group in fabric(plan).cables if group.layer == "node_leaf"} for plan in (laid, sampled)]
    assert kinds[0] == kinds[1]
    costs = [plan.cost.capex_by_category_usd["cables and optics"] for plan in (laid, sampled)]
    assert costs[1] == pytest.approx(costs[0], rel=0.05)


@pytest.mark.parametrize("budget", [3e7, 9e7, 4e8])
@pytest.mark.parametrize("node", ["dgx-h100", "cray-ex235a"])
def test_a_budget_is_searched_with_the_cables_of_the_size_itself(node: str, budget: float) -> None:
    binding = plan_of(simple(node, 40, budget={"capex_usd": budget})).binding_constraint
    assert binding is not None
    assert binding.code == "budget"
    largest = binding.largest_nodes_count
    assert plan_of(simple(node, largest)).cost.capex_usd <= budget
    assert plan_of(simple(node, largest + 1)).cost.capex_usd > budget
    again = plan_of(simple(node, 3 * largest, budget={"capex_usd": budget})).binding_constraint
    assert again is not None
    assert again.largest_nodes_count == largest, "whatever the size declared"


def test_planning_16384_gpus_lays_every_cable_quickly() -> None:
    import time

    plan_of(simple(count=1))
    started = time.process_time()
    plan = plan_of(simple(count=2048))
    assert time.process_time() - started < 1.5
    assert sum(group.count for group in fabric(plan).cables) == 3 * 16384
