"""SimGrid: platforms with all cables and given routes, with bundles and shortest paths, or of its own regular clusters."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from topologies.errors import TopologyError, require
from topologies.fabric import INTERNAL_LAYERS, Fabric
from topologies.formats.ports import bundles
from topologies.formats.text import xml_attribute
from topologies.formats.tree_shape import tree_shape
from topologies.routes import Routes

__all__ = ["cluster", "cluster_hosts", "cluster_of", "write", "write_routes"]

_HEAD = '<?xml version="1.0"?>\n<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">\n<platform version="4.1">\n'
_TOPOLOGIES = ("FAT_TREE", "DRAGONFLY", "TORUS")


def write(fabric: Fabric, *, latency_s: float = 0.0, host_speed: str = "1Gf", zone: str = "fabric") -> str:
    r"""Write a platform in which SimGrid finds shortest paths itself.

    Parameters
    ----------
    fabric : Fabric
        What to write.
    latency_s : float
        Latency of every link [s]. SimGrid shares bandwidth by round-trip time: 0 gives plain max-min fairness.
    host_speed : str
        Compute speed of every host, in SimGrid's units.
    zone : str
        Name of the zone.

    Returns
    -------
    str
        XML: a host an endpoint, a router a switch, and a full-duplex link a bundle (``bundle12``), as Dijkstra's algorithm
        takes one link between two nodes. Use `write_routes` to load the cables of a bundle singly.

    References
    ----------
    SimGrid documentation, "Platform description: XML reference".

    Examples
    --------
    >>> from topologies.xgft import xgft
    >>> print("\n".join(line.strip() for line in write(xgft((1,), (1,), gbit_per_s=100)).splitlines()[3:8]))
    <zone id="fabric" routing="Dijkstra">
    <host id="n0000-nic0" speed="1Gf"/>
    <router id="leaf000"/>
    <link id="bundle0" bandwidth="100Gbps" latency="0s" sharing_policy="SPLITDUPLEX"/>
    <route src="n0000-nic0" dst="leaf000" symmetrical="NO"><link_ctn id="bundle0" direction="UP"/></route>
    """
    require(latency_s >= 0, "latency_s must be at least 0")
    made = bundles(fabric)
    name = [xml_attribute(each) for each in fabric.names]
    lines = [f"    <host id={each} speed={xml_attribute(host_speed)}/>" for each in name[: fabric.endpoint_count]]
    lines += [f"    <router id={each}/>" for each in name[fabric.endpoint_count :]]
    lines += [_link(f"bundle{number}", rate, latency_s) for number, rate in enumerate(made.gbit_per_s.tolist())]
    for number, (a, b) in enumerate(zip(made.a.tolist(), made.b.tolist(), strict=True)):
        lines.append(_route(name[a], name[b], [(f"bundle{number}", "UP")]))
        lines.append(_route(name[b], name[a], [(f"bundle{number}", "DOWN")]))
    return _zone(zone, "Dijkstra", lines)


def write_routes(
    fabric: Fabric,
    flows: Sequence[tuple[int, int]] | NDArray[np.integer],
    routes: Routes,
    *,
    latency_s: float = 0.0,
    host_speed: str = "1Gf",
    zone: str = "fabric",
) -> str:
    """Write a platform in which flows take given routes over single cables.

    Parameters
    ----------
    fabric : Fabric
        What to write.
    flows : array of int, shape (F, 2)
        Source and destination endpoint of each flow; each pair once. Only these have a route.
    routes : Routes
        The channels of each flow, in the order in which it passes them; a flow spread over several paths cannot be written.
    latency_s, host_speed, zone
        As for `write`.

    Returns
    -------
    str
        XML: a host an endpoint, a full-duplex link a cable (``cable12``: channel 24 upward, 25 downward).

    Raises
    ------
    ValueError
        If numbers of flows and routes differ, or a pair comes twice, or a flow is spread over paths.

    References
    ----------
    SimGrid documentation, "Platform description: XML reference".

    Examples
    --------
    >>> from topologies.xgft import xgft
    >>> routes = Routes(np.array([0, 2]), np.array([0, 3], np.int32), np.ones(2))
    >>> print(write_routes(xgft((2,), (1,)), [(0, 1)], routes).splitlines()[-3].partition("NO")[2])
    "><link_ctn id="cable0" direction="UP"/><link_ctn id="cable1" direction="DOWN"/></route>
    """
    require(latency_s >= 0, "latency_s must be at least 0")
    pairs = [(int(source), int(target)) for source, target in flows]
    require(len(pairs) == len(routes), f"{len(pairs)} flows have {len(routes)} routes")
    require(len(set(pairs)) == len(pairs), "a pair of endpoints comes twice")
    require(bool((routes.weight == 1).all()), "SimGrid has one route for a pair; a flow is spread over several")
    name = [xml_attribute(each) for each in fabric.endpoints.names]
    lines = [f"    <host id={each} speed={xml_attribute(host_speed)}/>" for each in name]
    lines += [_link(f"cable{number}", rate, latency_s) for number, rate in enumerate(fabric.cables.gbit_per_s.tolist())]
    start, channel = routes.start.tolist(), routes.channel.tolist()
    for number, (source, target) in enumerate(pairs):
        row = channel[start[number] : start[number + 1]]
        if row:
            parts = [(f"cable{each // 2}", "DOWN" if each % 2 else "UP") for each in row]
            lines.append(_route(name[source], name[target], parts))
    return _zone(zone, "Full", lines)


def cluster_hosts(topology: str, parameters: str) -> int:
    """Count the hosts of one of SimGrid's regular clusters.

    Parameters
    ----------
    topology : str
        ``FAT_TREE``, ``DRAGONFLY`` or ``TORUS``.
    parameters : str
        SimGrid's ``topo_parameters``: ``levels;children;parents;cables``, ``groups,links;chassis,links;routers,links;nodes``
        or the sizes of the dimensions.

    Returns
    -------
    int
        Number of hosts.

    References
    ----------
    See `cluster`.

    Examples
    --------
    >>> cluster_hosts("FAT_TREE", "2;4,4;1,2;1,2"), cluster_hosts("DRAGONFLY", "3,4;4,3;5,1;2")
    (16, 120)
    """
    require(topology in _TOPOLOGIES, f"'{topology}' is no regular cluster of SimGrid (known: {', '.join(_TOPOLOGIES)})")
    parts = [[int(each) for each in part.split(",")] for part in parameters.split(";")]
    if topology == "TORUS":
        return math.prod(parts[0])
    require(len(parts) == 4, f"{topology} has four parts between semicolons")
    return math.prod(parts[1]) if topology == "FAT_TREE" else math.prod(part[0] for part in parts)


def cluster(
    topology: str,
    parameters: str,
    *,
    gbit_per_s: float,
    latency_s: float = 0.0,
    host_speed: str = "1Gf",
    prefix: str = "node-",
) -> str:
    """Write a platform of one regular cluster, in which SimGrid routes by its own rules.

    Parameters
    ----------
    topology, parameters : str
        As for `cluster_hosts`.
    gbit_per_s : float
        Rate of every link in one direction [Gbit/s].
    latency_s : float
        Latency of every link [s].
    host_speed : str
        Compute speed of every host, in SimGrid's units.
    prefix : str
        What comes before the number of a host, from 0.

    Returns
    -------
    str
        XML.

    References
    ----------
    SimGrid documentation, "Platform examples", cluster_fat_tree.xml, cluster_dragonfly.xml and cluster_torus.xml.

    Examples
    --------
    >>> print(cluster("TORUS", "3,2,2", gbit_per_s=100).splitlines()[3].partition("speed")[2])
    ="1Gf" bw="100Gbps" lat="0s" topology="TORUS" topo_parameters="3,2,2"/>
    """
    require(gbit_per_s > 0, "gbit_per_s must be above 0")
    require(latency_s >= 0, "latency_s must be at least 0")
    values = {
        "id": "fabric",
        "prefix": prefix,
        "radical": f"0-{cluster_hosts(topology, parameters) - 1}",
        "suffix": "",
        "speed": host_speed,
        "bw": _rate(gbit_per_s),
        "lat": f"{latency_s:.10g}s",
        "topology": topology,
        "topo_parameters": parameters,
    }
    body = " ".join(f"{key}={xml_attribute(value)}" for key, value in values.items())
    return f"{_HEAD}  <cluster {body}/>\n</platform>\n"


def cluster_of(fabric: Fabric) -> tuple[str, str, float]:
    """Find SimGrid's words for a regular fabric.

    Parameters
    ----------
    fabric : Fabric
        A regular fat tree; a dragonfly with one bundle a pair of groups, at most one of them on a router; or a torus.

    Returns
    -------
    tuple of (str, str, float)
        Topology and parameters for `cluster`, and the rate of every link [Gbit/s].

    Raises
    ------
    TopologyError
        If SimGrid has no words for it; the message says why.

    Notes
    -----
    SimGrid's fat tree numbers hosts in the tree's order (`topologies.formats.tree_shape.TreeShape.order`). In its dragonfly,
    router j of a group leads to group j, so that there are at most as many groups as routers in a group. The first dimension of
    its torus runs fastest: sizes come in the opposite order, so that its host n is endpoint n.

    References
    ----------
    See `cluster`.

    Examples
    --------
    >>> from topologies.xgft import xgft
    >>> cluster_of(xgft((4, 4), (1, 2), (1, 2), gbit_per_s=100))
    ('FAT_TREE', '2;4,4;1,2;1,2', 100.0)
    >>> from topologies.torus import torus
    >>> cluster_of(torus((3, 4, 5)))
    ('TORUS', '5,4,3', 400.0)
    """
    if fabric.topology == "dragonfly":
        return "DRAGONFLY", *_dragonfly(fabric)
    if fabric.topology == "torus":
        return "TORUS", *_torus(fabric)
    shape = tree_shape(fabric)
    if len(set(shape.gbit_per_s)) > 1:
        raise _refused("all links have one rate there")
    return "FAT_TREE", shape.text(), shape.gbit_per_s[0]


def _dragonfly(fabric: Fabric) -> tuple[str, float]:
    made, boxes, first = bundles(fabric), fabric.switches, fabric.endpoint_count
    between = made.a >= first
    a, b = made.a[between] - first, made.b[between] - first
    rate, group = made.gbit_per_s[between], boxes.group
    groups, routers = len(np.unique(group)), np.bincount(group)
    ends = np.bincount(made.b[~between] - first, minlength=len(boxes))
    outside = group[a] != group[b]
    pairs = np.unique(np.stack([group[a], group[b]])[:, outside], axis=1).shape[1]
    on_router = np.bincount(np.concatenate([a[outside], b[outside]]), minlength=len(boxes))
    if pairs != np.count_nonzero(outside) or pairs != groups * (groups - 1) // 2 or on_router.max(initial=0) > 1:
        raise _refused("there, two groups are joined by one bundle, and a router has at most one of them")
    inside = np.count_nonzero(~outside)
    if len(set(routers.tolist())) > 1 or len(set(ends.tolist())) > 1 or inside != groups * routers[0] * (routers[0] - 1) // 2:
        raise _refused("groups and routers must be alike")
    node_rates, local, far = (np.unique(each) for each in (made.gbit_per_s[~between], rate[~outside], rate[outside]))
    if len(node_rates) != 1 or any(len(each) > 1 or (each % node_rates[0]).any() for each in (local, far)):
        raise _refused("rates are whole multiples of the hosts' there")
    base = float(node_rates[0])
    links = [int(each[0] / base) if len(each) else 1 for each in (far, local)]
    return f"{groups},{links[0]};1,1;{routers[0]},{links[1]};{ends[0]}", base


def _torus(fabric: Fabric) -> tuple[str, float]:
    internal = [number for number, name in enumerate(fabric.layers) if name in INTERNAL_LAYERS]
    rates = np.unique(fabric.cables.gbit_per_s[~np.isin(fabric.cables.layer, internal)])
    sizes = [int(each) for each in fabric.parameters["shape"]]
    if fabric.parameters.get("twist") or fabric.parameters.get("wrap", True) is not True:
        raise _refused("a torus is plain there, without twist or open ends")
    if min(sizes) < 3:
        raise _refused("a dimension of two is joined twice there")
    if fabric.endpoint_count != math.prod(sizes):
        raise _refused("a router of a torus has one host there")
    return ",".join(str(size) for size in reversed(sizes)), float(rates[0])


def _zone(name: str, routing: str, lines: list[str]) -> str:
    body = "\n".join(lines)
    return f'{_HEAD}  <zone id={xml_attribute(name)} routing="{routing}">\n{body}\n  </zone>\n</platform>\n'


def _link(name: str, gbit_per_s: float, latency_s: float) -> str:
    return f'    <link id="{name}" bandwidth="{_rate(gbit_per_s)}" latency="{latency_s:.10g}s" sharing_policy="SPLITDUPLEX"/>'


def _route(source: str, target: str, parts: list[tuple[str, str]]) -> str:
    links = "".join(f'<link_ctn id="{name}" direction="{direction}"/>' for name, direction in parts)
    return f'    <route src={source} dst={target} symmetrical="NO">{links}</route>'


def _rate(gbit_per_s: float) -> str:
    return f"{gbit_per_s:.10g}Gbps"


def _refused(reason: str) -> TopologyError:
    return TopologyError(f"SimGrid has no cluster for this fabric: {reason}", 0, "shape")
