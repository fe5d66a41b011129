"""Panels of differences: the devices that they have in common, tier over tier, with the ports and cables concerned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from topologies.as_built.cable_faults import counted
from topologies.as_built.differences import CATEGORIES, Difference, End
from topologies.fabric import Fabric
from topologies.links import Link
from topologies.pictures.devices import COLOURS, MARGIN, WIDTH, Box, Devices
from topologies.pictures.svg import INK, PAPER, QUIET, circle, clipped, path, rect, text, text_width

__all__ = ["badge", "draw_panels"]

_CABLES_OF_NODE_MOST = 8
"""Cables of a missing or unknown node that are drawn; of more, only their number."""
_BOXES_OF_ROW_MOST = 5
"""Devices of a tier up to which differences share a panel; a single difference may have more."""
_PORT, _PORT_TALL = 26.0, 15.0
_BOX_TALL, _ROW_GAP, _ROOM_ABOVE = 54.0, 100.0, 30.0
_NUMBER_AT = 0.66, 0.5, 0.58
"""Where on a line its number is; not all the same, so that neighbours' numbers do not meet."""
_NUMBER_AT_LONG = 0.15
"""The same on a line behind another row, near its first end."""
_NUMBERS_MOST = 4
"""Lines of one difference that carry its number."""
_STYLES: dict[tuple[str, bool], dict[str, object]] = {
    ("missing", False): {"stroke_width": 2.4, "stroke_dasharray": "8 5"},
    ("found", False): {"stroke_width": 2.4},
    ("found", True): {"stroke_width": 4.5},
    ("wanted", False): {"stroke_width": 1.5, "stroke_dasharray": "2 4"},
}
"""How a line looks, by its kind and whether it is slow."""


@dataclass(frozen=True)
class _Frame:
    left: float
    top: float
    width: float
    tall: float


@dataclass(frozen=True)
class _Stroke:
    number: int
    category: str
    kind: str
    """``missing`` (should be there), ``found`` (is there, wrongly), ``wanted`` (where a found one should be)."""
    ends: tuple[End, End]
    note: str = ""


_Numbered = Sequence[tuple[int, Difference]]
_Panel = tuple[list[list[Box]], list[_Stroke], _Numbered, float]
"""Boxes in rows, lines, the differences that it shows, and its width."""


def draw_panels(fabric: Fabric, items: Sequence[Difference], y: float) -> tuple[list[str], float]:
    """Draw one panel for each set of differences that have devices in common, side by side where there is room."""
    book = Devices(fabric)
    panels: list[_Panel] = []
    for cluster in _clusters(book, items):
        boxes, strokes = _content(book, cluster)
        rows = _rows(boxes)
        width = max(sum(box.width for box in row) + 16 * (len(row) - 1) for row in rows) + 32
        panels.append((rows, strokes, cluster, width))
    shelves: list[list[_Panel]] = []  # of one height each, filled where there is room
    for panel in panels:
        for shelf in shelves:
            if len(shelf[0][0]) == len(panel[0]) and sum(each[3] + 14 for each in [*shelf, panel]) <= WIDTH - 2 * MARGIN + 14:
                shelf.append(panel)
                break
        else:
            shelves.append([panel])
    parts: list[str] = []
    for shelf in shelves:
        x, tall = MARGIN, _height(shelf[0][0])
        for rows, strokes, members, width in shelf:
            parts += _panel(book, rows, strokes, members, _Frame(x, y, width, tall))
            x += width + 14
        y += tall + 14
    return parts, y


def _strokes(number: int, each: Difference) -> list[_Stroke]:
    """List the lines that show a difference."""

    def ends(link: Link) -> tuple[End, End]:
        return (link.a, link.a_port), (link.b, link.b_port)

    kinds = [("wanted" if each.found else "missing", each.designed), ("found", each.found)]
    if each.category.endswith("_node") and max(len(each.designed), len(each.found)) > _CABLES_OF_NODE_MOST:
        return []
    if each.category in ("slow", "misnamed_node"):
        kinds = kinds[1:] if each.category == "slow" else []
    return [
        _Stroke(number, each.category, kind, ends(link), f"{link.gbit_per_s:g} Gbit/s" if each.category == "slow" else "")
        for kind, links in kinds
        for link in links
    ]


def _clusters(book: Devices, items: Sequence[Difference]) -> list[list[tuple[int, Difference]]]:
    """Put differences that have devices in common together, in small panels; number them as listed."""
    panels: list[tuple[set[str], list[tuple[int, Difference]]]] = []
    for number, each in enumerate(items, start=1):
        names = set(_names(book, number, each))
        fitting = [panel for panel in panels if panel[0] & names and _is_small(book, panel[0] | names)]
        if fitting:
            devices, members = max(fitting, key=lambda panel: len(panel[0] & names))
        else:
            devices, members = set(), []
            panels.append((devices, members))
        devices |= names
        members.append((number, each))
    return [members for _, members in panels]


def _is_small(book: Devices, names: Iterable[str]) -> bool:
    return max(Counter(book.box(name).tier for name in names).values()) <= _BOXES_OF_ROW_MOST


def _names(book: Devices, number: int, each: Difference) -> list[str]:
    """List the devices to draw for a difference."""
    ends = [end for stroke in _strokes(number, each) for end in stroke.ends]
    return list(dict.fromkeys(book.device(name) for name in (*each.nodes, *(name for name, _ in ends))))


def _content(book: Devices, members: _Numbered) -> tuple[list[Box], list[_Stroke]]:
    """Make the boxes and lines of a panel."""
    boxes: dict[str, Box] = {}
    strokes: list[_Stroke] = []
    for number, each in members:
        if each.category == "misnamed_node":
            box = boxes.setdefault(book.device(each.nodes[-1]), book.box(book.device(each.nodes[-1])))
            box.note, box.stroke = f"calls itself {clipped(each.nodes[0], 24)}", COLOURS["misnamed_node"]
            continue
        for name in _names(book, number, each):
            boxes.setdefault(name, book.box(name))
        if each.category == "missing_node":
            box = boxes[book.device(each.nodes[0])]
            # One NIC of a host that is there otherwise, or the whole of it.
            nic = book.port((each.nodes[0], 1)) if book.is_part(each.nodes[0]) else ""
            box.stroke, box.dashed = COLOURS["missing_node"], not nic
            box.note = f"{nic} not found, {counted(len(each.designed), 'cable')}".strip()
        strokes += _strokes(number, each)
    for stroke in strokes:
        for end in stroke.ends:
            boxes[book.device(end[0])].ports.add(end)
    for box in boxes.values():
        port_wide = _port_width(book, box)
        box.width = max(
            text_width(clipped(box.name, 30), 12) + 34, text_width(box.note, 10) + 20, len(box.ports) * port_wide + 12
        )
        for number, end in enumerate(sorted(box.ports, key=lambda end: (book.fabric.vertex_by_name.get(end[0], 1 << 30), end))):
            spot = box.width / 2 + (number - (len(box.ports) - 1) / 2) * port_wide
            box.spots[end, True] = box.spots[end, False] = spot
    return sorted(boxes.values(), key=lambda box: (-box.tier, box.order)), strokes


def _port_width(book: Devices, box: Box) -> float:
    return max([_PORT, *(text_width(book.port(end), 10) + 8 for end in box.ports)])


def _rows(boxes: Iterable[Box]) -> list[list[Box]]:
    """Put the boxes in rows, the highest tier first; a tier that is too wide takes several."""
    rows: list[list[Box]] = []
    wide, tier = 0.0, -1
    for box in boxes:
        if not rows or box.tier != tier or wide + box.width > WIDTH - 2 * MARGIN - 32:
            rows.append([])
            wide, tier = 0.0, box.tier
        rows[-1].append(box)
        wide += box.width + 16
    return rows


def _height(rows: Sequence[Sequence[Box]]) -> float:
    return _ROOM_ABOVE + len(rows) * (_BOX_TALL + _ROW_GAP) - _ROW_GAP + 22


def _panel(book: Devices, rows: list[list[Box]], strokes: list[_Stroke], items: _Numbered, frame: _Frame) -> list[str]:
    """Draw a panel: lines first, boxes and their ports over them, numbers last."""
    boxes = {box.name: box for row in rows for box in row}
    y = frame.top + _ROOM_ABOVE
    for row in rows:
        x = frame.left + (frame.width - sum(box.width for box in row) - 16 * (len(row) - 1)) / 2
        for box in row:
            box.x, box.y = x, y
            x += box.width + 16
        y += _BOX_TALL + _ROW_GAP
    lines, badges = [], []
    used: dict[tuple[str, bool], dict[End, str]] = {}  # ports to draw, by box and side, and their colour
    numbered: Counter[int] = Counter()
    for place, stroke in enumerate(strokes):
        ends = [boxes[book.device(end[0])] for end in stroke.ends]
        points = []
        for (box, other), end in zip((ends, ends[::-1]), stroke.ends, strict=True):
            upper = other.y <= box.y
            points.append((box.x + box.spots[end, upper], box.y if upper else box.y + _BOX_TALL, upper))
            used.setdefault((box.name, upper), {})[end] = COLOURS[stroke.category]
        curve, middle = _curve(
            points, _NUMBER_AT[place % 3] if abs(points[0][1] - points[1][1]) <= _ROW_GAP else _NUMBER_AT_LONG
        )
        words = f"{CATEGORIES[stroke.category]}: " + " <-> ".join(f"{name}:{port}" for name, port in stroke.ends)
        lines.append(
            path(curve, hover=words, stroke=COLOURS[stroke.category], **_STYLES[stroke.kind, stroke.category == "slow"])
        )
        if stroke.kind != "wanted":
            numbered[stroke.number] += 1
            if numbered[stroke.number] <= _NUMBERS_MOST:
                badges += badge(*middle, stroke.number, stroke.category, stroke.note)
    parts = [rect(frame.left, frame.top, frame.width, frame.tall, rx=8, fill="#f7f8fa", stroke="#dfe3e8"), *lines]
    for box in boxes.values():
        parts.append(
            rect(
                box.x,
                box.y,
                box.width,
                _BOX_TALL,
                rx=6,
                fill=PAPER,
                stroke=box.stroke,
                stroke_width=1.5 if box.stroke == INK else 2.5,
                stroke_dasharray="6 4" if box.dashed else None,
            )
        )
        middle_x = box.x + box.width / 2
        above, below = ((box.name, upper) in used for upper in (True, False))
        base = box.y + 25 + 4 * (above - below)
        parts.append(text(middle_x, base, clipped(box.name, 30), 12, hover=box.name, text_anchor="middle", font_weight="bold"))
        parts.append(text(middle_x, base + 13, box.note, 10, text_anchor="middle", fill=QUIET))
    for (name, upper), ports in used.items():
        box = boxes[name]
        wide = _port_width(book, box) - 4
        for end, colour in ports.items():
            x, edge = box.x + box.spots[end, upper], box.y if upper else box.y + _BOX_TALL
            parts.append(
                rect(x - wide / 2, edge - _PORT_TALL / 2, wide, _PORT_TALL, rx=3, fill=PAPER, stroke=colour, stroke_width=1.4)
            )
            parts.append(text(x, edge + 3.6, book.port(end), 10, text_anchor="middle"))
    for _, each in items:
        parts += _steps(book, boxes, used, each)
    corners: Counter[str] = Counter()
    for number, each in items:
        if not numbered[number]:  # a difference of the device itself
            box = boxes[book.device(each.nodes[-1] if each.category == "misnamed_node" else each.nodes[0])]
            badges += badge(box.x + box.width - 4 - 22 * corners[box.name], box.y + 3, number, each.category)
            corners[box.name] += 1
    return [*parts, *badges]


def _curve(points: Sequence[tuple[float, float, bool]], at: float) -> tuple[str, tuple[float, float]]:
    """Bend a line from port to port; between devices of one row, over them. Return it, and a point on it for its number."""
    (x1, y1, up1), (x2, y2, up2) = points
    reach = (y2 - y1) * 0.5
    if up1 == up2:
        reach = -min(34 + abs(x2 - x1) * 0.06, 74)
        handles = (x1, y1 + reach, x2, y2 + reach)
    else:
        handles = (x1, y1 + reach, x2, y2 - reach)
    weights = (1 - at) ** 3, 3 * (1 - at) ** 2 * at, 3 * (1 - at) * at**2, at**3
    x = sum(weight * value for weight, value in zip(weights, (x1, handles[0], handles[2], x2), strict=True))
    y = sum(weight * value for weight, value in zip(weights, (y1, handles[1], handles[3], y2), strict=True))
    return f"M{x1:.1f} {y1:.1f}C{handles[0]:.1f} {handles[1]:.1f} {handles[2]:.1f} {handles[3]:.1f} {x2:.1f} {y2:.1f}", (x, y)


def badge(x: float, y: float, number: int, category: str, note: str = "") -> list[str]:
    """Draw the number of a difference."""
    parts = [circle(x, y, 9.5, fill=COLOURS[category], stroke=PAPER, stroke_width=1.5)]
    parts.append(text(x, y + 3.8, str(number), 11, fill=PAPER, text_anchor="middle", font_weight="bold"))
    if note:
        parts.append(text(x + 13, y + 4, note, 11, fill=INK, stroke=PAPER, stroke_width=3, paint_order="stroke"))
    return parts


def _steps(book: Devices, boxes: dict[str, Box], used: dict[tuple[str, bool], dict[End, str]], each: Difference) -> list[str]:
    """Join, inside a device, two ports whose plugs are exchanged, or the ports from and to which one is moved."""
    if len(each.actions) != 1 or each.category == "harmless":  # a round of exchanges would be a tangle
        return []
    kind, at, to = each.actions[0].kind, each.actions[0].at, each.actions[0].to
    if kind not in ("exchange", "move") or to is None or book.device(at[0]) != book.device(to[0]):
        return []
    box, colour = boxes[book.device(at[0])], COLOURS[each.category]
    points = ""
    for upper in (True, False):
        if {at, to} <= used.get((box.name, upper), {}).keys():
            edge, inward = (box.y, 1) if upper else (box.y + _BOX_TALL, -1)
            start, deep, barb = edge + inward * _PORT_TALL / 2, inward * 6.0, inward * 4.0
            x1, x2 = (box.x + box.spots[end, upper] for end in (at, to))
            points += f"M{x1:.1f} {start:.1f}v{deep:.1f}H{x2:.1f}v{-deep:.1f}"
            for x in (x2, x1)[: 2 if kind == "exchange" else 1]:
                points += f"M{x - 3.5:.1f} {start + barb:.1f}L{x:.1f} {start:.1f}l3.5 {barb:.1f}"
    return [path(points, stroke=colour, stroke_width=1.8)] if points else []
