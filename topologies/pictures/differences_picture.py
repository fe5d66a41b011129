"""The picture of what differs: affected devices and cables in small panels, each difference with its number and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from topologies.as_built.differences import CATEGORIES, Difference, Differences, End
from topologies.as_built.cable_faults import counted
from topologies.fabric import NONE, Fabric
from topologies.links import Link
from topologies.pictures.svg import INK, PAPER, QUIET, circle, clipped, document, path, rect, text, text_width, wrapped

__all__ = ["COLOURS", "draw_differences"]

COLOURS = {
    "missing_node": "#c62828",
    "unknown_node": "#d9700b",
    "misnamed_node": "#00796b",
    "missing_cable": "#c62828",
    "extra_cable": "#d9700b",
    "swapped": "#7b2cbf",
    "wrong_plane": "#1558b0",
    "wrong_rail": "#1558b0",
    "wrong_device": "#1558b0",
    "wrong_port": "#1558b0",
    "slow": "#c99700",
    "harmless": "#8a949e",
}
"""A colour for each category; kinds of wrong places share one, and are told apart by their numbers."""

_SINGLE_MOST = 60
"""More differences than that are counted by device."""
_CABLES_OF_NODE_MOST = 8
"""Cables of a missing or unknown node that are drawn; of more, only their number."""
_BOXES_OF_ROW_MOST = 5
"""Devices of a tier up to which differences share a panel; a single difference may have more."""
_CELLS_MOST = 240
_WIDTH = 1360.0
_MARGIN = 20.0
_PORT, _PORT_TALL = 26.0, 15.0
_BOX_TALL, _ROW_GAP, _ROOM_ABOVE = 54.0, 100.0, 30.0
_CELL = 180.0, 36.0
_NUMBERS_MOST = 4
"""Lines of one difference that carry its number."""
_LETTERS_OF_LINE = 165
_STYLES: dict[tuple[str, bool], dict[str, object]] = {
    ("missing", False): {"stroke_width": 2.4, "stroke_dasharray": "8 5"},
    ("found", False): {"stroke_width": 2.4},
    ("found", True): {"stroke_width": 4.5},
    ("wanted", False): {"stroke_width": 1.5, "stroke_dasharray": "2 4"},
}
"""How a line looks, by its kind and whether it is slow."""


@dataclass
class _Box:
    """A device of a panel, and the ports that cables of the picture end in."""

    name: str
    note: str
    tier: int
    order: tuple[int, str]
    stroke: str = INK
    dashed: bool = False
    ports: set[End] = field(default_factory=set)
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    spots: dict[tuple[End, bool], float] = field(default_factory=dict)
    """Middle of a port by port and side (True: the upper edge)."""


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


def draw_differences(fabric: Fabric, differences: Differences) -> str:
    """Draw what differs between a fabric as built and its design.

    Parameters
    ----------
    fabric : Fabric
        The design.
    differences : Differences
        As `topologies.diff.compare` returns them.

    Returns
    -------
    str
        An SVG document, 1360 wide. Up to 60 differences: panels of the devices that they have in common, tier over tier, with
        the ports concerned, and every difference in words. More: the devices, each with the number of its differences.

    References
    ----------
    W3C, Scalable Vector Graphics (SVG) 2.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> from topologies.diff import compare
    >>> from topologies.links import links_of
    >>> fabric = fat_tree(32, 8, radix=64)
    >>> picture = draw_differences(fabric, compare(fabric, links_of(fabric)))
    >>> picture.startswith("<svg"), "As built is as designed" in picture
    (True, True)
    """
    title = (
        f"As built against designed: {fabric.topology}, {fabric.endpoint_count:,} endpoints, {fabric.switch_count:,} switches"
    )
    parts, y = _heading(title, differences)
    if not differences.items:
        parts.append(text(_MARGIN, y + 24, "As built is as designed: nothing differs.", 15, fill="#2e7d32", font_weight="bold"))
        return document(_WIDTH, y + 60, title, parts)
    if len(differences) <= _SINGLE_MOST:
        drawn, y = _panels(fabric, differences.items, y + 10)
        listed, y = _list(differences.items, y + 18)
    else:
        drawn, y = _by_device(fabric, differences, y + 10)
        listed = []
    return document(_WIDTH, y + _MARGIN, title, [*parts, *drawn, *listed])


def _heading(title: str, differences: Differences) -> tuple[list[str], float]:
    """Title, what is in place, and a legend with counts."""
    state = (
        f"{differences.equal_count:,} of {differences.designed_count:,} designed cables are in place;"
        f" {differences.found_count:,} cables were found"
    )
    parts = [text(_MARGIN, 34, title, 19, font_weight="bold"), text(_MARGIN, 55, state, 13, fill=QUIET)]
    x, y = _MARGIN, 68.0
    for category, count in differences.counts().items():
        words = f"{count:,} {CATEGORIES[category]}"
        width = text_width(words, 12) + 50
        if x + width > _WIDTH - _MARGIN:
            x, y = _MARGIN, y + 30
        parts += [rect(x, y, width, 24, rx=12, fill=PAPER, stroke=COLOURS[category], stroke_width=1.5)]
        parts += [*_sample(category, x + 10, y + 12), text(x + 42, y + 16.5, words, 12)]
        x += width + 10
    if len(differences) <= _SINGLE_MOST and any(
        len(each.designed) and len(each.found) and each.category != "slow" for each in differences.items
    ):
        words = "solid: as found   ·   dotted: where it should be"
        width = text_width(words, 12)
        if x + width > _WIDTH - _MARGIN:
            x, y = _MARGIN, y + 30
        parts.append(text(x + 6, y + 16.5, words, 12, fill=QUIET))
    return parts, y + 34 if differences.items else y


def _sample(category: str, x: float, y: float) -> list[str]:
    colour = COLOURS[category]
    if category.endswith("_node"):
        dash = "4 3" if category == "missing_node" else None
        return [rect(x + 3, y - 6, 18, 12, rx=3, fill=PAPER, stroke=colour, stroke_width=2, stroke_dasharray=dash)]
    dash = "6 4" if category == "missing_cable" else None
    return [path(f"M{x:.1f} {y:.1f}h25", stroke=colour, stroke_width=4 if category == "slow" else 2.5, stroke_dasharray=dash)]


# Panels

_Numbered = Sequence[tuple[int, Difference]]


def _panels(fabric: Fabric, items: Sequence[Difference], y: float) -> tuple[list[str], float]:
    """Draw one panel for each set of differences that have devices in common, side by side where there is room."""
    book = _Devices(fabric)
    panels = []
    for members in _clusters(book, items):
        boxes, strokes = _content(book, members)
        rows = _rows(boxes)
        width = max(sum(box.width for box in row) + 16 * (len(row) - 1) for row in rows) + 32
        panels.append((rows, strokes, members, width))
    parts: list[str] = []
    shelf: list[tuple[float, tuple[list[list[_Box]], list[_Stroke], list[tuple[int, Difference]], float]]] = []
    x = _MARGIN

    def flush() -> None:
        nonlocal y, shelf, x
        tall = max(_height(panel[0]) for _, panel in shelf)
        for left, panel in shelf:
            rows, strokes, members, width = panel
            parts.extend(_panel(book, rows, strokes, members, _Frame(left, y, width, tall)))
        y += tall + 14
        shelf, x = [], _MARGIN

    for panel in panels:
        if shelf and x + panel[3] > _WIDTH - _MARGIN:
            flush()
        shelf.append((x, panel))
        x += panel[3] + 14
    flush()
    return parts, y


class _Devices:
    """What a picture says of a device."""

    def __init__(self, fabric: Fabric) -> None:
        self.fabric = fabric
        hosts = fabric.endpoints.host_names
        self.host = {
            name: hosts[host] for name, host in zip(fabric.endpoints.names, fabric.endpoints.host.tolist(), strict=True)
        }
        self.hosts = {name: number for number, name in enumerate(hosts)}

    def device(self, name: str) -> str:
        return self.host.get(name, name)

    def box(self, name: str) -> _Box:
        """Make a box: its tier, what it is, and its place among its like."""
        fabric = self.fabric
        if name in self.hosts:
            return _Box(name, "host", 0, (self.hosts[name], ""))
        vertex = fabric.vertex_by_name.get(name, -1) - fabric.endpoint_count
        if vertex < 0:
            return _Box(name, "not in the design", 0, (1 << 30, name), COLOURS["unknown_node"])
        boxes = fabric.switches
        tier = int(boxes.tier[vertex])
        words = [fabric.tiers[tier - 1]]
        if boxes.group[vertex] != NONE:
            words.append(f"{'unit' if tier == 1 and len(fabric.tiers) > 1 else 'group'} {boxes.group[vertex]}")
        if boxes.rail[vertex] != NONE:
            words.append(f"rail {boxes.rail[vertex]}")
        return _Box(name, ", ".join(words), tier, (vertex, ""))

    def port(self, end: End) -> str:
        """Write a port on its device: its number, of a host's NIC its name."""
        name, port = end
        host = self.host.get(name)
        if host is None or len(name) <= len(host) + 1:
            return str(port)
        return name[len(host) + 1 :] + (f":{port}" if port != 1 else "")


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


def _clusters(book: _Devices, items: Sequence[Difference]) -> list[list[tuple[int, Difference]]]:
    """Put differences that have devices in common together, as long as the panel stays small; number them as they are listed."""
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


def _is_small(book: _Devices, names: Iterable[str]) -> bool:
    return max(Counter(book.box(name).tier for name in names).values()) <= _BOXES_OF_ROW_MOST


def _names(book: _Devices, number: int, each: Difference) -> list[str]:
    """List the devices to draw for a difference."""
    ends = [end for stroke in _strokes(number, each) for end in stroke.ends]
    return list(dict.fromkeys(book.device(name) for name in (*each.nodes, *(name for name, _ in ends))))


def _content(book: _Devices, members: _Numbered) -> tuple[list[_Box], list[_Stroke]]:
    """Make the boxes and lines of a panel."""
    boxes: dict[str, _Box] = {}
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
            box.note, box.stroke, box.dashed = (
                f"not found, {counted(len(each.designed), 'cable')}",
                COLOURS["missing_node"],
                True,
            )
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


def _port_width(book: _Devices, box: _Box) -> float:
    return max([_PORT, *(text_width(book.port(end), 10) + 8 for end in box.ports)])


def _rows(boxes: Iterable[_Box]) -> list[list[_Box]]:
    """Put the boxes in rows, the highest tier first; a tier that is too wide takes several."""
    rows: list[list[_Box]] = []
    wide, tier = 0.0, -1
    for box in boxes:
        if not rows or box.tier != tier or wide + box.width > _WIDTH - 2 * _MARGIN - 32:
            rows.append([])
            wide, tier = 0.0, box.tier
        rows[-1].append(box)
        wide += box.width + 16
    return rows


def _height(rows: Sequence[Sequence[_Box]]) -> float:
    return _ROOM_ABOVE + len(rows) * (_BOX_TALL + _ROW_GAP) - _ROW_GAP + 22


def _panel(book: _Devices, rows: list[list[_Box]], strokes: list[_Stroke], items: _Numbered, frame: _Frame) -> list[str]:
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
        curve, middle = _curve(points, 0.5 + 0.16 * (place % 3 - 1))
        words = f"{CATEGORIES[stroke.category]}: " + " <-> ".join(f"{name}:{port}" for name, port in stroke.ends)
        lines.append(
            path(curve, hover=words, stroke=COLOURS[stroke.category], **_STYLES[stroke.kind, stroke.category == "slow"])
        )
        if stroke.kind != "wanted":
            numbered[stroke.number] += 1
            if numbered[stroke.number] <= _NUMBERS_MOST:
                badges += _badge(*middle, stroke.number, stroke.category, stroke.note)
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
        parts.append(
            text(middle_x, box.y + 23, clipped(box.name, 30), 12, hover=box.name, text_anchor="middle", font_weight="bold")
        )
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
            badges += _badge(box.x + box.width - 4 - 22 * corners[box.name], box.y + 3, number, each.category)
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


def _badge(x: float, y: float, number: int, category: str, note: str = "") -> list[str]:
    parts = [circle(x, y, 9.5, fill=COLOURS[category], stroke=PAPER, stroke_width=1.5)]
    parts.append(text(x, y + 3.8, str(number), 11, fill=PAPER, text_anchor="middle", font_weight="bold"))
    if note:
        parts.append(text(x + 13, y + 4, note, 11, fill=INK, stroke=PAPER, stroke_width=3, paint_order="stroke"))
    return parts


def _steps(book: _Devices, boxes: dict[str, _Box], used: dict[tuple[str, bool], dict[End, str]], each: Difference) -> list[str]:
    """Join, inside a device, ports whose plugs are exchanged, or the ports from and to which one is moved."""
    parts: list[str] = []
    if len(each.actions) > 1:  # a round of exchanges would be a tangle
        return parts
    for action in each.actions:
        if action.kind not in ("exchange", "move") or action.to is None or each.category == "harmless":
            continue
        names = [book.device(end[0]) for end in (action.at, action.to)]
        if names[0] != names[1]:
            continue
        box = boxes[names[0]]
        for upper in (True, False):
            if not {action.at, action.to} <= used.get((box.name, upper), {}).keys():
                continue
            edge, inward = (box.y, 1) if upper else (box.y + _BOX_TALL, -1)
            start, deep = edge + inward * _PORT_TALL / 2, inward * 5.0
            x1, x2 = (box.x + box.spots[end, upper] for end in (action.at, action.to))
            colour = COLOURS[each.category]
            parts.append(path(f"M{x1:.1f} {start:.1f}v{deep:.1f}H{x2:.1f}v{-deep:.1f}", stroke=colour, stroke_width=2))
            for x in (x2, x1) if action.kind == "exchange" else (x2,):
                parts.append(
                    path(
                        f"M{x - 3.5:.1f} {start + inward * 4:.1f}L{x:.1f} {start:.1f}l3.5 {inward * 4}",
                        stroke=colour,
                        stroke_width=2,
                    )
                )
    return parts


# Words, and the picture of many


def _list(items: Sequence[Difference], y: float) -> tuple[list[str], float]:
    """Write every difference and what to do, with its number."""
    parts = []
    for number, each in enumerate(items, start=1):
        parts += _badge(_MARGIN + 10, y + 1, number, each.category)
        x = _MARGIN + 30
        for line in wrapped(f"{CATEGORIES[each.category]}: {each.text}", _LETTERS_OF_LINE):
            parts.append(text(x, y + 5, line, 12))
            y += 16
        for line in wrapped(f"→ {each.fix}", _LETTERS_OF_LINE):
            parts.append(text(x, y + 5, line, 12, fill=COLOURS[each.category], font_weight="bold"))
            y += 16
        y += 8
    return parts, y


def _by_device(fabric: Fabric, differences: Differences, y: float) -> tuple[list[str], float]:
    """Draw the devices that have most differences, by tier, each with a bar of its kinds."""
    book = _Devices(fabric)
    counts: dict[str, Counter[str]] = {}
    for each in differences.items:
        for name in dict.fromkeys(map(book.device, each.nodes)):
            counts.setdefault(name, Counter())[each.category] += 1
    worst = sorted(counts, key=lambda name: (-counts[name].total(), name))[:_CELLS_MOST]
    most = max(counts[name].total() for name in worst)
    parts = [
        text(_MARGIN, y + 14, f"{len(differences):,} differences on {len(counts):,} devices, too many to draw one by one.", 13),
        text(
            _MARGIN,
            y + 32,
            "A device is listed with every difference that concerns it; the bar shows of which kinds.",
            12,
            fill=QUIET,
        ),
    ]
    y += 52
    tiers: dict[int, list[_Box]] = {}
    for name in worst:
        box = book.box(name)
        tiers.setdefault(box.tier if box.stroke == INK else -1, []).append(box)
    columns = int((_WIDTH - 2 * _MARGIN + 8) // (_CELL[0] + 8))
    for tier, boxes in sorted(tiers.items(), reverse=True):
        called = "hosts" if tier == 0 else "not in the design" if tier < 0 else fabric.tiers[tier - 1]
        concerned = (
            sum(1 for name in counts if (box := book.box(name)).stroke == INK and box.tier == tier) if tier >= 0 else len(boxes)
        )
        more = f", the worst {len(boxes):,} of them" if concerned > len(boxes) else ""
        parts.append(text(_MARGIN, y + 14, f"{called}: {concerned:,} concerned{more}", 14, font_weight="bold"))
        y += 24
        for place, box in enumerate(sorted(boxes, key=lambda box: box.order)):
            row, column = divmod(place, columns)
            parts += _cell(box, counts[box.name], most, _MARGIN + column * (_CELL[0] + 8), y + row * (_CELL[1] + 6))
        y += -(-len(boxes) // columns) * (_CELL[1] + 6) + 12
    if len(counts) > len(worst):
        parts.append(
            text(_MARGIN, y + 8, f"and {len(counts) - len(worst):,} more devices with fewer differences", 12, fill=QUIET)
        )
        y += 20
    return parts, y


def _cell(box: _Box, kinds: Counter[str], most: int, x: float, y: float) -> list[str]:
    """Draw a device with the number of its differences and a bar of their kinds, as long as they are many."""
    count = kinds.total()
    words = f"{box.name}: " + ", ".join(f"{number} {CATEGORIES[kind]}" for kind, number in kinds.items())
    parts = [
        rect(x, y, *_CELL, rx=5, fill=PAPER, stroke="#c3cad2", hover=words),
        text(x + 8, y + 16, clipped(box.name, 19), 11.5, hover=words, font_weight="bold"),
        text(x + _CELL[0] - 8, y + 16, f"{count:,}", 12, text_anchor="end"),
    ]
    left, scale = x + 8, (_CELL[0] - 16) / most
    for kind in CATEGORIES:
        if kinds[kind]:
            parts.append(rect(left, y + 23, kinds[kind] * scale, 7, rx=1, fill=COLOURS[kind]))
            left += kinds[kind] * scale
    return parts
