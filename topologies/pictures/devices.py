"""What the pictures of differences say of devices: boxes, colours, and the picture of many differences, counted by device."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from topologies.as_built.differences import CATEGORIES, Differences, End
from topologies.fabric import NONE, Fabric
from topologies.pictures.svg import INK, PAPER, QUIET, clipped, rect, text

__all__ = ["COLOURS", "MARGIN", "WIDTH", "Box", "Devices", "draw_by_device"]

WIDTH = 1360.0
MARGIN = 20.0
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

_CELLS_MOST = 240
_CELL = 180.0, 36.0


@dataclass
class Box:
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


class Devices:
    """What a picture says of a device."""

    def __init__(self, fabric: Fabric) -> None:
        self.fabric = fabric
        hosts = fabric.endpoints.host_names
        self.host = {
            name: hosts[host] for name, host in zip(fabric.endpoints.names, fabric.endpoints.host.tolist(), strict=True)
        }
        self.nics = Counter(self.host.values())
        self.hosts = {name: number for number, name in enumerate(hosts)}

    def device(self, name: str) -> str:
        """Return the host of an endpoint, or the device itself."""
        return str(self.host.get(name, name))

    def is_part(self, name: str) -> bool:
        """Tell whether this is one of several NICs of a host."""
        return name in self.host and self.nics[self.host[name]] > 1

    def box(self, name: str) -> Box:
        """Make a box: its tier, what it is, and its place among its like."""
        fabric = self.fabric
        if name in self.hosts:
            return Box(name, "host", 0, (self.hosts[name], ""))
        vertex = fabric.vertex_by_name.get(name, -1) - fabric.endpoint_count
        if vertex < 0:
            return Box(name, "not in the design", 0, (1 << 30, name), COLOURS["unknown_node"])
        boxes = fabric.switches
        tier = int(boxes.tier[vertex])
        words = [fabric.tiers[tier - 1]]
        if boxes.group[vertex] != NONE:
            words.append(f"{'unit' if tier == 1 and len(fabric.tiers) > 1 else 'group'} {boxes.group[vertex]}")
        if boxes.rail[vertex] != NONE:
            words.append(f"rail {boxes.rail[vertex]}")
        return Box(name, ", ".join(words), tier, (vertex, ""))

    def port(self, end: End) -> str:
        """Write a port on its device: its number, of a host's NIC its name."""
        name, port = end
        host = self.host.get(name)
        if host is None or len(name) <= len(host) + 1:
            return str(port)
        return name[len(host) + 1 :] + (f":{port}" if port != 1 else "")


def draw_by_device(fabric: Fabric, differences: Differences, y: float) -> tuple[list[str], float]:
    """Draw the devices that have most differences, by tier, each with a bar of its kinds."""
    book = Devices(fabric)
    counts: dict[str, Counter[str]] = {}
    for each in differences.items:
        for name in dict.fromkeys(map(book.device, each.nodes)):
            counts.setdefault(name, Counter())[each.category] += 1
    worst = sorted(counts, key=lambda name: (-counts[name].total(), name))[:_CELLS_MOST]
    most = max(counts[name].total() for name in worst)
    parts = [
        text(MARGIN, y + 14, f"{len(differences):,} differences on {len(counts):,} devices, too many to draw one by one.", 13),
        text(
            MARGIN,
            y + 32,
            "A device is listed with every difference that concerns it; the bar shows of which kinds.",
            12,
            fill=QUIET,
        ),
    ]
    y += 52
    tiers: dict[int, list[Box]] = {}
    for name in worst:
        box = book.box(name)
        tiers.setdefault(box.tier if box.stroke == INK else -1, []).append(box)
    columns = int((WIDTH - 2 * MARGIN + 8) // (_CELL[0] + 8))
    for tier, boxes in sorted(tiers.items(), reverse=True):
        called = "hosts" if tier == 0 else "not in the design" if tier < 0 else fabric.tiers[tier - 1]
        concerned = (
            sum(1 for name in counts if (box := book.box(name)).stroke == INK and box.tier == tier) if tier >= 0 else len(boxes)
        )
        more = f", the worst {len(boxes):,} of them" if concerned > len(boxes) else ""
        parts.append(text(MARGIN, y + 14, f"{called}: {concerned:,} concerned{more}", 14, font_weight="bold"))
        y += 24
        for place, box in enumerate(sorted(boxes, key=lambda box: box.order)):
            row, column = divmod(place, columns)
            parts += _cell(box, counts[box.name], most, MARGIN + column * (_CELL[0] + 8), y + row * (_CELL[1] + 6))
        y += -(-len(boxes) // columns) * (_CELL[1] + 6) + 12
    if len(counts) > len(worst):
        parts.append(
            text(MARGIN, y + 8, f"and {len(counts) - len(worst):,} more devices with fewer differences", 12, fill=QUIET)
        )
        y += 20
    return parts, y


def _cell(box: Box, kinds: Counter[str], most: int, x: float, y: float) -> list[str]:
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
