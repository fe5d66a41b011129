"""A chain by a scheme of redundancy: power blocks, their units sized from catalog ratings, and what they lose at any load.

A *block* is a group of *systems* (a main switchboard with its transformers, UPS and distribution) that stand in for each other;
blocks are filled one after the other as the factory grows, so that all but the last are alike. The IT load of a block is cut
into equal *parts*, one for each system or pair of systems, and every part into *leaves*: the racks on one busway, or on one at
each side. All that is said of a block here follows from a few numbers, however many racks there are.

In N+1 a block is one system whose units of a stage share a bus, one more than are needed. In 2N, 3N/2 and 4N/3 every part hangs
on a pair of systems; in a block-redundant one, on a system of its own, with a catcher behind all of them. A UPS' static bypass
is not counted as a way to feed the racks: what comes through it is not protected.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.catalog.records import PowerStage
from planner.models.losses import LossLaw, input_kw
from planner.models.power import units_needed

__all__ = ["PATHS", "STAGES", "Block", "Demand", "Equipment", "Kind", "Plant", "block_losses_kw", "fill_blocks"]

Floats = NDArray[np.float64]

STAGES = ("utility", "transformer", "switchgear", "generator", "bess", "ups", "distribution")
"""From the grid to the rack."""

PATHS = {"2N": 2, "3N/2": 3, "4N/3": 4}
"""Schemes of whole systems that share the loads in pairs -> systems in a block."""

CATCHER_PRIMARIES = 5  # systems behind one catcher
BUS_SYSTEMS = 4  # systems' worth of load on the common bus of an N+1 block
UPS_PER_SYSTEM = 2  # where no rating of board or transformer bounds a system


@dataclass(frozen=True)
class Equipment:
    """A row of the catalog in its place: what one unit is rated and may carry, and how it loses at a rating."""

    row: PowerStage
    rating_kw: float | None
    usable_fraction: float
    law: Callable[[float], LossLaw]

    def limit_kw(self) -> float:
        """Return what one unit may carry for hours; unlimited where it is sized for its load."""
        return math.inf if self.rating_kw is None else self.rating_kw * self.usable_fraction


@dataclass(frozen=True)
class Demand:
    """What the whole factory draws at design load [kW], and of how many racks; the heaviest racks bound the busways."""

    it_kw: float
    pumps_kw: float
    cooling_kw: float
    house_kw: float
    racks: int
    rack_max_kw: float
    racks_per_row: int


@dataclass(frozen=True)
class Kind:
    """Like units: of each system, or on each side of a part. `worst_kw` is what one carries in the worst single transfer."""

    equipment: Equipment
    count: int
    needs_count: int
    rating_kw: float
    limit_kw: float
    law: LossLaw
    worst_kw: float


@dataclass(frozen=True)
class Block:
    """One block: its share of all loads, how its systems share it, and its units by stage.

    `parts` loads of equal size; a system carries `parts_per_system` of them, on each of `sides` a part of its own.
    """

    fraction: float
    systems: int
    active: int
    parts: int
    parts_per_system: int
    sides: int
    leaves: int
    kinds: dict[str, Kind]
    fill: float


Plant = dict[str, Equipment]
"""Equipment by stage; a stage that is left out has no units."""


def fill_blocks(scheme: str, plant: Plant, demand: Demand) -> tuple[list[Block], list[int]]:
    """Cut the load into blocks.

    Returns
    -------
    tuple of list
        Blocks that differ (full ones, and the last), and how many there are of each.
    """
    fraction, block = 1.0, _block(scheme, plant, demand, 1.0, CATCHER_PRIMARIES)
    if block.fill <= 1.0:
        return [_last(scheme, plant, demand, 1.0, block.fill)], [1]
    for _ in range(60):
        fraction /= block.fill * (1 + 1e-9)
        block = _block(scheme, plant, demand, fraction, CATCHER_PRIMARIES)
        if 1 - 1e-6 < block.fill <= 1:
            break
    while block.fill > 1:  # losses jump where a unit is added, so that the division above need not settle
        fraction *= 0.999
        block = _block(scheme, plant, demand, fraction, CATCHER_PRIMARIES)
    count = math.floor(1 / fraction + 1e-9)
    rest = 1.0 - count * fraction
    if rest < 1e-9:
        return [_block(scheme, plant, demand, 1.0 / count, CATCHER_PRIMARIES)], [count]
    return [block, _last(scheme, plant, demand, rest, rest / fraction)], [count, 1]


def _last(scheme: str, plant: Plant, demand: Demand, fraction: float, fill: float) -> Block:
    """Size the block that is filled so far: beside a catcher stand no more systems than it takes."""
    primaries = units_needed(fill * CATCHER_PRIMARIES, 1.0)
    block = _block(scheme, plant, demand, fraction, primaries)
    while scheme == "block" and block.fill > 1 and primaries < CATCHER_PRIMARIES:
        primaries += 1
        block = _block(scheme, plant, demand, fraction, primaries)
    return block


def _block(scheme: str, plant: Plant, demand: Demand, fraction: float, primaries: int) -> Block:
    """Size a block for a share of all loads."""
    systems = PATHS.get(scheme, primaries + 1 if scheme == "block" else 1)
    active = primaries if scheme == "block" else systems
    pairs = scheme in PATHS
    parts = systems * (systems - 1) // 2 if pairs else active
    per_system = systems - 1 if pairs else 1
    sides = 2 if pairs else 1
    leaves = _leaves(plant, demand, fraction, parts)
    spare = 1 if scheme == "N+1" else 0
    kinds: dict[str, Kind] = {}

    def add(stage: str, normal_kw: float, worst_kw: float) -> tuple[float, float]:
        """Add the units of a stage in one system; return what they take, normally and at most."""
        if stage not in plant:
            return normal_kw, worst_kw
        kinds[stage] = kind = _kind(plant[stage], normal_kw, worst_kw, spare, pairs)
        taken_kw, needed = _taken(kind, normal_kw), kind.count - spare
        at_most = needed * input_kw(kind.law, worst_kw / needed)
        return taken_kw, max(at_most, taken_kw) if spare else at_most

    leaf_kw = fraction * demand.it_kw / (parts * leaves)
    side_kw, whole_kw = leaf_kw / sides, leaf_kw
    if "distribution" in plant:
        equipment = plant["distribution"]
        rating = equipment.rating_kw or leaf_kw / equipment.usable_fraction or 1.0
        law = equipment.law(rating)
        kinds["distribution"] = Kind(equipment, leaves, 1, rating, rating * equipment.usable_fraction, law, leaf_kw)
        side_kw, whole_kw = input_kw(law, side_kw), input_kw(law, whole_kw)
    over = systems - 1 if pairs else active
    mechanical_kw = fraction * (demand.cooling_kw + demand.house_kw)
    normal_kw = per_system * leaves * side_kw + fraction * demand.pumps_kw / active
    worst_kw = leaves * ((per_system - 1) * side_kw + whole_kw) + fraction * demand.pumps_kw / over
    normal_kw, worst_kw = add("ups", normal_kw, worst_kw)
    normal_kw, worst_kw = normal_kw + mechanical_kw / active, worst_kw + mechanical_kw / over
    if "bess" in plant:
        kinds["bess"] = kind = _kind(plant["bess"], 0.0, worst_kw, 0, pairs)
        idle_kw = _taken(kind, 0.0)
        normal_kw, worst_kw = normal_kw + idle_kw, worst_kw + idle_kw
    fill = 0.0
    bounds = _bounds(scheme, plant)
    for stage in ("switchgear", "transformer"):
        if stage in bounds:
            fill = max(fill, worst_kw / bounds[stage])
        normal_kw, worst_kw = add(stage, normal_kw, worst_kw)
    if "ups" in bounds:
        fill = kinds["ups"].worst_kw * (kinds["ups"].count - spare) / bounds["ups"]
    return Block(fraction, systems, active, parts, per_system, sides, leaves, kinds, fill)


def _kind(equipment: Equipment, normal_kw: float, worst_kw: float, spare: int, pairs: bool) -> Kind:
    """Size the units of a stage in one system: enough for the worst transfer, and a spare one in N+1."""
    limit = equipment.limit_kw()
    needed = units_needed(worst_kw, limit)
    rating = equipment.rating_kw or worst_kw / equipment.usable_fraction or 1.0
    limit = rating * equipment.usable_fraction
    # Pairs of systems run on as long as what is left of one carries its normal load; else its partners take over.
    needs = units_needed(normal_kw, limit) if pairs else needed
    return Kind(equipment, needed + spare, needs, rating, limit, equipment.law(rating), worst_kw / needed)


def _taken(kind: Kind, output_kw: float) -> float:
    """Return what all units of a kind take for what they deliver together."""
    return kind.count * input_kw(kind.law, output_kw / kind.count)


def _leaves(plant: Plant, demand: Demand, fraction: float, parts: int) -> int:
    """Count the busways (on one side) that a part of a block has: as many to a row as its racks need, if all were heaviest."""
    limit = plant["distribution"].limit_kw() if "distribution" in plant else math.inf
    per_row = demand.racks_per_row
    if demand.rack_max_kw > limit * (1 + 1e-9):
        runs = per_row * units_needed(demand.rack_max_kw, limit)
    elif math.isfinite(limit) and demand.rack_max_kw > 0:
        runs = -(-per_row // min(math.floor(limit / demand.rack_max_kw + 1e-9), per_row))
    else:
        runs = 1
    return units_needed(fraction * demand.racks * runs, parts * per_row)


def _bounds(scheme: str, plant: Plant) -> dict[str, float]:
    """Say what a system may deliver at most, by stage: one main switchboard, and as many transformers as fit on it."""
    board = plant["switchgear"].limit_kw() if "switchgear" in plant else math.inf
    transformer = plant["transformer"].limit_kw() if "transformer" in plant else math.inf
    systems = BUS_SYSTEMS if scheme == "N+1" else 1
    bounds = {}
    if math.isfinite(board):
        bounds["switchgear"] = systems * board
    if math.isfinite(transformer):
        fitting = math.floor(board / transformer + 1e-9) if math.isfinite(board) else 1
        bounds["transformer"] = systems * max(fitting, 1) * transformer
    if not bounds and "ups" in plant and math.isfinite(plant["ups"].limit_kw()):
        bounds["ups"] = systems * UPS_PER_SYSTEM * plant["ups"].limit_kw()
    return bounds


def block_losses_kw(
    block: Block, it_kw: Floats, pumps_kw: Floats, mechanical_kw: Floats
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Run a block in its normal state.

    Parameters
    ----------
    block : Block
        The block.
    it_kw, pumps_kw, mechanical_kw : array of float
        What the whole factory draws [kW]; the block has its share.

    Returns
    -------
    tuple of dict
        By stage what all its units lose, and what they deliver [kW]; "grid" is what the block takes, "behind sets" what
        generators carry in its place: all but the transformers' losses.
    """
    lost: dict[str, Floats] = {}
    delivered: dict[str, Floats] = {}

    def add(stage: str, units: int, times: int, output: Floats) -> Floats:
        """Run the units of a stage in one of so many systems; return what they take."""
        if stage not in block.kinds:
            return output
        each = output / units
        taken = input_kw(block.kinds[stage].law, each)
        lost[stage] = lost.get(stage, 0.0) + times * units * (taken - each)
        delivered[stage] = delivered.get(stage, 0.0) + times * output
        return units * taken

    def system(times: int, critical: Floats, mechanical: Floats) -> Floats:
        """Run one of so many alike systems; return what it takes."""
        counts = {stage: kind.count for stage, kind in block.kinds.items()}
        output = add("ups", counts.get("ups", 1), times, critical) + mechanical
        if "bess" in counts:
            output = output + add("bess", counts["bess"], times, np.zeros_like(output))
        for stage in ("switchgear", "transformer"):
            if stage == "transformer":
                delivered["behind sets"] = delivered.get("behind sets", 0.0) + times * output
            output = add(stage, counts.get(stage, 1), times, output)
        return output

    share = block.fraction
    sides = block.parts * block.leaves * block.sides
    taken = add("distribution", sides, 1, share * it_kw)
    critical = taken / sides * (block.parts_per_system * block.leaves) + pumps_kw * (share / block.active)
    grid = block.active * system(block.active, critical, mechanical_kw * (share / block.active))
    idle = block.systems - block.active
    if idle:
        nothing = np.zeros_like(grid)
        grid = grid + idle * system(idle, nothing, nothing)
    delivered["grid"] = grid
    return lost, delivered
