"""Dragonfly and Dragonfly+: groups of switches, and links between every pair of groups."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from topologies._direct import check_hosts, layer_rates, mixed_names, node_cables, node_endpoints, ports_of_router, routers
from topologies.errors import TopologyError, require
from topologies.fabric import Cables, Fabric, next_ports, recipe_parameters

__all__ = ["dragonfly", "dragonfly_plus"]


def dragonfly(
    p: int,
    a: int,
    h: int,
    groups: int | None = None,
    links_per_group_pair: int | None = None,
    *,
    nics_per_host: int = 1,
    radix: int | None = None,
    gbit_per_s: float = 400.0,
    endpoint_gbit_per_s: float | None = None,
    local_gbit_per_s: float | None = None,
    global_gbit_per_s: float | None = None,
) -> Fabric:
    """Build a dragonfly: the routers of a group see each other directly, and every pair of groups has links.

    Parameters
    ----------
    p : int
        Endpoints of a router.
    a : int
        Routers of a group.
    h : int
        Ports of a router for links to other groups.
    groups : int, optional
        Groups, at most ``a * h + 1``. Default: as many as there are global ports for,
        with one link (or `links_per_group_pair`) to each other group.
    links_per_group_pair : int, optional
        Links between each pair of groups. Default: as many as the ``a * h`` global ports of a group allow, spread
        evenly (see Notes).
    nics_per_host : int
        Neighbouring endpoints of a router that are one host; divides `p`.
    radix : int, optional
        Ports of a router. Default: as many as it needs, ``p + a - 1 + h``.
    gbit_per_s : float
        Rate of every link in one direction [Gbit/s].
    endpoint_gbit_per_s, local_gbit_per_s, global_gbit_per_s : float, optional
        Rate of the links of one layer, where it is another [Gbit/s].

    Returns
    -------
    Fabric
        Tier router; layers node_router, local, global. Coordinates of a router: its group, its number there. Ports: first
        endpoints, then the routers of the group in their order, then global links.

    Raises
    ------
    TopologyError
        If there are too many groups or links for the global ports, or too few ports; ``nearest`` says what would fit.
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    Global links are numbered through in each group and shared out in blocks to its routers, whose numbers of global links
    differ by at most one. Link i of group g leads to group ``g + 1 + i mod (groups - 1)``, modulo groups (the "palm tree", or
    consecutive relative, arrangement). Once no further round over all groups fits into the ports that are left, these go to
    the groups next on both sides of the circle, so that pairs of groups differ by at most one link. If groups and the
    remainder are both odd, one port of each group stays free. With `links_per_group_pair` all pairs have equally many.

    References
    ----------
    Kim, Dally, Scott and Abts, Technology-Driven, Highly-Scalable Dragonfly Topology (ISCA 2008).
    Camarero, Vallejo and Beivide, Topological Characterization of Hamming and Dragonfly Networks and Its Implications on
    Routing (ACM TACO 11(4), 2014): the arrangement.

    Examples
    --------
    The balanced dragonfly of radix 7 that the first paper draws: 9 groups of 4 routers with 2 endpoints each.

    >>> fabric = dragonfly(2, 4, 2)
    >>> fabric.endpoint_count, fabric.switch_count, fabric.cables_by_layer()
    (72, 36, {'node_router': 72, 'local': 54, 'global': 36})

    Frontier's 74 compute groups of 32 switches, with 4 links to every other group: 57 % of what the endpoints inject.

    >>> fabric = dragonfly(16, 32, 10, 74, 4, gbit_per_s=200.0)
    >>> fabric.endpoint_count, fabric.cables_by_layer()["global"], round(73 * 4 / (32 * 16), 2)
    (37888, 10804, 0.57)
    """
    parameters = dict(locals())
    of_endpoints, of_locals, of_globals = layer_rates(
        gbit_per_s,
        endpoint_gbit_per_s=endpoint_gbit_per_s,
        local_gbit_per_s=local_gbit_per_s,
        global_gbit_per_s=global_gbit_per_s,
    )
    require(a >= 1, "a must be at least 1")
    check_hosts(p, nics_per_host)
    count = _groups(a, h, groups, links_per_group_pair)
    needed = p + a - 1 + h
    over = needed - (radix or needed)
    nearest = [{name: value - over} for name, value in (("h", h), ("p", p), ("a", a))]
    ports = ports_of_router(f"a router with {p} endpoints, {a - 1} local and {h} global links", needed, radix, nearest)
    endpoints = count * a * p
    group, one, other = (each.ravel() for each in np.indices((count, a, a)))
    lower = one < other
    group, one, other = group[lower], one[lower], other[lower]
    first = endpoints + group * a
    return Fabric(
        topology="dragonfly",
        parameters=recipe_parameters(dragonfly, parameters),
        tiers=("router",),
        layers=("node_router", "local", "global"),
        switches=routers(
            mixed_names([("g", count), ("r", a)]),
            np.indices((count, a)).reshape(2, -1).T,
            ports,
            group=np.repeat(np.arange(count), a),
        ),
        endpoints=node_endpoints(endpoints, nics_per_host),
        cables=Cables.join(
            [
                node_cables(endpoints, p, gbit_per_s=of_endpoints),
                # Router i is behind port p + i of those after it, and one port further on of those before it.
                Cables.lay(first + one, p + other, first + other, p + one + 1, gbit_per_s=of_locals, layer=1),
                _global_cables(count, a, h, links_per_group_pair, first=endpoints, first_port=p + a, gbit_per_s=of_globals),
            ]
        ),
    )


def dragonfly_plus(
    leaves: int,
    spines: int,
    p: int,
    h: int,
    groups: int | None = None,
    links_per_group_pair: int | None = None,
    *,
    nics_per_host: int = 1,
    radix: int | None = None,
    gbit_per_s: float = 400.0,
    endpoint_gbit_per_s: float | None = None,
    local_gbit_per_s: float | None = None,
    global_gbit_per_s: float | None = None,
) -> Fabric:
    """Build a Dragonfly+: groups are two tiers of a Clos network, and their spines have the links to other groups.

    Parameters
    ----------
    leaves, spines : int
        Leaves and spines of a group; every leaf has a link to every spine.
    p : int
        Endpoints of a leaf.
    h : int
        Ports of a spine for links to other groups.
    groups : int, optional
        Groups, at most ``spines * h + 1``. Default: as many as there are global ports for,
        with one link (or `links_per_group_pair`) to each other group.
    links_per_group_pair : int, optional
        Links between each pair of groups. Default: as many as fit, spread evenly (see Notes of `dragonfly`).
    nics_per_host : int
        Neighbouring endpoints of a leaf that are one host; divides `p`.
    radix : int, optional
        Ports of leaves and spines. Default: ``p + spines`` and ``leaves + h``.
    gbit_per_s : float
        Rate of every link in one direction [Gbit/s].
    endpoint_gbit_per_s, local_gbit_per_s, global_gbit_per_s : float, optional
        Rate of the links of one layer, where it is another [Gbit/s].

    Returns
    -------
    Fabric
        Tiers leaf, spine; layers node_router, leaf_spine, global. Coordinates of a switch: its group, its number there
        among those of its tier. Ports: first what is below, then what is above or in other groups.

    Raises
    ------
    TopologyError
        If there are too many groups or links for the global ports, or too few ports; ``nearest`` says what would fit.
    ValueError
        If a parameter is out of its range.

    References
    ----------
    Shpiner et al., Dragonfly+: Low Cost Topology for Scaling Datacenters (HiPINEB 2017).

    Examples
    --------
    Two leaves of two endpoints, two spines of two global links: 2 * 2 + 1 = 5 groups, 10 pairs of them.

    >>> fabric = dragonfly_plus(2, 2, 2, 2)
    >>> fabric.endpoint_count, fabric.switches_by_tier(), fabric.cables_by_layer()
    (20, {'leaf': 10, 'spine': 10}, {'node_router': 20, 'leaf_spine': 20, 'global': 10})
    """
    parameters = dict(locals())
    of_endpoints, of_locals, of_globals = layer_rates(
        gbit_per_s,
        endpoint_gbit_per_s=endpoint_gbit_per_s,
        local_gbit_per_s=local_gbit_per_s,
        global_gbit_per_s=global_gbit_per_s,
    )
    require(min(leaves, spines) >= 1, "leaves and spines must be at least 1")
    check_hosts(p, nics_per_host)
    count = _groups(spines, h, groups, links_per_group_pair)
    room = radix or 0
    if radix is not None and min(p + spines, leaves + h) > radix:
        ports_of_router("a leaf or a spine of this group", max(p + spines, leaves + h), radix)
    leaf_nearest = [{"p": room - spines}, {"spines": room - p}]
    leaf_ports = ports_of_router(f"a leaf with {p} endpoints and {spines} spines", p + spines, radix, leaf_nearest)
    spine_nearest = [{"h": room - leaves}, {"leaves": room - h}]
    spine_ports = ports_of_router(f"a spine with {leaves} leaves and {h} global links", leaves + h, radix, spine_nearest)
    endpoints, leaf_count, spine_count = count * leaves * p, count * leaves, count * spines
    group, leaf, spine = np.indices((count, leaves, spines))
    first_spine = endpoints + leaf_count
    tier = np.repeat([1, 2], [leaf_count, spine_count])
    places = [np.indices((count, each)).reshape(2, -1).T for each in (leaves, spines)]
    coordinates = np.concatenate(places)
    return Fabric(
        topology="dragonfly-plus",
        parameters=recipe_parameters(dragonfly_plus, parameters),
        tiers=("leaf", "spine"),
        layers=("node_router", "leaf_spine", "global"),
        switches=routers(
            mixed_names([("g", count), ("leaf", leaves)]) + mixed_names([("g", count), ("spine", spines)]),
            coordinates,
            np.where(tier == 1, leaf_ports, spine_ports),
            group=coordinates[:, 0],
            tier=tier,
        ),
        endpoints=node_endpoints(endpoints, nics_per_host),
        cables=Cables.join(
            [
                node_cables(endpoints, p, gbit_per_s=of_endpoints),
                Cables.lay(
                    endpoints + group * leaves + leaf,
                    p + spine + 1,
                    first_spine + group * spines + spine,
                    leaf + 1,
                    gbit_per_s=of_locals,
                    layer=1,
                ),
                _global_cables(
                    count,
                    spines,
                    h,
                    links_per_group_pair,
                    first=first_spine,
                    first_port=leaves + 1,
                    gbit_per_s=of_globals,
                ),
            ]
        ),
    )


def _groups(of_group: int, h: int, groups: int | None, links: int | None) -> int:
    """Tell the number of groups, of so many switches with h global ports; refuse more than these ports can join."""
    require(h >= 0, "h must not be negative")
    require(groups is None or groups >= 1, "groups must be at least 1")
    require(links is None or links >= 1, "links_per_group_pair must be at least 1")
    room = of_group * h
    asked = links or 1
    others = room // asked if groups is None else groups - 1
    if others * asked > room:
        word = "link" if asked == 1 else "links"
        nearest = [{"groups": room // asked + 1}, {"h": math.ceil(others * asked / of_group)}]
        if room >= others:
            nearest.insert(0, {"links_per_group_pair": room // others})
        message = f"{asked} {word} to each of {others} other groups do not fit the {room} global ports of a group"
        raise TopologyError(message, 0, "shape", nearest)
    return others + 1


def _ends_of_links(groups: int, ports: int, links: int | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For every global link of a group in order: the distance to the group it leads to, and its number over there."""
    others = groups - 1
    rounds = links or ports // others
    step = np.arange(others)
    # Seen from over there the distance is groups - distance: the round is passed in the opposite order.
    distance = np.tile(step + 1, rounds)
    number = np.repeat(np.arange(rounds) * others, others) + np.tile(others - 1 - step, rounds)
    rest = 0 if links else ports - rounds * others
    if rest % 2 and groups % 2:
        rest -= 1
    step = np.arange(rest)
    near = np.where(step < rest // 2, step + 1, groups - (rest - step))
    if rest % 2:
        near[rest // 2] = groups // 2
    return np.concatenate([distance, near]), np.concatenate([number, rounds * others + rest - 1 - step])


def _global_cables(
    groups: int, routers_per_group: int, h: int, links: int | None, *, first: int, first_port: int, gbit_per_s: float
) -> Cables:
    """Lay the links between groups (see Notes of `dragonfly`): h ports of each router, from `first_port` on."""
    if groups == 1:
        none = np.zeros(0, np.int64)
        return Cables.lay(none, none, none, none, gbit_per_s=gbit_per_s, layer=2)
    distance, number = _ends_of_links(groups, routers_per_group * h, links)
    total = len(distance)
    router = np.arange(total) * routers_per_group // total
    port = next_ports(router, first_port)
    group, link = (each.ravel() for each in np.indices((groups, total)))
    other = (group + distance[link]) % groups
    once = group < other
    group, link, other = group[once], link[once], other[once]
    back = number[link]
    return Cables.lay(
        first + group * routers_per_group + router[link],
        port[link],
        first + other * routers_per_group + router[back],
        port[back],
        gbit_per_s=gbit_per_s,
        layer=2,
    )
