"""Slim Fly: McKay-Miller-Siran graphs, the largest known of diameter two for many degrees."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from numpy.typing import NDArray

from topologies._direct import check_hosts, layer_rates, mixed_names, node_cables, node_endpoints, ports_of_router, routers
from topologies.errors import TopologyError, require
from topologies.fabric import Cables, Fabric, next_ports, recipe_parameters

__all__ = ["slim_fly"]


def slim_fly(
    q: int,
    p: int | None = None,
    *,
    nics_per_host: int = 1,
    radix: int | None = None,
    gbit_per_s: float = 400.0,
    endpoint_gbit_per_s: float | None = None,
    local_gbit_per_s: float | None = None,
    global_gbit_per_s: float | None = None,
) -> Fabric:
    """Build a Slim Fly: 2 q**2 routers, any two of them at most two links apart.

    Parameters
    ----------
    q : int
        A prime power (3, 4, 5, 7, 8, 9, 11, 13, 16, 17, 19, ...), not 2: ``q = 4 w + d`` with d of -1, 0 or 1.
    p : int, optional
        Endpoints of a router. Default: half its degree k', rounded up, which carries uniform traffic in full.
    nics_per_host : int
        Neighbouring endpoints of a router that are one host; divides `p`.
    radix : int, optional
        Ports of a router. Default: as many as it needs, ``p + k'``.
    gbit_per_s : float
        Rate of every link in one direction [Gbit/s].
    endpoint_gbit_per_s, local_gbit_per_s, global_gbit_per_s : float, optional
        Rate of the links of one layer, where it is another [Gbit/s].

    Returns
    -------
    Fabric
        Tier router; layers node_router, local (routers with the same s and x), global (between s = 0 and s = 1).
        Coordinates of a router: (s, x, y), with s 0 or 1 and x, y numbers of elements of GF(q), 0 to q - 1. Group: x, the
        rack of 2 q routers in which the paper puts both halves. Ports: first endpoints, then local links, then global.

    Raises
    ------
    TopologyError
        If q is no such prime power, or a router has too few ports; ``nearest`` says what would fit.
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    With g a primitive element of GF(q), (0, x, y) and (0, x, z) are joined where y - z is in X, (1, m, c) and (1, m, d) where
    c - d is in X', and (0, x, y) and (1, m, c) where y = m x + c. For d = 1 and 0, X has the even powers of g and X' the odd
    ones; for d = -1, both have (q + 1) / 2 elements, with their negatives. The degree k' is ``(3 q - d) / 2``. Element n of
    GF(prime**k) is the polynomial whose coefficients are the digits of n in base prime, the constant one last.

    References
    ----------
    McKay, Miller and Siran, A Note on Large Graphs of Diameter Two and Given Maximum Degree (J. Comb. Theory B 74, 1998).
    Hafner, Geometric Realisation of the Graphs of McKay-Miller-Siran (J. Comb. Theory B 90, 2004): the sets X and X'.
    Besta and Hoefler, Slim Fly: A Cost Effective Low-Diameter Network Topology (SC 2014, arXiv 1912.08968).

    Examples
    --------
    q = 5 gives the Hoffman-Singleton graph, 50 routers of degree 7; q = 19 the example of the paper, 10,830 endpoints.

    >>> fabric = slim_fly(5)
    >>> fabric.switch_count, fabric.endpoint_count, fabric.cables_by_layer()
    (50, 200, {'node_router': 200, 'local': 50, 'global': 125})
    >>> slim_fly(19).endpoint_count
    10830
    """
    parameters = dict(locals())
    require(q >= 2, "q must be at least 2")
    if not _possible(q):
        below = [{"q": each} for each in range(q - 1, 2, -1) if _possible(each)][:1]
        above = next({"q": each} for each in range(q + 1, 2 * q + 3) if _possible(each))
        nearest = sorted([*below, above], key=lambda each: abs(each["q"] - q))
        raise TopologyError(f"there is no Slim Fly of q = {q}: q must be a prime power, but not 2", 0, "shape", nearest)
    plus, times, powers = _field(q)
    first, second = _generators(q, powers)
    degree = q + len(first)
    here = math.ceil(degree / 2) if p is None else p
    check_hosts(here, nics_per_host)
    of_endpoints, of_locals, of_globals = layer_rates(
        gbit_per_s,
        endpoint_gbit_per_s=endpoint_gbit_per_s,
        local_gbit_per_s=local_gbit_per_s,
        global_gbit_per_s=global_gbit_per_s,
    )
    what = f"a router with {here} endpoints and {degree} links to others"
    ports = ports_of_router(what, here + degree, radix, [{"p": (radix or 0) - degree}])
    endpoints = 2 * q * q * here

    # Local: in each half and column the same graph of differences, every pair once.
    pairs = []
    for half, differences in enumerate((first, second)):
        x, y, step = (each.ravel() for each in np.indices((q, q, len(differences))))
        z = plus[y, differences[step]]
        once = y < z
        column = endpoints + half * q * q + x[once] * q
        pairs.append(np.stack([column + y[once], column + z[once]]))
    local = np.concatenate(pairs, axis=1)
    x, m, c = (each.ravel() for each in np.indices((q, q, q)))
    lower = endpoints + x * q + plus[times[m, x], c]
    upper = endpoints + q * q + m * q + c

    ends = next_ports(local.ravel(), here + 1).reshape(2, -1)
    coordinates = np.indices((2, q, q)).reshape(3, -1).T
    return Fabric(
        topology="slim-fly",
        parameters=recipe_parameters(slim_fly, parameters),
        tiers=("router",),
        layers=("node_router", "local", "global"),
        switches=routers(_names(q), coordinates, ports, group=coordinates[:, 1]),
        endpoints=node_endpoints(endpoints, nics_per_host),
        cables=Cables.join(
            [
                node_cables(endpoints, here, gbit_per_s=of_endpoints),
                Cables.lay(local[0], ends[0], local[1], ends[1], gbit_per_s=of_locals, layer=1),
                Cables.lay(
                    lower,
                    here + len(first) + m + 1,
                    upper,
                    here + len(first) + x + 1,
                    gbit_per_s=of_globals,
                    layer=2,
                ),
            ]
        ),
    )


def _names(q: int) -> tuple[str, ...]:
    places = mixed_names([("x", q), ("y", q)])
    return tuple(f"s{half}-{place}" for half in (0, 1) for place in places)


def _prime_power(q: int) -> tuple[int, int] | None:
    """Tell the prime and the exponent, or None."""
    prime = next((each for each in range(2, math.isqrt(q) + 1) if q % each == 0), q)
    exponent = round(math.log(q, prime))
    return (prime, exponent) if prime**exponent == q else None


def _possible(q: int) -> bool:
    return q > 2 and _prime_power(q) is not None


def _field(q: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Tables of GF(q): sums and products [q, q], and the powers 0 to q - 2 of a primitive element.

    The field is that of polynomials over the prime field, modulo one whose root has all elements but 0 as powers. It is
    found by trial; with an exponent of 1 the trial is one for a primitive root.
    """
    prime, exponent = _prime_power(q) or (q, 1)
    digits = np.array(list(product(range(prime), repeat=exponent)))
    weight = prime ** np.arange(exponent)[::-1]
    plus = (digits[:, None] + digits[None]) % prime @ weight
    for rest in product(range(prime), repeat=exponent):
        powers, element = [], np.eye(1, exponent, exponent - 1, dtype=np.int64)[0]
        for _ in range(q - 1):
            powers.append(int(element @ weight))
            # Times the root: one place up, and what leaves at the top comes back as `rest`.
            element = (np.append(element[1:], 0) + element[0] * np.array(rest)) % prime
        if len(set(powers)) == q - 1 and 0 not in powers:
            break
    power = np.array(powers)
    logarithm = np.zeros(q, np.int64)
    logarithm[power] = np.arange(q - 1)
    times = power[(logarithm[:, None] + logarithm[None]) % (q - 1)]
    times[0] = times[:, 0] = 0
    return plus, times, power


def _generators(q: int, powers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the differences that join routers of a column, in both halves."""
    if q % 4 < 3:  # d = 1 or 0
        return powers[np.arange(0, q - 1, 2)], powers[np.arange(1, q, 2) % (q - 1)]
    w = (q + 1) // 4
    first = np.concatenate([np.arange(0, 2 * w - 1, 2), np.arange(2 * w - 1, 4 * w - 2, 2)])
    second = np.concatenate([np.arange(1, 2 * w, 2), np.arange(2 * w, 4 * w - 1, 2)])
    return powers[first], powers[second % (q - 1)]
