"""Devices that were found in exactly the place of another: wrong names rather than wrong cables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping

from topologies.fabric import NONE, Fabric

__all__ = ["PORT", "SHIFT", "misnamed_nodes"]

SHIFT = 16
"""A port is a number: the vertex, shifted by so many bits, and the port there."""
PORT = (1 << SHIFT) - 1

_OUT_OF = 4
"""At most one in so many of a node's cables may lie elsewhere than the other's would, ..."""
_KNOWN_CABLES_LEAST = 2
"""... and a node that the design knows must have so many: a single one in another's place is a wrong cable."""


def misnamed_nodes(
    fabric: Fabric, mate: Mapping[int, int], found: Iterable[tuple[int, int]], nodes: Iterable[int]
) -> dict[int, int]:
    """Tell which found vertices are really others, by where their cables are.

    Parameters
    ----------
    fabric : Fabric
        The design.
    mate : mapping of int to int
        The port that each port is joined with in the design; ports are ``vertex << SHIFT | port``.
    found : iterable of (int, int)
        Both ends of every found cable; vertices from ``fabric.vertex_count`` on are unknown to the design.
    nodes : iterable of int
        All found vertices.

    Returns
    -------
    dict of int to int
        The designed vertex by the found one, where it is another. No two found vertices get the same.

    Notes
    -----
    A cable between port p of node N and a port that the design joins with port p of node Y speaks for N being Y. Three of
    four of N's cables must speak for Y, and they must be half of all that Y should have. Hosts are taken with all their NICs;
    unknown nodes one by one. Y must be missing, or itself stand in the place of another.

    References
    ----------
    Cordella et al., A (sub)graph isomorphism algorithm for matching large graphs (IEEE TPAMI 26, 2004): the general problem,
    which the ports' numbers make easy.

    Examples
    --------
    Four hosts of two NICs on two leaves; the first two hosts (NICs 0 and 1, 2 and 3) were given each other's names.

    >>> from topologies.clos import fat_tree
    >>> from topologies.as_built.matchings import mates
    >>> cables = fat_tree(4, 2, radix=8, tiers=2).cables
    >>> lower, upper = (cables.a << SHIFT | cables.a_port).tolist(), (cables.b << SHIFT | cables.b_port).tolist()
    >>> new = {0: 2, 1: 3, 2: 0, 3: 1}
    >>> found = [(new.get(end >> SHIFT, end >> SHIFT) << SHIFT | end & PORT, other) for end, other in zip(lower, upper)]
    >>> misnamed_nodes(fat_tree(4, 2, radix=8, tiers=2), mates(zip(lower, upper)), found, range(11))
    {0: 2, 1: 3, 2: 0, 3: 1}
    """
    endpoints, first_unknown = fabric.endpoint_count, fabric.vertex_count
    host, slot = fabric.endpoints.host.tolist(), fabric.endpoints.slot.tolist()
    present = set(nodes)
    pairs = [(end, mate.get(other)) for both in found for end, other in (both, both[::-1])]

    def single(vertex: int) -> int:
        return vertex

    def site(vertex: int) -> int:  # hosts have negative numbers
        return -1 - host[vertex] if vertex < endpoints else vertex

    def same_port(end: int, place: int) -> bool:
        return end & PORT == place & PORT

    def same_nic(end: int, place: int) -> bool:
        vertices = end >> SHIFT, place >> SHIFT
        slots = [slot[vertex] if vertex < endpoints else NONE for vertex in vertices]
        return same_port(end, place) and slots[0] == slots[1]

    if all(end == place for end, place in pairs):
        return {}
    strangers = [(end, place) for end, place in pairs if end >> SHIFT >= first_unknown]
    named = _best(strangers, single, same_port, Counter(port >> SHIFT for port in mate), 1)
    result = _consistent(named, present)

    suspects = {site(end >> SHIFT) for end, place in pairs if end != place and end >> SHIFT < first_unknown}
    known = [(end, place) for end, place in pairs if end >> SHIFT < first_unknown and site(end >> SHIFT) in suspects]
    # Who was just found under an unknown name is not missing any more.
    there = {site(vertex) for vertex in present if vertex < first_unknown} | {site(vertex) for vertex in result.values()}
    degree = Counter(site(port >> SHIFT) for port in mate)
    best = _best(known, site, same_nic, degree, _KNOWN_CABLES_LEAST)
    nic = {(host[vertex], slot[vertex]): vertex for vertex in range(endpoints)}
    for vertex in present:
        if vertex < endpoints and site(vertex) in best and (-1 - best[site(vertex)][1], slot[vertex]) not in nic:
            del best[site(vertex)]  # it has a NIC that the other has not
    exchanged = _consistent(best, there)
    for vertex in sorted(present):
        if vertex < first_unknown and (other := exchanged.get(site(vertex))) is not None:
            result[vertex] = nic[-1 - other, slot[vertex]] if vertex < endpoints else other
    return result


def _best(
    pairs: Iterable[tuple[int, int | None]],
    group: Callable[[int], int],
    same: Callable[[int, int], bool],
    degree: Mapping[int, int],
    least: int,
) -> dict[int, tuple[int, int]]:
    """Count the votes of every found node's cables: the votes for, and the number of, the node that it most looks like."""
    cables: Counter[int] = Counter()
    votes: dict[int, Counter[int]] = defaultdict(Counter)
    for end, place in pairs:
        node = group(end >> SHIFT)
        cables[node] += 1
        if place is not None and same(end, place):
            votes[node][group(place >> SHIFT)] += 1
    result = {}
    for node, of_node in votes.items():
        other, count = min(of_node.items(), key=lambda item: (-item[1], item[0]))
        if other != node and count >= least and count * _OUT_OF >= cables[node] * (_OUT_OF - 1) and count * 2 >= degree[other]:
            result[node] = count, other
    return result


def _consistent(best: Mapping[int, tuple[int, int]], present: set[int]) -> dict[int, int]:
    """Keep, of what looks like the same node, the most alike; then only what takes the place of a missing or a moved node."""
    taken: dict[int, int] = {}
    for node, (_, other) in sorted(best.items(), key=lambda item: (-item[1][0], item[0])):
        taken.setdefault(other, node)
    result = {node: other for other, node in taken.items()}
    while wrong := [node for node, other in result.items() if other in present and other not in result]:
        for node in wrong:
            del result[node]
    return result
