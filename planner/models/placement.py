"""Floor: in which rows racks stand, which positions of a row they take, and what its cable tray carries."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "places_outward",
    "rows_filled",
    "rows_of_racks",
    "rows_outward",
    "sections_outward",
    "tray_cables",
    "walk",
]

Ints = NDArray[np.int64]

# Sums such as 4 x 40.8 kW must not lose a rack to binary rounding.
_SLACK = 1e-9


def _fill(
    kinds: Iterable[tuple[int, float]], racks_per_row: int, row_power_kw: float, free: Sequence[int]
) -> tuple[list[tuple[int, int, int, int]], int]:
    """Fill rows by next fit: runs of (kind, first row, rows, racks in each of them), and how many rows are touched."""
    runs: list[tuple[int, int, int, int]] = []
    most_kw = row_power_kw * (1 + _SLACK)
    row, left, used_kw = -1, 0, 0.0
    for kind, (count, power_kw) in enumerate(kinds):

        def fits(positions: int, room_kw: float, each_kw: float = power_kw) -> int:
            return positions if each_kw <= 0 or math.isinf(room_kw) else min(positions, max(math.floor(room_kw / each_kw), 0))

        # A rack that draws more than a row carries, which is an error elsewhere, has a row to itself.
        of_empty = max(fits(racks_per_row, most_kw), 1)
        while count:
            taken = min(count, fits(left, most_kw - used_kw))
            if not taken and left and not used_kw:
                taken = 1
            if taken:
                runs.append((kind, row, 1, taken))
                count, left, used_kw = count - taken, left - taken, used_kw + taken * power_kw  # noqa: PLW2901
            if not count:
                break
            row, used_kw = row + 1, 0.0
            left = free[row] if row < len(free) else racks_per_row
            full = count // of_empty
            if row >= len(free) and full > 1:  # all but the last full one at a stroke
                runs.append((kind, row, full - 1, of_empty))
                count, row = count - (full - 1) * of_empty, row + full - 1  # noqa: PLW2901
    return runs, row + 1


def rows_filled(
    kinds: Iterable[tuple[int, float]], *, racks_per_row: int, row_power_kw: float = math.inf, free: Sequence[int] = ()
) -> int:
    """Count the rows that racks of several kinds need, filled one kind after the other.

    Parameters
    ----------
    kinds : iterable of (int, float)
        For each kind: how many racks, and what one draws [kW].
    racks_per_row : int
        Positions in a row.
    row_power_kw : float
        What the busway of one row carries [kW].
    free : sequence of int
        Positions that are not blocked in the first rows, in the order of filling; later rows have all of theirs.

    Returns
    -------
    int
        Rows up to the last one with a rack in it.

    Notes
    -----
    Next fit on positions and power at once: a row is filled until the next rack lacks one or the other, and never looked at
    again. One more rack, or a rack that draws more, never needs fewer rows: whatever it does to the row that is being
    filled, no later rack comes to stand in an earlier row or finds more room in the same one.

    References
    ----------
    F. D. Murgolo, Anomalous behavior in bin packing algorithms, Discrete Applied Mathematics 21 (1988), 229-243.

    Examples
    --------
    Six racks of 20 kW and 30 of 40 kW in rows of 16 positions and 400 kW: the first row takes the six and seven of the others
    (120 + 280 kW), the next two ten each, the fourth the last three.

    >>> rows_filled([(6, 20.0), (30, 40.0)], racks_per_row=16, row_power_kw=400.0)
    4
    >>> rows_filled([(36, 20.0)], racks_per_row=16)
    3
    """
    return _fill(kinds, racks_per_row, row_power_kw, free)[1]


def rows_of_racks(
    kinds: Iterable[tuple[int, float]], *, racks_per_row: int, row_power_kw: float = math.inf, free: Sequence[int] = ()
) -> Ints:
    """Tell how many racks of each kind stand in each row, as `rows_filled` counts them.

    Parameters
    ----------
    kinds, racks_per_row, row_power_kw, free
        As in `rows_filled`.

    Returns
    -------
    array of int, shape (rows, kinds)
        Racks; rows in the order of filling.

    Examples
    --------
    >>> rows_of_racks([(6, 20.0), (30, 40.0)], racks_per_row=16, row_power_kw=400.0).tolist()
    [[6, 7], [0, 10], [0, 10], [0, 3]]

    Three of the four positions of the first row are blocked:

    >>> rows_of_racks([(3, 20.0)], racks_per_row=4, free=[1]).tolist()
    [[1], [2]]
    """
    listed = list(kinds)
    runs, rows = _fill(listed, racks_per_row, row_power_kw, free)
    found = np.zeros((rows, len(listed)), np.int64)
    for kind, first, count, racks in runs:
        found[first : first + count, kind] += racks
    return found


def rows_outward(rows: int) -> Ints:
    """Order the rows of a hall from its middle outward.

    Parameters
    ----------
    rows : int
        How many there are, one behind the other.

    Returns
    -------
    array of int, shape (rows,)
        Their numbers: the middle one, the one behind it, the one before it, and so on.

    Examples
    --------
    >>> rows_outward(5).tolist(), rows_outward(4).tolist()
    ([2, 3, 1, 4, 0], [1, 2, 0, 3])
    """
    number = np.arange(rows, dtype=np.int64)
    away = (number + 1) // 2 * np.where(number % 2, 1, -1)
    return (rows - 1) // 2 + away


def sections_outward(sections: int, *, racks_per_row: int, rack_pitch_m: float, row_pitch_m: float) -> tuple[Ints, Ints]:
    """Order the row sections of a hall without walls from its middle outward.

    Parameters
    ----------
    sections : int
        How many.
    racks_per_row : int
        Positions in a section, before a cross aisle that is as wide as a row and its aisle.
    rack_pitch_m, row_pitch_m : float
        From rack to rack in a row, and from row to row, aisles included [m].

    Returns
    -------
    tuple of two arrays of int, shape (sections,)
        Row and column of each, from 0.

    Notes
    -----
    By distance from the middle section, the larger of the two directions first, so that the hall grows as a square. The
    order does not depend on the number of sections: a growing hall moves none.

    Examples
    --------
    Sections of two racks in the order of filling: all in one column, as a row is nearer than a cross aisle.

    >>> [each.tolist() for each in sections_outward(3, racks_per_row=2, rack_pitch_m=0.6, row_pitch_m=2.4)]
    [[1, 2, 0], [0, 0, 0]]
    """
    width_m, depth_m = racks_per_row * rack_pitch_m + row_pitch_m, row_pitch_m
    # A square of this half side holds them all, and every section nearer than its edge.
    half_m = float(np.sqrt(sections * width_m * depth_m)) / 2 + max(width_m, depth_m)
    rows, columns = (int(min(half_m // pitch_m, sections)) for pitch_m in (depth_m, width_m))
    row, column = (each.ravel() for each in np.mgrid[-rows : rows + 1, -columns : columns + 1])
    down, across = np.abs(row) * depth_m, np.abs(column) * width_m
    keys = (column < 0, row < 0, np.round(down + across, 6), np.round(np.maximum(down, across), 6))
    order = np.lexsort(keys)[:sections]
    row, column = row[order].astype(np.int64), column[order].astype(np.int64)
    return row - row.min(initial=0), column - column.min(initial=0)


def places_outward(free: ArrayLike, in_the_middle: int) -> Ints:
    """Order the free positions of a row section as they are filled.

    Parameters
    ----------
    free : array of int
        Positions that are not blocked, ascending.
    in_the_middle : int
        So many racks, the first, stand in the middle of the section; 0 if all racks are of one sort.

    Returns
    -------
    array of int
        The same positions: those of the middle, then on to the end of the section, then back to its beginning.

    Examples
    --------
    Six network racks in a section of 16:

    >>> places_outward(range(16), 6).tolist()
    [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 4, 3, 2, 1, 0]

    Position 1 is blocked; one rack stands in the middle of the three others:

    >>> places_outward([0, 2, 3], 1).tolist()
    [2, 3, 0]
    """
    places = np.asarray(free, dtype=np.int64)
    if not 0 < in_the_middle < len(places):
        return places
    left = (len(places) - in_the_middle) // 2
    return np.concatenate([places[left:], places[:left][::-1]])


def walk(row: ArrayLike, place: ArrayLike, *, racks_per_row: int) -> Ints:
    """Order positions as somebody passes them who walks through the hall without a leap: neighbours stand together.

    Parameters
    ----------
    row, place : array of int, shape (S,)
        Positions; places behind a cross aisle count on.
    racks_per_row : int
        Positions before a cross aisle.

    Returns
    -------
    array of int, shape (S,)
        Numbers of the positions in the order of the walk: row after row, to and fro, then the sections behind the next cross
        aisle from the last row back to the first.

    Examples
    --------
    Two rows of two:

    >>> walk([0, 0, 1, 1], [0, 1, 0, 1], racks_per_row=2).tolist()
    [0, 1, 3, 2]
    """
    at, number = np.asarray(row, dtype=np.int64), np.asarray(place, dtype=np.int64)
    column = number // racks_per_row
    _, section = np.unique(np.stack([column, np.where(column % 2, -at, at)]), axis=1, return_inverse=True)
    section = section.reshape(-1)
    return np.lexsort((np.where(section % 2, -number, number), section))


def tray_cables(
    row_a: ArrayLike,
    place_a: ArrayLike,
    row_b: ArrayLike,
    place_b: ArrayLike,
    cables: ArrayLike,
    rows: int,
    places: int,
) -> NDArray[np.float64]:
    """Count the cables in the tray above every position.

    Parameters
    ----------
    row_a, place_a, row_b, place_b : array of int, shape (P,)
        Where the cables of every pair of racks begin, at their lower end (a node, or the switch of the lower tier), and end.
    cables : array of float, shape (P,)
        How many there are of each pair.
    rows, places : int
        Size of the hall.

    Returns
    -------
    array of float, shape (rows, places)
        Cables that lie in the tray of the row at the place.

    Notes
    -----
    The way that `route_length_m` measures: up to the tray of the lower end's row, along it to the place of the upper end,
    across the rows there on trays that cross above, and down through the tray of the upper end's row. A cable counts at
    every place that it passes, both ends included; above rows that it only crosses it does not count.

    Examples
    --------
    Ten cables from place 0 of row 0 to place 2 of the same row, four to place 1 of row 1:

    >>> tray_cables([0, 0], [0, 0], [0, 1], [2, 1], [10, 4], 2, 3).tolist()
    [[14.0, 14.0, 10.0], [0.0, 4.0, 0.0]]
    """
    a, b, at_a, at_b = (np.asarray(each, dtype=np.int64) for each in (row_a, row_b, place_a, place_b))
    count = np.asarray(cables, dtype=np.float64)
    steps = np.zeros((rows, places + 1))
    np.add.at(steps, (a, np.minimum(at_a, at_b)), count)
    np.add.at(steps, (a, np.maximum(at_a, at_b) + 1), -count)
    elsewhere = a != b
    np.add.at(steps, (b[elsewhere], at_b[elsewhere]), count[elsewhere])
    np.add.at(steps, (b[elsewhere], at_b[elsewhere] + 1), -count[elsewhere])
    return np.asarray(steps.cumsum(axis=1)[:, :places], dtype=np.float64)
