"""Heat exchangers by effectiveness and transfer units, and the cooling tower as one of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.models.weather import enthalpy_kj_per_kg, humidity_ratio

__all__ = [
    "approach_k",
    "conductance_at_flows_kw_per_k",
    "counterflow_effectiveness",
    "counterflow_transfer_units",
    "rated_conductance_kw_per_k",
    "saturated_enthalpy_kj_per_kg",
    "tower_constant",
    "tower_heat_kw",
]

Floats = NDArray[np.float64]


def counterflow_effectiveness(transfer_units: ArrayLike, capacity_ratio: ArrayLike) -> Floats:
    """Effectiveness of a counter-flow heat exchanger.

    Parameters
    ----------
    transfer_units : float or array
        NTU: conductance over the smaller capacity rate.
    capacity_ratio : float or array
        Cr: smaller over larger capacity rate (for a cooling tower it may exceed 1).

    Returns
    -------
    float or array
        Heat over the most that the inlet temperatures allow.

    Notes
    -----
    ``e = (1 - x) / (1 - Cr x)`` with ``x = exp(-NTU (1 - Cr))``; ``NTU / (1 + NTU)`` where Cr is 1.

    References
    ----------
    Incropera et al., Fundamentals of Heat and Mass Transfer, 6th edition, equation 11.29.

    Examples
    --------
    >>> round(float(counterflow_effectiveness(3.0, 1.0)), 4), round(float(counterflow_effectiveness(3.0, 0.5)), 4)
    (0.75, 0.8744)
    """
    units, ratio = np.asarray(transfer_units, dtype=float), np.asarray(capacity_ratio, dtype=float)
    # (1 - x) / (1 - Cr) = NTU * (1 - exp(-y)) / y has no gap at Cr = 1; with it, e = that / (1 + Cr * that).
    y = np.maximum(units * (1.0 - ratio), -500.0)
    small = np.abs(y) < 1e-9
    reach = units * np.where(small, 1.0 - y / 2, -np.expm1(-y) / np.where(small, 1.0, y))
    return np.asarray(reach / (1.0 + ratio * reach))


def counterflow_transfer_units(effectiveness: float, capacity_ratio: float) -> float:
    """Transfer units that an effectiveness of a counter-flow heat exchanger needs: the inverse of its effectiveness.

    Parameters
    ----------
    effectiveness : float
        Heat over the most that the inlet temperatures allow, at least 0.
    capacity_ratio : float
        Smaller over larger capacity rate (for a cooling tower it may exceed 1).

    Returns
    -------
    float
        NTU.

    Raises
    ------
    ValueError
        If no exchanger, however large, has that effectiveness.

    Notes
    -----
    ``NTU = ln((1 - e Cr) / (1 - e)) / (1 - Cr)``; ``e / (1 - e)`` where Cr is 1.

    References
    ----------
    Incropera et al., Fundamentals of Heat and Mass Transfer, 6th edition, table 11.4.

    Examples
    --------
    >>> round(counterflow_transfer_units(0.75, 1.0), 6)
    3.0
    """
    if not 0 <= effectiveness < min(1.0, 1.0 / max(capacity_ratio, 1e-12)):
        raise ValueError(
            f"no heat exchanger has an effectiveness of {effectiveness:.3f} at a capacity ratio of {capacity_ratio:.3f}"
        )
    if abs(1.0 - capacity_ratio) < 1e-9:
        return effectiveness / (1.0 - effectiveness)
    return float(np.log((1.0 - effectiveness * capacity_ratio) / (1.0 - effectiveness)) / (1.0 - capacity_ratio))


def rated_conductance_kw_per_k(heat_kw: float, approach_k: float, hot_kw_per_k: float, cold_kw_per_k: float) -> float:
    """Conductance of a heat exchanger that leaves an approach at its rating.

    Parameters
    ----------
    heat_kw : float
        Heat at the rating [kW].
    approach_k : float
        Hot stream out over cold stream in, greater than 0 [K].
    hot_kw_per_k, cold_kw_per_k : float
        Capacity rates of the two streams at the rating [kW/K].

    Returns
    -------
    float
        UA [kW/K].

    Raises
    ------
    ValueError
        If the cold stream would have to leave warmer than the hot one enters.

    Notes
    -----
    ``e = Q / (Cmin (Q / Chot + approach))``, then NTU from e, and ``UA = NTU Cmin``.

    References
    ----------
    Incropera et al., Fundamentals of Heat and Mass Transfer, 6th edition, chapter 11.

    Examples
    --------
    Equal flows with 10 K of rise and 5 K of approach have 5 K between them everywhere: 100 kW / 5 K.

    >>> round(rated_conductance_kw_per_k(100.0, 5.0, 10.0, 10.0), 6)
    20.0
    """
    least, most = sorted((hot_kw_per_k, cold_kw_per_k))
    effectiveness = heat_kw / (least * (heat_kw / hot_kw_per_k + approach_k))
    return counterflow_transfer_units(effectiveness, least / most) * least


def conductance_at_flows_kw_per_k(rated_kw_per_k: float, hot_fraction: ArrayLike, cold_fraction: ArrayLike) -> Floats:
    """Conductance of a heat exchanger at other flows than rated.

    Parameters
    ----------
    rated_kw_per_k : float
        UA at rated flows [kW/K].
    hot_fraction, cold_fraction : float or array
        Flow over rated flow of each stream, greater than 0.

    Returns
    -------
    float or array
        UA [kW/K].

    Notes
    -----
    ``UA = 2 UA0 / (hot ** -0.8 + cold ** -0.8)``: each side has half of the resistance at the rating, and turbulent heat
    transfer grows with the flow to the power of 0.8.

    References
    ----------
    Wetter, Simulation model finned water-air-coil without condensation, LBNL-42355 (1999); exponent of Dittus and Boelter.

    Examples
    --------
    >>> round(float(conductance_at_flows_kw_per_k(20.0, 0.5, 0.5)), 3)  # 20 * 0.5 ** 0.8
    11.487
    """
    hot, cold = np.asarray(hot_fraction, dtype=float), np.asarray(cold_fraction, dtype=float)
    return np.asarray(2.0 * rated_kw_per_k / (hot**-0.8 + cold**-0.8))


def approach_k(heat_kw: ArrayLike, ua_kw_per_k: ArrayLike, hot_kw_per_k: ArrayLike, cold_kw_per_k: ArrayLike) -> Floats:
    """Approach of a counter-flow heat exchanger: by how much the hot stream leaves warmer than the cold one enters.

    Parameters
    ----------
    heat_kw : float or array
        Heat [kW].
    ua_kw_per_k : float or array
        Conductance, greater than 0 [kW/K].
    hot_kw_per_k, cold_kw_per_k : float or array
        Capacity rates of the two streams, greater than 0 [kW/K].

    Returns
    -------
    float or array
        Approach [K].

    Notes
    -----
    ``Q / (e Cmin) - Q / Chot``

    References
    ----------
    Incropera et al., Fundamentals of Heat and Mass Transfer, 6th edition, chapter 11.

    Examples
    --------
    >>> round(float(approach_k(100.0, 20.0, 10.0, 10.0)), 6)
    5.0
    """
    heat, hot = np.asarray(heat_kw, dtype=float), np.asarray(hot_kw_per_k, dtype=float)
    least, most = np.minimum(hot, cold_kw_per_k), np.maximum(hot, cold_kw_per_k)
    effectiveness = counterflow_effectiveness(np.asarray(ua_kw_per_k, dtype=float) / least, least / most)
    return np.asarray(heat / (effectiveness * least) - heat / hot)


def saturated_enthalpy_kj_per_kg(temperature_c: ArrayLike, pressure_pa: ArrayLike) -> Floats:
    """Enthalpy of air that is saturated with water.

    Parameters
    ----------
    temperature_c : float or array
        Temperature [C].
    pressure_pa : float or array
        Pressure of the air [Pa].

    Returns
    -------
    float or array
        Enthalpy per mass of dry air [kJ/kg].

    Notes
    -----
    ``h = 1.006 T + W (2501 + 1.86 T)`` at saturation.

    References
    ----------
    ASHRAE Handbook - Fundamentals (2017), chapter 1, equation 30 and table 2.

    Examples
    --------
    The handbook's table has 99.98 at 30 C, with a real gas's small correction:

    >>> round(float(saturated_enthalpy_kj_per_kg(30.0, 101325.0)), 1)
    99.7
    """
    return enthalpy_kj_per_kg(temperature_c, humidity_ratio(temperature_c, pressure_pa))


_TOWER_EXPONENT = 0.4  # 1 + n, n = -0.6


def tower_heat_kw(
    constant: float,
    hot_c: ArrayLike,
    cold_c: ArrayLike,
    water_kw_per_k: ArrayLike,
    wet_bulb_c: ArrayLike,
    air_kg_per_s: ArrayLike,
    pressure_pa: ArrayLike,
) -> Floats:
    """Heat that a cooling tower takes from water at given temperatures.

    Parameters
    ----------
    constant : float
        What the tower's fill is worth: its NTU where water and air flow in equal masses.
    hot_c, cold_c : float or array
        Water in and out [C].
    water_kw_per_k : float or array
        Capacity rate of the water [kW/K].
    wet_bulb_c : float or array
        Wet bulb of the air [C].
    air_kg_per_s : float or array
        Dry air through the tower, greater than 0 [kg/s].
    pressure_pa : float or array
        Pressure of the air [Pa].

    Returns
    -------
    float or array
        Heat [kW]; it is what the water loses if ``(hot_c - cold_c) * water_kw_per_k`` agrees.

    Notes
    -----
    A counter-flow exchanger of enthalpies (after Merkel): ``Q = e m_a (hs(hot) - hs(wet bulb))`` with
    ``NTU = c (m_w / m_a) ** 0.4`` and the ratio ``m* = m_a cs / C_w``, cs being the slope of the saturated air's enthalpy
    between the water's temperatures.

    References
    ----------
    Braun, Klein, Mitchell, Effectiveness models for cooling towers and cooling coils, ASHRAE Trans. 95 (1989) part 2.

    Examples
    --------
    A tower rated 35/29.4 C at 25.6 C wet bulb with 100 kW per kelvin and 20 kg/s of air takes that heat there:

    >>> c = tower_constant(560.0, 35.0, 29.4, 25.6, 20.0, 101325.0)
    >>> round(float(tower_heat_kw(c, 35.0, 29.4, 100.0, 25.6, 20.0, 101325.0)), 6)
    560.0
    """
    hot, cold = np.asarray(hot_c, dtype=float), np.asarray(cold_c, dtype=float)
    water, air = np.asarray(water_kw_per_k, dtype=float), np.asarray(air_kg_per_s, dtype=float)
    top = saturated_enthalpy_kj_per_kg(hot, pressure_pa)
    span = np.maximum(hot - cold, 1e-3)
    slope = (top - saturated_enthalpy_kj_per_kg(hot - span, pressure_pa)) / span
    units = constant * (water / _WATER_KJ_PER_KG_K / air) ** _TOWER_EXPONENT
    driving = top - saturated_enthalpy_kj_per_kg(wet_bulb_c, pressure_pa)
    return np.asarray(counterflow_effectiveness(units, air * slope / water) * air * driving)


_WATER_KJ_PER_KG_K = 4.18


def tower_constant(
    heat_kw: float, hot_c: float, cold_c: float, wet_bulb_c: float, air_kg_per_s: float, pressure_pa: float
) -> float:
    """Worth of a cooling tower's fill, from its rating.

    Parameters
    ----------
    heat_kw : float
        Heat at the rating [kW].
    hot_c, cold_c : float
        Water in and out [C].
    wet_bulb_c : float
        Wet bulb of the air [C].
    air_kg_per_s : float
        Dry air at full fan speed [kg/s].
    pressure_pa : float
        Pressure of the air [Pa].

    Returns
    -------
    float
        NTU where water and air flow in equal masses.

    Raises
    ------
    ValueError
        If no fill, however large, does that with so little air.

    Notes
    -----
    The inverse of `tower_heat_kw`.

    References
    ----------
    Braun, Klein, Mitchell, Effectiveness models for cooling towers and cooling coils, ASHRAE Trans. 95 (1989) part 2.

    Examples
    --------
    >>> round(tower_constant(560.0, 35.0, 29.4, 25.6, 20.0, 101325.0), 2)
    1.31
    """
    water = heat_kw / (hot_c - cold_c)
    enthalpies = saturated_enthalpy_kj_per_kg(np.array([hot_c, cold_c, wet_bulb_c]), pressure_pa)
    effectiveness = heat_kw / (air_kg_per_s * float(enthalpies[0] - enthalpies[2]))
    ratio = air_kg_per_s * float(enthalpies[0] - enthalpies[1]) / (hot_c - cold_c) / water
    units = counterflow_transfer_units(effectiveness, ratio)
    return float(units / (water / _WATER_KJ_PER_KG_K / air_kg_per_s) ** _TOWER_EXPONENT)
