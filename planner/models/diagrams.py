"""Reliability block diagrams of any shape, evaluated exactly: shared components, k-of-n gates, many states at once.

A structure is a list of gates over components. Whatever an input names: 0, 1, 2, ... are components; -1, -2, -3, ... are the
first, second, third, ... gate, which must stand before the gate that it feeds (`gate_input` writes the number).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Diagram",
    "DiagramTooLargeError",
    "Gate",
    "diagram",
    "diagram_unavailability",
    "gate_input",
    "node_unavailability",
    "states_up",
]

Floats = NDArray[np.float64]
F = TypeVar("F", float, Floats)

DOWN, UP = 0, 1


class DiagramTooLargeError(ValueError):
    """The decision diagram of a structure has more nodes than allowed."""


@dataclass(frozen=True)
class Gate:
    """Works while at least `needed_count` of its inputs work: all of them is a series, one is full redundancy."""

    needed_count: int
    inputs: tuple[int, ...]


@dataclass(frozen=True)
class Diagram:
    """A reduced ordered binary decision diagram: per node its component, and where it leads when that is up or down.

    Nodes 0 and 1 are the ends, down and up; every node stands after those that it leads to. `roots` are the nodes of the
    gates that were asked for.
    """

    components: tuple[int, ...]
    if_up: tuple[int, ...]
    if_down: tuple[int, ...]
    roots: tuple[int, ...]
    components_count: int


def gate_input(number: int) -> int:
    """Write the number of a gate, from 0, as an input of another.

    Examples
    --------
    >>> gate_input(0), gate_input(2)
    (-1, -3)
    """
    return -1 - number


class _Builder:
    """The table of unique nodes while a diagram grows."""

    def __init__(self, levels: Sequence[int], nodes_max_count: int) -> None:
        self.levels = levels  # component -> place in the order
        self.nodes_max_count = nodes_max_count
        end = len(levels)
        self.level = [end, end]
        self.component = [-1, -1]
        self.high = [DOWN, UP]
        self.low = [DOWN, UP]
        self.unique: dict[tuple[int, int, int], int] = {}
        self.known: dict[tuple[int, int, int], int] = {}

    def node(self, component: int, high: int, low: int) -> int:
        """Find or make the node of a component that leads to two others."""
        if high == low:
            return high
        key = (component, high, low)
        found = self.unique.get(key)
        if found is None:
            if len(self.level) >= self.nodes_max_count:
                raise DiagramTooLargeError(f"more than {self.nodes_max_count} nodes")
            found = len(self.level)
            self.unique[key] = found
            self.level.append(self.levels[component])
            self.component.append(component)
            self.high.append(high)
            self.low.append(low)
        return found

    def ite(self, test: int, then: int, other: int) -> int:
        """Return the node of "if test then .. else ..", without recursion: a chain may be longer than Python's stack."""
        level, high, low, known = self.level, self.high, self.low, self.known
        done: list[int] = []
        todo: list[tuple[int, int, int, int]] = [(-1, test, then, other)]
        while todo:
            component, f, g, h = todo.pop()
            if component >= 0:  # both halves are done
                if_down, if_up = done.pop(), done.pop()
                known[f, g, h] = self.node(component, if_up, if_down)
                done.append(known[f, g, h])
                continue
            if f <= 1:
                done.append(g if f else h)
            elif g == h:
                done.append(g)
            elif g == UP and h == DOWN:
                done.append(f)
            elif (f, g, h) in known:
                done.append(known[f, g, h])
            else:
                top = min(level[f], level[g], level[h])
                f1, f0 = (high[f], low[f]) if level[f] == top else (f, f)
                g1, g0 = (high[g], low[g]) if level[g] == top else (g, g)
                h1, h0 = (high[h], low[h]) if level[h] == top else (h, h)
                component = self.component[f if level[f] == top else g if level[g] == top else h]
                todo += [(component, f, g, h), (-1, f0, g0, h0), (-1, f1, g1, h1)]  # the last one is taken first
        return done[0]

    def at_least(self, needed_count: int, inputs: Sequence[int]) -> int:
        """Return the node of "at least so many of these"; the last inputs first, so that each step stays near the top."""
        if needed_count <= 0:
            return UP
        spare = len(inputs) - needed_count
        if spare < 0:
            return DOWN
        # rest[s]: the inputs seen so far work with at most s of them down
        rest = [UP] * (spare + 1)
        for each in reversed(inputs):
            rest = [self.ite(each, rest[s], rest[s - 1] if s else DOWN) for s in range(spare + 1)]
        return rest[spare]


def diagram(
    components_count: int,
    gates: Sequence[Gate],
    tops: Sequence[int] | None = None,
    order: Sequence[int] | None = None,
    nodes_max_count: int = 200_000,
) -> Diagram:
    """Turn a structure into its decision diagram.

    Parameters
    ----------
    components_count : int
        How many components there are.
    gates : sequence of Gate
        Each after those that feed it.
    tops : sequence of int, optional
        Components or gates (as in `Gate.inputs`) whose state is asked for. Default: the last gate.
    order : sequence of int, optional
        All components, in the order in which they are decided. It changes the size, never the result. Good: what is shared
        by many first, what serves one last. Default: by number.
    nodes_max_count : int
        When there are more, it gives up.

    Returns
    -------
    Diagram
        With one root for each of `tops`.

    Raises
    ------
    DiagramTooLargeError
        If it grows beyond `nodes_max_count`.

    Notes
    -----
    A gate "at least k of n" is built in n * (n - k + 1) steps; gates share nodes, so that a component that feeds many paths is
    counted once.

    References
    ----------
    R. E. Bryant, Graph-based algorithms for Boolean function manipulation, IEEE Trans. Computers C-35 (1986). A. Rauzy, New
    algorithms for fault trees analysis, Reliability Engineering and System Safety 40 (1993).

    Examples
    --------
    Two paths share component 0: 0 and (1 or 2).

    >>> paths = diagram(3, [Gate(1, (1, 2)), Gate(2, (0, -1))])
    >>> len(paths.components) - 2, f"{diagram_unavailability(paths, [0.01, 0.1, 0.1])[0]:.4f}"
    (3, '0.0199')
    """
    places = [0] * components_count
    for place, component in enumerate(range(components_count) if order is None else order):
        places[component] = place
    builder = _Builder(places, nodes_max_count)
    asked = (-len(gates),) if tops is None else tuple(tops)
    wanted = _gates_above(gates, asked)
    leaves: dict[int, int] = {}
    built: list[int] = []

    def node_of(signal: int) -> int:
        if signal < 0:
            return built[-1 - signal]
        if signal not in leaves:
            leaves[signal] = builder.node(signal, UP, DOWN)
        return leaves[signal]

    for gate, is_wanted in zip(gates, wanted, strict=True):
        node = DOWN
        if is_wanted:
            node = builder.at_least(gate.needed_count, [node_of(signal) for signal in gate.inputs])
        built.append(node)
    return _trimmed(builder, [node_of(signal) for signal in asked], components_count)


def _gates_above(gates: Sequence[Gate], tops: Sequence[int]) -> list[bool]:
    """Tell which gates the tops depend on."""
    wanted = [False] * len(gates)
    for top in tops:
        if top < 0:
            wanted[-1 - top] = True
    for number in range(len(gates) - 1, -1, -1):
        if wanted[number]:
            for signal in gates[number].inputs:
                if signal < 0:
                    wanted[-1 - signal] = True
    return wanted


def _trimmed(builder: _Builder, roots: list[int], components_count: int) -> Diagram:
    """Keep the nodes that the roots lead to, children first."""
    wanted = [False] * len(builder.level)
    for root in roots:
        wanted[root] = True
    for node in range(len(wanted) - 1, 1, -1):
        if wanted[node]:
            wanted[builder.high[node]] = wanted[builder.low[node]] = True
    number = {DOWN: 0, UP: 1}
    kept = [0, 1]
    for node in range(2, len(wanted)):
        if wanted[node]:
            number[node] = len(kept)
            kept.append(node)
    return Diagram(
        components=tuple(builder.component[node] for node in kept),
        if_up=tuple(number[builder.high[node]] for node in kept),
        if_down=tuple(number[builder.low[node]] for node in kept),
        roots=tuple(number[root] for root in roots),
        components_count=components_count,
    )


def node_unavailability(graph: Diagram, unavailability_fractions: Sequence[F]) -> list[F | float]:
    """Probability of ending down from every node of a diagram.

    Parameters
    ----------
    graph : Diagram
        The structure.
    unavailability_fractions : sequence of float or array
        Of each component, independent of each other; arrays of one shape: many cases at once.

    Returns
    -------
    list of float or array
        One for each node; those of the roots are what `diagram_unavailability` returns.

    Notes
    -----
    ``Q(node) = q Q(if down) + (1 - q) Q(if up)``: sums of positive terms only, so that small values keep their digits.

    References
    ----------
    Rauzy (1993), see `diagram`.

    Examples
    --------
    Down, up, and a single component:

    >>> node_unavailability(diagram(1, [Gate(1, (0,))]), [0.25])
    [1.0, 0.0, 0.25]
    """
    down: list[F | float] = [1.0, 0.0]
    for node in range(2, len(graph.components)):
        q = unavailability_fractions[graph.components[node]]
        down.append(q * down[graph.if_down[node]] + (1 - q) * down[graph.if_up[node]])
    return down


def diagram_unavailability(graph: Diagram, unavailability_fractions: Sequence[F]) -> list[F | float]:
    """Probability that each of a diagram's tops is down.

    Parameters
    ----------
    graph : Diagram
        The structure.
    unavailability_fractions : sequence of float or array
        Of each component, independent of each other; arrays of one shape: many cases at once.

    Returns
    -------
    list of float or array
        One for each root.

    Notes
    -----
    Exact for independent components, see `node_unavailability`.

    References
    ----------
    Rauzy (1993), see `diagram`.

    Examples
    --------
    A bridge of five like components:

    >>> paths = [Gate(2, (0, 1)), Gate(2, (2, 3)), Gate(3, (0, 4, 3)), Gate(3, (2, 4, 1)), Gate(1, (-1, -2, -3, -4))]
    >>> f"{diagram_unavailability(diagram(5, paths), [0.1] * 5)[0]:.5f}"  # 2 q^2 + 2 q^3 - 5 q^4 + 2 q^5
    '0.02152'
    """
    down = node_unavailability(graph, unavailability_fractions)
    return [down[root] for root in graph.roots]


def states_up(gates: Sequence[Gate], components_up: Sequence[int], all_states: int) -> list[int]:
    """Evaluate a structure in many states at once.

    Parameters
    ----------
    gates : sequence of Gate
        Each after those that feed it.
    components_up : sequence of int
        Per component the states in which it works, as bits of one integer: bit 3 is state number 3.
    all_states : int
        An integer in which the bit of every state is set.

    Returns
    -------
    list of int
        Per gate the states in which it works.

    Notes
    -----
    A thousand states cost as much as one: a gate is a few operations on long integers.

    Examples
    --------
    Two of three, in four states: none is out, and each of them alone; then a series of two.

    >>> up = [0b1101, 0b1011, 0b0111]
    >>> [bin(states) for states in states_up([Gate(2, (0, 1, 2)), Gate(2, (-1, 0))], up, 0b1111)]
    ['0b1111', '0b1101']
    """
    up: list[int] = []
    for gate in gates:
        states = [components_up[each] if each >= 0 else up[-1 - each] for each in gate.inputs]
        spare = len(states) - gate.needed_count
        if gate.needed_count <= 0:
            up.append(all_states)
            continue
        if spare < 0:
            up.append(0)
            continue
        if gate.needed_count == 1:
            either = 0
            for each in states:
                either |= each
            up.append(either)
            continue
        within = [all_states] * (spare + 1)  # within[s]: at most s of those seen so far are down
        for each in states:
            within = [within[s] & (each | within[s - 1]) if s else within[0] & each for s in range(spare + 1)]
        up.append(within[spare])
    return up
