"""Direct networks: groups in a circle, with a line for all links between two of them, or switches in a grid."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topologies.fabric import INTERNAL_LAYERS, Fabric
from topologies.pictures.svg import INK, PAPER, QUIET, circle, line, path, rect, text

__all__ = ["draw_direct"]

_COLOURS = ("#7d8a97", "#3f7fbf", "#3d9a68", "#c98326", "#8a5cb8", "#b8566a")
_GRID_MOST = 1024
"""Switches up to which a grid is drawn switch by switch."""
_ROUND = 330.0


def draw_direct(fabric: Fabric, width: float, top: float) -> tuple[list[str], float]:
    """Draw a network whose switches join each other.

    Parameters
    ----------
    fabric : Fabric
        With cables between switches of the same tier.
    width, top : float
        Of the picture, and where there is room below the heading.

    Returns
    -------
    parts : list of str
        SVG elements.
    bottom : float
        Where they end.

    Notes
    -----
    Where the coordinates have two or three axes and every cable between switches keeps all but one of them (torus, HyperX), a
    grid is drawn, one sheet for each value of the first of three axes. All others are drawn as a circle of groups, or of
    switches where there are no groups.

    References
    ----------
    Dally and Towles, Principles and Practices of Interconnection Networks (2004), figure 5.1: tori as grids. Kim et al.,
    Technology-Driven, Highly-Scalable Dragonfly Topology (ISCA 2008), figure 5: groups side by side, all joined.

    Examples
    --------
    >>> from topologies.dragonfly import dragonfly
    >>> parts, _ = draw_direct(dragonfly(2, 4, 2), 1360, 80)
    >>> sum("1 link between" in each for each in parts)
    36
    """
    cables, first = fabric.cables, fabric.endpoint_count
    inside = [number for number, layer in enumerate(fabric.layers) if layer in INTERNAL_LAYERS]
    rows = np.flatnonzero((cables.a >= first) & ~np.isin(cables.layer, inside))
    ends = np.stack([cables.a[rows], cables.b[rows]], axis=1) - first
    place = fabric.switches.coordinates
    used = [axis for axis in range(place.shape[1]) if len(np.unique(place[:, axis])) > 1]
    differing = (place[ends[:, 0]][:, used] != place[ends[:, 1]][:, used]).sum(axis=1)
    grid = len(used) in (2, 3) and fabric.switch_count <= _GRID_MOST and fabric.topology not in ("dragonfly", "dragonfly-plus")
    if grid and bool((differing <= 1).mean() > 0.75):
        return _grid(fabric, ends, cables.layer[rows], used, width, top)
    return _circle(fabric, ends, width, top)


def _circle(fabric: Fabric, ends: NDArray[Any], width: float, top: float) -> tuple[list[str], float]:
    """Draw groups, or switches, in a circle, and what joins them."""
    group = fabric.switches.group
    if len(np.unique(group)) < 2:
        group = np.arange(fabric.switch_count, dtype=np.int32)
    numbers, of_group = np.unique(group, return_inverse=True)
    count = len(numbers)
    x0, y0 = width / 2, top + _ROUND + 44
    angle = np.arange(count) * 2 * math.pi / count - math.pi / 2
    x, y = x0 + _ROUND * np.cos(angle), y0 + _ROUND * np.sin(angle)
    pairs = np.sort(of_group[ends], axis=1)
    across = pairs[pairs[:, 0] != pairs[:, 1]]
    unique, counts = np.unique(across, axis=0, return_counts=True)
    most = int(counts.max(initial=1))
    crowd = 1 + len(unique) / 300
    parts = []
    for (one, other), links in zip(unique.tolist(), counts.tolist(), strict=True):
        words = f"{links:,} link{'s' * (links != 1)} between {_name(fabric, numbers, one)} and {_name(fabric, numbers, other)}"
        shown = 0.55 if crowd < 2 or one == 0 else 0.12  # of very many pairs, those of the first group stand for all
        wide = max((0.8 + 2.6 * links / most) / crowd, 0.35 if shown < 0.5 else 0.9)
        parts.append(
            line(x[one], y[one], x[other], y[other], hover=words, stroke=_COLOURS[1], stroke_width=wide, stroke_opacity=shown)
        )
    radius = max(4.0, min(26.0, 0.4 * 2 * math.pi * _ROUND / count))
    for number in range(count):
        parts.append(
            circle(x[number], y[number], radius, fill="#d8e8fb", stroke=_COLOURS[1], hover=_name(fabric, numbers, number))
        )
        if radius >= 8:
            size = 12 if radius >= 14 else 9
            parts.append(
                text(x[number], y[number] + size * 0.35, str(numbers[number]), size, text_anchor="middle", font_weight="bold")
            )
    members = np.bincount(of_group)
    ports = np.bincount(
        group[fabric.cables.b[fabric.cables.a < fabric.endpoint_count] - fabric.endpoint_count], minlength=count
    )
    local = np.bincount(pairs[pairs[:, 0] == pairs[:, 1]][:, 0], minlength=count)
    what = "groups" if len(members) and members.max() > 1 else "switches"
    facts = [
        f"{count:,} {what}",
        *([f"switches of a group: {_range(members)}"] if what == "groups" else []),
        f"endpoints of {'a group' if what == 'groups' else 'a switch'}: {_range(ports)}",
        *([f"links inside a group: {_range(local)}"] if what == "groups" else []),
        f"links between two that are joined: {_range(counts)}",
        f"{len(unique):,} of {count * (count - 1) // 2:,} pairs are joined",
    ]
    parts += [text(20, top + 24 + 19 * n, each, 13, fill=INK if n == 0 else QUIET) for n, each in enumerate(facts)]
    return parts, y0 + _ROUND + 44


def _name(fabric: Fabric, numbers: NDArray[Any], number: int) -> str:
    return fabric.switches.names[number] if len(numbers) == fabric.switch_count else f"group {numbers[number]}"


def _range(values: NDArray[Any]) -> str:
    low, high = (int(np.min(values)), int(np.max(values))) if len(values) else (0, 0)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _grid(
    fabric: Fabric, ends: NDArray[Any], layer: NDArray[Any], used: list[int], width: float, top: float
) -> tuple[list[str], float]:
    """Draw switches at their places: rows and columns, and sheets for a third axis."""
    place = fabric.switches.coordinates[:, used]
    if len(used) == 2:
        place = np.concatenate([np.zeros((len(place), 1), place.dtype), place], axis=1)
    sheets, rows, columns = (place.max(axis=0) + 1).tolist()
    across = sheets if sheets <= 4 else math.ceil(math.sqrt(sheets * 1.6))
    step = max(12.0, min(84.0, (width - 180) / (across * (columns + 0.9)), 640 / rows))
    sheet_wide, sheet_tall = (columns + 0.9) * step, (rows + 0.9) * step
    left = (width - across * sheet_wide) / 2 + step * 0.9
    x = left + place[:, 0] % across * sheet_wide + place[:, 2] * step
    y = top + 112 + place[:, 0] // across * sheet_tall + place[:, 1] * step
    parts: list[str] = []
    unique, index, counts = np.unique(np.sort(ends, axis=1), axis=0, return_index=True, return_counts=True)
    for (one, other), row, links in zip(unique.tolist(), index.tolist(), counts.tolist(), strict=True):
        colour = _COLOURS[1 + int(layer[row]) % 5]
        words = f"{fabric.switches.names[one]} - {fabric.switches.names[other]}" + (f", {links} links" if links > 1 else "")
        style = {"stroke": colour, "stroke_width": 1.0 + 0.5 * min(links, 4), "stroke_opacity": 0.75}
        far = np.abs(place[one] - place[other])
        if far[0]:
            if sheets <= 2 and far[0] == 1:
                parts.append(line(x[one], y[one], x[other], y[other], hover=words, **(style | {"stroke_opacity": 0.3})))
            continue
        if far.sum() == 1:
            parts.append(line(x[one], y[one], x[other], y[other], hover=words, **style))
            continue
        # Round the ring, or over those in between: a bow beside the row or column.
        bow = min(0.42, 0.2 + 0.03 * float(far.max())) * step
        dx, dy = (0.0, -bow) if far[2] else (-bow, 0.0)
        x1, x2 = x[one] + 1.6 * dx, x[other] + 1.6 * dx
        y1, y2 = y[one] + 1.6 * dy, y[other] + 1.6 * dy
        curve = f"M{x[one]:.1f} {y[one]:.1f}C{x1:.1f} {y1:.1f} {x2:.1f} {y2:.1f} {x[other]:.1f} {y[other]:.1f}"
        parts.append(path(curve, hover=words, **(style | {"stroke_width": 1.0})))
    size = min(step * 0.5, 34.0)
    for number, name in enumerate(fabric.switches.names):
        parts.append(
            rect(x[number] - size / 2, y[number] - size / 2, size, size, rx=3, fill="#d8e8fb", stroke=_COLOURS[1], hover=name)
        )
        if size >= 26:
            digits = ",".join(str(each) for each in fabric.switches.coordinates[number][used])
            parts.append(text(x[number], y[number] + 3.5, digits, 9, text_anchor="middle"))
    if sheets > 1:
        for sheet in range(sheets):
            at_x, at_y = left + sheet % across * sheet_wide - size / 2, top + 112 + sheet // across * sheet_tall - step * 0.55
            parts.append(text(at_x, at_y, f"sheet {sheet}", 11, fill=QUIET, stroke=PAPER, stroke_width=3, paint_order="stroke"))
    shape = " x ".join(str(int(each)) for each in fabric.switches.coordinates[:, used].max(axis=0) + 1)
    note = "; links between sheets join the same place" if sheets > 1 else ""
    parts.append(
        text(20, top + 20, f"{shape} switches{note}; bows: links round the ring, or over others in between", 13, fill=QUIET)
    )
    names = list(dict.fromkeys(layer.tolist()))
    at = 20.0
    for number in names:
        words = fabric.layers[number].replace("_", "-")
        parts += [
            line(at, top + 38, at + 22, top + 38, stroke=_COLOURS[1 + number % 5], stroke_width=3),
            text(at + 28, top + 42, words, 12),
        ]
        at += 44 + 8 * len(words)
    return parts, top + 112 + math.ceil(sheets / across) * sheet_tall
