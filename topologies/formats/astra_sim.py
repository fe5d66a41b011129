"""ASTRA-sim's analytical network: a product of symmetric dimensions, the scale-up domain first."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from topologies.errors import TopologyError, require
from topologies.fabric import INTERNAL_LAYERS, Fabric

__all__ = ["Dimension", "dimensions", "write", "write_logical"]

KINDS = ("Ring", "FullyConnected", "Switch")


class Dimension(NamedTuple):
    """One dimension of the network."""

    topology: str
    """``Ring``, ``FullyConnected`` or ``Switch``."""
    npus: int
    """Accelerators along it."""
    gbyte_per_s: float
    """Bandwidth of a link (of an accelerator's port, at a switch) in one direction [GB/s]."""
    latency_ns: float
    """Latency of a link [ns]."""


def dimensions(fabric: Fabric, *, scale_up: Dimension | None = None, latency_ns: float = 1000.0) -> list[Dimension]:
    """Find the symmetric dimensions that a fabric is a product of.

    Parameters
    ----------
    fabric : Fabric
        What to write: a tree in which every host and every switch of a tier has the same bandwidth down and up; a plain torus;
        or a HyperX with one endpoint a router. An endpoint stands for the accelerator that it serves. Of scale-up domains
        joined with a scale-out fabric, the domain is the first dimension.
    scale_up : Dimension, optional
        How the accelerators of a host are joined; its ``npus`` are the endpoints of a host. Without, they meet in the fabric.
    latency_ns : float
        Latency of every scale-out dimension [ns].

    Returns
    -------
    list of Dimension
        Innermost first. What a non-blocking tree joins is one ``Switch``; above an oversubscribed tier a new one begins, with
        the bandwidth that is left to every accelerator when all send upwards.

    Raises
    ------
    TopologyError
        If the fabric is no such product; the message says why.
    ValueError
        If `scale_up` does not fit the hosts.

    Notes
    -----
    ASTRA-sim numbers accelerators along the first dimension first, as fabrics number their endpoints along the last.

    References
    ----------
    Won et al., ASTRA-sim2.0: Modeling Hierarchical Networks and Disaggregated Systems for Large-model Training at Scale
    (ISPASS 2023), section IV-B.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> nvlink = Dimension("Switch", 8, 450.0, 936.25)
    >>> [tuple(each) for each in dimensions(fat_tree(64, 8, radix=64), scale_up=nvlink)]
    [('Switch', 8, 450.0, 936.25), ('Switch', 64, 50.0, 1000.0)]
    """
    require(latency_ns >= 0, "latency_ns must be at least 0")
    if fabric.topology == "scale-up-joined":
        require(scale_up is None, "scale_up is in the fabric already")
        return _scale_up_joined(fabric, latency_ns)
    if fabric.topology == "nvlink-domain" and scale_up is None:
        if fabric.parameters.get("domains", 1) > 1:
            raise _refused("the fabric falls apart")
        rate = _same(np.bincount(fabric.cables.a, fabric.cables.gbit_per_s, minlength=fabric.endpoint_count), "accelerators")
        return [Dimension("Switch", fabric.endpoint_count, rate / 8, latency_ns)]
    if fabric.topology == "torus":
        found = _torus(fabric, latency_ns)
    elif fabric.topology == "hyperx":
        found = _hyperx(fabric, latency_ns)
    else:
        return _tree(fabric, scale_up, fabric.endpoints.host, latency_ns)
    if scale_up is not None:
        raise _refused("a scale-up domain beside a direct network is no dimension of its own")
    return found


def write(fabric: Fabric, *, scale_up: Dimension | None = None, latency_ns: float = 1000.0) -> str:
    """Write a fabric as ASTRA-sim's analytical network file.

    Parameters
    ----------
    fabric, scale_up, latency_ns
        As for `dimensions`.

    Returns
    -------
    str
        YAML.

    References
    ----------
    ASTRA-sim, inputs/network/analytical/*.yml.

    Examples
    --------
    Two tiers, 3:1 oversubscribed, 12 hosts a leaf:

    >>> from topologies.clos import fat_tree
    >>> print(write(fat_tree(48, radix=16, tiers=2, oversubscription_ratio=3)), end="")
    topology: [ Switch, Switch ]
    npus_count: [ 12, 4 ]
    bandwidth: [ 50.0, 16.666666666666668 ]  # GB/s
    latency: [ 1000.0, 1000.0 ]  # ns
    """
    found = dimensions(fabric, scale_up=scale_up, latency_ns=latency_ns)
    kinds, counts, rates, latencies = (", ".join(str(value) for value in column) for column in zip(*found, strict=True))
    return f"topology: [ {kinds} ]\nnpus_count: [ {counts} ]\nbandwidth: [ {rates} ]  # GB/s\nlatency: [ {latencies} ]  # ns\n"


def write_logical(fabric: Fabric, *, scale_up: Dimension | None = None) -> str:
    """Write the logical topology that goes with ASTRA-sim's ns-3 backend (the physical one: `topologies.formats.ns3`).

    Parameters
    ----------
    fabric, scale_up
        As for `dimensions`.

    Returns
    -------
    str
        JSON.

    References
    ----------
    ASTRA-sim documentation, "ns-3 backend" (logical topology).

    Examples
    --------
    >>> from topologies.torus import torus
    >>> print(write_logical(torus((4, 8))), end="")
    {"logical-dims": ["8", "4"]}
    """
    return json.dumps({"logical-dims": [str(each.npus) for each in dimensions(fabric, scale_up=scale_up)]}) + "\n"


def _scale_up_joined(fabric: Fabric, latency_ns: float) -> list[Dimension]:
    """Dimensions of the scale-out fabric below, whose NICs scale-up joins by domain."""
    from topologies.families import build

    recipe = fabric.parameters
    gpus = int(recipe["gpus_per_domain"])
    base = build(recipe["base"]["topology"], recipe["base"]["parameters"], recipe["base"].get("population"))
    if len(build(fabric.topology, recipe).cables) != len(fabric.cables):
        raise _refused("a link is missing")
    if base.endpoint_count != fabric.endpoint_count:
        raise _refused("accelerators and NICs differ in number")
    if fabric.endpoint_count % gpus:
        raise _refused("the last scale-up domain is partly filled")
    rate = recipe["links_per_gpu"] * recipe.get("link_gbit_per_s", 400.0) / 8
    domain = np.arange(base.endpoint_count) // gpus
    return _tree(base, Dimension("Switch", gpus, rate, latency_ns), domain, latency_ns)


def _tree(fabric: Fabric, scale_up: Dimension | None, domain: NDArray[np.integer], latency_ns: float) -> list[Dimension]:
    """Dimensions of a symmetric tree: a new one above every tier that is oversubscribed."""
    cables, tier = fabric.cables, fabric.tier_of_vertex
    if any(name in INTERNAL_LAYERS for name in fabric.layers) or bool((tier[cables.b] != tier[cables.a] + 1).any()):
        raise _refused("links between switches of one tier, or inside hosts, make it no product of dimensions")
    up = np.bincount(cables.a, cables.gbit_per_s, minlength=fabric.vertex_count)
    down = np.bincount(cables.b, cables.gbit_per_s, minlength=fabric.vertex_count)
    joined, size = _joined(fabric, scale_up, domain)
    rate = _same(up[tier == 0], "endpoints") / 8
    found: list[Dimension] = [] if scale_up is None else [scale_up]
    inside, blocked = 1, True
    for level, name in enumerate(fabric.tiers, 1):
        group = _groups(fabric, joined, level)
        count = int(_same(np.unique(group, return_counts=True)[1], f"what is joined up to the tier {name}"))
        if count > inside and not blocked:
            found[-1] = found[-1]._replace(npus=found[-1].npus * (count // inside))
        elif count > inside:
            found.append(Dimension("Switch", count // inside, rate, latency_ns))
            blocked = False
        inside = count
        below = _same(down[tier == level], f"switches of the tier {name}")
        above = _same(up[tier == level], f"switches of the tier {name}")
        if above and below > above:
            rate, blocked = rate * above / below, True
    if inside != size:
        hint = "" if scale_up else "; give scale_up if hosts join what the fabric does not"
        raise _refused(f"the fabric falls apart{hint}")
    return found or [Dimension("Switch", 1, rate, latency_ns)]


def _joined(fabric: Fabric, scale_up: Dimension | None, domain: NDArray[np.integer]) -> tuple[NDArray[np.integer], int]:
    """Say which thing each endpoint is, itself or its scale-up domain, and count the things."""
    if scale_up is None:
        return np.arange(fabric.endpoint_count), fabric.endpoint_count
    require(scale_up.topology in KINDS, f"scale_up.topology must be one of {', '.join(KINDS)}")
    require(scale_up.npus >= 1 and scale_up.gbyte_per_s > 0, "scale_up must have accelerators and bandwidth")
    sizes = np.unique(np.bincount(domain))
    if len(sizes) != 1:
        raise _refused("hosts have different numbers of endpoints")
    require(int(sizes[0]) == scale_up.npus, f"hosts have {sizes[0]} endpoints, not the {scale_up.npus} of scale_up")
    return domain, int(domain.max()) + 1


def _groups(fabric: Fabric, joined: NDArray[np.integer], level: int) -> NDArray[np.integer]:
    """For each thing that is joined, its group below the switches of a tier and those under it."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    cables, first, things = fabric.cables, fabric.endpoint_count, int(joined.max()) + 1
    rows = np.flatnonzero(fabric.tier_of_vertex[cables.b] <= level)
    node = np.concatenate([joined, things + np.arange(fabric.switch_count)])
    size = things + fabric.vertex_count - first
    ends = node[cables.a[rows]], node[cables.b[rows]]
    found: NDArray[np.integer] = connected_components(
        coo_array((np.ones(len(rows)), ends), shape=(size, size)), directed=False
    )[1]
    return found[:things]


def _same(values: NDArray[np.number], what: str) -> float:
    if len(values) == 0 or not np.allclose(values, values[0]):
        raise _refused(f"{what} are not all alike, and its dimensions are symmetric")
    return float(values[0])


def _torus(fabric: Fabric, latency_ns: float) -> list[Dimension]:
    sizes = [int(each) for each in fabric.parameters["shape"]]
    if fabric.parameters.get("twist") or fabric.parameters.get("wrap", True) is not True:
        raise _refused("its rings are plain, without twist or open ends")
    if fabric.endpoint_count != fabric.switch_count:
        raise _refused("several endpoints share the links of a router")
    return _direct(fabric, sizes, "Ring", latency_ns)


def _hyperx(fabric: Fabric, latency_ns: float) -> list[Dimension]:
    if fabric.endpoint_count != fabric.switch_count:
        raise _refused("several endpoints share the links of a router")
    return _direct(fabric, [int(each) for each in fabric.parameters["shape"]], "FullyConnected", latency_ns)


def _direct(fabric: Fabric, sizes: list[int], kind: str, latency_ns: float) -> list[Dimension]:
    """Dimensions of a grid, the last one first; two that face each other have one link, not a ring."""
    cables, made = fabric.cables, []
    for number, size in enumerate(sizes):
        rows = np.flatnonzero(cables.layer == number + 1)
        if size == 1:
            continue
        pair = np.minimum(cables.a, cables.b)[rows].astype(np.int64) << 32 | np.maximum(cables.a, cables.b)[rows]
        together = np.bincount(np.unique(pair, return_inverse=True)[1], cables.gbit_per_s[rows])
        expected = fabric.switch_count * (1 if size > 2 else 0.5) if kind == "Ring" else fabric.switch_count * (size - 1) / 2
        if len(together) != expected:
            raise _refused("a link is missing")
        rate = _same(together, f"links of dimension {number + 1}") / 8
        made.append(Dimension(kind if size > 2 else "FullyConnected", size, rate, latency_ns))
    return made[::-1] or [Dimension("Switch", 1, float(cables.gbit_per_s.max(initial=0)) / 8, latency_ns)]


def _refused(reason: str) -> TopologyError:
    return TopologyError(f"ASTRA-sim's analytical network cannot express this fabric: {reason}", 0, "shape")
