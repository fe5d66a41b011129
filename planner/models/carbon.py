"""Emissions of the power that a site draws, hour by hour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["carbon_usage_kg_per_kwh", "emissions_kg", "hourly_intensity_kg_per_kwh"]

Floats = NDArray[np.float64]


def hourly_intensity_kg_per_kwh(mean_kg_per_kwh: float, by_hour: Sequence[float]) -> Floats:
    """Emissions of a grid's power by hour of the day.

    Parameters
    ----------
    mean_kg_per_kwh : float
        Mean over the day [kg/kWh].
    by_hour : sequence of float
        24 weights, midnight first; only their proportions count. Not all 0.

    Returns
    -------
    array of float
        24 intensities [kg/kWh], whose mean is the mean.

    Notes
    -----
    ``mean * weight / mean(weights)``.

    References
    ----------
    GHG Protocol Scope 2 Guidance (2015), location-based method, here with hourly instead of yearly factors.

    Examples
    --------
    >>> shape = [2.0] * 12 + [6.0] * 12
    >>> hourly_intensity_kg_per_kwh(0.4, shape)[[0, 23]].tolist()
    [0.2, 0.6000000000000001]
    """
    weights = np.asarray(by_hour, dtype=np.float64)
    return np.asarray(mean_kg_per_kwh * weights / weights.mean(), dtype=np.float64)


def emissions_kg(power_kw: Floats, hour: NDArray[np.int64], intensity_kg_per_kwh: Floats) -> Floats:
    """Emissions of every hour.

    Parameters
    ----------
    power_kw : array of float
        Mean power of each hour [kW].
    hour : array of int
        Hour of the day, 0 to 23, local time.
    intensity_kg_per_kwh : array of float
        24 intensities [kg/kWh], of `hourly_intensity_kg_per_kwh`.

    Returns
    -------
    array of float
        Emissions of each hour [kg].

    Notes
    -----
    ``power * 1 h * intensity(hour of the day)``.

    References
    ----------
    GHG Protocol Scope 2 Guidance (2015), location-based method, here with hourly instead of yearly factors.

    Examples
    --------
    >>> import numpy as np
    >>> emissions_kg(np.array([100.0, 50.0]), np.array([0, 1]), np.full(24, 0.4)).tolist()
    [40.0, 20.0]
    """
    return np.asarray(power_kw * intensity_kg_per_kwh[hour], dtype=np.float64)


def carbon_usage_kg_per_kwh(carbon_kg: float, it_energy_kwh: float) -> float:
    """Carbon usage effectiveness: emissions of all power over the energy of the IT equipment.

    Parameters
    ----------
    carbon_kg : float
        Emissions of the site's power in a year [kg].
    it_energy_kwh : float
        Energy of the IT equipment in it [kWh].

    Returns
    -------
    float
        CUE [kg/kWh]; 0 where the IT equipment draws nothing.

    Notes
    -----
    ``CUE = emissions / IT energy``; with an intensity that never changes, that intensity times the PUE.

    References
    ----------
    ISO/IEC 30134-8:2022 (carbon usage effectiveness).

    Examples
    --------
    >>> carbon_usage_kg_per_kwh(480.0, 1000.0)
    0.48
    """
    return carbon_kg / it_energy_kwh if it_energy_kwh else 0.0
