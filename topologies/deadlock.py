"""Credit loops: whether flows that wait for buffers of one another can wait for ever."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from topologies._tables import Tables, channel_of_port
from topologies.errors import require
from topologies.fabric import Fabric
from topologies.routes import Routes

__all__ = ["credit_loop", "group_lanes"]

CHUNK = 1 << 21
"""Entries (switches x destinations) that are looked at at once."""


def credit_loop(
    fabric: Fabric, routing: Tables | Routes, lane: NDArray[np.integer[Any]] | None = None
) -> list[tuple[int, int]] | None:
    """Find a credit loop: channels each of which waits for the next, and the last for the first.

    Parameters
    ----------
    fabric : Fabric
        The fabric.
    routing : Tables or Routes
        Forwarding tables, with their virtual lanes; or routes with one path a flow.
    lane : array of int, shape (N,), optional
        Of routes: the virtual lane on every channel of `routing.channel`. Default: one lane.

    Returns
    -------
    list of (int, int), or None
        Channel and virtual lane of one loop, in the order of waiting; None: there is none, so no deadlock either.

    Notes
    -----
    A channel waits for another where something that can arrive by the one is sent on by the other: of tables, only what has
    an endpoint where it started counts. A lossless network cannot deadlock if, and with fixed routes only if, these
    dependencies have no cycle. Endpoints take what they get, so that no loop passes through them.

    References
    ----------
    Dally and Seitz, Deadlock-free message routing in multiprocessor interconnection networks (IEEE Trans. Computers 36, 1987),
    theorem 1.

    Examples
    --------
    On a ring of five, dimension order can wait in a circle, unless it may change lanes at the dateline:

    >>> from dataclasses import replace
    >>> from topologies.torus import torus
    >>> from topologies.routing import dimension_order
    >>> fabric = torus((5,))
    >>> tables = dimension_order(fabric)
    >>> credit_loop(fabric, tables) is None
    True
    >>> loop = credit_loop(fabric, replace(tables, virtual_lane=None))
    >>> [fabric.name(fabric.channel_ends()[0][channel]) for channel, _ in loop]
    ['x00', 'x01', 'x02', 'x03', 'x04']
    """
    channels = 2 * len(fabric.cables)
    if isinstance(routing, Tables):
        require(lane is None, "tables have their own lanes")
        lanes = 1 if routing.virtual_lane is None else int(routing.virtual_lane.max(initial=0)) + 1
        one, two = _dependencies(fabric, routing, lanes)
    else:
        lane = np.zeros(len(routing.channel), np.int64) if lane is None else np.asarray(lane, np.int64)
        require(len(lane) == len(routing.channel), "lane must name one lane for each channel of the routes")
        lanes = int(lane.max(initial=0)) + 1
        state, flow = routing.channel.astype(np.int64) * lanes + lane, routing.flow
        follows = flow[1:] == flow[:-1]
        one, two = state[:-1][follows], state[1:][follows]
        tails, heads = fabric.channel_ends()
        joined = bool((heads[one // lanes] == tails[two // lanes]).all())
        require(joined, "routes must have one path a flow, in order: these channels do not meet")
    loop = _cycle(one, two, channels * lanes)
    return None if loop is None else [divmod(state, lanes) for state in loop]


def _dependencies(fabric: Fabric, tables: Tables, lanes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List which channel waits for which, as ``channel * lanes + lane``: follow what endpoints can send, hop by hop."""
    endpoints, switches = fabric.endpoint_count, fabric.switch_count
    heads, table = fabric.channel_ends()[1], channel_of_port(fabric)
    channels, ports = 2 * len(fabric.cables), table.shape[1]
    waits = np.zeros((channels * lanes, ports * lanes), dtype=bool)
    near = fabric.adjacency
    attached = np.unique(near.neighbour[: near.start[endpoints]])
    attached = attached[attached >= endpoints] - endpoints
    width = max(CHUNK // max(switches, 1), 1)
    for first in range(0, endpoints, width):
        out = tables.out_port[:, first : first + width].astype(np.int64)
        lane = np.zeros(1, np.int64) if tables.virtual_lane is None else tables.virtual_lane[:, first : first + width].ravel()
        columns = out.shape[1]
        out = out.ravel()
        seen = np.zeros(out.size, dtype=bool)
        place = (attached[:, None].astype(np.int64) * columns + np.arange(columns)).ravel()
        while len(place):  # every entry that something arrives at, once
            seen[place] = True
            channel = table[place // columns, out[place]]
            place, channel = place[channel >= 0], channel[channel >= 0]
            inner = heads[channel] >= endpoints
            place, channel = place[inner], channel[inner]
            state = channel.astype(np.int64) * lanes + lane[place % len(lane)]
            place = (heads[channel].astype(np.int64) - endpoints) * columns + place % columns
            waits[state, out[place] * lanes + lane[place % len(lane)]] = True
            fresh = np.zeros(out.size, dtype=bool)
            fresh[place] = True
            place = np.flatnonzero(fresh & ~seen)
    one, port = np.nonzero(waits)
    two = table[heads[one // lanes] - endpoints, port // lanes].astype(np.int64)
    return one[two >= 0], (two * lanes + port % lanes)[two >= 0]


def _cycle(one: NDArray[np.int64], two: NDArray[np.int64], count: int) -> list[int] | None:
    """Return the states of a cycle in a graph of so many states, given by its edges."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(one), np.int8), (one, two)), shape=(count, count)).tocsr()
    part = connected_components(graph, directed=True, connection="strong")[1]
    inside = part[one] == part[two]  # an edge within a strongly connected part lies on a cycle
    if not inside.any():
        return None
    follower = np.full(count, -1, np.int64)
    follower[one[inside][::-1]] = two[inside][::-1]
    state, order = int(one[inside][0]), dict[int, int]()
    while state not in order:
        order[state] = len(order)
        state = int(follower[state])
    return list(order)[order[state] :]


def group_lanes(fabric: Fabric, routes: Routes) -> NDArray[np.int64]:
    """Give every channel of routes the virtual lane that counts the links between groups passed before it.

    Parameters
    ----------
    fabric : Fabric
        Switches in groups (dragonfly).
    routes : Routes
        Routes with one path a flow, as of `topologies.routes.valiant`.

    Returns
    -------
    array of int, shape (N,)
        Lanes: 0 and 1 for minimal routes, up to 2 for Valiant's.

    References
    ----------
    Kim, Dally, Scott and Abts, Technology-driven, highly-scalable dragonfly topology (ISCA 2008), figure 7.

    Examples
    --------
    >>> from topologies.dragonfly import dragonfly
    >>> from topologies.routes import walk
    >>> from topologies.routing import dragonfly_minimal
    >>> fabric = dragonfly(1, 2, 1, groups=2, links_per_group_pair=1)
    >>> group_lanes(fabric, walk(fabric, dragonfly_minimal(fabric), [1], [2])).tolist()
    [0, 0, 0, 1]
    """
    group = np.concatenate([np.full(fabric.endpoint_count, -1), fabric.switches.group])
    tails, heads = fabric.channel_ends()
    crosses = (group[tails] != group[heads]) & (group[tails] >= 0) & (group[heads] >= 0)
    crossed = crosses[routes.channel].astype(np.int64)
    before = np.cumsum(crossed) - crossed
    return np.asarray(before - before[routes.start[routes.flow]], dtype=np.int64)
