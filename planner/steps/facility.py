"""What the facility's steps hand each other: loads, climate, cooling, chain, and the hours of the year."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.models.plant import Plant
from planner.models.weather import Weather
from planner.plan_facility import (
    ChainLoad,
    ChainUnit,
    CoolingPlan,
    ItLoad,
    PowerStagePlan,
    RackConversion,
    StrandedPlan,
    WeatherPlan,
)

__all__ = ["POINTS", "ChainDesign", "Climate", "CoolingDesign", "GroupLoad", "Hours", "Loads"]

Floats = NDArray[np.float64]

POINTS = ("idle", "expected", "design", "nameplate")
"""Loads at which the plant is looked at, lightest first."""


@dataclass(frozen=True)
class GroupLoad:
    """What the racks of one use draw together at their inlets, by point [kW]; the order is that of `RacksPlan.groups`."""

    name: str
    racks: int
    gpus: int
    power_kw: Mapping[str, float]
    liquid_fraction: float


@dataclass(frozen=True)
class Loads:
    """IT loads at the racks' inlets.

    `power_kw`, `conversion_loss_kw` and `heat_liquid_kw` are sums over all racks, by point. `gpu_high_kw` and `gpu_low_kw`:
    what the whole IT load is while the synchronous job computes, and while it communicates.
    """

    parts: tuple[ItLoad, ...]
    groups: tuple[GroupLoad, ...]
    power_kw: Mapping[str, float]
    conversion_loss_kw: Mapping[str, float]
    heat_liquid_kw: Mapping[str, float]
    gpu_high_kw: float
    gpu_low_kw: float
    conversions: tuple[RackConversion, ...] = ()


@dataclass(frozen=True)
class Climate:
    """The year's weather, and the hour that the plant is sized for."""

    weather: Weather
    plan: WeatherPlan
    design_dry_bulb_c: float
    design_wet_bulb_c: float


@dataclass(frozen=True)
class CoolingDesign:
    """Cooling at the design hour, and the same plant as numbers for any hour."""

    plan: CoolingPlan
    plant: Plant


@dataclass(frozen=True)
class ChainDesign:
    """The chain: every unit and what hangs on it, sums by stage, and what it loses at any load.

    `losses_kw` takes IT, pumps, cooling and house loads [kW] (floats or arrays of hours) and returns stage -> loss [kW] in the
    chain's normal state; utility input is the sum of all of these. `ride_through_s`: 0 where generators stand by and nothing
    carries the racks until they do, None where neither is there. `grid_worst_kw`: most that the site takes from the grid, in
    the worst single outage of any unit: what is left works harder and loses more. 0 without a utility.
    """

    redundancy: str
    units: tuple[ChainUnit, ...]
    feeds: tuple[ChainLoad, ...]
    stages: tuple[PowerStagePlan, ...]
    stranded: tuple[StrandedPlan, ...]
    losses_kw: Callable[[Floats, Floats, Floats, Floats], dict[str, Floats]]
    ride_through_s: float | None
    generator_start_s: float | None
    generator_fuel_hours: float | None
    generator_mean_load_fraction: float | None
    grid_worst_kw: float = 0.0


@dataclass(frozen=True)
class Hours:
    """The year hour by hour, in local time: arrays of 8,760."""

    it_kw: Floats
    facility_kw: Floats
    water_l: Floats
    reused_kw: Floats
