"""The hall: every rack on a position of its own, rows within what their busways carry, cables short, trays counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from planner.models.placement import (
    places_outward,
    rows_filled,
    rows_of_racks,
    rows_outward,
    sections_outward,
    tray_cables,
    walk,
)
from planner.models.placement_search import MOST_RACKS, cable_ways_m, shorter_spots
from planner.plan import FabricPlan, HallPlan, NodeGroup, RacksPlan
from planner.plan_facility import RowPlan
from planner.spec import Factory
from planner.steps.blocked import Blocked, blocked_names, free_counts, read_blocked
from planner.steps.layout import along_row_m, fill_order, lay_out, rack_units, row_letters
from planner.steps.notes import Notes
from planner.steps.rack_links import CABLE_PARTS, RackLinks, rack_links
from planner.units import figure

__all__ = ["blocked_problems", "check_row_power", "free_positions", "place_racks", "rows_needed"]

_DEFAULTS = {
    "racks_per_row": (16, "16, before a cross aisle as wide as a row and its aisle"),
    "rack_pitch_m": (0.6, "0.6 m from rack to rack"),
    "row_pitch_m": (2.4, "2.4 m from row to row: racks of 1.2 m and an aisle of 1.2 m"),
    "tray_height_m": (0.5, "cable trays 0.5 m above the tallest rack"),
    "cable_slack_m": (0.5, "0.5 m more at each end of a cable, to the rack's side and for a loop"),
}
# Orders of rows that are tried before rows are added behind: blocked positions may not fit the first.
_TRIES = 10

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class _Floor:
    """The spots of the rows in use, in an order in which units stand together, and the spot of every rack at the start."""

    row: Ints
    place: Ints
    spots: Ints
    rows: int
    columns: int


def place_racks(
    factory: Factory,
    notes: Notes,
    racks: RacksPlan,
    groups_power_kw: Sequence[float],
    nodes: tuple[NodeGroup, ...],
    fabrics: Sequence[FabricPlan],
) -> HallPlan:
    """Place every rack, shorten the cables, and count what the trays carry.

    Parameters
    ----------
    factory : Factory
        With what the file says of the hall.
    notes : Notes
        Takes defaults, the rules of placing, and what does not fit.
    racks : RacksPlan
        The racks.
    groups_power_kw : sequence of float
        What one rack of each group draws at design load [kW].
    nodes : tuple of NodeGroup
        The nodes, in the order of the first groups.
    fabrics : sequence of FabricPlan
        With what is attached to them (`planner.steps.cabling.attach`), in the order in which switches fill racks.
    """
    if any(fabric.switch and fabric.recipe and fabric.hosts and not fabric.attached for fabric in fabrics):
        raise ValueError("a fabric does not say what is attached to it")
    measures = _measures(factory, notes)
    blocked, _ = _blocked(factory)
    for number, fault, hint in blocked_problems(factory):
        notes.error("blocked", f"hall.blocked[{number}]", fault, hint)
    floor = _floor(factory, measures, racks, groups_power_kw, len(nodes), blocked)
    start = _hall(measures, floor, floor.spots)
    layout = lay_out(start, racks, nodes, fabrics)
    links = rack_links(fabrics, layout)
    spots = _shortened(factory, notes, start, floor, links, racks, groups_power_kw, nodes, fabrics)
    hall = _hall(measures, floor, spots)

    def metres(placed: HallPlan) -> float:
        along_m = along_row_m(placed, np.array(placed.rack_places, np.int64))
        across_m = np.array(placed.rack_rows, np.int64) * placed.row_pitch_m
        return links.upright_m + cable_ways_m(links.a, links.b, links.parts / CABLE_PARTS, along_m, across_m)

    if metres(hall) > metres(start):  # by less than the search's millimetres
        hall = start
    rows = _rows(hall, floor, racks, groups_power_kw, links, blocked)
    _note_rules(notes)
    width_m = hall.racks_per_row * hall.rack_pitch_m + hall.row_pitch_m
    return hall.model_copy(
        update={
            "blocked": blocked_names(blocked, floor.rows, hall.racks_per_row),
            "rows": rows,
            "floor_m2": floor.rows * hall.row_pitch_m * floor.columns * width_m,
            "cables_before_search_m": metres(start),
            "cables_after_search_m": metres(hall),
        }
    )


def rows_needed(factory: Factory, racks: RacksPlan, groups_power_kw: Sequence[float]) -> tuple[int, int]:
    """Count the rows and the positions that racks need, without placing them: more racks never need fewer.

    Parameters
    ----------
    factory : Factory
        With what the file says of the hall.
    racks : RacksPlan
        The racks.
    groups_power_kw : sequence of float
        What one rack of each group draws at design load [kW].

    Returns
    -------
    tuple of int and int
        Rows that are begun, filled from the middle one of the declared rows outward; and positions, one for every rack.
    """
    blocked, _ = _blocked(factory)
    kinds = [(racks.groups[n].count, groups_power_kw[n]) for n in fill_order(racks, len(factory.compute.nodes))]
    rows, per_row = factory.hall.rows, _per_row(factory)
    order = range(max(blocked, default=-1) + 1) if rows is None else rows_outward(rows).tolist()
    free = free_counts(blocked, order, per_row)
    return rows_filled(kinds, racks_per_row=per_row, row_power_kw=_row_power_kw(factory), free=free), racks.count


def free_positions(factory: Factory) -> int | None:
    """Count the positions of the declared rows that are not blocked; None where no rows are declared."""
    if factory.hall.rows is None:
        return None
    blocked, _ = _blocked(factory)
    return sum(free_counts(blocked, range(factory.hall.rows), _per_row(factory)))


def _measures(factory: Factory, notes: Notes) -> dict[str, float]:
    """Take the hall's measures from the file, and say what it leaves open."""
    measures: dict[str, float] = {}
    for name, (default, text) in _DEFAULTS.items():
        declared = getattr(factory.hall, name)
        measures[name] = default if declared is None else declared
        if declared is None:
            notes.assume(f"hall.{name.removesuffix('_m')}", f"not declared: {text}")
    return measures


def _per_row(factory: Factory) -> int:
    return factory.hall.racks_per_row or int(_DEFAULTS["racks_per_row"][0])


def _row_power_kw(factory: Factory) -> float:
    return math.inf if factory.hall.row_power_kw is None else factory.hall.row_power_kw


def _blocked(factory: Factory) -> tuple[Blocked, Mapping[int, str]]:
    return read_blocked(factory.hall.blocked, _per_row(factory), factory.hall.rows)


def blocked_problems(factory: Factory) -> list[tuple[int, str, str]]:
    """List what is wrong with the blocked positions that the file names: which one, what, and a hint."""
    _, faults = _blocked(factory)
    return [(number, fault, "write positions of the hall: A05, or B01-B03 in one row") for number, fault in faults.items()]


def check_row_power(factory: Factory, notes: Notes, racks: RacksPlan, groups_power_kw: Sequence[float]) -> None:
    """Find racks of which a row's busway does not carry even one."""
    limit_kw = _row_power_kw(factory)
    for group, power_kw in zip(racks.groups, groups_power_kw, strict=True):
        if group.count and power_kw > limit_kw * (1 + 1e-9):
            message = (
                f"one rack of {group.name} draws {figure(power_kw)} kW at design load, the busway of a row carries"
                f" {figure(limit_kw)} kW ({figure(100 * power_kw / limit_kw)} %): not one can be fed"
            )
            hint = "raise hall.row_power, or lower hall.rack_power"
            notes.error("row-power", "hall.row_power", message, hint, power_kw, limit_kw, "kW")


def _floor(
    factory: Factory,
    measures: Mapping[str, float],
    racks: RacksPlan,
    groups_power_kw: Sequence[float],
    nodes: int,
    blocked: Blocked,
) -> _Floor:
    """Fill rows and order their positions."""
    per_row, row_power_kw = _per_row(factory), _row_power_kw(factory)
    order = fill_order(racks, nodes)
    kinds = [(racks.groups[number].count, groups_power_kw[number]) for number in order]
    if factory.hall.rows is None and math.isinf(row_power_kw) and not blocked:
        counts = rows_of_racks(kinds, racks_per_row=per_row)
        pitches = {"rack_pitch_m": measures["rack_pitch_m"], "row_pitch_m": measures["row_pitch_m"]}
        row, column = sections_outward(len(counts), racks_per_row=per_row, **pitches)
    else:
        row, counts = _rows_and_counts(factory, kinds, blocked)
        column = np.zeros(len(row), np.int64)
    in_the_middle = counts[:, : _network_kinds(racks, nodes)].sum(axis=1)
    rows, places, racks_at = [], [], []
    begun = 0
    for number, (each, count, middle) in enumerate(
        zip(row.tolist(), counts.sum(axis=1).tolist(), in_the_middle.tolist(), strict=True)
    ):
        if not count:
            continue
        free = np.flatnonzero(~blocked[each]) if each in blocked else np.arange(per_row)
        place = places_outward(free, middle)
        rows.append(np.full(len(place), each))
        places.append(place + column[number] * per_row)
        racks_at.append(np.arange(begun, begun + count))
        begun += len(place)
    floor = _Floor(
        row=_joined(rows),
        place=_joined(places),
        spots=_by_groups(_joined(racks_at), racks, order),
        rows=max(int(row.max(initial=-1)) + 1, factory.hall.rows or 0),
        columns=int(column.max(initial=0)) + 1,
    )
    walked = _walked(floor, sum(group.count for group in racks.groups[:nodes]), per_row)
    fits = _within(walked.row[walked.spots], _rack_power_kw(racks, groups_power_kw), row_power_kw)
    # Node racks that draw differently may only fit row by row as they were counted.
    return walked if fits or len(set(groups_power_kw[:nodes])) == 1 else floor


def _by_groups(in_order: Ints, racks: RacksPlan, order: Sequence[int]) -> Ints:
    """Bring racks from the order of filling to that of the plan's groups."""
    firsts = np.cumsum([0, *(racks.groups[number].count for number in order)])
    parts = {number: in_order[firsts[n] : firsts[n + 1]] for n, number in enumerate(order)}
    return _joined([parts[number] for number in range(len(order))])


def _walked(floor: _Floor, node_racks: int, per_row: int) -> _Floor:
    """Order the spots as on a walk through the hall, and give those of nodes to them in the order of their numbers."""
    by_walk = walk(floor.row, floor.place, racks_per_row=per_row)
    step = np.empty_like(by_walk)
    step[by_walk] = np.arange(len(by_walk))
    spots = step[floor.spots]
    spots[:node_racks].sort()
    return replace(floor, row=floor.row[by_walk], place=floor.place[by_walk], spots=spots)


def _within(row: Ints, power_kw: NDArray[np.float64], row_power_kw: float) -> bool:
    return bool(np.bincount(row, weights=power_kw).max(initial=0.0) <= row_power_kw * (1 + 1e-9))


def _joined(parts: Sequence[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _network_kinds(racks: RacksPlan, nodes: int) -> int:
    """Count the groups, first in the order of filling, that stand in the middle of their rows."""
    return sum(number >= nodes for number in fill_order(racks, nodes)[:1] if racks.groups[number].name != "storage")


def _rows_and_counts(factory: Factory, kinds: Sequence[tuple[int, float]], blocked: Blocked) -> tuple[Ints, Ints]:
    """Order the rows of a hall whose rows stand one behind the other, and count the racks of each kind in them."""
    per_row, power_kw, declared = _per_row(factory), _row_power_kw(factory), factory.hall.rows

    def counted(order: Sequence[int]) -> Ints:
        free = free_counts(blocked, order, per_row)
        return rows_of_racks(kinds, racks_per_row=per_row, row_power_kw=power_kw, free=free)

    if declared is None:
        fewest = len(counted(range(max(blocked, default=-1) + 1)))
        for rows in range(fewest, fewest + _TRIES):
            counts = counted(rows_outward(rows).tolist())
            if len(counts) <= rows:
                break
    else:
        rows = declared
        counts = counted(rows_outward(rows).tolist())
    # Rows that there should not be stand behind all others; that they are needed is an error elsewhere.
    order = np.concatenate([rows_outward(rows), np.arange(rows, max(len(counts), rows), dtype=np.int64)])
    return order[: len(counts)], counts


def _hall(measures: Mapping[str, float], floor: _Floor, spots: Ints) -> HallPlan:
    """Put racks on spots."""
    return HallPlan.model_validate(
        {
            **measures,
            "blocked": (),
            "rows": (),
            "rack_rows": tuple(floor.row[spots].tolist()),
            "rack_places": tuple(floor.place[spots].tolist()),
            "floor_m2": 0.0,
            "cables_before_search_m": 0.0,
            "cables_after_search_m": 0.0,
        }
    )


def _shortened(
    factory: Factory,
    notes: Notes,
    start: HallPlan,
    floor: _Floor,
    links: RackLinks,
    racks: RacksPlan,
    groups_power_kw: Sequence[float],
    nodes: tuple[NodeGroup, ...],
    fabrics: Sequence[FabricPlan],
) -> Ints:
    """Exchange racks until that shortens no cable."""
    if len(floor.row) > MOST_RACKS or not links.exact:
        why = f"more than {MOST_RACKS:,} positions" if len(floor.row) > MOST_RACKS else "cables known by a sample only"
        notes.assume("hall.search", f"no rack was exchanged with another to shorten cables: {why}")
        return floor.spots
    notes.assume(
        "hall.search",
        "racks are exchanged as long as that shortens the cables: within a scalable unit, racks without nodes with each other"
        " or with the unit beside them, and whole units; a unit stays together, a row within its power",
    )
    return shorter_spots(
        floor.spots,
        links.a,
        links.b,
        links.parts,
        along_m=along_row_m(start, floor.place),
        across_m=floor.row * start.row_pitch_m,
        unit=rack_units(racks, nodes, fabrics),
        row=floor.row,
        power_kw=_rack_power_kw(racks, groups_power_kw),
        row_power_kw=_row_power_kw(factory),
    )


def _rack_power_kw(racks: RacksPlan, groups_power_kw: Sequence[float]) -> NDArray[np.float64]:
    return np.repeat(np.asarray(groups_power_kw, dtype=np.float64), [group.count for group in racks.groups])


def _rows(
    hall: HallPlan,
    floor: _Floor,
    racks: RacksPlan,
    groups_power_kw: Sequence[float],
    links: RackLinks,
    blocked: Blocked,
) -> tuple[RowPlan, ...]:
    """Add up racks, positions and power row by row, and find the fullest place of each tray."""
    row, place = np.array(hall.rack_rows, np.int64), np.array(hall.rack_places, np.int64)
    apart = links.a != links.b
    a, b, parts = links.a[apart], links.b[apart], links.parts[apart]
    wide = int(place.max(initial=-1)) + 1
    in_tray = tray_cables(row[a], place[a], row[b], place[b], parts, floor.rows, wide)
    fullest = np.ceil(np.rint(in_tray.max(axis=1, initial=0)) / CABLE_PARTS).astype(np.int64).tolist()
    count = np.bincount(row, minlength=floor.rows).tolist()
    power_kw = np.bincount(row, weights=_rack_power_kw(racks, groups_power_kw), minlength=floor.rows).tolist()
    sections = np.unique(np.stack([floor.row, floor.place // hall.racks_per_row]), axis=1)[0]
    positions = np.maximum(np.bincount(sections, minlength=floor.rows), 1) * hall.racks_per_row
    for each in blocked:
        if each < floor.rows:
            positions[each] -= int(blocked[each].sum())
    return tuple(
        RowPlan(
            name=row_letters(number),
            racks=count[number],
            positions=int(positions[number]),
            power_kw=power_kw[number],
            tray_cables_count=fullest[number],
        )
        for number in range(floor.rows)
    )


def _note_rules(notes: Notes) -> None:
    """State how the hall was filled and how cables run."""
    notes.assume(
        "hall.layout",
        "the hall is filled from its middle outward, row by row, each until a position or its busway's power lacks: network and"
        " management racks in the middle, storage beside them, nodes around in the order of a walk along the rows, to and fro,"
        " so that the racks of a scalable unit stand together; switches hang at the top of their racks, all else stands at the"
        " bottom",
    )
    notes.assume(
        "hall.trays",
        "a cable runs up to the tray of its lower end's row, along it to the place of its upper end, across the rows there, and"
        " down; each leg of a cable that parts counts by its share",
    )
    notes.assume(
        "hall.cdus", "coolant distribution units stand at the ends of rows or beside the hall: they take no rack position"
    )
