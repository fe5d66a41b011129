"""The hall as a picture: every position to scale, coloured by the use of its rack."""

from __future__ import annotations

import numpy as np

from planner.plan import HallPlan, Plan
from planner.steps.blocked import read_blocked
from planner.steps.layout import Layout, along_row_m, layout_of, rack_units, row_letters
from planner.units import figure
from topologies.pictures.svg import INK, PAPER, QUIET, clipped, document, line, rect, text, text_width, wrapped

__all__ = ["hall_plan_svg"]

_WIDTH, _MARGIN, _LEFT, _RIGHT = 1360.0, 20.0, 56.0, 250.0
_MOST_RACKS = 20_000
_PX_PER_M_MOST = 56.0
_RACK_DEPTH_M = 1.2
_LABEL_PX = 21.0
"""A position narrower than this carries no words."""
_FILLS = ("#d8e8fb", "#d9f0e3", "#fbe7cf", "#eadcf7", "#f6d9de", "#eef1f4")
_EDGES = ("#3f7fbf", "#3d9a68", "#c98326", "#8a5cb8", "#b8566a", "#7d8a97")
_FREE, _BLOCKED = "#c3cad2", "#aab3bd"


def hall_plan_svg(plan: Plan) -> str:
    """Draw the hall from above.

    Parameters
    ----------
    plan : Plan
        A plan.

    Returns
    -------
    str
        An SVG document, 1360 wide and to scale: rows with their letters, racks coloured by use with the number of their
        position and of their scalable unit, free positions dashed, blocked ones crossed out; beside each row what it holds,
        draws at design load, and carries in its tray.

    Raises
    ------
    ValueError
        If the factory stands in a cloud, or has more than 20,000 racks.
    """
    racks, hall, _ = plan.in_a_hall()
    if racks.count > _MOST_RACKS:
        raise ValueError(f"the hall has more than {_MOST_RACKS:,} racks: no picture is drawn of it")
    layout = layout_of(plan)
    columns = int(layout.place.max(initial=0)) // hall.racks_per_row + 1
    wide_m = float(along_row_m(hall, np.array([columns * hall.racks_per_row - 1]))[0]) + hall.rack_pitch_m
    scale = min((_WIDTH - 2 * _MARGIN - _LEFT - _RIGHT) / wide_m, _PX_PER_M_MOST)
    head, top = _head(plan, hall)
    deep_m = min(_RACK_DEPTH_M, 0.6 * hall.row_pitch_m)
    parts: list[str] = []
    for number, row in enumerate(hall.rows):
        y = top + number * hall.row_pitch_m * scale
        parts += _row_words(hall, number, y + deep_m * scale / 2 + 4, _MARGIN + _LEFT + wide_m * scale + 14)
        parts += _empty(hall, number, layout, row.racks < row.positions, (y, scale, deep_m), columns)
    parts += _racks(plan, layout, hall, (top, scale, deep_m))
    bottom = top + ((len(hall.rows) - 1) * hall.row_pitch_m + deep_m) * scale
    parts += _rule(_MARGIN + _LEFT, bottom + 26, scale)
    title = f"{plan.name}: hall plan"
    return document(_WIDTH, bottom + 26 + 3 * _MARGIN, title, [*head, *parts])


def _head(plan: Plan, hall: HallPlan) -> tuple[list[str], float]:
    """Write title, sums and the colours' meaning; return where the hall begins."""
    racks, _, _ = plan.in_a_hall()
    title = f"{plan.name}: {racks.count:,} racks in {sum(row.racks > 0 for row in hall.rows):,} rows"
    saved_m = hall.cables_before_search_m - hall.cables_after_search_m
    sums = (
        f"{figure(hall.floor_m2)} m2 of floor, aisles included   ·   {figure(hall.cables_after_search_m, 3)} m of cable ways,"
        f" {figure(saved_m, 3)} m fewer than before racks were exchanged"
    )
    parts = [text(_MARGIN, 34, clipped(title, 100), 19, font_weight="bold"), text(_MARGIN, 56, sums, 13, fill=QUIET)]
    x, y = _MARGIN, 70.0
    names = [f"{group.name} ({group.count:,})" for group in racks.groups]
    for number, name in enumerate([*names, "free", "blocked"]):
        shown = clipped(name, 60)
        if x > _MARGIN and x + 26 + text_width(shown, 12) > _WIDTH - _MARGIN:
            x, y = _MARGIN, y + 24
        if number < len(names):
            parts.append(rect(x, y, 18, 14, hover="", **_colours(number)))
        else:
            parts += _unused(x, y, 18, 14, blocked=name == "blocked")
        parts.append(text(x + 25, y + 12, shown, 12))
        x += 25 + text_width(shown, 12) + 22
    return parts, y + 40


def _colours(group: int) -> dict[str, object]:
    return {"rx": 2, "fill": _FILLS[group % len(_FILLS)], "stroke": _EDGES[group % len(_EDGES)]}


def _unused(x: float, y: float, width: float, tall: float, *, blocked: bool, hover: str = "") -> list[str]:
    """Draw a position without a rack."""
    if not blocked:
        return [rect(x, y, width, tall, rx=2, fill=PAPER, stroke=_FREE, stroke_dasharray="3 3", hover=hover)]
    return [
        rect(x, y, width, tall, rx=2, fill="#eef1f4", stroke=_BLOCKED, hover=hover),
        line(x, y, x + width, y + tall, stroke=_BLOCKED),
        line(x, y + tall, x + width, y, stroke=_BLOCKED),
    ]


def _row_words(hall: HallPlan, number: int, y: float, right: float) -> list[str]:
    """Write a row's letter in front of it, and its sums behind."""
    row = hall.rows[number]
    words = f"{row.racks} of {row.positions}, {figure(row.power_kw)} kW, tray {row.tray_cables_count:,}"
    hover = (
        f"row {row.name}: {row.racks} racks on {row.positions} positions, {figure(row.power_kw)} kW at design load,"
        f" {row.tray_cables_count:,} cables at the fullest place of its tray"
    )
    parts = [text(_MARGIN, y, row.name, 15, font_weight="bold")]
    lines = wrapped(words, 34)
    return parts + [text(right, y + 15 * index, each, 12, fill=QUIET, hover=hover) for index, each in enumerate(lines)]


def _empty(
    hall: HallPlan, number: int, layout: Layout, some: bool, frame: tuple[float, float, float], columns: int
) -> list[str]:
    """Draw the positions of a row that hold no rack."""
    y, scale, deep_m = frame
    blocked, _ = read_blocked(hall.blocked, hall.racks_per_row, None)
    if not some and number not in blocked:
        return []
    taken = set(layout.place[layout.row == number].tolist())
    parts: list[str] = []
    first_columns = {0} if columns == 1 else {place // hall.racks_per_row for place in taken}
    places = [place for column in sorted(first_columns) for place in _section(hall, column) if place not in taken]
    for place, along_m in zip(places, along_row_m(hall, np.array(places, np.int64)).tolist(), strict=True):
        out = number in blocked and bool(blocked[number][place % hall.racks_per_row])
        name = f"{row_letters(number)}{place + 1:02d}: {'blocked' if out else 'free'}"
        x = _MARGIN + _LEFT + along_m * scale
        parts += _unused(x + 1, y, hall.rack_pitch_m * scale - 2, deep_m * scale, blocked=out, hover=name)
    return parts


def _section(hall: HallPlan, column: int) -> range:
    return range(column * hall.racks_per_row, (column + 1) * hall.racks_per_row)


def _racks(plan: Plan, layout: Layout, hall: HallPlan, frame: tuple[float, float, float]) -> list[str]:
    """Draw all racks."""
    top, scale, deep_m = frame
    racks, _, _ = plan.in_a_hall()
    width, tall = hall.rack_pitch_m * scale - 2, deep_m * scale
    units = rack_units(racks, plan.compute.groups, plan.fabrics).tolist()
    several = max(units, default=-1) > 0
    parts: list[str] = []
    number = 0
    for index, group in enumerate(racks.groups):
        for _ in range(group.count):
            x = _MARGIN + _LEFT + float(layout.along_m[number]) * scale + 1
            y = top + float(layout.across_m[number]) * scale
            unit = f"SU{units[number] + 1}" if several and units[number] >= 0 else ""
            hover = (
                f"{layout.names[number]}: {group.name}{', scalable unit ' + unit[2:] if unit else ''}, up to"
                f" {figure(group.power_per_rack_max_kw)} kW and {figure(group.weight_per_rack_max_kg)} kg"
            )
            parts.append(rect(x, y, width, tall, hover=hover, **_colours(index)))
            if width >= _LABEL_PX:
                place = f"{int(layout.place[number]) + 1:02d}"
                middle = x + width / 2
                parts.append(text(middle, y + 14, place, 10, text_anchor="middle", pointer_events="none"))
                if unit and tall >= 28:
                    said = {"fill": QUIET, "text_anchor": "middle", "pointer_events": "none"}
                    parts.append(text(middle, y + tall - 6, clipped(unit, int(width / 5)), 9, **said))
            number += 1
    return parts


def _rule(x: float, y: float, scale: float) -> list[str]:
    """Draw a rule of some metres."""
    metres = next(each for each in (2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000) if each * scale >= 60 or each == 5000)
    end = x + metres * scale
    parts = [line(x, y, end, y, stroke=INK), line(x, y - 4, x, y + 4, stroke=INK), line(end, y - 4, end, y + 4, stroke=INK)]
    return [*parts, text(end + 8, y + 4, f"{metres} m; racks are drawn 1.2 m deep", 12, fill=QUIET)]
