"""The picture of what differs: affected devices and cables in small panels, each difference with its number and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from topologies.as_built.differences import CATEGORIES, Difference, Differences
from topologies.fabric import Fabric
from topologies.pictures.devices import COLOURS, MARGIN, WIDTH, draw_by_device
from topologies.pictures.panels import badge, draw_panels
from topologies.pictures.svg import PAPER, QUIET, document, path, rect, text, text_width, wrapped

__all__ = ["draw_differences"]

_SINGLE_MOST = 60
"""More differences than that are counted by device."""
_LETTERS_OF_LINE = 165


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
        parts.append(text(MARGIN, y + 24, "As built is as designed: nothing differs.", 15, fill="#2e7d32", font_weight="bold"))
        return document(WIDTH, y + 60, title, parts)
    if len(differences) <= _SINGLE_MOST:
        drawn, y = draw_panels(fabric, differences.items, y + 10)
        listed, y = _list(differences.items, y + 18)
    else:
        drawn, y = draw_by_device(fabric, differences, y + 10)
        listed = []
    return document(WIDTH, y + MARGIN, title, [*parts, *drawn, *listed])


def _heading(title: str, differences: Differences) -> tuple[list[str], float]:
    """Title, what is in place, and a legend with counts."""
    state = (
        f"{differences.equal_count:,} of {differences.designed_count:,} designed cables are in place;"
        f" {differences.found_count:,} cables were found"
    )
    parts = [text(MARGIN, 34, title, 19, font_weight="bold"), text(MARGIN, 55, state, 13, fill=QUIET)]
    x, y = MARGIN, 68.0
    for category, count in differences.counts().items():
        words = f"{count:,} {CATEGORIES[category]}"
        width = text_width(words, 12) + 50
        if x + width > WIDTH - MARGIN:
            x, y = MARGIN, y + 30
        parts += [rect(x, y, width, 24, rx=12, fill=PAPER, stroke=COLOURS[category], stroke_width=1.5)]
        parts += [*_sample(category, x + 10, y + 12), text(x + 42, y + 16.5, words, 12)]
        x += width + 10
    if len(differences) <= _SINGLE_MOST and any(
        len(each.designed) and len(each.found) and each.category != "slow" for each in differences.items
    ):
        words = "solid: as found   ·   dotted: where it should be"
        width = text_width(words, 12)
        if x + width > WIDTH - MARGIN:
            x, y = MARGIN, y + 30
        parts.append(text(x + 6, y + 16.5, words, 12, fill=QUIET))
    return parts, y + 34 if differences.items else y


def _sample(category: str, x: float, y: float) -> list[str]:
    colour = COLOURS[category]
    if category.endswith("_node"):
        dash = "4 3" if category == "missing_node" else None
        return [rect(x + 3, y - 6, 18, 12, rx=3, fill=PAPER, stroke=colour, stroke_width=2, stroke_dasharray=dash)]
    dash = "6 4" if category == "missing_cable" else None
    return [path(f"M{x:.1f} {y:.1f}h25", stroke=colour, stroke_width=4 if category == "slow" else 2.5, stroke_dasharray=dash)]


def _list(items: Sequence[Difference], y: float) -> tuple[list[str], float]:
    """Write every difference and what to do, with its number."""
    parts = []
    for number, each in enumerate(items, start=1):
        parts += badge(MARGIN + 10, y + 1, number, each.category)
        x = MARGIN + 30
        for line in wrapped(f"{CATEGORIES[each.category]}: {each.text}", _LETTERS_OF_LINE):
            parts.append(text(x, y + 5, line, 12))
            y += 16
        for line in wrapped(f"→ {each.fix}", _LETTERS_OF_LINE):
            parts.append(text(x, y + 5, line, 12, fill=COLOURS[each.category], font_weight="bold"))
            y += 16
        y += 8
    return parts, y
