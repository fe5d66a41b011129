"""Floor: a local search that exchanges racks so that cables become shorter, and never longer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["MOST_RACKS", "cable_ways_m", "shorter_spots"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_RACKS = 2000
"""Positions among which racks are exchanged at most: the work grows with their square."""

_MM = 1000
# Work of one search, as rounds over all pairs of positions, and the most rounds of a small hall.
_PAIRS_MOST, _ROUNDS_MOST = 10_000_000, 25


def cable_ways_m(a: ArrayLike, b: ArrayLike, cables: ArrayLike, along_m: ArrayLike, across_m: ArrayLike) -> float:
    """Add up the horizontal ways of the cables between racks.

    Parameters
    ----------
    a, b : array of int, shape (P,)
        Pairs of racks, by number.
    cables : array of float, shape (P,)
        Cables of each pair.
    along_m, across_m : array of float, shape (N,)
        Where every rack stands, along the rows and across them [m].

    Returns
    -------
    float
        Metres along rows and across them.

    Examples
    --------
    Two cables over 3 m and 2.4 m, and one over 0.6 m:

    >>> cable_ways_m([0, 0], [1, 2], [2, 1], [0.0, 3.0, 0.6], [0.0, 2.4, 0.0])
    11.4
    """
    one, two = np.asarray(a, dtype=np.int64), np.asarray(b, dtype=np.int64)
    along, across = np.asarray(along_m, dtype=np.float64), np.asarray(across_m, dtype=np.float64)
    ways = np.abs(along[one] - along[two]) + np.abs(across[one] - across[two])
    return float(np.sum(np.asarray(cables, dtype=np.float64) * ways))


def shorter_spots(
    spots: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    weight: ArrayLike,
    *,
    along_m: ArrayLike,
    across_m: ArrayLike,
    unit: ArrayLike,
    row: ArrayLike,
    power_kw: ArrayLike,
    row_power_kw: float = math.inf,
) -> Ints:
    """Exchange racks as long as that makes the cables between them shorter.

    Parameters
    ----------
    spots : array of int, shape (N,)
        The spot that every rack stands on at the start; each on one of its own.
    a, b : array of int, shape (P,)
        Racks that cables run between; `b` is the upper end, with switches in it.
    weight : array of int, shape (P,)
        How many cables, or a multiple that is whole.
    along_m, across_m : array of float, shape (S,)
        Where the spots are [m], in the order in which the hall is filled; there may be more spots than racks.
    unit : array of int, shape (N,)
        Scalable unit of every rack; -1 for racks of no unit (network, management, storage).
    row : array of int, shape (S,)
        Row of every spot.
    power_kw : array of float, shape (N,)
        What every rack draws [kW].
    row_power_kw : float
        What one row carries [kW].

    Returns
    -------
    array of int, shape (N,)
        The spot of every rack at the end. The weighted sum of the ways is never longer than at the start.

    Notes
    -----
    Four exchanges, as long as one helps: two racks of one unit; a rack of no unit, or an empty spot, with another such or
    with a rack of the unit that stands next to it in the order of the spots; all racks of two units of equal racks; two
    unequal units that follow each other. Each leaves the racks of a unit together: in the order of the spots, no rack of
    another unit stands between them. No exchange lifts a row above what it carries. Every round measures all pairs at once,
    ``delta = c(i, q) + c(j, p) - c(i, p) - c(j, q) + 2 w(i, j) d(p, q)``, and makes those that shorten, the best first, each
    measured again. Ways are whole millimetres, so that sums are exact and the answer is the same on every machine. At most 25
    rounds, or 10 million pairs. Above `MOST_RACKS` spots nothing is exchanged.

    References
    ----------
    T. C. Koopmans and M. Beckmann, Assignment problems and the location of economic activities, Econometrica 25 (1957), 53-76
    (the problem); R. E. Burkard, E. Cela, P. M. Pardalos and L. S. Pitsoulis, The quadratic assignment problem, in Handbook
    of Combinatorial Optimization, Kluwer 1998 (exchanges of pairs).

    Examples
    --------
    Two node racks beside each other, and the switch rack that both lead to at the end: it goes between them.

    >>> shorter_spots(
    ...     [0, 1, 2], [0, 1], [2, 2], [8, 8], along_m=[0.0, 0.6, 1.2], across_m=[0.0] * 3, unit=[0, 0, -1], row=[0] * 3,
    ...     power_kw=[40.0, 40.0, 20.0],
    ... ).tolist()
    [0, 2, 1]
    """
    start = np.asarray(spots, dtype=np.int64)
    racks, places = len(start), len(np.asarray(row))
    ends = np.asarray(a, dtype=np.int64), np.asarray(b, dtype=np.int64)
    apart = ends[0] != ends[1]
    if places > MOST_RACKS or not apart.any():
        return start
    hall = _hall(start, (ends[0][apart], ends[1][apart]), np.asarray(weight, dtype=np.float64)[apart], along_m, across_m)
    hall.unit[:racks] = np.asarray(unit, dtype=np.int64)
    hall.power_kw[:racks] = np.asarray(power_kw, dtype=np.float64)
    hall.row[:] = np.asarray(row, dtype=np.int64)
    hall.most_kw = row_power_kw * (1 + 1e-9)
    for _ in range(max(min(_ROUNDS_MOST, _PAIRS_MOST // places**2), 1)):
        cost = hall.costs()
        better = hall.exchange_units(cost) | hall.turn_units(cost)
        if not hall.exchange_racks(cost) and not better:
            break
    return hall.spot[:racks].copy()


def _hall(start: Ints, ends: tuple[Ints, Ints], weight: Floats, along_m: ArrayLike, across_m: ArrayLike) -> _Hall:
    """Set the search up; empty spots are racks without cables and power."""
    along, across = (np.rint(np.asarray(each, dtype=np.float64) * _MM) for each in (along_m, across_m))
    way = np.abs(along[:, None] - along) + np.abs(across[:, None] - across)
    size = len(along)
    empty = np.setdiff1d(np.arange(size), start)
    hubs = np.unique(ends[1])
    number = np.full(size, -1, np.int64)
    number[hubs] = np.arange(len(hubs))
    links = np.zeros((size, len(hubs)))
    np.add.at(links, (ends[0], number[ends[1]]), weight)
    both = number[ends[0]] >= 0
    np.add.at(links, (ends[1][both], number[ends[0][both]]), weight[both])
    return _Hall(
        way=way,
        links=links,
        hubs=hubs,
        number=number,
        spot=np.concatenate([start, empty]).astype(np.int64),
        racks=len(start),
        unit=np.full(size, -1, np.int64),
        power_kw=np.zeros(size),
        row=np.zeros(size, np.int64),
        most_kw=math.inf,
    )


@dataclass
class _Hall:
    """The state of a search: every rack or empty spot is an element, and stands on a spot.

    All cables have a hub at one end: `links` are those from every element to every hub.
    """

    way: Floats
    links: Floats
    hubs: Ints
    number: Ints
    """Element -> its column of `links`, or -1."""
    spot: Ints
    racks: int
    unit: Ints
    power_kw: Floats
    row: Ints
    most_kw: float

    def costs(self) -> Floats:
        """[element, spot] Weighted ways of an element's cables if it stood there and all others as they do."""
        cost: Floats = self.links @ self.way[self.spot[self.hubs]]
        cost[self.hubs] = self.links.T @ self.way[self.spot]
        return cost

    def beside(self) -> tuple[Ints, Ints]:
        """[element] The units of the nearest racks with one before and behind it in the order of the spots."""
        at = np.empty_like(self.spot)
        at[self.spot] = self.unit
        index = np.arange(len(at))
        before = np.maximum.accumulate(np.where(at >= 0, index, -1))
        behind = np.minimum.accumulate(np.where(at >= 0, index, len(at))[::-1])[::-1]
        padded = np.append(at, -1)
        return padded[before][self.spot], padded[behind][self.spot]

    def loads_kw(self) -> Floats:
        """[row] What its racks draw."""
        load = np.bincount(self.row[self.spot], weights=self.power_kw, minlength=int(self.row.max()) + 1)
        return np.asarray(load, dtype=np.float64)

    def may_exchange(self) -> NDArray[np.bool_]:
        """[element, element] Whether an exchange keeps units together and rows within what they carry."""
        unit, inside = self.unit, self.unit >= 0
        before, behind = self.beside()
        joins = ~inside[:, None] & inside & ((before[:, None] == unit) | (behind[:, None] == unit))
        outside = ~inside[:, None] & ~inside
        outside[self.racks :, self.racks :] = False
        return np.asarray((joins | joins.T | outside | (inside[:, None] & (unit[:, None] == unit))) & self._within_power())

    def _within_power(self) -> NDArray[np.bool_]:
        if math.isinf(self.most_kw):
            return np.ones((1, 1), dtype=bool)
        row, load = self.row[self.spot], self.loads_kw()
        load, most = load[row], np.maximum(load, self.most_kw)[row]
        after = load[:, None] - self.power_kw[:, None] + self.power_kw
        fits = after <= most[:, None]
        return np.asarray((fits & fits.T) | (row[:, None] == row))

    def exchange_racks(self, cost: Floats) -> bool:
        """Make the exchanges of two that shorten, the best first; tell whether there was one."""
        at = cost[:, self.spot]
        own = np.diagonal(at)
        delta = at + at.T - own[:, None] - own
        both = 2 * self.links * self.way[np.ix_(self.spot, self.spot[self.hubs])]
        delta[:, self.hubs] += both
        others = np.flatnonzero(self.number < 0)
        delta[np.ix_(self.hubs, others)] += both[others].T
        one, two = np.nonzero((delta < 0) & self.may_exchange())
        one, two = one[one < two], two[one < two]
        order = np.argsort(delta[one, two], kind="stable")[: 4 * len(self.spot)]
        done = False
        neighbours = self.beside()
        for i, j in zip(one[order].tolist(), two[order].tolist(), strict=True):
            if self._gain(i, j) < 0 and self._allowed(i, j, neighbours):
                self.spot[i], self.spot[j] = self.spot[j], self.spot[i]
                done = True
                if (self.unit[i] < 0) != (self.unit[j] < 0):
                    neighbours = self.beside()
                elif self.unit[i] < 0:
                    for each in neighbours:
                        each[i], each[j] = each[j], each[i]
        return done

    def _gain(self, i: int, j: int) -> float:
        """Measure what an exchange adds to the ways."""
        p, q = self.spot[i], self.spot[j]
        between = self.links[i, self.number[j]] if self.number[j] >= 0 else 0.0
        if self.number[j] < 0 <= self.number[i]:
            between = self.links[j, self.number[i]]
        return float(self._moved(i, p, q) + self._moved(j, q, p) + 2 * between * self.way[p, q])

    def _moved(self, element: int, here: int, there: int) -> float:
        """Measure what it adds that an element goes there and all others stay."""
        step = self.way[there] - self.way[here]
        if self.number[element] >= 0:
            return float(self.links[:, self.number[element]] @ step[self.spot])
        return float(self.links[element] @ step[self.spot[self.hubs]])

    def _allowed(self, i: int, j: int, neighbours: tuple[Ints, Ints]) -> bool:
        """Tell of one exchange what `may_exchange` tells of all."""
        unit_i, unit_j = self.unit[i], self.unit[j]
        if unit_i >= 0 and unit_j >= 0:
            together = unit_i == unit_j
        elif unit_i < 0 and unit_j < 0:
            together = True
        else:
            alone, unit = (j, unit_i) if unit_i >= 0 else (i, unit_j)
            together = unit in (neighbours[0][alone], neighbours[1][alone])
        row_i, row_j = self.row[self.spot[i]], self.row[self.spot[j]]
        if not together or math.isinf(self.most_kw) or row_i == row_j:
            return bool(together)
        load, more = self.loads_kw(), self.power_kw[j] - self.power_kw[i]
        return bool(
            load[row_i] + more <= max(load[row_i], self.most_kw) and load[row_j] - more <= max(load[row_j], self.most_kw)
        )

    def _units(self) -> list[Ints]:
        """List the racks of every unit, units and racks in the order of their spots."""
        inside = np.flatnonzero(self.unit >= 0)
        order = inside[np.argsort(self.spot[inside])]
        return [each for each in np.split(order, np.flatnonzero(np.diff(self.unit[order])) + 1) if len(each)]

    def turn_units(self, cost: Floats) -> bool:
        """Let two unequal units that follow each other change their order, where that shortens; tell whether one did."""
        done = False
        units = self._units()
        for number in range(len(units) - 1):
            one, two = units[number : number + 2]
            racks, turned = np.concatenate([one, two]), np.concatenate([two, one])
            if len(one) == len(two) or np.any(self.number[racks] >= 0):
                continue
            old, new = self.spot[racks], np.sort(self.spot[racks])
            if np.sum(cost[turned, new]) >= np.sum(cost[racks, old]):
                continue
            before = self.loads_kw()
            self.spot[turned] = new
            if np.any(self.loads_kw() > np.maximum(before, self.most_kw)):
                self.spot[racks] = old
                continue
            units[number : number + 2] = [two, one]
            done = True
        return done

    def exchange_units(self, cost: Floats) -> bool:
        """Exchange whole units of as many equal racks, as long as one exchange shortens; tell whether there was one."""
        kinds: dict[tuple[int, float], list[Ints]] = {}
        for members in self._units():
            powers = self.power_kw[members]
            if np.all(powers == powers[0]) and np.all(self.number[members] < 0):
                kinds.setdefault((len(members), float(powers[0])), []).append(members)
        done = False
        for units in kinds.values():
            member = np.array(units)
            spots = self.spot[member]
            # Racks of units lead to hubs only, and those stay: what a unit costs on the spots of each does not change.
            price = np.sum([cost[np.ix_(member[:, k], spots[:, k])] for k in range(member.shape[1])], axis=0)
            holds = np.arange(len(member))
            for _ in range(min(len(member), _PAIRS_MOST // len(member) ** 2)):
                now = price[:, holds]
                own = np.diagonal(now)
                delta = now + now.T - own[:, None] - own
                best = int(np.argmin(delta))
                if delta.flat[best] >= 0:
                    break
                u, v = divmod(best, len(member))
                holds[u], holds[v] = holds[v], holds[u]
                done = True
            self.spot[member] = spots[holds]
        return done
