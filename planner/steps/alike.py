"""Blocks of a large hall that are built alike: a few of each kind stand for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.plan_facility import ChainLoad, ChainUnit
from planner.steps.blocks import apart

__all__ = ["FEW_COUNT", "KEPT_COUNT", "Alike", "alike"]

Floats = NDArray[np.float64]
Piece = int | None

FEW_COUNT = 12  # a hall with no more feeds of cooling than these is looked at whole
KEPT_COUNT = 3  # of like blocks: two that an outage of two units touches, and one that it does not


@dataclass(frozen=True)
class Alike:
    """A chain in which a few of many like blocks are left, and for how many each stands.

    `pieces`, `feed_pieces`: block of every unit and load, None for what blocks share. `kinds`: kind of every block; `copies`:
    how many blocks of a kind there are; `kept`: how many of these are left.
    """

    units: tuple[ChainUnit, ...]
    feeds: tuple[ChainLoad, ...]
    pieces: tuple[Piece, ...]
    feed_pieces: tuple[Piece, ...]
    kinds: tuple[int, ...]
    copies: tuple[int, ...]
    kept: tuple[int, ...]

    @property
    def reduced(self) -> bool:
        """Tell whether anything was left out."""
        return self.copies != self.kept

    def firsts(self) -> list[int]:
        """Return the first block of every kind."""
        return [self.kinds.index(kind) for kind in range(len(self.copies))]

    def like(self) -> dict[int, int]:
        """Choose units that stand for all: what blocks share, and one block of each kind; and say for how many."""
        firsts = set(self.firsts())
        return {
            number: 1 if piece is None else self.copies[self.kinds[piece]]
            for number, piece in enumerate(self.pieces)
            if piece is None or piece in firsts
        }

    def _weight(self, kind: int, touched_count: int = 0) -> float:
        """Say for how many blocks one stands that an outage does not touch."""
        left = self.kept[kind] - touched_count
        return (self.copies[kind] - touched_count) / left if left else 0.0

    def weights(self, outages: Sequence[tuple[int, ...]] = ((),)) -> Floats:
        """Return for how many loads each load stands, by load and outage: those of a block that is hit stand for themselves."""
        kinds = [-1 if piece is None else self.kinds[piece] for piece in self.feed_pieces]
        plain = np.array([1.0 if kind < 0 else self._weight(kind) for kind in kinds])
        found = np.tile(plain[:, None], (1, len(outages)))
        if self.reduced:
            for column, numbers in enumerate(outages):
                hit = {piece for number in numbers if (piece := self.pieces[number]) is not None}
                for kind in {self.kinds[piece] for piece in hit}:
                    count = sum(self.kinds[piece] == kind for piece in hit)
                    for feed, of_kind in enumerate(kinds):
                        if of_kind == kind:
                            found[feed, column] = 1.0 if self.feed_pieces[feed] in hit else self._weight(kind, count)
        return found

    def pair_weights(self, piece: Piece, firsts: Sequence[int]) -> Floats | float:
        """Return for how many a load of a block stands, when one of some units is out and any other: first by second."""
        if piece is None or self.copies[self.kinds[piece]] == self.kept[self.kinds[piece]]:
            return 1.0
        kind = self.kinds[piece]
        place = np.array([-1 if each is None else each for each in self.pieces])
        of_kind = np.array([each is not None and self.kinds[each] == kind for each in self.pieces])
        first, second = place[list(firsts)][:, None], place[None, :]
        count = of_kind[list(firsts)][:, None].astype(int) + (of_kind[None, :] & (first != second))
        table = np.array([self._weight(kind, each) for each in range(3)])
        return np.where((first == piece) | (second == piece), 1.0, table[count])


def alike(units: tuple[ChainUnit, ...], feeds: tuple[ChainLoad, ...], kept_count: int | None = None) -> Alike:
    """Part a chain into blocks that share nothing but sources, and keep a few of each kind.

    A source that only one block draws on is part of it. All blocks are kept where they stand in for one another, or lean on
    shared sources that stand by: then how many there are matters.
    """
    of_units, of_feeds = apart(units, feeds)
    users: dict[str, set[int]] = defaultdict(set)
    backing: set[str] = set()
    consumers: tuple[ChainUnit | ChainLoad, ...] = (*units, *feeds)
    for each, piece in zip(consumers, (*of_units, *of_feeds), strict=True):
        for name in (*each.fed_by, *each.backed_by):
            users[name].add(-1 if piece is None else piece)
        backing.update(each.backed_by)
    of_units, of_feeds = _joined(units, of_units, of_feeds, users, backing)
    kind_of = _kinds(units, feeds, of_units, of_feeds)
    shared = {unit.name for unit, piece in zip(units, of_units, strict=True) if piece is None}
    racks_count: dict[int, int] = defaultdict(int)
    for feed, piece in zip(feeds, of_feeds, strict=True):
        if piece is not None:
            racks_count[piece] += feed.racks
    few = any(0 < sum(feed.kind == kind for feed in feeds) <= FEW_COUNT for kind in ("pumps", "cooling"))
    limit = len(units) + 1 if few or shared & backing else (KEPT_COUNT if kept_count is None else kept_count)
    members: dict[int, list[int]] = defaultdict(list)
    for piece in sorted(kind_of, key=lambda each: (-racks_count[each], each)):  # the fullest stand for all
        members[kind_of[piece]].append(piece)
    renumbered = {piece: place for place, piece in enumerate(sorted(p for each in members.values() for p in each[:limit]))}
    stay = [number for number, piece in enumerate(of_units) if piece is None or piece in renumbered]
    stay_feeds = [number for number, piece in enumerate(of_feeds) if piece is None or piece in renumbered]
    kept_units = tuple(units[number] for number in stay)
    return Alike(
        units=kept_units if len(stay) == len(units) else _smaller(units, kept_units, shared),
        feeds=tuple(feeds[number] for number in stay_feeds),
        pieces=tuple(None if (p := of_units[number]) is None else renumbered[p] for number in stay),
        feed_pieces=tuple(None if (p := of_feeds[number]) is None else renumbered[p] for number in stay_feeds),
        kinds=tuple(kind_of[piece] for piece in renumbered),
        copies=tuple(len(members[kind]) for kind in range(len(members))),
        kept=tuple(min(len(members[kind]), limit) for kind in range(len(members))),
    )


def _joined(
    units: Sequence[ChainUnit],
    of_units: Sequence[Piece],
    of_feeds: Sequence[Piece],
    users: Mapping[str, set[int]],
    backing: set[str],
) -> tuple[list[Piece], list[Piece]]:
    """Make blocks that lean on the same sources one, and give sources that only one draws on to it."""
    parent = list(range(1 + max((piece for piece in of_units if piece is not None), default=-1)))

    def root(piece: int) -> int:
        while parent[piece] != piece:
            parent[piece] = parent[parent[piece]]
            piece = parent[piece]
        return piece

    for unit, piece in zip(units, of_units, strict=True):
        found = users.get(unit.name, set())
        if piece is None and unit.name in backing and -1 not in found:
            first, *others = sorted(found)
            for other in others:
                parent[root(other)] = root(first)
    joined = [None if piece is None else root(piece) for piece in of_units]
    for number, unit in enumerate(units):
        roots = {each if each < 0 else root(each) for each in users.get(unit.name, set())}
        if joined[number] is None and len(roots) == 1 and -1 not in roots:
            (joined[number],) = roots
    return joined, [None if piece is None else root(piece) for piece in of_feeds]


def _kinds(
    units: Sequence[ChainUnit], feeds: Sequence[ChainLoad], of_units: Sequence[Piece], of_feeds: Sequence[Piece]
) -> dict[int, int]:
    """Give every block the number of its kind: built alike, with like loads."""
    sizes: dict[int, int] = defaultdict(int)
    places: dict[str, int | str] = {}  # unit -> its place in its block
    for unit, piece in zip(units, of_units, strict=True):
        if piece is not None:
            places[unit.name] = sizes[piece]
            sizes[piece] += 1
    marks: dict[int, list[object]] = defaultdict(list)

    def mark(each: ChainUnit | ChainLoad) -> tuple[object, ...]:
        ways = tuple(tuple([places.get(name, name) for name in names]) for names in (each.fed_by, each.backed_by))
        return (*ways, each.needs_count)

    for unit, piece in zip(units, of_units, strict=True):
        if piece is not None:
            numbers = f"{unit.rating_kw:.6g} {unit.limit_kw:.6g} {unit.load_kw:.6g} {unit.loss_kw:.6g}"
            marks[piece].append((unit.stage, unit.item, numbers, mark(unit)))
    for feed, piece in zip(feeds, of_feeds, strict=True):
        if piece is not None:
            marks[piece].append((feed.kind, f"{feed.power_kw:.6g}", mark(feed)))
    kinds: dict[tuple[object, ...], int] = {}
    return {piece: kinds.setdefault(tuple(found), len(kinds)) for piece, found in sorted(marks.items())}


def _smaller(units: Sequence[ChainUnit], kept: Sequence[ChainUnit], shared: set[str]) -> tuple[ChainUnit, ...]:
    """Cut what blocks share down to those that are left, so that it is as full as before."""

    def draws(some: Sequence[ChainUnit]) -> dict[str, float]:
        found: dict[str, float] = defaultdict(float)
        for unit in some:
            for name in unit.fed_by:
                if name in shared:
                    found[name] += (unit.load_kw + unit.loss_kw) / len(unit.fed_by)
        return found

    whole, part = draws(units), draws(kept)
    cut = []
    for unit in kept:
        if unit.name in shared and whole[unit.name] > 0:
            ratio = part[unit.name] / whole[unit.name]
            fields = ("rating_kw", "limit_kw", "load_kw", "loss_kw")
            cut.append(unit.model_copy(update={field: getattr(unit, field) * ratio for field in fields}))
        else:
            cut.append(unit)
    return tuple(cut)
