"""Money over time: present values, annuities, tariffs, and what a useful hour or petaflop-day costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "annuity_usd",
    "capital_recovery_fraction",
    "demand_kw_months",
    "installed_kw",
    "peak_energy_kwh",
    "present_value_usd",
    "staff_count",
    "usd_per_gpu_hour",
    "usd_per_pflop_day",
]

Floats = NDArray[np.float64]
F = TypeVar("F", float, Floats)

HOURS_A_YEAR = 8760


def present_value_usd(yearly_usd: F, years: int, discount_fraction: float) -> F:
    """Work out what equal yearly payments are worth today.

    Parameters
    ----------
    yearly_usd : float or array of float
        Payment at the end of each year [USD].
    years : int
        How many, at least 1.
    discount_fraction : float
        What money costs a year, at least 0.

    Returns
    -------
    float or array of float
        Present value [USD].

    Notes
    -----
    ``sum over t = 1..years of yearly / (1 + discount)^t``, which is ``yearly / capital_recovery_fraction``.

    References
    ----------
    ASTM E917-17 (life-cycle costs of buildings): uniform present value factor.

    Examples
    --------
    >>> round(present_value_usd(110.0, 1, 0.1), 4), round(present_value_usd(100.0, 2, 0.1), 4)
    (100.0, 173.5537)
    >>> present_value_usd(100.0, 5, 0.0)
    500.0
    """
    return yearly_usd / capital_recovery_fraction(years, discount_fraction)


def capital_recovery_fraction(years: int, discount_fraction: float) -> float:
    """Share of a sum that pays it back, with interest, in equal parts at the end of each year.

    Parameters
    ----------
    years : int
        How many, at least 1.
    discount_fraction : float
        What money costs a year, at least 0.

    Returns
    -------
    float
        Yearly payment over the sum.

    Notes
    -----
    ``discount / (1 - (1 + discount)^-years)``; without discount ``1 / years``.

    References
    ----------
    ASTM E917-17 (life-cycle costs of buildings): uniform capital recovery factor.

    Examples
    --------
    >>> round(capital_recovery_fraction(5, 0.08), 6), capital_recovery_fraction(4, 0.0)
    (0.250456, 0.25)
    """
    if discount_fraction == 0:
        return 1 / years
    # expm1 and log1p keep their digits where the discount is next to nothing.
    return float(discount_fraction / -np.expm1(-years * np.log1p(discount_fraction)))


def annuity_usd(sum_usd: F, years: int, discount_fraction: float) -> F:
    """Spread a sum that is paid today evenly over years.

    Parameters
    ----------
    sum_usd : float or array of float
        Paid today [USD].
    years : int
        How many, at least 1.
    discount_fraction : float
        What money costs a year, at least 0.

    Returns
    -------
    float or array of float
        Equal payment at the end of each year [USD].

    Notes
    -----
    ``sum * capital_recovery_fraction``: the inverse of `present_value_usd`.

    References
    ----------
    ASTM E917-17 (life-cycle costs of buildings): uniform capital recovery factor.

    Examples
    --------
    >>> annuity_usd(1000.0, 4, 0.0), round(annuity_usd(1000.0, 5, 0.08), 2)
    (250.0, 250.46)
    """
    return sum_usd * capital_recovery_fraction(years, discount_fraction)


def peak_energy_kwh(
    power_kw: Floats,
    hour: NDArray[np.int64],
    working_day: NDArray[np.bool_],
    peak_from_hour: int,
    peak_until_hour: int,
) -> float:
    """Energy drawn in a tariff's peak hours.

    Parameters
    ----------
    power_kw : array of float
        Mean power of each hour [kW].
    hour : array of int
        Hour of the day, 0 to 23, local time.
    working_day : array of bool
        Whether the hour lies in a working day; others have no peak.
    peak_from_hour : int
        First hour of the peak.
    peak_until_hour : int
        Hour at which it ends; before `peak_from_hour`, the peak runs over midnight.

    Returns
    -------
    float
        Energy [kWh].

    Notes
    -----
    ``sum of power * 1 h`` over the hours of working days with ``from <= hour < until``.

    References
    ----------
    Structure of time-of-use tariffs: Utility Rate Database, https://openei.org/wiki/Utility_Rate_Database.

    Examples
    --------
    >>> import numpy as np
    >>> hour, work = np.arange(24), np.ones(24, dtype=bool)
    >>> float(peak_energy_kwh(np.full(24, 10.0), hour, work, 8, 20))
    120.0
    >>> float(peak_energy_kwh(np.full(24, 10.0), hour, work, 22, 6))
    80.0
    """
    if peak_from_hour <= peak_until_hour:
        inside = (hour >= peak_from_hour) & (hour < peak_until_hour)
    else:
        inside = (hour >= peak_from_hour) | (hour < peak_until_hour)
    return float(power_kw[inside & working_day].sum())


def demand_kw_months(power_kw: Floats, month: NDArray[np.int64]) -> float:
    """Sum of the months' highest hourly loads, which a demand charge is paid on.

    Parameters
    ----------
    power_kw : array of float
        Mean power of each hour [kW].
    month : array of int
        Month of each hour, 1 to 12.

    Returns
    -------
    float
        Sum over the months that occur [kW-months].

    Notes
    -----
    ``sum over months of max(power)``; the meter's interval is an hour here, many utilities bill on 15 minutes.

    References
    ----------
    Structure of demand charges: Utility Rate Database, https://openei.org/wiki/Utility_Rate_Database.

    Examples
    --------
    >>> import numpy as np
    >>> demand_kw_months(np.array([5.0, 7.0, 3.0]), np.array([1, 1, 2]))
    10.0
    """
    highest = np.full(13, -np.inf)
    np.maximum.at(highest, month, power_kw)
    return float(highest[np.isfinite(highest)].sum())


# scheme -> (load, size of a unit) -> capacity bought
SCHEMES: dict[str, Callable[[float, float], float]] = {
    "N": lambda load_kw, _: load_kw,
    "N+1": lambda load_kw, unit_kw: load_kw + unit_kw,
    "N+2": lambda load_kw, unit_kw: load_kw + 2 * unit_kw,
    "2N": lambda load_kw, _: 2 * load_kw,
    "3N/2": lambda load_kw, _: 3 / 2 * load_kw,
    "4N/3": lambda load_kw, _: 4 / 3 * load_kw,
    "block": lambda load_kw, unit_kw: load_kw + unit_kw,
}


def installed_kw(scheme: str, load_kw: float, unit_kw: float) -> float:
    """Capacity that a scheme of redundancy buys for a load.

    Parameters
    ----------
    scheme : str
        ``N``, ``N+1``, ``N+2``, ``2N``, ``3N/2`` (three to make two), ``4N/3`` (four to make three) or ``block`` (one catcher).
    load_kw : float
        What must be carried [kW].
    unit_kw : float
        Rating of one unit [kW]; for a smaller load the unit is as large as the load.

    Returns
    -------
    float
        Sum of the ratings [kW], not rounded up to whole units: it never falls when the load grows.

    Notes
    -----
    ``N: load``, ``N+k: load + k * unit``, ``2N: 2 * load``, ``m to make k: load * m / k``, ``block: load + unit``: the usable
    share of what is installed is the inverse, (n-1)/n for n units of N+1, 1/2, 2/3, 3/4.

    References
    ----------
    Uptime Institute, Tier Standard: Topology (N, N+1, 2N); Schneider Electric White Paper 75 (UPS system configurations).

    Examples
    --------
    >>> [installed_kw(scheme, 6000.0, 1000.0) for scheme in ("N", "N+1", "2N", "3N/2", "4N/3")]
    [6000.0, 7000.0, 12000.0, 9000.0, 8000.0]
    >>> installed_kw("N+1", 300.0, 1000.0)
    600.0
    """
    return SCHEMES[scheme](load_kw, min(unit_kw, load_kw))


def staff_count(it_kw: float) -> float:
    """People who run a hall of a size, around the clock.

    Parameters
    ----------
    it_kw : float
        IT load of the hall [kW].

    Returns
    -------
    float
        Full-time equivalents: operations, security, hands for IT hardware.

    Notes
    -----
    ``8 * (IT load in MW) ^ 0.4``: a curve through both ends of a published range, 8 people at 1 MW and 15 at 5 MW; it gives 38
    at 50 MW, where operators have told authorities of about 50.

    References
    ----------
    https://broadstaffglobal.com/?p=227122 (8 to 15 people at 1 to 5 MW);
    https://www.datacenterknowledge.com/archives/2008/01/18/the-economics-of-data-center-staffing (about 50 at large sites).

    Examples
    --------
    >>> staff_count(1000.0), round(staff_count(5000.0), 1), staff_count(0.0)
    (8.0, 15.2, 0.0)
    """
    return 8.0 * float((it_kw / 1000) ** 0.4)


def usd_per_gpu_hour(yearly_usd: float, gpus_count: int, availability_fraction: float) -> float | None:
    """Work out what an hour of a GPU costs, when it is there to be used.

    Parameters
    ----------
    yearly_usd : float
        All costs of a year, capital as an annuity [USD].
    gpus_count : int
        GPUs.
    availability_fraction : float
        Share of the year in which a GPU has power and cooling.

    Returns
    -------
    float or None
        [USD per GPU-hour]; None without GPUs or availability.

    Notes
    -----
    ``yearly / (GPUs * 8760 h * availability)``.

    References
    ----------
    Levelised cost as in NREL/TP-462-5173 (manual for the economic evaluation of energy efficiency), the output being GPU-hours.

    Examples
    --------
    >>> usd_per_gpu_hour(8760.0, 1, 1.0), usd_per_gpu_hour(8760.0, 1, 0.5), usd_per_gpu_hour(1.0, 0, 1.0)
    (1.0, 2.0, None)
    """
    hours = gpus_count * HOURS_A_YEAR * availability_fraction
    return yearly_usd / hours if hours else None


def usd_per_pflop_day(
    yearly_usd: float, dense_pflops: float, utilisation_fraction: float, availability_fraction: float
) -> float | None:
    """Work out what a petaflop-day of useful work costs.

    Parameters
    ----------
    yearly_usd : float
        All costs of a year, capital as an annuity [USD].
    dense_pflops : float
        Peak of all GPUs [PFLOPS].
    utilisation_fraction : float
        Useful over peak operations while the GPUs work (model FLOPs utilisation).
    availability_fraction : float
        Share of the year in which a GPU has power and cooling.

    Returns
    -------
    float or None
        [USD per PFLOP-day]; a PFLOP-day is 8.64e19 operations. None where nothing useful is done.

    Notes
    -----
    ``yearly / (peak * utilisation * 365 days * availability)``.

    References
    ----------
    Petaflop/s-days as a unit of training work: https://openai.com/index/ai-and-compute/.

    Examples
    --------
    >>> usd_per_pflop_day(365.0, 1.0, 0.5, 1.0)
    2.0
    """
    days = dense_pflops * utilisation_fraction * availability_fraction * HOURS_A_YEAR / 24
    return yearly_usd / days if days else None
