"""What cables join, by names and port numbers: the common ground of a design and of what a tool found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from topologies.fabric import INTERNAL_LAYERS, Fabric

__all__ = ["Link", "Links", "join_links", "links_of"]


class Link(NamedTuple):
    """One cable: both ends by name and port, and its rate in one direction [Gbit/s] (None: unknown)."""

    a: str
    a_port: int
    b: str
    b_port: int
    gbit_per_s: float | None

    @property
    def ends(self) -> tuple[tuple[str, int], tuple[str, int]]:
        """Both ends, the smaller one first: equal for the same cable, however it was listed."""
        first, second = (self.a, self.a_port), (self.b, self.b_port)
        return (first, second) if first <= second else (second, first)


@dataclass(frozen=True)
class Links:
    """Nodes and the links between their ports.

    Attributes
    ----------
    nodes : dict of str to int
        Ports of every node, by name, whether cabled or not.
    links : tuple of Link
        Every cable once.
    switches : frozenset of str
        The names of those nodes that forward; the others are endpoints.
    guids : dict of str to str
        The hardware's own number of a node, where it is known (``ec0d9a0300001f20``).
    """

    nodes: dict[str, int]
    links: tuple[Link, ...]
    switches: frozenset[str] = frozenset()
    guids: dict[str, str] = field(default_factory=dict)

    def cable_set(self) -> frozenset[tuple[tuple[str, int], tuple[str, int]]]:
        """Return both ends of every cable, rates apart: what two listings of one fabric have in common.

        Examples
        --------
        >>> sorted(Links({"n0": 1, "leaf": 2}, (Link("n0", 1, "leaf", 2, None),)).cable_set())
        [(('leaf', 2), ('n0', 1))]
        """
        return frozenset(link.ends for link in self.links)

    def without(self, names: Iterable[str]) -> Links:
        """Return the same without some nodes and their links."""
        gone = frozenset(names)
        return Links(
            {name: ports for name, ports in self.nodes.items() if name not in gone},
            tuple(link for link in self.links if link.a not in gone and link.b not in gone),
            self.switches - gone,
            {name: guid for name, guid in self.guids.items() if name not in gone},
        )


def links_of(fabric: Fabric) -> Links:
    """List the cables of a fabric by names and ports, in their order.

    Parameters
    ----------
    fabric : Fabric
        Any fabric. Links inside a chip or board are no cables; what has only such links is left out.

    Returns
    -------
    Links
        Lower ends are `a`, upper ends `b`. Switches have their radix of ports, endpoints as many as their highest port in use.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> links_of(fat_tree(2, radix=4)).links[1]
    Link(a='n0001-nic0', a_port=1, b='switch', b_port=2, gbit_per_s=400.0)
    """
    cables, names = fabric.cables, fabric.names
    inside = np.isin(cables.layer, [code for code, layer in enumerate(fabric.layers) if layer in INTERNAL_LAYERS])
    ports = np.ones(fabric.vertex_count, np.int32)
    ports[fabric.endpoint_count :] = fabric.switches.ports
    hidden = np.zeros(fabric.vertex_count, dtype=bool)
    for ends, end_ports in ((cables.a, cables.a_port), (cables.b, cables.b_port)):
        outer = ~inside & (ends < fabric.endpoint_count)
        np.maximum.at(ports, ends[outer], end_ports[outer])
        hidden[ends[inside]] = True
    for ends in (cables.a, cables.b):
        hidden[ends[~inside]] = False
    columns = (cables.a, cables.a_port, cables.b, cables.b_port, cables.gbit_per_s)
    rows = zip(*(column[~inside].tolist() for column in columns), strict=True)
    links = tuple(Link(names[a], a_port, names[b], b_port, rate) for a, a_port, b, b_port, rate in rows)
    nodes = {name: count for name, count, out in zip(names, ports.tolist(), hidden.tolist(), strict=True) if not out}
    return Links(nodes, links, frozenset(name for name in fabric.switches.names if name in nodes))


def join_links(parts: Iterable[Links]) -> Links:
    """Put together what was found in several subnets: planes, or the rails of a rail-only fabric.

    Parameters
    ----------
    parts : iterable of Links
        One for each subnet; a node with ports in several of them has the same name in each.

    Returns
    -------
    Links
        All nodes, with the most ports that any part gives them, and all links.

    Examples
    --------
    >>> first = Links({"n0": 1, "p0": 2}, (Link("n0", 1, "p0", 1, None),), frozenset({"p0"}))
    >>> second = Links({"n0": 2, "p1": 2}, (Link("n0", 2, "p1", 1, None),), frozenset({"p1"}))
    >>> joined = join_links([first, second])
    >>> joined.nodes, len(joined.links)
    ({'n0': 2, 'p0': 2, 'p1': 2}, 2)
    """
    nodes: dict[str, int] = {}
    links: dict[tuple[tuple[str, int], tuple[str, int]], Link] = {}
    switches: frozenset[str] = frozenset()
    guids: dict[str, str] = {}
    for part in parts:
        for name, ports in part.nodes.items():
            nodes[name] = max(nodes.get(name, 0), ports)
        links |= {link.ends: link for link in part.links}
        switches |= part.switches
        guids |= part.guids
    return Links(nodes, tuple(links.values()), switches, guids)
