"""How long collectives take on a placement, from alpha-beta with the bandwidth that the routes really share.

An algorithm is a list of phases (`topologies.schedules`). Each is routed on the fabric and costs its latency (alpha) and what
its slowest flow takes (beta); equal steps are solved once. The ranks' order is the placement's, so that what a scheduler does
to a job is seen here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topologies.errors import TopologyError, require
from topologies.fabric import NONE, Ints
from topologies.flows import slowest_rate
from topologies.routes import Routes
from topologies.schedules import ALGORITHMS, BUS_FACTORS, Numbers, Phase, Ranks

__all__ = ["CollectiveTime", "Network", "collective_time", "crossbar"]

GBIT_PER_BYTE = 8e-9


@dataclass(frozen=True, eq=False)
class Network:
    """What the ranks' messages travel on.

    Attributes
    ----------
    route : callable
        Takes two arrays of endpoints, sources and destinations, and returns their `Routes`.
    capacity_gbit_per_s : array of float, shape (2C,)
        Capacities of the channels in those routes [Gbit/s], as of `Fabric.channel_gbit_per_s`.
    alpha_s : float
        Latency of a step between endpoints [s]: software, NIC and wire, whatever the size.
    hop_s : float
        What each link on the longest way of the step adds to that [s].
    domain : array of int, shape (E,), optional
        Scale-up domain of each endpoint (as `Fabric.endpoints.host`): flows inside one do not use the fabric.
    scale_up_gbit_per_s : float
        What an endpoint sends, and at once receives, inside its domain [Gbit/s].
    scale_up_alpha_s : float
        Latency of a step inside a domain [s].
    """

    route: Callable[[Any, Any], Routes]
    capacity_gbit_per_s: NDArray[np.float64]
    alpha_s: float
    hop_s: float = 0.0
    domain: Ints | None = None
    scale_up_gbit_per_s: float = 0.0
    scale_up_alpha_s: float = 0.0


@dataclass(frozen=True)
class CollectiveTime:
    """What a collective takes.

    Attributes
    ----------
    seconds : float
        From the start of the first rank to the end of the last [s].
    latency_s : float
        The part of it that is there for the smallest message too [s].
    algorithm_gbyte_per_s, bus_gbyte_per_s : float
        The size over the seconds, and that times the operation's factor (`topologies.schedules.BUS_FACTORS`): the rate at
        which the links would be seen to run on a perfect fabric, whatever the number of ranks [GB/s].
    channel : int
        The channel that holds back the phase whose transfers take longest; NONE where that is the scale-up network.
    """

    seconds: float
    latency_s: float
    algorithm_gbyte_per_s: float
    bus_gbyte_per_s: float
    channel: int


def collective_time(
    operation: str,
    algorithm: str,
    size_byte: float,
    placement: ArrayLike,
    network: Network,
    *,
    ranks_per_host: int = 1,
) -> CollectiveTime:
    """Return how long a collective takes on a placement.

    Parameters
    ----------
    operation : str
        A key of `topologies.schedules.ALGORITHMS`.
    algorithm : str
        A key of ``ALGORITHMS[operation]``.
    size_byte : float
        The size by the convention of nccl-tests [byte]: the buffer of every rank for all-reduce, broadcast and all-to-all (all
        that a rank sends), the input of reduce-scatter, the output of all-gather.
    placement : array of int, shape (n,)
        Endpoints in the order of the ranks, at least 2; none twice.
    network : Network
        Routes, capacities and latencies.
    ranks_per_host : int
        How many ranks, one behind the other, share a host (or scale-up domain): what `rings` and hierarchical
        algorithms go by.

    Returns
    -------
    CollectiveTime
        Seconds and bandwidths.

    Raises
    ------
    TopologyError
        If a flow finds no way in the fabric.
    ValueError
        If the operation or algorithm is unknown, an endpoint is placed twice, the ranks do not share out into hosts, or the
        algorithm wants a power of two.

    Notes
    -----
    A step costs alpha, hops, and its size over the rate of the slowest of its flows, max-min fair (`flows.max_min_rates`); as
    all flows of a step have one size, that is the first level of the filling, on the most loaded channel. Without sharing, with
    S bytes, n ranks and B bytes/s from every endpoint:

    ================  ========================================================================================
    all-reduce        time
    ================  ========================================================================================
    ring              2 (n - 1) (alpha + S / (n B))
    rings             2 (n - 1) (alpha + max(S / (n m B), S / (n U))): a ring for each of the m ranks of a host
    halving-doubling  2 log2(n) alpha + 2 (n - 1) / n S / B, n a power of two
    tree              2 ceil(log2(n)) (alpha + S / B): binomial, not pipelined
    double-tree       (2 h + k - 1) (alpha + 2 S / (k B)) with h the height, k chunks, from 4 ranks on
    in-network        S / B + 2 d alpha with d the levels of switches and endpoints below the root
    hierarchical      reduce-scatter ring in the host, a ring of the S / m of every rail, all-gather ring in the host
    ================  ========================================================================================

    Reduce-scatter and all-gather are each a half of the first three. `rings` is what NCCL does on hosts with several NICs, m of
    them here, as many as ranks: ring c enters and leaves every host at its c-th rank, to which the last rank passes the data
    back inside the host (PXN), so that it stays on its rail. In every step each rank sends m times inside, at the scale-up rate
    U, and once outside; so the bus bandwidth without latency is ``min(m B, U)``, on DGX H100 min(8 * 50, 450) = 400 GB/s, on
    DGX A100 min(8 * 25, 300) = 200 GB/s, where NVIDIA measured 192 (2023, below).

    A pipeline of depth D over T seconds of transfer takes ``min over k of (D + k - 1) (alpha + T / k)``. Reductions themselves
    cost nothing here, nor do ranks wait for each other.

    References
    ----------
    Thakur, Rabenseifner and Gropp, Optimization of Collective Communication Operations in MPICH (IJHPCA 2005).
    Patarasuk and Yuan, Bandwidth optimal all-reduce algorithms for clusters of workstations (JPDC 2009): the ring.
    Sanders, Speck and Träff, Two-tree algorithms for full bandwidth broadcast, reduction and scan (Parallel Computing 2009).
    Jeaugey, Massively Scale Your Deep Learning Training with NCCL 2.4 (NVIDIA, 2019): double binary trees.
    Doubling all2all Performance with NCCL 2.12 (NVIDIA, 2022): PXN. https://github.com/NVIDIA/nccl/issues/812: 192 GB/s.
    Graham et al., Scalable Hierarchical Aggregation Protocol (SHArP) (COMHPC 2016): in-network.

    Examples
    --------
    1 GB over 8 ranks of 400 Gbit/s (50 GB/s): 2 * 7/8 GB / 50 GB/s = 35 ms, and 14 steps of 10 us.

    >>> time = collective_time("all-reduce", "ring", 1e9, range(8), crossbar(8, 400.0, alpha_s=10e-6))
    >>> round(time.seconds, 9), round(time.latency_s, 9), round(time.bus_gbyte_per_s, 3)
    (0.03514, 0.00014, 49.801)
    """
    if operation not in ALGORITHMS:
        raise ValueError(f"'{operation}' is no operation (known: {', '.join(ALGORITHMS)})")
    if algorithm not in ALGORITHMS[operation]:
        raise ValueError(f"'{algorithm}' is no algorithm of {operation} (known: {', '.join(ALGORITHMS[operation])})")
    endpoints = np.asarray(placement, dtype=np.int64)
    ranks = len(endpoints)
    require(endpoints.ndim == 1 and ranks >= 2, "placement must name at least 2 endpoints")
    require(len(np.unique(endpoints)) == ranks, "placement must not name an endpoint twice")
    require(math.isfinite(size_byte) and size_byte >= 0, "size_byte must be finite and not negative")
    require(ranks_per_host >= 1 and ranks % ranks_per_host == 0, f"{ranks} ranks are not whole hosts of {ranks_per_host}")
    seconds = latency = worst = 0.0
    channel = NONE
    for phase in ALGORITHMS[operation][algorithm](size_byte, Ranks(ranks, ranks_per_host)):
        transfer, alpha, at = _step(endpoints[phase.source], endpoints[phase.destination], phase, network)
        if phase.kind == "pipeline":
            each, latency_of_all = _pipelined(transfer, alpha, phase.steps), phase.steps * alpha
        else:
            each, latency_of_all = phase.steps * (transfer + alpha), phase.steps * alpha
        seconds, latency = seconds + each, latency + latency_of_all
        whole = transfer * (1 if phase.kind == "pipeline" else phase.steps)
        if whole > worst:
            worst, channel = whole, at
    rate = size_byte / 1e9 / seconds if seconds > 0 else math.inf
    return CollectiveTime(seconds, latency, rate, rate * BUS_FACTORS[operation](ranks), channel)


def crossbar(endpoints: int, gbit_per_s: float, *, alpha_s: float = 0.0) -> Network:
    """Return a network in which nothing is shared but the endpoints' own links: what the closed forms assume.

    Parameters
    ----------
    endpoints : int
        Number of endpoints; e sends on channel 2e and receives on 2e + 1.
    gbit_per_s : float
        Rate of an endpoint in one direction [Gbit/s].
    alpha_s : float
        Latency of a step [s].

    Returns
    -------
    Network
        One switch, every endpoint two links away from every other.

    References
    ----------
    Thakur, Rabenseifner and Gropp (2005), section 3: the cost model.

    Examples
    --------
    >>> crossbar(4, 400.0).route(np.array([0, 1]), np.array([3, 2])).channel.tolist()
    [0, 7, 2, 5]
    """

    def route(source: Any, destination: Any) -> Routes:
        channel = np.stack([2 * np.asarray(source), 2 * np.asarray(destination) + 1], axis=1).ravel().astype(np.int32)
        return Routes(np.arange(0, len(channel) + 1, 2, dtype=np.int64), channel, np.ones(len(channel)))

    return Network(route, np.full(2 * endpoints, float(gbit_per_s)), alpha_s)


def _step(source: Numbers, destination: Numbers, phase: Phase, network: Network) -> tuple[float, float, int]:
    """Seconds of transfer, latency and the binding channel of one step."""
    gbit = phase.size_byte * GBIT_PER_BYTE
    merged = phase.kind == "merged"
    inside = np.zeros(len(source), bool) if network.domain is None else network.domain[source] == network.domain[destination]
    transfer = alpha = 0.0
    channel = NONE
    if inside.any():
        require(network.scale_up_gbit_per_s > 0, "scale_up_gbit_per_s must be above 0")
        most = max(np.bincount(source[inside]).max(), np.bincount(destination[inside]).max())
        transfer = gbit * (1 if merged else int(most)) / network.scale_up_gbit_per_s
        alpha = network.scale_up_alpha_s * (2 if merged else 1)
    if not inside.all():
        source, destination = source[~inside], destination[~inside]
        routes = network.route(source, destination)
        count = np.diff(routes.start)
        if not count.all():
            lost = int(np.argmin(count))
            raise TopologyError(f"there is no way from endpoint {source[lost]} to endpoint {destination[lost]}", 0, "shape")
        longest = float(routes.hops().max())
        rate, at = slowest_rate(_merge(routes, destination) if merged else routes, network.capacity_gbit_per_s)
        seconds = gbit / rate if rate > 0 else (math.inf if gbit else 0.0)
        if seconds > transfer or not inside.any():
            transfer, channel = seconds, at
        alpha = max(alpha, network.alpha_s * (longest if merged else 1) + network.hop_s * longest)
    return transfer, alpha, channel


def _merge(routes: Routes, destination: Numbers) -> Routes:
    """Make one flow of all that are summed up on their way to one endpoint, and back: each channel and its reverse once.

    Spread over several paths, each path has a part of the data, and so its own tree: the part is the weight.
    """
    channels = int(routes.channel.max()) // 2 * 2 + 2
    there = destination[routes.flow] * channels + routes.channel  # a channel and its reverse differ in the last bit
    tree, place = np.unique(np.concatenate([there, there ^ 1]), return_inverse=True)
    weight = np.zeros(len(tree))
    np.maximum.at(weight, place, np.tile(routes.weight, 2))
    root, channel = np.divmod(tree, channels)
    start = np.append(np.searchsorted(root, np.unique(root)), len(tree))
    return Routes(start, channel.astype(np.int32), weight)


def _pipelined(transfer_s: float, alpha_s: float, depth: int) -> float:
    """Seconds of a pipeline cut into as many chunks as is best."""
    if alpha_s == 0 or transfer_s == 0 or math.isinf(transfer_s):
        return transfer_s if alpha_s == 0 else transfer_s + depth * alpha_s
    best = math.sqrt((depth - 1) * transfer_s / alpha_s)
    chunks = {max(math.floor(best), 1), max(math.ceil(best), 1)}
    return min((depth + each - 1) * (alpha_s + transfer_s / each) for each in chunks)
