"""What a node draws, part by part, and what its converters and supplies lose on the way from the rack's inlet."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from planner.models.losses import LossLaw, input_kw

__all__ = [
    "PARTS",
    "NodePower",
    "bus_load_kw",
    "fan_power_w",
    "node_draw_kw",
    "part_power_w",
    "shared_input_kw",
    "utilisation_at",
    "with_other",
]

Floats = NDArray[np.float64]
F = TypeVar("F", float, Floats)

PARTS = ("gpus", "cpus", "memory", "network cards", "drives", "fans", "other", "switches", "conversion")
"""What a node's draw is made of; *switches*: its share of those inside its chassis."""

LOSSLESS = LossLaw()
FAN_SPEED_MIN_FRACTION = 0.4
OTHER_IDLE_FRACTION = 0.25


@dataclass(frozen=True)
class NodePower:
    """A kind of node: its parts behind its converter, and the chassis whose supplies it shares.

    Attributes
    ----------
    gpus_count, cpus_count : int
        Of one node.
    gpu_idle_w, gpu_max_w, cpu_idle_w, cpu_max_w : float
        Of one GPU and one CPU, idle and at full power [W].
    memory_w, nic_w, drive_w : float
        Of all of a node's, at any load [W].
    fan_max_w : float
        All fans of a node at full speed [W].
    other_w : float
        Everything else of a node when its GPUs are at full power [W]: scale-up switches, voltage regulators, board, and what
        the maker's nameplate has to spare. See `with_other`.
    converter : LossLaw
        One in every node.
    chassis_nodes_count : int
        Nodes on one bus.
    supply : LossLaw
        One of the supplies of the bus.
    supplies_count : int
        Supplies that share the bus' load in equal parts, spares included.
    switches_w : float
        Drawn on the bus by switches inside the chassis [W].
    """

    gpus_count: int
    gpu_idle_w: float
    gpu_max_w: float
    cpus_count: int = 0
    cpu_idle_w: float = 0.0
    cpu_max_w: float = 0.0
    memory_w: float = 0.0
    nic_w: float = 0.0
    drive_w: float = 0.0
    fan_max_w: float = 0.0
    other_w: float = 0.0
    converter: LossLaw = LOSSLESS
    chassis_nodes_count: int = 1
    supply: LossLaw = LOSSLESS
    supplies_count: int = 1
    switches_w: float = 0.0


def part_power_w(idle_w: float, max_w: float, utilisation_fraction: F) -> F:
    """Power of a part between idle and full.

    Parameters
    ----------
    idle_w, max_w : float
        Its power when idle and at full use [W].
    utilisation_fraction : float or array of float
        Where it stands between the two, 0 to 1.

    Returns
    -------
    float or array of float
        Its power [W].

    Notes
    -----
    ``idle + utilisation (max - idle)``.

    References
    ----------
    W. Brewer et al., A Digital Twin Framework for Liquid-cooled Supercomputers as Demonstrated at Exascale (SC24): CPUs and
    GPUs of Frontier, validated against its telemetry.

    Examples
    --------
    >>> part_power_w(88.0, 560.0, 0.5)
    324.0
    """
    return idle_w + utilisation_fraction * (max_w - idle_w)


def fan_power_w(max_w: float, heat_fraction: F, speed_min_fraction: float = FAN_SPEED_MIN_FRACTION) -> F:
    """Power of a node's fans.

    Parameters
    ----------
    max_w : float
        At full speed, which the full heat needs [W].
    heat_fraction : float or array of float
        Heat of what they cool over its full heat, 0 to 1.
    speed_min_fraction : float
        Slowest speed over full speed.

    Returns
    -------
    float or array of float
        Power [W].

    Notes
    -----
    Air takes away heat in proportion to its flow at a given rise of its temperature, flow goes with speed, and power with the
    cube of it: ``max x max(heat, slowest speed)^3``. The slowest speed, 0.4 of full speed, is an assumption.

    References
    ----------
    ASHRAE Handbook, HVAC Systems and Equipment, chapter Fans (fan laws).

    Examples
    --------
    >>> [round(fan_power_w(1000.0, heat), 1) for heat in (1.0, 0.8, 0.5, 0.0)]
    [1000.0, 512.0, 125.0, 64.0]
    """
    speed = np.maximum(heat_fraction, speed_min_fraction)
    result = max_w * speed**3
    return float(result) if isinstance(heat_fraction, float | int) else result


def shared_input_kw(law: LossLaw, output_kw: F, supplies_count: int) -> F:
    """Power that supplies take which share a load in equal parts.

    Parameters
    ----------
    law : LossLaw
        How one of them loses.
    output_kw : float or array of float
        What they deliver together [kW].
    supplies_count : int
        Supplies at work. Spares share the load, too: in a 2N arrangement each carries half of what N would make it carry.

    Returns
    -------
    float or array of float
        What they take together [kW].

    Notes
    -----
    ``n x input(output / n)``.

    References
    ----------
    Open Compute Project, Open Rack V3 Power Shelf (active current sharing); 80 PLUS (efficiency by share of one supply's
    rating).

    Examples
    --------
    A load of 6 kW on supplies of 3 kW that are best at half load: two at full load, or four at half load.

    >>> law = LossLaw(rating_kw=3.0, load_points=(0.5, 1.0), efficiency_points=(0.96, 0.91))
    >>> round(shared_input_kw(law, 6.0, 2), 3), round(shared_input_kw(law, 6.0, 4), 3)
    (6.593, 6.25)
    """
    return supplies_count * input_kw(law, output_kw / supplies_count)


def bus_load_kw(node: NodePower, parts_kw: F) -> F:
    """Power that a chassis' bus carries: what its supplies deliver together.

    Parameters
    ----------
    node : NodePower
        The nodes on it, and its chassis.
    parts_kw : float or array of float
        What the parts of one node draw together behind its converter [kW].

    Returns
    -------
    float or array of float
        Load of the bus [kW].

    Notes
    -----
    ``n converter(P) + switches``.

    References
    ----------
    See `node_draw_kw`.

    Examples
    --------
    Sixteen idle nodes of Frontier, and four switches of 250 W:

    >>> converter = LossLaw(fixed_kw=0.013, efficiency_fraction=0.98)
    >>> node = NodePower(4, 88.0, 560.0, converter=converter, chassis_nodes_count=16, switches_w=1000.0)
    >>> round(bus_load_kw(node, 0.62626), 3)
    11.437
    """
    return node.chassis_nodes_count * input_kw(node.converter, parts_kw) + node.switches_w / 1000.0


def node_draw_kw(
    node: NodePower, gpu_utilisation_fraction: F, cpu_utilisation_fraction: F, gpu_cap_w: float = math.inf
) -> dict[str, F]:
    """Power of one node at the rack's inlet, by part.

    Parameters
    ----------
    node : NodePower
        The node and its chassis, which is taken as full of such nodes.
    gpu_utilisation_fraction, cpu_utilisation_fraction : float or array of float
        Where GPUs and CPUs stand between idle and full power, 0 to 1.
    gpu_cap_w : float
        Most that a GPU may draw [W].

    Returns
    -------
    dict of str to float or array of float
        Part, as in `PARTS`, to its power [kW]; the sum is what the node draws at the inlet.

    Notes
    -----
    CPUs and GPUs stand between idle and full power in proportion to their utilisation. Fans follow the heat of all of these
    parts (`fan_power_w`); `other` rises with the power of the GPUs from a quarter when they are idle, which is an assumption;
    all else is constant. With P the sum of a node's parts::

        bus    = n converter(P) + switches
        inlet  = supplies x supply(bus / supplies)

    and conversion is what the inlet's share of a node exceeds its parts and its share of the switches.

    References
    ----------
    W. Brewer et al., A Digital Twin Framework for Liquid-cooled Supercomputers as Demonstrated at Exascale (SC24), and the
    configuration of Frontier in https://github.com/ExaDigiT/RAPS.

    Examples
    --------
    A node of Frontier, idle: 626.26 W. Sixteen of them behind converters that take (P + 13 W) / 0.98, and 1 kW of switches, on
    four rectifiers that take (P + 17 W) / 0.96.

    >>> node = NodePower(
    ...     gpus_count=4, gpu_idle_w=88.0, gpu_max_w=560.0, cpus_count=1, cpu_idle_w=90.0, cpu_max_w=280.0,
    ...     memory_w=74.26, nic_w=80.0, drive_w=30.0, converter=LossLaw(fixed_kw=0.013, efficiency_fraction=0.98),
    ...     chassis_nodes_count=16, switches_w=1000.0,
    ...     supply=LossLaw(fixed_kw=0.017, efficiency_fraction=0.96), supplies_count=4,
    ... )
    >>> draw = node_draw_kw(node, 0.0, 0.0)
    >>> round(16 * sum(draw.values()), 3), round(16 * draw["conversion"], 4)
    (11.984, 0.9641)
    """
    gpu: Floats = np.asarray(gpu_utilisation_fraction, np.float64)
    cpu: Floats = np.asarray(cpu_utilisation_fraction, np.float64)
    gpu_w = np.minimum(part_power_w(node.gpu_idle_w, node.gpu_max_w, gpu), gpu_cap_w)
    gpus_w = node.gpus_count * gpu_w
    cpus_w = node.cpus_count * part_power_w(node.cpu_idle_w, node.cpu_max_w, cpu)
    constant_w = node.memory_w + node.nic_w + node.drive_w
    heat_max_w = node.gpus_count * node.gpu_max_w + node.cpus_count * node.cpu_max_w + constant_w
    fans_w = fan_power_w(node.fan_max_w, (gpus_w + cpus_w + constant_w) / max(heat_max_w, 1e-9))
    span_w = node.gpu_max_w - node.gpu_idle_w
    busy = np.clip((gpu_w - node.gpu_idle_w) / span_w, 0.0, 1.0) if span_w > 0 else gpu
    other_w = node.other_w * (OTHER_IDLE_FRACTION + (1.0 - OTHER_IDLE_FRACTION) * busy)
    parts_kw = (gpus_w + cpus_w + constant_w + fans_w + other_w) / 1000.0
    nodes, switches_kw = node.chassis_nodes_count, node.switches_w / 1000.0
    inlet_kw = shared_input_kw(node.supply, bus_load_kw(node, parts_kw), node.supplies_count) / nodes
    draws: dict[str, Floats | float] = {
        "gpus": gpus_w / 1000.0,
        "cpus": cpus_w / 1000.0,
        "memory": node.memory_w / 1000.0,
        "network cards": node.nic_w / 1000.0,
        "drives": node.drive_w / 1000.0,
        "fans": fans_w / 1000.0,
        "other": other_w / 1000.0,
        "switches": switches_kw / nodes,
        "conversion": inlet_kw - parts_kw - switches_kw / nodes,
    }
    if gpu.ndim == cpu.ndim == 0:
        return {name: float(value) for name, value in draws.items()}  # type: ignore[misc]
    return {name: np.broadcast_to(value, inlet_kw.shape) for name, value in draws.items()}  # type: ignore[misc]


def _inlet_kw(node: NodePower, gpu: float, cpu: float) -> float:
    """Add up a node's draw."""
    return sum(node_draw_kw(node, gpu, cpu).values())


def _root(rising: Callable[[float], float], low: float, high: float) -> float:
    """Find where a function that never falls reaches 0, to the last digit."""
    while low < (middle := 0.5 * (low + high)) < high:
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return high


LEAST_OTHER_W = 1e-3  # less is what the search leaves


@functools.cache
def with_other(node: NodePower, nameplate_kw: float) -> NodePower:
    """Count as other what a maker's nameplate leaves beside the named parts.

    Parameters
    ----------
    node : NodePower
        The node, without anything other.
    nameplate_kw : float
        What it draws at most at the rack's inlet, with its share of its chassis' switches [kW].

    Returns
    -------
    NodePower
        The same node, whose draw at full utilisation is the nameplate; without anything other where the parts exceed it.

    Notes
    -----
    Bisection on the draw at full utilisation, which grows with what is other.

    References
    ----------
    Maker's nameplates: see the catalog's rows.

    Examples
    --------
    Eight GPUs of 700 W and a host of 2,000 W behind supplies of 95 %: 10.2 kW leave 2,090 W.

    >>> supply = LossLaw(efficiency_fraction=0.95)
    >>> node = NodePower(gpus_count=8, gpu_idle_w=70.0, gpu_max_w=700.0, memory_w=2000.0, supply=supply)
    >>> round(with_other(node, 10.2).other_w, 1)
    2090.0
    """
    bare = replace(node, other_w=0.0)
    if _inlet_kw(bare, 1.0, 1.0) >= nameplate_kw:
        return bare
    other_w = _root(lambda watts: _inlet_kw(replace(bare, other_w=watts), 1.0, 1.0) - nameplate_kw, 0.0, 1000.0 * nameplate_kw)
    return replace(bare, other_w=other_w) if other_w > LEAST_OTHER_W else bare


@functools.cache
def utilisation_at(node: NodePower, draw_kw: float) -> float:
    """Utilisation of GPUs and CPUs at which a node draws so much.

    Parameters
    ----------
    node : NodePower
        The node.
    draw_kw : float
        What it draws at the rack's inlet [kW].

    Returns
    -------
    float
        The common utilisation, 0 to 1: 0 for less than the node draws when idle, 1 for more than at full use.

    Notes
    -----
    Bisection: a node's draw never falls with its utilisation.

    References
    ----------
    See `node_draw_kw`.

    Examples
    --------
    >>> node = NodePower(gpus_count=8, gpu_idle_w=100.0, gpu_max_w=700.0, memory_w=1200.0)
    >>> round(utilisation_at(node, 4.4), 6), utilisation_at(node, 1.0)
    (0.5, 0.0)
    """
    if draw_kw <= _inlet_kw(node, 0.0, 0.0):
        return 0.0
    if draw_kw >= _inlet_kw(node, 1.0, 1.0):
        return 1.0
    return _root(lambda share: _inlet_kw(node, share, share) - draw_kw, 0.0, 1.0)
