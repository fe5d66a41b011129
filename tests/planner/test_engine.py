"""The planner against published tables, and the laws that any plan keeps."""

from __future__ import annotations

import functools
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from factories import CATALOG, any_factory, plan_file, plan_of, simple
from planner.engine import make_plan
from planner.plan import FabricPlan, Plan
from planner.reader import read_factory
from planner.spec import Factory, Section
from topologies.families import build


def fabric(plan: Plan, kind: str = "compute") -> FabricPlan:
    return next(each for each in plan.fabrics if each.kind == kind)


def counts(plan: Plan, kind: str = "compute") -> tuple[int, ...]:
    tiers, cables = fabric(plan, kind).switches_by_tier, fabric(plan, kind).cables_by_layer
    return (tiers.leaf, tiers.spine, tiers.core, cables.node_leaf, cables.leaf_spine, cables.spine_core)


# --- published tables ---------------------------------------------------------------------------------------------------

WITH_MANAGERS = """
name: table-4
site: {{country: US}}
compute: {{nodes: {{{node}: {nodes}}}}}
fabrics: {{compute: {{switch: qm9700, fabric_managers: {{ufm-3-1-appliance: 2}}}}}}
"""


@pytest.mark.parametrize("node", ["dgx-h100", "dgx-b200"])
@pytest.mark.parametrize(
    ("nodes", "gpus", "leaf", "spine", "compute_and_ufm_cables", "spine_leaf_cables"),
    [(31, 248, 8, 4, 252, 256), (63, 504, 16, 8, 508, 512), (95, 760, 24, 16, 764, 768), (127, 1016, 32, 16, 1020, 1024)],
)
def test_nvidia_superpod_table_4(
    tmp_path: Path, node: str, nodes: int, gpus: int, leaf: int, spine: int, compute_and_ufm_cables: int, spine_leaf_cables: int
) -> None:
    """One DGX of the last unit is left out for the fabric managers' cables."""
    plan = plan_file(tmp_path, WITH_MANAGERS.format(node=node, nodes=nodes))
    assert plan.compute.gpus == gpus
    assert counts(plan) == (leaf, spine, 0, compute_and_ufm_cables, spine_leaf_cables, 0)
    assert not plan.has_error()


def test_a_full_unit_leaves_no_port_for_the_fabric_managers(tmp_path: Path) -> None:
    plan = plan_file(tmp_path, WITH_MANAGERS.format(node="dgx-h100", nodes=128))
    (finding,) = [each for each in plan.findings if each.severity == "error"]
    assert finding.code == "fabric-ports"
    assert finding.limit == 127
    assert counts(plan) == (32, 16, 0, 1024, 1024, 0)  # planned without them, so that the sums stay whole


@pytest.mark.parametrize("node", ["dgx-h100", "dgx-b200"])
@pytest.mark.parametrize(
    ("nodes", "gpus", "leaf", "spine", "core", "cables", "core_cables"),
    [
        (32, 256, 8, 4, 0, 256, 0),
        (64, 512, 16, 8, 0, 512, 0),
        (96, 768, 24, 16, 0, 768, 0),
        (128, 1024, 32, 16, 0, 1024, 0),
        (256, 2048, 64, 32, 0, 2048, 0),
        (512, 4096, 128, 128, 64, 4096, 4096),
        (1024, 8192, 256, 256, 128, 8192, 8192),
        (2048, 16384, 512, 512, 256, 16384, 16384),
    ],
)
def test_nvidia_superpod_larger_sizes(
    tmp_path: Path, node: str, nodes: int, gpus: int, leaf: int, spine: int, core: int, cables: int, core_cables: int
) -> None:
    plan = plan_file(tmp_path, f"name: t\nsite: {{country: US}}\ncompute: {{nodes: {{{node}: {nodes}}}}}\n")
    assert plan.compute.gpus == gpus
    assert counts(plan) == (leaf, spine, core, cables, cables, core_cables)
    assert fabric(plan).oversubscription_ratio == 1.0
    # Half of all endpoints cross the middle: 2 tiers and 3 tiers are non-blocking.
    assert fabric(plan).bisection_gbit_per_s == gpus / 2 * 400


@pytest.mark.parametrize(
    ("nodes", "gpus", "leaf", "spine", "cables"),
    [
        (64, 512, 16, 8, 512),
        (128, 1024, 32, 16, 1024),
        (256, 2048, 64, 32, 2048),
        (512, 4096, 128, 64, 4096),
        (1024, 8192, 256, 128, 8192),
    ],
)
def test_nvidia_b300_spectrum_x_table_3(tmp_path: Path, nodes: int, gpus: int, leaf: int, spine: int, cables: int) -> None:
    plan = plan_file(tmp_path, f"name: t\nsite: {{country: US}}\ncompute: {{nodes: {{dgx-b300: {nodes}}}}}\n")
    assert plan.compute.gpus == gpus
    assert counts(plan) == (leaf, spine, 0, cables, cables, 0)
    assert (fabric(plan).planes, fabric(plan).link_gbit_per_s) == (2, 400)
    assert fabric(plan).bisection_gbit_per_s == gpus / 2 * 800


def superpod(root: Path) -> Plan:
    return make_plan(*read_factory(root / "factories" / "dgx-h100-superpod.yaml"))


def test_the_superpod_example_is_nvidias_bill_of_materials(root: Path) -> None:
    """RA-11333-001 V11, Tables 7 and 8: 127 nodes, 48 compute, 8 in-band and 8 out-of-band switches, 38 racks, 96 + 12 PDUs."""
    plan = superpod(root)
    assert (plan.compute.nodes, plan.compute.gpus) == (127, 1016)
    assert counts(plan) == (32, 16, 0, 1020, 1024, 0)
    assert fabric(plan, "in-band").switches_by_tier.total() == 8
    assert fabric(plan, "in-band").cables_by_layer.leaf_spine == 24
    assert fabric(plan, "out-of-band").switches_by_tier.total() == 8
    groups = {group.name: group for group in plan.racks.groups}
    assert groups["DGX H100"].count == 32
    assert groups["network and management"].count == 6
    assert groups["DGX H100"].count * groups["DGX H100"].pdus_per_rack_count == 96
    assert groups["network and management"].count * groups["network and management"].pdus_per_rack_count == 12


def test_the_superpod_storage_network_differs_from_nvidias_in_the_spines_alone(root: Path) -> None:
    """Table 8: 494 NDR cables are 254 to nodes and 240 between switches. Table 7: 16 switches, where 14 are enough.

    Ten leaves with 24 uplinks each fill 60 of 64 ports of four spines; NVIDIA's 16 leave room for six spines.
    """
    plan = superpod(root)
    storage = fabric(plan, "storage")
    assert storage.cables_by_layer.leaf_spine == 240
    assert storage.cables_by_layer.node_leaf == 254 + 48 + 4 + 4  # nodes, storage systems, fabric managers, management
    assert (storage.switches_by_tier.leaf, storage.switches_by_tier.spine) == (10, 4)


# --- what cannot be built says why ---------------------------------------------------------------------------------------


def error(plan: Plan, code: str) -> Any:
    (found,) = [each for each in plan.findings if each.code == code]
    assert found.severity == "error"
    assert plan.has_error()
    return found


def test_too_many_nodes_for_the_radix_says_the_largest() -> None:
    found = error(plan_of(simple(count=8193)), "fabric-size")
    assert (found.value, found.limit) == (8193, 8192)
    assert "largest: 8192 hosts" in found.message
    assert not plan_of(simple(count=8192)).has_error()
    two = simple(count=257, fabrics={"compute": {"tiers": 2}})
    assert error(plan_of(two), "fabric-size").limit == 256


def test_a_small_feed_says_the_largest_and_that_fits() -> None:
    plan = plan_of(simple(site={"country": "US", "grid_feed_kw": 1000.0}))
    found = error(plan, "grid-feed")
    assert plan.power.facility_kw < found.value < 1.01 * plan.power.facility_kw, "the worst single outage"
    assert found.limit == 1000
    assert plan.binding_constraint is not None
    largest = plan.binding_constraint.largest_nodes_count
    assert f"{largest} nodes" in found.hint
    for count, fits in ((largest, True), (largest + 1, False)):
        again = plan_of(simple(count=count, site={"country": "US", "grid_feed_kw": 1000.0}))
        assert again.has_error() is not fits


def test_a_weak_rack_says_by_how_much() -> None:
    found = error(plan_of(simple(hall={"rack_power_kw": 10.0})), "rack-power")
    assert (found.value, found.limit, found.unit) == (10.2, 10.0, "kW")
    assert "102 %" in found.message
    heavy = error(plan_of(simple("gb200-nvl72", 8, hall={"rack_floor_load_kg": 1000.0})), "rack-weight")
    assert heavy.limit == 1000


def test_too_few_floor_slots_and_too_small_a_budget() -> None:
    found = error(plan_of(simple(hall={"racks": 10})), "floor-slots")
    assert found.limit == 10
    assert found.value > 30
    assert error(plan_of(simple(budget={"capex_usd": 1e6})), "budget").limit == 1e6


def test_an_excluded_vendor_is_found_wherever_it_stands() -> None:
    plan = plan_of(simple("mi300x-8", 16, sovereignty={"excluded_vendors": ["NVIDIA"]}))
    paths = {each.path for each in plan.findings if each.code == "excluded-vendor"}
    assert "fabrics.compute.switch" in paths
    assert "compute.nodes.mi300x-8" not in paths


def test_a_stage_in_the_wrong_place_is_refused() -> None:
    plan = plan_of(simple(power={"ups": "busway-415v"}))
    assert error(plan, "wrong-kind").path == "power.ups"


# --- every knob does something ------------------------------------------------------------------------------------------

KNOBS: list[tuple[str, dict[str, Any]]] = [
    ("site", {"country": "US", "grid_feed_kw": 5000.0}),
    ("platform", {"preparation_nodes": {"cpu-2s-generic": 4}}),
    ("hall", {"racks": 100}),
    ("hall", {"rack": "rack-conteg-ri7-48"}),
    ("hall", {"rack_power_kw": 21.0}),
    ("hall", {"rack_floor_load_kg": 500.0}),
    ("hall", {"pdu": "pdu-3ph-208v-60a"}),
    ("hall", {"pdu_redundancy": "2N"}),
    ("hall", {"infrastructure_rack_power_kw": 10.0}),
    ("hall", {"racks_per_row": 4}),
    ("hall", {"rack_pitch_m": 0.9}),
    ("hall", {"row_pitch_m": 4.0}),
    ("hall", {"tray_height_m": 3.0}),
    ("hall", {"cable_slack_m": 3.0}),
    ("hall", {"construction": "construction-none"}),
    ("fabrics", {"compute": {"switch": "sn5600"}}),
    ("fabrics", {"compute": {"tiers": 3}}),
    ("fabrics", {"compute": {"planes": 2}}),
    ("fabrics", {"compute": {"nodes_per_unit": 16}}),
    ("fabrics", {"compute": {"oversubscription_ratio": 2.0}}),
    ("fabrics", {"compute": {"link_gbit_per_s": 200.0}}),
    ("fabrics", {"compute": {"fabric_managers": {"ufm-3-1-appliance": 2}}}),
    ("fabrics", {"compute": {"topology": "rail-only"}}),
    ("fabrics", {"compute": {"topology": "dragonfly", "parameters": {"p": 16, "a": 32, "h": 16, "groups": 3}}}),
    ("fabrics", {"compute": {"rail_optimised": False}}),
    ("fabrics", {"compute": {"dual_tor": True}}),
    ("fabrics", {"storage": {"switch": "sn5600"}}),
    ("fabrics", {"storage": {"oversubscription_ratio": 4.0}}),
    ("fabrics", {"storage": {"fabric_managers": {"ufm-3-1-appliance": 2}}}),
    ("fabrics", {"in_band": {"switch": "sn5600"}}),
    ("fabrics", {"in_band": {"oversubscription_ratio": 2.0}}),
    ("fabrics", {"out_of_band": {"switch": "sn4600c"}}),
    ("storage", {"systems": {"ddn-ai400x2": 4}}),
    ("power", {"transformer": "transformer-none"}),
    ("power", {"ups": "ups-eco-mode"}),
    ("power", {"distribution": "pdu-with-transformer"}),
    ("cooling", {"air": "air-economizer"}),
    ("cooling", {"redundancy": "2N"}),
    ("cooling", {"heat_max_kw": 5000.0}),
    ("cooling", {"air_supply_c": 18.0}),
    ("cooling", {"dry": True}),
    ("cooling", {"cycles_ratio": 2.0}),
    ("cooling", {"buffer_m3": 50.0}),
    ("site", {"country": "NO"}),
    ("site", {"country": "US", "elevation_m": 2000.0}),
    ("site", {"country": "US", "station": "phoenix-az"}),
    ("site", {"country": "US", "design_day": {"dry_bulb_c": 46.0, "wet_bulb_c": 28.0}}),
    ("site", {"country": "US", "water_max_m3_per_day": 1000.0}),
    ("site", {"country": "US", "ramp_max_kw_per_s": 1e6}),
    ("site", {"country": "US", "swing_max_kw": 1e6}),
    ("site", {"country": "US", "tariff": {"energy_usd_per_kwh": 0.2}}),
    ("site", {"country": "US", "tariff": {"peak_usd_per_kwh": 0.3}}),
    ("site", {"country": "US", "tariff": {"demand_usd_per_kw_month": 20.0}}),
    ("site", {"country": "US", "tariff": {"water_usd_per_m3": 9.0}}),
    ("site", {"country": "US", "carbon": {"grid_kg_per_kwh": 0.02}}),
    ("site", {"country": "US", "carbon": {"water_l_per_kwh": 0.5}}),
    ("hall", {"rows": 10}),
    ("hall", {"blocked": ["A01"]}),
    ("hall", {"row_power_kw": 250.0}),
    ("hall", {"house_load_kw": 100.0}),
    ("power", {"switchgear": "switchgear-none"}),
    ("power", {"generator": "generator-none"}),
    ("power", {"bess": "bess-1900kw-3900kwh"}),
    ("power", {"redundancy": "2N"}),
    ("power", {"generator_redundancy": "N+2"}),
    ("power", {"utility_feeds_count": 2}),
    ("power", {"battery_minutes": 15.0}),
    ("power", {"fuel_hours": 12.0}),
    ("power", {"diversity_fraction": 0.8}),
    ("power", {"continuous_fraction": 0.5}),
    ("workloads", {"gpu_utilisation_fraction": 0.5}),
    ("workloads", {"gpu_cap_w": 500.0}),
    ("workloads", {"step_s": 2.0}),
    ("workloads", {"communication_fraction": 0.5}),
    ("workloads", {"synchronous_fraction": 0.5}),
    ("workloads", {"by_hour": [0.5, 1.5] * 12}),
    ("site", {"country": "US", "tariff": {"peak_usd_per_kwh": 0.3, "peak_from_hour": 3}}),
    ("site", {"country": "US", "tariff": {"peak_usd_per_kwh": 0.3, "peak_until_hour": 9}}),
    ("site", {"country": "US", "carbon": {"by_hour": [1.5] * 8 + [0.5] * 8 + [1.0] * 8}}),
    ("cooling", {"heat_reuse": {"heat_max_kw": 300.0, "supply_min_c": 15.0}}),
    ("cooling", {"heat_reuse": {"heat_max_kw": 300.0, "supply_min_c": 15.0, "months": [1]}}),
    ("budget", {"horizon_years": 10}),
    ("budget", {"discount_fraction": 0.02}),
    ("budget", {"staff_count": 100.0}),
    ("workloads", {"duty_fraction": 0.5}),
    ("platform", {"management_nodes": {"management-2s-generic": 4}}),
    ("budget", {"capex_usd": 1e9}),
]


def answers(plan: Plan) -> dict[str, Any]:
    """A plan's results without what merely repeats the factory."""
    facility = {"hall", "power", "cooling", "year", "availability", "carbon", "limits"}
    return plan.model_dump(include={"racks", "fabrics", "storage", "cost", "binding_constraint", *facility})


@functools.cache
def plain() -> dict[str, Any]:
    """The answers with no knob turned; of a small factory, because every knob needs another plan."""
    return answers(plan_of(simple(count=40)))


@pytest.mark.parametrize(("section", "value"), KNOBS, ids=str)
def test_every_knob_changes_a_result(section: str, value: dict[str, Any]) -> None:
    assert answers(plan_of(simple(count=40, **{section: value}))) != plain()


@pytest.mark.parametrize(("name", "value"), [("liquid_supply_c", 30.0), ("w_class", "W27")])
def test_every_knob_of_the_liquid_loop_changes_a_result(name: str, value: Any) -> None:
    chosen = {"liquid": "liquid-cooling-tower"}
    turned, plain = (plan_of(simple("gb200-nvl72", 4, cooling=chosen | more)) for more in ({name: value}, {}))
    assert answers(turned) != answers(plain)


def test_spines_may_be_oversubscribed_below_cores() -> None:
    full, half = (
        fabric(plan_of(simple(fabrics={"compute": {"tiers": 3, "spine_oversubscription_ratio": ratio}})))
        for ratio in (1.0, 2.0)
    )
    assert half.switches_by_tier.core < full.switches_by_tier.core
    assert half.bisection_gbit_per_s < full.bisection_gbit_per_s


@pytest.mark.parametrize(
    ("topology", "parameters", "switches"),
    [
        ("dragonfly", {"p": 16, "a": 32, "h": 16, "groups": 2}, 64),
        ("slim-fly", {"q": 13}, 338),
        ("hyperx", {"shape": [8, 8], "p": 16}, 64),
        ("xgft", {"children": [32, 32], "parents": [1, 32]}, 64),
        ("torus", {"shape": [8, 8, 4], "wrap": [True, False, True], "p": 4}, 256),
        ("torus", {"shape": [8, 8, 4], "twist": [[0, 0, 2], [0, 0, 0], [0, 0, 0]], "p": 4}, 256),
        ("torus", {"shape": [4, 4, 8], "p": 8}, 128),
    ],
)
def test_other_topologies_are_declared(topology: str, parameters: dict[str, Any], switches: int) -> None:
    plan = plan_of(simple(fabrics={"compute": {"topology": topology, "parameters": parameters}}))
    assert not plan.has_error()
    made = fabric(plan)
    assert (made.topology, made.switches_by_tier.total(), made.links_by_layer.node_leaf) == (topology, switches, 127 * 8)
    assert plan.power.it_nameplate_by_use_kw["switches"] > 0


def test_the_links_of_a_declared_topology_are_as_fast_as_the_nics() -> None:
    """Planes and dual ToR split a NIC's port in a fat tree only; a torus of switches has cables to its nodes."""
    dragonfly = {"topology": "dragonfly", "parameters": {"p": 8, "a": 8, "h": 8, "groups": 4}}
    assert fabric(plan_of(simple("dgx-b300", 32, fabrics={"compute": dragonfly}))).link_gbit_per_s == 800
    split = plan_of(simple(count=32, fabrics={"compute": {**dragonfly, "planes": 2, "dual_tor": True}}))
    assert fabric(split).link_gbit_per_s == 400
    assert {finding.path for finding in split.findings if finding.code == "not-used"} == {
        "fabrics.compute.planes",
        "fabrics.compute.dual_tor",
    }
    torus = {"topology": "torus", "parameters": {"shape": [8, 4], "p": 8}}
    made = fabric(plan_of(simple(count=32, fabrics={"compute": torus})))
    assert (made.links_by_layer.node_leaf, made.links_by_layer.switch_switch) == (256, 64)
    assert sum(group.count for group in made.cables if group.layer == "node_leaf") == 256
    assert made.oversubscription_ratio == 2  # 8 NICs over 4 links of one rate


def test_a_full_declared_topology_grows_by_its_parameters() -> None:
    plan = plan_of(simple(count=32, fabrics={"compute": {"topology": "torus", "parameters": {"shape": [8, 4], "p": 8}}}))
    assert plan.binding_constraint is not None
    assert (plan.binding_constraint.code, plan.binding_constraint.hint) == ("fabric-size", "larger parameters")


@pytest.mark.parametrize(
    ("topology", "parameters"),
    [
        ("torus", {"shape": [[4, 4]]}),
        ("torus", {"shape": [4, 4], "twist": [1, 2]}),
        ("torus", {"shape": [4, 4], "host_shape": [[1]]}),
        ("hyperx", {"shape": [[2]], "p": 2}),
        ("xgft", {"children": [[1]], "parents": [1]}),
        ("dragonfly", {"p": True, "a": 4, "h": 2}),
        ("dragonfly", {"p": [4], "a": 4, "h": 2}),
        ("slim-fly", {"q": 2.5}),
    ],
)
def test_parameters_of_another_kind_are_a_finding(topology: str, parameters: dict[str, Any]) -> None:
    finding = error(
        plan_of(simple(count=2, fabrics={"compute": {"topology": topology, "parameters": parameters}})), "fabric-shape"
    )
    assert "must be " in finding.message


def test_a_topology_that_cannot_be_built_names_the_nearest() -> None:
    plan = plan_of(simple(fabrics={"compute": {"topology": "slim-fly", "parameters": {"q": 6}}}))
    finding = error(plan, "fabric-shape")
    assert finding.path == "fabrics.compute.parameters"
    assert "q: 5" in finding.hint
    small = error(plan_of(simple(fabrics={"compute": {"topology": "slim-fly", "parameters": {"q": 5}}})), "fabric-size")
    assert small.limit is not None
    assert not plan_of(
        simple(count=int(small.limit), fabrics={"compute": {"topology": "slim-fly", "parameters": {"q": 5}}})
    ).has_error()
    wide = {"topology": "dragonfly", "parameters": {"p": 32, "a": 33, "h": 32}}
    assert "a: 1; a switch of 96 ports" in error(plan_of(simple(fabrics={"compute": wide})), "fabric-shape").hint
    tree = {"topology": "xgft", "parameters": {"children": [65, 16], "parents": [1, 1]}}
    assert error(plan_of(simple(fabrics={"compute": tree})), "fabric-shape").limit == 64


@pytest.mark.parametrize(
    ("topology", "parameters", "says"),
    [
        ("torus", {"shape": 4}, "shape must be a list"),
        ("torus", {"shape": [4, 4], "p": 2.5}, "p must be a whole number"),
        ("torus", {"shape": [100_000, 100_000]}, "more than 2,000,000"),
        ("hyperx", {"shape": [4, 4], "p": [4]}, "p must be one number"),
        ("dragonfly", {"p": 8, "a": 100_000, "h": 8}, "100015 ports"),
        ("slim-fly", {"q": 100_003}, "more than 2,000,000"),
        ("slim-fly", {"q": 101}, "ports"),
    ],
)
def test_parameters_of_the_wrong_kind_or_size_are_refused(topology: str, parameters: dict[str, Any], says: str) -> None:
    plan = plan_of(simple(fabrics={"compute": {"topology": topology, "parameters": parameters}}))
    assert says in error(plan, "fabric-shape").message


def test_ports_that_a_declared_topology_leaves_free_are_counted() -> None:
    """A router of a QM9700 has 64 ports; 8 endpoints, 7 local and 8 global links take 23."""
    dragonfly = {"topology": "dragonfly", "parameters": {"p": 8, "a": 8, "h": 8, "groups": 4}}
    assert fabric(plan_of(simple(count=32, fabrics={"compute": dragonfly}))).ports_free_count == 32 * (64 - 23)
    plus = {"topology": "dragonfly-plus", "parameters": {"leaves": 4, "spines": 4, "p": 16, "h": 12, "groups": 4}}
    assert fabric(plan_of(simple(count=32, fabrics={"compute": plus}))).ports_free_count == 16 * (64 - 20)  # of leaves


def test_what_changes_nothing_is_said_to_change_nothing() -> None:
    cases: list[tuple[dict[str, Any], set[str]]] = [
        (simple(cooling={"liquid": "liquid-chiller"}), {"cooling.liquid"}),
        (
            simple(count=8, fabrics={"compute": {"nodes_per_unit": 4, "oversubscription_ratio": 2.0}}),
            {"fabrics.compute.nodes_per_unit", "fabrics.compute.oversubscription_ratio"},
        ),
        (
            simple("cray-ex235a", 64, fabrics={"storage": {"switch": "qm9700"}, "in_band": {"oversubscription_ratio": 4.0}}),
            {"fabrics.storage.switch", "fabrics.in_band.oversubscription_ratio"},
        ),
    ]
    for data, wanted in cases:
        assert wanted == {each.path for each in plan_of(data).findings if each.code == "not-used"}


def test_kinds_of_nodes_that_disagree_need_a_declared_switch() -> None:
    mixed = {"dgx-h100": 100, "hgx-h100": 1}
    plan = plan_of({"name": "x", "site": {"country": "US"}, "compute": {"nodes": mixed}})
    assert {each.path for each in plan.findings if each.code == "mixed-nodes"} == {"fabrics.storage.switch"}
    declared = {"storage": {"switch": "qm9700"}}
    assert not plan_of({"name": "x", "site": {"country": "US"}, "compute": {"nodes": mixed}, "fabrics": declared}).has_error()


def test_the_largest_mixed_factory_fits() -> None:
    data = simple(site={"country": "US", "grid_feed_kw": 200.0}) | {"compute": {"nodes": {"dgx-h100": 3, "dgx-h200": 4}}}
    binding = plan_of(data).binding_constraint
    assert binding is not None
    total = binding.largest_nodes_count
    splits = [{"dgx-h100": first, "dgx-h200": total - first} for first in range(1, total)]
    assert any(not plan_of(data | {"compute": {"nodes": split}}).has_error() for split in splits)


def test_what_cannot_be_placed_binds_first() -> None:
    binding = plan_of(simple(hall={"rack_power_kw": 10.0})).binding_constraint
    assert binding is not None
    assert (binding.code, binding.largest_nodes_count) == ("rack-power", 0)


def test_a_limit_beyond_the_fabric_does_not_count_factories_without_one() -> None:
    """Three answers to one question, whatever the size asked: 256 nodes fit two tiers, and fewer the feed."""
    sections = {"site": {"country": "US", "grid_feed_kw": 3867.0}, "fabrics": {"compute": {"tiers": 2}}}
    bindings = [plan_of(simple(count=count, **sections)).binding_constraint for count in (100, 255, 300)]
    assert len({(each.path, each.largest_nodes_count) for each in bindings if each}) == 1
    largest = bindings[0].largest_nodes_count if bindings[0] else 0
    assert not plan_of(simple(count=largest, **sections)).has_error()
    assert plan_of(simple(count=largest + 1, **sections)).has_error()


def test_an_edited_plan_is_noticed(tmp_path: Path) -> None:
    from planner.errors import InputErrors
    from planner.reader import read_plan

    path = tmp_path / "plan.json"
    text = plan_of(simple()).to_json()
    path.write_text(text, encoding="utf-8")
    assert read_plan(path).to_json() == text
    path.write_text(text.replace('"gpus": 1016', '"gpus": 99999'), encoding="utf-8")
    with pytest.raises(InputErrors, match="the file was edited"):
        read_plan(path)


def test_the_liquid_plant_matters_where_there_is_liquid() -> None:
    plans = [plan_of(simple("gb200-nvl72", 8, cooling={"liquid": name})) for name in ("liquid-chiller", "liquid-dry-cooler")]
    assert plans[0].power.facility_kw > plans[1].power.facility_kw


def test_a_site_where_none_may_be_is_an_error() -> None:
    assert not plan_of(simple(sovereignty={"allowed_countries": ["DE", "US"]})).has_error()
    (broken,) = (
        each for each in plan_of(simple(sovereignty={"allowed_countries": ["DE"]})).findings if each.severity == "error"
    )
    assert (broken.code, broken.path) == ("country-not-allowed", "site.country")


OF_A_CLOUD = ("deploy.", "storage.lustre", "storage.efs", "storage.buckets", "budget.monthly", "sovereignty.customer")


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("storage", {"lustre": {}}),
        ("storage", {"efs_tb": 1.0}),
        ("storage", {"buckets": {"data": {"size_tb": 1.0}}}),
        ("budget", {"monthly_usd": 1.0}),
        ("sovereignty", {"customer_managed_keys": True}),
    ],
)
def test_what_only_a_cloud_has_is_said_in_a_hall(section: str, value: dict[str, Any]) -> None:
    plan = plan_of(simple(**{section: value}))
    warnings = [each.code for each in plan.findings if each.severity == "warning" and each.code != "cooling-restart"]
    assert warnings == ["not-used"]


def test_no_knob_was_forgotten() -> None:
    """Every field of the factory that is no label appears above or in a test of its own."""
    used = {path for section, value in KNOBS for path in _paths(section, value)}
    used |= {path for path in _fields(Factory, "") if path.startswith(OF_A_CLOUD)}  # in test_cloud.py
    elsewhere = {
        "site.country",
        "site.region",
        "compute.nodes",
        "cooling.liquid",
        "cooling.liquid_supply_c",
        "cooling.w_class",
        "hall.tray_cables_max_count",  # steps/test_hall.py
        "workloads.cpu_utilisation_fraction",  # test_frontier.py
        "power.chain",  # steps/test_chain.py
        "site.weather_file",  # steps/test_climate.py
        "fabrics.compute.spine_oversubscription_ratio",
        "sovereignty.excluded_vendors",
        "sovereignty.allowed_countries",
        "deploy.target",
    }
    labels = {"name", "description", "catalog"}
    assert _fields(Factory, "") - used - elsewhere - labels == set()


def _paths(path: str, value: Any) -> set[str]:
    if not isinstance(value, dict) or path.endswith(
        ("fabric_managers", "systems", "_nodes", "parameters", "heat_reuse", "design_day")
    ):
        return {path}
    return {found for key, inner in value.items() for found in _paths(f"{path}.{key}", inner)}


def _fields(model: type[Section], path: str) -> set[str]:
    found: set[str] = set()
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Section):
            found |= _fields(inner, f"{path}{name}.")
        else:
            found.add(path + name)
    return found


# To shrink a whole factory takes very long, and the one that was found says enough.
FOUND = (Phase.explicit, Phase.generate)


# --- laws ------------------------------------------------------------------------------------------------------------------


@settings(max_examples=10, phases=FOUND)
@given(any_factory)
def test_any_valid_factory_plans_without_exception(data: dict[str, Any]) -> None:
    plan = plan_of(data)
    text = plan.to_json()
    assert Plan.from_json(text) == plan
    assert Plan.from_json(text).to_json() == text
    assert plan.racks.count == sum(group.count for group in plan.racks.groups)
    assert plan.cost.capex_usd == pytest.approx(sum(line.total_usd for line in plan.cost.bill_of_materials))
    assert plan.power.it_expected_kw <= plan.power.it_nameplate_kw * (1 + 1e-9)


@settings(max_examples=10, phases=FOUND)
@given(any_factory)
def test_energy_is_conserved(data: dict[str, Any]) -> None:
    """What the grid delivers is IT, losses, cooling and house at every load, and in the year."""
    plan = plan_of(data)
    for point in plan.power.points:
        parts = point.it_kw + point.chain_loss_kw + point.cooling_kw + point.house_kw
        assert point.facility_kw == pytest.approx(parts, rel=1e-12)
    kw = {point.name: point.it_kw for point in plan.power.points}
    assert kw["idle"] <= kw["expected"] * (1 + 1e-9) or plan.factory.workloads.duty_fraction is not None
    for part in ("nameplate_kw", "design_kw", "expected_kw", "idle_kw"):
        assert sum(getattr(load, part) for load in plan.power.loads) == pytest.approx(kw[part.removesuffix("_kw")], rel=1e-9)
    year = plan.year
    assert sum(each.energy_kwh for each in year.categories) == pytest.approx(year.energy_facility_kwh, rel=1e-9)
    if year.energy_it_kwh:
        assert sum(each.pue_part_ratio for each in year.categories) == pytest.approx(year.pue_annual_ratio, rel=1e-9)
    assert sum(row.power_kw for row in plan.hall.rows) == pytest.approx(kw["design"], rel=1e-9)


def needs(plan: Plan) -> dict[str, float]:
    return {
        "switches": sum(each.switches_by_tier.total() for each in plan.fabrics if each.switch),
        "racks": plan.racks.count,
        "pdus": plan.racks.pdus_count,
        "kw": plan.power.facility_kw,
        "usd": plan.cost.capex_usd,
    }


@settings(max_examples=10, phases=FOUND)
@given(any_factory, st.integers(1, 200))
def test_more_nodes_never_need_less(data: dict[str, Any], more: int) -> None:
    first = next(iter(data["compute"]["nodes"]))
    larger = data | {"compute": {"nodes": data["compute"]["nodes"] | {first: data["compute"]["nodes"][first] + more}}}
    assume(larger["compute"]["nodes"][first] <= 1_000_000)
    small, large = plan_of(data), plan_of(larger)
    # A fabric that cannot be built at all has no place in the sums: compare where both have the same ones.
    assume([each.name for each in small.fabrics] == [each.name for each in large.fabrics])
    for name, value in needs(small).items():
        # One more unit of a plant may lose a little less than it saves the others.
        slack = 0.02 if name in ("kw", "usd") else 1e-12
        assert needs(large)[name] >= value * (1 - slack), name


@pytest.mark.parametrize("node", ["dgx-h100", "dgx-b300", "gb200-nvl72", "cray-ex235a", "dgx-a100"])
def test_more_nodes_never_need_less_step_by_step(node: str) -> None:
    before = needs(plan_of(simple(node, 1)))
    for count in [*range(2, 16), *range(16, 900, 110)]:
        plan = plan_of(simple(node, count))
        assert not plan.has_error()
        now = needs(plan)
        for name, value in now.items():
            assert value >= before[name] * (1 - (0.02 if name in ("kw", "usd") else 0)), (count, name)
        before = now


def shuffled(value: Any, order: random.Random) -> Any:
    if not isinstance(value, dict):
        return value
    keys = list(value)
    order.shuffle(keys)
    return {key: shuffled(value[key], order) for key in keys}


@settings(max_examples=10, phases=FOUND)
@given(any_factory, st.randoms(use_true_random=False))
def test_the_order_of_keys_changes_nothing(data: dict[str, Any], order: random.Random) -> None:
    assert plan_of(shuffled(data, order)).to_json() == plan_of(data).to_json()


@settings(max_examples=10, phases=FOUND)
@given(any_factory)
def test_a_fabric_is_rebuilt_from_its_recipe(data: dict[str, Any]) -> None:
    for each in plan_of(data).fabrics:
        if each.recipe is None or each.links_by_layer.total() > 500_000:
            continue
        built = build(each.recipe.topology, each.recipe.parameters)
        assert built.parameters == each.recipe.parameters
        assert built.problems() == []
        if each.kind == "scale-up":
            assert (built.switch_count, len(built.cables)) == (each.chips_count, each.links_by_layer.node_leaf)
            continue
        counts = {"leaf": 0, "spine": 0, "core": 0} | built.switches_by_tier()
        assert counts == each.switches_by_tier.model_dump()
        links = dict.fromkeys(each.links_by_layer.model_dump(), 0) | built.cables_by_layer()
        assert links == each.links_by_layer.model_dump()


def test_the_same_bytes_in_every_process(root: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from planner.engine import make_plan; from planner.reader import read_factory;"
        "sys.stdout.write(make_plan(*read_factory(Path('factories/gb200-nvl72.yaml'))).to_json())"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=root, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(texts) == 1


@settings(max_examples=10, phases=FOUND)
@given(any_factory)
def test_what_binds_is_the_first_limit_to_break(data: dict[str, Any]) -> None:
    """At the largest number of nodes the binding limit holds; one more of a single kind breaks it."""
    assume(len(data["compute"]["nodes"]) == 1)
    binding = plan_of(data).binding_constraint
    assume(binding is not None)
    assert binding is not None
    (node,) = data["compute"]["nodes"]
    largest = binding.largest_nodes_count
    # Far beyond what is declared, cables are estimated.
    by_cables = binding.code in ("budget", "grid-ramp", "grid-swing", "tray-full")
    assume(not by_cables or largest <= 2 * data["compute"]["nodes"][node])

    def broken(count: int) -> bool:
        limits = plan_of(data | {"compute": {"nodes": {node: count}}}).limits
        return any(
            each.margin < -1e-9 * each.limit for each in limits if (each.code, each.path) == (binding.code, binding.path)
        )

    if largest:
        assert not broken(largest)
    if largest < 1_000_000:
        assert broken(largest + 1)


# --- a user's own catalog -----------------------------------------------------------------------------------------------


def test_own_rows_extend_and_override_with_a_note(tmp_path: Path) -> None:
    own = tmp_path / "rows"
    own.mkdir()
    (own / "nodes.csv").write_text("id,power_max_kw,note\ndgx-h100,11.0,measured here\n", encoding="utf-8")
    plan = plan_file(tmp_path, "name: t\ncatalog: rows\nsite: {country: US}\ncompute: {nodes: {dgx-h100: 10}}\n")
    assert plan.power.it_nameplate_by_use_kw["nodes"] == pytest.approx(110)
    (note,) = [each for each in plan.assumptions if each.path.endswith(".override")]
    assert "power_max_kw 10.2 -> 11" in note.statement
    assert plan.catalog_version != CATALOG.version
