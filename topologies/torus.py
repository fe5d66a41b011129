"""Tori and meshes of any number of dimensions, twisted or not, and tori of cubes that optical circuit switches join."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from topologies._direct import AXES, grid_names, host_endpoints, layer_rates, node_cables, routers
from topologies.errors import TopologyError, require
from topologies.fabric import NONE, Cables, Fabric, Ints, recipe_parameters

__all__ = ["OpticalPorts", "optical_ports", "optical_torus", "torus"]

OPTICAL = 2
"""Layer of the links between cubes in `optical_torus`."""


def torus(
    shape: Sequence[int],
    *,
    wrap: bool | Sequence[bool] = True,
    twist: bool | Sequence[Sequence[int]] = False,
    p: int = 1,
    host_shape: Sequence[int] | None = None,
    gbit_per_s: float = 400.0,
    endpoint_gbit_per_s: float | None = None,
) -> Fabric:
    """Build a torus of chips that are endpoint and router in one.

    Parameters
    ----------
    shape : sequence of int
        Chips along each dimension, one to six dimensions.
    wrap : bool or sequence of bool
        Whether the ends of a dimension are joined; without, it is a mesh there.
    twist : bool or sequence of sequence of int
        By how much the wrap-around link of a dimension (row) is shifted along the others (column). True: the twist that makes
        all dimensions alike where each has n or 2 n chips: those of n are shifted by n along those of 2 n. False: none.
    p : int
        Endpoints of a router: cores of a chip that are counted apart.
    host_shape : sequence of int, optional
        Chips of a host along each dimension, which they divide (TPU v4: 2, 2, 1). Default: one chip a host.
    gbit_per_s : float
        Rate of every link between chips in one direction [Gbit/s].
    endpoint_gbit_per_s : float, optional
        Rate between a router and its endpoint, inside the chip [Gbit/s]. Default: that of all links of the router, so that
        only these bind.

    Returns
    -------
    Fabric
        Tier router; layers internal, x, y, z, .... Coordinates of a router: its place; the last one runs fastest in the count
        of routers. Endpoints are of kind "gpu". Ports: first the endpoints, then for each dimension the link onwards
        (plus) and the link back (minus). End a of a link is the one that reaches the other by going onwards.

    Raises
    ------
    TopologyError
        If hosts do not divide the shape, or a twist runs in circles, is on a dimension that does not wrap or is asked for a
        shape that has none; ``nearest`` says what is possible.
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    A torus has ``prod(shape)`` links in every dimension, a mesh ``prod(shape) / n * (n - 1)`` in one of n. The wrap-around link
    of a dimension of two chips would join these a second time, and is left out; so is any link onwards that is another's way
    back. A twisted torus is the Cayley graph of the integer vectors modulo those that the links wrap around; it looks the
    same from everywhere, as the torus does.

    References
    ----------
    Camarero, Martinez and Beivide, Lattice Graphs for High-Scale Interconnection Topologies (IEEE TPDS 26(9), 2015): the
    twists of n x n x 2n and n x 2n x 2n are the face- and body-centred cubic lattice.
    Jouppi et al., TPU v4: An Optically Reconfigurable Supercomputer for Machine Learning with Hardware Support for
    Embeddings (ISCA 2023, arXiv 2304.01433): twisted tori of 4 x 4 x 8 chips and so on.

    Examples
    --------
    >>> torus((4, 4, 4)).cables_by_layer()
    {'internal': 64, 'x': 64, 'y': 64, 'z': 64}
    >>> torus((4, 4), wrap=(False, True)).cables_by_layer()
    {'internal': 16, 'x': 12, 'y': 16}

    With a twist, x does not lead from 3 back to 0 at the same z, but four further on:

    >>> fabric = torus((4, 4, 8), twist=True)
    >>> [fabric.name(int(end)) for end in (fabric.cables.a[128 + 96], fabric.cables.b[128 + 96])]
    ['x03-y00-z00', 'x00-y00-z04']
    """
    sizes = _sizes(shape)
    wraps = [bool(wrap)] * len(sizes) if isinstance(wrap, bool) else [bool(each) for each in wrap]
    require(len(wraps) == len(sizes), "wrap must name every dimension of shape")
    parameters = {
        "shape": sizes,
        "wrap": wraps[0] if len(set(wraps)) == 1 else wraps,
        "twist": twist if isinstance(twist, bool) else [[int(each) for each in row] for row in twist],
        "p": p,
        "host_shape": _recipe(host_shape),
        "gbit_per_s": gbit_per_s,
        "endpoint_gbit_per_s": endpoint_gbit_per_s,
    }
    return _build(
        "torus", recipe_parameters(torus, parameters), sizes, wraps, twist, p, host_shape, gbit_per_s, endpoint_gbit_per_s
    )


def optical_torus(
    shape: Sequence[int] = (16, 16, 16),
    cube: Sequence[int] = (4, 4, 4),
    *,
    twist: bool | Sequence[Sequence[int]] = False,
    p: int = 1,
    host_shape: Sequence[int] | None = None,
    gbit_per_s: float = 400.0,
    endpoint_gbit_per_s: float | None = None,
) -> Fabric:
    """Build a torus out of cubes: links inside a cube are electrical, those that leave it pass an optical circuit switch.

    Parameters
    ----------
    shape : sequence of int
        Chips along each dimension: whole cubes.
    cube : sequence of int
        Chips of a cube along each dimension.
    twist, p, host_shape, gbit_per_s, endpoint_gbit_per_s
        As for `torus`; a twist shifts by whole cubes, and a host does not reach beyond a cube.

    Returns
    -------
    Fabric
        Tier router; layers internal, electrical, optical. Group of a router: its cube. Coordinates, ports and ends as for
        `torus`; names say the cube, and the place in it: cube05-x01-y02-z03. A circuit switch is no vertex, for it does
        not look at packets: `optical_ports` tells which one a link passes, and where.

    Raises
    ------
    TopologyError
        As `torus`, and if cubes do not fill the shape or a twist shifts by parts of cubes.
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    A cube of 4 x 4 x 4 has six faces of 16 links. Each circuit switch takes the links of one place on two opposite faces of
    all cubes, so that there are 3 * 16 = 48 of them, with two ports a cube.

    References
    ----------
    Jouppi et al., TPU v4 (ISCA 2023, arXiv 2304.01433): 64 cubes of 4 x 4 x 4 chips, 48 circuit switches.

    Examples
    --------
    TPU v4: 4,096 chips; 64 * 96 / 2 = 3,072 links between cubes, 64 * 144 = 9,216 in them.

    >>> fabric = optical_torus()
    >>> fabric.cables_by_layer()
    {'internal': 4096, 'electrical': 9216, 'optical': 3072}
    """
    sizes, sides = _sizes(shape), _sizes(cube, "cube")
    require(len(sides) == len(sizes), "cube must name every dimension of shape")
    _whole(sizes, sides, "shape", "cubes")
    parameters = {
        "shape": tuple(sizes),
        "cube": tuple(sides),
        "twist": twist if isinstance(twist, bool) else [[int(each) for each in row] for row in twist],
        "p": p,
        "host_shape": _recipe(host_shape),
        "gbit_per_s": gbit_per_s,
        "endpoint_gbit_per_s": endpoint_gbit_per_s,
    }
    wraps = [True] * len(sizes)
    recipe = recipe_parameters(optical_torus, parameters)
    recipe = {name: list(value) if isinstance(value, tuple) else value for name, value in recipe.items()}
    return _build("optical-torus", recipe, sizes, wraps, twist, p, host_shape, gbit_per_s, endpoint_gbit_per_s, sides)


class OpticalPorts(NamedTuple):
    """Where the L optical links of `optical_torus` pass a circuit switch."""

    cable: Ints
    """[L] Number of the link in the fabric's cables."""
    switch: Ints
    """[L] Number of the circuit switch, from 0: those of x first, then y, then z, each by the place on the face."""
    plus_port: Ints
    """[L] Its port with the fibre of the cube that the link leaves onwards (end a): the number of that cube, plus 1."""
    minus_port: Ints
    """[L] Its port with the fibre of the other cube (end b): the number of that cube, plus the number of cubes, plus 1."""


def optical_ports(fabric: Fabric) -> OpticalPorts:
    """Tell the circuit switch of every optical link, and its two ports there.

    Parameters
    ----------
    fabric : Fabric
        One of `optical_torus`, whole or with dead links.

    Returns
    -------
    OpticalPorts
        Columns of the optical links.

    Raises
    ------
    ValueError
        If the fabric is another topology.

    References
    ----------
    Jouppi et al., TPU v4 (ISCA 2023, arXiv 2304.01433).

    Examples
    --------
    TPU v4: 48 switches with 64 links each, on 128 ports.

    >>> ports = optical_ports(optical_torus())
    >>> len(np.unique(ports.switch)), np.unique(np.bincount(ports.switch)).tolist()
    (48, [64])
    >>> int(ports.plus_port.max()), int(ports.minus_port.max())
    (64, 128)
    """
    require(fabric.topology == "optical-torus", f"only an optical torus has circuit switches, no {fabric.topology}")
    cube = np.array(fabric.parameters.get("cube", (4, 4, 4)))
    boxes, endpoints = fabric.switches, fabric.endpoint_count
    rows = np.flatnonzero(fabric.cables.layer == OPTICAL)
    plus, minus = fabric.cables.a[rows] - endpoints, fabric.cables.b[rows] - endpoints
    # Ports of a router: p endpoints, then two for each dimension, of which end a has the first.
    p = fabric.parameters.get("p", 1)
    dimension = (fabric.cables.a_port[rows] - p - 1) // 2
    place = boxes.coordinates[plus] % cube
    faces = math.prod(cube.tolist()) // cube
    first = np.cumsum(faces) - faces
    switch = np.zeros(len(rows), np.int64)
    for number in range(len(cube)):
        here = dimension == number
        on_face = [axis for axis in range(len(cube)) if axis != number]
        if on_face:
            switch[here] = np.ravel_multi_index(tuple(place[here][:, on_face].T), tuple(cube[on_face].tolist()))
        switch[here] += first[number]
    cubes = len(boxes) // math.prod(cube.tolist())
    return OpticalPorts(
        rows.astype(np.int32),
        switch.astype(np.int32),
        boxes.group[plus] + 1,
        boxes.group[minus] + cubes + 1,
    )


def _build(
    topology: str,
    parameters: Mapping[str, Any],
    sizes: list[int],
    wraps: list[bool],
    twist: bool | Sequence[Sequence[int]],
    p: int,
    host_shape: Sequence[int] | None,
    gbit_per_s: float,
    endpoint_gbit_per_s: float | None,
    cube: list[int] | None = None,
) -> Fabric:
    """Build both kinds of tori; with `cube`, layers are electrical and optical instead of dimensions."""
    dimensions = len(sizes)
    require(p >= 1, "p must be at least 1")
    hosts = [1] * dimensions if host_shape is None else _sizes(host_shape, "host_shape")
    require(len(hosts) == dimensions, "host_shape must name every dimension of shape")
    _whole(cube or sizes, hosts, "cube" if cube else "shape", "hosts")
    layer_rates(gbit_per_s, endpoint_gbit_per_s=endpoint_gbit_per_s)
    shifts = _shifts(sizes, wraps, twist, cube)
    places = np.indices(sizes).reshape(dimensions, -1).T
    count = len(places)
    endpoints = count * p
    of_endpoints = endpoint_gbit_per_s or 2 * dimensions * gbit_per_s
    parts = [node_cables(endpoints, p, gbit_per_s=of_endpoints)]
    for number, (size, wrapped) in enumerate(zip(sizes, wraps, strict=True)):
        here = np.arange(count) if wrapped else np.flatnonzero(places[:, number] < size - 1)
        there = _number(places[here] + np.eye(dimensions, dtype=np.int64)[number], sizes, shifts)
        # A link that leads nowhere, or back along one that is laid already.
        _, first = np.unique(np.minimum(here, there) * count + np.maximum(here, there), return_index=True)
        kept = np.sort(first)
        kept = kept[here[kept] != there[kept]]
        here, there = here[kept], there[kept]
        port = np.full_like(here, p + 2 * number + 1)
        links = Cables.lay(
            endpoints + here, port, endpoints + there, port + 1, gbit_per_s=gbit_per_s, layer=1 if cube else number + 1
        )
        if cube:
            links.layer[places[here, number] % cube[number] == cube[number] - 1] = OPTICAL
        parts.append(links)
    names, group = _cube_names(places, sizes, cube) if cube else (grid_names(sizes), NONE)
    host = np.ravel_multi_index(tuple((places // hosts).T), tuple(np.array(sizes) // hosts))
    slot = np.ravel_multi_index(tuple((places % hosts).T), tuple(hosts))
    return Fabric(
        topology=topology,
        parameters=parameters,
        tiers=("router",),
        layers=("internal", "electrical", "optical") if cube else ("internal", *AXES[:dimensions]),
        switches=routers(names, places, p + 2 * dimensions, group=group),
        endpoints=host_endpoints(np.repeat(host, p), (slot[:, None] * p + np.arange(p)).ravel(), kind="gpu"),
        cables=Cables.join(parts),
    )


def _sizes(shape: Sequence[int], name: str = "shape") -> list[int]:
    sizes = [int(size) for size in shape]
    require(1 <= len(sizes) <= len(AXES), f"{name} must have 1 to {len(AXES)} dimensions")
    require(min(sizes) >= 1, f"{name} must be at least 1 in every dimension")
    return sizes


def _recipe(host_shape: Sequence[int] | None) -> list[int] | None:
    return None if host_shape is None else [int(each) for each in host_shape]


def _whole(sizes: list[int], parts: list[int], name: str, what: str) -> None:
    """Refuse parts that do not fill the whole."""
    if any(size % part for size, part in zip(sizes, parts, strict=True)):
        nearest = [max(round(size / part), 1) * part for size, part in zip(sizes, parts, strict=True)]
        message = f"{what} of {_by(parts)} do not fill a {name} of {_by(sizes)}"
        raise TopologyError(message, 0, "shape", [{name: nearest}])


def _by(sizes: Sequence[int]) -> str:
    return " x ".join(str(size) for size in sizes)


def _shifts(
    sizes: list[int], wraps: list[bool], twist: bool | Sequence[Sequence[int]], cube: list[int] | None
) -> list[tuple[int, NDArray[np.int64]]]:
    """Say for every dimension by how much its wrap-around is shifted; those that shift others come before these."""
    dimensions = len(sizes)
    table = np.zeros((dimensions, dimensions), np.int64)
    if twist is True:
        short, long = min(sizes), max(sizes)
        if long != 2 * short or set(sizes) != {short, long}:
            nearest = [short if size < 1.5 * short else 2 * short for size in sizes]
            nearest[sizes.index(long)] = 2 * short
            whole_cubes = not any(short % side for side in cube or [1])
            options = [{"shape": nearest}] if dimensions > 1 and whole_cubes else []
            message = f"the symmetric twist needs n chips along some dimensions and 2 n along the others, not {_by(sizes)}"
            raise TopologyError(message, 0, "shape", [*options, {"twist": False}])
        for number, size in enumerate(sizes):
            if size == short:
                table[number] = [short if other == long else 0 for other in sizes]
    elif twist:
        table = np.array(twist, dtype=np.int64)
        require(table.shape == (dimensions, dimensions), "twist must have a row and a column for every dimension")
    if table.diagonal().any() or any(table[number].any() for number in range(dimensions) if not wraps[number]):
        message = "a twist shifts the wrap-around of a dimension along others: its own, or one without wrap, cannot be"
        raise TopologyError(message, 0, "shape", [{"twist": False}])
    if cube and (table % cube).any():
        whole = (np.rint(table / cube).astype(np.int64) * cube).tolist()
        raise TopologyError(f"a twist must shift by whole cubes of {_by(cube)}", 0, "shape", [{"twist": whole}])
    try:
        sorter = TopologicalSorter({number: np.flatnonzero(table[:, number]).tolist() for number in range(dimensions)})
        order = list(sorter.static_order())
    except CycleError as error:
        message = "two dimensions must not shift each other, nor more in a circle"
        raise TopologyError(message, 0, "shape", [{"twist": np.triu(table, 1).tolist()}]) from error
    return [(number, table[number]) for number in order]


def _number(places: NDArray[np.int64], sizes: list[int], shifts: list[tuple[int, NDArray[np.int64]]]) -> NDArray[np.int64]:
    """Bring places outside the box back into it, and number them."""
    places = places.copy()
    for number, shift in shifts:
        turns = places[:, number] // sizes[number]
        places[:, number] -= turns * sizes[number]
        places += turns[:, None] * shift
    return np.asarray(np.ravel_multi_index(tuple(places.T), tuple(sizes)), dtype=np.int64)


def _cube_names(places: NDArray[np.int64], sizes: list[int], cube: list[int]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Name routers after their cube and their place in it; return the cubes' numbers too."""
    counts = tuple(size // side for size, side in zip(sizes, cube, strict=True))
    group = np.ravel_multi_index(tuple((places // cube).T), counts)
    inner = np.ravel_multi_index(tuple((places % cube).T), tuple(cube))
    width, inside = max(2, len(str(math.prod(counts) - 1))), grid_names(cube)
    names = tuple(f"cube{of:0{width}d}-{inside[at]}" for of, at in zip(group.tolist(), inner.tolist(), strict=True))
    return names, group
