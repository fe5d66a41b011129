"""Racks that nothing carries until generators run: they stop whenever the utility fails, however short that is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from planner.models.diagrams import DiagramTooLargeError, Gate, diagram
from planner.models.importance import birnbaum
from planner.plan_facility import ChainLoad, ChainUnit
from planner.steps.chances import ANY_COUNT, NODES_MAX_COUNT, Chances, only_what_is_enough

__all__ = ["RESTART_HOURS", "stops_per_hour", "unbridged"]

Floats = NDArray[np.float64]

RESTART_HOURS = 0.5  # until generators carry, racks have booted and jobs run again from their last checkpoint


def unbridged(units: Sequence[ChainUnit], feeds: Sequence[ChainLoad], bridged: bool) -> list[bool]:
    """Tell of every load of racks whether it stops until generators carry: no UPS is on its way, or batteries are too short."""
    known = {unit.name: unit for unit in units}
    found: dict[tuple[str, ...], bool] = {}

    def has_ups(names: tuple[str, ...]) -> bool:
        todo, seen = [*names], set(names)
        while todo:
            unit = known.get(todo.pop())
            if unit is None:
                continue
            if unit.stage == "ups" and not unit.item.endswith("-none"):
                return True
            todo += [name for name in unit.fed_by if name not in seen]
            seen.update(unit.fed_by)
        return False

    stops = []
    for feed in feeds:
        if feed.kind == "racks" and bridged and feed.fed_by not in found:
            found[feed.fed_by] = has_ups(feed.fed_by)
        stops.append(feed.kind == "racks" and not (bridged and found[feed.fed_by]))
    return stops


def stops_per_hour(model: Chances, gates: Sequence[Gate], powers: Sequence[int]) -> Floats:
    """Return how often each load falls on generators, by component that fails: loads by components.

    A component counts by how much more often it decides without generators than with them: what generators cannot help is an
    outage in full anyway.
    """
    found = np.zeros((len(powers), len(model.blocks)))
    standing = [model.stands_by(block) for block in model.blocks]
    if not any(standing) or not powers:
        return found
    try:
        graph = diagram(len(model.blocks), gates, powers, None, NODES_MAX_COUNT)
    except DiagramTooLargeError:
        graph = diagram(len(model.blocks), only_what_is_enough(gates), powers, None, ANY_COUNT)
    cases = model.cases()
    fractions = cases.first()
    without = [1.0 if each else q for each, q in zip(standing, fractions, strict=True)]
    per_hour = cases.failures_per_hour[:, 0]
    for root in range(len(powers)):
        less = np.array([float(each) for each in birnbaum(graph, fractions, root)])
        more = np.array([float(each) for each in birnbaum(graph, without, root)])
        found[root] = per_hour * np.maximum(more - less, 0.0)
    return found
