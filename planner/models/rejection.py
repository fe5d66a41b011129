"""Towers and dry coolers in any weather: how cold they get the water, how fast their fans must turn, what water they take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.models.fluids import density_kg_per_m3
from planner.models.heat_exchange import (
    conductance_at_flows_kw_per_k,
    counterflow_effectiveness,
    rated_conductance_kw_per_k,
    tower_constant,
    tower_heat_kw,
)
from planner.models.water import evaporation_l, humidity_at_wet_bulb, latent_share_ratio, make_up_l, pad_leaving_c
from planner.models.weather import air_density_kg_per_m3

__all__ = [
    "Outdoors",
    "Rejection",
    "air_sink_c",
    "carried_kw",
    "coldest_c",
    "fan_speed",
    "outdoors",
    "rejection_water_l",
    "root_of",
]

Floats = NDArray[np.float64]

STANDARD_PA = 101325.0
STANDARD_KG_PER_M3 = 1.2
_AIR_KJ_PER_KG_K = 1.006
_GAS_J_PER_KG_K = 287.042  # of dry air
_WATER_KJ_PER_KG_K = 4.18
_MOST_STEPS = 60
_CLOSE = 1e-13


@dataclass(frozen=True)
class Rejection:
    """Towers or dry coolers, all alike: how many there are and are needed, and the rating of one.

    A tower is rated at a wet bulb, a dry cooler at a dry bulb, `rated_air_c`, in air of sea level; there it cools `rise_k` wide
    water down to `approach_k` above it. `air_m3_per_s` and `power_max_kw`: all its fans at full speed.
    """

    role: str
    count: int
    needed_count: int
    capacity_kw: float
    power_max_kw: float
    air_m3_per_s: float
    turndown_fraction: float
    approach_k: float
    rise_k: float
    rated_air_c: float

    def transfer(self) -> float:
        """Work out what its fill (NTU) or coil (UA, kW/K) is worth; ValueError if no size of it does what the rating says."""
        water = self.capacity_kw / self.rise_k
        cold = self.rated_air_c + self.approach_k
        if self.role == "tower":
            kg_per_s = self.air_m3_per_s * STANDARD_KG_PER_M3
            return tower_constant(self.capacity_kw, cold + self.rise_k, cold, self.rated_air_c, kg_per_s, STANDARD_PA)
        air = self.air_m3_per_s * STANDARD_KG_PER_M3 * _AIR_KJ_PER_KG_K
        return rated_conductance_kw_per_k(self.capacity_kw, self.approach_k, water, air)


@dataclass(frozen=True)
class Outdoors:
    """The air that a plant draws in: as it is, and behind a wetted pad if there is one."""

    dry_bulb_c: Floats
    wet_bulb_c: Floats
    pressure_pa: Floats
    humidity: Floats
    pad_c: Floats
    pad_humidity: Floats
    dry_air_kg_per_m3: Floats


def outdoors(
    dry_bulb_c: ArrayLike, wet_bulb_c: ArrayLike, pressure_pa: ArrayLike, pad_fraction: float, wanted_c: ArrayLike
) -> Outdoors:
    """Describe outdoor air, and what a pad makes of it.

    Parameters
    ----------
    dry_bulb_c, wet_bulb_c : float or array
        Outdoor air; a wet bulb above the dry bulb is read as the dry bulb [C].
    pressure_pa : float or array
        Its pressure [Pa].
    pad_fraction : float
        Saturation efficiency of the pad; 0: there is none.
    wanted_c : float or array
        The pad is wetted only to hold this temperature [C].

    Returns
    -------
    Outdoors
        All as arrays of one shape.

    Notes
    -----
    The air keeps its wet bulb on the way through the pad.

    References
    ----------
    ASHRAE Handbook - Fundamentals (2017), chapter 1, on adiabatic mixing of water and moist air.

    Examples
    --------
    >>> air = outdoors(38.0, 20.0, 101325.0, 0.8, 28.0)
    >>> float(air.pad_c), bool(air.pad_humidity > air.humidity)
    (28.0, True)
    """
    dry, wet, pressure = np.broadcast_arrays(
        np.asarray(dry_bulb_c, dtype=float), np.asarray(wet_bulb_c, dtype=float), np.asarray(pressure_pa, dtype=float)
    )
    wet = np.minimum(wet, dry)
    humidity = humidity_at_wet_bulb(dry, wet, pressure)
    behind, wetted = dry, humidity
    if pad_fraction > 0:
        behind = pad_leaving_c(dry, wet, pad_fraction, wanted_c)
        wetted = np.where(behind < dry, humidity_at_wet_bulb(behind, wet, pressure), humidity)
    dry_air = air_density_kg_per_m3(behind, wetted, pressure) / (1.0 + wetted)
    return Outdoors(dry, wet, pressure, humidity, behind, wetted, dry_air)


def root_of(rising: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Find where a rising function is 0, between bounds.

    Parameters
    ----------
    rising : callable
        Function of an array.
    low, high : array
        Bounds.

    Returns
    -------
    array
        The root, to some 1e-12 of the distance of the bounds; the nearer bound where there is none between them.

    Notes
    -----
    Chandrupatla's method: inverse quadratic interpolation where it is safe, else halving.

    References
    ----------
    Chandrupatla, Advances in Engineering Software 28 (1997) 145.

    Examples
    --------
    >>> root_of(lambda x: x**3 - 8.0, np.array([0.0, 3.0]), np.array([5.0, 5.0])).round(9).tolist()
    [2.0, 3.0]
    """
    b, a = low + 0.0, high + 0.0
    fb, fa = rising(b), rising(a)
    below, above = fb >= 0.0, fa <= 0.0
    settled = below | above
    step: Floats = np.full(np.shape(settled), 0.5)
    least = _CLOSE * np.abs(high - low) + 1e-300
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _ in range(_MOST_STEPS):
            if bool(np.all(settled)):
                break
            x = a + step * (b - a)
            fx = rising(x)
            same = (fx > 0) == (fa > 0)
            c, fc = np.where(same, a, b), np.where(same, fa, fb)
            b, fb = np.where(same, b, a), np.where(same, fb, fa)
            a, fa = x, fx
            shortest = least / np.abs(b - a)
            settled = settled | (shortest > 0.5) | (fa == 0.0)
            xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
            smooth = (phi**2 < xi) & ((1.0 - phi) ** 2 < 1.0 - xi)
            quadratic = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
            step = np.clip(np.where(smooth, quadratic, 0.5), np.minimum(shortest, 0.5), np.maximum(1.0 - shortest, 0.5))
            step = np.where(settled, 0.0, step)
    nearest = np.where(np.abs(fa) < np.abs(fb), a, b)
    return np.where(below, low, np.where(above, high, nearest))


def air_sink_c(rejection: Rejection, air: Outdoors) -> Floats:
    """Temperature that units could cool water down to, were they large enough.

    Parameters
    ----------
    rejection : Rejection
        The units.
    air : Outdoors
        The air.

    Returns
    -------
    array
        Wet bulb for a tower; for a dry cooler the air that it draws in, behind its pad [C].

    Notes
    -----
    Water that evaporates into air ends at the wet bulb.

    References
    ----------
    ASHRAE Handbook - HVAC Systems and Equipment (2016), chapter 40.

    Examples
    --------
    >>> tower = Rejection("tower", 1, 1, 560.0, 4.0, 20.0 / 1.2, 0.2, 4.0, 5.6, 25.6)
    >>> float(air_sink_c(tower, outdoors(35.0, 25.6, 101325.0, 0.0, 0.0)))
    25.6
    """
    return air.wet_bulb_c if rejection.role == "tower" else air.pad_c


def carried_kw(
    rejection: Rejection,
    transfer: float,
    units: int,
    hot_c: Floats,
    cold_c: Floats,
    water_kw_per_k: Floats,
    speed: Floats,
    air: Outdoors,
) -> Floats:
    """Heat that so many units take from water.

    Parameters
    ----------
    rejection : Rejection
        The units' rating.
    transfer : float
        What one's fill or coil is worth, `Rejection.transfer`.
    units : int
        Units that run, all alike.
    hot_c, cold_c : array
        Water in and out [C].
    water_kw_per_k : array
        Capacity rate of the water through all units [kW/K].
    speed : array
        Speed of the fans over full speed, greater than 0.
    air : Outdoors
        The air.

    Returns
    -------
    array
        Heat [kW]; what the water loses if ``(hot_c - cold_c) * water_kw_per_k`` agrees.

    Notes
    -----
    Counter-flow exchangers: of enthalpies in a tower, ``e Cmin (hot - air)`` in a dry cooler.

    References
    ----------
    Braun, Klein, Mitchell (1989), for towers; Incropera et al., chapter 11, for dry coolers.

    Examples
    --------
    In air of about 1.2 kg/m3, a dry cooler does what its rating says:

    >>> cooler = Rejection("dry-cooler", 1, 1, 1000.0, 20.0, 100.0, 0.2, 8.0, 10.0, 30.0)
    >>> air = outdoors(30.0, 15.0, 101325.0 * 1.0365, 0.0, 0.0)
    >>> round(float(carried_kw(cooler, cooler.transfer(), 1, 48.0, 38.0, 100.0, 1.0, air)), -1)
    1000.0
    """
    water = water_kw_per_k / units
    if rejection.role == "tower":
        kg_per_s = rejection.air_m3_per_s * air.dry_air_kg_per_m3 * speed
        hot_c, cold_c = np.clip(hot_c, _COLDEST_C, _HOTTEST_C), np.clip(cold_c, _COLDEST_C, _HOTTEST_C)
        return units * tower_heat_kw(transfer, hot_c, cold_c, water, air.wet_bulb_c, kg_per_s, air.pressure_pa)
    # As dry air: vapour makes air lighter and its heat capacity larger, which leaves less than half a per cent.
    dry_kg_per_m3 = air.pressure_pa / (_GAS_J_PER_KG_K * (air.pad_c + 273.15))
    through = rejection.air_m3_per_s * dry_kg_per_m3 * speed * _AIR_KJ_PER_KG_K
    rated_air = rejection.air_m3_per_s * STANDARD_KG_PER_M3 * _AIR_KJ_PER_KG_K
    rated_water = rejection.capacity_kw / rejection.rise_k
    conductance = conductance_at_flows_kw_per_k(transfer, water / rated_water, through / rated_air)
    least, most = np.minimum(water, through), np.maximum(water, through)
    return units * counterflow_effectiveness(conductance / least, least / most) * least * (hot_c - air.pad_c)


_WIDEST_K = 60.0
_WARMEST_TOWER_C, _LEAST_TOWER_K = 70.0, 10.0
_COLDEST_C, _HOTTEST_C = -60.0, 95.0  # searches look beyond what water can be


def coldest_c(
    rejection: Rejection,
    transfer: float,
    units: int,
    heat_kw: Callable[[Floats], Floats],
    water_kw_per_k: Floats,
    air: Outdoors,
) -> Floats:
    """Find the coldest water that units give at full fan speed, where the heat itself may depend on it.

    Parameters
    ----------
    rejection : Rejection
        The units' rating.
    transfer : float
        What one's fill or coil is worth, `Rejection.transfer`.
    units : int
        Units that run.
    heat_kw : callable
        Heat [kW] by the temperature of the water [C]; it must grow less with it than what the units carry.
    water_kw_per_k : array
        Capacity rate of the water through all units [kW/K].
    air : Outdoors
        The air.

    Returns
    -------
    array
        Temperature of the water out of the units [C].

    Notes
    -----
    The temperature at which the units carry the heat.

    References
    ----------
    Braun, Klein, Mitchell (1989), for towers; Incropera et al., chapter 11, for dry coolers.

    Examples
    --------
    Rated to cool to 29.6 C in air of 1.2 kg/m3; on a hot day a kilogram of air takes more room:

    >>> tower = Rejection("tower", 1, 1, 560.0, 4.0, 20.0 / 1.2, 0.2, 4.0, 5.6, 25.6)
    >>> air = outdoors(35.0, 25.6, 101325.0, 0.0, 0.0)
    >>> kw = lambda cold: 560.0 + 0.0 * cold
    >>> round(float(coldest_c(tower, tower.transfer(), 1, kw, 100.0, air)), 1)
    29.9
    """

    def spare(cold: Floats) -> Floats:
        heat = heat_kw(cold)
        return (
            carried_kw(rejection, transfer, units, cold + heat / water_kw_per_k, cold, water_kw_per_k, np.asarray(1.0), air)
            - heat
        )

    sink = air_sink_c(rejection, air)
    warmest = sink + _WIDEST_K
    if rejection.role == "tower":  # near boiling, the saturated air's enthalpy is too steep for the model
        warmest = np.clip(_WARMEST_TOWER_C, sink + _LEAST_TOWER_K, warmest)
    return root_of(spare, sink, warmest)


def fan_speed(
    rejection: Rejection, transfer: float, units: int, heat_kw: Floats, cold_c: Floats, water_kw_per_k: Floats, air: Outdoors
) -> Floats:
    """Find the slowest speed of the fans that carries the heat and leaves the water at a temperature.

    Parameters
    ----------
    rejection : Rejection
        The units' rating.
    transfer : float
        What one's fill or coil is worth, `Rejection.transfer`.
    units : int
        Units that run.
    heat_kw : array
        Heat [kW].
    cold_c : array
        Temperature of the water that leaves the units [C].
    water_kw_per_k : array
        Capacity rate of the water through all units [kW/K].
    air : Outdoors
        The air.

    Returns
    -------
    array
        Speed over full speed, at least the turndown; 1 where even full speed is not enough.

    Notes
    -----
    The speed at which the units carry the heat, the air flow being proportional to it.

    References
    ----------
    ASHRAE Handbook - HVAC Systems and Equipment (2016), chapter 40: capacity control of cooling towers by fan speed.

    Examples
    --------
    >>> cooler = Rejection("dry-cooler", 1, 1, 1000.0, 20.0, 100.0, 0.2, 8.0, 10.0, 30.0)
    >>> air = outdoors(-10.0, -11.0, 101325.0, 0.0, 0.0)
    >>> float(fan_speed(cooler, cooler.transfer(), 1, 100.0, 38.0, 100.0, air))
    0.2
    """
    heat, cold = np.asarray(heat_kw, dtype=float), np.asarray(cold_c, dtype=float)
    hot = cold + heat / water_kw_per_k

    def spare(speed: Floats) -> Floats:
        water = np.asarray(water_kw_per_k, dtype=float)
        return np.asarray(carried_kw(rejection, transfer, units, hot, cold, water, speed, air) - heat)

    shape = np.broadcast(heat, cold, air.dry_bulb_c).shape
    return root_of(spare, np.full(shape, max(rejection.turndown_fraction, 0.01)), np.ones(shape))


def rejection_water_l(
    rejection: Rejection,
    units: int,
    heat_kw: Floats,
    speed: Floats,
    water_kw_per_k: Floats,
    air: Outdoors,
    cycles_ratio: float,
    drift_fraction: float,
) -> Floats:
    """Water that towers, or dry coolers behind wetted pads, take in an hour.

    Parameters
    ----------
    rejection : Rejection
        The units' rating.
    units : int
        Units that run.
    heat_kw : array
        Heat that they carry [kW].
    speed : array
        Their fans' speed over full speed.
    water_kw_per_k : array
        Capacity rate of the water through all units [kW/K].
    air : Outdoors
        The air.
    cycles_ratio : float
        Cycles of concentration.
    drift_fraction : float
        Droplets that the air carries off over the water that flows.

    Returns
    -------
    array
        Make-up in an hour [L].

    Notes
    -----
    Tower: evaporation proportional to the heat; its latent share depends on the weather, at the enthalpy that a kilogram of air
    takes up at the rating. Pad: air flow times the humidity that it gains.

    References
    ----------
    Kloppers and Kroeger (2005); ASHRAE Handbook - HVAC Systems and Equipment (2016), chapters 40 and 41.

    Examples
    --------
    A dry cooler without a pad takes none:

    >>> cooler = Rejection("dry-cooler", 1, 1, 1000.0, 20.0, 100.0, 0.2, 8.0, 10.0, 30.0)
    >>> air = outdoors(38.0, 20.0, 101325.0, 0.0, 0.0)
    >>> float(rejection_water_l(cooler, 1, 1000.0, 1.0, 100.0, air, 4.0, 0.0))
    0.0
    """
    if rejection.role != "tower":
        kg_per_s = units * rejection.air_m3_per_s * air.dry_air_kg_per_m3 * speed * (air.pad_humidity - air.humidity)
        return make_up_l(kg_per_s * 3600.0 / _KG_PER_L, cycles_ratio)
    rise = rejection.capacity_kw / (rejection.air_m3_per_s * STANDARD_KG_PER_M3)
    share = np.maximum(latent_share_ratio(air.dry_bulb_c, air.wet_bulb_c, air.pressure_pa, rise), 0.0)
    drift = drift_fraction * water_kw_per_k / _WATER_KJ_PER_KG_K * 3600.0 / _KG_PER_L
    return make_up_l(evaporation_l(heat_kw, share), cycles_ratio, drift)


_KG_PER_L = float(density_kg_per_m3("water", 30.0)) / 1000.0
