"""Which channels flows use: routes in compressed rows.

Made by walking forwarding tables (`walk`, `valiant`) or from the graph alone (`ecmp`, `spray`). A channel is one direction of a
cable (see `topologies.fabric`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topologies._tables import FAR, Tables, channel_of_port, graph_of_switches
from topologies.errors import require
from topologies.fabric import Adjacency, Fabric

__all__ = ["Routes", "ecmp", "spray", "valiant", "walk"]

LONG = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Routes:
    """The channels of F flows, in compressed rows.

    Flow f uses the channels ``channel[start[f]:start[f + 1]]``, in the order in which it passes them where it has one path.
    A flow without channels is one from an endpoint to itself, or one that finds no way.

    Examples
    --------
    Two flows, over two channels and over one:

    >>> routes = Routes(np.array([0, 2, 3]), np.array([0, 5, 2], np.int32), np.ones(3))
    >>> len(routes), routes.hops().tolist()
    (2, [2.0, 1.0])
    """

    start: NDArray[np.int64]
    """[F + 1] Where the row of each flow starts."""
    channel: NDArray[np.int32]
    """[N] Channels, flow by flow."""
    weight: NDArray[np.float64]
    """[N] The part of the flow that takes the channel: 1, or less where it is spread over several paths."""

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def flow(self) -> NDArray[np.int64]:
        """[N] The flow of every row."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    def hops(self) -> NDArray[np.float64]:
        """[F] Links that each flow passes (the mean, where it is spread over paths of several lengths)."""
        return np.bincount(self.flow, self.weight, minlength=len(self)).astype(np.float64)

    def loads(self, channels: int, volume: NDArray[Any] | None = None) -> NDArray[np.float64]:
        """[channels] What every channel carries, in flows; or in the unit of the flows' volumes, an array of F."""
        carried = self.weight if volume is None else self.weight * np.asarray(volume)[self.flow]
        return np.bincount(self.channel, carried, minlength=channels).astype(np.float64)


def walk(fabric: Fabric, tables: Tables, source: ArrayLike, destination: ArrayLike) -> Routes:
    """Follow forwarding tables from source to destination.

    Parameters
    ----------
    fabric : Fabric
        The fabric.
    tables : Tables
        Its forwarding tables.
    source, destination : array of int, shape (F,)
        Endpoints of every flow.

    Returns
    -------
    Routes
        A flow that the tables do not bring to its destination (no entry, dead cable, loop) has no channels.

    Notes
    -----
    A flow leaves in equal parts by all ports of its source from which the way is shortest: an endpoint in several planes, or
    with a pair of leaves, uses them all at once; a GPU reaches another of its scale-up domain inside that.

    Examples
    --------
    From endpoint 0 up to the first spine and down to endpoint 2; endpoint 1 is reached without a spine:

    >>> from topologies.xgft import xgft
    >>> from topologies.routing import d_mod_k
    >>> fabric = xgft((2, 2), (1, 2))
    >>> routes = walk(fabric, d_mod_k(fabric), [0, 0], [2, 1])
    >>> routes.channel.tolist(), routes.start.tolist()
    ([0, 8, 13, 5, 0, 3], [0, 4, 6])
    """
    source, destination = _pairs(fabric, source, destination)
    flow, first = _first_hops(fabric, tables, source, destination)
    return _follow(fabric, tables, flow, first, len(source), destination[flow])


def valiant(fabric: Fabric, tables: Tables, source: ArrayLike, destination: ArrayLike, rng: np.random.Generator) -> Routes:
    """Route every flow between groups by way of a random third group: load spread whatever the pattern, paths twice as long.

    Parameters
    ----------
    fabric : Fabric
        Switches in groups (dragonfly, dragonfly+).
    tables : Tables
        Minimal tables, of `topologies.routing.dragonfly_minimal`.
    source, destination : array of int, shape (F,)
        Endpoints of every flow.
    rng : numpy.random.Generator
        Chooses the groups.

    Returns
    -------
    Routes
        Minimal to the first switch met of the third group, minimal from there. Flows inside a group, and all where there are
        but two groups, go the minimal way. Free of credit loops with three virtual lanes, one for every global link passed
        (`topologies.deadlock.group_lanes`).

    References
    ----------
    Kim, Dally, Scott and Abts, Technology-driven, highly-scalable dragonfly topology (ISCA 2008), section 4.1.

    Examples
    --------
    >>> from topologies.dragonfly import dragonfly
    >>> from topologies.routing import dragonfly_minimal
    >>> fabric = dragonfly(2, 4, 2)
    >>> routes = valiant(fabric, dragonfly_minimal(fabric), [0], [71], np.random.default_rng(1))
    >>> int((fabric.cables.layer[routes.channel // 2] == fabric.layers.index("global")).sum())
    2
    """
    source, destination = _pairs(fabric, source, destination)
    group_of = fabric.switches.group
    require(bool((group_of >= 0).all()), "valiant needs switches in groups")
    near = fabric.adjacency
    home = near.neighbour[near.start[: fabric.endpoint_count]] - fabric.endpoint_count
    members = [np.flatnonzero(group_of[home] == each) for each in range(int(group_of.max()) + 1)]
    groups = np.array([each for each, inside in enumerate(members) if len(inside)])
    one, other = group_of[home[source]], group_of[home[destination]]
    via = np.full(len(source), -1)
    if len(groups) > 2:
        # A uniform draw from the groups but two: skip the lower, then the higher of them.
        place = np.searchsorted(groups, np.sort(np.stack([one, other]), axis=0))
        drawn = rng.integers(0, len(groups) - 2, len(source))
        drawn += drawn >= place[0]
        drawn += drawn >= place[1]
        via = np.where(one == other, -1, groups[np.minimum(drawn, len(groups) - 1)])
    proxy = np.array([inside[0] if len(inside) else -1 for inside in members])
    target = np.where(via >= 0, proxy[via], destination)
    flow, first = _first_hops(fabric, tables, source, target)
    return _follow(fabric, tables, flow, first, len(source), destination[flow], target[flow], via[flow])


def _pairs(fabric: Fabric, source: ArrayLike, destination: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Check the endpoints of flows."""
    pair = np.atleast_1d(np.asarray(source, np.int64)), np.atleast_1d(np.asarray(destination, np.int64))
    require(pair[0].shape == pair[1].shape and pair[0].ndim == 1, "source and destination must be of one length")
    for each in pair:
        inside = bool(((each >= 0) & (each < fabric.endpoint_count)).all())
        require(inside, f"source and destination must be endpoints, 0 to {fabric.endpoint_count - 1}")
    return pair


def _first_hops(
    fabric: Fabric, tables: Tables, source: NDArray[np.int64], destination: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Flow and channel, for every port by which flows can leave their sources: those whose switch has an entry."""
    near, endpoints = fabric.adjacency, fabric.endpoint_count
    ports = np.where(source == destination, 0, near.start[source + 1] - near.start[source])
    flow = np.repeat(np.arange(len(source)), ports)
    row = near.start[source[flow]] + np.arange(len(flow)) - np.repeat(np.cumsum(ports) - ports, ports)
    switch = near.neighbour[row] - endpoints
    inner = switch >= 0
    usable = inner & (tables.out_port[np.where(inner, switch, 0), destination[flow]] > 0)
    flow, row = flow[usable], row[usable]
    return flow, near.channel[row]


def _follow(
    fabric: Fabric,
    tables: Tables,
    flow: NDArray[np.int64],
    first: NDArray[np.int32],
    flows: int,
    destination: NDArray[np.int64],
    target: NDArray[np.int64] | None = None,
    via: NDArray[np.int64] | None = None,
) -> Routes:
    """Walk all paths at once, hop by hop; towards their targets until they are in the groups `via`."""
    endpoints, heads = fabric.endpoint_count, fabric.channel_ends()[1]
    table = channel_of_port(fabric)
    hops = [first]
    path = np.arange(len(flow))  # those still under way
    arrived = np.zeros(len(flow), dtype=bool)
    aim = destination.copy() if target is None else target.copy()
    vertex = heads[first]
    while len(path) and len(hops) <= 2 * fabric.switch_count + 1:  # longer ways are loops
        switch = vertex - endpoints
        if via is not None:
            there = fabric.switches.group[switch] == via[path]
            aim[path[there]] = destination[path[there]]
        channel = table[switch, tables.out_port[switch, aim[path]]]
        path, channel = path[channel >= 0], channel[channel >= 0]
        hop = np.full(len(flow), -1, np.int32)
        hop[path] = channel
        hops.append(hop)
        vertex = heads[channel]
        done = vertex < endpoints
        arrived[path[done]] = vertex[done] == destination[path[done]]
        path, vertex = path[~done], vertex[~done]
    steps = np.stack(hops, axis=1)
    length = np.where(arrived, (steps >= 0).sum(axis=1), LONG)
    best = np.full(flows, LONG)
    np.minimum.at(best, flow, length)
    kept = arrived & (length == best[flow])
    flow, steps, length = flow[kept], steps[kept], length[kept]
    part = 1.0 / np.bincount(flow, minlength=flows)[flow]
    start = np.zeros(flows + 1, np.int64)
    np.cumsum(np.bincount(flow, length, minlength=flows), out=start[1:])
    return Routes(start, steps[steps >= 0], np.repeat(part, length))


def spray(fabric: Fabric, source: ArrayLike, destination: ArrayLike) -> Routes:
    """Spread every flow over all shortest paths: at every hop in equal parts over the ports that lead closer.

    Parameters
    ----------
    fabric : Fabric
        The fabric; endpoints do not forward.
    source, destination : array of int, shape (F,)
        Endpoints of every flow.

    Returns
    -------
    Routes
        Every channel once a flow, the nearer to the source the earlier, with the part of the flow that it carries.

    References
    ----------
    Dixit et al., On the impact of packet spraying in data center networks (IEEE INFOCOM 2013).

    Examples
    --------
    Half of the flow goes over each of two spines:

    >>> from topologies.xgft import xgft
    >>> spray(xgft((2, 2), (1, 2)), [0], [2]).weight.tolist()
    [1.0, 0.5, 0.5, 0.5, 0.5, 1.0]
    """
    source, destination = _pairs(fabric, source, destination)
    return _closer(fabric, source, destination, None)


def ecmp(fabric: Fabric, source: ArrayLike, destination: ArrayLike, *, seed: int) -> Routes:
    """Send every flow whole by one of its shortest paths, which a hash chooses at every hop.

    Parameters
    ----------
    fabric : Fabric
        The fabric; endpoints do not forward.
    source, destination : array of int, shape (F,)
        Endpoints of every flow.
    seed : int
        Enters the hash, with the number of the flow (its ports, as it were) and the switch: flows of one pair differ.

    Returns
    -------
    Routes
        One path a flow; none where there is no way.

    References
    ----------
    Hopps, Analysis of an Equal-Cost Multi-Path Algorithm (RFC 2992, 2000).

    Examples
    --------
    Of eight flows between two leaves, some go over each of two spines:

    >>> from topologies.xgft import xgft
    >>> routes = ecmp(xgft((2, 2), (1, 2)), [0] * 8, [2] * 8, seed=1)
    >>> routes.hops().tolist() == [4.0] * 8, np.unique(routes.channel).tolist()
    (True, [0, 5, 8, 10, 13, 15])
    """
    source, destination = _pairs(fabric, source, destination)
    return _closer(fabric, source, destination, seed)


def _mixed(*numbers: NDArray[np.int64] | int) -> NDArray[np.uint64]:
    """Mix numbers to 64 random-looking bits (the finaliser of splitmix64)."""
    bits = np.zeros(1, np.uint64)
    for number in numbers:
        bits = bits * np.uint64(0x9E3779B97F4A7C15) + np.asarray(number, np.int64).astype(np.uint64)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        bits ^= bits >> np.uint64(31)
    return bits


def _closer(fabric: Fabric, source: NDArray[np.int64], destination: NDArray[np.int64], seed: int | None) -> Routes:
    """Go closer to the destination at every hop: by all ports that do, or by one."""
    near, endpoints = fabric.adjacency, fabric.endpoint_count
    wanted, goal = np.unique(destination, return_inverse=True)
    column, hops = _hops_to(fabric, wanted)
    goal = column[goal]

    flow = np.flatnonzero(source != destination)
    vertex, part = source[flow], np.ones(len(flow))
    found: list[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]] = []
    while len(flow):
        # The ports of a vertex that lead closer, once for all flows that are there on the way to one goal.
        case, of_flow = np.unique(vertex * hops.shape[1] + goal[flow], return_inverse=True)
        at, to = np.divmod(case, hops.shape[1])
        owner, row = _rows_of(near, at)
        switch = near.neighbour[row] - endpoints
        closer = np.where(switch >= 0, hops[np.maximum(switch, 0), to[owner]], FAR)
        best = np.full(len(case), FAR, np.int16)
        np.minimum.at(best, owner, closer)
        good = (closer == best[owner]) & (closer < FAR)
        ports, count = row[good], np.bincount(owner[good], minlength=len(case))
        each, pick = _shared(count[of_flow], seed, flow, vertex)
        chosen = ports[(np.cumsum(count) - count)[of_flow[each]] + pick]
        flow, part = flow[each], part[each] / (count[of_flow[each]] if seed is None else 1)
        vertex = near.neighbour[chosen].astype(np.int64)
        found.append((flow, near.channel[chosen], part))
        if seed is None:  # parts of one flow that meet go on together
            key, back = np.unique(flow * fabric.vertex_count + vertex, return_inverse=True)
            part = np.bincount(back, part, minlength=len(key)).astype(np.float64)
            flow, vertex = np.divmod(key, fabric.vertex_count)

        # At a switch of the destination: by its ports there.
        there = hops[vertex - endpoints, goal[flow]] == 0
        owner, row = _rows_of(near, destination[flow[there]])
        here = near.neighbour[row] == vertex[there][owner]
        row, owner = row[here], owner[here]
        count = np.bincount(owner, minlength=int(there.sum()))
        each, pick = _shared(count, seed, flow[there], vertex[there])
        chosen = row[(np.cumsum(count) - count)[each] + pick]
        found.append((flow[there][each], near.channel[chosen] ^ 1, part[there][each] / (count[each] if seed is None else 1)))
        flow, vertex, part = flow[~there], vertex[~there], part[~there]
    of_row = np.concatenate([each[0] for each in found]) if found else np.zeros(0, np.int64)
    start = np.zeros(len(source) + 1, np.int64)
    np.cumsum(np.bincount(of_row, minlength=len(source)), out=start[1:])
    order = np.argsort(of_row, kind="stable")
    channel = np.concatenate([each[1] for each in found]) if found else np.zeros(0, np.int32)
    weight = np.concatenate([each[2] for each in found]) if found else np.zeros(0)
    return Routes(start, channel[order], weight[order])


def _rows_of(near: Adjacency, vertex: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List the ports of some vertices: the place in `vertex`, and the row of the adjacency."""
    degree = (near.start[vertex + 1] - near.start[vertex]).astype(np.int64)
    owner = np.repeat(np.arange(len(vertex)), degree)
    return owner, near.start[vertex[owner]] + np.arange(len(owner)) - np.repeat(np.cumsum(degree) - degree, degree)


def _shared(
    count: NDArray[np.int64], seed: int | None, flow: NDArray[np.int64], vertex: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pick among so many ports each: all (place and port), or one by hash where there is a seed."""
    if seed is None:
        each = np.repeat(np.arange(len(count)), count)
        return each, np.arange(len(each)) - np.repeat(np.cumsum(count) - count, count)
    each = np.flatnonzero(count)
    picked = _mixed(seed, flow[each], vertex[each]) % count[each].astype(np.uint64)
    return each, picked.astype(np.int64)


def _hops_to(fabric: Fabric, wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
    """Tabulate the links from every switch to the nearest switch of each endpoint; equal columns are shared."""
    from scipy.sparse.csgraph import shortest_path

    near, endpoints = fabric.adjacency, fabric.endpoint_count
    switches = [
        tuple(each[each >= endpoints].tolist())
        for each in (near.neighbour[near.start[end] : near.start[end + 1]] for end in wanted.tolist())
    ]
    number = {each: place for place, each in enumerate(dict.fromkeys(switches))}
    leaves = sorted({vertex - endpoints for each in number for vertex in each})
    place = {leaf + endpoints: position for position, leaf in enumerate(leaves)}
    far = shortest_path(graph_of_switches(fabric), unweighted=True, indices=leaves) if leaves else np.zeros((0, 1))
    far = np.minimum(far, FAR).astype(np.int16)
    nowhere = np.full(fabric.switch_count, FAR, np.int16)
    columns = [far[[place[vertex] for vertex in each]].min(axis=0) if each else nowhere for each in number]
    table = np.stack(columns, axis=1) if columns else nowhere[:, None]
    return np.array([number[each] for each in switches], dtype=np.int64), table
