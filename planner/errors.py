"""Input errors: collected, never thrown one by one; each with place, path, what is wrong, and a hint."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["InputErrors", "Problem", "complaint", "did_you_mean", "dotted", "printable", "quoted"]


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong with an input file. Lines and columns count from 1; 0 means not known."""

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = printable(self.file) + (f":{self.line}:{self.column}" if self.line else "")
        path = f"{_clipped(printable(self.path), 200)}: " if self.path else ""
        text = f"{place}: {path}{printable(self.message)}"
        return f"{text}\n    hint: {printable(self.hint)}" if self.hint else text


class InputErrors(Exception):
    """Everything that is wrong with the input, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Suggest the nearest allowed word and list the allowed ones.

    Examples
    --------
    >>> did_you_mean("dgx-h10", ["dgx-h100", "dgx-b200"])
    'did you mean dgx-h100? (allowed: dgx-b200, dgx-h100)'
    >>> did_you_mean("nvidia", ["Dell", "NVIDIA"])
    'did you mean NVIDIA? (allowed: Dell, NVIDIA)'
    """
    words = sorted(allowed)
    if not words:
        return ""
    by_lower = {each.lower(): each for each in words}
    near = [by_lower[each] for each in difflib.get_close_matches(word[:100].lower(), by_lower, n=1, cutoff=0.6)]
    listed = ", ".join(words) if len(words) <= 24 else ", ".join(words[:24]) + f" and {len(words) - 24} more"
    return f"did you mean {near[0]}? (allowed: {listed})" if near else f"allowed: {listed}"


def dotted(path: Sequence[str | int]) -> str:
    """Write a path as people read it.

    Examples
    --------
    >>> dotted(("fabrics", "compute", "switch")), dotted(("catalog", 0))
    ('fabrics.compute.switch', 'catalog[0]')
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def printable(text: str) -> str:
    r"""Write what a terminal must not get (escape codes, line breaks, marks that turn the text around) as Python would.

    Examples
    --------
    >>> print(printable("caf\u00e9 \x1b[31m"))
    café \x1b[31m
    """
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def quoted(text: str) -> str:
    """Quote a text in a message, cut off where it gets long.

    Examples
    --------
    >>> quoted("12 kWh")
    "'12 kWh'"
    """
    return f"'{_clipped(text, 60)}'"


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"


_BOUNDS = {
    "greater_than": "more than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}


def complaint(kind: str, context: Mapping[str, Any], shown: str, unit: str = "") -> str:
    """Say in our own words what a validator found wrong with one value; empty for a kind of fault that is not known here.

    Parameters
    ----------
    kind : str
        The validator's name of the fault, such as ``greater_than``.
    context : mapping
        What goes with it, such as the bound.
    shown : str
        The value as people wrote it.
    unit : str
        The unit of the bound.

    Examples
    --------
    >>> complaint("less_than_equal", {"le": 5000.0}, "12 MW", "kW")
    'must be at most 5,000 kW, not 12 MW'
    """
    if kind in _BOUNDS:
        bound = next(iter(context.values()))
        number = f"{bound:,.0f}" if bound == int(bound) else f"{bound:g}"
        return f"must be {_BOUNDS[kind]} {number}{' ' + unit if unit else ''}, not {shown}"
    if kind == "missing":
        return "is missing"
    if kind == "literal_error":
        return f"must be {context['expected']}, not {shown}"
    if kind == "finite_number":
        return f"must be a finite number, not {shown}"
    if kind.startswith("int_"):
        return f"must be a whole number, not {shown}"
    if kind.startswith("float_"):
        return f"must be a number, not {shown}"
    if kind.startswith("bool_"):
        return f"must be yes or no, not {shown}"
    if kind.startswith("date_"):
        return f"must be a date such as 2026-01-31, not {shown}"
    if kind == "string_too_long":
        return f"must have at most {context['max_length']} characters"
    return ""
