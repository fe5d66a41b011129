"""The machinery below `topologies.flows`: channels filled with flows, once, and kept full while flows come and go."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topologies.fabric import NONE
from topologies.routes import Routes

__all__ = ["SLACK", "TIE", "Filled", "Floats", "Numbers", "fill", "rows_of"]

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

TIE = 1e-12
"""Levels and moments that differ by less, relatively, are the same one: rounding must not tear a tie apart."""

SLACK = 1e-11
"""How far, relatively, a channel may be from full to count as full: above what ties add up to, far below what matters."""


def rows_of(routes: Routes) -> tuple[Numbers, Numbers, Floats]:
    """Start, channel and weight of the rows, without those of weight 0."""
    if routes.weight.all():
        return routes.start, routes.channel.astype(np.int64), routes.weight
    used = routes.weight > 0
    start = np.concatenate([[0], np.cumsum(used)])[routes.start]
    return start, routes.channel[used].astype(np.int64), routes.weight[used]


def fill(count: Numbers, channel: Numbers, weight: Floats, capacity: Floats, limit: Floats) -> tuple[Floats, Numbers]:
    """Fill channels with flows of so many rows each; return the flows' rates and bottlenecks (see Notes of `allocate`)."""
    rate, bottleneck = limit.copy(), np.full(len(count), NONE, np.int64)
    alive = np.flatnonzero(count)
    count, left = count[alive], capacity
    while len(alive):
        first = count.cumsum() - count
        pull = np.bincount(channel, weight, minlength=len(left))
        level = np.divide(left, pull, out=np.full(len(left), np.inf), where=pull > 0)
        goal = np.minimum(np.minimum.reduceat(level[channel], first), limit[alive])
        lowest = np.full(len(left), np.inf)
        np.minimum.at(lowest, channel, goal.repeat(count))
        full = (lowest >= level * (1 - TIE))[channel]
        held = np.logical_or.reduceat(full, first)
        stops = held | (goal >= limit[alive])
        rate[alive[stops]] = goal[stops]
        bottleneck[alive.repeat(count)[full]] = channel[full]
        if stops.all():
            break
        rows = stops.repeat(count)
        load = np.bincount(channel[rows], weight[rows] * goal[stops].repeat(count[stops]), minlength=len(left))
        left = np.maximum(left - load, 0.0)
        alive, count, channel, weight = alive[~stops], count[~stops], channel[~rows], weight[~rows]
    return rate, bottleneck


class Filled:
    """The rates of the flows that run, kept max-min fair while flows start and end (see Notes of `completion_times`)."""

    def __init__(self, routes: Routes, capacity: Floats, limit: Floats) -> None:
        self.capacity, self.limit = capacity, limit
        self.start, self.channel, self.weight = rows_of(routes)
        order = np.argsort(self.channel, kind="stable")
        self.user = np.repeat(np.arange(len(routes)), np.diff(self.start))[order]  # flows, channel by channel
        self.user_channel, self.user_weight = self.channel[order], self.weight[order]
        self.user_start = np.concatenate([[0], np.cumsum(np.bincount(self.channel, minlength=len(capacity)))])
        self.rate, self.bottleneck = np.zeros(len(routes)), np.full(len(routes), NONE, np.int64)
        self.running, self.dirty = np.zeros(len(routes), bool), np.zeros(len(routes), bool)
        self.seen = np.zeros(len(capacity), np.int64)

    def crowds(self, flows: Numbers) -> tuple[Numbers, Numbers]:
        """Sort flows into groups that share channels, directly or through others, largest first; return also their starts."""
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import connected_components

        asked = np.zeros(len(self.rate), bool)
        asked[flows] = True
        rows = np.flatnonzero(asked[self.user])
        user, channel = self.user[rows], self.user_channel[rows]
        beside = np.flatnonzero(channel[1:] == channel[:-1])  # the users of a channel are joined each to the next
        links = csr_matrix((np.ones(len(beside), bool), (user[beside], user[beside + 1])), (len(asked), len(asked)))
        crowd = connected_components(links, directed=False)[1][flows]
        order = np.lexsort((crowd, -np.bincount(crowd)[crowd]))
        return flows[order], np.append(np.flatnonzero(np.diff(crowd[order], prepend=-1)), len(flows))

    def update(self, ended: Numbers, started: Numbers) -> tuple[Numbers, Floats]:
        """Stop and start flows; return those whose rate is another now, and what it was."""
        self.running[ended], self.running[started], self.rate[ended] = False, True, 0.0
        channels = self.channel[_rows(self.start, ended)[0]]
        rows, counts = _rows(self.user_start, channels)
        users = self.user[rows]
        held = self.running[users] & (self.bottleneck[users] == channels.repeat(counts))
        if not len(started) and not held.any():
            return started, np.empty(0)
        flows = new = np.concatenate([started, np.unique(users[held])])
        while len(new):
            self.dirty[flows] = True
            rate, bottleneck, new = self._share(flows)
            flows = np.concatenate([flows, new])
        self.dirty[flows] = False
        before = self.rate[flows]
        self.rate[flows], self.bottleneck[flows] = rate, bottleneck
        changed = rate != before
        return flows[changed], before[changed]

    def _share(self, flows: Numbers) -> tuple[Floats, Numbers, Numbers]:
        """Share out what the other flows leave; return rates, bottlenecks and the others for which that is not fair."""
        rows, count = _rows(self.start, flows)
        channel, weight = self.channel[rows], self.weight[rows]
        # The channels in question get small numbers: their place among those that first name them, found without sorting.
        self.seen[channel] = np.arange(len(channel))
        place = self.seen[channel]
        named = place == np.arange(len(channel))
        touched = channel[named]
        local = (named.cumsum() - 1)[place]
        capacity = self.capacity[touched]

        rows, users = _rows(self.user_start, touched)
        other, at = self.user[rows], np.arange(len(touched)).repeat(users)
        keep = self.running[other] & ~self.dirty[other]
        other, at, other_weight = other[keep], at[keep], self.user_weight[rows[keep]]
        other_rate = self.rate[other]
        taken = np.bincount(at, other_weight * other_rate, minlength=len(touched))
        rate, held = fill(count, local, weight, np.maximum(capacity - taken, 0.0), self.limit[flows])
        known = held != NONE
        bottleneck = np.where(known, touched[held], NONE) if len(touched) else held

        # The others' certificates: who is faster than a flow that it holds back, or has lost its own bottleneck?
        spread = rate.repeat(count)
        lacks = taken + np.bincount(local, weight * spread, minlength=len(touched)) < capacity * (1 - SLACK)
        fastest, level = np.zeros(len(touched)), np.full(len(touched), np.inf)
        np.maximum.at(fastest, local, spread)
        level[held[known]] = rate[known]
        unfair = other_rate > level[at] * (1 + SLACK)
        lost = (self.bottleneck[other] == touched[at]) & (lacks[at] | (fastest[at] > other_rate * (1 + SLACK)))
        again = unfair | lost
        return rate, bottleneck, np.unique(other[again]) if again.any() else other[:0]


def _rows(start: Numbers, which: Numbers) -> tuple[Numbers, Numbers]:
    """Numbers of the rows of some items in compressed rows, and how many each has."""
    first = start[which]
    counts = start[which + 1] - first
    if len(which) == 1:  # the most frequent case, and the fastest
        return np.arange(first[0], first[0] + counts[0]), counts
    ends = counts.cumsum()
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + (first - ends + counts).repeat(counts), counts
