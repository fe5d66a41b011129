"""One medium's way from the racks to the sky, in any hour: what its units draw, and how much heat they could carry."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.models.circuit_units import Circuit, Compressor, Loop
from planner.models.cooling import affinity_head_kpa, affinity_power_kw, chiller_cop_ratio, chiller_power_kw
from planner.models.heat_exchange import approach_k, conductance_at_flows_kw_per_k
from planner.models.rejection import (
    STANDARD_KG_PER_M3,
    Outdoors,
    air_sink_c,
    carried_kw,
    coldest_c,
    fan_speed,
    outdoors,
    rejection_water_l,
    root_of,
)
from planner.models.water import make_up_l
from planner.models.weather import air_density_kg_per_m3

__all__ = [
    "ADIABATIC",
    "FREE",
    "IMPORTED",
    "MECHANICAL",
    "MIXED",
    "OFF",
    "CircuitHours",
    "TerminalState",
    "capacity_kw",
    "outdoors_of",
    "run_circuit",
    "terminal_state",
]

Floats = NDArray[np.float64]

OFF, FREE, MIXED, MECHANICAL, ADIABATIC, IMPORTED = range(6)
"""How a circuit runs; `planner.models.plant.MODES` names them."""

_AIR_KJ_PER_KG_K = 1.006
_TINY = 1e-9


@dataclass(frozen=True)
class TerminalState:
    """Units at the racks at one heat: their draw, what they hand on, and the facility water that they need."""

    power_kw: Floats
    heat_kw: Floats
    racks_kw_per_k: Floats
    facility_supply_c: Floats
    facility_kw_per_k: Floats


@dataclass(frozen=True)
class CircuitHours:
    """A circuit hour by hour.

    `pumps_kw` includes `facility_pumps_kw`; towers or dry coolers carry `rejected_kw` from water that they cool to
    `outdoor_supply_c`.
    """

    terminal_kw: Floats
    pumps_kw: Floats
    facility_pumps_kw: Floats
    chillers_kw: Floats
    rejection_kw: Floats
    water_l: Floats
    reused_kw: Floats
    facility_supply_c: Floats
    outdoor_supply_c: Floats
    rejected_kw: Floats
    mode: NDArray[np.int64]


def outdoors_of(circuit: Circuit, dry_bulb_c: Floats, wet_bulb_c: Floats, pressure_pa: Floats) -> Outdoors:
    """Describe the air that a circuit draws in: through its pad, if it has one and may wet it.

    Parameters
    ----------
    circuit : Circuit
        The units.
    dry_bulb_c, wet_bulb_c : array
        Outdoor air [C].
    pressure_pa : array
        Its pressure [Pa].

    Returns
    -------
    Outdoors
        The air, before and behind the pad.

    Notes
    -----
    The pad is wetted above `assist_above_c` and holds that temperature as long as it can.

    References
    ----------
    ASHRAE Handbook - HVAC Systems and Equipment (2016), chapter 41, on direct evaporative coolers.

    Examples
    --------
    >>> from planner.models.circuit_units import Terminal
    >>> handlers = Terminal("outside-air", 2, 1, 400.0, 15.0, 33.8, 0.0, 0.0, 0.3)
    >>> circuit = Circuit(24.0, 12.0, handlers, free=True, pad_fraction=0.85, assist_above_c=22.0)
    >>> float(outdoors_of(circuit, np.float64(30.0), np.float64(16.0), np.float64(101325.0)).pad_c)
    22.0
    """
    pad = 0.0 if circuit.dry else circuit.pad_fraction
    return outdoors(dry_bulb_c, wet_bulb_c, pressure_pa, pad, circuit.assist_above_c)


def terminal_state(circuit: Circuit, units: int, heat_kw: Floats, pressure_pa: Floats) -> TerminalState:
    """Run so many units at the racks, all alike.

    Parameters
    ----------
    circuit : Circuit
        The units.
    units : int
        Units that run.
    heat_kw : array
        Heat at the racks [kW].
    pressure_pa : array
        Pressure of the air [Pa].

    Returns
    -------
    TerminalState
        Their draw, and the warmest facility water that still meets the racks' supply.

    Notes
    -----
    Flow follows the heat at the racks' rise, down to the turndown and up to the rated flow. Fans' power follows its cube and
    the air's density; CDUs push their flow against the square of all CDUs' flow. Facility water follows in proportion, so that
    the approach grows with the heat. What drives the flow heats it.

    References
    ----------
    ASHRAE Handbook - HVAC Systems and Equipment (2016), chapters 21 and 44: affinity laws; Incropera et al., chapter 11.

    Examples
    --------
    At its rating, a CDU with 10 K of rise on both sides and 4 K of approach (UA 300) makes 36 C of 32 C:

    >>> from planner.models.circuit_units import Terminal
    >>> cdu = Terminal("cdu", 1, 1, 1200.0, 0.0, 120.0, 120.0, 300.0, 0.3)
    >>> circuit = Circuit(supply_c=36.0, rise_k=10.0, terminal=cdu)
    >>> state = terminal_state(circuit, 1, np.float64(1200.0), np.float64(101325.0))
    >>> float(state.facility_supply_c), float(state.facility_kw_per_k)
    (32.0, 120.0)
    """
    terminal = circuit.terminal
    carries = _carries(circuit, pressure_pa)
    full = heat_kw / (circuit.rise_k * carries)  # units at full flow that carry it
    run = np.asarray(float(units))
    if terminal.turndown_fraction > 0:  # spares stand still where they would only add to a flow that is turned down already
        run = np.minimum(run, np.maximum(full / terminal.turndown_fraction, min(units, terminal.needed_count)))
    flow = np.clip(full / run, terminal.turndown_fraction, 1.0)
    if terminal.role == "cdu":  # spares that run share the flow, but the racks resist as before
        head = np.minimum(run * flow / terminal.needed_count, 1.0)
        power_kw = run * terminal.power_max_kw * flow * affinity_head_kpa(1.0, head)
    else:
        power_kw = run * affinity_power_kw(terminal.power_max_kw, flow) * (carries / terminal.hot_kw_per_k)
    passed_kw, hot = heat_kw + power_kw, run * carries * flow
    if terminal.ua_kw_per_k <= 0:
        nothing = np.zeros_like(passed_kw)
        return TerminalState(power_kw, passed_kw, hot, nothing + circuit.supply_c, nothing)
    cold = run * terminal.cold_kw_per_k * flow
    ua = run * conductance_at_flows_kw_per_k(terminal.ua_kw_per_k, hot / (run * terminal.hot_kw_per_k), flow)
    approach = approach_k(passed_kw, ua, hot, cold)
    return TerminalState(power_kw, passed_kw, hot, circuit.supply_c - approach, cold)


def _carries(circuit: Circuit, pressure_pa: Floats) -> Floats:
    """Capacity rate of one unit's coolant or air at rated flow, the air as thin as it is [kW/K]."""
    terminal = circuit.terminal
    if terminal.role == "cdu":
        return terminal.hot_kw_per_k + np.zeros_like(pressure_pa)
    return terminal.hot_kw_per_k * air_density_kg_per_m3(circuit.supply_c, _ROOM_HUMIDITY, pressure_pa) / STANDARD_KG_PER_M3


_ROOM_HUMIDITY = 0.009  # mass of vapour over that of dry air: a dew point of 12 C


def run_circuit(circuit: Circuit, heat_kw: Floats, air: Outdoors, reuse_max_kw: Floats, reuse_min_c: float) -> CircuitHours:
    """Run a circuit with all its units, hour by hour.

    Parameters
    ----------
    circuit : Circuit
        The units.
    heat_kw : array
        Heat at the racks [kW].
    air : Outdoors
        The air that the circuit draws in, of `outdoors_of`.
    reuse_max_kw : array
        Heat that a neighbour takes at most [kW].
    reuse_min_c : float
        Facility water must return at least that warm for it [C].

    Returns
    -------
    CircuitHours
        Powers, water and mode.

    Notes
    -----
    The warmest facility water that still meets the racks' supply is made, by as slow fans as do. With a chiller, fans hold the
    rated approach to the outdoor air at least; where that is too warm, outdoors cools first (mixed) if it can and the chiller
    does the rest.

    References
    ----------
    ASHRAE Handbook - HVAC Applications (2019), chapter 20: water-side and air-side economizers of data centres.

    Examples
    --------
    Units that hand heat to facility water that others cool draw only their own power:

    >>> from planner.models.circuit_units import Terminal
    >>> cdus = Terminal("cdu", 25, 25, 1200.0, 8.47347, 120.0, 150.0, 400.0, 1.0)
    >>> circuit = Circuit(supply_c=32.0, rise_k=10.0, terminal=cdus)
    >>> one = np.ones(1)
    >>> air = outdoors_of(circuit, 20.0 * one, 15.0 * one, 101325.0 * one)
    >>> round(float(run_circuit(circuit, 20000.0 * one, air, 0.0 * one, 0.0).terminal_kw[0]), 2)
    211.84
    """
    terminal = circuit.terminal
    state = terminal_state(circuit, terminal.count, heat_kw, air.pressure_pa)
    nothing = np.zeros_like(state.power_kw)
    if terminal.role == "outside-air":
        return _run_outside_air(circuit, heat_kw, air, state)
    if terminal.role == "dx":
        chillers = _compressor_kw(circuit, state.heat_kw, state.facility_supply_c, air.dry_bulb_c)
        return _hours(state, np.where(heat_kw > 0, MECHANICAL, OFF), chillers_kw=chillers)

    facility_flow, pumps = _pumped(circuit.facility, state.facility_kw_per_k)
    load = state.heat_kw + pumps
    returned_c = state.facility_supply_c + state.heat_kw / np.maximum(facility_flow, _TINY)
    warm = (returned_c >= reuse_min_c) & (facility_flow > 0)
    reused = np.where(warm, np.minimum(reuse_max_kw, load), 0.0)
    load = load - reused
    if circuit.rejection is None and circuit.chiller is None:
        mode = np.where(heat_kw > 0, IMPORTED, OFF)
        return _hours(state, mode, pumps_kw=pumps, facility_pumps_kw=pumps, reused_kw=reused)

    supply = state.facility_supply_c
    if circuit.rejection is None:
        chillers = _compressor_kw(circuit, load, supply, air.dry_bulb_c)
        mode = np.where(heat_kw > 0, MECHANICAL, OFF)
        return _hours(state, mode, pumps_kw=pumps, facility_pumps_kw=pumps, chillers_kw=chillers, reused_kw=reused)

    rejection, transfer = circuit.rejection, circuit.rejection.transfer()
    water_flow, outdoor_pumps, gap = _outdoor_side(circuit, load, facility_flow)
    wanted = supply - gap
    chillers, share = nothing, nothing
    if circuit.chiller is not None:

        def compressor(cold: Floats) -> tuple[Floats, Floats]:
            part = _chiller_share(circuit, load, facility_flow, supply, cold + gap)
            return part, _compressor_kw(circuit, part * load, supply, cold)

        coldest = coldest_c(
            rejection, transfer, rejection.count, lambda cold: load + outdoor_pumps + compressor(cold)[1], water_flow, air
        )
        # Fans hold the rated approach, not less; nor water colder than the chilled water, which spares the compressor nothing.
        held = air_sink_c(rejection, air) + rejection.approach_k
        wanted_of_chiller = np.maximum(coldest, held if circuit.free else np.maximum(held, supply))
        share, chillers = compressor(wanted_of_chiller)
        wanted = np.where(share > 0, wanted_of_chiller, wanted)
    rejected = load + outdoor_pumps + chillers
    speed = fan_speed(rejection, transfer, rejection.count, rejected, wanted, water_flow, air)
    fans = rejection.count * affinity_power_kw(rejection.power_max_kw, speed)
    water = nothing
    if not circuit.dry:
        water = rejection_water_l(
            rejection, rejection.count, rejected, speed, water_flow, air, circuit.cycles_ratio, circuit.drift_fraction
        )
    outside = np.where(air.pad_c < air.dry_bulb_c, ADIABATIC, FREE)
    mode = np.where(share >= 1.0, MECHANICAL, np.where(share > 0, MIXED, outside))
    return _hours(
        state,
        np.where(heat_kw > 0, mode, OFF),
        pumps_kw=pumps + outdoor_pumps,
        facility_pumps_kw=pumps,
        chillers_kw=chillers,
        rejection_kw=fans,
        water_l=water,
        reused_kw=reused,
        outdoor_supply_c=wanted,
        rejected_kw=rejected,
    )


def _hours(state: TerminalState, mode: NDArray[np.int64], **parts: Floats) -> CircuitHours:
    """Put a circuit's hours together; what it lacks is 0."""
    names = [field.name for field in dataclasses.fields(CircuitHours)]
    values = dict.fromkeys(names, np.zeros_like(state.power_kw))
    values |= {"terminal_kw": state.power_kw, "facility_supply_c": state.facility_supply_c} | parts
    return CircuitHours(**{name: values[name] for name in names if name != "mode"}, mode=mode)


def _pumped(loop: Loop | None, wanted_kw_per_k: Floats) -> tuple[Floats, Floats]:
    """Flow of a loop (as capacity rate), and what its pumps draw."""
    if loop is None:
        return wanted_kw_per_k, np.zeros_like(wanted_kw_per_k)
    flow = np.clip(wanted_kw_per_k, loop.turndown_fraction * loop.kw_per_k, max(loop.capacity_kw_per_k, loop.kw_per_k))
    return flow, affinity_power_kw(loop.power_kw, flow / loop.kw_per_k)


def _outdoor_side(circuit: Circuit, load_kw: Floats, facility_kw_per_k: Floats) -> tuple[Floats, Floats, Floats]:
    """Water through the rejection units [kW/K], its pumps' power, and how much colder than facility water it must be."""
    loop = circuit.outdoor_loop
    if loop is None:
        return np.maximum(facility_kw_per_k, _TINY), np.zeros_like(load_kw), np.zeros_like(load_kw)
    lifted = 1.0 + 1.0 / circuit.chiller.cop_ratio if circuit.chiller else 1.0
    flow, pumps = _pumped(loop, load_kw * lifted / loop.rise_k)
    gap = np.zeros_like(load_kw)
    if circuit.economizer is not None:
        made = circuit.economizer
        facility = np.maximum(facility_kw_per_k, _TINY)
        ua = conductance_at_flows_kw_per_k(made.ua_kw_per_k, facility / made.hot_kw_per_k, flow / made.cold_kw_per_k)
        gap = np.maximum(approach_k(load_kw, ua, facility, flow), 0.0)
    return flow, pumps, gap


def _chiller_share(
    circuit: Circuit, load_kw: Floats, facility_kw_per_k: Floats, supply_c: Floats, precooled_c: Floats
) -> Floats:
    """Part of the heat that is left to the chiller behind an economizer that cools to a temperature."""
    if not circuit.free:
        return np.ones_like(load_kw)
    rise = np.maximum(load_kw / np.maximum(facility_kw_per_k, _TINY), _TINY)
    return np.clip((precooled_c - supply_c) / rise, 0.0, 1.0)


def _cop(chiller: Compressor, leaving_c: Floats, entering_c: Floats) -> Floats:
    """Coefficient of performance at full load."""
    return chiller_cop_ratio(chiller.cop_ratio, chiller.leaving_c, chiller.entering_c, leaving_c, entering_c)


def _compressor_kw(circuit: Circuit, heat_kw: Floats, leaving_c: Floats, entering_c: Floats) -> Floats:
    """Electrical power of all chillers."""
    chiller = circuit.chiller
    if chiller is None:
        return np.zeros_like(heat_kw)
    cop = _cop(chiller, leaving_c, entering_c)
    return chiller_power_kw(heat_kw, chiller.capacity_kw, chiller.count, cop, chiller.load_fractions, chiller.factor_ratios)


def _run_outside_air(circuit: Circuit, heat_kw: Floats, air: Outdoors, state: TerminalState) -> CircuitHours:
    """Outdoor air straight to the racks, mixed with return air where too cold, behind a wetted pad where too warm."""
    flow = np.maximum(
        heat_kw / circuit.rise_k,
        circuit.terminal.count * circuit.terminal.turndown_fraction * _carries(circuit, air.pressure_pa),
    )
    kg_per_s = flow / _AIR_KJ_PER_KG_K
    wetted = air.pad_c < air.dry_bulb_c
    litres = kg_per_s * 3600.0 * np.maximum(air.pad_humidity - air.humidity, 0.0)
    mode = np.where(heat_kw > 0, np.where(wetted, ADIABATIC, FREE), OFF)
    water = np.where(heat_kw > 0, make_up_l(litres, circuit.cycles_ratio), 0.0)
    return _hours(state, mode, water_l=water)


def capacity_kw(circuit: Circuit, air: Outdoors) -> Floats:
    """Heat that a circuit can carry at the racks' supply temperature with its spare units out of service.

    Parameters
    ----------
    circuit : Circuit
        The units.
    air : Outdoors
        The air that the circuit draws in, of `outdoors_of`.

    Returns
    -------
    array
        Heat at the racks [kW]; 0 where the air is too warm for any.

    Notes
    -----
    The least of what units at the racks, pumps, and chillers or outdoors carry. Chillers are limited by their motors: where the
    COP is below the rated one, so is the capacity in proportion. A tower that must stay dry carries nothing.

    References
    ----------
    AHRI 550/590: capacity ratings of chillers.

    Examples
    --------
    >>> from planner.models.circuit_units import Terminal
    >>> cdus = Terminal("cdu", 3, 2, 1200.0, 8.0, 120.0, 150.0, 400.0, 0.3)
    >>> circuit = Circuit(supply_c=32.0, rise_k=10.0, terminal=cdus)
    >>> one = np.ones(1)
    >>> float(capacity_kw(circuit, outdoors_of(circuit, 20.0 * one, 15.0 * one, 101325.0 * one))[0])
    2400.0
    """
    terminal = circuit.terminal
    carries = _carries(circuit, air.pressure_pa)
    units_kw = np.minimum(terminal.capacity_kw, circuit.rise_k * carries)
    if circuit.facility is not None and terminal.cold_kw_per_k > 0:
        per_unit = circuit.facility.capacity_kw_per_k / terminal.cold_kw_per_k / terminal.needed_count
        units_kw = np.minimum(units_kw, np.where(per_unit < 1.0, per_unit * circuit.rise_k * carries, units_kw))
    most = terminal.needed_count * units_kw
    if terminal.role == "outside-air":
        return most * np.minimum(1.0, _outside_air_fraction(circuit, air))
    if terminal.role == "dx":
        return np.clip(
            _chillers_most_kw(circuit, air.dry_bulb_c, circuit.supply_c + 0.0 * most) - _drive_kw(circuit), 0.0, most
        )
    if circuit.rejection is None and circuit.chiller is None:
        return most
    supply = terminal_state(circuit, terminal.needed_count, most, air.pressure_pa).facility_supply_c
    if circuit.rejection is None:
        return np.clip(_chillers_most_kw(circuit, air.dry_bulb_c, supply) - _drive_kw(circuit), 0.0, most)
    if circuit.dry and circuit.rejection.role == "tower":
        return np.zeros_like(most)
    best = np.zeros_like(most)
    if circuit.free:
        best = _free_most_kw(circuit, air, most)
    if circuit.chiller is not None:
        best = np.maximum(best, np.clip(_behind_chillers_kw(circuit, air, supply) - _drive_kw(circuit), 0.0, most))
    return best


def _drive_kw(circuit: Circuit) -> float:
    """Heat of the drives at the racks and of the facility pumps at full flow."""
    pumps = circuit.facility.power_kw if circuit.facility else 0.0
    return circuit.terminal.needed_count * circuit.terminal.power_max_kw + pumps


def _outside_air_fraction(circuit: Circuit, air: Outdoors) -> Floats:
    """Largest flow, over the rated one, at which outdoor air warmed by the fans is still as cold as the racks want it."""
    terminal = circuit.terminal
    spare_k = circuit.supply_c - air.pad_c
    rise_k = terminal.power_max_kw / terminal.hot_kw_per_k  # by fans at full speed; grows with the flow's square
    fraction = np.sqrt(np.maximum(spare_k, 0.0) / max(rise_k, _TINY))
    return np.where(fraction >= terminal.turndown_fraction, fraction, 0.0)


def _chillers_most_kw(circuit: Circuit, entering_c: Floats, leaving_c: Floats) -> Floats:
    """Heat that the needed chillers can take from the water."""
    chiller = circuit.chiller
    assert chiller is not None  # noqa: S101 - only called with one
    motors = np.minimum(_cop(chiller, leaving_c, entering_c) / chiller.cop_ratio, 1.0)
    return chiller.needed_count * chiller.capacity_kw * motors


def _free_most_kw(circuit: Circuit, air: Outdoors, most_kw: Floats) -> Floats:
    """Heat that the needed units can give to outdoors at the supply that the racks need, without a chiller."""
    rejection = circuit.rejection
    assert rejection is not None  # noqa: S101 - only called with one
    transfer, units = rejection.transfer(), rejection.needed_count

    def too_warm_k(heat: Floats) -> Floats:
        state = terminal_state(circuit, circuit.terminal.needed_count, heat, air.pressure_pa)
        facility_flow, pumps = _pumped(circuit.facility, state.facility_kw_per_k)
        load = state.heat_kw + pumps
        water, outdoor_pumps, gap = _outdoor_side(circuit, load, facility_flow)
        wanted = state.facility_supply_c - gap
        total = load + outdoor_pumps
        return total - carried_kw(rejection, transfer, units, wanted + total / water, wanted, water, np.asarray(1.0), air)

    enough = too_warm_k(most_kw) <= 0.0
    return np.where(enough, most_kw, root_of(too_warm_k, np.zeros_like(most_kw) + _TINY, most_kw))


def _behind_chillers_kw(circuit: Circuit, air: Outdoors, supply_c: Floats) -> Floats:
    """Heat that the needed chillers can take where the needed rejection units cool their condensers."""
    rejection, chiller = circuit.rejection, circuit.chiller
    assert rejection is not None  # noqa: S101 - only called with both
    assert chiller is not None  # noqa: S101
    water = (
        circuit.outdoor_loop.capacity_kw_per_k
        if circuit.outdoor_loop
        else rejection.needed_count * rejection.capacity_kw / rejection.rise_k
    )
    pumps = circuit.outdoor_loop.power_kw if circuit.outdoor_loop else 0.0

    def rejected(cold: Floats) -> Floats:
        taken = _chillers_most_kw(circuit, cold, supply_c)
        return taken * (1.0 + 1.0 / _cop(chiller, supply_c, cold)) + pumps

    water_flow = water + np.zeros_like(supply_c)
    cold = coldest_c(rejection, rejection.transfer(), rejection.needed_count, rejected, water_flow, air)
    return _chillers_most_kw(circuit, cold, supply_c)
