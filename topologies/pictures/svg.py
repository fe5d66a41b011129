"""SVG elements as text: what pictures are put together from. No scripts, fonts or files from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

__all__ = [
    "FONT",
    "INK",
    "PAPER",
    "QUIET",
    "circle",
    "clipped",
    "document",
    "line",
    "path",
    "rect",
    "text",
    "text_width",
    "wrapped",
]

FONT = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
INK, QUIET, PAPER = "#1f2933", "#66727f", "#ffffff"

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WIDTH_OF_LETTER = 0.6


def _clean(value: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", value)


def _attributes(values: dict[str, object]) -> str:
    pairs = ((name.rstrip("_").replace("_", "-"), value) for name, value in values.items() if value is not None)
    return "".join(
        f" {name}={quoteattr(f'{value:.1f}' if isinstance(value, float) else _clean(str(value)))}" for name, value in pairs
    )


def element(name: str, inner: str = "", **attributes: object) -> str:
    """Write one element; ``_`` in the name of an attribute is a hyphen."""
    return f"<{name}{_attributes(attributes)}>{inner}</{name}>" if inner else f"<{name}{_attributes(attributes)}/>"


def _hover(words: str) -> str:
    return f"<title>{escape(_clean(words))}</title>" if words else ""


def text(x: float, y: float, words: str, size: float = 12, *, hover: str = "", **attributes: object) -> str:
    """Write text; its base line begins at (x, y), or lies about it with ``text_anchor="middle"``.

    Examples
    --------
    >>> text(1, 2, "a<b", 10, fill="red")
    '<text x="1.0" y="2.0" font-size="10" fill="red">a&lt;b</text>'
    """
    attributes.setdefault("fill", INK)
    return element("text", _hover(hover) + escape(_clean(words)), x=float(x), y=float(y), font_size=size, **attributes)


def rect(x: float, y: float, width: float, height: float, *, hover: str = "", **attributes: object) -> str:
    """Draw a rectangle."""
    attributes.setdefault("rx", 4)
    return element("rect", _hover(hover), x=float(x), y=float(y), width=float(width), height=float(height), **attributes)


def circle(x: float, y: float, radius: float, *, hover: str = "", **attributes: object) -> str:
    """Draw a circle."""
    return element("circle", _hover(hover), cx=float(x), cy=float(y), r=float(radius), **attributes)


def path(points: str, *, hover: str = "", **attributes: object) -> str:
    """Draw a path that is not filled."""
    attributes.setdefault("fill", "none")
    return element("path", _hover(hover), d=points, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, *, hover: str = "", **attributes: object) -> str:
    """Draw a straight line."""
    return path(f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}", hover=hover, **attributes)


def text_width(words: str, size: float = 12) -> float:
    """Estimate how wide text is: fonts differ, so rather too much."""
    return len(words) * size * _WIDTH_OF_LETTER


def clipped(words: str, most: int) -> str:
    """Shorten text in its middle, where names differ least.

    Examples
    --------
    >>> clipped("MF0;su03-rail5-leaf", 11)
    'MF0;s…-leaf'
    """
    if len(words) <= most:
        return words
    head = most // 2
    return f"{words[:head]}…{words[len(words) - (most - head - 1) :]}"


def wrapped(words: str, most: int) -> list[str]:
    """Break text into lines of at most so many letters; longer words are broken as well.

    Examples
    --------
    >>> wrapped("one two three", 7)
    ['one two', 'three']
    """
    lines, current = [], ""
    for word in words.split():
        rest = word
        if current and len(current) + 1 + len(rest) > most:
            lines.append(current)
            current = ""
        while len(rest) > most:
            lines.append(rest[:most])
            rest = rest[most:]
        current = f"{current} {rest}" if current else rest
    return [*lines, current] if current else lines or [""]


def document(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    """Put a picture together, on white paper, with a title for those who cannot see it."""
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family={quoteattr(FONT)}>'
    name = f"<title>{escape(_clean(title))}</title>"
    return "\n".join([head, name, rect(0, 0, width, height, fill=PAPER, rx=0), *parts, "</svg>"]) + "\n"
