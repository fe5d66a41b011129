"""Extended generalised fat trees, given level by level."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from topologies.clos import TIERS
from topologies.errors import TopologyError, require
from topologies.fabric import NONE, Cables, Endpoints, Fabric, Switches

__all__ = ["xgft"]


def xgft(
    children: Sequence[int],
    parents: Sequence[int],
    parallel: Sequence[int] | None = None,
    *,
    gbit_per_s: float | Sequence[float] = 400.0,
    rails: int = 1,
) -> Fabric:
    """Build an extended generalised fat tree, level by level.

    Parameters
    ----------
    children : sequence of int
        m1..mh: children of a switch of each level, the lowest first.
    parents : sequence of int
        w1..wh: parents of an endpoint (w1), of a switch of level 1 (w2), and so on. With w1 = 2 every endpoint has two ports,
        in two planes that meet nowhere above it.
    parallel : sequence of int, optional
        p1..ph: cables to each of these parents. Default: one.
    gbit_per_s : float or sequence of float
        Rate of the cables of each level in one direction [Gbit/s].
    rails : int
        NICs of a host, each on a switch of level 1 of its own (rail-optimised); 1: neighbours share a switch. Divides
        ``m2 * ... * mh``.

    Returns
    -------
    Fabric
        Tiers leaf, spine, core, tier4, ...; layers node_leaf, leaf_spine, spine_core, .... Coordinates: the number among the
        subtrees of its level, and among the switches on top of that subtree.

    Raises
    ------
    TopologyError
        If `rails` does not divide the number of leaves of a plane.
    ValueError
        If a number is below 1 or the lengths differ.

    Notes
    -----
    Level i has ``m(i+1) * ... * mh * w1 * ... * wi`` switches. A switch (a, b) of level i, with a the subtree and b the place
    on top, has the parents ``(a // m(i+1), b + k * w1 * ... * wi)`` for k below w(i+1).

    References
    ----------
    Ohring et al., On Generalized Fat Trees (IPPS 1995). SimGrid's cluster zones write the same as "h;m1,..;w1,..;p1,..".

    Examples
    --------
    SimGrid's example "2;4,4;1,2;1,2": 16 endpoints, 4 leaves, 2 tops, two cables each.

    >>> fabric = xgft((4, 4), (1, 2), (1, 2))
    >>> fabric.endpoint_count, fabric.switches_by_tier(), fabric.cables_by_layer()
    (16, {'leaf': 4, 'spine': 2}, {'node_leaf': 16, 'leaf_spine': 16})
    """
    m, w = [int(each) for each in children], [int(each) for each in parents]
    p = [1] * len(m) if parallel is None else [int(each) for each in parallel]
    rates = [float(each) for each in gbit_per_s] if isinstance(gbit_per_s, Sequence) else [float(gbit_per_s)] * len(m)
    require(len(m) >= 1, "children must name at least one level")
    require(len(m) == len(w) == len(p) == len(rates), "children, parents, parallel and gbit_per_s must name the same levels")
    require(min(*m, *w, *p, rails) >= 1, "children, parents, parallel and rails must be at least 1")
    require(min(rates) > 0, "gbit_per_s must be above 0")
    levels, leaves, planes = len(m), math.prod(m[1:]), w[0]
    if leaves % rails:
        shares = [each for each in range(1, leaves + 1) if leaves % each == 0]
        nearest = [max(each for each in shares if each < rails), *(each for each in shares if each > rails)][:2]
        message = f"{rails} rails do not share out the {leaves} leaves of a plane"
        raise TopologyError(message, 0, "shape", [{"rails": each} for each in nearest])
    tiers = [*TIERS, *(f"tier{number}" for number in range(4, levels + 1))][:levels]
    layers = [f"{low}_{high}" for low, high in zip(["node", *tiers], tiers, strict=False)]
    endpoints = leaves * m[0]

    # Level 0 has the endpoints, numbered by leaf; then each level's subtrees and the places on top of them.
    first, tables, names, rows = 0, [], [], []
    below = endpoints
    for level in range(1, levels + 1):
        subtrees, tops = math.prod(m[level:]), math.prod(w[:level])
        lower_tops = tops // w[level - 1]
        subtree, child, top, up, cable = np.indices((subtrees, m[level - 1], lower_tops, w[level - 1], p[level - 1]))
        lower = first + (subtree * m[level - 1] + child) * lower_tops + top
        upper_place = top + up * lower_tops
        plane = upper_place % planes
        rail = np.full_like(lower, NONE)
        if level == 1:
            down_ports = 0
            a_port = up * p[0] + cable + 1
            if rails > 1:
                rail = subtree % rails
                lower = (subtree // rails * m[0] + child) * rails + rail
        else:
            down_ports = m[level - 2] * p[level - 2]
            a_port = down_ports + up * p[level - 1] + cable + 1
        b_port = child * p[level - 1] + cable + 1
        tables.append(
            Cables.lay(
                lower,
                a_port,
                below + subtree * tops + upper_place,
                b_port,
                gbit_per_s=rates[level - 1],
                layer=level - 1,
                plane=plane,
                rail=rail,
            )
        )
        up_ports = w[level] * p[level] if level < levels else 0
        of, place = np.indices((subtrees, tops)).reshape(2, -1)
        names += [
            _xgft_name(tiers[level - 1], a, b, subtrees, tops, planes) for a, b in zip(of.tolist(), place.tolist(), strict=True)
        ]
        rail_of = of % rails if level == 1 and rails > 1 else np.full_like(of, NONE)
        ports = np.full_like(of, m[level - 1] * p[level - 1] + up_ports)
        rows.append(np.stack([np.full_like(of, level), of, place % planes, rail_of, ports, place]))
        first, below = below, below + subtrees * tops

    tier, group, plane, rail, ports, place = np.concatenate(rows, axis=1).astype(np.int32)
    number = np.arange(endpoints, dtype=np.int32)
    hosts = endpoints // rails
    host_names = tuple(f"n{host:04d}" for host in range(hosts))
    return Fabric(
        topology="xgft",
        parameters={
            "children": m,
            "parents": w,
            "parallel": p,
            "gbit_per_s": rates,
            **({"rails": rails} if rails > 1 else {}),
        },
        tiers=tuple(tiers),
        layers=tuple(layers),
        switches=Switches(tuple(names), tier, group, plane, rail, ports, np.stack([group, place], axis=1)),
        endpoints=Endpoints(
            names=tuple(f"{host}-nic{nic}" for host in host_names for nic in range(rails)),
            kind=np.zeros_like(number),
            host=number // rails,
            slot=number % rails,
            rail=number % rails if rails > 1 else np.full_like(number, NONE),
            host_names=host_names,
        ),
        cables=Cables.join(tables),
    )


def _xgft_name(tier: str, subtree: int, place: int, subtrees: int, places: int, planes: int) -> str:
    """Name a switch after what tells it from the others of its tier."""
    plane = f"p{place % planes}-" if planes > 1 else ""
    place, places = place // planes, places // planes
    if places == 1:
        return f"{plane}{tier}{subtree:03d}"
    return f"{plane}{tier}{place:03d}" if subtrees == 1 else f"{plane}pod{subtree:02d}-{tier}{place:03d}"
