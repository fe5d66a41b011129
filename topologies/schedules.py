"""What collectives send: every algorithm as a list of phases, in which some flows between ranks run at once.

Nothing here knows a fabric; `topologies.collectives` routes the phases on one and says how long they take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topologies.errors import require

__all__ = ["ALGORITHMS", "BUS_FACTORS", "Phase", "Ranks"]

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Ranks:
    """How many ranks take part, and how many of them, one behind the other, share a host (or scale-up domain)."""

    count: int
    per_host: int = 1

    @property
    def numbers(self) -> Numbers:
        """0 to count - 1."""
        return np.arange(self.count)

    def beside(self, shift: int) -> Numbers:
        """[count] For every rank the one so many places on in its host, round and round."""
        return self.numbers // self.per_host * self.per_host + (self.numbers + shift) % self.per_host

    def ahead(self, shift: int) -> Numbers:
        """[count] For every rank the one so many places on, round and round."""
        return (self.numbers + shift) % self.count


@dataclass(frozen=True, eq=False)
class Phase:
    """Steps of a collective that have the same flows, all of one size."""

    source: Numbers
    """[F] Ranks that send."""
    destination: Numbers
    """[F] Ranks that receive."""
    size_byte: float
    """Of each flow in each step; of a pipeline: in all."""
    steps: int = 1
    """Steps, one after the other; of a pipeline its depth."""
    kind: str = "steps"
    """`steps`; `pipeline`: all flows run at once, on as many chunks as is best; `merged`: flows to one rank are summed up by
    the switches where they meet, and the sum goes back the same way to all."""


def _ring(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    yield Phase(ranks.numbers, ranks.ahead(1), size_byte / ranks.count, ranks.count - 1)


def _ring_all_reduce(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    yield Phase(ranks.numbers, ranks.ahead(1), size_byte / ranks.count, 2 * (ranks.count - 1))


def _rings(size_byte: float, ranks: Ranks, rounds: int) -> Iterator[Phase]:
    """Run one ring of all ranks for every place in a host, each with its share of the data, all at once.

    Ring c enters every host at its c-th rank, passes the others in turn, and from the last comes back through the c-th, which
    has the way out to the next host's: no flow changes rails in the fabric, and every rank sends and receives there.
    """
    inside = np.tile(ranks.beside(1), ranks.per_host)  # the same hops in every ring
    destination = np.concatenate([inside, ranks.ahead(ranks.per_host)])
    source = np.tile(ranks.numbers, ranks.per_host + 1)
    real = source != destination  # there is nobody beside a rank alone in its host, and no host ahead of the only one
    size = size_byte / ranks.count / ranks.per_host
    yield Phase(source[real], destination[real], size, rounds * (ranks.count - 1))


def _rings_all_reduce(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    return _rings(size_byte, ranks, 2)


def _rings_once(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    return _rings(size_byte, ranks, 1)


def _halving(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    """Exchange half the data with the rank half the ranks away, a quarter with the one a quarter away, and so on."""
    count, distance = ranks.count, ranks.count // 2
    require(count & (count - 1) == 0, f"halving and doubling want a power of two of ranks, not {count}")
    while distance:
        yield Phase(ranks.numbers, ranks.numbers ^ distance, size_byte * distance / count)
        distance //= 2


def _halving_doubling(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    """Halve, and double the same way back: the flows of every step come once more."""
    for phase in _halving(size_byte, ranks):
        yield Phase(phase.source, phase.destination, phase.size_byte, 2)


def _binomial(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    """Let every rank that has the data pass all of it to one that has not."""
    distance = 1 << (ranks.count - 1).bit_length()
    while distance > 1:
        distance //= 2
        source = np.arange(0, ranks.count - distance, 2 * distance)
        yield Phase(source, source + distance, size_byte)


def _tree_all_reduce(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    down = list(_binomial(size_byte, ranks))
    yield from (Phase(phase.destination, phase.source, size_byte) for phase in reversed(down))
    yield from down


def _two_trees(count: int) -> tuple[Numbers, Numbers, Numbers, int]:
    """Lay two binary trees, each rank inside at most one but for the ends: parents, children, the roots, and the height.

    The first has rank 0 on top of the tree whose in-order walk is 1, 2, ...: even ranks are inside, odd ones leaves. The
    second is its mirror image, or, as that would be no use with an odd number of ranks, the same one place on.
    """
    rank = np.arange(count)
    bit = rank & -rank
    higher = (rank ^ bit) | (bit << 1)
    parent = np.where(higher < count, higher, rank ^ bit)
    parent[0] = 0
    height, at = 0, rank
    while at.any():
        height, at = height + 1, parent[at]
    other = rank[::-1] if count % 2 == 0 else np.roll(rank, -1)
    return np.append(parent[1:], other[parent[1:]]), np.append(rank[1:], other[1:]), np.array([0, other[0]]), height


def _double_tree_all_reduce(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    """Half the data in each tree, up and down it at once."""
    parent, child, _, height = _two_trees(ranks.count)
    source, destination = np.append(child, parent), np.append(parent, child)
    yield Phase(source, destination, size_byte / 2, 2 * height, "pipeline")


def _double_tree_broadcast(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    """Half the data down each tree, after rank 0 has passed a half to the other tree's root; it needs nothing back."""
    parent, child, roots, height = _two_trees(ranks.count)
    needs = child != 0
    source, destination = np.append(parent[needs], roots[:1]), np.append(child[needs], roots[1:])
    yield Phase(source, destination, size_byte / 2, height + 1, "pipeline")


def _chain(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    yield Phase(ranks.numbers[:-1], ranks.numbers[1:], size_byte, ranks.count - 1, "pipeline")


def _in_network(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    yield Phase(ranks.numbers[1:], np.zeros(ranks.count - 1, np.int64), size_byte, 1, "merged")


def _inside(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    """Run a ring in every host: one of reduce-scatter, or of all-gather."""
    if ranks.per_host > 1:
        yield Phase(ranks.numbers, ranks.beside(1), size_byte / ranks.per_host, ranks.per_host - 1)


def _rails(size_byte: float, ranks: Ranks, rounds: int) -> Iterator[Phase]:
    """Run a ring over the hosts in every rail, all at once, each with its share of the data."""
    hosts = ranks.count // ranks.per_host
    if hosts > 1:
        yield Phase(ranks.numbers, ranks.ahead(ranks.per_host), size_byte / ranks.count, rounds * (hosts - 1))


def _hierarchical_all_reduce(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    yield from _inside(size_byte, ranks)
    yield from _rails(size_byte, ranks, 2)
    yield from _inside(size_byte, ranks)


def _hierarchical(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    yield from _inside(size_byte, ranks)
    yield from _rails(size_byte, ranks, 1)


def _hierarchical_in_network(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    """Let the switches sum up in every rail, between reduce-scatter and all-gather in the hosts."""
    yield from _inside(size_byte, ranks)
    if ranks.count > ranks.per_host:
        rank = ranks.numbers[ranks.per_host :]
        yield Phase(rank, rank % ranks.per_host, size_byte / ranks.per_host, 1, "merged")
    yield from _inside(size_byte, ranks)


def _pairwise(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    yield from (Phase(ranks.numbers, ranks.ahead(shift), size_byte / ranks.count) for shift in range(1, ranks.count))


def _direct(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    source, destination = np.divmod(np.arange(ranks.count**2), ranks.count)
    apart = source != destination
    yield Phase(source[apart], destination[apart], size_byte / ranks.count)


def _rail_aligned(size_byte: float, ranks: Ranks) -> Iterator[Phase]:
    """Go inside the host to the rank on the destination's rail, then along that rail: no flow changes rails in the fabric."""
    for shift in range(1, ranks.per_host):
        yield Phase(ranks.numbers, ranks.beside(shift), size_byte / ranks.per_host)
    for shift in range(ranks.per_host, ranks.count, ranks.per_host):
        yield Phase(ranks.numbers, ranks.ahead(shift), size_byte * ranks.per_host / ranks.count)


ALGORITHMS: Mapping[str, Mapping[str, Callable[[float, Ranks], Iterator[Phase]]]] = {
    "all-reduce": {
        "ring": _ring_all_reduce,
        "rings": _rings_all_reduce,
        "halving-doubling": _halving_doubling,
        "tree": _tree_all_reduce,
        "double-tree": _double_tree_all_reduce,
        "hierarchical": _hierarchical_all_reduce,
        "in-network": _in_network,
        "hierarchical-in-network": _hierarchical_in_network,
    },
    "reduce-scatter": {"ring": _ring, "rings": _rings_once, "halving": _halving, "hierarchical": _hierarchical},
    "all-gather": {"ring": _ring, "rings": _rings_once, "doubling": _halving, "hierarchical": _hierarchical},
    "broadcast": {"tree": _binomial, "chain": _chain, "double-tree": _double_tree_broadcast},
    "all-to-all": {"pairwise": _pairwise, "direct": _direct, "rail-aligned": _rail_aligned},
}
"""Operations, their algorithms, and the phases of each by size [byte] and ranks.

All-gather is reduce-scatter backwards: the same flows in another order (those of `doubling` are their own reverse), so the same
time. All-to-all `pairwise` is one step a shift, `direct` one step of all n (n - 1) flows, `rail-aligned` lets the scale-up
network change rails; the work for it grows with n squared.
"""

BUS_FACTORS: Mapping[str, Callable[[int], float]] = {
    "all-reduce": lambda ranks: 2 * (ranks - 1) / ranks,
    "reduce-scatter": lambda ranks: (ranks - 1) / ranks,
    "all-gather": lambda ranks: (ranks - 1) / ranks,
    "broadcast": lambda _: 1.0,
    "all-to-all": lambda ranks: (ranks - 1) / ranks,
}
"""Bus over algorithm bandwidth by operation and ranks, as nccl-tests defines them (doc/PERFORMANCE.md there)."""
