"""All racks of a large hall at once, from one block of each kind."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from planner.models.diagrams import Diagram, diagram_unavailability
from planner.models.importance import birnbaum
from planner.steps.chances import Cases

__all__ = ["SHARED_MAX_COUNT", "of_pieces", "with_many_maintained"]

SHARED_MAX_COUNT = 8  # components that all blocks share: 256 states


def of_pieces(graph: Diagram, cases: Cases, copies: Sequence[int], shared: Sequence[int]) -> tuple[float, float]:
    """Compute how likely some block is out, when so many like blocks share only some components; and what maintenance adds.

    Parameters
    ----------
    graph : Diagram
        One top for each kind of block: that a block of it works.
    cases : Cases
        Probabilities of all components.
    copies : sequence of int
        How many blocks there are of each kind.
    shared : sequence of int
        Components that all blocks share.

    Notes
    -----
    Given the state of what is shared, blocks are independent: ``1 - sum over states P(state) prod (1 - Q_kind)^copies``.
    """
    q = cases.first()
    maintained = cases.maintained[:, 0]
    moving = [number for number in shared if q[number] > 0]
    many = np.array(copies, dtype=np.float64)
    private = [number for number in np.flatnonzero(maintained).tolist() if number not in set(shared)]
    down = added = 0.0
    for state in itertools.product((0.0, 1.0), repeat=len(moving)):
        given = [*q]
        for number, out in zip(moving, state, strict=True):
            given[number] = out
        factors = [q[number] if out else 1 - q[number] for number, out in zip(moving, state, strict=True)]
        chance = float(np.prod(factors))
        each = np.minimum(np.array([float(value) for value in diagram_unavailability(graph, given)]), 1.0)
        with np.errstate(divide="ignore"):
            all_up = float(np.exp((many * np.log1p(-each)).sum()))
        down += chance * (1.0 if all_up == 0 else float(-np.expm1((many * np.log1p(-each)).sum())))
        if all_up > 0:
            for root, count in enumerate(many):
                importance = birnbaum(graph, given, root)
                slopes = sum(float(maintained[number]) * float(importance[number]) for number in private)
                added += chance * all_up * count * slopes / (1 - each[root])
        for place, number in enumerate(moving):
            # the rise when it is out is P(up | it works) - P(up | it is out), from the states of either kind
            added += float(maintained[number]) * all_up * (-1 if state[place] else 1) * chance / factors[place]
    return down, added


def with_many_maintained(down: float, added: float) -> float:
    """Add what maintenance adds where so many units are maintained that some of it is at the same time.

    ``1 - (1 - down) exp(-added / (1 - down))``: units are maintained whenever it is their turn.
    """
    return 1.0 if down >= 1 else float(-np.expm1(np.log1p(-down) - added / (1 - down)))
