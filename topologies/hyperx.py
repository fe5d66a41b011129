"""HyperX: a grid with a full mesh along every dimension; flattened butterflies and Hamming graphs are cases of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from topologies._direct import (
    AXES,
    check_hosts,
    grid_names,
    layer_rates,
    node_cables,
    node_endpoints,
    ports_of_router,
    routers,
)
from topologies.errors import require
from topologies.fabric import Cables, Fabric, recipe_parameters

__all__ = ["hyperx"]


def hyperx(
    shape: Sequence[int],
    p: int,
    links_per_pair: int | Sequence[int] = 1,
    *,
    nics_per_host: int = 1,
    radix: int | None = None,
    gbit_per_s: float = 400.0,
    endpoint_gbit_per_s: float | None = None,
) -> Fabric:
    """Build a HyperX: routers that differ in one coordinate only are joined.

    Parameters
    ----------
    shape : sequence of int
        S1..SL: routers along each dimension, one to six dimensions.
    p : int
        T: endpoints of a router.
    links_per_pair : int or sequence of int
        K1..KL: parallel links between two routers that are joined, in each dimension.
    nics_per_host : int
        Neighbouring endpoints of a router that are one host; divides `p`.
    radix : int, optional
        Ports of a router. Default: as many as it needs.
    gbit_per_s, endpoint_gbit_per_s : float
        Rate of every link, and of those to endpoints where it is another, in one direction [Gbit/s].

    Returns
    -------
    Fabric
        Tier router; layers node_router, x, y, z, .... Coordinates of a router: its place in the grid; the last one runs
        fastest in the count of routers. Ports: first endpoints, then dimension by dimension, in each by the other
        router's coordinate.

    Raises
    ------
    TopologyError
        If a router has too few ports; ``nearest`` says what would fit.
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    A router needs ``T + sum((Si - 1) * Ki)`` ports; there are ``prod(S) * sum((Si - 1) * Ki) / 2`` links between routers.
    Halving an even dimension i cuts ``prod(S) * Si * Ki / 4`` of them: ``Si * Ki / (2 * T)`` of what half the endpoints inject.

    References
    ----------
    Ahn et al., HyperX: Topology, Routing, and Packaging of Efficient Large-Scale Networks (SC 2009).

    Examples
    --------
    >>> fabric = hyperx((4, 3), 2)
    >>> fabric.switch_count, int(fabric.switches.ports[0]), fabric.cables_by_layer()
    (12, 7, {'node_router': 24, 'x': 18, 'y': 12})
    >>> fabric.label(24)
    'x00-y00:3 <-> x01-y00:3'
    """
    sizes = [int(size) for size in shape]
    require(1 <= len(sizes) <= len(AXES), f"shape must have 1 to {len(AXES)} dimensions")
    require(min(sizes) >= 1, "shape must be at least 1 in every dimension")
    parallel = [int(each) for each in links_per_pair] if isinstance(links_per_pair, Sequence) else [links_per_pair] * len(sizes)
    require(len(parallel) == len(sizes), "links_per_pair must name every dimension of shape")
    require(min(parallel) >= 1, "links_per_pair must be at least 1")
    check_hosts(p, nics_per_host)
    (of_endpoints,) = layer_rates(gbit_per_s, endpoint_gbit_per_s=endpoint_gbit_per_s)
    of_dimension = [(size - 1) * links for size, links in zip(sizes, parallel, strict=True)]
    needed = p + sum(of_dimension)
    nearest = [{"p": (radix or needed) - sum(of_dimension)}]
    ports = ports_of_router(f"a router with {p} endpoints and {sum(of_dimension)} links to others", needed, radix, nearest)
    count = math.prod(sizes)
    endpoints = count * p
    parts = [node_cables(endpoints, p, gbit_per_s=of_endpoints)]
    first_port = p + 1
    for number, (size, links) in enumerate(zip(sizes, parallel, strict=True)):
        stride = math.prod(sizes[number + 1 :])
        # Routers count (before, along, after): all pairs along, `links` times.
        before, one, other, after, link = (
            each.ravel() for each in np.indices((count // size // stride, size, size, stride, links))
        )
        once = one < other
        before, one, other, after, link = (each[once] for each in (before, one, other, after, link))
        row = endpoints + before * size * stride + after
        parts.append(
            Cables.lay(
                row + one * stride,
                first_port + (other - 1) * links + link,
                row + other * stride,
                first_port + one * links + link,
                gbit_per_s=gbit_per_s,
                layer=number + 1,
            )
        )
        first_port += of_dimension[number]
    parameters = {
        "shape": sizes,
        "p": p,
        "links_per_pair": parallel if isinstance(links_per_pair, Sequence) else links_per_pair,
        "nics_per_host": nics_per_host,
        "radix": radix,
        "gbit_per_s": gbit_per_s,
        "endpoint_gbit_per_s": endpoint_gbit_per_s,
    }
    return Fabric(
        topology="hyperx",
        parameters=recipe_parameters(hyperx, parameters),
        tiers=("router",),
        layers=("node_router", *AXES[: len(sizes)]),
        switches=routers(grid_names(sizes), np.indices(sizes).reshape(len(sizes), -1).T, ports),
        endpoints=node_endpoints(endpoints, nics_per_host),
        cables=Cables.join(parts),
    )
