"""Blocked positions of the hall: read from their names, counted, and named again."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from planner.steps.layout import place_digits, row_letters, row_number

__all__ = ["Blocked", "blocked_names", "free_counts", "read_blocked"]

Blocked = Mapping[int, NDArray[np.bool_]]
"""Row -> whether its positions hold no rack."""


@functools.lru_cache(maxsize=4)
def read_blocked(names: tuple[str, ...], per_row: int, rows: int | None) -> tuple[Blocked, Mapping[int, str]]:
    """Read which positions are blocked.

    Parameters
    ----------
    names : tuple of str
        Positions (A05) and ranges within a row (B01-B03).
    per_row : int
        Positions of a row.
    rows : int, optional
        Rows of the hall, where they are declared.

    Returns
    -------
    tuple of two mappings
        Row -> whether its positions are blocked, and number of a name -> what is wrong with it.

    Examples
    --------
    >>> blocked, faults = read_blocked(("A02", "B01-C03"), 4, 2)
    >>> blocked[0].tolist(), faults
    ([False, True, False, False], {1: 'B01-C03 runs over several rows'})
    """
    blocked: dict[int, NDArray[np.bool_]] = {}
    faults: dict[int, str] = {}
    for number, name in enumerate(names):
        ends = [re.fullmatch("([A-Z]+)([0-9]+)", each) for each in name.split("-")]
        row, first, last = "", 0, 0
        for match in ends:
            if match is None:  # the factory file's pattern keeps this out
                continue
            row, first, last = row or match[1], first or int(match[2]), int(match[2])
        if any(match and match[1] != row for match in ends):
            faults[number] = f"{name} runs over several rows"
        elif last < first:
            faults[number] = f"{name} ends before it begins"
        elif not 1 <= first <= last <= per_row:
            faults[number] = f"{name} is outside of the hall: a row has positions 01 to {per_row:02d}"
        elif rows is not None and row_number(row) >= rows:
            faults[number] = f"{name} is outside of the hall: its rows are A to {row_letters(rows - 1)}"
        else:
            blocked.setdefault(row_number(row), np.zeros(per_row, dtype=bool))[first - 1 : last] = True
    return blocked, faults


def blocked_names(blocked: Blocked, rows: int, per_row: int) -> tuple[str, ...]:
    """Name the blocked positions of the hall, those beside each other as one range."""
    names = []
    digits = place_digits(per_row)
    for row in sorted(row for row in blocked if row < rows):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], blocked[row], [False]]).astype(np.int8)))
        for first, behind in edges.reshape(-1, 2).tolist():
            ends = [f"{row_letters(row)}{place:0{digits}d}" for place in (first + 1, behind)]
            names.append("-".join(dict.fromkeys(ends)))
    return tuple(names)


def free_counts(blocked: Blocked, order: Sequence[int], per_row: int) -> list[int]:
    """Count the positions that are not blocked in rows."""
    return [per_row - int(blocked[row].sum()) if row in blocked else per_row for row in order]
