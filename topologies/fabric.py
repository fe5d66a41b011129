"""A fabric as columns: switches, endpoints and the cables between their ports.

Every family builds the same `Fabric`; everything else in this package (measures, failures, routing, flows, formats) reads it.
Vertices are numbered through: the endpoints are 0 to E-1 in the order of their columns, the switches E to E+S-1. A cable has a
lower end *a* (an endpoint, or the switch nearer to the endpoints) and an upper end *b*, and two *channels*, one a direction:
channel ``2 * cable`` runs from a to b, channel ``2 * cable + 1`` from b to a.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import networkx as nx

__all__ = [
    "ENDPOINT_KINDS",
    "INTERNAL_LAYERS",
    "NONE",
    "Adjacency",
    "Cables",
    "Endpoints",
    "Fabric",
    "Ints",
    "Switches",
    "next_ports",
    "recipe_parameters",
]

Ints = NDArray[np.int32]

NONE = -1
"""In a column: does not apply (a spine has no rail)."""

ENDPOINT_KINDS = ("nic", "manager", "service", "gpu", "other")
"""What an endpoint is, by the code in its column: a NIC of a node, a port of a fabric manager or gateway, a port of a storage
system on service leaves, an accelerator (where scale-up and scale-out are one graph), anything else."""


INTERNAL_LAYERS = ("internal",)
"""Layers of links that are no cables: inside a chip, a board or a node. They carry traffic, but nobody buys or labels them."""


@dataclass(frozen=True, eq=False)
class Switches:
    """Columns of S switches."""

    names: tuple[str, ...]
    tier: Ints
    """[S] 1 is next to the endpoints; `Fabric.tiers` names them. In a direct network every switch has tier 1."""
    group: Ints
    """[S] Unit (leaves), pod (spines), group (dragonfly, cores) or cube (torus); NONE where there is none."""
    plane: Ints
    """[S] Which of the identical, unconnected fabrics; 0 where there is one; NONE for a switch in no plane."""
    rail: Ints
    """[S] The rail that a leaf serves, or NONE."""
    ports: Ints
    """[S] Ports at the links' rate (radix), used or not; they are numbered from 1."""
    coordinates: Ints
    """[S, D] The place in the family's own coordinates; each family's function says which."""

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Endpoints:
    """Columns of E endpoints: what sends and receives."""

    names: tuple[str, ...]
    kind: Ints
    """[E] Index into `ENDPOINT_KINDS`."""
    host: Ints
    """[E] The node it belongs to, an index into `host_names`."""
    slot: Ints
    """[E] Its number in the host (NIC 0, 1, ...)."""
    rail: Ints
    """[E] The rail it is on, or NONE."""
    host_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Cables:
    """Columns of C cables, or rather links: a port broken out in two has two, which `Fabric.links_per_port` tells."""

    a: Ints
    """[C] Vertex of the lower end."""
    a_port: Ints
    """[C] Its port there, from 1."""
    b: Ints
    """[C] Vertex of the upper end."""
    b_port: Ints
    """[C] Its port there, from 1."""
    gbit_per_s: NDArray[np.float64]
    """[C] Rate in one direction [Gbit/s]."""
    layer: Ints
    """[C] Index into `Fabric.layers`."""
    plane: Ints
    """[C] The plane it belongs to; 0 where there is one."""
    rail: Ints
    """[C] The rail it serves, or NONE."""

    def __len__(self) -> int:
        return len(self.a)

    def take(self, rows: NDArray[Any]) -> Cables:
        """Return the cables of some rows (numbers or a mask), in their order."""
        return Cables(**{name: column[rows] for name, column in vars(self).items()})

    @staticmethod
    def join(parts: Iterable[Cables]) -> Cables:
        """Put the rows of several tables one behind the other."""
        tables = list(parts)
        names = list(Cables.__dataclass_fields__)
        return Cables(**{name: np.concatenate([getattr(table, name) for table in tables]) for name in names})

    @staticmethod
    def lay(
        a: NDArray[Any],
        a_port: NDArray[Any],
        b: NDArray[Any],
        b_port: NDArray[Any],
        *,
        gbit_per_s: float,
        layer: int,
        plane: NDArray[Any] | int = 0,
        rail: NDArray[Any] | int = NONE,
    ) -> Cables:
        """Make the table of one layer: arrays of equal shape, flattened; what is the same for all may be a number."""
        count = np.size(a)

        def column(values: NDArray[Any] | int) -> Ints:
            return np.ascontiguousarray(np.broadcast_to(np.ravel(values), count), dtype=np.int32)

        rates = np.full(count, gbit_per_s, dtype=np.float64)
        return Cables(column(a), column(a_port), column(b), column(b_port), rates, column(layer), column(plane), column(rail))


@dataclass(frozen=True, eq=False)
class Adjacency:
    """What is behind every port, in compressed rows: those of vertex v are ``start[v]`` to ``start[v + 1]``, by port."""

    start: Ints
    neighbour: Ints
    cable: Ints
    port: Ints
    channel: Ints
    """The channel that leaves the vertex by this port."""


@dataclass(frozen=True, eq=False)
class Fabric:
    """A fabric, ready to be measured, routed, cabled and exported.

    Attributes
    ----------
    topology : str
        The family, a key of `topologies.families.TOPOLOGIES`.
    parameters : dict
        The arguments of that family's function: with `topology` the recipe from which the same fabric is built again.
    tiers : tuple of str
        Names of the tiers, lowest first: ``tiers[t - 1]`` is the name of tier t.
    layers : tuple of str
        Names of the cable layers, by the code in the cables' column.
    switches, endpoints, cables
        The columns.
    links_per_port : int
        Links of every physical port after break-out (1: none); link ports ``k * n + 1`` to ``k * n + k`` of a switch are
        physical port ``n + 1``.
    population : dict or None
        Where only some of the endpoints exist, the arguments of `topologies.populate.populated`: part of the recipe.

    Notes
    -----
    Arrays are shared and must not be written to. Two fabrics of the same recipe are equal column by column.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> fabric = fat_tree(32, 8, radix=64)
    >>> fabric.switches_by_tier(), fabric.cables_by_layer()
    ({'leaf': 8, 'spine': 4}, {'node_leaf': 256, 'leaf_spine': 256})
    >>> fabric.name(0), fabric.name(fabric.endpoint_count)
    ('n0000-nic0', 'su00-rail0-leaf')
    """

    topology: str
    parameters: Mapping[str, Any]
    tiers: tuple[str, ...]
    layers: tuple[str, ...]
    switches: Switches
    endpoints: Endpoints
    cables: Cables
    links_per_port: int = 1
    population: Mapping[str, int] | None = None

    @property
    def endpoint_count(self) -> int:
        """Number of endpoints: the first so many vertices."""
        return len(self.endpoints)

    @property
    def switch_count(self) -> int:
        """Number of switches."""
        return len(self.switches)

    @property
    def vertex_count(self) -> int:
        """Number of endpoints and switches."""
        return self.endpoint_count + self.switch_count

    def name(self, vertex: int) -> str:
        """Return the name of an endpoint or switch by its vertex number."""
        endpoints = self.endpoint_count
        return self.endpoints.names[vertex] if vertex < endpoints else self.switches.names[vertex - endpoints]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all vertices."""
        return self.endpoints.names + self.switches.names

    @cached_property
    def vertex_by_name(self) -> dict[str, int]:
        """Vertex numbers by name."""
        return {name: vertex for vertex, name in enumerate(self.names)}

    @cached_property
    def tier_of_vertex(self) -> Ints:
        """[V] Tier of every vertex; endpoints have 0."""
        return np.concatenate([np.zeros(self.endpoint_count, np.int32), self.switches.tier])

    @cached_property
    def host_of_vertex(self) -> Ints:
        """[V] Host of every endpoint; NONE for switches."""
        return np.concatenate([self.endpoints.host, np.full(self.switch_count, NONE, np.int32)])

    def switches_by_tier(self) -> dict[str, int]:
        """Count the switches of each tier."""
        counts = np.bincount(self.switches.tier, minlength=len(self.tiers) + 1)
        return {name: int(counts[number + 1]) for number, name in enumerate(self.tiers)}

    def cables_by_layer(self) -> dict[str, int]:
        """Count the links of each layer (a port broken out in two has two)."""
        counts = np.bincount(self.cables.layer, minlength=len(self.layers))
        return {name: int(counts[number]) for number, name in enumerate(self.layers)}

    @cached_property
    def ports_used(self) -> Ints:
        """[V] Ports of every vertex with a cable in them."""
        ends = np.concatenate([self.cables.a, self.cables.b])
        return np.bincount(ends, minlength=self.vertex_count).astype(np.int32)

    @cached_property
    def adjacency(self) -> Adjacency:
        """What is behind every port of every vertex, in the order of the ports."""
        cables, count = self.cables, len(self.cables)
        vertex = np.concatenate([cables.a, cables.b])
        port = np.concatenate([cables.a_port, cables.b_port])
        order = np.argsort(vertex.astype(np.int64) * (int(port.max(initial=0)) + 1) + port, kind="stable")
        cable = order % count if count else order
        channel = 2 * cable + (order >= count)
        neighbour = np.concatenate([cables.b, cables.a])[order]
        start = np.zeros(self.vertex_count + 1, np.int32)
        np.cumsum(self.ports_used, out=start[1:])
        return Adjacency(start, neighbour, cable.astype(np.int32), port[order], channel.astype(np.int32))

    def channel_ends(self) -> tuple[Ints, Ints]:
        """Return the vertices that channels leave and reach, two arrays of 2C."""
        return (
            np.stack([self.cables.a, self.cables.b], axis=1).ravel(),
            np.stack([self.cables.b, self.cables.a], axis=1).ravel(),
        )

    def channel_gbit_per_s(self) -> NDArray[np.float64]:
        """Return the capacity of every channel [Gbit/s], an array of 2C."""
        return np.repeat(self.cables.gbit_per_s, 2)

    def label(self, cable: int) -> str:
        """Return what is printed on a cable: ``su03-rail5-leaf:17 <-> spine12:6``."""
        cables = self.cables
        return (
            f"{self.name(int(cables.a[cable]))}:{cables.a_port[cable]}"
            f" <-> {self.name(int(cables.b[cable]))}:{cables.b_port[cable]}"
        )

    def without(self, cables: NDArray[Any] | Iterable[int] = (), vertices: NDArray[Any] | Iterable[int] = ()) -> Fabric:
        """Return the fabric with some cables dead, and all cables of some vertices; the vertices keep their numbers.

        Parameters
        ----------
        cables : iterable of int
            Numbers of dead cables.
        vertices : iterable of int
            Numbers of dead switches or endpoints: all their cables are dead.

        Returns
        -------
        Fabric
            The same switches and endpoints, fewer cables (so that cable numbers differ from before).
        """
        alive = np.ones(len(self.cables), dtype=bool)
        alive[np.asarray(list(cables), dtype=np.int64)] = False
        dead = np.zeros(self.vertex_count, dtype=bool)
        dead[np.asarray(list(vertices), dtype=np.int64)] = True
        alive &= ~(dead[self.cables.a] | dead[self.cables.b])
        return replace(self, cables=self.cables.take(alive))

    def renamed(self, prefix: str = "", port: str = "nic") -> Fabric:
        """Return the fabric with a prefix to every switch's name and another word for the endpoints' ports.

        Several networks of one factory then have no name in common: ``storage-leaf00``, ``n0412-storage1``.
        """
        names = tuple(name.replace("-nic", f"-{port}") for name in self.endpoints.names)
        switches = tuple(prefix + name for name in self.switches.names)
        return replace(self, switches=replace(self.switches, names=switches), endpoints=replace(self.endpoints, names=names))

    def problems(self) -> list[str]:
        """Say what cannot be: a port used twice or out of range, a cable from a thing to itself, a name given twice."""
        found = [f"{name} is the name of {count} things" for name, count in Counter(self.names).items() if count > 1]
        cables = self.cables
        vertex = np.concatenate([cables.a, cables.b])
        port = np.concatenate([cables.a_port, cables.b_port])
        limit = np.concatenate([np.full(self.endpoint_count, np.iinfo(np.int32).max), self.switches.ports])
        outside = (port < 1) | (port > limit[vertex])
        found += [f"{self.name(int(v))} has no port {p}" for v, p in zip(vertex[outside], port[outside], strict=True)]
        key, counts = np.unique(vertex.astype(np.int64) << 32 | port, return_counts=True)
        for each in key[counts > 1]:
            found.append(f"port {each & 0xFFFFFFFF} of {self.name(int(each >> 32))} is used more than once")
        found += [f"{self.name(int(v))} is cabled to itself" for v in cables.a[cables.a == cables.b]]
        return found

    def to_networkx(self) -> nx.MultiGraph:
        """Return the fabric as a networkx multigraph.

        Returns
        -------
        networkx.MultiGraph
            Nodes are names. Those of endpoints have ``kind`` (see `ENDPOINT_KINDS`), ``host``, ``slot`` and, if any,
            ``rail``; those of switches ``kind`` ("switch"), ``tier`` (a name), ``plane``, ``ports`` and, if any, ``group``
            and ``rail``. Edges are cables, keyed by number, with ``layer`` (a name), ``gbit_per_s`` (one direction),
            ``plane``, ``ports`` ({name: port} of both ends) and, if any, ``rail``.

        Examples
        --------
        >>> from topologies.clos import fat_tree
        >>> graph = fat_tree(32, 8, radix=64).to_networkx()
        >>> graph.nodes["su00-rail5-leaf"]
        {'kind': 'switch', 'tier': 'leaf', 'plane': 0, 'ports': 64, 'group': 0, 'rail': 5}
        """
        import networkx as nx

        def known(**values: Any) -> dict[str, Any]:
            return {name: value for name, value in values.items() if value != NONE}

        graph = nx.MultiGraph(topology=self.topology, parameters=dict(self.parameters))
        ends, boxes, cables = self.endpoints, self.switches, self.cables
        columns = (ends.kind.tolist(), ends.host.tolist(), ends.slot.tolist(), ends.rail.tolist())
        for name, kind, host, slot, rail in zip(ends.names, *columns, strict=True):
            graph.add_node(name, **known(kind=ENDPOINT_KINDS[kind], host=ends.host_names[host], slot=slot, rail=rail))
        switch_columns = (boxes.tier, boxes.plane, boxes.ports, boxes.group, boxes.rail)
        for name, *row in zip(boxes.names, *(column.tolist() for column in switch_columns), strict=True):
            tier, plane, ports, group, rail = row
            tier_name = self.tiers[tier - 1]
            graph.add_node(name, **known(kind="switch", tier=tier_name, plane=plane, ports=ports, group=group, rail=rail))
        names = self.names
        rows = zip(*(column.tolist() for column in vars(cables).values()), strict=True)
        for number, (a, a_port, b, b_port, rate, layer, plane, rail) in enumerate(rows):
            ends_ports = {names[a]: a_port, names[b]: b_port}
            values = known(layer=self.layers[layer], gbit_per_s=rate, plane=plane, ports=ends_ports, rail=rail)
            graph.add_edge(names[a], names[b], key=number, **values)
        return graph


def next_ports(vertices: NDArray[Any], first: NDArray[Any] | int = 1) -> Ints:
    """Give port numbers to every vertex in the order in which its cables are laid.

    Parameters
    ----------
    vertices : array of int, shape (N,)
        The vertex at one end of every cable.
    first : array of int, shape (N,), or int
        The first free port of that vertex.

    Returns
    -------
    array of int, shape (N,)
        Port numbers.

    Examples
    --------
    >>> next_ports(np.array([7, 8, 7, 7, 8])).tolist()
    [1, 1, 2, 3, 2]
    """
    vertices = np.asarray(vertices)
    order = np.argsort(vertices, kind="stable")
    ordered = vertices[order]
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(new)
    rank = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.append(starts, len(ordered))))
    result = np.empty(len(ordered), np.int32)
    result[order] = rank
    return result + np.asarray(first, dtype=np.int32)


def recipe_parameters(function: Callable[..., Fabric], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the arguments of a topology's function that differ from its defaults: recipes stay small.

    Parameters
    ----------
    function : callable
        The topology's function.
    arguments : mapping
        Arguments by name.

    Returns
    -------
    dict
        Those that must be stored.

    Examples
    --------
    >>> from topologies.clos import fat_tree
    >>> recipe_parameters(fat_tree, {"hosts": 32, "radix": 64, "planes": 1, "tiers": None})
    {'hosts': 32, 'radix': 64}
    """
    defaults = {name: each.default for name, each in inspect.signature(function).parameters.items()}
    return {name: value for name, value in arguments.items() if value != defaults[name]}
