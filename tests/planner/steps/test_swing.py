"""Swing and caps of whole factories: sums by hand, with a chain that loses nothing or a known share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.catalog import load_catalog
from planner.plan_facility import ChainUnit, SwingPlan
from planner.spec import Factory
from planner.steps.facility import ChainDesign, Floats, Loads
from planner.steps.hardware import Hardware, resolve
from planner.steps.loads import plan_loads
from planner.steps.networks import compute_fabric
from planner.steps.notes import Notes
from planner.steps.racks import plan_racks
from planner.steps.swing import CAP_SHARES, plan_caps, plan_swing

CATALOG = load_catalog()


def lossless(it_kw: Floats, pumps_kw: Floats, cooling_kw: Floats, house_kw: Floats) -> dict[str, Floats]:
    return {"utility": 0.0 * (it_kw + pumps_kw + cooling_kw + house_kw)}


def five_per_cent(it_kw: Floats, pumps_kw: Floats, cooling_kw: Floats, house_kw: Floats) -> dict[str, Floats]:
    return {"ups": 0.05 * it_kw, "utility": 0.0 * (pumps_kw + cooling_kw + house_kw)}


CHAIN = ChainDesign("N", (), (), (), (), lossless, None, None, None, None)


def drawn(nodes: dict[str, int], **sections: Any) -> tuple[Factory, Hardware, Loads]:
    data = {"name": "x", "site": {"country": "US"}, "compute": {"nodes": nodes}, **sections}
    factory, notes = Factory.model_validate(data), Notes()
    hardware = resolve(factory, CATALOG, notes)
    fabric = compute_fabric(factory, hardware, notes)
    fabrics = [fabric] if fabric else []
    racks = plan_racks(factory, hardware, CATALOG, notes, fabrics)
    return factory, hardware, plan_loads(factory, hardware, CATALOG, notes, fabrics, racks)


def swing_of(nodes: dict[str, int], chain: ChainDesign = CHAIN, cooling_kw: float = 0.0, **workloads: float) -> SwingPlan:
    factory, hardware, loads = drawn(nodes, workloads=workloads)
    return plan_swing(factory, hardware, CATALOG, Notes(), loads, chain, cooling_kw)


def battery(rating_kw: float) -> ChainDesign:
    item = next(row.id for row in CATALOG.rows["power_stages"].values() if getattr(row, "energy_kwh", None))
    unit = ChainUnit(
        name="bess-1",
        stage="bess",
        item=item,
        rating_kw=rating_kw,
        limit_kw=rating_kw,
        fed_by=(),
        backed_by=(),
        needs_count=1,
        load_kw=0,
        loss_kw=0,
        load_worst_kw=0,
        worst_when="",
    )
    return replace(CHAIN, units=(unit,))


def test_gpus_swing_between_full_and_idle_power() -> None:
    """Ten nodes of eight H100: 80 x 630 W and three quarters of what is other, behind supplies of about 95 %."""
    swing = swing_of({"dgx-h100": 10})
    assert swing.swing_kw == pytest.approx((80 * 0.63 + 10 * 0.75 * 1.48) / 0.95, rel=0.03)
    assert swing.high_kw - swing.low_kw == pytest.approx(swing.swing_kw)
    assert swing.ramp_kw_per_s == pytest.approx(swing.swing_kw / 0.2)
    assert swing.fundamental_hz == 0.1
    assert (swing.smoothed_by, swing.smoothed_swing_kw) == ((), swing.swing_kw)


def test_part_of_the_gpus_swings_its_part() -> None:
    whole, half = swing_of({"dgx-h100": 10}), swing_of({"dgx-h100": 10}, synchronous_fraction=0.5)
    assert half.swing_kw == pytest.approx(whole.swing_kw / 2)
    assert swing_of({"dgx-h100": 10}, synchronous_fraction=0.0).swing_kw == pytest.approx(0, abs=1e-9)


def test_a_cap_shrinks_the_swing() -> None:
    assert swing_of({"dgx-h100": 10}, gpu_cap_w=400.0).swing_kw < swing_of({"dgx-h100": 10}).swing_kw


@pytest.mark.parametrize("waiting", [0.0, 5e-324, 1.0])
def test_a_job_of_one_phase_does_not_swing(waiting: float) -> None:
    swing = swing_of({"dgx-h100": 10}, communication_fraction=waiting)
    assert (swing.swing_kw, swing.ramp_kw_per_s, swing.band_kw) == (0, 0, 0)
    assert swing.high_kw == swing.low_kw > 0


def test_the_chain_and_the_cooling_come_on_top() -> None:
    bare, whole = swing_of({"dgx-h100": 10}), swing_of({"dgx-h100": 10}, replace(CHAIN, losses_kw=five_per_cent), 40.0)
    assert whole.swing_kw == pytest.approx(1.05 * bare.swing_kw)
    assert whole.high_kw == pytest.approx(1.05 * bare.high_kw + 40)


def test_steps_decide_what_falls_into_the_band() -> None:
    assert swing_of({"dgx-h100": 10}, step_s=1.0).band_kw > swing_of({"dgx-h100": 10}, step_s=1000.0).band_kw > 0
    assert swing_of({"dgx-h100": 10}, step_s=0.01).band_kw == 0


def test_storage_in_the_supplies_of_gb300_smooths_fast_steps() -> None:
    """65 J a GPU: steps of 1 s swing by about a third less, as its maker says; steps of 10 s only have slower edges."""
    fast, slow = swing_of({"gb300-nvl72": 8}, step_s=1.0), swing_of({"gb300-nvl72": 8})
    assert fast.smoothed_by == slow.smoothed_by == ("power supplies",)
    assert 0.25 < 1 - fast.smoothed_swing_kw / fast.swing_kw < 0.35
    assert slow.smoothed_swing_kw == slow.swing_kw
    assert slow.smoothed_ramp_kw_per_s < 0.8 * slow.ramp_kw_per_s
    assert swing_of({"gb200-nvl72": 8}).smoothed_by == ()


def test_a_battery_system_at_the_switchboards_smooths_what_its_rating_allows() -> None:
    bare = swing_of({"dgx-h100": 10})
    some, much = swing_of({"dgx-h100": 10}, battery(20.0)), swing_of({"dgx-h100": 10}, battery(1e6))
    assert some.smoothed_by == ("battery system",)
    assert much.smoothed_swing_kw <= some.smoothed_swing_kw <= bare.swing_kw
    assert much.band_kw <= some.band_kw <= bare.band_kw


def test_caps_save_power_and_cost_throughput() -> None:
    factory, hardware, loads = drawn({"dgx-h100": 100})
    notes = Notes()
    caps = plan_caps(factory, hardware, CATALOG, notes, loads, lambda it_kw: 1.2 * it_kw + 50)
    assert [cap.gpu_cap_w for cap in caps] == pytest.approx([700 * each for each in CAP_SHARES])
    first, *others = caps
    assert first.it_kw == pytest.approx(loads.power_kw["design"])
    assert (first.throughput_ratio, first.nodes_at_same_power_count, first.throughput_at_same_power_ratio) == (1, 100, 1)
    for before, after in zip(caps, others, strict=False):
        assert after.it_kw < before.it_kw
        assert after.facility_kw == pytest.approx(1.2 * after.it_kw + 50)
        assert after.throughput_ratio < before.throughput_ratio
        assert after.nodes_at_same_power_count > before.nodes_at_same_power_count
        # Clocks fall with the cube root of power: capped GPUs and more of them do more with the same power.
        assert after.throughput_at_same_power_ratio > 1
    # 420 of 700 W: (350 / 630)^(1/3) of the clock for four fifths of a step.
    assert caps[-1].throughput_ratio == pytest.approx(1 / (0.2 + 0.8 / (350 / 630) ** (1 / 3)))
    assert any(each.path == "power.caps" for each in notes.assumptions())


def test_a_capped_design_agrees_with_a_factory_that_declares_the_cap() -> None:
    factory, hardware, loads = drawn({"gb200-nvl72": 8}, power={"diversity_fraction": 0.9})
    caps = plan_caps(factory, hardware, CATALOG, Notes(), loads, lambda it_kw: it_kw)
    for cap in caps[1:]:
        sections = {"power": {"diversity_fraction": 0.9}, "workloads": {"gpu_cap_w": cap.gpu_cap_w}}
        assert cap.it_kw == pytest.approx(drawn({"gb200-nvl72": 8}, **sections)[2].power_kw["design"])


def test_nodes_at_the_same_power_count_from_the_declared_cap() -> None:
    factory, hardware, loads = drawn({"dgx-h100": 100}, workloads={"gpu_cap_w": 560.0})
    caps = plan_caps(factory, hardware, CATALOG, Notes(), loads, lambda it_kw: it_kw)
    assert caps[0].nodes_at_same_power_count < 100
    assert caps[2].gpu_cap_w == 560
    assert caps[2].nodes_at_same_power_count == 100
