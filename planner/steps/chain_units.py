"""A chain by a scheme, drawn unit by unit: power blocks become pieces with names, and loads that hang on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from planner.models.losses import LossLaw
from planner.plan_facility import ChainUnit
from planner.steps.chain_generators import Pool
from planner.steps.chain_scheme import PATHS, Block, Demand, Equipment, Kind

__all__ = ["Hung", "Piece", "RowLoad", "draw", "draw_alone", "draw_batteries"]

Names = tuple[str, ...]


@dataclass(frozen=True)
class RowLoad:
    """A row of the hall: its racks and GPUs, and what it draws at design load; also rack by rack, where they differ."""

    name: str
    racks: int
    gpus: int
    power_kw: float
    rack_power_kw: tuple[float, ...] = ()
    rack_gpus: tuple[int, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A unit of the chain before its load is known; `sized`: its rating is what its load asks for."""

    name: str
    stage: str
    item: str
    voltage_v: float | None
    rating_kw: float
    limit_kw: float
    sized: bool
    law: LossLaw
    fed_by: Names = ()
    backed_by: Names = ()
    needs_count: int = 1
    block: int = -1


@dataclass(frozen=True)
class Hung:
    """What hangs on the chain."""

    name: str
    kind: str
    power_kw: float
    fed_by: Names
    backed_by: Names = ()
    needs_count: int = 1
    racks: int = 0
    gpus: int = 0
    rows: Names = ()


@dataclass(frozen=True)
class _Bus:
    """What the next stage draws on: the units of the one before, how many are enough, and what steps in."""

    fed_by: Names
    needs_count: int = 1
    backed_by: Names = ()


def draw(
    scheme: str,
    blocks: Sequence[Block],
    counts: Sequence[int],
    demand: Demand,
    utility: tuple[Equipment, int, bool],
    generators: tuple[Equipment, Sequence[Pool]] | None,
    rows: Sequence[RowLoad],
) -> tuple[list[Piece], list[Hung]]:
    """Draw the chain.

    Parameters
    ----------
    scheme : str
        The scheme of redundancy.
    blocks, counts : sequence
        Blocks that differ, and how many there are of each.
    demand : Demand
        The design load.
    utility : tuple
        The line with its rating, how many there are, and whether it is as large as its worst load asks for.
    generators : tuple, optional
        The set, and the pools in the order of the blocks.
    rows : sequence of RowLoad
        The hall's rows, in the order in which the racks are dealt to the blocks.

    Notes
    -----
    A block takes its share of the IT load to the last watt, so the racks dealt to it are counted to the nearest whole one.
    """
    equipment, lines, sized = utility
    row, rating_kw = equipment.row, equipment.rating_kw or 0.0
    usable, law = equipment.usable_fraction, equipment.law(rating_kw)
    pieces = [
        Piece(f"utility-{n + 1}", "utility", row.id, row.voltage_v, rating_kw, rating_kw * usable, sized, law)
        for n in range(lines)
    ]
    grid = tuple(piece.name for piece in pieces)
    hung: list[Hung] = []
    dealer = _Dealer(rows)
    number = 0
    sets: dict[int, Names] = {}
    if generators is not None:
        for pool in generators[1]:
            pieces += _sets(generators[0], pool)
            sets |= dict.fromkeys(range(pool.first, pool.first + pool.blocks), pool.names())
    for block, count in zip(blocks, counts, strict=True):
        for _ in range(count):
            _draw_block(scheme, block, number, demand, _Bus(grid, 1, sets.get(number, ())), dealer, pieces, hung)
            number += 1
    return pieces, hung


def draw_alone(scheme: str, block: Block, demand: Demand, backed: bool) -> tuple[list[Piece], list[Hung]]:
    """Draw one block on a line without losses, the first piece; `backed`: a source steps in for the line."""
    names = ("utility", "generator")[: 1 + backed]
    pieces = [Piece(name, name, "", None, 0.0, 0.0, True, LossLaw()) for name in names]
    hung: list[Hung] = []
    _draw_block(scheme, block, 0, demand, _Bus(names[:1], 1, names[1:]), _Dealer(()), pieces, hung)
    return pieces, hung


def draw_batteries(blocks: Sequence[Block], counts: Sequence[int]) -> tuple[ChainUnit, ...]:
    """List the battery systems alone, where the rest is not drawn."""
    kinds = [
        (block.kinds["bess"], block.systems * count)
        for block, count in zip(blocks, counts, strict=True)
        if "bess" in block.kinds
    ]
    return tuple(
        ChainUnit(
            name=f"bess-{number + 1}",
            stage="bess",
            item=kind.equipment.row.id,
            rating_kw=kind.rating_kw,
            limit_kw=kind.limit_kw,
            fed_by=(),
            backed_by=(),
            needs_count=1,
            load_kw=0.0,
            loss_kw=0.0,
            load_worst_kw=0.0,
            worst_when="",
            sized=kind.equipment.rating_kw is None,
        )
        for kind, systems in kinds
        for number in range(kind.count * systems)
    )


def _sets(equipment: Equipment, pool: Pool) -> list[Piece]:
    """Draw the generators of a pool; a set without a rating is as large as its part of the load."""
    row, sized = equipment.row, equipment.rating_kw is None
    rating = pool.rating_kw
    limit, law = rating * equipment.usable_fraction, equipment.law(rating)
    return [
        Piece(name, "generator", row.id, row.voltage_v, rating, limit, sized, law, block=-1 - pool.number)
        for name in pool.names()
    ]


def _draw_block(
    scheme: str, block: Block, number: int, demand: Demand, grid: _Bus, dealer: _Dealer, pieces: list[Piece], hung: list[Hung]
) -> None:
    """Draw the systems of one block, then its parts and other loads."""
    label = str(number + 1)
    letters = "abcdef"[: block.active] + ("r" if block.systems > block.active else "")
    systems = [f"{label}{letter}" if block.systems > 1 else label for letter in letters]
    boards: list[_Bus] = []
    critical: list[_Bus] = []
    for system in systems:
        bus = grid
        if "transformer" in block.kinds:
            made = _units("transformer", system, block.kinds["transformer"], _Bus(grid.fed_by), number)
            pieces += made
            bus = _Bus(tuple(each.name for each in made), block.kinds["transformer"].needs_count, grid.backed_by)
        bus = _stage("switchgear", "board", system, block, bus, number, pieces)
        boards.append(bus)
        if "bess" in block.kinds:
            pieces += _units("bess", system, block.kinds["bess"], bus, number)
        critical.append(_stage("ups", "ups", system, block, bus, number, pieces))
    active = range(block.active)
    pairs = list(combinations(active, 2)) if scheme in PATHS else [(each,) for each in active]
    for pair in pairs:
        for leaf in range(block.leaves):
            name = label + ("".join(letters[each] for each in pair) if block.systems > 1 else "") + f"-{leaf + 1}"
            power_kw = block.fraction * demand.it_kw / (block.parts * block.leaves)
            racks, gpus, rows = dealer.deal(block.fraction / (block.parts * block.leaves))
            feeds = [critical[each] for each in pair]
            catcher = critical[-1] if scheme == "block" else None
            if "distribution" in block.kinds:
                kind = block.kinds["distribution"]
                made = [
                    _unit(
                        "distribution",
                        f"distribution-{name}" + (f"-{letters[each]}" if len(pair) > 1 else ""),
                        kind,
                        _backed(critical[each], catcher),
                        number,
                    )
                    for each in pair
                ]
                pieces += made
                feed = _Bus(tuple(each.name for each in made))
            elif len(feeds) == 2:
                feed = _Bus(feeds[0].fed_by + feeds[1].fed_by)
            else:
                feed = _backed(feeds[0], catcher)
            hung.append(
                Hung(f"racks-{name}", "racks", power_kw, feed.fed_by, feed.backed_by, feed.needs_count, racks, gpus, rows)
            )
    for kind_name, total_kw, buses in (
        ("pumps", demand.pumps_kw, critical),
        ("cooling", demand.cooling_kw, boards),
        ("house", demand.house_kw, boards),
    ):
        for suffix, share, feed in _others(scheme, block, letters, buses):
            power_kw = block.fraction * total_kw * share
            hung.append(
                Hung(f"{kind_name}-{label}{suffix}", kind_name, power_kw, feed.fed_by, feed.backed_by, feed.needs_count)
            )


def _others(scheme: str, block: Block, letters: str, buses: list[_Bus]) -> Iterator[tuple[str, float, _Bus]]:
    """Share pumps, cooling and house out over the systems: each share is switched over to another system of its own."""
    if scheme in PATHS:
        for one in range(block.systems):
            for other in range(block.systems):
                if one != other:
                    share = 1 / (block.systems * (block.systems - 1))
                    yield letters[one] + letters[other], share, _backed(buses[one], buses[other])
        return
    for each in range(block.active):
        name = letters[each] if block.systems > 1 else ""
        yield name, 1 / block.active, _backed(buses[each], buses[-1] if scheme == "block" else None)


def _backed(bus: _Bus, by: _Bus | None) -> _Bus:
    """Let another system step in for one, where generators do not."""
    return bus if by is None or bus.backed_by else _Bus(bus.fed_by, bus.needs_count, by.fed_by)


def _stage(stage: str, word: str, system: str, block: Block, bus: _Bus, number: int, pieces: list[Piece]) -> _Bus:
    """Draw the units of a stage in one system; return what the next stage draws on."""
    if stage not in block.kinds:
        return bus
    made = _units(word, system, block.kinds[stage], bus, number)
    pieces += made
    return _Bus(tuple(each.name for each in made), block.kinds[stage].needs_count)


def _units(word: str, system: str, kind: Kind, bus: _Bus, number: int) -> list[Piece]:
    """Draw like units side by side."""
    stage = "switchgear" if word == "board" else word
    return [
        _unit(stage, f"{word}-{system}" + (f"-{n + 1}" if kind.count > 1 else ""), kind, bus, number) for n in range(kind.count)
    ]


def _unit(stage: str, name: str, kind: Kind, bus: _Bus, number: int) -> Piece:
    """Draw one unit."""
    row = kind.equipment.row
    sized = kind.equipment.rating_kw is None
    return Piece(
        name,
        stage,
        row.id,
        row.voltage_v,
        kind.rating_kw,
        kind.limit_kw,
        sized,
        kind.law,
        bus.fed_by,
        bus.backed_by,
        bus.needs_count,
        number,
    )


class _Dealer:
    """Deals the hall's racks out, each of them whole, in shares of its power, row by row."""

    def __init__(self, rows: Sequence[RowLoad]) -> None:
        self.rows = rows
        self.row = np.repeat(np.arange(len(rows)), [row.racks for row in rows])
        power = [row.rack_power_kw or (row.power_kw / row.racks,) * row.racks for row in rows if row.racks]
        gpus = [row.rack_gpus or np.diff(np.arange(row.racks + 1) * row.gpus // row.racks) for row in rows if row.racks]
        power_kw = np.concatenate([np.zeros(0), *power])
        self.middle = np.cumsum(power_kw) - power_kw / 2
        self.total = float(power_kw.sum())
        self.gpus = np.concatenate([[0], np.cumsum(np.concatenate([np.zeros(0), *gpus]))])
        self.at, self.next = 0.0, 0

    def deal(self, share: float) -> tuple[int, int, Names]:
        """Deal the next share: racks, GPUs, and the rows that they stand in."""
        if not len(self.row) or self.total <= 0:
            return 0, 0, ()
        self.at = min(self.at + share, 1.0)
        first, high = self.next, self.at * self.total
        self.next = len(self.row) if self.at > 1 - 1e-9 else max(int(np.searchsorted(self.middle, high)), first)
        rows = dict.fromkeys(self.row[first : max(self.next, first + 1)].tolist() or self.row[-1:].tolist())
        gpus = round(float(self.gpus[self.next] - self.gpus[first]))
        return self.next - first, gpus, tuple(self.rows[number].name for number in rows)
