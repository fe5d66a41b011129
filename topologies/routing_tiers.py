"""Forwarding tables of fat trees and other tiers: up, then down."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topologies._tables import FAR, SwitchRow, Tables, choose, deliver, graph_of_switches, homes, rows_of_switches
from topologies.errors import TopologyError, require
from topologies.fabric import Fabric, next_ports

__all__ = ["d_mod_k", "up_down"]


def d_mod_k(fabric: Fabric) -> Tables:
    """Route a fat tree by destination number: every destination comes down on its own cables.

    Parameters
    ----------
    fabric : Fabric
        Tiers whose cables join neighbouring tiers only; planes, rails, parallel cables, partly filled leaves as they come.

    Returns
    -------
    Tables
        Complete where the fabric is; see `up_down` for one with failures.

    Raises
    ------
    TopologyError
        If a cable joins other than neighbouring tiers: no fat tree.

    Notes
    -----
    Destinations are numbered leaf by leaf and pod by pod (not by endpoint number, which rails stride). What has the number j
    leaves every leaf with w parents and p cables to each by upward cable ``q = j mod w p``, to parent ``q mod w``; the next
    tier takes ``floor(j / w)`` in place of j, and so on. On the way down, destinations take parallel cables in turn. So, in a
    full tree without oversubscription, all-to-all loads all cables of a layer equally, and a shift (i to i + k) puts at most
    one flow on each. With dual ToR a destination comes down by one of its two leaves only.

    References
    ----------
    Zahavi, Fat-tree routing and node ordering providing contention free traffic for MPI global collectives (J. Parallel
    and Distributed Computing 72, 2012), section 4.

    Examples
    --------
    Two leaves of two endpoints and two spines: leaf 0 delivers 0 and 1 by ports 1 and 2, and sends 2 (even) by its first
    upward port, 3 (odd) by its second. Spine 0, the third row, has leaf 1 in port 2.

    >>> from topologies.xgft import xgft
    >>> d_mod_k(xgft((2, 2), (1, 2))).out_port.tolist()
    [[1, 2, 3, 4], [3, 4, 1, 2], [1, 1, 2, 2], [1, 1, 2, 2]]
    """
    tier = fabric.tier_of_vertex
    step = tier[fabric.cables.b] - tier[fabric.cables.a]
    wrong = np.flatnonzero((np.abs(step) != 1) & (np.minimum(tier[fabric.cables.a], tier[fabric.cables.b]) > 0))
    if len(wrong):
        raise TopologyError(
            f"no fat tree: {fabric.label(int(wrong[0]))} joins other than neighbouring tiers; up_down routes any tiers",
            reason="shape",
        )
    return _by_tiers(fabric, fabric.switches.tier, "d-mod-k")


def up_down(fabric: Fabric, root: int | None = None) -> Tables:
    """Route up, then down, never up again: free of credit loops on any graph.

    Parameters
    ----------
    fabric : Fabric
        Tiers, with dead cables and switches or without; or a direct network (all switches in tier 1).
    root : int, optional
        Vertex of a switch: up is then towards it. Default: up is towards the higher tier; in a direct network, towards the
        first switch with the most neighbours.

    Returns
    -------
    Tables
        Every switch sends down what it reaches going down only, else up by a shortest way. In a fat tree without failures these
        are the tables of `d_mod_k`.

    Notes
    -----
    Between switches of one tier, or as far from the root, up is towards the higher vertex number. An endpoint of which only
    its second switch (dual ToR) could be reached by an up-down way counts as unreachable from there. Ways in direct
    networks are not the shortest.

    References
    ----------
    Schroeder et al., Autonet: a high-speed, self-configuring local area network using point-to-point links (IEEE JSAC 9,
    1991), section 4.2.

    Examples
    --------
    Spine 0 has lost leaf 1: leaf 0 sends both of its endpoints by spine 1.

    >>> from topologies.xgft import xgft
    >>> up_down(xgft((2, 2), (1, 2)).without(cables=[6])).out_port.tolist()
    [[1, 2, 4, 4], [4, 4, 1, 2], [1, 1, 0, 0], [1, 1, 2, 2]]
    """
    if root is not None:
        require(fabric.endpoint_count <= root < fabric.vertex_count, f"root must be the vertex of a switch, not {root}")
    inner = fabric.cables.a >= fabric.endpoint_count
    if root is None and (fabric.switches.tier.max(initial=1) > 1 or not inner.any()):
        return _by_tiers(fabric, fabric.switches.tier, "up-down")
    from scipy.sparse.csgraph import shortest_path

    if root is None:
        root = fabric.endpoint_count + int(np.argmax([len(np.unique(row.other)) for row in rows_of_switches(fabric)]))
    far = shortest_path(graph_of_switches(fabric), unweighted=True, indices=root - fabric.endpoint_count)
    return _by_tiers(fabric, -np.minimum(far, fabric.switch_count), "up-down")


def _in_turn(row: SwitchRow, wanted: NDArray[np.bool_]) -> SwitchRow:
    """Order some links of a switch so that neighbours in turn get one each before any gets a second."""
    other = row.other[wanted]
    order = np.lexsort((row.port[wanted], next_ports(other, 0)))
    return SwitchRow(row.port[wanted][order], other[order])


def _by_tiers(fabric: Fabric, height: NDArray[np.int32] | NDArray[np.float64], engine: str) -> Tables:
    """Make up-down tables, switch by switch from the bottom; see the Notes of `d_mod_k`."""
    where = homes(fabric)
    count, leaves = fabric.switch_count, len(where.leaves)
    order = np.lexsort((np.arange(count), height))
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    rows = rows_of_switches(fabric)
    ups = [_in_turn(row, rank[row.other] > rank[each]) for each, row in enumerate(rows)]
    downs = [_in_turn(row, rank[row.other] < rank[each]) for each, row in enumerate(rows)]

    # Links to every leaf: going down only, and going up first where that is impossible.
    down = np.full((count, leaves), FAR, np.int16)
    down[where.leaves, np.arange(leaves)] = 0
    for each in order:
        if len(downs[each].other):
            np.minimum(down[each], down[np.unique(downs[each].other)].min(axis=0) + 1, out=down[each])
    np.minimum(down, FAR, out=down)
    total = down.copy()
    for each in order[::-1]:
        if len(ups[each].other):
            way = np.minimum(total[np.unique(ups[each].other)].min(axis=0) + 1, FAR)
            total[each] = np.where(down[each] < FAR, down[each], way)

    out = np.zeros((count, fabric.endpoint_count), np.uint16)
    most = int(np.diff(where.start).max(initial=0))
    passes = np.zeros((count, most), np.uint16)  # by how many leaves it is sent up to here
    passes[where.leaves] = 1
    for each in order:
        part = where.of_switch(each)
        leaf, width = where.leaf[part], part.stop - part.start
        if not width:
            continue
        passing = passes[each, :width] > 0
        # Beside what all leaves send here, some is from one that has lost a cable: it must not put the others out of step.
        most_here = passes[each, :width] > passes[each, :width].max() // 2
        # Its number among those that come this way.
        key = np.where(most_here, np.cumsum(most_here), np.cumsum(passing)) - passing
        below, reached = down[each][leaf] < FAR, total[each][leaf] < FAR
        entry = np.zeros(width, np.uint16)
        above = ups[each]
        if len(above.port):
            good = (total[above.other] == total[each] - 1) | (down[each] < FAR)
            link = choose(good, leaf, key)
            entry = np.where(reached, above.port[link], 0).astype(np.uint16)
            sent = np.flatnonzero(reached & passing)
            passes[above.other[link[sent]], sent] += passes[each, sent]
        if len(downs[each].port) and below.any():
            entry[below] = _down_ports(downs[each], down, int(each), leaf, key, most_here, passing)[below]
        out[each, where.endpoint[part]] = entry
    deliver(fabric, out)
    return Tables(engine, out)


def _down_ports(
    below: SwitchRow,
    down: NDArray[np.int16],
    switch: int,
    leaf: NDArray[np.int64],
    key: NDArray[np.int64],
    most_here: NDArray[np.bool_],
    passing: NDArray[np.bool_],
) -> NDArray[np.uint16]:
    """Give every destination below a switch a port: the child first, then one of the cables to it in turn."""
    children, child_of_link = np.unique(below.other, return_inverse=True)
    child = choose(down[children] == down[switch] - 1, leaf, key)
    by_child = np.argsort(child_of_link, kind="stable")
    cables = np.bincount(child_of_link)
    first = np.cumsum(cables) - cables
    # Deal the cables to a child: first to what all send here, then to what some do, then to what would after a failure.
    group = (3 * child + ~most_here + ~passing).astype(np.int16)
    order = np.argsort(group, kind="stable")
    size = np.bincount(group + 3, minlength=3 * len(children) + 3)  # child -1: none leads there
    turn = np.empty(len(group), np.int64)
    turn[order] = np.arange(len(group)) - np.repeat(np.cumsum(size) - size, size)
    return below.port[by_child[first[child] + turn % cables[child]]].astype(np.uint16)
