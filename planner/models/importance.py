"""What matters in a reliability block diagram: importance, smallest cut sets, and mean times of the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from planner.models.diagrams import DOWN, UP, Diagram, diagram_unavailability, node_unavailability

__all__ = ["birnbaum", "mean_times", "minimal_cut_sets"]

Floats = NDArray[np.float64]
F = TypeVar("F", float, Floats)


def birnbaum(graph: Diagram, unavailability_fractions: Sequence[F], root: int = 0) -> list[F | float]:
    """Birnbaum importance of every component: how much more often the top is down when the component is out than when not.

    Parameters
    ----------
    graph : Diagram
        The structure.
    unavailability_fractions : sequence of float or array
        Of each component.
    root : int
        Which of the diagram's tops, from 0.

    Returns
    -------
    list of float or array
        Per component, 0 (does not matter) to 1 (alone decides).

    Notes
    -----
    ``dQ / dq``, by one pass up and one pass down the diagram.

    References
    ----------
    Birnbaum (1968), see `planner.models.reliability.k_of_n_birnbaum`; Barlow and Proschan (1975), chapter 2.

    Examples
    --------
    0 and (1 or 2): 0 matters while one of the pair works, 1 while 0 works and 2 is out.

    >>> from planner.models.diagrams import Gate, diagram
    >>> paths = diagram(3, [Gate(1, (1, 2)), Gate(2, (0, -1))])
    >>> [f"{value:.3f}" for value in birnbaum(paths, [0.01, 0.1, 0.1])]
    ['0.990', '0.099', '0.099']
    """
    down = node_unavailability(graph, unavailability_fractions)
    reach: list[F | float] = [0.0] * len(graph.components)
    reach[graph.roots[root]] = 1.0
    importance: list[F | float] = [0.0] * graph.components_count
    for node in range(graph.roots[root], 1, -1):
        here = reach[node]
        if isinstance(here, float) and here == 0.0:
            continue
        component, high, low = graph.components[node], graph.if_up[node], graph.if_down[node]
        q = unavailability_fractions[component]
        importance[component] = importance[component] + here * (down[low] - down[high])
        reach[high] = reach[high] + here * (1 - q)
        reach[low] = reach[low] + here * q
    return importance


def mean_times(graph: Diagram, mtbf_hours: Sequence[float], mttr_hours: Sequence[float], root: int = 0) -> tuple[float, float]:
    """Mean time in service and mean time out of service of a whole structure of repairable components.

    Parameters
    ----------
    graph : Diagram
        The structure.
    mtbf_hours, mttr_hours : sequence of float
        Of each component [h].
    root : int
        Which of the diagram's tops, from 0.

    Returns
    -------
    tuple of float
        Mean time between failures, and mean time to repair, of the structure [h]; no failures: infinity and 0.

    Notes
    -----
    It fails ``w = sum of I_B / (MTBF + MTTR)`` times an hour; then ``MTTR = Q / w`` and ``MTBF = (1 - Q) / w``.

    References
    ----------
    W. E. Vesely, A time-dependent methodology for fault tree evaluation, Nuclear Engineering and Design 13 (1970).

    Examples
    --------
    Two pumps, one is enough: with two crews both are out for half as long, once in 1,010^2 / (2 * 10) h.

    >>> from planner.models.diagrams import Gate, diagram
    >>> mtbf, mttr = mean_times(diagram(2, [Gate(1, (0, 1))]), [1000.0, 1000.0], [10.0, 10.0])
    >>> f"{mtbf:.0f} {mttr:.1f}"
    '51000 5.0'
    """
    q = [mttr / (mtbf + mttr) for mtbf, mttr in zip(mtbf_hours, mttr_hours, strict=True)]
    importance = birnbaum(graph, q, root)
    failures_per_hour = sum(
        float(each) / (mtbf + mttr) for each, mtbf, mttr in zip(importance, mtbf_hours, mttr_hours, strict=True)
    )
    down = float(diagram_unavailability(graph, q)[root])
    if failures_per_hour == 0:
        return float("inf"), 0.0
    return (1 - down) / failures_per_hour, down / failures_per_hour


def minimal_cut_sets(
    graph: Diagram,
    order_max: int = 3,
    weights: Sequence[int] | None = None,
    root: int = 0,
    fractions: Sequence[float] | None = None,
    fraction_min: float = 0.0,
) -> list[frozenset[int]]:
    """Smallest sets of components whose outage takes the top down, up to an order: all of these, and no others.

    Parameters
    ----------
    graph : Diagram
        The structure.
    order_max : int
        Largest order.
    weights : sequence of int, optional
        What each component adds to the order: 3 for a group of like units that is down when three of them are. Default: 1.
    root : int
        Which of the diagram's tops, from 0.
    fractions : sequence of float, optional
        Unavailability of each component: then only sets that are out together with at least `fraction_min` are listed.
    fraction_min : float
        See `fractions`.

    Returns
    -------
    list of frozenset of int
        By order, then by number.

    Notes
    -----
    The structure must be coherent, which gates "at least k of" always are. From the ends up: the cut sets of a node are those
    of its up side, and those of its down side plus the component, unless they contain one of the up side.

    References
    ----------
    A. Rauzy, New algorithms for fault trees analysis, Reliability Engineering and System Safety 40 (1993).

    Examples
    --------
    >>> from planner.models.diagrams import Gate, diagram
    >>> paths = [Gate(2, (0, 1)), Gate(2, (2, 3)), Gate(3, (0, 4, 3)), Gate(3, (2, 4, 1)), Gate(1, (-1, -2, -3, -4))]
    >>> [sorted(cut) for cut in minimal_cut_sets(diagram(5, paths))]
    [[0, 2], [1, 3], [0, 3, 4], [1, 2, 4]]
    """
    weight = [1] * graph.components_count if weights is None else list(weights)
    q = [1.0] * graph.components_count if fractions is None else list(fractions)
    top = graph.roots[root]
    budget = [-1] * len(graph.components)  # order that may still be spent below a node
    budget[top] = order_max
    above = [0.0] * len(graph.components)  # how likely, at most, what is out above a node is
    above[top] = 1.0
    for node in range(top, 1, -1):
        high, low, component = graph.if_up[node], graph.if_down[node], graph.components[node]
        budget[high] = max(budget[high], budget[node])
        budget[low] = max(budget[low], budget[node] - weight[component])
        above[high] = max(above[high], above[node])
        above[low] = max(above[low], above[node] * q[component])
    # node -> cut set -> order, and how likely; a set that is too unlikely already is not looked at further
    cuts: dict[int, dict[frozenset[int], tuple[int, float]]] = {DOWN: {frozenset(): (0, 1.0)}, UP: {}}
    for node in range(2, top + 1):
        if budget[node] < 0:
            continue
        component = graph.components[node]
        up_side = cuts.get(graph.if_up[node], {})
        found = {}
        for cut, (order, together) in cuts.get(graph.if_down[node], {}).items():
            larger, rarer = order + weight[component], together * q[component]
            if larger <= budget[node] and rarer * above[node] >= fraction_min and not _contains_one_of(cut, up_side):
                found[cut | {component}] = larger, rarer
        cuts[node] = {**up_side, **found} if found else up_side
    return sorted(
        (cut for cut, (order, _) in cuts[top].items() if order <= order_max),
        key=lambda cut: (sum(weight[each] for each in cut), sorted(cut)),
    )


def _contains_one_of(cut: frozenset[int], others: Mapping[frozenset[int], object]) -> bool:
    """Tell whether a cut set contains one of others, itself included."""
    if cut in others or frozenset() in others:
        return True
    members = sorted(cut)
    return any(
        frozenset(members[i] for i in range(len(members)) if mask >> i & 1) in others
        for mask in range(1, (1 << len(members)) - 1)
    )
