"""A year's hours summed up: percentiles, months by hours, bins, durations, peak days, and the ratios made of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.models.weather import Floats

__all__ = [
    "by_month_and_hour",
    "energy_reuse_effectiveness",
    "energy_reuse_factor",
    "exceeded_for",
    "hours_in_bins",
    "load_duration",
    "peak_by_month",
    "peak_day",
    "power_usage_effectiveness",
]

HOURS_OF_DAY = 24


def exceeded_for(values: ArrayLike, fraction: float) -> float:
    """Value that is exceeded for a fraction of the hours, as design weather is given for 0.4, 1 and 2 % of the year.

    Parameters
    ----------
    values : array
        One value an hour.
    fraction : float
        Part of the hours, 0 to 1.

    Returns
    -------
    float
        In the unit of the values.

    Notes
    -----
    The hour with rank ``fraction * n`` from the highest, without interpolation: so that at most that many hours are higher.

    References
    ----------
    ASHRAE Handbook - Fundamentals (2017), chapter 14: annual percentiles of dry bulb and wet bulb.

    Examples
    --------
    Of 1,000 hours of 1, 2, ..., 1000 degrees, 4 are above 996:

    >>> exceeded_for(range(1, 1001), 0.004)
    996.0
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    above = int(fraction * len(ordered) + 1e-9)
    return float(ordered[max(len(ordered) - 1 - above, 0)])


def by_month_and_hour(values: ArrayLike, month: ArrayLike, hour: ArrayLike) -> Floats:
    """Sum the hours by month and hour of the day.

    Parameters
    ----------
    values : array
        One value an hour.
    month, hour : array
        Month, 1 to 12, and hour of the day, 0 to 23, of every hour.

    Returns
    -------
    array
        12 x 24 sums, in the unit of the values.

    Notes
    -----
    A ratio such as PUE by month and hour is the ratio of two such sums, not a mean of ratios.

    References
    ----------
    ISO/IEC 30134-2:2016 (PUE is a ratio of energies over the same time).

    Examples
    --------
    >>> float(by_month_and_hour([1.0, 2.0, 4.0], [1, 1, 12], [0, 0, 23])[0, 0])
    3.0
    """
    cell = (np.asarray(month) - 1) * HOURS_OF_DAY + np.asarray(hour)
    sums = np.bincount(cell, weights=np.asarray(values, dtype=float), minlength=12 * HOURS_OF_DAY)
    return sums.astype(float).reshape(12, HOURS_OF_DAY)


def peak_by_month(values: ArrayLike, month: ArrayLike) -> Floats:
    """Highest hour of every month.

    Parameters
    ----------
    values : array
        One value an hour.
    month : array
        Month of every hour, 1 to 12; each occurs.

    Returns
    -------
    array
        Twelve peaks, in the unit of the values.

    Notes
    -----
    What a demand charge is paid on, where a utility meters by the hour.

    References
    ----------
    U.S. Energy Information Administration, glossary: demand charge.

    Examples
    --------
    >>> float(peak_by_month([1.0, 3.0, *range(11)], [1, 1, *range(2, 13)])[0])
    3.0
    """
    peaks = np.full(12, -np.inf)
    np.maximum.at(peaks, np.asarray(month) - 1, np.asarray(values, dtype=float))
    return peaks


def peak_day(values: ArrayLike) -> float:
    """Largest sum of a day.

    Parameters
    ----------
    values : array
        One value an hour, whole days.

    Returns
    -------
    float
        In the unit of the values.

    Notes
    -----
    Days run from midnight to midnight.

    References
    ----------
    American Water Works Association, Manual M22 (maximum day demand).

    Examples
    --------
    >>> peak_day([1.0] * 24 + [2.0] * 24)
    48.0
    """
    return float(np.asarray(values, dtype=float).reshape(-1, HOURS_OF_DAY).sum(axis=1).max())


def load_duration(values: ArrayLike, points: int = 21) -> Floats:
    """Load duration curve: the hours sorted from the highest to the lowest, at points evenly spread over them.

    Parameters
    ----------
    values : array
        One value an hour.
    points : int
        How many points of the curve, at least 2: the first is the highest hour, the last the lowest.

    Returns
    -------
    array
        In the unit of the values, never rising.

    Notes
    -----
    Point k of n is the load that is reached or exceeded for the fraction ``k / (n - 1)`` of the time.

    References
    ----------
    G. M. Masters, Renewable and Efficient Electric Power Systems (2013), load duration curves.

    Examples
    --------
    >>> load_duration([1.0, 5.0, 3.0], points=3).tolist()
    [5.0, 3.0, 1.0]
    """
    return np.asarray(np.quantile(np.asarray(values, dtype=float), np.linspace(1.0, 0.0, points)))


def hours_in_bins(values: ArrayLike, width: float) -> tuple[Floats, NDArray[np.int64]]:
    """Count the hours in bins of equal width.

    Parameters
    ----------
    values : array
        One value an hour.
    width : float
        Width of a bin, in the unit of the values.

    Returns
    -------
    tuple of arrays
        Lower edge of every bin from the lowest to the highest that has hours, a multiple of the width; hours in it.

    Notes
    -----
    A bin holds its lower edge: 10 to below 12.

    References
    ----------
    ASHRAE Handbook - Fundamentals (2017), chapter 19: bin method.

    Examples
    --------
    >>> edges, hours = hours_in_bins([9.9, 10.0, 14.5], 2.0)
    >>> edges.tolist(), hours.tolist()
    ([8.0, 10.0, 12.0, 14.0], [1, 1, 0, 1])
    """
    number = np.floor(np.asarray(values, dtype=float) / width).astype(np.int64)
    first = int(number.min())
    hours = np.bincount(number - first).astype(np.int64)
    return (first + np.arange(len(hours), dtype=float)) * width, hours


def power_usage_effectiveness(facility_kwh: float, it_kwh: float, downstream_loss_kwh: float = 0.0) -> float:
    """Power usage effectiveness, by where the IT energy is metered.

    Parameters
    ----------
    facility_kwh : float
        Energy that enters the facility [kWh].
    it_kwh : float
        Energy at the inlets of the IT equipment [kWh].
    downstream_loss_kwh : float
        What is lost between the meter of the IT energy and the inlets [kWh]: nothing for category 3, distribution from the
        PDU's output on for category 2, all from the UPS's output on for category 1.

    Returns
    -------
    float
        PUE, at least 1.

    Notes
    -----
    ``PUE = facility / (IT + losses behind the meter)``: a meter further upstream counts losses as IT and flatters the PUE.

    References
    ----------
    ISO/IEC 30134-2:2016 (categories PUE1, PUE2, PUE3).

    Examples
    --------
    120 in, 100 at the inlets, 2 lost between the UPS and these: PUE3 is 1.2, PUE1 is 1.176.

    >>> power_usage_effectiveness(120.0, 100.0), round(power_usage_effectiveness(120.0, 100.0, 2.0), 3)
    (1.2, 1.176)
    """
    return facility_kwh / (it_kwh + downstream_loss_kwh)


def energy_reuse_factor(reused_kwh: float, facility_kwh: float) -> float:
    """Energy reuse factor.

    Parameters
    ----------
    reused_kwh : float
        Heat that is used outside the data centre [kWh].
    facility_kwh : float
        Energy that enters the facility [kWh].

    Returns
    -------
    float
        ERF, 0 to 1.

    Notes
    -----
    ``ERF = reused / facility``

    References
    ----------
    ISO/IEC 30134-6:2021.

    Examples
    --------
    >>> energy_reuse_factor(30.0, 120.0)
    0.25
    """
    return reused_kwh / facility_kwh


def energy_reuse_effectiveness(reused_kwh: float, facility_kwh: float, it_kwh: float) -> float:
    """Energy reuse effectiveness.

    Parameters
    ----------
    reused_kwh, facility_kwh, it_kwh : float
        Heat that is used elsewhere, energy into the facility, energy at the inlets of the IT equipment [kWh].

    Returns
    -------
    float
        ERE, that is ``(1 - ERF) * PUE``; below 1 where more heat is reused than cooling and losses take.

    Notes
    -----
    ``ERE = (facility - reused) / IT``

    References
    ----------
    The Green Grid, White Paper 29, ERE: a metric for measuring the benefit of reuse energy from a data center (2010).

    Examples
    --------
    >>> energy_reuse_effectiveness(30.0, 120.0, 100.0)
    0.9
    """
    return (facility_kwh - reused_kwh) / it_kwh
