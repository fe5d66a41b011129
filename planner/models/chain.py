"""The power chain as a graph: who feeds whom, what each piece carries in any set of outages, and the worst single one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np
from numpy.typing import NDArray

from planner.models.losses import LossLaw, input_kw

__all__ = ["Feed", "Flow", "Unit", "Worst", "flow", "losses_by_stage", "single_outages"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

NOISE = 1e-9  # relative: less than this is no difference
SCENARIOS_AT_ONCE = 512  # bounds the memory of the largest chains


@dataclass(frozen=True)
class Feed:
    """What something draws on, by numbers of units.

    Attributes
    ----------
    fed_by : tuple of int
        Units that carry it in equal parts.
    backed_by : tuple of int
        Units that step in, in equal parts, when fewer than `needs_count` of `fed_by` live.
    needs_count : int
        How many of `fed_by` it takes.
    """

    fed_by: tuple[int, ...] = ()
    backed_by: tuple[int, ...] = ()
    needs_count: int = 1


@dataclass(frozen=True)
class Unit:
    """One piece of equipment; without a feed it is a source, such as a utility's line or a generator.

    Attributes
    ----------
    law : LossLaw
        What it takes for what it delivers.
    feed : Feed
        What it draws on.
    stands_by : bool
        Off, and without any loss, while it delivers nothing.
    """

    law: LossLaw
    feed: Feed = Feed()
    stands_by: bool = False


@dataclass(frozen=True)
class Flow:
    """Arrays of units (or loads) by scenarios: who lives, what each delivers and takes [kW], which loads are served."""

    live: Bools
    output_kw: Floats
    input_kw: Floats
    served: Bools


@dataclass(frozen=True)
class Worst:
    """What every unit carries normally and in its worst outage [kW], and which outage that is: numbers of units, () if none."""

    normal_kw: Floats
    normal_loss_kw: Floats
    worst_kw: Floats
    worst_when: tuple[tuple[int, ...], ...]


def flow(units: Sequence[Unit], loads: Sequence[Feed], load_kw: Floats, out: Bools) -> Flow:
    """Follow the power from the loads to the sources in many scenarios at once.

    Parameters
    ----------
    units : sequence of Unit
        The chain, without cycles, in any order.
    loads : sequence of Feed
        What hangs on it.
    load_kw : array of float
        What each load draws [kW]: one number a load, or loads by scenarios.
    out : array of bool
        Units by scenarios: which are out of service.

    Returns
    -------
    Flow
        Arrays of units by scenarios, and of loads by scenarios.

    Notes
    -----
    A unit lives if it is not out and is a source, or at least `needs_count` of what feeds it live, or any of what backs it
    does. What it takes is shared equally by those it then runs on. A load without a living feed draws nothing; a unit that
    lives without a load still loses what it loses without a load, unless it stands by. No limit is applied here: a unit may
    carry more than its rating, which is for the caller to find.

    References
    ----------
    Equal sharing of parallel units: IEC 62040-3:2021 (parallel UPS) and ISO 8528-1:2018 (parallel generating sets).

    Examples
    --------
    Two units of 2N, each at half of 100 kW; with the first out, the second carries all:

    >>> pair = [Unit(LossLaw()), Unit(LossLaw())]
    >>> out = np.array([[False, True], [False, False]])
    >>> flow(pair, [Feed((0, 1))], np.array([100.0]), out).output_kw
    array([[ 50.,   0.],
           [ 50., 100.]])
    """
    kind_of = _alike(units, loads, out)
    _, first, counts = np.unique(kind_of, return_index=True, return_counts=True)
    loads = [_renumbered(feed, kind_of) for feed in loads]
    units = [Unit(units[n].law, _renumbered(units[n].feed, kind_of), units[n].stands_by) for n in first]
    out = out[first]
    order = _order(units)
    scenarios = out.shape[1]
    live = np.zeros(out.shape, dtype=np.bool_)
    buses: dict[Feed, tuple[Bools, Floats]] = {}  # how many of its feeders carry it: from fed_by or not, one over their number
    demand: dict[Feed, Floats] = {}
    fed: dict[int, dict[Feed, bool]] = defaultdict(dict)  # unit -> the buses that it carries, and whether as a main feeder

    def bus(feed: Feed) -> tuple[Bools, Floats]:
        if feed not in buses:
            main = live[list(feed.fed_by)].sum(axis=0, dtype=np.int64)
            on_main = main >= max(feed.needs_count, 1)
            active = np.where(on_main, main, live[list(feed.backed_by)].sum(axis=0, dtype=np.int64))
            buses[feed] = on_main, np.divide(1.0, active, out=np.zeros(scenarios), where=active > 0)
            demand[feed] = np.zeros(scenarios)
            for unit in feed.backed_by:
                fed[unit][feed] = False
            for unit in feed.fed_by:
                fed[unit][feed] = True
        return buses[feed]

    for number in order:
        feed = units[number].feed
        live[number] = ~out[number]
        if feed.fed_by or feed.backed_by:
            live[number] &= bus(feed)[1] > 0
    served = np.zeros((len(loads), scenarios), dtype=np.bool_)
    for number, feed in enumerate(loads):
        served[number] = bus(feed)[1] > 0
        demand[feed] = demand[feed] + np.where(served[number], load_kw[number], 0.0)
    output, taken = np.zeros(out.shape), np.zeros(out.shape)
    for number in reversed(order):
        for feed, as_main in fed[number].items():
            on_main, share = buses[feed]
            output[number] += np.where(live[number] & (on_main == as_main), demand[feed] * share, 0.0)
        runs = live[number] & (output[number] > 0) if units[number].stands_by else live[number]
        taken[number] = np.where(runs, input_kw(units[number].law, output[number]), 0.0)
        if units[number].feed in demand:
            demand[units[number].feed] = demand[units[number].feed] + counts[number] * taken[number]
    return Flow(live[kind_of], output[kind_of], taken[kind_of], served)


def _alike(units: Sequence[Unit], loads: Sequence[Feed], out: Bools) -> list[int]:
    """Find the units that carry the same in all scenarios: each unit's kind, numbered from 0 as they come.

    They are of one make, draw on the same bus, feed the same buses, and are out together.
    """
    buses = list(dict.fromkeys([*(unit.feed for unit in units), *loads]))
    feeds: dict[int, list[int]] = defaultdict(list)  # unit -> the buses that it feeds, and those that it backs
    for bus, feed in enumerate(buses):
        for number in feed.fed_by:
            feeds[number].append(2 * bus)
        for number in feed.backed_by:
            feeds[number].append(2 * bus + 1)
    kinds: dict[object, int] = {}
    return [kinds.setdefault((unit, tuple(feeds[n]), out[n].tobytes()), len(kinds)) for n, unit in enumerate(units)]


def single_outages(
    units: Sequence[Unit], loads: Sequence[Feed], load_kw: Floats, also: Iterable[tuple[int, ...]] = ()
) -> Worst:
    """Take every unit out, one at a time, and keep the most that each other unit then carries.

    Parameters
    ----------
    units, loads : sequence
        The chain, as in `flow`.
    load_kw : array of float
        What each load draws [kW].
    also : iterable of tuple of int
        Further outages of several units at once, such as all of the utility's lines and one generator.

    Returns
    -------
    Worst
        By unit.

    Notes
    -----
    Blocks of the chain that share nothing but sources (lines, generators) do not feel each other's outages, and sources are
    not limited here; so each block is run for its own outages only, blocks that are alike once, and the sources' loads are
    added up. The result is that of `flow` over the whole chain and all outages, at a cost that grows with the square of a
    block, not of the chain.

    References
    ----------
    The N-1 criterion: ENTSO-E, Continental Europe Operation Handbook, policy 3 (2009).

    Examples
    --------
    Three units share 90 kW, two are enough:

    >>> worst = single_outages([Unit(LossLaw())] * 3, [Feed((0, 1, 2), needs_count=2)], np.array([90.0]))
    >>> worst.normal_kw, worst.worst_kw, worst.worst_when
    (array([30., 30., 30.]), array([45., 45., 45.]), ((1,), (0,), (0,)))
    """
    sources = {number for number, unit in enumerate(units) if not (unit.feed.fed_by or unit.feed.backed_by)}
    shared = [*((number,) for number in sorted(sources)), *also]
    normal_kw, worst_kw = np.zeros(len(units)), np.zeros(len(units))
    loss_kw = np.zeros(len(units))
    when: list[tuple[int, ...]] = [()] * len(units)
    shared_kw = {number: np.zeros(len(shared)) for number in sources}  # what outages that several blocks feel add to a source
    added_kw = np.zeros(len(units))  # the most that an outage within one block adds to a source
    touching: dict[int, set[int]] = defaultdict(set)  # unit -> the shared outages that take it
    for scenario, outage in enumerate(shared):
        for number in outage:
            touching[number].add(scenario)
    felt_by: dict[tuple[int, ...], tuple[Ints, Ints, list[tuple[int, ...]]]] = {}
    alike: dict[object, tuple[Floats, Floats]] = {}
    for own, own_loads in _blocks(units, loads, sources):
        local = sorted({*own, *(each for n in own for each in _feeders(units[n].feed))})
        local = sorted({*local, *(each for n in own_loads for each in _feeders(loads[n]))})
        place = {number: index for index, number in enumerate(local)}
        touched = tuple(number for number in local if number in touching)
        if touched not in felt_by:
            felt_by[touched] = _felt(touched, touching, shared)
        felt, columns, parts = felt_by[touched]
        singles = [(), *((number,) for number in own)]
        column = len(singles) + columns
        renumbered: dict[Feed, Feed] = {}
        for feed in [*(units[n].feed for n in local), *(loads[n] for n in own_loads)]:
            if feed not in renumbered:
                renumbered[feed] = _renumbered(feed, place)
        block = (
            tuple(Unit(units[n].law, renumbered[units[n].feed], units[n].stands_by) for n in local),
            tuple(renumbered[loads[n]] for n in own_loads),
            tuple(load_kw[own_loads].tolist()),
            tuple(tuple(place[each] for each in outage) for outage in (*singles, *parts)),
        )
        if block not in alike:
            alike[block] = _run(*block)
        carried_kw, taken_kw = alike[block]
        for index, number in enumerate(local):
            row = carried_kw[index]
            normal_kw[number] += row[0]
            if number not in sources:
                loss_kw[number] = taken_kw[index, 0] - row[0]
                most = int(row.argmax())
                if row[most] <= row[0] * (1 + NOISE):
                    most = 0
                outage = singles[most] if most < len(singles) else parts[most - len(singles)]
                worst_kw[number], when[number] = row[most], outage
                continue
            shared_kw[number][felt] += row[column] - row[0]
            most = int(row[: len(singles)].argmax())
            if row[most] - row[0] > max(added_kw[number], NOISE * row[0]):
                added_kw[number], when[number] = row[most] - row[0], singles[most]
    for number in sources:
        law, output = units[number].law, float(normal_kw[number])
        loss_kw[number] = 0.0 if units[number].stands_by and output == 0 else input_kw(law, output) - output
        most = int(shared_kw[number].argmax())
        if shared_kw[number][most] > max(added_kw[number], NOISE * output):
            added_kw[number], when[number] = shared_kw[number][most], shared[most]
        worst_kw[number] = output + added_kw[number]
    return Worst(normal_kw, loss_kw, worst_kw, tuple(when))


def losses_by_stage(
    units: Sequence[Unit], stages: Sequence[str], loads: Sequence[Feed], kinds: Sequence[tuple[str, float]]
) -> Callable[[dict[str, Floats]], dict[str, Floats]]:
    """Find once who carries the same as whom, and return what the chain loses at any load while nothing is out.

    Parameters
    ----------
    units, loads : sequence
        The chain, as in `flow`.
    stages : sequence of str
        The stage that each unit is counted under.
    kinds : sequence of tuple of str and float
        Of each load its kind, and its share of all that is drawn by the kind.

    Returns
    -------
    callable
        Takes the load by kind [kW], floats or arrays, and returns the loss by stage [kW].

    Notes
    -----
    Units with the same law whose consumers are the same carry the same at every load; each such class is computed once, so
    that a year of hours costs as much as the chain has different units.

    References
    ----------
    As `flow`.

    Examples
    --------
    Two units of 98 % at half of 98 kW each:

    >>> pair = [Unit(LossLaw(efficiency_fraction=0.98))] * 2
    >>> lost = losses_by_stage(pair, ["ups", "ups"], [Feed((0, 1))], [("racks", 1.0)])
    >>> round(float(lost({"racks": 98.0})["ups"]), 6)
    2.0
    """
    drawn: dict[int, Counter[tuple[int, int]]] = defaultdict(Counter)  # unit -> consumers' classes, over how many shared
    known: dict[object, int] = {}
    classes: list[_Class] = []

    def class_of(entry: _Class) -> int:
        if entry not in known:
            known[entry] = len(classes)
            classes.append(entry)
        return known[entry]

    def draw(feed: Feed, consumer: int) -> None:
        feeders = feed.fed_by if len(feed.fed_by) >= max(feed.needs_count, 1) else feed.backed_by
        for feeder in feeders:
            drawn[feeder][consumer, len(feeders)] += 1

    for feed, (kind, share) in zip(loads, kinds, strict=True):
        draw(feed, class_of(_Class(kind=kind, share=share)))
    counts: Counter[tuple[str, int]] = Counter()
    for number in reversed(_order(units)):
        unit = units[number]
        mine = class_of(_Class(law=unit.law, stands_by=unit.stands_by, consumers=tuple(sorted(drawn[number].items()))))
        counts[stages[number], mine] += 1
        draw(unit.feed, mine)

    def lost(load_kw: dict[str, Floats]) -> dict[str, Floats]:
        taken: list[Floats] = []
        losses: list[Floats] = []
        for each in classes:
            output = np.asarray(load_kw[each.kind] * each.share if each.kind else 0.0, dtype=np.float64)
            for (consumer, over), times in each.consumers:
                output = output + taken[consumer] * (times / over)
            needed = output if each.law is None else input_kw(each.law, output)
            taken.append(np.where(output > 0, needed, 0.0) if each.stands_by else needed)
            losses.append(taken[-1] - output)
        nothing = np.zeros(np.broadcast_shapes(*(np.shape(kw) for kw in load_kw.values())))
        result: dict[str, Floats] = {}
        for (stage, number), count in counts.items():
            result[stage] = result.get(stage, nothing) + count * losses[number]
        return result

    return lost


@dataclass(frozen=True)
class _Class:
    """Units, or loads of a kind, that carry the same at every load."""

    kind: str = ""
    share: float = 0.0
    law: LossLaw | None = None
    stands_by: bool = False
    consumers: tuple[tuple[tuple[int, int], int], ...] = ()


def _felt(
    touched: tuple[int, ...], touching: dict[int, set[int]], shared: Sequence[tuple[int, ...]]
) -> tuple[Ints, Ints, list[tuple[int, ...]]]:
    """List the shared outages that a block feels, by their numbers, and what it feels of them, each kind once."""
    felt = sorted({scenario for number in touched for scenario in touching[number]})
    here = set(touched)
    columns: dict[tuple[int, ...], int] = {}
    places = [columns.setdefault(tuple(each for each in shared[n] if each in here), len(columns)) for n in felt]
    return np.array(felt, dtype=np.int64), np.array(places, dtype=np.int64), list(columns)


def _order(units: Sequence[Unit]) -> list[int]:
    """List the units so that each comes after all that it draws on."""
    return list(TopologicalSorter({number: {*_feeders(unit.feed)} for number, unit in enumerate(units)}).static_order())


def _feeders(feed: Feed) -> tuple[int, ...]:
    """List all that something may draw on."""
    return feed.fed_by + feed.backed_by


def _renumbered(feed: Feed, place: Sequence[int] | dict[int, int]) -> Feed:
    """Name a feed's units by other numbers."""
    return Feed(tuple(place[n] for n in feed.fed_by), tuple(place[n] for n in feed.backed_by), feed.needs_count)


def _run(
    units: Sequence[Unit], loads: Sequence[Feed], load_kw: Sequence[float], outages: Sequence[Sequence[int]]
) -> tuple[Floats, Floats]:
    """Run a chain through lists of outages; return what its units deliver and take."""
    outputs, inputs = [], []
    for start in range(0, len(outages), SCENARIOS_AT_ONCE):
        some = outages[start : start + SCENARIOS_AT_ONCE]
        out = np.zeros((len(units), len(some)), dtype=np.bool_)
        for scenario, outage in enumerate(some):
            out[list(outage), scenario] = True
        result = flow(units, loads, np.asarray(load_kw), out)
        outputs.append(result.output_kw)
        inputs.append(result.input_kw)
    return np.hstack(outputs), np.hstack(inputs)


def _blocks(units: Sequence[Unit], loads: Sequence[Feed], sources: set[int]) -> list[tuple[list[int], list[int]]]:
    """Part the chain below its sources into blocks that share nothing: units and loads of each."""
    size = len(units)
    parent = list(range(size + len(loads)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for number, feed in enumerate([*(unit.feed for unit in units), *loads]):
        for feeder in _feeders(feed):
            if feeder not in sources:
                parent[root(number)] = root(feeder)
    parts: dict[int, tuple[list[int], list[int]]] = {}
    for number in range(size + len(loads)):
        if number not in sources:
            own, own_loads = parts.setdefault(root(number), ([], []))
            if number < size:
                own.append(number)
            else:
                own_loads.append(number - size)
    return list(parts.values())
