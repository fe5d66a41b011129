"""Power and cooling as one diagram: what one rack takes, and what all racks take at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from planner.models.diagrams import Gate, gate_input
from planner.plan_facility import CoolingPlan
from planner.steps.alike import FEW_COUNT, Alike
from planner.steps.blocks import Block, Wiring
from planner.steps.cooling_needs import cooling_groups, spare_ratio

__all__ = ["SMALL_FRACTION", "Plant", "plant_of"]

SMALL_FRACTION = 0.05  # of the cooling: coolant and air warm by a twentieth more, half a kelvin; racks throttle, none stops


@dataclass(frozen=True)
class Plant:
    """Components, gates over them, and signals.

    `powers`: of the racks' loads. `rack_cooling`: what one rack takes beside. `either`: loads of pumps or cooling, too many to
    look at together, so that a rack hangs on one of each kind. `all_cooling`: what all racks take, without `either`.
    """

    blocks: tuple[Block, ...]
    gates: tuple[Gate, ...]
    powers: tuple[int, ...]
    rack_cooling: tuple[int, ...]
    either: tuple[tuple[int, ...], ...]
    all_cooling: tuple[int, ...]


def plant_of(wiring: Wiring, like: Alike, cooling: CoolingPlan) -> Plant:
    """Put power and cooling together."""
    blocks, gates = [*wiring.blocks], [*wiring.gates]
    rack: list[int] = []
    everyone: list[int] = []
    either = []
    for kind in ("pumps", "cooling"):
        numbers = [number for number in wiring.order if like.feeds[number].kind == kind]
        signals = tuple(wiring.feeds[number] for number in numbers)
        if len(numbers) > FEW_COUNT or (numbers and like.reduced):
            either.append(signals)
        elif numbers:
            powers_kw = [like.feeds[number].power_kw for number in numbers]
            missing = _missing(powers_kw, spare_ratio(cooling, kind))
            rack += _share(blocks, gates, signals, missing, kind)
            spare = max(out for out, fraction in enumerate(missing) if fraction <= SMALL_FRACTION)
            everyone.append(gate_input(len(gates)))
            gates.append(Gate(len(signals) - spare, signals))
    for group in cooling_groups(cooling):
        spare = group.needed_count < group.count
        own = Block(group.role, group.item, (group.name,), group.count, group.needed_count, spare, partial=True)
        for part in (own, replace(own, common=True)) if spare else (own,):
            rack.append(len(blocks))
            blocks.append(part)
            everyone.append(len(blocks))
            enough = math.ceil(group.needed_count * (1 - SMALL_FRACTION) - 1e-9)
            blocks.append(replace(part, needed_count=enough, copies=group.groups_count, partial=False))
    racks = tuple(wiring.feeds[number] for number in wiring.order if like.feeds[number].kind == "racks")
    return Plant(tuple(blocks), tuple(gates), racks, tuple(rack), tuple(either), tuple(everyone))


def _missing(powers_kw: Sequence[float], ratio: float) -> list[float]:
    """Return the part of the cooling that is missing when 0, 1, 2 ... of its loads are without power, the largest first."""
    powers = sorted(powers_kw, reverse=True)
    total = sum(powers)
    if total <= 0:
        powers, total = [1.0] * len(powers), float(len(powers))
    missing = [max(0.0, 1 - ratio * max(total - sum(powers[:out]), 0.0) / total) for out in range(len(powers) + 1)]
    return [0.0 if each < 1e-9 else 1.0 if each > 1 - 1e-9 else each for each in missing]


def _share(blocks: list[Block], gates: list[Gate], signals: Sequence[int], missing: Sequence[float], kind: str) -> list[int]:
    """Wire what a rack takes of loads that share the cooling: a shortage takes as many racks as its share, by chance.

    At every number of loads that are out one more chance decides: of the racks left by the one before it takes so many that all
    in all the missing share is lost.
    """
    found = []
    for out in range(1, len(missing)):
        more = missing[out] - missing[out - 1]
        if more <= 0:
            continue
        inputs = [gate_input(len(gates))]
        gates.append(Gate(len(signals) - out + 1, tuple(signals)))
        chance = more / (1 - missing[out - 1])
        if chance < 1:
            inputs.append(len(blocks))
            blocks.append(Block("share", kind, (f"{out} of {len(signals)} loads of {kind}",), fraction=chance))
        found.append(gate_input(len(gates)))
        gates.append(Gate(1, tuple(inputs)))
    return found
