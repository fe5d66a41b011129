"""The shipped factory `frontier-like` is Frontier as its published power model adds it up."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.engine import make_plan
from planner.plan import Plan
from planner.reader import read_factory

FILE = Path(__file__).parents[2] / "factories" / "frontier-like.yaml"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(*read_factory(FILE))


def whole_kw(gpu: float, cpu: float) -> float:
    """Add up 592 chassis of 16 nodes and 1 kW of switches on four rectifiers, and 25 CDUs."""
    node_w = 90 + 190 * cpu + 4 * (88 + 472 * gpu) + 74.26 + 4 * 20 + 30
    chassis_w = 4 * ((16 * (node_w + 13) / 0.98 + 1000) / 4 + 17) / 0.96
    return (592 * chassis_w + 25 * 8473.47) / 1000


def test_idle_power_and_loss_are_the_published_ones(plan: Plan) -> None:
    assert plan.power is not None
    idle = {point.name: point for point in plan.power.points}["idle"]
    assert idle.facility_kw == pytest.approx(7306.5, rel=1e-3)
    assert idle.facility_kw == pytest.approx(whole_kw(0, 0), rel=1e-7)
    assert idle.conversion_loss_kw == pytest.approx(570.8, rel=1e-3)
    assert idle.chain_loss_kw == pytest.approx(0, abs=1e-6)
    assert idle.cooling_kw == pytest.approx(25 * 8.47347, rel=1e-7)


def test_every_other_point_follows_the_same_model(plan: Plan) -> None:
    assert plan.power is not None
    work = plan.factory.workloads
    assert work.gpu_utilisation_fraction is not None
    assert work.cpu_utilisation_fraction is not None
    points = {point.name: point.facility_kw for point in plan.power.points}
    assert points["nameplate"] == pytest.approx(whole_kw(1, 1), rel=1e-7)
    assert round(points["nameplate"] / 1000, 3) == 28.228
    expected_kw = whole_kw(work.gpu_utilisation_fraction, work.cpu_utilisation_fraction)
    assert points["expected"] == pytest.approx(expected_kw, rel=1e-7)


def test_it_is_buildable_and_nothing_is_counted_twice(plan: Plan) -> None:
    assert not plan.has_error()
    assert plan.racks is not None
    assert (plan.compute.nodes, plan.compute.gpus, plan.racks.count, plan.racks.pdus_count) == (9472, 37888, 74, 0)
    (compute,) = [fabric for fabric in plan.fabrics if fabric.switch]
    assert (compute.kind, compute.switches_by_tier.total(), compute.hosts_max_count) == ("compute", 2368, 9472)
