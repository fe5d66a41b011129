"""Flows that share channels: max-min fair rates, and when each flow is done.

A flow takes a fixed route (or a fixed spread over several, see `topologies.routes`) and sends as fast as fairness allows. This
is the fluid model of congestion control at its best: no losses, no latency, no packets; what is left is what the wires force.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from topologies._filling import SLACK, TIE, Filled, Floats, fill, rows_of
from topologies.errors import require
from topologies.fabric import NONE, Ints
from topologies.routes import Routes

__all__ = ["Allocation", "allocate", "alone_rates", "completion_times", "max_min_rates", "slowdowns", "slowest_rate"]

GBIT_PER_BYTE = 8e-9


@dataclass(frozen=True, eq=False)
class Allocation:
    """What every flow gets, and why not more.

    Attributes
    ----------
    rate_gbit_per_s : array of float, shape (F,)
        The flows' rates [Gbit/s].
    bottleneck : array of int, shape (F,)
        A full channel on which no flow is faster than this one: what holds it back. NONE for a flow held back by its own
        limit, or by nothing.
    capacity_gbit_per_s, load_gbit_per_s : array of float, shape (2C,)
        What every channel can carry and does carry [Gbit/s].
    """

    rate_gbit_per_s: Floats
    bottleneck: Ints
    capacity_gbit_per_s: Floats
    load_gbit_per_s: Floats

    @property
    def throughput_gbit_per_s(self) -> float:
        """Sum of the rates [Gbit/s]."""
        return float(self.rate_gbit_per_s.sum())

    @cached_property
    def saturated(self) -> Ints:
        """Channels that are used and full, in ascending order."""
        full = (self.load_gbit_per_s > 0) & (self.load_gbit_per_s >= self.capacity_gbit_per_s * (1 - SLACK))
        return np.flatnonzero(full).astype(np.int32)

    @cached_property
    def binding(self) -> tuple[Ints, Ints]:
        """The channels that hold flows back, and how many each: the worst first, then by number."""
        channels, counts = np.unique(self.bottleneck[self.bottleneck != NONE], return_counts=True)
        order = np.lexsort((channels, -counts))
        return channels[order].astype(np.int32), counts[order].astype(np.int32)


def allocate(routes: Routes, capacity_gbit_per_s: ArrayLike, *, limit_gbit_per_s: ArrayLike = np.inf) -> Allocation:
    """Share channels among flows, max-min fair, and say what holds each flow back.

    Parameters
    ----------
    routes : Routes
        The channels of F flows. A flow of weight w on a channel puts w times its rate there.
    capacity_gbit_per_s : array of float, shape (2C,)
        Capacities of the channels [Gbit/s], as of `Fabric.channel_gbit_per_s`; a dead channel may have 0.
    limit_gbit_per_s : float or array of float, shape (F,)
        The most that each flow wants [Gbit/s]. Default: all it can get.

    Returns
    -------
    Allocation
        Rates, bottlenecks and loads. A flow without channels (from an endpoint to itself, or one that finds no way: whoever
        made the routes knows which) gets its limit.

    Raises
    ------
    ValueError
        If an array has another length, or a number is negative or not finite (a limit may be infinite).

    Notes
    -----
    All rates rise together from 0. Where a channel is full, its flows stop and the others go on. A channel none of whose flows
    meets a channel that fills earlier is final whatever happens elsewhere, as what others stop at only leaves it more; so
    every round stops the flows of *all* such channels at once, and there are about as many rounds as bottlenecks in the
    longest chain of dependence, not as there are levels. The result is the one allocation in which every flow has a full
    channel on which it is among the fastest.

    References
    ----------
    Bertsekas and Gallager, Data Networks (2nd edition, 1992), section 6.5.2: max-min flow control, the algorithm and the
    bottleneck certificate.

    Examples
    --------
    Three flows on channels of 100 and 300 Gbit/s: two share the first, the second has 250 left for the third.

    >>> routes = Routes(np.array([0, 1, 3, 4]), np.array([0, 0, 1, 1], np.int32), np.ones(4))
    >>> shared = allocate(routes, [100.0, 300.0])
    >>> shared.rate_gbit_per_s.tolist(), shared.bottleneck.tolist(), shared.throughput_gbit_per_s
    ([50.0, 50.0, 250.0], [0, 0, 1], 350.0)
    """
    capacity, limit = _checked(routes, capacity_gbit_per_s, limit_gbit_per_s)
    start, channel, weight = rows_of(routes)
    count = np.diff(start)
    rate, bottleneck = fill(count, channel, weight, capacity, limit)
    load = np.bincount(channel, weight * np.repeat(rate, count), minlength=len(capacity)).astype(np.float64)
    return Allocation(rate, bottleneck.astype(np.int32), capacity, load)


def max_min_rates(routes: Routes, capacity_gbit_per_s: ArrayLike, *, limit_gbit_per_s: ArrayLike = np.inf) -> Floats:
    """Return the max-min fair rates of flows.

    Parameters
    ----------
    routes, capacity_gbit_per_s, limit_gbit_per_s
        As for `allocate`.

    Returns
    -------
    array of float, shape (F,)
        Rates [Gbit/s].

    References
    ----------
    As of `allocate`.

    Examples
    --------
    Eight flows into one endpoint of 400 Gbit/s get 50 each.

    >>> incast = Routes(np.arange(9), np.zeros(8, np.int32), np.ones(8))
    >>> max_min_rates(incast, [400.0]).tolist()
    [50.0, 50.0, 50.0, 50.0, 50.0, 50.0, 50.0, 50.0]
    """
    return allocate(routes, capacity_gbit_per_s, limit_gbit_per_s=limit_gbit_per_s).rate_gbit_per_s


def alone_rates(routes: Routes, capacity_gbit_per_s: ArrayLike, *, limit_gbit_per_s: ArrayLike = np.inf) -> Floats:
    """Return the rate that each flow would have if it were the only one.

    Parameters
    ----------
    routes, capacity_gbit_per_s, limit_gbit_per_s
        As for `allocate`.

    Returns
    -------
    array of float, shape (F,)
        Rates [Gbit/s]: the smallest capacity on the way, counting a channel of weight w as 1/w times as wide.

    References
    ----------
    As of `allocate`: what filling gives a single flow.

    Examples
    --------
    The first flow crosses 400 and 100 Gbit/s; the second is spread in halves over two channels of 100 Gbit/s.

    >>> routes = Routes(np.array([0, 2, 4]), np.array([0, 1, 1, 2], np.int32), np.array([1, 1, 0.5, 0.5]))
    >>> alone_rates(routes, [400.0, 100.0, 100.0]).tolist()
    [100.0, 200.0]
    """
    capacity, limit = _checked(routes, capacity_gbit_per_s, limit_gbit_per_s)
    start, channel, weight = rows_of(routes)
    flow = np.repeat(np.arange(len(routes)), np.diff(start))
    # A row may name a channel more than once: its weights add up.
    key, place = np.unique(flow * len(capacity) + channel, return_inverse=True)
    level = capacity[key % len(capacity)] / np.bincount(place, weight)
    result = limit.copy()
    np.minimum.at(result, key // len(capacity), level)
    return result


def slowest_rate(routes: Routes, capacity_gbit_per_s: ArrayLike) -> tuple[float, int]:
    """Return the rate of the slowest of all flows, and the channel that makes it so.

    Parameters
    ----------
    routes, capacity_gbit_per_s
        As for `allocate`.

    Returns
    -------
    float, int
        The smallest of the max-min fair rates [Gbit/s] and the channel of the smallest capacity per flow on it; infinity and
        NONE where no flow has a channel.

    Notes
    -----
    This is where filling first stops, so it needs no filling. Flows of *one* size that start together are all done after
    that size over this rate: those of that channel are equally slow up to their end, and no other flow is ever slower.

    References
    ----------
    Bertsekas and Gallager, Data Networks (1992), section 6.5.2: the first step of the algorithm.

    Examples
    --------
    >>> routes = Routes(np.array([0, 1, 3, 4]), np.array([0, 0, 1, 1], np.int32), np.ones(4))
    >>> slowest_rate(routes, [100.0, 300.0])
    (50.0, 0)
    """
    capacity, _ = _checked(routes, capacity_gbit_per_s, np.inf)
    pull = np.bincount(routes.channel, routes.weight, minlength=len(capacity))
    level = np.divide(capacity, pull, out=np.full(len(capacity), np.inf), where=pull > 0)
    channel = int(level.argmin()) if pull.any() else NONE
    return (float(level[channel]), channel) if channel != NONE else (np.inf, NONE)


def completion_times(
    routes: Routes,
    capacity_gbit_per_s: ArrayLike,
    size_byte: ArrayLike,
    *,
    start_s: ArrayLike = 0.0,
    limit_gbit_per_s: ArrayLike = np.inf,
) -> Floats:
    """Return how long each flow takes while all of them share the channels, max-min fair at every moment.

    Parameters
    ----------
    routes, capacity_gbit_per_s, limit_gbit_per_s
        As for `allocate`.
    size_byte : float or array of float, shape (F,)
        What each flow sends [byte].
    start_s : float or array of float, shape (F,)
        When each flow starts [s].

    Returns
    -------
    array of float, shape (F,)
        Seconds from each flow's start to its end; infinite for a flow over a dead channel.

    Raises
    ------
    ValueError
        As `allocate`; also if a size or a start is negative or not finite.

    Notes
    -----
    Rates change only when flows start or end. Then only flows whose certificate broke are shared out anew: those that the
    ended flow's channels held back, next those that are now faster than a flow they hold back, or whose bottleneck is no
    longer full or has a faster flow, and so on until every flow has its certificate again; as the fair allocation is the
    only one with that, the result is exact, and the work grows with what changes. Flows that end together are one event.
    Crowds of flows, each sharing no channel with the others, have a clock each, and their next events are worked out in one
    step; so there are as many steps as events in the largest crowd.

    References
    ----------
    Bertsekas and Gallager, Data Networks (1992), section 6.5.2. SimGrid shares its network model's links by the same rule
    (Casanova et al., Versatile, Scalable, and Accurate Simulation of Distributed Applications and Platforms, JPDC 2014).

    Examples
    --------
    1 and 3 GB over one channel of 80 Gbit/s (10 GB/s): 5 GB/s each until 0.2 s, then 10 GB/s for the 2 GB left.

    >>> both = Routes(np.arange(3), np.zeros(2, np.int32), np.ones(2))
    >>> completion_times(both, [80.0], [1e9, 3e9]).round(12).tolist()
    [0.2, 0.4]
    """
    capacity, limit = _checked(routes, capacity_gbit_per_s, limit_gbit_per_s)
    size_gbit = _column("size_byte", size_byte, len(routes)) * GBIT_PER_BYTE
    starts = _column("start_s", start_s, len(routes))
    require(bool(np.isfinite(size_gbit).all()), "size_byte must be finite")
    require(bool(np.isfinite(starts).all()), "start_s must be finite")
    shared = Filled(routes, capacity, limit)
    finish_s = np.where(size_gbit > 0, np.inf, starts)
    next_s = starts.copy()  # when a flow starts; once it runs, when it ends at the present rate
    left_gbit, since_s = size_gbit.copy(), starts.copy()  # what was left when the present rate began
    place = np.empty(len(routes), np.int64)
    while True:
        # As flows end, crowds fall apart: they are told apart anew whenever half of the flows are done.
        flows, first = shared.crowds(np.flatnonzero(finish_s == np.inf))
        place[flows], event_s = np.arange(len(flows)), next_s[flows]
        if event_s.min(initial=np.inf) == np.inf:
            return finish_s - starts
        size, live, undone = np.diff(first), len(first) - 1, len(flows)
        crowd = np.arange(live).repeat(size)
        while undone > len(flows) // 2:
            clock_s = np.minimum.reduceat(event_s[: first[live]], first[:live])
            going = np.flatnonzero(clock_s < np.inf)
            if not len(going):
                break
            live = int(going[-1]) + 1  # the largest crowds are the first, and mostly last longest
            edge_s = np.where(clock_s < np.inf, clock_s * (1 + TIE), -np.inf)[:live]
            due = np.flatnonzero(event_s[: first[live]] <= (edge_s.repeat(size[:live]) if live > 1 else edge_s))
            ends = shared.running[flows[due]]
            started, ended = flows[due[~ends]], flows[due[ends]]
            finish_s[ended] = event_s[due[ends]]
            event_s[due] = np.inf
            undone -= len(ended)
            changed, before = shared.update(ended, started)
            rate, at = shared.rate[changed], place[changed]
            moment = np.maximum(clock_s[crowd[at]], since_s[changed])
            left = np.maximum(left_gbit[changed] - np.where(before > 0, before * (moment - since_s[changed]), 0.0), 0.0)
            left_gbit[changed], since_s[changed] = left, moment
            with np.errstate(divide="ignore", invalid="ignore"):
                event_s[at] = np.where(rate > 0, moment + left / rate, np.inf)
        next_s[flows] = event_s


def slowdowns(
    routes: Routes,
    capacity_gbit_per_s: ArrayLike,
    size_byte: ArrayLike,
    *,
    start_s: ArrayLike = 0.0,
    limit_gbit_per_s: ArrayLike = np.inf,
    shared_s: ArrayLike | None = None,
) -> Floats:
    """Return how much longer each flow takes than it would take alone.

    Parameters
    ----------
    routes, capacity_gbit_per_s, size_byte, start_s, limit_gbit_per_s
        As for `completion_times`.
    shared_s : array of float, shape (F,), optional
        What `completion_times` returned for the same arguments [s], where that is known. Default: worked out here.

    Returns
    -------
    array of float, shape (F,)
        Time shared over time alone, at least 1 (up to rounding); 1 for a flow that takes no time, NaN for one that never ends
        even alone.

    References
    ----------
    Alizadeh et al., pFabric: Minimal Near-Optimal Datacenter Transport (SIGCOMM 2013), section 5: normalised flow completion
    time.

    Examples
    --------
    1 and 3 GB over one channel: the small flow takes twice as long as alone, the large one 4/3 of it.

    >>> both = Routes(np.arange(3), np.zeros(2, np.int32), np.ones(2))
    >>> slowdowns(both, [80.0], [1e9, 3e9]).round(6).tolist()
    [2.0, 1.333333]
    """
    if shared_s is None:
        shared_s = completion_times(routes, capacity_gbit_per_s, size_byte, start_s=start_s, limit_gbit_per_s=limit_gbit_per_s)
    shared = _column("shared_s", shared_s, len(routes))
    alone = alone_rates(routes, capacity_gbit_per_s, limit_gbit_per_s=limit_gbit_per_s)
    size_gbit = _column("size_byte", size_byte, len(routes)) * GBIT_PER_BYTE
    with np.errstate(divide="ignore", invalid="ignore"):
        alone_s = np.where(size_gbit > 0, size_gbit / alone, 0.0)
        return np.where(shared == 0, 1.0, shared / alone_s)


def _column(name: str, values: ArrayLike, count: int) -> Floats:
    """Broadcast a number, or check the length of an array; nothing may be negative."""
    column = np.asarray(values, dtype=np.float64)
    require(column.ndim == 0 or column.shape == (count,), f"{name} must be a number or {count} of them")
    require(bool((column >= 0).all()), f"{name} must not be negative")
    return np.broadcast_to(column, count).copy()


def _checked(routes: Routes, capacity_gbit_per_s: ArrayLike, limit_gbit_per_s: ArrayLike) -> tuple[Floats, Floats]:
    capacity = np.asarray(capacity_gbit_per_s, dtype=np.float64)
    require(capacity.ndim == 1, "capacity_gbit_per_s must be one number a channel")
    require(bool((np.isfinite(capacity) & (capacity >= 0)).all()), "capacity_gbit_per_s must be finite and not negative")
    inside = (routes.channel >= 0) & (routes.channel < len(capacity))
    require(bool(inside.all()), f"routes use channels beyond the {len(capacity)} of capacity_gbit_per_s")
    require(bool((np.isfinite(routes.weight) & (routes.weight >= 0)).all()), "weights must be finite and not negative")
    return capacity, _column("limit_gbit_per_s", limit_gbit_per_s, len(routes))
