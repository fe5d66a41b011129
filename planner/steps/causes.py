"""Which like units one cause can take together: what makes 2N look better than it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from planner.plan_facility import ChainLoad, ChainUnit
from planner.steps.blocks import roots

__all__ = ["common_causes"]


def common_causes(units: Sequence[ChainUnit], feeds: Sequence[ChainLoad], lost: Sequence[int]) -> dict[str, int]:
    """Group like units that stand in for one another.

    Parameters
    ----------
    units, feeds : sequence
        The chain.
    lost : sequence of int
        Per load the units, as bits, each of which alone takes it down: these stand in for nobody.

    Returns
    -------
    dict
        Of every unit that is in a group the group's number: units of one stage and item, upstream of one load. Groups that
        share a unit are one.
    """
    known = {unit.name: number for number, unit in enumerate(units)}
    above = _upstream(units, known)
    redundant = set()
    for feed, alone in zip(feeds, lost, strict=True):
        bits = 0
        for name in (*feed.fed_by, *feed.backed_by):
            bits |= above.get(name, 0)
        redundant.add(bits & ~alone)
    kinds: dict[tuple[str, str], int] = defaultdict(int)
    for number, unit in enumerate(units):
        kinds[unit.stage, unit.item] |= 1 << number
    sets = {bits & of_kind for of_kind in kinds.values() for bits in redundant}
    together = [_numbers(each) for each in sets if each.bit_count() > 1]
    root = roots(len(units), together)
    groups: dict[int, int] = {}
    return {units[n].name: groups.setdefault(root[n], len(groups)) for n in sorted({n for each in together for n in each})}


def _numbers(bits: int) -> list[int]:
    """List the places of the bits that are set."""
    numbers = []
    while bits:
        lowest = bits & -bits
        numbers.append(lowest.bit_length() - 1)
        bits ^= lowest
    return numbers


def _upstream(units: Sequence[ChainUnit], known: Mapping[str, int]) -> dict[str, int]:
    """Return for every unit itself and all that it may draw on, as bits; without recursion: a chain may be long."""
    above: dict[str, int] = {}
    entered: set[str] = set()
    todo = [unit.name for unit in units]
    while todo:
        name = todo[-1]
        unit = units[known[name]]
        needs = [each for each in (*unit.fed_by, *unit.backed_by) if each in known]
        if name in entered or name in above:
            todo.pop()
            bits = 1 << known[name]
            for each in needs:
                bits |= above.get(each, 0)
            above[name] = bits
        else:
            entered.add(name)
            todo += [each for each in needs if each not in entered]
    return above
