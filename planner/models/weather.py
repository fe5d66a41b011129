"""Moist air, and a year's hours of it: what the plant that cools a factory works against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "HOURS",
    "Weather",
    "air_density_kg_per_m3",
    "dew_point_c",
    "enthalpy_kj_per_kg",
    "humidity_ratio",
    "relative_humidity_fraction",
    "saturation_pressure_pa",
    "standard_pressure_pa",
    "wet_bulb_c",
]

Floats = NDArray[np.float64]
Numbers = TypeVar("Numbers", float, Floats)

HOURS = 8760
"""Hours of a year without 29 February."""

_KELVIN = 273.15
_TRIPLE_C = 0.01  # below it, saturation is over ice
_WATER_TO_AIR = 0.621945  # molar mass of water over that of dry air
_GAS_J_PER_KG_K = 287.042  # of dry air
_OVER_ICE = (-5.6745359e3, 6.3925247, -9.677843e-3, 6.2215701e-7, 2.0747825e-9, -9.484024e-13, 4.1635019)
_OVER_WATER = (-5.8002206e3, 1.3914993, -4.8640239e-2, 4.1764768e-5, -1.4452093e-8, 0.0, 6.5459673)


@dataclass(frozen=True)
class Weather:
    """A year's 8,760 hours from 1 January, in local standard time.

    `month` is 1 to 12 and `hour` 0 to 23 (0: midnight to one o'clock); `working_day`: Monday to Friday.
    """

    dry_bulb_c: Floats
    wet_bulb_c: Floats
    dew_point_c: Floats
    pressure_pa: Floats
    month: NDArray[np.int64]
    hour: NDArray[np.int64]
    working_day: NDArray[np.bool_]


def standard_pressure_pa(elevation_m: Numbers) -> Numbers:
    """Pressure of the standard atmosphere.

    Parameters
    ----------
    elevation_m : float or array
        Above sea level [m].

    Returns
    -------
    float or array
        Pressure [Pa].

    Notes
    -----
    ``p = 101325 * (1 - 2.25577e-5 * z) ** 5.2559``

    References
    ----------
    ASHRAE Handbook - Fundamentals (2017), chapter 1, equation 3; U.S. Standard Atmosphere, 1976.

    Examples
    --------
    The handbook's table: 101.325 kPa at sea level, 84.556 kPa at 1,500 m.

    >>> standard_pressure_pa(0.0), round(standard_pressure_pa(1500.0))
    (101325.0, 84556)
    """
    pressure: Numbers = 101325.0 * (1.0 - 2.25577e-5 * elevation_m) ** 5.2559
    return pressure


def saturation_pressure_pa(temperature_c: ArrayLike) -> Floats:
    """Vapour pressure at saturation, over ice below the triple point and over water above it.

    Parameters
    ----------
    temperature_c : float or array
        Temperature, -100 to 200 [C].

    Returns
    -------
    float or array
        Pressure [Pa].

    Notes
    -----
    The fits of Hyland and Wexler: ``ln p = c0/T + c1 + c2 T + c3 T^2 + c4 T^3 + c5 T^4 + c6 ln T``, T in kelvin.

    References
    ----------
    ASHRAE Handbook - Fundamentals (2017), chapter 1, equations 5 and 6.

    Examples
    --------
    The handbook's table: 2.3392 kPa at 20 C, 0.2599 kPa at -10 C.

    >>> round(float(saturation_pressure_pa(20.0))), round(float(saturation_pressure_pa(-10.0)), 1)
    (2339, 259.9)
    """
    kelvin = np.asarray(temperature_c, dtype=float) + _KELVIN
    log = _fit(kelvin, _OVER_WATER)
    over_ice = kelvin <= _TRIPLE_C + _KELVIN
    return np.exp(np.where(over_ice, _fit(kelvin, _OVER_ICE), log) if np.any(over_ice) else log)


def _log_saturation(kelvin: Floats) -> tuple[Floats, Floats]:
    """Logarithm of the saturation pressure [Pa], and its slope [1/K]."""
    over_ice = kelvin <= _TRIPLE_C + _KELVIN
    value, slope = _fit(kelvin, _OVER_WATER), _slope(kelvin, _OVER_WATER)
    if np.any(over_ice):
        value = np.where(over_ice, _fit(kelvin, _OVER_ICE), value)
        slope = np.where(over_ice, _slope(kelvin, _OVER_ICE), slope)
    return value, slope


def _fit(t: Floats, c: tuple[float, ...]) -> Floats:
    """Evaluate a fit of Hyland and Wexler."""
    return np.asarray(c[0] / t + c[1] + t * (c[2] + t * (c[3] + t * (c[4] + t * c[5]))) + c[6] * np.log(t))


def _slope(t: Floats, c: tuple[float, ...]) -> Floats:
    """Evaluate the slope of a fit of Hyland and Wexler."""
    return np.asarray((c[6] - c[0] / t) / t + c[2] + t * (2 * c[3] + t * (3 * c[4] + t * 4 * c[5])))


def humidity_ratio(dew_point_c: ArrayLike, pressure_pa: ArrayLike) -> Floats:
    """Water vapour in moist air of a dew point.

    Parameters
    ----------
    dew_point_c : float or array
        Dew point; below the triple point, frost point [C].
    pressure_pa : float or array
        Pressure of the air [Pa].

    Returns
    -------
    float or array
        Mass of vapour over mass of dry air.

    Notes
    -----
    ``W = 0.621945 * pv / (p - pv)`` with the vapour's pressure pv, that of saturation at the dew point.

    References
    ----------
    ASHRAE Handbook - Fundamentals (2017), chapter 1, equation 20.

    Examples
    --------
    Air of 25 C and 50 % at sea level has a dew point of 13.864 C:

    >>> round(float(humidity_ratio(13.864, 101325.0)), 6)
    0.009881
    """
    vapour = saturation_pressure_pa(dew_point_c)
    return np.asarray(_WATER_TO_AIR * vapour / (np.asarray(pressure_pa, dtype=float) - vapour))


def dew_point_c(dry_bulb_c: ArrayLike, relative_humidity_fraction: ArrayLike) -> Floats:
    """Dew point of air by its relative humidity.

    Parameters
    ----------
    dry_bulb_c : float or array
        Dry-bulb temperature [C].
    relative_humidity_fraction : float or array
        Vapour pressure over that of saturation, greater than 0, at most 1.

    Returns
    -------
    float or array
        Dew point [C].

    Notes
    -----
    The temperature at which the vapour's pressure ``phi * ps(T)`` is that of saturation: Newton's method on its logarithm,
    which is nearly straight over the inverse of the temperature.

    References
    ----------
    ASHRAE Handbook - Fundamentals (2017), chapter 1, equations 5, 6 and 22.

    Examples
    --------
    >>> round(float(dew_point_c(25.0, 0.5)), 3), float(dew_point_c(25.0, 1.0))
    (13.864, 25.0)
    """
    start = np.asarray(dry_bulb_c, dtype=float) + _KELVIN
    wanted = _log_saturation(start)[0] + np.log(np.asarray(relative_humidity_fraction, dtype=float))
    inverse = 1.0 / np.broadcast_to(start, wanted.shape)
    for _ in range(_MOST_STEPS):
        value, slope = _log_saturation(1.0 / inverse)
        step = (value - wanted) * inverse**2 / slope  # d(1/T) = -dT / T^2
        inverse = inverse + step
        if float(np.max(np.abs(step / inverse**2), initial=0.0)) < _CLOSE_K:
            break
    return np.asarray(1.0 / inverse - _KELVIN)


_MOST_STEPS = 60
_CLOSE_K = 1e-9


def relative_humidity_fraction(dry_bulb_c: ArrayLike, dew_point_c: ArrayLike) -> Floats:
    """Relative humidity of air by its dew point.

    Parameters
    ----------
    dry_bulb_c, dew_point_c : float or array
        Dry-bulb temperature and dew point [C].

    Returns
    -------
    float or array
        Vapour pressure over that of saturation at the dry bulb.

    Notes
    -----
    ``phi = ps(dew point) / ps(dry bulb)``

    References
    ----------
    ASHRAE Handbook - Fundamentals (2017), chapter 1, equation 12.

    Examples
    --------
    >>> round(float(relative_humidity_fraction(25.0, 13.864)), 4)
    0.5
    """
    return np.asarray(saturation_pressure_pa(dew_point_c) / saturation_pressure_pa(dry_bulb_c))


def wet_bulb_c(dry_bulb_c: ArrayLike, dew_point_c: ArrayLike, pressure_pa: ArrayLike) -> Floats:
    """Thermodynamic wet-bulb temperature: the coldest that evaporating water can get in this air.

    Parameters
    ----------
    dry_bulb_c, dew_point_c : float or array
        Dry-bulb temperature, and dew point at most as high [C].
    pressure_pa : float or array
        Pressure of the air [Pa].

    Returns
    -------
    float or array
        Wet bulb, between dew point and dry bulb [C].

    Notes
    -----
    Solves ``W (2501 + 1.86 T - 4.186 t) = (2501 - 2.326 t) Ws(t) - 1.006 (T - t)`` for the wet bulb t, where W is the air's
    humidity ratio, T its dry bulb and Ws the humidity ratio at saturation; below freezing, over ice, with
    ``2830 + 1.86 T - 2.1 t`` and ``2830 - 0.24 t``. The difference of both sides is convex in t, so that Newton's method
    comes down to the root from the dry bulb without passing it. Where both equations have a root (within half a kelvin of
    freezing), the one over water is taken: so a hotter or damper hour never has a lower wet bulb.

    References
    ----------
    ASHRAE Handbook - Fundamentals (2017), chapter 1, equations 33 and 35.

    Examples
    --------
    At sea level, 35 C and 40 %; 25 C and 50 %:

    >>> round(float(wet_bulb_c(35.0, dew_point_c(35.0, 0.4), 101325.0)), 2)
    23.93
    >>> round(float(wet_bulb_c(25.0, dew_point_c(25.0, 0.5), 101325.0)), 3)
    17.889
    """
    dry, dew, pressure = np.broadcast_arrays(
        *(np.asarray(each, dtype=float) for each in (dry_bulb_c, dew_point_c, pressure_pa))
    )
    ratio = humidity_ratio(np.minimum(dew, dry), pressure)
    at_freezing = 2501.0 * humidity_ratio(0.0, pressure) - 1.006 * dry - ratio * (2501.0 + 1.86 * dry)
    wet = at_freezing <= 0.0
    result = np.empty(dry.shape)
    for which, latent, of_water, of_vapour in ((wet, 2501.0, 2.326, 4.186), (~wet, 2830.0, 0.24, 2.1)):
        if np.any(which):
            t, p, w = dry[which], pressure[which], ratio[which]
            root = _newton(t if latent < 2800.0 else np.minimum(t, 0.0), t, p, w, latent, of_water, of_vapour)
            result[which] = root
    return result


def _newton(
    start: Floats, dry: Floats, pressure: Floats, ratio: Floats, latent: float, of_water: float, of_vapour: float
) -> Floats:
    """Come down from `start` to where the wet bulb's equation holds."""
    root = start
    for _ in range(_MOST_STEPS):
        log, log_slope = _log_saturation(root + _KELVIN)
        vapour = np.exp(log)
        saturated = _WATER_TO_AIR * vapour / (pressure - vapour)
        slope = saturated * log_slope * pressure / (pressure - vapour)
        over = (latent - of_water * root) * saturated - 1.006 * (dry - root) - ratio * (latent + 1.86 * dry - of_vapour * root)
        step = over / ((latent - of_water * root) * slope - of_water * saturated + 1.006 + ratio * of_vapour)
        root = root - step
        if float(np.max(np.abs(step), initial=0.0)) < _CLOSE_K:
            break
    return root


def enthalpy_kj_per_kg(dry_bulb_c: ArrayLike, humidity_ratio: ArrayLike) -> Floats:
    """Enthalpy of moist air per mass of its dry air.

    Parameters
    ----------
    dry_bulb_c : float or array
        Dry-bulb temperature [C].
    humidity_ratio : float or array
        Mass of vapour over mass of dry air.

    Returns
    -------
    float or array
        Enthalpy over dry air and liquid water at 0 C [kJ/kg].

    Notes
    -----
    ``h = 1.006 T + W (2501 + 1.86 T)``

    References
    ----------
    ASHRAE Handbook - Fundamentals (2017), chapter 1, equation 30.

    Examples
    --------
    1.006 x 25 + 0.009881 x 2547.5:

    >>> round(float(enthalpy_kj_per_kg(25.0, 0.009881)), 3)
    50.322
    """
    dry = np.asarray(dry_bulb_c, dtype=float)
    return np.asarray(1.006 * dry + np.asarray(humidity_ratio, dtype=float) * (2501.0 + 1.86 * dry))


def air_density_kg_per_m3(dry_bulb_c: ArrayLike, humidity_ratio: ArrayLike, pressure_pa: ArrayLike) -> Floats:
    """Density of moist air.

    Parameters
    ----------
    dry_bulb_c : float or array
        Dry-bulb temperature [C].
    humidity_ratio : float or array
        Mass of vapour over mass of dry air.
    pressure_pa : float or array
        Pressure [Pa].

    Returns
    -------
    float or array
        Mass of dry air and vapour per volume [kg/m3].

    Notes
    -----
    ``rho = p (1 + W) / (287.042 T (1 + 1.607858 W))``, T in kelvin.

    References
    ----------
    ASHRAE Handbook - Fundamentals (2017), chapter 1, equations 9 and 26.

    Examples
    --------
    Dry air of 20 C at sea level:

    >>> round(float(air_density_kg_per_m3(20.0, 0.0, 101325.0)), 3)
    1.204
    """
    ratio = np.asarray(humidity_ratio, dtype=float)
    kelvin = np.asarray(dry_bulb_c, dtype=float) + _KELVIN
    return np.asarray(np.asarray(pressure_pa, dtype=float) * (1 + ratio) / (_GAS_J_PER_KG_K * kelvin * (1 + 1.607858 * ratio)))
