"""The coolants' fitted properties against CoolProp, flows against published figures, friction against Colebrook's equation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.models.fluids import (
    COOLANTS,
    RANGE_C,
    conductivity_w_per_m_k,
    coolant_flow_l_per_min,
    coolant_rise_k,
    darcy_friction_factor,
    density_kg_per_m3,
    heat_capacity_kj_per_kg_k,
    pipe_pressure_drop_kpa,
    viscosity_mpa_s,
)

MIXTURES = {"water": "Water", "pg25": "INCOMP::MPG[0.25]"}
PROPERTIES = [
    (density_kg_per_m3, "D", 1.0, 1e-4),
    (heat_capacity_kj_per_kg_k, "C", 1e-3, 1e-4),
    (viscosity_mpa_s, "V", 1e3, 5e-4),
    (conductivity_w_per_m_k, "L", 1.0, 5e-4),
]


@pytest.mark.parametrize("coolant", COOLANTS)
@pytest.mark.parametrize(("ours", "key", "scale", "tolerance"), PROPERTIES, ids=lambda value: getattr(value, "__name__", None))
def test_properties_are_those_of_coolprop_over_the_range(coolant, ours, key, scale, tolerance) -> None:  # type: ignore[no-untyped-def]
    coolprop = pytest.importorskip("CoolProp.CoolProp")
    celsius = np.linspace(*RANGE_C, 98)
    theirs = np.array([coolprop.PropsSI(key, "T", each + 273.15, "P", 3e5, MIXTURES[coolant]) for each in celsius]) * scale
    assert ours(coolant, celsius) == pytest.approx(theirs, rel=tolerance)


@pytest.mark.parametrize(
    ("coolant", "density", "heat_capacity", "viscosity", "conductivity"),
    [("pg25", 1009.9, 3.9686, 1.353, 0.4858), ("water", 992.3, 4.1789, 0.653, 0.6286)],
)
def test_properties_at_40_c(coolant: str, density: float, heat_capacity: float, viscosity: float, conductivity: float) -> None:
    assert round(float(density_kg_per_m3(coolant, 40.0)), 1) == density
    assert round(float(heat_capacity_kj_per_kg_k(coolant, 40.0)), 4) == heat_capacity
    assert round(float(viscosity_mpa_s(coolant, 40.0)), 3) == viscosity
    assert round(float(conductivity_w_per_m_k(coolant, 40.0)), 4) == conductivity


@pytest.mark.parametrize(("coolant", "rise_k", "flow"), [("pg25", 9.985, 1.498), ("water", 9.629, 1.444)])
def test_a_litre_and_a_half_a_minute_carry_a_kilowatt_at_ten_kelvin(coolant: str, rise_k: float, flow: float) -> None:
    assert round(float(coolant_rise_k(1.0, 1.5, coolant, 35.0)), 3) == rise_k
    assert round(float(coolant_flow_l_per_min(1.0, 10.0, coolant, 35.0)), 3) == flow


@pytest.mark.parametrize("celsius", [RANGE_C[0] - 0.1, RANGE_C[1] + 0.1, math.nan])
def test_outside_the_range_nothing_is_made_up(celsius: float) -> None:
    with pytest.raises(ValueError, match="properties are known from 1 to 98 C"):
        density_kg_per_m3("pg25", np.array([40.0, celsius]))


def test_friction_as_published() -> None:
    assert round(float(darcy_friction_factor(1e5, 1e-4)), 6) == 0.018514


@settings(max_examples=30)
@given(reynolds=st.floats(2300.0, 1e8), rough=st.floats(0.0, 0.05))
def test_friction_solves_colebrooks_equation(reynolds: float, rough: float) -> None:
    root = math.sqrt(float(darcy_friction_factor(reynolds, rough)))
    assert 1 / root == pytest.approx(-2 * math.log10(rough / 3.7 + 2.51 / (reynolds * root)), rel=1e-8)


def test_a_laminar_pipe_follows_hagen_and_poiseuille() -> None:
    """dp = 128 mu L V / (pi d^4)."""
    mu, flow = float(viscosity_mpa_s("pg25", 20.0)) / 1000, 1.0 / 60000
    expected = 128 * mu * 10.0 * flow / (math.pi * 0.03**4) / 1000
    assert pipe_pressure_drop_kpa(1.0, 10.0, 0.03, 0.045, "pg25", 20.0) == pytest.approx(expected)


def test_cold_glycol_resists_more_than_warm_water() -> None:
    warm = pipe_pressure_drop_kpa(5000.0, 200.0, 0.25, 0.045, "water", 45.0)
    assert pipe_pressure_drop_kpa(5000.0, 200.0, 0.25, 0.045, "pg25", 10.0) > 1.15 * warm
