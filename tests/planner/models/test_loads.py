"""A node's draw against sums by hand, makers' numbers and laws that hold for any node."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.catalog import load_catalog
from planner.catalog.records import Gpu, Node, PowerStage, RackPower
from planner.models.loads import (
    NodePower,
    fan_power_w,
    node_draw_kw,
    shared_input_kw,
    utilisation_at,
    with_other,
)
from planner.models.losses import LossLaw, input_kw
from planner.models.power import conductor_a
from planner.steps.loads import node_power
from planner.steps.losses import loss_law

CATALOG = load_catalog()
NODES = [row.id for row in CATALOG.all(Node)]
share = st.floats(0, 1)


def shipped(row_id: str) -> NodePower:
    node = CATALOG.get(Node, row_id)
    return node_power(node, CATALOG.get(Gpu, node.gpu), CATALOG)


def frontier_kw(gpu: float, cpu: float) -> tuple[float, float]:
    """Frontier's 74 cabinets and what conversion in them loses, as its published model adds them up."""
    node_w = 90 + cpu * 190 + 4 * (88 + gpu * 472) + 74.26 + 4 * 20 + 30
    behind_w = (node_w + 13) / 0.98
    rectifier_w = (16 * behind_w + 1000) / 4
    chassis_w = 4 * (rectifier_w + 17) / 0.96
    lost_w = 16 * (behind_w - node_w) + chassis_w - (16 * behind_w + 1000)
    return 74 * 8 * chassis_w / 1000, 74 * 8 * lost_w / 1000


@given(share, share)
@settings(max_examples=50)
def test_frontier_is_its_published_model_at_any_load(gpu: float, cpu: float) -> None:
    draw = node_draw_kw(shipped("frontier-node"), gpu, cpu)
    whole_kw, lost_kw = frontier_kw(gpu, cpu)
    assert 9472 * sum(draw.values()) == pytest.approx(whole_kw, rel=1e-8)
    assert 9472 * draw["conversion"] == pytest.approx(lost_kw, rel=1e-8)


def test_frontier_reaches_its_published_numbers() -> None:
    """Idle 7.3065 MW with 0.5708 MW lost, full 28.228 MW, both with 25 CDUs of 8,473.47 W."""
    cdus_kw = 25 * 8.47347
    assert round((frontier_kw(0, 0)[0] + cdus_kw) / 1000, 4) == 7.3065
    assert round(frontier_kw(0, 0)[1] / 1000, 4) == 0.5708
    assert round((frontier_kw(1, 1)[0] + cdus_kw) / 1000, 3) == 28.228
    assert 9472 * CATALOG.get(Node, "frontier-node").power_max_kw == pytest.approx(frontier_kw(1, 1)[0], rel=1e-8)


@pytest.mark.parametrize("row_id", NODES)
def test_a_shipped_node_draws_its_nameplate_at_full_use(row_id: str) -> None:
    draw, node = node_draw_kw(shipped(row_id), 1.0, 1.0), CATALOG.get(Node, row_id)
    assert sum(draw.values()) == pytest.approx(node.power_max_kw, rel=1e-9)
    assert min(draw.values()) >= 0
    # Nameplates of known makers leave a few per cent to a quarter beside the named parts; a model of one leaves nothing.
    modelled = row_id in ("frontier-node", "cray-ex235a")
    assert draw["other"] / node.power_max_kw < (0.001 if modelled else 0.25)


@pytest.mark.parametrize("row_id", NODES)
def test_supplies_that_are_needed_carry_a_shipped_node(row_id: str) -> None:
    node = CATALOG.get(Node, row_id)
    row = CATALOG.get(RackPower, node.rack_power)
    rating_kw = CATALOG.get(PowerStage, row.supply).rating_kw
    if rating_kw is not None:
        assert node.power_max_kw * row.nodes_per_chassis_count <= 1.05 * row.supplies_needed_count * rating_kw


@given(st.sampled_from(NODES), share, share, share, st.floats(100, 2000))
@settings(max_examples=60)
def test_more_use_never_draws_less_and_a_cap_never_more(row_id: str, a: float, b: float, cpu: float, cap_w: float) -> None:
    node, low, high = shipped(row_id), min(a, b), max(a, b)
    draws = [sum(node_draw_kw(node, gpu, cpu).values()) for gpu in (low, high)]
    assert draws[0] <= draws[1] * (1 + 1e-12)
    assert sum(node_draw_kw(node, high, cpu, cap_w).values()) <= draws[1] * (1 + 1e-12)
    assert all(kw >= 0 for kw in node_draw_kw(node, high, cpu, cap_w).values())


@given(st.sampled_from(NODES), st.floats(0.05, 1))
@settings(max_examples=40)
def test_a_draw_gives_back_its_utilisation(row_id: str, duty: float) -> None:
    node, nameplate_kw = shipped(row_id), CATALOG.get(Node, row_id).power_max_kw
    at = utilisation_at(node, duty * nameplate_kw)
    idle_kw = sum(node_draw_kw(node, 0.0, 0.0).values())
    assert sum(node_draw_kw(node, at, at).values()) == pytest.approx(max(duty * nameplate_kw, idle_kw), rel=1e-12)


def test_arrays_give_what_scalars_give() -> None:
    node, gpu, cpu = shipped("dgx-h100"), np.array([0.0, 0.4, 1.0]), np.array([0.1, 0.5, 1.0])
    together = node_draw_kw(node, gpu, cpu)
    for number in range(3):
        alone = node_draw_kw(node, float(gpu[number]), float(cpu[number]))
        assert {name: float(kw[number]) for name, kw in together.items()} == pytest.approx(alone)
    assert set(node_draw_kw(node, gpu, 0.5)) == set(together)


def test_busbar_currents() -> None:
    assert round(conductor_a(120, 54, three_phase=False)) == 2222
    assert conductor_a(120, 800, three_phase=False) == 150
    assert round(conductor_a(1000, 54, three_phase=False) / 1000, 1) == 18.5


def test_fans_follow_the_affinity_law_down_to_their_slowest() -> None:
    assert fan_power_w(1.0, 0.8) == pytest.approx(0.512)
    assert fan_power_w(1.0, 0.5) == pytest.approx(0.125)
    assert fan_power_w(1.0, 0.0) == fan_power_w(1.0, 0.4)


def efficiency(row_id: str, load: float) -> float:
    law = loss_law(CATALOG.get(PowerStage, row_id), CATALOG)
    return load * law.rating_kw / input_kw(law, load * law.rating_kw)


@pytest.mark.parametrize(
    ("row_id", "points"),
    [
        ("psu-titanium", {0.2: 0.94, 0.5: 0.96, 1.0: 0.91}),
        ("psu-ruby", {0.05: 0.90, 0.1: 0.91, 0.2: 0.95, 0.5: 0.965, 1.0: 0.92}),
        ("rectifier-orv3-3kw", {0.5: 0.975, 1.0: 0.965}),
    ],
)
def test_supplies_have_their_labels_efficiencies(row_id: str, points: dict[float, float]) -> None:
    assert {load: efficiency(row_id, load) for load in points} == pytest.approx(points)
    assert max(efficiency(row_id, load) for load in np.linspace(0.05, 1, 96).tolist()) == pytest.approx(max(points.values()))


@given(st.sampled_from([row.id for row in CATALOG.all(PowerStage) if row.stage in ("rectifier", "converter")]), share, share)
@settings(max_examples=60)
def test_a_supply_that_delivers_more_takes_more(row_id: str, a: float, b: float) -> None:
    law = loss_law(CATALOG.get(PowerStage, row_id), CATALOG)
    low, high = min(a, b) * 10, max(a, b) * 10
    assert input_kw(law, low) <= input_kw(law, high) + 1e-12
    assert input_kw(law, low) >= low


def test_spare_supplies_share_the_load() -> None:
    """A 2N pair of shelves runs at half of what N would: by 80 PLUS Titanium 96 % instead of 91 %."""
    law = loss_law(CATALOG.get(PowerStage, "psu-titanium"), CATALOG)
    assert shared_input_kw(law, 6.6, 2) == pytest.approx(6.6 / 0.91)
    assert shared_input_kw(law, 6.6, 4) == pytest.approx(6.6 / 0.96)


def test_an_open_rack_shelf_is_15_kw_with_one_rectifier_to_spare() -> None:
    row = CATALOG.get(RackPower, "shelf-orv3-15kw")
    rating_kw = CATALOG.get(PowerStage, row.supply).rating_kw
    assert rating_kw is not None
    assert row.supplies_needed_count * rating_kw == 15
    assert row.supplies_per_chassis_count == row.supplies_needed_count + 1


def test_a_gb200_rack_is_what_nvidia_registers() -> None:
    """Trays of 1,000 to 6,667 W, 18 to a rack: 120.0 kW; eight shelves of 33 kW; GPUs of 200-1,200 W, Graces of 50-420 W."""
    node, row = CATALOG.get(Node, "gb200-nvl72"), CATALOG.get(RackPower, "shelves-54v-8x33kw")
    rating_kw = CATALOG.get(PowerStage, row.supply).rating_kw
    assert rating_kw is not None
    assert (row.supplies_per_chassis_count, row.supplies_per_chassis_count * rating_kw) == (48, 264)
    assert row.supplies_needed_count * rating_kw == node.power_max_kw == 132
    assert round(18 * 6.667, 1) == 120.0
    full = node_draw_kw(shipped(node.id), 1.0, 1.0)
    assert full["gpus"] == pytest.approx(72 * 1.2)
    assert full["cpus"] == pytest.approx(36 * 0.42)
    assert full["gpus"] + full["cpus"] < 18 * 6.667 < node.power_max_kw
    idle = node_draw_kw(shipped(node.id), 0.0, 0.0)
    assert idle["gpus"] + idle["cpus"] == pytest.approx(18 * 0.9)
    # The maker's example feeds eight such racks from 750 kW: it oversubscribes.
    assert 8 * 120.0 > 750


def test_parts_above_the_nameplate_leave_nothing_other() -> None:
    node = NodePower(gpus_count=1, gpu_idle_w=10, gpu_max_w=1000, supply=LossLaw(efficiency_fraction=0.9))
    assert with_other(node, 1.0).other_w == 0
    assert with_other(node, 2.0).other_w == pytest.approx(800)


def test_a_gpu_of_unknown_power_leaves_its_share_to_other() -> None:
    node = with_other(NodePower(gpus_count=4, gpu_idle_w=0, gpu_max_w=0), 2.0)
    assert node_draw_kw(node, 1.0, 1.0)["other"] == pytest.approx(2.0)
    assert node_draw_kw(node, 0.0, 0.0)["other"] == pytest.approx(0.5)
