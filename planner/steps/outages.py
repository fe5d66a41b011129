"""What is left when one or two pieces of equipment are out: the fullest unit, racks lost, throttled or without a spare."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.models.chain import Feed, Flow, Unit, flow
from planner.models.diagrams import Gate, gate_input, states_up
from planner.models.losses import LossLaw
from planner.plan_facility import ChainLoad, ChainUnit, CoolingPlan, CoolingUnits, Outage
from planner.steps.alike import Alike, alike
from planner.steps.blocks import Wiring, standing_by, wire
from planner.steps.cooling_needs import cooling_groups, spare_ratio
from planner.steps.notes import Notes
from planner.steps.restarts import unbridged

__all__ = ["Outages", "plan_outages", "single_losses"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FLOWS_MAX_COUNT = 3_000_000  # units times outages: a second or two
DOUBLES_MAX_COUNT = 40
SCENARIOS_AT_ONCE = 256
TRIPS_MAX_COUNT = 8  # rounds of one overload leading to the next
OVERLOADED = 1 + 1e-6  # of what may be carried for hours
EQUALS = 1e-6
TRIPS = 1.02  # of the rating: losses are followed with a constant efficiency here


@dataclass(frozen=True)
class Outages:
    """The outage matrix, and what cannot be taken out for maintenance."""

    singles: tuple[Outage, ...]
    doubles: tuple[Outage, ...]
    not_maintainable: tuple[str, ...]


def single_losses(units: Sequence[ChainUnit], feeds: Sequence[ChainLoad]) -> list[int]:
    """Return for every load the units, as bits, each of which alone takes it down."""
    wiring = wire(units, feeds)
    everything = (1 << len(units)) - 1
    up = _signals(wiring, [everything ^ (1 << number) for number in range(len(units))], everything)
    return [everything & ~states for states in up]


def plan_outages(
    notes: Notes,
    units: tuple[ChainUnit, ...],
    feeds: tuple[ChainLoad, ...],
    cooling: CoolingPlan,
    *,
    bridged: bool = True,
) -> Outages:
    """Take every unit out of service, alone and with one more, and see what is left; `bridged`: see `plan_availability`."""
    blocks = alike(units, feeds)
    plant = _Plant.of(blocks, _racks_of(feeds), cooling, unbridged(blocks.units, blocks.feeds, bridged))
    units = blocks.units
    like = _few(units, blocks.like(), notes)
    alone = dict(zip(like, plant.look([(number,) for number in like]), strict=True))
    rows = _alike(plant, alone, like)
    at_risk, pairs = _second_failures(plant, [first for first, _ in rows])
    singles = [
        alone[first].outage(plant, like, risk) for (first, like), risk in zip(rows, at_risk, strict=True)
    ]  # fmt: skip
    singles += [_cooling_outage(plant, group, 1) for group in cooling_groups(cooling)]
    doubles = [left.outage(plant, 1, 0) for left in plant.look(pairs)]
    doubles += [_cooling_outage(plant, group, 2) for group in cooling_groups(cooling) if group.count > 1]
    doubles.sort(key=lambda row: (-row.racks_lost, -row.gpus_throttled, -row.fullest_ratio, row.components))
    if len(doubles) > DOUBLES_MAX_COUNT:
        notes.assume(
            "availability.double_outages",
            f"of {len(doubles)} pairs of classes the {DOUBLES_MAX_COUNT} worst are listed",
            confidence="rule",
        )
    short = {plant.units[number].name for number, left in alone.items() if not left.lasting}
    stopped = [
        row
        for row in singles
        if (row.racks_lost and row.components[0] not in short) or row.gpus_throttled or row.fullest_ratio > OVERLOADED
    ]
    return Outages(
        singles=tuple(
            sorted(singles, key=lambda row: (-row.racks_lost, -row.gpus_throttled, -row.fullest_ratio, row.components))
        ),
        doubles=tuple(doubles[:DOUBLES_MAX_COUNT]),
        not_maintainable=_by_class(stopped, {unit.name: (unit.stage, unit.item) for unit in units}),
    )


@dataclass(frozen=True)
class _Left:
    """What one outage leaves."""

    out: tuple[int, ...]
    fullest: int | None
    fullest_ratio: float
    racks_lost: int
    gpus_lost: int
    gpus_throttled: int
    note: str
    lasting: bool = True  # racks do not only stop until generators carry

    def outage(self, plant: _Plant, like_count: int, racks_at_risk: int) -> Outage:
        """Write it down."""
        return Outage(
            components=tuple(plant.units[number].name for number in self.out),
            like_count=like_count,
            fullest="" if self.fullest is None else plant.units[self.fullest].name,
            fullest_ratio=self.fullest_ratio,
            racks_lost=self.racks_lost,
            gpus_lost=self.gpus_lost,
            gpus_throttled=self.gpus_throttled,
            racks_at_risk=racks_at_risk,
            note=self.note,
        )


@dataclass(frozen=True)
class _Plant:
    """The chain as numbers: for the flow, for what is up, and what hangs on it; `stopping`: loads that nothing bridges."""

    like: Alike

    units: tuple[ChainUnit, ...]
    feeds: tuple[ChainLoad, ...]
    cooling: CoolingPlan
    wiring: Wiring
    graph: tuple[Unit, ...]
    loads: tuple[Feed, ...]
    load_kw: Floats
    normal_kw: Floats
    limit_kw: Floats
    rating_kw: Floats
    waiting: frozenset[int]
    racks: Mapping[int, tuple[int, int]]  # load -> racks and GPUs
    all_racks: tuple[int, int]
    stopping: Bools

    @classmethod
    def of(cls, like: Alike, all_racks: tuple[int, int], cooling: CoolingPlan, stopping: Sequence[bool]) -> _Plant:
        """Turn names into numbers."""
        units, feeds = like.units, like.feeds
        known = {unit.name: number for number, unit in enumerate(units)}
        names = standing_by(units, feeds)

        def feed_of(each: ChainUnit | ChainLoad) -> Feed:
            fed_by = tuple(known[name] for name in each.fed_by if name in known)
            return Feed(fed_by, tuple(known[name] for name in each.backed_by if name in known), each.needs_count)

        graph = tuple(Unit(_law(unit), feed_of(unit), unit.name in names) for unit in units)
        loads = tuple(feed_of(feed) for feed in feeds)
        load_kw = np.array([feed.power_kw for feed in feeds])
        return cls(
            like=like,
            units=units,
            feeds=feeds,
            cooling=cooling,
            wiring=wire(units, feeds),
            graph=graph,
            loads=loads,
            load_kw=load_kw,
            normal_kw=flow(graph, loads, load_kw, np.zeros((len(units), 1), dtype=np.bool_)).output_kw[:, 0],
            limit_kw=np.array([unit.limit_kw for unit in units]),
            rating_kw=np.array([max(unit.rating_kw, unit.limit_kw) for unit in units]),
            waiting=frozenset(known[name] for name in names),
            racks={number: (feed.racks, feed.gpus) for number, feed in enumerate(feeds) if feed.kind == "racks"},
            all_racks=all_racks,
            stopping=np.array(stopping, dtype=np.bool_),
        )

    def look(self, outages: Sequence[tuple[int, ...]]) -> list[_Left]:
        """Follow the power in some outages, and whatever trips on the way."""
        found: list[_Left] = []
        for start in range(0, len(outages), SCENARIOS_AT_ONCE):
            some = outages[start : start + SCENARIOS_AT_ONCE]
            out = np.zeros((len(self.units), len(some)), dtype=np.bool_)
            for scenario, numbers in enumerate(some):
                out[list(numbers), scenario] = True
            first = flow(self.graph, self.loads, self.load_kw, out)
            served, tripped = self._settled(out, first)
            found += self._left(some, first, served, tripped, self._stopped(out, first))
        return found

    def _stopped(self, out: Bools, first: Flow) -> Bools:
        """Tell which loads stop until generators carry: nothing bridges, and without generators they have no power."""
        stopped = np.zeros_like(first.served)
        engines = [number for number in self.waiting if self.units[number].stage == "generator"]
        cases = np.flatnonzero((first.output_kw[engines] > 0).any(axis=0)) if engines else np.array([], dtype=np.int64)
        if cases.size and self.stopping.any():
            without = out[:, cases].copy()
            without[engines] = True
            bare = flow(self.graph, self.loads, self.load_kw, without)
            stopped[:, cases] = first.served[:, cases] & ~bare.served & self.stopping[:, None]
        return stopped

    def _settled(self, out: Bools, first: Flow) -> tuple[Bools, Bools]:
        """Take out what carries more than its rating, and what is then overloaded, until nothing more trips."""
        served, gone = first.served.copy(), out.copy()
        cases, result = np.arange(out.shape[1]), first
        for _ in range(TRIPS_MAX_COUNT):
            over = (result.output_kw > TRIPS * self.rating_kw[:, None]) & ~gone[:, cases]
            hit = over.any(axis=0)
            cases = cases[hit]
            if not cases.size:
                break
            gone[:, cases] |= over[:, hit]
            result = flow(self.graph, self.loads, self.load_kw, gone[:, cases])
            served[:, cases] = result.served
        return served, gone & ~out

    def _left(
        self, outages: Sequence[tuple[int, ...]], first: Flow, served: Bools, tripped: Bools, stopped: Bools
    ) -> list[_Left]:
        """Count what each outage leaves."""
        inverse = np.divide(1.0, self.limit_kw, out=np.zeros(len(self.units)), where=self.limit_kw > 0)[:, None]
        ratio = first.output_kw * inverse
        score = ratio + EQUALS * (ratio - self.normal_kw[:, None] * inverse)  # of equals the one that the outage loads
        weights = self.like.weights(outages)
        lost, with_stopped = self._racks_in(~served, weights), self._racks_in(~served | stopped, weights)
        missing = self._missing(served, weights)
        total = self.all_racks
        found = []
        for scenario, numbers in enumerate(outages):
            fullest = int(score[:, scenario].argmax()) if len(self.units) else None
            short = float(missing[scenario])
            racks_lost, gpus_lost = with_stopped[scenario]
            lasting = lost[scenario][0] > 0
            notes = self._notes(numbers, first, tripped, scenario)
            if racks_lost > lost[scenario][0]:
                notes.append("racks stop until generators carry")
            throttled = math.ceil(short * (total[1] - gpus_lost) - 1e-6)
            if short >= 1 - 1e-9:
                if racks_lost < total[0]:
                    notes.append("nothing is cooled: all racks stop")
                (racks_lost, gpus_lost), throttled, lasting = total, 0, True
            elif short > 0:
                notes.append(f"{short:.0%} of the cooling has no power" if short >= 0.005 else "some cooling has no power")
            found.append(
                _Left(
                    out=numbers,
                    fullest=fullest,
                    fullest_ratio=float(ratio[fullest, scenario]) if fullest is not None else 0.0,
                    racks_lost=racks_lost,
                    gpus_lost=gpus_lost,
                    gpus_throttled=throttled,
                    note="; ".join(notes),
                    lasting=lasting,
                )
            )
        return found

    def _racks_in(self, lost: Bools, weights: Floats) -> list[tuple[int, int]]:
        """Count racks and GPUs of some loads, by outage; of all loads: all."""
        numbers = list(self.racks)
        each = np.array([self.racks[number] for number in numbers], dtype=np.float64).reshape(-1, 2)
        some = lost[numbers]
        sums = (some * weights[numbers]).T @ each
        whole: list[bool] = np.all(some, axis=0).tolist() if numbers else [False] * lost.shape[1]
        racks, gpus = self.all_racks
        return [
            (racks, gpus) if every else (min(round(float(a)), racks), min(round(float(b)), gpus))
            for (a, b), every in zip(sums, whole, strict=True)
        ]

    def _notes(self, out: tuple[int, ...], first: Flow, tripped: Bools, scenario: int) -> list[str]:
        """Say who stands in, and what trips."""
        notes = []
        stand_in = sorted({self.units[n].stage for n in self.waiting if n not in out and first.output_kw[n, scenario] > 0})
        if stand_in:
            notes.append(
                "carried by " + ", ".join(f"{stage}s" if stage == "generator" else f"a spare {stage}" for stage in stand_in)
            )
        over = np.flatnonzero(tripped[:, scenario])
        if over.size:
            more = f" and {over.size - 1} more" if over.size > 1 else ""
            notes.append(f"{self.units[over[0]].name}{more} would trip on overload")
        return notes

    def _missing(self, served: Bools, weights: Floats) -> Floats:
        """Return the part of the cooling that has no power and that no spare unit makes up for."""
        missing = np.zeros(served.shape[1])
        for kind in ("pumps", "cooling"):
            numbers = [number for number, feed in enumerate(self.feeds) if feed.kind == kind and feed.power_kw > 0]
            if numbers:
                power_kw = self.load_kw[numbers][:, None] * weights[numbers]
                left = (power_kw * served[numbers]).sum(axis=0) / power_kw.sum(axis=0)
                missing = np.maximum(missing, 1 - np.minimum(left * spare_ratio(self.cooling, kind), 1.0))
        return np.where(missing < 1e-9, 0.0, missing)


def _law(unit: ChainUnit) -> LossLaw:
    """Keep a unit's efficiency at its design load."""
    taken_kw = unit.load_kw + unit.loss_kw
    return LossLaw(efficiency_fraction=unit.load_kw / taken_kw if unit.load_kw > 0 else 1.0)


def _signals(wiring: Wiring, up: Sequence[int], everything: int) -> list[int]:
    """Return the states in which each load has power."""
    gates = states_up(wiring.gates, up, everything)
    return [up[signal] if signal >= 0 else gates[-1 - signal] for signal in wiring.feeds]


def _racks_of(feeds: Sequence[ChainLoad]) -> tuple[int, int]:
    """Count racks and GPUs."""
    racks = [feed for feed in feeds if feed.kind == "racks"]
    return sum(feed.racks for feed in racks), sum(feed.gpus for feed in racks)


def _few(units: Sequence[ChainUnit], like: dict[int, int], notes: Notes) -> dict[int, int]:
    """Choose among the units of very large chains: some of every class, evenly over the hall, stand for all of it."""
    most = FLOWS_MAX_COUNT // max(len(units), 1)
    if len(like) <= most:
        return like
    classes: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number in like:
        classes[units[number].stage, units[number].item].append(number)
    each = max(most // len(classes), 2)
    few: dict[int, int] = {}
    for numbers in classes.values():
        kept = numbers if len(numbers) <= each else [numbers[at * (len(numbers) - 1) // (each - 1)] for at in range(each)]
        total = sum(like[number] for number in numbers)
        few |= {number: (at + 1) * total // len(kept) - at * total // len(kept) for at, number in enumerate(kept)}
    text = f"of {len(like):,} units {len(few):,} are taken out, some of every class, evenly over the hall: they stand for all"
    notes.assume("availability.outages", text)
    return few


def _alike(plant: _Plant, alone: Mapping[int, _Left], like: Mapping[int, int]) -> list[tuple[int, int]]:
    """Merge like units whose outage does the same to more or fewer racks; the worst stands for them."""
    rows: dict[tuple[object, ...], list[int]] = defaultdict(list)
    everything = plant.all_racks[0]
    for number, left in alone.items():
        unit = plant.units[number]
        if not unit.item.endswith("-none"):
            effect = (left.racks_lost > 0, left.racks_lost == everything, left.gpus_throttled > 0)
            rows[unit.stage, unit.item, *effect, left.fullest_ratio > OVERLOADED].append(number)
    return [
        (
            max(numbers, key=lambda n: (alone[n].racks_lost, alone[n].gpus_lost, round(alone[n].fullest_ratio, 6), -n)),
            sum(like[n] for n in numbers),
        )
        for numbers in rows.values()
    ]


def _second_failures(plant: _Plant, firsts: Sequence[int]) -> tuple[list[int], list[tuple[int, int]]]:
    """After each first outage, let every other unit fail as well.

    Returns
    -------
    tuple of list
        Racks that some second failure takes down although neither did alone; and for every two classes the pair that takes
        the most racks down.
    """
    count = len(plant.units)
    if not firsts:
        return [], []
    size = count * len(firsts)
    everything = (1 << size) - 1
    one_each = sum(1 << (count * row) for row in range(len(firsts)))
    block = (1 << count) - 1
    up = [everything ^ (one_each << number) for number in range(count)]
    for row, first in enumerate(firsts):
        up[first] &= ~(block << (count * row))
    gates = [*plant.wiring.gates]
    cooled = []
    for kind in ("pumps", "cooling"):  # racks stop when none of these has power; with less of them they throttle
        signals = [s for feed, s in zip(plant.feeds, plant.wiring.feeds, strict=True) if feed.kind == kind]
        if signals:
            cooled.append(gate_input(len(gates)))
            gates.append(Gate(1, tuple(signals)))
    gates.append(Gate(len(cooled), tuple(cooled)))
    wiring = Wiring(plant.wiring.blocks, tuple(gates), (*plant.wiring.feeds, gate_input(len(gates) - 1)))
    both_up = _signals(wiring, up, everything)
    alone = _signals(wiring, [block ^ (1 << number) for number in range(count)], block)
    weights: dict[int | None, Floats | float] = {}
    lost = np.zeros(size)
    risk = np.zeros(len(firsts))
    for number, (racks, _) in plant.racks.items():
        states = both_up[number] & both_up[-1]
        down = _bools(everything & ~states, size).reshape(len(firsts), count)
        single = _bools(block & ~(alone[number] & alone[-1]), count)
        piece = plant.like.feed_pieces[number]
        if piece not in weights:
            weights[piece] = plant.like.pair_weights(piece, firsts)
        weight = weights[piece]
        lost += racks * (down * weight).ravel()
        new = np.where(down & ~single[None, :], weight, 0.0).max(axis=1) if count else np.zeros(len(firsts))
        risk += racks * new * ~single[list(firsts)]
    risk = np.minimum(risk, plant.all_racks[0])
    return [round(float(each)) for each in risk], _worst_pairs(plant, firsts, lost.reshape(len(firsts), count))


def _worst_pairs(plant: _Plant, firsts: Sequence[int], lost: Floats) -> list[tuple[int, int]]:
    """Choose for every two classes the pair that takes the most racks down; of equals one that shares a feeder or a load."""
    kinds: dict[tuple[str, str], list[int]] = defaultdict(list)
    drawn: dict[str, set[int]] = defaultdict(set)
    consumers: list[ChainUnit | ChainLoad] = [*plant.units, *plant.feeds]
    for number, each in enumerate(consumers):
        for name in (*each.fed_by, *each.backed_by):
            drawn[name].add(number)
    for number, unit in enumerate(plant.units):
        if not unit.item.endswith("-none"):
            kinds[unit.stage, unit.item].append(number)
    order = list(kinds)
    best: dict[tuple[int, int], tuple[tuple[float, bool, int, int], tuple[int, int]]] = {}
    for row, first in enumerate(firsts):
        unit = plant.units[first]
        for place, kind in enumerate(order):
            members = np.array([number for number in kinds[kind] if number != first], dtype=np.int64)
            if not members.size:
                continue
            most = lost[row, members].max()
            equals = members[lost[row, members] == most][:64]
            near = [
                number
                for number in equals
                if plant.units[number].fed_by == unit.fed_by or drawn[plant.units[number].name] & drawn[unit.name]
            ]
            second = int(near[0] if near else equals[0])
            pair = (first, second) if first < second else (second, first)
            key = tuple(sorted((order.index((unit.stage, unit.item)), place)))
            score = (float(most), bool(near), -pair[0], -pair[1])
            if key not in best or score > best[key[0], key[1]][0]:
                best[key[0], key[1]] = score, pair
    return [pair for _, pair in best.values()]


def _bools(bits: int, size: int) -> Bools:
    """Turn the bits of an integer into an array."""
    raw = np.frombuffer(bits.to_bytes((size + 7) // 8, "little"), dtype=np.uint8)
    return np.unpackbits(raw, count=size, bitorder="little").astype(np.bool_)


def _cooling_outage(plant: _Plant, group: CoolingUnits, out_count: int) -> Outage:
    """Take units of one group out of service."""
    racks, gpus = (math.ceil(each / group.groups_count) for each in plant.all_racks)
    left = group.count - out_count
    stopped, enough = left <= 0, left >= group.needed_count
    ratio = 0.0 if stopped else group.load_kw * group.count / (left * group.capacity_kw)
    short = 0.0 if stopped or enough else max(0.0, 1 - 1 / ratio) if ratio else 0.0
    note = "nothing is cooled: these racks stop" if stopped else f"{short:.0%} of the capacity is missing" if short else ""
    return Outage(
        components=(group.name,) * out_count,
        like_count=group.groups_count * group.count,
        fullest="" if stopped else group.name,
        fullest_ratio=min(ratio, 1.0) if enough else ratio,
        racks_lost=racks if stopped else 0,
        gpus_lost=gpus if stopped else 0,
        gpus_throttled=math.ceil(short * gpus - 1e-6),
        racks_at_risk=racks if left == group.needed_count and out_count == 1 else 0,
        note=note,
    )


def _by_class(rows: Sequence[Outage], kinds: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
    """Name one unit of each class, and say how many there are like it."""
    counts: dict[tuple[str, ...], int] = defaultdict(int)
    first: dict[tuple[str, ...], str] = {}
    for row in rows:
        name = row.components[0]
        kind = kinds.get(name, (name,))
        counts[kind] += row.like_count
        first[kind] = min(first.get(kind, name), name)
    return tuple(sorted(first[kind] + (f" and {count - 1} alike" if count > 1 else "") for kind, count in counts.items()))
