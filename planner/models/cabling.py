"""Cables: how long a cable between two devices is, and the cheapest kind that reaches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "NO_KIND",
    "RACK_UNIT_M",
    "STOCKED_LENGTHS_M",
    "can_be_plugged",
    "cheapest_reaching",
    "order_length_m",
    "route_length_m",
    "same_in_every_cage",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

RACK_UNIT_M = 0.04445
"""Height of a rack unit (EIA-310)."""

STOCKED_LENGTHS_M = (
    *(0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 7, 10, 15, 20, 30, 40, 50, 60, 70, 80, 100, 150, 200, 300, 500),
    *range(1000, 10_001, 500),
)
"""Lengths that cables are sold in: copper up to 5 m in the steps of its makers' lists, fibre above."""

NO_KIND = -1
"""Nothing reaches."""


def route_length_m(
    along_m: ArrayLike,
    across_m: ArrayLike,
    height_a_m: ArrayLike,
    height_b_m: ArrayLike,
    same_rack: ArrayLike,
    *,
    tray_m: float,
    slack_m: float,
) -> Floats:
    """Measure the way of a cable from port to port.

    Parameters
    ----------
    along_m, across_m : array of float
        Distance of the two racks along the rows and across them [m]; of any sign.
    height_a_m, height_b_m : array of float
        Height of the two devices above the floor [m].
    same_rack : array of bool
        Whether both stand in one rack: the cable then stays in it.
    tray_m : float
        Height of the cable trays above the floor [m].
    slack_m : float
        At each end, for the way to the rack's side and a service loop [m].

    Returns
    -------
    array of float
        Length [m].

    Notes
    -----
    In a rack: the difference of the heights. Otherwise: up to the tray of the lower end's row, along it to the place of the
    upper end, across the rows there, and down. `planner.models.placement.tray_cables` counts cables on the same way.

    Examples
    --------
    Four racks of 0.6 m further and one row of 2.4 m across, from 1 m and 2 m up to trays at 2.6 m:

    >>> float(route_length_m(4 * 0.6, 2.4, 1.0, 2.0, False, tray_m=2.6, slack_m=0.5))
    8.0
    >>> float(route_length_m(0, 0, 1.0, 2.0, True, tray_m=2.6, slack_m=0.5))
    2.0
    """
    a, b = np.asarray(height_a_m, dtype=np.float64), np.asarray(height_b_m, dtype=np.float64)
    over_m = np.abs(tray_m - a) + np.abs(along_m) + np.abs(across_m) + np.abs(tray_m - b)
    return np.asarray(np.where(same_rack, np.abs(a - b), over_m) + 2 * slack_m, dtype=np.float64)


def order_length_m(length_m: ArrayLike, reach_m: ArrayLike = np.inf) -> Floats:
    """Round a length up to one that is sold.

    Parameters
    ----------
    length_m : array of float
        Length of the way [m].
    reach_m : array of float
        Longest of its kind [m]; nothing longer is ordered. What the way itself exceeds stays as it is.

    Returns
    -------
    array of float
        Length to order [m]; above the longest on the list as it is.

    References
    ----------
    NVIDIA LinkX product specifications MCP4Y10 (0.5 to 2 m), MCP7Y00 (1 to 3 m), "ACC" (3, 4 and 5 m) and MFS1S50 (3 to
    30 m), section "Ordering Information".

    Examples
    --------
    >>> order_length_m([0.4, 1.0, 2.2, 33.0, 11000.0]).tolist()
    [0.5, 1.0, 2.5, 40.0, 11000.0]
    >>> float(order_length_m(33.0, 35.0))
    35.0
    """
    length = np.asarray(length_m, dtype=np.float64)
    stock = np.array([*STOCKED_LENGTHS_M, np.inf])
    rounded = stock[np.searchsorted(stock, length - 1e-9)]
    return np.maximum(np.where(np.isinf(rounded), length, np.minimum(rounded, reach_m)), length)


def cheapest_reaching(length_m: ArrayLike, reaches_m: Sequence[ArrayLike], at_least: ArrayLike = 0) -> Ints:
    """Choose for every length the first kind that reaches.

    Parameters
    ----------
    length_m : array of float, shape (C,)
        Lengths [m].
    reaches_m : sequence of float or array of float, shape (C,)
        Longest run of each kind [m], for all cables or each; the cheapest kind first.
    at_least : array of int, shape (C,)
        The first kind that may be chosen.

    Returns
    -------
    array of int, shape (C,)
        Number of the kind, or `NO_KIND`. A longer run never gets a cheaper kind.

    Examples
    --------
    >>> cheapest_reaching([2.0, 3.0, 40.0, 600.0], [3, 5, 50, 500]).tolist()
    [0, 0, 2, -1]
    >>> cheapest_reaching([2.0, 4.0], [3, [0, 5], 50], at_least=[1, 0]).tolist()
    [2, 1]
    """
    length = np.asarray(length_m, dtype=np.float64)
    chosen = np.full(length.shape, NO_KIND, np.int64)
    for kind in range(len(reaches_m) - 1, -1, -1):
        chosen[(length <= np.asarray(reaches_m[kind]) + 1e-9) & (kind >= np.asarray(at_least))] = kind
    return chosen


def can_be_plugged(at_node: ArrayLike, cage_a: ArrayLike, cage_b: ArrayLike) -> NDArray[np.bool_]:
    """Tell which links can run in cables that are fixed to their plugs: copper and active optical cables.

    Parameters
    ----------
    at_node : array of bool, shape (C,)
        Whether the lower end is in a node.
    cage_a, cage_b : array of int, shape (C,)
        The cages at both ends; each has one number, whichever end of a link is in it.

    Returns
    -------
    array of bool, shape (C,)
        A plug fills its cage, so that all links of the cage leave in one cable: to a single cage at the other end that holds
        no others, or, as a splitter, to cages of nodes that hold nothing else. Transceivers and fibre have no such limit.

    References
    ----------
    NVIDIA LinkX product specifications MCP4Y10 (straight twin-port cable) and MCP7Y00 (splitter to two adapters).

    Examples
    --------
    Cage 7 splits to two nodes; cages 8 and 9 each hold a link of both twin-port cages 3 and 4.

    >>> can_be_plugged([True] * 6, [1, 2, 3, 3, 4, 4], [7, 7, 8, 9, 8, 9]).tolist()
    [True, True, False, False, False, False]

    Both links of cage 3 end in cage 8:

    >>> can_be_plugged([False, False], [3, 3], [8, 8]).tolist()
    [True, True]
    """
    node = np.asarray(at_node, dtype=bool)
    a, b = np.asarray(cage_a, dtype=np.int64), np.asarray(cage_b, dtype=np.int64)
    cages = int(max(a.max(initial=0), b.max(initial=0))) + 1
    least, most, held = np.full(cages, cages), np.full(cages, -1), np.bincount(np.concatenate([a, b]), minlength=cages)
    for cage, other in ((a, b), (b, a)):
        np.minimum.at(least, cage, other)
        np.maximum.at(most, cage, other)
    leads_to_one = least == most
    alone = node & (held[a] == 1)
    splits = np.ones(cages, dtype=bool)
    splits[a[~alone]] = splits[b[~alone]] = False
    return np.asarray((leads_to_one[a] & leads_to_one[b]) | (alone & splits[b]))


def same_in_every_cage(kinds: ArrayLike, cages: Sequence[ArrayLike]) -> Ints:
    """Give all cables of a cage the kind of the one that needs most.

    Parameters
    ----------
    kinds : array of int, shape (C,)
        Kind of every cable, numbered by reach; `NO_KIND` for those that nothing reaches, which are left alone.
    cages : sequence of array of int, shape (C,)
        For each end of the cables the cage it is plugged into; -1 where the end is in none. A cage has one number, whichever
        end of a cable is in it.

    Returns
    -------
    array of int, shape (C,)
        The lowest kinds that are at least those given and equal in every cage.

    Notes
    -----
    The ports of a twin-port cage share one plug or transceiver: its fibres are of one type, and a copper plug has no light
    in its other half. An upgrade in a cage at one end may ask for one at the other: it is repeated until nothing changes.

    References
    ----------
    NVIDIA, LinkX User Guide for 400Gbps 100G-PAM4 OSFP & QSFP112-based Cables and Transceivers: both fibres of a
    twin-port transceiver must be of the same type.

    Examples
    --------
    Cables 0 and 1 share a cage below, 1 and 2 one above: all take the kind of cable 2.

    >>> same_in_every_cage([0, 0, 2, 1], [[5, 5, 6, 7], [-1, 3, 3, 4]]).tolist()
    [2, 2, 2, 1]
    """
    kinds = np.asarray(kinds, dtype=np.int64)
    ends = []
    for cage in (np.asarray(each, dtype=np.int64) for each in cages):
        inside = np.flatnonzero((cage >= 0) & (kinds != NO_KIND))
        ends.append((inside, cage[inside]))
    count = max((int(cage.max(initial=-1)) + 1 for _, cage in ends), default=0)
    while True:
        before = kinds
        kinds = kinds.copy()
        most = np.zeros(count, np.int64)
        for inside, cage in ends:
            np.maximum.at(most, cage, kinds[inside])
        for inside, cage in ends:
            kinds[inside] = np.maximum(kinds[inside], most[cage])
        if np.array_equal(kinds, before):
            return kinds
