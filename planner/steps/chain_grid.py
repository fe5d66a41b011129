"""What the site takes from the grid in the worst single outage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from planner.models.chain import Feed, Unit, flow
from planner.models.losses import input_kw
from planner.steps.chain_check import Checked, as_graph
from planner.steps.chain_scheme import Block, Demand
from planner.steps.chain_units import draw_alone

__all__ = ["declared_worst_kw", "scheme_worst_kw"]

SOURCES = ("utility", "generator")
SCENARIOS_AT_ONCE = 256


def scheme_worst_kw(scheme: str, blocks: Sequence[Block], demand: Demand, grid_kw: float, backed: bool) -> float:
    """Return what the blocks take together when the unit is out whose outage makes them take most [kW].

    Parameters
    ----------
    scheme, blocks, demand
        The chain, as in `draw`.
    grid_kw : float
        What they take with nothing out.
    backed : bool
        There are generators, which step in for a block that the grid no longer reaches.

    Notes
    -----
    An outage is felt within its block alone, and all units of a stage in a block are alike (but for a reserve system's, which
    come last): so each block that differs is drawn once, and of each stage the first unit is taken out, then the last.
    """
    added_kw = 0.0
    for block in blocks:
        pieces, hung = draw_alone(scheme, block, demand, backed)
        units, feeds = as_graph(pieces, hung)
        first: dict[str, int] = {}
        last: dict[str, int] = {}
        for number, piece in enumerate(pieces):
            if piece.stage not in SOURCES:
                first.setdefault(piece.stage, number)
                last[piece.stage] = number
        gone = [*first.values(), *last.values()]
        out = np.zeros((len(pieces), 1 + len(gone)), dtype=np.bool_)
        out[gone, range(1, 1 + len(gone))] = True
        taken_kw = flow(units, feeds, np.array([each.power_kw for each in hung]), out).output_kw[0]
        added_kw = max(added_kw, float(taken_kw.max() - taken_kw[0]))
    return grid_kw + added_kw


def declared_worst_kw(checked: Checked, units: Sequence[Unit], feeds: Sequence[Feed]) -> float:
    """Return what all lines of a declared chain take together in the worst single outage, with their own losses [kW]."""
    lines = [number for number, piece in enumerate(checked.pieces) if piece.stage == "utility"]
    if not lines:
        return 0.0
    if len(lines) == 1:
        return float(input_kw(units[lines[0]].law, float(checked.worst.worst_kw[lines[0]])))
    load_kw = np.array([each.power_kw for each in checked.feeds])
    most_kw = 0.0
    for start in range(0, len(units) + 1, SCENARIOS_AT_ONCE):
        out = np.eye(len(units), len(units) + 1, 1, dtype=np.bool_)[:, start : start + SCENARIOS_AT_ONCE]
        most_kw = max(most_kw, float(flow(units, feeds, load_kw, out).input_kw[lines].sum(axis=0).max()))
    return most_kw
