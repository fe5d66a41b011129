"""The chain from the grid to the rack: what each stage loses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "alternator_derating_fraction",
    "battery_minutes",
    "conductor_a",
    "derating_from_table",
    "fuel_l_per_hour",
    "pdus_per_rack",
    "units_needed",
]

F = TypeVar("F", float, NDArray[np.float64])


PDU_SPARES = {"N": 0, "N+1": 1}


def pdus_per_rack(rack_kw: float, pdu_kw: float, redundancy: str) -> int:
    """Count the PDUs of a rack.

    Parameters
    ----------
    rack_kw : float
        What the rack draws [kW].
    pdu_kw : float
        What one PDU carries continuously [kW].
    redundancy : str
        ``N`` (just enough), ``N+1`` (one may fail), ``2N`` (every one twice).

    Returns
    -------
    int
        PDUs, at least 1.

    References
    ----------
    NVIDIA DGX SuperPOD reference architecture H100 (RA-11333-001 V11), Table 7: 96 PDUs in 32 racks of four DGX H100.

    Examples
    --------
    Four nodes of 10.2 kW on PDUs of 34.5 kW: two carry them, a third is the spare.

    >>> pdus_per_rack(40.8, 34.5, "N+1")
    3
    """
    needed = max(1, math.ceil(rack_kw / pdu_kw - 1e-9))
    return 2 * needed if redundancy == "2N" else needed + PDU_SPARES[redundancy]


def units_needed(load_kw: float, limit_kw: float) -> int:
    """Count the units that carry a load.

    Parameters
    ----------
    load_kw : float
        What they carry together [kW].
    limit_kw : float
        What one may carry for hours: its rating times what altitude, heat and the breaker's rule leave of it [kW].

    Returns
    -------
    int
        Units, at least 1.

    Notes
    -----
    The load over the limit, rounded up; a part in a billion above a whole number is rounding, not load.

    References
    ----------
    NFPA 70 (National Electrical Code), 210.20(A) and 215.3: a breaker that is not listed for 100 % carries 80 % of its rating
    continuously.

    Examples
    --------
    A board of 4,000 A at 415 V has 2,875 kW; its breaker carries 80 % of that for hours:

    >>> units_needed(4600.0, 0.8 * 2875.0), units_needed(4601.0, 0.8 * 2875.0)
    (2, 3)
    """
    return max(1, math.ceil(load_kw / limit_kw - 1e-9))


def conductor_a(power_kw: F, voltage_v: float, three_phase: bool) -> F:
    """Find the current in each conductor of a feeder, at unity power factor.

    Parameters
    ----------
    power_kw : float or array of float
        What the feeder carries [kW].
    voltage_v : float
        Between phases, or between the poles of direct current [V].
    three_phase : bool
        Three phases, or direct current.

    Returns
    -------
    float or array of float
        Current [A].

    Notes
    -----
    ``I = P / (sqrt(3) V)`` with three phases, ``I = P / V`` with direct current.

    References
    ----------
    IEC 60947-2 (currents of circuit-breakers are stated per conductor).

    Examples
    --------
    A rack of 120 kW on a 54 V bus and on 800 V of direct current; 2,500 kW at 415 V:

    >>> round(conductor_a(120.0, 54.0, False)), round(conductor_a(120.0, 800.0, False)), round(conductor_a(2500.0, 415.0, True))
    (2222, 150, 3478)
    """
    return power_kw * (1000.0 / (voltage_v * (math.sqrt(3.0) if three_phase else 1.0)))


def alternator_derating_fraction(elevation_m: F, ambient_c: F) -> F:
    """Find what altitude and heat leave of an alternator's rating.

    Parameters
    ----------
    elevation_m : float or array of float
        Above sea level [m].
    ambient_c : float or array of float
        Temperature of the cooling air [C].

    Returns
    -------
    float or array of float
        Factor on the rating, 0 to 1.

    Notes
    -----
    3 % less for every 500 m above 1,000 m, and 3 % less for every 5 C above 40 C, in proportion between the steps; both
    factors multiply.

    References
    ----------
    Stamford AvK, technical data of low-voltage alternators: derates for altitude and ambient temperature.

    Examples
    --------
    >>> round(alternator_derating_fraction(1500.0, 45.0), 4)
    0.9409
    """
    thin = np.clip(1.0 - 0.03 * np.maximum(np.asarray(elevation_m) - 1000.0, 0.0) / 500.0, 0.0, 1.0)
    hot = np.clip(1.0 - 0.03 * np.maximum(np.asarray(ambient_c) - 40.0, 0.0) / 5.0, 0.0, 1.0)
    result = thin * hot
    return cast("F", result if np.ndim(result) else float(result))


_IDLE_FUEL_FRACTION = 0.1


def fuel_l_per_hour(load_kw: F, rating_kw: float, full_l_per_kwh: float) -> F:
    """Fuel that a diesel generating set burns.

    Parameters
    ----------
    load_kw : float or array of float
        What it delivers [kW].
    rating_kw : float
        What it delivers at full load [kW].
    full_l_per_kwh : float
        What it burns for each kWh at full load [L/kWh].

    Returns
    -------
    float or array of float
        Fuel [L/h].

    Notes
    -----
    ``V = v_full P_full (0.1 + 0.9 P / P_full)``: fuel rises in a straight line with the load (Willans' line), from a tenth of
    full flow without load.

    References
    ----------
    Caterpillar, C15 GC 500 ekW standby, technical data: 137.0, 110.5, 71.3 and 41.9 L/h at 100, 75, 50 and 25 % load; the line
    is within 7 % of each.

    Examples
    --------
    2,500 kW at a fifth of its load, 675 * (0.1 + 0.9 * 0.2):

    >>> round(fuel_l_per_hour(500.0, 2500.0, 0.27), 3)
    189.0
    """
    full = rating_kw * full_l_per_kwh
    return full * (_IDLE_FUEL_FRACTION + (1.0 - _IDLE_FUEL_FRACTION) * load_kw / rating_kw)


def derating_from_table(points: Mapping[tuple[float, float], float], elevation_m: float, ambient_c: float) -> float:
    """Find what altitude and heat leave of an engine's rating, from its maker's table.

    Parameters
    ----------
    points : mapping
        Factors by elevation [m] and ambient temperature [C]: every elevation with every temperature.
    elevation_m : float
        Above sea level [m].
    ambient_c : float
        Temperature of the intake air [C].

    Returns
    -------
    float
        Factor on the rating, at least 0.

    Notes
    -----
    Bilinear between the points. Below the table's first elevation or temperature its first row or column holds. Beyond the
    last, the slope of the last interval goes on, where it goes down.

    References
    ----------
    ISO 3046-1:2002 (reference conditions and adjustment of engine power); Atlas Copco, QAS 500 instruction manual, p. 96.

    Examples
    --------
    From 100 % to 90 % with the heat, and from there to 85 % with the altitude:

    >>> table = {(0.0, 40.0): 1.0, (0.0, 45.0): 0.9, (1000.0, 40.0): 0.95, (1000.0, 45.0): 0.85}
    >>> round(derating_from_table(table, 500.0, 42.5), 4), round(derating_from_table(table, 0.0, 20.0), 4)
    (0.925, 1.0)
    """
    elevations, ambients = sorted({key[0] for key in points}), sorted({key[1] for key in points})
    by_elevation = [_along(ambients, [points[height, ambient] for ambient in ambients], ambient_c) for height in elevations]
    return max(_along(elevations, by_elevation, elevation_m), 0.0)


def _along(places: list[float], values: list[float], at: float) -> float:
    """Interpolate along one side of a table; beyond its end the last slope goes on, where it goes down."""
    if len(places) > 1 and at > places[-1]:
        slope = (values[-1] - values[-2]) / (places[-1] - places[-2])
        return values[-1] + min(slope, 0.0) * (at - places[-1])
    return float(np.interp(at, places, values))


def battery_minutes(rated_minutes: F, load_fraction: F) -> F:
    """How long a UPS' battery carries a load.

    Parameters
    ----------
    rated_minutes : float or array of float
        At rated load [min].
    load_fraction : float or array of float
        Load over rating, more than 0.

    Returns
    -------
    float or array of float
        Time until the battery is empty [min].

    Notes
    -----
    The battery gives the same energy at every load: ``minutes = rated / load``. Lithium-ion cells come close to that; lead-acid
    ones give more at low load (Peukert's exponent of about 1.2), so that the time below rated load is on the safe side.

    References
    ----------
    W. Peukert, Elektrotechnische Zeitschrift 20 (1897), for the exponent that is 1 here.

    Examples
    --------
    Five minutes at rated load are ten at half:

    >>> battery_minutes(5.0, 0.5)
    10.0
    """
    return rated_minutes / load_fraction
