"""Bisection bandwidth: what the narrowest even split of the endpoints lets through, between a proven floor and a real cut."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from topologies.clos_counts import FatTree, fat_tree_of_nics
from topologies.errors import require
from topologies.fabric import ENDPOINT_KINDS, Fabric

__all__ = ["Bisection", "bisection", "bisection_by_max_flow", "counts_of", "halves_by_host", "host_endpoints_of"]


@dataclass(frozen=True)
class Bisection:
    """Bandwidth between two halves of the endpoints in one direction, for the worst even split.

    Attributes
    ----------
    gbit_per_s : float
        Proven for every even split [Gbit/s]; 0 where nothing is known.
    at_most_gbit_per_s : float
        What a real split lets through [Gbit/s]: no bisection is above it.
    rule : str
        How both were found.
    """

    gbit_per_s: float
    at_most_gbit_per_s: float
    rule: str

    @property
    def exact(self) -> bool:
        """Whether the floor and the cut meet: then it is the bisection."""
        return math.isclose(self.gbit_per_s, self.at_most_gbit_per_s, rel_tol=1e-9, abs_tol=1e-9)


def bisection(fabric: Fabric) -> Bisection:
    """Tell the bisection bandwidth of a fabric as designed.

    Parameters
    ----------
    fabric : Fabric
        A whole fabric: for the regular families its recipe is read, not every cable. What a damaged one lets through tells
        `bisection_by_max_flow`.

    Returns
    -------
    Bisection
        In one direction [Gbit/s], between halves of the hosts' endpoints (managers and service ports left out; of an odd
        number, one half has one more), switches on either side.

    Notes
    -----
    Clos fabrics: switches on top of the same subtree are interchangeable, so the fabric passes as much as the tree in which
    they are one. A subtree passes at most ``min(what its parts pass, its uplinks)``; filling the narrowest parts first bounds
    every split from below, filling whole subtrees is a real split.

    Direct networks: if all pairs of endpoints can exchange x at once, a split of N passes at least ``x * (N/2)**2``; x follows
    from the load of minimal routes in closed form (dragonfly, HyperX, torus) or from the second eigenvalue of the
    Laplacian (others up to 3,000 switches). Real splits run along the coordinates.

    References
    ----------
    Dally and Towles, Principles and Practices of Interconnection Networks (2004), section 3.3.1. Leighton, Introduction to
    Parallel Algorithms and Architectures (1992), section 1.9: embedding the complete graph. Fiedler, Algebraic
    Connectivity of Graphs (1973).

    Examples
    --------
    Four scalable units: 1,024 endpoints of 400 Gbit/s, 512 of them on each side.

    >>> from topologies.clos import fat_tree
    >>> found = bisection(fat_tree(128, 8, radix=64))
    >>> found.gbit_per_s, found.exact
    (204800.0, True)
    """
    rule = _RULES.get(fabric.topology, _of_graph)
    return rule(fabric) if fabric.population is None or _holds_populated(fabric) else _of_graph(fabric)


def bisection_by_max_flow(
    fabric: Fabric, side: NDArray[Any] | Iterable[int], other: NDArray[Any] | Iterable[int] | None = None
) -> float:
    """Compute what passes from some endpoints to others in one direction: the smallest cut between them.

    Parameters
    ----------
    fabric : Fabric
        The fabric, whole or damaged.
    side, other : iterable of int
        Endpoints that send and that receive. Default of `other`: all that do not send. Endpoints in neither do nothing, and
        none forwards for others.

    Returns
    -------
    float
        Maximum flow [Gbit/s].

    References
    ----------
    Ford and Fulkerson, Maximal Flow through a Network (1956).

    Examples
    --------
    Two leaves of four endpoints, with one uplink to each of two spines.

    >>> from topologies.xgft import xgft
    >>> bisection_by_max_flow(xgft((4, 2), (1, 2)), range(4))
    800.0
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_flow

    ends, boxes = fabric.endpoint_count, fabric.switch_count
    role = np.zeros(fabric.vertex_count, np.int8)
    role[:ends] = 2 if other is None else 0
    role[np.asarray(list(other or ()) if not isinstance(other, np.ndarray) else other, dtype=np.int64)] = 2
    role[np.asarray(list(side) if not isinstance(side, np.ndarray) else side, dtype=np.int64)] = 1
    require(not role[ends:].any(), "side and other must be endpoints")
    a, b, rate = fabric.cables.a, fabric.cables.b, fabric.cables.gbit_per_s
    # Every endpoint of a side is the source itself (or the sink); what is not a switch and has no role is left out.
    place = np.where(role == 1, boxes, np.where(role == 2, boxes + 1, -1))
    place[ends:] = np.arange(boxes)
    rows, columns = place[a], place[b]
    keep = (rows >= 0) & (columns >= 0) & (rows != columns)
    if not keep.any():
        return 0.0
    rows, columns, rate = rows[keep], columns[keep], rate[keep]
    unit = _unit(fabric)
    whole = np.round(rate / unit).astype(np.int64)
    require(2 * int(whole.sum()) < 2**31, "the rates have too small a common divisor for flows in whole numbers")
    both = np.concatenate([rows, columns]), np.concatenate([columns, rows])
    graph = csr_matrix((np.tile(whole.astype(np.int32), 2), both), shape=(boxes + 2, boxes + 2))
    return float(maximum_flow(graph, boxes, boxes + 1).flow_value) * unit


def halves_by_host(fabric: Fabric) -> tuple[NDArray[Any], NDArray[Any]]:
    """Split the hosts in two halves by number, and list the endpoints of both.

    Returns
    -------
    (array of int, array of int)
        Endpoints of the first and of the second half; managers and service ports are in neither.

    References
    ----------
    Dally and Towles (2004), section 3.3.1: a bisection halves the nodes.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> [half.tolist() for half in halves_by_host(fat_tree(4, 2, radix=8))]
    [[0, 1, 2, 3], [4, 5, 6, 7]]
    """
    traffic = host_endpoints_of(fabric)
    hosts = np.unique(fabric.endpoints.host[traffic])
    middle = hosts[len(hosts) // 2] if len(hosts) else 0
    first = fabric.endpoints.host[traffic] < middle
    return traffic[first], traffic[~first]


def host_endpoints_of(fabric: Fabric) -> NDArray[Any]:
    """List the endpoints of hosts: all but ports of managers and of service leaves.

    Returns
    -------
    array of int
        Endpoints, ascending.

    References
    ----------
    NVIDIA DGX SuperPOD reference architecture (RA-11333-001), Table 4: ports of fabric managers are counted apart.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> host_endpoints_of(fat_tree(3, 1, radix=8, extra_links=2)).tolist()
    [0, 1, 2]
    """
    apart = [ENDPOINT_KINDS.index(kind) for kind in ("manager", "service")]
    return np.flatnonzero(~np.isin(fabric.endpoints.kind, apart))


def counts_of(fabric: Fabric) -> FatTree:
    """Count a fabric of `topologies.clos.fat_tree` from its recipe.

    Returns
    -------
    FatTree
        Its "host" is what has a port on each leaf of a unit; see `topologies.clos_counts.fat_tree_of_nics`.

    References
    ----------
    See `topologies.clos_counts.fat_tree_counts`.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> counts_of(fat_tree(96, 8, radix=64)).leaf_spine_links
    768
    """
    of_cables = ("gbit_per_s", "links_per_port", "others")
    return fat_tree_of_nics(**{name: value for name, value in fabric.parameters.items() if name not in of_cables})


class _Branch(NamedTuple):
    """Part of a capacitated tree: its endpoints, the capacity to what is above it, and its parts with their number."""

    endpoints: int
    up: float
    parts: tuple[tuple[_Branch, int], ...] = ()


def _joined(up: float, *parts: tuple[_Branch, int]) -> _Branch:
    return _Branch(sum(part.endpoints * count for part, count in parts), up, tuple(each for each in parts if each[1]))


def _slopes(branch: _Branch) -> list[tuple[float, int]]:
    """Capacity an endpoint at least, and for how many endpoints, the lowest first: no cut of this branch costs less."""
    if not branch.parts:
        return [(branch.up, branch.endpoints)]
    pieces: dict[float, int] = {}
    for part, count in branch.parts:
        for slope, endpoints in _slopes(part):
            pieces[slope] = pieces.get(slope, 0) + endpoints * count
    scale = min(1.0, branch.up / sum(slope * endpoints for slope, endpoints in pieces.items()))
    return sorted((slope * scale, endpoints) for slope, endpoints in pieces.items())


def _greedy(branch: _Branch, cut: int) -> float:
    """Capacity of a real cut that parts some endpoints of a branch from what is above it: whole parts first."""
    if cut == 0:
        return 0.0
    if not branch.parts:
        return branch.up * min(cut, 1)
    return min(_greedy_parts(branch, cut), branch.up + _greedy_parts(branch, branch.endpoints - cut))


def _greedy_parts(branch: _Branch, cut: int) -> float:
    total = 0.0
    for part, count in sorted(branch.parts, key=lambda each: _greedy(each[0], each[0].endpoints) / each[0].endpoints):
        whole = min(count, cut // part.endpoints)
        total += whole * _greedy(part, part.endpoints)
        cut -= whole * part.endpoints
        if whole < count and cut:
            rest = min(cut, part.endpoints)
            total, cut = total + _greedy(part, rest), cut - rest
    return total


def _of_tree(root: _Branch, unit: float, rule: str) -> Bisection:
    """Bound the bisection of a tree of which all capacities are multiples of a unit."""
    half = root.endpoints // 2
    floor, left = 0.0, half
    for slope, endpoints in _slopes(root):
        floor, left = floor + slope * min(left, endpoints), left - min(left, endpoints)
    floor = math.ceil(floor / unit - 1e-9) * unit
    return Bisection(floor, max(_greedy_parts(root, half), floor), rule)


def _holds_populated(fabric: Fabric) -> bool:
    """Tell whether the rule of a family, which looks at the leaves as they are, holds for this partly populated one."""
    population, recipe = fabric.population or {}, fabric.parameters
    if fabric.topology not in ("fat-tree", "rail-only"):
        return fabric.topology == "xgft"
    nics, rails = population["hosts"] * population["nics_per_host"], recipe.get("nics_per_host", 1)
    # Ports of managers and services have no place in the tree; rails that are not joined must be equally full.
    return nics <= recipe["hosts"] * rails and (fabric.topology == "fat-tree" or nics % rails == 0)


def _fat_tree(fabric: Fabric) -> Bisection:
    sides = 2 if fabric.parameters.get("dual_tor") else 1
    tree = _tree_of(fabric, counts_of(fabric), sides, fabric.parameters.get("gbit_per_s", 400.0))
    return _of_tree(tree, _unit(fabric), _CLOS_RULE)


def _tree_of(fabric: Fabric, counts: FatTree, sides: int, gbit_per_s: float) -> _Branch:
    """Put planes, sides and the spines of a pod together: leaf, pod, root; leaves as they are populated."""
    wide = counts.planes * sides * gbit_per_s
    nic = _Branch(1, wide)
    counted = np.zeros(fabric.vertex_count, dtype=bool)
    counted[host_endpoints_of(fabric)] = True
    # The leaves of one plane and one side stand for all.
    columns = counts.links_per_host if counts.tiers > 1 else 1
    leaves = counts.leaf_count // counts.planes
    on = np.bincount(fabric.cables.b[counted[fabric.cables.a]] - fabric.endpoint_count, minlength=leaves)[:leaves]
    if counts.tiers == 1:
        return _joined(math.inf, (nic, int(on[0])))
    # Where every rail has pods of its own, both sides of dual ToR have one each; otherwise a pod holds all of them.
    own = counts.pods > 1
    up = counts.spines_per_pod * counts.spine_up_ports * counts.planes * gbit_per_s * (sides if own else 1)
    pods: dict[tuple[int, int], Counter[int]] = {}
    for leaf in np.flatnonzero(on).tolist():
        unit, column = divmod(leaf, columns)
        if column % sides == 0:
            pod = (column if own else 0, counts.pod_of_unit(unit))
            pods.setdefault(pod, Counter())[int(on[leaf])] += 1

    def branches(nics_of_leaves: Counter[int]) -> list[tuple[_Branch, int]]:
        return [(_joined(counts.leaf_up_ports * wide, (nic, nics)), leaves) for nics, leaves in nics_of_leaves.items()]

    if counts.tiers == 2:
        return _joined(math.inf, *branches(pods.get((0, 0), Counter())))
    return _joined(math.inf, *Counter(_joined(up, *branches(each)) for each in pods.values()).items())


def _rail_only(fabric: Fabric) -> Bisection:
    recipe = dict(fabric.parameters)
    rails, rate = recipe.pop("nics_per_host"), recipe.pop("gbit_per_s", 400.0)
    recipe.pop("links_per_port", None)
    # Rails are planes to the counts, which tell of all planes together: what one passes is a share.
    tree = _tree_of(fabric, fat_tree_of_nics(nics_per_host=1, planes=rails, **recipe), 1, rate / rails)
    of_rail = _of_tree(tree, rate, _CLOS_RULE)
    if rails == 1:
        return of_rail
    if rails % 2 == 0:
        rule = (
            f"0 between rails: {rails // 2} of them and the others have no cable in common. Between halves of the hosts every"
            f" rail passes {of_rail.gbit_per_s:g} Gbit/s, all {rails} together {of_rail.gbit_per_s * rails:g}"
        )
        return Bisection(0.0, 0.0, rule)
    # One rail is split in the middle. Without oversubscription a smaller piece of two rails costs as much.
    floor = of_rail.gbit_per_s if _slopes(tree) == [(rate, tree.endpoints)] else 0.0
    return Bisection(
        floor, of_rail.at_most_gbit_per_s, f"{rails} rails are not joined: one of them is split, the others are whole"
    )


def _xgft(fabric: Fabric) -> Bisection:
    names = ("children", "parents", "parallel", "gbit_per_s")
    children, parents, parallel, rates = (list(fabric.parameters[name]) for name in names)
    # Leaves as they are populated: those of one plane stand for all.
    ends, boxes, cables = fabric.endpoint_count, fabric.switches, fabric.cables
    counted = np.zeros(fabric.vertex_count, dtype=bool)
    counted[host_endpoints_of(fabric)] = True
    first_leaf = (boxes.tier == 1) & (boxes.coordinates[:, 1] == 0)
    on = np.bincount(cables.b[counted[cables.a]] - ends, minlength=len(boxes))[first_leaf] // parallel[0]
    nic = _Branch(1, parents[0] * parallel[0] * rates[0])
    parts: list[tuple[tuple[_Branch, int], ...]] = [((nic, int(count)),) for count in on]
    for level in range(1, len(children) + 1):
        top = level == len(children)
        up = math.inf if top else math.prod(parents[: level + 1]) * parallel[level] * rates[level]
        # Empty parts carry nothing and have no place in a tree of endpoints.
        branches = [_joined(up, *each) for each in parts if sum(count for _, count in each)]
        full = children[level] if not top else 1
        groups = [Counter(branches[start : start + full]) for start in range(0, len(branches), full)]
        if top:
            return _of_tree(branches[0], _unit(fabric), _CLOS_RULE)
        parts = [tuple(each.items()) for each in groups]
    raise AssertionError("an XGFT has a top level")


def _nvlink_domain(fabric: Fabric) -> Bisection:
    gpus, domains = int(fabric.parameters.get("gpus", 72)), int(fabric.parameters.get("domains", 1))
    if domains % 2 == 0:
        return Bisection(0.0, 0.0, f"0 between domains: {domains // 2} of them and the others have no link in common")
    of_gpu = float(fabric.cables.gbit_per_s.sum()) / (gpus * domains)
    rule = "chips pass whatever half of a domain sends" + (": one domain is split, the others are whole" if domains > 1 else "")
    return Bisection(of_gpu * (gpus // 2), of_gpu * (gpus // 2), rule)


def _scale_up_joined(fabric: Fabric) -> Bisection:
    """Bound by the scale-out fabric: what it passes for any split of the NICs, if every GPU has NICs of its own."""
    from topologies._bisection_direct import real_split
    from topologies.families import build

    outside = bisection(build(**fabric.parameters["base"]))
    inside, traffic = fabric.cables.layer == 0, host_endpoints_of(fabric)
    gpus, nics = (len(np.unique(end)) for end in (fabric.cables.a[inside], fabric.cables.b[inside]))
    each = nics // gpus  # NICs of a GPU; 0 where neighbours share one
    floor = outside.gbit_per_s if each == 1 or (each and gpus == len(traffic)) else 0.0
    if each > 1 and gpus % 2:  # a split of whole GPUs is so many NICs off an even one
        floor = max(floor - each // 2 * float(fabric.cables.gbit_per_s[inside].max()), 0.0)
    cut = real_split(fabric, host_endpoints_of(fabric))
    return Bisection(floor, max(cut, floor), f"scale-out fabric alone (floor: {outside.rule}); splits by number (cut)")


def _unit(fabric: Fabric) -> float:
    """Tell of what bandwidth every cut is a multiple [Gbit/s]: the common divisor of the rates, to 1 Mbit/s."""
    mbit = np.round(np.unique(fabric.cables.gbit_per_s) * 1e3).astype(np.int64)
    return float(np.gcd.reduce(mbit)) / 1e3 if len(mbit) else 1.0


_CLOS_RULE = (
    "the tree in which switches on top of the same subtree are one: narrowest parts first (floor), whole subtrees (cut)"
)
_RULES: dict[str, Callable[[Fabric], Bisection]] = {
    "fat-tree": _fat_tree,
    "nvlink-domain": _nvlink_domain,
    "rail-only": _rail_only,
    "scale-up-joined": _scale_up_joined,
    "xgft": _xgft,
}


def _of_graph(fabric: Fabric) -> Bisection:
    """Bound any other fabric: closed-form loads or the second eigenvalue from below, splits along coordinates from above."""
    from topologies._bisection_direct import floor_of, real_split

    traffic = host_endpoints_of(fabric)
    floor, rule = floor_of(fabric, traffic)
    unit = _unit(fabric)
    floor = math.ceil(floor / unit - 1e-9) * unit
    return Bisection(floor, max(real_split(fabric, traffic), floor), rule)
