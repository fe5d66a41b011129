"""Bounds of the bisection of direct networks: how evenly their links carry what all routers send each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topologies.fabric import Fabric

__all__ = ["floor_of", "real_split"]

DENSE_MOST = 1500
"""Most switches for which eigenvalues are computed and splits are improved by exchange."""


def floor_of(fabric: Fabric, endpoints: NDArray[Any]) -> tuple[float, str]:
    """Bound the bisection from below.

    Parameters
    ----------
    fabric : Fabric
        A direct network, or a Dragonfly+; fully populated or not.
    endpoints : array of int
        The endpoints to split.

    Returns
    -------
    (float, str)
        Proven bandwidth in one direction [Gbit/s], 0 if nothing is known; and how it was found.

    Notes
    -----
    Any s of the R switches with endpoints are left by links of at least ``c * s * (R - s)``, where c is what all of them can
    send to each of the others at once. They hold at most ``s * p`` endpoints; what is missing to half of the endpoints pays
    with its own links. The smallest sum over s is the floor.

    References
    ----------
    Leighton, Introduction to Parallel Algorithms and Architectures (1992), section 1.9.

    Examples
    --------
    A ring of eight: two links, whatever the split.

    >>> from topologies.torus import torus
    >>> floor_of(torus((8,), gbit_per_s=100.0), np.arange(8))[0]
    200.0
    """
    count, ends = len(endpoints), fabric.endpoint_count
    at_host = np.isin(fabric.cables.a, endpoints)
    router = fabric.cables.b[at_host] - ends
    routers = int((fabric.switches.tier == 1).sum())
    single = (np.bincount(fabric.cables.a[at_host], minlength=ends)[endpoints] == 1).all() and router.min(initial=0) >= 0
    if not count or not single:
        return 0.0, "not known from below; splits by number and by coordinate"
    closed = _LOADS.get(fabric.topology)
    if closed and not fabric.parameters.get("twist"):
        load, rule = closed(fabric)
        each = 1 / load if load else np.inf
    elif routers == fabric.switch_count <= DENSE_MOST:
        each, rule = _second_eigenvalue(fabric) / routers, "second eigenvalue of the Laplacian (floor)"
    else:
        return 0.0, "not known from below; splits by number and by coordinate"
    own = float(fabric.cables.gbit_per_s[at_host].min())
    part = np.arange(routers // 2 + 1, dtype=np.float64)
    missing = np.maximum(count // 2 - part * int(np.bincount(router).max()), 0)
    between = np.where(part > 0, each * part * (routers - part), 0) if routers > 1 else np.zeros_like(part)
    return float((between + missing * own).min()), rule + ", splits by number and by coordinate (cut)"


def real_split(fabric: Fabric, endpoints: NDArray[Any]) -> float:
    """Find a narrow even split of some endpoints.

    Parameters
    ----------
    fabric : Fabric
        The fabric.
    endpoints : array of int
        The endpoints to split.

    Returns
    -------
    float
        What passes between the halves of the best of a few splits [Gbit/s]: by number, and by each coordinate of the
        switches; of small fabrics also after exchanging switches for as long as that makes the cut smaller.

    References
    ----------
    Kernighan and Lin, An Efficient Heuristic Procedure for Partitioning Graphs (1970): exchange of pairs.

    Examples
    --------
    >>> from topologies.torus import torus
    >>> real_split(torus((8,), gbit_per_s=100.0), np.arange(8))
    200.0
    """
    from topologies.bisection import bisection_by_max_flow

    ends = fabric.endpoint_count
    at_host = (fabric.cables.a < ends) & (fabric.cables.b >= ends)
    place = np.full(ends, -1)
    place[fabric.cables.a[at_host][::-1]] = fabric.cables.b[at_host][::-1] - ends
    if not len(endpoints) or (place[endpoints] < 0).any():
        return 0.0 if not len(endpoints) else _cut(fabric, endpoints, bisection_by_max_flow)
    coordinates = fabric.switches.coordinates[place[endpoints]]
    orders = [endpoints] + [endpoints[np.argsort(axis, kind="stable")] for axis in coordinates.T]
    best = min((_cut(fabric, order, bisection_by_max_flow), number) for number, order in enumerate(orders))
    if 1 < fabric.switch_count <= DENSE_MOST and len(np.unique(place[endpoints])) == fabric.switch_count:
        order = _exchanged(fabric, place, orders[best[1]])
        return min(best[0], _cut(fabric, order, bisection_by_max_flow))
    return best[0]


def _cut(fabric: Fabric, order: NDArray[Any], flow: Callable[..., float]) -> float:
    return flow(fabric, order[: len(order) // 2], order[len(order) // 2 :])


def _weights(fabric: Fabric) -> NDArray[np.float64]:
    """[S, S] Rate of the links between switches [Gbit/s]."""
    ends, boxes = fabric.endpoint_count, fabric.switch_count
    between = (fabric.cables.a >= ends) & (fabric.cables.b >= ends)
    a, b, rate = fabric.cables.a[between] - ends, fabric.cables.b[between] - ends, fabric.cables.gbit_per_s[between]
    matrix = np.bincount(a.astype(np.int64) * boxes + b, weights=rate, minlength=boxes * boxes).reshape(boxes, boxes)
    return np.asarray(matrix + matrix.T, dtype=np.float64)


def _exchanged(fabric: Fabric, place: NDArray[Any], order: NDArray[Any]) -> NDArray[Any]:
    """Exchange pairs of switches between the halves while that narrows the cut (Kernighan and Lin, one pair at a time)."""
    weights = _weights(fabric)
    ordered, first = np.unique(place[order], return_index=True)
    switches = ordered[np.argsort(first)]
    half = np.ones(len(weights))
    half[switches[len(switches) // 2 :]] = -1
    for _ in range(len(switches)):
        pull = -half * (weights @ half)  # rate to the other half less rate to one's own
        here, there = np.flatnonzero(half > 0), np.flatnonzero(half < 0)
        gain = pull[here][:, None] + pull[there][None] - 2 * weights[np.ix_(here, there)]
        row, column = np.unravel_index(int(gain.argmax()), gain.shape)
        if gain[row, column] <= 1e-9:
            break
        half[here[row]], half[there[column]] = -1, 1
    return order[np.argsort(-half[place[order]], kind="stable")]


def _second_eigenvalue(fabric: Fabric) -> float:
    weights = _weights(fabric)
    laplacian = np.diag(weights.sum(axis=1)) - weights
    return max(float(np.linalg.eigvalsh(laplacian)[1]), 0.0) if len(weights) > 1 else 0.0


def _between_groups(fabric: Fabric, of_group: int) -> tuple[float, float, float]:
    """Load of a global link, the most that is sent by the links of one switch, and their rate: all switches to all others."""
    ends, group = fabric.endpoint_count, fabric.switches.group
    links = fabric.cables.take(fabric.cables.layer == 2)
    if not len(links):
        return 0.0, 0.0, 1.0
    low, high = np.sort(np.stack([group[links.a - ends], group[links.b - ends]]), axis=0)
    fewest = int(np.unique(low.astype(np.int64) << 32 | high, return_counts=True)[1].min())
    at_switch = np.bincount(np.concatenate([links.a, links.b]))
    return of_group**2 / fewest, int(at_switch.max()) * of_group / fewest, float(links.gbit_per_s.min())


def _dragonfly(fabric: Fabric) -> tuple[float, str]:
    a = int(fabric.parameters["a"])
    of_global, through, rate = _between_groups(fabric, a)
    local = fabric.cables.gbit_per_s[fabric.cables.layer == 1]
    # A local link carries its own two routers' traffic, and what one of them sends and receives over the other's links.
    of_local = (1 + 2 * through) / float(local.min()) if len(local) else 0.0
    return max(of_global / rate, of_local), "minimal routes of all to all over local and global links (floor)"


def _dragonfly_plus(fabric: Fabric) -> tuple[float, str]:
    leaves, spines = int(fabric.parameters["leaves"]), int(fabric.parameters["spines"])
    of_global, through, rate = _between_groups(fabric, leaves)
    local = float(fabric.cables.gbit_per_s[fabric.cables.layer == 1].min())
    of_local = (through + (leaves - 1) / spines) / local
    return max(of_global / rate, of_local), "minimal routes of all to all over leaf-spine and global links (floor)"


def _hyperx(fabric: Fabric) -> tuple[float, str]:
    shape, links = fabric.parameters["shape"], fabric.parameters.get("links_per_pair", 1)
    parallel = [links] * len(shape) if isinstance(links, int) else links
    rate = _between(fabric)
    narrow = min((size * count for size, count in zip(shape, parallel, strict=True) if size > 1), default=0)
    load = int(np.prod(shape)) / narrow / rate if narrow else 0.0
    return load, "min(Si * Ki) * R / 4 links, the load of dimension order (floor)"


def _torus(fabric: Fabric) -> tuple[float, str]:
    shape, wrap = [int(size) for size in fabric.parameters.get("shape", (16, 16, 16))], fabric.parameters.get("wrap", True)
    wraps = [wrap] * len(shape) if isinstance(wrap, bool) else wrap
    count, loads = int(np.prod(shape)), [0.0]
    for size, wrapped in zip(shape, wraps, strict=True):
        # Pairs of a ring or line over its middle link, times the routers beside it. Two in a ring have a single link.
        pairs = size * size // 4
        loads.append(count / size * (pairs / 2 if wrapped and size > 2 else pairs))
    return max(loads) / _between(fabric), "load of dimension order over the middle of the longest dimension (floor)"


def _between(fabric: Fabric) -> float:
    """Tell the lowest rate of a link between switches [Gbit/s]."""
    return float(fabric.cables.gbit_per_s[fabric.cables.a >= fabric.endpoint_count].min(initial=np.inf))


_LOADS: dict[str, Callable[[Fabric], tuple[float, str]]] = {
    "dragonfly": _dragonfly,
    "dragonfly-plus": _dragonfly_plus,
    "hyperx": _hyperx,
    "torus": _torus,
    "optical-torus": _torus,
}
"""Highest load of a link over its rate when every router sends one unit to every other."""
