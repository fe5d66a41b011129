"""How long a year a rack, and the factory, are without power or cooling, and what matters most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from planner.catalog import Catalog
from planner.models.diagrams import Diagram, DiagramTooLargeError, Gate, diagram, diagram_unavailability, gate_input
from planner.models.importance import birnbaum, minimal_cut_sets
from planner.models.reliability import availability, downtime_minutes
from planner.plan_facility import (
    AvailabilityPlan,
    ChainLoad,
    ChainUnit,
    CoolingPlan,
    CutSet,
    Importance,
    ReliabilityLine,
)
from planner.steps.alike import Alike, alike
from planner.steps.blocks import Block, Wiring, wire
from planner.steps.causes import common_causes
from planner.steps.chances import ANY_COUNT, NODES_MAX_COUNT, Chances, Kind, chances, only_what_is_enough
from planner.steps.factory_minutes import SHARED_MAX_COUNT, of_pieces, with_many_maintained
from planner.steps.notes import Notes
from planner.steps.outages import plan_outages, single_losses
from planner.steps.plants import SMALL_FRACTION, Plant, plant_of
from planner.steps.rates import Rates, rates_of
from planner.steps.restarts import RESTART_HOURS, stops_per_hour, unbridged

__all__ = ["plan_availability", "rack_minutes_per_year"]

Floats = NDArray[np.float64]

CUT_SETS_MAX_COUNT = 20
CUT_SET_ORDER_MAX_COUNT = 3
CUT_SET_FRACTION_MIN = 1e-13  # 0.05 us a year
RUNNING = ("racks", "pumps", "cooling")  # what a rack cannot do without; the house is not among it


def plan_availability(
    catalog: Catalog,
    notes: Notes,
    units: tuple[ChainUnit, ...],
    feeds: tuple[ChainLoad, ...],
    cooling: CoolingPlan,
    *,
    bridged: bool = True,
) -> AvailabilityPlan:
    """Compute the availability of a rack and of the factory, and what every outage of one or two units leaves.

    `bridged`: batteries last until generators carry. Racks without a UPS on their way stop in any case.
    """
    solved = _solve_all(catalog, notes, units, feeds, cooling, bridged)
    model, rack = solved.model, solved.rack
    outages = plan_outages(notes, units, feeds, cooling, bridged=bridged)
    _assume(notes, solved)
    return AvailabilityPlan(
        components=tuple(_line(kind, rates, solved.counts[kind], model) for kind, rates in model.rates.items()),
        rack_availability_fraction=1 - rack.both,
        rack_minutes_per_year=downtime_minutes(1 - rack.both),
        rack_power_minutes_per_year=downtime_minutes(1 - rack.power),
        rack_cooling_minutes_per_year=downtime_minutes(1 - rack.cooling),
        factory_availability_fraction=1 - solved.factory,
        factory_minutes_per_year=downtime_minutes(1 - solved.factory),
        ranking=rack.ranking,
        cut_sets=rack.cut_sets,
        outages=outages.singles,
        double_outages=outages.doubles,
        not_maintainable=outages.not_maintainable,
        concurrently_maintainable=not outages.not_maintainable,
    )


def rack_minutes_per_year(
    catalog: Catalog,
    units: tuple[ChainUnit, ...],
    feeds: tuple[ChainLoad, ...],
    cooling: CoolingPlan,
    *,
    bridged: bool = True,
) -> float:
    """Compute only how long a year a rack is without power or cooling: to compare chains."""
    return float(downtime_minutes(1 - _solve_all(catalog, Notes(), units, feeds, cooling, bridged).rack.both))


@dataclass(frozen=True)
class _Solved:
    """What is computed before it is written down."""

    model: Chances
    counts: Mapping[Kind, int]
    how: str
    many_feeds: bool
    stops: bool  # some racks do until generators carry
    factory: float
    rack: _Rack


def _solve_all(
    catalog: Catalog,
    notes: Notes,
    units: tuple[ChainUnit, ...],
    feeds: tuple[ChainLoad, ...],
    cooling: CoolingPlan,
    bridged: bool,
) -> _Solved:
    """Look rates up, draw the diagram, and solve it."""
    counts = Counter((unit.stage, unit.item) for unit in units)
    for group in cooling.units:
        counts[group.role, group.item] += group.groups_count * group.count
    rates = {kind: found for kind in counts if (found := rates_of(*kind, catalog, notes))}
    like = alike(units, tuple(feed for feed in feeds if feed.kind in RUNNING))
    wiring = wire(
        like.units, like.feeds, common_causes(like.units, like.feeds, single_losses(like.units, like.feeds)), merged=True
    )
    plant = plant_of(wiring, like, cooling)
    model = chances(plant.blocks, rates, wiring, like.units, like.feeds)
    how, states = _solved(model, plant, like, wiring)
    stops = stops_per_hour(model, states.gates, plant.powers)
    stop = unbridged(like.units, like.feeds, bridged)
    racks = [number for number in wiring.order if like.feeds[number].kind == "racks"]
    stops *= np.array([stop[number] for number in racks], dtype=np.float64).reshape(-1, 1)
    factory = min(states.factory + _stops_of_all(stops, model, like) * RESTART_HOURS, 1.0)
    return _Solved(model, counts, how, bool(plant.either), any(stop), factory, _rack(model, plant, states, stops))


def _stops_of_all(stops: Floats, model: Chances, like: Alike) -> float:
    """Return how often an hour some rack falls on generators: a component counts once, for every block that has its like."""
    pieces = {unit.name: piece for unit, piece in zip(like.units, like.pieces, strict=True)}
    firsts = set(like.firsts())
    total = 0.0
    for number in np.flatnonzero(stops.any(axis=0)).tolist():
        piece = pieces.get(model.blocks[number].names[0])
        if piece is None or piece in firsts:
            total += float(stops[:, number].max()) * (1 if piece is None else like.copies[like.kinds[piece]])
        elif not like.reduced:
            total += float(stops[:, number].max())
    return total


@dataclass(frozen=True)
class _States:
    """Unavailabilities of every rack load's power, and of all racks at once, and what they were solved with.

    `feeds`: of the loads of pumps and of cooling the ones that are out most often, where a rack hangs on one of each.
    """

    gates: tuple[Gate, ...]
    powers: tuple[float, ...]
    feeds: tuple[int, ...]
    factory: float


@dataclass(frozen=True)
class _Rack:
    """The rack with the longest outages."""

    power: float
    cooling: float
    both: float
    ranking: tuple[Importance, ...]
    cut_sets: tuple[CutSet, ...]


def _solved(model: Chances, plant: Plant, like: Alike, wiring: Wiring) -> tuple[str, _States]:
    """Solve the whole plant: exactly; with all racks by a bound; or, when even one load is too large, all by a bound."""
    racks = plant.powers
    either = tuple(signal for signals in plant.either for signal in signals)
    all_racks = (*plant.all_cooling, *racks, *either)
    cases = model.cases()
    fractions = cases.first()

    def with_maintenance(graph: Diagram, down: float, root: int) -> float:
        return float(cases.with_maintenance(down, birnbaum(graph, fractions, root))[0])

    def states(gates: tuple[Gate, ...], down: Mapping[int, float], factory: float) -> _States:
        worst = tuple(max(reversed(signals), key=lambda each: round(down[each], 15)) for signals in plant.either)
        return _States(gates, tuple(down[signal] for signal in racks), worst, factory)

    shared = _shared(model, like)
    for how, gates, count in (
        ("exact", plant.gates, NODES_MAX_COUNT),
        ("loads", plant.gates, NODES_MAX_COUNT),
        ("bound", only_what_is_enough(plant.gates), ANY_COUNT),
    ):
        product = how != "exact"
        last = [] if product else _all_at_once(plant, like, wiring)
        tops = [*all_racks, *(gate_input(len(gates) + number) for number in range(len(last)))]
        try:
            graph = diagram(len(model.blocks), (*gates, *last), tops, None, count)
        except DiagramTooLargeError:
            continue
        down = [float(each) for each in diagram_unavailability(graph, fractions)]
        if product or len(shared) > SHARED_MAX_COUNT:
            known: dict[str, float] = {}  # loads that are built alike are out alike: each kind is looked at once
            whole = []
            for root, found in enumerate(down[: len(all_racks)]):
                key = f"{found:.9e}"
                if key not in known:
                    known[key] = with_maintenance(graph, found, root)
                whole.append(known[key])
            times = dict.fromkeys(all_racks, 0.0) | dict.fromkeys(plant.all_cooling, 1.0)
            for signal, weight in zip(wiring.feeds, like.weights()[:, 0].tolist(), strict=True):
                if signal in times:
                    times[signal] += weight
            each = dict(zip(all_racks, whole, strict=True))
            logs = [count * np.log1p(-min(each[signal], 1 - 1e-15)) for signal, count in times.items()]
            factory = float(-np.expm1(sum(logs)))
            return "loads" if how == "exact" else how, states(gates, each, factory)
        found_down = dict(zip(all_racks, down, strict=False))
        if like.reduced:
            copies = [*like.copies, *([1] * (len(last) - len(like.copies)))]
            only = replace(graph, roots=graph.roots[len(all_racks) :])
            factory = with_many_maintained(*of_pieces(only, cases, copies, shared))
        else:
            added = float(cases.added(birnbaum(graph, fractions, len(all_racks)))[0])
            factory = with_many_maintained(down[-1], added)
        return how, states(gates, found_down, factory)
    msg = "a series of components is never too large"
    raise AssertionError(msg)


def _all_at_once(plant: Plant, like: Alike, wiring: Wiring) -> list[Gate]:
    """Wire "all racks run": of one block of each kind, and of what is in none; of all in one where there are no like blocks."""
    if not like.reduced:
        everything = (*plant.all_cooling, *plant.powers, *(signal for signals in plant.either for signal in signals))
        return [Gate(len(everything), everything)]
    found = []
    for piece in (*like.firsts(), None):
        inputs = tuple(wiring.feeds[number] for number in wiring.order if like.feed_pieces[number] == piece)
        inputs = inputs if piece is not None else (*inputs, *plant.all_cooling)
        found.append(Gate(len(inputs), inputs))
    return found


def _shared(model: Chances, like: Alike) -> list[int]:
    """List the components that blocks share."""
    if not like.reduced:
        return []
    shared = {unit.name for unit, piece in zip(like.units, like.pieces, strict=True) if piece is None}
    return [number for number, block in enumerate(model.blocks) if shared.intersection(block.names)]


def _rack(model: Chances, plant: Plant, states: _States, stops: Floats) -> _Rack:
    """Look at the rack with the longest outages: power, cooling, both, what matters and which outages stop it."""
    racks = plant.powers
    lost = np.array(states.powers) + stops.sum(axis=1) * RESTART_HOURS
    number = int(np.argmax(np.round(lost, 15))) if racks else 0
    worst = (racks[number],) if racks else ()
    stopped = stops[number] * RESTART_HOURS if racks else np.zeros(len(model.blocks))
    cooling = (*plant.rack_cooling, *states.feeds)
    first = len(states.gates)
    both = Gate(2, (gate_input(first), gate_input(first + 1)))
    gates = (*states.gates, Gate(len(worst), worst), Gate(len(cooling), cooling), both)
    tops = [gate_input(first), gate_input(first + 1), gate_input(first + 2)]
    try:
        graph = diagram(len(model.blocks), gates, tops, None, NODES_MAX_COUNT)
    except DiagramTooLargeError:
        graph = diagram(len(model.blocks), only_what_is_enough(gates), tops, None, ANY_COUNT)
    alone = model.cases()
    power, cooled, _ = (
        float(alone.with_maintenance(down, birnbaum(graph, alone.first(), root))[0])
        for root, down in enumerate(diagram_unavailability(graph, alone.first()))
    )
    kinds = list(model.rates)
    cases = model.cases([None, *kinds])
    importance = birnbaum(graph, cases.fractions(), 2)
    kind_of = [(block.stage, block.item) for block in model.blocks]
    added = np.array([sum(each for each, of in zip(stopped, kind_of, strict=True) if of != kind) for kind in [None, *kinds]])
    down = cases.with_maintenance(diagram_unavailability(graph, cases.fractions())[2], importance) + added
    total = min(float(down[0]), 1.0)
    matters: dict[Kind, float] = {}
    for place, block in enumerate(model.blocks):
        if not block.common:
            one = float(np.broadcast_to(importance[place], down.shape)[0] * cases.slope[place, 0])
            matters[block.stage, block.item] = max(matters.get((block.stage, block.item), 0.0), one)
    ranking = []
    for place, kind in enumerate(kinds, 1):
        share = min(max((total - float(down[place])) / total, 0.0), 1.0) if total > 0 else 0.0
        if matters.get(kind, 0.0) > 0:
            ranking.append(
                Importance(
                    name=_kind_name(kind, model.rates),
                    fussell_vesely_fraction=share,
                    birnbaum_ratio=matters[kind],
                    minutes_per_year=total * share * downtime_minutes(0.0),
                )
            )
    return _Rack(
        power=min(power + float(stopped.sum()), 1.0),
        cooling=cooled,
        both=total,
        ranking=tuple(sorted(ranking, key=lambda each: (-each.fussell_vesely_fraction, each.name))),
        cut_sets=_cut_sets(model, graph, alone.first()),
    )


def _cut_sets(model: Chances, graph: Diagram, fractions: Sequence[float]) -> tuple[CutSet, ...]:
    """List the smallest sets of outages that stop the rack, those first that do it longest."""
    weights = [
        0 if block.fraction is not None else 1 if block.common else block.count - block.needed_count + 1
        for block in model.blocks
    ]
    found = []
    for cut in minimal_cut_sets(graph, CUT_SET_ORDER_MAX_COUNT, weights, 2, fractions, CUT_SET_FRACTION_MIN):
        together = float(np.prod([fractions[each] for each in cut]))
        if together > 0:
            names = tuple(_block_name(model.blocks[each]) for each in sorted(cut) if model.blocks[each].fraction is None)
            found.append(CutSet(components=names, minutes_per_year=together * downtime_minutes(0.0)))
    found.sort(key=lambda cut: (-cut.minutes_per_year, cut.components))
    return tuple(found[:CUT_SETS_MAX_COUNT])


def _block_name(block: Block) -> str:
    """Name a component for the reader."""
    names = block.names[0] if len(block.names) == 1 else f"{block.names[0]} .. {block.names[-1]}"
    if block.common:
        return f"common cause: all of {names}"
    out = block.count - block.needed_count + 1
    if block.count == 1:
        return names
    return f"{out} of {block.count} of {names}" if len(block.names) > 1 else f"{out} of {block.count} {names}"


def _kind_name(kind: Kind, rates: Mapping[Kind, Rates]) -> str:
    """Name a class: by its row, and by its item where two classes share a row."""
    name = rates[kind].name
    return name if sum(each.name == name for each in rates.values()) == 1 else f"{name} ({kind[1]})"


def _line(kind: Kind, rates: Rates, count: int, model: Chances) -> ReliabilityLine:
    """Write down a class."""
    up = availability(rates.mtbf_hours, rates.mttr_hours)
    for block in model.blocks:
        if (block.stage, block.item) == kind and not block.common and model.stands_by(block):
            up = 1 - model.standby[block.names[0]]
    return ReliabilityLine(
        name=_kind_name(kind, model.rates),
        item=kind[1],
        count=count,
        mtbf_hours=rates.mtbf_hours,
        mttr_hours=rates.mttr_hours,
        availability_fraction=up,
        beta_fraction=rates.beta_fraction,
        confidence=rates.confidence,
        source_url=rates.source_url,
    )


def _assume(notes: Notes, solved: _Solved) -> None:
    """Say how it was computed, and what was taken for granted."""
    model = solved.model

    def say(path: str, statement: str) -> None:
        notes.assume(f"availability.{path}", statement, confidence="rule")

    how = {
        "exact": "a rack's and the factory's availability are exact (binary decision diagram)",
        "loads": "a rack's availability is exact; the factory's is a lower bound, the product over all loads, which share"
        " components and so fail together more often than that",
        "bound": f"the chain is too meshed (over {NODES_MAX_COUNT} nodes): availabilities are lower bounds, without backups and"
        " spare units, and for the factory the product over all loads",
    }
    say(
        "method",
        f"units fail and are repaired independently but for common causes; {how[solved.how]}; units that trip because two"
        " outages overload them are in the list of double outages, not in the minutes",
    )
    say("rack", "the rack with the longest outages is shown; it needs its own power and one group of every role of every loop")
    say(
        "cooling",
        "cooling that is short counts by its missing share: fewer units of a group than the design hour needs cost a rack"
        " E[max(0, (needed - up) / needed)] of the year, as if that share of the racks stopped (one of two: half of them) and"
        " shortages of several groups met by chance; in fact chips throttle first, and only when nothing is cooled do all racks"
        " stop. Weather is not looked at: chillers count too in the hours that free cooling carries, which is on the safe side;"
        " restarts after a switch to generators are shorter than the loops ride through (chillers without quick restart take 3"
        " to 10 min: compare the times to trip)",
    )
    if solved.many_feeds:
        say(
            "cooling_power",
            "of many feeds of pumps and of cooling a rack hangs on one each, the one that is out most often, and spare"
            " units elsewhere do not make up for it; the factory needs all of them",
        )
    say(
        "factory",
        "the factory is available while every rack has power and no group of cooling units is short by more than"
        f" {SMALL_FRACTION:.0%} of the design hour's need: up to that racks throttle, which counts in a rack's minutes only",
    )
    say(
        "maintenance",
        "one unit at a time is taken out for the catalog's hours a year, and counts where that stops a rack; of the whole"
        " factory's units several may be out at a time",
    )
    say("common_cause", "like units that stand in for one another share the catalog's beta of their failures")
    if not any(model.stands_by(block) for block in model.blocks):
        say("generators", "without generators every outage of the utility counts in full; batteries shorten none")
        return
    say(
        "generators",
        ("" if solved.stops else "batteries last until generators run; ")
        + "a generator that fails during an outage is lost for all of it, and outages are as long as the repairs of what"
        " failed",
    )
    if solved.stops:
        say(
            "restarts",
            "nothing carries racks until generators run: each failure that generators stand in for stops them, and counts"
            f" {RESTART_HOURS * 60:.0f} min until racks have booted and jobs run again; planned work starts generators first",
        )
