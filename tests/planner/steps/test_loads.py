"""The IT load of whole factories: sums by part and by rack, and what the file may say about them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import plan_of, simple
from planner.catalog import Catalog, load_catalog
from planner.catalog.records import Node, Switch
from planner.plan import CableGroup, FabricPlan, RacksPlan
from planner.spec import Factory
from planner.steps.chassis import switches_in_chassis
from planner.steps.facility import POINTS, Loads
from planner.steps.hardware import Hardware, resolve
from planner.steps.loads import plan_loads
from planner.steps.networks import compute_fabric, storage_fabric
from planner.steps.notes import Notes
from planner.steps.racks import plan_racks

CATALOG = load_catalog()
DRAGONFLY = {
    "topology": "dragonfly",
    "switch": "slingshot-64",
    "parameters": {"p": 16, "a": 32, "h": 10, "groups": 74, "links_per_group_pair": 4},
}

Drawn = tuple[Factory, Hardware, list[FabricPlan], RacksPlan, Notes]


def drawn(nodes: dict[str, int], catalog: Catalog = CATALOG, **sections: Any) -> Drawn:
    data = {"name": "x", "site": {"country": "US"}, "compute": {"nodes": nodes}, **sections}
    factory, notes = Factory.model_validate(data, context={"ids": catalog.ids()}), Notes()
    hardware = resolve(factory, catalog, notes)
    planned = [compute_fabric(factory, hardware, notes), storage_fabric(factory, hardware, notes)]
    fabrics = [each for each in planned if each]
    return factory, hardware, fabrics, plan_racks(factory, hardware, catalog, notes, fabrics), notes


def loads_of(nodes: dict[str, int], catalog: Catalog = CATALOG, **sections: Any) -> tuple[Loads, Notes]:
    factory, hardware, fabrics, racks, notes = drawn(nodes, catalog, **sections)
    return plan_loads(factory, hardware, catalog, notes, fabrics, racks), notes


def part(loads: Loads, name: str, point: str) -> float:
    return next((float(getattr(each, f"{point}_kw")) for each in loads.parts if each.component == name), 0.0)


SOME = [
    ({"dgx-h100": 127}, {}),
    ({"gb200-nvl72": 8}, {"power": {"diversity_fraction": 0.9}}),
    ({"dgx-b200": 40}, {"workloads": {"gpu_utilisation_fraction": 0.6}, "storage": {"systems": {"ddn-ai400x2": 4}}}),
    ({"dgx-h100": 10, "hgx-h100": 20}, {"fabrics": {"storage": {"switch": "qm9700"}, "in_band": {"switch": "sn4600c"}}}),
    ({"frontier-node": 2000}, {"fabrics": {"compute": DRAGONFLY}}),
    ({"dgx-h100": 64}, {"workloads": {"gpu_cap_w": 500.0}, "platform": {"management_nodes": {"management-2s-generic": 5}}}),
]


@pytest.mark.parametrize(("nodes", "sections"), SOME)
def test_parts_and_racks_add_up_to_the_load(nodes: dict[str, int], sections: dict[str, Any]) -> None:
    loads, _ = loads_of(nodes, **sections)
    for point in POINTS:
        total = loads.power_kw[point]
        assert sum(getattr(each, f"{point}_kw") for each in loads.parts) == pytest.approx(total, rel=1e-12)
        assert sum(group.power_kw[point] for group in loads.groups) == pytest.approx(total, rel=1e-12)
        assert 0 <= loads.heat_liquid_kw[point] <= total * (1 + 1e-12)
        assert part(loads, "conversion", point) == pytest.approx(loads.conversion_loss_kw[point])
        liquid = sum(group.power_kw[point] * group.liquid_fraction for group in loads.groups)
        assert liquid == pytest.approx(loads.heat_liquid_kw[point], rel=1e-9)
    assert loads.power_kw["idle"] < loads.power_kw["expected"] < loads.power_kw["nameplate"]
    assert loads.gpu_low_kw < loads.gpu_high_kw <= loads.power_kw["nameplate"]


def test_an_h100_hall_is_what_its_makers_print() -> None:
    """127 x 10.2 kW and the switches' maximum; expected: nodes at 76 %, switches at typical power."""
    factory, hardware, fabrics, racks, notes = drawn({"dgx-h100": 127})
    loads = plan_loads(factory, hardware, CATALOG, notes, fabrics, racks)
    switches = sum(fabric.switches_by_tier.total() for fabric in fabrics)
    assert {fabric.switch for fabric in fabrics} == {"qm9700"}
    assert loads.power_kw["nameplate"] == pytest.approx(127 * 10.2 + switches * 1.72)
    assert loads.power_kw["expected"] == pytest.approx(127 * 10.2 * 0.76 + switches * 0.747)
    assert part(loads, "gpus", "nameplate") == pytest.approx(127 * 5.6)
    assert part(loads, "cpus", "nameplate") == pytest.approx(127 * 0.7)
    # Measured: a node like this drew 8.4 kW at most, 1.8 to 2.5 kW when idle.
    assert 1.8 < (loads.power_kw["idle"] - part(loads, "switches", "idle")) / 127 < 2.5


def test_optics_draw_on_top_of_typical_power_and_within_the_maximum() -> None:
    factory, hardware, fabrics, racks, notes = drawn({"dgx-h100": 64})
    one = fabrics[0]
    cables = [("node_leaf", 512, 10.0), ("leaf_spine", 256, 10.0)]
    groups = tuple(
        CableGroup(layer=layer, cable=None, medium="", count=n, length_total_m=1, length_max_m=1, power_per_end_w=w)
        for layer, n, w in cables
    )
    lit = one.model_copy(update={"cables": groups})
    loads = plan_loads(factory, hardware, CATALOG, notes, [lit], racks)
    assert part(loads, "optics", "expected") == pytest.approx((512 + 2 * 256) * 10 / 1000)
    count = one.switches_by_tier.total()
    assert part(loads, "switches", "nameplate") + part(loads, "optics", "nameplate") == pytest.approx(count * 1.72)
    hot = one.model_copy(update={"cables": tuple(group.model_copy(update={"power_per_end_w": 1e4}) for group in groups)})
    glowing = plan_loads(factory, hardware, CATALOG, notes, [hot], racks)
    assert part(glowing, "optics", "expected") == pytest.approx(count * (1.72 - 0.747))


@pytest.mark.parametrize(
    ("gpu", "cpu", "whole_mw"), [(0.0, 0.0, 7.3065), (1.0, 1.0, 28.2279), (0.5, 0.3, 17.3846), (0.33, 0.0, 13.5793)]
)
def test_frontier_at_any_point(gpu: float, cpu: float, whole_mw: float) -> None:
    """Node (P + 13) / 0.98; 16 of them and 1 kW on four rectifiers (P + 17) / 0.96; 592 chassis and 25 CDUs, by hand."""
    node_w = 90 + 190 * cpu + 4 * (88 + 472 * gpu) + 74.26 + 80 + 30
    chassis_w = (16 * (node_w + 13) / 0.98 + 1000 + 4 * 17) / 0.96
    assert round((592 * chassis_w + 25 * 8473.47) / 1e6, 4) == whole_mw
    work = {"gpu_utilisation_fraction": gpu, "cpu_utilisation_fraction": cpu}
    loads, notes = loads_of({"frontier-node": 9472}, fabrics={"compute": DRAGONFLY}, workloads=work)
    assert loads.power_kw["expected"] == pytest.approx(592 * chassis_w / 1000, rel=1e-8)
    assert not notes.findings()
    assert part(loads, "switches", "nameplate") == pytest.approx(592)
    assert part(loads, "other", "nameplate") < 0.001


def test_frontiers_idle_power_and_loss_are_the_published_ones() -> None:
    loads, _ = loads_of({"frontier-node": 9472}, fabrics={"compute": DRAGONFLY})
    assert (loads.power_kw["idle"] + 25 * 8.47347) / 1000 == pytest.approx(7.3065, rel=1e-4)
    assert loads.conversion_loss_kw["idle"] / 1000 == pytest.approx(0.5708, rel=1e-3)
    assert loads.heat_liquid_kw["idle"] == pytest.approx(loads.power_kw["idle"])


def test_switches_in_chassis_have_no_racks_and_count_once() -> None:
    _, hardware, fabrics, racks, _ = drawn({"frontier-node": 9472}, fabrics={"compute": DRAGONFLY})
    (compute,) = fabrics
    assert compute.switches_by_tier.total() == 4 * 592 == switches_in_chassis(fabrics, hardware, CATALOG)
    assert (compute.hosts_max_count, compute.hosts) == (9472, 9472)
    assert (racks.count, racks.pdus_count) == (74, 0)


def test_switches_beyond_the_chassis_places_draw_their_own_power() -> None:
    """Half of Frontier's nodes under its whole dragonfly: 296 chassis hold 1,184 of 2,368 switches."""
    loads, _ = loads_of({"frontier-node": 4736}, fabrics={"compute": DRAGONFLY})
    switch = CATALOG.get(Switch, "slingshot-64")
    inside, outside = 4 * 296, 2368 - 4 * 296
    assert part(loads, "switches", "expected") == pytest.approx(inside * 0.25 + outside * switch.power_typical_w / 1000)


def test_a_duty_below_idle_shrinks_all_parts_alike() -> None:
    loads, _ = loads_of({"dgx-h100": 10}, workloads={"duty_fraction": 0.1})
    nodes_kw = loads.power_kw["expected"] - part(loads, "switches", "expected")
    assert nodes_kw == pytest.approx(10 * 10.2 * 0.1)
    idle_kw = loads.power_kw["idle"] - part(loads, "switches", "idle")
    assert part(loads, "gpus", "expected") / nodes_kw == pytest.approx(part(loads, "gpus", "idle") / idle_kw)


def test_a_cap_lowers_gpus_and_what_follows_them() -> None:
    free, _ = loads_of({"dgx-h100": 10})
    capped, notes = loads_of({"dgx-h100": 10}, workloads={"gpu_cap_w": 500.0})
    assert part(capped, "gpus", "nameplate") == pytest.approx(10 * 8 * 0.5)
    assert part(capped, "fans", "nameplate") < part(free, "fans", "nameplate")
    assert part(capped, "memory", "nameplate") == part(free, "memory", "nameplate")
    assert capped.power_kw["design"] < free.power_kw["design"]
    assert not notes.findings()


@pytest.mark.parametrize(
    ("workloads", "code", "severity"),
    [
        ({"gpu_cap_w": 700.0}, "not-used", "warning"),
        ({"gpu_cap_w": 60.0}, "gpu-cap", "error"),
        ({"cpu_utilisation_fraction": 0.5}, "not-used", "warning"),
        ({"gpu_utilisation_fraction": 0.5, "duty_fraction": 0.5}, "not-used", "warning"),
    ],
)
def test_what_changes_nothing_or_cannot_be_is_said(workloads: dict[str, float], code: str, severity: str) -> None:
    _, notes = loads_of({"dgx-h100": 10}, workloads=workloads)
    (finding,) = notes.findings()
    assert (finding.code, finding.severity) == (code, severity)
    assert finding.path.startswith("workloads.")
    if code == "gpu-cap":
        assert finding.value is not None
        assert finding.value > finding.limit == 60


def test_a_design_load_below_the_expected_one_is_said() -> None:
    _, notes = loads_of({"dgx-h100": 10}, power={"diversity_fraction": 0.5})
    (finding,) = notes.findings()
    assert (finding.code, finding.severity, finding.path) == ("design-load", "error", "power.diversity_fraction")


def own_rows(folder: Path, kind: str, header: str, row: str) -> Catalog:
    (folder / f"{kind}.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    return load_catalog(folder)


def test_parts_that_exceed_the_nameplate_are_an_error(tmp_path: Path) -> None:
    catalog = own_rows(tmp_path, "nodes", "id,power_max_kw", "dgx-h100,8.0")
    _, notes = loads_of({"dgx-h100": 10}, catalog)
    (finding,) = notes.findings()
    assert (finding.code, finding.severity, finding.limit) == ("node-parts", "error", 8.0)
    assert finding.value == pytest.approx((5600 + 700 + 320 + 360 + 130 + 1200) / 1000 / 0.957, rel=0.02)


@pytest.mark.parametrize(("rating_kw", "severity"), [(2.0, "warning"), (1.2, "error")])
def test_supplies_that_cannot_carry_the_node_are_said(tmp_path: Path, rating_kw: float, severity: str) -> None:
    catalog = own_rows(tmp_path, "power_stages", "id,rating_kw", f"psu-titanium,{rating_kw}")
    _, notes = loads_of({"dgx-h100": 10}, catalog)
    (finding,) = notes.findings()
    assert (finding.code, finding.severity) == ("supply-rating", severity)


def test_a_node_without_known_parts_is_other_alone(tmp_path: Path) -> None:
    header = "id,name,vendor,memory_gb,memory_gbyte_per_s,bf16_dense_tflops,confidence,source_url,retrieved_on,note"
    (tmp_path / "gpus.csv").write_text(f"{header}\nown,Own,Me,80,3000,900,assumption,https://example.com,2026-11-24,x\n")
    base = CATALOG.get(Node, "dgx-h100").model_dump(mode="json")
    blank = dict.fromkeys(["gpu_idle_w", "cpu_max_w", "cpu_idle_w", "memory_w", "nic_w", "drive_w", "fan_max_w"], "")
    values = {**base, **blank, "id": "own-node", "gpu": "own", "own_rack": "no", "cpus_count": 0, "note": "x"}
    cells = ",".join("" if value is None else str(value) for value in values.values())
    catalog = own_rows(tmp_path, "nodes", ",".join(values), cells)
    loads, notes = loads_of({"own-node": 10}, catalog)
    assert part(loads, "other", "nameplate") + part(loads, "conversion", "nameplate") == pytest.approx(102)
    assert any(each.path == "compute.nodes.own-node.gpu_power" for each in notes.assumptions())


@given(st.integers(1, 400), st.integers(1, 100))
@settings(max_examples=15, deadline=None)
def test_more_nodes_never_draw_less(nodes: int, more: int) -> None:
    some, many = loads_of({"dgx-h100": nodes})[0], loads_of({"dgx-h100": nodes + more})[0]
    assert all(some.power_kw[point] < many.power_kw[point] for point in POINTS)


def test_loads_of_thousands_of_racks_take_no_time() -> None:
    factory, hardware, fabrics, racks, notes = drawn({"frontier-node": 9472}, fabrics={"compute": DRAGONFLY})
    plan_loads(factory, hardware, CATALOG, notes, fabrics, racks)
    start = time.perf_counter()
    for _ in range(10):
        plan_loads(factory, hardware, CATALOG, notes, fabrics, racks)
    assert (time.perf_counter() - start) / 10 < 0.01


def test_what_arrives_behind_the_supplies_is_told_by_kind_of_node() -> None:
    """A rack of GB200 NVL72 at 54 V and the same power at 800 V: the current falls by their ratio."""
    plan = plan_of(simple("gb200-nvl72", 4))
    (found,) = plan.power.conversions
    lost = next(load for load in plan.power.loads if load.component == "conversion")
    nodes_kw = 4 * 132.0
    assert found.efficiency_design_fraction == pytest.approx(1 - lost.design_kw / nodes_kw)
    assert found.bus_current_a * found.bus_voltage_v == pytest.approx(1000 * found.bus_kw)
    assert found.bus_kw < 132.0
    assert found.supply_load_fraction == pytest.approx(found.bus_kw / (48 * 5.5))
    assert found.efficiency_idle_fraction < found.efficiency_expected_fraction < found.efficiency_design_fraction
