"""Properties of the coolants, what a flow carries, and what a pipe resists."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "COOLANTS",
    "RANGE_C",
    "conductivity_w_per_m_k",
    "coolant_flow_l_per_min",
    "coolant_rise_k",
    "darcy_friction_factor",
    "density_kg_per_m3",
    "heat_capacity_kj_per_kg_k",
    "kw_per_k_at_flow",
    "pipe_pressure_drop_kpa",
    "viscosity_mpa_s",
]

Floats = NDArray[np.float64]

RANGE_C = (1.0, 98.0)
"""Temperatures that the fits hold for, liquid at 3 bar [C]."""

# Polynomials in (temperature - 50 C) / 50 K, fitted to CoolProp 8 at 3 bar: water after IAPWS-95, PG25 the mixture MPG of a
# quarter propylene glycol by mass. Viscosity as its logarithm [mPa s].
_DENSITY = {
    "water": (988.12193, -22.610881, -8.1972882, 1.535207, -0.57687517, 0.32018923, -0.15409383),
    "pg25": (1004.3783, -28.852074, -5.6239006, 1.7932165),
}
_HEAT_CAPACITY = {
    "water": (4180.8745, 14.091115, 20.730795, -5.6183122, 9.8957414, -9.8981791, 5.2935283),
    "pg25": (3992.3811, 117.74994, -5.0537478, -2.5730128),
}
_LOG_VISCOSITY = {
    "water": (-0.60412551, -0.83944716, 0.22773557, -0.068792969, 0.026768459, -0.016611653, 0.0075169186),
    "pg25": (0.070090131, -1.0745327, 0.40106246, -0.16179682),
}
_CONDUCTIVITY = {
    "water": (0.64071115, 0.056180027, -0.021570785, 0.0030213802, -0.0024960496, 0.0015500065),
    "pg25": (0.49461919, 0.043442143, -0.0024357348, -0.00081194618),
}

COOLANTS = tuple(_DENSITY)
"""Coolants with known properties: water, and water with a quarter of propylene glycol by mass."""


def _fitted(table: dict[str, tuple[float, ...]], coolant: str, temperature_c: ArrayLike) -> Floats:
    """Evaluate a fit, within its range."""
    celsius = np.asarray(temperature_c, dtype=float)
    if not np.all((celsius >= RANGE_C[0]) & (celsius <= RANGE_C[1])):
        coldest, warmest = np.min(celsius), np.max(celsius)
        raise ValueError(
            f"{coolant} at {coldest:g} to {warmest:g} C: properties are known from {RANGE_C[0]:g} to {RANGE_C[1]:g} C"
        )
    x, value = (celsius - 50.0) / 50.0, np.zeros_like(celsius)
    for coefficient in reversed(table[coolant]):
        value = value * x + coefficient
    return value


def density_kg_per_m3(coolant: str, temperature_c: ArrayLike) -> Floats:
    """Density of a coolant.

    Parameters
    ----------
    coolant : str
        ``water`` or ``pg25``.
    temperature_c : float or array
        Temperature, 1 to 98 [C].

    Returns
    -------
    float or array
        Density [kg/m3].

    Raises
    ------
    ValueError
        Outside the fit's range.

    Notes
    -----
    A polynomial in ``(T - 50) / 50``, within 0.01 % of the source.

    References
    ----------
    CoolProp 8: water (IAPWS-95) and MPG[0.25] at 3 bar. Bell et al., Ind. Eng. Chem. Res. 53 (2014) 2498.

    Examples
    --------
    >>> round(float(density_kg_per_m3("pg25", 35.0)), 1), round(float(density_kg_per_m3("water", 40.0)), 1)
    (1012.5, 992.3)
    """
    return _fitted(_DENSITY, coolant, temperature_c)


def heat_capacity_kj_per_kg_k(coolant: str, temperature_c: ArrayLike) -> Floats:
    """Specific heat capacity of a coolant.

    Parameters
    ----------
    coolant : str
        ``water`` or ``pg25``.
    temperature_c : float or array
        Temperature, 1 to 98 [C].

    Returns
    -------
    float or array
        Heat capacity [kJ/(kg K)].

    Raises
    ------
    ValueError
        Outside the fit's range.

    Notes
    -----
    A polynomial in ``(T - 50) / 50``, within 0.01 % of the source.

    References
    ----------
    CoolProp 8: water (IAPWS-95) and MPG[0.25] at 3 bar. Bell et al., Ind. Eng. Chem. Res. 53 (2014) 2498.

    Examples
    --------
    >>> round(float(heat_capacity_kj_per_kg_k("pg25", 35.0)), 4), round(float(heat_capacity_kj_per_kg_k("water", 40.0)), 4)
    (3.9567, 4.1789)
    """
    return _fitted(_HEAT_CAPACITY, coolant, temperature_c) / 1000.0


def viscosity_mpa_s(coolant: str, temperature_c: ArrayLike) -> Floats:
    """Dynamic viscosity of a coolant.

    Parameters
    ----------
    coolant : str
        ``water`` or ``pg25``.
    temperature_c : float or array
        Temperature, 1 to 98 [C].

    Returns
    -------
    float or array
        Viscosity [mPa s].

    Raises
    ------
    ValueError
        Outside the fit's range.

    Notes
    -----
    The logarithm is a polynomial in ``(T - 50) / 50``; within 0.05 % of the source.

    References
    ----------
    CoolProp 8: water (IAPWS-95) and MPG[0.25] at 3 bar. Bell et al., Ind. Eng. Chem. Res. 53 (2014) 2498.

    Examples
    --------
    >>> round(float(viscosity_mpa_s("pg25", 40.0)), 3), round(float(viscosity_mpa_s("water", 40.0)), 3)
    (1.353, 0.653)
    """
    return np.exp(_fitted(_LOG_VISCOSITY, coolant, temperature_c))


def conductivity_w_per_m_k(coolant: str, temperature_c: ArrayLike) -> Floats:
    """Thermal conductivity of a coolant.

    Parameters
    ----------
    coolant : str
        ``water`` or ``pg25``.
    temperature_c : float or array
        Temperature, 1 to 98 [C].

    Returns
    -------
    float or array
        Conductivity [W/(m K)].

    Raises
    ------
    ValueError
        Outside the fit's range.

    Notes
    -----
    A polynomial in ``(T - 50) / 50``, within 0.05 % of the source.

    References
    ----------
    CoolProp 8: water (IAPWS-95) and MPG[0.25] at 3 bar. Bell et al., Ind. Eng. Chem. Res. 53 (2014) 2498.

    Examples
    --------
    >>> round(float(conductivity_w_per_m_k("pg25", 40.0)), 4), round(float(conductivity_w_per_m_k("water", 40.0)), 4)
    (0.4858, 0.6286)
    """
    return _fitted(_CONDUCTIVITY, coolant, temperature_c)


def kw_per_k_at_flow(flow_l_per_min: ArrayLike, coolant: str, temperature_c: ArrayLike) -> Floats:
    """Heat that a flow carries per kelvin of rise.

    Parameters
    ----------
    flow_l_per_min : float or array
        Volume flow [L/min].
    coolant : str
        ``water`` or ``pg25``.
    temperature_c : float or array
        Temperature at which the flow is measured, 1 to 98 [C].

    Returns
    -------
    float or array
        Capacity rate [kW/K].

    Notes
    -----
    ``C = V / 60000 * rho * cp``

    References
    ----------
    Incropera et al., Fundamentals of Heat and Mass Transfer, 6th edition, chapter 11.

    Examples
    --------
    60 L/min of water at 40 C are 0.9923 kg/s:

    >>> round(float(kw_per_k_at_flow(60.0, "water", 40.0)), 3)
    4.147
    """
    kg_per_l = density_kg_per_m3(coolant, temperature_c) / 1000.0
    return np.asarray(flow_l_per_min, dtype=float) / 60.0 * kg_per_l * heat_capacity_kj_per_kg_k(coolant, temperature_c)


def coolant_flow_l_per_min(heat_kw: ArrayLike, rise_k: ArrayLike, coolant: str, temperature_c: ArrayLike) -> Floats:
    """Flow that carries heat at a rise.

    Parameters
    ----------
    heat_kw : float or array
        Heat [kW].
    rise_k : float or array
        Rise from supply to return, greater than 0 [K].
    coolant : str
        ``water`` or ``pg25``.
    temperature_c : float or array
        Temperature at which the flow is measured, 1 to 98 [C].

    Returns
    -------
    float or array
        Volume flow [L/min].

    Notes
    -----
    ``V = 60000 * Q / (rho cp dT)``

    References
    ----------
    OCP OAI guideline: 1.5 L/min per kW at a rise of at most 10 K.

    Examples
    --------
    >>> round(float(coolant_flow_l_per_min(1.0, 10.0, "pg25", 35.0)), 3)
    1.498
    >>> round(float(coolant_flow_l_per_min(1.0, 10.0, "water", 35.0)), 3)
    1.444
    """
    return np.asarray(heat_kw, dtype=float) / (np.asarray(rise_k, dtype=float) * kw_per_k_at_flow(1.0, coolant, temperature_c))


def coolant_rise_k(heat_kw: ArrayLike, flow_l_per_min: ArrayLike, coolant: str, temperature_c: ArrayLike) -> Floats:
    """Rise of a flow that takes up heat.

    Parameters
    ----------
    heat_kw : float or array
        Heat [kW].
    flow_l_per_min : float or array
        Volume flow, greater than 0 [L/min].
    coolant : str
        ``water`` or ``pg25``.
    temperature_c : float or array
        Temperature at which the flow is measured, 1 to 98 [C].

    Returns
    -------
    float or array
        Rise from supply to return [K].

    Notes
    -----
    ``dT = 60000 * Q / (rho cp V)``

    References
    ----------
    OCP OAI guideline: 1.5 L/min per kW at a rise of at most 10 K.

    Examples
    --------
    >>> round(float(coolant_rise_k(1.0, 1.5, "pg25", 35.0)), 3), round(float(coolant_rise_k(1.0, 1.5, "water", 35.0)), 3)
    (9.985, 9.629)
    """
    return np.asarray(heat_kw, dtype=float) / kw_per_k_at_flow(flow_l_per_min, coolant, temperature_c)


_LAMINAR = 2300.0
_STEPS = 12  # each gains more than a digit


def darcy_friction_factor(reynolds: ArrayLike, roughness_ratio: ArrayLike) -> Floats:
    """Friction factor of a round pipe.

    Parameters
    ----------
    reynolds : float or array
        Reynolds number, greater than 0.
    roughness_ratio : float or array
        Roughness of the wall over the pipe's diameter.

    Returns
    -------
    float or array
        Friction factor of Darcy and Weisbach (four times that of Fanning).

    Notes
    -----
    Laminar below 2,300: ``64 / Re``. Above, the equation of Colebrook and White,
    ``1 / sqrt f = -2 log10(e / 3.7 + 2.51 / (Re sqrt f))``, by substitution.

    References
    ----------
    Colebrook, J. Inst. Civ. Eng. 11 (1939) 133.

    Examples
    --------
    >>> round(float(darcy_friction_factor(1e5, 1e-4)), 6), float(darcy_friction_factor(1000.0, 0.0))
    (0.018514, 0.064)
    """
    number, rough = np.asarray(reynolds, dtype=float), np.asarray(roughness_ratio, dtype=float)
    turbulent = np.maximum(number, _LAMINAR)
    inverse_root = np.full(np.broadcast(turbulent, rough).shape, 7.0)
    for _ in range(_STEPS):
        inverse_root = -2.0 * np.log10(rough / 3.7 + 2.51 * inverse_root / turbulent)
    return np.where(number < _LAMINAR, 64.0 / number, inverse_root**-2.0)


def pipe_pressure_drop_kpa(
    flow_l_per_min: float,
    length_m: float,
    diameter_m: float,
    roughness_mm: float,
    coolant: str,
    temperature_c: float,
) -> float:
    """Pressure that a flow loses in a straight round pipe.

    Parameters
    ----------
    flow_l_per_min : float
        Volume flow, greater than 0 [L/min].
    length_m, diameter_m : float
        Length and inner diameter of the pipe [m].
    roughness_mm : float
        Roughness of the wall [mm].
    coolant : str
        ``water`` or ``pg25``.
    temperature_c : float
        Temperature, 1 to 98 [C].

    Returns
    -------
    float
        Pressure drop [kPa].

    Notes
    -----
    ``dp = f (L / d) rho v^2 / 2`` with Darcy's factor f at ``Re = rho v d / mu``.

    References
    ----------
    ASHRAE Handbook - Fundamentals (2017), chapter 22, equations 1 and 2.

    Examples
    --------
    Water of 40 C at 2 m/s in 100 m of steel pipe of 0.2 m loses some 15 kPa:

    >>> round(pipe_pressure_drop_kpa(2.0 * 3.14159 / 4 * 0.2**2 * 60000, 100.0, 0.2, 0.045, "water", 40.0), 1)
    15.3
    """
    density = float(density_kg_per_m3(coolant, temperature_c))
    speed_m_per_s = flow_l_per_min / 60000.0 / (math.pi / 4 * diameter_m**2)
    reynolds = density * speed_m_per_s * diameter_m / (float(viscosity_mpa_s(coolant, temperature_c)) / 1000.0)
    factor = float(darcy_friction_factor(reynolds, roughness_mm / 1000.0 / diameter_m))
    return factor * length_m / diameter_m * density * speed_m_per_s**2 / 2 / 1000.0
