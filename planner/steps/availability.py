"""How long a year a rack, and the factory, are without power or cooling, and what matters most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

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
from planner.steps.blocks import Block, Wiring, wire
from planner.steps.causes import common_causes
from planner.steps.chances import ANY_COUNT, NODES_MAX_COUNT, Chances, Kind, chances, only_what_is_enough
from planner.steps.cooling_needs import cooling_feeds_needed, cooling_groups
from planner.steps.notes import Notes
from planner.steps.outages import plan_outages, single_losses
from planner.steps.rates import Rates, rates_of

__all__ = ["plan_availability", "rack_minutes_per_year"]

CUT_SETS_MAX_COUNT = 20
CUT_SET_ORDER_MAX_COUNT = 3
CUT_SET_FRACTION_MIN = 1e-13  # 0.05 us a year
FEW_COUNT = 12  # of more feeds of cooling than these only two count as spare: more are out at once with their source only
RUNNING = ("racks", "pumps", "cooling")  # what a rack cannot do without; the house is not among it


def plan_availability(
    catalog: Catalog,
    notes: Notes,
    units: tuple[ChainUnit, ...],
    feeds: tuple[ChainLoad, ...],
    cooling: CoolingPlan,
) -> AvailabilityPlan:
    """Compute the availability of a rack and of the factory, and what every outage of one or two units leaves."""
    solved = _solve_all(catalog, notes, units, feeds, cooling)
    model, states, rack = solved.model, solved.states, solved.rack
    outages = plan_outages(notes, units, feeds, cooling)
    _assume(notes, solved.how, model)
    return AvailabilityPlan(
        components=tuple(_line(kind, rates, solved.counts[kind], model) for kind, rates in model.rates.items()),
        rack_availability_fraction=1 - rack.both,
        rack_minutes_per_year=downtime_minutes(1 - rack.both),
        rack_power_minutes_per_year=downtime_minutes(1 - rack.power),
        rack_cooling_minutes_per_year=downtime_minutes(1 - rack.cooling),
        factory_availability_fraction=1 - states.factory,
        factory_minutes_per_year=downtime_minutes(1 - states.factory),
        ranking=rack.ranking,
        cut_sets=rack.cut_sets,
        outages=outages.singles,
        double_outages=outages.doubles,
        not_maintainable=outages.not_maintainable,
        concurrently_maintainable=not outages.not_maintainable,
    )


def rack_minutes_per_year(
    catalog: Catalog, units: tuple[ChainUnit, ...], feeds: tuple[ChainLoad, ...], cooling: CoolingPlan
) -> float:
    """Compute only how long a year a rack is without power or cooling: to compare chains."""
    return float(downtime_minutes(1 - _solve_all(catalog, Notes(), units, feeds, cooling).rack.both))


@dataclass(frozen=True)
class _Solved:
    """What is computed before it is written down."""

    model: Chances
    counts: Mapping[Kind, int]
    how: str
    states: _States
    rack: _Rack


def _solve_all(
    catalog: Catalog, notes: Notes, units: tuple[ChainUnit, ...], feeds: tuple[ChainLoad, ...], cooling: CoolingPlan
) -> _Solved:
    """Look rates up, draw the diagram, and solve it."""
    counts = Counter((unit.stage, unit.item) for unit in units)
    for group in cooling.units:
        counts[group.role, group.item] += group.groups_count * group.count
    rates = {kind: found for kind in counts if (found := rates_of(*kind, catalog, notes))}
    running = tuple(feed for feed in feeds if feed.kind in RUNNING)
    wiring = wire(units, running, common_causes(units, running, single_losses(units, running)), merged=True)
    blocks, cooled_by = _with_cooling(wiring.blocks, cooling)
    model = chances(blocks, rates, wiring, units, running)
    plant = _Plant.of(wiring, running, cooling, cooled_by)
    how, states = _solved(model, plant)
    return _Solved(model, counts, how, states, _rack(model, plant, states))


@dataclass(frozen=True)
class _Plant:
    """The diagram of all racks: gates, the power of the racks' loads, and what must work for one rack, or all, to be cooled."""

    gates: tuple[Gate, ...]
    powers: tuple[int, ...]
    cooling_power: tuple[int, ...]
    cooled_by: tuple[tuple[int, int | None], ...]  # component of a rack's own group, and of all others of its kind

    @classmethod
    def of(
        cls, wiring: Wiring, feeds: Sequence[ChainLoad], cooling: CoolingPlan, cooled_by: tuple[tuple[int, int | None], ...]
    ) -> _Plant:
        """Put power and cooling together."""
        gates = [*wiring.gates]
        cooling_power = []
        for kind, needed in cooling_feeds_needed(feeds, cooling).items():
            signals = tuple(wiring.feeds[number] for number in wiring.order if feeds[number].kind == kind)
            if signals:
                spare = len(signals) - needed
                cooling_power.append(gate_input(len(gates)))
                gates.append(Gate(len(signals) - (spare if len(signals) <= FEW_COUNT else min(spare, 2)), signals))
        powers = tuple(wiring.feeds[number] for number in wiring.order if feeds[number].kind == "racks")
        return cls(tuple(gates), powers, tuple(cooling_power), cooled_by)

    def cooling(self) -> tuple[int, ...]:
        """Return what must work for one rack to be cooled."""
        return (*self.cooling_power, *(own for own, _ in self.cooled_by))

    def all_racks(self) -> tuple[int, ...]:
        """Return what must work for all racks to run."""
        units = [each for pair in self.cooled_by for each in pair if each is not None]
        return (*self.cooling_power, *self.powers, *units)


@dataclass(frozen=True)
class _States:
    """Unavailabilities of every rack load's power and of all racks at once, and the gates that they were solved with."""

    gates: tuple[Gate, ...]
    powers: tuple[float, ...]
    factory: float


@dataclass(frozen=True)
class _Rack:
    """The rack with the longest outages."""

    power: float
    cooling: float
    both: float
    ranking: tuple[Importance, ...]
    cut_sets: tuple[CutSet, ...]


def _with_cooling(
    blocks: tuple[Block, ...], cooling: CoolingPlan
) -> tuple[tuple[Block, ...], tuple[tuple[int, int | None], ...]]:
    """Add the units of the loops: those that a rack needs, and those of the other racks' groups."""
    found = list(blocks)
    cooled_by: list[tuple[int, int | None]] = []
    for group in cooling_groups(cooling):
        spare = group.needed_count < group.count
        own = Block(group.role, group.item, (group.name,), group.count, group.needed_count, spare)
        for part in (own, replace(own, common=True)) if spare else (own,):
            others = len(found) + 1 if group.groups_count > 1 else None
            cooled_by.append((len(found), others))
            found.append(part)
            if others is not None:
                found.append(replace(part, copies=group.groups_count - 1))
    return tuple(found), tuple(cooled_by)


def _solved(model: Chances, plant: _Plant) -> tuple[str, _States]:
    """Solve the whole plant: exactly; with all racks by a bound; or, when even one load is too large, all by a bound."""
    gates, racks, all_racks = plant.gates, plant.powers, plant.all_racks()
    last = Gate(len(all_racks), all_racks)
    cases = model.cases()
    fractions = cases.first()

    def with_maintenance(graph: Diagram, down: float, root: int) -> float:
        return float(cases.with_maintenance(down, birnbaum(graph, fractions, root))[0])

    try:
        graph = diagram(len(model.blocks), (*gates, last), [*racks, gate_input(len(gates))], None, NODES_MAX_COUNT)
        down = [float(each) for each in diagram_unavailability(graph, fractions)]
        return "exact", _States(gates, tuple(down[:-1]), with_maintenance(graph, down[-1], len(racks)))
    except DiagramTooLargeError:
        pass
    for how, each, nodes_max_count in (("loads", gates, NODES_MAX_COUNT), ("bound", only_what_is_enough(gates), ANY_COUNT)):
        try:
            graph = diagram(len(model.blocks), each, all_racks, None, nodes_max_count)
        except DiagramTooLargeError:
            continue
        known: dict[str, float] = {}  # loads that are built alike are out alike: each kind is looked at once
        down = []
        for root, found in enumerate(diagram_unavailability(graph, fractions)):
            key = f"{float(found):.9e}"
            if key not in known:
                known[key] = with_maintenance(graph, float(found), root)
            down.append(known[key])
        by_signal = dict(zip(all_racks, down, strict=True))
        all_down = float(-np.expm1(np.log1p(-np.minimum(down, 1 - 1e-15)).sum()))
        return how, _States(each, tuple(by_signal[signal] for signal in racks), all_down)
    msg = "a series of components is never too large"
    raise AssertionError(msg)


def _rack(model: Chances, plant: _Plant, states: _States) -> _Rack:
    """Look at the rack with the longest outages: power, cooling, both, what matters and which outages stop it."""
    racks = plant.powers
    worst = (racks[int(np.argmax(states.powers))],) if racks else ()
    cooling = plant.cooling()
    first = len(states.gates)
    both = Gate(2, (gate_input(first), gate_input(first + 1)))
    gates = (*states.gates, Gate(len(worst), worst), Gate(len(cooling), cooling), both)
    tops = [gate_input(first), gate_input(first + 1), gate_input(first + 2)]
    try:
        graph = diagram(len(model.blocks), gates, tops, None, 10 * NODES_MAX_COUNT)
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
    down = cases.with_maintenance(diagram_unavailability(graph, cases.fractions())[2], importance)
    total = float(down[0])
    matters: dict[Kind, float] = {}
    for number, block in enumerate(model.blocks):
        if not block.common:
            one = float(np.broadcast_to(importance[number], down.shape)[0] * cases.slope[number, 0])
            matters[block.stage, block.item] = max(matters.get((block.stage, block.item), 0.0), one)
    ranking = []
    for number, kind in enumerate(kinds, 1):
        share = min(max((total - float(down[number])) / total, 0.0), 1.0) if total > 0 else 0.0
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
        power=power,
        cooling=cooled,
        both=total,
        ranking=tuple(sorted(ranking, key=lambda each: (-each.fussell_vesely_fraction, each.name))),
        cut_sets=_cut_sets(model, graph, alone.first()),
    )


def _cut_sets(model: Chances, graph: Diagram, fractions: Sequence[float]) -> tuple[CutSet, ...]:
    """List the smallest sets of outages that stop the rack, those first that do it longest."""
    weights = [1 if block.common else block.count - block.needed_count + 1 for block in model.blocks]
    found = []
    for cut in minimal_cut_sets(graph, CUT_SET_ORDER_MAX_COUNT, weights, 2, fractions, CUT_SET_FRACTION_MIN):
        together = float(np.prod([fractions[each] for each in cut]))
        if together > 0:
            names = tuple(_block_name(model.blocks[each]) for each in sorted(cut))
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


def _assume(notes: Notes, how: str, model: Chances) -> None:
    """Say how it was computed, and what was taken for granted."""

    def say(path: str, statement: str) -> None:
        notes.assume(f"availability.{path}", statement, confidence="rule")

    solved = {
        "exact": "a rack's and the factory's availability are exact (binary decision diagram)",
        "loads": "a rack's availability is exact; the factory's is a lower bound, the product over all loads, which share"
        " components and so fail together more often than that",
        "bound": f"the chain is too meshed (over {NODES_MAX_COUNT} nodes): availabilities are lower bounds, without backups and"
        " spare units, and for the factory the product over all loads",
    }
    say(
        "method",
        f"units fail and are repaired independently but for common causes; {solved[how]}; units that trip because two outages"
        " overload them are in the list of double outages, not in the minutes",
    )
    say("rack", "the rack with the longest outages is shown; it needs its own power and one group of every role of every loop")
    say(
        "cooling",
        "cooling counts as lost when fewer units than the design hour needs, or too few feeds of pumps or chillers, are left,"
        " in whatever weather: chillers too in the hours that free cooling carries, which is on the safe side; restarts after a"
        " switch to generators are shorter than the loops ride through (chillers without quick restart take 3 to 10 min:"
        " compare the times to trip)",
    )
    say("maintenance", "one unit at a time is taken out for the catalog's hours a year, and counts where that stops a rack")
    say("common_cause", "like units that stand in for one another share the catalog's beta of their failures")
    if any(model.stands_by(block) for block in model.blocks):
        say(
            "generators",
            "batteries last until generators run; a generator that fails during an outage is lost for all of it, and outages"
            " are as long as the repairs of what failed",
        )
    else:
        say("generators", "without generators every outage of the utility counts in full; batteries shorten none")
