"""The cooling plant in any hour: from the heat at the racks and the weather to power, water and mode."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.models.circuit import CircuitHours, capacity_kw, outdoors_of, run_circuit
from planner.models.circuit_units import Circuit, Compressor, Economizer, Loop, Terminal
from planner.models.rejection import Rejection

__all__ = [
    "MODES",
    "Circuit",
    "Compressor",
    "Economizer",
    "Loop",
    "Plant",
    "PlantHours",
    "Rejection",
    "Terminal",
    "run_plant",
]

Floats = NDArray[np.float64]

MODES = ("off", "free", "mixed", "mechanical", "adiabatic", "imported")
"""How a circuit ran: without heat; by outdoors alone (dry, or by tower); outdoors first and chillers for the rest; chillers or
compressors alone; outdoors with water sprayed into the air; by facility water that others cool."""


@dataclass(frozen=True)
class Plant:
    """Both circuits, None where nothing gives heat to it, and a neighbour who takes heat of at least `reuse_min_c`."""

    air: Circuit | None
    liquid: Circuit | None
    reuse_max_kw: float = 0.0
    reuse_min_c: float = 0.0
    reuse_months: tuple[int, ...] = ()


@dataclass(frozen=True)
class PlantHours:
    """The plant hour by hour.

    Powers are electrical [kW]; `water_l` is drawn in the hour; `capacity_*_kw`: heat that could be carried at the racks' supply
    temperatures with the spare units out of service.
    """

    terminal_kw: Floats
    pumps_kw: Floats
    chillers_kw: Floats
    rejection_kw: Floats
    water_l: Floats
    reused_kw: Floats
    capacity_air_kw: Floats
    capacity_liquid_kw: Floats
    mode_air: NDArray[np.int64]
    mode_liquid: NDArray[np.int64]


def run_plant(
    plant: Plant,
    heat_air_kw: ArrayLike,
    heat_liquid_kw: ArrayLike,
    dry_bulb_c: ArrayLike,
    wet_bulb_c: ArrayLike,
    pressure_pa: ArrayLike,
    month: ArrayLike,
) -> PlantHours:
    """Run the plant with all its units, hour by hour.

    Parameters
    ----------
    plant : Plant
        The units.
    heat_air_kw, heat_liquid_kw : float or array
        Heat that air and coolant take up at the racks and in electrical rooms [kW].
    dry_bulb_c, wet_bulb_c : float or array
        Outdoor air [C].
    pressure_pa : float or array
        Its pressure [Pa].
    month : int or array
        Month, 1 to 12: heat is reused in some.

    Returns
    -------
    PlantHours
        Arrays of the inputs' common shape.

    Notes
    -----
    Each hour is a steady state: what the racks need is met as cheaply as the units can (see `planner.models.circuit`). A hotter
    hour and more heat never lower the power.

    References
    ----------
    ASHRAE Handbook - HVAC Applications (2019), chapter 20, on data centres.

    Examples
    --------
    Air by direct expansion, coolant handed to facility water of others:

    >>> dx = Compressor(2, 1, 100.0, 3.5, 14.0, 35.0, (1.0,), (1.0,))
    >>> air = Circuit(24.0, 12.0, Terminal("dx", 2, 1, 100.0, 6.0, 9.0, 0.0, 0.0, 0.5), chiller=dx)
    >>> liquid = Circuit(32.0, 10.0, Terminal("cdu", 2, 2, 1200.0, 8.0, 120.0, 150.0, 400.0, 1.0))
    >>> hour = run_plant(Plant(air, liquid), 80.0, 2000.0, 30.0, 20.0, 101325.0, 7)
    >>> round(float(hour.terminal_kw - 2 * 8.0), 2), MODES[hour.mode_air], MODES[hour.mode_liquid], float(hour.water_l)
    (1.11, 'mechanical', 'imported', 0.0)
    """
    values = (heat_air_kw, heat_liquid_kw, dry_bulb_c, wet_bulb_c, pressure_pa, month)
    heat_air, heat_liquid, dry_bulb, wet_bulb, pressure, months = np.broadcast_arrays(
        *(np.asarray(value, dtype=float) for value in values)
    )
    reuse = np.where(np.isin(months, plant.reuse_months), plant.reuse_max_kw, 0.0)
    liquid, liquid_kw = _circuit_hours(plant.liquid, heat_liquid, dry_bulb, wet_bulb, pressure, reuse, plant.reuse_min_c)
    left = reuse - liquid.reused_kw
    air, air_kw = _circuit_hours(plant.air, heat_air, dry_bulb, wet_bulb, pressure, left, plant.reuse_min_c)
    return PlantHours(
        terminal_kw=air.terminal_kw + liquid.terminal_kw,
        pumps_kw=air.pumps_kw + liquid.pumps_kw,
        chillers_kw=air.chillers_kw + liquid.chillers_kw,
        rejection_kw=air.rejection_kw + liquid.rejection_kw,
        water_l=air.water_l + liquid.water_l,
        reused_kw=air.reused_kw + liquid.reused_kw,
        capacity_air_kw=air_kw,
        capacity_liquid_kw=liquid_kw,
        mode_air=air.mode,
        mode_liquid=liquid.mode,
    )


def _circuit_hours(
    circuit: Circuit | None,
    heat_kw: Floats,
    dry_bulb_c: Floats,
    wet_bulb_c: Floats,
    pressure_pa: Floats,
    reuse_max_kw: Floats,
    reuse_min_c: float,
) -> tuple[CircuitHours, Floats]:
    """Run a circuit, and say what it could carry; one that is not there draws and carries nothing."""
    if circuit is None:
        nothing = np.zeros_like(heat_kw)
        parts = {field.name: nothing for field in fields(CircuitHours) if field.name != "mode"}
        return CircuitHours(**parts, mode=np.zeros(np.shape(heat_kw), dtype=np.int64)), nothing
    air = outdoors_of(circuit, dry_bulb_c, wet_bulb_c, pressure_pa)
    return run_circuit(circuit, heat_kw, air, reuse_max_kw, reuse_min_c), capacity_kw(circuit, air)
