"""Two sets of cables on the same ports: what turns one into the other with the fewest moves of a plug."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

__all__ = ["Explanation", "exchanges", "explain", "mates"]


@dataclass(frozen=True)
class Explanation:
    """How the found cables become the designed ones; ports are any numbers.

    Attributes
    ----------
    moves : tuple of (int, int, int)
        A found cable's end that stays, the port where its other end is, and the port where that should be.
    rings : tuple of tuple of int
        Ports of cables that are exchanged among each other: port 0 should be joined with 1, is joined with the last; 1 is with
        2, 2 should be with 3, and so on.
    missing, extra : tuple of (int, int)
        Ends of designed cables for which there is no found one, and the other way round.
    """

    moves: tuple[tuple[int, int, int], ...]
    rings: tuple[tuple[int, ...], ...]
    missing: tuple[tuple[int, int], ...]
    extra: tuple[tuple[int, int], ...]


def mates(cables: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return what each port is joined with.

    Examples
    --------
    >>> mates([(1, 4)])
    {1: 4, 4: 1}
    """
    result = {}
    for one, other in cables:
        result[one] = other
        result[other] = one
    return result


def explain(designed: Mapping[int, int], found: Mapping[int, int], distance: Callable[[int, int], int]) -> Explanation:
    """Explain found cables by designed ones.

    Parameters
    ----------
    designed, found : mapping of int to int
        What each port should be, and is, joined with, both ways; without the cables that are in both.
    distance : function of (int, int) to int
        How far it is from one port to another: among explanations with equally few actions, the moves over the shortest way
        are taken.

    Returns
    -------
    Explanation
        ``len(moves) + len(missing) + len(extra)`` plus, of a ring of 2k ports, k - 1 exchanges: no fewer actions do.

    Notes
    -----
    Moving a plug, or putting in or taking out a cable, makes at most one designed cable right and at most one wrong cable
    vanish, so a path of d designed and f found cables takes max(d, f) of them; an exchange does better only where it closes a
    ring. A ring of k and k takes k - 1 exchanges, as any cyclic permutation of k things.

    References
    ----------
    Berge, Two theorems in graph theory (PNAS 43, 1957). Knuth, The Art of Computer Programming 1, section 1.3.3
    (permutations as products of exchanges).

    Examples
    --------
    Cable 1-11 was plugged into port 12, whose own cable, from 2, is not there.

    >>> explain(mates([(1, 11), (2, 12)]), mates([(1, 12)]), lambda one, other: abs(one - other))
    Explanation(moves=((1, 12, 11),), rings=(), missing=((2, 12),), extra=())

    >>> explain(mates([(1, 11), (2, 12)]), mates([(1, 12), (2, 11)]), lambda one, other: 0).rings
    ((1, 11, 2, 12),)
    """
    moves: list[tuple[int, int, int]] = []
    rings: list[tuple[int, ...]] = []
    missing: list[tuple[int, int]] = []
    extra: list[tuple[int, int]] = []
    seen: set[int] = set()
    ports = sorted(designed.keys() | found.keys())
    ends = [port for port in ports if (port in designed) != (port in found)]
    for start in ends:  # paths
        if start in seen:
            continue
        first_designed = port_in_turn = start in designed
        path, port = [start], start
        while (port := (designed if port_in_turn else found).get(port, -1)) >= 0:
            path.append(port)
            port_in_turn = not port_in_turn
        seen.update(path)
        _explain_path(path, first_designed, distance, moves, missing, extra)
    for start in ports:  # what is left are rings
        if start in seen:
            continue
        ring, port = [], start
        while port not in seen:
            other = designed[port]
            ring += [port, other]
            seen.update((port, other))
            port = found[other]
        rings.append(tuple(ring))
    return Explanation(tuple(moves), tuple(rings), tuple(missing), tuple(extra))


def _explain_path(
    path: list[int],
    first_designed: bool,
    distance: Callable[[int, int], int],
    moves: list[tuple[int, int, int]],
    missing: list[tuple[int, int]],
    extra: list[tuple[int, int]],
) -> None:
    """Pair each found cable of a path with the designed one before or after it, the one left over where that is cheapest."""
    cables = len(path) - 1
    is_found = [(number % 2 == 0) != first_designed for number in range(cables)]
    # Move the plug of found cable n so that it becomes the designed cable before it, or the one after it.
    before = {n: (path[n], path[n + 1], path[n - 1]) for n in range(1, cables) if is_found[n]}
    after = {n: (path[n + 1], path[n], path[n + 2]) for n in range(cables - 1) if is_found[n]}
    if cables % 2 == 0:
        moves += (before if first_designed else after).values()
        return
    # What is left over is of the kind at both ends; the cables on its near side are explained away from it.
    nearer, farther = (before, after) if first_designed else (after, before)
    cost = sum(distance(at, to) for _, at, to in farther.values())
    best, best_cost = 0, cost
    # From one candidate to the next, one found cable changes sides (or, if found ones are left over, takes the other's place).
    for left_over in range(2, cables, 2):
        if first_designed:
            cost += distance(*nearer[left_over - 1][1:]) - distance(*farther[left_over - 1][1:])
        else:
            cost += distance(*nearer[left_over - 2][1:]) - distance(*farther[left_over][1:])
        if cost < best_cost:
            best, best_cost = left_over, cost
    ends = path[best], path[best + 1]
    (missing if first_designed else extra).append((min(ends), max(ends)))
    moves += [each for n, each in nearer.items() if n < best]
    moves += [each for n, each in farther.items() if n > best]


def exchanges(wanted: Mapping[int, int]) -> list[tuple[int, int]]:
    """Turn one cyclic permutation of plugs into exchanges of two, in the order in which they are done.

    Parameters
    ----------
    wanted : mapping of int to int
        For every port the one to which its plug should go; a single cycle.

    Returns
    -------
    list of (int, int)
        One fewer than there are ports, all with the lowest port.

    Examples
    --------
    >>> exchanges({1: 2, 2: 3, 3: 1})
    [(1, 2), (1, 3)]
    """
    anchor = min(wanted)
    result = []
    port = wanted[anchor]
    while port != anchor:
        result.append((anchor, port))
        port = wanted[port]
    return result
