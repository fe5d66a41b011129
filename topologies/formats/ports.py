"""How tools name interfaces, and what several formats need: cables between interfaces, bundles of parallel cables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from topologies.errors import require
from topologies.fabric import INTERNAL_LAYERS, NONE, Fabric, Ints, next_ports

__all__ = ["Bundles", "Connection", "bundles", "connections", "devices", "host_of_switch", "port_name"]

STYLES = ("swp", "e1-", "ethernet-1/", "P", "eth")
_BROKEN_OUT = {"swp": "s{lane}", "e1-": "-{lane1}", "ethernet-1/": "/{lane1}"}


class Connection(NamedTuple):
    """One cable between interfaces of devices; a device is a switch or a host."""

    a: str
    a_interface: str
    b: str
    b_interface: str
    cable: int
    """Its number in the fabric."""


@dataclass(frozen=True, eq=False)
class Bundles:
    """Columns of B bundles: all parallel cables between the same two vertices as one."""

    a: Ints
    """[B] Vertex of the lower end."""
    b: Ints
    """[B] Vertex of the upper end."""
    count: Ints
    """[B] Cables in the bundle."""
    gbit_per_s: NDArray[np.float64]
    """[B] Their rates in one direction, summed [Gbit/s]."""
    layer: Ints
    """[B] The layer of its first cable."""
    of_cable: Ints
    """[C] The bundle that each cable of the fabric is in."""

    def __len__(self) -> int:
        return len(self.a)


def port_name(style: str, port: int, links_per_port: int = 1) -> str:
    """Name a port of a switch as an ecosystem does.

    Parameters
    ----------
    style : str
        ``swp`` (Cumulus Linux, NVIDIA Air), ``e1-`` (SR Linux in containerlab), ``ethernet-1/`` (SR Linux's own), ``P``
        (InfiniBand topology files) or ``eth`` (Linux).
    port : int
        Number of the link's port, from 1.
    links_per_port : int
        Links of a physical port after break-out: link ports ``k * n + 1`` to ``k * n + k`` are lanes of port ``n + 1``.

    Returns
    -------
    str
        The name. ``P`` and ``eth`` know no lanes and count links.

    References
    ----------
    NVIDIA Cumulus Linux user guide, "Switch Port Attributes" (breakout ports swp1s0 to swp1s3, from 0). Nokia SR Linux,
    "Interfaces guide" (breakout ports ethernet-1/1/1 to ethernet-1/1/4, from 1); containerlab writes them e1-1-1.

    Examples
    --------
    >>> [port_name("swp", port, 2) for port in (1, 2, 3)]
    ['swp1s0', 'swp1s1', 'swp2s0']
    >>> port_name("e1-", 49), port_name("ethernet-1/", 49), port_name("ethernet-1/", 50, 4), port_name("P", 7, 2)
    ('e1-49', 'ethernet-1/49', 'ethernet-1/13/2', 'P7')
    """
    require(style in STYLES, f"'{style}' is no style of port names (known: {', '.join(STYLES)})")
    require(port >= 1 and links_per_port >= 1, "port and links_per_port must be at least 1")
    tail = _BROKEN_OUT.get(style)
    if links_per_port == 1 or tail is None:
        return f"{style}{port}"
    physical, lane = divmod(port - 1, links_per_port)
    return f"{style}{physical + 1}" + tail.format(lane=lane, lane1=lane + 1)


def host_of_switch(fabric: Fabric) -> Ints:
    """Find the switches that are inside a host: NICs and chips that an internal link joins to an endpoint.

    Parameters
    ----------
    fabric : Fabric
        Any fabric.

    Returns
    -------
    array of int, shape (S,)
        The host, an index into ``fabric.endpoints.host_names``; NONE for what is a device of its own.

    References
    ----------
    See `topologies.fabric.INTERNAL_LAYERS`.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> from topologies.torus import torus
    >>> host_of_switch(torus((2, 2))).tolist(), host_of_switch(fat_tree(4, radix=4)).tolist()
    ([0, 1, 2, 3], [-1])
    """
    cables, first = fabric.cables, fabric.endpoint_count
    rows = np.flatnonzero(_internal(fabric) & (cables.a < first) & (cables.b >= first))
    found = np.full(fabric.switch_count, NONE, np.int32)
    found[cables.b[rows] - first] = fabric.endpoints.host[cables.a[rows]]
    return found


def devices(fabric: Fabric) -> tuple[str, ...]:
    """Name the device of every vertex: a host for endpoints and what else is inside it, or the switch itself.

    Parameters
    ----------
    fabric : Fabric
        Any fabric.

    Returns
    -------
    tuple of str
        [V] Names.

    Raises
    ------
    ValueError
        If a host has the name of a switch.

    References
    ----------
    IEEE 802.1AB (LLDP), system name.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> devices(fat_tree(2, 2, radix=8))
    ('n0000', 'n0000', 'n0001', 'n0001', 'switch')
    """
    both = set(fabric.endpoints.host_names) & set(fabric.switches.names)
    require(not both, f"host and switch have one name: {', '.join(sorted(both))}")
    hosts = fabric.endpoints.host_names
    inside = zip(fabric.switches.names, host_of_switch(fabric).tolist(), strict=True)
    return (
        *(hosts[number] for number in fabric.endpoints.host.tolist()),
        *(name if host == NONE else hosts[host] for name, host in inside),
    )


def connections(fabric: Fabric, switch_style: str, host_style: str = "eth") -> list[Connection]:
    """List every cable by device and interface; links that are no cables are left out.

    Parameters
    ----------
    fabric : Fabric
        What to list.
    switch_style : str
        Names of switch ports, see `port_name`.
    host_style : str
        What comes before the number of a host's interface, or ``own``: the name of the endpoint (or NIC, or chip) in the host
        (``nic3``), with ``/2`` for its second port where they have several.

    Returns
    -------
    list of Connection
        In the order of the fabric's cables.

    Notes
    -----
    Which number a real host gives to an interface is known only there. Convention here: interface 1 is port 1 of the host's
    first endpoint, and every endpoint has as many numbers as the one with the most ports (n0412-nic3, port 2 of 2: ``eth8``);
    ``eth0`` stays free for management. Where internal links lead to NICs or chips inside the host, these are counted instead;
    the endpoints' own cables (scale-up links of accelerators) end at no network interface and are named ``gpu3/18``.

    References
    ----------
    See `port_name`; IEEE 802.1AB (LLDP): a neighbour is a system's name and a port's.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> fabric = fat_tree(2, 2, radix=8, links_per_port=2)
    >>> connections(fabric, "swp")[1][:4], connections(fabric, "swp", "own")[1][:4]
    (('n0000', 'eth2', 'switch', 'swp1s1'), ('n0000', 'nic1', 'switch', 'swp1s1'))
    """
    cables, ends, device = fabric.cables, fabric.endpoints, devices(fabric)
    internal = _internal(fabric)
    rows = np.flatnonzero(~internal)
    host = np.concatenate([ends.host, host_of_switch(fabric)])
    # What carries a host's interfaces: its NICs or chips where endpoints are behind these, else the endpoints.
    carries = host != NONE
    carries[cables.a[internal & (cables.a < len(ends))]] = False
    ports = [port[rows][carries[vertex[rows]]] for vertex, port in ((cables.a, cables.a_port), (cables.b, cables.b_port))]
    own_ports = int(np.concatenate([*ports, [1]]).max())
    inside = [int(vertex) for vertex in np.flatnonzero(carries)]
    place = dict(zip(inside, next_ports(host[inside], 0).tolist(), strict=True))
    names, host_names, of_host = fabric.names, ends.host_names, host.tolist()

    def interface(vertex: int, port: int) -> str:
        if of_host[vertex] == NONE:
            return port_name(switch_style, port, fabric.links_per_port)
        if vertex in place and host_style != "own":
            return f"{host_style}{place[vertex] * own_ports + port}"
        name = names[vertex].removeprefix(host_names[of_host[vertex]] + "-")
        return f"{name}/{port}" if own_ports > 1 or vertex not in place else name

    columns = (cables.a[rows], cables.a_port[rows], cables.b[rows], cables.b_port[rows], rows)
    return [
        Connection(device[a], interface(a, a_port), device[b], interface(b, b_port), row)
        for a, a_port, b, b_port, row in zip(*(column.tolist() for column in columns), strict=True)
    ]


def bundles(fabric: Fabric) -> Bundles:
    """Join the parallel cables between each two vertices.

    Parameters
    ----------
    fabric : Fabric
        Any fabric.

    Returns
    -------
    Bundles
        In the order of each bundle's first cable; that cable also says which end is a.

    References
    ----------
    IEEE 802.1AX, Link Aggregation.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> made = bundles(fat_tree(32, 8, radix=64))
    >>> len(made), made.count[:2].tolist(), made.count[256:258].tolist(), made.gbit_per_s[256]
    (288, [1, 1], [8, 8], np.float64(3200.0))
    """
    cables = fabric.cables
    low, high = np.minimum(cables.a, cables.b).astype(np.int64), np.maximum(cables.a, cables.b)
    _, first, inverse = np.unique(low << 32 | high, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    of_cable, rows = rank[inverse], first[order]
    return Bundles(
        a=cables.a[rows],
        b=cables.b[rows],
        count=np.bincount(of_cable, minlength=len(rows)).astype(np.int32),
        gbit_per_s=np.bincount(of_cable, cables.gbit_per_s, minlength=len(rows)).astype(np.float64),
        layer=cables.layer[rows],
        of_cable=of_cable,
    )


def _internal(fabric: Fabric) -> NDArray[np.bool_]:
    """[C] Whether a link is no cable."""
    return np.isin(fabric.cables.layer, [number for number, name in enumerate(fabric.layers) if name in INTERNAL_LAYERS])
