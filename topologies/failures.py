"""What lost cables and switches cost, and whom: injection, uplinks, partitions, bisection, rails, hosts and jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topologies.bisection import bisection_by_max_flow, halves_by_host
from topologies.errors import require
from topologies.fabric import NONE, Fabric, Ints

__all__ = ["Baseline", "Loss", "lose", "lose_random"]


@dataclass(frozen=True, eq=False)
class Loss:
    """What is left of a fabric after a failure; fractions are of the whole fabric, bandwidths in one direction.

    Attributes
    ----------
    cables_lost : int
        Dead cables, those of dead switches included.
    partitions : int
        Groups of endpoints that were connected and are not any more, beyond the first; endpoints cut off not counted.
    pairs_lost : int
        Pairs of endpoints that reached each other and do not any more, those with an endpoint cut off included.
    cut_off : array of int
        Endpoints that had a cable and have none left.
    endpoints_by_injection_left : dict of float to int
        Endpoints that lose injection, by the fraction they keep (0: cut off).
    hosts_by_injection_left : dict of float to int
        The same for hosts: the bandwidth of all endpoints of a host together.
    uplinks_left_fraction : float
        Bandwidth from the lowest tier to other switches (leaf uplinks) that is left; 1 where there is none.
    bisection_left_fraction : float or None
        What passes between the first and the second half of the hosts, over what passed before, by maximum flow; None if
        it was not asked for. 1 where nothing passed before.
    rails : tuple of int
        Rails of the dead cables and switches.
    hosts : array of int
        Hosts that lose injection.
    jobs_slowed : tuple of str
        Jobs that go on with less: a host loses injection, or uplinks are lost on a leaf of the job that has no endpoint of
        some of its hosts. What is lost further up spreads over all, and slows no job in this sense.
    jobs_stopped : tuple of str
        Jobs with a host that has no cable left or that reaches another host of the job by no pair of endpoints.
    """

    cables_lost: int
    partitions: int
    pairs_lost: int
    cut_off: Ints
    endpoints_by_injection_left: dict[float, int]
    hosts_by_injection_left: dict[float, int]
    uplinks_left_fraction: float
    bisection_left_fraction: float | None
    rails: tuple[int, ...]
    hosts: Ints
    jobs_slowed: tuple[str, ...] = ()
    jobs_stopped: tuple[str, ...] = ()

    def equal_but_for_place(self) -> tuple[object, ...]:
        """Return what two failures have in common that differ only in where they happen."""
        values = (self.cables_lost, self.partitions, self.pairs_lost, len(self.cut_off), len(self.rails), len(self.hosts))
        tables = (self.endpoints_by_injection_left, self.hosts_by_injection_left)
        left = None if self.bisection_left_fraction is None else round(self.bisection_left_fraction, 9)
        return (*values, *(tuple(table.items()) for table in tables), round(self.uplinks_left_fraction, 9), left)


def lose(
    fabric: Fabric,
    *,
    cables: NDArray[Any] | Iterable[int] = (),
    vertices: NDArray[Any] | Iterable[int] = (),
    plane: int | None = None,
    jobs: Mapping[str, Sequence[int]] | None = None,
    with_bisection: bool = True,
) -> Loss:
    """Tell what is left when cables, switches or a plane fail together.

    Parameters
    ----------
    fabric : Fabric
        The whole fabric.
    cables : iterable of int
        Numbers of dead cables.
    vertices : iterable of int
        Dead switches or endpoints, by vertex number.
    plane : int, optional
        A plane of which all switches and cables are dead.
    jobs : mapping of str to sequence of int, optional
        Running jobs: the hosts of each (indices into ``endpoints.host_names``).
    with_bisection : bool
        Whether to compute the bisection left (two maximum flows).

    Returns
    -------
    Loss
        What it costs, and whom.

    Raises
    ------
    ValueError
        If a number does not exist.

    Notes
    -----
    Endpoints do not forward: two of them are connected if switches join them, in any plane. With dual ToR an endpoint that
    lost its port in one plane and another that lost the other are not, though each reaches most of the others.

    References
    ----------
    Gill, Jain and Nagappan, Understanding Network Failures in Data Centers (SIGCOMM 2011): impact as the fraction of
    bandwidth left, per failure and with redundancy.

    Examples
    --------
    Four scalable units of 32 nodes lose a spine: 1/16 of the leaf uplinks, and nobody is cut off. Then a leaf: 32 nodes
    keep 7/8 of their injection.

    >>> from topologies.clos import fat_tree
    >>> fabric = fat_tree(128, 8, radix=64)
    >>> found = lose(fabric, vertices=[fabric.vertex_by_name["spine00"]])
    >>> found.uplinks_left_fraction, found.partitions, len(found.cut_off)
    (0.9375, 0, 0)
    >>> lose(fabric, vertices=[fabric.vertex_by_name["su00-rail0-leaf"]]).hosts_by_injection_left
    {0.875: 32}
    """
    return Baseline.of(fabric, with_bisection).lose(cables, vertices, plane, jobs)


def lose_random(
    fabric: Fabric,
    rng: np.random.Generator,
    *,
    cables: int = 0,
    switches: int = 0,
    jobs: Mapping[str, Sequence[int]] | None = None,
    with_bisection: bool = True,
) -> Loss:
    """Tell what is left when so many cables and switches fail, drawn without replacement.

    Parameters
    ----------
    fabric : Fabric
        The whole fabric.
    rng : numpy.random.Generator
        Where the numbers come from.
    cables, switches : int
        How many fail.
    jobs, with_bisection
        As for `lose`.

    Returns
    -------
    Loss
        What it costs, and whom.

    Raises
    ------
    ValueError
        If there are not so many.

    References
    ----------
    As for `lose`.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> lose_random(fat_tree(32, 8, radix=64), np.random.default_rng(1), cables=3).cables_lost
    3
    """
    require(0 <= cables <= len(fabric.cables), f"cables must be 0 to {len(fabric.cables)}")
    require(0 <= switches <= fabric.switch_count, f"switches must be 0 to {fabric.switch_count}")
    boxes = fabric.endpoint_count + rng.choice(fabric.switch_count, switches, replace=False)
    links = rng.choice(len(fabric.cables), cables, replace=False)
    return lose(fabric, cables=links, vertices=boxes, jobs=jobs, with_bisection=with_bisection)


def _dead(
    fabric: Fabric, cables: NDArray[Any] | Iterable[int], vertices: NDArray[Any] | Iterable[int], plane: int | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Mark all dead cables [C] and all dead vertices [V]."""
    dead, gone = np.zeros(len(fabric.cables), dtype=bool), np.zeros(fabric.vertex_count, dtype=bool)
    for marks, numbers, what in ((dead, cables, "cable"), (gone, vertices, "vertex")):
        chosen = np.asarray(numbers if isinstance(numbers, np.ndarray) else list(numbers), dtype=np.int64)
        require(not len(chosen) or (chosen.min() >= 0 and chosen.max() < len(marks)), f"a {what} of that number does not exist")
        marks[chosen] = True
    if plane is not None:
        of_plane = fabric.cables.plane == plane
        require(bool(of_plane.any()), f"there is no plane {plane}")
        dead |= of_plane
        gone[fabric.endpoint_count :] |= fabric.switches.plane == plane
    return dead | gone[fabric.cables.a] | gone[fabric.cables.b], gone


@dataclass(frozen=True, eq=False)
class Baseline:
    """What is the same for all failures of one fabric: make it once with `of`, then ask `lose` as often as needed."""

    fabric: Fabric
    injection: NDArray[np.float64]
    """[E] Bandwidth of the cables of every endpoint [Gbit/s]."""
    uplink: NDArray[np.bool_]
    """[C] Cables from the lowest tier to other switches."""
    pairs: int
    """Pairs of endpoints that reach each other."""
    partitions: int
    """Groups of endpoints that do not."""
    halves: tuple[NDArray[Any], NDArray[Any]]
    """Endpoints of the first and of the second half of the hosts."""
    passed: float | None
    """What passes between the halves [Gbit/s]; None if nobody asks."""

    @staticmethod
    def of(fabric: Fabric, with_bisection: bool = True) -> Baseline:
        """Look at a whole fabric."""
        tier = fabric.tier_of_vertex
        uplink = (tier[fabric.cables.a] == tier[tier > 0].min(initial=1)) & (tier[fabric.cables.b] > 0)
        parts = _parts(fabric)
        halves = halves_by_host(fabric)
        passed = bisection_by_max_flow(fabric, *halves) if with_bisection else None
        return Baseline(fabric, _injection(fabric), uplink, parts.connected_pairs, parts.count, halves, passed)

    def lose(
        self,
        cables: NDArray[Any] | Iterable[int] = (),
        vertices: NDArray[Any] | Iterable[int] = (),
        plane: int | None = None,
        jobs: Mapping[str, Sequence[int]] | None = None,
    ) -> Loss:
        """Tell what is left; parameters as for the function `lose`."""
        dead, gone = _dead(self.fabric, cables, vertices, plane)
        return self._lose(dead, gone, jobs or {})

    def _lose(self, dead: NDArray[np.bool_], gone: NDArray[np.bool_], jobs: Mapping[str, Sequence[int]]) -> Loss:
        fabric, cables = self.fabric, self.fabric.cables
        left = replace(fabric, cables=cables.take(~dead))
        parts = _parts(left)
        after = _injection(left)
        had = self.injection > 0
        hosts = len(fabric.endpoints.host_names)
        of_host, host_after = (
            np.bincount(fabric.endpoints.host, weights=each, minlength=hosts).astype(np.float64)
            for each in (self.injection, after)
        )
        less = host_after < of_host
        uplinks = float(cables.gbit_per_s[self.uplink].sum())
        uplinks_left = float(cables.gbit_per_s[self.uplink & ~dead].sum())
        passes: float | None = None
        if self.passed is not None:
            passes = bisection_by_max_flow(left, *self.halves) / self.passed if self.passed else 1.0
        rails = np.concatenate([cables.rail[dead], fabric.switches.rail[gone[fabric.endpoint_count :]]])
        slowed, stopped = _jobs(fabric, parts, self.uplink & dead, less, host_after, jobs)
        return Loss(
            cables_lost=int(dead.sum()),
            partitions=max(parts.count - self.partitions, 0),
            pairs_lost=self.pairs - parts.connected_pairs,
            cut_off=np.flatnonzero(had & (after == 0)).astype(np.int32),
            endpoints_by_injection_left=_by_fraction(self.injection, after),
            hosts_by_injection_left=_by_fraction(of_host, host_after),
            uplinks_left_fraction=uplinks_left / uplinks if uplinks else 1.0,
            bisection_left_fraction=passes,
            rails=tuple(np.unique(rails[rails != NONE]).tolist()),
            hosts=np.flatnonzero(less).astype(np.int32),
            jobs_slowed=slowed,
            jobs_stopped=stopped,
        )


def _injection(fabric: Fabric) -> NDArray[np.float64]:
    cables, ends = fabric.cables, fabric.endpoint_count
    both = np.concatenate([cables.a, cables.b]), np.tile(cables.gbit_per_s, 2)
    return np.bincount(both[0], weights=both[1], minlength=fabric.vertex_count)[:ends].astype(np.float64)


def _by_fraction(before: NDArray[np.float64], after: NDArray[np.float64]) -> dict[float, int]:
    less = after < before
    values, counts = np.unique(np.round(after[less] / before[less], 9), return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class _Parts:
    """Connected parts of the switches, and who is on which.

    Two endpoints reach each other if they are on a common part. Endpoints on the same parts make a *kind*.
    """

    kind: NDArray[Any]
    """[E] Kind of every endpoint; NONE for one without cables."""
    on: NDArray[np.bool_]
    """[kinds, parts]"""
    count: int
    """Groups of endpoints with cables of which no two reach each other, not even over others in between."""
    connected_pairs: int

    def reach(self, kinds: NDArray[Any], others: NDArray[Any]) -> bool:
        """Tell whether any of some kinds and any of others are on a common part."""
        return bool((self.on[kinds].any(axis=0) & self.on[others].any(axis=0)).any())


def _parts(fabric: Fabric) -> _Parts:
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    a, b, ends, boxes = fabric.cables.a, fabric.cables.b, fabric.endpoint_count, fabric.switch_count
    between = (a >= ends) & (b >= ends)
    rows, columns = a[between] - ends, b[between] - ends
    graph = csr_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(boxes, boxes))
    part = connected_components(graph, directed=False)[1] if boxes else np.zeros(0, np.int32)
    at_host = (a < ends) & (b >= ends)
    pairs = np.unique(a[at_host].astype(np.int64) * (boxes + 1) + part[b[at_host] - ends])
    endpoint, of_part = pairs // (boxes + 1), pairs % (boxes + 1)
    # Parts without endpoints do not matter; the others are numbered anew, and kinds are the sets of them that occur.
    used, of_part = np.unique(of_part, return_inverse=True)
    first = np.flatnonzero(np.diff(endpoint, prepend=-1))
    sets: dict[bytes, int] = {}
    kind, rows_of_kinds = np.full(ends, NONE), []
    sizes = np.diff(np.append(first, len(endpoint)))
    for size in np.unique(sizes).tolist():
        which = first[sizes == size]
        table = of_part[which[:, None] + np.arange(size)]
        distinct, label = np.unique(table, axis=0, return_inverse=True)
        kind[endpoint[which]] = len(sets) + label.ravel()
        for row in distinct:
            sets[row.tobytes()] = len(sets)
            rows_of_kinds.append(row)
    on = np.zeros((len(rows_of_kinds), len(used)), dtype=bool)
    for number, row in enumerate(rows_of_kinds):
        on[number, row] = True
    counts = np.bincount(kind[kind != NONE], minlength=len(on))
    meet = (on.astype(np.float32) @ on.T.astype(np.float32)) > 0
    ordered = int(counts @ meet @ counts) - int(counts.sum())
    groups = int(connected_components(csr_matrix(meet), directed=False)[0]) if len(on) else 0
    return _Parts(kind, on, groups, ordered // 2)


def _jobs(
    fabric: Fabric,
    parts: _Parts,
    lost_uplinks: NDArray[np.bool_],
    less: NDArray[np.bool_],
    host_after: NDArray[np.float64],
    jobs: Mapping[str, Sequence[int]],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tell which jobs go on with less, and which cannot go on."""
    ends, host = fabric.endpoint_count, fabric.endpoints.host
    cables = fabric.cables
    weak = np.zeros(fabric.vertex_count, dtype=bool)
    weak[cables.a[lost_uplinks]] = True
    weak[cables.b[lost_uplinks]] = True
    at_host = (cables.a < ends) & (cables.b >= ends)
    slowed, stopped = [], []
    for name, members in jobs.items():
        hosts = np.unique(np.asarray(members, dtype=np.int64))
        require(not len(hosts) or (hosts[0] >= 0 and hosts[-1] < len(less)), f"job {name} has a host that does not exist")
        kinds = [np.unique(parts.kind[(host == each) & (parts.kind != NONE)]) for each in hosts.tolist()]
        if (host_after[hosts] == 0).any() or not _all_meet(parts, kinds):
            stopped.append(name)
            continue
        mine = at_host & np.isin(host[np.minimum(cables.a, ends - 1)], hosts)
        leaves, on_leaf = np.unique(cables.b[mine], return_counts=True)
        # A leaf that has all of a job's endpoints of its rail carries that traffic alone, and needs no uplink.
        needs_uplinks = len(leaves) > 0 and bool((weak[leaves] & (on_leaf < len(hosts))).any())
        if less[hosts].any() or needs_uplinks:
            slowed.append(name)
    return tuple(slowed), tuple(stopped)


def _all_meet(parts: _Parts, kinds: list[NDArray[Any]]) -> bool:
    distinct = {tuple(each.tolist()): each for each in kinds}
    sets = list(distinct.values())
    return all(parts.reach(one, other) for number, one in enumerate(sets) for other in sets[:number])
