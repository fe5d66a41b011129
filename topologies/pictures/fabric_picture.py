"""One picture of a whole fabric: tiers over each other, groups as boxes, all cables between two boxes as one line."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from topologies.fabric import ENDPOINT_KINDS, INTERNAL_LAYERS, NONE, Fabric
from topologies.pictures.svg import INK, PAPER, QUIET, clipped, document, path, rect, text

__all__ = ["draw_fabric"]

_WIDTH, _MARGIN, _LEFT = 1360.0, 20.0, 150.0
_TIER_COLOURS = ("#eef1f4", "#d8e8fb", "#d9f0e3", "#fbe7cf", "#eadcf7", "#f6d9de")
_LINE_COLOURS = ("#7d8a97", "#3f7fbf", "#3d9a68", "#c98326", "#8a5cb8", "#b8566a")
_PLANE_COLOURS = ("#3f7fbf", "#c98326", "#3d9a68", "#8a5cb8")
_BOXES_MOST = 8
"""Boxes of a tier and plane that are drawn; of more, the first and the last, and between them one for the others."""
_CELLS_MOST = 16
_LABELS_MOST = 12
_ROW = 178.0


@dataclass
class _Box:
    """Several switches, or hosts, that are drawn as one."""

    tier: int
    plane: int
    group: int
    lines: list[str]
    cells: list[str] = field(default_factory=list)
    """Names of the switches inside, where they are few enough."""
    merged: bool = False
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    tall: float = 0.0

    @property
    def middle(self) -> float:
        """Where lines begin and end."""
        return self.x + self.width / 2


def draw_fabric(fabric: Fabric) -> str:
    """Draw a fabric, the coarser the larger it is.

    Parameters
    ----------
    fabric : Fabric
        Any fabric.

    Returns
    -------
    str
        An SVG document, 1360 wide. With several tiers, or one that only joins endpoints: a row a tier, the planes side by
        side, in each the units or pods as boxes (of more than eight, the first and the last, and one box for the others);
        a line stands for all cables between two boxes, the wider the more. Direct networks: groups in a circle, or a grid.

    References
    ----------
    W3C, Scalable Vector Graphics (SVG) 2.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> picture = draw_fabric(fat_tree(127, 8, radix=64, extra_links=4))
    >>> "1,024 cables" in picture, picture.count("<svg")
    (True, 1)
    """
    cables = fabric.cables
    between_switches = cables.a >= fabric.endpoint_count
    tier = fabric.tier_of_vertex
    level = between_switches & (tier[cables.a] == tier[cables.b])
    title = f"{fabric.topology}: {fabric.endpoint_count:,} endpoints, {fabric.switch_count:,} switches, {len(cables):,} cables"
    tiers = ", ".join(f"{count:,} {name}" for name, count in fabric.switches_by_tier().items())
    layers = ", ".join(f"{count:,} {name.replace('_', '-')}" for name, count in fabric.cables_by_layer().items())
    head = [
        text(_MARGIN, 34, title, 19, font_weight="bold"),
        text(_MARGIN, 56, f"switches: {tiers}   ·   cables: {layers}", 13, fill=QUIET),
    ]
    if level.any():
        from topologies.pictures.direct_picture import draw_direct

        parts, height = draw_direct(fabric, _WIDTH, 76.0)
    else:
        parts, height = _tiered(fabric, 76.0)
    return document(_WIDTH, height + _MARGIN, title, [*head, *parts])


def _tiered(fabric: Fabric, top: float) -> tuple[list[str], float]:
    """Draw tiers as rows, the highest first."""
    boxes, box_of = _boxes(fabric)
    highest = int(fabric.switches.tier.max(initial=0))
    rows = {tier: [box for box in boxes if box.tier == tier] for tier in range(highest, -1, -1)}
    parts: list[str] = []
    y = top + 6
    for tier, row in rows.items():
        tall = _lay(row, y, _LEFT)
        name = fabric.tiers[tier - 1] if tier else "hosts"
        count = fabric.switches_by_tier()[name] if tier else _host_count(fabric)
        parts += [text(_MARGIN, y + 22, name, 15, font_weight="bold"), text(_MARGIN, y + 40, f"{count:,}", 13, fill=QUIET)]
        y += tall + _ROW - 60
    lines = _lines(fabric, boxes, box_of)
    return [*lines, *(part for box in boxes for part in _drawn(box)), *parts], y - _ROW + 60 + 10


def _boxes(fabric: Fabric) -> tuple[list[_Box], NDArray[np.int64]]:
    """Group switches by tier, plane and group, and hosts by the group of their first switch; return the box of every vertex."""
    switches, count = fabric.switches, fabric.endpoint_count
    boxes: list[_Box] = []
    box_of = np.zeros(fabric.vertex_count, np.int64)
    keys = np.stack([switches.tier, np.maximum(switches.plane, 0), switches.group], axis=1)
    unique, inverse = np.unique(keys, axis=0, return_inverse=True)
    inverse = inverse.ravel()
    for number, (tier, plane, group) in enumerate(unique.tolist()):
        names = [switches.names[each] for each in np.flatnonzero(inverse == number)]
        boxes.append(_Box(tier, plane, group, [_counted(len(names), fabric.tiers[tier - 1])], names))
    box_of[count:] = inverse
    # A host belongs below the group of its first endpoint's first switch; other kinds of endpoints are counted there.
    first = np.full(count, -1, np.int64)
    of_endpoint = np.flatnonzero(fabric.cables.a < count)[::-1]
    first[fabric.cables.a[of_endpoint]] = switches.group[fabric.cables.b[of_endpoint] - count]
    host_group = np.full(len(fabric.endpoints.host_names), -1, np.int64)
    host_group[fabric.endpoints.host[::-1]] = first[::-1]
    group_of = host_group[fabric.endpoints.host]
    for group in np.unique(group_of).tolist():
        mine = np.flatnonzero(group_of == group)
        lines = []
        for kind, name in enumerate(ENDPOINT_KINDS):
            of_kind = mine[fabric.endpoints.kind[mine] == kind]
            hosts = len(np.unique(fabric.endpoints.host[of_kind]))
            if len(of_kind) > hosts:
                lines.append(f"{_counted(hosts, 'host')}, {len(of_kind):,} {name if name == 'other' else name.upper() + 's'}")
            elif hosts:
                lines.append(_counted(hosts, "host" if kind == 0 else f"{name} port"))
        box_of[mine] = len(boxes)
        boxes.append(_Box(0, 0, group, lines))
    return _merged(fabric, boxes, box_of)


def _merged(fabric: Fabric, boxes: list[_Box], box_of: NDArray[np.int64]) -> tuple[list[_Box], NDArray[np.int64]]:
    """Put the boxes between the first ones and the last one of a tier and plane together, where they are too many."""
    planes = max(1, int(fabric.switches.plane.max(initial=0)) + 1)
    result: list[_Box] = []
    new = np.zeros(len(boxes), np.int64)
    rows: dict[tuple[int, int], list[int]] = {}
    for number, box in enumerate(boxes):
        rows.setdefault((box.tier, box.plane), []).append(number)
    for (tier, _), members in rows.items():
        most = _BOXES_MOST if tier == 0 or planes == 1 else max(2, _BOXES_MOST // planes)
        middle = members[most - 2 : -1] if len(members) > most else []
        for number in members:
            box = boxes[number]
            name = _group_name(fabric, box)
            if number in middle:
                if number == middle[0]:
                    result.append(_Box(box.tier, box.plane, box.group, [], merged=True))
                result[-1].lines = (
                    [f"{len(middle):,} more like these", f"{name} and on"] if number == middle[0] else result[-1].lines
                )
            else:
                result.append(box)
                box.lines = [name, *box.lines] if name else box.lines
            new[number] = len(result) - 1
    for number, box in enumerate(result):
        if box.merged:
            inside = np.flatnonzero(new[box_of] == number)
            names = len(inside) if box.tier else len(np.unique(fabric.endpoints.host[inside]))
            box.lines[1:] = [_counted(names, fabric.tiers[box.tier - 1] if box.tier else "host")]
    return result, new[box_of]


def _group_name(fabric: Fabric, box: _Box) -> str:
    word = "unit" if box.tier <= 1 and len(fabric.tiers) > 1 else "pod" if box.tier < len(fabric.tiers) else "group"
    alone = box.group == NONE or np.unique(fabric.switches.group[fabric.switches.tier == max(box.tier, 1)]).size == 1
    plane = f"plane {box.plane}" if box.tier and fabric.switches.plane.max(initial=0) > 0 else ""
    return ", ".join(filter(None, (plane, "" if alone else f"{word} {box.group}")))


def _host_count(fabric: Fabric) -> int:
    """Count the hosts, without ports of managers and services."""
    others = [ENDPOINT_KINDS.index(kind) for kind in ("manager", "service")]
    return len(np.unique(fabric.endpoints.host[~np.isin(fabric.endpoints.kind, others)]))


def _counted(count: int, thing: str) -> str:
    plural = {"leaf": "leaves", "switch": "switches", "nvswitch": "nvswitches"}.get(thing, f"{thing}s")
    return f"{count:,} {thing if count == 1 else plural}"


def _lay(row: Sequence[_Box], y: float, left: float) -> float:
    """Place the boxes of a tier from left to right, as wide as there is room; return how tall they are."""
    gap = 10.0
    room = _WIDTH - _MARGIN - left
    width = min((room - gap * (len(row) - 1)) / len(row), 560.0)
    planes = len({box.plane for box in row})
    between = 26.0 if planes > 1 else 0.0
    width -= between * (planes - 1) / len(row)
    x = left + (room - width * len(row) - gap * (len(row) - 1) - between * (planes - 1)) / 2
    tall = 0.0
    for number, box in enumerate(row):
        if number and box.plane != row[number - 1].plane:
            x += between
        box.x, box.y, box.width = x, y, width
        x += width + gap
        shown = box.cells if 1 < len(box.cells) <= _CELLS_MOST else []
        columns = max(1, int((width - 8) // 62))
        tall = max(tall, 14 + 16 * len(box.lines) + (24 * -(-len(shown) // columns) if shown else 0) + 6)
        box.cells = shown
    for box in row:
        box.tall = tall
    return tall


def _drawn(box: _Box) -> list[str]:
    """Draw a box with its words, and the switches inside it."""
    fill = _TIER_COLOURS[min(box.tier, len(_TIER_COLOURS) - 1)]
    edge = _LINE_COLOURS[min(box.tier, len(_LINE_COLOURS) - 1)]
    dash = "5 4" if box.merged else None
    parts = [rect(box.x, box.y, box.width, box.tall, rx=7, fill=fill, stroke=edge, stroke_width=1.3, stroke_dasharray=dash)]
    y = box.y + 18
    letters = max(6, int((box.width - 8) / 7.2))
    for number, words in enumerate(box.lines):
        weight = "bold" if number == 0 else None
        parts.append(text(box.middle, y, clipped(words, letters), 12, hover=words, text_anchor="middle", font_weight=weight))
        y += 16
    columns = max(1, int((box.width - 8) // 62))
    common = _common(box.cells)
    for number, name in enumerate(box.cells):
        row, column = divmod(number, columns)
        wide = (box.width - 8) / columns
        x = box.x + 4 + column * wide
        parts.append(rect(x + 1.5, y - 9 + row * 24, wide - 3, 20, rx=3, fill=PAPER, stroke=edge, stroke_width=0.8, hover=name))
        parts.append(text(x + wide / 2, y + 4.5 + row * 24, clipped(name[common:], int(wide / 6)), 10, text_anchor="middle"))
    return parts


def _common(names: Sequence[str]) -> int:
    """Count the letters in front that names have in common, up to a hyphen: the unit, which the box already says."""
    if len(names) < 2:
        return 0
    length = next((n for n, letters in enumerate(zip(*names, strict=False)) if len(set(letters)) > 1), 0)
    return names[0].rfind("-", 0, length) + 1


def _lines(fabric: Fabric, boxes: Sequence[_Box], box_of: NDArray[np.int64]) -> list[str]:
    """Draw all cables between two boxes as one line, and say beside the tiers what one cable is."""
    cables = fabric.cables
    inside = [number for number, layer in enumerate(fabric.layers) if layer in INTERNAL_LAYERS]
    real = ~np.isin(cables.layer, inside)
    pairs, counts = np.unique(np.stack([box_of[cables.a[real]], box_of[cables.b[real]]], axis=1), axis=0, return_counts=True)
    parts: list[str] = []
    planes = int(fabric.switches.plane.max(initial=0)) + 1
    of_gap = Counter((boxes[low].tier, boxes[high].tier) for low, high in pairs.tolist())
    most = int(counts.max(initial=1))
    labels: list[str] = []
    for (low, high), count in sorted(zip(pairs.tolist(), counts.tolist(), strict=True), key=lambda item: -item[1]):
        lower, upper = boxes[low], boxes[high]
        colour = _PLANE_COLOURS[upper.plane % len(_PLANE_COLOURS)] if planes > 1 else _LINE_COLOURS[min(upper.tier, 5)]
        many = of_gap[lower.tier, upper.tier]
        x1, y1, x2, y2 = lower.middle, lower.y, upper.middle, upper.y + upper.tall
        handle = (y1 - y2) * 0.4
        wide = (1.2 + 8.0 * math.sqrt(count / most)) / (1 + many / 24)
        words = f"{count:,} cables: {' '.join(lower.lines[:1])} - {' '.join(upper.lines[:1])}"
        curve = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 - handle:.1f} {x2:.1f} {y2 + handle:.1f} {x2:.1f} {y2:.1f}"
        parts.append(path(curve, hover=words, stroke=colour, stroke_width=max(wide, 0.9), stroke_opacity=0.55))
        if many <= _LABELS_MOST:
            # Nearer to the end with more boxes, where the lines lie apart.
            at = 0.3 if sum(box.tier == lower.tier for box in boxes) >= sum(box.tier == upper.tier for box in boxes) else 0.7
            weights = (1 - at) ** 3 + 3 * (1 - at) ** 2 * at, 3 * (1 - at) * at**2 + at**3
            x = weights[0] * x1 + weights[1] * x2
            y = (1 - at) ** 3 * y1 + 3 * (1 - at) ** 2 * at * (y1 - handle) + 3 * (1 - at) * at**2 * (y2 + handle) + at**3 * y2
            labels.append(
                text(x, y + 4, f"{count:,}", 11, text_anchor="middle", stroke=PAPER, stroke_width=3.5, paint_order="stroke")
            )
    beside = []
    rows = {box.tier: box for box in boxes}
    for number, name in enumerate(fabric.layers):
        of_layer = np.flatnonzero(cables.layer == number)
        if number in inside or not len(of_layer):
            continue
        tier = int(fabric.tier_of_vertex[cables.a[of_layer[0]]])
        y = rows[tier].y - 62
        rates = sorted(set(cables.gbit_per_s[of_layer].tolist()))
        facts = [f"{len(of_layer):,} cables", " or ".join(f"{rate:g}" for rate in rates) + " Gbit/s", name.replace("_", "-")]
        parallel = _parallel(fabric, of_layer)
        if tier and parallel:
            facts.append(f"{parallel} a pair of switches")
        beside += [text(_MARGIN, y + 15 * n, each, 11, fill=QUIET if n else INK) for n, each in enumerate(facts)]
    return [*parts, *labels, *beside]


def _parallel(fabric: Fabric, rows: NDArray[np.int64]) -> int:
    """Count the cables between any two switches that have some, if these are equally many; 0 otherwise."""
    pairs = np.stack([fabric.cables.a[rows], fabric.cables.b[rows]], axis=1)
    counts = np.unique(np.unique(pairs, axis=0, return_counts=True)[1])
    return int(counts[0]) if len(counts) == 1 else 0
