"""Input errors: collected, never thrown one by one; each with place, path, what is wrong, and a hint."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["InputErrors", "Problem", "did_you_mean", "dotted"]


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
        place = self.file + (f":{self.line}:{self.column}" if self.line else "")
        text = f"{place}: {self.path + ': ' if self.path else ''}{self.message}"
        return f"{text}\n    hint: {self.hint}" if self.hint else text


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
    """
    words = sorted(allowed)
    if not words:
        return ""
    near = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
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
