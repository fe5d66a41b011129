"""The one-line diagram of the power chain, as SVG: blocks of like units from the utility to the racks, with what they carry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from planner.plan import Plan
from planner.plan_facility import ChainLoad, ChainUnit
from planner.tabular import one_line
from planner.units import figure
from topologies.pictures.svg import INK, PAPER, QUIET, clipped, document, path, rect, text

__all__ = ["one_line_svg"]

_MOST_HEADS = 6  # blocks drawn side by side; of more, like ones are drawn once
_BOX, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN, _TOP = 196.0, 82.0, 34.0, 46.0, 30.0, 66.0
_LEAST_WIDTH = 560.0
_LETTERS = 30  # of a line in a box
_CLOSE = 0.95
_COLOURS = ("#2166ac", "#b2661a", "#3d8b40", "#7b4ea3", "#a8324a", "#4d6a7d")
_OVER, _NEAR, _LOAD = "#b00020", "#c77700", "#eef3f8"


@dataclass(frozen=True)
class _Block:
    """Pieces drawn as one box: their names, what is written, how full the fullest is in its worst outage."""

    names: tuple[str, ...]
    lines: tuple[str, ...]
    fed_by: frozenset[int]
    backed_by: frozenset[int]
    worst_ratio: float
    is_load: bool


def one_line_svg(plan: Plan) -> str:
    """Draw the chain of a plan.

    Parameters
    ----------
    plan : Plan
        A plan of a factory in a hall.

    Returns
    -------
    str
        A picture: sources at the top, loads at the bottom; full lines feed, dashed lines step in. A box is as many like units
        as it says, with rating, load and load in the worst single outage of one of them, in kW at design load and in percent
        of what it carries for hours. A red box is overloaded in its worst outage, an orange one nearly so.

    Raises
    ------
    ValueError
        If the plan has no power chain, or its chain feeds itself.
    """
    if plan.power is None or not plan.power.chain:
        raise ValueError("the plan has no power chain")
    blocks = _blocks(plan.power.chain, plan.power.feeds)
    cells = _cells(blocks)
    columns, rows = (1 + max(cell[axis] for cell in cells) for axis in (0, 1))
    place = [(_MARGIN + x * (_BOX + _GAP_X), _TOP + y * (_HEIGHT + _GAP_Y)) for x, y in cells]
    width = max(columns * (_BOX + _GAP_X) - _GAP_X, _LEAST_WIDTH) + 2 * _MARGIN
    title = one_line(f"{plan.name}: power chain, {plan.power.redundancy}")
    note = "kW a unit at design load and in the worst single outage; % of what it carries for hours. Dashed: steps in."
    parts = [
        text(_MARGIN, 28, clipped(title, 70), 15, font_weight="bold", hover=title),
        text(_MARGIN, 46, note, 10, fill=QUIET),
    ]
    for number, block in enumerate(blocks):
        for source in sorted(block.fed_by | block.backed_by):
            spans = cells[number][1] - cells[source][1] > 1
            parts.append(_wire(place[source], place[number], cells[source][0], spans, source not in block.fed_by))
    parts += [_box(block, *place[number]) for number, block in enumerate(blocks)]
    height = _TOP + rows * (_HEIGHT + _GAP_Y)
    return document(width, height, title, parts)


def _blocks(units: Sequence[ChainUnit], loads: Sequence[ChainLoad]) -> list[_Block]:
    """Put like units of a block together: with the same heads upstream, or, where there are many heads, all like ones."""
    ordered = _feeders_first(units)
    consumers: dict[str, set[str]] = {}
    pieces: list[ChainUnit | ChainLoad] = [*units, *loads]
    for each in pieces:
        for source in (*each.fed_by, *each.backed_by):
            consumers.setdefault(source, set()).add(each.name)
    heads: dict[str, frozenset[str]] = {}
    for unit in ordered:
        above = frozenset[str]().union(*(heads.get(source, frozenset()) for source in unit.fed_by))
        # A source has no head; what a source feeds is one, together with all that feed the same.
        fed_by_sources = bool(unit.fed_by) and not above
        heads[unit.name] = frozenset(["|".join(sorted(consumers.get(unit.name, ())))]) if fed_by_sources else above
    apart = len(frozenset().union(*heads.values())) <= _MOST_HEADS
    of_unit: dict[tuple[object, ...], list[ChainUnit]] = {}
    for unit in ordered:
        numbers = (f"{unit.rating_kw:.6g}", f"{unit.limit_kw:.6g}", unit.needs_count, len(unit.fed_by), len(unit.backed_by))
        of_unit.setdefault((unit.stage, unit.item, *numbers, heads[unit.name] if apart else None), []).append(unit)
    of_load: dict[tuple[object, ...], list[ChainLoad]] = {}
    for load in loads:
        above = frozenset[str]().union(*(heads.get(source, frozenset()) for source in load.fed_by))
        of_load.setdefault((load.kind, load.needs_count, len(load.fed_by), above if apart else None), []).append(load)
    number_of = {unit.name: number for number, group in enumerate(of_unit.values()) for unit in group}

    def numbers_of(names: Sequence[str]) -> frozenset[int]:
        return frozenset(number_of[name] for name in names if name in number_of)

    blocks = [
        _Block(
            tuple(unit.name for unit in group),
            _unit_lines(group),
            frozenset[int]().union(*(numbers_of(unit.fed_by) for unit in group)),
            frozenset[int]().union(*(numbers_of(unit.backed_by) for unit in group)),
            max(unit.load_worst_kw / unit.limit_kw if unit.limit_kw else 0.0 for unit in group),
            is_load=False,
        )
        for group in of_unit.values()
    ]
    return blocks + [
        _Block(
            tuple(load.name for load in group),
            _load_lines(group),
            frozenset[int]().union(*(numbers_of(load.fed_by) for load in group)),
            frozenset[int]().union(*(numbers_of(load.backed_by) for load in group)),
            0.0,
            is_load=True,
        )
        for group in of_load.values()
    ]


def _feeders_first(units: Sequence[ChainUnit]) -> list[ChainUnit]:
    """Order units so that what feeds one stands before it."""
    names = {unit.name for unit in units}
    ordered: list[ChainUnit] = []
    done: set[str] = set()
    left = list(units)
    while left:
        ready = [unit for unit in left if all(source in done or source not in names for source in unit.fed_by)]
        if not ready:
            raise ValueError(f"{one_line(left[0].name)} feeds itself: such a chain cannot be drawn")
        ordered += ready
        done |= {unit.name for unit in ready}
        left = [unit for unit in left if unit.name not in done]
    return ordered


def _cells(blocks: Sequence[_Block]) -> list[tuple[int, int]]:
    """Find column and row of every block: below what feeds it; what nothing feeds stands just above what it feeds."""
    row = [0] * len(blocks)
    for _ in blocks:
        for number, block in enumerate(blocks):
            row[number] = max([row[number], *(row[source] + 1 for source in block.fed_by)])
    for number, block in enumerate(blocks):
        fed = [row[other] for other, each in enumerate(blocks) if number in each.fed_by | each.backed_by]
        if not block.fed_by and fed:
            row[number] = max(min(fed) - 1, 0)
    column: dict[int, int] = {}
    for here in range(max(row) + 1):
        wished = {
            number: _mean([column[source] for source in block.fed_by if source in column])
            for number, block in enumerate(blocks)
            if row[number] == here
        }
        free = 0
        for number in sorted(wished, key=lambda each: (wished[each], each)):
            column[number] = max(free, round(wished[number]) if wished[number] < len(blocks) else 0)
            free = column[number] + 1
    return [(column[number], row[number]) for number in range(len(blocks))]


def _mean(columns: Sequence[int]) -> float:
    """Average columns; without any, behind all others."""
    return sum(columns) / len(columns) if columns else float("inf")


def _unit_lines(group: Sequence[ChainUnit]) -> tuple[str, ...]:
    unit = max(group, key=lambda each: each.load_worst_kw)
    load, worst = _range(group, lambda each: each.load_kw), _range(group, lambda each: each.load_worst_kw)
    return (
        _named([each.name for each in group]),
        f"{one_line(unit.stage)}: {one_line(unit.item)}",
        f"{len(group):,} x {figure(unit.rating_kw)} kW, carries {figure(unit.limit_kw)}",
        f"load {load}{_percent(unit.load_kw, unit.limit_kw)}",
        f"worst {worst}{_percent(unit.load_worst_kw, unit.limit_kw)}",
    )


def _load_lines(group: Sequence[ChainLoad]) -> tuple[str, ...]:
    racks, gpus = _range(group, lambda each: each.racks), _range(group, lambda each: each.gpus)
    first = group[0]
    lines = [_named([each.name for each in group]), f"{len(group):,} x {_range(group, lambda each: each.power_kw)} kW"]
    if any(each.racks for each in group):
        lines.append(f"{racks} racks, {gpus} GPUs each" if len(group) > 1 else f"{racks} racks, {gpus} GPUs")
    if first.fed_by:
        lines.append(f"needs {first.needs_count} of {len(first.fed_by)}")
    return tuple(lines)


def _named(names: Sequence[str]) -> str:
    return one_line(names[0]) if len(names) == 1 else f"{one_line(names[0])} to {one_line(names[-1])}"


def _range(group: Sequence[ChainUnit] | Sequence[ChainLoad], value: Callable[[Any], float]) -> str:
    least, most = figure(min(map(value, group))), figure(max(map(value, group)))
    return least if least == most else f"{least} to {most}"


def _percent(part: float, whole: float) -> str:
    return f" ({100 * part / whole:.0f} %)" if whole else ""


def _wire(start: tuple[float, float], end: tuple[float, float], lane: int, spans: bool, backup: bool) -> str:
    """Draw from the lower side of a box to the upper side of another; past other rows in the gap between the columns.

    Wires from different columns have their own height, gap and colour: where two cross, they are not connected.
    """
    (x0, y0), (x1, y1) = start, end
    shift = (lane % 5 - 2) * 5.0
    x0, x1, y0 = x0 + _BOX / 2, x1 + _BOX / 2 + shift, y0 + _HEIGHT
    points = [(x0, y0)]
    if spans:
        gap = x1 - shift - _BOX / 2 - _GAP_X / 2 + shift
        points += [(x0, y0 + _GAP_Y / 2 + shift), (gap, y0 + _GAP_Y / 2 + shift)]
    points += [(points[-1][0], y1 - _GAP_Y / 2 + shift), (x1, y1 - _GAP_Y / 2 + shift), (x1, y1)]
    steps = "".join(f"L{x:.1f} {y:.1f}" for x, y in points[1:])
    colour = _COLOURS[lane % len(_COLOURS)]
    dash = "5 4" if backup else None
    return path(f"M{x0:.1f} {y0:.1f}{steps}", stroke=colour, stroke_width=1.6, stroke_dasharray=dash)


def _box(block: _Block, x: float, y: float) -> str:
    edge = _OVER if block.worst_ratio > 1 else _NEAR if block.worst_ratio >= _CLOSE else INK
    told = "\n".join([*block.lines, "", ", ".join(map(one_line, block.names))])
    fill = _LOAD if block.is_load else PAPER
    lines = [rect(x, y, _BOX, _HEIGHT, hover=told, fill=fill, stroke=edge, stroke_width=1.2 if edge == INK else 2.6)]
    for number, words in enumerate(block.lines):
        weight, most = (None, _LETTERS) if number else ("bold", _LETTERS - 4)
        lines.append(text(x + 8, y + 17 + 14 * number, clipped(words, most), 11, font_weight=weight, pointer_events="none"))
    return "".join(lines)
