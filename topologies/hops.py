"""How far endpoints are from each other, and over how many shortest paths: exact, over classes of equal switches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topologies.errors import require
from topologies.fabric import Fabric

__all__ = ["Paths", "disjoint_paths", "shortest_paths"]


@dataclass(frozen=True)
class Paths:
    """Shortest paths between all pairs of endpoints, by length in links.

    A link is a cable from a port to a port, those of the endpoints included, as OpenSM counts: 2 on one leaf, 4 over a spine,
    6 over a core. Every one of several parallel cables is a path of its own. Endpoints do not forward.

    Attributes
    ----------
    pairs_by_links : dict of int to int
        Unordered pairs of endpoints by distance [links].
    paths_by_links : dict of int to (int, float, int)
        Number of shortest paths of a pair at that distance: fewest, mean, most.
    unreachable_pairs : int
        Unordered pairs without any path through switches.
    exact : bool
        Whether all sources were followed, or proven equal to one that was; otherwise evenly chosen ones stand for all.
    """

    pairs_by_links: dict[int, int]
    paths_by_links: dict[int, tuple[int, float, int]]
    unreachable_pairs: int
    exact: bool

    @property
    def diameter_links(self) -> int:
        """Longest distance between two endpoints that reach each other [links]; 0 where there is no such pair."""
        return max(self.pairs_by_links, default=0)

    @property
    def mean_links(self) -> float:
        """Mean distance of two different endpoints that reach each other [links]."""
        pairs = sum(self.pairs_by_links.values())
        return sum(links * count for links, count in self.pairs_by_links.items()) / pairs if pairs else 0.0

    @property
    def diameter_hops(self) -> int:
        """Longest distance in cables between switches: two less than in links."""
        return max(self.diameter_links - 2, 0)

    @property
    def mean_paths(self) -> float:
        """Mean number of shortest paths of a pair that has any."""
        pairs = sum(self.pairs_by_links.values())
        total = sum(count * self.paths_by_links[links][1] for links, count in self.pairs_by_links.items())
        return total / pairs if pairs else 0.0


def shortest_paths(fabric: Fabric, *, sources_max: int | None = None) -> Paths:
    """Measure distances and count shortest paths between all pairs of endpoints.

    Parameters
    ----------
    fabric : Fabric
        The fabric, whole or damaged.
    sources_max : int, optional
        Most classes of endpoints to start from. Where more are left, evenly chosen ones are taken and the result says so.
        Default: 4,096, and fewer with more than 50,000 cables, so that a second or so is enough.

    Returns
    -------
    Paths
        Pairs and paths by distance [links].

    Notes
    -----
    Switches with the same neighbours are one class: every leaf of a pod, every core of a group. Where a shift of the
    switches by one place in a coordinate is found to map every cable to a cable (a torus, the groups of a dragonfly), one
    switch of each orbit is enough. Both are checked on the cables, not assumed, so that a damaged fabric is measured as it
    is. From each class left, a breadth-first search carries the numbers of paths along.

    References
    ----------
    OpenSM (osmtest, ibroute): hops counted from CA to CA. Al-Fares et al. (SIGCOMM 2008): (k/2)**2 shortest paths between
    the pods of a k-ary fat tree.

    Examples
    --------
    A 4-ary fat tree: 16 endpoints, (4/2)**2 = 4 paths of 6 links between pods.

    >>> from topologies.xgft import xgft
    >>> paths = shortest_paths(xgft((2, 2, 4), (1, 2, 2)))
    >>> paths.pairs_by_links, paths.paths_by_links[6]
    ({2: 8, 4: 16, 6: 96}, (4, 4.0, 4))
    """
    most = max(16, min(4096, 200_000_000 // (len(fabric.cables) + 1))) if sources_max is None else sources_max
    require(most >= 1, "sources_max must be at least 1")
    count = fabric.endpoint_count
    if not count or not fabric.switch_count:
        return Paths({}, {}, count * (count - 1) // 2, exact=True)
    quotient = _Quotient.of(fabric)
    labels = quotient.orbits(fabric)
    _, first, label = np.unique(labels, return_index=True, return_inverse=True)
    weight = np.bincount(label, weights=quotient.endpoints)
    exact = len(first) <= most
    if not exact:
        first = first[np.linspace(0, len(first) - 1, most).round().astype(np.int64)]
        weight = quotient.endpoints[first] * (count / quotient.endpoints[first].sum())

    found: dict[int, list[float]] = {}  # pairs, paths, fewest, most
    chunk = max(1, min(256, 20_000_000 // max(len(quotient.size), len(quotient.endpoints))))
    for begin in range(0, len(first), chunk):
        _follow(quotient, first[begin : begin + chunk], weight[begin : begin + chunk], found)
    pairs = {links: round(values[0] / 2) for links, values in sorted(found.items())}
    paths = {links: (round(low), total / number, round(most)) for links, (number, total, low, most) in sorted(found.items())}
    return Paths(pairs, paths, count * (count - 1) // 2 - sum(pairs.values()), exact)


def disjoint_paths(fabric: Fabric, source: int, target: int) -> int:
    """Count the paths between two endpoints that share no cable.

    Parameters
    ----------
    fabric : Fabric
        The fabric.
    source, target : int
        Two different endpoints.

    Returns
    -------
    int
        Paths, at most the cables of either endpoint: a single cable is always the narrowest place.

    References
    ----------
    Menger's theorem: as many as the cables whose loss can part the two.

    Examples
    --------
    A NIC with a port in each of two planes.

    >>> from topologies.xgft import xgft
    >>> disjoint_paths(xgft((4, 4), (2, 2)), 0, 15)
    2
    """
    require(0 <= source != target >= 0, "source and target must be two endpoints")
    require(max(source, target) < fabric.endpoint_count, "source and target must be endpoints")
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_flow

    a, b, ends = fabric.cables.a, fabric.cables.b, fabric.endpoint_count
    keep = ((a >= ends) | (a == source) | (a == target)) & ((b >= ends) | (b == source) | (b == target))
    rows, columns = np.concatenate([a[keep], b[keep]]), np.concatenate([b[keep], a[keep]])
    graph = csr_matrix((np.ones(len(rows), np.int32), (rows, columns)), shape=(fabric.vertex_count,) * 2)
    return int(maximum_flow(graph, source, target).flow_value)


@dataclass(frozen=True, eq=False)
class _Quotient:
    """A fabric with equal switches and equal endpoints put together: Q classes of switches, T types of endpoints."""

    size: NDArray[np.float64]
    """[Q] Switches of each class."""
    step: Any
    """[Q, Q] Cables between a switch of one class and one of another, sparse."""
    reach: Any
    """[T, Q] Cables from an endpoint to switches of each class, sparse."""
    endpoints: NDArray[np.float64]
    """[T] Endpoints of each type."""
    bundle: NDArray[np.float64]
    """[T] Endpoints on exactly the same switches as one of them, itself included."""
    own_paths: NDArray[np.float64]
    """[T] Paths of two links between two of these."""
    alone: bool
    """Whether no switch has endpoints of two bundles: then leaves may be of one class and still be told apart."""
    type_of_switch: NDArray[Any]
    """[S] The type of the endpoints on a switch, or -1."""
    links: Any
    """[S, S] Cables between switches, sparse."""

    @staticmethod
    def of(fabric: Fabric) -> _Quotient:
        from scipy.sparse import csr_matrix

        a, b, ends, boxes = fabric.cables.a, fabric.cables.b, fabric.endpoint_count, fabric.switch_count
        low, high = (a < ends) & (b >= ends), (a >= ends) & (b >= ends)
        at = csr_matrix((np.ones(int(low.sum())), (a[low], b[low] - ends)), shape=(ends, boxes))
        rows, columns = a[high] - ends, b[high] - ends
        both = np.concatenate([rows, columns]), np.concatenate([columns, rows])
        links = csr_matrix((np.ones(len(both[0])), both), shape=(boxes, boxes))

        bundle_of, bundle_first = _equal_rows(at)
        bundle = np.bincount(bundle_of)
        on = at[bundle_first]  # [bundles, S]
        bundles_of_switch = np.bincount(on.indices, minlength=boxes)
        alone = bool(bundles_of_switch.max(initial=0) <= 1)
        class_of, class_first = _equal_rows(links)
        if not alone:
            class_of = np.where(bundles_of_switch > 0, boxes + np.arange(boxes), class_of)
            _, class_first, class_of = np.unique(class_of, return_index=True, return_inverse=True)
        member = csr_matrix((np.ones(boxes), (np.arange(boxes), class_of)), shape=(boxes, len(class_first)))
        reach = (on @ member).tocsr()
        # Bundles of one type also have as many endpoints: put that in a column of its own.
        type_of, type_first = _equal_rows(reach, bundle)
        of_bundle = np.full(boxes, -1)
        of_bundle[on.indices] = np.repeat(type_of, np.diff(on.indptr))
        return _Quotient(
            size=np.bincount(class_of).astype(np.float64),
            step=links[class_first][:, class_first].tocsr(),
            reach=reach[type_first],
            endpoints=np.bincount(type_of, weights=bundle).astype(np.float64),
            bundle=bundle[type_first].astype(np.float64),
            own_paths=np.asarray(on.multiply(on).sum(axis=1)).ravel()[type_first],
            alone=alone,
            type_of_switch=of_bundle,
            links=links,
        )

    def orbits(self, fabric: Fabric) -> NDArray[Any]:
        """[T] Number the types so that those are equal which a proven shift of the switches maps to each other."""
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import connected_components

        types, boxes = len(self.endpoints), fabric.switch_count
        own = np.arange(types)
        if types == 1 or not (self.alone and self.reach.getnnz(axis=1).max() == 1 and self.reach.data.max() == 1):
            return own
        load = np.where(self.type_of_switch >= 0, self.bundle[self.type_of_switch], 0)
        places = np.column_stack([fabric.switches.tier, fabric.switches.coordinates]).astype(np.int64)
        places -= places.min(axis=0)
        extent = places.max(axis=0) + 1
        key = np.ravel_multi_index(tuple(places.T), tuple(extent))
        order = np.argsort(key)
        if (np.diff(key[order]) == 0).any():
            return own
        pairs = [(own, own)]
        for axis in range(1, places.shape[1]):
            moved = places.copy()
            moved[:, axis] = (moved[:, axis] + 1) % extent[axis]
            target = np.ravel_multi_index(tuple(moved.T), tuple(extent))
            image = order[np.minimum(np.searchsorted(key[order], target), boxes - 1)]
            if not (np.array_equal(key[image], target) and np.array_equal(load[image], load)):
                continue
            if (self.links[image][:, image] != self.links).nnz == 0:
                here = self.type_of_switch >= 0
                pairs.append((self.type_of_switch[here], self.type_of_switch[image[here]]))
        rows, columns = (np.concatenate(each) for each in zip(*pairs, strict=True))
        graph = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(types, types))
        return np.asarray(connected_components(graph, directed=False)[1])


def _equal_rows(matrix: Any, also: NDArray[Any] | None = None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Give equal rows of a sparse matrix equal numbers, and tell the first of each: by hash, then checked entry by entry."""
    matrix.sum_duplicates()
    length = np.diff(matrix.indptr)
    column = also if also is not None else np.zeros(len(length), np.int64)
    for seed in range(8):
        salt = np.random.default_rng(seed).integers(1, 2**63, size=matrix.shape[1] + 2, dtype=np.uint64)
        terms = np.concatenate([[np.uint64(0)], salt[matrix.indices] * matrix.data.astype(np.uint64)])
        sums = np.cumsum(terms, dtype=np.uint64)
        key = sums[matrix.indptr[1:]] - sums[matrix.indptr[:-1]]
        key += salt[-1] * length.astype(np.uint64) + salt[-2] * column.astype(np.uint64)
        _, first, label = np.unique(key, return_index=True, return_inverse=True)
        twin = first[label]
        if not (np.array_equal(length, length[twin]) and np.array_equal(column, column[twin])):
            continue
        offset = np.repeat(matrix.indptr[twin] - matrix.indptr[:-1], length)
        other = np.arange(len(matrix.indices)) + offset
        same = np.array_equal(matrix.indices, matrix.indices[other]) and np.array_equal(matrix.data, matrix.data[other])
        if same:
            return label, first
    raise AssertionError("rows of equal hash differ under every salt")


def _follow(quotient: _Quotient, sources: NDArray[Any], weight: NDArray[Any], found: dict[int, list[float]]) -> None:
    """Search breadth first from one endpoint of each source type; add pairs and paths by links to what was found."""
    classes, types = len(quotient.size), len(quotient.endpoints)
    places = np.arange(len(sources))
    front = quotient.reach[sources].toarray().T  # [Q, sources] paths to one switch of a class
    seen = np.zeros((classes, len(sources)), dtype=bool)
    met = np.zeros((types, len(sources)), dtype=bool)
    wanted = np.repeat(quotient.endpoints[:, None], len(sources), axis=1)
    wanted[sources, places] -= quotient.bundle[sources] if quotient.alone else 1
    links = 2
    if quotient.alone:
        pairs = weight * (quotient.bundle[sources] - 1) * (quotient.own_paths[sources] > 0)
        _add(found, 2, pairs, quotient.own_paths[sources])
        front, links = quotient.step.T @ front, 3
    while True:
        front[seen] = 0
        here = front > 0
        if not here.any():
            return
        seen |= here
        arrived = quotient.reach @ front
        arrived[met] = 0
        new = arrived > 0
        met |= new
        _add(found, links, (wanted * weight)[new], arrived[new])
        front, links = quotient.step.T @ (front * quotient.size[:, None]), links + 1


def _add(found: dict[int, list[float]], links: int, pairs: NDArray[Any], paths: NDArray[Any]) -> None:
    some = pairs > 0
    pairs, paths = pairs[some], paths[some]
    if len(pairs):
        total = found.setdefault(links, [0.0, 0.0, np.inf, 0.0])
        total[0] += float(pairs.sum())
        total[1] += float((pairs * paths).sum())
        total[2] = min(total[2], float(paths.min()))
        total[3] = max(total[3], float(paths.max()))
