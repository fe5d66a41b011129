"""Racks: how many pieces fit one rack, and how many racks pieces of several kinds need."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

__all__ = ["pieces_per_rack", "racks_needed", "racks_of_pieces"]

# Sums such as 4 x 10.2 kW must not lose a piece to binary rounding.
_SLACK = 1e-9


def pieces_per_rack(
    height_u: float,
    weight_kg: float,
    power_kw: float,
    rack_height_u: float,
    rack_load_kg: float,
    rack_power_kw: float,
) -> tuple[int, str]:
    """Count the equal pieces that fit one rack and name what stops the next.

    Parameters
    ----------
    height_u, weight_kg, power_kw : float
        Of one piece [U], [kg], [kW]; greater than 0.
    rack_height_u, rack_load_kg, rack_power_kw : float
        What the rack offers [U], [kg], [kW].

    Returns
    -------
    tuple of int and str
        Pieces (0 if not even one fits) and the limit that stops the next: ``power``, ``height`` or ``weight``.

    Examples
    --------
    DGX H100 (8U, 130.45 kg, 10.2 kW) in a 48U rack of 1,360 kg and 44 kW: height 6, weight 10, power 4.

    >>> pieces_per_rack(8, 130.45, 10.2, 48, 1360, 44)
    (4, 'power')
    """
    fits = {
        "power": math.floor(rack_power_kw / power_kw + _SLACK),
        "height": math.floor(rack_height_u / height_u + _SLACK),
        "weight": math.floor(rack_load_kg / weight_kg + _SLACK),
    }
    limit = min(fits, key=lambda name: fits[name])
    # A floor may carry less than the empty rack: what is offered is then negative.
    return max(fits[limit], 0), limit


def racks_needed(pieces: Iterable[tuple[int, int]]) -> int:
    """Count the racks that pieces of several kinds need, filled one kind after the other.

    Parameters
    ----------
    pieces : iterable of (int, int)
        For each kind: how many pieces, and how many of them fit an empty rack (at least 1).

    Returns
    -------
    int
        Racks.

    Notes
    -----
    Next fit on the share ``1 / pieces per rack`` of a piece: a rack is filled until the next piece does not fit and never
    looked at again. The share covers height, weight and power at once, so what fits by share fits by each. Next fit is
    monotonic - one more piece never needs fewer racks - which first fit is not.

    References
    ----------
    F. D. Murgolo, Anomalous behavior in bin packing algorithms, Discrete Applied Mathematics 21 (1988), 229-243.

    Examples
    --------
    Five pieces of which three fit a rack leave a third of the second rack; of four half-rack pieces none fits there.

    >>> racks_needed([(5, 3), (4, 2)])
    4
    >>> racks_needed([])
    0
    """
    racks, used = 0, Fraction(1)
    for count, per_rack in pieces:
        share = Fraction(1, per_rack)
        left = count - min(count, (1 - used) // share)
        used += (count - left) * share
        if left:
            full, rest = divmod(left, per_rack)
            racks += full + (1 if rest else 0)
            used = rest * share if rest else Fraction(1)
    return racks


def racks_of_pieces(pieces: Iterable[tuple[int, int, float]]) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Tell which rack every piece stands in, and on what, in the racks that `racks_needed` counts.

    Parameters
    ----------
    pieces : iterable of (int, int, float)
        For each kind: how many pieces, how many of them fit an empty rack (at least 1), and the height of one [U].

    Returns
    -------
    list of two arrays
        For each kind the number of every piece's rack, from 0, and the height of what the rack holds beneath it [U].

    Examples
    --------
    Five pieces of 8U of which three fit a rack, then two of 2U of which four fit: the first of those still fits the second
    rack, on two others.

    >>> [(racks.tolist(), below.tolist()) for racks, below in racks_of_pieces([(5, 3, 8), (2, 4, 2)])]
    [([0, 0, 0, 1, 1], [0.0, 8.0, 16.0, 0.0, 8.0]), ([1, 2], [16.0, 0.0])]
    """
    placed = []
    racks, used, stack_u = 0, Fraction(1), 0.0
    for count, per_rack, height_u in pieces:
        share = Fraction(1, per_rack)
        room = min(count, int((1 - used) // share))
        number = np.arange(count)
        late = number - room
        rack = np.where(late < 0, racks - 1, racks + late // per_rack)
        below_u = np.where(late < 0, stack_u + number * height_u, late % per_rack * float(height_u))
        placed.append((rack, below_u))
        used, stack_u = used + room * share, stack_u + room * height_u
        if count > room:
            full, rest = divmod(count - room, per_rack)
            racks += full + (1 if rest else 0)
            used, stack_u = (rest * share, rest * height_u) if rest else (Fraction(1), per_rack * height_u)
    return placed
