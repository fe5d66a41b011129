"""What runs between racks: the cables of all networks, added up for every pair of racks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.plan import FabricPlan
from planner.steps.cabling import MOST_LINKS, outer_links, sampled_links
from planner.steps.layout import Layout, Places, vertex_places
from topologies.families import build

__all__ = ["CABLE_PARTS", "RackLinks", "rack_links"]

CABLE_PARTS = 840
"""Whole parts that a cable is counted in: up to eight links share one evenly."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class RackLinks:
    """Pairs of racks with cables between them; `a` is the lower end: a node, or the switch of the lower tier."""

    a: Ints
    b: Ints
    parts: Ints
    """Cables times `CABLE_PARTS`."""
    upright_m: float
    """Metres of all cables that do not depend on where racks stand: up, down, slack, and ways within a rack."""
    exact: bool
    """Whether every link was counted, or a sample stands for all."""


def rack_links(fabrics: Iterable[FabricPlan], layout: Layout) -> RackLinks:
    """Count the cables between any two racks.

    Parameters
    ----------
    fabrics : iterable of FabricPlan
        With what is attached to them (`attach`).
    layout : Layout
        What stands in which rack, at which height; where the racks stand does not matter.
    """
    pairs: dict[str, list[Ints]] = {"code": [], "parts": []}
    racks, upright_m, exact = len(layout.row), 0.0, True
    for fabric in fabrics:
        if fabric.switch is None or fabric.recipe is None:
            continue
        ends: list[tuple[Places, Places, Ints]] = []
        if fabric.links_by_layer.total() > MOST_LINKS:
            exact = False
            for _, count, a, b, _ in sampled_links(fabric, layout):
                edges = np.arange(len(a.rack) + 1) * (CABLE_PARTS * count) // len(a.rack)
                ends.append((a, b, np.diff(edges)))
        else:
            built = build(fabric.recipe.topology, fabric.recipe.parameters, fabric.recipe.population)
            where = vertex_places(fabric, built, layout)
            _, a_end, b_end, _, cable, first = outer_links(fabric, built)
            parts = CABLE_PARTS // np.bincount(cable, minlength=len(first))[cable]
            ends.append((where.take(a_end), where.take(b_end), parts))
        for a, b, parts in ends:
            upright_m += float(np.sum(parts * layout.upright_m(a, b))) / CABLE_PARTS
            pairs["code"].append(a.rack * racks + b.rack)
            pairs["parts"].append(parts)
    code, of_pair = np.unique(np.concatenate([*pairs["code"], np.zeros(0, np.int64)]), return_inverse=True)
    parts = np.bincount(of_pair, weights=np.concatenate([*pairs["parts"], np.zeros(0, np.int64)]), minlength=len(code))
    return RackLinks(code // racks, code % racks, np.rint(parts).astype(np.int64), upright_m, exact)
