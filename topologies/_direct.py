"""What the direct networks have in common: endpoints on every router, ports in a row, names of places in a grid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from topologies.errors import TopologyError, require
from topologies.fabric import ENDPOINT_KINDS, NONE, Cables, Endpoints, Ints, Switches

__all__ = [
    "AXES",
    "check_hosts",
    "grid_names",
    "host_endpoints",
    "layer_rates",
    "mixed_names",
    "node_cables",
    "node_endpoints",
    "ports_of_router",
    "routers",
]

AXES = "xyzuvw"
"""Names of the dimensions of grids (torus, HyperX)."""


def layer_rates(gbit_per_s: float, **of_layers: float | None) -> list[float]:
    """Tell the rate of every layer: its own where it has one, else that of all links; refuse what is not above 0.

    Parameters
    ----------
    gbit_per_s : float
        Rate of all links [Gbit/s].
    **of_layers : float or None
        Rate of a layer [Gbit/s], by the name of the parameter that gives it.

    Returns
    -------
    list of float
        Rates in the order of `of_layers` [Gbit/s].

    Examples
    --------
    >>> layer_rates(400.0, local_gbit_per_s=200.0, global_gbit_per_s=None)
    [200.0, 400.0]
    """
    for name, rate in {"gbit_per_s": gbit_per_s, **of_layers}.items():
        require(rate is None or rate > 0, f"{name} must be above 0")
    return [gbit_per_s if rate is None else rate for rate in of_layers.values()]


def check_hosts(p: int, nics_per_host: int) -> None:
    """Refuse routers whose endpoints are no whole hosts.

    Parameters
    ----------
    p : int
        Endpoints of a router.
    nics_per_host : int
        NICs of a host.

    Raises
    ------
    TopologyError
        If the second does not divide the first.
    ValueError
        If a number is below 1.

    Examples
    --------
    >>> check_hosts(8, 4)
    """
    require(p >= 1, "p must be at least 1")
    require(nics_per_host >= 1, "nics_per_host must be at least 1")
    if p % nics_per_host:
        nearest: list[dict[str, int]] = [{"p": max(round(p / nics_per_host), 1) * nics_per_host}]
        nearest += [{"nics_per_host": max(each for each in range(1, min(p, nics_per_host) + 1) if p % each == 0)}]
        message = f"the {p} endpoints of a router are no whole hosts of {nics_per_host} NICs"
        raise TopologyError(message, 0, "shape", nearest)


def mixed_names(pattern: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """Name the places of a mixed-radix count, the last number running fastest.

    Parameters
    ----------
    pattern : sequence of (str, int)
        Word before the number, and how many numbers there are. Numbers have at least two digits.

    Returns
    -------
    tuple of str
        Names, words joined by dashes.

    Examples
    --------
    >>> mixed_names([("g", 1), ("r", 2)])
    ('g00-r00', 'g00-r01')
    """
    names = [""]
    for word, count in pattern:
        width = max(2, len(str(count - 1)))
        parts = [f"{word}{number:0{width}d}" for number in range(count)]
        names = [f"{name}-{part}" if name else part for name in names for part in parts]
    return tuple(names)


def grid_names(shape: Sequence[int]) -> tuple[str, ...]:
    """Name the routers of a grid by their places.

    Examples
    --------
    >>> grid_names((1, 2, 1))
    ('x00-y00-z00', 'x00-y01-z00')
    """
    return mixed_names(list(zip(AXES, shape, strict=False)))


def node_endpoints(count: int, nics_per_host: int) -> Endpoints:
    """Make the columns of NICs of which so many neighbours in their order are one host.

    Parameters
    ----------
    count : int
        NICs E, a multiple of `nics_per_host`.
    nics_per_host : int
        NICs of a host.

    Returns
    -------
    Endpoints
        Columns of E; no rails.

    Examples
    --------
    >>> node_endpoints(4, 2).names
    ('n0000-nic0', 'n0000-nic1', 'n0001-nic0', 'n0001-nic1')
    """
    number = np.arange(count)
    return host_endpoints(number // nics_per_host, number % nics_per_host, kind="nic")


def host_endpoints(host: NDArray[np.integer], slot: NDArray[np.integer], *, kind: str) -> Endpoints:
    """Make the columns of endpoints from their hosts and their numbers there.

    Parameters
    ----------
    host, slot : array of int, shape (E,)
        Host, counted from 0 without gaps, and the number in it.
    kind : str
        One of `ENDPOINT_KINDS`; also the word in the names.

    Returns
    -------
    Endpoints
        Columns of E; no rails.

    Examples
    --------
    >>> host_endpoints(np.array([0, 1, 0]), np.array([0, 0, 1]), kind="gpu").names
    ('n0000-gpu0', 'n0001-gpu0', 'n0000-gpu1')
    """
    host_names = tuple(f"n{number:04d}" for number in range(int(host.max(initial=-1)) + 1))
    return Endpoints(
        names=tuple(f"{host_names[of]}-{kind}{number}" for of, number in zip(host.tolist(), slot.tolist(), strict=True)),
        kind=np.full(len(host), ENDPOINT_KINDS.index(kind), np.int32),
        host=host.astype(np.int32),
        slot=slot.astype(np.int32),
        rail=np.full(len(host), NONE, np.int32),
        host_names=host_names,
    )


def node_cables(endpoints: int, p: int, *, gbit_per_s: float) -> Cables:
    """Plug p endpoints into the first ports of every router.

    Parameters
    ----------
    endpoints : int
        Endpoints; the routers follow them in the count of vertices.
    p : int
        Endpoints of a router.
    gbit_per_s : float
        Rate of a link in one direction [Gbit/s].

    Returns
    -------
    Cables
        One an endpoint, in layer 0.

    Examples
    --------
    >>> cables = node_cables(4, 2, gbit_per_s=400.0)
    >>> cables.b.tolist(), cables.b_port.tolist()
    ([4, 4, 5, 5], [1, 2, 1, 2])
    """
    number = np.arange(endpoints)
    return Cables.lay(number, np.ones_like(number), endpoints + number // p, number % p + 1, gbit_per_s=gbit_per_s, layer=0)


def routers(
    names: tuple[str, ...],
    coordinates: NDArray[np.integer],
    ports: NDArray[np.integer] | int,
    *,
    group: NDArray[np.integer] | int = NONE,
    tier: NDArray[np.integer] | int = 1,
) -> Switches:
    """Make the columns of S routers in one plane and without rails; what is the same for all may be a number.

    Parameters
    ----------
    names : tuple of str
        S names.
    coordinates : array of int, shape (S, D)
        Places in the family's own coordinates.
    ports, group, tier : array of int, shape (S,), or int
        As in `topologies.fabric.Switches`.

    Returns
    -------
    Switches
        Columns of S.

    Examples
    --------
    >>> routers(("x00", "x01"), np.array([[0], [1]]), 8).ports.tolist()
    [8, 8]
    """
    count = len(names)

    def column(values: NDArray[np.integer] | int) -> Ints:
        return np.array(np.broadcast_to(values, count), dtype=np.int32)

    return Switches(
        names=names,
        tier=column(tier),
        group=column(group),
        plane=column(0),
        rail=column(NONE),
        ports=column(ports),
        coordinates=np.ascontiguousarray(coordinates, dtype=np.int32),
    )


def ports_of_router(what: str, needed: int, radix: int | None, nearest: Iterable[Mapping[str, int]] = ()) -> int:
    """Tell the ports of a router: as many as needed, or its radix, which must suffice.

    Parameters
    ----------
    what : str
        The router and what its ports are for, for the message.
    needed : int
        Ports that are needed.
    radix : int, optional
        Ports that the router has.
    nearest : iterable of mapping
        Values of parameters that would fit; those with a value below 1 are left out.

    Returns
    -------
    int
        Ports.

    Raises
    ------
    TopologyError
        If the radix is too small.

    Examples
    --------
    >>> ports_of_router("a router", 7, None), ports_of_router("a router", 7, 64)
    (7, 64)
    """
    if radix is None:
        return needed
    if needed > radix:
        fitting = [each for each in nearest if min(each.values()) >= 1]
        raise TopologyError(
            f"{what} needs {needed} ports, more than its radix of {radix}", 0, "ports", [*fitting, {"radix": needed}]
        )
    return radix
