"""Forwarding tables of direct networks: shortest ways of any graph, by groups (dragonfly), by coordinates (torus, HyperX)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topologies._tables import FAR, SwitchRow, Tables, choose, deliver, graph_of_switches, homes, rows_of_switches
from topologies.errors import TopologyError, require
from topologies.fabric import Fabric

__all__ = ["dimension_order", "dragonfly_minimal", "minimal"]


def minimal(fabric: Fabric, *, lanes: bool = False) -> Tables:
    """Route any graph of switches by shortest ways, sharing out destinations over those that are equal.

    Parameters
    ----------
    fabric : Fabric
        Any fabric, with failures or without.
    lanes : bool
        Give every number of hops to go its own virtual lane, which makes the tables free of credit loops.

    Returns
    -------
    Tables
        Shortest ways (of dual ToR, to one of the two leaves). Without `lanes`, they can have credit loops where the graph has
        cycles.

    Notes
    -----
    The destinations of a switch are dealt in turn over the equal ways to it, starting at another one from switch to switch. For
    fat trees `d_mod_k` balances better: here the choices of consecutive switches are independent.

    References
    ----------
    Gopal, Prevention of store-and-forward deadlock in computer networks (IEEE Trans. Communications 33, 1985): a buffer class
    for each number of hops.

    Examples
    --------
    >>> from topologies.xgft import xgft
    >>> minimal(xgft((2, 2), (1, 2))).out_port[2].tolist()
    [1, 1, 2, 2]
    """
    from scipy.sparse.csgraph import shortest_path

    where = homes(fabric)
    far = (
        shortest_path(graph_of_switches(fabric), unweighted=True, indices=where.leaves)
        if len(where.leaves)
        else np.zeros((0, 0))
    )
    hops = np.minimum(far, FAR).astype(np.int16).T
    out = np.zeros((fabric.switch_count, fabric.endpoint_count), np.uint16)
    lane = np.zeros(out.shape, np.uint8) if lanes else None
    for each, row in enumerate(rows_of_switches(fabric)):
        part = where.of_switch(each)
        leaf = where.leaf[part]
        if not len(leaf) or not len(row.port):
            continue
        turn = where.place[part] + ((leaf * 40503 + each * 60493) >> 3)  # mixed: neighbours start at different ways
        link = choose(hops[row.other] == hops[each] - 1, leaf, turn)
        out[each, where.endpoint[part]] = np.where(link >= 0, row.port[link], 0)
        if lane is not None:
            lane[each, where.endpoint[part]] = np.maximum(hops[each][leaf] - 1, 0)
    deliver(fabric, out)
    return Tables("minimal", out, lane)


def dragonfly_minimal(fabric: Fabric) -> Tables:
    """Route a dragonfly or dragonfly+ by at most one link between groups.

    Parameters
    ----------
    fabric : Fabric
        Switches in groups; every pair of groups that shall talk has a link.

    Returns
    -------
    Tables
        Inside a group by shortest ways; to another group by a link of the switch itself where it has one, else by the switch
        that has one, links taken in turn by destination. Two virtual lanes: 1 in the group of the destination, 0 before.

    Raises
    ------
    ValueError
        If the switches are in no groups.

    Notes
    -----
    Local, global, local: longer than the shortest way of the graph where two global links in a row would be shorter. Where a
    pair of groups has lost all its links, it is unreachable here; `minimal` finds the way by a third group. A switch without
    a link to a group hands its destinations to those that have, starting at another one from switch to switch.

    References
    ----------
    Kim, Dally, Scott and Abts, Technology-driven, highly-scalable dragonfly topology (ISCA 2008), section 4.1; virtual
    channels: figure 7.

    Examples
    --------
    Two groups of two routers with one endpoint each, and a link between routers 0 and 2: port 1 is the endpoint, 2 the other
    router of the group, 3 the other group.

    >>> from topologies.dragonfly import dragonfly
    >>> tables = dragonfly_minimal(dragonfly(1, 2, 1, groups=2, links_per_group_pair=1))
    >>> tables.out_port.tolist(), tables.virtual_lane.tolist()
    ([[1, 2, 3, 3], [2, 1, 2, 2], [3, 3, 1, 2], [2, 2, 2, 1]], [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]])
    """
    group = fabric.switches.group.astype(np.int64)
    require(bool((group >= 0).all()), "dragonfly_minimal needs switches in groups")
    where, rows = homes(fabric), rows_of_switches(fabric)
    out = np.zeros((fabric.switch_count, fabric.endpoint_count), np.uint16)
    home = where.leaves[where.leaf]
    number = np.empty(len(home), np.int64)  # of a destination in its group
    order = np.argsort(group[home], kind="stable")
    number[order] = np.arange(len(home)) - np.searchsorted(group[home][order], group[home][order])
    for each in np.unique(group):
        members = np.flatnonzero(group == each)
        place = np.zeros(fabric.switch_count, np.int64)
        place[members] = np.arange(len(members))
        inner = [_some(rows[switch], group[rows[switch].other] == each) for switch in members]
        outer = [_some(rows[switch], group[rows[switch].other] != each) for switch in members]
        hops = _hops_inside([place[row.other] for row in inner])
        gate = np.repeat(
            np.arange(len(members)), [len(row.port) for row in outer]
        )  # the member, for every link to other groups
        leads = np.concatenate([group[row.other] for row in outer])[:, None] == np.arange(int(group.max()) + 1)
        local = group[home] == each
        for switch, vertex in enumerate(members):
            near, far = inner[switch], outer[switch]
            # Make for the destination's own switch, or for the nearest that has a link to its group.
            away = np.where(leads, hops[switch][gate][:, None], FAR)
            link = choose((away == away.min(axis=0, initial=FAR)) & (away < FAR), group[home], number + switch)
            to = np.where(local, place[home], np.append(gate, -1)[link])
            good = hops[place[near.other]] == hops[switch] - 1
            way = choose(good, np.maximum(to, 0), number + switch)
            entry = np.where((to >= 0) & (way >= 0), np.append(near.port, 0)[way], 0)
            own = np.flatnonzero((to == switch) & ~local)
            entry[own] = far.port[choose(leads[gate == switch], group[home[own]], number[own])]
            out[vertex, where.endpoint] = entry
    deliver(fabric, out)
    lane = np.zeros(out.shape, np.uint8)
    lane[:, where.endpoint] = group[:, None] == group[home]
    return Tables("dragonfly-minimal", out, lane)


def _some(row: SwitchRow, wanted: NDArray[np.bool_]) -> SwitchRow:
    return SwitchRow(row.port[wanted], row.other[wanted])


def _hops_inside(neighbours: list[NDArray[np.int64]]) -> NDArray[np.int16]:
    """[M, M] Hops between the members of a group, from the neighbours of each."""
    from scipy.sparse.csgraph import shortest_path

    joined = np.zeros((len(neighbours), len(neighbours)))
    for member, others in enumerate(neighbours):
        joined[member, others] = 1
    return np.asarray(np.minimum(shortest_path(joined, unweighted=True), FAR), dtype=np.int16)


def dimension_order(fabric: Fabric) -> Tables:
    """Route a torus, mesh or HyperX along one dimension after the other, the first coordinate first.

    Parameters
    ----------
    fabric : Fabric
        Switches with coordinates, whose cables change one coordinate each. Along a dimension they may be a ring, a line or a
        full mesh, whole or with failures.

    Returns
    -------
    Tables
        Shortest ways where nothing has failed. Where a ring has an even number, the two equal ways round alternate. Rings make
        two virtual lanes: 1 while the dateline, between the last and the first coordinate, is still ahead. A row cut in two by
        failures makes destinations unreachable.

    Raises
    ------
    TopologyError
        If a cable changes several coordinates or none (a twisted torus): take `minimal` with lanes.

    References
    ----------
    Dally and Seitz, Deadlock-free message routing in multiprocessor interconnection networks (IEEE Trans. Computers 36, 1987),
    section 4: one order of dimensions, and two virtual channels on every ring.

    Examples
    --------
    Router (0, 0) of a 2 x 2 mesh with an endpoint in port 1 of each: to (1, 0) and (1, 1) along x, to (0, 1) along y.

    >>> from topologies.hyperx import hyperx
    >>> dimension_order(hyperx((2, 2), 1)).out_port[0].tolist()
    [1, 3, 2, 2]
    """
    where, rows = homes(fabric), rows_of_switches(fabric)
    spots = fabric.switches.coordinates.astype(np.int64)
    inner = np.minimum(fabric.cables.a, fabric.cables.b) >= fabric.endpoint_count
    ends = fabric.cables.a[inner] - fabric.endpoint_count, fabric.cables.b[inner] - fabric.endpoint_count
    wrong = np.flatnonzero((spots[ends[0]] != spots[ends[1]]).sum(axis=1) != 1)
    if len(wrong):
        label = fabric.label(int(np.flatnonzero(inner)[wrong[0]]))
        raise TopologyError(
            f"no order of dimensions: {label} does not change one coordinate; minimal routes it", reason="shape"
        )
    lines = [_hops_in_lines(spots, fabric.switches.plane, ends, dimension) for dimension in range(spots.shape[1])]

    out = np.zeros((fabric.switch_count, fabric.endpoint_count), np.uint16)
    lane = np.zeros(out.shape, np.uint8)
    homes_at = spots[where.leaves]
    for switch, row in enumerate(rows):
        part = where.of_switch(switch)
        leaf, place, endpoint = where.leaf[part], where.place[part], where.endpoint[part]
        here = spots[switch]
        differs = homes_at != here
        first = np.where(differs.any(axis=1), differs.argmax(axis=1), -1)[leaf]
        along = (spots[row.other] != here).argmax(axis=1) if len(row.other) else np.zeros(0, np.int64)
        for dimension, (line_of, hops) in enumerate(lines):
            chosen = np.flatnonzero(first == dimension)
            ports = _some(row, along == dimension)
            if not len(chosen) or not len(ports.port):
                continue
            at, line = int(here[dimension]), hops[line_of[switch]]
            target = homes_at[leaf[chosen], dimension]
            beside = spots[ports.other, dimension]
            # Equal ways alternate: from switch to switch, and with the other coordinates of the destination.
            key = place[chosen] + at + homes_at[leaf[chosen]].sum(axis=1) - target
            link = choose(line[beside] == line[at] - 1, target, key)
            chosen, target, link = chosen[link >= 0], target[link >= 0], link[link >= 0]
            out[switch, endpoint[chosen]] = ports.port[link]
            size = len(line)
            if line[line < FAR].max(initial=0) > 1:
                step = (beside[link] - at) % size
                ahead = ((step == 1) & (target < at)) | ((step == size - 1) & (target > at))
                lane[switch, endpoint[chosen]] = ahead
    deliver(fabric, out)
    return Tables("dimension-order", out, lane if lane.any() else None)


def _hops_in_lines(
    spots: NDArray[np.int64], plane: NDArray[np.int32], ends: tuple[NDArray[np.int32], NDArray[np.int32]], dimension: int
) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
    """[S] the line of every switch along a dimension, and [lines, k, k] hops between its places, inside the line."""
    others = np.column_stack([np.delete(spots, dimension, axis=1), plane])
    line_of = np.unique(others, axis=0, return_inverse=True)[1].reshape(-1)
    size = int(spots[:, dimension].max()) + 1
    along = spots[ends[0], dimension] != spots[ends[1], dimension]
    one, two = ends[0][along], ends[1][along]
    joined = np.zeros((int(line_of.max()) + 1, size, size), np.float32)
    joined[line_of[one], spots[one, dimension], spots[two, dimension]] = 1
    joined[line_of[one], spots[two, dimension], spots[one, dimension]] = 1
    hops = np.full(joined.shape, FAR, np.int16)
    reached = np.broadcast_to(np.eye(size, dtype=np.float32), joined.shape)
    for step in range(size):
        fresh = (reached > 0) & (hops == FAR)
        if not fresh.any():
            break
        hops[fresh] = step
        reached = fresh.astype(np.float32) @ joined
    return line_of, hops
