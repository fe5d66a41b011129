"""What the loss of any single switch or cable costs: one row for all that are alike, found by symmetry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topologies.fabric import INTERNAL_LAYERS, Fabric
from topologies.failures import Baseline, Loss

__all__ = ["ClassLoss", "component_classes", "n_minus_1"]

CLASSES_MOST = 128
"""Most classes for which the bisection left is computed."""


@dataclass(frozen=True)
class ClassLoss:
    """A row of the table: so many components, each of whose loss costs the same.

    Attributes
    ----------
    kind : str
        ``switch`` or ``cable``.
    name : str
        Tier of the switches or layer of the cables.
    count : int
        How many there are.
    example : str
        One of them: the name of a switch, the label of a cable.
    loss : Loss
        What it costs if that one fails.
    """

    kind: str
    name: str
    count: int
    example: str
    loss: Loss

    def describe(self) -> str:
        """Say it in words, with fractions as a reader would: -1/16."""
        loss = self.loss
        parts = [f"{_less(loss.uplinks_left_fraction)} of leaf uplinks"] if loss.uplinks_left_fraction < 1 else []
        for left, hosts in loss.hosts_by_injection_left.items():
            parts.append(f"{hosts} host{'s' * (hosts != 1)} {_less(left)} of injection")
        if loss.bisection_left_fraction is not None and loss.bisection_left_fraction < 1:
            parts.append(f"{_less(loss.bisection_left_fraction)} of bisection")
        parts += [f"{len(loss.cut_off)} endpoints cut off", f"{loss.partitions} partitions"]
        return f"{self.count} x {self.kind} {self.name} (as {self.example}): {', '.join(parts)}"


def _less(left: float) -> str:
    return f"-{Fraction(1 - left).limit_denominator(100_000)}"


def n_minus_1(fabric: Fabric, *, with_bisection: bool = True) -> tuple[ClassLoss, ...]:
    """Tabulate what the loss of any one switch or cable costs.

    Parameters
    ----------
    fabric : Fabric
        The whole fabric.
    with_bisection : bool
        Whether to compute the bisection left. Where the split makes more than 128 classes of what is alike without it (a
        dragonfly), it is not computed all the same, and is None.

    Returns
    -------
    tuple of ClassLoss
        Switches by tier, then cables by layer (those inside chips and nodes left out); the worst last within each.

    Notes
    -----
    Classes come from `component_classes`, for the bisection with the two halves of the hosts told apart. The first and the
    last component of a class are lost in turn; if that should not cost the same, all of the class are. Rows of equal cost
    are put together.

    References
    ----------
    Gill, Jain and Nagappan, Understanding Network Failures in Data Centers (SIGCOMM 2011).

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> table = n_minus_1(fat_tree(128, 8, radix=64))
    >>> for row in table:
    ...     print(row.describe())
    32 x switch leaf (as su00-rail0-leaf): -1/32 of leaf uplinks, 32 hosts -1/8 of injection, -1/16 of bisection, 32 endpoints \
cut off, 0 partitions
    16 x switch spine (as spine00): -1/16 of leaf uplinks, -1/16 of bisection, 0 endpoints cut off, 0 partitions
    1024 x cable node_leaf (as n0064-nic0:1 <-> su02-rail0-leaf:1): 1 host -1/8 of injection, -1/512 of bisection, 1 endpoints \
cut off, 0 partitions
    1024 x cable leaf_spine (as su00-rail0-leaf:33 <-> spine00:1): -1/1024 of leaf uplinks, -1/512 of bisection, 0 endpoints \
cut off, 0 partitions
    """
    before = Baseline.of(fabric, with_bisection=False)
    switch_class, cable_class = component_classes(fabric)
    if with_bisection:
        side = np.zeros(fabric.vertex_count, np.int64)
        for number, half in enumerate(before.halves, start=1):
            side[half] = number
        of_switches, of_cables = component_classes(fabric, side)
        if len(np.unique(of_switches)) + len(np.unique(of_cables)) <= CLASSES_MOST:
            switch_class, cable_class = of_switches, of_cables
            before = Baseline.of(fabric)
    rows: list[ClassLoss] = []
    for tier, name in enumerate(fabric.tiers, start=1):
        members = np.flatnonzero(fabric.switches.tier == tier)
        rows += _rows(before, "switch", name, members, switch_class[members])
    for layer, name in enumerate(fabric.layers):
        if name not in INTERNAL_LAYERS:
            members = np.flatnonzero(fabric.cables.layer == layer)
            rows += _rows(before, "cable", name, members, cable_class[members])
    return tuple(rows)


def _rows(before: Baseline, kind: str, name: str, members: NDArray[Any], labels: NDArray[Any]) -> list[ClassLoss]:
    """Lose one of each class, and join the classes that cost the same."""
    found: dict[tuple[object, ...], ClassLoss] = {}
    for label in np.unique(labels).tolist():
        of_class = members[labels == label]
        first, last = _one(before, kind, name, of_class[:1]), _one(before, kind, name, of_class[-1:])
        alike = first.loss.equal_but_for_place() == last.loss.equal_but_for_place()
        each = (
            [replace(first, count=len(of_class))]
            if alike
            else [_one(before, kind, name, of_class[number : number + 1]) for number in range(len(of_class))]
        )
        for row in each:
            key = row.loss.equal_but_for_place()
            found[key] = replace(found[key], count=found[key].count + row.count) if key in found else row
    return sorted(found.values(), key=lambda row: (-row.loss.uplinks_left_fraction, len(row.loss.cut_off), -row.count))


def _one(before: Baseline, kind: str, name: str, which: NDArray[Any]) -> ClassLoss:
    fabric, number = before.fabric, int(which[0])
    if kind == "cable":
        return ClassLoss(kind, name, 1, fabric.label(number), before.lose(cables=which))
    return ClassLoss(kind, name, 1, fabric.switches.names[number], before.lose(vertices=which + fabric.endpoint_count))


def component_classes(fabric: Fabric, mark: Sequence[int] | NDArray[Any] | None = None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Put switches and cables that look alike, however far one looks, into classes.

    Parameters
    ----------
    fabric : Fabric
        The fabric.
    mark : sequence of int, shape (V,), optional
        What tells vertices apart beside their kind (endpoints) or tier (switches).

    Returns
    -------
    (array of int, array of int)
        Classes of the S switches and of the C cables.

    Notes
    -----
    Colour refinement: vertices start with their kind, and take the multiset of the neighbours' colours and the links' rates
    and layers into theirs until no colour splits any more. Endpoints of one host also see each other. Equal colours do not
    prove symmetry in graphs of every sort, but distinct colours disprove it; the regular families have as few classes as
    symmetry allows, except where they are of one degree and yet not alike (a mesh is told apart, any two cycles are not).

    References
    ----------
    Weisfeiler and Leman, The reduction of a graph to canonical form (1968). Grohe, Kersting, Mladenov and Selman, Dimension
    Reduction via Colour Refinement (ESA 2014): linear programmes such as maximum flow keep their value.

    Examples
    --------
    A leaf-spine fabric has one class of each.

    >>> from topologies.clos import fat_tree
    >>> switches, cables = component_classes(fat_tree(32, 8, radix=64))
    >>> len(set(switches.tolist())), len(set(cables.tolist()))
    (2, 2)
    """
    near, cables, hosts = fabric.adjacency, fabric.cables, fabric.endpoints.host
    ends, vertices = fabric.endpoint_count, fabric.vertex_count
    kinds = np.concatenate([-1 - fabric.endpoints.kind.astype(np.int64), fabric.switches.tier.astype(np.int64)])
    marks = np.zeros(vertices, np.int64) if mark is None else np.asarray(mark, dtype=np.int64)
    _, colour = np.unique(np.stack([kinds, marks]), axis=1, return_inverse=True)
    colour = colour.ravel()
    # A link looks different from its two ends where one of them is the lower one.
    level = fabric.tier_of_vertex[cables.a] == fabric.tier_of_vertex[cables.b]
    _, look = np.unique(np.stack([cables.layer, cables.gbit_per_s]), axis=1, return_inverse=True)
    look = look.ravel()
    away = look[near.cable].astype(np.uint64) * np.uint64(2) + (~level[near.cable] & (near.channel % 2 == 1)).astype(np.uint64)
    order = np.argsort(hosts, kind="stable")
    of_host = np.concatenate([[0], np.cumsum(np.bincount(hosts, minlength=len(fabric.endpoints.host_names)))])
    classes = len(np.unique(colour))
    while True:
        mixed = _mix(colour.astype(np.uint64))
        seen = _sums(_mix(mixed[near.neighbour] + _mix(away)), near.start)
        seen[:ends] += _mix(_sums(mixed[:ends][order], of_host) + np.uint64(1))[hosts]
        _, colour = np.unique(_mix(seen) + mixed, return_inverse=True)
        count = int(colour.max(initial=-1)) + 1
        if count == classes:
            break
        classes = count
    low, high = colour[cables.a], colour[cables.b]
    low, high = np.where(level, np.minimum(low, high), low), np.where(level, np.maximum(low, high), high)
    _, of_cable = np.unique(np.stack([look, low, high]), axis=1, return_inverse=True)
    return colour[ends:], of_cable.ravel()


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit numbers one to one, so that sums of them tell multisets apart (the finaliser of SplitMix64)."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _sums(values: NDArray[np.uint64], start: NDArray[Any]) -> NDArray[np.uint64]:
    """Add up, modulo 2**64, the values of every row of a compressed table."""
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values, dtype=np.uint64)])
    return np.asarray(total[start[1:]] - total[start[:-1]], dtype=np.uint64)
