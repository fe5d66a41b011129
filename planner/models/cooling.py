"""What drives a cooling plant: pumps, fans and compressors, and how long it lasts without them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "affinity_head_kpa",
    "affinity_power_kw",
    "chiller_cop_ratio",
    "chiller_power_kw",
    "heat_up_s",
    "pump_power_kw",
]

Floats = NDArray[np.float64]


def affinity_power_kw(rated_kw: float, flow_fraction: ArrayLike) -> Floats:
    """Power of a pump or fan at another speed.

    Parameters
    ----------
    rated_kw : float
        Power at rated speed [kW].
    flow_fraction : float or array
        Flow over rated flow, which is speed over rated speed.

    Returns
    -------
    float or array
        Power [kW].

    Notes
    -----
    ``P = P0 * s ** 3``: the system resists with the square of the flow, and the efficiency stays.

    References
    ----------
    ASHRAE Handbook - HVAC Systems and Equipment (2016), chapter 44: affinity laws of pumps; chapter 21 of fans.

    Examples
    --------
    >>> round(float(affinity_power_kw(1.0, 0.8)), 3), round(float(affinity_power_kw(1.0, 0.5)), 3)
    (0.512, 0.125)
    """
    return np.asarray(rated_kw * np.asarray(flow_fraction, dtype=float) ** 3)


def affinity_head_kpa(rated_kpa: float, flow_fraction: ArrayLike) -> Floats:
    """Pressure that a pump or fan builds up at another speed.

    Parameters
    ----------
    rated_kpa : float
        Pressure at rated speed [kPa].
    flow_fraction : float or array
        Flow over rated flow, which is speed over rated speed.

    Returns
    -------
    float or array
        Pressure [kPa].

    Notes
    -----
    ``dp = dp0 * s ** 2``

    References
    ----------
    ASHRAE Handbook - HVAC Systems and Equipment (2016), chapter 44: affinity laws of pumps.

    Examples
    --------
    >>> round(float(affinity_head_kpa(1.0, 0.8)), 2)
    0.64
    """
    return np.asarray(rated_kpa * np.asarray(flow_fraction, dtype=float) ** 2)


def pump_power_kw(flow_l_per_min: ArrayLike, pressure_drop_kpa: ArrayLike, efficiency_fraction: float) -> Floats:
    """Electrical power of a pump.

    Parameters
    ----------
    flow_l_per_min : float or array
        Volume flow [L/min].
    pressure_drop_kpa : float or array
        Pressure that the pump overcomes [kPa].
    efficiency_fraction : float
        Hydraulic over electrical power: of pump, motor and drive together.

    Returns
    -------
    float or array
        Power [kW].

    Notes
    -----
    ``P = V dp / eta``

    References
    ----------
    ASHRAE Handbook - HVAC Systems and Equipment (2016), chapter 44: pump power and wire-to-water efficiency.

    Examples
    --------
    6,000 L/min are 0.1 m3/s; at 200 kPa that is 20 kW of hydraulic power:

    >>> float(pump_power_kw(6000.0, 200.0, 0.8))
    25.0
    """
    m3_per_s = np.asarray(flow_l_per_min, dtype=float) / 60000.0
    return np.asarray(m3_per_s * np.asarray(pressure_drop_kpa, dtype=float) / efficiency_fraction)


_LOST_LIFT_K = 23.0
"""Lift that a chiller spends on its condenser's rise and on temperature differences and friction inside."""


def chiller_cop_ratio(
    cop_ratio: float,
    rated_leaving_c: float,
    rated_entering_c: float,
    leaving_c: ArrayLike,
    entering_c: ArrayLike,
) -> Floats:
    """Coefficient of performance of a chiller at other temperatures than rated, with warm water too.

    Parameters
    ----------
    cop_ratio : float
        At the rating.
    rated_leaving_c, rated_entering_c : float
        Chilled water out, and condenser water (or outdoor air) in, at the rating [C].
    leaving_c, entering_c : float or array
        The same two temperatures in use [C].

    Returns
    -------
    float or array
        COP.

    Notes
    -----
    ``COP ~ (leaving + 273.15) / (lift + 23)`` with ``lift = max(entering - leaving, 0)``: a constant share of Carnot's, 23 K
    being spent beside the lift between the waters. That is Gordon and Ng's law of 1 / COP rising in a straight line with the
    lift, and fits the temperature curve of the centrifugal chiller "York YT 2233 kW / VSD" of EnergyPlus to 3 %. The lift is
    capped at 0 from below: a compressor needs some pressure ratio, so water warmer than the condenser's costs no less.

    References
    ----------
    Gordon and Ng, Cool Thermodynamics (2000); EnergyPlus, datasets/Chillers.idf (CoolTools project).

    Examples
    --------
    Chilled water of 18 instead of 6.7 C, at 29.4 C entering: 6.28 * (291.15 / 34.4) / (279.85 / 45.7)

    >>> round(float(chiller_cop_ratio(6.28, 6.7, 29.4, 18.0, 29.4)), 2)
    8.68
    """
    carnot = _carnot(np.asarray(leaving_c, dtype=float), np.asarray(entering_c, dtype=float))
    return np.asarray(cop_ratio * carnot / _carnot(np.asarray(rated_leaving_c), np.asarray(rated_entering_c)))


def _carnot(leaving_c: Floats, entering_c: Floats) -> Floats:
    """Ideal coefficient of performance over the lift that a chiller makes."""
    return (leaving_c + 273.15) / (np.maximum(entering_c - leaving_c, 0.0) + _LOST_LIFT_K)


def chiller_power_kw(
    heat_kw: ArrayLike,
    unit_kw: float,
    count: int,
    cop_ratio: ArrayLike,
    load_fractions: Sequence[float],
    factor_ratios: Sequence[float],
) -> Floats:
    """Electrical power of chillers, as many of which run as need the least.

    Parameters
    ----------
    heat_kw : float or array
        Heat that they take from the water [kW].
    unit_kw : float
        What one can carry [kW].
    count : int
        Chillers that there are.
    cop_ratio : float or array
        Coefficient of performance at full load at the temperatures in use.
    load_fractions : sequence of float
        Points of the part-load curve, ascending to 1.
    factor_ratios : sequence of float
        COP at these loads over that at full load, temperatures held.

    Returns
    -------
    float or array
        Power [kW].

    Notes
    -----
    ``P = Q / (COP f(Q / (n unit)))`` with the whole number n of running chillers, one at least, for which it is least: that
    next below or above ``Q / unit`` over the load at which f is best. Below the curve's first point a chiller cycles between
    that load and standstill.

    References
    ----------
    DOE-2 and EnergyPlus Engineering Reference: electric chiller by energy-input ratio as a function of part load.

    Examples
    --------
    Half of the load of two chillers, where they are 10 % better, 500 / (6 * 1.1); and one that is alone, at a fifth of it:
    it cannot be made smaller, 100 / (6 * 0.9)

    >>> round(float(chiller_power_kw(500.0, 500.0, 2, 6.0, (0.25, 0.5, 1.0), (0.9, 1.1, 1.0))), 2)
    75.76
    >>> round(float(chiller_power_kw(100.0, 500.0, 2, 6.0, (0.25, 0.5, 1.0), (0.9, 1.1, 1.0))), 2)
    18.52
    """
    heat = np.asarray(heat_kw, dtype=float)
    best = load_fractions[int(np.argmax(factor_ratios))]
    units = heat / unit_kw
    fewer = np.clip(np.floor(units / best), 1.0, count)
    more = np.minimum(fewer + 1.0, count)
    fewer = np.where(units > fewer, more, fewer)  # none is overloaded to spare another
    factor = np.maximum(*(np.interp(units / run, load_fractions, factor_ratios) for run in (fewer, more)))
    return np.asarray(heat / (np.asarray(cop_ratio, dtype=float) * factor))


def heat_up_s(heat_kw: ArrayLike, thermal_mass_kj_per_k: ArrayLike, margin_k: ArrayLike) -> Floats:
    """Time in which something that is no longer cooled warms up by a margin.

    Parameters
    ----------
    heat_kw : float or array
        Heat that goes into it, greater than 0 [kW].
    thermal_mass_kj_per_k : float or array
        Mass times heat capacity [kJ/K].
    margin_k : float or array
        From its temperature to the one that trips [K].

    Returns
    -------
    float or array
        Time [s].

    Notes
    -----
    ``t = C dT / P``: well mixed, and nothing else takes heat up, so it is the shortest time.

    References
    ----------
    Energy balance of a mixed volume.

    Examples
    --------
    A rack of 120 kW on 100 kg of water, 10 K:

    >>> round(float(heat_up_s(120.0, 100.0 * 4.186, 10.0)), 1)
    34.9
    """
    mass, margin = np.asarray(thermal_mass_kj_per_k, dtype=float), np.asarray(margin_k, dtype=float)
    return np.asarray(mass * margin / np.asarray(heat_kw, dtype=float))
