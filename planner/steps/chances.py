"""Probabilities of the block diagram's components: repair, common causes, generators that stand by, and maintenance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.models.diagrams import DiagramTooLargeError, Gate, diagram, diagram_unavailability
from planner.models.importance import birnbaum
from planner.models.reliability import (
    common_cause_unavailability,
    k_of_n_birnbaum,
    k_of_n_missing_fraction,
    k_of_n_unavailability,
    standby_unavailability,
)
from planner.plan_facility import ChainLoad, ChainUnit
from planner.steps.blocks import Block, Wiring, standing_by
from planner.steps.rates import Rates

__all__ = ["ANY_COUNT", "NODES_MAX_COUNT", "Cases", "Chances", "Kind", "chances", "only_what_is_enough"]

Floats = NDArray[np.float64]
Kind = tuple[str, str]  # stage (or role) and item

NODES_MAX_COUNT = 100_000
ANY_COUNT = 10**8  # of nodes: a series of components has few


@dataclass(frozen=True)
class Chances:
    """Probabilities of the diagram's components.

    `standby`: of every unit that stands by, how likely it is not there when it is called (generators), or does not start.
    """

    blocks: tuple[Block, ...]
    rates: Mapping[Kind, Rates]
    standby: Mapping[str, float]

    def stands_by(self, block: Block) -> bool:
        """Tell whether a block is a generator that is off while all is well."""
        return block.stage == "generator" and block.names[0] in self.standby

    def unit(self, block: Block) -> float:
        """Return the unavailability of one unit of a block, or of all of them by what they have in common."""
        rates = self.rates.get((block.stage, block.item))
        if block.fraction is not None:
            return block.fraction
        if rates is None:
            return 0.0
        beta = rates.beta_fraction if block.grouped else 0.0
        called = self.standby.get(block.names[0], 0.0) * (beta if block.common else 1 - beta)
        if self.stands_by(block):
            return called
        own, common = common_cause_unavailability(rates.mtbf_hours, rates.mttr_hours, beta)
        out = common if block.common else own
        return out + called * (1 - out)

    def cases(self, without: Sequence[Kind | None] = (None,)) -> Cases:
        """Compute unavailabilities in cases: in each without the failures (and the maintenance) of a class."""
        kinds = [(block.stage, block.item) for block in self.blocks]
        single = np.array([self.unit(block) for block in self.blocks])[:, None] * np.array(
            [[kind != left_out for left_out in without] for kind in kinds], dtype=np.float64
        ).reshape(len(kinds), len(without))
        whole, slope = single.copy(), np.ones_like(single)
        for number, block in enumerate(self.blocks):
            if block.partial and not block.common:
                missing = k_of_n_missing_fraction(block.needed_count, block.count, single[number])
                others = k_of_n_unavailability(block.needed_count, block.count - 1, single[number])
                whole[number], slope[number] = missing, others / block.needed_count
            elif block.count > 1 and not block.common:
                whole[number] = k_of_n_unavailability(block.needed_count, block.count, single[number])
                slope[number] = k_of_n_birnbaum(block.needed_count, block.count, single[number])
            if block.copies > 1:
                slope[number] *= (1 - whole[number]) ** (block.copies - 1)
                whole[number] = -np.expm1(block.copies * np.log1p(-whole[number]))
        maintained = np.array([self._maintained(block) for block in self.blocks])[:, None]
        failures = [self._failures_per_hour(block) for block in self.blocks]
        per_hour = np.array(failures)[:, None] * slope * (single > 0)
        return Cases(whole, slope, maintained * (1 - single) * slope * (single > 0), per_hour)

    def _failures_per_hour(self, block: Block) -> float:
        """Return how often one of a block's units fails; generators that stand by do not while they are not called."""
        rates = self.rates.get((block.stage, block.item))
        if rates is None or self.stands_by(block):
            return 0.0
        times = 1 if block.common else block.count * block.copies
        beta = rates.beta_fraction if block.grouped else 0.0
        own, common = common_cause_unavailability(rates.mtbf_hours, rates.mttr_hours, beta)
        return times * (common if block.common else own) / rates.mttr_hours

    def _maintained(self, block: Block) -> float:
        """Return the part of the year in which one of a block's units is in maintenance; a generator's is in its readiness."""
        rates = self.rates.get((block.stage, block.item))
        if rates is None or block.common or self.stands_by(block):
            return 0.0
        return rates.maintenance_fraction * block.count * block.copies


@dataclass(frozen=True)
class Cases:
    """Arrays of blocks by cases.

    `whole`: unavailability of a block. `slope`: how much one of its units matters to it. `maintained`: what the unavailability
    of the plant rises by for maintenance of the block's units, over the block's Birnbaum importance: one unit at a time is out,
    while the rest is as chance has it. `failures_per_hour`: how often one of its units fails while it matters to the block.
    """

    whole: Floats
    slope: Floats
    maintained: Floats
    failures_per_hour: Floats

    def fractions(self) -> list[Floats]:
        """Return the unavailabilities, block by block."""
        return list(self.whole)

    def first(self) -> list[float]:
        """Return those of the first case."""
        return [float(each) for each in self.whole[:, 0]]

    def with_maintenance(self, down: float | Floats, importance: Sequence[float | Floats]) -> Floats:
        """Add what maintenance adds."""
        return np.minimum(np.asarray(down) + self.added(importance), 1.0)

    def added(self, importance: Sequence[float | Floats]) -> Floats:
        """Return what maintenance adds, one unit at a time."""
        added = np.zeros(self.whole.shape[1])
        for number in np.flatnonzero(self.maintained.any(axis=1)).tolist():
            added += self.maintained[number] * importance[number]
        return added


def chances(
    blocks: tuple[Block, ...],
    rates: Mapping[Kind, Rates],
    wiring: Wiring,
    units: Sequence[ChainUnit],
    feeds: Sequence[ChainLoad],
) -> Chances:
    """Work out the probabilities; a generator's from how long those are out that it stands in for.

    The lengths of these outages are weighted by the time that they make up, so that one transformer's week counts beside many
    short failures of the utility.
    """
    known = {unit.name: unit for unit in units}
    waiting = standing_by(units, feeds)
    plain = Chances(blocks, rates, dict.fromkeys(waiting, 0.0))
    called: dict[str, dict[str, list[tuple[float, float]]]] = {name: {} for name in waiting}
    for names, key, outages in _outages(plain, wiring):
        above = [name for name in names if name in waiting]
        while above:
            name = above.pop()
            if key not in called[name]:
                called[name][key] = outages
                above += [each for each in (*known[name].fed_by, *known[name].backed_by) if each in waiting]
    standby = {}
    for name in sorted(waiting):
        found = rates.get((known[name].stage, known[name].item))
        if found and known[name].stage == "generator":
            ready = 1 - found.maintenance_fraction
            start = found.start_failure_fraction
            standby[name] = max(
                (
                    sum(share * standby_unavailability(ready, start, found.mtbf_hours, hours) for share, hours in outages)
                    for outages in called[name].values()
                ),
                default=standby_unavailability(ready, start, found.mtbf_hours, 0.0),
            )
        else:
            standby[name] = found.start_failure_fraction if found else 0.0
    return Chances(blocks, rates, standby)


def _outages(plain: Chances, wiring: Wiring) -> list[tuple[tuple[str, ...], str, list[tuple[float, float]]]]:
    """List for all that is backed: by whom, which outages of its mains (a key), and these: part of the time and length [h]."""
    mains = [(names, signal) for names, signals in wiring.mains.items() for signal in signals]
    if not mains:
        return []
    fractions = plain.cases().first()
    tops = [signal for _, signal in mains]
    try:
        graph = diagram(len(plain.blocks), wiring.gates, tops, None, NODES_MAX_COUNT)
    except DiagramTooLargeError:
        graph = diagram(len(plain.blocks), only_what_is_enough(wiring.gates), tops, None, ANY_COUNT)
    shares: dict[str, list[tuple[float, float]]] = {}
    found = []
    for root, ((names, _), down) in enumerate(zip(mains, diagram_unavailability(graph, fractions), strict=True)):
        key = f"{float(down):.9e}"  # mains that are built alike are out alike: each kind is looked at once
        if key not in shares:
            shares[key] = _shares(plain, fractions, birnbaum(graph, fractions, root))
        if shares[key]:
            found.append((names, key, shares[key]))
    return found


def _shares(plain: Chances, fractions: Sequence[float], importance: Sequence[float | Floats]) -> list[tuple[float, float]]:
    """List what takes something down: the part of the time that each makes up, and how long it lasts [h]."""
    parts = []
    for block, q, matters in zip(plain.blocks, fractions, importance, strict=True):
        rates = plain.rates.get((block.stage, block.item))
        if rates and q > 0 and float(matters) > 0:
            at_once = 1 if block.common else block.count - block.needed_count + 1
            parts.append((q * float(matters), rates.mttr_hours / at_once))
    total = sum(part for part, _ in parts)
    return [(part / total, hours) for part, hours in parts] if total else []


def only_what_is_enough(gates: Iterable[Gate]) -> tuple[Gate, ...]:
    """Leave of every choice the first that are enough: what then works, works all the more with the rest."""
    return tuple(Gate(gate.needed_count, gate.inputs[: gate.needed_count]) for gate in gates)
