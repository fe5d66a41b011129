"""Every piece of a drawn chain in its normal state and in every single transfer: loads, overloads, and what is stranded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from planner.models.chain import Feed, Unit, Worst, single_outages
from planner.models.power import conductor_a
from planner.plan_facility import ChainLoad, ChainUnit, StrandedPlan
from planner.steps.chain_scheme import STAGES
from planner.steps.chain_units import Hung, Piece
from planner.steps.notes import Notes
from planner.units import figure

__all__ = ["Checked", "as_graph", "check", "note_overloads", "stranded_capacity"]

Floats = NDArray[np.float64]

ROOM = 1 + 1e-6  # a limit that is met to within rounding is met


@dataclass(frozen=True)
class Checked:
    """Pieces with their ratings, and what each carries [kW]."""

    pieces: tuple[Piece, ...]
    worst: Worst
    units: tuple[ChainUnit, ...]
    feeds: tuple[ChainLoad, ...]


def as_graph(pieces: Sequence[Piece], hung: Sequence[Hung]) -> tuple[list[Unit], list[Feed]]:
    """Turn pieces into units that know each other by number; generators stand by."""
    place = {piece.name: number for number, piece in enumerate(pieces)}
    known: dict[tuple[tuple[str, ...], tuple[str, ...], int], Feed] = {}

    def feed(each: Piece | Hung) -> Feed:
        key = each.fed_by, each.backed_by, each.needs_count
        if key not in known:
            known[key] = Feed(tuple(place[n] for n in each.fed_by), tuple(place[n] for n in each.backed_by), each.needs_count)
        return known[key]

    return [Unit(each.law, feed(each), each.stage == "generator") for each in pieces], [feed(each) for each in hung]


def check(pieces: Sequence[Piece], hung: Sequence[Hung], usable: dict[str, float], spare_generators: bool) -> Checked:
    """Run the chain in its normal state and in every single outage.

    Parameters
    ----------
    pieces, hung : sequence
        The chain. A piece without a rating gets what its worst load asks for.
    usable : dict
        Part of its rating that a piece without one may carry for hours.
    spare_generators : bool
        One generator may be out while the grid is.
    """
    units, feeds = as_graph(pieces, hung)
    grid = tuple(number for number, piece in enumerate(pieces) if piece.stage == "utility")
    sets = [number for number, piece in enumerate(pieces) if piece.stage == "generator"]
    also = [grid] if len(grid) > 1 and sets else []
    if spare_generators and grid:
        also += [(*grid, number) for number in sets]
    worst = single_outages(units, feeds, np.array([each.power_kw for each in hung]), also)
    rated = []
    for number, piece in enumerate(pieces):
        if piece.rating_kw:
            rated.append(piece)
            continue
        rating = float(worst.worst_kw[number]) / usable[piece.name] or 1.0
        rated.append(replace(piece, rating_kw=rating, limit_kw=rating * usable[piece.name]))
    return Checked(
        tuple(rated),
        worst,
        tuple(_unit(piece, number, rated, worst, len(grid)) for number, piece in enumerate(rated)),
        tuple(
            ChainLoad(
                name=each.name,
                kind=each.kind,
                racks=each.racks,
                gpus=each.gpus,
                rows=each.rows,
                power_kw=each.power_kw,
                fed_by=each.fed_by,
                backed_by=each.backed_by,
                needs_count=each.needs_count,
            )
            for each in hung
        ),
    )


def _unit(piece: Piece, number: int, pieces: Sequence[Piece], worst: Worst, lines: int) -> ChainUnit:
    """Say what a piece carries."""
    carried = float(worst.worst_kw[number])
    return ChainUnit(
        name=piece.name,
        stage=piece.stage,
        item=piece.item,
        rating_kw=piece.rating_kw,
        limit_kw=piece.limit_kw,
        fed_by=piece.fed_by,
        backed_by=piece.backed_by,
        needs_count=piece.needs_count,
        load_kw=float(worst.normal_kw[number]),
        loss_kw=float(worst.normal_loss_kw[number]),
        load_worst_kw=carried,
        worst_when=_outage(worst.worst_when[number], pieces, lines),
        voltage_v=piece.voltage_v,
        current_worst_a=None if piece.voltage_v is None else conductor_a(carried, piece.voltage_v, True),
        sized=piece.sized,
    )


def _outage(outage: tuple[int, ...], pieces: Sequence[Piece], lines: int) -> str:
    """Name an outage: all lines of the utility together are the utility."""
    names = [pieces[number].name for number in outage]
    grid = [pieces[number].name for number in outage if pieces[number].stage == "utility"]
    if lines > 1 and len(grid) == lines:
        names = ["the utility", *(name for name in names if name not in grid)]
    return " and ".join(names)


def note_overloads(checked: Checked, notes: Notes, paths: dict[str, str], grid_feed_kw: float | None) -> None:
    """Note units that carry more than they may, normally or in the worst transfer: the fullest one at each path.

    `paths` says where in the factory file a stage is chosen; without an entry, a unit is a link of a declared chain.
    A line that is rated by the site's feed is not looked at here: the feed is held against what all lines deliver.
    """
    fullest: dict[str, tuple[float, ChainUnit]] = {}
    for piece, unit in zip(checked.pieces, checked.units, strict=True):
        by_feed = piece.stage == "utility" and piece.rating_kw == grid_feed_kw
        if piece.sized or by_feed or unit.load_worst_kw <= unit.limit_kw * ROOM:
            continue
        path = paths.get(piece.stage, f"power.chain.{piece.name}")
        ratio = unit.load_worst_kw / unit.limit_kw
        if path not in fullest or ratio > fullest[path][0]:
            fullest[path] = ratio, unit
    for path, (ratio, unit) in fullest.items():
        always = unit.load_kw > unit.limit_kw * ROOM
        carried = unit.load_kw if always else unit.load_worst_kw
        when = "with nothing out" if always else f"when {unit.worst_when} is out"
        message = (
            f"{unit.name} carries {figure(carried)} kW {when}; {figure(unit.limit_kw)} kW is what it may carry for hours"
            f" ({figure(100 * (carried / unit.limit_kw if always else ratio))} %)"
        )
        hint = "a larger rating, more units side by side, or less load on it"
        if not always:
            hint += "; or needs_count, so that what hangs on it is switched over to what backs it"
        notes.error("chain-overload", path, message, hint, carried, unit.limit_kw, "kW")


def stranded_capacity(
    checked: Checked, on_sets_kw: Mapping[str, float], average_fraction: float | None, grid_feed_kw: float | None
) -> tuple[StrandedPlan, ...]:
    """Part every stage's capacity: used, kept in reserve, within reach of more racks, and out of their reach.

    Parameters
    ----------
    checked : Checked
        The chain.
    on_sets_kw : mapping
        What every generator carries when the grid is out.
    average_fraction : float, optional
        Most that it may carry of its limit in the mean.
    grid_feed_kw : float, optional
        What the grid delivers at most.

    Notes
    -----
    All loads of a block are thought to grow together until one of its units is full in its worst transfer, and no more than
    generators and the grid's feed carry. What a stage could carry beyond that is stranded. By stage, installed = reserve +
    used + reachable + stranded, each as what the stage delivers. Units that are sized for their load are left out.
    """
    normal, worst = checked.worst.normal_kw, checked.worst.worst_kw
    taken = normal + checked.worst.normal_loss_kw
    stage_of = {piece.name: piece.stage for piece in checked.pieces}
    most: dict[tuple[str, int], float] = {}  # stage, block -> how many times its load its fullest unit would carry
    used: dict[tuple[str, int], float] = defaultdict(float)
    installed: dict[str, float] = defaultdict(float)
    grid_kw: dict[int, float] = defaultdict(float)  # block -> what it takes from the grid
    pool_of: dict[int, int] = {}
    pool_block = {piece.name: piece.block for piece in checked.pieces if piece.stage == "generator"}
    for number, piece in enumerate(checked.pieces):
        key = piece.stage, piece.block
        if any(stage_of[name] == "utility" for name in piece.fed_by):
            grid_kw[piece.block] += taken[number]
        for name in piece.backed_by:
            if name in pool_block:
                pool_of[piece.block] = pool_block[name]
        if piece.stage in ("utility", "bess") or piece.sized:
            continue
        installed[piece.stage] += piece.rating_kw
        used[key] += on_sets_kw.get(piece.name, 0.0) if piece.stage == "generator" else normal[number]
        if worst[number] > 0:
            most[key] = min(most.get(key, np.inf), piece.limit_kw / worst[number])
        if piece.stage == "generator" and average_fraction is not None and on_sets_kw.get(piece.name):
            most[key] = min(most[key], average_fraction * piece.limit_kw / on_sets_kw[piece.name])
    reach = _reach(most, used, grid_kw, pool_of, grid_feed_kw)
    result = []
    for stage in STAGES:
        if stage not in installed:
            continue
        blocks = [block for each, block in used if each == stage]
        load_kw = sum(used[stage, block] for block in blocks)
        more = {
            block: _pool_reach(block, reach, grid_kw, pool_of) if stage == "generator" else reach.get(block, 1.0)
            for block in blocks
        }
        reachable = sum(used[stage, block] * (more[block] - 1) for block in blocks)
        beyond = sum(used[stage, block] * max(most.get((stage, block), 0.0) - more[block], 0.0) for block in blocks)
        result.append(
            StrandedPlan(
                stage=stage,
                installed_kw=installed[stage],
                reserve_kw=_left(installed[stage], load_kw, reachable, beyond),
                used_kw=load_kw,
                reachable_kw=reachable,
                stranded_kw=beyond,
            )
        )
    if grid_feed_kw is not None:
        load_kw = sum(float(kw) for piece, kw in zip(checked.pieces, normal, strict=True) if piece.stage == "utility")
        reachable = sum(kw * (reach.get(block, 1.0) - 1) for block, kw in grid_kw.items())
        left = max(_left(grid_feed_kw, load_kw, reachable), 0.0)
        lines = sum(piece.stage == "utility" for piece in checked.pieces)
        result.insert(
            0,
            StrandedPlan(
                stage="utility",
                installed_kw=lines * grid_feed_kw,
                reserve_kw=_left(lines * grid_feed_kw, load_kw, reachable, left),
                used_kw=load_kw,
                reachable_kw=reachable,
                stranded_kw=left,
            ),
        )
    return tuple(result)


def _left(whole_kw: float, *parts_kw: float) -> float:
    """Subtract parts from a whole; what rounding leaves of nothing is nothing."""
    left_kw = whole_kw - sum(parts_kw)
    return left_kw if abs(left_kw) > 1e-9 * abs(whole_kw) else 0.0


def _reach(
    most: Mapping[tuple[str, int], float],
    used: Mapping[tuple[str, int], float],
    grid_kw: Mapping[int, float],
    pool_of: Mapping[int, int],
    grid_feed_kw: float | None,
) -> dict[int, float]:
    """Find how many times its load every block can carry before it, its generators or the grid's feed are full."""
    fullest: dict[int, float] = {}
    for (stage, block), ratio in most.items():
        if stage != "generator":
            fullest[block] = min(fullest.get(block, ratio), ratio)
    extra_kw = {block: kw * max(fullest.get(block, 1.0) - 1, 0.0) for block, kw in grid_kw.items()}
    behind: dict[int, list[int]] = defaultdict(list)
    for block, pool in pool_of.items():
        if block in extra_kw:
            behind[pool].append(block)
    for pool, blocks in behind.items():
        if ("generator", pool) in most:
            _scale(extra_kw, blocks, used["generator", pool] * (most["generator", pool] - 1))
    if grid_feed_kw is not None:
        _scale(extra_kw, list(extra_kw), grid_feed_kw - sum(grid_kw.values()))
    return {block: 1 + extra_kw[block] / kw if kw > 0 else 1.0 for block, kw in grid_kw.items()}


def _scale(extra_kw: dict[int, float], blocks: Sequence[int], allowed_kw: float) -> None:
    """Cut what blocks may add down to what is allowed."""
    total = sum(extra_kw[block] for block in blocks)
    if total > max(allowed_kw, 0.0):
        for block in blocks:
            extra_kw[block] *= max(allowed_kw, 0.0) / total


def _pool_reach(pool: int, reach: Mapping[int, float], grid_kw: Mapping[int, float], pool_of: Mapping[int, int]) -> float:
    """Find how many times their load the blocks behind a pool of generators can carry together."""
    behind = {block: kw for block, kw in grid_kw.items() if pool_of.get(block) == pool}
    total = sum(behind.values())
    return sum(kw * reach[block] for block, kw in behind.items()) / total if total > 0 else 1.0
