"""Traffic patterns, and what they load on every channel.

A pattern is a pair of arrays, source and destination endpoints of its flows; every flow counts as one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topologies._tables import FAR, Tables, channel_of_port
from topologies.errors import require
from topologies.fabric import NONE, Fabric
from topologies.routes import walk

__all__ = [
    "Pattern",
    "all_to_all",
    "balance",
    "incast",
    "link_loads",
    "permutation",
    "rail_all_to_all",
    "rail_rings",
    "random_pairs",
    "shift",
    "unreachable_pairs",
]

Pattern = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Source and destination of every flow."""

CHUNK = 1 << 21
"""Entries (switches x destinations) that are worked on at once: 16 MB a column."""


def all_to_all(endpoints: int) -> Pattern:
    """Pair every endpoint with every other.

    Parameters
    ----------
    endpoints : int
        Endpoints 0 to endpoints - 1 take part.

    Returns
    -------
    (array of int, array of int), shape (F,) each
        Source and destination of every flow.

    References
    ----------
    Dally and Towles, Principles and Practices of Interconnection Networks (2004), section 3.2: traffic patterns.

    Examples
    --------
    >>> [each.tolist() for each in all_to_all(3)]
    [[0, 0, 1, 1, 2, 2], [1, 2, 0, 2, 0, 1]]
    """
    require(endpoints >= 0, "endpoints must not be negative")
    source, step = np.divmod(np.arange(endpoints * max(endpoints - 1, 0)), max(endpoints - 1, 1))
    return source, step + (step >= source)


def shift(endpoints: int, k: int) -> Pattern:
    """Let every endpoint i send to i + k, modulo their number.

    Parameters
    ----------
    endpoints : int
        Endpoints 0 to endpoints - 1 take part.
    k : int
        How far each sends.

    Returns
    -------
    (array of int, array of int), shape (F,) each
        Source and destination of every flow.

    References
    ----------
    Dally and Towles, Principles and Practices of Interconnection Networks (2004), section 3.2: traffic patterns.

    Examples
    --------
    >>> [each.tolist() for each in shift(4, 1)]
    [[0, 1, 2, 3], [1, 2, 3, 0]]
    """
    source = np.arange(endpoints)
    return source, (source + k) % max(endpoints, 1)


def permutation(endpoints: int, rng: np.random.Generator) -> Pattern:
    """Let every endpoint send to one other and receive from one other, at random.

    Parameters
    ----------
    endpoints : int
        Endpoints 0 to endpoints - 1 take part; at least 2.
    rng : numpy.random.Generator
        What is drawn from.

    Returns
    -------
    (array of int, array of int), shape (F,) each
        Source and destination of every flow.

    References
    ----------
    Dally and Towles, Principles and Practices of Interconnection Networks (2004), section 3.2: traffic patterns.

    Examples
    --------
    >>> source, destination = permutation(100, np.random.default_rng(1))
    >>> sorted(destination.tolist()) == source.tolist(), bool((source == destination).any())
    (True, False)
    """
    require(endpoints >= 2, "a permutation needs at least 2 endpoints")
    order = rng.permutation(endpoints)  # one ring in random order: nobody sends to itself
    destination = np.empty(endpoints, np.int64)
    destination[order] = np.roll(order, -1)
    return np.arange(endpoints), destination


def incast(endpoints: int, target: int, senders: int | None = None) -> Pattern:
    """Let all others, or the next so many after it, send to one endpoint.

    Parameters
    ----------
    endpoints : int
        Endpoints 0 to endpoints - 1 take part.
    target : int
        The one that receives.
    senders : int, optional
        How many send. Default: all others.

    Returns
    -------
    (array of int, array of int), shape (F,) each
        Source and destination of every flow.

    References
    ----------
    Dally and Towles, Principles and Practices of Interconnection Networks (2004), section 3.2: traffic patterns.

    Examples
    --------
    >>> [each.tolist() for each in incast(8, 7, 2)]
    [[0, 1], [7, 7]]
    """
    require(0 <= target < endpoints, f"target must be 0 to {endpoints - 1}")
    senders = endpoints - 1 if senders is None else senders
    require(0 <= senders < endpoints, f"senders must be 0 to {endpoints - 1}")
    source = (target + 1 + np.arange(senders)) % endpoints
    return source, np.full_like(source, target)


def random_pairs(endpoints: int, count: int, rng: np.random.Generator) -> Pattern:
    """Draw so many pairs of different endpoints, independently.

    Parameters
    ----------
    endpoints : int
        Endpoints 0 to endpoints - 1 take part; at least 2.
    count : int
        Pairs.
    rng : numpy.random.Generator
        What is drawn from.

    Returns
    -------
    (array of int, array of int), shape (F,) each
        Source and destination of every flow.

    References
    ----------
    Dally and Towles, Principles and Practices of Interconnection Networks (2004), section 3.2: traffic patterns.

    Examples
    --------
    >>> source, destination = random_pairs(10, 1000, np.random.default_rng(1))
    >>> len(source), bool((source == destination).any())
    (1000, False)
    """
    require(endpoints >= 2, "pairs need at least 2 endpoints")
    source = rng.integers(0, endpoints, count)
    return source, (source + rng.integers(1, endpoints, count)) % endpoints


def rail_rings(fabric: Fabric, hosts: ArrayLike | None = None) -> Pattern:
    """Close a ring over the hosts on every rail, NIC i of a host sending to NIC i of the next: a ring all-reduce's flows.

    Parameters
    ----------
    fabric : Fabric
        The fabric; the slot of a NIC is its rail.
    hosts : array of int, optional
        The hosts of the job, in the order of the ring. Default: all that have a NIC, by number.

    Returns
    -------
    Pattern
        Flows, rail by rail; none where a rail has a single NIC.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> [each.tolist() for each in rail_rings(fat_tree(3, 2, radix=6))]
    [[0, 2, 4, 1, 3, 5], [2, 4, 0, 3, 5, 1]]
    """
    parts = [(members, np.roll(members, -1)) for members in _rails(fabric, hosts) if len(members) > 1]
    return _joined(parts)


def rail_all_to_all(fabric: Fabric, hosts: ArrayLike | None = None) -> Pattern:
    """Pair every NIC with all others of its rail: an all-to-all that crosses rails inside the hosts.

    Parameters
    ----------
    fabric, hosts
        As for `rail_rings`.

    Returns
    -------
    Pattern
        Flows, rail by rail.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> [each.tolist() for each in rail_all_to_all(fat_tree(2, 2, radix=4))]
    [[0, 2, 1, 3], [2, 0, 3, 1]]
    """
    parts = []
    for members in _rails(fabric, hosts):
        source, destination = all_to_all(len(members))
        parts.append((members[source], members[destination]))
    return _joined(parts)


def _rails(fabric: Fabric, hosts: ArrayLike | None) -> Iterator[NDArray[np.int64]]:
    """Yield the NICs of every slot, host by host."""
    ends = fabric.endpoints
    place = np.full(len(ends.host_names), NONE, np.int64)
    wanted = np.arange(len(place)) if hosts is None else np.asarray(hosts, np.int64)
    require(bool(((wanted >= 0) & (wanted < len(place))).all()), f"hosts must be 0 to {len(place) - 1}")
    place[wanted] = np.arange(len(wanted))
    nics = np.flatnonzero((ends.kind == 0) & (place[ends.host] >= 0))
    for slot in np.unique(ends.slot[nics]):
        members = nics[ends.slot[nics] == slot]
        yield members[np.argsort(place[ends.host[members]], kind="stable")]


def _joined(parts: list[Pattern]) -> Pattern:
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def link_loads(fabric: Fabric, tables: Tables, pattern: Pattern | None = None) -> NDArray[np.float64]:
    """Count the flows of a pattern on every channel when forwarding tables route them.

    Parameters
    ----------
    fabric : Fabric
        The fabric.
    tables : Tables
        Its forwarding tables.
    pattern : Pattern, optional
        Source and destination of every flow. Default: every endpoint to every other, without listing the pairs.

    Returns
    -------
    array of float, shape (2 * cables,)
        Flows on every channel. They leave their sources as `topologies.routes.walk` says; what finds no way loads nothing.

    Raises
    ------
    ValueError
        If the tables send a destination round in a loop (all-to-all only).

    Notes
    -----
    Flows to one destination that meet at a switch stay together, so what all-to-all moves from hop to hop is a number for
    each switch and destination, not for each pair. For routes that are no tables, `topologies.routes.Routes.loads` does the
    same.

    Examples
    --------
    Four endpoints on two leaves, two spines: every uplink carries the flows of two sources to one destination.

    >>> from topologies.xgft import xgft
    >>> from topologies.routing import d_mod_k
    >>> fabric = xgft((2, 2), (1, 2))
    >>> link_loads(fabric, d_mod_k(fabric))[8:].tolist()
    [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    """
    loads = np.zeros(2 * len(fabric.cables))
    if pattern is not None:
        source, destination = pattern
        for first in range(0, len(source), CHUNK // 8):
            part = slice(first, first + CHUNK // 8)
            loads += walk(fabric, tables, source[part], destination[part]).loads(len(loads))
        return loads
    for columns, amount in _injected(fabric, tables, loads):
        for channel, value in _hop_by_hop(fabric, tables, columns, amount):
            loads += np.bincount(channel, value, minlength=len(loads))
    return loads


def unreachable_pairs(fabric: Fabric, tables: Tables) -> int:
    """Count the ordered pairs of different endpoints where the tables do not bring the first's flow to the second.

    Parameters
    ----------
    fabric : Fabric
        The fabric, perhaps with other failures than the tables were made for.
    tables : Tables
        Forwarding tables.

    Returns
    -------
    int
        Pairs for which no port of the source leads to the destination: no entry, a dead cable, a loop, a wrong end.

    Examples
    --------
    The first endpoint of four loses its cable: three pairs from it and three to it.

    >>> from topologies.xgft import xgft
    >>> from topologies.routing import up_down
    >>> fabric = xgft((2, 2), (1, 2)).without(cables=[0])
    >>> unreachable_pairs(fabric, up_down(fabric))
    6
    """
    missing = 0
    classes = _attachments(fabric)
    for columns in _columns(fabric):
        hops = _table_hops(fabric, tables, columns)
        for own, members in classes:
            lost = (hops[own] == FAR).all(axis=0)
            missing += int(lost.sum()) * len(members) - int(lost[members[np.isin(members, columns)] - columns[0]].sum())
    return missing


def _columns(fabric: Fabric) -> Iterator[NDArray[np.int64]]:
    """Yield all destinations, as many at a time as memory likes."""
    width = max(CHUNK // max(fabric.switch_count, 1), 1)
    for first in range(0, fabric.endpoint_count, width):
        yield np.arange(first, min(first + width, fabric.endpoint_count))


def _attachments(fabric: Fabric) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Sort endpoints by the switches that their ports lead to: those switches, port by port, and the endpoints."""
    near, endpoints = fabric.adjacency, fabric.endpoint_count
    lists = np.split(near.neighbour[: near.start[endpoints]], near.start[1:endpoints])
    members: dict[tuple[int, ...], list[int]] = {}
    for end, vertices in enumerate(lists[:endpoints]):
        members.setdefault(tuple((vertices[vertices >= endpoints] - endpoints).tolist()), []).append(end)
    return [(np.array(own, np.int64), np.array(ends, np.int64)) for own, ends in members.items()]


def _table_hops(fabric: Fabric, tables: Tables, columns: NDArray[np.int64]) -> NDArray[np.int16]:
    """[S, columns] Links that the tables take from every switch to some destinations; FAR: they do not lead there."""
    endpoints, heads, table = fabric.endpoint_count, fabric.channel_ends()[1], channel_of_port(fabric)
    hops = np.full((fabric.switch_count, len(columns)), FAR, np.int16)
    begin, column = np.indices(hops.shape).reshape(2, -1)
    at = begin
    for step in range(1, fabric.switch_count + 1):
        channel = table[at, tables.out_port[at, columns[column]]]
        begin, column, channel = begin[channel >= 0], column[channel >= 0], channel[channel >= 0]
        vertex = heads[channel]
        right = vertex == columns[column]
        hops[begin[right], column[right]] = step
        inner = vertex >= endpoints
        begin, column, at = begin[inner], column[inner], vertex[inner].astype(np.int64) - endpoints
        if not len(at):
            break
    return hops


def _injected(
    fabric: Fabric, tables: Tables, loads: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Yield destinations, and what every switch gets for them from its endpoints, all to all; add that to the loads."""
    near, endpoints = fabric.adjacency, fabric.endpoint_count
    classes = _attachments(fabric)
    several = any(len(own) > 1 for own, _ in classes)
    table, switches = channel_of_port(fabric), np.arange(fabric.switch_count)[:, None]
    for columns in _columns(fabric):
        amount = np.zeros((fabric.switch_count, len(columns)))
        # Where every switch knows a way, the first one's entry leads there; otherwise a later one may have none.
        complete = not several and bool((table[switches, tables.out_port[:, columns]] >= 0).all())
        hops = None if complete else _table_hops(fabric, tables, columns)
        for own, ends in classes:
            if hops is None:
                share = (tables.out_port[np.ix_(own, columns)] > 0).astype(np.float64)
            else:
                share = ((hops[own] == hops[own].min(axis=0, initial=FAR)) & (hops[own] < FAR)).astype(np.float64)
                share /= np.maximum(share.sum(axis=0), 1)
            row = near.start[ends][:, None] + np.arange(near.start[ends[0] + 1] - near.start[ends[0]])
            channel = near.channel[row[near.neighbour[row] >= endpoints].reshape(len(ends), len(own))]
            loads[channel] += share.sum(axis=1)
            # Nobody sends to itself.
            inside = (ends >= columns[0]) & (ends <= columns[-1])
            itself = ends[inside] - columns[0]
            loads[channel[inside]] -= share[:, itself].T
            share *= len(ends)
            share[:, itself] *= (len(ends) - 1) / len(ends)
            np.add.at(amount, own, share)
        yield columns, amount


def _hop_by_hop(
    fabric: Fabric, tables: Tables, columns: NDArray[np.int64], amount: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.float64]]]:
    """Move what is at the switches for some destinations on, hop by hop: yield channels and what goes over them."""
    endpoints, heads, table = fabric.endpoint_count, fabric.channel_ends()[1], channel_of_port(fabric)
    place = np.flatnonzero(amount)
    value = amount.ravel()[place]
    for _ in range(fabric.switch_count + 1):
        switch, column = np.divmod(place, len(columns))
        channel = table[switch, tables.out_port[switch, columns[column]]]
        known = channel >= 0
        channel, value, column = channel[known], value[known], column[known]
        yield channel, value
        on = heads[channel] >= endpoints
        if not on.any():
            return
        place = (heads[channel[on]].astype(np.int64) - endpoints) * len(columns) + column[on]
        moved = np.bincount(place, value[on], minlength=amount.size).astype(np.float64)
        place = np.flatnonzero(moved)
        value = moved[place]
    raise ValueError(f"the tables of engine {tables.engine} send some destinations round in a loop")


def balance(fabric: Fabric, loads: NDArray[np.float64]) -> dict[tuple[str, str], float]:
    """Compare the most loaded channel with the mean, by layer and direction.

    Parameters
    ----------
    fabric : Fabric
        The fabric.
    loads : array of float, shape (2 * cables,)
        Load of every channel, in any unit.

    Returns
    -------
    dict
        By layer and "up" (from the lower end of the cables) or "down": greatest over mean load, 1 for perfect balance. Layers
        without load are left out.

    Examples
    --------
    >>> from topologies.xgft import xgft
    >>> balance(xgft((2,), (1,)), np.array([3.0, 1.0, 1.0, 1.0]))
    {('node_leaf', 'up'): 1.5, ('node_leaf', 'down'): 1.0}
    """
    ratio = {}
    for number, layer in enumerate(fabric.layers):
        for side, direction in enumerate(("up", "down")):
            of_layer = loads[side::2][fabric.cables.layer == number]
            if of_layer.any():
                ratio[layer, direction] = float(of_layer.max() / of_layer.mean())
    return ratio
