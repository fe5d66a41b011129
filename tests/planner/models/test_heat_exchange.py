"""Effectiveness against closed forms and marching through an exchanger; the tower against Merkel's integral."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from planner.models.heat_exchange import (
    approach_k,
    conductance_at_flows_kw_per_k,
    counterflow_effectiveness,
    counterflow_transfer_units,
    rated_conductance_kw_per_k,
    saturated_enthalpy_kj_per_kg,
    tower_constant,
)
from planner.models.rejection import Rejection, coldest_c, outdoors

UNITS = st.floats(0.01, 20.0)
RATIOS = st.floats(0.0, 1.0)
RATES = st.floats(1.0, 1000.0)


def test_effectiveness_as_published() -> None:
    assert round(float(counterflow_effectiveness(3.0, 1.0)), 4) == 0.7500
    assert round(float(counterflow_effectiveness(3.0, 0.5)), 4) == 0.8744


@settings(max_examples=50)
@given(units=UNITS, ratio=RATIOS)
def test_effectiveness_is_that_of_the_textbook(units: float, ratio: float) -> None:
    x = np.exp(-units * (1 - ratio))
    expected = units / (1 + units) if 1 - ratio < 1e-6 else (1 - x) / (1 - ratio * x)
    assert float(counterflow_effectiveness(units, ratio)) == pytest.approx(expected, rel=1e-5)


@settings(max_examples=50)
@given(units=st.floats(0.01, 6.0), ratio=RATIOS)
def test_transfer_units_undo_effectiveness(units: float, ratio: float) -> None:
    effectiveness = float(counterflow_effectiveness(units, ratio))
    assert counterflow_transfer_units(effectiveness, ratio) == pytest.approx(units, rel=1e-4)


@settings(max_examples=50)
@given(heat=RATES, approach=st.floats(0.5, 30.0), hot=RATES, cold=RATES)
def test_a_rated_exchanger_does_what_its_rating_says(heat: float, approach: float, hot: float, cold: float) -> None:
    if heat / cold < heat / hot + 0.99 * approach:
        ua = rated_conductance_kw_per_k(heat, approach, hot, cold)
        assert float(approach_k(heat, ua, hot, cold)) == pytest.approx(approach, rel=1e-5)


def test_no_exchanger_lets_what_cools_leave_warmer_than_what_is_cooled() -> None:
    with pytest.raises(ValueError, match="no heat exchanger has an effectiveness of"):
        rated_conductance_kw_per_k(100.0, 2.0, 50.0, 10.0)  # 2 K of rise against 10 K


def test_marching_through_an_exchanger_gives_the_same_heat() -> None:
    """Ten thousand slices of a counter-flow exchanger, the cold outlet found by bisection."""
    ua, hot, cold, slices = 30.0, 12.0, 20.0, 10_000

    def cold_in(cold_out: float) -> float:
        hot_c, cold_c = 50.0, cold_out
        for _ in range(slices):
            heat = ua / slices * (hot_c - cold_c)
            hot_c, cold_c = hot_c - heat / hot, cold_c - heat / cold
        return cold_c

    cold_out = brentq(lambda each: cold_in(each) - 30.0, 30.0, 49.0)
    expected = float(counterflow_effectiveness(ua / hot, hot / cold)) * hot * 20.0
    assert cold * (cold_out - 30.0) == pytest.approx(expected, rel=1e-3)


@settings(max_examples=30)
@given(hot=st.floats(0.1, 1.0), cold=st.floats(0.1, 1.0))
def test_conductance_grows_with_either_flow(hot: float, cold: float) -> None:
    ua = float(conductance_at_flows_kw_per_k(10.0, hot, cold))
    assert ua <= float(conductance_at_flows_kw_per_k(10.0, min(1.2 * hot, 1.2), cold))
    assert min(hot, cold) ** 0.8 * 10 <= ua * (1 + 1e-12) <= max(hot, cold) ** 0.8 * 10 * (1 + 2e-12)


def merkel_number(hot_c: float, cold_c: float, wet_bulb_c: float, water_to_air: float) -> float:
    """Integrate Merkel's equation, air of the wet bulb's enthalpy rising with the water's heat."""
    water = np.linspace(cold_c, hot_c, 400)
    air = saturated_enthalpy_kj_per_kg(wet_bulb_c, 101325.0) + water_to_air * 4.18 * (water - cold_c)
    driving = saturated_enthalpy_kj_per_kg(water, 101325.0) - air
    return float(np.trapezoid(4.18 / driving, water)) if np.all(driving > 0) else 1e6


@pytest.mark.parametrize("wet_bulb_c", [10.0, 18.0, 22.0, 27.0])
def test_a_tower_at_other_wet_bulbs_is_merkels(wet_bulb_c: float) -> None:
    """The same fill, flows and heat: the cold water that Merkel's integral gives, within half a kelvin."""
    tower = Rejection("tower", 1, 1, 1000.0, 10.0, 30.0, 0.2, 4.0, 5.0, 25.6)
    air_kg_per_s, water_kg_per_s = 36.0, 200.0 / 4.18
    ratio = water_kg_per_s / air_kg_per_s
    fill = merkel_number(34.6, 29.6, 25.6, ratio)
    expected = brentq(
        lambda cold: merkel_number(cold + 5.0, cold, wet_bulb_c, ratio) - fill, wet_bulb_c + 1.0, wet_bulb_c + 15.0
    )
    thick = outdoors(wet_bulb_c, wet_bulb_c, 101325.0, 0.0, 0.0)
    same_air = Rejection(**{**vars(tower), "air_m3_per_s": 36.0 / float(thick.dry_air_kg_per_m3)})
    constant = tower_constant(1000.0, 34.6, 29.6, 25.6, 36.0, 101325.0)
    found = coldest_c(same_air, constant, 1, lambda cold: 1000.0 + 0.0 * cold, np.asarray(200.0), thick)
    assert float(found) == pytest.approx(expected, abs=0.5)
