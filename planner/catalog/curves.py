"""What is wrong with curves and tables whose points are rows: too few points, gaps, and more output for less input."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Protocol, cast

from planner.catalog.records import CoolingUnit, DeratingPoint, EfficiencyPoint, PartLoadPoint, PowerStage, Record
from planner.errors import Problem

__all__ = ["curve_problems"]

Rows = Mapping[str, Mapping[str, Record]]
Points = Sequence[tuple[float, float, str]]  # load fraction, value, id of the point


class Line(Protocol):
    """Where a row stands."""

    def problem(self, name: str, path: str, message: str, hint: str = "") -> Problem:
        """Make a problem located at a cell."""


Lines = Mapping[tuple[str, str], Line]


def curve_problems(rows: Rows, named: Mapping[str, set[str]], lines: Lines) -> list[Problem]:
    """List what is wrong with efficiency curves, part-load curves and derating tables.

    Parameters
    ----------
    rows : mapping
        Good rows by kind and id.
    named : mapping
        Ids of all rows, faulty ones too: where points are faulty, the curve is not judged.
    lines : mapping
        Where a user's own rows stand, by kind and id. What is wrong with the built-in ones has no place.
    """
    problems: list[Problem] = []
    if named["efficiency_points"] <= rows["efficiency_points"].keys():
        problems += _efficiency(rows, lines)
    if named["part_load_points"] <= rows["part_load_points"].keys():
        problems += _part_load(rows, lines)
    if named["derating_points"] <= rows["derating_points"].keys():
        problems += _derating(rows, lines)
    return problems


def _problem(lines: Lines, places: Sequence[tuple[str, str, str]], message: str, hint: str) -> Problem:
    """Locate a problem at the first of some cells (kind, id, column) that is in a user's file."""
    for kind, row_id, column in places:
        if (kind, row_id) in lines:
            return lines[kind, row_id].problem(column, f"{row_id}.{column}", message, hint)
    kind, row_id, column = places[0]
    return Problem(f"{kind}.csv", 0, 1, f"{row_id}.{column}", message, hint)


def _efficiency(rows: Rows, lines: Lines) -> Iterator[Problem]:
    """Check the efficiency curves of power stages."""
    points: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    for row in cast("Mapping[str, EfficiencyPoint]", rows["efficiency_points"]).values():
        points[row.item].append((row.load_fraction, row.efficiency_fraction, row.id))
    stages = cast("Mapping[str, PowerStage]", rows["power_stages"])
    for item, curve in points.items():
        if item in stages and stages[item].loss_law != "curve":
            message = f"changes nothing: {item} has loss_law {stages[item].loss_law}"
            yield _problem(lines, [("efficiency_points", each[2], "item") for each in curve], message, "give it loss_law curve")
    for item, stage in stages.items():
        if stage.loss_law == "curve":
            at = ("power_stages", item, "loss_law")
            yield from _curve(lines, "efficiency_points", at, sorted(points[item]), lambda load, value: load / value, "input")


def _part_load(rows: Rows, lines: Lines) -> Iterator[Problem]:
    """Check the part-load curves of chillers."""
    points: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    for row in cast("Mapping[str, PartLoadPoint]", rows["part_load_points"]).values():
        points[row.item].append((row.load_fraction, row.factor_ratio, row.id))
    units = cast("Mapping[str, CoolingUnit]", rows["cooling_units"])
    for item, unit in units.items():
        if unit.role == "chiller" or item in points:
            at = ("cooling_units", item, "role")
            yield from _curve(lines, "part_load_points", at, sorted(points[item]), lambda load, value: load / value, "power")


def _curve(
    lines: Lines, kind: str, at: tuple[str, str, str], curve: Points, taken: Callable[[float, float], float], word: str
) -> Iterator[Problem]:
    """Check one curve: two points at least, one of them at full load, none twice, and never less input for more output."""
    places = [(kind, each[2], "load_fraction") for each in curve]
    if len(curve) < 2:
        message = f"{at[1]} has {len(curve)} of its curve's points in {kind}; two are the least"
        yield _problem(
            lines, [at, *places], message, f"add rows with item {at[1]} to {kind}.csv, one of them at load_fraction 1"
        )
    elif curve[-1][0] != 1:
        message = f"the curve of {at[1]} ends at load_fraction {curve[-1][0]:g}"
        yield _problem(lines, [*places[::-1], at], message, f"add the point at full load to {kind}.csv: load_fraction 1")
    for before, after in pairwise(curve):
        where = [(kind, after[2], "load_fraction"), (kind, before[2], "load_fraction"), at]
        if after[0] == before[0]:
            yield _problem(
                lines, where, f"the curve of {at[1]} has load_fraction {after[0]:g} twice: see {before[2]}", "keep one"
            )
        elif taken(*after[:2]) <= taken(*before[:2]):
            message = f"more output needs less {word} between load_fraction {before[0]:g} and {after[0]:g} of {at[1]}"
            yield _problem(lines, where, message, f"see {before[2]} and {after[2]}: one of the two values is wrong")


def _derating(rows: Rows, lines: Lines) -> Iterator[Problem]:
    """Check that derating tables have no gaps."""
    tables: dict[str, dict[tuple[float, float], str]] = defaultdict(dict)
    for row in cast("Mapping[str, DeratingPoint]", rows["derating_points"]).values():
        place = row.elevation_m, row.ambient_c
        if place in tables[row.item]:
            message = f"{row.item} has {place[0]:g} m and {place[1]:g} C twice: see {tables[row.item][place]}"
            yield _problem(lines, [("derating_points", row.id, "elevation_m")], message, "keep one")
        tables[row.item][place] = row.id
    for item, table in tables.items():
        elevations, ambients = sorted({place[0] for place in table}), sorted({place[1] for place in table})
        gaps = [(height, ambient) for height in elevations for ambient in ambients if (height, ambient) not in table]
        if gaps:
            height, ambient = gaps[0]
            message = f"the table of {item} has no point at {height:g} m and {ambient:g} C ({len(gaps)} missing in all)"
            places = [("derating_points", row_id, "item") for row_id in table.values()]
            yield _problem(lines, places, message, "give every elevation with every temperature")
