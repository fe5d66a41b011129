"""Pumps, fans and chillers: affinity laws, a maker's curve, and how long a mass of water lasts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.models.cooling import (
    affinity_head_kpa,
    affinity_power_kw,
    chiller_cop_ratio,
    chiller_power_kw,
    heat_up_s,
    pump_power_kw,
)


def test_affinity_as_published() -> None:
    assert float(affinity_head_kpa(1.0, 0.8)) == pytest.approx(0.64)
    assert float(affinity_power_kw(1.0, 0.8)) == pytest.approx(0.512)
    assert float(affinity_power_kw(1.0, 0.5)) == 0.125


@given(flow=st.floats(0.0, 1e5), head=st.floats(0.0, 1e3), speed=st.floats(0.0, 1.0))
def test_affinity_is_a_pump_on_a_quadratic_system(flow: float, head: float, speed: float) -> None:
    slower = pump_power_kw(flow * speed, affinity_head_kpa(head, speed), 0.7)
    assert float(slower) == pytest.approx(float(affinity_power_kw(float(pump_power_kw(flow, head, 0.7)), speed)))


def test_the_cop_follows_a_makers_chiller() -> None:
    """EnergyPlus, Chillers.idf: energy input ratio of York YT 2233 kW, 9.54 COP at 5.56/12.78 C, over all of its range."""
    leaving, entering = np.meshgrid(np.linspace(5.56, 8.89, 7), np.linspace(12.78, 29.44, 9))
    inverse = (
        7.145541e-01
        - 1.074745e-02 * leaving
        - 1.010204e-03 * leaving**2
        + 3.081188e-02 * entering
        + 1.061200e-04 * entering**2
        - 4.325357e-04 * leaving * entering
    )
    assert chiller_cop_ratio(9.54, 5.56, 12.78, leaving, entering) == pytest.approx(9.54 / inverse, rel=0.03)


@given(leaving=st.floats(4.0, 45.0), entering=st.floats(0.0, 50.0), more=st.floats(0.0, 10.0))
def test_warmer_chilled_water_and_colder_condensers_never_cost_more(leaving: float, entering: float, more: float) -> None:
    cop = float(chiller_cop_ratio(6.28, 6.67, 29.44, leaving, entering))
    assert float(chiller_cop_ratio(6.28, 6.67, 29.44, leaving + more, entering)) >= cop
    assert float(chiller_cop_ratio(6.28, 6.67, 29.44, leaving, entering + more)) <= cop
    assert cop < 6.28 * 2.4  # no miracle with warm water: the lift is capped from below


CURVE = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0), (0.431, 0.757, 0.961, 1.008, 1.007, 1.0)


@given(heat=st.floats(0.0, 5000.0), more=st.floats(0.0, 500.0))
def test_more_heat_never_takes_a_chiller_less_power(heat: float, more: float) -> None:
    power = float(chiller_power_kw(heat, 1000.0, 3, 6.0, *CURVE))
    assert float(chiller_power_kw(heat + more, 1000.0, 3, 6.0, *CURVE)) >= power * (1 - 1e-12)


@given(heat=st.floats(0.0, 10000.0), count=st.integers(1, 10))
def test_as_many_chillers_run_as_draw_least(heat: float, count: int) -> None:
    """Against every number of running chillers that can carry the heat."""
    able = [run for run in range(1, count + 1) if heat <= 1000.0 * run] or [count]
    brute = min(heat / (6.0 * float(np.interp(heat / 1000.0 / run, *CURVE))) for run in able)
    assert float(chiller_power_kw(heat, 1000.0, count, 6.0, *CURVE)) == pytest.approx(brute)


def test_a_chiller_alone_at_little_load_is_no_better_than_its_curve() -> None:
    """Ten chillers at a hundredth of their load: one runs, at a tenth of its own."""
    assert float(chiller_power_kw(100.0, 1000.0, 10, 6.0, *CURVE)) == pytest.approx(100.0 / (6.0 * 0.431))


def test_a_rack_on_a_hundred_litres_trips_after_35_seconds() -> None:
    assert round(float(heat_up_s(120.0, 100 * 4.186, 10.0)), 1) == 34.9


@settings(max_examples=20)
@given(heat=st.floats(1.0, 1e5), mass=st.floats(1.0, 1e6), margin=st.floats(0.1, 30.0))
def test_heating_up_conserves_energy(heat: float, mass: float, margin: float) -> None:
    assert float(heat_up_s(heat, mass, margin)) * heat == pytest.approx(mass * margin)
