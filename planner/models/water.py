"""Water that cooling takes: evaporation, make-up, and air cooled by water."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.models.fluids import density_kg_per_m3
from planner.models.heat_exchange import saturated_enthalpy_kj_per_kg
from planner.models.weather import enthalpy_kj_per_kg, humidity_ratio

__all__ = [
    "evaporation_l",
    "humidity_at_wet_bulb",
    "latent_heat_kj_per_kg",
    "latent_share_ratio",
    "make_up_l",
    "pad_leaving_c",
]

Floats = NDArray[np.float64]


def latent_heat_kj_per_kg(temperature_c: ArrayLike) -> Floats:
    """Heat that evaporates water.

    Parameters
    ----------
    temperature_c : float or array
        Temperature, 0 to 60 [C].

    Returns
    -------
    float or array
        Latent heat [kJ/kg].

    Notes
    -----
    ``2500.9 - 2.3518 T - 0.000594 T^2``, within 0.01 % of the steam tables.

    References
    ----------
    IAPWS-95: 2,500.9 kJ/kg at 0 C, 2,429.8 at 30 C, 2,357.7 at 60 C.

    Examples
    --------
    >>> round(float(latent_heat_kj_per_kg(30.0)), 1)
    2429.8
    """
    celsius = np.asarray(temperature_c, dtype=float)
    return 2500.9 - celsius * (2.3518 + 0.000594 * celsius)


def evaporation_l(heat_kwh: ArrayLike, latent_share_ratio: ArrayLike = 1.0, temperature_c: ArrayLike = 30.0) -> Floats:
    """Water that carries heat away by evaporating.

    Parameters
    ----------
    heat_kwh : float or array
        Heat that water gives off [kWh].
    latent_share_ratio : float or array
        Latent heat over all heat; 1: evaporation carries all of it.
    temperature_c : float or array
        Temperature at which water evaporates, 1 to 98 [C].

    Returns
    -------
    float or array
        Evaporated water [L].

    Notes
    -----
    ``E = 3600 * Q * share / (hfg rho)``, with the density of water at that temperature.

    References
    ----------
    ASHRAE Handbook - HVAC Systems and Equipment (2016), chapter 40, on the make-up of cooling towers.

    Examples
    --------
    >>> round(float(evaporation_l(1.0)), 3)  # 3600 / 2429.8 / 0.99565
    1.488
    """
    latent_kwh = np.asarray(heat_kwh, dtype=float) * np.asarray(latent_share_ratio, dtype=float)
    kg = 3600.0 * latent_kwh / latent_heat_kj_per_kg(temperature_c)
    return np.asarray(kg / density_kg_per_m3("water", temperature_c) * 1000.0)


def make_up_l(evaporation_l: ArrayLike, cycles_ratio: ArrayLike, drift_l: ArrayLike = 0.0) -> Floats:
    """Water that replaces what evaporates, what is blown down and what drifts off.

    Parameters
    ----------
    evaporation_l : float or array
        Evaporated water [L].
    cycles_ratio : float or array
        Cycles of concentration: minerals in the tower's water over those in the make-up, greater than 1.
    drift_l : float or array
        Droplets that the air carries off [L].

    Returns
    -------
    float or array
        Make-up [L].

    Notes
    -----
    ``M = E + max(E / (C - 1), D) = E C / (C - 1)`` while drift is no more than must be blown down: minerals leave with either.

    References
    ----------
    ASHRAE Handbook - HVAC Applications (2019), chapter 50, on water treatment: cycles of concentration.

    Examples
    --------
    >>> round(float(make_up_l(1.488, 4.0)), 3), round(float(make_up_l(1.488, 5.0)), 3)
    (1.984, 1.86)
    """
    evaporated = np.asarray(evaporation_l, dtype=float)
    return evaporated + np.maximum(evaporated / (np.asarray(cycles_ratio, dtype=float) - 1.0), drift_l)


def humidity_at_wet_bulb(dry_bulb_c: ArrayLike, wet_bulb_c: ArrayLike, pressure_pa: ArrayLike) -> Floats:
    """Water vapour in moist air of a wet bulb.

    Parameters
    ----------
    dry_bulb_c, wet_bulb_c : float or array
        Dry bulb, and wet bulb at most as high [C].
    pressure_pa : float or array
        Pressure of the air [Pa].

    Returns
    -------
    float or array
        Mass of vapour over mass of dry air, at least 0.

    Notes
    -----
    ``W = ((2501 - 2.326 Tw) Ws - 1.006 (T - Tw)) / (2501 + 1.86 T - 4.186 Tw)``; over ice
    ``((2830 - 0.24 Tw) Ws - 1.006 (T - Tw)) / (2830 + 1.86 T - 2.1 Tw)``.

    References
    ----------
    ASHRAE Handbook - Fundamentals (2017), chapter 1, equations 33 and 35.

    Examples
    --------
    Air of 25 C and 50 % at sea level has a wet bulb of 17.889 C:

    >>> round(float(humidity_at_wet_bulb(25.0, 17.889, 101325.0)), 6)
    0.009881
    """
    dry, wet = np.asarray(dry_bulb_c, dtype=float), np.asarray(wet_bulb_c, dtype=float)
    saturated = humidity_ratio(wet, pressure_pa)
    water = ((2501.0 - 2.326 * wet) * saturated - 1.006 * (dry - wet)) / (2501.0 + 1.86 * dry - 4.186 * wet)
    ice = ((2830.0 - 0.24 * wet) * saturated - 1.006 * (dry - wet)) / (2830.0 + 1.86 * dry - 2.1 * wet)
    return np.asarray(np.maximum(np.where(wet >= 0.0, water, ice), 0.0))


def latent_share_ratio(
    dry_bulb_c: ArrayLike, wet_bulb_c: ArrayLike, pressure_pa: ArrayLike, enthalpy_rise_kj_per_kg: ArrayLike
) -> Floats:
    """Latent over all heat that air takes up in a cooling tower.

    Parameters
    ----------
    dry_bulb_c, wet_bulb_c : float or array
        Air that enters [C].
    pressure_pa : float or array
        Pressure of the air [Pa].
    enthalpy_rise_kj_per_kg : float or array
        Heat that a kilogram of dry air takes up [kJ/kg].

    Returns
    -------
    float or array
        About 0.6 on a cold, 0.9 on a mild day. Over 1 in hot dry air, which leaves the tower colder than it came: then water
        also evaporates for the air's own heat.

    Notes
    -----
    The air leaves saturated, with ``h2 = h1 + rise``; the share is ``(W2 - W1) hfg / rise``, with the latent heat at 30 C as in
    `evaporation_l`, so that both together are the air's gain of vapour.

    References
    ----------
    Kloppers and Kroeger, A critical investigation into the heat and mass transfer analysis of counterflow wet-cooling towers,
    Int. J. Heat Mass Transfer 48 (2005) 765: Merkel's air leaves saturated.

    Examples
    --------
    Air of 30 C and 24 C wet bulb that takes up 30 kJ/kg leaves at 29.4 C: nearly all of it is latent.

    >>> round(float(latent_share_ratio(30.0, 24.0, 101325.0, 30.0)), 2)
    0.94
    """
    pressure, rise = np.asarray(pressure_pa, dtype=float), np.asarray(enthalpy_rise_kj_per_kg, dtype=float)
    entering = humidity_at_wet_bulb(dry_bulb_c, wet_bulb_c, pressure)
    wanted = enthalpy_kj_per_kg(dry_bulb_c, entering) + rise
    leaving = _saturated_at(wanted, np.asarray(wet_bulb_c, dtype=float), pressure)
    return np.asarray((humidity_ratio(leaving, pressure) - entering) * latent_heat_kj_per_kg(30.0) / rise)


_MOST_STEPS = 50


def _saturated_at(enthalpy_kj_per_kg: Floats, start_c: Floats, pressure_pa: Floats) -> Floats:
    """Find the temperature at which saturated air has an enthalpy, by Newton's method from a colder one."""
    temperature = start_c + np.zeros_like(enthalpy_kj_per_kg)
    for _ in range(_MOST_STEPS):
        value = saturated_enthalpy_kj_per_kg(temperature, pressure_pa)
        slope = (saturated_enthalpy_kj_per_kg(temperature + 1e-3, pressure_pa) - value) / 1e-3
        step = (enthalpy_kj_per_kg - value) / slope
        temperature = temperature + step
        if float(np.max(np.abs(step), initial=0.0)) < 1e-9:
            break
    return temperature


def pad_leaving_c(dry_bulb_c: ArrayLike, wet_bulb_c: ArrayLike, pad_fraction: float, wanted_c: ArrayLike) -> Floats:
    """Temperature of outdoor air behind a wetted pad or spray that holds it at a wanted temperature while it can.

    Parameters
    ----------
    dry_bulb_c, wet_bulb_c : float or array
        Outdoor air [C].
    pad_fraction : float
        Saturation efficiency: how much of the way to the wet bulb a fully wetted pad cools.
    wanted_c : float or array
        Temperature that is cold enough; colder air is left dry [C].

    Returns
    -------
    float or array
        Temperature [C].

    Notes
    -----
    ``min(T, max(wanted, T - e (T - Tw)))``

    References
    ----------
    ASHRAE Handbook - HVAC Systems and Equipment (2016), chapter 41: saturation efficiency of direct evaporative coolers.

    Examples
    --------
    At 38 C and 20 C wet bulb, a pad of 0.8 could reach 23.6 C:

    >>> [round(float(pad_leaving_c(38.0, 20.0, 0.8, wanted)), 1) for wanted in (20.0, 28.0, 40.0)]
    [23.6, 28.0, 38.0]
    """
    dry, wet = np.asarray(dry_bulb_c, dtype=float), np.asarray(wet_bulb_c, dtype=float)
    return np.asarray(np.minimum(dry, np.maximum(wanted_c, dry - pad_fraction * (dry - wet))))
