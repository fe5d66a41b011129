"""Which extended generalised fat tree a fabric is, whatever function built it: several simulators know only those."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topologies.errors import TopologyError
from topologies.fabric import Fabric, Ints
from topologies.formats.ports import Bundles, bundles

__all__ = ["TreeShape", "tree_shape"]


@dataclass(frozen=True, eq=False)
class TreeShape:
    """Numbers of an extended generalised fat tree, each by level, the lowest first; see `topologies.xgft.xgft`."""

    children: tuple[int, ...]
    parents: tuple[int, ...]
    parallel: tuple[int, ...]
    gbit_per_s: tuple[float, ...]
    """Rate of each cable of a level in one direction [Gbit/s]."""
    order: Ints
    """[E] The endpoints in the tree's order: those of a leaf are neighbours, and the leaves of a subtree."""

    def text(self) -> str:
        """Write the numbers as SimGrid does: ``2;4,4;1,2;1,2``."""
        parts = (self.children, self.parents, self.parallel)
        return ";".join([str(len(self.children)), *(",".join(str(each) for each in part) for part in parts)])


def tree_shape(fabric: Fabric) -> TreeShape:
    """Find the extended generalised fat tree that a fabric is, up to the numbering.

    Parameters
    ----------
    fabric : Fabric
        Any fabric.

    Returns
    -------
    TreeShape
        Its numbers.

    Raises
    ------
    TopologyError
        If the fabric is none; the message says why.

    Notes
    -----
    The test is exact. At every level all children have the same number of parents, and all parents of children, over bundles
    of equal cables. Children with a parent in common have all parents in common, lie in different subtrees, and number as many
    as each parent has children. Then every level consists of complete bipartite blocks between subtrees that are alike.

    References
    ----------
    Ohring et al., On Generalized Fat Trees (IPPS 1995).

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> tree_shape(fat_tree(32, 8, radix=64)).text()
    '2;32,8;1,4;1,8'
    """
    made, tier = bundles(fabric), fabric.tier_of_vertex
    levels = len(fabric.tiers)
    if not bool((tier[made.b] == tier[made.a] + 1).all()):
        raise _no_tree("a cable does not join neighbouring tiers")
    if fabric.endpoint_count == 0 or not bool((fabric.ports_used > 0).all()):
        raise _no_tree("an endpoint or a switch has no cable")
    component = np.arange(fabric.vertex_count)  # the subtree of every vertex, below the level at hand
    children, parents, parallel, rates = [], [], [], []
    keys: list[NDArray[np.int64]] = []
    for level in range(1, levels + 1):
        name = fabric.tiers[level - 1]
        rows = np.flatnonzero(tier[made.b] == level)
        low, high = made.a[rows], made.b[rows]
        rate = made.gbit_per_s[rows] / made.count[rows]
        cable_rates = fabric.cables.gbit_per_s[tier[fabric.cables.b] == level]
        if len(set(cable_rates.tolist())) != 1 or not np.allclose(rate, cable_rates[0]):
            raise _no_tree(f"the cables below the tier {name} are not all alike")
        m = _same(
            np.bincount(high, minlength=fabric.vertex_count)[tier == level], f"{name} switches have different numbers below"
        )
        w = _same(
            np.bincount(low, minlength=fabric.vertex_count)[tier == level - 1], f"parents of the tier {name} differ in number"
        )
        children.append(m)
        parents.append(w)
        parallel.append(_same(made.count[rows], f"bundles below the tier {name} have different numbers of cables"))
        rates.append(float(cable_rates[0]))
        _check_blocks(low, high, component, m, w, name)
        component = _components(made, tier, level)
        if level < levels:
            keys.append(component)
    expected = [math.prod(children[level:]) * math.prod(parents[:level]) for level in range(levels + 1)]
    if np.bincount(tier, minlength=levels + 1).tolist() != expected:
        raise _no_tree("the tiers are not those of one tree")
    ends = np.arange(fabric.endpoint_count)
    order = np.lexsort([ends, *(key[: len(ends)] for key in keys)])
    return TreeShape(tuple(children), tuple(parents), tuple(parallel), tuple(rates), order.astype(np.int32))


def _same(values: NDArray[np.integer], reason: str) -> int:
    """Return the value that all have."""
    if len(values) == 0 or values.min() != values.max() or values[0] < 1:
        raise _no_tree(reason)
    return int(values[0])


def _check_blocks(low: Ints, high: Ints, component: NDArray[np.int64], m: int, w: int, name: str) -> None:
    """Children of a parent: same parents, different subtrees, as many as the block has."""
    first = np.full(int(component.shape[0]), np.iinfo(np.int64).max)  # the lowest parent stands for all of a child
    np.minimum.at(first, low, high)
    block = first[low]
    pairs = np.unique(np.stack([block, high]), axis=1)
    sizes = np.unique(np.stack([block, low]), axis=1)
    apart = np.unique(np.stack([high.astype(np.int64), component[low]]), axis=1)
    whole = np.unique(pairs[0], return_counts=True)[1], np.unique(sizes[0], return_counts=True)[1]
    if (whole[0] != w).any() or (whole[1] != m).any():
        raise _no_tree(f"switches below the tier {name} share some of their parents, but not all")
    if apart.shape[1] != len(low):
        raise _no_tree(f"a switch of the tier {name} has two children in one subtree")


def _components(made: Bundles, tier: Ints, level: int) -> NDArray[np.int64]:
    """Give every vertex the number of its subtree up to a level; what is above is alone."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows = np.flatnonzero(tier[made.b] <= level)
    size = len(tier)
    graph = coo_array((np.ones(len(rows), np.int8), (made.a[rows], made.b[rows])), shape=(size, size))
    found: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return found


def _no_tree(reason: str) -> TopologyError:
    return TopologyError(f"this fabric is no regular fat tree: {reason}", 0, "shape")
