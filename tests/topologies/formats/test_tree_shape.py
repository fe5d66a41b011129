"""Which trees are recognised: those that xgft builds with the same numbers, however they are numbered, and no others."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topologies.clos import fat_tree, rail_only
from topologies.errors import TopologyError
from topologies.fabric import Fabric
from topologies.formats.tree_shape import tree_shape
from topologies.torus import torus
from topologies.xgft import xgft


@given(
    st.integers(1, 3).flatmap(lambda levels: st.tuples(*(st.lists(st.integers(1, 3), min_size=levels, max_size=levels),) * 3))
)
def test_numbers_of_an_xgft_come_back(numbers: tuple[list[int], list[int], list[int]]) -> None:
    children, parents, parallel = numbers
    shape = tree_shape(xgft(children, parents, parallel))
    assert (shape.children, shape.parents, shape.parallel) == (tuple(children), tuple(parents), tuple(parallel))
    assert sorted(shape.order.tolist()) == list(range(math.prod(children)))


def shuffled(fabric: Fabric, seed: int) -> Fabric:
    """The same fabric with its switches and endpoints numbered otherwise (within their kind)."""
    random = np.random.default_rng(seed)
    first, boxes, ends, cables = fabric.endpoint_count, fabric.switches, fabric.endpoints, fabric.cables
    new_end, new_box = random.permutation(first), random.permutation(len(boxes))
    number = np.concatenate([new_end, first + new_box]).astype(np.int32)
    old_end, old_box = np.argsort(new_end), np.argsort(new_box)
    columns = {name: getattr(boxes, name)[old_box] for name in ("tier", "group", "plane", "rail", "ports", "coordinates")}
    switches = replace(boxes, names=tuple(boxes.names[old] for old in old_box), **columns)
    endpoints = replace(ends, names=tuple(ends.names[old] for old in old_end), host=ends.host[old_end], slot=ends.slot[old_end])
    rows = random.permutation(len(cables))
    moved = replace(cables, a=number[cables.a], b=number[cables.b]).take(rows)
    return replace(fabric, switches=switches, endpoints=endpoints, cables=moved)


@pytest.mark.parametrize("fabric", [xgft((4, 3, 2), (1, 2, 3), (1, 2, 1)), fat_tree(32, 8, radix=64), fat_tree(128, radix=8)])
def test_the_order_of_the_tree_does_not_depend_on_numbers(fabric: Fabric) -> None:
    shape = tree_shape(fabric)
    for seed in range(3):
        other = shuffled(fabric, seed)
        found = tree_shape(other)
        assert found.text() == shape.text()
        # Those of a leaf are neighbours, and so are those of any subtree: consecutive blocks reach few switches.
        cables = other.cables
        leaf_of = dict(zip(cables.a[cables.layer == 0].tolist(), cables.b[cables.layer == 0].tolist(), strict=True))
        leaves = [leaf_of[end] for end in found.order.tolist()]
        m = found.children[0]
        assert all(len(set(leaves[at : at + m])) == 1 for at in range(0, len(leaves), m))


@pytest.mark.parametrize(
    ("fabric", "reason"),
    [
        (fat_tree(63, 8, radix=64), "different numbers below"),
        (rail_only(16, 4, radix=16), "not those of one tree"),
        (torus((3, 3)), "neighbouring tiers"),
        (fat_tree(64, 8, radix=64, dual_tor=True), "one subtree"),
        (xgft((4, 4), (1, 2)).without(cables=[0]), "no cable"),
        (xgft((4, 4), (1, 2)).without(cables=[16]), "parents of the tier spine|different numbers"),
        (xgft((4, 4), (1, 2), gbit_per_s=[100, 200]), ""),
    ],
)
def test_what_is_no_regular_tree_is_refused_with_the_reason(fabric: Fabric, reason: str) -> None:
    if not reason:
        assert tree_shape(fabric).gbit_per_s == (100.0, 200.0)
        return
    with pytest.raises(TopologyError, match=reason) as found:
        tree_shape(fabric)
    assert found.value.reason == "shape"


def test_switches_that_share_only_some_parents_are_no_tree() -> None:
    """Degrees alone would pass: swap the spines of two cables that lead to different leaves."""
    fabric = xgft((2, 4), (1, 4))
    cables = fabric.cables
    up = np.flatnonzero(cables.layer == 1)
    two_spines = replace(
        fabric, cables=cables.take(np.concatenate([np.flatnonzero(cables.layer == 0), up[cables.b[up] % 2 == 0]]))
    )
    assert tree_shape(xgft((2, 4), (1, 2))).parents == (1, 2)
    kept = two_spines.cables
    assert len(kept) < len(cables)
    ring = [(leaf, (leaf + step) % 4) for leaf in range(4) for step in (0, 1)]  # leaf i to spines i and i + 1 of four
    rows = up[: len(ring)]
    b = cables.b.copy()
    b[rows] = [12 + spine for _, spine in ring]
    a = cables.a.copy()
    a[rows] = [8 + leaf for leaf, _ in ring]
    odd = replace(fabric, cables=replace(cables, a=a, b=b).take(np.concatenate([np.flatnonzero(cables.layer == 0), rows])))
    with pytest.raises(TopologyError, match="share some"):
        tree_shape(odd)
