"""Graphviz DOT: a drawing of a fabric that stays readable, coarser the larger the fabric is."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np

from topologies.errors import require
from topologies.fabric import NONE, Fabric
from topologies.formats.ports import bundles, host_of_switch
from topologies.formats.text import dot_quoted

__all__ = ["DETAILS", "write"]

DETAILS = ("hosts", "switches", "groups")
"""From fine to coarse: every host and switch; hosts that are cabled alike as one; switches of a unit, pod or group as one."""

HOSTS_MAX = 24
"""Hosts that are drawn one by one where nobody says otherwise."""
LINES_MAX = 160
"""Lines between switches above which switches are drawn by group."""
ROW_MAX = 24
"""Switches of a tier above which they are drawn by group."""
LABELS_MAX = 6
"""Lines between two tiers that are labelled one by one; of more that are all alike the heading tells it once."""

# Fill colours by tier from below, light enough for black text; hosts come first.
COLOURS = ("#f2f2f2", "#d6e6f5", "#d9ecd0", "#f7e3c4", "#e6d9ee")


@dataclass
class _Box:
    """What is drawn as one: a host, a switch, or several alike."""

    tier: int
    cluster: tuple[int, int, int] | None
    members: list[str] = field(default_factory=list)
    hosts: int = 0
    """Hosts of a switch that are not drawn."""


def write(fabric: Fabric, *, detail: str | None = None, title: str = "") -> str:
    r"""Draw a fabric in DOT.

    Parameters
    ----------
    fabric : Fabric
        What to draw.
    detail : str, optional
        One of `DETAILS`. Default: the finest that stays readable, by the number of hosts and of lines.
    title : str
        Text above the drawing.

    Returns
    -------
    str
        An undirected DOT graph: higher tiers above lower ones, switches of a unit, pod or group in a frame, and one line for
        all cables between two boxes, with their number and rate (in the heading where all lines of two tiers agree). Where
        switches of one tier are joined, ``fdp`` lays it out, and a switch tells the number of its hosts.

    References
    ----------
    Gansner, Koutsofios, North and Vo, A Technique for Drawing Directed Graphs (IEEE TSE 19(3), 1993).

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> print(write(fat_tree(32, 8, radix=64), detail="groups").splitlines()[-3])
      b0 -- b2 [label="256 × 400G" penwidth=3.4]
    >>> print(write(fat_tree(32, 8, radix=64)).splitlines()[2].replace(r"\n", "; "))
      label="spine – leaf: 8 × 400G a line; leaf – host: 32 × 400G a line" labelloc=t fontsize=14
    """
    require(detail is None or detail in DETAILS, f"detail must be one of {', '.join(DETAILS)}")
    made, tier = bundles(fabric), fabric.tier_of_vertex
    level = bool((tier[made.a] == tier[made.b]).any())
    detail = detail or _detail(fabric, int((made.a >= fabric.endpoint_count).sum()), level)
    boxes, box_of = _boxes(fabric, detail, level)
    lines: Counter[tuple[int, int, float]] = Counter()
    rates = (made.gbit_per_s / made.count).tolist()
    for a, b, count, rate in zip(made.a.tolist(), made.b.tolist(), made.count.tolist(), rates, strict=True):
        low, high = box_of[a], box_of[b]
        if boxes[low].tier == boxes[high].tier and low > high:
            low, high = high, low
        if low != high:
            lines[high, low, rate] += count
    heading, drawn = _edges(fabric, boxes, lines)
    head = _head([title] * bool(title) + heading, level, max(Counter(each.tier for each in boxes).values()))
    return "\n".join([*head, *_nodes(fabric, boxes, detail, level), *drawn, "}", ""])


def _detail(fabric: Fabric, lines: int, level: bool) -> str:
    widest = 0 if level else np.bincount(fabric.switches.tier[host_of_switch(fabric) == NONE]).max(initial=0)
    if lines > LINES_MAX or widest > ROW_MAX:
        return "groups"
    return "hosts" if len(fabric.endpoints.host_names) <= HOSTS_MAX and not level else "switches"


def _boxes(fabric: Fabric, detail: str, level: bool) -> tuple[list[_Box], list[int]]:
    """Make the boxes, switches first, and say in which one every vertex is; in direct networks hosts are in their switch's."""
    ends, switches, first = fabric.endpoints, fabric.switches, fabric.endpoint_count
    boxes: list[_Box] = []
    group_rows = zip(switches.tier.tolist(), switches.plane.tolist(), switches.group.tolist(), strict=True)
    box_of_switch: list[int] = []
    of_key: dict[object, int] = {}

    def box(key: object, tier: int, cluster: tuple[int, int, int] | None, member: str) -> int:
        number = of_key.setdefault(key, len(boxes))
        if number == len(boxes):
            boxes.append(_Box(tier, cluster))
        boxes[number].members.append(member)
        return number

    # In a tree, a NIC behind its accelerators is drawn in its host.
    inner = [NONE] * len(switches) if level else host_of_switch(fabric).tolist()
    for switch, (name, cluster) in enumerate(zip(switches.names, group_rows, strict=True)):
        if inner[switch] != NONE:
            box_of_switch.append(NONE)
            continue
        single = detail != "groups" or cluster[2] == NONE
        box_of_switch.append(box(("switch", switch) if single else cluster, cluster[0], cluster, name))
    reached: dict[int, Counter[int]] = defaultdict(Counter)
    cables, owner = fabric.cables, ends.host.tolist() + inner
    for a, b in zip(cables.a.tolist(), cables.b.tolist(), strict=True):
        for end, other in ((a, b), (b, a)):
            if owner[end] != NONE and owner[end] != owner[other]:
                reached[owner[end]][first + box_of_switch[other - first] if owner[other] == NONE else other] += 1
    box_of_host: list[int] = []
    for host, name in enumerate(ends.host_names):
        if level and detail != "hosts" and len(reached[host]) == 1 and min(reached[host]) >= first:
            box_of_host.append(min(reached[host]) - first)
            boxes[box_of_host[-1]].hosts += 1
            continue
        alike = ("host", host) if detail == "hosts" else ("hosts", tuple(sorted(reached[host].items())))
        box_of_host.append(box(alike, 0, None, name))
    drawn = zip(owner, [NONE] * first + box_of_switch, strict=True)
    return boxes, [number if host == NONE else box_of_host[host] for host, number in drawn]


def _head(heading: list[str], level: bool, widest: int) -> list[str]:
    text = _text("\n".join(heading))
    apart = max(1.2, 0.15 * widest)  # the wider the drawing, the flatter the lines
    return [
        "graph fabric {",
        "  layout=fdp K=1 overlap=false splines=line"
        if level
        else f"  rankdir=TB remincross=false ranksep={apart:.2g} nodesep=0.2 splines=line",
        *([f"  label={text} labelloc=t fontsize=14"] if heading else []),
        '  fontname="Helvetica"',
        '  node [shape=box style="filled,rounded" fontname="Helvetica" fontsize=11 margin="0.12,0.06"]',
        '  edge [fontname="Helvetica" fontsize=9 color="#808080" fontcolor="#202020"]',
    ]


def _nodes(fabric: Fabric, boxes: list[_Box], detail: str, level: bool) -> list[str]:
    """Draw boxes, in the frame of their unit, pod or group if it has several, and those of a tier side by side in order."""
    of_cluster: dict[tuple[int, int, int] | None, list[int]] = defaultdict(list)
    for number, each in enumerate(boxes):
        of_cluster[each.cluster].append(number)
    lines: list[str] = []
    inside: set[int] = set()
    frames = 0
    for cluster, numbers in of_cluster.items():
        names = [name for number in numbers for name in boxes[number].members]
        framed = cluster is not None and cluster[2] != NONE and detail != "groups" and len(numbers) > 1
        common = _common(names) if framed else ""
        if framed and cluster is not None:
            text = common.strip("-") or fabric.tiers[cluster[0] - 1]
            lines.append(f'  subgraph cluster{frames} {{ label={_text(text)} labeljust=l style=rounded color="#b0b0b0"')
            frames += 1
        for number in numbers:
            label = _label(fabric, boxes[number], common)
            lines.append(f'  b{number} [label={_text(label)} fillcolor="{COLOURS[boxes[number].tier % len(COLOURS)]}"]')
        if framed:
            lines += [] if level else _row(numbers)
            lines.append("  }")
            inside.update(numbers)
    for tier in sorted({each.tier for each in boxes if not level}):
        lines += _row([number for number, each in enumerate(boxes) if each.tier == tier and number not in inside])
    return lines


def _row(numbers: list[int]) -> list[str]:
    """Keep boxes of one tier side by side, in order."""
    chain = " -- ".join(f"b{number}" for number in numbers)
    return [f"  {{ rank=same {chain} [style=invis] }}"] if len(numbers) > 1 else []


def _label(fabric: Fabric, box: _Box, common: str) -> str:
    hosts = f"\n{box.hosts} {'host' if box.hosts == 1 else 'hosts'}" if box.hosts else ""
    if len(box.members) == 1:
        return (box.members[0][len(common) :] or box.members[0]) + hosts
    kind = "hosts" if box.tier == 0 else f"{fabric.tiers[box.tier - 1]} switches"
    return f"{len(box.members)} {kind}\n{box.members[0]} … {box.members[-1]}{hosts}"


def _common(names: list[str]) -> str:
    """Find the beginning that all names share, up to a hyphen."""
    first, last = min(names), max(names)  # what these two share, all that sort between them do
    same = [left == right for left, right in zip(first, last, strict=False)]
    shared = first[: same.index(False) if False in same else len(same)]
    return shared[: shared.rfind("-") + 1]


def _edges(fabric: Fabric, boxes: list[_Box], lines: Counter[tuple[int, int, float]]) -> tuple[list[str], list[str]]:
    """Draw one line a pair of boxes and rate, the upper end first: dot puts it above. Many alike are told in the heading."""
    texts: dict[tuple[int, int], list[str]] = defaultdict(list)
    for (high, low, rate), count in lines.items():
        texts[boxes[high].tier, boxes[low].tier].append(f"{count} × {rate:.10g}G" if count > 1 else f"{rate:.10g}G")
    once = {tiers for tiers, each in texts.items() if len(each) > LABELS_MAX and len(set(each)) == 1}
    names = ("host", *fabric.tiers)
    heading = [f"{names[high]} – {names[low]}: {texts[high, low][0]} a line" for high, low in sorted(once, reverse=True)]
    drawn = []
    for (high, low, rate), count in lines.items():
        label = f"{count} × {rate:.10g}G" if count > 1 else f"{rate:.10g}G"
        told = (boxes[high].tier, boxes[low].tier) in once
        width = f"penwidth={1 + 0.3 * (count.bit_length() - 1):.2g}"
        drawn.append(f"  b{high} -- b{low} [{width if told else f'label={_text(label)} {width}'}]")
    return heading, drawn


def _text(value: str) -> str:
    """Quote a label; Graphviz would read ``&lt;`` in it as a sign."""
    return dot_quoted(value.replace("&", "&amp;"))
