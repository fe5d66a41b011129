"""The chain as a reliability block diagram: what must work for each load to have power."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from planner.models.diagrams import Gate, gate_input
from planner.plan_facility import ChainLoad, ChainUnit

__all__ = ["Block", "Wiring", "apart", "roots", "standing_by", "wire"]

Names = tuple[str, ...]
Supply = tuple[Names, Names, int]  # fed by, backed by, how many of the first are needed

ROOM = 1 + 1e-6  # a rating that is met to within rounding is met


@dataclass(frozen=True)
class Block:
    """A component of the diagram: a unit; like units of which so many are needed; or, `common`, what takes all of these.

    `grouped`: a common cause of its own component can take it with others. `copies`: so many such groups in series. `partial`:
    it counts for the part of what is needed that is missing. `fraction`: nothing but a chance, that of a rack to be among those
    that a shortage takes.
    """

    stage: str
    item: str
    names: Names
    count: int = 1
    needed_count: int = 1
    grouped: bool = False
    common: bool = False
    copies: int = 1
    partial: bool = False
    fraction: float | None = None


@dataclass(frozen=True)
class Wiring:
    """Components in the order in which they decide best, gates over them, and the signal of every load.

    `order`: the loads, those side by side that share units. `mains`: for every group of units that back others, the signals of
    what normally feeds these.
    """

    blocks: tuple[Block, ...]
    gates: tuple[Gate, ...]
    feeds: tuple[int, ...]
    order: tuple[int, ...] = ()
    mains: Mapping[Names, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Backing:
    """Units that back some others: so many of them must work, and so many others may lean on them at once."""

    needed_count: int
    users_max_count: int
    mains: tuple[tuple[Names, int], ...]


def standing_by(units: Sequence[ChainUnit], feeds: Sequence[ChainLoad]) -> frozenset[str]:
    """Name the units that carry nothing while all is well: those that only back others, and what feeds only them."""
    known = {unit.name: unit for unit in units}
    normal: set[str] = set()
    todo = [name for feed in feeds for name in (feed.fed_by or feed.backed_by)]
    while todo:
        name = todo.pop()
        if name in known and name not in normal:
            normal.add(name)
            todo += known[name].fed_by or known[name].backed_by
    return frozenset(known) - normal


def wire(
    units: Sequence[ChainUnit],
    feeds: Sequence[ChainLoad],
    common: Mapping[str, int] | None = None,
    merged: bool = False,
) -> Wiring:
    """Turn the chain into a block diagram.

    Parameters
    ----------
    units, feeds : sequence
        The chain. What is named but is not there never works.
    common : mapping, optional
        Of units that one cause can take together: the number of their group.
    merged : bool
        Like units that serve only together become one component. Otherwise component i is unit i.
    """
    return _Wirer(units, feeds, common or {}, merged).wiring()


def _backings(units: Sequence[ChainUnit], feeds: Sequence[ChainLoad]) -> dict[Names, _Backing]:
    """Work out from ratings how many of a group that backs others must work, and for how many of these it is enough."""
    limits = {unit.name: unit.limit_kw for unit in units}
    draws: dict[Names, list[tuple[float, tuple[Names, int]]]] = defaultdict(list)
    for unit in units:
        if unit.backed_by:
            draws[unit.backed_by].append((unit.load_kw + unit.loss_kw, (unit.fed_by, unit.needs_count)))
    for feed in feeds:
        if feed.backed_by:
            draws[feed.backed_by].append((feed.power_kw, (feed.fed_by, feed.needs_count)))
    backings = {}
    for names, users in draws.items():
        room = sum(limits.get(name, 0.0) for name in names) * ROOM
        carried, demand_kw = 0, 0.0
        for draw_kw, _ in sorted(users, key=lambda user: -user[0]):
            if carried and demand_kw + draw_kw > room:  # at least one is switched over, even if it is too much
                break
            carried, demand_kw = carried + 1, demand_kw + draw_kw
        needed, sum_kw = 0, 0.0
        for limit_kw in sorted(limits.get(name, 0.0) for name in names):
            if needed and sum_kw * ROOM >= demand_kw:
                break
            needed, sum_kw = needed + 1, sum_kw + limit_kw
        backings[names] = _Backing(needed, carried, tuple(main for _, main in users))
    return backings


def apart(units: Sequence[ChainUnit], loads: Sequence[ChainLoad]) -> tuple[list[int | None], list[int | None]]:
    """Part the chain below its sources into pieces that share nothing.

    Returns
    -------
    tuple of list
        Number of the piece of every unit and of every load; none for sources, and for what hangs on sources only.
    """
    known = {unit.name: number for number, unit in enumerate(units)}
    source = [not (unit.fed_by or unit.backed_by) for unit in units]

    def inner(each: ChainUnit | ChainLoad) -> list[int]:
        return [known[name] for name in (*each.fed_by, *each.backed_by) if name in known and not source[known[name]]]

    above = [inner(load) for load in loads]
    root = roots(len(units), [*([number, *inner(unit)] for number, unit in enumerate(units)), *above])
    pieces: dict[int, int] = {}
    of_units = [None if source[n] else pieces.setdefault(root[n], len(pieces)) for n in range(len(units))]
    return of_units, [pieces[root[numbers[0]]] if numbers else None for numbers in above]


def roots(count: int, together: Iterable[Sequence[int]]) -> list[int]:
    """Join numbers that stand together, and those joined to them: return for each of `count` numbers one of its set."""
    parent = list(range(count))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for numbers in together:
        for other in numbers[1:]:
            parent[root(other)] = root(numbers[0])
    return [root(number) for number in range(count)]


class _Wirer:
    """Gates and components while the chain is followed from the loads up."""

    def __init__(self, units: Sequence[ChainUnit], feeds: Sequence[ChainLoad], common: Mapping[str, int], merged: bool) -> None:
        self.units = {unit.name: unit for unit in units}
        self.loads = feeds
        self.common = common
        self.members: dict[int, list[str]] = defaultdict(list)
        for name in self.units:
            if name in common:
                self.members[common[name]].append(name)
        self.merged = merged
        self.backings = _backings(units, feeds)
        self.blocks: list[Block] = []
        self.gates: list[Gate] = []
        self.numbers: dict[tuple[int, tuple[int, ...]], int] = {}
        self.own: dict[Names, int] = {}  # units (of a merged group) -> component
        self.causes: dict[int, int] = {}  # common cause -> component
        self.signals: dict[str, int] = {}
        self.groups: dict[tuple[int, Names], int] = {}
        self.supplies: dict[Supply, int] = {}
        self.mains: dict[Names, dict[int, None]] = defaultdict(dict)
        # unit -> in which roles it serves: a merged group's members serve in one only
        self.roles: dict[str, set[tuple[int, Names]]] = defaultdict(set)
        consumers: list[ChainUnit | ChainLoad] = [*units, *feeds]
        for each in consumers:
            self._count_roles(each.fed_by, each.needs_count)
            if each.backed_by:
                self._count_roles(each.backed_by, self.backings[each.backed_by].needed_count)
        if not merged:
            for unit in units:
                self._own((unit.name,), 1)

    def _count_roles(self, names: Names, needed_count: int) -> None:
        for name in names:
            self.roles[name].add((max(needed_count, 1), names))

    def wiring(self) -> Wiring:
        """Follow all loads up, and what is left of the chain."""
        signals = [0] * len(self.loads)
        pieces = apart(list(self.units.values()), self.loads)[1]
        order = sorted(range(len(self.loads)), key=lambda n: -1 if (piece := pieces[n]) is None else piece)
        for number in order:
            load = self.loads[number]
            self._follow(self._needs(load))
            signals[number] = self._supply((load.fed_by, load.backed_by, load.needs_count))
        if not self.merged:
            self._follow(self.units)
        mains = {names: tuple(found) for names, found in self.mains.items()}
        return Wiring(tuple(self.blocks), tuple(self.gates), tuple(signals), tuple(order), mains)

    def _needs(self, each: ChainUnit | ChainLoad) -> list[str]:
        """List what must be wired before it: what it draws on, and what feeds those with whom it shares a backing too small."""
        needs = [*each.fed_by, *each.backed_by]
        backing = self.backings.get(each.backed_by)
        if backing and backing.users_max_count < len(backing.mains):
            needs += [name for main, _ in backing.mains for name in main]
        return needs

    def _follow(self, names: Iterable[str]) -> None:
        """Wire units and all that is above them, what is shared by many first; without recursion: a chain may be long."""
        todo = list(reversed(list(names)))
        entered: set[str] = set()
        while todo:
            name = todo[-1]
            unit = self.units.get(name)
            if unit is None or name in self.signals:
                todo.pop()
            elif name in entered:
                todo.pop()
                self.signals[name] = self._unit(unit)
            else:
                entered.add(name)
                todo += [need for need in reversed(self._needs(unit)) if need not in self.signals and need not in entered]

    def _gate(self, needed_count: int, inputs: Sequence[int]) -> int:
        """Find or make a gate."""
        key = (needed_count, tuple(inputs))
        if needed_count == len(inputs) == 1:
            return inputs[0]
        if key not in self.numbers:
            self.numbers[key] = gate_input(len(self.gates))
            self.gates.append(Gate(*key))
        return self.numbers[key]

    def _series(self, inputs: Sequence[int]) -> int:
        """Wire "all of these work"."""
        return self._gate(len(inputs), tuple(inputs))

    def _own(self, names: Names, needed_count: int) -> int:
        """Find or make the component of a unit, or of like units of which so many are needed."""
        if names not in self.own:
            unit = self.units[names[0]]
            self.own[names] = len(self.blocks)
            self.blocks.append(Block(unit.stage, unit.item, names, len(names), needed_count, names[0] in self.common))
        return self.own[names]

    def _cause(self, name: str) -> list[int]:
        """Find or make the component of what a unit has in common with others, if anything."""
        group = self.common.get(name)
        if group is None:
            return []
        if group not in self.causes:
            unit = self.units[name]
            self.causes[group] = len(self.blocks)
            self.blocks.append(Block(unit.stage, unit.item, tuple(self.members[group]), grouped=True, common=True))
        return [self.causes[group]]

    def _unit(self, unit: ChainUnit) -> int:
        """Wire a unit: it works if it is in service and has power."""
        above = self._above(unit)
        if self.merged and self._like(unit.name):
            return self._gate(1, ())  # its group stands for it, and nobody asks for it alone
        return self._series([*above, *self._cause(unit.name), self._own((unit.name,), 1)])

    def _above(self, unit: ChainUnit) -> list[int]:
        """Return the signal of what feeds a unit; a source needs none."""
        return [self._supply((unit.fed_by, unit.backed_by, unit.needs_count))] if unit.fed_by or unit.backed_by else []

    def _like(self, name: str) -> Names:
        """Return the like units that serve together with one and nowhere else; () if there are none."""
        if len(self.roles[name]) != 1:
            return ()
        ((role),) = self.roles[name]
        names = role[1]
        if len(names) < 2 or not all(each in self.units and self.roles[each] == {role} for each in names):
            return ()
        kinds = {(u.stage, u.item, u.fed_by, u.backed_by, u.needs_count) for u in (self.units[each] for each in names)}
        causes = {self.common.get(each) for each in names}
        return names if len(kinds) == len(causes) == 1 and len(set(names)) == len(names) else ()

    def _at_least(self, needed_count: int, names: Names) -> int:
        """Wire "so many of these units work"."""
        needed_count = max(needed_count, 1)
        if self.merged and needed_count <= len(names) and self._like(names[0]):
            return self._series([*self._above(self.units[names[0]]), *self._cause(names[0]), self._own(names, needed_count)])
        return self._gate(needed_count, tuple(self.signals[name] for name in names if name in self.signals))

    def _supply(self, supply: Supply) -> int:
        """Wire what something draws on: enough of what feeds it, or else what backs it."""
        if supply not in self.supplies:
            self.supplies[supply] = self._gate(1, ())  # what it would draw on itself, were there a cycle: nothing
            fed_by, backed_by, needs_count = supply
            paths = [self._at_least(needs_count, fed_by)]
            if backed_by:
                backing = self.backings[backed_by]
                self.mains[backed_by][paths[0]] = None
                path = [self._at_least(backing.needed_count, backed_by)]
                lean_count = len(backing.mains) - backing.users_max_count
                if lean_count > 0:  # it carries only some of them at once: so many must stand on their own feet
                    path.append(self._gate(lean_count, tuple(self._at_least(count, names) for names, count in backing.mains)))
                paths.append(self._series(path))
            self.supplies[supply] = self._gate(1, tuple(paths))
        return self.supplies[supply]
