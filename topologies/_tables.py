"""Forwarding tables, and what is needed to make them: by which port every switch sends what is for an endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topologies.fabric import Fabric, Ints

__all__ = [
    "FAR",
    "Homes",
    "SwitchRow",
    "Tables",
    "channel_of_port",
    "choose",
    "deliver",
    "graph_of_switches",
    "homes",
    "rows_of_switches",
]

FAR = np.int16(np.iinfo(np.int16).max // 2)
"""A distance that is none."""


@dataclass(frozen=True, eq=False)
class Tables:
    """Forwarding tables of all switches of a fabric.

    Notes
    -----
    A destination is an endpoint, not a port of one. Where it has several ports (planes, dual ToR), an entry leads to one that
    the switch reaches.
    """

    engine: str
    """How they were made."""
    out_port: NDArray[np.uint16]
    """[S, E] The port by which a switch (not vertex) sends what is for an endpoint; 0: it knows no way."""
    virtual_lane: NDArray[np.uint8] | None = None
    """[S, E] The virtual lane on the channel behind that port; None: lane 0 everywhere."""


@dataclass(frozen=True, eq=False)
class Homes:
    """Where destinations are: an endpoint once in every connected part of the fabric, in the order used for balancing.

    Parts follow one another; within a part, what shares pods and leaves is together.
    """

    endpoint: NDArray[np.int64]
    """[N] The endpoint."""
    leaf: NDArray[np.int64]
    """[N] Its switch, as an index into `leaves`."""
    place: NDArray[np.int64]
    """[N] Its number among those of its switch."""
    leaves: NDArray[np.int64]
    """[L] Switches (not vertices) that are home to an endpoint."""
    part: NDArray[np.int64]
    """[S] The part of every switch."""
    start: NDArray[np.int64]
    """[parts + 1] Where the homes of each part start."""

    def of_switch(self, switch: int) -> slice:
        """Return the homes in the part of a switch: its possible destinations."""
        part = int(self.part[switch])
        return slice(int(self.start[part]), int(self.start[part + 1]))


@dataclass(frozen=True, eq=False)
class SwitchRow:
    """What is behind the ports of one switch that lead to other switches."""

    port: Ints
    """[P] The port."""
    other: Ints
    """[P] The switch (not vertex) behind it."""


def channel_of_port(fabric: Fabric) -> Ints:
    """Tabulate the channel that leaves every port of every switch.

    Returns
    -------
    array of int, shape (S, most ports + 1)
        Channels by switch (not vertex) and port; -1 where no cable is plugged in, as in port 0.

    Examples
    --------
    Endpoint 1 is in port 2 of the only switch, by cable 1, whose downward channel is 3:

    >>> from topologies.xgft import xgft
    >>> channel_of_port(xgft((2,), (1,))).tolist()
    [[-1, 1, 3]]
    """
    table = np.full((fabric.switch_count, int(fabric.switches.ports.max(initial=0)) + 1), -1, np.int32)
    near = fabric.adjacency
    first = int(near.start[fabric.endpoint_count])
    switch = np.repeat(np.arange(fabric.switch_count), np.diff(near.start[fabric.endpoint_count :]))
    table[switch, near.port[first:]] = near.channel[first:]
    return table


def rows_of_switches(fabric: Fabric) -> list[SwitchRow]:
    """List the links to other switches, switch by switch, in the order of their ports."""
    near, endpoints = fabric.adjacency, fabric.endpoint_count
    rows = []
    for vertex in range(endpoints, fabric.vertex_count):
        row = slice(near.start[vertex], near.start[vertex + 1])
        inner = near.neighbour[row] >= endpoints
        rows.append(SwitchRow(near.port[row][inner], near.neighbour[row][inner] - endpoints))
    return rows


def _parts(fabric: Fabric, highest_tier: int) -> NDArray[np.int64]:
    """[S] Connected parts of the switches up to a tier; those above are parts of their own."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    endpoints, count = fabric.endpoint_count, fabric.switch_count
    a, b = fabric.cables.a - endpoints, fabric.cables.b - endpoints
    tier = fabric.tier_of_vertex
    inner = (a >= 0) & (b >= 0) & (tier[fabric.cables.a] <= highest_tier) & (tier[fabric.cables.b] <= highest_tier)
    graph = coo_array((np.ones(int(inner.sum()), np.int8), (a[inner], b[inner])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def homes(fabric: Fabric) -> Homes:
    """Say at which switch every endpoint is reached, part by part, in an order that keeps pods and leaves together.

    Parameters
    ----------
    fabric : Fabric
        Any fabric. Of an endpoint with several switches in one part (dual ToR), host number and slot choose one.

    Returns
    -------
    Homes
        Endpoints without a cable to a switch are in no part.

    Examples
    --------
    With two rails, the even endpoints are on one leaf and the odd ones on the other:

    >>> from topologies.clos import fat_tree
    >>> homes(fat_tree(3, 2, radix=6, tiers=2)).endpoint.tolist()
    [0, 2, 4, 1, 3, 5]
    """
    near, endpoints = fabric.adjacency, fabric.endpoint_count
    rows = np.arange(int(near.start[endpoints]))
    rows = rows[near.neighbour[rows] >= endpoints]
    endpoint = np.repeat(np.arange(endpoints), np.diff(near.start[: endpoints + 1]))[rows]
    switch = near.neighbour[rows].astype(np.int64) - endpoints
    tiers = int(fabric.switches.tier.max(initial=1))
    parts = [_parts(fabric, tier) for tier in range(tiers, 0, -1)]
    part = parts[0]

    # One switch an endpoint and part: rows of a pair are neighbours after sorting, and host + slot picks one of them.
    order = np.lexsort((rows, part[switch], endpoint))
    pair = np.stack([endpoint[order], part[switch[order]]])
    first = np.flatnonzero(np.append(True, (pair[:, 1:] != pair[:, :-1]).any(axis=0))) if len(order) else order
    count = np.diff(np.append(first, len(order)))
    turn = fabric.endpoints.host[endpoint[order[first]]] + fabric.endpoints.slot[endpoint[order[first]]]
    chosen = order[first + turn % np.maximum(count, 1)]
    endpoint, switch = endpoint[chosen], switch[chosen]

    cable = near.cable[rows[chosen]]
    port = np.where(near.channel[rows[chosen]] % 2 == 0, fabric.cables.b_port[cable], fabric.cables.a_port[cable])
    order = np.lexsort((port, switch, *(each[switch] for each in reversed(parts))))
    endpoint, switch = endpoint[order], switch[order]
    leaves, leaf = np.unique(switch, return_inverse=True)
    fresh = np.append(True, switch[1:] != switch[:-1]) if len(switch) else np.zeros(0, bool)
    starts = np.flatnonzero(fresh)
    place = np.arange(len(switch)) - np.repeat(starts, np.diff(np.append(starts, len(switch))))
    start = np.searchsorted(part[switch], np.arange(int(part.max(initial=-1)) + 2))
    return Homes(endpoint, leaf.astype(np.int64), place, leaves.astype(np.int64), part, start.astype(np.int64))


def choose(good: NDArray[np.bool_], target: NDArray[np.int64], key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choose among the good ports for each target in turn.

    Parameters
    ----------
    good : array of bool, shape (P, T)
        Whether a port is good for a target.
    target, key : array of int, shape (N,)
        Target of every choice, and a number: what has the number k gets good port ``k mod (number of good ports)``.

    Returns
    -------
    array of int, shape (N,)
        Rows of `good`; -1 where no port is good.

    Examples
    --------
    Ports 0 and 2 are good for target 0, none for target 1:

    >>> good = np.array([[True, False], [False, False], [True, False]])
    >>> choose(good, np.array([0, 0, 0, 1]), np.array([4, 5, 6, 7])).tolist()
    [0, 2, 0, -1]
    """
    count = good.sum(axis=0)
    if good.size and (count == len(good)).all():
        return key % len(good)
    _, port = np.nonzero(good.T)
    start = np.cumsum(count) - count
    number = count[target]
    picked = start[target] + key % np.maximum(number, 1)
    return np.where(number > 0, np.append(port, -1)[np.minimum(picked, len(port))], -1)


def graph_of_switches(fabric: Fabric) -> Any:
    """Return the cables between switches as a sparse matrix of S x S (`scipy.sparse`, loaded late)."""
    from scipy.sparse import coo_array

    a, b = fabric.cables.a - fabric.endpoint_count, fabric.cables.b - fabric.endpoint_count
    inner = (a >= 0) & (b >= 0)
    ends = np.concatenate([a[inner], b[inner]]), np.concatenate([b[inner], a[inner]])
    ones = np.ones(len(ends[0]), np.int8)
    return coo_array((ones, ends), shape=(fabric.switch_count,) * 2).tocsr()


def deliver(fabric: Fabric, out: NDArray[np.uint16]) -> None:
    """Enter the ports to the endpoints of each switch into [S, E] tables, over whatever is there."""
    table = channel_of_port(fabric)
    switch, port = np.nonzero(table >= 0)
    vertex = fabric.channel_ends()[1][table[switch, port]]
    last_first = np.flatnonzero(vertex < fabric.endpoint_count)[::-1]  # of several ports to one endpoint, the first stays
    out[switch[last_first], vertex[last_first]] = port[last_first]
